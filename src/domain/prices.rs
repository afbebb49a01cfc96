//! What tokens cost, where the operator says so: nobody else knows.

use super::dialogue::Tokens;
use super::model_name::ModelName;
use std::fmt;

/// Money, in millionths of a dollar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Cost(pub u64);

impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "${}.{:04}", self.0 / 1_000_000, self.0 % 1_000_000 / 100)
    }
}

/// What a million tokens of one model cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Price {
    input: u64,
    cached: u64,
    output: u64,
}

/// The prices of models that the operator gave.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Prices(Vec<(ModelName, Price)>);

impl Prices {
    /// `openai/large=2.50/0.25/10,anthropic/small=1/5`: dollars for a million tokens of input, of input from the cache (as other input
    /// where it is left out), and of output.
    pub fn parse(text: &str) -> Option<Self> {
        let one = |item: &str| {
            let (name, amounts) = item.trim().split_once('=')?;
            let amounts: Vec<u64> = amounts.split('/').map(dollars).collect::<Option<_>>()?;
            let price = match amounts.as_slice() {
                [input, output] => Price { input: *input, cached: *input, output: *output },
                [input, cached, output] => Price { input: *input, cached: *cached, output: *output },
                _ => return None,
            };
            Some((ModelName::parse(name)?, price))
        };
        text.split(',').filter(|item| !item.trim().is_empty()).map(one).collect::<Option<Vec<_>>>().map(Self)
    }

    /// Whether it is known what this model costs.
    pub fn has(&self, model: &ModelName) -> bool {
        self.0.iter().any(|(name, _)| name == model)
    }

    /// What an answer of this model cost; `None` where nobody said what it costs.
    pub fn cost(&self, model: &str, tokens: Tokens) -> Option<Cost> {
        let (_, price) = self.0.iter().find(|(name, _)| name.as_str() == model)?;
        let cached = tokens.cached.min(tokens.input);
        let parts = [(tokens.input.saturating_sub(cached), price.input), (cached, price.cached), (tokens.output, price.output)];
        let total =
            parts.iter().map(|(tokens, price)| u128::from(*tokens).saturating_mul(u128::from(*price))).fold(0, u128::saturating_add);
        Some(Cost(u64::try_from(total.div_ceil(1_000_000)).unwrap_or(u64::MAX)))
    }
}

/// `2.5` → 2,500,000 millionths; at most ten thousand dollars, with at most six digits behind the point.
pub(crate) fn dollars(text: &str) -> Option<u64> {
    let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |text: &str, longest: usize| (1..=longest).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    if !digits(whole, 5) || !digits(part, 6) {
        return None;
    }
    let part: u64 = format!("{part:0<6}").parse().ok()?;
    whole.parse::<u64>().ok()?.checked_mul(1_000_000)?.checked_add(part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cost_counts_cached_tokens_by_their_own_price_and_rounds_up() {
        let prices = Prices::parse("openai/large=2.50/0.25/10, anthropic/small=1/5").unwrap();
        let tokens = Tokens { input: 10_000, cached: 8_000, output: 500 };
        assert_eq!(prices.cost("openai/large", tokens), Some(Cost(5_000 + 2_000 + 5_000)));
        assert_eq!(prices.cost("anthropic/small", tokens), Some(Cost(12_500)));
        assert_eq!(prices.cost("openai/other", tokens), None);
        assert_eq!(prices.cost("openai/large", Tokens { input: 1, cached: 9, output: 0 }), Some(Cost(1)), "rounded up");
        assert_eq!(prices.cost("openai/large", Tokens { input: u64::MAX, cached: 0, output: u64::MAX }), Some(Cost(u64::MAX)));
        assert_eq!(Cost(1_234_567).to_string(), "$1.2345");
    }

    #[test]
    fn prices_that_say_nothing_are_refused() {
        for wrong in [
            "openai/x",
            "openai/x=",
            "openai/x=1",
            "openai/x=1/2/3/4",
            "openai/x=-1/2",
            "openai/x=1e3/2",
            "x=1/2",
            "openai/x=1./2",
            "openai/x=999999/1",
        ] {
            assert_eq!(Prices::parse(wrong), None, "{wrong}");
        }
        assert_eq!(Prices::parse(""), Some(Prices::default()));
    }
}
