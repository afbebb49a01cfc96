//! A Service selects Pods of several makers, of which some serve none of its ports: a part of the requests fails.
//! The fix adds the label that tells them apart.

use super::super::draft::{Draft, advise, patch, propose};
use super::super::quote;
use super::super::rule::{Read, Rule};
use super::behind::{Behind, behind};
use super::split::{OPEN, Split, split, telling};
use crate::domain::action::FieldOp;
use crate::domain::cause::Code;
use crate::domain::check::Check;
use crate::domain::field::FieldPath;
use crate::domain::finding::{Finding, Relation};
use crate::domain::kind::Kind;
use crate::domain::risk::Risk;
use crate::domain::snapshot::Resource;
use crate::facts::Facts;
use crate::facts::labels::{self, Selector};
use k8s_openapi::api::core::v1::Service;

/// The cause.
pub(crate) const RULE: Rule = Rule {
    code: Code("svc-selector-too-wide"),
    says: "a Service also selects Pods that serve none of its ports",
    reads: &[Read::WORKLOADS, Read::always(&[Kind::Service])],
    find,
};
/// It is about Pods that are ready: that one of them serves all the same, what it declares does not refute, which is the doubt.
fn find(facts: &Facts<'_>) -> Vec<Finding> {
    let known = [Kind::Pod, Kind::Deployment, Kind::StatefulSet, Kind::DaemonSet].iter().all(|k| facts.is_whole(k));
    facts.all::<Service>().filter(|_| known).filter_map(|service| finding(facts, service)).collect()
}

fn finding(facts: &Facts<'_>, service: &Service) -> Option<Finding> {
    let wanted = labels::selector(service).filter(|_| service.metadata.deletion_timestamp.is_none())?;
    let object = service.reference();
    let namespace = object.namespace.as_ref()?;
    let Split { right, wrong, sure, numbers } = split(service, behind(facts, service, namespace, wanted))?;
    // Whoever has the label is one of those that serve.
    let is_of_those = |(key, value): &(String, String)| {
        let mut narrowed = wanted.clone();
        narrowed.insert(key.clone(), value.clone());
        behind(facts, service, namespace, &narrowed).iter().all(|b| right.iter().any(|r| r.object == b.object))
    };
    let told = telling(&right, &wrong, numbers).filter(is_of_those);
    // Versions of one program may well use other numbers.
    if numbers && told.is_none() {
        return None;
    }
    let sure = if told.is_some() { sure } else { OPEN };
    let plain = |labels: &Selector| labels.iter().map(|(k, v)| format!("{k}={v}")).collect::<Vec<_>>().join(",");
    let (service, path) = (object.in_words(), FieldPath::dotted("spec.selector"));
    let (good, bad) = (named(&right), named(&wrong));
    let why = if numbers {
        "A port of the name that the Service leads to has another number there, so requests may reach something else than was meant"
    } else {
        "None of them declares a port that the Service leads to, so requests that reach them are refused"
    };
    let tells = match &told {
        Some((key, value)) => format!("`{key}={value}` is the label that tells them apart."),
        None => "No label that the selector could ask for tells them apart.".to_owned(),
    };
    let quoted = right.iter().chain(&wrong).take(QUOTED).map(|b| quote::object(facts, &b.object, &plain(&b.labels)));
    let draft = Draft::about(facts, RULE.code, &object, sure)
        .text(
            format!("{service} also selects the Pods of {bad}, which do not serve its ports as those of {good} do"),
            format!("The selector of {service} matches the Pods of {good} and of {bad}. {why}; those that reach {good} work. {tells}"),
        )
        .saw(quoted)
        .affects(&object, &format!("a part of its requests goes to the Pods of {bad}"));
    let draft = right.iter().take(QUOTED).fold(draft, |draft, b| draft.link(&object, Relation::Selects, &b.object));
    let Some((key, value)) = told.as_ref().filter(|_| sure != OPEN) else {
        let label = told.as_ref().map(|(key, _)| format!(", such as `{key}`")).unwrap_or_default();
        let (text, why) = match told {
            Some(_) => (
                format!("add to the selector of {service} a label that only the Pods have which it is for{label}"),
                "nothing tells which of them it is for",
            ),
            None => (
                format!(
                    "give the Pods of {bad} other labels than those that {service} selects, or give those of {good} one more and add it to the selector"
                ),
                "all of them carry the same labels",
            ),
        };
        return draft.seen_value(Some(&path), &plain(wanted), None).fix(advise(text, None, why));
    };
    draft.seen_value(Some(&path), &plain(wanted), Some(&format!("{},{key}={value}", plain(wanted)))).fix(propose(
        patch(&object, vec![FieldOp::set(path.key(key), value.as_str())]),
        &format!("only the Pods of {good} have `{key}={value}`, and they declare every port of {service}"),
        Risk::Medium,
        [Check::EndpointsReady(object.clone())],
    ))
}

