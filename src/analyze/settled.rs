//! Is this a fault, or a change that still goes on? Starts, rollouts and drains get their time;
//! what cannot heal by itself, or had its time, is a symptom.

use super::health::{Judgement, maker, probe, refusal, seconds_since, standby, steady};
use super::quote;
use crate::domain::excerpt::Excerpt;
use crate::domain::kind::Kind;
use crate::domain::object::ObjectRef;
use crate::domain::snapshot::Resource;
use crate::domain::workload::{Workload, controller_of};
use crate::facts::author::By;
use crate::facts::starting::{Startup, UNSEEN};
use crate::facts::{Facts, newest, pods, starting};
use jiff::Timestamp;
use k8s_openapi::api::apps::v1::StatefulSet;
use k8s_openapi::api::core::v1::{ContainerStatus, Event, Pod};

/// What is told to look again is told within this: Kubernetes itself gives up on a rollout's progress after ten minutes.
const DEADLINE: i64 = 600;
/// How long a start may take where nothing says more.
const START: i64 = starting::START.as_secs();
/// What failed this many seconds ago is no part of what is reported now.
const LONG_AGO: i64 = 3_600;

/// What is to be said about one Pod.
pub(crate) fn pod(facts: &Facts<'_>, pod: &Pod) -> Judgement {
    let judgement = itself(facts, pod);
    if pods::has_ended(pod) { judgement } else { maker::told(facts, &pod.reference(), judgement) }
}

/// The same, whoever made it.
fn itself(facts: &Facts<'_>, pod: &Pod) -> Judgement {
    let now = facts.taken_at();
    let name = pod.metadata.name.as_deref().unwrap_or_default();
    let status = pod.status.as_ref();
    if pods::has_ended(pod) {
        return ended(facts, pod);
    }
    if pods::is_ready(pod) {
        return steady::pod(facts, pod);
    }
    if !pods::has_node(pod) && starting::is_node_coming(pod, facts) {
        // Only an Event says so, which is no ground to call anything healthy.
        return Judgement::Young { what: "waits for a node that is being provisioned, as an Event reports".to_owned(), seconds: START };
    }
    if let Some(message) = pods::unschedulable(pod) {
        let why = if message.is_empty() { "no reason is given".to_owned() } else { Excerpt::said(message).to_string() };
        return Judgement::Wrong(format!("Pending: {why}"));
    }
    let age = seconds_since(pods::exists_since(pod), now);
    if !pods::has_node(pod) {
        return match age {
            Some(age) if age <= UNSEEN => {
                Judgement::Underway { what: format!("Pod `{name}` is being scheduled"), seconds: UNSEEN.saturating_sub(age).max(5) }
            }
            _ => Judgement::Wrong("Pending: no scheduler has picked it up".to_owned()),
        };
    }
    if let Some(fault) = pods::statuses(pod).find_map(|(list, s)| container_fault(pod, list == "initContainers", s)) {
        return Judgement::Wrong(format!("{fault}{}", killed(facts, pod)));
    }
    if let Some(event) = facts.newest_event(pod, |e| starting::keeps_from_starting(e, age))
        && pods::statuses(pod).all(|(_, s)| s.state.as_ref().is_none_or(|s| s.running.is_none()))
    {
        let reason = event.reason.as_deref().unwrap_or_default();
        return Judgement::Wrong(format!("{reason}: {}", Excerpt::said(event.message.as_deref().unwrap_or_default())));
    }
    let started = pods::statuses(pod).filter_map(|(_, s)| s.state.as_ref()?.running.as_ref()?.started_at.as_ref().map(|t| t.0)).max();
    let since = started.or_else(|| status.and_then(|s| s.start_time.as_ref()).map(|t| t.0)).or_else(|| pods::exists_since(pod));
    let allowed = starting::allowed(facts, pod).as_secs();
    let waits = match initializing(pod) {
        None if let Some(gate) = gated(pod) => {
            format!("is not ready yet: its containers are, and its readiness gate `{gate}` is not True")
        }
        Some(container) => format!("is not ready yet: its init container `{container}` still runs"),
        None if started.is_some() => "is not ready yet".to_owned(),
        None => "is being started".to_owned(),
    };
    match seconds_since(since, now) {
        Some(spent) if spent < allowed => Judgement::Underway {
            what: format!("Pod `{name}` {waits}, {spent} s after its start"),
            seconds: allowed.saturating_sub(spent).clamp(5, DEADLINE),
        },
        // A migration takes its time, and a wait for what never comes looks the same: nothing of the Pod says which of them it is. Its
        // rollout has a deadline, by which its controller says that it does not progress.
        Some(spent) if initializing(pod).is_some() => {
            Judgement::Unknown(format!("{waits}, {spent} s after its start, and nothing says how long it may take"))
        }
        spent => match (standby::behind(facts, pod), spent) {
            (Some(leader), _) => Judgement::Unknown(format!("is not ready; {leader}")),
            (None, Some(spent)) => Judgement::Wrong(format!("{waits}, {spent} s after its start{}", last_probe(facts, pod))),
            (None, None) => Judgement::Wrong("is not ready".to_owned()),
        },
    }
}

