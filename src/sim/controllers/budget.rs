//! The disruption controller: how many Pods a budget lets go.

use std::time::Duration;

use serde_json::{Value, json};

use super::owned::{condition, is_active};
use crate::sim::{
    cluster::Cluster,
    events::{self, Recorder},
    json as read,
    resources::{BUDGET, POD},
    selector::Selector,
};

/// How often it is said that a budget matches nothing.
const EMPTY: Duration = Duration::from_secs(30);

pub(super) fn sync_budgets(cluster: &mut Cluster) {
    for budget in cluster.store.list(&BUDGET, None) {
        let selector = Selector::of_object(read::at(&budget, "/spec/selector"));
        let pods = cluster.store.list(&POD, Some(read::namespace(&budget)));
        let pods: Vec<_> = pods.iter().filter(|pod| is_active(pod) && selector.matches(pod)).collect();
        let expected = i64::try_from(pods.len()).unwrap_or(0);
        let healthy = pods.iter().filter(|pod| read::is_true(pod, "Ready")).count();
        let healthy = i64::try_from(healthy).unwrap_or(0);
        if expected == 0 && cluster.is_due(&format!("budget {}", read::uid(&budget)), EMPTY) {
            let source = Recorder::controller("controllermanager");
            events::normal(cluster, source, &budget, "NoPods", "No matching pods found");
        }
        let at_least = read::at(&budget, "/spec/minAvailable");
        let desired = if at_least.is_null() {
            expected - amount(read::at(&budget, "/spec/maxUnavailable"), expected)
        } else {
            amount(at_least, expected)
        };
        let allowed = (healthy - desired).max(0).min(expected);
        let (status, reason) = if allowed > 0 { ("True", "SufficientPods") } else { ("False", "InsufficientPods") };
        let generation = read::int(&budget, "/metadata/generation").unwrap_or(1);
        let mut may = condition(&budget, &cluster.clock.now_text(), "DisruptionAllowed", status, reason, "");
        read::set(&mut may, "/observedGeneration", generation);
        let mut changed = (*budget).clone();
        read::set(
            &mut changed,
            "/status",
            json!({
                "observedGeneration": generation, "expectedPods": expected, "currentHealthy": healthy,
                "desiredHealthy": desired, "disruptionsAllowed": allowed, "conditions": [may],
            }),
        );
        cluster.store.put(&BUDGET, changed);
    }
}

/// A number, or a share of the whole, rounded up.
fn amount(value: &Value, whole: i64) -> i64 {
    value.as_i64().unwrap_or_else(|| {
        let percent: i64 = value.as_str().and_then(|text| text.strip_suffix('%')).and_then(|text| text.parse().ok()).unwrap_or(0);
        (whole * percent.clamp(0, 100) + 99) / 100
    })
}
