//! What goes to the client: whole lines, one after the other. A line whose sender went away is finished by the next one.

use super::super::bounds::STALLED;
use std::io;
use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::time::{Instant, timeout_at};

/// Where lines go.
pub(super) struct Outlet<W> {
    writer: W,
    /// What is not written yet, after the first `written` bytes.
    lines: Vec<u8>,
    written: usize,
    /// When the client last took something, or was first offered what waits.
    taken: Instant,
}

impl<W: AsyncWrite + Unpin> Outlet<W> {
    pub(super) fn new(writer: W) -> Self {
        Self { writer, lines: Vec::new(), written: 0, taken: Instant::now() }
    }

    /// Adds a message. Between the parts of JSON a line's end means nothing, and here it would end the message.
    pub(super) fn put(&mut self, message: &[u8]) {
        if self.lines.is_empty() {
            self.taken = Instant::now();
        }
        self.lines.extend(message.iter().map(|byte| if *byte == b'\n' { b' ' } else { *byte }));
        self.lines.push(b'\n');
    }

    /// Writes what waits. When the future is dropped, what is not written still waits.
    pub(super) async fn flush(&mut self) -> io::Result<()> {
        while let Some(rest) = self.lines.get(self.written..).filter(|rest| !rest.is_empty()) {
            let taken = in_time(self.taken, self.writer.write(rest)).await?;
            if taken == 0 {
                return Err(io::ErrorKind::WriteZero.into());
            }
            self.written = self.written.saturating_add(taken);
            self.taken = Instant::now();
        }
        self.lines = Vec::new();
        self.written = 0;
        in_time(self.taken, self.writer.flush()).await
    }
}

/// Nobody reads whoever takes nothing for so long.
async fn in_time<T>(since: Instant, write: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    let until = since.checked_add(STALLED).unwrap_or(since);
    timeout_at(until, write).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}
