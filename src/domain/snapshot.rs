//! A frozen view of part of a cluster: what the rules look at. It knows what it has not seen.

use super::evidence::{Gap, GapWhy};
use super::issue::Scope;
use super::kind::Kind;
use super::object::{Namespace, ObjectRef};
use jiff::Timestamp;
use k8s_openapi::api::apps::v1::{DaemonSet, Deployment, ReplicaSet, StatefulSet};
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{ConfigMap, Event, Node, PersistentVolume, PersistentVolumeClaim, Pod, Service};
use k8s_openapi::api::discovery::v1::EndpointSlice;
use k8s_openapi::api::storage::v1::StorageClass;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde_json::Value;
use std::collections::BTreeSet;

/// Which cluster was looked at. Never holds credentials.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Cluster {
    /// The kubeconfig's context.
    pub context: String,
    /// The API server's host and port.
    pub server: String,
    /// Such as `v1.37.2`; empty where it could not be read.
    pub version: String,
}

/// One kind's objects, and whether the list is whole: only a whole list proves that something is absent.
#[derive(Debug, Clone)]
pub struct Listing<T> {
    items: Vec<T>,
    complete: bool,
}

impl<T> Default for Listing<T> {
    fn default() -> Self {
        Self { items: Vec::new(), complete: false }
    }
}

impl<T> Listing<T> {
    /// What was read.
    pub fn iter(&self) -> std::slice::Iter<'_, T> {
        self.items.iter()
    }

    /// The object at this place, in the order in which they were read.
    pub fn get(&self, index: usize) -> Option<&T> {
        self.items.get(index)
    }

    /// Whether everything in scope was read, so that absence means absence.
    pub fn is_complete(&self) -> bool {
        self.complete
    }
}

impl<'a, T> IntoIterator for &'a Listing<T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;
    fn into_iter(self) -> Self::IntoIter {
        self.items.iter()
    }
}

/// What was read at one time.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "the lists are named after what they list")]
pub struct Snapshot {
    /// Which cluster.
    pub cluster: Cluster,
    /// When reading ended.
    pub taken_at: Timestamp,
    /// What was asked for.
    pub scope: Scope,
    /// What could not be read.
    pub gaps: Vec<Gap>,
    /// Which kinds were read, for the report's coverage.
    pub looked: BTreeSet<Kind>,
    pub pods: Listing<Pod>,
    pub deployments: Listing<Deployment>,
    pub replica_sets: Listing<ReplicaSet>,
    pub stateful_sets: Listing<StatefulSet>,
    pub daemon_sets: Listing<DaemonSet>,
    pub jobs: Listing<Job>,
    pub services: Listing<Service>,
    pub endpoint_slices: Listing<EndpointSlice>,
    pub claims: Listing<PersistentVolumeClaim>,
    pub volumes: Listing<PersistentVolume>,
    pub config_maps: Listing<ConfigMap>,
    pub storage_classes: Listing<StorageClass>,
    pub nodes: Listing<Node>,
    pub events: Listing<Event>,
}

/// A Kubernetes object with its kind, as one trait: what the rules need of any of them.
pub trait Resource: serde::Serialize + Sized + 'static {
    /// Its kind.
    const KIND: Kind;
    /// Its metadata.
    fn meta(&self) -> &ObjectMeta;

    /// All of its kind that were read.
    fn listing(snapshot: &Snapshot) -> &Listing<Self>;

    /// Whether this is the object that is pointed at.
    fn is(&self, object: &ObjectRef) -> bool {
        let meta = self.meta();
        object.kind == Self::KIND
            && meta.name.as_deref().unwrap_or_default() == object.name
            && meta.namespace.as_deref() == object.namespace.as_ref().map(Namespace::as_str)
    }

    /// How we point at it. An object without a name, which no server sends, gets an empty one.
    fn reference(&self) -> ObjectRef {
        let meta = self.meta();
        ObjectRef {
            kind: Self::KIND,
            namespace: meta.namespace.as_deref().and_then(|ns| Namespace::parse(ns).ok()),
            name: meta.name.clone().unwrap_or_default(),
        }
    }

    /// The object as JSON with apiVersion and kind, for paths into it.
    fn to_value(&self) -> Value {
        let mut value = serde_json::to_value(self).unwrap_or(Value::Null);
        if let Some(map) = value.as_object_mut() {
            map.insert("apiVersion".into(), Self::KIND.api_version().into());
            map.insert("kind".into(), Self::KIND.name().into());
        }
        value
    }
}

