//! The scenario folders, played through here: the symptoms come by themselves, the right writes heal.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::{Value, json};

use super::*;

fn folder(case: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/cases").join(case)
}

fn yaml(path: &Path) -> Value {
    serde_saphyr::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

/// Whether a word of `until` or `healed` holds.
fn holds(sim: &Sim, namespace: &str, word: &Value) -> bool {
    let objects = sim.objects();
    let here = |kind: &str, pattern: &str| -> Vec<Value> {
        let prefix = pattern.strip_suffix('*');
        objects
            .iter()
            .filter(|object| object["kind"].as_str().unwrap().to_lowercase() == kind)
            .filter(|object| object["metadata"]["namespace"] == namespace)
            .filter(|object| {
                let name = object["metadata"]["name"].as_str().unwrap();
                prefix.map_or(name == pattern, |prefix| name.starts_with(prefix))
            })
            .cloned()
            .collect()
    };
    let of = |text: &Value| -> Vec<Value> {
        let (kind, name) = text.as_str().unwrap().split_once('/').unwrap();
        here(kind, name)
    };
    if let Some(reason) = word["event"].as_str() {
        let about = of(&word["object"]);
        return objects.iter().any(|event| {
            event["kind"] == "Event"
                && event["reason"] == reason
                && about.iter().any(|object| object["metadata"]["uid"] == event["involvedObject"]["uid"])
        });
    }
    if let Some(reason) = word["waiting"].as_str() {
        return of(&word["object"]).iter().any(|pod| {
            pod["status"]["containerStatuses"].as_array().is_some_and(|statuses| {
                statuses.iter().any(|status| {
                    let said = status["state"]["waiting"]["reason"].as_str().unwrap_or_default();
                    said == reason || (said == "ErrImagePull" && reason == "ImagePullBackOff")
                })
            })
        });
    }
    if let Some(count) = word["endpoints"].as_u64() {
        let (_, service) = word["object"].as_str().unwrap().split_once('/').unwrap();
        let slices: Vec<&Value> = objects
            .iter()
            .filter(|object| object["kind"] == "EndpointSlice")
            .filter(|slice| slice["metadata"]["labels"]["kubernetes.io/service-name"] == service)
            .collect();
        let ready = slices
            .iter()
            .filter_map(|slice| slice["endpoints"].as_array())
            .flatten()
            .filter(|endpoint| endpoint["conditions"]["ready"] == true)
            .count();
        return !slices.is_empty() && ready as u64 == count;
    }
    if word["bound"].is_string() {
        return of(&word["bound"]).iter().any(|claim| claim["status"]["phase"] == "Bound");
    }
    if word["exists"].is_string() {
        return !of(&word["exists"]).is_empty();
    }
    of(&word["ready"]).iter().any(|object| {
        let status = &object["status"];
        if object["kind"] == "Pod" {
            return crate::sim::json::is_true(object, "Ready");
        }
        let wanted = object["spec"]["replicas"].as_u64().unwrap();
        let all = |field: &str| status[field].as_u64().unwrap_or(0) == wanted;
        status["observedGeneration"] == object["metadata"]["generation"]
            && ["replicas", "updatedReplicas", "readyReplicas", "availableReplicas"].into_iter().all(all)
    })
}

fn path_of(namespace: &str, object: &str) -> String {
    let (kind, name) = object.split_once('/').unwrap();
    let resource = crate::sim::resources::all().find(|resource| resource.kind.to_lowercase() == kind).unwrap();
    let group = if resource.group.is_empty() { "/api/v1".to_owned() } else { format!("/apis/{}", resource.api_version()) };
    format!("{group}/namespaces/{namespace}/{}/{name}", resource.plural)
}

/// Sets a case up, does the writes it expects, and waits until it is healed; each write's values come from `cause`.
async fn play(case: &str) {
    let lab = lab();
    let dir = folder(case);
    let scenario = yaml(&dir.join("scenario.yaml"));
    let namespace = scenario["namespace"].as_str().unwrap();
    lab.images(&fs::read_to_string(dir.join("images.yaml")).unwrap());
    for phase in scenario["setup"].as_array().unwrap() {
        for file in phase["apply"].as_array().unwrap() {
            let text = fs::read_to_string(dir.join(file.as_str().unwrap())).unwrap();
            lab.sim.apply_yaml(namespace, &text).unwrap();
        }
        for word in phase["until"].as_array().unwrap() {
            lab.until(&format!("{case}: {word}"), |sim| holds(sim, namespace, word)).await;
        }
    }
    let expect = &scenario["expect"];
    for word in expect["healed"].as_array().into_iter().flatten() {
        if word["endpoints"].is_null() {
            assert!(!holds(&lab.sim, namespace, word), "{case} is healed before anything was done: {word}");
        }
    }
    for write in expect["writes"].as_array().unwrap() {
        do_write(&lab, namespace, write, &expect["cause"]).await;
    }
    for word in expect["healed"].as_array().into_iter().flatten() {
        lab.until(&format!("{case}: {word}"), |sim| holds(sim, namespace, word)).await;
    }
}

async fn do_write(lab: &Lab, namespace: &str, write: &Value, cause: &Value) {
    let path = path_of(namespace, write["object"].as_str().unwrap());
    let (collection, name) = path.rsplit_once('/').unwrap();
    match write["verb"].as_str().unwrap() {
        "create" => {
            for _ in 0..100 {
                match lab.post(&format!("{collection}?fieldValidation=Strict"), &claim(name)).await {
                    Err((409, message)) => assert!(message.starts_with("object is being deleted: "), "{message}"),
                    other => {
                        other.unwrap();
                        return;
                    }
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            panic!("the old {name} does not go");
        }
        "delete" => {
            lab.delete(&path, &Value::Null).await.unwrap();
        }
        _ => {
            let patch: Vec<Value> = write["paths"]
                .as_array()
                .unwrap()
                .iter()
                .flat_map(|path| {
                    [
                        json!({"op": "test", "path": path, "value": cause["found"]}),
                        json!({"op": "replace", "path": path, "value": cause["expected"]}),
                    ]
                })
                .collect();
            lab.json_patch(&path, &json!(patch)).await.unwrap();
        }
    }
}

macro_rules! cases {
    ($($name:ident: $case:literal,)*) => {
        $(#[tokio::test(start_paused = true)]
        async fn $name() {
            play($case).await;
        })*

        #[test]
        fn every_case_is_played() {
            let known = [$($case),*];
            for case in fs::read_dir(folder("")).unwrap() {
                let name = case.unwrap().file_name().into_string().unwrap();
                assert!(known.contains(&name.as_str()), "{name} is not played");
            }
        }
    };
}

cases! {
    claim_missing_under_a_deployment_heals_by_its_claim: "database-pod-pending",
    claim_missing_under_a_pod_heals_by_its_claim: "claim-missing-pod",
    claim_missing_under_a_stateful_set_heals_by_its_claim: "claim-missing-statefulset",
    wrong_claim_name_heals_by_the_claim_that_is_there: "claim-name-typo",
    missing_storage_class_heals_by_a_new_claim: "storage-class-missing",
    service_without_endpoints_heals_by_its_selector: "service-without-endpoints",
    node_selector_without_a_node_heals_by_a_label_that_is_there: "node-selector-matches-no-node",
    missing_tag_heals_by_the_image_before: "image-tag-missing",
    missing_tag_heals_by_a_near_image: "image-tag-missing-near",
    missing_config_map_heals_by_the_one_that_is_there: "config-map-name-wrong",
    healthy_deployment_comes_up: "healthy-deployment",
    oddities_that_are_fine_come_up: "odd-but-fine",
    slow_rollout_is_seen_under_way: "rollout-in-progress",
}
