//! A model of the operator, and what investigations with it may take.

use super::today::Today;
use crate::domain::budget::{Budget, Daily};
use crate::domain::prices::Prices;
use crate::ports::Model;
use std::sync::Arc;

/// A model of the operator, and what it may take. Clones count together.
#[derive(Clone)]
pub struct OwnModel {
    /// Whom to ask.
    pub(super) model: Arc<dyn Model>,
    /// The bounds of one investigation.
    pub(super) budget: Budget,
    /// What its answers cost.
    pub(super) prices: Prices,
    /// What all of this process took today.
    pub(super) today: Arc<Today>,
}

impl OwnModel {
    /// A model, the bounds of one investigation and of all of one day, and what its answers cost.
    pub fn new(model: Arc<dyn Model>, budget: Budget, daily: Daily, prices: Prices) -> Self {
        Self { model, budget, prices, today: Arc::new(Today::new(daily)) }
    }
}

impl std::fmt::Debug for OwnModel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OwnModel").field("model", &self.model.name()).field("budget", &self.budget).finish_non_exhaustive()
    }
}
