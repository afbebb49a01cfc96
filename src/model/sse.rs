//! Server-sent events out of bytes as they come: only the data of each, since both providers say in it what it is.

/// A line is longer than any is read.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct LineTooLong;

/// Takes bytes apart into events.
#[derive(Debug)]
pub(super) struct Events {
    /// The beginning of a line whose end has not come.
    line: Vec<u8>,
    /// The data of an event whose end has not come.
    data: Option<String>,
    longest: usize,
    /// The last line ended in a carriage return: a line feed that follows belongs to it.
    after_return: bool,
}

impl Events {
    pub(super) fn new(longest: usize) -> Self {
        Self { line: Vec::new(), data: None, longest, after_return: false }
    }

    /// The data of the events that these bytes complete.
    pub(super) fn take(&mut self, bytes: &[u8]) -> Result<Vec<String>, LineTooLong> {
        let mut out = Vec::new();
        for part in bytes.split_inclusive(|byte| matches!(byte, b'\n' | b'\r')) {
            let (text, end) = match part.split_last() {
                Some((end @ (b'\n' | b'\r'), text)) => (text, Some(*end)),
                _ => (part, None),
            };
            let rest_of_an_end = std::mem::take(&mut self.after_return) && text.is_empty() && end == Some(b'\n');
            if rest_of_an_end {
                continue;
            }
            let waits = self.line.len().saturating_add(self.data.as_ref().map_or(0, String::len));
            if waits.saturating_add(text.len()) > self.longest {
                return Err(LineTooLong);
            }
            self.line.extend_from_slice(text);
            if let Some(end) = end {
                self.after_return = end == b'\r';
                let line = std::mem::take(&mut self.line);
                out.extend(self.line_ended(&String::from_utf8_lossy(&line)));
            }
        }
        Ok(out)
    }

    /// The data of an event that nothing ended: some servers close after the last line.
    pub(super) fn end(&mut self) -> Option<String> {
        let line = std::mem::take(&mut self.line);
        let ended = if line.is_empty() { None } else { self.line_ended(&String::from_utf8_lossy(&line)) };
        ended.or_else(|| self.data.take())
    }

    fn line_ended(&mut self, line: &str) -> Option<String> {
        if line.is_empty() {
            return self.data.take();
        }
        // A comment keeps the connection alive; `event`, `id` and `retry` say nothing that is needed.
        if let Some(data) = line.strip_prefix("data:") {
            let data = data.strip_prefix(' ').unwrap_or(data);
            match &mut self.data {
                Some(before) => {
                    before.push('\n');
                    before.push_str(data);
                }
                None => self.data = Some(data.to_owned()),
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STREAM: &str = ": hello\nevent: a\ndata: {\"x\":\ndata: 1}\r\n\r\ndata:two\n\n\n: ping\n\nid: 7\rdata: drei €\r\rdata: last";

    fn all(pieces: &[&[u8]]) -> Vec<String> {
        let mut events = Events::new(1_000);
        let mut out: Vec<String> = pieces.iter().flat_map(|piece| events.take(piece).unwrap()).collect();
        out.extend(events.end());
        out
    }

    #[test]
    fn events_are_the_same_wherever_the_bytes_are_split() {
        let whole = all(&[STREAM.as_bytes()]);
        assert_eq!(whole, ["{\"x\":\n1}", "two", "drei €", "last"]);
        for at in 0..STREAM.len() {
            let (first, last) = STREAM.as_bytes().split_at(at);
            assert_eq!(all(&[first, last]), whole, "{at}");
        }
        let single: Vec<&[u8]> = STREAM.as_bytes().chunks(1).collect();
        assert_eq!(all(&single), whole);
    }

    #[test]
    fn line_or_event_that_never_ends_is_not_kept() {
        let mut events = Events::new(100);
        assert_eq!(events.take(&[b'x'; 101]), Err(LineTooLong));
        let mut events = Events::new(100);
        let mut taken = Ok(Vec::new());
        for _ in 0..20 {
            taken = taken.and_then(|_| events.take(b"data: 12345678\n"));
        }
        assert_eq!(taken, Err(LineTooLong));
    }
}
