//! One request and its answer, whole: a stream of events, or one body where a server does not stream.

use super::anthropic::Answer;
use super::attempts::asked_to_wait;
use super::bill::Bill;
use super::connection::Connection;
use super::failure::Failure;
use super::openai::Completion;
use super::patience::Patience;
use super::sse::{Events, LineTooLong};
use crate::domain::dialogue::{Reply, Tokens};
use crate::domain::model_name::Provider;
use bytes::Bytes;
use http::Request;
use http_body::Body as _;
use http_body_util::Full;
use jiff::Timestamp;

/// As much of an answer that is none as is read, in bytes: errors have a few hundred.
const ERROR_BYTES: usize = 64 * 1024;

/// An answer in the making, of either provider.
#[derive(Debug)]
pub(super) enum Reading {
    OpenAi(Completion),
    Anthropic(Answer),
}

impl Reading {
    /// `turn` tells the calls of this answer from those of earlier ones, where a server gives them no ids.
    pub(super) fn new(provider: Provider, turn: usize, longest: usize) -> Self {
        match provider {
            Provider::OpenAi => Self::OpenAi(Completion::new(turn, longest)),
            Provider::Anthropic => Self::Anthropic(Answer::new(turn, longest)),
        }
    }

    fn event(&mut self, data: &str) -> Result<bool, Failure> {
        match self {
            Self::OpenAi(completion) => completion.event(data),
            Self::Anthropic(answer) => answer.event(data),
        }
    }

    fn take(&mut self, body: &[u8]) -> Result<(), Failure> {
        let value = serde_json::from_slice(body).map_err(|error| {
            if error.is_eof() {
                Failure::transport("the answer ended before it was whole")
            } else {
                Failure::protocol("the answer is not JSON")
            }
        })?;
        match self {
            Self::OpenAi(completion) => completion.take(&value),
            Self::Anthropic(answer) => answer.take(&value),
        }
    }

    fn has_stopped(&self) -> bool {
        match self {
            Self::OpenAi(completion) => completion.has_stopped(),
            Self::Anthropic(answer) => answer.has_stopped(),
        }
    }

    /// What it has cost so far: as its provider says, else by the bytes.
    fn so_far(&self, sent: usize) -> Tokens {
        let (said, came) = match self {
            Self::OpenAi(completion) => completion.so_far(),
            Self::Anthropic(answer) => answer.so_far(),
        };
        let estimated = Tokens::estimated(sent, came);
        said.map_or(estimated, |said| Tokens { output: said.output.max(estimated.output), ..said })
    }

    fn finish(self, model: &str) -> Result<Reply, Failure> {
        match self {
            Self::OpenAi(completion) => completion.finish(model),
            Self::Anthropic(answer) => answer.finish(model),
        }
    }
}

/// A body on its way: what its first sign shows it to be, whatever its head calls it.
#[derive(Debug)]
enum Body {
    Unknown,
    Json(Vec<u8>),
    Events(Events),
}

/// The bytes of an answer, as they come.
#[derive(Debug)]
pub(super) struct Incoming {
    body: Body,
    reading: Reading,
    line_bytes: usize,
}

impl Incoming {
    pub(super) fn new(reading: Reading, line_bytes: usize) -> Self {
        Self { body: Body::Unknown, reading, line_bytes }
    }

    /// Takes a piece; `true` when nothing more is needed.
    pub(super) fn take(&mut self, piece: &[u8]) -> Result<bool, Failure> {
        if matches!(self.body, Body::Unknown) {
            match piece.iter().find(|byte| !byte.is_ascii_whitespace()) {
                None => return Ok(false),
                Some(b'{' | b'[') => self.body = Body::Json(Vec::new()),
                Some(_) => self.body = Body::Events(Events::new(self.line_bytes)),
            }
        }
        match &mut self.body {
            Body::Unknown => Ok(false),
            Body::Json(bytes) => {
                bytes.extend_from_slice(piece);
                if bytes.len() > self.line_bytes {
                    Err(Failure::protocol("the answer is larger than what is read of one"))
                } else {
                    Ok(false)
                }
            }
            Body::Events(events) => {
                let complete = events
                    .take(piece)
                    .map_err(|LineTooLong| Failure::protocol("an event of the answer is larger than what is read of one"))?;
                for data in complete {
                    if self.reading.event(&data)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
        }
    }

    /// It has said why it ended: nobody waits long for what follows, and what breaks behind it breaks nothing.
    fn has_stopped(&self) -> bool {
        matches!(self.body, Body::Events(_)) && self.reading.has_stopped()
    }

    /// All of an answer is there, whatever became of its connection.
    fn is_whole(&self) -> bool {
        match &self.body {
            Body::Unknown => false,
            Body::Json(bytes) => serde_json::from_slice::<serde_json::Value>(bytes).is_ok(),
            Body::Events(_) => self.has_stopped(),
        }
    }

    /// The answer, when all has come.
    pub(super) fn finish(mut self, model: &str) -> Result<Reply, Failure> {
        match self.body {
            Body::Unknown => return Err(Failure::protocol("the answer is empty")),
            Body::Json(bytes) => self.reading.take(&bytes)?,
            Body::Events(mut events) => {
                if let Some(data) = events.end() {
                    self.reading.event(&data)?;
                }
            }
        }
        self.reading.finish(model)
    }
}

/// Sends a request, and reads its answer to the end.
pub(super) async fn exchange(
    connection: &Connection,
    request: Request<Full<Bytes>>,
    mut incoming: Incoming,
    bill: &Bill,
    (model, patience, now): (&str, Patience, Timestamp),
) -> Result<Reply, Failure> {
    let sent = request.body().size_hint().exact().and_then(|bytes| usize::try_from(bytes).ok()).unwrap_or_default();
    // From here on it may be counted, also where nobody waits any more.
    bill.open(Tokens::estimated(sent, 0));
    let mut coming = connection.send(request, patience).await?;
    let status = coming.head.status;
    if !status.is_success() {
        let after = asked_to_wait(&coming.head.headers, now);
        let body = coming.beginning(ERROR_BYTES).await;
        return Err(Failure::of_answer(status.as_u16(), after, &body));
    }
    loop {
        let idle = if incoming.has_stopped() { patience.usage.min(patience.idle) } else { patience.idle };
        match coming.piece(idle).await {
            Ok(Some(piece)) => {
                let ended = incoming.take(&piece)?;
                bill.open(incoming.reading.so_far(sent));
                if ended {
                    coming.end().await;
                    break;
                }
            }
            Ok(None) => break,
            Err(_) if incoming.is_whole() => break,
            Err(failure) => return Err(failure),
        }
    }
    incoming.finish(model)
}
