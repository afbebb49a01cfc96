//! The clusters that the operator configured, each connected at its first use and kept: serving starts without one.

use crate::call::{Backend, UseCases};
use crate::clock::{SystemClock, SystemEntropy};
use crate::cluster::connect::{ConnectSettings, Connected, connect};
use crate::config::Config;
use crate::domain::id::SessionId;
use crate::execute::Executor;
use crate::ports::{Clock, ClusterRead, Entropy, SessionStore};
use crate::store::SqliteStore;
use crate::workflow::records::Records;
use crate::workflow::{Parts, Remediation, Timing, WorkflowError};
use async_trait::async_trait;
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::Mutex;

/// What the configuration leads to, and what is connected already.
pub(super) struct Clusters {
    config: Config,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    store: Arc<dyn SessionStore>,
    records: Records,
    /// By context; the operator's own has no name.
    connected: Mutex<BTreeMap<Option<String>, Remediation>>,
}

impl Clusters {
    /// Opens nothing and connects nothing.
    pub(super) fn new(config: Config) -> Self {
        let store: Arc<dyn SessionStore> = Arc::new(SqliteStore::at(&config.store));
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let records = Records::new(store.clone(), clock.clone());
        Self { config, clock, entropy: Arc::new(SystemEntropy), store, records, connected: Mutex::default() }
    }

    /// The use cases on a context; `None` is the operator's own.
    pub(super) async fn connected(&self, context: Option<&str>) -> Result<Remediation, WorkflowError> {
        let context = context.map(str::to_owned);
        if let Some(name) = &context
            && !self.config.contexts.contains(name)
        {
            return Err(WorkflowError::Invalid(self.unlisted(name)));
        }
        // Held while connecting: two first calls at once make one connection.
        let mut connected = self.connected.lock().await;
        if let Some(known) = connected.get(&context) {
            return Ok(known.clone());
        }
        let mut settings = settings(&self.config);
        settings.context = context.clone().or(settings.context);
        let fresh = self.over(connect(&settings, self.clock.clone()).await?);
        connected.insert(context, fresh.clone());
        Ok(fresh)
    }

    /// The use cases on the cluster that a session is about.
    pub(super) async fn of_session(&self, session: &SessionId) -> Result<Remediation, WorkflowError> {
        let wanted = self.records.context_of(session).await?;
        let mut settings = settings(&self.config);
        is_its_own(&wanted, settings.context.as_deref(), session)?;
        if settings.context.is_none() {
            // Connecting sends nothing yet. The name may be none of a kubeconfig's: a Pod's own cluster has one, too.
            match connect(&settings, self.clock.clone()).await {
                Ok(connected) if connected.context == wanted => return Ok(self.over(connected)),
                Ok(_) | Err(_) => settings.context = Some(wanted),
            }
        }
        Ok(self.over(connect(&settings, self.clock.clone()).await?))
    }

    /// The record of sessions, for which no cluster is needed.
    pub(super) fn records(&self) -> &Records {
        &self.records
    }

    fn unlisted(&self, name: &str) -> String {
        let name: String = name.chars().take(80).collect();
        let listed: Vec<String> = self.config.contexts.iter().map(|c| format!("`{c}`")).collect();
        if listed.is_empty() {
            format!("context `{name}` is not on the operator's allow-list; leave `context` out, or add it to KUBEMEND_CONTEXTS")
        } else {
            format!("context `{name}` is not on the operator's allow-list: {}", listed.join(", "))
        }
    }

    fn over(&self, connected: Connected) -> Remediation {
        let read: Arc<dyn ClusterRead> = Arc::new(connected.read);
        Remediation::new(Parts {
            executor: connected.write.map(|write| Executor::new(write, read.clone(), self.clock.clone())),
            read,
            store: self.store.clone(),
            clock: self.clock.clone(),
            entropy: self.entropy.clone(),
            limits: self.config.limits.clone(),
            timing: timing(&self.config),
        })
    }
}

#[async_trait]
impl Backend for Clusters {
    async fn remediation(&self, context: Option<&str>) -> Result<Arc<dyn UseCases>, WorkflowError> {
        Ok(Arc::new(self.connected(context).await?))
    }

    async fn remediation_of(&self, session: &SessionId, context: Option<&str>) -> Result<Arc<dyn UseCases>, WorkflowError> {
        let own = self.records.context_of(session).await?;
        is_its_own(&own, context, session)?;
        // A context that is not listed can only be the operator's own; whether it is, the session's cluster tells.
        let listed = self.config.contexts.contains(&own).then_some(own.as_str());
        Ok(Arc::new(self.connected(listed).await?))
    }

    fn clock(&self) -> Arc<dyn Clock> {
        self.clock.clone()
    }

    fn entropy(&self) -> Arc<dyn Entropy> {
        self.entropy.clone()
    }
}

/// A context that is named beside a session must be the session's own: a yes for one cluster is none for another.
fn is_its_own(own: &str, named: Option<&str>, session: &SessionId) -> Result<(), WorkflowError> {
    match named {
        Some(named) if named != own => {
            let named: String = named.chars().take(80).collect();
            Err(WorkflowError::Invalid(format!("session `{session}` is about context `{own}`, not `{named}`: leave the context out")))
        }
        Some(_) | None => Ok(()),
    }
}

/// How to find the cluster and the identities.
pub(super) fn settings(config: &Config) -> ConnectSettings {
    ConnectSettings {
        kubeconfig: config.kubeconfig.clone(),
        kubeconfig_list: config.kubeconfig_list.clone(),
        home: config.home.clone(),
        context: config.context.clone(),
        allow_exec: config.allow_kubeconfig_exec,
        in_cluster: config.in_cluster,
        write_kubeconfig: config.write_kubeconfig.clone(),
        write_context: config.write_context.clone(),
        read_only: config.read_only,
        patience: config.request_timeout,
    }
}

fn timing(config: &Config) -> Timing {
    Timing { settle: config.settle, validate_within: config.validate_within, plan_ttl: config.plan_ttl }
}
