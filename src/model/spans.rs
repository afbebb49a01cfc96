//! The span of one question to a model, with OpenTelemetry's names for generative AI. It has counts and names of the operator's own
//! configuration: no prompt, no answer, and nothing of a cluster.

use crate::domain::dialogue::{Prompt, Reply};
use crate::domain::model_name::ModelName;
use crate::ports::ModelFault;
use tracing::Span;
use tracing::field::Empty;

/// `chat {model}`, from the request to the whole answer, with every attempt in between.
pub(super) fn chat(model: &ModelName, prompt: &Prompt) -> Span {
    tracing::info_span!(
        "chat",
        otel.name = format!("chat {}", model.name()),
        otel.kind = "client",
        otel.status_code = Empty,
        gen_ai.operation.name = "chat",
        gen_ai.provider.name = model.provider().as_str(),
        gen_ai.request.model = model.name(),
        gen_ai.request.max_tokens = prompt.max_output_tokens,
        gen_ai.usage.input_tokens = Empty,
        gen_ai.usage.output_tokens = Empty,
        gen_ai.usage.cache_read.input_tokens = Empty,
        "error.type" = Empty,
    )
}

/// What came of it.
pub(super) fn answered(span: &Span, answered: &Result<Reply, ModelFault>) {
    match answered {
        Ok(Reply { tokens: Some(tokens), .. }) => {
            span.record("gen_ai.usage.input_tokens", tokens.input);
            span.record("gen_ai.usage.output_tokens", tokens.output);
            span.record("gen_ai.usage.cache_read.input_tokens", tokens.cached);
        }
        Ok(Reply { tokens: None, .. }) => {}
        Err(fault) => {
            span.record("error.type", fault.kind.to_string());
            span.record("otel.status_code", "ERROR");
        }
    }
}
