//! The registry has no image of the name that a container asks for.
//! The fix is an image that is known to exist: the one that ran before in this object, else a near one that runs next to it.
//! A tag is never invented.

use super::super::draft::Draft;
use super::super::quote::{self, Said};
use super::super::rule::{Read, Rule};
use super::changed;
use super::correcting::{SHOWN, remedy};
use super::known::{Earlier, Images, Instead, Running, image_in, said, says_not_found};
use super::refuted::{self, Told};
use crate::domain::cause::Code;
use crate::domain::confidence::Confidence;
use crate::domain::excerpt::Excerpt;
use crate::domain::field::FieldPath;
use crate::domain::finding::Finding;
use crate::domain::kind::Kind;
use crate::facts::stuck::Stuck;
use crate::facts::{Facts, pods};
use k8s_openapi::api::core::v1::{Container, Pod};

/// The cause.
pub(crate) const RULE: Rule = Rule {
    code: Code("img-tag-not-found"),
    says: "the registry does not have the image or tag (ImagePullBackOff)",
    reads: &[Read::WORKLOADS, Read::EVENTS],
    find,
};
/// The registry itself says that it has no such image, and an image is there that ran in this very object.
const RAN: Confidence = Confidence::percent(95);
/// The same, but the image to use instead only runs next to it, or came before without a trace of how it ran, or only Pods show with
/// which template it ran: whether it was meant, or fits, is the doubt.
const NEAR: Confidence = Confidence::percent(85);
/// The registry's word is a fact; what was meant is open.
const OPEN: Confidence = Confidence::percent(90);
/// An older revision ran, and the newer one changed more than the image: which of it is to stay, nobody but a human knows.
const CHANGED: Confidence = Confidence::percent(70);
/// Why a container waits whose image cannot be had.
const WAITS: &[&str] = &["ErrImagePull", "ImagePullBackOff"];

fn find(facts: &Facts<'_>) -> Vec<Finding> {
    let images = Images::of(facts);
    let asked = facts.stuck().flat_map(|stuck| pods::containers(stuck.spec).map(move |(list, container)| (stuck, list, container)));
    asked.filter_map(|(stuck, list, container)| finding(facts, &images, stuck, list, container)).collect()
}

