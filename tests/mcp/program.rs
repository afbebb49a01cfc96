//! The program as a client starts it: a child on two pipes, in a home of its own. Whatever it writes on stdout has to be the protocol's.

use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

/// How long an answer may take on a machine that does much else.
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) struct Program {
    child: Child,
    stdin: Option<ChildStdin>,
    /// Its messages; `None` until somebody reads.
    stdout: Option<Receiver<Value>>,
    /// Its home, with what it records.
    home: Option<tempfile::TempDir>,
}

/// How it ended.
#[derive(Debug)]
pub(crate) struct End {
    pub(crate) code: Option<i32>,
    /// Messages that nobody had asked for.
    pub(crate) left: Vec<Value>,
    pub(crate) errors: String,
    pub(crate) home: tempfile::TempDir,
    pub(crate) took: Duration,
}

/// The program as a client starts it. What runs these tests may ignore hangups, as `nohup` does, and the program would do so too.
fn heeding_hangups() -> Command {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| u64::from_str_radix(line.strip_prefix("SigIgn:")?.trim(), 16).ok());
    if ignored.unwrap_or_default() & 1 == 0 {
        return Command::new(env!("CARGO_BIN_EXE_kubemend"));
    }
    let mut command = Command::new("/usr/bin/env");
    command.args(["--default-signal=HUP", env!("CARGO_BIN_EXE_kubemend")]);
    command
}

impl Program {
    /// With a home of its own, so with no kubeconfig.
    pub(crate) fn start() -> Self {
        Self::start_with(&[])
    }

    pub(crate) fn start_with(env: &[(&str, &str)]) -> Self {
        let mut program = Self::spawn(tempfile::tempdir().unwrap(), env);
        program.read();
        program
    }

    /// Before the API server at this address.
    pub(crate) fn on_cluster(address: &str) -> Self {
        Self::on_cluster_with(address, &[])
    }

    pub(crate) fn on_cluster_with(address: &str, env: &[(&str, &str)]) -> Self {
        let mut program = Self::unread_on_cluster(address, env);
        program.read();
        program
    }

    /// One whose stdout nobody reads.
    pub(crate) fn unread() -> Self {
        Self::spawn(tempfile::tempdir().unwrap(), &[])
    }