/// So many of either kind are quoted.
const QUOTED: usize = 4;

fn named(all: &[Behind]) -> String {
    quote::joined(&all.iter().take(QUOTED).map(|b| b.object.in_words()).collect::<Vec<_>>(), "and")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analyze::testing::{App, World, changes, cluster, deployment, job};
    use serde_json::json;

    fn part(name: &str, component: &str, port: Option<u16>) -> App {
        let ports: Vec<serde_json::Value> = port.iter().map(|p| json!({"containerPort": p})).collect();
        deployment(name)
            .labels(json!({"app.kubernetes.io/name": "cloudfiles", "app.kubernetes.io/component": component}))
            .spec(json!({"containers": [{"name": "app", "image": "example/app:1.0", "ports": ports}]}))
    }

    fn with(other: App) -> World {
        cluster()
            .app(part("cloudfiles-app", "app", Some(8080)))
            .app(other)
            .service("cloudfiles", json!({"app.kubernetes.io/name": "cloudfiles"}))
    }

    #[test]
    fn label_that_tells_the_serving_pods_apart_is_added() {
        let found = with(part("cloudfiles-metrics", "metrics", Some(9205))).only(RULE.code.0);
        assert_eq!(changes(&found), [r#"patch service/cloudfiles spec.selector["app.kubernetes.io/component"]=app"#]);
    }

    #[test]
    fn pods_that_may_well_serve_are_silent() {
        for other in [
            part("cloudfiles-canary", "canary", Some(8080)),
            part("cloudfiles-quiet", "quiet", None),
            part("cloudfiles-off", "off", Some(9205)).replicas(0),
            part("cloudfiles-new", "new", Some(9205)).unready("2026-01-01T11:50:00Z"),
        ] {
            assert_eq!(with(other).found(RULE.code.0), []);
        }
    }

    #[test]
    fn pods_that_no_label_tells_apart_are_advice_and_not_silence() {
        let found = with(part("cloudfiles-app-2", "app", Some(9205))).only(RULE.code.0);
        assert_eq!((changes(&found), found.confidence, found.remedy.advice.len()), (vec![], OPEN, 1));
        assert!(found.remedy.proposals.is_empty() && found.remedy.advice[0].text.contains("other labels"), "{:?}", found.remedy);
        assert!(found.symptoms.iter().any(|s| s.object.name == "cloudfiles"), "{found:?}");
    }

    #[test]
    fn job_that_declares_no_port_is_a_doubt_as_whatever_else_declares_none() {
        let labels = json!({"app.kubernetes.io/name": "cloudfiles", "app.kubernetes.io/component": "app"});
        let world = with(job("migrations").labels(labels));
        assert_eq!(world.causes(), Vec::<String>::new());
        let doubts = world.doubts();
        assert!(doubts.iter().any(|d| d.contains("the Pods of Job `migrations`, which declare none of its ports")), "{doubts:?}");
    }

    fn of(name: &str, component: &str, ports: serde_json::Value) -> App {
        deployment(name)
            .labels(json!({"app.kubernetes.io/name": "cloudfiles", "app.kubernetes.io/component": component}))
            .spec(json!({"containers": [{"name": "app", "image": "example/app:1.0", "ports": ports}]}))
    }

    fn by_name(world: World, port: u16) -> World {
        world.service("cloudfiles", json!({"app.kubernetes.io/name": "cloudfiles"})).edit(
            "Service",
            "cloudfiles",
            json!({"spec": {"ports": [{"port": port, "targetPort": "http"}]}}),
        )
    }

    #[test]
    fn port_of_one_name_with_two_numbers_is_seen() {
        let world = || {
            cluster().app(of("cloudfiles-app", "app", json!([{"name": "http", "containerPort": 8080}]))).app(of(
                "cloudfiles-metrics",
                "metrics",
                json!([{"name": "http", "containerPort": 9205}]),
            ))
        };
        let found = by_name(world(), 8080).only(RULE.code.0);
        assert_eq!(changes(&found), [r#"patch service/cloudfiles spec.selector["app.kubernetes.io/component"]=app"#]);
        let open = by_name(world(), 80).only(RULE.code.0);
        assert_eq!((changes(&open), open.confidence, open.expected.clone()), (vec![], OPEN, None));
        assert!(open.title.contains("cloudfiles-app") && open.title.contains("cloudfiles-metrics"), "{}", open.title);
    }

    #[test]
    fn pods_that_no_request_reaches_and_versions_that_listen_elsewhere_are_silent() {
        let app = || cluster().app(of("cloudfiles-app", "app", json!([{"name": "http", "containerPort": 8080}])));
        let aside = app().app(of("cloudfiles-metrics", "metrics", json!([{"name": "metrics", "containerPort": 9205}])));
        assert_eq!(by_name(aside, 80).found(RULE.code.0), []);
        let version = |v: &str, number: u16| {
            of(v, "app", json!([{"name": "http", "containerPort": number}]))
                .labels(json!({"app.kubernetes.io/name": "cloudfiles", "app.kubernetes.io/version": v}))
        };
        assert_eq!(by_name(cluster().app(version("v1", 8080)).app(version("v2", 9090)), 80).found(RULE.code.0), []);
    }

    #[test]
    fn any_number_of_workloads_is_told_apart() {
        let world = with(part("cloudfiles-metrics", "metrics", Some(9205))).app(part("cloudfiles-cron", "cron", Some(9300)));
        let found = world.clone().only(RULE.code.0);
        assert_eq!(changes(&found), [r#"patch service/cloudfiles spec.selector["app.kubernetes.io/component"]=app"#]);
        assert!(found.title.contains("cloudfiles-metrics") && found.title.contains("cloudfiles-cron"), "{}", found.title);
        let two = world.app(part("cloudfiles-app-b", "app", Some(8080))).only(RULE.code.0);
        assert_eq!(changes(&two), changes(&found), "several serve");
        let open = with(part("cloudfiles-metrics", "metrics", Some(9205))).app(part("cloudfiles-other", "other", None));
        assert_eq!(open.found(RULE.code.0), [], "one may well serve");
    }

    #[test]
    fn pods_of_jobs_behind_a_service_are_seen() {
        let made = |name: &str| {
            json!({"kind": "Pod", "apiVersion": "v1", "metadata": {"name": name, "namespace": "a-team", "uid": name,
                "labels": {"app.kubernetes.io/name": "cloudfiles", "app.kubernetes.io/component": "report", "job-name": "report-1"},
                "ownerReferences": [{"apiVersion": "batch/v1", "kind": "Job", "name": "report-1", "uid": "j", "controller": true}]},
            "spec": {"nodeName": "node-1", "containers": [{"name": "app", "image": "example/report:1", "ports": [{"containerPort": 9205}]}]},
            "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}})
        };
        let job = json!({"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "report-1", "namespace": "a-team", "uid": "j",
            "ownerReferences": [{"apiVersion": "batch/v1", "kind": "CronJob", "name": "report", "uid": "c", "controller": true}]}, "spec": {"template": {"spec": {"containers": []}}}, "status": {"active": 1}});
        let served = || {
            cluster().app(part("cloudfiles-app", "app", Some(8080))).service("cloudfiles", json!({"app.kubernetes.io/name": "cloudfiles"}))
        };
        let found = served().object(made("report-1-x")).object(made("report-1-y")).object(job).found(RULE.code.0);
        assert_eq!(changes(&found[0]), [r#"patch service/cloudfiles spec.selector["app.kubernetes.io/component"]=app"#]);
        assert!(found[0].title.contains("CronJob `report`"), "{}", found[0].title);
        assert!(found[0].confidence.value() >= 0.8);
    }
}
