//! Stories that people tell, on the embedded cluster: those that end in a plan are carried out as every case is; those that must not are
//! told with their cause and a way out, and nothing is written.

use super::cases::prove;
use crate::support::case::{Case, names_in, stories};
use crate::support::embedded::{Embedded, ask, open};
use crate::support::verdict;
use crate::support::world::picture;
use kubemend::domain::issue::Issue;
use kubemend::workflow::Problem;

async fn tell(name: &str) {
    let case = Case::read(name, &stories().join(name));
    let expect = &case.scenario.expect;
    if expect.status == "diagnosed" {
        return prove(&case).await;
    }
    let namespace = &case.scenario.namespace;
    let cluster = Embedded::of(&case, namespace).await;
    let before = picture(&cluster.objects());
    cluster.sim.forget_requests();
    let opened = open(&cluster.process(), &ask(&case, namespace)).await;
    let report = serde_json::to_value(&opened.report).unwrap();
    // `asked`: a plan is offered for the cause, and more is told beside it. `advised`: nothing is offered to be done.
    assert_eq!(opened.question.is_some(), expect.status == "asked", "{name}: {}", opened.report.summary);
    // Where a story names no cause, it says what is told.
    if expect.cause.is_some() {
        verdict::names_the_cause(&case, &report, namespace);
    }
    assert!(expect.cause.is_some() || !expect.says.is_empty(), "{name} expects nothing");
    // What an observation quotes is the cluster's own word, and not what is claimed of it.
    let mut claimed = report.clone();
    claimed.as_object_mut().unwrap().remove("observations");
    let told = format!("{}\n{claimed}", opened.report.summary);
    for text in &expect.says {
        assert!(told.contains(text), "{name} does not say `{text}`: {report:#}");
    }
    for text in &expect.unsaid {
        assert!(!told.contains(text), "{name} says `{text}`: {report:#}");
    }
    assert!(expect.status == "asked" || report["plan"].is_null(), "{name}: {report:#}");
    assert_eq!(cluster.writes(), [], "{name}");
    verdict::nothing_else_changed(&case, &before, &picture(&cluster.objects()));
}

/// An Ingress reaches only Services of its own namespace; one of the missing name in another is what was meant.
#[tokio::test(start_paused = true)]
async fn ingress_to_a_service_of_another_namespace_names_that_namespace() {
    let cluster = Embedded::new("accounts");
    let service = |name: &str| {
        format!("{{apiVersion: v1, kind: Service, metadata: {{name: {name}}}, spec: {{clusterIP: None, ports: [{{port: 80}}]}}}}")
    };
    cluster.sim.apply_yaml("billing", &service("balances")).unwrap();
    cluster.sim.apply_yaml("other", &service("unrelated")).unwrap();
    let path = |path: &str, name: &str| {
        format!("{{path: {path}, pathType: Prefix, backend: {{service: {{name: {name}, port: {{number: 80}}}}}}}}")
    };
    cluster.apply(&format!(
        "{{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {{name: api}}, spec: {{rules: [{{http: {{paths: [{}, {}]}}}}]}}}}",
        path("/accounts", "accounts"),
        path("/balances", "balances")
    ));
    cluster.apply(&service("accounts"));
    cluster.sim.forget_requests();
    let problem = Problem { issue: Some(Issue::parse("the path /balances of accounts gives 503").unwrap()), ..Problem::default() };
    let opened = open(&cluster.process(), &problem).await;
    let told = serde_json::to_string(&opened.report).unwrap();
    assert!(told.contains("leads to Service `balances`") && told.contains("one of that name is in namespace `billing`"), "{told}");
    assert!(opened.question.is_none() && cluster.writes().is_empty());
    let sought =
        cluster.sim.requests().iter().filter(|r| r.query.contains("metadata.name%3D") || r.query.contains("metadata.name=")).count();
    // None where the words had all namespaces read already.
    assert!(sought <= 1, "only the missing name is sought: {sought}");
}

macro_rules! stories {
    ($($claim:ident: $name:literal,)*) => {
        $(#[tokio::test(start_paused = true)]
        async fn $claim() {
            tell($name).await;
        })*

        #[test]
        fn every_story_is_a_test() {
            let mut listed = vec![$($name.to_owned()),*];
            listed.sort();
            assert_eq!(listed, names_in(&stories()));
        }
    };
}

stories! {
    renamed_key_is_exchanged_in_both_services: "labels-renamed-under-two-services",
    two_renamed_keys_are_exchanged_together: "two-old-keys",
    service_is_narrowed_to_the_one_of_three_that_serves: "every-other-request-fails",
    other_color_is_advice_only: "new-color-is-not-the-old-one",
    wrong_tag_is_corrected_in_both_containers: "wrong-tag-in-two-containers",
    generated_name_is_taken_in_both_containers: "settings-without-their-hash",
    name_of_a_volumes_config_map_is_corrected: "settings-of-a-volume",
    missing_key_gets_no_invented_value: "key-that-nobody-has",
    empty_class_is_replaced_by_the_default: "class-that-is-empty",
    class_of_volumes_made_by_hand_is_not_replaced: "class-of-volumes-made-by-hand",
    claim_for_something_else_is_not_mounted: "claim-of-something-else",
    zone_without_nodes_is_not_left_for_another: "zone-that-has-no-nodes",
    slip_in_an_affinity_is_corrected: "affinity-with-a-slip",
    what_is_asked_about_comes_first: "asked-about-the-second",
    renamed_key_of_a_headless_service_is_exchanged_too: "old-key-in-a-headless-service",
    claim_that_waits_for_its_first_pod_is_told_as_that: "claim-that-nobody-mounts",
    role_that_no_pod_has_is_not_taken_out_of_a_selector: "failover-without-a-leader",
    what_was_asked_about_is_told_beside_a_cause: "killed-before-it-is-up",
}
