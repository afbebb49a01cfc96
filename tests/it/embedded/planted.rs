//! Credentials of every known kind, planted wherever a probe looks: none of them leaves by any exit. And what only looks like one stays.

use crate::support::case::Case;
use crate::support::embedded::{Embedded, ask, asked};
use crate::support::reader::{Reader, call, text};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use kube::client::Body;
use kubemend::domain::id::SessionId;
use kubemend::domain::investigate::Investigate;
use kubemend::domain::limits::Limits;
use kubemend::sim::{Sim, SimBody};
use kubemend::workflow::{Caller, Looked, Remediation};
use serde_json::{Value, json};
use tower::{BoxError, ServiceExt};

const NAMESPACE: &str = "a-team";

/// How it is written, and what must not be left of it.
const PLANTED: &[(&str, &str)] = &[
    ("dsn postgres://app:Canary01pw@db:5432/x", "Canary01"),
    ("Authorization: Digest Canary02x", "Canary02"),
    ("X-Auth-Token: Canary03x", "Canary03"),
    ("Cookie: sid=Canary04x; theme=dark", "Canary04"),
    ("client-key-data: Canary05x", "Canary05"),
    ("pem LS0tLS1CRUdJTiBQUklWQVRFIEtFWS0tLS0tCanary06", "Canary06"),
    (r"k=-----BEGIN EC PRIVATE KEY-----\nCanary07\n-----END EC PRIVATE KEY-----", "Canary07"),
    ("jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ4Y2FuYXJ5In0.Canary08_sig", "Canary08"),
    ("sent bearer Canary09aaaaaaaaaaaa1", "Canary09"),
    ("Server=tcp:db,1433;User ID=sa;Password=Canary10;Encrypt=True", "Canary10"),
    ("id AKIACANARY11AAAAAAAA", "CANARY11"),
    ("gh ghp_Canary12aaaaaaaaaaaaaaaaaaaaaaa", "Canary12"),
    ("gl glpat-Canary13aaaaaaaaaaa", "Canary13"),
    ("slack xoxb-Canary14-1234567890", "Canary14"),
    ("npm npm_Canary15aaaaaaaaaaaaaaaaaaaaaaaa", "Canary15"),
    ("pypi pypi-AgEICanary16aaaaaaaaaaa", "Canary16"),
    ("openai sk-proj-Canary17aaaaaaaaaaa", "Canary17"),
    ("anthropic sk-ant-api03-Canary18aaaaaaaa", "Canary18"),
    ("stripe sk_live_Canary19aaaa", "Canary19"),
    ("sendgrid SG.Canary20aaaaaaaaaa.Canary20bbbbbbbbbb", "Canary20"),
    (r#"{"auths":{"r.example":{"auth":"Canary21x"}}}"#, "Canary21"),
    (r#"{"private_key":"-----BEGIN PRIVATE KEY-----\nCanary22\n-----END PRIVATE KEY-----\n"}"#, "Canary22"),
    ("AccountName=x;AccountKey=Canary23aa+/==;EndpointSuffix=x", "Canary23"),
    (r#"{"value":"Canary24x","name":"DB_PASSWORD"}"#, "Canary24"),
    (r#"{"key":"api_token","value":"Canary25x"}"#, "Canary25"),
    ("run --db-password Canary26x --host db", "Canary26"),
    ("mysql -uroot -pCanary27x db", "Canary27"),
    ("cache_key=Canary28aB3dE5fG7hJ9kL1", "Canary28"),
    ("admin:$2y$10$Canary29aaaaaaaaaaaaaaaa", "Canary29"),
    ("hook https://hooks.slack.com/services/T0/B0/Canary30", "Canary30"),
];

/// What stays readable.
const HARMLESS: &[&str] = &[
    "example/web@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "6f1c7d3e-1f0a-4e6f-9b6b-0a3f5b7c9d11",
    "9fceb02d0ae598e95dc970b74767f19372d61af8",
    "checkout-config-k8s-production-v2",
    "resourceVersion 184467440737",
    "db-credentials",
];

/// Long enough that whatever is cut is cut somewhere in it.
fn padded(text: &str) -> String {
    format!("{} {text}", "x".repeat(170))
}

fn all(how: impl Fn(usize, &str) -> Value) -> Vec<Value> {
    PLANTED.iter().enumerate().map(|(index, (raw, _))| how(index, raw)).collect()
}

fn named(how: impl Fn(usize, &str) -> (String, Value)) -> Value {
    PLANTED.iter().enumerate().map(|(index, (raw, _))| how(index, raw)).collect::<serde_json::Map<_, _>>().into()
}

fn meta(name: &str) -> Value {
    json!({"name": name, "namespace": NAMESPACE, "uid": format!("u-{name}"), "resourceVersion": "1", "creationTimestamp": "2026-11-23T11:00:00Z"})
}

fn pod() -> Value {
    let mut meta = meta("web-0");
    meta["annotations"] = named(|index, raw| (format!("note-{index}"), padded(raw).into()));
    let ended = |raw: &str| json!({"terminated": {"exitCode": 1, "reason": "Error", "message": raw}});
    let lines: Vec<&str> = PLANTED.iter().map(|(raw, _)| *raw).collect();
    json!({"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": {"containers": [{
        "name": "app", "image": HARMLESS[0],
        "command": ["redis-cli"], "args": ["-a", "Canary31x", "--password", "Canary32x", "--token=Canary33x", "-h", "cache"],
        "env": all(|index, raw| json!({"name": format!("X_{index}"), "value": raw})),
        "envFrom": [{"configMapRef": {"name": "planted"}}],
        "lifecycle": {"postStart": {"exec": {"command": lines}}},
        "livenessProbe": {"httpGet": {"port": 80, "httpHeaders": [
            {"name": "Authorization", "value": "Canary34x"}, {"value": "Canary35x", "name": "X-Auth"}]}},
    }]}, "status": {"phase": "Running", "containerStatuses": [{"name": "app", "ready": false, "image": "x", "imageID": "", "restartCount": 3,
        "state": {"waiting": {"reason": "CrashLoopBackOff", "message": lines[0]}}, "lastState": ended(&lines.join("\n"))}]}})
}

fn map() -> Value {
    let mut data = named(|index, raw| (format!("k{index}"), raw.into()));
    data["password"] = "Canary36x".into();
    data["api-token"] = "two\nlines Canary37x\n".into();
    data["file"] = padded(&PLANTED.iter().map(|(raw, _)| format!("{raw}\n")).collect::<String>()).into();
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta("planted"), "data": data})
}

fn widget() -> Value {
    let named_by_key = json!({"password": 12345678, "tokens": ["Canary38x"], "credentials": {"user": "a", "value": "Canary39x"},
        "params": [{"name": "password", "type": "string", "value": "Canary40x"}, {"value": ["Canary41x"], "key": "api_token"}],
        "flags": ["--api-key", "Canary42x"], "password=Canary43x\n\u{202e}": 1, "Pwd": {"value": "Canary44x"}});
    json!({"apiVersion": "ex.io/v1", "kind": "Widget", "metadata": meta("w"), "spec": {
        "texts": all(|_, raw| raw.into()), "harmless": HARMLESS, "secretKeyRef": {"name": "db-credentials", "key": "password"},
        "named": named_by_key}, "status": {"message": padded(PLANTED[0].0), "items": all(|_, raw| json!({"text": raw}))}})
}

/// A workload of which every field changed from one revision to the next.
fn set() -> Value {
    json!({"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": meta("planted"), "spec": {"replicas": 1,
        "selector": {"matchLabels": {"app": "planted"}}, "serviceName": "x", "template": {"metadata": {"labels": {"app": "planted"}}}},
        "status": {"replicas": 0, "updateRevision": "planted-2", "conditions": all(|_, raw| json!({"type": "Progressing", "status": raw,
        "reason": raw, "message": raw}))}})
}

fn revisions() -> Value {
    let one = |number: i64, pod: Value| {
        let mut meta = meta(&format!("planted-{number}"));
        meta["ownerReferences"] =
            json!([{"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "planted", "uid": "u-planted", "controller": true}]);
        meta["annotations"] = json!({"kubernetes.io/change-cause": PLANTED[25].0});
        let template = json!({"$patch": "replace", "metadata": {"annotations": pod["metadata"]["annotations"]}, "spec": pod["spec"]});
        json!({"apiVersion": "apps/v1", "kind": "ControllerRevision", "metadata": meta, "revision": number, "data": {"spec": {"template": template}}})
    };
    let other: Value = serde_json::from_str(&pod().to_string().replace("Canary", "CanaRY").replace("CANARY11A", "CANARY11B")).unwrap();
    json!({"kind": "ControllerRevisionList", "apiVersion": "apps/v1", "metadata": {"resourceVersion": "1"}, "items": [one(1, pod()), one(2, other)]})
}

/// A Service and an Ingress whose every word is planted.
fn service() -> Value {
    let selector = named(|index, raw| (format!("l{index}"), raw.into()));
    json!({"apiVersion": "v1", "kind": "Service", "metadata": meta("planted"), "spec": {"type": PLANTED[1].0, "clusterIP": PLANTED[2].0,
        "externalName": PLANTED[3].0, "selector": selector, "ports": all(|index, raw| json!({"name": raw, "port": index, "targetPort": raw}))}})
}

fn ingress() -> Value {
    let path = |_, raw: &str| json!({"path": raw, "pathType": "Prefix", "backend": {"service": {"name": raw, "port": {"name": raw}}}});
    json!({"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": meta("planted"), "spec": {"rules": [
        {"host": PLANTED[0].0, "http": {"paths": all(path)}}]}})
}

/// A Pod without a node, of which every word is planted.
fn pending() -> Value {
    let labels = named(|index, raw| (format!("l{index}"), raw.into()));
    let terms = all(|_, raw| json!({"matchExpressions": [{"key": raw, "operator": raw, "values": [raw]}]}));
    json!({"apiVersion": "v1", "kind": "Pod", "metadata": meta("pending"), "spec": {"schedulerName": PLANTED[0].0, "nodeSelector": labels,
        "schedulingGates": all(|_, raw| json!({"name": raw})), "affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution":
        {"nodeSelectorTerms": terms}}}, "containers": [{"name": "app", "image": "x", "resources": {"requests": {"cpu": PLANTED[1].0}},
        "ports": [{"containerPort": 1, "hostPort": 1, "protocol": PLANTED[3].0}]}], "volumes": all(|index, raw| json!({"name": format!("v{index}"),
        "persistentVolumeClaim": {"claimName": raw}}))}, "status": {"phase": "Pending", "conditions": [{"type": "PodScheduled", "status": "False",
        "message": PLANTED.iter().map(|(raw, _)| format!("{raw}\n")).collect::<String>()}]}})
}

fn event(index: usize, raw: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "Event", "metadata": meta(&format!("planted-{index}")), "type": "Warning", "reason": raw,
        "message": raw, "reportingComponent": raw, "involvedObject": {"kind": "Pod", "namespace": NAMESPACE, "name": "web-0"},
        "lastTimestamp": "2026-11-23T12:00:00Z"})
}

/// The table's columns are called as their author chose.
fn table() -> Value {
    let row = |index: usize, raw: &str| {
        json!({"cells": [format!("w-{index}"), format!("Canary45x{index}"), padded(raw), raw],
            "object": {"metadata": {"name": format!("w-{index}"), "namespace": NAMESPACE}}})
    };
    let column = |name: &str| json!({"name": name, "type": "string", "priority": 0});
    let columns = ["Name", "Admin Password", "Message", "Text"].map(column);
    json!({"kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": {}, "rows": all(row), "columnDefinitions": columns})
}

/// Of a cluster that has one custom kind.
pub(super) fn discovery() -> Value {
    json!({"kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "metadata": {}, "items": [{"metadata": {"name": "ex.io"},
        "versions": [{"version": "v1", "freshness": "Current", "resources": [{"resource": "widgets", "responseKind":
        {"group": "ex.io", "version": "v1", "kind": "Widget"}, "scope": "Namespaced", "singularResource": "widget",
        "verbs": ["get", "list", "watch"]}]}]}]})
}

