//! Claims about the embedded cluster, made through a real kube client.

mod api;
mod cases;
mod stand_ins;

use std::time::Duration;

use jiff::Timestamp;
use kube::client::ClientBuilder;
use serde_json::{Value, json};

use super::{Latency, MadeImage, Sim, World};

/// A cluster whose driver runs, and a client of it.
struct Lab {
    sim: Sim,
    client: kube::Client,
}

fn world() -> World {
    let start: Timestamp = "2026-01-01T10:00:00Z".parse().unwrap();
    World::standard(start).with_latency(Latency::QUICK)
}

fn lab() -> Lab {
    lab_of(world())
}

#[expect(clippy::disallowed_methods, reason = "a test owns its cluster, so it runs the driver")]
fn lab_of(world: World) -> Lab {
    let (sim, driver) = Sim::new(world);
    tokio::spawn(driver);
    let client = ClientBuilder::new(sim.service(), "default").build();
    Lab { sim, client }
}

impl Lab {
    fn images(&self, yaml: &str) {
        self.sim.add_images(MadeImage::parse_yaml(yaml).unwrap());
    }

    async fn send(&self, method: &str, path: &str, media: &str, body: &Value) -> Result<Value, (u16, String)> {
        let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        let request = http::Request::builder().method(method).uri(path).header("content-type", media).body(body).unwrap();
        self.client.request(request).await.map_err(refusal)
    }

    async fn get(&self, path: &str) -> Result<Value, (u16, String)> {
        self.send("GET", path, "application/json", &Value::Null).await
    }

    async fn post(&self, path: &str, body: &Value) -> Result<Value, (u16, String)> {
        self.send("POST", path, "application/json", body).await
    }

    async fn json_patch(&self, path: &str, body: &Value) -> Result<Value, (u16, String)> {
        self.send("PATCH", path, "application/json-patch+json", body).await
    }

    async fn delete(&self, path: &str, options: &Value) -> Result<Value, (u16, String)> {
        self.send("DELETE", path, "application/json", options).await
    }

    /// Waits until something holds; a minute of the cluster's time at most.
    async fn until(&self, what: &str, holds: impl Fn(&Sim) -> bool) {
        for _ in 0..6_000 {
            if holds(&self.sim) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let left: Vec<String> = self
            .sim
            .objects()
            .iter()
            .filter(|object| object["metadata"]["namespace"] != "kube-system")
            .filter(|object| matches!(object["kind"].as_str(), Some("Event" | "Pod" | "Deployment" | "PersistentVolumeClaim")))
            .map(|object| {
                if object["kind"] == "Event" {
                    format!("{} {}: {}", object["involvedObject"]["name"], object["reason"], object["message"])
                } else {
                    format!("{} {} {}", object["kind"], object["metadata"]["name"], object["status"])
                }
            })
            .collect();
        panic!("never seen: {what}\n{}", left.join("\n"));
    }
}

fn claim(name: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": name},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "10Gi"}}},
    })
}

const NGINX: &str = "[{ref: 'nginx:1.27', play: {listen: [{port: 80}]}}]";

fn web(replicas: u32, image: &str) -> String {
    format!(
        "
apiVersion: apps/v1
kind: Deployment
metadata: {{name: web}}
spec:
  replicas: {replicas}
  selector: {{matchLabels: {{app: web}}}}
  template:
    metadata: {{labels: {{app: web}}}}
    spec:
      containers:
      - name: web
        image: {image}
        ports: [{{name: http, containerPort: 80}}]
        readinessProbe: {{httpGet: {{port: http}}, periodSeconds: 1}}
"
    )
}

/// Code and message of a refusal; code 0 for an error that is no answer.
fn refusal(error: kube::Error) -> (u16, String) {
    if let kube::Error::Api(status) = error { (status.code, status.message) } else { (0, error.to_string()) }
}
