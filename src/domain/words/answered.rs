//! Words that a look at objects answers: that something is there, starts, runs, is ready and is led to. What is left of a report beside
//! these, names and grammar is about something that nobody looked at, so nothing is called healthy for it.

use super::word::{Word, singular};
use super::{everyday, topics, unseen};
use crate::domain::kind::Kind;

/// Whether something is there and runs, what everything is called, who asks, and how people ask.
const ANSWERED: &str = "
down resolve resolved resolution priority high show shows showing affected evening afternoon min sec curl thing things stuff lot lots bit kind sort part parts way ways please thanks thank hello hi hey help alright wrong broken break breaks broke
breaking bad weird odd strange funny unhealthy healthy fine ok okay good well better worse issue issues problem problems trouble fault
faults faulty fail fails failed failing failure failures incident outage downtime uptime offline online crash crashes crashed crashing
crashloop crashloopbackoff crashlooping backoff loop loops looping restart restarts restarted restarting dead die dies died dying kill kills
killed killing oom oomkilled exit exits exited stuck start starts started starting startup begin begins began boot boots booted booting
launch launches launched stop stops stopped stopping run runs ran running work works worked working unable able seem seems seemed look
looks looking looked see sees saw say says said tell tells told ask asks asked get gets got getting go goes went gone going come comes came
coming keep keeps kept keeping stay stays stayed become becomes became happen happens happened happening try tries tried trying want wants
wanted need needs needed take let find finds found finding check checks checked checking fix fixes fixed fixing repair solve investigate
diagnose debug analyze analyse analysis think thinks believe know knows known notice noticed report reports reported complain complains
complaining complaint complaints ready unready notready pending waiting wait waits waited schedule scheduled scheduling unschedulable
available unavailable terminating imagepullbackoff errimagepull exist exists existed existing missing due reason cause causes status
state condition pod pods container containers workload workloads namespace namespaces cluster clusters kubernetes k8s kubectl object objects
shop shops store stores resource resources component components system systems application applications app apps program programs service services svc server
servers environment environments instance instances user users customer customers client clients team teams people person colleague
colleagues developer developers boss operator admin admins main current default latest last named called name completely totally really
suddenly currently recently lately actually probably possibly maybe perhaps apparently definitely simply wholly idea ideas clue clues urgent
urgently asap critical important quick quickly sorry understand explain case something though beside besides like
ist sind der das die und nicht mein meine unser unsere kaputt geht läuft startet funktioniert warum bitte hilfe kein keine mehr auf von mit";

/// How something is led to: answered where a Service that leads there was judged.
const REACH: &str = "connect connects connected connecting connection connections reach reaches reached reaching reachable unreachable
accessible inaccessible endpoint endpoints endpointslice endpointslices refuse refuses refused econnrefused";

/// What happened meanwhile: behind one of `TIMES` it says when, and not what.
const EVENTS: &str =
    "deploy deploys deployment deployed deploying rollout rollouts rolled release releases released upgrade upgrades upgraded update
updates updated reboot rebooted migration migrated maintenance change changes changed move moved version versions install installed
installation applied apply merge merged push pushed switch switched replaced scaled template templates labels weekend go-live new";
const TIMES: &str = "since after before during following until";
/// Who made it happen, unless it says that they did not.
const PERSONS: &str = "we i they somebody someone";
const NOT: &str = "not cannot can cant couldn could unable fail fails failed t never to";
const NEWEST: &str = "new newest latest last";
/// From one of these to what happened there are at most so many words.
const NEAR: usize = 5;

/// That something is so from time to time: of which nobody sees more than how it is now.
const RECURRING: &str = "sometimes often randomly occasionally intermittently periodically repeatedly constantly";

/// What is counted.
const COUNTED: &str = "pods replicas restarts times users minutes seconds hours days nodes containers jobs items requests";

fn has(list: &str, word: &str) -> bool {
    list.split_whitespace().any(|one| one == word)
}

/// Whether words are about how something is reached.
pub(super) fn ask_about_reach(words: &[Word]) -> bool {
    words.iter().any(|word| has(REACH, &word.text))
}

