//! The client's lines, one after the other. One that is too long is never held: it is dropped as it comes, up to its end.

use std::io;
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};

/// What was taken.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Taken {
    /// A line, without its end.
    Line(Vec<u8>),
    /// One that is longer than any may be. What is left of it is dropped.
    TooLong,
    /// The client closed its side. A line whose end did not come is not a line.
    End,
}

/// Where lines come from.
pub(super) struct Inlet<R> {
    reader: BufReader<R>,
    /// What has come of a line.
    line: Vec<u8>,
    /// What comes belongs to a line that was too long.
    dropping: bool,
    most: usize,
}

impl<R: AsyncRead + Unpin> Inlet<R> {
    /// Lines of at most so many bytes.
    pub(super) fn new(reader: R, most: usize) -> Self {
        Self { reader: BufReader::new(reader), line: Vec::new(), dropping: false, most }
    }

    /// The next line. When the future is dropped, nothing that came is lost: what was taken out of the reader is kept here.
    pub(super) async fn take(&mut self) -> io::Result<Taken> {
        loop {
            let came = self.reader.fill_buf().await?;
            if came.is_empty() {
                return Ok(Taken::End);
            }
            let end = came.iter().position(|byte| *byte == b'\n');
            let part = end.and_then(|end| came.get(..end)).unwrap_or(came);
            let fits = self.line.len().saturating_add(part.len()) <= self.most;
            if fits && !self.dropping {
                self.line.extend_from_slice(part);
            }
            let consumed = end.map_or(part.len(), |end| end.saturating_add(1));
            self.reader.consume(consumed);
            match (end, self.dropping, fits) {
                (Some(_), true, _) => self.dropping = false,
                (None, true, _) | (None, false, true) => {}
                (Some(_), false, true) => return Ok(Taken::Line(std::mem::take(&mut self.line))),
                (_, false, false) => {
                    self.line = Vec::new();
                    self.dropping = end.is_none();
                    return Ok(Taken::TooLong);
                }
            }
        }
    }
}
