//! Which causes kubemend can act on: what the planner refuses becomes the cause's own advice, and what can be acted on comes first.

use super::action;
use super::lint;
use super::proposed::Proposed;
use super::refusal::Refusal;
use crate::domain::action::{Action, FieldOp};
use crate::domain::cause::{Cause, CauseSource};
use crate::domain::diagnosis::Diagnosis;
use crate::domain::field::FieldPath;
use crate::domain::finding::{Advice, Choice, Remedy, Way};
use crate::domain::kind::Kind;
use crate::domain::kubectl;
use crate::domain::nonempty::NonEmpty;
use crate::domain::object::ObjectRef;
use crate::domain::resource::Resource;
use crate::facts::Facts;
use crate::facts::focus::focus;
use k8s_openapi::api::apps::v1::{DaemonSet, Deployment, StatefulSet};
use std::cmp::Reverse;

/// Decides for every cause whether its fix may be made, and ranks them. Nothing is cut: verdicts rest on all of it.
/// `severity` orders causes that are otherwise equal: the lower, the more severe.
/// Once the facts are stopped it decides no further.
pub(crate) fn triage(diagnosis: &mut Diagnosis, facts: &Facts<'_>, severity: impl Fn(CauseSource) -> usize) {
    for cause in facts.walk(diagnosis.causes.iter_mut()) {
        let suffering: Vec<&ObjectRef> = cause.symptoms.iter().map(|s| &s.object).collect();
        decide(&mut cause.remedy, facts, &suffering);
    }
    diagnosis.causes.sort_by_cached_key(|cause| (focus(facts).nearness(cause.touched()), rank(cause, &severity)));
}

/// All of a fix, or none of it.
fn decide(remedy: &mut Remedy, facts: &Facts<'_>, suffering: &[&ObjectRef]) {
    let check = |action: &Action| lint::check(&Proposed { action, facts, suffering });
    let refusals: Vec<Option<Refusal>> = remedy.proposals.iter().map(|p| check(&p.action)).collect();
    if refusals.iter().any(Option::is_some) {
        let advice = by_hand(facts, &remedy.proposals.iter().map(|p| (&p.action, p.why.as_str())).collect::<Vec<_>>(), &refusals);
        remedy.advice.insert(0, advice);
        remedy.proposals.clear();
        remedy.checks.clear();
    }
    for Choice { text, way, why } in std::mem::take(&mut remedy.choices) {
        let (refusal, line) = match way {
            Way::Change(action) => {
                let refusal = check(&action);
                let line = command(facts, &action, refusal.as_ref());
                (refusal, line)
            }
            Way::Edit(object) => {
                let line = kubectl::on("edit", &object);
                (check(&any_change_of(object)), line)
            }
            Way::GoBack { workload, revision } => {
                let line = kubectl::go_back(&workload, revision);
                (check(&any_change_of(workload)), line)
            }
        };
        // What only kubemend does not do is no reason for a human, who decides it.
        let refusal = refusal.filter(Refusal::concerns_a_human);
        let command = refusal.as_ref().is_none_or(Refusal::leaves_a_command).then_some(line);
        let why = refusal.map_or(why.clone(), |refusal| format!("{why}; {refusal}"));
        remedy.advice.push(Advice { text, command, why });
    }
}

/// Stands for whatever a human changes in the object.
fn any_change_of(object: ObjectRef) -> Action {
    let part = if object.kind == Kind::ConfigMap { "data" } else { "spec" };
    Action::Patch { target: object, ops: NonEmpty::one(FieldOp::remove(FieldPath::dotted(part))) }
}

/// A fix that is left to a human: what to do, with what, and why kubemend does not do it.
fn by_hand(facts: &Facts<'_>, changes: &[(&Action, &str)], refusals: &[Option<Refusal>]) -> Advice {
    let words: Vec<String> = changes.iter().map(|(action, _)| action::of(action).in_words()).collect();
    let why = changes.first().map(|(_, why)| *why).unwrap_or_default();
    let mut reasons: Vec<String> = Vec::new();
    for refusal in refusals.iter().flatten() {
        let reason = refusal.to_string();
        if !reasons.contains(&reason) {
            reasons.push(reason);
        }
    }
    let possible = refusals.iter().flatten().all(Refusal::leaves_a_command);
    // Without `&&` a heredoc in the middle would swallow what follows it.
    let lines: Vec<String> = changes.iter().zip(refusals).map(|((action, _), refusal)| command(facts, action, refusal.as_ref())).collect();
    Advice { text: format!("{why}: {}", words.join(", then ")), command: possible.then(|| lines.join("\n")), why: reasons.join("; ") }
}

