//! Ingresses: a class that exists, backends that exist in their own namespace, and an address.

use super::super::meant::LISTED;
use super::{Judgement, seconds_since, shared};
use crate::domain::kind::Kind;
use crate::domain::object::ObjectRef;
use crate::domain::snapshot::Resource;
use crate::facts::ingresses::backends;
use crate::facts::{Facts, behind, selected};
use k8s_openapi::api::core::v1::Service;
use k8s_openapi::api::networking::v1::{Ingress, IngressBackend, IngressClass};

/// A controller may take this long, in seconds, to report an address.
const PATIENCE: i64 = 60;
/// What says that a class is the default one.
const DEFAULT: &str = "ingressclass.kubernetes.io/is-default-class";
/// Where the class stood before it had a field.
const OLD_CLASS: &str = "kubernetes.io/ingress.class";

pub(crate) fn judge(facts: &Facts<'_>, classes: &Classes, ingress: &Ingress) -> Judgement {
    let mut wrong: Vec<String> = backends(ingress).filter_map(|(path, backend)| backend_fault(facts, ingress, &path, backend)).collect();
    wrong.extend(classes.fault(facts, ingress));
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

/// A backend behind which somebody has scaled everything to zero.
fn idle(facts: &Facts<'_>, ingress: &Ingress, path: &str, backend: &IngressBackend) -> Option<String> {
    let name = &backend.service.as_ref()?.name;
    let service = ObjectRef::namespaced(Kind::Service, &ingress.reference().namespace?, name);
    let empty = behind::is_idle(&service, facts) && facts.ready_addresses(&service) == 0;
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
        let place = selected::service_elsewhere(facts, &wanted.name, &namespace);
        let elsewhere = place.map(|n| format!("; one of that name is in namespace `{n}`, where an Ingress can lead to it"));
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

/// The IngressClasses, as every Ingress is held against them.
pub(crate) struct Classes {
    whole: bool,
    default: bool,
    /// Some of them, in words.
    some: String,
}

impl Classes {
    pub(crate) fn of(facts: &Facts<'_>) -> Self {
        let marked = |c: &IngressClass| c.metadata.annotations.as_ref().and_then(|a| a.get(DEFAULT)).is_some_and(|v| v == "true");
        let all: Vec<&IngressClass> = facts.all::<IngressClass>().collect();
        let names: Vec<&str> = all.iter().filter_map(|c| c.metadata.name.as_deref()).take(LISTED).collect();
        let some = if names.is_empty() { "the cluster has none".to_owned() } else { format!("there are: {}", names.join(", ")) };
        Self { whole: facts.is_whole(&Kind::IngressClass), default: all.into_iter().any(marked), some }
    }

    fn fault(&self, facts: &Facts<'_>, ingress: &Ingress) -> Option<String> {
        let old = ingress.metadata.annotations.as_ref().and_then(|a| a.get(OLD_CLASS));
        match ingress.spec.as_ref().and_then(|s| s.ingress_class_name.as_ref()) {
            _ if !self.whole => None,
            None => (old.is_none() && !self.default)
                .then(|| "it names no class, and no IngressClass is the default, so no controller serves it".to_owned()),
            Some(named) => (!facts.has(&ObjectRef::cluster(Kind::IngressClass, named.as_str())))
                .then(|| format!("its class `{named}` does not exist ({}), so no controller serves it", self.some)),
        }
    }
}
