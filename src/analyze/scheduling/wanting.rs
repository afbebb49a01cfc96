//! Those whose Pods no node takes: Pods without a node, and DaemonSets that want nobody because no node qualifies.

use super::super::draft::Draft;
use super::super::quote;
use super::super::rule::wants_nobody;
use crate::domain::evidence::Evidence;
use crate::domain::field::FieldPath;
use crate::domain::snapshot::Resource;
use crate::facts::stuck::Stuck;
use crate::facts::{Facts, pods, starting};
use k8s_openapi::api::apps::v1::DaemonSet;
use k8s_openapi::api::core::v1::{Node, Pod, PodSpec};

/// One of them. Its Pods are those that wait; a DaemonSet that wants nobody has none.
#[derive(Debug)]
pub(super) struct Wanting<'a> {
    pub(super) stuck: Stuck<'a>,
}

/// All of them.
pub(super) fn wanting<'a>(facts: &Facts<'a>) -> Vec<Wanting<'a>> {
    let mut all: Vec<Wanting<'a>> = facts.stuck().filter_map(|stuck| waiting(facts, stuck)).collect();
    let idle = facts.all::<DaemonSet>().filter(|set| wants_nobody(set)).filter_map(|set| {
        let workload = facts.workload(&set.reference())?;
        let (object, spec_path) = (workload.object.clone(), FieldPath::dotted(workload.spec_path));
        let stuck = Stuck { object, spec: workload.pod_spec, spec_path, desired: 0, pods: Vec::new() };
        let has_none = facts.pods_of(&stuck.object).next().is_none();
        has_none.then_some(Wanting { stuck })
    });
    all.extend(idle);
    all
}

/// Pods of the present template without a node; one for which a node is being provisioned is no fault.
fn waiting<'a>(facts: &Facts<'a>, stuck: &Stuck<'a>) -> Option<Wanting<'a>> {
    pods::asked_of_nodes(stuck.spec).next().or_else(|| pods::affinity_terms(stuck.spec).map(|_| ("", "")))?;
    let waits = |p: &&Pod| {
        let same = p.spec.as_ref().is_some_and(|s| s.node_selector == stuck.spec.node_selector && required(s) == required(stuck.spec));
        !pods::has_node(p) && same && !starting::is_node_coming(p, facts)
    };
    let pods: Vec<&Pod> = stuck.pods.iter().copied().filter(waits).collect();
    (!pods.is_empty()).then(|| Wanting { stuck: Stuck { pods, ..stuck.clone() } })
}

/// The scheduler's own words about it; a taint of any name may stand in the same sentence.
pub(super) fn says_no_match(text: &str) -> bool {
    ["didn't match Pod's node affinity/selector", "didn't match node selector", "didn't match Pod's node affinity"]
        .iter()
        .any(|w| text.contains(w))
}

/// What a template says of it: a DaemonSet's controller adds a term for each Pod's own node.
fn required(spec: &PodSpec) -> Vec<(&str, &str)> {
    pods::asked_of_nodes(spec).collect()
}

impl<'a> Wanting<'a> {
    /// What follows for the Pods.
    pub(super) fn in_words(&self) -> String {
        match self.stuck.pods.len() {
            0 => "So the DaemonSet wants no Pod at all; Kubernetes reports this in no event.".to_owned(),
            1 => "The scheduler places no Pod on a node that does not match, so its Pod stays without a node.".to_owned(),
            many => format!("The scheduler places no Pod on a node that does not match, so its {many} Pods stay without a node."),
        }
    }

    /// What is the same whatever was meant: what was seen, and who suffers.
    pub(super) fn draft<'f>(&self, draft: Draft<'f, 'a>, facts: &Facts<'a>) -> Draft<'f, 'a> {
        let pods = &self.stuck.pods;
        let Some(first) = pods.first() else {
            let path = FieldPath::dotted("status.desiredNumberScheduled");
            let seen = quote::field(facts, &self.stuck.object, path, "0");
            return draft.saw([seen]).affects(&self.stuck.object, "wants no Pod: no node qualifies");
        };
        draft.saw(quote::unplaced(facts, pods)).owned(first).holds(pods.iter().copied(), "Pending: no node has the labels that it asks for")
    }

    /// What a node has of a label.
    pub(super) fn label_of(&self, facts: &Facts<'_>, node: &Node, key: &str) -> Evidence {
        let has = node.metadata.labels.as_ref().and_then(|l| l.get(key)).map(String::as_str);
        let text = has.map_or("not set", |value| if value.is_empty() { "set, with an empty value" } else { value });
        quote::field(facts, &node.reference(), FieldPath::dotted("metadata.labels").key(key), text)
    }
}
