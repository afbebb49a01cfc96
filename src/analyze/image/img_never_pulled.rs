//! A container that is told never to pull its image, on nodes that do not hold it.

use super::super::rule::{Read, Rule};
use super::blocked::{self, Blocked};
use super::sentence::sentence;
use crate::domain::cause::Code;
use crate::domain::finding::Finding;
use crate::facts::Facts;

/// The cause.
pub(crate) const RULE: Rule = Rule {
    code: Code("img-never-pulled"),
    says: "imagePullPolicy is Never, and the node does not have the image",
    reads: &[Read::WORKLOADS, Read::EVENTS],
    find,
};
/// A Pod that runs with the image refutes nothing: its node has it. Nothing is changed for it anyway.
const BLOCKED: Blocked = Blocked {
    code: RULE.code,
    runs: "",
    waits: &["ErrImageNeverPull"],
    says: |text, image| sentence(text, image).contains("is not present with pull policy of never"),
    field: "imagePullPolicy",
    title: "its pull policy is Never, and the node does not have it",
    why: "With the pull policy Never the kubelet uses only images that are on the node already, and this one is not.",
    ways: &[
        "load the image onto the nodes, if it was built for them alone; nothing in the cluster has to change then",
        "or name an image that a registry has, together with the pull policy IfNotPresent",
    ],
};

fn find(facts: &Facts<'_>) -> Vec<Finding> {
    blocked::find(facts, &BLOCKED)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analyze::testing::{cluster, deployment};
    use serde_json::json;

    const SAID: &str = r#"Container image "error_pages:local" is not present with pull policy of Never"#;

    #[test]
    fn policy_is_named_and_not_changed_alone() {
        let spec = json!({"containers": [{"name": "app", "image": "error_pages:local", "imagePullPolicy": "Never"}]});
        let found = cluster().app(deployment("errors").spec(spec).waiting("ErrImageNeverPull", SAID)).only(RULE.code.0);
        assert_eq!(found.field_text().as_deref(), Some("spec.template.spec.containers[name=app].imagePullPolicy"));
        assert_eq!((found.found.as_deref(), found.remedy.proposals.len(), found.remedy.advice.len()), (Some("Never"), 0, 2));
    }

    #[test]
    fn other_reasons_are_silent() {
        let app = deployment("errors").image("error_pages:local").waiting("ErrImagePull", SAID);
        assert_eq!(cluster().app(app).found(RULE.code.0), []);
    }
}
