//! The investigation: one synchronous state machine that says what is to be done next. It knows no cluster, no provider and no clock, and
//! there is no word for a write among its effects. Whatever a model answers, it ends within its budget.

use super::fence::Fences;
use super::opening::{Opening, shown};
use super::prompts::{AgainPrompt, LastPrompt, SystemPrompt};
use super::reply::{Home, understood};
use super::spending::{ANSWER, Bound, Spending};
use super::stated_open::StatedOpen;
use super::suspicion::{Suspicion, repeats, sounds_like_a_write};
use super::tools::{CONCLUDE, declared};
use super::transcript::{self, Transcript};
use crate::domain::budget::Budget;
use crate::domain::canonical::sorted;
use crate::domain::dialogue::{Prompt, Reply, StopReason, ToolChoice, ToolDeclaration, ToolResult, ToolUse};
use crate::domain::excerpt::Excerpt;
use crate::domain::kind::Kind;
use crate::domain::look::ProbeName;
use crate::domain::model_fault::ModelFault;
use crate::domain::namespace::Namespace;
use crate::domain::nonempty::NonEmpty;
use crate::domain::observation::{Observation, ObservationId};
use crate::domain::prices::Prices;
use crate::domain::proposal::Conclusion;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

/// Looks of one answer: as many as the agent that calls may ask for at once.
const LOOKS: usize = 8;
/// Calls of one answer: who makes more is not answered one by one.
const CALLS: usize = 32;
/// Bytes of an answer that is kept: many times the longest that is asked for.
const ANSWERED: usize = 256 * 1024;
/// Conclusions that cannot be used are told why this often.
const REPAIRS: u32 = 1;

/// What is to be done next.
#[derive(Debug)]
pub(crate) enum Demand {
    AskModel(Box<Prompt>),
    RunProbes(NonEmpty<ProbeCall>),
    /// The investigation has its end, unless what it concludes is refused.
    Conclude(Box<Ended>),
}

/// What came of it.
#[derive(Debug)]
pub(crate) enum Input {
    Replied(Box<Reply>),
    ModelFailed(ModelFault),
    /// One for each look, in any order.
    Observed(Vec<CallResult>),
    /// What was concluded cannot be: why.
    Refused(String),
}

/// A look that a model wants: its words are not read yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ProbeCall {
    /// The call that it answers.
    pub(crate) call: String,
    pub(crate) probe: ProbeName,
    /// A JSON object.
    pub(crate) arguments: Value,
}

/// What a look came to.
#[derive(Debug, Clone)]
pub(crate) struct CallResult {
    pub(crate) call: String,
    pub(crate) brought: Brought,
}

/// What was seen, under its id; or why nothing was, and how to ask better.
#[derive(Debug, Clone)]
pub(crate) enum Brought {
    Seen(ObservationId, Observation),
    Unseen(String),
}

/// How it ended.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Ended {
    /// With causes, which nobody has held against anything yet.
    Concluded(Box<Conclusion>),
    /// With an answer that is no cause.
    Open(StatedOpen),
    /// Without one.
    Without(Shortfall),
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Ended::Concluded(conclusion) => conclusion.fmt(f),
            Ended::Open(open) => write!(f, "it {open}"),
            Ended::Without(shortfall) => write!(f, "no conclusion: {shortfall}"),
        }
    }
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Shortfall {
    Bound(Bound),
    Fault(ModelFault),
    /// Its conclusion cannot be used, twice.
    Refused(Excerpt),
    /// It answered otherwise than it was asked.
    Astray,
}

/// As a sentence goes on after "because".
impl fmt::Display for Shortfall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Shortfall::Bound(bound) => bound.fmt(f),
            Shortfall::Fault(fault) => fault.fmt(f),
            Shortfall::Refused(why) => write!(f, "its conclusion could not be used: {why}"),
            Shortfall::Astray => f.write_str("its answers could not be used"),
        }
    }
}

/// The answer to one call of the last turn.
#[derive(Debug)]
enum Answer {
    Ready {
        text: String,
        is_error: bool,
        stands: Option<String>,
    },
    /// Its look is being taken; what it asked for, to tell it from others.
    Awaited {
        asked: String,
    },
    /// What it concludes is being held against what was seen.
    Concluding,
}

/// What is being waited for.
#[derive(Debug)]
enum Stage {
    Model { sent: usize },
    Looks(Vec<(String, Answer)>),
    Verdict(Vec<(String, Answer)>),
    Over,
}

/// See the file's head.
#[derive(Debug)]
pub(crate) struct Investigation {
    system: String,
    tools: Vec<ToolDeclaration>,
    namespace: Option<Namespace>,
    budget: Budget,
    prices: Prices,
    spending: Spending,
    transcript: Transcript,
    fences: Fences,
    /// What each look brought, by what it asked for: the same is not looked at twice.
    seen: BTreeMap<String, (ObservationId, Observation)>,
    suspicions: Vec<Suspicion>,
    repairs: u32,
    last: Option<Bound>,
    stage: Stage,
}

