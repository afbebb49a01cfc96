//! A long log as a reader needs it: what says that something went wrong, with what stood around it, and the end. What is repeated is
//! said once.

use crate::domain::masked::{Masked, shortened};

/// Lines that stand at the end of nearly every failure.
const LAST: usize = 25;
/// Lines before and after one that tells of a failure.
const AROUND: usize = 2;
/// Places that tell of failures, from the end.
const PLACES: usize = 12;
/// Characters of a line.
const LINE: usize = 400;
/// A log of no more lines is shown as it is.
const SHORT: usize = 60;

/// Words that programs write when something fails, in lower case.
const FAILURES: &[&str] = &[
    "error",
    "fatal",
    "panic",
    "exception",
    "traceback",
    "fail",
    "refused",
    "denied",
    "timeout",
    "timed out",
    "cannot",
    "unable",
    "no such",
    "not found",
    "invalid",
    "missing",
    "unreachable",
    "killed",
    "out of memory",
    "segfault",
    "abort",
    "crit",
    "caused by",
];

/// A log in its shorter form.
#[derive(Debug)]
pub(super) struct Digest {
    pub(super) text: Masked,
    /// So many of its lines are not in it.
    pub(super) missing: usize,
    /// The end of a line is not in it.
    pub(super) shortened: bool,
}

/// The log in its shorter form.
pub(super) fn digest(log: &Masked) -> Digest {
    let (mut missing, mut cut) = (0, false);
    let text = log.reworked(|log| {
        let text;
        (text, missing) = chosen(log);
        cut = log.lines().any(|line| line.chars().nth(LINE).is_some());
        text
    });
    Digest { text, missing, shortened: cut }
}

fn chosen(log: &str) -> (String, usize) {
    let lines = collapsed(log);
    if lines.len() <= SHORT {
        return (lines.iter().map(|(line, _)| line.as_str()).collect::<Vec<_>>().join("\n"), 0);
    }
    let tail = lines.len().saturating_sub(LAST);
    let mut keep = vec![false; lines.len()];
    let failures = lines.iter().enumerate().take(tail).filter(|(_, (line, _))| tells_of_failure(line));
    let mut places: Vec<usize> = failures.map(|(at, _)| at).collect();
    // What failed first is the cause as often as what failed last.
    let first = places.first().copied();
    places.drain(..places.len().saturating_sub(PLACES));
    for at in first.into_iter().chain(places) {
        let end = at.saturating_add(AROUND);
        keep.iter_mut().enumerate().filter(|(index, _)| (at.saturating_sub(AROUND)..=end).contains(index)).for_each(|(_, k)| *k = true);
    }
    keep.iter_mut().skip(tail).for_each(|k| *k = true);
    let mut out = Vec::new();
    let (mut skipped, mut missing) = (0_usize, 0_usize);
    for ((line, stands_for), keep) in lines.iter().zip(keep) {
        if keep {
            if skipped > 0 {
                out.push(format!("… {skipped} lines …"));
            }
            skipped = 0;
            out.push(line.clone());
        } else {
            skipped = skipped.saturating_add(*stands_for);
            missing = missing.saturating_add(*stands_for);
        }
    }
    (out.join("\n"), missing)
}

/// Each line once where it comes several times in a row, with how many lines it stands for.
fn collapsed(log: &str) -> Vec<(String, usize)> {
    let mut out: Vec<(String, usize)> = Vec::new();
    let mut raw = log.lines().peekable();
    while let Some(line) = raw.next() {
        let mut count = 1_usize;
        while raw.next_if_eq(&line).is_some() {
            count = count.saturating_add(1);
        }
        let mut shown = shortened(line, LINE);
        if count > 1 {
            shown.push_str(&format!(" (×{count})"));
        }
        out.push((shown, count));
    }
    out
}

fn tells_of_failure(line: &str) -> bool {
    let line = line.to_lowercase();
    FAILURES.iter().any(|word| line.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_log_stays_as_it_is_but_for_what_is_repeated() {
        assert_eq!(chosen("a\nb\nb\nb\nc"), ("a\nb (×3)\nc".to_owned(), 0));
    }

    #[test]
    fn failure_in_the_middle_of_a_long_log_is_kept_with_what_stands_around_it() {
        let mut lines: Vec<String> = (0..500).map(|n| format!("served request {n}")).collect();
        lines[200] = "FATAL: cannot open /data/x".to_owned();
        let (text, missing) = chosen(&lines.join("\n"));
        assert!(text.contains("served request 198\nserved request 199\nFATAL: cannot open /data/x\nserved request 201"), "{text}");
        assert!(text.starts_with("… 198 lines …\n") && text.ends_with("served request 499"), "{text}");
        assert_eq!(missing, 500 - 5 - LAST);
    }

    #[test]
    fn of_many_failures_the_first_and_the_last_are_kept() {
        let lines: Vec<String> = (0..1_000).map(|n| format!("error number {n}")).collect();
        let (text, _) = chosen(&lines.join("\n"));
        assert!(text.contains("error number 0\n") && text.contains("error number 974\n") && !text.contains("error number 500\n"), "{text}");
    }
}
