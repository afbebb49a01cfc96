//! Faults that a real API server won't make on demand: refusals, lost answers, silence, broken connections.

use std::fmt;

type Matcher = Box<dyn Fn(&str, &str) -> bool + Send>;

/// What goes wrong, for which requests, how many times.
pub struct Fault {
    matching: Matcher,
    pub(super) kind: FaultKind,
    left: usize,
}

/// How a request goes wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FaultKind {
    /// Answered with this status and nothing done.
    Status(u16),
    /// Done, but the connection breaks before the answer.
    LostAnswer,
    /// Never answered, and not done.
    Hang,
    /// The connection breaks before anything is done.
    Close,
}

impl Fault {
    /// A fault that strikes the next request that `matching` (method, path) says yes to.
    pub fn new(kind: FaultKind, matching: impl Fn(&str, &str) -> bool + Send + 'static) -> Self {
        Self { matching: Box::new(matching), kind, left: 1 }
    }

    /// A fault for requests of this method whose path holds this part.
    #[must_use]
    pub fn on(method: &'static str, path_part: &'static str, kind: FaultKind) -> Self {
        Self::new(kind, move |m, path| m == method && path.contains(path_part))
    }

    /// Strikes this many times instead of once.
    #[must_use]
    pub fn times(mut self, times: usize) -> Self {
        self.left = times;
        self
    }
}

impl fmt::Debug for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fault").field("kind", &self.kind).field("left", &self.left).finish_non_exhaustive()
    }
}

/// The fault that strikes this request, counted down.
pub(super) fn strike(faults: &mut Vec<Fault>, method: &str, path: &str) -> Option<FaultKind> {
    let found = faults.iter_mut().find(|fault| fault.left > 0 && (fault.matching)(method, path))?;
    found.left -= 1;
    let kind = found.kind.clone();
    faults.retain(|fault| fault.left > 0);
    Some(kind)
}
