//! What comes in over a kubeconfig, from a plugin and from an API server, as bytes that anybody may have made: for arbitrary bytes in
//! tests, and for fuzzing. Each panics where something is not kept that must hold of any bytes.

use super::discovered::Discovered;
use super::fault::{Read, problem};
use super::reach::Reach;
use super::wire::HttpReply;
use super::{discovery, kubeconfig, page, plugin, review, table, watch, write};
use crate::domain::kind::Kind;
use crate::domain::objects::Objects;
use crate::domain::request::{Method, Request};
use crate::domain::visible::is_hidden;
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

fn reply(status: http::StatusCode, bytes: &[u8]) -> HttpReply {
    HttpReply { status, headers: http::HeaderMap::new(), body: bytes.to_vec(), whole: true }
}

/// The answer to a review of one's own access. Only a plain yes is one.
pub(crate) fn review(bytes: &[u8]) {
    let said = serde_json::from_slice::<Value>(bytes).ok();
    let yes = said.is_some_and(|said| said.pointer("/status/allowed") == Some(&Value::Bool(true)));
    let read = Read::other("create", "selfsubjectaccessreviews.authorization.k8s.io", "what the writer is allowed to do");
    assert_eq!(review::allowed(&reply(http::StatusCode::CREATED, bytes), &read).unwrap_or(false), yes, "an approval that is none");
}

/// The answer to a write or to its dry run. A success is an object, and what failed on the server's side may have happened.
pub(crate) fn write(bytes: &[u8]) {
    let request =
        Request { method: Method::Patch, path: "/apis/apps/v1/namespaces/shop/deployments/web".to_owned(), body: "[]".to_owned() };
    if let Ok(answer) = write::taken(&reply(http::StatusCode::OK, bytes)) {
        assert!(answer.body.get("kind").is_some(), "a success that is not an object");
    }
    for (status, open) in [(403, false), (409, false), (422, false), (429, false), (500, true), (504, true)] {
        let status = http::StatusCode::from_u16(status).unwrap_or_default();
        let error = write::refused(&request, &reply(status, bytes));
        assert!(!error.to_string().is_empty(), "an error that says nothing");
        assert_eq!(error.may_have_happened(), open, "{status} leaves open whether it happened");
    }
}

/// A page of a list, or whatever came in its place.
pub(crate) fn page(bytes: &[u8]) {
    let reply = reply(http::StatusCode::OK, bytes);
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
    let (mut named, _) = discovery::aggregated(&answer).unwrap_or_default();
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

/// A list as a table. What is one has a cell for each column that is shown, or fewer, and nothing hidden in them.
pub(crate) fn table(bytes: &[u8]) {
    let read = Read::list(&Kind::Pod, None);
    let Ok(table) = table::of(&reply(http::StatusCode::OK, bytes), &read) else { return };
    for row in &table.rows {
        assert!(!row.cells.iter().any(|cell| cell.chars().any(is_hidden)), "hidden characters in a cell");
    }
}
