//! What a request asks for: its path, query and headers, taken apart.

use std::sync::Arc;

use bytes::Bytes;
use http::{Method, Request, header};
use serde_json::Value;

use super::{
    problem::Problem,
    resources::{self, Resource},
    store::Store,
};

/// A request, read.
#[derive(Debug, Clone)]
pub(super) struct ApiRequest {
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) raw_query: String,
    pub(super) query: Vec<(String, String)>,
    pub(super) user: String,
    pub(super) user_agent: String,
    pub(super) accept: String,
    pub(super) content_type: String,
    pub(super) body: Bytes,
}

/// What a path points at.
#[derive(Debug, Clone)]
pub(super) struct Target {
    pub(super) resource: &'static Resource,
    pub(super) namespace: String,
    pub(super) name: String,
    pub(super) subresource: String,
}

impl Target {
    /// The object that is meant.
    pub(super) fn existing(&self, store: &Store) -> Result<Arc<Value>, Problem> {
        store.get(self.resource, &self.namespace, &self.name).ok_or_else(|| Problem::not_found(self.resource, &self.name))
    }
}

impl ApiRequest {
    pub(super) fn new<B>(request: &Request<B>, body: Bytes, user: &str) -> Self {
        let header = |name| request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
        let raw_query = request.uri().query().unwrap_or_default().to_owned();
        Self {
            method: request.method().clone(),
            path: request.uri().path().to_owned(),
            query: raw_query
                .split('&')
                .filter(|pair| !pair.is_empty())
                .map(|pair| {
                    let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
                    (decode(key), decode(value))
                })
                .collect(),
            raw_query,
            user: user.to_owned(),
            user_agent: header(header::USER_AGENT),
            accept: header(header::ACCEPT),
            content_type: header(header::CONTENT_TYPE),
            body,
        }
    }

    pub(super) fn param(&self, key: &str) -> &str {
        self.query.iter().find(|(name, _)| name == key).map_or("", |(_, value)| value)
    }

    pub(super) fn flag(&self, key: &str) -> bool {
        matches!(self.param(key), "true" | "1")
    }

    /// With a body, a deletion's options are read from there alone: what the query says is ignored then.
    pub(super) fn is_dry_run(&self) -> bool {
        if self.method == Method::DELETE && !self.body.is_empty() {
            let options: Value = serde_json::from_slice(&self.body).unwrap_or_default();
            return options.get("dryRun").and_then(Value::as_array).is_some_and(|all| all.iter().any(|one| one == "All"));
        }
        self.param("dryRun") == "All"
    }

    pub(super) fn is_strict(&self) -> bool {
        self.param("fieldValidation") == "Strict"
    }

    /// Who writes, for `managedFields`.
    pub(super) fn manager(&self) -> &str {
        match self.param("fieldManager") {
            "" => self.user_agent.split('/').next().unwrap_or_default(),
            manager => manager,
        }
    }

    /// The verb as authorization and audit name it.
    pub(super) fn verb(&self, target: Option<&Target>) -> &'static str {
        let whole = target.is_none_or(|target| target.name.is_empty());
        match self.method.as_str() {
            "GET" | "HEAD" if self.flag("watch") => "watch",
            "GET" | "HEAD" if whole && target.is_some() => "list",
            "GET" | "HEAD" => "get",
            "POST" => "create",
            "PUT" => "update",
            "PATCH" => "patch",
            "DELETE" if whole => "deletecollection",
            "DELETE" => "delete",
            _ => "unknown",
        }
    }

    /// What the path points at, if it points at objects.
    pub(super) fn target(&self) -> Result<Target, Problem> {
        let parts: Vec<&str> = self.path.split('/').filter(|part| !part.is_empty()).collect();
        let (group, version, rest) = match parts.as_slice() {
            ["api", version, rest @ ..] => ("", *version, rest),
            ["apis", group, version, rest @ ..] => (*group, *version, rest),
            _ => return Err(Problem::no_resource()),
        };
        let find = |plural: &str| resources::by_path(group, version, plural).ok_or_else(Problem::no_resource);
        let (resource, namespace, rest) = match rest {
            ["namespaces", namespace, plural, rest @ ..] if *plural != "status" => {
                let resource = find(plural)?;
                if !resource.namespaced {
                    return Err(Problem::no_resource());
                }
                (resource, (*namespace).to_owned(), rest)
            }
            [plural, rest @ ..] => {
                let resource = find(plural)?;
                if resource.namespaced && !rest.is_empty() {
                    return Err(Problem::no_resource());
                }
                (resource, String::new(), rest)
            }
            [] => return Err(Problem::no_resource()),
        };
        let mut names = rest.iter().map(|part| decode(part));
        let target = Target { resource, namespace, name: names.next().unwrap_or_default(), subresource: names.next().unwrap_or_default() };
        if names.next().is_some() {
            return Err(Problem::no_resource());
        }
        Ok(target)
    }
}

/// Undoes percent-encoding; a broken escape stays as it is.
fn decode(text: &str) -> String {
    let mut bytes = text.bytes();
    let mut decoded = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        match byte {
            b'+' => decoded.push(b' '),
            b'%' => {
                let mut ahead = bytes.clone();
                let digits = [ahead.next(), ahead.next()].map(|digit| digit.and_then(|digit| char::from(digit).to_digit(16)));
                if let [Some(high), Some(low)] = digits {
                    decoded.push(u8::try_from(high * 16 + low).unwrap_or(b'?'));
                    bytes = ahead;
                } else {
                    decoded.push(b'%');
                }
            }
            other => decoded.push(other),
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}
