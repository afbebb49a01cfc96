//! What would tell more where rules leave something open: looks as a caller can ask for them, ready to be sent.

use crate::domain::investigate::Investigate;
use crate::probe::arguments::{Context, Custom, LookArguments, ProbeWord};
use crate::workflow::report::{ObjectView, Report, Status};
use serde_json::json;

/// Things that are looked further into: who wants more can ask for it.
const OBJECTS: usize = 2;
/// Namespaces that are looked around in.
const PLACES: usize = 2;
/// Looks that are named.
const NAMED: usize = 4;

/// The line that says so; none where rules decide, or where the operator offers no looks.
pub fn further(report: &Report, investigate: Investigate) -> Option<String> {
    let open = match report.status {
        Status::Inconclusive => true,
        Status::Diagnosed => !report.unexplained.is_empty() || investigate == Investigate::Always,
        _ => false,
    };
    let concluded = report.causes.iter().any(|cause| cause.source != "rule");
    if !open || concluded || report.unrecorded || !investigate.offers_looks() {
        return None;
    }
    let seen: Vec<String> = report.observations.iter().map(|seen| of_any_container(&seen.asked)).collect();
    let new = |look: &LookArguments| {
        let asked = look.understood(&Context { namespace: None, custom: Custom::NotAsked }).map(|look| look.to_string());
        asked.is_ok_and(|asked| !seen.contains(&asked))
    };
    let suffering = report.unexplained.iter().take(OBJECTS).map(|one| &one.object);
    let mut looks: Vec<LookArguments> = suffering.flat_map(of_object).collect();
    looks.extend(places(report).into_iter().flat_map(of_place));
    looks.retain(new);
    looks.truncate(NAMED);
    if looks.is_empty() {
        return None;
    }
    let call = json!({"sessionId": report.session, "look": looks});
    let undecided = if report.usage.model_calls > 0 {
        "Neither rules nor the configured model decide this"
    } else {
        "Rules do not decide this, and no model was asked"
    };
    Some(format!("{undecided}: look further with analyze {call}; all probes: kubemend://probes"))
}

/// A look at a log, whichever container it is of: to name the Pod alone asks for the one that fails.
fn of_any_container(asked: &str) -> String {
    let Some((before, named)) = asked.split_once(" -c ") else { return asked.to_owned() };
    format!("{before}{}", named.find(' ').and_then(|end| named.get(end..)).unwrap_or_default())
}

/// Where to look around: in the namespaces that were asked about, in those of what suffers, else in all.
fn places(report: &Report) -> Vec<Option<&str>> {
    let issue = &report.issue;
    let asked = issue.namespace.iter().chain(&issue.namespaces).map(String::as_str);
    let mut places: Vec<Option<&str>> = Vec::new();
    for place in asked.chain(report.unexplained.iter().filter_map(|one| one.object.namespace.as_deref())).map(Some) {
        if !places.contains(&place) {
            places.push(place);
        }
    }
    if places.is_empty() {
        places.push(None);
    }
    places.truncate(PLACES);
    places
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

fn of_place(namespace: Option<&str>) -> [LookArguments; 2] {
    let in_it = |probe, kind: Option<&str>| LookArguments {
        probe,
        kind: kind.map(str::to_owned),
        namespace: namespace.map(str::to_owned),
        ..LookArguments::default()
    };
    [in_it(ProbeWord::List, Some("pods")), in_it(ProbeWord::Events, None)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::AnalyzeRequest;
    use crate::workflow::blocks::tests::waiting;
    use crate::workflow::observed::ObservationView;
    use crate::workflow::report::UnexplainedView;
    use serde_json::Value;

    fn open() -> Report {
        let pod = |name: &str| ObjectView {
            api_version: "v1".to_owned(),
            kind: "Pod".to_owned(),
            namespace: Some("shop".to_owned()),
            name: name.to_owned(),
        };
        let unexplained = vec![UnexplainedView { object: pod("web-0"), summary: "it crashes".to_owned(), evidence: Vec::new() }];
        let session = "s-00000000000000000000000000000000".to_owned();
        Report { status: Status::Inconclusive, session, unexplained, ..waiting(1, "") }
    }

    /// What stands between the first and the last brace of the line.
    fn call(line: &str) -> Value {
        serde_json::from_str(line.get(line.find('{').unwrap()..=line.rfind('}').unwrap()).unwrap()).unwrap()
    }

    #[test]
    fn what_would_tell_more_can_be_sent_as_it_stands_and_names_nothing_that_was_seen() {
        let mut report = open();
        let given = call(&further(&report, Investigate::Auto).unwrap());
        assert!(AnalyzeRequest::parse(given.as_object().unwrap().clone(), Investigate::Auto).is_ok(), "{given}");
        assert_eq!(given["look"][0], json!({"probe": "logs", "object": "Pod/shop/web-0", "previous": true}));
        report.observations = vec![ObservationView {
            id: Some("o1".to_owned()),
            asked: "logs pod/web-0 -n shop -c app --previous".to_owned(),
            text: String::new(),
            more: None,
            seen_at: None,
        }];
        let given = call(&further(&report, Investigate::Auto).unwrap());
        assert!(given["look"].as_array().unwrap().iter().all(|look| look["previous"].is_null()), "{given}");
    }

    /// A call that can be sent, whatever of the report is missing.
    #[test]
    fn wherever_something_is_open_a_look_is_named_and_none_of_a_session_that_nobody_can_ask_for() {
        let everywhere = |namespaces: &[&str]| {
            let mut report = Report { unexplained: Vec::new(), ..open() };
            report.issue.namespace = None;
            report.issue.namespaces = namespaces.iter().map(|&one| one.to_owned()).collect();
            report
        };
        for (report, place) in [(everywhere(&[]), Value::Null), (everywhere(&["a", "b"]), json!("a"))] {
            let given = call(&further(&report, Investigate::Auto).unwrap());
            assert!(AnalyzeRequest::parse(given.as_object().unwrap().clone(), Investigate::Auto).is_ok(), "{given}");
            assert_eq!(given["look"][0]["namespace"], place, "{given}");
        }
        let seen = |asked: &str| ObservationView {
            id: Some("o1".to_owned()),
            asked: asked.to_owned(),
            text: String::new(),
            more: None,
            seen_at: None,
        };
        let all = Report { observations: ["list pods -A", "events -A"].map(seen).to_vec(), ..everywhere(&[]) };
        assert_eq!(further(&all, Investigate::Auto), None);
        assert_eq!(further(&Report { unrecorded: true, ..open() }, Investigate::Auto), None);
    }

    #[test]
    fn nothing_is_said_where_no_looks_are_offered_or_rules_decide() {
        assert_eq!(further(&open(), Investigate::Never), None);
        let decided = Report { status: Status::Diagnosed, unexplained: Vec::new(), ..open() };
        assert_eq!(further(&decided, Investigate::Auto), None);
        assert!(further(&decided, Investigate::Always).is_some());
    }
}
