//! What a model pays for kubemend, in tokens of the o200k_base encoding: the tool list, and the results of calls over MCP on the
//! embedded cluster. `make tokens`; ends with an error where a report in brief is over its budget.

#![expect(clippy::disallowed_methods, reason = "a bench spawns the server and its cluster beside itself")]

#[path = "../tests/mcp/one.rs"]
mod one;

use kubemend::call::Operator;
use kubemend::clock::{RuntimeClock, SystemEntropy};
use kubemend::cluster::connect::over;
use kubemend::domain::id::SessionId;
use kubemend::domain::limits::Limits;
use kubemend::domain::object::Namespace;
use kubemend::execute::Executor;
use kubemend::mcp::{report_schema, serve_over, tool_list};
use kubemend::ports::ClusterRead;
use kubemend::sim::{Latency, MadeImage, Sim, World};
use kubemend::store::MemoryStore;
use kubemend::workflow::{Approver, Caller, Parts, Remediation, Timing};
use one::OneCluster;
use rmcp::model::CallToolRequestParams;
use rmcp::{RoleClient, ServiceExt, service::RunningService};
use serde_json::{Value, json};
use std::error::Error;
use std::io::Write;
use std::sync::Arc;
use std::time::Duration;
use tiktoken_rs::{CoreBPE, o200k_base};
use tokio_util::sync::CancellationToken;

const START: &str = "2026-11-23T12:00:00Z";
const CASE: &str = include_str!("../src/cli/demo/deployment.yaml");
const IMAGES: &str = include_str!("../src/cli/demo/images.yaml");
/// A report in brief of one cause, and what each further cause adds.
const BUDGET: (usize, usize) = (1_200, 250);

/// The demo's case, so often, each with names of its own.
async fn place(cases: usize) -> Result<OneCluster, Box<dyn Error>> {
    let (sim, driver) = Sim::new(World::standard(START.parse()?).with_latency(Latency::REAL));
    tokio::spawn(driver);
    sim.add_images(MadeImage::parse_yaml(IMAGES)?);
    for number in 0..cases {
        let name = |word: &str| if number == 0 { word.to_owned() } else { format!("{word}-{number}") };
        let manifest = CASE
            .replace("postgres-db", &name("postgres-db"))
            .replace("postgres-pvc", &name("postgres-pvc"))
            .replace("name: postgres\nspec:\n  selector", &format!("name: {}\nspec:\n  selector", name("postgres")));
        sim.apply_yaml("a-team", &manifest)?;
    }
    tokio::time::sleep(Duration::from_secs(30)).await;
    let clock = Arc::new(RuntimeClock::starting_at(START.parse()?));
    let connected = over(sim.service(), "production", "10.1.2.3:6443", Namespace::parse("default")?);
    let read: Arc<dyn ClusterRead> = Arc::new(connected.read);
    let remediation = Remediation::new(Parts {
        executor: connected.write.map(|write| Executor::new(write, read.clone(), clock.clone())),
        read,
        store: Arc::new(MemoryStore::new()),
        clock: clock.clone(),
        entropy: Arc::new(SystemEntropy),
        limits: Limits::default(),
        timing: Timing::default(),
        allowed: kubemend::probe::Allowed::default(),
        own_model: None,
    });
    Ok(OneCluster { remediation, clock, entropy: Arc::new(SystemEntropy), operator: Operator::default() })
}

type Client = RunningService<RoleClient, ()>;

struct Counted {
    text: usize,
    structured: usize,
    content: Value,
}

struct Table {
    encoding: CoreBPE,
    over: Vec<String>,
}

impl Table {
    fn tokens(&self, text: &str) -> usize {
        self.encoding.encode_ordinary(text).len()
    }

    fn row(&self, what: &str, text: &str) -> std::io::Result<()> {
        writeln!(std::io::stdout(), "{what:<56} {:>8} {:>8}", text.len(), self.tokens(text))
    }

