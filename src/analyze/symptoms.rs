//! How everything is, whether or not a rule knows why. What is wrong and no cause explains makes a result inconclusive, never healthy;
//! so does what cannot be told. Which kinds are judged stands in `judged`.

use super::health::{Judgement, leaving, maker};
use super::settled;
use crate::domain::excerpt::Excerpt;
use crate::domain::finding::{Advice, Symptom};
use crate::domain::focus::{Doubt, Seen};
use crate::domain::issue::Scope;
use crate::domain::kind::Kind;
use crate::domain::object::ObjectRef;
use crate::domain::snapshot::{ListedKind, Resource};
use crate::domain::workload::{Workload, controller_of};
use crate::facts::{Facts, pods};
use k8s_openapi::api::apps::v1::{DaemonSet, StatefulSet};
use k8s_openapi::api::core::v1::{Node, Pod};
use std::collections::HashSet;

/// What a look over everything brought.
#[derive(Debug, Default)]
pub(crate) struct Overview {
    pub symptoms: Vec<Symptom>,
    /// Changes under way, with the objects that they are about.
    pub underway: Vec<(ObjectRef, Advice)>,
    /// What is as it should be.
    pub well: Vec<Seen>,
    /// What does nothing, as somebody wants it.
    pub idle: Vec<Seen>,
    /// What cannot be told, or not yet.
    pub doubts: Vec<Doubt>,
}

impl Overview {
    pub(crate) fn note(&mut self, object: ObjectRef, judgement: Judgement) {
        let short = |text: &str| Excerpt::line(text).as_str().to_owned();
        match judgement {
            Judgement::Wrong(summary) => self.symptoms.push(Symptom { object, summary: short(&summary) }),
            Judgement::Underway { what, seconds } => {
                let advice = Judgement::advice(&what, seconds, &object);
                self.underway.push((object, advice));
            }
            Judgement::Well(how) => self.well.push(Seen { object, how: short(&how) }),
            Judgement::Idle(how) => self.idle.push(Seen { object, how: short(&how) }),
            Judgement::Young { what, seconds } => {
                self.doubts.push(Doubt { again_in: Some(seconds), ..Doubt::about(object, short(&what)) });
            }
            Judgement::Recovered { what, seconds } => {
                self.doubts.push(Doubt { again_in: Some(seconds), past: true, ..Doubt::about(object, short(&what)) });
            }
            Judgement::Unknown(why) => self.doubts.push(Doubt::about(object, short(&why))),
        }
    }

    pub(crate) fn each<T: ListedKind>(&mut self, facts: &Facts<'_>, judge: impl Fn(&T) -> Judgement) {
        for object in facts.all::<T>() {
            self.one(facts, object, &judge);
        }
    }

    /// How one object is. What is being deleted is that before anything else.
    pub(crate) fn one<T: Resource>(&mut self, facts: &Facts<'_>, object: &T, judge: impl FnOnce(&T) -> Judgement) {
        let judgement = leaving::judge(object, facts.taken_at()).unwrap_or_else(|| judge(object));
        self.note(object.reference(), judgement);
    }
}

/// How the workloads of a kind are, once it is known how their Pods are.
pub(crate) fn workloads(facts: &Facts<'_>, kind: &Kind, all: &mut Overview) {
    made(facts, all, facts.workloads().filter(|w| w.object.kind == *kind), settled::workload);
    let silent = |status: bool| !status;
    let sets = facts.all::<StatefulSet>().filter(|s| silent(s.status.is_some())).map(Resource::reference);
    let daemons = facts.all::<DaemonSet>().filter(|d| silent(d.status.is_some())).map(Resource::reference);
    for object in sets.chain(daemons).filter(|object| object.kind == *kind) {
        all.note(object, Judgement::Unknown("its controller has not reported anything yet".to_owned()));
    }
}

/// How what makes Pods is, by its own judge, where that of its Pods does not say it already.
pub(crate) fn made<'f, 'a: 'f>(
    facts: &Facts<'_>,
    all: &mut Overview,
    makers: impl Iterator<Item = &'f Workload<'a>>,
    judge: impl Fn(&Facts<'_>, &Workload<'_>) -> Judgement,
) {
    // A workload with a Pod that cannot start is not under way, whatever its counts say.
    let owners =
        |objects: Vec<ObjectRef>| -> HashSet<ObjectRef> { objects.iter().flat_map(|o| facts.owners().chain(o)).cloned().collect() };
    let held = owners(all.symptoms.iter().map(|s| s.object.clone()).collect());
    // Nor is one whose Pods cannot be told: what is said of them is said of it.
    let untold = owners(all.doubts.iter().filter(|d| d.again_in.is_none()).filter_map(|d| d.object.clone()).collect());
    for workload in makers {
        let object = &workload.object;
        let going = leaving::of(object.kind.name(), workload.meta, facts.taken_at());
        let judgement = going.unwrap_or_else(|| judge(facts, workload));
        let complete = matches!(judgement, Judgement::Well(_) | Judgement::Idle(_));
        if held.contains(object) && matches!(judgement, Judgement::Underway { .. }) {
            continue;
        }
        if untold.contains(object) && !complete && !held.contains(object) {
            let counts = format!("{} of {} replicas are ready", workload.ready, workload.desired);
            all.note(object.clone(), Judgement::Unknown(counts));
            continue;
        }
        all.note(object.clone(), judgement);
    }
}

/// A node matters when everything was asked for or nodes are, or when Pods in scope are on it.
pub(crate) fn is_in_scope(facts: &Facts<'_>, node: &Node) -> bool {
    matches!(facts.scope(), Scope::All)
        || facts.snapshot().words.asks(&Kind::Node)
        || facts.is_in_use(node.metadata.name.as_deref().unwrap_or_default())
}

/// Whether the object has a line of its own in what is reported: a Pod that somebody owns is part of its owner's, where that is of a kind
/// that is read.
pub(crate) fn speaks_for_itself(facts: &Facts<'_>, object: &ObjectRef) -> bool {
    let alone = |p: &Pod| controller_of(&p.metadata).is_none() || maker::unread(facts, object).is_some();
    object.kind != Kind::Pod || facts.find::<Pod>(object).is_none_or(|p| alone(p) && !pods::has_ended(p))
}
