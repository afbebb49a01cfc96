//! One run: a case, secrets, weather, and somebody who answers in one of many ways.

use super::dice::Dice;
use super::doors::{Journal, doors};
use super::heard::{After, Consent, Heard, specs};
use super::planted::{plant, plant_on_pods};
use super::truths::wrong;
use super::weather::{Climate, Past, Sky, Weather};
use crate::support::case::{Case, names, names_in, stories};
use crate::support::embedded::{Embedded, ask};
use kubemend::call::{CallError, session_line};
use kubemend::domain::confidence::Confidence;
use kubemend::domain::limits::{Limits, Mode};
use kubemend::domain::plan::{OnFailure, PlanDigest};
use kubemend::domain::risk::Risk;
use kubemend::ports::{Phase, Progress};
use kubemend::workflow::report::{Report, Status};
use kubemend::workflow::{Approver, Caller, Problem, Question, Remediation, Token, Validate, WorkflowError};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

const NAMESPACE: &str = "shop";
/// Of the cluster's time: nothing that the program does takes so long.
const ENDLESS: Duration = Duration::from_secs(3600);

/// What a run came to.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) seed: u64,
    pub(super) way: &'static str,
    pub(super) status: String,
    pub(super) writes: usize,
    pub(super) struck: usize,
    pub(super) story: Vec<String>,
    pub(super) wrong: Vec<String>,
}

impl Told {
    pub(super) fn of(seed: u64) -> Self {
        Self { seed, way: "", status: String::new(), writes: 0, struck: 0, story: Vec::new(), wrong: Vec::new() }
    }
}

/// How the question is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Yes,
    No,
    NoAnswer,
    LateYes,
    ForeignToken,
    ForeignDigest,
    EarlierQuestion,
    TwoAtOnce,
    YesAndNoAtOnce,
    Killed,
    Cancelled,
    Again,
    Undone,
}

const WAYS: [(Way, &str); 13] = [
    (Way::Yes, "yes"),
    (Way::No, "no"),
    (Way::NoAnswer, "nobody"),
    (Way::LateYes, "yes, too late"),
    (Way::ForeignToken, "yes, with a made-up token"),
    (Way::ForeignDigest, "yes, to another plan"),
    (Way::EarlierQuestion, "yes, to an earlier question"),
    (Way::TwoAtOnce, "yes, twice at once"),
    (Way::YesAndNoAtOnce, "yes and no at once"),
    (Way::Killed, "yes, then killed"),
    (Way::Cancelled, "yes, then cancelled"),
    (Way::Again, "yes, and yes again"),
    (Way::Undone, "yes, then undone"),
];

/// Every case and every story that ends in a plan.
fn cases() -> &'static [Case] {
    static CASES: OnceLock<Vec<Case>> = OnceLock::new();
    CASES.get_or_init(|| {
        let told = names_in(&stories()).into_iter().map(|name| Case::read(&name, &stories().join(&name)));
        let all = names().into_iter().map(|name| Case::load(&name)).chain(told);
        let planned: Vec<Case> = all.filter(|case| !case.scenario.expect.writes.is_empty()).collect();
        assert!(planned.iter().any(|case| case.scenario.expect.writes.len() > 1), "no plan has several steps");
        planned
    })
}

#[derive(Debug, Default)]
struct Heeded(Mutex<Vec<String>>);

impl Progress for Heeded {
    fn tell(&self, _: Phase, message: &str) {
        self.0.lock().unwrap().push(message.to_owned());
    }
}

pub(super) fn play(seed: u64) -> Told {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    let journal = Journal::default();
    let told = journal.of(|| runtime.block_on(async { tokio::time::timeout(ENDLESS, trial(seed, &journal)).await }));
    told.unwrap_or_else(|_| Told { wrong: vec!["it hangs".to_owned()], ..Told::of(seed) })
}

/// Everything that one run holds.
struct Run {
    cluster: Embedded,
    case: &'static Case,
    sky: Arc<Mutex<Sky>>,
    limits: Limits,
    heard: Heard,
    progress: Heeded,
}

impl Run {
    fn process(&self) -> Remediation {
        let over = |user| Weather::over(&self.cluster, user, self.sky.clone());
        self.cluster.process_through(over("reader"), over("writer"), self.limits.clone(), true)
    }

    fn note(&self, told: String) {
        self.sky.lock().unwrap().past.story.push(told);
    }

    fn caller(&self, cancel: &CancellationToken) -> Caller<'_> {
        Caller::new(&self.progress, cancel)
    }

    /// Keeps what was said. An error ends nothing: it is an answer.
    fn hear(&mut self, what: &'static str, said: Result<Report, WorkflowError>) -> Option<Report> {
        match said {
            Ok(report) => {
                self.note(format!("{what}: {}: {}", report.status.as_str(), report.summary.replace('\n', " / ")));
                let sky = self.sky.lock().unwrap();
                self.heard.take(what, report.clone(), &self.cluster, self.case, &sky.past);
                Some(report)
            }
            Err(error) => {
                self.note(format!("{what}: error: {error}"));
                self.heard.texts.push(("an error", CallError::from(error).text()));
                None
            }
        }
    }

    /// Somebody is asked.
    fn reads(&mut self, question: &Question) {
        self.heard.texts.push(("a question", question.text.clone()));
        self.heard.asked.insert(question.session.to_string());
    }

    /// From now on this plan may be carried out: what is stored of it is what was shown.
    fn consents(&mut self, question: &Question) {
        let record = self.cluster.store.record(question.session.as_str());
        self.heard.consents.push(Consent { record });
    }
}