/// What containers use, each of them called what is planted, and so the Pods.
fn measured() -> Value {
    let containers = all(|_, raw| json!({"name": raw, "usage": {"cpu": "100m", "memory": "64Mi"}}));
    let item = |name: &str| json!({"metadata": {"name": name, "namespace": NAMESPACE}, "timestamp": "2026-11-23T12:00:00Z", "containers": containers});
    let mut items = all(|_, raw| item(raw));
    items.push(item("web-0"));
    json!({"kind": "PodMetricsList", "apiVersion": "metrics.k8s.io/v1beta1", "metadata": {}, "items": items})
}

/// What the custom kind is made of, in the words of its author.
fn schemas() -> Value {
    let fields = named(|index, raw| {
        (format!("f{index} {raw}"), json!({"type": "string", "description": raw, "enum": [raw], "default": raw, "format": raw}))
    });
    let of = json!([{"group": "ex.io", "version": "v1", "kind": "Widget"}]);
    let spec = json!({"type": "object", "description": padded(PLANTED[0].0), "properties": fields, "required": [PLANTED[1].0]});
    let widget = json!({"type": "object", "x-kubernetes-group-version-kind": of, "properties": {"spec": spec}});
    json!({"components": {"schemas": {"W": widget}}})
}

/// What is planted at a path.
fn planted(path: &str, as_table: bool) -> Option<(u16, String)> {
    let json = |value: Value| Some((200, value.to_string()));
    match path {
        "/openapi/v3/apis/ex.io/v1" => return json(schemas()),
        "/apis/metrics.k8s.io/v1beta1/namespaces/a-team/pods" => return json(measured()),
        _ => {}
    }
    let in_namespace = path.split_once(&format!("/namespaces/{NAMESPACE}/")).map(|(_, rest)| rest);
    match in_namespace {
        None => {
            if path == "/apis" {
                json(discovery())
            } else {
                None
            }
        }
        Some("pods/web-0") => json(pod()),
        Some("pods/web-0/log") => Some((200, PLANTED.iter().map(|(raw, _)| format!("{raw}\n")).collect())),
        Some("configmaps/planted") => json(map()),
        Some("widgets/w") => json(widget()),
        Some("statefulsets/planted") => json(set()),
        Some("pods/pending") => json(pending()),
        Some("services/planted") => json(service()),
        Some("ingresses/planted") => json(ingress()),
        Some("controllerrevisions") => json(revisions()),
        Some("widgets") if as_table => json(table()),
        Some("services/broken") => {
            let message: Vec<&str> = PLANTED.iter().map(|(raw, _)| *raw).collect();
            let status = json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "Invalid", "code": 422,
                "message": message.join("\n")});
            Some((422, status.to_string()))
        }
        Some("events") => json(json!({"kind": "EventList", "apiVersion": "v1", "metadata": {"resourceVersion": "1"}, "items": all(event)})),
        Some(_) => None,
    }
}

