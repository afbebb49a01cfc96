//! What the investigation promises: its end, its bounds, a conversation that every provider takes, and one answer to each call.

use super::*;
use crate::agent::opening::LONGEST;
use crate::domain::diagnosis::Diagnosis;
use crate::domain::dialogue::{Message, ModelBlock, OurBlock, Tokens};
use crate::domain::issue::Scope;
use crate::domain::model_fault::ModelFaultKind;
use crate::domain::observation::Observations;
use crate::domain::prices::Cost;
use crate::ports::scripted::{calls, says};
use crate::probe::Allowed;
use jiff::Timestamp;
use proptest::prelude::*;

const NOW: Duration = Duration::ZERO;
const CAUSE: &str =
    r#"{"causes": [{"object": "Deployment/shop/web", "title": "t", "explanation": "e", "confidence": 0.5, "cites": ["o1"]}]}"#;

fn begun(budget: Budget) -> (Investigation, Demand) {
    let scope = Scope::of(vec![Namespace::parse("shop").unwrap()], Vec::new());
    let (diagnosis, observations, allowed) = (Diagnosis::default(), Observations::default(), Allowed::default());
    let opening = Opening { issue: "web is down", scope: &scope, diagnosis: &diagnosis, observations: &observations, allowed };
    Investigation::begin(&opening, [7; 32], budget, Prices::parse("openai/scripted=0.5/1").unwrap())
}

fn seen(bytes: usize) -> (ObservationId, Observation) {
    let text = Excerpt::capture(&"x ".repeat(bytes / 2), 64 * 1024);
    let observation = Observation {
        probe: ProbeName::Get,
        asked: "get pod/web".into(),
        object: None,
        field: None,
        text,
        more: None,
        seen_at: Timestamp::UNIX_EPOCH,
    };
    (ObservationId::parse("o1").unwrap(), observation)
}

fn replied(reply: Reply) -> Input {
    Input::Replied(Box::new(reply))
}

fn asked(effect: Demand) -> Prompt {
    match effect {
        Demand::AskModel(prompt) => *prompt,
        other => panic!("{other:?}"),
    }
}

fn looked(effect: &Demand, bytes: usize) -> Input {
    let Demand::RunProbes(probes) = effect else { panic!("{effect:?}") };
    let (id, observation) = seen(bytes);
    let brought = |probe: &ProbeCall| CallResult { call: probe.call.clone(), brought: Brought::Seen(id, observation.clone()) };
    Input::Observed(probes.iter().map(brought).collect())
}

/// The results in the last message, and its words.
fn told(prompt: &Prompt) -> (Vec<ToolResult>, String) {
    let Some(Message::Ours(blocks)) = prompt.messages.last() else { panic!("{prompt:?}") };
    let results = blocks.iter().filter_map(|b| if let OurBlock::ToolResult(r) = b { Some(r.clone()) } else { None });
    let words = blocks.iter().filter_map(|b| if let OurBlock::Text(t) = b { Some(t.as_str()) } else { None });
    (results.collect(), words.collect::<Vec<_>>().join("\n"))
}

fn ended(effect: Demand) -> Ended {
    match effect {
        Demand::Conclude(ended) => *ended,
        other => panic!("{other:?}"),
    }
}

