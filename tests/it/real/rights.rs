//! What kubemend is not given: configuration, a server, a right. Each ends in words that help, and the server lives.

use super::trial::{Trial, Who};
use super::world;
use crate::support::notes::did_not_run;
use crate::support::server::{Human, Opening, Said, Server, Start};
use crate::support::verdict;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

const ARTICLE: &str = "database-pod-pending";

/// The first kubeconfig changed by `edit` and written beside the test.
fn edited(original: &Path, folder: &Path, edit: impl FnOnce(&mut Value)) -> PathBuf {
    let mut config: Value = serde_saphyr::from_str(&std::fs::read_to_string(original).unwrap()).unwrap();
    edit(&mut config);
    let path = folder.join("kubeconfig");
    std::fs::write(&path, config.to_string()).unwrap();
    path
}

/// The call fails with words that hold each of `parts`, in a bearable time, and the server answers the next one.
async fn fails_clearly(server: &Server, arguments: Value, parts: &[&str]) -> Said {
    let begin = Instant::now();
    let said = server.call("analyze", arguments).await;
    assert!(said.error, "no error: {}", said.text);
    let lower = said.text.to_lowercase();
    for part in parts {
        assert!(lower.contains(&part.to_lowercase()), "`{part}` is not in: {}", said.text);
    }
    assert!(begin.elapsed() < Duration::from_secs(30), "the error took {:?}", begin.elapsed());
    for secret in ["eyJ", "token:", "Bearer "] {
        assert!(!said.text.contains(secret), "a credential may be in: {}", said.text);
    }
    lives(server).await;
    said
}

async fn lives(server: &Server) {
    assert_eq!(server.tools().await, ["analyze", "remediate", "validate"], "{}", server.stderr());
}

#[tokio::test]
async fn missing_kubeconfig_is_said_with_its_path() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("nowhere");
    let server = Start::with(&path).run().await;
    fails_clearly(&server, json!({"issue": "the database is down"}), &["kubeconfig", path.to_str().unwrap()]).await;
    server.stop().await;
}

#[tokio::test]
async fn kubeconfig_that_is_no_yaml_is_said_with_its_path() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("broken");
    std::fs::write(&path, "apiVersion: [").unwrap();
    let server = Start::with(&path).run().await;
    fails_clearly(&server, json!({"issue": "the database is down"}), &[path.to_str().unwrap()]).await;
    server.stop().await;
}

#[tokio::test]
async fn unreachable_server_is_said_with_its_address() {
    let world = world!();
    let folder = tempfile::tempdir().unwrap();
    let path = edited(&world.kubeconfig("reader"), folder.path(), |c| c["clusters"][0]["cluster"]["server"] = "https://127.0.0.1:1".into());
    let server = Start::with(&path).run().await;
    fails_clearly(&server, json!({"issue": "the database is down"}), &["127.0.0.1:1", "reach"]).await;
    server.stop().await;
}

#[tokio::test]
async fn token_that_the_server_does_not_know_is_said_as_a_login_and_not_as_an_absence() {
    let world = world!();
    if world.run.is_none() {
        return did_not_run("an expired token", "it needs the identities of the tests' own cluster");
    }
    let server = Start::with(&world.kubeconfig("expired")).run().await;
    let said = fails_clearly(&server, json!({"issue": "the database in the default namespace is down"}), &["log in"]).await;
    assert!(!said.text.contains("does not exist"), "{}", said.text);
    server.stop().await;
}

#[tokio::test]
async fn certificate_of_somebody_else_is_refused() {
    let world = world!();
    let folder = tempfile::tempdir().unwrap();
    let path = edited(&world.kubeconfig("reader"), folder.path(), |c| {
        let cluster = &mut c["clusters"][0]["cluster"];
        cluster.as_object_mut().unwrap().shift_remove("certificate-authority-data");
    });
    let server = Start::with(&path).run().await;
    fails_clearly(&server, json!({"issue": "the database is down"}), &["certificate"]).await;
    server.stop().await;
}

#[tokio::test]
async fn unknown_context_is_said_with_those_there_are() {
    let world = world!();
    let server = Start::with(&world.kubeconfig("reader")).env("KUBEMEND_CONTEXT", "prodcution").run().await;
    let mut parts = vec!["prodcution", "context"];
    if world.run.is_some() {
        parts.push("`real`");
    }
    fails_clearly(&server, json!({"issue": "the database is down"}), &parts).await;
    server.stop().await;
}

#[tokio::test]
async fn context_that_the_operator_did_not_list_is_refused() {
    let world = world!();
    let server = Start::with(&world.kubeconfig("reader")).run().await;
    fails_clearly(&server, json!({"issue": "the database is down", "context": "other"}), &["other", "context"]).await;
    server.stop().await;
}

#[tokio::test]
async fn namespace_that_does_not_exist_is_answered_with_the_nearest_names() {
    let world = world!();
    let place = world.place("orders").await;
    let near = place.name.replacen("orders", "oders", 1);
    let server = Start::with(&world.kubeconfig("reader")).run().await;
    let asks = [
        json!({"issue": "the database is down", "namespace": near}),
        json!({"issue": format!("something is wrong with the database in the {near} namespace")}),
    ];
    for ask in asks {
        fails_clearly(&server, ask, &[&format!("`{near}`"), "does not exist", &format!("`{}`", place.name)]).await;
    }
    server.stop().await;
    place.end().await;
}

#[tokio::test]
async fn unknown_argument_is_refused_by_its_name() {
    let world = world!();
    let server = Start::with(&world.kubeconfig("reader")).run().await;
    let said = server.call("analyze", json!({"issue": "the database is down", "namespaces": ["a"]})).await;
    assert!(said.error && said.text.contains("namespaces"), "{}", said.text);
    lives(&server).await;
    server.stop().await;
}

