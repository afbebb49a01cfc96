//! What happens between the program and the API, before any request: answers that are lost or wrong, rights that are withdrawn, clocks
//! that jump, people who edit, and webhooks that make something else of a write.

use super::dice::Dice;
use super::planted::with_told_secrets;
use crate::support::embedded::{Embedded, TestClock};
use crate::support::webhook::{Taken, changed};
use http::Request;
use kube::client::Body;
use kubemend::sim::{Denial, Fault, FaultKind, Sim, SimService};
use serde_json::{Value, json};
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use tower::{BoxError, Service, ServiceExt};

/// What a webhook does to writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Webhook {
    Absent,
    /// Also in the dry run, so that the plan can know.
    Always,
    /// Only when it is meant.
    OnlyForReal,
}

/// How likely each thing is before each request, in thousandths.
#[derive(Debug, Clone)]
pub(super) struct Climate {
    pub(super) faults: u64,
    pub(super) edits: u64,
    pub(super) rights: u64,
    pub(super) clocks: u64,
    pub(super) webhook: Webhook,
}

impl Climate {
    pub(super) fn of(dice: &mut Dice) -> Self {
        let mut often = |levels: &[u64]| dice.pick(levels);
        let (faults, edits) = (often(&[0, 10, 40, 120]), often(&[0, 0, 10, 40]));
        let (rights, clocks) = (often(&[0, 0, 0, 15]), often(&[0, 0, 10, 50]));
        let webhook = dice.pick(&[Webhook::Absent, Webhook::Absent, Webhook::Absent, Webhook::Always, Webhook::OnlyForReal]);
        Self { faults, edits, rights, clocks, webhook }
    }

    /// Nothing happens any more.
    pub(super) fn calm() -> Self {
        Self { faults: 0, edits: 0, rights: 0, clocks: 0, webhook: Webhook::Absent }
    }
}

/// What has happened.
#[derive(Debug, Default)]
pub(super) struct Past {
    pub(super) story: Vec<String>,
    pub(super) struck: usize,
    /// Somebody else changed an object, or may no longer do what it could.
    pub(super) meddled: bool,
    /// Somebody else changed an object in a way that can break or heal: not only its labels.
    pub(super) remade: bool,
    /// Real writes that a webhook made something else of.
    pub(super) mutated: usize,
    /// The real writes as they left the program.
    pub(super) sent: Vec<Sent>,
}

/// A write as it left the program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sent {
    pub(super) method: String,
    /// With the query.
    pub(super) path: String,
    pub(super) body: String,
}

/// What somebody else does.
struct Edit {
    told: String,
    request: Request<Body>,
    /// It can break or heal.
    remakes: bool,
}

pub(super) struct Sky {
    pub(super) climate: Climate,
    pub(super) dice: Dice,
    pub(super) past: Past,
}

/// The API for one user, with the weather before it.
#[derive(Clone)]
pub(super) struct Weather {
    inner: SimService,
    sim: Sim,
    clock: Arc<TestClock>,
    namespace: String,
    user: &'static str,
    sky: Arc<Mutex<Sky>>,
}

impl Weather {
    pub(super) fn over(cluster: &Embedded, user: &'static str, sky: Arc<Mutex<Sky>>) -> Self {
        Self {
            inner: cluster.sim.service_as(user),
            sim: cluster.sim.clone(),
            clock: cluster.clock.clone(),
            namespace: cluster.namespace.clone(),
            user,
            sky,
        }
    }

    /// Decides what happens before this request. What somebody else does is a request of theirs.
    fn before(&self, method: &str, path: &str) -> Option<Request<Body>> {
        let mut sky = self.sky.lock().unwrap();
        let Sky { climate, dice, past } = &mut *sky;
        if dice.chance(climate.faults) {
            let status = [409, 410, 422, 429, 500, 503, 504];
            let kind = match dice.below(10) {
                0 => FaultKind::Hang,
                1 => FaultKind::Close,
                2 | 3 => FaultKind::LostAnswer,
                _ => FaultKind::Status(dice.pick(&status)),
            };
            past.story.push(format!("{} {method} {path}: {kind:?}", self.user));
            past.struck += 1;
            let (method, path) = (method.to_owned(), path.to_owned());
            self.sim.inject(Fault::new(kind, move |m, p| m == method && p == path));
        }
        if dice.chance(climate.clocks) {
            let seconds = dice.pick(&[-7_200, -600, -30, 30, 600, 7_200]);
            past.story.push(format!("the wall clock jumps by {seconds} s"));
            past.struck += 1;
            self.clock.set_by(seconds);
        }
        if dice.chance(climate.rights) {
            let verb = dice.pick(&["list", "get", "patch", "create", "delete", "watch"]);
            let what = dice.pick(&["pods", "deployments", "persistentvolumeclaims", "services", "events", "replicasets", "namespaces"]);
            let user = dice.pick(&["reader", "writer"]);
            past.story.push(format!("{user} loses the right to {verb} {what}"));
            (past.struck, past.meddled) = (past.struck + 1, true);
            self.sim.deny(Denial::of(verb, what).to_user(user));
        }
        if dice.chance(climate.edits) {
            let edit = self.edit(dice);
            if let Some(Edit { told, request, remakes }) = edit {
                past.story.push(told);
                (past.struck, past.meddled, past.remade) = (past.struck + 1, true, past.remade || remakes);
                return Some(request);
            }
        }
        None
    }

