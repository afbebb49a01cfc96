//! What may be created of what somebody proposes: a ServiceAccount, a Service and a ConfigMap that something affected names and that do not
//! exist. Each from the analysis over the question and a human's yes to a cluster that is well; or to a refusal.

use crate::support::embedded::{Embedded, yes};
use crate::support::proposed::{SHOP, advice, concluded, create, high, question};
use kubemend::domain::id::SessionId;
use kubemend::domain::issue::Issue;
use kubemend::domain::object::Namespace;
use kubemend::workflow::report::Status;
use kubemend::workflow::{Caller, Problem, Remediation};
use serde_json::{Value, json};

const IMAGES: &str = "
- ref: api:1
  play: {listen: [{port: 8080}]}
- ref: api:picky
  play:
    needs: [{env: LEVEL, match: '^(debug|info)$', fail: 'LEVEL is neither debug nor info'}]
    listen: [{port: 8080}]
";

fn api(pod: &str, container: &str) -> String {
    format!(
        "
apiVersion: apps/v1
kind: Deployment
metadata: {{name: api}}
spec:
  replicas: 1
  selector: {{matchLabels: {{app: api}}}}
  template:
    metadata: {{labels: {{app: api}}}}
    spec:
      {pod}
      containers:
      - {{name: app, image: 'api:1', ports: [{{name: http, containerPort: 8080}}]{container}}}
"
    )
}

const SIBLING: &str = "
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 1
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      imagePullSecrets: [{name: hub}]
      containers: [{name: app, image: 'api:1', ports: [{containerPort: 8080}]}]
";

async fn running(manifests: &str) -> Embedded {
    Embedded::open_to_looks(SHOP, IMAGES, manifests, 90).await
}

async fn refused(process: &Remediation, object: &str, actions: Value) -> String {
    let opened = concluded(process, object, "the api does not run", actions.clone()).await;
    assert!(opened.question.is_none() && opened.report.plan.is_none(), "{actions}");
    advice(&opened)
}

#[tokio::test(start_paused = true)]
async fn account_that_pods_run_as_is_created_with_nothing_but_its_name() {
    let cluster = running(&format!("{}---{SIBLING}", api("serviceAccountName: runner", ""))).await;
    let account = || create("ServiceAccount", "runner", json!({}));
    let ceiling = concluded(&cluster.process(), "deployment/api", "the api does not run", account()).await;
    assert!(ceiling.question.is_none() && advice(&ceiling).contains("high"), "{}", advice(&ceiling));
    let process = high(&cluster);
    let question = question(concluded(&process, "deployment/api", "the api does not run", account()).await);
    for part in ["New ServiceAccount", "roles that are bound to this name", "no undo"] {
        assert!(question.text.contains(part), "{part}: {}", question.text);
    }
    assert_eq!(cluster.writes(), []);
    let done = yes(&process, &question).await.unwrap();
    assert_eq!(done.status, Status::Resolved, "{:?}", done.validation);
    let made = cluster.sim.object("serviceaccounts", SHOP, "runner").unwrap();
    assert!(made.get("automountServiceAccountToken").is_none() && made.get("imagePullSecrets").is_none(), "{made}");
    assert_eq!(cluster.writes().len(), 1);
    let session = SessionId::parse(&done.session).unwrap();
    let undone = process.undo(&session, &Caller::silent()).await.unwrap();
    assert!(undone.question.is_none() && advice(&undone).contains("delete it by hand"), "{}", advice(&undone));
}

