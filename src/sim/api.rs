//! What the API does with a request: who may, which object, which verb.

use http::StatusCode;
use serde_json::{Value, json};

use super::{
    access::Right,
    ask::{Ask, Target},
    cluster::Cluster,
    json as read, patch,
    problem::Problem,
    resources::{self, Resource},
    watch,
};

/// An answer, before it becomes bytes.
#[derive(Debug)]
pub(super) enum Reply {
    Object(u16, Value),
    Text(u16, String),
    Problem(Problem),
    Watch(watch::Start),
}

impl Reply {
    pub(super) fn code(&self) -> u16 {
        match self {
            Self::Object(code, _) | Self::Text(code, _) => *code,
            Self::Problem(problem) => problem.code,
            Self::Watch(_) => 200,
        }
    }
}

impl From<Problem> for Reply {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

impl Cluster {
    pub(super) fn handle(&mut self, ask: &Ask) -> Reply {
        if let Some(reply) = self.discover(ask) {
            return reply;
        }
        self.review(ask).unwrap_or_else(|| self.serve(ask)).unwrap_or_else(Reply::from)
    }

    fn review(&self, ask: &Ask) -> Option<Result<Reply, Problem>> {
        let kind = ask.path.strip_prefix("/apis/authorization.k8s.io/v1/")?;
        if ask.method != http::Method::POST {
            return Some(Err(Problem::no_resource()));
        }
        let answer = |review: Value| match kind {
            "selfsubjectaccessreviews" => Ok(Reply::Object(201, self.review_access(&ask.user, review))),
            "selfsubjectrulesreviews" => Ok(Reply::Object(201, self.review_rules(&ask.user, review))),
            _ => Err(Problem::no_resource()),
        };
        Some(body(ask).and_then(answer))
    }

    fn serve(&mut self, ask: &Ask) -> Result<Reply, Problem> {
        let target = ask.target()?;
        let verb = ask.verb(Some(&target));
        self.authorize(ask, &target, verb)?;
        match (verb, target.subresource.as_str()) {
            ("list", "") => self.list(ask, &target),
            ("watch", "") => Ok(Reply::Watch(watch::Start::new(ask, target)?)),
            ("get", "" | "status") => {
                let object = self.existing(&target)?;
                Ok(Reply::Object(200, super::list::shaped(ask, &object)))
            }
            ("get", "log") if target.resource == &resources::POD => self.log(ask, &target),
            ("get", "scale") => Ok(Reply::Object(200, scale(&*self.existing(&target)?))),
            ("create", "") => self.post(ask, &target),
            ("patch", "" | "status") => self.patch(ask, &target),
            ("update", "" | "status") => self.replace(ask, &target),
            ("delete", "") => self.delete(ask, &target),
            ("deletecollection" | "unknown", _) => Err(Problem::new(
                StatusCode::METHOD_NOT_ALLOWED,
                "MethodNotAllowed",
                "the server does not allow this method on the requested resource",
            )),
            _ => Err(Problem::no_resource()),
        }
    }

    fn authorize(&self, ask: &Ask, target: &Target, verb: &str) -> Result<(), Problem> {
        let resource = if target.subresource.is_empty() {
            target.resource.plural.to_owned()
        } else {
            format!("{}/{}", target.resource.plural, target.subresource)
        };
        let right = Right { user: &ask.user, verb, resource: &resource, namespace: &target.namespace };
        if self.may(&right) {
            return Ok(());
        }
        Err(Problem::forbidden(&ask.user, verb, target.resource, &target.subresource, &target.namespace, &target.name))
    }

    pub(super) fn existing(&self, target: &Target) -> Result<std::sync::Arc<Value>, Problem> {
        self.store.get(target.resource, &target.namespace, &target.name).ok_or_else(|| Problem::not_found(target.resource, &target.name))
    }

    fn post(&mut self, ask: &Ask, target: &Target) -> Result<Reply, Problem> {
        if !target.name.is_empty() || (target.resource.namespaced && target.namespace.is_empty()) {
            return Err(Problem::no_resource());
        }
        let object = body(ask)?;
        let created = self.admit_new(target.resource, &target.namespace, object, ask.is_strict(), ask.manager())?;
        let created = if ask.is_dry_run() {
            created
        } else if target.resource == &resources::NAMESPACE {
            self.add_namespace(read::name(&created));
            created
        } else {
            (*self.store.put(target.resource, created)).clone()
        };
        Ok(Reply::Object(201, created))
    }

    fn patch(&mut self, ask: &Ask, target: &Target) -> Result<Reply, Problem> {
        let old = self.existing(target)?;
        let patched = patch::apply(&old, &ask.content_type, &ask.body)?;
        self.change(ask, target, &old, patched)
    }

