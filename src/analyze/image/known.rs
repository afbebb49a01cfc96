//! Which images are known to exist, or not to: what runs ready, what an object ran before, what the registry refused.

use super::super::meant::LISTED;
use super::super::quote::{self, Said, StatusWord};
use super::changed::{self, Before};
use super::reference::{is_near, split};
use super::sentence::{self, sentence};
use crate::domain::kind::Kind;
use crate::domain::object::{Namespace, ObjectRef};
use crate::domain::snapshot::Resource;
use crate::domain::workload::controller_uid;
use crate::facts::author::By;
use crate::facts::stuck::Stuck;
use crate::facts::{Facts, newest, pods};
use k8s_openapi::api::core::v1::{ContainerState, Event, Pod, PodSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use std::cell::OnceCell;
use std::collections::{BTreeSet, HashMap, HashSet};

/// An image that runs: where, and in which container.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Running {
    pub(super) image: String,
    pub(super) by: ObjectRef,
    pub(super) container: String,
    /// Its Pod is ready; else its node has the image, and the container has begun with it.
    pub(super) ready: bool,
}

/// An image that an object asked for before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Earlier {
    pub(super) image: String,
    pub(super) by: ObjectRef,
    /// Pods are ready with it now.
    pub(super) ready: bool,
    /// Which revision that was, where revisions are counted.
    pub(super) revision: Option<u32>,
    /// The fields that the newer template changed besides the image.
    pub(super) besides: Vec<String>,
    /// That there was no other is only known by an event about the other.
    pub(super) by_event: bool,
}

/// What could be used instead of an image that does not exist.
pub(super) enum Instead {
    /// It ran in this object: an older ReplicaSet or Pod still runs it, or it is the only one that came before.
    Ran(Earlier),
    /// The same, but the newer template changed more than the image: the older image alone never ran with that.
    Changed(Earlier),
    /// One near image of the same repository runs elsewhere in the namespace.
    Near(Running),
    /// Images of the repository that run or came before, none of which is singled out; as many as are listed.
    Open(Vec<String>),
}

impl Instead {
    /// The image, where it is one.
    pub(super) fn image(&self) -> Option<&str> {
        match self {
            Instead::Ran(earlier) => Some(&earlier.image),
            Instead::Near(running) => Some(&running.image),
            Instead::Changed(_) | Instead::Open(_) => None,
        }
    }
}

/// Images that run ready.
#[derive(Default)]
struct Ready<'a> {
    /// By namespace and repository, where they stay.
    places: HashMap<&'a str, HashMap<String, Vec<Running>>>,
    /// By repository and tag, in whatever namespace, those of containers that only initialize too: each of them was pulled.
    whole: HashMap<(String, String), Running>,
}

/// What is known of images; gathered once, when the first rule's finding asks.
pub(super) struct Images<'f, 'a> {
    facts: &'f Facts<'a>,
    running: OnceCell<Ready<'a>>,
    refused: OnceCell<HashSet<(&'a str, &'a str)>>,
}

impl<'f, 'a> Images<'f, 'a> {
    pub(super) fn of(facts: &'f Facts<'a>) -> Self {
        Self { facts, running: OnceCell::new(), refused: OnceCell::new() }
    }

    /// What a container could use instead of this image.
    pub(super) fn instead(&self, stuck: &Stuck<'_>, list: &str, container: &str, wrong: &str) -> Instead {
        let earlier = self.earlier(stuck, list, container, wrong);
        let before = |e: &Earlier| if e.besides.is_empty() { Instead::Ran(e.clone()) } else { Instead::Changed(e.clone()) };
        // Revisions are in order; of Pods that run different images none is known to be the newer one.
        let ready: Vec<&Earlier> = earlier.iter().filter(|e| e.ready).collect();
        let is_open = |first: &Earlier| first.revision.is_none() && ready.iter().any(|e| e.image != first.image);
        if let Some(ran) = ready.first().filter(|first| !is_open(first)) {
            return before(ran);
        }
        let (repository, tag) = split(wrong);
        let running = || stuck.namespace().into_iter().flat_map(|ns| self.running(ns, &repository)).filter(|r| r.image != wrong);
        let near: Vec<&Running> = running().filter(|r| is_near(&tag, &split(&r.image).1)).collect();
        if let [one] = near.as_slice() {
            return Instead::Near((*one).clone());
        }
        let distinct: BTreeSet<&String> = earlier.iter().map(|e| &e.image).collect();
        if let (1, Some(one)) = (distinct.len(), earlier.first()) {
            return before(one);
        }
        let known: BTreeSet<&String> = running().map(|r| &r.image).chain(earlier.iter().map(|e| &e.image)).collect();
        Instead::Open(known.into_iter().take(LISTED).cloned().collect())
    }

