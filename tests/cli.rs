//! The program as a script sees it: exit codes, and stdout with results alone.

#[cfg(test)]
mod program {
    use assert_cmd::Command;
    use std::path::Path;
    use std::process::Stdio;
    use std::time::Duration;

    /// The program with nothing configured, in a home of its own.
    pub(crate) fn kubemend(home: &Path) -> Command {
        bare(Command::cargo_bin("kubemend").unwrap(), home)
    }

    /// The same on a terminal of its own: `script` makes one, and passes on what is typed once a question has been there for so long, or
    /// at once.
    #[cfg(target_os = "linux")]
    #[expect(clippy::disallowed_methods, reason = "a test starts the program, and talks with it as a person does")]
    pub(crate) fn on_a_terminal(home: &Path, line: &str, typed: &str, reads: Duration) -> (i32, String) {
        use std::io::{Read, Write};
        let program = assert_cmd::cargo::cargo_bin("kubemend");
        let mut script = std::process::Command::new("script");
        script.env_clear().env("HOME", home).env("PATH", "/usr/bin:/bin").env("TERM", "xterm");
        script.args(["-q", "-e", "-c", &format!("{} {line}", program.display()), "/dev/null"]);
        let mut child = script.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (mut keys, mut screen) = (child.stdin.take(), child.stdout.take().unwrap());
        let (mut shown, mut buffer) = (Vec::new(), [0_u8; 4096]);
        let mut type_it = |after: Duration| {
            std::thread::sleep(after);
            keys.take().into_iter().for_each(|mut keys| keys.write_all(typed.as_bytes()).unwrap());
        };
        let mut asked = reads.is_zero();
        if asked {
            type_it(Duration::ZERO);
        }
        loop {
            let bytes = screen.read(&mut buffer).unwrap_or(0);
            if bytes == 0 {
                break;
            }
            shown.extend_from_slice(&buffer[..bytes]);
            if !asked && String::from_utf8_lossy(&shown).contains("[y/N]") {
                asked = true;
                type_it(reads);
            }
        }
        (child.wait().unwrap().code().unwrap(), String::from_utf8_lossy(&shown).into_owned())
    }

    /// A server that waits for its client.
    #[cfg(target_os = "linux")]
    #[expect(clippy::disallowed_methods, reason = "a test starts the program, and looks at it while it runs")]
    pub(crate) fn serving(home: &Path) -> std::process::Child {
        let mut server = std::process::Command::new(assert_cmd::cargo::cargo_bin("kubemend"));
        server.env_clear().env("HOME", home).arg("serve").stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap()
    }

    fn bare(mut command: Command, home: &Path) -> Command {
        command.env_clear().env("HOME", home).env("PATH", "/usr/bin:/bin").timeout(Duration::from_secs(60));
        command
    }

    /// Exit code, stdout, stderr.
    pub(crate) fn run(line: &[&str]) -> (i32, String, String) {
        let home = tempfile::tempdir().unwrap();
        let output = kubemend(home.path()).args(line).output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
    }
}

#[cfg(test)]
use program::{kubemend, run};
#[cfg(test)]
use serde_json::Value;
#[cfg(test)]
use std::time::Duration;

#[test]
fn wrong_usage_exits_2_with_nothing_on_stdout() {
    for line in [
        &["no-such-command"][..],
        &["analyze", "--no-such-flag"],
        &["analyze", "-A", "-n", "shop"],
        &["analyze", "deploymint/web"],
        &["show", "../../etc/passwd"],
        &["approve"],
        &["remediate", "it is down", "--approve", "yes"],
        &["remediate", "it is down", "--max-risk", "none"],
        &["remediate", "it is down", "--confidence-threshold", "2"],
        &["analyze", "it is down", "--model", "acme/large"],
        &["serve", "--http", "127.0.0.1:1"],
        &["manifests"],
        &["manifests", "crd"],
        &["manifests", "rbac", "--writer", "alice"],
        &["manifests", "rbac", "-n", "kube-system", "--writer", "alice"],
    ] {
        let (code, out, err) = run(line);
        assert_eq!((code, out.as_str()), (2, ""), "{line:?}: {err}");
        assert!(err.starts_with("error: "), "{line:?}: {err}");
    }
}

