//! Looks that go beyond one object, on the embedded cluster: each is answered, or says what is missing and what would allow it.

use crate::support::embedded::Embedded;
use kubemend::domain::id::SessionId;
use kubemend::domain::issue::Issue;
use kubemend::domain::object::Namespace;
use kubemend::sim::Denial;
use kubemend::workflow::{Caller, Problem, Remediation};
use serde_json::{Value, json};
use std::time::Duration;

const SHOP: &str = "shop";
const IMAGES: &str = "
- ref: web:1
  play: {listen: [{port: 8080}]}
- ref: web:2
  play: {log: ['cannot read its settings'], exit: {code: 1, after: 1}}
";
const WEB: &str = "
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - {name: app, image: 'web:1', env: [{name: MOTTO, value: neutral-canary}], ports: [{name: http, containerPort: 8080}]}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  replicas: 1
  serviceName: db
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec: {containers: [{name: app, image: 'web:1'}]}
";

async fn running() -> Embedded {
    Embedded::open_to_looks(SHOP, IMAGES, WEB, 60).await
}

/// The answers to these looks, whether each has an id, and that nothing leaves that must not.
async fn looked(cluster: &Embedded, given: Value) -> Vec<(bool, String)> {
    let process: Remediation = cluster.process();
    let issue = Some(Issue::parse("web does not start").unwrap());
    let problem = Problem { issue, namespace: Some(Namespace::parse(SHOP).unwrap()), ..Problem::default() };
    let report = process.analyze(&problem, &Caller::silent()).await.unwrap();
    let given: Vec<_> = serde_json::from_value(given).unwrap();
    let looked = process.look(&SessionId::parse(&report.session).unwrap(), &given, &Caller::silent()).await.unwrap();
    assert!(!format!("{looked:?}").contains("canary"), "{looked:?}");
    assert_eq!(cluster.writes(), []);
    looked.answers.into_iter().map(|answer| (answer.id.is_some(), answer.text)).collect()
}

