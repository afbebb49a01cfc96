//! What somebody else writes again and again: a field that a tool wrote, whichever way it is named, and an object that is missing and that
//! a source names.

use crate::support::embedded::Embedded;
use crate::support::proposed::{SHOP, advice, concluded, create, high, question, set};
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use kube::client::Body;
use kubemend::domain::limits::Limits;
use kubemend::sim::{Sim, SimBody};
use kubemend::workflow::Remediation;
use serde_json::{Value, json};
use tower::{BoxError, ServiceExt};

const IMAGES: &str = "
- ref: api:1
  play: {log: ['cannot reach its peer, giving up'], exit: {code: 2, after: 1}}
- ref: store:1
  play: {log: ['no such host store-0.store-nodes'], exit: {code: 1, after: 1}}
";
const API: &str = "
apiVersion: apps/v1
kind: Deployment
metadata: {name: api}
spec:
  replicas: 1
  selector: {matchLabels: {app: api}}
  template:
    metadata: {labels: {app: api}}
    spec: {containers: [{name: app, image: 'api:1', ports: [{containerPort: 8080}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: api}
spec:
  selector: {app: api}
  ports: [{name: http, port: 80, targetPort: 8081}, {name: metrics, port: 9090, targetPort: 9091}]
";

async fn running(manifests: &str) -> Embedded {
    Embedded::open_to_looks(SHOP, IMAGES, manifests, 90).await
}

/// The answer, with a port of the Service as one that Terraform wrote.
async fn written(sim: Sim, request: Request<Body>) -> Result<Response<SimBody>, BoxError> {
    let is_it = request.uri().path().ends_with("/services/api");
    let answer = sim.service_as("reader").oneshot(request).await?;
    if !is_it {
        return Ok(answer);
    }
    let (parts, body) = answer.into_parts();
    let mut object: Value = serde_json::from_slice(&body.collect().await?.to_bytes())?;
    let http = json!({".": {}, "f:name": {}, "f:port": {}, "f:targetPort": {}});
    object["metadata"]["managedFields"] = json!([{"manager": "Terraform", "operation": "Update", "apiVersion": "v1", "fieldsType": "FieldsV1",
        "fieldsV1": {"f:spec": {"f:ports": {".": {}, r#"k:{"port":80,"protocol":"TCP"}"#: http}}}}]);
    let mut parts = parts;
    parts.headers.remove(http::header::CONTENT_LENGTH);
    Ok(Response::from_parts(parts, Full::new(object.to_string().into()).map_err(Into::into).boxed_unsync()))
}

fn over_terraform(cluster: &Embedded) -> Remediation {
    let sim = cluster.sim.clone();
    let reader = tower::service_fn(move |request| written(sim.clone(), request));
    cluster.process_through(reader, cluster.sim.service_as("writer"), Limits::default(), true)
}

#[tokio::test(start_paused = true)]
async fn field_that_a_tool_wrote_is_left_to_its_source_in_each_of_its_spellings() {
    let cluster = running(API).await;
    let of = |element: &str| format!("spec.ports[{element}].targetPort");
    for element in ["name=http", "port=80", "0"] {
        let opened = set(&over_terraform(&cluster), "service/api", &[(&of(element), json!(8080))]).await;
        assert!(opened.question.is_none() && advice(&opened).contains("`Terraform` writes this field"), "{element}: {}", advice(&opened));
    }
    assert_eq!(cluster.writes(), []);
    // Nobody wrote the other port.
    question(set(&over_terraform(&cluster), "service/api", &[(&of("port=9090"), json!(8080))]).await);
}

const STORE: &str = "
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: store, OF}
spec:
  replicas: 1
  serviceName: store-nodes
  selector: {matchLabels: {app: store}}
  template:
    metadata: {labels: {app: store}}
    spec: {containers: [{name: app, image: 'store:1', ports: [{name: peer, containerPort: 7000}], readinessProbe: {tcpSocket: {port: 7000}}}]}
";

fn peers() -> Value {
    let spec = json!({"clusterIP": "None", "selector": {"app": "store"}, "ports": [{"name": "peer", "port": 7000}]});
    create("Service", "store-nodes", json!({"spec": spec}))
}

#[tokio::test(start_paused = true)]
async fn object_that_a_source_names_is_made_there_and_for_helm_it_is_high_and_said() {
    for (of, part) in [
        ("labels: {kustomize.toolkit.fluxcd.io/name: shop}", "Flux (`shop`) manages StatefulSet shop/store"),
        ("annotations: {argocd.argoproj.io/tracking-id: 'shop:apps/StatefulSet:shop/store'}", "Argo CD application `shop` manages"),
    ] {
        let cluster = running(&STORE.replace("OF", of)).await;
        let opened = concluded(&high(&cluster), "statefulset/store", "the store crashes", peers()).await;
        assert!(opened.question.is_none() && advice(&opened).contains(part), "{of}: {}", advice(&opened));
        assert!(advice(&opened).contains("add it there"), "{}", advice(&opened));
        assert_eq!(cluster.writes(), []);
    }
    let cluster = running(&STORE.replace("OF", "annotations: {meta.helm.sh/release-name: shop}")).await;
    let medium = concluded(&cluster.process(), "statefulset/store", "the store crashes", peers()).await;
    assert!(medium.question.is_none() && advice(&medium).contains("high"), "{}", advice(&medium));
    let asked = question(concluded(&high(&cluster), "statefulset/store", "the store crashes", peers()).await);
    for part in ["Helm release `shop` manages StatefulSet shop/store, which names it", "the next upgrade fails"] {
        assert!(asked.text.contains(part), "{part}: {}", asked.text);
    }
    let nobody = running(&STORE.replace(", OF", "")).await;
    let asked = question(concluded(&nobody.process(), "statefulset/store", "the store crashes", peers()).await);
    assert!(!asked.text.contains("manages"), "{}", asked.text);
}
