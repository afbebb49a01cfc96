//! Finds the kubeconfig as kubectl does, chooses the context, and says clearly what is missing.
//! Nothing is read from the environment here: `config.rs` does that.

use super::login::Login;
use super::plugin::{self, DEADLINE};
use super::token_file::TokenFile;
use super::wire::{ServerIdentity, reason};
use crate::domain::excerpt::Excerpt;
use crate::domain::nearest::by_likeness;
use crate::domain::object::Namespace;
use crate::domain::snapshot::ClusterId;
use crate::ports::{Clock, ReadError};
use kube::config::{KubeConfigOptions, Kubeconfig, KubeconfigError};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// No kubeconfig is larger; one of hundreds of clusters has some hundred KiB.
const FILE_BYTES: u64 = 8 * 1024 * 1024;
/// How long a kubeconfig may take to be read: it may be a pipe that nobody writes to.
const FILE_TIME: Duration = Duration::from_secs(5);
/// How long a connection may take to come about.
const CONNECT_TIME: Duration = Duration::from_secs(5);
/// Most contexts that an error names.
const NAMED: usize = 10;

/// How to find the cluster and the identities. Plain values: nothing is read from the environment later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectSettings {
    /// `--kubeconfig`: this file and no other.
    pub kubeconfig: Option<PathBuf>,
    /// `KUBECONFIG`: files that are merged as kubectl merges them; those that do not exist are skipped.
    pub kubeconfig_list: Vec<PathBuf>,
    /// Where `.kube/config` lies otherwise.
    pub home: Option<PathBuf>,
    /// The context; the kubeconfig's current one where absent.
    pub context: Option<String>,
    /// Whether a kubeconfig may start its exec credential plugin.
    pub allow_exec: bool,
    /// We run in a Pod: its service account serves where there is no kubeconfig.
    pub in_cluster: bool,
    /// The writing identity, where it is another one.
    pub write_kubeconfig: Option<PathBuf>,
    /// The writing identity's context.
    pub write_context: Option<String>,
    /// There is no writing identity: plans only.
    pub read_only: bool,
    /// How long one request may take.
    pub patience: Duration,
}

impl Default for ConnectSettings {
    fn default() -> Self {
        Self {
            kubeconfig: None,
            kubeconfig_list: Vec::new(),
            home: None,
            context: None,
            allow_exec: false,
            in_cluster: false,
            write_kubeconfig: None,
            write_context: None,
            read_only: false,
            patience: Duration::from_secs(15),
        }
    }
}

/// A cluster with an identity.
pub(super) struct Chosen {
    pub(super) config: kube::Config,
    pub(super) server: ServerIdentity,
    pub(super) namespace: Namespace,
    /// The context sets it; `default` by default is nobody's choice.
    pub(super) own: bool,
    pub(super) login: Option<Arc<Login>>,
}

enum Found {
    /// The merged kubeconfig, and where it came from, for errors.
    Files(Box<Kubeconfig>, String),
    ServiceAccount,
}

fn config(text: impl Into<String>) -> ReadError {
    ReadError::Config(text.into())
}

/// The identity that reads.
pub(super) async fn for_reading(settings: &ConnectSettings, clock: &Arc<dyn Clock>) -> Result<Chosen, ReadError> {
    let found = find(settings.kubeconfig.as_deref(), settings).await?;
    choose(found, settings.context.as_deref(), settings.allow_exec, clock).await
}

/// The identity that writes, where it is not the reader's.
pub(super) async fn for_writing(settings: &ConnectSettings, clock: &Arc<dyn Clock>) -> Result<Option<Chosen>, ReadError> {
    if settings.write_kubeconfig.is_none() && settings.write_context.is_none() {
        return Ok(None);
    }
    let file = settings.write_kubeconfig.as_deref().or(settings.kubeconfig.as_deref());
    let found = find(file, settings).await?;
    // A file of its own brings its own current context.
    let inherited = if settings.write_kubeconfig.is_some() { None } else { settings.context.as_deref() };
    choose(found, settings.write_context.as_deref().or(inherited), settings.allow_exec, clock).await.map(Some)
}

