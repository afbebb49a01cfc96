//! One wrong value at several places is one cause with one plan: changed at one place only, a mixed state would stay behind.
//! A rule says each place by itself; what it says with the same values about things that belong together is put together here.

use crate::domain::action::Action;
use crate::domain::cause::Place;
use crate::domain::finding::{Finding, Proposal};
use crate::domain::object::ObjectRef;
use crate::facts::Facts;
use std::collections::{HashMap, HashSet};

/// The labels by which objects of one release know each other.
const RELEASE: &[&str] = &["app.kubernetes.io/instance", "release"];

/// A finding, and where the same wrong value stands besides.
pub(super) struct Together {
    pub(super) finding: Finding,
    pub(super) also: Vec<Place>,
}

/// Puts findings of one value together, each with the first that it belongs to.
pub(super) fn together(facts: &Facts<'_>, findings: Vec<Finding>) -> Vec<Together> {
    let mut all: Vec<Together> = Vec::new();
    // By the values, so that the search stays short.
    let mut alike: HashMap<_, Vec<usize>> = HashMap::new();
    for finding in facts.walk(findings.into_iter()) {
        let key = finding.found.as_deref().map(|found| {
            let (kind, namespace) = (finding.object.kind.clone(), finding.object.namespace.clone());
            (finding.code, kind, namespace, what(found, finding.expected.as_deref()))
        });
        let known = key.as_ref().and_then(|key| alike.get(key)).into_iter().flatten();
        let place = known.copied().find(|place| all.get(*place).is_some_and(|one| belong(facts, &one.finding, &finding)));
        match place.and_then(|place| all.get_mut(place)) {
            Some(one) => one.take(finding),
            None => {
                if let Some(key) = key {
                    alike.entry(key).or_default().push(all.len());
                }
                all.push(Together { finding, also: Vec::new() });
            }
        }
    }
    all
}

/// The wrong value and the right one; of renamed keys, which keep their values, the keys.
fn what(found: &str, expected: Option<&str>) -> (String, Option<String>) {
    let pairs = |text: &str| -> Option<Vec<(String, String)>> {
        text.split(',').map(|pair| pair.split_once('=').map(|(key, value)| (key.to_owned(), value.to_owned()))).collect()
    };
    let keys = |pairs: &[(String, String)]| pairs.iter().map(|(key, _)| key.as_str()).collect::<Vec<_>>().join(",");
    let values = |pairs: &[(String, String)]| pairs.iter().map(|(_, value)| value.clone()).collect::<Vec<_>>();
    match (pairs(found), expected.and_then(pairs)) {
        (Some(old), Some(new)) if values(&old) == values(&new) => (keys(&old), Some(keys(&new))),
        _ => (found.to_owned(), expected.map(str::to_owned)),
    }
}

/// Whether one plan may be made for both: they are about one object, or about objects that belong together, and both or neither
/// can be acted on.
fn belong(facts: &Facts<'_>, one: &Finding, other: &Finding) -> bool {
    one.remedy.proposals.is_empty() == other.remedy.proposals.is_empty()
        && (one.object == other.object || release(facts, &one.object).is_some_and(|r| Some(r) == release(facts, &other.object)) || {
            let touched: HashSet<&ObjectRef> = touched(one).collect();
            self::touched(other).any(|object| touched.contains(object))
        })
}

fn touched(finding: &Finding) -> impl Iterator<Item = &ObjectRef> {
    finding.chain.iter().flat_map(|link| [&link.from, &link.to]).chain(finding.symptoms.iter().map(|s| &s.object))
}

fn release<'a>(facts: &Facts<'a>, object: &ObjectRef) -> Option<&'a str> {
    let labels = facts.meta_of(object)?.labels.as_ref()?;
    RELEASE.iter().find_map(|key| labels.get(*key)).map(String::as_str)
}

