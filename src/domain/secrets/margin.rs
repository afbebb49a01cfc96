//! How the line of a name begins, and whether a line behind it stands further in: by its white space, or, where each line of a log begins
//! with a time and a level, by the white space behind those.

/// A longer beginning of a line is none that every line has.
const LONGEST: usize = 120;
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
}

/// Where something begins in a line, and how much further in than the name it does.
#[derive(Debug, Clone, Copy)]
pub(super) struct Begin {
    pub(super) at: usize,
    pub(super) further: i64,
}

impl<'t> Margin<'t> {
    /// All lines stand further in.
    pub(super) const OF_A_SECTION: Margin<'static> = Margin { before: "", behind: 0, own: -1, bare: true, dashed: false };

    /// `before`: what the line has before the name.
    pub(super) fn of(before: &'t str) -> Self {
        if before.len() > SEEN {
            return Self { before: "", behind: 0, own: 0, bare: false, dashed: false };
        }
        let bare = before.chars().all(|c| c.is_whitespace() || matches!(c, '-' | '"' | '\'' | '\\'));
        let quotes = before.trim_end_matches(['"', '\'', '\\']);
        if bare {
            return Self { before: "", behind: 0, own: width(quotes.len()), bare, dashed: before.starts_with('-') };
        }
        let trimmed = quotes.trim_end();
        // Brackets begin lines that have nothing to do with each other.
        let told = trimmed.chars().any(|c| !c.is_whitespace() && !"{}[](),:\"'\\".contains(c));
        let kept = if told && trimmed.len() <= LONGEST { trimmed } else { "" };
        let own = before.len().saturating_sub(before.trim_start().len());
        Self { before: kept, behind: quotes.len().saturating_sub(trimmed.len()), own: width(own), bare, dashed: false }
    }

    /// Whether nothing but white space, dashes and quotes stands before the name.
    pub(super) fn is_bare(&self) -> bool {
        self.bare
    }

    /// Where the line begins.
    pub(super) fn begin(&self, line: &str) -> Begin {
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
        Begin { at: space, further: width(space) - self.own }
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

fn width(bytes: usize) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX / 2)
}
