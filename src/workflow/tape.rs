//! A reader that keeps what it reads, for a recording: each list with what came of it, and each look for one object.

use crate::domain::evidence::GapWhy;
use crate::domain::kind::Kind;
use crate::domain::object::{Namespace, ObjectRef};
use crate::domain::recording::{Recorded, RecordedList, selector_of};
use crate::domain::snapshot::{Cluster, ClusterId};
use crate::ports::{
    ApiDocument, ClusterRead, CustomKinds, ListRequest, Listed, Log, LogRequest, ReadError, RequestMeter, Table, Watch, gap,
};
use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::Value;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// See the module.
pub(super) struct Tape {
    read: Arc<dyn ClusterRead>,
    kept: Arc<Mutex<Vec<RecordedList>>>,
}

impl Tape {
    pub(super) fn over(read: Arc<dyn ClusterRead>) -> Self {
        Self { read, kept: Arc::default() }
    }

    /// What was read.
    pub(super) fn kept(&self) -> Vec<RecordedList> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// A list that is read on belongs to its beginning.
    fn keep(&self, new: RecordedList, goes_on: bool) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let same = |one: &&mut RecordedList| one.kind == new.kind && one.namespace == new.namespace && one.selector == new.selector;
        match (kept.iter_mut().find(same).map(|known| &mut known.answer), new.answer) {
            (
                Some(Recorded::Objects { items, complete, unreadable }),
                Recorded::Objects { items: more, complete: whole, unreadable: others },
            ) if goes_on => {
                items.extend(more);
                *complete = whole;
                *unreadable = unreadable.saturating_add(others);
            }
            // What could not be read on stays as far as it came.
            (Some(_), Recorded::Nothing(_)) if goes_on => {}
            (Some(known), answer) => *known = answer,
            (None, answer) => kept.push(RecordedList { answer, ..new }),
        }
    }
}

/// Why nothing came.
fn missing(error: &ReadError) -> Recorded {
    Recorded::Nothing(gap(error, "").map_or(GapWhy::Unsupported, |gap| gap.why))
}

#[async_trait]
impl ClusterRead for Tape {
    async fn cluster(&self) -> Result<Cluster, ReadError> {
        self.read.cluster().await
    }

    async fn identity(&self) -> Result<ClusterId, ReadError> {
        self.read.identity().await
    }

    async fn get(&self, object: &ObjectRef) -> Result<Value, ReadError> {
        let got = self.read.get(object).await;
        let answer = match &got {
            Ok(value) => Recorded::Objects { items: vec![value.clone()], complete: true, unreadable: 0 },
            Err(ReadError::NotFound(_)) => Recorded::Objects { items: Vec::new(), complete: true, unreadable: 0 },
            Err(error) => missing(error),
        };
        let (kind, namespace, selector) = (object.kind.clone(), object.namespace.clone(), Some(selector_of(object.name.as_str())));
        self.keep(RecordedList { kind, namespace, selector, answer }, false);
        got
    }

    async fn list(&self, request: &ListRequest) -> Result<Listed, ReadError> {
        let listed = self.read.list(request).await;
        let answer = match &listed {
            Ok(listed) => {
                Recorded::Objects { items: listed.objects.values(), complete: listed.complete, unreadable: listed.objects.unreadable() }
            }
            Err(error) => missing(error),
        };
        let (kind, namespace, selector) = (request.kind.clone(), request.namespace.clone(), request.field_selector.clone());
        self.keep(RecordedList { kind, namespace, selector, answer }, request.after.is_some());
        listed
    }

    fn watch(&self, request: &ListRequest, resource_version: &str, limit: Duration) -> Box<dyn Watch> {
        self.read.watch(request, resource_version, limit)
    }

    async fn logs(&self, request: &LogRequest) -> Result<Log, ReadError> {
        self.read.logs(request).await
    }

    async fn table(&self, kind: &Kind, namespace: Option<&Namespace>, labels: Option<&str>) -> Result<Table, ReadError> {
        self.read.table(kind, namespace, labels).await
    }

    async fn custom_kinds(&self) -> Result<CustomKinds, ReadError> {
        self.read.custom_kinds().await
    }

    async fn document(&self, document: &ApiDocument) -> Result<Value, ReadError> {
        self.read.document(document).await
    }

    async fn may(&self, verb: &str, kind: &Kind, namespace: Option<&Namespace>) -> Result<bool, ReadError> {
        self.read.may(verb, kind, namespace).await
    }

    fn server_time(&self) -> Option<Timestamp> {
        self.read.server_time()
    }

    fn default_namespace(&self) -> Namespace {
        self.read.default_namespace()
    }

    fn own_namespace(&self) -> Option<Namespace> {
        self.read.own_namespace()
    }

    fn metered(&self, meter: &RequestMeter) -> Arc<dyn ClusterRead> {
        Arc::new(Self { read: self.read.metered(meter), kept: Arc::clone(&self.kept) })
    }
}
