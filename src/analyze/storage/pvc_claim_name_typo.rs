//! A Pod waits for a PersistentVolumeClaim that does not exist, beside an unused one of a related name that was meant.
//! The fix points the template to it. Creating an empty claim of the wrong name would be a loss of data in disguise.

use super::super::draft::{change, patch, propose};
use super::super::meant::Sure;
use super::super::others;
use super::super::quote::{self, listed};
use super::super::rule::Rule;
use super::missing_claim::{self, MissingClaim};
use super::pvc_missing::{DOUBTED, unread_volumes};
use super::{claims, creating};
use crate::domain::cause::Code;
use crate::domain::check::Check;
use crate::domain::finding::{Finding, Remedy};
use crate::domain::kind::Kind;
use crate::domain::object::ObjectRef;
use crate::domain::risk::Risk;
use crate::domain::snapshot::Resource;
use crate::facts::Facts;
use crate::facts::presence::Presence;
use k8s_openapi::api::core::v1::PersistentVolumeClaim;

/// The cause.
pub(crate) const RULE: Rule = Rule {
    code: Code("pvc-claim-name-typo"),
    says: "a Pod references a PersistentVolumeClaim that does not exist, and an unused one has a similar name",
    reads: missing_claim::READS,
    find,
};
/// The missing claim is a fact; that the one unused claim of a related name was meant is very likely, not certain: what kubemend does not
/// read, such as the controllers of others, may use it. Where several could be meant, that a name is wrong is likely, and which one is
/// right is open.
const SURE: Sure = Sure::percent(85, 60, 60);
/// So many of the claims that could have been meant are described.
const DESCRIBED: usize = 3;

fn find(facts: &Facts<'_>) -> Vec<Finding> {
    missing_claim::find(facts).iter().filter_map(|missing| finding(facts, missing)).collect()
}

fn finding(facts: &Facts<'_>, missing: &MissingClaim<'_>) -> Option<Finding> {
    // A volume that names the missing claim, or a Pod that runs with it, says that its name was right.
    if missing.volume().is_some() || others::running(facts, &missing.claim).is_some() {
        return None;
    }
    let seekers: Vec<&ObjectRef> = missing.users.iter().map(|user| &user.object).collect();
    let holder = others::naming(facts, &missing.claim, &seekers);
    let (first, names, right) = (missing.users.first()?, missing.meant.names(), missing.meant.name());
    let (wrong, who) = (&missing.claim.name, missing.who());
    let hint = match (right, names.as_slice()) {
        (Some(right), _) => format!("the unused PersistentVolumeClaim `{right}` is probably meant"),
        (None, []) => return None,
        (None, [one]) => format!("`{one}` may be meant"),
        (None, several) => format!("one of {} may be meant", listed(several)),
    };
    let is_free = |claim: &PersistentVolumeClaim| missing.unused.iter().any(|free| free.reference() == claim.reference());
    let told = |claim: &PersistentVolumeClaim| if is_free(claim) { claims::description(facts, claim) } else { claims::state(claim) };
    let describe = |claim: &&PersistentVolumeClaim| quote::object(facts, &claim.reference(), &told(claim));
    let (all, unread) = (missing.meant.all(), missing.kept == Presence::Unread);
    let doubted = unread || missing.elsewhere == Presence::Unread;
    let next_door = match missing.elsewhere {
        Presence::There(there) => creating::next_door(there),
        Presence::Unread => " Whether another namespace has a claim of the missing name is not known.".to_owned(),
        Presence::Absent => String::new(),
    };
    let told = holder.as_ref().map(|holder| holder.says.clone()).unwrap_or_default();
    let use_of = if all.iter().all(|claim| is_free(claim)) {
        format!("of a related name and {}", claims::unused_in_words(facts))
    } else {
        "of a related name".to_owned()
    };
    // One that never had a volume holds nothing that could be hidden.
    let kept = if all.iter().any(|claim| !claims::is_unbound(claim)) {
        " A new claim of the wrong name would start empty and hide the data."
    } else {
        " It never had a volume, so it holds no data."
    };
    missing
        .draft(facts, RULE.code, &first.object, if doubted { SURE.of(&missing.meant).least(DOUBTED) } else { SURE.of(&missing.meant) })
        .saw(missing.meant.all().iter().take(DESCRIBED).map(describe))
        .saw(missing.elsewhere.there().map(|claim| quote::object(facts, &claim.reference(), &claims::state(claim))))
        .saw(holder.map(|holder| holder.seen))
        .text(
            format!("{who} references the PersistentVolumeClaim `{wrong}`, which does not exist; {hint}"),
            format!(
                "The PersistentVolumeClaim `{wrong}` does not exist in namespace `{}`, so the scheduler does not place {}. The same namespace has {}, {use_of}.{kept}{told}{next_door}{}",
                missing.namespace,
                match first.object.kind {
                    Kind::Pod => who.clone(),
                    _ => format!("the Pods of {who}"),
                },
                listed(&names),
                if unread { unread_volumes(facts) } else { String::new() },
            ),
        )
        .value(missing.fields(first).first(), wrong, right)
        .fix(right.map_or_else(|| creating::either(missing, &names), |right| repoint(missing, right)))
}

