//! From words to a plan that waits for an answer: scope, snapshot, findings, plan, rehearsal, gate.

use super::conclude::{Concluded, conclude};
use super::report::Status;
use super::scope::{self, Located};
use super::standing::Standing;
use super::view::{self, report_of};
use super::{Approver, Caller, Meter, Opened, Problem, Remediation, Report, WorkflowError, live, question};
use crate::domain::abridged::abridge;
use crate::domain::cause::Cause;
use crate::domain::changes::Verb;
use crate::domain::conversation::Conversation;
use crate::domain::diagnosis::Diagnosis;
use crate::domain::ending::Ending;
use crate::domain::evidence::{Gap, GapWhy};
use crate::domain::finding::Advice;
use crate::domain::focus::Because;
use crate::domain::id::{PlanId, SessionId};
use crate::domain::issue::Issue;
use crate::domain::limits::{Consent, Limits, Mode};
use crate::domain::look::Look;
use crate::domain::object::ObjectName;
use crate::domain::observation::Observations;
use crate::domain::ours::OurCommand;
use crate::domain::plan::{RemediationPlan, Step};
use crate::domain::purpose::Purpose;
use crate::domain::usage::Usage;
use crate::facts::Facts;
use crate::facts::focus::focus;
use crate::facts::named::{Named, Nearness};
use crate::planner::live::Live;
use crate::planner::outline::{Outline, outline};
use crate::planner::refusal::Refusal;
use crate::ports::{ClusterRead, Phase, Revision};
use crate::session::gate::{Belief, Decision, decide, never};
use crate::session::{Header, Planned, Session, trail::Trail};
use crate::{analyze, planner, probe};

/// Why there is no question about a plan that has no place in one.
const TOO_LARGE: &str = "the change is too large to show in full, so it cannot be approved here";

/// Why nobody can be asked about the plan of a session that is not kept.
const UNRECORDED: &str = "the record of this session could not be saved, so nobody can be asked about this change here";

/// What was found, before anything is decided.
struct Found {
    /// Holds the diagnosis.
    header: Header,
    /// What a plan for the first cause would be, if it has a fix.
    outline: Option<Result<Outline, Vec<Refusal>>>,
    /// How the session ends if nothing is done.
    ending: Ending,
    /// What would tell more where rules leave something open.
    looks: Vec<Look>,
}

impl Remediation {
    /// Causes and a plan, without a dry run and without a write. The diagnosis rests in the session.
    ///
    /// # Errors
    /// Wrong arguments, or nothing can be read at all.
    pub async fn analyze(&self, problem: &Problem, caller: &Caller<'_>) -> Result<Report, WorkflowError> {
        let caller = &wishing(problem, caller);
        let progress = caller.progress;
        let meter = self.meter(caller);
        let limits = caller.limits(&self.parts.limits);
        let Found { mut header, outline, mut ending, looks } = self.diagnose(problem, limits, meter.read.as_ref(), caller).await?;
        progress.tell(Phase::Planning, "building the plan");
        let mut plan = self.plan_first(&mut header, outline, meter.read.as_ref(), caller).await;
        self.look_first(&looks, &mut header, meter.read.as_ref(), caller).await;
        // On the heap, as what follows: few calls come here, and all would carry its room on their stack.
        let further = Box::pin(self.further(problem, header, &mut plan, &mut ending, &meter, caller)).await;
        let planned = plan.map(|(plan, _)| Planned { plan, rehearsal: None });
        let mut header = match further {
            Ok(header) if !caller.cancel.is_cancelled() => header,
            Ok(left) => return Err(self.leave(left, ending, planned, &meter, caller).await),
            Err(left) => return Err(self.leave(*left, ending, planned, &meter, caller).await),
        };
        let never = planned.as_ref().and_then(|planned| Some((planned, self.why_never(&header, planned)?)));
        let is_advised = never.is_some();
        if let Some((planned, why)) = never {
            not_made(&mut header, &planned.plan, &why);
        }
        self.charge(&mut header.usage, &meter);
        let mut session = if ending == Ending::Diagnosed {
            Session::Diagnosed(header.diagnosed(planned, self.expiry()))
        } else {
            Session::Closed(header.close(ending, planned))
        };
        let saved = self.ledger.save(&session, None).await;
        if let Err(error) = &saved {
            // Looking works without a record; only acting does not.
            let what = format!("the record of this session, which could not be saved: {error}");
            let planned = session.planned().filter(|_| !is_advised).map(|planned| planned.plan.clone());
            let header = session.header_mut();
            planned.iter().for_each(|plan| not_made(header, plan, UNRECORDED));
            header.diagnosis.miss(Gap { what, why: GapWhy::Unsupported, unlock: None });
        }
        let report = Report { unrecorded: saved.is_err(), ..report_of(&session) };
        progress.tell(Phase::Done, report.status.as_str());
        Ok(report)
    }

