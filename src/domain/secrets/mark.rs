//! What is shown instead of a credential: its kind. Nothing tells whether two of them are the same: whoever may write a text that is
//! masked, as those who ask and those who log may, would learn from that which guess is right.

/// What stands for a credential of this kind.
pub(crate) fn mark(kind: &str) -> String {
    format!("⟦redacted:{kind}⟧")
}

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

/// What stands between the signs of such a thing.
pub(crate) fn is_inside(text: &str) -> bool {
    let Some(kind) = text.strip_prefix("redacted:") else { return false };
    !kind.is_empty() && kind.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_for_a_credential_is_told_from_what_only_looks_like_it() {
        assert!(is_replaced(&mark("private-key")) && is_replaced("⟦redacted:value⟧"));
        assert!(!is_replaced("⟦redacted:value:x⟧") && !is_replaced("⟦redacted:⟧") && !is_replaced("⟦redacted:value⟧ ⟦redacted:value⟧"));
    }
}
