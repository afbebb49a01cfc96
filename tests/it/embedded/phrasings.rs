//! How people say it: many phrasings over one small cluster, and for each of them the place, the focus and the status that are right.

use super::words::{broken, cluster, well, words};
use crate::support::embedded::Embedded;
use Is::{Diagnosed, Healthy, Inconclusive, Left};
use kubemend::domain::limits::{Limits, Mode};
use kubemend::sim::Denial;
use kubemend::workflow::report::{Report, Status};
use kubemend::workflow::{Approver, Caller, WorkflowError};

/// How what was not found is told.
const SAYS: &[&str] = &["is called `", "` may be about ", "there is no ", "serves `", "does not exist in context `"];
const SERVICE: &str = "apiVersion: v1\nkind: Service\nmetadata: {name: NAME}\nspec: {selector: {app: NAME}, ports: [{port: 80}]}";

fn service(name: &str) -> String {
    SERVICE.replace("NAME", name)
}

/// What nobody sees ill, in several namespaces whose names are words, beside one that is broken.
fn calm() -> Vec<(&'static str, Vec<String>)> {
    vec![
        ("shop", vec![well("web"), well("checkout-api"), well("redis"), service("redis"), well("postgres-db"), well("users")]),
        ("staging", vec![well("web"), well("mailer")]),
        ("monitoring", vec![well("grafana"), well("prometheus")]),
        ("redis", vec![well("redis-master")]),
        ("test", vec![well("runner")]),
        ("database", vec![well("postgres")]),
        ("payments", vec![well("payments-api"), well("cart")]),
        ("run", vec![well("cloud-runner")]),
    ]
}

async fn world() -> Embedded {
    let mut parts = calm();
    parts.push(("finance", vec![broken("ledger")]));
    of(parts).await
}

async fn of(parts: Vec<(&'static str, Vec<String>)>) -> Embedded {
    let parts: Vec<(&str, String)> = parts.into_iter().flat_map(|(n, all)| all.into_iter().map(move |m| (n, m))).collect();
    cluster(&parts).await
}

async fn asked(cluster: &Embedded, own: &str, text: &str) -> Result<Report, WorkflowError> {
    cluster.process_at(own).analyze(&words(text), &Caller::silent()).await
}

/// How that is, and of what is not called healthy why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Is {
    Healthy,
    Diagnosed,
    /// What the words name was not found, or they are about what is never read.
    Inconclusive,
    /// All that they name was seen to be healthy, and words are left that nothing answers.
    Left,
}

/// Of what is left.
const LEFT: &[&str] = &["nothing that kubemend reads answers these words", "no Service that leads there was found"];

fn how(report: &Report) -> Option<Is> {
    let all_left = report.coverage.doubts.iter().all(|d| LEFT.iter().any(|left| d.contains(left)));
    match report.status {
        Status::Healthy => Some(Is::Healthy),
        Status::Diagnosed => Some(Is::Diagnosed),
        Status::Inconclusive if all_left => Some(Is::Left),
        Status::Inconclusive => Some(Is::Inconclusive),
        _ => None,
    }
}

