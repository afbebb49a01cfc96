//! Commands over the embedded cluster, with a person who says what the test says.

use crate::call::{CallError, ErrorKind, Subject};
use crate::cli::args::{Cli, Command};
use crate::cli::terminal::doubles::{Heard, terminal};
use crate::cli::{CliError, Exit, analyze, remediate, sessions, validate};
use crate::clock::{RuntimeClock, SystemEntropy};
use crate::cluster::connect::over;
use crate::config::Flags;
use crate::domain::id::SessionId;
use crate::domain::limits::{Consent, Limits};
use crate::domain::object::Namespace;
use crate::execute::Executor;
use crate::ports::{Clock, ClusterRead};
use crate::sim::{Latency, MadeImage, Sim, World};
use crate::store::MemoryStore;
use crate::workflow::report::Status;
use crate::workflow::{Parts, Remediation, Timing, Validate};
use clap::Parser;
use jiff::Timestamp;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

const NAMESPACE: &str = "a-team";
const WORDS: &str = "Something is wrong with my database in the a-team namespace";

/// The database case, its sessions, and whatever must live as long.
struct Desk {
    sim: Sim,
    remediation: Remediation,
    _tasks: JoinSet<()>,
}

/// How a command ended, and what it said.
struct Said {
    exit: Result<Exit, CliError>,
    out: String,
    err: String,
}

impl Desk {
    async fn set() -> Self {
        Self::under(Limits::default()).await
    }

    /// Where the operator lets a repeated digest count.
    async fn of_client_consent() -> Self {
        Self::under(Limits { consent: Consent::Client, ..Limits::default() }).await
    }

    async fn under(limits: Limits) -> Self {
        let start = Timestamp::UNIX_EPOCH;
        let (sim, running) = Sim::new(World::standard(start).with_latency(Latency::QUICK));
        let mut tasks = JoinSet::new();
        tasks.spawn(running);
        sim.add_images(MadeImage::parse_yaml(crate::cli::demo::IMAGES).unwrap());
        sim.apply_yaml(NAMESPACE, crate::cli::demo::MANIFESTS).unwrap();
        let clock: Arc<dyn Clock> = Arc::new(RuntimeClock::starting_at(start));
        let connected = over(sim.service(), "test", "in memory", Namespace::parse(NAMESPACE).unwrap());
        let read: Arc<dyn ClusterRead> = Arc::new(connected.read);
        let remediation = Remediation::new(Parts {
            executor: connected.write.map(|write| Executor::new(write, read.clone(), clock.clone())),
            read,
            store: Arc::new(MemoryStore::new()),
            clock,
            entropy: Arc::new(SystemEntropy),
            limits,
            timing: Timing::default(),
        });
        tokio::time::sleep(Duration::from_secs(2)).await;
        Self { sim, remediation, _tasks: tasks }
    }

    async fn run(&self, says: Option<&'static str>, line: &[&str]) -> Said {
        let cancel = &CancellationToken::new();
        let cli = Cli::<Flags>::try_parse_from([&["kubemend"], line].concat()).unwrap();
        let (terminal, out, err): (_, Heard, Heard) = terminal(says);
        let exit = match cli.command.unwrap() {
            Command::Remediate(args) => {
                let waiting = match (&args.session, &args.approve) {
                    (Some(session), _) => Some(session.clone()),
                    (None, Some(digest)) => self.remediation.find_open(digest).await.unwrap(),
                    (None, None) => None,
                };
                let subject = waiting.map_or_else(|| Subject::Problem(args.problem.typed(false).unwrap()), Subject::Session);
                remediate::remediate(&self.remediation, &args, &subject, &terminal, cancel).await
            }
            Command::Approve(args) => remediate::approve(&self.remediation, &args, &terminal, cancel).await,
            Command::Undo(args) => remediate::undo(&self.remediation, &args, &terminal, cancel).await,
            Command::Decline(args) => sessions::decline(&self.remediation.records(), &args, &terminal).await,
            Command::Analyze(args) => {
                let problem = args.problem.typed(args.all_namespaces).unwrap();
                analyze::analyze(&self.remediation, &problem, args.output.output, &terminal, cancel).await
            }
            Command::Validate(args) => {
                let what = match args.session {
                    Some(session) => Validate::Session(session),
                    None => Validate::Issue(args.problem.typed(false).unwrap()),
                };
                validate::validate(&self.remediation, &what, args.output.output, &terminal, cancel).await
            }
            Command::Show(args) => sessions::show(&self.remediation.records(), &args, &terminal).await,
            Command::Sessions(args) => sessions::sessions(&self.remediation.records(), &args, &terminal).await,
            other => panic!("{other:?} is no command of this desk"),
        };
        Said { exit, out: out.text(), err: err.text() }
    }

