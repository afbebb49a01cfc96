//! What an API server answers about things that are no objects of its own: what runs uses, and what a kind is made of.

use crate::domain::kind::Kind;
use crate::domain::namespace::Namespace;

/// One such document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ApiDocument {
    /// What the Pods of a namespace use, as the metrics API has it.
    PodMetrics(Namespace),
    /// What the nodes use.
    NodeMetrics,
    /// The OpenAPI schemas of all kinds that share this one's group and version.
    Schemas(Kind),
}

impl ApiDocument {
    /// Where it lies; nothing for a kind whose place in the API is not known.
    pub fn path(&self) -> Option<String> {
        Some(match self {
            ApiDocument::PodMetrics(namespace) => format!("/apis/metrics.k8s.io/v1beta1/namespaces/{namespace}/pods"),
            ApiDocument::NodeMetrics => "/apis/metrics.k8s.io/v1beta1/nodes".to_owned(),
            ApiDocument::Schemas(kind) => {
                let version = kind.info()?.api_version;
                let root = if version.contains('/') { "apis" } else { "api" };
                format!("/openapi/v3/{root}/{version}")
            }
        })
    }

    /// The resource, as roles name it, and where it is.
    pub fn resource(&self) -> (&'static str, Option<&Namespace>) {
        match self {
            ApiDocument::PodMetrics(namespace) => ("pods.metrics.k8s.io", Some(namespace)),
            ApiDocument::NodeMetrics => ("nodes.metrics.k8s.io", None),
            ApiDocument::Schemas(_) => ("openapi", None),
        }
    }

    /// In words.
    pub fn in_words(&self) -> String {
        match self {
            ApiDocument::PodMetrics(namespace) => format!("metrics of the Pods in `{namespace}`"),
            ApiDocument::NodeMetrics => "metrics of the nodes".to_owned(),
            ApiDocument::Schemas(kind) => format!("schemas of `{}`", kind.api_version()),
        }
    }
}
