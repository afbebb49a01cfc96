//! What a server stands on where there is one cluster only: the use cases, a clock and randomness. Also for `benches/tokens.rs`.

use async_trait::async_trait;
use kubemend::call::{Backend, Operator, UseCases};
use kubemend::domain::id::SessionId;
use kubemend::ports::{Clock, Entropy};
use kubemend::workflow::report::Report;
use kubemend::workflow::{Remediation, SessionLine, WorkflowError};
use std::sync::Arc;

pub(crate) struct OneCluster {
    pub(crate) remediation: Remediation,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) operator: Operator,
}

#[async_trait]
impl Backend for OneCluster {
    async fn remediation(&self, _: Option<&str>) -> Result<Arc<dyn UseCases>, WorkflowError> {
        Ok(Arc::new(self.remediation.clone()))
    }

    fn operator(&self) -> &Operator {
        &self.operator
    }

    async fn recent(&self, limit: usize) -> Result<Vec<SessionLine>, WorkflowError> {
        self.remediation.sessions(limit).await
    }

    async fn session(&self, id: &SessionId) -> Result<Report, WorkflowError> {
        self.remediation.show(id).await
    }

    async fn credentials_refused(&self) {}

    fn clock(&self) -> Arc<dyn Clock> {
        self.clock.clone()
    }

    fn entropy(&self) -> Arc<dyn Entropy> {
        self.entropy.clone()
    }
}
