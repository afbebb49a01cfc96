//! What is at stake with a stated change besides what it is for: who else is changed with it, where it leads elsewhere, and whether it
//! moves what its own cure is seen by. All of it is said in the question, with the change.

use super::outline::seen;
use super::setting;
use crate::domain::action::Action;
use crate::domain::kind::Kind;
use crate::domain::object::ObjectRef;
use crate::domain::resource::Resource;
use crate::domain::risk::Risk;
use crate::facts::{Facts, ingresses, labels, pods, rollouts, selected};
use k8s_openapi::api::core::v1::{Pod, Service};
use std::collections::{BTreeSet, HashSet};

/// Others that are named in a question; the rest is counted.
const NAMED: usize = 4;
/// Kinds whose Pods can be behind a Service: who is, is known only where all of them were read.
pub(super) const BEHIND: &[Kind] = &[Kind::Pod, Kind::Deployment, Kind::StatefulSet, Kind::DaemonSet];

/// See the file's head.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Stakes {
    /// What somebody states is never below medium.
    pub(super) risk: Risk,
    /// What a human has to know of it, in words.
    pub(super) said: Vec<String>,
}

/// What suffers that a change is about.
pub(super) struct Suffering<'o> {
    /// What has a symptom of its own.
    pub(super) own: &'o HashSet<&'o ObjectRef>,
    /// What has to run again.
    pub(super) roots: &'o HashSet<ObjectRef>,
    /// And all that belongs to it.
    pub(super) area: &'o HashSet<&'o ObjectRef>,
}

/// See the file's head. `root`: what has to run for an object to be well.
pub(super) fn stakes(change: &Action, suffering: &Suffering<'_>, root: impl Fn(&ObjectRef) -> ObjectRef, facts: &Facts<'_>) -> Stakes {
    let target = change.target();
    let suffers = |pod: &ObjectRef| suffering.own.contains(pod);
    let mut stakes = match target.kind {
        Kind::ServiceAccount => Stakes {
            risk: Risk::High,
            said: others("it is for", &setting::other_users(target, suffering.area, facts)).into_iter().collect(),
        },
        // Nobody is behind what is not there yet.
        Kind::Service if matches!(change, Action::Create { .. }) => Stakes { risk: Risk::Medium, said: Vec::new() },
        Kind::ConfigMap => {
            let now = seen(change, facts).ok().flatten();
            let now = now.as_ref().map(|now| &now.value);
            let mut said = setting::moved(change, now, facts);
            said.extend(others("it is read, too, by", &setting::other_users(target, suffering.area, facts)));
            Stakes { risk: setting::risk(change, now, suffering.area, facts), said }
        }
        Kind::Service => match behind(target, facts) {
            Ok(behind) => {
                let beside: BTreeSet<ObjectRef> = behind.into_iter().filter(|one| !suffering.roots.contains(&root(one))).collect();
                // Who is reached by nobody has nothing to lose; whoever is, also of what is affected in part, has.
                let ready = facts.ready_addresses(target);
                let beside = others("behind it, and not affected, is", &beside).filter(|_| ready > 0);
                let reached = (ready > 0).then(|| format!("{ready} of its addresses are ready, and they are asked at another port then"));
                let well = ready.saturating_sub(behind_and_ready(target, facts).filter(suffers).count());
                Stakes { risk: raised(well > 0), said: reached.into_iter().chain(beside).collect() }
            }
            Err(why) => Stakes { risk: Risk::High, said: vec![why] },
        },
        // Of a workload that suffers in part, most Pods may serve.
        Kind::Pod if serves(target, facts) => Stakes {
            risk: raised(!suffering.own.contains(target)),
            said: vec![format!("{target} is ready, so what it serves ends with it")],
        },
        _ if serves(&root(target), facts) && !suffering.roots.contains(&root(target)) => {
            Stakes { risk: Risk::High, said: vec![format!("{} itself is not affected, and it is what would be changed", root(target))] }
        }
        _ => Stakes { risk: Risk::Medium, said: Vec::new() },
    };
    if let Some((fewer, risk)) = fewer(change, facts, suffers) {
        stakes.risk = stakes.risk.max(risk);
        stakes.said.push(fewer);
    }
    if let Some(ready) = rollouts::ended_first(facts, target, suffers).filter(|_| change.changes_a_template()) {
        stakes.risk = Risk::High;
        let pods = if ready == 1 { "1 ready Pod ends" } else { &format!("{ready} ready Pods end") };
        stakes.said.push(format!("{pods} first, by its strategy, and nothing of it serves until new ones are ready"));
    }
    if ingresses::leads_to_a_port(change, facts) {
        stakes.said.push("whether that port answers is not tried, so the verdict will be `unclear` at best".to_owned());
    }
    if change.changes_a_probe() {
        stakes.said.push("this changes how kubemend will see whether it helped, so its verdict will be `unclear` at best".to_owned());
    }
    stakes
}

