//! What was done. Partial success is the normal failure, so it is a value and not an error.

use super::nonempty::NonEmpty;
use jiff::Timestamp;
use std::fmt;

/// What became of one request: of a step, or of its undo.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StepOutcome {
    /// It was about to be sent when this was recorded. Where nothing else was recorded after it, nobody knows what became of it.
    Intended {
        /// When.
        at: Timestamp,
    },
    /// The API server took it, and made of it what was approved.
    Applied {
        /// When.
        at: Timestamp,
        /// Of the object in the API server's answer: another object of that name is not the one that we changed.
        uid: Option<String>,
    },
    /// The API server took it, and made something else of it than what was approved.
    Altered {
        /// When.
        at: Timestamp,
        /// Of the object in the API server's answer.
        uid: Option<String>,
        /// What is different.
        message: String,
    },
    /// The object changed since the plan was made, or exists already: nothing was written.
    Refused {
        /// When.
        at: Timestamp,
        /// What the API server said.
        message: String,
    },
    /// It failed, and nothing was written.
    Failed {
        /// When.
        at: Timestamp,
        /// What went wrong.
        message: String,
    },
    /// It was sent, and its answer was lost: whether it took effect is not known.
    Unknown {
        /// When.
        at: Timestamp,
        /// What went wrong.
        message: String,
    },
    /// It was never sent.
    NotReached,
}

impl StepOutcome {
    /// Whether the cluster was changed by it; `None` where that is not known.
    pub fn took_effect(&self) -> Option<bool> {
        match self {
            StepOutcome::Applied { .. } | StepOutcome::Altered { .. } => Some(true),
            StepOutcome::Intended { .. } | StepOutcome::Unknown { .. } => None,
            StepOutcome::Refused { .. } | StepOutcome::Failed { .. } | StepOutcome::NotReached => Some(false),
        }
    }

    /// Of the object in the API server's answer.
    pub fn uid(&self) -> Option<&str> {
        match self {
            StepOutcome::Applied { uid, .. } | StepOutcome::Altered { uid, .. } => uid.as_deref(),
            StepOutcome::Intended { .. }
            | StepOutcome::Refused { .. }
            | StepOutcome::Failed { .. }
            | StepOutcome::Unknown { .. }
            | StepOutcome::NotReached => None,
        }
    }

    /// When it was sent, or was refused before that; `None` where it was never reached.
    pub fn at(&self) -> Option<Timestamp> {
        match self {
            StepOutcome::Intended { at }
            | StepOutcome::Applied { at, .. }
            | StepOutcome::Altered { at, .. }
            | StepOutcome::Refused { at, .. }
            | StepOutcome::Failed { at, .. }
            | StepOutcome::Unknown { at, .. } => Some(*at),
            StepOutcome::NotReached => None,
        }
    }

    /// Which of the few outcomes it is, without what belongs to it.
    pub fn became(&self) -> Became {
        match self {
            StepOutcome::Applied { .. } => Became::Applied,
            StepOutcome::Altered { .. } => Became::Altered,
            StepOutcome::Intended { .. } | StepOutcome::Unknown { .. } => Became::Unknown,
            StepOutcome::Refused { .. } => Became::Refused,
            StepOutcome::Failed { .. } => Became::Failed,
            StepOutcome::NotReached => Became::NotReached,
        }
    }
}

/// What became of one step, or of its rollback.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Became {
    /// It took effect as it was approved.
    Applied,
    /// It took effect, and something else came of it than was approved.
    Altered,
    /// There was nothing to be done.
    Unchanged,
    /// The API server said no.
    Refused,
    /// It was not made.
    Failed,
    /// It was sent, or about to be, and what came of it is not known.
    Unknown,
    /// Nothing was sent.
    NotReached,
}

impl Became {
    /// Whether it is known that it took no effect.
    pub fn changed_nothing(self) -> bool {
        match self {
            Became::Refused | Became::Failed | Became::NotReached => true,
            Became::Applied | Became::Altered | Became::Unchanged | Became::Unknown => false,
        }
    }

    /// Whether it took effect, in whatever form.
    pub fn took_effect(self) -> bool {
        matches!(self, Became::Applied | Became::Altered)
    }
}

impl Became {
    /// As the report and the trail spell it.
    pub fn as_str(self) -> &'static str {
        if self == Became::NotReached { "notReached" } else { self.in_words() }
    }

    /// As a sentence says it.
    pub fn in_words(self) -> &'static str {
        match self {
            Became::Applied | Became::Altered => "applied",
            Became::Unchanged => "unchanged",
            Became::Refused => "refused",
            Became::Failed => "failed",
            Became::Unknown => "unknown",
            Became::NotReached => "not sent",
        }
    }
}

