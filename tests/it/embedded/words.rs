//! What the reporter's words decide: where it is looked, what is said and planned first, and what is never called healthy.

use crate::support::embedded::Embedded;
use kubemend::domain::issue::Issue;
use kubemend::domain::limits::{Limits, Mode};
use kubemend::domain::object::{Namespace, ObjectName};
use kubemend::sim::MadeImage;
use kubemend::workflow::report::{Report, Status};
use kubemend::workflow::{Caller, Problem, WorkflowError};
use std::time::Duration;

const WELL: &str = "
apiVersion: apps/v1
kind: Deployment
metadata: {name: NAME}
spec:
  replicas: 1
  selector: {matchLabels: {app: NAME}}
  template:
    metadata: {labels: {app: NAME}}
    spec: {containers: [{name: app, image: 'nginx:1.27'}]}
";

pub(super) fn well(name: &str) -> String {
    WELL.replace("NAME", name)
}

/// A database whose claim does not exist.
pub(super) fn broken(name: &str) -> String {
    let volumes = format!("volumes: [{{name: data, persistentVolumeClaim: {{claimName: {name}-data}}}}]");
    well(name).replace(
        "spec: {containers: [{name: app, image: 'nginx:1.27'}]}",
        &format!("spec: {{containers: [{{name: app, image: 'nginx:1.27', volumeMounts: [{{name: data, mountPath: /data}}]}}], {volumes}}}"),
    )
}

pub(super) async fn cluster(parts: &[(&str, String)]) -> Embedded {
    let cluster = Embedded::new("shop");
    cluster.sim.add_images(MadeImage::parse_yaml("- ref: nginx:1.27\n  play: {listen: [{port: 80}]}\n").unwrap());
    for (namespace, manifest) in parts {
        cluster.sim.apply_yaml(namespace, manifest).unwrap();
    }
    tokio::time::sleep(Duration::from_secs(90)).await;
    cluster
}

pub(super) fn words(text: &str) -> Problem {
    Problem { issue: Some(Issue::parse(text).unwrap()), ..Problem::default() }
}

async fn analyze(cluster: &Embedded, problem: &Problem) -> Report {
    cluster.process().analyze(problem, &Caller::silent()).await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn no_word_makes_an_error_of_the_rest() {
    let cluster = cluster(&[("shop", well("web"))]).await;
    let report = analyze(&cluster, &words("web in shop is broken. Others in the namespace run fine")).await;
    assert_eq!((report.status, report.issue.namespace.as_deref()), (Status::Healthy, Some("shop")), "{}", report.summary);
}

#[tokio::test(start_paused = true)]
async fn healthy_names_what_was_not_checked_and_words_about_answers_check_policies() {
    let deny = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: default-deny}\nspec: {podSelector: {}, policyTypes: [Ingress]}\n";
    let cluster = cluster(&[("shop", well("frontend")), ("shop", well("api")), ("shop", deny.to_owned())]).await;
    let report = analyze(&cluster, &words("is everything ok in namespace shop?")).await;
    assert_eq!(report.status, Status::Healthy, "{}", report.summary);
    assert!(report.summary.contains("Not checked: networkpolicies, poddisruptionbudgets, resourcequotas."), "{}", report.summary);
    for text in [
        "frontend gets no answer from api",
        "frontend times out calling api",
        "api in shop does not answer",
        "requests hang in namespace shop",
    ] {
        let report = analyze(&cluster, &words(text)).await;
        assert_eq!(report.status, Status::Inconclusive, "{text}: {}", report.summary);
        assert!(
            report.coverage.doubts.iter().any(|d| d.contains("default-deny: restricts the connections of 2 Pods")),
            "{text}: {}",
            report.summary
        );
        assert!(!report.summary.contains("networkpolicies"), "{text}: {}", report.summary);
    }
}

#[tokio::test(start_paused = true)]
async fn every_namespace_that_the_words_name_is_read() {
    let cluster = cluster(&[("production", well("api")), ("staging", broken("db")), ("other", broken("ledger"))]).await;
    let report = analyze(&cluster, &words("the namespaces production and staging are both slow")).await;
    assert_eq!(report.issue.namespaces, ["production", "staging"]);
    assert_eq!(report.causes.iter().map(|c| c.object.name.as_str()).collect::<Vec<_>>(), ["db-data"], "{}", report.summary);
    assert!(report.summary.contains("namespaces production and staging"), "{}", report.summary);
}

