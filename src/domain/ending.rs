//! How a session ended: the one table of endings and their words.

/// Hands the table to a macro. A new ending is a row here, and the places to which the compiler then leads.
/// The two parts are in the order of a session: what can be concluded before anybody is asked, and what comes of an answer.
macro_rules! endings {
    ($define:ident) => {
        $define! {
            unasked {
                /// Nothing is wrong.
                Healthy "healthy",
                /// A cause was found, and nothing was done about it.
                Diagnosed "diagnosed",
                /// Something is wrong and no cause is known, or not enough could be seen.
                Inconclusive "inconclusive",
            }
            asked {
                /// A human said no.
                Declined "declined",
                /// Nobody answered in time.
                Expired "expired",
                /// Every check held through the settle window.
                Resolved "resolved",
                /// The cause is gone, and something that belongs to the issue is still broken.
                Partly "partly",
                /// The change was made and did not help.
                Unresolved "unresolved",
                /// Whether it helped could not be seen.
                Unclear "unclear",
                /// A step was not applied.
                Failed "failed",
                /// The process that acted ended before its verdict.
                Interrupted "interrupted",
                /// What was changed was rolled back: by the session itself, since it did not help, or by an undo, which promises no more.
                Reverted "reverted",
            }
        }
    };
}
pub(crate) use endings;

macro_rules! define_ending {
    (unasked { $($(#[$unasked_doc:meta])* $unasked:ident $unasked_word:literal,)* }
     asked { $($(#[$asked_doc:meta])* $asked:ident $asked_word:literal,)* }) => {
        /// How a session ended.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Ending {
            $($(#[$unasked_doc])* $unasked,)*
            $($(#[$asked_doc])* $asked,)*
        }

        impl Ending {
            /// Every ending, in the table's order.
            pub const ALL: &[Ending] = &[$(Ending::$unasked,)* $(Ending::$asked,)*];

            /// As the report and the record spell it.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Ending::$unasked => $unasked_word,)*
                    $(Ending::$asked => $asked_word,)*
                }
            }

            /// The inverse of [`Ending::as_str`].
            pub fn parse(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|ending| ending.as_str() == text)
            }
        }
    };
}
endings!(define_ending);

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_ending_has_a_word_of_its_own_and_comes_back_from_it() {
        let words: BTreeSet<&str> = Ending::ALL.iter().map(|e| e.as_str()).collect();
        assert_eq!(words.len(), Ending::ALL.len());
        for ending in Ending::ALL {
            assert_eq!(Ending::parse(ending.as_str()), Some(*ending));
        }
        assert_eq!(Ending::parse("awaitingApproval"), None);
    }
}