/// Every template that names the missing claim is pointed to the one that was meant.
fn repoint(missing: &MissingClaim<'_>, right: &str) -> Remedy {
    let why = format!("the PersistentVolumeClaim `{}` does not exist; `{right}` is the unused one of the nearest name", missing.claim.name);
    let actions = missing.users.iter().filter_map(|user| {
        let ops = missing.fields(user).into_iter().map(|path| change(path, &missing.claim.name, right)).collect();
        patch(&user.object, ops)
    });
    let bound = Check::ClaimBound(ObjectRef { name: right.to_owned(), ..missing.claim.clone() });
    propose(actions, &why, Risk::Low, std::iter::once(bound).chain(missing.checks()))
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
                .only(RULE.code.0);
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
    fn claim_of_the_very_name_in_another_namespace_makes_it_a_question() {
        let world = || {
            let app = deployment("redis").claim("data", "redis-data").unschedulable("");
            cluster().app(app).claim("redis-standard-pvc", "Bound", "standard")
        };
        let there = "{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: redis-data, namespace: b-team}, spec: {storageClassName: standard, resources: {requests: {storage: 20Gi}}}, status: {phase: Bound}}";
        assert_eq!(changes(&world().only(RULE.code.0)).len(), 1);
        let found = world().yaml(there).only(RULE.code.0);
        assert_eq!((changes(&found), found.expected.clone()), (vec![], None));
        assert!(
            found.confidence < DOUBTED && found.explanation.contains("namespace `b-team` has a PersistentVolumeClaim `redis-data`"),
            "{found:?}"
        );
        let unread = world().alone().only(RULE.code.0);
        assert_eq!((changes(&unread).len(), unread.confidence), (1, DOUBTED));
        assert!(unread.explanation.contains("another namespace") && unread.explanation.contains("is not known"), "{}", unread.explanation);
    }

    #[test]
    fn name_that_another_workload_asks_for_is_no_slip() {
        let app = || deployment("redis").claim("data", "redis-data").unschedulable("");
        let world = || cluster().app(app()).claim("redis-standard-pvc", "Bound", "standard");
        let off = world().app(deployment("backup").replicas(0).claim("data", "redis-data")).only(RULE.code.0);
        assert_eq!((changes(&off), off.expected.clone()), (vec![], None));
        assert!(
            off.explanation.contains("But Deployment `backup` asks for the PersistentVolumeClaim `redis-data` too"),
            "{}",
            off.explanation
        );
        let runs = world().app(deployment("backup").claim("data", "redis-data")).only("pvc-missing");
        assert_eq!(changes(&runs), Vec::<String>::new());
    }

    #[test]
    fn what_cannot_be_patched_gets_advice() {
        for app in [pod("redis"), stateful_set("redis"), deployment("redis").helm()] {
            let found = cluster()
                .app(app.claim("data", "redis-data").unschedulable(""))
                .claim("redis-standard-pvc", "Bound", "standard")
                .only(RULE.code.0);
            assert_eq!(found.remedy.proposals, []);
            assert!(found.remedy.advice[0].text.contains("redis-standard-pvc"), "{:?}", found.remedy);
        }
    }

    #[test]
    fn volume_of_the_missing_claim_says_that_its_name_was_right() {
        let world = cluster().app(deployment("redis").claim("data", "redis-data").unschedulable("")).claim(
            "redis-standard-pvc",
            "Pending",
            "standard",
        );
        let doubted = world.clone().hiding(Kind::PersistentVolume).only(RULE.code.0);
        assert_eq!((doubted.confidence, changes(&doubted).len()), (DOUBTED, 1));
        let found = world.volume_for("redis-data", "old", "Released", "Retain").only("pvc-missing");
        assert_eq!(found.remedy.proposals, []);
        assert!(found.remedy.advice.iter().any(|a| a.text.contains("`redis-standard-pvc` was meant")), "{:?}", found.remedy);
    }

    #[test]
    fn claim_that_a_cron_job_mounts_is_not_pointed_to() {
        let cron = r#"{apiVersion: batch/v1, kind: CronJob, metadata: {name: cleanup}, spec: {schedule: "0 3 * * *", jobTemplate: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: c, image: 'a:1'}], volumes: [{name: u, persistentVolumeClaim: {claimName: uploads}}]}}}}}}"#;
        let world = cluster().app(deployment("web").claim("data", "web-uploads").unschedulable("")).claim("uploads", "Bound", "standard");
        assert_eq!(changes(&world.only(RULE.code.0)).len(), 1);
        let used = world.clone().yaml(cron);
        assert!(used.found(RULE.code.0).iter().all(|found| found.remedy.proposals.is_empty()));
        let unread = world.hiding(Kind::CronJob).only(RULE.code.0);
        assert_eq!((unread.remedy.proposals.len(), unread.explanation.contains("cronjobs could not be read")), (0, true), "{unread:?}");
    }

    #[test]
    fn claim_that_a_replica_set_of_nobody_mounts_is_not_pointed_to() {
        let set = r#"{apiVersion: apps/v1, kind: ReplicaSet, metadata: {name: old-web}, spec: {replicas: 0, selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}, spec: {containers: [{name: c, image: 'a:1'}], volumes: [{name: u, persistentVolumeClaim: {claimName: uploads}}]}}}}"#;
        let world = cluster().app(deployment("web").claim("data", "web-uploads").unschedulable("")).claim("uploads", "Bound", "standard");
        assert!(world.yaml(set).found(RULE.code.0).iter().all(|found| found.remedy.proposals.is_empty()));
    }

    #[test]
    fn claim_of_another_release_is_not_pointed_to() {
        let of = |instance: &str| json!({"app.kubernetes.io/instance": instance, "app.kubernetes.io/name": "web"});
        let web = || deployment("shop-web").labels(of("shop")).claim("data", "shop-uploads").unschedulable("");
        let world = || cluster().app(web()).claim("uploads", "Bound", "standard");
        let labeled = |labels| world().edit("PersistentVolumeClaim", "uploads", json!({"metadata": {"labels": labels}}));
        assert_eq!(changes(&labeled(of("shop")).only(RULE.code.0)).len(), 1);
        let helm =
            world().edit("PersistentVolumeClaim", "uploads", json!({"metadata": {"annotations": {"meta.helm.sh/release-name": "blog"}}}));
        for other in [labeled(of("blog")), helm] {
            let found = other.only(RULE.code.0);
            assert_eq!((found.remedy.proposals.len(), found.expected.clone()), (0, None), "{found:?}");
            assert!(found.title.ends_with("`uploads` may be meant"), "{}", found.title);
        }
    }

    #[test]
    fn pod_of_nobody_is_to_be_made_anew() {
        let found = cluster()
            .app(pod("ana").claim("home", "claim-ana").unschedulable(""))
            .claim("claim-ana-2", "Bound", "standard")
            .only(RULE.code.0);
        let [point, create] = found.remedy.advice.as_slice() else { panic!("{:?}", found.remedy) };
        assert_eq!(
            point.text,
            "create Pod `ana` again, pointed to the PersistentVolumeClaim `claim-ana-2`, if that is the one that was meant"
        );
        assert!(point.why != create.why && found.explanation.contains("does not place Pod `ana`"), "{}", found.explanation);
    }

    #[test]
    fn several_related_claims_are_a_question() {
        let found = cluster()
            .app(deployment("redis").claim("data", "redis-data").unschedulable(""))
            .claim("redis-standard-pvc", "Bound", "standard")
            .claim("redis-pvc", "Bound", "standard")
            .only(RULE.code.0);
        assert_eq!((found.remedy.proposals.len(), found.remedy.advice.len(), found.expected), (0, 2, None));
    }

    #[test]
    fn claim_that_is_ruled_out_but_as_close_makes_it_a_question() {
        for (wanted, claims) in [
            ("userz", [("user", "Bound"), ("users", "Bound")]),
            ("reports-data", [("report-data", "Pending"), ("reports-data-old", "Bound")]),
            ("orders-dat", [("order-dat", "Pending"), ("orders-data", "Bound")]),
        ] {
            let world = cluster().app(deployment("app").claim("data", wanted).unschedulable(""));
            let found = claims.iter().fold(world, |world, (name, phase)| world.claim(name, phase, "standard")).only(RULE.code.0);
            assert_eq!((found.remedy.proposals.len(), found.expected.clone()), (0, None), "{wanted}");
            for (name, _) in claims {
                assert!(found.remedy.advice[0].text.contains(&format!("`{name}`")), "{:?}", found.remedy);
            }
        }
    }

    #[test]
    fn claim_in_use_that_is_as_close_makes_it_a_question() {
        let found = cluster()
            .app(deployment("app").claim("data", "userz").unschedulable(""))
            .app(deployment("other").claim("data", "users"))
            .claim("user", "Pending", "standard")
            .claim("users", "Bound", "standard")
            .only(RULE.code.0);
        assert_eq!((found.remedy.proposals.len(), found.expected.clone()), (0, None));
        assert!(!found.explanation.contains("used by nothing"), "{}", found.explanation);
    }

    #[test]
    fn claim_that_never_had_a_volume_is_no_argument_about_data() {
        let explanation = |phase| {
            let world = cluster().app(deployment("redis").claim("data", "redis-data").unschedulable(""));
            world.claim("redis-pvc", phase, "standard").only(RULE.code.0).explanation
        };
        assert!(explanation("Bound").contains("hide the data"));
        assert!(!explanation("Pending").contains("hide the data") && explanation("Pending").contains("never had a volume"));
    }

    #[test]
    fn two_missing_names_that_could_mean_one_claim_are_questions() {
        let world = cluster()
            .app(deployment("redis-a").claim("data", "redis-a-data").unschedulable(""))
            .app(deployment("redis-b").claim("data", "redis-b-data").unschedulable(""))
            .claim("redis-pvc", "Bound", "standard");
        let found = world.found(RULE.code.0);
        assert_eq!(found.iter().map(|f| f.remedy.proposals.len()).collect::<Vec<_>>(), [0, 0]);
    }

    #[test]
    fn every_workload_of_a_release_that_shares_the_wrong_name_is_pointed_to_the_right_one() {
        let of = |name: &str| deployment(name).labels(json!({"app.kubernetes.io/instance": "cache", "app.kubernetes.io/name": name}));
        let found = cluster()
            .app(of("redis").claim("data", "redis-data").unschedulable(""))
            .app(of("redis-exporter").claim("d", "redis-data").unschedulable(""))
            .claim("redis-pvc", "Bound", "standard")
            .only(RULE.code.0);
        assert_eq!(changes(&found).len(), 2);
    }

    #[test]
    fn claim_of_a_related_name_that_is_in_use_is_silent() {
        let world = cluster()
            .app(deployment("redis").claim("data", "redis-data").unschedulable(""))
            .app(deployment("other").claim("data", "redis-standard-pvc"))
            .claim("redis-standard-pvc", "Bound", "standard");
        assert_eq!(world.found(RULE.code.0), []);
        assert_eq!(world.only("pvc-missing").remedy.proposals.len(), 1);
    }

    #[test]
    fn running_pods_are_silent() {
        cluster().app(deployment("redis").claim("data", "redis-data")).claim("redis-standard-pvc", "Bound", "standard").is_silent();
    }

    #[test]
    fn claim_that_cannot_bind_is_not_pointed_to() {
        let world = cluster().app(deployment("redis").claim("data", "redis-data").unschedulable("")).claim("redis-pvc", "Pending", "gone");
        assert_eq!(world.found(RULE.code.0)[0].remedy.proposals, []);
    }

    #[test]
    fn paused_and_on_delete_workloads_get_advice() {
        let paused = deployment("redis").with(json!({"paused": true}));
        let by_hand = daemon_set("redis").with(json!({"updateStrategy": {"type": "OnDelete"}}));
        for app in [paused, by_hand] {
            let found =
                cluster().app(app.claim("data", "redis-data").unschedulable("")).claim("redis-pvc", "Bound", "standard").only(RULE.code.0);
            assert_eq!((found.remedy.proposals.len(), found.remedy.advice.len()), (0, 1));
        }
    }

    #[test]
    fn upper_case_name_is_corrected() {
        let found = cluster()
            .app(deployment("redis").claim("data", "Redis-Data").unschedulable(""))
            .claim("redis-data", "Bound", "standard")
            .only(RULE.code.0);
        assert_eq!(found.expected.as_deref(), Some("redis-data"));
    }

    #[test]
    fn claim_that_only_the_older_pods_of_the_same_workload_use_was_meant() {
        let old = r#"{apiVersion: v1, kind: Pod, metadata: {name: redis-old, ownerReferences: [{apiVersion: apps/v1, kind: Deployment, name: redis, uid: u, controller: true}]}, spec: {nodeName: node-1, containers: [{name: app, image: 'a:1'}], volumes: [{name: data, persistentVolumeClaim: {claimName: redis-standard-pvc}}]}, status: {phase: Running, conditions: [{type: Ready, status: 'True'}]}}"#;
        let found = cluster()
            .app(deployment("redis").claim("data", "redis-data").unschedulable(""))
            .yaml(old)
            .claim("redis-standard-pvc", "Bound", "standard")
            .only(RULE.code.0);
        assert_eq!(found.expected.as_deref(), Some("redis-standard-pvc"));
    }

    #[test]
    fn claim_of_a_replica_set_that_no_deployment_starts_again_is_in_use() {
        let waiting = || {
            cluster().app(deployment("redis").claim("data", "redis-data").unschedulable("")).claim(
                "redis-standard-pvc",
                "Bound",
                "standard",
            )
        };
        let set = |owner: serde_json::Value| {
            let spec = json!({"containers": [{"name": "a", "image": "a:1"}],
                "volumes": [{"name": "d", "persistentVolumeClaim": {"claimName": "redis-standard-pvc"}}]});
            json!({"apiVersion": "apps/v1", "kind": "ReplicaSet",
                "metadata": {"name": "cache-1", "namespace": "a-team", "uid": "rs1", "ownerReferences": owner},
                "spec": {"replicas": 0, "selector": {"matchLabels": {"app": "cache"}},
                    "template": {"metadata": {"labels": {"app": "cache"}}, "spec": spec}}, "status": {"replicas": 0}})
        };
        let owned =
            |version: &str, kind: &str| json!([{"apiVersion": version, "kind": kind, "name": "cache", "uid": "r", "controller": true}]);
        assert_eq!(waiting().only(RULE.code.0).remedy.proposals.len(), 1);
        let past = waiting().app(deployment("cache")).object(set(owned("apps/v1", "Deployment")));
        assert_eq!(past.only(RULE.code.0).remedy.proposals.len(), 1, "the past of a Deployment");
        for owner in [json!([]), owned("argoproj.io/v1alpha1", "Rollout"), owned("apps/v1", "Deployment")] {
            let causes = waiting().object(set(owner.clone())).diagnosis().causes;
            assert!(
                causes.iter().all(|c| c.remedy.proposals.iter().all(|p| p.action.target().kind != Kind::Deployment)),
                "{owner}: {causes:?}"
            );
        }
    }

    #[test]
    fn nobody_is_said_to_use_a_claim_only_as_far_as_is_read() {
        let found = cluster()
            .app(deployment("redis").claim("data", "redis-data").unschedulable(""))
            .claim("redis-standard-pvc", "Bound", "standard")
            .only(RULE.code.0);
        assert!(found.explanation.contains("used by nothing that kubemend reads"), "{}", found.explanation);
        assert!(found.confidence < crate::domain::confidence::Confidence::percent(90), "{:?}", found.confidence);
    }
}
