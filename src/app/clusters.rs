//! The clusters that the operator configured, each connected at its first use and kept: serving starts without one.

use super::endpoints;
use super::invocation::operator;
use crate::call::{Backend, Operator, UseCases};
use crate::clock::{SystemClock, SystemEntropy};
use crate::cluster::connect::{ConnectSettings, Connected, connect};
use crate::config::Config;
use crate::domain::id::SessionId;
use crate::domain::visible::escaped;
use crate::execute::Executor;
use crate::ports::{Clock, ClusterRead, Entropy, SessionStore};
use crate::probe::Allowed;
use crate::store::SqliteStore;
use crate::workflow::records::Records;
use crate::workflow::report::Report;
use crate::workflow::{OwnModel, Parts, Remediation, SessionLine, Timing, WorkflowError};
use async_trait::async_trait;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;
use tokio::sync::Mutex;

/// What the configuration leads to, and what is connected already.
pub(super) struct Clusters {
    config: Config,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    store: Arc<dyn SessionStore>,
    records: Records,
    operator: Operator,
    /// One for all clusters: what it may take in a day is for the process.
    own_model: Option<OwnModel>,
    connected: Mutex<Kept>,
}

/// The connections, and what the kubeconfigs were when they were made.
#[derive(Default)]
struct Kept {
    files: Vec<Seen>,
    /// By context; the operator's own has no name.
    by_context: BTreeMap<Option<String>, (String, Remediation)>,
}

/// A file as it was: a new login or another context changes one of these.
type Seen = (PathBuf, Option<(SystemTime, u64)>);

impl Clusters {
    /// Opens nothing and connects nothing.
    pub(super) fn new(config: Config) -> Self {
        let store: Arc<dyn SessionStore> = Arc::new(SqliteStore::at(&config.store));
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let records = Records::new(store.clone(), clock.clone());
        let (operator, own_model) = (operator(&config), endpoints::own(&config));
        Self { config, clock, entropy: Arc::new(SystemEntropy), store, records, operator, own_model, connected: Mutex::default() }
    }

    /// The use cases on a context; `None` is the operator's own.
    pub(super) async fn connected(&self, context: Option<&str>) -> Result<Remediation, WorkflowError> {
        // Held while connecting: two first calls at once make one connection.
        let mut kept = self.up_to_date().await;
        if let Some(name) = context.filter(|name| !self.config.contexts.iter().any(|listed| listed == name)) {
            // The one in use needs no list.
            return match self.kept(&mut kept, None).await {
                Ok((in_use, own)) if in_use == name => Ok(own),
                Ok((in_use, _)) => Err(WorkflowError::Invalid(self.unlisted(name, Some(&in_use)))),
                Err(_) => Err(WorkflowError::Invalid(self.unlisted(name, None))),
            };
        }
        Ok(self.kept(&mut kept, context).await?.1)
    }

