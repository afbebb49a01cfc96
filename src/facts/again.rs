//! What a controller makes in place of one of its Pods: one of the same template and at once, or why that is not so.

use super::newest::{self, hash};
use super::rollouts::is_ordered;
use super::{Facts, placing, pods};
use crate::domain::kind::Kind;
use crate::domain::object::ObjectRef;
use crate::domain::snapshot::Resource;
use k8s_openapi::api::apps::v1::{DaemonSet, ReplicaSet, StatefulSet};
use k8s_openapi::api::core::v1::{Container, Node, Pod, PodSpec};
use std::collections::BTreeSet;

/// Why no Pod of the same template comes in place of this one, which `controller` controls: in words, and `None` where one comes.
pub(crate) fn differs(pod: &Pod, controller: &ObjectRef, facts: &Facts<'_>) -> Option<String> {
    let all = || std::iter::once(controller).chain(facts.owners().chain(controller));
    if let Some(going) = all().find(|o| facts.meta_of(o).is_some_and(|meta| meta.deletion_timestamp.is_some())) {
        return Some(format!("{going} is being deleted, so nothing comes in place of {}", pod.reference()));
    }
    if let Some(unseen) = all().find(|o| facts.workload(o).is_some_and(|workload| !workload.observed)) {
        return Some(format!(
            "the controller of {unseen} has not processed its last change, so what comes in place of {} is not known",
            pod.reference()
        ));
    }
    match controller.kind {
        Kind::ReplicaSet => of_replica_set(pod, controller, facts),
        Kind::StatefulSet => of_stateful_set(pod, facts.find(controller)?),
        Kind::DaemonSet => {
            let daemon = facts.find::<DaemonSet>(controller)?;
            let live: Vec<&Pod> = facts.pods_of(controller).filter(|pod| pods::is_live(pod)).collect();
            another(pod, newest::of_daemon_set(daemon, &live)).or_else(|| kept_away(pod, facts))
        }
        _ => None,
    }
}

/// What keeps another Pod of a DaemonSet from the node of this one, which stays there: its controller makes none then, and does not count
/// the node either. A Pod has the tolerations that its controller adds.
fn kept_away(pod: &Pod, facts: &Facts<'_>) -> Option<String> {
    let spec = pod.spec.as_ref()?;
    let name = spec.node_name.as_deref()?;
    let Some(node) = facts.all::<Node>().find(|node| node.metadata.name.as_deref() == Some(name)) else {
        return Some(format!(
            "node `{name}` could not be read, so whether it takes another Pod in place of {} is not known",
            pod.reference()
        ));
    };
    let taint = placing::repelling(node, spec.tolerations.as_deref().unwrap_or_default()).next()?;
    Some(format!("node `{name}` has the taint `{}`, which {} does not tolerate: none would come in its place", taint.key, pod.reference()))
}

/// A ReplicaSet makes Pods of its own template; which ReplicaSets a Deployment keeps, a rollout decides.
fn of_replica_set(pod: &Pod, controller: &ObjectRef, facts: &Facts<'_>) -> Option<String> {
    let set = facts.find::<ReplicaSet>(controller)?;
    let wanted = usize::try_from(set.spec.replicas.unwrap_or(1)).unwrap_or(0);
    if facts.pods_of(controller).filter(|pod| pods::is_live(pod)).count() > wanted {
        return Some(format!("{controller} has more Pods than it wants, so it makes none in place of {}", pod.reference()));
    }
    let Some(deployment) = facts.owners().chain(controller).next().filter(|owner| owner.kind == Kind::Deployment) else {
        let template = set.spec.template.as_ref().and_then(|template| template.spec.as_ref());
        let same = template.zip(pod.spec.as_ref()).is_some_and(|(template, own)| is_made_of(own, template));
        return (!same).then(|| {
            format!("{} is not of the template that {controller} has now, which is what would come in its place", pod.reference())
        });
    };
    if let Some(why) = newest::untold(facts, deployment) {
        return Some(format!("what comes in place of {} is not known: {why}", pod.reference()));
    }
    (newest::newest_set(facts, deployment).as_ref() != Some(controller))
        .then(|| format!("{} is of an older revision of {deployment}, so a Pod of another template may come in its place", pod.reference()))
}

