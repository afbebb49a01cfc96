//! ResourceQuotas: what of them is used up.

use super::Judgement;
use k8s_openapi::api::core::v1::ResourceQuota;

pub(crate) fn judge(quota: &ResourceQuota) -> Judgement {
    let Some((hard, used)) = quota.status.as_ref().and_then(|s| Some((s.hard.as_ref()?, s.used.as_ref()?))) else {
        return Judgement::Unknown("its controller has not reported any use yet".to_owned());
    };
    // Equal texts only: what is written in another unit is compared by the API server, whose refusal is an event.
    let full: Vec<String> = hard
        .iter()
        .filter(|(key, most)| used.get(*key).is_some_and(|u| u == *most))
        .map(|(key, most)| format!("`{key}`: {0} of {0}", most.0))
        .collect();
    if full.is_empty() {
        Judgement::Well("has room left".to_owned())
    } else {
        Judgement::Unknown(format!("is used up: {}", full.join(", ")))
    }
}
