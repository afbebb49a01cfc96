//! Which selectors are corrected to which labels, and which are left to a human.

use super::*;
use crate::analyze::testing::{changes, cluster, deployment, pod};
use serde_json::json;

fn web() -> crate::analyze::testing::App {
    deployment("storefront").labels(json!({"app": "storefront", "tier": "frontend"}))
}

#[test]
fn differing_value_is_set_to_that_of_the_workload_that_was_meant() {
    let found = cluster()
        .app(web())
        .app(deployment("reviews").labels(json!({"app": "reviews", "tier": "backend"})))
        .service("storefront", json!({"app": "storefront-web", "tier": "frontend"}))
        .only(RULE.code.0);
    assert_eq!(found.field_text().as_deref(), Some("spec.selector.app"));
    assert_eq!((found.found.as_deref(), found.expected.as_deref()), (Some("storefront-web"), Some("storefront")));
    assert_eq!(changes(&found), ["patch service/storefront spec.selector.app=storefront"]);
    assert_eq!(found.remedy.checks.iter().map(Check::what).collect::<Vec<_>>(), ["endpointsReady"]);
}

#[test]
fn port_that_nothing_shows_to_be_open_is_a_doubt() {
    let found = |container: serde_json::Value| {
        let spec = json!({"containers": [container]});
        cluster().app(deployment("web").spec(spec)).service("web", json!({"app": "webb"})).only(RULE.code.0)
    };
    let doubted = found(json!({"name": "app", "image": "a:1", "ports": [{"containerPort": 3000}]}));
    assert!(doubted.explanation.contains("port 8080, which no container"), "{}", doubted.explanation);
    assert_eq!((doubted.confidence, changes(&doubted).len()), (UNPROVED, 1));
    for shown in [
        json!({"name": "app", "image": "a:1", "ports": [{"containerPort": 8080}]}),
        json!({"name": "app", "image": "a:1", "readinessProbe": {"tcpSocket": {"port": 8080}}}),
    ] {
        let sure = found(shown);
        assert_eq!((sure.confidence, sure.explanation.contains("8080")), (ONE, false));
    }
}

#[test]
fn extra_key_is_left_to_a_human() {
    for (key, value) in [("version", "v2"), ("track", "canary"), ("anything", "else")] {
        let found = cluster().app(web()).service("storefront", json!({"app": "storefront", key: value})).only(RULE.code.0);
        assert_eq!((changes(&found), found.expected.clone(), found.confidence), (vec![], None, OPEN), "{key}");
        assert!(found.remedy.advice[0].text.contains(&format!("take `{key}` out of it")), "{:?}", found.remedy);
    }
}

