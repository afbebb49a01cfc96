//! Kubernetes objects as values: where they lie in the API, and how they are named in scenarios.

use serde_json::Value;

/// A kind that tests apply, read or compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Kind {
    pub(crate) name: &'static str,
    pub(crate) api_version: &'static str,
    pub(crate) plural: &'static str,
}

macro_rules! kinds {
    ($($name:literal $api_version:literal $plural:literal)*) => {
        /// The namespaced kinds.
        pub(crate) const KINDS: &[Kind] = &[$(Kind { name: $name, api_version: $api_version, plural: $plural }),*];
    };
}

kinds! {
    "ConfigMap" "v1" "configmaps"
    "CronJob" "batch/v1" "cronjobs"
    "DaemonSet" "apps/v1" "daemonsets"
    "Deployment" "apps/v1" "deployments"
    "EndpointSlice" "discovery.k8s.io/v1" "endpointslices"
    "Event" "v1" "events"
    "Job" "batch/v1" "jobs"
    "PersistentVolumeClaim" "v1" "persistentvolumeclaims"
    "Pod" "v1" "pods"
    "PodDisruptionBudget" "policy/v1" "poddisruptionbudgets"
    "ReplicaSet" "apps/v1" "replicasets"
    "Role" "rbac.authorization.k8s.io/v1" "roles"
    "RoleBinding" "rbac.authorization.k8s.io/v1" "rolebindings"
    "Secret" "v1" "secrets"
    "Service" "v1" "services"
    "StatefulSet" "apps/v1" "statefulsets"
}

impl Kind {
    /// `Pod`, `pod`.
    pub(crate) fn named(name: &str) -> &'static Kind {
        KINDS.iter().find(|k| k.name.eq_ignore_ascii_case(name)).unwrap_or_else(|| panic!("the tests know no kind {name}"))
    }

    /// That of the object, where it is one of these.
    pub(crate) fn known(object: &Value) -> Option<&'static Kind> {
        KINDS.iter().find(|kind| object["kind"] == kind.name)
    }

    /// Where they lie.
    pub(crate) fn path(&self, namespace: &str) -> String {
        let root = if self.api_version.contains('/') { "apis" } else { "api" };
        format!("/{root}/{}/namespaces/{namespace}/{}", self.api_version, self.plural)
    }
}

/// Where objects of its kind lie: one of the kinds above, a custom kind, or the definition of one.
pub(crate) fn path_of(object: &Value, namespace: &str) -> String {
    let (version, kind) = (object["apiVersion"].as_str().unwrap(), object["kind"].as_str().unwrap());
    match Kind::known(object) {
        Some(kind) => kind.path(namespace),
        None if kind == "CustomResourceDefinition" => format!("/apis/{version}/customresourcedefinitions"),
        None => format!("/apis/{version}/namespaces/{namespace}/{}s", kind.to_lowercase()),
    }
}

/// `kind/name`, the name perhaps with a `*` at its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) kind: &'static Kind,
    pub(crate) name: String,
}

impl Target {
    pub(crate) fn parse(text: &str) -> Self {
        let (kind, name) = text.split_once('/').unwrap_or_else(|| panic!("`{text}` is not kind/name"));
        Self { kind: Kind::named(kind), name: name.to_owned() }
    }

    /// Whether this is an object of this kind and name.
    pub(crate) fn matches(&self, kind: &str, name: &str) -> bool {
        kind == self.kind.name
            && match self.name.strip_suffix('*') {
                Some(prefix) => name.starts_with(prefix),
                None => name == self.name,
            }
    }

    pub(crate) fn is(&self, object: &Value) -> bool {
        self.matches(object["kind"].as_str().unwrap_or_default(), name(object))
    }
}

pub(crate) fn name(object: &Value) -> &str {
    object["metadata"]["name"].as_str().unwrap_or_default()
}

/// `kind/name` as scenarios write it.
pub(crate) fn label(object: &Value) -> String {
    format!("{}/{}", object["kind"].as_str().unwrap_or_default().to_lowercase(), name(object))
}

/// The documents of a YAML text.
pub(crate) fn documents(text: &str) -> Vec<Value> {
    let all: Vec<Value> = serde_saphyr::from_multiple(text).unwrap_or_else(|e| panic!("{e}"));
    all.into_iter().filter(Value::is_object).collect()
}
