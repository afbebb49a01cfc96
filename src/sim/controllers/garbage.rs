//! Takes away what nobody owns any more, and volumes whose claim is gone.

use std::{collections::BTreeSet, sync::Arc};

use serde_json::Value;

use crate::sim::{admission, cluster::Cluster, json as read, resources::Resource};

pub(super) fn collect_garbage(cluster: &mut Cluster) {
    let alive: BTreeSet<&str> = cluster.store.everything().map(|(_, object)| read::uid(object)).collect();
    let orphans: Vec<(&'static Resource, Arc<Value>)> = cluster
        .store
        .everything()
        .filter(|(_, object)| {
            let owners = read::list(object, "/metadata/ownerReferences");
            !owners.is_empty() && !read::is_deleting(object) && owners.iter().all(|owner| !alive.contains(read::text(owner, "/uid")))
        })
        .map(|(resource, object)| (resource, Arc::clone(object)))
        .collect();
    for (resource, object) in orphans {
        admission::begin_delete(cluster, resource, &object, None);
    }
}
