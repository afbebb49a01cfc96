//! A container takes an environment variable from a ConfigMap that does not exist, beside one of a similar name that does.
//! The fix corrects the name. An empty ConfigMap of the wrong name would let the container start wrongly.

use super::super::advise;
use super::super::names::{is_slip, related};
use super::super::seen::{self, QUOTED_PODS, listed};
use crate::domain::cause::Code;
use crate::domain::confidence::Confidence;
use crate::domain::evidence::Evidence;
use crate::domain::field::FieldPath;
use crate::domain::finding::{Advice, CausalLink, Finding, Remedy, Symptom};
use crate::domain::kind::Kind;
use crate::domain::nonempty::NonEmpty;
use crate::domain::object::{Namespace, ObjectRef};
use crate::domain::risk::Risk;
use crate::domain::snapshot::Resource;
use crate::facts::stuck::Stuck;
use crate::facts::{Facts, pods};
use k8s_openapi::api::core::v1::{ConfigMap, Container, Pod, PodSpec};
use std::collections::BTreeSet;

/// The cause.
pub(crate) const CODE: Code = Code("cfg-configmap-missing-env");
/// The name is missing from the whole list, the kubelet says so, and one ConfigMap of a similar name holds every key.
const NEAR: Confidence = Confidence::percent(92);
/// That it is missing is a fact; what was meant is open.
const OPEN: Confidence = Confidence::percent(90);
/// Only the kubelet says so; the ConfigMaps could not be read.
const TOLD: Confidence = Confidence::percent(80);
/// ConfigMaps that the cluster or its add-ons put into every namespace: nobody means these.
const GENERATED: &[&str] = &["kube-root-ca.crt", "openshift-service-ca.crt", "istio-ca-root-cert"];

/// Every ConfigMap that containers need for their environment and that does not exist, for every workload.
pub(crate) fn look(facts: &Facts<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for aim in facts.stuck() {
        let Some(namespace) = aim.namespace().cloned() else { continue };
        let wanted: BTreeSet<&str> =
            uses(aim.spec, &aim.spec_path).iter().filter(|u| !u.optional && seen::is_plain(u.name)).map(|u| u.name).collect();
        for name in wanted {
            found.extend(finding(facts, aim, &namespace, name));
        }
    }
    found
}

/// One reference to a ConfigMap in a container's environment.
struct Use<'a> {
    container: &'a str,
    name: &'a str,
    /// The key that is taken; none for `envFrom`, which takes all.
    key: Option<&'a str>,
    optional: bool,
    /// Where the name stands; none where the list has no key by which to point at its element.
    path: Option<FieldPath>,
}

fn uses<'a>(spec: &'a PodSpec, base: &FieldPath) -> Vec<Use<'a>> {
    let mut all = Vec::new();
    for (list, container) in pods::containers(spec) {
        for env in container.env.iter().flatten() {
            let Some(key) = env.value_from.as_ref().and_then(|v| v.config_map_key_ref.as_ref()) else { continue };
            let path = base.clone().then(list).element("name", &container.name).then("env").element("name", &env.name);
            all.push(Use {
                container: &container.name,
                name: &key.name,
                key: Some(&key.key),
                optional: key.optional.unwrap_or(false),
                path: (!is_doubled(container, &env.name)).then(|| path.then("valueFrom.configMapKeyRef.name")),
            });
        }
        for from in container.env_from.iter().flatten().filter_map(|f| f.config_map_ref.as_ref()) {
            all.push(Use { container: &container.name, name: &from.name, key: None, optional: from.optional.unwrap_or(false), path: None });
        }
    }
    all
}

/// A variable that is listed twice cannot be pointed at by its name.
fn is_doubled(container: &Container, name: &str) -> bool {
    container.env.iter().flatten().filter(|e| e.name == name).count() > 1
}

