//! A Pod that is ready: since when, how often it was restarted, and whether a probe has just begun to fail.

use super::{Judgement, seconds_since};
use crate::domain::excerpt::Excerpt;
use crate::domain::focus::lasting;
use crate::domain::snapshot::Resource;
use crate::domain::snapshot::event_time;
use crate::facts::Facts;
use crate::facts::author::By;
use crate::facts::focus::focus;
use crate::facts::named::Nearness;
use crate::facts::proof;
use jiff::Timestamp;
use k8s_openapi::api::core::v1::{ContainerStatus, Pod};
use std::fmt;

/// A restart this many seconds ago is no longer part of what is reported: the kubelet forgets its back-off after ten minutes too.
const RECENT: i64 = 600;
/// See there.
const PROVEN: i64 = proof::PROVEN.as_secs();
/// From here on restarts are a pattern.
const OFTEN: i32 = 3;
/// A proven run that has lasted so many times as long as the one before it is past where that one failed.
const OUTLIVED: i64 = 10;
/// A failing probe is reported again within its period, which is hardly ever longer than this.
const PROBED: i64 = 90;

/// A restart within this is told as a doubt to those who ask about the Pod.
const DAY: i64 = 24 * 3600;

/// What there is to say of a Pod that is ready.
pub(crate) fn pod(facts: &Facts<'_>, pod: &Pod) -> Judgement {
    let now = facts.taken_at();
    let last = restarted(facts, std::iter::once(pod));
    // Each container counts by itself: one that is past its failures hides no other.
    if let Some(often) = each_restarted(facts, std::iter::once(pod)).find(Restarted::is_often) {
        return Judgement::Wrong(format!("is ready, but {often}"));
    }
    if let Some(Restarted { ago: Some(ago), .. }) = &last {
        let what = || format!("is ready, but {}", last.as_ref().map(ToString::to_string).unwrap_or_default());
        if *ago < PROVEN {
            return Judgement::Young { what: what(), seconds: PROVEN.saturating_sub(*ago).max(5) };
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
    last.map_or_else(|| Judgement::Well("is ready".to_owned()), |last| judged(facts, pod, &last))
}

/// A Pod that is ready and whose containers were restarted: what the words are about may have been so then.
fn judged(facts: &Facts<'_>, pod: &Pod, last: &Restarted) -> Judgement {
    let named = focus(facts);
    let nearness = named.nearness(std::iter::once(&pod.reference()));
    let asked = if named.is_general() { last.count >= OFTEN } else { nearness == Nearness::Itself };
    let what = format!("is ready now, and {last}");
    match last.ago.filter(|ago| *ago < DAY) {
        _ if facts.snapshot().words.ask_about_restarts() && nearness != Nearness::Elsewhere => Judgement::Unknown(what),
        Some(ago) if asked => Judgement::Recovered { what, seconds: DAY.saturating_sub(ago) },
        Some(_) | None => Judgement::Well(what),
    }
}

/// How often the containers of some Pods were restarted: that of the one that ended last.
#[derive(Debug)]
pub(crate) struct Restarted {
    container: String,
    count: i32,
    ago: Option<i64>,
    /// How it ended.
    end: Option<String>,
    /// For how many seconds that run lasted.
    life: Option<i64>,
    /// For how many the one of now has.
    run: Option<i64>,
    /// How many seconds lay between two starts on average before that, with the back-off.
    apart: Option<i64>,
    /// It had no room in memory, which a later run lacks as late as the one before.
    for_memory: bool,
}

impl Restarted {
    /// What ended at once time after time, and now runs, has got what it lacked: a value of a ConfigMap, or what it waited for.
    fn is_outlived(&self) -> bool {
        let Some(((life, run), apart)) = self.life.zip(self.run).zip(self.apart) else { return false };
        !self.for_memory && run >= PROVEN && run >= life.saturating_mul(OUTLIVED) && run >= apart
    }

    /// It restarts, as far as anybody can tell.
    fn is_often(&self) -> bool {
        self.count >= OFTEN && self.ago.is_some_and(|ago| ago < RECENT) && !self.is_outlived()
    }
}

/// The container of these Pods that was restarted last; none where none ever was.
pub(crate) fn restarted<'p>(facts: &Facts<'_>, pods: impl Iterator<Item = &'p Pod>) -> Option<Restarted> {
    each_restarted(facts, pods).min_by_key(|one| (one.ago.is_none(), one.ago, std::cmp::Reverse(one.count)))
}

/// Every container of these Pods that was ever restarted.
fn each_restarted<'p>(facts: &Facts<'_>, pods: impl Iterator<Item = &'p Pod>) -> impl Iterator<Item = Restarted> {
    let all = pods.flat_map(|pod| {
        let began = pod.status.as_ref().and_then(|status| status.start_time.as_ref()).map(|at| at.0);
        let statuses = pod.status.iter().flat_map(|s| s.container_statuses.iter().flatten());
        statuses.filter(|s| s.restart_count > 0).map(move |status| (began, status))
    });
    let of = |(pod_began, status): (Option<Timestamp>, &ContainerStatus)| {
        let ended = status.last_state.as_ref().and_then(|s| s.terminated.as_ref());
        let reason = |reason: &str| !matches!(reason, "" | "Error" | "Completed");
        let end = ended.map(|t| {
            let reason = t.reason.as_deref().filter(|r| reason(r)).map(|r| format!(" ({})", Excerpt::line(r))).unwrap_or_default();
            format!("exit code {}{reason}", t.exit_code)
        });
        let began = ended.and_then(|ended| ended.started_at.as_ref()).map(|at| at.0);
        let running = status.state.as_ref().and_then(|state| state.running.as_ref()).and_then(|running| running.started_at.as_ref());
        let before = running.and_then(|at| seconds_since(pod_began, at.0));
        Restarted {
            life: last_end(status).and_then(|end| seconds_since(began, end)),
            run: seconds_since(running.map(|at| at.0), facts.taken_at()),
            apart: before.and_then(|before| before.checked_div(i64::from(status.restart_count))),
            for_memory: ended.is_some_and(|ended| ended.reason.as_deref() == Some("OOMKilled")),
            container: status.name.clone(),
            count: status.restart_count,
            ago: seconds_since(last_end(status), facts.taken_at()),
            end,
        }
    };
    all.map(of).collect::<Vec<_>>().into_iter()
}

/// ``container `app` was restarted 3 times, the last time 90 s ago with exit code 137 (OOMKilled)``.
impl fmt::Display for Restarted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { container, count, ago, end, .. } = self;
        write!(f, "container `{container}` was restarted {count} {}", if *count == 1 { "time" } else { "times" })?;
        if ago.is_some() || end.is_some() {
            f.write_str(", the last time")?;
        }
        ago.map(|ago| write!(f, " {} ago", lasting(ago))).transpose()?;
        end.as_ref().map(|end| write!(f, " with {end}")).transpose()?;
        Ok(())
    }
}

fn last_end(status: &ContainerStatus) -> Option<Timestamp> {
    status.last_state.as_ref()?.terminated.as_ref()?.finished_at.as_ref().map(|t| t.0)
}

fn ready_since(pod: &Pod) -> Option<Timestamp> {
    let conditions = pod.status.as_ref()?.conditions.as_ref()?;
    conditions.iter().find(|c| c.type_ == "Ready" && c.status == "True")?.last_transition_time.as_ref().map(|t| t.0)
}
