//! What a caller, an operator or a policy permits. A caller may only tighten what the operator set.

use super::confidence::Confidence;
use super::plan::OnFailure;
use super::risk::Risk;

/// Who says yes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// A human is asked.
    #[default]
    Manual,
    /// The gate may say yes within the thresholds.
    Automatic,
}

/// How the operator lets a human be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Consent {
    /// Through the client's own dialogue, or at a terminal.
    #[default]
    Ask,
    /// A second call that repeats the plan's digest counts as approval, up to [`Limits::client_max_risk`].
    Client,
}

/// The thresholds in force for one session.
#[derive(Debug, Clone, PartialEq)]
pub struct Limits {
    /// Who says yes.
    pub mode: Mode,
    /// How a human is asked.
    pub consent: Consent,
    /// Automatic mode: at least this sure. 0.8 unless set.
    pub confidence_threshold: Confidence,
    /// The highest risk that may be executed at all with a human's yes; medium unless the operator set it.
    pub ceiling: Risk,
    /// Automatic mode: at most this risky; low unless set, and never above the ceiling.
    pub max_risk: Risk,
    /// `client` consent: at most this risky.
    pub client_max_risk: Risk,
    /// What happens when validation fails.
    pub on_failure: OnFailure,
    /// The operator allows automatic mode at all.
    pub automatic_allowed: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            mode: Mode::Manual,
            consent: Consent::Ask,
            confidence_threshold: Confidence::percent(80),
            ceiling: Risk::Medium,
            max_risk: Risk::Low,
            client_max_risk: Risk::Low,
            on_failure: OnFailure::Keep,
            automatic_allowed: false,
        }
    }
}

impl Limits {
    /// These limits with a caller's wishes, where they tighten. Automatic mode is only had where the operator allows it.
    /// A caller's risk bounds what happens without a human; what a human may approve is the operator's to bound.
    #[must_use]
    pub fn tightened(
        &self,
        mode: Option<Mode>,
        threshold: Option<Confidence>,
        max_risk: Option<Risk>,
        on_failure: Option<OnFailure>,
    ) -> Self {
        let mut out = self.clone();
        out.mode = match (mode, self.automatic_allowed) {
            (Some(Mode::Automatic), true) => Mode::Automatic,
            (Some(Mode::Automatic | Mode::Manual), _) => Mode::Manual,
            (None, _) => self.mode,
        };
        if let Some(t) = threshold
            && t > out.confidence_threshold
        {
            out.confidence_threshold = t;
        }
        if let Some(r) = max_risk {
            out.max_risk = out.max_risk.min(r);
            out.client_max_risk = out.client_max_risk.min(r);
        }
        if let Some(f) = on_failure {
            out.on_failure = f;
        }
        out
    }
}