/// The words behind those, up to the end of their clause: `web cannot connect to postgres` is about how postgres is reached.
pub(super) fn reached(words: &[Word]) -> &[Word] {
    let last = words.iter().rposition(|word| has(REACH, &word.text)).filter(|last| !words.get(*last).is_some_and(|word| word.ends));
    let behind = last.and_then(|last| words.get(last.saturating_add(1)..)).unwrap_or_default();
    let ends = behind.iter().position(|word| word.ends).map_or(behind.len(), |end| end.saturating_add(1));
    behind.get(..ends).unwrap_or_default()
}

/// The words that nothing which is read answers, each once, in their order. `is_name`: what names something; `told`: what is known to be
/// spoken of and never read.
pub(super) fn unanswered<'w>(words: &'w [Word], is_name: &dyn Fn(&Word) -> bool, told: &[&str]) -> Vec<&'w str> {
    let mut left: Vec<&str> = Vec::new();
    for (place, word) in words.iter().enumerate() {
        let known = is_name(word) || is_answered(words, place, word, told);
        if !known && !left.contains(&word.text.as_str()) {
            left.push(&word.text);
        }
    }
    left
}

fn is_answered(words: &[Word], place: usize, word: &Word, told: &[&str]) -> bool {
    let text = word.text.as_str();
    if has(RECURRING, text) || is_a_status(words, place) || is_a_timeout(words, place) || is_the_wrong_one(words, place) {
        return false;
    }
    if text == "root" {
        return words.get(place.saturating_add(1)).is_some_and(|next| singular(&next.text) == "cause");
    }
    // `deploy` is short for a kind, and mostly what somebody does.
    let a_kind =
        (text != "deploy" && Kind::parse(text).is_some()) || Kind::AS_A_WHOLE.iter().any(|kind| topics::speaks_of(singular(text), kind));
    everyday::is_grammar(text)
        || has(ANSWERED, text)
        || has(REACH, text)
        || a_kind
        || word.is_environment()
        || says_when(words, place)
        || is_its_version(words, place)
        || unseen::is_of(text, told)
        || topics::is_of(singular(text), told)
}

/// A number that HTTP has for an answer that is none, where nothing is counted by it.
fn is_a_status(words: &[Word], place: usize) -> bool {
    let status = |text: &str| text.len() == 3 && text.starts_with(['4', '5']) && text.bytes().all(|b| b.is_ascii_digit());
    let counted = words.get(place.saturating_add(1)).is_some_and(|next| has(COUNTED, &next.text));
    words.get(place).is_some_and(|word| status(&word.text)) && !counted
}

/// `the wrong user`: what stands where another one belongs. Nobody compares it with what was meant.
fn is_the_wrong_one(words: &[Word], place: usize) -> bool {
    let before = place.checked_sub(1).and_then(|before| words.get(before)).filter(|before| !before.ends);
    before.is_some_and(|before| before.text == "wrong") && !words.get(place).is_some_and(|word| everyday::is_grammar(&word.text))
}

/// `times out`, where no connections are spoken of.
fn is_a_timeout(words: &[Word], place: usize) -> bool {
    let next = words.get(place.saturating_add(1)).map(|w| w.text.as_str()).unwrap_or_default();
    words.get(place).is_some_and(|word| topics::phrase(&word.text, next).is_some()) && !ask_about_reach(words)
}

/// Whether the word says when something began: `since the last deploy`, `we upgraded it, and now`.
pub(super) fn says_when(words: &[Word], place: usize) -> bool {
    let event = words.get(place).is_some_and(|word| has(EVENTS, &word.text));
    let earlier = (1..=NEAR).map_while(|back| place.checked_sub(back)).map_while(|p| words.get(p).filter(|w| !w.ends));
    let earlier: Vec<&Word> = earlier.collect();
    let done = earlier.iter().any(|word| has(PERSONS, &word.text)) && !earlier.iter().any(|word| has(NOT, &word.text));
    // Whether the new one runs is what was looked at; that it is not the new one is not.
    let newest = earlier.first().is_some_and(|word| has(NEWEST, &word.text)) && !earlier.iter().any(|word| has(NOT, &word.text));
    event && (done || newest || earlier.iter().any(|word| has(TIMES, &word.text)))
}

