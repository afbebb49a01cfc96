//! What a proposal may say, whole: the resource beside the tool list, which has room for the form alone.

use crate::domain::changes::CHANGES;
use crate::domain::kind::Kind;
use crate::domain::proposal::{CITED, PROPOSED_CHANGES, PROPOSED_FIELDS, STATED_CAUSES};
use serde_json::{Value, json};

/// Where it can be read.
pub const PROPOSAL_URI: &str = "kubemend://proposal";

/// The form, and what may be changed by it.
pub fn proposal_form() -> Value {
    let open = CHANGES.iter().filter_map(|row| row.form().map(|form| (row, form)));
    let changes: Vec<Value> = open
        .map(|(row, form)| {
            let kinds: Vec<&str> = row.kinds.iter().map(Kind::name).collect();
            json!({"verb": row.verb.as_str(), "kinds": kinds, "field": row.field, "value": form.in_words()})
        })
        .collect();
    json!({
        "call": "remediate with sessionId of an analysis that is not older than half an hour, and proposal",
        "proposal": {
            "causes": [{
                "object": "Kind/namespace/name",
                "field": "optional: spec.template.spec.containers[name=app].image",
                "found": "optional, in your words",
                "expected": "optional, in your words",
                "title": "one line",
                "explanation": "why, in your words",
                "confidence": "0 to 1; what is cited caps it",
                "cites": ["e1: evidence of that session", "o2: an observation of it"]
            }],
            "actions": [
                {"action": "patch", "object": "Kind/namespace/name", "set": [{"field": "a path as above", "value": "a text, a whole number, true or false"}]},
                {"action": "scale", "object": "Kind/namespace/name", "replicas": 2},
                {"action": "create", "manifest": {"apiVersion": "v1", "kind": "PersistentVolumeClaim, Service, ConfigMap or ServiceAccount", "metadata": {"name": "as something affected names it"}}},
                {"action": "restart", "object": "Kind/namespace/name of a Deployment, StatefulSet or DaemonSet"},
                {"action": "undoRollout", "object": "Kind/namespace/name of a Deployment, StatefulSet or DaemonSet", "revision": 3},
                {"action": "deletePod", "object": "Pod/namespace/name"},
                {"action": "evict", "object": "Pod/namespace/name"}
            ]
        },
        "atMost": {"causes": STATED_CAUSES, "cites": CITED, "actions": PROPOSED_CHANGES, "fields": PROPOSED_FIELDS},
        "mayBeChanged": changes,
        "rules": [
            "every cause cites what the session has; a cause that cites nothing is dropped, an id that is unknown refuses all",
            "a change is of something that is affected now, or of what belongs to it, in the same namespace; so are the object of the first cause and one piece that it cites",
            "what is cited counts by the field that was read: a field of a status most, a message, a log, a list or a description least",
            "what a rule has a fix for is not changed by a proposal, nor a claim that a rule left to a human; of other objects that it left to a human, the question says why",
            "a key of a ConfigMap is high risk, but for one line that becomes an ordinary variable of what is affected alone, that no command of theirs uses, and that leads to no other host",
            "a Service that serves others that are not affected is high risk, and so is a workload that serves and is not affected itself",
            "after a change of a probe the verdict is `unclear` at best",
            "restart: not while it is updated or paused, nor within ten minutes of the last one",
            "undoRollout: to a revision of which a Pod is available now, as the annotation deployment.kubernetes.io/revision of its ReplicaSet counts it, or the `revision` of its ControllerRevision",
            "deletePod: a Pod that is not ready and that a ReplicaSet, StatefulSet or DaemonSet makes again; evict: such a Pod, as far as PodDisruptionBudgets let it",
            "create: an object that something affected names in its own namespace and that does not exist. A Service: one that a StatefulSet names as its own (`clusterIP: None`), or that an Ingress leads to, with an address and just the ports that are asked for; with the selector of one workload. A ConfigMap: with every key that is referred to, and not where something takes all of its keys. What comes with it, such as roles bound to the name of a ServiceAccount, makes it high risk",
            "an Ingress: only its backends, to a Service that exists, has that port and has ready addresses; not of a path that leads to ready addresses now with nothing wrong there",
            "the size of a claim: only up, where it is Bound and its class lets volumes grow; it cannot be rolled back",
            "a PodDisruptionBudget keeps at least one Pod and lets at least one go",
            "without actions it is a diagnosis; name in it what a human should change",
            "objects of Helm, Argo CD, Flux or an operator are changed at their source, and what they name and is missing is added there; what an object of Helm names is created at high risk, since the next upgrade can fail",
            "a human is always asked, in one question at a time about an object; a field or an action that one declined is not asked about again for a day, with no other value either"
        ]
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_may_be_proposed_is_named_with_its_form() {
        let form = proposal_form();
        let listed = form["mayBeChanged"].as_array().unwrap();
        assert_eq!(listed.len(), CHANGES.iter().filter(|row| row.form().is_some()).count());
        assert!(listed.iter().all(|one| one["value"].as_str().is_some_and(|words| !words.is_empty())));
        assert!(!form.to_string().contains("serviceAccountName"));
    }
}
