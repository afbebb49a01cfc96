//! Reads the objects that a plan would change, whole and as they are now: one request for each, when the plan is made.

use crate::domain::kind::Kind;
use crate::domain::object::ObjectRef;
use crate::domain::proposal::Wanted;
use crate::domain::snapshot::Snapshot;
use crate::planner::live::Live;
use crate::planner::outline::Outline;
use crate::planner::refusal::Refusal;
use crate::ports::{ClusterRead, ReadError};
use futures::future::join_all;

/// What a plan would change. An object that cannot be read refuses the change, and says why.
pub(super) async fn read(outline: &Outline, read: &dyn ClusterRead) -> Live {
    let mut live = Live::default();
    let needed = outline.needed();
    let answers = join_all(needed.iter().map(|object| read.get(object))).await;
    for (object, answer) in needed.into_iter().zip(answers) {
        let found = answer.map_err(|error| refusal(&object, &error));
        live.insert(object, found);
    }
    live
}

/// The ConfigMaps that would be changed: no rule may have needed their list. What cannot be read stays unseen, and is refused as that.
pub(super) async fn see_config_maps(changes: &[Wanted], snapshot: &mut Snapshot, read: &dyn ClusterRead) {
    let inside = |object: &&ObjectRef| object.namespace.as_ref().is_some_and(|namespace| snapshot.scope.holds(Some(namespace.as_str())));
    let named = changes.iter().map(Wanted::target).filter(|object| object.kind == Kind::ConfigMap);
    let unseen: Vec<ObjectRef> = named.filter(|object| snapshot.meta_of(object).is_none()).filter(inside).cloned().collect();
    for object in unseen {
        if let Ok(value) = read.get(&object).await {
            snapshot.add(&Kind::ConfigMap, vec![value], false);
        }
    }
}

/// A missing right is not a missing object.
fn refusal(object: &ObjectRef, error: &ReadError) -> Refusal {
    match error {
        ReadError::NotFound(_) => Refusal::Gone(object.clone()),
        ReadError::Forbidden { .. }
        | ReadError::Unauthorized { .. }
        | ReadError::Unreachable { .. }
        | ReadError::TimedOut(..)
        | ReadError::Expired(_)
        | ReadError::Refused { .. }
        | ReadError::NotRecorded(_)
        | ReadError::Config(_)
        | ReadError::Kubeconfig { .. }
        | ReadError::Options(_) => {
            let why: Vec<String> = std::iter::once(error.to_string()).chain(error.hints()).collect();
            Refusal::Unreadable { object: object.clone(), why: why.join("; ") }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::object::Namespace;
    use std::time::Duration;

    #[test]
    fn missing_right_is_not_a_missing_object() {
        let web = ObjectRef::namespaced(Kind::Deployment, &Namespace::parse("shop").unwrap(), "web");
        let forbidden = ReadError::Forbidden {
            verb: "get".into(),
            resource: "deployments.apps".into(),
            namespace: web.namespace.clone(),
            unlock: "kubectl create role …".into(),
        };
        let said = |error: &ReadError| refusal(&web, error).to_string();
        assert_eq!(
            said(&forbidden),
            "Deployment shop/web could not be read before the change: not allowed to get deployments.apps in `shop`; to allow it: kubectl create role …"
        );
        assert_eq!(said(&ReadError::NotFound("x".into())), "Deployment shop/web no longer exists");
        assert_eq!(
            said(&ReadError::TimedOut("the Deployment".into(), Duration::from_secs(15))),
            "Deployment shop/web could not be read before the change: reading the Deployment took longer than 15s"
        );
    }
}
