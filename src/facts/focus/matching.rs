//! Which objects words name: by name, by label, by image, by job, by kind, the surest way first. A word that named something in one way
//! is not tried in another.

use super::candidates::{Candidate, all, parts};
use crate::domain::focus::Missing;
use crate::domain::kind::Kind;
use crate::domain::nearest::nearest;
use crate::domain::object::{Namespace, ObjectRef};
use crate::domain::snapshot::Snapshot;
use crate::domain::words::{Word, Wording, is_meant, is_typo, singular};
use std::collections::BTreeSet;

/// The most words that make one name.
const PHRASE: usize = 4;
/// A word that names more objects than this says nothing about any of them.
const TOO_MANY: usize = 40;

/// Words that come after the name of what they are about.
const AFTER_A_NAME: &[&str] = &[
    "is",
    "are",
    "was",
    "were",
    "isn",
    "aren",
    "has",
    "have",
    "hasn",
    "had",
    "does",
    "doesn",
    "do",
    "did",
    "didn",
    "can",
    "cannot",
    "cant",
    "won",
    "will",
    "keeps",
    "keep",
    "crashes",
    "fails",
    "restarts",
    "hangs",
    "stopped",
    "never",
    "not",
    "app",
    "application",
    "service",
    "deployment",
    "pod",
    "pods",
    "server",
    "container",
    "containers",
    "workload",
    "replica",
    "replicas",
    "stuck",
];

struct Matching<'a> {
    words: Vec<&'a Word>,
    used: Vec<bool>,
    candidates: &'a [Candidate],
    about: BTreeSet<ObjectRef>,
    missing: Vec<Missing>,
    certain: bool,
}

/// The objects, what is named and missing, and whether a name is certainly meant by that.
pub(super) fn find(words: &Wording, snapshot: &Snapshot) -> (Vec<ObjectRef>, Vec<Missing>, bool) {
    if words.is_empty() {
        return (Vec::new(), Vec::new(), false);
    }
    let candidates = all(snapshot);
    let of_scope = |w: &Word| snapshot.scope.namespaces().iter().any(|n| n.as_str() == w.text);
    let namespaces: Vec<&str> = candidates.iter().filter_map(|c| c.object.namespace.as_ref()).map(Namespace::as_str).collect();
    let words: Vec<&Word> = words.iter().collect();
    let mut matching = Matching {
        used: words.iter().map(|w| w.text == "namespace").collect(),
        words,
        candidates: &candidates,
        about: BTreeSet::new(),
        missing: Vec::new(),
        certain: false,
    };
    matching.slashed();
    matching.phrases();
    // The name of the place is no name in it, unless something there has it.
    for (place, word) in matching.words.iter().enumerate() {
        if of_scope(word)
            && let Some(used) = matching.used.get_mut(place)
        {
            *used = true;
        }
    }
    let specific = |w: &Word| !w.is_common() && !w.is_role();
    matching.each(specific, |word, c| c.labels.iter().any(|l| is_word(&word.text, l)));
    matching.each(specific, |word, c| c.parts().any(|p| is_word(&word.text, p)));
    matching.each(specific, |word, c| c.images.iter().any(|i| is_word(&word.text, i) || parts(i).any(|p| is_word(&word.text, p))));
    matching.each(specific, |word, c| is_typo(&word.text, &c.object.name) || c.labels.iter().any(|l| is_typo(&word.text, l)));
    matching.not_found(&namespaces);
    if matching.about.is_empty() && !matching.certain {
        matching.jobs();
    }
    if matching.about.is_empty() && !matching.certain {
        matching.each(|w| w.is_role() && !w.is_kind(), |word, c| c.parts().any(|p| is_word(&word.text, p)));
    }
    if matching.about.is_empty() && !matching.certain {
        matching.kinds(snapshot);
    }
    if matching.about.is_empty() && matching.missing.is_empty() {
        matching.subject();
    }
    (matching.about.into_iter().collect(), matching.missing, matching.certain)
}

fn is_word(word: &str, name: &str) -> bool {
    word == name || singular(word) == singular(name)
}

