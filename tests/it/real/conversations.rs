//! What a reader made of faults that no rule knows, played again on the real cluster: by a model of the operator's over the real wire, in
//! either protocol, and by a calling agent that looks and proposes by itself, without any key.

use super::trial::{Trial, Who};
use super::world;
use crate::support::conversation::{Call, Conversation, every_conversation, every_conversation_of_the_real_one, load};
use crate::support::notes::did_not_run;
use crate::support::objects::Kind;
use crate::support::provider::{FakeProvider, anthropic, openai};
use crate::support::server::{Human, Opening, Said};
use crate::support::verdict;
use crate::support::world::World;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt as _;
use std::time::{Duration, Instant};

/// What does not crash is looked at after this time.
const NOTICED: Duration = Duration::from_secs(75);
/// What crashes has crashed for the third time within this.
const LONGEST: Duration = Duration::from_secs(300);
/// Answers that a case takes.
const ANSWERS: usize = 3;
const KEY: &str = "key-of-the-reader-canary";

async fn set_up(world: &World, name: &str) -> Option<Trial> {
    if world.run.is_none() {
        did_not_run(name, "it needs the made images, and a reader beside the writer");
        return None;
    }
    let trial = Trial::of_case(world, load(name), Who::Two).await?;
    lasts(&trial).await;
    Some(trial)
}

