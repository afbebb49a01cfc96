//! The spans of an investigation, with OpenTelemetry's names for generative AI. They have counts, ids and names of this program's own: no
//! text of a cluster, of a model or of a person is in them.

use crate::domain::id::SessionId;
use crate::domain::look::ProbeName;
use crate::domain::usage::Usage;
use std::future::Future;
use tracing::field::Empty;
use tracing::{Instrument, Span};

/// `invoke_agent kubemend`: an investigation from its first question to its end.
pub(super) fn invoke_agent(session: &SessionId) -> Span {
    tracing::info_span!(
        "invoke_agent",
        otel.name = "invoke_agent kubemend",
        gen_ai.operation.name = "invoke_agent",
        gen_ai.agent.name = "kubemend",
        gen_ai.conversation.id = session.as_str(),
        gen_ai.usage.input_tokens = Empty,
        gen_ai.usage.output_tokens = Empty,
        gen_ai.usage.cache_read.input_tokens = Empty,
    )
}

/// What the investigation took.
pub(super) fn took(span: &Span, before: Usage, after: Usage) {
    span.record("gen_ai.usage.input_tokens", after.input_tokens.saturating_sub(before.input_tokens));
    span.record("gen_ai.usage.output_tokens", after.output_tokens.saturating_sub(before.output_tokens));
    span.record("gen_ai.usage.cache_read.input_tokens", after.cached_tokens.saturating_sub(before.cached_tokens));
}

/// `execute_tool {probe}`: one look, whoever wants it.
pub(super) fn execute_tool(probe: ProbeName) -> Span {
    tracing::info_span!(
        "execute_tool",
        otel.name = format!("execute_tool {}", probe.as_str()),
        otel.status_code = Empty,
        gen_ai.operation.name = "execute_tool",
        gen_ai.tool.name = probe.as_str(),
        "gen_ai.tool.type" = "function",
        "error.type" = Empty,
    )
}

/// That a look brought nothing, as one of a few words.
pub(super) fn failed(span: &Span, why: &'static str) {
    span.record("error.type", why);
    span.record("otel.status_code", "ERROR");
}

/// Work in a span.
pub(super) async fn within<T>(span: &Span, work: impl Future<Output = T>) -> T {
    // On the heap: without optimization what follows a call is deep enough for a thread's stack as it is.
    Box::pin(work).instrument(span.clone()).await
}
