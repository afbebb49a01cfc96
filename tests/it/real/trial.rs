//! One case, whole: set up, reported over MCP, approved, and compared with the API server's own record.

use crate::support::audit::{self, Wrote};
use crate::support::case::Case;
use crate::support::notes::did_not_run;
use crate::support::objects::label;
use crate::support::server::{Human, Opening, Said, Start};
use crate::support::verdict;
use crate::support::world::{Place, World};
use serde_json::{Value, json};

/// Who reads and who writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Who {
    /// `reader` reads, `writer` writes.
    Two,
    /// `oncall` does both.
    One,
}

impl Who {
    fn all(self) -> &'static [&'static str] {
        match self {
            Who::Two => &["reader", "writer"],
            Who::One => &["oncall"],
        }
    }

    fn writer(self) -> &'static str {
        match self {
            Who::Two => "writer",
            Who::One => "oncall",
        }
    }
}

/// A case that was set up, and what was there before anybody looked at it.
#[derive(Debug)]
pub(crate) struct Trial {
    pub(crate) case: Case,
    pub(crate) place: Place,
    pub(crate) who: Who,
    before: std::collections::BTreeMap<String, Value>,
}

impl Trial {
    /// Sets it up; `None` where this cluster does not have what it needs.
    pub(crate) async fn of(world: &World, name: &str, who: Who) -> Option<Self> {
        Self::of_case(world, Case::load(name), who).await
    }

    /// The same for a case that is no fixture.
    pub(crate) async fn of_case(world: &World, case: Case, who: Who) -> Option<Self> {
        if world.run.is_none() && !case.made_images().is_empty() {
            did_not_run(&format!("the case {}", case.name), &format!("it needs the made images {}", case.made_images().join(", ")));
            return None;
        }
        let place = world.place(&case.scenario.namespace).await;
        place.set_up(&case).await;
        Some(Self::found(case, place, who).await)
    }

    /// One that somebody has set up: its last words are waited for.
    pub(crate) async fn found(case: Case, place: Place, who: Who) -> Self {
        for word in case.scenario.setup.last().into_iter().flat_map(|phase| &phase.until) {
            place.until(word).await;
        }
        let before = place.picture().await;
        Self { case, place, who, before }
    }

    /// A server for it, with this human and this way to open the conversation.
    pub(crate) fn start(&self, human: Human, opening: Opening) -> Start {
        let world = &self.place.world;
        let start = match self.who {
            Who::One => Start::with(&world.kubeconfig("oncall")),
            Who::Two => Start::with(&world.kubeconfig("reader")).env("KUBEMEND_WRITE_KUBECONFIG", world.kubeconfig("writer")),
        };
        start.human(human).opening(opening)
    }

    pub(crate) fn ask(&self) -> Value {
        json!({"issue": self.case.issue(&self.place.name)})
    }

    /// The writes of our identities here; `None` without an audit log.
    pub(crate) fn writes(&self) -> Option<Vec<Wrote>> {
        audit::writes(&self.place, self.who.all())
    }

    /// Nobody wrote anything, and everything is as it was.
    pub(crate) async fn untouched(&self) {
        match self.writes() {
            Some(writes) => assert_eq!(writes, Vec::new(), "{}", self.case.name),
            None => did_not_run("zero writes by the audit log", "a cluster of your own has none that the tests can read"),
        }
        assert_eq!(self.place.picture().await, self.before, "{}", self.case.name);
    }

    /// Everything that the scenario expects of a remediation that was approved, or of one where there is nothing to do.
    pub(crate) async fn judge(&self, questions: &[String], said: &Said) {
        let name = &self.case.name;
        assert!(!said.error, "{name}: {}", said.text);
        let report = &said.report;
        for part in ["session", "status"] {
            assert!(said.text.contains(report[part].as_str().unwrap()), "{name}: the text does not say the {part}: {}", said.text);
        }
        verdict::names_the_cause(&self.case, report, &self.place.name);
        if self.case.scenario.expect.status == "healthy" {
            assert_eq!(report["status"], "healthy", "{name}: {}", report["summary"]);
            assert!(report["plan"].is_null(), "{name}: {}", report["plan"]);
            assert_eq!(questions, Vec::<String>::new(), "{name}");
            self.untouched().await;
            return;
        }
        verdict::plans_the_writes(&self.case, report);
        assert_eq!((&report["status"], &report["validation"]["verdict"]), (&json!("resolved"), &json!("resolved")), "{name}: {report:#}");
        self.asked_once_with_everything(questions, report);
        self.proven(report).await;
    }

    /// Carried out as shown and nothing else, and it helped.
    pub(crate) async fn proven(&self, report: &Value) {
        let name = &self.case.name;
        match self.writes() {
            Some(writes) => verdict::wrote_what_was_shown(&self.case, report, &writes, self.who.writer()),
            None => did_not_run("the writes by the audit log", "a cluster of your own has none that the tests can read"),
        }
        let asked = audit::requests(&self.place, self.who.all()).unwrap_or_default();
        assert!(!asked.iter().any(|r| r.contains("/secrets")), "{name}: a Secret was asked for: {asked:#?}");
        // Now, not soon: the verdict said that it holds.
        let objects = self.place.everything().await;
        for word in &self.case.scenario.expect.healed {
            let seen: Vec<String> =
                objects.iter().filter(|o| o["kind"] == word.kind().name).map(|o| format!("{} {}", label(o), o["status"])).collect();
            assert!(word.holds(&objects), "{name}: reported as resolved, and not so: {word:?}\n{}", seen.join("\n"));
        }
        verdict::nothing_else_changed(&self.case, &self.before, &self.place.picture().await);
    }

    /// The whole way, approved by elicitation.
    pub(crate) async fn prove(self, opening: Opening) {
        let server = self.start(Human::Yes, opening).run().await;
        let said = server.call("remediate", self.ask()).await;
        self.judge(&server.questions(), &said).await;
        server.stop().await;
        self.place.end().await;
    }

    /// One question, with all that a human decides on.
    fn asked_once_with_everything(&self, questions: &[String], report: &Value) {
        assert_eq!(questions.len(), 1, "{}: {questions:?}", self.case.name);
        let has = |part: &Value, what: &str| {
            let part = part.as_str().unwrap_or_default();
            assert!(
                !part.is_empty() && questions[0].contains(part),
                "{}: the question lacks {what} {part}\n{}",
                self.case.name,
                questions[0]
            );
        };
        has(&report["cluster"]["context"], "the context");
        has(&report["cluster"]["server"], "the server");
        has(&report["causes"][0]["title"], "the cause");
        has(&report["plan"]["risk"], "the risk");
        for step in report["plan"]["steps"].as_array().into_iter().flatten() {
            // Every changed line, whatever the indentation of the question.
            for line in step["diff"]
                .as_str()
                .unwrap_or_default()
                .lines()
                .filter(|l| l.starts_with(['+', '-']) && !l.starts_with("+++") && !l.starts_with("---"))
            {
                has(&json!(line.trim_end()), "the line");
            }
            has(&step["undo"], "the undo");
        }
    }
}

/// A fixture, the whole way.
pub(crate) async fn prove(world: &World, name: &str, who: Who, opening: Opening) {
    if let Some(trial) = Trial::of(world, name, who).await {
        trial.prove(opening).await;
    }
}
