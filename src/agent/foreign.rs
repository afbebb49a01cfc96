//! A conclusion as bytes that anybody may have made.

use super::reply::{Home, understood};
use crate::domain::namespace::Namespace;
use crate::domain::visible::is_hidden;
use serde_json::Value;

/// What is understood has nothing hidden in it, and what is not is said in one line.
pub(crate) fn reply(bytes: &[u8]) {
    let Ok(given) = serde_json::from_slice::<Value>(bytes) else { return };
    let namespace = Namespace::parse("shop").ok();
    for namespace in [namespace.as_ref(), None] {
        match understood(&given, Home { namespace }) {
            Ok(conclusion) => {
                let words = conclusion.causes.iter().flat_map(|cause| [&cause.title, &cause.explanation]);
                assert!(words.into_iter().all(|text| !text.chars().any(is_hidden)), "hidden characters");
                assert!(conclusion.changes.iter().all(|change| change.target().path().is_some()), "a change of what has no path");
            }
            Err(why) => assert!(!why.to_string().chars().any(|c| is_hidden(c) || c == '\n'), "an answer that is more than a line"),
        }
    }
}
