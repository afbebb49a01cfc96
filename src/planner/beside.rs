//! What a value that somebody states has to fit besides its form: the other fields of its object, and what is there around it. Of each kind
//! that has such fields: an autoscaler's bounds, what a budget keeps, where an Ingress leads, and how large a claim is.

use super::outline::seen;
use super::refusal::Refusal;
use super::templates::after;
use crate::domain::action::{Action, FieldOp};
use crate::domain::field::{FieldPath, Segment};
use crate::domain::form::percent;
use crate::domain::kind::Kind;
use crate::domain::object::{Namespace, ObjectRef};
use crate::domain::resource::Resource;
use crate::domain::risk::Risk;
use crate::domain::secrets::holds_one;
use crate::domain::visible::escaped;
use crate::facts::{Facts, focus, ingresses, labels, selected};
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use k8s_openapi::api::core::v1::{PersistentVolumeClaim, Service};
use k8s_openapi::api::networking::v1::{Ingress, IngressBackend};
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use k8s_openapi::api::storage::v1::StorageClass;
use serde_json::Value;

/// Why the values do not fit; nothing where they do. `about`: what suffers, that the change is for.
pub(super) fn refused(change: &Action, about: &[&ObjectRef], facts: &Facts<'_>) -> Option<Refusal> {
    let Action::Patch { target, ops } = change else { return None };
    let ops: Vec<FieldOp> = ops.iter().cloned().collect();
    match target.kind {
        Kind::HorizontalPodAutoscaler => bounds(&changed(change, &ops, facts)?),
        Kind::PodDisruptionBudget => budget(target, &changed(change, &ops, facts)?, facts),
        Kind::Ingress => {
            let now = seen(change, facts).ok().flatten()?.value;
            routes(&now, &after(&now, &ops)?, &ops, target.namespace.as_ref()?, about, facts)
        }
        Kind::PersistentVolumeClaim => growth(target, facts),
        _ => None,
    }
    .map(Refusal::Stated)
}

/// The object as it would be.
fn changed(change: &Action, ops: &[FieldOp], facts: &Facts<'_>) -> Option<Value> {
    let now = seen(change, facts).ok().flatten()?;
    after(&now.value, ops)
}

fn number(object: &Value, pointer: &str) -> Option<u64> {
    object.pointer(pointer).and_then(Value::as_u64)
}

fn bounds(after: &Value) -> Option<String> {
    let (least, most) = (number(after, "/spec/minReplicas").unwrap_or(1), number(after, "/spec/maxReplicas").unwrap_or(0));
    (least > most).then(|| format!("`minReplicas` would be {least} and `maxReplicas` {most}"))
}

/// How many of these Pods may be away at once: what a share does not divide evenly is rounded up, as its controller does.
fn may_go(budget: &Value, of: u64) -> Option<u64> {
    let count = |value: &Value| match value {
        Value::String(share) => percent(share).map(|percent| percent.saturating_mul(of).div_ceil(100)),
        number => number.as_u64(),
    };
    let keeps = budget.pointer("/spec/minAvailable").and_then(count).map(|kept| of.saturating_sub(kept));
    keeps.or_else(|| budget.pointer("/spec/maxUnavailable").and_then(count))
}

/// A budget that keeps nothing protects nothing, and one that lets nothing go stops every drain.
fn budget(target: &ObjectRef, after: &Value, facts: &Facts<'_>) -> Option<String> {
    let found = facts.find::<PodDisruptionBudget>(target)?;
    let of = found.status.as_ref().and_then(|status| status.expected_pods).and_then(|of| u64::try_from(of).ok()).unwrap_or(0);
    if of < 2 {
        return Some(format!("{target} is for {of} Pods, so no value keeps one and lets one go: more replicas do"));
    }
    let goes = may_go(after, of)?;
    (goes == 0 || goes >= of)
        .then(|| format!("of {of} Pods it would let {goes} go at once: at least one has to stay, and at least one to go"))
}

/// A path of an Ingress that is led elsewhere, or its default backend.
struct Move {
    /// Which one, in words.
    from: String,
    /// Where it leads now.
    was: IngressBackend,
    /// Where it would lead.
    becomes: IngressBackend,
}

