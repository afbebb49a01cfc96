//! Checks everything that a remediation needs, without changing anything: kubeconfig, server, both identities, model, store.

mod model;

use super::clusters::settings;
use super::rights::{is_namespaced, proposed, read, right, written};
use crate::cli::doctor::Line;
use crate::clock::SystemClock;
use crate::cluster::connect::{Connected, WriteClient, connect};
use crate::config::Config;
use crate::domain::changes::Verb;
use crate::domain::kind::Kind;
use crate::domain::kubectl;
use crate::domain::nearest::{did_you_mean, nearest};
use crate::domain::object::{Namespace, ObjectRef};
use crate::domain::ours::{OurCommand, Role};
use crate::domain::prices::Cost;
use crate::domain::snapshot::ClusterId;
use crate::ports::{Clock, ClusterRead, ListRequest, ReadError, RequestMeter};
use crate::store::SqliteStore;
use futures::future::join_all;
use jiff::{SignedDuration, Timestamp};
use std::path::Path;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// Every line, in the order in which a person would fix them.
pub(super) async fn look(config: &Config, namespace: Option<&str>, call_model: bool, cancel: &CancellationToken) -> Vec<Line> {
    let mut lines = Vec::new();
    match connect(&settings(config), Arc::new(SystemClock)).await {
        Err(error) => lines.push(unusable(&error)),
        Ok(connected) => {
            lines.push(Line::ok(
                "kubeconfig",
                format!("{}, context `{}`, namespace `{}`", source(config), connected.context, connected.default_namespace),
            ));
            cluster(&connected, namespace, config, &mut lines).await;
        }
    }
    lines.extend(model::lines(config.model.as_ref(), call_model, cancel).await);
    lines.push(investigation(config));
    lines.push(match &config.file {
        Some(file) => Line::ok("configuration", format!("`{}`", file.display())),
        None => Line::ok("configuration", "no configuration file: flags, environment and defaults apply"),
    });
    lines.push(store(config).await);
    lines
}

/// What a client is shown where rules do not decide.
fn investigation(config: &Config) -> Line {
    if !config.investigate.offers_looks() {
        let unasked = config.model.as_ref().map(|_| ", and the model is never asked; `investigate: auto` allows both");
        let text = format!("never: no client is offered looks at what rules leave open{}", unasked.unwrap_or_default());
        return Line::ok("investigation", text);
    }
    let hidden: Vec<&str> = [(config.probe_logs, "logs"), (config.probe_config_maps, "ConfigMaps")]
        .iter()
        .filter(|(shown, _)| !shown)
        .map(|(_, what)| *what)
        .collect();
    let kept = if hidden.is_empty() { String::new() } else { format!("; {} are not shown", hidden.join(" and ")) };
    let who =
        config.model.as_ref().map_or_else(|| "a client can look".to_owned(), |model| format!("a client and `{}` can look", model.name));
    let bounds = config.model.as_ref().map(|model| {
        let cost = |cost: Option<Cost>| cost.map(|cost| format!(" and {cost}")).unwrap_or_default();
        let (one, day) = (&model.budget, &model.daily);
        format!(
            "; a model can use {} tokens{} in one investigation, and {}{} in one day",
            one.tokens,
            cost(one.cost),
            day.tokens,
            cost(day.cost)
        )
    });
    let (how, bounds) = (config.investigate.as_str(), bounds.unwrap_or_default());
    Line::ok("investigation", format!("{how}: {who} at what the reader is allowed to read{kept}{bounds}"))
}

/// The text names the places that were searched, and what to do.
fn unusable(error: &ReadError) -> Line {
    Line::fail("kubeconfig", error.to_string(), todo(error))
}

/// What to do about it, besides running this very command.
fn todo(error: &ReadError) -> Vec<String> {
    error.hints().into_iter().filter(|hint| !hint.contains("kubemend doctor")).collect()
}

