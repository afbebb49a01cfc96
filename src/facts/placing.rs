//! What keeps a Pod from a node, as the scheduler reads it: a node that is not open, its taints, and what is asked of its labels.

pub(crate) mod requests;

use k8s_openapi::api::core::v1::{Node, NodeSelectorRequirement, NodeSelectorTerm, Taint, Toleration};

/// The taint of a node that somebody closed.
const CLOSED: &str = "node.kubernetes.io/unschedulable";

/// Ready, not cordoned, and without a taint that keeps Pods of these tolerations away.
pub(crate) fn is_usable(node: &Node, tolerations: &[Toleration]) -> bool {
    let ready = node.status.iter().flat_map(|s| s.conditions.iter().flatten()).any(|c| c.type_ == "Ready" && c.status == "True");
    ready && !is_cordoned(node) && repelling(node, tolerations).next().is_none()
}

/// Somebody closed it for new Pods.
pub(crate) fn is_cordoned(node: &Node) -> bool {
    node.spec.as_ref().and_then(|s| s.unschedulable).unwrap_or(false)
}

/// Whether Pods of these tolerations go to a node that is closed.
pub(crate) fn goes_to_cordoned(tolerations: &[Toleration]) -> bool {
    let taint = Taint { key: CLOSED.to_owned(), effect: "NoSchedule".to_owned(), ..Taint::default() };
    tolerations.iter().any(|toleration| tolerates(toleration, &taint))
}

/// The taints of a node that keep Pods of these tolerations away.
pub(crate) fn repelling<'n>(node: &'n Node, tolerations: &'n [Toleration]) -> impl Iterator<Item = &'n Taint> {
    let taints = node.spec.iter().flat_map(|s| s.taints.iter().flatten());
    taints.filter(|t| t.effect != "PreferNoSchedule" && !tolerations.iter().any(|toleration| tolerates(toleration, t)))
}

fn tolerates(toleration: &Toleration, taint: &Taint) -> bool {
    let effect = toleration.effect.as_deref().is_none_or(|e| e.is_empty() || e == taint.effect);
    let key = toleration.key.as_deref().unwrap_or_default();
    let exists = toleration.operator.as_deref() == Some("Exists");
    let value = exists || toleration.value.as_deref().unwrap_or_default() == taint.value.as_deref().unwrap_or_default();
    effect && value && (key == taint.key || (key.is_empty() && exists))
}

/// Whether a node satisfies one of the terms.
pub(crate) fn satisfies_one(node: &Node, terms: &[NodeSelectorTerm]) -> bool {
    terms.iter().any(|term| satisfies(node, term))
}

/// Every expression of the term holds. A term without any matches nothing; what is asked of fields is not known here.
fn satisfies(node: &Node, term: &NodeSelectorTerm) -> bool {
    let expressions = term.match_expressions.as_deref().unwrap_or_default();
    let by_name = |field: &NodeSelectorRequirement| {
        let named = node.metadata.name.as_ref().is_some_and(|name| field.values.iter().flatten().any(|v| v == name));
        named == (field.operator == "In")
    };
    let fields = term.match_fields.as_deref().unwrap_or_default();
    !(expressions.is_empty() && fields.is_empty()) && expressions.iter().all(|e| holds(node, e)) && fields.iter().all(by_name)
}

/// One expression, as the scheduler reads it.
pub(crate) fn holds(node: &Node, expression: &NodeSelectorRequirement) -> bool {
    let has = node.metadata.labels.as_ref().and_then(|l| l.get(&expression.key));
    let values = expression.values.as_deref().unwrap_or_default();
    let compared = |wanted: fn(i64, i64) -> bool| {
        let number = values.first().and_then(|v| v.parse().ok());
        has.and_then(|v| v.parse().ok()).zip(number).is_some_and(|(has, than)| wanted(has, than))
    };
    match expression.operator.as_str() {
        "In" => has.is_some_and(|v| values.contains(v)),
        "NotIn" => has.is_none_or(|v| !values.contains(v)),
        "Exists" => has.is_some(),
        "DoesNotExist" => has.is_none(),
        "Gt" => compared(|has, than| has > than),
        "Lt" => compared(|has, than| has < than),
        // An operator of a newer Kubernetes: it may hold, so nothing is said.
        _ => true,
    }
}
