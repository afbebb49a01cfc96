//! Whether a Pod's volumes can be mounted.

use serde_json::Value;

use crate::sim::{
    cluster::Cluster,
    json as read,
    resources::{CLAIM, CONFIG_MAP, SECRET},
};

/// Why a volume cannot be mounted, in the kubelet's words.
pub(super) fn mountable(cluster: &Cluster, pod: &Value) -> Result<(), String> {
    let namespace = read::namespace(pod);
    for volume in read::list(pod, "/spec/volumes") {
        let failed = |why: String| Err(format!("MountVolume.SetUp failed for volume \"{}\" : {why}", read::text(volume, "/name")));
        for (resource, word, source, name) in
            [(&CONFIG_MAP, "configmap", "/configMap", "/name"), (&SECRET, "secret", "/secret", "/secretName")]
        {
            let source = read::at(volume, source);
            if source.is_null() || read::at(source, "/optional").as_bool() == Some(true) {
                continue;
            }
            let name = read::text(source, name);
            let Some(object) = cluster.store.get(resource, namespace, name) else {
                return failed(format!("{word} \"{name}\" not found"));
            };
            for item in read::list(source, "/items") {
                let key = read::text(item, "/key");
                if read::at(&object, "/data").get(key).is_none() {
                    let word = if word == "secret" { "secret" } else { "config" };
                    return failed(format!("references non-existent {word} key: {key}"));
                }
            }
        }
        let claim = read::text(volume, "/persistentVolumeClaim/claimName");
        if !claim.is_empty() && cluster.store.get(&CLAIM, namespace, claim).is_none() {
            return failed(format!("persistentvolumeclaim \"{claim}\" not found"));
        }
    }
    Ok(())
}
