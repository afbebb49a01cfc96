//! Where a value ends that stands behind a name: at its closing quote or bracket, at the end of a block, or where the next pair begins.
//! A credential may hold any of these signs itself, so what leaves doubt counts as a part of it.

/// So much of what stands before a name is looked at for quotes and brackets that are open.
const BEFORE: usize = 2_000;

/// How much of the text behind a name stays, how much is hidden, and what is shown instead.
pub(super) type Hidden = (usize, usize, &'static str);
/// What is hidden behind a name: the text before it, the name, what separates it, the text behind.
pub(super) type Finder = fn(&str, &str, &str, &str) -> Option<Hidden>;

/// What is shown instead of a value.
pub(super) const VALUE: &str = "⟦redacted:value⟧";

/// What stands around a value.
#[derive(Debug, Clone, Copy)]
pub(super) struct Around<'t> {
    /// Everything before the name.
    pub(super) before: &'t str,
    /// Between the name and the value.
    pub(super) between: &'t str,
}

/// A value: what of the text it takes, and how it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Value<'t> {
    /// The signs around it that stay.
    pub(super) open: &'t str,
    pub(super) inner: &'t str,
    pub(super) quoted: bool,
}

/// The value at the beginning of this text. None where there is none, or where it was replaced already.
pub(super) fn value<'t>(rest: &'t str, around: Around<'_>) -> Option<Value<'t>> {
    let found = block(rest, around).or_else(|| quoted(rest)).or_else(|| bracketed(rest, around)).or_else(|| plain(rest, around))?;
    (!found.inner.is_empty() && !is_replaced(found.inner)).then_some(found)
}

/// Exactly one thing that was put there instead of a credential.
pub(super) fn is_replaced(text: &str) -> bool {
    text.strip_prefix('⟦').and_then(|t| t.strip_suffix('⟧')).is_some_and(|t| t.starts_with("redacted:") && !t.contains(['⟦', '⟧']))
}

/// A block of YAML: all lines that are indented further than the name's.
fn block<'t>(rest: &'t str, around: Around<'_>) -> Option<Value<'t>> {
    let (head, lines) = rest.split_once('\n')?;
    let is_block = head.starts_with(['|', '>']) && head.trim_end().bytes().skip(1).all(|b| b"+-0123456789".contains(&b));
    if !is_block {
        return None;
    }
    let indent = |line: &str| line.len() - line.trim_start_matches([' ', '\t']).len();
    let line = around.before.rsplit('\n').next().unwrap_or_default();
    let own = line.chars().take_while(|c| matches!(c, ' ' | '\t' | '-')).count();
    let inside = lines.split_inclusive('\n').take_while(|line| line.trim().is_empty() || indent(line) > own);
    let length = head.len() + 1 + inside.map(str::len).sum::<usize>();
    let inner = rest.get(..length)?.trim_end();
    Some(Value { open: "", inner, quoted: true })
}

/// Up to the closing quote of the same kind, and on where something follows without a gap, as shells have it.
fn quoted(rest: &str) -> Option<Value<'_>> {
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
            let literal = single && !next.split('\n').next().unwrap_or_default().contains('\'');
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
fn bracketed<'t>(rest: &'t str, around: Around<'_>) -> Option<Value<'t>> {
    let close = match rest.chars().next()? {
        '{' => '}',
        '[' => ']',
        _ => return None,
    };
    let mut signs = rest.char_indices().skip(1).peekable();
    let mut end = None;
    while let Some((at, c)) = signs.next() {
        // Two of them are one that belongs to the value.
        if c == close && signs.next_if(|(_, next)| *next == close).is_none() {
            end = Some(at + close.len_utf8());
            break;
        }
    }
    let inner = rest.get(..end.unwrap_or(rest.len()))?;
    let assigned = around.between.contains('=');
    let structure = inner.contains(':') || inner == "{}" || inner == "[]";
    Some(Value { open: "", inner: if structure && !assigned { "" } else { inner }, quoted: true })
}