/// Each path that is led elsewhere, once; none where one of the fields is of no backend, before or after.
fn moves(now: &Value, after: &Value, ops: &[FieldOp]) -> Option<Vec<Move>> {
    let of = |op: &FieldOp| {
        let steps = op.path.segments();
        let at = steps.iter().position(|step| matches!(step, Segment::Key(name) if name == "service"))?;
        let first = |count: usize| FieldPath::from_segments(steps.iter().take(count).cloned());
        let text = |count: usize, member: &str| {
            let found = first(count).locate(now)?.current?;
            found.get(member).and_then(Value::as_str).map(str::to_owned)
        };
        let is_default = matches!(steps.get(1), Some(Segment::Key(name)) if name == "defaultBackend");
        // `spec.rules[0]` has the host, and what the backend is a member of the path.
        let path = format!("{}{}", text(3, "host").unwrap_or_default(), text(at.saturating_sub(1), "path").unwrap_or("/".to_owned()));
        let from = if is_default {
            "the default backend".to_owned()
        } else if holds_one(&path) {
            // Some hooks have a token in their path.
            format!("path `{}`", first(at.saturating_sub(1)))
        } else {
            format!("path `{}`", escaped(&path))
        };
        let backend = |object: &Value| backend(&first(at).locate(object)?.current?);
        Some((first(at), Move { from, was: backend(now)?, becomes: backend(after)? }))
    };
    let mut all: Vec<(FieldPath, Move)> = Vec::new();
    for op in ops {
        let (place, one) = of(op)?;
        if !all.iter().any(|(known, _)| *known == place) {
            all.push((place, one));
        }
    }
    Some(all.into_iter().map(|(_, one)| one).collect())
}

/// A backend as it is written; none where it is none that an API server takes.
fn backend(value: &Value) -> Option<IngressBackend> {
    let set = |value: Option<&'_ Value>| value.filter(|value| !value.is_null()).cloned();
    let Some(service) = set(value.get("service")) else { return Some(IngressBackend { resource: None, service: None }) };
    let port = |field: &str| set(service.pointer(&format!("/port/{field}")));
    let number = match port("number") {
        Some(number) => Some(i32::try_from(number.as_i64()?).ok()?),
        None => None,
    };
    let name = match port("name") {
        Some(name) => Some(name.as_str()?.to_owned()),
        None => None,
    };
    let port = k8s_openapi::api::networking::v1::ServiceBackendPort { name, number };
    let name = service.get("name")?.as_str()?.to_owned();
    let service = k8s_openapi::api::networking::v1::IngressServiceBackend { name, port: Some(port) };
    Some(IngressBackend { resource: None, service: Some(service) })
}

/// What is wrong with a backend, so that nothing is known to answer there; nothing where its Service has the port and a ready address.
fn without_answer(backend: &IngressBackend, namespace: &Namespace, facts: &Facts<'_>) -> Option<String> {
    let Some(wanted) = &backend.service else { return Some("no Service is named".to_owned()) };
    let object = ObjectRef::namespaced(Kind::Service, namespace, &wanted.name);
    let Some(found) = facts.find::<Service>(&object) else {
        let unread = !facts.is_whole(&Kind::Service);
        return Some(if unread { format!("whether {object} exists could not be read") } else { format!("{object} does not exist") });
    };
    let port = wanted.port.clone().unwrap_or_default();
    let fits = |has: &k8s_openapi::api::core::v1::ServicePort| {
        port.number.map_or(has.name.is_some() && has.name == port.name, |number| number == has.port)
    };
    if !found.spec.iter().flat_map(|spec| spec.ports.iter().flatten()).any(fits) {
        return Some(format!("{object} has no port `{}`", port_of(backend)));
    }
    let ready = facts.is_whole(&Kind::EndpointSlice) && facts.ready_addresses(&object) > 0;
    (!ready).then(|| format!("no address of {object} is known to be ready, so nothing would answer there"))
}

/// A path leads only to what is ready, and only where what it leads to now is not.
fn routes(now: &Value, after: &Value, ops: &[FieldOp], namespace: &Namespace, about: &[&ObjectRef], facts: &Facts<'_>) -> Option<String> {
    let Some(moves) = moves(now, after, ops) else {
        return Some("a backend of an Ingress is the name of a Service with the number of its port, or with its name".to_owned());
    };
    moves.into_iter().find_map(|Move { from, was, becomes }| {
        if let Some(why) = without_answer(&becomes, namespace, facts) {
            return Some(why);
        }
        let named = |backend: &IngressBackend| {
            backend.service.as_ref().map(|service| ObjectRef::namespaced(Kind::Service, namespace, &service.name))
        };
        let new = named(&becomes)?;
        if facts.find::<Service>(&new).is_some_and(|found| labels::any_selector(found).is_none()) {
            return Some(format!("{new} has no selector, so who is behind it is not known"));
        }
        let outside = |service: &Service| service.spec.as_ref().is_some_and(|spec| spec.external_name.is_some());
        if let Some(old) = named(&was).filter(|old| facts.find::<Service>(old).is_some_and(outside)) {
            return Some(format!("{from} leads to {old}, which is outside the cluster: whether it answers there is not known"));
        }
        let old = named(&was).filter(|_| without_answer(&was, namespace, facts).is_none())?;
        let ready = facts.ready_addresses(&old);
        (!is_ill(&old, about, facts)).then(|| {
            format!("{from} leads to {old}, of which {ready} addresses are ready and nothing is found wrong: it is not led elsewhere")
        })
    })
}

