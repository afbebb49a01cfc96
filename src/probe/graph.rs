//! `graph`: what an object is tied to, one line for each tie: who owns it, what it owns, what it names and whether that is there, what
//! selects it, leads to it, scales it and uses it. What could not be read is said.

use super::allowed::Allowed;
use super::around::{self, Around};
use super::beyond;
use super::bounds::TIES;
use super::described::{owners, referred};
use super::masking::{Late, beside};
use super::outcome::{Length, Outcome};
use crate::domain::field::FieldPath;
use crate::domain::kind::Kind;
use crate::domain::masked::Masked;
use crate::domain::object::{Namespace, ObjectRef};
use crate::domain::snapshot::Resource;
use crate::facts::labels::{Selector, any_selector, matches};
use crate::facts::network::policies;
use crate::facts::references::references;
use crate::facts::{Facts, addresses, ingresses, selected};
use crate::ports::{ClusterRead, ReadError};
use jiff::Timestamp;
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use k8s_openapi::api::core::v1::{Pod, Service};
use k8s_openapi::api::networking::v1::{Ingress, NetworkPolicy};
use k8s_openapi::api::policy::v1::PodDisruptionBudget;

/// What is read around it: whatever can own it, be owned, select, lead, scale or use.
const AROUND: [Kind; 13] = [
    Kind::Pod,
    Kind::Deployment,
    Kind::ReplicaSet,
    Kind::StatefulSet,
    Kind::DaemonSet,
    Kind::Job,
    Kind::CronJob,
    Kind::Service,
    Kind::EndpointSlice,
    Kind::Ingress,
    Kind::HorizontalPodAutoscaler,
    Kind::PodDisruptionBudget,
    Kind::NetworkPolicy,
];

/// Of other objects of the cluster only what they name themselves, and who owns them, is known.
const NOT_LOOKED_FOR: &str = "it is in no namespace: what uses it, claims it or runs on it was not looked for, and may be there";
/// What uses a volume or a class may name it in ways that are not read: by being the default, or in a template that nothing came of yet.
const NOT_ALL: &str = "nothing that was read names it; what uses it in another way was not looked for, and may be there";
/// Behind what selects by more than labels.
const MAY: &str = ": it may, since it selects by expressions, which were not evaluated";

pub(super) async fn ties(
    object: &ObjectRef,
    length: Length,
    read: &dyn ClusterRead,
    allowed: Allowed,
    now: Timestamp,
) -> Result<Outcome, ReadError> {
    let value = read.get(object).await?;
    let above = owners(&value, object, read).await;
    let names = referred(&value, object, read, allowed).await.lines;
    let around = match &object.namespace {
        Some(namespace) => Some(around::read(&AROUND, Some(namespace), read, now).await?.with(object, value)),
        None => match beyond::requests(object, &value) {
            Some(requests) => Some(around::of(requests, None, read, now).await?.with(object, value)),
            None => None,
        },
    };
    let object = object.clone();
    let text = beside(move || Masked::whole(&laid_out(&object, above, names, around.as_ref()))).await;
    Ok(text.map_or_else(|Late| Outcome::late(), |text| Outcome::seen(&text, length, None, "`graph` or `describe` one of them")))
}

fn laid_out(object: &ObjectRef, above: Vec<String>, names: Vec<String>, around: Option<&Around>) -> String {
    let mut parts = vec![object.to_string()];
    // What is missing stands before what is long: only the end of a text is ever cut.
    parts.extend(match around {
        Some(around) => around.in_words(),
        None => Some(NOT_LOOKED_FOR.to_owned()),
    });
    let mut part = |head: &str, lines: Vec<String>| {
        let more = lines.len().saturating_sub(TIES);
        if !lines.is_empty() {
            let rest = (more > 0).then(|| format!("and {more} more"));
            let told: Vec<String> = lines.into_iter().take(TIES).chain(rest).collect();
            parts.push(format!("{head}:\n{}", told.join("\n")));
        }
    };
    part("owned by, the nearest first", above);
    if let Some(around) = around {
        let facts = Facts::of(&around.snapshot);
        part("owns", below(object, &facts));
        part("names", names);
        part("selects Pods", selects(object, &facts));
        if let (Some(labels), Some(namespace)) = (labels_of(object, &facts), &object.namespace) {
            part("selected by", selecting(&labels, namespace, &facts));
        }
        part("led to by", leading(object, &facts));
        part("scaled by", scaling(object, &facts));
        part("used by", using(object, &facts));
        for (head, lines) in beyond::parts(object, &facts) {
            part(head, lines);
        }
    } else {
        part("names", names);
    }
    if parts.len() == 1 {
        let all = object.namespace.is_some() || object.kind == Kind::Node;
        parts.push(if all { "nothing that was read is tied to it" } else { NOT_ALL }.to_owned());
    }
    parts.join("\n\n")
}

