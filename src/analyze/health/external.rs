//! Services that only stand for another name: an address is no name, and a name of this cluster must lead to something.

use super::Judgement;
use crate::domain::kind::Kind;
use crate::domain::object::{Namespace, ObjectRef};
use crate::facts::{Facts, addresses, behind, unread};
use k8s_openapi::api::core::v1::Service;

/// How a Service is that stands for this name.
pub(crate) fn judge(facts: &Facts<'_>, name: &str) -> Judgement {
    let name = name.trim_end_matches('.');
    if name.is_empty() {
        return Judgement::Wrong("is an ExternalName without a name".to_owned());
    }
    if is_address(name) {
        return Judgement::Wrong(format!(
            "is an ExternalName for `{name}`, which is an address: DNS answers with it as a name that nothing has"
        ));
    }
    let Some(target) = inside(name) else {
        let what = format!("is an ExternalName for `{name}`: it needs no endpoints, and whether that name answers is not checked");
        return if facts.snapshot().words.asks(&Kind::NetworkPolicy) { Judgement::Unknown(what) } else { Judgement::Well(what) };
    };
    let leads = format!("is an ExternalName that leads to {target}");
    let scope = facts.scope().namespaces();
    let is_in_scope = scope.is_empty() || target.namespace.as_ref().is_some_and(|n| scope.contains(n));
    match facts.find::<Service>(&target) {
        None if !is_in_scope => Judgement::Unknown(format!("{leads}, in a namespace that was not checked")),
        None if facts.is_whole(&Kind::Service) => Judgement::Wrong(format!("{leads}, which does not exist")),
        None => Judgement::Unknown(format!("{leads}, and services {}", unread::how(&Kind::Service, facts.snapshot()))),
        Some(found) if found.spec.as_ref().and_then(|s| s.type_.as_deref()) == Some("ExternalName") => {
            Judgement::Well(format!("{leads}, which is an ExternalName too"))
        }
        Some(_) if behind::is_idle(&target, facts) => Judgement::Idle(format!("{leads}, behind which everything is scaled to zero")),
        Some(_) => match facts.ready_addresses(&target) {
            0 => Judgement::Unknown(format!("{leads}, which has no ready endpoints")),
            n => Judgement::Well(format!("{leads}, which has {}", addresses::in_words(n))),
        },
    }
}

/// Whether it is an address. A name has no colon, and no name ends in a number: such an ending is what tells an address from a name.
fn is_address(name: &str) -> bool {
    name.contains(':') || name.rsplit('.').next().is_some_and(|last| !last.is_empty() && last.bytes().all(|b| b.is_ascii_digit()))
}

/// The Service of this cluster that a name is for: `payments.shop.svc.cluster.local`.
fn inside(name: &str) -> Option<ObjectRef> {
    let mut parts = name.split('.');
    let (service, namespace, svc) = (parts.next()?, parts.next()?, parts.next()?);
    let namespace = Namespace::parse(namespace).ok().filter(|_| svc == "svc")?;
    Some(ObjectRef::namespaced(Kind::Service, &namespace, service))
}

#[cfg(test)]
mod tests {
    use crate::analyze::testing::{World, cluster, deployment};
    use crate::domain::issue::Scope;
    use crate::domain::kind::Kind;
    use serde_json::json;

    fn external(name: &str) -> World {
        let spec = json!({"spec": {"type": "ExternalName", "externalName": name, "selector": null}});
        cluster()
            .app(deployment("web"))
            .service("web", json!({"app": "web"}))
            .yaml("{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: web-1, labels: {kubernetes.io/service-name: web}}, addressType: IPv4, endpoints: [{addresses: ['10.0.0.9']}], ports: [{port: 8080}]}")
            .service("payments", json!({}))
            .edit("Service", "payments", spec)
    }

    #[test]
    fn external_name_that_leads_nowhere_is_not_healthy() {
        let wrong = |world: World, part: &str| assert!(world.wrong().iter().any(|w| w.contains(part)), "{part}: {:?}", world.diagnosis());
        wrong(external("10.0.0.5"), "which is an address");
        wrong(external("gone.a-team.svc.cluster.local"), "which does not exist");
        wrong(external("payments.nowhere.svc.cluster.local").everywhere(Scope::All), "Service nowhere/payments, which does not exist");
        let doubts = external("payments.nowhere.svc.cluster.local").doubts();
        assert!(doubts.iter().any(|d| d.contains("in a namespace that was not checked")), "{doubts:?}");
        let hidden = external("gone.a-team.svc.cluster.local").hiding(Kind::Service).doubts();
        assert!(!hidden.iter().any(|d| d.contains("does not exist")), "{hidden:?}");
        let empty = external("idle.a-team.svc").service("idle", json!({"app": "gone"}));
        let said = format!("{:?}", empty.diagnosis().doubts);
        assert!(said.contains("which has no ready endpoints"), "{said}");
    }

    #[test]
    fn external_name_that_leads_to_something_is_healthy() {
        assert!(external("web.a-team.svc.cluster.local.").is_healthy(), "{:?}", external("web.a-team.svc.cluster.local.").diagnosis());
        assert!(external("db.example").is_healthy());
        let doubts = external("db.example").said("payments cannot connect").doubts();
        assert!(doubts.iter().any(|d| d.contains("whether that name answers is not checked")), "{doubts:?}");
    }
}
