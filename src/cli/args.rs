//! The command line: commands and flags in kubectl's words, their help, and how words become an issue and objects.

use super::CliError;
use crate::domain::confidence::Confidence;
use crate::domain::id::{SessionId, SessionStart};
use crate::domain::issue::Issue;
use crate::domain::kind::Kind;
use crate::domain::limits::Mode;
use crate::domain::object::{Namespace, ObjectName};
use crate::domain::plan::{OnFailure, PlanDigest};
use crate::domain::risk::Risk;
use crate::workflow::{Problem, Wishes};
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// Finds why a Kubernetes workload is broken, shows the exact fix, asks for approval, applies it, and verifies the result.
#[derive(Debug, Parser)]
#[command(
    name = "kubemend",
    version,
    max_term_width = 110,
    after_help = "Without a command it serves MCP, for a client to start:
  claude mcp add -s user kubemend -- kubemend

Examples:
  kubemend demo                                 on an embedded cluster; needs no setup
  kubemend analyze \"my database is down\" -n a-team
  kubemend remediate deployment/web -n shop     asks before it changes anything
  kubemend doctor                               checks configuration, connection and RBAC

Global options can also be set in the environment as KUBEMEND_…, and, except for --config,
in the configuration file.

Exit codes: 0 no problem found, the problem is resolved, or an undo was made; 1 the command failed;
2 invalid usage or configuration; 3 a problem was found, or may remain; 4 waiting for approval"
)]
pub struct Cli<F: Args> {
    /// What holds for every command.
    #[command(flatten)]
    pub flags: F,
    /// What to do; `serve` when absent.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve MCP over stdin and stdout, for an MCP client to start (the default)
    #[command(after_help = "Connect it to Claude Code, for all your projects:\n  claude mcp add -s user kubemend -- kubemend")]
    Serve,
    /// Show detect, analyze, remediate and validate on an embedded cluster; needs no setup
    #[command(
        after_help = "Asks before it writes. Without a terminal and without --yes it shows the plan, writes nothing and exits with 4."
    )]
    Demo(DemoArgs),
    /// Find causes and show the plan; changes nothing
    #[command(after_help = "Examples:
  kubemend analyze \"Something is wrong with my database in the a-team namespace\"
  kubemend analyze -n shop deployment/web service/web
  kubemend analyze -A -o json | jq '.causes[].title'
  kubemend analyze --cluster shop.yaml \"checkout is down\"          offline, on a recording of `kubemend snapshot`")]
    Analyze(AnalyzeArgs),
    /// Find the cause, show the change, ask for approval, apply it and verify the result
    #[command(after_help = "Examples:
  kubemend remediate \"Something is wrong with my database in the a-team namespace\"
  kubemend remediate -n shop deployment/web --on-failure revert
  kubemend remediate -n shop deployment/web --approve sha256:…   for scripts, where the operator set
                                                                      `consent: client`: this plan or nothing

Asks on the terminal. Without a terminal it changes nothing, prints the plan and exits with 4;
continue with `kubemend approve ID`.
--confidence-threshold and --max-risk can only tighten the operator's limits.
--mode automatic has an effect only where the operator set `consent: policy`.")]
    Remediate(RemediateArgs),
    /// Run the success checks of a session's plan, or diagnose an issue again; changes nothing
    #[command(after_help = "Examples:
  kubemend validate --session s-0123456789abcdef0123456789abcdef
  kubemend validate -n shop deployment/web")]
    Validate(ValidateArgs),
    /// List sessions, last change first
    Sessions(SessionsArgs),
    /// Show the report of a session
    Show(ShowArgs),
    /// Show the plan of a waiting session again, ask, apply it and validate
    #[command(after_help = "Any answer but y or yes declines the plan. Without a terminal the session keeps waiting.
--digest approves without asking, if it is the digest of this plan and the operator set `consent: client`.")]
    Approve(ApproveArgs),
    /// Plan the undo of what a session changed, ask, apply it and validate
    #[command(after_help = "The undo is a session of its own, made of the objects as they are now: it is dry-run, shown and recorded
