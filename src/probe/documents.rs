//! Texts that are documents: YAML and JSON in a value of a ConfigMap, in an annotation, or as the lines of a log. They are masked by
//! their structure, and written again only where that hides something.

use crate::domain::masked::Masked;
use serde_json::Value;

/// A longer text is masked as a text alone: documents that somebody reads are shorter.
const LONGEST: usize = 256 * 1024;
/// Lines that are looked into.
const LINES: usize = 4_000;

/// The text, masked also as the documents that it is or that its lines are; `mask`: what is shown of one.
pub(super) fn masked(text: &str, mask: &dyn Fn(Value) -> Value) -> Masked {
    if let Some(opened) = opened(text, mask) {
        return Masked::whole(&opened);
    }
    // First what stands in several lines: a line alone shows nothing of it, and written again it would read in another way.
    let whole = Masked::whole(text);
    match lines_opened(&whole, text, mask) {
        Some(opened) => Masked::whole(&opened),
        None => whole,
    }
}

/// The documents without what their structure says is a credential; none where they are no documents, or hold none.
fn opened(text: &str, mask: &dyn Fn(Value) -> Value) -> Option<String> {
    if text.len() > LONGEST {
        return None;
    }
    let begin = text.trim_start();
    if begin.starts_with(['{', '['])
        && let Ok(value) = serde_json::from_str::<Value>(begin)
    {
        let shown = mask(value.clone());
        return (shown != value).then(|| shown.to_string());
    }
    // Of a line, a name and a sign is as often a sentence.
    if !text.contains('\n') || !text.contains(':') {
        return None;
    }
    let documents: Vec<Value> = serde_saphyr::from_multiple(text).ok()?;
    if !documents.iter().any(|document| document.is_object() || document.is_array()) {
        return None;
    }
    let shown: Vec<Value> = documents.iter().map(|document| mask(document.clone())).collect();
    if shown == documents {
        return None;
    }
    let written: Option<Vec<String>> = shown.iter().map(|document| serde_saphyr::to_string(document).ok()).collect();
    Some(written?.join("---\n"))
}

/// The same of each line that is an object; one that is none any more, since a number is hidden in it, is opened as it was.
fn lines_opened(whole: &Masked, raw: &str, mask: &dyn Fn(Value) -> Value) -> Option<String> {
    let mut hid = false;
    let mut left = LINES;
    let text = whole.as_str();
    let same = text.split_inclusive('\n').count() == raw.split_inclusive('\n').count();
    let mut before = raw.split_inclusive('\n').filter(|_| same);
    let opened = |line: &str| {
        let was = before.next().unwrap_or(line).trim();
        let inner = line.trim();
        if !inner.starts_with('{') || !inner.ends_with('}') || left == 0 {
            return line.to_owned();
        }
        left = left.saturating_sub(1);
        let is_one = serde_json::from_str::<Value>(inner).is_ok();
        match opened(if is_one { inner } else { was }, mask) {
            Some(shown) => {
                hid = true;
                format!("{shown}\n")
            }
            None => line.to_owned(),
        }
    };
    let lines: String = text.split_inclusive('\n').map(opened).collect();
    hid.then_some(lines)
}
