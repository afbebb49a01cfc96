//! What may be created of what somebody states: only an object that something affected names and that positively is not there, with nothing
//! in it but what is asked of that name. What it held before, if it ever was there, is known to nobody here: where that cannot be told from
//! who refers to it, nothing is created.

use super::refusal::Refusal;
use super::setting::{self, USERS, users};
use super::stakes::BEHIND;
use crate::domain::action::Action;
use crate::domain::kind::Kind;
use crate::domain::object::{Namespace, ObjectRef};
use crate::domain::resource::Resource;
use crate::domain::risk::Risk;
use crate::domain::workload::{Manager, Workload, manager_of};
use crate::facts::references::{Reference, Via};
use crate::facts::{Facts, ingresses, pods, selected};
use k8s_openapi::api::apps::v1::{DaemonSet, Deployment, StatefulSet};
use k8s_openapi::api::core::v1::{PodSpec, ServiceAccount, Volume, VolumeMount};
use k8s_openapi::api::networking::v1::Ingress;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Kinds of Kubernetes' own that make Pods, or what makes them.
const MAKERS: &[Kind] = &[Kind::Deployment, Kind::ReplicaSet, Kind::StatefulSet, Kind::DaemonSet, Kind::CronJob, Kind::Job];

/// Kinds without which it cannot be decided whether an object of this one may be created.
pub(super) fn needed(kind: &Kind) -> Vec<Kind> {
    match kind {
        Kind::Service => BEHIND.iter().chain(&[Kind::ReplicaSet, Kind::Service, Kind::EndpointSlice, Kind::Ingress]).cloned().collect(),
        Kind::ConfigMap | Kind::ServiceAccount => USERS.iter().chain([kind]).cloned().collect(),
        Kind::PersistentVolumeClaim => vec![Kind::PersistentVolumeClaim],
        // Of no other kind an object is created, so of none anything is read.
        _ => Vec::new(),
    }
}

/// Why the object is not created; nothing where it may be.
pub(super) fn refused(change: &Action, facts: &Facts<'_>) -> Option<Refusal> {
    let Action::Create { object, manifest } = change else { return None };
    let no = |why: String| Some(Refusal::Stated(why));
    if facts.has(object) {
        return no(format!("{object} exists"));
    }
    if !needed(&object.kind).iter().all(|kind| facts.is_whole(kind)) {
        return no(format!("whether {object} exists and what refers to it could not be read in full"));
    }
    let namespace = object.namespace.as_ref()?;
    if let Some((namer, manager)) = managers(object, namespace, facts).into_iter().find(|(_, manager)| manager.runs_by_itself()) {
        return no(format!("{manager} manages {namer}, which names {object}, and makes what its source has: add it there"));
    }
    match object.kind {
        Kind::ServiceAccount => account(object, manifest, namespace, facts),
        Kind::Service => service(object, manifest, namespace, facts),
        Kind::ConfigMap => settings(object, manifest, namespace, facts),
        _ => None,
    }
    .and_then(no)
}

fn account(object: &ObjectRef, manifest: &Value, namespace: &Namespace, facts: &Facts<'_>) -> Option<String> {
    if object.name == "default" {
        return Some(
            "Kubernetes itself creates the ServiceAccount `default` of every namespace: why it does not is for a human to find out"
                .to_owned(),
        );
    }
    if users(object, namespace, facts).is_empty() {
        return Some(format!("nothing runs as {object}"));
    }
    let here = facts.workloads().filter(|workload| workload.object.namespace.as_ref() == Some(namespace));
    let of_pods = here.flat_map(|workload| workload.pod_spec.image_pull_secrets.iter().flatten());
    let of_accounts = facts.all_in::<ServiceAccount>(namespace).flat_map(|one| one.image_pull_secrets.iter().flatten());
    let known: BTreeSet<&str> = of_pods.chain(of_accounts).map(|secret| secret.name.as_str()).collect();
    let wanted = manifest.get("imagePullSecrets").and_then(Value::as_array).into_iter().flatten();
    let mut wanted = wanted.filter_map(|one| one.get("name")?.as_str());
    let unknown = wanted.find(|name| !known.contains(name))?;
    Some(format!("nothing else in `{namespace}` pulls images with Secret `{unknown}`"))
}

