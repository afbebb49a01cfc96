//! `rollout`: the revisions of a workload's template, how the Pods of each are, and what changed from one to the next. A Deployment keeps
//! them as ReplicaSets, a StatefulSet and a DaemonSet as ControllerRevisions, which hold templates alone.

use super::allowed::Allowed;
use super::bounds::REVISIONS;
use super::changed::{self, Side};
use super::events::ago;
use super::masking::{Late, beside};
use super::outcome::{Length, Outcome, quoted};
use super::shown::Shown;
use crate::domain::excerpt::Excerpt;
use crate::domain::field::FieldPath;
use crate::domain::kind::Kind;
use crate::domain::masked::Masked;
use crate::domain::object::ObjectRef;
use crate::ports::{ClusterRead, ListRequest, ReadError};
use jiff::Timestamp;
use serde_json::{Value, json};

/// Where a ReplicaSet says which revision it is.
const NUMBER: &str = "/metadata/annotations/deployment.kubernetes.io~1revision";
/// What somebody wrote about a revision.
const WHY: &str = "kubernetes.io/change-cause";
/// The label that only tells the Pods of revisions apart.
const HASH: &str = "pod-template-hash";
/// The label of a Pod that names the revision that it was made of, and of a ControllerRevision with the same value.
const OF: &str = "controller-revision-hash";

/// One revision, with its template as it is and as it is shown.
struct Revision {
    number: i64,
    object: ObjectRef,
    made: Option<Timestamp>,
    why: Option<String>,
    /// How its Pods are, in words.
    pods: String,
    raw: Value,
    shown: Value,
}

impl Revision {
    fn side(&self) -> Side<'_> {
        Side { raw: &self.raw, shown: &self.shown }
    }
}

pub(super) async fn revisions(
    workload: &ObjectRef,
    length: Length,
    read: &dyn ClusterRead,
    allowed: Allowed,
    now: Timestamp,
) -> Result<Outcome, ReadError> {
    let object = read.get(workload).await?;
    let place = workload.namespace.clone();
    let history = if workload.kind == Kind::Deployment { Kind::ReplicaSet } else { Kind::ControllerRevision };
    let kept = read.list(&ListRequest::of(history.clone(), place.clone())).await?;
    let pods = match workload.kind {
        Kind::Deployment => None,
        _ => Some(read.list(&ListRequest::of(Kind::Pod, place.clone())).await?),
    };
    let cut = (!kept.complete).then(|| format!("not all {history}s of the namespace were read, so revisions may be missing"));
    let workload = workload.clone();
    let text = beside(move || {
        let own = |value: &Value| is_owned_by(value, &object);
        let pods: Option<(Vec<Value>, bool)> =
            pods.map(|listed| (listed.objects.values().into_iter().filter(own).collect(), listed.complete));
        let (kept, older) = newest_of(kept.objects.values().into_iter().filter(own).collect(), &history);
        let all: Vec<Revision> = kept.into_iter().map(|value| revision(value, pods.as_ref(), &workload, allowed)).collect();
        Masked::whole(&laid_out(&workload, &object, &all, older, now))
    });
    Ok(text.await.map_or_else(|Late| Outcome::late(), |text| Outcome::seen(&text, length, cut, "use `get` with `field` on one of them")))
}

fn is_owned_by(value: &Value, owner: &Value) -> bool {
    let uid = owner.pointer("/metadata/uid").and_then(Value::as_str);
    let owners = value.pointer("/metadata/ownerReferences").and_then(Value::as_array).into_iter().flatten();
    uid.is_some() && owners.into_iter().any(|owner| owner.get("uid").and_then(Value::as_str) == uid)
}

/// The newest, the newest first, with one more that the last of them is compared with; and how many older ones than are told there are.
/// Somebody may keep any number, so the others are not looked into.
fn newest_of(mut all: Vec<Value>, kind: &Kind) -> (Vec<Value>, usize) {
    all.sort_by_key(|value| std::cmp::Reverse((number(value, kind), made(value))));
    let older = all.len().saturating_sub(REVISIONS);
    all.truncate(REVISIONS.saturating_add(1));
    (all, older)
}

