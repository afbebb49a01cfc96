//! What owns Pods, seen alike: Deployments, StatefulSets, DaemonSets, and Pods that nobody owns.

use super::field::{FieldPath, Segment};
use super::kind::Kind;
use super::object::{Namespace, ObjectRef};
use super::snapshot::{Resource, Snapshot};
use k8s_openapi::api::apps::v1::ReplicaSet;
use k8s_openapi::api::core::v1::{Pod, PodSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, OwnerReference};
use serde_json::Value;
use std::collections::{BTreeMap, HashSet};
use std::fmt;

/// Who else writes an object: a patch of ours would be reverted, or would drift.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Manager {
    /// Argo CD, with the application's name.
    ArgoCd(String),
    /// Flux, with the Kustomization's or HelmRelease's name.
    Flux(String),
    /// Helm, with the release's name.
    Helm(String),
    /// Another owner, such as an operator's custom resource.
    Owner(ObjectRef),
    /// A tool that applies its source again, known by the name under which it wrote the field.
    Tool(String),
}

/// As it is called.
impl fmt::Display for Manager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Manager::ArgoCd(app) => write!(f, "Argo CD application `{app}`"),
            Manager::Flux(name) => write!(f, "Flux (`{name}`)"),
            Manager::Helm(release) => write!(f, "Helm release `{release}`"),
            Manager::Tool(name) => write!(f, "`{name}`"),
            Manager::Owner(owner) => owner.fmt(f),
        }
    }
}

impl Manager {
    /// Whether it makes what its source has by itself, again and again. Helm does where somebody runs it.
    pub fn runs_by_itself(&self) -> bool {
        match self {
            Manager::ArgoCd(_) | Manager::Flux(_) | Manager::Owner(_) => true,
            Manager::Helm(_) | Manager::Tool(_) => false,
        }
    }

    /// Why an object that it writes is not changed.
    pub fn why_not(&self) -> String {
        match self {
            Manager::ArgoCd(_) | Manager::Flux(_) => format!("{self} manages this object and would revert a change: change its source"),
            Manager::Helm(_) => {
                format!("{self} manages this object, and its next upgrade would revert a change: change the chart or its values")
            }
            Manager::Tool(_) => format!("{self} writes this field and would set it back at its next run: change its source"),
            Manager::Owner(_) => format!("{self} owns this object and would revert a change: change it there"),
        }
    }
}

/// Something with a Pod template.
#[derive(Debug, Clone)]
pub struct Workload<'a> {
    /// The object.
    pub object: ObjectRef,
    /// Its metadata.
    pub meta: &'a ObjectMeta,
    /// The Pod's spec as the object states it.
    pub pod_spec: &'a PodSpec,
    /// The labels that its Pods carry.
    pub pod_labels: &'a BTreeMap<String, String>,
    /// The path to `pod_spec` in the object: `spec.template.spec`, or `spec` for a Pod.
    pub spec_path: &'static str,
    /// How many replicas are wanted; `None` for a DaemonSet.
    pub replicas: Option<i32>,
    /// How many are ready now.
    pub ready: i32,
    /// How many are of the newest revision.
    pub updated: i32,
    /// How many are available.
    pub available: i32,
    /// How many exist, of any revision.
    pub total: i32,
    /// How many it wants, of whatever kind it is.
    pub desired: i32,
    /// The controller has seen the newest generation.
    pub observed: bool,
    /// `status.conditions` as (type, status, reason, last update or transition).
    pub conditions: Vec<(&'a str, &'a str, &'a str)>,
    /// The rollout is paused on purpose.
    pub paused: bool,
}

impl Workload<'_> {
    /// Whether the template can be patched; a Pod's spec cannot.
    pub fn has_template(&self) -> bool {
        self.object.kind != Kind::Pod
    }

    /// Every intended replica of the newest revision is ready, and nothing of an older one is left.
    pub fn is_complete(&self) -> bool {
        self.observed
            && self.updated >= self.desired
            && self.available >= self.desired
            && self.ready >= self.desired
            && self.total <= self.desired
    }

    /// A condition's (status, reason).
    pub fn condition(&self, kind: &str) -> Option<(&str, &str)> {
        self.conditions.iter().find(|(t, _, _)| *t == kind).map(|(_, s, r)| (*s, *r))
    }

    /// Who else writes it.
    pub fn manager(&self) -> Option<Manager> {
        manager_of(self.meta)
    }
}