/// Where the kubeconfig was found: the same order as in connecting.
fn source(config: &Config) -> String {
    let listed: Vec<String> = config.kubeconfig_list.iter().map(|file| file.display().to_string()).collect();
    match &config.kubeconfig {
        Some(file) => file.display().to_string(),
        None if !listed.is_empty() => format!("{} (KUBECONFIG)", listed.join(", ")),
        None if config.in_cluster => "the Pod's service account, or ~/.kube/config".to_owned(),
        None => "~/.kube/config".to_owned(),
    }
}

async fn cluster(connected: &Connected, namespace: Option<&str>, config: &Config, lines: &mut Vec<Line>) {
    let namespace = match namespace.map(Namespace::parse) {
        None => connected.default_namespace.clone(),
        Some(Ok(namespace)) => namespace,
        Some(Err(error)) => return lines.push(Line::fail("namespace", error.to_string(), Vec::new())),
    };
    let cluster = match connected.read.cluster().await {
        Ok(cluster) => cluster,
        Err(error) => return lines.push(Line::fail("server", error.to_string(), todo(&error))),
    };
    let text = format!("{} is reachable, {}, cluster id {}", connected.server, cluster.version, cluster.id);
    lines.push(if cluster.unverified {
        Line::warn(
            "server",
            format!("{text}; its certificate is not verified"),
            vec!["anybody on the network path can read and change the traffic".to_owned()],
        )
    } else {
        Line::ok("server", text)
    });
    lines.extend(connected.read.server_time().and_then(|theirs| clocks(SystemClock.now(), theirs)));
    if let Some(missing) = missing(&connected.read, &namespace).await {
        // Roles may allow everything in a namespace that nobody made: that says nothing.
        return lines.push(missing);
    }
    lines.push(reading(connected, &namespace).await);
    if config.investigate.offers_looks() && config.probe_logs {
        lines.extend(logs(connected, &namespace).await);
    }
    lines.push(writing(connected, &cluster.id, &namespace).await);
    if config.investigate.offers_looks() {
        lines.extend(proposing(connected, &namespace).await);
    }
}

/// That there is no such namespace, where it can be told.
async fn missing(read: &dyn ClusterRead, namespace: &Namespace) -> Option<Line> {
    let found = read.get(&ObjectRef::cluster(Kind::Namespace, namespace.as_str())).await;
    if !matches!(found, Err(ReadError::NotFound(_))) {
        return None;
    }
    let there = read.list(&ListRequest::of(Kind::Namespace, None)).await.map(|listed| listed.objects.names()).unwrap_or_default();
    let near = did_you_mean(&nearest(namespace.as_str(), there.iter().map(String::as_str)));
    let todo = "name one that exists with -n".to_owned();
    Some(Line::fail("namespace", format!("namespace `{namespace}` does not exist{near}"), vec![todo]))
}

/// Beyond this, two clocks do not show the same time.
const ALIKE: SignedDuration = SignedDuration::from_secs(30);

/// Nothing is judged by this machine's clock; tokens, certificates, and times in a report that are compared with it are.
fn clocks(ours: Timestamp, theirs: Timestamp) -> Option<Line> {
    let ahead = ours.duration_since(theirs);
    let side = if ahead.is_negative() { "behind" } else { "ahead of" };
    let away = ahead.abs().as_secs();
    let text = format!(
        "this machine's clock is {away} s {side} the API server's; ages and durations in a report are measured by the API server's"
    );
    let todo = "set the clock that is wrong: tokens and certificates may count as expired, or not valid yet".to_owned();
    (ahead.abs() > ALIKE).then(|| Line::warn("clock", text, vec![todo]))
}

