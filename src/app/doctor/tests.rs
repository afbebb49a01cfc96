//! What `doctor` says of a cluster, and that its advice can be followed.

use super::*;
use crate::cli::args::{Cli, Command};
use crate::cli::doctor::Level;
use crate::cluster::connect::over;
use crate::config::{Environment, Flags};
use crate::sim::{Denial, Sim, World};
use clap::Parser;
use tokio::task::JoinSet;

/// What is said of a cluster that has a namespace `shop`, and denies this.
async fn said(namespace: &str, denials: Vec<Denial>) -> Vec<Line> {
    said_where("auto", namespace, denials).await
}

/// The same where the operator set `investigate` so.
async fn said_where(investigate: &str, namespace: &str, denials: Vec<Denial>) -> Vec<Line> {
    let (sim, running) = Sim::new(World::standard(Timestamp::UNIX_EPOCH));
    let mut tasks = JoinSet::new();
    tasks.spawn(running);
    sim.apply_yaml("shop", "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {ports: [{port: 80}]}\n").unwrap();
    denials.into_iter().for_each(|denial| sim.deny(denial));
    let connected = over(sim.service(), "test", "in memory", Namespace::parse("shop").unwrap());
    let mut lines = Vec::new();
    let config = Config::load(&Flags::default(), &Environment::of([("HOME", "/nowhere"), ("KUBEMEND_INVESTIGATE", investigate)])).unwrap();
    cluster(&connected, Some(namespace), &config, &mut lines).await;
    lines
}

fn of<'a>(lines: &'a [Line], topic: &str) -> Option<&'a Line> {
    lines.iter().find(|line| line.topic == topic)
}

#[test]
fn clocks_that_differ_are_named_with_the_side_that_ours_is_on() {
    let theirs: Timestamp = "2026-11-23T12:00:00Z".parse().unwrap();
    let said = |ours: &str| clocks(ours.parse().unwrap(), theirs).map(|line| line.text);
    assert_eq!(said("2026-11-23T12:00:20Z"), None);
    assert!(said("2026-11-23T11:00:00Z").unwrap().contains("3600 s behind the API server's"));
    assert!(said("2026-11-23T12:01:00Z").unwrap().contains("60 s ahead of the API server's"));
}

#[tokio::test(start_paused = true)]
async fn namespace_that_does_not_exist_fails_and_nothing_is_said_of_its_permissions() {
    let lines = said("shopp", Vec::new()).await;
    let line = of(&lines, "namespace").unwrap();
    assert_eq!((line.level, line.text.as_str()), (Level::Fail, "namespace `shopp` does not exist; did you mean `shop`?"));
    assert!(of(&lines, "reading").is_none() && of(&lines, "writing").is_none(), "{lines:?}");
    let lines = said("shop", Vec::new()).await;
    assert!(of(&lines, "namespace").is_none() && of(&lines, "writing").is_some(), "{lines:?}");
    assert_eq!(of(&lines, "reading").unwrap().level, Level::Ok);
}

#[tokio::test(start_paused = true)]
async fn in_a_system_namespace_nothing_is_changed_whatever_is_allowed() {
    let lines = said("kube-system", Vec::new()).await;
    assert_eq!(of(&lines, "reading").unwrap().level, Level::Ok);
    let line = of(&lines, "writing").unwrap();
    assert!(line.level == Level::Warn && line.text.contains("changes nothing in `kube-system`"), "{line:?}");
}

#[tokio::test(start_paused = true)]
async fn missing_permissions_come_with_one_command_that_makes_the_roles_and_binds_them() {
    assert!(of(&said("shop", Vec::new()).await, "logs").is_none());
    let denials = || {
        [("list", "events"), ("list", "nodes"), ("patch", "deployments"), ("get", "pods/log"), ("delete", "pods")]
            .map(|(verb, resource)| Denial::of(verb, resource))
            .to_vec()
    };
    let never = said_where("never", "shop", denials()).await;
    assert!(of(&never, "logs").is_none() && of(&never, "proposals").is_none(), "{never:?}");
    let lines = said("shop", denials()).await;
    for (topic, flag) in [("reading", "--reader"), ("logs", "--logs"), ("writing", "--writer"), ("proposals", "--proposals")] {
        let line = of(&lines, topic).unwrap();
        let command = line.todo.first().unwrap();
        assert_eq!(command, &format!("kubemend manifests rbac -n shop {flag} USER | kubectl apply -f -"));
        let cli = Cli::<Flags>::try_parse_from(command.split(" | ").next().unwrap().split(' ')).unwrap();
        assert!(matches!(cli.command, Some(Command::Manifests(_))), "{command}");
        assert!(line.todo.iter().all(|todo| !todo.contains("create ")), "{line:?}");
    }
}

/// What doctor advises is not to run doctor.
#[test]
fn next_step_is_never_the_command_that_was_just_run() {
    let unreachable = ReadError::Unreachable { server: "10.0.0.1:6443".to_owned(), reason: "connection refused".to_owned() };
    let unknown = ReadError::Unauthorized { server: "10.0.0.1:6443".to_owned(), context: "test".to_owned() };
    for error in [unreachable, unknown] {
        assert!(error.hints().iter().any(|hint| hint.contains("kubemend doctor")), "{error}");
        let todo = todo(&error);
        assert!(!todo.is_empty() && todo.iter().all(|line| !line.contains("doctor")), "{todo:?}");
    }
}

#[tokio::test]
async fn kubeconfig_that_cannot_be_used_gets_a_next_step() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().to_str().unwrap();
    let broken = folder.path().join("broken");
    std::fs::write(&broken, "contexts: [").unwrap();
    let empty = folder.path().join("empty");
    std::fs::write(&empty, "apiVersion: v1\nkind: Config\ncontexts: [{name: c, context: {cluster: c, user: u}}]\n").unwrap();
    for (file, context) in [(folder.path().join("nowhere"), None), (folder.path().to_owned(), None), (broken, None), (empty, Some("d"))] {
        let flags = Flags { kubeconfig: Some(file.clone()), context: context.map(str::to_owned), ..Flags::default() };
        let config = Config::load(&flags, &Environment::of([("HOME", home)])).unwrap();
        let lines = look(&config, None, false, &CancellationToken::new()).await;
        let line = of(&lines, "kubeconfig").unwrap();
        assert!(line.level == Level::Fail && !line.todo.is_empty(), "{}: {line:?}", file.display());
    }
}
