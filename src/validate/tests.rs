//! What each check rests on.

use super::*;
use crate::domain::plan::Judged;
use crate::domain::purpose::Purpose;
use crate::facts::Walk;
use crate::planner::example::{cause, deployment, image, image_plan, namespace, snapshot};
use serde_json::{Value, json};

fn web() -> ObjectRef {
    ObjectRef::namespaced(Kind::Deployment, &namespace(), "web")
}

/// A plan that sets the image of `app` in `web` to `web:1`, with only the check that the finding is gone.
fn plan(saw: &[Kind]) -> RemediationPlan {
    let code = Code("img-tag-not-found");
    let gone = Check::FindingGone { code, object: web(), field: Some(image()) };
    let judged = Judged { about: vec![web()], saw: saw.to_vec(), ..Judged::default() };
    RemediationPlan { checks: crate::domain::nonempty::NonEmpty::one(gone), judged, ..image_plan(1) }
}

/// `web` as the plan wants it, with one ReplicaSet of it and this Pod.
fn world(image: &str, pod: Option<Value>) -> Vec<(Kind, Value)> {
    let mut object = deployment();
    object["spec"]["template"]["spec"]["containers"][1]["image"] = json!(image);
    object["status"] = json!({"observedGeneration": 3, "replicas": 1, "updatedReplicas": 1});
    let owner = |kind: &str, name: &str| json!([{"apiVersion": "apps/v1", "kind": kind, "name": name, "uid": "u", "controller": true}]);
    let set = json!({"metadata": {"name": "web-2", "namespace": "shop", "annotations": {"deployment.kubernetes.io/revision": "2"},
                                  "ownerReferences": owner("Deployment", "web")}, "spec": {"selector": {}}});
    let mut all = vec![(Kind::Deployment, object), (Kind::ReplicaSet, set)];
    all.extend(pod.map(|status| {
        let meta = json!({"name": "web-2-a", "namespace": "shop", "uid": "p-1", "ownerReferences": owner("ReplicaSet", "web-2")});
        (Kind::Pod, json!({"metadata": meta, "spec": {"containers": [{"name": "app"}, {"name": "log"}]}, "status": status}))
    }));
    all
}

fn state(app: Value, log: Value) -> Option<Value> {
    let status =
        |name: &str, state: Value| json!({"name": name, "image": "", "imageID": "", "ready": false, "restartCount": 0, "state": state});
    Some(json!({"phase": "Pending", "containerStatuses": [status("app", app), status("log", log)]}))
}

fn running() -> Value {
    json!({"running": {"startedAt": "2026-01-01T12:00:00Z"}})
}

fn creating() -> Value {
    json!({"waiting": {"reason": "ContainerCreating"}})
}

fn checked(plan: &RemediationPlan, objects: Vec<(Kind, Value)>, causes: Vec<crate::domain::cause::Cause>, unread: &[Kind]) -> Observed {
    checked_in(plan, objects, causes, unread, false)
}

/// The same where there was no time for a rule.
fn checked_in(
    plan: &RemediationPlan,
    objects: Vec<(Kind, Value)>,
    causes: Vec<crate::domain::cause::Cause>,
    unread: &[Kind],
    hurried: bool,
) -> Observed {
    let mut seen = snapshot(objects);
    for kind in [Kind::Pod, Kind::ReplicaSet, Kind::Deployment] {
        if plan.judged.saw.contains(&kind) || !seen.is_complete(&kind) {
            seen.add(&kind, vec![], !unread.contains(&kind));
        }
    }
    let late = || hurried;
    let facts = Facts::until(&seen, Walk::until(&|| false).hurried(&late));
    facts.pace().in_time(|| ());
    let diagnosis = Diagnosis { causes, ..Diagnosis::default() };
    let results = check_all(plan, None, &facts, &diagnosis, |_| unread.to_vec());
    (results[0].stand, results[0].observed.clone())
}

#[test]
fn a_check_does_not_pass_where_not_all_rules_were_run() {
    let of = |hurried| checked_in(&plan(&[]), world("web:1", state(running(), running())), vec![], &[], hurried);
    assert_eq!(of(false).0, Stand::Holds);
    let (stand, words) = of(true);
    assert_eq!(stand, Stand::Unseen);
    assert!(words.ends_with("but not all rules were run"), "{words}");
}

