//! The first three lines of a question, whatever the names in it are.

use super::super::report::{PlanView, Report, Status};
use super::tests::report;
use super::text;
use crate::domain::action::{Action, Change};
use crate::domain::cause::CauseSource;
use crate::domain::field::FieldPath;
use crate::domain::fitted::{Part, Route};
use crate::domain::focus::Aside;
use crate::domain::plan::{Pinned, RemediationPlan};
use crate::session::record::arbitrary;
use crate::workflow::blocks;
use proptest::prelude::*;
use serde_json::json;

/// A terminal of eighty columns, and the frame of a dialog in it.
const COLUMNS: usize = 74;

fn first_block(report: &Report) -> String {
    text(report).unwrap().split_once("\n\n").unwrap().0.to_owned()
}

/// The same plan with these names and values in every action.
fn with_names(mut plan: RemediationPlan, name: &str, field: &str, old: &str, new: &str) -> RemediationPlan {
    for step in plan.steps.iter_mut() {
        let pinned = |path: &FieldPath| Pinned { path: path.clone(), value: Some(json!(old)) };
        match &mut step.action {
            Action::Create { object, manifest } => {
                object.name = name.to_owned();
                *manifest = json!({"spec": {"storageClassName": new, "accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": old}}}});
            }
            Action::DeleteUnboundClaim { claim: object } | Action::DeletePod { pod: object } | Action::EvictPod { pod: object } => {
                object.name = name.to_owned();
            }
            Action::RestartRollout { target, .. } => target.name = name.to_owned(),
            Action::UndoRollout { target, between, .. } => {
                target.name = name.to_owned();
                // Who makes so many has other worries than a name that is shortened.
                between.to.revision = between.from.revision % 100_000 + 1;
                between.from.revision = between.to.revision + 1;
            }
            Action::Patch { target, ops } => {
                target.name = name.to_owned();
                for op in ops.iter_mut() {
                    op.path = op.path.clone().key(field);
                    if let Change::Set(value) = &mut op.change {
                        *value = json!(new);
                    }
                }
                step.precondition.fields = ops.iter().map(|op| pinned(&op.path)).collect();
            }
        }
    }
    plan
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn a_question_opens_with_three_lines_of_74_columns_that_hold_all_their_parts(
        plan in arbitrary::plan(),
        name in prop_oneof!["[a-z]{1,63}", "[a-z.-]{200,253}"],
        namespace in "[a-z]{1,63}",
        field in "[a-zA-Z.]{1,63}",
        (old, new) in ("[a-z0-9:/.]{1,100}", "[a-z0-9:/.]{1,100}").prop_filter("they differ", |(a, b)| a != b),
        context in "[ -~]{1,253}",
        server in "[a-z0-9.-]{1,253}:[0-9]{2,5}",
        session in "s-[0-9a-f]{32}",
        note in prop::option::of("[a-z ]{1,200}"),
        aside in prop::option::of((prop::sample::select(vec![Aside::Else, Aside::PerhapsElse, Aside::Part]), "[a-z-]{1,80}")),
        unverified in any::<bool>(),
    ) {
        let plan = with_names(plan, &name, &field, &old, &new);
        let mut report = report(plan);
        report.status = Status::AwaitingApproval;
        report.session = session.clone();
        report.issue.note = note;
        report.cluster.context = context.clone();
        report.cluster.server = server.clone();
        report.cluster.unverified = unverified;
        let view = report.plan.as_mut().unwrap();
        view.aside = aside.clone();
        view.expires_at = Some("2026-11-23T20:15:00.5Z".to_owned());
        for step in &mut view.steps {
            step.object.namespace = Some(namespace.clone());
        }
        let view = view.clone();
        let block = first_block(&report);
        let lines: Vec<&str> = block.lines().collect();
        prop_assert_eq!(lines.len(), 3, "{}", block);
        for line in lines.iter().copied().chain([blocks::with_command(&block, &[]).lines().nth(2).unwrap()]) {
            prop_assert!(line.chars().count() <= COLUMNS, "{}: {line}", line.chars().count());
        }
        let begins = |text: &str| text.chars().take(2).collect::<String>();
        // Whose it is where no rule proposes it stands before all else, and always.
        let first = match view.by.and_then(CauseSource::by) {
            Some(by) => {
                let forms = [format!("proposed by {by}: "), format!("{}: ", by.split_once(' ').unwrap().1)];
                let rest = forms.iter().find_map(|form| lines[0].strip_prefix(form.as_str()));
                prop_assert!(rest.is_some(), "{}", lines[0]);
                rest.unwrap()
            }
            None => lines[0],
        };
        // Then: how far it is from what was asked, where there is room, which the choice says as well.
        let forms = aside.iter().flat_map(|(aside, named)| aside.around_a_name().map(|(before, after)| (before, after, named)));
        let said = forms.clone().find_map(|(before, after, named)| {
            let rest = first.strip_prefix(before).filter(|rest| rest.starts_with(&begins(named)))?;
            rest.split_once(after)
        });
        let first = said.map_or(first, |(_, rest)| rest);
        if aside.is_some() && view.by.is_none() && view.steps.len() == 1 && old.len() <= 4 && lines[0].contains("New empty claim") {
            prop_assert!(said.is_some(), "{}", lines[0]);
        }
        // Then what changes: what is left of each value and name begins and ends as it does.
        match view.steps[told(&view, lines[0])].action.as_str() {
            // What is created again under its name is said in one.
            "create" if first.starts_with("Replace empty ") => prop_assert!(first.contains(&begins(&name)), "{}", first),
            "create" => prop_assert!(first.starts_with("New ") && first.contains(&begins(&name)), "{}", first),
            "delete" => {
                let end = [", which holds no data", ", another is made"];
                prop_assert!(first.starts_with("Delete ") && end.iter().any(|end| first.contains(end)), "{}", first);
            }
            "evict" => prop_assert!(first.starts_with("Evict ") && first.contains(", another is made"), "{}", first),
            "restart" => prop_assert!(first.starts_with("Restart all Pods of ") && first.contains(&begins(&name)), "{}", first),
            "undoRollout" => {
                let (was, rest) = first.split_once(" → ").unwrap();
                let (becomes, rest) = rest.split_once(": revision of ").unwrap();
                prop_assert!(was != becomes && rest.contains(&begins(&name)), "{}", first);
            }
            _ => {
                let (was, rest) = first.split_once(" → ").unwrap();
                let (becomes, rest) = rest.split_once(": ").unwrap();
                let of = rest.split_once(" of ").unwrap();
                prop_assert!(was != becomes && !of.0.is_empty() && of.1.contains(&begins(&name)), "{}", lines[0]);
            }
        }
        if view.steps.len() > 2 {
            prop_assert!(lines[0].ends_with("more steps"), "{}", lines[0]);
        }
        // The second: context, host, namespace, risk and undo, each once.
        let (at, consequences) = lines[1].split_once("; risk ").unwrap();
        prop_assert!(consequences.starts_with(&format!("{}; ", view.risk)) && consequences.ends_with(super::super::summary::undo(&view)), "{}", lines[1]);
        prop_assert_eq!(at.contains("NOT VERIFIED)"), unverified, "{}", at);
        let told = at.contains(&format!(" ({}", begins(&server))) || (unverified && at.contains(" (NOT VERIFIED)"));
        prop_assert!(at.starts_with(&format!("on {}", begins(&context))) && told, "{at}");
        let place = at.rsplit_once(if at.contains("), namespace ") { "), namespace " } else { ") in " }).unwrap().1;
        // What tells it from other ones stands behind it where it is shortened.
        let (place, code) = place.split_once('~').unwrap_or((place, ""));
        prop_assert!(place.starts_with(&begins(&namespace)) && place.ends_with(namespace.chars().last().unwrap()), "{at}");
        prop_assert_eq!(place != namespace, code.len() == 4, "{}", at);
        prop_assert_eq!(lines[2], format!("whole plan until 20:15Z: kubemend show {session}"));
        // What was shortened stands whole below.
        let whole = text(&report).unwrap();
        let below = whole.split_once("\n\n").unwrap().1;
        for step in &view.steps {
            prop_assert!(below.contains(&step.change), "{}", step.change);
        }
        prop_assert!(below.contains(&crate::domain::visible::escaped(&context)) && below.contains(&server));
    }
}

