//! Watches: what changed since a version, as lines of JSON, until the time is over.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use futures::Stream;
use serde_json::{Value, json};
use tokio::{sync::watch::Receiver, time::Instant};

use super::{
    cluster::Cluster, filter::Filter, json as read, list::shaped, problem::Problem, request::ApiRequest, resources::Resource,
    shared::Shared, store::Change,
};

/// How long a watch lives that does not say; the API server takes 30 to 60 minutes.
const UNLESS_TOLD: Duration = Duration::from_secs(1800);

struct Watch {
    shared: Arc<Shared>,
    changed: Receiver<u64>,
    request: ApiRequest,
    resource: &'static Resource,
    filter: Filter,
    /// Up to where changes were told.
    version: u64,
    end: Instant,
    lines: VecDeque<String>,
    over: bool,
}

/// The lines of a watch.
pub(super) fn stream(
    shared: Arc<Shared>,
    request: &ApiRequest,
    resource: &'static Resource,
    filter: Filter,
) -> impl Stream<Item = String> + Send + use<> {
    let asked: Option<u64> = request.param("timeoutSeconds").parse().ok();
    let mut watch = Watch {
        changed: shared.changed.subscribe(),
        request: request.clone(),
        resource,
        filter,
        version: 0,
        end: Instant::now() + asked.map_or(UNLESS_TOLD, |seconds| Duration::from_secs(seconds).min(UNLESS_TOLD * 2)),
        lines: VecDeque::new(),
        over: false,
        shared,
    };
    watch.begin();
    futures::stream::unfold(watch, |mut watch| async move { watch.next().await.map(|line| (line, watch)) })
}

impl Watch {
    fn begin(&mut self) {
        let shared = Arc::clone(&self.shared);
        let cluster = shared.lock();
        let from = self.request.param("resourceVersion").parse().unwrap_or(0);
        let initial = self.request.flag("sendInitialEvents");
        if from == 0 || initial {
            self.version = cluster.store.version();
            for object in cluster.store.list(self.resource, self.filter.namespace.as_deref()) {
                if self.filter.takes(&object) {
                    self.tell("ADDED", &object);
                }
            }
            if initial {
                self.bookmark(true);
            }
        } else {
            self.version = from;
            self.catch_up(&cluster);
        }
    }

    async fn next(&mut self) -> Option<String> {
        loop {
            if let Some(line) = self.lines.pop_front() {
                return Some(line);
            }
            if self.over {
                return None;
            }
            tokio::select! {
                changed = self.changed.changed() => self.over = changed.is_err(),
                () = tokio::time::sleep_until(self.end) => self.over = true,
            }
            let shared = Arc::clone(&self.shared);
            self.catch_up(&shared.lock());
            if self.over && self.request.flag("allowWatchBookmarks") {
                self.bookmark(false);
            }
        }
    }

    fn catch_up(&mut self, cluster: &Cluster) {
        let Some(changes) = cluster.store.since(self.resource, self.version) else {
            let message = format!("too old resource version: {} ({})", self.version, cluster.store.oldest());
            let status = Problem::expired(message).status();
            self.lines.push_back(line("ERROR", &status));
            self.over = true;
            return;
        };
        for change in changes {
            if let Some((kind, object)) = self.seen(change) {
                self.tell(kind, &object);
            }
        }
        self.version = self.version.max(cluster.store.version());
    }

    /// What a change is to this watch: an object may enter or leave what is selected.
    fn seen(&self, change: &Change) -> Option<(&'static str, Arc<Value>)> {
        let took = |object: &Option<Arc<Value>>| object.as_deref().is_some_and(|o| self.filter.takes(o));
        let kind = match (took(&change.before), took(&change.after)) {
            (false, false) => return None,
            (false, true) => "ADDED",
            (true, true) => "MODIFIED",
            (true, false) => "DELETED",
        };
        Some((kind, Arc::clone(&change.last)))
    }

    fn tell(&mut self, kind: &str, object: &Value) {
        self.lines.push_back(line(kind, &shaped(&self.request, object)));
    }

    fn bookmark(&mut self, initial: bool) {
        let mut object = json!({
            "kind": self.resource.kind, "apiVersion": self.resource.api_version(),
            "metadata": {"resourceVersion": self.version.to_string(), "creationTimestamp": null},
        });
        if initial {
            read::set(&mut object, "/metadata/annotations/k8s.io~1initial-events-end", "true");
        }
        self.lines.push_back(line("BOOKMARK", &object));
    }
}

fn line(kind: &str, object: &Value) -> String {
    format!("{}\n", json!({"type": kind, "object": object}))
}
