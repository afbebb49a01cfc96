//! Who calls a use case, and what holds for this one call: how far it may go, who is told of it, and who can end it.

use crate::domain::door::Door;
use crate::domain::issue::Origin;
use crate::domain::limits::Limits;
use crate::ports::{Progress, RequestMeter, Silent};
use tokio_util::sync::CancellationToken;

pub use crate::domain::limits::Wishes;

/// One call. Made by a surface for every call anew, and handed down through the use cases.
#[derive(Clone)]
#[expect(missing_debug_implementations, reason = "its progress is a port")]
pub struct Caller<'a> {
    /// Who asked; the report says it.
    pub origin: Origin,
    /// How far this call may go; it only tightens what the operator set.
    pub wishes: Wishes,
    /// Told what is going on.
    pub progress: &'a dyn Progress,
    /// Ends the call.
    pub cancel: CancellationToken,
    /// Where a question of this call is asked.
    pub door: Door,
    /// Counts the requests of this call, and of no other that uses the same connection.
    pub meter: RequestMeter,
    /// Somebody looks at the result now: what a program wrote is read unasked for them, and not for a file that many read later.
    pub looks_on: bool,
}

impl<'a> Caller<'a> {
    /// Somebody who called a tool or typed a command, without wishes.
    pub fn new(progress: &'a dyn Progress, cancel: &CancellationToken) -> Self {
        Self {
            origin: Origin::Caller,
            wishes: Wishes::default(),
            progress,
            cancel: cancel.clone(),
            door: Door::default(),
            meter: RequestMeter::default(),
            looks_on: true,
        }
    }

    /// The same for another origin.
    #[must_use]
    pub fn of_origin(self, origin: Origin) -> Self {
        Self { origin, ..self }
    }

    /// The same through another door.
    #[must_use]
    pub fn through(self, door: Door) -> Self {
        Self { door, ..self }
    }

    /// The same where the result goes into a file or another program.
    #[must_use]
    pub fn into_a_file(self, is: bool) -> Self {
        Self { looks_on: !is, ..self }
    }

    /// The same with wishes.
    #[must_use]
    pub fn with_wishes(self, wishes: Wishes) -> Self {
        Self { wishes, ..self }
    }

    /// What the operator set, tightened by this caller.
    pub(super) fn limits(&self, operator: &Limits) -> Limits {
        let Wishes { mode, confidence_threshold, max_risk, on_failure } = self.wishes;
        operator.tightened(mode, confidence_threshold, max_risk, on_failure)
    }
}

impl Caller<'static> {
    /// A program that waits for the result, and neither watches nor interrupts.
    pub fn silent() -> Self {
        Self::new(&Silent, &CancellationToken::new())
    }
}
