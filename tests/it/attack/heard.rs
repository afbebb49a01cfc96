//! All that left the program in a run, each report with what had happened until it was heard.

use super::weather::Past;
use crate::support::case::Case;
use crate::support::embedded::Embedded;
use kubemend::workflow::report::Report;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// A yes for a plan: what was recorded of it when it was given.
#[derive(Debug)]
pub(super) struct Consent {
    pub(super) record: Value,
}

/// What was there when the question had been answered, beside what was there before anybody asked.
#[derive(Debug)]
pub(super) struct After {
    pub(super) last: Option<Report>,
    pub(super) before: BTreeMap<String, Value>,
    pub(super) specs: BTreeMap<String, Value>,
    pub(super) objects: Vec<Value>,
}

/// A report as somebody heard it, and how things stood at that moment.
#[derive(Debug)]
pub(super) struct Said {
    /// By which way it came.
    pub(super) what: &'static str,
    pub(super) report: Report,
    /// Real writes that had left the program.
    pub(super) sent: usize,
    /// Requests that the API had taken.
    pub(super) done: usize,
    /// Real writes that a webhook had made something else of.
    pub(super) mutated: usize,
    /// Somebody else had changed an object, or taken a right away.
    pub(super) meddled: bool,
    /// Somebody else had changed an object in a way that can break or heal.
    pub(super) remade: bool,
    /// All of the case was well.
    pub(super) healed: bool,
    /// Old Pods of a workload stood beside new ones, so that more may have served than in the end.
    pub(super) rolling: bool,
    /// It had been well at no time that anybody looked.
    pub(super) never_healed: bool,
}

impl Said {
    /// What another process finds in the record, as against what was just found out.
    pub(super) fn is_recalled(&self) -> bool {
        self.what == "shown"
    }
}

/// All that left the program, and all that it was allowed.
#[derive(Debug, Default)]
pub(super) struct Heard {
    pub(super) after: Option<After>,
    /// What was done was taken back, and seen to be.
    pub(super) undone: bool,
    /// The session that was to take back what was done, and sent something for it.
    pub(super) taken_back_by: Option<String>,
    pub(super) consents: Vec<Consent>,
    /// The operator lets it act by itself.
    pub(super) automatic: bool,
    /// The sessions of which somebody was asked.
    pub(super) asked: BTreeSet<String>,
    /// By which door, and what.
    pub(super) texts: Vec<(&'static str, String)>,
    pub(super) records: Vec<Value>,
    pub(super) said: Vec<Said>,
    /// What could not be told at all.
    pub(super) broken: Vec<String>,
    healed_once: bool,
}

impl Heard {
    /// Keeps a report, with how things stand now.
    pub(super) fn take(&mut self, what: &'static str, report: Report, cluster: &Embedded, case: &Case, past: &Past) {
        let objects = cluster.objects();
        let healed = is_well(case, &objects);
        let never_healed = !healed && !self.healed_once;
        self.healed_once |= healed;
        self.said.push(Said {
            what,
            report,
            sent: past.sent.len(),
            done: cluster.sim.requests().len(),
            mutated: past.mutated,
            meddled: past.meddled,
            remade: past.remade,
            healed,
            rolling: objects.iter().any(is_rolling),
            never_healed,
        });
    }

    /// How things stand before anybody has looked.
    pub(super) fn begin(&mut self, cluster: &Embedded, case: &Case) {
        self.healed_once = is_well(case, &cluster.objects());
    }
}

/// Whether all words of the case hold that hold in the end.
pub(super) fn is_well(case: &Case, objects: &[Value]) -> bool {
    case.scenario.expect.healed.iter().all(|word| word.holds(objects))
}

fn is_rolling(object: &Value) -> bool {
    let (wanted, status) = (&object["spec"]["replicas"], &object["status"]);
    let old = status["replicas"].as_u64().unwrap_or(0) != status["updatedReplicas"].as_u64().unwrap_or(0);
    matches!(object["kind"].as_str(), Some("Deployment" | "StatefulSet")) && (old || status["replicas"].as_u64() > wanted.as_u64())
}

/// What people ask of each object that a plan could change.
pub(super) fn specs(cluster: &Embedded) -> BTreeMap<String, Value> {
    let kinds = ["Deployment", "StatefulSet", "DaemonSet", "Service", "PersistentVolumeClaim", "ConfigMap"];
    let mut found = BTreeMap::new();
    for object in cluster.objects() {
        let kind = object["kind"].as_str().unwrap_or_default();
        if kinds.contains(&kind) {
            let mut spec = if kind == "ConfigMap" { object["data"].clone() } else { object["spec"].clone() };
            // What the binder writes.
            if let Some(claim) = spec.as_object_mut().filter(|_| kind == "PersistentVolumeClaim") {
                claim.shift_remove("volumeName");
            }
            found.insert(format!("{kind}/{}", object["metadata"]["name"].as_str().unwrap_or_default()), spec);
        }
    }
    found
}
