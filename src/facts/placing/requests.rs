//! What a Pod asks of a node, as the scheduler adds it up. What cannot be read as an amount makes the sum unknown, and never smaller.

use crate::domain::form::amount;
use k8s_openapi::api::core::v1::{Container, Pod, PodSpec};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use std::collections::{BTreeMap, BTreeSet};

/// A quantity as a number.
pub(crate) fn read(quantity: &Quantity) -> Option<f64> {
    let is_nothing = !quantity.0.is_empty() && quantity.0.bytes().all(|b| b == b'0');
    if is_nothing { Some(0.0) } else { amount(&quantity.0) }
}

/// What it asks for, by name.
pub(crate) fn names(spec: &PodSpec) -> BTreeSet<&str> {
    let of_pod = spec.resources.iter().flat_map(|r| r.requests.iter().flatten());
    let containers = spec.containers.iter().chain(spec.init_containers.iter().flatten());
    let own = containers.flat_map(|c| c.resources.iter().flat_map(|r| r.requests.iter().flatten()));
    of_pod.chain(own).chain(spec.overhead.iter().flatten()).map(|(name, _)| name.as_str()).collect()
}

/// How much of this it asks for: its containers together, or the one that only initializes and asks for more; `None` where an amount
/// cannot be read.
pub(crate) fn asked(spec: &PodSpec, name: &str) -> Option<f64> {
    let overhead = spec.overhead.as_ref().and_then(|o| o.get(name)).map_or(Some(0.0), read)?;
    if let Some(whole) = spec.resources.as_ref().and_then(|r| r.requests.as_ref()).and_then(|r| r.get(name)) {
        return Some(read(whole)? + overhead);
    }
    let of = |c: &Container| c.resources.as_ref().and_then(|r| r.requests.as_ref()).and_then(|r| r.get(name)).map_or(Some(0.0), read);
    let (mut beside, mut most) = (0.0, 0.0_f64);
    for init in spec.init_containers.iter().flatten() {
        if init.restart_policy.as_deref() == Some("Always") {
            // It runs on beside those after it.
            beside += of(init)?;
            most = most.max(beside);
        } else {
            most = most.max(beside + of(init)?);
        }
    }
    let mut together = beside;
    for container in &spec.containers {
        together += of(container)?;
    }
    Some(together.max(most) + overhead)
}

/// What these Pods ask for together of each of these, where all of it can be read.
pub(crate) fn together<'p>(pods: impl Iterator<Item = &'p Pod>, names: &BTreeSet<&str>) -> BTreeMap<String, Option<f64>> {
    let mut all: BTreeMap<String, Option<f64>> = names.iter().map(|name| ((*name).to_owned(), Some(0.0))).collect();
    for spec in pods.filter_map(|pod| pod.spec.as_ref()) {
        for (name, sum) in &mut all {
            *sum = sum.zip(asked(spec, name)).map(|(sum, more)| sum + more);
        }
    }
    all
}

/// As people read it: thousandths of a CPU, mebibytes of memory, and a number of everything else.
pub(crate) fn in_words(name: &str, amount: f64) -> String {
    let of_bytes = name == "memory" || name.ends_with("-storage") || name.starts_with("hugepages-");
    match name {
        "cpu" => format!("{:.0}m", amount * 1e3),
        _ if of_bytes => format!("{:.0}Mi", amount / 1_048_576.0),
        _ => format!("{amount:.0}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn containers_add_up_and_one_that_only_initializes_counts_where_it_asks_for_more() {
        let of = |cpu: &str| json!({"name": "a", "resources": {"requests": {"cpu": cpu}}});
        let beside = |cpu: &str| json!({"name": "a", "restartPolicy": "Always", "resources": {"requests": {"cpu": cpu}}});
        for (spec, expected) in [
            (json!({"containers": [of("250m"), of("1")]}), Some("1250m")),
            (json!({"containers": [of("250m"), {"name": "b"}], "initContainers": [of("2")]}), Some("2000m")),
            (json!({"containers": [of("1")], "initContainers": [beside("500m"), of("2")], "overhead": {"cpu": "100m"}}), Some("2600m")),
            (json!({"containers": [of("1")], "resources": {"requests": {"cpu": "3"}}}), Some("3000m")),
            (json!({"containers": [of("0")]}), Some("0m")),
            (json!({"containers": [of("1"), of("a lot")]}), None),
        ] {
            let spec: PodSpec = serde_json::from_value(spec).unwrap();
            assert_eq!(asked(&spec, "cpu").map(|sum| in_words("cpu", sum)).as_deref(), expected, "{spec:?}");
        }
        assert_eq!(in_words("memory", 1_073_741_824.0), "1024Mi");
    }
}