#[test]
fn keys_with_dots_and_slashes_are_single_members() {
    let found = cluster()
        .app(deployment("web").labels(json!({"app.kubernetes.io/name": "web"})))
        .service("web", json!({"app.kubernetes.io/name": "webb"}))
        .only(RULE.code.0);
    assert_eq!(changes(&found), [r#"patch service/web spec.selector["app.kubernetes.io/name"]=web"#]);
}

#[test]
fn service_of_a_similar_name_does_not_take_its_twins_pods() {
    let found = cluster()
        .app(deployment("payment"))
        .app(deployment("payments"))
        .app(deployment("payment-v2"))
        .service("payments", json!({"app": "payments-api"}))
        .only(RULE.code.0);
    assert_eq!(changes(&found), ["patch service/payments spec.selector.app=payments"]);
}

#[test]
fn several_candidates_are_a_question() {
    let found = cluster()
        .app(deployment("web-blue").labels(json!({"app": "web", "version": "blue"})))
        .app(deployment("web-green").labels(json!({"app": "web", "version": "green"})))
        .service("web", json!({"app": "web", "version": "v3"}))
        .only(RULE.code.0);
    assert_eq!((found.remedy.proposals.len(), found.expected), (0, None));
}

#[test]
fn workload_that_is_ruled_out_but_as_close_makes_it_a_question() {
    for (wanted, others) in [("orderd", ["order", "orders"]), ("reports", ["report", "reports-old"])] {
        let world = cluster().app(deployment(others[0])).app(deployment(others[1]));
        let found = world.service("entry", json!({"app": wanted})).only(RULE.code.0);
        assert_eq!((found.remedy.proposals.len(), found.confidence, found.expected.clone()), (0, OPEN, None), "{wanted}");
        assert!(others.iter().all(|name| found.remedy.advice[0].text.contains(&format!("`{name}`"))), "{:?}", found.remedy);
    }
    let slip = cluster().app(deployment("postgres")).app(deployment("postgres-exporter")).service("db", json!({"app": "postgers"}));
    assert_eq!(changes(&slip.only(RULE.code.0)), ["patch service/db spec.selector.app=postgres"]);
}

#[test]
fn corrected_selector_that_would_match_others_too_is_not_proposed() {
    let found = cluster()
        .app(deployment("web").labels(json!({"app": "web"})))
        .app(deployment("web-canary").labels(json!({"app": "web", "track": "canary"})))
        .service("web", json!({"app": "web", "release": "x"}))
        .only(RULE.code.0);
    assert_eq!(found.remedy.proposals, []);
}

/// A Pod of something that is no workload.
fn made(name: &str, kind: &str, labels: serde_json::Value, phase: &str) -> serde_json::Value {
    let api = if kind == "Job" { "batch/v1" } else { "argoproj.io/v1alpha1" };
    let owners =
        if kind.is_empty() { json!([]) } else { json!([{"apiVersion": api, "kind": kind, "name": name, "uid": name, "controller": true}]) };
    json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": format!("{name}-1"), "namespace": "a-team", "uid": format!("{name}-1"),
            "labels": labels, "creationTimestamp": "2026-01-01T11:55:00Z", "ownerReferences": owners},
        "spec": {"nodeName": "node-1", "containers": [{"name": "app", "image": "example/report:1"}]},
        "status": {"phase": phase, "conditions": [{"type": "Ready", "status": if phase == "Running" { "True" } else { "False" }}]}})
}

fn is_left_to_a_human(world: &crate::analyze::testing::World, why: &str) {
    let found = world.only(RULE.code.0);
    assert_eq!((changes(&found), found.confidence), (vec![], OPEN), "{why}");
    assert!(found.remedy.advice[0].why.contains(why), "{:?}", found.remedy);
}

#[test]
fn corrected_selector_that_would_match_pods_of_no_workload_is_not_proposed() {
    let world = || cluster().app(deployment("web")).service("web", json!({"app": "webb"}));
    assert_eq!(changes(&world().only(RULE.code.0)).len(), 1);
    // A Pod of nobody is one that could be meant.
    let of_nobody = "nothing in the cluster tells which Pods were meant";
    for (kind, who) in [("Job", "those of Job `report`"), ("TaskRun", "those of TaskRun `report`"), ("", of_nobody)] {
        is_left_to_a_human(&world().object(made("report", kind, json!({"app": "web"}), "Running")), who);
    }
    // It is not ready yet, and gets requests as soon as it is.
    let mut starts = made("report", "TaskRun", json!({"app": "web"}), "Running");
    starts["status"]["conditions"] = json!([]);
    is_left_to_a_human(&world().object(starts), "those of TaskRun `report`");
    assert_eq!(changes(&world().object(made("report", "TaskRun", json!({"app": "web"}), "Succeeded")).only(RULE.code.0)).len(), 1);
}

#[test]
fn pods_of_no_workload_that_may_be_meant_as_well_make_it_a_question() {
    let world = || cluster().app(deployment("orders-admin").labels(json!({"app": "order"}))).service("orders", json!({"app": "orderz"}));
    assert_eq!(changes(&world().only(RULE.code.0)).len(), 1);
    is_left_to_a_human(
        &world().object(made("orders", "Rollout", json!({"app": "orders"}), "Running")),
        "Rollout `orders` may be meant as well",
    );
    let other = world().object(made("billing", "Rollout", json!({"app": "billing"}), "Running"));
    assert_eq!(changes(&other.only(RULE.code.0)).len(), 1, "nothing speaks for it");
}

