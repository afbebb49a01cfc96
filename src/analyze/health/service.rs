//! Services: whether something ready is behind them, on the ports that they lead to.

use super::{Judgement, external, seconds_since, shared};
use crate::analyze::quote;
use crate::domain::kind::Kind;
use crate::domain::object::ObjectRef;
use crate::domain::snapshot::Resource;
use crate::domain::workload::{Workload, controller_of};
use crate::facts::network::ports::{Dangling, dangling, partly};
use crate::facts::{Facts, addresses, labels, pods, selected, unread};
use k8s_openapi::api::core::v1::{Pod, Service, ServicePort};
use std::collections::HashSet;

/// A load balancer's address may take this long, in seconds.
const PATIENCE: i64 = 60;
/// So many workloads are named.
const NAMED: usize = 4;

/// What was judged before: what is under way, and what could not be told.
pub(crate) struct Before {
    pub(crate) underway: HashSet<ObjectRef>,
    pub(crate) untold: HashSet<ObjectRef>,
}

pub(crate) fn judge(facts: &Facts<'_>, service: &Service, before: &Before) -> Judgement {
    let reference = service.reference();
    let spec = service.spec.as_ref();
    let kind = spec.and_then(|s| s.type_.as_deref());
    if kind == Some("ExternalName") {
        return external::judge(facts, spec.and_then(|s| s.external_name.as_deref()).unwrap_or_default());
    }
    let endpoints = match labels::any_selector(service) {
        Some(selector) => selected(facts, service, &reference, selector, before),
        None => unselected(facts, &reference),
    };
    match endpoints {
        Judgement::Well(_) if kind == Some("LoadBalancer") => balanced(facts, service).unwrap_or(endpoints),
        _ => endpoints,
    }
}

/// Somebody else writes its endpoints.
fn unselected(facts: &Facts<'_>, service: &ObjectRef) -> Judgement {
    match facts.ready_addresses(service) {
        0 if !facts.is_whole(&Kind::EndpointSlice) => {
            Judgement::Unknown(format!("EndpointSlices {}", unread::how(&Kind::EndpointSlice, facts.snapshot())))
        }
        0 => Judgement::Unknown("has no selector, and nobody has given it endpoints".to_owned()),
        // The API server's own, in every cluster.
        n if service.name == "kubernetes" => Judgement::Well(format!("has {} that others gave it", addresses::in_words(n))),
        // What nobody sees answers who asks about it.
        n => Judgement::Idle(format!(
            "has no selector, so it is for no Pods; others gave it {}, and whether anything answers there is not known",
            addresses::in_words(n)
        )),
    }
}

fn selected(facts: &Facts<'_>, service: &Service, reference: &ObjectRef, selector: &labels::Selector, before: &Before) -> Judgement {
    let Some(namespace) = service.metadata.namespace.as_deref() else {
        return Judgement::Unknown("its namespace is not known".to_owned());
    };
    let selected: Vec<&Pod> = selected::pods_selected(facts, namespace, selector).filter(|p| !pods::has_ended(p)).collect();
    let addresses = facts.ready_addresses(reference);
    let serving: Vec<&Pod> = selected.iter().filter(|p| pods::is_ready(p)).copied().collect();
    let ready = serving.len();
    let anyhow = service.spec.as_ref().and_then(|s| s.publish_not_ready_addresses) == Some(true);
    if !facts.is_whole(&Kind::Pod) {
        return match addresses {
            0 => Judgement::Unknown(format!("Pods, which it selects, {}", unread::how(&Kind::Pod, facts.snapshot()))),
            n => Judgement::Well(format!("has {}", addresses::in_words(n))),
        };
    }
    if ready == 0 && addresses == 0 {
        // Nobody is meant to serve where a workload that is selected is scaled to zero.
        let makers = || selected::templates_selected(facts, namespace, selector);
        let one_is_in = |objects: &HashSet<ObjectRef>| {
            selected.iter().any(|p| objects.contains(&p.reference())) || makers().any(|w| objects.contains(&w.object))
        };
        if one_is_in(&before.underway) {
            return Judgement::Underway { what: format!("Service `{}` waits for its Pods to be ready", reference.name), seconds: PATIENCE };
        }
        // Of a set that another controller made, nobody knows whether it is the one of now.
        let is_past = |w: &Workload<'_>| w.object.kind == Kind::ReplicaSet && controller_of(w.meta).is_some();
        if makers().any(|w| w.desired == 0 && w.replicas.is_some() && !is_past(w)) {
            return Judgement::Idle("has no endpoints: the workload that it selects is scaled to zero".to_owned());
        }
        // What is said of its Pods is said of it.
        if one_is_in(&before.untold) {
            return Judgement::Unknown(format!("has no endpoints: none of the {} Pods that it selects is ready yet", selected.len()));
        }
        return Judgement::Wrong(match selected.len() {
            0 => format!("has no endpoints: its selector matches no Pod{}", only_member(facts, reference, selector)),
            // Its members find each other by it while they start: that it publishes them is meant, and is no sign that anything serves.
            n if anyhow => {
                return Judgement::Unknown(format!(
                    "publishes the addresses of Pods that are not ready (`publishNotReadyAddresses`), and none of the {n} Pods that it selects is ready"
                ));
            }
            n => format!("has no endpoints: none of the {n} Pods that it selects is ready"),
        });
    }
    // Where the words are about connections, a port of which nothing shows that it is open is no answer.
    let strict = facts.snapshot().words.asks(&Kind::NetworkPolicy);
    let counts = addresses::in_words(addresses.max(ready));
    match dangling(service, &selected, strict) {
        Some(Dangling::Certain(what)) => return Judgement::Wrong(what),
        Some(Dangling::Possible(what)) => return Judgement::Unknown(format!("has {counts}, but {what}")),
        None => {}
    }
    if let Some(what) = shared::programs(facts, service).or_else(|| shared::passing(facts, service, &serving)) {
        return Judgement::Unknown(what);
    }
    let partly = if ready > 0 { partly(service, &serving) } else { Vec::new() };
    let of_port = |(port, count): &(&ServicePort, usize)| format!("{} for its port {}", addresses::in_words(*count), port.port);
    match partly.iter().find(|(_, count)| *count == 0) {
        Some(none) => Judgement::Wrong(format!("has {}: none of the {ready} Pods that are ready has the port of that name", of_port(none))),
        None if partly.is_empty() => Judgement::Well(format!("has {counts}{}", whose(facts, namespace, selector))),
        None => Judgement::Well(format!("has {}, of {counts}", partly.iter().map(of_port).collect::<Vec<_>>().join(" and "))),
    }
}

