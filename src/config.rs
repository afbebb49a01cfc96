//! What the operator wants: flags before environment before the configuration file, checked once, then plain values.
//! The only reader of the environment. An option that cannot be understood is an error, never a default.

use crate::domain::confidence::Confidence;
use crate::domain::limits::{Consent, Limits, Mode};
use crate::domain::plan::OnFailure;
use crate::domain::risk::Risk;
use clap::Args;
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::time::Duration;

mod file;

/// Every option: its key in the file, and `KUBEMEND_` with capitals and underscores in the environment.
const OPTIONS: [&str; 21] = [
    "allow-kubeconfig-exec",
    "client-max-risk",
    "confidence-threshold",
    "consent",
    "context",
    "contexts",
    "kubeconfig",
    "log",
    "max-risk",
    "mode",
    "model",
    "on-failure",
    "plan-ttl",
    "read-only",
    "request-timeout",
    "risk-ceiling",
    "settle",
    "state-dir",
    "validate-within",
    "write-context",
    "write-kubeconfig",
];

/// kube's own lines about answers of 5xx say nothing that ours do not; rmcp warns of clients that leave.
const LOG: &str = "warn,rmcp=error,kube_client=off";

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
    /// Language model; this version accepts only `none` (rules only)
    #[arg(long, global = true, value_name = "PROVIDER/NAME")]
    pub model: Option<String>,
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
    /// Directory for the session store [default: ~/.local/state/kubemend]
    #[arg(long, global = true, value_name = "DIR", hide_short_help = true)]
    pub state_dir: Option<PathBuf>,
    /// Log filter for stderr, such as `info,kubemend=debug`
    #[arg(long, global = true, value_name = "FILTER", hide_short_help = true)]
    pub log: Option<String>,
}

impl Flags {
    fn given(&self) -> Given {
        let mut given = Given::default();
        let mut put = |key: &'static str, value: Option<&OsStr>| {
            if let Some(value) = value {
                given.0.insert(key, Value { text: value.to_owned(), origin: format!("--{key}") });
            }
        };
        put("kubeconfig", self.kubeconfig.as_deref().map(Path::as_os_str));
        put("write-kubeconfig", self.write_kubeconfig.as_deref().map(Path::as_os_str));
        put("state-dir", self.state_dir.as_deref().map(Path::as_os_str));
        for (key, value) in [
            ("context", &self.context),
            ("model", &self.model),
            ("write-context", &self.write_context),
            ("read-only", &self.read_only),
            ("allow-kubeconfig-exec", &self.allow_kubeconfig_exec),
            ("consent", &self.consent),
            ("log", &self.log),
        ] {
            put(key, value.as_deref().map(OsStr::new));
        }
        given
    }
}

/// What was read of the environment.
#[derive(Debug, Clone, Default)]
pub struct Environment(BTreeMap<String, OsString>);

impl Environment {
    /// The process's own: our variables, and the few of others that we use.
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
    pub fn of_process() -> Self {
        let mut names: Vec<String> =
            ["KUBECONFIG", "HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "KUBERNETES_SERVICE_HOST"].map(Into::into).into();
        names.extend(std::env::vars_os().filter_map(|(name, _)| name.into_string().ok()).filter(|name| name.starts_with("KUBEMEND_")));
        Self(names.into_iter().filter_map(|name| Some((name.clone(), std::env::var_os(&name)?))).collect())
    }

    /// These and no others: for tests and for programs that embed the library.
    pub fn of<'a>(variables: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        Self(variables.into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect())
    }

    /// A variable that is set to nothing counts as not set.
    fn get(&self, name: &str) -> Option<&OsStr> {
        self.0.get(name).map(OsString::as_os_str).filter(|value| !value.is_empty())
    }

    fn folder(&self, name: &str) -> Option<PathBuf> {
        self.get(name).map(PathBuf::from).filter(|path| path.is_absolute())
    }

    fn given(&self) -> Given {
        let mut given = Given::default();
        for key in OPTIONS {
            let name = variable(key);
            if let Some(value) = self.get(&name) {
                given.0.insert(key, Value { text: value.to_owned(), origin: name });
            }
        }
        given
    }

    /// Variables that look like ours and mean nothing: somebody may rely on one.
    fn unknown(&self) -> Vec<String> {
        let known: Vec<String> = OPTIONS.iter().map(|key| variable(key)).chain(["KUBEMEND_CONFIG".to_owned()]).collect();
        self.0
            .keys()
            .filter(|name| name.starts_with("KUBEMEND_") && !name.starts_with("KUBEMEND_TEST_") && !known.contains(name))
            .map(|name| format!("unknown environment variable `{name}`{}", nearest(name, &known)))
            .collect()
    }
}

/// `write-context` → `KUBEMEND_WRITE_CONTEXT`.
fn variable(key: &str) -> String {
    format!("KUBEMEND_{}", key.replace('-', "_").to_ascii_uppercase())
}

