//! What the API says of a kind.

/// What the API says of a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KindInfo<'a> {
    /// `v1`, `apps/v1`, …
    pub api_version: &'a str,
    /// `Pod`, …
    pub kind: &'a str,
    /// `pods`, …: the resource in paths and in roles.
    pub plural: &'a str,
    /// kubectl's abbreviation, empty where there is none.
    pub short: &'a str,
    /// Whether objects live in a namespace.
    pub namespaced: bool,
}
