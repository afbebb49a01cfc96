//! When two names could mean the same thing: they share a telling part, or differ by a slip of the finger.

use std::collections::{BTreeSet, HashMap};
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};
use strsim::damerau_levenshtein;

/// Words that say what a thing is, not which one: two names that share only these are not alike.
const KINDS: &[&str] = &[
    "pvc",
    "pv",
    "claim",
    "claims",
    "volume",
    "volumes",
    "vol",
    "disk",
    "storage",
    "config",
    "configuration",
    "configs",
    "configmap",
    "cm",
    "conf",
    "cfg",
    "settings",
    "env",
    "properties",
    "svc",
    "service",
];
/// Words that say which role a thing has: telling only when a name has nothing else.
const ROLES: &[&str] = &["data", "db", "database", "logs", "log", "cache", "backup", "files", "app", "web", "api", "server", "main", "my"];

/// The parts of a name between `-`, `.` and `_`.
fn parts(name: &str) -> Vec<&str> {
    name.split(['-', '.', '_']).filter(|p| !p.is_empty()).collect()
}

/// The parts that are not just kinds of things, nor ordinals or versions, which are shared by chance.
fn meaning(name: &str) -> Vec<&str> {
    let counts = |p: &str| p.strip_prefix('v').unwrap_or(p).bytes().all(|b| b.is_ascii_digit());
    parts(name).into_iter().filter(|p| !KINDS.contains(p) && p.len() > 1 && !counts(p)).collect()
}

/// Two words that differ by a slip: one edit from four letters on, two from seven on. A swap of neighbours is one edit.
pub(crate) fn is_slip(a: &str, b: &str) -> bool {
    let (of_a, of_b) = (a.chars().count(), b.chars().count());
    let allowed = allowed(of_a.min(of_b));
    a != b && of_a.abs_diff(of_b) <= allowed && damerau_levenshtein(a, b) <= allowed
}

/// How many edits a slip makes in a word of this length.
fn allowed(length: usize) -> usize {
    match length {
        0..=3 => 0,
        4..=6 => 1,
        _ => 2,
    }
}

/// Whether two names share a specific part, letter by letter or but for a slip, or are the same but for separators.
/// A name of roles only is related to every name that has all of them.
pub(crate) fn related(a: &str, b: &str) -> bool {
    let (a, b) = (&a.to_ascii_lowercase(), &b.to_ascii_lowercase());
    if bare(a) == bare(b) {
        return true;
    }
    let (of_a, of_b) = (meaning(a), meaning(b));
    let specific = |of: &[&str]| of.iter().any(|p| !ROLES.contains(p));
    let within = |few: &[&str], many: &[&str]| !few.is_empty() && !specific(few) && few.iter().all(|p| many.contains(p));
    let shared = |x: &&str| !ROLES.contains(x) && of_b.iter().any(|y| x == y || is_slip(x, y));
    within(&of_a, &of_b) || within(&of_b, &of_a) || of_a.iter().any(shared)
}

/// Names by what makes two of them alike: a similar one is found without comparing with all.
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
        for key in keys(name) {
            self.places.entry(key).or_default().push(self.items.len());
        }
        self.items.push(item);
    }

    /// Everything of a name that is related to this one or a slip of it, and some that is neither; in the order of adding.
    pub(crate) fn candidates(&self, name: &str) -> impl Iterator<Item = T> {
        // Lists of places, each in order: the least of their heads is next, until a caller has enough.
        let lists: Vec<&[usize]> = keys(name).into_iter().filter_map(|key| self.places.get(&key).map(Vec::as_slice)).collect();
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

/// What two alike names share at least one of: the letters without separators, or a word, or the name as a whole, each but for as many
/// letters as a slip changes. An edit of any kind is undone by leaving out at most one letter on either side.
fn keys(name: &str) -> BTreeSet<u64> {
    let name = name.to_ascii_lowercase();
    let hash = |kind: u8, text: &str| BuildHasherDefault::<DefaultHasher>::default().hash_one((kind, text));
    let mut keys = BTreeSet::from([hash(0, &bare(&name))]);
    for word in meaning(&name).into_iter().chain([name.as_str()]) {
        // The beginning of a long word is enough, and bounds the work: what is alike in the whole is alike in it.
        let start: String = word.chars().take(BEGINNING).collect();
        let mut shorter = BTreeSet::from([start]);
        for _ in 0..allowed(word.chars().count()) {
            let less: Vec<String> = shorter.iter().flat_map(|w| without_one(w)).collect();
            shorter.extend(less);
        }
        keys.extend(shorter.iter().map(|w| hash(1, w)));
    }
    keys
}

/// So many letters of a word are looked up. Two slips leave eight of them alike.
const BEGINNING: usize = 10;

/// The word without one of its letters, for each of them.
fn without_one(word: &str) -> impl Iterator<Item = String> {
    let count = word.chars().count();
    (0..count).map(move |out| word.chars().enumerate().filter(|(at, _)| *at != out).map(|(_, c)| c).collect())
}

/// A name without its separators.
fn bare(name: &str) -> String {
    name.replace(['-', '.', '_'], "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_related_by_a_telling_part() {
        for (a, b) in [
            ("redis-data", "redis-standard-pvc"),
            ("postgres-pvc", "postgers-pvc"),
            ("pgdata", "pg-data"),
            ("data", "data-volume"),
            ("app-config", "app-configuration"),
            ("uploads.media", "media-uploads"),
            ("app-config", "app-config-v2"),
            ("app-config", "app-config-old"),
            ("web", "web-blue"),
        ] {
            assert!(related(a, b), "{a} {b}");
        }
    }

    #[test]
    fn names_are_not_related_by_what_every_such_name_has() {
        for (a, b) in [
            ("postgres-pvc", "grafana-pvc"),
            ("redis-data", "mysql-data"),
            ("app-config", "kube-root-ca.crt"),
            ("web-0", "api-0"),
            ("app-config", "feature-flags"),
            ("app-data", "mysql-data"),
            ("data-v2", "logs-v2"),
            ("orders-2024", "invoices-2024"),
        ] {
            assert!(!related(a, b), "{a} {b}");
        }
    }

    proptest::proptest! {
        /// The index leaves nothing out that comparing with all would find.
        #[test]
        fn lexicon_finds_every_name_that_is_alike(
            words in proptest::collection::vec("[ab]{1,3}|[abcd]{4,12}|data|web|v2|pvc|config", 1..4),
            edits in proptest::collection::vec((0..3usize, 0..40usize, proptest::char::range('a', 'e')), 0..3),
            separator in "[-._]",
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
            let other: String = letters.into_iter().collect::<String>().replace('-', &separator);
            let mut lexicon = Lexicon::default();
            lexicon.add("zzzz", 0);
            lexicon.add(&other, 1);
            if related(&name, &other) || related(&other, &name) || is_slip(&name, &other) {
                proptest::prop_assert!(lexicon.candidates(&name).any(|item| item == 1), "{} {}", name, other);
            }
        }
    }

    #[test]
    fn candidates_come_in_order_and_leave_out_what_is_unlike() {
        let mut lexicon = Lexicon::default();
        for (place, name) in ["app-config", "feature-flags", "appconfig", "orders-config", "orders-confg"].iter().enumerate() {
            lexicon.add(name, place);
        }
        assert_eq!(lexicon.candidates("app-config").collect::<Vec<_>>(), [0, 2]);
        assert_eq!(lexicon.candidates("order-config").collect::<Vec<_>>(), [3, 4]);
    }
}
