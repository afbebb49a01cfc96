//! A text in less room: its beginning and its end.

use sha2::{Digest, Sha256};

/// Of a code: those that nobody takes for another one.
const DIGITS: &str = "0123456789abcdefghjkmnpqrstvwxyz";
/// So much says something beside a code: `pa…r`.
const BESIDE: usize = 4;
/// The least room for a text with its code.
pub(super) const CODED: usize = BESIDE + 5;

/// Stands for what is left out.
pub(super) const LEFT_OUT: char = '…';

pub(super) fn width(text: &str) -> usize {
    text.chars().count()
}

/// With its beginning and its end.
pub(super) fn shortened(text: &str, room: usize) -> String {
    let all: Vec<char> = text.chars().collect();
    if all.len() <= room {
        return text.to_owned();
    }
    let kept = room.saturating_sub(1);
    let behind = kept / 2;
    let before = kept.saturating_sub(behind);
    let mut out: String = all.iter().take(before).collect();
    if room > 0 {
        out.push(LEFT_OUT);
    }
    out.extend(all.iter().skip(all.len().saturating_sub(behind)));
    out
}

/// `~3f2a`: tells a text from others that are cut to the same, unless somebody chose them for their codes.
pub(super) fn code(text: &str) -> String {
    let hash = Sha256::digest(text);
    let letter = |byte: &u8| DIGITS.chars().nth(usize::from(byte % 32)).unwrap_or_default();
    std::iter::once('~').chain(hash.iter().take(4).map(letter)).collect()
}

/// With its beginning, its end, and the code of all of it where there is room for that.
pub(super) fn coded(text: &str, room: usize) -> String {
    let code = code(text);
    if width(text) <= room || room < CODED {
        return shortened(text, room);
    }
    shortened(text, room.saturating_sub(width(&code))) + &code
}
