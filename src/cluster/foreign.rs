//! What comes in over a kubeconfig, from a plugin and from an API server, as bytes that anybody may have made: for arbitrary bytes in
//! tests, and for fuzzing. Each panics where something is not kept that must hold of any bytes.

use super::discovered::Discovered;
use super::fault::{Read, problem};
use super::reach::Reach;
use super::wire::HttpReply;
use super::{discovery, kubeconfig, page, plugin, watch};
use crate::domain::kind::Kind;
use crate::domain::objects::Objects;
use crate::ports::ListRequest;
use serde_json::Value;

/// Few enough that a page of some bytes can hold more.
const MOST: usize = 3;

/// A kubeconfig, up to the context that is chosen. What it names is not opened.
pub(crate) fn kubeconfig(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    match kube::config::Kubeconfig::from_yaml(&text) {
        Ok(found) => {
            let Ok(context) = kubeconfig::chosen_context(&found, None, "`it`") else { return };
            kubeconfig::user_of(&found, &context);
            kubeconfig::sets_namespace(&found, &context);
            kubeconfig::cluster_of(&found, &context);
        }
        Err(error) => {
            kubeconfig::words(&error);
        }
    }
}

/// What a credential plugin wrote.
pub(crate) fn plugin(bytes: &[u8]) {
    plugin::parse(bytes).ok();
}

/// A page of a list, or whatever came in its place.
pub(crate) fn page(bytes: &[u8]) {
    let reply = HttpReply { status: http::StatusCode::OK, headers: http::HeaderMap::new(), body: bytes.to_vec(), whole: true };
    for kind in [Kind::Pod, Kind::Event] {
        let mut objects = Objects::of(&kind);
        let taken = page::take(&reply, &Read::list(&kind, None), &mut objects, MOST);
        assert!(objects.received() <= MOST, "more than there is room for");
        assert!(taken.is_ok_and(|page| page.cut) <= (objects.received() == MOST), "cut although there was room");
    }
    problem(&reply);
}

/// The lines of a watch.
pub(crate) fn watch(bytes: &[u8]) {
    let wanted = ListRequest::of(Kind::Pod, None);
    let read = Read::watch(&wanted.kind, None);
    let mut version = String::new();
    for line in bytes.split(|byte| *byte == b'\n') {
        if watch::said(&wanted, &read, line, &mut version).is_err() {
            break;
        }
    }
}

/// What an API server says that it has. Nothing of it opens a way to a Secret.
pub(crate) fn discovery(bytes: &[u8]) {
    let Ok(answer) = serde_json::from_slice::<Value>(bytes) else { return };
    let mut named = discovery::aggregated(&answer).unwrap_or_default();
    for (group, version) in discovery::groups(&answer) {
        named.extend(discovery::of_group(&group, &version, &answer));
    }
    let discovered = Discovered::default();
    for one in &named {
        one.custom();
        discovered.admit(&one.group, &one.version, &one.plural, one.namespaced);
        let path = format!("/apis/{}/{}/{}", one.group, one.version, one.plural);
        let Ok(request) = http::Request::get(&path).body(()) else { continue };
        let passes = Reach::Read(discovered.clone()).check(&request).is_ok();
        assert!(!passes || !one.plural.contains("secret"), "a way to Secrets: {path}");
    }
}
