//! A frozen view of part of a cluster: what the rules look at. It knows what it has not seen.

use super::evidence::{Gap, GapWhy};
use super::issue::Scope;
use super::kind::{Kind, kinds};
use super::object::{Namespace, ObjectRef};
use super::objects::{List, Objects, Told};
use super::resource::Dynamic;
use super::words::Wording;
use jiff::Timestamp;
use k8s_openapi::api::core::v1::{Event, PersistentVolumeClaim, Pod, PodSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// Whoever looks at a snapshot looks at its objects, so the trait is found here.
pub use super::resource::Resource;

/// And which cluster they are of.
pub use super::cluster::{Cluster, ClusterId};

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

    fn len(&self) -> usize {
        self.items.len()
    }

    /// The object at this place, in the order in which they were read.
    pub fn get(&self, index: usize) -> Option<&T> {
        self.items.get(index)
    }

    fn take(&mut self, items: Vec<T>, whole: bool) {
        if self.items.is_empty() {
            self.items = items;
        } else {
            self.items.extend(items);
        }
        // A list that grew by doubling holds up to twice the room that it needs.
        self.items.shrink_to_fit();
        self.complete = whole;
    }

    /// One object as it is now, in the place of what was known of it.
    fn put(&mut self, items: Vec<T>)
    where
        T: Resource,
    {
        for item in items {
            self.remove(&item);
            self.items.push(item);
        }
    }

    fn remove(&mut self, gone: &T)
    where
        T: Resource,
    {
        let same = |item: &T| item.meta().name == gone.meta().name && item.meta().namespace == gone.meta().namespace;
        self.items.retain(|item| !same(item));
    }

    fn keep(&mut self, belongs: impl Fn(&T) -> bool) {
        self.items.retain(belongs);
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

/// How much of a kind was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// All of it: what is not here does not exist.
    Whole,
    /// The list was cut, or a part of it could not be read.
    Part,
    /// It was tried, and nothing came.
    Failed,
    /// Nobody tried.
    Skipped,
}

/// A kind of object that a snapshot has a list of.
pub trait ListedKind: Resource + Sized + 'static {
    /// All that were read.
    fn listing(snapshot: &Snapshot) -> &Listing<Self>;
}

