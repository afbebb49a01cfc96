//! What a human decides on, as blocks: built once from the report, laid out by every surface in its own way.
//! Whether a change can be shown whole is decided on these blocks too, so what is approved is what was shown.

use super::covered::CoveredStep;
use super::report::{PlanView, Report, Status, StepView, cluster_in_words};
use super::summary;
use crate::domain::fitted::{self, Part};
use crate::domain::visible;

/// How words are meant; a surface that has colours shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// Without a judgement.
    Plain,
    /// Good news.
    Good,
    /// Somebody has to look.
    Care,
    /// Bad news.
    Bad,
}

/// A few words in a tone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words {
    /// The words, on one line.
    pub text: String,
    /// How they are meant.
    pub tone: Tone,
}

/// A part of a page. Its texts are cleaned, and without credentials that are recognised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Block {
    /// Begins a part; the first words are its title.
    Heading(Vec<Words>),
    /// One line of words.
    Line(Vec<Words>),
    /// A paragraph.
    Text(String),
    /// A fact with its name.
    Field {
        /// Its name.
        name: &'static str,
        /// What it is.
        value: Words,
    },
    /// A unified diff.
    Diff(String),
    /// Items below a title.
    List {
        /// What they are.
        title: &'static str,
        /// In order.
        items: Vec<String>,
    },
    /// What a human would type instead.
    Command {
        /// What it is for.
        title: &'static str,
        /// The lines.
        text: String,
    },
}

/// A terminal has eighty columns, and a dialogue in it a frame.
const COLUMNS: usize = 74;

/// The whole question. Its first three lines alone are enough to decide on, since a client may show no more of it; its last lines say
/// the same, since another shows the end. What had to be shortened in them stands whole below.
pub fn question(report: &Report) -> Vec<Block> {
    let essentials = essentials(report);
    let mut blocks = essentials.clone();
    if !essentials.is_empty() {
        blocks.push(heading("In full"));
    }
    blocks.extend(report.issue.note.iter().map(|note| text(note)));
    blocks.extend(report.plan.iter().flat_map(|plan| &plan.steps).map(|step| Block::Line(vec![as_is(&step.change)])));
    if let Some(cause) = report.causes.first() {
        blocks.push(heading(&format!("Cause ({:.0}%): {}", cause.confidence * 100.0, cause.title)));
        blocks.push(text(&cause.explanation));
        blocks.push(Block::Field { name: "cluster", value: plain(&cluster_in_words(&report.cluster)) });
        blocks.push(Block::Field { name: "cluster id", value: plain(&report.cluster.id) });
    }
    // What was asked about besides, and is not known to be well.
    blocks.extend(report.coverage.doubts.iter().map(|doubt| text(&format!("Not verified: {doubt}"))));
    if let Some(plan) = &report.plan {
        if plan.covered.cluster != report.cluster.id {
            blocks.push(Block::Field { name: "plan for cluster", value: as_is(&visible::escaped(&plan.covered.cluster)) });
        }
        blocks.push(Block::Field { name: "where", value: plain(&plan.covered.cause) });
    }
    blocks.extend(plan(report));
    if !essentials.is_empty() {
        blocks.push(heading("In short"));
    }
    blocks.extend(essentials);
    blocks
}

/// What changes, where with which risk and undo, and until when and how to see all of it: three lines, whatever the names are.
fn essentials(report: &Report) -> Vec<Block> {
    let Some(plan) = &report.plan else { return Vec::new() };
    let until = plan.expires_at.as_ref().filter(|_| report.status == Status::AwaitingApproval);
    let until = until.map(|at| format!(" until {}", to_the_minute(at))).unwrap_or_default();
    let all = visible::in_words(&format!("{WHOLE_PLAN}{until}: kubemend show {}", report.session));
    [what(plan), place(report, plan), all].iter().map(|line| Block::Line(vec![as_is(line)])).collect()
}

/// Begins the third line.
pub const WHOLE_PLAN: &str = "whole plan";

