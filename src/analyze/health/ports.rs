//! The ports behind a Service: whether the containers that it leads to have them.

use crate::facts::pods;
use k8s_openapi::api::core::v1::{ContainerPort, Pod, Service, ServicePort};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

/// How sure it is that a port leads nowhere.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Dangling {
    /// No container has a port of that name, so the Service leads nowhere.
    Certain(String),
    /// A number that no container lists. A list need not be complete.
    Possible(String),
}

/// The first port of a Service that none of these Pods has.
pub(crate) fn dangling(service: &Service, selected: &[&Pod]) -> Option<Dangling> {
    let ports = service.spec.iter().flat_map(|s| s.ports.iter().flatten());
    let declared: Vec<&ContainerPort> =
        selected.iter().filter_map(|p| p.spec.as_ref()).flat_map(pods::containers).flat_map(|(_, c)| c.ports.iter().flatten()).collect();
    if selected.is_empty() {
        return None;
    }
    let mut found: Vec<Dangling> = ports.filter_map(|port| wrong(port, &declared)).collect();
    // What is certain counts more.
    found.sort_by_key(|d| matches!(d, Dangling::Possible(_)));
    found.into_iter().next()
}

fn wrong(port: &ServicePort, declared: &[&ContainerPort]) -> Option<Dangling> {
    let protocol = port.protocol.as_deref().unwrap_or("TCP");
    let mut alike = declared.iter().filter(|d| d.protocol.as_deref().unwrap_or("TCP") == protocol);
    let listed = || {
        let names = declared
            .iter()
            .map(|d| d.name.as_ref().map_or_else(|| d.container_port.to_string(), |n| format!("`{n}` ({})", d.container_port)));
        let mut names: Vec<String> = names.collect();
        names.dedup();
        names.truncate(5);
        if names.is_empty() { "no ports".to_owned() } else { names.join(", ") }
    };
    match port.target_port.as_ref() {
        Some(IntOrString::String(name)) if !alike.any(|d| d.name.as_deref() == Some(name)) => Some(Dangling::Certain(format!(
            "its port {} leads to the port `{name}`, which no container of the Pods that it selects has; they have {}",
            port.port,
            listed()
        ))),
        Some(IntOrString::Int(number)) if !declared.is_empty() && !alike.any(|d| d.container_port == *number) => {
            Some(Dangling::Possible(possible(port.port, *number, &listed())))
        }
        None if !declared.is_empty() && !alike.any(|d| d.container_port == port.port) => {
            Some(Dangling::Possible(possible(port.port, port.port, &listed())))
        }
        _ => None,
    }
}

fn possible(port: i32, target: i32, listed: &str) -> String {
    format!("its port {port} leads to port {target}, which no container of the Pods that it selects lists; they list {listed}")
}
