//! Every story on the real cluster: it ends as it does on the embedded one, and both clusters' reports are the same.

use super::agreement::disagreements;
use super::trial::{Trial, Who};
use super::world;
use crate::support::case::Case;
use crate::support::embedded::{Embedded, ask, asked, open, yes};
use crate::support::server::{Human, Opening};
use crate::support::story::{End, every_story, load, says_what_is_expected};
use crate::support::world::World;
use kubemend::domain::investigate::Investigate;
use kubemend::workflow::report::Report;

async fn tell(world: &World, name: &str) {
    let Some(trial) = Trial::of_case(world, load(name), Who::Two).await else { return };
    let end = End::of(&trial.case);
    let human = if end == End::Resolved { Human::Yes } else { Human::Absent };
    // Rules alone: what looks show of a program is each cluster's own.
    let server = trial.start(human, Opening::Auto).env("KUBEMEND_INVESTIGATE", "never").run().await;
    let (said, embedded) = tokio::join!(server.call("remediate", trial.ask()), on_the_embedded(&trial.case, end, &trial.place.name));
    if end == End::Resolved {
        trial.judge(&server.questions(), &said).await;
    } else {
        assert!(!said.error, "{name}: {}", said.text);
        says_what_is_expected(&trial.case, &said.report, &trial.place.name);
        trial.untouched().await;
    }
    server.stop().await;
    // Where the words lead into all namespaces, those of other tests are read too, and what is wrong there decides which kinds.
    let (mut real, mut embedded) = (said.report, serde_json::to_value(embedded).unwrap());
    real["coverage"].as_object_mut().unwrap().remove("looked");
    embedded["coverage"].as_object_mut().unwrap().remove("looked");
    let differ = disagreements(real, embedded);
    assert!(differ.is_empty(), "{name}:\n  {}", differ.join("\n  "));
    trial.place.end().await;
}

async fn on_the_embedded(case: &Case, end: End, namespace: &str) -> Report {
    let mut cluster = Embedded::of(case, namespace).await;
    cluster.allowed.investigate = Investigate::Never;
    let process = cluster.process();
    if end != End::Resolved {
        return open(&process, &ask(case, namespace)).await.report;
    }
    let (_, question) = asked(&process, &ask(case, namespace)).await;
    yes(&process, &question).await.unwrap()
}

macro_rules! tests {
    ($($claim:ident: $name:literal,)*) => {
        $(#[tokio::test]
        async fn $claim() {
            tell(&world!(), $name).await;
        })*
    };
}
every_story!(tests);
