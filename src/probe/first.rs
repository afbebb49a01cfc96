//! Where to look first at what no rule explains: what an engineer would type before anything else.

use crate::domain::diagnosis::Diagnosis;
use crate::domain::investigate::Investigate;
use crate::domain::kind::Kind;
use crate::domain::look::Look;
use crate::domain::object::ObjectRef;
use crate::domain::snapshot::Resource;
use crate::facts::{Facts, pods};
use k8s_openapi::api::core::v1::{ContainerStatus, Pod};

/// Looks that are taken without being asked for: more is the reader's choice.
const FIRST: usize = 2;

/// What would tell most about what no rule explains, the most telling first: what the program itself wrote, then what the cluster says
/// of it. Of what is only in doubt, what a program wrote before it was started again. Where a rule's answer is to be checked, also what
/// that answer is about.
pub(crate) fn looks(diagnosis: &Diagnosis, facts: &Facts<'_>, investigate: Investigate) -> Vec<Look> {
    if !investigate.offers_looks() {
        return Vec::new();
    }
    let checked = diagnosis.causes.first().filter(|_| investigate == Investigate::Always);
    let checked = checked.into_iter().flat_map(|cause| cause.symptoms.iter()).map(|symptom| &symptom.object);
    let suffering = diagnosis.unexplained.iter().map(|symptom| &symptom.object).chain(checked);
    let mut looks: Vec<Look> = Vec::new();
    let mut changed: Option<Look> = None;
    for object in suffering.filter(|object| object.path().is_some() && object.kind != Kind::Secret).take(FIRST) {
        let log = log_of(object, facts);
        changed = changed.or_else(|| revisions_of(object, facts).filter(|_| log.is_some()));
        looks.extend(log);
        let waits = facts.find::<Pod>(object).is_some_and(|pod| !pods::has_node(pod));
        looks.extend(waits.then(|| Look::Scheduling(object.clone())));
        looks.push(Look::Describe(object.clone()));
    }
    if looks.is_empty() && diagnosis.causes.is_empty() {
        looks.extend(diagnosis.doubts.iter().filter_map(|doubt| doubt.object.as_ref()).find_map(|object| log_of(object, facts)));
    }
    looks.truncate(FIRST);
    looks.extend(changed);
    looks
}

/// The revisions of the Deployment that makes the Pod, where it has more than one: what was changed is often what is wrong.
fn revisions_of(object: &ObjectRef, facts: &Facts<'_>) -> Option<Look> {
    let pod = facts.find::<Pod>(object)?;
    let own = pod.reference();
    let owner = facts.owners().chain(&own).find(|owner| owner.kind == Kind::Deployment)?;
    facts.replica_sets_of(owner).nth(1).is_some().then(|| Look::Rollout(owner.clone()))
}

/// The log that tells why it suffers: its own, or that of one of its Pods; of none that never ran.
fn log_of(object: &ObjectRef, facts: &Facts<'_>) -> Option<Look> {
    let mut own: Vec<&Pod> = facts.find::<Pod>(object).into_iter().chain(facts.pods_of(object)).collect();
    own.sort_by_key(|pod| !pods::is_stuck(pod));
    own.into_iter().find_map(|pod| {
        let (_, status) = pods::statuses(pod).find(|(_, status)| ended_before(status) || (!status.ready && has_run(status)))?;
        let restarted = status.state.as_ref().is_some_and(|state| state.running.is_some());
        let previous = restarted && ended_before(status);
        Some(Look::Logs { pod: pod.reference(), container: Some(status.name.clone()), previous, contains: None, since: None })
    })
}

fn has_run(status: &ContainerStatus) -> bool {
    let state = status.state.as_ref();
    state.is_some_and(|state| state.running.is_some() || state.terminated.as_ref().is_some_and(|ended| ended.exit_code != 0))
}

fn ended_before(status: &ContainerStatus) -> bool {
    status.last_state.as_ref().is_some_and(|state| state.terminated.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::finding::Symptom;
    use crate::domain::namespace::Namespace;
    use crate::planner::example::snapshot;
    use serde_json::{Value, json};

    fn first(status: &Value) -> Vec<String> {
        let pod = json!({"metadata": {"name": "web-0", "namespace": "shop"}, "spec": {"nodeName": "n", "containers": [{"name": "app"}]},
            "status": {"phase": "Running", "containerStatuses": [status]}});
        let snapshot = snapshot(vec![(Kind::Pod, pod)]);
        let pod = ObjectRef::namespaced(Kind::Pod, &Namespace::parse("shop").unwrap(), "web-0");
        let unexplained = vec![Symptom { object: pod, summary: String::new() }];
        let diagnosis = Diagnosis { unexplained, ..Diagnosis::default() };
        looks(&diagnosis, &Facts::of(&snapshot), Investigate::Auto).iter().map(ToString::to_string).collect()
    }

    fn of(state: Value, last: Value) -> Value {
        json!({"name": "app", "ready": false, "image": "", "imageID": "", "restartCount": 1, "state": state, "lastState": last})
    }

    #[test]
    fn log_is_read_of_the_run_that_failed_and_of_none_that_never_was() {
        let failed = json!({"terminated": {"exitCode": 1}});
        let describe = "describe pod/web-0 -n shop";
        let crashed = of(json!({"waiting": {"reason": "CrashLoopBackOff"}}), failed.clone());
        assert_eq!(first(&crashed), ["logs pod/web-0 -n shop -c app", describe]);
        let again = of(json!({"running": {}}), failed.clone());
        assert_eq!(first(&again), ["logs pod/web-0 -n shop -c app --previous", describe]);
        assert_eq!(first(&of(failed, json!({}))), ["logs pod/web-0 -n shop -c app", describe]);
        assert_eq!(first(&of(json!({"running": {}}), json!({}))), ["logs pod/web-0 -n shop -c app", describe]);
        assert_eq!(first(&of(json!({"waiting": {"reason": "ImagePullBackOff"}}), json!({}))), [describe]);
    }
}
