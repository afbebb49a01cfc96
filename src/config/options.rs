//! The options by name, values as they were given, and what is wrong with one that cannot be understood.

use crate::domain::nearest::{did_you_mean, nearest};
use crate::domain::risk::Risk;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

/// Every option: its key in the file, and `KUBEMEND_` with capitals and underscores in the environment.
pub(super) const OPTIONS: [&str; 37] = [
    "allow-kubeconfig-exec",
    "client-dialogs",
    "client-max-risk",
    "confidence-threshold",
    "consent",
    "context",
    "contexts",
    "investigate",
    "kubeconfig",
    "log",
    "max-risk",
    "mode",
    "model",
    "model-allow-http",
    "model-base-url",
    "model-cost",
    "model-day-cost",
    "model-day-tokens",
    "model-fallback",
    "model-headers",
    "model-key-file",
    "model-prices",
    "model-seconds",
    "model-tokens",
    "model-turns",
    "on-failure",
    "plan-ttl",
    "probe-config-maps",
    "probe-logs",
    "read-only",
    "request-timeout",
    "risk-ceiling",
    "settle",
    "state-dir",
    "validate-within",
    "write-context",
    "write-kubeconfig",
];

/// `write-context` → `KUBEMEND_WRITE_CONTEXT`.
pub(super) fn variable(key: &str) -> String {
    format!("KUBEMEND_{}", key.replace('-', "_").to_ascii_uppercase())
}

/// What follows a name that means nothing: the one that was probably meant.
pub(super) fn probably_meant<S: AsRef<str>>(wrong: &str, known: &[S]) -> String {
    let near = nearest(wrong, known.iter().map(AsRef::as_ref));
    did_you_mean(near.get(..1).unwrap_or_default())
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
    /// A variable that looks like an option and is not one.
    #[error("`{name}` in the environment is not an option{hint}")]
    UnknownVariable {
        /// The variable.
        name: String,
        /// The nearest one.
        hint: String,
    },
    /// A key of the file with nothing behind it, which says neither yes nor no.
    #[error("{origin} has no value: give it one, or remove the key")]
    Empty {
        /// The key and its file.
        origin: String,
    },
    /// A key that the file has more than once.
    #[error("`{key}` is in `{file}` more than once")]
    Twice {
        /// The key.
        key: String,
        /// The file.
        file: String,
    },
    /// The file cannot be used.
    #[error("cannot use the configuration file `{file}`: {reason}")]
    File {
        /// The file.
        file: String,
        /// Why.
        reason: String,
    },
    /// A value that cannot be used, and may hold a credential.
    #[error("{origin}: the value is not {wanted}")]
    Unquoted {
        /// The flag, the variable, or the key and its file.
        origin: String,
        /// What would be right.
        wanted: String,
    },
    /// Two options that do not go together.
    #[error("{0}")]
    Contradiction(String),
    /// Nothing says where sessions are to be kept.
    #[error("no state directory: HOME is not set; set KUBEMEND_STATE_DIR")]
    NoHome,
}

/// Options whose values can hold a credential: in no line that is shown.
pub(super) const UNSHOWN: [&str; 1] = ["model-headers"];

#[derive(Clone)]
pub(super) struct Value {
    pub(super) text: OsString,
    pub(super) origin: String,
}

impl std::fmt::Debug for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.origin)
    }
}

impl Value {
    pub(super) fn wrong(&self, wanted: &'static str) -> ConfigError {
        let given = self.text.to_string_lossy().chars().filter(|c| !c.is_control()).take(80).collect();
        ConfigError::Value { origin: self.origin.clone(), given, wanted }
    }

    pub(super) fn text(&self) -> Result<&str, ConfigError> {
        self.text.to_str().ok_or_else(|| self.wrong("UTF-8"))
    }
}

#[derive(Debug, Default)]
pub(super) struct Given(pub(super) BTreeMap<&'static str, Value>);

impl Given {
    /// These, and the other ones where these say nothing.
    pub(super) fn or(mut self, other: Given) -> Given {
        for (key, value) in other.0 {
            self.0.entry(key).or_insert(value);
        }
        self
    }

    pub(super) fn path(&self, key: &str) -> Option<PathBuf> {
        self.0.get(key).map(|value| PathBuf::from(&value.text))
    }

    pub(super) fn word(&self, key: &str) -> Result<Option<String>, ConfigError> {
        self.parse(key, "a name", |text| (!text.trim().is_empty()).then(|| text.to_owned()))
    }

    pub(super) fn parse<T>(&self, key: &str, wanted: &'static str, parse: impl Fn(&str) -> Option<T>) -> Result<Option<T>, ConfigError> {
        match self.0.get(key) {
            None => Ok(None),
            Some(value) => parse(value.text()?).map(Some).ok_or_else(|| value.wrong(wanted)),
        }
    }

    pub(super) fn flag(&self, key: &str) -> Result<Option<bool>, ConfigError> {
        self.parse(key, "`true` or `false`", |text| match text {
            "true" => Some(true),
            "false" => Some(false),
            _ => None,
        })
    }

    pub(super) fn risk(&self, key: &str) -> Result<Option<Risk>, ConfigError> {
        self.parse(key, "`low`, `medium` or `high`", Risk::parse)
    }

    pub(super) fn duration(&self, key: &str) -> Result<Option<Duration>, ConfigError> {
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
