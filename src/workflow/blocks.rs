//! What a human decides on, as blocks: built once from the report, laid out by every surface in its own way.
//! Whether a change can be shown whole is decided on these blocks too, so what is approved is what was shown.

mod stated;

use super::covered::CoveredStep;
use super::report::{ClusterView, PlanView, Report, Status, StepView};
use super::summary;
use crate::domain::cause::CauseSource;
use crate::domain::fitted::{self, Part};
use crate::domain::plan::OnFailure;
use crate::domain::risk::Risk;
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
        title: String,
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
    let cause = report.plan.as_ref().and_then(|plan| plan.cause).and_then(|at| report.causes.get(at)).or(report.causes.first());
    let stated = cause.filter(|cause| stated::is_stated(cause));
    match cause {
        Some(cause) if stated.is_some() => {
            blocks.extend([heading(stated::TITLE), text(&stated::caution(cause))]);
            // It may be asked again for as long as it waits, and is not looked at anew.
            let at = report.trail.first().map(|opened| format!("Affected at {}", to_the_minute(&opened.at)));
            blocks.push(Block::List { title: at.unwrap_or_else(|| "Affected".to_owned()), items: stated::suffers(cause) });
            blocks.push(Block::List { title: "Cited, as kubemend saw it".to_owned(), items: stated::cited(cause, &report.evidence) });
        }
        Some(cause) => {
            blocks.push(heading(&format!("Cause ({:.0}%): {}", cause.confidence * 100.0, cause.title)));
            blocks.push(text(&cause.explanation));
        }
        None => {}
    }
    if let Some(undone) = &report.undoes {
        blocks.push(heading(&format!("Undo of session {undone}")));
        blocks.push(text(&summary::takes_back(undone)));
    }
    blocks.push(Block::Field { name: "cluster", value: plain(&cluster_in_words(&report.cluster)) });
    blocks.push(Block::Field { name: "cluster id", value: plain(&report.cluster.id) });
    // What was asked about besides, and is not known to be well.
    blocks.extend(report.coverage.doubts.iter().map(|doubt| text(&format!("Not verified: {doubt}"))));
    if let Some(plan) = &report.plan {
        if plan.covered.cluster != report.cluster.id {
            blocks.push(Block::Field { name: "plan for cluster", value: as_is(&visible::escaped(&plan.covered.cluster)) });
        }
        blocks.push(Block::Field { name: if report.undoes.is_some() { "for" } else { "where" }, value: plain(&plan.covered.aim) });
    }
    blocks.extend(plan(report));
    // After all that this program knows.
    if let Some(cause) = stated {
        blocks.extend([heading(stated::SAID), text(&cause.title), text(&cause.explanation)]);
    }
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

/// Stands in the third line where no command has room: the whole one is the last line, and the answer to who asks to be asked later has
/// one too.
const OTHER_WAYS: &str = "at the end of this text, or after “ask me later”";

/// The first three lines of a question with a command in the third that can be run as it stands: the first of these that has room there,
/// if need be without the time until which it can be answered.
pub fn with_command(three_lines: &str, commands: &[String]) -> String {
    let parts = three_lines.rsplit_once('\n').and_then(|(first, third)| Some((first, third.split_once(": ")?.0)));
    let Some((first, until)) = parts else { return three_lines.to_owned() };
    let lines = [until, WHOLE_PLAN].into_iter().flat_map(|begin| commands.iter().map(move |command| format!("{begin}: {command}")));
    let third = lines.into_iter().find(|line| line.chars().count() <= COLUMNS).unwrap_or_else(|| format!("{until}: {OTHER_WAYS}"));
    format!("{first}\n{third}")
}

/// Before a change that no rule proposes: in full, and where there is little room. That is never left out.
fn proposed(by: &str) -> [String; 2] {
    let short = by.rsplit(' ').next().unwrap_or(by);
    [format!("proposed by {by}: "), format!("{short}: ")]
}