    /// Why a remediation could not apply this plan, where that is known without a dry run.
    fn why_never(&self, header: &Header, planned: &Planned) -> Option<String> {
        if self.parts.executor.is_none() {
            return Some(self.why_no_writer().to_owned());
        }
        never(&header.limits, &planned.plan).or_else(|| asked(header, planned).is_none().then(|| TOO_LARGE.to_owned()))
    }

    /// Opens a remediation. In automatic mode and within the thresholds it goes all the way; otherwise a question comes back,
    /// or a final report when there is nothing that could be asked.
    ///
    /// # Errors
    /// Wrong arguments, nothing can be read, or the session cannot be recorded.
    pub async fn open(&self, problem: &Problem, caller: &Caller<'_>) -> Result<Opened, WorkflowError> {
        let caller = &wishing(problem, caller);
        let progress = caller.progress;
        let meter = self.meter(caller);
        let limits = caller.limits(&self.parts.limits);
        let Found { header, outline, mut ending, looks } = self.diagnose(problem, limits, meter.read.as_ref(), caller).await?;
        let (revision, mut header) = self.ledger.begin_investigation(header, self.expiry()).await?;
        progress.tell(Phase::Planning, "building the plan");
        let mut plan = self.plan_first(&mut header, outline, meter.read.as_ref(), caller).await;
        if caller.cancel.is_cancelled() {
            let planned = plan.map(|(plan, _)| Planned { plan, rehearsal: None });
            return Err(self.abandon(header, revision, ending, planned, &meter, caller).await);
        }
        if plan.is_none() || self.parts.own_model.is_some() {
            self.look_first(&looks, &mut header, meter.read.as_ref(), caller).await;
        }
        let header = match Box::pin(self.further(problem, header, &mut plan, &mut ending, &meter, caller)).await {
            Ok(header) => header,
            Err(left) => {
                let planned = plan.map(|(plan, _)| Planned { plan, rehearsal: None });
                return Err(self.abandon(*left, revision, ending, planned, &meter, caller).await);
            }
        };
        let Some((plan, live)) = plan else {
            return self.close(header, revision, ending, None, &meter, progress).await;
        };
        Box::pin(self.propose(header, revision, ending, plan, &live, &meter, caller)).await
    }

    /// From a plan to the question about it, or to its end where policy allows it. Where that fails, the session has failed, too.
    #[expect(clippy::too_many_arguments, reason = "a session on its way, and the call that it belongs to")]
    pub(super) async fn propose(
        &self,
        header: Header,
        revision: Revision,
        ending: Ending,
        plan: RemediationPlan,
        live: &Live,
        meter: &Meter,
        caller: &Caller<'_>,
    ) -> Result<Opened, WorkflowError> {
        let id = header.id.clone();
        match Box::pin(self.rehearsed(header, revision, ending, plan, live, meter, caller)).await {
            Ok(opened) => Ok(opened),
            // On the heap: hardly any call comes here, and all would carry its room on their stack.
            Err(error) => Err(Box::pin(self.given_up(&id, error)).await),
        }
    }

