//! What the operator wants: flags before environment before the configuration file, checked once, then plain values.
//! The only reader of the environment. An option that cannot be understood is an error, never a default.

mod environment;
mod file;
mod flags;
#[cfg(any(test, fuzzing))]
pub(crate) mod foreign;
mod model;
mod options;

use crate::domain::confidence::Confidence;
use crate::domain::investigate::Investigate;
use crate::domain::limits::{Consent, Limits, Mode};
use crate::domain::plan::OnFailure;
use crate::domain::risk::Risk;
use options::{Given, UNSHOWN};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

pub use environment::Environment;
pub use flags::Flags;
pub use model::ModelOptions;
pub use options::ConfigError;

/// kube's own lines about answers of 5xx say nothing that ours do not; rmcp warns of clients that leave.
const LOG: &str = "warn,rmcp=error,kube_client=off";

/// Everything that the operator decides, checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// `--kubeconfig`: this file and no other.
    pub kubeconfig: Option<PathBuf>,
    /// `KUBECONFIG`.
    pub kubeconfig_list: Vec<PathBuf>,
    /// The user's home.
    pub home: Option<PathBuf>,
    /// The context.
    pub context: Option<String>,
    /// The contexts that a caller of the MCP tools may choose; none unless listed.
    pub contexts: Vec<String>,
    /// We run in a Pod.
    pub in_cluster: bool,
    /// A kubeconfig may start its exec credential plugin.
    pub allow_kubeconfig_exec: bool,
    /// The writing identity's kubeconfig.
    pub write_kubeconfig: Option<PathBuf>,
    /// The writing identity's context.
    pub write_context: Option<String>,
    /// No writing identity.
    pub read_only: bool,
    /// Who approves, and up to which risk.
    pub limits: Limits,
    /// How long the checks must hold.
    pub settle: Duration,
    /// How long a change has to show its effect.
    pub validate_within: Duration,
    /// How long a plan can be approved.
    pub plan_ttl: Duration,
    /// How long one read may take.
    pub request_timeout: Duration,
    /// Whether looks are offered where rules do not decide.
    pub investigate: Investigate,
    /// What containers write may be shown to whoever investigates.
    pub probe_logs: bool,
    /// What is in ConfigMaps may be shown to whoever investigates.
    pub probe_config_maps: bool,
    /// The language model, where there is one.
    pub model: Option<ModelOptions>,
    /// Where sessions are kept.
    pub store: PathBuf,
    /// What is logged, in `tracing`'s words.
    pub log: String,
    /// The configuration file that was read.
    pub file: Option<PathBuf>,
    /// How clients' dialogs are treated, by how a client's name begins: `hold`, `wait` or `return`.
    pub client_dialogs: Vec<(String, DialogWord)>,
    /// What a terminal does not know unless it is said there too: options from flags and variables, and places from others' variables.
    pub started_with: BTreeMap<&'static str, String>,
    /// Those of them that were flags: in the same terminal, variables stay.
    pub flags: BTreeMap<&'static str, String>,
    /// The folders where a terminal finds programs, as this process knows them.
    pub search_path: Vec<PathBuf>,
}

impl Config {
    /// Puts flags, environment and file together, and checks them.
    ///
    /// # Errors
    /// An option that cannot be understood, with where it was set and what would be right.
    pub fn load(flags: &Flags, environment: &Environment) -> Result<Self, ConfigError> {
        if let Some(unknown) = environment.unknown() {
            return Err(unknown);
        }
        let home = environment.folder("HOME");
        let (file, from_file) = file::read(flags.config.as_deref(), environment, home.as_deref())?;
        let started_with = started_with(flags, environment, file.as_deref());
        let given = flags.given().or(environment.given()).or(from_file);

        let in_cluster = environment.get("KUBERNETES_SERVICE_HOST").is_some();
        let second = Duration::from_secs(1);
        let state = given
            .path("state-dir")
            .or_else(|| Some(environment.folder("XDG_STATE_HOME")?.join("kubemend")))
            .or_else(|| Some(home.as_ref()?.join(".local/state/kubemend")))
            .ok_or(ConfigError::NoHome)?;
        Ok(Self {
            kubeconfig: given.path("kubeconfig"),
            kubeconfig_list: environment
                .get("KUBECONFIG")
                .map(|list| std::env::split_paths(list).filter(|path| !path.as_os_str().is_empty()).collect())
                .unwrap_or_default(),
            context: given.word("context")?,
            contexts: given
                .parse("contexts", "a comma-separated list of contexts", |text| {
                    Some(text.split(',').map(str::trim).filter(|c| !c.is_empty()).map(Into::into).collect())
                })?
                .unwrap_or_default(),
            in_cluster,
            allow_kubeconfig_exec: given.flag("allow-kubeconfig-exec")?.unwrap_or(!in_cluster),
            write_kubeconfig: given.path("write-kubeconfig"),
            write_context: given.word("write-context")?,
            read_only: given.flag("read-only")?.unwrap_or(false),
            limits: limits(&given)?,
            settle: given.duration("settle")?.unwrap_or(5 * second),
            validate_within: given.duration("validate-within")?.unwrap_or(120 * second),
            plan_ttl: given.duration("plan-ttl")?.unwrap_or(900 * second),
            request_timeout: given.duration("request-timeout")?.unwrap_or(15 * second),
            investigate: given.parse("investigate", "`never`, `auto` or `always`", Investigate::of_word)?.unwrap_or_default(),
            probe_logs: given.flag("probe-logs")?.unwrap_or(true),
            probe_config_maps: given.flag("probe-config-maps")?.unwrap_or(true),
            model: model::options(&given, environment)?,
            store: state.join("sessions.db"),
            log: given.word("log")?.unwrap_or_else(|| LOG.to_owned()),
            client_dialogs: given
                .parse("client-dialogs", "a list such as `cursor=wait,other=return,third=hold`", client_dialogs)?
                .unwrap_or_default(),
            started_with,
            flags: as_text(&flags.given()),
            search_path: environment.get("PATH").map(|path| std::env::split_paths(path).collect()).unwrap_or_default(),
            home,
            file,
        })
    }
}

