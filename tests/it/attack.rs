//! Attacks: whole remediations on the embedded cluster while everything around them goes wrong between any two requests, and what
//! must be true whatever happened. Everything that is random follows from one number, so a run that fails can be had again.
//!
//! `KUBEMEND_TEST_ATTACK_RUNS` says how many runs there are, `KUBEMEND_TEST_ATTACK_FIRST` with which number they begin, `KUBEMEND_TEST_ATTACK_SEED` plays one of them and tells its story.

mod allowed;
mod dice;
mod doors;
mod heard;
mod planted;
mod trial;
mod truths;
mod weather;

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use trial::{Told, play};

/// Enough to meet each kind of weather with each way of answering some dozen times.
const RUNS: u64 = 1_500;
/// A whole remediation is one future on the stack of its thread, and not small without optimization.
const STACK: usize = 32 * 1024 * 1024;
/// A report of more failures than this is not read.
const SHOWN: usize = 12;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name} is not a number: {text}")))
}

/// A panic of the program is a finding like any other.
fn attempt(seed: u64) -> Told {
    catch_unwind(AssertUnwindSafe(|| play(seed))).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().cloned().or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string));
        Told { wrong: vec![format!("it panicked: {}", text.unwrap_or_default())], ..Told::of(seed) }
    })
}

#[test]
fn whatever_happens_nothing_is_written_without_a_yes_and_what_is_said_is_true() {
    if let Some(seed) = number("KUBEMEND_TEST_ATTACK_SEED") {
        let told = std::thread::Builder::new().stack_size(STACK).spawn(move || attempt(seed)).unwrap().join().unwrap();
        eprintln!("{}", told.story.join("\n"));
        assert!(told.wrong.is_empty(), "{:#?}", told.wrong);
        return;
    }
    let runs = number("KUBEMEND_TEST_ATTACK_RUNS").unwrap_or(RUNS);
    let first = number("KUBEMEND_TEST_ATTACK_FIRST").unwrap_or(1);
    let next = AtomicU64::new(first);
    let told = Mutex::new(Vec::new());
    let workers = std::thread::available_parallelism().map_or(2, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..workers {
            let work = || {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= first + runs {
                        break;
                    }
                    let one = attempt(seed);
                    told.lock().unwrap().push(one);
                }
            };
            std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, work).unwrap();
        }
    });
    let told = told.into_inner().unwrap();
    eprintln!("{}", table(&told));
    let wrong: Vec<String> = told
        .iter()
        .filter(|t| !t.wrong.is_empty())
        .map(|t| format!("KUBEMEND_TEST_ATTACK_SEED={}: {}", t.seed, t.wrong.join("; ")))
        .collect();
    assert!(wrong.is_empty(), "{} of {runs} runs went wrong:\n{}", wrong.len(), wrong[..wrong.len().min(SHOWN)].join("\n"));
    // Runs in which nothing happens prove nothing.
    let written = told.iter().filter(|t| t.writes > 0).count();
    let struck = told.iter().filter(|t| t.struck > 0).count();
    assert!(written * 8 > told.len() && struck * 2 > told.len(), "{written} of {runs} wrote, {struck} were struck");
}

/// How runs ended, by the way in which they were answered.
fn table(told: &[Told]) -> String {
    let mut rows: BTreeMap<(&str, String), (usize, usize, usize, usize)> = BTreeMap::new();
    for one in told {
        let row = rows.entry((one.way, one.status.clone())).or_default();
        row.0 += 1;
        row.1 += one.writes;
        row.2 += one.struck;
        row.3 += usize::from(!one.wrong.is_empty());
    }
    let mut text = format!("{:<28} {:<18} {:>7} {:>8} {:>8} {:>8}\n", "answered", "last said", "runs", "writes", "faults", "wrong");
    for ((way, status), (runs, writes, struck, wrong)) in rows {
        text.push_str(&format!("{way:<28} {status:<18} {runs:>7} {writes:>8} {struck:>8} {wrong:>8}\n"));
    }
    text
}
