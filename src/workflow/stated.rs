//! Somebody who investigated concludes: what they cite is taken from their session, what suffers is looked at anew, their changes are made
//! into a plan by the same planner as a rule's, and a human is always asked. What is refused is told with its reason.

use super::asked::declined_in;
use super::conclude::{Concluded, conclude};
use super::scope::{self, Located};
use super::{Caller, Meter, Opened, Problem, Remediation, WorkflowError, collect, live};
use crate::agent::grounded::{Grounded, Speaker, grounded};
use crate::agent::reply::{Home, understood};
use crate::domain::abridged::abridge;
use crate::domain::cause::{Cause, CauseSource};
use crate::domain::check::Check;
use crate::domain::cluster::ClusterId;
use crate::domain::conversation::{self, Conversation, Spoken};
use crate::domain::diagnosis::Diagnosis;
use crate::domain::ending::Ending;
use crate::domain::excerpt::Excerpt;
use crate::domain::finding::{Advice, Symptom};
use crate::domain::id::{PlanId, SessionId};
use crate::domain::issue::Issue;
use crate::domain::kind::Kind;
use crate::domain::limits::Mode;
use crate::domain::nonempty::NonEmpty;
use crate::domain::object::ObjectRef;
use crate::domain::observation::Observations;
use crate::domain::plan::RemediationPlan;
use crate::domain::proposal::{ProposedBy, Wanted};
use crate::domain::purpose::Purpose;
use crate::domain::usage::Usage;
use crate::domain::words::Wording;
use crate::facts::Facts;
use crate::facts::focus::focus;
use crate::facts::named::Nearness;
use crate::planner::live::Live;
use crate::planner::outline::{Outline, outline};
use crate::planner::refusal::{Refusal, Untyped};
use crate::planner::stated::{self, About, Open};
use crate::ports::{ClusterRead, Phase};
use crate::session::trail::Trail;
use crate::session::{Approved, Header, Session};
use crate::{analyze, planner};
use jiff::SignedDuration;
use serde_json::Value;
use std::time::Duration;

/// An analysis is a ground for a proposal for so long: what was seen is shown beside the question, and people read it as of now.
const FRESH: SignedDuration = SignedDuration::from_mins(30);
/// Sessions of an analysis that are looked through for what was declined.
const SESSIONS: usize = 1_000;
/// Characters of a client's name.
const NAME: usize = 60;
/// What does not suffer at one look is looked at once more after this: a container that crashes runs between its crashes.
const AGAIN: Duration = Duration::from_secs(2);

/// What a look at everything says of a conclusion.
struct Judged {
    /// Each with what it is about, and the remedy of the first.
    causes: NonEmpty<Cause>,
    /// The plan of it, or why there is none; nothing where nothing was proposed.
    outline: Option<Result<Outline, Vec<Refusal>>>,
}

impl Remediation {
    /// What the agent that called concludes from this session: a diagnosis in its words, and where it proposes changes that may be made, a
    /// question to a human. `client` is its name, as it gave it.
    ///
    /// # Errors
    /// The words are no conclusion, the session is no ground for one, or nothing can be read.
    pub async fn conclude(&self, id: &SessionId, given: &Value, client: &str, caller: &Caller<'_>) -> Result<Opened, WorkflowError> {
        if !self.parts.allowed.investigate.offers_looks() {
            return Err(WorkflowError::NotOffered);
        }
        let meter = self.meter(caller);
        let session = self.session_here(id, meter.read.as_ref()).await?;
        self.is_ground(&session)?;
        let name: String = client.chars().take(NAME).collect();
        let seen = session.header().observations.iter().filter_map(|(_, seen)| seen.object.as_ref());
        let kinds: Vec<Kind> = seen.map(|object| object.kind.clone()).collect();
        let place = Home { namespace: session.header().scope.namespace(), kinds: &kinds };
        let conclusion = understood(given, place).map_err(|why| WorkflowError::Invalid(why.to_string()))?;
        let speaker = Speaker { source: CauseSource::Caller, name: format!("the calling agent ({})", Excerpt::line(&name)) };
        let own = session.header();
        let grounded = grounded(&conclusion, &speaker, &own.diagnosis, &own.observations).map_err(WorkflowError::Invalid)?;
        self.is_not_declined(id, &grounded.changes, &own.cluster.id).await?;
        let by = ProposedBy { session: id.clone(), name };
        self.count_conclusion(&by).await?;
        let said = Spoken::Proposal { by: conversation::kept(&by.name), text: conversation::kept_arguments(&given.to_string()) };
        self.weigh(id, grounded, by, said, &meter, caller).await
    }