/// Who else writes an object, read from the labels and annotations that these tools document, and from its owner.
pub fn manager_of(meta: &ObjectMeta) -> Option<Manager> {
    let label = |key: &str| meta.labels.as_ref().and_then(|l| l.get(key)).cloned();
    let annotation = |key: &str| meta.annotations.as_ref().and_then(|a| a.get(key)).cloned();
    if let Some(id) = annotation("argocd.argoproj.io/tracking-id") {
        return Some(Manager::ArgoCd(id.split(':').next().unwrap_or_default().to_owned()));
    }
    if let Some(name) = label("argocd.argoproj.io/instance") {
        return Some(Manager::ArgoCd(name));
    }
    for key in ["kustomize.toolkit.fluxcd.io/name", "helm.toolkit.fluxcd.io/name"] {
        if let Some(name) = label(key) {
            return Some(Manager::Flux(name));
        }
    }
    if let Some(name) = annotation("meta.helm.sh/release-name") {
        return Some(Manager::Helm(name));
    }
    if label("app.kubernetes.io/managed-by").as_deref() == Some("Helm") {
        return Some(Manager::Helm(label("app.kubernetes.io/instance").unwrap_or_default()));
    }
    let written_by =
        |names: &[&str]| meta.managed_fields.iter().flatten().any(|f| f.manager.as_deref().is_some_and(|m| names.contains(&m)));
    // Argo CD before 3.0 marks what it owns by a label that others use too: who wrote the object tells.
    if written_by(ARGO_CD) {
        return Some(Manager::ArgoCd(label("app.kubernetes.io/instance").unwrap_or_default()));
    }
    owner_of(meta).map(Manager::Owner)
}

/// The names by which Argo CD writes.
const ARGO_CD: &[&str] = &["argocd-controller", "argocd-application-controller"];
/// The names by which tools write whose next run would set their fields back, as prefixes.
const TOOLS: &[&str] =
    &["argocd", "kustomize-controller", "helm", "flux", "pulumi", "terraform", "Terraform", "HashiCorp", "fleetagent", "kapp"];

/// Who, of the tools that apply a source again and again, wrote this field of an object that was read whole.
pub fn tool_of_field(object: &Value, meta: &ObjectMeta, path: &FieldPath) -> Option<Manager> {
    let is_tool = |name: &str| TOOLS.iter().any(|tool| name.starts_with(tool));
    let has = |fields: &Value| owns(fields, path.segments(), Some(object));
    let owners = meta.managed_fields.iter().flatten().filter(|entry| entry.fields_v1.as_ref().is_some_and(|f| has(&f.0)));
    owners.filter_map(|entry| entry.manager.as_deref()).find(|name| is_tool(name)).map(|name| Manager::Tool(name.to_owned()))
}

/// Whether a set of fields, in the form of `managedFields`, holds the field or a whole that it is part of. `here`: what the path has led to
/// so far, where it led to something.
fn owns(fields: &Value, path: &[Segment], here: Option<&Value>) -> bool {
    let Some((segment, rest)) = path.split_first() else { return true };
    let Some(map) = fields.as_object() else { return false };
    // An empty set names a leaf, and a leaf of a list without keys is the whole list.
    if map.keys().all(|key| key == ".") {
        return true;
    }
    let there = here.and_then(|here| segment.of(here));
    if let Segment::Key(name) = segment {
        return map.get(&format!("f:{name}")).is_some_and(|below| owns(below, rest, there));
    }
    let said = || match segment {
        Segment::Element { key, value } => Value::Object([(key.clone(), Value::String(value.clone()))].into_iter().collect()),
        Segment::Key(_) | Segment::Position(_) => Value::Null,
    };
    // Of what is not there only this is known, that the path says of it.
    let element = there.cloned().unwrap_or_else(said);
    let elements = map.iter().filter(|(of, _)| *of != ".");
    // What may be it counts as it: what a tool sets back is not written.
    elements.into_iter().any(|(of, below)| match is_element(of, &element) {
        Some(is) => is && owns(below, rest, there),
        None => true,
    })
}

/// Whether these are the keys of this element: all of them, whichever the path names it by. `None` where that cannot be told.
fn is_element(of: &str, element: &Value) -> Option<bool> {
    if let Some(value) = of.strip_prefix("v:") {
        return Some(serde_json::from_str::<Value>(value).ok()? == *element).filter(|_| !element.is_null());
    }
    let keys: Value = serde_json::from_str(of.strip_prefix("k:")?).ok()?;
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let compared = keys.as_object()?.iter().map(|(key, wanted)| Some(text(element.get(key)?) == text(wanted)));
    let compared: Vec<Option<bool>> = compared.collect();
    if compared.contains(&Some(false)) { Some(false) } else { compared.into_iter().collect::<Option<Vec<bool>>>().map(|_| true) }
}

