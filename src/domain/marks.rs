//! Marks that only our own texts have: quotes around somebody else's words, arrows, bullets, and what stands for something that is not
//! shown. The same marks in words of the cluster are written otherwise, so that nobody takes those words for ours.

use super::secrets::mark::is_inside;

/// Marks of ours, and what stands for each where it came from elsewhere. None of these is longer.
const FOREIGN: &[(char, &str)] =
    &[('→', "->"), ('—', "--"), ('“', "\""), ('”', "\""), ('·', "."), ('•', "*"), ('↳', ">"), ('⟦', "["), ('⟧', "]")];
/// What we put between `⟦` and `⟧`.
const NOT_SHOWN: &str = "not shown";
/// Longer than anything of that.
const LONGEST: usize = 40;

fn plainly(c: char, out: &mut String) {
    match FOREIGN.iter().find(|(mark, _)| *mark == c) {
        Some((_, plain)) => out.push_str(plain),
        None => out.push(c),
    }
}

/// What a text begins with that stands for something that is not shown.
fn stand_in(text: &str) -> Option<&str> {
    let inside = text.strip_prefix('⟦')?;
    let (inside, _) = inside.split_once('⟧').filter(|(inside, _)| inside.len() <= LONGEST)?;
    let ours = inside == NOT_SHOWN || is_inside(inside);
    ours.then(|| text.get(..inside.len().saturating_add("⟦⟧".len()))).flatten()
}

/// A quotation that a text begins with.
fn quotation(text: &str) -> Option<&str> {
    let inside = text.strip_prefix('“')?;
    let end = inside.find(['“', '”'])?;
    let closes = inside.get(end..)?.starts_with('”');
    closes.then(|| text.get(..end.saturating_add("“”".len()))).flatten()
}

/// The text with each of these marks written otherwise, but for whole pieces that `keep` finds where one stands.
fn written(text: &str, is_mark: impl Fn(char) -> bool, keep: impl Fn(&str) -> Option<&str>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(&is_mark) {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        let first = from.chars().next().unwrap_or_default();
        let length = match keep(from) {
            Some(kept) => {
                out.push_str(kept);
                kept.len()
            }
            None => {
                plainly(first, &mut out);
                first.len_utf8()
            }
        };
        rest = from.get(length..).unwrap_or_default();
    }
    out + rest
}

/// Somebody else's words: what stands in them for something that is not shown is ours, and only that.
pub(super) fn in_theirs(text: &str) -> String {
    written(text, |c| matches!(c, '⟦' | '⟧'), stand_in)
}

/// Our own words, which others have a part in: quotations stay as they are.
pub(crate) fn in_our_words(text: &str) -> String {
    let is_mark = |c: char| FOREIGN.iter().any(|(mark, _)| *mark == c);
    written(&in_theirs(text), is_mark, |from| quotation(from).or_else(|| stand_in(from)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::excerpt::Excerpt;
    use proptest::prelude::*;

    #[test]
    fn marks_of_others_are_written_otherwise_and_ours_stay() {
        let title = "image `a → “b⟧` fails: “no → such “image” ⟦redacted:token⟧”; • `⟦not shown⟧` ↳ x";
        assert_eq!(in_our_words("`a → b` — “said → so” ⟦x⟧ ⟦not shown⟧"), "`a -> b` -- “said → so” [x] ⟦not shown⟧");
        assert_eq!(in_our_words(title), "image `a -> \"b]` fails: \"no -> such “image” ⟦redacted:token⟧\"; * `⟦not shown⟧` > x");
        assert_eq!(in_theirs("“a” ⟦redacted:value⟧ ⟦redacted:⟦ → ⟧"), "“a” ⟦redacted:value⟧ [redacted:[ → ]");
    }

    fn text() -> impl Strategy<Value = String> {
        prop_oneof![any::<String>(), "[a-c `“”→—·•↳⟦⟧]{0,30}", "(⟦(redacted:|not )?[a-z ]{0,5}(:[a-f0-9]{7,8})?⟧?|“[a-z]{0,3}|”){0,6}"]
    }

    /// What is left of a text without its quotations and what stands for something.
    fn outside(text: &str) -> String {
        let mut out = String::new();
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            let kept = quotation(rest).or_else(|| stand_in(rest)).map(str::len);
            out.extend(kept.is_none().then_some(first));
            rest = rest.split_at(kept.unwrap_or(first.len_utf8())).1;
        }
        out
    }

    proptest! {
        #[test]
        fn no_mark_outside_a_quotation_comes_from_elsewhere(name in text(), said in text(), other in text()) {
            let quote = Excerpt::said(&said);
            let shown = Excerpt::line(&format!("Deployment `{name}` says {quote}, and `{other}` is not there")).to_string();
            prop_assert!(!outside(&shown).chars().any(|c| FOREIGN.iter().any(|(mark, _)| *mark == c)), "{shown}");
            prop_assert_eq!(Excerpt::line(&shown).to_string(), shown);
            // No words of others lose their quotes by what stands beside them.
            let marked = in_our_words(&format!("{name} {quote} {other}"));
            prop_assert!(marked.contains(&in_theirs(quote.as_str())), "{marked}");
        }

        #[test]
        fn in_a_quotation_only_we_say_that_something_is_not_shown(text in text()) {
            let shown = Excerpt::event(&text).to_string();
            let mut rest = shown.as_str();
            while let Some(at) = rest.find(['⟦', '⟧']) {
                rest = rest.split_at(at).1;
                let kept = stand_in(rest).map(str::len);
                prop_assert!(kept.is_some(), "{shown}");
                rest = rest.split_at(kept.unwrap()).1;
            }
        }
    }
}