async fn find(named: Option<&Path>, settings: &ConnectSettings) -> Result<Found, ReadError> {
    if let Some(path) = named {
        return Ok(Found::Files(Box::new(read(path).await?), format!("`{}`", path.display())));
    }
    let mut looked = Vec::new();
    let home = settings.home.as_ref().map(|home| home.join(".kube").join("config"));
    let candidates: Vec<&PathBuf> =
        if settings.kubeconfig_list.is_empty() { home.iter().collect() } else { settings.kubeconfig_list.iter().collect() };
    let mut merged: Option<Kubeconfig> = None;
    let mut from = Vec::new();
    for path in candidates {
        if !path.exists() {
            looked.push(format!("`{}` (does not exist)", path.display()));
            continue;
        }
        let next = read(path).await?;
        from.push(format!("`{}`", path.display()));
        merged = Some(match merged {
            None => next,
            Some(earlier) => earlier
                .merge(next)
                .map_err(|error| config(format!("cannot merge the kubeconfigs {}: {}", from.join(" and "), words(&error))))?,
        });
    }
    if let Some(kubeconfig) = merged {
        return Ok(Found::Files(Box::new(kubeconfig), from.join(" and ")));
    }
    if settings.in_cluster {
        return Ok(Found::ServiceAccount);
    }
    if settings.kubeconfig_list.is_empty() {
        looked.insert(0, "KUBECONFIG (not set)".to_owned());
    }
    Err(ReadError::Kubeconfig {
        text: format!("no kubeconfig was found: tried {}, and this is not a Pod with a service account", looked.join(", ")),
        at_a_terminal: "pass --kubeconfig FILE or set KUBECONFIG, or try `kubemend demo`, which needs no cluster",
    })
}

/// One file, relative paths in it made absolute. Read off the runtime, under a deadline.
async fn read(path: &Path) -> Result<Kubeconfig, ReadError> {
    let shown = path.display().to_string();
    match std::fs::metadata(path) {
        Ok(meta) if meta.is_dir() => return Err(unusable(format!("the kubeconfig `{shown}` is a directory; name a file in it"))),
        Ok(meta) if meta.len() > FILE_BYTES => return Err(unusable(format!("the kubeconfig `{shown}` is larger than {FILE_BYTES} bytes"))),
        Ok(_) => {}
        Err(error) => return Err(unusable(format!("cannot read the kubeconfig `{shown}`: {}", io_words(&error)))),
    }
    let file = path.to_owned();
    let reading = tokio::task::spawn_blocking(move || Kubeconfig::read_from(file));
    match tokio::time::timeout(FILE_TIME, reading).await {
        Ok(Ok(Ok(kubeconfig))) => Ok(kubeconfig),
        Ok(Ok(Err(error))) => Err(unusable(format!("cannot read the kubeconfig `{shown}`: {}", words(&error)))),
        Ok(Err(_)) => Err(unusable(format!("cannot read the kubeconfig `{shown}`"))),
        Err(_) => Err(unusable(format!("cannot read the kubeconfig `{shown}`: no data within {} s", FILE_TIME.as_secs()))),
    }
}

/// A file that cannot be used, where another one can be named.
fn unusable(text: String) -> ReadError {
    ReadError::Kubeconfig { text, at_a_terminal: "name another file with --kubeconfig FILE or KUBECONFIG" }
}

