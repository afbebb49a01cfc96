//! A place that words state is where it is looked, or the first thing that is said: nothing elsewhere is changed in its place, by a policy
//! or by a person who was not told.

use super::words::{broken, cluster, well, words};
use crate::support::embedded::Embedded;
use kubemend::domain::limits::{Limits, Mode};
use kubemend::domain::object::Namespace;
use kubemend::sim::Denial;
use kubemend::workflow::report::{Report, Status};
use kubemend::workflow::{Approver, Caller, Opened, Problem, WorkflowError};

/// Every way in which words state a namespace.
const FORMS: &[&str] = &[
    "X/catalog is down",
    "catalog in X is down",
    "the catalog inside X does not start",
    "catalog in namespace X is down",
    "the catalog in the X namespace is down",
    "catalog -n X is down",
    "namespace=X, catalog is down",
    "Deployment/X/catalog is down",
    "catalog.X.svc does not answer",
];
/// The one that is the address of something, which may be wrong where it is set.
const ADDRESS: &str = "catalog.X.svc does not answer";

fn automatic() -> Limits {
    Limits { mode: Mode::Automatic, automatic_allowed: true, ..Limits::default() }
}

async fn decline(cluster: &Embedded, opened: &Opened) {
    if let Some(question) = &opened.question {
        cluster.process().decline(&question.session, Approver::Library("the tests".to_owned())).await.unwrap();
    }
}

/// What is wrong with the answer to words that state a place that is not there; `certain`: nothing else can be meant.
async fn passed_over(cluster: &Embedded, own: &str, text: &str, place: &str, certain: bool) -> Option<String> {
    let opened = match cluster.process_at_with(own, automatic()).open(&words(text), &Caller::silent()).await {
        Err(WorkflowError::NoNamespace { name, .. }) if name == place => return None,
        Err(error) => return Some(error.to_string()),
        Ok(opened) => opened,
    };
    let (report, question) = (&opened.report, &opened.question);
    let note = report.issue.note.clone().unwrap_or_default();
    let noted = note.to_lowercase().starts_with(&format!("namespace `{place}` does not exist in context `embedded`"));
    let first = |text: &str| text.lines().next().unwrap_or_default().to_owned();
    let warned = question.as_ref().is_none_or(|question| {
        let forms = question.aside.map(|aside| aside.around_a_name());
        forms.is_some_and(|forms| forms.iter().any(|(before, _)| first(&question.text).starts_with(before)))
    });
    let advised = report.advice.iter().any(|a| a.command.as_deref() == Some("kubemend remediate deployment/catalog -n shop"));
    let held = !certain || (question.is_none() && report.plan.is_none() && advised);
    decline(cluster, &opened).await;
    let right = noted && warned && held && report.status != Status::Resolved;
    (!right).then(|| format!("{noted} {warned} {held} {advised}: {}", report.summary))
}