    /// The dry run, the gate, and the answer of the gate.
    #[expect(clippy::too_many_arguments, reason = "a session on its way, and the call that it belongs to")]
    async fn rehearsed(
        &self,
        mut header: Header,
        revision: Revision,
        ending: Ending,
        plan: RemediationPlan,
        live: &Live,
        meter: &Meter,
        caller: &Caller<'_>,
    ) -> Result<Opened, WorkflowError> {
        let progress = caller.progress;
        let Some(executor) = &self.parts.executor else {
            not_made(&mut header, &plan, self.why_no_writer());
            return self.close(header, revision, ending, Some(Planned { plan, rehearsal: None }), meter, progress).await;
        };
        if plan.by().is_some()
            && let Some(why) = Box::pin(self.why_not_asked(&plan, &header)).await?
        {
            let planned = Planned { plan, rehearsal: None };
            return Box::pin(self.not_asked(header, revision, planned, why, meter, caller)).await;
        }
        // Nothing is rehearsed on a cluster that the plan is not for.
        if let Err(error) = self.writes_here(&header, executor, meter).await {
            let why = if let WorkflowError::Read(error) = &error { error.in_a_report() } else { error.to_string() };
            not_made(&mut header, &plan, &why);
            return self.close(header, revision, ending, Some(Planned { plan, rehearsal: None }), meter, progress).await;
        }
        progress.tell(Phase::Rehearsing, "asking the API server to check the change");
        let rehearsal = executor.rehearse(&plan, live, &meter.requests).await;
        // Of the plan's own cause, wherever it stands among the others.
        let belief = plan.aim.cause().and_then(|cause| header.diagnosis.cause(cause)).map(Belief::of);
        let decision = decide(&header.limits, &plan, belief, header.diagnosis.focus.aside(), &rehearsal);
        let planned = Planned { plan, rehearsal: Some(rehearsal) };
        if caller.cancel.is_cancelled() {
            return Err(self.abandon(header, revision, ending, Some(planned), meter, caller).await);
        }
        let asked = asked(&header, &planned);
        match (decision, asked) {
            (Decision::Forbid(reasons), _) => {
                let why: Vec<&str> = reasons.iter().map(String::as_str).collect();
                not_made(&mut header, &planned.plan, &why.join("; "));
                self.close(header, revision, ending, Some(planned), meter, progress).await
            }
            (_, None) => {
                not_made(&mut header, &planned.plan, TOO_LARGE);
                self.close(header, revision, ending, Some(planned), meter, progress).await
            }
            (Decision::Allow(grant), Some(_)) => {
                let (mut awaiting, _) = header.propose(planned, self.parts.entropy.secret_bits(), self.expiry(), caller.door.clone());
                awaiting.header.trail.answer(self.parts.clock.now(), "policy", "approved: within the limits of automatic mode");
                let approved = awaiting.approve_by_policy(grant).map_err(|(_, error)| error)?;
                let report = Box::pin(self.carry_out(approved, None, revision, &Approver::Policy, meter, caller)).await?;
                Ok(Opened { report, question: None })
            }
            (Decision::AskHuman(reasons), Some(text)) => {
                if header.limits.mode == Mode::Automatic {
                    header.advice.extend(reasons.iter().map(|reason| Advice {
                        text: format!("a human has to approve: {reason}"),
                        command: None,
                        why: "automatic mode is not allowed to apply this change".to_owned(),
                    }));
                }
                Box::pin(self.ask(header, revision, planned, text, meter, caller)).await
            }
        }
    }

