//! Where rules see nothing wrong and somebody says that something is: custom objects that say of themselves that they are not well, or
//! of whose kind the words speak. Rules read only the custom kinds that they know; an engineer would list the others.

use crate::domain::diagnosis::Diagnosis;
use crate::domain::evidence::{Gap, GapWhy};
use crate::domain::kind::Kind;
use crate::domain::look::Look;
use crate::domain::object::{Namespace, ObjectRef};
use crate::domain::resource::{Condition, Dynamic};
use crate::domain::room::Room;
use crate::ports::{ClusterRead, ListRequest, ReadError, gap};
use crate::session::Header;
use tokio::time::{Instant, timeout_at};

/// Kinds that are listed: those that the words call by name come first.
const KINDS: usize = 12;
/// What each list may bring.
const ROOM: Room = Room { items: 200, bytes: 2 * 1024 * 1024 };
/// Objects that are described.
const DESCRIBED: usize = 2;
/// Conditions of which a well object has each as `True`, by the conventions of the API and of what is built on them.
const GOOD: [&str; 7] = ["Ready", "Available", "Healthy", "Synced", "Succeeded", "Reconciled", "Programmed"];
/// Those that only an object has as `True` that is not well.
const BAD: [&str; 5] = ["Degraded", "Stalled", "Failed", "Failing", "Error"];

/// What to look at, the most telling first; what could not be read in time, or may not be, is a gap.
pub(super) async fn looks(header: &mut Header, read: &dyn ClusterRead, until: Instant) -> Vec<Look> {
    let Some(namespace) = header.scope.namespace().filter(|_| is_undecided(&header.diagnosis)).cloned() else { return Vec::new() };
    let words = header.purpose.words().unwrap_or_default().to_owned();
    let (mut telling, mut missing) = (Vec::new(), Vec::new());
    let reading = async {
        let custom = match read.custom_kinds().await {
            Ok(custom) => custom,
            Err(error) => return missing.push((why_missing(&error), "which there are".to_owned())),
        };
        let namespaced = custom.kinds.into_iter().filter(|kind| kind.info().is_some_and(|info| info.namespaced));
        let mut kinds: Vec<(bool, Kind)> = namespaced.map(|kind| (!is_spoken_of(&kind, &words), kind)).collect();
        kinds.sort_by_key(|(silent, _)| *silent);
        let rest = kinds.split_off(kinds.len().min(KINDS));
        if !rest.is_empty() {
            missing.push((GapWhy::Truncated, format!("{} more kinds", rest.len())));
        }
        for (silent, kind) in kinds {
            match objects(&kind, &namespace, read).await {
                Ok(found) => telling.extend(found.iter().filter_map(|object| {
                    let unwell = object.conditions.iter().any(is_unwell);
                    (unwell || !silent).then(|| ((!unwell, silent), object.reference()))
                })),
                Err(error) => missing.push((why_missing(&error), kind.name().to_owned())),
            }
        }
    };
    if timeout_at(until, reading).await.is_err() {
        missing.push((GapWhy::Timeout, "the rest".to_owned()));
    }
    for why in GapWhy::ALL {
        let what: Vec<&str> = missing.iter().filter(|(theirs, _)| *theirs == why).map(|(_, what)| what.as_str()).collect();
        if !what.is_empty() {
            let what = format!("custom objects in {namespace}: {}", what.join(", "));
            header.diagnosis.miss(Gap { what, why, unlock: None });
        }
    }
    telling.sort_by_key(|(rank, _)| *rank);
    telling.into_iter().take(DESCRIBED).map(|(_, object): (_, ObjectRef)| Look::Describe(object)).collect()
}

/// Rules name no cause and no symptom, and could not see that all is well.
fn is_undecided(diagnosis: &Diagnosis) -> bool {
    diagnosis.causes.is_empty() && diagnosis.unexplained.is_empty() && !diagnosis.doubts.is_empty()
}

fn why_missing(error: &ReadError) -> GapWhy {
    gap(error, "").map_or(GapWhy::Failed, |gap| gap.why)
}

fn is_spoken_of(kind: &Kind, words: &str) -> bool {
    words.split(|c: char| !(c.is_alphanumeric() || c == '.')).any(|word| kind.is_called(word.trim_matches('.')))
}

async fn objects(kind: &Kind, namespace: &Namespace, read: &dyn ClusterRead) -> Result<Vec<Dynamic>, ReadError> {
    let request = ListRequest { room: ROOM, ..ListRequest::of(kind.clone(), Some(namespace.clone())) };
    let listed = read.list(&request).await?;
    Ok(listed.objects.values().into_iter().filter_map(|value| Dynamic::of(kind, value)).collect())
}

fn is_unwell(condition: &Condition) -> bool {
    let among = |known: &[&str]| known.contains(&condition.kind.as_str());
    (among(&GOOD) && condition.status != "True") || (among(&BAD) && condition.status == "True")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn condition_is_bad_by_what_it_is_called() {
        let of = |kind: &str, status: &str| {
            is_unwell(&Condition { kind: kind.to_owned(), status: status.to_owned(), reason: String::new(), message: String::new() })
        };
        for (kind, status) in [("Ready", "False"), ("Ready", "Unknown"), ("Synced", "False"), ("Degraded", "True"), ("Stalled", "True")] {
            assert!(of(kind, status), "{kind} {status}");
        }
        for (kind, status) in
            [("Ready", "True"), ("Degraded", "False"), ("Stalled", "Unknown"), ("Progressing", "False"), ("Paused", "True")]
        {
            assert!(!of(kind, status), "{kind} {status}");
        }
    }
}
