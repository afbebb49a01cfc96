//! What a question says, and in which order.

use super::super::covered::Covered;
use super::*;
use crate::domain::field::FieldPath;
use crate::domain::fitted::Route;
use crate::workflow::report::{
    CauseView, CheckView, ClusterView, CoverageView, DryRunView, IssueView, ObjectView, OperationView, PreconditionView, RequestView,
    UsageView,
};

fn deployment() -> ObjectView {
    let (kind, name) = ("Deployment".to_owned(), "web".to_owned());
    ObjectView { api_version: "apps/v1".to_owned(), kind, namespace: Some("shop".to_owned()), name }
}

/// With its summary.
pub(crate) fn summed(report: Report) -> Report {
    Report { summary: summary::of(&report, None), ..report }
}

/// A report that waits for approval.
pub(crate) fn waiting(steps: usize, diff: &str) -> Report {
    let text = |text: &str| text.to_owned();
    let step = StepView {
        action: text("patch"),
        object: deployment(),
        change: text("Set image of Deployment shop/web container app: web:1.1 → web:1.2"),
        why: text("the image does not exist"),
        risk: Risk::Low,
        diff: text(diff),
        operations: Vec::new(),
        manifest: None,
        request: RequestView { method: text("PATCH"), path: text("/x"), body: text("[]") },
        precondition: PreconditionView { uid: Some(text("u-1")), generation: None, resource_version: None, fields: Vec::new() },
        undo: text("set the image back"),
        reversible: true,
        undo_operations: vec![OperationView { op: text("replace"), path: text("/spec/image"), value: Some("web:1.1".into()) }],
        command: text("kubectl set image deployment/web app=web:1.2"),
        dry_run: Some(DryRunView { accepted: false, reason: Some(text("a webhook says no")) }),
    };
    let covered = CoveredStep {
        headline: vec![
            Part::Change { old: text("web:1.1"), new: text("web:1.2") },
            Part::words(": "),
            Part::Path(Route::of(&FieldPath::dotted("containers").element("name", "app").then("image"))),
            Part::words(" of "),
            Part::name("Deployment web"),
        ],
        target: text("Deployment shop/web"),
        conditions: vec![text("/metadata/uid is \"u-1\"")],
        sends: vec![text("PATCH /x"), text("replace /spec/image \"web:1.2\"")],
        undo: vec![text("replace /spec/image \"web:1.1\"")],
    };
    let cause = CauseView {
        code: text("x"),
        title: text("the tag is wrong"),
        explanation: text("It does not exist."),
        object: deployment(),
        field: None,
        also: vec![],
        found: None,
        expected: None,
        confidence: 0.92,
        source: text("rule"),
        evidence: Vec::new(),
        chain: Vec::new(),
        symptoms: Vec::new(),
    };
    Report {
        session: text("s-1"),
        summary: String::new(),
        cluster: ClusterView {
            recorded_at: None,
            context: text("prod"),
            server: text("10.1.2.3:6443"),
            version: text("v1.37.2"),
            id: text("6d2f9ee1-c1b6-4a5c-a2d3-0d3a40c1d3b0"),
            unverified: false,
        },
        status: Status::AwaitingApproval,
        issue: IssueView { text: text("x"), origin: text("caller"), ..IssueView::default() },
        undoes: None,
        undone_by: None,
        undo: None,
        more_causes: None,
        causes: vec![cause],
        unexplained: Vec::new(),
        evidence: Vec::new(),
        observations: Vec::new(),
        plan: Some(PlanView {
            digest: text("sha256:ab"),
            risk: Risk::Medium,
            summary: text("correct the image"),
            on_failure: OnFailure::Revert,
            expires_at: Some(text("2026-11-23T20:00:00.5Z")),
            steps: vec![step; steps],
            settle_seconds: 15,
            covered: Covered {
                aim: text("Deployment shop/web (x)"),
                cluster: text("6d2f9ee1-c1b6-4a5c-a2d3-0d3a40c1d3b0"),
                steps: vec![covered; steps],
                checks: vec![text("Deployment shop/web: all Pods are ready")],
                about: vec![text("Service shop/web")],
                saw: vec![text("Pod")],
            },
            cause: Some(0),
            aside: None,
            by: None,
            wait_seconds: 120,
            checks: vec![CheckView { what: text("rolloutDone"), object: deployment(), expectation: text("all Pods are ready") }],
        }),
        advice: Vec::new(),
        execution: None,
        validation: None,
        coverage: CoverageView { ..CoverageView::default() },
        trail: Vec::new(),
        usage: UsageView::default(),
        unrecorded: false,
        withheld: None,
    }
}

