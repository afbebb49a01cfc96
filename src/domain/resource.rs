//! A Kubernetes object with its kind: what the rules need of any of them, and what is left of it in a snapshot.

use super::kind::{Kind, kinds};
use super::object::{Namespace, ObjectRef};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde_json::Value;

/// The annotation in which `kubectl apply` keeps the manifest once more.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// A Kubernetes object with its kind, as one trait: what the rules need of any of them.
pub trait Resource: serde::Serialize {
    /// Its kind.
    const KIND: Kind;
    /// Its metadata.
    fn meta(&self) -> &ObjectMeta;

    /// How we point at it. An object without a name, which no server sends, gets an empty one.
    fn reference(&self) -> ObjectRef {
        pointed_at(Self::KIND, self.meta())
    }

    /// Whether this is the object that is pointed at.
    fn is(&self, object: &ObjectRef) -> bool {
        let meta = self.meta();
        object.kind == Self::KIND
            && meta.name.as_deref().unwrap_or_default() == object.name
            && meta.namespace.as_deref() == object.namespace.as_ref().map(Namespace::as_str)
    }

    /// The object as JSON with apiVersion and kind, for paths into it.
    fn to_value(&self) -> Value {
        let mut value = serde_json::to_value(self).unwrap_or(Value::Null);
        if let Some(map) = value.as_object_mut() {
            map.insert("apiVersion".into(), Self::KIND.api_version().into());
            map.insert("kind".into(), Self::KIND.name().into());
        }
        value
    }
}

macro_rules! implement {
    ($($kind:ident $version:literal $plural:literal $short:literal $scope:ident $read:ident [$($field:ident: $type:ty)?];)*) => {
        $($(impl Resource for $type {
            const KIND: Kind = Kind::$kind;
            fn meta(&self) -> &ObjectMeta {
                &self.metadata
            }
        })?)*
    };
}

kinds!(implement);

/// A custom resource's object: what all objects have, and the rest as it came.
#[derive(Debug, Clone, PartialEq)]
pub struct Dynamic {
    /// Its kind.
    pub kind: Kind,
    /// Its metadata.
    pub meta: ObjectMeta,
    /// `status.conditions`, as far as they have the usual form.
    pub conditions: Vec<Condition>,
    /// The whole object, without what a snapshot does not keep.
    pub value: Value,
}

/// One of `status.conditions`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// Such as `Ready`.
    pub kind: String,
    /// `True`, `False` or `Unknown`.
    pub status: String,
    /// One word; empty where there is none.
    pub reason: String,
    /// A sentence; empty where there is none.
    pub message: String,
}

impl Dynamic {
    /// The object, when it has metadata of the usual form.
    pub fn of(kind: &Kind, mut value: Value) -> Option<Self> {
        let metadata = value.get_mut("metadata")?.as_object_mut()?;
        metadata.shift_remove("managedFields");
        if let Some(annotations) = metadata.get_mut("annotations").and_then(Value::as_object_mut) {
            annotations.shift_remove(LAST_APPLIED);
        }
        let meta = serde_json::from_value(Value::Object(metadata.clone())).ok()?;
        let conditions = value.pointer("/status/conditions").and_then(Value::as_array).into_iter().flatten();
        let conditions = conditions.filter_map(|condition| {
            let text = |key: &str| condition.get(key).and_then(Value::as_str).map(str::to_owned);
            Some(Condition {
                kind: text("type")?,
                status: text("status")?,
                reason: text("reason").unwrap_or_default(),
                message: text("message").unwrap_or_default(),
            })
        });
        Some(Self { kind: kind.clone(), meta, conditions: conditions.collect(), value })
    }

    /// How we point at it.
    pub fn reference(&self) -> ObjectRef {
        pointed_at(self.kind.clone(), &self.meta)
    }
}

fn pointed_at(kind: Kind, meta: &ObjectMeta) -> ObjectRef {
    ObjectRef {
        kind,
        namespace: meta.namespace.as_deref().and_then(|ns| Namespace::parse(ns).ok()),
        name: meta.name.clone().unwrap_or_default(),
    }
}

/// Drops what no rule reads and what is a third of an object's bytes: who wrote which field, and the manifest once more.
pub(super) fn slim(meta: &mut ObjectMeta) {
    meta.managed_fields = None;
    if let Some(annotations) = &mut meta.annotations {
        annotations.remove(LAST_APPLIED);
    }
}
