//! Structures in brackets, however a language writes them: JSON, in quotes and in several lines too, maps and structs as Go, Rust, Python,
//! Ruby and Java print them. They end where their bracket closes, or before the first line that cannot be a part of them.

use super::leaves::Leaves;
use super::margin::Margin;
use super::place::Work;
use super::refers;
use super::value::quoted;
use regex::Regex;
use std::sync::LazyLock;

/// A bracket with what languages write before one: `map[`, `map[string]string{`, `&Credentials{`, `Some(`, `Credentials {`.
static OPENING: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let map = r"(?:map\[[A-Za-z0-9_.*\[\]]{1,60}\][A-Za-z0-9_.*/\[\]]{1,60}(?:\{\})?|(?:\[[0-9]{0,6}\])+[A-Za-z0-9_.*/]{1,60}(?:\{\})?)\{";
    let word =
        r"(?P<word>[A-Za-z_][A-Za-z0-9_]{0,60}(?:(?:::|\.)[A-Za-z0-9_]{1,60}){0,5}(?:<[A-Za-z0-9_.:<>, ]{1,80}>)?(?:\([0-9]{1,6}\))?)";
    Regex::new(&format!(r"^(?:[&*%#@]{{0,3}}(?:{map}|{word}?(?P<space>[ \t]?|[ \t\r\n]{{1,40}})(?P<open>[{{\[(])))")).ok()
});
/// Words before a bracket that are no value.
const TYPES: &[&str] =
    &["map", "Map", "Some", "Ok", "Array", "array", "dict", "OrderedDict", "HashMap", "BTreeMap", "list", "set", "tuple"];
/// A name without quotes, and what separates it from its value.
static MEMBER: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"^:?(?P<name>[A-Za-z0-9_$@./-]{1,120}\??)(?P<sign>[ \t]*(?:=>|->|:=|:|=))").ok());
/// What stands between a name in quotes, or in brackets, and its value.
static SIGN: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"^[ \t]*(?:=>|->|:=|:|=)").ok());

/// Each pattern is one.
#[cfg(test)]
pub(super) fn compile() -> bool {
    OPENING.is_some() && MEMBER.is_some() && SIGN.is_some()
}

/// What a value that begins with a bracket begins with.
#[derive(Debug, Clone, Copy)]
pub(super) struct Opening {
    /// With the bracket.
    length: usize,
    close: char,
    /// A word that may be a value, and no type.
    word: usize,
    /// The bracket follows without white space.
    attached: bool,
}

impl Opening {
    pub(super) fn length(self) -> usize {
        self.length
    }

    pub(super) fn of(text: &str) -> Option<Self> {
        let found = OPENING.as_ref()?.captures(text)?;
        let whole = found.get(0)?;
        let close = match whole.as_str().chars().next_back()? {
            '{' => '}',
            '[' => ']',
            _ => ')',
        };
        let word = found.name("word").map_or("", |word| word.as_str());
        let named = found.name("space").is_none_or(|space| space.is_empty()) && (!word.is_empty() || whole.len() > 1);
        // Of several lines it is only `Array`, with its bracket below.
        let below = found.name("space").is_some_and(|space| space.as_str().contains('\n') || space.len() > 1);
        if below && !word.starts_with(['A', 'a']) {
            return None;
        }
        let is_type = TYPES.contains(&word.split('(').next().unwrap_or_default());
        Some(Self { length: whole.len(), close, word: if is_type { 0 } else { word.len() }, attached: named })
    }
}

/// Whether what begins with a bracket is a structure: something that can be the first of one stands behind it.
pub(super) fn begins(text: &str, opening: Opening, margin: &Margin<'_>, work: &Work) -> bool {
    let behind = text.get(opening.length..).unwrap_or_default().trim_start_matches([' ', '\t', '\r']);
    if behind.starts_with('{') && opening.close == '}' && opening.length == 1 {
        // What a template fills in.
        return false;
    }
    match behind.chars().next() {
        None => true,
        Some('\n') => next_line(behind.get(1..).unwrap_or_default(), margin, work).is_some(),
        // A word before a bracket may be a value that has one in it.
        Some('"' | '\'' | '`' | '\\') => opening.word == 0 || behind_quotes(behind, margin, work).is_some_and(|next| next.is_some()),
        Some('{' | '[' | '(') => opening.word == 0,
        Some('/' | '#') if comment(behind) > 0 => true,
        Some(_) => {
            let attached = opening.attached && opening.word == 0;
            attached || member(behind).is_some() || letters_and_quote(behind) > 0 || begins_within(behind, margin, work)
        }
    }
}