/// `after the upgrade to 1.29`: a version that belongs to what says when.
fn is_its_version(words: &[Word], place: usize) -> bool {
    let version = words.get(place).is_some_and(|word| word.text.trim_start_matches('v').starts_with(|c: char| c.is_ascii_digit()));
    version && (1..=2).filter_map(|back| place.checked_sub(back)).any(|before| says_when(words, before))
}

#[cfg(test)]
mod tests {
    use super::super::Wording;
    use super::*;

    fn left(text: &str) -> Vec<String> {
        let words = Wording::of(text);
        let is_name = |word: &Word| word.text == "web" || word.text == "shop";
        let told: Vec<&str> = words.unread(&is_name).into_iter().map(|(_, what)| what).collect();
        words.unanswered(&is_name, &told).into_iter().map(str::to_owned).collect()
    }

    #[test]
    fn ordinary_words_about_what_runs_are_answered() {
        for text in [
            "web is down?",
            "is web ok?",
            "check shop",
            "pods not starting",
            "web does not start",
            "why is web pending",
            "is everything ok in namespace shop?",
            "web in shop is broken. Others in the namespace run fine",
            "web keeps crashing",
            "nobody can reach web",
            "web is down since the last deploy",
            "a customer says that web was down this morning, is something broken?",
            "a customer says that our store was down this morning",
            "web has not started since we installed it",
            "deployment web is stuck",
            "something is wrong with web in production, please help",
            "web has 404 pods",
            "the new release of web does not come up",
            "we deployed a new version of web and now it is broken",
            "after the upgrade to 1.29 web is broken",
        ] {
            assert_eq!(left(text), [""; 0], "{text}");
        }
    }

    #[test]
    fn words_about_anything_else_are_left() {
        for (text, word) in [
            ("web answers with 503", "503"),
            ("web returns 404 for every page", "404"),
            ("web returns 418", "418"),
            ("web takes 30 seconds to load", "load"),
            ("web times out", "times"),
            ("too many open files in web", "files"),
            ("web runs out of file descriptors", "descriptors"),
            ("web throws errors", "errors"),
            ("web is overloaded", "overloaded"),
            ("access denied in web", "denied"),
            ("users cannot pay in web", "pay"),
            ("web still shows the old logo", "logo"),
            ("web runs the wrong image", "image"),
            ("the rollout of web is stuck", "rollout"),
            ("images do not load in web", "load"),
            ("web behaves strangely", "strangely"),
            ("web sometimes dies", "sometimes"),
            ("web was hacked", "hacked"),
            ("we cannot deploy web", "deploy"),
        ] {
            assert!(left(text).iter().any(|one| one == word), "{text}: {:?}", left(text));
        }
        assert_eq!(left("web is slow"), [""; 0], "what is known never to be read is told as that");
    }

    #[test]
    fn words_that_only_look_like_trouble_with_what_runs_are_left() {
        for (text, word) in [
            ("web does not run the latest version", "version"),
            ("web is not on the new release", "release"),
            ("web runs as root", "root"),
            ("web shows the wrong user", "user"),
            ("the env of web is wrong", "env"),
        ] {
            let words = Wording::of(text);
            let unread = words.unread(&|word| word.text == "web");
            assert!(!unread.is_empty() || left(text).iter().any(|one| one == word), "{text}: {:?}", left(text));
        }
    }

    #[test]
    fn what_is_no_name_of_an_object_is_answered_by_none() {
        for text in [
            "web fails with NullPointerException",
            "web gets AccessDeniedException",
            "/checkout fails in web",
            "web cannot find config.yaml",
            "web should be 2.0.1",
        ] {
            let words = Wording::of(text);
            let unread = words.unread(&|word| word.text == "web");
            assert!(!unread.is_empty() || !left(text).is_empty(), "{text}: nothing is left");
        }
    }
}