/// What it owns, and what that owns: each below its owner.
fn below(object: &ObjectRef, facts: &Facts<'_>) -> Vec<String> {
    let all = facts.owners().owned();
    let mut lines = Vec::new();
    let mut open: Vec<(&ObjectRef, usize)> = all.get(object).into_iter().flatten().rev().map(|child| (*child, 0)).collect();
    // Objects that own one another have no end, so each is told once.
    let mut told: std::collections::BTreeSet<&ObjectRef> = std::collections::BTreeSet::new();
    while let Some((child, depth)) = open.pop() {
        if child == object || !told.insert(child) {
            continue;
        }
        lines.push(format!("{}{child}{}", "  ".repeat(depth), state(child, facts)));
        open.extend(all.get(child).into_iter().flatten().rev().map(|next| (*next, depth.saturating_add(1))));
    }
    lines
}

/// How many Pods of it are ready, where it runs any; whether a Pod is.
fn state(object: &ObjectRef, facts: &Facts<'_>) -> String {
    if let Some(pod) = facts.find::<Pod>(object) {
        return format!(": {}", super::endpoints::condition(pod));
    }
    facts.workload(object).map(|w| format!(": {} of {} ready", w.ready, w.desired)).unwrap_or_default()
}

/// The labels by which its Pods are selected: its own, or its template's.
fn labels_of(object: &ObjectRef, facts: &Facts<'_>) -> Option<Selector> {
    let pod = facts.find::<Pod>(object).map(|pod| pod.metadata.labels.clone().unwrap_or_default());
    pod.or_else(|| facts.workload(object).map(|workload| workload.pod_labels.clone()))
}

fn selects(object: &ObjectRef, facts: &Facts<'_>) -> Vec<String> {
    let namespace = object.namespace.as_ref().map(Namespace::as_str).unwrap_or_default();
    let Some(selector) = facts.find::<Service>(object).and_then(any_selector) else { return Vec::new() };
    selected::pods_selected(facts, namespace, selector)
        .map(|pod| format!("{}{}", pod.reference(), state(&pod.reference(), facts)))
        .collect()
}

fn selecting(labels: &Selector, namespace: &Namespace, facts: &Facts<'_>) -> Vec<String> {
    let services = selected::services_of(facts, namespace.as_str(), labels)
        .map(|service| format!("{}: {}", service.reference(), addresses::in_words(facts.ready_addresses(&service.reference()))));
    let may = |plain: bool| if plain { "" } else { MAY };
    let bound = facts.all_in::<NetworkPolicy>(namespace).filter(|policy| policies::may_select(policy, Some(labels)));
    let bound = bound.map(|policy| format!("{}{}", policy.reference(), may(policies::is_plain(policy))));
    let budgets = facts.all_in::<PodDisruptionBudget>(namespace).filter_map(|budget| {
        // One without a selector selects nothing, and one with an empty selector everything.
        let selector = budget.spec.as_ref()?.selector.as_ref()?;
        let by_labels = selector.match_labels.as_ref().is_none_or(|wanted| matches(wanted, Some(labels)));
        let plain = selector.match_expressions.as_ref().is_none_or(Vec::is_empty);
        by_labels.then(|| format!("{}{}", budget.reference(), may(plain)))
    });
    services.chain(bound).chain(budgets).collect()
}

fn leading(object: &ObjectRef, facts: &Facts<'_>) -> Vec<String> {
    let Some(namespace) = object.namespace.as_ref() else { return Vec::new() };
    if object.kind != Kind::Service {
        return Vec::new();
    }
    let leads = facts.all_in::<Ingress>(namespace).filter(|ingress| ingresses::services(ingress).any(|name| name == object.name));
    leads.map(|ingress| ingress.reference().to_string()).collect()
}