/// The keys that are asked of it, and that must be there for what asks for them to start.
fn settings(object: &ObjectRef, manifest: &Value, namespace: &Namespace, facts: &Facts<'_>) -> Option<String> {
    let users = users(object, namespace, facts);
    let places: Vec<(&PodSpec, Reference<'_>)> =
        users.iter().flat_map(|(_, spec)| setting::named(spec, object).map(|reference| (*spec, reference))).collect();
    if places.is_empty() {
        return Some(format!("nothing refers to {object}"));
    }
    // Whoever takes all of it takes what it held, and nobody here knows what that was.
    if places.iter().any(|(spec, reference)| !reference.optional && takes_all(spec, reference)) {
        return Some(format!("something takes all keys of {object}, and which ones it had is not known: a human has to restore it"));
    }
    let keys = |needed: bool| places.iter().filter(move |(_, r)| !needed || !r.optional).flat_map(|(_, r)| r.keys.iter().copied());
    let (asked, needed): (BTreeSet<&str>, BTreeSet<&str>) = (keys(false).collect(), keys(true).collect());
    let given: BTreeSet<&str> =
        manifest.get("data").and_then(Value::as_object).into_iter().flatten().map(|(key, _)| key.as_str()).collect();
    if let Some(key) = given.difference(&asked).next() {
        return Some(format!("nothing refers to key `{key}` of {object}"));
    }
    let key = needed.difference(&given).next()?;
    Some(format!("key `{key}` of {object} is referred to and missing in what is proposed: all such keys are created together"))
}

/// Whether every key of it is taken, whichever it has.
fn takes_all(spec: &PodSpec, reference: &Reference<'_>) -> bool {
    let mut mounts = pods::containers(spec).flat_map(|(_, container)| container.volume_mounts.iter().flatten());
    let whole = |mount: &VolumeMount| mount.name == reference.by && mount.sub_path.as_deref().is_none_or(str::is_empty);
    let listed = spec.volumes.iter().flatten().filter(|volume| volume.name == reference.by);
    // What lists its keys has them in the reference, also among others in one volume.
    let projects = |volume: &Volume| {
        let sources = volume.projected.iter().flat_map(|all| all.sources.iter().flatten()).filter_map(|source| source.config_map.as_ref());
        let mut own = sources.filter(|map| map.name == reference.name).peekable();
        own.peek().is_some() && own.all(|map| map.items.is_some())
    };
    let mut listed = listed.filter(|volume| volume.config_map.as_ref().is_some_and(|map| map.items.is_some()) || projects(volume));
    reference.keys.is_empty() || (reference.via == Via::Volume && listed.next().is_none() && mounts.any(whole))
}

/// Who leads to a Service of this name.
struct Led {
    /// StatefulSets that name it as the one of their Pods.
    sets: Vec<ObjectRef>,
    /// By which ports Ingresses lead to it, by number or by name.
    ports: Vec<(Option<i32>, Option<String>)>,
}

fn led(object: &ObjectRef, namespace: &Namespace, facts: &Facts<'_>) -> Led {
    let governs = |set: &&StatefulSet| set.spec.service_name.as_deref() == Some(object.name.as_str());
    let sets = facts.all_in::<StatefulSet>(namespace).filter(governs).map(Resource::reference).collect();
    let backends = facts.all_in::<Ingress>(namespace).flat_map(ingresses::backends);
    let backends = backends.filter_map(|(_, backend)| backend.service.as_ref()).filter(|service| service.name == object.name);
    let ports = backends.filter_map(|service| service.port.as_ref()).map(|port| (port.number, port.name.clone())).collect();
    Led { sets, ports }
}

fn service(object: &ObjectRef, manifest: &Value, namespace: &Namespace, facts: &Facts<'_>) -> Option<String> {
    let Led { sets, ports: asked } = led(object, namespace, facts);
    if sets.is_empty() && asked.is_empty() {
        return Some(format!("no StatefulSet and no Ingress leads to {object}"));
    }
    let selector = selector(manifest);
    let mut behind = selected::workloads_selected(facts, namespace.as_str(), &selector);
    let (Some(workload), None) = (behind.next(), behind.next()) else {
        return Some("the selector has to be the one of exactly one workload of the namespace".to_owned());
    };
    if own_selector(&workload.object, facts) != Some(&selector) {
        return Some(format!("the selector has to be all of `spec.selector.matchLabels` of {}, and no more", workload.object));
    }
    let headless = manifest.pointer("/spec/clusterIP").is_some();
    if let [set] = sets.as_slice()
        && (workload.object != *set || !headless)
    {
        return Some(format!("{set} names it as the Service of its own Pods: it has to select these, with `clusterIP: None`"));
    }
    if sets.len() > 1 {
        return Some(format!("several StatefulSets name {object}: which of them it is for is not known"));
    }
    if sets.is_empty() && headless {
        return Some(format!("no StatefulSet names {object}, and who an Ingress leads to has an address: leave out `clusterIP`"));
    }
    if let Some(pod) = of_another(&workload.object, namespace, &selector, facts) {
        return Some(format!("the selector matches {pod}, too, which {} does not own", workload.object));
    }
    let ports = manifest.pointer("/spec/ports").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    if let Some(port) = ports.iter().find(|port| !listens(workload, port)) {
        let port = port.get("targetPort").or(port.get("port")).cloned().unwrap_or_default();
        return Some(format!("no container of {} declares port {port}", workload.object));
    }
    let is = |(number, name): &(Option<i32>, Option<String>), port: &Value| match (number, name) {
        (Some(number), _) => port.get("port").and_then(Value::as_i64) == Some(i64::from(*number)),
        (None, name) => name.is_some() && port.get("name").and_then(Value::as_str) == name.as_deref(),
    };
    if let Some((number, name)) = asked.iter().find(|asked| !ports.iter().any(|port| is(asked, port))) {
        let said = number.map(|number| number.to_string()).or_else(|| name.clone()).unwrap_or_default();
        return Some(format!("an Ingress leads to port `{said}` of {object}, which is not among the ports that are proposed"));
    }
    // Of a StatefulSet's own Service a port only gives a name: its Pods are reached at every port without it.
    let more = ports.iter().find(|port| sets.is_empty() && !asked.iter().any(|asked| is(asked, port)))?;
    Some(format!("no Ingress leads to port `{}` of {object}: leave it out", more.get("port").cloned().unwrap_or_default()))
}

/// A Pod that the selector matches, too, and that is of something else: of a Job, an operator, or nobody.
fn of_another(workload: &ObjectRef, namespace: &Namespace, selector: &BTreeMap<String, String>, facts: &Facts<'_>) -> Option<ObjectRef> {
    let live = selected::pods_selected(facts, namespace.as_str(), selector).filter(|pod| !pods::has_ended(pod));
    live.map(Resource::reference).find(|pod| !facts.owners().chain(pod).any(|owner| owner == workload))
}

fn selector(manifest: &Value) -> BTreeMap<String, String> {
    let labels = manifest.pointer("/spec/selector").and_then(Value::as_object).into_iter().flatten();
    labels.filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))).collect()
}

