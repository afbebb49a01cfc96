//! What answers on the embedded cluster's network: programs in Pods, and the Services before them.

use std::sync::Arc;

use serde_json::Value;

use super::{
    cluster::Cluster,
    json as read,
    resources::{SERVICE, SLICE},
};

/// Whether a program in this Pod listens on this port now.
pub(super) fn pod_listens(cluster: &Cluster, pod_uid: &str, port: i64) -> bool {
    let now = cluster.clock.elapsed();
    cluster.pods.get(pod_uid).is_some_and(|pod| pod.containers.values().any(|c| c.serves(port, now).is_some()))
}

/// The slice that was made for this Service.
pub(super) fn slice_of(cluster: &Cluster, service: &Value) -> Option<Arc<Value>> {
    cluster.store.list(&SLICE, Some(read::namespace(service))).into_iter().find(|slice| read::is_controlled_by(slice, service))
}

/// Whether a Service has a ready endpoint behind this port.
pub(super) fn answers(cluster: &Cluster, namespace: &str, service: &str, port: i64) -> bool {
    let Some(service) = cluster.store.get(&SERVICE, namespace, service) else {
        return false;
    };
    let Some(spec) = read::list(&service, "/spec/ports").iter().find(|spec| read::int(spec, "/port") == Some(port)) else {
        return false;
    };
    let name = read::text(spec, "/name");
    slice_of(cluster, &service).is_some_and(|slice| {
        let Some(target) =
            read::list(&slice, "/ports").iter().find(|port| read::text(port, "/name") == name).and_then(|port| read::int(port, "/port"))
        else {
            return false;
        };
        read::list(&slice, "/endpoints").iter().any(|endpoint| {
            read::at(endpoint, "/conditions/ready").as_bool() == Some(true)
                && pod_listens(cluster, read::text(endpoint, "/targetRef/uid"), target)
        })
    })
}
