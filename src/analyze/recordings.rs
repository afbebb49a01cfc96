//! The rules on what a real cluster said: every `fixtures/cases/*/recorded` leads to the cause that its scenario names, and to no other;
//! and what is concluded of it, down to the bytes that would be sent, is what `fixtures/goldens` holds.

use super::analyze;
use super::testing::{changes, every_rule_reads_what_it_declares};
use crate::domain::diagnosis::Diagnosis;
use crate::domain::id::PlanId;
use crate::domain::issue::Scope;
use crate::domain::kind::Kind;
use crate::domain::object::{Namespace, ObjectRef};
use crate::domain::objects::Objects;
use crate::domain::plan::OnFailure;
use crate::domain::snapshot::{Cluster, Snapshot};
use crate::facts::Facts;
use crate::planner::{
    self,
    live::Live,
    outline::{Outline, outline},
};
use jiff::Timestamp;
use serde_json::Value;
use std::path::{Path, PathBuf};

fn cases() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/cases");
    let mut cases: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).filter(|p| p.is_dir()).collect();
    cases.sort();
    cases
}

fn yaml(path: &Path) -> Value {
    let text = std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}; `make record` writes it", path.display()));
    serde_saphyr::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// The newest time in the recording: when it was made, but for a moment. Only a deletion's time can lie ahead.
fn newest(value: &Value) -> Option<Timestamp> {
    match value {
        Value::String(text) => text.parse().ok(),
        Value::Array(items) => items.iter().filter_map(newest).max(),
        Value::Object(map) => map.iter().filter(|(k, _)| *k != "deletionTimestamp").filter_map(|(_, v)| newest(v)).max(),
        _ => None,
    }
}

/// The recording as one snapshot in which everything was read, and the recording's namespace.
fn recorded(case: &Path, scenario: &Value) -> (Snapshot, Namespace) {
    recorded_kinds(case, scenario, &Kind::KNOWN)
}

/// The same, of which only these kinds were read.
fn recorded_kinds(case: &Path, scenario: &Value, kinds: &[Kind]) -> (Snapshot, Namespace) {
    let list = yaml(&case.join("recorded/objects.yaml"));
    let items = list["items"].as_array().unwrap();
    let namespace = items.iter().find_map(|i| i["metadata"]["namespace"].as_str()).or(scenario["namespace"].as_str()).unwrap();
    let namespace = Namespace::parse(namespace).unwrap();
    let scope = Scope::Namespace { namespace: namespace.clone(), objects: Vec::new() };
    let mut snapshot = Snapshot::empty(Cluster::default(), scope, newest(&list).unwrap());
    for kind in kinds {
        let of_kind = items.iter().filter(|i| i["kind"] == kind.name() && i["apiVersion"] == kind.api_version());
        snapshot.add(kind, of_kind.cloned().collect(), true);
    }
    snapshot.take_elsewhere(Objects::of(&Kind::PersistentVolumeClaim), true);
    assert_eq!(snapshot.gaps, []);
    (snapshot, namespace)
}

/// What is concluded of every recording.
pub(crate) fn diagnoses() -> Vec<(String, Diagnosis)> {
    let of = |case: &Path| analyze(&Facts::of(&recorded(case, &yaml(&case.join("scenario.yaml"))).0)).unwrap();
    cases().iter().map(|case| (case.display().to_string(), of(case))).collect()
}

/// The recorded objects that the cause's fix would change, whole, as reading each of them again brings them.
fn live(outline: &Outline, case: &Path) -> Live {
    let list = yaml(&case.join("recorded/objects.yaml"));
    let mut live = Live::default();
    for object in outline.needed() {
        let is_it = |i: &&Value| {
            i["kind"] == object.kind.name()
                && i["metadata"]["name"] == object.name
                && i["metadata"]["namespace"].as_str() == object.namespace.as_ref().map(Namespace::as_str)
        };
        let whole = list["items"].as_array().unwrap().iter().find(is_it).unwrap();
        live.insert(object, Ok(whole.clone()));
    }
    live
}

