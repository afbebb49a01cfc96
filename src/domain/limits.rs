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

/// Why a second call that repeats a plan's digest is no approval of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DigestRefusal {
    /// The operator lets only a human approve.
    #[error("a repeated digest does not count as approval here: the operator lets only a human approve")]
    OnlyAHuman,
    /// The session was opened when the operator let only a human approve.
    #[error("a repeated digest does not count as approval here: this session was opened when only a human could approve")]
    OpenedForAHuman,
    /// The plan is riskier than a digest may approve.
    #[error("this plan's risk is {risk}, and a repeated digest counts as approval up to {allowed} only: a human has to approve it")]
    AboveRisk {
        /// The plan's.
        risk: Risk,
        /// The operator's bound, or the caller's own where it is lower.
        allowed: Risk,
    },
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

    /// Whether a second call that repeats the digest of a plan of this risk counts as approval of it.
    ///
    /// # Errors
    /// It does not, and why.
    pub fn counts_repeated_digest(&self, risk: Risk) -> Result<(), DigestRefusal> {
        match self.consent {
            Consent::Ask => Err(DigestRefusal::OnlyAHuman),
            Consent::Client if risk > self.client_max_risk => Err(DigestRefusal::AboveRisk { risk, allowed: self.client_max_risk }),
            Consent::Client => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repeated_digest_counts_only_where_the_operator_lets_it_and_up_to_the_risk_that_was_set() {
        assert_eq!(Limits::default().counts_repeated_digest(Risk::Low), Err(DigestRefusal::OnlyAHuman));
        let limits = Limits { consent: Consent::Client, client_max_risk: Risk::Medium, ..Limits::default() };
        assert_eq!(limits.counts_repeated_digest(Risk::Medium), Ok(()));
        let above = DigestRefusal::AboveRisk { risk: Risk::High, allowed: Risk::Medium };
        assert_eq!(limits.counts_repeated_digest(Risk::High), Err(above));
        let tighter = limits.tightened(None, None, Some(Risk::Low), None);
        let above = DigestRefusal::AboveRisk { risk: Risk::Medium, allowed: Risk::Low };
        assert_eq!(tighter.counts_repeated_digest(Risk::Medium), Err(above), "the caller's own bound counts");
    }
}
