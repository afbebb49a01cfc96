//! Documents say what is there, and a package holds what it should.

use super::source::{assert_none, files_under, read, root, sources};
use std::collections::BTreeSet;

#[test]
fn architecture_md_lists_every_module() {
    let text = read("ARCHITECTURE.md");
    // Three levels deep a folder is one part, and its front page tells of it.
    let missing: Vec<String> = sources()
        .iter()
        .filter(|s| !s.test && s.module.len() <= 2)
        .map(|s| s.path.clone())
        .filter(|path| !text.contains(&format!("`{}`", path.trim_start_matches("src/"))))
        .map(|path| format!("ARCHITECTURE.md does not say what `{path}` is"))
        .collect();
    let gone = quoted(&text)
        .into_iter()
        .filter(|q| q.ends_with(".rs") && !q.contains(['*', '<', 'N']))
        .filter(|q| !root().join("src").join(q).exists() && !root().join(q).exists())
        .map(|q| format!("ARCHITECTURE.md names `{q}`, which does not exist"));
    assert_none(missing.into_iter().chain(gone).collect());
}

/// A row that tells of a folder names each of its files.
#[test]
fn architecture_md_lists_every_file_of_a_folder() {
    let text = read("ARCHITECTURE.md");
    let row = |file: &str| text.lines().find(|line| line.starts_with(&format!("| `{file}` | "))).unwrap_or_default();
    let mut missing = Vec::new();
    let mut found = 0;
    for source in sources().iter().filter(|s| !s.test) {
        let [folder, part, name] = source.module.as_slice() else { continue };
        found += 1;
        if !row(&format!("{folder}/{part}.rs")).contains(&format!("`{name}`")) {
            missing.push(format!("the row of `{folder}/{part}.rs` in ARCHITECTURE.md does not name `{name}`"));
        }
    }
    assert!(found > 50, "only {found} files in folders were found");
    let listed = regex::Regex::new(r"(?m)^\| `([\w/]+)\.rs` \| .*its folder(.*)$").unwrap();
    for (_, [folder, rest]) in listed.captures_iter(&text).map(|row| row.extract()) {
        let gone = quoted(rest).into_iter().filter(|name| !root().join(format!("src/{folder}/{name}.rs")).exists());
        missing.extend(gone.map(|name| format!("ARCHITECTURE.md names `{name}` in the folder of `{folder}.rs`, which is not there")));
    }
    assert_none(missing);
}

/// What a step takes and gives is no description of a file.
#[test]
fn a_step_is_told_in_its_own_words() {
    let text = read("ARCHITECTURE.md");
    let (map, steps) = text.split_once("## Following the data").unwrap();
    let cells = |part: &str| -> Vec<String> {
        let rows = part.lines().filter(|line| line.starts_with("| ")).filter_map(|line| line.rsplit('|').nth(1));
        rows.map(|cell| cell.trim().to_owned()).filter(|cell| cell.len() > 30).collect()
    };
    let told: BTreeSet<String> = cells(map).into_iter().collect();
    assert_none(cells(steps).into_iter().filter(|cell| told.contains(cell)).collect());
}

/// Whoever reads of no flag has to find it in the help of one of a dozen commands.
#[test]
fn readme_names_every_flag() {
    use clap::CommandFactory;
    let text = read("README.md");
    let program = kubemend::cli::args::Cli::<kubemend::config::Flags>::command();
    let commands = std::iter::once(&program).chain(program.get_subcommands());
    let mut missing = BTreeSet::new();
    let mut found = 0;
    for argument in commands.flat_map(clap::Command::get_arguments) {
        let Some(long) = argument.get_long() else { continue };
        found += 1;
        let short = argument.get_short().map(|short| format!("-{short}"));
        let is_named = |flag: &str| {
            text.match_indices(flag).any(|(at, _)| {
                let (before, after) = text.split_at(at);
                before.ends_with(['`', ' ', '[', '|'])
                    && after.strip_prefix(flag).is_some_and(|rest| rest.starts_with(['`', ' ', ']', '=']))
            })
        };
        if !is_named(&format!("--{long}")) && !short.is_some_and(|short| is_named(&short)) {
            missing.insert(format!("README.md does not name `--{long}`"));
        }
    }
    assert!(found > 20, "only {found} flags were found");
    assert_none(missing.into_iter().collect());
}

