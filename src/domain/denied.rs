//! What nobody may state a change of, whatever the table of changes says: kinds that grant power or hold secrets, and fields of a Pod's
//! template that give a program more than it has. It stands beside the table and is compared with it: either alone is enough to refuse.

use super::action::{Change, FieldOp, RESTARTED_AT, restarted};
use super::changes::Verb;
use super::field::{FieldPath, Segment};
use super::kind::Kind;
use super::object::ObjectRef;
use serde_json::Value;

/// The only kinds whose objects may be changed by what is stated. All others are denied: those that grant power, hold secrets, or belong to
/// the cluster among them.
const KINDS: &[Kind] = &[
    Kind::Deployment,
    Kind::StatefulSet,
    Kind::DaemonSet,
    Kind::Service,
    Kind::Ingress,
    Kind::HorizontalPodAutoscaler,
    Kind::PodDisruptionBudget,
    Kind::ConfigMap,
    Kind::PersistentVolumeClaim,
];

/// The only kinds of which an object may be created. A ServiceAccount is none that may be changed: its Pods get what it gets.
const CREATED: &[Kind] = &[Kind::Service, Kind::ConfigMap, Kind::PersistentVolumeClaim, Kind::ServiceAccount];

/// The only kind of which an object may go: its controller makes another.
const ENDED: &[Kind] = &[Kind::Pod];

/// Names of members that give a program more than it has: no way back to an earlier template leads through one of them, in either direction.
const POWER: &[&str] = &[
    "automountServiceAccountToken",
    "capabilities",
    "ephemeralContainers",
    "hostAliases",
    "hostIPC",
    "hostNetwork",
    "hostPID",
    "hostPath",
    "hostPort",
    "hostUsers",
    "imagePullSecrets",
    "nodeName",
    "preemptionPolicy",
    "priority",
    "priorityClassName",
    "privileged",
    "runtimeClassName",
    "schedulerName",
    "securityContext",
    "serviceAccount",
    "serviceAccountName",
    "serviceAccountToken",
    "shareProcessNamespace",
];

/// Names of members that give a program other data, another node or other names than it has: a way back is not led through one of them
/// either. Sources of a volume that are not here bring what the template says itself, or a ConfigMap.
const PLACES: &[&str] = &[
    "affinity",
    "awsElasticBlockStore",
    "azureDisk",
    "azureFile",
    "cephfs",
    "cinder",
    "claims",
    "clusterTrustBundle",
    "dnsConfig",
    "dnsPolicy",
    "ephemeral",
    "fc",
    "flexVolume",
    "flocker",
    "gcePersistentDisk",
    "gitRepo",
    "glusterfs",
    "iscsi",
    "mountPropagation",
    "nfs",
    "nodeSelector",
    "persistentVolumeClaim",
    "photonPersistentDisk",
    "podCertificate",
    "portworxVolume",
    "quobyte",
    "rbd",
    "resourceClaims",
    "scaleIO",
    "storageos",
    "tolerations",
    "volumeDevices",
    "vsphereVolume",
];

/// Names of members that let a program read a Secret: a way back may take them away, and brings none.
const SECRETS: &[&str] = &["csi", "secret", "secretKeyRef", "secretRef"];

/// Sources of a volume that a container may mount by a way back, and mount no more.
const MOUNTED: &[&str] = &["configMap", "downwardAPI"];

/// The same where no other container mounts it.
const OWN: &[&str] = &["emptyDir"];

/// Names of members that lead to what is denied besides, wherever they stand on the way to a field. Keys of a ConfigMap are names of somebody's own.
const FIELDS: &[&str] = &[
    "affinity",
    "annotations",
    "args",
    "clusterIP",
    "command",
    "env",
    "envFrom",
    "exec",
    "externalIPs",
    "externalName",
    "finalizers",
    "host",
    "hostIP",
    "httpHeaders",
    "initContainers",
    "labels",
    "lifecycle",
    "matchExpressions",
    "matchLabels",
    "nodeSelector",
    "ownerReferences",
    "selector",
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

/// Why nobody may state that this is done to this object, where nobody may.
pub fn object(verb: Verb, object: &ObjectRef) -> Option<String> {
    match &object.namespace {
        None => return Some(format!("{object} belongs to the cluster as a whole")),
        Some(namespace) if namespace.is_system() => return Some(format!("`{namespace}` is a system namespace")),
        Some(_) => {}
    }
    (!kinds(verb).contains(&object.kind)).then(|| {
        let why = why_not(&object.kind).map(|why| format!(": {why}")).unwrap_or_default();
        format!("objects of kind {} are not changed by what somebody proposes{why}", object.kind)
    })
}

fn kinds(verb: Verb) -> &'static [Kind] {
    match verb {
        Verb::Create => CREATED,
        Verb::Delete | Verb::Evict => ENDED,
        Verb::Patch | Verb::Restart | Verb::UndoRollout => KINDS,
    }
}

