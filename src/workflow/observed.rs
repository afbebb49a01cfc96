//! An observation as it is shown: part of a report, and the answer to a look.

use super::fenced::fenced;
use schemars::JsonSchema;
use serde::Serialize;

/// What a look at the cluster brought, for an investigation.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ObservationView {
    /// `o1`, `o2`, …: valid in this session; absent where nothing was seen.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub id: Option<String>,
    /// The look, as somebody would type it.
    pub asked: String,
    /// What was seen, redacted and cut to a limit; or why nothing was, and how to ask better.
    pub text: String,
    /// What was left out, and how to see it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub more: Option<String>,
    /// When, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub seen_at: Option<String>,
}

impl ObservationView {
    /// What was seen between fences, since there are clients that hand on nothing else; why nothing was seen is in our words.
    #[must_use]
    pub(crate) fn between_fences(self) -> Self {
        let text = if self.id.is_some() { fenced("", &self.text) } else { self.text };
        Self { text, ..self }
    }
}
