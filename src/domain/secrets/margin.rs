//! How the line of a name begins, and whether a line behind it stands further in: by its white space, or, where each line of a log begins
//! with a time and a level, by the white space behind those; and where each is a text within a record, by that of the text.

use super::record::Record;

/// A longer beginning of a line is none that every line has.
const LONGEST: usize = 240;
/// And one that is longer than this is not looked at.
const SEEN: usize = 400;

/// The beginning of a name's line.
#[derive(Debug, Clone, Copy)]
pub(super) struct Margin<'t> {
    /// What stands before the name, but for white space; nothing where that is all, or dashes and quotes.
    before: &'t str,
    /// White space behind that.
    behind: usize,
    /// White space at the beginning of the line, with dashes where nothing else stands before the name.
    own: i64,
    bare: bool,
    /// It begins with a dash.
    dashed: bool,
    /// What each line is a part of.
    record: Option<Record<'t>>,
}

/// Where something begins in a line, and how much further in than the name it does.
#[derive(Debug, Clone, Copy)]
pub(super) struct Begin {
    pub(super) at: usize,
    pub(super) further: i64,
}

impl<'t> Margin<'t> {
    /// All lines stand further in.
    pub(super) const OF_A_SECTION: Margin<'static> = Margin { before: "", behind: 0, own: -1, bare: true, dashed: false, record: None };

    /// `before`: what the line has before the name.
    pub(super) fn of(before: &'t str) -> Self {
        if before.len() > SEEN {
            return Self { before: "", behind: 0, own: 0, bare: false, dashed: false, record: None };
        }
        let bare = before.chars().all(|c| c.is_whitespace() || matches!(c, '-' | '"' | '\'' | '\\'));
        let quotes = before.trim_end_matches(['"', '\'', '\\']);
        if bare {
            return Self { before: "", behind: 0, own: width(quotes.len()), bare, dashed: before.starts_with('-'), record: None };
        }
        let trimmed = quotes.trim_end();
        // Brackets begin lines that have nothing to do with each other.
        let told = trimmed.chars().any(|c| !c.is_whitespace() && !"{}[](),:\"'\\".contains(c));
        let kept = if told && trimmed.len() <= LONGEST { trimmed } else { "" };
        let own = before.len().saturating_sub(before.trim_start().len());
        Self { before: kept, behind: quotes.len().saturating_sub(trimmed.len()), own: width(own), bare, dashed: false, record: None }
    }

    /// The same of a name in a text that is a member of a record; `before`: what that text has before the name.
    pub(super) fn in_record(record: Record<'t>, before: &'t str) -> Self {
        Self { record: Some(record), ..Self::of(before) }
    }

    /// What of a line is looked at, and where it begins there: all of it, or the text of its record. None where that is another record.
    pub(super) fn text_of<'l>(&self, line: &'l str) -> Option<(usize, &'l str)> {
        match self.record {
            Some(record) => record.text_of(line),
            None => Some((0, line)),
        }
    }

    /// Whether lines are records.
    pub(super) fn is_in_record(&self) -> bool {
        self.record.is_some()
    }

    /// What is left of the text of a record; nothing where that ends here. None where lines are no records.
    pub(super) fn left<'l>(&self, rest: &'l str) -> Option<&'l str> {
        self.record.and_then(|record| record.left(rest))
    }

    /// Whether nothing but white space, dashes and quotes stands before the name.
    pub(super) fn is_bare(&self) -> bool {
        self.bare
    }

    /// Where the line begins.
    pub(super) fn begin(&self, line: &str) -> Begin {
        let Some((at, text)) = self.text_of(line) else { return Begin { at: 0, further: i64::MIN } };
        let begin = self.begin_of(text);
        Begin { at: at.saturating_add(begin.at), ..begin }
    }

    fn begin_of(&self, line: &str) -> Begin {
        if let Some(rest) = self.same(line) {
            let space = rest.len().saturating_sub(rest.trim_start().len());
            return Begin { at: line.len().saturating_sub(rest.len()).saturating_add(space), further: width(space) - width(self.behind) };
        }
        // A line that was taken out, as programs show changes, begins with a dash as an item of a list does, and goes on further in.
        let dashed = line.len().saturating_sub(line.trim_start_matches(['-', ' ', '\t']).len());
        if self.dashed && line.starts_with('-') && width(dashed) > self.own {
            return Begin { at: dashed, further: width(dashed) - self.own };
        }
        let space = line.len().saturating_sub(line.trim_start().len());
        let further = width(space) - self.own;
        let wider = if further > 0 || self.before.is_empty() { None } else { self.wider(line) };
        wider.unwrap_or(Begin { at: space, further })
    }

    /// Where words stand before the name that are others in each line, as the names of threads and requests are: behind the first of
    /// them that has more white space behind it than it has in the name's line.
    fn wider(&self, line: &str) -> Option<Begin> {
        let (mut own, mut other) = (self.before, line);
        loop {
            let (word, behind) = parted(own);
            let last = behind.is_empty();
            // Without white space before the name, the sign before it ends what is before it.
            let sign = word.chars().next_back().filter(|c| last && self.behind == 0 && !c.is_alphanumeric());
            let (_, rest) = match sign {
                Some(sign) if last && self.behind == 0 => {
                    let first = parted(other).0;
                    let end = first.match_indices(sign).nth(word.matches(sign).count().checked_sub(1)?)?.0;
                    other.split_at_checked(end.saturating_add(sign.len_utf8()))?
                }
                _ => other.split_at_checked(parted(other).0.len())?,
            };
            let space = spaces(rest);
            let content = rest.get(space..)?;
            if content.is_empty() {
                return None;
            }
            let at = line.len().saturating_sub(content.len());
            if last {
                return Some(Begin { at, further: width(space) - width(self.behind) });
            }
            let next = behind.get(spaces(behind)..)?;
            // Levels are as long as each other where white space fills them up.
            let column = self.before.len().saturating_sub(next.len());
            if space > spaces(behind) && at > column {
                return Some(Begin { at, further: width(space) - width(spaces(behind)) });
            }
            (own, other) = (next, content);
        }
    }

    /// What follows in a line that begins in the same way, whatever numbers it has.
    fn same<'l>(&self, line: &'l str) -> Option<&'l str> {
        if self.before.is_empty() {
            return None;
        }
        let mut rest = line;
        let mut like = self.before;
        while let Some(sign) = like.chars().next() {
            if sign.is_ascii_digit() {
                let behind = rest.trim_start_matches(|c: char| c.is_ascii_digit());
                if behind.len() == rest.len() {
                    return None;
                }
                rest = behind;
                like = like.trim_start_matches(|c: char| c.is_ascii_digit());
            } else {
                rest = rest.strip_prefix(sign)?;
                like = like.get(sign.len_utf8()..)?;
            }
        }
        Some(rest)
    }
}

/// The first word, and what stands behind it.
fn parted(text: &str) -> (&str, &str) {
    text.split_at(text.find(char::is_whitespace).unwrap_or(text.len()))
}

fn spaces(text: &str) -> usize {
    text.len().saturating_sub(text.trim_start().len())
}

fn width(bytes: usize) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX / 2)
}
