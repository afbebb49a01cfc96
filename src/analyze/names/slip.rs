//! Slips of the finger, and what is none: members of a series, which differ by a letter and mean different things.

use super::sets::are_members;
use super::words::{bare, words};
use strsim::damerau_levenshtein;

/// Words that are right as they stand: environments, directions, sizes, colors, roles of nodes and of what is stored.
/// Two of them are never slips of each other, however few letters apart.
const RIGHT: &[&str] = &[
    "dev",
    "test",
    "tests",
    "testing",
    "stage",
    "staging",
    "prod",
    "production",
    "live",
    "demo",
    "sandbox",
    "preview",
    "canary",
    "stable",
    "beta",
    "alpha",
    "edge",
    "north",
    "south",
    "east",
    "west",
    "central",
    "northeast",
    "northwest",
    "southeast",
    "southwest",
    "nano",
    "micro",
    "small",
    "medium",
    "large",
    "xlarge",
    "xxlarge",
    "metal",
    "red",
    "blue",
    "green",
    "black",
    "white",
    "gray",
    "grey",
    "pink",
    "gold",
    "silver",
    "bronze",
    "spot",
    "slow",
    "fast",
    "standard",
    "premium",
    "basic",
    "highmem",
    "highcpu",
    "master",
    "worker",
    "workers",
    "leader",
    "follower",
    "primary",
    "replica",
    "reader",
    "writer",
    "read",
    "write",
    "main",
    "mail",
    "data",
    "date",
    "logs",
    "locks",
    "cache",
    "cert",
    "certs",
    "host",
    "port",
    "post",
    "user",
    "users",
    "node",
    "nodes",
    "mode",
    "core",
    "store",
    "score",
    "left",
    "right",
    "backup",
    "backups",
    "backend",
    "frontend",
    "config",
    "configs",
    "media",
    "models",
    "web",
    "job",
    "jobs",
];

/// Whether one name is the other but for a slip: another separator or case, or one word with an edit (two from seven
/// letters on; a swap of neighbors is one edit).
pub(crate) fn is_slip(a: &str, b: &str) -> bool {
    let (low_a, low_b) = (a.to_ascii_lowercase(), b.to_ascii_lowercase());
    if a == b || bare(&low_a) == bare(&low_b) {
        return a != b;
    }
    let (of_a, of_b) = (words(&low_a), words(&low_b));
    let mut differing = of_a.iter().zip(&of_b).filter(|(a, b)| a != b);
    of_a.len() == of_b.len() && differing.next().is_some_and(|(a, b)| is_slip_of_word(a, b)) && differing.next().is_none()
}

/// The same of one word in lower case.
pub(super) fn is_slip_of_word(a: &str, b: &str) -> bool {
    are_close(a, b) && !are_of_a_series(a, b)
}

/// Whether as few edits lead from one word to the other as a slip makes, whatever the words mean.
pub(super) fn are_close(a: &str, b: &str) -> bool {
    let (of_a, of_b) = (a.chars().count(), b.chars().count());
    let allowed = edits_allowed(of_a.min(of_b));
    a != b && of_a.abs_diff(of_b) <= allowed && damerau_levenshtein(a, b) <= allowed
}

/// How many edits a slip makes in a word of this length.
pub(super) fn edits_allowed(length: usize) -> usize {
    match length {
        0..=3 => 0,
        4..=6 => 1,
        _ => 2,
    }
}

/// Whether two words count or name members of one set: they differ in digits or in their last letters, or each is a word
/// that is right as it stands. A number that both end in is no part of the word, unless a letter or three make a model of it.
pub(crate) fn are_of_a_series(a: &str, b: &str) -> bool {
    let (stem_a, number_a) = numbered(a);
    let (stem_b, number_b) = numbered(b);
    let has_digits = |stem: &str| stem.bytes().any(|b| b.is_ascii_digit());
    let model = !number_a.is_empty() && stem_a.len().min(stem_b.len()) < SHORTEST_STEM;
    number_a != number_b || model || has_digits(stem_a) || has_digits(stem_b) || differ_at_the_end(stem_a, stem_b) || {
        are_members(a, b) || (RIGHT.contains(&stem_a) && RIGHT.contains(&stem_b))
    }
}

/// Shorter letters before a number are a model or a family (`a100`, `m5`, `v2`).
const SHORTEST_STEM: usize = 4;