impl Investigation {
    /// Begins one. `secret` is for this investigation alone.
    pub(crate) fn begin(opening: &Opening<'_>, secret: [u8; 32], budget: Budget, prices: Prices) -> (Self, Demand) {
        let mut fences = Fences::new(secret);
        let mut this = Self {
            system: SystemPrompt { canary: &fences.canary() }.rendered(),
            tools: declared(),
            namespace: opening.scope.namespace().cloned(),
            budget,
            prices,
            spending: Spending::default(),
            transcript: Transcript::new(opening.message(&mut fences)),
            fences,
            seen: BTreeMap::new(),
            suspicions: Vec::new(),
            repairs: REPAIRS,
            last: None,
            stage: Stage::Over,
        };
        let effect = this.ask(Duration::ZERO);
        (this, effect)
    }

    /// What was taken so far.
    pub(crate) fn spending(&self) -> Spending {
        self.spending
    }

    /// What was noticed of a model that obeys somebody else.
    pub(crate) fn suspicions(&self) -> &[Suspicion] {
        &self.suspicions
    }

    /// Takes in what came of the last effect, so long after the beginning.
    pub(crate) fn step(&mut self, input: Input, elapsed: Duration) -> Demand {
        match (std::mem::replace(&mut self.stage, Stage::Over), input) {
            (Stage::Model { sent }, Input::Replied(reply)) => self.replied(*reply, sent, elapsed),
            (Stage::Model { .. }, Input::ModelFailed(fault)) => {
                self.spending.failed(&fault.lost, &self.prices);
                self.end(Ended::Without(Shortfall::Fault(fault)))
            }
            (Stage::Looks(answers), Input::Observed(observed)) => {
                self.observed(answers, observed);
                self.ask(elapsed)
            }
            (Stage::Verdict(answers), Input::Refused(why)) => self.refused(answers, &why, elapsed),
            _ => self.end(Ended::Without(Shortfall::Astray)),
        }
    }

    /// Nobody waits for the end any more: what came last is counted and looked at, and nothing more is asked.
    pub(crate) fn left(&mut self, input: &Input) {
        match (std::mem::replace(&mut self.stage, Stage::Over), input) {
            (Stage::Model { sent }, Input::Replied(reply)) => self.noticed(reply, sent),
            (Stage::Model { .. }, Input::ModelFailed(fault)) => self.spending.failed(&fault.lost, &self.prices),
            _ => {}
        }
    }

    fn end(&mut self, ended: Ended) -> Demand {
        self.stage = Stage::Over;
        Demand::Conclude(Box::new(ended))
    }

    fn ask(&mut self, elapsed: Duration) -> Demand {
        if let Some(bound) = self.spending.over(&self.budget, elapsed) {
            return self.end(Ended::Without(Shortfall::Bound(bound)));
        }
        self.transcript.compact();
        let sent = transcript::bytes(&self.prompt());
        if self.last.is_none()
            && let Some(bound) = self.spending.last(&self.budget, elapsed, sent)
        {
            self.last = Some(bound);
            self.transcript.say(LastPrompt { why: &format!("{bound} almost.") }.rendered());
        }
        self.spending.ask();
        self.stage = Stage::Model { sent };
        Demand::AskModel(Box::new(self.prompt()))
    }

    fn prompt(&self) -> Prompt {
        let is_last = self.last.is_some();
        Prompt {
            system: self.system.clone(),
            messages: self.transcript.messages().to_vec(),
            tools: self.tools.iter().filter(|tool| !is_last || tool.name == CONCLUDE).cloned().collect(),
            choice: if is_last { ToolChoice::Only(CONCLUDE.to_owned()) } else { ToolChoice::Auto },
            max_output_tokens: ANSWER,
        }
    }

    /// What an answer cost, and what it shows of whom it obeys.
    fn noticed(&mut self, reply: &Reply, sent: usize) {
        self.spending.answered(reply, sent, transcript::bytes_of_answer(&reply.blocks), &self.prices);
        let canary = self.fences.canary();
        if repeats(reply, &canary) {
            self.suspect(Suspicion::Marker);
        }
        let unknown = reply.calls().filter(|call| !self.is_tool(&call.name) && sounds_like_a_write(&call.name));
        let writes: Vec<Suspicion> = unknown.take(CALLS).map(|call| Suspicion::Write(call.name.clone())).collect();
        writes.into_iter().for_each(|suspicion| self.suspect(suspicion));
    }

