//! Manifests, applied as `kubectl apply` applies them.

use http::Method;
use serde_json::{Map, Value};

use super::{admission, cluster::Cluster, error::SimError, json, problem::Problem, request::ApiRequest, resources};

/// Where kubectl remembers what was applied last.
const LAST_APPLIED: &str = "/metadata/annotations/kubectl.kubernetes.io~1last-applied-configuration";
const MANAGER: &str = "kubectl-client-side-apply";

pub(super) fn apply_yaml(cluster: &mut Cluster, namespace: &str, text: &str) -> Result<(), SimError> {
    let documents: Vec<Value> = serde_saphyr::from_multiple(text).map_err(|error| SimError::Manifest(error.to_string()))?;
    if cluster.store.get(&resources::NAMESPACE, "", namespace).is_none() {
        cluster.add_namespace(namespace);
    }
    documents.into_iter().try_for_each(|document| apply(cluster, namespace, document))
}

fn apply(cluster: &mut Cluster, namespace: &str, mut document: Value) -> Result<(), SimError> {
    let (version, kind) = (json::text(&document, "/apiVersion"), json::text(&document, "/kind"));
    let resource = resources::by_kind(version, kind)
        .ok_or_else(|| SimError::Manifest(format!("no matches for kind `{kind}` in version `{version}`")))?;
    let refused = |document: &Value, problem: Problem| SimError::Refused {
        kind: resource.kind.to_owned(),
        name: json::name(document).to_owned(),
        message: problem.message,
    };
    if resource.namespaced {
        json::default(&mut document, "/metadata/namespace", namespace);
    }
    let place = json::namespace(&document).to_owned();
    let applied = document.to_string();
    json::set(&mut document, LAST_APPLIED, format!("{applied}\n"));
    let Some(live) = cluster.store.get(resource, &place, json::name(&document)) else {
        let admitted = admission::admit_new(cluster, resource, &place, document.clone(), true, MANAGER)
            .map_err(|problem| refused(&document, problem))?;
        cluster.store.put(resource, admitted);
        return Ok(());
    };
    let last = serde_json::from_str(json::text(&live, LAST_APPLIED)).unwrap_or(Value::Null);
    let merged = three_way(&live, &last, &document);
    let request = ApiRequest {
        method: Method::PUT,
        path: String::new(),
        raw_query: String::new(),
        query: vec![("fieldManager".to_owned(), MANAGER.to_owned()), ("fieldValidation".to_owned(), "Strict".to_owned())],
        user: String::new(),
        user_agent: String::new(),
        accept: String::new(),
        content_type: String::new(),
        body: bytes::Bytes::new(),
    };
    let admitted =
        admission::admit_change(cluster, resource, &live, merged, false, &request).map_err(|problem| refused(&document, problem))?;
    cluster.store.put(resource, admitted);
    Ok(())
}

/// What is live, with what is wanted put in and what was wanted last and is no more taken out; lists are taken whole.
fn three_way(live: &Value, last: &Value, wanted: &Value) -> Value {
    let (Some(live), Some(wanted)) = (live.as_object(), wanted.as_object()) else {
        return wanted.clone();
    };
    let mut merged: Map<String, Value> = live
        .iter()
        .filter(|(key, _)| wanted.contains_key(*key) || last.get(key.as_str()).is_none())
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    for (key, value) in wanted {
        let before = merged.get(key).unwrap_or(&Value::Null);
        let new = three_way(before, last.get(key).unwrap_or(&Value::Null), value);
        merged.insert(key.clone(), new);
    }
    Value::Object(merged)
}
