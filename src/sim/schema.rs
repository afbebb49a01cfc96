//! Which fields a kind has: what a body says beside them is refused or dropped, as the API server does.

use k8s_openapi::api::{
    apps::v1 as apps, autoscaling::v2 as autoscaling, batch::v1 as batch, core::v1 as core, networking::v1 as networking,
    policy::v1 as policy, storage::v1 as storage,
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};

use super::resources::Resource;

/// A body as its kind understands it.
#[derive(Debug)]
pub(super) struct Decoded {
    pub(super) object: Value,
    /// Paths of the fields that the kind does not have.
    pub(super) unknown: Vec<String>,
}

/// Reads a body as its kind; what cannot be such an object is an error in words.
pub(super) fn decode(resource: &Resource, body: &Value) -> Result<Decoded, String> {
    let through = match resource.kind {
        "Pod" => round_trip::<core::Pod>,
        "Deployment" => round_trip::<apps::Deployment>,
        "ReplicaSet" => round_trip::<apps::ReplicaSet>,
        "StatefulSet" => round_trip::<apps::StatefulSet>,
        "DaemonSet" => round_trip::<apps::DaemonSet>,
        "Service" => round_trip::<core::Service>,
        "ConfigMap" => round_trip::<core::ConfigMap>,
        "Secret" => round_trip::<core::Secret>,
        "PersistentVolumeClaim" => round_trip::<core::PersistentVolumeClaim>,
        "PersistentVolume" => round_trip::<core::PersistentVolume>,
        "StorageClass" => round_trip::<storage::StorageClass>,
        "PodDisruptionBudget" => round_trip::<policy::PodDisruptionBudget>,
        "Job" => round_trip::<batch::Job>,
        "CronJob" => round_trip::<batch::CronJob>,
        "HorizontalPodAutoscaler" => round_trip::<autoscaling::HorizontalPodAutoscaler>,
        "Ingress" => round_trip::<networking::Ingress>,
        "NetworkPolicy" => round_trip::<networking::NetworkPolicy>,
        "Node" => round_trip::<core::Node>,
        _ => {
            return Ok(Decoded { object: body.clone(), unknown: Vec::new() });
        }
    };
    let known = through(body)?;
    let mut unknown = Vec::new();
    let object = keep_known(body, &known, "", &mut unknown);
    Ok(Decoded { object, unknown })
}

fn round_trip<T: DeserializeOwned + Serialize>(body: &Value) -> Result<Value, String> {
    let typed: T = T::deserialize(body).map_err(|error| error.to_string())?;
    serde_json::to_value(typed).map_err(|error| error.to_string())
}

/// What of `given` came back; nulls count as not given, and leaves are taken in the kind's own form (`cpu: 1` is `"1"`).
fn keep_known(given: &Value, known: &Value, path: &str, unknown: &mut Vec<String>) -> Value {
    if let (Some(given), Some(known)) = (given.as_object(), known.as_object()) {
        let mut kept = Map::new();
        for (key, value) in given.iter().filter(|(_, value)| !value.is_null()) {
            let here = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
            match known.get(key) {
                // Times and managed fields stay as they were written.
                Some(_) if path == "metadata" || here == "status" => {
                    kept.insert(key.clone(), value.clone());
                }
                Some(known) => {
                    kept.insert(key.clone(), keep_known(value, known, &here, unknown));
                }
                None => unknown.push(here),
            }
        }
        Value::Object(kept)
    } else if let (Some(given), Some(known)) = (given.as_array(), known.as_array()) {
        given
            .iter()
            .zip(known)
            .enumerate()
            .map(|(index, (given, known))| keep_known(given, known, &format!("{path}[{index}]"), unknown))
            .collect()
    } else {
        known.clone()
    }
}