    /// A conclusion rests on an analysis of a moment ago in which nothing else goes on.
    fn is_ground(&self, session: &Session) -> Result<(), WorkflowError> {
        let header = session.header();
        let state = |state| Err(WorkflowError::State { session: header.id.clone(), state });
        let closed = match session {
            Session::Diagnosed(_) => None,
            Session::Closed(closed) => Some(closed),
            Session::AwaitingApproval(_) => return state("waits for a human's answer: a proposal needs an analysis of its own"),
            Session::Investigating(_) | Session::Executing(_) | Session::Validating(_) | Session::Reverting(_) => {
                return state("is being worked on: a proposal needs an analysis that is finished");
            }
        };
        let rests = closed.is_none_or(|closed| {
            closed.execution.is_none() && matches!(closed.ending, Ending::Diagnosed | Ending::Inconclusive | Ending::Healthy)
        });
        if !rests || header.purpose.words().is_none() || header.proposed_by.as_ref().is_some_and(|by| by.session != header.id) {
            return state("is not an analysis: run analyze, and conclude from that session");
        }
        let age = self.parts.clock.now().duration_since(header.opened_at);
        if age > FRESH || age < SignedDuration::ZERO {
            return state("is too old to conclude from: run analyze again");
        }
        Ok(())
    }

    /// Nobody is asked again about an object whose change they declined in this analysis, nor about those fields whoever analyzes anew.
    async fn is_not_declined(&self, id: &SessionId, changes: &[Wanted], cluster: &ClusterId) -> Result<(), WorkflowError> {
        let of_it = self.ledger.alive_with(id.as_str(), SESSIONS).await?;
        let of_it: Vec<Session> = of_it.into_iter().flatten().map(|(_, session)| session).collect();
        let touches = |session: &Session| {
            let steps = session.planned().into_iter().flat_map(|planned| planned.plan.steps.iter());
            steps.map(|step| step.action.target()).any(|target| changes.iter().any(|change| change.target() == target))
        };
        let declined = of_it.iter().filter(|session| {
            session.header().proposed_by.as_ref().is_some_and(|by| by.session == *id)
                && matches!(session, Session::Closed(closed) if closed.ending == Ending::Declined)
        });
        if let Some(no) = declined.into_iter().find(|session| touches(session)) {
            return Err(WorkflowError::Invalid(format!(
                "a human declined a change of the same object in session `{}`: it is not asked about again",
                no.header().id
            )));
        }
        let no = self.declined(changes, cluster).await?;
        no.map_or(Ok(()), |no| Err(WorkflowError::Invalid(declined_in(&no))))
    }

    async fn weigh(
        &self,
        id: &SessionId,
        grounded: Grounded,
        by: ProposedBy,
        said: Spoken,
        meter: &Meter,
        caller: &Caller<'_>,
    ) -> Result<Opened, WorkflowError> {
        let progress = caller.progress;
        let dropped = grounded.dropped.clone();
        let problem = self.records().problem(id).await?;
        let (mut header, outlined) = self.look_again(&problem, id, grounded, by, meter.read.as_ref(), caller).await?;
        header.conversation.add(self.parts.clock.now(), said);
        let (revision, mut header) = self.ledger.begin_investigation(header, self.expiry()).await?;
        progress.tell(Phase::Planning, "building the plan");
        header.advice.extend(dropped.into_iter().map(|text| Advice {
            text,
            command: None,
            why: "a cause is worth what it cites of what was seen".to_owned(),
        }));
        let planned = match outlined {
            None => Err(vec![Refusal::Stated("no change was proposed: this is a diagnosis".to_owned())]),
            Some(Err(refusals)) => Err(refusals),
            Some(Ok(outline)) => self.plan_stated(outline, &header, meter.read.as_ref()).await,
        };
        let refusals = match planned {
            Ok((plan, live)) => {
                let ending = header.diagnosis.ending();
                return Box::pin(self.propose(header, revision, ending, plan, &live, meter, caller)).await;
            }
            Err(refusals) => refusals,
        };
        header.advice.extend(refusals.iter().map(|reason| Advice {
            text: Untyped(reason).to_string(),
            command: None,
            why: "no plan was made of what was proposed".to_owned(),
        }));
        let ending = header.diagnosis.ending();
        self.close(header, revision, ending, None, meter, progress).await
    }

