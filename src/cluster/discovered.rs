//! The resources that discovery named: the wire's own list of what may be read besides the known kinds. It only grows, one resource
//! at a time, and what is never read cannot be put on it, whatever discovery says.

use std::collections::BTreeMap;
use std::sync::{Arc, RwLock};

/// Most resources that are remembered: the largest clusters have some hundred kinds of custom resources.
pub(super) const RESOURCES: usize = 2_000;

/// Shared between a client's guard, which reads it, and the client, which adds what the API server named.
#[derive(Debug, Clone, Default)]
pub(super) struct Discovered(Arc<RwLock<BTreeMap<(String, String), bool>>>);

impl Discovered {
    /// Adds a resource, and says whether it may be read from now on.
    pub(super) fn admit(&self, group: &str, version: &str, plural: &str, namespaced: bool) -> bool {
        // Independent of what makes custom kinds: a fault there does not reach the wire.
        let plain = |text: &str, dots: bool| {
            let inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || (dots && b == b'.');
            !text.is_empty() && text.bytes().all(inner) && !text.starts_with(['-', '.']) && !text.ends_with(['-', '.'])
        };
        // The core group and Kubernetes' own have a list of their own: `X.k8s.io`, and two that have a label more.
        let own = group.ends_with(".k8s.io") && group.matches('.').count() == 2
            || group.ends_with(".authorization.k8s.io")
            || group.ends_with(".apiserver.k8s.io");
        let custom = group.contains('.') && !own && plain(group, true) && plain(version, false) && plain(plural, false);
        let credential = ["secret", "token", "credential", "kubeconfig", "password"].iter().any(|word| plural.contains(word));
        if !custom || credential {
            return false;
        }
        let Ok(mut resources) = self.0.write() else { return false };
        if resources.len() >= RESOURCES {
            return false;
        }
        resources.insert((format!("{group}/{version}"), plural.to_owned()), namespaced);
        true
    }

    /// As if a resource had been admitted that never is, for the guards that stand behind this one.
    #[cfg(test)]
    pub(super) fn holding(group_version: &str, plural: &str) -> Self {
        Self(Arc::new(RwLock::new(BTreeMap::from([((group_version.to_owned(), plural.to_owned()), true)]))))
    }

    /// Whether the resource's objects live in a namespace, where it was named at all.
    pub(super) fn scope_of(&self, group_version: &str, plural: &str) -> Option<bool> {
        self.0.read().ok()?.get(&(group_version.to_owned(), plural.to_owned())).copied()
    }
}