/// Which revision it is.
fn number(value: &Value, kind: &Kind) -> i64 {
    let number = match kind {
        Kind::ReplicaSet => value.pointer(NUMBER).and_then(Value::as_str).and_then(|number| number.parse().ok()),
        _ => value.pointer("/revision").and_then(Value::as_i64),
    };
    number.unwrap_or_default()
}

fn made(value: &Value) -> Option<Timestamp> {
    value.pointer("/metadata/creationTimestamp").and_then(Value::as_str)?.parse().ok()
}

/// `pods`: those of the workload where the revision itself does not count them, and whether all were read.
fn revision(value: Value, pods: Option<&(Vec<Value>, bool)>, workload: &ObjectRef, allowed: Allowed) -> Revision {
    let (kind, template) = match pods {
        None => (Kind::ReplicaSet, FieldPath::dotted("spec.template")),
        Some(_) => (Kind::ControllerRevision, FieldPath::dotted("data.spec.template")),
    };
    let text = |pointer: &str| value.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
    let name = text("/metadata/name").unwrap_or_default();
    let (number, made) = (number(&value, &kind), made(&value));
    let in_words = match pods {
        None => of_replica_set(&value),
        Some((pods, whole)) => of_pods(pods, *whole, &[Some(name.clone()), text(&format!("/metadata/labels/{OF}"))]),
    };
    let raw = of_template(template.locate(&value).and_then(|at| at.current));
    let whole = Shown::of(value, &kind, workload.namespace.as_ref(), allowed);
    let why = FieldPath::dotted("metadata.annotations").key(WHY);
    let why = whole.part(&why).and_then(|why| why.value().as_str().map(str::to_owned));
    let shown = whole.part(&template).map(|part| part.value().clone());
    let object = ObjectRef { kind, namespace: workload.namespace.clone(), name };
    Revision { number, object, made, why, pods: in_words, raw, shown: of_template(shown) }
}

/// Without what only tells revisions apart, and what only says how a patch is applied.
fn of_template(template: Option<Value>) -> Value {
    let mut template = template.unwrap_or_else(|| json!({}));
    if let Some(labels) = template.pointer_mut("/metadata/labels").and_then(Value::as_object_mut) {
        labels.shift_remove(HASH);
    }
    if let Some(members) = template.as_object_mut() {
        members.shift_remove("$patch");
    }
    template
}

fn of_replica_set(set: &Value) -> String {
    let number = |pointer: &str| set.pointer(pointer).and_then(Value::as_i64).unwrap_or(0);
    let (wanted, there) = (number("/spec/replicas"), number("/status/replicas"));
    if wanted == 0 && there == 0 {
        return "no Pods".to_owned();
    }
    format!("{wanted} wanted, {there} there, {} ready, {} available", number("/status/readyReplicas"), number("/status/availableReplicas"))
}

fn of_pods(pods: &[Value], whole: bool, names: &[Option<String>]) -> String {
    let made_of = |pod: &&Value| {
        let of = pod.pointer(&format!("/metadata/labels/{OF}")).and_then(Value::as_str);
        of.is_some() && names.iter().any(|name| name.as_deref() == of)
    };
    let ready = |pod: &&Value| {
        let conditions = pod.pointer("/status/conditions").and_then(Value::as_array).into_iter().flatten();
        conditions
            .into_iter()
            .any(|c| c.get("type").and_then(Value::as_str) == Some("Ready") && c.get("status").and_then(Value::as_str) == Some("True"))
    };
    let own: Vec<&Value> = pods.iter().filter(made_of).collect();
    let at_least = if whole { "" } else { "at least " };
    if own.is_empty() && whole {
        "no Pods".to_owned()
    } else {
        format!("{at_least}{} there, {} ready", own.len(), own.iter().copied().filter(|pod| ready(pod)).count())
    }
}