/// The kubectl line for a field on whose way only its place names an element: a line without the object could not say which.
fn by_place(facts: &Facts<'_>, action: &Action) -> Option<String> {
    let (target, ops) = match action {
        Action::Patch { target, ops } => (target, ops),
        Action::Create { .. }
        | Action::DeleteUnboundClaim { .. }
        | Action::RestartRollout { .. }
        | Action::UndoRollout { .. }
        | Action::DeletePod { .. }
        | Action::EvictPod { .. } => return None,
    };
    let templated = || {
        let deployment = facts.find::<Deployment>(target).map(Resource::to_value);
        let set = || facts.find::<StatefulSet>(target).map(Resource::to_value);
        deployment.or_else(set).or_else(|| facts.find::<DaemonSet>(target).map(Resource::to_value))
    };
    let object = ops.iter().any(|op| op.path.has_position()).then(templated)??;
    kubectl::patch_seen(target, ops, &object)
}

/// The kubectl line, with what must be done besides.
fn command(facts: &Facts<'_>, action: &Action, refusal: Option<&Refusal>) -> String {
    let line = by_place(facts, action).unwrap_or_else(|| action::of(action).kubectl());
    match refusal {
        Some(Refusal::PodsStay { pods, .. }) if !pods.is_empty() => {
            format!("{line} && {}", kubectl::delete_pods(pods, action.target().namespace.as_ref()))
        }
        _ => line,
    }
}

