//! Fields of objects beside a workload, as somebody who investigates may change them: an autoscaler's bounds, what a budget keeps, where an
//! Ingress leads, and how large a claim is. Each with what is said of it in the question, and with what is refused.

use crate::support::embedded::{Embedded, yes};
use crate::support::proposed::{SHOP, advice, high, question, refuses, set};
use kubemend::domain::id::SessionId;
use kubemend::workflow::Caller;
use kubemend::workflow::report::Status;
use serde_json::json;

const IMAGES: &str = "
- ref: web:1
  play: {listen: [{port: 8080}]}
- ref: api:1
  play: {log: ['no space left on device'], exit: {code: 2, after: 1}}
";

fn workload(name: &str, image: &str, replicas: u32, more: &str) -> String {
    format!(
        "
apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}}}
spec:
  replicas: {replicas}
  selector: {{matchLabels: {{app: {name}}}}}
  template:
    metadata: {{labels: {{app: {name}}}}}
    spec:
      containers: [{{name: app, image: '{image}', ports: [{{containerPort: 8080}}], readinessProbe: {{tcpSocket: {{port: 8080}}}}}}]
{more}"
    )
}

async fn running(manifests: &[&str]) -> Embedded {
    Embedded::open_to_looks(SHOP, IMAGES, &manifests.join("---"), 90).await
}

const AUTOSCALER: &str = "
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: api}
spec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: api}, minReplicas: 2, maxReplicas: 3}
";

#[tokio::test(start_paused = true)]
async fn bounds_of_an_autoscaler_stay_near_and_in_their_order() {
    let cluster = running(&[&workload("api", "api:1", 3, ""), AUTOSCALER]).await;
    cluster
        .merge("autoscaling/v2", "horizontalpodautoscalers", "api/status", &json!({"status": {"currentReplicas": 3, "desiredReplicas": 3}}))
        .await;
    let process = cluster.process();
    let (min, max, api) = ("spec.minReplicas", "spec.maxReplicas", "horizontalpodautoscaler/api");
    let cases = [
        (max, json!(8), "1 up to 7"),
        (max, json!(0), "1 up to 7"),
        (max, json!(1), "`minReplicas` would be 2 and `maxReplicas` 1"),
        (min, json!(4), "`minReplicas` would be 4 and `maxReplicas` 3"),
        ("spec.scaleTargetRef.name", json!("web"), "spec.scaleTargetRef.name"),
        // Fewer than run now is above what is allowed here.
        (max, json!(2), "high"),
        (min, json!(1), "high"),
    ];
    refuses(&process, api, &cases).await;
    assert_eq!(cluster.writes(), []);
    let fewer = question(set(&high(&cluster), api, &[(max, json!(2))]).await);
    assert!(fewer.text.contains("fewer replicas than now may run then"), "{}", fewer.text);
    high(&cluster).decline(&fewer.session, kubemend::workflow::Approver::Terminal).await.unwrap();
    let other = running(&[&workload("api", "api:1", 3, ""), AUTOSCALER]).await;
    let process = other.process();
    // How many run is not known here, and more is no less.
    let more = question(set(&process, api, &[(max, json!(5))]).await);
    assert!(more.text.starts_with("agent: 3 → 5") || more.text.contains("3 → 5"), "{}", more.text);
    yes(&process, &more).await.unwrap();
    assert_eq!(other.sim.object("horizontalpodautoscalers", SHOP, "api").unwrap()["spec"]["maxReplicas"], 5);
    assert_eq!(other.writes().len(), 1);
}

const BUDGET: &str = "
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: web}
spec: {minAvailable: 2, selector: {matchLabels: {app: web}}}
";

