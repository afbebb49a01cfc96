//! The stored form of a diagnosis. What a cause cites must be there when it is read back, under the ids that it had.

use super::focus::{DoubtRecord, FocusRecord, SeenRecord};
use super::form::{OLDEST, VERSION, newest};
use super::plan::{ActionRecord, CheckRecord};
use super::reference::{KeyRecord, RefRecord, SegmentRecord, path, segments};
use crate::domain::cause::{Cause, KnownCodes, Place};
use crate::domain::confidence::Confidence;
use crate::domain::diagnosis::{Diagnosis, Unlisted};
use crate::domain::evidence::{Evidence, EvidenceId, EvidenceList, EvidenceSource, Gap, GapWhy, Ground};
use crate::domain::excerpt::{Excerpt, LONGEST};
use crate::domain::finding::Relation;
use crate::domain::finding::{Advice, CausalLink, Choice, Proposal, Remedy, Symptom, Way};
use crate::domain::nonempty::NonEmpty;
use crate::domain::risk::Risk;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DiagnosisRecord {
    causes: Vec<CauseRecord>,
    /// In the order of their ids.
    evidence: Vec<EvidenceRecord>,
    unexplained: Vec<SymptomRecord>,
    in_progress: Vec<AdviceRecord>,
    unseen: Vec<GapRecord>,
    focus: FocusRecord,
    seen: Vec<SeenRecord>,
    doubts: Vec<DoubtRecord>,
    unlisted: UnlistedRecord,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct UnlistedRecord {
    causes: Vec<KeyRecord>,
    more_causes: usize,
    in_progress: usize,
    seen: usize,
    doubts: usize,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct CauseRecord {
    key: KeyRecord,
    also: Vec<PlaceRecord>,
    title: String,
    explanation: String,
    found: Option<String>,
    expected: Option<String>,
    confidence: f64,
    told_by_events: bool,
    cites: Vec<String>,
    chain: Vec<LinkRecord>,
    symptoms: Vec<SymptomRecord>,
    proposals: Vec<ProposalRecord>,
    choices: Vec<ChoiceRecord>,
    checks: Vec<CheckRecord>,
    advice: Vec<AdviceRecord>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PlaceRecord {
    object: RefRecord,
    field: Option<Vec<SegmentRecord>>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct EvidenceRecord {
    source: String,
    object: Option<RefRecord>,
    field: Option<Vec<SegmentRecord>>,
    text: String,
    seen_at: Timestamp,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct LinkRecord {
    from: RefRecord,
    relation: String,
    to: RefRecord,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SymptomRecord {
    object: RefRecord,
    summary: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ProposalRecord {
    action: ActionRecord,
    why: String,
    risk: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ChoiceRecord {
    text: String,
    way: WayRecord,
    why: String,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "camelCase", deny_unknown_fields)]
enum WayRecord {
    Change { action: ActionRecord },
    Edit { object: RefRecord },
    GoBack { workload: RefRecord, revision: u32 },
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AdviceRecord {
    text: String,
    command: Option<String>,
    why: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct GapRecord {
    what: String,
    why: String,
    unlock: Option<String>,
}

impl DiagnosisRecord {
    /// The oldest form that has all that is in it.
    pub(super) fn form(&self) -> u32 {
        newest(self.causes.iter().map(CauseRecord::form).chain(self.unseen.iter().map(GapRecord::form)))
    }
}

impl GapRecord {
    fn form(&self) -> u32 {
        match GapWhy::parse(&self.why) {
            Some(GapWhy::Forbidden | GapWhy::Timeout | GapWhy::Truncated | GapWhy::Unsupported) => OLDEST,
            Some(GapWhy::Gone | GapWhy::Failed) | None => VERSION,
        }
    }
}

impl CauseRecord {
    fn form(&self) -> u32 {
        let changed = |choice: &ChoiceRecord| match &choice.way {
            WayRecord::Change { action } => Some(action.form()),
            WayRecord::Edit { .. } | WayRecord::GoBack { .. } => None,
        };
        let checks = self.checks.iter().map(CheckRecord::form);
        let proposed = self.proposals.iter().map(|proposal| proposal.action.form());
        newest(proposed.chain(self.choices.iter().filter_map(changed)).chain(checks))
    }
}

impl From<&Unlisted> for UnlistedRecord {
    fn from(unlisted: &Unlisted) -> Self {
        let Unlisted { causes, more_causes, in_progress, seen, doubts } = unlisted;
        let causes = causes.iter().map(KeyRecord::from).collect();
        Self { causes, more_causes: *more_causes, in_progress: *in_progress, seen: *seen, doubts: *doubts }
    }
}

impl UnlistedRecord {
    fn into_unlisted(self, known: KnownCodes) -> Result<Unlisted, String> {
        let Self { causes, more_causes, in_progress, seen, doubts } = self;
        let causes = causes.into_iter().map(|key| key.into_key(known)).collect::<Result<_, _>>()?;
        Ok(Unlisted { causes, more_causes, in_progress, seen, doubts })
    }
}

impl From<&Diagnosis> for DiagnosisRecord {
    fn from(d: &Diagnosis) -> Self {
        Self {
            causes: d.causes.iter().map(CauseRecord::from).collect(),
            evidence: d.evidence.iter().map(|(_, piece)| piece.into()).collect(),
            unexplained: d.unexplained.iter().map(SymptomRecord::from).collect(),
            in_progress: d.in_progress.iter().map(AdviceRecord::from).collect(),
            unseen: d.unseen.iter().map(GapRecord::from).collect(),
            focus: (&d.focus).into(),
            seen: d.seen.iter().map(SeenRecord::from).collect(),
            doubts: d.doubts.iter().map(DoubtRecord::from).collect(),
            unlisted: (&d.unlisted).into(),
        }
    }
}

impl DiagnosisRecord {
    pub(super) fn into_diagnosis(self, known: KnownCodes) -> Result<Diagnosis, String> {
        let evidence = EvidenceList::from_pieces(all(self.evidence, EvidenceRecord::into_evidence)?);
        Ok(Diagnosis {
            causes: all(self.causes, |cause| cause.into_cause(&evidence, known))?,
            unexplained: all(self.unexplained, SymptomRecord::into_symptom)?,
            in_progress: self.in_progress.into_iter().map(AdviceRecord::into_advice).collect(),
            unseen: all(self.unseen, GapRecord::into_gap)?,
            focus: self.focus.into_focus()?,
            seen: all(self.seen, SeenRecord::into_seen)?,
            doubts: all(self.doubts, DoubtRecord::into_doubt)?,
            unlisted: self.unlisted.into_unlisted(known)?,
            evidence,
        })
    }
}

impl From<&Cause> for CauseRecord {
    fn from(c: &Cause) -> Self {
        Self {
            key: (&c.key()).into(),
            also: c.also.iter().map(PlaceRecord::from).collect(),
            title: c.title.clone(),
            explanation: c.explanation.clone(),
            found: c.found.clone(),
            expected: c.expected.clone(),
            confidence: c.confidence.value(),
            told_by_events: c.ground == Ground::Told,
            cites: c.cites.iter().map(ToString::to_string).collect(),
            chain: c.chain.iter().map(LinkRecord::from).collect(),
            symptoms: c.symptoms.iter().map(SymptomRecord::from).collect(),
            proposals: c.remedy.proposals.iter().map(ProposalRecord::from).collect(),
            choices: c.remedy.choices.iter().map(ChoiceRecord::from).collect(),
            checks: c.remedy.checks.iter().map(CheckRecord::from).collect(),
            advice: c.remedy.advice.iter().map(AdviceRecord::from).collect(),
        }
    }
}

impl CauseRecord {
    fn into_cause(self, evidence: &EvidenceList, known: KnownCodes) -> Result<Cause, String> {
        let cite = |text: String| {
            EvidenceId::parse(&text)
                .filter(|id| evidence.get(*id).is_some())
                .ok_or_else(|| format!("a cause cites the evidence `{text}`, which is not in the record"))
        };
        let key = self.key.into_key(known)?;
        Ok(Cause {
            source: key.source,
            title: self.title,
            explanation: self.explanation,
            object: key.object,
            field: key.field,
            also: all(self.also, PlaceRecord::into_place)?,
            found: self.found,
            expected: self.expected,
            confidence: Confidence::new(self.confidence).ok_or("the confidence of a cause is not between 0 and 1")?,
            ground: if self.told_by_events { Ground::Told } else { Ground::Seen },
            cites: NonEmpty::from_vec(all(self.cites, cite)?).ok_or("a cause cites no evidence")?,
            chain: all(self.chain, LinkRecord::into_link)?,
            symptoms: all(self.symptoms, SymptomRecord::into_symptom)?,
            remedy: Remedy {
                proposals: all(self.proposals, ProposalRecord::into_proposal)?,
                choices: all(self.choices, ChoiceRecord::into_choice)?,
                checks: all(self.checks, |check| check.into_check(known))?,
                advice: self.advice.into_iter().map(AdviceRecord::into_advice).collect(),
            },
        })
    }
}

impl From<&Place> for PlaceRecord {
    fn from(place: &Place) -> Self {
        Self { object: (&place.object).into(), field: place.field.as_ref().map(segments) }
    }
}

impl PlaceRecord {
    fn into_place(self) -> Result<Place, String> {
        Ok(Place { object: self.object.into_ref()?, field: self.field.map(path) })
    }
}

impl From<&Evidence> for EvidenceRecord {
    fn from(e: &Evidence) -> Self {
        Self {
            source: e.source.as_str().to_owned(),
            object: e.object.as_ref().map(RefRecord::from),
            field: e.field.as_ref().map(segments),
            text: e.text.as_str().to_owned(),
            seen_at: e.seen_at,
        }
    }
}

impl EvidenceRecord {
    fn into_evidence(self) -> Result<Evidence, String> {
        Ok(Evidence {
            source: EvidenceSource::parse(&self.source).ok_or_else(|| format!("`{}` is not a source of evidence", self.source))?,
            object: self.object.map(RefRecord::into_ref).transpose()?,
            field: self.field.map(path),
            // Cleaned again: a record is no way around it.
            text: Excerpt::capture(&self.text, LONGEST),
            seen_at: self.seen_at,
        })
    }
}

impl From<&CausalLink> for LinkRecord {
    fn from(l: &CausalLink) -> Self {
        Self { from: (&l.from).into(), relation: l.relation.as_str().to_owned(), to: (&l.to).into() }
    }
}

impl LinkRecord {
    fn into_link(self) -> Result<CausalLink, String> {
        let relation =
            Relation::parse(&self.relation).ok_or_else(|| format!("this program does not know the relation `{}`", self.relation))?;
        Ok(CausalLink { from: self.from.into_ref()?, relation, to: self.to.into_ref()? })
    }
}

impl From<&Symptom> for SymptomRecord {
    fn from(s: &Symptom) -> Self {
        Self { object: (&s.object).into(), summary: s.summary.clone() }
    }
}

impl SymptomRecord {
    fn into_symptom(self) -> Result<Symptom, String> {
        Ok(Symptom { object: self.object.into_ref()?, summary: self.summary })
    }
}

impl From<&Proposal> for ProposalRecord {
    fn from(p: &Proposal) -> Self {
        Self { action: (&p.action).into(), why: p.why.clone(), risk: p.risk.as_str().to_owned() }
    }
}

impl ProposalRecord {
    fn into_proposal(self) -> Result<Proposal, String> {
        let risk = Risk::parse(&self.risk).ok_or("a proposal has an unknown risk")?;
        Ok(Proposal { action: self.action.into_action()?, why: self.why, risk })
    }
}

impl From<&Choice> for ChoiceRecord {
    fn from(c: &Choice) -> Self {
        let way = match &c.way {
            Way::Change(action) => WayRecord::Change { action: action.into() },
            Way::Edit(object) => WayRecord::Edit { object: object.into() },
            Way::GoBack { workload, revision } => WayRecord::GoBack { workload: workload.into(), revision: *revision },
        };
        Self { text: c.text.clone(), way, why: c.why.clone() }
    }
}

impl ChoiceRecord {
    fn into_choice(self) -> Result<Choice, String> {
        let way = match self.way {
            WayRecord::Change { action } => Way::Change(action.into_action()?),
            WayRecord::Edit { object } => Way::Edit(object.into_ref()?),
            WayRecord::GoBack { workload, revision } => Way::GoBack { workload: workload.into_ref()?, revision },
        };
        Ok(Choice { text: self.text, way, why: self.why })
    }
}

impl From<&Advice> for AdviceRecord {
    fn from(a: &Advice) -> Self {
        Self { text: a.text.clone(), command: a.command.clone(), why: a.why.clone() }
    }
}

impl AdviceRecord {
    pub(super) fn into_advice(self) -> Advice {
        Advice { text: self.text, command: self.command, why: self.why }
    }
}

impl From<&Gap> for GapRecord {
    fn from(g: &Gap) -> Self {
        Self { what: g.what.clone(), why: g.why.as_str().to_owned(), unlock: g.unlock.clone() }
    }
}

impl GapRecord {
    fn into_gap(self) -> Result<Gap, String> {
        let why = GapWhy::parse(&self.why).ok_or_else(|| format!("`{}` is not a reason for a gap", self.why))?;
        Ok(Gap { what: self.what, why, unlock: self.unlock })
    }
}

fn all<T, U>(items: Vec<T>, read: impl Fn(T) -> Result<U, String>) -> Result<Vec<U>, String> {
    items.into_iter().map(read).collect()
}