/// A set makes those below its partition of its current revision, and all others of its update revision, whatever its strategy is.
fn of_stateful_set(pod: &Pod, set: &StatefulSet) -> Option<String> {
    let Some(number) = number(pod, set) else {
        return Some(format!("which number {} has in its StatefulSet is not known", pod.reference()));
    };
    let wanted = i64::from(set.spec.replicas.unwrap_or(1));
    let first = first_number(set);
    if number >= first.saturating_add(wanted) || number < first {
        return Some(format!("{} has more Pods than it wants, so it makes none in place of {}", set.reference(), pod.reference()));
    }
    let rolling = set.spec.update_strategy.as_ref().and_then(|strategy| strategy.rolling_update.as_ref());
    let kept = first.saturating_add(i64::from(rolling.and_then(|rolling| rolling.partition).unwrap_or(0)));
    let current = set.status.as_ref().and_then(|status| status.current_revision.as_deref());
    another(pod, if number < kept { current } else { newest::update_revision(set) })
}

/// Which Pod of a lower number an ordered set waits for, before it makes this one again: in words.
pub(crate) fn waits_for(pod: &Pod, set: &StatefulSet, facts: &Facts<'_>) -> Option<String> {
    let own = number(pod, set).filter(|_| is_ordered(set))?;
    let up = |pod: &&Pod| pods::is_live(pod) && pods::is_ready(pod);
    let all = set.reference();
    let ready: BTreeSet<i64> = facts.pods_of(&all).filter(up).filter_map(|pod| number(pod, set)).collect();
    let awaited = (first_number(set)..own).find(|lower| !ready.contains(lower))?;
    Some(format!(
        "{}-{awaited} is not ready, and {all} creates its Pods in order: {} would not come again before that one is",
        all.name,
        pod.reference()
    ))
}

fn first_number(set: &StatefulSet) -> i64 {
    i64::from(set.spec.ordinals.as_ref().and_then(|ordinals| ordinals.start).unwrap_or(0))
}

/// Which number a Pod has in its set.
fn number(pod: &Pod, set: &StatefulSet) -> Option<i64> {
    let (own, set) = (pod.metadata.name.as_deref()?, set.metadata.name.as_deref()?);
    own.strip_prefix(set)?.strip_prefix('-')?.parse().ok()
}

/// That the revision which would be made is not the one that the Pod has, or that this is not known.
fn another(pod: &Pod, made: Option<&str>) -> Option<String> {
    let reference = pod.reference();
    match (hash(pod), made) {
        (Some(own), Some(made)) if own == made => None,
        (Some(own), Some(made)) => {
            Some(format!("{reference} is of revision {own} of its template, and one of revision {made} would come in its place"))
        }
        _ => Some(format!("of which revision of its template {reference} is, or the one that comes in its place, is not known")),
    }
}

/// Whether what a template says of its containers is so in a Pod, to which others may have added something.
fn is_made_of(own: &PodSpec, template: &PodSpec) -> bool {
    let find = |list: &'static str, name: &str| pods::containers(own).find(|(of, one)| *of == list && one.name == name).map(|(_, one)| one);
    pods::containers(template).all(|(list, wanted)| find(list, &wanted.name).is_some_and(|found| runs_the_same(found, wanted)))
}

fn runs_the_same(found: &Container, wanted: &Container) -> bool {
    let variables = |of: &Container| of.env.clone().unwrap_or_default();
    let has = variables(found);
    (&found.image, &found.command, &found.args) == (&wanted.image, &wanted.command, &wanted.args)
        && variables(wanted).iter().all(|variable| has.contains(variable))
}
