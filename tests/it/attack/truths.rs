//! What must be true after a run, whatever happened in it.

use super::planted::leaked;
use super::weather::{Past, Sent};
use crate::support::case::Case;
use crate::support::embedded::Embedded;
use kubemend::domain::limits::Limits;
use kubemend::domain::plan::OnFailure;
use kubemend::workflow::report::{Report, Status};
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::Duration;

/// A yes for a plan: what was recorded of it when it was given.
#[derive(Debug)]
pub(super) struct Consent {
    pub(super) record: Value,
}

/// What was there when the question had been answered, beside what was there before anybody asked.
#[derive(Debug)]
pub(super) struct After {
    pub(super) last: Option<Report>,
    pub(super) before: BTreeMap<String, Value>,
    pub(super) specs: BTreeMap<String, Value>,
    pub(super) objects: Vec<Value>,
}

/// What people ask of each object that a plan could change.
pub(super) fn specs(cluster: &Embedded) -> BTreeMap<String, Value> {
    let kinds = ["Deployment", "StatefulSet", "DaemonSet", "Service", "PersistentVolumeClaim", "ConfigMap"];
    let mut found = BTreeMap::new();
    for object in cluster.objects() {
        let kind = object["kind"].as_str().unwrap_or_default();
        if kinds.contains(&kind) {
            let mut spec = if kind == "ConfigMap" { object["data"].clone() } else { object["spec"].clone() };
            // What the binder writes.
            if let Some(claim) = spec.as_object_mut().filter(|_| kind == "PersistentVolumeClaim") {
                claim.shift_remove("volumeName");
            }
            found.insert(format!("{kind}/{}", object["metadata"]["name"].as_str().unwrap_or_default()), spec);
        }
    }
    found
}

/// All that left the program, and all that it was allowed.
#[derive(Debug, Default)]
pub(super) struct Heard {
    pub(super) after: Option<After>,
    /// What was done was taken back, and seen to be.
    pub(super) undone: bool,
    pub(super) consents: Vec<Consent>,
    /// The operator lets it act by itself.
    pub(super) automatic: bool,
    pub(super) texts: Vec<String>,
    pub(super) records: Vec<Value>,
    /// Every session, as another process shows it at the end.
    pub(super) shown: Vec<Report>,
    pub(super) validated: Vec<Report>,
    /// What could not be told at all.
    pub(super) broken: Vec<String>,
}

/// A write of a plan, and whether it is the undo of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Planned {
    write: Sent,
    undo: bool,
}

/// Every request that a record holds.
fn requests(value: &Value, undo: bool, into: &mut Vec<Planned>) {
    match value {
        Value::Object(map) => {
            if let (Some(method), Some(path), Some(body)) = (map.get("method"), map.get("path"), map.get("body"))
                && let (Some(method), Some(path), Some(body)) = (method.as_str(), path.as_str(), body.as_str())
            {
                let write = Sent { method: method.to_owned(), path: path.to_owned(), body: body.to_owned() };
                into.push(Planned { write, undo });
            }
            map.iter().for_each(|(key, inner)| requests(inner, undo || key == "undo", into));
        }
        Value::Array(list) => list.iter().for_each(|inner| requests(inner, undo, into)),
        _ => {}
    }
}

fn of_record(record: &Value) -> Vec<Planned> {
    let mut found = Vec::new();
    requests(record, false, &mut found);
    found
}

/// Everything that is not as it must be.
pub(super) async fn wrong(cluster: &Embedded, case: &Case, limits: &Limits, past: &Past, heard: &Heard) -> Vec<String> {
    let mut wrong = heard.broken.clone();
    writes(&mut wrong, limits, past, heard);
    heard.shown.iter().for_each(|report| words(&mut wrong, cluster, past, report));
    failures(&mut wrong, past, heard);
    secrets(&mut wrong, past, heard);
    ended(&mut wrong, case, past, heard);
    verdicts(&mut wrong, cluster, case, past, heard).await;
    wrong
}

/// No write without a yes for it, none other than what was shown, and none twice.
fn writes(wrong: &mut Vec<String>, limits: &Limits, past: &Past, heard: &Heard) {
    let mut allowed: Vec<Planned> = heard.consents.iter().flat_map(|consent| of_record(&consent.record)).collect();
    if heard.automatic {
        allowed.extend(heard.records.iter().flat_map(of_record));
    }
    for (index, sent) in past.sent.iter().enumerate() {
        let Sent { method, path, .. } = sent;
        match allowed.iter().find(|planned| planned.write == *sent) {
            None => wrong.push(format!("sent without a yes for it: {method} {path} {}", sent.body)),
            Some(planned) if planned.undo && limits.on_failure != OnFailure::Revert => {
                wrong.push(format!("undone without a yes for that: {method} {path}"));
            }
            Some(_) => {}
        }
        if past.sent[..index].contains(sent) {
            wrong.push(format!("sent twice: {method} {path}"));
        }
    }
}

