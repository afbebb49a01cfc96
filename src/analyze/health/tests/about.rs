//! What words are about: what is named, what is missing, and what no object shows.

use super::{batch, says, served};
use crate::analyze::testing::{cluster, deployment};
use serde_json::json;

#[test]
fn kinds_that_nobody_reads_are_told_where_the_words_are_about_them() {
    says(&served().said("the certificate of web has expired"), "certificates");
    says(&served().said("web cannot resolve names, dns is broken"), "the cluster's DNS");
}

#[test]
fn what_is_named_with_a_kind_that_it_is_not_of_is_not_healthy() {
    let orders = || cluster().app(deployment("orders"));
    for (text, why) in [
        ("the service orders has no endpoints", "no Service in namespace a-team is called `orders` or belongs to it"),
        ("the orders service doesn't exist anymore", "no Service in namespace a-team is called `orders` or belongs to it"),
        ("the hpa of orders does not scale", "no HorizontalPodAutoscaler in namespace a-team is called `orders` or belongs to it"),
        ("the ingress of orders gives 404", "no Ingress in namespace a-team is called `orders` or belongs to it"),
        ("statefulset orders is stuck", "no StatefulSet in namespace a-team is called `orders` or belongs to it"),
    ] {
        says(&orders().said(text), why);
    }
    for text in ["deployment orders is stuck", "the pods of orders crash", "the orders service is down"] {
        assert!(orders().said(text).is_healthy(), "{text}: {:?}", orders().said(text).doubts());
    }
    let served = || orders().service("front", json!({"app": "orders"})).said("the service of orders is down");
    assert!(served().is_healthy(), "{:?}", served().diagnosis());
}

#[test]
fn name_beside_a_kind_that_nothing_has_is_missing_whatever_else_is_of_the_kind() {
    let world = || cluster().yaml(&batch("conditions: [{type: Complete, status: 'True'}]")).claim("notes", "Bound", "standard");
    for (text, missing) in [
        ("job importer failed last night", "importer"),
        ("the importer job failed", "importer"),
        ("claim scans is pending", "scans"),
        ("cronjob nightly did not run", "nightly"),
        ("ingress main gives 404", "main"),
    ] {
        says(&world().said(text), &format!("nothing in namespace a-team is called `{missing}`"));
    }
    let said = |text: &str| world().said(text).doubts().join("; ");
    assert!(said("the ingress gives 404").contains("there is no Ingress in namespace a-team"), "{}", said("the ingress gives 404"));
    let though = said("nothing works though");
    assert!(!though.contains("though"), "{though}");
}

#[test]
fn words_about_what_no_object_shows_are_not_answered_with_healthy() {
    for (text, what) in [
        ("web says no space left on device", "how full disks and volumes are"),
        ("web is slow", "how fast something answers or works"),
        ("web answers with 500", "what a program answers to requests"),
        ("web lost data", "what is in the data of a program"),
    ] {
        says(&served().said(text), what);
    }
    let gateway = || cluster().app(deployment("gateway")).service("gateway", json!({"app": "gateway"}));
    assert!(gateway().said("the gateway is down").is_healthy(), "{:?}", gateway().said("the gateway is down").doubts());
}

#[test]
fn words_about_restarts_are_answered_with_restarts() {
    let restarted = json!({"status": {"containerStatuses": [{"name": "app", "image": "a", "imageID": "x", "ready": true, "restartCount": 60,
        "state": {"running": {"startedAt": "2026-01-01T09:00:00Z"}}, "lastState": {"terminated": {"exitCode": 137, "finishedAt": "2026-01-01T09:00:00Z"}}}]}});
    let world = || cluster().app(deployment("web")).edit("Pod", "web-rs1-0", restarted.clone());
    says(&world().said("web was restarted 60 times"), "was restarted 60 times, the last time with exit code 137");
    assert!(world().said("web is down").is_healthy());
}

#[test]
fn policy_and_budget_are_doubts_for_all_words_about_what_they_hold_back() {
    let policy = "{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: deny}, spec: {podSelector: {}}}";
    for words in
        ["web gets no answer", "requests hang", "web times out", "web does not answer", "web cannot send mail", "web has no internet"]
    {
        says(&served().yaml(policy).said(words), "restricts the connections of 2 Pods");
    }
    let budget = "{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {name: all}, spec: {minAvailable: '100%'}, \
        status: {currentHealthy: 2, desiredHealthy: 2, expectedPods: 2, disruptionsAllowed: 0}}";
    for words in ["node upgrade hangs", "nodes cannot be patched"] {
        says(&served().yaml(budget).said(words), "allows no disruption at any time");
    }
}