    /// The same before an API server.
    pub(crate) fn unread_on_cluster(address: &str, env: &[(&str, &str)]) -> Self {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("kubeconfig");
        let text = format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: here\nclusters: [{{name: c, cluster: {{server: \"{address}\"}}}}]\n\
             users: [{{name: u, user: {{token: x}}}}]\ncontexts: [{{name: here, context: {{cluster: c, user: u}}}}]\n"
        );
        std::fs::write(&path, text).unwrap();
        Self::spawn(home, &[env, &[("KUBECONFIG", path.to_str().unwrap())]].concat())
    }

    /// As `nohup` starts it.
    #[cfg(target_os = "linux")]
    pub(crate) fn with_hangups_ignored() -> Self {
        let mut shell = Command::new("/bin/sh");
        shell.args(["-c", "trap '' HUP; exec \"$0\"", env!("CARGO_BIN_EXE_kubemend")]);
        let mut program = Self::run(shell, tempfile::tempdir().unwrap(), &[]);
        program.read();
        program.hello()
    }

    fn spawn(home: tempfile::TempDir, env: &[(&str, &str)]) -> Self {
        Self::run(heeding_hangups(), home, env)
    }

    fn run(mut command: Command, home: tempfile::TempDir, env: &[(&str, &str)]) -> Self {
        let mut child = command
            .env_clear()
            .env("HOME", home.path())
            .envs(env.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let stdin = child.stdin.take();
        Self { child, stdin, stdout: None, home: Some(home) }
    }

    fn read(&mut self) {
        let stdout = self.child.stdout.take().unwrap();
        let (found, messages) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines() {
                let line = line.unwrap();
                let message: Value = serde_json::from_str(&line).unwrap_or_else(|e| panic!("{e}: {line}"));
                assert_eq!(message["jsonrpc"], "2.0", "{line}");
                if found.send(message).is_err() {
                    break;
                }
            }
        });
        self.stdout = Some(messages);
    }

    pub(crate) fn initialized() -> Self {
        Self::start().hello()
    }

    pub(crate) fn hello(self) -> Self {
        self.hello_with(json!({}))
    }

    pub(crate) fn hello_with(mut self, capabilities: Value) -> Self {
        self.greet(&capabilities);
        assert_eq!(self.answer("hello")["result"]["serverInfo"]["name"], "kubemend");
        self.send(r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#);
        self
    }

    /// Opens the conversation, and does not wait for the answer.
    pub(crate) fn greet(&mut self, capabilities: &Value) {
        let hello = json!({"protocolVersion": "2025-11-25", "capabilities": capabilities, "clientInfo": {"name": "bare", "version": "1"}});
        self.send(&json!({"jsonrpc": "2.0", "id": "hello", "method": "initialize", "params": hello}).to_string());
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// A part of a line.
    pub(crate) fn send_part(&mut self, bytes: &[u8]) {
        self.stdin.as_mut().unwrap().write_all(bytes).unwrap();
    }

    /// A line, in bytes.
    pub(crate) fn send_bytes(&mut self, line: &[u8]) {
        let stdin = self.stdin.as_mut().unwrap();
        stdin.write_all(line).unwrap();
        stdin.write_all(b"\n").unwrap();
    }

    pub(crate) fn send(&mut self, line: &str) {
        self.send_bytes(line.as_bytes());
    }

    pub(crate) fn ask(&mut self, id: &str, tool: &str, arguments: Value) {
        let params = json!({"name": tool, "arguments": arguments});
        self.send(&json!({"jsonrpc": "2.0", "id": id, "method": "tools/call", "params": params}).to_string());
    }

    pub(crate) fn call(&mut self, id: &str, tool: &str, arguments: Value) -> Value {
        self.ask(id, tool, arguments);
        self.answer(id)
    }

    pub(crate) fn next(&mut self) -> Value {
        self.stdout.as_ref().unwrap().recv_timeout(PATIENCE).expect("a message in time, and before the end")
    }

    /// Every line on the way is a message of the protocol.
    pub(crate) fn answer(&mut self, id: &str) -> Value {
        loop {
            let message = self.next();
            if message["id"] == id && message.get("method").is_none() {
                return message;
            }
        }
    }

    /// The next request of the server.
    pub(crate) fn request(&mut self) -> Value {
        loop {
            let message = self.next();
            if message.get("method").is_some() && message.get("id").is_some() {
                return message;
            }
        }
    }

    /// Nobody reads its stdout any more. Where it was read, one message more is.
    pub(crate) fn close_stdout(&mut self) {
        drop(self.child.stdout.take());
        drop(self.stdout.take());
    }

    pub(crate) fn close_stdin(&mut self) {
        drop(self.stdin.take());
    }

    pub(crate) fn signal(&self, name: &str) {
        assert!(Command::new("kill").args([format!("-{name}"), self.pid().to_string()]).status().unwrap().success());
    }

    /// The most memory that it has held, in MiB.
    #[cfg(target_os = "linux")]
    pub(crate) fn most_memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() >> 10
    }

    /// Closes stdin, and waits for the end.
    pub(crate) fn end(mut self) -> End {
        self.close_stdin();
        self.ended()
    }

    /// Waits for the end.
    pub(crate) fn ended(mut self) -> End {
        let began = Instant::now();
        let code = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status.code();
            }
            assert!(began.elapsed() < PATIENCE * 2, "it does not end");
            std::thread::sleep(Duration::from_millis(5));
        };
        let took = began.elapsed();
        let mut errors = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut errors).unwrap();
        let left = self.stdout.take().into_iter().flatten().collect();
        End { code, left, errors, home: self.home.take().unwrap(), took }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ended = self.child.kill();
        let _reaped = self.child.wait();
    }
}
