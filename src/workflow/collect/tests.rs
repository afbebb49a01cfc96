//! One budget over all that a look reads, counted at the reader.

use super::*;
use crate::domain::object::{Namespace, ObjectRef};
use crate::domain::objects::Objects;
use crate::domain::snapshot::{Cluster, ClusterId};
use crate::ports::{ApiDocument, CustomKinds, Log, LogRequest, RequestMeter, Table, Watch};
use crate::validate;
use async_trait::async_trait;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A cluster with more of some kinds than anybody reads. It counts what it has sent.
#[derive(Debug)]
struct Endless {
    /// Of these there are so many; of all others one.
    of: Vec<Kind>,
    /// How many bytes each object has besides its name.
    padding: usize,
    sent: Mutex<(usize, usize)>,
}

impl Endless {
    fn of(kinds: &[Kind], padding: usize) -> Self {
        Self { of: kinds.to_vec(), padding, sent: Mutex::default() }
    }

    fn sent(&self) -> Room {
        let (items, bytes) = *self.sent.lock().unwrap();
        Room { items, bytes }
    }
}

#[async_trait]
impl ClusterRead for Endless {
    async fn cluster(&self) -> Result<Cluster, ReadError> {
        Ok(crate::planner::example::cluster("test"))
    }

    async fn identity(&self) -> Result<ClusterId, ReadError> {
        Ok(crate::planner::example::cluster("test").id)
    }

    async fn get(&self, object: &ObjectRef) -> Result<Value, ReadError> {
        Err(ReadError::NotFound(object.to_string()))
    }

    async fn list(&self, request: &ListRequest) -> Result<Listed, ReadError> {
        let endless = self.of.contains(&request.kind);
        let (mut objects, mut bytes) = (Objects::of(&request.kind), 0);
        let namespaced = request.kind.info().is_some_and(|i| i.namespaced);
        while objects.received() < request.room.items {
            let mut metadata = json!({"name": format!("n{}", objects.received()), "annotations": {"a": "x".repeat(self.padding)}});
            if namespaced {
                metadata["namespace"] = json!(request.namespace.as_ref().map_or("shop", Namespace::as_str));
            }
            let json = json!({"metadata": metadata, "spec": {}}).to_string();
            if bytes + json.len() > request.room.bytes {
                break;
            }
            bytes += json.len();
            objects.push(&json);
            if !endless {
                break;
            }
        }
        let mut sent = self.sent.lock().unwrap();
        *sent = (sent.0 + objects.received(), sent.1 + bytes);
        Ok(Listed { objects, resource_version: "1".to_owned(), complete: !endless, bytes, next: endless.then(|| "more".to_owned()) })
    }

    fn watch(&self, _: &ListRequest, _: &str, _: Duration) -> Box<dyn Watch> {
        panic!("nothing is watched here")
    }

    async fn logs(&self, _: &LogRequest) -> Result<Log, ReadError> {
        panic!("no log is read here")
    }

    async fn table(&self, _: &Kind, _: Option<&Namespace>, _: Option<&str>) -> Result<Table, ReadError> {
        panic!("no table is read here")
    }

    async fn custom_kinds(&self) -> Result<CustomKinds, ReadError> {
        Ok(CustomKinds::default())
    }

    async fn document(&self, _: &ApiDocument) -> Result<Value, ReadError> {
        panic!("no document is read here")
    }

    async fn may(&self, _: &str, _: &Kind, _: Option<&Namespace>) -> Result<bool, ReadError> {
        Ok(true)
    }

    fn server_time(&self) -> Option<Timestamp> {
        None
    }

    fn default_namespace(&self) -> Namespace {
        crate::planner::example::namespace()
    }

    fn own_namespace(&self) -> Option<Namespace> {
        None
    }

    fn metered(&self, _: &RequestMeter) -> Arc<dyn ClusterRead> {
        panic!("nothing is metered here")
    }
}

fn fits(sent: Room) -> bool {
    sent.items <= Room::OF_A_LOOK.items && sent.bytes <= Room::OF_A_LOOK.bytes
}

#[tokio::test]
async fn one_look_is_never_sent_more_than_its_room_however_many_lists_are_cut() {
    let several = [Kind::Pod, Kind::Event, Kind::ReplicaSet, Kind::Service];
    for (of, padding) in
        [(&several[..], 0), (&analyze::first_kinds()[..], 0), (&several[..], 40_000), (&analyze::first_kinds()[..], 40_000)]
    {
        let read = Endless::of(of, padding);
        let clock = crate::clock::SystemClock;
        let collected = collect(&Scope::All, &read, &clock).await.unwrap();
        assert!(of.iter().all(|kind| !collected.snapshot.is_complete(kind)));
        assert!(fits(read.sent()), "{} endless kinds, {padding} bytes each: {:?}", of.len(), read.sent());
    }
}

#[test]
fn what_checks_are_held_against_is_always_read() {
    let first = analyze::first_kinds();
    let kinds = validate::kinds(&crate::planner::example::image_plan(1));
    assert_eq!(kinds.iter().filter(|kind| !first.contains(kind)).collect::<Vec<_>>(), Vec::<&Kind>::new());
}