    pub(super) async fn plan_stated(
        &self,
        outline: Outline,
        header: &Header,
        read: &dyn ClusterRead,
    ) -> Result<(RemediationPlan, Live), Vec<Refusal>> {
        let live = live::read(&outline, read).await;
        let id = PlanId::from_entropy(self.parts.entropy.id_bits());
        let mut plan = planner::plan(outline, &live, id, header.limits.on_failure)?;
        self.parts.timing.tell(&mut plan);
        Ok((plan, live))
    }

    /// The same words and scope, looked at now, with what was concluded as causes after the rules' own.
    pub(super) async fn look_again(
        &self,
        problem: &Problem,
        id: &SessionId,
        grounded: Grounded,
        by: ProposedBy,
        read: &dyn ClusterRead,
        caller: &Caller<'_>,
    ) -> Result<(Header, Option<Result<Outline, Vec<Refusal>>>), WorkflowError> {
        let progress = caller.progress;
        let reading = async {
            let cluster = read.cluster().await?;
            let Located { snapshot, because } = scope::locate(problem, &cluster.context, read, self.parts.clock.as_ref(), progress).await?;
            let snapshot = collect::besides(snapshot, &stated::needed(&grounded.changes), read).await?;
            Ok::<_, WorkflowError>(Located { snapshot, because })
        };
        let Located { mut snapshot, because } = tokio::select! {
            read = reading => read?,
            () = caller.cancel.cancelled() => return Err(WorkflowError::Cancelled),
        };
        progress.tell(Phase::Analyzing, "comparing what was concluded with what is affected");
        let open = self.may_change();
        if open.config_maps {
            live::see_config_maps(&grounded.changes, &mut snapshot, read).await;
        }
        let evidence = grounded.evidence.clone();
        let ask = move |facts: &Facts<'_>, diagnosis: &mut Diagnosis| {
            planner::triage(diagnosis, facts, analyze::severity);
            diagnosis.focus.because = because;
            judged(grounded, diagnosis, facts, open)
        };
        let concluded = conclude(snapshot, &caller.cancel, ask).await.ok_or(WorkflowError::Cancelled)?;
        let Concluded { snapshot, mut diagnosis, answer: Judged { causes, outline } } = concluded;
        snapshot.gaps.iter().for_each(|gap| diagnosis.miss(gap.clone()));
        abridge(&mut diagnosis);
        for cause in causes.iter() {
            diagnosis.adopt(cause, &evidence);
        }
        let now = self.parts.clock.now();
        let mut trail = Trail::default();
        trail.note(now, caller.origin.as_str(), &format!("opened with a conclusion of {} from session {id}", Excerpt::line(&by.name)));
        let wishes = caller.wishes.and(&problem.wishes);
        let header = Header {
            id: SessionId::from_entropy(self.parts.entropy.id_bits()),
            opened_at: now,
            purpose: Purpose::Issue(problem.issue.as_ref().map(Issue::to_string).unwrap_or_default()),
            origin: caller.origin,
            proposed_by: Some(by),
            scope: snapshot.scope.clone(),
            // A human is asked, whatever mode and consent the operator set for what rules find.
            limits: caller.clone().with_wishes(wishes.clone()).limits(&self.parts.limits).tightened(Some(Mode::Manual), None, None, None),
            wishes,
            cluster: snapshot.cluster.clone(),
            diagnosis,
            looked: snapshot.looked.iter().cloned().collect(),
            observations: Observations::default(),
            conversation: Conversation::default(),
            advice: Vec::new(),
            withheld: None,
            usage: Usage::default(),
            trail,
            process: None,
        };
        Ok((header, outline))
    }

    /// What the operator lets be shown, and so be changed.
    pub(super) fn may_change(&self) -> Open {
        Open { config_maps: self.parts.allowed.config_maps }
    }

    /// Between the yes and the first byte, of a plan that goes back to no rule: what it is to cure still suffers, and nothing speaks against
    /// its changes now that did not before.
    ///
    /// # Errors
    /// It is well meanwhile, or another thing; or that could not be read. Then nothing is sent, and the session waits as before.
    pub(super) async fn still_suffers(&self, approved: &Approved, meter: &Meter, caller: &Caller<'_>) -> Result<(), WorkflowError> {
        caller.progress.tell(Phase::Analyzing, "looking again at what the plan is for");
        let mut why = self.well(approved, meter, caller).await?;
        if why.is_some() {
            self.parts.clock.sleep(AGAIN).await;
            why = self.well(approved, meter, caller).await?;
        }
        why.map_or(Ok(()), |why| Err(WorkflowError::NotNeeded(why)))
    }

    /// Why it is not needed any more, in words.
    async fn well(&self, approved: &Approved, meter: &Meter, caller: &Caller<'_>) -> Result<Option<String>, WorkflowError> {
        let (header, plan) = (approved.header(), approved.plan());
        let words = Wording::of(header.purpose.words().unwrap_or_default()).within(header.scope.namespaces());
        let changes: Vec<Wanted> = plan.steps.iter().map(|step| Wanted::Change(step.action.clone())).collect();
        let looking = async {
            let collected = collect::about(words, &header.scope, meter.read.as_ref(), self.parts.clock.as_ref()).await?;
            collect::besides(collected.snapshot, &stated::needed(&changes), meter.read.as_ref()).await
        };
        let mut snapshot = tokio::select! {
            snapshot = looking => snapshot?,
            () = caller.cancel.cancelled() => return Err(WorkflowError::Cancelled),
        };
        let (open, planned) = (self.may_change(), plan.clone());
        let cause = plan.aim.cause().and_then(|key| header.diagnosis.cause(key));
        let suffered: Vec<ObjectRef> = cause.iter().flat_map(|cause| &cause.symptoms).map(|symptom| symptom.object.clone()).collect();
        if open.config_maps {
            live::see_config_maps(&changes, &mut snapshot, meter.read.as_ref()).await;
        }
        let ask = move |facts: &Facts<'_>, diagnosis: &mut Diagnosis| {
            planner::triage(diagnosis, facts, analyze::severity);
            // Rules may have found the cause meanwhile, with a fix of their own or with what speaks against this one.
            let examined = match stated::examine(&changes, diagnosis, facts, open) {
                Ok(examined) => examined,
                Err(refusals) => return refusals.first().map(|refusal| Untyped(refusal).to_string()),
            };
            if let Some(healed) = healed(&suffered, &examined.symptoms) {
                return Some(format!("{healed} is not affected any more, and what is affected now is something else"));
            }
            let risk = examined.remedy.proposals.iter().map(|proposal| proposal.risk).max();
            // How many addresses a Service has, is not what it is about.
            let same =
                |check: &Check| examined.remedy.checks.iter().any(|now| (now.what(), now.object()) == (check.what(), check.object()));
            let lost = planned.checks.iter().find(|check| !check.promises_a_cure() && !same(check));
            match lost {
                Some(check) => Some(format!("{} is not affected any more", check.object())),
                None => risk.filter(|risk| *risk > planned.risk()).map(|risk| format!("its risk is {risk} now")),
            }
        };
        conclude(snapshot, &caller.cancel, ask).await.map(|concluded| concluded.answer).ok_or(WorkflowError::Cancelled)
    }
}

