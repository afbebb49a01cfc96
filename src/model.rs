//! Adapter: language models of the operator's provider, asked over HTTP. Nothing of it runs where no model is configured: a connection,
//! the system's certificates and the key are read at the first prompt.

mod anthropic;
mod attempts;
mod bill;
mod chain;
mod connection;
mod endpoint;
mod exchange;
mod failure;
#[cfg(any(test, fuzzing))]
pub(crate) mod foreign;
mod key;
mod openai;
mod patience;
mod provider;
mod spans;
mod sse;
mod value;

use crate::ports::{Clock, Entropy, Model};
use std::sync::Arc;

#[cfg(feature = "otlp")]
pub(crate) use connection::{HttpsClient, https_client};
pub use endpoint::Endpoint;
pub use key::{KeyFault, KeySource};
pub use patience::Patience;

/// The models in the order in which they are asked: the next one where those before gave no answer. `None` for none.
pub fn connect(endpoints: Vec<Endpoint>, patience: Patience, clock: &Arc<dyn Clock>, entropy: &Arc<dyn Entropy>) -> Option<Arc<dyn Model>> {
    let mut models = endpoints
        .into_iter()
        .map(|endpoint| -> Arc<dyn Model> { Arc::new(provider::ProvidersModel::new(endpoint, patience, clock.clone(), entropy.clone())) });
    let first = models.next()?;
    let rest: Vec<Arc<dyn Model>> = models.collect();
    Some(if rest.is_empty() { first } else { Arc::new(chain::Chain::new(first, rest)) })
}