/// An option that can be set and is read by nobody promises what it does not do.
#[test]
fn every_option_is_used() {
    let config = read("src/config.rs") + &read("src/config/model.rs");
    let mut unused: Vec<String> = options().into_iter().filter(|o| !config.contains(&format!("\"{o}\""))).collect();
    let all = config.split("pub struct Config {").nth(1).and_then(|rest| rest.split("\n}").next()).unwrap();
    let fields: Vec<&str> = all.lines().filter_map(|line| line.trim().strip_prefix("pub ")?.split(':').next()).collect();
    assert!(fields.len() > 15, "the fields are found: {fields:?}");
    let others: Vec<&super::source::Source> = sources().iter().filter(|s| !s.test && s.top() == Some("app")).collect();
    let is_used =
        |field: &str| others.iter().any(|s| s.text.contains(&format!("config.{field}")) || s.text.contains(&format!("c.{field}")));
    unused.extend(fields.into_iter().filter(|field| !is_used(field)).map(|field| format!("the field `{field}` of `Config`")));
    assert_none(unused);
}

#[test]
fn readme_lists_every_tool_and_command() {
    let text = read("README.md");
    let mut missing: Vec<String> = Vec::new();
    for tool in kubemend::mcp::tool_list() {
        if !text.contains(&format!("| `{}` |", tool.name)) {
            missing.push(format!("the tool `{}`", tool.name));
        }
    }
    let commands: Vec<String> =
        sources().iter().filter(|s| s.top() == Some("cli")).flat_map(|s| s.enums.get("Command").cloned().unwrap_or_default()).collect();
    assert!(commands.len() > 5, "the commands are found in src/cli: {commands:?}");
    for command in commands {
        if !text.contains(&format!("`kubemend {command}")) {
            missing.push(format!("the command `{command}`"));
        }
    }
    for rule in kubemend::analyze::RULES {
        if !text.contains(&format!("| `{}` | {} |", rule.code, rule.says)) {
            missing.push(format!("the cause `{}`: {}", rule.code, rule.says));
        }
    }
    assert_none(missing);
}

