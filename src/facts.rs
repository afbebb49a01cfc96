//! What everybody asks of a snapshot, indexed once: who owns whom, what happened to an object, who selects and who uses it.
//! Pure. Rules, symptoms and validation ask here instead of searching lists, so that their work grows with what they look at.

pub(crate) mod addresses;
pub(crate) mod again;
pub(crate) mod author;
pub(crate) mod behind;
pub(crate) mod claims;
pub(crate) mod focus;
pub(crate) mod ingresses;
pub(crate) mod labels;
mod leaders;
pub(crate) mod named;
mod namesakes;
mod needs;
pub(crate) mod network;
pub(crate) mod newest;
mod own_sets;
pub(crate) mod owners;
pub(crate) mod placing;
pub(crate) mod pods;
pub(crate) mod presence;
pub(crate) mod proof;
pub(crate) mod references;
pub(crate) mod rollouts;
pub(crate) mod selected;
pub(crate) mod starting;
pub(crate) mod strays;
pub(crate) mod stuck;
pub(crate) mod unread;
mod volumes;
mod walk;

use crate::domain::issue::Scope;
use crate::domain::kind::{Kind, kinds};
use crate::domain::object::{Namespace, ObjectRef};
use crate::domain::snapshot::{ListedKind, Resource, Snapshot, event_time};
use crate::domain::workload::{Workload, controller_of};
use claims::ClaimUses;
use jiff::Timestamp;
use k8s_openapi::api::apps::v1::ReplicaSet;
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{Event, Node, Pod, Service};
use k8s_openapi::api::discovery::v1::EndpointSlice;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use labels::{CLUSTER, Labels, Selector};
use leaders::Leaders;
use named::Named;
use namesakes::Namesakes;
use needs::Needs;
use own_sets::OwnSets;
use owners::Owners;
use presence::Presence;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::OnceLock;
use stuck::Stuck;
use volumes::Volumes;
pub use walk::Walk;

/// By namespace and label key, the workloads of which a live Pod has the key otherwise than the template says.
type Given = HashMap<String, HashMap<String, BTreeSet<usize>>>;

/// A snapshot and its indices.
#[derive(Debug)]
pub struct Facts<'a> {
    snapshot: &'a Snapshot,
    walk: Walk<'a>,
    /// The place of every object but events in the listing of its kind.
    places: HashMap<ObjectRef, usize>,
    /// The same by namespace and kind.
    in_namespace: HashMap<&'a str, HashMap<Kind, Vec<usize>>>,
    owners: Owners,
    workloads: Vec<Workload<'a>>,
    /// ReplicaSets that no Deployment made.
    own_sets: OwnSets<'a>,
    workload_places: HashMap<ObjectRef, usize>,
    workloads_in_namespace: HashMap<&'a str, Vec<usize>>,
    workloads_by_label: Labels<'a, usize>,
    /// By namespace and the value of any label of their Pods.
    workloads_by_value: HashMap<(&'a str, &'a str), Vec<usize>>,
    /// By a label that their Pods ask of a node.
    workloads_by_wish: HashMap<(&'a str, &'a str), Vec<usize>>,
    stuck: Vec<Stuck<'a>>,
    /// Which of them a Pod is among.
    stuck_places: HashMap<ObjectRef, usize>,
    pods_by_owner: HashMap<ObjectRef, Vec<&'a Pod>>,
    pods_by_label: Labels<'a, &'a Pod>,
    services_by_label: Labels<'a, &'a Service>,
    replica_sets_by_owner: HashMap<ObjectRef, Vec<&'a ReplicaSet>>,
    /// By the namespace and the name of what they are about, the oldest first.
    events: HashMap<&'a str, HashMap<&'a str, Vec<&'a Event>>>,
    /// By namespace and Service.
    slices: HashMap<(&'a str, &'a str), Vec<&'a EndpointSlice>>,
    /// By namespace and key of their selectors: the first Service, and the first that wants another value.
    services_by_key: HashMap<(&'a str, &'a str), Vec<&'a Service>>,
    /// How many addresses of a Service are ready, by the same.
    ready: HashMap<(&'a str, &'a str), usize>,
    /// By the object that made them.
    runs: HashMap<ObjectRef, Vec<&'a Job>>,
    leaders: Leaders<'a>,
    namesakes: Namesakes<'a>,
    volumes: Volumes<'a>,
    nodes_in_use: HashSet<&'a str>,
    nodes_by_label: Labels<'a, &'a Node>,
    claims: ClaimUses<'a>,
    /// Found when somebody asks for it.
    named: OnceLock<Named>,
    given: OnceLock<Given>,
    needs: OnceLock<Needs>,
}

