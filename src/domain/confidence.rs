//! How firmly something is believed.

/// A probability from 0 to 1 that is never NaN: a NaN would slip through `confidence < threshold`.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Confidence(f64);

impl Confidence {
    /// `None` outside 0 to 1, and for NaN.
    pub fn new(value: f64) -> Option<Self> {
        (0.0..=1.0).contains(&value).then_some(Self(value))
    }

    /// A constant of a rule, in hundredths; more than 100 counts as 100.
    pub const fn percent(hundredths: u8) -> Self {
        let capped = if hundredths > 100 { 100 } else { hundredths };
        Self(capped as f64 / 100.0)
    }

    /// The lesser of both.
    pub fn least(self, other: Self) -> Self {
        if other.0 < self.0 { other } else { self }
    }

    /// The number.
    pub fn value(self) -> f64 {
        self.0
    }
}
