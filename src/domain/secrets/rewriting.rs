//! A text that is gone through from its beginning, and what is shown of it: credentials are left out, and so is all of the rest once more
//! was looked at than the text is worth.

use super::mark::mark;
use super::place::Work;

/// What of a text is shown so far.
#[derive(Debug)]
pub(super) struct Rewriting<'t> {
    text: &'t str,
    out: String,
    /// Up to where that is the text.
    done: usize,
}

impl<'t> Rewriting<'t> {
    pub(super) fn of(text: &'t str) -> Self {
        Self { text, out: String::new(), done: 0 }
    }

    /// Shows what kind of credential stands there instead of it.
    pub(super) fn hide(&mut self, start: usize, end: usize, kind: &str) {
        self.out.push_str(self.text.get(self.done..start).unwrap_or_default());
        self.out.push_str(&mark(kind));
        self.done = end;
    }

    /// Whether a pass that does this work may go on at this place. Where it may not, nothing of what nobody has looked through is shown.
    pub(super) fn goes_on(&mut self, here: usize, work: &Work) -> bool {
        let over = work.is_over();
        if over {
            self.hide(here.max(self.done), self.text.len(), "rest");
        }
        !over
    }

    /// The text without what is hidden; none where nothing is.
    pub(super) fn end(self) -> Option<String> {
        (!self.out.is_empty()).then(|| self.out + self.text.get(self.done..).unwrap_or_default())
    }
}
