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
use crate::facts::{Facts, unread};
use crate::planner::diff;
use crate::planner::live::Basis;
use crate::planner::proposed::Proposed;
use crate::planner::refusal::Refusal;
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
        None
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

    /// A Pod changes all the time; what was decided on is that it is this one, and that it serves nothing where it is deleted.
    fn unchanged(&self, live: &Value, _: &Basis) -> Result<(), Refusal> {
        let conditions = live.pointer("/status/conditions").and_then(Value::as_array);
        let is = |condition: &Value, key: &str, text: &str| condition.get(key).and_then(Value::as_str) == Some(text);
        let ready = conditions.into_iter().flatten().any(|condition| is(condition, "type", "Ready") && is(condition, "status", "True"));
        if self.way == Way::Delete && ready {
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
