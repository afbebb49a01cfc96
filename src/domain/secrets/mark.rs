//! What is shown instead of a credential: its kind, and a tag by which the same one reads the same wherever it stands. The tag is made
//! with a key that this process alone has, so that nobody can try guesses on it elsewhere.

use sha2::{Digest as _, Sha256};
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::sync::LazyLock;

/// Of this process: of the operating system's randomness, by way of what seeds the maps of the standard library.
static KEY: LazyLock<[u8; 32]> = LazyLock::new(|| {
    let random = RandomState::new();
    (0_u8..4).fold(Sha256::new(), |sum, part| sum.chain_update(random.hash_one(part).to_le_bytes())).finalize().into()
});

/// What stands for this credential.
pub(crate) fn mark(kind: &str, hidden: &str) -> String {
    let sum = Sha256::new().chain_update(*KEY).chain_update(hidden).finalize();
    let tag: String = sum.iter().take(TAG / 2).map(|byte| format!("{byte:02x}")).collect();
    format!("⟦redacted:{kind}:{tag}⟧")
}

/// Characters of a tag: enough that two credentials of one cluster do not share theirs, too few to tell one of many guesses.
const TAG: usize = 8;

/// Exactly one thing that was put there instead of a credential.
pub(crate) fn is_replaced(text: &str) -> bool {
    text.strip_prefix('⟦').and_then(|t| t.strip_suffix('⟧')).is_some_and(is_inside)
}

/// Whether what stands there is a part of such a thing: its kind is no name of anything.
pub(crate) fn is_part_of_one(text: &str, at: usize) -> bool {
    let before = text.get(..at).unwrap_or_default();
    let sign = before.char_indices().rev().take(LONGEST).find(|(_, c)| matches!(c, '⟦' | '⟧'));
    let Some((start, '⟦')) = sign else { return false };
    let Some(inside) = text.get(start..).and_then(|from| from.strip_prefix('⟦')) else { return false };
    let end = inside.char_indices().take(LONGEST).find(|(_, c)| *c == '⟧');
    end.and_then(|(end, _)| inside.get(..end)).is_some_and(is_inside)
}

/// Characters of the longest one, and some more.
const LONGEST: usize = 48;

/// What stands between the signs of such a thing, by this process or another.
pub(crate) fn is_inside(text: &str) -> bool {
    let Some(said) = text.strip_prefix("redacted:") else { return false };
    let (kind, tag) = said.split_once(':').map_or((said, None), |(kind, tag)| (kind, Some(tag)));
    let fits = |tag: &str| tag.len() == TAG && tag.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    !kind.is_empty() && kind.bytes().all(|b| b.is_ascii_lowercase() || b == b'-') && tag.is_none_or(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn same_credential_reads_the_same_and_another_does_not() {
        assert_eq!(mark("value", "hunter2"), mark("value", "hunter2"));
        assert_ne!(mark("value", "hunter2"), mark("value", "hunter3"));
        assert!(is_replaced(&mark("private-key", "x")) && is_replaced("⟦redacted:value⟧"));
        assert!(!is_replaced("⟦redacted:value:x⟧") && !is_replaced("⟦redacted:⟧") && !is_replaced("⟦redacted:value⟧ ⟦redacted:value⟧"));
    }

    #[test]
    fn tag_is_not_the_digest_of_what_it_stands_for() {
        let plain: String = Sha256::digest("hunter2").iter().take(TAG / 2).map(|byte| format!("{byte:02x}")).collect();
        assert!(!mark("value", "hunter2").contains(&plain));
    }
}
