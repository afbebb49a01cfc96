//! What `doctor` says of the operator's models: what is missing before one can be asked, and, where that is wanted, whether it answers.

use super::super::endpoints::{endpoint, one};
use crate::cli::doctor::Line;
use crate::config::ModelOptions;
use crate::domain::dialogue::{Message, OurBlock, Prompt, ToolChoice};
use crate::domain::model_name::ModelName;
use crate::model::{KeySource, Patience};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// A call that is only to show whether there is an answer.
const PATIENCE: Duration = Duration::from_secs(60);
/// What to do where there is none.
const OWN_KEY: &str = "set `model-key-file` to a file that contains it";
/// Some models think before their first word, and that counts.
const TOKENS: u32 = 256;

/// A line for each model.
pub(super) async fn lines(options: Option<&ModelOptions>, call: bool, cancel: &CancellationToken) -> Vec<Line> {
    let Some(options) = options else {
        return vec![Line::ok("model", "none: diagnoses come from rules only")];
    };
    let mut lines = Vec::new();
    for model in options.models() {
        let line = line(options, model).await;
        let usable = line.level < crate::cli::doctor::Level::Fail;
        lines.push(line);
        if call && usable {
            lines.push(called(options, model, cancel).await);
        }
    }
    lines
}

/// What is set for a model, and what is missing.
async fn line(options: &ModelOptions, model: &ModelName) -> Line {
    let endpoint = endpoint(options, model);
    let place = endpoint.base_url.as_ref().map_or_else(|| "its provider's own API".to_owned(), |url| format!("`{}`", url.authority()));
    let variable = model.provider().key_variable();
    if let Err(fault) = endpoint.key.read().await {
        return Line::fail(
            "model",
            format!("`{model}`: {fault}"),
            vec!["write the API key into it, and let only its owner read it".to_owned()],
        );
    }
    let key = match &endpoint.key {
        KeySource::File(file) => format!("key in `{}`", file.display()),
        KeySource::Given(_) => format!("key in {variable}"),
        KeySource::None if options.shares(model) && options.key_in_headers() => "key in `model-headers`".to_owned(),
        KeySource::None if endpoint.base_url.is_some() => {
            let unsent = options.usual_key(model.provider()).map(|_| format!(", and {variable} is sent to the provider's own host only"));
            let text = format!("`{model}` at {place}: requests contain no API key{}", unsent.unwrap_or_default());
            return Line::warn("model", text, vec![format!("{OWN_KEY}, or in KUBEMEND_MODEL_HEADERS, if the server needs one")]);
        }
        KeySource::None => {
            return Line::fail("model", format!("`{model}` at {place}: there is no API key"), vec![format!("{OWN_KEY}, or {variable}")]);
        }
    };
    Line::ok("model", format!("`{model}` at {place}, {key}"))
}

/// One call, as short as it can be.
async fn called(options: &ModelOptions, model: &ModelName, cancel: &CancellationToken) -> Line {
    let patience = Patience { whole: PATIENCE, ..Patience::default() };
    let Some(asked) = one(endpoint(options, model), patience) else { return Line::ok("model call", "no model") };
    let prompt = Prompt {
        system: "Answer with one word.".to_owned(),
        messages: vec![Message::Ours(vec![OurBlock::Text("Say: ready".to_owned())])],
        tools: Vec::new(),
        choice: ToolChoice::Auto,
        max_output_tokens: TOKENS,
    };
    match asked.complete(&prompt, cancel).await {
        Err(fault) => {
            let todo = fault.hints().into_iter().filter(|hint| !hint.contains("kubemend doctor")).collect();
            Line::fail("model call", fault.to_string(), todo)
        }
        Ok(reply) => {
            let used = reply.tokens.map_or_else(
                || "the provider reports no token usage".to_owned(),
                |tokens| {
                    let cost = options.prices.cost(&reply.model, tokens).map(|cost| format!(", {cost}")).unwrap_or_default();
                    format!("{} tokens in, {} out{cost}", tokens.input, tokens.output)
                },
            );
            Line::ok("model call", format!("`{model}` answers; {used}"))
        }
    }
}
