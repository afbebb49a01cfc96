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
    let parts = || served().app(deployment("gateway-proxy")).app(deployment("gateway-fallback"));
    let doubts = parts().said("nobody gets an answer from the gateway or from its fallback").doubts();
    assert!(!doubts.iter().any(|doubt| doubt.contains("service meshes")), "{doubts:?}");
}

#[test]
fn words_about_restarts_are_answered_with_restarts() {
    let restarted = json!({"status": {"containerStatuses": [{"name": "app", "image": "a", "imageID": "x", "ready": true, "restartCount": 60,
        "state": {"running": {"startedAt": "2026-01-01T09:00:00Z"}}, "lastState": {"terminated": {"exitCode": 137, "finishedAt": "2026-01-01T09:00:00Z"}}}]}});
    let world = || cluster().app(deployment("web")).edit("Pod", "web-rs1-0", restarted.clone());
    says(&world().said("web was restarted 60 times"), "was restarted 60 times, the last time 3 h ago with exit code 137");
    says(&world().said("web is down"), "was restarted 60 times, the last time 3 h ago with exit code 137");
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

#[test]
fn how_often_a_pod_was_restarted_and_how_it_ended_is_always_told_and_a_doubt_for_those_who_ask_about_it() {
    let ended = |at: &str, count: i32| {
        json!({"status": {"containerStatuses": [{"name": "app", "image": "a:1", "imageID": "", "ready": true, "restartCount": count,
            "state": {"running": {"startedAt": at}},
            "lastState": {"terminated": {"exitCode": 137, "reason": "OOMKilled", "finishedAt": at}}}]}})
    };
    let world = |at: &str, count: i32| {
        let names = ["web-rs1-0", "web-rs1-1"];
        names.into_iter().fold(served(), |world, name| world.edit("Pod", name, ended(at, count)))
    };
    for text in [
        "web gets OOMKilled",
        "web was OOMKilled twice today",
        "web keeps dying",
        "web dies every few minutes",
        "web goes down every hour",
        "web is down",
    ] {
        says(
            &world("2026-01-01T11:47:59Z", 17).said(text),
            "was restarted 17 times, the last time 721 s ago with exit code 137 (OOMKilled)",
        );
    }
    let told = |world: &crate::analyze::testing::World| {
        world.diagnosis().seen.iter().any(|s| s.how.contains("restarted") && s.how.contains("OOMKilled"))
    };
    // Of what nobody asked about it is told, and it is a doubt where it is a pattern of today.
    let general = world("2026-01-01T11:47:59Z", 1);
    assert!(general.is_healthy() && told(&general), "{:?}", general.diagnosis());
    says(&world("2026-01-01T11:47:59Z", 3), "was restarted 3 times");
    // Of last week it is told.
    let old = world("2025-12-26T11:47:59Z", 2).said("web is down");
    assert!(old.is_healthy() && told(&old), "{:?}", old.diagnosis());
    says(&world("2025-12-26T11:47:59Z", 2).said("web keeps dying"), "was restarted 2 times, the last time 6 d ago");
}

#[test]
fn kind_that_the_words_speak_of_in_any_form_has_to_be_there() {
    for (text, kind) in [
        ("web's hpa does not scale", "HorizontalPodAutoscaler"),
        ("the hpa on web is stuck", "HorizontalPodAutoscaler"),
        ("the hpa does not scale web", "HorizontalPodAutoscaler"),
        ("autoscaling is broken for web", "HorizontalPodAutoscaler"),
        ("web's ingress is missing", "Ingress"),
        ("the ingress does not route to web", "Ingress"),
        ("web has no ingress", "Ingress"),
        ("web's pvc is missing", "PersistentVolumeClaim"),
        ("cron for web did not run", "CronJob"),
        ("the statefulset with web is broken", "StatefulSet"),
    ] {
        says(&cluster().app(deployment("web")).said(text), &format!("no {kind} in namespace a-team is called `web` or belongs to it"));
    }
    says(&cluster().app(deployment("web")).said("web's service has no endpoints"), "no Service in namespace a-team");
    says(&cluster().app(deployment("web")).said("the configmap of web is missing"), "whether a ConfigMap is as it should be");
    for text in ["nobody can reach web", "web has no endpoints", "web is unreachable"] {
        says(&cluster().app(deployment("web")).said(text), "no Service that leads there was found");
        let listed = json!({"containers": [{"name": "app", "image": "a:1", "ports": [{"containerPort": 8080}]}]});
        let led_to = cluster().app(deployment("web").spec(listed)).service("web", json!({"app": "web"})).said(text);
        assert!(led_to.is_healthy(), "{text}: {:?}", led_to.doubts());
    }
    // What belongs to another name of the clause is that one's.
    let both = || served().yaml(&batch("succeeded: 1, conditions: [{type: Complete, status: 'True'}]"));
    let doubts = both().said("web waits for the job import").doubts();
    assert!(!doubts.iter().any(|d| d.contains("no Job")), "{doubts:?}");
}

#[test]
fn words_that_nothing_answers_are_named_and_keep_it_from_being_healthy() {
    for (text, word) in [
        ("web answers with 503", "`503`"),
        ("web is overloaded", "`overloaded`"),
        ("users cannot pay in web", "`pay`"),
        ("web still shows the old logo", "`logo`"),
        ("the rollout of web is stuck", "`rollout`"),
    ] {
        says(&served().said(text), "nothing that kubemend reads answers these words: ");
        says(&served().said(text), word);
    }
    for text in
        ["web is down?", "is web ok?", "why is web pending", "web does not start", "the pods of web are not starting", "web crashes"]
    {
        assert!(served().said(text).is_healthy(), "{text}: {:?}", served().said(text).doubts());
    }
}

#[test]
fn exceptions_and_paths_are_not_answered_with_replicas() {
    for text in ["web fails with NullPointerException", "/checkout fails in web"] {
        assert!(!served().said(text).is_healthy(), "{text}");
    }
}

#[test]
fn service_of_the_one_who_asks_says_nothing_of_what_it_cannot_reach() {
    let listed = json!({"containers": [{"name": "app", "image": "a:1", "ports": [{"containerPort": 8080}]}]});
    let world = || cluster().app(deployment("web").spec(listed.clone())).service("web", json!({"app": "web"})).app(deployment("postgres"));
    for text in ["web cannot connect to postgres", "web cannot reach postgres", "web cannot connect to api.stripe.com"] {
        assert!(!world().said(text).is_healthy(), "{text}: {:?}", world().said(text).diagnosis().seen);
    }
}
