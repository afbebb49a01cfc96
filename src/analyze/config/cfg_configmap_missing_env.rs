//! A container takes an environment variable from a ConfigMap that does not exist, beside one of a similar name that does.
//! The fix corrects the name. An empty ConfigMap of the wrong name would let the container start wrongly.

use super::super::draft::{Draft, advise, change, patch, propose};
use super::super::meant::{Meant, Sure};
use super::super::quote::{self, is_plain, listed};
use super::super::references::{Reference, Via, references};
use super::super::rule::{Read, Rule, When};
use super::maps::{Maps, holds};
use crate::domain::cause::Code;
use crate::domain::field::FieldPath;
use crate::domain::finding::{Finding, Remedy};
use crate::domain::kind::Kind;
use crate::domain::kubectl;
use crate::domain::object::ObjectRef;
use crate::domain::risk::Risk;
use crate::domain::snapshot::Resource;
use crate::facts::stuck::Stuck;
use crate::facts::{Facts, pods};
use k8s_openapi::api::core::v1::{ConfigMap, Pod};
use std::collections::BTreeSet;

/// The cause.
pub(crate) const RULE: Rule = Rule {
    code: Code("cfg-configmap-missing-env"),
    says: "an environment variable comes from a ConfigMap that does not exist",
    reads: &[
        Read::WORKLOADS,
        Read::EVENTS,
        // A container that is still being created may come to wait for its configuration a moment later.
        Read::when(&[Kind::ConfigMap], When::AContainerWaits(&[REFUSED, "ContainerCreating", "PodInitializing"])),
    ],
    find,
};
/// One ConfigMap of a similar name holds every key: that it was meant is the doubt. Where none or several do, only that the
/// named one is missing is certain. Where they could not be read, only the kubelet says so.
const SURE: Sure = Sure::percent(92, 90, 80);
/// Why the kubelet does not create a container.
const REFUSED: &str = "CreateContainerConfigError";
fn find(facts: &Facts<'_>) -> Vec<Finding> {
    let (mut found, maps) = (Vec::new(), Maps::of(facts));
    for stuck in facts.stuck() {
        let all = references(stuck.spec, &stuck.spec_path);
        let wanted: BTreeSet<&str> = all.iter().filter(|r| !r.optional && is_plain(r.name) && names(r, r.name)).map(|r| r.name).collect();
        found.extend(wanted.into_iter().filter_map(|name| finding(facts, &maps, stuck, &all, name)));
    }
    found
}

/// Whether a container's environment comes from this ConfigMap.
fn names(reference: &Reference<'_>, map: &str) -> bool {
    (reference.via, &reference.kind, reference.name) == (Via::Environment, &Kind::ConfigMap, map)
}

