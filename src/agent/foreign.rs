//! A conclusion, and the call of a tool, as bytes that anybody may have made.

use super::investigation::{Demand, Ended, Input, Investigation};
use super::opening::Opening;
use super::reply::{Home, understood};
use crate::domain::budget::Budget;
use crate::domain::diagnosis::Diagnosis;
use crate::domain::dialogue::{ModelBlock, Reply, StopReason, ToolUse};
use crate::domain::issue::Scope;
use crate::domain::namespace::Namespace;
use crate::domain::observation::Observations;
use crate::domain::prices::Prices;
use crate::domain::visible::is_hidden;
use crate::probe::Allowed;
use crate::probe::arguments::LookArguments;
use serde_json::Value;
use std::time::Duration;

/// What is understood has nothing hidden in it, and what is not is said in one line.
pub(crate) fn reply(bytes: &[u8]) {
    let Ok(given) = serde_json::from_slice::<Value>(bytes) else { return };
    let namespace = Namespace::parse("shop").ok();
    for namespace in [namespace.as_ref(), None] {
        match understood(&given, Home { namespace, kinds: &[] }) {
            Ok(conclusion) => {
                let words = conclusion.causes.iter().flat_map(|cause| [&cause.title, &cause.explanation]);
                assert!(words.into_iter().all(|text| !text.chars().any(is_hidden)), "hidden characters");
                assert!(conclusion.changes.iter().all(|change| change.target().path().is_some()), "a change of what has no path");
            }
            Err(why) => assert!(!why.to_string().chars().any(|c| is_hidden(c) || c == '\n'), "an answer that is more than a line"),
        }
    }
}

/// A name and its arguments lead to a look, an end, or one question more.
pub(crate) fn calls(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let (name, input) = text.split_once('\n').unwrap_or((text, ""));
    let (diagnosis, observations) = (Diagnosis::default(), Observations::default());
    let opening = Opening {
        issue: "it is down",
        scope: &Scope::All,
        diagnosis: &diagnosis,
        observations: &observations,
        allowed: Allowed::default(),
    };
    let (mut it, _) = Investigation::begin(&opening, [1; 32], Budget::default(), Prices::default());
    let call = ModelBlock::ToolUse(ToolUse { id: "a".to_owned(), name: name.to_owned(), input: input.to_owned() });
    let reply = Reply { model: "a/b".to_owned(), blocks: vec![call], stop: StopReason::ToolUse, tokens: None, lost: Vec::new() };
    match it.step(Input::Replied(Box::new(reply)), Duration::ZERO) {
        Demand::AskModel(prompt) => assert_eq!(prompt.messages.len(), 3, "a call without its answer"),
        Demand::RunProbes(probes) => {
            for probe in probes.iter() {
                LookArguments::of_call(probe.probe, &probe.arguments).ok();
            }
        }
        Demand::Conclude(ended) => {
            if let Ended::Open(open) = *ended {
                assert!(!open.to_string().chars().any(|c| is_hidden(c) || c == '\n'), "words that are more than a line");
            }
        }
    }
}
