//! What somebody answered who sat in a model's place and saw what a model sees. It is played again on any cluster: names that were generated
//! and ids of what was seen stand in it as what they are of.

use super::case::{Case, names_in};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

/// Hands every conversation that both clusters can play to a macro that makes tests of them.
macro_rules! every_conversation {
    ($tests:ident) => {
        $tests! {
            release_that_exits_is_led_back: "release-that-exits",
            queue_that_nobody_runs_is_named: "worker-without-its-queue",
            value_that_a_program_does_not_know_is_set_right: "level-nobody-knows",
            line_of_a_file_is_left_to_a_human: "settings-file-with-a-slip",
            port_of_a_probe_follows_the_program: "listens-on-another-port",
            path_of_a_probe_is_named: "health-page-that-moved",
            memory_of_a_container_is_raised: "killed-for-its-memory",
            database_of_another_name_is_named: "waits-for-a-database",
            file_that_a_companion_misses_is_named: "companion-that-dies",
            request_that_no_node_has_is_lowered: "asks-for-more-than-a-node-has",
            path_of_a_volume_is_named: "volume-mounted-elsewhere",
            probe_that_ends_a_program_waits_longer: "ended-before-it-answers",
        }
    };
}
pub(crate) use every_conversation;

/// The same of those that need what the embedded cluster does not have: Jobs, Pods that must not share a node, custom kinds.
macro_rules! every_conversation_of_the_real_one {
    ($tests:ident) => {
        $tests! {
            command_of_a_job_is_named: "job-that-cannot-start",
            copies_that_no_node_is_left_for_are_named: "more-copies-than-nodes",
            custom_resource_that_its_operator_refuses_is_named: "operator-that-refuses",
        }
    };
}
pub(crate) use every_conversation_of_the_real_one;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures/investigations")
}

pub(crate) fn load(name: &str) -> Case {
    Case::read(name, &folder().join(name))
}

/// The letters and digits of generated names.
const GENERATED: &str = "bcdfghjklmnpqrstvwxz2456789";

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    /// The calls of each answer.
    turns: Vec<Vec<Call>>,
}

#[derive(Debug)]
pub(crate) struct Conversation {
    turns: Vec<Vec<Call>>,
    /// The namespace that it speaks of.
    namespace: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Call {
    pub(crate) tool: String,
    pub(crate) arguments: Value,
}

impl Conversation {
    pub(crate) fn of(case: &Case) -> Self {
        let path = case.folder.join("conversation.json");
        let text = fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        let Written { turns } = serde_json::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        Self { turns, namespace: case.scenario.namespace.clone() }
    }

