//! HorizontalPodAutoscalers: whether they have something to scale, and metrics to decide by.

use super::{Judgement, seconds_since};
use crate::domain::excerpt::Excerpt;
use crate::facts::Facts;
use crate::facts::focus::target;
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;

/// The first metrics and the first conditions may take this long, in seconds.
const FIRST: i64 = 60;

pub(crate) fn judge(facts: &Facts<'_>, autoscaler: &HorizontalPodAutoscaler) -> Judgement {
    let wanted = target(autoscaler);
    if let Some(target) = &wanted
        && facts.is_whole(&target.kind)
        && !facts.has(target)
    {
        return Judgement::Wrong(format!("scales {}, which does not exist", target.in_words()));
    }
    let status = autoscaler.status.as_ref();
    let conditions = || status.into_iter().flat_map(|s| s.conditions.iter().flatten());
    let age = seconds_since(autoscaler.metadata.creation_timestamp.as_ref().map(|t| t.0), facts.taken_at());
    let young = age.is_some_and(|age| age < FIRST);
    if let Some(off) = conditions().find(|c| matches!(c.type_.as_str(), "ScalingActive" | "AbleToScale") && c.status == "False") {
        let reason = off.reason.as_deref().unwrap_or_default();
        if reason == "ScalingDisabled" {
            return Judgement::Idle("does not scale: its target has no replicas".to_owned());
        }
        let what = format!("{} is False: {reason}: {}", off.type_, Excerpt::said(off.message.as_deref().unwrap_or_default()));
        return if young { Judgement::Young { what, seconds: FIRST } } else { Judgement::Wrong(what) };
    }
    let active = conditions().any(|c| c.type_ == "ScalingActive" && c.status == "True");
    match status {
        Some(status) if active => {
            let (now, wants) = (status.current_replicas.unwrap_or(0), status.desired_replicas);
            let limited =
                conditions().any(|c| c.type_ == "ScalingLimited" && c.status == "True" && c.reason.as_deref() == Some("TooManyReplicas"));
            let most = if limited { ", which is its maximum, and its metrics ask for more" } else { "" };
            Judgement::Well(format!("has metrics; {now} replicas, wants {wants}{most}"))
        }
        _ if young => Judgement::Young { what: "has no metrics yet".to_owned(), seconds: FIRST },
        _ => Judgement::Unknown("does not report whether it has metrics".to_owned()),
    }
}
