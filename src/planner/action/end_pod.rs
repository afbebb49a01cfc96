//! A Pod goes, and its controller makes another: deleted where it serves nothing, or evicted, so that PodDisruptionBudgets have their say.
//! Its uid is pinned: of another Pod of its name nothing was decided.

use super::planned::{Built, PlannedAction, called, metadata, named, present};
use crate::domain::changes::Verb;
use crate::domain::fitted::Part;
use crate::domain::kind::Kind;
use crate::domain::kubectl;
use crate::domain::object::ObjectRef;
use crate::domain::plan::{Precondition, Undo};
use crate::domain::request::{Method, Request};
use crate::domain::workload::{controller_of, pod_is_ready};
use crate::facts::{Facts, again, unread};
use crate::planner::diff;
use crate::planner::live::Basis;
use crate::planner::proposed::Proposed;
use crate::planner::refusal::Refusal;
use k8s_openapi::api::apps::v1::StatefulSet;
use k8s_openapi::api::core::v1::Pod;
use serde_json::{Value, json};

/// Who makes a Pod again, as often as it takes.
const CONTROLLERS: [Kind; 3] = [Kind::ReplicaSet, Kind::StatefulSet, Kind::DaemonSet];

/// How a Pod is ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    Delete,
    Evict,
}

pub(super) struct EndPod<'a> {
    pub(super) pod: &'a ObjectRef,
    pub(super) way: Way,
}

impl EndPod<'_> {
    fn verb(&self) -> Verb {
        match self.way {
            Way::Delete => Verb::Delete,
            Way::Evict => Verb::Evict,
        }
    }

    fn eviction(&self, uid: Option<&str>) -> Value {
        let namespace = self.pod.namespace.as_ref().map(|namespace| namespace.as_str());
        let mut body = json!({
            "apiVersion": "policy/v1",
            "kind": "Eviction",
            "metadata": {"name": self.pod.name, "namespace": namespace},
        });
        if let (Some(uid), Some(map)) = (uid, body.as_object_mut()) {
            map.insert("deleteOptions".to_owned(), json!({"preconditions": {"uid": uid}}));
        }
        body
    }

    /// What is lost with this one, or does not come back.
    fn lost(&self, pod: &Pod, facts: &Facts<'_>) -> Option<String> {
        let Some(controller) = controller_of(&pod.metadata).filter(|owner| CONTROLLERS.contains(&owner.kind)) else {
            return Some(format!("nothing makes {} again: no ReplicaSet, StatefulSet or DaemonSet controls it", self.pod));
        };
        if !facts.has(&controller) {
            return Some(format!("{}, so nobody can tell whether a controller replaces {}", unread::missing(&controller, facts), self.pod));
        }
        if pod.metadata.deletion_timestamp.is_some() {
            return Some(format!("{} is being deleted already", self.pod));
        }
        let mut volumes = pod.spec.iter().flat_map(|spec| spec.volumes.iter().flatten());
        let local = volumes.find(|volume| volume.empty_dir.is_some() || volume.ephemeral.is_some() || volume.host_path.is_some());
        if let Some(volume) = local.filter(|_| controller.kind == Kind::StatefulSet) {
            return Some(format!(
                "{} keeps data in its volume `{}`, which goes with it, and a StatefulSet's Pods are not alike: that is left to a human",
                self.pod, volume.name
            ));
        }
        let set = facts.find::<StatefulSet>(&controller);
        again::differs(pod, &controller, facts).or_else(|| again::waits_for(pod, set?, facts))
    }
}

