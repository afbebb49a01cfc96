//! `endpoints`: what a Service, or each backend of an Ingress, leads to: its selector and the Pods that it selects, its ports and who has
//! them, its addresses, and the NetworkPolicies before them. Where something leads nowhere, why.

use super::around::{self, Around};
use super::bounds::{BACKENDS, EACH, PODS, RULES, SERVICES};
use super::masking::{Late, beside};
use super::outcome::{Length, Outcome, listed, quoted};
use crate::domain::kind::Kind;
use crate::domain::masked::Masked;
use crate::domain::object::ObjectRef;
use crate::domain::secrets::names_one;
use crate::domain::snapshot::Resource;
use crate::facts::ingresses::IngressRoute;
use crate::facts::labels::{Selector, any_selector};
use crate::facts::network::{policies, ports};
use crate::facts::presence::Presence;
use crate::facts::{Facts, addresses, behind, ingresses, pods, selected, unread};
use crate::ports::{ClusterRead, ReadError};
use jiff::Timestamp;
use k8s_openapi::api::core::v1::{Pod, Service, ServicePort};
use k8s_openapi::api::networking::v1::{Ingress, IngressBackend, NetworkPolicy, NetworkPolicyPeer, NetworkPolicyPort};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use std::collections::BTreeSet;

/// What is read around it.
const AROUND: [Kind; 7] =
    [Kind::Service, Kind::Pod, Kind::EndpointSlice, Kind::NetworkPolicy, Kind::Deployment, Kind::StatefulSet, Kind::DaemonSet];

pub(super) async fn reached(object: &ObjectRef, length: Length, read: &dyn ClusterRead, now: Timestamp) -> Result<Outcome, ReadError> {
    let value = read.get(object).await?;
    let around = around::read(&AROUND, object.namespace.as_ref(), read, now).await?.with(object, value);
    let object = object.clone();
    let text = beside(move || Masked::whole(&laid_out(&object, &around))).await;
    Ok(text.map_or_else(|Late| Outcome::late(), |text| Outcome::seen(&text, length, None, "`get` or `list` what is missing")))
}

fn laid_out(object: &ObjectRef, around: &Around) -> String {
    let facts = Facts::of(&around.snapshot);
    let mut parts: Vec<String> = around.in_words().into_iter().collect();
    // What is missing stands before what is long: only the end of a text is ever cut.
    parts.extend(match (facts.find::<Service>(object), facts.find::<Ingress>(object)) {
        (Some(service), _) => vec![of_service(service, &facts)],
        (None, Some(ingress)) => of_ingress(ingress, &facts),
        (None, None) => vec![format!("{object} is not of the form of its kind")],
    });
    parts.join("\n\n")
}

/// Each path of an Ingress, and then the Services behind it.
fn of_ingress(ingress: &Ingress, facts: &Facts<'_>) -> Vec<String> {
    let own = ingress.reference();
    let mut lines = vec![format!("{own} leads to:")];
    let all: Vec<IngressRoute<'_>> = ingresses::routes(ingress).collect();
    // Each word by itself: one that ends where another begins would hide what the other one is.
    let from = |route: &IngressRoute<'_>| match route.from {
        None => "what nothing else leads to".to_owned(),
        Some(("", path)) => format!("path {} of any host", quoted(path)),
        Some((host, path)) => format!("path {} of host {}", quoted(path), quoted(host)),
    };
    lines.extend(all.iter().take(BACKENDS).map(|route| format!("{}: {}", from(route), backend_in_words(&own, route.to, facts))));
    let more = all.len().saturating_sub(BACKENDS);
    lines.extend((more > 0).then(|| format!("and {more} more")));
    if all.is_empty() {
        lines.push("nothing: it has no backend".to_owned());
    }
    lines.push("Whether the controller of its class serves it was not checked: `describe` it.".to_owned());
    let names: BTreeSet<&str> = ingresses::services(ingress).collect();
    let services = names.into_iter().filter_map(|name| facts.find::<Service>(&beside_it(&own, name)));
    std::iter::once(lines.join("\n")).chain(services.take(SERVICES).map(|service| of_service(service, facts))).collect()
}