fn limits(dice: &mut Dice) -> Limits {
    let automatic = dice.chance(200);
    let high = |dice: &mut Dice| dice.pick(&[Risk::Low, Risk::Medium]);
    Limits {
        mode: if automatic { Mode::Automatic } else { Mode::Manual },
        automatic_allowed: automatic,
        max_risk: high(dice),
        confidence_threshold: Confidence::percent(if dice.chance(500) { 50 } else { 80 }),
        on_failure: if dice.chance(500) { OnFailure::Revert } else { OnFailure::Keep },
        ..Limits::default()
    }
}

async fn trial(seed: u64, journal: &Journal) -> Told {
    let mut dice = Dice::of(seed);
    let case = &cases()[usize::try_from(dice.below(cases().len() as u64)).unwrap()];
    let cluster = Embedded::of(case, NAMESPACE).await;
    // Longer than anything waits that does not know of it.
    let delay = if dice.chance(150) { Some(dice.pick(&[100, 300, 900])) } else { None };
    plant(&cluster, delay).await;
    tokio::time::sleep(Duration::from_secs(60)).await;
    plant_on_pods(&cluster);
    let limits = limits(&mut dice);
    let climate = Climate::of(&mut dice);
    let (way, way_name) = dice.pick(&WAYS);
    let story = vec![format!("{}, {way_name}, starts after {delay:?}, {climate:?}, {limits:?}", case.name)];
    let past = Past { story, ..Past::default() };
    let before = specs(&cluster);
    let sky = Arc::new(Mutex::new(Sky { climate, dice: Dice::of(seed ^ 0x5eed), past }));
    let mut run = Run { cluster, case, sky, limits, heard: Heard::default(), progress: Heeded::default() };
    run.heard.begin(&run.cluster, case);

    let problem = ask(case, NAMESPACE);
    let last = answered(&mut run, &problem, way, &mut dice).await;
    run.heard.after = Some(After { last: last.clone(), before, specs: specs(&run.cluster), objects: run.cluster.objects() });
    // What was found out is told on a quiet day.
    run.sky.lock().unwrap().climate = Climate::calm();
    let last = afterwards(&mut run, &mut dice, last).await;

    let told = run.progress.0.lock().unwrap().clone();
    run.heard.texts.extend(told.into_iter().map(|text| ("progress", text)));
    run.heard.records = run.cluster.store.all();
    let opened = doors(&run.cluster, &run.heard.said).await;
    run.heard.texts.extend(opened);
    run.heard.texts.push(("the log", journal.text()));
    let past = std::mem::take(&mut run.sky.lock().unwrap().past);
    let wrong = wrong(&run.cluster, case, &run.limits, &past, &run.heard).await;
    let writes = run.cluster.sim.requests().iter().filter(|r| r.wrote && r.user == "writer").count();
    let status = last.map_or_else(|| "an error".to_owned(), |report| report.status.as_str().to_owned());
    Told { seed, way: way_name, status, writes, struck: past.struck, story: past.story, wrong }
}

