//! Where an Ingress leads to.

use k8s_openapi::api::networking::v1::{Ingress, IngressBackend};

/// Every backend, with the path that leads to it.
pub(crate) fn backends(ingress: &Ingress) -> impl Iterator<Item = (String, &IngressBackend)> {
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
