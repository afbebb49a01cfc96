//! How risky it is to change a key of a ConfigMap: whoever reads it is changed with it, and what a program finds in a file can be a
//! program. Only a value on one line that nothing but an ordinary variable is made of, of what is affected alone, is less than high.

use crate::domain::action::{Action, Change, FieldOp};
use crate::domain::excerpt::Excerpt;
use crate::domain::field::{FieldPath, Segment};
use crate::domain::hosts::{addresses, is_called_an_address};
use crate::domain::kind::Kind;
use crate::domain::object::{Namespace, ObjectRef};
use crate::domain::resource::Resource;
use crate::domain::risk::Risk;
use crate::facts::references::{Reference, Via, references};
use crate::facts::{Facts, pods};
use k8s_openapi::api::batch::v1::{CronJob, Job};
use k8s_openapi::api::core::v1::{Container, Pod, PodSpec};
use serde_json::Value;
use std::collections::{BTreeSet, HashSet};

/// Kinds that have Pods: who uses a ConfigMap is known only where all of them were read.
pub(crate) const USERS: &[Kind] = &[Kind::Pod, Kind::Deployment, Kind::StatefulSet, Kind::DaemonSet, Kind::Job, Kind::CronJob];

/// Variables that a loader, a shell, a language's runtime or a library makes a command, a module, a file or an address of, whatever the
/// program is.
const LOADED: &[&str] = &[
    "BASH_ENV",
    "CLASSPATH",
    "CMD",
    "COMMAND",
    "CURL_HOME",
    "DOTNET_STARTUP_HOOKS",
    "EDITOR",
    "ENTRYPOINT",
    "ENV",
    "GCONV_PATH",
    "GIT_SSH",
    "GOPROXY",
    "HOME",
    "HOSTALIASES",
    "IFS",
    "KUBECONFIG",
    "LOCALDOMAIN",
    "MODULE_NAME",
    "NODE_PATH",
    "PAGER",
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
    "PYTHONWARNINGS",
    "RUBYLIB",
    "RUBYOPT",
    "SHELL",
    "SPRING_CONFIG_IMPORT",
    "SPRING_CONFIG_NAME",
    "VARIABLE_NAME",
];
/// Beginnings and ends of such names.
const LOADED_FROM: [&str; 2] = ["LD_", "GIT_CONFIG"];
const LOADED_TO: &[&str] = &[
    "_AGENT",
    "_APP",
    "_ARGS",
    "_BIN",
    "_BINARY",
    "_BUNDLE",
    "_CERTS",
    "_CERT_DIR",
    "_CERT_FILE",
    "_CERT_PATH",
    "_CLASS",
    "_CLASSES",
    "_CLASSNAME",
    "_CMD",
    "_COMMAND",
    "_CONF",
    "_CONFIG",
    "_CONFIG_DIR",
    "_CONFIG_FILE",
    "_ENDPOINT_URL",
    "_ENTRYPOINT",
    "_EXEC",
    "_EXECUTABLE",
    "_EXTENSIONS",
    "_FACTORY",
    "_FLAGS",
    "_HANDLER",
    "_HOME",
    "_HOOK",
    "_HOOKS",
    "_INDEX_URL",
    "_LIBRARIES",
    "_LIBRARY",
    "_LOADER",
    "_LOCATION",
    "_LOCATIONS",
    "_MAIN",
    "_MIDDLEWARE",
    "_MODULE",
    "_MODULES",
    "_OPTIONS",
    "_OPTS",
    "_PATH",
    "_PATHS",
    "_PLUGIN",
    "_PLUGINS",
    "_PRELOAD",
    "_PROGRAM",
    "_PROXY",
    "_REGISTRY",
    "_SCRIPT",
    "_SCRIPTS",
];
/// Words in names of settings that say whom a program trusts, what it lets whom do, whether what it sends can be read on the way, and as
/// what it starts.
const TRUST: &[&str] = &[
    "ADMIN",
    "ADMINS",
    "ALGORITHM",
    "ALLOW",
    "ANONYMOUS",
    "AUTH",
    "AUTHENTICATION",
    "AUTHORIZATION",
    "CA",
    "CERT",
    "CERTIFICATE",
    "CERTIFICATES",
    "CERTS",
    "CORS",
    "CSRF",
    "DDL",
    "DEBUG",
    "ENCRYPT",
    "ENCRYPTION",
    "ENV",
    "ENVIRONMENT",
    "FACTORY",
    "HTTPS",
    "INSECURE",
    "LOGIN",
    "MTLS",
    "OAUTH",
    "PGSSLMODE",
    "PLAINTEXT",
    "PLUGIN",
    "PLUGINS",
    "PROFILES",
    "PYTHONHTTPSVERIFY",
    "ROLE",
    "ROLES",
    "SECURE",
    "SECURITY",
    "SSL",
    "SSLMODE",
    "STARTTLS",
    "TLS",
    "TRUST",
    "TRUSTED",
    "TRUSTSTORE",
    "UNAUTHORIZED",
    "UNSAFE",
    "VALIDATE",
    "VERIFICATION",
    "VERIFY",
];
/// Programs that make a command of whatever stands in their environment.
const SHELLS: &[&str] = &["ash", "bash", "busybox", "csh", "dash", "fish", "ksh", "sh", "tcsh", "zsh"];
/// Ends of the names of scripts, which are run by one.
const SCRIPTS: &[&str] = &[".ash", ".bash", ".command", ".csh", ".fish", ".ksh", ".sh", ".zsh"];

