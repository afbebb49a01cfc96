//! Both lifecycles, and what the server says of itself.

use super::client::{Bare, Human, Says, call, connect, modes, server, status, text};
use super::double::Double;
use serde_json::json;
use std::sync::Arc;

#[tokio::test]
async fn every_lifecycle_lists_and_calls_the_tools() {
    for mode in modes() {
        let double = Arc::new(Double::default());
        let client = connect(&double, mode.clone(), Human::who(Says::No)).await;
        let mut names: Vec<String> = client.list_all_tools().await.unwrap().into_iter().map(|t| t.name.to_string()).collect();
        names.sort();
        assert_eq!(names, ["analyze", "remediate", "validate"], "{mode:?}");
        let result = client.call_tool(call("analyze", json!({"issue": "my database is down", "namespace": "a-team"}))).await.unwrap();
        assert_eq!(status(&result), "diagnosed", "{mode:?}");
        assert_eq!(text(&result), "status diagnosed\nclaim `postgres-pvc` is missing");
        assert_ne!(result.is_error, Some(true));
    }
}

#[tokio::test]
async fn a_client_of_any_year_is_answered_in_its_own_version() {
    for (asked, answered) in [
        ("2024-11-05", "2024-11-05"),
        ("2025-03-26", "2025-03-26"),
        ("2025-06-18", "2025-06-18"),
        ("2025-11-25", "2025-11-25"),
        ("2026-07-28", "2025-11-25"),
        ("1999-01-01", "2025-11-25"),
    ] {
        let mut bare = Bare::to(&Arc::new(Double::default()));
        let hello = json!({"protocolVersion": asked, "capabilities": {}, "clientInfo": {"name": "bare", "version": "1"}});
        bare.send(json!({"jsonrpc": "2.0", "id": "hello", "method": "initialize", "params": hello})).await;
        let result = &bare.answer("hello").await["result"];
        assert_eq!(result["protocolVersion"], answered);
        assert_eq!(result["serverInfo"]["name"], "kubemend");
        assert_eq!(result["serverInfo"]["version"], env!("CARGO_PKG_VERSION"));
        assert!(result["serverInfo"]["title"].is_string());
        assert!(result["instructions"].as_str().unwrap().contains("awaitingApproval"));
    }
}

#[tokio::test]
async fn discovery_says_the_same_of_the_server() {
    let mut bare = Bare::to(&Arc::new(Double::default()));
    bare.send_modern("d", "server/discover", json!({}), json!({})).await;
    let result = &bare.answer("d").await["result"];
    assert!(result["supportedVersions"].as_array().unwrap().contains(&json!("2026-07-28")), "{result}");
    assert!(result["instructions"].as_str().unwrap().contains("awaitingApproval"));
    bare.send_modern("l", "tools/list", json!({}), json!({})).await;
    assert_eq!(bare.answer("l").await["result"]["tools"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn a_client_that_leaves_without_a_word_is_no_error() {
    let (ours, server) = server(&Arc::new(Double::default()));
    drop(ours);
    server.await.unwrap().unwrap();
}

#[tokio::test]
async fn the_schema_of_a_report_is_a_resource() {
    let client = connect(&Arc::new(Double::default()), modes()[0].clone(), Human::who(Says::No)).await;
    let listed = client.list_all_resources().await.unwrap();
    assert_eq!(listed.len(), 1);
    let mut bare = Bare::initialized(&Arc::new(Double::default()), json!({})).await;
    bare.send(json!({"jsonrpc": "2.0", "id": 1, "method": "resources/read", "params": {"uri": listed[0].uri}})).await;
    loop {
        let answer = bare.next().await;
        if answer["id"] == 1 {
            let text = answer["result"]["contents"][0]["text"].as_str().unwrap();
            let schema: serde_json::Value = serde_json::from_str(text).unwrap();
            assert_eq!(schema, kubemend::mcp::report_schema());
            break;
        }
    }
    bare.send(json!({"jsonrpc": "2.0", "id": "x", "method": "resources/read", "params": {"uri": "file:///etc/passwd"}})).await;
    assert_eq!(bare.answer("x").await["error"]["code"], -32002);
}
