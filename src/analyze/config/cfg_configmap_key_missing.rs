//! A ConfigMap exists and lacks a key that a workload takes of it. What the key would hold is known to nobody here, so a human
//! decides: add it, do without it, or go back.

use super::super::draft::{Draft, go_back};
use super::super::quote::{self, Said, StatusWord, is_plain, listed};
use super::super::rule::{Read, Rule, When};
use super::maps::{self, holds};
use crate::domain::cause::Code;
use crate::domain::confidence::Confidence;
use crate::domain::field::FieldPath;
use crate::domain::finding::{Choice, Finding, Relation, Remedy, Way};
use crate::domain::kind::Kind;
use crate::domain::object::ObjectRef;
use crate::domain::snapshot::Resource;
use crate::facts::author::By;
use crate::facts::references::{Reference, Via, references};
use crate::facts::selected::runs_with_key;
use crate::facts::stuck::Stuck;
use crate::facts::{Facts, pods};
use k8s_openapi::api::core::v1::{ConfigMap, Event, Pod};
use std::collections::BTreeSet;

/// The cause.
pub(crate) const RULE: Rule = Rule {
    code: Code("cfg-configmap-key-missing"),
    says: "a ConfigMap exists and does not have a key that a workload takes from it",
    reads: &[
        Read::WORKLOADS,
        Read::EVENTS,
        Read::when(&[Kind::ConfigMap], When::AContainerWaits(&["CreateContainerConfigError", "ContainerCreating", "PodInitializing"])),
    ],
    find,
};
/// The map was read and lacks the key, and the kubelet says the same. Whether the key was lost, or never meant, is the doubt.
const SURE: Confidence = Confidence::percent(95);

fn find(facts: &Facts<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for stuck in facts.stuck() {
        let Some(namespace) = stuck.namespace() else { continue };
        let all = references(stuck.spec, &stuck.spec_path);
        let needed: Vec<&Reference<'_>> = all.iter().filter(|r| r.kind == Kind::ConfigMap && !r.optional && is_plain(r.name)).collect();
        for name in needed.iter().map(|r| r.name).collect::<BTreeSet<_>>() {
            let Some(map) = facts.find::<ConfigMap>(&ObjectRef::namespaced(Kind::ConfigMap, namespace, name)) else { continue };
            let places: Vec<&Reference<'_>> = needed.iter().copied().filter(|r| r.name == name).collect();
            found.extend(finding(facts, stuck, map, &places));
        }
    }
    found
}