/// Where it is looked, what the words are about, and how that is.
type Row = (&'static str, &'static str, &'static str, Is);

/// Every row at once, so that a reader sees all that are wrong.
async fn hold(own: &str, rows: &[Row]) {
    // Nothing that is broken elsewhere keeps an answer from being healthy, so it is seen whether the words do.
    let broken = rows.iter().any(|(_, _, _, status)| *status == Diagnosed);
    let cluster = if broken { world().await } else { of(calm()).await };
    let mut wrong = Vec::new();
    for (text, place, about, status) in rows {
        match asked(&cluster, own, text).await {
            Ok(report) => {
                let mut places = report.issue.namespaces.clone();
                places.extend(report.issue.namespace.clone());
                let named: Vec<&str> = report.issue.about.iter().filter_map(|o| o.rsplit(['/', ' ']).next()).collect();
                let about: Vec<&str> = about.split(' ').filter(|n| !n.is_empty()).collect();
                let expected = about.iter().all(|n| named.contains(n)) && named.iter().all(|n| about.contains(n));
                let place_fits = *place == "?" || places.join(" ") == *place;
                let said = *status != Inconclusive || report.coverage.doubts.iter().any(|d| SAYS.iter().any(|says| d.contains(says)));
                if !said || !place_fits || !expected || how(&report) != Some(*status) {
                    wrong.push(format!(
                        "{text}: {places:?} {named:?} {:?} {:?}; expected {place}, {about:?}, {status:?}",
                        report.status, report.coverage.doubts
                    ));
                }
            }
            Err(error) => wrong.push(format!("{text}: {error}")),
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), rows.len(), wrong.join("\n"));
}

#[tokio::test(start_paused = true)]
async fn app_that_nobody_has_is_never_healthy() {
    let rows: Vec<Row> = [
        "the invoice app is down",
        "billing-api is broken since noon",
        "why is the invoicing worker not starting",
        "my billing thing keeps restarting",
        "search returns 500",
        "nothing works since the deploy of catalog",
        "invoices down",
        "is anyone else seeing errors from the inventory service?",
        "Inventory pod CrashLoopBackOff",
        "help!!! rabbitmq is dead",
        "cannot log in to keycloak",
        "kafka consumers are lagging",
        "The pods of warehouse keep restarting. Please fix.",
        "our CI says deployment failed for recommender",
        "can you look at the 'invoice' app",
        "`invoice`",
        "invoice",
        "INVOICE IS DOWN",
        "customers complain, the shipping api times out",
        "errors when calling fulfillment",
        "die Rechnungs-App ist kaputt",
        "le service facturation ne démarre pas",
        "la tienda no arranca",
        "what happened to the newsletter cron?",
        "inventory's pods are pending",
        "InvoiceService is failing",
    ]
    .map(|text| (text, "?", "", Inconclusive))
    .to_vec();
    hold("shop", &rows).await;
    let at_home: Vec<Row> =
        ["in shop the invoice app is down", "nothing works in shop since the deploy of invoicing", "shop: inventory is down"]
            .map(|text| (text, "shop", "", Inconclusive))
            .to_vec();
    hold("default", &at_home).await;
}

#[tokio::test(start_paused = true)]
async fn something_that_nobody_has_beside_something_that_is_well_is_not_healthy() {
    let rows = [
        ("web cannot reach rabbitmq", "shop", "web", Inconclusive),
        ("checkout-api fails to connect to the billing service", "shop", "checkout-api", Inconclusive),
        ("web is fine but the invoicer is down", "shop", "web", Inconclusive),
        ("payments worker is not starting", "payments", "", Inconclusive),
        ("users and invoice-api are down", "shop", "users", Inconclusive),
    ];
    hold("shop", &rows).await;
}

#[tokio::test(start_paused = true)]
async fn bare_word_that_is_a_namespace_does_not_settle_the_place() {
    let rows = [
        ("redis cannot connect", "shop", "redis", Healthy),
        ("redis is down", "shop", "redis", Healthy),
        ("web cannot connect to redis", "shop", "redis web", Healthy),
        ("is redis ok?", "shop", "redis", Healthy),
        ("web fails the test", "shop", "web", Healthy),
        ("my database is broken", "shop", "postgres-db redis", Healthy),
        ("web is broken, everything else runs", "shop", "web", Healthy),
        ("web does not run in the default configuration", "shop", "web", Left),
        ("monitoring says that web is broken", "shop", "web", Healthy),
        ("web cannot reach the database", "shop", "postgres-db redis web", Left),
        ("the test of checkout-api fails", "shop", "checkout-api", Healthy),
        ("redis in the redis namespace cannot connect", "redis", "redis-master", Left),
        ("pods in redis restart", "redis", "", Healthy),
        ("redis/redis-master is down", "redis", "redis-master", Healthy),
        ("kubectl -n redis get pods shows restarts", "redis", "", Healthy),
        ("something is wrong in monitoring", "monitoring", "", Healthy),
        ("monitoring is broken", "monitoring", "", Healthy),
        ("payments is down", "payments", "", Healthy),
        ("the run namespace is broken", "run", "", Healthy),
        ("cart is down", "payments", "cart", Healthy),
        ("payments-api is down", "payments", "payments-api", Healthy),
        ("web in staging is broken", "staging", "web", Healthy),
        ("web is broken on staging", "staging", "web", Healthy),
        ("staging web is broken", "staging", "web", Healthy),
        ("web is broken", "shop", "web", Healthy),
        ("ledger does not start", "finance", "ledger", Diagnosed),
        ("pods in shop cannot reach payments", "payments shop", "", Left),
    ];
    hold("shop", &rows).await;
}

#[tokio::test(start_paused = true)]
async fn weak_match_at_home_does_not_beat_an_exact_name_elsewhere() {
    let rows = [
        // `cart` is elsewhere by its name; `checkout` is a part of a name at home.
        ("checkout cannot reach cart", "payments shop", "cart checkout-api", Left),
        ("grafana is down", "monitoring", "grafana", Healthy),
        ("postgres is broken", "database", "postgres", Healthy),
    ];
    hold("shop", &rows).await;
}

#[tokio::test(start_paused = true)]
async fn paths_hosts_and_compounds_are_no_names() {
    let rows = [
        ("web fails on /healthz", "shop", "web", Left),
        ("GET /api/v1/orders of web times out", "shop", "web", Left),
        ("web is broken since the go-live", "shop", "web", Healthy),
        ("web and/or redis is down", "shop", "redis web", Healthy),
        ("web is broken 24/7", "shop", "web", Healthy),
        ("web has a client/server problem", "shop", "web", Healthy),
        ("the end-to-end tests of web fail", "shop", "web", Left),
        ("web got a read-only filesystem", "shop", "web", Left),
        ("web, v1.2.3, is broken at 10.0.0.5:8080", "shop", "web", Left),
        ("curl http://web.shop.svc.cluster.local:80/healthz fails", "shop", "web", Healthy),
        ("the load-balancer in front of web is broken", "shop", "web", Left),
        ("web logs 'connection refused' all the time", "shop", "web", Left),
        ("web is out-of-sync after the roll-out", "shop", "web", Left),
        ("ledger does not start since the go-live, see /var/log/ledger.log", "finance", "ledger", Diagnosed),
        ("ledger: self-healing does not work", "finance", "ledger", Diagnosed),
    ];
    hold("shop", &rows).await;
}

#[tokio::test(start_paused = true)]
async fn compound_that_is_said_to_be_down_is_a_name() {
    let mut rows: Vec<Row> = [
        "product-feed is down",
        "post-service is crashing",
        "the point-of-sale does not start",
        "auto-deployer keeps restarting",
        "multi-tenant-api pods are pending",
        "user-agent is down",
        "image-pull is crashing",
        "game-core returns 503",
        "web-prod is crashing",
        "pod web-prod is crashing",
        "cannot reach full-text-search",
        "2048 is down",
    ]
    .map(|text| (text, "shop", "", Inconclusive))
    .to_vec();
    rows.push(("the production web deployment is failing", "shop", "web", Inconclusive));
    rows.push(("web cannot reach micro-gateway", "shop", "web", Inconclusive));
    hold("shop", &rows).await;
}

#[tokio::test(start_paused = true)]
async fn compound_stops_no_plan() {
    let cluster = world().await;
    for text in [
        "in finance nothing works since the go-live",
        "the load-balancer in finance has no backends",
        "in finance the end-to-end check fails on /healthz",
        "finance: https://pay.example.com/api is down",
    ] {
        let report = asked(&cluster, "shop", text).await.unwrap();
        assert_eq!(
            (report.status, report.plan.is_some(), report.issue.namespace.as_deref()),
            (Status::Diagnosed, true, Some("finance")),
            "{text}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn misspelt_namespace_is_an_error_with_the_nearest() {
    let cluster = world().await;
    let mut wrong = Vec::new();
    for text in [
        "web in the stagign namespace is down",
        "web is down in namespace stagign",
        "kubectl get pods -n stagign shows errors",
        "kubectl get pods --namespace=stagign shows errors",
        "kubectl get pods --namespace stagign",
        "namespace: stagign, web crashes",
        "namespace=stagign",
        "stagign/web is down",
        "in stagign nothing works",
        "the pods in stagign crash",
        "ns stagign is broken",
        "everything in the namespace 'stagign' is broken",
        "namespace called stagign has pending pods",
        "look in stagign ns",
        "namespace/stagign is broken",
        "web.stagign.svc.cluster.local does not answer",
        "in the namespace stagign, web is down",
    ] {
        match asked(&cluster, "shop", text).await {
            Err(WorkflowError::NoNamespace { name, nearest, .. }) if name == "stagign" && nearest.contains(&"staging".to_owned()) => {}
            other => wrong.push(format!("{text}: {:?}", other.map(|r| r.summary))),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test(start_paused = true)]
async fn app_called_by_a_common_word_is_meant_where_the_sentence_speaks_of_one() {
    let rows = [
        ("users is down", "shop", "users", Healthy),
        ("the users service does not answer", "shop", "users", Left),
        ("users keeps restarting", "shop", "users", Healthy),
        ("deployment users is broken", "shop", "users", Healthy),
        ("`users` has errors", "shop", "users", Left),
        ("deployment/users is broken", "shop", "users", Healthy),
        ("users cannot log in", "shop", "", Inconclusive),
        ("my users see errors", "shop", "", Left),
        ("all users are affected", "shop", "", Healthy),
        ("users of web see errors", "shop", "web", Left),
        ("events is down", "shop", "", Inconclusive),
        ("the images service is down", "shop", "", Inconclusive),
        ("the worker is down", "shop", "", Inconclusive),
        ("api is broken", "shop", "checkout-api", Healthy),
        ("services are down", "shop", "", Healthy),
    ];
    hold("shop", &rows).await;
}

#[tokio::test(start_paused = true)]
async fn what_is_well_is_healthy_however_it_is_said() {
    let rows = [
        ("web seems flaky", "shop", "web", Left),
        ("web app is flaky today", "shop", "web", Left),
        ("something is off with \"checkout-api\".", "shop", "checkout-api", Healthy),
        ("checkout api intermittently fails. I have no idea why!", "shop", "checkout-api", Left),
        ("CheckoutApi is failing", "shop", "checkout-api", Healthy),
        ("chekout-api is failing", "shop", "checkout-api", Healthy),
        ("Grafanas pods restart", "monitoring", "grafana", Healthy),
        ("checkout startet nicht mehr", "shop", "checkout-api", Healthy),
        ("die Datenbank ist kaputt", "shop", "postgres-db redis", Healthy),
        ("hey, could you please check whether web is ok?", "shop", "web", Healthy),
        ("nothing works", "shop", "", Healthy),
        ("pods keep crashing since last night", "shop", "", Healthy),
        ("everything is broken", "shop", "", Healthy),
        ("is anything broken?", "shop", "", Healthy),
        ("web-6f7d8c9b5-x2x4z is broken", "shop", "", Inconclusive),
    ];
    hold("shop", &rows).await;
}

#[tokio::test(start_paused = true)]
async fn where_rights_are_missing_nothing_is_said_to_be_missing() {
    let cluster = world().await;
    for resource in ["pods", "deployments", "services", "statefulsets"] {
        cluster.sim.deny(Denial::of("list", resource).in_namespace("staging"));
    }
    for text in [
        "the mailer in staging is down",
        "the invoicer in staging is down",
        "invoice-api in staging is down",
        "the staging namespace is empty",
    ] {
        let report = asked(&cluster, "shop", text).await.unwrap();
        let said = format!("{}\n{:?}", report.summary, report.coverage.doubts);
        assert_eq!(report.status, Status::Inconclusive, "{text}: {said}");
        assert!(said.contains("could not be read") && !said.contains("is called") && !said.contains("there is nothing"), "{text}: {said}");
    }
}

#[tokio::test(start_paused = true)]
async fn gap_elsewhere_does_not_touch_what_was_asked_about() {
    let cluster = world().await;
    // Claims that nobody could bind make classes and nodes needed, but only in `finance`.
    for resource in ["storageclasses", "nodes"] {
        cluster.sim.deny(Denial::of("list", resource));
    }
    let report = asked(&cluster, "shop", "web is broken").await.unwrap();
    assert_eq!((report.status, report.coverage.gaps.len()), (Status::Healthy, 0), "{} {:?}", report.summary, report.coverage.gaps);
    // What is read where every Pod is ready is read of the place, whatever is broken elsewhere.
    let report = asked(&cluster, "shop", "checkout-api is broken").await.unwrap();
    assert!(report.coverage.looked.contains(&"horizontalpodautoscalers".to_owned()), "{:?}", report.coverage.looked);
}

#[tokio::test(start_paused = true)]
async fn kind_that_may_be_read_in_the_place_alone_is_read_there() {
    let cluster = world().await;
    cluster.sim.deny(Denial::of("list", "deployments").in_namespace(""));
    let report = asked(&cluster, "shop", "web is broken").await.unwrap();
    assert_eq!((report.status, report.coverage.gaps.len()), (Status::Healthy, 0), "{} {:?}", report.summary, report.coverage.gaps);
}

#[tokio::test(start_paused = true)]
async fn what_was_not_found_is_said_beside_a_cause_without_a_plan() {
    let unfixable = well("sorter").replace("spec: {containers", "spec: {nodeSelector: {gone: 'yes'}, containers");
    let cluster = cluster(&[("shop", well("web")), ("shop", unfixable)]).await;
    for text in ["the invoice app in shop is down", "web in shop is down"] {
        let report = asked(&cluster, "default", text).await.unwrap();
        let first = report.summary.lines().next().unwrap();
        assert_eq!(report.plan, None, "{text}");
        assert!(first.contains("is called `invoice`") || first.contains("Deployment shop/web"), "{text}: {}", report.summary);
    }
}

/// All kinds of sentence, mixed as they come in.
#[tokio::test(start_paused = true)]
async fn mixed_reports_are_read_as_people_mean_them() {
    let rows = [
        ("pls help, chat is not loading for anyone", "shop", "", Inconclusive),
        ("web's pods are in CrashLoopBackOff?", "shop", "web", Healthy),
        ("Deployment web seems to have a problem since this morning", "shop", "web", Healthy),
        ("since yesterday evening the mailer sends nothing", "staging", "mailer", Left),
        ("we deployed a new version of grafana and now it is broken", "monitoring", "grafana", Healthy),
        ("why does the ordering service return 503?", "shop", "", Inconclusive),
        ("the front-end cannot talk to recommendation-engine", "shop", "", Inconclusive),
        ("our fraud detection is offline", "shop", "", Inconclusive),
        (
            "checkout-api: readiness probe failed: Get \"http://10.1.2.3:8080/ready\": dial tcp: connection refused",
            "shop",
            "checkout-api",
            Left,
        ),
        ("postgres-db pod pending", "shop", "postgres-db", Healthy),
        ("all good with users? (the deployment)", "shop", "", Healthy),
        ("can't reach web from staging", "shop staging", "web", Left),
        ("prometheus OOMKilled twice tonight!!", "monitoring", "prometheus", Healthy),
        ("kubectl get deploy -n monitoring grafana hangs", "monitoring", "grafana", Left),
        ("the thing called runner in test is stuck", "test", "runner", Healthy),
        ("Is there an issue with the newsletter?", "shop", "", Inconclusive),
        ("pods of payments-api do not become ready", "payments", "payments-api", Healthy),
        ("warenkorb ist seit heute morgen nicht erreichbar", "shop", "", Inconclusive),
        ("el servicio de pagos no responde", "shop", "", Inconclusive),
        ("webb is down", "shop", "", Inconclusive),
        ("the 'web' deployment has 0/1 ready replicas", "shop", "web", Left),
        ("grafana and loki are both down", "monitoring", "grafana", Inconclusive),
        ("redis-master restarts all the time", "redis", "redis-master", Healthy),
        ("what is wrong in the payments namespace?", "payments", "", Healthy),
        ("something in payments or staging is broken", "payments staging", "", Healthy),
        ("too many restarts", "shop", "", Healthy),
        ("the scheduler of our batch platform does nothing", "shop", "", Inconclusive),
        ("api gateway times out on /v2/cart", "shop", "", Inconclusive),
        ("why is my app crashing", "shop", "", Healthy),
        ("image registry returns 401 for web:1.2.3", "shop", "web", Inconclusive),
        ("vault is sealed", "shop", "", Inconclusive),
        ("look at deployment/web please", "shop", "web", Healthy),
        ("SSO is broken for everybody", "shop", "", Inconclusive),
        ("why can nobody open the wiki?", "shop", "", Inconclusive),
        ("web: 5xx rate is through the roof", "shop", "web", Inconclusive),
        ("Something strange is going on with our jenkins", "shop", "", Inconclusive),
        ("the order-processing pods are Pending", "shop", "", Inconclusive),
        ("Please restart mailer, it hangs", "staging", "mailer", Left),
        ("what's up with prometheus in monitoring?", "monitoring", "prometheus", Healthy),
        ("mailer in shop is down", "shop", "", Inconclusive),
        ("the cluster is on fire", "shop", "", Left),
        ("pod stuck in ContainerCreating", "shop", "", Left),
        ("user-service is unreachable from web", "shop", "web", Inconclusive),
        ("grafana.example.com shows 404", "shop", "", Inconclusive),
        ("celery workers do not pick up tasks", "shop", "", Inconclusive),
        ("ns: staging - all pods restarted", "staging", "", Healthy),
        ("redis@shop is broken", "shop", "", Left),
        ("payments/payments-api and shop/web are broken", "payments shop", "payments-api web", Healthy),
        ("elastic is red", "shop", "", Inconclusive),
        ("la base de datos postgres no arranca", "database", "postgres", Left),
        ("users deployment is at 0 replicas", "shop", "users", Left),
        ("how is checkout doing", "shop", "checkout-api", Healthy),
    ];
    hold("shop", &rows).await;
}

#[tokio::test(start_paused = true)]
async fn plan_beside_something_that_nobody_has_needs_a_human() {
    let cluster = cluster(&[("shop", broken("ledger-api"))]).await;
    let automatic = Limits { mode: Mode::Automatic, automatic_allowed: true, ..Limits::default() };
    let process = cluster.process_with(automatic, true);
    let said = ["ledger worker in shop is down", "ledger-api in shop cannot reach rabbitmq", "the shipping api in shop is down"];
    for text in said {
        let opened = process.open(&words(text), &Caller::silent()).await.unwrap();
        assert_eq!(opened.report.status, Status::AwaitingApproval, "{text}: {}", opened.report.summary);
        // It is said where a person decides, whatever little of it a client shows.
        let question = opened.question.unwrap();
        let (first, _) = question.text.split_once('\n').unwrap();
        let forms = question.aside.unwrap().around_a_name();
        assert!(forms.iter().any(|(before, _)| first.starts_with(before)) && first.contains(" New empty claim"), "{text}: {first}");
        process.decline(&question.session, Approver::Library("the tests".to_owned())).await.unwrap();
    }
    assert_eq!(cluster.writes(), []);
    let opened = process.open(&words("ledger-api in shop is down"), &Caller::silent()).await.unwrap();
    assert_eq!(opened.report.status, Status::Resolved, "{}", opened.report.summary);
}

#[tokio::test(start_paused = true)]
async fn longer_reports_are_read_as_people_mean_them() {
    let rows = [
        ("Hi team, since 14:00 our web frontend shows a blank page. I checked DNS, looks fine.", "shop", "web", Inconclusive),
        ("URGENT: payroll is not running!! Salaries are due tomorrow.", "shop", "", Inconclusive),
        ("can someone check the logs of checkout-api? it restarts every 5 min", "shop", "checkout-api", Left),
        ("After the upgrade to 1.29 nothing schedules any more.", "shop", "", Healthy),
        ("tracking service -> 500, tracking-db seems ok", "shop", "", Inconclusive),
        ("Why are there two web pods instead of three?", "shop", "web", Left),
        ("In staging, web does not come up after the deploy.", "staging", "web", Healthy),
        ("The mailer (namespace staging) does not deliver.", "staging", "mailer", Left),
        ("staging: mailer - CrashLoopBackOff", "staging", "mailer", Healthy),
        ("loki keeps dying in monitoring", "monitoring", "", Inconclusive),
        ("There's an outage: nobody can pay. Maybe payments-api?", "payments", "payments-api", Left),
        ("new release of the storefront hangs in Pending", "shop", "", Inconclusive),
        ("A colleague deleted something in shop yesterday, now web is gone", "shop", "web", Left),
        ("kubectl describe pod web says Back-off restarting failed container", "shop", "web", Left),
        ("ImagePullBackOff for ghcr.io/acme/web:2.0 in shop", "shop", "", Left),
        ("my deployments are stuck, progress deadline exceeded", "shop", "", Left),
        ("geocoder: no endpoints available", "shop", "", Inconclusive),
        ("the thumbnails job never finishes", "shop", "", Inconclusive),
        ("Everything in payments/ is broken", "payments", "", Healthy),
        ("prometheus' pod is evicted again and again", "monitoring", "prometheus", Left),
        ("which pods are unhealthy?", "shop", "", Healthy),
        ("checkout-api-v2 does not start", "shop", "", Inconclusive),
        ("web, checkout-api and redis are all broken", "shop", "web checkout-api redis", Healthy),
        ("the exporter sidecar of postgres-db fails", "shop", "postgres-db", Inconclusive),
        ("memcached is down", "shop", "", Inconclusive),
        ("A customer says that web was broken this morning", "shop", "web", Healthy),
        ("the customer service does not start", "shop", "", Inconclusive),
        ("our web shop is broken", "shop", "web", Healthy),
        ("the data base is broken", "shop", "postgres-db redis", Healthy),
        ("site reliability wants to know whether web is up", "shop", "web", Left),
        ("El despliegue web no está listo", "shop", "web", Left),
        ("le pod redis redémarre sans arrêt", "shop", "redis", Left),
        ("namespace monitoring: alertmanager missing", "monitoring", "", Inconclusive),
        ("ledger-worker broken, see runbook https://wiki.example.com/ledger", "shop", "", Inconclusive),
    ];
    hold("shop", &rows).await;
}

/// Fewer rights never mean fewer humans.
#[tokio::test(start_paused = true)]
async fn plan_is_not_applied_by_itself_where_what_the_words_name_was_not_found_or_could_not_be_looked_for() {
    for denied in [None, Some("cronjobs")] {
        for text in ["ledger-api in shop cannot reach rabbitmq", "ledger-api and rabbitmq-x1 in shop are down"] {
            let cluster = cluster(&[("shop", broken("ledger-api"))]).await;
            if let Some(plural) = denied {
                cluster.sim.deny(Denial::of("list", plural).to_user("reader"));
            }
            let automatic = Limits { mode: Mode::Automatic, automatic_allowed: true, ..Limits::default() };
            let opened = cluster.process_with(automatic, true).open(&words(text), &Caller::silent()).await.unwrap();
            assert!(opened.question.is_some() && cluster.writes().is_empty(), "{denied:?} `{text}`: {}", opened.report.summary);
        }
    }
}
