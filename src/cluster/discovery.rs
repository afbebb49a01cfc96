//! What the API server says that it has: the custom resources among it, from one answer where the server can, else group by group.

use crate::domain::kind::{CustomKind, Kind};
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::Arc;

/// The groups in one answer, for servers that have it (1.27 and later); the list of groups for others.
pub(super) const AGGREGATED: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json";
/// Most groups that are asked for one by one.
pub(super) const GROUPS: usize = 100;

/// A resource that was named, before anybody decided whether it may be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Named {
    pub(super) group: String,
    pub(super) version: String,
    pub(super) kind: String,
    pub(super) plural: String,
    pub(super) namespaced: bool,
}

impl Named {
    /// The custom kind, when it is one and may be read.
    pub(super) fn custom(&self) -> Option<Kind> {
        let kind = CustomKind::new(&self.group, &self.version, &self.kind, &self.plural, self.namespaced).ok()?;
        Some(Kind::Custom(Arc::new(kind)))
    }
}

/// The resources of an answer that holds all groups, and the groups whose own server did not say what they have; `None` when it is only the
/// list of groups.
pub(super) fn aggregated(answer: &Value) -> Option<(Vec<Named>, Vec<String>)> {
    (answer.get("kind").and_then(Value::as_str) == Some("APIGroupDiscoveryList")).then_some(())?;
    let (mut named, mut unread) = (Vec::new(), Vec::new());
    for group in list(answer, "/items") {
        let name = text(group, "/metadata/name");
        if list(group, "/versions").any(|version| text(version, "/freshness") == "Stale") {
            unread.push(name.to_owned());
        }
        let mut seen = BTreeSet::new();
        // The server puts the version that it prefers first.
        for version in list(group, "/versions") {
            for resource in list(version, "/resources").filter(|r| can_be_read(r)) {
                let plural = text(resource, "/resource");
                if seen.insert(plural) {
                    named.push(Named {
                        group: name.to_owned(),
                        version: text(version, "/version").to_owned(),
                        kind: text(resource, "/responseKind/kind").to_owned(),
                        plural: plural.to_owned(),
                        namespaced: text(resource, "/scope") == "Namespaced",
                    });
                }
            }
        }
    }
    Some((named, unread))
}

/// Whether kinds of this group are custom ones that may be read.
pub(super) fn can_be_custom(group: &str) -> bool {
    CustomKind::new(group, "v1", "Any", "anies", true).is_ok()
}

/// The groups, each with the version that the server prefers.
pub(super) fn groups(answer: &Value) -> Vec<(String, String)> {
    let preferred = |group: &Value| (text(group, "/name").to_owned(), text(group, "/preferredVersion/version").to_owned());
    list(answer, "/groups").map(preferred).filter(|(group, version)| !group.is_empty() && !version.is_empty()).collect()
}

/// The resources of one group.
pub(super) fn of_group(group: &str, version: &str, answer: &Value) -> Vec<Named> {
    let of = |resource: &Value| Named {
        group: group.to_owned(),
        version: version.to_owned(),
        kind: text(resource, "/kind").to_owned(),
        plural: text(resource, "/name").to_owned(),
        namespaced: resource.get("namespaced").and_then(Value::as_bool).unwrap_or(false),
    };
    list(answer, "/resources").filter(|r| can_be_read(r)).map(of).collect()
}

fn can_be_read(resource: &Value) -> bool {
    let verbs: Vec<&str> = list(resource, "/verbs").filter_map(Value::as_str).collect();
    verbs.contains(&"get") && verbs.contains(&"list")
}

fn list<'a>(value: &'a Value, pointer: &str) -> impl Iterator<Item = &'a Value> {
    value.pointer(pointer).and_then(Value::as_array).into_iter().flatten()
}

fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}
