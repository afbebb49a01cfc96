//! A configuration file as bytes that anybody may have written: for arbitrary bytes in tests, and for fuzzing.

use super::file;
use std::path::Path;

/// A file at the usual place.
pub(crate) fn file(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    if let Ok(given) = file::parse(&text, Path::new("/home/user/.config/kubemend/config.yaml"), Some(Path::new("/home/user"))) {
        // What is wrong with a value is said, and is no panic.
        super::limits(&given).ok();
        super::model::options(&given, &super::Environment::default()).ok();
    }
}
