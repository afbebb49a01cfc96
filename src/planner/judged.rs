//! What a verdict will rest on besides the checks: what has to run again, what was read whole, how long a start takes, and how long all
//! must hold.
//! It is fixed while what fails can still be seen.

use crate::domain::cause::Cause;
use crate::domain::check::Check;
use crate::domain::kind::Kind;
use crate::domain::nonempty::NonEmpty;
use crate::domain::object::ObjectRef;
use crate::domain::plan::Judged;
use crate::facts::{Facts, proof};

/// What the plan for this cause is judged by.
pub(super) fn judged(cause: &Cause, checks: &NonEmpty<Check>, facts: &Facts<'_>) -> Judged {
    let keeps_pods = cause.remedy.proposals.iter().all(|proposal| proposal.action.keeps_pods());
    let mut about: Vec<ObjectRef> = Vec::new();
    let suffering = cause.symptoms.iter().map(|s| runs(&s.object, facts));
    for object in suffering.chain(checks.iter().map(|c| runs(c.object(), facts))).flatten() {
        if !about.contains(&object) {
            about.push(object);
        }
    }
    let saw = Kind::KNOWN.into_iter().filter(|kind| facts.is_whole(kind)).collect();
    let settle = about.iter().map(|object| proof::window(object, facts)).max().unwrap_or_default();
    let again = |object: &ObjectRef| Some(object).filter(|_| keeps_pods).map(|object| proof::again(object, facts)).unwrap_or_default();
    let wait = about.iter().map(|object| proof::start(object, facts).saturating_add(again(object))).max().unwrap_or_default();
    Judged { about, saw, settle, wait }
}

/// What has to run for this object to be well: its workload, or itself where it is one or a Pod that nobody owns.
fn runs(object: &ObjectRef, facts: &Facts<'_>) -> Option<ObjectRef> {
    if !matches!(object.kind, Kind::Pod | Kind::ReplicaSet | Kind::Deployment | Kind::StatefulSet | Kind::DaemonSet) {
        return None;
    }
    let own = std::iter::once(object).chain(facts.owners().chain(object));
    own.filter(|o| facts.workload(o).is_some()).last().cloned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::action::{Action, FieldOp};
    use crate::domain::field::FieldPath;
    use crate::domain::finding::Symptom;
    use crate::planner::example::{cause, deployment, namespace, snapshot};
    use serde_json::{Value, json};

    fn window_of(edit: impl Fn(&mut Value), pod: Value) -> i64 {
        let mut object = deployment();
        object["spec"]["template"]["spec"]["containers"] = json!([{"name": "app", "readinessProbe": {"tcpSocket": {"port": 80}}}]);
        edit(&mut object);
        let seen = snapshot(vec![(Kind::Deployment, object), (Kind::Pod, pod)]);
        let facts = Facts::of(&seen);
        let mut one = cause(vec![]);
        let web = ObjectRef::namespaced(Kind::Deployment, &namespace(), "web");
        one.symptoms = vec![Symptom { object: web.clone(), summary: String::new() }];
        let judged = judged(&one, &NonEmpty::one(Check::RolloutComplete(web.clone())), &facts);
        assert_eq!(judged.about, [web]);
        assert!(judged.saw.contains(&Kind::Pod) && !judged.saw.contains(&Kind::Event));
        judged.settle.as_secs()
    }

    fn pod(status: Value) -> Value {
        json!({"metadata": {"name": "web-1", "namespace": "shop",
                            "ownerReferences": [{"apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "uid": "u-1", "controller": true}]},
               "spec": {"containers": []}, "status": status})
    }

    #[test]
    fn what_begins_again_by_its_back_off_alone_is_waited_for() {
        let crashed = |restarts: i32| {
            let status = json!([{"name": "app", "image": "", "imageID": "", "ready": false, "restartCount": restarts}]);
            pod(json!({"phase": "Running", "containerStatuses": status}))
        };
        let wait = |kind: Kind, restarts: i32| {
            let seen = snapshot(vec![(Kind::Deployment, deployment()), (Kind::Pod, crashed(restarts))]);
            let set = FieldOp::set(FieldPath::dotted("data.LEVEL"), json!("debug"));
            let target = ObjectRef::namespaced(kind, &namespace(), "web");
            let one = cause(vec![Action::Patch { target: target.clone(), ops: NonEmpty::one(set) }]);
            let web = ObjectRef::namespaced(Kind::Deployment, &namespace(), "web");
            judged(&one, &NonEmpty::one(Check::RolloutComplete(web)), &Facts::of(&seen)).wait.as_secs()
        };
        // Ten seconds, twice as long with each restart, at most five minutes; and as long, or two minutes, to prove itself.
        for (restarts, waited) in [(0, 0), (1, 130), (5, 320), (6, 600), (300, 600)] {
            assert_eq!(wait(Kind::ConfigMap, restarts), waited, "{restarts}");
            assert_eq!(wait(Kind::Deployment, restarts), 0, "other Pods come");
        }
    }

    #[test]
    fn settle_window_is_as_long_as_a_start_needs_to_prove_something() {
        let quiet = || pod(json!({"phase": "Running"}));
        assert_eq!(window_of(|_| (), quiet()), 0, "the operator's own window is enough");
        assert_eq!(window_of(|o| o["spec"]["minReadySeconds"] = json!(40), quiet()), 40);
        assert_eq!(window_of(|o| o["spec"]["template"]["spec"]["containers"] = json!([{"name": "app"}]), quiet()), 15);
        let sidecar = json!([{"name": "proxy", "restartPolicy": "Always"}, {"name": "once"}]);
        assert_eq!(window_of(|o| o["spec"]["template"]["spec"]["initContainers"] = sidecar.clone(), quiet()), 15);
        let died = json!({"startedAt": "2026-01-01T12:00:00Z", "finishedAt": "2026-01-01T12:00:20Z", "exitCode": 1});
        let crashed =
            json!([{"name": "app", "image": "", "imageID": "", "ready": false, "restartCount": 3, "lastState": {"terminated": died}}]);
        assert_eq!(window_of(|_| (), pod(json!({"phase": "Running", "containerStatuses": crashed}))), 30, "one and a half times its life");
        let hour = json!({"startedAt": "2026-01-01T12:00:00Z", "finishedAt": "2026-01-01T13:00:00Z", "exitCode": 1});
        let crashed =
            json!([{"name": "app", "image": "", "imageID": "", "ready": false, "restartCount": 3, "lastState": {"terminated": hour}}]);
        assert_eq!(window_of(|_| (), pod(json!({"phase": "Running", "containerStatuses": crashed}))), 600, "within reason");
    }
}
