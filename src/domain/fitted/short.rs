//! A text in less room: its beginning and its end.

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
