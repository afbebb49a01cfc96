//! A claim that nothing describes: what is assumed of it, and what speaks against assuming.

use super::classes;
use super::missing_claim::MissingClaim;
use crate::domain::kind::Kind;
use crate::domain::object::{Namespace, ObjectRef};
use crate::facts::pods;
use crate::facts::stuck::Stuck;
use k8s_openapi::api::core::v1::{PodSpec, Volume};
use k8s_openapi::api::storage::v1::StorageClass;
use serde_json::{Value, json};

/// The size of a claim that is proposed, where nothing that was read says what was meant.
pub(super) const ASSUMED_SIZE: &str = "10Gi";

/// A new claim: of the assumed size, for one node, and of this class or the default one.
pub(super) fn manifest(claim: &ObjectRef, class: Option<&str>) -> Value {
    let mut spec = json!({"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": ASSUMED_SIZE}}});
    if let (Some(class), Some(spec)) = (class, spec.as_object_mut()) {
        spec.insert("storageClassName".to_owned(), class.into());
    }
    let metadata = json!({"name": claim.name, "namespace": claim.namespace.as_ref().map(Namespace::as_str)});
    json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": metadata, "spec": spec})
}

/// Why this claim: where each of its values comes from.
pub(super) fn why(missing: &MissingClaim<'_>, class: &StorageClass) -> String {
    let sharing: i32 = missing.users.iter().map(|user| user.desired.max(1)).sum();
    let tied = if sharing > 1 { format!("; ReadWriteOnce ties all {sharing} Pods that share it to one node") } else { String::new() };
    format!(
        "{} waits for this claim; StorageClass `{}` is the cluster's default (reclaim policy {}); the size of {ASSUMED_SIZE} and the access mode are assumptions, since nothing that was read says what was meant{tied}",
        missing.who(),
        classes::name(class),
        classes::reclaim_policy(class),
    )
}

/// What a human has to do instead, and why, where the assumptions cannot be right.
pub(super) fn against(missing: &MissingClaim<'_>) -> Option<(String, &'static str)> {
    let name = &missing.claim.name;
    let any = |is: &dyn Fn(&Stuck<'_>) -> bool| missing.users.iter().any(is);
    let obstacles = [
        (
            ObjectRef::parse(&missing.claim.slashed(), Some(&missing.namespace)).is_err(),
            format!("correct the name `{name}` in {}", missing.who()),
            "no PersistentVolumeClaim can have this name: only lower-case letters, digits, `-` and `.` are allowed",
        ),
        (
            any(&|user| wants_block_device(user.spec, name)),
            format!("create the PersistentVolumeClaim `{name}` with volumeMode Block"),
            "a container uses it as a block device, and which class offers those is not known",
        ),
        (
            any(&|user| user.object.kind == Kind::DaemonSet && user.desired > 1),
            format!("create the PersistentVolumeClaim `{name}` with the access mode ReadWriteMany and a class that offers it"),
            "a DaemonSet mounts it on several nodes, and which class offers shared volumes is not known",
        ),
    ];
    obstacles.into_iter().find(|(applies, ..)| *applies).map(|(_, text, why)| (text, why))
}

/// Whether a container uses the claim as a block device.
fn wants_block_device(spec: &PodSpec, claim: &str) -> bool {
    let mounts = |v: &&Volume| v.persistent_volume_claim.as_ref().is_some_and(|c| c.claim_name == claim);
    let volumes: Vec<&str> = spec.volumes.iter().flatten().filter(mounts).map(|v| v.name.as_str()).collect();
    pods::containers(spec).any(|(_, c)| c.volume_devices.iter().flatten().any(|d| volumes.contains(&d.name.as_str())))
}
