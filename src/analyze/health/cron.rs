//! CronJobs: suspended, never scheduled, without a run that succeeded, or with runs that do not end.

use super::job::{began, is_active};
use super::{Judgement, seconds_since};
use crate::domain::excerpt::Excerpt;
use crate::domain::snapshot::Resource;
use crate::facts::Facts;
use crate::facts::author::By;
use k8s_openapi::api::batch::v1::{CronJob, Job};

/// A run may take this long, in seconds, before it counts as one that did not succeed.
const RUN: i64 = 600;
/// A CronJob older than this that never ran is remarkable, whatever its schedule: most run daily.
const NEVER: i64 = 2 * 24 * 60 * 60;
/// So many runs that were due without one that succeeded are remarkable.
const MISSED: i64 = 3;
const HOUR: i64 = 60 * 60;

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
    if let Some(event) = facts.events_of(&cron.reference()).find(|e| wrong(e.reason.as_deref()) && By::CronController.wrote(e)) {
        let (reason, message) = (event.reason.as_deref().unwrap_or_default(), Excerpt::said(event.message.as_deref().unwrap_or_default()));
        return Judgement::Wrong(format!("{reason}: {message}"));
    }
    let status = cron.status.as_ref();
    let scheduled = status.and_then(|s| s.last_schedule_time.as_ref()).map(|t| t.0);
    let succeeded = status.and_then(|s| s.last_successful_time.as_ref()).map(|t| t.0);
    let runs: Vec<&Job> = active_runs(facts, cron);
    let active = !runs.is_empty() || status.is_some_and(|s| s.active.as_ref().is_some_and(|a| !a.is_empty()));
    if let Some(doubt) = never_ending(facts, cron, &runs) {
        return doubt;
    }
    let Some(ago) = seconds_since(scheduled, now) else {
        let age = seconds_since(cron.metadata.creation_timestamp.as_ref().map(|t| t.0), now);
        return match age {
            Some(age) if age > NEVER => {
                Judgement::Unknown(format!("was created {age} s ago and was never scheduled; its schedule is `{schedule}`"))
            }
            _ => Judgement::Idle(format!("has not been due yet; its schedule is `{schedule}`")),
        };
    };
    let created = cron.metadata.creation_timestamp.as_ref().map(|t| t.0);
    if active
        && let Some((period, spent)) = period(schedule).zip(seconds_since(succeeded.or(created), now))
        && spent > period.saturating_mul(MISSED).max(RUN)
    {
        let due = spent.checked_div(period).unwrap_or_default();
        return Judgement::Unknown(format!("a run is active, and none has succeeded for {spent} s, in which about {due} were due"));
    }
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

/// Its runs that have not ended, the oldest first.
fn active_runs<'a>(facts: &Facts<'a>, cron: &CronJob) -> Vec<&'a Job> {
    let reference = cron.reference();
    let mut runs: Vec<&Job> = facts.runs_of(&reference).filter(|job| is_active(job)).collect();
    runs.sort_by_key(|job| began(job));
    runs
}

/// What its oldest run, and several at once, say: the newest is always young where runs are frequent.
fn never_ending(facts: &Facts<'_>, cron: &CronJob, runs: &[&Job]) -> Option<Judgement> {
    let oldest = runs.first()?;
    let name = oldest.metadata.name.as_deref().unwrap_or_default();
    let spent = seconds_since(began(oldest), facts.taken_at())?;
    let allows = cron.spec.concurrency_policy.as_deref().unwrap_or("Allow") == "Allow";
    if runs.len() > 1 && allows {
        let count = runs.len();
        return Some(Judgement::Unknown(format!(
            "{count} of its runs are active at once: they take longer than its schedule gives them; the oldest, Job `{name}`, runs for {spent} s"
        )));
    }
    (spent >= RUN).then(|| Judgement::Unknown(format!("its run Job `{name}` has not ended after {spent} s")))
}

