//! A Pod waits for a claim that does not exist, beside an unused claim of a related name that was meant.
//! The fix points the template to it. Making an empty claim of the wrong name would be a loss of data in disguise.

use super::super::advise::{self, in_namespace};
use super::missing_claim::{Meaning, MissingClaim, find};
use crate::domain::cause::Code;
use crate::domain::check::Check;
use crate::domain::confidence::Confidence;
use crate::domain::evidence::Evidence;
use crate::domain::finding::{Advice, Finding, Remedy};
use crate::domain::nonempty::NonEmpty;
use crate::domain::risk::Risk;
use crate::domain::snapshot::Resource;
use crate::facts::Facts;
use crate::facts::stuck::Obstacle;
use k8s_openapi::api::core::v1::PersistentVolumeClaim;

/// The cause.
pub(crate) const CODE: Code = Code("pvc-claim-name-typo");
/// The missing claim is a fact; that the one unused claim of a related name was meant is very likely, not certain.
const ONE: Confidence = Confidence::percent(90);
/// Several could be meant: that a name is wrong is likely, which one is right is open.
const SEVERAL: Confidence = Confidence::percent(60);

/// Every missing claim that an existing one of a related name was probably meant by.
pub(crate) fn look(facts: &Facts<'_>) -> Vec<Finding> {
    find(facts).iter().filter_map(|missing| finding(facts, missing)).collect()
}

fn finding(facts: &Facts<'_>, missing: &MissingClaim<'_>) -> Option<Finding> {
    let (candidates, confidence) = match &missing.meaning {
        Meaning::Existing(one) => (vec![*one], ONE),
        Meaning::OneOf(several) => (several.clone(), SEVERAL),
        Meaning::New | Meaning::Unsure(_) | Meaning::Unknown => return None,
    };
    let names: Vec<&str> = candidates.iter().filter_map(|c| c.metadata.name.as_deref()).take(10).collect();
    let first = missing.users.first()?;
    let meant = match &missing.meaning {
        Meaning::Existing(one) => one.metadata.name.clone(),
        _ => None,
    };
    let remedy = match &meant {
        Some(name) => repoint(missing, name),
        None => either(missing, &names),
    };
    let (wrong, ns, who) = (&missing.claim.name, &missing.namespace, missing.who());
    let mut evidence: Vec<Evidence> = missing.evidence(facts);
    for claim in candidates.iter().take(3) {
        evidence.push(super::super::seen::object(facts, &claim.reference(), &describe(claim)));
    }
    let title = match &meant {
        Some(name) => format!("{who} mounts the claim `{wrong}`, which does not exist; the unused claim `{name}` is probably meant"),
        None => {
            format!("{who} mounts the claim `{wrong}`, which does not exist; one of {} may be meant", super::super::seen::listed(&names))
        }
    };
    Some(Finding {
        code: CODE,
        title,
        explanation: format!(
            "There is no claim `{wrong}` in `{ns}`, so the scheduler places no Pod of {who}. {} in the same namespace, and nothing uses {}. A new claim of the wrong name would start empty and hide the data.",
            match names.as_slice() {
                [one] => format!("The claim `{one}` of a related name exists"),
                several => format!("The claims {} of related names exist", super::super::seen::listed(several)),
            },
            if names.len() == 1 { "it" } else { "them" },
        ),
        object: first.object.clone(),
        field: missing.fields(first).into_iter().next(),
        found: Some(wrong.clone()),
        expected: meant,
        confidence,
        evidence: NonEmpty::from_vec(evidence)?,
        chain: missing.chain(facts),
        symptoms: missing.symptoms(),
        remedy,
    })
}