macro_rules! define_snapshot {
    ($($kind:ident $version:literal $plural:literal $short:literal $scope:ident $read:ident [$($field:ident: $type:ty)?];)*) => {
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
            /// What was reported: what is read and what is said first depends on it.
            pub words: Wording,
            /// Kinds of which a part could not be read.
            missed: BTreeSet<Kind>,
            $($(pub $field: Listing<$type>,)?)*
            /// Claims of the names that Pods wait for, whatever their namespace; whole where each of those names was asked for.
            pub elsewhere: Listing<PersistentVolumeClaim>,
            /// Services of other namespaces that have the name of one that an Ingress of the scope leads to and that is missing.
            pub services_elsewhere: BTreeSet<ObjectRef>,
            custom: BTreeMap<Kind, Listing<Dynamic>>,
        }

        $($(impl ListedKind for $type {
            fn listing(snapshot: &Snapshot) -> &Listing<Self> {
                &snapshot.$field
            }
        })?)*

        impl Snapshot {
            /// A snapshot that has seen nothing yet.
            pub fn empty(cluster: Cluster, scope: Scope, taken_at: Timestamp) -> Self {
                Self {
                    cluster,
                    taken_at,
                    scope,
                    gaps: Vec::new(),
                    looked: BTreeSet::new(),
                    words: Wording::default(),
                    missed: BTreeSet::new(),
                    $($($field: Listing::default(),)?)*
                    elsewhere: Listing::default(),
                    services_elsewhere: BTreeSet::new(),
                    custom: BTreeMap::new(),
                }
            }

            /// Takes objects in. One that was not of its kind's form becomes a gap, not an error.
            /// `complete` says that the list is whole.
            pub fn take(&mut self, objects: Objects, complete: bool) {
                let kind = objects.kind().clone();
                let whole = complete && objects.unreadable() == 0;
                if !whole {
                    self.missed.insert(kind.clone());
                }
                for _ in 0..objects.unreadable() {
                    self.gaps.push(Gap {
                        what: format!("one of the {}", kind.plural()),
                        why: GapWhy::Unsupported,
                        unlock: None,
                    });
                }
                match objects.list {
                    $($(List::$kind(items) => self.$field.take(items, whole),)?)*
                    List::Dynamic(items) => {
                        if let Kind::Custom(_) = &kind {
                            self.custom.entry(kind.clone()).or_default().take(items, whole);
                        }
                    }
                }
                self.looked.insert(kind);
            }

            /// Takes in what a watch tells of one object, in the place of what was known of it. A kind that has no list stays as it is.
            /// Of a change that was not of its kind's form only this is known: the list is no longer whole.
            pub fn tell(&mut self, told: Told) {
                let (objects, gone) = match told {
                    Told::Is(objects) => (objects, false),
                    Told::Gone(objects) => (objects, true),
                };
                let readable = objects.unreadable() == 0;
                if !readable {
                    self.missed.insert(objects.kind().clone());
                }
                match objects.list {
                    $($(List::$kind(items) => {
                        let listing: &mut Listing<$type> = &mut self.$field;
                        if gone {
                            items.iter().for_each(|item| listing.remove(item));
                        } else {
                            listing.put(items);
                        }
                        listing.complete &= readable;
                    })?)*
                    List::Dynamic(_) => {}
                }
            }

            /// Forgets a kind, to read it again.
            pub fn forget(&mut self, kind: &Kind) {
                self.missed.remove(kind);
                self.looked.remove(kind);
                match kind {
                    $($(Kind::$kind => self.$field = Listing::<$type>::default(),)?)*
                    _ => {
                        self.custom.remove(kind);
                    }
                }
            }

            /// How many objects of this kind it holds, claims beside the scope included.
            pub fn held(&self, kind: &Kind) -> usize {
                let beside = if *kind == Kind::PersistentVolumeClaim { self.elsewhere.len() } else { 0 };
                let listed = match kind {
                    $($(Kind::$kind => Listing::<$type>::len(&self.$field),)?)*
                    _ => self.custom.get(kind).map_or(0, Listing::len),
                };
                listed.saturating_add(beside)
            }

            /// Keeps what belongs to the scope, and objects of no namespace.
            pub fn narrow(&mut self, scope: Scope) {
                if self.scope == Scope::All {
                    self.remember_elsewhere(&scope);
                }
                $($(self.$field.keep(|o| scope.holds(o.metadata.namespace.as_deref()));)?)*
                for listing in self.custom.values_mut() {
                    listing.keep(|o| scope.holds(o.meta.namespace.as_deref()));
                }
                self.scope = scope;
            }

            /// The object as JSON, when it was read.
            pub fn value_of(&self, object: &ObjectRef) -> Option<Value> {
                match &object.kind {
                    $($(Kind::$kind => self.$field.iter().find(|o| <$type>::is(o, object)).map(Resource::to_value),)?)*
                    _ => self.custom_of(object).map(|o| o.value.clone()),
                }
            }

            /// The object's metadata, when it was read.
            pub fn meta_of(&self, object: &ObjectRef) -> Option<&ObjectMeta> {
                match &object.kind {
                    $($(Kind::$kind => self.$field.iter().find(|o| <$type>::is(o, object)).map(Resource::meta),)?)*
                    _ => self.custom_of(object).map(|o| &o.meta),
                }
            }

            /// Whether objects of this kind were all read, so that one that is not here does not exist. Of a kind that has no list
            /// nothing was read.
            pub fn is_complete(&self, kind: &Kind) -> bool {
                if self.missed.contains(kind) {
                    return false;
                }
                match kind {
                    $($(Kind::$kind => Listing::<$type>::is_complete(&self.$field),)?)*
                    _ => self.custom.get(kind).is_some_and(Listing::is_complete),
                }
            }
        }
    };
}

kinds!(define_snapshot);

impl Snapshot {
    /// Takes the objects of one kind in as JSON, such as from a manifest.
    pub fn add(&mut self, kind: &Kind, items: Vec<Value>, complete: bool) {
        let mut objects = Objects::of(kind);
        for item in items {
            objects.push(&item.to_string());
        }
        self.take(objects, complete);
    }

    /// Some objects of this kind could not be read: one that is not here may exist.
    pub fn miss(&mut self, kind: &Kind) {
        self.missed.insert(kind.clone());
    }

    /// Whether reading it was tried and did not bring all of it.
    pub fn was_tried(&self, kind: &Kind) -> bool {
        self.missed.contains(kind)
    }

    /// How much of it was read.
    pub fn reading(&self, kind: &Kind) -> Reading {
        match (self.is_complete(kind), self.missed.contains(kind), self.looked.contains(kind)) {
            (true, _, _) => Reading::Whole,
            (false, true, true) => Reading::Part,
            (false, true, false) => Reading::Failed,
            (false, false, _) => Reading::Skipped,
        }
    }