    /// Steps 2 to 4 of the way of the data: words, scope, snapshot, findings.
    async fn diagnose(
        &self,
        problem: &Problem,
        limits: Limits,
        read: &dyn ClusterRead,
        caller: &Caller<'_>,
    ) -> Result<Found, WorkflowError> {
        let (progress, origin) = (caller.progress, caller.origin);
        let issue = problem.issue.as_ref().map(Issue::to_string).unwrap_or_default();
        let id = SessionId::from_entropy(self.parts.entropy.id_bits());
        progress.tell(Phase::Connecting, "asking the API server for its version");
        let reading = async {
            let cluster = read.cluster().await?;
            scope::locate(problem, &cluster.context, read, self.parts.clock.as_ref(), progress).await
        };
        let Located { snapshot, because } = tokio::select! {
            read = reading => read?,
            () = caller.cancel.cancelled() => return Err(WorkflowError::Cancelled),
        };
        progress.tell(Phase::Analyzing, "looking for causes");
        let investigate = self.parts.allowed.investigate;
        let triage = move |facts: &Facts<'_>, diagnosis: &mut Diagnosis| {
            planner::triage(diagnosis, facts, analyze::severity);
            diagnosis.focus.because = because;
            let named = focus(facts);
            let first = diagnosis.causes.first();
            let wrong = first.map(|cause| named.nearness(cause.touched()));
            let unexplained = || diagnosis.unexplained.first().map(|symptom| named.nearness(std::iter::once(&symptom.object)));
            let near = wrong.or_else(unexplained);
            diagnosis.focus.beside = near == Some(Nearness::Elsewhere) || (near.is_some() && named.is_lost());
            let first = first.filter(|cause| !cause.remedy.proposals.is_empty());
            let looks = probe::first::looks(diagnosis, facts, investigate);
            if is_answered(diagnosis, named) {
                let advice = first.filter(|_| diagnosis.focus.beside).map(|cause| by_its_own(cause, facts));
                return (None, advice, looks);
            }
            (first.map(|cause| outline(cause, facts)), None, looks)
        };
        let Concluded { snapshot, mut diagnosis, answer: (outline, elsewhere, looks) } =
            conclude(snapshot, &caller.cancel, triage).await.ok_or(WorkflowError::Cancelled)?;
        for gap in &snapshot.gaps {
            diagnosis.miss(gap.clone());
        }
        let ending = diagnosis.ending();
        abridge(&mut diagnosis);
        let scope = snapshot.scope.clone();
        let now = self.parts.clock.now();
        let mut trail = Trail::default();
        trail.note(now, origin.as_str(), "opened");
        let mut advice = self.changed_recently(&scope, &snapshot.cluster).await;
        advice.extend(not_automatic(caller, &limits));
        advice.extend(elsewhere);
        let header = Header {
            id,
            opened_at: now,
            purpose: Purpose::Issue(issue),
            origin,
            proposed_by: None,
            scope,
            limits,
            wishes: caller.wishes.clone(),
            cluster: snapshot.cluster.clone(),
            diagnosis,
            looked: snapshot.looked.iter().cloned().collect(),
            observations: Observations::default(),
            conversation: Conversation::default(),
            advice,
            withheld: None,
            usage: Usage::default(),
            trail,
            process: None,
        };
        Ok(Found { header, outline, ending, looks })
    }

    /// The plan for the first cause, with the objects that it was made of; a refusal becomes that cause's advice.
    async fn plan_first(
        &self,
        header: &mut Header,
        outline: Option<Result<Outline, Vec<Refusal>>>,
        read: &dyn ClusterRead,
        caller: &Caller<'_>,
    ) -> Option<(RemediationPlan, Live)> {
        let next = header.diagnosis.causes.get(1).map(|cause| cause.title.clone());
        let first = header.diagnosis.causes.first_mut()?;
        header.advice.extend(next.map(|title| Advice {
            text: format!("run again after this cause is resolved; the next one is: {title}"),
            command: None,
            why: "kubemend plans for one cause at a time".to_owned(),
        }));
        let id = PlanId::from_entropy(self.parts.entropy.id_bits());
        let planned = match outline? {
            Ok(outline) => {
                // No plan, if the caller goes away meanwhile.
                let live = tokio::select! {
                    live = live::read(&outline, read) => live,
                    () = caller.cancel.cancelled() => return None,
                };
                planner::plan(outline, &live, id, header.limits.on_failure).map(|plan| (plan, live))
            }
            Err(refusals) => Err(refusals),
        };
        match planned {
            Ok(mut planned) => {
                // What is told before the yes is what is waited for after it.
                self.parts.timing.tell(&mut planned.0);
                Some(planned)
            }
            Err(refusals) => {
                first.remedy.advice.extend(refusals.iter().map(|reason| Advice {
                    text: reason.to_string(),
                    command: None,
                    why: "kubemend does not apply this change itself".to_owned(),
                }));
                None
            }
        }
    }

    pub(super) fn expiry(&self) -> jiff::Timestamp {
        let now = self.parts.clock.now();
        jiff::SignedDuration::try_from(self.parts.timing.plan_ttl).ok().and_then(|ttl| now.checked_add(ttl).ok()).unwrap_or(now)
    }
}

