//! What may be called healthy: what was asked about, seen to be as it should be, with nothing left in doubt.

use super::judged::{self, JudgedKind};
use super::symptoms::{Overview, speaks_for_itself};
use crate::domain::finding::Advice;
use crate::domain::focus::{Doubt, Seen};
use crate::domain::kind::Kind;
use crate::domain::object::{Namespace, ObjectRef};
use crate::domain::snapshot::Resource;
use crate::domain::words::Word;
use crate::facts::focus::{beyond, focus, is_led_to, is_name};
use crate::facts::named::{Nearness, Reach};
use crate::facts::{Facts, unread};
use k8s_openapi::api::core::v1::Pod;
use std::collections::HashSet;

/// So many words that nothing answers are listed.
const LISTED: usize = 5;

/// What was seen to be healthy, and what stands against calling all of it so.
pub(super) struct Proven {
    pub(super) seen: Vec<Seen>,
    pub(super) doubts: Vec<Doubt>,
}

/// `wrong`: something is, so that nobody asks whether anything was judged.
pub(super) fn judge(facts: &Facts<'_>, overview: Overview, underway: &[(ObjectRef, Advice)], named: Option<&Reach>, wrong: bool) -> Proven {
    let focus = focus(facts);
    let nearness = |o: &ObjectRef| match named {
        Some(named) => named.nearness(o),
        None => focus.nearness(std::iter::once(o)),
    };
    let general = named.is_none() && focus.is_general();
    let Overview { well, idle, doubts: unsure, .. } = overview;
    // Where what is named was not found, what was seen is told of everything.
    let lost = named.is_none() && focus.about.is_empty();
    let asked = |o: &ObjectRef| lost || nearness(o) != Nearness::Elsewhere;
    let mut doubts = whole(facts, named.is_some(), general);
    // What does nothing answers who asks about it, or about what it leads to, and is fine for everybody else. Words that name nothing can
    // be about what leads in from outside.
    let answers = |o: &ObjectRef| match (general, nearness(o)) {
        (true, _) => o.kind == Kind::Ingress && facts.snapshot().words.asks(&Kind::Ingress),
        (false, Nearness::Itself) => true,
        (false, Nearness::Beside) => o.kind == Kind::Service,
        (false, Nearness::Elsewhere) => false,
    };
    let (answers, idle): (Vec<Seen>, Vec<Seen>) = idle.into_iter().partition(|s| answers(&s.object));
    doubts.extend(answers.into_iter().filter(|s| speaks_for_itself(facts, &s.object)).map(|s| Doubt::about(s.object, s.how)));
    // What is read only where it was asked about concerns whatever was asked about.
    let on_demand = |o: &ObjectRef| JudgedKind::of(&o.kind).is_some_and(JudgedKind::is_on_demand);
    let mut unsure: Vec<Doubt> = unsure.into_iter().filter(|d| d.object.as_ref().is_none_or(|o| asked(o) || on_demand(o))).collect();
    unsure.sort_by_key(|d| d.object.as_ref().map(nearness));
    doubts.extend(unsure);
    // A node says nothing of what runs on it, unless it was asked about.
    let told = |o: &ObjectRef| {
        (o.kind != Kind::Node || facts.snapshot().words.asks(&Kind::Node) || named.is_some()) && speaks_for_itself(facts, o)
    };
    let mut seen: Vec<Seen> = well.into_iter().chain(idle).filter(|s| asked(&s.object) && told(&s.object)).collect();
    seen.sort_by(|a, b| (nearness(&a.object), &a.object).cmp(&(nearness(&b.object), &b.object)));
    if !wrong {
        let told: Vec<&ObjectRef> = seen.iter().map(|s| &s.object).chain(doubts.iter().filter_map(|d| d.object.as_ref())).collect();
        let more = unanswered(facts, &told);
        doubts.extend(more);
    }
    let moving = underway.iter().any(|(o, _)| asked(o));
    if seen.is_empty() && !moving && !wrong && doubts.is_empty() {
        doubts.push(Doubt::general("nothing was found whose health could be checked".to_owned()));
    }
    Proven { seen, doubts }
}

/// Doubts about the whole: there is nothing, something that is named is not there, or nobody reads it.
fn whole(facts: &Facts<'_>, narrowed: bool, general: bool) -> Vec<Doubt> {
    let snapshot = facts.snapshot();
    let mut doubts: Vec<Doubt> = Vec::new();
    let place = snapshot.scope.in_words();
    let context = &snapshot.cluster.context;
    doubts.extend(focus(facts).lost.iter().map(|lost| Doubt::general(lost.in_words(&place, context))));
    for missing in &focus(facts).missing {
        doubts.push(Doubt::general(missing.in_words(&place)));
    }
    for (kind, name) in &focus(facts).absent {
        doubts.push(Doubt::general(format!("no {kind} in {place} is called `{name}` or belongs to it")));
    }
    let lacking = unread::all(&focus(facts).unread, snapshot).join(", and ");
    for word in &focus(facts).unsure {
        doubts.push(Doubt::general(format!("`{word}` was not found in {place}, where {lacking}")));
    }
    for host in &focus(facts).hosts {
        // What is not in a list that was not read whole may be there.
        let words = match facts.is_whole(&Kind::Ingress) {
            true => format!("no Ingress in {place} serves `{host}`"),
            false => {
                let how = unread::how(&Kind::Ingress, snapshot);
                format!("no Ingress that serves `{host}` was found in {place}, where ingresses {how}")
            }
        };
        doubts.push(Doubt::general(words));
    }
    doubts.extend(empty(facts).into_iter().map(Doubt::general));
    doubts.extend(judged::lacking(facts, general && !narrowed).into_iter().map(Doubt::general));
    let given = snapshot.scope.objects().iter().filter(|object| JudgedKind::of(&object.kind).is_none());
    let shown = |object: &ObjectRef| format!("whether a {} is as it should be shows only in what uses it", object.kind);
    doubts.extend(given.map(|object| Doubt::about(object.clone(), shown(object))));
    for (word, what) in beyond(facts) {
        doubts.push(Doubt::general(format!("`{word}` may be about {what}, which kubemend does not read")));
    }
    doubts
}

