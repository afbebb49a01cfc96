//! The reader of commands that read the record only: they work without a kubeconfig and without a cluster.

use crate::domain::kind::Kind;
use crate::domain::object::{Namespace, ObjectRef};
use crate::domain::snapshot::Cluster;
use crate::ports::{Changed, ClusterRead, ListRequest, Listed, ReadError, RequestMeter};
use async_trait::async_trait;
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;

/// Answers nothing.
#[derive(Debug)]
pub(super) struct Unconnected(pub(super) Namespace);

fn refused<T>() -> Result<T, ReadError> {
    Err(ReadError::Config("this command reads stored sessions only, not a cluster".to_owned()))
}

#[async_trait]
impl ClusterRead for Unconnected {
    async fn cluster(&self) -> Result<Cluster, ReadError> {
        refused()
    }

    async fn get(&self, _: &ObjectRef) -> Result<Value, ReadError> {
        refused()
    }

    async fn list(&self, _: &ListRequest) -> Result<Listed, ReadError> {
        refused()
    }

    async fn changed(&self, _: &ListRequest, _: &str, _: Duration) -> Result<Option<Changed>, ReadError> {
        refused()
    }

    async fn logs(&self, _: &ObjectRef, _: &str, _: bool) -> Result<String, ReadError> {
        refused()
    }

    async fn may(&self, _: &str, _: &Kind, _: Option<&Namespace>) -> Result<bool, ReadError> {
        refused()
    }

    fn default_namespace(&self) -> Namespace {
        self.0.clone()
    }

    fn metered(&self, _: &RequestMeter) -> Arc<dyn ClusterRead> {
        Arc::new(Self(self.0.clone()))
    }
}