#[test]
fn finding_is_gone_only_where_a_pod_of_the_new_template_came_past_the_point_of_failure() {
    let of = |image: &str, pod: Option<Value>| checked(&plan(&[]), world(image, pod), vec![], &[]).0;
    assert_eq!(of("web:bad", state(running(), running())), Stand::Fails, "the change is not there");
    assert_eq!(of("web:1", None), Stand::Fails, "no Pod of the new template exists yet");
    assert_eq!(of("web:1", state(creating(), creating())), Stand::Fails, "it has not come to its images yet");
    assert_eq!(of("web:1", state(creating(), running())), Stand::Fails, "another container proves nothing about this one");
    assert_eq!(of("web:1", state(running(), creating())), Stand::Holds);
}

#[test]
fn finding_of_another_field_is_another_finding() {
    let at = |container: &str| {
        let mut other = cause(vec![]);
        other.field = Some(FieldPath::dotted("spec.template.spec.containers").element("name", container).then("image"));
        other
    };
    let of = |container: &str| checked(&plan(&[]), world("web:1", state(running(), creating())), vec![at(container)], &[]).0;
    assert_eq!(of("app"), Stand::Fails);
    assert_eq!(of("log"), Stand::Holds, "the same code at another field is not what the plan was for");
}

#[test]
fn silence_of_a_rule_that_could_not_read_is_no_proof() {
    let of = |unread: &[Kind]| checked(&plan(&[]), world("web:1", state(running(), running())), vec![], unread);
    assert_eq!((of(&[]).0, of(&[Kind::Event]).0), (Stand::Holds, Stand::Unseen));
    let cut = of(&[Kind::Event, Kind::ReplicaSet]).1;
    assert!(cut.ends_with("cannot be ruled out: replicasets could not be read completely"), "{cut}");
}

/// A look at some kinds is our own choice: what it left out is looked at before anything is said of it.
#[test]
fn what_a_look_left_out_is_not_told_as_a_lack() {
    let seen = checked(&plan(&[]), world("web:1", state(running(), running())), vec![], &[Kind::Event, Kind::Job]);
    assert_eq!(seen, (Stand::Unseen, "`img-tag-not-found` is not found so far".to_owned()));
}

#[test]
fn no_symptom_in_a_list_that_was_not_read_whole_is_no_proof() {
    let gone = crate::domain::nonempty::NonEmpty::one(Check::SymptomGone(web()));
    let plan = RemediationPlan { checks: gone, ..plan(&[]) };
    let of = |events: Option<bool>| {
        let mut seen = snapshot(world("web:1", state(running(), running())));
        for kind in [Kind::Pod, Kind::ReplicaSet, Kind::Deployment] {
            seen.add(&kind, vec![], true);
        }
        events.into_iter().for_each(|whole| seen.add(&Kind::Event, vec![], whole));
        let results = check_all(&plan, None, &Facts::of(&seen), &Diagnosis::default(), |_| Vec::new());
        (results[0].stand, results[0].observed.clone())
    };
    assert_eq!(of(Some(true)), (Stand::Holds, "no problem was found with it".to_owned()));
    assert_eq!(of(Some(false)), (Stand::Unseen, "no problem was found with it, but events could not be read completely".to_owned()));
    assert_eq!(of(None), (Stand::Unseen, "no problem was found with it, but events were not part of this look".to_owned()));
}

#[test]
fn what_the_plan_saw_and_this_look_does_not_makes_every_check_unknown() {
    let plan = plan(&[Kind::Pod, Kind::Deployment]);
    let of = |unread: &[Kind]| checked(&plan, world("web:1", state(running(), running())), vec![], unread);
    assert_eq!(of(&[]).0, Stand::Holds);
    let (stand, words) = of(&[Kind::Pod]);
    assert!(stand == Stand::Unseen && words.contains("pods could not be read completely"), "{words}");
}

#[test]
fn scaled_to_zero_proves_nothing() {
    let mut object = deployment();
    object["spec"]["replicas"] = json!(0);
    object["status"] = json!({"observedGeneration": 3});
    let seen = snapshot(vec![(Kind::Deployment, object)]);
    let (stand, words) = rollout(&web(), &Facts::of(&seen));
    assert!(stand == Stand::Idle && words.contains("scaled to zero"), "{words}");
}

