//! What an object that is in no namespace is tied to: the Pods of a node, who claims a volume, what has a class. Each is one or two lists,
//! bounded, and only of what somebody may read.

use crate::domain::kind::Kind;
use crate::domain::name::is_dns;
use crate::domain::object::{Namespace, ObjectRef};
use crate::domain::snapshot::Resource;
use crate::facts::Facts;
use crate::ports::ListRequest;
use k8s_openapi::api::core::v1::{PersistentVolume, PersistentVolumeClaim, Pod};
use k8s_openapi::api::networking::v1::Ingress;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde_json::Value;

/// Where the class of an Ingress and of a claim stood before there was a field for it.
const OLD_INGRESS_CLASS: &str = "kubernetes.io/ingress.class";
const OLD_STORAGE_CLASS: &str = "volume.beta.kubernetes.io/storage-class";

/// What to read for it; none where it is not known what would be tied to it.
pub(super) fn requests(object: &ObjectRef, value: &Value) -> Option<Vec<ListRequest>> {
    let everywhere = |kind: Kind| ListRequest::of(kind, None);
    match object.kind {
        Kind::Node => Some(vec![ListRequest { field_selector: Some(format!("spec.nodeName={}", object.name)), ..everywhere(Kind::Pod) }]),
        Kind::PersistentVolume => Some(vec![match claimed(value) {
            Some((namespace, name)) => {
                let selector = Some(format!("metadata.name={name}"));
                ListRequest { field_selector: selector, ..ListRequest::of(Kind::PersistentVolumeClaim, Some(namespace)) }
            }
            // A claim that waits for it may name it.
            None => everywhere(Kind::PersistentVolumeClaim),
        }]),
        Kind::StorageClass => Some(vec![everywhere(Kind::PersistentVolumeClaim), everywhere(Kind::PersistentVolume)]),
        Kind::IngressClass => Some(vec![everywhere(Kind::Ingress)]),
        _ => None,
    }
}

/// The claim that a volume says that it is of.
fn claimed(volume: &Value) -> Option<(Namespace, String)> {
    let claim = volume.pointer("/spec/claimRef")?;
    let namespace = Namespace::parse(claim.get("namespace")?.as_str()?).ok()?;
    Some((namespace, claim.get("name")?.as_str().filter(|name| is_dns(name, 253, true))?.to_owned()))
}

/// Lines below their heading.
pub(super) fn parts(object: &ObjectRef, facts: &Facts<'_>) -> Vec<(&'static str, Vec<String>)> {
    match object.kind {
        Kind::Node => {
            let here = |pod: &&Pod| pod.spec.as_ref().and_then(|spec| spec.node_name.as_deref()) == Some(object.name.as_str());
            let pods = facts.all::<Pod>().filter(here).map(|pod| format!("{}: {}", pod.reference(), super::endpoints::condition(pod)));
            vec![("runs Pods", pods.collect())]
        }
        Kind::PersistentVolume => {
            let claimed: Vec<String> = claim_of(object, facts).into_iter().collect();
            let names = |claim: &&PersistentVolumeClaim| {
                claim.spec.as_ref().and_then(|spec| spec.volume_name.as_deref()) == Some(object.name.as_str())
            };
            let waiting = facts.all::<PersistentVolumeClaim>().filter(|_| claimed.is_empty()).filter(names);
            let waiting = waiting.map(|claim| format!("{}{}", claim.reference(), phase_of_claim(claim))).collect();
            vec![("claimed by", claimed), ("named by claims", waiting)]
        }
        Kind::StorageClass => {
            let named = |class: Option<&str>, meta: &ObjectMeta| {
                class.or_else(|| annotation(meta, OLD_STORAGE_CLASS)) == Some(object.name.as_str())
            };
            let claims = facts
                .all::<PersistentVolumeClaim>()
                .filter(|claim| named(claim.spec.as_ref().and_then(|spec| spec.storage_class_name.as_deref()), &claim.metadata));
            let volumes = facts
                .all::<PersistentVolume>()
                .filter(|volume| named(volume.spec.as_ref().and_then(|spec| spec.storage_class_name.as_deref()), &volume.metadata));
            vec![
                ("named by claims", claims.map(|claim| format!("{}{}", claim.reference(), phase_of_claim(claim))).collect()),
                ("volumes of it", volumes.map(|volume| format!("{}{}", volume.reference(), phase_of_volume(volume))).collect()),
            ]
        }
        Kind::IngressClass => {
            let named = |ingress: &&Ingress| {
                let field = ingress.spec.as_ref().and_then(|spec| spec.ingress_class_name.as_deref());
                field.or_else(|| annotation(&ingress.metadata, OLD_INGRESS_CLASS)) == Some(object.name.as_str())
            };
            vec![("named by", facts.all::<Ingress>().filter(named).map(|ingress| ingress.reference().to_string()).collect())]
        }
        _ => Vec::new(),
    }
}

