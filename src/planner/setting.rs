//! How risky it is to change a key of a ConfigMap: whoever reads it is changed with it, and what a program finds in a file can be a
//! program. Only a value on one line that nothing but an ordinary variable is made of, of what is affected alone, is less than high.

use crate::domain::action::{Action, Change, FieldOp};
use crate::domain::field::{FieldPath, Segment};
use crate::domain::kind::Kind;
use crate::domain::object::{Namespace, ObjectRef};
use crate::domain::resource::Resource;
use crate::domain::risk::Risk;
use crate::facts::references::{Reference, Via, references};
use crate::facts::{Facts, pods};
use k8s_openapi::api::batch::v1::{CronJob, Job};
use k8s_openapi::api::core::v1::{Pod, PodSpec};
use serde_json::Value;
use std::collections::HashSet;

/// Kinds that have Pods: who uses a ConfigMap is known only where all of them were read.
pub(crate) const USERS: &[Kind] = &[Kind::Pod, Kind::Deployment, Kind::StatefulSet, Kind::DaemonSet, Kind::Job, Kind::CronJob];

/// Variables that a loader, a shell or a language's runtime makes a command of, whatever the program is.
const LOADED: &[&str] = &[
    "BASH_ENV",
    "CLASSPATH",
    "DOTNET_STARTUP_HOOKS",
    "ENV",
    "GIT_SSH_COMMAND",
    "IFS",
    "NODE_PATH",
    "PATH",
    "PERL5DB",
    "PERL5LIB",
    "PERL5OPT",
    "PHPRC",
    "PHP_INI_SCAN_DIR",
    "PROMPT_COMMAND",
    "PYTHONHOME",
    "PYTHONPATH",
    "PYTHONSTARTUP",
    "RUBYLIB",
    "RUBYOPT",
    "SHELL",
];
/// Beginnings and ends of such names.
const LOADED_FROM: &str = "LD_";
const LOADED_TO: [&str; 2] = ["_OPTIONS", "_OPTS"];

/// The least risk of setting these keys of a ConfigMap. `now`: the object as it is.
pub(super) fn risk(change: &Action, now: Option<&Value>, affected: &HashSet<&ObjectRef>, facts: &Facts<'_>) -> Risk {
    let Action::Patch { target, ops } = change else { return Risk::High };
    let Some(namespace) = &target.namespace else { return Risk::High };
    let users = users(target, namespace, facts);
    let all_read = USERS.iter().all(|kind| facts.is_whole(kind));
    let own = users.iter().all(|(user, _)| affected.contains(user) || facts.owners().chain(user).any(|owner| affected.contains(owner)));
    let plain = ops.iter().all(|op| is_one_line(op, now) && is_a_variable(op, target, &users));
    if all_read && own && plain { Risk::Medium } else { Risk::High }
}

/// Whatever makes Pods that refer to it, and these Pods.
fn users<'a>(map: &ObjectRef, namespace: &Namespace, facts: &Facts<'a>) -> Vec<(ObjectRef, &'a PodSpec)> {
    let mut all: Vec<(ObjectRef, &PodSpec)> = Vec::new();
    all.extend(facts.workloads().filter(|w| w.object.namespace.as_ref() == Some(namespace)).map(|w| (w.object.clone(), w.pod_spec)));
    let of_pods = facts.all_in::<Pod>(namespace).filter(|pod| !pods::has_ended(pod));
    all.extend(of_pods.filter_map(|pod| Some((pod.reference(), pod.spec.as_ref()?))));
    all.extend(facts.all_in::<Job>(namespace).filter_map(|job| Some((job.reference(), job.spec.as_ref()?.template.spec.as_ref()?))));
    let of_runs = |job: &'a CronJob| job.spec.job_template.spec.as_ref()?.template.spec.as_ref();
    all.extend(facts.all_in::<CronJob>(namespace).filter_map(|job| Some((job.reference(), of_runs(job)?))));
    all.retain(|(_, spec)| named(spec, map).next().is_some());
    all
}