fn beside_it(own: &ObjectRef, name: &str) -> ObjectRef {
    ObjectRef { kind: Kind::Service, namespace: own.namespace.clone(), name: name.to_owned() }
}

fn backend_in_words(own: &ObjectRef, backend: &IngressBackend, facts: &Facts<'_>) -> String {
    let Some(to) = &backend.service else { return "an object of another kind than Service, which was not checked".to_owned() };
    let object = beside_it(own, &to.name);
    let service = match facts.look_up::<Service>(&object) {
        Presence::There(service) => service,
        Presence::Absent => return format!("Service {}, which does not exist", quoted(&to.name)),
        Presence::Unread => return unread::missing(&object, facts),
    };
    let wanted = to.port.as_ref();
    let (name, number) = (wanted.and_then(|p| p.name.as_deref()), wanted.and_then(|p| p.number));
    let said = name.map(quoted).or_else(|| number.map(|n| n.to_string())).unwrap_or_else(|| "none".to_owned());
    let is_it = |port: &&ServicePort| (name.is_some() && port.name.as_deref() == name) || number == Some(port.port);
    let mut own_ports = service.spec.iter().flat_map(|s| s.ports.iter().flatten());
    if !own_ports.any(|port| is_it(&port)) {
        let has: Vec<String> = service.spec.iter().flat_map(|s| s.ports.iter().flatten()).map(port_in_words).collect();
        return format!("Service {}, port {said}, which it does not have; it has {}", quoted(&to.name), has.join(", "));
    }
    format!("Service {}, port {said}: {}", quoted(&to.name), addresses_in_words(&object, facts))
}

/// How many addresses are ready, where that is known.
fn addresses_in_words(service: &ObjectRef, facts: &Facts<'_>) -> String {
    let ready = facts.ready_addresses(service);
    if ready == 0 && !facts.is_whole(&Kind::EndpointSlice) {
        return "no ready address was seen, and EndpointSlices could not be read completely".to_owned();
    }
    addresses::in_words(ready)
}

fn port_in_words(port: &ServicePort) -> String {
    port.name.as_deref().map_or_else(|| port.port.to_string(), |name| format!("{} ({})", port.port, quoted(name)))
}

fn of_service(service: &Service, facts: &Facts<'_>) -> String {
    let own = service.reference();
    let spec = service.spec.as_ref();
    let text = |value: Option<&String>| value.map_or_else(|| "none".to_owned(), |text| quoted(text));
    let kind = spec.and_then(|s| s.type_.as_deref()).unwrap_or("ClusterIP");
    let mut lines = vec![format!("{own}: of type {}, with the address {}", quoted(kind), text(spec.and_then(|s| s.cluster_ip.as_ref())))];
    if kind == "ExternalName" {
        lines.push(format!("leads to the name {} by DNS, and to no Pods", text(spec.and_then(|s| s.external_name.as_ref()))));
        return lines.join("\n");
    }
    let namespace = own.namespace.as_ref().map(crate::domain::namespace::Namespace::as_str).unwrap_or_default();
    let selected: Vec<&Pod> = match any_selector(service) {
        None => {
            lines.push("has no selector: somebody else writes its addresses".to_owned());
            Vec::new()
        }
        Some(selector) => {
            let selected: Vec<&Pod> = selected::pods_selected(facts, namespace, selector).filter(|pod| !pods::has_ended(pod)).collect();
            lines.push(format!("selects Pods with {}", quoted(&pairs(selector))));
            lines.extend(of_pods(&selected, facts));
            if selected.is_empty() {
                lines.extend(missed(selector, namespace, facts));
            }
            selected
        }
    };
    let own_ports: Vec<&ServicePort> = spec.iter().flat_map(|s| s.ports.iter().flatten()).collect();
    lines.extend(own_ports.iter().map(|port| of_port(port, &selected)));
    lines.extend(of_slices(&own, facts));
    if let Some(why) = behind::outdated(&own, facts).filter(|_| facts.is_whole(&Kind::EndpointSlice) && facts.is_whole(&Kind::Pod)) {
        lines.push(format!("its addresses are not those of the Pods that it selects now: {why}"));
    }
    lines.extend(of_policies(&own, &selected, facts));
    lines.join("\n")
}

