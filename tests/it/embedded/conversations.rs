//! What a reader made of faults that no rule knows, who saw only what a model sees: played again on the embedded cluster, with the same end.

use crate::support::case::Case;
use crate::support::conversation::{Conversation, every_conversation, load};
use crate::support::embedded::{Embedded, ask, yes};
use crate::support::reader::{Reader, call, text, tokens};
use crate::support::verdict;
use crate::support::world::picture;
use kubemend::workflow::Caller;
use std::time::Duration;

/// Answers that a typical one takes, and what is sent for them.
const ANSWERS: usize = 3;

async fn play(name: &str) {
    let case: Case = load(name);
    let namespace = case.scenario.namespace.clone();
    let conversation = Conversation::of(&case);
    let place = namespace.clone();
    let reader = Reader::new(move |turn, prompt| {
        let calls = conversation.answer(turn, &text(prompt), &place);
        Ok(calls.iter().map(|one| call(&one.tool, &one.arguments)).collect())
    });
    let mut cluster = Embedded::of(&case, &namespace).await;
    cluster.own_model = Some(reader.own());
    // As long as somebody takes who notices.
    tokio::time::sleep(Duration::from_secs(90)).await;
    let before = picture(&cluster.objects());
    let process = cluster.process();
    let opened = process.open(&ask(&case, &namespace), &Caller::silent()).await.unwrap();
    let report = serde_json::to_value(&opened.report).unwrap();
    let asked = reader.asked();
    let sent: u64 = asked.iter().map(tokens).sum();
    eprintln!("{name}: {} questions, at most {sent} tokens sent", asked.len());
    assert!(asked.len() <= ANSWERS, "{name}: {} questions", asked.len());
    let first = &report["causes"][0];
    let stated = (first["code"].as_str().unwrap_or_default(), verdict::named(&first["object"]));
    let expected = case.scenario.expect.cause.as_ref().unwrap();
    assert_eq!(stated, (expected.code.as_str(), expected.object.clone()), "{name}: {}", report["summary"]);
    verdict::plans_the_writes(&case, &report);
    assert_eq!(cluster.writes(), [], "{name}");
    assert_eq!(picture(&cluster.objects()), before, "{name}");
    assert_eq!(opened.question.is_some(), case.scenario.expect.verdict.is_some(), "{name}: {}", opened.report.summary);
    let Some(question) = opened.question else { return };
    let done = yes(&process, &question).await.unwrap();
    let done = serde_json::to_value(&done).unwrap();
    assert_eq!(done["status"].as_str(), case.scenario.expect.verdict.as_deref(), "{name}: {done:#}");
}

macro_rules! tests {
    ($($claim:ident: $name:literal,)*) => {
        $(#[tokio::test(start_paused = true)]
        async fn $claim() {
            play($name).await;
        })*
    };
}
every_conversation!(tests);
