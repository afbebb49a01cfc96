//! A kubeconfig's exec credential plugin: the one child process that kubemend starts, and only if the operator lets it.
//! kube's own runner would inherit stdin (our protocol stream), wait for ever, and put the plugin's output into errors.

use crate::domain::excerpt::Excerpt;
use crate::domain::kubectl;
use crate::ports::{Clock, ReadError};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures::FutureExt as _;
use futures::future::{BoxFuture, Shared};
use jiff::{SignedDuration, Timestamp};
use kube::config::{AuthInfo, ExecConfig};
use serde_json::{Value, json};
use std::io::Read as _;
use std::process::{Command, Stdio};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};
use tokio::sync::Mutex;

/// How long a plugin may take: a cloud's token service answers within seconds, a person cannot be asked.
pub(super) const DEADLINE: Duration = Duration::from_secs(30);
/// Most bytes of a plugin's answer: a certificate chain with its key is some KiB.
const OUTPUT_BYTES: u64 = 1024 * 1024;
/// A credential is had anew this long before it expires.
const MARGIN: SignedDuration = SignedDuration::from_secs(60);
/// A plugin that failed is not started again for so long: several reads run at once.
const PENALTY: Duration = Duration::from_secs(5);

/// Logs one identity in, and remembers the credential until it expires.
pub(super) struct Login {
    exec: ExecConfig,
    context: String,
    clock: Arc<dyn Clock>,
    deadline: Duration,
    held: Mutex<Held>,
}

#[derive(Default)]
struct Held {
    generation: u64,
    material: Option<(Material, Option<Timestamp>)>,
    failed: Option<(tokio::time::Instant, ReadError)>,
    running: Option<Running>,
}

/// A plugin at work, for whom it may concern.
type Running = Shared<BoxFuture<'static, Result<Vec<u8>, Fault>>>;

fn start(exec: ExecConfig, deadline: Duration) -> Running {
    let work = tokio::task::spawn_blocking(move || run(&exec, deadline));
    async { work.await.unwrap_or(Err(Fault::Broken)) }.boxed().shared()
}

/// What a plugin answered. No `Debug`: it is a secret.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Material {
    token: Option<String>,
    /// PEM of the certificate and of its key.
    certificate: Option<(String, String)>,
}

/// A credential and how often it was renewed.
pub(super) struct Credential {
    pub(super) generation: u64,
    material: Material,
}

impl Credential {
    /// What stands in a file.
    pub(super) fn of_token(generation: u64, token: &str) -> Self {
        Self { generation, material: Material { token: Some(token.to_owned()), certificate: None } }
    }

    /// Replaces the plugin, or the file, by what it holds.
    pub(super) fn put_into(self, auth: &mut AuthInfo) {
        (auth.exec, auth.token_file) = (None, None);
        auth.token = self.material.token.map(Into::into);
        if let Some((certificate, key)) = self.material.certificate {
            auth.client_certificate_data = Some(STANDARD.encode(certificate));
            auth.client_key_data = Some(STANDARD.encode(key).into());
        }
    }
}

impl Login {
    pub(super) fn new(exec: ExecConfig, context: &str, clock: Arc<dyn Clock>, deadline: Duration) -> Self {
        Self { exec, context: context.to_owned(), clock, deadline, held: Mutex::new(Held::default()) }
    }

    /// The credential; runs the plugin when there is none, or when it is about to expire. When nobody waits for it any longer, the
    /// plugin still runs on: the next request finds it instead of starting another one.
    pub(super) async fn credential(&self) -> Result<Credential, ReadError> {
        loop {
            let running = {
                let mut held = self.held.lock().await;
                if let Some(known) = self.known(&held) {
                    return known;
                }
                held.running.get_or_insert_with(|| start(self.exec.clone(), self.deadline)).clone()
            };
            let output = running.clone().await;
            let mut held = self.held.lock().await;
            // The first of those who waited takes the answer in.
            if held.running.as_ref().is_some_and(|now| now.ptr_eq(&running)) {
                held.running = None;
                match output.and_then(|bytes| parse(&bytes)) {
                    Ok(material) => {
                        held.generation += 1;
                        (held.material, held.failed) = (Some(material), None);
                    }
                    Err(fault) => held.failed = Some((tokio::time::Instant::now(), ReadError::Config(self.text(&fault)))),
                }
                if let (Some((material, _)), None) = (&held.material, &held.failed) {
                    return Ok(Credential { generation: held.generation, material: material.clone() });
                }
            }
        }
    }

    /// What is known without running anything: a credential that lasts, or that the plugin failed just now.
    fn known(&self, held: &Held) -> Option<Result<Credential, ReadError>> {
        let now = self.clock.now();
        if let Some((material, expires)) = &held.material
            && expires.is_none_or(|at| at > now.saturating_add(MARGIN).unwrap_or(now))
        {
            return Some(Ok(Credential { generation: held.generation, material: material.clone() }));
        }
        let (at, error) = held.failed.as_ref()?;
        (at.elapsed() < PENALTY).then(|| Err(error.clone()))
    }

    /// The server does not take this credential: the next one is had anew.
    pub(super) async fn forget(&self, generation: Option<u64>) {
        let mut held = self.held.lock().await;
        if generation == Some(held.generation) {
            held.material = None;
        }
    }