fn pairs(selector: &Selector) -> String {
    selector.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(",")
}

/// How many of each label there are, and what Pods have instead.
fn missed(selector: &Selector, namespace: &str, facts: &Facts<'_>) -> Vec<String> {
    if !facts.is_whole(&Kind::Pod) {
        return vec!["Pods could not be read completely, so some may be selected".to_owned()];
    }
    let one = |(key, value): (&String, &String)| {
        let count = selected::count_carrying(facts, namespace, &Selector::from([(key.clone(), value.clone())]));
        let label = quoted(&format!("{key}={value}"));
        if count > 0 {
            return format!("  {label}: {count} Pods have it, and none has all labels of the selector");
        }
        let mut values: Vec<&str> = selected::values_of(facts, namespace, key).collect();
        values.sort_unstable();
        // What the label of that name is worth is not shown, wherever it stands.
        match (names_one(key), values.is_empty()) {
            (true, _) => format!("  {label}: no Pod has it"),
            (false, true) => format!("  {label}: no Pod has a label {}", quoted(key)),
            (false, false) => format!("  {label}: no Pod has it; Pods have {} = {}", quoted(key), listed(values)),
        }
    };
    let makers = selected::workloads_selected(facts, namespace, selector).filter(|workload| workload.has_template());
    let made =
        makers.take(PODS).map(|workload| format!("  Pods of {} would have all of them: it wants {}", workload.object, workload.desired));
    std::iter::once("so it leads to nothing:".to_owned()).chain(selector.iter().map(one)).chain(made).collect()
}

fn of_pods(selected: &[&Pod], facts: &Facts<'_>) -> Vec<String> {
    let ready = selected.iter().filter(|pod| pods::is_ready(pod)).count();
    let at_least = if facts.is_whole(&Kind::Pod) { "" } else { "at least " };
    let head = format!("{at_least}{} Pods are selected, {ready} of them ready", selected.len());
    let more = selected.len().saturating_sub(PODS);
    let mut all: Vec<&&Pod> = selected.iter().collect();
    // What is wrong is looked for.
    all.sort_by_key(|pod| pods::is_ready(pod));
    let lines = all.into_iter().take(PODS).map(|pod| format!("  {}: {}", quoted(&pod.reference().name), condition(pod)));
    std::iter::once(head).chain(lines).chain((more > 0).then(|| format!("  and {more} more"))).collect()
}

/// How a Pod is, and why it is not ready.
pub(super) fn condition(pod: &Pod) -> String {
    let node = pod.spec.as_ref().and_then(|s| s.node_name.as_deref()).map(|node| format!(", on {}", quoted(node))).unwrap_or_default();
    let ip = pod.status.as_ref().and_then(|s| s.pod_ip.as_deref()).map(|ip| format!(", at {}", quoted(ip))).unwrap_or_default();
    let state = if pod.metadata.deletion_timestamp.is_some() {
        "being deleted".to_owned()
    } else if pods::is_ready(pod) {
        "ready".to_owned()
    } else if !pods::has_node(pod) {
        "not ready: it has no node".to_owned()
    } else if let Some(waiting) = pods::waiting(pod).next() {
        format!("not ready: {} waits, {}", quoted(waiting.container), quoted(waiting.reason))
    } else {
        let unready = pods::statuses(pod).find(|(list, status)| *list == "containers" && !status.ready);
        unready.map_or_else(|| "not ready".to_owned(), |(_, status)| format!("not ready: {} runs and is not ready", quoted(&status.name)))
    };
    format!("{state}{ip}{node}")
}