#[test]
fn only_what_the_issue_is_about_remains() {
    use crate::domain::cause::CauseSource;
    use crate::domain::finding::Symptom;
    let plan = plan(&[]);
    let seen = snapshot(world("web:1", None));
    let facts = Facts::of(&seen);
    let claim = ObjectRef::namespaced(Kind::PersistentVolumeClaim, &namespace(), "data");
    let other = |suffers: &ObjectRef| {
        let mut other = cause(vec![]);
        (other.source, other.object) = (CauseSource::Rule(Code("pvc-missing")), claim.clone());
        other.symptoms = vec![Symptom { object: suffers.clone(), summary: "Pending".into() }];
        other
    };
    let lakes = ObjectRef::namespaced(Kind::Deployment, &namespace(), "lakes");
    let left = |issue: &str, about: &[ObjectRef], object: &ObjectRef| {
        let symptom = Symptom { object: object.clone(), summary: "crashes".into() };
        let seen = Diagnosis { causes: vec![other(object)], unexplained: vec![symptom], ..Diagnosis::default() };
        let mut before = Diagnosis::default();
        before.focus.about = about.to_vec();
        let remains = remains::Concern::of(&plan, &facts, &before, &Purpose::Issue(issue.to_owned())).unwrap().remains(&seen);
        (remains.own.len(), remains.there.len())
    };
    assert_eq!(left("web is down", &[web()], &web()), (2, 0));
    assert_eq!(left("web is down", &[web()], &lakes), (0, 0), "an unrelated fault is none of this plan's");
    assert_eq!(left("lakes is down", std::slice::from_ref(&lakes), &lakes), (2, 0), "somebody asked about it");
    assert_eq!(left("something is broken in shop", &[], &lakes), (0, 2), "somebody asked about all that is there");
    assert_eq!(left("something is broken in shop", &[], &web()), (2, 0));
    assert_eq!(left("", &[], &lakes), (0, 0), "nobody said what is wrong");
}

#[test]
fn place_that_was_stated_and_not_read_is_in_doubt_unless_it_does_not_exist() {
    use crate::domain::words::{Lost, Stated, Why};
    let plan = plan(&[]);
    let seen = snapshot(world("web:1", None));
    let facts = Facts::of(&seen);
    let doubts = |why| {
        let mut before = Diagnosis::default();
        before.focus.lost = vec![Lost { name: "prod".into(), nearest: vec![], why, by: Stated::In }];
        remains::Concern::of(&plan, &facts, &before, &Purpose::Issue("web in prod is down".to_owned()))
            .unwrap()
            .in_doubt(&Diagnosis::default())
    };
    assert_eq!(doubts(Why::Unchecked), ["whether there is a namespace `prod` could not be checked"]);
    assert_eq!(doubts(Why::Passed).len(), 1);
    assert_eq!((doubts(Why::Absent).len(), doubts(Why::Prose).len()), (0, 0), "nothing is broken where nothing is");
}

#[test]
fn all_of_a_place_belongs_to_the_issue_where_words_name_no_object_in_it() {
    use crate::domain::issue::Scope;
    use crate::domain::object::Namespace;
    use whole::Whole;
    let place = |name: &str| Namespace::parse(name).unwrap();
    let scope = |names: &[&str]| Scope::of(names.iter().map(|name| place(name)).collect(), vec![]);
    let of = |issue: &str, about: &[ObjectRef], scope: &Scope| {
        let mut before = Diagnosis::default();
        before.focus.about = about.to_vec();
        let whole = Whole::of(&Purpose::Issue(issue.to_owned()), &before, scope);
        ["shop", "team-a"].map(|at| whole.holds(&ObjectRef::namespaced(Kind::Job, &place(at), "x")))
    };
    let said = "something is broken";
    assert_eq!(of(said, &[], &scope(&["shop"])), [true, false]);
    assert_eq!(of(said, &[web()], &scope(&["shop"])), [false, false], "an object in it is named");
    assert_eq!(of(said, &[web()], &scope(&["shop", "team-a"])), [false, true], "of the other place nothing is named");
    assert_eq!(of(said, &[], &Scope::All), [true, true]);
    assert_eq!(of(said, &[web()], &Scope::All), [false, false]);
    assert_eq!(of(" ", &[], &Scope::All), [false, false], "nobody said anything");
}