/// The object that owns this one: its controller, else whoever else would take it along.
fn owner_of(meta: &ObjectMeta) -> Option<ObjectRef> {
    controller_of(meta).or_else(|| Some(pointed(meta.owner_references.as_ref()?.first()?, meta)))
}

/// The owner that controls the object.
pub fn controller_of(meta: &ObjectMeta) -> Option<ObjectRef> {
    controlling(meta).map(|owner| pointed(owner, meta))
}

/// Its uid: another object of its name is another owner.
pub fn controller_uid(meta: &ObjectMeta) -> Option<&str> {
    controlling(meta).map(|owner| owner.uid.as_str())
}

fn controlling(meta: &ObjectMeta) -> Option<&OwnerReference> {
    meta.owner_references.iter().flatten().find(|owner| owner.controller == Some(true))
}

fn pointed(owner: &OwnerReference, meta: &ObjectMeta) -> ObjectRef {
    let kind = Kind::of(&owner.api_version, &owner.kind);
    let namespaced = kind.info().is_none_or(|i| i.namespaced);
    ObjectRef {
        kind,
        namespace: if namespaced { meta.namespace.as_deref().and_then(|ns| Namespace::parse(ns).ok()) } else { None },
        name: owner.name.clone(),
    }
}

/// Whether the Pod is Ready by its own condition.
pub fn pod_is_ready(pod: &Pod) -> bool {
    pod.status.iter().flat_map(|s| s.conditions.iter().flatten()).any(|c| c.type_ == "Ready" && c.status == "True")
}

impl Snapshot {
    /// Everything with a Pod template in scope, and the Pods that nobody owns.
    pub fn workloads(&self) -> Vec<Workload<'_>> {
        let mut all: Vec<Workload<'_>> = Vec::new();
        for d in &self.deployments {
            let status = d.status.as_ref();
            let Some(pod_spec) = d.spec.template.spec.as_ref() else { continue };
            all.push(Workload {
                object: d.reference(),
                meta: &d.metadata,
                pod_spec,
                pod_labels: template_labels(d.spec.template.metadata.as_ref()),
                spec_path: "spec.template.spec",
                replicas: Some(d.spec.replicas.unwrap_or(1)),
                desired: d.spec.replicas.unwrap_or(1),
                ready: status.and_then(|s| s.ready_replicas).unwrap_or(0),
                updated: status.and_then(|s| s.updated_replicas).unwrap_or(0),
                available: status.and_then(|s| s.available_replicas).unwrap_or(0),
                total: status.and_then(|s| s.replicas).unwrap_or(0),
                observed: status.and_then(|s| s.observed_generation) >= d.metadata.generation,
                conditions: status
                    .into_iter()
                    .flat_map(|s| s.conditions.iter().flatten())
                    .map(|c| {
                        (
                            c.type_.as_deref().unwrap_or_default(),
                            c.status.as_deref().unwrap_or_default(),
                            c.reason.as_deref().unwrap_or_default(),
                        )
                    })
                    .collect(),
                paused: d.spec.paused.unwrap_or(false),
            });
        }
        for s in &self.stateful_sets {
            let (Some(status), Some(pod_spec)) = (s.status.as_ref(), s.spec.template.spec.as_ref()) else { continue };
            let desired = s.spec.replicas.unwrap_or(1);
            let current = status.update_revision == status.current_revision;
            all.push(Workload {
                object: s.reference(),
                meta: &s.metadata,
                pod_spec,
                pod_labels: template_labels(s.spec.template.metadata.as_ref()),
                spec_path: "spec.template.spec",
                replicas: Some(desired),
                desired,
                ready: status.ready_replicas.unwrap_or(0),
                updated: if current { status.replicas } else { status.updated_replicas.unwrap_or(0) },
                available: status.available_replicas.unwrap_or(0),
                total: status.replicas,
                observed: status.observed_generation >= s.metadata.generation,
                conditions: Vec::new(),
                paused: false,
            });
        }
        for d in &self.daemon_sets {
            let (Some(status), Some(pod_spec)) = (d.status.as_ref(), d.spec.template.spec.as_ref()) else { continue };
            all.push(Workload {
                object: d.reference(),
                meta: &d.metadata,
                pod_spec,
                pod_labels: template_labels(d.spec.template.metadata.as_ref()),
                spec_path: "spec.template.spec",
                replicas: None,
                desired: status.desired_number_scheduled,
                ready: status.number_ready,
                updated: status.updated_number_scheduled.unwrap_or(0),
                available: status.number_available.unwrap_or(0),
                total: status.current_number_scheduled,
                observed: status.observed_generation >= d.metadata.generation,
                conditions: Vec::new(),
                paused: false,
            });
        }
        for p in self.pods.iter().filter(|p| controller_of(&p.metadata).is_none()) {
            let Some(pod_spec) = p.spec.as_ref() else { continue };
            let ready = i32::from(pod_is_ready(p));
            all.push(Workload {
                object: p.reference(),
                meta: &p.metadata,
                pod_spec,
                pod_labels: template_labels(Some(&p.metadata)),
                spec_path: "spec",
                replicas: Some(1),
                desired: 1,
                ready,
                updated: 1,
                available: ready,
                total: 1,
                observed: true,
                conditions: Vec::new(),
                paused: false,
            });
        }
        all
    }

    /// ReplicaSets that no Deployment made which was read: somebody's own, and those of a controller that nobody reads.
    pub fn own_replica_sets(&self) -> Vec<Workload<'_>> {
        let deployments: HashSet<ObjectRef> = self.deployments.iter().map(Resource::reference).collect();
        let is_past = |set: &&ReplicaSet| controller_of(&set.metadata).is_some_and(|owner| deployments.contains(&owner));
        self.replica_sets.iter().filter(|set| !is_past(set)).filter_map(replica_set).collect()
    }
}

