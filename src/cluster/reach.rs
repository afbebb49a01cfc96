//! What each client may say on the wire: a layer that refuses all but its list before anything leaves.
//! It reads the path's grammar, not only the method: `exec`, `attach`, `portforward` and `proxy` are GET requests.

use super::discovered::Discovered;
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

/// What tells which cluster this is. A copy, on purpose, as the lists below.
const IDENTITY: &str = "/api/v1/namespaces/kube-system";

/// A request that was not sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{method} {path} was not sent: {reason}")]
pub(super) struct Denied {
    method: Method,
    path: String,
    /// Why, in words.
    pub(super) reason: &'static str,
}

/// A resource as it stands in paths: group and version, plural, and whether its objects live in a namespace.
type Resource = (&'static str, &'static str, bool);

const CLAIMS: Resource = ("v1", "persistentvolumeclaims", true);
const DEPLOYMENTS: Resource = ("apps/v1", "deployments", true);
const REPLICA_SETS: Resource = ("apps/v1", "replicasets", true);
const STATEFUL_SETS: Resource = ("apps/v1", "statefulsets", true);
const DAEMON_SETS: Resource = ("apps/v1", "daemonsets", true);
const SERVICES: Resource = ("v1", "services", true);
const INGRESSES: Resource = ("networking.k8s.io/v1", "ingresses", true);
const AUTOSCALERS: Resource = ("autoscaling/v2", "horizontalpodautoscalers", true);
const BUDGETS: Resource = ("policy/v1", "poddisruptionbudgets", true);
const CONFIG_MAPS: Resource = ("v1", "configmaps", true);
const SERVICE_ACCOUNTS: Resource = ("v1", "serviceaccounts", true);
const PODS: Resource = ("v1", "pods", true);

/// What may be read, besides what discovery named. A copy of the table of kinds, on purpose: a row that is added there by mistake
/// is not read before it is added here too. A test compares both.
const READ: &[Resource] = &[
    PODS,
    DEPLOYMENTS,
    REPLICA_SETS,
    STATEFUL_SETS,
    DAEMON_SETS,
    ("apps/v1", "controllerrevisions", true),
    ("batch/v1", "jobs", true),
    ("batch/v1", "cronjobs", true),
    SERVICES,
    ("discovery.k8s.io/v1", "endpointslices", true),
    INGRESSES,
    ("networking.k8s.io/v1", "ingressclasses", false),
    ("networking.k8s.io/v1", "networkpolicies", true),
    AUTOSCALERS,
    BUDGETS,
    ("v1", "resourcequotas", true),
    ("coordination.k8s.io/v1", "leases", true),
    CLAIMS,
    ("v1", "persistentvolumes", false),
    CONFIG_MAPS,
    SERVICE_ACCOUNTS,
    ("storage.k8s.io/v1", "storageclasses", false),
    ("v1", "nodes", false),
    ("v1", "namespaces", false),
    ("v1", "events", true),
];

/// What is used now: of no kind of the table, since nothing is decided by it.
const METRICS: &[Resource] = &[("metrics.k8s.io/v1beta1", "pods", true), ("metrics.k8s.io/v1beta1", "nodes", false)];

/// What may be created and deleted: a copy of the table of changes, on purpose, as above.
const CREATED: &[Resource] = &[CLAIMS, SERVICE_ACCOUNTS, SERVICES, CONFIG_MAPS];
const DELETED: &[Resource] = &[CLAIMS, PODS];
/// What may be evicted: the one subresource that is written to.
const EVICTED: &[Resource] = &[PODS];
/// What may be patched.
const PATCHED: &[Resource] = &[DEPLOYMENTS, STATEFUL_SETS, DAEMON_SETS, SERVICES, CONFIG_MAPS, AUTOSCALERS, BUDGETS, INGRESSES, CLAIMS];

/// Which list binds a client.
#[derive(Debug, Clone)]
pub(super) enum Reach {
    /// GET of known kinds and of what discovery named, and the reviews of one's own access.
    Read(Discovered),
    /// The writes that `domain::action` can express, the review of one's own access, and which cluster it is.
    Write,
}

impl Reach {
    /// Refuses what is not on the list. Default deny: no rule says "all but".
    pub(super) fn check<B>(&self, request: &Request<B>) -> Result<(), Denied> {
        let reason = match self.permits(request) {
            Ok(()) => return Ok(()),
            Err(reason) => reason,
        };
        let path = request.uri().path().chars().filter(|c| !c.is_control()).take(200).collect();
        Err(Denied { method: request.method().clone(), path, reason })
    }

    fn permits<B>(&self, request: &Request<B>) -> Result<(), &'static str> {
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
        if request.method() == Method::POST && (path == ACCESS_REVIEW || (path == RULES_REVIEW && matches!(self, Reach::Read(_)))) {
            return query.only(&[]);
        }
        match self {
            Reach::Read(discovered) => permits_read(request.method(), path, &query, discovered),
            Reach::Write => {
                let patch = request.headers().get(http::header::CONTENT_TYPE).is_some_and(|t| t == "application/json-patch+json");
                permits_write(request.method(), path, &query, patch)
            }
        }
    }
}