/// The third line of a question where the short command would find nothing, and the whole one has no room: it stands at the end.
pub fn completed_below(three_lines: &str) -> String {
    match three_lines.rsplit_once('\n').and_then(|(first, third)| Some((first, third.split_once(": ")?.0))) {
        Some((first, until)) => format!("{first}\n{until}: by the command at the end of this text"),
        None => three_lines.to_owned(),
    }
}

/// What changes: two steps where there is room for both, else the first and how many more. Before it stands what the plan is not about.
fn what(plan: &PlanView) -> String {
    let steps: Vec<&[Part]> = plan.covered.steps.iter().map(|step| step.headline.as_slice()).collect();
    let (first, more) = (steps.first().copied().unwrap_or_default(), steps.len().saturating_sub(1));
    let around = plan.aside.iter().flat_map(|(aside, name)| {
        aside.around_a_name().map(|(before, after)| vec![Part::words(before), Part::name(visible::escaped(name)), Part::words(after)])
    });
    let none = plan.aside.is_none().then(Vec::new);
    let then = steps.get(1).map(|second| [&[Part::words("; then ")], *second].concat());
    let count = match more {
        0 => Vec::new(),
        1 => vec![Part::words("; 1 more step")],
        more => vec![Part::words(format!("; {more} more steps"))],
    };
    // Where there is no room for what it is not about, the choice says it.
    let mut tries = around.chain(none).flat_map(|aside| {
        let both = then.iter().filter(|_| more == 1).map(|then| [&aside, first, then].concat()).collect::<Vec<_>>();
        both.into_iter().chain([[&aside, first, &count].concat()])
    });
    let fits = tries.find(|parts| fitted::fit(parts, COLUMNS));
    fitted::line(&fits.unwrap_or_else(|| [first, &count].concat()), COLUMNS)
}

/// Where, with which risk and undo: each name once.
fn place(report: &Report, plan: &PlanView) -> String {
    let mut namespaces: Vec<&str> = plan.steps.iter().filter_map(|step| step.object.namespace.as_deref()).collect();
    namespaces.sort_unstable();
    namespaces.dedup();
    let cluster = &report.cluster;
    // In full it stands below; here are the words that there is room for beside names of any length.
    let close = if cluster.unverified { ", NOT VERIFIED)" } else { ")" };
    let said = |title: &str| {
        let name = |name: &str| Part::name(visible::escaped(name));
        let mut parts = vec![Part::words("on "), name(&cluster.context), Part::words(" ("), name(&cluster.server), Part::words(close)];
        if !namespaces.is_empty() {
            parts.extend([Part::words(title), name(&namespaces.join(", "))]);
        }
        parts.push(Part::words(visible::in_words(&format!("; risk {}; {}", plan.risk, summary::undo(plan)))));
        parts
    };
    let long = said(", namespace ");
    let short = said(" in ");
    let whole: usize = long.iter().map(|part| part.whole().chars().count()).sum();
    fitted::line(if whole <= COLUMNS { &long } else { &short }, COLUMNS)
}

/// The plan with everything that belongs to it; nothing where there is none.
pub fn plan(report: &Report) -> Vec<Block> {
    let Some(plan) = &report.plan else { return Vec::new() };
    let several = plan.steps.len() > 1;
    let mut blocks = vec![heading("Plan"), Block::Line(vec![risk(&plan.risk), plain(on_failure(plan))])];
    blocks.push(text(&plan.summary));
    let nothing = CoveredStep::default();
    for (index, one) in plan.steps.iter().enumerate() {
        let covered = plan.covered.steps.get(index).unwrap_or(&nothing);
        step(&mut blocks, one, covered, several.then(|| index.saturating_add(1)));
    }
    if !plan.covered.checks.is_empty() {
        let mut items: Vec<_> = plan.covered.checks.iter().map(|check| visible::in_words(check)).collect();
        items.extend(plan.covered.about.iter().map(|about| visible::in_words(&format!("{about}: runs, with nothing wrong"))));
        let (wait, hold) = (plan.wait_seconds, plan.settle_seconds);
        if !plan.covered.saw.is_empty() {
            let saw = plan.covered.saw.join(", ");
            items.push(visible::in_words(&format!("judged on whole lists of the same kinds as this plan: {saw}")));
        }
        let all = format!("all of this within {wait} s, then for {hold} s without a break, with no container restarted");
        items.push(visible::in_words(&all));
        blocks.push(Block::List { title: "Success checks", items });
    }
    blocks.push(Block::Field { name: "digest", value: plain(&plan.digest) });
    if let Some(expires) = plan.expires_at.as_ref().filter(|_| report.status == Status::AwaitingApproval) {
        blocks.push(Block::Field { name: "valid until", value: plain(&to_the_second(expires)) });
    }
    blocks
}

