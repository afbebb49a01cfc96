//! A model of the operator investigates what rules leave open: the loop that does what the investigation asks for, and what comes of it.
//! Rules' answers stand whatever it says, and each way in which it gives none is told.

mod scribe;

use super::look::{Answer, kinds_within};
use super::own_model::OwnModel;
use super::spans;
use super::{Caller, Meter, Problem, Remediation, WorkflowError};
use crate::agent::grounded::{Grounded, Speaker, grounded};
use crate::agent::investigation::{Brought, CallResult, Demand, Ended, Input, Investigation, ProbeCall, Shortfall};
use crate::agent::opening::Opening;
use crate::agent::prompts;
use crate::agent::stated_open::StatedOpen;
use crate::domain::cause::{Cause, CauseSource};
use crate::domain::conversation::{self, Spoken};
use crate::domain::diagnosis::Diagnosis;
use crate::domain::dialogue::Prompt;
use crate::domain::ending::Ending;
use crate::domain::excerpt::Excerpt;
use crate::domain::finding::Advice;
use crate::domain::investigate::Investigate;
use crate::domain::limits::Mode;
use crate::domain::model_fault::{ModelFault, ModelFaultKind};
use crate::domain::nonempty::NonEmpty;
use crate::domain::plan::RemediationPlan;
use crate::domain::proposal::{ProposedBy, below};
use crate::planner::live::Live;
use crate::planner::refusal::{Refusal, Untyped};
use crate::planner::stated::never;
use crate::ports::{ClusterRead, CustomKinds, Phase};
use crate::probe::arguments::{Context, Custom, LookArguments, Unread};
use crate::probe::outcome::Length;
use crate::session::Header;
use scribe::Scribe;
use std::time::Duration;
use tokio::time::{Instant, timeout, timeout_at};

/// All looks of one answer together may take so long: an investigation has two minutes.
const LOOKS_TIME: Duration = Duration::from_secs(20);
/// A model that is to stop does so at once, or is not waited for.
const STOPPING: Duration = Duration::from_secs(1);
/// Discovery may take so much of it: the looks beside it need none.
const KINDS_TIME: Duration = Duration::from_secs(8);
/// Causes whose confidence is this near say different things of one symptom with equal right.
const NEAR: f64 = 0.1;

/// What a model states, held against what was seen.
struct Stated {
    grounded: Grounded,
    /// The model that answered.
    name: String,
}

/// What it came to, once a conclusion was held against what was seen.
enum Settled {
    Causes(Box<Grounded>),
    Open(StatedOpen),
    /// There is no conclusion.
    Nothing(Shortfall),
}

/// The caller does not wait any more.
struct Gone;

impl Remediation {
    /// What rules leave open is investigated, where the operator has a model and wants that. What it states leads to a plan of its own only
    /// where rules have none.
    ///
    /// # Errors
    /// The caller went away; with the session as it stands. Whatever else fails, what rules found is the answer, with the reason.
    pub(super) async fn further(
        &self,
        problem: &Problem,
        mut header: Header,
        plan: &mut Option<(RemediationPlan, Live)>,
        ending: &mut Ending,
        meter: &Meter,
        caller: &Caller<'_>,
    ) -> Result<Header, Box<Header>> {
        let Some(own) = self.parts.own_model.as_ref().filter(|_| is_open(&header.diagnosis, self.parts.allowed.investigate)) else {
            return Ok(header);
        };
        let (span, before) = (spans::invoke_agent(&header.id), header.usage);
        let investigated = spans::within(&span, self.investigate(own, &mut header, meter, caller)).await;
        spans::took(&span, before, header.usage);
        let stated = match investigated {
            Ok(Some(stated)) => stated,
            Ok(None) => return Ok(header),
            Err(Gone) => return Err(Box::new(header)),
        };
        if plan.is_some() {
            adopt(&mut header.diagnosis, &stated);
            return Ok(header);
        }
        match self.weigh_own(problem, header, &stated, meter.read.as_ref(), caller).await {
            Ok((header, made)) => {
                (*plan, *ending) = (made, header.diagnosis.ending());
                Ok(header)
            }
            Err((header, WorkflowError::Cancelled)) => Err(header),
            Err((mut header, error)) => {
                adopt(&mut header.diagnosis, &stated);
                header.advice.push(Advice {
                    text: format!("what the model concluded could not be compared with the cluster: {error}"),
                    command: None,
                    why: "the report is what the rules found".to_owned(),
                });
                Ok(*header)
            }
        }
    }

