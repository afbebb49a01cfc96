//! The stored form of what every state of a session carries.

use super::conversation::ConversationRecord;
use super::diagnosis::{AdviceRecord, DiagnosisRecord};
use super::form::{OLDEST, VERSION, WITHOUT_FIELDS, newest};
use super::observation::{ObservationRecord, observations};
use super::reference::{KindRecord, RefRecord};
use crate::domain::cause::KnownCodes;
use crate::domain::confidence::Confidence;
use crate::domain::id::SessionId;
use crate::domain::issue::{Origin, Scope};
use crate::domain::limits::{Consent, Limits, Mode, Wishes};
use crate::domain::object::Namespace;
use crate::domain::plan::OnFailure;
use crate::domain::prices::Cost;
use crate::domain::proposal::ProposedBy;
use crate::domain::purpose::Purpose;
use crate::domain::risk::Risk;
use crate::domain::snapshot::{Cluster, ClusterId};
use crate::domain::usage::Usage;
use crate::session::Header;
use crate::session::process::ProcessMark;
use crate::session::trail::{Effect, Entry, Trail};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HeaderRecord {
    id: String,
    opened_at: Timestamp,
    purpose: PurposeRecord,
    origin: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    proposed_by: Option<ProposedByRecord>,
    /// None: all of them.
    namespaces: Vec<String>,
    objects: Vec<RefRecord>,
    limits: LimitsRecord,
    wishes: WishesRecord,
    cluster: ClusterRecord,
    diagnosis: DiagnosisRecord,
    looked: Vec<KindRecord>,
    observations: Vec<ObservationRecord>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    conversation: Option<ConversationRecord>,
    advice: Vec<AdviceRecord>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    withheld: Option<AdviceRecord>,
    usage: UsageRecord,
    trail: Vec<EntryRecord>,
    process: Option<ProcessRecord>,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "camelCase", deny_unknown_fields)]