/// The least risk of setting these keys of a ConfigMap. `now`: the object as it is.
pub(super) fn risk(change: &Action, now: Option<&Value>, affected: &HashSet<&ObjectRef>, facts: &Facts<'_>) -> Risk {
    let Action::Patch { target, ops } = change else { return Risk::High };
    let Some(namespace) = &target.namespace else { return Risk::High };
    let users = users(target, namespace, facts);
    let stays = ops.iter().all(|op| addresses_of(op, now, &users, target).is_none());
    let all_read = USERS.iter().all(|kind| facts.is_whole(kind));
    let own = users.iter().all(|(user, _)| is_of(user, affected, facts));
    let plain = ops.iter().all(|op| is_one_line(op, now) && is_a_word(op) && is_a_variable(op, target, &users));
    if all_read && own && plain && stays { Risk::Medium } else { Risk::High }
}

/// Who reads the map and is not affected.
pub(super) fn other_users(map: &ObjectRef, affected: &HashSet<&ObjectRef>, facts: &Facts<'_>) -> BTreeSet<ObjectRef> {
    let users = map.namespace.as_ref().map(|namespace| users(map, namespace, facts)).unwrap_or_default();
    let of_it = users.into_iter().map(|(user, _)| user).filter(|user| !is_of(user, affected, facts));
    of_it.map(|user| facts.owners().chain(&user).last().cloned().unwrap_or(user)).collect()
}

fn is_of(user: &ObjectRef, affected: &HashSet<&ObjectRef>, facts: &Facts<'_>) -> bool {
    affected.contains(user) || facts.owners().chain(user).any(|owner| affected.contains(owner))
}

/// Where a program would go that reads these keys, from where to where: whole, whatever else stands in the value.
pub(super) fn moved(change: &Action, now: Option<&Value>, facts: &Facts<'_>) -> Vec<String> {
    let Action::Patch { target, ops } = change else { return Vec::new() };
    let users = target.namespace.as_ref().map(|namespace| users(target, namespace, facts)).unwrap_or_default();
    let one = |op: &FieldOp| {
        let [from, to] = addresses_of(op, now, &users, target)?;
        let key = key(op)?;
        let others = |all: &[String], than: &[String]| all.iter().filter(|one| !than.contains(one)).cloned().collect::<Vec<_>>().join(", ");
        let (gone, new) = (others(&from, &to), others(&to, &from));
        Some(match (gone.is_empty(), new.is_empty()) {
            (true, true) => {
                let (from, to) = differing(&from.join(", "), &to.join(", "));
                format!(
                    "it changes the order of the addresses in `{key}` from {} to {}: the first may be the one that counts",
                    told(&from),
                    told(&to)
                )
            }
            (true, false) => format!("it leads `{key}` to {} as well: with what is sent there", told(&new)),
            (false, true) => format!("it leads `{key}` no longer to {}", told(&gone)),
            (false, false) => {
                let (gone, new) = differing(&gone, &new);
                format!("it moves `{key}` from {} to {}: with what is sent there", told(&gone), told(&new))
            }
        })
    };
    ops.iter().filter_map(one).collect()
}