async fn answer(sim: Sim, request: Request<Body>) -> Result<Response<SimBody>, BoxError> {
    let as_table = request.headers().get("accept").is_some_and(|accept| accept.to_str().unwrap_or_default().contains("as=Table"));
    match planted(request.uri().path(), as_table) {
        None => sim.service_as("reader").oneshot(request).await,
        Some((status, text)) => {
            let kind = if text.starts_with('{') { "application/json" } else { "text/plain" };
            let body = Full::new(Bytes::from(text)).boxed_unsync();
            Ok(Response::builder().status(status).header("content-type", kind).body(body)?)
        }
    }
}

async fn seeded() -> (Embedded, Remediation, Case) {
    let case = Case::load("database-pod-pending");
    let mut cluster = Embedded::of(&case, NAMESPACE).await;
    cluster.allowed.investigate = Investigate::Auto;
    let annotations = named(|index, raw| (format!("note-{index}"), padded(raw).into()));
    let pods = cluster.objects().into_iter().filter(|object| object["kind"] == "Deployment");
    for name in pods.filter_map(|object| object["metadata"]["name"].as_str().map(str::to_owned)).collect::<Vec<_>>() {
        cluster.merge("apps/v1", "deployments", &name, &json!({"metadata": {"annotations": annotations}})).await;
    }
    let process = through(&cluster);
    (cluster, process, case)
}

