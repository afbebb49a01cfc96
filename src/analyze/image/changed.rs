//! What a newer template changed besides an image: where that is something, the older image alone is not what ran before.

use super::super::meant::LISTED;
use super::super::quote::listed;
use super::added;
use crate::domain::finding::{Choice, Remedy, Way};
use crate::domain::kind::Kind;
use crate::domain::object::ObjectRef;
use crate::facts::Facts;
use crate::facts::stuck::Stuck;
use k8s_openapi::api::apps::v1::{DaemonSet, Deployment, ReplicaSet, StatefulSet};
use k8s_openapi::api::core::v1::{Pod, PodTemplateSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde_json::Value;
use std::collections::BTreeMap;

/// Labels and annotations that tools write with every release, whatever it changes.
const OF_TOOLS: &[&str] = &[
    "pod-template-hash",
    "app.kubernetes.io/version",
    "app.kubernetes.io/managed-by",
    "helm.sh/",
    "kubectl.kubernetes.io/",
    "deployment.kubernetes.io/",
    "meta.helm.sh/",
    "argocd.argoproj.io/",
    "kustomize.toolkit.fluxcd.io/",
    "deploy.werf.io/",
    "client.knative.dev/",
];
/// What ran before.
pub(super) enum Before<'a> {
    /// The template of an older revision.
    Set(&'a ReplicaSet),
    /// A Pod of an older template, to which the cluster added something.
    Pod(&'a Pod),
}

/// The fields in which the template of now differs from what ran before, once the wrong image is exchanged for the older one.
pub(super) fn besides(facts: &Facts<'_>, stuck: &Stuck<'_>, before: &Before<'_>, wrong: &str, image: &str) -> Vec<String> {
    let mut now = serde_json::to_value(stuck.spec).unwrap_or_default();
    for list in ["containers", "initContainers"] {
        for container in now.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten() {
            if container.get("image").and_then(Value::as_str) == Some(wrong)
                && let Some(fields) = container.as_object_mut()
            {
                fields.insert("image".to_owned(), image.into());
            }
        }
    }
    let at = stuck.spec_path.to_string();
    let mut found = Vec::new();
    match before {
        Before::Set(set) => {
            let ran = set.spec.template.as_ref();
            compare(&at, &now, &serde_json::to_value(ran.and_then(|t| t.spec.as_ref())).unwrap_or_default(), &mut found);
            let ran = ran.and_then(|t| t.metadata.as_ref());
            if template(facts, &stuck.object).is_some_and(|now| by_hand(now.metadata.as_ref()) != by_hand(ran)) {
                found.push("spec.template.metadata".to_owned());
            }
        }
        Before::Pod(pod) => {
            let mut ran = serde_json::to_value(pod.spec.as_ref()).unwrap_or_default();
            added::take_off(facts, stuck, pod, &mut now, &mut ran);
            compare(&at, &now, &ran, &mut found);
            let mut ran = by_hand(Some(&pod.metadata));
            ran.retain(|(is_label, key), _| !added::is_added(*is_label, key));
            if template(facts, &stuck.object).is_none_or(|now| by_hand(now.metadata.as_ref()) != ran) {
                found.push("spec.template.metadata".to_owned());
            }
        }
    }
    found.truncate(LISTED);
    found
}

/// The template of now.
fn template<'a>(facts: &Facts<'a>, object: &ObjectRef) -> Option<&'a PodTemplateSpec> {
    let deployment = facts.find::<Deployment>(object).map(|d| &d.spec.template);
    let set = || facts.find::<StatefulSet>(object).map(|s| &s.spec.template);
    deployment.or_else(set).or_else(|| facts.find::<DaemonSet>(object).map(|d| &d.spec.template))
}

/// The older image alone would make a template that never ran.
pub(super) fn go_back(stuck: &Stuck<'_>, image: &str, revision: Option<u32>) -> Remedy {
    let why = "what ran before differs in more than the image, and the older image alone would make a template that never ran";
    let choice = |text: String, way: Way| Choice { text, way, why: why.to_owned() };
    let workload = stuck.object.clone();
    let back = match revision {
        Some(revision) => choice(
            format!("go back to revision {revision}, which asks for `{image}`"),
            Way::GoBack { workload: workload.clone(), revision },
        ),
        None => choice(format!("go back to the template that asks for `{image}`"), Way::Edit(workload.clone())),
    };
    let stay = choice(format!("or set an image that the registry has and that fits what else is new in {stuck}"), Way::Edit(workload));
    Remedy { choices: vec![back, stay], ..Remedy::default() }
}

/// The same in words. Pods show their template and what was added to them.
pub(super) fn in_words(image: &str, by: &ObjectRef, kind: &Kind, besides: &[String]) -> String {
    let fields = listed(besides);
    if by.kind == Kind::Pod {
        return format!(
            "`{image}` came before in this {kind}, but {}, which runs it, differs from its template of now in more than the image: {fields}. That the older image works with that template is not known.",
            by.in_words()
        );
    }
    format!(
        "`{image}` came before in this {kind}, but its template has changed more than the image since: {fields}. That the older image works with that is not known."
    )
}

/// The labels and annotations that people write; whether it is a label, the key, the value.
fn by_hand(meta: Option<&ObjectMeta>) -> BTreeMap<(bool, &str), &str> {
    let labels = meta.and_then(|m| m.labels.as_ref()).into_iter().flatten().map(|(k, v)| ((true, k.as_str()), v.as_str()));
    let annotations = meta.and_then(|m| m.annotations.as_ref()).into_iter().flatten().map(|(k, v)| ((false, k.as_str()), v.as_str()));
    labels.chain(annotations).filter(|((_, key), _)| !OF_TOOLS.iter().any(|tool| key.starts_with(tool))).collect()
}

/// Every place in which two values differ.
fn compare(at: &str, now: &Value, ran: &Value, found: &mut Vec<String>) {
    match (now, ran) {
        (Value::Object(now), Value::Object(ran)) => {
            for key in now.keys().chain(ran.keys().filter(|key| !now.contains_key(*key))) {
                either(&format!("{at}.{key}"), now.get(key), ran.get(key), found);
            }
        }
        (Value::Array(now_list), Value::Array(ran_list)) => match (named(now_list), named(ran_list)) {
            (Some(now), Some(ran)) => {
                for name in now.keys().chain(ran.keys().filter(|name| !now.contains_key(*name))) {
                    either(&format!("{at}[name={name}]"), now.get(name).copied(), ran.get(name).copied(), found);
                }
            }
            _ if now != ran => found.push(at.to_owned()),
            _ => {}
        },
        _ if now != ran => found.push(at.to_owned()),
        _ => {}
    }
}

fn either(at: &str, now: Option<&Value>, ran: Option<&Value>, found: &mut Vec<String>) {
    match (now, ran) {
        (Some(now), Some(ran)) => compare(at, now, ran, found),
        (Some(_), None) | (None, Some(_)) => found.push(at.to_owned()),
        (None, None) => {}
    }
}

/// Elements by their names, where all have one.
fn named(list: &[Value]) -> Option<BTreeMap<&str, &Value>> {
    list.iter().map(|element| Some((element.get("name")?.as_str()?, element))).collect()
}
