//! The environment: our variables, and the few of others that are honored. Nothing else reads it.

use super::options::{ConfigError, Given, OPTIONS, Value, probably_meant, variable};
use crate::domain::model_name::Provider;
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

/// What begins so is for the tests of this program and the scripts around it, which start the program with it: it is never an option.
const OF_TESTS: &str = "KUBEMEND_TEST_";

/// Where a collector of spans is named, by OpenTelemetry's own names. The rest of its variables are read where spans are exported.
#[cfg(feature = "otlp")]
const COLLECTORS: [&str; 2] = ["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"];
/// `true` where nothing is to be exported.
#[cfg(feature = "otlp")]
const NO_SPANS: &str = "OTEL_SDK_DISABLED";

/// What was read of the environment.
#[derive(Clone, Default)]
pub struct Environment(BTreeMap<String, OsString>);

/// The names alone: values can be keys.
impl std::fmt::Debug for Environment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl Environment {
    /// The process's own: our variables, and the few of others that we use.
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
    pub fn of_process() -> Self {
        let mut names: Vec<String> =
            ["KUBECONFIG", "HOME", "PATH", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "KUBERNETES_SERVICE_HOST"].map(Into::into).into();
        #[cfg(feature = "otlp")]
        names.extend(COLLECTORS.into_iter().chain([NO_SPANS]).map(Into::into));
        names.extend(Provider::ALL.map(|provider| provider.key_variable().to_owned()));
        names.extend(std::env::vars_os().filter_map(|(name, _)| name.into_string().ok()).filter(|name| name.starts_with("KUBEMEND_")));
        Self(names.into_iter().filter_map(|name| Some((name.clone(), std::env::var_os(&name)?))).collect())
    }

    /// These and no others: for tests and for programs that embed the library.
    pub fn of<'a>(variables: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        Self(variables.into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect())
    }

    /// A variable that is set to nothing counts as not set.
    pub(super) fn get(&self, name: &str) -> Option<&OsStr> {
        self.0.get(name).map(OsString::as_os_str).filter(|value| !value.is_empty())
    }

    /// Whether somebody wants spans.
    #[cfg(feature = "otlp")]
    pub(crate) fn names_a_collector(&self) -> bool {
        let disabled = self.get(NO_SPANS).is_some_and(|value| value.eq_ignore_ascii_case("true"));
        !disabled && COLLECTORS.iter().any(|name| self.get(name).is_some())
    }

    pub(super) fn folder(&self, name: &str) -> Option<PathBuf> {
        self.get(name).map(PathBuf::from).filter(|path| path.is_absolute())
    }

    pub(super) fn given(&self) -> Given {
        let mut given = Given::default();
        for key in OPTIONS {
            let name = variable(key);
            if let Some(value) = self.get(&name) {
                given.0.insert(key, Value { text: value.to_owned(), origin: name });
            }
        }
        given
    }

    /// A variable that looks like ours and means nothing: somebody may rely on it, and on nothing being changed for it.
    pub(super) fn unknown(&self) -> Option<ConfigError> {
        let known: Vec<String> = OPTIONS.iter().map(|key| variable(key)).chain(["KUBEMEND_CONFIG".to_owned()]).collect();
        let is_ours = |name: &&String| name.starts_with("KUBEMEND_") && !name.starts_with(OF_TESTS);
        let name = self.0.keys().filter(is_ours).find(|name| self.get(name).is_some() && !known.contains(name))?;
        Some(ConfigError::UnknownVariable { name: name.clone(), hint: probably_meant(name, &known) })
    }
}