    fn replied(&mut self, reply: Reply, sent: usize, elapsed: Duration) -> Demand {
        self.noticed(&reply, sent);
        let came = transcript::bytes_of_answer(&reply.blocks);
        let calls = reply.calls().count();
        if calls > CALLS || came > ANSWERED {
            return self.again(&format!("it made {calls} calls and has {came} bytes; make at most {LOOKS} calls."), elapsed);
        }
        let cut = reply.stop == StopReason::MaxTokens;
        let Some(calls) = self.transcript.answer(reply.blocks) else {
            return self.again("it was empty. Call a tool.", elapsed);
        };
        if calls.is_empty() {
            let why = if cut {
                "it was too long, and its end is missing. Be brief, and call a tool."
            } else {
                "it called no tool. Look further, or call `conclude`."
            };
            return self.again(why, elapsed);
        }
        self.called(calls, elapsed)
    }

    fn suspect(&mut self, suspicion: Suspicion) {
        if self.suspicions.len() < CALLS && !self.suspicions.contains(&suspicion) {
            self.suspicions.push(suspicion);
        }
    }

    fn is_tool(&self, name: &str) -> bool {
        self.tools.iter().any(|tool| tool.name == name)
    }

    fn again(&mut self, why: &str, elapsed: Duration) -> Demand {
        if self.last.is_some() {
            let ended = if self.repairs == 0 { Some(Shortfall::Astray) } else { None };
            self.repairs = self.repairs.saturating_sub(1);
            if let Some(shortfall) = ended {
                return self.end(Ended::Without(shortfall));
            }
        }
        self.transcript.say(AgainPrompt { why }.rendered());
        self.ask(elapsed)
    }

    /// Each call gets its answer, or the look that brings it.
    fn called(&mut self, calls: Vec<ToolUse>, elapsed: Duration) -> Demand {
        let mut answers: Vec<(String, Answer)> = Vec::new();
        let mut probes: Vec<ProbeCall> = Vec::new();
        let (mut concluded, mut spoiled) = (None, None);
        for call in calls {
            let ToolUse { id, name, input } = call;
            let answer = if name == CONCLUDE {
                match self.conclusion(&input) {
                    Ok(_) if concluded.is_some() => wrong("you concluded twice in one answer"),
                    Ok(ended) => {
                        concluded = Some(ended);
                        Answer::Concluding
                    }
                    Err(why) => {
                        let answer = self.told(&why);
                        spoiled = Some(why);
                        answer
                    }
                }
            } else if let Some(probe) = ProbeName::parse(&name) {
                self.look(&id, probe, &input, &answers, &mut probes)
            } else {
                let names = self.names();
                self.told(&format!("there is no tool {}; there are {names}", Excerpt::said(&name)))
            };
            answers.push((id, answer));
        }
        if let Some(ended) = concluded {
            self.stage = Stage::Verdict(answers);
            return Demand::Conclude(Box::new(ended));
        }
        if let Some(why) = spoiled {
            if self.repairs == 0 {
                return self.end(Ended::Without(Shortfall::Refused(Excerpt::line(&why))));
            }
            self.repairs = self.repairs.saturating_sub(1);
        }
        if let Some(probes) = NonEmpty::from_vec(probes) {
            self.stage = Stage::Looks(answers);
            return Demand::RunProbes(probes);
        }
        self.flush(answers);
        self.ask(elapsed)
    }

    fn names(&self) -> String {
        let is_last = self.last.is_some();
        let names = self.tools.iter().filter(|tool| !is_last || tool.name == CONCLUDE).map(|tool| format!("`{}`", tool.name));
        names.collect::<Vec<_>>().join(", ")
    }

    /// What `conclude` was called with: causes, or that it stays open.
    fn conclusion(&self, input: &str) -> Result<Ended, String> {
        let given: Value = serde_json::from_str(input)
            .map_err(|e| format!("the arguments of `conclude` are not JSON: {}", Excerpt::line(&e.to_string())))?;
        let empty = |name: &str| given.get(name).is_none_or(|value| value.is_null() || value.as_array().is_some_and(Vec::is_empty));
        if let (Some(open), true) = (given.get("open").filter(|open| !open.is_null()), empty("causes")) {
            return StatedOpen::understood(open).map(Ended::Open);
        }
        let mut given = given;
        if let Some(members) = given.as_object_mut() {
            // Empty where a model fills in everything that a schema has.
            members.retain(|name, value| !(value.is_null() || name == "open"));
        }
        let kinds: Vec<Kind> = self.seen.values().filter_map(|(_, seen)| seen.object.as_ref()).map(|object| object.kind.clone()).collect();
        understood(&given, Home { namespace: self.namespace.as_ref(), kinds: &kinds })
            .map(|conclusion| Ended::Concluded(Box::new(conclusion)))
            .map_err(|why| why.to_string())
    }

