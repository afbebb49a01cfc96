//! `remediate`: from an issue or a waiting session to a proven fix; asks the human in the way that the client leaves open.

use crate::call::{CallError, RemediateRequest, Remediated, UseCases, carry_out, connect_to, remediate};
use crate::mcp::consent::{Channel, bound_to, client_name};
use crate::mcp::tool_call::{ToolCall, ToolResponse};
use crate::workflow::report::Report;
use crate::workflow::{Approver, Caller, Question};

pub(super) const DESCRIPTION: &str = "Fix a broken Kubernetes workload: find the cause, dry-run a plan, ask the human, apply exactly \
what was shown, watch whether it helps. Nothing changes without approval. Status awaitingApproval: show the plan and how to approve it. Options only tighten operator limits.";

pub(super) async fn run(call: ToolCall<'_>) -> Result<ToolResponse, CallError> {
    let bound = bound_to("remediate", &call.arguments);
    let request = RemediateRequest::parse(call.arguments.clone())?;
    let caller = call.caller().with_wishes(request.wishes.clone());
    let client = client_name(call.request);

    if let Some(state) = &call.state {
        let (pending, answer) = call.desk.redeem(state, &bound, call.answers.as_ref())?;
        let cases = call.backend.remediation_of(&pending.session, request.context.as_deref()).await?;
        return Ok(carry_out(cases.as_ref(), &pending, answer, Approver::Client(client), &caller).await?.into());
    }
    let cases = connect_to(call.backend, request.session(), request.context.as_deref(), &caller).await?;
    match remediate(cases.as_ref(), &request, &client, &caller).await? {
        Remediated::Report(report) => Ok(report.into()),
        Remediated::Question(report, question) => ask_human(&call, cases.as_ref(), report, question, &bound, &caller).await,
    }
}

/// Puts the question to the human, in the way that operator and client leave open; where there is none, the plan is all that comes.
async fn ask_human(
    call: &ToolCall<'_>,
    cases: &dyn UseCases,
    report: Box<Report>,
    question: Question,
    bound: &[u8],
    caller: &Caller<'_>,
) -> Result<ToolResponse, CallError> {
    if question.digest_counts {
        return Ok(ToolResponse::Report { report, digest_counts: true });
    }
    match Channel::of(call.request) {
        Channel::None => Ok(report.into()),
        Channel::InputRequired => Ok(ToolResponse::InputRequired(call.desk.input_required(question, bound)?)),
        Channel::Elicitation => {
            let answer = call.desk.elicit(call.request, call.gone, &question).await?;
            let by = Approver::Client(client_name(call.request));
            Ok(carry_out(cases, &question.into(), answer, by, caller).await?.into())
        }
    }
}
