//! The registry has the image, and not for the kind of node that is to run it.

use super::super::rule::{Read, Rule};
use super::blocked::{self, Blocked};
use super::known::says_no_platform;
use crate::domain::cause::Code;
use crate::domain::finding::Finding;
use crate::facts::Facts;

/// The cause.
pub(crate) const RULE: Rule = Rule {
    code: Code("img-platform-missing"),
    says: "the image exists, but not for the platform of the node",
    reads: &[Read::WORKLOADS, Read::EVENTS],
    find,
};
/// A Pod that runs with the image refutes nothing: its node may have another platform. Nothing is changed for it anyway.
const BLOCKED: Blocked = Blocked {
    code: RULE.code,
    runs: "",
    waits: &["ErrImagePull", "ImagePullBackOff"],
    says: says_no_platform,
    field: "image",
    title: "the registry has it, but not for the platform of the node",
    why: "The registry has this image, and no variant of it for the operating system and processor of the node, so pulling it fails however often it is tried.",
    ways: &[
        "use an image that is also built for the platform of the nodes",
        "or, if some nodes have the platform of the image, choose them with a nodeSelector on `kubernetes.io/arch`",
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

    const SAID: &str = r#"Back-off pulling image "example/indexer:2": ErrImagePull: rpc error: code = NotFound desc = failed to pull and unpack image "docker.io/example/indexer:2": no match for platform in manifest: not found"#;

    #[test]
    fn image_without_this_platform_is_not_called_missing() {
        let app = deployment("indexer").before(1, "example/indexer:1", 1).image("example/indexer:2").waiting("ImagePullBackOff", SAID);
        let found = cluster().app(app).only(RULE.code.0);
        assert_eq!((found.found.as_deref(), found.expected.as_deref(), found.remedy.proposals.len()), (Some("example/indexer:2"), None, 0));
        let back = found.remedy.advice.last().unwrap();
        assert_eq!(back.command.as_deref(), Some("kubectl rollout undo deployment/indexer -n a-team --to-revision=1"));
    }

    #[test]
    fn image_that_is_missing_or_runs_is_silent() {
        let gone = SAID.replace("no match for platform in manifest", "failed to resolve reference");
        for app in
            [deployment("indexer").image("example/indexer:2").waiting("ImagePullBackOff", &gone), deployment("indexer").spec(json!({}))]
        {
            assert_eq!(cluster().app(app).found(RULE.code.0), []);
        }
    }
}