#[tokio::test(start_paused = true)]
async fn rollout_tells_the_revisions_their_pods_and_what_changed_between_them() {
    let cluster = running().await;
    let template = json!({"spec": {"template": {"spec": {"containers": [{"name": "app", "image": "web:2",
        "env": [{"name": "MOTTO", "value": "other-canary"}, {"name": "LEVEL", "value": "debug"}],
        "ports": [{"name": "http", "containerPort": 8080}]}]}}}});
    cluster.merge("apps/v1", "deployments", "web", &template).await;
    tokio::time::sleep(Duration::from_secs(60)).await;
    let answers = looked(&cluster, json!([{"probe": "rollout", "object": "deployment/web"}])).await;
    let (seen, text) = &answers[0];
    assert!(seen, "{text}");
    for part in [
        "Deployment shop/web: 2 Pods wanted, 2 of the newest template, 0 ready, 0 available",
        "revision 2, of which new Pods are made: ReplicaSet `web-",
        "2 wanted, 2 there, 0 ready, 0 available",
        "changed since revision 1, in the template:",
        "- spec.containers[name=app].image: web:1\n+ spec.containers[name=app].image: web:2",
        "+ spec.containers[name=app].env[name=LEVEL]: {\"name\":\"LEVEL\",\"value\":\"debug\"}",
        "~ spec.containers[name=app].env[name=MOTTO].value: changed, and is not shown",
        "\n\nrevision 1: ReplicaSet `web-",
        "Of a revision without Pods nothing says whether they ever were available.",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(!text.contains("pod-template-hash"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn rollout_that_may_not_be_read_says_the_right_and_one_that_is_not_there_what_is() {
    let cluster = running().await;
    cluster.sim.deny(Denial::of("list", "controllerrevisions").to_user("reader"));
    let given = json!([{"probe": "rollout", "object": "statefulset/db"}, {"probe": "rollout", "object": "deployment/wbe"}]);
    let answers = looked(&cluster, given).await;
    assert!(!answers[0].0 && answers[0].1.contains("is not allowed") && answers[0].1.contains("controllerrevisions"), "{answers:?}");
    assert!(answers[1].1.contains("there is no Deployment `wbe` in `shop`; did you mean `web`?"), "{answers:?}");
}

const SERVICES: &str = "
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{name: http, port: 80, targetPort: http}, {name: grpc, port: 90, targetPort: grpc}]}
---
apiVersion: v1
kind: Service
metadata: {name: api}
spec: {selector: {app: wbe, tier: front}, ports: [{port: 80}]}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: site}
spec:
  rules:
  - host: shop.example
    http:
      paths:
      - {path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}
      - {path: /old, pathType: Prefix, backend: {service: {name: web, port: {name: htp}}}}
      - {path: /api, pathType: Prefix, backend: {service: {name: apis, port: {number: 80}}}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: only-front}
spec:
  podSelector: {matchLabels: {app: web}}
  policyTypes: [Ingress]
  ingress: [{from: [{podSelector: {matchLabels: {role: front}}}], ports: [{port: 8080}]}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: idle}
spec:
  replicas: 0
  selector: {matchLabels: {app: idle}}
  template:
    metadata: {labels: {app: idle, tier: back}}
    spec: {containers: [{name: app, image: 'web:1'}]}
---
apiVersion: v1
kind: Service
metadata: {name: idle}
spec: {selector: {app: idle}, ports: [{port: 80}]}
";

#[tokio::test(start_paused = true)]
async fn endpoints_tells_what_a_service_and_an_ingress_lead_to_and_why_not() {
    let cluster = running().await;
    cluster.apply(SERVICES);
    tokio::time::sleep(Duration::from_secs(10)).await;
    let given = json!([
        {"probe": "endpoints", "object": "service/web"},
        {"probe": "endpoints", "object": "service/api"},
        {"probe": "endpoints", "object": "ingress/site"},
        {"probe": "endpoints", "object": "deployment/web"},
        {"probe": "endpoints", "object": "service/idle"},
    ]);
    let answers = looked(&cluster, given).await;
    let says = |at: usize, parts: &[&str]| {
        let (_, text) = &answers[at];
        parts.iter().for_each(|part| assert!(text.contains(part), "{part}: {text}"));
    };
    says(
        0,
        &[
            "selects Pods with `app=web`\n2 Pods are selected, 2 of them ready",
            "port 80 (`http`) leads to port `http`, which 2 of 2 Pods have, as 8080",
            "port 90 (`grpc`) leads to port `grpc`, which none of these Pods has, so it leads to nothing; they declare `http=8080`",
            "addresses: 2 ready addresses",
            "EndpointSlice `web-",
            "`only-front` allows what comes from Pods with `role=front` of the same namespace to 8080",
        ],
    );
    says(
        1,
        &["so it leads to nothing:", "`app=wbe`: no Pod has it; Pods have `app` = `db`, `web`", "`tier=front`: no Pod has a label `tier`"],
    );
    says(
        2,
        &[
            "Service `web`, port 80: 2 ready addresses",
            "Service `web`, port `htp`, which it does not have; it has 80 (`http`), 90 (`grpc`)",
            "Service `apis`, which does not exist",
            "\n\nService shop/web: of type `ClusterIP`",
        ],
    );
    says(4, &["`app=idle`: no Pod has it", "Pods of Deployment shop/idle would have all of them: it wants 0"]);
    assert!(!answers[3].0 && answers[3].1.contains("only a Service or an Ingress leads to something"), "{answers:?}");
    cluster.sim.deny(Denial::of("list", "endpointslices").to_user("reader"));
    let answers = looked(&cluster, json!([{"probe": "endpoints", "object": "service/web"}])).await;
    let (_, text) = &answers[0];
    assert!(text.contains("no ready address was seen, and EndpointSlices could not be read completely"), "{text}");
    assert!(text.contains("endpointslices: not allowed to be read; to allow it: kubectl"), "{text}");
}

const BIG: &str = "
apiVersion: v1
kind: Pod
metadata: {name: big}
spec:
  nodeSelector: {disk: ssd}
  tolerations: []
  affinity: {podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: kubernetes.io/hostname, labelSelector: {}}]}}
  containers: [{name: app, image: 'web:1', resources: {requests: {cpu: '1000'}}}]
  volumes: [{name: data, persistentVolumeClaim: {claimName: gone}}]
";

