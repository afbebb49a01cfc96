//! A recording as a file, and as a cluster that can be looked at: it answers what was read, and says of all else that it was not.

#[cfg(any(test, fuzzing))]
pub(crate) mod foreign;
mod form;
mod replay;

pub use form::{NotARecording, read, read_file, written};
pub use replay::Replay;
