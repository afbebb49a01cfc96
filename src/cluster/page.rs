//! One page of a list, as bytes: its objects are decoded one by one, straight into what a snapshot keeps, so that no page ever
//! exists as a tree of JSON.

use super::fault::{Read, strange};
use super::wire::HttpReply;
use crate::domain::objects::Objects;
use crate::ports::ReadError;
use serde::Deserialize;
use serde_json::value::RawValue;

/// What a page says besides its objects.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Page {
    /// Where a watch can start.
    pub(super) resource_version: String,
    /// The token of the next page; empty at the end.
    pub(super) next: String,
    /// More objects came than there was room for.
    pub(super) cut: bool,
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(default)]
    metadata: Option<Metadata>,
    /// `null` where there is no object; a list without it is no list.
    #[serde(borrow)]
    items: &'a RawValue,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Metadata {
    resource_version: Option<String>,
    #[serde(rename = "continue")]
    next: Option<String>,
}

#[derive(Deserialize)]
struct Event<'a> {
    #[serde(rename = "type")]
    what: &'a str,
    #[serde(borrow)]
    object: &'a RawValue,
}

#[derive(Deserialize)]
struct Versioned {
    metadata: Metadata,
}

/// A line of a watch: what happened, and the object to which.
pub(super) fn line_of(line: &[u8]) -> Option<(&str, &RawValue)> {
    let event: Event<'_> = serde_json::from_slice(line).ok()?;
    Some((event.what, event.object))
}

/// The object's version, from which a watch can go on.
pub(super) fn version_of(object: &RawValue) -> Option<String> {
    serde_json::from_str::<Versioned>(object.get()).ok()?.metadata.resource_version
}

/// Takes the objects of a page in, until there are `most` in all.
pub(super) fn take(reply: &HttpReply, read: &Read, into: &mut Objects, most: usize) -> Result<Page, ReadError> {
    let envelope: Envelope<'_> = serde_json::from_slice(&reply.body).map_err(|_| strange(read, reply))?;
    let items: Option<Vec<&RawValue>> = serde_json::from_str(envelope.items.get()).map_err(|_| strange(read, reply))?;
    let metadata = envelope.metadata.unwrap_or_default();
    let mut page =
        Page { resource_version: metadata.resource_version.unwrap_or_default(), next: metadata.next.unwrap_or_default(), cut: false };
    for item in items.into_iter().flatten() {
        if into.received() >= most {
            page.cut = true;
            break;
        }
        into.push(item.get());
    }
    Ok(page)
}
