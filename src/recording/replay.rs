//! A recording as a cluster to look at. Nothing in it changes, so nothing is watched; what was not recorded is missing, and not absent.

use crate::domain::evidence::GapWhy;
use crate::domain::kind::Kind;
use crate::domain::namespace::Namespace;
use crate::domain::object::ObjectRef;
use crate::domain::objects::{Objects, Told};
use crate::domain::recording::{Recorded, RecordedList, Recording, name_of};
use crate::domain::snapshot::{Cluster, ClusterId};
use crate::ports::{ApiDocument, ClusterRead, CustomKinds, ListRequest, Listed, Log, LogRequest, ReadError, RequestMeter, Table, Watch};
use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;

/// See the module.
#[derive(Debug, Clone)]
pub struct Replay(Arc<Recording>);

impl Replay {
    /// Of this one.
    pub fn of(recording: Recording) -> Self {
        Self(Arc::new(recording))
    }

    /// The narrowest recorded list that holds everything that is asked for.
    fn found(&self, kind: &Kind, namespace: Option<&Namespace>, selector: Option<&str>) -> Option<&RecordedList> {
        let of_kind = || self.0.lists.iter().filter(|list| list.kind == *kind);
        let at = |place: Option<&Namespace>, selector: Option<&str>| {
            of_kind().find(|list| list.namespace.as_ref() == place && list.selector.as_deref() == selector)
        };
        let by_name = || selector.and_then(name_of).and_then(|_| at(namespace, None).or_else(|| at(None, None)));
        let by_place = || if selector.is_none() { at(None, None) } else { at(None, selector) };
        at(namespace, selector).or_else(by_place).or_else(by_name)
    }
}

fn is_in(item: &Value, namespace: Option<&Namespace>) -> bool {
    namespace.is_none_or(|place| item.pointer("/metadata/namespace").and_then(Value::as_str) == Some(place.as_str()))
}

fn is_called(item: &Value, name: Option<&str>) -> bool {
    name.is_none_or(|name| item.pointer("/metadata/name").and_then(Value::as_str) == Some(name))
}

/// The error that led to this gap.
fn error(why: GapWhy, kind: &Kind, namespace: Option<&Namespace>) -> ReadError {
    let what = kind.plural_in(namespace);
    match why {
        GapWhy::Forbidden => ReadError::Forbidden {
            verb: "list".to_owned(),
            resource: kind.plural().to_owned(),
            namespace: namespace.cloned(),
            unlock: format!("record the cluster again as somebody who can list {what}"),
        },
        GapWhy::Timeout => ReadError::TimedOut(what, Duration::ZERO),
        GapWhy::Truncated | GapWhy::Unsupported | GapWhy::Gone | GapWhy::Failed => ReadError::NotRecorded(what),
    }
}

/// Nothing happens.
struct Still;

#[async_trait]
impl Watch for Still {
    async fn next(&mut self) -> Result<Option<Told>, ReadError> {
        Ok(None)
    }
}

#[async_trait]
impl ClusterRead for Replay {
    async fn cluster(&self) -> Result<Cluster, ReadError> {
        Ok(self.0.cluster.clone())
    }

    async fn identity(&self) -> Result<ClusterId, ReadError> {
        Ok(self.0.cluster.id.clone())
    }

    async fn get(&self, object: &ObjectRef) -> Result<Value, ReadError> {
        let place = object.namespace.as_ref();
        let selector = crate::domain::recording::selector_of(object.name.as_str());
        match self.found(&object.kind, place, Some(&selector)).map(|list| &list.answer) {
            Some(Recorded::Objects { items, complete, unreadable }) => {
                let found = items.iter().find(|item| is_in(item, place) && is_called(item, Some(object.name.as_str())));
                match (found, *complete && *unreadable == 0) {
                    (Some(item), _) => Ok(item.clone()),
                    (None, true) => Err(ReadError::NotFound(object.to_string())),
                    (None, false) => Err(ReadError::NotRecorded(object.to_string())),
                }
            }
            Some(Recorded::Nothing(why)) => Err(error(*why, &object.kind, place)),
            None => Err(ReadError::NotRecorded(object.to_string())),
        }
    }

    async fn list(&self, request: &ListRequest) -> Result<Listed, ReadError> {
        let (kind, place, selector) = (&request.kind, request.namespace.as_ref(), request.field_selector.as_deref());
        match self.found(kind, place, selector).map(|list| &list.answer) {
            Some(Recorded::Objects { items, complete, unreadable }) => {
                let (mut objects, mut bytes, mut whole) = (Objects::of(kind), 0_usize, *complete);
                for item in items.iter().filter(|item| is_in(item, place) && is_called(item, selector.and_then(name_of))) {
                    let text = item.to_string();
                    bytes = bytes.saturating_add(text.len());
                    if objects.received() >= request.room.items || bytes > request.room.bytes {
                        whole = false;
                        break;
                    }
                    objects.push(&text);
                }
                // Which of them would be asked for is not known: any may be.
                objects.missed(*unreadable);
                Ok(Listed { objects, resource_version: String::new(), complete: whole, bytes, next: None })
            }
            Some(Recorded::Nothing(why)) => Err(error(*why, kind, place)),
            None => Err(ReadError::NotRecorded(kind.plural_in(place))),
        }
    }

    fn watch(&self, _: &ListRequest, _: &str, _: Duration) -> Box<dyn Watch> {
        Box::new(Still)
    }

    async fn logs(&self, request: &LogRequest) -> Result<Log, ReadError> {
        Err(ReadError::NotRecorded(format!("log of {}", request.pod)))
    }

    async fn table(&self, kind: &Kind, namespace: Option<&Namespace>, _: Option<&str>) -> Result<Table, ReadError> {
        Err(ReadError::NotRecorded(format!("table of {}", kind.plural_in(namespace))))
    }

    async fn custom_kinds(&self) -> Result<CustomKinds, ReadError> {
        Err(ReadError::NotRecorded("list of custom kinds".to_owned()))
    }

    async fn document(&self, document: &ApiDocument) -> Result<Value, ReadError> {
        Err(ReadError::NotRecorded(document.in_words()))
    }

    async fn may(&self, _: &str, _: &Kind, _: Option<&Namespace>) -> Result<bool, ReadError> {
        Err(ReadError::NotRecorded("access review".to_owned()))
    }

    fn server_time(&self) -> Option<Timestamp> {
        Some(self.0.taken_at)
    }

    fn default_namespace(&self) -> Namespace {
        self.0.namespace.clone()
    }

    fn own_namespace(&self) -> Option<Namespace> {
        self.0.chosen.then(|| self.0.namespace.clone())
    }

    fn metered(&self, _: &RequestMeter) -> Arc<dyn ClusterRead> {
        Arc::new(self.clone())
    }
}
