//! Scope → snapshot: only what is needed, all of it bounded, and what could not be read is a gap.

use crate::analyze;
use crate::domain::issue::Scope;
use crate::domain::kind::Kind;
use crate::domain::snapshot::Snapshot;
use crate::ports::{Clock, ClusterRead, ListRequest, Listed, ReadError, gap};
use futures::future::join_all;
use std::collections::BTreeMap;

/// A snapshot and where watches of its kinds can start.
pub(super) struct Collected {
    pub(super) snapshot: Snapshot,
    pub(super) versions: BTreeMap<Kind, String>,
}

/// Reads the scope. Fails only where nothing can be said at all: no connection, no credentials.
pub(super) async fn collect(scope: &Scope, read: &dyn ClusterRead, clock: &dyn Clock) -> Result<Collected, ReadError> {
    let cluster = read.cluster().await?;
    let mut collected = Collected { snapshot: Snapshot::empty(cluster, scope.clone(), clock.now()), versions: BTreeMap::new() };
    wave(&analyze::first_kinds(), scope, read, &mut collected).await?;
    // What the first wave points at and no namespace holds, such as classes and nodes; or what is rarely needed.
    let second = analyze::further_kinds(&collected.snapshot);
    wave(&second, scope, read, &mut collected).await?;
    collected.snapshot.taken_at = clock.now();
    Ok(collected)
}

pub(super) fn request(kind: &Kind, scope: &Scope) -> ListRequest {
    let namespaced = kind.info().is_some_and(|i| i.namespaced);
    ListRequest { kind: kind.clone(), namespace: if namespaced { scope.namespace().cloned() } else { None }, field_selector: None }
}

pub(super) async fn wave(kinds: &[Kind], scope: &Scope, read: &dyn ClusterRead, into: &mut Collected) -> Result<(), ReadError> {
    let requests: Vec<ListRequest> = kinds.iter().map(|k| request(k, scope)).collect();
    let answers: Vec<Result<Listed, ReadError>> = join_all(requests.iter().map(|r| read.list(r))).await;
    for (request, answer) in requests.iter().zip(answers) {
        let what = format!(
            "{}{}",
            request.kind.info().map_or("objects", |i| i.plural),
            request.namespace.as_ref().map(|n| format!(" in {n}")).unwrap_or_default()
        );
        match answer {
            Ok(listed) => {
                if !listed.complete {
                    into.snapshot.gaps.push(crate::domain::evidence::Gap {
                        what,
                        why: crate::domain::evidence::GapWhy::Truncated,
                        unlock: Some("look at one namespace at a time with -n".to_owned()),
                    });
                }
                into.snapshot.take(listed.objects, listed.complete);
                into.versions.insert(request.kind.clone(), listed.resource_version);
            }
            Err(error) => match gap(&error, &what) {
                Some(gap) => into.snapshot.gaps.push(gap),
                None => return Err(error),
            },
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validate;

    #[test]
    fn what_checks_are_held_against_is_always_read() {
        let first = analyze::first_kinds();
        let kinds = validate::kinds(&crate::planner::example::image_plan(1));
        assert_eq!(kinds.iter().filter(|kind| !first.contains(kind)).collect::<Vec<_>>(), Vec::<&Kind>::new());
    }
}
