//! How a human starts the program in a terminal so that it finds what this process uses: the same cluster, the same sessions, the
//! same limits.

use crate::call::{DialogManner, Operator, Program};
use crate::config::{Config, DialogWord};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Options that are flags of every command.
const FLAGS: [&str; 9] =
    ["kubeconfig", "context", "write-kubeconfig", "write-context", "read-only", "allow-kubeconfig-exec", "consent", "state-dir", "config"];
/// Options that change nothing about a plan that waits.
const NOT_NEEDED: [&str; 6] = ["log", "model", "contexts", "client-dialogs", "mode", "plan-ttl"];
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
    let sessions_are_usual = !with.contains_key("state-dir") && !with.contains_key("config");
    let program = written(with, &name());
    // Its variables and flags are not needed to see a plan, only to approve it.
    if sessions_are_usual && found_by_name(config) { program.found_by_name() } else { program }
}

/// How the program is started again in the terminal where it runs: the variables are still there.
pub(super) fn here(config: &Config) -> Program {
    let by_name = found_by_name(config);
    let program = written(config.flags.clone(), &if by_name { "kubemend".to_owned() } else { name() });
    if by_name { program.found_by_name() } else { program }
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
    use crate::config::{Environment, Flags};

    fn line(flags: &Flags, variables: &[(&str, &str)]) -> String {
        let config = Config::load(flags, &Environment::of(variables.iter().copied())).unwrap();
        operator(&config).program.line("approve", &"s-1")
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

    #[test]
    fn a_home_that_is_not_the_logins_is_named_by_what_lies_in_it() {
        let home = std::env::temp_dir().join("another-home");
        let said = line(&Flags::default(), &[("HOME", home.to_str().unwrap())]);
        assert_eq!(said.contains("--state-dir="), cfg!(unix), "{said}");
    }
}