/// Whose addresses they are, where a workload that is selected as well is scaled to zero: requests that seem to go there go elsewhere.
fn whose(facts: &Facts<'_>, namespace: &str, selector: &labels::Selector) -> String {
    let (off, on): (Vec<_>, Vec<_>) = selected::workloads_selected(facts, namespace, selector).partition(|w| w.desired == 0);
    let names = |all: &[&Workload<'_>]| quote::joined(&all.iter().take(NAMED).map(|w| w.object.in_words()).collect::<Vec<_>>(), "and");
    if off.is_empty() || on.is_empty() {
        String::new()
    } else {
        format!(" of {}; {}, which it selects as well, is scaled to zero", names(&on), names(&off))
    }
}

/// Where one Pod misses the selector only by a label that it was given while it ran: a single member has one role, and whether another
/// should be there is not known.
fn only_member(facts: &Facts<'_>, service: &ObjectRef, selector: &labels::Selector) -> String {
    let Some(namespace) = service.namespace.as_ref() else { return String::new() };
    let found = selected::workloads_missed(facts, namespace, selector, |key| selected::workloads_given(facts, namespace, key));
    let found = found.filter(|w| w.desired == 1).find_map(|workload| {
        let (key, wanted) = selector.iter().find(|(k, v)| workload.pod_labels.get(*k) != Some(v))?;
        let pod = facts.pods_of(&workload.object).find(|p| !pods::has_ended(p))?;
        let has = pod.metadata.labels.as_ref()?.get(key).filter(|has| workload.pod_labels.get(key) != Some(has))?;
        Some(format!(
            "; no Pod has `{key}={wanted}`: the one member of {} was given `{has}` while it ran, which is right if nothing else is meant to have `{wanted}`",
            workload.object.in_words()
        ))
    });
    found.unwrap_or_default()
}

/// What there is to say of a load balancer's address, where it has none.
fn balanced(facts: &Facts<'_>, service: &Service) -> Option<Judgement> {
    let balancer = service.status.as_ref().and_then(|s| s.load_balancer.as_ref());
    if balancer.and_then(|l| l.ingress.as_ref()).is_some_and(|i| !i.is_empty()) {
        return None;
    }
    let age = seconds_since(service.metadata.creation_timestamp.as_ref().map(|t| t.0), facts.taken_at());
    Some(match age {
        Some(age) if age < PATIENCE => Judgement::Underway {
            what: format!("Service `{}` waits for the address of its load balancer", service.reference().name),
            seconds: PATIENCE.saturating_sub(age).max(5),
        },
        _ => Judgement::Wrong("has no address from a load balancer".to_owned()),
    })
}
