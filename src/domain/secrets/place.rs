//! Where a value may begin: what stands open in the line before it, and where its line ends. It is known by going through the text once,
//! however many names stand in it, and whatever is looked at besides is counted, so that no text costs more than its length allows.

use std::cell::Cell;

/// Characters that may be looked at for each of a text. An ordinary text takes a twentieth.
const EACH: usize = 256;
/// And besides, so that short texts are looked through whole.
const BESIDES: usize = 64 * 1024;

/// What was looked at.
#[derive(Debug)]
pub(super) struct Work {
    spent: Cell<usize>,
    limit: usize,
}

impl Work {
    pub(super) fn on(text: &str) -> Self {
        Self { spent: Cell::new(0), limit: text.len().saturating_mul(EACH).saturating_add(BESIDES) }
    }

    pub(super) fn spend(&self, characters: usize) {
        self.spent.set(self.spent.get().saturating_add(characters));
    }

    pub(super) fn spent(&self) -> usize {
        self.spent.get()
    }

    /// More was looked at than the text is worth: what is left of it is not shown.
    pub(super) fn is_over(&self) -> bool {
        self.spent.get() > self.limit
    }
}

/// What was opened in a line, up to some place in it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Open {
    braces: i64,
    brackets: i64,
    parentheses: i64,
    double: bool,
    single: bool,
    back: bool,
    /// Nothing but white space, dashes and quotes.
    pub(super) bare: bool,
    /// So many of white space and dashes at its beginning.
    pub(super) indent: usize,
    indenting: bool,
}

impl Open {
    const LINE: Self =
        Self { braces: 0, brackets: 0, parentheses: 0, double: false, single: false, back: false, bare: true, indent: 0, indenting: true };

    fn take(&mut self, c: char) {
        match c {
            '\n' => return *self = Self::LINE,
            '{' => self.braces = self.braces.saturating_add(1),
            '}' => self.braces = self.braces.saturating_sub(1),
            '[' => self.brackets = self.brackets.saturating_add(1),
            ']' => self.brackets = self.brackets.saturating_sub(1),
            '(' => self.parentheses = self.parentheses.saturating_add(1),
            ')' => self.parentheses = self.parentheses.saturating_sub(1),
            '"' => self.double = !self.double,
            '\'' => self.single = !self.single,
            '`' => self.back = !self.back,
            _ => {}
        }
        self.indenting &= matches!(c, ' ' | '\t' | '-');
        self.indent = self.indent.saturating_add(usize::from(self.indenting));
        self.bare &= c.is_whitespace() || matches!(c, '-' | '"' | '\'');
    }

    /// Whether a quote or bracket that this sign closes was opened before, in the same line.
    pub(super) fn is_open(&self, close: char) -> bool {
        match close {
            '}' => self.braces > 0,
            ']' => self.brackets > 0,
            ')' => self.parentheses > 0,
            '"' => self.double,
            '\'' => self.single,
            _ => self.back,
        }
    }
}

/// A place where a value may begin.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'t> {
    /// Everything before the name.
    pub(super) before: &'t str,
    /// Between the name and the value.
    pub(super) between: &'t str,
    /// Everything behind that.
    pub(super) rest: &'t str,
    /// Of that, what is in the same line.
    pub(super) line: &'t str,
    pub(super) open: Open,
    /// An `@` stands in the same word.
    pub(super) at: bool,
    pub(super) work: &'t Work,
}

impl Place<'_> {
    /// The quote behind the name closes one that was opened before it, so that nothing in this line is its value.
    pub(super) fn ends_a_text(&self) -> bool {
        let behind = self.rest.strip_prefix('"').filter(|_| self.open.double && !self.between.contains(['"', '\'']));
        behind.is_some_and(|behind| behind.chars().next().is_none_or(|c| c.is_whitespace() || matches!(c, '}' | ']' | ')' | ',')))
    }
}

/// Goes through a text once.
#[derive(Debug)]
pub(super) struct Walk<'t> {
    text: &'t str,
    here: usize,
    open: Open,
    newline: Ahead,
    space: Ahead,
    at: Ahead,
    work: &'t Work,
}

impl<'t> Walk<'t> {
    pub(super) fn of(text: &'t str, work: &'t Work) -> Self {
        Self { text, here: 0, open: Open::LINE, newline: Ahead(None), space: Ahead(None), at: Ahead(None), work }
    }

    /// The place of a name that ends at `name` and of a value that begins at `value`; no place lies before one that was asked for.
    pub(super) fn place(&mut self, name: (usize, usize), value: usize) -> Place<'t> {
        let passed = self.text.get(self.here..name.0).unwrap_or_default();
        self.work.spend(passed.len());
        passed.chars().for_each(|c| self.open.take(c));
        self.here = self.here.max(name.0);
        let end = self.newline.from(value, self.text, self.work, |c| c == '\n');
        let space = self.space.from(value, self.text, self.work, char::is_whitespace);
        let at = self.at.from(value, self.text, self.work, |c| c == '@');
        Place {
            before: self.text.get(..name.0).unwrap_or_default(),
            between: self.text.get(name.1..value).unwrap_or_default(),
            rest: self.text.get(value..).unwrap_or_default(),
            line: self.text.get(value..end).unwrap_or_default(),
            open: self.open,
            at: at < space,
            work: self.work,
        }
    }
}

/// The next of some sign, as long as it is ahead.
#[derive(Debug)]
struct Ahead(Option<usize>);

impl Ahead {
    fn from(&mut self, from: usize, text: &str, work: &Work, is_it: impl Fn(char) -> bool) -> usize {
        match self.0.filter(|at| *at >= from) {
            Some(at) => at,
            None => {
                let rest = text.get(from..).unwrap_or_default();
                let length = rest.find(is_it).unwrap_or(rest.len());
                work.spend(length);
                *self.0.insert(from.saturating_add(length))
            }
        }
    }
}
