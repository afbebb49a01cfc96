//! Pages as a person sees them, of reports made by hand.

use super::*;
use crate::call::{Program, blocks};
use crate::cli::Exit;
use crate::domain::execution::Became;
use crate::domain::finding::Relation;
use crate::domain::plan::{OnFailure, RemediationPlan};
use crate::domain::risk::Risk;
use crate::workflow::covered::{Covered, CoveredStep};
use crate::workflow::question::tests as question;
use crate::workflow::report::ObjectView;
use crate::workflow::report::{
    AdviceView, CauseView, CheckResultView, CheckView, ClusterView, CoverageView, DryRunView, EvidenceView, ExecutionView, GapView,
    IssueView, LinkView, PlanView, PreconditionView, RequestView, StepOutcomeView, StepView, SymptomView, UsageView, ValidationView,
};
use proptest::prelude::*;

fn whole(report: &Report, columns: usize) -> String {
    super::whole(report, columns, &Program::default())
}

fn before_consent(report: &Report, columns: usize) -> String {
    super::before_consent(report, columns, &Program::default())
}

fn after_consent(report: &Report, columns: usize) -> String {
    super::after_consent(report, columns, &Program::default())
}

fn named(api_version: &str, kind: &str, name: &str) -> ObjectView {
    ObjectView { api_version: api_version.to_owned(), kind: kind.to_owned(), namespace: Some("payments".to_owned()), name: name.to_owned() }
}

fn claim() -> ObjectView {
    named("v1", "PersistentVolumeClaim", "ledger-data")
}

fn healthy() -> Report {
    Report {
        session: "s-0123456789abcdef0123456789abcdef".to_owned(),
        summary: "No problem found in namespace payments.".to_owned(),
        cluster: ClusterView {
            recorded_at: None,
            context: "prod-eu".to_owned(),
            server: "10.1.2.3:6443".to_owned(),
            version: "v1.37.2".to_owned(),
            id: "6d2f9ee1-c1b6-4a5c-a2d3-0d3a40c1d3b0".to_owned(),
            unverified: false,
        },
        status: Status::Healthy,
        issue: IssueView {
            text: "the ledger is down".to_owned(),
            namespace: Some("payments".to_owned()),
            origin: "caller".to_owned(),
            ..IssueView::default()
        },
        undoes: None,
        undone_by: None,
        undo: None,
        more_causes: None,
        causes: Vec::new(),
        unexplained: Vec::new(),
        evidence: Vec::new(),
        observations: Vec::new(),
        plan: None,
        advice: Vec::new(),
        execution: None,
        validation: None,
        coverage: CoverageView { looked: vec!["pods".to_owned()], place: "namespace payments".to_owned(), ..CoverageView::default() },
        trail: Vec::new(),
        usage: UsageView { elapsed_ms: 212, api_calls: 14, ..UsageView::default() },
        unrecorded: false,
        withheld: None,
    }
}

