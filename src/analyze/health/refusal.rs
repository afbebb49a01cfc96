//! What the cluster says where a controller may not make a Pod: a quota, an account, an admission webhook.

use crate::domain::excerpt::Excerpt;
use crate::domain::object::ObjectRef;
use crate::domain::snapshot::{Resource, event_time};
use crate::facts::Facts;
use crate::facts::author::By;

/// `: ` and the newest refusal of a Pod, when there is one.
pub(crate) fn of(facts: &Facts<'_>, object: &ObjectRef) -> String {
    let sets = facts.replica_sets_of(object).map(Resource::reference);
    let refusals = std::iter::once(object.clone())
        .chain(sets)
        .filter_map(|o| facts.events_of(&o).find(|e| e.reason.as_deref() == Some("FailedCreate") && By::PodMaker.wrote(e)));
    // Of two at one time, the last one counts.
    let newest = refusals.max_by_key(|e| event_time(e));
    newest.and_then(|e| e.message.as_deref()).map(|m| format!(": {}", Excerpt::said(m))).unwrap_or_default()
}