fn step(blocks: &mut Vec<Block>, step: &StepView, covered: &CoveredStep, number: Option<usize>) {
    let number = number.map(|number| format!("{number}. ")).unwrap_or_default();
    blocks.push(Block::Heading(vec![plain(&format!("{number}{} {}", step.action, covered.target)), risk(&step.risk)]));
    blocks.push(text(&step.why));
    // Made to be shown when the plan was made: a second look at it would change it.
    blocks.push(Block::Diff(step.diff.clone()));
    if !covered.conditions.is_empty() {
        blocks.push(Block::List { title: "Applied only while", items: covered.conditions.clone() });
    }
    if !covered.sends.is_empty() {
        blocks.push(Block::List { title: "Sends", items: covered.sends.clone() });
    }
    blocks.push(Block::Field { name: "rollback", value: plain(&step.undo) });
    if !covered.undo.is_empty() {
        blocks.push(Block::List { title: "The rollback sends", items: covered.undo.clone() });
    }
    if let Some(dry_run) = &step.dry_run {
        let (tone, words) = if dry_run.accepted { (Tone::Good, "passed") } else { (Tone::Bad, "failed") };
        let reason = dry_run.reason.as_ref().map(|r| format!(": {r}")).unwrap_or_default();
        blocks.push(Block::Field { name: "dry run", value: Words { text: visible::in_words(&format!("{words}{reason}")), tone } });
    }
    blocks.push(Block::Command { title: "by hand", text: step.command.clone() });
}

/// The blocks as text without any layout but lines: for a dialogue, and for a model.
pub fn plain_text(blocks: &[Block]) -> String {
    let mut out = String::new();
    for block in blocks {
        match block {
            Block::Heading(words) => {
                if !out.is_empty() {
                    out.push('\n');
                }
                line(&mut out, &joined(words));
            }
            Block::Line(words) => line(&mut out, &joined(words)),
            Block::Text(text) => line(&mut out, text),
            // It brings its last line feed along.
            Block::Diff(text) => line(&mut out, text.strip_suffix('\n').unwrap_or(text)),
            Block::Field { name, value } => line(&mut out, &format!("{name}: {}", value.text)),
            Block::List { title, items } => {
                let gap = if out.ends_with("\n\n") { "" } else { "\n" };
                line(&mut out, &format!("{gap}{title}:"));
                for item in items {
                    line(&mut out, &format!("- {item}"));
                }
                out.push('\n');
            }
            Block::Command { title, text } => line(&mut out, &format!("{title}:\n{text}")),
        }
    }
    out
}

fn line(out: &mut String, text: &str) {
    out.push_str(text);
    out.push('\n');
}

fn joined(words: &[Words]) -> String {
    words.iter().map(|w| w.text.as_str()).collect::<Vec<_>>().join("; ")
}

fn on_failure(plan: &PlanView) -> &'static str {
    match plan.on_failure.as_str() {
        "revert" => "on failure: rolled back as far as possible",
        _ => "on failure: kept",
    }
}

fn risk(risk: &str) -> Words {
    let tone = match risk {
        "low" => Tone::Good,
        "medium" => Tone::Care,
        _ => Tone::Bad,
    };
    Words { text: visible::in_words(&format!("{risk} risk")), tone }
}

/// `2026-11-23T03:00:01.123456Z` without what nobody reads.
fn to_the_second(time: &str) -> String {
    time.split_once('.').map_or_else(|| time.to_owned(), |(seconds, _)| format!("{seconds}Z"))
}

