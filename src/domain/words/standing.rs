//! Whether a word stands as names do: also one that the language has, or that is formed as its compounds are. What is said to be down
//! is a name; what comes before a noun, or is said of something, describes it.

use super::grammar::before;
use super::word::{Form, Stance, Word};
use super::{compounds, everyday, grammar};
use crate::domain::kind::Kind;

/// Begins what is said of one thing.
const SAYS: &str = "is isn was wasn does doesn seems looks keeps stays has hasn went ist";
/// May stand before what is wrong.
const BETWEEN: &str = "not t still again always constantly completely all be been to";
/// Said of what runs, and of nothing else.
const ILL: &str = "down dead crashing crashed crashlooping restarting restart start starting started run running come coming boot booting
unavailable unreachable unresponsive gone offline pending stuck unhealthy died kaputt";
/// The same in one word.
const ILL_ALONE: &str =
    "down dead crashes crashed crashing crashloops restarts restarting restarted hangs died dies unreachable offline pending
crashloopbackoff imagepullbackoff errimagepull oomkilled evicted";
/// Said of a program by its name, where the language would need a verb: `post-service errors`.
const FAULTS: &str = "error errors timeout timeouts failure failures outage issue issues problem problems alert alerts crashloopbackoff
imagepullbackoff errimagepull oomkilled evicted pending logs log";
/// Before what happened at a time.
const TIMES: &str = "since after before during until till";

fn has(list: &str, word: &Word) -> bool {
    list.split_whitespace().any(|one| one == word.text)
}

fn after(words: &[Word], place: usize) -> Option<usize> {
    words.get(place).filter(|w| !w.ends).map(|_| place.saturating_add(1)).filter(|p| *p < words.len())
}

/// Whether it is said of the word that it does not run: `x is down`, `x does not start`.
fn is_ill(words: &[Word], place: usize) -> bool {
    let Some(mut at) = after(words, place) else { return false };
    let next = |at: usize| words.get(at);
    if next(at).is_some_and(|w| has(ILL_ALONE, w)) {
        return true;
    }
    if !next(at).is_some_and(|w| has(SAYS, w)) {
        return false;
    }
    while let Some(later) = after(words, at) {
        at = later;
        match next(at) {
            Some(w) if has(ILL, w) => return true,
            Some(w) if has(BETWEEN, w) || everyday::is_adverb(&w.text) => {}
            _ => return false,
        }
    }
    false
}

/// How the word at this place is used.
pub(super) fn used(words: &[Word], place: usize) -> Stance {
    let Some(word) = words.get(place).filter(|w| w.form == Form::Word) else { return Stance::Open };
    let text = word.text.as_str();
    let (ill, subject) = (is_ill(words, place), grammar::is_subject(words, place));
    if word.quoted {
        return if ill || (subject && !everyday::is_common(text)) || compounds::is_compound(text) { Stance::Name } else { Stance::Open };
    }
    let plain = |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    // Numbers and single letters are no words.
    if text.chars().count() < 2 || text.bytes().all(|b| b.is_ascii_digit()) {
        // `one of 2 is down` and `it's down` speak of others.
        let alone = before(words, place).and_then(|p| words.get(p)).is_none_or(|w| has("and but because that", w));
        let follows = after(words, place).and_then(|p| words.get(p)).is_some_and(|w| has(SAYS, w));
        return if ill && alone && follows && plain(text) && text != "i" { Stance::Name } else { Stance::Open };
    }
    if text.starts_with(|c: char| c.is_ascii_digit()) && plain(text) && (ill || is_beside_a_kind(words, place)) {
        return Stance::Name;
    }
    if !compounds::is_compound(text) {
        return if text.ends_with("ly") && subject && !is_adverb(words, place) { Stance::Name } else { Stance::Open };
    }
    of_a_compound(words, place, text, ill, subject)
}

fn of_a_compound(words: &[Word], place: usize, text: &str, ill: bool, subject: bool) -> Stance {
    if everyday::is_common(text) {
        return Stance::Description;
    }
    if ill {
        return Stance::Name;
    }
    let next = after(words, place).and_then(|p| words.get(p));
    let before_an_app = grammar::is_before_an_app(words, place) || next.is_some_and(|w| w.is_kind());
    if compounds::is_known(text) {
        let named = !compounds::is_quality(text) && (before_an_app || (is_beside_a_kind(words, place) && next.is_none()));
        return if named { Stance::Name } else { Stance::Description };
    }
    let faulty = next.is_some_and(|w| has(FAULTS, w) || w.text.bytes().all(|b| b.is_ascii_digit()));
    if subject || before_an_app || faulty || is_beside_a_kind(words, place) {
        return Stance::Name;
    }
    let noun = next.is_some_and(|w| !w.is_grammar());
    let timed = grammar::is_timed(words, place, TIMES);
    if noun || timed || grammar::is_predicate(words, place) { Stance::Description } else { Stance::Name }
}

/// Whether a word for a kind stands before it: `deployment web-old`.
fn is_beside_a_kind(words: &[Word], place: usize) -> bool {
    let kind = |w: &Word| Kind::parse(&w.text).is_some() && !w.is_plural();
    before(words, place).and_then(|p| words.get(p)).is_some_and(|w| kind(w) || matches!(w.text.as_str(), "app" | "container" | "workload"))
}

/// `web mysteriously is down`: between a thing and what is said of it, or at the beginning before a thing.
fn is_adverb(words: &[Word], place: usize) -> bool {
    before(words, place).and_then(|p| words.get(p)).is_some_and(|w| !w.is_grammar() && !w.is_kind())
}