    /// Asks the operator's model about what rules leave open, where the operator wants that: what it saw, what it cost and why it has no
    /// answer go into the session. What comes back is what it says, held against what it saw, and nothing more than that.
    ///
    /// # Errors
    /// The caller went away. What was spent until then is in the session.
    async fn investigate(&self, own: &OwnModel, header: &mut Header, meter: &Meter, caller: &Caller<'_>) -> Result<Option<Stated>, Gone> {
        let began = self.parts.clock.monotonic();
        let elapsed = || self.parts.clock.monotonic().saturating_sub(began);
        let words = header.purpose.in_words();
        let advice = |text: String, why: &str| Advice { text, command: None, why: why.to_owned() };
        let share = match own.today.share(self.parts.clock.now(), &own.budget) {
            Ok(share) => share,
            Err(spent) => {
                header.advice.push(advice(format!("no model was asked: {spent}"), "the report is what the rules found"));
                return Ok(None);
            }
        };
        let opening = Opening {
            issue: &words,
            scope: &header.scope,
            diagnosis: &header.diagnosis,
            observations: &header.observations,
            allowed: self.parts.allowed,
        };
        let (mut it, mut effect) = Investigation::begin(&opening, self.parts.entropy.secret_bits(), own.budget, own.prices.clone());
        let mut name = own.model.name().to_owned();
        let mut told = false;
        let (mut scribe, mut how) = (Scribe::default(), None);
        let settled = loop {
            if let Demand::Conclude(ended) = &effect {
                how = Some(conversation::kept(&ended.to_string()));
            }
            let input = match effect {
                Demand::AskModel(prompt) => {
                    scribe.asks(&prompt, self.parts.clock.now(), &mut header.conversation);
                    caller.progress.tell(Phase::Investigating, &format!("asking {name}"));
                    self.asked(own, &prompt, own.budget.time.saturating_sub(elapsed()), caller).await
                }
                Demand::RunProbes(probes) => Input::Observed(self.looked_at(&probes, header, meter.read.as_ref(), caller).await),
                Demand::Conclude(ended) => match *ended {
                    Ended::Without(shortfall) => break Ok(Settled::Nothing(shortfall)),
                    Ended::Open(open) => break Ok(Settled::Open(open)),
                    Ended::Concluded(conclusion) => {
                        let speaker = Speaker { source: CauseSource::Model, name: format!("the model {name}") };
                        let never = never(&conclusion.changes, self.may_change()).filter(|_| !told);
                        match grounded(&conclusion, &speaker, &header.diagnosis, &header.observations) {
                            Err(why) => Input::Refused(why),
                            // Once: what is wrong with a change is no reason to lose the cause.
                            Ok(_) if never.is_some() => {
                                told = true;
                                let why = never.map(|why| Untyped(&why).to_string()).unwrap_or_default();
                                Input::Refused(why)
                            }
                            Ok(grounded) => break Ok(Settled::Causes(Box::new(grounded))),
                        }
                    }
                },
            };
            scribe.hears(&input, self.parts.clock.now(), &mut header.conversation);
            if let Input::Replied(reply) = &input {
                name = Excerpt::line(&reply.model).to_string();
            }
            if caller.cancel.is_cancelled() {
                it.left(&input);
                break Err(Gone);
            }
            effect = it.step(input, elapsed());
        };
        let how = how.filter(|_| settled.is_ok()).unwrap_or_else(|| conversation::kept("its caller left"));
        header.conversation.add(self.parts.clock.now(), Spoken::Ended(how));
        own.today.settle(self.parts.clock.now(), share, it.spending().tokens.all(), it.spending().cost());
        self.charge_model(header, &it, &name);
        Ok(match settled? {
            Settled::Causes(grounded) => {
                let dropped = grounded.dropped.iter().cloned();
                header.advice.extend(dropped.map(|text| advice(text, "a cause is worth what it cites of what was observed")));
                Some(Stated { grounded: *grounded, name })
            }
            Settled::Open(open) => {
                header.advice.push(advice(format!("the model {name} {open}"), "these are its words; kubemend verified none of them"));
                None
            }
            Settled::Nothing(shortfall) => {
                let text = format!("the model {name} gave no conclusion: {}", Excerpt::line(&shortfall.to_string()));
                header.advice.push(advice(text, "the report is what the rules found"));
                None
            }
        })
    }