macro_rules! resources {
    ($($type:ty => $kind:ident, $field:ident;)*) => {
        $(impl Resource for $type {
            const KIND: Kind = Kind::$kind;
            fn meta(&self) -> &ObjectMeta {
                &self.metadata
            }
            fn listing(snapshot: &Snapshot) -> &Listing<Self> {
                &snapshot.$field
            }
        })*

        impl Snapshot {
            /// Takes the objects of one kind in. An object that is not of the kind's form becomes a gap, not an error.
            /// `complete` says that the list is whole.
            pub fn add(&mut self, kind: &Kind, items: Vec<Value>, complete: bool) {
                self.looked.insert(kind.clone());
                match kind {
                    $(Kind::$kind => {
                        let mut whole = complete;
                        for item in items {
                            match serde_json::from_value::<$type>(item) {
                                Ok(object) => self.$field.items.push(object),
                                Err(_) => {
                                    whole = false;
                                    self.gaps.push(Gap {
                                        what: format!("one of the {}", kind.info().map_or("objects", |i| i.plural)),
                                        why: GapWhy::Unsupported,
                                        unlock: None,
                                    });
                                }
                            }
                        }
                        self.$field.complete = whole;
                    })*
                    Kind::CronJob | Kind::Secret | Kind::Namespace | Kind::Other { .. } => {}
                }
            }

            /// The object as JSON, when it was read.
            pub fn value_of(&self, object: &ObjectRef) -> Option<Value> {
                match &object.kind {
                    $(Kind::$kind => self.$field.iter().find(|o| o.is(object)).map(Resource::to_value),)*
                    Kind::CronJob | Kind::Secret | Kind::Namespace | Kind::Other { .. } => None,
                }
            }

            /// The object's metadata, when it was read.
            pub fn meta_of(&self, object: &ObjectRef) -> Option<&ObjectMeta> {
                match &object.kind {
                    $(Kind::$kind => self.$field.iter().find(|o| o.is(object)).map(Resource::meta),)*
                    Kind::CronJob | Kind::Secret | Kind::Namespace | Kind::Other { .. } => None,
                }
            }

            /// Whether objects of this kind were all read, so that one that is not here does not exist.
            pub fn is_complete(&self, kind: &Kind) -> bool {
                match kind {
                    $(Kind::$kind => self.$field.is_complete(),)*
                    Kind::CronJob | Kind::Secret | Kind::Namespace | Kind::Other { .. } => false,
                }
            }
        }
    };
}

resources! {
    Pod => Pod, pods;
    Deployment => Deployment, deployments;
    ReplicaSet => ReplicaSet, replica_sets;
    StatefulSet => StatefulSet, stateful_sets;
    DaemonSet => DaemonSet, daemon_sets;
    Job => Job, jobs;
    Service => Service, services;
    EndpointSlice => EndpointSlice, endpoint_slices;
    PersistentVolumeClaim => PersistentVolumeClaim, claims;
    PersistentVolume => PersistentVolume, volumes;
    ConfigMap => ConfigMap, config_maps;
    StorageClass => StorageClass, storage_classes;
    Node => Node, nodes;
    Event => Event, events;
}

impl Snapshot {
    /// A snapshot that has seen nothing yet.
    pub fn empty(cluster: Cluster, scope: Scope, taken_at: Timestamp) -> Self {
        Self {
            cluster,
            taken_at,
            scope,
            gaps: Vec::new(),
            looked: BTreeSet::new(),
            pods: Listing::default(),
            deployments: Listing::default(),
            replica_sets: Listing::default(),
            stateful_sets: Listing::default(),
            daemon_sets: Listing::default(),
            jobs: Listing::default(),
            services: Listing::default(),
            endpoint_slices: Listing::default(),
            claims: Listing::default(),
            volumes: Listing::default(),
            config_maps: Listing::default(),
            storage_classes: Listing::default(),
            nodes: Listing::default(),
            events: Listing::default(),
        }
    }
}

/// When an event was last seen: the fields of both recorders, the most exact one first.
pub fn event_time(event: &Event) -> Option<Timestamp> {
    event
        .series
        .as_ref()
        .and_then(|s| s.last_observed_time.as_ref())
        .map(|t| t.0)
        .or_else(|| event.last_timestamp.as_ref().map(|t| t.0))
        .or_else(|| event.event_time.as_ref().map(|t| t.0))
        .or_else(|| event.metadata.creation_timestamp.as_ref().map(|t| t.0))
}
