//! Jobs: those that ended, that wait, that try again, and that never end.

use super::{Judgement, seconds_since};
use crate::domain::excerpt::Excerpt;
use crate::domain::object::ObjectRef;
use crate::domain::snapshot::Resource;
use crate::domain::workload::controller_of;
use crate::facts::Facts;
use crate::facts::author::By;
use jiff::Timestamp;
use k8s_openapi::api::batch::v1::Job;
use std::collections::BTreeMap;

/// A Job's retries may take this long, in seconds, and so may its first Pod.
const PATIENCE: i64 = 60;
/// A Job that runs longer than this says nothing by running: whether it gets anywhere is not in the cluster.
const LONG: i64 = 600;

/// A CronJob's older runs say nothing about its newest, unless one of them is still there to do something: the oldest that has not ended,
/// and what is being deleted.
pub(crate) fn runs<'a>(facts: &Facts<'a>) -> Vec<&'a Job> {
    let mut groups: BTreeMap<ObjectRef, Vec<&Job>> = BTreeMap::new();
    for job in facts.all::<Job>() {
        groups.entry(controller_of(&job.metadata).unwrap_or_else(|| job.reference())).or_default().push(job);
    }
    let chosen = groups.into_values().flat_map(|mut runs| {
        runs.sort_by_key(|job| began(job));
        let oldest = runs.iter().position(|job| is_active(job));
        let newest = runs.len().checked_sub(1);
        let told = move |(place, job): (usize, &'a Job)| {
            let told = Some(place) == oldest || Some(place) == newest || job.metadata.deletion_timestamp.is_some();
            told.then_some(job)
        };
        runs.into_iter().enumerate().filter_map(told)
    });
    chosen.collect()
}

/// When it was created.
pub(super) fn began(job: &Job) -> Option<Timestamp> {
    job.metadata.creation_timestamp.as_ref().map(|t| t.0)
}

/// Whether it has neither ended nor is suspended, and nobody deletes it.
pub(super) fn is_active(job: &Job) -> bool {
    let over = |kind: &str| matches!(kind, "Complete" | "Failed" | "SuccessCriteriaMet" | "FailureTarget" | "Suspended");
    let conditions = job.status.iter().flat_map(|s| s.conditions.iter().flatten());
    let suspended = job.spec.as_ref().and_then(|s| s.suspend) == Some(true);
    !suspended && job.metadata.deletion_timestamp.is_none() && !conditions.into_iter().any(|c| c.status == "True" && over(&c.type_))
}

pub(crate) fn judge(facts: &Facts<'_>, job: &Job) -> Judgement {
    let name = job.metadata.name.as_deref().unwrap_or_default();
    let age = seconds_since(began(job), facts.taken_at());
    let spec = job.spec.as_ref();
    let status = job.status.as_ref();
    let holds = |kind: &str| status.iter().flat_map(|s| s.conditions.iter().flatten()).find(|c| c.type_ == kind && c.status == "True");
    if let Some(failed) = holds("Failed") {
        return Judgement::Wrong(format!(
            "Failed: {}",
            Excerpt::said(failed.message.as_deref().or(failed.reason.as_deref()).unwrap_or_default())
        ));
    }
    if holds("Complete").is_some() || holds("SuccessCriteriaMet").is_some() {
        return Judgement::Well("has completed".to_owned());
    }
    if holds("Suspended").is_some() || spec.and_then(|s| s.suspend) == Some(true) {
        return Judgement::Idle("is suspended: it runs once somebody resumes it".to_owned());
    }
    let refused = facts.events_of(&job.reference()).find(|e| e.reason.as_deref() == Some("FailedCreate") && By::PodMaker.wrote(e));
    if let Some(message) = refused.and_then(|e| e.message.as_deref()) {
        return Judgement::Wrong(format!("cannot create its Pods: {}", Excerpt::said(message)));
    }
    let failures = status.and_then(|s| s.failed).unwrap_or(0);
    if failures > 0 {
        let limit = spec.and_then(|s| s.backoff_limit).unwrap_or(6);
        let what = format!("tries again after {failures} failed Pods; it gives up after {limit}");
        return Judgement::Young { what, seconds: PATIENCE };
    }
    let active = status.and_then(|s| s.active).unwrap_or(0);
    match age {
        Some(age) if age < PATIENCE || (active > 0 && age < LONG) => Judgement::Underway {
            what: format!("Job `{name}` runs for {age} s"),
            seconds: if active > 0 { LONG.saturating_sub(age).clamp(5, PATIENCE) } else { PATIENCE.saturating_sub(age).max(5) },
        },
        _ if active == 0 => Judgement::Wrong("has neither ended nor an active Pod".to_owned()),
        Some(age) => Judgement::Unknown(format!("runs for {age} s and has not completed{}", deadline(job))),
        None => Judgement::Unknown(format!("runs and has not completed{}", deadline(job))),
    }
}

fn deadline(job: &Job) -> String {
    match job.spec.as_ref().and_then(|s| s.active_deadline_seconds) {
        Some(seconds) => format!("; its deadline is {seconds} s"),
        None => "; it has no `activeDeadlineSeconds`, so nothing ends it".to_owned(),
    }
}