#[tokio::test(start_paused = true)]
async fn stated_place_that_does_not_exist_is_said_and_nothing_elsewhere_is_changed() {
    let cluster = cluster(&[("shop", broken("catalog")), ("payments", well("web")), ("default", well("other"))]).await;
    let mut wrong = Vec::new();
    for own in ["shop", "default"] {
        for place in ["warehouse", "team-x", "prod", "demo", "users", "paymnts", "payments-2"] {
            for form in FORMS {
                let text = form.replace('X', place);
                let certain = *form != ADDRESS && !matches!(place, "demo" | "users");
                if let Some(why) = passed_over(&cluster, own, &text, place, certain).await {
                    wrong.push(format!("{own}, {text}: {why}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    assert_eq!(cluster.writes(), []);
}

#[tokio::test(start_paused = true)]
async fn words_that_may_be_prose_are_a_doubt_and_no_error_and_all_other_prose_is_none() {
    let cluster = cluster(&[("shop", broken("catalog")), ("shop", well("web"))]).await;
    let mut wrong = Vec::new();
    let prose = [
        "catalog does not start in time",
        "catalog has a client/server problem and/or hangs",
        "catalog does not answer on tcp/80 or http/2",
        "catalog goes on/off, see /var/log and GET /balances",
        "catalog with nginx/nginx:1.27 is down, 9/10 of the time",
        "catalog is in progress and in Pending state",
        "shop/catalog is down",
        "catalog in shop is down",
    ];
    let doubts = [
        "catalog is stuck in limbo",
        "catalog in demo is down",
        "web/catalog are down",
        "catalog answers with text/html",
        "prod: catalog is down",
        "catalog is down (prod)",
        "[team-x] catalog is down",
        "warehouse: catalog is down",
    ];
    for (text, doubted) in prose.iter().map(|text| (text, false)).chain(doubts.iter().map(|text| (text, true))) {
        let opened = cluster.process_at("shop").open(&words(text), &Caller::silent()).await.unwrap();
        let plan = opened.report.plan.as_ref().map(|plan| plan.steps[0].object.name.as_str());
        let aside = opened.question.as_ref().map(|question| question.aside.is_some());
        if (plan, aside) != (Some("catalog-data"), Some(doubted)) {
            wrong.push(format!("{text}: {plan:?} {aside:?}: {}", opened.report.summary));
        }
        decline(&cluster, &opened).await;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// What is read of a namespace.
const NAMESPACED: &[&str] = &[
    "pods",
    "deployments",
    "replicasets",
    "statefulsets",
    "daemonsets",
    "jobs",
    "cronjobs",
    "services",
    "endpointslices",
    "ingresses",
    "persistentvolumeclaims",
    "events",
    "configmaps",
    "horizontalpodautoscalers",
];

/// Nobody may list the namespaces; `asks`: nobody may ask for one either; `narrow`: nobody may list what is in namespaces of the whole cluster.
fn deny(cluster: &Embedded, asks: bool, narrow: bool) {
    cluster.sim.deny(Denial::of("list", "namespaces").to_user("reader"));
    if asks {
        cluster.sim.deny(Denial::of("get", "namespaces").to_user("reader"));
    }
    for plural in NAMESPACED.iter().filter(|_| narrow) {
        cluster.sim.deny(Denial::of("list", plural).in_namespace("").to_user("reader"));
    }
}

fn changed_in(report: &Report) -> Option<&str> {
    report.plan.as_ref().and_then(|plan| plan.steps[0].object.namespace.as_deref())
}

#[tokio::test(start_paused = true)]
async fn place_is_honored_where_namespaces_cannot_be_listed() {
    let mut wrong = Vec::new();
    for (asks, narrow) in [(false, true), (true, true), (true, false)] {
        let cluster = cluster(&[("shop", broken("catalog")), ("beta", broken("catalog")), ("mine", broken("catalog"))]).await;
        deny(&cluster, asks, narrow);
        for own in ["shop", "mine", "default"] {
            for text in FORMS.iter().map(|form| form.replace('X', "beta")) {
                let opened = cluster.process_at(own).open(&words(&text), &Caller::silent()).await.unwrap();
                let place = opened.report.coverage.place.as_str();
                if changed_in(&opened.report) != Some("beta") || place != "namespace beta (named in the issue)" {
                    wrong.push(format!("{asks} {narrow} {own}, {text}: {place}: {}", opened.report.summary));
                }
                decline(&cluster, &opened).await;
            }
            // One that is not there, or of which nobody may know it.
            for text in ["theirs/catalog is down", "catalog in theirs is down", "catalog in namespace theirs is down"] {
                let opened = cluster.process_at_with(own, automatic()).open(&words(text), &Caller::silent()).await;
                let Ok(Opened { report, question }) = opened else { continue };
                if report.plan.is_some() || question.is_some() || !report.summary.contains("theirs") {
                    wrong.push(format!("{asks} {narrow} {own}, {text}: {}", report.summary));
                }
            }
        }
        assert_eq!(cluster.writes(), []);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[tokio::test(start_paused = true)]
async fn nothing_is_said_to_be_absent_from_a_place_that_could_not_be_read() {
    let cluster = cluster(&[("shop", broken("catalog"))]).await;
    deny(&cluster, true, true);
    cluster.sim.deny(Denial::of("list", "*").in_namespace("theirs").to_user("reader"));
    for text in ["theirs/catalog is down", "catalog in theirs is down"] {
        let report = cluster.process_at("shop").analyze(&words(text), &Caller::silent()).await.unwrap();
        let said = format!("{}\n{:?}", report.summary, report.coverage.doubts);
        assert_eq!((report.status, report.plan.is_none()), (Status::Inconclusive, true), "{text}: {said}");
        assert!(said.contains("could not be read") && said.contains("theirs"), "{text}: {said}");
        assert!(!said.contains("is called") && !said.contains("does not exist") && !said.contains("there is nothing"), "{text}: {said}");
    }
    let report = cluster.process_at("shop").analyze(&words("catalog is stuck in limbo"), &Caller::silent()).await.unwrap();
    let note = report.issue.note.clone().unwrap_or_default();
    assert!(note.starts_with("Whether there is a namespace `limbo` could not be checked; the plan is about"), "{note}");
}

#[tokio::test(start_paused = true)]
async fn namespace_is_known_by_what_is_in_it() {
    let cluster = cluster(&[("pay", broken("checkout")), ("shop", well("web"))]).await;
    deny(&cluster, true, false);
    let analyze = async |text: &str| cluster.process_at("default").analyze(&words(text), &Caller::silent()).await.unwrap();
    let report = analyze("nobody can reach shop").await;
    assert_eq!((report.issue.namespace.as_deref(), report.plan.is_none()), (Some("shop"), true), "{}", report.summary);
    let report = analyze("the app in pay is down").await;
    assert_eq!(
        (report.coverage.place.as_str(), changed_in(&report)),
        ("namespace pay (named in the issue)", Some("pay")),
        "{}",
        report.summary
    );
}

#[tokio::test(start_paused = true)]
async fn place_in_the_words_beside_one_that_was_given_needs_a_human() {
    let cluster = cluster(&[("shop", broken("catalog"))]).await;
    for text in ["warehouse/catalog is down", "catalog in namespace warehouse is down"] {
        let given = Problem { namespace: Namespace::parse("shop").ok(), ..words(text) };
        let opened = cluster.process_at_with("shop", automatic()).open(&given, &Caller::silent()).await.unwrap();
        let note = opened.report.issue.note.clone().unwrap_or_default();
        assert!(note.starts_with("The issue names namespace `warehouse`, and only namespace shop was read"), "{text}: {note}");
        assert!(opened.question.as_ref().is_some_and(|question| question.aside.is_some()), "{text}");
        decline(&cluster, &opened).await;
        let everywhere = Problem { all_namespaces: true, ..words(text) };
        let said = cluster.process_at_with("shop", automatic()).open(&everywhere, &Caller::silent()).await;
        assert!(said.is_err() || said.is_ok_and(|opened| opened.question.is_none() && opened.report.plan.is_none()), "{text}");
    }
    assert_eq!(cluster.writes(), []);
}

#[tokio::test(start_paused = true)]
async fn session_about_a_place_that_is_not_there_is_not_followed_by_a_plan_for_another() {
    let cluster = cluster(&[("pay", broken("checkout"))]).await;
    let process = cluster.process_at_with("pay", automatic());
    let first = process.analyze(&words("checkout in prod is down"), &Caller::silent()).await.unwrap();
    let again = process.records().problem(&kubemend::domain::id::SessionId::parse(&first.session).unwrap()).await.unwrap();
    let opened = process.open(&again, &Caller::silent()).await.unwrap();
    assert!(opened.question.is_none() && opened.report.plan.is_none(), "{}", opened.report.summary);
    assert_eq!(cluster.writes(), []);
}
