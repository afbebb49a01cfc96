//! Chat completions, as OpenAI has them and everything that is compatible with it: the portable subset of requests, and answers in all
//! the forms in which such servers write them.

mod reply;
mod request;

pub(super) use reply::Completion;
pub(super) use request::{Dialect, body};

/// Where chat completions are, below the root of the API.
pub(super) const PATH: &str = "/chat/completions";