fn named<'a>(spec: &'a PodSpec, map: &ObjectRef) -> impl Iterator<Item = Reference<'a>> {
    let (kind, name) = (map.kind.clone(), map.name.clone());
    references(spec, &FieldPath::root()).into_iter().filter(move |reference| reference.kind == kind && reference.name == name)
}

/// Before and after.
fn is_one_line(op: &FieldOp, now: Option<&Value>) -> bool {
    let old = now.and_then(|now| op.path.locate(now)).and_then(|at| at.current);
    let one = |value: &Value| value.as_str().is_some_and(|text| !text.contains(['\n', '\r']));
    matches!(&op.change, Change::Set(new) if one(new)) && old.as_ref().is_some_and(one)
}

/// Whether the key becomes ordinary variables wherever it is read, and is read at all.
fn is_a_variable(op: &FieldOp, map: &ObjectRef, users: &[(ObjectRef, &PodSpec)]) -> bool {
    let Some(key) = op.path.segments().get(1).map(Segment::name) else { return false };
    let takes = |reference: &Reference<'_>| reference.keys.is_empty() || reference.keys.contains(&key);
    let in_files = |spec: &&PodSpec| named(spec, map).any(|reference| reference.via != Via::Environment && takes(&reference));
    let variables: Vec<String> = users.iter().flat_map(|(_, spec)| variables(spec, map, key)).collect();
    !users.iter().any(|(_, spec)| in_files(spec)) && !variables.is_empty() && !variables.iter().any(|name| is_loaded(name))
}

/// What the key is called in the environment of the containers.
fn variables(spec: &PodSpec, map: &ObjectRef, key: &str) -> Vec<String> {
    let mut all = Vec::new();
    for (_, container) in pods::containers(spec) {
        for variable in container.env.iter().flatten() {
            let from = variable.value_from.as_ref().and_then(|from| from.config_map_key_ref.as_ref());
            all.extend(from.filter(|from| from.name == map.name && from.key == key).map(|_| variable.name.clone()));
        }
        for from in container.env_from.iter().flatten() {
            let prefix = from.prefix.as_deref().unwrap_or_default();
            all.extend(from.config_map_ref.as_ref().filter(|of| of.name == map.name).map(|_| format!("{prefix}{key}")));
        }
    }
    all
}