/// Of a kind that somebody may have good reason to propose, why it is left to a human.
fn why_not(kind: &Kind) -> Option<&'static str> {
    Some(match kind {
        Kind::NetworkPolicy => {
            "a NetworkPolicy says who reaches whom, and which connections it is there to stop is written nowhere; name as a cause what it blocks, for a human to change"
        }
        Kind::ServiceAccount => "what a ServiceAccount gets, every Pod of it gets, now and later; name as a cause what is wrong with it",
        Kind::CronJob | Kind::Job => {
            "what its runs did is not known, and whether a change helps only a later run shows; name as a cause what is wrong with it"
        }
        Kind::Node => "nodes belong to the cluster as a whole",
        _ => return None,
    })
}

/// Why nobody may go back over this difference of two templates, where nobody may. Its earlier value ran in the same object, so more is
/// open than to a value that somebody thinks of: what is not, is what gives power over the node, the cluster, a Secret or other data, and
/// annotations and labels, of which only those who read them know what they give.
pub fn way_back(op: &FieldOp) -> Option<String> {
    let left =
        |name: &str| Some(format!("`{name}` differs between the two templates ({}): a way back over that is left to a human", op.path));
    if let Some(name) = read_by_others(op) {
        return left(name);
    }
    let on_the_way = op.path.segments().iter().filter(|s| matches!(s, Segment::Key(_))).map(Segment::name);
    let new = match &op.change {
        Change::Set(value) => Some(value),
        Change::Remove => None,
    };
    let power = |name: &str| POWER.contains(&name) || PLACES.contains(&name);
    let secret = |name: &str| SECRETS.contains(&name);
    let found = on_the_way.clone().find(|name| power(name) || (new.is_some() && secret(name)));
    let found = found.or_else(|| op.seen.iter().chain(new).find_map(|value| member(value, &power)));
    let found = found.or_else(|| new.and_then(|value| member(value, &secret)));
    found.and_then(left)
}

/// Why nobody may go from one template to the other for what their containers mount, where nobody may. A volume gives nothing before a
/// container mounts it. Data of ConfigMaps, of the Pod itself and of this container alone may come and go, and a Secret may go; of
/// everything else, such as a claim, a path of the node or what containers share, the mounts stay as they are.
pub fn way_back_mounts(now: &Value, then: &Value) -> Option<String> {
    let (had, has) = (mounts(now), mounts(then));
    let open = |template: &Value, mount: &Mount<'_>, sources_of: &[&str]| {
        let shared = had.iter().chain(&has).any(|other| other.volume == mount.volume && other.container != mount.container);
        let is_open = |source: &&str| sources_of.contains(source) || (OWN.contains(source) && !shared);
        let sources = sources(template, mount.volume);
        !sources.is_empty() && sources.iter().all(is_open)
    };
    let comes = |mount: &&Mount<'_>| !had.contains(mount) && !open(then, mount, MOUNTED);
    let goes = |mount: &&Mount<'_>| !has.contains(mount) && !open(now, mount, &[MOUNTED, SECRETS].concat());
    let found = has.iter().find(comes).or_else(|| had.iter().find(goes))?;
    Some(format!(
        "`volumeMounts` differs between the two templates ({} of volume `{}`): a way back over that is left to a human",
        found.container.1, found.volume
    ))
}

/// One mount of a container, which is told by its list and its name.
#[derive(PartialEq)]
struct Mount<'v> {
    container: (&'static str, &'v str),
    volume: &'v str,
    all: &'v Value,
}