/// However a configuration is wrong, it is wrong before anything was tried; the server is there to say so, and the demonstration
/// needs none.
#[test]
fn wrong_configuration_exits_2_whatever_is_wrong_with_it() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("config.yaml");
    let exits = |text: Option<&str>, variables: &[(&str, &str)]| {
        let mut command = kubemend(home.path());
        if let Some(text) = text {
            std::fs::write(&file, text).unwrap();
            command.arg("--config").arg(&file);
        }
        let output = command.envs(variables.iter().copied()).args(["sessions"]).output().unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap())
    };
    for (text, variables, said) in [
        (Some("risk-celing: low\n"), &[][..], "did you mean `risk-ceiling`?"),
        (Some("risk-ceiling: extreme\n"), &[], "`low`, `medium` or `high`"),
        (Some("read-only:\n"), &[], "has no value"),
        (Some("read-only: true\nread-only: false\n"), &[], "`read-only` is in "),
        (Some("- read-only\n"), &[], "not a mapping of options"),
        (None, &[("KUBEMEND_CONFIG", "/nowhere/config.yaml")], "it does not exist"),
        (None, &[("KUBEMEND_LOG", "=[")], "is not a log filter"),
        (None, &[("KUBEMEND_READONLY", "true")], "did you mean `KUBEMEND_READ_ONLY`?"),
    ] {
        let (code, out, err) = exits(text, variables);
        assert_eq!((code, out.as_str()), (Some(2), ""), "{text:?} {variables:?}: {err}");
        assert!(err.starts_with("error: ") && err.contains(said), "{text:?} {variables:?}: {err}");
    }
    let (code, out, _) = exits(None, &[("KUBEMEND_TEST_RUN", "x"), ("KUBEMEND_READ_ONLY", "")]);
    assert_eq!((code, out.as_str()), (Some(0), "no sessions yet\n"), "variables of tests, and empty ones, are no options");
}

#[test]
fn without_a_kubeconfig_the_command_fails_and_says_where_was_looked() {
    for line in [&["analyze", "it is down"][..], &["remediate", "deploy/web"], &["validate", "it is down", "-o", "json"]] {
        let (code, out, err) = run(line);
        assert_eq!((code, out.as_str()), (1, ""), "{line:?}: {err}");
        assert!(err.starts_with("error: no kubeconfig was found: tried ") && err.contains(".kube/config"), "{line:?}: {err}");
        assert_eq!(err.matches("kubeconfig was found").count(), 1, "said once: {err}");
    }
}

#[test]
fn issue_of_ten_megabytes_on_a_line_is_refused_by_the_system_and_a_long_one_by_us() {
    let home = tempfile::tempdir().unwrap();
    let config = home.path().join("config");
    std::fs::write(
        &config,
        "apiVersion: v1\nkind: Config\ncurrent-context: c\ncontexts: [{name: c, context: {cluster: c, user: u}}]\n\
         clusters: [{name: c, cluster: {server: 'http://127.0.0.1:9'}}]\nusers: [{name: u, user: {}}]\n",
    )
    .unwrap();
    let output = kubemend(home.path()).args(["analyze", &"x".repeat(100_000), "--kubeconfig"]).arg(&config).output().unwrap();
    let err = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{err}");
    assert!(err.contains("100000 characters") && err.len() < 1000, "{err}");
}

#[test]
fn record_is_looked_at_without_a_cluster() {
    assert_eq!(run(&["sessions"]).0, 0);
    assert_eq!(run(&["sessions", "-o", "json"]).1, "[]\n");
    let id = format!("s-{}", "0".repeat(32));
    for command in ["show", "decline", "approve"] {
        let (code, out, err) = run(&[command, &id]);
        assert_eq!((code, out.as_str()), (1, ""), "{command}: {err}");
        assert!(err.contains(&format!("there is no session `{id}`")) && err.contains("kubemend sessions"), "{command}: {err}");
    }
}

#[test]
fn doctor_says_what_is_missing_and_fails() {
    let (code, out, err) = run(&["doctor", "-o", "json"]);
    let said: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, &said["ok"], err.as_str()), (1, &Value::Bool(false), ""));
    let level = |topic: &str| said["checks"].as_array().unwrap().iter().find(|c| c["topic"] == topic).map(|c| c["level"].clone());
    assert_eq!(level("kubeconfig"), Some("fail".into()));
    assert_eq!(level("store"), Some("ok".into()));
    assert_eq!(level("model"), Some("ok".into()));
}

#[test]
fn manifests_are_alone_on_stdout_and_need_nothing() {
    let (code, out, err) = run(&["manifests", "rbac", "-n", "shop", "--reader", "alice", "--writer", "system:serviceaccount:tools:mend"]);
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    assert_eq!(out.matches("kind: ClusterRole\n").count(), 5, "{out}");
    assert_eq!(out.matches("kind: RoleBinding\nmetadata: {name: kubemend-writer, namespace: shop}\n").count(), 1, "{out}");
    assert!(out.contains("- {kind: ServiceAccount, namespace: \"tools\", name: \"mend\"}"), "{out}");
}

