//! What the planner makes of a cause, byte by byte, and what it refuses.

use super::example::{cause, claim, deployment, image, image_plan, live, namespace, plan_at_rest as plan, set, snapshot};
use super::live::Live;
use super::outline::outline;
use super::refusal::{Differs, Refusal};
use crate::domain::action::{Action, FieldOp};
use crate::domain::cause::Cause;
use crate::domain::field::FieldPath;
use crate::domain::fitted::Part;
use crate::domain::id::PlanId;
use crate::domain::kind::Kind;
use crate::domain::nonempty::NonEmpty;
use crate::domain::object::{Namespace, ObjectRef};
use crate::domain::plan::{OnFailure, RemediationPlan, Undo};
use crate::domain::risk::Risk;
use crate::domain::snapshot::Snapshot;
use crate::facts::Facts;
use serde_json::{Value, json};

fn id() -> PlanId {
    PlanId::from_entropy([7; 16])
}

#[test]
fn patch_pins_uid_element_and_old_value_and_carries_the_stamp() {
    let plan = image_plan(7);
    let step = plan.steps.first();
    let body: Value = serde_json::from_str(&step.request.body).unwrap();
    assert_eq!(
        body,
        json!([
            {"op": "test", "path": "/metadata/uid", "value": "u-1"},
            {"op": "test", "path": "/metadata/generation", "value": 3},
            {"op": "test", "path": "/spec/template/spec/containers/1/name", "value": "app"},
            {"op": "test", "path": "/spec/template/spec/containers/1/image", "value": "web:bad"},
            {"op": "replace", "path": "/spec/template/spec/containers/1/image", "value": "web:1"},
            {"op": "add", "path": "/metadata/annotations/kubemend.dev~1applied", "value": format!("{}/1", id())},
        ])
    );
    assert_eq!(step.request.path, "/apis/apps/v1/namespaces/shop/deployments/web?fieldManager=kubemend&fieldValidation=Strict");
    assert!(step.diff.contains("-        image: web:bad") || step.diff.contains("image: web:bad"), "{}", step.diff);
    assert!(step.diff.contains("kubemend.dev/applied"), "the stamp is shown: {}", step.diff);
}

#[test]
fn literal_values_of_variables_are_not_shown() {
    let plan = image_plan(7);
    assert!(!plan.steps.first().diff.contains("canary-value"));
}

#[test]
fn undo_fits_the_object_after_the_change_and_not_before() {
    let plan = image_plan(7);
    let step = plan.steps.first();
    let Undo::Restore { request, .. } = &step.undo else { panic!("an image can be set back") };
    let parse = |body: &str| serde_json::from_str::<json_patch::Patch>(body).unwrap();
    let mut object = deployment();
    assert!(json_patch::patch(&mut object.clone(), &parse(&request.body)).is_err(), "nothing to undo yet");
    json_patch::patch(&mut object, &parse(&step.request.body)).unwrap();
    object["metadata"]["generation"] = json!(4);
    let later = |generation: i64| {
        let mut object = object.clone();
        object["metadata"]["generation"] = json!(generation);
        json_patch::patch(&mut object, &parse(&request.body)).map(|()| object)
    };
    assert!(later(5).is_err(), "somebody else changed the spec since");
    let mut back = later(4).unwrap();
    back["metadata"]["generation"] = json!(3);
    assert_eq!(back, deployment());
}

fn selects(object: &Value, ops: Vec<FieldOp>) -> (Vec<Value>, Vec<Value>) {
    let action = Action::Patch { target: web(), ops: NonEmpty::from_vec(ops).unwrap() };
    let made = plan(&cause(vec![action]), &snapshot(vec![(Kind::Deployment, object.clone())]), id(), OnFailure::Keep).unwrap();
    let step = made.steps.first().clone();
    let Undo::Restore { request, .. } = step.undo else { panic!("it can be set back") };
    let parse = |body: &str| serde_json::from_str::<Vec<Value>>(body).unwrap();
    (parse(&step.request.body), parse(&request.body))
}

