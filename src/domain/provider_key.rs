//! The key of a provider, or a header that may hold one: in no log, no error, no `Debug`, no session and no URL.

use std::fmt;

/// A credential of the operator for a model. It leaves in a header of a request, and nowhere else.
#[derive(Clone, PartialEq, Eq)]
pub struct ProviderKey(String);

/// The longest key, in bytes. Signed tokens of clouds have some thousand.
const LONGEST: usize = 16 * 1024;

/// The shortest text that is looked for, in bytes.
const SHORTEST: usize = 6;

impl ProviderKey {
    /// A key as it stands in a file or a variable: without the line's end, and without anything that cannot be in a header.
    pub fn new(text: &str) -> Option<Self> {
        let key = text.trim();
        let is_one = !key.is_empty() && key.len() <= LONGEST && key.chars().all(|c| c.is_ascii_graphic() || c == ' ');
        is_one.then(|| Self(key.to_owned()))
    }

    /// For the header of a request.
    pub fn for_a_header(&self) -> &str {
        &self.0
    }

    /// The text without it, should somebody quote it: whole, or what follows its scheme, as servers do that take a header apart.
    pub fn out_of(&self, text: &str) -> String {
        let hidden = super::secrets::hidden();
        self.parts().iter().fold(text.to_owned(), |text, part| text.replace(part, &hidden))
    }

    /// What a server may quote of it, the longest first. What is very short occurs by chance, and is no key.
    fn parts(&self) -> Vec<String> {
        let words: Vec<&str> = self.0.split_whitespace().collect();
        let rest = match words.split_first() {
            Some((first, rest)) if !rest.is_empty() && first.chars().all(|c| c.is_ascii_alphabetic()) => rest,
            Some(_) | None => words.as_slice(),
        };
        // Parameters of a scheme, as in `Key id=…, secret="…"`.
        let value = |word: &&str| Some(word.split_once('=')?.1.trim_matches([',', ';', '"', '\'']).to_owned());
        let whole = [self.0.clone()].into_iter().chain(rest.iter().map(|word| (*word).to_owned()));
        let mut parts: Vec<String> = whole.chain(rest.iter().filter_map(value)).filter(|part| part.len() >= SHORTEST).collect();
        parts.sort_by_key(|part| std::cmp::Reverse(part.len()));
        parts
    }
}

impl fmt::Debug for ProviderKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ProviderKey(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_is_in_no_debug_and_is_taken_out_of_what_quotes_it() {
        let key = ProviderKey::new(" plain-canary-4711\n").unwrap();
        assert_eq!(format!("{key:?} {:#?}", Some(&key)).matches("canary").count(), 0);
        assert_eq!(key.for_a_header(), "plain-canary-4711");
        assert!(!key.out_of("the key plain-canary-4711 is wrong").contains("canary"));
    }

    #[test]
    fn key_behind_a_scheme_is_taken_out_of_what_quotes_it_alone() {
        for header in
            ["Bearer plain-canary-4711", "Basic plain-canary-4711", "Key id=12, secret=\"plain-canary-4711\"", "plain-canary-4711 x"]
        {
            let shown = ProviderKey::new(header).unwrap().out_of("Bearer: key plain-canary-4711 is unknown");
            assert!(!shown.contains("canary") && shown.contains("Bearer: key"), "{header}: {shown}");
        }
    }

    #[test]
    fn what_cannot_be_in_a_header_is_no_key() {
        for wrong in ["", " \n", "a\nb", "a\u{0}b", "ä", &"x".repeat(20_000)] {
            assert!(ProviderKey::new(wrong).is_none(), "{wrong:?}");
        }
    }
}
