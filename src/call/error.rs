//! Why a call failed: a kind that a surface maps to its own status, one line, and what to do next.

use crate::domain::visible::revealed;
use crate::ports::{ReadError, StoreError};
use crate::workflow::WorkflowError;
use std::fmt;

/// More than this of a message is cut: it may quote what a caller sent.
const MESSAGE_LIMIT: usize = 2_000;

/// What a failure means for the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// The call cannot be meant like this.
    InvalidArguments,
    /// What it names does not exist.
    NotFound,
    /// The operator or the cluster does not allow it.
    NotAllowed,
    /// It does not fit what is now: the plan changed, or somebody was faster.
    Conflict,
    /// The server does not accept the credentials: somebody has to log in again.
    Unauthenticated,
    /// Something that is needed cannot be reached or used at the moment.
    Unavailable,
    /// The caller took the call back.
    Cancelled,
    /// A bug in kubemend.
    Internal,
}

/// Why a call failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallError {
    /// What it means for the caller.
    pub kind: ErrorKind,
    /// One line that says everything.
    pub message: String,
    /// What to do next, for somebody at a terminal.
    pub hints: Vec<String>,
    /// The same for a caller of tools, who has no flags and no terminal; `None`: the same words.
    tool_hints: Option<Vec<String>>,
}

impl CallError {
    /// An error without hints.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        let message: String = message.into();
        let short: String = message.chars().take(MESSAGE_LIMIT).collect();
        Self { kind, message: revealed(&short), hints: Vec::new(), tool_hints: None }
    }

    /// Arguments that cannot be meant.
    pub fn arguments(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::InvalidArguments, message)
    }

    /// The same with one more thing to do next.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        let hint: String = hint.into();
        self.tool_hints.iter_mut().for_each(|hints| hints.push(hint.clone()));
        self.hints.push(hint);
        self
    }

    /// The caller took the call back.
    pub fn cancelled() -> Self {
        Self::from(WorkflowError::Cancelled)
    }

    /// A panic. The record knows what was done before it.
    pub fn panicked(use_case: &str) -> Self {
        Self::new(ErrorKind::Internal, format!("`{use_case}` stopped with an internal error; this is a bug in kubemend"))
            .hint("the resource kubemend://sessions, or `kubemend sessions` in a terminal, shows what was done before the error")
            .hint("the server's log (stderr) has the details for a bug report")
    }

    /// The message, and below it a line for each hint in a tool's words: for those who are shown nothing but a text.
    pub fn text(&self) -> String {
        let mut text = self.message.clone();
        for hint in self.tool_hints.as_ref().unwrap_or(&self.hints) {
            text.push_str("\n- ");
            text.push_str(hint);
        }
        text
    }
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for CallError {}

impl From<WorkflowError> for CallError {
    fn from(error: WorkflowError) -> Self {
        let kind = match &error {
            WorkflowError::Invalid(_) => ErrorKind::InvalidArguments,
            WorkflowError::NoNamespace { .. } | WorkflowError::NoObject { .. } | WorkflowError::NoSession(_) => ErrorKind::NotFound,
            WorkflowError::Expired
            | WorkflowError::WrongToken
            | WorkflowError::OtherCluster { .. }
            | WorkflowError::NotAllowed(_)
            | WorkflowError::NotOffered
            | WorkflowError::TooManyRefused(_)
            | WorkflowError::TooManyAsked { .. }
            | WorkflowError::NoWriter
            | WorkflowError::TooLarge
            | WorkflowError::RepeatedDigest(_) => ErrorKind::NotAllowed,
            WorkflowError::State { .. } | WorkflowError::DigestMismatch | WorkflowError::Answered(_) | WorkflowError::NotNeeded(_) => {
                ErrorKind::Conflict
            }
            WorkflowError::Read(error) => of_read(error),
            WorkflowError::Store(StoreError::Conflict(_)) => ErrorKind::Conflict,
            WorkflowError::Record { .. } | WorkflowError::Store(StoreError::Unusable { .. }) => ErrorKind::Unavailable,
            WorkflowError::Cancelled => ErrorKind::Cancelled,
        };
        Self { hints: error.hints(), tool_hints: tool_hints(&error), ..Self::new(kind, error.to_string()) }
    }
}

