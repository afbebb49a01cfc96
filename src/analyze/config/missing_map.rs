//! ConfigMaps that Pods need and that do not exist, and what was meant by them. Shared by the rules for variables and for volumes,
//! which divide these cases between them: a Pod whose volume cannot be mounted never comes to its variables.

use super::super::draft::{Draft, advise, change, patch, propose};
use super::super::meant::{Meant, Sure};
use super::super::others::{self, SHARED};
use super::super::quote::{self, Said, StatusWord, is_plain, listed};
use super::maps::{Maps, holds};
use crate::domain::cause::Code;
use crate::domain::field::FieldPath;
use crate::domain::finding::{Choice, Finding, Relation, Remedy, Way};
use crate::domain::kind::Kind;
use crate::domain::object::ObjectRef;
use crate::domain::risk::Risk;
use crate::domain::snapshot::Resource;
use crate::facts::author::By;
use crate::facts::references::{Reference, Via, references};
use crate::facts::stuck::Stuck;
use crate::facts::{Facts, pods, unread};
use k8s_openapi::api::core::v1::{ConfigMap, Event, Pod};
use std::collections::BTreeSet;

/// One ConfigMap of a similar name holds every key that is named: that it was meant is the doubt. Where none or several do, only that
/// the named one is missing is certain. Where they could not be read, only the kubelet says so.
const BY_KEYS: Sure = Sure::percent(92, 90, 80);
/// Where no key is named, the similar name is all that speaks for the other ConfigMap.
const BY_NAME: Sure = Sure::percent(85, 90, 80);
/// So many of the places that name it are quoted.
const PLACES: usize = 5;

/// How a Pod that lacks a ConfigMap looks.
pub(super) struct Look {
    pub(super) code: Code,
    /// By which part of the spec the ConfigMap is named.
    pub(super) via: Via,
    /// The reasons for which its containers wait.
    pub(super) waits: &'static [&'static str],
    /// The reason of the kubelet's event.
    pub(super) event: &'static str,
    /// What the kubelet cannot do.
    pub(super) cannot: &'static str,
}

/// A ConfigMap that does not exist, of one workload.
struct MissingMap<'s, 'a> {
    look: &'s Look,
    stuck: &'s Stuck<'a>,
    map: ObjectRef,
    /// Every place that names it, those that could do without it too.
    places: Vec<Reference<'a>>,
    /// What is taken of it by name.
    keys: Vec<&'a str>,
}

/// Every missing ConfigMap by which Pods look like that.
pub(super) fn find(facts: &Facts<'_>, look: &Look) -> Vec<Finding> {
    let (mut found, maps) = (Vec::new(), Maps::of(facts));
    for stuck in facts.stuck() {
        let Some(namespace) = stuck.namespace() else { continue };
        let named = references(stuck.spec, &stuck.spec_path).into_iter().filter(|r| r.kind == Kind::ConfigMap).collect::<Vec<_>>();
        let wanted: BTreeSet<&str> = named.iter().filter(|r| !r.optional && is_plain(r.name)).map(|r| r.name).collect();
        for name in wanted {
            let places: Vec<Reference<'_>> = named.iter().filter(|r| r.name == name).cloned().collect();
            let needed = || places.iter().filter(|r| !r.optional);
            let via = needed().find(|r| r.via == Via::Volume).map_or(Via::Environment, |r| r.via);
            let map = ObjectRef::namespaced(Kind::ConfigMap, namespace, name);
            if via == look.via && !facts.has(&map) {
                let keys = needed().flat_map(|r| r.keys.iter().copied()).collect::<BTreeSet<_>>().into_iter().collect();
                found.extend(MissingMap { look, stuck, map, places, keys }.finding(facts, &maps));
            }
        }
    }
    found
}

