//! The status of a session, as a report has it: made of the one table of endings.

use crate::domain::ending::{Ending, endings};
use schemars::JsonSchema;
use serde::Serialize;

macro_rules! define_status {
    (unasked { $($(#[$unasked_doc:meta])* $unasked:ident $unasked_word:literal,)* }
     asked { $($(#[$asked_doc:meta])* $asked:ident $asked_word:literal,)* }) => {
        /// The status of a session: how it ended, or that it waits for approval.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
        #[expect(missing_docs, reason = "the variants are the report's own words")]
        pub enum Status {
            $(#[serde(rename = $unasked_word)] $unasked,)*
            #[serde(rename = "awaitingApproval")]
            AwaitingApproval,
            $(#[serde(rename = $asked_word)] $asked,)*
        }

        impl Status {
            /// As the report spells it.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Status::$unasked => $unasked_word,)*
                    Status::AwaitingApproval => "awaitingApproval",
                    $(Status::$asked => $asked_word,)*
                }
            }
        }

        impl From<Ending> for Status {
            fn from(ending: Ending) -> Self {
                match ending {
                    $(Ending::$unasked => Status::$unasked,)*
                    $(Ending::$asked => Status::$asked,)*
                }
            }
        }
    };
}
endings!(define_status);
