//! Clients: rmcp's own, in each of its lifecycle modes, with a human who answers as told; and a bare one that writes lines.

use super::double::{Double, World};
use kubemend::mcp::serve_over;
use rmcp::model::{
    CallToolRequestParams, CallToolResult, ClientCapabilities, ClientConfig, ElicitRequestParams, ElicitResult, ElicitationAction,
    ErrorData, Implementation, ProtocolVersion,
};
use rmcp::service::{RequestContext, RunningService};
use rmcp::{ClientHandler, ClientLifecycleMode, ClientServiceExt, RoleClient};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, DuplexStream, Lines, ReadHalf, WriteHalf};
use tokio_util::sync::CancellationToken;

pub(crate) const MODERN: &str = "2026-07-28";

pub(crate) fn modes() -> [ClientLifecycleMode; 3] {
    [
        ClientLifecycleMode::Initialize,
        ClientLifecycleMode::Discover { preferred_versions: vec![ProtocolVersion::V_2026_07_28] },
        ClientLifecycleMode::Auto { preferred_versions: vec![ProtocolVersion::V_2026_07_28], legacy_version: None },
    ]
}

/// What the human does with the question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Says {
    Yes,
    /// Presses accept, but chooses nothing.
    Unchecked,
    /// Accepts the choice to change nothing.
    ChangesNothing,
    No,
    Closes,
    Never,
    /// The client answers the request with an error.
    Fails,
}

/// A person needs longer than this to read a plan.
pub(crate) const READS: Duration = Duration::from_millis(600);

/// The value of the form's choice with this place.
pub(crate) fn choice(form: &Value, place: usize) -> String {
    let field = &form["properties"]["decision"];
    field["oneOf"][place]["const"].as_str().or(field["enum"][place].as_str()).unwrap_or_else(|| panic!("no choice: {form}")).to_owned()
}

#[derive(Clone)]
pub(crate) struct Human {
    pub(crate) says: Says,
    pub(crate) can_be_asked: bool,
    /// How long it takes to answer.
    pub(crate) after: Duration,
    pub(crate) asked: Arc<Mutex<Vec<String>>>,
}

impl Human {
    pub(crate) fn who(says: Says) -> Self {
        Self { says, can_be_asked: true, after: READS, asked: Arc::default() }
    }

    /// Nobody: the client answers by itself.
    pub(crate) fn at_once(says: Says) -> Self {
        Self { after: Duration::from_millis(5), ..Self::who(says) }
    }

    pub(crate) fn unreachable() -> Self {
        Self { can_be_asked: false, ..Self::who(Says::Yes) }
    }
}

impl ClientHandler for Human {
    async fn create_elicitation(&self, request: ElicitRequestParams, _: RequestContext<RoleClient>) -> Result<ElicitResult, ErrorData> {
        let ElicitRequestParams::FormElicitationParams { message, requested_schema, .. } = request else { panic!("not a form") };
        self.asked.lock().unwrap().push(message);
        tokio::time::sleep(self.after).await;
        let form = serde_json::to_value(&requested_schema).unwrap();
        let accepted = |place| ElicitResult::new(ElicitationAction::Accept).with_content(json!({"decision": choice(&form, place)}));
        Ok(match self.says {
            Says::Yes => accepted(1),
            Says::ChangesNothing => accepted(0),
            Says::Unchecked => ElicitResult::new(ElicitationAction::Accept),
            Says::No => ElicitResult::new(ElicitationAction::Decline),
            Says::Closes => ElicitResult::new(ElicitationAction::Cancel),
            Says::Never => std::future::pending().await,
            Says::Fails => return Err(ErrorData::internal_error("this client has no dialog", None)),
        })
    }

    fn get_info(&self) -> ClientConfig {
        let capabilities =
            if self.can_be_asked { ClientCapabilities::builder().enable_elicitation().build() } else { ClientCapabilities::default() };
        ClientConfig::new(capabilities, Implementation::new("test-client", "1"))
    }
}

pub(crate) type Client = RunningService<RoleClient, Human>;

/// A server over the double, and its end of the pipe.
pub(crate) fn server(double: &Arc<Double>) -> (DuplexStream, tokio::task::JoinHandle<Result<(), kubemend::mcp::ServeError>>) {
    let (theirs, ours) = tokio::io::duplex(1 << 20);
    let (reader, writer) = tokio::io::split(theirs);
    let backend = Arc::new(World(Arc::clone(double)));
    (ours, tokio::spawn(serve_over(backend, reader, writer, CancellationToken::new())))
}