fn waiting() -> Report {
    let pod = named("v1", "Pod", "ledger-6d5-x2x");
    let set = named("apps/v1", "ReplicaSet", "ledger-6d5");
    let deployment = named("apps/v1", "Deployment", "ledger");
    let link = |from: &ObjectView, relation: Relation, to: &ObjectView| LinkView { object: from.clone(), relation, to: to.clone() };
    Report {
        summary: "Pod ledger-6d5-x2x cannot start: the claim `ledger-data` does not exist.\nCreate it with the default StorageClass. Nothing was changed yet."
            .to_owned(),
        status: Status::AwaitingApproval,
        causes: vec![CauseView {
            code: "pvc-missing".to_owned(),
            title: "PersistentVolumeClaim `ledger-data` does not exist".to_owned(),
            explanation: "Deployment ledger mounts a PersistentVolumeClaim that does not exist. The scheduler cannot place its Pod until it exists."
                .to_owned(),
            object: claim(),
            field: Some("spec.template.spec.volumes[name=data].persistentVolumeClaim.claimName".to_owned()),
            also: vec![],
            found: Some("ledger-data".to_owned()),
            expected: None,
            confidence: 0.97,
            source: "rule".to_owned(),
            evidence: vec!["e1".to_owned()],
            chain: vec![link(&claim(), Relation::Mounts, &deployment), link(&deployment, Relation::Owns, &set), link(&set, Relation::Owns, &pod)],
            symptoms: vec![SymptomView { object: pod.clone(), summary: "Pending for 3 minutes".to_owned() }],
        }],
        evidence: vec![
            EvidenceView {
                id: "e1".to_owned(),
                source: "event".to_owned(),
                object: Some(pod),
                field: None,
                text: "0/2 nodes are available: persistentvolumeclaim \"ledger-data\" not found. preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling.".to_owned(),
                seen_at: "2026-11-23T03:00:01Z".to_owned(),
            },
            EvidenceView {
                id: "e2".to_owned(),
                source: "log".to_owned(),
                object: None,
                field: None,
                text: "evidence of another cause".to_owned(),
                seen_at: "2026-11-23T03:00:01Z".to_owned(),
            },
        ],
        plan: Some(PlanView {
            digest: format!("sha256:{}", "ab".repeat(32)),
            risk: Risk::Low,
            summary: "Create the missing claim.".to_owned(),
            on_failure: OnFailure::Keep,
            expires_at: Some("2026-11-23T03:15:01Z".to_owned()),
            steps: vec![StepView {
                action: "create".to_owned(),
                object: claim(),
                change: "New empty claim payments/ledger-data: 10Gi (assumed), RWO, class standard".to_owned(),
                why: "The size is an assumption.".to_owned(),
                risk: Risk::Low,
                diff: "--- nothing\n+++ PersistentVolumeClaim payments/ledger-data\n@@ -0,0 +1,2 @@\n+apiVersion: v1\n+kind: PersistentVolumeClaim\n".to_owned(),
                operations: Vec::new(),
                manifest: None,
                request: RequestView { method: "POST".to_owned(), path: "/x".to_owned(), body: "{}".to_owned() },
                precondition: PreconditionView { uid: None, generation: None, resource_version: None, fields: Vec::new() },
                undo: "delete the claim while it is not bound".to_owned(),
                reversible: false,
                undo_operations: Vec::new(),
                command: "kubectl create -n payments -f - <<'EOF'\napiVersion: v1\nEOF".to_owned(),
                dry_run: Some(DryRunView { accepted: true, reason: None }),
            }],
            settle_seconds: 15,
            covered: Covered {
                aim: "Deployment payments/ledger (ref-pvc-missing)".to_owned(),
                cluster: String::new(),
                steps: vec![CoveredStep {
                    headline: vec![],
                    target: "PersistentVolumeClaim payments/ledger-data".to_owned(),
                    conditions: vec!["metadata.name is not in use".to_owned()],
                    sends: vec!["POST /x".to_owned()],
                    undo: Vec::new(),
                }],
                checks: vec!["PersistentVolumeClaim payments/ledger-data: the claim is Bound".to_owned()],
                about: vec!["Deployment payments/ledger".to_owned()],
                saw: vec!["Pod".to_owned(), "PersistentVolumeClaim".to_owned()],
            },
            cause: Some(0),
            aside: None,
            by: None,
            wait_seconds: 120,
            checks: vec![CheckView { what: "claimBound".to_owned(), object: claim(), expectation: "the claim is Bound".to_owned() }],
        }),
        unexplained: vec![],
        advice: vec![AdviceView {
            text: "Put the claim where the Deployment's manifests are kept.".to_owned(),
            command: Some("git add claim.yaml".to_owned()),
            why: "kubemend does not write to repositories".to_owned(),
            cause: None,
        }],
        coverage: CoverageView {
            looked: vec!["pods".to_owned()],
            gaps: vec![GapView {
                what: "logs in payments".to_owned(),
                why: "forbidden".to_owned(),
                unlock: Some("kubectl create role logs --verb=get --resource=pods/log -n payments".to_owned()),
            }],
            place: "namespace payments".to_owned(),
            ..CoverageView::default()
        },
        ..healthy()
    }
}