fn node_selector(key: &str) -> FieldPath {
    FieldPath::dotted("spec.template.spec.nodeSelector").key(key)
}

const NODE_SELECTOR: &str = "/spec/template/spec/nodeSelector";

#[test]
fn the_whole_selector_is_pinned_where_one_member_is_changed() {
    let mut object = deployment();
    object.pointer_mut(NODE_SELECTOR).unwrap()["zone"] = json!("red");
    let (change, undo) = selects(&object, vec![FieldOp::set(node_selector("disk"), "hdd")]);
    assert!(change.contains(&json!({"op": "test", "path": NODE_SELECTOR, "value": {"disk": "ssd", "zone": "red"}})), "{change:?}");
    assert!(undo.contains(&json!({"op": "test", "path": NODE_SELECTOR, "value": {"disk": "hdd", "zone": "red"}})), "{undo:?}");
}

#[test]
fn undo_of_a_removal_needs_the_field_to_be_absent_still() {
    let mut object = deployment();
    object.pointer_mut(NODE_SELECTOR).unwrap()["zone"] = json!("red");
    let (_, undo) = selects(&object, vec![FieldOp::remove(node_selector("zone"))]);
    let zone = format!("{NODE_SELECTOR}/zone");
    assert!(undo.contains(&json!({"op": "test", "path": zone, "value": null})), "{undo:?}");
    assert!(undo.contains(&json!({"op": "add", "path": zone, "value": "red"})), "{undo:?}");
}

#[test]
fn undo_of_the_removal_of_the_last_member_brings_the_whole_map_back() {
    let (_, undo) = selects(&deployment(), vec![FieldOp::remove(node_selector("disk"))]);
    assert!(undo.contains(&json!({"op": "test", "path": NODE_SELECTOR, "value": null})), "{undo:?}");
    assert!(undo.contains(&json!({"op": "add", "path": NODE_SELECTOR, "value": {"disk": "ssd"}})), "{undo:?}");
}

#[test]
fn element_that_only_its_place_names_is_pinned_whole_before_the_change_and_before_the_undo() {
    let mut object = deployment();
    let list = |name: &str| json!([{"secretRef": {"name": "keys"}}, {"prefix": "P_", "configMapRef": {"name": name}}]);
    object["spec"]["template"]["spec"]["containers"][1]["envFrom"] = list("wrong");
    let path = FieldPath::dotted("spec.template.spec.containers").element("name", "app").then("envFrom").at(1).then("configMapRef.name");
    let action = set(path, json!("right"));
    let plan = plan(&cause(vec![action]), &snapshot(vec![(Kind::Deployment, object.clone())]), id(), OnFailure::Keep).unwrap();
    let step = plan.steps.first();
    let parse = |body: &str| serde_json::from_str::<json_patch::Patch>(body).unwrap();
    let Undo::Restore { request, .. } = &step.undo else { panic!("a name can be set back") };
    let moved = |object: &Value| {
        let mut moved = object.clone();
        moved["spec"]["template"]["spec"]["containers"][1]["envFrom"][1]["prefix"] = json!("Q_");
        moved
    };
    assert!(json_patch::patch(&mut moved(&object), &parse(&step.request.body)).is_err(), "another element than the one that was shown");
    let mut after = object.clone();
    json_patch::patch(&mut after, &parse(&step.request.body)).unwrap();
    after["metadata"]["generation"] = json!(4);
    assert_eq!(after["spec"]["template"]["spec"]["containers"][1]["envFrom"], list("right"));
    assert!(json_patch::patch(&mut moved(&after), &parse(&request.body)).is_err(), "somebody changed it since");
    json_patch::patch(&mut after, &parse(&request.body)).unwrap();
    after["metadata"]["generation"] = json!(3);
    assert_eq!(after, object);
}

#[test]
fn changed_object_refuses_the_patch() {
    let plan = image_plan(7);
    let patch: json_patch::Patch = serde_json::from_str(&plan.steps.first().request.body).unwrap();
    for (pointer, value) in [
        ("/metadata/uid", json!("other")),
        ("/spec/template/spec/containers/1/image", json!("web:hotfix")),
        ("/spec/template/spec/containers/1/name", json!("sidecar")),
    ] {
        let mut object = deployment();
        *object.pointer_mut(pointer).unwrap() = value;
        assert!(json_patch::patch(&mut object, &patch).is_err(), "{pointer}");
    }
}

