//! Taking objects in: what is asked becomes what may be stored, or a refusal. Nothing is stored here but deletions.

use serde_json::{Value, json};

use super::{
    clock,
    cluster::Cluster,
    defaults, json as read,
    problem::{Cause, Problem},
    request::ApiRequest,
    resources::{self, Resource},
    schema, validation,
};

/// A new object as it may be stored.
pub(super) fn admit_new(
    cluster: &mut Cluster,
    resource: &'static Resource,
    namespace: &str,
    body: Value,
    strict: bool,
    manager: &str,
) -> Result<Value, Problem> {
    let mut object = decoded(resource, &body, strict)?;
    read::set(&mut object, "/apiVersion", resource.api_version());
    read::set(&mut object, "/kind", resource.kind);
    let said = read::namespace(&object);
    if !said.is_empty() && said != namespace {
        return Err(Problem::bad_request("the namespace of the provided object does not match the namespace sent on the request"));
    }
    if resource.namespaced {
        if cluster.store.get(&resources::NAMESPACE, "", namespace).is_none() {
            return Err(Problem::not_found(&resources::NAMESPACE, namespace));
        }
        read::set(&mut object, "/metadata/namespace", namespace);
    }
    has_account(cluster, resource, namespace, &object)?;
    give_name(cluster, resource, &mut object)?;
    for server_side in ["uid", "resourceVersion", "generation", "deletionTimestamp", "managedFields"] {
        read::remove(&mut object, &format!("/metadata/{server_side}"));
    }
    read::remove(&mut object, "/status");
    let name = read::name(&object).to_owned();
    if let Some(existing) = cluster.store.get(resource, namespace, &name) {
        return Err(Problem::already_exists(resource, &name, read::is_deleting(&existing)));
    }
    defaults::complete(cluster, resource, &mut object, true);
    validation::validate(resource, &object, None)?;
    cluster.stamp_new(resource, &mut object);
    note_manager(cluster, resource, &mut object, manager);
    Ok(object)
}

/// What a Pod runs as has to exist. That of the namespace is made by a controller that is none of the stand-ins.
fn has_account(cluster: &Cluster, resource: &Resource, namespace: &str, pod: &Value) -> Result<(), Problem> {
    let account = read::text(pod, "/spec/serviceAccountName");
    let missing = !matches!(account, "" | "default") && cluster.store.get(&resources::SERVICE_ACCOUNT, namespace, account).is_none();
    if resource.kind != "Pod" || !missing {
        return Ok(());
    }
    let name = if read::name(pod).is_empty() { read::text(pod, "/metadata/generateName") } else { read::name(pod) };
    Err(Problem::no_account(resource, name, namespace, account))
}

fn give_name(cluster: &mut Cluster, resource: &Resource, object: &mut Value) -> Result<(), Problem> {
    if !read::name(object).is_empty() {
        return Ok(());
    }
    let prefix = read::text(object, "/metadata/generateName");
    if prefix.is_empty() {
        let cause = Cause::required("metadata.name", "name or generateName is required");
        return Err(Problem::invalid(resource, "", &[cause]));
    }
    let name = format!("{prefix}{}", cluster.names.suffix());
    read::set(object, "/metadata/name", name);
    Ok(())
}

/// A changed object as it may be stored.
pub(super) fn admit_change(
    cluster: &mut Cluster,
    resource: &'static Resource,
    old: &Value,
    body: Value,
    status_only: bool,
    request: &ApiRequest,
) -> Result<Value, Problem> {
    let name = read::name(old);
    let patched = request.method == http::Method::PATCH;
    let mut object =
        decoded(resource, &body, request.is_strict()).map_err(|problem| if patched { as_patch(&body, &problem) } else { problem })?;
    if read::name(&object) != name {
        return Err(Problem::bad_request(format!(
            "the name of the object ({}) does not match the name on the URL ({name})",
            read::name(&object)
        )));
    }
    let uid = read::uid(&object);
    if !uid.is_empty() && uid != read::uid(old) {
        if patched {
            let cause = Cause::invalid("metadata.uid", &json!(uid), "field is immutable");
            return Err(Problem::invalid(resource, name, &[cause]));
        }
        let mut problem = Problem::conflict(resource, name);
        problem.message = format!(
            "Operation cannot be fulfilled on {} \"{name}\": Precondition failed: UID in precondition: {uid}, UID in object meta: {}",
            resource.group_resource(),
            read::uid(old)
        );
        return Err(problem);
    }
    let version = read::text(&object, "/metadata/resourceVersion");
    if !version.is_empty() && version != read::text(old, "/metadata/resourceVersion") {
        return Err(Problem::conflict(resource, name));
    }
    for kept in [
        "namespace",
        "uid",
        "resourceVersion",
        "generation",
        "creationTimestamp",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
        "managedFields",
    ] {
        keep(&mut object, old, &format!("/metadata/{kept}"));
    }
    if status_only {
        let status = read::at(&object, "/status").clone();
        object = old.clone();
        read::set(&mut object, "/status", status);
    } else {
        keep(&mut object, old, "/status");
        defaults::complete(cluster, resource, &mut object, false);
    }
    validation::validate(resource, &object, Some(old))?;
    if object != *old {
        note_manager(cluster, resource, &mut object, request.manager());
        if resource.generation && read::at(old, "/spec") != read::at(&object, "/spec") && request.is_dry_run() {
            let generation = read::int(old, "/metadata/generation").unwrap_or(0) + 1;
            read::set(&mut object, "/metadata/generation", generation);
        }
    }
    Ok(object)
}