like any plan. What somebody changed since, and what cannot be rolled back safely, is not touched.
It ends as rolled back, with exit code 0, and says nothing of the problem that the change was for.")]
    Undo(UndoArgs),
    /// Decline the plan of a waiting session
    Decline(DeclineArgs),
    /// Record what rules read of the cluster into a file, without Secrets and with credentials masked; changes nothing
    #[command(after_help = "Examples:
  kubemend snapshot -n shop -o shop.yaml
  kubemend analyze --cluster shop.yaml \"checkout is down\"

Read it before you give it to others: names, images and texts of the cluster are in it.")]
    Snapshot(SnapshotArgs),
    /// Check configuration, connection, RBAC and session store
    Doctor(DoctorArgs),
    /// Print manifests for `kubectl apply`: what a cluster needs before kubemend can work on it
    #[command(after_help = "Examples:
  kubemend manifests rbac                                                 the roles, bound to nobody
  kubemend manifests rbac -n shop --reader alice --writer alice | kubectl apply -f -
  kubemend manifests rbac --reader system:serviceaccount:tools:kubemend   reads the whole cluster

Names are as `kubectl auth whoami` prints them.")]
    Manifests(ManifestsArgs),
}

/// How a result is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Output {
    /// Human-readable text
    #[default]
    Text,
    /// The result as JSON, alone on stdout: a report, or what the command lists
    Json,
}

/// `-o`.
#[derive(Debug, Clone, Copy, Default, Args)]
pub struct OutputArg {
    /// Output format
    #[arg(short, long, value_enum, default_value_t, value_name = "FORMAT")]
    pub output: Output,
}

/// What is wrong and where.
#[derive(Debug, Clone, Default, Args)]
pub struct ProblemArgs {
    /// What is wrong, in your own words; a word of the form kind/name is an object to check
    #[arg(value_name = "ISSUE | KIND/NAME", num_args = 0..)]
    pub words: Vec<String>,
    /// Namespace; default: those that the issue says, else where the objects are that it names, else one that a word of it is the name of,
    /// else the context's, else all
    #[arg(short, long, value_name = "NS")]
    pub namespace: Option<String>,
}

/// `demo`.
#[derive(Debug, Clone, Default, Args)]
pub struct DemoArgs {
    /// Approve the plan without asking, for scripts
    #[arg(short, long)]
    pub yes: bool,
}

/// `analyze`.
#[derive(Debug, Clone, Default, Args)]
pub struct AnalyzeArgs {
    /// What and where.
    #[command(flatten)]
    pub problem: ProblemArgs,
    /// Look in every namespace
    #[arg(short = 'A', long, conflicts_with = "namespace")]
    pub all_namespaces: bool,
    /// Look at a recording of `kubemend snapshot` instead of a cluster
    #[arg(long, value_name = "FILE")]
    pub cluster: Option<PathBuf>,
    /// How.
    #[command(flatten)]
    pub output: OutputArg,
}

/// `snapshot`.
#[derive(Debug, Clone, Args)]
pub struct SnapshotArgs {
    /// File to write, which does not exist yet; `-` for stdout
    #[arg(short, long, value_name = "FILE")]
    pub output: PathBuf,
    /// Namespaces to record; default: the context's
    #[arg(short, long, value_name = "NS", value_parser = namespace)]
    pub namespace: Vec<Namespace>,
    /// Record every namespace
    #[arg(short = 'A', long, conflicts_with = "namespace")]
    pub all_namespaces: bool,
}

/// `remediate`.
#[derive(Debug, Clone, Default, Args)]
pub struct RemediateArgs {
    /// What and where.
    #[command(flatten)]
    pub problem: ProblemArgs,
    /// Ask again about a session that waits, or look again for one that changed nothing, instead of starting one
    #[arg(long, value_name = "ID", value_parser = session, conflicts_with_all = ["words", "namespace", "mode", "confidence_threshold", "max_risk", "on_failure"])]
    pub session: Option<SessionId>,
    /// Approve exactly the plan with this digest, and no other, without asking
    #[arg(long, value_name = "DIGEST", value_parser = digest)]
    pub approve: Option<PlanDigest>,
    /// Approval mode: manual asks you; automatic applies plans within the operator's thresholds, where the operator allows it
    #[arg(long, value_name = "manual|automatic", value_parser = mode)]
    pub mode: Option<Mode>,
    /// Automatic mode: minimum confidence to apply without asking, from 0 to 1
    #[arg(long, value_name = "X", value_parser = confidence)]
    pub confidence_threshold: Option<Confidence>,
    /// Automatic mode: highest risk to apply without asking
    #[arg(long, value_name = "low|medium|high", value_parser = risk)]
    pub max_risk: Option<Risk>,
    /// If the change does not help: keep it or roll it back
    #[arg(long, value_name = "keep|revert", value_parser = on_failure)]
    pub on_failure: Option<OnFailure>,
    /// How.
    #[command(flatten)]
    pub output: OutputArg,
}