/// What can be acted on first, since a plan is made for the first cause; then the most certain, then the widest.
fn rank(cause: &Cause, severity: impl Fn(CauseSource) -> usize) -> (bool, Reverse<i64>, Reverse<usize>, usize, ObjectRef, Option<String>) {
    // Hundredths: confidences are constants in whole percents.
    let sure = (cause.confidence.value() * 100.0).round() as i64;
    let by_hand = cause.remedy.proposals.is_empty();
    (by_hand, Reverse(sure), Reverse(cause.symptoms.len()), severity(cause.source), cause.object.clone(), cause.field_text())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::action::FieldOp;
    use crate::domain::confidence::Confidence;
    use crate::domain::nonempty::NonEmpty;
    use crate::domain::snapshot::Snapshot;
    use crate::planner::example::{cause, deployment, image, namespace, set, snapshot};
    use serde_json::{Value, json};

    fn patch() -> Action {
        set(image(), json!("web:1"))
    }

    fn triaged(causes: Vec<Cause>, snapshot: &Snapshot) -> Vec<Cause> {
        let mut diagnosis = Diagnosis { causes, ..Diagnosis::default() };
        triage(&mut diagnosis, &Facts::of(snapshot), |_| 0);
        diagnosis.causes
    }

    fn seen(edit: impl Fn(&mut Value)) -> Snapshot {
        let mut object = deployment();
        edit(&mut object);
        snapshot(vec![(Kind::Deployment, object)])
    }

    #[test]
    fn fix_that_may_be_made_stays_a_proposal() {
        let causes = triaged(vec![cause(vec![patch()])], &seen(|_| ()));
        assert_eq!((causes[0].remedy.proposals.len(), causes[0].remedy.advice.len()), (1, 0));
    }

    #[test]
    fn refused_fix_becomes_advice_with_its_reason_and_its_command() {
        for (edit, reason) in [
            (json!({"metadata": {"labels": {"app.kubernetes.io/managed-by": "Helm"}}}), "Helm"),
            (json!({"spec": {"paused": true}}), "paused"),
        ] {
            let causes = triaged(vec![cause(vec![patch()])], &seen(|o| json_patch::merge(o, &edit)));
            let [advice] = causes[0].remedy.advice.as_slice() else { panic!("{:?}", causes[0].remedy) };
            assert_eq!((causes[0].remedy.proposals.len(), causes[0].remedy.checks.len()), (0, 0));
            assert!(advice.why.contains(reason), "{advice:?}");
            assert!(advice.command.as_deref().unwrap().starts_with("kubectl patch deployment/web -n shop"), "{advice:?}");
        }
    }

    #[test]
    fn half_a_fix_is_not_made() {
        let other = Action::Patch {
            target: ObjectRef::namespaced(Kind::Deployment, &namespace(), "other"),
            ops: NonEmpty::one(FieldOp::set(image(), "x")),
        };
        let causes = triaged(vec![cause(vec![patch(), other])], &seen(|_| ()));
        assert_eq!(causes[0].remedy.proposals, []);
        // Only a list that is whole says that there is none.
        let why = &causes[0].remedy.advice[0].why;
        assert!(why.starts_with("Deployment shop/other ") && why.ends_with(", so kubemend cannot confirm that it is unchanged"), "{why}");
        assert_eq!(causes[0].remedy.advice[0].command, None);
    }

    #[test]
    fn bare_pod_gets_no_command_that_the_api_refuses() {
        let pod = ObjectRef::namespaced(Kind::Pod, &namespace(), "web");
        let path = FieldPath::dotted("spec.containers").element("name", "app").then("image");
        let action = Action::Patch { target: pod, ops: NonEmpty::one(FieldOp::set(path, "web:1")) };
        let causes = triaged(vec![cause(vec![action])], &snapshot(vec![]));
        assert_eq!(causes[0].remedy.advice[0].command, None);
        assert!(causes[0].remedy.advice[0].why.contains("deleted and created again"));
    }

    #[test]
    fn kind_that_is_never_changed_gets_no_command_whoever_manages_it() {
        let job = json!({"apiVersion": "batch/v1", "kind": "Job",
                         "metadata": {"name": "web", "namespace": "shop", "labels": {"app.kubernetes.io/managed-by": "Helm"}},
                         "spec": {"template": {"spec": {"containers": [{"name": "app", "image": "web:bad"}]}}}});
        let target = ObjectRef::namespaced(Kind::Job, &namespace(), "web");
        let action = Action::Patch { target, ops: NonEmpty::one(FieldOp::set(image(), "web:1")) };
        let causes = triaged(vec![cause(vec![action])], &snapshot(vec![(Kind::Job, job)]));
        let advice = &causes[0].remedy.advice[0];
        assert_eq!((advice.command.as_deref(), advice.why.as_str()), (None, "kubemend does not change the spec of a Job"));
    }

    #[test]
    fn choices_are_for_a_human_and_come_with_their_commands() {
        let mut one = cause(vec![]);
        one.remedy.choices.push(Choice {
            text: "set it".into(),
            way: Way::Change(patch()),
            why: "which one was meant is not known".into(),
        });
        let causes = triaged(vec![one], &seen(|_| ()));
        assert_eq!(causes[0].remedy.proposals, []);
        assert!(causes[0].remedy.advice[0].command.as_deref().unwrap().contains("web:1"));
    }

    #[test]
    fn causes_of_one_object_are_in_the_order_of_their_fields_as_they_are_shown() {
        let of = |container: &str| {
            let mut one = cause(vec![]);
            one.field = Some(FieldPath::dotted("spec.containers").element("name", container).then("image"));
            one
        };
        let causes = triaged(vec![of("app"), of("app-proxy"), of("app2")], &seen(|_| ()));
        let fields: Vec<String> = causes.iter().filter_map(Cause::field_text).collect();
        let mut shown = fields.clone();
        shown.sort();
        assert_eq!(fields, shown);
    }

    #[test]
    fn what_can_be_acted_on_comes_first_and_nothing_is_cut() {
        let of = |number: u8| {
            let mut one = cause(if number == 99 { vec![patch()] } else { vec![] });
            one.confidence = Confidence::percent(100 - number);
            one
        };
        let causes = triaged((0..100).map(of).collect(), &seen(|_| ()));
        assert_eq!((causes.len(), causes[0].confidence), (100, Confidence::percent(1)));
    }
}
