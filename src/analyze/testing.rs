//! Small builders for the rules' tests, in the words of the domain: a workload with its Pods in some state, in a cluster
//! whose lists are all complete unless the test says otherwise.

mod app;

use super::{RULES, analyze, deciding_kinds};
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

pub(crate) use app::{App, daemon_set, deployment, job, pod, stateful_set};
use app::{LONG_AGO, merge};

/// The time at which every test looks.
pub(crate) const NOW: &str = "2026-01-01T12:00:00Z";
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
    /// A volume that names a claim of `a-team`: of an earlier one by its uid, or, without a uid, one that it is reserved for.
    pub(crate) fn volume_for(self, claim: &str, uid: &str, phase: &str, policy: &str) -> Self {
        let mut named = json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "namespace": "a-team", "name": claim});
        if !uid.is_empty() {
            named["uid"] = json!(uid);
        }
        self.object(json!({"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": format!("pv-of-{claim}")},
            "spec": {"storageClassName": "slow", "capacity": {"storage": "500Gi"}, "accessModes": ["ReadWriteMany"],
                "persistentVolumeReclaimPolicy": policy, "claimRef": named}, "status": {"phase": phase}}))
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
    /// An event of the part of Kubernetes that writes such events.
    pub(crate) fn event(self, kind: &str, about: &str, reason: &str, message: &str) -> Self {
        let author = match (kind, reason) {
            (_, "FailedScheduling") => "default-scheduler",
            ("PersistentVolumeClaim", _) => "persistentvolume-controller",
            (_, "TriggeredScaleUp") => "cluster-autoscaler",
            (_, "FailedAttachVolume") => "attachdetach-controller",
            ("CronJob", _) => "cronjob-controller",
            ("Job", _) => "job-controller",
            (_, "FailedCreate") => "replicaset-controller",
            _ => "kubelet",
        };
        self.event_by(author, kind, about, reason, message)
    }
    /// The same of any author: whoever may create events can write them.
    pub(crate) fn event_by(self, author: &str, kind: &str, about: &str, reason: &str, message: &str) -> Self {
        let count = self.objects.len();
        self.object(json!({"apiVersion": "v1", "kind": "Event", "metadata": {"name": format!("e{count}"), "namespace": "a-team"},
            "involvedObject": {"kind": kind, "name": about, "namespace": "a-team"}, "type": "Warning", "reason": reason, "message": message,
            "lastTimestamp": "2026-01-01T11:59:00Z", "source": {"component": author}, "reportingComponent": author, "reportingInstance": ""}))
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
    /// The same objects, looked at in another scope.
    pub(crate) fn everywhere(mut self, scope: Scope) -> Self {
        self.scope = scope;
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

    /// Without this object.
    pub(crate) fn without(mut self, kind: &str, name: &str) -> Self {
        self.objects.retain(|o| !(o["kind"] == kind && o["metadata"]["name"] == name));
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
        for kind in self.hidden.iter().filter(|kind| kinds.contains(kind)) {
            snapshot.miss(kind);
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
        let found = (rule.find)(&Facts::of(whole));
        assert_eq!((rule.find)(&Facts::of(&part)), found, "`{}` reads more than it declares", rule.code);
        let proposed = |found: &[crate::domain::finding::Finding]| -> Vec<String> {
            let of = found.iter().map(|f| (&f.object, f.remedy.proposals.iter().map(|p| &p.action).collect::<Vec<_>>()));
            of.filter(|(_, actions)| !actions.is_empty()).map(|all| format!("{all:?}")).collect()
        };
        let first = deciding_kinds(rule.code, None);
        let deciding = [first, deciding_kinds(rule.code, Some(whole))].concat();
        let (less, more) = (proposed(&(rule.find)(&Facts::of(&only(&deciding)))), proposed(&found));
        assert!(less.iter().all(|one| more.contains(one)), "`{}` proposes more by less: {less:?}, {more:?}", rule.code);
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
