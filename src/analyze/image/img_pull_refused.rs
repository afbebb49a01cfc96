//! The registry does not let the kubelet have the image: the name is wrong, or credentials are.

use super::super::rule::{Read, Rule};
use super::blocked::{self, Blocked};
use super::known::says_refused;
use crate::domain::cause::Code;
use crate::domain::finding::Finding;
use crate::facts::Facts;

/// The cause.
pub(crate) const RULE: Rule = Rule {
    code: Code("img-pull-refused"),
    says: "the registry refuses to hand out the image (401, 403)",
    reads: &[Read::WORKLOADS, Read::EVENTS],
    find,
};
const BLOCKED: Blocked = Blocked {
    code: RULE.code,
    runs: "so the name is right, and the credentials of this Pod, or what its node asks, are what differs",
    waits: &["ErrImagePull", "ImagePullBackOff"],
    says: says_refused,
    field: "image",
    title: "the registry refuses to hand it out",
    why: "The registry answers that access is denied. Public registries say the same of a repository that does not exist, so either the name is wrong, or the Pod needs other credentials.",
    ways: &[
        "correct the name of the image, if the repository moved or does not exist",
        "or, if the repository is private, name a Secret with credentials for it in `imagePullSecrets`",
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

    #[test]
    fn both_readings_and_the_way_back_are_told() {
        for said in [
            r#"failed to pull and unpack image "example/private:2": failed to authorize: failed to fetch anonymous token: 401 Unauthorized"#,
            r#"pull access denied for example/private, repository does not exist or may require authorization: not found"#,
        ] {
            let app = deployment("queue").before(1, "example/app:1", 1).image("example/private:2").waiting("ImagePullBackOff", said);
            let found = cluster().app(app).only(RULE.code.0);
            assert_eq!((found.remedy.proposals.len(), found.remedy.advice.len(), found.expected.as_deref()), (0, 3, None));
        }
    }

    #[test]
    fn image_that_another_pod_runs_with_has_the_right_name() {
        let said = "failed to authorize: failed to fetch anonymous token: 401 Unauthorized";
        let waiting = || deployment("queue").image("example/private:2").waiting("ImagePullBackOff", said);
        let found = cluster().app(waiting()).app(deployment("other").image("docker.io/example/private:2")).only(RULE.code.0);
        assert!(found.explanation.contains("Pod `other-rs1-0` is ready with this very image, so the name is right"), "{found:?}");
        assert!(!cluster().app(waiting()).only(RULE.code.0).explanation.contains("very image"));
    }

    #[test]
    fn registry_that_is_away_is_silent() {
        let app = deployment("queue").spec(json!({})).waiting("ImagePullBackOff", "dial tcp 10.0.0.1:443: connection refused");
        assert_eq!(cluster().app(app).found(RULE.code.0), []);
    }
}
