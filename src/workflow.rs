//! The use cases: open a remediation, answer it, validate, look back. Surfaces hold a [`Remediation`] and nothing below it.

mod account;
mod again;
mod answer;
mod asked;
pub mod blocks;
pub mod brief;
mod caller;
mod carry_out;
mod close;
mod collect;
mod conclude;
pub mod covered;
mod effects;
pub(crate) mod fenced;
mod follow;
mod investigate;
mod late;
mod late_answer;
mod live;
mod look;
pub mod looked;
mod namesakes;
pub mod next;
pub mod observed;
mod open;
mod own_model;
mod problem;
pub(crate) mod question;
mod recent;
mod record;
pub mod records;
pub mod report;
mod revalidate;
mod scope;
mod settle;
mod spans;
mod stage;
mod standing;
mod stated;
mod status;
mod still;
mod stored;
pub mod summary;
mod tape;
mod timing;
mod today;
mod undo;
mod view;
mod watching;

use crate::analyze;
use crate::domain::door::Door;
use crate::domain::focus::Aside;
use crate::domain::id::SessionId;
use crate::domain::limits::{DigestRefusal, Limits};
use crate::domain::nearest::did_you_mean;
use crate::domain::object::ObjectRef;
use crate::domain::ours::OurCommand;
use crate::domain::plan::PlanDigest;
use crate::domain::usage::Usage;
use crate::execute::Executor;
use crate::ports::{Clock, ClusterRead, Entropy, ReadError, RequestMeter, SessionStore, StoreError};
use crate::probe::Allowed;
use crate::session::approval::ApprovalError;
use crate::session::ledger::{Ledger, LedgerError};
pub use caller::{Caller, Wishes};
use jiff::Timestamp;
pub use late_answer::LateAnswer;
pub use looked::Looked;
pub use own_model::OwnModel;
pub use problem::Problem;
use report::{Report, Status};
pub use stage::SessionStage;
use std::sync::Arc;
use std::time::Duration;
pub use summary::{conclusion, full};
pub use timing::Timing;

/// What a remediation is made of. `app` fills it in, and so does a program that embeds the library.
#[expect(missing_debug_implementations, reason = "its parts are ports")]
pub struct Parts {
    /// Reads the cluster.
    pub read: Arc<dyn ClusterRead>,
    /// Changes it; absent where there is no identity that may write.
    pub executor: Option<Executor>,
    /// Keeps sessions.
    pub store: Arc<dyn SessionStore>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Makes ids and tokens.
    pub entropy: Arc<dyn Entropy>,
    /// What the operator allows.
    pub limits: Limits,
    /// How long things may take.
    pub timing: Timing,
    /// What an investigation may be shown.
    pub allowed: Allowed,
    /// Whom to ask about what rules leave open; nobody where no model is set.
    pub own_model: Option<OwnModel>,
}

/// The use cases over one cluster. Cheap to clone.
#[derive(Clone)]
pub struct Remediation {
    parts: Arc<Parts>,
    ledger: Ledger,
    /// Why nothing can be written, where that is known better than "there is no writer".
    no_writer: Option<Arc<str>>,
}

impl std::fmt::Debug for Remediation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Remediation").field("limits", &self.parts.limits).finish_non_exhaustive()
    }
}

impl Remediation {
    /// Puts the parts together. Nothing is connected or opened by this.
    pub fn new(parts: Parts) -> Self {
        let ledger = Ledger::new(parts.store.clone(), parts.clock.clone(), analyze::known_code);
        Self { parts: Arc::new(parts), ledger, no_writer: None }
    }

    /// The same, with the reason for which there is no executor.
    #[must_use]
    pub fn read_only_because(self, why: impl Into<String>) -> Self {
        Self { no_writer: Some(why.into().into()), ..self }
    }

    /// Why kubemend does not make a change itself.
    fn why_no_writer(&self) -> &str {
        self.no_writer.as_deref().unwrap_or(NO_WRITER)
    }

    /// What the operator allows.
    pub fn limits(&self) -> &Limits {
        &self.parts.limits
    }
}

/// What a use case has cost so far; waiting for a human is not counted, since each call is measured on its own.
struct Meter {
    /// On the clock that nobody sets.
    started: Duration,
    /// The caller's own.
    requests: RequestMeter,
    /// What it had counted before.
    counted: u64,
    /// Reads for this call, and counts.
    read: Arc<dyn ClusterRead>,
}