/// `validate`.
#[derive(Debug, Clone, Default, Args)]
pub struct ValidateArgs {
    /// What and where.
    #[command(flatten)]
    pub problem: ProblemArgs,
    /// Session whose success checks to run
    #[arg(long, value_name = "ID", value_parser = session, conflicts_with_all = ["words", "namespace"])]
    pub session: Option<SessionId>,
    /// How.
    #[command(flatten)]
    pub output: OutputArg,
}

/// `sessions`.
#[derive(Debug, Clone, Args)]
pub struct SessionsArgs {
    /// Maximum number of sessions to list
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub limit: u16,
    /// How.
    #[command(flatten)]
    pub output: OutputArg,
}

/// `show`.
#[derive(Debug, Clone, Args)]
pub struct ShowArgs {
    /// Session ID, or its beginning: `s-` and 8 digits or more
    #[arg(value_name = "ID", value_parser = session_start)]
    pub session: SessionStart,
    /// Write the session into this file as well, for somebody who cannot see the cluster: the report with the looks that were taken, and the messages to and from a model; credentials are masked (`-`: print it instead of the report)
    #[arg(long, value_name = "FILE")]
    pub bundle: Option<PathBuf>,
    /// How.
    #[command(flatten)]
    pub output: OutputArg,
}

/// `approve`.
#[derive(Debug, Clone, Args)]
pub struct ApproveArgs {
    /// Session ID
    #[arg(value_name = "ID", value_parser = session)]
    pub session: SessionId,
    /// Approve exactly the plan with this digest, without asking
    #[arg(long, value_name = "DIGEST", value_parser = digest)]
    pub digest: Option<PlanDigest>,
    /// How.
    #[command(flatten)]
    pub output: OutputArg,
}

/// `undo`.
#[derive(Debug, Clone, Args)]
pub struct UndoArgs {
    /// ID of the session whose changes are rolled back
    #[arg(value_name = "ID", value_parser = session)]
    pub session: SessionId,
    /// How.
    #[command(flatten)]
    pub output: OutputArg,
}

/// `decline`.
#[derive(Debug, Clone, Args)]
pub struct DeclineArgs {
    /// Session ID
    #[arg(value_name = "ID", value_parser = session)]
    pub session: SessionId,
    /// How.
    #[command(flatten)]
    pub output: OutputArg,
}

/// What can be printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Manifest {
    /// Roles of the reader and the writer, and their bindings
    Rbac,
}

/// `manifests`.
#[derive(Debug, Clone, Args)]
pub struct ManifestsArgs {
    /// Which manifests
    #[arg(value_enum)]
    pub what: Manifest,
    /// Bind the roles in this namespace; without it, the reader reads the whole cluster
    #[arg(short, long, value_name = "NS", value_parser = namespace)]
    pub namespace: Option<Namespace>,
    /// Bind the reader's role to this user
    #[arg(long, value_name = "USER")]
    pub reader: Option<String>,
    /// Bind the writer's role to this user, in the namespace
    #[arg(long, value_name = "USER", requires = "namespace")]
    pub writer: Option<String>,
    /// Let this user, the reader, see what containers write, in the namespace: for looks at what no rule explains
    #[arg(long, value_name = "USER", requires = "namespace")]
    pub logs: Option<String>,
    /// Let this user, the writer, make what is proposed and no rule does, in the namespace: keys of ConfigMaps, deletions and evictions of Pods
    #[arg(long, value_name = "USER", requires = "namespace")]
    pub proposals: Option<String>,
}