/// A ReplicaSet as what owns Pods: all of them are of its one template.
fn replica_set(set: &ReplicaSet) -> Option<Workload<'_>> {
    let (template, status) = (set.spec.template.as_ref()?, set.status.as_ref());
    let (desired, total) = (set.spec.replicas.unwrap_or(1), status.map_or(0, |s| s.replicas));
    let conditions = status.into_iter().flat_map(|s| s.conditions.iter().flatten());
    Some(Workload {
        object: set.reference(),
        meta: &set.metadata,
        pod_spec: template.spec.as_ref()?,
        pod_labels: template_labels(template.metadata.as_ref()),
        spec_path: "spec.template.spec",
        replicas: Some(desired),
        desired,
        ready: status.and_then(|s| s.ready_replicas).unwrap_or(0),
        updated: total,
        available: status.and_then(|s| s.available_replicas).unwrap_or(0),
        total,
        observed: status.and_then(|s| s.observed_generation) >= set.metadata.generation,
        conditions: conditions
            .map(|c| {
                (c.type_.as_deref().unwrap_or_default(), c.status.as_deref().unwrap_or_default(), c.reason.as_deref().unwrap_or_default())
            })
            .collect(),
        paused: false,
    })
}

static NO_LABELS: BTreeMap<String, String> = BTreeMap::new();

