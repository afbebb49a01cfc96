//! What a program needs to run, and how it ends without.

use std::{collections::BTreeMap, time::Duration};

use regex::Regex;
use serde_json::Value;

use super::{container::ContainerRuntime, environment::expand, quantity};
use crate::sim::{
    cluster::{Cluster, fine_span},
    json as read,
    play::{Need, Play},
};

/// How long a program takes to find that it cannot run.
const AT_ONCE: Duration = Duration::from_millis(20);

impl Cluster {
    /// When and how the program will end by itself, if it will.
    pub(super) fn how_it_ends(
        &self,
        pod: &Value,
        spec: &Value,
        container: &mut ContainerRuntime,
        play: &Play,
    ) -> Option<(Duration, i32, &'static str)> {
        let now = self.elapsed();
        for need in &play.needs {
            if let Some(why) = self.unmet(pod, spec, need, &container.variables) {
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
    fn unmet(&self, pod: &Value, spec: &Value, need: &Need, variables: &BTreeMap<String, String>) -> Option<String> {
        let matches = |value: &str| Regex::new(&need.pattern).is_ok_and(|pattern| pattern.is_match(value));
        if !need.env.is_empty() {
            return match variables.get(&need.env).map(String::as_str) {
                None | Some("") => Some(format!("environment variable {} is not set", need.env)),
                Some(value) => (!matches(value)).then(|| format!("invalid value of {}", need.env)),
            };
        }
        if !need.file.is_empty() {
            return match self.file(pod, spec, &need.file) {
                None => Some(format!("open {}: no such file or directory", need.file)),
                Some(content) => (!matches(&content)).then(|| format!("{}: invalid content", need.file)),
            };
        }
        if !need.write.is_empty() {
            return self.unwritable(pod, spec, &need.write);
        }
        if !need.tcp.is_empty() {
            let peer = expand(&need.tcp, variables);
            return (!self.reaches(pod, &peer)).then(|| format!("dial tcp {peer}: connect: connection refused"));
        }
        None
    }

    /// Whether a Pod can connect to `host:port`, a Service's name or a Pod's address.
    fn reaches(&self, pod: &Value, peer: &str) -> bool {
        let Some((host, port)) = peer.rsplit_once(':') else {
            return false;
        };
        let Ok(port) = port.parse::<i64>() else {
            return false;
        };
        let by_address = self.pods.iter().any(|(uid, other)| other.address.as_deref() == Some(host) && self.pod_listens(uid, port));
        let mut labels = host.split('.');
        let service = labels.next().unwrap_or_default();
        let namespace = labels.next().unwrap_or_else(|| read::namespace(pod));
        by_address || self.answers(namespace, service, port)
    }
}
