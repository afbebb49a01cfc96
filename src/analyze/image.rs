//! Images that cannot be pulled.

mod added;
mod blocked;
mod changed;
mod correcting;
pub(super) mod img_never_pulled;
pub(super) mod img_platform_missing;
pub(super) mod img_pull_refused;
pub(super) mod img_tag_not_found;
mod known;
mod reference;
mod refuted;
mod sentence;

/// The repository of an image, in full.
pub(super) fn repository(image: &str) -> String {
    reference::split(image).0
}