/// Whether another structure begins right behind the bracket of one.
fn begins_within(text: &str, margin: &Margin<'_>, work: &Work) -> bool {
    let Some(opening) = Opening::of(text) else { return false };
    let behind = text.get(opening.length..).unwrap_or_default().trim_start_matches([' ', '\t']);
    member(behind).is_some() || behind_quotes(behind, margin, work).is_some_and(|next| next.is_some())
}

/// What was opened and not closed.
struct Frame<'t> {
    close: char,
    map: usize,
    member: Option<&'t str>,
    /// So many values there were before it.
    before: usize,
}

/// Goes through a structure that begins here, and says where it ends.
pub(super) fn walked<'t>(
    text: &'t str,
    from: usize,
    within: (Option<usize>, Option<&'t str>),
    margin: &Margin<'_>,
    leaves: &mut Leaves<'t>,
    work: &Work,
) -> usize {
    let mut open: Vec<Frame<'t>> = Vec::new();
    let mut at = from;
    // Where the text of the record ends that this stands in: it is looked for once.
    let mut ends: Option<usize> = None;
    // Who asked hides all of it where the work is over.
    while !work.is_over() {
        let mut rest = text.get(at..).unwrap_or_default();
        if margin.is_in_record() && !rest.starts_with('\n') {
            let end = ends.filter(|end| *end >= at).unwrap_or_else(|| {
                let left = margin.left(rest).map_or(0, str::len);
                work.spend(left);
                at.saturating_add(left)
            });
            ends = Some(end);
            if end == at {
                // The text of this record ends, and goes on in the next one.
                let line = rest.find('\n').unwrap_or(rest.len());
                work.spend(line);
                at = at.saturating_add(line);
                rest = text.get(at..).unwrap_or_default();
            } else {
                rest = text.get(at..end).unwrap_or_default();
            }
        }
        let Some(c) = rest.chars().next() else { break };
        let passed = match c {
            '\n' => match next_line(rest.get(1..).unwrap_or_default(), margin, work) {
                Some(begin) => begin.saturating_add(1),
                None => break,
            },
            _ if c.is_whitespace() || matches!(c, ',' | ';') => c.len_utf8(),
            '\\' if escaped_space(rest) > 0 => escaped_space(rest),
            '/' | '#' if comment(rest) > 0 => {
                let length = comment(rest);
                let map = open.last().map_or(0, |frame| frame.map);
                leaves.push(map, None, at, rest.get(..length).unwrap_or_default());
                length
            }
            '}' | ']' | ')' => {
                let Some(closed) = closed(&mut open, c) else {
                    at = at.saturating_add(1);
                    continue;
                };
                at = at.saturating_add(1);
                let sign = sign(text.get(at..).unwrap_or_default());
                // `["name"] =>`
                if let Some(parent) = open.last_mut()
                    && sign > 0
                    && closed.close == ']'
                    && leaves.len() == closed.before.saturating_add(1)
                    && let Some(name) = leaves.pop()
                {
                    leaves.member(parent.map, name);
                    parent.member = Some(name);
                    at = at.saturating_add(sign);
                }
                if open.is_empty() {
                    break;
                }
                continue;
            }
            _ => {
                let next = entered(rest, at, within, &mut open, leaves).or_else(|| {
                    let frame = open.last_mut()?;
                    Some(named(rest, frame, leaves).unwrap_or_else(|| valued(rest, at, frame, margin, leaves, work)))
                });
                let Some(next) = next else { break };
                next.max(c.len_utf8())
            }
        };
        work.spend(passed);
        at = at.saturating_add(passed);
    }
    at
}

/// The last that this sign closes; what stands open within it ends as well.
fn closed<'t>(open: &mut Vec<Frame<'t>>, sign: char) -> Option<Frame<'t>> {
    let last = open.iter().rposition(|frame| frame.close == sign)?;
    open.drain(last..).next()
}