/// The caller, who can only wish for less than was wished when the problem was first looked at.
fn wishing<'c>(problem: &Problem, caller: &Caller<'c>) -> Caller<'c> {
    caller.clone().with_wishes(caller.wishes.and(&problem.wishes))
}

/// A wish for automatic mode that the operator does not grant is said, and not passed over.
fn not_automatic(caller: &Caller<'_>, limits: &Limits) -> Option<Advice> {
    let wished = caller.wishes.mode == Some(Mode::Automatic) && limits.mode == Mode::Manual;
    let wants = match limits.consent {
        Consent::Ask => "a human to be asked",
        Consent::Client => "each plan to be approved, by a human or by a second call that repeats its digest",
    };
    wished.then(|| Advice {
        text: format!("automatic mode was requested and has no effect: the operator wants {wants}"),
        command: None,
        why: "only the operator can allow it, with `consent: policy`".to_owned(),
    })
}

/// What a human would be asked; `None` where it cannot be shown whole.
fn asked(header: &Header, planned: &Planned) -> Option<String> {
    let standing = Standing {
        header,
        status: Status::AwaitingApproval,
        underway: None,
        planned: Some(planned),
        expires_at: None,
        execution: None,
        validation: None,
        ended: None,
        taken_back: None,
    };
    question::text(&view::report(&standing))
}

/// Whether the words have their answer without the first cause, which is about something else: what they name certainly is not there,
/// the place is not, how the thing is was seen, or all namespaces were read for what nobody called a place.
fn is_answered(diagnosis: &Diagnosis, named: &Named) -> bool {
    let widened = diagnosis.focus.because == Because::Everywhere;
    named.certain || (diagnosis.focus.beside && (widened || named.nowhere || diagnosis.doubted().next().is_some()))
}

/// How to get the plan for a cause that nobody asked about.
fn by_its_own(cause: &Cause, facts: &Facts<'_>) -> Advice {
    // What a cause is about may be what is missing: an object that is given has to exist.
    let place = cause.touched().find(|object| facts.workload(object).is_some()).or_else(|| cause.touched().find(|o| facts.has(o)));
    let about = place.unwrap_or(&cause.object);
    Advice {
        text: format!("for the plan for {about}, run remediate for it"),
        command: place.map(|place| {
            let object = ObjectName { kind: place.kind.clone(), name: place.name.clone() };
            OurCommand::Remediate { object, namespace: place.namespace.as_ref().map(ToString::to_string) }.to_string()
        }),
        why: "the issue names something else, so no plan was created for it".to_owned(),
    }
}

/// What becomes of a change that kubemend does not make: of a rule's, how to make it by hand. Of what somebody states it is said what is at
/// stake, and no line to type: whoever reads this may have a shell, and the line would be the stranger's.
fn not_made(header: &mut Header, plan: &RemediationPlan, why: &str) {
    let Some(by) = plan.by() else {
        header.advice.extend(by_hand(plan, why));
        return;
    };
    let way = if plan.risk() > header.limits.ceiling {
        "a human who wants it all the same raises `risk-ceiling`, and is then asked"
    } else {
        "a human who wants it all the same sees to that first, and is then asked"
    };
    let change = |step: &Step| format!("{} {}: {}", step.action.verb(), step.action.target(), step.why);
    let changes: Vec<String> = plan.steps.iter().map(change).collect();
    header.withhold(&format!("{by} proposes it, and no command is given for it; {way}. {}", changes.join(". ")), why);
}

/// How to make the change without kubemend, and why that is needed.
fn by_hand(plan: &RemediationPlan, why: &str) -> Vec<Advice> {
    let one = |step: &Step| Advice {
        text: {
            let (verb, object) = (step.action.verb(), step.action.target());
            // `kubectl delete` has no preconditions, so whoever types it looks first.
            let first = if step.action.change().0 == Verb::Delete { "check that it is unchanged, then " } else { "" };
            format!("{first}{verb} {object} by hand")
        },
        command: Some(step.command.clone()),
        why: why.to_owned(),
    };
    plan.steps.iter().map(one).collect()
}
