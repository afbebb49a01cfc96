//! Every case from the user's words to a proven fix on the embedded cluster, through the library.

use crate::support::audit::Wrote;
use crate::support::case::{Case, names};
use crate::support::embedded::{Embedded, ask, asked, open, yes};
use crate::support::verdict;
use crate::support::world::picture;
use serde_json::{Value, json};

/// The whole way of one case.
pub(super) async fn prove(case: &Case) {
    let namespace = &case.scenario.namespace;
    let cluster = Embedded::of(case, namespace).await;
    let before = picture(&cluster.objects());
    cluster.sim.forget_requests();
    let process = cluster.process();

    if case.scenario.expect.status == "healthy" {
        let opened = open(&process, &ask(case, namespace)).await;
        assert!(opened.question.is_none());
        let report = serde_json::to_value(&opened.report).unwrap();
        assert_eq!(report["status"], "healthy", "{}", opened.report.summary);
        verdict::names_the_cause(case, &report, namespace);
        assert_eq!(cluster.writes(), []);
        assert_eq!(picture(&cluster.objects()), before);
        return;
    }

    let (waiting, question) = asked(&process, &ask(case, namespace)).await;
    assert_eq!(cluster.writes(), [], "written before anybody said yes");
    // Two of them ask which cluster it is, once for each identity.
    assert!(waiting.usage.api_calls <= 22, "the way to the plan took {} calls", waiting.usage.api_calls);
    let report = serde_json::to_value(yes(&process, &question).await.unwrap()).unwrap();
    assert_eq!(report["plan"]["steps"], json!(waiting.plan.unwrap().steps), "carried out is not what was shown");
    verdict::names_the_cause(case, &report, namespace);
    verdict::plans_the_writes(case, &report);
    assert_eq!(report["status"], "resolved", "{}\n{:#}", report["summary"], report["validation"]);

    // Byte for byte: here the API sees what was sent.
    let writes = cluster.writes();
    let sent: Vec<(&str, String, &str)> = writes.iter().map(|w| (w.method.as_str(), target(&w.path, &w.query), w.body.as_str())).collect();
    let requests: Vec<&Value> = report["plan"]["steps"].as_array().unwrap().iter().map(|s| &s["request"]).collect();
    let shown: Vec<(&str, String, &str)> = requests
        .iter()
        .map(|r| (r["method"].as_str().unwrap(), r["path"].as_str().unwrap().to_owned(), r["body"].as_str().unwrap()))
        .collect();
    assert_eq!(sent, shown);
    let wrote = |w: &kubemend::sim::Audited| Wrote {
        user: w.user.clone(),
        verb: w.verb.to_owned(),
        resource: String::new(),
        name: String::new(),
        uri: target(&w.path, &w.query),
        body: serde_json::from_str(&w.body).unwrap_or_default(),
    };
    verdict::wrote_what_was_shown(case, &report, &writes.iter().map(wrote).collect::<Vec<_>>(), "writer");
    for word in &case.scenario.expect.healed {
        assert!(word.holds(&cluster.objects()), "reported as resolved, and not so: {word:?}");
    }
    verdict::nothing_else_changed(case, &before, &picture(&cluster.objects()));
    assert!(!cluster.sim.requests().iter().any(|r| r.path.contains("/secrets")), "a Secret was asked for");
}

fn target(path: &str, query: &str) -> String {
    if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
}

macro_rules! cases {
    ($($claim:ident: $name:literal,)*) => {
        $(#[tokio::test(start_paused = true)]
        async fn $claim() {
            prove(&Case::load($name)).await;
        })*

        #[test]
        fn every_folder_is_a_test() {
            let mut listed = vec![$($name.to_owned()),*];
            listed.sort();
            assert_eq!(listed, names());
        }
    };
}

cases! {
    claim_that_nobody_made_is_made: "database-pod-pending",
    claim_that_nobody_made_is_made_for_a_pod_without_owner: "claim-missing-pod",
    claim_that_nobody_made_is_made_for_a_stateful_set: "claim-missing-statefulset",
    claim_name_is_corrected_to_the_unused_claim: "claim-name-typo",
    claim_of_a_missing_class_is_made_anew: "storage-class-missing",
    selector_is_corrected_to_the_pods_that_run: "service-without-endpoints",
    node_selector_is_corrected_to_a_label_that_exists: "node-selector-matches-no-node",
    image_is_rolled_back_to_the_one_that_ran: "image-tag-missing",
    image_is_corrected_to_one_that_runs_next_to_it: "image-tag-missing-near",
    config_map_name_is_corrected_to_the_near_one: "config-map-name-wrong",
    oddities_that_are_meant_are_left_alone: "odd-but-fine",
    healthy_deployment_is_left_alone: "healthy-deployment",
    rollout_under_way_is_left_alone: "rollout-in-progress",
}
