//! A bundle tells the whole of a session: what the model answered is played again, with what the looks brought, and comes to the same end
//! without a cluster and without a model. And nothing secret is in it, wherever in the session it stands.

use super::*;
use crate::agent::investigation::{Brought, CallResult, Demand, Ended, Input, Investigation};
use crate::agent::opening::Opening;
use crate::clock::{CountingEntropy, RuntimeClock};
use crate::cluster::connect::over;
use crate::domain::budget::{Budget, Daily};
use crate::domain::diagnosis::Diagnosis;
use crate::domain::dialogue::{ModelBlock, Reply, StopReason, Tokens, ToolUse};
use crate::domain::excerpt::Excerpt;
use crate::domain::finding::Advice;
use crate::domain::issue::{Issue, Scope};
use crate::domain::limits::Limits;
use crate::domain::look::ProbeName;
use crate::domain::namespace::Namespace;
use crate::domain::observation::{Observation, ObservationId, Observations};
use crate::domain::prices::Prices;
use crate::domain::purpose::Purpose;
use crate::ports::scripted::{ScriptedModel, calls};
use crate::ports::{ClusterRead, ModelFaultKind};
use crate::probe::Allowed;
use crate::sim::{MadeImage, Sim, World};
use crate::store::MemoryStore;
use crate::workflow::{Caller, OwnModel, Parts, Problem, Remediation, Timing};
use jiff::Timestamp;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

const START: &str = "2026-11-23T12:00:00Z";
const IMAGES: &str = "
- ref: api:broken
  play: {log: ['cannot parse flags, giving up: token=hunter2canary'], exit: {code: 2, after: 1}}
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

fn conclusion(cites: &str) -> String {
    let cause = json!({"object": "deployment/api", "title": "the “image” is broken", "explanation": "its log says password=hunter2canary",
                       "confidence": 0.8, "cites": [cites]});
    json!({"causes": [cause]}).to_string()
}

#[expect(clippy::disallowed_methods, reason = "a test owns its cluster")]
/// What a model with these answers makes of a Pod that crashes.
async fn investigated(answers: Vec<Result<Reply, ModelFaultKind>>) -> (Remediation, SessionId) {
    let (sim, driver) = Sim::new(World::standard(START.parse().unwrap()));
    tokio::spawn(driver);
    sim.add_images(MadeImage::parse_yaml(IMAGES).unwrap());
    sim.apply_yaml("shop", API).unwrap();
    tokio::time::sleep(Duration::from_secs(90)).await;
    let namespace = Namespace::parse("shop").unwrap();
    let read: Arc<dyn ClusterRead> = Arc::new(over(sim.service_as("reader"), "embedded", "embedded.invalid:6443", namespace.clone()).read);
    let model = Arc::new(ScriptedModel::answering(answers));
    let remediation = Remediation::new(Parts {
        executor: None,
        read,
        store: Arc::new(MemoryStore::new()),
        clock: Arc::new(RuntimeClock::starting_at(START.parse().unwrap())),
        entropy: Arc::new(CountingEntropy::from_seed(1)),
        limits: Limits::default(),
        timing: Timing::default(),
        allowed: Allowed::default(),
        own_model: Some(OwnModel::new(model, Budget::default(), Daily::default(), Prices::default())),
    });
    let issue = Some(Issue::parse("the api keeps crashing").unwrap());
    let problem = Problem { issue, namespace: Some(namespace), ..Problem::default() };
    let report = remediation.analyze(&problem, &Caller::silent()).await.unwrap();
    (remediation, SessionId::parse(&report.session).unwrap())
}

async fn file_of(remediation: &Remediation, id: &SessionId) -> Value {
    serde_json::from_str(&Bundle::of(&remediation.records(), id).await.unwrap().written().unwrap()).unwrap()
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_else(|| panic!("no `{name}` in {value}"))
}

fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value[name].as_array().map(Vec::as_slice).unwrap_or_default()
}