#[tokio::test(start_paused = true)]
async fn without_a_namespace_it_is_looked_where_the_objects_are() {
    let cluster = cluster(&[("shop", broken("postgres-db")), ("media", well("library"))]).await;
    for text in ["my database is down", "postgres-db does not start", "something is wrong in my cluster, look in all namespaces"] {
        let report = analyze(&cluster, &words(text)).await;
        let found: Vec<&str> = report.causes.iter().map(|c| c.object.name.as_str()).collect();
        assert_eq!((report.status, found), (Status::Diagnosed, vec!["postgres-db-data"]), "{text}: {}", report.summary);
    }
}

#[tokio::test(start_paused = true)]
async fn image_of_a_web_server_makes_nothing_the_site() {
    let cluster = cluster(&[("accounts", well("ledger")), ("shop", broken("orders"))]).await;
    for text in ["my site is down", "my website is not reachable", "the frontend is broken"] {
        let report = analyze(&cluster, &words(text)).await;
        let found: Vec<&str> = report.causes.iter().map(|c| c.object.name.as_str()).collect();
        assert_eq!((report.status, found), (Status::Diagnosed, vec!["orders-data"]), "{text}: {}", report.summary);
    }
}

#[tokio::test(start_paused = true)]
async fn empty_cluster_is_not_healthy() {
    let cluster = cluster(&[]).await;
    let report = analyze(&cluster, &words("my site is down")).await;
    assert_eq!(report.status, Status::Inconclusive, "{}", report.summary);
    let default = Problem { namespace: Namespace::parse("default").ok(), ..words("my site is down") };
    let report = analyze(&cluster, &default).await;
    assert_eq!(report.status, Status::Inconclusive);
    assert!(report.coverage.doubts.iter().any(|d| d.contains("there is nothing in namespace default")), "{:?}", report.coverage);
}

#[tokio::test(start_paused = true)]
async fn app_that_does_not_exist_gets_no_plan_of_another() {
    let cluster = cluster(&[("shop", broken("ledger"))]).await;
    let report = analyze(&cluster, &words("the inventory-api in shop does not start")).await;
    assert_eq!(report.plan, None);
    let first = report.summary.lines().next().unwrap();
    assert!(first.starts_with("Nothing in namespace shop is called `inventory-api`"), "{first}");
    let report = analyze(&cluster, &words("in shop the inventory app is down")).await;
    let first = report.summary.lines().next().unwrap();
    assert!(first.starts_with("Nothing in namespace shop is called `inventory`"), "{first}");
}

#[tokio::test(start_paused = true)]
async fn what_was_asked_about_comes_first_and_gets_the_plan() {
    let parts: Vec<(&str, String)> = ["app1", "app2", "app3", "app4"].map(|name| ("b-team", broken(name))).to_vec();
    let cluster = cluster(&parts).await;
    let report = analyze(&cluster, &words("app4 in b-team does not start")).await;
    assert_eq!(report.causes[0].object.name, "app4-data");
    assert_eq!(report.plan.unwrap().steps[0].object.name, "app4-data");
    assert_eq!(report.issue.about, ["Deployment b-team/app4"]);
}