impl Matching<'_> {
    fn word(&self, place: usize) -> Option<&Word> {
        self.words.get(place).copied()
    }

    fn is_used(&self, place: usize) -> bool {
        self.used.get(place).copied().unwrap_or(true)
    }

    fn spend(&mut self, places: std::ops::Range<usize>) {
        for used in self.used.get_mut(places).into_iter().flatten() {
            *used = true;
        }
    }

    /// `deployment/web` and `shop/web`.
    fn slashed(&mut self) {
        for place in 0..self.words.len() {
            let Some((before, name)) = self.word(place).and_then(|w| w.text.split_once('/')) else { continue };
            if name.contains('/') || before.is_empty() {
                continue;
            }
            let kind = Kind::parse(before);
            let fits = |c: &&Candidate| {
                c.object.name == name
                    && kind.as_ref().map_or(c.object.namespace.as_ref().is_some_and(|n| n.as_str() == before), |k| *k == c.object.kind)
            };
            let found: Vec<ObjectRef> = self.candidates.iter().filter(fits).map(|c| c.object.clone()).collect();
            if found.is_empty() && kind.is_some() {
                let nearest = self.nearest(name);
                self.missing.push(Missing { word: format!("{before}/{name}"), nearest });
                self.certain = true;
            }
            if !found.is_empty() || kind.is_some() {
                self.spend(place..place.saturating_add(1));
            }
            self.about.extend(found);
        }
    }

    /// Whole names, written with hyphens or with spaces; the longest first.
    fn phrases(&mut self) {
        for length in (1..=PHRASE).rev() {
            for start in 0..self.words.len() {
                let range = start..start.saturating_add(length);
                let Some(words) = self.words.get(range.clone()).filter(|_| !range.clone().any(|p| self.is_used(p))) else { continue };
                let broken = words.iter().rev().skip(1).any(|w| w.ends);
                if broken || words.iter().all(|w| w.is_common()) {
                    continue;
                }
                let name = words.iter().map(|w| w.text.as_str()).collect::<Vec<_>>().join("-");
                let mut found: Vec<&ObjectRef> = self.candidates.iter().map(|c| &c.object).filter(|o| o.name == name).collect();
                let kind = |place: Option<usize>| place.and_then(|p| self.word(p)).and_then(|w| Kind::parse(&w.text));
                let beside = [kind(start.checked_sub(1)), kind(Some(range.end))];
                if let Some(kind) = beside.into_iter().flatten().find(|k| found.iter().any(|o| o.kind == *k)) {
                    found.retain(|o| o.kind == kind);
                }
                let found: Vec<ObjectRef> = found.into_iter().cloned().collect();
                if !found.is_empty() {
                    self.about.extend(found);
                    self.spend(range);
                }
            }
        }
    }

    /// Each word by itself, in one way.
    fn each(&mut self, takes: impl Fn(&Word) -> bool, fits: impl Fn(&Word, &Candidate) -> bool) {
        for place in 0..self.words.len() {
            let Some(word) = self.word(place).filter(|w| !self.is_used(place) && takes(w)) else { continue };
            let fitting = self.candidates.iter().filter(|c| !c.by_name_only && fits(word, c));
            let found: Vec<ObjectRef> = fitting.map(|c| c.object.clone()).collect();
            if (1..=TOO_MANY).contains(&found.len()) {
                self.about.extend(found);
                self.spend(place..place.saturating_add(1));
            }
        }
    }

    /// `database` is a `postgres`.
    fn jobs(&mut self) {
        for place in 0..self.words.len() {
            let Some(word) = self.word(place).filter(|w| !self.is_used(place) && !w.is_common()) else { continue };
            let names = Wording::meant_by(&word.text);
            let said = word.text.clone();
            let one = |part: &str| names.contains(&part.trim_end_matches(|c: char| c.is_ascii_digit()));
            let fits = |c: &&Candidate| {
                !c.by_name_only
                    && (c.parts().any(one) || c.labels.iter().any(|l| parts(l).any(one)) || c.images.iter().any(|i| parts(i).any(one)))
            };
            let found: Vec<ObjectRef> = self.candidates.iter().filter(fits).map(|c| c.object.clone()).collect();
            if !found.is_empty() {
                self.about.extend(found);
                self.spend(place..place.saturating_add(1));
            } else if !names.is_empty() && !is_meant(&Kind::Ingress, &said) {
                self.missing.push(Missing { word: said, nearest: Vec::new() });
            }
        }
        if !self.about.is_empty() {
            self.missing.clear();
        }
    }

    /// `the ingress`: every one.
    fn kinds(&mut self, snapshot: &Snapshot) {
        for place in 0..self.words.len() {
            let Some(word) = self.word(place).filter(|_| !self.is_used(place)) else { continue };
            let Some(kind) = Kind::AS_A_WHOLE.iter().find(|k| is_meant(k, &word.text)) else { continue };
            let said = word.text.clone();
            let found: Vec<ObjectRef> = self.candidates.iter().filter(|c| c.object.kind == *kind).map(|c| c.object.clone()).collect();
            self.spend(place..place.saturating_add(1));
            if !found.is_empty() {
                self.about.extend(found);
            } else if snapshot.is_complete(kind) && self.missing.iter().all(|m| m.word != said) {
                self.missing.push(Missing { word: said, nearest: Vec::new() });
            }
        }
        if !self.about.is_empty() {
            self.missing.clear();
        }
    }

    /// Words that are written as names are, and that nothing has.
    fn not_found(&mut self, namespaces: &[&str]) {
        for place in 0..self.words.len() {
            let Some(word) = self.word(place).filter(|w| !self.is_used(place) && w.looks_like_a_name()) else { continue };
            let of_a_place = [place.checked_sub(1), place.checked_add(1)].into_iter().flatten();
            let beside =
                of_a_place.filter_map(|p| self.word(p)).any(|w| matches!(w.text.as_str(), "namespace" | "namespaces" | "ns" | "context"));
            if beside || namespaces.contains(&word.text.as_str()) {
                continue;
            }
            let missing = Missing { word: word.text.clone(), nearest: self.nearest(&word.text) };
            self.missing.push(missing);
        }
        self.certain |= self.about.is_empty() && !self.missing.is_empty();
    }

    /// What the sentence is about, where nothing is called like that: `the inventory app is down`.
    fn subject(&mut self) {
        let subject = |place: &usize| {
            let Some(word) = self.word(*place) else { return false };
            let next = self.word(place.saturating_add(1)).filter(|_| !word.ends);
            let letters = word.text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
            let role = word.is_role() || word.is_ordinary();
            letters && !self.is_used(*place) && !word.is_common() && !role && next.is_some_and(|n| AFTER_A_NAME.contains(&n.text.as_str()))
        };
        let found = (0..self.words.len()).find(subject).and_then(|place| self.word(place)).map(|w| w.text.clone());
        if let Some(word) = found {
            let nearest = self.nearest(&word);
            self.missing.push(Missing { word, nearest });
        }
    }

    fn nearest(&self, name: &str) -> Vec<String> {
        let names: BTreeSet<&str> = self.candidates.iter().filter(|c| !c.by_name_only).map(|c| c.object.name.as_str()).collect();
        nearest(name, names).into_iter().map(str::to_owned).collect()
    }
}
