//! What a program needs to run, and how it ends without.

use std::{collections::BTreeMap, time::Duration};

use regex::Regex;
use serde_json::Value;

use super::environment::{self, expand};
use crate::sim::{
    clock::fine_span,
    cluster::Cluster,
    json as read, network,
    play::{Need, Play},
    quantity::quantity,
    runtime::ContainerRuntime,
};

/// How long a program takes to find that it cannot run.
const AT_ONCE: Duration = Duration::from_millis(20);

/// When and how the program will end by itself, if it will.
pub(super) fn how_it_ends(
    cluster: &Cluster,
    pod: &Value,
    spec: &Value,
    container: &mut ContainerRuntime,
    play: &Play,
) -> Option<(Duration, i32, &'static str)> {
    let now = cluster.clock.elapsed();
    for need in &play.needs {
        if let Some(why) = unmet(cluster, pod, spec, need, &container.variables) {
            let line = if need.fail.is_empty() { format!("fatal: {why}") } else { need.fail.clone() };
            container.write(now, &line);
            container.listens.clear();
            let code = if need.code == 0 { 1 } else { need.code };
            return Some((now + AT_ONCE, code, "Error"));
        }
    }
    let limit = quantity(read::at(spec, "/resources/limits/memory"));
    if limit > 0.0 && f64::from(play.memory_mi) * 1_048_576.0 > limit {
        container.listens.clear();
        return Some((now + AT_ONCE, 137, "OOMKilled"));
    }
    play.exit.as_ref().map(|exit| {
        let reason = if exit.code == 0 { "Completed" } else { "Error" };
        (now + fine_span(exit.after), exit.code, reason)
    })
}

/// Why a need is not met, if it is not.
fn unmet(cluster: &Cluster, pod: &Value, spec: &Value, need: &Need, variables: &BTreeMap<String, String>) -> Option<String> {
    let matches = |value: &str| Regex::new(&need.pattern).is_ok_and(|pattern| pattern.is_match(value));
    if !need.env.is_empty() {
        return match variables.get(&need.env).map(String::as_str) {
            None | Some("") => Some(format!("environment variable {} is not set", need.env)),
            Some(value) => (!matches(value)).then(|| format!("invalid value of {}", need.env)),
        };
    }
    if !need.file.is_empty() {
        return match environment::file(cluster, pod, spec, &need.file) {
            None => Some(format!("open {}: no such file or directory", need.file)),
            Some(content) => (!matches(&content)).then(|| format!("{}: invalid content", need.file)),
        };
    }
    if !need.write.is_empty() {
        return environment::unwritable(pod, spec, &need.write);
    }
    if !need.tcp.is_empty() {
        let peer = expand(&need.tcp, variables);
        return (!reaches(cluster, pod, &peer)).then(|| format!("dial tcp {peer}: connect: connection refused"));
    }
    None
}

/// Whether a Pod can connect to `host:port`, a Service's name or a Pod's address.
fn reaches(cluster: &Cluster, pod: &Value, peer: &str) -> bool {
    let Some((host, port)) = peer.rsplit_once(':') else {
        return false;
    };
    let Ok(port) = port.parse::<i64>() else {
        return false;
    };
    let by_address =
        cluster.pods.iter().any(|(uid, other)| other.address.as_deref() == Some(host) && network::pod_listens(cluster, uid, port));
    let mut labels = host.split('.');
    let service = labels.next().unwrap_or_default();
    let namespace = labels.next().unwrap_or_else(|| read::namespace(pod));
    by_address || network::answers(cluster, namespace, service, port)
}