impl PlannedAction for EndPod<'_> {
    fn existing(&self) -> Option<&ObjectRef> {
        Some(self.pod)
    }

    fn source(&self) -> Option<&ObjectRef> {
        None
    }

    fn summary(&self) -> String {
        format!("{} {}", self.verb(), self.pod)
    }

    fn in_one_line(&self, _: &Precondition, _: Option<&Precondition>) -> String {
        let word = if self.way == Way::Delete { "Delete" } else { "Evict" };
        format!("{word} {}, of which its controller makes another", named(self.pod))
    }

    fn headline(&self, _: &Precondition, _: Option<&Precondition>) -> Vec<Part> {
        let mut parts = vec![Part::words(if self.way == Way::Delete { "Delete " } else { "Evict " })];
        parts.extend(called(self.pod));
        parts.push(Part::words(", another is made"));
        parts
    }

    fn in_words(&self) -> String {
        format!("{} {}", self.verb(), self.pod)
    }

    fn kubectl(&self) -> String {
        match self.way {
            Way::Delete => kubectl::on("delete", self.pod),
            Way::Evict => kubectl::evict(self.pod, &self.eviction(None)),
        }
    }

    fn not_in_the_table(&self) -> Refusal {
        Refusal::Kind { verb: self.verb().as_str(), kind: self.pod.kind.clone() }
    }

    fn check_first(&self, _: &Proposed<'_>) -> Option<Refusal> {
        None
    }

    fn check_last(&self, proposed: &Proposed<'_>) -> Option<Refusal> {
        let pod = proposed.facts.find::<Pod>(self.pod)?;
        if self.way == Way::Delete && pod_is_ready(pod) {
            return Some(Refusal::NotPossible(format!("{} is ready: evict it, so that PodDisruptionBudgets are asked", self.pod)));
        }
        self.lost(pod, proposed.facts).map(Refusal::NotPossible)
    }

    /// A Pod changes all the time; what was decided on is that it is this one, and that it serves nothing where it is deleted or did not
    /// when it was read.
    fn unchanged(&self, live: &Value, seen: &Basis) -> Result<(), Refusal> {
        let is = |condition: &Value, key: &str, text: &str| condition.get(key).and_then(Value::as_str) == Some(text);
        let ready = |pod: &Value| {
            let conditions = pod.pointer("/status/conditions").and_then(Value::as_array);
            conditions.into_iter().flatten().any(|condition| is(condition, "type", "Ready") && is(condition, "status", "True"))
        };
        if ready(live) && (self.way == Way::Delete || !ready(&seen.value)) {
            return Err(Refusal::NotPossible(format!("{} became ready since it was read", self.pod)));
        }
        Ok(())
    }

    fn fits(&self, _: &Value, _: &Value) -> Result<(), Refusal> {
        Ok(())
    }

    fn build(&self, live: Option<&Value>, _: &str) -> Result<Built, Refusal> {
        let live = present(live, self.pod)?;
        let uid = metadata(live, "uid").ok_or_else(|| Refusal::NotPossible(format!("{} has no uid", self.pod)))?;
        let path = self.pod.path().ok_or_else(|| Refusal::NotPossible(format!("no API path is known for {}", self.pod)))?;
        let (request, command) = match self.way {
            Way::Delete => {
                let body = json!({"apiVersion": "v1", "kind": "DeleteOptions", "preconditions": {"uid": uid}});
                (Request { method: Method::Delete, path, body: body.to_string() }, self.kubectl())
            }
            Way::Evict => {
                let body = self.eviction(Some(&uid));
                let path = format!("{path}/{}", self.verb().subresource().unwrap_or_default());
                (Request { method: Method::Post, path, body: body.to_string() }, kubectl::evict(self.pod, &body))
            }
        };
        Ok(Built {
            diff: diff::unified(&self.pod.slashed(), Some(&identity(live)), None).map_err(Refusal::NotPossible)?,
            request,
            precondition: Precondition { uid: Some(uid), ..Precondition::default() },
            undo: Undo::None {
                why: "none: the Pod is gone, with what it kept in its own volumes; its controller makes another".to_owned(),
            },
            command,
        })
    }

    /// Nothing is left that could differ.
    fn drift(&self, _: &Request, _: Option<&Value>, _: &Value) -> Option<String> {
        None
    }

    fn frees(&self) -> Option<&ObjectRef> {
        None
    }

    fn takes(&self) -> Option<&ObjectRef> {
        None
    }
}

