//! The plan: what will be changed as a diff, with its risk, its undo, its checks, and what a human would type instead.
//! What is said of it is the blocks' business; here they are laid out.

use super::page::{BAD, CARE, DIM, GOOD, Page, STRONG, clean, styled};
use crate::call::Program;
use crate::call::blocks::{self, Block, Tone, Words};
use crate::workflow::report::Report;
use anstyle::Style;

/// The question, whole: whoever decides on a terminal is asked what everybody else is. Lines that are broken read back, so that no two
/// questions look alike.
pub(super) fn question(page: &mut Page, report: &Report, program: &Program) {
    page.exactly(|page| {
        for block in &blocks::question(report) {
            match block {
                Block::Heading(title) if title.len() == 1 => page.heading(&joined(title), ""),
                Block::Line(words) if joined(words).starts_with(blocks::WHOLE_PLAN) => {
                    page.line(2, &clean(&program.in_words(&joined(words))))
                }
                Block::Heading(_)
                | Block::Line(_)
                | Block::Text(_)
                | Block::Diff(_)
                | Block::Field { .. }
                | Block::List { .. }
                | Block::Command { .. } => lay_out(page, block),
            }
        }
    });
}

/// The plan, where there is one.
pub(super) fn plan(page: &mut Page, report: &Report) {
    let mut blocks = blocks::plan(report).into_iter();
    if let Some(Block::Heading(title)) = blocks.next() {
        page.heading(&joined(&title), "");
    }
    for block in blocks {
        lay_out(page, &block);
    }
}

fn lay_out(page: &mut Page, block: &Block) {
    match block {
        Block::Heading(words) => {
            page.gap();
            let mut words = words.iter();
            let title = words.next().map(|w| styled(STRONG, &clean(&w.text)));
            let line: Vec<String> = title.into_iter().chain(words.map(coloured)).collect();
            page.line(2, &line.join("  "));
        }
        Block::Line(words) => page.line(2, &words.iter().map(coloured).collect::<Vec<_>>().join("  ")),
        Block::Text(text) => page.paragraph(2, text),
        Block::Field { name, value } => {
            let style = if value.tone == Tone::Plain { DIM } else { style(value.tone) };
            page.item(2, &format!("{name}:"), style, &value.text);
        }
        Block::Diff(text) => {
            page.gap();
            page.diff(4, text);
            page.gap();
        }
        Block::List { title, items } => {
            page.gap();
            page.line(2, &styled(STRONG, title));
            for item in items {
                page.item(4, "•", STRONG, item);
            }
            page.gap();
        }
        Block::Command { title, text } => {
            page.line(2, &styled(DIM, &format!("{title}:")));
            page.command(4, text);
        }
    }
}

fn joined(words: &[Words]) -> String {
    words.iter().map(|w| w.text.as_str()).collect::<Vec<_>>().join("  ")
}

fn coloured(words: &Words) -> String {
    let text = clean(&words.text);
    if words.tone == Tone::Plain { text } else { styled(style(words.tone), &text) }
}

fn style(tone: Tone) -> Style {
    match tone {
        Tone::Plain => Style::new(),
        Tone::Good => GOOD,
        Tone::Care => CARE,
        Tone::Bad => BAD,
    }
}
