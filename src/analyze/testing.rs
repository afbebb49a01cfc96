//! Small builders for the rules' tests, in the words of the domain: a workload with its Pods in some state, in a cluster
//! whose lists are all complete unless the test says otherwise.

use super::{RULES, analyze};
use crate::domain::action::{Action, Change};
use crate::domain::cause::Cause;
use crate::domain::diagnosis::Diagnosis;
use crate::domain::issue::Scope;
use crate::domain::kind::Kind;
use crate::domain::object::{Namespace, ObjectRef};
use crate::domain::objects::Objects;
use crate::domain::snapshot::{Cluster, Snapshot};
use crate::domain::words::Wording;
use crate::facts::Facts;
use serde_json::{Value, json};

/// The time at which every test looks.
pub(crate) const NOW: &str = "2026-01-01T12:00:00Z";
const LONG_AGO: &str = "2026-01-01T11:30:00Z";

/// How the Pods of a workload are.
#[derive(Debug, Clone)]
enum State {
    Ready,
    Unschedulable(String),
    Waiting { container: String, reason: String, message: String },
    Starting(String),
    Unready(String),
}

/// A workload with all that its controllers make of it.
#[derive(Debug, Clone)]
pub(crate) struct App {
    kind: Kind,
    name: String,
    namespace: String,
    replicas: i32,
    labels: Value,
    meta: Value,
    spec: Value,
    extra: Value,
    state: State,
    revision: u32,
    history: Vec<(u32, String, i32)>,
}

fn app(kind: Kind, name: &str) -> App {
    App {
        kind,
        name: name.to_owned(),
        namespace: "a-team".to_owned(),
        replicas: 1,
        labels: json!({"app": name}),
        meta: json!({}),
        spec: json!({"containers": [{"name": "app", "image": "example/app:1.0"}]}),
        extra: json!({}),
        state: State::Ready,
        revision: 1,
        history: Vec::new(),
    }
}

pub(crate) fn deployment(name: &str) -> App {
    app(Kind::Deployment, name)
}
pub(crate) fn stateful_set(name: &str) -> App {
    app(Kind::StatefulSet, name)
}
pub(crate) fn daemon_set(name: &str) -> App {
    app(Kind::DaemonSet, name)
}
pub(crate) fn pod(name: &str) -> App {
    app(Kind::Pod, name)
}
pub(crate) fn job(name: &str) -> App {
    app(Kind::Job, name)
}

impl App {
    pub(crate) fn in_namespace(mut self, namespace: &str) -> Self {
        self.namespace = namespace.to_owned();
        self
    }
    pub(crate) fn replicas(mut self, replicas: i32) -> Self {
        self.replicas = replicas;
        self
    }
    pub(crate) fn labels(mut self, labels: Value) -> Self {
        self.labels = labels;
        self
    }
    /// Fields of the Pod's spec, on top of those that are there.
    pub(crate) fn spec(mut self, spec: Value) -> Self {
        merge(&mut self.spec, spec);
        self
    }
    /// Fields of the workload's own spec.
    pub(crate) fn with(mut self, extra: Value) -> Self {
        merge(&mut self.extra, extra);
        self
    }
    /// Metadata of the workload itself.
    pub(crate) fn meta(mut self, meta: Value) -> Self {
        merge(&mut self.meta, meta);
        self
    }
    pub(crate) fn helm(self) -> Self {
        self.meta(json!({"annotations": {"meta.helm.sh/release-name": "shop"}}))
    }
    pub(crate) fn claim(mut self, volume: &str, claim: &str) -> Self {
        let volumes = self.spec.as_object_mut().unwrap().entry("volumes").or_insert(json!([]));
        volumes.as_array_mut().unwrap().push(json!({"name": volume, "persistentVolumeClaim": {"claimName": claim}}));
        self
    }
    pub(crate) fn image(self, image: &str) -> Self {
        self.spec(json!({"containers": [{"name": "app", "image": image}]}))
    }
    pub(crate) fn unschedulable(mut self, message: &str) -> Self {
        self.state = State::Unschedulable(message.to_owned());
        self
    }
    pub(crate) fn waiting(mut self, reason: &str, message: &str) -> Self {
        self.state = State::Waiting { container: "app".to_owned(), reason: reason.to_owned(), message: message.to_owned() };
        self
    }
    pub(crate) fn container_waiting(mut self, container: &str, reason: &str, message: &str) -> Self {
        self.state = State::Waiting { container: container.to_owned(), reason: reason.to_owned(), message: message.to_owned() };
        self
    }
    /// The Pods were made at this time and their containers do not exist yet.
    pub(crate) fn starting(mut self, since: &str) -> Self {
        self.state = State::Starting(since.to_owned());
        self
    }
    /// The containers run since this time and are not ready.
    pub(crate) fn unready(mut self, since: &str) -> Self {
        self.state = State::Unready(since.to_owned());
        self
    }
    /// An earlier ReplicaSet: its revision, its image, and how many of its Pods are ready now.
    pub(crate) fn before(mut self, revision: u32, image: &str, ready: i32) -> Self {
        self.revision = self.revision.max(revision + 1);
        self.history.push((revision, image.to_owned(), ready));
        self
    }