    fn replace(&mut self, ask: &Ask, target: &Target) -> Result<Reply, Problem> {
        let old = self.existing(target)?;
        let object = body(ask)?;
        self.change(ask, target, &old, object)
    }

    fn change(&mut self, ask: &Ask, target: &Target, old: &Value, object: Value) -> Result<Reply, Problem> {
        let status_only = target.subresource == "status";
        let admitted = self.admit_change(target.resource, old, object, status_only, ask)?;
        if ask.is_dry_run() {
            return Ok(Reply::Object(200, admitted));
        }
        let gone = read::is_deleting(&admitted) && read::list(&admitted, "/metadata/finalizers").is_empty();
        let stored = self.store.put(target.resource, admitted);
        if gone && target.resource != &resources::POD {
            self.store.remove(target.resource, &target.namespace, &target.name);
        }
        Ok(Reply::Object(200, (*stored).clone()))
    }

    fn delete(&mut self, ask: &Ask, target: &Target) -> Result<Reply, Problem> {
        let old = self.existing(target)?;
        let options = if ask.body.is_empty() { json!({}) } else { body(ask)? };
        check_preconditions(target.resource, &old, &options)?;
        let dry_run = ask.is_dry_run();
        let grace = ask.param("gracePeriodSeconds").parse().ok().or_else(|| read::int(&options, "/gracePeriodSeconds"));
        let orphan = read::text(&options, "/propagationPolicy") == "Orphan" || ask.param("propagationPolicy") == "Orphan";
        let left = if dry_run {
            let mut shown = (*old).clone();
            read::set(&mut shown, "/metadata/deletionTimestamp", self.now_text());
            read::set(&mut shown, "/metadata/deletionGracePeriodSeconds", 0);
            Some(shown)
        } else {
            if orphan {
                self.orphan(&old);
            }
            self.begin_delete(target.resource, &old, grace)
        };
        let shows_object = matches!(target.resource.kind, "Pod" | "PersistentVolumeClaim" | "ServiceAccount");
        let answer = match left {
            Some(object) if shows_object || !dry_run => object,
            None if shows_object => (*old).clone(),
            Some(_) | None => deleted(target.resource, &old),
        };
        Ok(Reply::Object(200, answer))
    }
}

fn body(ask: &Ask) -> Result<Value, Problem> {
    let value: Value = serde_json::from_slice(&ask.body)
        .map_err(|error| Problem::bad_request(format!("couldn't get version/kind; json parse error: {error}")))?;
    if value.is_object() { Ok(value) } else { Err(Problem::bad_request("couldn't get version/kind; json parse error: not an object")) }
}

fn check_preconditions(resource: &Resource, old: &Value, options: &Value) -> Result<(), Problem> {
    let refuse = |why: &str| Err(Problem::precondition(resource, read::name(old), why));
    let wanted = read::text(options, "/preconditions/uid");
    if !wanted.is_empty() && wanted != read::uid(old) {
        return refuse(&format!(
            "the UID in the precondition ({wanted}) does not match the UID in record ({}). The object might have been deleted and then recreated",
            read::uid(old)
        ));
    }
    let wanted = read::text(options, "/preconditions/resourceVersion");
    let found = read::text(old, "/metadata/resourceVersion");
    if !wanted.is_empty() && wanted != found {
        return refuse(&format!(
            "the ResourceVersion in the precondition ({wanted}) does not match the ResourceVersion in record ({found}). The object might have been modified"
        ));
    }
    Ok(())
}

fn deleted(resource: &Resource, old: &Value) -> Value {
    let mut details = json!({"name": read::name(old)});
    if !resource.group.is_empty() {
        read::set(&mut details, "/group", resource.group);
    }
    read::set(&mut details, "/kind", resource.plural);
    read::set(&mut details, "/uid", read::uid(old));
    json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details})
}

fn scale(object: &Value) -> Value {
    let selector =
        read::pairs(object, "/spec/selector/matchLabels").iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(",");
    json!({
        "kind": "Scale", "apiVersion": "autoscaling/v1",
        "metadata": {
            "name": read::name(object), "namespace": read::namespace(object), "uid": read::uid(object),
            "resourceVersion": read::at(object, "/metadata/resourceVersion"),
            "creationTimestamp": read::at(object, "/metadata/creationTimestamp"),
        },
        "spec": {"replicas": read::int(object, "/spec/replicas").unwrap_or(0)},
        "status": {"replicas": read::int(object, "/status/replicas").unwrap_or(0), "selector": selector},
    })
}
