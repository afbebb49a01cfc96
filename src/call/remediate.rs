//! `remediate`: from an issue or a waiting session to a proven fix, or to the question that a human has to answer first.

use super::approval::for_a_human;
use super::arguments::{NAMESPACE_CHARACTERS, OBJECTS, context, parse_as, problem};
use super::error::{CallError, ErrorKind};
use super::schema::input_schema;
use super::subject::{Subject, same_words, subject};
use super::use_cases::UseCases;
use crate::domain::confidence::Confidence;
use crate::domain::id::SessionId;
use crate::domain::investigate::Investigate;
use crate::domain::issue::{ISSUE_LIMIT, Issue};
use crate::domain::limits::{DigestRefusal, Mode};
use crate::domain::plan::{OnFailure, PlanDigest};
use crate::domain::risk::Risk;
use crate::ports::Phase;
use crate::workflow::report::Report;
use crate::workflow::{Caller, Opened, Problem, Question, SessionStage, Wishes, WorkflowError};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

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

#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(inline)]
enum OnFailureArgument {
    Keep,
    Revert,
}

/// As they come in.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RemediateArguments {
    /// What is wrong, in the user's words; this or sessionId
    #[schemars(length(min = 1, max = ISSUE_LIMIT))]
    issue: Option<String>,
    /// From a report: asks again if it awaits approval, looks again if it has ended
    session_id: Option<String>,
    /// Default: what the issue names, else what its objects are in
    #[schemars(length(max = NAMESPACE_CHARACTERS))]
    namespace: Option<String>,
    /// What is affected, each as kind/name
    #[schemars(length(max = OBJECTS))]
    objects: Option<Vec<String>>,
    /// Kubeconfig context on the operator's list; default: the one in use
    context: Option<String>,
    /// manual: always ask. automatic: has an effect only where the operator allows it
    mode: Option<ModeArgument>,
    /// Least confidence to apply without asking; only raises the operator's
    #[schemars(range(min = 0, max = 1))]
    confidence_threshold: Option<f64>,
    /// Highest risk to apply without asking; only lowers the operator's
    max_risk_level: Option<RiskArgument>,
    /// If the fix does not help: keep it, or roll it back
    on_failure: Option<OnFailureArgument>,
    /// With sessionId of an analysis: what you conclude from it. {causes:[{object:"Kind/ns/name",field?,found?,expected?,title,explanation,
    /// confidence,cites:["e1","o2"]}],actions:[{action:"patch",object,set:[{field,value}]}|{action:"scale",object,replicas}|{action:"create",
    /// manifest}|{action:"restart"|"deletePod"|"evict",object}|{action:"undoRollout",object,revision}]}. A human is always asked
    proposal: Option<Map<String, Value>>,
    /// plan.digest of a report, after the user approved its diff; counts only where the operator allows it
    plan_digest: Option<String>,
}

/// What is asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct RemediateRequest {
    /// On which context; `None` is the operator's own.
    pub context: Option<String>,
    /// What is fixed.
    pub subject: Subject,
    /// Words that were given beside a session; they must be its own.
    pub words: Option<Issue>,
    /// How far it may go: a surface gives this to the caller.
    pub wishes: Wishes,
    /// The plan that this call approves by repeating its digest.
    pub digest: Option<PlanDigest>,
    /// What the caller concludes from the session: read by the workflow, which knows what can be cited there.
    pub proposal: Option<Value>,
}

/// What it led to.
#[derive(Debug)]
pub enum Remediated {
    /// It is over, or there is nothing that could be asked.
    Report(Box<Report>),
    /// A human has to answer this.
    Question(Box<Report>, Question),
}

impl From<Opened> for Remediated {
    fn from(Opened { report, question }: Opened) -> Self {
        let report = Box::new(report);
        match question {
            Some(question) => Remediated::Question(report, question),
            None => Remediated::Report(report),
        }
    }
}

impl RemediateArguments {
    fn wishes(&self) -> Result<Wishes, CallError> {
        let threshold =
            |value| Confidence::new(value).ok_or_else(|| CallError::arguments("`confidenceThreshold` must be a number from 0 to 1"));
        Ok(Wishes {
            mode: self.mode.map(|m| match m {
                ModeArgument::Manual => Mode::Manual,
                ModeArgument::Automatic => Mode::Automatic,
            }),
            confidence_threshold: self.confidence_threshold.map(threshold).transpose()?,
            max_risk: self.max_risk_level.map(|r| match r {
                RiskArgument::Low => Risk::Low,
                RiskArgument::Medium => Risk::Medium,
                RiskArgument::High => Risk::High,
            }),
            on_failure: self.on_failure.map(|f| match f {
                OnFailureArgument::Keep => OnFailure::Keep,
                OnFailureArgument::Revert => OnFailure::Revert,
            }),
        })
    }