/// Which Pod it is: its content comes again, so no more of it is decided on.
fn identity(pod: &Value) -> Value {
    let at = |pointer: &str| pod.pointer(pointer).cloned().unwrap_or_default();
    json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": at("/metadata/name"), "namespace": at("/metadata/namespace")},
        "spec": {"nodeName": at("/spec/nodeName")},
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analyze::testing::{World, cluster, daemon_set, deployment, stateful_set};
    use crate::domain::action::Action;
    use crate::domain::object::Namespace;
    use crate::planner::lint;

    /// Why this Pod is not evicted; nothing where it may be.
    fn refused(world: &World, pod: &str) -> Option<String> {
        let snapshot = world.snapshot();
        let pod = ObjectRef::namespaced(Kind::Pod, &Namespace::parse("a-team").unwrap(), pod);
        let action = Action::EvictPod { pod };
        lint::check(&Proposed { action: &action, facts: &Facts::of(&snapshot), suffering: &[] }).map(|refusal| refusal.to_string())
    }

    fn is_refused(world: &World, pod: &str, part: &str) {
        let said = refused(world, pod).unwrap_or_else(|| panic!("{pod} may be evicted, and not be refused with: {part}"));
        assert!(said.contains(part), "{pod}: {said}");
    }

    #[test]
    fn pod_of_a_set_goes_only_where_one_of_its_own_revision_comes_in_its_place() {
        let world = || cluster().app(stateful_set("db").replicas(2).with(json!({"podManagementPolicy": "Parallel"})));
        assert_eq!(refused(&world(), "db-1"), None);
        let status = json!({"status": {"currentRevision": "r1", "updateRevision": "r2"}});
        let (rolling, on_delete) =
            (world().edit("StatefulSet", "db", status.clone()), json!({"spec": {"updateStrategy": {"type": "OnDelete"}}}));
        is_refused(&rolling, "db-1", "one of revision r2 would come in its place");
        is_refused(&rolling.clone().edit("StatefulSet", "db", on_delete.clone()), "db-1", "one of revision r2 would come in its place");
        assert_eq!(refused(&world().edit("StatefulSet", "db", on_delete), "db-1"), None, "nothing is held back");
        // What is below a partition is made of the current revision again.
        let partition = |below: i32| json!({"spec": {"updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": below}}}});
        let held = rolling.edit("StatefulSet", "db", partition(1));
        assert_eq!(refused(&held, "db-0"), None);
        is_refused(&held, "db-1", "one of revision r2 would come in its place");
        is_refused(&world().edit("StatefulSet", "db", json!({"metadata": {"generation": 2}})), "db-1", "has not processed its last change");
        is_refused(&world().edit("StatefulSet", "db", json!({"spec": {"replicas": 1}})), "db-1", "more Pods than it wants");
    }

    #[test]
    fn pod_of_a_daemon_set_goes_only_where_one_of_its_own_revision_comes_in_its_place() {
        let on_delete = json!({"updateStrategy": {"type": "OnDelete"}});
        let world = cluster().app(daemon_set("agent").replicas(2).with(on_delete));
        assert_eq!(refused(&world, "agent-p0"), None, "nothing is held back");
        let next = json!({"metadata": {"annotations": {"deprecated.daemonset.template.generation": "2"}}, "status": {"updatedNumberScheduled": 0}});
        let changed = world.edit("DaemonSet", "agent", next);
        is_refused(&changed, "agent-p0", "is not known");
        let newer = json!({"metadata": {"labels": {"controller-revision-hash": "r2", "pod-template-generation": "2"}}});
        is_refused(&changed.edit("Pod", "agent-p1", newer), "agent-p0", "one of revision r2 would come in its place");
    }

    #[test]
    fn pod_of_a_daemon_set_goes_only_where_its_node_takes_another() {
        let placed = json!({"spec": {"nodeName": "node-1"}});
        let world = || cluster().app(daemon_set("agent").replicas(2)).edit("Pod", "agent-p0", placed.clone());
        assert_eq!(refused(&world(), "agent-p0"), None);
        let taints = json!({"spec": {"taints": [{"key": "dedicated", "value": "x", "effect": "NoSchedule"}]}});
        let tainted = world().edit("Node", "node-1", taints);
        is_refused(&tainted, "agent-p0", "node `node-1` has the taint `dedicated`");
        let tolerates = json!({"spec": {"tolerations": [{"key": "dedicated", "operator": "Exists"}]}});
        assert_eq!(refused(&tainted.edit("Pod", "agent-p0", tolerates), "agent-p0"), None);
        is_refused(&world().without("Node", "node-1"), "agent-p0", "whether it takes another Pod");
    }

    #[test]
    fn pod_of_a_replica_set_goes_only_where_that_makes_one_like_it() {
        let world = cluster().app(deployment("web").replicas(2).before(1, "example/app:0.9", 1));
        assert_eq!(refused(&world, "web-rs2-0"), None);
        is_refused(&world, "web-rs1-0", "an older revision of Deployment a-team/web");
        is_refused(&world.clone().edit("ReplicaSet", "web-rs2", json!({"spec": {"replicas": 1}})), "web-rs2-0", "more Pods than it wants");
        let going = json!({"metadata": {"deletionTimestamp": "2026-01-01T11:59:00Z"}});
        is_refused(&world.clone().edit("Deployment", "web", going), "web-rs2-0", "is being deleted");
        // A ReplicaSet of nobody may have got another template since.
        let alone = world.without("Deployment", "web").edit("ReplicaSet", "web-rs2", json!({"metadata": {"ownerReferences": null}}));
        assert_eq!(refused(&alone, "web-rs2-0"), None);
        let other = json!({"spec": {"template": {"spec": {"containers": [{"name": "app", "image": "example/app:2.0"}]}}}});
        is_refused(&alone.edit("ReplicaSet", "web-rs2", other), "web-rs2-0", "not of the template that ReplicaSet a-team/web-rs2 has now");
    }

    #[test]
    fn pod_of_an_ordered_set_stays_while_one_before_it_is_not_ready() {
        let unready = json!({"status": {"conditions": [{"type": "Ready", "status": "False"}]}});
        let world = |set: Value| cluster().app(stateful_set("db").replicas(3).with(set)).edit("Pod", "db-0", unready.clone());
        let ordered = world(json!({}));
        is_refused(&ordered, "db-1", "db-0 is not ready");
        is_refused(&ordered, "db-2", "db-0 is not ready");
        assert_eq!(refused(&ordered, "db-0"), None, "the first waits for nobody");
        is_refused(&world(json!({})).without("Pod", "db-0"), "db-2", "db-0 is not ready");
        assert_eq!(refused(&world(json!({"podManagementPolicy": "Parallel"})), "db-1"), None);
        assert_eq!(refused(&world(json!({"ordinals": {"start": 1}, "replicas": 2})), "db-1"), None, "it is the first one");
    }
}