fn finding(facts: &Facts<'_>, aim: &Stuck<'_>, namespace: &Namespace, name: &str) -> Option<Finding> {
    let listed_all = facts.is_whole(&Kind::ConfigMap);
    let map = ObjectRef::namespaced(Kind::ConfigMap, namespace, name);
    if facts.has(&map) {
        return None;
    }
    let uses: Vec<Use<'_>> = uses(aim.spec, &aim.spec_path).into_iter().filter(|u| u.name == name).collect();
    let needs = |c: &str| uses.iter().any(|u| !u.optional && u.container == c);
    let told = |m: &str| listed_all || says_missing(m, name);
    let refused = |p: &Pod| refusals(p).into_iter().find(|(c, m, _)| needs(c) && told(m)).map(|(_, m, f)| (m.to_owned(), f));
    let same = |p: &&Pod| p.spec.as_ref().is_some_and(|s| self::uses(s, &aim.spec_path).iter().any(|u| u.name == name));
    let pods: Vec<&Pod> = aim.pods.iter().copied().filter(same).filter(|p| refused(p).is_some()).collect();
    let first = pods.first()?.reference();
    let keys: BTreeSet<&str> = uses.iter().filter(|u| !u.optional).filter_map(|u| u.key).collect();
    let (near, holders) = candidates(facts, namespace, name, &keys);
    let meant = match near.as_slice() {
        [one] if listed_all => one.metadata.name.clone(),
        _ => None,
    };
    let fields: Vec<FieldPath> = uses.iter().filter(|u| !u.optional).filter_map(|u| u.path.clone()).collect();
    let expressible = uses.iter().all(|u| u.path.is_some() || u.optional) && !in_volumes(aim.spec, name);
    let mut evidence: Vec<Evidence> = Vec::new();
    for pod in pods.iter().take(QUOTED_PODS) {
        let event = facts
            .newest_event(pod, |e| e.reason.as_deref() == Some("Failed") && says_missing(e.message.as_deref().unwrap_or_default(), name));
        match (event, refused(pod)) {
            (Some(event), _) => evidence.push(seen::event(facts, event, &pod.reference())),
            (None, Some((message, field))) => evidence.push(seen::field(facts, &pod.reference(), field, &message)),
            (None, None) => {}
        }
    }
    evidence.extend(fields.first().map(|f| seen::field(facts, &aim.object, f.clone(), name)));
    if listed_all {
        let there: Vec<&str> = in_namespace(facts, namespace).filter_map(|c| c.metadata.name.as_deref()).take(10).collect();
        evidence.push(seen::object(facts, &map, &format!("not there: `{namespace}` holds {}", listed(&there))));
    }
    let (kind, owner) = (&aim.object.kind, &aim.object.name);
    let takes = match keys.iter().copied().collect::<Vec<_>>().as_slice() {
        [] => "all its keys".to_owned(),
        keys => format!("the keys {}", listed(keys)),
    };
    Some(Finding {
        code: CODE,
        title: match &meant {
            Some(right) => format!("{kind} `{owner}` refers to the ConfigMap `{name}`, which does not exist; `{right}` is probably meant"),
            None => format!("{kind} `{owner}` refers to the ConfigMap `{name}`, which does not exist"),
        },
        explanation: format!(
            "{kind} `{owner}` takes {takes} of the ConfigMap `{name}` into its environment, but `{namespace}` has no such ConfigMap, so the kubelet cannot make the container.{}",
            match &meant {
                Some(right) => format!(" `{right}` has a similar name and holds {takes}."),
                None if !listed_all =>
                    " The ConfigMaps could not be read, so whether one of a similar name exists is not known.".to_owned(),
                None => String::new(),
            }
        ),
        object: aim.object.clone(),
        field: fields.first().cloned(),
        found: Some(name.to_owned()),
        expected: meant.clone(),
        confidence: match (&meant, listed_all) {
            (Some(_), _) => NEAR,
            (None, true) => OPEN,
            (None, false) => TOLD,
        },
        evidence: NonEmpty::from_vec(evidence)?,
        chain: std::iter::once(CausalLink { from: aim.object.clone(), relation: "references", to: map })
            .filter(|_| first != aim.object)
            .chain(facts.owners().links(&first))
            .collect(),
        symptoms: pods
            .iter()
            .map(|p| Symptom {
                object: p.reference(),
                summary: format!("CreateContainerConfigError: the ConfigMap `{name}` does not exist"),
            })
            .collect(),
        remedy: match &meant {
            Some(right) if expressible => correct(aim, &uses, name, right, near.first().copied()),
            Some(right) => by_hand(
                aim,
                name,
                &[right.as_str()],
                "the reference stands in a list whose elements kubemend cannot point at, or in a volume as well",
            ),
            None => open(aim, namespace, name, listed_all, &near, &holders),
        },
    })
}

