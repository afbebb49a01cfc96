//! What a caller, an operator or a policy permits. A caller may only tighten what the operator set.

use super::confidence::Confidence;
use super::plan::OnFailure;
use super::risk::Risk;

/// Who says yes. Ordered by strictness: the stricter is the greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Mode {
    /// The gate may say yes within the thresholds.
    Automatic,
    /// A human is asked.
    #[default]
    Manual,
}

/// How the operator lets a human be asked. Ordered by strictness.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Consent {
    /// A second call that repeats the plan's digest counts as approval, up to [`Limits::client_max_risk`].
    Client,
    /// Through the client's own dialogue, or at a terminal.
    #[default]
    Ask,
}

/// A repeated digest counts as approval, by the limits that made this.
#[derive(Debug)]
pub struct Counted(());

/// Why a second call that repeats a plan's digest is no approval of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DigestRefusal {
    /// The operator lets only a human approve.
    #[error("a repeated digest does not count as approval here: the operator lets only a human approve")]
    OnlyAHuman,
    /// The session was opened when the operator, or its caller, let only a human approve.
    #[error(
        "a repeated digest does not count as approval here: this session was opened under stricter limits, by which only a human approves"
    )]
    OpenedForAHuman,
    /// What was changed is taken back by a human's word alone.
    #[error("a repeated digest does not count as approval here: about an undo a human is always asked")]
    OfAnUndo,
    /// Whoever proposed a change does not approve it, too.
    #[error("a repeated digest does not count as approval here: about what was proposed, and no rule found, a human is always asked")]
    OfAProposal,
    /// The plan is riskier than a digest may approve.
    #[error("this plan's risk is {risk}, and a repeated digest counts as approval up to {allowed} only: a human has to approve it")]
    AboveRisk {
        /// The plan's.
        risk: Risk,
        /// The operator's bound, or the caller's own where it is lower.
        allowed: Risk,
    },
}

/// What a caller wishes; it can only tighten what the operator set.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Wishes {
    /// Manual or automatic.
    pub mode: Option<Mode>,
    /// At least this sure.
    pub confidence_threshold: Option<Confidence>,
    /// At most this risky.
    pub max_risk: Option<Risk>,
    /// Keep or revert.
    pub on_failure: Option<OnFailure>,
}

impl Wishes {
    /// Both: of each pair the stricter.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        let surer = |a: Confidence, b: Confidence| if b > a { b } else { a };
        Self {
            mode: self.mode.max(other.mode),
            confidence_threshold: self.confidence_threshold.into_iter().chain(other.confidence_threshold).reduce(surer),
            max_risk: self.max_risk.into_iter().chain(other.max_risk).min(),
            on_failure: self.on_failure.max(other.on_failure),
        }
    }
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
    /// These limits with a caller's wishes, where they tighten: of each pair the stricter is taken.
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
        if let Some(mode) = mode {
            out.mode = out.mode.max(mode);
            // Who wishes that a human is asked means a human, and not a second call.
            if mode == Mode::Manual {
                out.consent = Consent::Ask;
            }
        }
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
            out.on_failure = out.on_failure.max(f);
        }
        out
    }

    /// What both allow.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        let surer = other.confidence_threshold > self.confidence_threshold;
        Self {
            mode: self.mode.max(other.mode),
            consent: self.consent.max(other.consent),
            confidence_threshold: if surer { other.confidence_threshold } else { self.confidence_threshold },
            ceiling: self.ceiling.min(other.ceiling),
            max_risk: self.max_risk.min(other.max_risk),
            client_max_risk: self.client_max_risk.min(other.client_max_risk),
            on_failure: self.on_failure.max(other.on_failure),
            automatic_allowed: self.automatic_allowed && other.automatic_allowed,
        }
    }

    /// Whether a second call that repeats the digest of a plan of this risk counts as approval of it.
    ///
    /// # Errors
    /// It does not, and why.
    pub fn counts_repeated_digest(&self, risk: Risk) -> Result<Counted, DigestRefusal> {
        match self.consent {
            Consent::Ask => Err(DigestRefusal::OnlyAHuman),
            Consent::Client if risk > self.client_max_risk => Err(DigestRefusal::AboveRisk { risk, allowed: self.client_max_risk }),
            Consent::Client => Ok(Counted(())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repeated_digest_counts_only_where_the_operator_lets_it_and_up_to_the_risk_that_was_set() {
        assert_eq!(Limits::default().counts_repeated_digest(Risk::Low).map(drop), Err(DigestRefusal::OnlyAHuman));
        let limits = Limits { consent: Consent::Client, client_max_risk: Risk::Medium, ..Limits::default() };
        assert_eq!(limits.counts_repeated_digest(Risk::Medium).map(drop), Ok(()));
        let above = DigestRefusal::AboveRisk { risk: Risk::High, allowed: Risk::Medium };
        assert_eq!(limits.counts_repeated_digest(Risk::High).map(drop), Err(above));
        let tighter = limits.tightened(None, None, Some(Risk::Low), None);
        let above = DigestRefusal::AboveRisk { risk: Risk::Medium, allowed: Risk::Low };
        assert_eq!(tighter.counts_repeated_digest(Risk::Medium).map(drop), Err(above), "the caller's own bound counts");
    }
}
