//! What is being deleted, of whatever kind: in progress within its time, and wrong once something holds it.

use super::Judgement;
use crate::domain::snapshot::Resource;
use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

/// How long an object may stay after its grace period, in seconds: its controllers, the kubelet and their finalizers need some time.
const OVERDUE: i64 = 300;
/// The same where no finalizer is left but those that somebody else has to remove: most are removed within seconds.
const HELD: i64 = 60;
/// Finalizers of Kubernetes itself that wait for other objects, as they should.
const OF_KUBERNETES: &[&str] = &["foregroundDeletion", "orphan", "batch.kubernetes.io/job-tracking"];
/// So many finalizers are named.
const NAMED: usize = 4;
/// When to look again at the earliest and at the latest, in seconds.
const SOON: (i64, i64) = (10, 600);

/// How an object is that is being deleted; `None` where nobody deletes it.
pub(crate) fn judge<T: Resource>(object: &T, now: Timestamp) -> Option<Judgement> {
    of(T::KIND.name(), object.meta(), now)
}

/// The same, by the name of its kind and its metadata.
pub(crate) fn of(kind: &str, meta: &ObjectMeta, now: Timestamp) -> Option<Judgement> {
    // The time at which its grace period ends; of what has no such period, the time of the request.
    let gone_by = meta.deletion_timestamp.as_ref()?.0;
    let late = now.duration_since(gone_by).as_secs();
    let finalizers: Vec<String> = meta.finalizers.iter().flatten().map(|f| format!("`{f}`")).collect();
    let by_others = meta.finalizers.iter().flatten().any(|f| !OF_KUBERNETES.contains(&f.as_str()));
    let held = match finalizers.len() {
        0 => String::new(),
        1 => format!("; its finalizer {} keeps it until that is removed", finalizers.join(", ")),
        n => format!(
            "; its finalizers {}{} keep it until they are removed",
            finalizers.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", "),
            if n > NAMED { " and others" } else { "" }
        ),
    };
    if late > if by_others { HELD } else { OVERDUE } {
        return Some(Judgement::Wrong(format!("is being deleted, and should have been gone {late} s ago{held}")));
    }
    let name = meta.name.as_deref().unwrap_or_default();
    let seconds = late.saturating_neg().clamp(SOON.0, SOON.1);
    Some(Judgement::Underway { what: format!("{kind} `{name}` is being deleted (terminating){held}"), seconds })
}

#[cfg(test)]
mod tests {
    use crate::analyze::testing::{World, cluster, deployment, stateful_set};
    use serde_json::{Value, json};

    /// Deletion that was asked for at a time, held by these finalizers.
    fn deleted(at: &str, finalizers: &[&str]) -> Value {
        json!({"metadata": {"deletionTimestamp": at, "finalizers": finalizers}})
    }

    const LONG_AGO: &str = "2026-01-01T11:50:00Z";
    const JUST_NOW: &str = "2026-01-01T11:59:45Z";

    fn held(world: &World, object: &str, finalizer: &str) {
        let wrong = world.wrong();
        let told = |w: &String| w.starts_with(object) && w.contains("is being deleted") && w.contains(finalizer);
        assert!(wrong.iter().any(told), "{object}: {wrong:?}");
    }

    #[test]
    fn pod_that_ended_and_is_held_by_a_finalizer_is_not_healthy() {
        for phase in ["Succeeded", "Failed", "Running"] {
            let world = cluster().app(stateful_set("vault")).said("vault-0 is stuck terminating");
            let world = world.edit("Pod", "vault-0", json!({"status": {"phase": phase}}));
            held(&world.clone().edit("Pod", "vault-0", deleted(LONG_AGO, &["example.com/hold"])), "pod/vault-0", "`example.com/hold`");
            let young = world.edit("Pod", "vault-0", deleted(JUST_NOW, &["example.com/hold"])).diagnosis();
            assert_eq!(young.unexplained, []);
            assert!(young.in_progress.iter().any(|a| a.text.contains("terminating")), "{phase}: {young:?}");
        }
    }

    #[test]
    fn claim_service_and_workload_that_are_held_by_a_finalizer_are_not_healthy() {
        let world = || cluster().app(deployment("web")).service("web", json!({"app": "web"})).claim("data", "Bound", "standard");
        assert!(world().is_healthy());
        for (kind, name, slashed) in [
            ("PersistentVolumeClaim", "data", "persistentvolumeclaim/data"),
            ("Service", "web", "service/web"),
            ("Deployment", "web", "deployment/web"),
        ] {
            let finalizer = "kubernetes.io/pvc-protection";
            held(&world().edit(kind, name, deleted(LONG_AGO, &[finalizer])), slashed, finalizer);
            let young = world().edit(kind, name, deleted(JUST_NOW, &[finalizer]));
            assert!(young.is_healthy() && !young.diagnosis().in_progress.is_empty(), "{kind}: {:?}", young.diagnosis());
        }
    }

    #[test]
    fn deletion_in_the_foreground_gets_the_time_that_its_pods_need() {
        let world = |at| cluster().app(deployment("web")).edit("Deployment", "web", deleted(at, &["foregroundDeletion"]));
        assert!(world("2026-01-01T11:57:00Z").is_healthy(), "{:?}", world("2026-01-01T11:57:00Z").diagnosis());
        held(&world(LONG_AGO), "deployment/web", "foregroundDeletion");
    }
}
