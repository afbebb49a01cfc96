//! What must be true after a run, whatever happened in it.

use super::allowed::writes;
use super::heard::{After, Heard, Said, is_well};
use super::planted::leaked;
use super::weather::Past;
use crate::support::case::Case;
use crate::support::embedded::Embedded;
use kubemend::domain::limits::Limits;
use kubemend::sim::Audited;
use kubemend::workflow::next::is_undo;
use kubemend::workflow::report::Status;
use std::time::Duration;

/// Everything that is not as it must be.
pub(super) async fn wrong(cluster: &Embedded, case: &Case, limits: &Limits, past: &Past, heard: &Heard) -> Vec<String> {
    let mut wrong = heard.broken.clone();
    writes(&mut wrong, limits, past, heard);
    let requests = cluster.sim.requests();
    for said in &heard.said {
        let mut untrue = Vec::new();
        words(&mut untrue, &requests, past, said);
        health(&mut untrue, said);
        failures(&mut untrue, said);
        helped(&mut untrue, said);
        wrong.extend(untrue.into_iter().map(|what| format!("{}: {what}", said.what)));
    }
    secrets(&mut wrong, past, heard);
    ended(&mut wrong, case, past, heard);
    taken_back(&mut wrong, heard);
    lasting(&mut wrong, cluster, case, past, heard).await;
    wrong.sort();
    wrong.dedup();
    wrong
}

/// What is said of each step is what had become of it.
fn words(wrong: &mut Vec<String>, requests: &[Audited], past: &Past, said: &Said) {
    let report = &said.report;
    let Some(plan) = &report.plan else { return };
    let quiet = [Status::Declined, Status::Expired, Status::AwaitingApproval, Status::Diagnosed, Status::Inconclusive, Status::Healthy];
    for (index, step) in plan.steps.iter().enumerate() {
        let sent = past.sent[..said.sent].iter().any(|sent| sent.method == step.request.method && sent.body == step.request.body);
        if sent && quiet.contains(&report.status) {
            wrong.push(format!("{} although step {} was sent", report.status.as_str(), index + 1));
        }
        let Some(execution) = &report.execution else { continue };
        let path = step.request.path.split('?').next().unwrap_or_default();
        let took = requests[..said.done].iter().any(|done| {
            done.wrote && done.user == "writer" && done.path == path && done.method == step.request.method && {
                said.mutated > 0 || done.body == step.request.body
            }
        });
        let outcome = execution.steps[index].outcome.as_str();
        let true_word = match outcome {
            "applied" | "unchanged" => took,
            // With a webhook a step may fail because it took effect in another way than shown.
            "failed" => !took || said.mutated > 0,
            "refused" | "notReached" => !took,
            "unknown" => sent,
            _ => false,
        };
        if !true_word {
            wrong.push(format!("step {} is said to be {outcome}, and it {} effect", index + 1, if took { "took" } else { "did not take" }));
        }
    }
}

/// What is broken is not called healthy, and who cannot say why something is broken says what is wrong or could not be seen.
fn health(wrong: &mut Vec<String>, said: &Said) {
    let report = &said.report;
    if report.status == Status::Healthy && said.never_healed && !said.remade {
        wrong.push("healthy, and it is as broken as before".to_owned());
    }
    let silent = report.unexplained.is_empty() && report.coverage.doubts.is_empty() && report.coverage.gaps.is_empty();
    if report.status == Status::Inconclusive && silent {
        wrong.push("inconclusive, with nothing that is wrong, in doubt or unread".to_owned());
    }
}

/// Each of these changes helps, in its time: where nobody spoils it, it is not said to have failed, and nothing is undone.
fn failures(wrong: &mut Vec<String>, said: &Said) {
    if said.meddled || said.mutated > 0 {
        return;
    }
    let whole = said.report.execution.as_ref().is_some_and(|e| e.steps.iter().all(|step| step.outcome.took_effect()));
    if let Some(validation) = said.report.validation.as_ref().filter(|v| whole && v.verdict == Status::Unresolved) {
        wrong.push(format!("said to have failed, although nobody spoiled it: {:?}", validation.why));
    }
}

/// Resolved is said of what is well at that moment, and not where a webhook made something else of the change: a look at what is there
/// now may find that it helps, and says what else came of it.
fn helped(wrong: &mut Vec<String>, said: &Said) {
    let report = &said.report;
    if report.status != Status::Resolved {
        return;
    }
    let Some(_) = &report.plan else {
        wrong.push("resolved without a plan".to_owned());
        return;
    };
    // What only takes back is not as anybody wished it to be.
    if is_undo(report) {
        wrong.push("resolved, and all that it did was to take something back".to_owned());
        return;
    }
    let altered = report.execution.as_ref().is_some_and(|e| e.steps.iter().any(|step| step.message.is_some()));
    if said.mutated > 0 && !(said.what == "validated" && altered) {
        wrong.push("resolved, although a webhook made something else of the change".to_owned());
    }
    if !said.is_recalled() && !said.remade && !said.rolling && !said.healed {
        wrong.push("resolved, and it is not well".to_owned());
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
    let healed = !heard.undone && is_well(case, objects);
    // An undo takes back whatever it was for.
    let failed_and_reverted = last.status == Status::Reverted && !is_undo(last);
    if healed && (failed_and_reverted || matches!(last.status, Status::Unresolved | Status::Partly)) {
        wrong.push(format!("{}, and all of it is well", last.status.as_str()));
    }
    // Nothing but the start of what was changed took long: every plan of these cases helps in the end.
    if past.struck == 0 && (failed_and_reverted || matches!(last.status, Status::Unresolved | Status::Failed)) {
        wrong.push(format!("{}, though nothing stood against it", last.status.as_str()));
    }
}

/// No planted secret leaves by any door.
fn secrets(wrong: &mut Vec<String>, past: &Past, heard: &Heard) {
    let texts = heard.texts.iter().map(|(door, text)| (*door, text.clone()));
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

/// Who reads the record of what was taken back, or may have been, is told so.
fn taken_back(wrong: &mut Vec<String>, heard: &Heard) {
    let Some(by) = &heard.taken_back_by else { return };
    let undo = heard.said.iter().rev().find(|said| said.report.session == *by);
    let Some(undoes) = undo.and_then(|said| said.report.undoes.as_ref()) else { return };
    let steps = undo.and_then(|said| said.report.execution.as_ref()).map(|e| e.steps.as_slice()).unwrap_or_default();
    if steps.iter().all(|step| step.outcome.changed_nothing()) {
        return;
    }
    let silent = |said: &Said| said.is_recalled() && said.report.session == *undoes && !said.report.summary.contains(by);
    if heard.said.iter().any(silent) {
        wrong.push(format!("session {by} took back what {undoes} did, or may have, and its record is shown without a word of that"));
    }
}

/// What is resolved is so five minutes later.
async fn lasting(wrong: &mut Vec<String>, cluster: &Embedded, case: &Case, past: &Past, heard: &Heard) {
    let resolved = heard.said.iter().any(|said| said.report.status == Status::Resolved);
    // Who edits the workload may spoil it afterwards, and who takes the change back means to.
    if !resolved || heard.taken_back_by.is_some() || past.remade {
        return;
    }
    tokio::time::sleep(Duration::from_secs(300)).await;
    let objects = cluster.objects();
    let missing: Vec<String> =
        case.scenario.expect.healed.iter().filter(|word| !word.holds(&objects)).map(|word| format!("{word:?}")).collect();
    if !missing.is_empty() {
        wrong.push(format!("resolved, but not {}", missing.join(", ")));
    }
}
