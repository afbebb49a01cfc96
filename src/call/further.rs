//! What would tell more where rules leave something open: looks as a caller can ask for them, ready to be sent.

use crate::domain::investigate::Investigate;
use crate::probe::arguments::{Context, LookArguments, ProbeWord};
use crate::workflow::report::{ObjectView, Report, Status};
use serde_json::json;

/// Things that are looked further into: who wants more can ask for it.
const OBJECTS: usize = 2;
/// Looks that are named.
const NAMED: usize = 4;

/// The line that says so; none where rules decide, or where the operator offers no looks.
pub fn further(report: &Report, investigate: Investigate) -> Option<String> {
    let open = match report.status {
        Status::Inconclusive => true,
        Status::Diagnosed => !report.unexplained.is_empty() || investigate == Investigate::Always,
        _ => false,
    };
    let concluded = report.causes.iter().any(|cause| cause.source == "model");
    if !open || concluded || !investigate.offers_looks() {
        return None;
    }
    let seen: Vec<&str> = report.observations.iter().map(|seen| seen.asked.as_str()).collect();
    let new = |look: &LookArguments| {
        let asked = look.understood(&Context { namespace: None, custom: &[] }).map(|look| look.to_string());
        asked.is_ok_and(|asked| !seen.contains(&asked.as_str()))
    };
    let mut looks: Vec<LookArguments> =
        report.unexplained.iter().take(OBJECTS).flat_map(|one| of_object(&one.object)).filter(new).collect();
    looks.extend(of_namespace(report.issue.namespace.as_deref()).into_iter().filter(new));
    looks.truncate(NAMED);
    let call = json!({"sessionId": report.session, "look": looks});
    let undecided = if report.usage.model_calls > 0 {
        "Neither rules nor the configured model decide this"
    } else {
        "Rules do not decide this, and no model is configured"
    };
    Some(format!("{undecided}: look further with analyze {call}; all probes: kubemend://probes"))
}

fn of_object(object: &ObjectView) -> Vec<LookArguments> {
    let named = match &object.namespace {
        Some(namespace) => format!("{}/{namespace}/{}", object.kind, object.name),
        None => format!("{}/{}", object.kind, object.name),
    };
    let of = |probe| LookArguments { probe, object: Some(named.clone()), ..LookArguments::default() };
    if object.kind == "Pod" {
        return vec![LookArguments { previous: Some(true), ..of(ProbeWord::Logs) }, of(ProbeWord::Logs), of(ProbeWord::Describe)];
    }
    vec![of(ProbeWord::Describe), of(ProbeWord::Events)]
}

fn of_namespace(namespace: Option<&str>) -> Vec<LookArguments> {
    let Some(namespace) = namespace else { return Vec::new() };
    let in_it = |probe, kind: Option<&str>| LookArguments {
        probe,
        kind: kind.map(str::to_owned),
        namespace: Some(namespace.to_owned()),
        ..LookArguments::default()
    };
    vec![in_it(ProbeWord::List, Some("pods")), in_it(ProbeWord::Events, None)]
}
