//! What an investigation may look at: read-only probes over [`ClusterRead`], the same for a model of the operator and for the agent that
//! called. What a look brings is redacted and bounded here, and one that fails says how to ask better.

mod allowed;
pub mod arguments;
mod described;
mod digest;
mod events;
pub(crate) mod first;
mod found;
mod logs;
mod shown;
mod table;

pub use allowed::Allowed;

use crate::domain::excerpt::Excerpt;
use crate::domain::look::Look;
use crate::ports::{ClusterRead, ReadError};
use jiff::Timestamp;

/// How long the text of one observation may be, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Room(usize);

impl Room {
    /// Of a look that somebody asked for: some 2,500 tokens.
    pub(crate) const ASKED: Self = Self(9 * 1024);
    /// Of one that nobody asked for, which stands in every report of something that no rule explains.
    pub(crate) const UNASKED: Self = Self(3 * 1024);
}

/// What one look came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Something was seen, if only that there is nothing.
    Seen {
        /// It.
        text: Excerpt,
        /// What was left out and how to see it, where something was.
        more: Option<String>,
    },
    /// Nothing could be seen; how to ask better, or what would allow it.
    Unseen(String),
}

impl Outcome {
    /// A text, cut at its end where it is too long.
    fn seen(text: &str, room: Room, how_to_see_more: &str) -> Self {
        let excerpt = Excerpt::capture(text, room.0);
        let cut = excerpt.as_str().ends_with('…') && !text.ends_with('…');
        let more = cut.then(|| format!("cut at {} bytes; {how_to_see_more}", room.0));
        Outcome::Seen { text: excerpt, more }
    }
}

/// Looks. What keeps everything from being read, such as a server that is not there, is an error; all else is an answer.
pub(crate) async fn run(look: &Look, room: Room, read: &dyn ClusterRead, allowed: &Allowed, now: Timestamp) -> Result<Outcome, ReadError> {
    if let Some(refused) = allowed.refuses(look) {
        return Ok(Outcome::Unseen(refused));
    }
    let outcome = match look {
        Look::Get { object, field } => described::part(object, field.as_ref(), room, read).await,
        Look::List { kind, namespace, selector } => table::list(kind, namespace.as_ref(), selector.as_deref(), room, read).await,
        Look::Describe(object) => described::whole(object, room, read, now).await,
        Look::Logs { pod, container, previous, contains } => {
            logs::read(pod, container.as_deref(), *previous, contains.as_deref(), room, read).await
        }
        Look::Events { namespace, object } => events::list(namespace.as_ref(), object.as_ref(), room, read, now).await,
    };
    match outcome {
        Err(error) => found::taught(look, error, read).await,
        Ok(outcome) => Ok(outcome),
    }
}
