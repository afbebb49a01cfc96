//! Lists: selected, in pages, and in the form that was asked for.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::{
    cluster::Cluster,
    filter::Filter,
    json as read,
    problem::Problem,
    reply::Reply,
    request::{ApiRequest, Target},
    resources::Resource,
    store, table,
};

pub(super) fn list(cluster: &Cluster, request: &ApiRequest, target: &Target) -> Result<Reply, Problem> {
    let filter = Filter::new(request, target)?;
    let mut objects: Vec<Value> = cluster
        .store
        .list(target.resource, filter.namespace.as_deref())
        .into_iter()
        .filter(|object| filter.takes(object))
        .map(|object| (*object).clone())
        .collect();
    let mut version = cluster.store.version();
    if let Some((since, after)) = resume(cluster, request)? {
        version = since;
        objects.retain(|object| key(object) > after);
    }
    let mut metadata = json!({"resourceVersion": version.to_string()});
    let limit = request.param("limit").parse().unwrap_or(0_usize);
    if limit > 0 && objects.len() > limit {
        let rest = objects.split_off(limit);
        let last = objects.last().map(key).unwrap_or_default();
        read::set(&mut metadata, "/continue", token(version, &last));
        if filter.is_whole() {
            read::set(&mut metadata, "/remainingItemCount", rest.len());
        }
    }
    if table::is_wanted(&request.accept) {
        return Ok(Reply::Object(200, table::of(cluster, target.resource, &objects, metadata)));
    }
    Ok(Reply::Object(200, shaped_list(request, target.resource, objects, metadata)))
}

/// Where a continued list goes on: the version it began at, and the key after which to go on.
fn resume(cluster: &Cluster, request: &ApiRequest) -> Result<Option<(u64, String)>, Problem> {
    let given = request.param("continue");
    if given.is_empty() {
        return Ok(None);
    }
    let (version, after) = read_token(given).ok_or_else(|| Problem::bad_request("invalid continue token: continue key is not valid"))?;
    if version < cluster.store.oldest() {
        let mut problem = Problem::expired(
            "The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.",
        );
        problem.resume = Some(token(cluster.store.version(), &after).into());
        return Err(problem);
    }
    Ok(Some((version, after)))
}

fn key(object: &Value) -> String {
    format!("{}/{}", read::namespace(object), read::name(object))
}

fn token(version: u64, after: &str) -> String {
    URL_SAFE_NO_PAD.encode(json!({"v": "meta.k8s.io/v1", "rv": version, "start": after}).to_string())
}

fn read_token(token: &str) -> Option<(u64, String)> {
    let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
    let value: Value = serde_json::from_slice(&bytes).ok()?;
    Some((read::at(&value, "/rv").as_u64()?, read::at(&value, "/start").as_str()?.to_owned()))
}

fn wants_metadata(request: &ApiRequest) -> bool {
    request.accept.contains("as=PartialObjectMetadata")
}

/// One object in the form that was asked for.
pub(super) fn shaped(request: &ApiRequest, object: &Value) -> Value {
    if wants_metadata(request) {
        json!({
            "kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1",
            "metadata": read::at(object, "/metadata"),
        })
    } else {
        object.clone()
    }
}

fn shaped_list(request: &ApiRequest, resource: &Resource, objects: Vec<Value>, metadata: Value) -> Value {
    if wants_metadata(request) {
        let items: Vec<Value> = objects.iter().map(|object| shaped(request, object)).collect();
        json!({
            "kind": "PartialObjectMetadataList", "apiVersion": "meta.k8s.io/v1",
            "metadata": metadata, "items": items,
        })
    } else {
        store::list_of(resource, objects, metadata)
    }
}