macro_rules! place_every_list {
    ($($kind:ident $version:literal $plural:literal $short:literal $scope:ident $read:ident [$($field:ident: $type:ty)?];)*) => {
        impl Facts<'_> {
            fn index_objects(&mut self) {
                $($(self.place::<$type>();)?)*
            }
        }

        impl<'a> Facts<'a> {
            /// The metadata of the object that is pointed at, when it was read. Custom resources are not indexed.
            pub(crate) fn meta_of(&self, object: &ObjectRef) -> Option<&'a ObjectMeta> {
                match &object.kind {
                    $($(Kind::$kind => self.find::<$type>(object).map(Resource::meta),)?)*
                    _ => None,
                }
            }
        }
    };
}

kinds!(place_every_list);

impl<'a> Facts<'a> {
    /// Indexes a snapshot.
    pub fn of(snapshot: &'a Snapshot) -> Self {
        Self::until(snapshot, Walk::until(&|| false))
    }

    /// The same for as long as the walk is not stopped.
    pub fn until(snapshot: &'a Snapshot, walk: Walk<'a>) -> Self {
        let mut facts = Self {
            snapshot,
            walk,
            places: HashMap::new(),
            in_namespace: HashMap::new(),
            owners: Owners::default(),
            workloads: snapshot.workloads(),
            own_sets: OwnSets::of(snapshot),
            workload_places: HashMap::new(),
            workloads_in_namespace: HashMap::new(),
            workloads_by_label: Labels::default(),
            workloads_by_value: HashMap::new(),
            workloads_by_wish: HashMap::new(),
            stuck: Vec::new(),
            stuck_places: HashMap::new(),
            pods_by_owner: HashMap::new(),
            pods_by_label: Labels::default(),
            services_by_label: Labels::default(),
            replica_sets_by_owner: HashMap::new(),
            events: HashMap::new(),
            slices: HashMap::new(),
            services_by_key: HashMap::new(),
            ready: HashMap::new(),
            runs: HashMap::new(),
            leaders: Leaders::default(),
            namesakes: Namesakes::default(),
            volumes: Volumes::default(),
            nodes_in_use: HashSet::new(),
            nodes_by_label: Labels::default(),
            claims: ClaimUses::default(),
            named: OnceLock::new(),
            given: OnceLock::new(),
            needs: OnceLock::new(),
        };
        facts.index_objects();
        facts.index_workloads();
        facts.index_pods();
        facts.index_events();
        facts.index_services();
        facts.index_nodes();
        facts.index_runs();
        facts.leaders = Leaders::of(snapshot, &facts.owners, |pod| facts.find(pod), &facts.walk);
        facts.namesakes = Namesakes::of(snapshot, &facts.walk);
        facts.volumes = Volumes::of(snapshot, &facts.walk);
        facts.claims = ClaimUses::of(snapshot, (&facts.workloads, &facts.own_sets.all), &facts.walk);
        facts.stuck = stuck::gather(snapshot, &facts.owners, |object| facts.workload(object), &facts.walk);
        facts.index_stuck();
        facts
    }

    fn place<T: ListedKind>(&mut self) {
        // Events are found by what they are about.
        if T::KIND == Kind::Event {
            return;
        }
        for (place, object) in T::listing(self.snapshot).iter().enumerate() {
            if !self.walk.step() {
                return;
            }
            let reference = object.reference();
            if let Some(owner) = controller_of(object.meta()) {
                self.owners.add(reference.clone(), owner);
            }
            // Of two with one name, which no server sends, the first counts.
            self.places.entry(reference).or_insert(place);
            if let Some(namespace) = object.meta().namespace.as_deref() {
                self.in_namespace.entry(namespace).or_default().entry(T::KIND).or_default().push(place);
            }
        }
    }