fn finding(facts: &Facts<'_>, stuck: &Stuck<'_>, map: &ConfigMap, places: &[&Reference<'_>]) -> Option<Finding> {
    let wanted = places.iter().flat_map(|r| r.keys.iter().copied()).collect::<BTreeSet<_>>();
    let absent: Vec<&str> = wanted.into_iter().filter(|key| is_plain(key) && !holds(map, key)).collect();
    let lacks = |r: &&&Reference<'_>| r.keys.iter().any(|key| absent.contains(key));
    let event = |e: &Event| e.reason.as_deref() == Some("FailedMount") && e.message.as_deref().is_some_and(|m| is_about_volume(m, &absent));
    let status = |pod| {
        let refused = pods::waiting(pod).find(|w| w.reason == "CreateContainerConfigError");
        match refused {
            Some(w) if is_about_variable(w.message, &absent) => StatusWord::Says(quote::waiting_message(&w), w.message),
            Some(_) => StatusWord::Denies,
            None if pods::is_pending(pod) => StatusWord::Silent,
            None => StatusWord::Denies,
        }
    };
    // The kubelet's own words: it may have read the map before somebody took the key away, and started well.
    let said = |pod| quote::words(facts, pod, By::Kubelet, event, status);
    let (held, words): (Vec<&Pod>, Vec<Said>) = stuck.pods.iter().copied().filter_map(|pod| Some((pod, said(pod)?))).unzip();
    let (first, place) = (held.first()?, places.iter().find(lacks)?);
    let (object, there): (ObjectRef, Vec<&str>) = (map.reference(), maps::keys(map).collect());
    let (name, keys) = (&object.name, listed(&absent));
    let has = if there.is_empty() { "holds nothing".to_owned() } else { format!("holds {}", listed(&there)) };
    let at = FieldPath::dotted("data").key(absent.first()?);
    // That it lacks the key was read, so who runs with it does not refute that: it shows that the key was there, and is to be added.
    let runs = absent.iter().find_map(|key| Some((key, runs_with_key(facts, &object, key)?.reference())));
    let held_before = runs.map(|(key, pod)| format!(" It had `{key}` when {} started, which is ready and takes it too.", pod.in_words()));
    let wants = places.iter().filter(lacks).map(|r| quote::field(facts, &stuck.object, r.path.clone(), r.name));
    Draft::about(facts, RULE.code, &object, SURE)
        .text(
            format!("the ConfigMap `{name}` does not have {keys}, which {stuck} takes from it"),
            format!(
                "{stuck} takes {keys} from the ConfigMap `{name}` of namespace `{}`. The ConfigMap exists and {has}, so the kubelet cannot {}.{}",
                stuck.namespace()?,
                if place.via == Via::Volume { "mount the volume" } else { "create the container" },
                held_before.unwrap_or_default()
            ),
        )
        .rests_on(quote::quoted(words))
        .saw([quote::object(facts, &object, &has)])
        .saw(wants.take(quote::QUOTED_PODS))
        .at(at)
        .link(&stuck.object, Relation::References, &object)
        .owned(first)
        .holds(held.iter().copied(), &format!("the ConfigMap `{name}` does not have {keys}"))
        .fix(remedy(facts, stuck, &object, &keys))
}

fn is_about_variable(text: &str, keys: &[&str]) -> bool {
    keys.iter().any(|key| text.contains(&format!("couldn't find key {key} in ConfigMap")))
}

fn is_about_volume(text: &str, keys: &[&str]) -> bool {
    keys.iter().any(|key| text.ends_with(&format!("non-existent config key: {key}")))
}

/// Every way, for a human to choose.
fn remedy(facts: &Facts<'_>, stuck: &Stuck<'_>, map: &ObjectRef, keys: &str) -> Remedy {
    let why = "what the keys are meant to hold is not known, and kubemend invents no values";
    let choice = |text: String, way: Way, why: &str| Choice { text, way, why: why.to_owned() };
    let add = format!("add {keys} to the ConfigMap `{}`, at its source if it has one", map.name);
    let without = format!("or mark the references of {stuck} to them as optional, if the program can do without");
    let mut choices = vec![choice(add, Way::Edit(map.clone()), why), choice(without, Way::Edit(stuck.object.clone()), why)];
    choices.extend(go_back(facts, &stuck.object));
    Remedy { choices, ..Remedy::default() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analyze::testing::{App, World, cluster, deployment};
    use serde_json::{Value, json};

    fn gateway(keys: &[&str]) -> App {
        let env: Vec<Value> = keys
            .iter()
            .map(|key| json!({"name": key.to_uppercase(), "valueFrom": {"configMapKeyRef": {"name": "env-config", "key": key}}}))
            .collect();
        deployment("gateway")
            .spec(json!({"containers": [{"name": "app", "image": "a:2", "env": env}]}))
            .waiting("CreateContainerConfigError", "couldn't find key awsRegion in ConfigMap a-team/env-config")
    }

    fn world(app: App) -> World {
        cluster().config_map("env-config", &["logLevel"]).app(app)
    }

    #[test]
    fn keys_that_a_map_lost_are_named_and_no_value_is_made_up() {
        let found = world(gateway(&["logLevel", "awsRegion", "awsAccountId"]).before(1, "a:1", 2)).only(RULE.code.0);
        assert_eq!((found.object.slashed().as_str(), found.field_text().as_deref()), ("configmap/env-config", Some("data.awsAccountId")));
        assert!(found.title.contains("`awsAccountId` and `awsRegion`"), "{}", found.title);
        assert!(found.explanation.contains("holds `logLevel`"), "{}", found.explanation);
        assert_eq!((found.remedy.proposals.len(), found.expected.as_deref()), (0, None));
        let commands: Vec<&str> = found.remedy.advice.iter().filter_map(|a| a.command.as_deref()).collect();
        assert_eq!(
            commands,
            [
                "kubectl edit configmap/env-config -n a-team",
                "kubectl edit deployment/gateway -n a-team",
                "kubectl rollout undo deployment/gateway -n a-team --to-revision=1"
            ]
        );
    }

    #[test]
    fn item_of_a_volume_that_the_map_does_not_have_is_the_same_cause() {
        let volume = json!({"name": "c", "configMap": {"name": "env-config", "items": [{"key": "app.yml", "path": "app.yml"}]}});
        let app = deployment("gateway").spec(json!({"volumes": [volume]})).starting("2026-01-01T11:58:00Z");
        let world = world(app);
        assert_eq!(world.found(RULE.code.0), []);
        let said = r#"MountVolume.SetUp failed for volume "c" : references non-existent config key: app.yml"#;
        let found = world.event("Pod", "gateway-rs1-0", "FailedMount", said).only(RULE.code.0);
        assert_eq!(found.field_text().as_deref(), Some("data[\"app.yml\"]"));
    }

    #[test]
    fn key_that_a_ready_pod_takes_too_was_there() {
        let other = deployment("other").spec(json!({"containers": [{"name": "app", "image": "a:1", "env": [
            {"name": "R", "valueFrom": {"configMapKeyRef": {"name": "env-config", "key": "awsRegion"}}}]}]}));
        let found = world(gateway(&["awsRegion"])).app(other).only(RULE.code.0);
        assert!(found.explanation.contains("It had `awsRegion` when Pod `other-rs1-0` started"), "{}", found.explanation);
    }

    #[test]
    fn keys_that_are_there_or_not_needed_are_silent() {
        assert_eq!(world(gateway(&["logLevel"])).found(RULE.code.0), []);
        let optional =
            json!([{"name": "A", "valueFrom": {"configMapKeyRef": {"name": "env-config", "key": "awsRegion", "optional": true}}}]);
        let app = deployment("gateway").spec(json!({"containers": [{"name": "app", "image": "a:2", "env": optional}]}));
        world(app).is_silent();
    }

    #[test]
    fn pod_that_waits_for_another_reason_is_silent() {
        let app = gateway(&["awsRegion"]).waiting("ImagePullBackOff", "not this");
        assert_eq!(world(app).found(RULE.code.0), []);
    }
}
