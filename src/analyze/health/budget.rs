//! PodDisruptionBudgets: whether a drain could go on.

use super::Judgement;
use k8s_openapi::api::policy::v1::PodDisruptionBudget;

pub(crate) fn judge(budget: &PodDisruptionBudget) -> Judgement {
    let Some(status) = budget.status.as_ref() else {
        return Judgement::Unknown("its controller has not reported anything yet".to_owned());
    };
    let (healthy, desired) = (status.current_healthy.unwrap_or(0), status.desired_healthy.unwrap_or(0));
    let (expected, allowed) = (status.expected_pods.unwrap_or(0), status.disruptions_allowed.unwrap_or(0));
    if expected == 0 {
        return Judgement::Unknown("selects no Pods, so it protects nothing".to_owned());
    }
    if allowed > 0 {
        return Judgement::Well(format!("allows {allowed} disruptions"));
    }
    Judgement::Wrong(if desired >= expected {
        format!(
            "allows no disruption at any time: it wants {desired} healthy Pods and there are {expected}, so no node with one of them can be drained"
        )
    } else {
        format!("allows no disruption now: {healthy} of {expected} Pods are healthy and it wants {desired}")
    })
}