/// Containers that the kubelet cannot make for want of configuration: name, message, and where it says so.
fn refusals(pod: &Pod) -> Vec<(&str, &str, FieldPath)> {
    let Some(status) = pod.status.as_ref() else { return Vec::new() };
    let lists = [("initContainerStatuses", &status.init_container_statuses), ("containerStatuses", &status.container_statuses)];
    let mut found = Vec::new();
    for (field, statuses) in lists {
        for s in statuses.iter().flatten() {
            let Some(waiting) = s.state.as_ref().and_then(|s| s.waiting.as_ref()) else { continue };
            if waiting.reason.as_deref() == Some("CreateContainerConfigError") {
                let message = waiting.message.as_deref().unwrap_or_default();
                found.push((s.name.as_str(), message, seen::waiting_message(field, &s.name)));
            }
        }
    }
    found
}

fn says_missing(message: &str, name: &str) -> bool {
    message.to_ascii_lowercase().contains("configmap") && message.contains(&format!("\"{name}\"")) && message.contains("not found")
}

/// Whether a volume of the same template takes the missing ConfigMap too.
fn in_volumes(spec: &PodSpec, name: &str) -> bool {
    spec.volumes.iter().flatten().any(|v| {
        let plain = v.config_map.as_ref().is_some_and(|c| c.name == name);
        let projected = v.projected.iter().flat_map(|p| p.sources.iter().flatten()).filter_map(|s| s.config_map.as_ref());
        plain || projected.into_iter().any(|c| c.name == name)
    })
}

fn in_namespace<'a>(facts: &Facts<'a>, namespace: &Namespace) -> impl Iterator<Item = &'a ConfigMap> {
    let made = |c: &&ConfigMap| !GENERATED.contains(&c.metadata.name.as_deref().unwrap_or_default());
    facts.all_in::<ConfigMap>(namespace).filter(|c| c.metadata.deletion_timestamp.is_none()).filter(made)
}

/// ConfigMaps that hold every key: those of a similar name, and the others.
fn candidates<'a>(facts: &Facts<'a>, namespace: &Namespace, name: &str, keys: &BTreeSet<&str>) -> (Vec<&'a ConfigMap>, Vec<&'a ConfigMap>) {
    let (near, others): (Vec<_>, Vec<_>) = in_namespace(facts, namespace)
        .filter(|c| keys.iter().all(|k| holds(c, k)))
        .partition(|c| c.metadata.name.as_deref().is_some_and(|n| related(n, name) || is_slip(n, name)));
    (near, if keys.is_empty() { Vec::new() } else { others })
}

fn holds(map: &ConfigMap, key: &str) -> bool {
    map.data.as_ref().is_some_and(|d| d.contains_key(key)) || map.binary_data.as_ref().is_some_and(|d| d.contains_key(key))
}

/// Every reference to the missing name, the optional ones too where the other map has their key.
fn correct(aim: &Stuck<'_>, uses: &[Use<'_>], wrong: &str, right: &str, map: Option<&ConfigMap>) -> Remedy {
    let too = |u: &&Use<'_>| !u.optional || u.key.is_some_and(|k| map.is_some_and(|m| holds(m, k)));
    let ops: Vec<_> = uses.iter().filter(too).filter_map(|u| u.path.clone()).map(|path| advise::set(path, right)).collect();
    let Some(ops) = NonEmpty::from_vec(ops) else { return Remedy::default() };
    let why =
        format!("the ConfigMap `{wrong}` does not exist; `{right}` is the only one of a similar name that holds every key which is taken");
    let mut remedy = advise::change(&aim.object, aim.obstacle.as_ref(), ops, &why, Risk::Low);
    if !remedy.proposals.is_empty() {
        remedy.checks.extend(aim.check());
    }
    remedy
}

