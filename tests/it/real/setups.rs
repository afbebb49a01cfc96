//! Every case comes up on the real cluster as it says; with `KUBEMEND_TEST_RECORD` what the cluster said is kept in the folder.

use super::world;
use crate::support::case::{Case, names};
use crate::support::notes::did_not_run;
use crate::support::objects::{label, name};
use crate::support::world::{Place, World};
use futures::future::join_all;
use serde_json::{Value, json};
use std::fs;

#[tokio::test]
async fn every_case_shows_the_symptoms_that_it_promises() {
    let world = world!();
    let wanted = std::env::var("KUBEMEND_TEST_RECORD").ok().filter(|one| one != "all");
    let names: Vec<String> = names().into_iter().filter(|name| wanted.as_ref().is_none_or(|one| one == name)).collect();
    assert!(!names.is_empty(), "there is no case {wanted:?}");
    join_all(names.iter().map(|name| come_up(&world, name))).await;
}

async fn come_up(world: &World, name: &str) {
    let case = Case::load(name);
    if world.run.is_none() {
        did_not_run(name, "recording needs the cluster of the tests");
        return;
    }
    let place = world.place(&case.scenario.namespace).await;
    place.set_up(&case).await;
    if std::env::var("KUBEMEND_TEST_RECORD").is_ok() {
        record(&case, &place).await;
    }
    place.end().await;
}

/// Writes what the cluster says, under the names of the scenario, without secrets and bookkeeping.
async fn record(case: &Case, place: &Place) {
    let run = place.world.run.as_ref().unwrap();
    let mut all = place.everything().await;
    for (path, api_version, kind) in
        [("/api/v1/nodes", "v1", "Node"), ("/apis/storage.k8s.io/v1/storageclasses", "storage.k8s.io/v1", "StorageClass")]
    {
        let mut list = place.world.get(path).await.unwrap();
        for mut item in serde_json::from_value::<Vec<Value>>(list["items"].take()).unwrap() {
            item["apiVersion"] = api_version.into();
            item["kind"] = kind.into();
            all.push(item.take());
        }
    }
    all.retain(|o| o["kind"] != "Secret" && !(o["kind"] == "ConfigMap" && name(o) == "kube-root-ca.crt"));
    all.sort_by_key(label);
    let items: Vec<Value> = all.into_iter().map(tidy).collect();
    let list = json!({"apiVersion": "v1", "kind": "List", "items": items});
    let text = serde_saphyr::to_string(&list).unwrap().replace(&place.name, &case.scenario.namespace);
    let folder = case.folder.join("recorded");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("objects.yaml"), text).unwrap();
    fs::write(folder.join("version.txt"), format!("v{}\n", run.version)).unwrap();
}

fn tidy(mut object: Value) -> Value {
    let remove = |value: &mut Value, keys: &[&str]| {
        if let Some(map) = value.as_object_mut() {
            for key in keys {
                map.shift_remove(*key);
            }
        }
    };
    remove(&mut object["metadata"], &["managedFields"]);
    if object["kind"] == "Node" {
        remove(&mut object["status"], &["images", "nodeInfo", "runtimeHandlers", "features"]);
        // What the machine under the tests has is nobody's business, and differs from machine to machine.
        for part in ["capacity", "allocatable"] {
            let shown = json!({"cpu": "2", "memory": "8155360Ki", "ephemeral-storage": "51175Mi", "pods": "110"});
            object["status"][part] = shown;
        }
    }
    // What it is comes first, as in every manifest.
    let mut tidied = json!({"apiVersion": object["apiVersion"], "kind": object["kind"]});
    for (key, value) in object.as_object().unwrap() {
        tidied[key] = value.clone();
    }
    tidied
}
