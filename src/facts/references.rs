//! Every place in a Pod spec that names another object.

use super::pods;
use crate::domain::field::FieldPath;
use crate::domain::kind::Kind;
use k8s_openapi::api::core::v1::{Container, KeyToPath, PodSpec};

/// By which part of the spec an object is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Via {
    /// A container's environment, by `env` or `envFrom`.
    Environment,
    /// A volume, or one of the sources that are projected into one.
    Volume,
    /// The credentials for pulling images.
    ImagePull,
    /// The identity that the Pod runs with.
    Identity,
}

/// One reference.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Reference<'a> {
    pub(crate) kind: Kind,
    pub(crate) name: &'a str,
    pub(crate) via: Via,
    /// The container, or the volume, that needs it; empty for the Pod as a whole.
    pub(crate) by: &'a str,
    /// The keys that are taken of it by their names; none where all are taken, whatever they are called.
    pub(crate) keys: Vec<&'a str>,
    pub(crate) optional: bool,
    /// Where the name stands.
    pub(crate) path: FieldPath,
}

/// All references of a spec that stands at `base` in its object: containers first, then volumes, then the Pod's own.
pub(crate) fn references<'a>(spec: &'a PodSpec, base: &FieldPath) -> Vec<Reference<'a>> {
    let mut all = Vec::new();
    for (list, container) in pods::containers(spec) {
        all.extend(of_environment(container, &base.clone().then(list).element("name", &container.name)));
    }
    for volume in spec.volumes.iter().flatten() {
        let at = base.clone().then("volumes").element("name", &volume.name);
        let mut add = |kind, name: &'a str, keys, optional: Option<bool>, path| {
            let optional = optional.unwrap_or(false);
            all.push(Reference { kind, name, via: Via::Volume, by: &volume.name, keys, optional, path });
        };
        if let Some(claim) = &volume.persistent_volume_claim {
            add(Kind::PersistentVolumeClaim, &claim.claim_name, Vec::new(), None, at.clone().then("persistentVolumeClaim.claimName"));
        }
        if let Some(map) = &volume.config_map {
            let keys = taken(map.items.as_deref(), || mounted(spec, &volume.name));
            add(Kind::ConfigMap, &map.name, keys, map.optional, at.clone().then("configMap.name"));
        }
        if let Some((secret, name)) = volume.secret.as_ref().and_then(|s| Some((s, s.secret_name.as_deref()?))) {
            let keys = taken(secret.items.as_deref(), || mounted(spec, &volume.name));
            add(Kind::Secret, name, keys, secret.optional, at.clone().then("secret.secretName"));
        }
        for (place, source) in volume.projected.iter().flat_map(|p| p.sources.iter().flatten()).enumerate() {
            let at = at.clone().then("projected.sources").at(place);
            if let Some(map) = &source.config_map {
                add(Kind::ConfigMap, &map.name, taken(map.items.as_deref(), Vec::new), map.optional, at.clone().then("configMap.name"));
            }
            if let Some(secret) = &source.secret {
                add(Kind::Secret, &secret.name, taken(secret.items.as_deref(), Vec::new), secret.optional, at.then("secret.name"));
            }
        }
    }
    let own = |kind, name, via, path| Reference { kind, name, via, by: "", keys: Vec::new(), optional: false, path };
    // The name is the key of this list: a path by it would lead nowhere once it is changed.
    all.extend(spec.image_pull_secrets.iter().flatten().enumerate().map(|(place, s)| {
        let path = base.clone().then("imagePullSecrets").at(place).then("name");
        own(Kind::Secret, s.name.as_str(), Via::ImagePull, path)
    }));
    let named = spec.service_account_name.as_deref();
    all.extend(named.map(|name| own(Kind::ServiceAccount, name, Via::Identity, base.clone().then("serviceAccountName"))));
    all
}

/// The keys that a volume takes: those that it lists; where it takes all, those that are `mounted` one by one.
fn taken<'a>(items: Option<&'a [KeyToPath]>, mounted: impl FnOnce() -> Vec<&'a str>) -> Vec<&'a str> {
    items.map_or_else(mounted, |items| items.iter().map(|item| item.key.as_str()).collect())
}

/// The files of a volume that containers mount one by one, each of which is a key of what it is made of.
fn mounted<'a>(spec: &'a PodSpec, volume: &str) -> Vec<&'a str> {
    let mounts = pods::containers(spec).flat_map(|(_, c)| c.volume_mounts.iter().flatten()).filter(|m| m.name == volume);
    let mut files: Vec<&str> = mounts.filter_map(|m| m.sub_path.as_deref()).filter(|p| !p.is_empty() && !p.contains('/')).collect();
    files.sort_unstable();
    files.dedup();
    files
}