#[test]
fn rollout_passes_only_where_all_replicas_of_the_newest_revision_are_seen_ready() {
    let of = |status: Value| {
        let mut object = deployment();
        object["spec"]["replicas"] = json!(2);
        object["metadata"] = json!({"name": "web", "namespace": "shop", "generation": 3});
        object["status"] = status;
        let mut seen = snapshot(vec![(Kind::Deployment, object)]);
        [Kind::Pod, Kind::ReplicaSet].iter().for_each(|kind| seen.add(kind, vec![], true));
        rollout(&web(), &Facts::of(&seen)).0
    };
    let ready = |generation: i64, updated: i64, total: i64, ready: i64| json!({"observedGeneration": generation, "replicas": total, "updatedReplicas": updated, "readyReplicas": ready, "availableReplicas": ready});
    assert_eq!(of(ready(3, 2, 2, 2)), Stand::Holds);
    assert_eq!(of(ready(3, 2, 2, 1)), Stand::Fails, "one is not ready");
    assert_eq!(of(ready(3, 1, 2, 2)), Stand::Fails, "one is of the revision before");
    assert_eq!(of(ready(3, 2, 3, 2)), Stand::Fails, "one of the revision before is left");
    assert_eq!(of(ready(2, 2, 2, 2)), Stand::NotYet, "the controller has not seen the change");
}

/// A Service that selects `tier: front`, this Pod of each tier, and a slice that leads to these Pods.
fn endpoints_of(behind: &[&str], ready: &[&str]) -> Observed {
    let service = ObjectRef::namespaced(Kind::Service, &namespace(), "web");
    let pod = |tier: &str| {
        let is = if ready.contains(&tier) { "True" } else { "False" };
        json!({"metadata": {"name": tier, "namespace": "shop", "labels": {"app": "web", "tier": tier}}, "spec": {"containers": []},
               "status": {"phase": "Running", "podIP": "10.0.0.9", "conditions": [{"type": "Ready", "status": is}]}})
    };
    let endpoint =
        |name: &&str| json!({"addresses": ["10.0.0.7"], "conditions": {"ready": true}, "targetRef": {"kind": "Pod", "name": name}});
    let slice = json!({"metadata": {"name": "web-x", "namespace": "shop", "labels": {"kubernetes.io/service-name": "web"}},
                       "addressType": "IPv4", "endpoints": behind.iter().map(endpoint).collect::<Vec<_>>()});
    let selects = json!({"metadata": {"name": "web", "namespace": "shop"}, "spec": {"selector": {"app": "web", "tier": "front"}}});
    let seen = snapshot(vec![(Kind::Service, selects), (Kind::Pod, pod("front")), (Kind::Pod, pod("admin")), (Kind::EndpointSlice, slice)]);
    endpoints(&service, &Facts::of(&seen))
}

#[test]
fn ready_addresses_count_only_where_they_are_those_of_the_pods_that_the_selector_matches_now() {
    let of = |behind: &[&str], ready: &[&str]| endpoints_of(behind, ready).0;
    assert_eq!(of(&["front"], &["front", "admin"]), Stand::Holds);
    assert_eq!(of(&["front", "admin"], &["front", "admin"]), Stand::NotYet, "the selector was narrowed, and the slice is of before");
    assert_eq!(of(&["admin"], &["admin"]), Stand::NotYet, "the selector was changed, and the slice is of before");
    assert_eq!(of(&[], &["front", "admin"]), Stand::NotYet, "a Pod is ready, and the slice does not have it");
    assert_eq!(of(&[], &["admin"]), Stand::Fails, "nothing is ready behind it");
    let (_, words) = endpoints_of(&["admin"], &["admin"]);
    assert!(words.contains("of Pods that its selector does not match"), "{words}");
}

