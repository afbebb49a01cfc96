//! What a module may use, where authority is made, and what nobody may do.

use super::source::{MINTS, Source, assert_none, dependencies, files_under, read, sources, stem};
use std::collections::{BTreeMap, BTreeSet};

/// What a module may use of the others, and which foreign crates it may name. `@` stands before a file that alone may name what follows it.
/// Extended by decision, not by accident: `docs/decisions/0015-the-module-table.md`.
const GRAPH: &[(&str, &str, &str)] = &[
    // The middle: pure.
    ("domain", "", "jiff k8s_openapi regex serde_json sha2 strsim thiserror @resource serde"),
    ("facts", "domain", "jiff k8s_openapi"),
    ("analyze", "domain facts", "jiff k8s_openapi serde_json strsim"),
    ("planner", "domain facts", "json_patch k8s_openapi serde_json serde_saphyr similar"),
    ("validate", "domain facts", "k8s_openapi serde_json"),
    // What is promised of the outside, and who may act on it.
    ("ports", "domain", "async_trait jiff serde_json thiserror tokio_util"),
    ("session", "domain ports", "jiff serde_json sha2 thiserror tracing @record serde"),
    ("execute", "domain ports planner session cluster", "serde_json thiserror tokio tokio_util"),
    ("probe", "domain facts ports", "jiff k8s_openapi schemars serde serde_json serde_saphyr tokio"),
    ("agent", "domain probe", "jiff schemars serde serde_json sha2 thiserror"),
    (
        "workflow",
        "agent domain facts ports probe analyze planner validate session execute",
        "futures jiff serde_json thiserror tokio tokio_util @report serde schemars @brief serde schemars @observed serde schemars @spans tracing @status serde schemars @tape async_trait",
    ),
    // Adapters.
    (
        "cluster",
        "domain ports",
        "async_trait base64 bytes futures http http_body http_body_util jiff kube serde_json serde_saphyr thiserror tokio tower tracing @page serde @table serde",
    ),
    ("store", "domain ports", "async_trait jiff rusqlite tokio"),
    (
        "model",
        "domain ports",
        "async_trait bytes http http_body http_body_util hyper_rustls hyper_util jiff rustls rustls_platform_verifier serde_json thiserror \
         tokio tokio_util tracing",
    ),
    ("recording", "domain ports", "async_trait jiff serde serde_json serde_saphyr thiserror"),
    ("clock", "ports", "async_trait getrandom jiff tokio tracing"),
    (
        "sim",
        "domain",
        "base64 bytes futures http http_body http_body_util jiff json_patch k8s_openapi kube regex serde serde_json serde_saphyr sha2 \
         thiserror tokio tower tracing",
    ),
    // What every surface calls. The workflow does not know it.
    ("call", "domain ports probe workflow", "async_trait schemars serde serde_json"),
    // Surfaces: thin over `call`, and none of them uses another; `http` would have the row of `mcp`, without `mcp` in it.
    ("mcp", "call domain ports workflow", "futures jiff rmcp serde serde_json thiserror tokio tokio_util tracing"),
    ("cli", "call domain ports workflow", "anstream anstyle clap jiff serde_json terminal_size thiserror tokio tokio_util"),
    // The edge of the program: who puts it together.
    ("config", "domain", "clap jiff serde serde_json serde_saphyr thiserror"),
    ("app", "*", "*"),
    // Compiled for tests and for fuzzing only: the parsers of every module, side by side.
    ("foreign", "*", "jiff serde_json"),
];

/// Modules whose every function is a value of its arguments; the files after them are the exceptions.
const PURE: &[(&str, &str)] = &[
    ("domain", ""),
    ("facts", ""),
    ("analyze", ""),
    ("planner", ""),
    ("validate", ""),
    ("agent", ""),
    ("session", "src/session/ledger.rs src/session/journal.rs src/session/process.rs"),
];