fn of_environment<'a>(container: &'a Container, at: &FieldPath) -> Vec<Reference<'a>> {
    let of = |kind, name, key: Option<&'a str>, optional: Option<bool>, path| Reference {
        kind,
        name,
        via: Via::Environment,
        by: container.name.as_str(),
        keys: key.into_iter().collect(),
        optional: optional.unwrap_or(false),
        path,
    };
    let mut all = Vec::new();
    for (place, variable) in container.env.iter().flatten().enumerate() {
        let Some(from) = &variable.value_from else { continue };
        // A variable that is listed twice cannot be pointed at by its name.
        let is_doubled = container.env.iter().flatten().filter(|e| e.name == variable.name).count() > 1;
        let list = at.clone().then("env");
        let at = if is_doubled { list.at(place) } else { list.element("name", &variable.name) }.then("valueFrom");
        if let Some(k) = &from.config_map_key_ref {
            let path = at.clone().then("configMapKeyRef.name");
            all.push(of(Kind::ConfigMap, k.name.as_str(), Some(k.key.as_str()), k.optional, path));
        }
        if let Some(k) = &from.secret_key_ref {
            all.push(of(Kind::Secret, k.name.as_str(), Some(k.key.as_str()), k.optional, at.then("secretKeyRef.name")));
        }
    }
    for (place, from) in container.env_from.iter().flatten().enumerate() {
        let at = at.clone().then("envFrom").at(place);
        if let Some(map) = &from.config_map_ref {
            all.push(of(Kind::ConfigMap, map.name.as_str(), None, map.optional, at.clone().then("configMapRef.name")));
        }
        if let Some(secret) = &from.secret_ref {
            all.push(of(Kind::Secret, secret.name.as_str(), None, secret.optional, at.then("secretRef.name")));
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_place_that_names_an_object_is_found_with_its_path() {
        let spec: PodSpec = serde_json::from_value(json!({
            "serviceAccountName": "runner",
            "imagePullSecrets": [{"name": "registry"}],
            "initContainers": [{"name": "init", "envFrom": [{"secretRef": {"name": "keys", "optional": true}}]}],
            "containers": [{"name": "app", "envFrom": [{"configMapRef": {"name": "all"}}],
                "volumeMounts": [{"name": "files", "mountPath": "/f", "subPath": "app.yml"}, {"name": "certs", "mountPath": "/c"}], "env": [
                {"name": "A", "valueFrom": {"configMapKeyRef": {"name": "one", "key": "a"}}},
                {"name": "B", "valueFrom": {"secretKeyRef": {"name": "two", "key": "b"}}},
                {"name": "C", "valueFrom": {"configMapKeyRef": {"name": "twice", "key": "c"}}},
                {"name": "C", "value": "again"}]}],
            "volumes": [
                {"name": "data", "persistentVolumeClaim": {"claimName": "disk"}},
                {"name": "files", "configMap": {"name": "files", "optional": true}},
                {"name": "certs", "secret": {"secretName": "certs"}},
                {"name": "mixed", "projected": {"sources": [{"configMap": {"name": "p", "items": [{"key": "k", "path": "f"}]}}, {"secret": {"name": "q"}}]}}],
        }))
        .unwrap();
        let base = FieldPath::dotted("spec");
        let found: Vec<String> = references(&spec, &base)
            .iter()
            .map(|r| {
                let needed = if r.optional { "optional" } else { "needed" };
                format!("{} {} {:?} by {:?} keys {:?} {needed} {}", r.kind, r.name, r.via, r.by, r.keys, r.path)
            })
            .collect();
        assert_eq!(
            found,
            [
                r#"Secret keys Environment by "init" keys [] optional spec.initContainers[name=init].envFrom[0].secretRef.name"#,
                r#"ConfigMap one Environment by "app" keys ["a"] needed spec.containers[name=app].env[name=A].valueFrom.configMapKeyRef.name"#,
                r#"Secret two Environment by "app" keys ["b"] needed spec.containers[name=app].env[name=B].valueFrom.secretKeyRef.name"#,
                r#"ConfigMap twice Environment by "app" keys ["c"] needed spec.containers[name=app].env[2].valueFrom.configMapKeyRef.name"#,
                r#"ConfigMap all Environment by "app" keys [] needed spec.containers[name=app].envFrom[0].configMapRef.name"#,
                r#"PersistentVolumeClaim disk Volume by "data" keys [] needed spec.volumes[name=data].persistentVolumeClaim.claimName"#,
                r#"ConfigMap files Volume by "files" keys ["app.yml"] optional spec.volumes[name=files].configMap.name"#,
                r#"Secret certs Volume by "certs" keys [] needed spec.volumes[name=certs].secret.secretName"#,
                r#"ConfigMap p Volume by "mixed" keys ["k"] needed spec.volumes[name=mixed].projected.sources[0].configMap.name"#,
                r#"Secret q Volume by "mixed" keys [] needed spec.volumes[name=mixed].projected.sources[1].secret.name"#,
                r#"Secret registry ImagePull by "" keys [] needed spec.imagePullSecrets[0].name"#,
                r#"ServiceAccount runner Identity by "" keys [] needed spec.serviceAccountName"#,
            ]
        );
    }
}
