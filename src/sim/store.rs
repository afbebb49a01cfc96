//! The objects and the history of their changes: what etcd and the watch cache are to a real API server.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

use serde_json::{Value, json};

use super::{json, resources::Resource};

/// Changes kept for watchers; a watch from before the oldest is told that it is gone.
const HISTORY: usize = 10_000;
/// Where versions begin; a real cluster never starts at zero either.
const FIRST_VERSION: u64 = 1000;

type Key = (&'static Resource, String, String);

#[derive(Debug, Clone)]
pub(super) struct Change {
    pub(super) version: u64,
    pub(super) resource: &'static Resource,
    pub(super) before: Option<Arc<Value>>,
    /// None when it was deleted; `last` is then what watchers see.
    pub(super) after: Option<Arc<Value>>,
    pub(super) last: Arc<Value>,
}

#[derive(Debug)]
pub(super) struct Store {
    objects: BTreeMap<Key, Arc<Value>>,
    history: VecDeque<Change>,
    version: u64,
    /// Watches and continued lists from before this version are refused.
    oldest: u64,
}

impl Store {
    pub(super) fn new() -> Self {
        Self { objects: BTreeMap::new(), history: VecDeque::new(), version: FIRST_VERSION, oldest: 0 }
    }

    pub(super) fn version(&self) -> u64 {
        self.version
    }

    pub(super) fn oldest(&self) -> u64 {
        self.oldest
    }

    pub(super) fn get(&self, resource: &'static Resource, namespace: &str, name: &str) -> Option<Arc<Value>> {
        self.objects.get(&(resource, namespace.to_owned(), name.to_owned())).cloned()
    }

    /// All of a kind, in one namespace or (`None`) everywhere, in the order of their keys.
    pub(super) fn list(&self, resource: &'static Resource, namespace: Option<&str>) -> Vec<Arc<Value>> {
        let from = (resource, namespace.unwrap_or_default().to_owned(), String::new());
        self.objects
            .range(from..)
            .take_while(|((kind, ns, _), _)| *kind == resource && namespace.is_none_or(|wanted| wanted == ns))
            .map(|(_, object)| Arc::clone(object))
            .collect()
    }

    pub(super) fn everything(&self) -> impl Iterator<Item = (&'static Resource, &Arc<Value>)> {
        self.objects.iter().map(|((kind, ..), object)| (*kind, object))
    }

    /// Stores an object as it is given, under the next version, and remembers the change.
    /// An object that did not change keeps its version.
    pub(super) fn put(&mut self, resource: &'static Resource, mut object: Value) -> Arc<Value> {
        let key = (resource, json::namespace(&object).to_owned(), json::name(&object).to_owned());
        let before = self.objects.get(&key).cloned();
        if let Some(before) = &before {
            json::set(&mut object, "/metadata/resourceVersion", json::at(before, "/metadata/resourceVersion").clone());
            if **before == object {
                return Arc::clone(before);
            }
            if resource.generation && json::at(before, "/spec") != json::at(&object, "/spec") {
                let generation = json::int(before, "/metadata/generation").unwrap_or(0) + 1;
                json::set(&mut object, "/metadata/generation", generation);
            }
        }
        self.version += 1;
        json::set(&mut object, "/metadata/resourceVersion", self.version.to_string());
        let object = Arc::new(object);
        self.objects.insert(key, Arc::clone(&object));
        self.remember(Change { version: self.version, resource, before, after: Some(Arc::clone(&object)), last: Arc::clone(&object) });
        object
    }

    pub(super) fn remove(&mut self, resource: &'static Resource, namespace: &str, name: &str) -> Option<Arc<Value>> {
        let before = self.objects.remove(&(resource, namespace.to_owned(), name.to_owned()))?;
        self.version += 1;
        let mut last = (*before).clone();
        json::set(&mut last, "/metadata/resourceVersion", self.version.to_string());
        let last = Arc::new(last);
        self.remember(Change { version: self.version, resource, before: Some(before), after: None, last: Arc::clone(&last) });
        Some(last)
    }

    fn remember(&mut self, change: Change) {
        self.history.push_back(change);
        if self.history.len() > HISTORY
            && let Some(dropped) = self.history.pop_front()
        {
            self.oldest = dropped.version;
        }
    }

    /// What changed after `version`, or nothing at all when that is no longer known.
    pub(super) fn since(&self, resource: &'static Resource, version: u64) -> Option<impl Iterator<Item = &Change>> {
        (version >= self.oldest).then(|| {
            let start = self.history.partition_point(|c| c.version <= version);
            self.history.range(start..).filter(move |change| change.resource == resource)
        })
    }

    /// Forgets the history, as etcd's compaction does.
    pub(super) fn compact(&mut self) {
        self.history.clear();
        self.oldest = self.version;
    }
}

/// A list of objects, as a reply shows it: the elements don't repeat kind and version.
pub(super) fn list_of(resource: &Resource, items: Vec<Value>, metadata: Value) -> Value {
    let items: Vec<Value> = items
        .into_iter()
        .map(|mut item| {
            json::remove(&mut item, "/kind");
            json::remove(&mut item, "/apiVersion");
            item
        })
        .collect();
    json!({
        "kind": format!("{}List", resource.kind),
        "apiVersion": resource.api_version(),
        "metadata": metadata,
        "items": items,
    })
}