/// The step whose change begins the first line: the first where both have room, else the riskiest.
fn told(view: &PlanView, line: &str) -> usize {
    let mut own = (0..view.steps.len()).filter(|step| !view.covered.steps[*step].headline.is_empty());
    if line.contains("; then ") { own.next().unwrap() } else { own.rev().max_by_key(|step| view.steps[*step].risk).unwrap() }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    /// A line of a dialog is all that somebody may see, and names of 63 characters that begin and end alike are common.
    #[test]
    fn first_lines_say_of_which_kind_and_which_object_in_which_namespace_whatever_the_names_are(
        plan in arbitrary::plan(),
        [name, other] in prop::array::uniform2("payment-service-[a-z]{20,34}-checkout-wk"),
        [namespace, elsewhere] in prop::array::uniform2("payments-[a-z-]{20,40}-production-1"),
        (old, new) in ("[a-z0-9:/.]{1,100}", "[a-z0-9:/.]{1,100}").prop_filter("they differ", |(a, b)| a != b),
    ) {
        let lines = |name: &str, namespace: &str| {
            let mut report = report(with_names(plan.clone(), name, "image", &old, &new));
            for step in &mut report.plan.as_mut().unwrap().steps {
                step.object.namespace = Some(namespace.to_owned());
            }
            first_block(&report).lines().map(str::to_owned).collect::<Vec<_>>()
        };
        let own = lines(&name, &namespace);
        let view = report(plan.clone()).plan.unwrap();
        prop_assert!(own.iter().all(|line| line.chars().count() <= COLUMNS), "{own:?}");
        prop_assert_eq!(name == other, own[0] == lines(&other, &namespace)[0], "{}", own[0]);
        prop_assert_eq!(namespace == elsewhere, own[1] == lines(&name, &elsewhere)[1], "{}", own[1]);
        let kind = match view.steps[told(&view, &own[0])].object.kind.as_str() {
            "PersistentVolumeClaim" => "claim",
            kind => kind,
        };
        prop_assert!(kind.len() > 12 || own[0].contains(&format!("{kind} ")), "{}", own[0]);
    }
}

