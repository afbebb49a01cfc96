//! A whole investigation over the real wire: what no rule explains on the embedded cluster, a provider that looks and concludes, and the
//! plan that comes of it.

use super::asking::{KEY, endpoint, model_of, patience};
use super::provider::{Answer, Asked, FakeProvider, anthropic, events, json_answer, openai, stream};
use kubemend::clock::{CountingEntropy, RuntimeClock};
use kubemend::cluster::connect::over;
use kubemend::domain::budget::{Budget, Daily};
use kubemend::domain::investigate::Investigate;
use kubemend::domain::issue::Issue;
use kubemend::domain::limits::Limits;
use kubemend::domain::object::Namespace;
use kubemend::domain::prices::Prices;
use kubemend::execute::Executor;
use kubemend::model::Patience;
use kubemend::ports::ClusterRead;
use kubemend::probe::Allowed;
use kubemend::sim::{Latency, MadeImage, Sim, World};
use kubemend::store::MemoryStore;
use kubemend::workflow::report::{Report, Status};
use kubemend::workflow::{Caller, OwnModel, Parts, Problem, Remediation, Timing};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

const START: &str = "2026-11-23T12:00:00Z";
const IMAGES: &str = "
- ref: api:broken
  play: {log: ['cannot parse flags, giving up: token=hunter2canary'], exit: {code: 2, after: 1}}
- ref: api:fixed
  play: {listen: [{port: 8080}]}
";
const API: &str = "
apiVersion: apps/v1
kind: Deployment
metadata: {name: api}
spec:
  replicas: 1
  selector: {matchLabels: {app: api}}
  template:
    metadata: {labels: {app: api}}
    spec: {containers: [{name: app, image: 'api:broken'}]}
";
const IMAGE: &str = "spec.template.spec.containers[name=app].image";

/// A Pod that crashes for a reason that only its log tells. The times of the cluster are tokio's.
pub(super) struct Crashing {
    pub(super) sim: Sim,
    clock: Arc<RuntimeClock>,
}

impl Crashing {
    pub(super) async fn new() -> Self {
        let (sim, driver) = Sim::new(World::standard(START.parse().unwrap()).with_latency(Latency::REAL));
        tokio::spawn(driver);
        sim.add_images(MadeImage::parse_yaml(IMAGES).unwrap());
        sim.apply_yaml("shop", API).unwrap();
        let clock = Arc::new(RuntimeClock::starting_at(START.parse().unwrap()));
        tokio::time::sleep(Duration::from_secs(90)).await;
        Self { sim, clock }
    }

    /// What a model with its API at this place makes of it. The times of the wire are real.
    pub(super) async fn analyzed(&self, model: &str, root: &str, patience: Patience) -> Report {
        let namespace = Namespace::parse("shop").unwrap();
        let connected = over(self.sim.service_as("reader"), "embedded", "embedded.invalid:6443", namespace.clone())
            .with_writer_over(self.sim.service_as("writer"))
            .with_patience(Duration::from_secs(15));
        let read: Arc<dyn ClusterRead> = Arc::new(connected.read);
        let model = model_of(vec![endpoint(model, root)], patience);
        let remediation = Remediation::new(Parts {
            executor: connected.write.map(|w| Executor::new(w, read.clone(), self.clock.clone())),
            read,
            store: Arc::new(MemoryStore::new()),
            clock: self.clock.clone(),
            entropy: Arc::new(CountingEntropy::from_seed(1)),
            limits: Limits::default(),
            timing: Timing::default(),
            allowed: Allowed { investigate: Investigate::Auto, ..Allowed::default() },
            own_model: Some(OwnModel::new(model, Budget::default(), Daily::default(), Prices::default())),
        });
        let problem =
            Problem { issue: Some(Issue::parse("the api keeps crashing").unwrap()), namespace: Some(namespace), ..Problem::default() };
        remediation.analyze(&problem, &Caller::silent()).await.unwrap()
    }
}

/// What this provider makes of it.
pub(super) async fn investigated(model: &str, answers: Vec<Answer>) -> (Report, FakeProvider, Sim) {
    let crashing = Crashing::new().await;
    tokio::time::resume();
    let provider = FakeProvider::playing(answers).await;
    let report = crashing.analyzed(model, &provider.root(), patience()).await;
    (report, provider, crashing.sim)
}

pub(super) fn conclusion() -> Value {
    json!({"causes": [{"object": "Deployment/shop/api", "title": "the image is broken", "explanation": "its log says so",
                       "confidence": 0.8, "cites": ["o1"]}],
           "actions": [{"action": "patch", "object": "Deployment/shop/api", "set": [{"field": IMAGE, "value": "api:fixed"}]}]})
}

pub(super) fn look() -> Value {
    json!({"object": "deployment/api", "field": IMAGE})
}