    fn index_workloads(&mut self) {
        for (place, workload) in self.workloads.iter().enumerate() {
            if !self.walk.step() {
                return;
            }
            self.workload_places.entry(workload.object.clone()).or_insert(place);
            if let Some(namespace) = workload.meta.namespace.as_deref() {
                self.workloads_in_namespace.entry(namespace).or_default().push(place);
                for value in workload.pod_labels.values() {
                    self.workloads_by_value.entry((namespace, value)).or_default().push(place);
                }
            }
            for (key, value) in pods::asked_of_nodes(workload.pod_spec) {
                self.workloads_by_wish.entry((key, value)).or_default().push(place);
            }
            self.workloads_by_label.add(workload.meta.namespace.as_deref(), Some(workload.pod_labels), place);
        }
        for set in self.snapshot.replica_sets.iter() {
            if let Some(owner) = controller_of(&set.metadata) {
                self.replica_sets_by_owner.entry(owner).or_default().push(set);
            }
        }
    }

    fn index_pods(&mut self) {
        for pod in self.snapshot.pods.iter() {
            if !self.walk.step() {
                return;
            }
            for owner in self.owners.chain(&pod.reference()) {
                self.pods_by_owner.entry(owner.clone()).or_default().push(pod);
            }
            self.pods_by_label.add(pod.metadata.namespace.as_deref(), pod.metadata.labels.as_ref(), pod);
            if let Some(node) = pod.spec.as_ref().and_then(|s| s.node_name.as_deref()).filter(|_| !pods::has_ended(pod)) {
                self.nodes_in_use.insert(node);
            }
        }
    }

    fn index_events(&mut self) {
        for event in self.snapshot.events.iter() {
            if !self.walk.step() {
                return;
            }
            let about = &event.involved_object;
            if let Some(name) = about.name.as_deref() {
                let namespace = about.namespace.as_deref().unwrap_or_default();
                self.events.entry(namespace).or_default().entry(name).or_default().push(event);
            }
        }
        for events in self.events.values_mut().flat_map(HashMap::values_mut) {
            events.sort_by_key(|e| event_time(e));
        }
    }

    fn index_services(&mut self) {
        let mut selecting: HashSet<(&str, &str)> = HashSet::new();
        for service in self.snapshot.services.iter() {
            if let Some(selector) = labels::any_selector(service) {
                selecting.extend(service.metadata.namespace.as_deref().zip(service.metadata.name.as_deref()));
                self.services_by_label.add_first(service.metadata.namespace.as_deref(), selector, service);
                let Some(namespace) = service.metadata.namespace.as_deref() else { continue };
                for (key, value) in selector {
                    let known = self.services_by_key.entry((namespace, key)).or_default();
                    let is_new = known.iter().all(|s| labels::any_selector(s).and_then(|wanted| wanted.get(key)) != Some(value));
                    if known.len() < 2 && is_new {
                        known.push(service);
                    }
                }
            }
        }
        for slice in self.snapshot.endpoint_slices.iter() {
            let service = slice.metadata.labels.as_ref().and_then(|l| l.get("kubernetes.io/service-name"));
            if let (Some(namespace), Some(service)) = (slice.metadata.namespace.as_deref(), service) {
                self.slices.entry((namespace, service)).or_default().push(slice);
                let ready = addresses::ready(slice, selecting.contains(&(namespace, service)), |pod| self.find(pod), || self.walk.step());
                let known = self.ready.entry((namespace, service)).or_default();
                *known = known.saturating_add(ready);
            }
        }
    }

    fn index_runs(&mut self) {
        for job in self.snapshot.jobs.iter().take_while(|_| self.walk.step()) {
            if let Some(owner) = controller_of(&job.metadata) {
                self.runs.entry(owner).or_default().push(job);
            }
        }
    }

    fn index_nodes(&mut self) {
        for node in self.snapshot.nodes.iter().take_while(|_| self.walk.step()) {
            self.nodes_by_label.add(Some(CLUSTER), node.metadata.labels.as_ref(), node);
        }
    }

    fn index_stuck(&mut self) {
        for (place, stuck) in self.stuck.iter().enumerate() {
            for pod in stuck.pods.iter().filter(|_| self.walk.step()) {
                self.stuck_places.insert(pod.reference(), place);
            }
        }
    }

    /// When the snapshot was taken.
    pub fn taken_at(&self) -> Timestamp {
        self.snapshot.taken_at
    }

