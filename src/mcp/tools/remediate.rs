//! `remediate`: from an issue or a waiting session to a proven fix, with a human's yes in between.

use super::{Call, Name, Outcome, ask, context, parse, session};
use crate::domain::confidence::Confidence;
use crate::domain::id::SessionId;
use crate::domain::limits::{Consent, Mode};
use crate::domain::plan::{OnFailure, PlanDigest};
use crate::domain::risk::Risk;
use crate::mcp::backend::{UseCases, Yes};
use crate::mcp::consent::{Answer, Channel, Place, client_name};
use crate::mcp::error::ToolError;
use crate::ports::Phase;
use crate::workflow::report::{Report, Status};
use crate::workflow::{Approver, Question, Wishes};
use schemars::JsonSchema;
use serde::Deserialize;

pub(super) const DESCRIPTION: &str = "Find the cause, plan the fix, ask the human, apply exactly what was shown and watch until it \
helped. Nothing is changed without a yes. Status awaitingApproval: show the plan and how to approve it. Options only tighten the operator's limits.";

#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(inline)]
enum ModeArgument {
    Manual,
    Automatic,
}

#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(inline)]
enum RiskArgument {
    Low,
    Medium,
    High,
}

impl From<RiskArgument> for Risk {
    fn from(given: RiskArgument) -> Self {
        match given {
            RiskArgument::Low => Risk::Low,
            RiskArgument::Medium => Risk::Medium,
            RiskArgument::High => Risk::High,
        }
    }
}

#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(inline)]
enum OnFailureArgument {
    Keep,
    Revert,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Arguments {
    /// What is wrong, in the user's words; this or sessionId
    #[schemars(length(min = 1, max = 2000))]
    issue: Option<String>,
    /// A session that waits for approval: asks again
    session_id: Option<String>,
    #[schemars(length(max = 63))]
    namespace: Option<String>,
    /// kind/name
    #[schemars(length(max = 20))]
    objects: Option<Vec<String>>,
    context: Option<String>,
    mode: Option<ModeArgument>,
    #[schemars(range(min = 0, max = 1))]
    confidence_threshold: Option<f64>,
    max_risk_level: Option<RiskArgument>,
    /// If the fix does not help
    on_failure: Option<OnFailureArgument>,
    /// Approves this plan, where the operator allows it
    plan_digest: Option<String>,
}

impl Arguments {
    fn wishes(&self) -> Result<Wishes, ToolError> {
        let confidence_threshold = match self.confidence_threshold {
            Some(value) => {
                Some(Confidence::new(value).ok_or_else(|| ToolError::arguments("`confidenceThreshold` is a number from 0 to 1"))?)
            }
            None => None,
        };
        Ok(Wishes {
            mode: self.mode.map(|m| match m {
                ModeArgument::Manual => Mode::Manual,
                ModeArgument::Automatic => Mode::Automatic,
            }),
            confidence_threshold,
            max_risk: self.max_risk_level.map(Risk::from),
            on_failure: self.on_failure.map(|f| match f {
                OnFailureArgument::Keep => OnFailure::Keep,
                OnFailureArgument::Revert => OnFailure::Revert,
            }),
        })
    }

    fn digest(&self) -> Result<Option<PlanDigest>, ToolError> {
        let Some(text) = &self.plan_digest else { return Ok(None) };
        PlanDigest::parse(text).map(Some).ok_or_else(|| {
            ToolError::arguments("`planDigest` is not a plan's digest").hint("a report's `plan.digest` is: sha256: and 64 digits")
        })
    }

    /// What is given beside a session's id and would not be heard.
    fn beside_session(&self) -> Option<&'static str> {
        [
            ("namespace", self.namespace.is_some()),
            ("objects", self.objects.is_some()),
            ("mode", self.mode.is_some()),
            ("confidenceThreshold", self.confidence_threshold.is_some()),
            ("maxRiskLevel", self.max_risk_level.is_some()),
            ("onFailure", self.on_failure.is_some()),
        ]
        .into_iter()
        .find_map(|(name, given)| given.then_some(name))
    }
}

