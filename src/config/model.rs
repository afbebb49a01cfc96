//! The operator's model: which, where it answers, and where its key is. Nothing that may be a credential is quoted, whatever is wrong.

use super::environment::Environment;
use super::options::{ConfigError, Given};
use crate::domain::base_url::{BaseUrl, NotAUrl};
use crate::domain::budget::{Budget, Daily};
use crate::domain::model_name::{ModelName, Provider};
use crate::domain::prices::{Cost, Prices, dollars};
use crate::domain::provider_key::ProviderKey;
use crate::domain::secrets::names_one;
use std::path::PathBuf;
use std::time::Duration;

/// What the operator set about models, where there is one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelOptions {
    /// The one that is asked.
    pub name: ModelName,
    /// The one that is asked where the first gives no answer.
    pub fallback: Option<ModelName>,
    /// The root of the API of the first one's provider, if it is not the usual one.
    pub base_url: Option<BaseUrl>,
    /// Headers for the first one's provider: names in lower case.
    pub headers: Vec<(String, ProviderKey)>,
    /// The file with the key for the first one's provider.
    pub key_file: Option<PathBuf>,
    /// What the usual variables of the providers hold.
    pub keys: Vec<(Provider, ProviderKey)>,
    /// What models cost.
    pub prices: Prices,
    /// What one investigation may take.
    pub budget: Budget,
    /// What all of one day may take.
    pub daily: Daily,
}

/// Headers that say how a message is sent: not the operator's.
const OF_THE_WIRE: [&str; 6] = ["connection", "content-length", "content-type", "host", "te", "transfer-encoding"];
/// As many headers can be set: a gateway wants two or three.
const HEADERS: usize = 16;

impl ModelOptions {
    /// The models in the order in which they are asked.
    pub fn models(&self) -> impl Iterator<Item = &ModelName> {
        [&self.name].into_iter().chain(&self.fallback)
    }

    /// Whether what was set for the first one's provider is for this model, too.
    pub fn shares(&self, model: &ModelName) -> bool {
        model.provider() == self.name.provider()
    }

    /// A header holds the key.
    pub fn key_in_headers(&self) -> bool {
        self.headers.iter().any(|(name, _)| names_one(name) || name.ends_with("-key"))
    }

    /// What the usual variable of a provider holds.
    pub fn usual_key(&self, provider: Provider) -> Option<&ProviderKey> {
        self.keys.iter().find(|(of, _)| *of == provider).map(|(_, key)| key)
    }
}

/// The options about models; all of them are checked, also where there is none.
pub(super) fn options(given: &Given, environment: &Environment) -> Result<Option<ModelOptions>, ConfigError> {
    let named = |key: &str, text: &'static str| {
        given.parse(key, text, |text| if text == "none" { Some(None) } else { ModelName::parse(text).map(Some) })
    };
    let name = named("model", "a model: `openai/NAME`, `anthropic/NAME` or `none`")?.flatten();
    let fallback = named("model-fallback", "a model: `openai/NAME`, `anthropic/NAME` or `none`")?.flatten();
    let plain = given.flag("model-allow-http")?.unwrap_or(false);
    let base_url = match given.0.get("model-base-url") {
        None => None,
        Some(value) => {
            let url = value.text().map_err(|_| NotAUrl::Form).and_then(|text| BaseUrl::parse(text, plain));
            Some(url.map_err(|wanted| ConfigError::Unquoted { origin: value.origin.clone(), wanted: wanted.to_string() })?)
        }
    };
    let headers = match given.0.get("model-headers") {
        None => Vec::new(),
        Some(value) => {
            let wanted = "a list such as `api-key=…,x-team=…`, of headers that are not the connection's own, without a comma in a value";
            let list = value.text.to_str().and_then(headers);
            list.ok_or_else(|| ConfigError::Unquoted { origin: value.origin.clone(), wanted: wanted.to_owned() })?
        }
    };
    let prices = given.parse(
        "model-prices",
        "a list such as `openai/NAME=2.50/0.25/10`: dollars for a million tokens of input, cached input and output",
        Prices::parse,
    )?;
    let (budget, daily) = bounds(given)?;
    let key_file = given.path("model-key-file");
    let Some(name) = name else {
        return match fallback {
            Some(_) => Err(ConfigError::Contradiction("`model-fallback` needs `model`: without it, no model is used".to_owned())),
            None => Ok(None),
        };
    };
    let prices = prices.unwrap_or_default();
    let unpriced = [&name].into_iter().chain(&fallback).find(|model| !prices.has(model));
    if let Some(model) = unpriced.filter(|_| budget.cost.is_some()) {
        let why = format!("`model-cost` needs a price of `{model}` in `model-prices`: without it, nobody knows what its answers cost");
        return Err(ConfigError::Contradiction(why));
    }
    let mut keys = Vec::new();
    for provider in Provider::ALL {
        let variable = provider.key_variable();
        if let Some(text) = environment.get(variable) {
            let wanted = "a key that can be sent in a header".to_owned();
            let key = text.to_str().and_then(ProviderKey::new);
            keys.push((provider, key.ok_or_else(|| ConfigError::Unquoted { origin: variable.to_owned(), wanted })?));
        }
    }
    Ok(Some(ModelOptions { name, fallback, base_url, headers, key_file, keys, prices, budget, daily }))
}