/// What a caller of tools can do, where that is not what somebody at a terminal does.
fn tool_hints(error: &WorkflowError) -> Option<Vec<String>> {
    let words: &[&str] = match error {
        WorkflowError::NoNamespace { .. } => {
            &["pass one that exists as `namespace`, or call analyze with `allNamespaces`: true to search all of them"]
        }
        WorkflowError::NoSession(_) => {
            &["the resource kubemend://sessions lists the last sessions; or pass `issue` instead of `sessionId`"]
        }
        WorkflowError::State { .. } => &["call remediate with `issue` to start again, or read the resource kubemend://sessions"],
        WorkflowError::Read(ReadError::Unauthorized { .. }) => &[
            "ask the user to log in to this cluster again; the next call reads the kubeconfig again",
            "in a terminal, `kubemend doctor` shows what is configured",
        ],
        WorkflowError::Read(ReadError::Config(_) | ReadError::Kubeconfig { .. }) => &[
            "this server does not inherit the user's shell: the client's entry for it sets KUBECONFIG and options in `env`",
            "the next call reads the kubeconfig again",
        ],
        _ => return None,
    };
    Some(words.iter().map(|hint| (*hint).to_owned()).collect())
}

fn of_read(error: &ReadError) -> ErrorKind {
    match error {
        ReadError::Forbidden { .. } => ErrorKind::NotAllowed,
        ReadError::NotFound(_) => ErrorKind::NotFound,
        ReadError::Unauthorized { .. } => ErrorKind::Unauthenticated,
        ReadError::Unreachable { .. }
        | ReadError::TimedOut(..)
        | ReadError::Expired(_)
        | ReadError::Refused { .. }
        | ReadError::NotRecorded(_)
        | ReadError::Config(_)
        | ReadError::Kubeconfig { .. }
        | ReadError::Options(_) => ErrorKind::Unavailable,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::SessionId;

    #[test]
    fn an_error_says_its_hints_in_its_text() {
        let error = CallError::new(ErrorKind::Unavailable, "cannot reach it").hint("check the VPN");
        assert_eq!(error.text(), "cannot reach it\n- check the VPN");
    }

    /// A caller of tools has no flags, and what to do next is said once and holds together.
    #[test]
    fn an_error_about_the_configuration_names_no_flag_to_a_caller_of_tools_and_does_not_contradict_itself() {
        let at_a_terminal = "pass --kubeconfig FILE";
        let missing = CallError::from(WorkflowError::from(ReadError::Kubeconfig { text: "no kubeconfig".to_owned(), at_a_terminal }));
        assert!(missing.hints.iter().any(|hint| hint == at_a_terminal) && !missing.text().contains("--"), "{}", missing.text());
        assert!(missing.text().contains("sets KUBECONFIG") && missing.text().contains("next call reads the kubeconfig again"));
        let options = CallError::from(WorkflowError::from(ReadError::Options("wrong; restart the server".to_owned())));
        assert_eq!(options.text(), "wrong; restart the server", "the next call would find the same");
    }

    #[test]
    fn a_message_that_quotes_too_much_is_cut() {
        assert_eq!(CallError::arguments("x".repeat(1 << 20)).message.len(), MESSAGE_LIMIT);
    }

    #[test]
    fn a_message_hides_nothing_of_what_it_quotes() {
        let error = CallError::arguments("`\u{202e}gnp` and `é`, on\ntwo lines\u{7f}");
        assert_eq!(error.message, "`\\u{202e}gnp` and `é`, on\ntwo lines\\u{7f}");
    }

    #[test]
    fn a_session_that_does_not_exist_is_another_kind_than_one_that_is_over() {
        let id = SessionId::from_entropy([1; 16]);
        let missing = CallError::from(WorkflowError::NoSession(id.clone()));
        assert_eq!(missing.kind, ErrorKind::NotFound);
        assert_eq!(missing.hints, ["`kubemend sessions` lists them"]);
        assert_eq!(CallError::from(WorkflowError::State { session: id.clone(), state: "has ended" }).kind, ErrorKind::Conflict);
        assert_eq!(CallError::from(WorkflowError::Answered(id)).kind, ErrorKind::Conflict);
    }

    #[test]
    fn a_server_that_cannot_be_reached_is_unavailable_and_a_missing_right_is_not_allowed() {
        let unreachable = ReadError::Unreachable { server: "a:6443".to_owned(), reason: "refused".to_owned() };
        assert_eq!(CallError::from(WorkflowError::from(unreachable)).kind, ErrorKind::Unavailable);
        let forbidden =
            ReadError::Forbidden { verb: "list".to_owned(), resource: "pods".to_owned(), namespace: None, unlock: "a role".to_owned() };
        let error = CallError::from(WorkflowError::from(forbidden));
        assert_eq!((error.kind, error.hints), (ErrorKind::NotAllowed, vec!["to allow it: a role".to_owned()]));
    }
}