#[test]
fn older_pods_that_stay_by_the_update_strategy_are_no_failure() {
    let object = ObjectRef::namespaced(Kind::StatefulSet, &namespace(), "db");
    let of = |strategy: Value| {
        let set = json!({"metadata": {"name": "db", "namespace": "shop", "generation": 2},
                         "spec": {"replicas": 2, "selector": {}, "serviceName": "db", "updateStrategy": strategy,
                                  "template": {"metadata": {"labels": {"app": "db"}}, "spec": {"containers": [{"name": "db"}]}}},
                         "status": {"observedGeneration": 2, "replicas": 2, "readyReplicas": 2, "updatedReplicas": 0, "availableReplicas": 2,
                                    "currentRevision": "a", "updateRevision": "b"}});
        let mut seen = snapshot(vec![(Kind::StatefulSet, set)]);
        seen.add(&Kind::Pod, vec![], true);
        rollout(&object, &Facts::of(&seen)).0
    };
    assert_eq!(of(json!({"type": "OnDelete"})), Stand::Unseen);
    assert_eq!(of(json!({"type": "RollingUpdate", "rollingUpdate": {"partition": 2}})), Stand::Unseen);
    assert_eq!(of(json!({"type": "RollingUpdate"})), Stand::Fails);
}

#[test]
fn service_of_a_workload_that_is_scaled_to_zero_proves_nothing() {
    let service = ObjectRef::namespaced(Kind::Service, &namespace(), "web");
    let of = |replicas: i32| {
        let mut object = deployment();
        object["spec"]["replicas"] = json!(replicas);
        object["spec"]["template"]["metadata"] = json!({"labels": {"app": "web"}});
        let selects = json!({"metadata": {"name": "web", "namespace": "shop"}, "spec": {"selector": {"app": "web"}}});
        let mut seen = snapshot(vec![(Kind::Deployment, object), (Kind::Service, selects)]);
        [Kind::Pod, Kind::EndpointSlice].iter().for_each(|kind| seen.add(kind, vec![], true));
        endpoints(&service, &Facts::of(&seen)).0
    };
    assert_eq!(of(0), Stand::Idle);
    assert_eq!(of(1), Stand::Fails);
}

#[test]
fn address_that_is_published_though_its_pod_is_not_ready_is_no_ready_address() {
    let service = ObjectRef::namespaced(Kind::Service, &namespace(), "web");
    let of = |selector: Value, serving: Value, pod: Option<&str>| {
        let selects =
            json!({"metadata": {"name": "web", "namespace": "shop"}, "spec": {"publishNotReadyAddresses": true, "selector": selector}});
        let slice = json!({"metadata": {"name": "web-x", "namespace": "shop", "labels": {"kubernetes.io/service-name": "web"}}, "addressType": "IPv4",
            "endpoints": [{"addresses": ["10.0.0.7"], "conditions": {"ready": true, "serving": serving}, "targetRef": {"kind": "Pod", "name": "front"}}]});
        let mut seen = snapshot(vec![(Kind::Service, selects), (Kind::EndpointSlice, slice)]);
        if let Some(ready) = pod {
            let crashing = json!([{"name": "a", "image": "", "imageID": "", "ready": false, "restartCount": 9, "state": {"waiting": {"reason": "CrashLoopBackOff"}}}]);
            let status = json!({"phase": "Running", "podIP": "10.0.0.7", "conditions": [{"type": "Ready", "status": ready}], "containerStatuses": crashing});
            let meta = json!({"name": "front", "namespace": "shop", "labels": {"app": "web"}});
            seen.add(
                &Kind::Pod,
                vec![json!({"metadata": meta, "spec": {"nodeName": "n", "containers": [{"name": "a"}]}, "status": status})],
                true,
            );
        }
        endpoints(&service, &Facts::of(&seen)).0
    };
    let app = json!({"app": "web"});
    assert_eq!(of(app.clone(), json!(true), Some("True")), Stand::Holds);
    assert_eq!(of(app.clone(), json!(false), Some("False")), Stand::Fails);
    assert_eq!(of(app.clone(), json!(null), Some("False")), Stand::Fails, "an API server that does not say whether it serves");
    assert_ne!(of(app, json!(false), None), Stand::Holds, "the Pods could not be read, and the address says that nothing serves there");
    assert_eq!(of(json!(null), json!(null), None), Stand::Holds, "others write the addresses of a Service without a selector");
}

#[test]
fn what_the_plan_changes_and_is_about_is_read_after_what_runs() {
    let (first, last) = once_more(&plan(&[]));
    assert_eq!((first, last), (vec![Kind::Pod], vec![Kind::Deployment]));
}
