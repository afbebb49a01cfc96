//! Progress: the phases by name, in numbers that rise, before the result, and only for who asked for it.

use super::client::Bare;
use super::double::Double;
use serde_json::{Value, json};
use std::sync::Arc;

async fn lines(params: Value) -> (Vec<Value>, Value) {
    let mut bare = Bare::initialized(&Arc::new(Double::default()), json!({})).await;
    bare.send(json!({"jsonrpc": "2.0", "id": "p", "method": "tools/call", "params": params})).await;
    let mut progress = Vec::new();
    loop {
        let message = bare.next().await;
        if message["method"] == "notifications/progress" {
            progress.push(message["params"].clone());
        } else if message["id"] == "p" {
            bare.silent("p").await;
            return (progress, message);
        }
    }
}

#[tokio::test]
async fn phases_are_told_by_name_in_numbers_that_rise_before_the_result() {
    let (progress, answer) = lines(json!({"name": "analyze", "arguments": {"issue": "x"}, "_meta": {"progressToken": "t"}})).await;
    let messages: Vec<&str> = progress.iter().map(|p| p["message"].as_str().unwrap()).collect();
    assert_eq!(
        messages,
        ["connecting", "collecting: namespace a-team", "collecting: 12 objects", "analyzing: 17 rules", "planning", "done"]
    );
    // As they stand on the wire: `7.0` is shown to people as it is.
    assert!(progress.iter().all(|p| p["progress"].is_u64() && p["total"].is_u64()), "{progress:?}");
    let numbers: Vec<f64> = progress.iter().map(|p| p["progress"].as_f64().unwrap()).collect();
    assert!(numbers.windows(2).all(|pair| pair[0] < pair[1]), "{numbers:?}");
    assert!(progress.iter().all(|p| p["progressToken"] == "t" && p["progress"].as_f64() <= p["total"].as_f64()));
    assert_eq!(answer["result"]["structuredContent"]["status"], "diagnosed");
}

#[tokio::test]
async fn a_call_that_ends_with_a_question_is_not_told_to_be_done() {
    let (progress, answer) = lines(json!({"name": "remediate", "arguments": {"issue": "x"}, "_meta": {"progressToken": "t"}})).await;
    assert_eq!(answer["result"]["structuredContent"]["status"], "awaitingApproval");
    assert_eq!(progress.last().unwrap()["message"], "awaiting approval");
}

#[tokio::test]
async fn without_a_token_nothing_is_told() {
    let (progress, _) = lines(json!({"name": "analyze", "arguments": {"issue": "x"}})).await;
    assert!(progress.is_empty());
}

#[tokio::test]
async fn a_panic_ends_its_progress_too() {
    let (_, answer) = lines(json!({"name": "analyze", "arguments": {"issue": "panic"}, "_meta": {"progressToken": 1}})).await;
    assert_eq!(answer["result"]["isError"], true);
}
