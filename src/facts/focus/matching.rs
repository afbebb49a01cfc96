//! Which objects words name, the surest way first: by name and label, then by a part, an image or a typo, then by job, and by kind.
//! Within each of these what is at home comes before what is elsewhere. A word that named something in one way is not tried in another.

use super::candidates::{Candidate, parts};
use crate::domain::focus::Missing;
use crate::domain::kind::Kind;
use crate::domain::nearest::{is_typo, nearest};
use crate::domain::object::ObjectRef;
use crate::domain::snapshot::Snapshot;
use crate::domain::words::{Form, Lost, Site, Stance, Word, Wording, is_meant, singular};
use crate::facts::named::Named;
use std::collections::BTreeSet;

/// The most words that make one name.
const PHRASE: usize = 4;
/// A word that names more objects than this says nothing about any of them.
const TOO_MANY: usize = 40;

/// What is sought, and what was found of it.
pub(super) struct Matching<'a> {
    pub(super) words: &'a Wording,
    pub(super) candidates: &'a [Candidate],
    /// Words that have their meaning.
    used: Vec<bool>,
    /// Of these, the ones that name objects.
    hit: Vec<bool>,
    homes: Vec<String>,
    pub(super) about: BTreeSet<ObjectRef>,
    /// What each name was found to be.
    pub(super) taken: Vec<(std::ops::Range<usize>, Vec<ObjectRef>)>,
    exact: BTreeSet<ObjectRef>,
    pub(super) lost: Vec<Lost>,
    pub(super) missing: Vec<Missing>,
    pub(super) hosts: Vec<String>,
    places: Vec<String>,
    pub(super) certain: bool,
    pub(super) nowhere: bool,
}

/// Whether the word stands for a namespace alone.
fn is_place(word: &Word) -> bool {
    word.place == Site::Known && !word.text.contains('/')
}

fn is_word(word: &str, name: &str) -> bool {
    word == name || singular(word) == singular(name)
}

impl<'a> Matching<'a> {
    /// Nothing has its meaning yet.
    pub(super) fn of(words: &'a Wording, candidates: &'a [Candidate]) -> Self {
        let skipped = |w: &Word| w.form == Form::Address || is_place(w) || w.text == "namespace";
        Self {
            words,
            candidates,
            used: words.iter().map(skipped).collect(),
            hit: vec![false; words.len()],
            homes: words.homes.clone(),
            about: BTreeSet::new(),
            taken: Vec::new(),
            exact: BTreeSet::new(),
            lost: Vec::new(),
            missing: Vec::new(),
            hosts: Vec::new(),
            places: Vec::new(),
            certain: false,
            nowhere: false,
        }
    }

    /// Everything that has a name which is in the words.
    pub(super) fn names(&mut self, snapshot: &Snapshot) {
        self.slashed();
        self.bare_places();
        self.phrases();
        // The name of the place is no name in it, unless something there has it.
        for (place, word) in self.words.iter().enumerate() {
            let said = self.words.iter().any(|w| is_place(w) && w.text == word.text);
            if !said && snapshot.scope.namespaces().iter().any(|n| n.as_str() == word.text) {
                self.spend(place..place.saturating_add(1), false);
            }
        }
    }

    /// What was found. What was not found may exist where some kind is `unread`.
    pub(super) fn into_named(self, kinds: Vec<Kind>) -> Named {
        let unread = !kinds.is_empty();
        let Self { about, exact, lost, missing, hosts, places, certain, nowhere, hit, words, .. } = self;
        let unsure = if unread { missing.iter().map(|m| m.word.clone()).collect() } else { Vec::new() };
        let hits = words.iter().zip(hit).filter(|(_, hit)| *hit).map(|(w, _)| w.text.clone()).collect();
        Named {
            about: about.into_iter().collect(),
            lost,
            missing: if unread { Vec::new() } else { missing },
            unread: if unsure.is_empty() { Vec::new() } else { kinds },
            unsure,
            hosts,
            places,
            hits,
            exact: exact.into_iter().collect(),
            certain: certain && !unread,
            nowhere,
            ..Named::default()
        }
    }

