//! A container's environment and files, as its Pod's references resolve now.

use std::collections::BTreeMap;

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::Value;

use crate::sim::{
    cluster::Cluster,
    json as read,
    resources::{CONFIG_MAP, SECRET},
};

/// The variables of a container, or what cannot be resolved, in the kubelet's words.
pub(super) fn environment(cluster: &Cluster, pod: &Value, spec: &Value, address: &str) -> Result<BTreeMap<String, String>, String> {
    let mut variables = BTreeMap::new();
    for source in read::list(spec, "/envFrom") {
        let prefix = read::text(source, "/prefix");
        for (kind, pointer) in [("configMap", "/configMapRef"), ("secret", "/secretRef")] {
            let reference = read::at(source, pointer);
            if let Some(data) = data(cluster, pod, kind, reference)? {
                variables.extend(data.into_iter().map(|(key, value)| (format!("{prefix}{key}"), value)));
            }
        }
    }
    for variable in read::list(spec, "/env") {
        let name = read::text(variable, "/name");
        let from = read::at(variable, "/valueFrom");
        let value = if let Some(reference) = from.get("configMapKeyRef") {
            value_of_key(cluster, pod, "configMap", reference)?
        } else if let Some(reference) = from.get("secretKeyRef") {
            value_of_key(cluster, pod, "secret", reference)?
        } else if let Some(field) = from.get("fieldRef") {
            Some(pod_field(pod, read::text(field, "/fieldPath"), address))
        } else {
            Some(expand(read::text(variable, "/value"), &variables))
        };
        if let Some(value) = value {
            variables.insert(name.to_owned(), value);
        }
    }
    Ok(variables)
}

/// All of a referenced ConfigMap or Secret; nothing when it is optional and absent, or there is no reference.
fn data(cluster: &Cluster, pod: &Value, kind: &str, reference: &Value) -> Result<Option<BTreeMap<String, String>>, String> {
    if reference.is_null() {
        return Ok(None);
    }
    let name = read::text(reference, "/name");
    let resource = if kind == "secret" { &SECRET } else { &CONFIG_MAP };
    let Some(object) = cluster.store.get(resource, read::namespace(pod), name) else {
        return if is_optional(reference) { Ok(None) } else { Err(format!("{} \"{name}\" not found", kind.to_lowercase())) };
    };
    let data = read::pairs(&object, "/data")
        .into_iter()
        .map(|(key, value)| {
            let value = if kind == "secret" {
                let bytes = STANDARD.decode(value).unwrap_or_default();
                String::from_utf8_lossy(&bytes).into_owned()
            } else {
                value.to_owned()
            };
            (key.to_owned(), value)
        })
        .collect();
    Ok(Some(data))
}

fn value_of_key(cluster: &Cluster, pod: &Value, kind: &str, reference: &Value) -> Result<Option<String>, String> {
    let Some(mut data) = data(cluster, pod, kind, reference)? else {
        return Ok(None);
    };
    let key = read::text(reference, "/key");
    match data.remove(key) {
        Some(value) => Ok(Some(value)),
        None if is_optional(reference) => Ok(None),
        None => Err(format!(
            "couldn't find key {key} in {} {}/{}",
            if kind == "secret" { "Secret" } else { "ConfigMap" },
            read::namespace(pod),
            read::text(reference, "/name")
        )),
    }
}

/// The content of a file that a ConfigMap or Secret volume brings.
pub(super) fn file(cluster: &Cluster, pod: &Value, spec: &Value, path: &str) -> Option<String> {
    let (mount, rest) = mount_of(spec, path)?;
    let volume = read::named(read::list(pod, "/spec/volumes"), "name", read::text(mount, "/name"))?;
    let rest = match read::text(mount, "/subPath") {
        "" => rest,
        subpath if rest.is_empty() => subpath,
        _ => return None,
    };
    for (kind, source, name) in [("configMap", "/configMap", "/name"), ("secret", "/secret", "/secretName")] {
        let source = read::at(volume, source);
        if source.is_null() {
            continue;
        }
        let mut reference = source.clone();
        read::set(&mut reference, "/name", read::text(source, name));
        let key = read::list(source, "/items")
            .iter()
            .find(|item| read::text(item, "/path") == rest)
            .map_or(rest, |item| read::text(item, "/key"));
        return data(cluster, pod, kind, &reference).ok()??.remove(key);
    }
    None
}

/// Why a file cannot be written, if it cannot.
pub(super) fn unwritable(pod: &Value, spec: &Value, path: &str) -> Option<String> {
    let Some((mount, _)) = mount_of(spec, path) else {
        // Without a volume there is just the image: the program itself, at its root.
        let in_root = path.rsplit_once('/').is_some_and(|(folder, _)| folder.is_empty());
        let locked = read::at(spec, "/securityContext/readOnlyRootFilesystem").as_bool() == Some(true);
        return if !in_root {
            Some(format!("open {path}: no such file or directory"))
        } else if locked {
            Some(format!("open {path}: read-only file system"))
        } else {
            None
        };
    };
    let volume = read::named(read::list(pod, "/spec/volumes"), "name", read::text(mount, "/name"))?;
    let writable = ["emptyDir", "persistentVolumeClaim", "hostPath", "ephemeral"].iter().any(|kind| volume.get(kind).is_some());
    let locked = read::at(mount, "/readOnly").as_bool() == Some(true);
    (locked || !writable).then(|| format!("open {path}: read-only file system"))
}

/// The mount that a path lies in, and the path within it.
fn mount_of<'a>(spec: &'a Value, path: &'a str) -> Option<(&'a Value, &'a str)> {
    read::list(spec, "/volumeMounts")
        .iter()
        .filter_map(|mount| {
            let rest = path.strip_prefix(read::text(mount, "/mountPath").trim_end_matches('/'))?;
            (rest.is_empty() || rest.starts_with('/')).then(|| (mount, rest.trim_start_matches('/')))
        })
        .min_by_key(|(_, rest)| rest.len())
}

fn is_optional(reference: &Value) -> bool {
    read::at(reference, "/optional").as_bool() == Some(true)
}

fn pod_field(pod: &Value, path: &str, address: &str) -> String {
    match path {
        "status.podIP" => address.to_owned(),
        path => read::text(pod, &format!("/{}", path.replace('.', "/"))).to_owned(),
    }
}

/// Puts known variables in place of `$(NAME)`.
pub(super) fn expand(text: &str, variables: &BTreeMap<String, String>) -> String {
    variables.iter().fold(text.to_owned(), |text, (name, value)| text.replace(&format!("$({name})"), value))
}