fn mounts(template: &Value) -> Vec<Mount<'_>> {
    let list = |list: &'static str| {
        template.pointer(&format!("/spec/{list}")).and_then(Value::as_array).into_iter().flatten().map(move |c| (list, c))
    };
    let all = ["containers", "initContainers", "ephemeralContainers"].into_iter().flat_map(list);
    all.flat_map(|(list, container)| {
        let name = container.get("name").and_then(Value::as_str).unwrap_or_default();
        let own = container.get("volumeMounts").and_then(Value::as_array).into_iter().flatten();
        own.map(move |all| Mount { container: (list, name), volume: all.get("name").and_then(Value::as_str).unwrap_or_default(), all })
    })
    .collect()
}

/// Of what a volume of the template is made: of one that is put together, what that is made of. Nothing where it is not there.
fn sources<'v>(template: &'v Value, volume: &str) -> Vec<&'v str> {
    let members = |of: &'v Value| of.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null());
    let volumes = template.pointer("/spec/volumes").and_then(Value::as_array).into_iter().flatten();
    let found = volumes.filter(|one| one.get("name").and_then(Value::as_str) == Some(volume));
    let parts = |(name, value): (&'v String, &'v Value)| match value.get("sources").and_then(Value::as_array) {
        Some(parts) if name == "projected" => parts.iter().flat_map(members).map(|(name, _)| name.as_str()).collect(),
        _ => vec![name.as_str()],
    };
    found.flat_map(members).filter(|(name, _)| *name != "name").flat_map(parts).collect()
}

/// The part of the template's metadata that differs, but for the time of a restart.
fn read_by_others(op: &FieldOp) -> Option<&str> {
    let metadata = FieldPath::dotted("spec.template.metadata");
    if !op.path.starts_with(&metadata) || op.path == *restarted() {
        return None;
    }
    let new = match &op.change {
        Change::Set(value) => Some(value),
        Change::Remove => None,
    };
    // The map comes or goes with its only member.
    let is_of_a_restart = |value: &Value| value.as_object().is_some_and(|members| members.keys().all(|name| name == RESTARTED_AT));
    let notes = op.path == metadata.clone().key("annotations");
    let part = op.path.segments().get(metadata.segments().len()).map_or("metadata", Segment::name);
    (!notes || !op.seen.iter().chain(new).all(is_of_a_restart)).then_some(part)
}

/// The name of the first member that is meant, at any depth.
fn member<'v>(value: &'v Value, is_meant: &impl Fn(&str) -> bool) -> Option<&'v str> {
    match value {
        Value::Object(members) => {
            members.iter().find_map(|(name, value)| if is_meant(name) { Some(name.as_str()) } else { member(value, is_meant) })
        }
        Value::Array(items) => items.iter().find_map(|item| member(item, is_meant)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    }
}

/// Whether a member of this name is never on the way to what may be stated.
fn is_denied(name: &str) -> bool {
    POWER.contains(&name) || FIELDS.contains(&name)
}