fn resolved() -> Report {
    Report {
        status: Status::Resolved,
        summary: "Resolved: the claim is Bound and the Pod runs.".to_owned(),
        execution: Some(ExecutionView {
            steps: vec![StepOutcomeView { outcome: Became::Applied, at: Some("2026-11-23T03:01:00Z".to_owned()), message: None }],
            reverted: None,
        }),
        validation: Some(ValidationView {
            verdict: Status::Resolved,
            checks: vec![CheckResultView {
                what: "claimBound".to_owned(),
                object: claim(),
                passed: Some(true),
                observed: "the claim is Bound to pvc-1".to_owned(),
            }],
            settled_for: 5.02,
            at: "2026-11-23T03:01:08Z".to_owned(),
            why: None,
        }),
        ..waiting()
    }
}

fn plain(text: &str) -> String {
    anstream::adapter::strip_str(text).to_string()
}

#[test]
fn healthy_report_says_what_is_healthy_and_what_was_not_checked() {
    let mut report = healthy();
    report.coverage.healthy = vec!["Deployment payments/ledger: 1 of 1 replicas are ready".to_owned()];
    insta::assert_snapshot!(plain(&whole(&report, 100)), @r###"
healthy: no problem found  namespace payments, context prod-eu (10.1.2.3:6443, v1.37.2)

Healthy
  • Deployment payments/ledger: 1 of 1 replicas are ready

Not checked: networkpolicies, poddisruptionbudgets, resourcequotas.

212 ms · 14 API calls · no model · session s-0123456789abcdef0123456789abcdef
"###);
}

#[test]
fn place_says_where_a_certificate_is_not_verified() {
    let mut report = waiting();
    report.cluster.unverified = true;
    assert!(plain(&whole(&report, 100)).contains("(10.1.2.3:6443, v1.37.2, certificate not verified)\n"));
    assert!(plain(&before_consent(&report, 100)).contains("CERTIFICATE NOT VERIFIED"));
}

#[test]
fn waiting_report_says_everything_that_is_needed_for_a_decision() {
    insta::assert_snapshot!(plain(&whole(&waiting(), 100)), @r###"
waiting for approval  namespace payments, context prod-eu (10.1.2.3:6443, v1.37.2)

Cause: PersistentVolumeClaim `ledger-data` does not exist
  pvc-missing, confidence 97%, source: rule
  Deployment ledger mounts a PersistentVolumeClaim that does not exist. The scheduler cannot place
  its Pod until it exists.
  object: PersistentVolumeClaim payments/ledger-data
  field:  spec.template.spec.volumes[name=data].persistentVolumeClaim.claimName
  value:  is `ledger-data`

  Evidence
    e1 event · Pod payments/ledger-6d5-x2x · 2026-11-23T03:00:01Z
       │ 0/2 nodes are available: persistentvolumeclaim "ledger-data" not found. preemption: 0/2
         nodes are available: 2 Preemption is not helpful for scheduling.

  Cause chain
    PersistentVolumeClaim/ledger-data —mounts→ Deployment/ledger —owns→ ReplicaSet/ledger-6d5 —owns→
    Pod/ledger-6d5-x2x

  Affected objects
    • Pod payments/ledger-6d5-x2x: Pending for 3 minutes

Plan
  low risk  on failure: kept
  Create the missing claim.

  create PersistentVolumeClaim payments/ledger-data  low risk
  The size is an assumption.

    --- nothing
    +++ PersistentVolumeClaim payments/ledger-data
    @@ -0,0 +1,2 @@
    +apiVersion: v1
    +kind: PersistentVolumeClaim

  Applied only while
    • metadata.name is not in use

  Sends
    • POST /x

  rollback: delete the claim while it is not bound
  dry run: passed
  by hand:
kubectl create -n payments -f - <<'EOF'
apiVersion: v1
EOF

  Success checks
    • PersistentVolumeClaim payments/ledger-data: the claim is Bound
    • Deployment payments/ledger: runs, with nothing wrong
    • all of these can be read completely again, as for this plan: Pod, PersistentVolumeClaim
    • all of this within 120 s, then for 15 s without a break, with no container restarted

  digest: sha256:abababababababababababababababababababababababababababababababab
  valid until: 2026-11-23T03:15:01Z

Recommended actions
  • Put the claim where the Deployment's manifests are kept.
    git add claim.yaml
    kubemend does not write to repositories

Missing data  the diagnosis above was made without it
  • logs in payments: forbidden
    to include it:
    kubectl create role logs --verb=get --resource=pods/log -n payments

Next steps
  kubemend approve s-0123456789abcdef0123456789abcdef  shows the plan again and asks for approval
  kubemend decline s-0123456789abcdef0123456789abcdef

212 ms · 14 API calls · no model · session s-0123456789abcdef0123456789abcdef
"###);
}

#[test]
fn narrow_terminal_gets_narrow_paragraphs() {
    insta::assert_snapshot!(plain(&causes_only(&waiting(), 60)), @r###"
Cause: PersistentVolumeClaim `ledger-data` does not exist
  pvc-missing, confidence 97%, source: rule
  Deployment ledger mounts a PersistentVolumeClaim that does
  not exist. The scheduler cannot place its Pod until it
  exists.
  object: PersistentVolumeClaim payments/ledger-data
  field:  spec.template.spec.volumes[name=data].persistentVolumeClaim.claimName
  value:  is `ledger-data`

  Evidence
    e1 event · Pod payments/ledger-6d5-x2x · 2026-11-23T03:00:01Z
       │ 0/2 nodes are available: persistentvolumeclaim
         "ledger-data" not found. preemption: 0/2 nodes are
         available: 2 Preemption is not helpful for
         scheduling.

  Cause chain
    PersistentVolumeClaim/ledger-data —mounts→
    Deployment/ledger —owns→ ReplicaSet/ledger-6d5 —owns→
    Pod/ledger-6d5-x2x

  Affected objects
    • Pod payments/ledger-6d5-x2x: Pending for 3 minutes
"###);
}

#[test]
fn rest_after_consent_does_not_repeat_the_plan() {
    insta::assert_snapshot!(plain(&after_consent(&resolved(), 100)), @r###"
Execution
  ✓ create PersistentVolumeClaim payments/ledger-data: applied  2026-11-23T03:01:00Z

Validation
  ✓ PersistentVolumeClaim payments/ledger-data: the claim is Bound to pvc-1
  resolved: all success checks passed for 5 s

resolved  namespace payments, context prod-eu (10.1.2.3:6443, v1.37.2)

Recommended actions
  • Put the claim where the Deployment's manifests are kept.
    git add claim.yaml
    kubemend does not write to repositories

Missing data  the diagnosis above was made without it
  • logs in payments: forbidden
    to include it:
    kubectl create role logs --verb=get --resource=pods/log -n payments

212 ms · 14 API calls · no model · session s-0123456789abcdef0123456789abcdef
"###);
}

#[test]
fn failed_step_is_shown_with_what_the_server_said_and_its_undo() {
    let mut report = resolved();
    report.status = Status::Reverted;
    report.validation = None;
    report.execution = Some(ExecutionView {
        steps: vec![StepOutcomeView {
            outcome: Became::Refused,
            at: Some("2026-11-23T03:01:00Z".to_owned()),
            message: Some("persistentvolumeclaims \"ledger-data\" already exists".to_owned()),
        }],
        reverted: Some(vec![StepOutcomeView { outcome: Became::NotReached, at: None, message: None }]),
    });
    insta::assert_snapshot!(plain(&execution_only(&report, 100)), @r###"
Execution
  ✗ create PersistentVolumeClaim payments/ledger-data: refused  2026-11-23T03:01:00Z
    persistentvolumeclaims "ledger-data" already exists
  rollback
  - undo create PersistentVolumeClaim payments/ledger-data: not sent
"###);
}

/// An undo did what it was asked for; a change that did not help and was rolled back leaves the problem.
#[test]
fn rollback_that_was_asked_for_is_told_apart_from_one_that_had_to_be() {
    let mut report = resolved();
    report.status = Status::Reverted;
    let first = |report: &Report| plain(&whole(report, 100)).lines().next().unwrap_or_default().to_owned();
    assert!(first(&report).starts_with("not resolved; change rolled back "), "{}", first(&report));
    assert_eq!(Exit::of(&report), Exit::Problem);
    report.undoes = Some("s-1".to_owned());
    report.validation.as_mut().unwrap().verdict = Status::Reverted;
    assert!(first(&report).starts_with("rolled back: what was changed is as it was before "), "{}", first(&report));
    assert_eq!(Exit::of(&report), Exit::Done);
    let said = plain(&whole(&report, 100));
    assert!(!said.contains("resolved") && said.contains("rolled back: all success checks passed"), "{said}");
}

#[test]
fn added_lines_of_a_diff_are_green() {
    let green = page::ADDED.render().to_string();
    assert!(plan_only(&waiting(), 100).contains(&format!("{green}+apiVersion: v1")));
}

#[test]
fn object_names_cannot_steer_the_terminal() {
    let mut report = waiting();
    for cause in &mut report.causes {
        cause.object.name = "x\u{1b}]0;owned\u{7}".to_owned();
        cause.title = "y\u{1b}[2J".to_owned();
    }
    report.summary = "z\u{1b}[31m".to_owned();
    let text = plain(&whole(&report, 100));
    assert!(!text.contains('\u{1b}') && !text.contains('\u{7}'), "{text:?}");
}

/// As a person reads it before the answer, on a terminal of eighty columns, without the digest, which would tell any two plans apart.
fn asked(plan: RemediationPlan) -> Option<String> {
    let page = plain(&before_consent(&question::report(plan), 80));
    Some(page.lines().filter(|line| !line.trim_start().starts_with("digest: ")).collect::<Vec<_>>().join("\n"))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn two_different_plans_never_read_alike_on_a_terminal((one, other) in question::twins()) {
        if let Some((differ, read_differently)) = question::told_apart(&one, &other, asked) {
            prop_assert_eq!(differ, read_differently);
        }
    }
}

#[test]
fn every_value_that_the_digest_covers_is_on_the_terminal_before_the_answer() {
    let unsaid = question::unsaid(asked);
    assert!(unsaid.is_empty(), "hashed, and not said on a terminal: {unsaid:#?}");
}

/// The evidence comes before the question, and its three lines come last: they are what is left on a small screen.
#[test]
fn person_at_a_terminal_is_asked_the_question_that_everybody_is_asked() {
    let words = |text: &str| text.split_whitespace().filter(|word| !["↳", "•", "-"].contains(word)).collect::<Vec<_>>().join(" ");
    let report = waiting();
    let page = plain(&before_consent(&report, 100));
    let said = words(&page);
    let mut rest = said.as_str();
    for line in blocks::plain_text(&blocks::question(&report)).lines() {
        // Words beside each other, and titles, are told apart by a color there.
        for part in words(line).split("; ").map(|part| part.trim_end_matches(':')) {
            let found = rest.find(part);
            assert!(found.is_some(), "`{part}` is not in its place in:\n{page}");
            rest = rest.get(found.unwrap()..).unwrap();
        }
    }
    assert!(said.contains("Evidence") && !rest.contains("Evidence"), "{rest}");
    let three: Vec<&str> = page.trim_end().lines().rev().take(3).map(str::trim).collect();
    assert!(three[1].starts_with("on prod-eu (") && three[0].starts_with("whole plan"), "{three:?}");
}

/// A text of the cluster is shown as it is, whatever it says, and a command of ours works here however narrow the page is.
#[test]
fn command_in_a_quotation_stays_and_ours_is_worded_before_the_page_is_laid_out() {
    let program = Program::new(&[], "/opt/kubemend", &[("kubeconfig".to_owned(), "/etc/kube/config".to_owned())]);
    let mut report = waiting();
    let quoted = format!("kubemend approve {}", report.session);
    report.evidence[0].text = quoted.clone();
    let page = plain(&super::whole(&report, 60, &program));
    assert!(page.contains(&format!("│ {quoted}\n")), "{page}");
    assert!(page.contains(&format!("/opt/kubemend approve {} --kubeconfig=/etc/kube/config", report.session)), "{page}");
    let asked = plain(&super::before_consent(&report, 60, &program));
    assert!(asked.contains(&format!("│ {quoted}\n")), "{asked}");
    assert!(asked.contains(&format!(": /opt/kubemend show {} --kubeconfig=/etc/kube/config\n", report.session)), "{asked}");
}
