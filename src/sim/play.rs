//! Made images: what the program inside would do, as `images.yaml` says it, field for field as on the real test cluster.

use std::collections::BTreeMap;

use serde::Deserialize;

/// An image that the embedded registry has.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MadeImage {
    /// The reference, as manifests name it: `postgres:16`.
    #[serde(rename = "ref")]
    pub reference: String,
    /// The user that the image runs as; root when absent.
    #[serde(default)]
    pub user: Option<String>,
    /// What it does.
    #[serde(default)]
    pub play: Play,
}

impl MadeImage {
    /// Reads a list of made images.
    ///
    /// # Errors
    /// When the text is not such a list.
    pub fn parse_yaml(text: &str) -> Result<Vec<Self>, super::error::SimError> {
        serde_saphyr::from_str(text).map_err(|error| super::error::SimError::Images(error.to_string()))
    }
}

/// What a made image does once its container is started.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Play {
    /// Does nothing, for ever.
    pub pause: bool,
    /// Lines that it writes first.
    pub log: Vec<String>,
    /// What must be there, in this order.
    pub needs: Vec<Need>,
    /// Memory that it takes, in MiB.
    pub memory_mi: u32,
    /// Where it serves.
    pub listen: Vec<Listen>,
    /// How it ends by itself.
    pub exit: Option<Exit>,
    /// Whether it ignores SIGTERM.
    pub ignore_term: bool,
    /// Whether it burns CPU; nothing comes of it here.
    pub cpu: bool,
}

/// One thing that a program needs; the first unmet one ends it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Need {
    /// A variable that must be set and not be empty.
    pub env: String,
    /// A file that must be there.
    pub file: String,
    /// A peer that must answer, `host:port`.
    pub tcp: String,
    /// A file that it must be able to write.
    pub write: String,
    /// What the value of the variable or file must match.
    #[serde(rename = "match")]
    pub pattern: String,
    /// What it logs when the need is not met.
    pub fail: String,
    /// Its exit code then; 0 stands for 1.
    pub code: i32,
}

/// Where and how a program serves.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Listen {
    /// The port.
    pub port: u16,
    /// A variable that overrides the port.
    pub port_env: String,
    /// The HTTP paths it knows and their status; everything answers 200 when empty.
    pub paths: BTreeMap<String, u16>,
    /// Seconds from the start until it listens.
    pub after: f64,
    /// Accepts and closes, without HTTP.
    pub tcp: bool,
}

/// How a program ends by itself.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Exit {
    /// The exit code.
    pub code: i32,
    /// Seconds from the start.
    pub after: f64,
}
