//! ReplicaSets that no Deployment made: somebody's own, and those of a controller that nobody reads.

use super::{Judgement, maker, refusal, seconds_since, steady};
use crate::domain::kind::Kind;
use crate::domain::object::ObjectRef;
use crate::domain::snapshot::Resource;
use crate::domain::workload::{Workload, controller_of};
use crate::facts::{Facts, pods, selected, starting};
use jiff::Timestamp;
use std::collections::BTreeMap;

/// A ReplicaSet of which nothing moved for so long has had its time: Kubernetes gives up on a rollout's progress after ten minutes.
const DEADLINE: i64 = 600;

/// Those that say something: of the sets of one maker those that want Pods or have some, else the newest. A Deployment that was not read
/// may have made a set of its kind.
pub(crate) fn own<'f, 'a>(facts: &'f Facts<'a>) -> Vec<&'f Workload<'a>> {
    let mut groups: BTreeMap<ObjectRef, Vec<&Workload<'a>>> = BTreeMap::new();
    let is_told = |set: &&Workload<'_>| {
        controller_of(set.meta).is_none_or(|owner| owner.kind != Kind::Deployment || facts.is_whole(&Kind::Deployment))
    };
    for set in selected::own_sets(facts).filter(is_told) {
        groups.entry(controller_of(set.meta).unwrap_or_else(|| set.object.clone())).or_default().push(set);
    }
    let of_group = |mut sets: Vec<&'f Workload<'a>>| {
        sets.sort_by_key(|set| (set.desired > 0 || set.total > 0, created(set)));
        let newest = sets.len().saturating_sub(1);
        sets.into_iter().enumerate().filter(move |(place, set)| *place == newest || set.desired > 0 || set.total > 0).map(|(_, set)| set)
    };
    groups.into_values().flat_map(of_group).collect()
}

fn created(set: &Workload<'_>) -> Option<Timestamp> {
    set.meta.creation_timestamp.as_ref().map(|t| t.0)
}

pub(crate) fn judge(facts: &Facts<'_>, set: &Workload<'_>) -> Judgement {
    let (object, counts) = (&set.object, format!("{} of {} replicas are ready", set.ready, set.desired));
    if set.desired == 0 && set.total == 0 {
        return Judgement::Idle("is scaled to zero: no Pods are expected".to_owned());
    }
    if set.is_complete() {
        let how = steady::restarted(facts, facts.pods_of(object)).map_or_else(|| counts.clone(), |last| format!("{counts}; {last}"));
        return maker::told(facts, object, Judgement::Well(how));
    }
    let refusal = refusal::of(facts, object);
    if let Some((_, reason)) = set.condition("ReplicaFailure").filter(|(status, _)| *status == "True") {
        return Judgement::Wrong(format!("cannot create its Pods: {reason}{refusal}"));
    }
    if set.total < set.desired && !refusal.is_empty() {
        return Judgement::Wrong(format!("cannot create its Pods{refusal}"));
    }
    let underway = || Judgement::Underway { what: format!("ReplicaSet `{}`: {counts}", object.name), seconds: starting::START.as_secs() };
    // Its controller has not counted yet, Pods become available by time alone, or some still go.
    let goes = facts.pods_of(object).any(|pod| pod.metadata.deletion_timestamp.is_some());
    if !set.observed || set.ready >= set.desired || goes {
        return underway();
    }
    let moved = facts.pods_of(object).filter_map(pods::exists_since).max().or_else(|| created(set));
    let mut open = facts.pods_of(object).filter(|pod| pods::is_stuck(pod)).peekable();
    let starts = open.peek().is_some() && open.all(|pod| starting::is_starting(&pod.reference(), facts));
    match seconds_since(moved, facts.taken_at()) {
        Some(spent) if spent > DEADLINE && !starts => Judgement::Wrong(format!("{counts}, and nothing has changed for {spent} s")),
        _ => underway(),
    }
}

#[cfg(test)]
mod tests {
    use crate::analyze::testing::{World, cluster, deployment};
    use serde_json::{Value, json};

    const REFUSED: &str = "pods \"worker-x\" is forbidden: exceeded quota: compute, requested: cpu=1";