impl MissingMap<'_, '_> {
    fn finding(&self, facts: &Facts<'_>, maps: &Maps<'_, '_>) -> Option<Finding> {
        let (stuck, name, namespace) = (self.stuck, &self.map.name, self.stuck.namespace()?);
        let held: Vec<&Pod> = stuck.pods.iter().copied().filter(|pod| self.holds(facts, pod)).collect();
        let first = held.first()?;
        let meant = maps.meant(stuck, namespace, name, &self.keys);
        // A name that others have, or that leads somewhere next door, is hardly a slip, however near another one is.
        let holder = others::naming(facts, &self.map, &[&stuck.object]);
        let elsewhere = maps.elsewhere(namespace, name, &self.keys);
        let spoken = holder.is_some() || elsewhere.is_some();
        let meant = if spoken { meant.doubted() } else { meant };
        let keys = (!self.keys.is_empty()).then(|| format!("the keys {}", listed(&self.keys)));
        let takes = keys.as_ref().map(|keys| format!("{keys} of ")).unwrap_or_default();
        let has = keys.map(|keys| format!(" and has {keys}")).unwrap_or_default();
        let (hint, more) = match (meant.name(), &meant) {
            (Some(right), _) => (format!("; `{right}` is probably meant"), format!(" `{right}` has a similar name{has}.")),
            (None, Meant::Unread) => {
                let how = unread::how(&Kind::ConfigMap, facts.snapshot());
                (String::new(), format!(" The ConfigMaps {how}, so whether one of a similar name exists is not known."))
            }
            (None, _) => (String::new(), String::new()),
        };
        let places = match self.places.len() {
            0 | 1 => String::new(),
            several => format!(" {several} places of {stuck} name it."),
        };
        let sure = if self.keys.is_empty() { BY_NAME } else { BY_KEYS };
        let (first_place, others) = self.places.split_first()?;
        let said = quote::quoted(held.iter().filter_map(|pod| self.said(facts, pod)).collect());
        // Where the ConfigMaps were read, they are the proof.
        let whole = facts.is_whole(&Kind::ConfigMap);
        let next_door = elsewhere.map(|map| self.next_door(&map.reference())).unwrap_or_default();
        let told = holder.as_ref().map(|holder| holder.says.clone()).unwrap_or_default();
        let sure = if spoken { sure.of(&meant).least(SHARED) } else { sure.of(&meant) };
        let draft = Draft::about(facts, self.look.code, &stuck.object, sure)
            .text(
                format!("{stuck} refers to the ConfigMap `{name}`, which does not exist{hint}"),
                format!(
                    "{stuck} needs {takes}the ConfigMap `{name}`, which does not exist in namespace `{namespace}`, so the kubelet cannot {}.{places}{more}{told}{next_door}",
                    self.look.cannot
                ),
            )
            .saw(holder.map(|holder| holder.seen))
            .saw(elsewhere.map(|map| quote::object(facts, &map.reference(), "is there")))
            .saw(if whole { said.iter().map(|one| one.evidence.clone()).collect() } else { Vec::new() })
            .rests_on(if whole { Vec::new() } else { said })
            .seen_value(Some(&first_place.path), name, meant.name())
            .saw(others.iter().take(PLACES).map(|place| quote::field(facts, &stuck.object, place.path.clone(), name)))
            .saw(quote::absent(facts, &self.map, maps.names(namespace)));
        let draft = if first.reference() == stuck.object { draft } else { draft.link(&stuck.object, Relation::References, &self.map) };
        let reason = self.waiting(first).map(|w| w.reason).unwrap_or_default();
        draft
            .owned(first)
            .holds(held.iter().copied(), &format!("{reason}: the ConfigMap `{name}` does not exist"))
            .fix(self.remedy(facts, &meant))
    }

    /// One of the very name, in another namespace that was read.
    fn next_door(&self, there: &ObjectRef) -> String {
        let place = there.namespace.as_ref().map(ToString::to_string).unwrap_or_default();
        format!(
            " But namespace `{place}` has a ConfigMap `{}`, which Pods of another namespace cannot use: the name may be right, and the place wrong, or a copy is missing here.",
            self.map.name
        )
    }

