//! What a session keeps of a diagnosis, and a reader can take in. It is cut here alone, and only after everything was judged: what is
//! left out of a report was looked at all the same.

use super::diagnosis::Diagnosis;
use super::finding::Symptom;
use super::object::ObjectRef;
use std::collections::HashSet;

/// More of a kind says nothing new to a reader.
const CAUSES: usize = 20;
const SYMPTOMS: usize = 20;
const LINKS: usize = 40;
const UNEXPLAINED: usize = 50;
const IN_PROGRESS: usize = 20;
/// Objects that are listed as healthy, and doubts.
const LISTED: usize = 30;

/// Keeps the first of each list, and says what was left out.
pub(crate) fn abridge(diagnosis: &mut Diagnosis) {
    diagnosis.causes.truncate(CAUSES);
    for cause in &mut diagnosis.causes {
        shorten(&mut cause.symptoms, SYMPTOMS);
        cause.chain.truncate(LINKS);
    }
    shorten(&mut diagnosis.unexplained, UNEXPLAINED);
    diagnosis.in_progress.truncate(IN_PROGRESS);
    diagnosis.seen.truncate(LISTED);
    let more = diagnosis.doubts.len().saturating_sub(LISTED);
    diagnosis.more_doubts = diagnosis.more_doubts.saturating_add(more);
    diagnosis.doubts.truncate(LISTED);
    keep_cited(diagnosis);
}

/// The first of these lines, and how many more there are.
pub(crate) fn lines(all: &[impl AsRef<str>]) -> String {
    first(all, SYMPTOMS)
}

/// So many of them in one line, and how many more there are.
pub(crate) fn first(all: &[impl AsRef<str>], limit: usize) -> String {
    let more = all.len().saturating_sub(limit);
    let rest = if more > 0 { format!("; and {more} more") } else { String::new() };
    format!("{}{rest}", all.iter().take(limit).map(AsRef::as_ref).collect::<Vec<_>>().join("; "))
}

fn shorten(symptoms: &mut Vec<Symptom>, limit: usize) {
    let cut = symptoms.len().saturating_sub(limit);
    symptoms.truncate(limit);
    if let Some(last) = symptoms.last_mut().filter(|_| cut > 0) {
        last.summary.push_str(&format!(" (and {cut} more like this)"));
    }
}

/// Evidence that only a dropped cause rested on goes with it; the rest is numbered in the order in which a reader meets it.
fn keep_cited(diagnosis: &mut Diagnosis) {
    let all = std::mem::take(&mut diagnosis.evidence);
    for cause in &mut diagnosis.causes {
        for id in cause.cites.iter_mut() {
            if let Some(piece) = all.get(*id) {
                *id = diagnosis.evidence.add(piece.clone());
            }
        }
    }
    // What no cause explains has its words by its object.
    let about: HashSet<&ObjectRef> = diagnosis.unexplained.iter().map(|s| &s.object).collect();
    for (_, piece) in all.iter().filter(|(_, piece)| piece.object.as_ref().is_some_and(|object| about.contains(object))) {
        diagnosis.evidence.add(piece.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::evidence::{Evidence, EvidenceSource};
    use crate::domain::excerpt::Excerpt;
    use crate::domain::focus::Doubt;
    use crate::domain::kind::Kind;
    use crate::domain::nonempty::NonEmpty;
    use crate::planner::example::cause;
    use jiff::Timestamp;

    #[test]
    fn evidence_of_dropped_causes_goes_and_the_rest_is_numbered_anew() {
        let mut diagnosis = Diagnosis::default();
        for number in (0..30_u8).rev() {
            let text = Excerpt::event(&format!("seen {number}"));
            let at = Timestamp::UNIX_EPOCH;
            let piece = Evidence { source: EvidenceSource::Object, object: None, field: None, text, seen_at: at };
            let cites = NonEmpty::one(diagnosis.evidence.add(piece));
            diagnosis.causes.insert(0, crate::domain::cause::Cause { cites, ..cause(vec![]) });
        }
        abridge(&mut diagnosis);
        assert_eq!((diagnosis.causes.len(), diagnosis.evidence.iter().count()), (CAUSES, CAUSES));
        let first = diagnosis.evidence.get(*diagnosis.causes[0].cites.first()).unwrap();
        assert_eq!((first.text.as_str(), diagnosis.causes[0].cites.first().to_string().as_str()), ("seen 0", "e1"));
    }

    #[test]
    fn what_is_left_out_is_counted() {
        let symptom = |n: usize| Symptom { object: ObjectRef::cluster(Kind::Node, &n.to_string()), summary: "down".to_owned() };
        let doubts = vec![Doubt::general("why".to_owned()); LISTED + 3];
        let unexplained = (0..UNEXPLAINED + 2).map(symptom).collect();
        let mut diagnosis = Diagnosis { unexplained, doubts, ..Diagnosis::default() };
        abridge(&mut diagnosis);
        assert_eq!(diagnosis.unexplained.last().unwrap().summary, "down (and 2 more like this)");
        assert_eq!((diagnosis.doubts.len(), diagnosis.more_doubts), (LISTED, 3));
        let many: Vec<String> = (0..SYMPTOMS + 4).map(|n| n.to_string()).collect();
        assert!(lines(&many).ends_with("; 19; and 4 more"), "{}", lines(&many));
        assert_eq!(lines(&many[..2]), "0; 1");
    }
}
