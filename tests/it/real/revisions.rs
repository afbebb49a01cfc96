//! What controllers say of the templates that Pods were made of: kubemend reads this and no ControllerRevisions, so it has to be so.

use super::world;
use crate::support::notes::did_not_run;
use crate::support::objects::{Kind, name};
use crate::support::world::Place;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

fn set(kind: &str, value: &str) -> Value {
    let mut set = json!({"apiVersion": "apps/v1", "kind": kind, "metadata": {"name": "agent"}, "spec": {
        "selector": {"matchLabels": {"app": "agent"}}, "updateStrategy": {"type": "OnDelete"},
        "template": {"metadata": {"labels": {"app": "agent"}}, "spec": {"terminationGracePeriodSeconds": 0,
            "containers": [{"name": "main", "image": "nginx:1.27", "env": [{"name": "TEMPLATE", "value": value}]}]}}}});
    if kind == "StatefulSet" {
        set["spec"]["replicas"] = json!(2);
        set["spec"]["serviceName"] = json!("agent");
    }
    set
}

/// The set and its Pods, in the order of their names, once this holds.
async fn once(place: &Place, kind: &str, holds: impl Fn(&Value, &[Value]) -> bool) -> (Value, Vec<Value>) {
    let begin = Instant::now();
    loop {
        let set = place.list(Kind::named(kind)).await.remove(0);
        let mut pods = place.list(Kind::named("Pod")).await;
        pods.retain(|pod| pod["metadata"]["deletionTimestamp"].is_null());
        pods.sort_by_key(|pod| name(pod).to_owned());
        let seen = set["status"]["observedGeneration"] == set["metadata"]["generation"];
        if seen && pods.len() == 2 && holds(&set, &pods) {
            return (set, pods);
        }
        assert!(begin.elapsed() < Duration::from_secs(60), "{set:#}\n{pods:#?}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// Lets the controller make one of the Pods anew.
async fn replace(place: &Place, pod: &Value) {
    let path = format!("{}/{}", Kind::named("Pod").path(&place.name), name(pod));
    place.world.ask("DELETE", &path, "application/json", Vec::new()).await.unwrap();
}

fn label(pod: &Value, key: &str) -> String {
    pod["metadata"]["labels"][key].as_str().unwrap_or_default().to_owned()
}

const HASH: &str = "controller-revision-hash";

#[tokio::test]
async fn daemon_set_counts_its_templates_and_its_pods_say_of_which_they_are() {
    let world = world!();
    if world.run.is_none() {
        return did_not_run("the templates of a DaemonSet", "it needs the two nodes of the tests' own cluster");
    }
    let place = world.place("agents").await;
    place.apply(&set("DaemonSet", "a")).await;
    let (_, pods) = once(&place, "DaemonSet", |set, _| set["status"]["updatedNumberScheduled"] == 2).await;
    let first = label(&pods[0], HASH);
    place.apply(&set("DaemonSet", "b")).await;
    once(&place, "DaemonSet", |set, _| set["status"]["updatedNumberScheduled"].as_u64().unwrap_or(0) == 0).await;
    replace(&place, &pods[0]).await;
    let is_second = |pod: &Value| label(pod, HASH) != first;
    let (set_of_b, pods) =
        once(&place, "DaemonSet", |set, pods| set["status"]["updatedNumberScheduled"] == 1 && pods.iter().any(is_second)).await;
    const NUMBER: &str = "deprecated.daemonset.template.generation";
    assert_eq!(set_of_b["metadata"]["annotations"][NUMBER], "2");
    for pod in &pods {
        assert_eq!(label(pod, "pod-template-generation"), if is_second(pod) { "2" } else { "1" });
    }
    // The first template comes back: its number is new, the revision of its Pods is the same, and the count says that one is of it.
    place.apply(&set("DaemonSet", "a")).await;
    let (back, pods) = once(&place, "DaemonSet", |set, _| set["metadata"]["annotations"][NUMBER] == "3").await;
    assert_eq!(back["status"]["updatedNumberScheduled"], 1);
    assert!(pods.iter().all(|pod| label(pod, "pod-template-generation") != "3"));
    let second = pods.into_iter().find(is_second).unwrap();
    replace(&place, &second).await;
    let (_, pods) = once(&place, "DaemonSet", |set, _| set["status"]["updatedNumberScheduled"] == 2).await;
    assert!(pods.iter().all(|pod| label(pod, HASH) == first));
    place.end().await;
}

#[tokio::test]
async fn stateful_set_names_the_revision_that_its_newest_pods_carry() {
    let world = world!();
    if world.run.is_none() {
        return did_not_run("the revisions of a StatefulSet", "it needs the made images of the tests' own cluster");
    }
    let place = world.place("agents").await;
    place.apply(&set("StatefulSet", "a")).await;
    let (before, pods) = once(&place, "StatefulSet", |set, _| set["status"]["readyReplicas"] == 2).await;
    assert!(pods.iter().all(|pod| label(pod, HASH) == before["status"]["updateRevision"].as_str().unwrap()));
    place.apply(&set("StatefulSet", "b")).await;
    let (changed, pods) = once(&place, "StatefulSet", |set, _| set["metadata"]["generation"] == 2).await;
    let newest = changed["status"]["updateRevision"].as_str().unwrap();
    assert!(pods.iter().all(|pod| label(pod, HASH) != newest), "none is made of it yet: {changed:#}");
    replace(&place, &pods[1]).await;
    once(&place, "StatefulSet", |set, pods| set["status"]["updatedReplicas"] == 1 && label(&pods[1], HASH) == newest).await;
    place.end().await;
}