async fn reading(connected: &Connected, namespace: &Namespace) -> Line {
    let kinds = read();
    let wanted: Vec<(&Kind, Option<&Namespace>)> =
        kinds.iter().map(|kind| (kind, Some(namespace).filter(|_| is_namespaced(kind)))).collect();
    // Lists show what is wrong; an object that is to be changed is read by itself.
    let changed: Vec<Kind> = written().into_iter().map(|(_, kind)| kind).collect();
    let verbs = |kind: &Kind| if changed.contains(kind) { vec!["list", "get"] } else { vec!["list"] };
    let asked: Vec<(&str, &Kind, Option<&Namespace>)> =
        wanted.iter().flat_map(|(kind, place)| verbs(kind).into_iter().map(|verb| (verb, *kind, *place))).collect();
    let answers = join_all(asked.iter().map(|(verb, kind, place)| connected.read.may(verb, kind, *place))).await;
    let mut missing: Vec<(&Kind, Option<&Namespace>)> = Vec::new();
    for ((_, kind, place), answer) in asked.iter().zip(answers) {
        match answer {
            Ok(true) => {}
            Ok(false) if missing.contains(&(*kind, *place)) => {}
            Ok(false) => missing.push((*kind, *place)),
            Err(error) => return Line::warn("reading", format!("cannot check RBAC: {error}"), todo(&error)),
        }
    }
    if missing.is_empty() {
        return Line::ok("reading", format!("can read all {} required resources in `{namespace}`", wanted.len()));
    }
    let names: Vec<&str> = missing.iter().map(|(kind, _)| kind.plural()).collect();
    let text = format!("is not allowed to read {} in `{namespace}`", names.join(", "));
    let todo = allow(namespace, Role::Reader, "reports list the missing data");
    // Without Pods there is nothing to say; without the rest, reports name a gap.
    if missing.iter().any(|(kind, _)| **kind == Kind::Pod) { Line::fail("reading", text, todo) } else { Line::warn("reading", text, todo) }
}

/// That logs cannot be shown, where they would be.
async fn logs(connected: &Connected, namespace: &Namespace) -> Option<Line> {
    if namespace.is_system() {
        return None;
    }
    match connected.read.may_read_logs(namespace).await {
        Ok(true) => None,
        Ok(false) => {
            let text = format!("is not allowed to read logs (get pods/log) in `{namespace}`");
            Some(Line::warn("logs", text, allow(namespace, Role::Logs, "reports say that they were not read, or set `probe-logs: false`")))
        }
        Err(error) => Some(Line::warn("logs", format!("cannot check RBAC: {error}"), todo(&error))),
    }
}

async fn writing(connected: &Connected, read: &ClusterId, namespace: &Namespace) -> Line {
    let Some(writer) = &connected.write else {
        let why = connected.no_writer.as_deref().unwrap_or("no writer credentials are configured (read-only)");
        return Line::warn("writing", why, vec!["`remediate` stops after the plan and shows the kubectl commands".to_owned()]);
    };
    match writer.identity(&RequestMeter::default()).await {
        Ok(id) if id.is_same(read) => {}
        Ok(id) => {
            let text = format!("context `{}` is for another cluster (id {id}) than the one that is read (id {read})", writer.context());
            return Line::fail("writing", text, vec!["`remediate` stops after the plan and shows the kubectl commands".to_owned()]);
        }
        Err(error) => return Line::warn("writing", format!("cannot tell which cluster it writes to: {error}"), todo(&error)),
    }
    if namespace.is_system() {
        let text = format!("kubemend changes nothing in `{namespace}`, whatever its credentials allow: it is a system namespace");
        return Line::warn("writing", text, vec!["for what is wrong there, reports have advice and no plan to approve".to_owned()]);
    }
    let wanted = written();
    let missing = match lacking(writer, &wanted, namespace).await {
        Ok(missing) => missing,
        Err(error) => return Line::warn("writing", format!("cannot check RBAC: {error}"), todo(&error)),
    };
    let who = connected.write_context.as_deref().unwrap_or_default();
    if missing.is_empty() {
        match writer.may_do_everything().await {
            Ok(false) => {}
            Ok(true) => {
                let text = format!(
                    "context `{who}` is allowed to do everything in the cluster; kubemend sends only the changes that it knows, but anyone who takes over its process or its credentials could do anything"
                );
                return Line::warn("writing", text, vec![format!("give kubemend a writer of its own: `{}`", OurCommand::Rbac)]);
            }
            Err(error) => return Line::warn("writing", format!("cannot check RBAC: {error}"), error.hints()),
        }
        return Line::ok("writing", format!("context `{who}` is allowed to make every change that the rules propose in `{namespace}`"));
    }
    let names: Vec<String> = missing.iter().map(in_words).collect();
    let todo = allow(namespace, Role::Writer, "`remediate` stops after the plan and shows the kubectl commands");
    Line::warn("writing", format!("context `{who}` is not allowed to {} in `{namespace}`", names.join(", ")), todo)
}