pub(super) async fn run(call: Call<'_>) -> Result<Outcome, ToolError> {
    let bound = crate::mcp::consent::bound_to(Name::Remediate, &call.arguments);
    let arguments: Arguments = parse(Name::Remediate, call.arguments.clone())?;
    let wishes = arguments.wishes()?;
    let digest = arguments.digest()?;
    let context = context(arguments.context.as_deref())?;

    if let Some(state) = &call.state {
        let (place, answer) = call.desk.redeem(state, &bound, call.answers.as_ref())?;
        let cases = call.backend.remediation(context).await?;
        return carry_out(&call, cases.as_ref(), &place, answer).await.map(Outcome::from);
    }

    call.progress.tell(Phase::Connecting, "");
    let cases = call.backend.remediation(context).await?;
    let cases = cases.as_ref();
    let (report, question) = match (&arguments.session_id, &arguments.issue) {
        (Some(id), None) => {
            if let Some(name) = arguments.beside_session() {
                return Err(ToolError::arguments(format!("`{name}` does not go with `sessionId`: the session was opened with it")));
            }
            let id = session(id)?;
            if let Some(digest) = digest {
                return repeat(&call, cases, &id, &digest, &wishes).await;
            }
            let report = cases.show(&id).await?;
            if report.status != Status::AwaitingApproval {
                return Ok(report.into());
            }
            let question = cases.question(&id).await?;
            call.progress.tell(Phase::AwaitingApproval, "asking again");
            (report, Some(question))
        }
        (None, Some(issue)) => {
            let ask = ask(Some(issue.clone()), arguments.namespace.clone(), arguments.objects.clone().unwrap_or_default())?;
            if let Some(digest) = digest {
                let id = cases.find_open(&digest).await?.ok_or_else(|| {
                    ToolError::new("no session waits for approval with this plan")
                        .hint("call remediate without `planDigest` to see the plan as it is now")
                })?;
                return repeat(&call, cases, &id, &digest, &wishes).await;
            }
            let opened = cases.open(&ask, &wishes, call.progress, &call.request.ct).await?;
            (opened.report, opened.question)
        }
        (Some(_), Some(_)) | (None, None) => {
            return Err(ToolError::arguments("give either `issue`, what is wrong, or `sessionId`, a session that waits for approval"));
        }
    };
    match question {
        Some(question) => put(&call, cases, report, question, &bound).await,
        None => Ok(report.into()),
    }
}

/// Puts the question to the human, in the way that operator and client leave open; where there is none, the plan is all that comes.
async fn put(call: &Call<'_>, cases: &dyn UseCases, report: Report, question: Question, bound: &[u8]) -> Result<Outcome, ToolError> {
    if repeat_counts(cases, &report) {
        return Ok(Outcome::Report { report: Box::new(report), repeat_digest: true });
    }
    match Channel::of(call.request) {
        Channel::None => Ok(report.into()),
        Channel::InputRequired => Ok(Outcome::Ask(call.desk.input_required(question, bound)?)),
        Channel::Elicitation => {
            let Some(answer) = call.desk.elicit(call.request, call.gone, &question).await? else {
                // Nobody answered in time, or nobody is there: the session says what became of it.
                return Ok(cases.show(&question.session).await?.into());
            };
            let place = Place { session: question.session, digest: question.digest, token: question.token };
            carry_out(call, cases, &place, answer).await.map(Outcome::from)
        }
    }
}

/// Does what the human said. The only place in this surface that says yes for a human.
async fn carry_out(call: &Call<'_>, cases: &dyn UseCases, place: &Place, answer: Answer) -> Result<Report, ToolError> {
    let by = Approver::Client(client_name(call.request));
    match answer {
        Answer::No => {
            let report = cases.decline(&place.session, by).await?;
            call.progress.tell(Phase::Done, report.status.as_str());
            Ok(report)
        }
        Answer::Yes => {
            // The answer may have come after the call was taken back: rmcp delivers it all the same.
            if call.request.ct.is_cancelled() {
                return Err(ToolError::cancelled());
            }
            let yes = Yes { session: &place.session, token: &place.token, digest: &place.digest, by };
            Ok(cases.approve(yes, call.progress, &call.request.ct).await?)
        }
    }
}

/// Whether the operator lets a second call approve this plan.
fn repeat_counts(cases: &dyn UseCases, report: &Report) -> bool {
    let limits = cases.limits();
    let risk = report.plan.as_ref().and_then(|plan| Risk::parse(&plan.risk));
    limits.consent == Consent::Client && risk.is_some_and(|risk| risk <= limits.client_max_risk)
}

/// A second call that repeats the digest.
async fn repeat(call: &Call<'_>, cases: &dyn UseCases, id: &SessionId, digest: &PlanDigest, wishes: &Wishes) -> Result<Outcome, ToolError> {
    let limits = cases.limits();
    if limits.consent != Consent::Client {
        return Err(ToolError::new("`planDigest` does not count as approval here: the operator lets only a human approve")
            .hint("call remediate without `planDigest`, and the human is asked")
            .hint(format!("or a human runs: kubemend approve {id}"))
            .hint("the operator can allow it with KUBEMEND_CONSENT=client, up to the risk KUBEMEND_CLIENT_MAX_RISK"));
    }
    let report = cases.show(id).await?;
    let allowed = wishes.max_risk.map_or(limits.client_max_risk, |w| w.min(limits.client_max_risk));
    let risk = report.plan.as_ref().and_then(|plan| Risk::parse(&plan.risk)).unwrap_or(Risk::High);
    if risk > allowed {
        return Err(ToolError::new(format!(
            "this plan's risk is {risk}, and `planDigest` counts as approval up to {allowed} only: a human has to approve it"
        ))
        .hint("call remediate without `planDigest`, and the human is asked")
        .hint(format!("or a human runs: kubemend approve {id}")));
    }
    let question = cases.question(id).await?;
    if question.digest != *digest {
        return Err(crate::workflow::WorkflowError::DigestMismatch.into());
    }
    if call.request.ct.is_cancelled() {
        return Err(ToolError::cancelled());
    }
    let by = Approver::Digest(client_name(call.request));
    let yes = Yes { session: id, token: &question.token, digest, by };
    Ok(cases.approve(yes, call.progress, &call.request.ct).await?.into())
}
