//! When two names could mean the same thing: a slip, other separators, the release's name before or behind, a generated
//! hash. Sharing a word proves nothing where the rest of the names contradicts: `shop-config` is not `shop-backups`.

mod lexicon;
mod release;
mod sets;
mod slip;
mod words;

pub(crate) use lexicon::Lexicon;
pub(crate) use release::{Group, Release, groups_of, release_of};
pub(crate) use sets::{contradict, contradict_across_keys, is_key_of_a_set, is_named, mean_the_same, says_more, spelled};
pub(crate) use slip::is_slip;
pub(crate) use words::Of;

use slip::{are_close, is_slip_of_word};
use std::collections::BTreeSet;
use words::{bare, is_telling, unhashed, words};

/// Why two names are alike, the strongest reason first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Alike {
    /// Only case or separators differ.
    Separators,
    /// One or both carry the hash of a generator behind the same name.
    Hash,
    /// One word differs by a slip of the finger.
    Slip,
    /// What differs is the release's name, or words that every such name may have or not.
    Release,
    /// One is the other with words more that say something. It proves nothing, and leaves a doubt about another.
    Part,
    /// The same, and one of the words that both have holds a slip: farther than a slip alone.
    PartOfSlip,
}

/// Names of one kind of thing, as somebody writes them who has a release before their eyes.
#[derive(Debug, Clone)]
pub(crate) struct Naming {
    of: Of,
    free: BTreeSet<String>,
}

impl Naming {
    /// Of one kind of thing.
    pub(crate) fn of(of: Of) -> Self {
        Self { of, free: BTreeSet::new() }
    }

    /// The words of these names may stand in one of two names and not in the other: those of the release that the names
    /// belong to, or of a class. Not those of other programs: they are what tells two names apart.
    pub(crate) fn without<'n>(mut self, names: impl IntoIterator<Item = &'n str>) -> Self {
        let lower = |name: &str| words(&name.to_ascii_lowercase()).into_iter().map(str::to_owned).collect::<Vec<_>>();
        self.free.extend(names.into_iter().flat_map(lower));
        self
    }

    /// Why two names could mean the same thing. None where what they do not share contradicts.
    pub(crate) fn alike(&self, a: &str, b: &str) -> Option<Alike> {
        let (a, b) = (&a.to_ascii_lowercase(), &b.to_ascii_lowercase());
        if bare(a) == bare(b) {
            return Some(Alike::Separators);
        }
        let (plain_a, plain_b) = (unhashed(a), unhashed(b));
        if bare(plain_a) == bare(plain_b) {
            return Some(Alike::Hash);
        }
        if contradict(plain_a, plain_b) {
            return None;
        }
        if is_slip(plain_a, plain_b) {
            return Some(Alike::Slip);
        }
        self.words_apart(plain_a, plain_b)
    }

    /// Whether two names that are not alike differ by one word only, and that word by no more than a slip changes, or by what sets
    /// members of a set apart. Such a name was hardly meant, but it is as close to a wrong one as those that could have been.
    pub(crate) fn is_beside(&self, a: &str, b: &str) -> bool {
        if self.alike(a, b).is_some() {
            return false;
        }
        let (a, b) = (a.to_ascii_lowercase(), b.to_ascii_lowercase());
        let Apart { shared, rest_a, rest_b, has_slip } = self.apart(unhashed(&a), unhashed(&b));
        let is_own = |word: &&&str| !self.free.contains(**word);
        let own = |rest: &[&str]| rest.iter().filter(is_own).count();
        match (rest_a.iter().find(is_own), rest_b.iter().find(is_own)) {
            (Some(x), Some(y)) if !has_slip && own(&rest_a) == 1 && own(&rest_b) == 1 => {
                let shares = shared.iter().any(|word| is_telling(word));
                (are_close(x, y) && (shares || (is_telling(x) && is_telling(y)))) || (shares && contradict(x, y))
            }
            _ => false,
        }
    }

    /// Whether a name could be what another one means, or is as close to it, and does not say that it is for something else.
    pub(crate) fn is_as_close(&self, a: &str, b: &str) -> bool {
        !contradict(a, b) && (self.alike(a, b).is_some_and(|why| why < Alike::Part) || self.is_beside(a, b))
    }

    /// What two names share, but for a slip, and what only the one and only the other has.
    fn apart<'n>(&self, a: &'n str, b: &'n str) -> Apart<'n> {
        let (of_a, mut rest_b) = (words(a), words(b));
        let (mut shared, mut rest_a, mut has_slip) = (Vec::new(), Vec::new(), false);
        for word in of_a {
            match rest_b.iter().position(|other| *other == word).or_else(|| rest_b.iter().position(|other| is_slip_of_word(word, other))) {
                Some(at) => {
                    has_slip |= rest_b.remove(at) != word;
                    shared.push(word);
                }
                None => rest_a.push(word),
            }
        }
        rest_a.retain(|word| !self.is_empty(word));
        rest_b.retain(|word| !self.is_empty(word));
        Apart { shared, rest_a, rest_b, has_slip }
    }

    fn is_empty(&self, word: &str) -> bool {
        self.of.empty().contains(&word)
    }

    /// Whether all that differs are words that may be there or not: on either side those of the kind, on one side those
    /// of the release. Others on one side only make a part.
    fn words_apart(&self, a: &str, b: &str) -> Option<Alike> {
        let Apart { shared, rest_a, rest_b, has_slip } = self.apart(a, b);
        // A name of the release may also stand there twice.
        let is_free = |word: &&str| self.free.contains(*word) || shared.contains(word);
        let rest = match (rest_a.as_slice(), rest_b.as_slice()) {
            ([], rest) | (rest, []) => rest,
            _ => return None,
        };
        let same_but_for_the_kind = rest.is_empty() && shared.iter().any(|word| !self.is_empty(word));
        let is_end = is_end_of(a, b) || is_end_of(b, a);
        let telling = |word: &&str| is_telling(word) && (rest.iter().all(is_free) || !self.free.contains(*word));
        let is_sign = same_but_for_the_kind || is_end || shared.iter().any(telling);
        is_sign.then(|| match rest.iter().all(is_free) {
            true => Alike::Release,
            false if has_slip => Alike::PartOfSlip,
            false => Alike::Part,
        })
    }
}