    /// Who has begun to run with this very image, in any namespace that was read, the ready ones first: its node had it.
    pub(super) fn runs(&self, image: &str) -> Option<&Running> {
        self.ready().whole.get(&split(image))
    }

    /// Images of a repository that run ready in a namespace, one of each, in order.
    fn running(&self, namespace: &Namespace, repository: &str) -> &[Running] {
        let images = self.ready().places.get(namespace.as_str());
        images.and_then(|images| images.get(repository)).map(Vec::as_slice).unwrap_or_default()
    }

    fn ready(&self) -> &Ready<'a> {
        self.running.get_or_init(|| {
            let mut all = Ready::default();
            let (first, rest): (Vec<&Pod>, Vec<&Pod>) = self.facts.all::<Pod>().partition(|pod| pods::is_ready(pod));
            for pod in first.into_iter().chain(rest) {
                let ready = pods::is_ready(pod);
                for (list, container) in pod.spec.iter().flat_map(pods::containers) {
                    let Some(image) = container.image.clone().filter(|_| ready || has_begun(pod, &container.name)) else { continue };
                    let (repository, tag) = split(&image);
                    let running = Running { image, by: pod.reference(), container: container.name.clone(), ready };
                    if pods::is_live(pod) || !ready {
                        all.whole.entry((repository.clone(), tag)).or_insert_with(|| running.clone());
                    }
                    if list == "containers" && ready {
                        let images = all.places.entry(pod.metadata.namespace.as_deref().unwrap_or_default()).or_default();
                        images.entry(repository).or_default().push(running);
                    }
                }
            }
            for running in all.places.values_mut().flat_map(HashMap::values_mut) {
                running.sort();
                running.dedup_by(|a, b| a.image == b.image);
            }
            all
        })
    }

    /// Other images of this container in this object, newest first.
    fn earlier(&self, stuck: &Stuck<'_>, list: &str, container: &str, wrong: &str) -> Vec<Earlier> {
        let (mut found, object): (Vec<Earlier>, &ObjectRef) = (Vec::new(), &stuck.object);
        let mut others_refused = false;
        let besides = |before: &Before<'_>, image: &str| changed::besides(self.facts, stuck, before, wrong, image);
        // An object of the same name may be another one: what a Deployment asked for before is owned by this very Deployment.
        let uid = self.facts.meta_of(object).and_then(|meta| meta.uid.as_deref());
        let is_own = |meta: &ObjectMeta| uid.is_some() && controller_uid(meta) == uid;
        for set in self.facts.replica_sets_of(object).filter(|set| is_own(&set.metadata)) {
            let spec = set.spec.template.as_ref().and_then(|t| t.spec.as_ref());
            let Some(image) = image_in(spec, list, container).filter(|i| *i != wrong) else { continue };
            let revision =
                set.metadata.annotations.as_ref().and_then(|a| a.get("deployment.kubernetes.io/revision")).and_then(|r| r.parse().ok());
            let ready = set.status.as_ref().and_then(|s| s.ready_replicas).unwrap_or(0) > 0;
            if !ready && self.was_refused(object, image) {
                others_refused = true;
                continue;
            }
            let besides = besides(&Before::Set(set), image);
            found.push(Earlier { image: image.to_owned(), by: set.reference(), ready, revision, besides, by_event: false });
        }
        // A StatefulSet or DaemonSet shows its earlier template in the Pods that still run it. One of the template of now that runs another
        // image was changed by somebody, and its template never asked for that image.
        if matches!(object.kind, Kind::StatefulSet | Kind::DaemonSet) {
            let now: HashSet<Option<&str>> =
                newest::pods_of_newest(self.facts, object).iter().map(|pod| pod.metadata.name.as_deref()).collect();
            let is_older = |pod: &&Pod| !now.contains(&pod.metadata.name.as_deref());
            for pod in self.facts.pods_of(object).filter(|p| pods::is_ready(p) && is_own(&p.metadata)).filter(is_older) {
                if let Some(image) = image_in(pod.spec.as_ref(), list, container).filter(|i| *i != wrong) {
                    let besides = besides(&Before::Pod(pod), image);
                    found.push(Earlier {
                        image: image.to_owned(),
                        by: pod.reference(),
                        ready: true,
                        revision: None,
                        besides,
                        by_event: false,
                    });
                }
            }
        }
        found.iter_mut().for_each(|one| one.by_event = others_refused && !one.ready);
        found.sort_by(|a, b| b.revision.cmp(&a.revision).then_with(|| a.by.cmp(&b.by)));
        found
    }

    /// An event of the kubelet's in the namespace says that the registry does not have this image either.
    fn was_refused(&self, object: &ObjectRef, image: &str) -> bool {
        let refused = self.refused.get_or_init(|| {
            let missing = |m: &str| says_not_found(m, sentence::image_in(m).unwrap_or_default());
            let failed =
                |e: &&Event| e.reason.as_deref() == Some("Failed") && By::Kubelet.wrote(e) && e.message.as_deref().is_some_and(missing);
            let quoted = |e: &'a Event| {
                let namespace = e.involved_object.namespace.as_deref().unwrap_or_default();
                e.message.as_deref().unwrap_or_default().split('"').map(move |text| (namespace, text))
            };
            self.facts.all::<Event>().filter(failed).flat_map(quoted).collect()
        });
        refused.contains(&(object.namespace.as_ref().map(Namespace::as_str).unwrap_or_default(), image))
    }
}