    /// What a call brings: the text and the structured content, of which a client hands on one or both.
    async fn call(&self, client: &Client, what: &str, tool: &'static str, arguments: Value) -> Result<Counted, Box<dyn Error>> {
        let arguments = arguments.as_object().cloned().unwrap_or_default();
        let result = client.call_tool(CallToolRequestParams::new(tool).with_arguments(arguments)).await?;
        let text: String = result.content.iter().filter_map(|c| c.as_text()).map(|t| t.text.as_str()).collect();
        let content = result.structured_content.unwrap_or_default();
        let structured = content.to_string();
        self.row(&format!("{what}: text, {} lines", text.lines().count()), &text)?;
        self.row(&format!("{what}: structured"), &structured)?;
        Ok(Counted { text: self.tokens(&text), structured: self.tokens(&structured), content })
    }

    fn within(&mut self, what: &str, tokens: usize, budget: usize) {
        if tokens > budget {
            self.over.push(format!("{what}: {tokens} tokens, the budget is {budget}"));
        }
    }
}

async fn client(place: &Arc<OneCluster>) -> Result<Client, Box<dyn Error>> {
    let (theirs, ours) = tokio::io::duplex(1 << 20);
    let (reader, writer) = tokio::io::split(theirs);
    tokio::spawn(serve_over(place.clone(), reader, writer, CancellationToken::new()));
    Ok(().serve(ours).await?)
}

async fn count() -> Result<Vec<String>, Box<dyn Error>> {
    let mut table = Table { encoding: o200k_base()?, over: Vec::new() };
    writeln!(std::io::stdout(), "{:<56} {:>8} {:>8}", "", "bytes", "tokens")?;
    table.row("tools/list, as sent", &serde_json::to_string(tool_list())?)?;
    let seen = tool_list().iter().map(|t| json!({"name": t.name, "description": t.description, "input_schema": t.input_schema}));
    table.row("tools/list, as a model sees it", &Value::from_iter(seen).to_string())?;
    table.row("kubemend://schema/report", &report_schema().to_string())?;

    let issue = json!({"issue": "Something is wrong with my database in the a-team namespace"});
    let one = Arc::new(place(1).await?);
    let asking = client(&one).await?;
    table.row("instructions", asking.peer_info().and_then(|info| info.instructions.clone()).unwrap_or_default().as_str())?;
    let analyzed = table.call(&asking, "analyze, one cause", "analyze", issue.clone()).await?;
    let waiting = table.call(&asking, "remediate, awaiting approval", "remediate", issue.clone()).await?;
    table.within("analyze, one cause", analyzed.structured, BUDGET.0);
    table.within("analyze, one cause, text", analyzed.text, BUDGET.0);
    table.within("remediate, awaiting approval", waiting.structured, BUDGET.0);
    let id = SessionId::parse(waiting.content.get("session").and_then(Value::as_str).unwrap_or_default())?;
    let caller = Caller::silent();
    let question = one.remediation.question(&id, &caller).await?;
    table.row("the question", &question.text)?;
    let by = Approver::Library("benches/tokens".to_owned());
    one.remediation.approve(&id, &question.token, &question.digest, by, &caller).await?;
    table.call(&asking, "remediate, the same session resolved", "remediate", json!({"sessionId": id.as_str()})).await?;
    table.call(&asking, "validate, resolved", "validate", json!({"sessionId": id.as_str()})).await?;
    table.call(&asking, "analyze, nothing wrong", "analyze", issue.clone()).await?;

    let many = Arc::new(place(6).await?);
    let asking = client(&many).await?;
    let six = table.call(&asking, "analyze, six causes", "analyze", issue).await?;
    table.within("each further cause", six.structured.saturating_sub(analyzed.structured) / 5, BUDGET.1);
    Ok(table.over)
}

fn main() -> Result<(), Box<dyn Error>> {
    // Time is the runtime's and stands still, so that waiting costs nothing.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build()?;
    let over = runtime.block_on(count())?;
    if over.is_empty() { Ok(()) } else { Err(over.join("\n").into()) }
}
