//! Commands over the embedded cluster, with a person who says what the test says.

use crate::call::{CallError, ErrorKind, Subject};
use crate::cli::args::{Cli, Command};
use crate::cli::terminal::doubles::{Heard, terminal};
use crate::cli::{CliError, Exit, analyze, demo, remediate, sessions, validate};
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
    read: Arc<dyn ClusterRead>,
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
        Self::with(limits, true).await
    }

    /// Where nothing can be written.
    async fn read_only() -> Self {
        Self::with(Limits::default(), false).await
    }

    async fn with(limits: Limits, writes: bool) -> Self {
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
            executor: connected.write.filter(|_| writes).map(|write| Executor::new(write, read.clone(), clock.clone())),
            read: read.clone(),
            store: Arc::new(MemoryStore::new()),
            clock,
            entropy: Arc::new(SystemEntropy),
            limits,
            timing: Timing::default(),
            allowed: crate::probe::Allowed::default(),
            own_model: None,
        });
        tokio::time::sleep(Duration::from_secs(2)).await;
        Self { sim, read, remediation, _tasks: tasks }
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
                analyze::analyze(&self.remediation, None, &problem, args.output.output, &terminal, cancel).await
            }
            Command::Validate(args) => {
                let what = match args.session {
                    Some(session) => Validate::Session(session),
                    None => Validate::Issue(args.problem.typed(false).unwrap()),
                };
                validate::validate(&self.remediation, &what, args.output.output, &terminal, cancel).await
            }
            Command::Show(args) => sessions::show(&self.remediation.records(), &args, &terminal).await,
            Command::Demo(args) => {
                let (cases, read, program) = (&self.remediation, &*self.read, "kubemend".to_owned());
                demo::Stage { cases, read, terminal: &terminal, cancel, program, yes: args.yes }.play().await
            }
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

    /// Who did this in the newest session, by its record.
    async fn who(&self, what: &str) -> Option<String> {
        let newest = self.remediation.sessions(1).await.unwrap().remove(0).id;
        let trail = self.remediation.show(&newest).await.unwrap().trail;
        trail.into_iter().find(|entry| entry.what == what).map(|entry| entry.who)
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
            assert!(said.err.contains("the operator lets only a human approve") && !desk.claim(), "{}", said.err);
        }
    }
    let said = desk.run(Some("yes\n"), &["approve", &session, "-o", "json"]).await;
    let report: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    let trail = report["trail"].as_array().unwrap();
    assert!(trail.iter().any(|e| e["what"] == "approved" && e["who"] == "an answer on a terminal"), "{trail:?}");
    assert!(desk.claim());
}

