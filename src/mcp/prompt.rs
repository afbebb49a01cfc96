//! The prompt `fix`: what a person types as a command of their client becomes a request for the right tool.

use super::error::quoted;
use crate::domain::issue::ISSUE_LIMIT;
use rmcp::ErrorData;
use rmcp::model::{GetPromptRequestParams, GetPromptResult, Prompt, PromptArgument, PromptMessage, Role};
use serde_json::Value;

const FIX: &str = "fix";
const ISSUE: &str = "issue";

/// The prompts.
pub(crate) fn prompts() -> Vec<Prompt> {
    let issue = PromptArgument::new(ISSUE)
        .with_title("What is wrong")
        .with_description("In your own words, such as: my database is down in a-team")
        .with_required(true);
    vec![
        Prompt::new(
            FIX,
            Some("Find why something in Kubernetes is broken, show the fix, ask you, apply it and check that it helped"),
            Some(vec![issue]),
        )
        .with_title("Fix something in Kubernetes"),
    ]
}

/// The messages of a prompt.
pub(crate) fn get(params: &GetPromptRequestParams) -> Result<GetPromptResult, ErrorData> {
    if params.name != FIX {
        let name = quoted(&params.name);
        return Err(ErrorData::invalid_params(format!("there is no prompt `{name}`; the prompt is `{FIX}`"), None));
    }
    let words: String = params
        .arguments
        .iter()
        .filter_map(|arguments| arguments.get(ISSUE))
        .filter_map(Value::as_str)
        .flat_map(|words| words.trim().chars().take(ISSUE_LIMIT))
        .collect();
    if words.is_empty() {
        return Err(ErrorData::invalid_params(
            format!("`{ISSUE}` is empty; it is what is wrong, such as \"my database is down in a-team\""),
            None,
        ));
    }
    let text = format!(
        "Something in Kubernetes is broken. Call the kubemend tool `remediate` with everything that I typed behind this command as `issue`. \
         Some clients pass on only the first word of it; what came here is:\n\n{words}\n\n\
         It asks me itself before anything is changed. Do not apply a fix by other means. Afterwards say what was wrong, what was changed, \
         whether it helped, and what could not be read."
    );
    Ok(GetPromptResult::new(vec![PromptMessage::new_text(Role::User, text)]).with_description("Fix something in Kubernetes"))
}