    pub(super) fn word(&self, place: usize) -> Option<&Word> {
        self.words.get(place)
    }

    pub(super) fn is_used(&self, place: usize) -> bool {
        self.used.get(place).copied().unwrap_or(true)
    }

    /// Whether the word names something.
    pub(super) fn is_hit(&self, place: usize) -> bool {
        self.hit.get(place).copied().unwrap_or(false)
    }

    /// Whether the word beside it, in its clause, names something.
    pub(super) fn is_beside_a_hit(&self, place: usize) -> bool {
        let hit = |place: Option<usize>| place.is_some_and(|p| self.is_hit(p));
        let before = place.checked_sub(1).filter(|p| self.word(*p).is_some_and(|w| !w.ends));
        let after = Some(place.saturating_add(1)).filter(|_| self.word(place).is_some_and(|w| !w.ends));
        hit(before) || hit(after)
    }

    pub(super) fn spend(&mut self, places: std::ops::Range<usize>, hit: bool) {
        for place in places {
            if let (Some(used), Some(named)) = (self.used.get_mut(place), self.hit.get_mut(place)) {
                *named |= hit && !*used;
                *used = true;
            }
        }
    }

    fn take(&mut self, found: Vec<ObjectRef>, places: std::ops::Range<usize>, exact: bool) {
        if exact {
            self.exact.extend(found.iter().cloned());
        }
        self.about.extend(found.iter().cloned());
        self.taken.push((places.clone(), found));
        self.spend(places, true);
    }

    /// Where a word's objects are sought first: in the place beside it, such as `staging web`, else at home.
    fn homes_of(&self, place: usize) -> Vec<String> {
        let beside = [place.checked_sub(1).filter(|p| self.word(*p).is_some_and(|w| !w.ends)), place.checked_add(1)];
        let text = |p: Option<usize>| {
            p.and_then(|p| self.word(p)).filter(|w| is_place(w) || self.places.contains(&w.text)).map(|w| w.text.clone())
        };
        let own: Vec<String> = beside.into_iter().filter_map(text).collect();
        if own.is_empty() { self.homes.clone() } else { own }
    }