#[tokio::test(start_paused = true)]
async fn account_is_refused_that_nobody_names_or_that_brings_more() {
    let cluster = running(&format!("{}---{SIBLING}", api("serviceAccountName: runner", ""))).await;
    let process = high(&cluster);
    let with = |secret: &str| json!({"imagePullSecrets": [{"name": secret}]});
    for (name, rest, part) in [
        ("runer", json!({}), "nothing is affected now that ServiceAccount shop/runer belongs to"),
        ("runner", with("other"), "pulls images with Secret `other`"),
        ("runner", json!({"automountServiceAccountToken": true}), "a ServiceAccount that is proposed has a name"),
        ("runner", json!({"metadata": {"name": "runner", "annotations": {"eks.amazonaws.com/role-arn": "x"}}}), "and nothing else"),
    ] {
        let said = refused(&process, "deployment/api", create("ServiceAccount", name, rest)).await;
        assert!(said.contains(part), "{name}: {said}");
    }
    let patch = json!([{"action": "patch", "object": "serviceaccount/default", "set": [{"field": "imagePullSecrets[name=hub].name", "value": "hub"}]}]);
    let said = refused(&process, "deployment/api", patch).await;
    assert!(said.contains("every Pod of it gets"), "{said}");
    for kind in ["Role", "Secret", "RoleBinding"] {
        let given = create(kind, "runner", json!({}));
        let issue = Some(Issue::parse("the api does not run").unwrap());
        let problem = Problem { issue, namespace: Some(Namespace::parse(SHOP).unwrap()), ..Problem::default() };
        let report = process.analyze(&problem, &Caller::silent()).await.unwrap();
        let id = SessionId::parse(&report.session).unwrap();
        let given = json!({"causes": [{"object": "deployment/api", "title": "t", "explanation": "e", "confidence": 0.9, "cites": ["e1"]}], "actions": given});
        let opened = process.conclude(&id, &given, "agent-of-the-test", &Caller::silent()).await;
        assert!(opened.is_err() || opened.is_ok_and(|opened| opened.question.is_none()), "{kind}");
    }
    assert_eq!(cluster.writes(), []);
    // What a sibling pulls with may be named.
    let named = concluded(&process, "deployment/api", "the api does not run", create("ServiceAccount", "runner", with("hub"))).await;
    assert!(question(named).text.contains("hub"));
}

fn env(key: &str) -> String {
    format!(", env: [{{name: LEVEL, valueFrom: {{configMapKeyRef: {{name: settings, key: {key}}}}}}}]")
}

#[tokio::test(start_paused = true)]
async fn config_map_is_created_with_the_keys_that_are_referred_to() {
    let cluster = running(&api("", &env("LEVEL")).replace("api:1", "api:picky")).await;
    let process = high(&cluster);
    let opened =
        concluded(&process, "deployment/api", "the api does not run", create("ConfigMap", "settings", json!({"data": {"LEVEL": "info"}})))
            .await;
    let question = question(opened);
    for part in ["New ConfigMap", "LEVEL=info", "what it held before, if it existed, is not known", "no undo"] {
        assert!(question.text.contains(part), "{part}: {}", question.text);
    }
    let done = yes(&process, &question).await.unwrap();
    assert_eq!(done.status, Status::Resolved, "{:?}", done.validation);
    assert_eq!(cluster.sim.object("configmaps", SHOP, "settings").unwrap()["data"], json!({"LEVEL": "info"}));
    assert_eq!(cluster.writes().len(), 1);
}

/// An empty one would let a program start without what it needs, and hide that this is lost.
#[tokio::test(start_paused = true)]
async fn config_map_is_refused_that_hides_what_is_lost() {
    let two = ", env: [{name: LEVEL, valueFrom: {configMapKeyRef: {name: settings, key: LEVEL}}}, {name: MODE, valueFrom: {configMapKeyRef: {name: settings, key: MODE}}}]";
    let all = ", envFrom: [{configMapRef: {name: settings}}]";
    let mounted = ", volumeMounts: [{name: files, mountPath: /etc/app}]";
    let volume = "volumes: [{name: files, configMap: {name: settings}}]";
    for (pod, container, data, part) in [
        ("", two, json!({"LEVEL": "info"}), "key `MODE` of ConfigMap shop/settings is referred to and missing"),
        ("", all, json!({"LEVEL": "info"}), "something takes all keys of ConfigMap shop/settings"),
        (volume, mounted, json!({"app.conf": "x"}), "something takes all keys of ConfigMap shop/settings"),
        ("", env("LEVEL").as_str(), json!({"LEVEL": "info", "EXTRA": "x"}), "nothing refers to key `EXTRA`"),
        ("", env("LEVEL").as_str(), json!({"LEVEL": ""}), "that is not empty"),
        ("", env("LEVEL").as_str(), json!({"LEVEL": "password=hunter2canary"}), "can be a credential"),
        ("", env("DB_PASSWORD").as_str(), json!({"DB_PASSWORD": "x"}), "can be a credential"),
    ] {
        let cluster = running(&api(pod, container)).await;
        let said = refused(&high(&cluster), "deployment/api", create("ConfigMap", "settings", json!({"data": data}))).await;
        assert!(said.contains(part) && !said.contains("hunter2canary"), "{container}: {said}");
        assert_eq!(cluster.writes(), []);
    }
}