#[tokio::test(start_paused = true)]
async fn budget_keeps_one_pod_and_lets_one_go() {
    let cluster = running(&[&workload("web", "web:1", 2, ""), BUDGET]).await;
    let (min, web) = ("spec.minAvailable", "poddisruptionbudget/web");
    let process = high(&cluster);
    let cases = [
        (min, json!(0), "at least one has to stay"),
        (min, json!(3), "at least one to go"),
        (min, json!("50%"), "a number of Pods stands where one was"),
        ("spec.maxUnavailable", json!(1), "a number of Pods stands where one was"),
        ("spec.selector.matchLabels.app", json!("other"), "`selector` is not changed"),
    ];
    refuses(&process, web, &cases).await;
    let medium = set(&cluster.process(), web, &[(min, json!(1))]).await;
    assert!(medium.question.is_none() && advice(&medium).contains("high"), "{}", advice(&medium));
    assert_eq!(cluster.writes(), []);
    let question = question(set(&process, web, &[(min, json!(1))]).await);
    assert!(question.text.contains("may end 1 of its 2 Pods at once then, and 0 now"), "{}", question.text);
    let done = yes(&process, &question).await.unwrap();
    assert_eq!(done.status, Status::Resolved, "{:?}", done.validation);
    assert_eq!(cluster.writes().len(), 1);
    let alone = running(&[&workload("web", "web:1", 1, ""), &BUDGET.replace("minAvailable: 2", "minAvailable: 1")]).await;
    refuses(&high(&alone), web, &[(min, json!(2), "more replicas do")]).await;
}

const INGRESS: &str = "
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: shop}
spec:
  ingressClassName: nginx
  rules:
  - {host: shop.example, http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: wbe, port: {number: 80}}}}]}}
---
apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: {name: nginx}
spec: {controller: example.com/ingress}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
---
apiVersion: v1
kind: Service
metadata: {name: api}
spec: {selector: {app: api}, ports: [{port: 80, targetPort: 8080}]}
---
apiVersion: v1
kind: Service
metadata: {name: admin}
spec: {selector: {app: web}, ports: [{port: 9090, targetPort: 8080}]}
";

#[tokio::test(start_paused = true)]
async fn ingress_leads_only_to_what_is_ready_and_what_it_opens_is_high() {
    let cluster = running(&[&workload("web", "web:1", 1, ""), &workload("api", "api:1", 1, ""), INGRESS]).await;
    let backend = |field: &str| format!("spec.rules[0].http.paths[0].backend.service.{field}");
    let (name, port, shop) = (backend("name"), backend("port.number"), "ingress/shop");
    let process = high(&cluster);
    let cases = [
        (name.as_str(), json!("ghost"), "Service shop/ghost does not exist"),
        (name.as_str(), json!("api"), "no address of Service shop/api is known to be ready"),
        (name.as_str(), json!("admin"), "has no port `80`"),
        (port.as_str(), json!("http"), "the number of its port, or with its name"),
        ("spec.rules[0].host", json!("evil.example"), "`host` is not changed"),
        ("spec.ingressClassName", json!("other"), "spec.ingressClassName"),
        ("spec.tls[0].secretName", json!("x"), "spec.tls[0].secretName"),
    ];
    refuses(&process, shop, &cases).await;
    let medium = set(&cluster.process(), shop, &[(&name, json!("web"))]).await;
    assert!(medium.question.is_none() && advice(&medium).contains("high"), "{}", advice(&medium));
    let opens = question(set(&process, shop, &[(&name, json!("admin")), (&port, json!(9090))]).await);
    assert!(opens.text.contains("port `9090` of Service `admin`, where no Ingress of the namespace leads now"), "{}", opens.text);
    process.decline(&opens.session, kubemend::workflow::Approver::Terminal).await.unwrap();
    assert_eq!(cluster.writes(), []);

    let other = running(&[&workload("web", "web:1", 1, ""), INGRESS]).await;
    let process = high(&other);
    let leads = question(set(&process, shop, &[(&name, json!("web"))]).await);
    assert!(leads.text.contains("whether that port answers is not tried"), "{}", leads.text);
    let done = yes(&process, &leads).await.unwrap();
    assert_eq!(done.status, Status::Unclear, "{:?}", done.validation);
    let path = &other.sim.object("ingresses", SHOP, "shop").unwrap()["spec"]["rules"][0]["http"]["paths"][0];
    assert_eq!(path["backend"]["service"], json!({"name": "web", "port": {"number": 80}}));
    let undone = process.undo(&SessionId::parse(&done.session).unwrap(), &Caller::silent()).await.unwrap();
    assert!(question(undone).text.contains("wbe"));
}

const PAY: &str = "
apiVersion: v1
kind: Service
metadata: {name: pay}
spec: {selector: {app: pay}, ports: [{port: 80, targetPort: 8080}]}
";

