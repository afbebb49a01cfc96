//! The program itself on stdio, without any cluster: nothing but protocol on stdout, errors in words, and a prompt end.

use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

struct Program {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: BufReader<ChildStdout>,
    _home: tempfile::TempDir,
}

impl Program {
    /// With a home of its own, so with no kubeconfig.
    fn start() -> Self {
        Self::start_with(&[])
    }

    fn start_with(env: &[(&str, &str)]) -> Self {
        let home = tempfile::tempdir().unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_kubemend"))
            .env_clear()
            .env("HOME", home.path())
            .envs(env.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (stdin, stdout) = (child.stdin.take(), BufReader::new(child.stdout.take().unwrap()));
        Self { child, stdin, stdout, _home: home }
    }

    fn initialized() -> Self {
        Self::start().hello()
    }

    fn hello(self) -> Self {
        let mut program = self;
        let hello = json!({"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "bare", "version": "1"}});
        program.send(&json!({"jsonrpc": "2.0", "id": "hello", "method": "initialize", "params": hello}).to_string());
        assert_eq!(program.answer("hello")["result"]["serverInfo"]["name"], "kubemend");
        program.send(r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#);
        program
    }

    fn send(&mut self, line: &str) {
        let stdin = self.stdin.as_mut().unwrap();
        stdin.write_all(line.as_bytes()).unwrap();
        stdin.write_all(b"\n").unwrap();
    }

    fn call(&mut self, id: &str, tool: &str, arguments: Value) -> Value {
        let params = json!({"name": tool, "arguments": arguments});
        self.send(&json!({"jsonrpc": "2.0", "id": id, "method": "tools/call", "params": params}).to_string());
        self.answer(id)
    }

    /// Every line on the way is a message of the protocol.
    fn answer(&mut self, id: &str) -> Value {
        loop {
            let mut line = String::new();
            assert_ne!(self.stdout.read_line(&mut line).unwrap(), 0, "stdout ended");
            let message: Value = serde_json::from_str(&line).unwrap_or_else(|e| panic!("{e}: {line}"));
            assert_eq!(message["jsonrpc"], "2.0");
            if message["id"] == id {
                return message;
            }
        }
    }

    /// Closes stdin; the code, what was left on stdout, all of stderr, and how long the end took.
    fn end(mut self) -> (Option<i32>, String, String, Duration) {
        let began = Instant::now();
        drop(self.stdin.take());
        let (mut left, mut errors) = (String::new(), String::new());
        self.stdout.read_to_string(&mut left).unwrap();
        let code = self.child.wait().unwrap().code();
        let took = began.elapsed();
        self.child.stderr.take().unwrap().read_to_string(&mut errors).unwrap();
        (code, left, errors, took)
    }
}

#[test]
fn a_client_that_leaves_without_a_word_sees_a_quiet_end() {
    let (code, out, errors, _) = Program::start().end();
    assert_eq!((code, out.as_str(), errors.as_str()), (Some(0), "", ""));
}

#[test]
fn the_tools_are_listed_without_a_cluster_and_the_end_is_prompt() {
    let mut program = Program::initialized();
    program.send(r#"{"jsonrpc":"2.0","id":"l","method":"tools/list"}"#);
    assert_eq!(program.answer("l")["result"]["tools"].as_array().unwrap().len(), 3);
    let (code, out, errors, took) = program.end();
    assert_eq!((code, out.as_str(), errors.as_str()), (Some(0), "", ""));
    assert!(took < Duration::from_secs(2), "{took:?}");
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
    assert_eq!(program.end().0, Some(0));
}

#[test]
fn a_context_that_was_not_listed_is_refused_before_anything_is_read() {
    let mut program = Program::initialized();
    let result = program.call("c", "analyze", json!({"issue": "x", "context": "production"}))["result"].clone();
    assert_eq!(result["isError"], true, "{result}");
    assert!(result["content"][0]["text"].as_str().unwrap().contains("`production`"), "{result}");
}

#[test]
fn rubbish_and_ten_megabytes_leave_stdout_clean_and_the_server_alive() {
    let mut program = Program::initialized();
    program.send("rubbish");
    program.send(&"[".repeat(100_000));
    let result = program.call("big", "analyze", json!({"issue": "x".repeat(10 << 20)}))["result"].clone();
    assert_eq!(result["isError"], true);
    assert!(result["content"][0]["text"].as_str().unwrap().starts_with("`issue` has 10485760 characters"), "{result}");
    program.send(&"x".repeat(17 << 20));
    program.send(r#"{"jsonrpc":"2.0","id":"l","method":"tools/list"}"#);
    assert_eq!(program.answer("l")["result"]["tools"].as_array().unwrap().len(), 3);
    let (code, out, _, _) = program.end();
    assert_eq!((code, out.as_str()), (Some(0), ""));
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
        assert_eq!(program.end().0, Some(0));
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
    let refused = said("b", "production");
    assert!(refused.contains("`production` is not on the operator's allow-list") && refused.contains("allowed here: `real`"), "{refused}");
}