const STORE: &str = "
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: store}
spec:
  replicas: 1
  serviceName: store-nodes
  selector: {matchLabels: {app: store}}
  template:
    metadata: {labels: {app: store, tier: data}}
    spec: {containers: [{name: app, image: 'store:1', ports: [{name: peer, containerPort: 7000}], readinessProbe: {tcpSocket: {port: 7000}}}]}
";
const CRASHES: &str = "- ref: store:1\n  play: {log: ['no such host store-0.store-nodes'], exit: {code: 1, after: 1}}\n";
const RUNS: &str = "- ref: store:1\n  play: {listen: [{port: 7000}]}\n";

fn peers() -> Value {
    json!({"spec": {"clusterIP": "None", "selector": {"app": "store"}, "ports": [{"name": "peer", "port": 7000}]}})
}

#[tokio::test(start_paused = true)]
async fn service_that_a_stateful_set_names_is_created_for_its_own_pods() {
    let cluster = Embedded::open_to_looks(SHOP, &format!("{IMAGES}{CRASHES}"), STORE, 90).await;
    let process = cluster.process();
    let of = |words: &'static str, actions| concluded(&process, "statefulset/store", words, actions);
    for (change, part) in [
        (json!({"/spec/selector": {"app": "store", "tier": "data"}}), "has to be all of `spec.selector.matchLabels`"),
        (json!({"/spec/selector": {"app": "web"}}), "exactly one workload"),
        (json!({"/spec/ports": [{"port": 7001}]}), "declares port 7001"),
        (json!({"/spec/type": "LoadBalancer"}), "and nothing else"),
        (json!({"/spec/publishNotReadyAddresses": true}), "and nothing else"),
        (json!({"/spec/clusterIP": "10.96.0.10"}), "only as `None`"),
    ] {
        let mut service = peers();
        for (pointer, value) in change.as_object().unwrap() {
            let (parent, name) = pointer.rsplit_once('/').unwrap();
            service.pointer_mut(parent).unwrap()[name] = value.clone();
        }
        let opened = of("the store crashes", create("Service", "store-nodes", service)).await;
        assert!(opened.question.is_none() && advice(&opened).contains(part), "{change}: {}", advice(&opened));
    }
    let mut plain = peers();
    plain["spec"].as_object_mut().unwrap().remove("clusterIP");
    let opened = of("the store crashes", create("Service", "store-nodes", plain)).await;
    assert!(opened.question.is_none() && advice(&opened).contains("with `clusterIP: None`"), "{}", advice(&opened));
    let other = of("the store crashes", create("Service", "store", peers())).await;
    assert!(advice(&other).contains("nothing is affected now that Service shop/store belongs to"), "{}", advice(&other));
    assert_eq!(cluster.writes(), []);

    let question = question(of("the store crashes", create("Service", "store-nodes", peers())).await);
    assert!(question.text.contains("New Service store-nodes: selects app=store"), "{}", question.text);
    cluster.sim.add_images(kubemend::sim::MadeImage::parse_yaml(RUNS).unwrap());
    let done = yes(&process, &question).await.unwrap();
    // Its crashes of a moment ago still count, since its Pod is the same: `validate` says later what holds.
    let validation = done.validation.unwrap();
    let passed = |what: &str| validation.checks.iter().any(|check| check.what == what && check.passed == Some(true));
    assert!(passed("rolloutComplete") && passed("endpointsReady"), "{validation:?}");
    assert_eq!(cluster.sim.object("services", SHOP, "store-nodes").unwrap()["spec"]["clusterIP"], "None");
    assert_eq!(cluster.writes().len(), 1);
}

const INGRESS: &str = "
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: shop}
spec:
  ingressClassName: nginx
  rules:
  - {host: shop.example, http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: api, port: {number: 80}}}}]}}
---
apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: {name: nginx}
spec: {controller: example.com/ingress}
";

