//! PersistentVolumeClaims: bound, waiting by design, or waiting in vain.

use super::choice::{self, Chosen};
use super::{Judgement, seconds_since};
use crate::analyze::storage::classes;
use crate::domain::excerpt::Excerpt;
use crate::domain::kind::Kind;
use crate::domain::object::{Namespace, ObjectRef};
use crate::domain::snapshot::Resource;
use crate::facts::starting::binding_failure;
use crate::facts::{Facts, unread};
use k8s_openapi::api::core::v1::PersistentVolumeClaim;
use k8s_openapi::api::storage::v1::StorageClass;

/// Binding may take this long, in seconds.
const PATIENCE: i64 = 60;

pub(crate) fn judge(facts: &Facts<'_>, claim: &PersistentVolumeClaim) -> Judgement {
    let phase = claim.status.as_ref().and_then(|s| s.phase.as_deref());
    let object = claim.reference();
    let mounted = is_mounted(facts, &object);
    match phase {
        Some("Lost") => return Judgement::Wrong("Lost: its volume is gone".to_owned()),
        Some("Bound") => return Judgement::Well("is bound".to_owned()),
        Some("Pending") => {}
        _ => return Judgement::Unknown("does not report a phase".to_owned()),
    }
    if let Some(event) = binding_failure(facts, &object) {
        return Judgement::Wrong(format!("Pending: {}", Excerpt::said(event.message.as_deref().unwrap_or_default())));
    }
    let named = claim.spec.as_ref().and_then(|s| s.storage_class_name.as_deref());
    let class = facts.find::<StorageClass>(&ObjectRef::cluster(Kind::StorageClass, named.unwrap_or_default()));
    match choice::of(facts, claim) {
        Chosen::None => {}
        Chosen::Taken(why) => return Judgement::Wrong(format!("Pending: {why}")),
        Chosen::Awaited(_) if is_young(facts, claim) => return binding(facts, claim),
        Chosen::Awaited(why) => return Judgement::Wrong(format!("Pending: {why}")),
        Chosen::Unread(why) => return Judgement::Unknown(format!("is Pending, and {why}")),
        // It can be taken, whatever makes volumes of the class: all that is left to do is to bind it.
        Chosen::Free if mounted || !class.is_some_and(classes::waits_for_consumer) => return binding(facts, claim),
        Chosen::Free => {}
    }
    let nobody = if mounted { "" } else { ", and no Pod mounts it" };
    match (named, class) {
        // The claim waits for a Pod; what that Pod waits for is said of the Pod.
        (Some(named), Some(class)) if classes::waits_for_consumer(class) => Judgement::Well(format!(
            "is Pending by design: its class `{named}` provides a volume for the first Pod that uses it (WaitForFirstConsumer){nobody}"
        )),
        (Some(named), None) if !named.is_empty() && classes::are_known(facts) => {
            Judgement::Wrong(format!("Pending: its class `{named}` does not exist"))
        }
        _ if is_young(facts, claim) || class.is_some() || mounted => binding(facts, claim),
        _ => Judgement::Unknown(match named.filter(|name| !name.is_empty()) {
            Some(named) => {
                let class = ObjectRef::cluster(Kind::StorageClass, named);
                format!("is Pending{nobody}, and {}", unread::object(&class, facts.snapshot()))
            }
            None => format!("is Pending{nobody}, and has no class"),
        }),
    }
}

/// It is not bound, and nothing is known that it waits for.
fn binding(facts: &Facts<'_>, claim: &PersistentVolumeClaim) -> Judgement {
    match age(facts, claim).filter(|age| *age < PATIENCE) {
        Some(age) => Judgement::Underway {
            what: format!("the claim `{}` is being bound", claim.reference().name),
            seconds: PATIENCE.saturating_sub(age).max(5),
        },
        None => Judgement::Wrong("Pending: it is not bound to a volume".to_owned()),
    }
}

fn age(facts: &Facts<'_>, claim: &PersistentVolumeClaim) -> Option<i64> {
    seconds_since(claim.metadata.creation_timestamp.as_ref().map(|t| t.0), facts.taken_at())
}

fn is_young(facts: &Facts<'_>, claim: &PersistentVolumeClaim) -> bool {
    age(facts, claim).is_some_and(|age| age < PATIENCE)
}

fn is_mounted(facts: &Facts<'_>, claim: &ObjectRef) -> bool {
    !facts.claims().pods(claim.namespace.as_ref().map(Namespace::as_str).unwrap_or_default(), &claim.name).is_empty()
}