/// The plan is there, and nothing that it must not send was sent.
pub(super) fn assert_planned(report: &Report, asked: &[Asked], sim: &Sim) {
    let advice: Vec<&str> = report.advice.iter().map(|advice| advice.text.as_str()).collect();
    // What a model states of a log decides nothing: a human is asked all the same.
    assert_eq!(report.status, Status::Inconclusive, "{} {advice:?}", report.summary);
    assert!(report.plan.is_some(), "{advice:?}");
    assert_eq!(asked.len(), 2, "{advice:?}");
    for request in asked {
        let body = request.body.to_string();
        assert!(body.contains("cannot parse flags") && !body.contains("hunter2canary") && !body.contains(KEY), "{body}");
        for tool in ["get", "list", "describe", "logs", "events", "conclude"] {
            assert!(body.contains(&format!("\"name\":\"{tool}\"")), "{tool}: {body}");
        }
    }
    assert!(asked[1].body.to_string().contains("api:broken"), "the answer to the look is sent back");
    assert!(!sim.requests().iter().any(|request| request.wrote && request.user == "writer"));
}

#[tokio::test(start_paused = true)]
async fn crash_is_investigated_over_chat_completions() {
    let answers = vec![openai::calls(&[("get", &look())]), openai::calls(&[("conclude", &conclusion())])];
    let (report, provider, sim) = investigated("openai/m", answers).await;
    assert_planned(&report, &provider.asked(), &sim);
    let usage = &report.usage;
    assert_eq!((usage.model_calls, usage.input_tokens, usage.cached_tokens, usage.output_tokens), (2, 6_000, 2_000, 100));
}

#[tokio::test(start_paused = true)]
async fn crash_is_investigated_over_messages() {
    let answers = vec![anthropic::calls(&[("get", &look())]), anthropic::calls(&[("conclude", &conclusion())])];
    let (report, provider, sim) = investigated("anthropic/m", answers).await;
    assert_planned(&report, &provider.asked(), &sim);
    assert_eq!((report.usage.model_calls, report.usage.cached_tokens), (2, 80));
}

/// Gemini rejects the next turn without its signatures. Some keep them beside a call, and some in its id.
#[tokio::test(start_paused = true)]
async fn what_a_provider_keeps_in_a_call_or_in_its_id_comes_back_through_an_investigation() {
    let (id, signature) = (format!("call_1__thought__{}==", "aB3+/".repeat(80)), json!({"google": {"thought_signature": "AbC+/=="}}));
    let call = |id: &str| {
        let function = json!({"name": "get", "arguments": look().to_string()});
        let call = json!({"index": 0, "id": id, "type": "function", "extra_content": signature, "function": function});
        let pieces =
            [openai::piece(json!({"role": "assistant", "tool_calls": [call]}), None), openai::piece(json!({}), Some("tool_calls"))];
        stream(&format!("{}data: [DONE]\n\n", events(&pieces)))
    };
    // The same id a second time, as some servers number the calls of each answer anew.
    let answers = vec![call(&id), call("call_0"), call("call_0"), openai::calls(&[("conclude", &conclusion())])];
    let (report, provider, _) = investigated("openai/m", answers).await;
    assert!(report.plan.is_some(), "{}", report.summary);
    let asked = provider.asked();
    let sent = asked.last().unwrap().body["messages"].as_array().cloned().unwrap();
    let calls: Vec<&Value> = sent.iter().filter_map(|message| message["tool_calls"].get(0)).collect();
    let results: Vec<&Value> = sent.iter().filter(|message| message["role"] == "tool").map(|message| &message["tool_call_id"]).collect();
    assert_eq!((calls.len(), calls[0]["id"].as_str()), (3, Some(id.as_str())));
    assert_eq!(calls.iter().map(|call| &call["id"]).collect::<Vec<_>>(), results);
    assert!(calls.iter().all(|call| call["extra_content"] == signature), "{calls:#?}");
    assert_ne!(results[1], results[2]);
}

#[tokio::test(start_paused = true)]
async fn provider_that_fails_in_the_middle_leaves_what_rules_found() {
    let refuses = || json_answer(401, &json!({"error": {"message": "bad key"}}));
    let (report, _, sim) = investigated("openai/m", vec![openai::calls(&[("get", &look())]), refuses(), refuses(), refuses()]).await;
    assert_eq!(report.status, Status::Inconclusive, "{}", report.summary);
    let advice: Vec<&str> = report.advice.iter().map(|advice| advice.text.as_str()).collect();
    assert!(advice.iter().any(|text| text.contains("gave no conclusion: openai/m: the provider does not accept the key")), "{advice:?}");
    assert!(!sim.requests().iter().any(|request| request.wrote && request.user == "writer"));
}