/// What changes: two steps where there is room for both, else the riskiest and how many more. Before it stands whose it is where no rule
/// proposes it, and what the plan is not about.
fn what(plan: &PlanView) -> String {
    let risk = |index: usize| plan.steps.get(index).map(|step| step.risk);
    let steps = plan.covered.steps.iter().enumerate().map(|(index, step)| (step.headline.as_slice(), risk(index)));
    // One that is said with a later one has none of its own.
    let steps: Vec<(&[Part], _)> = steps.filter(|(headline, _)| !headline.is_empty()).collect();
    let (first, more) = (steps.first().map(|(step, _)| *step).unwrap_or_default(), steps.len().saturating_sub(1));
    // Of several that are as risky, the first.
    let riskiest = steps.iter().rev().max_by_key(|(_, risk)| *risk).map(|(step, _)| *step).unwrap_or_default();
    let around = |(before, after): (&str, &str), name: &str| [Part::words(before), Part::name(visible::escaped(name)), Part::words(after)];
    let asides: Vec<Vec<Part>> = match &plan.aside {
        Some((aside, name)) => aside.around_a_name().into_iter().map(|words| around(words, name).to_vec()).collect(),
        None => vec![Vec::new()],
    };
    let owners: Vec<Vec<Part>> = match plan.by.and_then(CauseSource::by) {
        Some(by) => proposed(by).map(|words| vec![Part::words(words)]).to_vec(),
        None => vec![Vec::new()],
    };
    let owner = owners.last().cloned().unwrap_or_default();
    let asides: Vec<Vec<Part>> = asides.iter().flat_map(|aside| owners.iter().map(move |owner| [&owner[..], aside].concat())).collect();
    let then = steps.get(1).map(|(second, _)| [&[Part::words("; then ")], *second].concat());
    let count = match more {
        0 => Vec::new(),
        1 => vec![Part::words("; 1 more step")],
        more => vec![Part::words(format!("; {more} more steps"))],
    };
    let with = |aside: &Vec<Part>| {
        let both = then.iter().filter(|_| more == 1).map(|then| [aside, first, then].concat()).collect::<Vec<_>>();
        both.into_iter().chain([[aside, riskiest, &count].concat()])
    };
    let is_whole = |parts: &Vec<Part>| parts.iter().map(|part| part.whole().chars().count()).sum::<usize>() <= COLUMNS;
    // Names say more than our words: the short ones come first where not all of it fits. Where there is no room for what the plan is not
    // about, the choice says it.
    let whole = asides.iter().flat_map(with).find(is_whole);
    let short = || asides.last().into_iter().flat_map(with).find(|parts| fitted::fit(parts, COLUMNS));
    fitted::line(&whole.or_else(short).unwrap_or_else(|| [&owner, riskiest, &count].concat()), COLUMNS)
}

/// Where, with which risk and undo: each name once.
fn place(report: &Report, plan: &PlanView) -> String {
    let mut namespaces: Vec<&str> = plan.steps.iter().filter_map(|step| step.object.namespace.as_deref()).collect();
    namespaces.sort_unstable();
    namespaces.dedup();
    let cluster = &report.cluster;
    // In full it stands below; here are the words that there is room for beside names of any length.
    let said = |title: &str, server: bool| {
        // Behind one proxy the context alone tells clusters apart: it keeps its code, and the server goes where there is no room for both.
        let mut parts = vec![Part::words("on "), Part::object(visible::escaped(&cluster.context))];
        match (server, cluster.unverified) {
            (true, unverified) => {
                let close = if unverified { ", NOT VERIFIED)" } else { ")" };
                parts.extend([Part::words(" ("), Part::name(visible::escaped(&cluster.server)), Part::words(close)]);
            }
            (false, true) => parts.push(Part::words(" (NOT VERIFIED)")),
            (false, false) => {}
        }
        if !namespaces.is_empty() {
            parts.extend([Part::words(title), Part::object(visible::escaped(&namespaces.join(", ")))]);
        }
        parts.push(Part::words(visible::in_words(&format!("; risk {}; {}", plan.risk, summary::undo(plan)))));
        parts
    };
    let long = said(", namespace ", true);
    let short = Some(said(" in ", true)).filter(|parts| fitted::fit(parts, COLUMNS)).unwrap_or_else(|| said(" in ", false));
    let whole: usize = long.iter().map(|part| part.whole().chars().count()).sum();
    fitted::line(if whole <= COLUMNS { &long } else { &short }, COLUMNS)
}

