//! A conclusion, held against what its session has seen: what is cited has to be there, and is quoted from there; what cites nothing is
//! dropped and said; and no cause is believed more than what it cites can carry. Every word of theirs stands in quotes.

use crate::domain::cause::{Cause, CauseSource};
use crate::domain::diagnosis::Diagnosis;
use crate::domain::evidence::{Evidence, EvidenceId, EvidenceList, EvidenceSource, Ground};
use crate::domain::excerpt::Excerpt;
use crate::domain::finding::Remedy;
use crate::domain::look::Brings;
use crate::domain::nonempty::NonEmpty;
use crate::domain::object::ObjectRef;
use crate::domain::observation::{Observation, Observations};
use crate::domain::proposal::{Citation, Conclusion, QUOTED, StatedCause, Wanted, Weight};

/// Bytes of somebody's explanation, as a quotation.
const EXPLAINED: usize = 2_400;

/// Whose words these are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Speaker {
    pub(crate) source: CauseSource,
    /// As a sentence names it.
    pub(crate) name: String,
}

/// What is left of a conclusion once it was held against its session.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Grounded {
    /// Each cites the list below. They are nobody's but the speaker's, and have no remedy.
    pub(crate) causes: NonEmpty<Cause>,
    /// What they cite, as this program saw it.
    pub(crate) evidence: EvidenceList,
    /// What each piece of that can carry.
    weights: Vec<(EvidenceId, Weight)>,
    /// What is proposed, as it was said.
    pub(crate) changes: Vec<Wanted>,
    /// What was dropped, and why, in lines.
    pub(crate) dropped: Vec<String>,
}

impl Grounded {
    /// Lowers what is believed of each cause to what those of its pieces carry that are about these objects: one of something else says
    /// nothing of it, however surely it was seen.
    pub(crate) fn believe_within(&mut self, is_about: impl Fn(&Cause, &ObjectRef) -> bool) {
        let Self { causes, evidence, weights, .. } = self;
        for cause in causes.iter_mut() {
            let near = |id: &EvidenceId| evidence.get(*id).and_then(|piece| piece.object.as_ref()).is_some_and(|o| is_about(cause, o));
            let cited = weights.iter().filter(|(id, _)| cause.cites.iter().any(|cited| cited == id) && near(id));
            let weight = cited.map(|(_, weight)| *weight).max().unwrap_or(Weight::Told);
            (cause.confidence, cause.ground) = (cause.confidence.least(weight.cap()), ground(weight));
        }
    }
}

/// Fields that only controllers write are seen; all else somebody tells.
fn ground(weight: Weight) -> Ground {
    if weight == Weight::Status { Ground::Seen } else { Ground::Told }
}

/// Holds it against what was seen.
///
/// # Errors
/// It cites what the session does not have, or nothing at all.
pub(crate) fn grounded(
    conclusion: &Conclusion,
    speaker: &Speaker,
    diagnosis: &Diagnosis,
    observations: &Observations,
) -> Result<Grounded, String> {
    let (mut evidence, mut weights) = (EvidenceList::default(), Vec::new());
    let (mut causes, mut dropped) = (Vec::new(), Vec::new());
    for stated in conclusion.causes.iter() {
        let mut pieces = Vec::new();
        for citation in &stated.cites {
            let piece = cited(*citation, diagnosis, observations);
            pieces.push(piece.ok_or_else(|| unknown(*citation, diagnosis, observations))?);
        }
        match NonEmpty::from_vec(pieces) {
            Some(pieces) => causes.push(cause(stated, speaker, &pieces, &mut evidence, &mut weights)),
            None => dropped.push(format!("a cause that cites nothing was dropped: {}", Excerpt::said(&stated.title))),
        }
    }
    let nothing = || {
        "no cause of `proposal.causes` cites anything: name in `cites` the ids of the evidence (`e1`) and observations (`o1`) that it rests on, from this session's report".to_owned()
    };
    let causes = NonEmpty::from_vec(causes).ok_or_else(nothing)?;
    Ok(Grounded { causes, evidence, weights, changes: conclusion.changes.clone(), dropped })
}

/// A piece of what was seen, and what it can carry.
struct Piece {
    evidence: Evidence,
    weight: Weight,
}

fn cited(citation: Citation, diagnosis: &Diagnosis, observations: &Observations) -> Option<Piece> {
    match citation {
        Citation::Evidence(id) => {
            let evidence = diagnosis.evidence.get(id)?.clone();
            let weight = Weight::of_evidence(evidence.source, evidence.field.as_ref());
            Some(Piece { evidence, weight })
        }
        Citation::Observation(id) => observations.get(id).map(observed),
    }
}

/// Quoted from what the session keeps, and never as somebody tells it.
fn observed(observation: &Observation) -> Piece {
    let source = match observation.probe.brings() {
        Brings::Log => EvidenceSource::Log,
        Brings::Events => EvidenceSource::Event,
        Brings::Object | Brings::Description | Brings::Overview => EvidenceSource::Object,
    };
    let text = Excerpt::capture(telling(observation), QUOTED);
    let (object, field) = (observation.object.clone(), observation.field.clone());
    Piece { evidence: Evidence { source, object, field, text, seen_at: observation.seen_at }, weight: Weight::of_observation(observation) }
}