/// What stands in the first line is no more than its parts: the namespace is said in the second.
#[test]
fn the_field_says_in_which_container_and_which_variable_it_is() {
    let containers = FieldPath::dotted("spec.template.spec.containers").element("name", "checkout");
    let path = Route::of(&containers.then("env").element("name", "PAYMENT_URL").then("valueFrom.configMapKeyRef.name"));
    let parts = [
        Part::Change { old: "app-config".to_owned(), new: "app-configuration".to_owned() },
        Part::words(": "),
        Part::Path(path),
        Part::words(" of "),
        Part::name("Deployment"),
        Part::words(" "),
        Part::name("checkout"),
    ];
    let line = crate::domain::fitted::line(&parts, COLUMNS);
    assert_eq!(line, "…p-config → …p-configuration: …[c…t][P…L].name~sxpy of Deployment checkout");
}

#[test]
fn two_clusters_behind_one_proxy_do_not_read_alike() {
    let second = |environment: &str| {
        let mut report = report(crate::planner::example::image_plan(1));
        report.cluster.context = format!("teleport.acme.example.com-acme-{environment}-eu-checkout");
        report.cluster.server = "teleport.acme.example.com:443".to_owned();
        first_block(&report).lines().nth(1).unwrap().to_owned()
    };
    assert_ne!(second("prod"), second("test"));
}
