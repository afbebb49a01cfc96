//! Scope → snapshot: only what is needed, all of it bounded, and what could not be read is a gap.

use crate::domain::issue::Scope;
use crate::domain::kind::Kind;
use crate::domain::snapshot::Snapshot;
use crate::ports::{Clock, ClusterRead, ListRequest, Listed, ReadError, gap};
use futures::future::join_all;
use std::collections::BTreeMap;

/// Read first, all at once: what runs, what happened to it, what it needs.
const FIRST: &[Kind] = &[
    Kind::Pod,
    Kind::Event,
    Kind::Deployment,
    Kind::ReplicaSet,
    Kind::StatefulSet,
    Kind::DaemonSet,
    Kind::Job,
    Kind::Service,
    Kind::EndpointSlice,
    Kind::PersistentVolumeClaim,
];

/// A snapshot and where watches of its kinds can start.
pub(super) struct Collected {
    pub(super) snapshot: Snapshot,
    pub(super) versions: BTreeMap<Kind, String>,
}

/// Reads the scope. Fails only where nothing can be said at all: no connection, no credentials.
pub(super) async fn collect(scope: &Scope, read: &dyn ClusterRead, clock: &dyn Clock) -> Result<Collected, ReadError> {
    let cluster = read.cluster().await?;
    let mut collected = Collected { snapshot: Snapshot::empty(cluster, scope.clone(), clock.now()), versions: BTreeMap::new() };
    wave(FIRST, scope, read, &mut collected).await?;
    let second = referenced(&collected.snapshot);
    wave(&second, scope, read, &mut collected).await?;
    collected.snapshot.taken_at = clock.now();
    Ok(collected)
}

pub(super) fn request(kind: &Kind, scope: &Scope) -> ListRequest {
    let namespaced = kind.info().is_some_and(|i| i.namespaced);
    ListRequest { kind: kind.clone(), namespace: if namespaced { scope.namespace().cloned() } else { None }, field_selector: None }
}

async fn wave(kinds: &[Kind], scope: &Scope, read: &dyn ClusterRead, into: &mut Collected) -> Result<(), ReadError> {
    let requests: Vec<ListRequest> = kinds.iter().map(|k| request(k, scope)).collect();
    let answers: Vec<Result<Listed, ReadError>> = join_all(requests.iter().map(|r| read.list(r))).await;
    for (request, answer) in requests.iter().zip(answers) {
        let what = format!(
            "{}{}",
            request.kind.info().map_or("objects", |i| i.plural),
            request.namespace.as_ref().map(|n| format!(" in {n}")).unwrap_or_default()
        );
        match answer {
            Ok(listed) => {
                if !listed.complete {
                    into.snapshot.gaps.push(crate::domain::evidence::Gap {
                        what,
                        why: crate::domain::evidence::GapWhy::Truncated,
                        unlock: Some("look at one namespace at a time with -n".to_owned()),
                    });
                }
                into.snapshot.take(listed.objects, listed.complete);
                into.versions.insert(request.kind.clone(), listed.resource_version);
            }
            Err(error) => match gap(&error, &what) {
                Some(gap) => into.snapshot.gaps.push(gap),
                None => return Err(error),
            },
        }
    }
    Ok(())
}

/// What the first wave points at and no namespace list holds: classes for claims, nodes for Pods that wait for one,
/// ConfigMaps only where a container waits for its configuration.
fn referenced(seen: &Snapshot) -> Vec<Kind> {
    let mut kinds = Vec::new();
    let waiting_for_node = seen.pods.iter().any(|p| {
        p.spec.as_ref().is_some_and(|s| s.node_name.as_deref().unwrap_or_default().is_empty())
            && p.status.as_ref().and_then(|s| s.phase.as_deref()) == Some("Pending")
    });
    let unbound = seen.claims.iter().any(|c| c.status.as_ref().and_then(|s| s.phase.as_deref()) != Some("Bound"));
    let waiting_with_claim = seen.pods.iter().any(|p| {
        p.status.as_ref().and_then(|s| s.phase.as_deref()) == Some("Pending")
            && p.spec.iter().flat_map(|s| s.volumes.iter().flatten()).any(|v| v.persistent_volume_claim.is_some())
    });
    if waiting_for_node || waiting_with_claim || unbound {
        kinds.push(Kind::StorageClass);
    }
    // A class without an object may pair claims with volumes made by hand: only the volumes tell.
    if unbound {
        kinds.push(Kind::PersistentVolume);
    }
    if waiting_for_node {
        kinds.push(Kind::Node);
    }
    let waiting_for_configuration = seen.pods.iter().any(|p| {
        p.status.as_ref().is_some_and(|s| {
            let all = s.container_statuses.iter().flatten().chain(s.init_container_statuses.iter().flatten());
            let mut waiting = all.filter_map(|c| c.state.as_ref()?.waiting.as_ref()?.reason.as_deref());
            waiting.any(|reason| ["CreateContainerConfigError", "ContainerCreating", "PodInitializing"].contains(&reason))
        })
    });
    if waiting_for_configuration {
        kinds.push(Kind::ConfigMap);
    }
    kinds
}
