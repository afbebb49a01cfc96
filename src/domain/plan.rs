//! The plan: nothing left to choose. Every step holds the bytes that will be sent.

use super::action::Action;
use super::cause::CauseKey;
use super::check::Check;
use super::id::PlanId;
use super::nonempty::NonEmpty;
use super::request::Request;
use super::risk::Risk;
use sha2::{Digest, Sha256};
use std::fmt;

/// The annotation that every change carries: `PLAN/STEP`, so that a later look can tell what was done.
pub const STAMP: &str = "kubemend.dev/applied";

/// What must be true of the object for the step to be sent and accepted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Precondition {
    /// The object's uid; absent for an object that must not exist.
    pub uid: Option<String>,
    /// Its resource version, where any change at all must refuse the step.
    pub resource_version: Option<String>,
    /// Fields and their present values, as text.
    pub fields: Vec<(String, String)>,
}

/// How a step is taken back.
#[derive(Debug, Clone, PartialEq)]
pub enum Undo {
    /// By sending this, which the object refuses if somebody changed it since.
    Restore {
        /// The bytes.
        request: Request,
        /// In words.
        summary: String,
    },
    /// It is not taken back by kubemend.
    None {
        /// Why, and what a human would do.
        why: String,
    },
}

impl Undo {
    /// In words.
    pub fn summary(&self) -> &str {
        match self {
            Undo::Restore { summary, .. } => summary,
            Undo::None { why } => why,
        }
    }
}

/// What happens when validation says that it did not help.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnFailure {
    /// The change stays.
    #[default]
    Keep,
    /// Every step is undone, as far as it has an undo.
    Revert,
}

impl OnFailure {
    /// `keep` or `revert`.
    pub fn as_str(self) -> &'static str {
        match self {
            OnFailure::Keep => "keep",
            OnFailure::Revert => "revert",
        }
    }
}

/// One change of the plan.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// The change, in our words.
    pub action: Action,
    /// Why it helps.
    pub why: String,
    /// The change, in bytes.
    pub request: Request,
    /// The change, as a unified diff of YAML.
    pub diff: String,
    /// Computed; never below the action's floor.
    pub risk: Risk,
    /// What must be true for it to be sent.
    pub precondition: Precondition,
    /// How it is taken back.
    pub undo: Undo,
    /// What a human would type instead.
    pub command: String,
}

/// What will be done and how it will be judged.
#[derive(Debug, Clone, PartialEq)]
pub struct RemediationPlan {
    /// Stands in the stamp; not part of the digest.
    pub id: PlanId,
    /// Which cause it is for.
    pub cause: CauseKey,
    /// One or two sentences.
    pub summary: String,
    /// The changes in order; the first that fails ends the plan.
    pub steps: NonEmpty<Step>,
    /// What must hold afterwards.
    pub checks: NonEmpty<Check>,
    /// What happens when it did not help.
    pub on_failure: OnFailure,
    /// uid of the cluster's `kube-system` namespace where readable, else the server's address: a plan fits one cluster.
    pub cluster: String,
}

/// SHA-256 over everything but ids and times: what a human approves.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PlanDigest(String);

impl PlanDigest {
    /// Takes text back in: `sha256:` and 64 hexadecimal digits.
    pub fn parse(text: &str) -> Option<Self> {
        let hex = text.strip_prefix("sha256:")?;
        (hex.len() == 64 && hex.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))).then(|| Self(text.to_owned()))
    }

    /// The digest as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PlanDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl RemediationPlan {
    /// The highest risk of any step.
    pub fn risk(&self) -> Risk {
        self.steps.iter().map(|s| s.risk.max(s.action.floor())).max().unwrap_or(Risk::High)
    }

    /// Covers everything that a human decides on: cluster, cause, summary, every step with its bytes, reason, diff, command,
    /// preconditions, undo and risk, the checks, and what happens on failure.
    /// The plan's id, which the stamp in the bytes carries, is masked: the same change has the same digest tomorrow.
    pub fn digest(&self) -> PlanDigest {
        let mut hash = Sha256::new();
        // Length before content: no two different plans run together into the same bytes.
        let mut field = |text: &str| {
            let masked = text.replace(self.id.as_str(), "PLAN");
            hash.update((masked.len() as u64).to_be_bytes());
            hash.update(masked.as_bytes());
        };
        field("kubemend plan 2");
        field(&self.cluster);
        field(self.cause.source.code());
        field(&self.cause.object.to_string());
        field(&self.cause.field.as_ref().map(ToString::to_string).unwrap_or_default());
        field(&self.summary);
        field(self.on_failure.as_str());
        for step in self.steps.iter() {
            field("step");
            field(step.action.verb());
            field(&step.action.target().to_string());
            for text in [step.request.method.as_str(), &step.request.path, &step.request.body, &step.diff, step.risk.as_str()] {
                field(text);
            }
            field(&step.why);
            field(&step.command);
            let pinned = &step.precondition;
            for text in [&pinned.uid, &pinned.resource_version] {
                field(text.as_deref().unwrap_or("unpinned"));
            }
            for (path, value) in &pinned.fields {
                field("pin");
                field(path);
                field(value);
            }
            match &step.undo {
                Undo::Restore { request, summary } => {
                    field("restore");
                    field(summary);
                    for text in [request.method.as_str(), &request.path, &request.body] {
                        field(text);
                    }
                }
                Undo::None { why } => field(why),
            }
        }
        for check in self.checks.iter() {
            field("check");
            field(check.what());
            field(&check.object().to_string());
            if let Check::FindingGone { field: Some(path), .. } = check {
                field(&path.to_string());
            }
            field(&check.expectation());
        }
        let hex: String = hash.finalize().iter().map(|b| format!("{b:02x}")).collect();
        PlanDigest(format!("sha256:{hex}"))
    }
}
