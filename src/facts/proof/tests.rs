//! How long a start is waited for, by its template.

use super::*;
use crate::planner::example::{deployment, namespace, snapshot};
use serde_json::{Value, json};

/// Beyond the operator's own time, in seconds, of a Deployment that was edited so.
fn start_of(edit: impl Fn(&mut Value)) -> i64 {
    let mut object = deployment();
    object["spec"]["template"]["spec"]["containers"] = json!([{"name": "app"}]);
    edit(&mut object);
    let seen = snapshot(vec![(Kind::Deployment, object)]);
    start(&ObjectRef::namespaced(Kind::Deployment, &namespace(), "web"), &Facts::of(&seen)).as_secs()
}

fn probed(object: &mut Value, probes: Value) {
    object["spec"]["template"]["spec"]["containers"][0] = probes;
}

#[test]
fn start_is_given_what_its_template_says() {
    assert_eq!(start_of(|_| ()), 0, "the operator's own time is enough");
    assert_eq!(start_of(|o| probed(o, json!({"name": "a", "readinessProbe": {"tcpSocket": {"port": 80}}}))), 30, "Kubernetes' defaults");
    let slow = json!({"name": "a", "startupProbe": {"periodSeconds": 10, "failureThreshold": 30},
                      "readinessProbe": {"initialDelaySeconds": 100, "periodSeconds": 5, "successThreshold": 4}});
    assert_eq!(start_of(|o| probed(o, slow.clone())), 300 + 100 + 20, "one after the other");
    let sidecar = json!([{"name": "proxy", "restartPolicy": "Always", "startupProbe": {"periodSeconds": 1, "failureThreshold": 40}}]);
    assert_eq!(start_of(|o| o["spec"]["template"]["spec"]["initContainers"] = sidecar.clone()), 40);
    assert_eq!(start_of(|o| o["spec"]["minReadySeconds"] = json!(120)), 120);
    assert_eq!(start_of(|o| o["spec"]["progressDeadlineSeconds"] = json!(600)), 0, "what every Deployment has says nothing");
    assert_eq!(start_of(|o| o["spec"]["progressDeadlineSeconds"] = json!(800)), 800);
    assert_eq!(start_of(|o| o["spec"]["minReadySeconds"] = json!(100_000)), 900, "waiting has an end");
}

#[test]
fn pods_that_follow_one_another_add_up() {
    let of = |strategy: Value, replicas: i32| {
        start_of(|o| {
            o["spec"]["replicas"] = json!(replicas);
            o["spec"]["strategy"] = strategy.clone();
            o["spec"]["minReadySeconds"] = json!(10);
        })
    };
    assert_eq!(of(json!({"type": "Recreate"}), 8), 10, "all at once");
    assert_eq!(of(json!({"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}), 3), 3 * 10 + 2 * 30);
    assert_eq!(of(json!({"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "50%", "maxUnavailable": "50%"}}), 4), 10);
    assert_eq!(of(json!(null), 4), 2 * 10 + 30, "a quarter more and a quarter less, if nobody says otherwise");
}
