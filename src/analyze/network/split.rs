//! Which of the Pods behind a Service serve it and which do not, and the label that tells them apart.

use super::behind::{Behind, Part};
use super::run_time::is_set_by_kubernetes;
use crate::domain::confidence::Confidence;
use k8s_openapi::api::core::v1::Service;
use std::collections::BTreeSet;

/// Both kinds, each with at least one.
#[derive(Debug)]
pub(super) struct Split {
    pub(super) right: Vec<Behind>,
    pub(super) wrong: Vec<Behind>,
    pub(super) sure: Confidence,
    /// They declare the same names, with other numbers.
    pub(super) numbers: bool,
}

/// The two declare different ports. What a container declares is not all that it serves: that is the doubt.
const SURE: Confidence = Confidence::percent(80);
/// A port of the same name has another number in some. That may be meant, where both speak the same.
const BY_NUMBER: Confidence = Confidence::percent(70);
/// The same, and nothing tells which number is the right one.
pub(super) const OPEN: Confidence = Confidence::percent(60);

/// None where all serve alike, where what one of them declares does not tell, or where no request reaches the others.
pub(super) fn split(service: &Service, mut all: Vec<Behind>) -> Option<Split> {
    all.retain(|b| !matches!(b.part, Part::Aside | Part::Passing));
    if all.iter().any(|b| b.part == Part::Open) {
        return None;
    }
    let (right, wrong): (Vec<Behind>, Vec<Behind>) = all.into_iter().partition(|b| matches!(b.part, Part::Serves(_)));
    let numbers: BTreeSet<Vec<i32>> = right.iter().filter_map(numbers).collect();
    let split = match (wrong.is_empty(), numbers.len()) {
        (false, 1) => Split { right, wrong, sure: SURE, numbers: false },
        (true, 2..) => {
            // Where a port is named as its number, that is the right one.
            let own: Vec<i32> = service.spec.iter().flat_map(|s| s.ports.iter().flatten()).map(|p| p.port).collect();
            let meant = numbers.iter().find(|n| **n == own);
            let chosen = meant.or_else(|| numbers.first()).cloned();
            let (right, wrong) = right.into_iter().partition(|b| self::numbers(b) == chosen);
            Split { right, wrong, sure: if meant.is_some() { BY_NUMBER } else { OPEN }, numbers: true }
        }
        _ => return None,
    };
    split.wrong.iter().any(|b| b.ready).then_some(split)
}

fn numbers(one: &Behind) -> Option<Vec<i32>> {
    if let Part::Serves(numbers) = &one.part { Some(numbers.clone()) } else { None }
}

/// What keys of a part of a program end in.
const PARTS: &[&str] = &["component", "app", "name", "tier", "role"];

/// The one label that all of the first have and none of the others has: that of the component, else the only one that the others have
/// with another value, else the only one that they do not have. Where numbers differ, only a part of a program tells: versions of one
/// may well use others.
pub(super) fn telling(right: &[Behind], wrong: &[Behind], numbers: bool) -> Option<(String, String)> {
    let last = |key: &str| key.rsplit(['/', '.', '-', '_']).next().unwrap_or_default().to_owned();
    let (first, rest) = right.split_first()?;
    let shared = |(key, value): &(&String, &String)| {
        rest.iter().all(|b| b.labels.get(*key) == Some(value)) && wrong.iter().all(|b| b.labels.get(*key) != Some(value))
    };
    let usable = |(key, _): &(&String, &String)| !is_set_by_kubernetes(key) && (!numbers || PARTS.contains(&last(key).as_str()));
    let all: Vec<(&String, &String)> = first.labels.iter().filter(shared).filter(usable).collect();
    let differing: Vec<_> = all.iter().copied().filter(|(key, _)| wrong.iter().all(|b| b.labels.contains_key(*key))).collect();
    let component = all.iter().copied().find(|(key, _)| *key == "app.kubernetes.io/component");
    let found = match (component, differing.as_slice(), all.as_slice()) {
        (Some(one), _, _) => one,
        (None, [one], _) | (None, [], [one]) => *one,
        _ => return None,
    };
    Some((found.0.clone(), found.1.clone()))
}
