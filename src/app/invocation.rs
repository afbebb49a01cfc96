//! How a human starts the program in a terminal so that it finds what this process uses: the same cluster, the same sessions, the
//! same limits.

use crate::call::{DialogManner, Operator, Program};
use crate::config::{Config, DialogWord, Environment, Flags};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Options that are flags of every command.
const FLAGS: [&str; 9] =
    ["kubeconfig", "context", "write-kubeconfig", "write-context", "read-only", "allow-kubeconfig-exec", "consent", "state-dir", "config"];
/// Options that change nothing about a plan that waits.
const NOT_NEEDED: [&str; 19] = [
    "log",
    "model",
    "model-allow-http",
    "model-base-url",
    "model-cost",
    "model-fallback",
    "model-headers",
    "model-key-file",
    "model-prices",
    "model-seconds",
    "model-tokens",
    "model-turns",
    "contexts",
    "client-dialogs",
    "mode",
    "plan-ttl",
    "investigate",
    "probe-logs",
    "probe-config-maps",
];
/// Flags whose values are paths.
const PATHS: [&str; 4] = ["kubeconfig", "write-kubeconfig", "state-dir", "config"];

/// What surfaces have to know of the configuration.
pub(super) fn operator(config: &Config) -> Operator {
    let manner = |word| match word {
        DialogWord::Hold => DialogManner::Hold,
        DialogWord::Wait => DialogManner::Wait,
        DialogWord::Return => DialogManner::Return,
    };
    Operator {
        program: program(config),
        contexts: config.contexts.clone(),
        read_only: config.read_only,
        investigate: config.investigate,
        dialogs: config.client_dialogs.iter().map(|(name, word)| (name.clone(), manner(*word))).collect(),
    }
}

fn program(config: &Config) -> Program {
    let mut with = config.started_with.clone();
    // A home of its own is not that of a terminal.
    if let (Some(home), Some(login)) = (&config.home, login_home())
        && *home != login
    {
        if let Some(folder) = config.store.parent() {
            with.entry("state-dir").or_insert_with(|| folder.to_string_lossy().into_owned());
        }
        let usual = home.join(".kube").join("config");
        if !with.contains_key("KUBECONFIG") && usual.exists() {
            with.entry("kubeconfig").or_insert_with(|| usual.to_string_lossy().into_owned());
        }
        if let Some(file) = &config.file {
            with.entry("config").or_insert_with(|| file.to_string_lossy().into_owned());
        }
    }
    // Its other variables and flags are not needed to see a plan, only to approve it.
    let own = name();
    let short = if found_by_name(config) { "kubemend" } else { &own };
    let folder = config.store.parent().filter(|_| !sessions_are_found(config)).map(|folder| absolute(&folder.to_string_lossy()));
    let home = login_home().map(|home| home.to_string_lossy().into_owned());
    written(with, &own).looking(short, folder.as_deref(), home.as_deref())
}

/// Whether a terminal that knows nothing of this process's variables and flags looks for sessions where this one keeps them.
fn sessions_are_found(config: &Config) -> bool {
    let home = login_home().or_else(|| config.home.clone()).unwrap_or_default();
    let plain = Environment::of([("HOME", &*home.to_string_lossy())]);
    Config::load(&Flags::default(), &plain).is_ok_and(|plain| plain.store == config.store)
}

/// How the program is started again in the terminal where it runs: the variables are still there.
pub(super) fn here(config: &Config) -> Program {
    written(config.flags.clone(), &if found_by_name(config) { "kubemend".to_owned() } else { name() })
}

fn written(with: BTreeMap<&'static str, String>, name: &str) -> Program {
    let (mut variables, mut flags) = (Vec::new(), Vec::new());
    for (key, value) in with.into_iter().filter(|(key, _)| !NOT_NEEDED.contains(key)) {
        if FLAGS.contains(&key) {
            let value = if PATHS.contains(&key) { absolute(&value) } else { value };
            flags.push((key.to_owned(), value));
        } else if key == "KUBECONFIG" {
            variables.push((key.to_owned(), value));
        } else {
            variables.push((format!("KUBEMEND_{}", key.replace('-', "_").to_ascii_uppercase()), value));
        }
    }
    Program::new(&variables, name, &flags)
}

/// Whether `kubemend` is this very program where programs are looked for.
fn found_by_name(config: &Config) -> bool {
    let found = config.search_path.iter().map(|folder| folder.join("kubemend")).find(|path| path.is_file());
    let [found, own] = [found, std::env::current_exe().ok()].map(|path| path.and_then(|path| path.canonicalize().ok()));
    found.is_some() && found == own
}

fn absolute(path: &str) -> String {
    std::path::absolute(path).map_or_else(|_| path.to_owned(), |path| path.to_string_lossy().into_owned())
}

/// Its path. Whether a terminal finds it by its name alone cannot be known here.
fn name() -> String {
    let path = std::env::current_exe().ok();
    path.filter(|path| path.is_absolute()).map_or_else(|| "kubemend".to_owned(), |path| path.to_string_lossy().into_owned())
}