/// A process that is answered with what is planted.
fn through(cluster: &Embedded) -> Remediation {
    let sim = cluster.sim.clone();
    let reader = tower::service_fn(move |request| answer(sim.clone(), request));
    cluster.process_through(reader, cluster.sim.service_as("writer"), Limits::default(), true)
}

/// Nothing of any canary.
fn clean(exit: &str, text: &str) {
    let low = text.to_lowercase();
    if let Some(at) = low.find("canary").or_else(|| low.find("12345678")) {
        let near: String = text.chars().skip(at.saturating_sub(150)).take(300).collect();
        panic!("{exit}: {near}");
    }
    assert!(!text.contains('\u{202e}'), "{exit}: a hidden character");
}

fn looks() -> Value {
    let get = |field: &str| json!({"probe": "get", "object": "pod/web-0", "field": field});
    let of = |object: &str, field: &str| json!({"probe": "get", "object": object, "field": field});
    json!([
        {"probe": "get", "object": "pod/web-0"},
        get("metadata.annotations"),
        get("metadata.annotations.note-0"),
        get("spec.containers[name=app].args"),
        get("spec.containers[name=app].args[1]"),
        get("spec.containers[name=app].args[3]"),
        get("spec.containers[name=app].env[name=X_0].value"),
        get("spec.containers[name=app].env[name=X_9]"),
        get("spec.containers[name=app].livenessProbe"),
        get("spec.containers[name=app].lifecycle.postStart.exec.command"),
        get("status.containerStatuses[name=app].lastState.terminated.message"),
        {"probe": "describe", "object": "pod/web-0"},
        {"probe": "get", "object": "configmap/planted"},
        of("configmap/planted", "data.password"),
        of("configmap/planted", "data.api-token"),
        of("configmap/planted", "data.file"),
        of("configmap/planted", "data.k26"),
        {"probe": "describe", "object": "configmap/planted"},
        {"probe": "get", "object": "widget/w"},
        of("widget/w", "spec.named.password"),
        of("widget/w", "spec.named.tokens[0]"),
        of("widget/w", "spec.named.credentials.value"),
        of("widget/w", "spec.named.params[name=password].value"),
        of("widget/w", "spec.named.flags[1]"),
        of("widget/w", "spec.named.Pwd.value"),
        of("widget/w", "status.items"),
        {"probe": "describe", "object": "widget/w"},
        {"probe": "list", "kind": "widgets"},
        {"probe": "events"},
        {"probe": "events", "object": "pod/web-0"},
        {"probe": "logs", "object": "pod/web-0"},
        {"probe": "logs", "object": "pod/web-0", "contains": "PRIVATE"},
        {"probe": "logs", "object": "pod/web-0", "contains": "--db-password"},
        {"probe": "rollout", "object": "statefulset/planted"},
        {"probe": "endpoints", "object": "service/planted"},
        {"probe": "endpoints", "object": "ingress/planted"},
        {"probe": "scheduling", "object": "pod/pending"},
        {"probe": "graph", "object": "pod/web-0"},
        {"probe": "graph", "object": "ingress/planted"},
        {"probe": "top"},
        {"probe": "top", "object": "pod/web-0"},
        {"probe": "api"},
        {"probe": "api", "kind": "widgets", "field": "spec"},
        {"probe": "api", "kind": "widgets", "field": "spec.zz"},
        {"probe": "can-i", "verb": "get", "kind": "widgets"},
        // Not there, and what is there is told.
        of("configmap/planted", "data.zz"),
        of("widget/w", "spec.named.zz"),
        {"probe": "get", "object": "service/broken"},
        {"probe": "describe", "object": "service/broken"},
        {"probe": "get", "object": "widget/nope"},
    ])
}

