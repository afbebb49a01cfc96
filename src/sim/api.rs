//! What the API does with a request: who may, which object, which verb.

use http::StatusCode;
use serde_json::{Value, json};

use super::{
    access::{self, Right},
    admission,
    cluster::Cluster,
    discovery,
    filter::Filter,
    json as read, list, logs, patch,
    problem::Problem,
    reply::Reply,
    request::{ApiRequest, Target},
    resources::{self, Resource},
    selector::Selector,
};

pub(super) fn handle(cluster: &mut Cluster, request: &ApiRequest) -> Reply {
    if let Some(reply) = discovery::discover(cluster, request) {
        return reply;
    }
    review(cluster, request).unwrap_or_else(|| serve(cluster, request)).unwrap_or_else(Reply::from)
}

fn review(cluster: &Cluster, request: &ApiRequest) -> Option<Result<Reply, Problem>> {
    let kind = request.path.strip_prefix("/apis/authorization.k8s.io/v1/")?;
    if request.method != http::Method::POST {
        return Some(Err(Problem::no_resource()));
    }
    let answer = |review: Value| match kind {
        "selfsubjectaccessreviews" => Ok(Reply::Object(201, access::review_access(&cluster.denials, &request.user, review))),
        "selfsubjectrulesreviews" => Ok(Reply::Object(201, access::review_rules(&cluster.denials, &request.user, review))),
        _ => Err(Problem::no_resource()),
    };
    Some(body(request).and_then(answer))
}

fn serve(cluster: &mut Cluster, request: &ApiRequest) -> Result<Reply, Problem> {
    let target = request.target()?;
    let verb = request.verb(Some(&target));
    authorize(cluster, request, &target, verb)?;
    match (verb, target.subresource.as_str()) {
        ("list", "") => list::list(cluster, request, &target),
        ("watch", "") => Ok(Reply::Watch(target.resource, Filter::new(request, &target)?)),
        ("get", "" | "status") => {
            let object = target.existing(&cluster.store)?;
            Ok(Reply::Object(200, super::list::shaped(request, &object)))
        }
        ("get", "log") if target.resource == &resources::POD => logs::log(cluster, request, &target),
        ("get", "scale") => Ok(Reply::Object(200, scale(&*target.existing(&cluster.store)?))),
        ("create", "") => post(cluster, request, &target),
        ("create", "eviction") if target.resource == &resources::POD => evict(cluster, request, &target),
        ("patch", "" | "status") => patch(cluster, request, &target),
        ("update", "" | "status") => replace(cluster, request, &target),
        ("delete", "") => delete(cluster, request, &target),
        ("deletecollection" | "unknown", _) => Err(Problem::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "MethodNotAllowed",
            "the server does not allow this method on the requested resource",
        )),
        _ => Err(Problem::no_resource()),
    }
}

fn authorize(cluster: &Cluster, request: &ApiRequest, target: &Target, verb: &str) -> Result<(), Problem> {
    let resource = if target.subresource.is_empty() {
        target.resource.plural.to_owned()
    } else {
        format!("{}/{}", target.resource.plural, target.subresource)
    };
    let right = Right { user: &request.user, verb, resource: &resource, namespace: &target.namespace };
    if access::may(&cluster.denials, &right) {
        return Ok(());
    }
    Err(Problem::forbidden(&request.user, verb, target.resource, &target.subresource, &target.namespace, &target.name))
}

fn post(cluster: &mut Cluster, request: &ApiRequest, target: &Target) -> Result<Reply, Problem> {
    if !target.name.is_empty() || (target.resource.namespaced && target.namespace.is_empty()) {
        return Err(Problem::no_resource());
    }
    let object = body(request)?;
    let created = admission::admit_new(cluster, target.resource, &target.namespace, object, request.is_strict(), request.manager())?;
    let created = if request.is_dry_run() {
        created
    } else if target.resource == &resources::NAMESPACE {
        cluster.add_namespace(read::name(&created));
        created
    } else {
        (*cluster.store.put(target.resource, created)).clone()
    };
    Ok(Reply::Object(201, created))
}

fn patch(cluster: &mut Cluster, request: &ApiRequest, target: &Target) -> Result<Reply, Problem> {
    let old = target.existing(&cluster.store)?;
    let patched = patch::apply(&old, &request.content_type, &request.body)?;
    change(cluster, request, target, &old, patched)
}

fn replace(cluster: &mut Cluster, request: &ApiRequest, target: &Target) -> Result<Reply, Problem> {
    let old = target.existing(&cluster.store)?;
    let object = body(request)?;
    change(cluster, request, target, &old, object)
}

fn change(cluster: &mut Cluster, request: &ApiRequest, target: &Target, old: &Value, object: Value) -> Result<Reply, Problem> {
    let status_only = target.subresource == "status";
    let admitted = admission::admit_change(cluster, target.resource, old, object, status_only, request)?;
    if request.is_dry_run() {
        return Ok(Reply::Object(200, admitted));
    }
    let gone = read::is_deleting(&admitted) && read::list(&admitted, "/metadata/finalizers").is_empty();
    let stored = cluster.store.put(target.resource, admitted);
    if gone && target.resource != &resources::POD {
        cluster.store.remove(target.resource, &target.namespace, &target.name);
    }
    Ok(Reply::Object(200, (*stored).clone()))
}

