//! Words that nobody would think of: what stands there under a name that speaks of keys is one.

/// Whether it is a long word that nobody would think of. Of names that are made of words, digests with their algorithm and numbers of
/// objects it is known that they are none.
pub(super) fn is_random(word: &str) -> bool {
    let part = word.split(['-', '.', '_']).max_by_key(|part| part.len()).unwrap_or_default();
    let signs = |b: u8| b.is_ascii_alphanumeric() || b"+/=~-._".contains(&b);
    let count = |is: fn(&u8) -> bool| part.bytes().filter(is).count();
    let (digits, upper, lower) = (count(u8::is_ascii_digit), count(u8::is_ascii_uppercase), count(u8::is_ascii_lowercase));
    let mixed = digits >= 2 && upper + lower >= 4 && (upper >= 2 && lower >= 2 || part.len() >= 24);
    word.len() >= 20 && part.len() >= 16 && word.bytes().all(signs) && mixed
}
