//! A page of text for a terminal: headings, wrapped paragraphs, items, blocks that are not wrapped.
//! Colors are always written; the stream that it goes to takes them out where they are not wanted.

use crate::domain::visible::{self, Fold};
use crate::workflow::report::ObjectView;
use anstyle::{AnsiColor, Style};
use std::fmt::Write as _;

/// Good news.
pub(crate) const GOOD: Style = AnsiColor::Green.on_default().bold();
/// Something is wrong.
pub(crate) const BAD: Style = AnsiColor::Red.on_default().bold();
/// Somebody has to check or decide.
pub(crate) const CARE: Style = AnsiColor::Yellow.on_default().bold();
/// What stands out without a judgement.
pub(crate) const STRONG: Style = Style::new().bold();
/// What can be skipped.
pub(crate) const DIM: Style = Style::new().dimmed();
/// What can be typed.
pub(crate) const TYPED: Style = AnsiColor::Cyan.on_default();
/// A line that a diff adds.
pub(crate) const ADDED: Style = AnsiColor::Green.on_default();
/// A line that a diff takes away.
pub(crate) const REMOVED: Style = AnsiColor::Red.on_default();

/// Paragraphs get no wider than this, however wide the terminal is: long lines are hard to read.
const WIDEST: usize = 110;
/// Nor narrower, so that an indented paragraph keeps room for a word.
const NARROWEST: usize = 40;

/// Text with a style.
pub(crate) fn styled(style: Style, text: &str) -> String {
    format!("{style}{text}{style:#}")
}

/// Without characters that steer a terminal or show nothing: names and messages come from a cluster.
pub(crate) fn clean(text: &str) -> String {
    visible::cleaned(text).replace('\t', " ")
}

/// A line that has no more room than this, with a sign where it was longer.
pub(crate) fn cut(text: &str, room: usize) -> String {
    if text.chars().count() <= room { text.to_owned() } else { text.chars().take(room.saturating_sub(1)).chain(['…']).collect() }
}

/// `2026-11-23T03:00:01.123456Z` without what nobody reads.
pub(crate) fn to_the_second(time: &str) -> String {
    clean(time.split_once('.').map_or(time, |(seconds, _)| seconds).trim_end_matches('Z')) + "Z"
}

/// A text that grows.
#[derive(Debug)]
pub(crate) struct Page {
    out: String,
    width: usize,
    fold: Fold,
}

impl Page {
    /// An empty page for a terminal of this width.
    pub(crate) fn new(columns: usize) -> Self {
        Self { out: String::new(), width: columns.clamp(NARROWEST, WIDEST), fold: Fold::Plain }
    }

    /// What is written here can be read back: a line that was broken is told from one that ended.
    pub(crate) fn exactly(&mut self, write: impl FnOnce(&mut Self)) {
        self.fold = Fold::Marked;
        write(self);
        self.fold = Fold::Plain;
    }

    /// The text in lines that fit. Where it must read back, a line end at its end is a line of its own, and so is nothing at all.
    fn wrapped(&self, text: &str, columns: usize) -> Vec<String> {
        let folded = visible::folded(&clean(text), columns, |_| self.fold);
        match self.fold {
            Fold::Plain => folded.lines().map(str::to_owned).collect(),
            Fold::Marked | Fold::Command => folded.split('\n').map(str::to_owned).collect(),
        }
    }

    /// The text.
    pub(crate) fn into_text(self) -> String {
        self.out
    }

    /// An empty line, unless there is one or the page is empty.
    pub(crate) fn gap(&mut self) {
        if !self.out.is_empty() && !self.out.ends_with("\n\n") {
            self.out.push('\n');
        }
    }

    /// A heading after an empty line, with a remark beside it.
    pub(crate) fn heading(&mut self, title: &str, remark: &str) {
        self.gap();
        let title = styled(STRONG, title);
        if remark.is_empty() {
            self.line(0, &title);
        } else {
            self.line(0, &format!("{title}  {}", styled(DIM, &clean(remark))));
        }
    }

    /// One line as it is; the caller has cleaned what came from elsewhere.
    pub(crate) fn line(&mut self, indent: usize, text: &str) {
        let _ = writeln!(self.out, "{:indent$}{text}", "");
    }