/// Another bracket opens.
fn entered<'t>(
    rest: &'t str,
    at: usize,
    within: (Option<usize>, Option<&'t str>),
    open: &mut Vec<Frame<'t>>,
    leaves: &mut Leaves<'t>,
) -> Option<usize> {
    // A word before a sign is a name, whatever stands behind it.
    if open.last().is_some_and(|frame| frame.member.is_none()) && member(rest).is_some() {
        return None;
    }
    let opening = Opening::of(rest)?;
    let (within, member) = match open.last_mut() {
        Some(frame) => (Some(frame.map), frame.member.take()),
        None => within,
    };
    let map = leaves.opened(within, member);
    if opening.word > 0 && !open.is_empty() {
        let start = rest.len().saturating_sub(rest.trim_start_matches(['&', '*', '%', '#', '@']).len());
        if let Some(word) = rest.get(start..start.saturating_add(opening.word)) {
            leaves.push(map, None, at.saturating_add(start), word);
        }
    }
    let before = leaves.len();
    open.push(Frame { close: opening.close, map, member: None, before });
    Some(opening.length)
}

/// The name of a member without quotes.
fn named<'t>(rest: &'t str, frame: &mut Frame<'t>, leaves: &mut Leaves<'t>) -> Option<usize> {
    if frame.member.is_some() {
        return None;
    }
    let (name, length) = member(rest)?;
    leaves.member(frame.map, name);
    frame.member = Some(name);
    Some(length)
}

/// A value, or the name of a member in quotes.
fn valued<'t>(rest: &'t str, at: usize, frame: &mut Frame<'t>, margin: &Margin<'_>, leaves: &mut Leaves<'t>, work: &Work) -> usize {
    let letters = letters_and_quote(rest);
    let (start, text, length) = match in_quotes(rest, letters, margin, work) {
        Some(found) => found,
        None => {
            let length = bare(rest, frame.close, work);
            (0, rest.get(..length).unwrap_or_default(), length)
        }
    };
    let sign = sign(rest.get(length..).unwrap_or_default());
    if sign > 0 && frame.member.is_none() {
        leaves.member(frame.map, text);
        frame.member = Some(text);
        return length.saturating_add(sign);
    }
    leaves.push(frame.map, frame.member.take(), at.saturating_add(start), text);
    length
}

/// A value in quotes: where it begins, what it is, and how long it is with its quotes. One that does not end in its line ends there, unless
/// the lines up to its end stand further in.
pub(super) fn in_quotes<'t>(rest: &'t str, letters: usize, margin: &Margin<'_>, work: &Work) -> Option<(usize, &'t str, usize)> {
    let body = rest.get(letters..)?;
    if let Some(mark) = ["\"\"\"", "'''"].into_iter().find(|mark| body.starts_with(mark)) {
        let start = letters.saturating_add(mark.len());
        let inner = rest.get(start..)?;
        let length = inner.find(mark).unwrap_or(inner.len());
        return Some((start, inner.get(..length)?, start.saturating_add(length).saturating_add(mark.len()).min(rest.len())));
    }
    let value = quoted(body)?;
    work.spend(value.inner.len());
    let start = letters.saturating_add(value.open.len());
    let within = |line: &str| line.trim().is_empty() || margin.begin(line).further > 0;
    let after = start.saturating_add(value.inner.len());
    let ends = after < rest.len();
    let cut = value.inner.find('\n').filter(|_| !ends || !value.inner.lines().skip(1).all(within));
    if let Some(cut) = cut {
        return Some((start, value.inner.get(..cut)?, start.saturating_add(cut)));
    }
    let close = rest.get(after..).unwrap_or_default();
    let slashes = close.len().saturating_sub(close.trim_start_matches('\\').len());
    let closing = if value.open.is_empty() || !ends { 0 } else { slashes.saturating_add(1) };
    Some((start, value.inner, after.saturating_add(closing)))
}

/// `b'x'`: so many letters before a quote.
fn letters_and_quote(rest: &str) -> usize {
    let letters = rest.len().saturating_sub(rest.trim_start_matches(|c: char| c.is_ascii_alphabetic()).len());
    let quote = rest.get(letters..).is_some_and(|behind| behind.starts_with(['"', '\'']));
    if (1..=2).contains(&letters) && quote { letters } else { 0 }
}

