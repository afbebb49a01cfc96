//! Names by what makes two of them alike: a similar one is found without comparing with all.

use super::slip::edits_allowed;
use super::words::{bare, is_telling, unhashed, words};
use std::collections::{BTreeSet, HashMap};
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};

/// Things by their names.
#[derive(Debug)]
pub(crate) struct Lexicon<T> {
    items: Vec<T>,
    places: HashMap<u64, Vec<usize>>,
}

impl<T> Default for Lexicon<T> {
    fn default() -> Self {
        Self { items: Vec::new(), places: HashMap::new() }
    }
}

impl<T: Copy> Lexicon<T> {
    /// Something of that name.
    pub(crate) fn add(&mut self, name: &str, item: T) {
        for key in keys(name, Ask::Add) {
            self.places.entry(key).or_default().push(self.items.len());
        }
        self.items.push(item);
    }

    /// Everything of a name that could be alike, and some that is not; in the order of adding.
    pub(crate) fn candidates(&self, name: &str) -> impl Iterator<Item = T> {
        self.found(keys(name, Ask::Alike))
    }

    /// The same, with members of its series, which are never alike and may be as close: a long list where the series is.
    pub(crate) fn near(&self, name: &str) -> impl Iterator<Item = T> {
        self.found(keys(name, Ask::Near))
    }

    fn found(&self, keys: BTreeSet<u64>) -> impl Iterator<Item = T> {
        // Lists of places, each in order: the least of their heads is next, until a caller has enough.
        let lists: Vec<&[usize]> = keys.into_iter().filter_map(|key| self.places.get(&key).map(Vec::as_slice)).collect();
        let mut heads: BTreeSet<(usize, usize)> = lists.iter().enumerate().filter_map(|(at, l)| Some((*l.first()?, at))).collect();
        let mut rests: Vec<std::slice::Iter<'_, usize>> = lists.into_iter().map(|l| l.get(1..).unwrap_or_default().iter()).collect();
        let mut last = None;
        std::iter::from_fn(move || {
            loop {
                let (place, at) = heads.pop_first()?;
                if let Some(next) = rests.get_mut(at).and_then(Iterator::next) {
                    heads.insert((*next, at));
                }
                if last.replace(place) != Some(place) {
                    return self.items.get(place).copied();
                }
            }
        })
    }
}

/// What the keys are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ask {
    Add,
    /// For what could be alike.
    Alike,
    /// For what is close, members of the same series too.
    Near,
}

/// Stands for every place in a series: all that is kept has it.
const EVERY: &str = "+*";

/// What kind of key it is: the letters of a whole name, a word of it, and a whole name that is another's beginning or end.
const WHOLE: u8 = 0;
const WORD: u8 = 1;
const PART: u8 = 2;

/// What two alike names share at least one of: the letters of the whole, a telling word but for as many letters as a slip
/// changes, or that one's whole is the other's beginning or end. An edit of any kind is undone by leaving out at most one
/// letter on either side. What is the whole in one of two is the part in the other, so that two parts do not meet.
fn keys(name: &str, ask: Ask) -> BTreeSet<u64> {
    let adding = ask == Ask::Add;
    let name = name.to_ascii_lowercase();
    let hash = |kind: u8, text: &str| BuildHasherDefault::<DefaultHasher>::default().hash_one((kind, text));
    let (whole, part) = if adding { (PART, PART + 1) } else { (PART + 1, PART) };
    let mut keys = BTreeSet::new();
    let plain = unhashed(&name);
    for form in [name.as_str(), plain] {
        keys.extend([hash(WHOLE, &bare(form)), hash(whole, &bare(form))]);
        let all = words(form);
        for cut in 1..all.len() {
            let ends = [all.get(..cut), all.get(cut..)].into_iter().flatten().map(|some| bare(&some.join("-")));
            keys.extend(ends.map(|end| hash(part, &end)));
        }
    }
    let all = words(plain);
    let series = series(plain, ask);
    let nothing_telling = !all.iter().any(|word| is_telling(word));
    for word in all.into_iter().filter(|word| nothing_telling || is_telling(word)) {
        // The beginning of a long word is enough, and bounds the work: what is alike in the whole is alike in it.
        let start: String = word.chars().take(BEGINNING).collect();
        let mut shorter = BTreeSet::from([start]);
        for _ in 0..edits_allowed(word.chars().count()) {
            let less: Vec<String> = shorter.iter().flat_map(|w| without_one(w)).collect();
            shorter.extend(less);
        }
        for series in &series {
            keys.extend(shorter.iter().map(|w| hash(WORD, &format!("{series}/{w}"))));
        }
    }
    keys
}