fn annotation<'m>(meta: &'m ObjectMeta, key: &str) -> Option<&'m str> {
    meta.annotations.as_ref().and_then(|annotations| annotations.get(key)).map(String::as_str)
}

/// The claim that a volume names, and whether that is there and means this volume.
fn claim_of(object: &ObjectRef, facts: &Facts<'_>) -> Option<String> {
    let reference = facts.find::<PersistentVolume>(object)?.spec.as_ref()?.claim_ref.as_ref()?;
    let namespace = Namespace::parse(reference.namespace.as_deref()?).ok()?;
    let claim = ObjectRef::namespaced(Kind::PersistentVolumeClaim, &namespace, reference.name.as_deref()?);
    let Some(found) = facts.find::<PersistentVolumeClaim>(&claim) else {
        let gone = if facts.is_whole(&Kind::PersistentVolumeClaim) { ": there is no such claim" } else { "" };
        return Some(format!("{claim}{gone}"));
    };
    let other = reference.uid.as_ref().is_some_and(|uid| found.metadata.uid.as_ref() != Some(uid));
    let other = if other { ", another claim than the volume was bound to, of the same name" } else { "" };
    Some(format!("{claim}{}{other}", phase_of_claim(found)))
}

fn phase_of_claim(claim: &PersistentVolumeClaim) -> String {
    phase(claim.status.as_ref().and_then(|status| status.phase.as_deref()))
}

fn phase_of_volume(volume: &PersistentVolume) -> String {
    phase(volume.status.as_ref().and_then(|status| status.phase.as_deref()))
}