/// The model's part of an utterance, as an answer.
fn reply(said: &Value) -> Reply {
    let block = |piece: &Value| match text(piece, "is") {
        "text" => ModelBlock::Text(text(piece, "text").to_owned()),
        "call" => ModelBlock::ToolUse(ToolUse {
            id: text(piece, "id").to_owned(),
            name: text(piece, "name").to_owned(),
            input: text(piece, "input").to_owned(),
        }),
        other => panic!("{other}"),
    };
    let tokens = &said["tokens"];
    let count = |name: &str| tokens[name].as_u64().unwrap();
    Reply {
        model: text(said, "model").to_owned(),
        blocks: list(said, "pieces").iter().map(block).collect(),
        stop: if said["stop"] == "cut" { StopReason::MaxTokens } else { StopReason::ToolUse },
        tokens: tokens.is_object().then(|| Tokens { input: count("input"), cached: count("cached"), output: count("output") }),
        lost: Vec::new(),
    }
}

/// What an observation of the report was, as the look brought it.
fn observation(bundle: &Value, id: &str) -> Observation {
    let seen = list(&bundle["report"], "observations").iter().find(|one| one["id"] == id).unwrap_or_else(|| panic!("no {id}"));
    let asked = text(seen, "asked");
    Observation {
        probe: ProbeName::parse(asked.split(' ').next().unwrap()).unwrap(),
        asked: asked.to_owned(),
        object: None,
        field: None,
        text: Excerpt::capture(text(seen, "text"), 64 * 1024),
        more: seen["more"].as_str().map(str::to_owned),
        seen_at: text(seen, "seenAt").parse().unwrap(),
    }
}

/// Plays a bundle again. What it ends in, and how the bundle says that it ended.
fn replayed(bundle: &Value) -> (Ended, String) {
    let said = list(bundle, "conversation");
    let at = |one: &Value| text(one, "at").parse::<Timestamp>().unwrap();
    let began = at(&said[0]);
    let mut replies = said.iter().filter(|one| one["is"] == "byModel");
    let mut elapsed = Duration::ZERO;
    // What each call brought, by the call's id.
    let brought: Vec<&Value> = said.iter().flat_map(|one| list(one, "brought")).collect();
    let of = |call: &str| brought.iter().find(|one| one["call"] == call);
    let place = list(&bundle["report"]["issue"], "namespaces")
        .iter()
        .filter_map(Value::as_str)
        .chain(bundle["report"]["issue"]["namespace"].as_str());
    let scope = Scope::of(place.map(|name| Namespace::parse(name).unwrap()).collect(), Vec::new());
    let (issue, diagnosis, observations) = (text(&bundle["report"]["issue"], "text"), Diagnosis::default(), Observations::default());
    let opening = Opening { issue, scope: &scope, diagnosis: &diagnosis, observations: &observations, allowed: Allowed::default() };
    let (mut it, mut demand) = Investigation::begin(&opening, [7; 32], Budget::default(), Prices::default());
    loop {
        let input = match &demand {
            Demand::AskModel(_) => {
                let next = replies.next().expect("the bundle has an answer to every question");
                elapsed = Duration::try_from(at(next).duration_since(began)).unwrap();
                Input::Replied(Box::new(reply(next)))
            }
            Demand::RunProbes(probes) => Input::Observed(
                probes
                    .iter()
                    .map(|probe| {
                        let one = of(&probe.call).unwrap_or_else(|| panic!("nothing came of {probe:?}"));
                        let brought = match one["observation"].as_str() {
                            Some(id) => Brought::Seen(ObservationId::parse(id).unwrap(), observation(bundle, id)),
                            None => Brought::Unseen(text(one, "text").to_owned()),
                        };
                        CallResult { call: probe.call.clone(), brought }
                    })
                    .collect(),
            ),
            Demand::Conclude(ended) => {
                // A conclusion that was refused was answered: its call is the only one that can have been.
                let call = said.iter().filter(|one| one["is"] == "byModel").flat_map(|one| list(one, "pieces")).find(|piece| {
                    let later = replies.clone().next().is_some();
                    later && piece["name"] == "conclude" && of(text(piece, "id")).is_some()
                });
                match call.and_then(|piece| of(text(piece, "id"))) {
                    Some(why) => Input::Refused(text(why, "text").to_owned()),
                    None => {
                        let last = said.iter().rev().find(|one| one["is"] == "ended").unwrap();
                        return ((**ended).clone(), text(last, "how").to_owned());
                    }
                }
            }
        };
        demand = it.step(input, elapsed);
    }
}