/// The reader's role is what the rules, the symptoms and the checks read, and the namespaces themselves.
#[test]
fn readme_lets_the_reader_read_what_is_read() {
    let text = read("README.md");
    let role = text.split("kubemend-reader").nth(1).and_then(|rest| rest.split("---").next()).unwrap();
    let line = regex::Regex::new(r#"apiGroups: \["?([^"\]]*)"?\], resources: \[([^\]]*)\], verbs: \[get, list, watch\]"#).unwrap();
    let granted: BTreeSet<String> = line
        .captures_iter(role)
        .flat_map(|rule| rule[2].split(", ").map(|resource| format!("{}/{resource}", &rule[1])).collect::<Vec<_>>())
        .collect();
    let kinds = kubemend::analyze::kinds().into_iter().chain([kubemend::domain::kind::Kind::Namespace]);
    let read: BTreeSet<String> = kinds.map(|kind| format!("{}/{}", kind.group(), kind.info().unwrap().plural)).collect();
    assert_eq!(granted, read);
}

fn options() -> Vec<String> {
    let table = read("src/config/options.rs");
    let list = table.split("const OPTIONS: ").nth(1).and_then(|rest| rest.split("];").next()).unwrap();
    let options: Vec<String> = list.split('"').skip(1).step_by(2).map(str::to_owned).collect();
    assert!(options.len() > 10, "the options are found in src/config/options.rs: {options:?}");
    options
}

#[test]
fn readme_lists_every_option() {
    let options = options();
    let text = read("README.md");
    let rows: Vec<&str> = text.lines().filter(|l| l.starts_with("| `")).filter_map(|l| l.split('|').nth(1)).collect();
    assert_none(
        options.iter().filter(|o| !rows.iter().any(|r| r.contains(&format!("`{o}`")))).map(|o| format!("the option `{o}`")).collect(),
    );
}

/// What `CONTRIBUTING.md` says of kinds and actions: a kind is one row, a kind that is judged one more with its file, and an action is in
/// these files.
#[test]
fn a_kind_is_one_row_and_an_action_is_where_the_guide_says() {
    let naming = |word: &str| -> Vec<&str> {
        let own = |s: &&super::source::Source| !s.test && s.top() != Some("sim");
        let mut files: Vec<&str> = sources().iter().filter(own).filter(|s| s.names(&[word])).map(|s| s.path.as_str()).collect();
        files.sort_unstable();
        files
    };
    // A kind that is judged and that no rule, no owner and no name leads to.
    let judged = ["src/analyze/health/quota.rs", "src/analyze/judged.rs", "src/domain/kind/table.rs", "src/domain/words/topics.rs"];
    assert_eq!(naming("ResourceQuota"), judged);
    // A rule may propose it.
    let mut action = naming("DeleteUnboundClaim");
    action.retain(|path| !path.starts_with("src/analyze/"));
    let expected = [
        "src/domain/action.rs",
        "src/domain/plan.rs",
        "src/planner/action.rs",
        "src/planner/action/delete_unbound_claim.rs",
        "src/planner/inverse.rs",
        "src/planner/triage.rs",
        "src/session/record/plan.rs",
        "src/workflow/covered.rs",
        "src/workflow/effects.rs",
    ];
    assert_eq!(action, expected);
    let guide = read("CONTRIBUTING.md");
    let row = |name: &str| guide.lines().find(|l| l.starts_with(&format!("| {name} |"))).unwrap_or_else(|| panic!("no row `{name}`"));
    assert!(row("a kind to read").contains("`domain/kind/table.rs`"));
    for file in ["analyze/health/", "analyze/judged.rs", "domain/words/topics.rs", "facts/focus/candidates.rs"] {
        assert!(row("a kind to judge").contains(&format!("`{file}`")), "{file}");
    }
    for file in [
        "domain/action.rs",
        "domain/changes.rs",
        "domain/plan.rs",
        "planner/action.rs",
        "planner/inverse.rs",
        "session/record/plan.rs",
        "workflow/covered.rs",
    ] {
        assert!(row("**an action**").contains(&format!("`{file}`")), "{file}");
    }
}

#[test]
fn a_check_and_a_judgement_are_where_the_guide_says() {
    let guide = read("CONTRIBUTING.md");
    let row = |name: &str| guide.lines().find(|l| l.starts_with(&format!("| {name}"))).unwrap_or_else(|| panic!("no row `{name}`"));
    let all = ["PodReady", "Gone", "FieldIs", "SymptomGone"];
    let takes = sources().iter().filter(|s| !s.test && all.iter().all(|variant| s.names(&[variant])));
    let mut files: Vec<&str> = takes.map(|s| s.path.trim_start_matches("src/")).collect();
    files.sort_unstable();
    let expected =
        ["analyze/incident.rs", "domain/check.rs", "domain/plan.rs", "session/record/plan.rs", "validate.rs", "workflow/covered.rs"];
    assert_eq!(files, expected);
    for file in expected.iter().chain(&["session/record/arbitrary.rs"]) {
        assert!(row("a success check").contains(&format!("`{file}`")), "{file}");
    }
    // By its row, or by the file of a kind of which it judges a part.
    let survey: String = sources().iter().filter(|s| s.path.starts_with("src/analyze/")).map(|s| s.text.as_str()).collect();
    let judges = sources().iter().filter(|s| s.path.starts_with("src/analyze/health/") && s.text.contains("pub(crate) fn judge("));
    let names: Vec<&str> = judges.filter_map(|s| s.path.strip_prefix("src/analyze/health/")?.strip_suffix(".rs")).collect();
    assert!(names.len() > 5, "{names:?}");
    assert_none(names.iter().filter(|name| !survey.contains(&format!("{name}::judge"))).map(|name| (*name).to_owned()).collect());
    for file in ["analyze/health/", "analyze/judged.rs"] {
        assert!(row("a kind to judge").contains(&format!("`{file}`")), "{file}");
    }
}

#[test]
fn package_holds_no_test_data() {
    let listed = assert_cmd::Command::new(env!("CARGO"))
        .args(["package", "--list", "--allow-dirty", "--offline", "--manifest-path"])
        .arg(root().join("Cargo.toml"))
        .output()
        .unwrap();
    let text = String::from_utf8(listed.stdout).unwrap();
    assert!(text.lines().any(|l| l == "src/lib.rs"), "{text}{}", String::from_utf8_lossy(&listed.stderr));
    let data = text.lines().filter(|l| ["tests/", "fixtures/", "benches/", "docs/", ".ci/", ".github/"].iter().any(|d| l.starts_with(d)));
    assert_none(data.map(str::to_owned).collect());
}

#[test]
fn every_document_that_is_named_exists() {
    let name = regex::Regex::new(r"[\w./-]*\w\.md\b").unwrap();
    let folders = ["src", "tests", "examples", "benches", "docs", "fixtures", ".ci", ".github"];
    let endings = ["rs", "md", "sh", "go", "yaml", "yml", "toml"];
    let inside = folders.into_iter().flat_map(|folder| endings.into_iter().flat_map(move |ending| files_under(folder, ending)));
    let outside = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "Makefile", "Cargo.toml", "deny.toml", "clippy.toml"];
    let mut wrong = Vec::new();
    for file in inside.chain(outside.map(str::to_owned)) {
        let beside = root().join(&file).parent().unwrap().to_owned();
        let text = read(&file);
        let gone = name.find_iter(&text).map(|found| found.as_str()).filter(|path| {
            let path = path.trim_start_matches('/');
            !root().join(path).exists() && !beside.join(path).exists()
        });
        wrong.extend(gone.map(|path| format!("{file} names `{path}`, which does not exist")));
    }
    assert_none(wrong);
}