fn note_manager(cluster: &Cluster, resource: &Resource, object: &mut Value, manager: &str) {
    if manager.is_empty() {
        return;
    }
    let mut entries: Vec<Value> =
        read::list(object, "/metadata/managedFields").iter().filter(|entry| read::text(entry, "/manager") != manager).cloned().collect();
    entries.push(json!({
        "manager": manager, "operation": "Update", "apiVersion": resource.api_version(),
        "time": cluster.clock.now_text(), "fieldsType": "FieldsV1", "fieldsV1": {},
    }));
    read::set(object, "/metadata/managedFields", entries);
}

/// Deletes, or begins to: what is left of it, if anything is.
pub(super) fn begin_delete(cluster: &mut Cluster, resource: &'static Resource, old: &Value, grace: Option<i64>) -> Option<Value> {
    let (namespace, name) = (read::namespace(old), read::name(old));
    let is_pod = resource == &resources::POD;
    let ended = matches!(read::text(old, "/status/phase"), "Succeeded" | "Failed");
    let seconds = if is_pod && !read::text(old, "/spec/nodeName").is_empty() && !ended {
        grace.or_else(|| read::int(old, "/spec/terminationGracePeriodSeconds")).unwrap_or(30)
    } else {
        0
    };
    let has_finalizers = !read::list(old, "/metadata/finalizers").is_empty();
    if has_finalizers || seconds > 0 {
        if read::is_deleting(old) && (!is_pod || grace.is_none()) {
            return Some(old.clone());
        }
        let mut object = old.clone();
        let end = cluster.clock.elapsed() + clock::span(seconds);
        let end = clock::seconds(cluster.clock.time_at(end));
        read::set(&mut object, "/metadata/deletionTimestamp", end);
        read::set(&mut object, "/metadata/deletionGracePeriodSeconds", seconds);
        return Some((*cluster.store.put(resource, object)).clone());
    }
    if resource == &resources::NAMESPACE {
        empty_namespace(cluster, name);
    }
    cluster.store.remove(resource, namespace, name);
    None
}

/// Takes everything out of a namespace that is deleted; no finalizer holds it back here.
fn empty_namespace(cluster: &mut Cluster, namespace: &str) {
    for resource in resources::all().filter(|resource| resource.namespaced) {
        for object in cluster.store.list(resource, Some(namespace)) {
            cluster.store.remove(resource, namespace, read::name(&object));
        }
    }
}

/// Lets go of what an object owns.
pub(super) fn orphan(cluster: &mut Cluster, owner: &Value) {
    let owned: Vec<_> = cluster
        .store
        .everything()
        .filter(|(_, object)| {
            read::list(object, "/metadata/ownerReferences").iter().any(|reference| read::text(reference, "/uid") == read::uid(owner))
        })
        .map(|(resource, object)| (resource, (**object).clone()))
        .collect();
    for (resource, mut object) in owned {
        read::remove(&mut object, "/metadata/ownerReferences");
        cluster.store.put(resource, object);
    }
}

fn keep(object: &mut Value, old: &Value, pointer: &str) {
    let value = read::at(old, pointer);
    if value.is_null() {
        read::remove(object, pointer);
    } else {
        read::set(object, pointer, value.clone());
    }
}

fn decoded(resource: &Resource, body: &Value, strict: bool) -> Result<Value, Problem> {
    let (kind, version) = (read::text(body, "/kind"), read::text(body, "/apiVersion"));
    let wrong = (!kind.is_empty() && kind != resource.kind) || (!version.is_empty() && version != resource.api_version());
    if wrong {
        let group = resource.group.split('.').next().filter(|group| !group.is_empty()).unwrap_or("core");
        return Err(Problem::bad_request(format!(
            "{kind} in version \"{version}\" cannot be handled as a {}: converting ({version}.{kind}) to ({group}.{}): unknown conversion",
            resource.kind, resource.kind
        )));
    }
    let refuse = |why: &str| {
        Problem::bad_request(format!(
            "{} in version \"{}\" cannot be handled as a {}: {why}",
            resource.kind, resource.version, resource.kind
        ))
    };
    let decoded = schema::decode(resource, body).map_err(|error| refuse(&error))?;
    if let Some(size) = read::at(&decoded.object, "/spec/resources/requests/storage").as_str()
        && !size.starts_with(|c: char| c.is_ascii_digit())
    {
        return Err(refuse("quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"));
    }
    if strict && !decoded.unknown.is_empty() {
        let fields: Vec<String> = decoded.unknown.iter().map(|field| format!("unknown field \"{field}\"")).collect();
        return Err(refuse(&format!("strict decoding error: {}", fields.join(", "))));
    }
    Ok(decoded.object)
}

/// The same refusal as a patch gets it: 422, about the field `patch`.
fn as_patch(body: &Value, problem: &Problem) -> Problem {
    let why = problem.message.split_once(": ").map_or(problem.message.as_str(), |(_, why)| why);
    let cause = Cause::invalid("patch", &json!(body.to_string()), why);
    let mut refused = Problem::invalid(&resources::POD, "", &[cause]);
    refused.message = refused.message.replacen("Pod \"\"", " \"\"", 1);
    read::remove(&mut refused.details, "/kind");
    refused
}
