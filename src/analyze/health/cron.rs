//! CronJobs: suspended, never scheduled, or without a run that succeeded.

use super::{Judgement, seconds_since};
use crate::domain::excerpt::Excerpt;
use crate::domain::snapshot::Resource;
use crate::facts::Facts;
use k8s_openapi::api::batch::v1::CronJob;

/// A run may take this long, in seconds, before it counts as one that did not succeed.
const RUN: i64 = 600;
/// A CronJob older than this that never ran is remarkable, whatever its schedule: most run daily.
const NEVER: i64 = 2 * 24 * 60 * 60;

pub(crate) fn judge(facts: &Facts<'_>, cron: &CronJob) -> Judgement {
    let now = facts.taken_at();
    let schedule = &cron.spec.schedule;
    if cron.spec.suspend == Some(true) {
        return Judgement::Idle("is suspended: it does not run until somebody resumes it".to_owned());
    }
    let wrong = |reason: Option<&str>| {
        matches!(
            reason,
            Some(
                "TooManyMissedTimes"
                    | "MissSchedule"
                    | "FailedNeedsStart"
                    | "UnparseableSchedule"
                    | "UnknownTimeZone"
                    | "InvalidSchedule"
                    | "FailedCreate"
            )
        )
    };
    if let Some(event) = facts.events_of(&cron.reference()).find(|e| wrong(e.reason.as_deref())) {
        let (reason, message) = (event.reason.as_deref().unwrap_or_default(), Excerpt::said(event.message.as_deref().unwrap_or_default()));
        return Judgement::Wrong(format!("{reason}: {message}"));
    }
    let status = cron.status.as_ref();
    let scheduled = status.and_then(|s| s.last_schedule_time.as_ref()).map(|t| t.0);
    let succeeded = status.and_then(|s| s.last_successful_time.as_ref()).map(|t| t.0);
    let active = status.is_some_and(|s| s.active.as_ref().is_some_and(|a| !a.is_empty()));
    let Some(ago) = seconds_since(scheduled, now) else {
        let age = seconds_since(cron.metadata.creation_timestamp.as_ref().map(|t| t.0), now);
        return match age {
            Some(age) if age > NEVER => {
                Judgement::Unknown(format!("was created {age} s ago and was never scheduled; its schedule is `{schedule}`"))
            }
            _ => Judgement::Idle(format!("has not been due yet; its schedule is `{schedule}`")),
        };
    };
    match (succeeded, active) {
        (Some(at), _) if Some(at) >= scheduled => Judgement::Well("its last run succeeded".to_owned()),
        (_, true) if ago < RUN => {
            Judgement::Underway { what: format!("CronJob `{}` runs since {ago} s", cron.reference().name), seconds: 60 }
        }
        (_, true) => Judgement::Unknown(format!("its run that was scheduled {ago} s ago has not ended")),
        (_, false) if ago < 60 => Judgement::Young { what: "its run has just ended or begun".to_owned(), seconds: 60 },
        (Some(_), false) => Judgement::Wrong(format!("its last run, scheduled {ago} s ago, did not succeed")),
        (None, false) => Judgement::Wrong(format!("was scheduled {ago} s ago, and none of its runs has succeeded")),
    }
}
