//! Where a value ends that stands behind a name: at its closing quote or bracket, at the end of a block, or where the next pair begins.
//! A credential may hold any of these signs itself, so what leaves doubt counts as a part of it.

use super::mark::is_replaced;
use super::place::{Open, Place, Work};

/// What of the text behind a name is hidden: how much stays before it, its length, and its kind.
pub(super) type Hidden = (usize, usize, &'static str);

/// The kind of a value that its name alone tells.
pub(super) const VALUE: &str = "value";

/// A value: what of the text it takes, and how it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Value<'t> {
    /// The signs around it that stay.
    pub(super) open: &'t str,
    pub(super) inner: &'t str,
    pub(super) quoted: bool,
}

impl<'t> Value<'t> {
    pub(super) fn first_word(&self) -> &'t str {
        self.inner.split_whitespace().next().unwrap_or_default()
    }

    pub(super) fn hidden(&self) -> Hidden {
        (self.open.len(), self.inner.len(), VALUE)
    }
}

/// The value at this place. None where there is none, or where it was replaced already.
pub(super) fn value<'t>(place: &Place<'t>) -> Option<Value<'t>> {
    let found =
        block(place).or_else(|| below(place)).or_else(|| quoted(place.rest)).or_else(|| bracketed(place)).or_else(|| Some(plain(place)))?;
    place.work.spend(found.inner.len());
    (!found.inner.is_empty() && !is_replaced(found.inner.trim_end_matches(BEHIND))).then_some(found)
}

/// What stands behind a value that was replaced, where it is quoted or a sentence goes on.
pub(super) const BEHIND: &[char] = &['”', '"', '\'', '`', ',', '.', ';', ':', ')', ']', '}', '…'];

/// A block of YAML: all lines that are indented further than the name's.
fn block<'t>(place: &Place<'t>) -> Option<Value<'t>> {
    let signs = place.rest.strip_prefix(['|', '>'])?;
    let behind = signs.trim_start_matches(|c: char| "+-0123456789 \t\r".contains(c));
    let head = place.rest.len() - behind.len();
    let lines = behind.strip_prefix('\n')?;
    let indent = |line: &str| line.len() - line.trim_start_matches([' ', '\t']).len();
    let inside = lines.split_inclusive('\n').take_while(|line| line.trim().is_empty() || indent(line) > place.open.indent);
    let length = head + 1 + inside.map(str::len).sum::<usize>();
    let inner = place.rest.get(..length)?.trim_end();
    Some(Value { open: "", inner, quoted: true })
}

/// A value of YAML that begins in the line below a name which is alone in its own, or has a tag, an anchor or a comment behind it: all
/// lines that are indented further, if they are no structure of their own. What stands behind the name is hidden as well: it may be a
/// value in another notation.
fn below<'t>(place: &Place<'t>) -> Option<Value<'t>> {
    let (head, lines) = place.rest.split_once('\n').filter(|_| place.open.bare && place.between.contains(':'))?;
    let beside = head.trim();
    if !beside.is_empty() && !beside.starts_with(['!', '&', '#']) {
        return None;
    }
    let indent = |line: &str| line.len() - line.trim_start_matches([' ', '\t']).len();
    let mut inside = lines.split_inclusive('\n').take_while(|line| line.trim().is_empty() || indent(line) > place.open.indent).peekable();
    let first = inside.peek()?.trim();
    // In quotes a colon is a part of the text.
    let quoted = first.starts_with(['"', '\'']) && !first.ends_with(':');
    let structure = first.starts_with(['-', '{', '[', '#', '&', '*', '!', '|', '>']) || first.ends_with(':') || first.contains(": ");
    let length = head.len() + 1 + inside.map(str::len).sum::<usize>();
    place.work.spend(length);
    let inner = place.rest.get(..length)?;
    let start = inner.len() - inner.trim_start().len();
    let value = inner.trim();
    let scalar = quoted || !structure;
    (scalar && !value.is_empty()).then_some(Value { open: inner.get(..start)?, inner: value, quoted: true })
}