fn is_loaded(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    LOADED.contains(&name.as_str()) || name.starts_with(LOADED_FROM) || LOADED_TO.iter().any(|end| name.ends_with(end))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::planner::example::{deployment, namespace, snapshot};
    use serde_json::json;

    const KEY: &str = "LEVEL";

    fn map() -> ObjectRef {
        ObjectRef::namespaced(Kind::ConfigMap, &namespace(), "web-config")
    }

    fn set(key: &str, value: &str) -> Action {
        let ops = crate::domain::nonempty::NonEmpty::one(FieldOp::set(FieldPath::root().key("data").key(key), value));
        Action::Patch { target: map(), ops }
    }

    /// A Pod template's spec that reads the map by these members of its container, and these volumes.
    fn reads(container: &Value, volumes: &Value) -> Value {
        let mut one = json!({"name": "app", "image": "web:1"});
        one.as_object_mut().unwrap().extend(container.as_object().unwrap().clone());
        json!({"containers": [one], "volumes": volumes})
    }

    fn all_of_it() -> Value {
        reads(&json!({"envFrom": [{"configMapRef": {"name": "web-config"}}]}), &json!([]))
    }

    fn as_a_file() -> Value {
        reads(&json!({}), &json!([{"name": "c", "configMap": {"name": "web-config"}}]))
    }

    fn judged(change: &Action, now: &Value, spec: &Value, others: Vec<(Kind, Value)>) -> Risk {
        let mut web = deployment();
        web["spec"]["template"]["spec"] = spec.clone();
        let mut all = vec![(Kind::Deployment, web)];
        all.extend(others);
        // Each kind is read whole.
        let mut seen = snapshot(all);
        for kind in USERS {
            seen.add(kind, Vec::new(), true);
        }
        let facts = Facts::of(&seen);
        let web = ObjectRef::namespaced(Kind::Deployment, &namespace(), "web");
        risk(change, Some(now), &HashSet::from([&web]), &facts)
    }

    fn data(key: &str, value: &str) -> Value {
        json!({"data": {key: value}})
    }

    #[test]
    fn one_line_that_becomes_a_variable_of_what_is_affected_alone_is_medium() {
        assert_eq!(judged(&set(KEY, "debug"), &data(KEY, "debgu"), &all_of_it(), Vec::new()), Risk::Medium);
        let by_key = reads(
            &json!({"env": [{"name": "LOG_LEVEL", "valueFrom": {"configMapKeyRef": {"name": "web-config", "key": KEY}}}]}),
            &json!([]),
        );
        assert_eq!(judged(&set(KEY, "debug"), &data(KEY, "debgu"), &by_key, Vec::new()), Risk::Medium);
    }

    #[test]
    fn file_or_several_lines_or_what_a_runtime_makes_a_command_of_is_high() {
        let of = |key: &str, old: &str, new: &str, spec: &Value| judged(&set(key, new), &data(key, old), spec, Vec::new());
        assert_eq!(of("run.sh", "exec app", "exec other", &as_a_file()), Risk::High);
        assert_eq!(of(KEY, "a\nb", "a", &all_of_it()), Risk::High);
        assert_eq!(of(KEY, "a", "a\nb", &all_of_it()), Risk::High);
        for name in ["LD_PRELOAD", "JAVA_TOOL_OPTIONS", "NODE_OPTIONS", "JAVA_OPTS", "PATH", "BASH_ENV"] {
            assert_eq!(of(name, "a", "b", &all_of_it()), Risk::High, "{name}");
        }
        let renamed = reads(
            &json!({"env": [{"name": "LD_PRELOAD", "valueFrom": {"configMapKeyRef": {"name": "web-config", "key": KEY}}}]}),
            &json!([]),
        );
        assert_eq!(of(KEY, "a", "b", &renamed), Risk::High, "what counts is the name of the variable");
        assert_eq!(of(KEY, "a", "b", &reads(&json!({}), &json!([]))), Risk::High, "nothing reads it that was read");
    }

    #[test]
    fn job_cron_job_and_pod_that_use_it_besides_raise_it() {
        let meta = |name: &str| json!({"name": name, "namespace": namespace().as_str(), "uid": name});
        let template = json!({"spec": all_of_it()});
        for (kind, other) in [
            (Kind::Job, json!({"apiVersion": "batch/v1", "kind": "Job", "metadata": meta("billing"), "spec": {"template": template}})),
            (
                Kind::CronJob,
                json!({"apiVersion": "batch/v1", "kind": "CronJob", "metadata": meta("billing"),
                       "spec": {"schedule": "* * * * *", "jobTemplate": {"spec": {"template": template}}}}),
            ),
            (Kind::Pod, json!({"apiVersion": "v1", "kind": "Pod", "metadata": meta("billing"), "spec": all_of_it()})),
        ] {
            let others = vec![(kind.clone(), other)];
            assert_eq!(judged(&set(KEY, "debug"), &data(KEY, "debgu"), &all_of_it(), others), Risk::High, "{kind}");
        }
    }

    #[test]
    fn users_that_could_not_be_read_raise_it() {
        let mut web = deployment();
        web["spec"]["template"]["spec"] = all_of_it();
        let seen = snapshot(vec![(Kind::Deployment, web)]);
        let web = ObjectRef::namespaced(Kind::Deployment, &namespace(), "web");
        let facts = Facts::of(&seen);
        assert!(!facts.is_whole(&Kind::CronJob));
        assert_eq!(risk(&set(KEY, "debug"), Some(&data(KEY, "debgu")), &HashSet::from([&web]), &facts), Risk::High);
    }
}