async fn choose(found: Found, context: Option<&str>, allow_exec: bool, clock: &Arc<dyn Clock>) -> Result<Chosen, ReadError> {
    let (mut made, context, own) = match found {
        Found::ServiceAccount => {
            if let Some(context) = context {
                return Err(ReadError::Kubeconfig {
                    text: format!(
                        "context `{context}` needs a kubeconfig, and none was found; leave the context out to use the Pod's service account"
                    ),
                    at_a_terminal: "pass --kubeconfig FILE",
                });
            }
            let made =
                kube::Config::incluster().map_err(|error| config(format!("cannot use the Pod's service account: {}", reason(&error))))?;
            (made, "in-cluster".to_owned(), true)
        }
        Found::Files(kubeconfig, from) => {
            let context = chosen_context(&kubeconfig, context, &from)?;
            let user = user_of(&kubeconfig, &context);
            let options = KubeConfigOptions { context: Some(context.clone()), ..KubeConfigOptions::default() };
            let own = sets_namespace(&kubeconfig, &context);
            let proxy = cluster_of(&kubeconfig, &context).is_some_and(|c| c.proxy_url.as_deref().is_some_and(|p| !p.is_empty()));
            if proxy {
                return Err(config(format!(
                    "the cluster of context `{context}` is reached through `proxy-url`, which kubemend does not support"
                )));
            }
            let made = kube::Config::from_custom_kubeconfig(*kubeconfig, &options)
                .await
                .map_err(|error| config(format!("context `{context}` of {from} cannot be used: {}", words(&error))))?;
            if let Some(provider) = &made.auth_info.auth_provider {
                let provider = Excerpt::capture(&provider.name, 80);
                return Err(config(format!(
                    "user `{user}` of context `{context}` logs in by the auth-provider `{provider}`, which kubemend does not support; \
                     use an exec credential plugin, a token or a certificate (`kubectl config set-credentials`)"
                )));
            }
            if let Some(exec) = made.auth_info.exec.as_ref().filter(|_| !allow_exec) {
                let command = Excerpt::capture(exec.command.as_deref().unwrap_or_default(), 200);
                return Err(config(format!(
                    "user `{user}` of context `{context}` logs in by running `{command}`, which is not allowed here; \
                     allow it with --allow-kubeconfig-exec=true (KUBEMEND_ALLOW_KUBECONFIG_EXEC=true), or use a token or a certificate"
                )));
            }
            (made, context, own)
        }
    };
    // Retries are ours, and for reads only: kube's repeat every method.
    made.default_retry = false;
    made.connect_timeout = Some(CONNECT_TIME);
    made.read_timeout = None;
    // Where the kubeconfig names no proxy there is none: kube would take one from the environment.
    made.proxy_url = None;
    let server = match (made.cluster_url.host(), made.cluster_url.port_u16(), made.cluster_url.scheme_str()) {
        (Some(host), Some(port), _) => format!("{host}:{port}"),
        (Some(host), None, Some("http")) => format!("{host}:80"),
        (Some(host), None, _) => format!("{host}:443"),
        (None, ..) => {
            return Err(config(format!(
                "the server's address in context `{context}` has no host: it should look like `https://HOST:PORT`"
            )));
        }
    };
    let plain = made.cluster_url.scheme_str() == Some("http");
    if plain && brings_a_credential(&made.auth_info) && !is_this_machine(made.cluster_url.host().unwrap_or_default()) {
        return Err(config(format!(
            "context `{context}` would send its credentials to `{server}` in clear text: the server's address begins with http://; use https://"
        )));
    }
    if made.accept_invalid_certs {
        tracing::warn!(%server, "the kubeconfig sets insecure-skip-tls-verify: anybody on the network path can read and change the traffic");
    }
    let namespace = Namespace::parse(made.default_namespace.trim()).map_err(|error| config(format!("context `{context}`: {error}")))?;
    let plugin =
        made.auth_info.exec.clone().map(|exec| Login::Plugin(Box::new(plugin::Login::new(exec, &context, clock.clone(), DEADLINE))));
    let file = || made.auth_info.token_file.as_ref().map(|file| Login::File(TokenFile::new(file.as_ref(), &context)));
    let login = plugin.or_else(file).map(Arc::new);
    let url = format!("{}://{server}{}", made.cluster_url.scheme_str().unwrap_or("https"), made.cluster_url.path());
    let id = ClusterId::of_connection(&url, made.root_cert.as_deref().unwrap_or_default(), made.tls_server_name.as_deref());
    let unverified = made.accept_invalid_certs || (plain && !is_this_machine(made.cluster_url.host().unwrap_or_default()));
    Ok(Chosen { config: made, server: ServerIdentity { context, address: server, id, unverified }, namespace, own, login })
}

