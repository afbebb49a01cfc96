//! One model, and how it is reached.

use super::key::KeySource;
use crate::domain::base_url::BaseUrl;
use crate::domain::model_name::ModelName;
use crate::domain::provider_key::ProviderKey;

/// One model and how it is reached.
#[derive(Debug, Clone)]
pub struct Endpoint {
    /// Which.
    pub name: ModelName,
    /// The root of its API; `None` for its provider's own.
    pub base_url: Option<BaseUrl>,
    /// Sent with every request: the name in lower case, and the value, which may be a credential.
    pub headers: Vec<(String, ProviderKey)>,
    /// Where its key is.
    pub key: KeySource,
}