/// Where nothing is wrong, what the words are about beside that: how something is reached without a Service that leads there, a ConfigMap,
/// and whatever nothing that is read shows.
fn unanswered(facts: &Facts<'_>, told: &[&ObjectRef]) -> Vec<Doubt> {
    let words = &facts.snapshot().words;
    let named = focus(facts);
    let mut doubts: Vec<String> = Vec::new();
    doubts.extend(
        unreached(facts, told).map(|what| format!("the words are about how {what} is reached, and no Service that leads there was found")),
    );
    let is_map = |word: &Word| !is_name(facts, word) && Kind::parse(&word.text) == Some(Kind::ConfigMap);
    if words.iter().any(is_map) {
        doubts.push("whether a ConfigMap is as it should be shows only in what uses it".to_owned());
    }
    let spoken = |word: &Word| {
        let text = &word.text;
        is_name(facts, word) || named.missing.iter().any(|m| m.word == *text) || named.unsure.contains(text) || named.places.contains(text)
    };
    let told: Vec<&str> = beyond(facts).into_iter().map(|(_, what)| what).collect();
    let left = words.unanswered(&spoken, &told);
    if !left.is_empty() {
        let more = if left.len() > LISTED { format!(" and {} more", left.len().saturating_sub(LISTED)) } else { String::new() };
        let left = left.iter().take(LISTED).map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ");
        doubts.push(format!("nothing that kubemend reads answers these words: {left}{more}"));
    }
    doubts.into_iter().map(Doubt::general).collect()
}

/// What the words say is reached and no Service of these leads to: what stands behind the verb, or else all that is named. That of the one
/// who asks says nothing about the other.
fn unreached(facts: &Facts<'_>, told: &[&ObjectRef]) -> Option<String> {
    let words = &facts.snapshot().words;
    if !words.ask_about_reach() {
        return None;
    }
    let services: Vec<&ObjectRef> = told.iter().copied().filter(|object| object.kind == Kind::Service).collect();
    let (about, said) = (&focus(facts).about, words.reached());
    let behind: Vec<&ObjectRef> = about.iter().filter(|object| said.iter().any(|word| word.is_in(&object.name))).collect();
    let place = |word: &&Word| facts.scope().namespaces().iter().any(|namespace| namespace.as_str() == word.text);
    if let Some(place) = said.iter().find(place).filter(|_| behind.is_empty()) {
        let leads = services.iter().any(|service| service.namespace.as_ref().is_some_and(|namespace| namespace.as_str() == place.text));
        return (!leads).then(|| format!("`{}`", place.text));
    }
    let reached = if behind.is_empty() { about.iter().collect() } else { behind };
    if reached.is_empty() {
        return services.is_empty().then(|| "anything".to_owned());
    }
    reached.into_iter().find(|object| !is_led_to(facts, object, &services)).map(|object| format!("`{}`", object.name))
}

/// The namespaces in which there is nothing, in words.
fn empty(facts: &Facts<'_>) -> Option<String> {
    // What could not be read may be all that there is.
    let whole = JudgedKind::read_first().all(|kind| facts.is_whole(kind));
    if !whole {
        return None;
    }
    let workloads = facts.workloads().filter_map(|w| w.meta.namespace.as_deref());
    let pods = facts.all::<Pod>().filter_map(|p| p.metadata.namespace.as_deref());
    let other = facts.snapshot().jobs.iter().map(Resource::meta).chain(facts.snapshot().cron_jobs.iter().map(Resource::meta));
    let services = facts.snapshot().services.iter().map(Resource::meta).filter(|m| m.name.as_deref() != Some("kubernetes"));
    let claims = facts.snapshot().claims.iter().map(Resource::meta).chain(facts.snapshot().ingresses.iter().map(Resource::meta));
    let used: HashSet<&str> =
        workloads.chain(pods).chain(other.chain(services).chain(claims).filter_map(|m| m.namespace.as_deref())).collect();
    let scope = facts.scope().namespaces();
    let empty: Vec<&str> = scope.iter().map(Namespace::as_str).filter(|n| !used.contains(n)).collect();
    if (scope.is_empty() && !used.is_empty()) || (!scope.is_empty() && empty.is_empty()) {
        return None;
    }
    let own = facts.snapshot().services.iter().map(Resource::meta).any(|m| m.name.as_deref() == Some("kubernetes"));
    let services = if own { "no Services but the API server's own" } else { "no Services" };
    Some(format!("there is nothing in {}: no workloads, 0 Pods, {services}", crate::domain::issue::place(&empty)))
}