/// Whether a request carries something that an eavesdropper could use.
fn brings_a_credential(auth: &kube::config::AuthInfo) -> bool {
    auth.token.is_some() || auth.token_file.is_some() || auth.password.is_some() || auth.exec.is_some()
}

/// What does not leave the machine is overheard by nobody else: `kubectl proxy` listens so.
fn is_this_machine(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

pub(super) fn sets_namespace(kubeconfig: &Kubeconfig, context: &str) -> bool {
    let context = kubeconfig.contexts.iter().find(|c| c.name == context).and_then(|c| c.context.as_ref());
    context.is_some_and(|c| c.namespace.as_deref().is_some_and(|n| !n.trim().is_empty()))
}

pub(super) fn user_of(kubeconfig: &Kubeconfig, context: &str) -> String {
    kubeconfig.contexts.iter().find(|c| c.name == context).and_then(|c| c.context.as_ref()?.user.clone()).unwrap_or_default()
}

pub(super) fn cluster_of<'a>(kubeconfig: &'a Kubeconfig, context: &str) -> Option<&'a kube::config::Cluster> {
    let name = &kubeconfig.contexts.iter().find(|c| c.name == context)?.context.as_ref()?.cluster;
    kubeconfig.clusters.iter().find(|c| c.name == *name)?.cluster.as_ref()
}

/// What to do about a context.
const CHOOSE: &str = "choose one with --context";

/// The context that was asked for or the current one; where it is not there, the error names those that are, nearest first.
pub(super) fn chosen_context(kubeconfig: &Kubeconfig, wanted: Option<&str>, from: &str) -> Result<String, ReadError> {
    let names: Vec<&str> = kubeconfig.contexts.iter().map(|c| c.name.as_str()).collect();
    if names.is_empty() {
        return Err(config(format!(
            "the kubeconfig {from} has no contexts; add a cluster with your provider's command line or `kubectl config`"
        )));
    }
    let current = kubeconfig.current_context.as_deref().filter(|c| !c.is_empty());
    let Some(wanted) = wanted.or(current) else {
        return Err(ReadError::Kubeconfig {
            text: format!("the kubeconfig {from} has no current context; it has: {}", list(&names)),
            at_a_terminal: CHOOSE,
        });
    };
    if names.contains(&wanted) {
        return Ok(wanted.to_owned());
    }
    let short: String = wanted.chars().take(200).collect();
    let names = by_likeness(&short, names);
    Err(ReadError::Kubeconfig {
        text: format!("context `{}` does not exist in {from}; it has {}", Excerpt::capture(wanted, 200), list(&names)),
        at_a_terminal: CHOOSE,
    })
}

fn list(names: &[&str]) -> String {
    let mut shown: Vec<String> = names.iter().take(NAMED).map(|name| format!("`{}`", Excerpt::capture(name, 200))).collect();
    if names.len() > NAMED {
        shown.push(format!("and {} more", names.len() - NAMED));
    }
    shown.join(", ")
}

/// kube's errors in words; never a piece of the file, which may hold credentials.
pub(super) fn words(error: &KubeconfigError) -> String {
    match error {
        KubeconfigError::Parse(inner) => match inner.location() {
            Some(at) => format!("not a kubeconfig in YAML, see line {}, column {}", at.line(), at.column()),
            None => "not a kubeconfig in YAML".to_owned(),
        },
        KubeconfigError::ReadConfig(error, _) => io_words(error),
        KubeconfigError::LoadClusterOfContext(cluster) => {
            format!("its cluster `{}` is not in the file", Excerpt::capture(cluster, 200))
        }
        KubeconfigError::MissingClusterUrl => "its cluster has no server".to_owned(),
        KubeconfigError::ParseClusterUrl(_) => "its cluster's server is not a URL such as `https://HOST:PORT`".to_owned(),
        KubeconfigError::LoadContext(_) => "it is empty".to_owned(),
        other => reason(other),
    }
}

fn io_words(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "it does not exist".to_owned(),
        std::io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        std::io::ErrorKind::InvalidData => "it is not text".to_owned(),
        _ => error.to_string(),
    }
}