/// Up to white space, or to what closes something that was opened before, or to the next pair. Alone in its line, all of the line.
fn plain<'t>(rest: &'t str, around: Around<'_>) -> Option<Value<'t>> {
    let line = rest.split('\n').next().unwrap_or_default();
    let mut end = word(line, around.before);
    let before = around.before.rsplit('\n').next().unwrap_or_default();
    let item = around.between.contains('\n');
    if item || before.chars().all(|c| c.is_whitespace() || "-\"'".contains(c)) {
        // Words that follow are of the value, until one that begins a pair or a flag.
        while let Some(next) = line.get(end..).filter(|next| next.starts_with([' ', '\t'])) {
            let begin = end + (next.len() - next.trim_start().len());
            let following = line.get(begin..).unwrap_or_default();
            let length = word(following, around.before);
            if length == 0 || begins_a_pair(following) || following.starts_with("--") {
                break;
            }
            end = begin + length;
        }
    }
    Some(Value { open: "", inner: line.get(..end)?, quoted: false })
}

/// The length of a word that may hold quotes and brackets of its own.
fn word(text: &str, before: &str) -> usize {
    let mut inside = false;
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
            ',' | ';' | '&' => is_end(next(), before) || begins_a_pair(next()),
            '"' | '\'' | '`' => is_open(before, c) && is_boundary(next(), before),
            '\\' => {
                let quotes = next().trim_start_matches('\\');
                let quote = quotes.chars().next().filter(|q| matches!(q, '"' | '\''));
                quote.is_some_and(|q| is_open(before, q) && is_boundary(quotes.get(1..).unwrap_or_default(), before))
            }
            '}' | ']' | ')' => is_open(before, c) && is_boundary(next(), before),
            _ => false,
        };
        if ends {
            return at;
        }
    }
    text.len()
}

/// Nothing of a word follows: white space, another closing sign, or what separates pairs.
fn is_boundary(next: &str, before: &str) -> bool {
    is_end(next, before) || next.starts_with([',', ';', '&', ':'])
}

fn is_end(next: &str, before: &str) -> bool {
    match next.trim_start_matches('\\').chars().next() {
        None => true,
        Some(c) if c.is_whitespace() => true,
        Some(c @ ('"' | '\'' | '`' | '}' | ']' | ')')) => is_open(before, c),
        Some(_) => false,
    }
}

/// Whether a quote or bracket that this sign closes was opened before, in the same line.
fn is_open(before: &str, close: char) -> bool {
    let line = before.rsplit('\n').next().unwrap_or_default();
    let near = line.char_indices().rev().take(BEFORE).map(|(_, c)| c);
    let count = |sign: char| near.clone().filter(|c| *c == sign).count();
    match close {
        '}' => count('{') > count('}'),
        ']' => count('[') > count(']'),
        ')' => count('(') > count(')'),
        quote => count(quote) % 2 == 1,
    }
}

/// Whether a text begins with a name and what separates it from its value.
fn begins_a_pair(text: &str) -> bool {
    let text = text.trim_start_matches([' ', '"', '\'', '\\']);
    let name = text.find(|c: char| !(c.is_ascii_alphanumeric() || "_.- ".contains(c))).unwrap_or(text.len());
    let rest = text.get(name..).unwrap_or_default().trim_start_matches(['"', '\'', '\\', ' ']);
    name > 0 && text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') && rest.starts_with(['=', ':'])
}

/// The password or token in an address behind its `://`, up to its last `@`: where it begins, its length, and whether a user stands
/// before it.
pub(super) fn user_info(rest: &str, before: &str) -> Option<(usize, usize, bool)> {
    let address = rest.get(..word(rest, before))?;
    // What a query asks for is not the address any more.
    let is_query = |at: usize| {
        let asked = address.get(at + 1..).unwrap_or_default();
        let name = asked.find(|c: char| !(c.is_ascii_alphanumeric() || "_.-".contains(c))).unwrap_or(asked.len());
        name > 0 && asked.get(name..).is_some_and(|rest| rest.starts_with('=')) && address.get(..at).is_some_and(|a| a.contains('@'))
    };
    let end = address.match_indices('?').map(|(at, _)| at).find(|at| is_query(*at)).unwrap_or(address.len());
    let (info, _) = address.get(..end)?.rsplit_once('@')?;
    let Some((user, password)) = info.split_once(':') else {
        let token = !info.contains('/') && info.chars().count() >= SHORTEST_TOKEN && !is_replaced(info);
        return token.then_some((0, info.len(), false));
    };
    let port = password.split_once('/').is_some_and(|(port, _)| !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()));
    let is_one = !password.is_empty() && !is_replaced(password) && !port && !user.contains('/');
    is_one.then_some((user.len() + 1, password.len(), true))
}

/// A shorter word before `@` is a user.
const SHORTEST_TOKEN: usize = 20;