#[tokio::test(start_paused = true)]
async fn path_that_serves_is_not_led_elsewhere_and_each_spelling_of_the_other_one_is_asked_about_by_its_path() {
    let broken = "{path: /, pathType: Prefix, backend: {service: {name: wbe, port: {number: 80}}}}";
    let both = format!("{broken}, {}", broken.replace("path: /", "path: /pay").replace("wbe", "pay"));
    let ingress = INGRESS.replace(broken, &both);
    let cluster = running(&[&workload("web", "web:1", 1, ""), &workload("pay", "web:1", 3, ""), PAY, &ingress]).await;
    let process = high(&cluster);
    let of = |rule: &str, path: &str| format!("spec.rules[{rule}].http.paths[{path}].backend.service.name");
    let (first, second) = (of("0", "0"), of("0", "1"));
    let serves = "path `shop.example/pay` leads to Service shop/pay, of which 3 addresses are ready";
    let opened = set(&process, "ingress/shop", &[(&first, json!("web")), (&second, json!("web"))]).await;
    assert!(opened.question.is_none() && advice(&opened).contains(serves), "{}", advice(&opened));
    let (named, nowhere) = (of("host=shop.example", "path=/pay"), of("host=other.example", "path=/"));
    let cases = [(named.as_str(), json!("web"), serves), (nowhere.as_str(), json!("web"), "has no spec.rules[host=other.example]")];
    refuses(&process, "ingress/shop", &cases).await;
    let led = question(set(&process, "ingress/shop", &[(&of("host=shop.example", "path=/"), json!("web"))]).await);
    let now =
        "path `shop.example/` leads to port `80` of Service `wbe`, which does not exist, and would lead to port `80` of Service `web`";
    for part in [now, "host: shop.example", "path: /pay", "spec.rules[0].http.paths[0].backend.service.name"] {
        assert!(led.text.contains(part), "{part}: {}", led.text);
    }
    assert_eq!(cluster.writes(), []);
}

const CLAIM: &str = "
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: CLASS}
provisioner: kubernetes.io/host-path
allowVolumeExpansion: GROWS
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data}
spec: {accessModes: [ReadWriteOnce], storageClassName: CLASS, resources: {requests: {storage: 10Gi}}}
";
const MOUNTS: &str = "      volumes: [{name: data, persistentVolumeClaim: {claimName: data}}]\n";

#[tokio::test(start_paused = true)]
async fn claim_grows_where_its_class_lets_it_and_never_shrinks() {
    let of = |grows: &str| CLAIM.replace("CLASS", "elastic").replace("GROWS", grows);
    let api = workload("api", "api:1", 1, MOUNTS);
    let (size, data) = ("spec.resources.requests.storage", "persistentvolumeclaim/data");
    let fixed = running(&[&api, &of("false")]).await;
    refuses(&fixed.process(), data, &[(size, json!("20Gi"), "does not let volumes grow")]).await;
    let cluster = running(&[&api, &of("true")]).await;
    let process = cluster.process();
    let cases = [
        (size, json!("5Gi"), "a volume never shrinks again"),
        (size, json!("10Gi"), "a volume never shrinks again"),
        (size, json!("21Gi"), "at most 2 times as much"),
        (size, json!("lots"), "an amount of storage"),
        ("spec.storageClassName", json!("other"), "spec.storageClassName"),
        ("spec.volumeName", json!("other"), "`volumeName` is not changed"),
    ];
    refuses(&process, data, &cases).await;
    assert_eq!(cluster.writes(), []);
    let question = question(set(&process, data, &[(size, json!("20Gi"))]).await);
    assert!(question.text.contains("a volume never shrinks again") && question.text.contains("no undo"), "{}", question.text);
    let done = yes(&process, &question).await.unwrap();
    assert_eq!(cluster.sim.object("persistentvolumeclaims", SHOP, "data").unwrap()["spec"]["resources"]["requests"]["storage"], "20Gi");
    assert_eq!(cluster.writes().len(), 1);
    let undone = process.undo(&SessionId::parse(&done.session).unwrap(), &Caller::silent()).await.unwrap();
    assert!(undone.question.is_none() && advice(&undone).contains("keeps its size"), "{}", advice(&undone));
}

#[tokio::test(start_paused = true)]
async fn network_policy_is_left_to_a_human_with_the_reason() {
    const POLICY: &str = "
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: closed}
spec: {podSelector: {matchLabels: {app: api}}, policyTypes: [Ingress]}
";
    let cluster = running(&[&workload("api", "api:1", 1, ""), POLICY]).await;
    refuses(&cluster.process(), "networkpolicy/closed", &[("spec.podSelector.matchLabels.app", json!("none"), "says who reaches whom")])
        .await;
    assert_eq!(cluster.writes(), []);
}