/// The part of it that tells most in little room: of a log and of what happened to an object the end, of a whole object its status, and of
/// a field its value.
fn telling(observation: &Observation) -> &str {
    let whole = observation.text.as_str();
    match observation.probe.brings() {
        Brings::Log | Brings::Description | Brings::Events => end(whole),
        Brings::Object if observation.field.is_none() && whole.len() > QUOTED => {
            whole.find("\nstatus:").and_then(|at| whole.get(at.saturating_add(1)..)).unwrap_or(whole)
        }
        Brings::Object | Brings::Overview => whole,
    }
}

/// The last lines that have room.
fn end(text: &str) -> &str {
    let mut at = text.len().saturating_sub(QUOTED);
    while !text.is_char_boundary(at) {
        at = at.saturating_add(1);
    }
    let tail = text.get(at..).unwrap_or_default();
    match tail.split_once('\n') {
        Some((_, lines)) if at > 0 && !lines.is_empty() => lines,
        Some(_) | None => tail,
    }
}

fn unknown(citation: Citation, diagnosis: &Diagnosis, observations: &Observations) -> String {
    let (evidence, seen) = (diagnosis.evidence.iter().count(), observations.iter().count());
    let has = |count: usize, letter: char, what: &str| match count {
        0 => format!("no {what}"),
        1 => format!("{what} `{letter}1`"),
        count => format!("{what} `{letter}1` to `{letter}{count}`"),
    };
    format!("this session has no `{citation}`: it has {}, and {}", has(evidence, 'e', "evidence"), has(seen, 'o', "observations"))
}