    /// The waiting session and its plan's digest.
    async fn waiting(&self) -> (String, String) {
        let said = self.run(None, &["remediate", WORDS, "-o", "json"]).await;
        let report: serde_json::Value = serde_json::from_str(&said.out).unwrap();
        assert_eq!((said.exit.unwrap(), &report["status"]), (Exit::Waiting, &"awaitingApproval".into()));
        (report["session"].as_str().unwrap().to_owned(), report["plan"]["digest"].as_str().unwrap().to_owned())
    }

    fn claim(&self) -> bool {
        self.sim.object("persistentvolumeclaims", NAMESPACE, "postgres-pvc").is_some()
    }

    async fn status(&self, session: &str) -> Status {
        self.remediation.show(&SessionId::parse(session).unwrap()).await.unwrap().status
    }
}

#[tokio::test(start_paused = true)]
async fn analyze_names_the_cause_and_changes_nothing() {
    let desk = Desk::set().await;
    let said = desk.run(Some("yes\n"), &["analyze", WORDS]).await;
    assert_eq!(said.exit.unwrap(), Exit::Problem);
    assert!(said.out.contains("pvc-missing") && said.out.contains("+kind: PersistentVolumeClaim"), "{}", said.out);
    assert!(!desk.claim());
}

#[tokio::test(start_paused = true)]
async fn yes_at_the_terminal_leads_to_resolved() {
    let desk = Desk::set().await;
    let said = desk.run(Some("yes\n"), &["remediate", WORDS]).await;
    assert_eq!(said.exit.unwrap(), Exit::Done, "{}\n{}", said.out, said.err);
    assert!(said.err.contains("Apply this plan to cluster test (in memory, v1.37.2, id "), "{}", said.err);
    assert!(said.out.contains("applied") && said.out.contains("resolved"), "{}", said.out);
    assert!(desk.claim());
}

#[tokio::test(start_paused = true)]
async fn anything_but_a_clear_yes_declines() {
    let desk = Desk::set().await;
    for says in ["no\n", "\n", "yes, but only tomorrow\n"] {
        let said = desk.run(Some(says), &["remediate", WORDS]).await;
        assert_eq!(said.exit.unwrap(), Exit::Problem, "{says:?}");
        assert!(said.out.contains("declined, nothing was changed"), "{}", said.out);
    }
    assert!(!desk.claim());
}

#[tokio::test(start_paused = true)]
async fn closed_input_leaves_the_session_waiting() {
    let desk = Desk::set().await;
    let said = desk.run(Some(""), &["remediate", WORDS]).await;
    assert_eq!(said.exit.unwrap(), Exit::Waiting);
    assert!(said.err.contains("no answer; nothing was changed; to continue: kubemend approve s-"), "{}", said.err);
    assert!(!desk.claim());
}

#[tokio::test(start_paused = true)]
async fn without_anybody_to_ask_the_plan_waits_and_says_how_to_go_on() {
    let desk = Desk::set().await;
    let said = desk.run(None, &["remediate", WORDS]).await;
    assert_eq!(said.exit.unwrap(), Exit::Waiting);
    assert!(said.out.contains("kubemend approve s-") && said.err.contains("kubemend approve s-"), "{}\n{}", said.out, said.err);
    assert!(!desk.claim());
}

#[tokio::test(start_paused = true)]
async fn approve_asks_again_and_goes_to_the_end() {
    let desk = Desk::set().await;
    let (session, _) = desk.waiting().await;
    let said = desk.run(Some("y\n"), &["approve", &session]).await;
    assert_eq!(said.exit.unwrap(), Exit::Done, "{}\n{}", said.out, said.err);
    assert!(said.out.contains("+kind: PersistentVolumeClaim"), "the plan is shown again: {}", said.out);
    assert_eq!(desk.status(&session).await, Status::Resolved);
    let again = desk.run(Some("y\n"), &["approve", &session]).await;
    assert!(matches!(again.exit, Err(CliError::Call(CallError { kind: ErrorKind::Conflict, .. }))), "{:?}", again.exit);
}

