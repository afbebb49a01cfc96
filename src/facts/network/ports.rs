//! The ports behind a Service: whether the containers that it leads to have them.

use crate::facts::pods;
use k8s_openapi::api::core::v1::{ContainerPort, Pod, Service, ServicePort};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use std::collections::BTreeSet;

/// How sure it is that a port leads nowhere.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Dangling {
    /// No container has a port of that name, so the Service leads nowhere.
    Certain(String),
    /// A number that no container lists. A list need not be complete.
    Possible(String),
}

/// The first port of a Service that none of these Pods has. `strict`: that nothing shows a port to be open is told too.
pub(crate) fn dangling(service: &Service, selected: &[&Pod], strict: bool) -> Option<Dangling> {
    let ports = service.spec.iter().flat_map(|s| s.ports.iter().flatten());
    let declared: Vec<&ContainerPort> = selected.iter().flat_map(declared).collect();
    if selected.is_empty() {
        return None;
    }
    let unshown = |port: &ServicePort| strict.then(|| unshown(port, selected)).flatten().filter(|_| declared.is_empty());
    let mut found: Vec<Dangling> = ports.filter_map(|port| wrong(port, &declared).or_else(|| unshown(port))).collect();
    // What is certain counts more.
    found.sort_by_key(|d| matches!(d, Dangling::Possible(_)));
    found.into_iter().next()
}

/// The ports of a Service that only some of these Pods have, because they go by a name: each with how many have it.
pub(crate) fn partly<'s>(service: &'s Service, ready: &[&Pod]) -> Vec<(&'s ServicePort, usize)> {
    let ports = service.spec.iter().flat_map(|s| s.ports.iter().flatten());
    let counted = ports.filter_map(|port| {
        let Some(IntOrString::String(name)) = port.target_port.as_ref() else { return None };
        let has = |pod: &&&Pod| declared(pod).any(|d| d.name.as_ref() == Some(name) && protocol(d.protocol.as_deref()) == of(port));
        Some((port, ready.iter().filter(has).count()))
    });
    counted.filter(|(_, count)| *count < ready.len()).collect()
}

/// How many of these Pods declare the port that a port of a Service leads to, and the numbers that it has there. By a number, a Pod can
/// listen without declaring it.
pub(crate) fn behind(port: &ServicePort, pods: &[&Pod]) -> (usize, BTreeSet<i32>) {
    let is_it = |d: &&ContainerPort| {
        let same = match port.target_port.as_ref() {
            Some(IntOrString::String(name)) => d.name.as_ref() == Some(name),
            Some(IntOrString::Int(number)) => d.container_port == *number,
            None => d.container_port == port.port,
        };
        same && protocol(d.protocol.as_deref()) == of(port)
    };
    let mut numbers = BTreeSet::new();
    let has = pods.iter().filter(|pod| {
        let own: Vec<i32> = declared(pod).filter(is_it).map(|d| d.container_port).collect();
        numbers.extend(own.iter().copied());
        !own.is_empty()
    });
    (has.count(), numbers)
}

fn declared<'p>(pod: &&'p Pod) -> impl Iterator<Item = &'p ContainerPort> + use<'p> {
    let pod: &'p Pod = pod;
    pod.spec.iter().flat_map(pods::containers).flat_map(|(_, c)| c.ports.iter().flatten())
}

fn protocol(said: Option<&str>) -> &str {
    said.unwrap_or("TCP")
}

fn of(port: &ServicePort) -> &str {
    protocol(port.protocol.as_deref())
}

fn wrong(port: &ServicePort, declared: &[&ContainerPort]) -> Option<Dangling> {
    let mut alike = declared.iter().filter(|d| protocol(d.protocol.as_deref()) == of(port));
    // Of a cluster that speaks TCP only, the protocol is no news.
    let plain = of(port) == "TCP" && declared.iter().all(|d| protocol(d.protocol.as_deref()) == "TCP");
    let by = |said: &str| if plain { String::new() } else { format!(" ({said})") };
    let listed = || {
        let names = declared.iter().map(|d| {
            let number = d.name.as_ref().map_or_else(|| d.container_port.to_string(), |n| format!("`{n}` ({})", d.container_port));
            format!("{number}{}", by(protocol(d.protocol.as_deref())))
        });
        let mut names: Vec<String> = names.collect();
        names.dedup();
        names.truncate(5);
        if names.is_empty() { "no ports".to_owned() } else { names.join(", ") }
    };
    let possible = |target: i32| {
        Dangling::Possible(format!(
            "its port {}{} leads to port {target}, which no container of the Pods that it selects lists; they list {}",
            port.port,
            by(of(port)),
            listed()
        ))
    };
    match port.target_port.as_ref() {
        Some(IntOrString::String(name)) if !alike.any(|d| d.name.as_deref() == Some(name)) => Some(Dangling::Certain(format!(
            "its port {}{} leads to the port `{name}`, which no container of the Pods that it selects has; they have {}",
            port.port,
            by(of(port)),
            listed()
        ))),
        Some(IntOrString::Int(number)) if !declared.is_empty() && !alike.any(|d| d.container_port == *number) => Some(possible(*number)),
        None if !declared.is_empty() && !alike.any(|d| d.container_port == port.port) => Some(possible(port.port)),
        _ => None,
    }
}

/// A number of its own that neither a list of ports nor a probe shows to be open. Where it is that of the Service, which it is unless
/// somebody says otherwise, it says nothing.
fn unshown(port: &ServicePort, selected: &[&Pod]) -> Option<Dangling> {
    let target = match port.target_port.as_ref() {
        Some(IntOrString::Int(number)) if *number != port.port => *number,
        Some(IntOrString::Int(_) | IntOrString::String(_)) | None => return None,
    };
    let containers = || selected.iter().filter_map(|p| p.spec.as_ref()).flat_map(|s| &s.containers);
    let mut probes = containers().flat_map(|c| [&c.readiness_probe, &c.liveness_probe, &c.startup_probe]).flatten();
    (!probes.any(|probe| pods::asks_port(probe, target))).then(|| {
        Dangling::Possible(format!(
            "its port {} leads to port {target}, and neither a declared port nor a probe of the Pods shows that anything listens there",
            port.port
        ))
    })
}