    /// Takes claims of other namespaces in. They are in no list of the scope: nothing here uses them.
    pub fn take_elsewhere(&mut self, objects: Objects, complete: bool) {
        let whole = complete && objects.unreadable() == 0;
        if let List::PersistentVolumeClaim(claims) = objects.list {
            self.elsewhere.take(claims, whole);
        }
    }

    /// Takes in that there are Services of this name in other namespaces.
    pub fn take_services_elsewhere(&mut self, objects: &Objects) {
        let List::Service(services) = &objects.list else { return };
        let beside = services.iter().filter(|service| !self.scope.holds(service.metadata.namespace.as_deref()));
        self.services_elsewhere.extend(beside.map(Resource::reference));
    }

    /// Keeps the claims beside this scope that no Pod uses, and which Services are there: one of them may be what is missing in it.
    fn remember_elsewhere(&mut self, scope: &Scope) {
        let services = self.services.iter().filter(|service| !scope.holds(service.metadata.namespace.as_deref()));
        self.services_elsewhere = services.map(Resource::reference).collect();
        let is_used = used_by(self.pods.iter());
        let beside = self.claims.iter().filter(|claim| !scope.holds(claim.metadata.namespace.as_deref()));
        let free: Vec<PersistentVolumeClaim> = beside.filter(|claim| !is_used(claim)).cloned().collect();
        let whole = self.claims.is_complete() && self.pods.is_complete();
        self.elsewhere.take(free, whole);
    }

    /// Forgets the claims of these namespaces: whether anybody uses them is not known.
    pub fn forget_elsewhere(&mut self, places: &[&Namespace]) {
        self.elsewhere.items.retain(|claim| !places.iter().any(|place| claim.metadata.namespace.as_deref() == Some(place.as_str())));
    }

    /// Forgets those claims of other namespaces that these Pods use: they belong to somebody, and are not what is missing here.
    pub fn forget_used_elsewhere(&mut self, pods: &Objects) {
        let List::Pod(pods) = &pods.list else { return };
        let is_used = used_by(pods.iter());
        self.elsewhere.items.retain(|claim| !is_used(claim));
    }

    /// The custom resources of a kind that discovery named; empty and not complete where they were not read.
    pub fn custom(&self, kind: &Kind) -> &Listing<Dynamic> {
        static NONE: Listing<Dynamic> = Listing { items: Vec::new(), complete: false };
        self.custom.get(kind).unwrap_or(&NONE)
    }