/// `file` (`name`): where a document sends a reader who looks for the code behind a claim.
#[test]
fn every_function_that_is_named_with_its_file_is_there() {
    let pair = regex::Regex::new(r"`([\w/]+\.rs)` \(`(\w+)`\)").unwrap();
    let mut found = 0;
    let mut wrong = Vec::new();
    for document in ["ARCHITECTURE.md", "CONTRIBUTING.md", "README.md"].into_iter().map(str::to_owned).chain(files_under("docs", "md")) {
        let text = read(&document);
        for (_, [file, name]) in pair.captures_iter(&text).map(|c| c.extract()) {
            found += 1;
            let path = format!("src/{file}");
            let is_there = root().join(&path).exists() && read(&path).contains(&format!("fn {name}"));
            wrong.extend((!is_there).then(|| format!("{document} names `{name}` in `{file}`, which does not have it")));
        }
    }
    assert!(found > 5, "only {found} pairs were found");
    assert_none(wrong);
}

/// The README's example is not compiled: its calls are those of an example that is.
#[test]
fn calls_in_the_readme_are_those_of_the_example() {
    let (readme, example) = (read("README.md"), read("examples/embed.rs"));
    let shown = readme.split("```rust").nth(1).unwrap().split("```").next().unwrap();
    let calls: Vec<&str> = shown.split(';').filter_map(|part| part.find("remediation.").and_then(|at| part.get(at..))).collect();
    assert_eq!(calls.len(), 2, "{calls:?}");
    assert_none(calls.into_iter().filter(|call| !example.contains(call)).map(str::to_owned).collect());
}

/// What stands in backticks.
fn quoted(markdown: &str) -> Vec<&str> {
    markdown.split('`').skip(1).step_by(2).filter(|q| !q.contains(char::is_whitespace)).collect()
}

/// Without a scope it holds for one directory only, and another one has no server.
#[test]
fn every_line_that_connects_claude_code_does_it_for_all_projects() {
    let is_wrong = |line: &&str| line.contains("claude mcp add") && !line.contains("claude mcp add -s user kubemend -- ");
    let said: Vec<String> = files_under("src", "rs").into_iter().chain(files_under("docs", "md")).chain(["README.md".to_owned()]).collect();
    let wrong = |path: &String| read(path).lines().filter(is_wrong).map(|line| format!("{path}: {line}")).collect::<Vec<_>>();
    assert!(said.iter().filter(|path| read(path).contains("claude mcp add")).count() > 2, "it is looked where it is said");
    assert_none(said.iter().flat_map(wrong).collect());
}
