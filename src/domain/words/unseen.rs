//! What words can be about that shows in no object: what a program uses, how fast it is, what it answers, what is in its data. Nothing
//! of it is read, so nothing of it is called healthy.

use super::word::{Word, singular};

/// Words, those of which one must be there too, and what they are about.
type Row = (&'static [&'static str], &'static [&'static str], &'static str);

const UNSEEN: &[Row] = &[
    (&["disk", "enospc", "inode"], &[], "how full disks and volumes are"),
    (
        &["space"],
        &["left", "full", "no", "enough", "out", "free", "low", "run", "runs", "running", "ran"],
        "how full disks and volumes are",
    ),
    (&["volume", "storage", "claim", "pvc", "partition"], &["full", "fills", "filled", "filling"], "how full disks and volumes are"),
    (&["memory", "ram", "cpu", "heap", "leak", "throttled", "throttling", "throttle"], &[], "what containers use of CPU and memory"),
    (
        &[
            "slow",
            "slowly",
            "slower",
            "slowness",
            "sluggish",
            "latency",
            "lag",
            "laggy",
            "lagging",
            "performance",
            "throughput",
            "p95",
            "p99",
        ],
        &[],
        "how fast something answers or works",
    ),
    (
        &["400", "401", "403", "409", "422", "429", "500", "501", "4xx", "5xx"],
        &[
            "error",
            "answer",
            "return",
            "returned",
            "returning",
            "respond",
            "response",
            "status",
            "http",
            "code",
            "give",
            "get",
            "getting",
            "throw",
            "serve",
            "show",
            "got",
            "say",
            "with",
            "see",
        ],
        "what a program answers to requests",
    ),
    (&["5xx", "4xx", "exception", "stacktrace", "traceback"], &[], "what a program answers to requests"),
    (&["login", "logins", "signin", "sign-in", "log-in", "authenticate", "authentication"], &[], "what people can do in a program"),
    (
        &["data", "record", "row", "entry", "entries", "upload", "history", "database"],
        &[
            "lost",
            "lose",
            "loses",
            "losing",
            "loss",
            "disappeared",
            "vanished",
            "corrupt",
            "corrupted",
            "corruption",
            "stale",
            "outdated",
            "wiped",
            "erased",
        ],
        "what is in the data of a program",
    ),
    (
        &["data", "record", "row", "entry", "entries", "upload"],
        &["missing", "gone", "empty", "wrong", "deleted"],
        "what is in the data of a program",
    ),
    (
        &["version", "build", "release", "code"],
        &["old", "older", "outdated", "stale", "previous", "wrong"],
        "which version of a program is meant to run",
    ),
    (
        &["backup"],
        &["missing", "gone", "lost", "restore", "restored", "empty", "corrupt", "corrupted", "incomplete", "old"],
        "what is in backups",
    ),
];

/// Two words that make one.
const PAIRS: &[(&str, &str, &str)] =
    &[("log", "in", "login"), ("logged", "out", "login"), ("sign", "in", "login"), ("logging", "in", "login")];

/// What words are about that is never seen. A word that is the name of something says nothing.
pub(super) fn spoken_of(words: &[Word], is_name: &dyn Fn(&Word) -> bool) -> Vec<&'static str> {
    let is = |word: &Word, one: &str| word.text == one || singular(&word.text) == one;
    let pairs = || words.iter().zip(words.iter().skip(1)).filter(|(word, _)| !word.ends);
    let joined = |one: &str| pairs().any(|(a, b)| PAIRS.iter().any(|(x, y, is)| a.text == *x && b.text == *y && *is == one));
    let has = |list: &[&str]| {
        words.iter().any(|word| !is_name(word) && list.iter().any(|one| is(word, one))) || list.iter().any(|one| joined(one))
    };
    let mut found: Vec<&'static str> = Vec::new();
    for (of, with, what) in UNSEEN {
        if has(of) && (with.is_empty() || has(with)) && !found.contains(what) {
            found.push(what);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::Wording;

    #[test]
    fn words_about_what_is_never_seen_say_what_that_is() {
        for (text, what) in [
            ("web says no space left on device", "how full disks and volumes are"),
            ("the disk of web is full", "how full disks and volumes are"),
            ("web uses too much memory", "what containers use of CPU and memory"),
            ("web is throttled", "what containers use of CPU and memory"),
            ("web has a high latency", "how fast something answers or works"),
            ("web is slow", "how fast something answers or works"),
            ("web answers with 500", "what a program answers to requests"),
            ("users cannot log in", "what people can do in a program"),
            ("web lost data", "what is in the data of a program"),
            ("web still runs the old version", "which version of a program is meant to run"),
            ("our backups are missing", "what is in backups"),
        ] {
            assert_eq!(Wording::of(text).unread(&|_| false), [what], "{text}");
        }
        for text in ["web is down", "web has 500 Pods", "web does not start since the new version", "the volume of web cannot be mounted"] {
            assert_eq!(Wording::of(text).unread(&|_| false), [""; 0], "{text}");
        }
    }

    #[test]
    fn names_of_things_are_no_topics() {
        let words = Wording::of("the gateway is down, and the disk too");
        assert_eq!(words.unread(&|_| false).len(), 2);
        assert_eq!(words.unread(&|word| word.text == "gateway" || word.text == "disk"), [""; 0]);
    }
}
