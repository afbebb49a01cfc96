//! Measures an MCP server on stdio: from its start to the answer of `tools/list`, and its peak memory. Standard library only;
//! `benches/startup.sh` compiles it with rustc. Prints the median time in ms, the fastest, and the peak in KiB.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const HELLO: &str = concat!(
    r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"measure","version":"1"}}}"#,
    "\n"
);
const LIST: &str = concat!(
    r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#,
    "\n",
    r#"{"jsonrpc":"2.0","id":2,"method":"tools/list","params":{}}"#,
    "\n"
);

/// The answer to a request, however many notifications come before it.
fn answer(from: &mut impl BufRead, id: u32) -> String {
    let mark = format!("\"id\":{id}");
    loop {
        let mut line = String::new();
        assert!(from.read_line(&mut line).expect("readable") > 0, "the server ended before it answered {id}");
        if line.contains(&mark) {
            return line;
        }
    }
}

/// `VmHWM` in KiB.
fn peak(child: &Child) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).expect("/proc");
    let line = status.lines().find(|l| l.starts_with("VmHWM:")).expect("VmHWM");
    line.split_whitespace().nth(1).expect("a number").parse().expect("a number")
}

fn once(program: &str, arguments: &[String]) -> (Duration, u64, usize) {
    let begin = Instant::now();
    let mut child =
        Command::new(program).args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("it starts");
    let mut to = child.stdin.take().expect("stdin");
    let mut from = BufReader::new(child.stdout.take().expect("stdout"));
    to.write_all(HELLO.as_bytes()).expect("writable");
    answer(&mut from, 1);
    to.write_all(LIST.as_bytes()).expect("writable");
    let list = answer(&mut from, 2);
    let took = begin.elapsed();
    let peak = peak(&child);
    drop(to);
    let _ = child.kill();
    let _ = child.wait();
    (took, peak, list.len())
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let runs: usize = arguments.next().and_then(|n| n.parse().ok()).expect("usage: measure RUNS PROGRAM [ARGUMENTS]");
    let program = arguments.next().expect("usage: measure RUNS PROGRAM [ARGUMENTS]");
    let arguments: Vec<String> = arguments.collect();
    once(&program, &arguments); // the page cache is warm for both
    let mut times = Vec::new();
    let (mut memory, mut list) = (0, 0);
    for _ in 0..runs {
        let (took, peak, bytes) = once(&program, &arguments);
        times.push(took);
        memory = memory.max(peak);
        list = bytes;
    }
    times.sort();
    let ms = |d: Duration| d.as_secs_f64() * 1000.0;
    println!("{:.2} {:.2} {memory} {list}", ms(times[times.len() / 2]), ms(times[0]));
}