fn nearest<S: AsRef<str>>(wrong: &str, known: &[S]) -> String {
    known
        .iter()
        .map(|k| (strsim::damerau_levenshtein(wrong, k.as_ref()), k.as_ref()))
        .min()
        .filter(|(distance, _)| *distance <= 4)
        .map_or_else(String::new, |(_, name)| format!("; did you mean `{name}`?"))
}

/// An option that cannot be understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// A value that cannot be used.
    #[error("{origin}: `{given}` is not {wanted}")]
    Value {
        /// The flag, the variable, or the key and its file.
        origin: String,
        /// What was given, shortened.
        given: String,
        /// What would be right.
        wanted: &'static str,
    },
    /// A key that the file must not have.
    #[error("`{key}` in `{file}` is not an option{hint}")]
    Unknown {
        /// The key.
        key: String,
        /// The file.
        file: String,
        /// The nearest one.
        hint: String,
    },
    /// The file cannot be used.
    #[error("cannot use the configuration file `{file}`: {reason}")]
    File {
        /// The file.
        file: String,
        /// Why.
        reason: String,
    },
    /// A model that this program cannot use.
    #[error(
        "{origin}: model `{given}` is not supported: this version of kubemend uses rules only; leave the option out, or set it to `none`"
    )]
    Model {
        /// Where it was set.
        origin: String,
        /// Which.
        given: String,
    },
    /// Two options that do not go together.
    #[error("{0}")]
    Contradiction(String),
    /// Nothing says where sessions are to be kept.
    #[error("no state directory: HOME is not set; set KUBEMEND_STATE_DIR or --state-dir")]
    NoHome,
}

#[derive(Debug, Clone)]
struct Value {
    text: OsString,
    origin: String,
}

impl Value {
    fn wrong(&self, wanted: &'static str) -> ConfigError {
        let given = self.text.to_string_lossy().chars().filter(|c| !c.is_control()).take(80).collect();
        ConfigError::Value { origin: self.origin.clone(), given, wanted }
    }

    fn text(&self) -> Result<&str, ConfigError> {
        self.text.to_str().ok_or_else(|| self.wrong("UTF-8"))
    }
}

#[derive(Debug, Default)]
struct Given(BTreeMap<&'static str, Value>);

impl Given {
    /// These, and the other ones where these say nothing.
    fn or(mut self, other: Given) -> Given {
        for (key, value) in other.0 {
            self.0.entry(key).or_insert(value);
        }
        self
    }

    fn path(&self, key: &str) -> Option<PathBuf> {
        self.0.get(key).map(|value| PathBuf::from(&value.text))
    }

    fn word(&self, key: &str) -> Result<Option<String>, ConfigError> {
        self.parse(key, "a name", |text| (!text.trim().is_empty()).then(|| text.to_owned()))
    }

    fn parse<T>(&self, key: &str, wanted: &'static str, parse: impl Fn(&str) -> Option<T>) -> Result<Option<T>, ConfigError> {
        match self.0.get(key) {
            None => Ok(None),
            Some(value) => parse(value.text()?).map(Some).ok_or_else(|| value.wrong(wanted)),
        }
    }

    fn flag(&self, key: &str) -> Result<Option<bool>, ConfigError> {
        self.parse(key, "`true` or `false`", |text| match text {
            "true" => Some(true),
            "false" => Some(false),
            _ => None,
        })
    }

    fn risk(&self, key: &str) -> Result<Option<Risk>, ConfigError> {
        self.parse(key, "`low`, `medium` or `high`", Risk::parse)
    }

    fn duration(&self, key: &str) -> Result<Option<Duration>, ConfigError> {
        self.parse(key, "a duration from `1s` to `60m`", |text| {
            let (number, unit) = match text.strip_suffix('m') {
                Some(minutes) => (minutes, 60),
                None => (text.strip_suffix('s').unwrap_or(text), 1),
            };
            let seconds = number.parse::<u64>().ok()?.checked_mul(unit)?;
            (1..=3600).contains(&seconds).then(|| Duration::from_secs(seconds))
        })
    }
}

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
    /// Where sessions are kept.
    pub store: PathBuf,
    /// What is logged, in `tracing`'s words.
    pub log: String,
    /// The configuration file that was read.
    pub file: Option<PathBuf>,
    /// What may be a mistake.
    pub warnings: Vec<String>,
}

impl Config {
    /// Puts flags, environment and file together, and checks them.
    ///
    /// # Errors
    /// An option that cannot be understood, with where it was set and what would be right.
    pub fn load(flags: &Flags, environment: &Environment) -> Result<Self, ConfigError> {
        let home = environment.folder("HOME");
        let (file, from_file) = file::read(flags.config.as_deref(), environment, home.as_deref())?;
        let given = flags.given().or(environment.given()).or(from_file);

        if let Some(value) = given.0.get("model")
            && value.text != "none"
        {
            let given = value.text.to_string_lossy().chars().filter(|c| !c.is_control()).take(80).collect();
            return Err(ConfigError::Model { origin: value.origin.clone(), given });
        }
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
            store: state.join("sessions.db"),
            log: given.word("log")?.unwrap_or_else(|| LOG.to_owned()),
            warnings: environment.unknown(),
            home,
            file,
        })
    }
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