/// Why nobody may state a change of this field, where nobody may. What an element of a list is called is somebody's own: by its place it
/// would be the same one.
pub fn field(kind: &Kind, path: &FieldPath) -> Option<String> {
    let names: Vec<&str> = path.segments().iter().filter(|step| matches!(step, Segment::Key(_))).map(Segment::name).collect();
    let own = *kind == Kind::ConfigMap && names.first() == Some(&"data");
    let denied = names.iter().find(|name| is_denied(name)).filter(|_| !own);
    let outside = names.first().filter(|first| !["spec", "data"].contains(first));
    denied.or(outside).map(|name| format!("`{name}` is not changed by what somebody proposes"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::changes::{CHANGES, row};
    use proptest::prelude::*;

    /// Words of which paths are made: all that is denied, and all that the table has.
    fn words() -> Vec<String> {
        let table = CHANGES.iter().filter_map(|row| row.field).flat_map(|field| field.split(['.', '[', ']', '|', '*']));
        let mut all: Vec<String> =
            POWER.iter().chain(FIELDS).copied().chain(table).chain(["metadata", "status", "data"]).map(str::to_owned).collect();
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
        *kind != Kind::ConfigMap && keys.into_iter().any(is_denied)
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
    fn container_that_is_called_like_a_denied_field_is_one_in_each_spelling() {
        let of = |path: &str| field(&Kind::Deployment, &FieldPath::parse(path).unwrap());
        assert_eq!((of("spec.template.spec.containers[name=env].image"), of("spec.template.spec.containers[0].image")), (None, None));
        for path in ["spec.template.spec.containers[name=app].env[0].value", "spec.template.spec.containers[0].env[name=A].value"] {
            assert!(of(path).is_some_and(|why| why.contains("`env`")), "{path}");
        }
    }

    #[test]
    fn rows_with_a_form_are_of_kinds_that_may_be_stated_and_nothing_ends_but_pods() {
        for row in CHANGES.iter().filter(|row| row.form().is_some()) {
            assert!(row.kinds.iter().all(|kind| kinds(row.verb).contains(kind)), "{row:?}");
        }
        assert_eq!(ENDED, [Kind::Pod]);
        for kind in [Kind::Secret, Kind::Namespace, Kind::Node, Kind::PersistentVolume, Kind::StorageClass, Kind::Pod, Kind::NetworkPolicy]
        {
            assert!(!KINDS.contains(&kind) && !CREATED.contains(&kind), "{kind}");
        }
        assert!(!KINDS.contains(&Kind::ServiceAccount), "its Pods get what it gets");
    }

    #[test]
    fn objects_of_the_cluster_and_of_system_namespaces_are_denied() {
        let of =
            |kind: Kind, namespace: &str| ObjectRef::namespaced(kind, &crate::domain::namespace::Namespace::parse(namespace).unwrap(), "x");
        for verb in Verb::ALL {
            assert!(object(verb, &of(Kind::Deployment, "kube-system")).is_some_and(|why| why.contains("system namespace")), "{verb}");
            assert!(object(verb, &of(Kind::Pod, "kube-system")).is_some_and(|why| why.contains("system namespace")), "{verb}");
            assert!(object(verb, &ObjectRef::cluster(Kind::Node, "x")).is_some());
            assert!(object(verb, &of(Kind::Secret, "shop")).is_some());
            assert_eq!(object(verb, &of(Kind::Deployment, "shop")).is_some(), verb.ends() || verb == Verb::Create, "{verb}");
            assert_eq!(object(verb, &of(Kind::Pod, "shop")).is_none(), verb.ends(), "{verb}");
        }
    }

    #[test]
    fn way_back_takes_secrets_away_and_brings_no_power() {
        use serde_json::json;
        let container = || FieldPath::dotted("spec.template.spec.containers").element("name", "app");
        let variable = || container().then("env").element("name", "securityContext");
        let reference = json!({"name": "A", "valueFrom": {"secretKeyRef": {"name": "db", "key": "x"}}});
        for (op, may) in [
            (FieldOp::set(container().then("image"), "web:1").seen("web:2"), true),
            (FieldOp::set(container().then("args").at(0), "a").seen("b"), true),
            (FieldOp::set(variable().then("value"), "a").seen("b"), true),
            (FieldOp::remove(container().then("env").element("name", "A")).seen(reference.clone()), true),
            (FieldOp::set(container().then("env").element("name", "A"), reference), false),
            (FieldOp::set(container().then("env").element("name", "A").then("valueFrom.secretKeyRef.name"), "other").seen("db"), false),
            (FieldOp::remove(container().then("securityContext.runAsNonRoot")).seen(true), false),
            (FieldOp::set(FieldPath::dotted("spec.template.spec.serviceAccountName"), "admin"), false),
            (FieldOp::set(FieldPath::dotted("spec.template.spec.hostNetwork"), true), false),
            (FieldOp::set(container(), json!({"name": "app", "securityContext": {"privileged": true}})), false),
            (
                FieldOp::remove(FieldPath::dotted("spec.template.spec.volumes")).seen(json!([{"name": "a", "hostPath": {"path": "/"}}])),
                false,
            ),
        ] {
            assert_eq!(way_back(&op).is_none(), may, "{op:?}");
        }
    }

    #[test]
    fn way_back_mounts_no_secret_no_claim_and_nothing_of_the_node_in_another_container() {
        use serde_json::json;
        let volumes = json!([
            {"name": "tls", "secret": {"secretName": "tls"}}, {"name": "root", "hostPath": {"path": "/"}}, {"name": "csi", "csi": {}},
            {"name": "data", "persistentVolumeClaim": {"claimName": "data"}}, {"name": "settings", "configMap": {"name": "settings"}},
            {"name": "token", "projected": {"sources": [{"serviceAccountToken": {"path": "token"}}, {"configMap": {"name": "ca"}}]}},
            {"name": "plain", "projected": {"sources": [{"downwardAPI": {}}, {"configMap": {"name": "ca"}}]}},
            {"name": "shared", "emptyDir": {}}, {"name": "own", "emptyDir": {}},
        ]);
        let both = json!([{"name": "tls", "mountPath": "/tls"}, {"name": "shared", "mountPath": "/shared"}]);
        let template = |mounts: Value| {
            json!({"spec": {"volumes": volumes, "containers": [{"name": "app", "volumeMounts": mounts},
            {"name": "proxy", "volumeMounts": both}]}})
        };
        let mount = |volume: &str| json!([{"name": volume, "mountPath": "/x"}]);
        for (volume, may_come, may_go) in [
            ("tls", false, true),
            ("csi", false, true),
            ("root", false, false),
            ("data", false, false),
            ("token", false, false),
            ("shared", false, false),
            ("unknown", false, false),
            ("settings", true, true),
            ("plain", true, true),
            ("own", true, true),
        ] {
            let (with, without) = (template(mount(volume)), template(json!([])));
            assert_eq!(way_back_mounts(&without, &with).is_none(), may_come, "{volume}");
            assert_eq!(way_back_mounts(&with, &without).is_none(), may_go, "{volume}");
            assert_eq!(way_back_mounts(&with, &with), None);
        }
        let read_only = template(json!([{"name": "data", "mountPath": "/x", "readOnly": true}]));
        let why = way_back_mounts(&read_only, &template(mount("data")));
        assert!(why.is_some_and(|why| why.contains("`volumeMounts` differs") && why.contains("app of volume `data`")));
        // A container that comes whole brings its mounts.
        let alone = json!({"spec": {"volumes": volumes, "containers": [{"name": "app"}]}});
        assert!(way_back_mounts(&alone, &template(json!([]))).is_some());
        let first = json!({"spec": {"volumes": volumes, "initContainers": [{"name": "app", "volumeMounts": mount("tls")}], "containers": [{"name": "app"}]}});
        assert!(way_back_mounts(&alone, &first).is_some());
    }

    #[test]
    fn way_back_changes_no_annotation_and_no_label_but_the_time_of_a_restart_and_brings_no_other_data_or_node() {
        use serde_json::json;
        let at = |path: &str| FieldPath::dotted("spec.template").then(path);
        let (notes, labels) = (|| at("metadata.annotations"), || at("metadata.labels"));
        let volume = |source: serde_json::Value| FieldOp::set(at("spec.volumes").element("name", "x"), source);
        for (op, may) in [
            (FieldOp::set(restarted().clone(), "2026-01-01T00:00:00Z").seen("2026-01-02T00:00:00Z"), true),
            (FieldOp::remove(notes()).seen(json!({RESTARTED_AT: "2026-01-01T00:00:00Z"})), true),
            (FieldOp::set(notes(), json!({RESTARTED_AT: "2026-01-01T00:00:00Z"})), true),
            (FieldOp::set(notes(), json!({RESTARTED_AT: "x", "sidecar.istio.io/inject": "false"})), false),
            (FieldOp::set(notes().key("container.apparmor.security.beta.kubernetes.io/app"), "unconfined"), false),
            (FieldOp::remove(notes().key("vault.hashicorp.com/agent-inject-secret-db")).seen("x"), false),
            (FieldOp::remove(labels().key("egress")).seen("closed"), false),
            (FieldOp::set(labels().key("egress"), "open").seen("closed"), false),
            (FieldOp::set(at("spec.tolerations").at(0).then("key"), "a").seen("b"), false),
            (FieldOp::set(at("spec.nodeSelector.disk"), "a").seen("b"), false),
            (FieldOp::set(at("spec.volumes").element("name", "x").then("persistentVolumeClaim.claimName"), "a").seen("b"), false),
            (FieldOp::set(at("spec.volumes").element("name", "x").then("azureFile.secretName"), "a").seen("b"), false),
            (volume(json!({"name": "x", "nfs": {"server": "10.0.0.1", "path": "/"}})), false),
            (volume(json!({"name": "x", "configMap": {"name": "settings"}})), true),
            (volume(json!({"name": "x", "emptyDir": {}})), true),
        ] {
            assert_eq!(way_back(&op).is_none(), may, "{op:?}");
        }
    }
}