/// What tells its Pods from others.
fn own_selector<'a>(workload: &ObjectRef, facts: &Facts<'a>) -> Option<&'a BTreeMap<String, String>> {
    let own: Option<&LabelSelector> = match workload.kind {
        Kind::Deployment => facts.find::<Deployment>(workload).map(|found| &found.spec.selector),
        Kind::StatefulSet => facts.find::<StatefulSet>(workload).map(|found| &found.spec.selector),
        Kind::DaemonSet => facts.find::<DaemonSet>(workload).map(|found| &found.spec.selector),
        _ => None,
    };
    own.filter(|selector| selector.match_expressions.is_none())?.match_labels.as_ref()
}

/// Whether one of its containers declares where this port leads to.
fn listens(workload: &Workload<'_>, port: &Value) -> bool {
    let to = port.get("targetPort").or(port.get("port"));
    let protocol = port.get("protocol").and_then(Value::as_str).unwrap_or("TCP");
    let declared = pods::containers(workload.pod_spec).flat_map(|(_, container)| container.ports.iter().flatten());
    let mut declared = declared.filter(|one| one.protocol.as_deref().unwrap_or("TCP") == protocol);
    declared.any(|one| match to {
        Some(Value::String(name)) => one.name.as_deref() == Some(name.as_str()),
        Some(number) => number.as_i64() == Some(i64::from(one.container_port)),
        None => false,
    })
}

/// Services that something names as a whole, whether or not they are there: a StatefulSet for its Pods, and an Ingress.
pub(super) fn named(object: &ObjectRef, namespace: &Namespace, facts: &Facts<'_>) -> Vec<ObjectRef> {
    let set = facts.find::<StatefulSet>(object).and_then(|set| set.spec.service_name.as_deref());
    let services = set.filter(|name| !name.is_empty()).into_iter();
    let backends = facts.find::<Ingress>(object).into_iter().flat_map(ingresses::services);
    services.chain(backends).map(|name| ObjectRef::namespaced(Kind::Service, namespace, name)).collect()
}

/// Who manages what names the object, with what that is: an object that is missing belongs to the source that names it.
fn managers(object: &ObjectRef, namespace: &Namespace, facts: &Facts<'_>) -> Vec<(ObjectRef, Manager)> {
    let led = |kind: &Kind| *kind == Kind::Service;
    let ingresses =
        facts.all_in::<Ingress>(namespace).filter(|one| led(&object.kind) && ingresses::services(one).any(|n| n == object.name));
    let sets = if led(&object.kind) { self::led(object, namespace, facts).sets } else { Vec::new() };
    let users = if led(&object.kind) { Vec::new() } else { users(object, namespace, facts) };
    let namers = ingresses.map(Resource::reference).chain(sets).chain(users.into_iter().map(|(user, _)| user));
    // What a workload or a Job makes says nothing of its own: who made that is its own namer.
    let made = |manager: &Manager| matches!(manager, Manager::Owner(owner) if MAKERS.contains(&owner.kind));
    namers
        .filter_map(|namer| Some((facts.meta_of(&namer).and_then(manager_of).filter(|by| !made(by))?, namer)))
        .map(|(by, of)| (of, by))
        .collect()
}