/// Whether something that suffers is this Service, or a Pod or workload behind it.
fn is_ill(service: &ObjectRef, about: &[&ObjectRef], facts: &Facts<'_>) -> bool {
    let selector = facts.find::<Service>(service).and_then(labels::any_selector);
    let behind = selector.zip(service.namespace.as_ref()).map(|(selector, here)| {
        let pods = selected::pods_selected(facts, here.as_str(), selector).map(Resource::reference);
        let workloads = selected::workloads_selected(facts, here.as_str(), selector).map(|workload| workload.object.clone());
        pods.chain(workloads).collect::<Vec<_>>()
    });
    about.iter().any(|object| *object == service || behind.iter().flatten().any(|one| one == *object))
}

/// Only a volume that is there, of a class that says that it can.
fn growth(target: &ObjectRef, facts: &Facts<'_>) -> Option<String> {
    let claim = facts.find::<PersistentVolumeClaim>(target)?;
    if claim.status.as_ref().and_then(|status| status.phase.as_deref()) != Some("Bound") {
        return Some(format!("{target} is not Bound, and only a volume that exists can grow"));
    }
    let name = claim.spec.as_ref().and_then(|spec| spec.storage_class_name.as_deref()).filter(|name| !name.is_empty());
    let Some(name) = name else { return Some(format!("{target} has no StorageClass, which would have to let its volume grow")) };
    let class = ObjectRef::cluster(Kind::StorageClass, name);
    let Some(found) = facts.find::<StorageClass>(&class) else {
        let unread = !facts.is_whole(&Kind::StorageClass);
        return Some(if unread {
            format!("whether {class} lets volumes grow could not be read")
        } else {
            format!("{class} does not exist")
        });
    };
    (found.allow_volume_expansion != Some(true)).then(|| format!("{class} does not let volumes grow (`allowVolumeExpansion`)"))
}

/// What scales a workload and what keeps its Pods belong to it.
pub(super) fn of(object: &ObjectRef, namespace: &Namespace, facts: &Facts<'_>) -> Vec<ObjectRef> {
    let Some(workload) = facts.workload(object) else { return Vec::new() };
    let scales = |autoscaler: &&HorizontalPodAutoscaler| focus::target(autoscaler).as_ref() == Some(object);
    let scaling = facts.all_in::<HorizontalPodAutoscaler>(namespace).filter(scales).map(Resource::reference);
    let keeps =
        |budget: &&PodDisruptionBudget| selects(budget).is_some_and(|selector| labels::matches(selector, Some(workload.pod_labels)));
    scaling.chain(facts.all_in::<PodDisruptionBudget>(namespace).filter(keeps).map(Resource::reference)).collect()
}

/// By labels alone: where it has expressions, too, whom it is for is not followed here.
fn selects(budget: &PodDisruptionBudget) -> Option<&labels::Selector> {
    let selector = budget.spec.as_ref()?.selector.as_ref()?;
    selector.match_labels.as_ref().filter(|labels| !labels.is_empty() && selector.match_expressions.is_none())
}

/// The workloads that have to run for an autoscaler or a budget to be well.
pub(super) fn behind(object: &ObjectRef, facts: &Facts<'_>) -> Vec<ObjectRef> {
    let scaled = facts.find::<HorizontalPodAutoscaler>(object).and_then(focus::target);
    let selector = facts.find::<PodDisruptionBudget>(object).and_then(selects);
    let kept = selector.zip(object.namespace.as_ref()).into_iter().flat_map(|(selector, namespace)| {
        crate::facts::selected::workloads_selected(facts, namespace.as_str(), selector).map(|workload| workload.object.clone())
    });
    scaled.into_iter().filter(|target| facts.workload(target).is_some()).chain(kept).collect()
}

/// Services that have to be reached for the change to have helped: the one that it changes or creates, and those that an Ingress gets.
pub(super) fn services(change: &Action, facts: &Facts<'_>) -> Vec<ObjectRef> {
    let target = change.target();
    let (Kind::Ingress, Action::Patch { ops, .. }, Some(namespace)) = (&target.kind, change, &target.namespace) else {
        return if target.kind == Kind::Service { vec![target.clone()] } else { Vec::new() };
    };
    let ops: Vec<FieldOp> = ops.iter().cloned().collect();
    let Some(now) = seen(change, facts).ok().flatten() else { return Vec::new() };
    let after = after(&now.value, &ops);
    let backends = after.iter().filter_map(|after| moves(&now.value, after, &ops)).flatten().filter_map(|one| one.becomes.service);
    backends.map(|service| ObjectRef::namespaced(Kind::Service, namespace, &service.name)).collect()
}

