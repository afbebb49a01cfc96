//! Structures behind and below the names of credentials: their values are hidden, wherever the structure stands among other lines, and
//! whether or not its end is there. References to what holds a credential stay.

use super::brackets::{self, Opening};
use super::indented;
use super::leaves::Leaves;
use super::margin::Margin;
use super::mark::is_part_of_one;
use super::names::{PAIR, any_name, is_reference, speaks_of_one};
use super::place::Work;
use super::record::Record;
use super::rewriting::Rewriting;
use super::value::VALUE;
use regex::Regex;
use std::sync::LazyLock;

/// A name and what separates it from its value, or a name that is a type before its bracket.
static NAMED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let sign = r"\\*[\x22'`]?\]?\s*(?:=>|->|:=|[:=])[^\S\n]*";
    Regex::new(&format!(r"(?i)(?P<name>(?-u:\b){})(?:(?P<sign>{sign})|[ \t]?\{{)", any_name())).ok()
});
/// The heading of a section.
static SECTION: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(&format!(
        r#"(?i)^\s*\[{{1,2}}\s*(?:[a-z0-9_"' .-]*\.)?["']?(?P<name>{})["']?(?:\.[a-z0-9_"' .-]*)?\s*\]{{1,2}}\s*(?:[#;].*)?$"#,
        any_name()
    ))
    .ok()
});
/// A line break that is written out.
static BREAK: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"^\\{1,8}n").ok());

/// Of what stands before a name, line breaks that are written out are looked for in so much.
const LONGEST: usize = 400;

/// Each pattern is one.
#[cfg(test)]
pub(super) fn compile() -> bool {
    [NAMED.is_some(), SECTION.is_some(), BREAK.is_some(), brackets::compile(), indented::compile()] == [true; 5]
}

/// The text without the values of such structures; none where there is none.
pub(super) fn without(text: &str, work: &Work) -> Option<String> {
    work.spend(text.len());
    if !speaks_of_one(text) {
        return None;
    }
    let named = NAMED.as_ref().and_then(|pattern| behind(text, pattern, work));
    let text = named.as_deref().unwrap_or(text);
    let pairs = PAIR.as_ref().and_then(|pattern| behind(text, pattern, work));
    let text = pairs.as_deref().unwrap_or(text);
    let sections = sections(text, work);
    sections.or(pairs).or(named)
}

/// Behind what the pattern finds.
fn behind(text: &str, pattern: &Regex, work: &Work) -> Option<String> {
    let (mut shown, mut from) = (Rewriting::of(text), 0_usize);
    let mut line = 0_usize;
    let mut seen = 0_usize;
    while let Some(found) = pattern.captures_at(text, from) {
        let (Some(whole), Some(name)) = (found.get(0), found.name("name")) else { break };
        if !shown.goes_on(whole.start(), work) {
            break;
        }
        let passed = text.get(seen..name.start()).unwrap_or_default();
        work.spend(passed.len());
        if let Some(last) = passed.rfind('\n') {
            line = seen.saturating_add(last).saturating_add(1);
        }
        seen = seen.max(name.start());
        from = whole.end().max(from.saturating_add(1));
        let separated = found.name("sign").or_else(|| found.name("sep"));
        let start = if separated.is_some() { whole.end() } else { whole.end().saturating_sub(1) };
        let compared = separated.is_some_and(|sign| sign.as_str().ends_with('=')) && text.get(start..).is_some_and(|t| t.starts_with('='));
        if compared || is_part_of_one(text, whole.end()) || is_reference(called(name.as_str())) {
            continue;
        }
        let below = separated.is_some_and(|sign| sign.as_str().contains([':', '>']));
        let before = text.get(line..name.start()).unwrap_or_default();
        let mut leaves = Leaves::default();
        let end = structure(text, start, before, below, &mut leaves, work);
        // What was not gone through to its end is not shown.
        if !shown.goes_on(start, work) {
            break;
        }
        if let Some(end) = end
            && !leaves.says_an_error()
        {
            for (start, end) in leaves.hidden(called(name.as_str())) {
                shown.hide(start, end, VALUE);
            }
            from = from.max(end);
        }
        if !text.is_char_boundary(from) || from > text.len() {
            break;
        }
    }
    shown.end()
}

