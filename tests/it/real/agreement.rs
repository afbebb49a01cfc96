//! The embedded cluster says what the real one says: the same folder, the same report.

use super::trial::{Trial, Who};
use super::world;
use crate::support::case::names;
use crate::support::embedded::{Embedded, ask, asked, open, yes};
use crate::support::mask::masked_value;
use crate::support::server::{Human, Opening};
use crate::support::world::World;
use serde_json::Value;

/// With this ends what a report from the record says of how old it is.
const FROM_THE_RECORD: &str = "nothing was checked now.";

/// The whole way on the real cluster and on the embedded one: where their reports differ.
async fn both(world: &World, name: &str) -> Option<Vec<String>> {
    let trial = Trial::of(world, name, Who::Two).await?;
    let server = trial.start(Human::Yes, Opening::Auto).run().await;
    let said = server.call("remediate", trial.ask()).await;
    assert!(!said.error, "{name}: {}", said.text);
    server.stop().await;
    let (case, namespace) = (&trial.case, &trial.place.name);
    let cluster = Embedded::of(case, namespace).await;
    let process = cluster.process();
    let embedded = if case.scenario.expect.status == "healthy" {
        open(&process, &ask(case, namespace)).await.report
    } else {
        let (_, question) = asked(&process, &ask(case, namespace)).await;
        yes(&process, &question).await.unwrap()
    };
    trial.place.end().await;
    Some(disagreements(said.report, serde_json::to_value(embedded).unwrap()))
}

/// Both reports without what differs between any two runs.
fn comparable(mut real: Value, mut embedded: Value) -> (Value, Value) {
    // The server's is completed from the record, which says first that it is one.
    if let Some(note) = real["issue"]["note"].as_str().filter(|note| note.starts_with("This session ended at ")) {
        let rest = note.split_once(FROM_THE_RECORD).map_or("", |(_, rest)| rest.trim_start()).to_owned();
        let issue = real["issue"].as_object_mut().unwrap();
        issue.remove("note");
        if !rest.is_empty() {
            issue.insert("note".to_owned(), rest.into());
        }
    }
    for report in [&mut real, &mut embedded] {
        without_parts(report);
    }
    (masked_value(real), masked_value(embedded))
}

/// Where the embedded cluster's report is another than the real one's.
pub(super) fn disagreements(real: Value, embedded: Value) -> Vec<String> {
    let (real, embedded) = comparable(real, embedded);
    let mut found = Vec::new();
    differences("", &real, &embedded, &mut found);
    found
}

/// The brief form, which the server's summary is of, names the cause and the advice that stand beside it, and does not say them again.
fn without_parts(report: &mut Value) {
    let summary = report["summary"].as_str().unwrap_or_default();
    let named = |line: &&str| !line.starts_with("Cause (") && !line.starts_with("Advice: ") && !line.starts_with("See `advice`");
    let lines: Vec<&str> = summary.lines().filter(named).map(|line| line.split("; run: ").next().unwrap_or_default()).collect();
    report["summary"] = Value::String(lines.join("\n"));
}

/// Where two values differ, as paths.
fn differences(at: &str, real: &Value, embedded: &Value, found: &mut Vec<String>) {
    match (real, embedded) {
        (Value::Object(a), Value::Object(b)) => {
            for key in a.keys().chain(b.keys().filter(|k| !a.contains_key(*k))) {
                let (x, y) = (a.get(key).unwrap_or(&Value::Null), b.get(key).unwrap_or(&Value::Null));
                differences(&format!("{at}.{key}"), x, y, found);
            }
        }
        (Value::Array(a), Value::Array(b)) => {
            for index in 0..a.len().max(b.len()) {
                let (x, y) = (a.get(index).unwrap_or(&Value::Null), b.get(index).unwrap_or(&Value::Null));
                differences(&format!("{at}[{index}]"), x, y, found);
            }
        }
        (a, b) if a == b => {}
        (a, b) => found.push(format!("{at}\n    real:     {a}\n    embedded: {b}")),
    }
}

#[tokio::test]
async fn real_and_embedded_reports_agree() {
    let world = world!();
    let names = names();
    let reports = futures::future::join_all(names.iter().map(|name| both(&world, name))).await;
    let mut wrong = Vec::new();
    for (name, found) in names.iter().zip(reports).filter_map(|(n, r)| Some((n, r?))) {
        if !found.is_empty() {
            wrong.push(format!("{name}:\n  {}", found.join("\n  ")));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