    /// What was asked for.
    pub fn scope(&self) -> &'a Scope {
        &self.snapshot.scope
    }

    /// The snapshot that all of it is about.
    pub fn snapshot(&self) -> &'a Snapshot {
        self.snapshot
    }

    /// Whether every object of the kind was read, so that one that is not here does not exist.
    pub fn is_whole(&self, kind: &Kind) -> bool {
        self.snapshot.is_complete(kind)
    }

    /// How far its walks have come, whether they were stopped, and whether there was time for them.
    pub fn pace(&self) -> &Walk<'a> {
        &self.walk
    }

    /// A list, walked step by step.
    pub(crate) fn walk<T>(&self, items: impl Iterator<Item = T>) -> impl Iterator<Item = T> {
        items.take_while(|_| self.walk.step())
    }

    /// Every object of a kind.
    pub(crate) fn all<T: ListedKind>(&self) -> impl Iterator<Item = &'a T> {
        self.walk(T::listing(self.snapshot).iter())
    }

    /// Every object of a kind in a namespace.
    pub(crate) fn all_in<T: ListedKind>(&self, namespace: &Namespace) -> impl Iterator<Item = &'a T> {
        let places = self.in_namespace.get(namespace.as_str()).and_then(|kinds| kinds.get(&T::KIND));
        self.walk(places.into_iter().flatten().filter_map(|place| T::listing(self.snapshot).get(*place)))
    }

    /// The object that is pointed at.
    pub(crate) fn find<T: ListedKind>(&self, object: &ObjectRef) -> Option<&'a T> {
        self.walk.step();
        let place = self.places.get(object).filter(|_| object.kind == T::KIND)?;
        T::listing(self.snapshot).get(*place)
    }

    /// Whether the object was seen.
    pub(crate) fn has(&self, object: &ObjectRef) -> bool {
        self.walk.step();
        self.places.contains_key(object)
    }

    /// The object that is pointed at.
    pub(crate) fn look_up<T: ListedKind>(&self, object: &ObjectRef) -> Presence<&'a T> {
        self.find::<T>(object).map_or_else(|| self.none(&T::KIND), Presence::There)
    }

    fn none<T>(&self, kind: &Kind) -> Presence<T> {
        if self.is_whole(kind) { Presence::Absent } else { Presence::Unread }
    }

    /// Who owns whom.
    pub(crate) fn owners(&self) -> &Owners {
        &self.owners
    }

    /// Everything with a Pod template, and the Pods that nobody owns.
    pub(crate) fn workloads(&self) -> impl Iterator<Item = &Workload<'a>> {
        self.walk(self.workloads.iter())
    }

    /// One of them.
    pub(crate) fn workload(&self, object: &ObjectRef) -> Option<&Workload<'a>> {
        self.walk.step();
        self.workloads.get(*self.workload_places.get(object)?)
    }

    /// Live Pods that are not ready, by what a fix must change, in the objects' order.
    pub(crate) fn stuck(&self) -> impl Iterator<Item = &Stuck<'a>> {
        self.walk(self.stuck.iter())
    }

    /// Whether it is one of the live Pods that are not ready.
    pub(crate) fn is_stuck(&self, pod: &Pod) -> bool {
        self.walk.step();
        self.stuck_places.contains_key(&pod.reference())
    }

    /// Those among which one of these Pods is, once each, in their order.
    pub(crate) fn stuck_among(&self, pods: &[&Pod]) -> Vec<&Stuck<'a>> {
        let places: BTreeSet<usize> = self.walk(pods.iter()).filter_map(|p| self.stuck_places.get(&p.reference()).copied()).collect();
        places.into_iter().filter_map(|place| self.stuck.get(place)).collect()
    }

    /// The Pods that an object owns, directly or not.
    pub(crate) fn pods_of(&self, owner: &ObjectRef) -> impl Iterator<Item = &'a Pod> {
        self.walk(self.pods_by_owner.get(owner).into_iter().flatten().copied())
    }

    /// The ReplicaSets that an object controls.
    pub(crate) fn replica_sets_of(&self, owner: &ObjectRef) -> impl Iterator<Item = &'a ReplicaSet> {
        self.walk(self.replica_sets_by_owner.get(owner).into_iter().flatten().copied())
    }

    /// The newest ReplicaSet of an object that runs ready Pods of an earlier revision, with the number of that revision.
    pub(crate) fn revision_that_runs(&self, owner: &ObjectRef) -> Option<(&'a ReplicaSet, u32)> {
        let number =
            |set: &ReplicaSet| -> Option<u32> { set.metadata.annotations.as_ref()?.get("deployment.kubernetes.io/revision")?.parse().ok() };
        let sets: Vec<(&ReplicaSet, u32)> = self.replica_sets_of(owner).filter_map(|set| Some((set, number(set)?))).collect();
        let newest = sets.iter().map(|(_, number)| *number).max()?;
        let runs = |set: &ReplicaSet| set.status.as_ref().and_then(|s| s.ready_replicas).unwrap_or(0) > 0;
        sets.into_iter().filter(|(set, number)| *number < newest && runs(set)).max_by_key(|(_, number)| *number)
    }

    /// The events about an object, the newest first.
    pub(crate) fn events_of(&self, object: &ObjectRef) -> impl Iterator<Item = &'a Event> {
        let namespace = object.namespace.as_ref().map(Namespace::as_str).unwrap_or_default();
        let events = self.events.get(namespace).and_then(|names| names.get(object.name.as_str()));
        let of_kind = move |e: &&'a Event| e.involved_object.kind.as_deref() == Some(object.kind.name());
        self.walk(events.into_iter().flatten().rev().copied()).filter(of_kind)
    }

    /// The newest event about this very Pod (not an older one of its name) that fits.
    pub(crate) fn newest_event(&self, pod: &Pod, fits: impl Fn(&Event) -> bool) -> Option<&'a Event> {
        let uid = pod.metadata.uid.as_deref();
        let same = |e: &Event| e.involved_object.uid.is_none() || uid.is_none() || e.involved_object.uid.as_deref() == uid;
        self.events_of(&pod.reference()).find(|e| same(e) && fits(e))
    }

    /// The EndpointSlices of a Service.
    pub(crate) fn slices_of<'s>(&'s self, service: &'s ObjectRef) -> &'s [&'a EndpointSlice] {
        let slices = service.namespace.as_ref().and_then(|ns| self.slices.get(&(ns.as_str(), service.name.as_str())));
        slices.map(Vec::as_slice).unwrap_or_default()
    }

    /// How many addresses behind a Service are ready: where it selects Pods, those of ready Pods.
    pub(crate) fn ready_addresses(&self, service: &ObjectRef) -> usize {
        self.walk.step();
        let of = |ns: &Namespace| self.ready.get(&(ns.as_str(), service.name.as_str())).copied();
        service.namespace.as_ref().and_then(of).unwrap_or(0)
    }

    /// The Jobs that an object made.
    pub(crate) fn runs_of(&self, owner: &ObjectRef) -> impl Iterator<Item = &'a Job> {
        self.walk(self.runs.get(owner).into_iter().flatten().copied())
    }

    /// The nodes that carry all of these labels.
    pub(crate) fn nodes_carrying(&self, wanted: &Selector) -> impl Iterator<Item = &'a Node> {
        let candidates = self.nodes_by_label.candidates(CLUSTER, wanted);
        self.walk(candidates.iter().copied()).filter(|n| labels::matches(wanted, n.metadata.labels.as_ref()))
    }

    /// The keys of all labels of nodes, in no order.
    pub(crate) fn node_keys(&self) -> impl Iterator<Item = &'a str> {
        self.walk(self.nodes_by_label.keys(CLUSTER))
    }

    /// The values of a label of nodes, in no order.
    pub(crate) fn node_values(&self, key: &str) -> impl Iterator<Item = &'a str> {
        self.walk(self.nodes_by_label.values(CLUSTER, key))
    }

    /// Whether a Pod that has not ended is on this node.
    pub(crate) fn is_in_use(&self, node: &str) -> bool {
        self.nodes_in_use.contains(node)
    }

    /// What the reporter's words name, as `make` finds it when somebody first asks.
    fn named_once(&self, make: impl FnOnce() -> Named) -> &Named {
        self.named.get_or_init(|| self.walk.whole(make))
    }

    /// Who uses which claim.
    pub(crate) fn claims(&self) -> &ClaimUses<'a> {
        &self.claims
    }
}