    fn fitting<'c>(&'c self, homes: &[String], fits: &dyn Fn(&Candidate) -> bool) -> Vec<&'c Candidate> {
        self.candidates.iter().filter(|c| (homes.is_empty() || c.is_in(homes)) && fits(c)).collect()
    }

    /// What fits in the first of these ways: each at home, then each anywhere.
    fn first(&self, place: usize, anywhere: bool, ways: &[&dyn Fn(&Candidate) -> bool]) -> Vec<ObjectRef> {
        let homes = self.homes_of(place);
        let at_home = ways.iter().filter(|_| !homes.is_empty()).map(|way| self.fitting(&homes, way));
        let elsewhere = ways.iter().filter(|_| anywhere || homes.is_empty()).map(|way| self.fitting(&[], way));
        let found = at_home.chain(elsewhere).find(|found| !found.is_empty()).unwrap_or_default();
        found.into_iter().map(|c| c.object.clone()).collect()
    }

    /// `deployment/web` and `shop/web`.
    fn slashed(&mut self) {
        for place in 0..self.words.len() {
            let Some(word) = self.word(place).filter(|w| w.form != Form::Address) else { continue };
            let Some((before, name)) = word.text.split_once('/').map(|(b, n)| (b.to_owned(), n.to_owned())) else { continue };
            let kind = Kind::parse(&before);
            let in_it = |c: &Candidate| c.is_in(std::slice::from_ref(&before));
            let fits = |c: &Candidate| c.object.name == name && kind.as_ref().map_or_else(|| in_it(c), |k| *k == c.object.kind);
            let found = self.first(place, true, &[&fits]);
            let range = place..place.saturating_add(1);
            match (found.is_empty(), kind) {
                (false, _) => self.take(found, range, true),
                (true, Some(Kind::Namespace)) => self.spend(range, false),
                (true, kind) => {
                    let word = if kind.is_some() { format!("{before}/{name}") } else { name.clone() };
                    self.missing.push(Missing { word, nearest: self.nearest(&name) });
                    self.certain = true;
                    self.spend(range, false);
                }
            }
        }
    }

    /// Words that are the names of namespaces, where nothing at home is called so. Ordinary words wait until nothing else is named.
    fn bare_places(&mut self) {
        for place in 0..self.words.len() {
            let Some(word) = self.bare(place).filter(|w| !w.is_common() && !w.is_ordinary()) else { continue };
            let text = word.text.clone();
            let homes = self.homes.clone();
            let called = |c: &Candidate| c.object.name == text || (!c.by_name_only && c.all_parts().any(|p| is_word(&text, p)));
            if !homes.is_empty() && !self.fitting(&homes, &called).is_empty() {
                continue;
            }
            let elsewhere = |c: &Candidate| c.object.name == text && !c.is_in(std::slice::from_ref(&text));
            let shared = homes.is_empty() && !self.fitting(&[], &elsewhere).is_empty();
            self.places.push(text);
            if !shared {
                self.spend(place..place.saturating_add(1), false);
            }
        }
        // `web on staging` is sought in `staging` first.
        let leaning = (0..self.words.len()).filter(|place| self.words.leans(*place)).filter_map(|place| self.word(place));
        let leaning: Vec<String> = leaning.filter(|w| is_place(w) || self.places.contains(&w.text)).map(|w| w.text.clone()).collect();
        if !leaning.is_empty() {
            self.homes = leaning;
        }
    }

    fn bare(&self, place: usize) -> Option<&Word> {
        self.word(place).filter(|w| !self.is_used(place) && self.words.bare.contains(&w.text) && !self.places.contains(&w.text))
    }

    /// Whole names, written with hyphens or with spaces, and labels; the longest first.
    fn phrases(&mut self) {
        for length in (1..=PHRASE).rev() {
            for start in 0..self.words.len() {
                let range = start..start.saturating_add(length);
                let words: Vec<&Word> = range.clone().filter_map(|p| self.word(p)).collect();
                if words.len() < length || range.clone().any(|p| self.is_used(p)) || words.iter().rev().skip(1).any(|w| w.ends) {
                    continue;
                }
                let ordinary = words.iter().all(|w| w.is_common() || (length == 1 && w.is_kind() && !w.quoted));
                let used = length == 1 && (self.words.is_used_as_a_name(start) || self.words.beside_a_kind(start));
                let used = used || words.iter().all(|w| w.used == Stance::Name);
                if (words.iter().all(|w| w.is_grammar()) || ordinary) && !used {
                    continue;
                }
                let name = words.iter().map(|w| w.text.as_str()).collect::<Vec<_>>().join("-");
                let role = words.iter().all(|w| w.is_role());
                let called = |c: &Candidate| c.object.name == name || c.hosts.contains(&name);
                let labeled = |c: &Candidate| !role && !ordinary && !c.by_name_only && c.labels.iter().any(|l| is_word(&name, l));
                // An ordinary word is the name of something here, or of nothing.
                let mut found = self.first(start, !ordinary, &[&called, &labeled]);
                let kind = |place: Option<usize>| place.and_then(|p| self.word(p)).and_then(|w| Kind::parse(&w.text));
                let beside = [kind(start.checked_sub(1)), kind(Some(range.end))];
                if let Some(kind) = beside.into_iter().flatten().find(|k| found.iter().any(|o| o.kind == *k)) {
                    found.retain(|o| o.kind == kind);
                }
                if (1..=TOO_MANY).contains(&found.len()) {
                    self.take(found, range, true);
                }
            }
        }
    }

    /// Each word by itself: a part of a name, an image, a typo.
    pub(super) fn weak(&mut self) {
        for place in 0..self.words.len() {
            let Some(word) = self.word(place).filter(|w| !self.is_used(place) && !w.is_common() && !w.is_role()) else { continue };
            let text = word.text.clone();
            let part = |c: &Candidate| !c.by_name_only && c.parts().any(|p| is_word(&text, p));
            let labeled = |c: &Candidate| !c.by_name_only && c.labels.iter().any(|l| parts(l).any(|p| is_word(&text, p)));
            let image =
                |c: &Candidate| !c.by_name_only && c.images.iter().any(|i| is_word(&text, i) || parts(i).any(|p| is_word(&text, p)));
            let typo = |c: &Candidate| !c.by_name_only && (is_typo(&text, &c.object.name) || c.labels.iter().any(|l| is_typo(&text, l)));
            let mut found = self.first(place, true, &[&part, &labeled, &image]);
            if found.is_empty() {
                found = self.first(place, true, &[&typo]);
            }
            if found.len() > TOO_MANY {
                self.spend(place..place.saturating_add(1), false);
            } else if !found.is_empty() {
                self.with_neighbor(place, &mut found);
                self.take(found, place..place.saturating_add(1), false);
            }
        }
    }

    /// `payments worker` is what has both; where nothing has, a worker is not there.
    fn with_neighbor(&mut self, place: usize, found: &mut Vec<ObjectRef>) {
        let next = place.saturating_add(1);
        let Some(word) = self.word(next).filter(|w| !self.is_used(next) && !w.is_grammar() && !w.is_kind()) else { return };
        if self.word(place).is_none_or(|w| w.ends) {
            return;
        }
        let names = Wording::meant_by(&word.text);
        let has = |c: &&Candidate| c.all_parts().any(|p| is_word(&word.text, p) || names.contains(&p));
        let both: Vec<ObjectRef> =
            self.candidates.iter().filter(|c| found.contains(&c.object)).filter(has).map(|c| c.object.clone()).collect();
        let said = self.word(place).map(|w| format!("{} {}", w.text, word.text)).unwrap_or_default();
        let part = word.is_part();
        if !both.is_empty() {
            *found = both;
            self.spend(next..next.saturating_add(1), true);
        } else if part {
            self.missing.push(Missing { nearest: Vec::new(), word: said });
            self.spend(next..next.saturating_add(1), false);
        }
    }

    /// What is meant where no name is: by what it does, by where it runs, by its kind.
    pub(super) fn guesses(&mut self, snapshot: &Snapshot) {
        self.jobs(false);
        if self.about.is_empty() {
            self.ordinary_places();
        }
        if self.places.is_empty() {
            self.jobs(true);
        }
        if self.about.is_empty() && self.places.is_empty() {
            self.roles();
        }
        if self.about.is_empty() && self.places.is_empty() {
            self.kinds(snapshot);
        }
    }

    /// `database` is a `postgres`. Beside other names it has to stand like one.
    fn jobs(&mut self, anywhere: bool) {
        let alone = self.about.is_empty();
        for place in 0..self.words.len() {
            let Some(word) = self.word(place).filter(|_| !self.is_used(place)) else { continue };
            let next = place.saturating_add(1);
            let other = self.word(next).filter(|_| !word.ends && !self.is_used(next));
            let joined = other.and_then(|next| Wording::joined(&word.text, &next.text));
            let range = place..if joined.is_some() { next.saturating_add(1) } else { next };
            let names = Wording::meant_by(joined.unwrap_or(&word.text));
            let noun = (self.words.is_subject(place) || self.words.is_object(place)) && !self.is_beside_a_hit(place);
            let said = joined.is_some() || !word.is_common();
            if names.is_empty() || !said || !(alone || noun) {
                continue;
            }
            // Beside something else, what is also the name of a place is not sought elsewhere.
            if anywhere && !alone && self.bare(place).is_some() {
                if self.homes.is_empty() {
                    let name = word.text.clone();
                    self.places.push(name);
                    self.spend(place..place.saturating_add(1), false);
                }
                continue;
            }
            let one = |part: &str| names.contains(&part.trim_end_matches(|c: char| c.is_ascii_digit()));
            let fits = |c: &Candidate| !c.by_name_only && c.all_parts().any(one);
            if !anywhere && self.homes.is_empty() {
                continue;
            }
            let found = self.first(place, anywhere, &[&fits]);
            if !found.is_empty() {
                self.take(found, range, false);
            }
        }
    }

    /// `monitoring is broken` is about the namespace, where nothing else is named.
    fn ordinary_places(&mut self) {
        for place in 0..self.words.len() {
            let Some(word) = self.bare(place) else { continue };
            if word.quoted || !word.is_common() || self.words.is_used_as_a_name(place) {
                self.places.push(word.text.clone());
                self.spend(place..place.saturating_add(1), false);
            }
        }
    }

    /// `the api` is what has it as a part of its name; of `the shipping api` it is only a part.
    fn roles(&mut self) {
        for place in 0..self.words.len() {
            let Some(word) = self.word(place).filter(|w| !self.is_used(place) && w.is_role() && !w.is_kind()) else { continue };
            let before = place.checked_sub(1).filter(|p| !self.is_used(*p));
            let named = before.is_some_and(|p| self.word(p).is_some_and(|w| !w.ends && w.could_be_a_name()) && !self.words.is_predicate(p));
            let text = word.text.clone();
            // `api gateway` has both parts.
            let next = place.saturating_add(1);
            let with = self.word(next).filter(|w| !word.ends && !self.is_used(next) && w.is_part()).map(|w| w.text.clone());
            let has = |c: &Candidate, text: &str| c.parts().any(|p| is_word(text, p));
            let part = |c: &Candidate| !c.by_name_only && has(c, &text) && with.as_ref().is_none_or(|with| has(c, with));
            let found = if named { Vec::new() } else { self.first(place, true, &[&part]) };
            if (1..=TOO_MANY).contains(&found.len()) {
                self.take(found, place..place.saturating_add(1), false);
            }
        }
    }

    /// Whether a name stands beside the word for a kind: then not every one of the kind is meant.
    fn is_of_a_name(&self, place: usize) -> bool {
        let open = |p: usize| {
            let named = |w: &Word| w.could_be_a_name() || self.words.beside_a_kind(p);
            !self.is_used(p) && self.word(p).is_some_and(named) && !self.words.is_predicate(p)
        };
        let mut next = place;
        while self.word(next).is_some_and(|w| !w.ends) {
            next = next.saturating_add(1);
            if self.word(next).is_none_or(|w| !matches!(w.text.as_str(), "called" | "named" | "of" | "for" | "the" | "our" | "my")) {
                break;
            }
        }
        let before = place.checked_sub(1).filter(|p| self.word(*p).is_some_and(|w| !w.ends));
        (next != place && open(next)) || before.is_some_and(open)
    }

    /// `the ingress`: every one.
    fn kinds(&mut self, snapshot: &Snapshot) {
        for place in 0..self.words.len() {
            let Some(word) = self.word(place).filter(|_| !self.is_used(place) && !self.words.is_missed(place)) else { continue };
            let Some(kind) = Kind::AS_A_WHOLE.iter().find(|k| is_meant(k, &word.text)) else { continue };
            if self.is_of_a_name(place) {
                continue;
            }
            let said = word.text.clone();
            let found = self.first(place, true, &[&|c: &Candidate| c.object.kind == *kind]);
            if found.is_empty() && snapshot.is_complete(kind) && self.missing.iter().all(|m| m.word != said) {
                self.missing.push(Missing { word: said, nearest: Vec::new() });
            }
            self.take(found, place..place.saturating_add(1), false);
        }
        // `the page of the cronjobs` is about those; `the ingress and the cronjobs` is about both.
        if !self.about.is_empty() {
            self.missing.retain(|missing| Kind::parse(&missing.word).is_some());
        }
    }

    pub(super) fn nearest(&self, name: &str) -> Vec<String> {
        let names: BTreeSet<&str> = self.candidates.iter().filter(|c| !c.by_name_only).map(|c| c.object.name.as_str()).collect();
        nearest(name, names).into_iter().map(str::to_owned).collect()
    }
}