/// The first readiness gate that keeps a Pod from being ready whose containers all are: a controller outside has to set it.
fn gated(pod: &Pod) -> Option<&str> {
    let is_true = |kind: &str| pod.status.iter().flat_map(|s| s.conditions.iter().flatten()).any(|c| c.type_ == kind && c.status == "True");
    let statuses = pod.status.as_ref().and_then(|s| s.container_statuses.as_ref())?;
    let gates = pod.spec.iter().flat_map(|s| s.readiness_gates.iter().flatten()).map(|gate| gate.condition_type.as_str());
    gates.into_iter().find(|gate| !is_true(gate)).filter(|_| statuses.iter().all(|s| s.ready))
}

/// The init container that runs now, of those that end before the others start.
fn initializing(pod: &Pod) -> Option<&str> {
    let stays = |name: &str| {
        let all = pod.spec.iter().flat_map(|s| s.init_containers.iter().flatten());
        all.into_iter().any(|c| c.name == name && c.restart_policy.as_deref() == Some("Always"))
    };
    let statuses = pod.status.iter().flat_map(|s| s.init_container_statuses.iter().flatten());
    statuses.into_iter().find(|s| s.state.as_ref().is_some_and(|s| s.running.is_some()) && !stays(&s.name)).map(|s| s.name.as_str())
}

/// A Pod that ended: as it should, or badly, with somebody who replaces it, or with nobody who is known to.
fn ended(facts: &Facts<'_>, pod: &Pod) -> Judgement {
    let Some(status) = pod.status.as_ref() else { return Judgement::Unknown("has no status".to_owned()) };
    if status.phase.as_deref() != Some("Failed") {
        return Judgement::Well("has completed".to_owned());
    }
    let said = status.reason.as_deref().or(status.message.as_deref());
    let why = said.map_or_else(|| "a container ended with an error".to_owned(), |m| Excerpt::said(m).to_string());
    let Some(owner) = controller_of(&pod.metadata) else { return Judgement::Wrong(format!("Failed: {why}")) };
    match owner.kind {
        Kind::ReplicaSet | Kind::StatefulSet | Kind::DaemonSet => Judgement::Idle("has failed and is replaced".to_owned()),
        _ if is_replication_controller(&owner) => Judgement::Idle("has failed and is replaced".to_owned()),
        // It tries again within its limit, and what comes of that is said of the Job.
        Kind::Job if facts.has(&owner) => Judgement::Idle("has failed, and its Job says what comes of it".to_owned()),
        // What failed long ago stays as long as its maker keeps it, and says nothing of now.
        _ if seconds_since(ended_at(pod), facts.taken_at()).is_some_and(|ago| ago > LONG_AGO) => {
            Judgement::Idle("has failed, long ago".to_owned())
        }
        _ => Judgement::Unknown(format!("Failed: {why}; whether {}, which made it, makes another is not known", owner.in_words())),
    }
}

/// Kubernetes has another kind that replaces its Pods as a ReplicaSet does.
fn is_replication_controller(owner: &ObjectRef) -> bool {
    (owner.kind.api_version(), owner.kind.name()) == ("v1", "ReplicationController")
}

