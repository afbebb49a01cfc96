//! What admission makes of a change is noticed: in the dry run, in the answer to the change itself, and in automatic mode.

use crate::support::case::Case;
use crate::support::embedded::{Embedded, ask, asked, open, yes};
use crate::support::webhook::{Between, Seen};
use kubemend::domain::limits::{Limits, Mode};
use kubemend::domain::plan::OnFailure;
use kubemend::workflow::Remediation;
use kubemend::workflow::report::{Report, Status};
use serde_json::{Value, json};

const NAMESPACE: &str = "shop";
const CONTAINERS: &str = "/spec/template/spec/containers/-";

fn process(cluster: &Embedded, limits: Limits, webhook: fn(&Seen, Value) -> Value) -> Remediation {
    cluster.process_over(Between::webhook(cluster.sim.service_as("writer"), webhook), limits, true)
}

/// A privileged container on the host's network, added to every patch.
fn sidecar(seen: &Seen, mut body: Value) -> Value {
    if seen.method == "PATCH" {
        let container = json!({"name": "evil", "image": "example/evil:1", "securityContext": {"privileged": true}});
        let operations = body.as_array_mut().unwrap();
        operations.push(json!({"op": "add", "path": CONTAINERS, "value": container}));
        operations.push(json!({"op": "add", "path": "/spec/template/spec/hostNetwork", "value": true}));
    }
    body
}

fn sidecar_for_real(seen: &Seen, body: Value) -> Value {
    if seen.dry_run { body } else { sidecar(seen, body) }
}

fn larger(seen: &Seen, mut body: Value) -> Value {
    if seen.method == "POST" {
        body["spec"]["resources"]["requests"]["storage"] = json!("500Gi");
    }
    body
}

fn larger_for_real(seen: &Seen, body: Value) -> Value {
    if seen.dry_run { body } else { larger(seen, body) }
}

fn annotated(seen: &Seen, mut body: Value) -> Value {
    if seen.method == "PATCH" {
        body.as_array_mut().unwrap().push(json!({"op": "add", "path": "/metadata/annotations/owner", "value": "somebody"}));
    }
    body
}

/// Nothing was asked, nothing was changed, and the report names what would have been different.
async fn refused_in_the_dry_run(case: &str, limits: Limits, webhook: fn(&Seen, Value) -> Value, words: &[&str]) {
    let case = Case::load(case);
    let cluster = Embedded::of(&case, NAMESPACE).await;
    let opened = open(&process(&cluster, limits, webhook), &ask(&case, NAMESPACE)).await;
    assert!(opened.question.is_none(), "{}", opened.report.summary);
    assert_eq!((opened.report.status, cluster.writes()), (Status::Diagnosed, vec![]));
    let said: String = opened.report.advice.iter().map(|a| format!("{}\n", a.why)).collect();
    for word in words {
        assert!(said.contains(word), "{word}: {said}");
    }
}

const SIDECAR: &[&str] = &[
    "admission would change what is shown",
    "spec.template.spec.containers[name=evil] (planned: not set",
    "\"privileged\":true",
    "spec.template.spec.hostNetwork (planned: not set, actual: true)",
];

#[tokio::test(start_paused = true)]
async fn container_that_admission_adds_is_a_refusal() {
    refused_in_the_dry_run("image-tag-missing", Limits::default(), sidecar, SIDECAR).await;
}

#[tokio::test(start_paused = true)]
async fn automatic_mode_refuses_what_admission_adds() {
    let limits = Limits { mode: Mode::Automatic, ..Limits::default() };
    refused_in_the_dry_run("image-tag-missing", limits, sidecar, SIDECAR).await;
}

#[tokio::test(start_paused = true)]
async fn size_that_admission_changes_is_a_refusal() {
    let words = ["spec.resources.requests.storage (planned: \"10Gi\", actual: \"500Gi\")"];
    refused_in_the_dry_run("database-pod-pending", Limits::default(), larger, &words).await;
}

#[tokio::test(start_paused = true)]
async fn annotation_that_admission_adds_is_a_refusal_and_its_value_is_not_shown() {
    let words = ["metadata.annotations.owner (planned: not set, actual: ⟦not shown⟧)"];
    refused_in_the_dry_run("image-tag-missing", Limits::default(), annotated, &words).await;
}

async fn after_a_yes(case: &str, limits: Limits, webhook: fn(&Seen, Value) -> Value) -> (Embedded, Report) {
    let case = Case::load(case);
    let cluster = Embedded::of(&case, NAMESPACE).await;
    let process = process(&cluster, limits, webhook);
    let (_, question) = asked(&process, &ask(&case, NAMESPACE)).await;
    let report = yes(&process, &question).await.unwrap();
    (cluster, report)
}

fn message(report: &Report, step: usize) -> String {
    let execution = report.execution.as_ref().unwrap();
    assert_eq!(execution.steps[step].outcome.as_str(), "applied");
    execution.steps[step].message.clone().unwrap()
}

#[tokio::test(start_paused = true)]
async fn container_that_admission_adds_to_the_real_change_only_fails_the_plan() {
    let (_, report) = after_a_yes("image-tag-missing", Limits::default(), sidecar_for_real).await;
    assert_eq!(report.status, Status::Failed, "{}", report.summary);
    let message = message(&report, 0);
    assert!(message.starts_with("the change was applied, and the result is not what was approved: "), "{message}");
    assert!(message.contains("containers[name=evil]") && message.contains("hostNetwork"), "{message}");
    assert!(report.summary.contains("its result is not what was approved") && report.summary.contains("name=evil"), "{}", report.summary);
}

#[tokio::test(start_paused = true)]
async fn change_that_became_something_else_is_rolled_back_where_the_plan_says_so() {
    let limits = Limits { on_failure: OnFailure::Revert, ..Limits::default() };
    let (cluster, report) = after_a_yes("image-tag-missing", limits, sidecar_for_real).await;
    assert_eq!(report.status, Status::Failed, "{}", report.summary);
    let reverted = report.execution.as_ref().unwrap().reverted.as_ref().unwrap();
    assert_eq!(reverted.iter().map(|step| step.outcome.as_str()).collect::<Vec<_>>(), ["applied"]);
    assert!(report.summary.contains("rollback of step 1 applied"), "{}", report.summary);
    assert_eq!(cluster.sent("PATCH"), 2);
}

/// A creation after a deletion cannot be rehearsed whole, since its name is taken then: its real answer tells.
#[tokio::test(start_paused = true)]
async fn claim_that_is_replaced_by_a_larger_one_fails_the_plan_and_says_so() {
    let (cluster, report) = after_a_yes("storage-class-missing", Limits::default(), larger_for_real).await;
    assert_eq!(report.status, Status::Failed, "{}", report.summary);
    let message = message(&report, 1);
    assert!(message.contains("spec.resources.requests.storage") && message.contains("500Gi"), "{message}");
    assert!(report.summary.contains("500Gi"), "{}", report.summary);
    assert_eq!(cluster.writes().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn claim_that_the_dry_run_could_not_rehearse_is_held_against_the_plan_as_well() {
    let (_, report) = after_a_yes("storage-class-missing", Limits::default(), larger).await;
    assert_eq!(report.status, Status::Failed, "{}", report.summary);
    assert!(message(&report, 1).contains("500Gi"));
}
