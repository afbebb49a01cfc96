//! A model of the operator, and what one investigation with it may take.

use crate::domain::budget::Budget;
use crate::domain::prices::Prices;
use crate::ports::Model;
use std::sync::Arc;

/// A model of the operator, and what it may take.
#[derive(Clone)]
pub struct OwnModel {
    /// Whom to ask.
    pub model: Arc<dyn Model>,
    /// The bounds of one investigation.
    pub budget: Budget,
    /// What its answers cost.
    pub prices: Prices,
}

impl std::fmt::Debug for OwnModel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OwnModel").field("model", &self.model.name()).field("budget", &self.budget).finish_non_exhaustive()
    }
}