/// Words that name no thing: if a function has no home, the noun is missing.
const BANNED_NAMES: &[&str] =
    &["utils", "util", "helpers", "helper", "common", "misc", "types", "models", "manager", "service_impl", "mod"];

/// Every place outside tests that may step over `disallowed-methods` and `disallowed-types` of `clippy.toml`, and how often.
const LINT_EXCEPTIONS: &[(&str, usize)] =
    &[("src/clock.rs", 1), ("src/cluster/client.rs", 1), ("src/cluster/plugin.rs", 1), ("src/config/environment.rs", 1)];

/// Where a human's yes is made or carried out: of a client's answer, of what was typed, of a digest or a flag on the command line.
const SAY_YES: &[&str] = &["src/call/approval.rs", "src/cli/demo.rs", "src/cli/remediate.rs", "src/cli/terminal.rs", "src/mcp/consent.rs"];

/// What nobody can copy, and nobody can make from text: each is consent, or the power that comes of it.
const AUTHORITY: &[&str] = &["Approved", "Permit", "Grant", "RevertPermit", "Secret", "Executor", "Writer", "WriteClient"];

#[test]
fn modules_use_only_what_the_graph_allows() {
    let sources = sources();
    let crates = dependencies();
    let mut wrong = Vec::new();
    for source in sources.iter().filter(|s| !s.test) {
        let Some(top) = source.top() else { continue };
        let Some((_, uses, names)) = GRAPH.iter().find(|(module, ..)| *module == top) else {
            wrong.push(format!("{}: module `{top}` is not in the table", source.path));
            continue;
        };
        for path in &source.paths {
            let root = path.first().map(String::as_str).unwrap_or_default();
            if root == "crate" {
                let to = path.get(1).map(String::as_str).unwrap_or_default();
                let known = sources.iter().any(|s| s.top() == Some(to));
                if !known {
                    wrong.push(format!("{}: `{}` does not start at a module", source.path, path.join("::")));
                } else if to != top && *uses != "*" && !uses.split(' ').any(|u| u == to) {
                    wrong.push(format!("{}: `{top}` may not use `{to}` (`{}`)", source.path, path.join("::")));
                }
            } else if crates.contains(root) && !may_name(names, root, source) {
                wrong.push(format!("{}: `{top}` may not name `{root}` here (`{}`)", source.path, path.join("::")));
            }
        }
    }
    assert_none(wrong);
}

#[test]
fn the_graph_has_no_row_for_a_module_that_is_gone() {
    let tops: BTreeSet<String> = sources().iter().filter_map(|s| s.top().map(str::to_owned)).collect();
    assert_none(GRAPH.iter().filter(|(module, ..)| !tops.contains(*module)).map(|(module, ..)| (*module).to_owned()).collect());
}

#[test]
fn pure_modules_have_no_async() {
    assert_none(pure().filter(|s| s.names(&["async", "await", "async_trait"])).map(|s| s.path.clone()).collect());
}

#[test]
fn pure_modules_reach_nothing_outside() {
    let outside = ["env", "fs", "io", "net", "process", "thread", "time"];
    let found = pure().flat_map(|s| {
        s.paths
            .iter()
            .filter(|p| p.first().is_some_and(|r| r == "std") && p.get(1).is_some_and(|m| outside.contains(&m.as_str())))
            // A length of time is a number; reading a clock is not.
            .filter(|p| p.join("::") != "std::time::Duration")
            .map(|p| format!("{}: {}", s.path, p.join("::")))
    });
    assert_none(found.collect());
}

#[test]
fn every_source_file_is_declared() {
    let declared: BTreeSet<String> = sources().iter().map(|s| s.path.clone()).collect();
    let undeclared = files_under("src", "rs").into_iter().filter(|f| !declared.contains(f)).collect();
    assert_none(undeclared);
}

#[test]
fn every_module_says_what_it_is_for() {
    let files = files_under("src", "rs").into_iter().chain(files_under("tests", "rs")).chain(files_under("examples", "rs"));
    let silent = files.filter(|f| {
        let opening = read(f).lines().take_while(|l| l.starts_with("//!")).count();
        !(1..=6).contains(&opening)
    });
    assert_none(silent.collect());
}