fn by_hand(aim: &Stuck<'_>, wrong: &str, right: &[&str], why: &str) -> Remedy {
    let text = format!(
        "point {} `{}` from the ConfigMap `{wrong}` to the one that was meant: {}",
        aim.object.kind,
        aim.object.name,
        listed(right)
    );
    let command = format!("kubectl{} edit {}", advise::in_namespace(&aim.object), aim.object.slashed());
    let command = aim.obstacle.is_none().then_some(command);
    Remedy { advice: vec![Advice { text, command, why: why.to_owned() }], ..Remedy::default() }
}

fn open(aim: &Stuck<'_>, namespace: &Namespace, name: &str, known: bool, near: &[&ConfigMap], holders: &[&ConfigMap]) -> Remedy {
    let names = |maps: &[&ConfigMap]| maps.iter().filter_map(|c| c.metadata.name.clone()).take(10).collect::<Vec<_>>();
    let (similar, others) = (names(near), names(holders));
    let all: Vec<&str> = similar.iter().chain(others.iter()).map(String::as_str).collect();
    if known && !all.is_empty() {
        return by_hand(aim, name, &all, "which of them was meant, if any, cannot be told from the cluster");
    }
    let why = if known {
        "what it is meant to hold is not known"
    } else {
        "the ConfigMaps could not be read, so neither what exists nor what it holds is known"
    };
    Remedy {
        advice: vec![Advice {
            text: format!(
                "make the ConfigMap `{name}` in `{namespace}` with what the container needs, or correct its name in {} `{}`",
                aim.object.kind, aim.object.name
            ),
            command: None,
            why: why.to_owned(),
        }],
        ..Remedy::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analyze::testing::{App, World, changes, cluster, deployment, pod};
    use serde_json::json;

    fn checkout(env: serde_json::Value) -> App {
        deployment("checkout")
            .spec(json!({"containers": [{"name": "app", "image": "a:1", "env": env}]}))
            .waiting("CreateContainerConfigError", r#"configmap "app-config" not found"#)
    }

    fn key(variable: &str, map: &str, key: &str) -> serde_json::Value {
        json!({"name": variable, "valueFrom": {"configMapKeyRef": {"name": map, "key": key}}})
    }

    fn shop() -> World {
        cluster()
            .config_map("app-configuration", &["LOG_LEVEL", "URL"])
            .config_map("feature-flags", &["URL"])
            .config_map("kube-root-ca.crt", &["URL"])
    }

    #[test]
    fn every_reference_is_corrected_to_the_similar_map_that_holds_the_keys() {
        let found = shop()
            .app(checkout(json!([key("A", "app-config", "URL"), {"name": "B", "value": "x"}, key("C", "app-config", "LOG_LEVEL")])))
            .only(CODE.0);
        assert_eq!(
            found.field_text().as_deref(),
            Some("spec.template.spec.containers[name=app].env[name=A].valueFrom.configMapKeyRef.name")
        );
        assert_eq!((found.found.as_deref(), found.expected.as_deref()), (Some("app-config"), Some("app-configuration")));
        let at =
            |v: &str| format!("spec.template.spec.containers[name=app].env[name={v}].valueFrom.configMapKeyRef.name=app-configuration");
        assert_eq!(changes(&found), [format!("patch deployment/checkout {} {}", at("A"), at("C"))]);
        assert_eq!(found.remedy.proposals[0].risk, Risk::Low);
    }

    #[test]
    fn map_without_every_key_was_not_meant() {
        let found = shop().app(checkout(json!([key("A", "app-config", "URL"), key("B", "app-config", "OTHER")]))).only(CODE.0);
        assert_eq!((found.remedy.proposals.len(), found.expected), (0, None));
    }

    #[test]
    fn several_similar_maps_are_a_question() {
        let found = shop().config_map("app-config-v2", &["URL"]).app(checkout(json!([key("A", "app-config", "URL")]))).only(CODE.0);
        assert_eq!(found.remedy.proposals, []);
        assert!(found.remedy.advice[0].text.contains("app-config-v2"));
    }

    #[test]
    fn reference_in_a_list_without_keys_gets_advice() {
        let app = deployment("checkout")
            .spec(json!({"containers": [{"name": "app", "image": "a:1", "envFrom": [{"configMapRef": {"name": "app-config"}}]}]}))
            .waiting("CreateContainerConfigError", r#"configmap "app-config" not found"#);
        let found = cluster().config_map("app-configuration", &["A"]).app(app).only(CODE.0);
        assert_eq!((found.remedy.proposals.len(), found.expected.as_deref()), (0, Some("app-configuration")));
    }

    #[test]
    fn init_container_is_told_apart() {
        let app = deployment("checkout")
            .spec(json!({"initContainers": [{"name": "migrate", "image": "m:1", "env": [key("A", "app-config", "URL")]}]}))
            .container_waiting("migrate", "CreateContainerConfigError", r#"configmap "app-config" not found"#);
        let found = shop().app(app).only(CODE.0);
        assert_eq!(
            found.field_text().as_deref(),
            Some("spec.template.spec.initContainers[name=migrate].env[name=A].valueFrom.configMapKeyRef.name")
        );
    }

    #[test]
    fn optional_references_and_existing_maps_are_silent() {
        let optional = json!([{"name": "A", "valueFrom": {"configMapKeyRef": {"name": "app-config", "key": "URL", "optional": true}}}]);
        assert_eq!(shop().app(checkout(optional)).found(CODE.0), []);
        let world = shop().app(checkout(json!([key("A", "feature-flags", "MISSING")])));
        assert_eq!(world.found(CODE.0), []);
        world.is_inconclusive_about("pod/checkout-rs1-0");
    }

    #[test]
    fn missing_secret_is_another_cause() {
        let app = checkout(json!([{"name": "A", "valueFrom": {"secretKeyRef": {"name": "app-config", "key": "URL"}}}]));
        assert_eq!(shop().app(app).found(CODE.0), []);
    }

    #[test]
    fn unreadable_maps_leave_the_kubelets_word() {
        let found = shop().app(checkout(json!([key("A", "app-config", "URL")]))).hiding(Kind::ConfigMap).only(CODE.0);
        assert_eq!((found.confidence, found.remedy.proposals.len(), found.expected), (TOLD, 0, None));
        assert!(found.remedy.advice[0].why.contains("could not be read"));
    }

    #[test]
    fn map_of_another_namespace_does_not_count() {
        let elsewhere = cluster()
            .object(json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "app-configuration", "namespace": "b-team"}, "data": {"URL": "x"}}))
            .app(checkout(json!([key("A", "app-config", "URL")])));
        assert_eq!(elsewhere.only(CODE.0).expected, None);
    }

    #[test]
    fn bare_pod_and_chart_get_advice() {
        let spec = json!({"containers": [{"name": "app", "image": "a:1", "env": [key("A", "app-config", "URL")]}]});
        for app in [pod("checkout"), deployment("checkout").helm()] {
            let app = app.spec(spec.clone()).waiting("CreateContainerConfigError", r#"configmap "app-config" not found"#);
            assert_eq!(shop().app(app).only(CODE.0).remedy.proposals, []);
        }
    }

    #[test]
    fn pods_that_run_are_silent() {
        shop()
            .app(deployment("web").spec(json!({"containers": [{"name": "app", "image": "a:1", "env": [key("A", "app-config", "URL")]}]})))
            .is_silent();
    }
}
