//! What a newer template changed besides an image: where that is something, the older image alone is not what ran before.

use super::super::meant::LISTED;
use super::super::quote::listed;
use crate::domain::finding::{Choice, Remedy, Way};
use crate::domain::kind::Kind;
use crate::facts::Facts;
use crate::facts::stuck::Stuck;
use k8s_openapi::api::apps::v1::{Deployment, ReplicaSet};
use k8s_openapi::api::core::v1::{Pod, PodTemplateSpec};
use serde_json::{Map, Value};
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
/// What a Pod has of its template and nothing else adds: where the template has it no more, it was taken out.
const OF_TEMPLATES: &[&str] =
    &["command", "args", "env", "envFrom", "ports", "readinessProbe", "livenessProbe", "startupProbe", "workingDir", "lifecycle"];

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
            compare(&at, &now, &serde_json::to_value(ran.and_then(|t| t.spec.as_ref())).unwrap_or_default(), false, &mut found);
            let owner = facts.find::<Deployment>(&stuck.object).map(|d| &d.spec.template);
            if owner.is_some_and(|now| ran.is_none_or(|ran| by_hand(now) != by_hand(ran))) {
                found.push("spec.template.metadata".to_owned());
            }
        }
        Before::Pod(pod) => compare(&at, &now, &serde_json::to_value(pod.spec.as_ref()).unwrap_or_default(), true, &mut found),
    }
    found.truncate(LISTED);
    found
}

/// The older image alone would make a template that never ran.
pub(super) fn go_back(stuck: &Stuck<'_>, image: &str, revision: Option<u32>) -> Remedy {
    let why = "the newer template changed more than the image, and the older image alone would make a template that never ran";
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

/// The same in words.
pub(super) fn in_words(image: &str, kind: &Kind, besides: &[String]) -> String {
    let fields = listed(&besides.iter().map(String::as_str).collect::<Vec<_>>());
    format!(
        "`{image}` came before in this {kind}, but its template has changed more than the image since: {fields}. That the older image works with that is not known."
    )
}

/// The labels and annotations that people write.
fn by_hand(template: &PodTemplateSpec) -> BTreeMap<(bool, &str), &str> {
    let meta = template.metadata.as_ref();
    let labels = meta.and_then(|m| m.labels.as_ref()).into_iter().flatten().map(|(k, v)| ((true, k.as_str()), v.as_str()));
    let annotations = meta.and_then(|m| m.annotations.as_ref()).into_iter().flatten().map(|(k, v)| ((false, k.as_str()), v.as_str()));
    labels.chain(annotations).filter(|((_, key), _)| !OF_TOOLS.iter().any(|tool| key.starts_with(tool))).collect()
}

/// Every place in which two values differ. Of a Pod, what the cluster adds to it does not count.
fn compare(at: &str, now: &Value, ran: &Value, is_pod: bool, found: &mut Vec<String>) {
    match (now, ran) {
        (Value::Object(now), Value::Object(ran)) => compare_fields(at, now, ran, is_pod, found),
        (Value::Array(now), Value::Array(ran)) => match (named(now), named(ran)) {
            (Some(now), Some(ran)) => {
                for (name, element) in &now {
                    let at = format!("{at}[name={name}]");
                    match ran.get(name) {
                        Some(other) => compare(&at, element, other, is_pod, found),
                        None => found.push(at),
                    }
                }
                let gone = ran.keys().filter(|name| !is_pod && !now.contains_key(*name));
                found.extend(gone.map(|name| format!("{at}[name={name}]")));
            }
            _ if is_pod && now.iter().all(|element| ran.contains(element)) => {}
            _ if now != ran => found.push(at.to_owned()),
            _ => {}
        },
        _ if now != ran => found.push(at.to_owned()),
        _ => {}
    }
}

fn compare_fields(at: &str, now: &Map<String, Value>, ran: &Map<String, Value>, is_pod: bool, found: &mut Vec<String>) {
    for (key, value) in now {
        let strict = OF_TEMPLATES.contains(&key.as_str());
        let at = format!("{at}.{key}");
        match ran.get(key) {
            // The controller of a DaemonSet writes the node of each Pod into it.
            Some(_) if is_pod && key == "affinity" => {}
            Some(other) => compare(&at, value, other, is_pod && !strict, found),
            None => found.push(at),
        }
    }
    let gone = ran.keys().filter(|key| !now.contains_key(*key) && (!is_pod || OF_TEMPLATES.contains(&key.as_str())));
    found.extend(gone.map(|key| format!("{at}.{key}")));
}

/// Elements by their names, where all have one.
fn named(list: &[Value]) -> Option<BTreeMap<&str, &Value>> {
    list.iter().map(|element| Some((element.get("name")?.as_str()?, element))).collect()
}