fn finding(facts: &Facts<'_>, images: &Images<'_, '_>, stuck: &Stuck<'_>, list: &'static str, container: &Container) -> Option<Finding> {
    let (image, container) = (container.image.as_deref()?, container.name.as_str());
    // Pods that ask for the image that the template names now: an older one is about to go.
    let asks = |p: &&Pod| image_in(p.spec.as_ref(), list, container) == Some(image);
    let failing =
        stuck.pods.iter().copied().filter(asks).filter_map(|p| Some((p, said(facts, p, (list, container, image), WAITS, says_not_found)?)));
    let (held, words): (Vec<&Pod>, Vec<Said>) = failing.unzip();
    let first = held.first()?;
    // The API takes any text as an image, so it is shown cleaned.
    let shown = Excerpt::capture(image, SHOWN);
    if let Some(runs) = images.runs(image) {
        return refuted::finding(facts, RULE.code, stuck, Told { list, container, image, shown: &shown, held: &held, words }, runs);
    }
    let instead = images.instead(stuck, list, container, image);
    let path = stuck.spec_path.clone().then(list).element("name", container).then("image");
    let kind = &stuck.object.kind;
    let (sure, proof, hint) = match &instead {
        Instead::Ran(Earlier { image, by, ready, .. }) => {
            let place = FieldPath::dotted(list).element("name", container).then("image");
            let hint = if *ready {
                format!("`{image}` ran in this {kind} before and still does.")
            } else {
                format!("`{image}` is what this {kind} asked for before.")
            };
            (if *ready && by.kind != Kind::Pod { RAN } else { NEAR }, Some(quote::field(facts, by, place, image)), hint)
        }
        Instead::Changed(earlier) => {
            let place = FieldPath::dotted(list).element("name", container).then("image");
            (
                CHANGED,
                Some(quote::field(facts, &earlier.by, place, &earlier.image)),
                changed::in_words(&earlier.image, &earlier.by, kind, &earlier.besides),
            )
        }
        Instead::Near(Running { image, by, container, .. }) => {
            let place = FieldPath::dotted("spec.containers").element("name", container).then("image");
            let proof = quote::field(facts, by, place, &format!("{image}, Running and Ready"));
            (NEAR, Some(proof), format!("`{image}` of the same repository runs in the same namespace."))
        }
        Instead::Open(_) => (OPEN, None, "Nothing in the namespace tells which image was meant.".to_owned()),
    };
    Draft::about(facts, RULE.code, &stuck.object, sure)
        .text(
            format!("the registry has no image `{shown}`, which container `{container}` of {stuck} asks for"),
            format!(
                "Container `{container}` of {stuck} asks for `{shown}`, and the registry answers that it does not have it. The kubelet tries again and again, and the container never starts. {hint}"
            ),
        )
        .rests_on(quote::quoted(words))
        .told_if(matches!(&instead, Instead::Ran(Earlier { by_event: true, .. })))
        .saw([quote::field(facts, &stuck.object, path.clone(), image)])
        .value(Some(&path), shown.as_str(), instead.image())
        .saw(proof)
        .owned(first)
        .holds(held.iter().copied(), &format!("container `{container}` waits: its image `{shown}` is not found"))
        .fix(remedy(stuck, image, &instead))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analyze::testing::{App, changes, cluster, daemon_set, deployment, job, pod, stateful_set};
    use crate::domain::risk::Risk;
    use serde_json::json;

    const GONE: &str = r#"Back-off pulling image "example/catalog:9": ErrImagePull: rpc error: code = NotFound desc = failed to pull and unpack image "docker.io/example/catalog:9": failed to resolve reference "docker.io/example/catalog:9": docker.io/example/catalog:9: not found"#;

    fn pulling(app: App) -> App {
        app.image("example/catalog:9").waiting("ImagePullBackOff", GONE)
    }

    #[test]
    fn image_that_ran_before_in_this_deployment_is_taken_back() {
        let found = cluster()
            .app(pulling(deployment("catalog").replicas(2).before(1, "example/catalog:7", 0).before(2, "example/catalog:8", 2)))
            .only(RULE.code.0);
        assert_eq!(found.field_text().as_deref(), Some("spec.template.spec.containers[name=app].image"));
        assert_eq!((found.found.as_deref(), found.expected.as_deref()), (Some("example/catalog:9"), Some("example/catalog:8")));
        assert_eq!(changes(&found), ["patch deployment/catalog spec.template.spec.containers[name=app].image=example/catalog:8"]);
        assert_eq!(found.remedy.proposals[0].risk, Risk::Low);
    }

    #[test]
    fn image_with_which_a_pod_is_ready_is_not_taken_back() {
        let world = || cluster().app(pulling(deployment("catalog").replicas(3).before(1, "example/catalog:8", 1)));
        assert_eq!((changes(&world().only(RULE.code.0)).len(), world().only(RULE.code.0).confidence), (1, RAN));
        let sibling = world().edit("Pod", "catalog-rs2-1", older("app", "example/catalog:9", &json!({}), &json!({})));
        let other = world().app(deployment("other").image("docker.io/example/catalog:9"));
        let next_door = world().app(deployment("there").in_namespace("b-team").image("example/catalog:9"));
        for (world, who) in [(sibling, "Pod `catalog-rs2-1` is"), (other, "Pod `other-rs1-0` is"), (next_door, "of namespace `b-team` is")]
        {
            let found = world.only(RULE.code.0);
            assert_eq!((changes(&found), found.expected.clone()), (vec![], None), "{who}");
            assert!(found.confidence <= Confidence::percent(60) && found.explanation.contains(who), "{}", found.explanation);
            let commands: Vec<&str> = found.remedy.advice.iter().filter_map(|a| a.command.as_deref()).collect();
            assert!(commands.contains(&"kubectl rollout undo deployment/catalog -n a-team --to-revision=1"), "{:?}", found.remedy);
        }
        let going = json!({"metadata": {"deletionTimestamp": "2026-01-01T12:00:10Z"}});
        let ends = world().app(deployment("other").image("example/catalog:9")).edit("Pod", "other-rs1-0", going);
        assert_eq!(changes(&ends.only(RULE.code.0)).len(), 1, "a Pod that ends shows nothing");
    }

    #[test]
    fn image_alone_is_not_taken_back_where_the_revision_changed_more() {
        let probe = json!({"httpGet": {"path": "/ready", "port": 8080}});
        let spec = json!({"containers": [{"name": "app", "image": "example/catalog:9", "readinessProbe": probe}]});
        let older = json!({"spec": {"template": {"spec": {"containers": [{"name": "app", "image": "example/catalog:8",
            "readinessProbe": {"httpGet": {"path": "/healthz", "port": 8080}}}]}}}});
        let app = deployment("catalog").spec(spec).before(1, "example/catalog:8", 1).waiting("ImagePullBackOff", GONE);
        let world = cluster().app(app);
        assert_eq!(changes(&world.only(RULE.code.0)).len(), 1);
        let found = world.edit("ReplicaSet", "catalog-rs1", older).only(RULE.code.0);
        assert_eq!((found.remedy.proposals.len(), found.expected.clone(), found.confidence), (0, None, CHANGED));
        let place = "`spec.template.spec.containers[name=app].readinessProbe.httpGet.path`";
        assert!(found.explanation.contains(place) && !found.explanation.contains("fits"), "{}", found.explanation);
        let command = found.remedy.advice[0].command.as_deref();
        assert_eq!(command, Some("kubectl rollout undo deployment/catalog -n a-team --to-revision=1"));
    }

    fn older(name: &str, image: &str, spec: &serde_json::Value, meta: &serde_json::Value) -> serde_json::Value {
        let mut whole = json!({"containers": [{"name": "app", "image": image}], "nodeName": "node-1"});
        spec.as_object().unwrap().iter().for_each(|(key, value)| whole[key] = value.clone());
        let mut meta = meta.clone();
        let mut labels = json!({"controller-revision-hash": "r0", "pod-template-generation": "0"});
        meta["labels"].as_object().into_iter().flatten().for_each(|(key, value)| labels[key] = value.clone());
        meta["labels"] = labels;
        json!({"metadata": meta, "spec": whole, "status": {"phase": "Running",
            "conditions": [{"type": "Ready", "status": "True"}, {"type": "PodScheduled", "status": "True"}],
            "containerStatuses": [{"name": name, "image": image, "imageID": "sha256:x", "ready": true, "restartCount": 0,
                "state": {"running": {"startedAt": "2026-01-01T11:55:05Z"}}, "lastState": {}}]}})
    }

    fn sets() -> [(&'static str, crate::analyze::testing::World); 2] {
        let ordered = stateful_set("catalog").with(json!({"podManagementPolicy": "Parallel"}));
        let of = |app: App| cluster().app(pulling(app.replicas(2)));
        [("catalog-p1", of(daemon_set("catalog"))), ("catalog-1", of(ordered))]
    }

    #[test]
    fn older_pod_of_a_set_that_differs_in_more_than_the_image_is_no_template_to_go_back_to() {
        let app = |more: serde_json::Value| {
            let mut container = json!({"name": "app", "image": "example/catalog:8"});
            more.as_object().unwrap().iter().for_each(|(key, value)| container[key] = value.clone());
            container
        };
        for (spec, meta) in [
            (json!({}), json!({"annotations": {"example.com/mode": "safe", "checksum/config": "abc"}})),
            (json!({}), json!({"labels": {"track": "stable"}})),
            (
                json!({"affinity": {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [{"topologyKey": "zone"}]}}}),
                json!({}),
            ),
            (json!({"containers": [app(json!({})), {"name": "migrate", "image": "example/migrate:3"}]}), json!({})),
            (json!({"initContainers": [{"name": "migrate", "image": "example/migrate:3"}]}), json!({})),
            (json!({"volumes": [{"name": "conf", "configMap": {"name": "v1"}}]}), json!({})),
            (json!({"nodeSelector": {"disktype": "ssd"}}), json!({})),
            (json!({"serviceAccountName": "catalog-v1"}), json!({})),
            (json!({"securityContext": {"runAsUser": 1000}}), json!({})),
            (json!({"tolerations": [{"key": "team", "operator": "Exists"}]}), json!({})),
            (json!({"priorityClassName": "high"}), json!({})),
            (json!({"containers": [app(json!({"resources": {"limits": {"memory": "1Gi"}}}))]}), json!({})),
            (json!({"containers": [app(json!({"securityContext": {"privileged": true}}))]}), json!({})),
        ] {
            for (pod, world) in sets() {
                let found = world.edit("Pod", pod, older("app", "example/catalog:8", &spec, &meta)).only(RULE.code.0);
                assert_eq!((changes(&found), found.confidence), (vec![], CHANGED), "{pod} {spec} {meta}");
                assert!(found.explanation.contains("differs from its template of now"), "{}", found.explanation);
            }
        }
    }

    #[test]
    fn what_the_cluster_adds_to_every_pod_is_no_other_template() {
        let token =
            json!([{"name": "kube-api-access-x2x4z", "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount", "readOnly": true}]);
        let app = json!({"name": "app", "image": "example/catalog:8", "volumeMounts": token});
        let by_name = json!([{"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["node-1"]}]}]);
        let sent = json!({"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": by_name}}});
        let added = json!({"containers": [app], "serviceAccountName": "default", "serviceAccount": "default", "priority": 0,
            "preemptionPolicy": "PreemptLowerPriority", "enableServiceLinks": true,
            "volumes": [{"name": "kube-api-access-x2x4z", "projected": {}}],
            "tolerations": [{"key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoExecute"}]});
        let meta = json!({"labels": {"controller-revision-hash": "5d4f"}, "annotations": {"cni.projectcalico.org/podIP": "10.0.0.1"}});
        for (pod, world) in sets() {
            let mut spec = added.clone();
            if pod == "catalog-p1" {
                spec["affinity"] = sent.clone();
            }
            let found = world.edit("Pod", pod, older("app", "example/catalog:8", &spec, &meta)).only(RULE.code.0);
            assert_eq!((changes(&found).len(), found.remedy.proposals[0].risk, found.confidence), (1, Risk::Medium, NEAR), "{pod}");
            assert!(found.remedy.proposals[0].why.contains("as far as its Pods show"), "{}", found.remedy.proposals[0].why);
        }
    }

    /// Somebody set another image in the Pod itself.
    #[test]
    fn pod_of_the_newest_template_that_runs_another_image_is_no_older_one() {
        let newest = json!({"labels": {"controller-revision-hash": "r1", "pod-template-generation": "1"}});
        for (pod, world) in sets() {
            let of = |meta: &serde_json::Value| {
                world.clone().edit("Pod", pod, older("app", "example/catalog:8", &json!({}), meta)).only(RULE.code.0)
            };
            assert_eq!(changes(&of(&json!({}))).len(), 1, "{pod}");
            assert_eq!(changes(&of(&newest)), Vec::<String>::new(), "{pod}");
        }
    }

    #[test]
    fn older_pods_of_different_images_are_a_question() {
        let world = cluster().app(pulling(daemon_set("catalog").replicas(3)));
        let of = |image: &str| older("app", image, &json!({}), &json!({}));
        let world = world.edit("Pod", "catalog-p1", of("example/catalog:7")).edit("Pod", "catalog-p2", of("example/catalog:8"));
        assert_eq!(world.only(RULE.code.0).remedy.proposals, []);
    }

    #[test]
    fn what_tools_write_with_every_release_is_no_other_template() {
        let meta = json!({"spec": {"template": {"metadata": {"annotations": {"kubectl.kubernetes.io/restartedAt": "now"}}}}});
        let app = pulling(deployment("catalog").before(1, "example/catalog:8", 1));
        let world = cluster().app(app).edit("ReplicaSet", "catalog-rs1", meta);
        assert_eq!(changes(&world.only(RULE.code.0)).len(), 1);
        let by_hand = json!({"spec": {"template": {"metadata": {"annotations": {"example.com/mode": "safe"}}}}});
        assert_eq!(changes(&world.edit("ReplicaSet", "catalog-rs1", by_hand).only(RULE.code.0)), Vec::<String>::new());
    }

    #[test]
    fn an_earlier_image_that_nobody_runs_is_taken_only_if_it_is_the_only_one() {
        let one = cluster().app(pulling(deployment("catalog").before(1, "example/catalog:8", 0))).only(RULE.code.0);
        assert_eq!((one.remedy.proposals[0].risk, one.expected.as_deref()), (Risk::Medium, Some("example/catalog:8")));
        let two = cluster()
            .app(pulling(deployment("catalog").before(1, "example/catalog:7", 0).before(2, "example/catalog:8", 0)))
            .only(RULE.code.0);
        assert_eq!((two.remedy.proposals.len(), two.expected), (0, None));
    }

    #[test]
    fn near_image_that_runs_next_to_it_is_named() {
        let app = deployment("newsletter")
            .image("registry.example.com/mail/mailer:2.4")
            .waiting("ErrImagePull", "rpc error: code = NotFound desc = failed to resolve reference: not found");
        let world = cluster().app(app).app(deployment("other").image("registry.example.com/mail/mailer:2.4.0"));
        let found = world.only(RULE.code.0);
        assert_eq!(
            (found.expected.as_deref(), found.remedy.proposals[0].risk),
            (Some("registry.example.com/mail/mailer:2.4.0"), Risk::Medium)
        );
        let two = world.app(deployment("third").image("registry.example.com/mail/mailer:2.4.1")).only(RULE.code.0);
        assert_eq!(two.remedy.proposals, []);
        assert!(two.remedy.advice[0].text.contains("mailer:2.4.1"), "{:?}", two.remedy);
    }

    #[test]
    fn version_that_runs_elsewhere_is_no_slip_of_the_missing_one() {
        let app = |tag: &str| {
            deployment("catalog")
                .image(&format!("example/catalog:{tag}"))
                .waiting("ErrImagePull", "rpc error: code = NotFound desc = failed to resolve reference: not found")
        };
        for (wrong, there, plans) in [("2.4.2", "2.4.1", 0), ("2.4.1", "2.4.2", 0), ("1.72", "1.27", 0), ("1.O", "1.0", 1)] {
            let other = deployment("other").image(&format!("example/catalog:{there}"));
            let found = cluster().app(app(wrong)).app(other).only(RULE.code.0);
            assert_eq!(found.remedy.proposals.len(), plans, "{wrong} {there}");
            let names_it = found.remedy.advice.iter().any(|a| a.text.contains(there));
            assert!(plans == 1 || names_it, "{:?}", found.remedy);
        }
    }

    #[test]
    fn no_tag_is_made_up() {
        for app in [deployment("catalog"), stateful_set("catalog"), daemon_set("catalog"), pod("catalog"), job("catalog")] {
            let found = cluster().app(pulling(app)).app(deployment("other").image("example/catalog:1")).only(RULE.code.0);
            assert_eq!((found.remedy.proposals.len(), found.remedy.advice.len(), found.expected.as_deref()), (0, 1, None));
        }
    }

    #[test]
    fn init_and_second_containers_are_told_apart() {
        let spec = json!({"initContainers": [{"name": "prepare", "image": "example/tool:1"}],
            "containers": [{"name": "app", "image": "example/app:1"}, {"name": "proxy", "image": "example/proxy:9"}]});
        let second = deployment("web").spec(spec.clone()).container_waiting(
            "proxy",
            "ErrImagePull",
            "rpc error: code = NotFound desc = failed to resolve reference: not found",
        );
        assert_eq!(
            cluster().app(second).only(RULE.code.0).field_text().as_deref(),
            Some("spec.template.spec.containers[name=proxy].image")
        );
        let init = deployment("web").spec(spec).container_waiting(
            "prepare",
            "ErrImagePull",
            "rpc error: code = NotFound desc = failed to resolve reference: not found",
        );
        assert_eq!(
            cluster().app(init).only(RULE.code.0).field_text().as_deref(),
            Some("spec.template.spec.initContainers[name=prepare].image")
        );
    }

    #[test]
    fn registry_that_refuses_or_is_away_says_nothing_about_the_image() {
        for message in [
            "failed with status code [manifests 1.0.0]: 401 Unauthorized",
            r#"failed to do request: Head "http://localhost:5999/v2/app/manifests/9.9": dial tcp 127.0.0.1:5999: connect: connection refused"#,
            "pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: not found",
            "dial tcp: lookup registry.nowhere: no such host",
            r#"Back-off pulling image "example/catalog:9""#,
        ] {
            let world = cluster().app(deployment("web").waiting("ImagePullBackOff", message));
            assert_eq!(world.found(RULE.code.0), [], "{message}");
        }
    }

    #[test]
    fn not_found_that_is_said_of_something_else_is_no_missing_tag() {
        let begin = r#"rpc error: code = NotFound desc = failed to pull and unpack image "docker.io/example/catalog:9": "#;
        for rest in [
            "no match for platform in manifest: not found",
            "failed to copy: httpReadSeeker: failed open: content at https://registry/v2/x/blobs/sha256:1 not found: not found",
            "failed to prepare extraction snapshot \"extract-1\": parent snapshot sha256:1 does not exist: not found",
            "content digest sha256:1: not found",
        ] {
            let app = deployment("catalog").image("example/catalog:9").waiting("ImagePullBackOff", &format!("{begin}{rest}"));
            assert_eq!(cluster().app(app.before(1, "example/catalog:8", 1)).found(RULE.code.0), [], "{rest}");
        }
    }

    #[test]
    fn one_wrong_tag_in_two_containers_and_one_that_waits_is_one_plan() {
        let spec = json!({"initContainers": [{"name": "prepare", "image": "example/tool:1"}, {"name": "migrate", "image": "example/catalog:9"}],
            "containers": [{"name": "app", "image": "example/catalog:9"}, {"name": "groomer", "image": "example/catalog:9"}]});
        let world = cluster()
            .app(deployment("catalog").spec(spec).container_waiting("app", "ErrImagePull", GONE))
            .app(deployment("other").image("example/catalog:9.0"));
        let found = world.only(RULE.code.0);
        let at = |place: &str| format!("spec.template.spec.{place}.image=example/catalog:9.0");
        let all = ["initContainers[name=migrate]", "containers[name=app]", "containers[name=groomer]"].map(at);
        assert_eq!(changes(&found), [format!("patch deployment/catalog {}", all.join(" "))]);
    }

    #[test]
    fn replica_set_of_another_object_of_the_same_name_is_no_witness() {
        let planted = json!({"metadata": {"ownerReferences": [{"apiVersion": "apps/v1", "kind": "Deployment", "name": "catalog", "uid": "other", "controller": true}]}});
        let world = cluster().app(pulling(deployment("catalog").before(1, "example/evil:8", 1)));
        assert_eq!(world.clone().only(RULE.code.0).expected.as_deref(), Some("example/evil:8"));
        assert_eq!(world.edit("ReplicaSet", "catalog-rs1", planted).only(RULE.code.0).expected, None);
    }

    #[test]
    fn older_wording_is_in_the_event_only() {
        let world = cluster()
            .app(deployment("web").image("example/app:9").waiting("ImagePullBackOff", r#"Back-off pulling image "example/app:9""#))
            .event(
                "Pod",
                "web-rs1-0",
                "Failed",
                r#"Failed to pull image "example/app:9": manifest for example/app:9 not found: manifest unknown"#,
            );
        assert_eq!(world.only(RULE.code.0).found.as_deref(), Some("example/app:9"));
    }

    #[test]
    fn template_that_was_corrected_already_is_silent() {
        let world = cluster().app(pulling(deployment("catalog"))).edit(
            "Deployment",
            "catalog",
            json!({"spec": {"template": {"spec": {"containers": [{"name": "app", "image": "example/catalog:8"}]}}}}),
        );
        assert_eq!(world.found(RULE.code.0), []);
    }

    #[test]
    fn running_pods_with_old_events_are_silent() {
        cluster()
            .app(deployment("web").image("example/catalog:9"))
            .event("Pod", "web-rs1-0", "Failed", &format!("Failed to pull image: {GONE}"))
            .is_silent();
    }

    #[test]
    fn deployment_of_a_chart_gets_advice_with_its_patch() {
        let found = cluster().app(pulling(deployment("catalog").before(1, "example/catalog:8", 1).helm())).only(RULE.code.0);
        assert_eq!(found.remedy.proposals, []);
        assert!(found.remedy.advice[0].command.as_deref().unwrap().contains("example/catalog:8"));
    }

    #[test]
    fn earlier_image_that_the_registry_does_not_have_either_is_not_taken() {
        let world =
            cluster().app(pulling(deployment("catalog").before(1, "example/catalog:7", 0).before(2, "example/catalog:8", 0))).event(
                "Pod",
                "catalog-gone",
                "Failed",
                r#"Failed to pull image "example/catalog:8": rpc error: code = NotFound desc = failed to resolve reference: not found"#,
            );
        assert_eq!(world.only(RULE.code.0).expected.as_deref(), Some("example/catalog:7"));
    }
}
