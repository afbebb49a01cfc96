//! A recording of a part of the cluster: everything that rules read, masked, to be looked at elsewhere.

use super::collect::{self, Collected};
use super::tape::Tape;
use super::{Caller, Remediation, WorkflowError, namesakes};
use crate::analyze;
use crate::domain::issue::Scope;
use crate::domain::kind::Kind;
use crate::domain::namespace::Namespace;
use crate::domain::recording::{Recorded, RecordedList, Recording};
use crate::domain::words::Wording;
use crate::ports::Phase;
use crate::probe;
use serde_json::{Value, json};
use std::collections::HashSet;

impl Remediation {
    /// The context's own namespace.
    pub fn namespace(&self) -> Namespace {
        self.parts.read.default_namespace()
    }

    /// Everything that rules can read of the scope. What could not be read is in it as that.
    ///
    /// # Errors
    /// Nothing can be read at all.
    pub async fn record(&self, scope: &Scope, caller: &Caller<'_>) -> Result<Recording, WorkflowError> {
        let meter = self.meter(caller);
        let tape = Tape::over(meter.read.clone());
        caller.progress.tell(Phase::Collecting, "reading everything that rules look at");
        let read: HashSet<Kind> =
            analyze::kinds().into_iter().chain(analyze::kinds_on_demand().cloned()).chain([Kind::Namespace]).collect();
        let kinds: Vec<Kind> = Kind::KNOWN.into_iter().filter(|kind| kind.is_readable() && read.contains(kind)).collect();
        let clock = self.parts.clock.as_ref();
        let read = collect::some(Wording::default(), &kinds, |_| Vec::new(), scope, &tape, clock);
        let Collected { mut snapshot, mut account, .. } = tokio::select! {
            collected = read => collected?,
            () = caller.cancel.cancelled() => return Err(WorkflowError::Cancelled),
        };
        namesakes::seek(&tape, &mut account, &mut snapshot).await?;
        let mut lists = tape.kept();
        caller.progress.tell(Phase::Collecting, "masking what may be secret");
        let allowed = self.parts.allowed;
        let within = scope.clone();
        let lists = tokio::task::spawn_blocking(move || {
            lists.iter_mut().for_each(|list| mask(list, &within, allowed));
            lists
        });
        let lists = lists.await.map_err(|_| WorkflowError::Invalid("the recording could not be masked".to_owned()))?;
        let read = &self.parts.read;
        let (namespace, chosen) = (read.default_namespace(), read.own_namespace().is_some());
        Ok(Recording { taken_at: snapshot.taken_at, cluster: snapshot.cluster, namespace, chosen, lists })
    }
}

fn mask(list: &mut RecordedList, scope: &Scope, allowed: probe::Allowed) {
    if let Recorded::Objects { items, .. } = &mut list.answer {
        for item in items {
            let place = item.pointer("/metadata/namespace").and_then(Value::as_str);
            let whole = if scope.holds(place) { item.take() } else { beside(&list.kind, item) };
            *item = probe::masked(whole, list.namespace.as_ref(), allowed);
        }
    }
}

/// What rules ask of an object outside the scope, and no more: which claims and Services there are, and which claims its Pods use.
fn beside(kind: &Kind, item: &Value) -> Value {
    let part = |path: &str| item.pointer(path).cloned().unwrap_or_default();
    let mut kept = json!({"apiVersion": part("/apiVersion"), "kind": part("/kind"), "metadata": {
        "name": part("/metadata/name"), "namespace": part("/metadata/namespace"), "uid": part("/metadata/uid"),
    }});
    let rest = match kind {
        Kind::Pod => {
            let volumes = part("/spec/volumes");
            let named = volumes.as_array().into_iter().flatten().filter_map(|volume| volume.pointer("/persistentVolumeClaim/claimName"));
            let claims: Vec<Value> = named.map(|name| json!({"name": "claim", "persistentVolumeClaim": {"claimName": name}})).collect();
            [("spec", json!({"containers": [], "volumes": claims})), ("status", json!({"phase": part("/status/phase")}))]
        }
        Kind::PersistentVolumeClaim => [("spec", part("/spec")), ("status", part("/status"))],
        _ => [("spec", json!({})), ("status", json!({}))],
    };
    if let Some(map) = kept.as_object_mut() {
        map.extend(rest.into_iter().map(|(name, value)| (name.to_owned(), value)));
    }
    kept
}