#[tokio::test]
async fn issue_of_ten_megabytes_is_refused_and_the_next_one_is_answered() {
    let Some(trial) = Trial::of(&world!(), ARTICLE, Who::One).await else { return };
    for opening in [Opening::Initialize, Opening::Discover] {
        let server = trial.start(Human::Yes, opening).run().await;
        let said = server.call("analyze", json!({"issue": "database ".repeat(10 << 20 >> 3)})).await;
        assert!(said.error && said.text.len() < 2000, "{opening:?}: {} bytes", said.text.len());
        let said = server.call("analyze", trial.ask()).await;
        assert_eq!(said.report["status"], "diagnosed", "{opening:?}: {}", said.text);
        server.stop().await;
    }
    trial.place.end().await;
}

#[tokio::test]
async fn reader_without_events_still_finds_the_cause_and_says_what_it_could_not_see() {
    let world = world!();
    if world.run.is_none() {
        return did_not_run("a restricted reader", "it needs the identities of the tests' own cluster");
    }
    let Some(trial) = Trial::of(&world, ARTICLE, Who::Two).await else { return };
    let server = Start::with(&world.kubeconfig("restricted")).run().await;
    let said = server.call("analyze", trial.ask()).await;
    assert!(!said.error, "{}", said.text);
    verdict::names_the_cause(&trial.case, &said.report, &trial.place.name);
    let gaps = said.report["coverage"]["gaps"].as_array().unwrap();
    let gap = gaps.iter().find(|g| g["what"].as_str().unwrap().contains("event")).unwrap_or_else(|| panic!("no gap for events: {gaps:?}"));
    assert_eq!(gap["why"], "forbidden");
    let unlock = gap["unlock"].as_str().unwrap_or_default();
    assert!(unlock.contains("events") && unlock.contains("list"), "the rule that would unlock it is not said: {gap}");
    server.stop().await;
    trial.untouched().await;
    trial.place.end().await;
}

#[tokio::test]
async fn reader_that_may_not_write_gets_the_plan_the_commands_and_the_reason() {
    let world = world!();
    if world.run.is_none() {
        return did_not_run("a reader without rights to write", "it needs the identities of the tests' own cluster");
    }
    let Some(trial) = Trial::of(&world, ARTICLE, Who::Two).await else { return };
    let server = Start::with(&world.kubeconfig("reader")).run().await;
    let said = server.call("remediate", trial.ask()).await;
    assert!(!said.error, "{}", said.text);
    verdict::names_the_cause(&trial.case, &said.report, &trial.place.name);
    verdict::plans_the_writes(&trial.case, &said.report);
    assert_eq!(said.report["status"], "diagnosed", "{}", said.text);
    let command = said.report["plan"]["steps"][0]["command"].as_str().unwrap();
    assert!(command.contains("kubectl"), "{command}");
    let told = format!("{} {}", said.text, said.report["advice"]).to_lowercase();
    assert!(told.contains("kubectl"), "no command is offered: {told}");
    assert!(["may not", "forbidden", "not allowed", "not permitted"].iter().any(|w| told.contains(w)), "no reason is given: {told}");
    assert_eq!(server.questions(), Vec::<String>::new(), "asked for what cannot be done");
    server.stop().await;
    trial.untouched().await;
    trial.place.end().await;
}

/// What `doctor` says of writing, as one line.
fn doctor_of_the_writer(reader: &Path, writer: &Path) -> String {
    let state = tempfile::tempdir().unwrap();
    let mut doctor = crate::support::server::program();
    doctor.args(["doctor", "-n", "default"]).env("KUBECONFIG", reader).env("KUBEMEND_WRITE_KUBECONFIG", writer);
    let output = doctor.env("KUBEMEND_STATE_DIR", state.path()).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn writer_that_may_do_everything_is_warned_of_and_one_of_its_own_is_not() {
    const EVERYTHING: &str = "is allowed to do everything in the cluster";
    let world = world!();
    if world.run.is_none() {
        return did_not_run("writers with different rights", "it needs the identities of the tests' own cluster");
    }
    let reader = world.kubeconfig("reader");
    let said = doctor_of_the_writer(&reader, &world.kubeconfig("oncall"));
    assert!(
        said.contains(EVERYTHING) && said.contains("give kubemend a writer of its own: `") && said.contains("kubemend manifests rbac`"),
        "{said}"
    );
    let said = doctor_of_the_writer(&reader, &world.kubeconfig("writer"));
    assert!(said.contains("is allowed to make every change that the rules propose") && !said.contains(EVERYTHING), "{said}");
}

/// Whatever is logged of a connection, by kubemend or by what it is made of.
#[tokio::test]
async fn no_level_of_logging_shows_a_credential() {
    let world = world!();
    let kubeconfig = world.kubeconfig("oncall");
    let config: Value = serde_saphyr::from_str(&std::fs::read_to_string(&kubeconfig).unwrap()).unwrap();
    let user = &config["users"][0]["user"];
    let secrets: Vec<&str> = ["token", "client-key-data", "password"].into_iter().filter_map(|field| user[field].as_str()).collect();
    if secrets.is_empty() {
        return did_not_run("a search for the credential in the log", "the kubeconfig has none that stands in it");
    }
    let server = Start::with(&kubeconfig).env("KUBEMEND_LOG", "trace").run().await;
    let said = server.call("analyze", json!({"issue": "my app is down in default"})).await;
    assert!(!said.error, "{}", said.text);
    let logged = server.stderr();
    server.stop().await;
    assert!(logged.contains("TRACE"), "nothing was logged: {logged}");
    for secret in secrets {
        assert!(!logged.contains(secret) && !logged.contains(secret.get(..secret.len() / 2).unwrap()), "the log has a credential");
    }
}
