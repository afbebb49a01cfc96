//! A Pod that is ready: since when, how often it was restarted, and whether a probe has just begun to fail.

use super::{Judgement, seconds_since};
use crate::domain::excerpt::Excerpt;
use crate::domain::snapshot::event_time;
use crate::facts::Facts;
use crate::facts::author::By;
use jiff::Timestamp;
use k8s_openapi::api::core::v1::{ContainerStatus, Pod};

/// A restart this many seconds ago is no longer part of what is reported: the kubelet forgets its back-off after ten minutes too.
const RECENT: i64 = 600;
/// After one restart a container has proven itself within this time.
const PROVEN: i64 = 120;
/// From here on restarts are a pattern.
const OFTEN: i32 = 3;
/// A failing probe is reported again within its period, which is hardly ever longer than this.
const PROBED: i64 = 90;

/// What there is to say of a Pod that is ready.
pub(crate) fn pod(facts: &Facts<'_>, pod: &Pod) -> Judgement {
    let now = facts.taken_at();
    let statuses = || pod.status.iter().flat_map(|s| s.container_statuses.iter().flatten());
    let restarted = statuses().filter_map(|s| Some((s, seconds_since(last_end(s), now)?))).filter(|(s, _)| s.restart_count > 0);
    if let Some((status, ago)) = restarted.min_by_key(|(_, ago)| *ago) {
        let code = status.last_state.as_ref().and_then(|s| s.terminated.as_ref()).map_or(0, |t| t.exit_code);
        let (name, count) = (&status.name, status.restart_count);
        let what = format!("is ready, but container `{name}` was restarted {count} times, the last time {ago} s ago with exit code {code}");
        if count >= OFTEN && ago < RECENT {
            return Judgement::Wrong(what);
        }
        if ago < PROVEN {
            return Judgement::Young { what, seconds: PROVEN.saturating_sub(ago).max(5) };
        }
    }
    let since = ready_since(pod);
    let failing = facts.newest_event(pod, |e| {
        let at = event_time(e);
        e.reason.as_deref() == Some("Unhealthy")
            && By::Kubelet.wrote(e)
            && at > since
            && seconds_since(at, now).is_some_and(|ago| ago < PROBED)
    });
    if let Some(event) = failing.filter(|_| since.is_some()) {
        let message = Excerpt::said(event.message.as_deref().unwrap_or_default());
        return Judgement::Young { what: format!("is still ready, but a probe has begun to fail: {message}"), seconds: PROBED };
    }
    restarts(facts, pod).unwrap_or_else(|| Judgement::Well("is ready".to_owned()))
}

/// How often its containers were restarted, where the words are about that: what they are about was then so.
fn restarts(facts: &Facts<'_>, pod: &Pod) -> Option<Judgement> {
    let statuses = pod.status.iter().flat_map(|s| s.container_statuses.iter().flatten());
    let most =
        statuses.filter(|s| s.restart_count > 0).max_by_key(|s| s.restart_count).filter(|_| facts.snapshot().words.ask_about_restarts())?;
    let ended = most.last_state.as_ref().and_then(|s| s.terminated.as_ref());
    let last = ended.map(|t| format!(", the last time with exit code {}", t.exit_code)).unwrap_or_default();
    let at = last_end(most).and_then(|at| seconds_since(Some(at), facts.taken_at())).map(|ago| format!(" {ago} s ago")).unwrap_or_default();
    Some(Judgement::Unknown(format!(
        "is ready now, and its container `{}` was restarted {} times{last}{at}",
        most.name, most.restart_count
    )))
}

fn last_end(status: &ContainerStatus) -> Option<Timestamp> {
    status.last_state.as_ref()?.terminated.as_ref()?.finished_at.as_ref().map(|t| t.0)
}

fn ready_since(pod: &Pod) -> Option<Timestamp> {
    let conditions = pod.status.as_ref()?.conditions.as_ref()?;
    conditions.iter().find(|c| c.type_ == "Ready" && c.status == "True")?.last_transition_time.as_ref().map(|t| t.0)
}
