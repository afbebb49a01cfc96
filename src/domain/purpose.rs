//! What a session is for, and what its plan is for: to find out what somebody reported, or to take back what another session did. Words
//! that somebody reported are read; words of ours never are.

use super::cause::{Cause, CauseKey};
use super::id::SessionId;

/// What a session was opened for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Purpose {
    /// What somebody reported, in their words; empty where they only said where to look.
    Issue(String),
    /// To take back what this session did.
    Undo(SessionId),
}

impl Purpose {
    /// The words of somebody who reported something. An undo has none.
    pub fn words(&self) -> Option<&str> {
        match self {
            Purpose::Issue(words) => Some(words),
            Purpose::Undo(_) => None,
        }
    }

    /// The session whose changes are to be taken back, where it is for that.
    pub fn undoes(&self) -> Option<&SessionId> {
        match self {
            Purpose::Issue(_) => None,
            Purpose::Undo(session) => Some(session),
        }
    }

    /// As a reader is told it. It is not read back.
    pub fn in_words(&self) -> String {
        match self {
            Purpose::Issue(words) => words.clone(),
            Purpose::Undo(session) => format!("undo session {session}"),
        }
    }
}

/// What a plan is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Aim {
    /// That this cause is gone.
    Cause(CauseKey),
    /// That what this session changed is as it was before: it promises of no cause and no symptom that they are gone.
    Undo(SessionId),
}

impl Aim {
    /// The cause, where it is one.
    pub fn cause(&self) -> Option<&CauseKey> {
        match self {
            Aim::Cause(key) => Some(key),
            Aim::Undo(_) => None,
        }
    }

    /// Whether the plan is for that cause.
    pub fn is_for(&self, cause: &Cause) -> bool {
        self.cause().is_some_and(|key| cause.is(key))
    }

    /// Whether a session that is for this can have a plan for that.
    pub fn fits(&self, purpose: &Purpose) -> bool {
        match (self, purpose) {
            (Aim::Cause(_), Purpose::Issue(_)) => true,
            (Aim::Undo(plan), Purpose::Undo(session)) => plan == session,
            (Aim::Cause(_), Purpose::Undo(_)) | (Aim::Undo(_), Purpose::Issue(_)) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_read_like_an_undo_are_an_issue_and_an_undo_has_no_words_to_read() {
        let session = SessionId::from_entropy([1; 16]);
        let (undo, typed) = (Purpose::Undo(session.clone()), Purpose::Issue(format!("undo session {session}")));
        assert_eq!(undo.in_words(), typed.in_words(), "a reader is told the same");
        assert_eq!((undo.undoes(), undo.words()), (Some(&session), None));
        assert_eq!((typed.undoes(), typed.words().is_some()), (None, true));
        assert!(Aim::Undo(session.clone()).fits(&undo) && !Aim::Undo(session).fits(&typed));
    }
}