#[tokio::test(start_paused = true)]
async fn bundle_is_played_again_without_a_cluster_and_a_model_and_ends_in_the_same_conclusion() {
    let mut looks = calls(&[("get", r#"{"object": "deployment/api"}"#), ("get", r#"{"object": "pod/nobody"}"#), ("look_around", "{}")]);
    looks.blocks.insert(0, ModelBlock::Text("I look first".into()));
    let mut last = calls(&[("conclude", &conclusion("o2"))]);
    let ModelBlock::ToolUse(call) = &mut last.blocks[0] else { panic!() };
    call.id = "last".into();
    let mut wrong = calls(&[("conclude", &conclusion("o9"))]);
    let ModelBlock::ToolUse(call) = &mut wrong.blocks[0] else { panic!() };
    call.id = "first".into();
    let (remediation, id) = investigated(vec![Ok(looks), Ok(wrong), Ok(last)]).await;
    let bundle = file_of(&remediation, &id).await;
    assert_eq!((text(&bundle, "apiVersion"), text(&bundle, "kind")), (API_VERSION, KIND));
    let (ended, how) = replayed(&bundle);
    assert_eq!(ended.to_string(), how, "{bundle:#}");
    let Ended::Concluded(conclusion) = &ended else { panic!("{ended:?}") };
    assert_eq!(conclusion.causes.first().title, "the “image” is broken");
    let stated = list(&bundle["report"], "causes").iter().find(|cause| cause["source"] == "model").unwrap();
    assert_eq!((&stated["object"]["kind"], &stated["object"]["name"]), (&json!("Deployment"), &json!("api")));
    assert!(text(stated, "title").contains("is broken") && how.starts_with("Deployment shop/api: “"), "{how}");
    let kinds: Vec<&str> = list(&bundle, "conversation").iter().map(|one| text(one, "is")).collect();
    assert_eq!(kinds, ["toModel", "byModel", "toModel", "byModel", "toModel", "byModel", "ended"]);
    let first = &list(&bundle, "conversation")[0];
    assert!(
        text(first, "prompts").starts_with("sha256:") && list(first, "words")[0].as_str().unwrap().contains("the api keeps crashing"),
        "{first}"
    );
    let all = bundle.to_string();
    assert!(all.contains("cannot parse flags") && !all.contains("canary"), "{bundle:#}");
}

#[tokio::test(start_paused = true)]
async fn model_that_gives_no_answer_is_told_as_that() {
    let (remediation, id) = investigated(vec![Err(ModelFaultKind::Overloaded)]).await;
    let bundle = file_of(&remediation, &id).await;
    let said = list(&bundle, "conversation");
    assert!(said[1]["is"] == "noAnswer" && text(&said[1], "why").contains("overloaded"), "{said:#?}");
    assert!(said[2]["is"] == "ended" && text(&said[2], "how").starts_with("no conclusion: "), "{said:#?}");
}

/// Whatever stands in the store: an older program may have written it, and it may not have been masked as well.
#[tokio::test(start_paused = true)]
async fn no_credential_in_any_text_of_a_session_is_in_its_bundle() {
    let (remediation, id) = investigated(vec![Ok(calls(&[("conclude", &conclusion("o1"))]))]).await;
    let records = remediation.records();
    let before = file_of(&remediation, &id).await;
    for (planted, canary) in crate::domain::secrets::shapes::PLANTED {
        let mut session = records.session(&id).await.unwrap();
        let header = session.header_mut();
        header.purpose = Purpose::Issue((*planted).to_owned());
        header.advice.push(Advice { text: (*planted).to_owned(), command: Some((*planted).to_owned()), why: (*planted).to_owned() });
        header.trail.note(Timestamp::UNIX_EPOCH, planted, planted);
        let unmasked = Excerpt::kept(planted, 10_000);
        header.conversation.add(Timestamp::UNIX_EPOCH, Spoken::Proposal { by: unmasked.clone(), text: unmasked.clone() });
        let words = vec![unmasked.clone()];
        let brought = vec![CallBrought { call: unmasked.clone(), what: Came::Told(unmasked.clone()) }];
        header.conversation.add(Timestamp::UNIX_EPOCH, Spoken::ToModel { brought, words, prompts: (*planted).to_owned() });
        header.conversation.add(Timestamp::UNIX_EPOCH, Spoken::Ended(unmasked.clone()));
        let seen_at = Timestamp::UNIX_EPOCH;
        let seen = Observation {
            probe: ProbeName::Get,
            asked: (*planted).to_owned(),
            object: None,
            field: None,
            text: unmasked,
            more: Some((*planted).to_owned()),
            seen_at,
        };
        header.observations.add(seen).unwrap();
        let bundle = Bundle::as_of(Timestamp::UNIX_EPOCH, &session, None);
        let written = bundle.written().unwrap();
        assert!(!written.contains(canary) && written.contains("⟦redacted:"), "{planted}: {written}");
    }
    // What has nothing to hide is there as `show` has it.
    let shown = serde_json::to_value(records.show(&id).await.unwrap()).unwrap();
    assert_eq!(before["report"], shown);
}

#[tokio::test(start_paused = true)]
async fn what_is_missing_is_named() {
    let (remediation, id) = investigated(vec![Ok(calls(&[("conclude", &conclusion("o1"))]))]).await;
    let session = remediation.records().session(&id).await.unwrap();
    let named = |header: &Header| missing(header).into_iter().map(|one| one.what).collect::<Vec<String>>();
    assert_eq!(named(session.header()), ["snapshot"]);
    let mut session = session;
    let header = session.header_mut();
    for _ in 0..80 {
        header.conversation.add(Timestamp::UNIX_EPOCH, Spoken::Ended(Excerpt::default()));
    }
    let by = crate::domain::proposal::ProposedBy { session: SessionId::from_entropy([9; 16]), name: "an agent".into() };
    header.proposed_by = Some(by);
    assert_eq!(named(header), ["snapshot", "the first 19 messages of the conversation", "the looks that the proposal rests on"]);
    header.conversation = crate::domain::conversation::Conversation::default();
    assert!(named(header).contains(&"conversation".to_owned()));
}

/// The names of all members, and the words that say what something is, but for the report, which has a page of its own.
fn names(value: &Value, into: &mut std::collections::BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                into.insert(name.clone());
                into.extend(value.as_str().filter(|_| name == "is").map(str::to_owned));
                if name != "report" {
                    names(value, into);
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| names(item, into)),
        _ => {}
    }
}

#[tokio::test(start_paused = true)]
async fn page_of_the_form_names_every_member() {
    let mut answer = calls(&[("get", r#"{"object": "deployment/api"}"#)]);
    let opaque = crate::domain::dialogue::Opaque { provider: "openai/scripted".into(), value: "{}".into() };
    answer.blocks.extend([ModelBlock::Opaque(opaque), ModelBlock::Text("so".into())]);
    let (remediation, id) = investigated(vec![Ok(answer)]).await;
    let mut session = remediation.records().session(&id).await.unwrap();
    let said = &mut session.header_mut().conversation;
    said.add(Timestamp::UNIX_EPOCH, Spoken::Looks(vec![CallBrought::of("get", Came::Told(Excerpt::default()))]));
    said.add(Timestamp::UNIX_EPOCH, Spoken::Proposal { by: Excerpt::default(), text: Excerpt::default() });
    let file = Bundle::as_of(Timestamp::UNIX_EPOCH, &session, None).written().unwrap();
    let (page, mut all) = (include_str!("../../../../docs/bundle.md"), std::collections::BTreeSet::new());
    names(&serde_json::from_str(&file).unwrap(), &mut all);
    assert!(["toModel", "byModel", "noAnswer", "looks", "proposal", "ended", "opaque"].iter().all(|is| all.contains(*is)), "{all:?}");
    let missing: Vec<&String> = all.iter().filter(|name| !page.contains(&format!("`{name}`"))).collect();
    assert!(missing.is_empty(), "{missing:?}");
}