/// What one investigation may take, and all of one day. A bound of money is none without prices, nor one of a day that has no room for one.
fn bounds(given: &Given) -> Result<(Budget, Daily), ConfigError> {
    let number = |least: u64, most: u64| move |text: &str| text.parse::<u64>().ok().filter(|number| (least..=most).contains(number));
    let (usual, usual_day) = (Budget::default(), Daily::default());
    let turns = given.parse("model-turns", "a number from 1 to 50", number(1, 50))?;
    let turns = turns.and_then(|turns| u32::try_from(turns).ok()).unwrap_or(usual.turns);
    let tokens = given.parse("model-tokens", "a number from 1000 to 10000000", number(1_000, 10_000_000))?.unwrap_or(usual.tokens);
    let seconds = given.parse("model-seconds", "a number from 5 to 1800", number(5, 1_800))?;
    let cost = given.parse("model-cost", "dollars, such as 0.50", dollars)?.map(Cost);
    let of_a_day = given.parse("model-day-tokens", "a number from 1000 to 10000000000", number(1_000, 10_000_000_000))?;
    let day_cost = given.parse("model-day-cost", "dollars, such as 5.00", dollars)?.map(Cost);
    let contradiction = |why: &str| Err(ConfigError::Contradiction(why.to_owned()));
    if cost.is_some() && !given.0.contains_key("model-prices") {
        return contradiction("`model-cost` needs `model-prices`: without prices, nobody knows what an answer costs");
    }
    if of_a_day.is_some_and(|day| day < tokens) {
        return contradiction("`model-day-tokens` is less than `model-tokens`: no investigation could begin");
    }
    match (day_cost, cost) {
        (Some(_), None) => return contradiction("`model-day-cost` needs `model-cost`, the dollars of one investigation"),
        (Some(day), Some(one)) if day < one => {
            return contradiction("`model-day-cost` is less than `model-cost`: no investigation could begin");
        }
        (Some(_) | None, _) => {}
    }
    let budget = Budget { turns, tokens, time: seconds.map_or(usual.time, Duration::from_secs), cost };
    Ok((budget, Daily { tokens: of_a_day.unwrap_or(usual_day.tokens.max(tokens)), cost: day_cost }))
}

/// `api-key=abc,x-team=sre`.
fn headers(text: &str) -> Option<Vec<(String, ProviderKey)>> {
    let one = |item: &str| {
        let (name, value) = item.trim().split_once('=')?;
        let name = name.trim().to_ascii_lowercase();
        let is_one = !name.is_empty() && name.len() <= 64 && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c));
        (is_one && !OF_THE_WIRE.contains(&name.as_str())).then_some(())?;
        Some((name, ProviderKey::new(value)?))
    };
    let list: Vec<_> = text.split(',').filter(|item| !item.trim().is_empty()).map(one).collect::<Option<_>>()?;
    (list.len() <= HEADERS).then_some(list)
}
