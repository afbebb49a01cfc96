//! What the API server refuses: required fields, names, selectors, and what may not change once it is set.

use serde_json::{Value, json};

use super::{
    json as read,
    problem::{Cause, Problem},
    resources::Resource,
    selector::Selector,
};

/// Refuses an object that its kind does not allow; `old` is what it would replace.
pub(super) fn validate(resource: &Resource, object: &Value, old: Option<&Value>) -> Result<(), Problem> {
    let mut causes = Vec::new();
    let name = read::name(object);
    if !is_name(name) {
        causes.push(Cause::invalid(
            "metadata.name",
            &json!(name),
            "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
        ));
    }
    match resource.kind {
        "PersistentVolumeClaim" => claim(object, old, &mut causes),
        "Deployment" | "ReplicaSet" | "StatefulSet" | "DaemonSet" => workload(object, old, &mut causes),
        "Pod" => pod(object, old, &mut causes),
        "Service" => service(object, old, &mut causes),
        "ConfigMap" | "Secret" => immutable_data(object, old, &mut causes),
        _ => {}
    }
    if causes.is_empty() { Ok(()) } else { Err(Problem::invalid(resource, name, &causes)) }
}

fn is_name(name: &str) -> bool {
    let label = |part: &str| {
        !part.is_empty()
            && !part.starts_with('-')
            && !part.ends_with('-')
            && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    name.len() <= 253 && name.split('.').all(label)
}

fn claim(object: &Value, old: Option<&Value>, causes: &mut Vec<Cause>) {
    if read::list(object, "/spec/accessModes").is_empty() {
        causes.push(Cause::required("spec.accessModes", "at least 1 access mode is required"));
    }
    let storage = read::text(object, "/spec/resources/requests/storage");
    if storage.is_empty() {
        causes.push(Cause::required("spec.resources[storage]", ""));
    }
    let Some(old) = old else { return };
    let mutable = |claim: &Value| {
        let mut spec = read::at(claim, "/spec").clone();
        if read::text(old, "/status/phase") == "Bound" {
            read::remove(&mut spec, "/resources");
            read::remove(&mut spec, "/volumeAttributesClassName");
        }
        spec
    };
    // The volume's name is set once, by the binder.
    if mutable(old) != mutable(object) {
        causes.push(Cause::forbidden(
            "spec",
            "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims",
        ));
    }
}

fn workload(object: &Value, old: Option<&Value>, causes: &mut Vec<Cause>) {
    let selector = read::at(object, "/spec/selector");
    if selector.is_null() {
        causes.push(Cause::required("spec.selector", ""));
    } else if !Selector::of_object(selector).matches(read::at(object, "/spec/template")) {
        causes.push(Cause::invalid(
            "spec.template.metadata.labels",
            read::at(object, "/spec/template/metadata/labels"),
            "`selector` does not match template `labels`",
        ));
    }
    containers(object, "/spec/template/spec", "spec.template.spec", causes);
    if let Some(old) = old
        && read::at(old, "/spec/selector") != selector
    {
        causes.push(Cause::invalid("spec.selector", selector, "field is immutable"));
    }
    if let Some(old) = old
        && read::at(old, "/spec/volumeClaimTemplates") != read::at(object, "/spec/volumeClaimTemplates")
    {
        causes.push(Cause::forbidden(
            "spec",
            "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden",
        ));
    }
}

fn containers(object: &Value, spec: &str, field: &str, causes: &mut Vec<Cause>) {
    let items = read::list(object, &format!("{spec}/containers"));
    if items.is_empty() {
        causes.push(Cause::required(&format!("{field}.containers"), ""));
    }
    let volumes = read::list(object, &format!("{spec}/volumes"));
    for (index, container) in items.iter().enumerate() {
        if read::text(container, "/image").is_empty() {
            causes.push(Cause::required(&format!("{field}.containers[{index}].image"), ""));
        }
        for (number, mount) in read::list(container, "/volumeMounts").iter().enumerate() {
            let volume = read::text(mount, "/name");
            if read::named(volumes, "name", volume).is_none() {
                causes.push(Cause::not_found(&format!("{field}.containers[{index}].volumeMounts[{number}].name"), &json!(volume)));
            }
        }
    }
}

fn pod(object: &Value, old: Option<&Value>, causes: &mut Vec<Cause>) {
    containers(object, "/spec", "spec", causes);
    let Some(old) = old else { return };
    let rest = |pod: &Value| {
        let mut spec = read::at(pod, "/spec").clone();
        for containers in ["/containers", "/initContainers"] {
            for container in read::each(&mut spec, containers) {
                read::remove(container, "/image");
            }
        }
        for may_change in ["/activeDeadlineSeconds", "/tolerations", "/terminationGracePeriodSeconds"] {
            read::remove(&mut spec, may_change);
        }
        spec
    };
    if rest(old) != rest(object) {
        causes.push(Cause::forbidden(
            "spec",
            "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)",
        ));
    }
}

fn service(object: &Value, old: Option<&Value>, causes: &mut Vec<Cause>) {
    let headless = read::text(object, "/spec/clusterIP") == "None";
    if read::list(object, "/spec/ports").is_empty() && !headless && read::text(object, "/spec/type") != "ExternalName" {
        causes.push(Cause::required("spec.ports", ""));
    }
    if let Some(old) = old
        && read::at(old, "/spec/clusterIP") != read::at(object, "/spec/clusterIP")
    {
        causes.push(Cause::invalid("spec.clusterIPs[0]", &json!([read::at(object, "/spec/clusterIP")]), "may not change once set"));
    }
}

fn immutable_data(object: &Value, old: Option<&Value>, causes: &mut Vec<Cause>) {
    if let Some(old) = old
        && read::at(old, "/immutable").as_bool() == Some(true)
        && read::at(old, "/data") != read::at(object, "/data")
    {
        causes.push(Cause::forbidden("data", "field is immutable when `immutable` is set"));
    }
}
