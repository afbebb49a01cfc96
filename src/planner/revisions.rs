//! The revisions of a workload's template that the cluster keeps: of a Deployment as ReplicaSets, of a StatefulSet and a DaemonSet as
//! ControllerRevisions. Which one it has now, and of which ones a Pod is ready.

use super::refusal::Refusal;
use crate::domain::action::RolledOut;
use crate::domain::kind::Kind;
use crate::domain::object::ObjectRef;
use crate::domain::resource::Resource;
use crate::facts::{Facts, newest, pods, unread};
use k8s_openapi::api::apps::v1::{ControllerRevision, DaemonSet, Deployment, ReplicaSet, StatefulSet};
use k8s_openapi::api::core::v1::Pod;
use serde_json::Value;

/// The label that the Deployment controller adds to the template of each of its ReplicaSets.
const HASH: &str = "/metadata/labels/pod-template-hash";
/// Which revision of a Deployment it is.
const REVISION: &str = "deployment.kubernetes.io/revision";
/// The label of a Pod that names the revision that it was made of, and of a ControllerRevision of a DaemonSet.
const MADE_OF: &str = "controller-revision-hash";

/// See the file's head.
pub(super) struct History {
    /// What they are kept as.
    pub(super) kind: Kind,
    /// Which one it has now.
    pub(super) current: u32,
    /// Its template now.
    pub(super) template: Value,
    pub(super) kept: Vec<Kept>,
}

/// One revision.
pub(super) struct Kept {
    pub(super) rolled_out: RolledOut,
    pub(super) template: Value,
    /// How many Pods of it are available.
    pub(super) available: usize,
}

/// Kinds without which nothing is known of them.
pub(super) fn needed(kind: &Kind) -> Vec<Kind> {
    if *kind == Kind::Deployment { Vec::new() } else { vec![Kind::ControllerRevision] }
}

/// The template that a ReplicaSet or a ControllerRevision keeps, as the workload had it.
pub(super) fn template(kept: &Value) -> Value {
    let of_revision = kept.get("kind").and_then(Value::as_str) == Some(Kind::ControllerRevision.name());
    let place = if of_revision { "/data/spec/template" } else { "/spec/template" };
    let mut template = without_nulls(kept.pointer(place).cloned().unwrap_or_default());
    if let Some(members) = template.as_object_mut().filter(|_| of_revision) {
        // How it would be applied.
        members.shift_remove("$patch");
    }
    if let Some((map, key)) = HASH.rsplit_once('/')
        && let Some(labels) = template.pointer_mut(map).and_then(Value::as_object_mut)
    {
        labels.shift_remove(key);
    }
    template
}

/// What is null is not set, and some programs write it.
pub(super) fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(members) => Value::Object(
            members.into_iter().filter(|(_, value)| !value.is_null()).map(|(name, value)| (name, without_nulls(value))).collect(),
        ),
        Value::Array(items) => Value::Array(items.into_iter().map(without_nulls).collect()),
        other => other,
    }
}

/// Nothing where the current one is not known.
pub(super) fn history(target: &ObjectRef, facts: &Facts<'_>) -> Result<Option<History>, Refusal> {
    let missing = || Refusal::NotRead(unread::missing(target, facts));
    if facts.meta_of(target).is_none() {
        return Err(missing());
    }
    if let Some(why) = newest::untold(facts, target) {
        return Err(Refusal::Stated(why));
    }
    if target.kind == Kind::Deployment {
        return Ok(of_deployment(facts.find::<Deployment>(target).ok_or_else(missing)?, target, facts));
    }
    if let Some(why) = unread::part(&Kind::ControllerRevision, facts) {
        return Err(Refusal::Stated(why));
    }
    if facts.workload(target).is_none_or(|workload| !workload.observed) {
        return Err(Refusal::Stated(format!("the controller of {target} has not observed its newest template yet")));
    }
    let set = facts.find::<StatefulSet>(target);
    let named = set.map(|set| set.status.as_ref().and_then(|status| status.update_revision.as_deref()));
    let now = set.map(Resource::to_value).or_else(|| facts.find::<DaemonSet>(target).map(Resource::to_value)).ok_or_else(missing)?;
    Ok(of_controller(&now, named, target, facts))
}

fn of_deployment(deployment: &Deployment, target: &ObjectRef, facts: &Facts<'_>) -> Option<History> {
    let number = |annotations: Option<&std::collections::BTreeMap<String, String>>| annotations?.get(REVISION)?.parse::<u32>().ok();
    let kept = facts.replica_sets_of(target).filter_map(|set: &ReplicaSet| {
        let available = set.status.as_ref().and_then(|status| status.available_replicas).unwrap_or(0);
        Some(Kept {
            rolled_out: RolledOut { revision: number(set.metadata.annotations.as_ref())?, set: set.reference() },
            template: template(&set.to_value()),
            available: usize::try_from(available).unwrap_or(0),
        })
    });
    let template = deployment.to_value().pointer("/spec/template").cloned().unwrap_or_default();
    let current = number(deployment.metadata.annotations.as_ref())?;
    Some(History { kind: Kind::ReplicaSet, current, template, kept: kept.collect() })
}

