//! Whether anybody looks further where rules do not decide: the operator's choice, for an own model and for the agent that called.

/// When an investigation is offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Investigate {
    /// Rules only: nobody is offered a look.
    Never,
    /// Looks are offered, and the first ones are taken where rules leave something open.
    #[default]
    Auto,
    /// The first ones are taken also where rules name a cause, so that it can be checked.
    Always,
}

impl Investigate {
    /// Every choice.
    pub const ALL: [Investigate; 3] = [Investigate::Never, Investigate::Auto, Investigate::Always];

    /// As the option has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Investigate::Never => "never",
            Investigate::Auto => "auto",
            Investigate::Always => "always",
        }
    }

    /// The inverse of [`Investigate::as_str`].
    pub fn of_word(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|choice| choice.as_str() == text)
    }

    /// Whether looks are offered at all.
    pub fn offers_looks(self) -> bool {
        match self {
            Investigate::Never => false,
            Investigate::Auto | Investigate::Always => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn choices_are_read_back_as_they_are_written_and_looks_are_offered_unless_somebody_chose_otherwise() {
        for choice in Investigate::ALL {
            assert_eq!(Investigate::of_word(choice.as_str()), Some(choice));
        }
        assert_eq!(Investigate::of_word("on"), None);
        assert!(Investigate::default().offers_looks() && !Investigate::Never.offers_looks());
    }
}