/// `older`: how many more there are than are told.
fn laid_out(workload: &ObjectRef, object: &Value, all: &[Revision], older: usize, now: Timestamp) -> String {
    let mut parts = vec![state(workload, object)];
    if all.is_empty() {
        parts.push("no revisions of it are kept".to_owned());
    }
    let newest = newest(object, all);
    for (place, revision) in all.iter().take(REVISIONS).enumerate() {
        let is_newest = newest.is_some_and(|newest| newest == revision.object.name);
        let mut lines = vec![head(revision, is_newest, object, now)];
        if let Some(before) = all.get(place.saturating_add(1)) {
            let changes = changed::lines(before.side(), revision.side());
            if changes.is_empty() {
                lines.push(format!("the template differs from that of revision {} in nothing that is shown", before.number));
            } else {
                lines.push(format!("changed since revision {}, in the template:", before.number));
                lines.extend(changes);
            }
        }
        parts.push(lines.join("\n"));
    }
    parts.extend((older > 0).then(|| format!("and {older} older revisions")));
    if all.iter().any(|revision| revision.pods == "no Pods") {
        parts.push("Of a revision without Pods nothing says whether they ever were available.".to_owned());
    }
    parts.join("\n\n")
}

/// The revision that Pods are made of now.
fn newest<'a>(object: &'a Value, all: &'a [Revision]) -> Option<&'a str> {
    let named = object.pointer("/status/updateRevision").and_then(Value::as_str);
    named.or_else(|| all.first().map(|revision| revision.object.name.as_str()))
}

fn head(revision: &Revision, is_newest: bool, object: &Value, now: Timestamp) -> String {
    let current = object.pointer("/status/currentRevision").and_then(Value::as_str) == Some(revision.object.name.as_str());
    let which = match (is_newest, current) {
        (true, _) => ", of which new Pods are made",
        (false, true) => ", which Pods that were not updated have",
        (false, false) => "",
    };
    let made = revision.made.map(|at| format!(", made {} ago", ago(now, at))).unwrap_or_default();
    let why = revision.why.as_ref().map(|why| format!("; its change-cause says {}", Excerpt::said(why))).unwrap_or_default();
    format!("revision {}{which}: {} {}{made}: {}{why}", revision.number, revision.object.kind, quoted(&revision.object.name), revision.pods)
}

