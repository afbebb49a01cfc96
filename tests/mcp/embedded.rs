//! The database case over MCP on the embedded cluster, with the real use cases behind the tools: what an approval writes, and what nothing else does.
//! Time is tokio's and paused, so a settle window costs nothing.

use super::client::{Human, READS, Says, call, choice, modes, status, text};
use super::one::OneCluster;
use jiff::SignedDuration;
use kubemend::call::Operator;
use kubemend::clock::{CountingEntropy, RuntimeClock};
use kubemend::cluster::connect::over;
use kubemend::domain::id::SessionId;
use kubemend::domain::limits::{Consent, Limits};
use kubemend::domain::object::Namespace;
use kubemend::execute::Executor;
use kubemend::mcp::serve_over;
use kubemend::ports::{Clock, ClusterRead};
use kubemend::sim::{Latency, MadeImage, Sim, World};
use kubemend::store::MemoryStore;
use kubemend::workflow::report::Status;
use kubemend::workflow::{Approver, Caller, Parts, Remediation, Timing};
use rmcp::model::CallToolResponse;
use rmcp::{ClientLifecycleMode, ClientServiceExt};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

const START: &str = "2026-11-23T12:00:00Z";
const CASE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/cases/database-pod-pending");

/// The cluster with the case's database in it, and a server over it.
struct Cluster {
    sim: Sim,
    clock: Arc<RuntimeClock>,
    remediation: Remediation,
    backend: Arc<OneCluster>,
}