/// So many numbers in a name are looked at. A name with more counts as one without: it is compared with more others, and with no fewer.
const NUMBERS: usize = 4;

/// Where in its series a name stands, by the numbers in its words: what has other numbers is another member, and never alike. One name
/// may have numbers more than the other, so what is kept is found by each part of its numbers, and what is sought finds each part of its
/// own. `1` and `2` never meet; `1` meets what has no number.
fn series(plain: &str, ask: Ask) -> BTreeSet<String> {
    if ask == Ask::Near {
        return BTreeSet::from([EVERY.to_owned()]);
    }
    let adding = ask == Ask::Add;
    let digits = |word: &str| word.chars().filter(char::is_ascii_digit).collect::<String>();
    let mut numbers: Vec<String> = words(plain).into_iter().map(digits).filter(|d| !d.is_empty()).collect();
    numbers.sort();
    let (whole, part) = if adding { ('=', '<') } else { ('<', '=') };
    let many = numbers.len() > NUMBERS;
    let mut all = BTreeSet::from([format!("{}*", if adding { '+' } else { '*' })]);
    if many {
        all.insert(format!("{}*", if adding { '*' } else { '+' }));
        return all;
    }
    let mut parts = vec![part.to_string()];
    for number in &numbers {
        let more: Vec<String> = parts.iter().map(|some| format!("{some}-{number}")).collect();
        parts.extend(more);
    }
    all.extend(parts);
    all.insert(numbers.iter().fold(whole.to_string(), |all, number| format!("{all}-{number}")));
    all
}

/// So many letters of a word are looked up. Two slips leave eight of them alike.
const BEGINNING: usize = 10;

/// The word without one of its letters, for each of them.
fn without_one(word: &str) -> impl Iterator<Item = String> {
    let count = word.chars().count();
    (0..count).map(move |out| word.chars().enumerate().filter(|(at, _)| *at != out).map(|(_, c)| c).collect())
}

#[cfg(test)]
mod tests {
    use super::super::{Naming, Of};
    use super::*;

    proptest::proptest! {
        /// The index leaves nothing out that comparing with all would find.
        #[test]
        fn lexicon_finds_every_name_that_is_alike(
            words in proptest::collection::vec("[ab]{1,3}|[abcd]{4,12}|data|web|v2|pvc|config", 1..4),
            edits in proptest::collection::vec((0..3usize, 0..40usize, proptest::char::range('a', 'e')), 0..3),
            separator in "[-._]",
            (front, behind) in ("(shop-|my-shop-)?", "(-shop|-7h2f9m4k6t)?"),
        ) {
            let name = words.join("-");
            let mut letters: Vec<char> = name.chars().collect();
            for (edit, at, letter) in edits {
                let at = at % (letters.len() + 1);
                match edit {
                    0 => letters.insert(at, letter),
                    1 if at < letters.len() => { letters.remove(at); }
                    2 if at + 1 < letters.len() => letters.swap(at, at + 1),
                    _ => {}
                }
            }
            let other = format!("{front}{}{behind}", letters.into_iter().collect::<String>().replace('-', &separator));
            for of in [Of::Claim, Of::ConfigMap, Of::Service] {
                let naming = Naming::of(of).without(["my-shop"]);
                for (name, other) in [(&name, &other), (&other, &name)] {
                    let mut lexicon = Lexicon::default();
                    lexicon.add("zzzz", 0);
                    lexicon.add(other, 1);
                    if naming.alike(name, other).is_some() {
                        proptest::prop_assert!(lexicon.candidates(name).any(|item| item == 1), "{} {}", name, other);
                    }
                }
            }
        }
    }

    #[test]
    fn candidates_come_in_order_and_leave_out_what_is_unlike() {
        let mut lexicon = Lexicon::default();
        for (place, name) in ["app-config", "feature-flags", "appconfig", "orders-config", "orders-confg"].iter().enumerate() {
            lexicon.add(name, place);
        }
        // The fifth shares a word but for a slip, which is everything that the first has.
        assert_eq!(lexicon.candidates("app-config").collect::<Vec<_>>(), [0, 2, 4]);
        assert_eq!(lexicon.candidates("order-config").collect::<Vec<_>>(), [3, 4]);
    }
}