    /// What is answered to this question where it happens in the namespace `place`; `told` is everything that was said before it, the
    /// oldest first.
    pub(crate) fn answer(&self, turn: usize, told: &str, place: &str) -> Vec<Call> {
        let told = &told.replace(place, &self.namespace);
        let names: BTreeMap<String, String> = generated(told).into_iter().map(|(name, stands_for)| (stands_for, name)).collect();
        let ids = seen(told);
        let here = |text: String| match text.split('/').collect::<Vec<_>>()[..] {
            [namespace] if namespace == self.namespace => place.to_owned(),
            [kind, namespace, name] if namespace == self.namespace => format!("{kind}/{place}/{name}"),
            _ => text,
        };
        let filled = |text: &str| {
            let named = names.iter().fold(text.to_owned(), |text, (stands_for, name)| text.replace(stands_for, name));
            ids.get(text).cloned().unwrap_or_else(|| here(named))
        };
        let calls = self.turns.get(turn).unwrap_or_else(|| panic!("nothing was answered to question {turn}:\n{told}"));
        let calls = calls.iter().map(|call| Call { tool: call.tool.clone(), arguments: each_text(&call.arguments, &filled) });
        calls.collect()
    }
}

fn each_text(value: &Value, with: &impl Fn(&str) -> String) -> Value {
    match value {
        Value::String(text) => Value::String(with(text)),
        Value::Array(items) => items.iter().map(|item| each_text(item, with)).collect(),
        Value::Object(members) => members.iter().map(|(key, member)| (key.clone(), each_text(member, with))).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
    }
}

/// The generated names of a text in the order in which they come, each with what stands for it: `web-5d69d789f5-54wtr` is `{pod 1 of web}`.
fn generated(text: &str) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = Vec::new();
    for word in text.split(|c: char| !(c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')) {
        let is_generated = |part: &str| matches!(part.len(), 5 | 8..=10) && part.chars().all(|c| GENERATED.contains(c));
        let mut base = word;
        while let Some((rest, last)) = base.rsplit_once('-')
            && is_generated(last)
        {
            base = rest;
        }
        if base.is_empty() || base == word || found.iter().any(|(known, _)| known == word) {
            continue;
        }
        let what = if word.rsplit('-').next().unwrap().len() == 5 { "pod" } else { "set" };
        let before =
            found.iter().filter(|(_, other)| other.starts_with(&format!("{{{what} ")) && other.ends_with(&format!(" of {base}}}")));
        let number = before.count() + 1;
        found.push((word.to_owned(), format!("{{{what} {number} of {base}}}")));
    }
    // The longer ones first, which begin with the shorter ones.
    found.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
    found
}

/// What was seen, by what it is of, with its id: looks by how they were asked for, evidence of rules by its object.
fn seen(text: &str) -> BTreeMap<String, String> {
    let names = generated(text);
    let without_names = |line: &str| names.iter().fold(line.to_owned(), |line, (name, stands_for)| line.replace(name, stands_for));
    let lines: Vec<&str> = text.lines().collect();
    let mut seen = BTreeMap::new();
    for (at, line) in lines.iter().enumerate() {
        let Some((id, rest)) = line.split_once(' ') else { continue };
        let is_id = |kind: char| id.strip_prefix(kind).is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()));
        if is_id('o') && rest.starts_with("= ") {
            if let Some(asked) = lines.get(at + 2) {
                seen.insert(format!("seen: {}", without_names(asked)), id.to_owned());
            }
        } else if is_id('e') {
            let of = rest.split_once(": ").map_or(rest, |(of, _)| of);
            seen.entry(format!("evidence: {}", without_names(of))).or_insert_with(|| id.to_owned());
        }
    }
    seen
}

#[test]
fn generated_names_and_ids_are_found_again() {
    let told =
        "e1 event Pod/shop/web-5d69d789f5-54wtr: “BackOff”\no2 = logs, seen at x\n--- data 1 ---\nlogs pod/web-5d69d789f5-54wtr -n shop\n";
    let call = Call {
        tool: "conclude".to_owned(),
        arguments: serde_json::json!({"cites": ["seen: logs pod/{pod 1 of web} -n shop", "evidence: event Pod/shop/{pod 1 of web}"], "object": "Pod/shop/{pod 1 of web}", "namespace": "shop"}),
    };
    let conversation = Conversation { turns: vec![vec![call]], namespace: "shop".to_owned() };
    let answered = |told: &str, place: &str| conversation.answer(0, told, place)[0].arguments.clone();
    let expected = |place: &str| {
        let object = format!("Pod/{place}/web-5d69d789f5-54wtr");
        serde_json::json!({"cites": ["o2", "e1"], "object": object, "namespace": place})
    };
    assert_eq!(answered(told, "shop"), expected("shop"));
    assert_eq!(answered(&told.replace("shop", "shop-4x5b2"), "shop-4x5b2"), expected("shop-4x5b2"));
}

#[test]
fn every_conversation_is_played() {
    let mut told: Vec<&str> = Vec::new();
    macro_rules! names {
        ($($claim:ident: $name:literal,)*) => { told.extend([$($name),*]) };
    }
    every_conversation!(names);
    every_conversation_of_the_real_one!(names);
    told.sort_unstable();
    assert_eq!(names_in(&folder()), told);
    for name in told {
        let case = load(name);
        let expect = &case.scenario.expect;
        assert!(expect.cause.is_some(), "{name} expects no cause");
        assert_eq!(expect.status == "asked", expect.verdict.is_some(), "{name}: what is asked about has a verdict");
    }
}