    fn objects(&self) -> Vec<Value> {
        let (ns, name, labels) = (&self.namespace, &self.name, &self.labels);
        let template = json!({"metadata": {"labels": labels}, "spec": self.spec});
        let ready = if matches!(self.state, State::Ready) { self.replicas } else { 0 };
        let mut own = json!({
            "metadata": {"name": name, "namespace": ns, "uid": format!("uid-{ns}-{name}"), "generation": 1, "creationTimestamp": LONG_AGO},
        });
        merge(&mut own["metadata"], self.meta.clone());
        let mut objects = Vec::new();
        let owner = |api: &str, kind: &str, name: &str| json!([{"apiVersion": api, "kind": kind, "name": name, "uid": format!("uid-{ns}-{name}"), "controller": true}]);
        let pods: Vec<(String, Value)> = match self.kind {
            Kind::Deployment => {
                let old: i32 = self.history.iter().map(|(_, _, ready)| ready).sum();
                own["spec"] = json!({"replicas": self.replicas, "selector": {"matchLabels": labels}, "template": template});
                own["status"] = json!({"observedGeneration": 1, "replicas": self.replicas + old, "updatedReplicas": self.replicas,
                    "readyReplicas": ready + old, "availableReplicas": ready + old,
                    "conditions": [{"type": "Progressing", "status": "True", "reason": "ReplicaSetUpdated"}]});
                let set = |revision: u32, spec: &Value, replicas: i32, ready: i32| {
                    json!({"metadata": {"name": format!("{name}-rs{revision}"), "namespace": ns, "uid": format!("uid-rs-{name}-{revision}"),
                        "annotations": {"deployment.kubernetes.io/revision": revision.to_string()}, "creationTimestamp": LONG_AGO,
                        "ownerReferences": owner("apps/v1", "Deployment", name)},
                        "spec": {"replicas": replicas, "selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels}, "spec": spec}},
                        "status": {"replicas": replicas, "readyReplicas": ready}})
                };
                objects.push((Kind::ReplicaSet, set(self.revision, &self.spec, self.replicas, ready)));
                let mut pods: Vec<(String, Value)> = Vec::new();
                for (revision, image, ready) in &self.history {
                    let mut spec = self.spec.clone();
                    spec["containers"][0]["image"] = json!(image);
                    objects.push((Kind::ReplicaSet, set(*revision, &spec, *ready, *ready)));
                    for i in 0..*ready {
                        let rs = format!("{name}-rs{revision}");
                        let mut pod = self.pod(&format!("{rs}-{i}"), owner("apps/v1", "ReplicaSet", &rs));
                        pod["spec"] = spec.clone();
                        pod["spec"]["nodeName"] = json!("node-1");
                        pod["status"] = ready_status(&spec);
                        objects.push((Kind::Pod, pod));
                    }
                }
                let rs = format!("{name}-rs{}", self.revision);
                pods.extend((0..self.replicas).map(|i| (format!("{rs}-{i}"), owner("apps/v1", "ReplicaSet", &rs))));
                pods
            }
            Kind::StatefulSet => {
                own["spec"] =
                    json!({"replicas": self.replicas, "serviceName": name, "selector": {"matchLabels": labels}, "template": template});
                own["status"] = json!({"observedGeneration": 1, "replicas": self.replicas, "updatedReplicas": self.replicas, "readyReplicas": ready,
                    "availableReplicas": ready, "currentRevision": "r1", "updateRevision": "r1"});
                (0..self.replicas).map(|i| (format!("{name}-{i}"), owner("apps/v1", "StatefulSet", name))).collect()
            }
            Kind::DaemonSet => {
                own["spec"] = json!({"selector": {"matchLabels": labels}, "template": template});
                own["status"] = json!({"observedGeneration": 1, "desiredNumberScheduled": self.replicas, "currentNumberScheduled": self.replicas,
                    "updatedNumberScheduled": self.replicas, "numberReady": ready, "numberAvailable": ready, "numberMisscheduled": 0});
                (0..self.replicas).map(|i| (format!("{name}-p{i}"), owner("apps/v1", "DaemonSet", name))).collect()
            }
            Kind::Job => {
                own["spec"] = json!({"template": template});
                own["status"] = json!({"active": 1});
                vec![(format!("{name}-p"), owner("batch/v1", "Job", name))]
            }
            _ => vec![(name.clone(), Value::Null)],
        };
        if self.kind != Kind::Pod {
            if let Some(spec) = own.get_mut("spec") {
                merge(spec, self.extra.clone());
            }
            objects.push((self.kind.clone(), own));
        }
        for (pod, owners) in pods {
            let mut pod = self.pod(&pod, owners);
            if self.kind == Kind::Pod {
                merge(&mut pod["metadata"], self.meta.clone());
            }
            objects.push((Kind::Pod, pod));
        }
        objects
            .into_iter()
            .map(|(kind, mut o)| {
                o["apiVersion"] = json!(kind.api_version());
                o["kind"] = json!(kind.name());
                o
            })
            .collect()
    }

    fn pod(&self, name: &str, owners: Value) -> Value {
        let mut pod = json!({
            "metadata": {"name": name, "namespace": self.namespace, "uid": format!("uid-pod-{name}"), "labels": self.labels,
                "creationTimestamp": "2026-01-01T11:55:00Z"},
            "spec": self.spec,
        });
        if owners.is_array() {
            pod["metadata"]["ownerReferences"] = owners;
        }
        let statuses = |list: &str, state: &dyn Fn(&str) -> Value| {
            self.spec[list].as_array().into_iter().flatten().map(|c| {
                let name = c["name"].as_str().unwrap();
                json!({"name": name, "image": c["image"], "imageID": "", "ready": false, "restartCount": 0, "state": state(name), "lastState": {}})
            }).collect::<Vec<Value>>()
        };
        let unready = |phase: &str, state: &dyn Fn(&str) -> Value| {
            json!({"phase": phase, "startTime": "2026-01-01T11:55:00Z",
                "conditions": [{"type": "Ready", "status": "False"}, {"type": "PodScheduled", "status": "True"}],
                "initContainerStatuses": statuses("initContainers", state), "containerStatuses": statuses("containers", state)})
        };
        if !matches!(self.state, State::Unschedulable(_)) {
            pod["spec"]["nodeName"] = json!("node-1");
        }
        pod["status"] = match &self.state {
            State::Ready => ready_status(&self.spec),
            State::Unschedulable(message) => json!({"phase": "Pending", "conditions": [
                {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": message, "lastTransitionTime": "2026-01-01T11:55:00Z"}]}),
            State::Waiting { container, reason, message } => unready("Pending", &|name| {
                if name == container {
                    json!({"waiting": {"reason": reason, "message": message}})
                } else {
                    json!({"waiting": {"reason": "PodInitializing"}})
                }
            }),
            State::Starting(since) => {
                pod["metadata"]["creationTimestamp"] = json!(since);
                let mut status = unready("Pending", &|_| json!({"waiting": {"reason": "ContainerCreating"}}));
                status["startTime"] = json!(since);
                status
            }
            State::Unready(since) => {
                pod["metadata"]["creationTimestamp"] = json!(since);
                unready("Running", &|_| json!({"running": {"startedAt": since}}))
            }
        };
        pod
    }
}

fn ready_status(spec: &Value) -> Value {
    let containers = spec["containers"].as_array().into_iter().flatten();
    let statuses: Vec<Value> = containers
        .map(|c| {
            json!({"name": c["name"], "image": c["image"], "imageID": "sha256:x", "ready": true, "restartCount": 0,
                "state": {"running": {"startedAt": "2026-01-01T11:55:05Z"}}, "lastState": {}})
        })
        .collect();
    json!({"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}, {"type": "PodScheduled", "status": "True"}], "containerStatuses": statuses})
}

fn merge(into: &mut Value, from: Value) {
    match (into, from) {
        (Value::Object(a), Value::Object(b)) => {
            for (k, v) in b {
                merge(a.entry(k).or_insert(Value::Null), v);
            }
        }
        (a, b) => *a = b,
    }
}

/// A cluster, object by object.
#[derive(Debug, Clone)]
pub(crate) struct World {
    objects: Vec<Value>,
    hidden: Vec<Kind>,
    alone: bool,
    scope: Scope,
    words: Wording,
}

/// Two nodes and one default class, as in the test clusters.
pub(crate) fn cluster() -> World {
    bare_cluster()
        .yaml("{apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: {name: standard, annotations: {storageclass.kubernetes.io/is-default-class: 'true'}}, provisioner: example.com/disk, reclaimPolicy: Delete, volumeBindingMode: WaitForFirstConsumer}")
}

/// Two nodes, and no class.
pub(crate) fn bare_cluster() -> World {
    let world = World {
        objects: Vec::new(),
        hidden: Vec::new(),
        alone: false,
        scope: Scope::Namespace { namespace: Namespace::parse("a-team").unwrap(), objects: Vec::new() },
        words: Wording::default(),
    };
    world
        .yaml("{apiVersion: v1, kind: Node, metadata: {name: node-1, labels: {environment: production, disktype: ssd, kubernetes.io/hostname: node-1}}, status: {conditions: [{type: Ready, status: 'True'}]}}")
        .yaml("{apiVersion: v1, kind: Node, metadata: {name: node-2, labels: {environment: staging, disktype: hdd, kubernetes.io/hostname: node-2}}, status: {conditions: [{type: Ready, status: 'True'}]}}")
}

impl World {
    pub(crate) fn app(mut self, app: App) -> Self {
        self.objects.extend(app.objects());
        self
    }
    /// One object as YAML; without a namespace it is in `a-team`.
    pub(crate) fn yaml(mut self, text: &str) -> Self {
        let mut object: Value = serde_saphyr::from_str(text).unwrap();
        let kind = Kind::of(object["apiVersion"].as_str().unwrap(), object["kind"].as_str().unwrap());
        if kind.info().unwrap().namespaced && object["metadata"].get("namespace").is_none() {
            object["metadata"]["namespace"] = json!("a-team");
        }
        self.objects.push(object);
        self
    }
    pub(crate) fn object(mut self, object: Value) -> Self {
        self.objects.push(object);
        self
    }
    /// A claim of that phase and class.
    pub(crate) fn claim(self, name: &str, phase: &str, class: &str) -> Self {
        self.yaml(&format!(
            "{{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {{name: {name}, labels: {{app: x}}}}, spec: {{accessModes: [ReadWriteOnce], storageClassName: {class}, resources: {{requests: {{storage: 5Gi}}}}}}, status: {{phase: {phase}}}}}"
        ))
    }
    pub(crate) fn config_map(self, name: &str, keys: &[&str]) -> Self {
        let data: Value = keys.iter().map(|k| ((*k).to_owned(), json!("v"))).collect::<serde_json::Map<_, _>>().into();
        self.object(json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "a-team"}, "data": data}))
    }
    pub(crate) fn service(self, name: &str, selector: Value) -> Self {
        self.object(
            json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": "a-team", "creationTimestamp": LONG_AGO},
            "spec": {"type": "ClusterIP", "clusterIP": "10.0.0.1", "selector": selector, "ports": [{"port": 80, "targetPort": 8080}]}}),
        )
    }
    pub(crate) fn event(self, kind: &str, about: &str, reason: &str, message: &str) -> Self {
        let count = self.objects.len();
        self.object(json!({"apiVersion": "v1", "kind": "Event", "metadata": {"name": format!("e{count}"), "namespace": "a-team"},
            "involvedObject": {"kind": kind, "name": about, "namespace": "a-team"}, "type": "Warning", "reason": reason, "message": message,
            "lastTimestamp": "2026-01-01T11:59:00Z", "reportingComponent": "", "reportingInstance": ""}))
    }
    /// This kind could not be read.
    pub(crate) fn hiding(mut self, kind: Kind) -> Self {
        self.hidden.push(kind);
        self
    }
    /// Other namespaces could not be read.
    pub(crate) fn alone(mut self) -> Self {
        self.alone = true;
        self
    }
    pub(crate) fn naming(mut self, objects: &[&str]) -> Self {
        let namespace = Namespace::parse("a-team").unwrap();
        let objects = objects.iter().map(|o| ObjectRef::parse(o, Some(&namespace)).unwrap()).collect();
        self.scope = Scope::Namespace { namespace, objects };
        self
    }
    pub(crate) fn objects(&self) -> &[Value] {
        &self.objects
    }
    /// What the reporter said.
    pub(crate) fn said(mut self, words: &str) -> Self {
        self.words = Wording::of(words);
        self
    }
    /// Healthy, as a report would say it: no cause, no symptom, and no doubt.
    pub(crate) fn is_healthy(&self) -> bool {
        let found = self.diagnosis();
        found.causes.is_empty() && found.unexplained.is_empty() && found.doubts.is_empty()
    }
    /// Nothing is known to be wrong, and this is why it is not called healthy.
    pub(crate) fn doubts(&self) -> Vec<String> {
        let found = self.diagnosis();
        assert_eq!((found.causes.len(), found.unexplained.len()), (0, 0), "{:?} {:?}", found.causes, found.unexplained);
        found.doubts.iter().map(crate::domain::focus::Doubt::in_words).collect()
    }
    /// What is wrong and no cause explains, as `kind/name: words`.
    pub(crate) fn wrong(&self) -> Vec<String> {
        self.diagnosis().unexplained.iter().map(|s| format!("{}: {}", s.object.slashed(), s.summary)).collect()
    }
    /// Changes an object by kind and name.
    pub(crate) fn edit(mut self, kind: &str, name: &str, change: Value) -> Self {
        let object = self.objects.iter_mut().find(|o| o["kind"] == kind && o["metadata"]["name"] == name).unwrap();
        merge(object, change);
        self
    }

    pub(crate) fn snapshot(&self) -> Snapshot {
        self.snapshot_of(&Kind::KNOWN)
    }
    /// The same, of which only these kinds were read.
    fn snapshot_of(&self, kinds: &[Kind]) -> Snapshot {
        let mut snapshot = Snapshot::empty(Cluster::default(), self.scope.clone(), NOW.parse().unwrap());
        snapshot.words = self.words.clone();
        for kind in kinds.iter().filter(|k| !self.hidden.contains(k)) {
            let items = self.objects.iter().filter(|o| o["kind"] == kind.name()).cloned().collect();
            snapshot.add(kind, items, true);
        }
        let mut elsewhere = Objects::of(&Kind::PersistentVolumeClaim);
        let of_others = |o: &&Value| o["kind"] == "PersistentVolumeClaim" && o["metadata"]["namespace"] != "a-team";
        self.objects.iter().filter(of_others).for_each(|o| elsewhere.push(&o.to_string()));
        snapshot.take_elsewhere(elsewhere, !self.alone);
        assert_eq!(snapshot.gaps, [], "the test's objects are of their kinds' form");
        snapshot
    }
    pub(crate) fn diagnosis(&self) -> Diagnosis {
        let snapshot = self.snapshot();
        every_rule_reads_what_it_declares(&snapshot, |kinds| self.snapshot_of(kinds));
        let facts = Facts::of(&snapshot);
        let mut diagnosis = analyze(&facts).unwrap();
        crate::planner::triage(&mut diagnosis, &facts, super::severity);
        diagnosis
    }
    /// What one rule finds.
    pub(crate) fn found(&self, code: &str) -> Vec<Cause> {
        self.diagnosis().causes.into_iter().filter(|c| c.source.code() == code).collect()
    }
    /// The codes and objects of all causes, in order.
    pub(crate) fn causes(&self) -> Vec<String> {
        self.diagnosis().causes.iter().map(|c| format!("{} {}", c.source.code(), c.object.slashed())).collect()
    }
    /// The one cause that is found; anything else fails the test.
    pub(crate) fn only(&self, code: &str) -> Cause {
        let diagnosis = self.diagnosis();
        assert_eq!(diagnosis.causes.iter().map(|c| c.source.code()).collect::<Vec<_>>(), [code], "{diagnosis:#?}");
        diagnosis.causes.into_iter().next().unwrap()
    }
    /// Neither a cause nor a symptom.
    pub(crate) fn is_silent(&self) {
        let diagnosis = self.diagnosis();
        assert_eq!(diagnosis.causes, []);
        assert_eq!(diagnosis.unexplained, []);
    }
    /// No cause, and a symptom on this object.
    pub(crate) fn is_inconclusive_about(&self, object: &str) {
        let diagnosis = self.diagnosis();
        assert_eq!(diagnosis.causes, []);
        assert!(diagnosis.unexplained.iter().any(|s| s.object.slashed() == object), "{diagnosis:#?}");
    }
}

/// A rule finds the same where only the kinds were read that it declares, at the times that it declares: what is not declared
/// might not have been read.
pub(crate) fn every_rule_reads_what_it_declares(whole: &Snapshot, only: impl Fn(&[Kind]) -> Snapshot) {
    for rule in RULES {
        let needed = rule.reads.iter().filter(|read| read.when.holds(whole)).flat_map(|read| read.kinds);
        let declared: std::collections::BTreeSet<Kind> = needed.cloned().collect();
        let part = only(&declared.into_iter().collect::<Vec<_>>());
        assert_eq!((rule.find)(&Facts::of(&part)), (rule.find)(&Facts::of(whole)), "`{}` reads more than it declares", rule.code);
    }
}

/// The proposals of a cause, one line each: `patch deployment/web a.b=x`.
pub(crate) fn changes(cause: &Cause) -> Vec<String> {
    let line = |action: &Action| match action {
        Action::Patch { target, ops } => {
            let ops: Vec<String> = ops
                .iter()
                .map(|op| match &op.change {
                    Change::Set(Value::String(v)) => format!("{}={v}", op.path),
                    Change::Set(v) => format!("{}={v}", op.path),
                    Change::Remove => format!("{}-", op.path),
                })
                .collect();
            format!("patch {} {}", target.slashed(), ops.join(" "))
        }
        other => format!("{} {}", other.verb(), other.target().slashed()),
    };
    cause.remedy.proposals.iter().map(|p| line(&p.action)).collect()
}
