//! What words can be about that shows in no object: what a program uses, how fast it is, what it answers, what is in its data. Nothing
//! of it is read, so nothing of it is called healthy.

use super::lost::Site;
use super::word::{Word, singular};

/// Words, those of which one must be there too, and what they are about.
type Row = (&'static [&'static str], &'static [&'static str], &'static str);

const IN_DATA: &str = "what is in the data of a program";
const IN_BACKUPS: &str = "what is in backups";
const HOW_FULL: &str = "how full disks and volumes are";

const UNSEEN: &[Row] = &[
    (&["disk", "enospc", "inode"], &[], HOW_FULL),
    (&["space"], &["left", "full", "no", "enough", "out", "free", "low", "run", "runs", "running", "ran"], HOW_FULL),
    (&["volume", "storage", "claim", "pvc", "partition"], &["full", "fills", "filled", "filling"], HOW_FULL),
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
        &["data", "record", "row", "entry", "entries", "upload", "history", "database", "db"],
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
        IN_DATA,
    ),
    (&["data", "record", "row", "entry", "entries", "upload"], &["missing", "gone", "empty", "wrong", "deleted"], IN_DATA),
    (&["database", "db"], &["empty"], IN_DATA),
    (
        &["version", "build", "release", "code"],
        &["old", "older", "outdated", "stale", "previous", "wrong"],
        "which version of a program is meant to run",
    ),
    (&["backup"], &["missing", "gone", "lost", "restore", "restored", "empty", "corrupt", "corrupted", "incomplete", "old"], IN_BACKUPS),
];

/// Two words that make one.
const PAIRS: &[(&str, &str, &str)] =
    &[("log", "in", "login"), ("logged", "out", "login"), ("sign", "in", "login"), ("logging", "in", "login")];

/// Whether it is wrong or not whatever becomes of a cause.
pub(super) fn outlives_a_cause(what: &str) -> bool {
    matches!(what, IN_DATA | IN_BACKUPS | HOW_FULL)
}

/// Whether it is about data that may be lost.
pub(super) fn is_about_data(what: &str) -> bool {
    matches!(what, IN_DATA | IN_BACKUPS)
}

/// Whether the word is one by which one of these is spoken of.
pub(super) fn is_of(text: &str, told: &[&str]) -> bool {
    let is = |one: &&str| *one == text || *one == singular(text);
    let row = |(of, with, what): &Row| told.contains(what) && of.iter().chain(*with).any(is);
    UNSEEN.iter().any(row) || PAIRS.iter().any(|(a, b, is)| is_joined(told, is) && (*a == text || *b == text))
}

fn is_joined(told: &[&str], joined: &str) -> bool {
    UNSEEN.iter().any(|(of, _, what)| of.contains(&joined) && told.contains(what))
}

/// What can be done about trouble itself: who asks for that speaks of no names.
const TROUBLE: &[&str] = &[
    "issue",
    "problem",
    "incident",
    "outage",
    "alert",
    "error",
    "ticket",
    "fault",
    "failure",
    "trouble",
    "bug",
    "situation",
    "conflict",
    "it",
    "this",
    "that",
    "these",
    "them",
    "everything",
];
/// Words that a number of an answer may stand before, in the plural too; before any other plural it counts something.
const ANSWERS: &[&str] = &["error", "answer", "response", "status", "code", "reply", "return", "on"];
/// What can be lost and is no data: `lost the connection to the database`.
const LINKS: &[&str] = &["connection", "connectivity", "contact", "access", "leader", "leadership", "quorum", "lease"];
/// What numbers measure.
const UNITS: &[&str] =
    &["mb", "gb", "kb", "mi", "gi", "ki", "mib", "gib", "ms", "s", "sec", "min", "percent", "mbit", "rps", "qps", "iops"];
/// This far behind a verb stands what it is about: `resolve the recurring issue`.
const OBJECT: usize = 3;