    fn look(&mut self, id: &str, probe: ProbeName, input: &str, answers: &[(String, Answer)], probes: &mut Vec<ProbeCall>) -> Answer {
        if self.last.is_some() {
            return wrong("no further look is taken: call `conclude` with what you have");
        }
        let input = if input.trim().is_empty() { "{}" } else { input };
        let arguments = match serde_json::from_str::<Value>(input) {
            Ok(value) if value.is_object() => value,
            Ok(_) | Err(_) => return wrong("the arguments are not a JSON object"),
        };
        let asked = format!("{} {}", probe.as_str(), sorted(&arguments));
        if let Some((id, seen)) = self.seen.get(&asked).cloned() {
            return self.again_seen(id, &seen);
        }
        if answers.iter().any(|(_, answer)| matches!(answer, Answer::Awaited { asked: other } if *other == asked)) {
            return wrong("you asked for this twice in one answer: see the other call");
        }
        if probes.len() >= LOOKS {
            return self.told(&format!("not looked: at most {LOOKS} looks in one answer; ask again if you still need it"));
        }
        probes.push(ProbeCall { call: id.to_owned(), probe, arguments });
        Answer::Awaited { asked }
    }

    /// The same look once more: what it brought has its id, and is shown again where it gave way.
    fn again_seen(&mut self, id: ObservationId, seen: &Observation) -> Answer {
        let text = format!("You have this already. {}", shown(id, seen, &mut self.fences));
        self.spending.show(text.len());
        Answer::Ready { text, is_error: false, stands: Some(left_out(id, seen)) }
    }

    fn observed(&mut self, answers: Vec<(String, Answer)>, mut observed: Vec<CallResult>) {
        let mut filled = Vec::new();
        for (call, answer) in answers {
            let Answer::Awaited { asked } = answer else {
                filled.push((call, answer));
                continue;
            };
            let at = observed.iter().position(|one| one.call == call);
            let answer = match at.map(|at| observed.swap_remove(at).brought) {
                Some(Brought::Seen(id, seen)) => {
                    let text = shown(id, &seen, &mut self.fences);
                    self.spending.show(text.len());
                    let stands = Some(left_out(id, &seen));
                    self.seen.insert(asked, (id, seen));
                    Answer::Ready { text, is_error: false, stands }
                }
                Some(Brought::Unseen(why)) => self.told(&why),
                None => wrong("not looked"),
            };
            filled.push((call, answer));
        }
        self.flush(filled);
    }

    fn refused(&mut self, answers: Vec<(String, Answer)>, why: &str, elapsed: Duration) -> Demand {
        let why = Excerpt::line(why);
        if self.repairs == 0 {
            return self.end(Ended::Without(Shortfall::Refused(why)));
        }
        self.repairs = self.repairs.saturating_sub(1);
        let mut told = Vec::new();
        for (call, answer) in answers {
            told.push(match answer {
                Answer::Concluding => {
                    (call, self.told(why.as_str()).with("\nPropose something else, or nothing and say what a human should do."))
                }
                Answer::Awaited { .. } => (call, wrong("not looked: you concluded in the same answer")),
                Answer::Ready { .. } => (call, answer),
            });
        }
        self.flush(told);
        self.ask(elapsed)
    }

    /// That something did not work, in words that others have a part in: they stand where data stands.
    fn told(&mut self, why: &str) -> Answer {
        let text = self.fences.around("It was not done, because:", Excerpt::line(why).as_str());
        Answer::Ready { text, is_error: true, stands: None }
    }

    fn flush(&mut self, answers: Vec<(String, Answer)>) {
        let result = |(id, answer): (String, Answer)| match answer {
            Answer::Ready { text, is_error, stands } => (ToolResult { id, content: text, is_error }, stands),
            Answer::Awaited { .. } | Answer::Concluding => (ToolResult { id, content: "not answered".to_owned(), is_error: true }, None),
        };
        self.transcript.results(answers.into_iter().map(result).collect());
    }
}

impl Answer {
    /// With words of ours behind it, where no data stands.
    fn with(self, words: &str) -> Self {
        match self {
            Answer::Ready { text, is_error, stands } => Answer::Ready { text: format!("{text}{words}"), is_error, stands },
            Answer::Awaited { .. } | Answer::Concluding => self,
        }
    }
}

/// The same in words of ours alone.
fn wrong(text: &'static str) -> Answer {
    Answer::Ready { text: text.to_owned(), is_error: true, stands: None }
}

/// What stands for an observation that gave way.
fn left_out(id: ObservationId, seen: &Observation) -> String {
    format!("{id} = {}: left out here to save room; cite it by its id, and make the same call to see it again", seen.probe.as_str())
}

#[cfg(test)]
mod tests;