/// The name itself, where a pair of a name and a value has it.
fn called(name: &str) -> &str {
    let end = name.rfind([',', '\n']).unwrap_or(name.len());
    name.get(..end).unwrap_or(name).trim_end_matches(['"', '\'', '\\', ' '])
}

/// The structure that begins here, or in the line below, and where it ends.
fn structure<'t>(text: &'t str, start: usize, before: &str, below: bool, leaves: &mut Leaves<'t>, work: &Work) -> Option<usize> {
    let rest = text.get(start..)?;
    let margin = Margin::of(before);
    if let Some(opening) = Opening::of(rest) {
        // Go prints no space between the two, and only spaces between what stands in it.
        let joined = below && text.get(..start).is_some_and(|before| before.ends_with(':'));
        if !joined && !brackets::begins(rest, opening, &margin, work) {
            return None;
        }
        let record = rest.get(opening.length()..).and_then(|behind| Record::ended(before, behind));
        let margin = record.map_or(margin, |(record, inner)| Margin::in_record(record, inner));
        return Some(brackets::walked(text, start, (None, None), &margin, leaves, work));
    }
    if !below {
        return None;
    }
    // The line that is a record's text ends here, or with a line break that is written out.
    let broken = BREAK.as_ref()?.find(rest).map_or(0, |found| found.len());
    if let Some((record, inner)) = rest.get(broken..).and_then(|rest| Record::ended(before, rest)) {
        work.spend(before.len());
        let next = rest.find('\n')?;
        work.spend(next);
        let begin = start.saturating_add(next).saturating_add(1);
        return indented::walked(text, begin, "\n", &Margin::in_record(record, inner), leaves, work);
    }
    if !rest.starts_with(['\n', '\r', '!', '&', '#', '\\']) {
        return None;
    }
    if let Some(end) = BREAK.as_ref()?.find(rest).map(|found| found.as_str()) {
        work.spend(before.len().min(LONGEST));
        let margin = if before.len() > LONGEST { margin } else { Margin::of(before.rsplit(end).next().unwrap_or(before)) };
        return indented::walked(text, start.saturating_add(end.len()), end, &margin, leaves, work);
    }
    // Behind the name a tag, an anchor or a comment may stand.
    let (at, _) = rest.char_indices().take(LONGEST).find(|(_, c)| *c == '\n')?;
    work.spend(at);
    let line = rest.get(..at)?;
    let next = start.saturating_add(line.len()).saturating_add(1);
    let first = text.get(next..)?.split('\n').next()?;
    if matches!(first.trim(), "{" | "[" | "(") {
        let bracket = next.saturating_add(first.find(['{', '[', '('])?);
        return Some(brackets::walked(text, bracket, (None, None), &margin, leaves, work));
    }
    indented::walked(text, next, "\n", &margin, leaves, work)
}

/// The text without the values of sections that are called as a credential.
fn sections(text: &str, work: &Work) -> Option<String> {
    let mut shown = Rewriting::of(text);
    let mut at = 0_usize;
    while at < text.len() {
        if !shown.goes_on(at, work) {
            break;
        }
        let line = text.get(at..)?.split('\n').next()?;
        work.spend(line.len());
        at = at.saturating_add(line.len()).saturating_add(1);
        if !line.trim_start().starts_with('[') {
            continue;
        }
        let Some(name) = SECTION.as_ref()?.captures(line).and_then(|found| found.name("name")) else { continue };
        let mut leaves = Leaves::default();
        // Up to the heading of another section.
        let end = indented::section(text, at, &mut leaves, work);
        if !shown.goes_on(at, work) {
            break;
        }
        for (start, end) in leaves.hidden(name.as_str()) {
            shown.hide(start, end, VALUE);
        }
        at = at.max(end);
    }
    shown.end()
}

#[cfg(test)]
mod tests;
