//! "Did you mean": which known names are like the one that somebody gave.

use strsim::damerau_levenshtein;

/// How many names are offered.
const OFFERED: usize = 3;
/// Longer names may differ by more slips of the finger, but never by more than this.
const MOST_SLIPS: usize = 4;
/// One slip is forgiven for so many characters.
const CHARACTERS_PER_SLIP: usize = 3;

/// The known names that could have been meant, nearest first: a few slips away, or the same with a part more or less
/// (`shop` and `shop-prod`). None that is nothing like it.
pub fn nearest<'a>(given: &str, known: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let mut near = by_likeness(given, known);
    near.retain(|name| is_near(given, name));
    near.truncate(OFFERED);
    near
}

/// A word this long may be a typo of a name.
const TYPO_FROM: usize = 6;

/// Whether a word is a name but for one slip.
pub fn is_typo(word: &str, name: &str) -> bool {
    word.chars().count() >= TYPO_FROM && damerau_levenshtein(word, name) == 1
}

/// All of them, the most alike first.
pub fn by_likeness<'a>(given: &str, known: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let mut scored: Vec<(usize, &str)> = known.into_iter().map(|name| (slips(given, name), name)).collect();
    scored.sort_unstable();
    scored.into_iter().map(|(_, name)| name).collect()
}

/// `; did you mean `a`, `b`?`, or nothing where nothing is near.
pub fn did_you_mean<S: AsRef<str>>(near: &[S]) -> String {
    if near.is_empty() {
        return String::new();
    }
    format!("; did you mean {}?", near.iter().map(|name| format!("`{}`", name.as_ref())).collect::<Vec<_>>().join(", "))
}

fn slips(given: &str, known: &str) -> usize {
    damerau_levenshtein(&given.to_lowercase(), &known.to_lowercase())
}

fn is_near(given: &str, known: &str) -> bool {
    let allowed = (given.chars().count().max(known.chars().count()) / CHARACTERS_PER_SLIP).clamp(1, MOST_SLIPS);
    slips(given, known) <= allowed || has_a_part_more(given, known) || has_a_part_more(known, given)
}

/// `shop-prod` is `shop` with a part more, before or after it.
fn has_a_part_more(longer: &str, shorter: &str) -> bool {
    let part = |c: char| c == '-' || c == '_' || c == '.';
    !shorter.is_empty()
        && (longer.strip_prefix(shorter).is_some_and(|rest| rest.starts_with(part))
            || longer.strip_suffix(shorter).is_some_and(|rest| rest.ends_with(part)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_a_few_slips_away_are_near_and_the_nearest_comes_first() {
        assert_eq!(nearest("paymnts", ["zebra", "payment", "payments"]), ["payments", "payment"]);
        assert_eq!(nearest("a-taem", ["b-team", "a-team", "default"]), ["a-team", "b-team"]);
    }

    #[test]
    fn a_name_with_a_part_more_or_less_is_near() {
        assert_eq!(nearest("checkout", ["checkout-prod", "checked"]), ["checkout-prod"]);
        assert_eq!(nearest("prod-checkout", ["prod", "checkout"]), ["checkout", "prod"]);
    }

    #[test]
    fn what_is_nothing_like_it_is_not_offered() {
        assert!(nearest("b", ["shop", "kube-system"]).is_empty());
        assert_eq!(did_you_mean::<&str>(&[]), "");
    }

    #[test]
    fn upper_case_does_not_make_another_name() {
        assert_eq!(by_likeness("PROD", ["dev", "prod"]), ["prod", "dev"]);
    }
}