#[tokio::test(start_paused = true)]
async fn service_that_an_ingress_leads_to_is_high_and_has_its_port() {
    let cluster = running(&format!("{}---{SIBLING}---{INGRESS}", api("", ""))).await;
    let process = high(&cluster);
    let service = |port: Value| create("Service", "api", json!({"spec": {"selector": {"app": "api"}, "ports": [port]}}));
    let of = |actions| concluded(&process, "ingress/shop", "the ingress shop does not answer", actions);
    let opened = of(service(json!({"port": 8080}))).await;
    assert!(opened.question.is_none() && advice(&opened).contains("leads to port `80`"), "{}", advice(&opened));
    let medium = concluded(
        &cluster.process(),
        "ingress/shop",
        "the ingress shop does not answer",
        service(json!({"port": 80, "targetPort": "http"})),
    )
    .await;
    assert!(medium.question.is_none() && advice(&medium).contains("high"), "{}", advice(&medium));
    let question = question(of(service(json!({"port": 80, "targetPort": "http"}))).await);
    assert!(question.text.contains("can be reached from outside the cluster"), "{}", question.text);
    let done = yes(&process, &question).await.unwrap();
    let made = cluster.sim.object("services", SHOP, "api").unwrap();
    assert_eq!((&made["spec"]["type"], &made["spec"]["ports"][0]["targetPort"]), (&json!("ClusterIP"), &json!("http")));
    assert!(!matches!(done.status, Status::Failed | Status::Unresolved), "{:?}", done.validation);
}

/// Who an Ingress leads to is asked at the Pods behind it, so one without an address would be reached as well, and every port of it.
#[tokio::test(start_paused = true)]
async fn service_that_an_ingress_leads_to_has_an_address_and_just_the_ports_that_are_asked_for() {
    let two = api("", "").replace("containerPort: 8080}", "containerPort: 8080}, {name: debug, containerPort: 5005}");
    let cluster = running(&format!("{two}---{INGRESS}")).await;
    let process = high(&cluster);
    let service = |spec: Value| create("Service", "api", json!({"spec": spec}));
    let http = || json!({"name": "web", "port": 80, "targetPort": "http"});
    for (spec, part) in [
        (json!({"clusterIP": "None", "selector": {"app": "api"}, "ports": [http()]}), "leave out `clusterIP`"),
        (json!({"selector": {"app": "api"}, "ports": [http(), {"name": "debug", "port": 5005}]}), "no Ingress leads to port `5005`"),
        (json!({"selector": {"app": "api"}, "ports": [{"port": 80, "targetPort": "http", "protocol": "UDP"}]}), "declares port"),
    ] {
        let opened = concluded(&process, "ingress/shop", "the ingress shop does not answer", service(spec.clone())).await;
        assert!(opened.question.is_none() && advice(&opened).contains(part), "{spec}: {}", advice(&opened));
    }
    assert_eq!(cluster.writes(), []);
    let good = service(json!({"selector": {"app": "api"}, "ports": [http()]}));
    let question = question(concluded(&process, "ingress/shop", "the ingress shop does not answer", good).await);
    for part in ["New Service api: selects app=api, port 80 to http", "so Deployment shop/api can be reached from outside the cluster"] {
        assert!(question.text.contains(part), "{part}: {}", question.text);
    }
    let done = yes(&process, &question).await.unwrap();
    assert_eq!(done.status, Status::Unclear, "{:?}", done.validation);
}

#[tokio::test(start_paused = true)]
async fn service_of_a_stateful_set_that_an_ingress_leads_to_is_unclear_at_best() {
    let ingress = INGRESS.replace("{name: api, port: {number: 80}}", "{name: store-nodes, port: {number: 7000}}");
    let cluster = Embedded::open_to_looks(SHOP, &format!("{IMAGES}{RUNS}"), &format!("{STORE}---{ingress}"), 90).await;
    let process = high(&cluster);
    let of = concluded(&process, "ingress/shop", "the ingress shop does not answer", create("Service", "store-nodes", peers())).await;
    let question = question(of);
    for part in ["StatefulSet shop/store can be reached from outside", "whether that port answers is not tried"] {
        assert!(question.text.contains(part), "{part}: {}", question.text);
    }
    let done = yes(&process, &question).await.unwrap();
    assert_eq!(done.status, Status::Unclear, "{:?}", done.validation);
}
