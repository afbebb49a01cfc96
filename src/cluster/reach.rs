//! What each client may say on the wire: a layer that refuses all but its list before anything leaves.
//! It reads the path's grammar, not only the method: `exec`, `attach`, `portforward` and `proxy` are GET requests.

use crate::domain::kind::Kind;
use crate::domain::object::Namespace;
use futures::future::{Either, MapErr, Ready, TryFutureExt, ready};
use http::{Method, Request};
use std::task::{Context, Poll};
use tower::{BoxError, Layer, Service};

/// The longest path: kubectl's own longest names (253 + 63 + 253) fit several times.
const PATH_LIMIT: usize = 2048;
/// The longest query: a `continue` token is some hundred bytes.
const QUERY_LIMIT: usize = 8192;

const ACCESS_REVIEW: &str = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
const RULES_REVIEW: &str = "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews";

/// A request that was not sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{method} {path} was not sent: {reason}")]
pub(super) struct Denied {
    method: Method,
    path: String,
    /// Why, in words.
    pub(super) reason: &'static str,
}

/// Which list binds a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// GET of known kinds, and the reviews of one's own access.
    Read,
    /// The writes that `domain::action` can express, and the review of one's own access.
    Write,
}

impl Reach {
    /// Refuses what is not on the list. Default deny: no rule says "all but".
    pub(super) fn check<B>(self, request: &Request<B>) -> Result<(), Denied> {
        let reason = match self.permits(request) {
            Ok(()) => return Ok(()),
            Err(reason) => reason,
        };
        let path = request.uri().path().chars().filter(|c| !c.is_control()).take(200).collect();
        Err(Denied { method: request.method().clone(), path, reason })
    }

    fn permits<B>(self, request: &Request<B>) -> Result<(), &'static str> {
        let uri = request.uri();
        if uri.scheme().is_some() || uri.authority().is_some() {
            return Err("the server is chosen by the kubeconfig alone");
        }
        // Authorization and impersonation are added further in, by the kubeconfig; an `Upgrade` is never wanted.
        if request.headers().keys().any(|h| !matches!(h.as_str(), "accept" | "content-type" | "user-agent")) {
            return Err("a header that kubemend does not send");
        }
        let path = uri.path();
        let query = Query::parse(uri.query().unwrap_or_default())?;
        if request.method() == Method::POST && (path == ACCESS_REVIEW || (path == RULES_REVIEW && self == Reach::Read)) {
            return query.only(&[]);
        }
        match self {
            Reach::Read => permits_read(request.method(), path, &query),
            Reach::Write => {
                let patch = request.headers().get(http::header::CONTENT_TYPE).is_some_and(|t| t == "application/json-patch+json");
                permits_write(request.method(), path, &query, patch)
            }
        }
    }
}