/// That fewer replicas are asked for: then fewer have to be ready for a cure, and what is ready now can go.
fn fewer(change: &Action, facts: &Facts<'_>, suffers: impl Fn(&ObjectRef) -> bool) -> Option<(String, Risk)> {
    let wanted = change.scales_to()?;
    let workload = facts.workload(change.target())?;
    let count = |number: i32| u64::try_from(number).unwrap_or(0);
    let (desired, ready) = (count(workload.desired), count(workload.ready));
    let said = || {
        format!(
            "fewer replicas are asked for, {wanted} of {desired}, and {ready} are ready now: fewer have to be ready then, so the verdict will be `unclear` at best"
        )
    };
    let well = count(rollouts::well(facts, change.target(), suffers));
    (wanted < desired).then(|| (said(), raised(wanted < well)))
}

fn raised(is_high: bool) -> Risk {
    if is_high { Risk::High } else { Risk::Medium }
}

fn others(before: &str, all: &BTreeSet<ObjectRef>) -> Option<String> {
    let named: Vec<String> = all.iter().take(NAMED).map(ToString::to_string).collect();
    let more = all.len().saturating_sub(NAMED);
    let more = if more == 0 { String::new() } else { format!(" and {more} more") };
    (!all.is_empty()).then(|| format!("{before} {}{more}", named.join(", ")))
}

/// The workloads and the Pods of nobody behind a Service.
fn behind(service: &ObjectRef, facts: &Facts<'_>) -> Result<BTreeSet<ObjectRef>, String> {
    if !BEHIND.iter().chain([&Kind::EndpointSlice]).all(|kind| facts.is_whole(kind)) {
        return Err(format!("who else is behind {service} could not be read"));
    }
    let found = facts.find::<Service>(service);
    let selector = found.and_then(|found| Some((found.metadata.namespace.as_deref()?, labels::any_selector(found)?)));
    let Some((namespace, selector)) = selector else {
        return Err(format!("{service} has no selector, so who is behind it is not known"));
    };
    let mut all: BTreeSet<ObjectRef> = selected::workloads_selected(facts, namespace, selector).map(|w| w.object.clone()).collect();
    let pods = selected::pods_selected(facts, namespace, selector).filter(|pod| !pods::has_ended(pod));
    all.extend(pods.map(Resource::reference).map(|pod| facts.owners().chain(&pod).last().cloned().unwrap_or(pod)));
    Ok(all)
}

/// The Pods that a Service selects and that are ready.
fn behind_and_ready<'a>(service: &ObjectRef, facts: &Facts<'a>) -> impl Iterator<Item = ObjectRef> + use<'a> {
    let found = facts.find::<Service>(service);
    let selector = found.and_then(|found| Some((found.metadata.namespace.as_deref()?, labels::any_selector(found)?)));
    let all: Vec<&Pod> =
        selector.map(|(namespace, selector)| selected::pods_selected(facts, namespace, selector).collect()).unwrap_or_default();
    all.into_iter().filter(|pod| pods::is_live(pod) && pods::is_ready(pod)).map(Resource::reference)
}

