//! Models one after the other: the next is asked where those before gave no answer, whatever the reason.

use crate::domain::dialogue::{Prompt, Reply, Wasted};
use crate::domain::excerpt::Excerpt;
use crate::ports::{Model, ModelFault, ModelFaultKind};
use async_trait::async_trait;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// See the module.
pub(super) struct Chain {
    first: Arc<dyn Model>,
    rest: Vec<Arc<dyn Model>>,
}

impl Chain {
    pub(super) fn new(first: Arc<dyn Model>, rest: Vec<Arc<dyn Model>>) -> Self {
        Self { first, rest }
    }
}

#[async_trait]
impl Model for Chain {
    /// The first one's: a reply says which of them gave it.
    fn name(&self) -> &str {
        self.first.name()
    }

    async fn complete(&self, prompt: &Prompt, cancelled: &CancellationToken) -> Result<Reply, ModelFault> {
        let mut faults: Vec<ModelFault> = Vec::new();
        // What was asked in vain may have cost something, whoever answers at last.
        let mut lost: Vec<Wasted> = Vec::new();
        for model in [&self.first].into_iter().chain(&self.rest) {
            match model.complete(prompt, cancelled).await {
                Ok(mut reply) => {
                    reply.lost.extend(lost);
                    return Ok(reply);
                }
                Err(mut fault) if fault.kind == ModelFaultKind::Cancelled => {
                    fault.lost.extend(lost);
                    return Err(fault);
                }
                Err(mut fault) => {
                    tracing::warn!("{fault}");
                    lost.append(&mut fault.lost);
                    faults.push(fault);
                }
            }
        }
        let mut faults = faults.into_iter();
        let Some(first) = faults.next() else { return self.first.complete(prompt, cancelled).await };
        let said = first.said.iter().map(ToString::to_string).chain(faults.map(|fault| fault.to_string())).collect::<Vec<_>>().join("; ");
        Err(ModelFault { said: (!said.is_empty()).then(|| Excerpt::line(&said)), lost, ..first })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::dialogue::ToolChoice;
    use crate::ports::scripted::{ScriptedModel, says};

    fn prompt() -> Prompt {
        Prompt { system: String::new(), messages: Vec::new(), tools: Vec::new(), choice: ToolChoice::Auto, max_output_tokens: 1 }
    }

    async fn asked(answers: [Result<Reply, ModelFaultKind>; 2]) -> (Result<Reply, ModelFault>, usize) {
        let [first, second] = answers.map(|answer| Arc::new(ScriptedModel::answering([answer])));
        let answered = Chain::new(first, vec![second.clone()]).complete(&prompt(), &CancellationToken::new()).await;
        (answered, second.asked().len())
    }

    #[tokio::test]
    async fn next_is_asked_where_the_first_gives_no_answer_and_only_there() {
        let (answered, second) = asked([Ok(says("first")), Ok(says("second"))]).await;
        assert_eq!((answered.unwrap().text().as_str(), second), ("first", 0));
        for kind in [ModelFaultKind::Auth, ModelFaultKind::Overloaded, ModelFaultKind::ContextTooLong, ModelFaultKind::Refused] {
            let (answered, second) = asked([Err(kind), Ok(says("second"))]).await;
            assert_eq!((answered.unwrap().text().as_str(), second), ("second", 1));
        }
        let (answered, second) = asked([Err(ModelFaultKind::Cancelled), Ok(says("second"))]).await;
        assert_eq!((answered.unwrap_err().kind, second), (ModelFaultKind::Cancelled, 0));
    }

    #[tokio::test]
    async fn where_all_fail_the_fault_is_the_firsts_and_names_the_others() {
        let (answered, _) = asked([Err(ModelFaultKind::Auth), Err(ModelFaultKind::Overloaded)]).await;
        let fault = answered.unwrap_err();
        assert_eq!(fault.kind, ModelFaultKind::Auth);
        assert_eq!(
            fault.to_string(),
            "openai/scripted: the provider does not accept the key: openai/scripted: the provider is overloaded or failing"
        );
    }
}