/// The home that a login of this user gets.
#[cfg(unix)]
fn login_home() -> Option<PathBuf> {
    use std::os::unix::fs::MetadataExt;
    let uid = std::fs::metadata("/proc/self").ok()?.uid().to_string();
    let users = std::fs::read_to_string(Path::new("/etc/passwd")).ok()?;
    let fields = |line: &str| line.split(':').map(str::to_owned).collect::<Vec<_>>();
    let home = users.lines().map(fields).find(|user| user.get(2) == Some(&uid))?.get(5).map(PathBuf::from)?;
    (!home.as_os_str().is_empty()).then_some(home)
}

#[cfg(not(unix))]
fn login_home() -> Option<PathBuf> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::SessionId;
    use crate::domain::ours::OurCommand;

    fn line(flags: &Flags, variables: &[(&str, &str)]) -> String {
        let config = Config::load(flags, &Environment::of(variables.iter().copied())).unwrap();
        let session = SessionId::from_entropy([1; 16]);
        operator(&config).program.line(&OurCommand::Approve(session.clone())).replace(session.as_str(), "s-1")
    }

    /// What a client's entry for the server says, a terminal does not know.
    #[test]
    fn the_line_for_a_terminal_names_the_program_and_what_it_was_started_with() {
        let home = login_home().unwrap_or_else(|| PathBuf::from("/home/me"));
        let home = home.to_str().unwrap();
        let program = std::env::current_exe().unwrap().display().to_string();
        assert_eq!(line(&Flags::default(), &[("HOME", home)]), format!("{program} approve s-1"));
        let flags = Flags { context: Some("staging".to_owned()), ..Flags::default() };
        let variables = [
            ("HOME", home),
            ("KUBECONFIG", "/etc/one:/etc/two"),
            ("KUBEMEND_RISK_CEILING", "high"),
            ("KUBEMEND_LOG", "debug"),
            ("XDG_STATE_HOME", "/var/state"),
        ];
        assert_eq!(
            line(&flags, &variables),
            format!(
                "KUBECONFIG=/etc/one:/etc/two KUBEMEND_RISK_CEILING=high {program} approve s-1 --context=staging --state-dir=/var/state/kubemend"
            )
        );
    }

    /// To see a plan takes the program and its sessions, and neither a kubeconfig nor settings.
    #[cfg(unix)]
    #[test]
    fn the_line_to_see_a_plan_is_as_short_as_a_plain_terminal_lets_it_be_and_runs_there() {
        let home = login_home().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
        std::os::unix::fs::symlink(std::env::current_exe().unwrap(), path("kubemend")).unwrap();
        std::fs::write(path("settings.yaml"), "risk-ceiling: low\n").unwrap();
        std::fs::write(path("elsewhere.yaml"), format!("state-dir: {}\n", path("state"))).unwrap();
        let found = folder.path().to_str().unwrap().to_owned();
        let session = SessionId::from_entropy([1; 16]);
        let third = |folders: &str, more: &[(&str, String)], flags: &Flags| {
            let basic = [("HOME", home.to_str().unwrap()), ("PATH", folders)];
            let environment = Environment::of(basic.into_iter().chain(more.iter().map(|(name, value)| (*name, value.as_str()))));
            let config = Config::load(flags, &environment).unwrap();
            let question = format!("a\nb\nwhole plan: kubemend show {session}\n\nIn full\na\nb\nwhole plan: kubemend show {session}\n");
            operator(&config).program.in_question(&question).lines().last().unwrap().to_owned()
        };
        let none = Flags::default();
        let settings = [
            ("KUBECONFIG", "/etc/one:/etc/two".to_owned()),
            ("KUBEMEND_RISK_CEILING", "high".to_owned()),
            ("KUBEMEND_CONFIG", path("settings.yaml")),
        ];
        let context = Flags { context: Some("staging".to_owned()), ..Flags::default() };
        assert_eq!(third(&found, &settings, &context), format!("whole plan: kubemend show {session}"));
        let own = std::env::current_exe().unwrap();
        let own = own.strip_prefix(&home).map_or(own.display().to_string(), |below| format!("~/{}", below.display()));
        assert_eq!(third("/usr/bin", &settings, &context), format!("whole plan: {own} show {session}"));
        let state = Flags { state_dir: Some(path("state").into()), ..Flags::default() };
        let other_home = path("another");
        for (more, flags, sessions) in [
            (Some(("XDG_STATE_HOME", path("state"))), &none, path("state/kubemend")),
            (Some(("KUBEMEND_CONFIG", path("elsewhere.yaml"))), &none, path("state")),
            (Some(("HOME", other_home.clone())), &none, format!("{other_home}/.local/state/kubemend")),
            (None, &state, path("state")),
        ] {
            let more: Vec<(&str, String)> = more.into_iter().collect();
            assert_eq!(third(&found, &more, flags), format!("whole plan: kubemend show {session} --state-dir {sessions}"), "{more:?}");
        }
    }

    #[test]
    fn a_home_that_is_not_the_logins_is_named_by_what_lies_in_it() {
        let home = std::env::temp_dir().join("another-home");
        let said = line(&Flags::default(), &[("HOME", home.to_str().unwrap())]);
        assert_eq!(said.contains("--state-dir="), cfg!(unix), "{said}");
    }
}