/// `03:15Z` of the day.
fn to_the_minute(time: &str) -> String {
    let clock = time.split_once('T').and_then(|(_, clock)| clock.get(..5));
    clock.map_or_else(|| time.to_owned(), |clock| format!("{clock}Z"))
}

fn heading(title: &str) -> Block {
    Block::Heading(vec![plain(title)])
}

fn text(words: &str) -> Block {
    Block::Text(visible::in_words(words))
}

/// Our own words, with what came into them from elsewhere written out; never redacted and never cut: what cannot be shown is not asked.
fn plain(words: &str) -> Words {
    as_is(&visible::in_words(words))
}

/// What was made to be shown.
fn as_is(words: &str) -> Words {
    Words { text: words.to_owned(), tone: Tone::Plain }
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::covered::Covered;
    use super::*;
    use crate::workflow::report::{
        CauseView, CheckView, ClusterView, CoverageView, DryRunView, IssueView, ObjectView, OperationView, PreconditionView, RequestView,
        UsageView,
    };

    fn deployment() -> ObjectView {
        let (kind, name) = ("Deployment".to_owned(), "web".to_owned());
        ObjectView { api_version: "apps/v1".to_owned(), kind, namespace: Some("shop".to_owned()), name }
    }

    /// A report that waits for approval.
    pub(in crate::workflow) fn waiting(steps: usize, diff: &str) -> Report {
        let text = |text: &str| text.to_owned();
        let step = StepView {
            action: text("patch"),
            object: deployment(),
            change: text("Set image of Deployment shop/web container app: web:1.1 → web:1.2"),
            why: text("the image does not exist"),
            risk: text("low"),
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
                Part::Path(vec![text("containers[name=app]"), text("image")]),
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
                context: text("prod"),
                server: text("10.1.2.3:6443"),
                version: text("v1.37.2"),
                id: text("6d2f9ee1-c1b6-4a5c-a2d3-0d3a40c1d3b0"),
                unverified: false,
            },
            status: Status::AwaitingApproval,
            issue: IssueView { text: text("x"), origin: text("caller"), ..IssueView::default() },
            causes: vec![cause],
            unexplained: Vec::new(),
            evidence: Vec::new(),
            plan: Some(PlanView {
                digest: text("sha256:ab"),
                risk: text("medium"),
                summary: text("correct the image"),
                on_failure: text("revert"),
                expires_at: Some(text("2026-11-23T20:00:00.5Z")),
                steps: vec![step; steps],
                settle_seconds: 15,
                covered: Covered {
                    cause: text("Deployment shop/web (x)"),
                    cluster: text("6d2f9ee1-c1b6-4a5c-a2d3-0d3a40c1d3b0"),
                    steps: vec![covered; steps],
                    checks: vec![text("Deployment shop/web: all Pods are ready")],
                    about: vec![text("Service shop/web")],
                    saw: vec![text("Pod")],
                },
                aside: None,
                is_rollback: false,
                wait_seconds: 120,
                checks: vec![CheckView { what: text("rolloutDone"), object: deployment(), expectation: text("all Pods are ready") }],
            }),
            advice: Vec::new(),
            execution: None,
            validation: None,
            coverage: CoverageView { ..CoverageView::default() },
            trail: Vec::new(),
            usage: UsageView::default(),
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
                 Success checks:\n- Deployment shop/web: all Pods are ready\n- Service shop/web: runs, with nothing wrong\n- judged on whole lists of the same kinds as this plan: Pod\n- all of this within 120 s, then for 15 s without a break, with no container restarted\n\ndigest: sha256:ab\nvalid until: 2026-11-23T20:00:00Z\n\n\
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
        let three = completed_below(text.split_once("\n\n").unwrap().0);
        let third = three.lines().nth(2).unwrap();
        assert_eq!(third, "whole plan until 20:00Z: by the command at the end of this text");
        assert!(third.len() <= COLUMNS, "{third}");
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
        let heads: Vec<String> =
            blocks.iter().filter_map(|b| if let Block::Heading(words) = b { Some(joined(words)) } else { None }).collect();
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
}