#[test]
fn field_that_is_absent_pins_the_resource_version() {
    let snapshot = snapshot(vec![(Kind::Deployment, deployment())]);
    let action = set(FieldPath::dotted("spec.template.spec.nodeSelector").key("zone"), json!("a"));
    let plan = plan(&cause(vec![action]), &snapshot, id(), OnFailure::Keep).unwrap();
    assert_eq!(plan.steps.first().precondition.resource_version.as_deref(), Some("7"));
    assert!(plan.steps.first().request.body.contains(r#"{"op":"test","path":"/metadata/resourceVersion","value":"7"}"#));
    assert_eq!(plan.risk(), Risk::Medium);
}

#[test]
fn field_that_no_rule_may_change_is_refused() {
    let snapshot = snapshot(vec![(Kind::Deployment, deployment())]);
    for path in ["spec.template.spec.nodeName", "spec.template.spec.hostNetwork", "spec.template.spec.serviceAccountName", "spec.paused"] {
        let action = set(FieldPath::dotted(path), json!("x"));
        assert!(plan(&cause(vec![action]), &snapshot, id(), OnFailure::Keep).is_err(), "{path}");
    }
}

#[test]
fn digest_is_the_same_under_another_plan_id_and_differs_for_any_other_byte() {
    let (a, b) = (image_plan(1), image_plan(2));
    assert_ne!(a.steps.first().request.body, b.steps.first().request.body);
    assert_eq!(a.digest(), b.digest());
    let mut other = image_plan(1);
    for step in other.steps.iter_mut() {
        step.request.body = step.request.body.replace("web:1", "web:2");
    }
    assert_ne!(a.digest(), other.digest());
    let mut reverting = image_plan(1);
    reverting.on_failure = OnFailure::Revert;
    assert_ne!(a.digest(), reverting.digest());
}

#[test]
fn managed_object_is_not_patched() {
    let mut object = deployment();
    object["metadata"]["labels"] = json!({"app.kubernetes.io/managed-by": "Helm", "app.kubernetes.io/instance": "shop"});
    let snapshot = snapshot(vec![(Kind::Deployment, object)]);
    let refusal = plan(&cause(vec![set(image(), json!("web:1"))]), &snapshot, id(), OnFailure::Keep).unwrap_err();
    assert!(refusal.iter().any(|r| r.to_string().contains("Helm")), "{refusal:?}");
}

#[test]
fn system_namespace_and_foreign_kinds_are_refused() {
    let kube = Namespace::parse("kube-system").unwrap();
    let create = |kind: Kind, ns: &Namespace| Action::Create {
        object: ObjectRef::namespaced(kind.clone(), ns, "x"),
        manifest: json!({"apiVersion": kind.api_version(), "kind": kind.name(), "metadata": {"name": "x", "namespace": ns.as_str()}}),
    };
    let seen = snapshot(vec![]);
    let refused = |kind: Kind, ns: &Namespace| plan(&cause(vec![create(kind, ns)]), &seen, id(), OnFailure::Keep).unwrap_err();
    assert_eq!(refused(Kind::PersistentVolumeClaim, &kube), [Refusal::SystemNamespace(kube.clone())]);
    for kind in [Kind::Secret, Kind::Ingress, Kind::Deployment] {
        assert_eq!(refused(kind.clone(), &namespace()), [Refusal::Kind { verb: "create", kind }]);
    }
    let whole = ObjectRef { namespace: None, ..ObjectRef::namespaced(Kind::PersistentVolumeClaim, &namespace(), "x") };
    let action = Action::Create { object: whole.clone(), manifest: json!({}) };
    assert_eq!(plan(&cause(vec![action]), &seen, id(), OnFailure::Keep).unwrap_err(), [Refusal::ClusterScoped(whole)]);
}

#[test]
fn only_a_claim_that_is_not_bound_is_deleted() {
    let object = ObjectRef::namespaced(Kind::PersistentVolumeClaim, &namespace(), "data");
    let delete = || cause(vec![Action::DeleteUnboundClaim { claim: object.clone() }]);
    let pending = snapshot(vec![(Kind::PersistentVolumeClaim, claim("Pending"))]);
    let made = plan(&delete(), &pending, id(), OnFailure::Keep).unwrap();
    assert!(made.steps.first().request.body.contains(r#""resourceVersion":"9""#));
    for phase in ["Bound", "Lost"] {
        let seen = snapshot(vec![(Kind::PersistentVolumeClaim, claim(phase))]);
        assert!(plan(&delete(), &seen, id(), OnFailure::Keep).is_err(), "{phase}");
    }
}

#[test]
fn manifest_of_another_object_is_refused() {
    let action = Action::Create {
        object: ObjectRef::namespaced(Kind::PersistentVolumeClaim, &namespace(), "data"),
        manifest: json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "data", "namespace": "other"}}),
    };
    assert!(plan(&cause(vec![action]), &snapshot(vec![]), id(), OnFailure::Keep).is_err());
}

#[test]
fn one_refused_change_refuses_the_plan() {
    let seen = snapshot(vec![(Kind::Deployment, deployment())]);
    let missing = Action::Patch {
        target: ObjectRef::namespaced(Kind::Deployment, &namespace(), "other"),
        ops: NonEmpty::one(FieldOp::set(image(), "x")),
    };
    assert!(plan(&cause(vec![set(image(), json!("web:1")), missing]), &seen, id(), OnFailure::Keep).is_err());
}

fn web() -> ObjectRef {
    ObjectRef::namespaced(Kind::Deployment, &namespace(), "web")
}

fn planned_with(cause: &Cause, seen: &Snapshot, live: &Live) -> Result<RemediationPlan, Vec<Refusal>> {
    super::plan(outline(cause, &Facts::of(seen))?, live, id(), OnFailure::Keep)
}

/// What the planner says when the Deployment is another one, or is not there, by the time that the plan is made.
fn planned_on(action: Action, now: Result<Value, Refusal>) -> Result<(), Vec<Refusal>> {
    let seen = snapshot(vec![(Kind::Deployment, deployment())]);
    let mut live = Live::default();
    live.insert(web(), now);
    planned_with(&cause(vec![action]), &seen, &live).map(drop)
}

#[test]
fn object_that_changed_since_it_was_seen_is_not_planned_on() {
    let differs = |now: &str| {
        let now = (now != "nothing").then(|| format!("{now:?}"));
        let differs = Differs { object: web(), path: image().to_string(), seen: Some("\"web:bad\"".into()), now };
        Refusal::Differs(Box::new(differs))
    };
    let helm = json!({"app.kubernetes.io/managed-by": "Helm"});
    let managed = Refusal::Managed(crate::domain::workload::Manager::Helm(String::new()));
    for (pointer, value, refusal) in [
        ("/metadata/uid", json!("u-9"), Refusal::Recreated(web())),
        ("/spec/template/spec/containers/1/image", json!("web:hotfix"), differs("web:hotfix")),
        ("/spec/template/spec/containers/1/name", json!("renamed"), differs("nothing")),
        ("/metadata/labels", helm, managed),
    ] {
        let mut now = deployment();
        now["metadata"]["labels"] = json!({});
        *now.pointer_mut(pointer).unwrap() = value;
        assert_eq!(planned_on(set(image(), json!("web:1")), Ok(now)), Err(vec![refusal]), "{pointer}");
    }
    for refusal in [Refusal::Gone(web()), Refusal::Unreadable { object: web(), why: "it took too long".into() }] {
        assert_eq!(planned_on(set(image(), json!("web:1")), Err(refusal.clone())), Err(vec![refusal]));
    }
    assert_eq!(planned_on(set(image(), json!("web:1")), Ok(deployment())), Ok(()));
}

#[test]
fn object_whose_rollout_was_paused_meanwhile_is_not_planned_on() {
    let mut now = deployment();
    now["spec"]["paused"] = json!(true);
    let differs = Differs { object: web(), path: "spec.paused".into(), seen: None, now: Some("true".into()) };
    assert_eq!(planned_on(set(image(), json!("web:1")), Ok(now)), Err(vec![Refusal::Differs(Box::new(differs))]));
}

#[test]
fn line_for_a_field_that_is_not_there_yet_pins_the_version_as_the_step_does() {
    let path = FieldPath::dotted("spec.template.spec.nodeSelector").then("zone");
    let seen = snapshot(vec![(Kind::Deployment, deployment())]);
    let step = plan(&cause(vec![set(path, json!("a"))]), &seen, id(), OnFailure::Keep).unwrap().steps.first().clone();
    for text in [&step.request.body, &step.command] {
        assert!(text.contains("/metadata/resourceVersion"), "{text}");
    }
}

#[test]
fn partition_of_a_stateful_set_keeps_pods_from_a_new_template() {
    let name = ObjectRef::namespaced(Kind::StatefulSet, &namespace(), "web");
    let with = |partition: i64| {
        let mut set = deployment();
        set["kind"] = json!("StatefulSet");
        set["spec"]["serviceName"] = json!("web");
        set["spec"]["podManagementPolicy"] = json!("Parallel");
        set["spec"]["updateStrategy"] = json!({"type": "RollingUpdate", "rollingUpdate": {"partition": partition}});
        let action = Action::Patch { target: name.clone(), ops: NonEmpty::one(FieldOp::set(image(), "web:1")) };
        plan(&cause(vec![action]), &snapshot(vec![(Kind::StatefulSet, set)]), id(), OnFailure::Keep)
    };
    assert!(with(0).is_ok(), "{:?}", with(0));
    assert!(matches!(&with(1).unwrap_err()[..], [Refusal::PodsStay { why, .. }] if why.contains("partition")));
}

#[test]
fn digest_covers_the_action_besides_its_bytes() {
    let mut plan = image_plan(1);
    let before = plan.digest();
    let step = plan.steps.iter_mut().next().unwrap();
    let Action::Patch { ops, .. } = &mut step.action else { panic!("{:?}", step.action) };
    ops.iter_mut().next().unwrap().path = FieldPath::dotted("spec.replicas");
    assert_ne!(before, plan.digest());
}

#[test]
fn what_the_proposer_saw_counts_before_what_the_snapshot_has() {
    let action = |seen: &str| Action::Patch { target: web(), ops: NonEmpty::one(FieldOp::set(image(), "web:1").seen(seen)) };
    assert_eq!(planned_on(action("web:bad"), Ok(deployment())), Ok(()));
    let [Refusal::Differs(differs)] = &planned_on(action("web:older"), Ok(deployment())).unwrap_err()[..] else { panic!() };
    assert_eq!((differs.seen.as_deref(), differs.now.as_deref()), (Some("\"web:older\""), Some("\"web:bad\"")));
}

/// Somebody may have put anything there since: what it is now is nothing that anybody decides on.
#[test]
fn of_a_field_that_differs_no_more_is_shown_than_beside_a_change() {
    let shown = |path: &FieldPath| super::diff::beside(path, &json!("zebra")).to_string();
    let container = || FieldPath::dotted("spec.template.spec").key("containers").element("name", "app");
    assert_eq!(shown(&container().then("image")), "\"zebra\"");
    for hidden in
        [container().then("terminationMessage"), container().key("args"), container().key("env").element("name", "A").then("value")]
    {
        assert!(!shown(&hidden).contains("zebra"), "{hidden}");
    }
}

#[test]
fn claim_that_was_bound_since_it_was_seen_is_not_deleted() {
    let object = ObjectRef::namespaced(Kind::PersistentVolumeClaim, &namespace(), "data");
    let cause = cause(vec![Action::DeleteUnboundClaim { claim: object.clone() }]);
    let seen = snapshot(vec![(Kind::PersistentVolumeClaim, claim("Pending"))]);
    for (pointer, value) in [("/status/phase", json!("Bound")), ("/spec/volumeName", json!("pv-1"))] {
        let mut now = claim("Pending");
        now["spec"]["volumeName"] = Value::Null;
        *now.pointer_mut(pointer).unwrap() = value;
        let mut live = Live::default();
        live.insert(object.clone(), Ok(now));
        let refused = planned_with(&cause, &seen, &live).unwrap_err();
        assert_eq!(refused, [Refusal::ClaimInUse(object.clone())]);
    }
}

#[test]
fn field_that_this_program_does_not_know_survives_into_the_diff() {
    let mut now = deployment();
    now["spec"]["template"]["spec"]["containers"][1] = json!({"name": "app", "aFieldOfTomorrow": "kept", "image": "web:bad"});
    let seen = snapshot(vec![(Kind::Deployment, deployment())]);
    assert!(!seen.value_of(&web()).unwrap().to_string().contains("aFieldOfTomorrow"));
    let cause = cause(vec![set(image(), json!("web:1"))]);
    let mut live = live(&outline(&cause, &Facts::of(&seen)).unwrap(), &seen);
    live.insert(web(), Ok(now));
    let plan = planned_with(&cause, &seen, &live).unwrap();
    assert!(plan.steps.first().diff.contains("aFieldOfTomorrow: ⟦not shown⟧"), "{}", plan.steps.first().diff);
    assert_eq!(plan.steps.first().request, image_plan(7).steps.first().request, "the bytes are of the fields alone");
}

#[test]
fn each_step_is_told_in_one_line_with_its_old_value_and_its_new_one() {
    let line = |actions: Vec<Action>, seen: Vec<(Kind, Value)>, index| {
        let made = plan(&cause(actions), &snapshot(seen), id(), OnFailure::Keep).unwrap();
        super::action::in_one_line(&made, index)
    };
    let workload = || vec![(Kind::Deployment, deployment())];
    assert_eq!(line(vec![set(image(), json!("web:1"))], workload(), 0), "Set image of Deployment shop/web container app: web:bad → web:1");
    let node = FieldPath::dotted("spec.template.spec.nodeSelector").key("disk");
    assert_eq!(line(vec![set(node.clone(), json!("hdd"))], workload(), 0), "Set nodeSelector.disk of Deployment shop/web: ssd → hdd");
    let mut ops = NonEmpty::one(FieldOp::remove(node.clone()));
    ops.push(FieldOp::set(FieldPath::dotted("spec.template.spec.nodeSelector").key("a→b"), "x y"));
    assert_eq!(
        line(vec![Action::Patch { target: web(), ops }], workload(), 0),
        "Set nodeSelector.disk of Deployment shop/web: ssd → removed, and nodeSelector.a\\u{2192}b: not set → \"x y\""
    );
    let object = ObjectRef::namespaced(Kind::PersistentVolumeClaim, &namespace(), "data");
    let manifest = json!({
        "apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "data", "namespace": "shop"},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "10Gi"}}, "storageClassName": "standard"}
    });
    let create = || Action::Create { object: object.clone(), manifest: manifest.clone() };
    assert_eq!(line(vec![create()], vec![], 0), "New empty claim shop/data: 10Gi (assumed), RWO, class standard");
    let replaced = || vec![Action::DeleteUnboundClaim { claim: object.clone() }, create()];
    let pending = || vec![(Kind::PersistentVolumeClaim, claim("Pending"))];
    assert_eq!(line(replaced(), pending(), 0), "Delete claim shop/data, which never had a volume and holds no data");
    assert_eq!(line(replaced(), pending(), 1), "Replace empty claim shop/data: 10Gi, RWO, class gone → standard");
    let made = plan(&cause(replaced()), &snapshot(pending()), id(), OnFailure::Keep).unwrap();
    let head = |index| super::action::headline(&made, index).iter().map(Part::whole).collect::<String>();
    assert_eq!((head(0), head(1)), (String::new(), "Replace empty claim data: 10Gi, RWO, class gone → standard".to_owned()), "both in one");
}