    /// The connections, without those that an older kubeconfig led to.
    async fn up_to_date(&self) -> tokio::sync::MutexGuard<'_, Kept> {
        let mut kept = self.connected.lock().await;
        let files = self.kubeconfigs();
        if kept.files != files {
            *kept = Kept { files, by_context: BTreeMap::new() };
        }
        kept
    }

    /// The connection to a context, made where there is none yet, with the context's name.
    async fn kept(&self, kept: &mut Kept, context: Option<&str>) -> Result<(String, Remediation), WorkflowError> {
        let context = context.map(str::to_owned);
        if let Some(known) = kept.by_context.get(&context) {
            return Ok(known.clone());
        }
        let mut settings = settings(&self.config);
        settings.context = context.clone().or(settings.context);
        let connected = connect(&settings, self.clock.clone()).await?;
        let fresh = (connected.context.clone(), self.over(connected));
        kept.by_context.insert(context, fresh.clone());
        Ok(fresh)
    }

    /// Why sessions of a context are not told to a caller of the tools, who cannot choose that context either.
    async fn why_not_told(&self, context: &str) -> Option<String> {
        if self.config.contexts.iter().any(|listed| listed == context) {
            return None;
        }
        let mut kept = self.up_to_date().await;
        let in_use = self.kept(&mut kept, None).await.ok().map(|(in_use, _)| in_use);
        (in_use.as_deref() != Some(context)).then(|| self.unlisted(context, in_use.as_deref()))
    }

    /// Every file that says where the cluster is and who we are there.
    fn kubeconfigs(&self) -> Vec<Seen> {
        let home = self.config.home.iter().map(|home| home.join(".kube").join("config"));
        let all = self.config.kubeconfig.iter().chain(&self.config.kubeconfig_list).chain(&self.config.write_kubeconfig).cloned();
        let seen = |path: PathBuf| {
            let meta = std::fs::metadata(&path).ok();
            (path, meta.and_then(|meta| Some((meta.modified().ok()?, meta.len()))))
        };
        all.chain(home).map(seen).collect()
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

    fn unlisted(&self, name: &str, in_use: Option<&str>) -> String {
        // It may only look like one that is listed.
        let name = escaped(&name.chars().take(80).collect::<String>());
        let allowed: Vec<String> =
            in_use.into_iter().chain(self.config.contexts.iter().map(String::as_str)).map(|c| format!("`{c}`")).collect();
        let instead = if allowed.is_empty() { String::new() } else { format!("; allowed here: {}", allowed.join(", ")) };
        format!(
            "context `{name}` is not on the operator's allow-list (KUBEMEND_CONTEXTS){instead}; leave `context` out for the cluster in use"
        )
    }

    fn over(&self, connected: Connected) -> Remediation {
        let read: Arc<dyn ClusterRead> = Arc::new(connected.read);
        let no_writer = connected.no_writer;
        let remediation = Remediation::new(Parts {
            executor: connected.write.map(|write| Executor::new(write, read.clone(), self.clock.clone())),
            read,
            store: self.store.clone(),
            clock: self.clock.clone(),
            entropy: self.entropy.clone(),
            limits: self.config.limits.clone(),
            timing: timing(&self.config),
            allowed: Allowed {
                investigate: self.config.investigate,
                logs: self.config.probe_logs,
                config_maps: self.config.probe_config_maps,
            },
            own_model: self.own_model.clone(),
        });
        match no_writer {
            Some(why) => remediation.read_only_because(why),
            None => remediation,
        }
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

    fn operator(&self) -> &Operator {
        &self.operator
    }

    async fn recent(&self, limit: usize) -> Result<Vec<SessionLine>, WorkflowError> {
        // Others may stand between those that are told.
        let (mut told, mut known) = (Vec::new(), BTreeMap::new());
        for line in self.records.sessions(limit.saturating_mul(10)).await? {
            if !known.contains_key(&line.context) {
                known.insert(line.context.clone(), self.why_not_told(&line.context).await.is_none());
            }
            told.extend(Some(line).filter(|line| known.get(&line.context) == Some(&true)));
        }
        told.truncate(limit);
        Ok(told)
    }

    async fn session(&self, id: &SessionId) -> Result<Report, WorkflowError> {
        match self.why_not_told(&self.records.context_of(id).await?).await {
            Some(why) => Err(WorkflowError::Invalid(format!("session {id} is not told here: {why}"))),
            None => self.records.show(id).await,
        }
    }

    async fn credentials_refused(&self) {
        self.connected.lock().await.by_context.clear();
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Environment, Flags};
    use crate::session::record::tests::stored;
    use crate::store::MemoryStore;

    /// The clusters of an operator whose context is `context`, with one session that waits: its id, and its own context.
    async fn with_a_session(context: Option<&str>) -> (Clusters, SessionId, String) {
        with_a_session_and(context, &[]).await
    }

    async fn with_a_session_and(context: Option<&str>, more: &[(&str, &str)]) -> (Clusters, SessionId, String) {
        let store: Arc<dyn SessionStore> = Arc::new(MemoryStore::new());
        let record = stored().pop().unwrap();
        let header = serde_json::from_slice::<serde_json::Value>(&record).unwrap()["header"].clone();
        let id = SessionId::parse(header["id"].as_str().unwrap()).unwrap();
        store.save(&id, None, SystemClock.now(), &record).await.unwrap();
        let flags = Flags { context: context.map(str::to_owned), ..Flags::default() };
        let config = Config::load(&flags, &Environment::of(more.iter().copied().chain([("HOME", "/nowhere")]))).unwrap();
        let records = Records::new(store.clone(), Arc::new(SystemClock));
        (Clusters { records, store, ..Clusters::new(config) }, id, header["cluster"]["context"].as_str().unwrap().to_owned())
    }

    #[tokio::test]
    async fn context_beside_a_session_must_be_its_own_whoever_names_it() {
        let (clusters, id, own) = with_a_session(None).await;
        let refused =
            |error: Option<WorkflowError>| matches!(error, Some(WorkflowError::Invalid(why)) if why.contains("leave the context out"));
        assert!(refused(clusters.remediation_of(&id, Some("another")).await.err()), "a caller's context");
        assert!(!refused(clusters.remediation_of(&id, Some(&own)).await.err()) && !refused(clusters.remediation_of(&id, None).await.err()));
        let (clusters, id, _) = with_a_session(Some("another")).await;
        assert!(refused(clusters.of_session(&id).await.err()), "the operator's context");
    }
    #[tokio::test]
    async fn sessions_of_a_context_that_a_caller_may_not_choose_are_not_told() {
        let (clusters, id, own) = with_a_session(None).await;
        assert_eq!(clusters.recent(5).await.unwrap(), []);
        let error = clusters.session(&id).await.unwrap_err();
        assert!(error.to_string().contains(&format!("context `{own}` is not on the operator's allow-list")), "{error}");
        let (clusters, id, _) = with_a_session_and(None, &[("KUBEMEND_CONTEXTS", &own)]).await;
        assert_eq!(clusters.recent(5).await.unwrap().iter().map(|line| &line.id).collect::<Vec<_>>(), [&id]);
        assert!(clusters.session(&id).await.is_ok());
    }
}
