//! How the program ends, by whatever ends it and whatever it is doing: within five seconds, without beginning anything more, and with what
//! it did on record.

use super::client::{READS, choice};
use super::cluster::Cluster;
use super::program::{End, Program};
use serde_json::{Value, json};
use std::sync::atomic::Ordering;
use std::time::Duration;

/// Clients kill a server that takes longer.
const PROMPT: Duration = Duration::from_secs(5);
/// What tells a process to end.
const SIGNALS: [&str; 3] = ["TERM", "INT", "HUP"];

fn is_prompt(end: &End, how: &str) {
    assert_eq!(end.code, Some(0), "{how}: {end:?}");
    assert!(end.took < PROMPT, "{how}: {end:?}");
}

/// A program that has asked the API server something, and gets no answer.
fn looking(tool: &str) -> (Program, Cluster) {
    let cluster = Cluster::start();
    cluster.held.lists.store(true, Ordering::SeqCst);
    let mut program = Program::on_cluster(&cluster.address).hello_with(json!({"elicitation": {}}));
    program.ask("call", tool, json!({"issue": "Something is wrong with my database in the a-team namespace"}));
    cluster.until_held();
    (program, cluster)
}

/// A program whose write has taken effect, and is not answered yet.
fn executing() -> (Program, Cluster) {
    let cluster = Cluster::start();
    cluster.held.writes.store(true, Ordering::SeqCst);
    let mut program = Program::on_cluster(&cluster.address).hello_with(json!({"elicitation": {}}));
    program.ask("call", "remediate", json!({"issue": "Something is wrong with my database in the a-team namespace"}));
    let question = program.request();
    std::thread::sleep(READS);
    let yes = json!({"decision": choice(&question["params"]["requestedSchema"], 1)});
    program.send(&json!({"jsonrpc": "2.0", "id": question["id"], "result": {"action": "accept", "content": yes}}).to_string());
    cluster.until_held();
    (program, cluster)
}

fn release(cluster: &Cluster) {
    cluster.held.lists.store(false, Ordering::SeqCst);
    cluster.held.writes.store(false, Ordering::SeqCst);
}

/// What is on record afterwards.
fn recorded(home: &std::path::Path) -> Value {
    let mut run = std::process::Command::new(env!("CARGO_BIN_EXE_kubemend"));
    let out = run.env_clear().env("HOME", home).args(["sessions", "-o", "json"]).output().unwrap();
    serde_json::from_slice(&out.stdout).unwrap_or_else(|e| panic!("{e}: {}", String::from_utf8_lossy(&out.stderr)))
}

#[test]
fn a_signal_ends_an_idle_server() {
    for signal in SIGNALS {
        let program = Program::initialized();
        program.signal(signal);
        let end = program.ended();
        is_prompt(&end, signal);
        assert!(end.left.is_empty(), "{end:?}");
    }
    let unopened = Program::start_with(&[]);
    std::thread::sleep(Duration::from_millis(500));
    unopened.signal("TERM");
    is_prompt(&unopened.ended(), "before the opening");
}

#[test]
fn a_signal_ends_a_server_that_is_looking() {
    for signal in SIGNALS {
        let (program, cluster) = looking("analyze");
        program.signal(signal);
        is_prompt(&program.ended(), signal);
        assert_eq!(cluster.writes(), 0);
    }
}