    /// What is stated, held against a fresh look at what suffers: the session goes on with that, and with the plan of it where there is one.
    ///
    /// # Errors
    /// The caller went away, or nothing can be read any more.
    async fn weigh_own(
        &self,
        problem: &Problem,
        mut first: Header,
        stated: &Stated,
        read: &dyn ClusterRead,
        caller: &Caller<'_>,
    ) -> Result<(Header, Option<(RemediationPlan, Live)>), (Box<Header>, WorkflowError)> {
        let by = ProposedBy { session: first.id.clone(), name: stated.name.clone() };
        let (looked, outlined) = match self.look_again(problem, &first.id, stated.grounded.clone(), by, read, caller).await {
            Ok(looked) => looked,
            Err(error) => return Err((Box::new(first), error)),
        };
        let planned = match outlined {
            None => Err(vec![Refusal::Stated("the model proposes no change: this is a diagnosis".to_owned())]),
            Some(Err(refusals)) => Err(refusals),
            Some(Ok(outline)) => self.plan_stated(outline, &looked, read).await,
        };
        let planned = match planned {
            Ok((plan, live)) => match self.why_not_asked(&plan, &looked).await {
                Ok(None) => Ok((plan, live)),
                Ok(Some(why)) => Err(vec![Refusal::Stated(why.text)]),
                Err(error) => return Err((Box::new(first), error)),
            },
            Err(refusals) => Err(refusals),
        };
        let (planned, refusals) = planned.map_or_else(|refusals| (None, refusals), |planned| (Some(planned), Vec::new()));
        let why = "no plan was made of what the model proposed";
        first.advice.extend(refusals.iter().map(|reason| Advice { text: Untyped(reason).to_string(), command: None, why: why.to_owned() }));
        let Header { id, opened_at, observations, conversation, advice, usage, trail, .. } = first;
        Ok((Header { id, opened_at, observations, conversation, advice, usage, trail, ..looked }, planned))
    }

    /// One answer of the model, in what is left of the time.
    async fn asked(&self, own: &OwnModel, prompt: &Prompt, left: Duration, caller: &Caller<'_>) -> Input {
        let cancel = caller.cancel.child_token();
        let mut answer = own.model.complete(prompt, &cancel);
        let answered = tokio::select! {
            biased;
            answered = &mut answer => Some(answered),
            () = tokio::time::sleep(left) => None,
            () = caller.cancel.cancelled() => None,
        };
        let late = if let Some(answered) = answered {
            return answered.map_or_else(Input::ModelFailed, |reply| Input::Replied(Box::new(reply)));
        } else {
            // It is not only dropped: who stops says what it has cost.
            cancel.cancel();
            timeout(STOPPING, answer).await
        };
        match late {
            Ok(Ok(reply)) => Input::Replied(Box::new(reply)),
            late => Input::ModelFailed(ModelFault {
                model: own.model.name().to_owned(),
                kind: ModelFaultKind::Transport,
                status: None,
                said: Some(Excerpt::line("its seconds are used up (`model-seconds`)")),
                lost: late.ok().and_then(Result::err).map(|fault| fault.lost).unwrap_or_default(),
            }),
        }
    }

