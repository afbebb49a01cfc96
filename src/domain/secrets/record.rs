//! Lines that are records with a text in quotes: what a program prints in several lines is several records, each with one of them.

/// What stands before the name is looked at up to so much.
const SEEN: usize = 1_600;

/// The member of a record that a text stands in.
#[derive(Debug, Clone, Copy)]
pub(super) struct Record<'t> {
    /// The name of the member with what stands between it and its text: `"msg":"`, `msg="`.
    key: &'t str,
    /// The quote that ends the text, with the backslashes before it.
    quote: &'t str,
}

impl<'t> Record<'t> {
    /// The record whose text ends here, and what the text has before the name; none where this is the beginning of a text, and no end.
    pub(super) fn ended(before: &'t str, rest: &'t str) -> Option<(Self, &'t str)> {
        let slashes = rest.len().saturating_sub(rest.trim_start_matches('\\').len());
        let mark = rest.get(slashes..)?.chars().next().filter(|c| matches!(c, '"' | '\''))?;
        let quote = rest.get(..slashes.saturating_add(1))?;
        if before.len() > SEEN {
            return None;
        }
        let opened: Vec<usize> = quotes(before, quote, mark).collect();
        let open = opened.last().filter(|_| !opened.len().is_multiple_of(2))?;
        let begin = open.saturating_add(quote.len());
        let head = before.get(..*open)?;
        let name = head.trim_end_matches(['"', '\'', '\\', ':', '=', '>', ' ']);
        let start = name.trim_end_matches(is_of_a_name).len();
        // Without a name the text is a part of a list, or of a sentence.
        (start < name.len() && name.len() < head.len()).then_some(())?;
        Some((Self { key: before.get(start..begin)?, quote }, before.get(begin..)?))
    }

    /// The text of another such record, and where it begins in its line.
    pub(super) fn text_of<'l>(&self, line: &'l str) -> Option<(usize, &'l str)> {
        let end = self.key.find(|c: char| !is_of_a_name(c)).unwrap_or(self.key.len());
        let (name, sign) = self.key.split_at(end);
        let whole = |at: usize| !line.get(..at).is_some_and(|before| before.ends_with(|c: char| c.is_alphanumeric() || is_of_a_name(c)));
        let begin = line.match_indices(name).find_map(|(at, _)| {
            let behind = at.saturating_add(name.len());
            let length = same_sign(line.get(behind..)?, sign)?;
            whole(at).then(|| behind.saturating_add(length))
        })?;
        Some((begin, self.left(line.get(begin..)?)?))
    }

    /// What is left of the text.
    pub(super) fn left<'l>(&self, rest: &'l str) -> Option<&'l str> {
        let line = rest.split('\n').next()?;
        let end = quotes(line, self.quote, self.quote.chars().next_back()?).next().unwrap_or(line.len());
        line.get(..end)
    }
}

fn is_of_a_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || "_.@-".contains(c)
}

/// How long the sign is behind a name, with its quotes: the same one, with whatever white space in it.
fn same_sign(text: &str, sign: &str) -> Option<usize> {
    let mut rest = text;
    for c in sign.chars().filter(|c| *c != ' ') {
        rest = rest.trim_start_matches(' ').strip_prefix(c)?;
    }
    Some(text.len().saturating_sub(rest.len()))
}

/// Where such a quote stands, with no more and no fewer backslashes before it.
fn quotes(text: &str, quote: &str, mark: char) -> impl Iterator<Item = usize> {
    let depth = quote.len().saturating_sub(mark.len_utf8());
    text.match_indices(mark).filter_map(move |(at, _)| {
        let before = text.get(..at)?;
        let slashes = before.len().saturating_sub(before.trim_end_matches('\\').len());
        (slashes == depth).then(|| at.saturating_sub(depth))
    })
}
