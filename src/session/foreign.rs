//! A stored session as bytes that anybody may have written: for arbitrary bytes in tests, and for fuzzing.

use super::record::{read, write};
use crate::domain::cause::KnownCodes;

/// What can be read can be written, and reads the same again.
pub(crate) fn record(bytes: &[u8], known: KnownCodes) {
    let Ok(session) = read(bytes, known) else { return };
    let written = write(&session);
    assert!(written.is_ok(), "a session that was read cannot be written");
    let again = written.and_then(|bytes| read(&bytes, known));
    assert_eq!(again.as_ref(), Ok(&session), "a session comes back as another one");
}