/// What a human has to know of an object that is created, besides what is in it, with its least risk.
pub(super) fn at_stake(change: &Action, facts: &Facts<'_>) -> Vec<(Risk, String)> {
    let Action::Create { object, manifest } = change else { return Vec::new() };
    let Some(namespace) = &object.namespace else { return Vec::new() };
    let said = match object.kind {
        Kind::ServiceAccount => Some("roles that are bound to this name are in force with it, and kubemend reads no roles".to_owned()),
        Kind::ConfigMap => Some("what it held before, if it existed, is not known".to_owned()),
        Kind::Service if ingresses::may_lead_to(object, facts) => {
            let selector = selector(manifest);
            let mut behind = selected::workloads_selected(facts, namespace.as_str(), &selector);
            let behind = behind.next().map_or_else(|| "what it selects".to_owned(), |workload| workload.object.to_string());
            Some(format!("an Ingress leads to it, so {behind} can be reached from outside the cluster then"))
        }
        _ => None,
    };
    let beside = managers(object, namespace, facts).into_iter().next().map(|(namer, manager)| {
        format!(
            "{manager} manages {namer}, which names it: where its source has it, too, the next upgrade fails until somebody adopts or deletes this one"
        )
    });
    said.into_iter().chain(beside).map(|said| (Risk::High, said)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::planner::example::{deployment, namespace, snapshot};
    use serde_json::json;

    fn pod(name: &str, owner: (&str, &str, &str), phase: &str) -> (Kind, Value) {
        let (version, kind, of) = owner;
        let owner = json!([{"apiVersion": version, "kind": kind, "name": of, "uid": "u-1", "controller": true}]);
        let meta = json!({"name": name, "namespace": "shop", "labels": {"app": "web"}, "ownerReferences": owner});
        (Kind::Pod, json!({"metadata": meta, "status": {"phase": phase}}))
    }

    #[test]
    fn pod_of_a_job_or_an_operator_that_the_selector_matches_is_of_another() {
        let selector = BTreeMap::from([("app".to_owned(), "web".to_owned())]);
        let web = ObjectRef::namespaced(Kind::Deployment, &namespace(), "web");
        let own = || pod("web-1", ("apps/v1", "Deployment", "web"), "Running");
        let found = |more: Vec<(Kind, Value)>| {
            let seen = snapshot(vec![(Kind::Deployment, deployment()), own()].into_iter().chain(more).collect());
            of_another(&web, &namespace(), &selector, &Facts::of(&seen)).map(|pod| pod.name)
        };
        assert_eq!(found(vec![]), None);
        let job = |phase| pod("migrate-1", ("batch/v1", "Job", "migrate"), phase);
        assert_eq!(found(vec![job("Running")]), Some("migrate-1".to_owned()));
        assert_eq!(found(vec![job("Succeeded")]), None, "it has ended");
        assert_eq!(found(vec![pod("db-1", ("db.example/v1", "Database", "db"), "Running")]), Some("db-1".to_owned()));
    }

    #[test]
    fn who_manages_what_names_an_object_is_found_above_what_workloads_make() {
        let mut web = deployment();
        web["spec"]["template"]["spec"]["serviceAccountName"] = json!("runner");
        let runner = ObjectRef::namespaced(Kind::ServiceAccount, &namespace(), "runner");
        let of = |meta: Value| {
            let mut web = web.clone();
            for (name, value) in meta.as_object().unwrap() {
                web["metadata"][name] = value.clone();
            }
            let (kind, mut pod) = pod("web-1", ("apps/v1", "Deployment", "web"), "Running");
            pod["spec"] = json!({"containers": [], "serviceAccountName": "runner"});
            let seen = snapshot(vec![(Kind::Deployment, web), (kind, pod)]);
            managers(&runner, &namespace(), &Facts::of(&seen)).into_iter().map(|(namer, by)| format!("{by}: {namer}")).collect::<Vec<_>>()
        };
        assert_eq!(of(json!({})), [] as [String; 0], "a Pod's Deployment is no source");
        assert_eq!(of(json!({"annotations": {"meta.helm.sh/release-name": "shop"}})), ["Helm release `shop`: Deployment shop/web"]);
        let owner = json!([{"apiVersion": "db.example/v1", "kind": "Database", "name": "main", "uid": "u-2", "controller": true}]);
        assert!(of(json!({"ownerReferences": owner})).concat().contains("Database"), "an operator");
    }
}
