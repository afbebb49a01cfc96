//! What the API says about itself: version, groups, resources, health.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{
    cluster::Cluster,
    reply::Reply,
    request::ApiRequest,
    resources::{self, Resource},
};

/// The answer to a path that is about the API itself; `None` for all others.
pub(super) fn discover(cluster: &Cluster, request: &ApiRequest) -> Option<Reply> {
    if request.method != http::Method::GET {
        return None;
    }
    if let Some(document) = cluster.documents.get(&request.path) {
        return Some(Reply::Object(200, document.clone()));
    }
    let parts: Vec<&str> = request.path.split('/').filter(|part| !part.is_empty()).collect();
    let object = match parts.as_slice() {
        ["version"] => version(cluster),
        ["healthz" | "readyz" | "livez"] => return Some(Reply::Text(200, "ok".to_owned())),
        ["api"] => {
            json!({"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []})
        }
        ["apis"] => json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups()}),
        ["api", version] => resource_list("", version)?,
        ["apis", group] => groups().into_iter().find(|found| super::json::text(found, "/name") == *group)?,
        ["apis", group, version] => resource_list(group, version)?,
        ["api", version, ..] if resource_list("", version).is_some() => return None,
        ["apis", "authorization.k8s.io", ..] => return None,
        ["apis", group, version, ..] if resource_list(group, version).is_some() => return None,
        _ => return Some(Reply::Text(404, "404 page not found\n".to_owned())),
    };
    Some(Reply::Object(200, object))
}

fn version(cluster: &Cluster) -> Value {
    let mut numbers = cluster.world.version.trim_start_matches('v').split('.');
    json!({
        "major": numbers.next().unwrap_or_default(),
        "minor": numbers.next().unwrap_or_default(),
        "gitVersion": cluster.world.version,
        "gitCommit": "", "gitTreeState": "clean", "buildDate": "", "goVersion": "", "compiler": "gc",
        "platform": "linux/amd64",
    })
}

fn groups() -> Vec<Value> {
    let names: BTreeSet<(&str, &str)> =
        resources::all().filter(|resource| !resource.group.is_empty()).map(|resource| (resource.group, resource.version)).collect();
    names
        .into_iter()
        .map(|(group, version)| {
            let version = json!({"groupVersion": format!("{group}/{version}"), "version": version});
            json!({
                "kind": "APIGroup", "apiVersion": "v1", "name": group,
                "versions": [version], "preferredVersion": version,
            })
        })
        .collect()
}

fn resource_list(group: &str, version: &str) -> Option<Value> {
    let found: Vec<&Resource> = resources::all().filter(|resource| resource.group == group && resource.version == version).collect();
    let first = found.first()?;
    let described: Vec<Value> = found.iter().map(|resource| describe(resource)).collect();
    Some(json!({
        "kind": "APIResourceList", "apiVersion": "v1",
        "groupVersion": first.api_version(), "resources": described,
    }))
}

fn describe(resource: &Resource) -> Value {
    let mut described = json!({
        "name": resource.plural,
        "singularName": resource.kind.to_lowercase(),
        "namespaced": resource.namespaced,
        "kind": resource.kind,
        "verbs": ["create", "delete", "get", "list", "patch", "update", "watch"],
    });
    if !resource.short.is_empty() {
        super::json::set(&mut described, "/shortNames", json!([resource.short]));
    }
    described
}