/// When the last of its containers ended, or it began where none says that.
fn ended_at(pod: &Pod) -> Option<Timestamp> {
    let ended = pods::statuses(pod).filter_map(|(_, status)| status.state.as_ref()?.terminated.as_ref()?.finished_at.as_ref());
    let began = || pod.status.as_ref()?.start_time.as_ref().or(pod.metadata.creation_timestamp.as_ref());
    ended.max_by_key(|at| at.0).or_else(began).map(|at| at.0)
}

/// What is wrong with a container and does not pass with time alone.
fn container_fault(pod: &Pod, init: bool, status: &ContainerStatus) -> Option<String> {
    let name = &status.name;
    let state = status.state.as_ref();
    if let Some(waiting) = state.and_then(|s| s.waiting.as_ref()) {
        let reason = waiting.reason.as_deref().unwrap_or_default();
        if !matches!(reason, "" | "ContainerCreating" | "PodInitializing") {
            return Some(format!(
                "container `{name}` waits: {reason}{}",
                waiting.message.as_deref().map(|m| format!(": {}", Excerpt::said(m))).unwrap_or_default()
            ));
        }
    }
    if let Some(ended) = state.and_then(|s| s.terminated.as_ref())
        && ended.exit_code != 0
    {
        return Some(format!(
            "container `{name}` ended with exit code {}{}",
            ended.exit_code,
            ended.reason.as_deref().map(|r| format!(" ({r})")).unwrap_or_default()
        ));
    }
    let before = status.last_state.as_ref().and_then(|s| s.terminated.as_ref());
    let one_shot = init || pod.spec.as_ref().and_then(|s| s.restart_policy.as_deref()) == Some("Never");
    match before {
        Some(before) if status.restart_count > 0 && !status.ready && !(one_shot && before.exit_code == 0) => Some(format!(
            "container `{name}` was restarted {} times and is not ready; it last ended with exit code {}{}",
            status.restart_count,
            before.exit_code,
            before.reason.as_deref().map(|r| format!(" ({r})")).unwrap_or_default()
        )),
        _ => None,
    }
}

/// The events that say why a container ends again and again: a probe that fails, and the kubelet that ends it for that.
fn killed(facts: &Facts<'_>, pod: &Pod) -> String {
    let said = |event: &Event| Excerpt::said(event.message.as_deref().unwrap_or_default()).to_string();
    let Some(killed) = probe::killed(facts, pod) else { return String::new() };
    let why = killed.probe.map(|event| format!(": {}", said(event))).unwrap_or_default();
    format!("; Killing: {}{why}", said(killed.killing))
}

fn last_probe(facts: &Facts<'_>, pod: &Pod) -> String {
    let event = facts.newest_event(pod, |e| e.reason.as_deref() == Some("Unhealthy") && By::Kubelet.wrote(e));
    event.and_then(|e| e.message.as_deref()).map(|m| format!(": {}", Excerpt::said(m))).unwrap_or_default()
}

/// Where a DaemonSet wants no Pod on some nodes, which ones it wants one on.
fn nodes_of(workload: &Workload<'_>) -> String {
    let asked: Vec<String> = match workload.object.kind {
        Kind::DaemonSet => workload.pod_spec.node_selector.iter().flatten().map(|(key, value)| format!("`{key}={value}`")).collect(),
        _ => Vec::new(),
    };
    if asked.is_empty() { String::new() } else { format!(", on the nodes that have {}", quote::joined(&asked, "and")) }
}

