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
        assert!(text(&result).contains("session s-0") && text(&result).contains("status diagnosed"), "{}", text(&result));
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

async fn ask(bare: &mut Bare, id: &str, method: &str, params: serde_json::Value) -> serde_json::Value {
    bare.send(json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params})).await;
    bare.answer(id).await
}

/// The way back for a client whose call was cut: the list of sessions, and each whole report.
#[tokio::test]
async fn sessions_and_their_whole_reports_are_resources() {
    let double = Arc::new(Double::default());
    let mut bare = Bare::initialized(&double, json!({})).await;
    let call = json!({"name": "remediate", "arguments": {"issue": "x"}});
    ask(&mut bare, "r", "tools/call", call).await;
    let listed = ask(&mut bare, "l", "resources/list", json!({})).await;
    let uris: Vec<&str> = listed["result"]["resources"].as_array().unwrap().iter().map(|r| r["uri"].as_str().unwrap()).collect();
    assert_eq!(uris, ["kubemend://sessions", "kubemend://schema/report", "kubemend://probes", "kubemend://proposal"]);
    let templates = ask(&mut bare, "t", "resources/templates/list", json!({})).await;
    assert_eq!(templates["result"]["resourceTemplates"][0]["uriTemplate"], "kubemend://sessions/{id}");

    let read = |answer: serde_json::Value| -> serde_json::Value {
        serde_json::from_str(answer["result"]["contents"][0]["text"].as_str().unwrap_or_else(|| panic!("{answer}"))).unwrap()
    };
    let sessions = read(ask(&mut bare, "s", "resources/read", json!({"uri": "kubemend://sessions"})).await);
    assert_eq!((&sessions[0]["session"], &sessions[0]["status"]), (&json!(double.only_session()), &json!("awaitingApproval")));
    let report = read(ask(&mut bare, "w", "resources/read", json!({"uri": sessions[0]["uri"]})).await);
    assert_eq!(report["plan"]["steps"][0]["request"]["method"], "POST", "the whole report: {report}");
    let schema = read(ask(&mut bare, "d", "resources/read", json!({"uri": "kubemend://schema/report"})).await);
    assert_eq!(schema, kubemend::mcp::report_schema());
    for uri in
        ["file:///etc/passwd", "kubemend://sessions/", "kubemend://sessions/s-0", &format!("kubemend://sessions/s-{}", "f".repeat(32))]
    {
        assert_eq!(ask(&mut bare, "x", "resources/read", json!({"uri": uri})).await["error"]["code"], -32002, "{uri}");
    }
}

#[tokio::test]
async fn the_prompt_hands_the_users_words_to_remediate() {
    let mut bare = Bare::initialized(&Arc::new(Double::default()), json!({})).await;
    let listed = ask(&mut bare, "l", "prompts/list", json!({})).await;
    assert_eq!(listed["result"]["prompts"][0]["name"], "fix");
    let params = json!({"name": "fix", "arguments": {"issue": "my database is down"}});
    let got = ask(&mut bare, "g", "prompts/get", params).await;
    let text = got["result"]["messages"][0]["content"]["text"].as_str().unwrap();
    assert!(text.contains("my database is down") && text.contains("`remediate`"), "{text}");
    for wrong in [json!({"name": "fix"}), json!({"name": "fix", "arguments": {"issue": " "}}), json!({"name": "break", "arguments": {}})] {
        assert_eq!(ask(&mut bare, "w", "prompts/get", wrong.clone()).await["error"]["code"], -32602, "{wrong}");
    }
}

#[tokio::test]
async fn a_method_that_does_not_exist_and_params_that_cannot_be_read_are_told_apart_in_words() {
    let mut bare = Bare::initialized(&Arc::new(Double::default()), json!({})).await;
    for (method, params, code, says) in [
        ("tools/call", json!({}), -32602, "`name`"),
        ("tools/call", json!({"name": 7}), -32602, "`arguments`"),
        ("tools/call", json!({"name": "analyze", "arguments": "x"}), -32602, "`arguments`"),
        ("resources/read", json!({}), -32602, "`uri`"),
        ("tools/execute", json!({}), -32601, "there is no method `tools/execute`"),
        (
            "completion/complete",
            json!({"ref": {"type": "ref/prompt", "name": "fix"}, "argument": {"name": "words", "value": "my"}}),
            -32601,
            "there is no method `completion/complete`",
        ),
        ("logging/setLevel", json!({"level": "info"}), -32601, "there is no method `logging/setLevel`"),
    ] {
        let answer = ask(&mut bare, "x", method, params.clone()).await;
        assert_eq!(answer["error"]["code"], code, "{method} {params}: {answer}");
        assert!(answer["error"]["message"].as_str().unwrap().contains(says), "{method} {params}: {answer}");
    }
}

/// What is declared is what there is: the lists never change while the server runs, and what it has to log goes to stderr.
#[tokio::test]
async fn nothing_is_declared_that_is_never_sent() {
    let mut bare = Bare::to(&Arc::new(Double::default()));
    let hello = json!({"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "bare", "version": "1"}});
    let opened = ask(&mut bare, "hello", "initialize", hello).await;
    assert_eq!(opened["result"]["capabilities"], json!({"prompts": {}, "resources": {}, "tools": {}}), "{opened}");
    for method in ["resources/subscribe", "resources/unsubscribe"] {
        let answer = ask(&mut bare, "s", method, json!({"uri": "kubemend://sessions"})).await;
        assert_eq!(answer["error"]["code"], -32601, "{method}: {answer}");
    }
}

/// Every list is one page, so no cursor was ever given out.
#[tokio::test]
async fn a_cursor_that_was_not_given_out_is_refused() {
    let mut bare = Bare::initialized(&Arc::new(Double::default()), json!({})).await;
    for (method, list) in [
        ("tools/list", "tools"),
        ("prompts/list", "prompts"),
        ("resources/list", "resources"),
        ("resources/templates/list", "resourceTemplates"),
    ] {
        let first = ask(&mut bare, "f", method, json!({})).await;
        assert!(first["result"][list].as_array().is_some_and(|list| !list.is_empty()), "{first}");
        assert_eq!(first["result"]["nextCursor"], json!(null), "{first}");
        let next = ask(&mut bare, "n", method, json!({"cursor": "page\u{202e}2"})).await;
        assert_eq!(next["error"]["code"], -32602, "{method}: {next}");
        assert!(next["error"]["message"].as_str().unwrap().contains(r"page\u{202e}2"), "{next}");
    }
}

#[tokio::test]
async fn contexts_that_can_be_chosen_are_listed_and_a_read_only_server_says_so() {
    let operator = kubemend::call::Operator { contexts: vec!["staging".to_owned()], read_only: true, ..Default::default() };
    let double = Arc::new(Double { operator, ..Double::default() });
    let mut bare = Bare::initialized(&double, json!({})).await;
    let listed = ask(&mut bare, "l", "tools/list", json!({})).await;
    for tool in listed["result"]["tools"].as_array().unwrap() {
        assert_eq!(tool["inputSchema"]["properties"]["context"]["enum"], json!(["staging"]), "{}", tool["name"]);
        assert_eq!(tool["annotations"]["readOnlyHint"], true, "{}", tool["name"]);
        let read_only = tool["description"].as_str().unwrap().contains("READ-ONLY");
        assert_eq!(read_only, tool["name"] == "remediate", "{tool}");
    }
}