/// The plan with everything that belongs to it; nothing where there is none.
pub fn plan(report: &Report) -> Vec<Block> {
    let Some(plan) = &report.plan else { return Vec::new() };
    let several = plan.steps.len() > 1;
    let mut blocks = vec![heading("Plan"), Block::Line(vec![risk(plan.risk), plain(on_failure(plan))])];
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
            items.push(visible::in_words(&format!("all of these can be read completely again, as for this plan: {saw}")));
        }
        let all = format!("all of this within {wait} s, then for {hold} s without a break, with no container restarted");
        items.push(visible::in_words(&all));
        blocks.push(Block::List { title: "Success checks".to_owned(), items });
    }
    blocks.push(Block::Field { name: "digest", value: plain(&plan.digest) });
    if let Some(expires) = plan.expires_at.as_ref().filter(|_| report.status == Status::AwaitingApproval) {
        blocks.push(Block::Field { name: "valid until", value: plain(&to_the_second(expires)) });
    }
    blocks
}

fn step(blocks: &mut Vec<Block>, step: &StepView, covered: &CoveredStep, number: Option<usize>) {
    let number = number.map(|number| format!("{number}. ")).unwrap_or_default();
    blocks.push(Block::Heading(vec![plain(&format!("{number}{} {}", step.action, covered.target)), risk(step.risk)]));
    blocks.push(text(&step.why));
    // Made to be shown when the plan was made: a second look at it would change it.
    blocks.push(Block::Diff(step.diff.clone()));
    if !covered.conditions.is_empty() {
        blocks.push(Block::List { title: "Applied only while".to_owned(), items: covered.conditions.clone() });
    }
    if !covered.sends.is_empty() {
        blocks.push(Block::List { title: "Sends".to_owned(), items: covered.sends.clone() });
    }
    blocks.push(Block::Field { name: "rollback", value: plain(&step.undo) });
    if !covered.undo.is_empty() {
        blocks.push(Block::List { title: "The rollback sends".to_owned(), items: covered.undo.clone() });
    }
    if let Some(dry_run) = &step.dry_run {
        let (tone, words) = if dry_run.accepted { (Tone::Good, "passed") } else { (Tone::Bad, "failed") };
        let reason = dry_run.reason.as_ref().map(|r| format!(": {r}")).unwrap_or_default();
        blocks.push(Block::Field { name: "dry run", value: Words { text: visible::in_words(&format!("{words}{reason}")), tone } });
    }
    if !step.command.is_empty() {
        blocks.push(Block::Command { title: "by hand", text: step.command.clone() });
    }
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
    match plan.on_failure {
        OnFailure::Revert => "on failure: rolled back as far as possible",
        OnFailure::Keep => "on failure: kept",
    }
}

fn risk(risk: Risk) -> Words {
    let tone = match risk {
        Risk::Low => Tone::Good,
        Risk::Medium => Tone::Care,
        Risk::High => Tone::Bad,
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

/// As people are told it: `real (127.0.0.1:6443, v1.37.2, id 1a2b3c4d)`, and loudly where nobody proves that it is that one.
pub fn cluster_in_words(cluster: &ClusterView) -> String {
    let id: String = cluster.id.strip_prefix("sha256:").unwrap_or(&cluster.id).chars().take(8).collect();
    let ClusterView { context, server, version, unverified, .. } = cluster;
    format!("{context} ({server}, {version}, id {id}{})", if *unverified { ", CERTIFICATE NOT VERIFIED" } else { "" })
}

#[cfg(test)]
pub(crate) mod tests;