    fn custom_of(&self, object: &ObjectRef) -> Option<&Dynamic> {
        self.custom(&object.kind).iter().find(|o| o.reference() == *object)
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

/// The claims that a Pod spec names.
pub(crate) fn claims(spec: &PodSpec) -> impl Iterator<Item = &str> {
    spec.volumes.iter().flatten().filter_map(|v| v.persistent_volume_claim.as_ref()).map(|c| c.claim_name.as_str())
}

/// Whether one of these Pods uses a claim.
fn used_by<'p>(pods: impl Iterator<Item = &'p Pod>) -> impl Fn(&PersistentVolumeClaim) -> bool {
    let claimed = |pod: &'p Pod| pod.spec.iter().flat_map(claims).map(|name| (pod.metadata.namespace.as_deref(), name));
    let used: HashSet<(Option<&str>, &str)> = pods.flat_map(claimed).collect();
    move |claim| used.contains(&(claim.metadata.namespace.as_deref(), claim.metadata.name.as_deref().unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::kind::CustomKind;
    use crate::domain::object::Namespace;
    use crate::domain::resource::Condition;
    use serde_json::json;
    use std::sync::Arc;

    fn empty() -> Snapshot {
        Snapshot::empty(Cluster::default(), Scope::All, Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn claims_that_nobody_uses_stay_in_sight_beside_a_narrower_scope() {
        let mut snapshot = empty();
        let claim = |namespace: &str, name: &str| json!({"metadata": {"name": name, "namespace": namespace}, "spec": {}});
        let uses = json!({"metadata": {"name": "db-0", "namespace": "copy"},
                          "spec": {"containers": [], "volumes": [{"name": "d", "persistentVolumeClaim": {"claimName": "data"}}]}});
        snapshot.add(&Kind::PersistentVolumeClaim, vec![claim("default", "data"), claim("copy", "data"), claim("shop", "other")], true);
        snapshot.add(&Kind::Pod, vec![uses], true);
        snapshot.narrow(Scope::Namespace { namespace: Namespace::parse("shop").unwrap(), objects: Vec::new() });
        let left: Vec<_> = snapshot.elsewhere.iter().map(|c| c.metadata.namespace.clone().unwrap()).collect();
        assert_eq!((left, snapshot.elsewhere.is_complete()), (vec!["default".to_owned()], true));
    }

    #[test]
    fn every_kind_is_looked_up_in_its_own_list_and_a_kind_without_one_is_never_complete() {
        for kind in Kind::KNOWN {
            let mut snapshot = empty();
            let info = kind.info().unwrap();
            // As little as each form wants.
            let object = json!({"metadata": {"name": "x", "namespace": info.namespaced.then_some("shop")},
                                "spec": {"selector": {}, "template": {}, "serviceName": "x", "containers": []},
                                "endpoints": [], "addressType": "IPv4", "provisioner": "x", "involvedObject": {}});
            let namespace = Namespace::parse("shop").unwrap();
            let reference = match info.namespaced {
                true => ObjectRef::namespaced(kind.clone(), &namespace, "x"),
                false => ObjectRef::cluster(kind.clone(), "x"),
            };
            snapshot.add(&kind, vec![object], true);
            let held = !matches!(kind, Kind::Secret | Kind::Namespace);
            assert_eq!(snapshot.gaps, [], "{kind}");
            assert_eq!(snapshot.meta_of(&reference).is_some(), held, "{kind}");
            assert_eq!(snapshot.is_complete(&kind), held, "{kind}");
            let value = snapshot.value_of(&reference);
            assert_eq!(
                value.map(|v| (v["kind"].clone(), v["apiVersion"].clone())),
                held.then(|| (info.kind.into(), info.api_version.into()))
            );
            for other in Kind::KNOWN.into_iter().filter(|other| *other != kind) {
                assert!(!snapshot.is_complete(&other), "{other} was not read");
            }
        }
    }

    #[test]
    fn custom_resource_is_held_by_its_kind_with_its_conditions() {
        let certificate = Kind::Custom(Arc::new(CustomKind::new("cert-manager.io", "v1", "Certificate", "certificates", true).unwrap()));
        let object = |name: &str| {
            json!({"apiVersion": "cert-manager.io/v1", "kind": "Certificate",
                   "metadata": {"name": name, "namespace": "shop", "uid": "u-1", "managedFields": [{"manager": "x"}]},
                   "spec": {"dnsNames": ["shop.example"]},
                   "status": {"conditions": [{"type": "Ready", "status": "False", "reason": "Pending"}, {"strange": true}]}})
        };
        let mut snapshot = empty();
        assert!(!snapshot.is_complete(&certificate));
        snapshot.add(&certificate, vec![object("web"), json!({"metadata": "strange"})], true);
        let namespace = Namespace::parse("shop").unwrap();
        let web = ObjectRef::namespaced(certificate.clone(), &namespace, "web");
        let held: Vec<&Dynamic> = snapshot.custom(&certificate).iter().collect();
        let ready = Condition { kind: "Ready".into(), status: "False".into(), reason: "Pending".into(), message: String::new() };
        assert_eq!(held.iter().map(|o| (o.reference(), o.conditions.clone())).collect::<Vec<_>>(), [(web.clone(), vec![ready])]);
        assert_eq!(snapshot.meta_of(&web).unwrap().uid.as_deref(), Some("u-1"));
        let value = snapshot.value_of(&web).unwrap();
        assert_eq!((&value["spec"]["dnsNames"][0], &value["metadata"]["managedFields"]), (&json!("shop.example"), &Value::Null));
        assert!(!snapshot.is_complete(&certificate), "one of them could not be read");
        assert_eq!(snapshot.gaps.len(), 1);
        let issuer = Kind::Custom(Arc::new(CustomKind::new("cert-manager.io", "v1", "Issuer", "issuers", true).unwrap()));
        assert_eq!((snapshot.custom(&issuer).iter().count(), snapshot.is_complete(&issuer)), (0, false));
    }

    #[test]
    fn snapshot_does_not_keep_who_wrote_a_field_nor_the_manifest_once_more() {
        let mut snapshot = empty();
        let last = "kubectl.kubernetes.io/last-applied-configuration";
        let annotations = json!({last: "{}", "team": "shop"});
        snapshot.add(
            &Kind::Pod,
            vec![json!({"metadata": {"name": "x", "annotations": annotations, "managedFields": [{"manager": "m"}]}})],
            true,
        );
        let pod = snapshot.pods.iter().next().unwrap();
        assert_eq!(pod.metadata.managed_fields, None);
        assert_eq!(pod.metadata.annotations, Some(BTreeMap::from([("team".to_owned(), "shop".to_owned())])));
    }
}
