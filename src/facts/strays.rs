//! Pods that came after what was seen of their workload: a ReplicaSet that was not seen owns them. A list that is older than that of the
//! Pods is not a picture of one moment, and its counts are not those of these Pods.

use super::labels::{self, Selector};
use super::{Facts, newest, pods};
use crate::domain::kind::Kind;
use crate::domain::snapshot::Resource;
use crate::domain::workload::{Workload, controller_of};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::Pod;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;

/// A live Pod that the workload selects and whose owner was not seen, in words. Only a Deployment's Pods have an owner in between.
pub(crate) fn of(workload: &Workload<'_>, facts: &Facts<'_>) -> Option<String> {
    let deployment = facts.find::<Deployment>(&workload.object)?;
    let namespace = workload.object.namespace.as_ref()?;
    let live = |pod: &&Pod| pod.metadata.deletion_timestamp.is_none() && !pods::has_ended(pod);
    let mut strays = facts.all_in::<Pod>(namespace).filter(live).filter_map(|pod| {
        let owner = controller_of(&pod.metadata).filter(|owner| owner.kind == Kind::ReplicaSet && !facts.has(owner))?;
        may_select(&deployment.spec.selector, pod.metadata.labels.as_ref()).then(|| (pod.reference(), owner))
    });
    strays.next().map(|(pod, owner)| format!("{pod} belongs to {owner}, which has not been seen"))
}

/// Whether the ReplicaSets that were seen are not all that the workload has by now.
pub(crate) fn are_sets_behind(workload: &Workload<'_>, facts: &Facts<'_>) -> bool {
    workload.object.kind == Kind::Deployment && (newest::has_unseen_revision(facts, &workload.object) || of(workload, facts).is_some())
}

/// Whether a selector matches by its labels. Its expressions are not evaluated: it may match.
fn may_select(selector: &LabelSelector, carried: Option<&Selector>) -> bool {
    selector.match_labels.as_ref().is_none_or(|wanted| wanted.is_empty() || labels::matches(wanted, carried))
}