/// What of it the writer may not do.
async fn lacking(writer: &WriteClient, wanted: &[(Verb, Kind)], namespace: &Namespace) -> Result<Vec<(Verb, Kind)>, ReadError> {
    let answers = join_all(wanted.iter().map(|(verb, kind)| writer.may_do(*verb, kind, Some(namespace)))).await;
    let mut missing = Vec::new();
    for (right, answer) in wanted.iter().zip(answers) {
        if !answer? {
            missing.push(right.clone());
        }
    }
    Ok(missing)
}

/// What the writer is not allowed to do of what an investigation can propose, where one is offered: those plans end in kubectl commands.
async fn proposing(connected: &Connected, namespace: &Namespace) -> Option<Line> {
    let writer = connected.write.as_ref().filter(|_| !namespace.is_system())?;
    let missing = lacking(writer, &proposed(), namespace).await.ok().filter(|missing| !missing.is_empty())?;
    let names: Vec<String> = missing.iter().map(in_words).collect();
    let text = format!("of what an agent can propose, the writer is not allowed to {} in `{namespace}`", names.join(", "));
    Some(Line::warn(
        "proposals",
        text,
        allow(namespace, Role::Proposals, "such a proposal stops after the plan and shows the kubectl commands"),
    ))
}

fn in_words(right: &(Verb, Kind)) -> String {
    let (verb, resource) = self::right(right);
    format!("{verb} {resource}")
}

/// What lets an identity do what is missing, and what holds until then.
fn allow(namespace: &Namespace, role: Role, until_then: &str) -> Vec<String> {
    let who = format!("USER is the {}, as `{}` names it; until then {until_then}", role.identity(), kubectl::WHOAMI);
    vec![kubectl::roles(namespace, role), who]
}

async fn store(config: &Config) -> Line {
    let store = SqliteStore::at(&config.store);
    match store.check().await {
        Ok(()) => kept(store.path()),
        Err(error) => Line::fail(
            "store",
            error.to_string(),
            vec![
                "no cluster is changed without a session record: make it writable, or set another directory with KUBEMEND_STATE_DIR"
                    .to_owned(),
            ],
        ),
    }
}

/// Whether only its owner may read it: plans quote a cluster's objects.
#[cfg(unix)]
fn kept(path: &Path) -> Line {
    use std::os::unix::fs::PermissionsExt;
    let shown = path.display();
    match std::fs::metadata(path).map(|m| m.permissions().mode() & 0o777) {
        Ok(mode) if mode & 0o077 != 0 => Line::warn(
            "store",
            format!("{shown}, writable, but readable by other users (mode {mode:04o})"),
            vec![format!("chmod 600 {shown}")],
        ),
        Ok(mode) => Line::ok("store", format!("{shown}, writable, mode {mode:04o}")),
        Err(_) => Line::ok("store", format!("{shown}, writable")),
    }
}

#[cfg(not(unix))]
fn kept(path: &Path) -> Line {
    Line::ok("store", format!("{}, writable", path.display()))
}

#[cfg(test)]
mod tests;