async fn look(process: &Remediation, session: &str, given: Value) -> Looked {
    process.look(&SessionId::parse(session).unwrap(), &serde_json::from_value::<Vec<_>>(given).unwrap(), &Caller::silent()).await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn no_planted_credential_leaves_by_any_exit() {
    let (cluster, process, case) = seeded().await;
    let report = process.analyze(&ask(&case, NAMESPACE), &Caller::silent()).await.unwrap();
    clean("the report", &serde_json::to_string(&report).unwrap());
    let looked = look(&process, &report.session, looks()).await;
    for answer in &looked.answers {
        clean(&answer.asked, &serde_json::to_string(answer).unwrap());
    }
    let seen = looked.answers.iter().filter(|answer| answer.id.is_some()).count();
    assert_eq!((seen, looked.answers.len() - seen), (44, 6), "{:#?}", looked.answers);
    clean("the session's report", &serde_json::to_string(&looked.report).unwrap());
    let (report, question) = asked(&process, &ask(&case, NAMESPACE)).await;
    clean("the report of a plan", &serde_json::to_string(&report).unwrap());
    clean("the question", &format!("{question:?}"));
    for record in cluster.store.all() {
        clean("a record", &record.to_string());
    }
}

/// The same looks, by a model of the operator.
#[tokio::test(start_paused = true)]
async fn no_planted_credential_is_sent_to_a_model() {
    let all: Vec<Value> = looks().as_array().unwrap().clone();
    let mut shown = 0;
    for some in all.chunks(12) {
        let wanted = some.to_vec();
        let reader = Reader::new(move |turn, _| {
            Ok(match turn {
                0 => wanted.iter().map(|look| call(look["probe"].as_str().unwrap(), look)).collect(),
                _ => vec![call("conclude", &json!({"open": {"why": "inconclusive", "explanation": "seen enough"}}))],
            })
        });
        let (mut cluster, _, case) = seeded().await;
        cluster.allowed.investigate = Investigate::Always;
        cluster.own_model = Some(reader.own());
        let report = through(&cluster).analyze(&ask(&case, NAMESPACE), &Caller::silent()).await.unwrap();
        clean("the report", &serde_json::to_string(&report).unwrap());
        for prompt in reader.asked() {
            clean("a prompt", &format!("{prompt:?}"));
            shown += text(&prompt).matches("redacted:").count();
        }
    }
    assert!(shown > 100, "the model saw {shown} marks of what was hidden");
}

#[tokio::test(start_paused = true)]
async fn what_only_looks_like_a_credential_stays_readable_in_every_probe() {
    let (_cluster, process, case) = seeded().await;
    let report = process.analyze(&ask(&case, NAMESPACE), &Caller::silent()).await.unwrap();
    let given = json!([{"probe": "get", "object": "widget/w", "field": "spec.harmless"}, {"probe": "get", "object": "widget/w", "field": "spec.secretKeyRef"}]);
    let looked = look(&process, &report.session, given).await;
    for text in HARMLESS {
        assert!(looked.answers[0].text.contains(text), "{text}: {}", looked.answers[0].text);
    }
    assert!(looked.answers[1].text.contains("key: password\nname: db-credentials"), "{}", looked.answers[1].text);
}

#[tokio::test(start_paused = true)]
async fn credential_with_signs_of_markup_in_a_probes_answer_is_in_no_report_and_no_record() {
    for (at, message) in [
        "HTTP probe failed: dial postgres://app:pa<canary9@db:5432/app: refused",
        "effective config:\\npassword: |\\n  canary9 second\\n",
        "login password=x](canary9 refused",
        "env:\\n- name: DB_PASSWORD\\n  value: canary9\\n",
    ]
    .iter()
    .enumerate()
    {
        let cluster = super::words::cluster(&[("shop", super::words::well("web"))]).await;
        let pods: Vec<Value> = cluster.sim.objects().into_iter().filter(|o| o["kind"] == "Pod").collect();
        let (name, uid) = (pods[0]["metadata"]["name"].as_str().unwrap(), pods[0]["metadata"]["uid"].as_str().unwrap());
        let now = kubemend::ports::Clock::now(cluster.clock.as_ref());
        let text = format!(
            "apiVersion: v1\nkind: Event\nmetadata: {{name: e{at}}}\ninvolvedObject: {{apiVersion: v1, kind: Pod, name: {name}, namespace: shop, uid: \
             {uid}}}\nreason: Unhealthy\ntype: Warning\nmessage: \"Readiness probe failed: {message}\"\nsource: {{component: kubelet, host: \
             node-1}}\nreportingComponent: kubelet\nfirstTimestamp: {now}\nlastTimestamp: {now}\ncount: 1\n"
        );
        cluster.sim.apply_yaml("shop", &text).unwrap();
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        let report = cluster.process().analyze(&super::words::words("web is down"), &Caller::silent()).await.unwrap();
        let (told, kept) = (serde_json::to_string(&report).unwrap(), format!("{:?}", cluster.store.all()));
        assert!(told.contains("Readiness probe failed"), "the Event is told: {told}");
        assert!(!told.contains("canary9") && !kept.contains("canary9"), "{told}");
    }
}