/// Every template that names the missing claim is pointed to the one that was meant; if one cannot be, all are left alone.
fn repoint(missing: &MissingClaim<'_>, name: &str) -> Remedy {
    let why = format!("the claim `{}` does not exist; `{name}` is the only unused claim of a related name", missing.claim.name);
    let by_hand = missing.users.iter().any(|aim| aim.obstacle.is_some());
    let mut remedy = Remedy::default();
    for aim in &missing.users {
        let ops: Vec<_> = missing.fields(aim).into_iter().map(|path| advise::set(path, name)).collect();
        let Some(ops) = NonEmpty::from_vec(ops) else { continue };
        let other = Obstacle::Fixed(aim.object.kind.clone());
        let obstacle = aim.obstacle.as_ref().or(by_hand.then_some(&other));
        let part = advise::change(&aim.object, obstacle, ops, &why, Risk::Low);
        remedy.proposals.extend(part.proposals);
        remedy.advice.extend(part.advice);
    }
    if !remedy.proposals.is_empty() {
        let claim = crate::domain::object::ObjectRef { name: name.to_owned(), ..missing.claim.clone() };
        remedy.checks = std::iter::once(Check::ClaimBound(claim)).chain(missing.checks()).collect();
    }
    remedy
}

fn either(missing: &MissingClaim<'_>, names: &[&str]) -> Remedy {
    let why = "which of them was meant, if any, cannot be told from the cluster".to_owned();
    Remedy {
        advice: vec![
            Advice {
                text: format!("point {} to the claim that was meant: {}", missing.who(), super::super::seen::listed(names)),
                command: Some(format!("kubectl{} get persistentvolumeclaims {}", in_namespace(&missing.claim), names.join(" "))),
                why: why.clone(),
            },
            Advice { text: format!("or make the claim `{}`, if a new and empty volume was meant", missing.claim.name), command: None, why },
        ],
        ..Remedy::default()
    }
}