fn finding(facts: &Facts<'_>, maps: &Maps<'_, '_>, stuck: &Stuck<'_>, all: &[Reference<'_>], name: &str) -> Option<Finding> {
    let map = ObjectRef::namespaced(Kind::ConfigMap, stuck.namespace()?, name);
    if facts.has(&map) {
        return None;
    }
    let needed: Vec<&Reference<'_>> = all.iter().filter(|r| !r.optional && names(r, name)).collect();
    let says =
        |text: &str| text.to_ascii_lowercase().contains("configmap") && text.contains(&format!("\"{name}\"")) && text.contains("not found");
    let counts = |text: &str| facts.is_whole(&Kind::ConfigMap) || says(text);
    let present = |p: &&Pod| p.spec.as_ref().is_some_and(|s| references(s, &FieldPath::root()).iter().any(|r| names(r, name)));
    let held: Vec<&Pod> = stuck.pods.iter().copied().filter(|p| refused(p, &needed, counts).is_some()).filter(present).collect();
    let first = held.first()?;
    let keys: Vec<&str> = needed.iter().filter_map(|u| u.key).collect::<BTreeSet<_>>().into_iter().collect();
    let meant = maps.meant(stuck.namespace()?, name, &keys);
    let takes = if keys.is_empty() { "all its keys".to_owned() } else { format!("the keys {}", listed(&keys)) };
    let (hint, more) = match (meant.name(), &meant) {
        (Some(right), _) => (format!("; `{right}` is probably meant"), format!(" `{right}` has a similar name and has {takes}.")),
        (None, Meant::Unread) => {
            (String::new(), " The ConfigMaps could not be read, so whether one of a similar name exists is not known.".to_owned())
        }
        (None, _) => (String::new(), String::new()),
    };
    let event = |e: &k8s_openapi::api::core::v1::Event| e.reason.as_deref() == Some("Failed") && e.message.as_deref().is_some_and(says);
    let draft = Draft::about(facts, RULE.code, &stuck.object, SURE.of(&meant))
        .text(
            format!("{stuck} refers to the ConfigMap `{name}`, which does not exist{hint}"),
            format!("{stuck} takes {takes} of the ConfigMap `{name}` into its environment, which does not exist, so the kubelet cannot create the container.{more}"),
        )
        .saw(quote::words_of(facts, &held, event, |p| refused(p, &needed, counts).map(|w| (quote::waiting_message(&w), w.message))))
        .seen_value(needed.iter().find_map(|u| u.path.as_ref()), name, meant.name())
        .saw(quote::absent(facts, &map, maps.names(stuck.namespace()?)));
    let draft = if first.reference() == stuck.object { draft } else { draft.link(&stuck.object, "references", &map) };
    draft
        .owned(first)
        .holds(held.iter().copied(), &format!("{REFUSED}: the ConfigMap `{name}` does not exist"))
        .fix(remedy(stuck, all, name, &meant))
}

/// A container that the kubelet does not create for want of this configuration.
fn refused<'p>(pod: &'p Pod, needed: &[&Reference<'_>], counts: impl Fn(&str) -> bool) -> Option<pods::Waiting<'p>> {
    pods::waiting(pod).find(|w| w.reason == REFUSED && needed.iter().any(|u| u.by == w.container) && counts(w.message))
}

fn remedy(stuck: &Stuck<'_>, all: &[Reference<'_>], wrong: &str, meant: &Meant<'_, ConfigMap>) -> Remedy {
    let uses = || all.iter().filter(|r| names(r, wrong));
    let in_volume = all.iter().any(|r| (r.via, &r.kind, r.name) == (Via::Volume, &Kind::ConfigMap, wrong));
    let can_be_set = !in_volume && uses().all(|u| u.optional || u.path.is_some());
    let why = match meant {
        Meant::One(map) if can_be_set => {
            let right = meant.name().unwrap_or_default();
            // An optional reference goes along where the other map has its key, and stays where it is harmless otherwise.
            let goes = |u: &&Reference<'_>| !u.optional || u.key.is_some_and(|k| holds(map, k));
            let ops = uses().filter(goes).filter_map(|u| u.path.clone()).map(|path| change(path, wrong, right)).collect();
            let why = format!("the ConfigMap `{wrong}` does not exist; only `{right}` has a similar name and every key that is needed");
            return propose(patch(&stuck.object, ops), &why, Risk::Low, stuck.check());
        }
        Meant::One(_) => "the reference stands in a list whose elements kubemend cannot point at, or in a volume as well",
        Meant::OneOf(_) => "nothing in the cluster tells which of them was meant, if any",
        Meant::Nothing => "what it is meant to hold is not known",
        Meant::Unread => "the ConfigMaps could not be read, so neither what exists nor what it holds is known",
    };
    match meant.names().as_slice() {
        [] => advise(format!("create the ConfigMap `{wrong}` with what the container needs, or correct its name in {stuck}"), None, why),
        right => {
            let text = format!("change the ConfigMap in {stuck} from `{wrong}` to the one that was meant: {}", listed(right));
            advise(text, Some(kubectl::on("edit", &stuck.object)), why)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analyze::testing::{App, World, changes, cluster, deployment, pod};
    use crate::domain::confidence::Confidence;
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
            .only(RULE.code.0);
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
        let found = shop().app(checkout(json!([key("A", "app-config", "URL"), key("B", "app-config", "OTHER")]))).only(RULE.code.0);
        assert_eq!((found.remedy.proposals.len(), found.expected), (0, None));
    }

    #[test]
    fn several_similar_maps_are_a_question() {
        let found = shop().config_map("app-config-v2", &["URL"]).app(checkout(json!([key("A", "app-config", "URL")]))).only(RULE.code.0);
        assert_eq!(found.remedy.proposals, []);
        assert!(found.remedy.advice[0].text.contains("app-config-v2"));
    }

    #[test]
    fn reference_in_a_list_without_keys_gets_advice() {
        let app = deployment("checkout")
            .spec(json!({"containers": [{"name": "app", "image": "a:1", "envFrom": [{"configMapRef": {"name": "app-config"}}]}]}))
            .waiting("CreateContainerConfigError", r#"configmap "app-config" not found"#);
        let found = cluster().config_map("app-configuration", &["A"]).app(app).only(RULE.code.0);
        assert_eq!((found.remedy.proposals.len(), found.expected.as_deref()), (0, Some("app-configuration")));
    }

    #[test]
    fn init_container_is_told_apart() {
        let app = deployment("checkout")
            .spec(json!({"initContainers": [{"name": "migrate", "image": "m:1", "env": [key("A", "app-config", "URL")]}]}))
            .container_waiting("migrate", "CreateContainerConfigError", r#"configmap "app-config" not found"#);
        let found = shop().app(app).only(RULE.code.0);
        assert_eq!(
            found.field_text().as_deref(),
            Some("spec.template.spec.initContainers[name=migrate].env[name=A].valueFrom.configMapKeyRef.name")
        );
    }

    #[test]
    fn optional_references_and_existing_maps_are_silent() {
        let optional = json!([{"name": "A", "valueFrom": {"configMapKeyRef": {"name": "app-config", "key": "URL", "optional": true}}}]);
        assert_eq!(shop().app(checkout(optional)).found(RULE.code.0), []);
        let world = shop().app(checkout(json!([key("A", "feature-flags", "MISSING")])));
        assert_eq!(world.found(RULE.code.0), []);
        world.is_inconclusive_about("pod/checkout-rs1-0");
    }

    #[test]
    fn missing_secret_is_another_cause() {
        let app = checkout(json!([{"name": "A", "valueFrom": {"secretKeyRef": {"name": "app-config", "key": "URL"}}}]));
        assert_eq!(shop().app(app).found(RULE.code.0), []);
    }

    #[test]
    fn unreadable_maps_leave_the_kubelets_word() {
        let found = shop().app(checkout(json!([key("A", "app-config", "URL")]))).hiding(Kind::ConfigMap).only(RULE.code.0);
        assert_eq!((found.confidence, found.remedy.proposals.len(), found.expected), (Confidence::percent(80), 0, None));
        assert!(found.remedy.advice[0].why.contains("could not be read"));
    }

    #[test]
    fn map_of_another_namespace_does_not_count() {
        let elsewhere = cluster()
            .object(json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "app-configuration", "namespace": "b-team"}, "data": {"URL": "x"}}))
            .app(checkout(json!([key("A", "app-config", "URL")])));
        assert_eq!(elsewhere.only(RULE.code.0).expected, None);
    }

    #[test]
    fn bare_pod_and_chart_get_advice() {
        let spec = json!({"containers": [{"name": "app", "image": "a:1", "env": [key("A", "app-config", "URL")]}]});
        for app in [pod("checkout"), deployment("checkout").helm()] {
            let app = app.spec(spec.clone()).waiting("CreateContainerConfigError", r#"configmap "app-config" not found"#);
            assert_eq!(shop().app(app).only(RULE.code.0).remedy.proposals, []);
        }
    }

    #[test]
    fn pods_that_run_are_silent() {
        shop()
            .app(deployment("web").spec(json!({"containers": [{"name": "app", "image": "a:1", "env": [key("A", "app-config", "URL")]}]})))
            .is_silent();
    }
}