#[test]
fn every_recording_leads_to_the_cause_of_its_scenario_and_to_no_other() {
    let (recorded_cases, bare): (Vec<PathBuf>, Vec<PathBuf>) = cases().into_iter().partition(|c| c.join("recorded/objects.yaml").is_file());
    assert!(bare.is_empty() && !recorded_cases.is_empty(), "not recorded: {bare:?}; run `make record`");
    for case in recorded_cases {
        let name = case.file_name().unwrap().to_string_lossy().into_owned();
        let scenario = yaml(&case.join("scenario.yaml"));
        let (snapshot, namespace) = recorded(&case, &scenario);
        every_rule_reads_what_it_declares(&snapshot, |kinds| recorded_kinds(&case, &scenario, kinds).0);
        let facts = Facts::of(&snapshot);
        let mut diagnosis = analyze(&facts).unwrap();
        planner::triage(&mut diagnosis, &facts, super::severity);
        let expected = &scenario["expect"]["cause"];
        if expected.is_null() {
            assert_eq!(diagnosis.causes, [], "{name}");
            assert_eq!(diagnosis.unexplained, [], "{name}");
            continue;
        }
        let [cause] = diagnosis.causes.as_slice() else { panic!("{name}: {diagnosis:#?}") };
        assert_eq!(cause.source.code(), expected["code"], "{name}");
        let object = ObjectRef::parse(expected["object"].as_str().unwrap(), Some(&namespace)).unwrap();
        assert_eq!(cause.object, object, "{name}");
        for (said, key) in [(cause.field_text(), "field"), (cause.found.clone(), "found"), (cause.expected.clone(), "expected")] {
            if let Some(wanted) = expected.get(key) {
                assert_eq!(said.as_deref(), wanted.as_str(), "{name}: {key}");
            }
        }
        assert_eq!(diagnosis.unexplained, [], "{name}");
        // What is proposed is what the scenario allows, step by step.
        let writes = scenario["expect"]["writes"].as_array().unwrap();
        let allowed: Vec<String> =
            writes.iter().map(|w| format!("{} {}", w["verb"].as_str().unwrap(), w["object"].as_str().unwrap())).collect();
        let proposed: Vec<String> = changes(cause).iter().map(|c| c.split(' ').take(2).collect::<Vec<_>>().join(" ")).collect();
        assert_eq!(proposed, allowed, "{name}");
    }
}

/// What is concluded of a recording, in a form that holds no sentence: codes, objects, fields, values, order, confidence, and bytes.
fn concluded(case: &Path) -> String {
    use std::fmt::Write;
    let (snapshot, _) = recorded(case, &yaml(&case.join("scenario.yaml")));
    let facts = Facts::of(&snapshot);
    let mut diagnosis = analyze(&facts).unwrap();
    planner::triage(&mut diagnosis, &facts, super::severity);
    let mut out = format!("== {}\n", case.file_name().unwrap().to_string_lossy());
    let text = |value: &Option<String>| value.clone().unwrap_or_else(|| "-".to_owned());
    for cause in &diagnosis.causes {
        writeln!(out, "cause {} {} confidence {}", cause.source.code(), cause.object, cause.confidence.value()).unwrap();
        writeln!(out, "  field {} found {} expected {}", text(&cause.field_text()), text(&cause.found), text(&cause.expected)).unwrap();
        for symptom in &cause.symptoms {
            writeln!(out, "  symptom {}", symptom.object).unwrap();
        }
        for link in &cause.chain {
            writeln!(out, "  chain {} {} {}", link.from, link.relation, link.to).unwrap();
        }
        for evidence in cause.cites.iter().filter_map(|id| diagnosis.evidence.get(*id)) {
            let object = evidence.object.as_ref().map(ToString::to_string).unwrap_or_default();
            writeln!(out, "  evidence {:?} {object} {}", evidence.source, text(&evidence.field.as_ref().map(ToString::to_string))).unwrap();
        }
        let planned = outline(cause, &facts).and_then(|outline| {
            let live = live(&outline, case);
            planner::plan(outline, &live, PlanId::from_entropy([7; 16]), OnFailure::Keep)
        });
        match planned {
            Ok(plan) => {
                for step in plan.steps.iter() {
                    let request = &step.request;
                    writeln!(out, "  step risk {} {} {}\n    {}", step.risk, request.method.as_str(), request.path, request.body).unwrap();
                    if let crate::domain::plan::Undo::Restore { request, .. } = &step.undo {
                        writeln!(out, "    undo {} {}\n    {}", request.method.as_str(), request.path, request.body).unwrap();
                    }
                }
                for check in plan.checks.iter() {
                    writeln!(out, "  check {} {}", check.what(), check.object()).unwrap();
                }
            }
            Err(refusal) => writeln!(out, "  no plan, {} advice", refusal.len() + cause.remedy.advice.len()).unwrap(),
        }
    }
    for symptom in &diagnosis.unexplained {
        writeln!(out, "unexplained {}", symptom.object).unwrap();
    }
    writeln!(out, "in progress {}", diagnosis.in_progress.len()).unwrap();
    out
}

/// `UPDATE_GOLDENS=1 cargo test --lib recordings` writes them anew; what changed is then for a reviewer to read.
#[test]
fn every_recording_is_concluded_as_its_golden_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/goldens/recordings.txt");
    let now: String = cases().iter().map(|case| concluded(case)).collect();
    if option_env!("UPDATE_GOLDENS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &now).unwrap();
    }
    let golden = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    // Line by line: a whole file beside another is nothing that anybody reads.
    for (line, (now, golden)) in now.lines().zip(golden.lines()).enumerate() {
        assert_eq!(now, golden, "line {}", line + 1);
    }
    assert_eq!(now.lines().count(), golden.lines().count());
}