impl fmt::Display for Became {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What became of the undo of one step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Undone {
    /// The step did not take effect.
    NotNeeded,
    /// The step took effect, and kubemend has no undo for it.
    Stays {
        /// Why.
        why: String,
    },
    /// The undo was to be sent.
    Sent(StepOutcome),
}

/// What became of a plan, step by step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Execution {
    /// In the plan's order.
    pub steps: NonEmpty<StepOutcome>,
    /// What became of the undo of each step, in the plan's order, when the plan was undone.
    pub reverted: Option<NonEmpty<Undone>>,
    /// The caller went away before all was sent.
    pub cancelled: bool,
    /// Why the steps that were not reached were not sent, where it is not for a step before them.
    pub stopped: Option<String>,
}

impl Execution {
    /// Nothing was sent yet.
    pub fn ahead(steps: usize) -> Self {
        let mut all = NonEmpty::one(StepOutcome::NotReached);
        for _ in 1..steps {
            all.push(StepOutcome::NotReached);
        }
        Self { steps: all, reverted: None, cancelled: false, stopped: None }
    }

    /// The caller went away: no further step is sent.
    pub fn cancel(&mut self) {
        self.cancelled = true;
        self.stopped = Some("the call was cancelled before it was sent".to_owned());
    }

    /// Every step was applied, and became what was approved.
    pub fn is_complete(&self) -> bool {
        self.steps.iter().all(|s| matches!(s, StepOutcome::Applied { .. }))
    }

    /// It is known of each step that it did not take effect: nothing was sent, or what was sent was refused.
    pub fn changed_nothing(&self) -> bool {
        self.steps.iter().all(|s| s.took_effect() == Some(false))
    }

    /// It is not known of every step whether it took effect.
    pub fn is_unknown(&self) -> bool {
        self.steps.iter().any(|s| s.took_effect().is_none())
    }

    /// An undo was sent, and it is not known whether it took effect.
    pub fn undo_is_unknown(&self) -> bool {
        self.reverted.iter().flat_map(NonEmpty::iter).any(|u| matches!(u, Undone::Sent(outcome) if outcome.took_effect().is_none()))
    }

    /// Every step that took effect was undone; not so, where there was nothing to undo.
    pub fn is_undone(&self) -> bool {
        let Some(reverted) = &self.reverted else { return false };
        let all = reverted.iter().all(|u| match u {
            Undone::NotNeeded => true,
            Undone::Stays { .. } => false,
            Undone::Sent(outcome) => matches!(outcome, StepOutcome::Applied { .. }),
        });
        all && reverted.iter().any(|u| matches!(u, Undone::Sent(_)))
    }

    /// Replaces the outcome of one step.
    pub fn set(&mut self, step: usize, outcome: StepOutcome) {
        if let Some(slot) = self.steps.iter_mut().nth(step) {
            *slot = outcome;
        }
    }

    /// Replaces what became of the undo of one step.
    pub fn set_undone(&mut self, step: usize, undone: Undone) {
        if let Some(slot) = self.reverted.as_mut().and_then(|r| r.iter_mut().nth(step)) {
            *slot = undone;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(reverted: Vec<Undone>) -> Execution {
        Execution { reverted: NonEmpty::from_vec(reverted), ..Execution::ahead(1) }
    }

    fn sent(outcome: StepOutcome) -> Undone {
        Undone::Sent(outcome)
    }

    #[test]
    fn undone_is_only_what_was_undone_whole() {
        let at = Timestamp::UNIX_EPOCH;
        let applied = || sent(StepOutcome::Applied { at, uid: None });
        let refused = || sent(StepOutcome::Refused { at, message: String::new() });
        let unknown = || sent(StepOutcome::Unknown { at, message: String::new() });
        let stays = || Undone::Stays { why: String::new() };
        for (reverted, whole, open) in [
            (vec![applied(), applied()], true, false),
            (vec![applied(), Undone::NotNeeded], true, false),
            (vec![applied(), refused()], false, false),
            (vec![applied(), stays()], false, false),
            (vec![applied(), unknown()], false, true),
            (vec![sent(StepOutcome::Intended { at })], false, true),
            (vec![Undone::NotNeeded], false, false),
            (vec![], false, false),
        ] {
            let execution = with(reverted.clone());
            assert_eq!((execution.is_undone(), execution.undo_is_unknown()), (whole, open), "{reverted:?}");
        }
    }
}
