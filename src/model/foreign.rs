//! What a provider sends as an answer, as bytes that anybody may have made.

use super::exchange::{Incoming, Reading};
use super::failure::Failure;
use crate::domain::dialogue::{Message, ModelBlock, OurBlock, Prompt, ToolChoice};
use crate::domain::model_name::{ModelName, Provider};

/// Small, so that the bounds are reached.
const LONGEST: usize = 4 * 1024;

/// The answer of either provider, whole and in pieces, and what goes back of it; then the same bytes as an error.
pub(crate) fn answer(bytes: &[u8]) {
    for provider in Provider::ALL {
        let name = format!("{}/x", provider.as_str());
        for size in [bytes.len().max(1), 7] {
            let mut incoming = Incoming::new(Reading::new(provider, 1, LONGEST), LONGEST);
            let taken = bytes.chunks(size).map(|piece| incoming.take(piece)).find(|taken| !matches!(taken, Ok(false)));
            if matches!(taken, Some(Err(_))) {
                continue;
            }
            if let Ok(reply) = incoming.finish(&name) {
                assert!(reply.blocks.iter().map(held).sum::<usize>() <= LONGEST.saturating_mul(8), "an answer is bounded");
                goes_back(&name, reply.blocks);
            }
        }
    }
    let failure = Failure::of_answer(400, None, bytes);
    let said = failure.quoted(str::to_owned).map(|said| said.as_str().len()).unwrap_or_default();
    assert!(said <= 400, "a quotation is bounded");
}

fn held(block: &ModelBlock) -> usize {
    match block {
        ModelBlock::Text(text) => text.len(),
        ModelBlock::ToolUse(call) => call.input.len(),
        ModelBlock::Opaque(opaque) => opaque.value.len(),
    }
}

fn goes_back(name: &str, blocks: Vec<ModelBlock>) {
    let messages = vec![Message::Ours(vec![OurBlock::Text("a".to_owned())]), Message::Models(blocks)];
    let prompt = Prompt { system: "s".to_owned(), messages, tools: Vec::new(), choice: ToolChoice::Auto, max_output_tokens: 1 };
    if let Some(model) = ModelName::parse(name) {
        let said = [super::anthropic::body(&prompt, &model), super::openai::body(&prompt, &model, super::openai::Dialect::of(true))];
        assert!(said.iter().all(|body| body.is_object()), "a request is an object");
    }
}
