//! Labels and the selectors that match them: the one matcher, and an index that spares it what cannot match.

use k8s_openapi::api::core::v1::Service;
use std::collections::{BTreeMap, HashMap};

/// Where labels of objects without a namespace are kept: no namespace has this name.
pub(super) const CLUSTER: &str = "";

/// Labels that must all be there, as in a Service; the same form as labels themselves.
pub(crate) type Selector = BTreeMap<String, String>;

/// Whether a selector matches labels.
pub(crate) fn matches(selector: &Selector, labels: Option<&Selector>) -> bool {
    labels.is_some_and(|labels| selector.iter().all(|(k, v)| labels.get(k) == Some(v)))
}

/// A Service's selector, if it has one.
pub(crate) fn any_selector(service: &Service) -> Option<&Selector> {
    service.spec.as_ref().and_then(|s| s.selector.as_ref()).filter(|s| !s.is_empty())
}

/// The selector of a Service whose addresses come from Pods and that clients reach through its own address.
pub(crate) fn selector(service: &Service) -> Option<&Selector> {
    let spec = service.spec.as_ref()?;
    let plain = spec.type_.as_deref() != Some("ExternalName") && spec.cluster_ip.as_deref() != Some("None");
    any_selector(service).filter(|_| plain)
}

/// What carries which label, by namespace.
#[derive(Debug)]
pub(crate) struct Labels<'a, T>(HashMap<&'a str, HashMap<&'a str, HashMap<&'a str, Vec<T>>>>);

impl<T> Default for Labels<'_, T> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<'a, T: Copy> Labels<'a, T> {
    /// Something with all its labels.
    pub(super) fn add(&mut self, namespace: Option<&'a str>, labels: Option<&'a Selector>, item: T) {
        let Some(namespace) = namespace else { return };
        for (key, value) in labels.into_iter().flatten() {
            self.carriers(namespace, key, value).push(item);
        }
    }

    /// Something with the first of its labels only: enough to find a selector by the labels that it matches.
    pub(super) fn add_first(&mut self, namespace: Option<&'a str>, labels: &'a Selector, item: T) {
        if let (Some(namespace), Some((key, value))) = (namespace, labels.first_key_value()) {
            self.carriers(namespace, key, value).push(item);
        }
    }

    fn carriers(&mut self, namespace: &'a str, key: &'a str, value: &'a str) -> &mut Vec<T> {
        self.0.entry(namespace).or_default().entry(key).or_default().entry(value).or_default()
    }

    /// All that carry a label.
    pub(super) fn carrying(&self, namespace: &str, key: &str, value: &str) -> &[T] {
        self.0.get(namespace).and_then(|keys| keys.get(key)?.get(value)).map(Vec::as_slice).unwrap_or_default()
    }

    /// The keys that anything carries.
    pub(super) fn keys(&self, namespace: &str) -> impl Iterator<Item = &'a str> {
        self.0.get(namespace).into_iter().flat_map(HashMap::keys).copied()
    }

    /// The values of a key.
    pub(super) fn values(&self, namespace: &str, key: &str) -> impl Iterator<Item = &'a str> {
        self.0.get(namespace).and_then(|keys| keys.get(key)).into_iter().flat_map(HashMap::keys).copied()
    }

    /// All that carry the rarest label of a selector: whatever it matches is among them. None for an empty selector.
    pub(super) fn candidates(&self, namespace: &str, selector: &Selector) -> &[T] {
        selector.iter().map(|(k, v)| self.carrying(namespace, k, v)).min_by_key(|c| c.len()).unwrap_or_default()
    }
}