#[test]
fn no_file_is_over_500_lines() {
    let mut long = Vec::new();
    for source in sources().iter().filter(|s| !s.test) {
        // A unit's own tests stand at its end, and do not count.
        let code = source.text.split("\n#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        let lines = code.lines().count();
        if lines > 500 {
            long.push(format!("{}: {lines}", source.path));
        }
    }
    assert_none(long);
}

/// What is left of a rule is its judgement: what repeats is in `analyze`'s vocabulary and in `facts`, where searching is indexed.
#[test]
fn every_rule_is_at_most_120_lines() {
    let rules = || sources().iter().filter(|s| !s.test && s.top() == Some("analyze")).filter(|s| s.text.contains("const RULE: Rule = "));
    assert_eq!(rules().count(), kubemend::analyze::RULES.len(), "every rule is found by how its table begins");
    let shared = sources().iter().filter(|s| s.path == "src/analyze/storage/missing_claim.rs");
    let code = |s: &Source| {
        let lines = s.text.split("\n#[cfg(test)]").next().unwrap_or_default().lines().map(str::trim);
        lines.filter(|l| !l.is_empty() && !l.starts_with("//")).count()
    };
    let long = rules().chain(shared).filter(|s| code(s) > 120).map(|s| format!("{}: {} lines of code", s.path, code(s)));
    let searching =
        rules().filter(|s| s.names(&["Snapshot"])).map(|s| format!("{}: names `Snapshot`, where `Facts` is to be asked", s.path));
    assert_none(long.chain(searching).collect());
}

/// One word has one meaning. What a file or a folder keeps to itself is read beside its meaning, and the embedded cluster is a program
/// of its own.
#[test]
fn no_two_public_types_have_one_name() {
    let mut homes: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for source in sources().iter().filter(|s| !s.test && s.top() != Some("sim")) {
        for name in &source.public_types {
            homes.entry(name).or_default().push(&source.path);
        }
    }
    assert!(homes.contains_key("Action") && homes.contains_key("Facts") && homes.contains_key("Outline"), "public types are found");
    let shared = homes.into_iter().filter(|(_, homes)| homes.len() > 1);
    assert_none(shared.map(|(name, homes)| format!("`{name}` is declared in {}", homes.join(" and "))).collect());
}

/// There is one index of a snapshot. Only the outline of a plan, of which there is one in a call, takes an object out of its list.
#[test]
fn the_planner_asks_facts() {
    let searching = sources().iter().filter(|s| !s.test && s.top() == Some("planner") && s.path != "src/planner/outline.rs");
    assert_none(searching.filter(|s| s.names(&["Snapshot", "snapshot"])).map(|s| s.path.clone()).collect());
}

#[test]
fn no_module_is_called_utils() {
    let named = files_under("src", "rs").into_iter().filter(|f| BANNED_NAMES.contains(&stem(f).as_str()));
    assert_none(named.collect());
}

#[test]
fn serde_stays_at_the_edges() {
    let inside = ["domain", "analyze", "planner", "validate", "session", "execute"];
    let read_back = sources()
        .iter()
        .filter(|s| !s.test && s.top().is_some_and(|t| inside.contains(&t)) && !s.is_in("session", "record"))
        .filter(|s| s.names(&["Deserialize", "DeserializeOwned", "deserialize"]));
    assert_none(read_back.map(|s| s.path.clone()).collect());
}

#[test]
fn reports_are_never_read_back() {
    let ways_in = ["Deserialize", "DeserializeOwned", "from_value", "from_slice", "from_reader"];
    let read_back = sources().iter().filter(|s| !s.test && s.top() == Some("workflow") && s.names(&ways_in));
    assert_none(read_back.map(|s| s.path.clone()).collect());
}

#[test]
fn only_app_makes_clients_and_executors() {
    let mut wrong = Vec::new();
    for source in sources().iter().filter(|s| !s.test) {
        let top = source.top().unwrap_or_default();
        let holder = ["app", "cluster", "execute"].contains(&top);
        if !holder && (source.names(&["WriteClient"]) || source.paths.iter().any(|p| p.join("::").starts_with("crate::cluster::connect"))) {
            wrong.push(format!("{}: names the maker of clients", source.path));
        }
        if top != "app" && source.paths.iter().any(|p| p.ends_with(&["Executor".to_owned(), "new".to_owned()])) {
            wrong.push(format!("{}: makes an executor", source.path));
        }
        // Whoever may hold the writing client may still not send with it.
        if (top == "app" || top == "execute") && source.path != "src/execute/writer.rs" && source.sends_with_client {
            wrong.push(format!("{}: sends with a client", source.path));
        }
    }
    assert_none(wrong);
}

#[test]
fn only_session_mints_permits() {
    let mut wrong = Vec::new();
    for source in sources().iter().filter(|s| !s.test) {
        for (value, text) in &source.made {
            let home = MINTS.iter().find(|(minted, _)| minted == value).map(|(_, home)| *home);
            if home != Some(source.path.as_str()) {
                wrong.push(format!("{}: makes `{value} {text}`", source.path));
            }
        }
        for (value, derives) in &source.derives {
            if AUTHORITY.contains(&value.as_str()) {
                let copied = derives.iter().filter(|d| ["Clone", "Copy", "Deserialize", "Default", "Serialize"].contains(&d.as_str()));
                wrong.extend(copied.map(|d| format!("{}: `{value}` derives `{d}`", source.path)));
            }
        }
        for (of, value) in &source.implementations {
            if AUTHORITY.contains(&value.as_str()) && ["Clone", "Copy", "Deserialize", "Default", "From"].contains(&of.as_str()) {
                wrong.push(format!("{}: `{of}` for `{value}`", source.path));
            }
        }
    }
    assert_none(wrong);
}

#[test]
fn only_known_places_say_yes_for_a_human() {
    let code = |s: &Source| s.text.split("\n#[cfg(test)]\n").next().unwrap_or_default().to_owned();
    let found: BTreeSet<&str> =
        sources().iter().filter(|s| !s.test && code(s).contains("HumanAnswer::Yes")).map(|s| s.path.as_str()).collect();
    assert_eq!(found, SAY_YES.iter().copied().collect());
}

/// An undo is opened by a person's own command: no tool of a client leads to one.
#[test]
fn only_a_command_of_a_person_opens_an_undo() {
    let code = |s: &Source| s.text.split("\n#[cfg(test)]\n").next().unwrap_or_default().to_owned();
    let opens = |s: &Source| code(s).contains("cases.undo(") || code(s).contains("Remediation::undo(");
    let found: BTreeSet<&str> = sources().iter().filter(|s| !s.test && opens(s)).map(|s| s.path.as_str()).collect();
    assert_eq!(found, ["src/call/use_cases.rs", "src/cli/remediate.rs"].into());
}

/// What a human types of this program is made where it is known again: else a surface shows a command that does not work where it is read.
#[test]
fn commands_of_ours_are_made_where_they_are_known_again() {
    let command =
        regex::Regex::new(r#""[^"]*kubemend (approve|undo|show|decline|remediate|validate --session|manifests rbac)[^"]*\{"#).unwrap();
    let known = ["src/workflow/summary.rs", "src/workflow/blocks.rs", "src/mcp/wire.rs", "src/call/approval.rs"];
    let mut wrong = Vec::new();
    for source in sources().iter().filter(|s| !s.test && !s.path.starts_with("src/sim") && !known.contains(&s.path.as_str())) {
        let code = source.text.split("\n#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        wrong.extend(code.lines().filter(|line| command.is_match(line)).map(|line| format!("{}: {}", source.path, line.trim())));
    }
    assert_none(wrong);
}

#[test]
fn lint_exceptions_are_the_known_ones() {
    let counted = sources().iter().filter(|s| !s.test).map(|s| (s.path.clone(), s.text.matches("clippy::disallowed_").count()));
    let found: BTreeMap<String, usize> = counted.filter(|(_, count)| *count > 0).collect();
    let known: BTreeMap<String, usize> = LINT_EXCEPTIONS.iter().map(|(path, count)| ((*path).to_owned(), *count)).collect();
    assert_eq!(found, known);
}

/// A rule that words a changing command itself goes around the planner, which alone knows whether it can work.
#[test]
fn rules_word_no_command_that_changes_anything() {
    let line = regex::Regex::new(r#"kubectl::(on\(\s*"([^"]*)"|\w+)"#).unwrap();
    let looks = ["get", "on(\"rollout status\"", "on(\"describe\"", "on(\"get\""];
    let mut wrong = Vec::new();
    for source in sources().iter().filter(|s| !s.test && s.top() == Some("analyze")) {
        let code = source.text.split("\n#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        let found = line.captures_iter(code).map(|c| c[1].to_owned()).filter(|call| !looks.contains(&call.as_str()));
        wrong.extend(found.map(|call| format!("{}: kubectl::{call}", source.path)));
    }
    assert_none(wrong);
}

/// Where a text holds a line that no maker words: help, prose that names a subcommand, and the story of the demo.
const WORDED: &[&str] = &["src/call/check.rs", "src/cli/args.rs", "src/cli/demo.rs", "src/cluster/kubeconfig.rs"];

/// A line that is worded elsewhere is not quoted, and its order is another one.
#[test]
fn kubectl_lines_come_from_one_maker() {
    let line = regex::Regex::new(r#"kubectl (\{|-|[a-z]+ [{a-z-])"#).unwrap();
    let prose = regex::Regex::new(r"kubectl (lines?|commands?) ").unwrap();
    let mut wrong = Vec::new();
    for source in sources().iter().filter(|s| !s.test && s.path != "src/domain/kubectl.rs" && !WORDED.contains(&s.path.as_str())) {
        let code = source.text.split("\n#[cfg(test)]\n").next().unwrap_or_default();
        let texts = code.lines().filter(|l| !l.trim_start().starts_with("//") && l.contains('"'));
        let found = texts.filter(|l| line.is_match(&prose.replace_all(l, "")));
        wrong.extend(found.map(|l| format!("{}: {}", source.path, l.trim())));
    }
    assert_none(wrong);
}

#[test]
fn no_child_process_but_the_plugin() {
    let starters = ["std::process::Command", "std::os::unix::process", "tokio::process"];
    let found = sources().iter().filter(|s| !s.test && s.paths.iter().any(|p| starters.iter().any(|s| p.join("::").starts_with(s))));
    let paths: Vec<&str> = found.map(|s| s.path.as_str()).collect();
    assert_eq!(paths, ["src/cluster/plugin.rs"]);
}

#[test]
fn only_config_reads_the_environment() {
    let reads = ["std::env::var", "std::env::var_os", "std::env::vars", "std::env::vars_os"];
    let readers =
        sources().iter().filter(|s| !s.test && s.top() != Some("config") && s.paths.iter().any(|p| reads.contains(&p.join("::").as_str())));
    assert_none(readers.map(|s| s.path.clone()).collect());
}

fn pure() -> impl Iterator<Item = &'static Source> {
    sources()
        .iter()
        .filter(|s| !s.test && PURE.iter().any(|(module, except)| s.top() == Some(module) && !except.split(' ').any(|path| s.path == path)))
}

fn may_name(names: &str, foreign: &str, source: &Source) -> bool {
    if names == "*" {
        return true;
    }
    let mut only_in = None;
    for word in names.split(' ') {
        if let Some(file) = word.strip_prefix('@') {
            only_in = Some(file);
        } else if word == foreign && only_in.is_none_or(|file| source.module.get(1).is_some_and(|m| m == file)) {
            return true;
        }
    }
    false
}