impl Cluster {
    async fn with(limits: Limits) -> Arc<Self> {
        let (sim, driver) = Sim::new(World::standard(START.parse().unwrap()).with_latency(Latency::REAL));
        tokio::spawn(driver);
        let read = |file: &str| std::fs::read_to_string(format!("{CASE}/{file}")).unwrap();
        sim.add_images(MadeImage::parse_yaml(&read("images.yaml")).unwrap());
        sim.apply_yaml("a-team", &read("manifests/deployment.yaml")).unwrap();
        while !sim.objects().iter().any(|o| o["kind"] == "Event" && o["reason"] == "FailedScheduling") {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let (clock, entropy) = (Arc::new(RuntimeClock::starting_at(START.parse().unwrap())), Arc::new(CountingEntropy::from_seed(1)));
        let connected = over(sim.service_as("reader"), "embedded", "embedded.invalid:6443", Namespace::parse("default").unwrap())
            .with_writer_over(sim.service_as("writer"))
            .with_patience(Duration::from_secs(15));
        let read: Arc<dyn ClusterRead> = Arc::new(connected.read);
        let executor = connected.write.map(|w| Executor::new(w, read.clone(), clock.clone()));
        let remediation = Remediation::new(Parts {
            read,
            executor,
            store: Arc::new(MemoryStore::new()),
            clock: clock.clone(),
            entropy: entropy.clone(),
            limits,
            timing: Timing::default(),
            allowed: kubemend::probe::Allowed::default(),
            own_model: None,
        });
        let operator = Operator::default();
        let backend = Arc::new(OneCluster { remediation: remediation.clone(), clock: clock.clone(), entropy, operator });
        Arc::new(Self { sim, clock, remediation, backend })
    }

    async fn client(self: &Arc<Self>, mode: ClientLifecycleMode, human: Human) -> super::client::Client {
        let (theirs, ours) = tokio::io::duplex(1 << 20);
        let (reader, writer) = tokio::io::split(theirs);
        tokio::spawn(serve_over(self.backend.clone(), reader, writer, CancellationToken::new()));
        human.serve_with_lifecycle(ours, mode).await.unwrap()
    }

    /// The whole report behind a brief one.
    async fn whole(&self, brief: &Value) -> Value {
        let id = SessionId::parse(brief["session"].as_str().unwrap()).unwrap();
        serde_json::to_value(self.remediation.show(&id).await.unwrap()).unwrap()
    }

    /// The bodies that took effect.
    fn writes(&self) -> Vec<String> {
        self.sim.requests().into_iter().filter(|r| r.wrote).map(|r| format!("{} {} {}", r.user, r.method, r.body)).collect()
    }
}

/// The value of the choice that approves the plan.
fn approves(requests: &impl serde::Serialize) -> String {
    choice(&serde_json::to_value(requests).unwrap()["decision"]["params"]["requestedSchema"], 1)
}

fn issue() -> Value {
    json!({"issue": "Something is wrong with my database in the a-team namespace"})
}

#[tokio::test(start_paused = true)]
async fn a_yes_writes_the_bytes_that_were_shown_and_proves_that_they_helped() {
    for mode in modes() {
        let cluster = Cluster::with(Limits::default()).await;
        cluster.sim.forget_requests();
        let human = Human::who(Says::Yes);
        let client = cluster.client(mode.clone(), human.clone()).await;
        let result = client.call_tool(call("remediate", issue())).await.unwrap();
        assert_eq!(status(&result), "resolved", "{mode:?}: {}", text(&result));
        let brief = result.structured_content.unwrap();
        let report = cluster.whole(&brief).await;
        assert_eq!(report["causes"][0]["code"], "pvc-missing");
        let request = &report["plan"]["steps"][0]["request"];
        let shown = format!("writer {} {}", request["method"].as_str().unwrap(), request["body"].as_str().unwrap());
        assert_eq!(cluster.writes(), [shown], "{mode:?}");

        let asked = human.asked.lock().unwrap().clone();
        assert_eq!(asked.len(), 1, "{mode:?}");
        for part in ["embedded", "embedded.invalid:6443", "low risk", "postgres-pvc", "10Gi", report["plan"]["digest"].as_str().unwrap()] {
            assert!(asked[0].contains(part), "`{part}` is not in the question: {}", asked[0]);
        }
        for line in report["plan"]["steps"][0]["diff"].as_str().unwrap().lines() {
            assert!(asked[0].contains(line), "`{line}` is not in the question: {}", asked[0]);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn anything_but_a_yes_writes_nothing() {
    for mode in modes() {
        for (human, ends) in [
            (Human::who(Says::No), "declined"),
            (Human::who(Says::ChangesNothing), "declined"),
            (Human::who(Says::Closes), "awaitingApproval"),
            (Human::who(Says::Unchecked), "awaitingApproval"),
            (Human::at_once(Says::Yes), "awaitingApproval"),
            (Human::unreachable(), "awaitingApproval"),
        ] {
            let cluster = Cluster::with(Limits::default()).await;
            cluster.sim.forget_requests();
            let client = cluster.client(mode.clone(), human).await;
            let result = client.call_tool(call("remediate", issue())).await.unwrap();
            assert_eq!(status(&result), ends, "{mode:?}: {}", text(&result));
            assert!(cluster.writes().is_empty(), "{mode:?} {ends}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_stays_silent_gets_the_waiting_plan_after_45_seconds_and_nothing_is_written() {
    let cluster = Cluster::with(Limits::default()).await;
    cluster.sim.forget_requests();
    let client = cluster.client(modes()[0].clone(), Human::who(Says::Never)).await;
    let before = cluster.clock.now();
    let result = client.call_tool(call("remediate", issue())).await.unwrap();
    assert_eq!(status(&result), "awaitingApproval", "{}", text(&result));
    assert!(cluster.clock.now().duration_since(before) < SignedDuration::from_secs(50));
    assert!(cluster.writes().is_empty());
}

/// A person approves in a terminal while the client's dialog is open.
#[tokio::test(start_paused = true)]
async fn the_first_valid_answer_counts_and_the_waiting_call_ends_with_its_result() {
    let cluster = Cluster::with(Limits::default()).await;
    cluster.sim.forget_requests();
    let client = cluster.client(modes()[0].clone(), Human::who(Says::Never)).await;
    let peer = client.peer().clone();
    let calling = tokio::spawn(async move { peer.call_tool(call("remediate", issue())).await.unwrap() });
    let waiting = loop {
        tokio::time::sleep(Duration::from_millis(100)).await;
        let found = cluster.remediation.sessions(1).await.unwrap();
        if let Some(line) = found.first().filter(|line| line.status == Status::AwaitingApproval) {
            break line.id.clone();
        }
    };
    let caller = Caller::silent();
    let question = cluster.remediation.question(&waiting, &caller).await.unwrap();
    let by = Approver::Terminal;
    let approved = cluster.remediation.approve(&waiting, &question.token, &question.digest, by, &caller).await.unwrap();
    assert_eq!(approved.status, Status::Resolved);
    let result = calling.await.unwrap();
    assert_eq!(status(&result), "resolved", "{}", text(&result));
    assert_eq!(result.structured_content.unwrap()["session"], waiting.as_str());
    assert_eq!(cluster.writes().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_state_is_good_for_one_write() {
    let cluster = Cluster::with(Limits::default()).await;
    cluster.sim.forget_requests();
    let client = cluster.client(modes()[1].clone(), Human::who(Says::Yes)).await;
    let first = client.call_tool_once(call("remediate", issue())).await.unwrap();
    let CallToolResponse::InputRequired(first) = first else { panic!("no question: {first:?}") };
    let state = first.request_state.unwrap();
    let value = approves(&first.input_requests.unwrap());
    tokio::time::sleep(READS).await;
    let answers = serde_json::from_value(json!({"decision": {"action": "accept", "content": {"decision": value}}})).unwrap();
    let again = call("remediate", issue()).with_input_responses(answers).with_request_state(state);
    let (one, other) = tokio::join!(client.peer().call_tool(again.clone()), client.peer().call_tool(again.clone()));
    let late = client.peer().call_tool(again).await.unwrap();
    let mut ends: Vec<Option<bool>> = [one.unwrap(), other.unwrap(), late].iter().map(|r| r.is_error).collect();
    ends.sort();
    assert_eq!(ends, [Some(false), Some(true), Some(true)]);
    assert_eq!(cluster.writes().len(), 1);
}

/// With the stateless protocol an answer comes with a call of its own, which may be late.
#[tokio::test(start_paused = true)]
async fn a_yes_that_a_client_brings_after_the_plan_has_expired_is_recorded_and_told_as_late() {
    let cluster = Cluster::with(Limits::default()).await;
    cluster.sim.forget_requests();
    let client = cluster.client(modes()[1].clone(), Human::who(Says::Yes)).await;
    let first = client.call_tool_once(call("remediate", issue())).await.unwrap();
    let CallToolResponse::InputRequired(first) = first else { panic!("no question: {first:?}") };
    let value = approves(&first.input_requests.unwrap());
    cluster.clock.sleep(Duration::from_secs(16 * 60)).await;
    let answers = serde_json::from_value(json!({"decision": {"action": "accept", "content": {"decision": value}}})).unwrap();
    let late = call("remediate", issue()).with_input_responses(answers).with_request_state(first.request_state.unwrap());
    let result = client.peer().call_tool(late).await.unwrap();
    assert_eq!(status(&result), "expired", "{}", text(&result));
    let told = "the plan had expired before your answer, which changed nothing";
    let brief = result.structured_content.clone().unwrap();
    assert!(text(&result).contains(told) && brief["advice"][0]["text"] == told, "{brief:#}");
    let trail = cluster.whole(&brief).await["trail"].clone();
    assert!(trail.to_string().contains("approved after the plan had expired: it changed nothing"), "{trail:#}");
    assert_eq!(cluster.writes(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn a_question_that_was_asked_again_takes_nothing_from_the_one_before() {
    let cluster = Cluster::with(Limits::default()).await;
    cluster.sim.forget_requests();
    let client = cluster.client(modes()[1].clone(), Human::who(Says::Yes)).await;
    let first = client.call_tool_once(call("remediate", issue())).await.unwrap();
    let CallToolResponse::InputRequired(first) = first else { panic!("no question: {first:?}") };
    let sealed = first.request_state.unwrap();
    let value = approves(&first.input_requests.unwrap());
    let session = {
        use base64::Engine;
        let body = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(sealed.split('.').nth(1).unwrap()).unwrap();
        let shown: Value = serde_json::from_slice(&body[8..]).unwrap();
        shown["session"].as_str().unwrap().to_owned()
    };
    let second = client.call_tool_once(call("remediate", json!({"sessionId": session}))).await.unwrap();
    assert!(matches!(second, CallToolResponse::InputRequired(_)), "{second:?}");
    tokio::time::sleep(READS).await;
    let answers = serde_json::from_value(json!({"decision": {"action": "accept", "content": {"decision": value}}})).unwrap();
    let late = client.peer().call_tool(call("remediate", issue()).with_input_responses(answers).with_request_state(sealed)).await.unwrap();
    assert_eq!(late.is_error, Some(false), "{}", text(&late));
    assert_eq!(cluster.writes().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_repeated_digest_writes_once_where_the_operator_allows_it() {
    let cluster = Cluster::with(Limits { consent: Consent::Client, ..Limits::default() }).await;
    cluster.sim.forget_requests();
    let client = cluster.client(modes()[0].clone(), Human::unreachable()).await;
    let first = client.call_tool(call("remediate", issue())).await.unwrap();
    assert_eq!(status(&first), "awaitingApproval");
    assert!(cluster.writes().is_empty());
    let digest = first.structured_content.unwrap()["plan"]["digest"].clone();
    let mut arguments = issue();
    arguments["planDigest"] = digest;
    let second = client.call_tool(call("remediate", arguments.clone())).await.unwrap();
    assert_eq!(status(&second), "resolved", "{}", text(&second));
    let third = client.call_tool(call("remediate", arguments)).await.unwrap();
    assert_eq!(third.is_error, Some(true));
    assert_eq!(cluster.writes().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn analyze_and_validate_write_nothing_and_rehearse_nothing() {
    let cluster = Cluster::with(Limits::default()).await;
    cluster.sim.forget_requests();
    let client = cluster.client(modes()[1].clone(), Human::who(Says::Yes)).await;
    let looked = client.call_tool(call("analyze", issue())).await.unwrap();
    assert_eq!(status(&looked), "diagnosed", "{}", text(&looked));
    let session = looked.structured_content.unwrap()["session"].clone();
    for arguments in [issue(), json!({"sessionId": session})] {
        let checked = client.call_tool(call("validate", arguments)).await.unwrap();
        assert_ne!(checked.is_error, Some(true), "{}", text(&checked));
        assert_ne!(status(&checked), "resolved", "{}", text(&checked));
    }
    assert!(cluster.sim.requests().iter().all(|r| r.method == "GET" || r.path.contains("selfsubjectaccessreviews")));
}

/// What a model pays for the case, in bytes: `make tokens` counts the tokens.
#[tokio::test(start_paused = true)]
async fn a_brief_report_is_small_and_says_nothing_twice() {
    let cluster = Cluster::with(Limits::default()).await;
    let client = cluster.client(modes()[0].clone(), Human::unreachable()).await;
    for tool in ["analyze", "remediate"] {
        let result = client.call_tool(call(tool, issue())).await.unwrap();
        let brief = result.structured_content.clone().unwrap();
        assert!(brief.to_string().len() <= 4_200, "{tool}: {} bytes: {brief:#}", brief.to_string().len());
        assert_eq!(brief["causes"][0]["object"], "PersistentVolumeClaim/a-team/postgres-pvc", "{brief:#}");
        for left_out in ["request", "manifest", "precondition", "looked", "usage", "command", "apiVersion\":"] {
            assert!(
                !brief["plan"].to_string().contains(&format!("\"{left_out}\"")) && brief.get(left_out).is_none(),
                "{left_out}: {brief:#}"
            );
        }
        assert_eq!(brief.to_string().matches("storage: 10Gi").count(), 1, "the manifest stands once: {brief:#}");
        let text = text(&result);
        let (before, diff) = text.split_once("\nDiff:\n").unwrap();
        let (_, behind) = diff.rsplit_once("\n```\n").unwrap();
        let lines = before.lines().count() + behind.lines().count();
        assert!((10..=25).contains(&lines), "{lines} lines: {text}");
        assert!(text.contains(brief["session"].as_str().unwrap()), "{text}");
    }
}

/// A result after the answer has what is new; the rest was said, or is a resource.
#[tokio::test(start_paused = true)]
async fn after_an_answer_only_what_is_new_is_said() {
    let cluster = Cluster::with(Limits::default()).await;
    let client = cluster.client(modes()[0].clone(), Human::who(Says::Yes)).await;
    let result = client.call_tool(call("remediate", issue())).await.unwrap();
    let brief = result.structured_content.unwrap();
    assert_eq!((&brief["status"], &brief["execution"]["steps"][0]["outcome"]), (&json!("resolved"), &json!("applied")), "{brief:#}");
    assert!(brief["causes"][0].get("explanation").is_none() && brief.get("evidence").is_none(), "{brief:#}");
    let result = client.call_tool(call("validate", json!({"sessionId": brief["session"]}))).await.unwrap();
    let brief = result.structured_content.unwrap();
    assert!(brief.get("causes").is_none() && brief["plan"].get("steps").is_none() && brief.get("validation").is_some(), "{brief:#}");
}

/// Who analyzed first and then wants the fix passes the session of the diagnosis; it is looked at again, since an old look is no ground.
#[tokio::test(start_paused = true)]
async fn remediate_with_the_session_of_a_diagnosis_looks_again_and_asks() {
    let cluster = Cluster::with(Limits::default()).await;
    let human = Human::who(Says::Yes);
    let client = cluster.client(modes()[0].clone(), human.clone()).await;
    let looked = client.call_tool(call("analyze", issue())).await.unwrap().structured_content.unwrap();
    assert_eq!(looked["status"], "diagnosed");
    let result = client.call_tool(call("remediate", json!({"sessionId": looked["session"]}))).await.unwrap();
    assert_eq!(status(&result), "resolved", "{}", text(&result));
    let fixed = result.structured_content.unwrap();
    assert_ne!(fixed["session"], looked["session"]);
    assert_eq!(human.asked.lock().unwrap().len(), 1);
    let (fixed, looked) = (cluster.whole(&fixed).await, cluster.whole(&looked).await);
    for part in ["text", "namespace", "objects", "about"] {
        assert_eq!(fixed["issue"][part], looked["issue"][part]);
    }
}

/// A call that was cut told nobody of its change: the next report does.
#[tokio::test(start_paused = true)]
async fn the_next_report_says_what_was_changed_a_short_while_ago() {
    let cluster = Cluster::with(Limits::default()).await;
    let client = cluster.client(modes()[0].clone(), Human::who(Says::Yes)).await;
    let fixed = client.call_tool(call("remediate", issue())).await.unwrap().structured_content.unwrap();
    let told = |brief: &Value| brief["advice"].to_string();
    let next = client.call_tool(call("analyze", issue())).await.unwrap();
    let advice = told(next.structured_content.as_ref().unwrap());
    let session = fixed["session"].as_str().unwrap();
    assert!(advice.contains("kubemend changed PersistentVolumeClaim a-team/postgres-pvc") && advice.contains(session), "{advice}");
    assert!(text(&next).contains(session), "{}", text(&next));
    let whole = next.structured_content.as_ref().unwrap().to_string();
    assert_eq!(whole.matches(&format!("kubemend show {session}")).count(), 1, "a command is said once: {whole}");
    let elsewhere = client.call_tool(call("analyze", json!({"issue": "is it fine?", "namespace": "default"}))).await.unwrap();
    assert!(!told(&elsewhere.structured_content.unwrap()).contains(session));
    tokio::time::sleep(Duration::from_secs(3_600)).await;
    let later = client.call_tool(call("analyze", issue())).await.unwrap();
    assert!(!told(&later.structured_content.unwrap()).contains(session));
}

/// A plan that nobody applied changed nothing, whatever became of it.
#[tokio::test(start_paused = true)]
async fn the_next_report_says_of_no_plan_that_was_not_applied_that_it_changed_something() {
    for says in [Says::No, Says::Closes] {
        let cluster = Cluster::with(Limits::default()).await;
        let client = cluster.client(modes()[0].clone(), Human::who(says)).await;
        let waiting = client.call_tool(call("remediate", issue())).await.unwrap().structured_content.unwrap();
        for tool in ["analyze", "remediate", "validate", "analyze"] {
            let next = client.call_tool(call(tool, issue())).await.unwrap();
            assert!(!text(&next).contains("kubemend changed") && !text(&next).contains("may have changed"), "{tool}: {}", text(&next));
        }
        assert_eq!(cluster.writes(), Vec::<String>::new(), "{waiting}");
    }
}

#[tokio::test(start_paused = true)]
async fn who_declined_is_told_how_to_be_asked_again_and_is_asked() {
    let cluster = Cluster::with(Limits::default()).await;
    let no = Human::who(Says::No);
    let client = cluster.client(modes()[0].clone(), no.clone()).await;
    let declined = client.call_tool(call("remediate", issue())).await.unwrap();
    let session = declined.structured_content.as_ref().unwrap()["session"].as_str().unwrap().to_owned();
    let again = format!("run remediate with session {session}");
    assert!(status(&declined) == "declined" && text(&declined).contains(&again), "{}", text(&declined));
    // Nor does a validation of it lead in a circle.
    let validated = client.call_tool(call("validate", json!({"sessionId": session}))).await.unwrap();
    assert!(text(&validated).contains(&again) && !text(&validated).contains("Run validate"), "{}", text(&validated));
    client.call_tool(call("remediate", json!({"sessionId": session}))).await.unwrap();
    assert_eq!(no.asked.lock().unwrap().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn automatic_mode_that_the_operator_does_not_allow_is_said_to_have_no_effect_and_what_the_operator_wants() {
    let by_a_human = "automatic mode was requested and has no effect: the operator wants a human to be asked";
    let by_a_digest = "automatic mode was requested and has no effect: the operator wants each plan to be approved, by a human or by a \
                       second call that repeats its digest";
    for (consent, says) in [(Consent::Ask, by_a_human), (Consent::Client, by_a_digest)] {
        let cluster = Cluster::with(Limits { consent, ..Limits::default() }).await;
        let client = cluster.client(modes()[0].clone(), Human::unreachable()).await;
        let mut arguments = issue();
        arguments["mode"] = json!("automatic");
        let result = client.call_tool(call("remediate", arguments)).await.unwrap();
        assert_eq!(status(&result), "awaitingApproval");
        let brief = result.structured_content.clone().unwrap();
        assert_eq!(brief["advice"][0]["text"], says, "{brief:#}");
        assert!(text(&result).contains(says), "{}", text(&result));
    }
}