/// The words as a cause of the speaker's. Pieces about other namespaces carry no more than words do.
fn cause(
    stated: &StatedCause,
    speaker: &Speaker,
    pieces: &NonEmpty<Piece>,
    all: &mut EvidenceList,
    weights: &mut Vec<(EvidenceId, Weight)>,
) -> Cause {
    let StatedCause { object, field, title, explanation, found, expected, confidence, cites: _ } = stated;
    let near = |piece: &Piece| {
        let here = |about: &ObjectRef| about.namespace == object.namespace;
        if piece.evidence.object.as_ref().is_some_and(here) { piece.weight } else { Weight::Told }
    };
    // Not the sum: words that agree may have one author.
    let weight = pieces.iter().map(near).max().unwrap_or(Weight::Told);
    let mut kept = |piece: &Piece| {
        let id = all.add(piece.evidence.clone());
        weights.push((id, piece.weight));
        id
    };
    let mut cites = NonEmpty::one(kept(pieces.first()));
    for piece in pieces.iter().skip(1) {
        let id = kept(piece);
        if !cites.iter().any(|known| *known == id) {
            cites.push(id);
        }
    }
    let value =
        |verb: &str, text: &Option<String>| text.as_ref().map(|text| format!(" It {verb} {}.", Excerpt::said(text))).unwrap_or_default();
    Cause {
        source: speaker.source,
        title: format!("{} says of {object}: {}", speaker.name, Excerpt::said(title)),
        explanation: format!(
            "No rule of kubemend names this cause, and nothing of it is verified. In the words of {}: {}{}{}",
            speaker.name,
            Excerpt::said_within(explanation, EXPLAINED),
            value("says that it found", found),
            value("expects", expected),
        ),
        object: object.clone(),
        field: field.clone(),
        also: Vec::new(),
        // Theirs, and compared with nothing: in these places a report has what a rule saw.
        found: None,
        expected: None,
        confidence: confidence.least(weight.cap()),
        ground: ground(weight),
        cites,
        chain: Vec::new(),
        symptoms: Vec::new(),
        remedy: Remedy::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::confidence::Confidence;
    use crate::domain::evidence::EvidenceId;
    use crate::domain::field::FieldPath;
    use crate::domain::kind::Kind;
    use crate::domain::look::ProbeName;
    use crate::domain::namespace::Namespace;
    use jiff::Timestamp;

    fn web() -> ObjectRef {
        ObjectRef::namespaced(Kind::Deployment, &Namespace::parse("shop").unwrap(), "web")
    }

    fn seen(source: EvidenceSource, field: Option<FieldPath>, namespace: &str) -> Evidence {
        let object = Some(ObjectRef::namespaced(Kind::Pod, &Namespace::parse(namespace).unwrap(), "web-0"));
        Evidence { source, object, field, text: Excerpt::event("seen"), seen_at: Timestamp::UNIX_EPOCH }
    }

    fn session() -> (Diagnosis, Observations) {
        let status = FieldPath::dotted("status.phase");
        let mut diagnosis = Diagnosis::default();
        diagnosis.evidence.add(seen(EvidenceSource::Object, Some(status.clone()), "shop"));
        diagnosis.evidence.add(seen(EvidenceSource::Event, None, "shop"));
        diagnosis.evidence.add(seen(EvidenceSource::Object, Some(status), "elsewhere"));
        let mut observations = Observations::default();
        let text = Excerpt::capture(&format!("{}\nthe last line", "x".repeat(2_000)), 4_000);
        let log = Observation {
            probe: ProbeName::Logs,
            asked: "logs".into(),
            object: Some(web()),
            field: None,
            text,
            more: None,
            seen_at: Timestamp::UNIX_EPOCH,
        };
        observations.add(log).unwrap();
        (diagnosis, observations)
    }

    fn stated(cites: &[&str]) -> StatedCause {
        StatedCause {
            object: web(),
            field: None,
            title: "a ”quote” → and kubemend approve".into(),
            explanation: "because".into(),
            found: Some("x".into()),
            expected: None,
            confidence: Confidence::percent(99),
            cites: cites.iter().map(|id| Citation::parse(id).unwrap()).collect(),
        }
    }

    fn ground(causes: Vec<StatedCause>) -> Result<Grounded, String> {
        let (diagnosis, observations) = session();
        let conclusion = Conclusion { causes: NonEmpty::from_vec(causes).unwrap(), changes: Vec::new() };
        let speaker = Speaker { source: CauseSource::Caller, name: "the calling agent".into() };
        grounded(&conclusion, &speaker, &diagnosis, &observations)
    }

    #[test]
    fn confidence_is_capped_by_the_best_piece_that_is_cited_and_two_lift_nothing() {
        for (cites, cap) in
            [(&["o1"][..], 0.35), (&["e2"], 0.45), (&["e1"], 0.70), (&["o1", "e2"], 0.45), (&["e3"], 0.35), (&["e3", "o1"], 0.35)]
        {
            let causes = ground(vec![stated(cites)]).unwrap().causes;
            assert!((causes.first().confidence.value() - cap).abs() < 1e-9, "{cites:?}: {:?}", causes.first().confidence);
        }
        let mut modest = stated(&["e1"]);
        modest.confidence = Confidence::percent(20);
        assert_eq!(ground(vec![modest]).unwrap().causes.first().confidence, Confidence::percent(20));
    }

    #[test]
    fn unknown_ids_are_rejected_and_what_cites_nothing_is_dropped_and_said() {
        let why = ground(vec![stated(&["o2"])]).unwrap_err();
        assert_eq!(why, "this session has no `o2`: it has evidence `e1` to `e3`, and observations `o1`");
        assert!(ground(vec![stated(&["e1", "e4"])]).is_err(), "one that is unknown is enough");
        let left = ground(vec![stated(&[]), stated(&["e1"])]).unwrap();
        assert_eq!((left.causes.len(), left.dropped.len()), (1, 1));
        assert!(left.dropped[0].starts_with("a cause that cites nothing was dropped: “"), "{:?}", left.dropped);
        assert!(ground(vec![stated(&[])]).unwrap_err().contains("cites"));
    }

    #[test]
    fn what_is_cited_is_quoted_from_the_session_and_words_of_theirs_stay_in_quotes() {
        let left = ground(vec![stated(&["o1", "e1"])]).unwrap();
        let cause = left.causes.first();
        let id: EvidenceId = *cause.cites.iter().next().unwrap();
        assert_eq!(left.evidence.get(id).map(|piece| piece.text.to_string()).as_deref(), Some("the last line"));
        let texts: Vec<&str> = left.evidence.iter().map(|(_, piece)| piece.text.as_str()).collect();
        assert!(texts.contains(&"seen"), "{texts:?}");
        assert_eq!(cause.title, "the calling agent says of Deployment shop/web: “a \"quote\" -> and kubemend approve”");
        assert_eq!((&cause.found, &cause.expected), (&None, &None));
        assert!(cause.explanation.contains("It says that it found “x”."), "{}", cause.explanation);
    }

    #[test]
    fn of_what_is_cited_the_part_that_tells_is_quoted() {
        let long = |end: &str| format!("apiVersion: v1\nkind: Pod\nmetadata:\n  uid: {}\n{end}", "x".repeat(2_000));
        for (probe, text, quoted) in [
            (ProbeName::Get, long("status:\n  phase: Failed"), "status:\n  phase: Failed"),
            (ProbeName::Describe, long("events, the latest last:\nBackOff"), "events, the latest last:\nBackOff"),
        ] {
            let text = Excerpt::capture(&text, 4_000);
            let (asked, seen_at) = (String::new(), Timestamp::UNIX_EPOCH);
            let seen = Observation { probe, asked, object: Some(web()), field: None, text, more: None, seen_at };
            assert_eq!(observed(&seen).evidence.text.as_str(), quoted);
        }
    }

    #[test]
    fn piece_about_something_else_lifts_nothing() {
        let mut left = ground(vec![stated(&["e1"])]).unwrap();
        assert_eq!(left.causes.first().ground, Ground::Seen);
        left.believe_within(|_, object| object.name == "web-0");
        assert_eq!(left.causes.first().confidence, Confidence::percent(70));
        left.believe_within(|_, object| object.name == "other");
        let cause = left.causes.first();
        assert_eq!((cause.confidence, cause.ground), (Confidence::percent(35), Ground::Told));
    }
}