fn set(replicas: i32, labels: serde_json::Value, owners: serde_json::Value) -> serde_json::Value {
    json!({"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": {"name": "storefront-6c5", "namespace": "a-team", "uid": "rs", "ownerReferences": owners},
        "spec": {"replicas": replicas, "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "app", "image": "a:1"}]}}},
        "status": {"replicas": replicas, "readyReplicas": replicas, "availableReplicas": replicas}})
}

#[test]
fn service_before_what_has_no_pods_now_is_not_led_elsewhere() {
    let world = || cluster().app(web()).service("storefront", json!({"app": "storefront-web", "tier": "frontend"}));
    assert_eq!(changes(&world().only(RULE.code.0)).len(), 1);
    let labels = || json!({"app": "storefront-web", "tier": "frontend"});
    let rollout = json!([{"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "name": "storefront", "uid": "r", "controller": true}]);
    assert_eq!(world().object(set(0, labels(), rollout)).found(RULE.code.0), [], "it makes such Pods");
    assert_ne!(world().object(set(0, labels(), json!([]))).found(RULE.code.0), [], "it is left over, and nobody raises it");
    let ended = made("nightly", "TaskRun", labels(), "Succeeded");
    is_left_to_a_human(&world().object(ended), "Pods of TaskRun `nightly` that have ended");
}

#[test]
fn pods_of_another_namespace_that_the_selector_matches_make_it_a_question() {
    let world = || cluster().app(web()).service("storefront", json!({"app": "storefront-web", "tier": "frontend"}));
    let there = deployment("storefront").in_namespace("b-team").labels(json!({"app": "storefront-web", "tier": "frontend"}));
    is_left_to_a_human(
        &world().app(there),
        "namespace `b-team` has Pods that the selector matches as it is, those of Deployment `storefront`",
    );
    let part = deployment("storefront").in_namespace("b-team").labels(json!({"app": "storefront-web"}));
    assert_eq!(changes(&world().app(part).only(RULE.code.0)).len(), 1);
}

#[test]
fn unrelated_workload_is_not_taken_over() {
    let world = cluster().app(deployment("redis")).service("payments", json!({"app": "payments"}));
    assert_eq!(world.found(RULE.code.0), []);
    world.is_inconclusive_about("service/payments");
}

#[test]
fn port_that_fits_is_no_proof_of_which_workload_was_meant() {
    let ports = json!({"containers": [{"name": "app", "image": "a:1", "ports": [{"containerPort": 8080}]}]});
    let backend = || deployment("backend").labels(json!({"app": "backend", "team": "shop"})).spec(ports.clone());
    let alone = cluster().app(backend()).service("entry", json!({"app": "foo"}));
    assert_eq!(alone.found(RULE.code.0), [], "a port alone names nobody");
    alone.is_inconclusive_about("service/entry");
    let world = cluster().app(backend()).service("entry", json!({"app": "foo", "team": "shop"}));
    let found = world.only(RULE.code.0);
    assert_eq!((found.remedy.proposals.len(), found.confidence), (0, OPEN));
    assert!(found.remedy.advice[0].why.contains("only a port or a part of its name speaks for Deployment `backend`"), "{:?}", found.remedy);
    assert_eq!(world.service("backend", json!({"app": "backend"})).found(RULE.code.0), []);
}

#[test]
fn name_of_a_release_under_a_key_of_groups_is_no_renamed_key() {
    let database = deployment("shop-postgres").labels(json!({"app": "postgres", "app.kubernetes.io/instance": "shop"}));
    let found = cluster().app(deployment("shop").labels(json!({"app": "shopp"}))).app(database).service("shop", json!({"app": "shop"}));
    assert_eq!(changes(&found.only(RULE.code.0)), ["patch service/shop spec.selector.app=shopp"]);
}

#[test]
fn suffix_that_says_something_of_its_own_is_no_spelling() {
    for word in ["internal", "private", "admin", "public", "external", "canary", "primary", "replica"] {
        let other = format!("billing-{word}");
        for (wanted, there) in [("billing", other.as_str()), (other.as_str(), "billing")] {
            let ports = json!({"containers": [{"name": "app", "image": "a:1", "ports": [{"containerPort": 8080}]}]});
            let world = cluster().app(deployment(there).spec(ports)).service(wanted, json!({"app": wanted}));
            let plans: usize = world.found(RULE.code.0).iter().map(|f| f.remedy.proposals.len()).sum();
            assert_eq!(plans, 0, "{wanted} {there}");
        }
    }
}

#[test]
fn bare_pod_can_be_meant() {
    let found = cluster().app(pod("web")).service("web", json!({"app": "web-1"})).only(RULE.code.0);
    assert_eq!(changes(&found), ["patch service/web spec.selector.app=web"]);
}

fn ingress(component: &str) -> crate::analyze::testing::App {
    let labels = json!({"app": "edge-ingress", "release": "edge", "app.kubernetes.io/component": component});
    deployment(&format!("edge-ingress-{component}")).labels(labels)
}

#[test]
fn renamed_key_is_exchanged_in_every_service_by_one_plan() {
    let selector = |component: &str| json!({"app": "edge-ingress", "component": component, "release": "edge"});
    let found = cluster()
        .app(ingress("controller"))
        .app(ingress("backend"))
        .service("edge-ingress-controller", selector("controller"))
        .edit("Service", "edge-ingress-controller", json!({"metadata": {"labels": {"release": "edge"}}}))
        .service("edge-ingress-backend", selector("backend"))
        .edit("Service", "edge-ingress-backend", json!({"metadata": {"labels": {"release": "edge"}}}))
        .only(RULE.code.0);
    let patch = |component: &str| {
        format!(
            r#"patch service/edge-ingress-{component} spec.selector.component- spec.selector["app.kubernetes.io/component"]={component}"#
        )
    };
    assert_eq!(changes(&found), [patch("controller"), patch("backend")]);
    assert_eq!(
        (found.found.as_deref(), found.expected.as_deref()),
        (Some("component=controller"), Some("app.kubernetes.io/component=controller"))
    );
    assert_eq!((found.confidence, found.symptoms.len(), found.remedy.checks.len()), (UNPROVED, 2, 2));
}

#[test]
fn renamed_key_is_exchanged_in_a_headless_service_too() {
    let labels = json!({"app.kubernetes.io/name": "ledger", "app.kubernetes.io/instance": "ledger"});
    let found = cluster()
        .app(crate::analyze::testing::stateful_set("ledger").labels(labels).with(json!({"serviceName": "ledger-cluster"})))
        .service("ledger", json!({"app": "ledger"}))
        .service("ledger-cluster", json!({"app": "ledger"}))
        .edit("Service", "ledger-cluster", json!({"spec": {"clusterIP": "None"}}))
        .only(RULE.code.0);
    let patch = |name: &str| format!(r#"patch service/{name} spec.selector.app- spec.selector["app.kubernetes.io/name"]=ledger"#);
    assert_eq!(changes(&found), [patch("ledger"), patch("ledger-cluster")]);
    assert!(!found.explanation.contains("every other label"), "{}", found.explanation);
}

#[test]
fn several_renamed_keys_are_exchanged_together() {
    let labels = json!({"app.kubernetes.io/name": "dashboards", "app.kubernetes.io/instance": "mon"});
    let found = cluster()
        .app(crate::analyze::testing::stateful_set("dashboards").labels(labels.clone()))
        .service("dashboards", labels)
        .service("dashboards-web", json!({"app": "dashboards", "release": "mon"}))
        .only(RULE.code.0);
    assert_eq!(
        changes(&found),
        [
            r#"patch service/dashboards-web spec.selector.app- spec.selector["app.kubernetes.io/name"]=dashboards spec.selector.release- spec.selector["app.kubernetes.io/instance"]=mon"#
        ]
    );
    assert_eq!(found.field_text().as_deref(), Some("spec.selector"));
}

#[test]
fn equal_values_that_prove_nothing_are_no_renamed_keys() {
    for (labels, selector) in [
        (json!({"app": "web", "public": "true"}), json!({"app": "web", "enabled": "true"})),
        (json!({"app": "web", "tier": "web-front", "part": "web-front"}), json!({"app": "web", "layer": "web-front"})),
    ] {
        let found = cluster().app(deployment("web").labels(labels)).service("web", selector).only(RULE.code.0);
        assert!(changes(&found).iter().all(|c| c.ends_with('-')), "{:?}", changes(&found));
    }
}

#[test]
fn key_that_another_service_uses_is_not_taken_away() {
    let found = cluster()
        .app(web())
        .app(deployment("api").labels(json!({"app": "api", "version": "v1"})))
        .service("api", json!({"app": "api", "version": "v1"}))
        .service("storefront", json!({"app": "storefront", "version": "v2"}))
        .only(RULE.code.0);
    assert_eq!((found.remedy.proposals.len(), found.confidence, found.expected.clone()), (0, OPEN, None));
    assert!(found.remedy.advice[0].why.contains("Service `api` selects by `version` as well"), "{:?}", found.remedy);
}

#[test]
fn role_that_no_pod_has_yet_is_not_taken_away() {
    let found = cluster().app(web()).service("storefront", json!({"app": "storefront", "example.com/role": "primary"})).only(RULE.code.0);
    assert_eq!((found.remedy.proposals.len(), found.confidence), (0, OPEN));
}

#[test]
fn value_that_means_something_else_is_never_changed_whatever_else_matches() {
    for (key, wrong, there) in [
        ("env", "production", "staging"),
        ("environment", "prod", "qa7"),
        ("color", "blue", "green"),
        ("track", "stable", "canary"),
        ("example.com/group", "primary", "replica"),
        ("topology.example.com/zone", "eu-west-1a", "eu-west-1b"),
        ("zone", "zonea", "zoneb"),
        ("group", "production-eu", "staging-eu"),
        ("group", "web-blue", "web-green"),
        ("group", "web-internal", "web-external"),
        ("group", "web-internal", "web"),
        ("scheme", "http", "https"),
        ("scheme", "https", "http"),
        ("version", "v1", "v2"),
        ("part", "catalog", "billing"),
    ] {
        for name in ["web", "web-other"] {
            let found = cluster()
                .app(
                    deployment(name)
                        .labels(json!({"app": "web", key: there}))
                        .spec(json!({"containers": [{"name": "app", "image": "a:1", "ports": [{"containerPort": 8080}]}]})),
                )
                .service(name, json!({"app": "web", key: wrong}))
                .only(RULE.code.0);
            assert_eq!((changes(&found), found.confidence, &found.expected), (vec![], OPEN, &None), "{key}: {wrong} {there}");
            let why = &found.remedy.advice[0].why;
            assert!(why.contains(&format!("`{wrong}` and `{there}` do not mean the same")), "{why}");
        }
        let under_its_name = cluster()
            .app(deployment(there).labels(json!({"app": "web", key: there})))
            .service(there, json!({"app": "web", key: wrong}))
            .only(RULE.code.0);
        assert!(changes(&under_its_name).is_empty() || key == "part", "{key}: {wrong} {there}");
    }
}

#[test]
fn other_spellings_of_a_member_are_corrected() {
    for (key, wrong, there) in
        [("env", "prod", "production"), ("env", "prodcution", "production"), ("color", "Blue", "blue"), ("part", "web-stg", "web-staging")]
    {
        let found = cluster()
            .app(deployment("web").labels(json!({"app": "web", key: there})))
            .service("web", json!({"app": "web", key: wrong}))
            .only(RULE.code.0);
        assert_eq!(changes(&found), [format!("patch service/web spec.selector.{key}={there}")]);
    }
}

#[test]
fn workload_without_a_contradiction_is_meant_before_one_of_the_services_name() {
    let found = cluster()
        .app(deployment("web").labels(json!({"app": "web", "env": "staging"})))
        .app(deployment("web-main").labels(json!({"app": "web", "env": "prod"})))
        .service("web", json!({"app": "web", "env": "production"}))
        .only(RULE.code.0);
    assert_eq!(changes(&found), ["patch service/web spec.selector.env=prod"]);
}

#[test]
fn key_is_not_taken_away_where_the_pods_say_the_contrary_under_another() {
    for (name, labels) in [
        ("web", json!({"app": "web", "stage": "staging"})),
        ("web-staging", json!({"app": "web"})),
        ("web", json!({"app": "web", "part": "dev-eu"})),
    ] {
        let found =
            cluster().app(deployment(name).labels(labels)).service(name, json!({"app": "web", "env": "production"})).only(RULE.code.0);
        assert_eq!((changes(&found), found.confidence), (vec![], OPEN));
    }
}

#[test]
fn renamed_key_that_says_something_else_now_is_not_exchanged_for_a_third() {
    let labels = json!({"app": "web", "release": "mon", "app.kubernetes.io/component": "server"});
    let found = cluster().app(deployment("web").labels(labels)).service("web", json!({"release": "mon", "component": "web"}));
    assert!(found.found(RULE.code.0).iter().all(|c| !changes(c).iter().any(|change| change.contains("app=web"))));
}

#[test]
fn what_is_open_is_never_said_to_be_sure() {
    let found = cluster()
        .app(deployment("web").labels(json!({"app": "web"})))
        .app(deployment("web-canary").labels(json!({"app": "web", "track": "canary"})))
        .service("web", json!({"app": "web", "release": "x"}))
        .only(RULE.code.0);
    assert_eq!((found.remedy.proposals.len(), found.confidence), (0, OPEN));
}

#[test]
fn service_of_a_chart_gets_advice() {
    let found = cluster()
        .app(web())
        .service("storefront", json!({"app": "nope", "tier": "frontend"}))
        .edit("Service", "storefront", json!({"metadata": {"annotations": {"meta.helm.sh/release-name": "shop"}}}))
        .only(RULE.code.0);
    assert_eq!(found.remedy.proposals, []);
    assert!(found.remedy.advice[0].command.as_deref().unwrap().contains(r#"{"spec":{"selector":{"app":"storefront"}}}"#));
}

#[test]
fn services_that_need_no_match_are_silent() {
    let world = cluster()
        .app(web())
        .service("good", json!({"app": "storefront"}))
        .service("headless", json!({"app": "asleep"}))
        .edit("Service", "headless", json!({"spec": {"clusterIP": "None"}}))
        .service("outside", json!({"app": "nope"}))
        .edit("Service", "outside", json!({"spec": {"type": "ExternalName", "externalName": "example.com"}}))
        .service("by-hand", json!({}))
        .app(deployment("asleep").replicas(0))
        .service("asleep", json!({"app": "asleep"}));
    world.is_silent();
}

#[test]
fn service_whose_pods_only_start_is_silent() {
    cluster().app(web().starting("2026-01-01T11:59:50Z")).service("storefront", json!({"app": "storefront"})).is_silent();
}

#[test]
fn unread_pods_prove_nothing() {
    let world = cluster().app(web()).service("storefront", json!({"app": "nope", "tier": "frontend"})).hiding(Kind::Pod);
    assert_eq!(world.found(RULE.code.0), []);
}