    /// A paragraph, wrapped; line ends in it stay.
    pub(crate) fn paragraph(&mut self, indent: usize, text: &str) {
        self.paragraph_in(Style::new(), indent, text);
    }

    /// A paragraph in a style.
    pub(crate) fn paragraph_in(&mut self, style: Style, indent: usize, text: &str) {
        for part in self.wrapped(text, self.width.saturating_sub(indent)) {
            let part = if style == Style::new() { part } else { styled(style, &part) };
            self.line(indent, &part);
        }
    }

    /// A paragraph that hangs from a marker, such as a bullet or a word. One word that has no room beside it stands below.
    pub(crate) fn item(&mut self, indent: usize, marker: &str, style: Style, text: &str) {
        let mut hang = indent.saturating_add(marker.chars().count()).saturating_add(1);
        let mut marker = styled(style, marker);
        let alone = text.chars().count();
        if hang.saturating_add(alone) > self.width && !text.contains(char::is_whitespace) {
            self.line(indent, &std::mem::take(&mut marker));
            hang = indent.saturating_add(2);
        }
        for part in self.wrapped(text, self.width.saturating_sub(hang)) {
            if marker.is_empty() {
                self.line(hang, &part);
            } else {
                self.line(indent, &format!("{marker} {part}"));
                marker.clear();
            }
        }
    }

    /// A command, which is not wrapped, so that it can be copied. A here-document ends at a line that is its word and nothing else: several
    /// lines stand at the margin.
    pub(crate) fn command(&mut self, indent: usize, text: &str) {
        let text = clean(text);
        let indent = if text.trim_end().contains('\n') { 0 } else { indent };
        for line in text.lines() {
            self.line(indent, &styled(TYPED, line));
        }
    }

    /// Text of a program with its own lines, each behind a bar and cut to the width: none of them is to be taken for ours, whatever it says.
    pub(crate) fn quoted(&mut self, indent: usize, text: &str) {
        let room = self.width.saturating_sub(indent).saturating_sub(2);
        for line in text.lines() {
            self.line(indent, &format!("{} {}", styled(DIM, "│"), cut(&clean(line), room)));
        }
    }

    /// A unified diff.
    pub(crate) fn diff(&mut self, indent: usize, text: &str) {
        for line in clean(text).lines() {
            let style = match line.chars().next() {
                _ if line.starts_with("+++") || line.starts_with("---") => STRONG,
                Some('+') => ADDED,
                Some('-') => REMOVED,
                Some('@') => TYPED,
                Some(_) | None => Style::new(),
            };
            if style == Style::new() {
                self.line(indent, line);
            } else {
                self.line(indent, &styled(style, line));
            }
        }
    }
}

/// `PersistentVolumeClaim a-team/postgres-pvc`.
pub(crate) fn object(object: &ObjectView) -> String {
    clean(&match &object.namespace {
        Some(namespace) => format!("{} {namespace}/{}", object.kind, object.name),
        None => format!("{} {}", object.kind, object.name),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_from_a_cluster_cannot_steer_the_terminal() {
        assert_eq!(clean("a\u{1b}[2Jb\rc\nd"), "abc\nd");
        assert_eq!(clean("web:1\u{202e}\u{200b}\u{ad}\u{e0041}"), "web:1");
    }

    /// A digest has 71 characters, and a terminal 80 columns.
    #[test]
    fn word_that_has_no_room_beside_its_name_stands_below_it() {
        let digest = format!("sha256:{}", "0".repeat(64));
        let mut page = Page::new(80);
        page.item(2, "digest:", DIM, &digest);
        page.item(2, "digest:", DIM, "sha256:ab");
        let text = anstream::adapter::strip_str(&page.into_text()).to_string();
        assert_eq!(text, format!("  digest:\n    {digest}\n  digest: sha256:ab\n"));
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    }

    #[test]
    fn item_hangs_from_its_marker() {
        let mut page = Page::new(40);
        page.item(2, "e1", STRONG, "a line that is longer than forty columns are");
        let text = anstream::adapter::strip_str(&page.into_text()).to_string();
        assert_eq!(text, "  e1 a line that is longer than forty\n     columns are\n");
    }
}