fn scaling(object: &ObjectRef, facts: &Facts<'_>) -> Vec<String> {
    let Some(namespace) = object.namespace.as_ref() else { return Vec::new() };
    let scales = |scaler: &&HorizontalPodAutoscaler| {
        let target = &scaler.spec.scale_target_ref;
        target.kind == object.kind.name() && target.name == object.name
    };
    facts.all_in::<HorizontalPodAutoscaler>(namespace).filter(scales).map(|scaler| scaler.reference().to_string()).collect()
}

/// Workloads, and Pods that nobody owns, whose template names it.
fn using(object: &ObjectRef, facts: &Facts<'_>) -> Vec<String> {
    let names = |spec| references(spec, &FieldPath::root()).into_iter().any(|r| r.kind == object.kind && r.name == object.name);
    let here = facts.workloads().filter(|workload| workload.object.namespace == object.namespace);
    here.filter(|workload| workload.object != *object && names(workload.pod_spec)).map(|workload| workload.object.to_string()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::issue::Scope;
    use crate::domain::snapshot::{Cluster, Snapshot};
    use serde_json::{Value, json};

    fn around(budgets: Vec<Value>) -> Around {
        let mut snapshot = Snapshot::empty(Cluster::default(), Scope::All, Timestamp::UNIX_EPOCH);
        let pod = json!({"metadata": {"name": "web-0", "namespace": "shop", "labels": {"app": "web"}}, "spec": {"containers": []}});
        snapshot.add(&Kind::Pod, vec![pod], true);
        snapshot.add(&Kind::PodDisruptionBudget, budgets, true);
        Around { snapshot, missing: vec!["services: not all of them were read".to_owned()] }
    }

    #[test]
    fn budget_that_may_select_a_pod_is_told_whatever_it_selects_by() {
        let budget = |name: &str, spec: Value| json!({"metadata": {"name": name, "namespace": "shop"}, "spec": spec});
        let expression = json!({"matchExpressions": [{"key": "app", "operator": "Exists"}]});
        let budgets = vec![
            budget("all", json!({"selector": {}})),
            budget("some", json!({"selector": expression})),
            budget("own", json!({"selector": {"matchLabels": {"app": "web"}}})),
            budget("other", json!({"selector": {"matchLabels": {"app": "db"}}})),
            budget("none", json!({"minAvailable": 1})),
        ];
        let pod = ObjectRef::namespaced(Kind::Pod, &Namespace::parse("shop").unwrap(), "web-0");
        let text = laid_out(&pod, Vec::new(), Vec::new(), Some(&around(budgets)));
        let some = format!("PodDisruptionBudget shop/some{MAY}");
        for line in ["PodDisruptionBudget shop/all", &some, "PodDisruptionBudget shop/own"] {
            assert!(text.lines().any(|told| told == line), "{line}: {text}");
        }
        assert!(!text.contains("shop/other") && !text.contains("shop/none"), "{text}");
        assert!(text.starts_with("Pod shop/web-0\n\nNot everything could be read"), "what is missing is told first: {text}");
    }

    #[test]
    fn of_what_is_in_no_namespace_nothing_is_denied() {
        let named = ObjectRef::cluster(Kind::Namespace, "shop");
        let text = laid_out(&named, Vec::new(), Vec::new(), None);
        assert!(text.contains(NOT_LOOKED_FOR) && !text.contains("nothing that was read is tied to it"), "{text}");
    }

    #[test]
    fn of_a_volume_or_a_class_no_use_is_denied_that_was_not_looked_for() {
        let read = || Around { snapshot: Snapshot::empty(Cluster::default(), Scope::All, Timestamp::UNIX_EPOCH), missing: Vec::new() };
        for kind in [Kind::PersistentVolume, Kind::IngressClass, Kind::StorageClass] {
            let text = laid_out(&ObjectRef::cluster(kind, "disk"), Vec::new(), Vec::new(), Some(&read()));
            assert!(text.contains("may be there") && !text.ends_with("nothing that was read is tied to it"), "{text}");
        }
        let text = laid_out(&ObjectRef::cluster(Kind::Node, "n1"), Vec::new(), Vec::new(), Some(&read()));
        assert!(text.ends_with("nothing that was read is tied to it"), "{text}");
    }
}