/// The image of one container.
pub(super) fn image_in<'a>(spec: Option<&'a PodSpec>, list: &str, container: &str) -> Option<&'a str> {
    spec.and_then(|s| pods::containers(s).find(|(l, c)| *l == list && c.name == container).and_then(|(_, c)| c.image.as_deref()))
}

/// What the status of a container that waits for its image says of this. That it is tried again later says nothing of why.
fn word<'p>(waiting: &pods::Waiting<'p>, image: &str, says: fn(&str, &str) -> bool) -> StatusWord<'p> {
    let text = waiting.message.trim();
    if says(text, image) {
        StatusWord::Says(quote::waiting_message(waiting), waiting.message)
    } else if text.is_empty() || text == format!("Back-off pulling image \"{image}\"") {
        StatusWord::Silent
    } else {
        StatusWord::Denies
    }
}

/// The cluster's word that says this of an image: in the status of the container that waits for it, else in the kubelet's event.
pub(super) fn said(
    facts: &Facts<'_>,
    pod: &Pod,
    (list, container, image): (&str, &str, &str),
    waits: &[&str],
    says: fn(&str, &str) -> bool,
) -> Option<Said> {
    let waiting = pods::waiting(pod).find(|w| w.list == list && w.container == container && waits.contains(&w.reason))?;
    let place = format!("spec.{list}{{{container}}}");
    let told = |e: &Event| {
        matches!(e.reason.as_deref(), Some("Failed" | "ErrImageNeverPull"))
            && e.involved_object.field_path.as_deref().is_none_or(|p| p == place)
            && e.message.as_deref().is_some_and(|m| m.contains(image) && says(m, image))
    };
    quote::words(facts, pod, By::Kubelet, told, |_| word(&waiting, image, says))
}

/// The registry answered, and has no such manifest. The whole sentence counts, not a word of it: "not found" is also said of platforms,
/// layers, snapshots and what a node's own store lacks. A registry that refuses, or cannot be reached, says nothing about the image.
pub(super) fn says_not_found(text: &str, image: &str) -> bool {
    let text = sentence(text, image);
    if is_of_platforms(&text) || is_refusal(&text) || OTHER.iter().any(|w| text.contains(w)) {
        return false;
    }
    let unknown = ["manifest unknown", "name unknown", "manifest_unknown", "name_unknown"].iter().any(|w| text.contains(w));
    let unresolved = text.contains("failed to resolve") && text.trim_end().ends_with("not found");
    let by_manifest = text.contains("manifest for ") && text.contains(" not found");
    let by_status = text.contains("/manifests/") && text.contains("404 not found");
    unknown || unresolved || by_manifest || by_status
}

/// The registry has the image, and no variant of it for this kind of node.
pub(super) fn says_no_platform(text: &str, image: &str) -> bool {
    is_of_platforms(&sentence(text, image))
}

/// The registry does not let us have it. Public registries say the same of a repository that does not exist.
pub(super) fn says_refused(text: &str, image: &str) -> bool {
    is_refusal(&sentence(text, image))
}

fn is_of_platforms(sentence: &str) -> bool {
    ["no match for platform", "no matching manifest for", "no image found in manifest list for", "no image found in image index for"]
        .iter()
        .any(|w| sentence.contains(w))
}

fn is_refusal(sentence: &str) -> bool {
    [
        "unauthorized",
        "denied",
        "forbidden",
        "insufficient_scope",
        "authorization failed",
        "may require authorization",
        "authentication required",
    ]
    .iter()
    .any(|w| sentence.contains(w))
}

/// Nothing was answered, or what is not found is a part of an image that was begun.
const OTHER: &[&str] = &[
    "no such host",
    "dial tcp",
    "connection refused",
    "i/o timeout",
    "x509",
    "too many requests",
    "snapshot",
    "blob",
    "content digest",
    "httpreadseeker",
];
/// The container was started with its image, which its node had then.
fn has_begun(pod: &Pod, container: &str) -> bool {
    pods::statuses(pod).any(|(_, status)| {
        let of = |state: Option<&ContainerState>| state.is_some_and(|state| state.running.is_some() || state.terminated.is_some());
        status.name == container && !status.image_id.is_empty() && (of(status.state.as_ref()) || of(status.last_state.as_ref()))
    })
}
