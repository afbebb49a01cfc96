//! Every place in a Pod spec that names another object.

use crate::domain::field::FieldPath;
use crate::domain::kind::Kind;
use crate::facts::pods;
use k8s_openapi::api::core::v1::{Container, PodSpec};

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
    /// The one key that is taken of it, where not all are.
    pub(crate) key: Option<&'a str>,
    pub(crate) optional: bool,
    /// Where the name stands; none where the list has no key by which to point at its element.
    pub(crate) path: Option<FieldPath>,
}

/// All references of a spec that stands at `base` in its object: containers first, then volumes, then the Pod's own.
pub(crate) fn references<'a>(spec: &'a PodSpec, base: &FieldPath) -> Vec<Reference<'a>> {
    let mut all = Vec::new();
    for (list, container) in pods::containers(spec) {
        all.extend(of_environment(container, &base.clone().then(list).element("name", &container.name)));
    }
    for volume in spec.volumes.iter().flatten() {
        let at = base.clone().then("volumes").element("name", &volume.name);
        let mut add = |kind, name: &'a str, optional, path| {
            all.push(Reference { kind, name, via: Via::Volume, by: &volume.name, key: None, optional, path });
        };
        if let Some(claim) = &volume.persistent_volume_claim {
            add(Kind::PersistentVolumeClaim, &claim.claim_name, false, Some(at.clone().then("persistentVolumeClaim.claimName")));
        }
        if let Some(map) = &volume.config_map {
            add(Kind::ConfigMap, &map.name, map.optional.unwrap_or(false), Some(at.clone().then("configMap.name")));
        }
        if let Some((secret, name)) = volume.secret.as_ref().and_then(|s| Some((s, s.secret_name.as_deref()?))) {
            add(Kind::Secret, name, secret.optional.unwrap_or(false), Some(at.clone().then("secret.secretName")));
        }
        for source in volume.projected.iter().flat_map(|p| p.sources.iter().flatten()) {
            if let Some(map) = &source.config_map {
                add(Kind::ConfigMap, &map.name, map.optional.unwrap_or(false), None);
            }
            if let Some(secret) = &source.secret {
                add(Kind::Secret, &secret.name, secret.optional.unwrap_or(false), None);
            }
        }
    }
    let own = |kind, name, via, path| Reference { kind, name, via, by: "", key: None, optional: false, path };
    all.extend(spec.image_pull_secrets.iter().flatten().map(|s| {
        let path = base.clone().then("imagePullSecrets").element("name", &s.name).then("name");
        own(Kind::Secret, s.name.as_str(), Via::ImagePull, Some(path))
    }));
    let account = Kind::Other { api_version: "v1".to_owned(), kind: "ServiceAccount".to_owned() };
    let named = spec.service_account_name.as_deref();
    all.extend(named.map(|name| own(account, name, Via::Identity, Some(base.clone().then("serviceAccountName")))));
    all
}

fn of_environment<'a>(container: &'a Container, at: &FieldPath) -> Vec<Reference<'a>> {
    let of = |kind, name, key, optional: Option<bool>, path| Reference {
        kind,
        name,
        via: Via::Environment,
        by: container.name.as_str(),
        key,
        optional: optional.unwrap_or(false),
        path,
    };
    let mut all = Vec::new();
    for variable in container.env.iter().flatten() {
        let Some(from) = &variable.value_from else { continue };
        // A variable that is listed twice cannot be pointed at by its name.
        let is_doubled = container.env.iter().flatten().filter(|e| e.name == variable.name).count() > 1;
        let at = at.clone().then("env").element("name", &variable.name).then("valueFrom");
        let path = |field| (!is_doubled).then(|| at.clone().then(field));
        if let Some(k) = &from.config_map_key_ref {
            all.push(of(Kind::ConfigMap, k.name.as_str(), Some(k.key.as_str()), k.optional, path("configMapKeyRef.name")));
        }
        if let Some(k) = &from.secret_key_ref {
            all.push(of(Kind::Secret, k.name.as_str(), Some(k.key.as_str()), k.optional, path("secretKeyRef.name")));
        }
    }
    for from in container.env_from.iter().flatten() {
        if let Some(map) = &from.config_map_ref {
            all.push(of(Kind::ConfigMap, map.name.as_str(), None, map.optional, None));
        }
        if let Some(secret) = &from.secret_ref {
            all.push(of(Kind::Secret, secret.name.as_str(), None, secret.optional, None));
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
            "containers": [{"name": "app", "envFrom": [{"configMapRef": {"name": "all"}}], "env": [
                {"name": "A", "valueFrom": {"configMapKeyRef": {"name": "one", "key": "a"}}},
                {"name": "B", "valueFrom": {"secretKeyRef": {"name": "two", "key": "b"}}},
                {"name": "C", "valueFrom": {"configMapKeyRef": {"name": "twice", "key": "c"}}},
                {"name": "C", "value": "again"}]}],
            "volumes": [
                {"name": "data", "persistentVolumeClaim": {"claimName": "disk"}},
                {"name": "files", "configMap": {"name": "files", "optional": true}},
                {"name": "certs", "secret": {"secretName": "certs"}},
                {"name": "mixed", "projected": {"sources": [{"configMap": {"name": "p"}}, {"secret": {"name": "q"}}]}}],
        }))
        .unwrap();
        let base = FieldPath::dotted("spec");
        let found: Vec<String> = references(&spec, &base)
            .iter()
            .map(|r| {
                let path = r.path.as_ref().map_or("-".to_owned(), ToString::to_string);
                format!(
                    "{} {} {:?} by {:?} key {:?} {} {path}",
                    r.kind,
                    r.name,
                    r.via,
                    r.by,
                    r.key,
                    if r.optional { "optional" } else { "needed" }
                )
            })
            .collect();
        assert_eq!(
            found,
            [
                r#"Secret keys Environment by "init" key None optional -"#,
                r#"ConfigMap one Environment by "app" key Some("a") needed spec.containers[name=app].env[name=A].valueFrom.configMapKeyRef.name"#,
                r#"Secret two Environment by "app" key Some("b") needed spec.containers[name=app].env[name=B].valueFrom.secretKeyRef.name"#,
                r#"ConfigMap twice Environment by "app" key Some("c") needed -"#,
                r#"ConfigMap all Environment by "app" key None needed -"#,
                r#"PersistentVolumeClaim disk Volume by "data" key None needed spec.volumes[name=data].persistentVolumeClaim.claimName"#,
                r#"ConfigMap files Volume by "files" key None optional spec.volumes[name=files].configMap.name"#,
                r#"Secret certs Volume by "certs" key None needed spec.volumes[name=certs].secret.secretName"#,
                r#"ConfigMap p Volume by "mixed" key None needed -"#,
                r#"Secret q Volume by "mixed" key None needed -"#,
                r#"Secret registry ImagePull by "" key None needed spec.imagePullSecrets[name=registry].name"#,
                r#"ServiceAccount runner Identity by "" key None needed spec.serviceAccountName"#,
            ]
        );
    }
}