/// Whether the word at this place is used in another sense than that of the tables: `resolve the issue`, `500 Pods`.
pub(super) fn is_meant_otherwise(words: &[Word], place: usize) -> bool {
    let Some(word) = words.get(place) else { return false };
    let behind = || {
        let clause = words.iter().skip(place).scan(false, |over, word| (!std::mem::replace(over, word.ends)).then_some(word));
        clause.skip(1)
    };
    if matches!(word.text.as_str(), "resolve" | "resolution") {
        return behind().take(OBJECT).any(|next| TROUBLE.contains(&singular(&next.text)));
    }
    if matches!(singular(&word.text), "lost" | "lose" | "losing" | "loss") {
        return behind().take(OBJECT).any(|next| LINKS.contains(&singular(&next.text)));
    }
    let counts = |next: &Word| {
        let one = singular(&next.text);
        !ANSWERS.contains(&one) && (one != next.text || UNITS.contains(&next.text.as_str()))
    };
    word.text.bytes().all(|b| b.is_ascii_digit()) && behind().next().is_some_and(counts)
}

/// Words that can be about what is never seen, and what that is. A word that is the name of something says nothing, but where data may be
/// lost: `the database lost everything` is about data whatever is called so, and an empty volume would be the wrong answer.
pub(super) fn spoken_of(words: &[Word], is_name: &dyn Fn(&Word) -> bool) -> Vec<(String, &'static str)> {
    let is = |word: &Word, one: &str| word.text == one || singular(&word.text) == one;
    let pairs = || words.iter().zip(words.iter().skip(1)).filter(|(word, _)| !word.ends);
    let joined = |one: &str| {
        let of = |(a, b): &(&Word, &Word)| PAIRS.iter().any(|(x, y, is)| a.text == *x && b.text == *y && *is == one);
        pairs().find(of).map(|(a, b)| format!("{} {}", a.text, b.text))
    };
    let said = |list: &[&str], what: &str| {
        let named = |word: &Word| if is_about_data(what) { word.place != Site::Open } else { is_name(word) };
        let open = |(place, word): &(usize, &Word)| !named(word) && !is_meant_otherwise(words, *place);
        let found = words.iter().enumerate().filter(open).find(|(_, word)| list.iter().any(|one| is(word, one)));
        found.map(|(_, word)| word.text.clone()).or_else(|| list.iter().find_map(|one| joined(one)))
    };
    let mut found: Vec<(String, &'static str)> = Vec::new();
    for (of, with, what) in UNSEEN {
        if let Some(word) = said(of, what).filter(|_| with.is_empty() || said(with, what).is_some())
            && !found.iter().any(|(_, known)| known == what)
        {
            found.push((word, what));
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
            let all: Vec<&str> = Wording::of(text).unread(&|_| false).into_iter().map(|(_, what)| what).collect();
            assert_eq!(all, [what], "{text}");
        }
        for text in ["web is down", "web has 500 Pods", "web does not start since the new version", "the volume of web cannot be mounted"] {
            assert_eq!(Wording::of(text).unread(&|_| false), [], "{text}");
        }
    }

    #[test]
    fn names_of_things_are_no_topics() {
        let words = Wording::of("the gateway is down, and the disk too");
        assert_eq!(words.unread(&|_| false).len(), 2);
        assert_eq!(words.unread(&|word| word.text == "gateway" || word.text == "disk"), []);
    }

    /// A doubt about what nobody spoke of is a guess that is told as one of theirs.
    #[test]
    fn word_in_another_sense_is_about_nothing_that_is_never_seen() {
        for text in [
            "please resolve the issue with web",
            "web is down, can you resolve it",
            "what is the resolution of this incident in shop",
            "web runs with 500 Pods and crashes",
            "web gets 500 MB and is killed",
            "this has high priority: web is down",
            "web is down, top priority",
        ] {
            assert_eq!(Wording::of(text).unread(&|_| false), [], "{text}");
        }
        for (text, word) in [
            ("web cannot resolve the hostname of db", "resolve"),
            ("names do not resolve in shop", "resolve"),
            ("web answers with 500 errors", "500"),
            ("web returns 503s and 500", "500"),
            ("the priority class of web is missing", "priority"),
            ("web was preempted", "preempted"),
            ("users cannot log in", "log in"),
        ] {
            let said: Vec<String> = Wording::of(text).unread(&|_| false).into_iter().map(|(word, _)| word).collect();
            assert_eq!(said, [word], "{text}");
        }
    }
}