fn phase(phase: Option<&str>) -> String {
    phase.map(|phase| format!(": {}", super::outcome::quoted(phase))).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::issue::Scope;
    use crate::domain::snapshot::{Cluster, Snapshot};
    use jiff::Timestamp;
    use serde_json::json;

    fn told(object: &ObjectRef, all: Vec<(Kind, Value)>) -> String {
        let mut snapshot = Snapshot::empty(Cluster::default(), Scope::All, Timestamp::UNIX_EPOCH);
        snapshot.add(&Kind::PersistentVolumeClaim, Vec::new(), true);
        for (kind, value) in all {
            snapshot.add(&kind, vec![value], true);
        }
        let lines = parts(object, &Facts::of(&snapshot)).into_iter().filter(|(_, lines)| !lines.is_empty());
        lines.map(|(head, lines)| format!("{head}: {}", lines.join(", "))).collect::<Vec<_>>().join("; ")
    }

    fn volume(uid: &str) -> Value {
        json!({"metadata": {"name": "disk"}, "status": {"phase": "Bound"},
               "spec": {"storageClassName": "fast", "claimRef": {"namespace": "shop", "name": "data", "uid": uid}}})
    }

    fn claim() -> Value {
        json!({"metadata": {"name": "data", "namespace": "shop", "uid": "u1"}, "status": {"phase": "Bound"}, "spec": {"storageClassName": "fast"}})
    }

    #[test]
    fn volume_tells_its_claim_and_whether_that_is_still_the_one() {
        let disk = ObjectRef::cluster(Kind::PersistentVolume, "disk");
        let of = |uid: &str, claims: Vec<Value>| {
            let claims = claims.into_iter().map(|claim| (Kind::PersistentVolumeClaim, claim));
            told(&disk, claims.chain([(Kind::PersistentVolume, volume(uid))]).collect())
        };
        assert_eq!(of("u1", vec![claim()]), "claimed by: PersistentVolumeClaim shop/data: `Bound`");
        assert!(of("u0", vec![claim()]).contains("another claim than the volume was bound to"));
        assert!(of("u1", Vec::new()).ends_with("there is no such claim"));
        let asked = requests(&disk, &volume("u1")).unwrap();
        assert_eq!((asked.len(), asked[0].field_selector.as_deref()), (1, Some("metadata.name=data")));
        let strange = requests(&disk, &json!({"spec": {"claimRef": {"namespace": "shop", "name": "data,metadata.name=x"}}})).unwrap();
        assert!(strange.iter().all(|request| request.field_selector.is_none()), "{strange:?}");
    }

    #[test]
    fn node_and_classes_tell_what_runs_on_them_and_names_them() {
        let pod = |name: &str, node: &str| {
            (Kind::Pod, json!({"metadata": {"name": name, "namespace": "shop"}, "spec": {"nodeName": node, "containers": []}}))
        };
        let here = told(&ObjectRef::cluster(Kind::Node, "n1"), vec![pod("web-0", "n1"), pod("web-1", "n2")]);
        assert!(here.starts_with("runs Pods: Pod shop/web-0: ") && !here.contains("web-1"), "{here}");
        let class = ObjectRef::cluster(Kind::StorageClass, "fast");
        let all = vec![(Kind::PersistentVolumeClaim, claim()), (Kind::PersistentVolume, volume("u1"))];
        let expected = "named by claims: PersistentVolumeClaim shop/data: `Bound`; volumes of it: PersistentVolume disk: `Bound`";
        assert_eq!(told(&class, all), expected);
        let ingress = json!({"metadata": {"name": "site", "namespace": "shop"}, "spec": {"ingressClassName": "nginx"}});
        let class = ObjectRef::cluster(Kind::IngressClass, "nginx");
        assert_eq!(told(&class, vec![(Kind::Ingress, ingress)]), "named by: Ingress shop/site");
        assert_eq!(requests(&ObjectRef::cluster(Kind::Namespace, "shop"), &json!({})), None);
    }

    #[test]
    fn volume_and_classes_tell_who_names_them_in_other_ways() {
        let claim = |spec: Value, annotations: Value| {
            let meta = json!({"name": "data", "namespace": "shop", "annotations": annotations});
            (Kind::PersistentVolumeClaim, json!({"metadata": meta, "spec": spec}))
        };
        let disk = ObjectRef::cluster(Kind::PersistentVolume, "disk");
        let waits = told(&disk, vec![claim(json!({"volumeName": "disk"}), json!({}))]);
        assert_eq!(waits, "named by claims: PersistentVolumeClaim shop/data");
        let asked = requests(&disk, &json!({"spec": {}})).unwrap();
        assert!(asked.len() == 1 && asked[0].kind == Kind::PersistentVolumeClaim, "{asked:?}");
        let fast = ObjectRef::cluster(Kind::StorageClass, "fast");
        let old = told(&fast, vec![claim(json!({}), json!({"volume.beta.kubernetes.io/storage-class": "fast"}))]);
        assert_eq!(old, "named by claims: PersistentVolumeClaim shop/data");
        let ingress = json!({"metadata": {"name": "site", "namespace": "shop", "annotations": {"kubernetes.io/ingress.class": "nginx"}}});
        let nginx = ObjectRef::cluster(Kind::IngressClass, "nginx");
        assert_eq!(told(&nginx, vec![(Kind::Ingress, ingress)]), "named by: Ingress shop/site");
    }
}
