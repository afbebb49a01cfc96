//! What nobody may state a change of, whatever the table of changes says: kinds that grant power or hold secrets, and fields of a Pod's
//! template that give a program more than it has. It stands beside the table and is compared with it: either alone is enough to refuse.

use super::field::FieldPath;
use super::kind::Kind;
use super::object::ObjectRef;

/// The only kinds that may be stated. All others are denied: those that grant power, hold secrets, or belong to the cluster among them.
const KINDS: &[Kind] = &[Kind::Deployment, Kind::StatefulSet, Kind::DaemonSet, Kind::Service, Kind::ConfigMap, Kind::PersistentVolumeClaim];

/// Names of members that lead to what is denied, wherever they stand on the way to a field. Keys of a ConfigMap are names of somebody's own.
const FIELDS: &[&str] = &[
    "affinity",
    "annotations",
    "args",
    "automountServiceAccountToken",
    "capabilities",
    "clusterIP",
    "command",
    "env",
    "envFrom",
    "ephemeralContainers",
    "exec",
    "externalIPs",
    "externalName",
    "finalizers",
    "host",
    "hostAliases",
    "hostIP",
    "hostIPC",
    "hostNetwork",
    "hostPID",
    "hostPort",
    "hostUsers",
    "httpHeaders",
    "imagePullSecrets",
    "initContainers",
    "labels",
    "lifecycle",
    "matchExpressions",
    "matchLabels",
    "nodeName",
    "nodeSelector",
    "ownerReferences",
    "preemptionPolicy",
    "priority",
    "priorityClassName",
    "privileged",
    "runtimeClassName",
    "schedulerName",
    "securityContext",
    "selector",
    "serviceAccount",
    "serviceAccountName",
    "shareProcessNamespace",
    "tolerations",
    "topologySpreadConstraints",
    "type",
    "volumeClaimTemplates",
    "volumeDevices",
    "volumeMounts",
    "volumeName",
    "volumes",
    "workingDir",
];

/// Why nobody may state a change of this object, where nobody may.
pub fn object(object: &ObjectRef) -> Option<String> {
    match &object.namespace {
        None => return Some(format!("{object} belongs to the cluster as a whole")),
        Some(namespace) if namespace.is_system() => return Some(format!("`{namespace}` is a system namespace")),
        Some(_) => {}
    }
    (!KINDS.contains(&object.kind)).then(|| format!("objects of kind {} are not changed by what somebody proposes", object.kind))
}

/// Why nobody may state a change of this field, where nobody may.
pub fn field(kind: &Kind, path: &FieldPath) -> Option<String> {
    let names: Vec<&str> = path.segments().iter().map(super::field::Segment::name).collect();
    let own = *kind == Kind::ConfigMap && names.first() == Some(&"data");
    let denied = names.iter().find(|name| FIELDS.contains(name)).filter(|_| !own);
    let outside = names.first().filter(|first| !["spec", "data"].contains(first));
    denied.or(outside).map(|name| format!("`{name}` is not changed by what somebody proposes"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::changes::{CHANGES, Verb, row};
    use crate::domain::field::Segment;
    use proptest::prelude::*;

    /// Words of which paths are made: all that is denied, and all that the table has.
    fn words() -> Vec<String> {
        let table = CHANGES.iter().filter_map(|row| row.field).flat_map(|field| field.split(['.', '[', ']', '|', '*']));
        let mut all: Vec<String> = FIELDS.iter().copied().chain(table).chain(["metadata", "status", "data"]).map(str::to_owned).collect();
        all.retain(|word| !word.is_empty());
        all.sort();
        all.dedup();
        all
    }

    /// A path that a row with a form lets through, with words of denied fields in the places that it leaves open.
    fn fitting() -> impl Strategy<Value = (Kind, FieldPath)> {
        let rows: Vec<_> = CHANGES.iter().filter(|row| row.form().is_some() && row.field.is_some()).collect();
        (prop::sample::select(rows), prop::sample::select(words()), any::<prop::sample::Index>()).prop_map(|(row, word, choice)| {
            let text = row.field.unwrap_or_default().replace('[', ".[").replace("|.[", "|[");
            let path = text.split('.').fold(FieldPath::root(), |path, step| {
                let choices: Vec<&str> = step.split('|').collect();
                match *choice.get(&choices) {
                    "[]" => path.element("name", &word),
                    "[*]" => path.at(0),
                    "*" => path.key(&word),
                    name => path.key(name),
                }
            });
            (choice.get(row.kinds).clone(), path)
        })
    }

    fn segment() -> impl Strategy<Value = Segment> {
        let key = || prop::sample::select(words());
        prop_oneof![
            6 => key().prop_map(Segment::Key),
            2 => key().prop_map(|value| Segment::Element { key: "name".to_owned(), value }),
            1 => (0..3_usize).prop_map(Segment::Position)
        ]
    }

    /// Only a name of somebody's own may be called like a denied field: of a container, a port, or a key.
    fn denied_member(kind: &Kind, path: &FieldPath) -> bool {
        let keys = path.segments().iter().filter(|s| matches!(s, Segment::Key(_))).map(Segment::name);
        *kind != Kind::ConfigMap && keys.into_iter().any(|name| FIELDS.contains(&name))
    }

    proptest! {
        #[test]
        fn nothing_that_may_be_stated_reaches_a_denied_field((kind, path) in fitting()) {
            let may = row(Verb::Patch, &kind, Some(&path)).is_some_and(|row| row.form().is_some());
            prop_assert!(may && !denied_member(&kind, &path), "{kind} {path}");
        }

        #[test]
        fn no_path_whatever_is_let_through_by_table_and_list_that_has_a_denied_member(segments in prop::collection::vec(segment(), 0..9)) {
            let path = FieldPath::from_segments(segments);
            for kind in Kind::KNOWN {
                let may = row(Verb::Patch, &kind, Some(&path)).is_some_and(|row| row.form().is_some());
                prop_assert!(!(may && denied_member(&kind, &path)), "{kind} {path}");
                prop_assert!(!denied_member(&kind, &path) || field(&kind, &path).is_some(), "{kind} {path}");
            }
        }
    }

    #[test]
    fn rows_with_a_form_are_of_kinds_that_may_be_stated_and_nothing_is_deleted() {
        for row in CHANGES.iter().filter(|row| row.form().is_some()) {
            assert!(row.kinds.iter().all(|kind| KINDS.contains(kind)), "{row:?}");
            assert_ne!(row.verb, Verb::Delete, "{row:?}");
        }
        for kind in [Kind::Secret, Kind::Namespace, Kind::Node, Kind::PersistentVolume, Kind::StorageClass, Kind::Pod, Kind::NetworkPolicy]
        {
            assert!(!KINDS.contains(&kind), "{kind}");
        }
    }

    #[test]
    fn objects_of_the_cluster_and_of_system_namespaces_are_denied() {
        let of =
            |kind: Kind, namespace: &str| ObjectRef::namespaced(kind, &crate::domain::namespace::Namespace::parse(namespace).unwrap(), "x");
        assert!(object(&of(Kind::Deployment, "kube-system")).is_some_and(|why| why.contains("system namespace")));
        assert!(object(&ObjectRef::cluster(Kind::Node, "x")).is_some());
        assert!(object(&of(Kind::Secret, "shop")).is_some());
        assert_eq!(object(&of(Kind::Deployment, "shop")), None);
    }
}
