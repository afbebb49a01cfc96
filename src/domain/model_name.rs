//! Which model of which provider, as the operator writes it: `openai/NAME` or `anthropic/NAME`.

use std::fmt;

/// Whose API a model is asked through. Many others speak the first one's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Provider {
    /// Chat completions, as OpenAI and everything that is compatible with it has them.
    OpenAi,
    /// Anthropic's Messages.
    Anthropic,
}

impl Provider {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::OpenAi, Self::Anthropic];

    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OpenAi => "openai",
            Self::Anthropic => "anthropic",
        }
    }

    /// Where its own API answers.
    pub fn host(self) -> &'static str {
        match self {
            Self::OpenAi => "api.openai.com",
            Self::Anthropic => "api.anthropic.com",
        }
    }

    /// The environment variable in which its key usually is.
    pub fn key_variable(self) -> &'static str {
        match self {
            Self::OpenAi => "OPENAI_API_KEY",
            Self::Anthropic => "ANTHROPIC_API_KEY",
        }
    }
}

/// A model by its name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ModelName {
    provider: Provider,
    /// With the provider before it: the form in which it is always written.
    whole: String,
}

/// The longest name of a model, in bytes. Those of routers and of files in a registry have a hundred.
const LONGEST: usize = 200;

impl ModelName {
    /// `openai/gpt-5`, `openai/vendor/model:free`, `anthropic/claude-sonnet`.
    pub fn parse(text: &str) -> Option<Self> {
        let (provider, name) = text.split_once('/')?;
        let provider = Provider::ALL.into_iter().find(|known| known.as_str() == provider)?;
        let is_one = !name.is_empty() && text.len() <= LONGEST && name.chars().all(|c| c.is_ascii_graphic() && !"=,\"'`\\".contains(c));
        is_one.then(|| Self { provider, whole: text.to_owned() })
    }

    /// Whose it is.
    pub fn provider(&self) -> Provider {
        self.provider
    }

    /// As its provider calls it.
    pub fn name(&self) -> &str {
        self.whole.split_once('/').map_or("", |(_, name)| name)
    }

    /// `PROVIDER/NAME`.
    pub fn as_str(&self) -> &str {
        &self.whole
    }
}

impl fmt::Display for ModelName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.whole)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_is_all_that_follows_a_provider_that_is_known() {
        let of = |text: &str| ModelName::parse(text).map(|m| (m.provider(), m.name().to_owned(), m.to_string()));
        assert_eq!(
            of("openai/vendor/large:free"),
            Some((Provider::OpenAi, "vendor/large:free".to_owned(), "openai/vendor/large:free".to_owned()))
        );
        assert_eq!(of("anthropic/small-4").map(|(provider, ..)| provider), Some(Provider::Anthropic));
        for wrong in ["", "openai", "openai/", "/x", "OpenAI/x", "google/x", "openai/a b", "openai/a,b", "openai/a=b", "openai/a\n"] {
            assert_eq!(of(wrong), None, "{wrong}");
        }
        assert_eq!(of(&format!("openai/{}", "x".repeat(300))), None);
    }
}
