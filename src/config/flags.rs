//! The flags that every command takes.

use super::options::{Given, Value};
use clap::Args;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// The options of every command. What is not here is set in the environment or in the file only: a caller may tighten it.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Global options")]
pub struct Flags {
    /// Path to the kubeconfig file, instead of $KUBECONFIG or ~/.kube/config
    #[arg(long, global = true, value_name = "FILE")]
    pub kubeconfig: Option<PathBuf>,
    /// Kubeconfig context, instead of the current one
    #[arg(long, global = true, value_name = "NAME")]
    pub context: Option<String>,
    /// Language model, `openai/NAME` or `anthropic/NAME`, which looks into what rules leave open [default: none]
    #[arg(long, global = true, value_name = "PROVIDER/NAME")]
    pub model: Option<String>,
    /// Root of the model provider's API, for gateways and compatible servers, such as `http://127.0.0.1:11434/v1`
    #[arg(long, global = true, value_name = "URL", hide_short_help = true)]
    pub model_base_url: Option<String>,
    /// File that contains only the API key, instead of $OPENAI_API_KEY or $ANTHROPIC_API_KEY, which only the provider's own host gets
    #[arg(long, global = true, value_name = "FILE", hide_short_help = true)]
    pub model_key_file: Option<PathBuf>,
    /// Second model, for when the first does not answer
    #[arg(long, global = true, value_name = "PROVIDER/NAME", hide_short_help = true)]
    pub model_fallback: Option<String>,
    /// Path to the configuration file [default: ~/.config/kubemend/config.yaml]
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Kubeconfig with the writer credentials, if they are not in the reader's
    #[arg(long, global = true, value_name = "FILE", hide_short_help = true)]
    pub write_kubeconfig: Option<PathBuf>,
    /// Context with the writer credentials, if it is not the reader's
    #[arg(long, global = true, value_name = "NAME", hide_short_help = true)]
    pub write_context: Option<String>,
    /// Read-only: show plans, never change the cluster
    #[arg(long, global = true, value_name = "true|false", num_args = 0..=1, default_missing_value = "true", require_equals = true, hide_short_help = true)]
    pub read_only: Option<String>,
    /// Allow a kubeconfig to run its exec credential plugin [default: true; false in a Pod]
    #[arg(long, global = true, value_name = "true|false", num_args = 0..=1, default_missing_value = "true", require_equals = true, hide_short_help = true)]
    pub allow_kubeconfig_exec: Option<String>,
    /// Who approves: a human who is asked, an MCP client that repeats the plan digest, or the thresholds (automatic mode)
    #[arg(long, global = true, value_name = "ask|client|policy", hide_short_help = true)]
    pub consent: Option<String>,
    /// Looks of an MCP client at what rules leave open: offered or not [default: auto]
    #[arg(long, global = true, value_name = "never|auto|always", hide_short_help = true)]
    pub investigate: Option<String>,
    /// Directory for the session store [default: ~/.local/state/kubemend]
    #[arg(long, global = true, value_name = "DIR", hide_short_help = true)]
    pub state_dir: Option<PathBuf>,
    /// Log filter for stderr, such as `info,kubemend=debug`
    #[arg(long, global = true, value_name = "FILTER", hide_short_help = true)]
    pub log: Option<String>,
}

impl Flags {
    pub(super) fn given(&self) -> Given {
        let mut given = Given::default();
        let mut put = |key: &'static str, value: Option<&OsStr>| {
            if let Some(value) = value {
                given.0.insert(key, Value { text: value.to_owned(), origin: format!("--{key}") });
            }
        };
        put("kubeconfig", self.kubeconfig.as_deref().map(Path::as_os_str));
        put("write-kubeconfig", self.write_kubeconfig.as_deref().map(Path::as_os_str));
        put("model-key-file", self.model_key_file.as_deref().map(Path::as_os_str));
        put("state-dir", self.state_dir.as_deref().map(Path::as_os_str));
        for (key, value) in [
            ("context", &self.context),
            ("model", &self.model),
            ("model-base-url", &self.model_base_url),
            ("model-fallback", &self.model_fallback),
            ("write-context", &self.write_context),
            ("read-only", &self.read_only),
            ("allow-kubeconfig-exec", &self.allow_kubeconfig_exec),
            ("consent", &self.consent),
            ("investigate", &self.investigate),
            ("log", &self.log),
        ] {
            put(key, value.as_deref().map(OsStr::new));
        }
        given
    }
}