fn delete(cluster: &mut Cluster, request: &ApiRequest, target: &Target) -> Result<Reply, Problem> {
    let old = target.existing(&cluster.store)?;
    let options = if request.body.is_empty() { json!({}) } else { body(request)? };
    check_preconditions(target.resource, &old, &options)?;
    let dry_run = request.is_dry_run();
    let grace = request.param("gracePeriodSeconds").parse().ok().or_else(|| read::int(&options, "/gracePeriodSeconds"));
    let orphan = read::text(&options, "/propagationPolicy") == "Orphan" || request.param("propagationPolicy") == "Orphan";
    let left = if dry_run {
        let mut shown = (*old).clone();
        read::set(&mut shown, "/metadata/deletionTimestamp", cluster.clock.now_text());
        read::set(&mut shown, "/metadata/deletionGracePeriodSeconds", 0);
        Some(shown)
    } else {
        if orphan {
            admission::orphan(cluster, &old);
        }
        admission::begin_delete(cluster, target.resource, &old, grace)
    };
    let shows_object = matches!(target.resource.kind, "Pod" | "PersistentVolumeClaim" | "ServiceAccount");
    let answer = match left {
        Some(object) if shows_object || !dry_run => object,
        None if shows_object => (*old).clone(),
        Some(_) | None => deleted(target.resource, &old),
    };
    Ok(Reply::Object(200, answer))
}

/// A deletion that PodDisruptionBudgets have a say in. A Pod that does not run, or that is not ready while enough others are, is none of theirs.
fn evict(cluster: &mut Cluster, request: &ApiRequest, target: &Target) -> Result<Reply, Problem> {
    let pod = target.existing(&cluster.store)?;
    let eviction = body(request)?;
    check_preconditions(target.resource, &pod, read::at(&eviction, "/deleteOptions"))?;
    let runs = !read::is_deleting(&pod) && read::text(&pod, "/status/phase") == "Running";
    for budget in cluster.store.list(&resources::BUDGET, Some(&target.namespace)) {
        let selects = Selector::of_object(read::at(&budget, "/spec/selector")).matches(&pod);
        let count = |field: &str| read::int(&budget, &format!("/status/{field}")).unwrap_or(0);
        let spared = !read::is_true(&pod, "Ready") && count("currentHealthy") >= count("desiredHealthy");
        if runs && selects && count("disruptionsAllowed") < 1 && !spared {
            return Err(Problem::new(
                StatusCode::TOO_MANY_REQUESTS,
                "TooManyRequests",
                "Cannot evict pod as it would violate the pod's disruption budget.",
            ));
        }
    }
    if !request.is_dry_run() {
        admission::begin_delete(cluster, target.resource, &pod, None);
    }
    Ok(Reply::Object(201, json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201})))
}

fn body(request: &ApiRequest) -> Result<Value, Problem> {
    let value: Value = serde_json::from_slice(&request.body)
        .map_err(|error| Problem::bad_request(format!("couldn't get version/kind; json parse error: {error}")))?;
    if value.is_object() { Ok(value) } else { Err(Problem::bad_request("couldn't get version/kind; json parse error: not an object")) }
}

fn check_preconditions(resource: &Resource, old: &Value, options: &Value) -> Result<(), Problem> {
    let refuse = |why: &str| Err(Problem::precondition(resource, read::name(old), why));
    let wanted = read::text(options, "/preconditions/uid");
    if !wanted.is_empty() && wanted != read::uid(old) {
        return refuse(&format!(
            "the UID in the precondition ({wanted}) does not match the UID in record ({}). The object might have been deleted and then recreated",
            read::uid(old)
        ));
    }
    let wanted = read::text(options, "/preconditions/resourceVersion");
    let found = read::text(old, "/metadata/resourceVersion");
    if !wanted.is_empty() && wanted != found {
        return refuse(&format!(
            "the ResourceVersion in the precondition ({wanted}) does not match the ResourceVersion in record ({found}). The object might have been modified"
        ));
    }
    Ok(())
}

fn deleted(resource: &Resource, old: &Value) -> Value {
    let mut details = json!({"name": read::name(old)});
    if !resource.group.is_empty() {
        read::set(&mut details, "/group", resource.group);
    }
    read::set(&mut details, "/kind", resource.plural);
    read::set(&mut details, "/uid", read::uid(old));
    json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details})
}

fn scale(object: &Value) -> Value {
    let selector =
        read::pairs(object, "/spec/selector/matchLabels").iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(",");
    json!({
        "kind": "Scale", "apiVersion": "autoscaling/v1",
        "metadata": {
            "name": read::name(object), "namespace": read::namespace(object), "uid": read::uid(object),
            "resourceVersion": read::at(object, "/metadata/resourceVersion"),
            "creationTimestamp": read::at(object, "/metadata/creationTimestamp"),
        },
        "spec": {"replicas": read::int(object, "/spec/replicas").unwrap_or(0)},
        "status": {"replicas": read::int(object, "/status/replicas").unwrap_or(0), "selector": selector},
    })
}
