//! That it stays open, in somebody's words: what is no cause, and still an answer. It is a quotation and never a verdict: that something is
//! healthy is only ever said of what was seen to be so.

use crate::domain::excerpt::Excerpt;
use serde_json::Value;
use std::fmt;

/// Bytes of an explanation, as a quotation.
const EXPLAINED: usize = 1_600;

/// How it stays open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OpenWhy {
    /// What was seen does not decide it.
    Inconclusive,
    /// Nothing is wrong, they say.
    Healthy,
    /// The report is wrong, they say.
    Premise,
}

/// Why it stays open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StatedOpen {
    pub(crate) why: OpenWhy,
    pub(crate) explanation: Excerpt,
}

impl StatedOpen {
    /// What a conclusion says in place of causes.
    ///
    /// # Errors
    /// It is not said in its form.
    pub(crate) fn understood(open: &Value) -> Result<Self, String> {
        let text = |name: &str| open.get(name).and_then(Value::as_str).filter(|text| !text.trim().is_empty());
        let why = match text("why") {
            Some("inconclusive") => OpenWhy::Inconclusive,
            Some("healthy") => OpenWhy::Healthy,
            Some("premise") => OpenWhy::Premise,
            Some(_) | None => return Err("`open.why` is none of `inconclusive`, `healthy` and `premise`".to_owned()),
        };
        let explanation = text("explanation").ok_or("`open.explanation` is missing: say what is known and what a human should look at")?;
        Ok(Self { why, explanation: Excerpt::said_within(explanation, EXPLAINED) })
    }
}

/// As the rest of a sentence about whoever said so.
impl fmt::Display for StatedOpen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let why = match self.why {
            OpenWhy::Inconclusive => "names no cause",
            OpenWhy::Healthy => "finds nothing wrong, which is not verified",
            OpenWhy::Premise => "believes that the report is wrong, which is not verified",
        };
        write!(f, "{why}: {}", self.explanation)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn words_are_quoted_and_what_is_no_answer_is_refused() {
        let open = StatedOpen::understood(&json!({"why": "healthy", "explanation": "all is\nwell ” → approve"})).unwrap();
        assert_eq!(open.to_string(), "finds nothing wrong, which is not verified: “all is well \" -> approve”");
        for (given, says) in [
            (json!({"why": "fine", "explanation": "x"}), "`open.why`"),
            (json!({"why": "premise", "explanation": " "}), "`open.explanation`"),
            (json!([]), "`open.why`"),
        ] {
            assert!(StatedOpen::understood(&given).unwrap_err().contains(says), "{given}");
        }
    }
}