/// How a call treats a client's dialog, in the option's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DialogWord {
    /// Waits as long as the plan can be approved.
    Hold,
    /// Waits for 45 seconds.
    Wait,
    /// Returns at once.
    Return,
}

/// `cursor=wait,other=return,third=hold`.
fn client_dialogs(text: &str) -> Option<Vec<(String, DialogWord)>> {
    let one = |item: &str| {
        let (name, word) = item.trim().split_once('=')?;
        let word = match word {
            "hold" => DialogWord::Hold,
            "wait" => DialogWord::Wait,
            "return" => DialogWord::Return,
            _ => return None,
        };
        (!name.is_empty()).then(|| (name.to_owned(), word))
    };
    text.split(',').filter(|item| !item.trim().is_empty()).map(one).collect()
}

fn as_text(given: &Given) -> BTreeMap<&'static str, String> {
    given.0.iter().filter(|(key, _)| !UNSHOWN.contains(key)).map(|(key, value)| (*key, value.text.to_string_lossy().into_owned())).collect()
}

/// What this process was started with, and a terminal's would not be.
fn started_with(flags: &Flags, environment: &Environment, file: Option<&Path>) -> BTreeMap<&'static str, String> {
    let given = flags.given().or(environment.given());
    let mut with = as_text(&given);
    if let (Some(folder), false) = (environment.folder("XDG_STATE_HOME"), with.contains_key("state-dir")) {
        with.insert("state-dir", folder.join("kubemend").to_string_lossy().into_owned());
    }
    let elsewhere = flags.config.is_some() || environment.get("KUBEMEND_CONFIG").or(environment.get("XDG_CONFIG_HOME")).is_some();
    if let (Some(file), true) = (file, elsewhere) {
        with.insert("config", file.to_string_lossy().into_owned());
    }
    if let (Some(list), false) = (environment.get("KUBECONFIG"), with.contains_key("kubeconfig")) {
        with.insert("KUBECONFIG", list.to_string_lossy().into_owned());
    }
    with
}

fn limits(given: &Given) -> Result<Limits, ConfigError> {
    let default = Limits::default();
    let consent = given.parse("consent", "`ask`, `client` or `policy`", |text| match text {
        "ask" => Some((Consent::Ask, false)),
        "client" => Some((Consent::Client, false)),
        "policy" => Some((Consent::Ask, true)),
        _ => None,
    })?;
    let (consent, automatic_allowed) = consent.unwrap_or_default();
    let mode = given.parse("mode", "`manual` or `automatic`", |text| match text {
        "manual" => Some(Mode::Manual),
        "automatic" => Some(Mode::Automatic),
        _ => None,
    })?;
    if mode == Some(Mode::Automatic) && !automatic_allowed {
        return Err(ConfigError::Contradiction(
            "`mode: automatic` needs `consent: policy` (KUBEMEND_CONSENT=policy): without it, no plan is applied without asking".to_owned(),
        ));
    }
    let ceiling = given.risk("risk-ceiling")?.unwrap_or(default.ceiling);
    let below = |key: &str, risk: Option<Risk>, default: Risk| match risk {
        Some(risk) if risk > ceiling => Err(ConfigError::Contradiction(format!("`{key}: {risk}` is above `risk-ceiling: {ceiling}`"))),
        Some(risk) => Ok(risk),
        None => Ok(default.min(ceiling)),
    };
    let automatic = if automatic_allowed { Mode::Automatic } else { Mode::Manual };
    Ok(Limits {
        mode: mode.unwrap_or(automatic),
        consent,
        confidence_threshold: given
            .parse("confidence-threshold", "a number from 0 to 1", |text| text.parse().ok().and_then(Confidence::new))?
            .unwrap_or(default.confidence_threshold),
        ceiling,
        max_risk: below("max-risk", given.risk("max-risk")?, default.max_risk)?,
        client_max_risk: below("client-max-risk", given.risk("client-max-risk")?, default.client_max_risk)?,
        on_failure: given
            .parse("on-failure", "`keep` or `revert`", |text| {
                [OnFailure::Keep, OnFailure::Revert].into_iter().find(|f| f.as_str() == text)
            })?
            .unwrap_or(default.on_failure),
        automatic_allowed,
    })
}

#[cfg(test)]
mod tests;
