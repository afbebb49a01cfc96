//! Logs of containers, and the refusals that stand in their place.

use std::time::Duration;

use serde_json::Value;

use super::{
    cluster::Cluster,
    json as read,
    problem::Problem,
    reply::Reply,
    request::{ApiRequest, Target},
};

pub(super) fn log(cluster: &Cluster, request: &ApiRequest, target: &Target) -> Result<Reply, Problem> {
    let pod = target.existing(&cluster.store)?;
    let names: Vec<&str> = ["/spec/containers", "/spec/initContainers"]
        .iter()
        .flat_map(|list| read::list(&pod, list))
        .map(|spec| read::text(spec, "/name"))
        .collect();
    let asked = request.param("container");
    let name = match read::list(&pod, "/spec/containers") {
        [only] if asked.is_empty() => read::text(only, "/name"),
        _ if asked.is_empty() => {
            return Err(Problem::bad_request(format!(
                "a container name must be specified for pod {}, choose one of: [{}]",
                target.name,
                names.join(" ")
            )));
        }
        _ if !names.contains(&asked) => {
            return Err(Problem::bad_request(format!("container {asked} is not valid for pod {}", target.name)));
        }
        _ => asked,
    };
    if read::text(&pod, "/spec/nodeName").is_empty() {
        return Ok(Reply::Text(200, String::new()));
    }
    let lines = lines(cluster, &pod, name, request.flag("previous"))?;
    Ok(Reply::Text(200, cut(cluster, request, lines)))
}

fn lines<'a>(cluster: &'a Cluster, pod: &Value, name: &str, previous: bool) -> Result<&'a [(Duration, String)], Problem> {
    let container = cluster.pods.get(read::uid(pod)).and_then(|runtime| runtime.containers.get(name));
    let refuse = |why: &str| Problem::bad_request(format!("container \"{name}\" in pod \"{}\" {why}", read::name(pod)));
    let Some(container) = container else {
        return Err(refuse("is waiting to start: ContainerCreating"));
    };
    if previous {
        return container.previous_log.as_deref().ok_or_else(|| {
            Problem::bad_request(format!("previous terminated container \"{name}\" in pod \"{}\" not found", read::name(pod)))
        });
    }
    let status = ["/status/containerStatuses", "/status/initContainerStatuses"]
        .iter()
        .find_map(|list| read::named(read::list(pod, list), "name", name))
        .unwrap_or(&read::NULL);
    let reason = read::text(status, "/state/waiting/reason");
    match reason {
        "ErrImagePull" => Err(refuse("is waiting to start: image can't be pulled")),
        "ImagePullBackOff" => Err(refuse("is waiting to start: trying and failing to pull image")),
        "" => Ok(&container.log),
        // After a restart the log of the last run is the newest there is.
        "CrashLoopBackOff" => Ok(&container.log),
        reason => Err(refuse(&format!("is waiting to start: {reason}"))),
    }
}

fn cut(cluster: &Cluster, request: &ApiRequest, lines: &[(Duration, String)]) -> String {
    let number = |key: &str| request.param(key).parse::<usize>().ok();
    let after = number("sinceSeconds").map_or(Duration::ZERO, |seconds| {
        let seconds = Duration::from_secs(u64::try_from(seconds).unwrap_or(u64::MAX));
        cluster.clock.elapsed().saturating_sub(seconds)
    });
    let recent: Vec<String> = lines
        .iter()
        .filter(|(at, _)| *at >= after)
        .map(
            |(at, line)| {
                if request.flag("timestamps") { format!("{:.9} {line}\n", cluster.clock.time_at(*at)) } else { format!("{line}\n") }
            },
        )
        .collect();
    let skipped = number("tailLines").map_or(0, |tail| recent.len().saturating_sub(tail));
    let mut text: String = recent.into_iter().skip(skipped).collect();
    if let Some(limit) = number("limitBytes") {
        let end = text.floor_char_boundary(limit);
        text.truncate(end);
    }
    text
}