    /// Our own words: a plugin's output may hold credentials.
    fn text(&self, fault: &Fault) -> String {
        let command = Excerpt::capture(self.exec.command.as_deref().unwrap_or_default(), 200);
        let context = &self.context;
        let start = format!("the credential plugin `{command}` of context `{context}`");
        let retry = format!("run `{}` in a terminal to see why, and log in there if it asks you to", kubectl::version(context));
        match fault {
            Fault::NoCommand => format!("the credential plugin of context `{context}` has no command in the kubeconfig"),
            Fault::Missing => match &self.exec.install_hint {
                Some(hint) => {
                    format!("{start} is not installed, or not on the PATH; its install hint: {}", Excerpt::capture(hint.trim(), 500))
                }
                None => format!("{start} is not installed, or not on the PATH of the program that started kubemend"),
            },
            Fault::NotStarted => format!("{start} cannot be started; check that the file is executable"),
            Fault::Failed(Some(code)) => format!("{start} failed with exit code {code}; {retry}"),
            Fault::Failed(None) => format!("{start} was killed by a signal; {retry}"),
            Fault::TimedOut => format!("{start} did not answer within {} s; {retry}", self.deadline.as_secs()),
            Fault::TooMuch => format!("{start} wrote more than {OUTPUT_BYTES} bytes, which is too much for a credential; {retry}"),
            Fault::Unreadable => format!("{start} did not answer with an ExecCredential that holds a token or a certificate; {retry}"),
            Fault::Broken => format!("{start} was interrupted; {retry}"),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fault {
    NoCommand,
    Missing,
    NotStarted,
    Failed(Option<i32>),
    TimedOut,
    TooMuch,
    Unreadable,
    Broken,
}

/// Starts the plugin with stdin closed and without our stderr, and reads its stdout, all before the deadline.
#[expect(
    clippy::disallowed_methods,
    reason = "the one child process: a credential plugin of the operator's own kubeconfig (docs/security.md, Processes)"
)]
fn run(exec: &ExecConfig, deadline: Duration) -> Result<Vec<u8>, Fault> {
    let end = Instant::now() + deadline;
    let mut command = Command::new(exec.command.as_deref().filter(|c| !c.is_empty()).ok_or(Fault::NoCommand)?);
    command.args(exec.args.iter().flatten());
    for pair in exec.env.iter().flatten() {
        if let (Some(name), Some(value)) = (pair.get("name"), pair.get("value")) {
            command.env(name, value);
        }
    }
    let mut spec = json!({ "interactive": false });
    if let (true, Some(cluster), Some(map)) = (exec.provide_cluster_info, &exec.cluster, spec.as_object_mut()) {
        map.insert("cluster".to_owned(), serde_json::to_value(cluster).unwrap_or(Value::Null));
    }
    let version = exec.api_version.as_deref().unwrap_or("client.authentication.k8s.io/v1");
    let info = json!({ "apiVersion": version, "kind": "ExecCredential", "spec": spec });
    command.env("KUBERNETES_EXEC_INFO", info.to_string());
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => Fault::Missing,
        _ => Fault::NotStarted,
    })?;
    let (sender, receiver) = mpsc::channel();
    if let Some(stdout) = child.stdout.take() {
        std::thread::spawn(move || {
            let mut bytes = Vec::new();
            let read = stdout.take(OUTPUT_BYTES + 1).read_to_end(&mut bytes);
            // The receiver is gone after the deadline: then nobody wants it any more.
            let _ = sender.send(read.map(|_| bytes));
        });
    }
    let output = receiver.recv_timeout(end.saturating_duration_since(Instant::now()));
    let too_much = matches!(&output, Ok(Ok(bytes)) if bytes.len() as u64 > OUTPUT_BYTES);
    let status = loop {
        match child.try_wait() {
            Ok(Some(status)) => break Some(status),
            Ok(None) if !too_much && output.is_ok() && Instant::now() < end => std::thread::sleep(Duration::from_millis(10)),
            _ => {
                // Killing something that has just ended is no fault.
                let _ = child.kill();
                let _ = child.wait();
                break None;
            }
        }
    };
    match (output, status) {
        _ if too_much => Err(Fault::TooMuch),
        (Ok(Ok(bytes)), Some(status)) if status.success() => Ok(bytes),
        (Ok(_), Some(status)) => Err(Fault::Failed(status.code())),
        (Err(_) | Ok(_), _) => Err(Fault::TimedOut),
    }
}

/// client-go decodes YAML as well, so some plugins write it; JSON is YAML.
pub(super) fn parse(output: &[u8]) -> Result<(Material, Option<Timestamp>), Fault> {
    let text = std::str::from_utf8(output).map_err(|_| Fault::Unreadable)?;
    let value: Value = serde_json::from_str(text).ok().or_else(|| serde_saphyr::from_str(text).ok()).ok_or(Fault::Unreadable)?;
    let status = value.get("status").ok_or(Fault::Unreadable)?;
    let field = |key: &str| status.get(key).and_then(Value::as_str).filter(|v| !v.is_empty()).map(str::to_owned);
    let certificate = field("clientCertificateData").zip(field("clientKeyData"));
    let token = field("token");
    if token.is_none() && certificate.is_none() {
        return Err(Fault::Unreadable);
    }
    let expires = match field("expirationTimestamp") {
        Some(at) => Some(at.parse().map_err(|_| Fault::Unreadable)?),
        None => None,
    };
    Ok((Material { token, certificate }, expires))
}

#[cfg(test)]
mod tests;
