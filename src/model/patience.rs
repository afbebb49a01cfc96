//! How long a provider is waited for, and how much of its answer is read.

use std::time::Duration;

/// Times and sizes of one prompt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// Until there is a connection: packets to the other side of the world and back, several times.
    pub connect: Duration,
    /// Until the head of an answer. Some proxies send it only once the whole answer is there.
    pub first_byte: Duration,
    /// Between two pieces of an answer. A model that thinks sends nothing meanwhile at some providers.
    pub idle: Duration,
    /// For what an answer cost, once it has said why it ended: some servers never close, or have no last mark.
    pub usage: Duration,
    /// For everything, attempts and waits between them included.
    pub whole: Duration,
    /// Before the second attempt; before each further one twice as long.
    pub pause: Duration,
    /// The longest wait that a provider can ask for; if it wants more, the answer is that its limit is reached.
    pub longest_pause: Duration,
    /// How often the same is sent at most.
    pub attempts: u32,
    /// The longest answer, in bytes as they come: a thousand times the words of one, since each comes in an envelope of its own.
    pub answer_bytes: usize,
    /// The longest line of a stream, in bytes: a whole answer in one event.
    pub line_bytes: usize,
    /// The longest text, arguments and opaque blocks of an answer together, in bytes.
    pub reply_bytes: usize,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            first_byte: Duration::from_secs(120),
            idle: Duration::from_secs(120),
            usage: Duration::from_secs(2),
            whole: Duration::from_secs(300),
            pause: Duration::from_millis(500),
            longest_pause: Duration::from_secs(30),
            attempts: 3,
            answer_bytes: 16 * 1024 * 1024,
            line_bytes: 2 * 1024 * 1024,
            reply_bytes: 1024 * 1024,
        }
    }
}
