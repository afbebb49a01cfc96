//! One type per kind of id, so that a plan's id cannot stand where a session's is wanted.

use std::fmt;

/// An id that is not of the expected form.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{given}` is not a {what} id")]
pub struct InvalidId {
    what: &'static str,
    given: String,
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $what:literal, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// An id made of 128 random bits.
            pub fn from_entropy(bits: [u8; 16]) -> Self {
                let mut text = String::from($prefix);
                for byte in bits {
                    text.push_str(&format!("{byte:02x}"));
                }
                Self(text)
            }

            /// Takes text back in; anything but the exact form is refused (no path, no wildcard gets through).
            ///
            /// # Errors
            /// The text is not such an id.
            pub fn parse(text: &str) -> Result<Self, InvalidId> {
                let well_formed = text.strip_prefix($prefix).is_some_and(|rest| {
                    rest.len() == 32 && rest.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
                });
                if well_formed {
                    Ok(Self(text.to_owned()))
                } else {
                    Err(InvalidId { what: $what, given: text.chars().take(80).collect() })
                }
            }

            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

id!(
    /// A session: one issue from the first look to its end. `s-` and 32 hexadecimal digits.
    SessionId, "session", "s-"
);
/// Digits of a session's id that no two sessions have in common by accident.
const TELLING: usize = 8;

/// A session's id, or as much of its beginning as tells it from every other one: for a reader who types it, never for an approval.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionStart(String);

impl SessionStart {
    /// The shortest one of a session.
    pub fn of(id: &SessionId) -> Self {
        Self(id.as_str().chars().take(TELLING.saturating_add("s-".len())).collect())
    }

    /// Takes text back in.
    ///
    /// # Errors
    /// No id begins so, or too many could.
    pub fn parse(text: &str) -> Result<Self, InvalidId> {
        let digits = text.strip_prefix("s-").unwrap_or_default();
        let well_formed = digits.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        if well_formed && (TELLING..=32).contains(&digits.len()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidId { what: "session", given: text.chars().take(80).collect() })
        }
    }

    /// Where it is a whole id.
    pub fn whole(&self) -> Option<SessionId> {
        SessionId::parse(&self.0).ok()
    }

    /// Whether the id begins so.
    pub fn begins(&self, id: &SessionId) -> bool {
        id.as_str().starts_with(&self.0)
    }

    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SessionStart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

id!(
    /// A plan: what the stamp annotation on a changed object names. `p-` and 32 hexadecimal digits.
    PlanId, "plan", "p-"
);