/// What is said of each step is what became of it.
fn words(wrong: &mut Vec<String>, cluster: &Embedded, past: &Past, report: &Report) {
    let Some(plan) = &report.plan else { return };
    let quiet = [Status::Declined, Status::Expired, Status::AwaitingApproval, Status::Diagnosed, Status::Inconclusive, Status::Healthy];
    for (index, step) in plan.steps.iter().enumerate() {
        let sent = past.sent.iter().any(|sent| sent.method == step.request.method && sent.body == step.request.body);
        if sent && quiet.contains(&report.status) {
            wrong.push(format!("{} although step {} was sent", report.status.as_str(), index + 1));
        }
        let Some(execution) = &report.execution else { continue };
        let path = step.request.path.split('?').next().unwrap_or_default();
        let took = cluster.sim.requests().iter().any(|done| {
            done.wrote && done.user == "writer" && done.path == path && done.method == step.request.method && {
                past.mutated > 0 || done.body == step.request.body
            }
        });
        let outcome = execution.steps[index].outcome.as_str();
        let true_word = match outcome {
            "applied" | "unchanged" => took,
            // With a webhook a step may fail because it took effect in another way than shown.
            "failed" => !took || past.mutated > 0,
            "refused" | "notReached" => !took,
            "unknown" => sent,
            _ => false,
        };
        if !true_word {
            wrong.push(format!("step {} is said to be {outcome}, and it {} effect", index + 1, if took { "took" } else { "did not take" }));
        }
    }
}

/// Each of these changes helps, in its time: where nobody spoils it, it is not said to have failed, and nothing is undone.
fn failures(wrong: &mut Vec<String>, past: &Past, heard: &Heard) {
    if past.meddled || past.mutated > 0 {
        return;
    }
    let whole = |report: &&Report| report.execution.as_ref().is_some_and(|e| e.steps.iter().all(|step| step.outcome == "applied"));
    for report in heard.shown.iter().filter(whole) {
        if let Some(validation) = report.validation.as_ref().filter(|v| v.verdict == "unresolved") {
            wrong.push(format!("said to have failed, although nobody spoiled it: {:?}", validation.why));
        }
    }
}

/// What did not help did not, and what was taken back is as it was.
fn ended(wrong: &mut Vec<String>, case: &Case, past: &Past, heard: &Heard) {
    let Some(After { last: Some(last), before, specs, objects }) = &heard.after else { return };
    if past.meddled || past.mutated > 0 {
        return;
    }
    if (heard.undone || last.status == Status::Reverted) && specs != before {
        let differ: Vec<&String> = specs.keys().chain(before.keys()).filter(|key| specs.get(*key) != before.get(*key)).collect();
        wrong.push(format!("taken back, and not as it was: {differ:?}"));
    }
    let healed = !heard.undone && case.scenario.expect.healed.iter().all(|word| word.holds(objects));
    if healed && matches!(last.status, Status::Unresolved | Status::Partly | Status::Reverted) {
        wrong.push(format!("{}, and all of it is well", last.status.as_str()));
    }
    // Nothing but the start of what was changed took long: every plan of these cases helps in the end.
    if past.struck == 0 && matches!(last.status, Status::Unresolved | Status::Reverted | Status::Failed) {
        wrong.push(format!("{}, though nothing stood against it", last.status.as_str()));
    }
}

/// No planted secret leaves by any door.
fn secrets(wrong: &mut Vec<String>, past: &Past, heard: &Heard) {
    let texts = heard.texts.iter().map(|text| ("a text", text.clone()));
    let records = heard.records.iter().map(|record| ("a record", record.to_string()));
    let sent = past.sent.iter().map(|sent| ("a write", sent.body.clone()));
    for (door, text) in texts.chain(records).chain(sent) {
        for place in leaked(&text) {
            let told = format!("a secret left by {door}: {place}");
            if !wrong.contains(&told) {
                wrong.push(told);
            }
        }
    }
}

/// Resolved is said of what is well, and still is after five minutes.
async fn verdicts(wrong: &mut Vec<String>, cluster: &Embedded, case: &Case, past: &Past, heard: &Heard) {
    let resolved = |report: &&Report| report.status == Status::Resolved;
    // What was undone is resolved in its own way: it is not as anybody wished it to be.
    if !heard.undone && heard.shown.iter().any(|report| resolved(&report)) {
        if past.mutated > 0 {
            wrong.push("resolved, although a webhook made something else of the change".to_owned());
        }
        // Who edits the workload or takes rights away may spoil it afterwards.
        if !past.meddled {
            tokio::time::sleep(Duration::from_secs(300)).await;
            let objects = cluster.objects();
            let missing: Vec<String> =
                case.scenario.expect.healed.iter().filter(|word| !word.holds(&objects)).map(|word| format!("{word:?}")).collect();
            if !missing.is_empty() {
                wrong.push(format!("resolved, but not {}", missing.join(", ")));
            }
        }
    }
    for report in heard.validated.iter().filter(resolved) {
        if report.plan.is_none() {
            wrong.push("validated as resolved without a plan".to_owned());
        }
    }
}