fn of_port(port: &ServicePort, selected: &[&Pod]) -> String {
    let to = match port.target_port.as_ref() {
        Some(IntOrString::String(name)) => quoted(name),
        Some(IntOrString::Int(number)) => number.to_string(),
        None => port.port.to_string(),
    };
    let head = format!("port {} leads to port {to}", port_in_words(port));
    if selected.is_empty() {
        return head;
    }
    let (count, numbers) = ports::behind(port, selected);
    let numbers: Vec<String> = numbers.iter().map(i32::to_string).collect();
    let by_name = matches!(port.target_port, Some(IntOrString::String(_)));
    let has = match (count, by_name) {
        (0, true) => "which none of these Pods has, so it leads to nothing".to_owned(),
        (0, false) => "which none of these Pods declares; a program can listen all the same".to_owned(),
        (count, true) => format!("which {count} of {} Pods have, as {}", selected.len(), numbers.join(", ")),
        (count, false) => format!("which {count} of {} Pods declare", selected.len()),
    };
    let declared: BTreeSet<String> = selected
        .iter()
        .filter_map(|p| p.spec.as_ref())
        .flat_map(pods::containers)
        .flat_map(|(_, c)| c.ports.iter().flatten())
        .map(|p| p.name.as_deref().map_or_else(|| p.container_port.to_string(), |name| format!("{name}={}", p.container_port)))
        .collect();
    let instead = if count > 0 || declared.is_empty() {
        String::new()
    } else {
        format!("; they declare {}", listed(declared.iter().map(String::as_str)))
    };
    format!("{head}, {has}{instead}")
}

fn of_slices(service: &ObjectRef, facts: &Facts<'_>) -> Vec<String> {
    let slices = facts.slices_of(service);
    let head = format!("addresses: {}", addresses_in_words(service, facts));
    let one = |slice: &&k8s_openapi::api::discovery::v1::EndpointSlice| {
        let of = |is_ready: bool| -> usize {
            let said =
                |e: &&k8s_openapi::api::discovery::v1::Endpoint| e.conditions.as_ref().and_then(|c| c.ready).unwrap_or(true) == is_ready;
            slice.endpoints.iter().flatten().filter(said).map(|e| e.addresses.len()).sum()
        };
        let ports: Vec<String> = slice.ports.iter().flatten().filter_map(|p| p.port).map(|p| p.to_string()).collect();
        let ports = if ports.is_empty() { "no ports".to_owned() } else { format!("ports {}", ports.join(", ")) };
        format!("  EndpointSlice {}: {} ready, {} not, {ports}", quoted(&slice.reference().name), of(true), of(false))
    };
    let more = slices.len().saturating_sub(EACH);
    let none = (slices.is_empty() && facts.is_whole(&Kind::EndpointSlice)).then(|| "  there is no EndpointSlice of it".to_owned());
    let rest = (more > 0).then(|| format!("  and {more} more EndpointSlices"));
    std::iter::once(head).chain(none).chain(slices.iter().take(EACH).map(one)).chain(rest).collect()
}

fn of_policies(service: &ObjectRef, selected: &[&Pod], facts: &Facts<'_>) -> Vec<String> {
    let Some(namespace) = service.namespace.as_ref().filter(|_| !selected.is_empty()) else { return Vec::new() };
    let binds = |policy: &&NetworkPolicy| selected.iter().any(|pod| policies::may_select(policy, pod.metadata.labels.as_ref()));
    let all: Vec<&NetworkPolicy> = facts.all_in::<NetworkPolicy>(namespace).filter(|p| policies::is_of_incoming(p)).filter(binds).collect();
    if all.is_empty() {
        let none = "no NetworkPolicy of the namespace is about connections to these Pods".to_owned();
        return if facts.is_whole(&Kind::NetworkPolicy) { vec![none] } else { Vec::new() };
    }
    let head = "NetworkPolicies about connections to these Pods; what any of them allows is allowed, and nothing else:".to_owned();
    let more = all.len().saturating_sub(EACH);
    let rest = (more > 0).then(|| format!("  and {more} more"));
    std::iter::once(head).chain(all.into_iter().take(EACH).map(of_policy)).chain(rest).collect()
}