/// Up to the closing quote of the same kind, and on where something follows without a gap, as shells have it.
pub(super) fn quoted(rest: &str) -> Option<Value<'_>> {
    let depth = rest.len() - rest.trim_start_matches('\\').len();
    let quote = rest.get(depth..)?.chars().next().filter(|c| matches!(c, '"' | '\'' | '`'))?;
    let start = depth + quote.len_utf8();
    let open = rest.get(..start)?;
    let body = rest.get(start..)?;
    let (mut slashes, mut skip) = (0usize, false);
    for (at, c) in body.char_indices() {
        if skip {
            skip = false;
        } else if c == quote {
            let next = body.get(at + c.len_utf8()..).unwrap_or_default();
            let single = quote == '\'' && depth == 0;
            // In YAML and shells a backslash is one, in other places it escapes: without another quote in the line it is no escape.
            let literal = single && !next.find(['\n', '\'']).is_some_and(|at| next.get(at..).is_some_and(|n| n.starts_with('\'')));
            let doubled = single && next.starts_with('\'');
            // One backslash of the value is as many here as the depth doubles it to.
            let inner = slashes.saturating_sub(depth) / (depth + 1);
            if doubled {
                skip = true;
            } else if literal || slashes < depth || inner.is_multiple_of(2) {
                return closed(rest, open, start, at.saturating_sub(depth.min(slashes)), next);
            }
        }
        slashes = if c == '\\' { slashes + 1 } else { 0 };
    }
    Some(Value { open, inner: body, quoted: true })
}

fn closed<'t>(rest: &'t str, open: &'t str, start: usize, length: usize, next: &str) -> Option<Value<'t>> {
    let goes_on = next.starts_with(['"', '\'']) || (next.starts_with('\\') && next.get(1..).is_some_and(|n| n.starts_with('\''))) || {
        next.starts_with(|c: char| c.is_alphanumeric())
    };
    if !goes_on {
        return Some(Value { open, inner: rest.get(start..start + length)?, quoted: true });
    }
    let behind = rest.len() - next.len();
    let tail = next.find(|c: char| c.is_whitespace() || ",;}])".contains(c)).unwrap_or(next.len());
    Some(Value { open: "", inner: rest.get(..behind + tail)?, quoted: true })
}

/// A value in braces or brackets, if it is no structure of its own.
fn bracketed<'t>(place: &Place<'t>) -> Option<Value<'t>> {
    let rest = place.rest;
    let close = match rest.chars().next()? {
        '{' => '}',
        '[' => ']',
        _ => return None,
    };
    let assigned = place.between.contains('=');
    let structure = Some(Value { open: "", inner: "", quoted: true });
    let mut signs = rest.char_indices().skip(1).peekable();
    let mut end = None;
    while let Some((at, c)) = signs.next() {
        if c == ':' && !assigned {
            place.work.spend(at);
            return structure;
        }
        // Two of them are one that belongs to the value.
        if c == close && signs.next_if(|(_, next)| *next == close).is_none() {
            end = Some(at + close.len_utf8());
            break;
        }
    }
    let inner = rest.get(..end.unwrap_or(rest.len()))?;
    if !assigned && (inner == "{}" || inner == "[]") { structure } else { Some(Value { open: "", inner, quoted: true }) }
}

/// Up to white space, or to what closes something that was opened before, or to the next pair. Alone in its line, all of the line.
fn plain<'t>(place: &Place<'t>) -> Value<'t> {
    let (line, open, work) = (place.line, &place.open, place.work);
    let mut end = word(line, open, work);
    if place.between.contains('\n') || open.bare {
        let mut named = Pair::default();
        // Words that follow are of the value, until one that begins a pair or a flag.
        while let Some(next) = line.get(end..).filter(|next| next.starts_with([' ', '\t'])) {
            let begin = end + (next.len() - next.trim_start().len());
            let following = line.get(begin..).unwrap_or_default();
            let length = word(following, open, work);
            if length == 0 || named.begins(line, begin, work) || following.starts_with("--") {
                break;
            }
            end = begin + length;
        }
    }
    Value { open: "", inner: line.get(..end).unwrap_or_default(), quoted: false }
}

