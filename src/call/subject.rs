//! What a call is about: a problem in words, or a session that knows its own. Both together are one where they say the same.

use super::arguments::session;
use super::check::example;
use super::error::CallError;
use super::use_cases::UseCases;
use crate::domain::id::SessionId;
use crate::domain::issue::Issue;
use crate::workflow::Problem;

/// What a call is about.
#[derive(Debug, Clone, PartialEq)]
pub enum Subject {
    /// A problem, afresh.
    Problem(Problem),
    /// A session.
    Session(SessionId),
}

impl Subject {
    /// The session, where it is one.
    pub fn session(&self) -> Option<&SessionId> {
        match self {
            Subject::Session(id) => Some(id),
            Subject::Problem(_) => None,
        }
    }
}

/// What a call is about, and the words that were given beside a session: they must be its own.
pub(super) type SubjectAndWords = (Subject, Option<Issue>);

/// Of the arguments: `beside` are those that a session has already, each with whether it was given.
pub(super) fn subject(
    issue: Option<&str>,
    id: Option<&str>,
    beside: &[(&str, bool)],
    problem: impl FnOnce() -> Result<Problem, CallError>,
) -> Result<SubjectAndWords, CallError> {
    let Some(id) = id else {
        if issue.is_none() {
            return Err(CallError::arguments(format!(
                "pass `issue`, what is wrong in the user's words, such as {}, or `sessionId`, the `session` field of a report",
                example("issue")
            )));
        }
        return Ok((Subject::Problem(problem()?), None));
    };
    if let Some((name, _)) = beside.iter().find(|(_, given)| *given) {
        return Err(CallError::arguments(format!(
            "`{name}` cannot be combined with `sessionId`: the session keeps what it was opened with; leave one of them out"
        )));
    }
    let words = issue.map(Issue::parse).transpose().map_err(|e| CallError::arguments(format!("`issue`: {e}")))?;
    Ok((Subject::Session(session(id)?), words))
}

/// Words beside a session's id are fine when they are the session's own.
pub(super) async fn same_words(cases: &dyn UseCases, subject: &Subject, words: Option<&Issue>) -> Result<(), CallError> {
    let (Subject::Session(id), Some(words)) = (subject, words) else { return Ok(()) };
    let own = cases.problem(id).await?.issue;
    let plain = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    if own.as_ref().is_some_and(|own| plain(own.as_str()) == plain(words.as_str())) {
        return Ok(());
    }
    let own = own.map_or_else(|| "no words".to_owned(), |own| format!("\"{own}\""));
    Err(CallError::arguments(format!("`issue` is not what session `{id}` was opened with, which is {own}"))
        .hint("pass `sessionId` alone to continue that session, or `issue` alone to start with these words"))
}
