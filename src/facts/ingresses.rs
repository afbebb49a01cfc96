//! Where an Ingress leads to.

use super::Facts;
use crate::domain::action::Action;
use crate::domain::kind::Kind;
use crate::domain::object::ObjectRef;
use k8s_openapi::api::networking::v1::{Ingress, IngressBackend};

/// A backend with the host, which may be empty, and the path that lead to it; neither where it is the default.
pub(crate) struct IngressRoute<'a> {
    pub(crate) from: Option<(&'a str, &'a str)>,
    pub(crate) to: &'a IngressBackend,
}

/// Every backend, the default first.
pub(crate) fn routes(ingress: &Ingress) -> impl Iterator<Item = IngressRoute<'_>> {
    let spec = ingress.spec.as_ref();
    let default = spec.and_then(|s| s.default_backend.as_ref()).map(|to| IngressRoute { from: None, to });
    let rules = spec.into_iter().flat_map(|s| s.rules.iter().flatten());
    let paths = rules.flat_map(|rule| {
        let host = rule.host.as_deref().unwrap_or_default();
        let paths = rule.http.iter().flat_map(|h| &h.paths);
        paths.map(move |p| IngressRoute { from: Some((host, p.path.as_deref().unwrap_or("/"))), to: &p.backend })
    });
    default.into_iter().chain(paths)
}

/// Every backend, with the path that leads to it.
pub(crate) fn backends(ingress: &Ingress) -> impl Iterator<Item = (String, &IngressBackend)> {
    routes(ingress).map(|route| {
        let from = route.from.map_or_else(|| "the default backend".to_owned(), |(host, path)| format!("path `{host}{path}`"));
        (from, route.to)
    })
}

/// The Services that it leads to, by name.
pub(crate) fn services(ingress: &Ingress) -> impl Iterator<Item = &str> {
    backends(ingress).filter_map(|(_, backend)| backend.service.as_ref().map(|s| s.name.as_str()))
}

/// Whether an Ingress leads to a Service of this name, or may: not all of them were read.
pub(crate) fn may_lead_to(service: &ObjectRef, facts: &Facts<'_>) -> bool {
    let leads = |ingress: &Ingress| services(ingress).any(|name| name == service.name);
    !facts.is_whole(&Kind::Ingress) || service.namespace.as_ref().is_some_and(|here| facts.all_in::<Ingress>(here).any(leads))
}

/// Whether somebody is led to a port by this change that nobody tries: to the one of a new Service, too, whatever address it has. Who leads
/// to it asks the Pods behind it.
pub(crate) fn leads_to_a_port(change: &Action, facts: &Facts<'_>) -> bool {
    let made = matches!(change, Action::Create { object, .. } if object.kind == Kind::Service && may_lead_to(object, facts));
    made || change.leads_to_a_port()
}