    /// Whether the Pod waits for it. Where the ConfigMaps were not read whole, only the kubelet's own words count.
    fn holds(&self, facts: &Facts<'_>, pod: &Pod) -> bool {
        let named = |p: &Pod| p.spec.iter().flat_map(|s| references(s, &FieldPath::root())).any(|r| self.is_named_by(&r));
        self.waiting(pod).is_some() && named(pod) && (facts.is_whole(&Kind::ConfigMap) || self.said(facts, pod).is_some())
    }

    fn is_named_by(&self, reference: &Reference<'_>) -> bool {
        (reference.via, &reference.kind, reference.name) == (self.look.via, &Kind::ConfigMap, self.map.name.as_str())
    }

    /// The container that waits for it: the one that names it, or any where the Pod's volume is missing.
    fn waiting<'p>(&self, pod: &'p Pod) -> Option<pods::Waiting<'p>> {
        let by = |w: &pods::Waiting<'_>| self.look.via == Via::Volume || self.places.iter().any(|r| !r.optional && r.by == w.container);
        pods::waiting(pod).find(|w| self.look.waits.contains(&w.reason) && by(w))
    }

    fn is_told(&self, event: &Event) -> bool {
        event.reason.as_deref() == Some(self.look.event) && event.message.as_deref().is_some_and(|m| self.says(m))
    }

    /// The kubelet's words: in the status, else in an event.
    fn said(&self, facts: &Facts<'_>, pod: &Pod) -> Option<Said> {
        let status = |p| match self.waiting(p) {
            Some(w) if self.says(w.message) => StatusWord::Says(quote::waiting_message(&w), w.message),
            Some(w) if !w.message.is_empty() => StatusWord::Denies,
            Some(_) | None => StatusWord::Silent,
        };
        quote::words(facts, pod, By::Kubelet, |e| self.is_told(e), status)
    }

    fn says(&self, text: &str) -> bool {
        quote::says_absent(text, "configmap", &self.map.name)
    }

    fn remedy(&self, facts: &Facts<'_>, meant: &Meant<'_, ConfigMap>) -> Remedy {
        let (stuck, wrong) = (self.stuck, &self.map.name);
        let how = unread::how(&Kind::ConfigMap, facts.snapshot());
        let unread = format!("the ConfigMaps {how}, so neither what exists nor what it holds is known");
        let why = match meant {
            Meant::One(map) => {
                let right = meant.name().unwrap_or_default();
                // An optional reference goes along where the other map has its keys, and stays where it is harmless otherwise.
                let goes = |r: &&Reference<'_>| !r.optional || (!r.keys.is_empty() && r.keys.iter().all(|k| holds(map, k)));
                let ops = self.places.iter().filter(goes).map(|r| change(r.path.clone(), wrong, right)).collect();
                let keys = if self.keys.is_empty() { "" } else { " of those with every key that is needed" };
                let why = format!("the ConfigMap `{wrong}` does not exist; `{right}` has the nearest name{keys}");
                return propose(patch(&stuck.object, ops), &why, Risk::Low, stuck.check());
            }
            Meant::OneOf(_) => "nothing in the cluster tells which of them was meant, if any",
            Meant::Nothing => "what it is meant to hold is not known",
            Meant::Unread => &unread,
        };
        match meant.names().as_slice() {
            [] => {
                advise(format!("create the ConfigMap `{wrong}` with what it is meant to hold, or correct its name in {stuck}"), None, why)
            }
            right => {
                let there = match right {
                    [one] => format!("`{one}`, if that is the one that was meant"),
                    several => format!("one of {}, if one of them was meant", listed(several)),
                };
                let text =
                    format!("change the ConfigMap in {stuck} from `{wrong}` to {there}, or create `{wrong}` with what it is meant to hold");
                let edit = Choice { text, way: Way::Edit(stuck.object.clone()), why: why.to_owned() };
                Remedy { choices: vec![edit], ..Remedy::default() }
            }
        }
    }
}