/// The seconds between two runs, where they are at most a day apart and about even.
fn period(schedule: &str) -> Option<i64> {
    match schedule.trim() {
        "@hourly" => return Some(HOUR),
        "@daily" | "@midnight" => return Some(24 * HOUR),
        _ => {}
    }
    let mut fields = schedule.split_whitespace();
    let (minute, hour) = (fields.next()?, fields.next()?);
    if !fields.all(|field| matches!(field, "*" | "?")) {
        return None;
    }
    let step = |field: &str, unit: i64, most: i64| match field.strip_prefix("*/") {
        Some(every) => every.parse::<i64>().ok().filter(|n| (1..=most).contains(n)).map(|n| n.saturating_mul(unit)),
        None if field == "*" => Some(unit),
        None => None,
    };
    let is_one = |field: &str| field.bytes().all(|b| b.is_ascii_digit());
    match (minute, hour) {
        (minute, "*") if !is_one(minute) => step(minute, 60, 59),
        (minute, "*") if is_one(minute) => Some(HOUR),
        (minute, hour) if is_one(minute) && is_one(hour) => Some(24 * HOUR),
        (minute, hour) if is_one(minute) => step(hour, HOUR, 23),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::period;
    use crate::analyze::testing::{World, cluster, deployment};

    fn cron(schedule: &str, policy: &str, status: &str) -> World {
        cluster().app(deployment("web")).said("is the sync job fine?").yaml(&format!(
            "{{apiVersion: batch/v1, kind: CronJob, metadata: {{name: sync, uid: uid-sync, creationTimestamp: '2025-12-01T10:00:00Z'}}, \
             spec: {{schedule: '{schedule}', concurrencyPolicy: {policy}, jobTemplate: {{spec: {{template: {{spec: {{containers: []}}}}}}}}}}, status: {{{status}}}}}"
        ))
    }

    fn run(world: World, name: &str, since: &str, status: &str) -> World {
        world.yaml(&format!(
            "{{apiVersion: batch/v1, kind: Job, metadata: {{name: {name}, creationTimestamp: '{since}', \
             ownerReferences: [{{apiVersion: batch/v1, kind: CronJob, name: sync, uid: uid-sync, controller: true}}]}}, \
             spec: {{template: {{spec: {{restartPolicy: Never, containers: [{{name: a, image: 'a:1'}}]}}}}}}, status: {{{status}}}}}"
        ))
    }

    const NEW: &str = "lastScheduleTime: '2026-01-01T11:59:40Z'";
    const ACTIVE: &str = "active: 1";
    const DONE: &str = "succeeded: 1, conditions: [{type: Complete, status: 'True'}]";

    #[track_caller]
    fn says(world: &World, part: &str) {
        let doubts = world.doubts();
        assert!(doubts.iter().any(|d| d.contains(part)), "{part}: {doubts:?}");
    }

    #[test]
    fn cron_job_whose_runs_never_end_is_not_healthy() {
        let first = |policy| run(cron("* * * * *", policy, NEW), "sync-1", "2026-01-01T11:00:00Z", ACTIVE);
        says(&run(first("Allow"), "sync-2", "2026-01-01T11:59:40Z", ACTIVE), "2 of its runs are active at once");
        says(&first("Forbid"), "its run Job `sync-1` has not ended after 3600 s");
    }

    #[test]
    fn cron_job_that_replaces_each_run_before_it_ends_is_not_healthy() {
        let world = |schedule| run(cron(schedule, "Replace", NEW), "sync-2", "2026-01-01T11:59:40Z", ACTIVE);
        says(&world("*/5 * * * *"), "none has succeeded for");
        assert!(world("0 3 * * 0").is_healthy(), "how often it was due is not known: {:?}", world("0 3 * * 0").diagnosis());
    }

    #[test]
    fn cron_job_with_one_young_run_after_those_that_succeeded_is_healthy() {
        let status = format!("{NEW}, lastSuccessfulTime: '2026-01-01T11:58:50Z'");
        let world = run(cron("* * * * *", "Allow", &status), "sync-1", "2026-01-01T11:58:40Z", DONE);
        let world = run(world, "sync-2", "2026-01-01T11:59:40Z", ACTIVE);
        assert!(world.is_healthy(), "{:?}", world.diagnosis());
    }

    #[test]
    fn time_between_two_runs_is_known_where_it_is_even() {
        let known = [
            ("* * * * *", 60),
            ("*/15 * * * *", 900),
            ("5 * * * *", 3600),
            ("0 */6 * * *", 21_600),
            ("0 3 * * *", 86_400),
            ("@daily", 86_400),
        ];
        for (schedule, seconds) in known {
            assert_eq!(period(schedule), Some(seconds), "{schedule}");
        }
        for schedule in ["0 3 * * 0", "0 3 31 12 *", "0,30 * * * *", "0 9-17 * * *", "nonsense", "*/0 * * * *"] {
            assert_eq!(period(schedule), None, "{schedule}");
        }
    }
}