/// So much is told of addresses: one has a host of at most 253 characters, and a path.
const TOLD: usize = 600;
/// Before what differs, so much of what both have.
const COMMON: usize = 60;

/// It is somebody's word.
fn told(addresses: &str) -> String {
    Excerpt::said_within(addresses, TOLD).to_string()
}

/// Both without what they begin with alike, where they are too long to be told to their ends.
fn differing(from: &str, to: &str) -> (String, String) {
    if from.len().max(to.len()) < TOLD {
        return (from.to_owned(), to.to_owned());
    }
    let alike = from.chars().zip(to.chars()).take_while(|(one, other)| one == other).count();
    let skipped = alike.saturating_sub(COMMON);
    let rest = |text: &str| if skipped == 0 { text.to_owned() } else { format!("…{}", text.chars().skip(skipped).collect::<String>()) };
    (rest(from), rest(to))
}

/// The addresses in the value before and after, where they are not the same.
fn addresses_of(op: &FieldOp, now: Option<&Value>, users: &[(ObjectRef, &PodSpec)], map: &ObjectRef) -> Option<[Vec<String>; 2]> {
    let key = key(op)?;
    let containers = || users.iter().flat_map(|(_, spec)| pods::containers(spec));
    let called =
        is_called_an_address(key) || containers().any(|(_, one)| taken(one, map, key).iter().any(|name| is_called_an_address(name)));
    let old = now.and_then(|now| op.path.locate(now)).and_then(|at| at.current);
    let new = if let Change::Set(new) = &op.change { Some(new) } else { None };
    let [old, new] = [old.as_ref(), new].map(|value| value.and_then(Value::as_str).unwrap_or_default());
    // How many there are, or that it is written to no other place than the log.
    let amounts = is_an_amount(old) && is_an_amount(new) && !key.to_ascii_uppercase().contains("PORT");
    if amounts || matches!(new, "stdout" | "stderr") {
        return None;
    }
    let [from, to] = [old, new].map(|value| addresses(value, called));
    (from != to).then_some([from, to])
}

/// A longer number may be an address.
fn is_an_amount(text: &str) -> bool {
    (1..=3).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())
}

/// Whatever makes Pods that refer to it, and these Pods.
pub(super) fn users<'a>(map: &ObjectRef, namespace: &Namespace, facts: &Facts<'a>) -> Vec<(ObjectRef, &'a PodSpec)> {
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

pub(super) fn named<'a>(spec: &'a PodSpec, map: &ObjectRef) -> impl Iterator<Item = Reference<'a>> {
    let (kind, name) = (map.kind.clone(), map.name.clone());
    references(spec, &FieldPath::root()).into_iter().filter(move |reference| reference.kind == kind && reference.name == name)
}

/// Before and after.
fn is_one_line(op: &FieldOp, now: Option<&Value>) -> bool {
    let old = now.and_then(|now| op.path.locate(now)).and_then(|at| at.current);
    let one = |value: &Value| value.as_str().is_some_and(|text| !text.contains(['\n', '\r']));
    matches!(&op.change, Change::Set(new) if one(new)) && old.as_ref().is_some_and(one)
}

/// A number or a word: whatever starts the program may be a script of the image, where options, several words and paths are more.
fn is_a_word(op: &FieldOp) -> bool {
    let Change::Set(Value::String(text)) = &op.change else { return false };
    let number = text.strip_prefix('-').unwrap_or(text).bytes().all(|b| b.is_ascii_digit() || b == b'.');
    let word = text.chars().all(|c| c.is_alphanumeric() || "._-,:+%".contains(c));
    word && (number || text.starts_with(char::is_alphanumeric))
}

