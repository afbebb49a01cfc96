//! A server whose configuration cannot be used: it is there, and answers every call with what is wrong. One that ends at its start
//! leaves its client with nothing but a closed connection.

use crate::call::{Backend, Operator, UseCases};
use crate::clock::{SystemClock, SystemEntropy};
use crate::domain::id::SessionId;
use crate::ports::{Clock, Entropy, ReadError};
use crate::workflow::report::Report;
use crate::workflow::{SessionLine, WorkflowError};
use async_trait::async_trait;
use std::sync::Arc;

/// Answers with this.
pub(super) struct Misconfigured {
    why: String,
    operator: Operator,
}

impl Misconfigured {
    pub(super) fn because(why: &dyn std::fmt::Display) -> Self {
        let why = format!(
            "the configuration of this kubemend server is not valid: {why}; correct it where the MCP client starts the server (`env` and \
             `args` of its entry, or the configuration file), then restart the server"
        );
        Self { why, operator: Operator::default() }
    }

    fn error(&self) -> WorkflowError {
        ReadError::Options(self.why.clone()).into()
    }
}

#[async_trait]
impl Backend for Misconfigured {
    async fn remediation(&self, _: Option<&str>) -> Result<Arc<dyn UseCases>, WorkflowError> {
        Err(self.error())
    }

    fn operator(&self) -> &Operator {
        &self.operator
    }

    async fn recent(&self, _: usize) -> Result<Vec<SessionLine>, WorkflowError> {
        Err(self.error())
    }

    async fn session(&self, _: &SessionId) -> Result<Report, WorkflowError> {
        Err(self.error())
    }

    async fn credentials_refused(&self) {}

    fn clock(&self) -> Arc<dyn Clock> {
        Arc::new(SystemClock)
    }

    fn entropy(&self) -> Arc<dyn Entropy> {
        Arc::new(SystemEntropy)
    }
}