    fn digest(&self) -> Result<Option<PlanDigest>, CallError> {
        let Some(text) = &self.plan_digest else { return Ok(None) };
        PlanDigest::parse(text).map(Some).ok_or_else(|| {
            CallError::arguments("`planDigest` is not a plan digest")
                .hint("use the `plan.digest` field of a report: `sha256:` and 64 hexadecimal digits")
        })
    }

    /// What is given beside a session's id and would not be heard.
    fn beside_session(&self) -> [(&'static str, bool); 6] {
        [
            ("namespace", self.namespace.is_some()),
            ("objects", self.objects.is_some()),
            ("mode", self.mode.is_some()),
            ("confidenceThreshold", self.confidence_threshold.is_some()),
            ("maxRiskLevel", self.max_risk_level.is_some()),
            ("onFailure", self.on_failure.is_some()),
        ]
    }
}

/// The schema of the arguments: without proposals where the operator wants rules alone.
pub fn remediate_schema(investigate: Investigate) -> Map<String, Value> {
    let mut schema = input_schema::<RemediateArguments>();
    if let Some(arguments) = schema.get_mut("properties").and_then(Value::as_object_mut).filter(|_| !investigate.offers_looks()) {
        arguments.remove("proposal");
    }
    schema
}

impl RemediateRequest {
    /// From the arguments as JSON.
    ///
    /// # Errors
    /// Arguments that cannot be meant.
    pub fn parse(given: Map<String, Value>, investigate: Investigate) -> Result<Self, CallError> {
        // What it is for is said, and not that there is no such argument.
        if given.contains_key("proposal") && !investigate.offers_looks() {
            return Err(WorkflowError::NotOffered.into());
        }
        let arguments: RemediateArguments = parse_as("remediate", &remediate_schema(investigate), given)?;
        let (wishes, digest) = (arguments.wishes()?, arguments.digest()?);
        let (subject, words) = subject(arguments.issue.as_deref(), arguments.session_id.as_deref(), &arguments.beside_session(), || {
            problem(arguments.issue.as_deref(), arguments.namespace.as_deref(), arguments.objects.as_deref().unwrap_or_default())
        })?;
        let proposal = arguments.proposal.map(Value::Object);
        if proposal.is_some() && digest.is_some() {
            return Err(CallError::arguments(
                "`proposal` cannot be combined with `planDigest`: the one that proposes a change does not approve it",
            ));
        }
        if proposal.is_some() && subject.session().is_none() {
            return Err(CallError::arguments("`proposal` needs `sessionId`, the `session` field of the analysis whose evidence it cites"));
        }
        Ok(Self { context: context(arguments.context)?, subject, words, wishes, digest, proposal })
    }
}

/// As far as it goes without a human: to the end, or to the question. `client` is who repeats a digest.
///
/// # Errors
/// Nothing can be read, the session is not one that waits, or the digest is no approval.
pub async fn remediate(
    cases: &dyn UseCases,
    request: &RemediateRequest,
    client: &str,
    caller: &Caller<'_>,
) -> Result<Remediated, CallError> {
    same_words(cases, &request.subject, request.words.as_ref()).await?;
    if let (Subject::Session(id), Some(proposal)) = (&request.subject, &request.proposal) {
        return Ok(cases.conclude(id, proposal, client, caller).await?.into());
    }
    match (&request.subject, &request.digest) {
        (Subject::Session(id), Some(digest)) => by_digest(cases, id, digest, client, caller).await,
        (Subject::Session(id), None) => ask_again(cases, id, caller).await,
        (Subject::Problem(_), Some(digest)) => {
            let id = cases.find_open(digest).await?.ok_or_else(|| {
                CallError::new(ErrorKind::NotFound, "no session with this plan is waiting for approval")
                    .hint("call remediate without `planDigest` to see the current plan")
            })?;
            by_digest(cases, &id, digest, client, caller).await
        }
        (Subject::Problem(problem), None) => open(cases, problem, caller).await,
    }
}

async fn open(cases: &dyn UseCases, problem: &Problem, caller: &Caller<'_>) -> Result<Remediated, CallError> {
    Ok(cases.open(problem, caller).await?.into())
}

/// Asks again about a session that waits, and looks again for one that has ended.
///
/// # Errors
/// There is no such session, or nothing can be read.
pub async fn ask_again(cases: &dyn UseCases, id: &SessionId, caller: &Caller<'_>) -> Result<Remediated, CallError> {
    match cases.stage(id).await? {
        SessionStage::Awaiting => {}
        SessionStage::Underway => return Ok(Remediated::Report(Box::new(cases.show(id).await?))),
        // However it ended, and whatever it came to: what was true then is no answer now, and no ground to act on.
        SessionStage::AtRest => return look_again(cases, id, caller).await,
    }
    let report = Box::new(cases.show(id).await?);
    let question = cases.question(id, caller).await?;
    caller.progress.tell(Phase::AwaitingApproval, "asking again");
    Ok(Remediated::Question(report, question))
}

/// The same words and scope, and a fresh look, since an old one is no ground to act on. Of an undo they are those of the session that it
/// undoes: only a human opens an undo, by a command of its own.
async fn look_again(cases: &dyn UseCases, id: &SessionId, caller: &Caller<'_>) -> Result<Remediated, CallError> {
    open(cases, &cases.problem(id).await?, caller).await
}

/// A second call that repeats the digest; the workflow decides whether it counts.
async fn by_digest(
    cases: &dyn UseCases,
    id: &SessionId,
    digest: &PlanDigest,
    client: &str,
    caller: &Caller<'_>,
) -> Result<Remediated, CallError> {
    let approved = cases.approve_by_digest(id, digest, client, caller).await;
    Ok(Remediated::Report(Box::new(approved.map_err(|error| refused_digest(error, id))?)))
}

/// The workflow's words, with the argument's name and how to go on.
fn refused_digest(error: WorkflowError, id: &SessionId) -> CallError {
    let message = match &error {
        WorkflowError::RepeatedDigest(DigestRefusal::OnlyAHuman) => {
            "`planDigest` does not count as approval here: the operator lets only a human approve".to_owned()
        }
        WorkflowError::RepeatedDigest(DigestRefusal::AboveRisk { risk, allowed }) => {
            format!("this plan's risk is {risk}, and `planDigest` counts as approval up to {allowed} only: a human has to approve it")
        }
        _ => return error.into(),
    };
    let mut refused = CallError::new(ErrorKind::NotAllowed, message)
        .hint("call remediate without `planDigest` to ask the human")
        .hint(format!("or a human runs: {}", for_a_human(id)));
    refused.hints.extend(error.hints());
    refused
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn parsed(given: &Value) -> Result<RemediateRequest, CallError> {
        RemediateRequest::parse(given.as_object().unwrap().clone(), Investigate::Auto)
    }

    #[test]
    fn what_would_not_be_heard_beside_a_session_is_refused() {
        let session = format!("s-{}", "0".repeat(32));
        for beside in [
            json!({"namespace": "x"}),
            json!({"objects": ["pod/x"]}),
            json!({"mode": "manual"}),
            json!({"confidenceThreshold": 0.5}),
            json!({"maxRiskLevel": "low"}),
            json!({"onFailure": "keep"}),
        ] {
            let mut given = beside.clone();
            given["sessionId"] = json!(session);
            let error = parsed(&given).unwrap_err();
            assert_eq!(error.kind, ErrorKind::InvalidArguments);
            assert!(error.message.contains("cannot be combined with `sessionId`"), "{beside}: {}", error.message);
        }
        assert!(parsed(&json!({"sessionId": session, "context": "test"})).is_ok());
    }

    #[test]
    fn proposal_is_taken_with_its_session_alone_and_only_where_it_is_offered() {
        let session = format!("s-{}", "0".repeat(32));
        let given = json!({"sessionId": session, "proposal": {"causes": []}});
        assert_eq!(parsed(&given).unwrap().proposal, Some(json!({"causes": []})));
        let digest = format!("sha256:{}", "ab".repeat(32));
        for (other, part) in [
            (json!({"issue": "x", "proposal": {}}), "needs `sessionId`"),
            (json!({"sessionId": session, "proposal": {}, "planDigest": digest}), "does not approve it"),
            (json!({"sessionId": session, "proposal": "x"}), "`proposal`"),
        ] {
            let error = parsed(&other).unwrap_err();
            assert!(error.message.contains(part), "{other}: {}", error.message);
        }
        let never = RemediateRequest::parse(given.as_object().unwrap().clone(), Investigate::Never).unwrap_err();
        assert!(never.kind == ErrorKind::NotAllowed && never.text().contains("investigate"), "{}", never.text());
        let offers = |investigate| remediate_schema(investigate)["properties"].as_object().unwrap().contains_key("proposal");
        assert!(offers(Investigate::Auto) && !offers(Investigate::Never));
    }

    #[test]
    fn a_refused_digest_says_how_a_human_approves() {
        let id = SessionId::from_entropy([2; 16]);
        let error = refused_digest(WorkflowError::RepeatedDigest(DigestRefusal::OnlyAHuman), &id);
        assert_eq!(error.kind, ErrorKind::NotAllowed);
        assert!(error.text().contains(&format!("kubemend approve {id}")) && error.text().contains("the operator's decision"));
    }
}