impl Together {
    fn take(&mut self, more: Finding) {
        let field = more.field.as_ref().map(|field| format!("`{field}` of ")).unwrap_or_default();
        let whose = if more.object == self.finding.object { "the same object".to_owned() } else { more.object.in_words() };
        let same = if more.found == self.finding.found { "value" } else { "key" };
        self.finding.explanation.push_str(&format!(" The same {same} is at {field}{whose}."));
        self.also.push(Place { object: more.object, field: more.field });
        let all = &mut self.finding;
        all.confidence = if more.confidence.value() < all.confidence.value() { more.confidence } else { all.confidence };
        extend(&mut all.chain, more.chain);
        extend(&mut all.symptoms, more.symptoms);
        for piece in more.evidence.into_vec() {
            if !all.evidence.iter().any(|known| *known == piece) {
                all.evidence.push(piece);
            }
        }
        for proposal in more.remedy.proposals {
            propose(&mut all.remedy.proposals, proposal);
        }
        extend(&mut all.remedy.choices, more.remedy.choices);
        extend(&mut all.remedy.checks, more.remedy.checks);
        extend(&mut all.remedy.advice, more.remedy.advice);
    }
}

fn extend<T: PartialEq>(known: &mut Vec<T>, more: Vec<T>) {
    for item in more {
        if !known.contains(&item) {
            known.push(item);
        }
    }
}

/// Fields of one object are changed by one patch.
fn propose(all: &mut Vec<Proposal>, more: Proposal) {
    let Action::Patch { target, ops } = &more.action else { return extend(all, vec![more]) };
    for known in all.iter_mut() {
        if let Action::Patch { target: same, ops: known_ops } = &mut known.action
            && same == target
        {
            for op in ops.iter() {
                if !known_ops.iter().any(|known| known.path == op.path) {
                    known_ops.push(op.clone());
                }
            }
            known.risk = known.risk.max(more.risk);
            return;
        }
    }
    all.push(more);
}

#[cfg(test)]
mod tests {
    use super::super::testing::{cluster, deployment};
    use serde_json::json;

    #[test]
    fn one_wrong_value_in_two_fields_is_one_cause_with_one_plan() {
        let containers = json!([{"name": "app", "image": "example/app:1.O"}]);
        let diagnosis = cluster()
            .app(deployment("other").image("example/app:1.0"))
            .app(
                deployment("web")
                    .spec(json!({"initContainers": containers, "containers": containers}))
                    .waiting("ErrImagePull", "rpc error: code = NotFound desc = failed to resolve reference: not found"),
            )
            .diagnosis();
        let [cause] = diagnosis.causes.as_slice() else { panic!("{:#?}", diagnosis.causes) };
        assert_eq!((cause.also.len(), cause.places().count()), (1, 2));
        let [proposal] = cause.remedy.proposals.as_slice() else { panic!("{:#?}", cause.remedy) };
        assert_eq!(proposal.action.change().2.len(), 2, "one patch changes both");
        assert!(cause.explanation.contains("same value is at `spec.template.spec.containers"), "{}", cause.explanation);
    }

    #[test]
    fn one_wrong_value_in_two_services_of_one_workload_is_one_cause_with_a_step_for_each() {
        let world = cluster()
            .app(deployment("front"))
            .service("front", json!({"app": "frontend"}))
            .service("front-headless", json!({"app": "frontend"}));
        let diagnosis = world.diagnosis();
        let [cause] = diagnosis.causes.as_slice() else { panic!("{:#?}", diagnosis.causes) };
        assert_eq!((cause.also.len(), cause.remedy.proposals.len()), (1, 2));
    }

    #[test]
    fn renamed_key_is_one_wrong_value_whatever_its_values() {
        let sign = |a: &str, b: &str| super::what(a, Some(b));
        assert_eq!(sign("component=web", "part=web"), sign("component=api", "part=api"));
        assert_ne!(sign("component=web", "part=web"), sign("component=web", "component=api"));
        assert_ne!(sign("web", "api"), sign("web", "front"));
    }
}
