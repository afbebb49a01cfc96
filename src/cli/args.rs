//! The command line: commands and flags in kubectl's words, their help, and how words become an issue and objects.

use super::CliError;
use crate::domain::diagnosis::Confidence;
use crate::domain::id::SessionId;
use crate::domain::issue::Issue;
use crate::domain::limits::Mode;
use crate::domain::object::{Namespace, ObjectName};
use crate::domain::plan::{OnFailure, PlanDigest};
use crate::domain::risk::Risk;
use crate::workflow::{Problem, Wishes};
use clap::{Args, Parser, Subcommand, ValueEnum};

/// Names why a Kubernetes workload is broken, shows the exact fix, asks, applies it, and proves that it helped.
#[derive(Debug, Parser)]
#[command(
    name = "kubemend",
    version,
    max_term_width = 110,
    after_help = "Without a command it serves MCP, for a client to start:
  claude mcp add kubemend -- kubemend

Examples:
  kubemend demo                                 on an embedded cluster; needs nothing
  kubemend analyze \"my database is down\" -n a-team
  kubemend remediate deployment/web -n shop     asks before it changes anything
  kubemend doctor                               what is reachable and permitted

Every option can be said in the environment as KUBEMEND_…, and in the configuration file.

Exit codes: 0 nothing is wrong, or the problem is resolved; 1 the command failed;
2 wrong usage; 3 a problem was found or remains; 4 waiting for approval"
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
    #[command(after_help = "Connect it to Claude Code:\n  claude mcp add kubemend -- kubemend")]
    Serve,
    /// Show the whole way on an embedded cluster: detect, analyze, remediate, validate; needs nothing
    #[command(after_help = "Asks before it writes. Without a terminal and without --yes it shows the plan, writes nothing and exits 4.")]
    Demo(DemoArgs),
    /// Name causes and show the plan; changes nothing
    #[command(after_help = "Examples:
  kubemend analyze \"Something is wrong with my database in the a-team namespace\"
  kubemend analyze -n shop deployment/web service/web
  kubemend analyze -A -o json | jq '.causes[].title'")]
    Analyze(AnalyzeArgs),
    /// The whole way: find the cause, show the change, ask, apply it, prove that it helped
    #[command(after_help = "Examples:
  kubemend remediate \"Something is wrong with my database in the a-team namespace\"
  kubemend remediate -n shop deployment/web --on-failure revert
  kubemend remediate -n shop deployment/web --approve sha256:…   for scripts: exactly this plan, or nothing

It asks on the terminal. Where there is none it changes nothing, prints the plan and exits 4;
`kubemend approve ID` then goes on. Limits can only be made tighter than the operator set them.")]
    Remediate(RemediateArgs),
    /// Does it hold now? The checks of a session's plan, or an issue afresh; changes nothing
    #[command(after_help = "Examples:
  kubemend validate --session s-0123456789abcdef0123456789abcdef
  kubemend validate -n shop deployment/web")]
    Validate(ValidateArgs),
    /// List sessions, newest first
    Sessions(SessionsArgs),
    /// Show the report of a session
    Show(ShowArgs),
    /// Show the plan of a waiting session again, ask, apply it and validate
    #[command(after_help = "Anything but a clear yes is a no. --digest repeats the plan's digest instead of asking.")]
    Approve(ApproveArgs),
    /// Say no to the plan of a waiting session
    Decline(DeclineArgs),
    /// Show what is configured, reachable and permitted, and what to do about the rest
    Doctor(DoctorArgs),
}

/// How a result is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Output {
    /// For people
    #[default]
    Text,
    /// The report as JSON, alone on stdout
    Json,
}

/// `-o`.
#[derive(Debug, Clone, Copy, Default, Args)]
pub struct OutputArg {
    /// How the result is printed
    #[arg(short, long, value_enum, default_value_t, value_name = "FORMAT")]
    pub output: Output,
}

/// What is wrong and where.
#[derive(Debug, Clone, Default, Args)]
pub struct ProblemArgs {
    /// What is wrong, in your words; a word of the form kind/name is an object to look at
    #[arg(value_name = "ISSUE | KIND/NAME", num_args = 0..)]
    pub words: Vec<String>,
    /// The namespace; else the one that the words name, else the context's
    #[arg(short, long, value_name = "NS")]
    pub namespace: Option<String>,
}

/// `demo`.
#[derive(Debug, Clone, Default, Args)]
pub struct DemoArgs {
    /// Say yes to the plan beforehand, for scripts
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
    /// How.
    #[command(flatten)]
    pub output: OutputArg,
}

/// `remediate`.
#[derive(Debug, Clone, Default, Args)]
pub struct RemediateArgs {
    /// What and where.
    #[command(flatten)]
    pub problem: ProblemArgs,
    /// Go on with a waiting session instead of opening one
    #[arg(long, value_name = "ID", value_parser = session, conflicts_with_all = ["words", "namespace", "mode", "confidence_threshold", "max_risk", "on_failure"])]
    pub session: Option<SessionId>,
    /// Approve exactly the plan with this digest, and no other, without asking
    #[arg(long, value_name = "DIGEST", value_parser = digest)]
    pub approve: Option<PlanDigest>,
    /// Who says yes: you, or the operator's thresholds where the operator allows that
    #[arg(long, value_name = "manual|automatic", value_parser = mode)]
    pub mode: Option<Mode>,
    /// Automatic mode: be at least this sure, from 0 to 1
    #[arg(long, value_name = "X", value_parser = confidence)]
    pub confidence_threshold: Option<Confidence>,
    /// Change nothing that is riskier
    #[arg(long, value_name = "low|medium|high", value_parser = risk)]
    pub max_risk: Option<Risk>,
    /// What happens to the change when it did not help
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
    /// The session whose plan's checks are looked at
    #[arg(long, value_name = "ID", value_parser = session, conflicts_with_all = ["words", "namespace"])]
    pub session: Option<SessionId>,
    /// How.
    #[command(flatten)]
    pub output: OutputArg,
}

