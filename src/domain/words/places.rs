//! Where words state a namespace, by their form alone: after `in`, before a slash, beside the word `namespace`; and which of them are prose
//! that only looks like it. What exists is for others to say.

use super::everyday;
use super::lost::Why;
use super::word::{Form, Word, singular};
use super::{grammar, topics};
use crate::domain::kind::Kind;
use crate::domain::object::Namespace;

/// Before a place.
const BEFORE: &str = "in inside within into im en dans";
/// An ordinary word before one of these describes it: `in default configuration`, `in dark mode`.
const DESCRIBED: &str =
    "configuration config mode logs log class cache pod pods container containers service server app deployment settings
connection connections client clients queue table storage case job jobs suite state way fashion cluster context order format region zone";
/// After `in`, these are rarely a namespace: how, where people are, what they look at.
const PROSE: &str = "vain transit flight limbo danger sync place practice theory particular addition principle turn person private advance
effect charge doubt past future meantime shape hand mind question short touch view flames parallel between tandem essence retrospect memory english german french
spanish europe asia america africa berlin london paris chrome firefox safari edge browser grafana kibana datadog slack jira confluence
prometheus loki argo argocd jenkins gitlab github sentry pagerduty dashboard console ui terminal postman backlog office java python golang
javascript";

fn has(list: &str, text: &str) -> bool {
    list.split_whitespace().any(|one| one == text)
}

/// Whether the text is the name of a namespace and no word of grammar.
pub(super) fn can_be(text: &str) -> bool {
    Namespace::parse(text).is_ok() && !everyday::is_grammar(text)
}

/// Whether the word at this place stands after `in`, and is not what describes something.
pub(super) fn is_placed(words: &[Word], place: usize) -> bool {
    let Some(word) = words.get(place) else { return false };
    let before = |place: usize| grammar::before(words, place);
    let article = before(place).filter(|p| words.get(*p).is_some_and(grammar::is_article));
    let at = article.map_or_else(|| before(place), before);
    let after_in = at.and_then(|p| words.get(p)).is_some_and(|w| has(BEFORE, &w.text) || (has("on", &w.text) && word.is_environment()));
    let next = words.get(place.saturating_add(1)).filter(|_| !word.ends);
    // `in the default class` and `in default configuration` are no places.
    let ordinary = word.is_common() || word.is_ordinary();
    let describes = ordinary && (article.is_some() || next.is_some_and(|w| has(DESCRIBED, &w.text)));
    after_in && !describes
}

/// How clearly a word after `in` that is no namespace is meant as one; `None`: it is prose, or is taken for a thing.
pub(super) fn lost_after_in(words: &[Word], place: usize) -> Option<Why> {
    let word = words.get(place)?;
    let text = word.text.as_str();
    let article = grammar::before(words, place).is_some_and(|p| words.get(p).is_some_and(grammar::is_article));
    let next = words.get(place.saturating_add(1)).filter(|_| !word.ends);
    let describes = next.is_some_and(|w| has(DESCRIBED, &w.text));
    if word.form != Form::Word || word.is_kind() || describes || !can_be(text) {
        return None;
    }
    if word.is_common() {
        return (everyday::is_a_namespace_too(text) && !article).then_some(Why::Prose);
    }
    if word.is_environment() {
        return Some(Why::Absent);
    }
    let name = word.looks_like_a_name();
    // `in eu-west-1`, `in v2`: of a region or a version nobody knows.
    let counted = text.ends_with(|c: char| c.is_ascii_digit());
    // `in parsing`: what is done.
    let done = text.ends_with("ing") && !name;
    let ordinary = word.is_ordinary();
    if ordinary && article {
        return None;
    }
    let prose = ordinary || has(PROSE, text) || counted || done || (article && !name);
    Some(if prose { Why::Prose } else { Why::Absent })
}

/// How clearly the part before a slash that is no namespace is meant as one; `None`: the two are two words.
pub(super) fn lost_before_slash(word: &Word, left: &str, right: &str) -> Option<Why> {
    let common = |text: &str| everyday::is_common(text);
    if !can_be(left) || (common(left) && common(right) && !everyday::is_a_namespace_too(left)) {
        return None;
    }
    let ordinary = |text: &str| Kind::parse(text).is_some() || topics::is_ordinary(text) || topics::is_ordinary(singular(text));
    let pair = everyday::is_environment(left) && everyday::is_environment(right);
    let path = common(right) && !everyday::is_a_name_too(right);
    let prose = common(left) || ordinary(left) || has(PROSE, left) || pair || path || word.form == Form::Cited;
    Some(if prose { Why::Prose } else { Why::Absent })
}

#[cfg(test)]
mod tests {
    use super::super::Wording;
    use super::*;

    fn after_in(text: &str, word: &str) -> Option<Why> {
        let wording = Wording::of(text);
        let place = wording.iter().position(|w| w.text == word).unwrap();
        is_placed(&wording.words, place).then(|| lost_after_in(&wording.words, place)).flatten()
    }

    #[test]
    fn a_word_after_in_is_a_place_prose_or_neither() {
        for (text, word) in [
            ("checkout in prod is down", "prod"),
            ("checkout in warehouse is down", "warehouse"),
            ("checkout in production", "production"),
            ("web is slow on staging", "staging"),
            ("the pods inside team-x crash", "team-x"),
            ("web hangs in the team-x", "team-x"),
        ] {
            assert_eq!(after_in(text, word), Some(Why::Absent), "{text}");
        }
        for (text, word) in [
            ("web is stuck in limbo", "limbo"),
            ("web crashes in test", "test"),
            ("I see in grafana that web is down", "grafana"),
            ("web is down in eu-west-1", "eu-west-1"),
            ("errors in parsing", "parsing"),
            ("checkout in monitoring is down", "monitoring"),
            ("web hangs in the warehouse", "warehouse"),
        ] {
            assert_eq!(after_in(text, word), Some(Why::Prose), "{text}");
        }
        for (text, word) in [
            ("web does not start in time", "time"),
            ("it is in progress", "progress"),
            ("nothing binds in default configuration", "default"),
            ("web crashes in pods", "pods"),
            ("web is slow in the database", "database"),
            ("web runs in strict mode", "strict"),
            ("errors on parsing", "parsing"),
        ] {
            assert_eq!(after_in(text, word), None, "{text}");
        }
    }

    #[test]
    fn what_stands_before_a_slash_is_a_place_prose_or_a_word() {
        let lost = |text: &str| {
            let wording = Wording::of(text);
            let word = wording.iter().find(|w| w.text.contains('/'))?;
            let (left, right) = word.text.split_once('/')?;
            if word.form == Form::Address { None } else { lost_before_slash(word, left, right) }
        };
        for text in ["warehouse/catalog", "prod/checkout", "team-x/checkout", "theirs/users is down"] {
            assert_eq!(lost(text), Some(Why::Absent), "{text}");
        }
        for text in ["test/checkout is down", "image/png", "frontend/backend", "redis/cart", "dev/prod", "dev/null", "web/api"] {
            assert_eq!(lost(text), Some(Why::Prose), "{text}");
        }
        for text in [
            "and/or",
            "client/server",
            "tcp/80",
            "http/2",
            "on/off",
            "9/10 pods",
            "24/7",
            "/var/log",
            "/balances",
            "nginx/nginx:1.2",
            "read/write",
            "ghcr.io/acme/web",
            "https://shop/web",
            "i/o",
            "n/a",
            "cpu/memory",
            "GET /shop/web",
            "payments/",
        ] {
            assert_eq!(lost(text), None, "{text}");
        }
    }
}