fn template_labels(meta: Option<&ObjectMeta>) -> &BTreeMap<String, String> {
    meta.and_then(|m| m.labels.as_ref()).unwrap_or(&NO_LABELS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn meta(value: Value) -> ObjectMeta {
        serde_json::from_value(value).unwrap()
    }

    fn written(manager: &str, fields: Value) -> ObjectMeta {
        meta(json!({"name": "web", "managedFields": [{"manager": manager, "operation": "Update", "fieldsV1": fields}]}))
    }

    fn image() -> Value {
        json!({"f:spec": {"f:template": {"f:spec": {"f:containers": {"k:{\"name\":\"app\"}": {".": {}, "f:image": {}, "f:envFrom": {}}}}}}})
    }

    fn container(name: &str) -> FieldPath {
        FieldPath::dotted("spec.template.spec.containers").element("name", name)
    }

    fn web() -> Value {
        json!({"spec": {"template": {"spec": {"containers": [
            {"name": "app", "image": "a", "ports": [{"name": "http", "containerPort": 8080, "protocol": "TCP"},
                                                    {"name": "dns", "containerPort": 53, "protocol": "UDP"}, {"containerPort": 53, "protocol": "TCP"}]},
            {"name": "proxy", "image": "b"},
        ]}}, "ports": [{"name": "http", "port": 80, "protocol": "TCP", "targetPort": 1}, {"name": "metrics", "port": 90, "protocol": "TCP", "targetPort": 2}]}})
    }

    #[test]
    fn tool_that_wrote_the_field_is_its_owner_and_of_no_other() {
        for tool in ["kustomize-controller", "helm", "argocd-controller", "helm-controller", "pulumi-kubernetes-1a2b"] {
            let meta = written(tool, image());
            let of = |path: FieldPath| tool_of_field(&web(), &meta, &path);
            assert_eq!(of(container("app").then("image")), Some(Manager::Tool(tool.to_owned())));
            assert_eq!(of(container("app").then("envFrom").at(1).then("configMapRef.name")), Some(Manager::Tool(tool.to_owned())));
            assert_eq!(of(container("proxy").then("image")), None);
            assert_eq!(of(FieldPath::dotted("spec.template.spec.nodeSelector.zone")), None);
        }
    }

    /// By all keys of it, whichever of its members the path names it by.
    #[test]
    fn element_of_a_list_is_found_in_what_a_tool_wrote_by_what_it_is() {
        let ports = |keys: &str| json!({"f:spec": {"f:ports": {".": {}, keys: {".": {}, "f:targetPort": {}}}}});
        let of =
            |fields: Value, path: &str| tool_of_field(&web(), &written("Terraform", fields), &FieldPath::parse(path).unwrap()).is_some();
        let (http, none) = (r#"k:{"port":80,"protocol":"TCP"}"#, r#"k:{"port":8,"protocol":"TCP"}"#);
        for path in ["spec.ports[name=http].targetPort", "spec.ports[port=80].targetPort", "spec.ports[0].targetPort"] {
            assert!(of(ports(http), path) && !of(ports(none), path), "{path}");
        }
        assert!(!of(ports(http), "spec.ports[name=metrics].targetPort") && !of(ports(http), "spec.ports[1].targetPort"));
        assert!(!of(ports(http), "spec.ports[name=http].nodePort"), "another field of the same");
        // What cannot be told apart from what the tool wrote is the tool's.
        for keys in [r#"k:{"port":80,"appProtocol":"x"}"#, "k:{", "i:0", "f:other"] {
            assert!(of(ports(keys), "spec.ports[name=http].targetPort"), "{keys}");
        }
        assert!(of(ports(http), "spec.ports[name=new].targetPort") && of(ports(http), "spec.ports[7].targetPort"));
        assert!(!of(ports(http), "spec.ports[port=81].targetPort"));
    }

    #[test]
    fn port_of_a_container_that_a_way_back_changes_is_found_by_its_number_and_protocol() {
        let port = |keys: &str| {
            let app = json!({".": {}, "f:ports": {".": {}, keys: {".": {}, "f:containerPort": {}, "f:name": {}}}});
            json!({"f:spec": {"f:template": {"f:spec": {"f:containers": {r#"k:{"name":"app"}"#: app}}}}})
        };
        let of = |keys: &str, path: FieldPath| tool_of_field(&web(), &written("kapp", port(keys)), &path).is_some();
        let (http, dns) = (r#"k:{"containerPort":8080,"protocol":"TCP"}"#, r#"k:{"containerPort":53,"protocol":"UDP"}"#);
        let ports = || container("app").then("ports");
        assert!(of(http, ports().element("name", "http").then("containerPort")) && of(http, ports().element("name", "http")));
        assert!(of(dns, ports().element("name", "dns").then("name")) && !of(dns, ports().at(2).then("containerPort")));
        assert!(!of(http, ports().element("name", "dns")) && !of(http, container("proxy").then("ports").at(0)));
    }

    #[test]
    fn people_and_kubernetes_own_controllers_are_no_tools() {
        for name in ["kubectl-client-side-apply", "kubectl-set", "kubectl-edit", "kube-controller-manager", "kubemend"] {
            assert_eq!(tool_of_field(&web(), &written(name, image()), &container("app").then("image")), None, "{name}");
        }
    }

    #[test]
    fn argo_cd_is_known_by_who_wrote_where_only_a_shared_label_marks_it() {
        let labels = json!({"app.kubernetes.io/instance": "shop"});
        let by = |manager: &str| {
            manager_of(&meta(
                json!({"name": "web", "labels": labels, "managedFields": [{"manager": manager, "fieldsV1": {"f:metadata": {}}}]}),
            ))
        };
        assert_eq!(by("argocd-controller"), Some(Manager::ArgoCd("shop".to_owned())));
        assert_eq!(by("kubectl-client-side-apply"), None);
    }

    #[test]
    fn owner_that_is_no_controller_counts_too() {
        let owner = json!([{"apiVersion": "db.example/v1", "kind": "Database", "name": "main", "uid": "u"}]);
        let owned = manager_of(&meta(json!({"name": "web", "namespace": "shop", "ownerReferences": owner})));
        assert!(matches!(owned, Some(Manager::Owner(o)) if o.name == "main"));
    }
}