/// The length of a value without quotes: up to a comma, to what closes its structure, to the end of its line, or to another member of a
/// reference: Go has only spaces between members.
fn bare(rest: &str, close: char, work: &Work) -> usize {
    let (mut depth, mut inside) = (0_usize, false);
    let mut length = rest.len();
    for (at, c) in rest.char_indices() {
        let next = || rest.get(at.saturating_add(c.len_utf8())..).unwrap_or_default();
        let ends = match c {
            '⟦' | '⟧' => {
                inside = c == '⟦';
                false
            }
            _ if inside => false,
            '\n' => true,
            ',' => depth == 0,
            '{' | '[' | '(' => {
                depth = depth.saturating_add(1);
                false
            }
            '}' | ']' | ')' if depth > 0 => {
                depth = depth.saturating_sub(1);
                false
            }
            '}' | ']' | ')' => c == close && next().chars().next().is_none_or(|n| n.is_whitespace() || "}]),;:=\"'`\\|".contains(n)),
            ' ' => depth == 0 && refers_next(next()),
            _ => false,
        };
        if ends {
            length = at;
            break;
        }
    }
    work.spend(length);
    length
}

/// Whether the name of a member that refers to something follows.
fn refers_next(next: &str) -> bool {
    let length = next.bytes().take(40).take_while(u8::is_ascii_alphanumeric).count();
    let name = next.get(..length).unwrap_or_default();
    let sign = next.get(length..).unwrap_or_default();
    length > 0 && sign.starts_with(':') && !sign.starts_with(": ") && (refers::may_refer(name) || name == "items")
}

/// A name without quotes, and how long it is with the sign behind it.
fn member(rest: &str) -> Option<(&str, usize)> {
    let found = MEMBER.as_ref()?.captures(rest)?;
    let length = found.get(0)?.len();
    let equals = found.name("sign")?.as_str().trim_start() == "=";
    // The end of what is encoded in base 64 is no sign.
    let ends = rest.get(length..).is_none_or(|value| value.is_empty() || value.starts_with(['=', ',', '}', ']', ')', '\n', '\r']));
    (!equals || !ends).then_some((found.name("name")?.as_str(), length))
}

/// How long the sign between a name and its value is.
fn sign(rest: &str) -> usize {
    SIGN.as_ref().and_then(|pattern| pattern.find(rest)).map_or(0, |found| found.len())
}

/// `\n` written out, as JSON within JSON has it.
fn escaped_space(rest: &str) -> usize {
    let behind = rest.trim_start_matches('\\');
    if behind.starts_with(['n', 't', 'r']) { rest.len().saturating_sub(behind.len()).saturating_add(1) } else { 0 }
}

/// How long the comment is that begins here.
fn comment(rest: &str) -> usize {
    if rest.starts_with("/*") {
        return rest.find("*/").map_or(rest.len(), |end| end.saturating_add(2));
    }
    let line = rest.starts_with("//") || rest.starts_with("# ");
    if line { rest.find('\n').unwrap_or(rest.len()) } else { 0 }
}

/// Where the line begins, if it can be a part of the structure.
fn next_line(text: &str, margin: &Margin<'_>, work: &Work) -> Option<usize> {
    let line = text.split('\n').next().unwrap_or_default();
    work.spend(line.len());
    let (start, inner) = margin.text_of(line)?;
    let begin = margin.begin(line);
    let row = line.get(begin.at..start.saturating_add(inner.len())).unwrap_or_default().trim_end();
    let value = row.trim_end_matches([',', ';']);
    let quotes = row.starts_with(['"', '\'', '`', '\\']);
    let goes_on = match row.chars().next() {
        None | Some('}' | ']' | ')') => true,
        Some('{' | '[' | '(') => begin.further > 0 || value.len() == 1,
        Some(_) if begin.further > 0 => {
            quotes || comment(row) > 0 || row.ends_with([',', '{', '[', '(']) || member(row).is_some() || !row.contains(char::is_whitespace)
        }
        Some(_) => quotes && behind_quotes(row, margin, work).is_some(),
    };
    goes_on.then_some(begin.at)
}

/// What stands behind a value in quotes, or behind the name of a member; none where it is neither, since a sentence goes on.
fn behind_quotes(row: &str, margin: &Margin<'_>, work: &Work) -> Option<Option<char>> {
    let (_, _, length) = in_quotes(row, 0, margin, work)?;
    let behind = row.get(length..).unwrap_or_default();
    let next = behind.trim_start_matches([' ', '\t']).chars().next();
    (sign(behind) > 0 || next.is_none_or(|next| ",}])\r\n".contains(next))).then_some(next)
}
