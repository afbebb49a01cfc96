//! The bytes of one write, made once when the plan is made: shown, hashed, rehearsed and sent as they are.

use std::fmt;

/// The methods that write. There is no other way to name one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Creates.
    Post,
    /// Changes fields.
    Patch,
    /// Removes.
    Delete,
}

impl Method {
    /// As HTTP spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Method::Post => "POST",
            Method::Patch => "PATCH",
            Method::Delete => "DELETE",
        }
    }

    /// The inverse of [`Method::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        [Method::Post, Method::Patch, Method::Delete].into_iter().find(|m| m.as_str() == text)
    }

    /// The media type of the body.
    pub fn content_type(self) -> &'static str {
        match self {
            Method::Patch => "application/json-patch+json",
            Method::Post | Method::Delete => "application/json",
        }
    }
}

/// A write, byte for byte.
#[derive(Clone, PartialEq, Eq)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// Path and query, without `dryRun`: rehearsing adds that.
    pub path: String,
    /// The body, JSON.
    pub body: String,
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} ({} bytes)", self.method.as_str(), self.path, self.body.len())
    }
}