    /// Somebody changes, deletes or scales something that the remediation could be about.
    fn edit(&self, dice: &mut Dice) -> Option<Edit> {
        let mut candidates: Vec<(String, &str, Value)> = Vec::new();
        for object in self.sim.objects() {
            let group = match object["kind"].as_str() {
                Some("Deployment") => ("/apis/apps/v1", "deployments"),
                Some("StatefulSet") => ("/apis/apps/v1", "statefulsets"),
                Some("Service") => ("/api/v1", "services"),
                Some("PersistentVolumeClaim") => ("/api/v1", "persistentvolumeclaims"),
                Some("ConfigMap") => ("/api/v1", "configmaps"),
                _ => continue,
            };
            if object["metadata"]["namespace"] == self.namespace.as_str() {
                let name = object["metadata"]["name"].as_str()?;
                candidates.push((format!("{}/namespaces/{}/{}/{name}", group.0, self.namespace, group.1), group.1, object));
            }
        }
        if candidates.is_empty() {
            return None;
        }
        let (path, plural, object) = dice.pick(&candidates);
        let patch = match (dice.below(5), plural) {
            (0, _) => {
                let request = Request::delete(&path).body(Body::empty()).ok()?;
                return Some(Edit { told: format!("somebody deletes {path}"), request, remakes: true });
            }
            (1, "deployments" | "statefulsets") => json!({"spec": {"replicas": dice.below(3)}}),
            (2, "deployments" | "statefulsets") => {
                let mut containers = object["spec"]["template"]["spec"]["containers"].clone();
                containers[0]["image"] = json!("example/somebody-elses:1");
                json!({"spec": {"template": {"spec": {"containers": containers}}}})
            }
            (3, "services") => json!({"spec": {"selector": {"app": "somebody-elses"}}}),
            _ => json!({"metadata": {"labels": {"touched": "yes"}}}),
        };
        let told = format!("somebody patches {path}: {patch}");
        let remakes = patch["spec"].is_object();
        let request = Request::patch(&path)
            .header(http::header::CONTENT_TYPE, "application/merge-patch+json")
            .body(Body::from(patch.to_string().into_bytes()))
            .ok()?;
        Some(Edit { told, request, remakes })
    }

    /// What the webhook makes of a write's body.
    fn admit(&self, method: &str, dry_run: bool, body: Value) -> Value {
        let mut sky = self.sky.lock().unwrap();
        let strikes = match sky.climate.webhook {
            Webhook::Absent => false,
            Webhook::Always => true,
            Webhook::OnlyForReal => !dry_run,
        };
        if !strikes || method == "DELETE" {
            return body;
        }
        let sidecar = json!({"name": "sidecar", "image": "example/sidecar:1", "securityContext": {"privileged": true}});
        let changed = match body {
            Value::Array(mut operations) if operations.iter().any(|op| op["path"].as_str().is_some_and(|p| p.contains("/template/"))) => {
                operations.push(json!({"op": "add", "path": "/spec/template/spec/containers/-", "value": sidecar}));
                Value::Array(operations)
            }
            Value::Array(mut operations) => {
                operations.push(json!({"op": "add", "path": "/spec/sessionAffinity", "value": "ClientIP"}));
                Value::Array(operations)
            }
            mut object => {
                object["spec"]["resources"]["requests"]["storage"] = json!("500Gi");
                object
            }
        };
        sky.past.story.push(format!("the webhook changes a {method}{}", if dry_run { " (dry run)" } else { "" }));
        sky.past.struck += 1;
        sky.past.mutated += usize::from(!dry_run);
        changed
    }
}

impl Service<Request<Body>> for Weather {
    type Response = <SimService as Service<Request<Body>>>::Response;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let this = self.clone();
        Box::pin(async move {
            let taken = Taken::from(request).await?;
            let (method, path) = (taken.seen.method.clone(), taken.parts.uri.path().to_owned());
            if let Some(theirs) = this.before(&method, &path) {
                // Whether it succeeds is their concern.
                drop(this.sim.service_as("people").oneshot(theirs).await);
            }
            let Taken { parts, seen, writes, text } = taken;
            if writes && !seen.dry_run {
                let path = parts.uri.path_and_query().map(ToString::to_string).unwrap_or_default();
                let mut sky = this.sky.lock().unwrap();
                sky.past.story.push(format!("{} sends {method} {path}", this.user));
                sky.past.sent.push(Sent { method: method.clone(), path, body: text.clone() });
            }
            let body = changed(text, writes, |value| this.admit(&method, seen.dry_run, value));
            let (reads, watches) = (parts.method == http::Method::GET, parts.uri.query().unwrap_or_default().contains("watch="));
            let answer = this.inner.clone().oneshot(Request::from_parts(parts, body)).await?;
            // A watch is a stream: what it says of a status is what the list said before.
            Ok(if reads && !watches && answer.status().is_success() { with_told_secrets(answer).await } else { answer })
        })
    }
}