    /// What these looks bring, kept in the session under their ids.
    async fn looked_at(
        &self,
        probes: &NonEmpty<ProbeCall>,
        header: &mut Header,
        read: &dyn ClusterRead,
        caller: &Caller<'_>,
    ) -> Vec<CallResult> {
        let until = Instant::now().checked_add(LOOKS_TIME).unwrap_or_else(Instant::now);
        let mut custom: Option<Result<CustomKinds, Unread>> = None;
        let mut observed = Vec::new();
        for ProbeCall { call, probe, arguments } in probes.iter() {
            let brought = match LookArguments::of_call(*probe, arguments) {
                Err(why) => Brought::Unseen(why),
                Ok(arguments) => {
                    if custom.is_none() && arguments.names_an_unknown_kind() {
                        custom = Some(kinds_within(KINDS_TIME, read).await);
                    }
                    let namespace = header.scope.namespace().cloned();
                    let context = Context { namespace: namespace.as_ref(), custom: Custom::of(custom.as_ref()) };
                    match arguments.understood(&context) {
                        Err(why) => Brought::Unseen(why),
                        Ok(look) => {
                            caller.progress.tell(Phase::Investigating, &Excerpt::line(&look.to_string()).to_string());
                            let answer = tokio::select! {
                                answer = timeout_at(until, self.answer(&look, Length::OF_A_MODEL.at(arguments.page()), read)) => answer,
                                () = caller.cancel.cancelled() => break,
                            };
                            match answer {
                                Ok(Ok(Answer::Seen(seen))) => match header.observations.add(seen.clone()) {
                                    Ok(id) => Brought::Seen(id, seen),
                                    Err(full) => Brought::Unseen(full.to_string()),
                                },
                                Ok(Ok(Answer::Unseen { why, .. })) => Brought::Unseen(why.to_string()),
                                Ok(Err(error)) => Brought::Unseen(error.in_a_report()),
                                Err(_) => Brought::Unseen(format!(
                                    "not read: the {} seconds for all looks of one answer have ended",
                                    LOOKS_TIME.as_secs()
                                )),
                            }
                        }
                    }
                }
            };
            observed.push(CallResult { call: call.clone(), brought });
        }
        observed
    }

    /// What it took, and what it did that a human should know of: after a sign that it obeys somebody else, a human decides on everything.
    fn charge_model(&self, header: &mut Header, it: &Investigation, name: &str) {
        let (now, spent) = (self.parts.clock.now(), it.spending());
        let usage = &mut header.usage;
        usage.model_calls = usage.model_calls.saturating_add(u64::from(spent.turns));
        usage.input_tokens = usage.input_tokens.saturating_add(spent.tokens.input);
        usage.cached_tokens = usage.cached_tokens.saturating_add(spent.tokens.cached);
        usage.output_tokens = usage.output_tokens.saturating_add(spent.tokens.output);
        usage.cost = spent.cost().or(usage.cost);
        header.trail.note(now, "kubemend", &format!("investigated with {name}, prompts {}: {} answers", prompts::digest(), spent.turns));
        for suspicion in it.suspicions() {
            header.trail.note(now, "kubemend", &format!("{suspicion}: a human decides on everything in this session"));
        }
        if let Some(suspicion) = it.suspicions().first() {
            header.limits = header.limits.tightened(Some(Mode::Manual), None, None, None);
            header.advice.push(Advice {
                text: format!("{suspicion}: read what it says with care"),
                command: None,
                why: "text in the cluster may be giving it orders; nothing was changed, and a human decides on everything in this session"
                    .to_owned(),
            });
        }
    }
}

/// Whether rules leave something of the issue open, or name different causes for one symptom with equal right.
fn is_open(diagnosis: &Diagnosis, investigate: Investigate) -> bool {
    match investigate {
        Investigate::Never => false,
        Investigate::Always => true,
        Investigate::Auto => {
            let undecided = diagnosis.causes.is_empty() && !diagnosis.doubts.is_empty();
            undecided || !diagnosis.unexplained.is_empty() || disagree(diagnosis)
        }
    }
}

fn disagree(diagnosis: &Diagnosis) -> bool {
    let shared = |one: &Cause, other: &Cause| {
        one.symptoms.iter().any(|symptom| other.symptoms.iter().any(|theirs| theirs.object == symptom.object))
            && (one.confidence.value() - other.confidence.value()).abs() < NEAR
            && one.object != other.object
    };
    diagnosis.causes.iter().enumerate().any(|(at, one)| diagnosis.causes.iter().skip(at.saturating_add(1)).any(|other| shared(one, other)))
}

/// What was stated beside a plan of a rule's, as somebody's words.
fn adopt(diagnosis: &mut Diagnosis, stated: &Stated) {
    for cause in stated.grounded.causes.iter() {
        let rules = diagnosis.causes.iter().filter(|rule| matches!(rule.source, CauseSource::Rule(_)));
        let least = rules.fold(cause.confidence, |least, rule| least.least(below(rule.confidence)));
        diagnosis.adopt(&Cause { confidence: least, ..cause.clone() }, &stated.grounded.evidence);
    }
}