fn permits_read(method: &Method, path: &str, query: &Query<'_>) -> Result<(), &'static str> {
    if method != Method::GET {
        return Err("this client only reads");
    }
    if path == "/version" {
        return query.only(&[]);
    }
    let target = Target::parse(path)?;
    let kind = target.kind().filter(|k| *k != Kind::Secret).ok_or("a resource that kubemend does not read")?;
    match (target.name, target.subresource) {
        (None, _) => query.only(&[
            "limit",
            "continue",
            "fieldSelector",
            "labelSelector",
            "resourceVersion",
            "watch",
            "allowWatchBookmarks",
            "timeoutSeconds",
        ]),
        (Some(_), None | Some("status")) => query.only(&[]),
        (Some(_), Some("scale")) if matches!(kind, Kind::Deployment | Kind::StatefulSet | Kind::ReplicaSet) => query.only(&[]),
        (Some(_), Some("log")) if kind == Kind::Pod => {
            query.only(&["container", "previous", "tailLines", "limitBytes", "sinceSeconds", "timestamps"])
        }
        (Some(_), Some(_)) => Err("a subresource that kubemend does not read"),
    }
}

fn permits_write(method: &Method, path: &str, query: &Query<'_>, json_patch: bool) -> Result<(), &'static str> {
    query.only(&["dryRun", "fieldManager", "fieldValidation"])?;
    if query.get("dryRun").is_some_and(|v| v != "All") {
        return Err("`dryRun` has one value, `All`");
    }
    let target = Target::parse(path)?;
    let kind = target.kind().ok_or("a resource that kubemend does not change")?;
    let namespace = target.namespace.ok_or("kubemend changes nothing outside namespaces")?;
    let namespace = Namespace::parse(namespace).map_err(|_| "not the name of a namespace")?;
    if namespace.is_system() {
        return Err("`kube-*` namespaces are not changed");
    }
    if target.subresource.is_some() {
        return Err("a subresource that kubemend does not change");
    }
    let claim = kind == Kind::PersistentVolumeClaim;
    let patched = matches!(kind, Kind::Deployment | Kind::StatefulSet | Kind::DaemonSet | Kind::Service);
    match (method.as_str(), target.name) {
        ("POST", None) if claim => Ok(()),
        ("DELETE", Some(_)) if claim => Ok(()),
        ("PATCH", Some(_)) if patched && json_patch => Ok(()),
        ("PATCH", Some(_)) if patched => Err("a patch that is not a JSON Patch"),
        _ => Err("a change that kubemend does not make"),
    }
}

/// A path of the API, taken apart: what is a namespace's or an object's name can be called `secrets` or `exec`.
#[derive(Debug, PartialEq, Eq)]
struct Target<'a> {
    group_version: String,
    resource: &'a str,
    namespace: Option<&'a str>,
    name: Option<&'a str>,
    subresource: Option<&'a str>,
}

impl<'a> Target<'a> {
    fn parse(path: &'a str) -> Result<Self, &'static str> {
        if path.len() > PATH_LIMIT {
            return Err("the path is too long");
        }
        let rest = path.strip_prefix('/').ok_or("not an API path")?;
        let segments: Vec<&str> = rest.split('/').collect();
        for segment in &segments {
            let plain = segment.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'.');
            // No `%`, no empty segment, no dot segment: what is checked here is what the server sees, however it decodes.
            if segment.is_empty() || !plain || segment.bytes().all(|b| b == b'.') {
                return Err("not an API path");
            }
        }
        let (group_version, rest) = match segments.as_slice() {
            ["api", version, rest @ ..] => ((*version).to_owned(), rest),
            ["apis", group, version, rest @ ..] => (format!("{group}/{version}"), rest),
            _ => return Err("not an API path"),
        };
        let (namespace, rest) = match rest {
            ["namespaces"] | ["namespaces", _] | ["namespaces", _, "status"] => (None, rest),
            ["namespaces", namespace, rest @ ..] => (Some(*namespace), rest),
            _ => (None, rest),
        };
        let (resource, name, subresource) = match rest {
            [resource] => (*resource, None, None),
            [resource, name] => (*resource, Some(*name), None),
            [resource, name, subresource] => (*resource, Some(*name), Some(*subresource)),
            _ => return Err("not an API path"),
        };
        Ok(Self { group_version, resource, namespace, name, subresource })
    }

    /// The known kind, where the path's scope fits it.
    fn kind(&self) -> Option<Kind> {
        Kind::KNOWN.into_iter().find(|kind| {
            kind.info().is_some_and(|info| {
                info.api_version == self.group_version
                    && info.plural == self.resource
                    && match (info.namespaced, self.namespace) {
                        (true, Some(_)) | (false, None) => true,
                        (true, None) => self.name.is_none(),
                        (false, Some(_)) => false,
                    }
            })
        })
    }
}

struct Query<'a>(Vec<(&'a str, &'a str)>);

impl<'a> Query<'a> {
    fn parse(text: &'a str) -> Result<Self, &'static str> {
        if text.len() > QUERY_LIMIT {
            return Err("the query is too long");
        }
        Ok(Self(text.split('&').filter(|pair| !pair.is_empty()).map(|pair| pair.split_once('=').unwrap_or((pair, ""))).collect()))
    }

    fn get(&self, key: &str) -> Option<&str> {
        self.0.iter().find(|(k, _)| *k == key).map(|(_, v)| *v)
    }

    /// Only these parameters, each at most once: of two, a server may take either.
    fn only(&self, allowed: &[&str]) -> Result<(), &'static str> {
        for (at, (key, _)) in self.0.iter().enumerate() {
            if !allowed.contains(key) {
                return Err("a query parameter that kubemend does not send");
            }
            if self.0.iter().take(at).any(|(earlier, _)| earlier == key) {
                return Err("a query parameter twice");
            }
        }
        Ok(())
    }
}

impl<S> Layer<S> for Reach {
    type Service = Guard<S>;

    fn layer(&self, inner: S) -> Guard<S> {
        Guard { reach: *self, inner }
    }
}

/// A service behind a list.
#[derive(Debug, Clone)]
pub(super) struct Guard<S> {
    reach: Reach,
    inner: S,
}

type Refusal<T> = Ready<Result<T, BoxError>>;

impl<S, B> Service<Request<B>> for Guard<S>
where
    S: Service<Request<B>>,
    S::Error: Into<BoxError>,
{
    type Response = S::Response;
    type Error = BoxError;
    type Future = Either<Refusal<S::Response>, MapErr<S::Future, fn(S::Error) -> BoxError>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        match self.reach.check(&request) {
            Ok(()) => Either::Right(self.inner.call(request).map_err(Into::into as fn(S::Error) -> BoxError)),
            Err(denied) => Either::Left(ready(Err(denied.into()))),
        }
    }
}

#[cfg(test)]
mod tests;
