//! The forms that records have had, as far as they are read or written.

/// Raised when the form changes in a way that an older program could misread.
pub(super) const VERSION: u32 = 6;
/// Without the fields that were looked at, what was said with who investigates, the reason why nobody is asked, and every probe, action and check that came after it. Each form is written where nothing of a newer one is used: an older program beside this one, or
/// after it, goes on with such a session.
pub(super) const WITHOUT_FIELDS: u32 = 5;
/// The oldest form that is read. It says nothing of who proposed something, and of a model's usage only its calls and tokens.
pub(super) const OLDEST: u32 = 4;

/// The oldest form that has all of these.
pub(super) fn newest(of: impl IntoIterator<Item = u32>) -> u32 {
    of.into_iter().fold(OLDEST, u32::max)
}
