//! A finding in the making: a rule says what is special, and what follows from that is filled in.

use super::quote::{self, Said};
use crate::domain::action::{Action, FieldOp};
use crate::domain::cause::Code;
use crate::domain::check::Check;
use crate::domain::confidence::Confidence;
use crate::domain::evidence::{Evidence, Ground};
use crate::domain::field::FieldPath;
use crate::domain::finding::{Advice, CausalLink, Choice, Finding, Proposal, Relation, Remedy, Symptom, Way};
use crate::domain::nonempty::NonEmpty;
use crate::domain::object::ObjectRef;
use crate::domain::risk::Risk;
use crate::domain::snapshot::Resource;
use crate::facts::Facts;
use k8s_openapi::api::core::v1::Pod;

/// How sure anything is at the most that only an Event says.
const TOLD: Confidence = Confidence::percent(75);

/// A finding without its evidence, and the evidence.
#[derive(Debug)]
pub(crate) struct Draft<'f, 'a> {
    facts: &'f Facts<'a>,
    code: Code,
    object: ObjectRef,
    confidence: Confidence,
    ground: Ground,
    title: String,
    explanation: String,
    field: Option<FieldPath>,
    found: Option<String>,
    expected: Option<String>,
    renamed: Option<(Vec<String>, Vec<String>)>,
    evidence: Vec<Evidence>,
    chain: Vec<CausalLink>,
    symptoms: Vec<Symptom>,
}

impl<'f, 'a> Draft<'f, 'a> {
    /// About the object that a fix has to change.
    pub(crate) fn about(facts: &'f Facts<'a>, code: Code, object: &ObjectRef, confidence: Confidence) -> Self {
        Self {
            facts,
            code,
            object: object.clone(),
            confidence,
            ground: Ground::Seen,
            title: String::new(),
            explanation: String::new(),
            field: None,
            found: None,
            expected: None,
            renamed: None,
            evidence: Vec::new(),
            chain: Vec::new(),
            symptoms: Vec::new(),
        }
    }

    /// One line that a human can act on; and what, why, and how it leads to the symptom.
    pub(crate) fn text(mut self, title: String, explanation: String) -> Self {
        (self.title, self.explanation) = (title, explanation);
        self
    }

    /// Evidence, in the order in which one reads.
    pub(crate) fn saw(mut self, evidence: impl IntoIterator<Item = Evidence>) -> Self {
        self.evidence.extend(evidence);
        self
    }

    /// The cluster's words, without which it would not be known: where only Events have them, it is only told.
    pub(crate) fn rests_on(mut self, said: Vec<Said>) -> Self {
        let told = !said.is_empty() && said.iter().all(|one| one.ground == Ground::Told);
        self.ground = if told { Ground::Told } else { self.ground };
        self.saw(said.into_iter().map(|one| one.evidence))
    }

    /// What only an Event says, where that is so: it is told, and not seen.
    pub(crate) fn told_if(mut self, told: bool) -> Self {
        self.ground = if told { Ground::Told } else { self.ground };
        self
    }

    /// The same, and that the value stands there is evidence.
    pub(crate) fn seen_value(mut self, path: Option<&FieldPath>, found: &str, expected: Option<&str>) -> Self {
        self.evidence.extend(path.map(|p| quote::field(self.facts, &self.object, p.clone(), found)));
        self.value(path, found, expected)
    }

    /// The wrong value, where it stands, and the right one.
    pub(crate) fn value(mut self, path: Option<&FieldPath>, found: &str, expected: Option<&str>) -> Self {
        self.field = path.cloned();
        self.found = Some(found.to_owned());
        self.expected = expected.map(str::to_owned);
        self
    }

    /// Only the keys are wrong: as they are, and as they are to be.
    pub(crate) fn renamed(mut self, keys: Option<(Vec<String>, Vec<String>)>) -> Self {
        self.renamed = keys;
        self
    }

    /// Where the value stands that is not there.
    pub(crate) fn at(mut self, path: FieldPath) -> Self {
        self.field = Some(path);
        self
    }

