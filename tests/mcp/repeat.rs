//! A second call that repeats the plan's digest: approval only where the operator says so, and up to the risk that the operator sets.

use super::client::{Human, Says, call, connect, modes, status, text};
use super::double::{DIGEST, Double};
use kubemend::domain::limits::{Consent, Limits};
use kubemend::domain::risk::Risk;
use serde_json::json;
use std::sync::Arc;

fn by_repeat(risk: Risk) -> Arc<Double> {
    let limits = Limits { consent: Consent::Client, ..Limits::default() };
    Arc::new(Double { limits, risk, ..Double::default() })
}

#[tokio::test]
async fn a_repeated_digest_approves_where_the_operator_allows_it() {
    for mode in modes() {
        let double = by_repeat(Risk::Low);
        let human = Human::who(Says::Yes);
        let client = connect(&double, mode.clone(), human.clone()).await;
        let first = client.call_tool(call("remediate", json!({"issue": "my database is down"}))).await.unwrap();
        assert_eq!(status(&first), "awaitingApproval");
        // One way, said once: a model that reads of a terminal as well does not know whom to ask.
        for said in [text(&first), first.structured_content.unwrap()["summary"].as_str().unwrap().to_owned()] {
            assert!(said.contains("Show this plan's diff to the user; after they approve it, call remediate with sessionId"), "{said}");
            assert!(said.contains("planDigest") && !said.contains("kubemend approve"), "{said}");
        }
        let second = client.call_tool(call("remediate", json!({"issue": "my database is down", "planDigest": DIGEST}))).await.unwrap();
        assert_eq!(status(&second), "resolved");
        assert_eq!(double.writes(), [r#"Digest("test-client")"#]);
        assert!(human.asked.lock().unwrap().is_empty(), "the operator chose not to be asked");
    }
}

#[tokio::test]
async fn a_repeated_digest_counts_for_nothing_unless_the_operator_allows_it() {
    let double = Arc::new(Double::default());
    let client = connect(&double, modes()[0].clone(), Human::unreachable()).await;
    client.call_tool(call("remediate", json!({"issue": "my database is down"}))).await.unwrap();
    for arguments in
        [json!({"issue": "my database is down", "planDigest": DIGEST}), json!({"sessionId": double.only_session(), "planDigest": DIGEST})]
    {
        let result = client.call_tool(call("remediate", arguments)).await.unwrap();
        assert_eq!(result.is_error, Some(true));
        assert!(text(&result).contains("the operator"), "{}", text(&result));
    }
    assert!(double.writes().is_empty());
}

#[tokio::test]
async fn a_repeated_digest_stops_at_the_operators_risk_and_at_the_callers() {
    let double = by_repeat(Risk::Medium);
    let client = connect(&double, modes()[0].clone(), Human::unreachable()).await;
    client.call_tool(call("remediate", json!({"issue": "my database is down"}))).await.unwrap();
    let result = client.call_tool(call("remediate", json!({"issue": "my database is down", "planDigest": DIGEST}))).await.unwrap();
    assert!(text(&result).contains("this plan's risk is medium"), "{}", text(&result));
    assert!(double.writes().is_empty());
}

#[tokio::test]
async fn another_plans_digest_approves_nothing() {
    let double = by_repeat(Risk::Low);
    let client = connect(&double, modes()[0].clone(), Human::unreachable()).await;
    client.call_tool(call("remediate", json!({"issue": "my database is down"}))).await.unwrap();
    let other = DIGEST.replace("0011", "ffff");
    let result = client.call_tool(call("remediate", json!({"sessionId": double.only_session(), "planDigest": other}))).await.unwrap();
    assert!(text(&result).contains("the plan changed after it was shown"), "{}", text(&result));
    let result = client.call_tool(call("remediate", json!({"issue": "x", "planDigest": other}))).await.unwrap();
    assert!(text(&result).contains("no session with this plan is waiting for approval"), "{}", text(&result));
    assert!(double.writes().is_empty());
}
