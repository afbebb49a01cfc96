//! The kinds that kubemend reads or names, with their API paths: the one table of groups, plurals and short names.

use super::namespace::Namespace;
use std::fmt;

/// A kind of Kubernetes object.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the variants are Kubernetes' own names")]
pub enum Kind {
    Pod,
    Deployment,
    ReplicaSet,
    StatefulSet,
    DaemonSet,
    Job,
    CronJob,
    Service,
    EndpointSlice,
    PersistentVolumeClaim,
    PersistentVolume,
    ConfigMap,
    /// Named in references only; never read.
    Secret,
    StorageClass,
    Node,
    Namespace,
    Event,
    /// A kind that is only pointed at, such as the custom resource that owns a workload.
    Other {
        api_version: String,
        kind: String,
    },
}

/// What the API says of a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KindInfo {
    /// `v1`, `apps/v1`, …
    pub api_version: &'static str,
    /// `Pod`, …
    pub kind: &'static str,
    /// `pods`, …: the resource in paths and in roles.
    pub plural: &'static str,
    /// kubectl's abbreviation, empty where there is none.
    pub short: &'static str,
    /// Whether objects live in a namespace.
    pub namespaced: bool,
}

const fn info(api_version: &'static str, kind: &'static str, plural: &'static str, short: &'static str, namespaced: bool) -> KindInfo {
    KindInfo { api_version, kind, plural, short, namespaced }
}

impl Kind {
    /// Every kind but `Other`.
    pub const KNOWN: [Kind; 17] = [
        Kind::Pod,
        Kind::Deployment,
        Kind::ReplicaSet,
        Kind::StatefulSet,
        Kind::DaemonSet,
        Kind::Job,
        Kind::CronJob,
        Kind::Service,
        Kind::EndpointSlice,
        Kind::PersistentVolumeClaim,
        Kind::PersistentVolume,
        Kind::ConfigMap,
        Kind::Secret,
        Kind::StorageClass,
        Kind::Node,
        Kind::Namespace,
        Kind::Event,
    ];

    /// What the API says of it; `None` for `Other`, whose resource name is not known.
    pub fn info(&self) -> Option<KindInfo> {
        Some(match self {
            Kind::Pod => info("v1", "Pod", "pods", "po", true),
            Kind::Deployment => info("apps/v1", "Deployment", "deployments", "deploy", true),
            Kind::ReplicaSet => info("apps/v1", "ReplicaSet", "replicasets", "rs", true),
            Kind::StatefulSet => info("apps/v1", "StatefulSet", "statefulsets", "sts", true),
            Kind::DaemonSet => info("apps/v1", "DaemonSet", "daemonsets", "ds", true),
            Kind::Job => info("batch/v1", "Job", "jobs", "", true),
            Kind::CronJob => info("batch/v1", "CronJob", "cronjobs", "cj", true),
            Kind::Service => info("v1", "Service", "services", "svc", true),
            Kind::EndpointSlice => info("discovery.k8s.io/v1", "EndpointSlice", "endpointslices", "", true),
            Kind::PersistentVolumeClaim => info("v1", "PersistentVolumeClaim", "persistentvolumeclaims", "pvc", true),
            Kind::PersistentVolume => info("v1", "PersistentVolume", "persistentvolumes", "pv", false),
            Kind::ConfigMap => info("v1", "ConfigMap", "configmaps", "cm", true),
            Kind::Secret => info("v1", "Secret", "secrets", "", true),
            Kind::StorageClass => info("storage.k8s.io/v1", "StorageClass", "storageclasses", "sc", false),
            Kind::Node => info("v1", "Node", "nodes", "no", false),
            Kind::Namespace => info("v1", "Namespace", "namespaces", "ns", false),
            Kind::Event => info("v1", "Event", "events", "ev", true),
            Kind::Other { .. } => return None,
        })
    }

    /// The kind as written in manifests.
    pub fn name(&self) -> &str {
        match self {
            Kind::Other { kind, .. } => kind,
            known => known.info().map_or("", |i| i.kind),
        }
    }

    /// The API version as written in manifests.
    pub fn api_version(&self) -> &str {
        match self {
            Kind::Other { api_version, .. } => api_version,
            known => known.info().map_or("", |i| i.api_version),
        }
    }

    /// The API group, empty for the core group: what roles name.
    pub fn group(&self) -> &str {
        self.api_version().split_once('/').map_or("", |(group, _)| group)
    }

    /// The kind that a manifest or an owner reference names.
    pub fn of(api_version: &str, kind: &str) -> Kind {
        Kind::KNOWN
            .into_iter()
            .find(|k| k.name() == kind && k.api_version() == api_version)
            .unwrap_or_else(|| Kind::Other { api_version: api_version.to_owned(), kind: kind.to_owned() })
    }

    /// What a person types before the slash: `deployment`, `deployments`, `deploy`, `deployment.apps`, in any case.
    pub fn parse(word: &str) -> Option<Kind> {
        let word = word.to_ascii_lowercase();
        let (word, group) = word.split_once('.').map_or((word.as_str(), None), |(w, g)| (w, Some(g)));
        Kind::KNOWN.into_iter().find(|k| {
            k.info().is_some_and(|i| {
                (i.kind.to_ascii_lowercase() == word || i.plural == word || (!i.short.is_empty() && i.short == word))
                    && group.is_none_or(|g| {
                        k.group() == g || g.split_once('.').is_some_and(|(v, rest)| v.starts_with('v') && rest == k.group())
                    })
            })
        })
    }

    /// The path of a list (`name` absent) or of an object. `None` when the resource is not known
    /// or a namespaced object is asked for without its namespace.
    pub fn path(&self, namespace: Option<&Namespace>, name: Option<&str>) -> Option<String> {
        let info = self.info()?;
        let root = if info.api_version.contains('/') { "/apis/" } else { "/api/" };
        let mut path = format!("{root}{}", info.api_version);
        match (info.namespaced, namespace) {
            (true, Some(ns)) => path.push_str(&format!("/namespaces/{ns}")),
            (true, None) if name.is_some() => return None,
            (true | false, _) => {}
        }
        path.push('/');
        path.push_str(info.plural);
        if let Some(name) = name {
            path.push('/');
            path.push_str(name);
        }
        Some(path)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