#[tokio::test(start_paused = true)]
async fn digest_approves_exactly_its_plan() {
    let desk = Desk::of_client_consent().await;
    let (session, digest) = desk.waiting().await;
    let other = format!("sha256:{}", "0".repeat(64));
    let said = desk.run(None, &["approve", &session, "--digest", &other]).await;
    assert_eq!(said.exit.unwrap(), Exit::Waiting);
    assert!(!desk.claim());
    let said = desk.run(None, &["approve", &session, "--digest", &digest, "-o", "json"]).await;
    assert_eq!(said.exit.unwrap(), Exit::Done);
    let report: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(report["status"], "resolved");
    let trail = report["trail"].as_array().unwrap();
    assert!(trail.iter().any(|e| e["what"] == "approved" && e["who"] == "a repeated digest from the command line"), "{trail:?}");
    let shown = desk.run(None, &["show", &session]).await.out;
    assert!(shown.contains("History") && shown.contains("a repeated digest from the command line: approved"), "{shown}");
}

#[tokio::test(start_paused = true)]
async fn a_digest_on_the_command_line_is_no_human_where_only_a_human_may_approve() {
    let desk = Desk::set().await;
    let (session, digest) = desk.waiting().await;
    for line in [
        &["approve", session.as_str(), "--digest", &digest][..],
        &["remediate", "--session", &session, "--approve", &digest],
        &["remediate", WORDS, "--approve", &digest],
    ] {
        // Nor where somebody sits at the terminal: nobody is asked.
        for person in [None, Some("yes\n")] {
            let said = desk.run(person, line).await;
            assert_eq!(said.exit.unwrap(), Exit::Waiting, "{}", said.err);
            assert!(said.err.contains("does not count as a human's approval") && !desk.claim(), "{}", said.err);
        }
    }
    let said = desk.run(Some("yes\n"), &["approve", &session, "-o", "json"]).await;
    let report: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    let trail = report["trail"].as_array().unwrap();
    assert!(trail.iter().any(|e| e["what"] == "approved" && e["who"] == "an answer on a terminal"), "{trail:?}");
    assert!(desk.claim());
}

#[tokio::test(start_paused = true)]
async fn approve_flag_finds_the_waiting_session_by_its_digest() {
    let desk = Desk::of_client_consent().await;
    let (session, digest) = desk.waiting().await;
    let said = desk.run(None, &["remediate", WORDS, "--approve", &digest]).await;
    assert_eq!(said.exit.unwrap(), Exit::Done, "{}\n{}", said.out, said.err);
    assert_eq!(desk.status(&session).await, Status::Resolved);
}

#[tokio::test(start_paused = true)]
async fn approve_flag_approves_a_fresh_plan_of_just_that_digest() {
    let desk = Desk::of_client_consent().await;
    let (session, digest) = desk.waiting().await;
    desk.run(None, &["decline", &session]).await.exit.unwrap();
    let said = desk.run(None, &["remediate", WORDS, "--approve", &digest]).await;
    assert_eq!(said.exit.unwrap(), Exit::Done, "{}\n{}", said.out, said.err);
    assert_eq!(desk.status(&session).await, Status::Declined);
}

#[tokio::test(start_paused = true)]
async fn approve_flag_with_another_digest_changes_nothing() {
    let desk = Desk::set().await;
    let other = format!("sha256:{}", "0".repeat(64));
    let said = desk.run(Some("yes\n"), &["remediate", WORDS, "--approve", &other]).await;
    assert_eq!(said.exit.unwrap(), Exit::Waiting);
    assert!(said.err.contains("does not have the digest given with --approve"), "{}", said.err);
    let alone = desk.run(Some("yes\n"), &["remediate", "--approve", &other]).await;
    assert!(alone.exit.is_err());
    assert!(!desk.claim());
}

#[tokio::test(start_paused = true)]
async fn declined_session_is_listed_and_shown() {
    let desk = Desk::set().await;
    let (session, _) = desk.waiting().await;
    assert_eq!(desk.run(None, &["decline", &session]).await.exit.unwrap(), Exit::Done);
    let listed = desk.run(None, &["sessions"]).await;
    assert!(listed.out.contains(&session) && listed.out.contains("declined") && listed.out.contains(WORDS), "{}", listed.out);
    assert_eq!(desk.run(None, &["show", &session]).await.exit.unwrap(), Exit::Problem);
    assert!(!desk.claim());
}

#[tokio::test(start_paused = true)]
async fn validate_tells_before_from_after() {
    let desk = Desk::of_client_consent().await;
    let (session, digest) = desk.waiting().await;
    assert_eq!(desk.run(None, &["validate", WORDS]).await.exit.unwrap(), Exit::Problem);
    desk.run(None, &["approve", &session, "--digest", &digest]).await.exit.unwrap();
    assert_eq!(desk.run(None, &["validate", "--session", &session]).await.exit.unwrap(), Exit::Done);
    assert_eq!(desk.run(None, &["validate", WORDS]).await.exit.unwrap(), Exit::Done);
}