    /// A ReplicaSet of so many wanted and ready, made by this kind, or by nobody.
    fn set(world: World, name: &str, maker: &str, wanted: i32, ready: i32) -> World {
        let owners = match maker {
            "" => json!([]),
            kind => json!([{"apiVersion": "argoproj.io/v1alpha1", "kind": kind, "name": "worker", "uid": "r", "controller": true}]),
        };
        let labels = json!({"app": "worker"});
        let spec = json!({"containers": [{"name": "app", "image": "example/worker:1"}]});
        let own = json!([{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": name, "uid": name, "controller": true}]);
        let world = world.object(json!({"apiVersion": "apps/v1", "kind": "ReplicaSet",
            "metadata": {"name": name, "namespace": "a-team", "uid": name, "creationTimestamp": "2026-01-01T11:30:00Z", "ownerReferences": owners},
            "spec": {"replicas": wanted, "selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels}, "spec": spec}},
            "status": {"replicas": ready, "readyReplicas": ready, "availableReplicas": ready}}));
        (0..ready).fold(world, |world, i| {
            world.object(json!({"apiVersion": "v1", "kind": "Pod",
                "metadata": {"name": format!("{name}-{i}"), "namespace": "a-team", "uid": format!("{name}-{i}"), "labels": labels,
                    "creationTimestamp": "2026-01-01T11:30:00Z", "ownerReferences": own},
                "spec": {"nodeName": "node-1", "containers": [{"name": "app", "image": "example/worker:1"}]},
                "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}}))
        })
    }

    fn web() -> World {
        cluster().app(deployment("web"))
    }

    #[test]
    fn set_of_nobody_or_of_another_controller_that_lacks_pods_is_wrong_beside_what_is_well() {
        for maker in ["", "Rollout"] {
            for ready in [0, 1] {
                let wrong = set(web(), "worker-6c5", maker, 3, ready).wrong();
                let [said] = wrong.as_slice() else { panic!("{maker} {ready}: {wrong:?}") };
                assert!(said.starts_with(&format!("replicaset/worker-6c5: {ready} of 3 replicas are ready")), "{said}");
                let refused = set(web(), "worker-6c5", maker, 3, ready).event("ReplicaSet", "worker-6c5", "FailedCreate", REFUSED).wrong();
                let [said] = refused.as_slice() else { panic!("{maker} {ready}: {refused:?}") };
                assert!(said.starts_with("replicaset/worker-6c5: cannot create its Pods: “") && said.contains("exceeded quota"), "{said}");
            }
        }
    }

    #[test]
    fn set_that_has_all_its_pods_is_seen_to_be_well() {
        let world = set(web(), "worker-6c5", "", 2, 2);
        assert!(world.is_healthy(), "{:?}", world.doubts());
        assert!(world.diagnosis().seen.iter().any(|s| s.object.name == "worker-6c5" && s.how == "2 of 2 replicas are ready"));
        let alone = set(cluster(), "worker-6c5", "", 1, 1);
        assert!(alone.is_healthy(), "{:?}", alone.doubts());
    }

    #[test]
    fn service_before_it_is_told_with_it() {
        let before = |world: World| world.service("worker", json!({"app": "worker"}));
        let refused = before(set(web(), "worker-6c5", "", 3, 0)).event("ReplicaSet", "worker-6c5", "FailedCreate", REFUSED).wrong();
        let [said] = refused.as_slice() else { panic!("{refused:?}") };
        assert!(said.starts_with("replicaset/worker-6c5: ") && said.ends_with("so Service `worker` has no endpoints"), "{said}");
        let off = before(set(web(), "worker-6c5", "", 0, 0));
        assert!(off.is_healthy(), "{:?} {:?}", off.wrong(), off.diagnosis().doubts);
        assert!(before(set(web(), "worker-6c5", "Rollout", 0, 0)).wrong().iter().any(|said| said.starts_with("service/worker")));
    }

    #[test]
    fn pods_of_a_set_of_nobody_that_cannot_start_get_no_plan_for_the_set() {
        let stuck = json!({"status": {"phase": "Pending", "conditions": [{"type": "Ready", "status": "False"}],
            "containerStatuses": [{"name": "app", "image": "example/worker:1", "imageID": "", "ready": false, "restartCount": 0, "lastState": {},
                "state": {"waiting": {"reason": "ErrImagePull", "message": "rpc error: code = NotFound desc = failed to resolve reference: not found"}}}]}});
        let world = set(web(), "worker-6c5", "", 1, 1).edit("Pod", "worker-6c5-0", stuck).edit(
            "ReplicaSet",
            "worker-6c5",
            json!({"status": {"readyReplicas": 0, "availableReplicas": 0}}),
        );
        let world = world.app(deployment("other").image("example/worker:1.0"));
        let found = world.only("img-tag-not-found");
        assert_eq!((found.object.slashed().as_str(), found.remedy.proposals.len()), ("replicaset/worker-6c5", 0), "{:?}", found.remedy);
        assert!(
            found.remedy.advice.iter().all(|a| a.command.as_deref().is_none_or(|c| !c.contains("/spec/containers"))),
            "{:?}",
            found.remedy
        );
        assert!(found.symptoms.iter().any(|s| s.object.name == "worker-6c5-0"), "{:?}", found.symptoms);
    }

    #[test]
    fn words_can_name_it() {
        let world = set(web(), "worker-6c5", "", 3, 0).said("is the worker fine?").diagnosis();
        assert!(world.focus.missing.is_empty() && world.focus.about.iter().any(|o| o.name == "worker-6c5"), "{:?}", world.focus);
        assert!(world.unexplained.iter().any(|s| s.object.name == "worker-6c5"), "{:?}", world.unexplained);
    }

    #[test]
    fn what_its_maker_wants_is_not_known_to_who_asks_about_it() {
        let rollout = || set(web(), "worker-6c5", "Rollout", 2, 2);
        assert!(rollout().is_healthy(), "{:?}", rollout().doubts());
        let doubts = rollout().said("is the worker fine?").doubts();
        assert!(
            doubts.iter().any(|d| d.contains("Rollout `worker`, which made it, is of a kind that kubemend does not read")),
            "{doubts:?}"
        );
        assert!(set(web(), "worker-6c5", "", 2, 2).said("is the worker fine?").is_healthy());
    }

    #[test]
    fn past_of_another_controller_is_no_line_of_its_own() {
        let world = set(set(web(), "worker-1", "Rollout", 0, 0), "worker-2", "Rollout", 1, 1);
        assert!(world.diagnosis().seen.iter().all(|s| s.object.name != "worker-1"), "{:?}", world.diagnosis().seen);
        let off = set(web(), "worker-1", "Rollout", 0, 0);
        assert!(off.diagnosis().seen.iter().any(|s| s.object.name == "worker-1" && s.how.contains("scaled to zero")), "{off:?}");
    }

    #[test]
    fn set_of_a_deployment_is_told_with_the_deployment() {
        let world = cluster().app(deployment("web").before(1, "example/app:0.9", 0));
        assert!(world.diagnosis().seen.iter().all(|s| s.object.kind.name() != "ReplicaSet"), "{:?}", world.diagnosis().seen);
    }

    fn made(kind: &str, api: &str, phase: &str) -> Value {
        let ready = if phase == "Running" { "True" } else { "False" };
        json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "build-1", "namespace": "a-team", "uid": "b", "creationTimestamp": "2026-01-01T11:30:00Z",
            "ownerReferences": [{"apiVersion": api, "kind": kind, "name": "build", "uid": "o", "controller": true}]},
            "spec": {"nodeName": "node-1", "containers": [{"name": "app", "image": "a:1"}]},
            "status": {"phase": phase, "reason": "Evicted", "conditions": [{"type": "Ready", "status": ready}]}})
    }

    #[test]
    fn failed_pod_is_replaced_only_by_who_is_known_to_replace_it() {
        for (kind, api) in
            [("ReplicaSet", "apps/v1"), ("StatefulSet", "apps/v1"), ("DaemonSet", "apps/v1"), ("ReplicationController", "v1")]
        {
            assert!(web().object(made(kind, api, "Failed")).is_healthy(), "{kind}");
        }
        for (kind, api) in [("TaskRun", "tekton.dev/v1"), ("Workflow", "argoproj.io/v1alpha1"), ("Job", "batch/v1")] {
            let doubts = web().object(made(kind, api, "Failed")).doubts();
            assert!(
                doubts.iter().any(|d| d.contains("Evicted") && d.contains(&format!("{kind} `build`, which made it"))),
                "{kind}: {doubts:?}"
            );
        }
    }

    #[test]
    fn pod_of_a_controller_that_nobody_reads_has_a_line_of_its_own() {
        let world = cluster().object(made("TaskRun", "tekton.dev/v1", "Running"));
        assert!(world.is_healthy(), "{:?}", world.doubts());
        assert!(world.diagnosis().seen[0].how.starts_with("is ready; TaskRun `build`"), "{:?}", world.diagnosis().seen);
        assert_eq!(world.said("is build-1 fine?").doubts().len(), 1);
    }
}