/// How far the workload is.
fn state(workload: &ObjectRef, object: &Value) -> String {
    let number = |pointer: &str| object.pointer(pointer).and_then(Value::as_i64);
    let some = |pointers: &[&str]| pointers.iter().find_map(|pointer| number(pointer));
    let wanted = some(&["/spec/replicas", "/status/desiredNumberScheduled"]).unwrap_or(1);
    let updated = some(&["/status/updatedReplicas", "/status/updatedNumberScheduled"]).unwrap_or(0);
    let ready = some(&["/status/readyReplicas", "/status/numberReady"]).unwrap_or(0);
    let available = some(&["/status/availableReplicas", "/status/numberAvailable"]).unwrap_or(0);
    let mut said = format!("{workload}: {wanted} Pods wanted, {updated} of the newest template, {ready} ready, {available} available");
    if object.pointer("/spec/paused").and_then(Value::as_bool) == Some(true) {
        said.push_str("; the rollout is paused");
    }
    if number("/status/observedGeneration") < number("/metadata/generation") {
        said.push_str("; its controller has not observed its newest form yet, so the newest template may be of no revision");
    }
    let conditions = object.pointer("/status/conditions").and_then(Value::as_array).into_iter().flatten();
    let text = |condition: &Value, key: &str| condition.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    for condition in conditions.filter(|condition| text(condition, "type") == "Progressing") {
        let (status, reason) = (quoted(&text(condition, "status")), quoted(&text(condition, "reason")));
        said.push_str(&format!("\nProgressing is {status}, {reason}: {}", Excerpt::said(&text(condition, "message"))));
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::namespace::Namespace;

    fn told(kind: Kind, object: &Value, kept: Vec<Value>, pods: Option<Vec<Value>>) -> String {
        let workload = ObjectRef::namespaced(kind, &Namespace::parse("shop").unwrap(), "web");
        let pods = pods.map(|pods| (pods, true));
        let (kept, older) = newest_of(kept, &Kind::ControllerRevision);
        assert!(kept.len() <= REVISIONS + 1, "nobody masks what is not told");
        let all: Vec<Revision> = kept.into_iter().map(|value| revision(value, pods.as_ref(), &workload, Allowed::default())).collect();
        laid_out(&workload, object, &all, older, Timestamp::UNIX_EPOCH)
    }

    fn kept(number: i64, hash: &str, value: &str) -> Value {
        let container = json!({"name": "app", "env": [{"name": "MOTTO", "value": value}]});
        json!({"metadata": {"name": format!("web-{hash}"), "labels": {OF: hash}}, "revision": number,
            "data": {"spec": {"template": {"$patch": "replace", "spec": {"containers": [container]}}}}})
    }

    #[test]
    fn pods_of_a_revision_are_those_that_carry_its_hash_or_its_name() {
        let pod = |of: &str, ready: &str| json!({"metadata": {"labels": {OF: of}}, "status": {"conditions": [{"type": "Ready", "status": ready}]}});
        let pods = vec![pod("b", "True"), pod("b", "False"), pod("web-a", "True"), json!({})];
        let object = json!({"metadata": {"generation": 3}, "status": {"desiredNumberScheduled": 3, "updatedNumberScheduled": 2, "numberReady": 2,
            "observedGeneration": 2}});
        let text = told(Kind::DaemonSet, &object, vec![kept(1, "a", "one"), kept(2, "b", "two")], Some(pods));
        assert!(text.contains("3 Pods wanted, 2 of the newest template, 2 ready"), "{text}");
        assert!(text.contains("its controller has not observed its newest form yet"), "{text}");
        assert!(text.contains("revision 2, of which new Pods are made: ControllerRevision `web-b`: 2 there, 1 ready"), "{text}");
        assert!(text.contains("revision 1: ControllerRevision `web-a`: 1 there, 1 ready"), "{text}");
        assert!(text.contains("~ spec.containers[name=app].env[name=MOTTO].value: changed, and is not shown"), "{text}");
    }

    #[test]
    fn revision_of_which_pods_are_made_is_the_one_that_the_status_names() {
        let object = json!({"spec": {"replicas": 2, "paused": true}, "status": {"currentRevision": "web-b", "updateRevision": "web-a"}});
        let text = told(Kind::StatefulSet, &object, vec![kept(1, "a", "1"), kept(2, "b", "2")], Some(Vec::new()));
        assert!(text.contains("; the rollout is paused"), "{text}");
        assert!(text.contains("revision 2, which Pods that were not updated have: ControllerRevision `web-b`: no Pods"), "{text}");
        assert!(text.contains("revision 1, of which new Pods are made: "), "{text}");
        assert!(
            text.contains("- spec.containers[name=app].env[name=MOTTO].value: 1\n+ spec.containers[name=app].env[name=MOTTO].value: 2"),
            "{text}"
        );
        assert!(text.ends_with("Of a revision without Pods nothing says whether they ever were available."), "{text}");
    }

    #[test]
    fn as_many_revisions_are_told_as_there_is_room_for() {
        let many = (1..=20).map(|number| kept(number, &format!("h{number}"), "1")).collect();
        let text = told(Kind::StatefulSet, &json!({}), many, Some(Vec::new()));
        assert!(text.contains(&format!("and {} older revisions", 20 - REVISIONS)), "{text}");
        assert!(text.contains("revision 20") && !text.contains("revision 3:"), "{text}");
        assert!(text.contains("the template differs from that of revision 19 in nothing that is shown"), "{text}");
        assert!(text.contains("the template differs from that of revision 14 in nothing that is shown"), "the last is compared: {text}");
        assert!(told(Kind::DaemonSet, &json!({}), Vec::new(), Some(Vec::new())).contains("no revisions of it are kept"));
    }
}