/// Whether the key becomes ordinary variables wherever it is read, and is read at all.
fn is_a_variable(op: &FieldOp, map: &ObjectRef, users: &[(ObjectRef, &PodSpec)]) -> bool {
    let Some(key) = key(op) else { return false };
    let takes = |reference: &Reference<'_>| reference.keys.is_empty() || reference.keys.contains(&key);
    let in_files = |spec: &PodSpec| named(spec, map).any(|reference| reference.via != Via::Environment && takes(&reference));
    let readers =
        || users.iter().flat_map(|(_, spec)| pods::containers(spec)).map(|(_, container)| (container, taken(container, map, key)));
    let is_run = |(container, names): (&Container, Vec<String>)| {
        names.iter().any(|name| is_loaded(name)) || (!names.is_empty() && is_in_a_command(container, &names))
    };
    !users.iter().any(|(_, spec)| in_files(spec)) && readers().any(|(_, names)| !names.is_empty()) && !readers().any(is_run)
}

fn key(op: &FieldOp) -> Option<&str> {
    op.path.segments().get(1).map(Segment::name)
}

/// What the key is called in the environment of the container, and what is made of that there.
fn taken(container: &Container, map: &ObjectRef, key: &str) -> Vec<String> {
    let mut all = Vec::new();
    let variables = || container.env.iter().flatten();
    for variable in variables() {
        let from = variable.value_from.as_ref().and_then(|from| from.config_map_key_ref.as_ref());
        all.extend(from.filter(|from| from.name == map.name && from.key == key).map(|_| variable.name.clone()));
    }
    for from in container.env_from.iter().flatten() {
        let prefix = from.prefix.as_deref().unwrap_or_default();
        all.extend(from.config_map_ref.as_ref().filter(|of| of.name == map.name).map(|_| format!("{prefix}{key}")));
    }
    // A variable may have others in its value; one pass for each is enough, since each adds one or ends it.
    for _ in variables() {
        let has = |value: &String| all.iter().any(|name| value.contains(&format!("$({name})")));
        let next = variables().find(|variable| variable.value.as_ref().is_some_and(has) && !all.contains(&variable.name));
        match next.map(|variable| variable.name.clone()) {
            Some(name) => all.push(name),
            None => break,
        }
    }
    all
}

fn is_loaded(name: &str) -> bool {
    let whole = name.to_ascii_uppercase().replace(['.', '-'], "_");
    let words = words(name);
    let parted = words.join("_");
    let is_one = |name: &String| {
        let ends = |end: &&str| name.ends_with(*end) || name == end.trim_start_matches('_');
        LOADED.contains(&name.as_str()) || LOADED_FROM.iter().any(|start| name.starts_with(start)) || LOADED_TO.iter().any(ends)
    };
    // What is long enough stands in no other word.
    let trusts = |word: &String| TRUST.iter().any(|one| word == one || (one.len() >= WITHIN && word.ends_with(one)));
    words.iter().any(trusts) || [whole, parted].iter().any(is_one)
}

/// A word of so many letters counts at the end of another one, too.
const WITHIN: usize = 6;

