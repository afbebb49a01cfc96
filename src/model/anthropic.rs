//! Anthropic's Messages, with its cache of prompts.

mod reply;
mod request;

pub(super) use reply::Answer;
pub(super) use request::body;

/// Where messages are, below the root of the API.
pub(super) const PATH: &str = "/messages";
/// The version of the API that is spoken: the newest that there is, and since 2023 the only one.
pub(super) const VERSION: &str = "2023-06-01";
