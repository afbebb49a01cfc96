//! What the words name is judged and answered whatever else is wrong, and nothing else is put up for approval in its place.

use super::words::{broken, cluster, well, words};
use crate::support::embedded::Embedded;
use kubemend::workflow::report::{Report, Status};
use kubemend::workflow::{Caller, Opened, full};

/// Something that has a plan of its own, and that nobody asks about.
fn neighbor() -> (&'static str, String) {
    ("shop", broken("ledger"))
}

fn cron(name: &str, suspended: bool) -> String {
    format!(
        "apiVersion: batch/v1\nkind: CronJob\nmetadata: {{name: {name}}}\nspec: {{schedule: '0 3 * * *', suspend: {suspended}, jobTemplate: {{spec: {{template: {{spec: {{restartPolicy: Never, containers: [{{name: app, image: 'nginx:1.27'}}]}}}}}}}}}}"
    )
}

async fn open(cluster: &Embedded, own: Option<&str>, text: &str) -> Opened {
    let process = own.map_or_else(|| cluster.process(), |own| cluster.process_at(own));
    process.open(&words(text), &Caller::silent()).await.unwrap()
}

fn text_of(report: &Report) -> String {
    let full = full(report);
    format!("{}\n{full}", report.summary)
}

#[tokio::test(start_paused = true)]
async fn what_was_asked_about_is_answered_whatever_else_is_wrong() {
    let idle = well("wallet").replace("replicas: 1", "replicas: 0");
    let paused = well("pricing").replace("spec:\n  replicas: 1", "spec:\n  replicas: 1\n  paused: true");
    let rows = [
        (idle, "wallet in shop does not work", "Deployment shop/wallet: ", "scaled to zero"),
        (cron("backup", true), "there was no backup last night in shop", "CronJob shop/backup: ", "suspended"),
        (paused, "the new version of pricing in shop is not live", "Deployment shop/pricing: ", "paused"),
    ];
    let mut wrong = Vec::new();
    for (manifest, text, object, state) in rows {
        let cluster = cluster(&[("shop", manifest), neighbor()]).await;
        let Opened { report, question } = open(&cluster, None, text).await;
        let note = report.issue.note.clone().unwrap_or_default();
        let first = report.summary.lines().next().unwrap_or_default();
        let said = note.starts_with(object) && note.contains(state) && first.starts_with(object);
        let listed = report.coverage.doubts.iter().any(|doubt| doubt.starts_with(object) && doubt.contains(state));
        let advised = report.advice.iter().any(|a| a.command.as_deref() == Some("kubemend remediate deployment/ledger -n shop"));
        let ended = (report.status, report.plan.is_none(), question.is_none()) == (Status::Diagnosed, true, true);
        if !(said && listed && advised && ended && text_of(&report).contains(&format!("Not verified: {object}"))) {
            wrong.push(format!("{text}: {ended} {said} {listed} {advised}: {}\n{:?}", text_of(&report), report.advice));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[tokio::test(start_paused = true)]
async fn how_a_named_node_is_is_said_beside_a_cause_elsewhere() {
    let node = "apiVersion: v1\nkind: Node\nmetadata: {name: node-2, labels: {disktype: hdd}}\nspec: {unschedulable: true}";
    let cluster = cluster(&[("shop", node.to_owned()), neighbor()]).await;
    let Opened { report, question } = open(&cluster, None, "is node-2 healthy").await;
    let first = report.summary.lines().next().unwrap();
    assert!(first.starts_with("Node node-2: ") && first.contains("cordoned"), "{}", report.summary);
    assert_eq!((report.plan.is_none(), question.is_none()), (true, true), "{}", report.summary);
}

#[tokio::test(start_paused = true)]
async fn place_that_does_not_exist_gets_no_plan_of_another() {
    let cluster = cluster(&[("shop", well("web")), ("finance", broken("ledger"))]).await;
    let mut wrong = Vec::new();
    for own in [None, Some("finance")] {
        for (text, says) in [
            ("nothing works in staging", "Namespace `staging` does not exist in context `embedded`"),
            ("the app in production is slow", "Namespace `production` does not exist in context `embedded`"),
            ("prod is slow", "is called `prod`"),
            ("the pods in warehouse crash", "Namespace `warehouse` does not exist in context `embedded`"),
            ("ledger in prod is down", "Namespace `prod` does not exist in context `embedded`"),
        ] {
            let Opened { report, question } = open(&cluster, own, text).await;
            let named = report.issue.note.as_deref().is_some_and(|note| note.contains(says));
            let advised = report.advice.iter().any(|a| a.command.as_deref() == Some("kubemend remediate deployment/ledger -n finance"));
            if question.is_some() || report.plan.is_some() || !named || !advised {
                wrong.push(format!("{own:?} {text}: {}", report.summary));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let Opened { question, .. } = open(&cluster, None, "nothing works").await;
    assert!(question.is_some(), "words that name nothing are about everything");
}

#[tokio::test(start_paused = true)]
async fn each_named_namespace_is_judged_where_nothing_in_it_is_called_as_the_words_say() {
    let odd = "apiVersion: v1\nkind: Service\nmetadata: {name: till}\nspec: {ports: [{port: 80}]}".to_owned();
    let cluster = cluster(&[("h01-done", well("shop")), ("y02-till", well("till")), ("y02-till", odd)]).await;
    let report = open(&cluster, None, "the shop in h01-done and the till in y02-till are slow").await.report;
    assert_eq!(report.status, Status::Inconclusive, "{}", report.summary);
    assert!(report.coverage.doubts.iter().any(|doubt| doubt.starts_with("Service y02-till/till")), "{:?}", report.coverage);
    let seen: Vec<&str> = report.coverage.healthy.iter().filter_map(|line| line.split(':').next()).collect();
    assert_eq!(seen, ["Deployment h01-done/shop", "Deployment y02-till/till"]);
    assert!(report.summary.contains("with Deployment h01-done/shop, and in namespace y02-till, in context"), "{}", report.summary);
}

#[tokio::test(start_paused = true)]
async fn headline_names_what_was_judged() {
    let odd = "apiVersion: v1\nkind: Service\nmetadata: {name: other}\nspec: {ports: [{port: 80}]}".to_owned();
    let cluster = cluster(&[("v01-same", well("shop")), ("v01-same", odd)]).await;
    let report = open(&cluster, None, "shop is broken in v01-same").await.report;
    let first = report.summary.lines().next().unwrap();
    assert_eq!(report.status, Status::Healthy, "{}", report.summary);
    assert!(first.starts_with("No problem was found with Deployment v01-same/shop in context"), "{first}");
}

#[tokio::test(start_paused = true)]
async fn guess_is_no_fact() {
    let job = "apiVersion: batch/v1\nkind: Job\nmetadata: {name: migrate-db}\nspec: {backoffLimit: 0, template: {spec: {restartPolicy: Never, containers: [{name: a, image: 'nginx:none'}]}}}";
    let cluster = cluster(&[("shop", job.to_owned()), neighbor()]).await;
    let certain = open(&cluster, None, "the `invoicer` in shop is down").await.report.issue.note.unwrap();
    assert!(certain.contains("about something else") && !certain.contains("perhaps"), "{certain}");
    let guessed = open(&cluster, None, "in shop the migration did not run").await.report.issue.note.unwrap();
    assert!(guessed.contains("perhaps about something else"), "{guessed}");
}

#[tokio::test(start_paused = true)]
async fn list_of_what_is_wrong_needs_no_doubt_whether_anything_was_judged() {
    let job = "apiVersion: batch/v1\nkind: Job\nmetadata: {name: import}\nspec: {template: {spec: {restartPolicy: Never, containers: [{name: a, image: 'nginx:none'}]}}}";
    let cluster = cluster(&[("shop", job.to_owned())]).await;
    let report = open(&cluster, None, "something is wrong in shop").await.report;
    assert!(report.causes.len() + report.unexplained.len() > 0, "{}", report.summary);
    assert!(!text_of(&report).contains("whose health could be checked"), "{}", text_of(&report));
}