    /// A link of the chain from the cause to what is affected.
    pub(crate) fn link(mut self, from: &ObjectRef, relation: Relation, to: &ObjectRef) -> Self {
        self.chain.push(CausalLink { from: from.clone(), relation, to: to.clone() });
        self
    }

    /// The links from the topmost owner of a Pod down to it.
    pub(crate) fn owned(mut self, pod: &Pod) -> Self {
        self.chain.extend(self.facts.owners().links(&pod.reference()));
        self
    }

    /// An object that is affected, and how.
    pub(crate) fn affects(mut self, object: &ObjectRef, summary: &str) -> Self {
        self.symptoms.push(Symptom { object: object.clone(), summary: summary.to_owned() });
        self
    }

    /// Pods that are affected alike.
    pub(crate) fn holds<'p>(self, pods: impl IntoIterator<Item = &'p Pod>, summary: &str) -> Self {
        pods.into_iter().fold(self, |draft, pod| draft.affects(&pod.reference(), summary))
    }

    /// Pods that a claim keeps from starting: how each belongs to its owners and mounts the claim, and that it waits.
    pub(crate) fn waits<'p>(self, pods: impl IntoIterator<Item = &'p Pod>, claim: &ObjectRef, summary: &str) -> Self {
        pods.into_iter().fold(self, |draft, pod| {
            let reference = pod.reference();
            draft.owned(pod).link(&reference, Relation::Mounts, claim).affects(&reference, summary)
        })
    }

    /// The finding; none without evidence.
    pub(crate) fn fix(self, remedy: Remedy) -> Option<Finding> {
        Some(Finding {
            code: self.code,
            title: self.title,
            explanation: self.explanation,
            object: self.object,
            field: self.field,
            found: self.found,
            expected: self.expected,
            renamed: self.renamed,
            // Below what automatic mode takes unless it is told otherwise, where the rule is not less sure by itself.
            confidence: if self.ground == Ground::Told { self.confidence.least(TOLD) } else { self.confidence },
            ground: self.ground,
            evidence: NonEmpty::from_vec(self.evidence)?,
            chain: self.chain,
            symptoms: self.symptoms,
            remedy,
        })
    }
}

/// One field that gets another text than the one that was seen there: where it holds a third by now, nothing is changed.
pub(crate) fn change(path: FieldPath, from: &str, to: &str) -> FieldOp {
    FieldOp::set(path, to).seen(from)
}

/// A change of fields of an object. None without a field.
pub(crate) fn patch(target: &ObjectRef, ops: Vec<FieldOp>) -> Option<Action> {
    NonEmpty::from_vec(ops).map(|ops| Action::Patch { target: target.clone(), ops })
}

/// Changes that fix it, and what must hold after them. Whether they may be made, the planner decides.
pub(crate) fn propose(actions: impl IntoIterator<Item = Action>, why: &str, risk: Risk, checks: impl IntoIterator<Item = Check>) -> Remedy {
    let proposals = actions.into_iter().map(|action| Proposal { action, why: why.to_owned(), risk }).collect();
    Remedy { proposals, checks: checks.into_iter().collect(), ..Remedy::default() }
}

/// What a human has to do, with the command for it where there is one, and why kubemend leaves it to them.
pub(crate) fn advise(text: String, command: Option<String>, why: &str) -> Remedy {
    Remedy { advice: vec![Advice { text, command, why: why.to_owned() }], ..Remedy::default() }
}

/// The way back to the revision that still runs ready, where one does.
pub(crate) fn go_back(facts: &Facts<'_>, workload: &ObjectRef) -> Option<Choice> {
    let (set, revision) = facts.revision_that_runs(workload)?;
    Some(Choice {
        text: format!("or go back to revision {revision}: {} still runs ready", set.reference().in_words()),
        way: Way::GoBack { workload: workload.clone(), revision },
        why: "what the newer revision brings would be given up".to_owned(),
    })
}