/// A Pod that suffered when it was asked, where none of those does any more: other Pods of the same workload may be new ones that start, of
/// somebody else's change.
fn healed<'a>(before: &'a [ObjectRef], now: &[Symptom]) -> Option<&'a ObjectRef> {
    let mut pods = before.iter().filter(|object| object.kind == Kind::Pod);
    let still = |object: &&ObjectRef| now.iter().any(|symptom| symptom.object == **object);
    if pods.clone().any(|pod| still(&pod)) { None } else { pods.next() }
}

/// Each cause with what suffers of it, below the rules' own; and the plan for the first.
fn judged(mut grounded: Grounded, diagnosis: &mut Diagnosis, facts: &Facts<'_>, open: Open) -> Judged {
    let about: Vec<(ObjectRef, About)> = {
        let objects = grounded.causes.iter().map(|cause| cause.object.clone());
        objects.map(|object| (object.clone(), stated::about(&object, diagnosis, facts))).collect()
    };
    grounded.believe_within(|cause, object| about.iter().any(|(of, about)| *of == cause.object && about.holds(object)));
    let Grounded { mut causes, evidence, changes, .. } = grounded;
    for (cause, (_, about)) in causes.iter_mut().zip(about) {
        cause.symptoms = about.symptoms;
        stated::under_rules(cause, &diagnosis.causes);
    }
    let named = focus(facts);
    let first = causes.first_mut();
    let mut near = named.nearness(first.touched());
    let outline = (!changes.is_empty()).then(|| {
        let examined = stated::examine(&changes, diagnosis, facts, open)?;
        if let Some(refusal) = examined.without_ground(first, &evidence) {
            return Err(vec![refusal]);
        }
        near = examined.nearness(named);
        (first.symptoms, first.remedy) = (examined.symptoms, examined.remedy);
        stated::under_rules(first, &diagnosis.causes);
        outline(first, facts)
    });
    if !matches!(outline, Some(Ok(_))) {
        first.remedy = crate::domain::finding::Remedy::default();
    }
    diagnosis.focus.beside = near == Nearness::Elsewhere || named.is_lost();
    Judged { causes, outline }
}