/// `named`: of a StatefulSet, what its status calls the newest one. A DaemonSet's newest one is that of the highest number.
fn of_controller(now: &Value, named: Option<Option<&str>>, target: &ObjectRef, facts: &Facts<'_>) -> Option<History> {
    let uid = now.pointer("/metadata/uid").and_then(Value::as_str)?;
    let is_own = |kept: &&ControllerRevision| kept.metadata.owner_references.iter().flatten().any(|owner| owner.uid == uid);
    let kept: Vec<Kept> =
        facts.all_in::<ControllerRevision>(target.namespace.as_ref()?).filter(is_own).filter_map(|kept| of(kept, target, facts)).collect();
    let current = match named {
        Some(name) => kept.iter().find(|kept| Some(kept.rolled_out.set.name.as_str()) == name),
        None => kept.iter().max_by_key(|kept| kept.rolled_out.revision),
    }?;
    let template = now.pointer("/spec/template").cloned().unwrap_or_default();
    // What is called the newest has the template of now, or the controller has not come to that yet.
    (current.template == template).then_some(())?;
    Some(History { kind: Kind::ControllerRevision, current: current.rolled_out.revision, template, kept })
}

fn of(kept: &ControllerRevision, target: &ObjectRef, facts: &Facts<'_>) -> Option<Kept> {
    let name = kept.metadata.name.as_deref()?;
    let hash = kept.metadata.labels.as_ref().and_then(|labels| labels.get(MADE_OF)).map(String::as_str);
    let made_of = |pod: &&Pod| {
        let of = pod.metadata.labels.as_ref().and_then(|labels| labels.get(MADE_OF)).map(String::as_str);
        of.is_some() && (of == Some(name) || of == hash)
    };
    let available = facts.pods_of(target).filter(made_of).filter(|pod| pods::is_live(pod) && pods::is_ready(pod)).count();
    let rolled_out = RolledOut { revision: u32::try_from(kept.revision?).ok()?, set: kept.reference() };
    Some(Kept { rolled_out, template: template(&kept.to_value()), available })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::planner::example::{namespace, snapshot};
    use serde_json::json;

    fn revision(number: u32, hash: &str, image: &str, owner: &str) -> Value {
        json!({"apiVersion": "apps/v1", "kind": "ControllerRevision", "revision": number,
               "metadata": {"name": format!("agent-{hash}"), "namespace": "shop", "labels": {"controller-revision-hash": hash},
                            "ownerReferences": [{"apiVersion": "apps/v1", "kind": "DaemonSet", "name": "agent", "uid": owner, "controller": true}]},
               "data": {"spec": {"template": {"$patch": "replace", "metadata": {"creationTimestamp": null, "labels": {"app": "agent"}},
                                              "spec": {"containers": [{"name": "app", "image": image}]}}}}})
    }

    fn pod(name: &str, hash: &str, ready: &str) -> Value {
        json!({"metadata": {"name": name, "namespace": "shop", "labels": {"app": "agent", "controller-revision-hash": hash},
                            "ownerReferences": [{"apiVersion": "apps/v1", "kind": "DaemonSet", "name": "agent", "uid": "u-1", "controller": true}]},
               "spec": {"containers": []},
               "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": ready}]}})
    }

    fn agent(image: &str, observed: u32) -> Value {
        json!({"apiVersion": "apps/v1", "kind": "DaemonSet", "metadata": {"name": "agent", "namespace": "shop", "uid": "u-1", "generation": 2},
               "spec": {"selector": {"matchLabels": {"app": "agent"}},
                        "template": {"metadata": {"labels": {"app": "agent"}}, "spec": {"containers": [{"name": "app", "image": image}]}}},
               "status": {"observedGeneration": observed, "currentNumberScheduled": 2, "desiredNumberScheduled": 2, "numberMisscheduled": 0,
                          "numberReady": 1, "updatedNumberScheduled": 1}})
    }

    fn seen(agent: Value) -> Result<Option<History>, Refusal> {
        let mut seen = snapshot(vec![(Kind::DaemonSet, agent)]);
        seen.add(&Kind::Pod, vec![pod("agent-1", "aa", "True"), pod("agent-2", "bb", "False")], true);
        let all = vec![revision(1, "aa", "agent:1", "u-1"), revision(2, "bb", "agent:2", "u-1"), revision(9, "cc", "evil:1", "u-2")];
        seen.add(&Kind::ControllerRevision, all, true);
        history(&ObjectRef::namespaced(Kind::DaemonSet, &namespace(), "agent"), &Facts::of(&seen))
    }

    #[test]
    fn revisions_of_a_daemon_set_are_its_own_with_the_pods_that_are_ready() {
        let history = seen(agent("agent:2", 2)).unwrap().unwrap();
        let kept: Vec<(u32, usize)> = history.kept.iter().map(|kept| (kept.rolled_out.revision, kept.available)).collect();
        assert_eq!((history.current, kept), (2, vec![(1, 1), (2, 0)]), "of another one's revision nothing is taken");
        assert_eq!(history.kept[0].template["spec"]["containers"][0]["image"], "agent:1");
        assert!(history.kept[0].template.get("$patch").is_none());
    }

    #[test]
    fn which_one_it_has_now_is_not_known_before_its_controller_came_to_its_template() {
        assert!(seen(agent("agent:3", 2)).unwrap().is_none());
        assert!(seen(agent("agent:2", 1)).is_err());
    }

    #[test]
    fn without_their_list_nothing_is_known() {
        let mut seen = snapshot(vec![(Kind::DaemonSet, agent("agent:2", 2))]);
        seen.add(&Kind::Pod, vec![], true);
        let target = ObjectRef::namespaced(Kind::DaemonSet, &namespace(), "agent");
        assert!(history(&target, &Facts::of(&seen)).is_err());
    }
}
