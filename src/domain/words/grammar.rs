//! What part a word plays in its clause, as far as its neighbors tell: the thing that is spoken of, or what is said of it.

use super::everyday;
use super::word::Word;

/// Verbs that are said of one thing: `users is down` speaks of something called `users`, `users are unhappy` does not.
const OF_ONE: &str =
    "is was isn wasn has hasn does doesn keeps crashes fails restarts hangs seems looks dies returns gives throws gets stays
goes needs starts stops runs responds works crashloops says shows ist";
/// What is said of one or many.
const OF_ANY: &str =
    "are were aren weren have haven do did didn don can cannot cant could couldn will won wont would never not keep stopped
died crashed failed went stuck down dead unavailable unreachable crashing failing restarting pending slow broken unhealthy start stop";
/// Words for an application, which follow its name.
const APPS: &str = "app application service svc microservice deployment deploy pod container server workload statefulset daemonset instance
backend frontend worker api job cronjob cron sidecar daemon";
const APPS_OF_MANY: &str = "apps pods containers replicas servers instances workers";
/// What makes what comes after it a verb or a quality.
const HELPING: &str =
    "is are was were be been being am isn aren wasn weren ain seems seem seemed looks look looked feels feel felt got gets get
getting becomes become became goes going went keeps keep kept stays stay stayed remains remain appears appear appeared does do did don doesn
didn has have had hasn haven hadn can cannot cant could couldn will won wont would wouldn should shouldn may might must never not t ll re ve
ist sind war wird kann hat est son esta está était ne";
/// Words that turn a clause around: `why is billing slow`.
const ASKING: &str =
    "why how what where when which whether if and but so or please hi hello hey help ok then there warum wieso por qué pourquoi";
const PERSONS: &str = "i we they you he she it who wir ich sie es";
/// Before `to`, these make a verb of what follows.
const TO_DO: &str =
    "fail fails failed failing unable able try tries tried trying refuse refuses refused want wants wanted need needs needed
seem seems seemed begin begins began start starts started starting stop stops stopped going have has had used supposed how continue
continues expected willing likely ready way like asked told";
/// Before what is reached, used or meant.
const TOWARD: &str = "to from with of reach reaches reaching via behind calling call calls against into for by than in on inside at through
without about between called named using uses use needs and or";
const ARTICLES: &str = "the a an my our your this that these those its their his her both some any another new old der die das den dem mein
meine unser unsere la le el los las les un une una mi notre";

fn has(list: &str, word: &Word) -> bool {
    !word.quoted && list.split_whitespace().any(|one| one == word.text)
}

/// The place before, in the same clause.
pub(super) fn before(words: &[Word], place: usize) -> Option<usize> {
    place.checked_sub(1).filter(|p| words.get(*p).is_some_and(|w| !w.ends))
}

fn after(words: &[Word], place: usize) -> Option<&Word> {
    words.get(place.saturating_add(1)).filter(|_| words.get(place).is_some_and(|w| !w.ends))
}

/// The word before, without those that only strengthen or mark it.
fn past(words: &[Word], place: usize, skip: impl Fn(&Word) -> bool) -> Option<usize> {
    let mut at = before(words, place)?;
    while words.get(at).is_some_and(&skip) {
        at = before(words, at)?;
    }
    Some(at)
}

/// Whether it is what is said of something: `it is sluggish`, `cannot authenticate`, `fails to bootstrap`.
pub(super) fn is_predicate(words: &[Word], place: usize) -> bool {
    let strengthens = |w: &Word| everyday::is_adverb(&w.text);
    let Some(at) = past(words, place, strengthens) else { return false };
    let Some(word) = words.get(at) else { return false };
    if word.text == "to" {
        return before(words, at).and_then(|p| words.get(p)).is_some_and(|w| has(TO_DO, w));
    }
    if has(PERSONS, word) {
        return true;
    }
    if !has(HELPING, word) {
        return false;
    }
    // Turned around, it stands before what is spoken of.
    let mut start = at;
    while let Some(earlier) = before(words, start) {
        if !words.get(earlier).is_some_and(|w| has(HELPING, w) || has(ASKING, w) || everyday::is_adverb(&w.text)) {
            return true;
        }
        start = earlier;
    }
    false
}

/// Whether it is what the clause speaks of: `billing is down`, `the billing app`.
pub(super) fn is_subject(words: &[Word], place: usize) -> bool {
    after(words, place).is_some_and(|next| [OF_ONE, OF_ANY, APPS, APPS_OF_MANY].iter().any(|list| has(list, next)))
}

/// Whether it is what something is done to or comes from: `reach billing`, `the errors of billing`.
pub(super) fn is_object(words: &[Word], place: usize) -> bool {
    let marks = |w: &Word| has(ARTICLES, w) || everyday::is_adverb(&w.text);
    past(words, place, marks).and_then(|p| words.get(p)).is_some_and(|w| has(TOWARD, w))
}

/// Whether an ordinary word is used as a name: `users is down`, `the images service`, `users keeps restarting`.
pub(super) fn is_used_as_a_name(words: &[Word], place: usize) -> bool {
    let Some(word) = words.get(place) else { return false };
    let Some(next) = after(words, place) else { return false };
    let beside = words.get(place.saturating_add(2)).is_some_and(Word::looks_like_a_name) && !next.ends;
    (has("and or", next) && beside) || has(OF_ONE, next) || has(APPS, next) || (!word.is_plural() && has(OF_ANY, next))
}

/// Whether a word for an application comes after it.
pub(super) fn is_before_an_app(words: &[Word], place: usize) -> bool {
    after(words, place).is_some_and(|next| has(APPS, next))
}

/// Whether it says when something was, after one of these words: `since the go-live`.
pub(super) fn is_timed(words: &[Word], place: usize, times: &str) -> bool {
    past(words, place, |w| has(ARTICLES, w)).and_then(|p| words.get(p)).is_some_and(|w| has(times, w))
}

/// Whether it stands after a word for a place or a part.
pub(super) fn leans(words: &[Word], place: usize) -> bool {
    before(words, place).and_then(|p| words.get(p)).is_some_and(|w| has("on of across auf", w))
}

/// Whether it stands where something runs.
pub(super) fn is_placed(words: &[Word], place: usize) -> bool {
    past(words, place, |w| has(ARTICLES, w)).and_then(|p| words.get(p)).is_some_and(|w| has("in on inside within im en dans", w))
}

/// Whether it is a word before a noun.
pub(super) fn is_article(word: &Word) -> bool {
    has(ARTICLES, word)
}