#[test]
fn question_says_what_changes_where_and_how_to_see_it_in_its_first_lines_and_again_at_its_end() {
    let essentials = "web:1.1 → web:1.2: containers[name=app].image of Deployment web\n\
                      on prod (10.1.2.3:6443), namespace shop; risk medium; undone on failure\n\
                      whole plan until 20:00Z: kubemend show s-1\n";
    let text = plain_text(&question(&waiting(1, "-image: web:1.1\n+image: web:1.2\n")));
    assert_eq!(
        text,
        format!(
            "{essentials}\nIn full\nSet image of Deployment shop/web container app: web:1.1 → web:1.2\n\nCause (92%): the tag is wrong\nIt does not exist.\ncluster: prod (10.1.2.3:6443, v1.37.2, id 6d2f9ee1)\n\
             cluster id: 6d2f9ee1-c1b6-4a5c-a2d3-0d3a40c1d3b0\nwhere: Deployment shop/web (x)\n\nPlan\n\
             medium risk; on failure: rolled back as far as possible\ncorrect the image\n\npatch Deployment shop/web; low risk\nthe image does not exist\n\
             -image: web:1.1\n+image: web:1.2\n\nApplied only while:\n- /metadata/uid is \"u-1\"\n\n\
             Sends:\n- PATCH /x\n- replace /spec/image \"web:1.2\"\n\nrollback: set the image back\n\n\
             The rollback sends:\n- replace /spec/image \"web:1.1\"\n\n\
             dry run: failed: a webhook says no\nby hand:\nkubectl set image deployment/web app=web:1.2\n\n\
             Success checks:\n- Deployment shop/web: all Pods are ready\n- Service shop/web: runs, with nothing wrong\n- all of these can be read completely again, as for this plan: Pod\n- all of this within 120 s, then for 15 s without a break, with no container restarted\n\ndigest: sha256:ab\nvalid until: 2026-11-23T20:00:00Z\n\n\
             In short\n{essentials}"
        )
    );
}

#[test]
fn a_note_comes_after_the_three_lines_and_takes_none_of_their_room() {
    let mut report = waiting(1, "+x");
    let three = |report: &Report| plain_text(&question(report)).lines().take(4).map(str::to_owned).collect::<Vec<_>>();
    let without = three(&report);
    report.issue.note = Some("the words name no namespace that exists, so all were looked at".to_owned());
    assert_eq!(three(&report), without);
    assert_eq!(without[3], "");
    assert!(plain_text(&question(&report)).contains("\nIn full\nthe words name no namespace"));
}

/// The short command would find no such session: none is better than that one.
#[test]
fn a_third_line_whose_command_needs_more_says_where_it_is_whole_and_names_no_other() {
    let mut report = waiting(1, "+x");
    report.session = format!("s-{}", "0".repeat(32));
    let text = plain_text(&question(&report));
    let third = |command: &str| {
        let three = with_command(text.split_once("\n\n").unwrap().0, &[command.to_owned()]);
        three.lines().nth(2).unwrap().to_owned()
    };
    let command = |columns: usize| "k".repeat(columns);
    assert_eq!(third(&command(49)), format!("whole plan until 20:00Z: {}", command(49)));
    assert_eq!(third(&command(50)), format!("whole plan: {}", command(50)));
    assert_eq!(third(&command(63)), "whole plan until 20:00Z: at the end of this text, or after “ask me later”");
    assert!([49, 50, 63].iter().all(|columns| third(&command(*columns)).chars().count() <= COLUMNS));
    assert!(text.ends_with(&format!("kubemend show {}\n", report.session)), "{text}");
}

#[test]
fn a_certificate_that_is_not_verified_is_said_in_the_question_where_the_cluster_is() {
    for unverified in [false, true] {
        let mut report = waiting(1, "+x");
        report.cluster.unverified = unverified;
        let text = plain_text(&question(&report));
        let says = |line: &str, words: &str| line.contains(words) == unverified;
        assert!(says(text.lines().nth(1).unwrap(), "on prod (10.1.…6443, NOT VERIFIED) in shop; risk medium"), "{text}");
        let cluster = text.lines().find(|line| line.starts_with("cluster: ")).unwrap();
        assert!(says(cluster, "id 6d2f9ee1, CERTIFICATE NOT VERIFIED)"), "{cluster}");
    }
}

#[test]
fn page_of_the_plan_also_says_what_a_human_would_type() {
    let blocks = plan(&waiting(1, "+x"));
    let typed = Block::Command { title: "by hand", text: "kubectl set image deployment/web app=web:1.2".to_owned() };
    assert!(blocks.contains(&typed));
}

#[test]
fn several_steps_are_numbered_and_each_has_its_risk() {
    let blocks = plan(&waiting(2, "+x"));
    let heads: Vec<String> = blocks.iter().filter_map(|b| if let Block::Heading(words) = b { Some(joined(words)) } else { None }).collect();
    assert_eq!(heads, ["Plan", "1. patch Deployment shop/web; low risk", "2. patch Deployment shop/web; low risk"]);
    assert!(blocks.contains(&Block::Text("correct the image".to_owned())));
}

#[test]
fn texts_from_the_cluster_cannot_hide_anything_and_are_never_cut() {
    let long = format!("+a\n{}", "+line\n".repeat(50_000));
    let mut report = waiting(1, &long);
    report.plan.as_mut().unwrap().steps[0].why = "a\u{202e}b\u{1b}[2J".to_owned();
    let text = plain_text(&question(&report));
    assert!(text.contains("a\\u{202e}b\\u{1b}[2J\n") && !text.contains('…'), "{}", text.get(..400).unwrap());
    assert_eq!(text.matches("+line\n").count(), 50_000);
}

#[test]
fn without_a_plan_there_is_nothing_to_decide_on() {
    let mut report = waiting(1, "+x");
    report.plan = None;
    assert!(plan(&report).is_empty());
}

/// Steps stand in the order in which they are made; where not all are named, the riskiest is.
#[test]
fn riskiest_step_is_named_where_there_is_no_room_for_all() {
    let mut report = waiting(3, "+x");
    let plan = report.plan.as_mut().unwrap();
    plan.steps[1].risk = Risk::High;
    plan.covered.steps[1].headline = vec![Part::words("Restart all Pods of "), Part::name("Deployment api")];
    assert_eq!(what(plan), "Restart all Pods of Deployment api; 2 more steps");
}