/// A word and the number that it ends in.
fn numbered(word: &str) -> (&str, &str) {
    let stem = word.trim_end_matches(|c: char| c.is_ascii_digit());
    (stem, word.strip_prefix(stem).unwrap_or_default())
}

/// Words of one length that differ in the last letter or the last two, which are not just swapped.
fn differ_at_the_end(a: &str, b: &str) -> bool {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let alike = a.iter().zip(&b).take_while(|(a, b)| a == b).count();
    let (mut ends_a, mut ends_b) = (a.iter().skip(alike), b.iter().skip(alike));
    let rest = a.len() - alike;
    let swapped = rest == 2
        && (ends_a.next(), ends_a.next()) == {
            let second = ends_b.next();
            (ends_b.next(), second)
        };
    a.len() == b.len() && (1..=2).contains(&rest) && !swapped
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn letters_left_out_doubled_swapped_or_mistyped_are_slips() {
        for (a, b) in [
            ("prodcution", "production"),
            ("enviroment", "environment"),
            ("general-purpos", "general-purpose"),
            ("postgers", "postgres"),
            ("redsi", "redis"),
            ("posgres16", "postgres16"),
            ("node-role.kubernetes.io/controlplane", "node-role.kubernetes.io/control-plane"),
            ("Production", "production"),
            ("pg_data", "pg-data"),
            ("payments", "payment"),
        ] {
            assert!(is_slip(a, b) && is_slip(b, a), "{a} {b}");
        }
    }

    #[test]
    fn members_of_a_series_are_no_slips() {
        for (a, b) in [
            ("eu-west-1a", "eu-west-1c"),
            ("us-east-1", "us-west-1"),
            ("eastus", "westus"),
            ("northeurope", "northeurope2"),
            ("m5.xlarge", "m6.xlarge"),
            ("c5.large", "m5.large"),
            ("n2-standard-4", "n2d-standard-4"),
            ("n2-standard-4", "n2-standard-8"),
            ("nvidia-a100", "nvidia-h100"),
            ("tesla-t4", "tesla-l4"),
            ("large", "xlarge"),
            ("pool-a", "pool-b"),
            ("zonea", "zoneb"),
            ("regionus", "regionjp"),
            ("web-0", "web-10"),
            ("postgres15", "postgres16"),
            ("v1beta1", "v1beta2"),
            ("1.27", "12.7"),
            ("blue", "glue2"),
            ("stage", "staging"),
            ("redis-main", "redis-mail"),
            ("test", "tests"),
        ] {
            assert!(!is_slip(a, b) && !is_slip(b, a), "{a} {b}");
        }
    }

    proptest! {
        /// Whatever comes before: zones, ordinals, versions and models differ by what they end in, and are never near.
        #[test]
        fn members_that_differ_in_what_they_end_in_are_never_slips(
            stem in "([a-z]{2,12}[-._]?){1,3}",
            (a, b) in ("[0-9]{1,3}[a-z]?|[a-z]", "[0-9]{1,3}[a-z]?|[a-z]"),
        ) {
            let number = |end: &str| end.trim_end_matches(|c: char| c.is_ascii_alphabetic()).trim_start_matches('0').to_owned();
            prop_assume!(a != b && a.len() == b.len() || number(&a) != number(&b));
            let (one, other) = (format!("{stem}{a}"), format!("{stem}{b}"));
            prop_assert!(!is_slip(&one, &other), "{} {}", one, other);
        }

        #[test]
        fn models_that_differ_in_a_letter_before_the_number_are_never_slips(
            maker in "([a-z]{3,8}-)?", (a, b) in ("[a-z]{1,3}", "[a-z]{1,3}"), number in "[1-9][0-9]{0,3}",
        ) {
            prop_assume!(a != b);
            let (one, other) = (format!("{maker}{a}{number}"), format!("{maker}{b}{number}"));
            prop_assert!(!is_slip(&one, &other), "{} {}", one, other);
        }

        #[test]
        fn being_a_slip_goes_both_ways_and_never_means_itself(a in "[a-e0-2-]{1,12}", b in "[a-e0-2-]{1,12}") {
            prop_assert_eq!(is_slip(&a, &b), is_slip(&b, &a));
            prop_assert!(!is_slip(&a, &a));
        }
    }
}
