//! A workload of a test, with its Pods in some state and all that its controllers make of it.

use crate::domain::kind::Kind;
use serde_json::{Value, json};

pub(super) const LONG_AGO: &str = "2026-01-01T11:30:00Z";

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

    pub(super) fn objects(&self) -> Vec<Value> {
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
                own["spec"] = json!({"replicas": self.replicas, "selector": {"matchLabels": labels}, "template": template});
                own["status"] = json!({"observedGeneration": 1, "replicas": self.replicas, "updatedReplicas": self.replicas, "readyReplicas": ready,
                    "availableReplicas": ready, "currentRevision": "r1", "updateRevision": "r1"});
                (0..self.replicas).map(|i| (format!("{name}-{i}"), owner("apps/v1", "StatefulSet", name))).collect()
            }
            Kind::DaemonSet => {
                own["spec"] = json!({"selector": {"matchLabels": labels}, "template": template});
                own["status"] = json!({"observedGeneration": 1, "desiredNumberScheduled": self.replicas, "currentNumberScheduled": self.replicas,
                    "updatedNumberScheduled": self.replicas, "numberReady": ready, "numberAvailable": ready, "numberMisscheduled": 0});
                merge(&mut own["metadata"], json!({"annotations": {"deprecated.daemonset.template.generation": "1"}}));
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
        if matches!(self.kind, Kind::StatefulSet | Kind::DaemonSet) {
            pod["metadata"]["labels"]["controller-revision-hash"] = json!("r1");
        }
        if self.kind == Kind::DaemonSet {
            pod["metadata"]["labels"]["pod-template-generation"] = json!("1");
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

pub(super) fn merge(into: &mut Value, from: Value) {
    match (into, from) {
        (Value::Object(a), Value::Object(b)) => {
            for (k, v) in b {
                merge(a.entry(k).or_insert(Value::Null), v);
            }
        }
        (a, b) => *a = b,
    }
}
