//! Plans for unit tests, made by the planner itself from a small snapshot.

use super::live::Live;
use super::outline::{Outline, outline};
use super::plan;
use super::refusal::Refusal;
use crate::domain::action::{Action, FieldOp};
use crate::domain::cause::{Cause, CauseSource, Code};
use crate::domain::check::Check;
use crate::domain::confidence::Confidence;
use crate::domain::diagnosis::Diagnosis;
use crate::domain::evidence::{Evidence, EvidenceList, EvidenceSource, Ground};
use crate::domain::excerpt::Excerpt;
use crate::domain::field::FieldPath;
use crate::domain::finding::{Proposal, Remedy};
use crate::domain::id::PlanId;
use crate::domain::issue::Scope;
use crate::domain::kind::Kind;
use crate::domain::nonempty::NonEmpty;
use crate::domain::object::{Namespace, ObjectRef};
use crate::domain::plan::{OnFailure, RemediationPlan};
use crate::domain::risk::Risk;
use crate::domain::snapshot::ClusterId;
use crate::domain::snapshot::{Cluster, Snapshot};
use crate::facts::Facts;
use jiff::Timestamp;
use serde_json::{Value, json};

pub(crate) fn namespace() -> Namespace {
    Namespace::parse("shop").unwrap()
}

/// A Deployment whose volume claim and image can be repointed.
pub(crate) fn deployment() -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "shop", "uid": "u-1", "resourceVersion": "7", "generation": 3,
                     "annotations": {"deployment.kubernetes.io/revision": "2"}},
        "spec": {"replicas": 1, "selector": {"matchLabels": {"app": "web"}},
                 "template": {"metadata": {"labels": {"app": "web"}},
                              "spec": {"nodeSelector": {"disk": "ssd"}, "containers": [{"name": "log", "image": "log:1"}, {"name": "app", "image": "web:bad",
                                                       "env": [{"name": "PASS", "value": "canary-value"}]}],
                                       "volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": "dta"}}]}}}
    })
}

pub(crate) fn claim(phase: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "PersistentVolumeClaim",
        "metadata": {"name": "data", "namespace": "shop", "uid": "u-2", "resourceVersion": "9"},
        "spec": {"accessModes": ["ReadWriteOnce"], "storageClassName": "gone", "resources": {"requests": {"storage": "1Gi"}}},
        "status": {"phase": phase}
    })
}

pub(crate) fn snapshot(objects: Vec<(Kind, Value)>) -> Snapshot {
    let mut snapshot =
        Snapshot::empty(cluster("test"), Scope::Namespace { namespace: namespace(), objects: vec![] }, Timestamp::UNIX_EPOCH);
    for (kind, object) in objects {
        snapshot.add(&kind, vec![object], true);
    }
    snapshot
}

pub(crate) fn cause(actions: Vec<Action>) -> Cause {
    let object = ObjectRef::namespaced(Kind::Deployment, &namespace(), "web");
    Cause {
        source: CauseSource::Rule(Code("img-tag-not-found")),
        title: "the tag does not exist".into(),
        explanation: "It does not exist.".into(),
        object: object.clone(),
        field: None,
        also: vec![],
        found: None,
        expected: None,
        confidence: Confidence::percent(95),
        ground: Ground::Seen,
        cites: NonEmpty::one(EvidenceList::default().add(seen(&object))),
        chain: vec![],
        symptoms: vec![],
        remedy: Remedy {
            proposals: actions.into_iter().map(|action| Proposal { action, why: "it helps".into(), risk: Risk::Low }).collect(),
            choices: vec![],
            checks: vec![Check::RolloutComplete(object)],
            advice: vec![],
        },
    }
}

/// What a session knows that has the plan of [`image_plan`].
pub(crate) fn diagnosis() -> Diagnosis {
    let cause = cause(vec![set(image(), json!("web:1"))]);
    let mut evidence = EvidenceList::default();
    evidence.add(seen(&cause.object));
    Diagnosis { causes: vec![cause], evidence, ..Diagnosis::default() }
}

fn seen(object: &ObjectRef) -> Evidence {
    Evidence {
        source: EvidenceSource::Object,
        object: Some(object.clone()),
        field: None,
        text: Excerpt::event("seen"),
        seen_at: Timestamp::UNIX_EPOCH,
    }
}

pub(crate) fn set(path: FieldPath, value: Value) -> Action {
    Action::Patch { target: ObjectRef::namespaced(Kind::Deployment, &namespace(), "web"), ops: NonEmpty::one(FieldOp::set(path, value)) }
}

pub(crate) fn image() -> FieldPath {
    FieldPath::dotted("spec.template.spec.containers").element("name", "app").then("image")
}

/// The outline's objects as the snapshot has them: nothing happened since.
pub(crate) fn live(outline: &Outline, snapshot: &Snapshot) -> Live {
    let mut live = Live::default();
    for object in outline.needed() {
        if let Some(value) = snapshot.value_of(&object) {
            live.insert(object, Ok(value));
        }
    }
    live
}

/// Plans on a cluster in which nothing happened since the snapshot.
pub(crate) fn plan_at_rest(cause: &Cause, snapshot: &Snapshot, id: PlanId, on_failure: OnFailure) -> Result<RemediationPlan, Vec<Refusal>> {
    let outline = outline(cause, &Facts::of(snapshot))?;
    let live = live(&outline, snapshot);
    plan(outline, &live, id, on_failure)
}

/// A plan that repoints the image, under the id made of `seed`.
pub(crate) fn image_plan(seed: u8) -> RemediationPlan {
    let snapshot = snapshot(vec![(Kind::Deployment, deployment())]);
    plan_at_rest(&cause(vec![set(image(), json!("web:1"))]), &snapshot, PlanId::from_entropy([seed; 16]), OnFailure::Keep).unwrap()
}

/// A cluster that could read its own uid.
pub(crate) fn cluster(context: &str) -> Cluster {
    let id = ClusterId::of_connection("https://test:6443", &[], None).with_uid(Some("00000000-0000-4000-8000-000000000001"));
    Cluster { context: context.to_owned(), server: "test:6443".to_owned(), version: "v1.37.2".to_owned(), id, unverified: false }
}