#[tokio::test(start_paused = true)]
async fn scheduling_tells_what_keeps_a_pod_from_each_node_and_what_was_not_computed() {
    let cluster = running().await;
    cluster.apply(BIG);
    tokio::time::sleep(Duration::from_secs(10)).await;
    let pods: Vec<String> =
        cluster.objects().iter().filter(|o| o["kind"] == "Pod").filter_map(|o| o["metadata"]["name"].as_str().map(str::to_owned)).collect();
    let placed = pods.iter().find(|name| name.starts_with("web-")).unwrap();
    let given = json!([
        {"probe": "scheduling", "object": "pod/big"},
        {"probe": "scheduling", "object": format!("pod/{placed}")},
        {"probe": "scheduling", "object": "deployment/web"},
    ]);
    let answers = looked(&cluster, given).await;
    let (seen, text) = &answers[0];
    assert!(seen, "{text}");
    for part in [
        "Pod shop/big has no node",
        "its status says: “0/",
        "asks for 1000000m of `cpu`",
        "nodeSelector: `disk=ssd`",
        "its claim `gone` does not exist, so no node will do",
        "has no label `disk`; too little `cpu`",
        " `cpu` are asked for by its Pods",
        "Not computed: its affinity to other Pods, which it has; anti-affinity of other Pods",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(answers[1].1.contains("has a node, `") && answers[1].0, "{answers:?}");
    assert!(answers[2].1.contains("only Pods are scheduled"), "{answers:?}");
    cluster.sim.deny(Denial::of("list", "nodes").to_user("reader"));
    let answers = looked(&cluster, json!([{"probe": "scheduling", "object": "pod/big"}])).await;
    assert!(
        answers[0].1.contains("no node could be read") && answers[0].1.contains("nodes: not allowed to be read; to allow it: "),
        "{answers:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn graph_tells_what_an_object_is_tied_to_and_what_could_not_be_read() {
    let cluster = running().await;
    cluster.apply(SERVICES);
    tokio::time::sleep(Duration::from_secs(10)).await;
    let given = json!([
        {"probe": "graph", "object": "deployment/web"},
        {"probe": "graph", "object": "service/web"},
        {"probe": "graph", "object": "configmap/kube-root-ca.crt", "namespace": "kube-system"},
    ]);
    let answers = looked(&cluster, given).await;
    for (at, parts) in [
        (
            0,
            &[
                "owns:\nReplicaSet shop/web-",
                "\n  Pod shop/web-",
                ": ready, at `",
                "Service shop/web: 2 ready addresses",
                "NetworkPolicy shop/only-front",
            ][..],
        ),
        (1, &["selects Pods:\nPod shop/web-", "led to by:\nIngress shop/site"]),
    ] {
        let (seen, text) = &answers[at];
        assert!(seen, "{text}");
        parts.iter().for_each(|part| assert!(text.contains(part), "{part}: {text}"));
    }
    assert!(!answers[2].0 && answers[2].1.contains("are not shown"), "what is kept back of one look is kept back of another: {answers:?}");
    cluster.sim.deny(Denial::of("list", "services").to_user("reader"));
    let answers = looked(&cluster, json!([{"probe": "graph", "object": "deployment/web"}])).await;
    assert!(answers[0].1.contains("services: not allowed to be read; to allow it: kubectl"), "{answers:?}");
}

#[tokio::test(start_paused = true)]
async fn graph_of_a_node_tells_its_pods_or_which_right_is_missing() {
    let cluster = running().await;
    let pods: Vec<Value> = cluster.objects().into_iter().filter(|o| o["kind"] == "Pod").collect();
    let node = pods[0]["spec"]["nodeName"].as_str().unwrap().to_owned();
    let given = json!([{"probe": "graph", "object": format!("node/{node}")}]);
    let answers = looked(&cluster, given.clone()).await;
    for pod in pods.iter().filter(|pod| pod["spec"]["nodeName"] == json!(node)) {
        let line = format!("Pod shop/{}: ready", pod["metadata"]["name"].as_str().unwrap());
        assert!(answers[0].1.contains(&line), "{line}: {answers:?}");
    }
    cluster.sim.deny(Denial::of("list", "pods").to_user("reader"));
    let answers = looked(&cluster, given).await;
    assert!(answers[0].1.contains("pods: not allowed to be read; to allow it: kubectl"), "{answers:?}");
    assert!(!answers[0].1.contains("nothing that was read is tied to it"), "{answers:?}");
}

#[tokio::test(start_paused = true)]
async fn top_tells_what_is_used_beside_what_is_asked_for_and_that_nothing_is_measured_where_nothing_is() {
    let cluster = running().await;
    let wanted = json!([{"probe": "top"}, {"probe": "top", "kind": "nodes"}, {"probe": "top", "object": "deployment/web"}]);
    let answers = looked(&cluster, wanted).await;
    for (seen, text) in &answers[..2] {
        assert!(!seen && text.contains("has no metrics API"), "{text}");
    }
    assert!(!answers[2].0 && answers[2].1.contains("only Pods and nodes are measured"), "{answers:?}");

    let limits = "resources: {requests: {cpu: 100m, memory: 64Mi}, limits: {memory: 128Mi}}";
    cluster.apply(&format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: full}}\nspec: {{containers: [{{name: app, image: 'web:1', {limits}}}]}}\n"
    ));
    tokio::time::sleep(Duration::from_secs(10)).await;
    let container = |cpu: &str, memory: &str| json!([{"name": "app", "usage": {"cpu": cpu, "memory": memory}}]);
    let item = |name: &str, containers: Value| json!({"metadata": {"name": name, "namespace": SHOP}, "timestamp": "2026-01-01T00:00:00Z", "window": "15s", "containers": containers});
    cluster.sim.serve_document(
        "/apis/metrics.k8s.io/v1beta1/namespaces/shop/pods",
        json!({"kind": "PodMetricsList", "items": [item("small", container("250u", "1024Ki")), item("full", container("212345678n", "129024Ki"))]}),
    );
    cluster.sim.serve_document(
        "/apis/metrics.k8s.io/v1beta1/nodes",
        json!({"kind": "NodeMetricsList", "items": [{"metadata": {"name": "node-1"}, "timestamp": "2026-01-01T00:00:00Z", "usage": {"cpu": "1", "memory": "1Gi"}}]}),
    );
    let wanted = json!([{"probe": "top", "kind": "pods"}, {"probe": "top", "object": "pod/full"}, {"probe": "top", "kind": "nodes"}, {"probe": "top", "object": "pod/gone"}]);
    let answers = looked(&cluster, wanted).await;
    let (seen, text) = &answers[0];
    assert!(seen, "{text}");
    let full = "`full` container `app`: cpu 212m (request 100m), memory 126Mi (request 64Mi; limit 128Mi, 98 % of it)";
    assert!(text.starts_with("measured ") && text.contains(full), "{text}");
    assert!(text.find("`full`") < text.find("`small`"), "who uses the most comes first: {text}");
    assert!(text.contains("`small` container `app`: cpu 0m, memory 1Mi"), "{text}");
    assert!(answers[1].1.contains(full) && !answers[1].1.contains("small"), "{answers:?}");
    assert!(answers[2].1.contains("`node-1`: cpu 1000m"), "{answers:?}");
    assert!(!answers[3].0 && answers[3].1.contains("nothing was measured of"), "{answers:?}");
}

