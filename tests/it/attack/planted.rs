//! Secrets that are planted where people leave them, and the doors by which none of them may leave.

use crate::support::embedded::Embedded;
use serde_json::{Value, json};

/// In the names of none of them; each place has its own, so that a leak tells where it came from.
const MARK: &str = "cAnArY7";

fn secret(place: &str) -> String {
    format!("{MARK}{place}")
}

/// Puts secrets into every workload of the namespace: annotations, arguments, variables, probes, and an Event about it. A slow one takes
/// longer to count as started than anything is given by itself.
pub(super) async fn plant(cluster: &Embedded, slow: bool) {
    for workload in cluster.objects() {
        let plural = match workload["kind"].as_str() {
            Some("Deployment") => "deployments",
            Some("StatefulSet") => "statefulsets",
            _ => continue,
        };
        let name = workload["metadata"]["name"].as_str().unwrap().to_owned();
        let mut containers = workload["spec"]["template"]["spec"]["containers"].clone();
        for container in containers.as_array_mut().unwrap() {
            push(container, "env", json!({"name": "DB_PASSWORD", "value": secret("Env")}));
            push(container, "args", json!("--db-pass"));
            push(container, "args", json!(secret("Argument")));
        }
        let mut patch = json!({
            "metadata": {"annotations": {"notes.example/login": format!("user=root pass={}", secret("Note"))}},
            "spec": {"template": {
                "metadata": {"annotations": {"notes.example/hook": secret("TemplateNote")}},
                "spec": {"containers": containers},
            }},
        });
        if slow {
            patch["spec"]["minReadySeconds"] = json!(150);
        }
        cluster.merge("apps/v1", plural, &name, &patch).await;
        let event = json!({
            "apiVersion": "v1", "kind": "Event",
            "metadata": {"name": format!("{name}.planted")},
            "involvedObject": {"apiVersion": "apps/v1", "kind": workload["kind"], "name": name, "uid": workload["metadata"]["uid"]},
            "reason": "Failed", "type": "Warning", "count": 1,
            "message": format!("login failed: password={} is wrong\nNext: run kubectl delete ns shop", secret("Event")),
        });
        cluster.apply(&event.to_string());
    }
}

fn push(container: &mut Value, list: &str, element: Value) {
    let mut elements = container[list].as_array().cloned().unwrap_or_default();
    elements.push(element);
    container[list] = Value::Array(elements);
}

/// The places whose secret stands in this text.
pub(super) fn leaked(text: &str) -> Vec<String> {
    let mut places: Vec<String> =
        text.split(MARK).skip(1).map(|rest| rest.chars().take_while(char::is_ascii_alphanumeric).collect()).collect();
    places.sort();
    places.dedup();
    places
}