/// Opens a remediation and answers its question.
async fn answered(run: &mut Run, problem: &Problem, way: Way, dice: &mut Dice) -> Option<Report> {
    let process = run.process();
    let cancel = CancellationToken::new();
    if run.limits.mode == Mode::Automatic {
        run.heard.automatic = true;
    }
    let opened = process.open(problem, &run.caller(&cancel)).await;
    let (report, question) = match opened {
        Ok(opened) => (Ok(opened.report), opened.question),
        Err(error) => (Err(error), None),
    };
    let report = run.hear("opened", report);
    let Some(question) = question else { return report };
    run.reads(&question);
    let by = || Approver::Library("somebody".to_owned());
    tokio::time::sleep(Duration::from_secs(dice.below(60))).await;
    let yes = |question: &Question| (question.session.clone(), Token::from_text(question.token.reveal()), question.digest.clone());
    let (session, token, digest) = yes(&question);
    match way {
        Way::NoAnswer => report,
        Way::No => {
            let said = process.decline(&session, by()).await;
            run.hear("declined", said)
        }
        Way::ForeignToken => {
            let said = process.approve(&session, &Token::from_text(&"0".repeat(64)), &digest, by(), &run.caller(&cancel)).await;
            run.hear("a made-up token", said)
        }
        Way::ForeignDigest => {
            let other = PlanDigest::parse(&format!("sha256:{}", "ab".repeat(32))).unwrap();
            let said = process.approve(&session, &token, &other, by(), &run.caller(&cancel)).await;
            run.hear("another plan", said)
        }
        Way::EarlierQuestion => {
            let Ok(later) = process.question(&session, &run.caller(&cancel)).await else { return report };
            run.reads(&later);
            // Both questions are about the same plan, and either may be answered.
            run.consents(&question);
            let said = process.approve(&session, &token, &digest, by(), &run.caller(&cancel)).await;
            run.hear("an earlier question", said)
        }
        Way::LateYes => {
            run.cluster.clock.set_by(16 * 60);
            let said = process.approve(&session, &token, &digest, by(), &run.caller(&cancel)).await;
            run.hear("too late", said)
        }
        Way::Yes | Way::Again => {
            run.consents(&question);
            let said = process.approve(&session, &token, &digest, by(), &run.caller(&cancel)).await;
            let report = run.hear("yes", said);
            if way == Way::Again {
                let said = process.approve(&session, &token, &digest, by(), &run.caller(&cancel)).await;
                run.hear("yes again", said);
            }
            report
        }
        Way::Undone => {
            run.consents(&question);
            let said = process.approve(&session, &token, &digest, by(), &run.caller(&cancel)).await;
            let report = run.hear("yes", said);
            let undo = match process.undo(&session, &run.caller(&cancel)).await {
                Ok(opened) => {
                    let question = opened.question;
                    let asked = run.hear("undo", Ok(opened.report));
                    question.ok_or(asked)
                }
                Err(error) => Err(run.hear("undo", Err(error))),
            };
            let Ok(question) = undo else { return report };
            run.reads(&question);
            run.consents(&question);
            let (session, token, digest) = yes(&question);
            let said = process.approve(&session, &token, &digest, by(), &run.caller(&cancel)).await;
            let undone = run.hear("undone", said);
            // What was broken before is broken again, and may be told as such.
            run.heard.undone = undone.as_ref().is_some_and(|report| matches!(report.status, Status::Reverted | Status::Partly));
            run.heard.taken_back_by = undone.as_ref().filter(|report| report.execution.is_some()).map(|report| report.session.clone());
            undone
        }
        Way::TwoAtOnce => {
            run.consents(&question);
            let other = run.process();
            let caller = run.caller(&cancel);
            let (one, two) = tokio::join!(
                process.approve(&session, &token, &digest, by(), &caller),
                other.approve(&session, &token, &digest, by(), &caller)
            );
            drop(caller);
            let one = run.hear("one", one);
            run.hear("two", two).or(one)
        }
        Way::YesAndNoAtOnce => {
            run.consents(&question);
            let other = run.process();
            let caller = run.caller(&cancel);
            let (one, two) = tokio::join!(process.approve(&session, &token, &digest, by(), &caller), other.decline(&session, by()));
            drop(caller);
            let one = run.hear("yes", one);
            run.hear("no", two);
            one
        }
        Way::Killed => {
            run.consents(&question);
            let lives = Duration::from_millis(dice.below(12_000));
            let caller = run.caller(&cancel);
            let said = tokio::time::timeout(lives, process.approve(&session, &token, &digest, by(), &caller)).await;
            drop(caller);
            match said {
                Ok(said) => run.hear("yes, before it was killed", said),
                Err(_) => {
                    run.note(format!("killed after {lives:?}"));
                    report
                }
            }
        }
        Way::Cancelled => {
            run.consents(&question);
            let ends = Duration::from_millis(dice.below(12_000));
            let caller = run.caller(&cancel);
            let cancelling = async {
                tokio::time::sleep(ends).await;
                cancel.cancel();
            };
            let (said, ()) = tokio::join!(process.approve(&session, &token, &digest, by(), &caller), cancelling);
            drop(caller);
            run.hear("yes, then cancelled", said)
        }
    }
}

/// Another process looks, now or after everything has run out.
async fn afterwards(run: &mut Run, dice: &mut Dice, last: Option<Report>) -> Option<Report> {
    if dice.chance(500) {
        // Set, and not slept through: the stand-ins behind the API would live through each second of it.
        run.cluster.clock.set_by(3600);
    }
    let process = run.process();
    let cancel = CancellationToken::new();
    let sessions = match process.sessions(100).await {
        Ok(sessions) => sessions,
        Err(error) => {
            run.heard.broken.push(format!("the sessions cannot be listed: {error}"));
            return last;
        }
    };
    let mut last = last;
    for line in sessions {
        run.heard.texts.push(("the list of sessions", serde_json::Value::Object(session_line(&line)).to_string()));
        let shown = process.show(&line.id).await;
        if shown.is_err() {
            run.heard.broken.push(format!("a session cannot be shown: {shown:?}"));
        }
        last = run.hear("shown", shown).or(last);
        if dice.chance(300) {
            let said = process.validate(&Validate::Session(line.id.clone()), &run.caller(&cancel)).await;
            run.hear("validated", said);
        }
    }
    last
}
