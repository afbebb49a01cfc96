//! The operator's models, put together from the configuration. Nothing is connected or read by it.

use crate::clock::{SystemClock, SystemEntropy};
use crate::config::{Config, ModelOptions};
use crate::domain::model_name::ModelName;
use crate::model::{Endpoint, KeySource, Patience, connect};
use crate::ports::{Clock, Entropy, Model};
use crate::workflow::OwnModel;
use std::sync::Arc;

/// One of the models that the operator named, and how it is reached: what was set for the first one's provider is for that provider only,
/// and the key in a provider's usual variable, which other programs of the same shell use, is for that provider's own host only.
pub(super) fn endpoint(options: &ModelOptions, model: &ModelName) -> Endpoint {
    let shared = options.shares(model);
    let base_url = options.base_url.clone().filter(|_| shared);
    let own = base_url.as_ref().is_none_or(|url| url.is_of(model.provider()));
    let key = match (&options.key_file, options.usual_key(model.provider())) {
        (Some(file), _) if shared => KeySource::File(file.clone()),
        _ if shared && options.key_in_headers() => KeySource::None,
        (_, Some(key)) if own => KeySource::Given(key.clone()),
        (_, Some(_) | None) => KeySource::None,
    };
    Endpoint { name: model.clone(), base_url, headers: if shared { options.headers.clone() } else { Vec::new() }, key }
}

/// Whom to ask about what rules leave open; nothing of it is made where no model is set, or where nothing is to be investigated.
pub(super) fn own(config: &Config) -> Option<OwnModel> {
    let options = config.model.as_ref().filter(|_| config.investigate.offers_looks())?;
    let (clock, entropy): (Arc<dyn Clock>, Arc<dyn Entropy>) = (Arc::new(SystemClock), Arc::new(SystemEntropy));
    let endpoints = options.models().map(|model| endpoint(options, model)).collect();
    let patience = Patience { whole: options.budget.time, ..Patience::default() };
    let model = connect(endpoints, patience, &clock, &entropy)?;
    Some(OwnModel::new(model, options.budget, options.daily, options.prices.clone()))
}

/// This one alone.
pub(super) fn one(endpoint: Endpoint, patience: Patience) -> Option<Arc<dyn Model>> {
    let (clock, entropy): (Arc<dyn Clock>, Arc<dyn Entropy>) = (Arc::new(SystemClock), Arc::new(SystemEntropy));
    connect(vec![endpoint], patience, &clock, &entropy)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, Environment, Flags};
    use crate::domain::model_name::Provider;

    fn endpoints(variables: &[(&str, &str)]) -> Vec<Endpoint> {
        let all = [("HOME", "/nowhere"), ("KUBEMEND_MODEL", "openai/large")].into_iter().chain(variables.iter().copied());
        let options = Config::load(&Flags::default(), &Environment::of(all)).unwrap().model.unwrap();
        options.models().map(|model| endpoint(&options, model)).collect()
    }

    /// A key that is for one provider is never sent to another.
    #[test]
    fn what_is_set_for_the_first_provider_is_sent_to_no_other() {
        let all = [
            ("KUBEMEND_MODEL_FALLBACK", "anthropic/small"),
            ("KUBEMEND_MODEL_BASE_URL", "http://127.0.0.1:1/v1"),
            ("KUBEMEND_MODEL_HEADERS", "x-team=sre"),
            ("KUBEMEND_MODEL_KEY_FILE", "/run/key"),
            ("ANTHROPIC_API_KEY", "anthropics"),
            ("OPENAI_API_KEY", "openais"),
        ];
        let [first, second] = endpoints(&all).try_into().unwrap();
        assert_eq!((first.key, first.headers.len(), first.base_url.is_some()), (KeySource::File("/run/key".into()), 1, true));
        assert_eq!(second.name.provider(), Provider::Anthropic);
        let KeySource::Given(key) = second.key else { panic!("{:?}", second.key) };
        assert_eq!((key.for_a_header(), second.headers.len(), second.base_url), ("anthropics", 0, None));
    }

    /// A shell has the key of a provider for other programs, too.
    #[test]
    fn key_in_a_providers_usual_variable_is_sent_to_its_own_host_only() {
        let key = |url| endpoints(&[("OPENAI_API_KEY", "openais"), ("KUBEMEND_MODEL_BASE_URL", url)]).remove(0).key;
        for other in ["http://127.0.0.1:11434/v1", "https://gateway.example.com/v1", "https://openrouter.ai/api/v1"] {
            assert_eq!(key(other), KeySource::None, "{other}");
        }
        assert!(matches!(key("https://eu.api.openai.com/v1"), KeySource::Given(_)));
    }

    #[test]
    fn key_comes_from_the_file_else_from_a_header_else_from_the_usual_variable() {
        let key = |variables: &[(&str, &str)]| endpoints(variables).remove(0).key;
        let (file, header, variable) =
            (("KUBEMEND_MODEL_KEY_FILE", "/run/key"), ("KUBEMEND_MODEL_HEADERS", "API-Key=abc"), ("OPENAI_API_KEY", "openais"));
        assert_eq!(key(&[file, header, variable]), KeySource::File("/run/key".into()));
        assert_eq!(key(&[header, variable]), KeySource::None);
        assert!(matches!(key(&[variable]), KeySource::Given(_)));
        assert_eq!(key(&[]), KeySource::None);
    }
}
