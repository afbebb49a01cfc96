//! The real cluster, as the tests' own identity sees it: namespaces, applying, looking, waiting.

use super::case::Case;
use super::objects::{KINDS, Kind, label, path_of};
use super::words::Word;
use http::Request;
use kube::config::{KubeConfigOptions, Kubeconfig};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

const UNTIL_LIMIT: Duration = Duration::from_secs(120);
const LOOK_AGAIN: Duration = Duration::from_millis(300);

/// What `kmcluster` says about the cluster that runs, in `ready.json`.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Run {
    pub(crate) version: String,
    pub(crate) kubeconfigs: BTreeMap<String, PathBuf>,
    pub(crate) audit_log: PathBuf,
}

/// The cluster that the tests below `real` run on.
#[derive(Clone)]
pub(crate) struct World {
    client: kube::Client,
    /// Ours, with made images, nodes, identities and the audit log; absent for a cluster of the user's own.
    pub(crate) run: Option<Run>,
    own: PathBuf,
}

impl std::fmt::Debug for World {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("World").field("run", &self.run).field("own", &self.own).finish_non_exhaustive()
    }
}

/// A namespace of one test's own; it is deleted in the end, without waiting.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) world: World,
    pub(crate) name: String,
}

impl World {
    /// The cluster, where there is one.
    pub(crate) async fn find() -> Option<Self> {
        let run: Option<Run> = std::env::var("KUBEMEND_TEST_RUN").ok().map(|path| {
            let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("KUBEMEND_TEST_RUN={path}: {e}"));
            serde_json::from_str(&text).unwrap_or_else(|e| panic!("{path}: {e}"))
        });
        let own = match (&run, std::env::var("KUBEMEND_TEST_KUBECONFIG").ok()) {
            (Some(run), _) => run.kubeconfigs["admin"].clone(),
            (None, Some(path)) => PathBuf::from(path),
            (None, None) => {
                super::notes::did_not_run("a test on a real Kubernetes", "no cluster is named; `make test` starts one");
                return None;
            }
        };
        let _ = rustls::crypto::ring::default_provider().install_default();
        let kubeconfig = Kubeconfig::read_from(&own).unwrap();
        let config = kube::Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await.unwrap();
        Some(Self { client: kube::Client::try_from(config).unwrap(), run, own })
    }

    /// The kubeconfig of an identity; on a cluster of the user's own there is one for all.
    pub(crate) fn kubeconfig(&self, identity: &str) -> PathBuf {
        match &self.run {
            Some(run) => run.kubeconfigs[identity].clone(),
            None => self.own.clone(),
        }
    }

    /// One request; `Err` holds status and message.
    pub(crate) async fn ask(&self, method: &str, path: &str, content: &str, body: Vec<u8>) -> Result<Value, (u16, String)> {
        let request = Request::builder().method(method).uri(path).header("Content-Type", content).body(body).unwrap();
        match self.client.request::<Value>(request).await {
            Ok(value) => Ok(value),
            Err(kube::Error::Api(status)) => Err((status.code, status.message.clone())),
            Err(e) => panic!("{method} {path}: {e}"),
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Result<Value, (u16, String)> {
        self.ask("GET", path, "application/json", Vec::new()).await
    }

    pub(crate) async fn post(&self, path: &str, object: &Value) -> Value {
        let made = self.ask("POST", path, "application/json", object.to_string().into_bytes()).await;
        made.unwrap_or_else(|(code, message)| panic!("POST {path}: {code} {message}"))
    }

    /// A namespace whose name begins so, with the account that its Pods need.
    pub(crate) async fn place(&self, begins: &str) -> Place {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
        let mut rest = since.as_millis() % (36 * 36 * 36 * 36) + u128::from(std::process::id()) * 7;
        let mut suffix = String::new();
        for _ in 0..4 {
            suffix.push(char::from(b"0123456789abcdefghijklmnopqrstuvwxyz"[(rest % 36) as usize]));
            rest /= 36;
        }
        let name = format!("{begins}-{suffix}{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        self.post("/api/v1/namespaces", &json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})).await;
        let account = format!("/api/v1/namespaces/{name}/serviceaccounts/default");
        let begin = Instant::now();
        while self.get(&account).await.is_err() {
            assert!(begin.elapsed() < UNTIL_LIMIT, "{account} is never made");
            tokio::time::sleep(LOOK_AGAIN).await;
        }
        Place { world: self.clone(), name }
    }

    /// kubectl of the cluster's own version, or the machine's for a cluster of the user's own.
    pub(crate) fn kubectl(&self) -> std::process::Command {
        let mut command = match std::env::var("KUBEMEND_TEST_KMCLUSTER") {
            Ok(program) => {
                let mut command = std::process::Command::new(program);
                command.arg("kubectl");
                command
            }
            Err(_) => std::process::Command::new("kubectl"),
        };
        command.arg("--kubeconfig").arg(&self.own);
        command
    }
}

impl Place {
    /// Creates or changes an object, with the annotation that `kubectl apply` leaves.
    pub(crate) async fn apply(&self, object: &Value) {
        let mut object = object.clone();
        object["metadata"]["annotations"]["kubectl.kubernetes.io/last-applied-configuration"] = object.to_string().into();
        let object = &object;
        let path = path_of(object, &self.name);
        let path = format!("{path}/{}?fieldManager=tests&force=true", super::objects::name(object));
        let begin = Instant::now();
        loop {
            match self.world.ask("PATCH", &path, "application/apply-patch+yaml", object.to_string().into_bytes()).await {
                Ok(_) => return,
                // A custom kind is served a moment after it was created.
                Err((404, _)) if Kind::known(object).is_none() && begin.elapsed() < UNTIL_LIMIT => tokio::time::sleep(LOOK_AGAIN).await,
                Err((code, message)) => panic!("apply {}: {code} {message}", label(object)),
            }
        }
    }

    /// All objects of a kind.
    pub(crate) async fn list(&self, kind: &Kind) -> Vec<Value> {
        let path = kind.path(&self.name);
        let mut list = self.world.get(&path).await.unwrap_or_else(|(code, message)| panic!("GET {path}: {code} {message}"));
        let mut items: Vec<Value> = serde_json::from_value(list["items"].take()).unwrap();
        for item in &mut items {
            item["apiVersion"] = kind.api_version.into();
            item["kind"] = kind.name.into();
        }
        items
    }

    /// All objects of all kinds that tests know.
    pub(crate) async fn everything(&self) -> Vec<Value> {
        let mut all = Vec::new();
        for kind in KINDS {
            all.extend(self.list(kind).await);
        }
        all
    }

    /// Waits until a word holds.
    pub(crate) async fn until(&self, word: &Word) {
        let begin = Instant::now();
        loop {
            let objects = self.list(word.kind()).await;
            if word.holds(&objects) {
                return;
            }
            if begin.elapsed() > UNTIL_LIMIT {
                let statuses: Vec<String> = objects.iter().map(|o| format!("{}: {} {}", label(o), o["reason"], o["status"])).collect();
                panic!("not in {}: {word:?}\n{}\nevents: {}", self.name, statuses.join("\n"), self.events().await);
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    async fn events(&self) -> String {
        let events = self.list(Kind::named("Event")).await;
        let line = |e: &Value| format!("{} {}: {}", e["involvedObject"]["name"], e["reason"], e["message"]);
        events.iter().map(line).collect::<Vec<_>>().join("\n")
    }

    /// Sets a case up, phase by phase.
    pub(crate) async fn set_up(&self, case: &Case) {
        for file in &case.scenario.cluster {
            for object in case.manifest(file) {
                self.apply(&object).await;
            }
        }
        for phase in &case.scenario.setup {
            for file in &phase.apply {
                for object in case.manifest(file) {
                    self.apply(&object).await;
                }
            }
            for word in &phase.until {
                self.until(word).await;
            }
        }
    }

    /// What a human might have made or changed, without what controllers write: by name, uid, generation and content.
    pub(crate) async fn picture(&self) -> BTreeMap<String, Value> {
        picture(&self.everything().await)
    }

    /// Asks for the namespace's end, and does not wait for it.
    pub(crate) async fn end(self) {
        let path = format!("/api/v1/namespaces/{}", self.name);
        self.world.ask("DELETE", &path, "application/json", Vec::new()).await.unwrap();
    }
}

/// See [`Place::picture`].
pub(crate) fn picture(objects: &[Value]) -> BTreeMap<String, Value> {
    let mut all = BTreeMap::new();
    for object in objects {
        let meta = &object["metadata"];
        if object["kind"] == "Event" || !meta["ownerReferences"].is_null() {
            continue;
        }
        let mut shown = json!({"uid": meta["uid"], "generation": meta["generation"], "labels": meta["labels"]});
        for part in ["spec", "data", "stringData", "binaryData", "rules", "subjects"] {
            shown[part] = object[part].clone();
        }
        // What the binder and the provisioner write into a claim.
        if object["kind"] == "PersistentVolumeClaim" {
            shown["spec"]["volumeName"] = Value::Null;
        }
        // What the scheduler writes into a Pod.
        if object["kind"] == "Pod" {
            shown["spec"]["nodeName"] = Value::Null;
        }
        all.insert(label(object), shown);
    }
    all
}