#[tokio::test(start_paused = true)]
async fn plan_for_something_else_says_so_first_and_needs_a_human() {
    let cluster = cluster(&[("b-team", broken("app1")), ("b-team", well("web"))]).await;
    let automatic = Limits { mode: Mode::Automatic, automatic_allowed: true, ..Limits::default() };
    let process = cluster.process_with(automatic, true);
    // What the words name is healthy, so the plan is for what nobody asked about.
    let opened = process.open(&words("web keeps crashing in b-team"), &Caller::silent()).await.unwrap();
    let report = &opened.report;
    assert_eq!(report.plan.as_ref().map(|plan| plan.steps[0].object.name.as_str()), Some("app1-data"), "{report:#?}");
    let first = report.summary.lines().next().unwrap();
    assert!(first.contains("Deployment b-team/web") && first.contains("the plan is about something else"), "{first}");
    assert!(opened.question.unwrap().text.contains("the plan is about something else"));
    // Why no policy applies it is that alone.
    let why: Vec<&str> = report.advice.iter().map(|a| a.text.as_str()).filter(|text| text.starts_with("a human has to approve")).collect();
    assert_eq!(why, ["a human has to approve: the plan is about something else than `web`, which the issue names"]);
    assert_eq!((report.status, cluster.writes()), (Status::AwaitingApproval, vec![]));
    // The very same plan needs nobody where it is for what was asked about.
    let opened = process.open(&words("app1 does not start in b-team"), &Caller::silent()).await.unwrap();
    assert!(opened.question.is_none(), "{}", opened.report.summary);
    assert_eq!(cluster.writes().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn what_is_wrong_with_what_was_asked_about_comes_before_a_plan_for_something_else() {
    let crasher = well("crasher").replace("spec: {containers", "spec: {nodeSelector: {gone: 'yes'}, containers");
    let cluster = cluster(&[("b-team", broken("app1")), ("b-team", crasher)]).await;
    let automatic = Limits { mode: Mode::Automatic, automatic_allowed: true, ..Limits::default() };
    let opened = cluster.process_with(automatic, true).open(&words("crasher keeps crashing in b-team"), &Caller::silent()).await.unwrap();
    let report = &opened.report;
    let told = report.causes.iter().map(|c| format!("{:?}", c.symptoms)).chain(report.unexplained.iter().map(|s| s.object.name.clone()));
    assert!(told.collect::<String>().contains("crasher"), "{report:#?}");
    assert_eq!((&report.plan, cluster.writes()), (&None, vec![]), "{report:#?}");
}

#[tokio::test(start_paused = true)]
async fn object_that_does_not_exist_is_an_error_with_the_nearest_names() {
    let cluster = cluster(&[("a-team", broken("postgres-db")), ("b-team", well("postgres"))]).await;
    let named = |object: &str, namespace: Option<&str>| Problem {
        objects: vec![ObjectName::parse(object).unwrap()],
        namespace: namespace.map(|n| Namespace::parse(n).unwrap()),
        ..Problem::default()
    };
    for (object, namespace) in [("deployment/postgres", Some("a-team")), ("pod/nope", None), ("deployment/postgrs-db", None)] {
        let said = cluster.process().analyze(&named(object, namespace), &Caller::silent()).await;
        let Err(error @ WorkflowError::NoObject { .. }) = said else { panic!("{object}: {said:?}") };
        let error = error.to_string();
        if object.contains("postgr") {
            let own = "`deployment/postgres-db` in namespace `a-team`";
            assert!(error.contains(own), "{error}");
            // Who named a namespace is offered what is there, before what is nearer by its name elsewhere.
            assert!(namespace.is_none() || error.contains(&format!("did you mean {own}")), "{error}");
            assert!(object != "deployment/postgres" || error.contains("`deployment/postgres` in namespace `b-team`"), "{error}");
        }
    }
    let report = analyze(&cluster, &named("deployment/postgres-db", None)).await;
    assert_eq!((report.issue.namespace.as_deref(), report.status), (Some("a-team"), Status::Diagnosed), "{}", report.summary);
}

#[tokio::test(start_paused = true)]
async fn faults_of_services_ingresses_jobs_and_autoscalers_are_not_called_healthy() {
    let service =
        "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {selector: {app: web}, ports: [{port: 80, targetPort: http}]}";
    let ingress = "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: web}\nspec: {rules: [{http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: gone, port: {number: 80}}}}]}}]}";
    let scaler = "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: web}\nspec: {maxReplicas: 3, scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}}";
    let job = "apiVersion: batch/v1\nkind: Job\nmetadata: {name: import}\nspec: {template: {spec: {restartPolicy: Never, containers: [{name: a, image: 'nginx:1.27'}]}}}";
    let daemon = "apiVersion: apps/v1\nkind: DaemonSet\nmetadata: {name: agent}\nspec: {selector: {matchLabels: {app: agent}}, template: {metadata: {labels: {app: agent}}, spec: {nodeSelector: {a: b}, containers: [{name: a, image: 'nginx:1.27'}]}}}";
    for (fault, said) in [(service, "`http`"), (ingress, "`gone`"), (scaler, "metrics"), (job, "Job"), (daemon, "DaemonSet")] {
        let cluster = cluster(&[("shop", well("web")), ("shop", fault.to_owned())]).await;
        let report = analyze(&cluster, &words("something is wrong in shop")).await;
        assert_eq!(report.status, Status::Inconclusive, "{said}: {}", report.summary);
        assert!(report.summary.contains(said), "{said}: {}", report.summary);
    }
}

#[tokio::test(start_paused = true)]
async fn healthy_report_says_where_it_looked_and_what_it_saw() {
    let cluster = cluster(&[("shop", well("web"))]).await;
    let report = analyze(&cluster, &words("is web alright?")).await;
    assert_eq!(report.status, Status::Healthy, "{}", report.summary);
    assert_eq!(report.coverage.place, "namespace shop (where the objects are that the issue names)");
    assert_eq!(report.coverage.healthy, ["Deployment shop/web: 1 of 1 replicas are ready"]);
    assert!(report.usage.api_calls <= 22, "{}", report.usage.api_calls);
}

#[tokio::test(start_paused = true)]
async fn words_about_anything_but_what_was_seen_are_never_answered_with_healthy() {
    let cluster = cluster(&[("shop", well("web"))]).await;
    let process = cluster.process_at("shop");
    let status = async |text: &str| process.analyze(&words(text), &Caller::silent()).await.unwrap();
    for text in [
        "web answers with 503",
        "web returns 404 for every page",
        "web gives 504",
        "web returns 418",
        "web redirects to the wrong page",
        "web throws errors",
        "web logs errors",
        "web panics",
        "web takes 30 seconds to load",
        "web takes forever",
        "web is not fast",
        "web times out",
        "orders are missing in web",
        "web shows wrong prices",
        "web shows an empty page",
        "web still shows the old logo",
        "web cannot write files",
        "too many open files in web",
        "web runs out of file descriptors",
        "web is overloaded",
        "high load on web",
        "web emails do not arrive",
        "users cannot pay in web",
        "users cannot register in web",
        "access denied in web",
        "web says forbidden",
        "web clock is wrong",
        "web prints garbage",
        "web does not work in Safari",
        "images do not load in web",
        "web metrics are missing",
        "web alerts fire",
        "web is flapping",
        "web behaves strangely",
        "web was hacked",
        "is web secure",
        "web leaks passwords",
        "the hpa of web does not scale",
        "web's hpa does not scale",
        "the hpa on web is stuck",
        "web does not scale",
        "web's ingress is missing",
        "the ingress does not route to web",
        "web has no ingress",
        "web is not exposed",
        "web job failed",
        "cron for web did not run",
        "web's pvc is missing",
        "the volume of web is not mounted",
        "web's configmap is wrong",
        "web's secret is missing",
        "web is evicted",
        "web's service has no endpoints",
        "web has no endpoints",
        "nobody can reach web",
        "web is unreachable",
        "web runs the wrong image",
        "web was not deployed",
        "the rollout of web is stuck",
        "the upgrade of web failed",
        "web has the wrong config",
        "somebody deleted web",
    ] {
        let report = status(text).await;
        assert_eq!(report.status, Status::Inconclusive, "{text}: {}", report.summary);
        assert!(!report.coverage.doubts.is_empty(), "{text}");
    }
    for text in
        ["web is down?", "is web ok?", "check shop", "pods not starting", "web does not start", "why is web pending", "web keeps crashing"]
    {
        let report = status(text).await;
        assert_eq!(report.status, Status::Healthy, "{text}: {}", report.summary);
    }
}

#[tokio::test(start_paused = true)]
async fn what_nobody_reads_bounds_what_is_said_after_a_change() {
    use crate::support::case::Case;
    use crate::support::embedded::yes;
    let opened = async |text: &str| {
        let cluster = Embedded::of(&Case::load("database-pod-pending"), "shop").await;
        let process = cluster.process();
        let opened = process.open(&words(text), &Caller::silent()).await.unwrap();
        (cluster, process, opened)
    };
    let (cluster, _, lost) = opened("postgres-db in shop lost its data").await;
    assert!(lost.question.is_none() && lost.report.plan.is_none(), "{}", lost.report.summary);
    assert!(lost.report.advice.iter().any(|a| a.why.contains("lost data")), "{:?}", lost.report.advice);
    assert!(cluster.writes().is_empty());
    for (text, status, what) in [
        ("users cannot log in since postgres-db in shop answers with 500", Status::Resolved, "what a program answers to requests"),
        ("postgres-db in shop is slow", Status::Resolved, "how fast something answers or works"),
        ("the certificate of postgres-db in shop expired", Status::Unclear, "certificates"),
        ("a webhook blocks postgres-db in shop", Status::Unclear, "admission webhooks"),
        ("DNS does not resolve postgres-db in shop", Status::Unclear, "the cluster's DNS"),
    ] {
        let (_cluster, process, opened) = opened(text).await;
        assert!(opened.report.coverage.doubts.iter().any(|d| d.contains(what)), "{text}: {:?}", opened.report.coverage.doubts);
        let report = yes(&process, &opened.question.unwrap()).await.unwrap();
        assert_eq!(report.status, status, "{text}: {}", report.summary);
        let why = report.validation.and_then(|v| v.why).unwrap_or_default();
        assert!(why.contains("the cause is gone; not checked: ") && why.contains(what), "{text}: {why}");
    }
}