fn of_policy(policy: &NetworkPolicy) -> String {
    let rules: Vec<&k8s_openapi::api::networking::v1::NetworkPolicyIngressRule> =
        policy.spec.iter().flat_map(|s| s.ingress.iter().flatten()).collect();
    let one = |rule: &&k8s_openapi::api::networking::v1::NetworkPolicyIngressRule| {
        let from: Vec<String> = rule.from.iter().flatten().take(RULES).map(peer).collect();
        let ports: Vec<String> = rule.ports.iter().flatten().take(RULES).map(policy_port).collect();
        let more = |all: usize| if all > RULES { format!(" and {} more", all.saturating_sub(RULES)) } else { String::new() };
        let from = if from.is_empty() {
            "everybody".to_owned()
        } else {
            format!("{}{}", from.join(" or "), more(rule.from.iter().flatten().count()))
        };
        let ports =
            if ports.is_empty() { String::new() } else { format!(" to {}{}", ports.join(", "), more(rule.ports.iter().flatten().count())) };
        format!("from {from}{ports}")
    };
    let more = rules.len().saturating_sub(RULES);
    let rest = (more > 0).then(|| format!("{more} more rules"));
    let allowed: Vec<String> = rules.iter().take(RULES).map(one).chain(rest).collect();
    let allowed = if allowed.is_empty() { "allows nothing".to_owned() } else { format!("allows what comes {}", allowed.join("; ")) };
    let sure = if policies::is_plain(policy) { "" } else { " (selects by expressions, which were not evaluated)" };
    format!("  {} {allowed}{sure}", quoted(&policy.reference().name))
}

fn peer(peer: &NetworkPolicyPeer) -> String {
    let labels = |selector: &LabelSelector| {
        let pairs = selector.match_labels.as_ref().filter(|all| !all.is_empty()).map(|all| quoted(&pairs(all)));
        let more = selector.match_expressions.as_ref().is_some_and(|all| !all.is_empty());
        match (pairs, more) {
            (Some(pairs), false) => format!(" with {pairs}"),
            (Some(pairs), true) => format!(" with {pairs} and expressions"),
            (None, true) => " of some expressions".to_owned(),
            (None, false) => String::new(),
        }
    };
    if let Some(block) = &peer.ip_block {
        let except = block.except.as_ref().filter(|all| !all.is_empty());
        let except = except.map(|all| format!(" without {}", listed(all.iter().map(String::as_str)))).unwrap_or_default();
        return format!("addresses in {}{except}", quoted(&block.cidr));
    }
    let of_pods = peer.pod_selector.as_ref().map(labels).unwrap_or_default();
    match &peer.namespace_selector {
        Some(namespaces) => format!("Pods{of_pods} in namespaces{}", labels(namespaces)),
        None => format!("Pods{of_pods} of the same namespace"),
    }
}

fn policy_port(port: &NetworkPolicyPort) -> String {
    let number = match &port.port {
        Some(IntOrString::Int(number)) => number.to_string(),
        Some(IntOrString::String(name)) => quoted(name),
        None => "any port".to_owned(),
    };
    let end = port.end_port.map(|end| format!(" to {end}")).unwrap_or_default();
    format!("{}{number}{end}", port.protocol.as_deref().filter(|p| *p != "TCP").map(|p| format!("{} ", quoted(p))).unwrap_or_default())
}