#[test]
fn help_and_version_are_results() {
    let (code, out, err) = run(&["--version"]);
    assert_eq!((code, out, err.as_str()), (0, format!("kubemend {}\n", env!("CARGO_PKG_VERSION")), ""));
    for command in
        ["serve", "demo", "analyze", "remediate", "validate", "sessions", "show", "approve", "undo", "decline", "doctor", "manifests"]
    {
        let (code, out, err) = run(&[command, "--help"]);
        assert_eq!((code, err.as_str()), (0, ""), "{command}");
        assert!(out.contains("Usage: kubemend"), "{command}: {out}");
    }
    // Without `-s user` it holds for one directory only.
    for line in [&["--help"][..], &["serve", "--help"]] {
        let (_, out, _) = run(line);
        assert!(out.contains("\n  claude mcp add -s user kubemend -- kubemend\n"), "{out}");
    }
    for command in ["analyze", "remediate", "validate"] {
        let (_, out, _) = run(&[command, "--help"]);
        let said = out.split_whitespace().collect::<Vec<_>>().join(" ");
        let steps = ["Namespace; default: those that the issue says", "where the objects are that it names", "the context's", "all"];
        let found: Vec<usize> = steps.iter().map(|step| said.find(step).unwrap_or_else(|| panic!("{command}: `{step}`: {said}"))).collect();
        assert!(found.is_sorted(), "{command}: {said}");
    }
}

#[test]
fn demonstration_shows_all_four_phases() {
    let (code, out, err) = run(&["demo", "--yes"]);
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    for part in [
        "1/4 Detect",
        "FailedScheduling",
        "2/4 Analyze",
        "is owned by Deployment/postgres-db",
        "3/4 Remediate",
        "+kind: PersistentVolumeClaim",
        "create PersistentVolumeClaim a-team/postgres-pvc: applied",
        "4/4 Validate",
        "1/1    Running",
        "claude mcp add -s user kubemend -- ",
    ] {
        assert!(out.contains(part), "`{part}` is missing in:\n{out}");
    }
    assert!(!out.contains('\u{1b}'), "colour where there is no terminal:\n{out}");
}

#[test]
fn demonstration_without_a_terminal_and_without_yes_writes_nothing_and_exits_4() {
    let home = tempfile::tempdir().unwrap();
    // Neither input that says yes nor a configuration that cannot be used changes that: nobody was asked.
    let output = kubemend(home.path()).arg("demo").env("KUBEMEND_MODEL", "acme/large").write_stdin("y\n").output().unwrap();
    let out = String::from_utf8(output.stdout).unwrap();
    let err = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(4), "{err}");
    assert!(out.contains("+kind: PersistentVolumeClaim") && !out.contains(": applied") && !out.contains("4/4"), "{out}");
    assert!(err.contains("nothing was changed") && err.contains("--yes"), "{err}");
}

#[cfg(target_os = "linux")]
#[test]
fn demonstration_on_a_terminal_asks_and_takes_only_a_yes() {
    let home = tempfile::tempdir().unwrap();
    let (code, shown) = program::on_a_terminal(home.path(), "demo", "y\n", Duration::from_millis(900));
    assert_eq!(code, 0, "{shown}");
    assert!(shown.contains("[y/N]") && shown.contains(": applied") && shown.contains('\u{1b}'), "{shown}");
    let (code, shown) = program::on_a_terminal(home.path(), "demo", "perhaps\n", Duration::from_millis(900));
    assert_eq!(code, 3, "{shown}");
    assert!(shown.contains("declined, nothing was changed") && !shown.contains(": applied"), "{shown}");
    // Typed before there was anything to read: by a program, or by somebody who cannot have seen the plan.
    let (code, shown) = program::on_a_terminal(home.path(), "demo", "y\n", Duration::ZERO);
    assert_eq!(code, 4, "{shown}");
    assert!(shown.contains("decides nothing") && !shown.contains(": applied"), "{shown}");
}

#[test]
fn a_sentence_that_is_no_command_leads_to_analyze() {
    let (code, out, err) = run(&["my site is down"]);
    assert_eq!((code, out.as_str()), (2, ""), "{err}");
    assert!(err.contains("kubemend analyze \"my site is down\""), "{err}");
    assert!(!run(&["analyse"]).2.contains("to look for its cause"));
}

/// Its memory has the cluster's credentials.
#[test]
#[cfg(target_os = "linux")]
fn no_core_is_written_of_a_server() {
    let home = tempfile::tempdir().unwrap();
    let mut server = program::serving(home.path());
    let core = || {
        let text = std::fs::read_to_string(format!("/proc/{}/limits", server.id())).unwrap();
        let line = text.lines().find(|line| line.starts_with("Max core file size")).unwrap().to_owned();
        line.split_whitespace().skip(4).take(2).map(str::to_owned).collect::<Vec<_>>()
    };
    let begin = std::time::Instant::now();
    while core() != ["0", "0"] {
        assert!(begin.elapsed() < Duration::from_secs(10), "{:?}", core());
        std::thread::sleep(Duration::from_millis(20));
    }
    server.kill().unwrap();
    server.wait().unwrap();
}

/// Who types the bare name waits for something to happen.
#[test]
#[cfg(target_os = "linux")]
fn serving_on_a_terminal_says_what_it_is() {
    let home = tempfile::tempdir().unwrap();
    let (_, said) = program::on_a_terminal(home.path(), "", "", Duration::ZERO);
    assert!(said.contains("serving MCP for a client") && said.contains("kubemend --help"), "{said}");
    assert_eq!(run(&[]).2, "", "a client's server says nothing");
}