/// Whether it leads somebody to a Service that nobody was led to: that this one has addresses is what it is for.
pub(super) fn leads_to_a_service(change: &Action) -> bool {
    let target = change.target();
    target.kind == Kind::Ingress || (target.kind == Kind::Service && matches!(change, Action::Create { .. }))
}

/// What else the change of such an object does, with its least risk.
pub(super) fn at_stake(change: &Action, facts: &Facts<'_>) -> Option<(Risk, String)> {
    let Action::Patch { target, ops } = change else { return None };
    let ops: Vec<FieldOp> = ops.iter().cloned().collect();
    match target.kind {
        Kind::HorizontalPodAutoscaler => {
            let (now, after) = (seen(change, facts).ok().flatten()?.value, changed(change, &ops, facts)?);
            let lower = |field: &str| number(&after, field) < number(&now, field);
            // How many run, where that is known.
            let current = number(&now, "/status/currentReplicas");
            let fewer = lower("/spec/maxReplicas") && current.is_none_or(|current| number(&after, "/spec/maxReplicas") < Some(current));
            let risk = if fewer || lower("/spec/minReplicas") { Risk::High } else { Risk::Medium };
            let some = lower("/spec/minReplicas") || lower("/spec/maxReplicas");
            let known = current.map_or_else(|| "how many run is not known".to_owned(), |current| format!("{current} are asked for now"));
            some.then(|| (risk, format!("fewer replicas than now may run then: {known}")))
        }
        Kind::PodDisruptionBudget => {
            let (now, after) = (seen(change, facts).ok().flatten()?.value, changed(change, &ops, facts)?);
            let of = number(&now, "/status/expectedPods")?;
            let (before, then) = (may_go(&now, of).unwrap_or(0), may_go(&after, of)?);
            (then > before).then(|| {
                (
                    Risk::High,
                    format!(
                        "drains and evictions may end {then} of its {of} Pods at once then, and {before} now, and nothing else keeps them"
                    ),
                )
            })
        }
        Kind::Ingress => {
            let now = seen(change, facts).ok().flatten()?.value;
            let after = after(&now, &ops)?;
            let namespace = target.namespace.as_ref()?;
            // Another host or Ingress that leads there may ask for a password, or be reached from inside alone: nobody knows here.
            let own: Vec<&IngressBackend> =
                facts.find::<Ingress>(target).into_iter().flat_map(ingresses::backends).map(|(_, known)| known).collect();
            let led = |backend: &IngressBackend| {
                facts.all_in::<Ingress>(namespace).flat_map(ingresses::backends).any(|(_, known)| known == backend)
            };
            let said = moves(&now, &after, &ops)?.into_iter().filter_map(|Move { from, was, becomes }| {
                let known = match (own.contains(&&becomes), led(&becomes)) {
                    (true, _) => "where another path of it leads now",
                    (false, true) => "where another Ingress of the namespace leads now",
                    (false, false) => "where no Ingress of the namespace leads now",
                };
                let now =
                    in_words(&was).map_or_else(|| "no Service".to_owned(), |now| format!("{now}, {}", stands(&was, namespace, facts)));
                Some(format!("{from} leads to {now}, and would lead to {}, {known}", in_words(&becomes)?))
            });
            let said: Vec<String> = said.collect();
            (!said.is_empty()).then(|| {
                let said = said.join("; ");
                (
                    Risk::High,
                    format!(
                        "{said}; who is let in by this Ingress reaches what its paths lead to then, and no longer what they lead to now"
                    ),
                )
            })
        }
        Kind::PersistentVolumeClaim => {
            Some((Risk::Medium, "a volume never shrinks again, and its Pod may have to be restarted to see the new size".to_owned()))
        }
        _ => None,
    }
}

/// How what a path leads to now stands.
fn stands(backend: &IngressBackend, namespace: &Namespace, facts: &Facts<'_>) -> String {
    let service = backend.service.iter().map(|service| ObjectRef::namespaced(Kind::Service, namespace, &service.name)).next();
    match service.filter(|service| facts.has(service)) {
        Some(service) => format!("{} of whose addresses are ready now", facts.ready_addresses(&service)),
        None => "which does not exist".to_owned(),
    }
}

fn port_of(backend: &IngressBackend) -> String {
    let port = backend.service.as_ref().and_then(|service| service.port.as_ref());
    port.and_then(|port| port.number.map(|number| number.to_string()).or_else(|| port.name.clone())).unwrap_or_default()
}

fn in_words(backend: &IngressBackend) -> Option<String> {
    Some(format!("port `{}` of Service `{}`", port_of(backend), backend.service.as_ref()?.name))
}
