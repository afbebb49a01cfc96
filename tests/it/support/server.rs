//! The program itself as an MCP server over stdio, and a client whose human answers as the test says.

use rmcp::ClientHandler;
use rmcp::model::{
    CallToolRequestParams, ClientCapabilities, ClientConfig, ElicitRequestParams, ElicitResult, ElicitationAction, ErrorData,
    Implementation, ProgressNotificationParam, ProtocolVersion, ReadResourceRequestParams,
};
use rmcp::service::{ClientLifecycleMode, ClientServiceExt, NotificationContext, RequestContext, RoleClient, RunningService};
use rmcp::transport::TokioChildProcess;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::sync::Notify;

/// How long the human before the client takes: what comes sooner than half a second is not a person's answer.
pub(crate) const ANSWERED: Duration = Duration::from_millis(700);

/// What the human before the client does when asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Human {
    /// Says yes to everything that the form asks.
    Yes,
    /// Says no.
    No,
    /// Closes the dialogue.
    Closes,
    /// Sends the form off without having said yes.
    Blank,
    /// Looks at it for ever.
    Silent,
    /// Says yes once the test tells them to.
    WhenTold,
    /// Is not there: the client says that it cannot ask.
    Absent,
}

/// How the client opens the conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Opening {
    /// `initialize`, as up to 2025-11-25.
    Initialize,
    /// `server/discover`, as of 2026-07-28.
    Discover,
    /// Whatever the server knows.
    Auto,
}

impl Opening {
    pub(crate) const ALL: [Opening; 3] = [Opening::Initialize, Opening::Discover, Opening::Auto];

    fn mode(self) -> ClientLifecycleMode {
        let modern = vec![ProtocolVersion::V_2026_07_28];
        match self {
            Opening::Initialize => ClientLifecycleMode::Initialize,
            Opening::Discover => ClientLifecycleMode::Discover { preferred_versions: modern },
            Opening::Auto => ClientLifecycleMode::Auto { preferred_versions: modern, legacy_version: None },
        }
    }
}

/// What the human saw.
#[derive(Debug, Clone)]
struct Client {
    human: Human,
    questions: Arc<Mutex<Vec<String>>>,
    asked: Arc<Notify>,
    told: Arc<Notify>,
    progress: Arc<Mutex<Vec<String>>>,
}

impl ClientHandler for Client {
    fn get_info(&self) -> ClientConfig {
        let capabilities = if self.human == Human::Absent {
            ClientCapabilities::default()
        } else {
            ClientCapabilities::builder().enable_elicitation().build()
        };
        ClientConfig::new(capabilities, Implementation::new("kubemend-tests", "1.0.0"))
    }

    async fn create_elicitation(&self, request: ElicitRequestParams, _: RequestContext<RoleClient>) -> Result<ElicitResult, ErrorData> {
        let ElicitRequestParams::FormElicitationParams { message, requested_schema, .. } = request else {
            return Ok(ElicitResult::new(ElicitationAction::Decline));
        };
        self.questions.lock().unwrap().push(message);
        self.asked.notify_one();
        let form = serde_json::to_value(&requested_schema).unwrap();
        tokio::time::sleep(ANSWERED).await;
        Ok(match self.human {
            Human::Yes => ElicitResult::new(ElicitationAction::Accept).with_content(filled(&form, true)),
            Human::Blank => ElicitResult::new(ElicitationAction::Accept),
            Human::No | Human::Absent => ElicitResult::new(ElicitationAction::Decline),
            Human::Closes => ElicitResult::new(ElicitationAction::Cancel),
            Human::Silent => std::future::pending().await,
            Human::WhenTold => {
                self.told.notified().await;
                ElicitResult::new(ElicitationAction::Accept).with_content(filled(&form, true))
            }
        })
    }

    async fn on_progress(&self, params: ProgressNotificationParam, _: NotificationContext<RoleClient>) {
        self.progress.lock().unwrap().push(params.message.unwrap_or_default());
    }
}

/// The form's one choice; the first changes nothing, the second applies the plan, the third asks later.
fn filled(form: &Value, yes: bool) -> Value {
    let choices = form["properties"]["decision"]["oneOf"].as_array().unwrap_or_else(|| panic!("the form asks for something else: {form}"));
    assert_eq!((choices.len(), form["properties"].as_object().unwrap().len()), (3, 1), "{form}");
    json!({"decision": choices[usize::from(yes)]["const"]})
}

/// What a tool said.
#[derive(Debug, Clone)]
pub(crate) struct Said {
    pub(crate) error: bool,
    pub(crate) text: String,
    pub(crate) report: Value,
}

/// A running server and its client.
pub(crate) struct Server {
    client: RunningService<RoleClient, Client>,
    seen: Client,
    pub(crate) pid: u32,
    stderr: Arc<Mutex<String>>,
    _state: Option<tempfile::TempDir>,
}

/// How to start one.
#[derive(Debug, Clone)]
pub(crate) struct Start {
    env: BTreeMap<String, String>,
    args: Vec<String>,
    human: Human,
    opening: Opening,
}

impl Start {
    /// With this kubeconfig, and nothing else of the tests' own environment.
    pub(crate) fn with(kubeconfig: &Path) -> Self {
        let env = BTreeMap::from([("KUBECONFIG".to_owned(), kubeconfig.display().to_string())]);
        Self { env, args: vec!["serve".to_owned()], human: Human::Yes, opening: Opening::Auto }
    }