impl Remediation {
    fn meter(&self, caller: &Caller<'_>) -> Meter {
        let requests = caller.meter.clone();
        let read = self.parts.read.metered(&requests);
        Meter { started: self.parts.clock.monotonic(), counted: requests.total(), requests, read }
    }

    /// Adds what was used since the meter started.
    fn charge(&self, usage: &mut Usage, meter: &Meter) {
        let elapsed = self.parts.clock.monotonic().saturating_sub(meter.started).as_millis();
        usage.elapsed_ms = usage.elapsed_ms.saturating_add(u64::try_from(elapsed).unwrap_or(0));
        usage.api_calls = usage.api_calls.saturating_add(meter.requests.total().saturating_sub(meter.counted));
    }
}

/// Proves, once, that the question was shown: 256 random bits as hexadecimal. Only its hash is stored.
pub struct Token(pub(crate) String);

impl Token {
    /// For sealing into a client's request state.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Takes it back from there.
    pub fn from_text(text: &str) -> Self {
        Self(text.chars().take(128).collect())
    }
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token(…)")
    }
}

/// Who said yes or no, as it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Approver {
    /// A person who answered on a terminal.
    Terminal,
    /// A command that was run, by whomever: no person at a terminal is known of.
    CommandLine,
    /// A flag that answers in advance, so that nobody is asked.
    YesFlag,
    /// A human through the MCP client's dialogue; the client's name as it gave it.
    Client(String),
    /// A second call that repeated the digest, where the operator allows that.
    Digest(String),
    /// The gate, within the thresholds.
    Policy,
    /// A program that embeds the library.
    Library(String),
}

impl Approver {
    /// As the trail and the progress say it.
    fn in_words(&self) -> String {
        match self {
            Approver::Terminal => "an answer on a terminal".to_owned(),
            Approver::CommandLine => "the command line".to_owned(),
            Approver::YesFlag => "the flag --yes".to_owned(),
            Approver::Client(name) => format!("an answer in the dialog of {name}"),
            Approver::Digest(name) => format!("a repeated digest from {name}"),
            Approver::Policy => "policy".to_owned(),
            Approver::Library(name) => name.clone(),
        }
    }
}

/// Why nothing was decided although somebody was asked. The session keeps waiting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Undecided {
    /// The client answered by itself: faster than anybody reads, or with an answer that holds no decision.
    ByItself,
    /// An answer that is none of the choices, by somebody who had the time to read them.
    NoChoice,
    /// Somebody chose to change nothing now, and to be asked later.
    Later,
    /// The dialogue was closed or cancelled.
    Dismissed,
    /// No answer came, or the client could not ask.
    Unanswered,
}

impl Undecided {
    /// As the trail says it.
    pub fn in_words(self) -> &'static str {
        match self {
            Undecided::ByItself => "the client answered by itself: nothing was decided",
            Undecided::NoChoice => "an answer that is none of the choices: nothing was decided",
            Undecided::Later => "chose to change nothing now and to be asked later: nothing was decided",
            Undecided::Dismissed => "the question was closed without an answer: nothing was decided",
            Undecided::Unanswered => "the question was not answered: nothing was decided",
        }
    }
}

/// What a human is asked.
#[derive(Debug)]
pub struct Question {
    /// Which session waits.
    pub session: SessionId,
    /// What exactly would be approved.
    pub digest: PlanDigest,
    /// Handed back with the yes.
    pub token: Token,
    /// The whole question: cluster, cause, diff, risk, undo. Complete enough to decide on.
    pub text: String,
    /// After this the plan must be made anew.
    pub expires_at: Timestamp,
    /// Whether a second call that repeats the digest would count as approval, so that no human has to be asked; or why it would not.
    pub digest_counts: Result<(), DigestRefusal>,
    /// The plan is not for all that the words are about.
    pub aside: Option<Aside>,
    /// Who proposed it, where no rule did.
    pub by: Option<&'static str>,
}

/// What opening a remediation led to.
#[derive(Debug)]
pub struct Opened {
    /// The report so far; final when there is no question.
    pub report: Report,
    /// What to ask a human, when one has to be asked.
    pub question: Option<Question>,
}

/// What to validate.
#[derive(Debug, Clone)]
pub enum Validate {
    /// The checks of a session's plan, and its cause.
    Session(SessionId),
    /// An issue, afresh.
    Issue(Problem),
}

