//! Which release and which program something belongs to, as its own labels and Helm's annotation say: what is of another one was
//! hardly meant, however near its name is.

use super::words::words;
use crate::domain::workload::controller_uid;
use crate::facts::labels::Selector;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use std::collections::BTreeSet;

const INSTANCE: &str = "app.kubernetes.io/instance";
const PROGRAM: &str = "app.kubernetes.io/name";
const HELM: &str = "meta.helm.sh/release-name";
const PART_OF: &str = "app.kubernetes.io/part-of";

/// The names that everything of one release shares: the release's, the program's, and the object's own.
pub(crate) fn release_of<'a>(meta: &'a ObjectMeta, labels: Option<&'a Selector>) -> impl Iterator<Item = &'a str> {
    const LABELS: &[&str] = &[INSTANCE, PROGRAM, PART_OF, "release", "app", "k8s-app"];
    let annotation = meta.annotations.as_ref().and_then(|a| a.get(HELM));
    let of = move |labels: &'a Selector| LABELS.iter().filter_map(move |key| labels.get(*key));
    let labels = meta.labels.iter().chain(labels).flat_map(of);
    labels.chain(annotation).map(String::as_str).chain(meta.name.as_deref()).chain(meta.namespace.as_deref())
}

/// Something that several objects are of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Group {
    /// A release of a chart or of anything else that names its instances.
    Release(String),
    /// An application, by the label that names it.
    App(String),
    /// An owner, by its uid.
    Owner(String),
}

/// Who an object is of, by its own labels and those of its Pods: its release, or else its application; and its owner.
pub(crate) fn groups_of(meta: &ObjectMeta, labels: Option<&Selector>) -> BTreeSet<Group> {
    let say = |keys: &[&str]| {
        let all = meta.labels.iter().chain(labels);
        all.flat_map(|labels| keys.iter().filter_map(|key| labels.get(*key)).cloned().collect::<Vec<_>>()).collect::<Vec<_>>()
    };
    let helm = meta.annotations.as_ref().and_then(|a| a.get(HELM)).cloned();
    let mut groups: BTreeSet<Group> = say(&[INSTANCE]).into_iter().chain(helm).map(Group::Release).collect();
    // Older charts name their release so; others name their track, as `stable`.
    if groups.is_empty() {
        groups.extend(say(&["release"]).into_iter().map(Group::Release));
    }
    if groups.is_empty() {
        groups.extend(say(&[PART_OF, PROGRAM, "app", "k8s-app"]).into_iter().map(Group::App));
    }
    groups.extend(controller_uid(meta).map(|uid| Group::Owner(uid.to_owned())));
    groups
}

/// What those who seek something say of themselves.
#[derive(Debug, Clone, Default)]
pub(crate) struct Release<'a> {
    instances: BTreeSet<&'a str>,
    programs: BTreeSet<&'a str>,
    names: BTreeSet<&'a str>,
}

impl<'a> Release<'a> {
    /// Of some objects, with the labels of their Pods.
    pub(crate) fn of(all: impl IntoIterator<Item = (&'a ObjectMeta, Option<&'a Selector>)>) -> Self {
        let mut release = Self::default();
        for (meta, labels) in all {
            let say =
                |key: &str| meta.labels.iter().chain(labels).filter_map(|labels| labels.get(key)).map(String::as_str).collect::<Vec<_>>();
            let helm = meta.annotations.as_ref().and_then(|a| a.get(HELM));
            release.instances.extend(say(INSTANCE).into_iter().chain(helm.map(String::as_str)));
            release.programs.extend(say(PROGRAM));
            release.names.extend(release_of(meta, labels));
        }
        release
    }

    /// Whether an object says that it belongs to another release, or to another program. Those who seek it may say nothing of the kind:
    /// then their names, and the name under which they seek it, have to say so.
    pub(crate) fn excludes(&self, other: &ObjectMeta, sought: &str) -> bool {
        let its = Release::of([(other, None)]);
        let differs = |own: &BTreeSet<&str>, its: &BTreeSet<&str>| match own.is_empty() {
            true => !its.is_empty() && !its.iter().any(|value| self.is_named(value, sought)),
            false => !its.is_empty() && own.is_disjoint(its),
        };
        differs(&self.instances, &its.instances) || differs(&self.programs, &its.programs)
    }

    fn is_named(&self, value: &str, sought: &str) -> bool {
        let value = value.to_ascii_lowercase();
        let parts = words(&value);
        self.names.iter().copied().chain([sought]).any(|name| {
            let name = name.to_ascii_lowercase();
            let name = words(&name);
            parts.iter().all(|part| name.contains(part))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn meta(name: &str, labels: serde_json::Value) -> ObjectMeta {
        serde_json::from_value(json!({"name": name, "labels": labels})).unwrap()
    }

    #[test]
    fn what_says_that_it_is_of_another_release_or_program_is_excluded() {
        let seeker = meta("shop-web", json!({INSTANCE: "shop", PROGRAM: "web"}));
        let silent = meta("blog-web", json!({}));
        for (seeker, labels, excluded) in [
            (&seeker, json!({INSTANCE: "blog"}), true),
            (&seeker, json!({INSTANCE: "shop"}), false),
            (&seeker, json!({INSTANCE: "shop", PROGRAM: "web"}), false),
            (&seeker, json!({INSTANCE: "shop", PROGRAM: "search"}), true),
            (&seeker, json!({}), false),
            (&silent, json!({INSTANCE: "blog"}), false),
            (&silent, json!({INSTANCE: "shop"}), true),
            (&silent, json!({PROGRAM: "uploads"}), false),
        ] {
            let other = meta("uploads", labels.clone());
            assert_eq!(Release::of([(seeker, None)]).excludes(&other, "x-uploads"), excluded, "{labels}");
        }
        let helm: ObjectMeta = serde_json::from_value(json!({"name": "uploads", "annotations": {HELM: "blog"}})).unwrap();
        assert!(Release::of([(&seeker, None)]).excludes(&helm, "x-uploads"));
    }
}