    pub(crate) fn env(mut self, name: &str, value: impl AsRef<std::ffi::OsStr>) -> Self {
        self.env.insert(name.to_owned(), value.as_ref().to_str().unwrap().to_owned());
        self
    }

    pub(crate) fn human(mut self, human: Human) -> Self {
        self.human = human;
        self
    }

    pub(crate) fn opening(mut self, opening: Opening) -> Self {
        self.opening = opening;
        self
    }

    pub(crate) async fn run(mut self) -> Server {
        let mut state = None;
        if !self.env.contains_key("XDG_STATE_HOME") {
            let folder = tempfile::tempdir().unwrap();
            self.env.insert("XDG_STATE_HOME".to_owned(), folder.path().display().to_string());
            state = Some(folder);
        }
        let mut command = program();
        command.args(&self.args).envs(&self.env);
        let (transport, errors) =
            TokioChildProcess::builder(tokio::process::Command::from(command)).stderr(Stdio::piped()).spawn().unwrap();
        let stderr = Arc::new(Mutex::new(String::new()));
        let sink = Arc::clone(&stderr);
        let mut errors = errors.unwrap();
        tokio::spawn(async move {
            let mut buffer = [0_u8; 4096];
            while let Ok(n) = errors.read(&mut buffer).await {
                if n == 0 {
                    break;
                }
                sink.lock().unwrap().push_str(&String::from_utf8_lossy(&buffer[..n]));
            }
        });
        let pid = transport.id().unwrap();
        let seen =
            Client { human: self.human, questions: Arc::default(), asked: Arc::default(), told: Arc::default(), progress: Arc::default() };
        let client = match seen.clone().serve_with_lifecycle(transport, self.opening.mode()).await {
            Ok(client) => client,
            Err(e) => panic!("the server does not start: {e}\n{}", stderr.lock().unwrap()),
        };
        Server { client, seen, pid, stderr, _state: state }
    }
}

/// The program under test, in an environment of its own.
pub(crate) fn program() -> std::process::Command {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_kubemend"));
    command.env_clear();
    for name in ["PATH", "HOME", "LLVM_PROFILE_FILE"] {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    command
}

impl Server {
    /// Calls a tool and waits for what it says.
    pub(crate) async fn call(&self, tool: &'static str, arguments: Value) -> Said {
        let arguments: Map<String, Value> = serde_json::from_value(arguments).unwrap();
        let call = self.client.call_tool(CallToolRequestParams::new(tool).with_arguments(arguments));
        let result = match tokio::time::timeout(Duration::from_secs(180), call).await {
            Ok(Ok(result)) => result,
            Ok(Err(e)) => return Said { error: true, text: e.to_string(), report: Value::Null },
            Err(_) => panic!("`{tool}` does not answer; the server says:\n{}", self.stderr.lock().unwrap()),
        };
        let value = serde_json::to_value(&result).unwrap();
        let report = self.whole(result.structured_content.unwrap_or_default()).await;
        let texts = value["content"].as_array().into_iter().flatten().filter_map(|c| c["text"].as_str());
        Said { error: result.is_error == Some(true), text: texts.collect::<Vec<_>>().join("\n"), report }
    }

    /// The whole report of a brief one: what is recorded, with the status and the summary of the call that was just made.
    async fn whole(&self, brief: Value) -> Value {
        let Some(session) = brief["session"].as_str() else { return brief };
        let read = ReadResourceRequestParams::new(format!("kubemend://sessions/{session}"));
        let Ok(answer) = self.client.read_resource(read).await else { return brief };
        let answer = serde_json::to_value(&answer).unwrap();
        let mut whole: Value = serde_json::from_str(answer["contents"][0]["text"].as_str().unwrap()).unwrap();
        for part in ["status", "summary"] {
            whole[part] = brief[part].clone();
        }
        whole
    }

    /// Calls a tool, and cancels the call once the human was asked.
    pub(crate) async fn call_and_cancel_when_asked(&self, tool: &'static str, arguments: Value) {
        tokio::select! {
            said = self.call(tool, arguments) => panic!("`{tool}` answered before it was cancelled: {said:?}"),
            () = self.asked() => {}
        }
        // Dropping the call sent the cancellation; give it time to arrive and to do harm.
        tokio::time::sleep(Duration::from_secs(2)).await;
    }

    /// Returns once the human was asked.
    pub(crate) async fn asked(&self) {
        tokio::time::timeout(Duration::from_secs(60), self.seen.asked.notified()).await.expect("nobody was asked");
    }

    /// Lets the human say yes who waits for it.
    pub(crate) fn answer_yes(&self) {
        self.seen.told.notify_one();
    }

    /// The questions that the human was shown.
    pub(crate) fn questions(&self) -> Vec<String> {
        self.seen.questions.lock().unwrap().clone()
    }

    /// The progress messages that came.
    pub(crate) fn progress(&self) -> Vec<String> {
        self.seen.progress.lock().unwrap().clone()
    }

    /// What the server wrote on stderr.
    pub(crate) fn stderr(&self) -> String {
        self.stderr.lock().unwrap().clone()
    }

    /// Its tools by name.
    pub(crate) async fn tools(&self) -> Vec<String> {
        self.client.list_all_tools().await.unwrap().into_iter().map(|t| t.name.into_owned()).collect()
    }

    pub(crate) async fn stop(self) {
        self.client.cancel().await.unwrap();
    }
}
