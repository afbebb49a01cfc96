//! The program itself on stdio, without any cluster: nothing but protocol on stdout, errors in words, and a prompt end.

use super::program::Program;
use serde_json::json;
use std::time::Duration;

#[test]
fn a_client_that_leaves_without_a_word_sees_a_quiet_end() {
    let end = Program::start().end();
    assert_eq!((end.code, end.left.as_slice(), end.errors.as_str()), (Some(0), &[][..], ""));
}

#[test]
fn the_tools_are_listed_without_a_cluster_and_the_end_is_prompt() {
    let mut program = Program::initialized();
    program.send(r#"{"jsonrpc":"2.0","id":"l","method":"tools/list"}"#);
    assert_eq!(program.answer("l")["result"]["tools"].as_array().unwrap().len(), 3);
    let end = program.end();
    assert_eq!((end.code, end.left.as_slice(), end.errors.as_str()), (Some(0), &[][..], ""));
    assert!(end.took < Duration::from_secs(2), "{:?}", end.took);
}

#[test]
fn a_missing_kubeconfig_is_said_in_the_tools_answer_and_the_server_lives() {
    let mut program = Program::initialized();
    for id in ["first", "second"] {
        let result = program.call(id, "analyze", json!({"issue": "my database is down"}))["result"].clone();
        assert_eq!(result["isError"], true, "{result}");
        let text = result["content"][0]["text"].as_str().unwrap();
        assert!(text.to_lowercase().contains("kubeconfig"), "{text}");
    }
    assert_eq!(program.end().code, Some(0));
}

#[test]
fn a_context_that_was_not_listed_is_refused_before_anything_is_read() {
    let mut program = Program::initialized();
    let result = program.call("c", "analyze", json!({"issue": "x", "context": "production"}))["result"].clone();
    assert_eq!(result["isError"], true, "{result}");
    assert!(result["content"][0]["text"].as_str().unwrap().contains("`production`"), "{result}");
}

#[test]
fn ten_megabytes_of_an_argument_are_refused_in_words_and_the_server_lives() {
    let mut program = Program::initialized();
    let result = program.call("big", "analyze", json!({"issue": "x".repeat(10 << 20)}))["result"].clone();
    assert_eq!(result["isError"], true);
    assert!(result["content"][0]["text"].as_str().unwrap().starts_with("`issue` has 10485760 characters"), "{result}");
    program.send(r#"{"jsonrpc":"2.0","id":"l","method":"tools/list"}"#);
    assert_eq!(program.answer("l")["result"]["tools"].as_array().unwrap().len(), 3);
    let end = program.end();
    assert_eq!((end.code, end.left.as_slice()), (Some(0), &[][..]));
}

/// A server that ends at its start leaves its client with nothing but a closed connection.
#[test]
fn a_wrong_option_is_said_in_every_answer_and_the_server_lives() {
    for (name, value, says) in [
        ("KUBEMEND_CONSENT", "yolo", "KUBEMEND_CONSENT: `yolo` is not `ask`, `client` or `policy`"),
        ("KUBEMEND_LOG", "=[", "is not a log filter"),
        ("KUBEMEND_READONLY", "true", "did you mean `KUBEMEND_READ_ONLY`?"),
        ("KUBEMEND_CONFIG", "/nonexistent.yaml", "/nonexistent.yaml"),
    ] {
        let mut program = Program::start_with(&[(name, value)]).hello();
        program.send(r#"{"jsonrpc":"2.0","id":"l","method":"tools/list"}"#);
        assert_eq!(program.answer("l")["result"]["tools"].as_array().unwrap().len(), 3);
        for tool in ["analyze", "remediate", "validate"] {
            let result = program.call(tool, tool, json!({"issue": "my database is down"}))["result"].clone();
            assert_eq!(result["isError"], true, "{result}");
            assert!(result["content"][0]["text"].as_str().unwrap().contains(says), "{result}");
        }
        assert_eq!(program.end().code, Some(0));
    }
}

/// Who logs in again, or chooses another context, does not restart a server.
#[test]
fn a_kubeconfig_that_changes_is_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config");
    let kubeconfig = |context: &str, port: u16| {
        format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: {context}\nclusters: [{{name: c, cluster: {{server: \"http://127.0.0.1:{port}\"}}}}]\n\
             users: [{{name: u, user: {{token: x}}}}]\ncontexts: [{{name: {context}, context: {{cluster: c, user: u}}}}]\n"
        )
    };
    let mut program = Program::start_with(&[("KUBECONFIG", path.to_str().unwrap())]).hello();
    let mut said = |id: &str| program.call(id, "analyze", json!({"issue": "x"}))["result"]["content"][0]["text"].to_string();
    assert!(said("none").contains("no kubeconfig was found"));
    std::fs::write(&path, kubeconfig("one", 1)).unwrap();
    assert!(said("one").contains("127.0.0.1:1"));
    std::fs::write(&path, kubeconfig("another", 2)).unwrap();
    assert!(said("another").contains("127.0.0.1:2"));
}

/// The one in use needs no list, and the others are named.
#[test]
fn the_context_in_use_can_be_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config");
    let text = "apiVersion: v1\nkind: Config\ncurrent-context: real\nclusters: [{name: c, cluster: {server: \"http://127.0.0.1:1\"}}]\n\
                users: [{name: u, user: {token: x}}]\ncontexts: [{name: real, context: {cluster: c, user: u}}]\n";
    std::fs::write(&path, text).unwrap();
    let mut program = Program::start_with(&[("KUBECONFIG", path.to_str().unwrap())]).hello();
    let mut said = |id: &str, context: &str| {
        program.call(id, "analyze", json!({"issue": "x", "context": context}))["result"]["content"][0]["text"].to_string()
    };
    assert!(said("a", "real").contains("cannot reach the API server"));
    let alike = said("c", "re\u{430}l");
    assert!(alike.contains(r"`re\\u{430}l` is not on the operator's allow-list") && alike.contains("allowed here: `real`"), "{alike}");
    let refused = said("b", "production");
    assert!(refused.contains("`production` is not on the operator's allow-list") && refused.contains("allowed here: `real`"), "{refused}");
}
