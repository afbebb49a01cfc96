//! Services that select nothing and are near to something, and what speaks against the change.

use super::super::quote;
use super::behind::{has_template, is_going, makers, owner, unproved};
use super::foreign::Foreign;
use super::likely::Likely;
use super::near::{Near, Reasoned, Right, against, meant, misses_by_one, rival};
use super::run_time::{is_given, is_of_a_role};
use crate::domain::object::{Namespace, ObjectRef};
use crate::domain::snapshot::Resource;
use crate::facts::labels::{self, Selector};
use crate::facts::{Facts, pods, selected};
use k8s_openapi::api::core::v1::Service;

/// A Service that selects nothing, and what it is near to.
#[derive(Debug)]
pub(super) struct Missing<'a> {
    pub(super) object: ObjectRef,
    pub(super) wanted: &'a Selector,
    pub(super) near: Vec<Near<'a>>,
    /// Its own address is none: it names Pods.
    pub(super) headless: bool,
    /// Ports to which it leads, and of which nothing shows that the Pods that were meant listen there.
    pub(super) unproved: Vec<i32>,
    /// Why nothing is changed, where that is so.
    pub(super) doubt: Option<String>,
}

impl Missing<'_> {
    /// What the corrected selector would not set right, as a sentence behind others.
    pub(super) fn unproved_in_words(&self) -> String {
        let ports: Vec<String> = self.unproved.iter().map(ToString::to_string).collect();
        if ports.is_empty() {
            return String::new();
        }
        format!(
            " The Service leads to port {}, which no container of these Pods declares and no readiness probe asks: whether anything listens there is not known, and more than the selector can be wrong.",
            quote::joined(&ports, "and")
        )
    }
}

/// All of them.
pub(super) fn all<'a>(facts: &'a Facts<'a>) -> impl Iterator<Item = Missing<'a>> {
    let (likely, foreign) = (Likely::of(facts), Foreign::of(facts));
    facts.all::<Service>().filter_map(move |service| missing(facts, &likely, &foreign, service))
}

fn missing<'a>(facts: &'a Facts<'a>, likely: &Likely<'a>, foreign: &Foreign<'a>, service: &'a Service) -> Option<Missing<'a>> {
    let wanted = labels::any_selector(service).filter(|_| service.metadata.deletion_timestamp.is_none())?;
    let object = service.reference();
    let namespace = object.namespace.as_ref()?;
    let outside = service.spec.as_ref().is_some_and(|s| s.type_.as_deref() == Some("ExternalName"));
    let selects_nothing = selected::pods_selected(facts, namespace.as_str(), wanted).all(pods::has_ended);
    if outside || !selects_nothing || has_template(facts, namespace, wanted) {
        return None;
    }
    let found = meant(facts, likely, service, namespace, wanted);
    let Reasoned { near, vague, .. } = &found;
    // A label that Pods are given while they run is in no template, and no fault of the selector.
    if near.is_empty() || near.iter().any(|n| !n.is_renamed() && is_given(facts, n)) {
        return None;
    }
    let doubt = match near.as_slice() {
        [one] if !vague => doubt(facts, service, namespace, wanted, one).or_else(|| {
            let rival = rival(facts, foreign, service, namespace, wanted, &found)?;
            Some(format!("the Pods of {} may be meant as well", rival.in_words()))
        }),
        [one] => Some(format!("only a port or a part of its name speaks for {}", one.workload.object.in_words())),
        _ => Some("nothing in the cluster tells which Pods were meant".to_owned()),
    };
    let headless = service.spec.as_ref().is_some_and(|s| s.cluster_ip.as_deref() == Some("None"));
    // Names of a headless Service lead to any port.
    let unproved = match near.as_slice() {
        [one] if !headless => unproved(service, one.workload.pod_spec),
        _ => Vec::new(),
    };
    Some(Missing { object, wanted, near: found.near, headless, unproved, doubt })
}

/// Whether another Service wants the same wrong value of the same workload, and nothing speaks against correcting it there.
fn is_proved_beside(facts: &Facts<'_>, service: &Service, namespace: &Namespace, near: &Near<'_>) -> bool {
    let others = facts.all_in::<Service>(namespace).filter(|other| other.metadata.name != service.metadata.name);
    let alike = others.filter_map(|other| Some((other, labels::any_selector(other)?)));
    alike.filter(|(_, wanted)| wanted.get(near.first.key).is_some_and(|wrong| wrong == near.first.wrong)).any(|(other, wanted)| {
        misses_by_one(wanted, near.workload).is_some_and(|same| same.first == near.first && against(facts, other, &same).is_none())
    })
}

/// What speaks against the change.
fn doubt(facts: &Facts<'_>, service: &Service, namespace: &Namespace, wanted: &Selector, near: &Near<'_>) -> Option<String> {
    let (key, wrong) = (near.first.key, near.first.wrong);
    if let Some(other) = against(facts, service, near).filter(|_| !is_proved_beside(facts, service, namespace, near)) {
        return Some(format!(
            "`{wrong}` and `{other}` do not mean the same: the Service may be right, and the Pods that it is for may be gone or elsewhere"
        ));
    }
    let user =
        (near.first.right == Right::Nothing).then(|| selected::service_with_another(facts, namespace, key, near.first.wrong)).flatten();
    if let Some(user) = user {
        return Some(format!(
            "{} selects by `{key}` as well, with another value: the key tells Pods apart here, and something may be meant to set it",
            user.reference().in_words()
        ));
    }
    if near.first.right == Right::Nothing && is_of_a_role(key) {
        return Some(format!(
            "`{key}` reads as a role that a program gives its running Pods: without it the Service would lead to all of them"
        ));
    }
    if near.first.right == Right::Nothing {
        return Some(format!(
            "nothing in the cluster tells whether `{key}` is one key too many, or Pods that have it are missing: without it the Service would lead to Pods that it leaves out now"
        ));
    }
    let words =
        |object: &ObjectRef| format!("the corrected selector would match the Pods of others as well: those of {}", object.in_words());
    let corrected = near.corrected(wanted);
    // One that is scaled to zero makes Pods again.
    let idle = selected::workloads_selected(facts, namespace.as_str(), &corrected).filter(|w| !is_going(w));
    let idle = idle.map(|w| &w.object).find(|object| **object != near.workload.object).map(words);
    let makers = || makers(facts, namespace, &corrected, pods::is_live);
    idle.or_else(|| makers().iter().map(|maker| &maker.object).find(|object| **object != near.workload.object).map(words))
        .or_else(|| ended(facts, namespace, wanted))
        .or_else(|| elsewhere(facts, namespace, wanted))
}

/// Pods of what is no workload that had the labels and have ended: the Service may be for such.
fn ended(facts: &Facts<'_>, namespace: &Namespace, wanted: &Selector) -> Option<String> {
    let mut makers = selected::pods_selected(facts, namespace.as_str(), wanted).map(|pod| owner(facts, pod).0);
    let maker = makers.find(|maker| facts.workload(maker).is_none())?;
    Some(format!("the selector matches Pods of {} that have ended: the Service may be for those", maker.in_words()))
}

/// Pods of another namespace that was read have all that is wanted: the Service may belong there.
fn elsewhere(facts: &Facts<'_>, namespace: &Namespace, wanted: &Selector) -> Option<String> {
    let pod = selected::pod_selected_elsewhere(facts, namespace.as_str(), wanted)?;
    let (maker, place) = (owner(facts, pod).0, pod.metadata.namespace.as_deref().unwrap_or_default());
    Some(format!("namespace `{place}` has Pods that the selector matches as it is, those of {}: the place may be wrong", maker.in_words()))
}
