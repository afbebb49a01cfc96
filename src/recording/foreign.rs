//! A recording's file, as bytes that anybody may have made.

use super::form::{read, written};

/// What is read is written as what is read again, and has nothing of a Secret in its lists.
pub(crate) fn file(bytes: &[u8]) {
    let Ok(recording) = read(&String::from_utf8_lossy(bytes)) else { return };
    assert!(recording.lists.iter().all(|list| list.kind.is_readable()), "a list of what is never read");
    let text = written(&recording).unwrap_or_default();
    assert_eq!(read(&text).as_ref(), Ok(&recording), "written as another recording");
}