#[test]
fn a_client_that_closes_stdin_or_stdout_ends_a_server_that_is_looking() {
    for tool in ["analyze", "remediate"] {
        let (program, cluster) = looking(tool);
        is_prompt(&program.end(), tool);
        assert_eq!(cluster.writes(), 0);
    }
    // Whoever closes stdout is noticed at the next message.
    let cluster = Cluster::start();
    cluster.held.lists.store(true, Ordering::SeqCst);
    let mut program = Program::unread_on_cluster(&cluster.address, &[]);
    program.greet(&json!({}));
    program.ask("call", "analyze", json!({"issue": "x"}));
    cluster.until_held();
    program.close_stdout();
    program.send(r#"{"jsonrpc":"2.0","id":"p","method":"ping"}"#);
    is_prompt(&program.ended(), "stdout");
}

/// What the operator lets be done without asking is done for somebody who is there to hear of it.
#[test]
fn nothing_is_written_for_a_client_that_left_before_it_was_begun() {
    for leaves in [false, true] {
        let cluster = Cluster::start();
        cluster.held.lists.store(true, Ordering::SeqCst);
        let env = [("KUBEMEND_CONSENT", "policy"), ("KUBEMEND_MODE", "automatic"), ("KUBEMEND_SETTLE", "1s")];
        let mut program = Program::on_cluster_with(&cluster.address, &env).hello();
        program.ask(
            "call",
            "remediate",
            json!({"issue": "Something is wrong with my database in the a-team namespace", "mode": "automatic"}),
        );
        cluster.until_held();
        if leaves {
            program.close_stdin();
            std::thread::sleep(Duration::from_millis(100));
        }
        release(&cluster);
        if leaves {
            is_prompt(&program.ended(), "stdin");
        } else {
            let answer = program.answer("call");
            assert!(cluster.writes() > 0, "this is what is not begun: {answer}");
        }
        assert_eq!(cluster.writes(), usize::from(!leaves));
    }
}

/// A script closes its side, and reads on.
#[test]
fn what_was_asked_before_stdin_was_closed_is_still_answered() {
    let mut program = Program::initialized();
    program.send(r#"{"jsonrpc":"2.0","id":"l","method":"tools/list"}"#);
    let end = program.end();
    assert_eq!((end.code, end.left.len(), &end.left[0]["id"]), (Some(0), 1, &json!("l")), "{end:?}");
}

#[test]
fn a_client_that_closes_stdout_before_the_opening_has_left() {
    let mut program = Program::unread();
    program.close_stdout();
    program.greet(&json!({}));
    let end = program.ended();
    is_prompt(&end, "stdout");
    assert_eq!(end.errors, "");
}

#[test]
fn a_client_that_reads_nothing_and_closes_stdin_ends_the_server() {
    let mut program = Program::unread();
    program.greet(&json!({}));
    // Each answer has more than 6,000 bytes: far more than a pipe holds.
    (0..100).for_each(|id| program.send(&json!({"jsonrpc": "2.0", "id": id, "method": "tools/list"}).to_string()));
    std::thread::sleep(Duration::from_millis(300));
    is_prompt(&program.end(), "blocked");
}

/// Node gives its children sockets, no pipes.
#[cfg(unix)]
#[test]
fn sockets_do_as_well_as_pipes() {
    use std::io::{BufRead, BufReader, Write};
    use std::os::unix::net::UnixStream;
    let (ours, theirs) = UnixStream::pair().unwrap();
    let home = tempfile::tempdir().unwrap();
    let theirs: std::os::fd::OwnedFd = theirs.into();
    let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_kubemend"))
        .env_clear()
        .env("HOME", home.path())
        .stdin(std::process::Stdio::from(theirs.try_clone().unwrap()))
        .stdout(std::process::Stdio::from(theirs))
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(ours.try_clone().unwrap()).lines();
    (&ours).write_all(b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}\n").unwrap();
    assert_eq!(lines.next().unwrap().unwrap(), r#"{"jsonrpc":"2.0","id":1,"result":{}}"#);
    ours.shutdown(std::net::Shutdown::Write).unwrap();
    let began = std::time::Instant::now();
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert!(began.elapsed() < PROMPT, "{:?}", began.elapsed());
}

#[test]
fn a_server_that_is_executing_records_what_it_did_before_a_signal_ends_it() {
    for signal in SIGNALS {
        let (program, cluster) = executing();
        program.signal(signal);
        std::thread::sleep(Duration::from_millis(500));
        release(&cluster);
        let end = program.ended();
        is_prompt(&end, signal);
        assert_eq!(cluster.writes(), 1, "{signal}");
        let sessions = recorded(end.home.path());
        assert_eq!(sessions.as_array().unwrap().len(), 1, "{sessions}");
        let status = sessions[0]["status"].as_str().unwrap();
        assert!(["resolved", "partly", "unresolved", "unclear", "applied"].contains(&status), "{signal}: {sessions}");
    }
}

#[test]
fn a_server_that_is_executing_records_what_it_did_before_its_client_leaves_it() {
    for way in ["stdin", "stdout"] {
        let (mut program, cluster) = executing();
        if way == "stdin" {
            program.close_stdin();
        } else {
            program.close_stdout();
            for id in ["last", "lost"] {
                program.send(&json!({"jsonrpc": "2.0", "id": id, "method": "ping"}).to_string());
                std::thread::sleep(Duration::from_millis(200));
            }
        }
        std::thread::sleep(Duration::from_millis(500));
        release(&cluster);
        let end = program.ended();
        is_prompt(&end, way);
        assert_eq!(cluster.writes(), 1, "{way}");
        let sessions = recorded(end.home.path());
        let status = sessions[0]["status"].as_str().unwrap();
        assert!(["resolved", "partly", "unresolved", "unclear", "applied"].contains(&status), "{way}: {sessions}");
    }
}

/// Who cannot wait says so twice. The record has the step that was sent, and nothing is sent again.
#[test]
fn a_second_signal_ends_a_server_that_is_executing_at_once() {
    for signal in ["TERM", "INT"] {
        let (program, cluster) = executing();
        program.signal(signal);
        std::thread::sleep(Duration::from_millis(500));
        program.signal(signal);
        let end = program.ended();
        assert_eq!(end.code, Some(130), "{end:?}");
        assert!(end.took < Duration::from_secs(1), "{end:?}");
        release(&cluster);
        let sessions = recorded(end.home.path());
        assert_eq!(sessions[0]["status"], "interrupted", "{sessions}");
        assert_eq!(cluster.writes(), 1, "{signal}");
    }
}

/// A terminal that is closed sends it more than once, which is not somebody who cannot wait.
#[test]
fn a_second_hangup_waits_for_the_end_of_the_first() {
    let (program, cluster) = executing();
    for _ in 0..3 {
        program.signal("HUP");
        std::thread::sleep(Duration::from_millis(200));
    }
    release(&cluster);
    let end = program.ended();
    is_prompt(&end, "hangups");
    assert_ne!(recorded(end.home.path())[0]["status"], "interrupted");
}

/// `nohup` lets a program outlive its terminal.
#[cfg(target_os = "linux")]
#[test]
fn a_server_that_was_started_with_nohup_does_not_hear_of_its_terminal() {
    let mut program = Program::with_hangups_ignored();
    program.signal("HUP");
    program.send(r#"{"jsonrpc":"2.0","id":"p","method":"ping"}"#);
    assert_eq!(program.answer("p")["result"], json!({}));
    is_prompt(&program.end(), "nohup");
}