/// Two names, word by word.
struct Apart<'n> {
    shared: Vec<&'n str>,
    rest_a: Vec<&'n str>,
    rest_b: Vec<&'n str>,
    /// Whether a word that they share holds a slip.
    has_slip: bool,
}

/// Whether the shorter name is all that the longer begins or ends with, word by word.
fn is_end_of(longer: &str, shorter: &str) -> bool {
    let (longer, shorter) = (words(longer), words(shorter));
    !shorter.is_empty() && (longer.starts_with(&shorter) || longer.ends_with(&shorter))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn alike(of: Of, release: &str, a: &str, b: &str) -> Option<Alike> {
        Naming::of(of).without([release]).alike(a, b)
    }

    #[test]
    fn names_are_alike_by_slips_separators_releases_and_hashes() {
        for (of, release, a, b, why) in [
            (Of::Claim, "standard", "redis-data", "redis-standard-pvc", Alike::Release),
            (Of::Claim, "redis", "redis-data", "data", Alike::Release),
            (Of::Claim, "", "data", "data-volume", Alike::Release),
            (Of::Claim, "", "uploads.media", "media-uploads", Alike::Release),
            (Of::Claim, "", "postgres-pvc", "postgers-pvc", Alike::Slip),
            (Of::Claim, "", "pgdata", "pg-data", Alike::Separators),
            (Of::ConfigMap, "", "app-config", "app-configuration", Alike::Release),
            (Of::ConfigMap, "my-shop", "my-shop-config", "config", Alike::Release),
            (Of::ConfigMap, "todo", "todo-todo-config", "todo-config", Alike::Release),
            (Of::ConfigMap, "", "app-config", "app-config-v2", Alike::Part),
            (Of::ConfigMap, "", "app-config", "app-config-old", Alike::Part),
            (Of::Service, "", "postgers", "postgres-exporter", Alike::PartOfSlip),
            (Of::Claim, "jackdaw", "pvc-jackdaw-config", "pvc-jackdaw", Alike::Part),
            (Of::ConfigMap, "", "cluster-config", "cluster-config-7h2f9m4k6t", Alike::Hash),
            (Of::ConfigMap, "", "cluster-config-5c8g4bkd2t", "cluster-config-7h2f9m4k6t", Alike::Hash),
        ] {
            assert_eq!(alike(of, release, a, b), Some(why), "{a} {b}");
        }
    }

    #[test]
    fn conflict_in_the_rest_counts_against_what_is_shared() {
        for (of, release, a, b) in [
            (Of::Claim, "jackdaw", "pvc-jackdaw-config", "pvc-jackdaw-backups"),
            (Of::ConfigMap, "shop", "shop-config", "shop-scripts"),
            (Of::Claim, "postgres", "postgres-pvc", "grafana-pvc"),
            (Of::Claim, "redis", "redis-data", "mysql-data"),
            (Of::ConfigMap, "shop", "shop-web-config", "shop-api-config"),
            (Of::ConfigMap, "shop", "shop-config", "web-config"),
            (Of::ConfigMap, "", "app-config", "kube-root-ca.crt"),
            (Of::Claim, "", "data-v2", "logs-v2"),
            (Of::Claim, "", "orders-2024", "orders-2025"),
            (Of::Claim, "web", "data-web-0", "data-web-1"),
            (Of::Service, "", "web-blue", "web-green"),
        ] {
            assert_eq!(alike(of, release, a, b), None, "{a} {b}");
        }
    }

    #[test]
    fn what_is_ruled_out_but_as_close_is_beside() {
        for (of, a, b) in [
            (Of::Claim, "userz", "users"),
            (Of::Claim, "userz", "users-data"),
            (Of::ConfigMap, "reportz", "reports"),
            (Of::Service, "orderd", "orders"),
            (Of::Service, "orders-2024", "orders-2025"),
            (Of::Claim, "orders-prod", "orders-dev"),
            (Of::Claim, "shop-userz", "users"),
        ] {
            let naming = Naming::of(of).without(["shop"]);
            assert!(naming.is_beside(a, b) && naming.is_beside(b, a), "{a} {b}");
            assert_eq!(naming.alike(a, b), None);
        }
        for (a, b) in [
            ("userz", "user"),
            ("userz", "redis"),
            ("users", "users"),
            ("app-prod", "web-dev"),
            ("orders-userz", "stock-users"),
            ("postgers-primary", "postgres-replica"),
        ] {
            assert!(!Naming::of(Of::Claim).is_beside(a, b), "{a} {b}");
        }
    }

    proptest! {
        #[test]
        fn members_of_a_series_are_never_alike(
            stem in "[a-z]{4,9}(-[a-z]{4,9})?", separator in "[-.]?", a in 0..400u16, b in 0..400u16,
            of in prop_oneof![Just(Of::Claim), Just(Of::ConfigMap), Just(Of::Service)],
        ) {
            prop_assume!(a != b);
            let (one, other) = (format!("{stem}{separator}{a}"), format!("{stem}{separator}{b}"));
            prop_assert_eq!(alike(of, &stem, &one, &other), None);
        }

        #[test]
        fn sharing_the_release_alone_never_makes_names_alike(
            release in "[a-z]{4,8}", a in "config|backups|media|index|queue", b in "logs|scripts|cache|exports|users",
        ) {
            for of in [Of::Claim, Of::Service] {
                let (one, other) = (format!("{release}-{a}"), format!("{release}-{b}"));
                prop_assert_eq!(alike(of, &release, &one, &other), None);
            }
        }

        #[test]
        fn being_alike_goes_both_ways(a in "([a-d]{1,5}|config|data|pvc|shop)(-([a-d]{1,5}|config|data|shop)){0,3}", b in "([a-d]{1,5}|config|data|pvc|shop)(-([a-d]{1,5}|config|data|shop)){0,3}") {
            for of in [Of::Claim, Of::ConfigMap, Of::Service] {
                prop_assert_eq!(alike(of, "shop", &a, &b), alike(of, "shop", &b, &a));
            }
        }
    }
}