/// `doctor`.
#[derive(Debug, Clone, Default, Args)]
pub struct DoctorArgs {
    /// Namespace to check permissions in; default: the context's
    #[arg(short, long, value_name = "NS")]
    pub namespace: Option<String>,
    /// Send one short request to each configured language model, which costs a few tokens
    #[arg(long)]
    pub call_model: bool,
    /// How.
    #[command(flatten)]
    pub output: OutputArg,
}

impl ProblemArgs {
    /// The words as typed values, before anything is connected. `kind/name` without spaces is an object; everything else is the issue, put
    /// together with spaces: so is `shop/web`, which names a namespace.
    ///
    /// # Errors
    /// Words that cannot be meant, with what is wrong with them.
    pub fn typed(&self, all_namespaces: bool) -> Result<Problem, CliError> {
        let wrong = |e: &dyn std::fmt::Display| CliError::Usage(e.to_string());
        let (objects, words): (Vec<&String>, Vec<&String>) = self.words.iter().partition(|word| {
            let parts = word.split_once('/').filter(|(_, name)| !word.contains(char::is_whitespace) && !name.contains('/'));
            parts.is_some_and(|(kind, name)| Kind::parse(kind).is_some() || ObjectName::meant(kind, name).is_some())
        });
        let issue = words.into_iter().map(String::as_str).collect::<Vec<_>>().join(" ");
        let unsaid = self.words.is_empty() || (issue.is_empty() && !objects.is_empty());
        let problem = Problem {
            issue: if unsaid { None } else { Some(Issue::parse(&issue).map_err(|e| wrong(&e))?) },
            namespace: self.namespace.as_deref().map(Namespace::parse).transpose().map_err(|e| wrong(&e))?,
            all_namespaces,
            objects: objects.into_iter().map(|o| ObjectName::parse(o)).collect::<Result<_, _>>().map_err(|e| wrong(&e))?,
            ..Problem::default()
        };
        problem.bounded().map_err(|e| wrong(&e))?;
        Ok(problem)
    }
}

impl RemediateArgs {
    /// What the caller wishes.
    pub fn wishes(&self) -> Wishes {
        Wishes { mode: self.mode, confidence_threshold: self.confidence_threshold, max_risk: self.max_risk, on_failure: self.on_failure }
    }
}

fn session(text: &str) -> Result<SessionId, String> {
    SessionId::parse(text).map_err(|e| format!("{e}; `kubemend sessions` lists them"))
}

fn session_start(text: &str) -> Result<SessionStart, String> {
    SessionStart::parse(text).map_err(|e| format!("{e}; `kubemend sessions` lists them"))
}

fn namespace(text: &str) -> Result<Namespace, String> {
    Namespace::parse(text).map_err(|e| e.to_string())
}

fn digest(text: &str) -> Result<PlanDigest, String> {
    PlanDigest::parse(text).ok_or_else(|| "a digest is `sha256:` and 64 hexadecimal digits, as shown with the plan".to_owned())
}

fn confidence(text: &str) -> Result<Confidence, String> {
    text.parse().ok().and_then(Confidence::new).ok_or_else(|| "expected a number from 0 to 1, such as 0.85".to_owned())
}

fn risk(text: &str) -> Result<Risk, String> {
    Risk::parse(text).ok_or_else(|| "expected one of: low, medium, high".to_owned())
}

fn mode(text: &str) -> Result<Mode, String> {
    match text {
        "manual" => Ok(Mode::Manual),
        "automatic" => Ok(Mode::Automatic),
        _ => Err("expected one of: manual, automatic".to_owned()),
    }
}

fn on_failure(text: &str) -> Result<OnFailure, String> {
    match text {
        "keep" => Ok(OnFailure::Keep),
        "revert" => Ok(OnFailure::Revert),
        _ => Err("expected one of: keep, revert".to_owned()),
    }
}

