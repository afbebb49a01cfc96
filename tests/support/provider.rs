//! A provider of language models on loopback: HTTP by hand, so that it can also answer as no server should. It plays a script, one answer
//! for each request, the last one for ever, or answers what it was told to make of each; and it remembers what it was asked.

use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// What is done on a connection, one after the other; then it is closed.
#[derive(Debug, Clone)]
pub(crate) enum Act {
    /// Sends these bytes.
    Send(Vec<u8>),
    /// Sends the same bytes so often, with this long between them.
    Drip(Vec<u8>, usize, Duration),
    /// Does nothing any more, for ever.
    Hang,
    /// Breaks the connection.
    Reset,
    /// Leaves the connection open for the next request.
    Next,
}

/// An answer: what is done once a request has come.
pub(crate) type Answer = Vec<Act>;

/// What is made of a request, and of how many came before it.
type Answers = dyn Fn(usize, &Asked) -> Answer + Send + Sync;

/// A request as it came.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    /// `POST /v1/messages HTTP/1.1`.
    pub(crate) line: String,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    /// The body.
    pub(crate) body: Value,
}

impl Asked {
    /// A header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// The provider; it ends with its value.
#[derive(Debug)]
pub(crate) struct FakeProvider {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
    gone: Arc<Mutex<usize>>,
    task: JoinHandle<()>,
}

impl Drop for FakeProvider {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl FakeProvider {
    /// Plays these.
    pub(crate) async fn playing(answers: Vec<Answer>) -> Self {
        Self::answering(move |at, _| answers.get(at).or(answers.last()).cloned().unwrap_or_default()).await
    }

    /// Makes an answer of each request.
    pub(crate) async fn answering(with: impl Fn(usize, &Asked) -> Answer + Send + Sync + 'static) -> Self {
        let answers: Arc<Answers> = Arc::new(with);
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let (asked, gone) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Mutex::new(0)));
        let (address, seen, left) = (listener.local_addr().unwrap(), asked.clone(), gone.clone());
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (answers, seen, left) = (answers.clone(), seen.clone(), left.clone());
                tokio::spawn(async move {
                    play(stream, answers.as_ref(), &seen).await;
                    *left.lock().unwrap() += 1;
                });
            }
        });
        Self { address, asked, gone, task }
    }

    /// Plays this one answer.
    pub(crate) async fn saying(answer: Answer) -> Self {
        Self::playing(vec![answer]).await
    }

    /// The root of its API.
    pub(crate) fn root(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// What it was asked so far.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    /// How many connections have ended, by either side.
    pub(crate) fn gone(&self) -> usize {
        *self.gone.lock().unwrap()
    }
}

async fn play(mut stream: TcpStream, answers: &Answers, seen: &Mutex<Vec<Asked>>) {
    while one(&mut stream, answers, seen).await {}
}

/// Answers one request; whether the connection is open for another one.
async fn one(stream: &mut TcpStream, answers: &Answers, seen: &Mutex<Vec<Asked>>) -> bool {
    let Some(request) = request(stream).await else { return false };
    let at = {
        let mut seen = seen.lock().unwrap();
        seen.push(request.clone());
        seen.len() - 1
    };
    for act in answers(at, &request) {
        match act {
            Act::Send(bytes) => {
                if stream.write_all(&bytes).await.is_err() {
                    return false;
                }
            }
            Act::Drip(bytes, times, pause) => {
                for _ in 0..times {
                    if stream.write_all(&bytes).await.is_err() {
                        return false;
                    }
                    if !pause.is_zero() {
                        tokio::time::sleep(pause).await;
                    }
                }
            }
            Act::Hang => {
                // Until the other side goes.
                let mut nothing = [0; 64];
                while stream.read(&mut nothing).await.is_ok_and(|read| read > 0) {}
                return false;
            }
            Act::Reset => {
                stream.set_zero_linger().unwrap();
                return false;
            }
            Act::Next => return true,
        }
    }
    let _closed = stream.shutdown().await;
    false
}

async fn request(stream: &mut TcpStream) -> Option<Asked> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(at) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break at;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let mut lines = head.lines();
    let line = lines.next()?.to_owned();
    let headers: Vec<(String, String)> =
        lines.filter_map(|line| line.split_once(": ")).map(|(name, value)| (name.to_lowercase(), value.to_owned())).collect();
    let length: usize = headers.iter().find(|(name, _)| name == "content-length").map_or(0, |(_, value)| value.parse().unwrap());
    while bytes.len() < end + 4 + length {
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
    let body = serde_json::from_slice(&bytes[end + 4..end + 4 + length]).unwrap_or(Value::Null);
    Some(Asked { line, headers, body })
}

/// Bytes with a head before them that names their length.
pub(crate) fn answer(status: u16, headers: &[(&str, &str)], body: &[u8]) -> Answer {
    let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let mut bytes = format!("HTTP/1.1 {status} x\r\nconnection: close\r\n{headers}content-length: {}\r\n\r\n", body.len()).into_bytes();
    bytes.extend_from_slice(body);
    vec![Act::Send(bytes)]
}

