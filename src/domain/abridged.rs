//! What a session keeps of a diagnosis, and a reader can take in. It is cut here alone, and only after everything was judged: what is
//! left out of a report was looked at all the same.

use super::cause::Cause;
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

/// Keys of further causes: they are small, and tell afterwards what is new.
const KEYS: usize = 2000;

/// Keeps the first of each list, and what was left out of it as a number, of causes as their keys.
pub(crate) fn abridge(diagnosis: &mut Diagnosis) {
    let unlisted = &mut diagnosis.unlisted;
    unlisted.causes.extend(cut(&mut diagnosis.causes, CAUSES).iter().map(Cause::key));
    unlisted.more_causes = unlisted.more_causes.saturating_add(cut(&mut unlisted.causes, KEYS).len());
    unlisted.in_progress = unlisted.in_progress.saturating_add(cut(&mut diagnosis.in_progress, IN_PROGRESS).len());
    unlisted.seen = unlisted.seen.saturating_add(cut(&mut diagnosis.seen, LISTED).len());
    unlisted.doubts = unlisted.doubts.saturating_add(cut(&mut diagnosis.doubts, LISTED).len());
    for cause in &mut diagnosis.causes {
        shorten(&mut cause.symptoms, SYMPTOMS);
        cause.chain.truncate(LINKS);
    }
    shorten(&mut diagnosis.unexplained, UNEXPLAINED);
    keep_cited(diagnosis);
}

/// Leaves the first of them, and gives the others: whoever cuts says what becomes of those.
#[must_use]
fn cut<T>(all: &mut Vec<T>, limit: usize) -> Vec<T> {
    if all.len() > limit { all.split_off(limit) } else { Vec::new() }
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
    use crate::domain::finding::Advice;
    use crate::domain::focus::{Doubt, Seen};
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
            diagnosis.causes.insert(0, Cause { cites, ..cause(vec![]) });
        }
        abridge(&mut diagnosis);
        assert_eq!((diagnosis.causes.len(), diagnosis.evidence.iter().count()), (CAUSES, CAUSES));
        let first = diagnosis.evidence.get(*diagnosis.causes[0].cites.first()).unwrap();
        assert_eq!((first.text.as_str(), diagnosis.causes[0].cites.first().to_string().as_str()), ("seen 0", "e1"));
    }

    /// What is not listed was found all the same: nobody says later that it is new.
    #[test]
    fn cause_that_is_left_out_is_counted_and_known() {
        let named = |name: usize| Cause { object: ObjectRef::cluster(Kind::Node, &name.to_string()), ..cause(vec![]) };
        let found = |count: usize| {
            let mut diagnosis = Diagnosis { causes: (0..count).map(named).collect(), ..Diagnosis::default() };
            abridge(&mut diagnosis);
            diagnosis
        };
        let some = found(200);
        assert_eq!((some.causes.len(), some.unlisted.count_of_causes()), (CAUSES, 180));
        assert!(some.knows(&named(26).key()) && some.knows(&named(3).key()) && !some.knows(&named(200).key()));
        let many = found(CAUSES + KEYS + 7);
        assert_eq!((many.unlisted.count_of_causes(), many.unlisted.more_causes), (KEYS + 7, 7));
        assert!(many.knows(&named(9999).key()), "it may have been one of those");
    }

    #[test]
    fn what_is_left_out_is_counted() {
        let symptom = |n: usize| Symptom { object: ObjectRef::cluster(Kind::Node, &n.to_string()), summary: "down".to_owned() };
        let doubts = vec![Doubt::general("why".to_owned()); LISTED + 3];
        let unexplained = (0..UNEXPLAINED + 2).map(symptom).collect();
        let mut diagnosis = Diagnosis { unexplained, doubts, ..Diagnosis::default() };
        abridge(&mut diagnosis);
        assert_eq!(diagnosis.unexplained.last().unwrap().summary, "down (and 2 more like this)");
        assert_eq!((diagnosis.doubts.len(), diagnosis.unlisted.doubts), (LISTED, 3));
        let seen = vec![Seen { object: ObjectRef::cluster(Kind::Node, "n"), how: "ready".to_owned() }; LISTED + 4];
        let advice = Advice { text: "wait".to_owned(), command: None, why: String::new() };
        let mut diagnosis = Diagnosis { seen, in_progress: vec![advice; IN_PROGRESS + 5], ..Diagnosis::default() };
        abridge(&mut diagnosis);
        assert_eq!((diagnosis.unlisted.seen, diagnosis.unlisted.in_progress), (4, 5));
        abridge(&mut diagnosis);
        assert_eq!((diagnosis.unlisted.seen, diagnosis.unlisted.in_progress), (4, 5), "it is counted once");
        let many: Vec<String> = (0..SYMPTOMS + 4).map(|n| n.to_string()).collect();
        assert!(lines(&many).ends_with("; 19; and 4 more"), "{}", lines(&many));
        assert_eq!(lines(&many[..2]), "0; 1");
    }
}