/// What was probably meant by words that are no command.
pub fn meant(error: &clap::Error) -> Option<String> {
    let clap::error::ContextValue::String(words) = error.get(clap::error::ContextKind::InvalidSubcommand)? else { return None };
    // One word is a typo of a command, or one of another program; a sentence is what is wrong.
    words.contains(char::is_whitespace).then(|| format!("to look for its cause: kubemend analyze \"{words}\"\n"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    /// No options besides the commands' own.
    #[derive(Debug, Args)]
    struct Nothing {}

    type Cli = super::Cli<Nothing>;

    fn problem(line: &[&str]) -> Result<Problem, CliError> {
        let cli = Cli::try_parse_from([&["kubemend", "analyze"], line].concat()).unwrap();
        let Some(Command::Analyze(args)) = cli.command else { panic!("not analyze") };
        args.problem.typed(args.all_namespaces)
    }

    #[test]
    fn definitions_are_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn word_with_a_slash_is_an_object_and_the_rest_is_the_issue() {
        let problem = problem(&["it", "is down", "deploy/web", "since 10/11 or so", "-n", "shop"]).unwrap();
        assert_eq!(problem.issue, Some(Issue::parse("it is down since 10/11 or so").unwrap()));
        assert_eq!(problem.objects, [ObjectName::parse("deployment/web").unwrap()]);
        assert_eq!(problem.namespace, Some(Namespace::parse("shop").unwrap()));
    }

    #[test]
    fn what_is_before_a_slash_and_no_kind_is_words_unless_it_is_a_kind_but_for_a_slip() {
        for words in ["shop/storefront", "Deployment/shop/web", "/healthz"] {
            let given = problem(&[words]).unwrap();
            assert_eq!((given.issue, given.objects), (Some(Issue::parse(words).unwrap()), vec![]));
        }
        let error = problem(&["depoyment/web", "is down"]).unwrap_err().to_string();
        assert!(error.contains("`depoyment` is not a kind that kubemend knows; did you mean `deployment/web`?"), "{error}");
        assert_eq!(problem(&["prod/web"]).unwrap().issue, Some(Issue::parse("prod/web").unwrap()), "not `pod/web`");
    }

    #[test]
    fn call_names_so_many_objects_by_every_door() {
        let names: Vec<String> = (0..21).map(|number| format!("deployment/web-{number}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        assert_eq!(problem(&names[..20]).unwrap().objects.len(), 20);
        assert!(problem(&names).unwrap_err().to_string().contains("21 objects are named, the maximum is 20"));
    }

    #[test]
    fn objects_alone_are_not_an_empty_issue_and_an_empty_issue_is_not_hidden() {
        assert_eq!(problem(&["svc/web"]).unwrap().issue, None);
        assert_eq!(problem(&[]).unwrap().issue, None);
        assert!(problem(&[""]).unwrap_err().to_string().contains("the issue is empty"));
    }

    #[test]
    fn unknown_kind_and_impossible_namespace_are_wrong_usage() {
        for (line, says) in [(&["deploymint/web"][..], "`deploymint`"), (&["x", "-n", "Shop"], "`Shop` is not a valid namespace name")] {
            let error = problem(line).unwrap_err();
            assert!(matches!(error, CliError::Usage(_)) && error.to_string().contains(says), "{error}");
        }
    }

    #[test]
    fn session_and_issue_exclude_each_other() {
        let id = format!("s-{}", "0".repeat(32));
        assert!(Cli::try_parse_from(["kubemend", "remediate", "--session", &id, "down"]).is_err());
        assert!(Cli::try_parse_from(["kubemend", "remediate", "--session", "../x"]).is_err());
        assert!(Cli::try_parse_from(["kubemend", "remediate", "--session", &id]).is_ok());
    }

    #[test]
    fn planned_commands_and_flags_do_not_exist() {
        for line in [&["serve", "--http", "x"][..], &["undo", "x"], &["snapshot"], &["controller"], &["manifests", "crd"]] {
            assert!(Cli::try_parse_from([&["kubemend"], line].concat()).is_err(), "{line:?}");
        }
    }

    #[test]
    fn thresholds_that_are_not_probabilities_are_refused() {
        for wrong in ["NaN", "1.1", "-0.1", "x"] {
            assert!(Cli::try_parse_from(["kubemend", "remediate", "x", &format!("--confidence-threshold={wrong}")]).is_err(), "{wrong}");
        }
    }
}