pub(crate) async fn connect(double: &Arc<Double>, mode: ClientLifecycleMode, human: Human) -> Client {
    let (ours, _server) = server(double);
    human.serve_with_lifecycle(ours, mode).await.unwrap()
}

pub(crate) fn call(tool: &str, arguments: Value) -> CallToolRequestParams {
    CallToolRequestParams::new(tool.to_owned()).with_arguments(arguments.as_object().unwrap().clone())
}

pub(crate) fn text(result: &CallToolResult) -> String {
    result.content.iter().filter_map(|c| c.as_text()).map(|t| t.text.as_str()).collect::<Vec<_>>().join("\n")
}

pub(crate) fn status(result: &CallToolResult) -> String {
    result.structured_content.as_ref().unwrap()["status"].as_str().unwrap().to_owned()
}

/// A client that writes and reads lines.
pub(crate) struct Bare {
    lines: Lines<BufReader<ReadHalf<DuplexStream>>>,
    writer: WriteHalf<DuplexStream>,
}

impl Bare {
    pub(crate) fn to(double: &Arc<Double>) -> Self {
        let (ours, _server) = server(double);
        Self::over(ours)
    }

    pub(crate) fn over(stream: DuplexStream) -> Self {
        let (reader, writer) = tokio::io::split(stream);
        Self { lines: BufReader::new(reader).lines(), writer }
    }

    pub(crate) async fn initialized(double: &Arc<Double>, capabilities: Value) -> Self {
        let mut bare = Self::to(double);
        let hello = json!({"protocolVersion": "2025-11-25", "capabilities": capabilities, "clientInfo": {"name": "bare", "version": "1"}});
        bare.send(json!({"jsonrpc": "2.0", "id": "hello", "method": "initialize", "params": hello})).await;
        let answer = bare.answer("hello").await;
        assert_eq!(answer["result"]["serverInfo"]["name"], "kubemend");
        bare.send(json!({"jsonrpc": "2.0", "method": "notifications/initialized"})).await;
        bare
    }

    pub(crate) async fn line(&mut self, line: &str) {
        self.writer.write_all(line.as_bytes()).await.unwrap();
        self.writer.write_all(b"\n").await.unwrap();
    }

    pub(crate) async fn send(&mut self, message: Value) {
        self.line(&message.to_string()).await;
    }

    /// A stateless call, with everything that 2026-07-28 wants in each request.
    pub(crate) async fn send_modern(&mut self, id: &str, method: &str, mut params: Value, capabilities: Value) {
        params["_meta"] = json!({
            "io.modelcontextprotocol/protocolVersion": MODERN,
            "io.modelcontextprotocol/clientInfo": {"name": "bare", "version": "1"},
            "io.modelcontextprotocol/clientCapabilities": capabilities,
        });
        self.send(json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params})).await;
    }

    pub(crate) async fn next(&mut self) -> Value {
        self.next_within(Duration::from_secs(10)).await
    }

    pub(crate) async fn next_within(&mut self, limit: Duration) -> Value {
        let line = tokio::time::timeout(limit, self.lines.next_line()).await.expect("a line in time");
        serde_json::from_str(&line.unwrap().expect("a line before the end")).unwrap()
    }

    /// The answer to `id`; what comes before it is skipped.
    pub(crate) async fn answer(&mut self, id: &str) -> Value {
        loop {
            let message = self.next().await;
            if message["id"] == id && message.get("method").is_none() {
                return message;
            }
        }
    }

    /// The same for an answer that takes its time.
    pub(crate) async fn answer_within(&mut self, id: &str, limit: Duration) -> Value {
        loop {
            let message = self.next_within(limit).await;
            if message["id"] == id && message.get("method").is_none() {
                return message;
            }
        }
    }

    /// The next request of the server, such as a question.
    pub(crate) async fn request(&mut self) -> Value {
        loop {
            let message = self.next().await;
            if message.get("method").is_some() && message.get("id").is_some() {
                return message;
            }
        }
    }

    /// Nothing comes for a while.
    pub(crate) async fn silent(&mut self, answers_to: &str) {
        while let Ok(line) = tokio::time::timeout(Duration::from_millis(300), self.lines.next_line()).await {
            let Some(line) = line.unwrap() else { return };
            let message: Value = serde_json::from_str(&line).unwrap();
            assert_ne!(message["id"], answers_to, "{message}");
        }
    }

    pub(crate) async fn close(mut self) -> Lines<BufReader<ReadHalf<DuplexStream>>> {
        self.writer.shutdown().await.unwrap();
        self.lines
    }
}
