//! The question that a human decides on: complete, never cut, and in its first lines what changes, where, and how to see all of it.

use super::report::Report;
use super::{Question, Token, blocks};
use crate::domain::focus::Aside;
use crate::domain::id::SessionId;
use crate::domain::limits::DigestRefusal;
use crate::domain::plan::PlanDigest;
use crate::session::secret::Secret;
use jiff::Timestamp;

/// A question longer than this is not asked: a change that cannot be shown whole is not approvable.
const QUESTION_LIMIT: usize = 64 * 1024;

/// The question's text; `None` when it cannot be shown whole.
pub(super) fn text(report: &Report) -> Option<String> {
    let text = blocks::plain_text(&blocks::question(report));
    (text.len() <= QUESTION_LIMIT).then_some(text)
}

/// The question to this report, as a caller gets it.
pub(super) fn about(
    report: &Report,
    text: String,
    (session, digest): (SessionId, PlanDigest),
    secret: &Secret,
    expires_at: Timestamp,
    digest_counts: Result<(), DigestRefusal>,
) -> Question {
    Question { session, digest, token: Token(secret.reveal()), text, expires_at, digest_counts, aside: aside(report), by: by(report) }
}

/// How far the plan that waits is from what the words are about.
fn aside(report: &Report) -> Option<Aside> {
    report.plan.as_ref()?.aside.as_ref().map(|(aside, _)| *aside)
}

/// Who proposed the plan that waits, where no rule did.
fn by(report: &Report) -> Option<&'static str> {
    report.plan.as_ref()?.by?.by()
}

#[cfg(test)]
pub(crate) mod tests;
#[cfg(test)]
mod three_lines;
