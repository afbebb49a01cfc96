//! Secrets as manifests in a text: what they hold is hidden, wherever they stand. The names of their keys go with it.

use super::mark::is_replaced;
use super::place::Work;
use super::rewriting::Rewriting;
use regex::Regex;
use std::sync::LazyLock;

/// Its kind, as a text has it.
const KIND: &str = "secret";

/// The kind of an object that is one.
static SECRET: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#"(?-u:\b)kind\\*["']?\s*[:=]\s*\\*["']?Secret(?-u:\b)\\*["']?\s*(?:[,}\n\\#]|$)"#).ok());
/// What a Secret holds its values under.
static HELD: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r#"(?-u:\b)(?:data|stringData)\\*["']?\s*:[ \t]*"#).ok());

/// What stands at one indentation, as far as it was read.
struct Here {
    indent: usize,
    secret: bool,
    held: Vec<(usize, usize)>,
}

/// The text without what Secrets in it hold; none where there is none.
pub(super) fn without(text: &str, work: &Work) -> Option<String> {
    let (kind, held) = (SECRET.as_ref()?, HELD.as_ref()?);
    work.spend(text.len());
    if !kind.is_match(text) {
        return None;
    }
    let mut hidden: Vec<(usize, usize)> = Vec::new();
    let mut open: Vec<Here> = Vec::new();
    // A value that began in a line above, and how far that was indented.
    let mut value: Option<(usize, usize)> = None;
    let mut from = 0_usize;
    for line in text.split_inclusive('\n') {
        let begin = from;
        from = from.saturating_add(line.len());
        let row = line.trim_end_matches(['\n', '\r']);
        if row.trim().is_empty() {
            continue;
        }
        let indent = row.len().saturating_sub(row.trim_start_matches([' ', '\t', '-']).len());
        let item = row.trim_start().starts_with("- ");
        if let Some((start, least)) = value
            && (indent <= least || row.starts_with("---"))
        {
            note(&mut open, least, (start, begin));
            value = None;
        }
        let ends = |here: &Here| here.indent > indent || row.starts_with("---") || (item && here.indent >= indent);
        while let Some(last) = open.pop_if(|last| ends(last)) {
            close(last, &mut hidden);
        }
        if open.last().is_none_or(|last| last.indent < indent) {
            open.push(Here { indent, secret: false, held: Vec::new() });
        }
        let inner = row.get(indent..).unwrap_or_default().trim_start_matches(['"', '\'', '\\']);
        if inner.starts_with("kind") && kind.find(line).is_some_and(|found| line.get(..found.start()).is_some_and(is_indentation)) {
            open.iter_mut().rev().take(1).for_each(|here| here.secret = true);
        } else if let Some(found) = held.find(row).filter(|found| row.get(..found.start()).is_some_and(is_indentation)) {
            value = Some((begin.saturating_add(found.end()), indent));
        } else if kind.is_match(line) {
            // In one line with other members, all of that line is looked at.
            for found in held.find_iter(row) {
                let length = balanced(row.get(found.end()..).unwrap_or_default());
                hidden.push((begin.saturating_add(found.end()), begin.saturating_add(found.end()).saturating_add(length)));
            }
        }
    }
    if let Some((start, least)) = value {
        note(&mut open, least, (start, text.len()));
    }
    open.into_iter().for_each(|here| close(here, &mut hidden));
    written(text, hidden)
}

fn is_indentation(before: &str) -> bool {
    before.chars().all(|c| c.is_whitespace() || matches!(c, '-' | '"' | '\'' | '\\'))
}

fn note(open: &mut [Here], indent: usize, range: (usize, usize)) {
    open.iter_mut().rev().filter(|here| here.indent == indent).take(1).for_each(|here| here.held.push(range));
}

fn close(here: Here, hidden: &mut Vec<(usize, usize)>) {
    if here.secret {
        hidden.extend(here.held);
    }
}

/// The text without these parts, each as far as there is something in it.
fn written(text: &str, mut hidden: Vec<(usize, usize)>) -> Option<String> {
    hidden.sort_unstable();
    let (mut shown, mut done) = (Rewriting::of(text), 0_usize);
    for (start, end) in hidden {
        let start = start.max(done);
        let Some(part) = text.get(start..end) else { continue };
        let inner = part.trim();
        if inner.is_empty()
            || matches!(inner.trim_end_matches(','), "{}" | "null")
            || is_replaced(inner.trim_end_matches(['\\', '"', ',', '}']))
        {
            continue;
        }
        let begin = start.saturating_add(part.len().saturating_sub(part.trim_start().len()));
        let stop = begin.saturating_add(inner.len());
        shown.hide(begin, stop, KIND);
        done = stop;
    }
    shown.end()
}

/// How long a value in braces is, whatever quotes it holds; all of the line where it does not end.
fn balanced(text: &str) -> usize {
    let mut depth = 0_usize;
    for (at, c) in text.char_indices() {
        match c {
            '{' => depth = depth.saturating_add(1),
            '}' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return at.saturating_add(1);
                }
            }
            _ if depth == 0 => return text.len(),
            _ => {}
        }
    }
    text.len()
}

/// Whether each pattern is one.
#[cfg(test)]
pub(super) fn compile() -> bool {
    SECRET.is_some() && HELD.is_some()
}