/// Whether something of it is ready.
fn serves(object: &ObjectRef, facts: &Facts<'_>) -> bool {
    match object.kind {
        Kind::Pod => facts.find::<Pod>(object).is_some_and(pods::is_ready),
        _ => facts.workload(object).is_some_and(|workload| workload.ready > 0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::action::FieldOp;
    use crate::domain::field::FieldPath;
    use crate::domain::nonempty::NonEmpty;
    use crate::planner::example::{deployment, namespace, snapshot};
    use serde_json::json;

    fn of(kind: Kind, name: &str) -> ObjectRef {
        ObjectRef::namespaced(kind, &namespace(), name)
    }

    fn patch(target: ObjectRef, field: &str, value: u32) -> Action {
        Action::Patch { target, ops: NonEmpty::one(FieldOp::set(FieldPath::parse(field).unwrap(), value)) }
    }

    #[test]
    fn what_serves_and_is_not_affected_itself_is_high_and_said() {
        let mut web = deployment();
        web["status"] = json!({"observedGeneration": 1, "replicas": 1, "readyReplicas": 1});
        let seen = snapshot(vec![(Kind::Deployment, web)]);
        let facts = Facts::of(&seen);
        let web = of(Kind::Deployment, "web");
        let judged = |roots: &[ObjectRef], change: &Action| {
            let roots: HashSet<ObjectRef> = roots.iter().cloned().collect();
            stakes(change, &Suffering { own: &HashSet::new(), roots: &roots, area: &HashSet::new() }, Clone::clone, &facts)
        };
        let restart = Action::restart(web.clone(), jiff::Timestamp::UNIX_EPOCH);
        let beside = judged(&[of(Kind::Service, "web")], &restart);
        assert!(beside.risk == Risk::High && beside.said[0].contains("itself is not affected"), "{beside:?}");
        assert_eq!(judged(std::slice::from_ref(&web), &restart), Stakes { risk: Risk::Medium, said: Vec::new() });
        // Who is behind a Service that was not read, nobody knows.
        let service = patch(of(Kind::Service, "web"), "spec.ports[0].targetPort", 8081);
        assert_eq!(judged(&[web], &service).risk, Risk::High);
    }

    #[test]
    fn fewer_replicas_are_said_and_high_below_what_is_ready() {
        let mut web = deployment();
        web["spec"]["replicas"] = json!(10);
        web["status"] = json!({"observedGeneration": 1, "replicas": 10, "readyReplicas": 9});
        let seen = snapshot(vec![(Kind::Deployment, web)]);
        let web = of(Kind::Deployment, "web");
        let roots = HashSet::from([web.clone()]);
        let judged = |replicas: u32| {
            let suffering = Suffering { own: &HashSet::new(), roots: &roots, area: &HashSet::new() };
            stakes(&patch(web.clone(), "spec.replicas", replicas), &suffering, Clone::clone, &Facts::of(&seen))
        };
        let (one, nine) = (judged(1), judged(9));
        assert!(one.risk == Risk::High && one.said[0].contains("1 of 10, and 9 are ready now"), "{one:?}");
        assert!(nine.risk == Risk::Medium && nine.said[0].contains("`unclear` at best"), "{nine:?}");
        assert_eq!(judged(11), Stakes { risk: Risk::Medium, said: Vec::new() });
    }

    fn pod(name: &str, ready: &str) -> serde_json::Value {
        json!({"metadata": {"name": name, "namespace": "shop"}, "status": {"conditions": [{"type": "Ready", "status": ready}]}})
    }

    #[test]
    fn pod_that_serves_is_high_and_said_also_of_a_workload_that_suffers_in_part() {
        let seen = snapshot(vec![(Kind::Deployment, deployment()), (Kind::Pod, pod("web-1", "True")), (Kind::Pod, pod("web-2", "False"))]);
        let (web, flapping) = (of(Kind::Deployment, "web"), of(Kind::Pod, "web-1"));
        let roots = HashSet::from([web.clone()]);
        let judged = |own: &ObjectRef, name: &str| {
            let of_web = |_: &ObjectRef| web.clone();
            let suffering = Suffering { own: &HashSet::from([own]), roots: &roots, area: &HashSet::new() };
            stakes(&Action::EvictPod { pod: of(Kind::Pod, name) }, &suffering, of_web, &Facts::of(&seen))
        };
        let serving = judged(&web, "web-1");
        assert!(serving.risk == Risk::High && serving.said[0].contains("is ready, so what it serves ends with it"), "{serving:?}");
        assert_eq!(judged(&web, "web-2"), Stakes { risk: Risk::Medium, said: Vec::new() });
        let ill = judged(&flapping, "web-1");
        assert!(ill.risk == Risk::Medium && ill.said.len() == 1, "it suffers itself, and serves all the same: {ill:?}");
    }

    #[test]
    fn new_template_by_a_strategy_that_ends_all_ready_pods_first_is_high_and_said() {
        let judged = |kind: Kind, spec: serde_json::Value, ready: i32, change: &dyn Fn(ObjectRef) -> Action| {
            let mut web = deployment();
            web["kind"] = json!(kind.name());
            web["status"] = json!({"observedGeneration": 3, "replicas": 10, "readyReplicas": ready, "numberReady": ready,
                "desiredNumberScheduled": 10, "currentNumberScheduled": 10, "numberMisscheduled": 0});
            web["spec"]["replicas"] = json!(10);
            for (member, value) in spec.as_object().unwrap() {
                web["spec"][member] = value.clone();
            }
            let seen = snapshot(vec![(kind.clone(), web)]);
            let web = of(kind, "web");
            let roots = HashSet::from([web.clone()]);
            let suffering = Suffering { own: &HashSet::new(), roots: &roots, area: &HashSet::new() };
            stakes(&change(web), &suffering, Clone::clone, &Facts::of(&seen))
        };
        let restart = |web: ObjectRef| Action::restart(web, jiff::Timestamp::UNIX_EPOCH);
        let image = |web: ObjectRef| patch(web, "spec.template.spec.containers[name=app].resources.limits.memory", 1);
        let scale = |web: ObjectRef| patch(web, "spec.replicas", 11);
        let nothing = Stakes { risk: Risk::Medium, said: Vec::new() };
        let recreate = || json!({"strategy": {"type": "Recreate"}});
        let rolling = |fewer: serde_json::Value| json!({"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": fewer}});
        for (kind, spec) in [
            (Kind::Deployment, recreate()),
            (Kind::Deployment, json!({"strategy": rolling(json!("100%"))})),
            (Kind::Deployment, json!({"strategy": rolling(json!(10))})),
            (Kind::DaemonSet, json!({"updateStrategy": rolling(json!("100%"))})),
            (Kind::StatefulSet, json!({"updateStrategy": rolling(json!("100%"))})),
            (Kind::StatefulSet, json!({"replicas": 1})),
        ] {
            for change in [&restart as &dyn Fn(ObjectRef) -> Action, &image] {
                let at = judged(kind.clone(), spec.clone(), 9, change);
                assert!(at.risk == Risk::High && at.said[0].contains("9 ready Pods end first"), "{kind} {spec}: {at:?}");
                assert_eq!(judged(kind.clone(), spec.clone(), 0, change), nothing, "nothing serves: {kind} {spec}");
            }
        }
        let parallel = || json!({"podManagementPolicy": "Parallel"});
        let last = judged(Kind::StatefulSet, parallel(), 1, &restart);
        assert!(last.risk == Risk::High && last.said[0].contains("1 ready Pod ends first"), "it may be the first to go: {last:?}");
        assert_eq!(judged(Kind::StatefulSet, parallel(), 2, &restart), nothing, "one of them stays");
        assert_eq!(judged(Kind::DaemonSet, json!({}), 1, &restart), nothing, "what is unavailable already counts");
        for (kind, spec) in [
            (Kind::Deployment, json!({})),
            (Kind::Deployment, json!({"strategy": rolling(json!("25%"))})),
            (Kind::StatefulSet, json!({})),
            (Kind::DaemonSet, json!({})),
        ] {
            assert_eq!(judged(kind.clone(), spec.clone(), 9, &restart), nothing, "{kind} {spec}");
        }
        assert_eq!(judged(Kind::Deployment, recreate(), 9, &scale), nothing, "no Pod gets another template");
    }

    #[test]
    fn ready_pod_that_suffers_itself_is_not_counted_as_one_that_serves() {
        let mut web = deployment();
        web["spec"]["strategy"] = json!({"type": "Recreate"});
        web["spec"]["replicas"] = json!(2);
        web["status"] = json!({"observedGeneration": 3, "replicas": 2, "readyReplicas": 1});
        let owner =
            |kind: &str, name: &str| json!([{"apiVersion": "apps/v1", "kind": kind, "name": name, "uid": "u-1", "controller": true}]);
        let set = json!({"metadata": {"name": "web-1", "namespace": "shop", "uid": "u-1", "ownerReferences": owner("Deployment", "web")},
            "spec": {"selector": {"matchLabels": {"app": "web"}}}});
        let mut crashes = pod("web-1-a", "True");
        crashes["metadata"]["ownerReferences"] = owner("ReplicaSet", "web-1");
        let seen = snapshot(vec![(Kind::Deployment, web), (Kind::ReplicaSet, set), (Kind::Pod, crashes)]);
        let (web, crashes) = (of(Kind::Deployment, "web"), of(Kind::Pod, "web-1-a"));
        let roots = HashSet::from([web.clone()]);
        let judged = |own: &ObjectRef, change: &Action| {
            let suffering = Suffering { own: &HashSet::from([own]), roots: &roots, area: &HashSet::new() };
            stakes(change, &suffering, |_: &ObjectRef| web.clone(), &Facts::of(&seen))
        };
        let restart = Action::restart(web.clone(), jiff::Timestamp::UNIX_EPOCH);
        assert_eq!(judged(&web, &restart).risk, Risk::High);
        assert_eq!(judged(&crashes, &restart), Stakes { risk: Risk::Medium, said: Vec::new() });
        let none = patch(web.clone(), "spec.replicas", 0);
        assert_eq!((judged(&web, &none).risk, judged(&crashes, &none).risk), (Risk::High, Risk::Medium));
    }

    #[test]
    fn change_of_a_probe_is_said() {
        let seen = snapshot(vec![(Kind::Deployment, deployment())]);
        let web = of(Kind::Deployment, "web");
        let said = |field: &str| {
            let roots = HashSet::from([web.clone()]);
            let of = Suffering { own: &HashSet::new(), roots: &roots, area: &HashSet::new() };
            stakes(&patch(web.clone(), field, 3), &of, Clone::clone, &Facts::of(&seen)).said
        };
        let container = "spec.template.spec.containers[name=app]";
        for probe in ["readinessProbe", "livenessProbe", "startupProbe"] {
            let told = said(&format!("{container}.{probe}.failureThreshold"));
            assert!(told.len() == 1 && told[0].contains("how kubemend will see whether it helped"), "{probe}: {told:?}");
        }
        assert_eq!(said("spec.replicas"), Vec::<String>::new());
    }
}