enum PurposeRecord {
    Issue { words: String },
    Undo { session: String },
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ProposedByRecord {
    session: String,
    name: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ProcessRecord {
    host: String,
    started: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ClusterRecord {
    context: String,
    server: String,
    version: String,
    uid: Option<String>,
    pinned: String,
    unverified: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct UsageRecord {
    elapsed_ms: u64,
    api_calls: u64,
    model_calls: u64,
    input_tokens: u64,
    #[serde(default, skip_serializing_if = "is_none")]
    cached_tokens: u64,
    output_tokens: u64,
    /// In millionths of a dollar.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cost: Option<u64>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_none(number: &u64) -> bool {
    *number == 0
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct EntryRecord {
    at: Timestamp,
    who: String,
    what: String,
    effect: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct LimitsRecord {
    automatic: bool,
    automatic_allowed: bool,
    client_consent: bool,
    confidence_threshold: f64,
    ceiling: String,
    max_risk: String,
    client_max_risk: String,
    revert: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WishesRecord {
    automatic: Option<bool>,
    confidence_threshold: Option<f64>,
    max_risk: Option<String>,
    revert: Option<bool>,
}

impl HeaderRecord {
    /// The oldest form that has all that is in it.
    pub(super) fn form(&self) -> u32 {
        let later = self.proposed_by.is_some() || self.usage.cached_tokens > 0 || self.usage.cost.is_some();
        let own = if self.withheld.is_some() || self.conversation.is_some() {
            VERSION
        } else if later {
            WITHOUT_FIELDS
        } else {
            OLDEST
        };
        newest(self.observations.iter().map(ObservationRecord::form).chain([own, self.diagnosis.form()]))
    }
}

impl From<&Header> for HeaderRecord {
    fn from(h: &Header) -> Self {
        let (cluster, usage) = (&h.cluster, &h.usage);
        Self {
            id: h.id.to_string(),
            opened_at: h.opened_at,
            purpose: (&h.purpose).into(),
            origin: h.origin.as_str().to_owned(),
            proposed_by: h.proposed_by.as_ref().map(|by| ProposedByRecord { session: by.session.to_string(), name: by.name.clone() }),
            namespaces: h.scope.namespaces().iter().map(ToString::to_string).collect(),
            objects: h.scope.objects().iter().map(RefRecord::from).collect(),
            limits: (&h.limits).into(),
            wishes: (&h.wishes).into(),
            cluster: cluster.into(),
            diagnosis: (&h.diagnosis).into(),
            looked: h.looked.iter().map(KindRecord::from).collect(),
            observations: h.observations.iter().map(|(_, o)| o.into()).collect(),
            conversation: Some(&h.conversation).filter(|said| !said.is_empty()).map(ConversationRecord::from),
            advice: h.advice.iter().map(AdviceRecord::from).collect(),
            withheld: h.withheld.as_ref().map(AdviceRecord::from),
            usage: UsageRecord {
                elapsed_ms: usage.elapsed_ms,
                api_calls: usage.api_calls,
                model_calls: usage.model_calls,
                input_tokens: usage.input_tokens,
                cached_tokens: usage.cached_tokens,
                output_tokens: usage.output_tokens,
                cost: usage.cost.map(|cost| cost.0),
            },
            trail: h.trail.entries().iter().map(EntryRecord::from).collect(),
            process: h.process.as_ref().map(|p| ProcessRecord { host: p.host.clone(), started: p.started }),
        }
    }
}

impl HeaderRecord {
    pub(super) fn into_header(self, known: KnownCodes) -> Result<Header, String> {
        let (cluster, usage) = (self.cluster, self.usage);
        Ok(Header {
            id: SessionId::parse(&self.id).map_err(|e| e.to_string())?,
            opened_at: self.opened_at,
            purpose: self.purpose.into_purpose()?,
            origin: Origin::parse(&self.origin).ok_or_else(|| format!("`{}` is not an origin", self.origin))?,
            proposed_by: self.proposed_by.map(ProposedByRecord::into_proposed_by).transpose()?,
            scope: scope(&self.namespaces, self.objects)?,
            limits: self.limits.into_limits()?,
            wishes: self.wishes.into_wishes()?,
            cluster: cluster.into_cluster()?,
            diagnosis: self.diagnosis.into_diagnosis(known)?,
            looked: self.looked.into_iter().map(KindRecord::into_kind).collect(),
            observations: observations(self.observations)?,
            conversation: self.conversation.map(ConversationRecord::into_conversation).transpose()?.unwrap_or_default(),
            advice: self.advice.into_iter().map(AdviceRecord::into_advice).collect(),
            withheld: self.withheld.map(AdviceRecord::into_advice),
            usage: Usage {
                elapsed_ms: usage.elapsed_ms,
                api_calls: usage.api_calls,
                model_calls: usage.model_calls,
                input_tokens: usage.input_tokens,
                cached_tokens: usage.cached_tokens,
                output_tokens: usage.output_tokens,
                cost: usage.cost.map(Cost),
            },
            trail: Trail::from_entries(self.trail.into_iter().map(EntryRecord::into_entry).collect::<Result<_, _>>()?),
            process: self.process.map(|p| ProcessMark { host: p.host, started: p.started }),
        })
    }
}

impl ProposedByRecord {
    fn into_proposed_by(self) -> Result<ProposedBy, String> {
        Ok(ProposedBy { session: SessionId::parse(&self.session).map_err(|e| e.to_string())?, name: self.name })
    }
}

impl From<&Purpose> for PurposeRecord {
    fn from(purpose: &Purpose) -> Self {
        match purpose {
            Purpose::Issue(words) => PurposeRecord::Issue { words: words.clone() },
            Purpose::Undo(session) => PurposeRecord::Undo { session: session.to_string() },
        }
    }
}

impl PurposeRecord {
    fn into_purpose(self) -> Result<Purpose, String> {
        Ok(match self {
            PurposeRecord::Issue { words } => Purpose::Issue(words),
            PurposeRecord::Undo { session } => Purpose::Undo(SessionId::parse(&session).map_err(|e| e.to_string())?),
        })
    }
}

impl From<&Cluster> for ClusterRecord {
    fn from(c: &Cluster) -> Self {
        let (uid, pinned) = c.id.parts();
        Self {
            context: c.context.clone(),
            server: c.server.clone(),
            version: c.version.clone(),
            uid: uid.map(str::to_owned),
            pinned: pinned.to_owned(),
            unverified: c.unverified,
        }
    }
}

impl ClusterRecord {
    fn into_cluster(self) -> Result<Cluster, String> {
        let id = ClusterId::from_parts(self.uid, self.pinned).ok_or("its cluster's identity is malformed")?;
        Ok(Cluster { context: self.context, server: self.server, version: self.version, id, unverified: self.unverified })
    }
}

impl From<&Entry> for EntryRecord {
    fn from(e: &Entry) -> Self {
        Self { at: e.at, who: e.who.clone(), what: e.what.clone(), effect: e.effect.as_str().to_owned() }
    }
}

impl EntryRecord {
    fn into_entry(self) -> Result<Entry, String> {
        let effect = Effect::ALL.into_iter().find(|effect| effect.as_str() == self.effect);
        let effect = effect.ok_or_else(|| format!("`{}` is not the effect of an entry", self.effect))?;
        Ok(Entry { at: self.at, who: self.who, what: self.what, effect })
    }
}

fn scope(namespaces: &[String], objects: Vec<RefRecord>) -> Result<Scope, String> {
    let namespaces = namespaces.iter().map(|n| Namespace::parse(n)).collect::<Result<Vec<_>, _>>().map_err(|e| e.to_string())?;
    let objects = objects.into_iter().map(RefRecord::into_ref).collect::<Result<_, _>>()?;
    Ok(Scope::of(namespaces, objects))
}

impl From<&Wishes> for WishesRecord {
    fn from(wishes: &Wishes) -> Self {
        Self {
            automatic: wishes.mode.map(|mode| mode == Mode::Automatic),
            confidence_threshold: wishes.confidence_threshold.map(Confidence::value),
            max_risk: wishes.max_risk.map(|risk| risk.to_string()),
            revert: wishes.on_failure.map(|on_failure| on_failure == OnFailure::Revert),
        }
    }
}

impl WishesRecord {
    fn into_wishes(self) -> Result<Wishes, String> {
        let sure = |value: f64| Confidence::new(value).ok_or("a wished threshold is not between 0 and 1");
        let risk = |text: String| Risk::parse(&text).ok_or_else(|| format!("`{text}` is not a risk level"));
        Ok(Wishes {
            mode: self.automatic.map(|automatic| if automatic { Mode::Automatic } else { Mode::Manual }),
            confidence_threshold: self.confidence_threshold.map(sure).transpose()?,
            max_risk: self.max_risk.map(risk).transpose()?,
            on_failure: self.revert.map(|revert| if revert { OnFailure::Revert } else { OnFailure::Keep }),
        })
    }
}

impl From<&Limits> for LimitsRecord {
    fn from(limits: &Limits) -> Self {
        Self {
            automatic: limits.mode == Mode::Automatic,
            automatic_allowed: limits.automatic_allowed,
            client_consent: limits.consent == Consent::Client,
            confidence_threshold: limits.confidence_threshold.value(),
            ceiling: limits.ceiling.to_string(),
            max_risk: limits.max_risk.to_string(),
            client_max_risk: limits.client_max_risk.to_string(),
            revert: limits.on_failure == OnFailure::Revert,
        }
    }
}

impl LimitsRecord {
    fn into_limits(self) -> Result<Limits, String> {
        let risk = |text: &str| Risk::parse(text).ok_or_else(|| format!("`{text}` is not a risk level"));
        Ok(Limits {
            mode: if self.automatic { Mode::Automatic } else { Mode::Manual },
            consent: if self.client_consent { Consent::Client } else { Consent::Ask },
            confidence_threshold: Confidence::new(self.confidence_threshold).ok_or("its threshold is not between 0 and 1")?,
            ceiling: risk(&self.ceiling)?,
            max_risk: risk(&self.max_risk)?,
            client_max_risk: risk(&self.client_max_risk)?,
            on_failure: if self.revert { OnFailure::Revert } else { OnFailure::Keep },
            automatic_allowed: self.automatic_allowed,
        })
    }
}
