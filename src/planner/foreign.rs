//! What an API server made of a change, as bytes that anybody may have made: for arbitrary bytes in tests, and for fuzzing.

use super::admission::{differences, in_words};
use crate::domain::visible::is_hidden;
use serde_json::Value;

/// The planned object on the first line, and the answer behind it. What is as planned has no difference, and what has none is as planned
/// in either direction.
pub(crate) fn admission(bytes: &[u8]) {
    let mut parts = bytes.splitn(2, |byte| *byte == b'\n');
    let mut object = || parts.next().and_then(|part| serde_json::from_slice::<Value>(part).ok());
    let (Some(planned), Some(answer)) = (object(), object()) else { return };
    for same in [&planned, &answer] {
        assert_eq!(in_words(&differences(same, same, &[])), None, "an object differs from itself");
    }
    let said = in_words(&differences(&planned, &answer, &[]));
    let back = in_words(&differences(&answer, &planned, &[]));
    assert_eq!(said.is_some(), back.is_some(), "a difference in one direction only");
    assert!(!said.is_some_and(|said| said.chars().any(is_hidden)), "hidden characters in what differs");
}