/// Who is told to set an option that is set already looks in the wrong place.
#[tokio::test(start_paused = true)]
async fn digest_that_the_session_refuses_is_told_with_the_limit_that_refused_it() {
    let desk = Desk::of_client_consent().await;
    desk.run(None, &["remediate", WORDS, "--mode", "manual"]).await.exit.unwrap();
    let session = desk.remediation.sessions(1).await.unwrap().remove(0).id.to_string();
    let digest = desk.remediation.show(&SessionId::parse(&session).unwrap()).await.unwrap().plan.unwrap().digest;
    let said = desk.run(None, &["approve", &session, "--digest", &digest]).await;
    assert_eq!(said.exit.unwrap(), Exit::Waiting, "{}", said.err);
    assert!(said.err.contains("this session was opened under stricter limits") && !desk.claim(), "{}", said.err);
    assert!(said.err.contains("hint: run remediate again") && !said.err.contains("`consent`"), "{}", said.err);
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

#[tokio::test(start_paused = true)]
async fn what_nobody_was_asked_about_is_not_recorded_as_an_answer_on_a_terminal() {
    // Whether somebody sits at the terminal or not: nobody was asked.
    for person in [None, Some("yes\n")] {
        let desk = Desk::set().await;
        desk.run(person, &["demo", "--yes"]).await.exit.unwrap();
        assert_eq!(desk.who("approved").await.as_deref(), Some("the flag --yes"), "{person:?}");
        let desk = Desk::set().await;
        let (session, _) = desk.waiting().await;
        desk.run(person, &["decline", &session]).await.exit.unwrap();
        assert_eq!(desk.who("declined").await.as_deref(), Some("the command line"), "{person:?}");
    }
    let desk = Desk::set().await;
    desk.run(Some("yes\n"), &["demo"]).await.exit.unwrap();
    assert_eq!(desk.who("approved").await.as_deref(), Some("an answer on a terminal"));
}

#[tokio::test(start_paused = true)]
async fn a_plan_that_cannot_be_applied_here_sends_nobody_to_remediate() {
    let desk = Desk::read_only().await;
    let said = desk.run(Some("yes\n"), &["remediate", WORDS]).await;
    let session = desk.remediation.sessions(1).await.unwrap().remove(0).id.to_string();
    let analyzed = desk.run(None, &["analyze", WORDS]).await;
    let validated = desk.run(None, &["validate", "--session", &session]).await;
    for (command, page) in [("remediate", said.out), ("analyze", analyzed.out), ("validate", validated.out)] {
        assert!(!page.contains("kubemend remediate"), "{command}: {page}");
        assert!(
            page.contains("Next steps\n") && page.contains("cannot apply this plan: kubemend has no usable writer"),
            "{command}: {page}"
        );
        assert!(page.contains("create PersistentVolumeClaim a-team/postgres-pvc by hand"), "{command}: {page}");
    }
    for line in [&["analyze", WORDS, "-o", "json"][..], &["remediate", WORDS, "-o", "json"], &["show", &session, "-o", "json"]] {
        let report: serde_json::Value = serde_json::from_str(&desk.run(None, line).await.out).unwrap();
        let summary = report["summary"].as_str().unwrap().to_lowercase();
        assert!(!summary.contains("run remediate") && summary.contains("kubemend cannot apply this plan"), "{line:?}: {summary}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_command_that_a_declined_session_names_asks_again() {
    let desk = Desk::set().await;
    let (first, _) = desk.waiting().await;
    let by_command = desk.run(None, &["decline", &first]).await.out;
    let at_the_question = desk.run(Some("no\n"), &["remediate", WORDS]).await.out;
    let second = at_the_question.rsplit("session ").next().unwrap().trim().to_owned();
    for (session, page) in [(&first, by_command), (&second, at_the_question)] {
        assert!(page.contains(&format!("kubemend remediate --session {session}  looks again")), "{page}");
        let again = desk.run(None, &["remediate", "--session", session]).await;
        assert_eq!(again.exit.unwrap(), Exit::Waiting, "{}\n{}", again.out, again.err);
        assert_eq!(desk.status(session).await, Status::Declined, "it is another session that waits");
    }
    // What cannot be approved any more says what can be done instead.
    let error = desk.run(Some("yes\n"), &["approve", &first]).await.exit.unwrap_err();
    assert!(error.hints().iter().any(|hint| hint.contains(&format!("kubemend show {first}"))), "{:?}", error.hints());
    assert!(!desk.claim());
}

#[tokio::test(start_paused = true)]
async fn the_page_of_what_is_healthy_says_what_was_not_checked() {
    let desk = Desk::set().await;
    desk.run(Some("yes\n"), &["remediate", WORDS]).await.exit.unwrap();
    tokio::time::sleep(Duration::from_secs(60)).await;
    let said = desk.run(None, &["analyze", "-n", NAMESPACE]).await;
    assert_eq!(said.exit.unwrap(), Exit::Done, "{}", said.out);
    assert!(said.out.contains("Not checked: networkpolicies, poddisruptionbudgets, resourcequotas."), "{}", said.out);
}

/// A line that a shell reads is printed as the shell needs it: a here-document ends at a line that is its word, and nothing else.
#[tokio::test(start_paused = true)]
async fn every_command_on_a_page_can_be_pasted() {
    let desk = Desk::read_only().await;
    let page = desk.run(None, &["remediate", WORDS]).await.out;
    let newest = desk.remediation.sessions(1).await.unwrap().remove(0).id;
    let report = desk.remediation.show(&newest).await.unwrap();
    let steps = report.plan.iter().flat_map(|plan| &plan.steps).map(|step| step.command.clone());
    let commands: Vec<String> = steps.chain(report.advice.iter().filter_map(|advice| advice.command.clone())).collect();
    assert!(commands.len() > 1 && commands.iter().any(|command| command.contains("<<")), "{commands:?}");
    let lines: Vec<&str> = page.lines().collect();
    let mut blocks = 0;
    for command in &commands {
        let typed: Vec<&str> = command.lines().map(str::trim).collect();
        for printed in lines.windows(typed.len()).filter(|window| window.iter().map(|line| line.trim()).eq(typed.iter().copied())) {
            blocks += 1;
            assert_eq!(unread_by_a_shell(&printed.join("\n")), "", "{printed:#?}");
        }
    }
    assert!(blocks >= commands.len(), "{blocks} of {} are printed: {page}", commands.len());
}

/// What a shell says of lines that it reads and does not run.
#[expect(clippy::disallowed_methods, reason = "a test asks the shell that people paste into")]
fn unread_by_a_shell(lines: &str) -> String {
    match std::process::Command::new("bash").args(["-n", "-c", lines]).output() {
        Ok(said) => String::from_utf8(said.stderr).unwrap(),
        Err(_) => {
            let word = lines.lines().find_map(|line| line.split_once("<<'")?.1.split('\'').next());
            let ends = word.is_none_or(|word| lines.lines().any(|line| line == word));
            if ends { String::new() } else { format!("no line is {word:?}") }
        }
    }
}
