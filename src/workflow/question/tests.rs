//! Two plans that differ are two questions that differ, and what stands beside a change reaches nobody.

use super::super::standing::Standing;
use super::super::view;
use super::text;
use crate::domain::action::{Action, FieldOp};
use crate::domain::field::FieldPath;
use crate::domain::id::PlanId;
use crate::domain::kind::Kind;
use crate::domain::nonempty::NonEmpty;
use crate::domain::object::ObjectRef;
use crate::domain::plan::{OnFailure, RemediationPlan};
use crate::planner::example::{cause, deployment, image_plan, namespace, plan_at_rest, snapshot};
use crate::session::Planned;
use crate::session::record::tests::header;
use crate::session::record::{arbitrary, varied};
use crate::workflow::report::{Report, Status};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};
use std::collections::BTreeSet;

pub(crate) fn report(plan: RemediationPlan) -> Report {
    let header = header();
    let planned = Planned { plan, rehearsal: None };
    view::report(&Standing {
        header: &header,
        status: Status::AwaitingApproval,
        underway: None,
        planned: Some(&planned),
        expires_at: None,
        execution: None,
        validation: None,
        ended: None,
        taken_back: None,
    })
}

/// The question without the digest, which would tell any two plans apart.
pub(crate) fn asked(plan: RemediationPlan) -> Option<String> {
    let text = text(&report(plan))?;
    Some(text.lines().filter(|line| !line.starts_with("digest: ")).collect::<Vec<_>>().join("\n"))
}

/// What is put into the object and the change.
#[derive(Debug, Clone)]
pub(crate) struct Texts {
    container: String,
    old: String,
    new: String,
    label: String,
    value: String,
    uid: String,
    why: String,
}

fn object(texts: &Texts) -> Value {
    let mut object = deployment();
    object["metadata"]["uid"] = json!(texts.uid);
    object["spec"]["template"]["spec"]["containers"][1]["name"] = json!(texts.container);
    object["spec"]["template"]["spec"]["containers"][1]["image"] = json!(texts.old);
    object["spec"]["template"]["spec"]["nodeSelector"] = json!({"disk": "ssd"});
    object
}

/// None where the planner refuses, as it does for what it cannot show.
pub(crate) fn planned(texts: &Texts, seed: u8) -> Option<RemediationPlan> {
    let template = || FieldPath::dotted("spec.template.spec");
    let mut ops =
        NonEmpty::one(FieldOp::set(template().key("containers").element("name", &texts.container).then("image"), texts.new.clone()));
    ops.push(FieldOp::set(template().key("nodeSelector").key(&texts.label), texts.value.clone()));
    let target = ObjectRef::namespaced(Kind::Deployment, &namespace(), "web");
    let mut cause = cause(vec![Action::Patch { target, ops }]);
    cause.remedy.proposals.iter_mut().for_each(|proposal| proposal.why.clone_from(&texts.why));
    let seen = snapshot(vec![(Kind::Deployment, object(texts))]);
    plan_at_rest(&cause, &seen, PlanId::from_entropy([seed; 16]), OnFailure::Revert).ok()
}

/// Whether the two plans differ by their digests, and as somebody reads them.
pub(crate) fn told_apart(one: &Texts, other: &Texts, read: impl Fn(RemediationPlan) -> Option<String>) -> Option<(bool, bool)> {
    let (a, b) = (planned(one, 1)?, planned(other, 2)?);
    let differ = a.digest() != b.digest();
    let (a, b) = (read(a)?, read(b)?);
    // The plans' own ids are in the stamps, and are no difference.
    let masked = |text: &str, seed: u8| text.replace(PlanId::from_entropy([seed; 16]).as_str(), "PLAN");
    Some((differ, masked(&a, 1) != masked(&b, 2)))
}