/// The length of a word that may hold quotes and brackets of its own.
fn word(text: &str, open: &Open, work: &Work) -> usize {
    let (mut inside, mut slash) = (false, false);
    let mut length = text.len();
    for (at, c) in text.char_indices() {
        let next = || text.get(at + c.len_utf8()..).unwrap_or_default();
        let ends = match c {
            '⟦' => {
                inside = true;
                false
            }
            '⟧' => {
                inside = false;
                false
            }
            _ if inside => false,
            _ if c.is_whitespace() => true,
            ',' | ';' | '&' => is_end(next(), open, work) || Pair::default().begins(next(), 0, work),
            '"' | '\'' | '`' => open.is_open(c) && is_boundary(next(), open, work),
            // Each of several in a row would find the same.
            '\\' if !slash => {
                let quotes = next().trim_start_matches('\\');
                work.spend(next().len().saturating_sub(quotes.len()));
                let quote = quotes.chars().next().filter(|q| matches!(q, '"' | '\''));
                quote.is_some_and(|q| open.is_open(q) && is_boundary(quotes.get(1..).unwrap_or_default(), open, work))
            }
            '}' | ']' | ')' => open.is_open(c) && is_boundary(next(), open, work),
            _ => false,
        };
        slash = c == '\\';
        if ends {
            length = at;
            break;
        }
    }
    work.spend(length);
    length
}

/// Nothing of a word follows: white space, another closing sign, or what separates pairs.
fn is_boundary(next: &str, open: &Open, work: &Work) -> bool {
    is_end(next, open, work) || next.starts_with([',', ';', '&', ':'])
}

fn is_end(next: &str, open: &Open, work: &Work) -> bool {
    let behind = next.trim_start_matches('\\');
    work.spend(next.len().saturating_sub(behind.len()));
    match behind.chars().next() {
        None => true,
        Some(c) if c.is_whitespace() => true,
        Some(c @ ('"' | '\'' | '`' | '}' | ']' | ')')) => open.is_open(c),
        Some(_) => false,
    }
}

/// Names that are followed by a sign between name and value. What was looked at for one word is known for the words behind it.
#[derive(Debug, Default)]
struct Pair {
    /// Where what can be a name ends, and whether such a sign follows.
    known: Option<(usize, bool)>,
}

impl Pair {
    /// Whether a name and what separates it from its value begin there.
    fn begins(&mut self, text: &str, from: usize, work: &Work) -> bool {
        let all = text.get(from..).unwrap_or_default();
        let name = all.trim_start_matches([' ', '"', '\'', '\\']);
        let begin = text.len() - name.len();
        work.spend(begin.saturating_sub(from));
        let (end, separated) = match self.known.filter(|(end, _)| *end > begin) {
            Some(known) => known,
            None => {
                let length = name.find(|c: char| !(c.is_ascii_alphanumeric() || "_.- ".contains(c))).unwrap_or(name.len());
                let behind = name.get(length..).unwrap_or_default();
                let sign = behind.trim_start_matches(['"', '\'', '\\', ' ']);
                work.spend(length + behind.len() - sign.len());
                *self.known.insert((begin + length, sign.starts_with(['=', ':'])))
            }
        };
        end > begin && separated && name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
    }
}

/// The password or token in an address behind its `://`, up to its last `@`: where it begins, its length, and whether a user stands
/// before it.
pub(super) fn user_info(place: &Place<'_>) -> Option<(usize, usize, bool)> {
    // Of what has no `@`, or a path before it, there is none.
    if !place.at || place.line.find(['/', ':', '@']).is_none_or(|at| place.line.get(at..).is_some_and(|from| from.starts_with('/'))) {
        return None;
    }
    let address = place.line.get(..word(place.line, &place.open, place.work))?;
    place.work.spend(address.len());
    let (info, _) = address.get(..query(address))?.rsplit_once('@')?;
    let Some((user, password)) = info.split_once(':') else {
        let token = !info.contains('/') && info.chars().count() >= SHORTEST_TOKEN && !is_replaced(info);
        return token.then_some((0, info.len(), false));
    };
    let port = password.split_once('/').is_some_and(|(port, _)| !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()));
    let is_one = !password.is_empty() && !is_replaced(password) && !port && !user.contains('/');
    is_one.then_some((user.len() + 1, password.len(), true))
}

/// Where an address begins to ask for something, which is not the address any more.
fn query(address: &str) -> usize {
    let Some(host) = address.find('@') else { return address.len() };
    let mut asked = address.match_indices('?').map(|(at, _)| at).filter(|at| *at > host);
    let named = |at: &usize| {
        let asked = address.get(at + 1..).unwrap_or_default();
        let name = asked.find(|c: char| !(c.is_ascii_alphanumeric() || "_.-".contains(c))).unwrap_or(asked.len());
        name > 0 && asked.get(name..).is_some_and(|rest| rest.starts_with('='))
    };
    asked.find(named).unwrap_or(address.len())
}

/// A shorter word before `@` is a user.
const SHORTEST_TOKEN: usize = 20;
