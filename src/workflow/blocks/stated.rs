//! What a question says of a cause that somebody states: what suffers and what they cite, as this program saw it. Their own words are
//! none of it, and come last.

use crate::domain::excerpt::Excerpt;
use crate::domain::proposal::QUOTED;
use crate::domain::visible;
use crate::workflow::report::{CauseView, EvidenceView, ObjectView};

/// What suffers that is listed.
const SUFFERS: usize = 5;

/// Above everything else of it.
pub(super) const TITLE: &str = "Proposed by the one that investigated; no rule found the cause";
/// Above what they say.
pub(super) const SAID: &str = "Their words, which nobody verified";

/// Whether no rule found it.
pub(super) fn is_stated(cause: &CauseView) -> bool {
    cause.source != "rule"
}

/// How much it can be believed, and what to do with that.
pub(super) fn caution(cause: &CauseView) -> String {
    let percent = cause.confidence * 100.0;
    format!(
        "Believed to {percent:.0}%: as sure as they say they are, and at most what is cited carries. Approve the change only if it makes sense to you without their words."
    )
}

/// A line for each thing that suffers.
pub(super) fn suffers(cause: &CauseView) -> Vec<String> {
    let line =
        |symptom: &crate::workflow::report::SymptomView| visible::in_words(&format!("{}: {}", named(&symptom.object), symptom.summary));
    cause.symptoms.iter().take(SUFFERS).map(line).collect()
}

/// A line for each piece that is cited, with when it was seen: it may be older than what suffers now.
pub(super) fn cited(cause: &CauseView, evidence: &[EvidenceView]) -> Vec<String> {
    let cited = evidence.iter().filter(|piece| cause.evidence.contains(&piece.id)).map(|piece| {
        let about = piece.object.as_ref().map(|object| format!(", {}", named(object))).unwrap_or_default();
        let field = piece.field.as_ref().map(|field| format!(", {field}")).unwrap_or_default();
        let at = piece.seen_at.split('.').next().unwrap_or_default();
        let at = at.trim_end_matches('Z');
        let text = Excerpt::said_within(&piece.text, QUOTED);
        visible::in_words(&format!("{} ({}{about}{field}, seen at {at}Z): {text}", piece.id, piece.source))
    });
    cited.collect()
}

fn named(object: &ObjectView) -> String {
    match &object.namespace {
        Some(namespace) => format!("{} {namespace}/{}", object.kind, object.name),
        None => format!("{} {}", object.kind, object.name),
    }
}