/// What is hashed and what nobody reads there, by its place.
pub(crate) fn unsaid(read: impl Fn(RemediationPlan) -> Option<String>) -> BTreeSet<String> {
    let samples = samples();
    let mut unsaid = BTreeSet::new();
    for (index, plan) in samples.iter().enumerate() {
        let question = read(plan.clone()).unwrap();
        for (place, twin) in varied::of(plan, &samples[(index + 1) % samples.len()]) {
            if twin.digest() != plan.digest() && read(twin).unwrap() == question {
                unsaid.insert(format!("{place} of plan {index}"));
            }
        }
    }
    unsaid
}

/// Characters that show nothing, look like others, turn the line around, or mean something to a layout.
const ODD: &[&str] = &[
    "\u{200b}",
    "\u{202e}",
    "\u{2066}",
    "\u{ad}",
    "\u{e0041}",
    "\u{301}",
    "\u{a0}",
    "\u{fe0f}",
    "а",
    "ο",
    "\u{3164}",
    "\u{85}",
    "\u{2028}",
    "\n",
    "\r",
    "\t",
    " ",
    "  ",
    "\\",
    "\\u{202e}",
    "\"",
    "'",
    "#",
    ": ",
    "→",
    "⟦not shown⟧",
    "…",
    "-",
    "+",
    "`",
    "\0",
    "\u{1b}[8m",
    "\\e[8m",
    "^[[8m",
    "~1",
];

fn words() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => "[a-z]{1,6}(:[0-9.]{1,4})?",
        1 => any::<String>(),
        2 => ("[a-z]{0,3}", prop::sample::select(ODD.to_vec()), "[a-z]{0,3}").prop_map(|(a, odd, b)| format!("{a}{odd}{b}")),
    ]
}

fn texts() -> impl Strategy<Value = Texts> {
    (words(), words(), words(), words(), words(), words(), words()).prop_map(|(container, old, new, label, value, uid, why)| Texts {
        container,
        old,
        new,
        label,
        value,
        uid,
        why,
    })
}