#[tokio::test(start_paused = true)]
async fn api_tells_the_kinds_and_the_fields_of_one_and_can_i_what_the_reader_is_allowed() {
    let cluster = running().await;
    let group = json!([{"group": "apps", "version": "v1", "kind": "Deployment"}]);
    let spec = json!({"type": "object", "description": "What is wanted. token: neutral-canary", "required": ["replicas"], "properties": {"replicas": {"type": "integer", "description": "How many."}}});
    cluster.sim.serve_document(
        "/openapi/v3/apis/apps/v1",
        json!({"components": {"schemas": {"D": {"type": "object", "x-kubernetes-group-version-kind": group, "properties": {"spec": spec}}}}}),
    );
    cluster.sim.deny(Denial::of("delete", "pods").to_user("reader"));
    let wanted = json!([
        {"probe": "api", "kind": "deployments", "field": "spec"},
        {"probe": "api", "kind": "deployments", "field": "spec.replica"},
        {"probe": "api", "kind": "statefulsets"},
        {"probe": "api"},
        {"probe": "can-i", "verb": "list", "kind": "pods"},
        {"probe": "can-i", "verb": "delete", "kind": "pods"},
        {"probe": "can-i", "verb": "steal", "kind": "pods"},
        {"probe": "can-i", "verb": "get", "kind": "secrets"},
    ]);
    let answers = looked(&cluster, wanted).await;
    let says = |at: usize, seen: bool, part: &str| {
        let (was_seen, text) = &answers[at];
        assert!(*was_seen == seen && text.contains(part), "{part}: {text}");
    };
    says(0, true, "`replicas` (integer, required): “How many.”");
    says(1, false, "did you mean `replicas`?");
    says(2, false, "no schema of StatefulSet");
    says(3, true, "Kubernetes' own, of which these can be read: pods, deployments");
    says(4, true, "yes: kubemend's reader is allowed to list pods in `shop`");
    says(5, true, "no: kubemend's reader is not allowed to delete pods in `shop`");
    says(6, false, "`steal` is not a verb of roles");
    says(7, false, "kubemend never reads Secrets");
}
