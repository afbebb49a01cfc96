//! A container takes its environment from a ConfigMap that does not exist, beside one of a similar name that does.
//! The fix corrects the name. An empty ConfigMap of the wrong name would let the container start wrongly.

use super::super::rule::{Read, Rule, When};
use super::missing_map::{self, Look};
use crate::domain::cause::Code;
use crate::domain::finding::Finding;
use crate::domain::kind::Kind;
use crate::facts::Facts;
use crate::facts::references::Via;

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
/// Why the kubelet does not create a container.
const REFUSED: &str = "CreateContainerConfigError";
const LOOK: Look = Look { code: RULE.code, via: Via::Environment, waits: &[REFUSED], event: "Failed", cannot: "create the container" };

fn find(facts: &Facts<'_>) -> Vec<Finding> {
    missing_map::find(facts, &LOOK)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analyze::others::SHARED;
    use crate::analyze::testing::{App, World, changes, cluster, deployment, pod};
    use crate::domain::confidence::Confidence;
    use crate::domain::risk::Risk;
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
    fn name_of_the_release_before_a_map_that_holds_every_key_is_no_other_name() {
        let of = |instance: &str| json!({"app.kubernetes.io/instance": instance, "app.kubernetes.io/name": "portal"});
        let asks = json!([key("A", "portal-settings", "URL")]);
        let portal = || {
            deployment("edge-portal")
                .labels(of("edge"))
                .spec(json!({"containers": [{"name": "app", "image": "a:1", "env": asks.clone()}]}))
                .waiting("CreateContainerConfigError", r#"configmap "portal-settings" not found"#)
        };
        let world = || cluster().app(portal()).config_map("edge-portal-settings", &["URL"]);
        let labeled = |labels| world().edit("ConfigMap", "edge-portal-settings", json!({"metadata": {"labels": labels}})).only(RULE.code.0);
        for found in [world().only(RULE.code.0), labeled(of("edge"))] {
            assert_eq!((found.expected.as_deref(), changes(&found).len()), (Some("edge-portal-settings"), 1));
        }
        assert_eq!(labeled(of("core")).remedy.proposals, [], "it says that it is of another release");
    }

    fn asking(map: &str) -> App {
        let env = json!([{"name": "URL", "valueFrom": {"configMapKeyRef": {"name": map, "key": "URL"}}}]);
        let spec = json!({"containers": [{"name": "app", "image": "a:1", "env": env}]});
        deployment("checkout").spec(spec).waiting("CreateContainerConfigError", &format!(r#"configmap "{map}" not found"#))
    }

    #[test]
    fn map_that_a_ready_pod_or_another_workload_needs_is_no_slip() {
        let env = |optional: bool| json!([{"name": "A", "valueFrom": {"configMapKeyRef": {"name": "app-config", "key": "URL", "optional": optional}}}]);
        let other = |optional| deployment("other").spec(json!({"containers": [{"name": "app", "image": "a:1", "env": env(optional)}]}));
        let world = || shop().app(asking("app-config"));
        assert_eq!(changes(&world().only(RULE.code.0)).len(), 1);
        for (app, who) in [(other(false), "Pod `other-rs1-0` is ready"), (other(false).replicas(0), "Deployment `other` asks for")] {
            let found = world().app(app).only(RULE.code.0);
            assert_eq!((changes(&found), found.expected.clone()), (vec![], None), "{who}");
            assert!(found.confidence <= SHARED && found.explanation.contains(who), "{}", found.explanation);
        }
        assert_eq!(changes(&world().app(other(true)).only(RULE.code.0)).len(), 1, "who can do without shows nothing");
        let waits = other(false).waiting("CreateContainerConfigError", r#"configmap "app-config" not found"#);
        let found = world().app(waits).found(RULE.code.0);
        assert!(found.iter().all(|found| changes(found).len() == 1), "who waits for it shows nothing: {found:?}");
    }

    #[test]
    fn map_of_the_very_name_in_another_namespace_makes_it_a_question() {
        let there = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "app-config", "namespace": "b-team"}, "data": {"URL": "v"}});
        let world = || shop().app(asking("app-config"));
        let found = world().object(there.clone()).only(RULE.code.0);
        assert_eq!((changes(&found), found.expected.clone()), (vec![], None));
        assert!(found.confidence <= SHARED && found.explanation.contains("namespace `b-team` has a ConfigMap `app-config`"), "{found:?}");
        let mut other = there;
        other["data"] = json!({"LOG_LEVEL": "v"});
        assert_eq!(changes(&world().object(other).only(RULE.code.0)).len(), 1, "it does not hold what is taken");
    }

    #[test]
    fn map_that_is_ruled_out_but_as_close_makes_it_a_question() {
        let world = cluster().config_map("report", &["URL"]).config_map("reports", &["URL"]);
        let found = world.app(asking("reportz")).only(RULE.code.0);
        assert_eq!((found.remedy.proposals.len(), found.expected), (0, None));
        let text = &found.remedy.advice[0].text;
        assert!(text.contains("`report`") && text.contains("`reports`"), "{text}");
        assert!(text.contains("or create `reportz`"), "{text}");
    }

    #[test]
    fn map_that_is_for_something_else_is_never_called_the_one_that_was_meant() {
        let found = cluster().config_map("app-config-dev", &["URL"]).app(asking("app-config-prod")).only(RULE.code.0);
        assert_eq!((found.remedy.proposals.len(), found.expected), (0, None));
        assert!(found.remedy.advice.iter().all(|a| !a.text.contains("app-config-dev")), "{:?}", found.remedy);
        assert!(found.remedy.advice[0].text.contains("create the ConfigMap `app-config-prod`"), "{:?}", found.remedy);
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
    fn command_is_offered_only_where_it_works_and_what_would_revert_it_is_said() {
        let advice = |app: App| {
            let spec = json!({"containers": [{"name": "app", "image": "a:1", "env": [key("A", "app-config", "URL")]}]});
            let app = app.spec(spec).waiting("CreateContainerConfigError", r#"configmap "app-config" not found"#);
            let found = shop().config_map("app-config-v2", &["URL"]).app(app).only(RULE.code.0);
            let [advice] = found.remedy.advice.as_slice() else { panic!("{:?}", found.remedy) };
            (advice.command.clone(), advice.why.clone())
        };
        let (plain, _) = advice(deployment("checkout"));
        assert_eq!(plain.as_deref(), Some("kubectl edit deployment/checkout -n a-team"));
        let (bare, why) = advice(pod("checkout"));
        assert!(bare.is_none() && why.contains("cannot be changed"), "{bare:?} {why}");
        let (_, why) = advice(deployment("checkout").helm());
        assert!(why.contains("Helm release"), "{why}");
    }

    #[test]
    fn one_missing_map_in_two_containers_is_one_cause_and_one_plan() {
        let from = |name: &str| json!({"name": name, "image": "a:1", "envFrom": [{"configMapRef": {"name": "app-config"}}]});
        let mut second = from("exporter");
        second["envFrom"] = json!([{"secretRef": {"name": "keys"}}, {"configMapRef": {"name": "app-config"}}]);
        let app = deployment("checkout")
            .spec(json!({"containers": [from("app"), second]}))
            .waiting("CreateContainerConfigError", r#"configmap "app-config" not found"#);
        let found = cluster().config_map("app-configuration", &["A"]).app(app).only(RULE.code.0);
        let at = |place: &str| format!("spec.template.spec.containers{place}.configMapRef.name=app-configuration");
        assert_eq!(
            changes(&found),
            [format!("patch deployment/checkout {} {}", at("[name=app].envFrom[0]"), at("[name=exporter].envFrom[1]"))]
        );
        assert_eq!(found.confidence, Confidence::percent(85), "no key speaks for the other map");
        let said = format!("{} {}", found.explanation, found.remedy.proposals[0].why);
        assert!(!said.contains("key"), "no key is named, so none is promised: {said}");
        assert!(said.contains("2 places of Deployment `checkout` name it"), "{said}");
    }

    #[test]
    fn generators_suffix_is_what_a_name_without_it_meant() {
        let app = deployment("render")
            .spec(json!({"containers": [{"name": "app", "image": "a:1", "envFrom": [{"configMapRef": {"name": "cluster-config"}}]}]}))
            .waiting("CreateContainerConfigError", r#"configmap "cluster-config" not found"#);
        let found = cluster()
            .config_map("cluster-config-7h2f9m4k6t", &["A"])
            .config_map("render-scripts-5c8g4bkd2t", &["A"])
            .app(app)
            .only(RULE.code.0);
        assert_eq!(found.expected.as_deref(), Some("cluster-config-7h2f9m4k6t"));
    }

    #[test]
    fn chart_gets_the_whole_command_for_an_element_without_a_key() {
        let spec = json!({"containers": [{"name": "app", "image": "a:1", "envFrom": [{"configMapRef": {"name": "app-config"}}]}]});
        let app = deployment("checkout").helm().spec(spec).waiting("CreateContainerConfigError", r#"configmap "app-config" not found"#);
        let found = cluster().config_map("app-configuration", &["A"]).app(app).only(RULE.code.0);
        let command = found.remedy.advice[0].command.clone().unwrap();
        assert!(command.starts_with("kubectl patch deployment/checkout -n a-team --type=json"), "{command}");
        assert!(command.contains(r#"{"op":"test","path":"/spec/template/spec/containers/0/envFrom/0","value""#), "{command}");
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
