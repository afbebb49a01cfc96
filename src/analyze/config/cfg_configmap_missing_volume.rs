//! A volume is made of a ConfigMap that does not exist, beside one of a similar name that does.
//! The fix corrects the name. An empty ConfigMap of the wrong name would mount a volume without the file that is needed.

use super::super::rule::{Read, Rule, When};
use super::missing_map::{self, Look};
use crate::domain::cause::Code;
use crate::domain::finding::Finding;
use crate::domain::kind::Kind;
use crate::facts::Facts;
use crate::facts::references::Via;

/// The cause.
pub(crate) const RULE: Rule = Rule {
    code: Code("cfg-configmap-missing-volume"),
    says: "a volume is made of a ConfigMap that does not exist",
    reads: &[Read::WORKLOADS, Read::EVENTS, Read::when(&[Kind::ConfigMap], When::AContainerWaits(WAITS))],
    find,
};
/// No container is created before every volume is mounted.
const WAITS: &[&str] = &["ContainerCreating", "PodInitializing"];
const LOOK: Look = Look {
    code: RULE.code,
    via: Via::Volume,
    waits: WAITS,
    event: "FailedMount",
    cannot: "mount the volume, and none of the containers starts",
};

fn find(facts: &Facts<'_>) -> Vec<Finding> {
    missing_map::find(facts, &LOOK)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analyze::testing::{App, World, changes, cluster, deployment};
    use serde_json::{Value, json};

    const SINCE: &str = "2026-01-01T11:58:00Z";

    fn todo(volume: Value) -> App {
        let mounts = json!([{"name": "config", "mountPath": "/etc/todo/config.yml", "subPath": "config.yml"}]);
        let spec = json!({"containers": [{"name": "app", "image": "a:1", "volumeMounts": mounts}], "volumes": [volume]});
        deployment("todo").spec(spec).starting(SINCE)
    }

    fn told(world: World) -> World {
        let said = r#"MountVolume.SetUp failed for volume "config" : configmap "todo-todo-config" not found"#;
        world.event("Pod", "todo-rs1-0", "FailedMount", said)
    }

    #[test]
    fn volume_is_pointed_to_the_map_that_holds_the_mounted_file() {
        let app = todo(json!({"name": "config", "configMap": {"name": "todo-todo-config"}}));
        let found = told(cluster().config_map("todo-config", &["config.yml"]).app(app)).only(RULE.code.0);
        assert_eq!(changes(&found), ["patch deployment/todo spec.template.spec.volumes[name=config].configMap.name=todo-config"]);
        assert!(found.explanation.contains("has the keys `config.yml`"), "{}", found.explanation);
    }

    #[test]
    fn map_without_the_mounted_file_was_not_meant() {
        let app = todo(json!({"name": "config", "configMap": {"name": "todo-todo-config"}}));
        let found = told(cluster().config_map("todo-config", &["other.yml"]).app(app)).only(RULE.code.0);
        assert_eq!((found.remedy.proposals.len(), found.expected), (0, None));
    }

    #[test]
    fn projected_source_is_changed_by_its_place() {
        let sources = json!([{"secret": {"name": "keys"}}, {"configMap": {"name": "todo-todo-config"}}]);
        let app = todo(json!({"name": "config", "projected": {"sources": sources}}));
        let found = told(cluster().config_map("todo-config", &["config.yml"]).app(app)).only(RULE.code.0);
        let at = "spec.template.spec.volumes[name=config].projected.sources[1].configMap.name";
        assert_eq!(changes(&found), [format!("patch deployment/todo {at}=todo-config")]);
    }

    #[test]
    fn variables_of_the_same_map_go_along() {
        let env = json!([{"name": "A", "valueFrom": {"configMapKeyRef": {"name": "todo-todo-config", "key": "config.yml"}}}]);
        let spec = json!({"containers": [{"name": "app", "image": "a:1", "env": env}],
            "volumes": [{"name": "config", "configMap": {"name": "todo-todo-config"}}]});
        let world = cluster().config_map("todo-config", &["config.yml"]).app(deployment("todo").spec(spec).starting(SINCE));
        let ops = changes(&told(world).only(RULE.code.0));
        assert!(ops[0].contains("env[name=A].valueFrom.configMapKeyRef.name=") && ops[0].contains("volumes[name=config]"), "{ops:?}");
    }

    #[test]
    fn volumes_that_may_be_absent_or_are_there_are_silent() {
        for (name, optional) in [("todo-todo-config", true), ("todo-config", false)] {
            let app = todo(json!({"name": "config", "configMap": {"name": name, "optional": optional}}));
            let world = cluster().config_map("todo-config", &["config.yml"]).app(app);
            assert_eq!(world.found(RULE.code.0), []);
        }
    }

    #[test]
    fn unreadable_maps_leave_the_kubelets_word() {
        let world = cluster().app(todo(json!({"name": "config", "configMap": {"name": "todo-todo-config"}}))).hiding(Kind::ConfigMap);
        assert_eq!(world.found(RULE.code.0), []);
        assert_eq!(told(world).only(RULE.code.0).remedy.proposals, []);
    }
}