/// Waits as long as somebody takes who notices. What crashes has been restarted three times then, and waits for 80 seconds, of which 30
/// have passed at most: it does not run while it is being read.
async fn lasts(trial: &Trial) {
    let begin = Instant::now();
    let restarts = |pod: &Value| statuses(pod).filter_map(|status| status["restartCount"].as_u64()).max().unwrap_or(0);
    let waits = |pod: &Value| {
        statuses(pod).any(|status| {
            let ended = status["lastState"]["terminated"]["finishedAt"].as_str().and_then(|at| at.parse::<Timestamp>().ok());
            let fresh = ended.is_some_and(|ended| Timestamp::now().duration_since(ended).as_secs() < 30);
            status["state"]["waiting"]["reason"] == "CrashLoopBackOff" && fresh && status["restartCount"].as_u64() >= Some(3)
        })
    };
    loop {
        let pods = trial.place.list(Kind::named("Pod")).await;
        let crashes = pods.iter().any(|pod| restarts(pod) > 0);
        if (!crashes && begin.elapsed() > NOTICED) || pods.iter().any(waits) {
            return;
        }
        assert!(begin.elapsed() < LONGEST, "{}: it does not crash: {pods:#?}", trial.case.name);
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

fn statuses(pod: &Value) -> impl Iterator<Item = &Value> {
    ["initContainerStatuses", "containerStatuses"].into_iter().filter_map(|all| pod["status"][all].as_array()).flatten()
}

/// The operator's model, over HTTP; the human says yes to what it leads to.
async fn by_a_model(name: &str) {
    let Some(trial) = set_up(&world!(), name).await else { return };
    // In turn, so that each protocol plays about half of them.
    let protocol = if name.len().is_multiple_of(2) { "openai" } else { "anthropic" };
    let (conversation, place) = (Conversation::of(&trial.case), trial.place.name.clone());
    let provider = FakeProvider::answering(move |turn, asked| {
        let calls = conversation.answer(turn, &told_to(&asked.body), &place);
        let calls: Vec<(&str, &Value)> = calls.iter().map(|call| (call.tool.as_str(), &call.arguments)).collect();
        if protocol == "openai" { openai::calls(&calls) } else { anthropic::calls(&calls) }
    })
    .await;
    let key = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(key.path(), KEY).unwrap();
    std::fs::set_permissions(key.path(), std::fs::Permissions::from_mode(0o600)).unwrap();
    let server = trial
        .start(Human::Yes, Opening::Auto)
        .env("KUBEMEND_MODEL", format!("{protocol}/reader"))
        .env("KUBEMEND_MODEL_BASE_URL", provider.root())
        .env("KUBEMEND_MODEL_KEY_FILE", key.path())
        .run()
        .await;
    let said = server.call("remediate", trial.ask()).await;
    let asked = provider.asked();
    let sent: usize = asked.iter().map(|one| one.body.to_string().len() / 4).sum();
    eprintln!("{name}: {} questions over {protocol}, about {sent} tokens sent, {}", asked.len(), said.report["usage"]);
    assert!((1..=ANSWERS).contains(&asked.len()), "{name}: {} questions: {}", asked.len(), said.text);
    let told = format!("{}{:?}{}", said.text, said.report, server.stderr());
    assert!(!told.contains(KEY), "{name}: the key was told");
    judge(&trial, &server.questions(), &said, "proposed-by-model").await;
    server.stop().await;
    trial.place.end().await;
}

/// The agent that called us, without a key: it analyzes, looks, proposes, and a human says yes.
async fn by_the_agent(name: &str) {
    let Some(trial) = set_up(&world!(), name).await else { return };
    let (conversation, place) = (Conversation::of(&trial.case), trial.place.name.clone());
    let server = trial.start(Human::Yes, Opening::Auto).run().await;
    let mut said = server.call("analyze", trial.ask()).await;
    let session = said.report["session"].clone();
    let mut told = String::new();
    for turn in 0.. {
        assert!(!said.error, "{name}: {}", said.text);
        told = told_in(&said.report);
        let calls = conversation.answer(turn, &told, &place);
        if let [Call { tool, arguments }] = &calls[..]
            && tool == "conclude"
        {
            said = server.call("remediate", json!({"sessionId": session, "proposal": arguments})).await;
            break;
        }
        let look = |call: &Call| {
            let mut look = call.arguments.clone();
            look["probe"] = json!(call.tool);
            look
        };
        let looks: Vec<Value> = calls.iter().map(look).collect();
        said = server.call("analyze", json!({"sessionId": session, "look": looks})).await;
    }
    assert!(!told.is_empty());
    judge(&trial, &server.questions(), &said, "proposed-by-caller").await;
    server.stop().await;
    trial.place.end().await;
}

/// All that stands in the messages of a request from our side, the oldest first, in either protocol's form.
fn told_to(body: &Value) -> String {
    let messages = body["messages"].as_array().cloned().unwrap_or_default();
    let ours = messages.iter().filter(|message| message["role"] == "user" || message["role"] == "tool");
    ours.map(|message| words(&message["content"])).collect()
}

/// A text, or those of blocks.
fn words(content: &Value) -> String {
    match content {
        Value::String(text) => format!("{text}\n"),
        Value::Array(blocks) => {
            let of = |block: &Value| if block["type"] == "tool_result" { words(&block["content"]) } else { words(&block["text"]) };
            blocks.iter().map(of).collect()
        }
        _ => String::new(),
    }
}

/// What a report tells, as a model is told it.
fn told_in(report: &Value) -> String {
    let all = |part: &str| report[part].as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let of = |object: &Value| ["kind", "namespace", "name"].map(|part| text(&object[part])).join("/");
    let unexplained = all("unexplained").into_iter().map(|one| format!("- {}", of(&one["object"])));
    let evidence = all("evidence").into_iter().map(|one| {
        let field = one["field"].as_str().map(|field| format!(" {field}")).unwrap_or_default();
        format!("{} {} {}{field}: {}", text(&one["id"]), text(&one["source"]), of(&one["object"]), text(&one["text"]))
    });
    let seen = all("observations")
        .into_iter()
        .map(|one| format!("{} = a look\n\n{}\n{}", text(&one["id"]), text(&one["asked"]), text(&one["text"])));
    unexplained.chain(evidence).chain(seen).collect::<Vec<_>>().join("\n")
}

/// The cause, the plan, the question, the writes and the verdict that the scenario expects.
async fn judge(trial: &Trial, questions: &[String], said: &Said, code: &str) {
    let (name, expect, report) = (&trial.case.name, &trial.case.scenario.expect, &said.report);
    assert!(!said.error, "{name}: {}", said.text);
    let first = &report["causes"][0];
    let stated = (first["code"].as_str().unwrap_or_default(), verdict::named(&first["object"]));
    let expected = expect.cause.as_ref().unwrap();
    assert_eq!(stated, (code, expected.object.clone()), "{name}: {}", said.text);
    verdict::plans_the_writes(&trial.case, report);
    assert_eq!(questions.len(), usize::from(expect.verdict.is_some()), "{name}: {questions:?}\n{}", said.text);
    assert_eq!(report["status"].as_str(), expect.verdict.as_deref().or(Some("inconclusive")), "{name}: {}", said.text);
    if expect.verdict.is_none() {
        trial.untouched().await;
    } else {
        trial.proven(report).await;
    }
}

macro_rules! tests {
    ($($claim:ident: $name:literal,)*) => {
        $(mod $claim {
            #[tokio::test]
            async fn by_a_model() {
                super::by_a_model($name).await;
            }

            #[tokio::test]
            async fn by_the_agent() {
                super::by_the_agent($name).await;
            }
        })*
    };
}
every_conversation!(tests);
every_conversation_of_the_real_one!(tests);