/// A session in a list.
#[derive(Debug, Clone, PartialEq)]
pub struct SessionLine {
    /// Its id.
    pub id: SessionId,
    /// Where it stands.
    pub status: Status,
    /// Its plan takes back what another session did.
    pub is_undo: bool,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// When something last happened in it: what the list is sorted by.
    pub changed_at: Timestamp,
    /// The cluster's context.
    pub context: String,
    /// The namespace, or `(all)`.
    pub namespace: String,
    /// What was reported.
    pub issue: String,
}

/// Why kubemend does not make a change itself where nothing can write: the context is read-only, or its writer cannot be used.
const NO_WRITER: &str = "kubemend has no usable writer credentials (read-only): `kubemend doctor` shows why";

/// Why a use case could not be carried out. The text is enough to act on.
#[derive(Debug, thiserror::Error)]
pub enum WorkflowError {
    /// The question cannot be asked like this: wrong arguments.
    #[error("{0}")]
    Invalid(String),
    /// No such namespace; the nearest names are offered.
    #[error("namespace `{name}` does not exist in context `{context}`{}", did_you_mean(.nearest))]
    NoNamespace {
        /// The name that was asked for.
        name: String,
        /// Where.
        context: String,
        /// Nearest first.
        nearest: Vec<String>,
    },
    /// No such object; the nearest names are offered, those of other namespaces too.
    #[error("{object} does not exist in {place}{}", in_their_places(.nearest))]
    NoObject {
        /// What was asked for, as `kind/name`.
        object: String,
        /// Where.
        place: String,
        /// Nearest first.
        nearest: Vec<ObjectRef>,
    },
    /// No such session.
    #[error("there is no session `{0}`")]
    NoSession(SessionId),
    /// Not a session that this can be done with, as it stands.
    #[error("session `{session}` {state}")]
    State {
        /// Its id.
        session: SessionId,
        /// Where it stands, as the rest of a sentence.
        state: &'static str,
    },
    /// The session's record was written by another version, or damaged.
    #[error("the record of session `{session}` cannot be used: {reason}")]
    Record {
        /// Its id.
        session: SessionId,
        /// What is wrong with it.
        reason: String,
    },
    /// The plan that was approved is not the one that waits.
    #[error("the plan changed after it was shown; review it again")]
    DigestMismatch,
    /// The approval came too late.
    #[error("this approval cannot be used: it has expired")]
    Expired,
    /// The token is not that of the last question.
    #[error("this approval cannot be used: it belongs to another question or was already used")]
    WrongToken,
    /// The session is about another cluster than the one that the context points to now.
    #[error("the session is about another cluster: it is for {planned}, and this is {now}")]
    OtherCluster {
        /// The cluster that it was opened on.
        planned: String,
        /// The one that answers now.
        now: String,
    },
    /// The operator does not allow it any more.
    #[error("this change is not allowed here any more: {0}")]
    NotAllowed(String),
    /// Looks are the operator's to allow.
    #[error("looks are not offered here: the operator's option `investigate` is `never`")]
    NotOffered,
    /// What the plan is for is not so any more, or not in the same way.
    #[error("nothing was changed: the plan was checked again, and {0}")]
    NotNeeded(String),
    /// Somebody tries approvals.
    #[error("too many approvals of session `{0}` could not be used: now only an answer to its question counts")]
    TooManyRefused(SessionId),
    /// Somebody may be reading each of them, so none is taken away for another one.
    #[error("session `{session}` waits for an answer to {limit} questions already, so no further one is asked")]
    TooManyAsked {
        /// Its id.
        session: SessionId,
        /// Where a further one was to be asked.
        door: Door,
        /// How many they are.
        limit: usize,
        /// When the first of them makes room.
        until: Timestamp,
    },
    /// Nothing can write: the context is read-only, or its writer cannot be used.
    #[error("this change cannot be made: {NO_WRITER}")]
    NoWriter,
    /// Nobody can approve what cannot be shown whole.
    #[error("this change cannot be approved: it is too large to show in full")]
    TooLarge,
    /// Of two answers at once the other one came first.
    #[error("this approval cannot be used: somebody else answered session `{0}` at the same time")]
    Answered(SessionId),
    /// A repeated digest is no approval here.
    #[error("this approval cannot be used: {0}")]
    RepeatedDigest(#[from] DigestRefusal),
    /// Reading failed and nothing can be said without it.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The record cannot be kept, so nothing is written to the cluster either.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The caller went away.
    #[error("cancelled; nothing was changed")]
    Cancelled,
}

impl WorkflowError {
    /// What to do next, one hint a line.
    pub fn hints(&self) -> Vec<String> {
        match self {
            WorkflowError::Read(e) => e.hints(),
            WorkflowError::DigestMismatch | WorkflowError::Expired => vec!["run remediate again to see the current plan".to_owned()],
            WorkflowError::NoObject { .. } => vec!["name an object that exists, or describe the problem in words".to_owned()],
            WorkflowError::NoNamespace { .. } => vec!["name the namespace with -n, or search all namespaces with -A".to_owned()],
            WorkflowError::State { session, .. } => {
                vec![format!("`{}` shows how it stands, and what can be done next", OurCommand::Show(session.clone()))]
            }
            WorkflowError::NoSession(_) => vec![format!("`{}` lists them", OurCommand::Sessions)],
            WorkflowError::Record { .. } => {
                vec![
                    "this call changed nothing; what the session changed before has the annotation `kubemend.dev/applied`".to_owned(),
                    "run analyze to look at the cluster as it is now".to_owned(),
                ]
            }
            WorkflowError::RepeatedDigest(DigestRefusal::OpenedForAHuman) => vec!["run remediate again".to_owned()],
            WorkflowError::NotOffered => vec!["the operator can set `investigate` to `auto` (KUBEMEND_INVESTIGATE=auto)".to_owned()],
            WorkflowError::NotNeeded(_) => vec!["run analyze to look at the cluster as it is now".to_owned()],
            WorkflowError::RepeatedDigest(DigestRefusal::OnlyAHuman) => {
                vec!["whether a repeated digest counts is the operator's decision: the option `consent` of the README".to_owned()]
            }
            WorkflowError::TooManyRefused(id) => vec![format!("a human can be asked again: `{}`", OurCommand::Approve(id.clone()))],
            WorkflowError::TooManyAsked { session, door, until, .. } => {
                let terminal =
                    (*door != Door::Terminal).then(|| format!("a person can still be asked: `{}`", OurCommand::Approve(session.clone())));
                let mut hints: Vec<String> = terminal.into_iter().collect();
                hints.push(format!("answer one of them, or ask again after {until}"));
                hints.push(format!("`{}` ends all of them", OurCommand::Decline(session.clone())));
                hints
            }
            WorkflowError::Invalid(_)
            | WorkflowError::NotAllowed(_)
            | WorkflowError::WrongToken
            | WorkflowError::OtherCluster { .. }
            | WorkflowError::NoWriter
            | WorkflowError::TooLarge
            | WorkflowError::Answered(_)
            | WorkflowError::RepeatedDigest(DigestRefusal::AboveRisk { .. } | DigestRefusal::OfAnUndo | DigestRefusal::OfAProposal)
            | WorkflowError::Store(_)
            | WorkflowError::Cancelled => Vec::new(),
        }
    }
}

/// Objects that could be meant, each with its namespace: in words that a terminal and a tool can both use.
fn in_their_places(objects: &[ObjectRef]) -> String {
    let one = |object: &ObjectRef| {
        let place = object.namespace.as_ref().map(|namespace| format!(" in namespace `{namespace}`")).unwrap_or_default();
        format!("`{}`{place}", object.slashed())
    };
    let all: Vec<String> = objects.iter().map(one).collect();
    if all.is_empty() { String::new() } else { format!("; did you mean {}?", all.join(", ")) }
}

impl From<ApprovalError> for WorkflowError {
    fn from(error: ApprovalError) -> Self {
        match error {
            ApprovalError::Expired => WorkflowError::Expired,
            ApprovalError::WrongToken => WorkflowError::WrongToken,
            ApprovalError::WrongDigest => WorkflowError::DigestMismatch,
        }
    }
}

impl From<LedgerError> for WorkflowError {
    fn from(error: LedgerError) -> Self {
        match error {
            LedgerError::Store(error) => WorkflowError::Store(error),
            LedgerError::Record { id, reason } => WorkflowError::Record { session: id, reason },
            LedgerError::OtherCluster { planned, now } => WorkflowError::OtherCluster { planned, now },
        }
    }
}