/// `sessions`.
#[derive(Debug, Clone, Args)]
pub struct SessionsArgs {
    /// At most this many
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub limit: u16,
    /// How.
    #[command(flatten)]
    pub output: OutputArg,
}

/// `show`.
#[derive(Debug, Clone, Args)]
pub struct ShowArgs {
    /// Which session
    #[arg(value_name = "ID", value_parser = session)]
    pub session: SessionId,
    /// How.
    #[command(flatten)]
    pub output: OutputArg,
}

/// `approve`.
#[derive(Debug, Clone, Args)]
pub struct ApproveArgs {
    /// Which session
    #[arg(value_name = "ID", value_parser = session)]
    pub session: SessionId,
    /// Approve exactly the plan with this digest, without asking
    #[arg(long, value_name = "DIGEST", value_parser = digest)]
    pub digest: Option<PlanDigest>,
    /// How.
    #[command(flatten)]
    pub output: OutputArg,
}

/// `decline`.
#[derive(Debug, Clone, Args)]
pub struct DeclineArgs {
    /// Which session
    #[arg(value_name = "ID", value_parser = session)]
    pub session: SessionId,
    /// How.
    #[command(flatten)]
    pub output: OutputArg,
}

/// `doctor`.
#[derive(Debug, Clone, Default, Args)]
pub struct DoctorArgs {
    /// The namespace whose permissions are asked for; else the context's
    #[arg(short, long, value_name = "NS")]
    pub namespace: Option<String>,
    /// How.
    #[command(flatten)]
    pub output: OutputArg,
}

impl ProblemArgs {
    /// The words as typed values, before anything is connected. A word with a slash and without spaces is an object;
    /// everything else is the issue, put together with spaces.
    ///
    /// # Errors
    /// Words that cannot be meant, with what is wrong with them.
    pub fn typed(&self, all_namespaces: bool) -> Result<Problem, CliError> {
        let wrong = |e: &dyn std::fmt::Display| CliError::Usage(e.to_string());
        let (objects, words): (Vec<&String>, Vec<&String>) =
            self.words.iter().partition(|w| w.contains('/') && !w.contains(char::is_whitespace));
        let issue = words.into_iter().map(String::as_str).collect::<Vec<_>>().join(" ");
        let unsaid = self.words.is_empty() || (issue.is_empty() && !objects.is_empty());
        Ok(Problem {
            issue: if unsaid { None } else { Some(Issue::parse(&issue).map_err(|e| wrong(&e))?) },
            namespace: self.namespace.as_deref().map(Namespace::parse).transpose().map_err(|e| wrong(&e))?,
            all_namespaces,
            objects: objects.into_iter().map(|o| ObjectName::parse(o)).collect::<Result<_, _>>().map_err(|e| wrong(&e))?,
        })
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

fn digest(text: &str) -> Result<PlanDigest, String> {
    PlanDigest::parse(text).ok_or_else(|| "a digest is `sha256:` and 64 hexadecimal digits, as the plan shows it".to_owned())
}

fn confidence(text: &str) -> Result<Confidence, String> {
    text.parse().ok().and_then(Confidence::new).ok_or_else(|| "a number from 0 to 1 is wanted, such as 0.85".to_owned())
}

fn risk(text: &str) -> Result<Risk, String> {
    Risk::parse(text).ok_or_else(|| "one of low, medium, high is wanted".to_owned())
}

fn mode(text: &str) -> Result<Mode, String> {
    match text {
        "manual" => Ok(Mode::Manual),
        "automatic" => Ok(Mode::Automatic),
        _ => Err("one of manual, automatic is wanted".to_owned()),
    }
}

fn on_failure(text: &str) -> Result<OnFailure, String> {
    match text {
        "keep" => Ok(OnFailure::Keep),
        "revert" => Ok(OnFailure::Revert),
        _ => Err("one of keep, revert is wanted".to_owned()),
    }
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
    fn objects_alone_are_no_empty_issue_and_an_empty_issue_is_not_hidden() {
        assert_eq!(problem(&["svc/web"]).unwrap().issue, None);
        assert_eq!(problem(&[]).unwrap().issue, None);
        assert!(problem(&[""]).unwrap_err().to_string().contains("the issue is empty"));
    }

    #[test]
    fn unknown_kind_and_impossible_namespace_are_wrong_usage() {
        for (line, says) in [(&["gadget/web"][..], "`gadget`"), (&["x", "-n", "Shop"], "`Shop` cannot be a namespace")] {
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
    fn flags_of_later_issues_do_not_exist() {
        for line in [&["serve", "--http", "x"][..], &["undo", "x"], &["snapshot"], &["controller"], &["manifests"]] {
            assert!(Cli::try_parse_from([&["kubemend"], line].concat()).is_err(), "{line:?}");
        }
    }

    #[test]
    fn thresholds_that_are_no_probability_are_refused() {
        for wrong in ["NaN", "1.1", "-0.1", "x"] {
            assert!(Cli::try_parse_from(["kubemend", "remediate", "x", &format!("--confidence-threshold={wrong}")]).is_err(), "{wrong}");
        }
    }
}