fn permits_read(method: &Method, path: &str, query: &Query<'_>, discovered: &Discovered) -> Result<(), &'static str> {
    if method != Method::GET {
        return Err("this client only reads");
    }
    if path == "/version" {
        return query.only(&[]);
    }
    if is_discovery(path) || is_schema(path) {
        return query.only(&[]);
    }
    let target = Target::parse(path)?;
    if target.is_one_of(METRICS) && target.subresource.is_none() {
        return query.only(&[]);
    }
    // Whatever either list says.
    if target.resource.contains("secret") {
        return Err("kubemend never reads Secrets");
    }
    let found = discovered.scope_of(&target.group_version, target.resource).is_some_and(|namespaced| target.fits(namespaced));
    if !found && !target.is_one_of(READ) {
        return Err("a resource that kubemend does not read");
    }
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
        (Some(_), Some("scale")) if target.is_one_of(&[DEPLOYMENTS, STATEFUL_SETS, REPLICA_SETS]) => query.only(&[]),
        (Some(_), Some("log")) if target.is_one_of(&[PODS]) => {
            query.only(&["container", "previous", "tailLines", "limitBytes", "sinceSeconds", "timestamps"])
        }
        (Some(_), Some(_)) => Err("a subresource that kubemend does not read"),
    }
}

fn permits_write(method: &Method, path: &str, query: &Query<'_>, json_patch: bool) -> Result<(), &'static str> {
    // The one thing that it reads: which cluster it is about to change.
    if method == Method::GET && path == IDENTITY {
        return query.only(&[]);
    }
    query.only(&["dryRun", "fieldManager", "fieldValidation"])?;
    if query.get("dryRun").is_some_and(|v| v != "All") {
        return Err("`dryRun` has one value, `All`");
    }
    let target = Target::parse(path)?;
    if ![CREATED, DELETED, PATCHED, EVICTED].iter().any(|list| target.is_one_of(list)) {
        return Err("a resource that kubemend does not change");
    }
    let namespace = target.namespace.ok_or("kubemend changes nothing outside namespaces")?;
    let namespace = Namespace::parse(namespace).map_err(|_| "not the name of a namespace")?;
    if namespace.is_system() {
        return Err("`kube-*` namespaces are not changed");
    }
    if let Some(subresource) = target.subresource {
        let evicts = method == Method::POST && subresource == "eviction" && target.is_one_of(EVICTED);
        return if evicts { Ok(()) } else { Err("a subresource that kubemend does not change") };
    }
    match (method.as_str(), target.name) {
        ("POST", None) if target.is_one_of(CREATED) => Ok(()),
        ("DELETE", Some(_)) if target.is_one_of(DELETED) => Ok(()),
        ("PATCH", Some(_)) if target.is_one_of(PATCHED) && json_patch => Ok(()),
        ("PATCH", Some(_)) if target.is_one_of(PATCHED) => Err("a patch that is not a JSON Patch"),
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
            if !is_plain(segment) {
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

    /// Whether it is one of these, and the path's scope is theirs.
    fn is_one_of(&self, resources: &[Resource]) -> bool {
        resources.iter().any(|(group_version, plural, namespaced)| {
            *group_version == self.group_version && *plural == self.resource && self.fits(*namespaced)
        })
    }

    fn fits(&self, namespaced: bool) -> bool {
        match (namespaced, self.namespace) {
            (true, Some(_)) | (false, None) => true,
            (true, None) => self.name.is_none(),
            (false, Some(_)) => false,
        }
    }
}

/// What the API says about itself, of groups beside the core: `/apis`, and `/apis/GROUP/VERSION`.
fn is_discovery(path: &str) -> bool {
    if path == "/apis" {
        return true;
    }
    match path.strip_prefix("/apis/").map(|rest| rest.split('/').collect::<Vec<_>>()).as_deref() {
        Some(words @ [_, _]) if path.len() <= PATH_LIMIT => words.iter().all(|word| is_plain(word)),
        _ => false,
    }
}

/// What the kinds of one group and version are made of: `/openapi/v3/api/v1`, and `/openapi/v3/apis/GROUP/VERSION`.
fn is_schema(path: &str) -> bool {
    let words: Vec<&str> = path.strip_prefix("/openapi/v3/").map(|rest| rest.split('/').collect()).unwrap_or_default();
    path.len() <= PATH_LIMIT && matches!(words.as_slice(), ["api", _] | ["apis", _, _]) && words.iter().all(|word| is_plain(word))
}

/// No `%`, no empty segment, no dot segment: what is checked here is what the server sees, however it decodes.
fn is_plain(segment: &str) -> bool {
    let plain = segment.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'.');
    !segment.is_empty() && plain && !segment.bytes().all(|b| b == b'.')
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
                return Err("a repeated query parameter");
            }
        }
        Ok(())
    }
}

impl<S> Layer<S> for Reach {
    type Service = Guard<S>;

    fn layer(&self, inner: S) -> Guard<S> {
        Guard { reach: self.clone(), inner }
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