fn describe(claim: &PersistentVolumeClaim) -> String {
    let phase = claim.status.as_ref().and_then(|s| s.phase.as_deref()).unwrap_or("of unknown phase");
    let spec = claim.spec.as_ref();
    let size =
        spec.and_then(|s| s.resources.as_ref()).and_then(|r| r.requests.as_ref()).and_then(|r| r.get("storage")).map(|q| q.0.as_str());
    let class = spec.and_then(|s| s.storage_class_name.as_deref());
    format!("{phase}, {} of class {}, used by nobody", size.unwrap_or("no size"), class.unwrap_or("none"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analyze::testing::{changes, cluster, daemon_set, deployment, pod, stateful_set};
    use serde_json::json;

    #[test]
    fn template_is_pointed_to_the_one_unused_claim_of_a_related_name() {
        for app in [deployment("redis"), daemon_set("redis"), stateful_set("redis").with(json!({"podManagementPolicy": "Parallel"}))] {
            let kind = app.clone();
            let found = cluster()
                .app(kind.claim("data", "redis-data").unschedulable(""))
                .claim("redis-standard-pvc", "Pending", "standard")
                .only(CODE.0);
            assert_eq!(found.field_text().as_deref(), Some("spec.template.spec.volumes[name=data].persistentVolumeClaim.claimName"));
            assert_eq!((found.found.as_deref(), found.expected.as_deref()), (Some("redis-data"), Some("redis-standard-pvc")));
            assert_eq!(
                changes(&found),
                [format!(
                    "patch {} spec.template.spec.volumes[name=data].persistentVolumeClaim.claimName=redis-standard-pvc",
                    found.object.slashed()
                )]
            );
        }
    }

    #[test]
    fn what_cannot_be_patched_gets_advice() {
        for app in [pod("redis"), stateful_set("redis"), deployment("redis").helm()] {
            let found = cluster()
                .app(app.claim("data", "redis-data").unschedulable(""))
                .claim("redis-standard-pvc", "Bound", "standard")
                .only(CODE.0);
            assert_eq!(found.remedy.proposals, []);
            assert!(found.remedy.advice[0].text.contains("redis-standard-pvc"), "{:?}", found.remedy);
        }
    }

    #[test]
    fn several_related_claims_are_a_question() {
        let found = cluster()
            .app(deployment("redis").claim("data", "redis-data").unschedulable(""))
            .claim("redis-standard-pvc", "Bound", "standard")
            .claim("redis-old", "Bound", "standard")
            .only(CODE.0);
        assert_eq!((found.remedy.proposals.len(), found.remedy.advice.len(), found.expected), (0, 2, None));
    }

    #[test]
    fn two_missing_names_that_could_mean_one_claim_are_questions() {
        let world = cluster()
            .app(deployment("redis-a").claim("data", "redis-a-data").unschedulable(""))
            .app(deployment("redis-b").claim("data", "redis-b-data").unschedulable(""))
            .claim("redis-pvc", "Bound", "standard");
        let found = world.found(CODE.0);
        assert_eq!(found.iter().map(|f| f.remedy.proposals.len()).collect::<Vec<_>>(), [0, 0]);
    }

    #[test]
    fn every_workload_that_shares_the_wrong_name_is_pointed_to_the_right_one() {
        let found = cluster()
            .app(deployment("redis").claim("data", "redis-data").unschedulable(""))
            .app(deployment("redis-exporter").claim("d", "redis-data").unschedulable(""))
            .claim("redis-pvc", "Bound", "standard")
            .only(CODE.0);
        assert_eq!(changes(&found).len(), 2);
    }

    #[test]
    fn claim_of_a_related_name_that_is_in_use_is_silent() {
        let world = cluster()
            .app(deployment("redis").claim("data", "redis-data").unschedulable(""))
            .app(deployment("other").claim("data", "redis-standard-pvc"))
            .claim("redis-standard-pvc", "Bound", "standard");
        assert_eq!(world.found(CODE.0), []);
        assert_eq!(world.only("pvc-missing").remedy.proposals.len(), 1);
    }

    #[test]
    fn running_pods_are_silent() {
        cluster().app(deployment("redis").claim("data", "redis-data")).claim("redis-standard-pvc", "Bound", "standard").is_silent();
    }

    #[test]
    fn claim_that_cannot_bind_is_not_pointed_to() {
        let world = cluster().app(deployment("redis").claim("data", "redis-data").unschedulable("")).claim("redis-pvc", "Pending", "gone");
        assert_eq!(world.found(CODE.0)[0].remedy.proposals, []);
    }

    #[test]
    fn paused_and_on_delete_workloads_get_advice() {
        let paused = deployment("redis").with(json!({"paused": true}));
        let by_hand = daemon_set("redis").with(json!({"updateStrategy": {"type": "OnDelete"}}));
        for app in [paused, by_hand] {
            let found =
                cluster().app(app.claim("data", "redis-data").unschedulable("")).claim("redis-pvc", "Bound", "standard").only(CODE.0);
            assert_eq!((found.remedy.proposals.len(), found.remedy.advice.len()), (0, 1));
        }
    }

    #[test]
    fn upper_case_name_is_corrected() {
        let found = cluster()
            .app(deployment("redis").claim("data", "Redis-Data").unschedulable(""))
            .claim("redis-data", "Bound", "standard")
            .only(CODE.0);
        assert_eq!(found.expected.as_deref(), Some("redis-data"));
    }

    #[test]
    fn claim_that_only_the_older_pods_of_the_same_workload_use_was_meant() {
        let old = r#"{apiVersion: v1, kind: Pod, metadata: {name: redis-old, ownerReferences: [{apiVersion: apps/v1, kind: Deployment, name: redis, uid: u, controller: true}]}, spec: {nodeName: node-1, containers: [{name: app, image: 'a:1'}], volumes: [{name: data, persistentVolumeClaim: {claimName: redis-standard-pvc}}]}, status: {phase: Running, conditions: [{type: Ready, status: 'True'}]}}"#;
        let found = cluster()
            .app(deployment("redis").claim("data", "redis-data").unschedulable(""))
            .yaml(old)
            .claim("redis-standard-pvc", "Bound", "standard")
            .only(CODE.0);
        assert_eq!(found.expected.as_deref(), Some("redis-standard-pvc"));
    }
}