/// The same texts but for one, which is another one or has something odd in it.
pub(crate) fn twins() -> impl Strategy<Value = (Texts, Texts)> {
    (texts(), 0..7_usize, prop::sample::select(ODD.to_vec()), any::<prop::sample::Index>(), prop::option::weighted(0.2, words())).prop_map(
        |(one, which, odd, at, instead)| {
            let mut other = one.clone();
            let text =
                [&mut other.container, &mut other.old, &mut other.new, &mut other.label, &mut other.value, &mut other.uid, &mut other.why]
                    .into_iter()
                    .nth(which)
                    .unwrap();
            let places: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
            match instead {
                Some(instead) => *text = instead,
                None => text.insert_str(places[at.index(places.len())], odd),
            }
            (one, other)
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// Whatever stands in objects and changes: what a human reads tells two plans apart as well as their digests do.
    #[test]
    fn two_different_plans_never_read_alike((one, other) in twins()) {
        if let Some((differ, read_differently)) = told_apart(&one, &other, asked) {
            prop_assert_eq!(differ, read_differently);
        }
    }

    #[test]
    fn question_is_plain_text_with_nothing_hidden(texts in texts()) {
        if let Some(text) = planned(&texts, 1).and_then(asked) {
            prop_assert!(text.chars().all(|c| c == '\n' || (' '..='~').contains(&c) || "→⟦⟧“”…—·•".contains(c)), "{text}");
            prop_assert!(!text.lines().any(|line| line.starts_with(['+', '-']) && line.contains('⟦')), "{text}");
        }
    }
}

/// Every kind of action, condition, undo and check: made by the planner, and made of anything.
pub(crate) fn samples() -> Vec<RemediationPlan> {
    let mut runner = TestRunner::deterministic();
    let anything = std::iter::repeat_with(|| arbitrary::plan().new_tree(&mut runner).unwrap().current()).take(16);
    [image_plan(1), planned(&ordinary(), 1).unwrap(), creation()].into_iter().chain(anything).collect()
}

fn creation() -> RemediationPlan {
    let object = ObjectRef::namespaced(Kind::PersistentVolumeClaim, &namespace(), "data");
    let manifest = json!({
        "apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "data", "namespace": namespace().as_str()},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    });
    let cause = cause(vec![Action::Create { object, manifest }]);
    plan_at_rest(&cause, &snapshot(vec![(Kind::Deployment, deployment())]), PlanId::from_entropy([1; 16]), OnFailure::Keep).unwrap()
}

/// Whatever is hashed is said: each value that is stored of a plan is varied by itself, and where the digest becomes another one, the
/// question does. And each value that is hashed is one of those, so what joins the digest has to be stored, varied and said.
#[test]
fn every_value_that_the_digest_covers_is_in_the_question() {
    let samples = samples();
    for (index, plan) in samples.iter().enumerate() {
        let other = &samples[(index + 1) % samples.len()];
        let hashed = plan.hashed();
        let mut varied = vec![false; hashed.len()];
        for (_, twin) in varied::of(plan, other) {
            let taken = twin.hashed();
            let same = taken.iter().zip(&hashed).take_while(|(a, b)| a == b).count();
            let rest = taken.iter().rev().zip(hashed.iter().rev()).take_while(|(a, b)| a == b).count().min(hashed.len() - same);
            varied[same..hashed.len() - rest].iter_mut().for_each(|value| *value = true);
        }
        let missed: Vec<&String> = hashed.iter().zip(&varied).skip(1).filter(|(_, varied)| !**varied).map(|(value, _)| value).collect();
        assert!(missed.is_empty(), "hashed, and not varied in plan {index}: {missed:?}");
    }
    let unsaid = unsaid(asked);
    assert!(unsaid.is_empty(), "hashed, and not said in the question: {unsaid:#?}");
}

/// What is stored of a plan is what is carried out: a value that is not in the digest could become another one after the yes.
#[test]
fn every_value_of_a_plan_that_is_stored_changes_its_digest() {
    let samples = samples();
    let mut unhashed = BTreeSet::new();
    for (index, plan) in samples.iter().enumerate() {
        let other = &samples[(index + 1) % samples.len()];
        let twins = varied::of(plan, other).into_iter().filter(|(_, twin)| twin != plan && twin.digest() == plan.digest());
        unhashed.extend(twins.map(|(place, _)| format!("{place} of plan {index}")));
    }
    assert!(unhashed.is_empty(), "stored, and not hashed: {unhashed:#?}");
}

#[test]
fn what_an_ordinary_plan_sends_is_said_once() {
    let question = asked(image_plan(1)).unwrap();
    assert!(!question.contains("meant to") && !question.contains("plan for cluster"), "{question}");
    let part = |from: &str, until: &str| question.split_once(from).unwrap().1.split_once(until).unwrap().0.to_owned();
    let conditions = part("Applied only while:\n", "\n\n");
    for condition in ["- /metadata/uid is ", "- /spec/template/spec/containers/1/name is ", "- /spec/template/spec/containers/1/image is "]
    {
        assert!(conditions.contains(condition), "{conditions}");
    }
    assert!(!conditions.contains("[name="), "{conditions}");
    let sends = part("Sends:\n", "\n\n");
    assert!(sends.starts_with("- PATCH /apis/apps/v1/namespaces/") && sends.lines().count() == 3, "{sends}");
    let creation = asked(creation()).unwrap();
    assert!(creation.contains("- metadata.name is not in use\n\nSends:\n- POST /api/v1/namespaces/"), "{creation}");
    assert!(!creation.contains("\n- {") && !creation.contains("meant to"), "{creation}");
}

#[test]
fn two_plans_that_differ_in_a_last_line_feed_do_not_read_alike() {
    let texts = |why: &str| Texts {
        container: "web".into(),
        old: "web:1".into(),
        new: "web:2".into(),
        label: "zone".into(),
        value: "a".into(),
        uid: "1".into(),
        why: why.into(),
    };
    let question = |why: &str| asked(planned(&texts(why), 1).unwrap()).unwrap();
    assert_ne!(question("it helps"), question("it helps\n"));
}

/// The object with something in every place that holds what somebody put there.
fn with_canaries(canary: &str) -> Value {
    let mut object = deployment();
    object["metadata"]["annotations"]["note"] = json!(canary);
    let pod = json!({"annotations": {"note": canary}, "labels": {"app": "web"}});
    object["spec"]["template"]["metadata"] = pod;
    object["spec"]["template"]["spec"]["hostAliases"] = json!([{"hostnames": [canary]}]);
    object["spec"]["template"]["spec"]["containers"][1] = json!({
        "name": "app", "image": "web:bad", "args": ["--db-pass", canary], "command": ["sh", "-c", canary],
        "env": [{"name": "PASS", "value": canary}],
        "lifecycle": {"postStart": {"exec": {"command": [canary]}}, "preStop": {"httpGet": {"path": canary}}},
        "livenessProbe": {"exec": {"command": ["sh", canary]}},
        "readinessProbe": {"httpGet": {"port": 80, "httpHeaders": [{"name": "X-Key", "value": canary}]}},
        "startupProbe": {"exec": {"command": [canary]}}
    });
    for key in ["data", "stringData", "binaryData"] {
        object[key] = json!({"key": canary});
    }
    object["webhooks"] = json!([{"name": "w", "clientConfig": {"caBundle": canary}}]);
    object
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Neither the question nor the report nor what is stored holds what stands beside a change.
    #[test]
    fn no_canary_beside_a_change_reaches_anybody(canary in "zebra[a-zA-Z0-9 =:/+-]{0,40}ring", field in prop::sample::select(vec!["image", "disk"])) {
        let template = || FieldPath::dotted("spec.template.spec");
        let path = match field {
            "image" => template().key("containers").element("name", "app").then("image"),
            _ => template().key("nodeSelector").key("disk"),
        };
        let target = ObjectRef::namespaced(Kind::Deployment, &namespace(), "web");
        let action = Action::Patch { target, ops: NonEmpty::one(FieldOp::set(path, "web:1")) };
        let mut seen = snapshot(vec![(Kind::Deployment, with_canaries(&canary))]);
        seen.add(&Kind::Deployment, vec![with_canaries(&canary)], true);
        let live = with_canaries(&canary);
        let outline = crate::planner::outline::outline(&cause(vec![action]), &crate::facts::Facts::of(&seen)).unwrap();
        let mut objects = crate::planner::live::Live::default();
        for object in outline.needed() {
            objects.insert(object, Ok(live.clone()));
        }
        let plan = crate::planner::plan(outline, &objects, PlanId::from_entropy([1; 16]), OnFailure::Keep).unwrap();
        let diff = plan.steps.first().diff.clone();
        prop_assert!(diff.contains("+") && !diff.contains("zebra"), "{diff}");
        let report = report(plan);
        let text = text(&report).unwrap();
        prop_assert!(!text.contains("zebra"), "{text}");
        let whole = serde_json::to_string(&report).unwrap();
        prop_assert!(!whole.contains("zebra"), "{whole}");
    }
}

fn ordinary() -> Texts {
    let [container, old, new, label, value, uid, why] =
        ["worker", "a:1", "a:2", "disk", "hdd", "u-1", "it is not there"].map(str::to_owned);
    Texts { container, old, new, label, value, uid, why }
}

#[test]
fn what_is_too_large_to_be_shown_whole_is_not_asked() {
    let mut report = report(planned(&ordinary(), 1).unwrap());
    assert!(text(&report).is_some());
    let plan = report.plan.as_mut().unwrap();
    plan.steps[0].diff = "+a line that somebody has to read\n".repeat(super::QUESTION_LIMIT / 32);
    assert_eq!(text(&report), None);
}