/// The words of a name, in capitals: `Jwt__RequireHttpsMetadata` has four.
fn words(name: &str) -> Vec<String> {
    let signs: Vec<char> = name.chars().collect();
    let mut words = vec![String::new()];
    for (at, c) in signs.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|at| signs.get(at)).copied().unwrap_or('_');
        let after = signs.get(at.saturating_add(1)).copied().unwrap_or('_');
        let hump = c.is_uppercase() && (before.is_lowercase() || (before.is_uppercase() && after.is_lowercase()));
        if !c.is_alphanumeric() || hump {
            words.push(String::new());
        }
        if let Some(last) = words.last_mut().filter(|_| c.is_alphanumeric()) {
            last.push(c.to_ascii_uppercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Whether something that the container runs names one of these variables, or is a shell or a script, which can.
fn is_in_a_command(container: &Container, names: &[String]) -> bool {
    let own = [container.command.as_ref(), container.args.as_ref()];
    let probes = [&container.liveness_probe, &container.readiness_probe, &container.startup_probe];
    let of_probes = probes.into_iter().flatten().filter_map(|probe| probe.exec.as_ref()?.command.as_ref());
    let hooks = container.lifecycle.iter().flat_map(|lifecycle| [&lifecycle.post_start, &lifecycle.pre_stop]).flatten();
    let of_hooks = hooks.filter_map(|hook| hook.exec.as_ref()?.command.as_ref());
    let words: Vec<&String> = own.into_iter().flatten().chain(of_probes).chain(of_hooks).flatten().collect();
    let paths = container.volume_mounts.iter().flatten().filter_map(|mount| mount.sub_path_expr.as_ref());
    let runs_a_shell = |program: &str| {
        let name = program.rsplit('/').next().unwrap_or_default().to_ascii_lowercase();
        SHELLS.contains(&name.as_str()) || SCRIPTS.iter().any(|end| name.ends_with(end)) || name.contains("entrypoint")
    };
    // Several words may stand in one.
    let is_a_shell = |word: &&String| word.split_whitespace().any(runs_a_shell);
    let named = |word: &String| names.iter().any(|name| mentions(word, name));
    words.iter().any(is_a_shell) || words.into_iter().chain(paths).any(named)
}

/// `$(NAME)`, `$NAME`, `${NAME:-x}`, or as a word, such as in the program that an interpreter is given.
fn mentions(text: &str, name: &str) -> bool {
    let is_in_a_name = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(name).any(|(at, _)| {
        let before = text.get(..at).and_then(|before| before.chars().next_back());
        let after = text.get(at.saturating_add(name.len())..).and_then(|after| after.chars().next());
        !before.is_some_and(is_in_a_name) && !after.is_some_and(is_in_a_name)
    })
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
        for name in [
            "LD_PRELOAD",
            "JAVA_TOOL_OPTIONS",
            "NODE_OPTIONS",
            "JAVA_OPTS",
            "PATH",
            "BASH_ENV",
            "START_ARGS",
            "ARGS",
            "GUNICORN_CMD_ARGS",
            "https_proxy",
            "SSL_CERT_FILE",
            "NODE_EXTRA_CA_CERTS",
            "REQUESTS_CA_BUNDLE",
            "AWS_ENDPOINT_URL",
            "PIP_INDEX_URL",
            "KUBECONFIG",
        ] {
            assert_eq!(of(name, "a", "b", &all_of_it()), Risk::High, "{name}");
        }
        for value in ["--debug", "x y", "$(id)", "a;b", "/etc/app.yaml", "a=b", "`id`", "-x"] {
            assert_eq!(of(KEY, "a", value, &all_of_it()), Risk::High, "{value}: what starts the program may be a script");
        }
        let renamed = reads(
            &json!({"env": [{"name": "LD_PRELOAD", "valueFrom": {"configMapKeyRef": {"name": "web-config", "key": KEY}}}]}),
            &json!([]),
        );
        assert_eq!(of(KEY, "a", "b", &renamed), Risk::High, "what counts is the name of the variable");
        assert_eq!(of(KEY, "a", "b", &reads(&json!({}), &json!([]))), Risk::High, "nothing reads it that was read");
    }

    #[test]
    fn name_of_what_is_loaded_or_of_whom_a_program_trusts_is_high() {
        for name in [
            "FLASK_APP",
            "APP_MODULE",
            "DJANGO_SETTINGS_MODULE",
            "PRE_START_PATH",
            "SPRING_CONFIG_LOCATION",
            "spring.config.location",
            "WORKER_CLASS",
            "NODE_TLS_REJECT_UNAUTHORIZED",
            "PGSSLMODE",
            "SSL_VERIFY",
            "GIT_SSL_NO_VERIFY",
            "REGISTRY_INSECURE",
            "DB_SSLMODE",
            "AUTH_ENABLED",
        ] {
            assert_eq!(judged(&set(name, "0"), &data(name, "1"), &all_of_it(), Vec::new()), Risk::High, "{name}");
        }
        for name in ["LOG_LEVEL", "WORKERS", "TIMEOUT", "CACHE_SIZE", "POOL_MAX", "FEATURE_X"] {
            assert_eq!(judged(&set(name, "2"), &data(name, "1"), &all_of_it(), Vec::new()), Risk::Medium, "{name}");
        }
    }

    #[test]
    fn setting_that_leads_to_another_host_port_path_or_bucket_is_high_and_says_from_where_to_where() {
        let of = |key: &str, old: &str, new: &str| {
            let mut web = deployment();
            web["spec"]["template"]["spec"] = all_of_it();
            let said = moved(&set(key, new), Some(&data(key, old)), &Facts::of(&snapshot(vec![(Kind::Deployment, web)])));
            (judged(&set(key, new), &data(key, old), &all_of_it(), Vec::new()), said)
        };
        let (risk, said) = of("PAYMENT", "https://pay.shop.svc/charge", "https://pay-shop.example/charge");
        assert_eq!(risk, Risk::High);
        assert_eq!(said, ["it moves `PAYMENT` from “pay.shop.svc/charge” to “pay-shop.example/charge”: with what is sent there"]);
        for (key, old, new) in [
            ("PAYMENT", "https://pay.shop.svc/", "http://pay.shop.svc/"),
            ("PAYMENT", "https://pay.shop.svc/", "https://pay.shop.svc@pay.example/"),
            ("UPSTREAM", "pay:80", "other:80"),
            ("DB_HOST", "db", "db-of-somebody"),
            (KEY, "debgu", "evil.example"),
            ("ADDRESSES", "10.0.0.1,10.0.0.2", "10.0.0.1,10.0.0.3"),
            ("PAYMENT", "https://pay.shop.svc/v1", "https://pay.shop.svc/v2"),
            ("PAYMENT", "https://pay.shop.svc:8080", "https://pay.shop.svc:8081"),
            ("BACKUP", "https://storage.googleapis.com/shop", "https://storage.googleapis.com/shop-backup"),
            ("BACKUP", "s3://shop", "s3://shop-backup"),
            ("BACKUP_BUCKET", "shop", "shop-backup"),
            (KEY, "localhost:8080", "localhost:9090"),
            (KEY, "localhost:8080", ":9090"),
            ("DB_PORT", "5432", "5433"),
        ] {
            let (risk, said) = of(key, old, new);
            assert!(risk == Risk::High && said.len() == 1, "{key} {old} {new}: {said:?}");
        }
        for (key, old, new) in [
            (KEY, "debgu", "debug"),
            (KEY, "-1", "12"),
            ("TIMEOUT", "30x", "30s"),
            ("FEATURES", "a,b", "a,c"),
            ("RELEASE", "1.2.3", "1.2.4"),
        ] {
            assert_eq!(of(key, old, new), (Risk::Medium, Vec::new()), "{key} {old} {new}");
        }
    }

    #[test]
    fn variable_that_a_command_uses_or_a_shell_could_is_high() {
        let of = |container: &Value| {
            let mut all = json!({"envFrom": [{"configMapRef": {"name": "web-config"}}]});
            all.as_object_mut().unwrap().extend(container.as_object().unwrap().clone());
            judged(&set(KEY, "debug"), &data(KEY, "debgu"), &reads(&all, &json!([])), Vec::new())
        };
        for container in [
            json!({"args": ["--level", "$(LEVEL)"]}),
            json!({"command": ["/bin/sh", "-c", "exec app"]}),
            json!({"command": ["env", "bash", "run"]}),
            json!({"command": ["env", "-S", "bash -c run"]}),
            json!({"command": ["/docker-entrypoint.sh"]}),
            json!({"command": ["./run.sh"]}),
            json!({"command": ["tini", "--", "/opt/entrypoint"]}),
            json!({"args": ["exec app ${LEVEL:-info}"]}),
            json!({"args": ["exec app $LEVEL"]}),
            json!({"command": ["python", "-c", "import os; run(os.environ['LEVEL'])"]}),
            json!({"livenessProbe": {"exec": {"command": ["sh", "-c", "test -n x"]}}}),
            json!({"lifecycle": {"preStop": {"exec": {"command": ["stop", "$LEVEL"]}}}}),
            json!({"env": [{"name": "RUN", "value": "--level=$(LEVEL)"}], "args": ["$(RUN)"]}),
            json!({"env": [{"name": "JAVA_OPTS", "value": "-Dlevel=$(LEVEL)"}]}),
            json!({"volumeMounts": [{"name": "v", "mountPath": "/v", "subPathExpr": "$(LEVEL)"}]}),
        ] {
            assert_eq!(of(&container), Risk::High, "{container}");
        }
        for container in [json!({"command": ["/bin/app"], "args": ["--LEVELS", "$(OTHER)"]}), json!({"args": ["MY_LEVEL"]})] {
            assert_eq!(of(&container), Risk::Medium, "{container}");
        }
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

    #[test]
    fn names_are_parted_at_humps_as_well() {
        for name in [
            "Jwt__ValidateIssuer",
            "Jwt__RequireHttpsMetadata",
            "Kafka__EnableSslCertificateVerification",
            "sslVerify",
            "rejectUnauthorized",
            "insecureSkipVerify",
            "Plugin__FactoryType",
            "ALLOW_EMPTY_PASSWORD",
            "JWT_ALGORITHM",
            "FLASK_DEBUG",
            "SPRING_JPA_HIBERNATE_DDL_AUTO",
            "SPRING_PROFILES_ACTIVE",
            "ASPNETCORE_ENVIRONMENT",
            "LOGIN_REQUIRED",
            "GF_USERS_ALLOW_SIGN_UP",
            "DEFAULT_ROLE",
        ] {
            assert_eq!(judged(&set(name, "off"), &data(name, "on"), &all_of_it(), Vec::new()), Risk::High, "{name}");
        }
        for name in ["Logging__LogLevel", "maxPoolSize", "workerCount", "requestTimeoutSeconds"] {
            assert_eq!(judged(&set(name, "2"), &data(name, "1"), &all_of_it(), Vec::new()), Risk::Medium, "{name}");
        }
        let port = judged(&set("PGPORT", "5433"), &data("PGPORT", "5432"), &all_of_it(), Vec::new());
        assert_eq!(port, Risk::High);
    }

    #[test]
    fn what_differs_between_two_addresses_is_said_however_long_they_are() {
        let of = |key: &str, old: &str, new: &str| {
            let mut web = deployment();
            web["spec"]["template"]["spec"] = all_of_it();
            moved(&set(key, new), Some(&data(key, old)), &Facts::of(&snapshot(vec![(Kind::Deployment, web)])))
        };
        let brokers =
            |last: &str| (10..40).map(|n| format!("kafka-{n}.kafka.shop.svc:9092")).chain([last.to_owned()]).collect::<Vec<_>>().join(",");
        let said = of("BROKERS", &brokers("z.shop.svc:9092"), &brokers("z.evil.example:9092"));
        assert_eq!(said, ["it moves `BROKERS` from “z.shop.svc:9092” to “z.evil.example:9092”: with what is sent there"]);
        let path = |end: &str| format!("https://storage.example/{}/{end}", "p".repeat(600));
        let said = of("BACKUP", &path("shop"), &path("shop-backup"));
        assert!(said.len() == 1 && said[0].contains("/shop” to “") && said[0].contains("/shop-backup”"), "{said:?}");
        let said = of("DB_HOSTS", "db-1,db-2", "db-2,db-1");
        assert!(said.len() == 1 && said[0].contains("“db-1, db-2”") && said[0].contains("“db-2, db-1”"), "{said:?}");
        assert_eq!(judged(&set("DB_HOSTS", "db-2,db-1"), &data("DB_HOSTS", "db-1,db-2"), &all_of_it(), Vec::new()), Risk::High);
        for (key, old, new) in [("MAX_NODES", "3", "5"), ("LOG_TARGET", "stdot", "stdout")] {
            assert!(of(key, old, new).is_empty(), "{key}");
            assert_eq!(judged(&set(key, new), &data(key, old), &all_of_it(), Vec::new()), Risk::Medium, "{key}");
        }
        let said = of("KAFKA", "a:1", "a:1,b:1");
        assert!(said.len() == 1 && said[0].contains("“b:1”"), "{said:?}");
    }
}