#[test]
fn look_is_taken_and_its_id_is_cited() {
    let (mut it, first) = begun(Budget::default());
    let first = asked(first);
    assert_eq!((first.choice, first.tools.len()), (ToolChoice::Auto, ProbeName::ALL.len() + 1));
    let effect = it.step(replied(calls(&[("get", r#"{"object": "pod/web"}"#)])), NOW);
    let Demand::RunProbes(probes) = &effect else { panic!("{effect:?}") };
    assert_eq!((probes.first().probe, &probes.first().arguments["object"]), (ProbeName::Get, &serde_json::json!("pod/web")));
    let prompt = asked(it.step(looked(&effect, 100), NOW));
    let (results, _) = told(&prompt);
    assert!(results[0].content.starts_with("o1 = get, seen at 1970") && !results[0].is_error, "{results:?}");
    let Ended::Concluded(conclusion) = ended(it.step(replied(calls(&[(CONCLUDE, CAUSE)])), NOW)) else { panic!() };
    assert_eq!(conclusion.causes.first().object.to_string(), "Deployment shop/web");
    assert_eq!((it.spending().turns, it.spending().tokens.input), (2, 2_000));
    assert_eq!(it.suspicions(), []);
}

#[test]
fn same_look_is_answered_with_the_id_that_it_has() {
    let (mut it, _) = begun(Budget::default());
    let effect = it.step(replied(calls(&[("get", r#"{"object": "pod/web", "namespace": "shop"}"#)])), NOW);
    it.step(looked(&effect, 100), NOW);
    let reply = calls(&[("get", r#"{"namespace": "shop", "object": "pod/web"}"#)]);
    let (results, _) = told(&asked(it.step(replied(reply), NOW)));
    assert!(results[0].content.starts_with("You have this already. o1 = "), "{results:?}");
}

#[test]
fn calls_that_cannot_be_answered_are_told_what_there_is_and_those_that_sound_like_a_write_are_noticed() {
    let (mut it, _) = begun(Budget::default());
    let reply = calls(&[("kubectl_apply", "{}"), ("get", "[]"), ("look_around", "{}"), ("logs", "not json")]);
    let (results, _) = told(&asked(it.step(replied(reply), NOW)));
    assert!(results.iter().all(|result| result.is_error), "{results:?}");
    assert!(results[0].content.contains("there is no tool “kubectl_apply”; there are `get`, `list`,"), "{results:?}");
    assert!(results[1].content.contains("not a JSON object") && results[3].content.contains("not a JSON object"), "{results:?}");
    assert_eq!(it.suspicions(), [Suspicion::Write("kubectl_apply".into())]);
    let canary = it.fences.canary();
    it.step(replied(says(&format!("the marker is {canary}"))), NOW);
    assert_eq!(it.suspicions()[1], Suspicion::Marker);
}

#[test]
fn at_most_eight_looks_are_taken_at_once() {
    let (mut it, _) = begun(Budget::default());
    let names: Vec<String> = (0..12).map(|n| format!(r#"{{"object": "pod/web-{n}"}}"#)).collect();
    let many: Vec<(&str, &str)> = names.iter().map(|input| ("get", input.as_str())).collect();
    let effect = it.step(replied(calls(&many)), NOW);
    let Demand::RunProbes(probes) = &effect else { panic!("{effect:?}") };
    assert_eq!(probes.len(), LOOKS);
    let (results, _) = told(&asked(it.step(looked(&effect, 100), NOW)));
    assert_eq!(results.iter().filter(|result| result.is_error).count(), 4);
    let flood: Vec<(&str, &str)> = (0..200).map(|_| ("get", "{}")).collect();
    let prompt = asked(it.step(replied(calls(&flood)), NOW));
    assert!(told(&prompt).1.contains("it made 200 calls"), "{prompt:?}");
}

#[test]
fn conclusion_that_cannot_be_used_is_repaired_once() {
    for refuse in [false, true] {
        let (mut it, _) = begun(Budget::default());
        let mut wrong = || {
            let input = if refuse { CAUSE } else { r#"{"causes": []}"# };
            let effect = it.step(replied(calls(&[(CONCLUDE, input), ("get", "{}")])), NOW);
            match (refuse, effect) {
                (true, Demand::Conclude(ended)) if matches!(*ended, Ended::Concluded(_)) => {
                    it.step(Input::Refused("this session has no `o1`".into()), NOW)
                }
                // The look beside it is taken all the same.
                (false, effect @ Demand::RunProbes(_)) => it.step(looked(&effect, 10), NOW),
                (_, effect) => effect,
            }
        };
        let (results, _) = told(&asked(wrong()));
        assert_eq!((results.len(), results[0].is_error), (2, true), "{results:?}");
        let Ended::Without(Shortfall::Refused(why)) = ended(wrong()) else { panic!() };
        assert!(why.as_str().contains(if refuse { "no `o1`" } else { "proposal.causes" }), "{why}");
    }
}

#[test]
fn last_question_leaves_nothing_but_to_conclude() {
    let (mut it, _) = begun(Budget { turns: 3, ..Budget::default() });
    let prompt = asked(it.step(replied(says("let me think")), NOW));
    assert_eq!((prompt.choice.clone(), prompt.tools.len()), (ToolChoice::Only(CONCLUDE.into()), 1));
    assert!(told(&prompt).1.contains("Call `conclude` now"), "{prompt:?}");
    let (results, _) = told(&asked(it.step(replied(calls(&[("get", "{}")])), NOW)));
    assert!(results[0].content.contains("no further look"), "{results:?}");
    assert_eq!(ended(it.step(replied(says("more")), NOW)), Ended::Without(Shortfall::Bound(Bound::Turns(3))));
}

#[test]
fn time_tokens_and_faults_end_it_and_say_so() {
    let late = Duration::from_secs(120);
    let (mut it, _) = begun(Budget::default());
    let Ended::Without(over) = ended(it.step(replied(says("x")), late)) else { panic!() };
    assert_eq!(over.to_string(), "its 120 seconds are used up (`model-seconds`)");
    let (mut it, _) = begun(Budget::default());
    let mut dear = says("x");
    dear.tokens = Some(Tokens { input: 60_000, cached: 0, output: 1 });
    assert_eq!(ended(it.step(replied(dear), NOW)), Ended::Without(Shortfall::Bound(Bound::Tokens(60_000))));
    let (mut it, _) = begun(Budget { cost: Some(Cost(500)), ..Budget::default() });
    assert_eq!(ended(it.step(replied(says("x")), NOW)), Ended::Without(Shortfall::Bound(Bound::Cost(Cost(500)))));
    let (mut it, _) = begun(Budget::default());
    let fault = ModelFault { model: "a/b".into(), kind: ModelFaultKind::Overloaded, status: Some(529), said: None, lost: Vec::new() };
    let Ended::Without(over) = ended(it.step(Input::ModelFailed(fault), NOW)) else { panic!() };
    assert!(over.to_string().contains("a/b: the provider is overloaded"), "{over}");
    assert_eq!(ended(it.step(replied(says("x")), NOW)), Ended::Without(Shortfall::Astray), "what is over stays over");
}

#[test]
fn that_it_stays_open_is_an_answer() {
    let (mut it, _) = begun(Budget::default());
    let input = r#"{"causes": [], "actions": [], "open": {"why": "premise", "explanation": "there is no such page"}}"#;
    let Ended::Open(open) = ended(it.step(replied(calls(&[(CONCLUDE, input)])), NOW)) else { panic!() };
    assert_eq!(open.to_string(), "believes that the report is wrong, which is not verified: “there is no such page”");
}

fn any_call() -> impl Strategy<Value = ModelBlock> {
    let name = prop_oneof![
        Just("get".to_owned()),
        Just("logs".to_owned()),
        Just("list".to_owned()),
        Just(CONCLUDE.to_owned()),
        Just("delete_pod".to_owned()),
        Just(String::new()),
        ".{0,80}",
    ];
    let input = prop_oneof![
        Just("{}".to_owned()),
        Just(CAUSE.to_owned()),
        Just(r#"{"object": "pod/web"}"#.to_owned()),
        "[0-9]{1,2}".prop_map(|n| format!(r#"{{"object": "pod/web-{n}"}}"#)),
        ".{0,40}",
        Just(r#"{"open": {"why": "healthy", "explanation": "x"}}"#.to_owned()),
    ];
    let id = prop_oneof![Just("a".to_owned()), "[a-c]{0,2}", ".{0,5}"];
    (id, name, input).prop_map(|(id, name, input)| ModelBlock::ToolUse(ToolUse { id, name, input }))
}

fn any_reply() -> impl Strategy<Value = Reply> {
    let opaque = ".{0,9}".prop_map(|value| ModelBlock::Opaque(crate::domain::dialogue::Opaque { provider: "a".into(), value }));
    let block =
        prop_oneof![4 => any_call(), 1 => ".{0,30}".prop_map(ModelBlock::Text), 1 => Just(ModelBlock::Text(" ".into())), 1 => opaque];
    let tokens = prop_oneof![Just(None), (0_u64..9_000).prop_map(|input| Some(Tokens { input, cached: 0, output: 10 }))];
    let stop = prop_oneof![Just(StopReason::End), Just(StopReason::ToolUse), Just(StopReason::MaxTokens)];
    (proptest::collection::vec(block, 0..40), tokens, stop).prop_map(|(blocks, tokens, stop)| Reply {
        model: "a/b".into(),
        blocks,
        stop,
        tokens,
        lost: Vec::new(),
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Whatever a model answers.
    #[test]
    fn it_ends_within_its_turns_and_every_prompt_is_one_that_a_provider_takes(
        replies in proptest::collection::vec(any_reply(), 12),
        turns in 1_u32..9,
        refused in any::<bool>(),
        lost in any::<bool>(),
        bytes in 0_usize..9_000,
    ) {
        let (mut it, mut effect) = begun(Budget { turns, ..Budget::default() });
        let mut replies = replies.into_iter();
        let (mut questions, mut shown) = (0, 0);
        loop {
            let input = match &effect {
                Demand::AskModel(prompt) => {
                    questions += 1;
                    transcript::assert_legal(&prompt.messages);
                    let first = Transcript::new(String::new());
                    prop_assert_eq!(first.messages().len(), 1);
                    if questions == 1 {
                        prop_assert!(transcript::bytes(prompt) < LONGEST + 10_000);
                    }
                    // What our side adds is bounded, whatever was looked at.
                    shown = shown.max(prompt.messages.iter().map(|message| if let Message::Ours(blocks) = message {
                        blocks.iter().map(|block| match block {
                            OurBlock::Text(text) => text.len(),
                            OurBlock::ToolResult(result) => result.content.len(),
                        }).sum::<usize>()
                    } else { 0 }).sum());
                    replied(replies.next().unwrap())
                }
                Demand::RunProbes(probes) => {
                    prop_assert!(probes.len() <= LOOKS);
                    if lost { Input::Observed(Vec::new()) } else { looked(&effect, bytes) }
                }
                Demand::Conclude(ended) => {
                    if !refused || matches!(**ended, Ended::Without(_)) {
                        break;
                    }
                    Input::Refused("no".into())
                }
            };
            effect = it.step(input, NOW);
        }
        prop_assert!(questions <= turns, "{questions} of {turns}");
        prop_assert_eq!(it.spending().turns, questions);
        prop_assert!(shown < LONGEST + 24 * 1024 + LOOKS * 10_000 + 400 * 2_000, "{shown}");
    }
}
