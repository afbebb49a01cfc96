//! Why a model gave no answer: a kind that somebody can act on, and one bounded line.

use super::dialogue::Wasted;
use super::excerpt::Excerpt;
use std::fmt;
use std::time::Duration;

/// Why a model gave no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{model}: {kind}{}", .said.as_ref().map(|said| format!(": {said}")).unwrap_or_default())]
pub struct ModelFault {
    /// Which model: `PROVIDER/NAME`.
    pub model: String,
    /// What went wrong.
    pub kind: ModelFaultKind,
    /// The HTTP status, where there was one.
    pub status: Option<u16>,
    /// The provider's own words or the connection's, masked and on one line.
    pub said: Option<Excerpt>,
    /// What was asked in vain may have cost something.
    pub lost: Vec<Wasted>,
}

/// What went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ModelFaultKind {
    /// No key, a wrong one, or one that may not use this model.
    Auth,
    /// Too many requests, or no more credit; asked again no sooner than after this time, where the provider says so.
    RateLimited(Option<Duration>),
    /// The provider fails or has no room.
    Overloaded,
    /// The prompt is longer than what the model reads.
    ContextTooLong,
    /// The provider does not take the request as it is.
    BadRequest,
    /// The model or its provider declines to answer this prompt.
    Refused,
    /// No connection, or it broke, or nothing came in time.
    Transport,
    /// What came cannot be understood, or is larger than what is read.
    Protocol,
    /// Whoever asked does not wait any more.
    Cancelled,
}

impl ModelFaultKind {
    /// Whether the same request may be answered if it is sent again.
    pub fn passes(self) -> bool {
        match self {
            Self::RateLimited(_) | Self::Overloaded | Self::Transport => true,
            Self::Auth | Self::ContextTooLong | Self::BadRequest | Self::Refused | Self::Protocol | Self::Cancelled => false,
        }
    }
}

impl fmt::Display for ModelFaultKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Auth => "the provider does not accept the key",
            Self::RateLimited(_) => "the provider's limit is reached",
            Self::Overloaded => "the provider is overloaded or failing",
            Self::ContextTooLong => "the prompt is longer than the model's context",
            Self::BadRequest => "the provider rejected the request",
            Self::Refused => "the model declined to answer",
            Self::Transport => "no answer from the provider",
            Self::Protocol => "the provider's answer could not be understood",
            Self::Cancelled => "canceled",
        })
    }
}

impl ModelFault {
    /// What to do next, one hint a line.
    pub fn hints(&self) -> Vec<String> {
        let hint = match self.kind {
            ModelFaultKind::Auth => "check the key and whether it allows this model; `kubemend doctor --call-model` tries it",
            ModelFaultKind::RateLimited(_) => "wait, raise the limit at the provider, or set another model with --model-fallback",
            ModelFaultKind::Overloaded => "try again later, or set another model with --model-fallback",
            ModelFaultKind::ContextTooLong => "set a model with a larger context",
            ModelFaultKind::BadRequest => "check the name of the model, --model-base-url and --model-headers",
            ModelFaultKind::Transport => "check the network and --model-base-url; `kubemend doctor --call-model` tries it",
            ModelFaultKind::Protocol => "check that --model-base-url is the root of an API of the provider's kind",
            ModelFaultKind::Refused | ModelFaultKind::Cancelled => return Vec::new(),
        };
        vec![hint.to_owned()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fault_is_one_line_that_names_the_model_and_quotes_the_provider() {
        let fault = ModelFault {
            model: "openai/large".into(),
            kind: ModelFaultKind::RateLimited(Some(Duration::from_secs(7))),
            status: Some(429),
            said: Some(Excerpt::said("slow down\nplease")),
            lost: Vec::new(),
        };
        assert_eq!(fault.to_string(), "openai/large: the provider's limit is reached: “slow down please”");
        let silent = ModelFault { said: None, kind: ModelFaultKind::Transport, ..fault };
        assert_eq!(silent.to_string(), "openai/large: no answer from the provider");
        assert!(silent.kind.passes() && !ModelFaultKind::Auth.passes());
    }
}