/// What is to be said about a workload as a whole. Its Pods are judged one by one besides.
pub(crate) fn workload(facts: &Facts<'_>, workload: &Workload<'_>) -> Judgement {
    let object = &workload.object;
    if workload.desired == 0 && workload.total == 0 {
        return nobody(workload);
    }
    let serves = format!("{} of {} replicas are ready{}", workload.ready, workload.desired, nodes_of(workload));
    if workload.is_complete() {
        return match (workload.paused, governing(facts, object)) {
            (true, _) => Judgement::Idle(format!("{serves}; its rollout is paused")),
            (false, Some(service)) => Judgement::Wrong(format!(
                "{serves}, but the Service `{service}` that its `serviceName` names does not exist: DNS has no names for its Pods"
            )),
            (false, None) => Judgement::Well(match steady::restarted(facts, facts.pods_of(object)) {
                Some(restarted) => format!("{serves}; {restarted}"),
                None => serves,
            }),
        };
    }
    if updates_by_hand(facts, workload) {
        return Judgement::Idle(format!("{serves}; Pods of an older revision stay, as its update strategy says"));
    }
    if let Some((_, reason)) = workload.condition("ReplicaFailure").filter(|(status, _)| *status == "True") {
        return Judgement::Wrong(format!("cannot create its Pods: {}{}", reason, refusal::of(facts, object)));
    }
    if let Some((_, reason)) = workload.condition("Progressing").filter(|(status, _)| *status == "False") {
        return Judgement::Wrong(format!("its rollout does not progress: {reason}"));
    }
    let refusal = refusal::of(facts, object);
    if workload.total < workload.desired && !refusal.is_empty() {
        return Judgement::Wrong(format!("cannot create its Pods{refusal}"));
    }
    let counts = format!(
        "{} `{}`: {} of {} Pods are of its newest revision, {} are ready",
        object.kind, object.name, workload.updated, workload.desired, workload.ready
    );
    if workload.paused {
        return Judgement::Unknown(format!("{counts}; its rollout is paused, so it does not continue by itself"));
    }
    let moved = facts.pods_of(object).filter_map(pods::exists_since).max();
    let since = moved.or_else(|| workload.meta.creation_timestamp.as_ref().map(|t| t.0));
    match seconds_since(since, facts.taken_at()) {
        Some(spent) if spent > DEADLINE => match starting::start(object, facts) {
            Startup::Coming => Judgement::Underway { what: counts, seconds: START },
            Startup::Over => Judgement::Wrong(format!("{counts}, and nothing has changed for {spent} s")),
            Startup::Untold(why) => Judgement::Unknown(format!("{counts}, and {why}")),
        },
        _ => Judgement::Underway { what: counts, seconds: START },
    }
}

/// No Pod is wanted: by somebody, or because no node qualifies.
fn nobody(workload: &Workload<'_>) -> Judgement {
    if workload.replicas.is_some() {
        return Judgement::Idle("is scaled to zero: no Pods are expected".to_owned());
    }
    // A system or a machine type that the cluster does not have is what such a DaemonSet is for.
    let spec = workload.pod_spec;
    let selector: Vec<String> =
        spec.node_selector.iter().flatten().filter(|(key, _)| !is_system(key)).map(|(key, value)| format!("{key}={value}")).collect();
    let expressions = pods::affinity_terms(spec).into_iter().flatten().flat_map(|t| t.match_expressions.iter().flatten());
    let mut affinity: Vec<&str> = expressions.map(|e| e.key.as_str()).filter(|key| !is_system(key)).collect();
    affinity.dedup();
    let chosen = match (selector.as_slice(), affinity.as_slice()) {
        ([], []) if pods::asks_of_nodes(spec) => {
            return Judgement::Idle("wants no Pod: no node has its operating system or architecture".to_owned());
        }
        ([], []) => return Judgement::Wrong("wants no Pod: no node qualifies".to_owned()),
        (labels, []) => format!("its node selector {}", labels.join(", ")),
        ([], keys) => format!("its required node affinity on {}", keys.join(", ")),
        (labels, keys) => format!("its node selector {} and its required node affinity on {}", labels.join(", "), keys.join(", ")),
    };
    // Hardware that the cluster does not have today is chosen in the same way.
    Judgement::Unknown(format!("wants no Pod: no node qualifies for {chosen}"))
}

/// The Service that a StatefulSet names for the names of its Pods, where there is none.
fn governing<'a>(facts: &Facts<'a>, object: &ObjectRef) -> Option<&'a str> {
    let name = facts.find::<StatefulSet>(object)?.spec.service_name.as_deref().filter(|name| !name.is_empty())?;
    let service = ObjectRef::namespaced(Kind::Service, object.namespace.as_ref()?, name);
    (facts.is_whole(&Kind::Service) && !facts.has(&service)).then_some(name)
}

fn is_system(key: &str) -> bool {
    matches!(key, "kubernetes.io/os" | "kubernetes.io/arch")
}

/// Old Pods that stay until somebody deletes them, or that a partition keeps, are what was asked for.
fn updates_by_hand(facts: &Facts<'_>, workload: &Workload<'_>) -> bool {
    let serves = workload.observed && workload.ready >= workload.desired && workload.available >= workload.desired;
    serves && newest::kept(&workload.object, facts).is_some()
}