/// JSON.
pub(crate) fn json_answer(status: u16, body: &Value) -> Answer {
    answer(status, &[("content-type", "application/json")], body.to_string().as_bytes())
}

/// The head of a stream of events that ends with the connection.
pub(crate) fn stream_head() -> Vec<u8> {
    b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-type: text/event-stream; charset=utf-8\r\n\r\n".to_vec()
}

/// A stream of these bytes, whatever they are.
pub(crate) fn stream(text: &str) -> Answer {
    vec![Act::Send(stream_head()), Act::Send(text.as_bytes().to_vec())]
}

/// The events of a stream.
pub(crate) fn events(events: &[Value]) -> String {
    events.iter().map(|event| format!("data: {event}\n\n")).collect()
}

/// No two calls have the same one.
fn next_id(begins: &str) -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(1);
    format!("{begins}_{}", NUMBER.fetch_add(1, Ordering::Relaxed))
}

/// Chat completions.
pub(crate) mod openai {
    use super::{Answer, Value, events, json, next_id, stream};

    /// A piece of a stream.
    pub(crate) fn piece(delta: Value, finish: Option<&str>) -> Value {
        json!({"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "m",
               "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]})
    }

    /// What it cost.
    pub(crate) fn usage(input: u64, cached: u64, output: u64) -> Value {
        json!({"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [], "usage": {"prompt_tokens": input, "completion_tokens": output, "total_tokens": input + output,
               "prompt_tokens_details": {"cached_tokens": cached}}})
    }

    /// Calls of tools, each with its arguments.
    pub(crate) fn calls(calls: &[(&str, &Value)]) -> Answer {
        let one = |(at, (name, arguments)): (usize, &(&str, &Value))| {
            json!({"index": at, "id": next_id("call"), "type": "function",
                   "function": {"name": name, "arguments": arguments.to_string()}})
        };
        let all: Vec<Value> = calls.iter().enumerate().map(one).collect();
        let pieces =
            [piece(json!({"role": "assistant", "tool_calls": all}), None), piece(json!({}), Some("tool_calls")), usage(3_000, 1_000, 50)];
        stream(&format!("{}data: [DONE]\n\n", events(&pieces)))
    }

    /// Words, as OpenAI streams them.
    pub(crate) fn words(text: &str) -> Answer {
        let pieces = [
            piece(json!({"role": "assistant", "content": ""}), None),
            piece(json!({"content": text}), None),
            piece(json!({}), Some("stop")),
            usage(12, 8, 3),
        ];
        stream(&format!("{}data: [DONE]\n\n", events(&pieces)))
    }
}

/// Messages.
pub(crate) mod anthropic {
    use super::{Answer, Value, events, json, next_id, stream};

    /// The first event.
    pub(crate) fn start() -> Value {
        json!({"type": "message_start", "message": {"id": "m1", "type": "message", "role": "assistant", "model": "m", "content": [],
               "stop_reason": null, "usage": {"input_tokens": 5, "cache_read_input_tokens": 40, "cache_creation_input_tokens": 7, "output_tokens": 1}}})
    }

    /// The last ones.
    pub(crate) fn end(reason: &str) -> [Value; 2] {
        [
            json!({"type": "message_delta", "delta": {"stop_reason": reason, "stop_sequence": null}, "usage": {"output_tokens": 9}}),
            json!({"type": "message_stop"}),
        ]
    }

    /// A block of these pieces.
    pub(crate) fn block(index: u64, begins: Value, deltas: &[Value]) -> Vec<Value> {
        let mut out = vec![json!({"type": "content_block_start", "index": index, "content_block": begins})];
        out.extend(deltas.iter().map(|delta| json!({"type": "content_block_delta", "index": index, "delta": delta})));
        out.push(json!({"type": "content_block_stop", "index": index}));
        out
    }

    /// These blocks, and why it ended.
    pub(crate) fn message(blocks: Vec<Vec<Value>>, reason: &str) -> Answer {
        let all: Vec<Value> =
            [start(), json!({"type": "ping"})].into_iter().chain(blocks.into_iter().flatten()).chain(end(reason)).collect();
        stream(&events(&all))
    }

    /// Calls of tools, each with its arguments.
    pub(crate) fn calls(calls: &[(&str, &Value)]) -> Answer {
        let one = |(at, (name, arguments)): (u64, &(&str, &Value))| {
            let begins = json!({"type": "tool_use", "id": next_id("toolu"), "name": name, "input": {}});
            block(at, begins, &[json!({"type": "input_json_delta", "partial_json": arguments.to_string()})])
        };
        message((0..).zip(calls).map(one).collect(), "tool_use")
    }

    /// Words.
    pub(crate) fn words(text: &str) -> Answer {
        message(vec![block(0, json!({"type": "text", "text": ""}), &[json!({"type": "text_delta", "text": text})])], "end_turn")
    }
}
