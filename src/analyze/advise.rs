//! From a change to what is done with it: a proposal where kubemend may make it, else advice with the command for it.

use crate::domain::action::{Action, Change, FieldOp};
use crate::domain::field::{FieldPath, Segment};
use crate::domain::finding::{Advice, Proposal, Remedy};
use crate::domain::kind::Kind;
use crate::domain::nonempty::NonEmpty;
use crate::domain::object::ObjectRef;
use crate::domain::risk::Risk;
use crate::domain::workload::Manager;
use crate::facts::stuck::Obstacle;
use serde_json::{Map, Value, json};

impl Obstacle {
    /// Why kubemend leaves the change to a human.
    pub(crate) fn why(&self) -> String {
        match self {
            Obstacle::System(ns) => format!("`{ns}` is a namespace of the cluster itself, which kubemend does not change"),
            Obstacle::Managed(Manager::ArgoCd(app)) => {
                format!("Argo CD's application `{app}` writes this object and would take a change back: make it in its source")
            }
            Obstacle::Managed(Manager::Flux(name)) => {
                format!("Flux' `{name}` writes this object and would take a change back: make it in its source")
            }
            Obstacle::Managed(Manager::Helm(release)) => {
                format!(
                    "the Helm release `{release}` owns this object and its next upgrade would take a change back: make it in the chart or its values"
                )
            }
            Obstacle::Managed(Manager::Owner(owner)) => format!("{owner} owns this object and would take a change back: make it there"),
            Obstacle::Fixed(Kind::Pod) => "a Pod's spec cannot be changed: it has to be deleted and made again".to_owned(),
            Obstacle::Fixed(kind) => format!("kubemend does not change the Pod template of a {kind}"),
            Obstacle::Paused => "its rollout is paused, so the change would do nothing until somebody resumes it".to_owned(),
            Obstacle::ByHand(why, pods) => {
                format!("{why}: after the change {} must be deleted, which kubemend does not do", super::seen::listed(pods))
            }
        }
    }
}

/// The change as a proposal, or as advice for its source when something stands in the way.
pub(crate) fn change(target: &ObjectRef, obstacle: Option<&Obstacle>, ops: NonEmpty<FieldOp>, why: &str, risk: Risk) -> Remedy {
    let Some(obstacle) = obstacle else {
        let proposal = Proposal { action: Action::Patch { target: target.clone(), ops }, why: why.to_owned(), risk };
        return Remedy { proposals: vec![proposal], ..Remedy::default() };
    };
    Remedy { advice: change_by_hand(target, &ops, why, obstacle), ..Remedy::default() }
}

/// The change as advice, with the commands that a human would type.
pub(crate) fn change_by_hand(target: &ObjectRef, ops: &NonEmpty<FieldOp>, text: &str, obstacle: &Obstacle) -> Vec<Advice> {
    let patch = patch_command(target, ops);
    let command = match (obstacle, &target.kind) {
        // The API refuses a patch of these, so no command is offered that cannot work.
        (Obstacle::Fixed(_), _) => None,
        (Obstacle::ByHand(_, pods), _) => Some(format!("{patch} && kubectl{} delete pod {}", in_namespace(target), pods.join(" "))),
        (Obstacle::Managed(Manager::Owner(_)), _) => None,
        (Obstacle::System(_) | Obstacle::Managed(_) | Obstacle::Paused, _) => Some(patch),
    };
    vec![Advice { text: format!("{text}: {}", in_words(ops)), command, why: obstacle.why() }]
}

/// `set a.b to "x" and remove a.c`.
pub(crate) fn in_words(ops: &NonEmpty<FieldOp>) -> String {
    let words: Vec<String> = ops
        .iter()
        .map(|op| match &op.change {
            Change::Set(Value::String(text)) => format!("set `{}` to `{text}`", op.path),
            Change::Set(value) => format!("set `{}` to `{value}`", op.path),
            Change::Remove => format!("remove `{}`", op.path),
        })
        .collect();
    words.join(" and ")
}

/// ` -n NAMESPACE`, or nothing for cluster-scoped objects.
pub(crate) fn in_namespace(object: &ObjectRef) -> String {
    object.namespace.as_ref().map(|ns| format!(" -n {ns}")).unwrap_or_default()
}

/// `kubectl patch` with a strategic merge patch, quoted for a shell.
pub(crate) fn patch_command(target: &ObjectRef, ops: &NonEmpty<FieldOp>) -> String {
    let mut body = Value::Object(Map::new());
    for op in ops.iter() {
        let leaf = match &op.change {
            Change::Set(value) => value.clone(),
            Change::Remove => Value::Null,
        };
        merge(&mut body, op.path.segments(), leaf);
    }
    let quoted = body.to_string().replace('\'', r"'\''");
    format!("kubectl{} patch {} --type=strategic -p '{quoted}'", in_namespace(target), target.slashed())
}

/// Puts `leaf` at the path, making what is missing on the way; list elements are found by their merge key.
fn merge(here: &mut Value, path: &[Segment], leaf: Value) {
    let Some((segment, rest)) = path.split_first() else {
        *here = leaf;
        return;
    };
    match segment {
        Segment::Key(name) => {
            if !here.is_object() {
                *here = Value::Object(Map::new());
            }
            if let Some(map) = here.as_object_mut() {
                merge(map.entry(name.clone()).or_insert(Value::Null), rest, leaf);
            }
        }
        Segment::Element { key, value } => {
            if !here.is_array() {
                *here = Value::Array(Vec::new());
            }
            let Some(items) = here.as_array_mut() else { return };
            let found = items.iter().position(|i| i.get(key).and_then(Value::as_str) == Some(value.as_str()));
            let index = found.unwrap_or_else(|| {
                items.push(json!({ key.as_str(): value }));
                items.len().saturating_sub(1)
            });
            if let Some(item) = items.get_mut(index) {
                merge(item, rest, leaf);
            }
        }
    }
}

/// One field that gets a text.
pub(crate) fn set(path: FieldPath, value: &str) -> FieldOp {
    FieldOp { path, change: Change::Set(Value::String(value.to_owned())) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::object::Namespace;

    #[test]
    fn patch_command_merges_its_fields_and_names_elements_by_their_keys() {
        let target = ObjectRef::namespaced(Kind::Deployment, &Namespace::parse("shop").unwrap(), "web");
        let list = || FieldPath::dotted("spec.template.spec.containers").element("name", "app");
        let mut ops = NonEmpty::one(set(list().then("image"), "web:2"));
        ops.push(FieldOp { path: list().then("env").element("name", "A").then("value"), change: Change::Remove });
        assert_eq!(
            patch_command(&target, &ops),
            r#"kubectl -n shop patch deployment/web --type=strategic -p '{"spec":{"template":{"spec":{"containers":[{"name":"app","image":"web:2","env":[{"name":"A","value":null}]}]}}}}'"#
        );
    }
}
