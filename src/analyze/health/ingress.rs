//! Ingresses: a class that exists, backends that exist in their own namespace, and an address.

use super::{Judgement, seconds_since, shared};
use crate::domain::kind::Kind;
use crate::domain::object::{Namespace, ObjectRef};
use crate::domain::snapshot::Resource;
use crate::facts::{Facts, behind};
use k8s_openapi::api::core::v1::Service;
use k8s_openapi::api::networking::v1::{Ingress, IngressBackend, IngressClass};

/// A controller may take this long, in seconds, to report an address.
const PATIENCE: i64 = 60;
/// What says that a class is the default one.
const DEFAULT: &str = "ingressclass.kubernetes.io/is-default-class";
/// Where the class stood before it had a field.
const OLD_CLASS: &str = "kubernetes.io/ingress.class";

pub(crate) fn judge(facts: &Facts<'_>, ingress: &Ingress) -> Judgement {
    let mut wrong: Vec<String> = backends(ingress).filter_map(|(path, backend)| backend_fault(facts, ingress, &path, backend)).collect();
    wrong.extend(class_fault(facts, ingress));
    if !wrong.is_empty() {
        return Judgement::Wrong(wrong.join("; "));
    }
    if let Some(twice) = shared::routes(facts, ingress) {
        return Judgement::Unknown(twice);
    }
    if let Some(idle) = backends(ingress).find_map(|(path, backend)| idle(facts, ingress, &path, backend)) {
        return Judgement::Idle(idle);
    }
    let status = ingress.status.as_ref().and_then(|s| s.load_balancer.as_ref());
    if status.and_then(|l| l.ingress.as_ref()).is_some_and(|i| !i.is_empty()) {
        let secret = ingress.spec.as_ref().is_some_and(|s| s.tls.as_ref().is_some_and(|t| !t.is_empty()));
        let tls = if secret { "; the Secret with its certificate is never read" } else { "" };
        return Judgement::Well(format!("its class and its backends exist, and it has an address{tls}"));
    }
    match seconds_since(ingress.metadata.creation_timestamp.as_ref().map(|t| t.0), facts.taken_at()) {
        Some(age) if age < PATIENCE => Judgement::Young {
            what: "no controller has reported an address for it yet".to_owned(),
            seconds: PATIENCE.saturating_sub(age).max(5),
        },
        _ => Judgement::Unknown("no controller has reported an address for it: it cannot be known whether one serves it".to_owned()),
    }
}

/// Every backend, with the path that leads to it.
fn backends(ingress: &Ingress) -> impl Iterator<Item = (String, &IngressBackend)> {
    let spec = ingress.spec.as_ref();
    let default = spec.and_then(|s| s.default_backend.as_ref()).map(|b| ("the default backend".to_owned(), b));
    let rules = spec.into_iter().flat_map(|s| s.rules.iter().flatten());
    let paths = rules.flat_map(|rule| {
        let host = rule.host.as_deref().unwrap_or_default();
        let paths = rule.http.iter().flat_map(|h| &h.paths);
        paths.map(move |p| (format!("path `{host}{}`", p.path.as_deref().unwrap_or("/")), &p.backend))
    });
    default.into_iter().chain(paths)
}

/// The Services that it leads to, by name.
pub(crate) fn services(ingress: &Ingress) -> impl Iterator<Item = &str> {
    backends(ingress).filter_map(|(_, backend)| backend.service.as_ref().map(|s| s.name.as_str()))
}

/// A backend behind which somebody has scaled everything to zero.
fn idle(facts: &Facts<'_>, ingress: &Ingress, path: &str, backend: &IngressBackend) -> Option<String> {
    let name = &backend.service.as_ref()?.name;
    let service = ObjectRef::namespaced(Kind::Service, &ingress.reference().namespace?, name);
    let empty = behind::is_idle(&service, facts) && behind::ready(&service, facts) == 0;
    empty.then(|| format!("{path} leads to Service `{name}`, and the workload behind it is scaled to zero: nothing answers there"))
}

fn backend_fault(facts: &Facts<'_>, ingress: &Ingress, path: &str, backend: &IngressBackend) -> Option<String> {
    let wanted = backend.service.as_ref()?;
    let namespace = ingress.reference().namespace?;
    let service = ObjectRef::namespaced(Kind::Service, &namespace, &wanted.name);
    let Some(found) = facts.find::<Service>(&service) else {
        if !facts.is_whole(&Kind::Service) {
            return None;
        }
        let read = facts.all::<Service>().map(Resource::reference);
        let elsewhere = read.chain(facts.snapshot().services_elsewhere.iter().cloned()).find(|o| o.name == wanted.name);
        let place = elsewhere.and_then(|o| o.namespace);
        let elsewhere = place.map(|n: Namespace| format!("; one of that name is in namespace `{n}`, where an Ingress can lead to it"));
        return Some(format!(
            "{path} leads to Service `{}`, which does not exist in this namespace, and an Ingress reaches no other{}",
            wanted.name,
            elsewhere.unwrap_or_default()
        ));
    };
    let port = wanted.port.as_ref()?;
    let external = found.spec.as_ref().and_then(|s| s.type_.as_deref()) == Some("ExternalName");
    let mut ports = found.spec.iter().flat_map(|s| s.ports.iter().flatten());
    let fits = ports.any(|p| port.number.map_or(p.name.is_some() && p.name == port.name, |n| n == p.port));
    let said = port.number.map(|n| n.to_string()).or_else(|| port.name.clone()).unwrap_or_default();
    (!fits && !external).then(|| format!("{path} leads to port `{said}` of Service `{}`, which has no such port", wanted.name))
}

fn class_fault(facts: &Facts<'_>, ingress: &Ingress) -> Option<String> {
    if !facts.is_whole(&Kind::IngressClass) {
        return None;
    }
    let classes: Vec<&IngressClass> = facts.all::<IngressClass>().collect();
    let old = ingress.metadata.annotations.as_ref().and_then(|a| a.get(OLD_CLASS));
    let Some(named) = ingress.spec.as_ref().and_then(|s| s.ingress_class_name.as_ref()) else {
        let default = |c: &&IngressClass| c.metadata.annotations.as_ref().and_then(|a| a.get(DEFAULT)).is_some_and(|v| v == "true");
        return (old.is_none() && !classes.iter().any(default))
            .then(|| "it names no class, and no IngressClass is the default, so no controller serves it".to_owned());
    };
    let known: Vec<&str> = classes.iter().filter_map(|c| c.metadata.name.as_deref()).collect();
    (!known.contains(&named.as_str())).then(|| {
        let near = if known.is_empty() { "the cluster has none".to_owned() } else { format!("there are: {}", known.join(", ")) };
        format!("its class `{named}` does not exist ({near}), so no controller serves it")
    })
}
