//! The first message of an investigation: what was reported, what rules found of it with the ids of their evidence, and what was looked at
//! first. Bounded part by part, so that none crowds out another.

use super::fence::Fences;
use super::prompts::IssuePrompt;
use crate::domain::diagnosis::Diagnosis;
use crate::domain::evidence::Evidence;
use crate::domain::excerpt::Excerpt;
use crate::domain::issue::Scope;
use crate::domain::object::ObjectRef;
use crate::domain::observation::{Observation, ObservationId, Observations};
use crate::probe::Allowed;

/// Bytes of each part. Together some 4,000 tokens; a typical case has half of that.
const ISSUE: usize = 1_600;
const SCOPE: usize = 600;
const CAUSES: usize = 1_600;
const EVIDENCE: usize = 2_000;
const SYMPTOMS: usize = 1_200;
const GAPS: usize = 800;
/// What was looked at first: three observations of 3 KiB each, with their headings.
const LOOKS: usize = 10 * 1024;

/// What an investigation begins with.
#[derive(Debug)]
pub(crate) struct Opening<'a> {
    pub(crate) issue: &'a str,
    pub(crate) scope: &'a Scope,
    pub(crate) diagnosis: &'a Diagnosis,
    pub(crate) observations: &'a Observations,
    /// What the operator lets be shown: of rules no more is sent than of looks.
    pub(crate) allowed: Allowed,
}

impl Opening<'_> {
    /// The message.
    pub(crate) fn message(&self, fences: &mut Fences) -> String {
        let Self { issue, scope, diagnosis, observations, allowed } = self;
        IssuePrompt {
            issue: &fences.around("The reporter's words:", &cut(issue, ISSUE)),
            scope: &fences.around("Namespaces:", &cut(&scope.in_words(), SCOPE)),
            causes: &causes(diagnosis, *allowed, fences),
            symptoms: &symptoms(diagnosis, *allowed, fences),
            gaps: &gaps(diagnosis, fences),
            evidence: &looks(observations, fences),
        }
        .rendered()
    }
}

/// An observation as it is shown, under a line of ours. What was asked has names in it that others chose, and what was left out as well.
pub(crate) fn shown(id: ObservationId, seen: &Observation, fences: &mut Fences) -> String {
    let more = seen.more.as_ref().map(|more| format!("\n({})", Excerpt::line(more))).unwrap_or_default();
    let heading = format!("{id} = {}, seen at {}", seen.probe.as_str(), seen.seen_at);
    fences.around(&heading, &format!("{}\n{}{more}", Excerpt::line(&seen.asked), seen.text))
}

fn causes(diagnosis: &Diagnosis, allowed: Allowed, fences: &mut Fences) -> String {
    if diagnosis.causes.is_empty() {
        return format!("No cause.{}", evidence(diagnosis, allowed, fences));
    }
    let line = |cause: &crate::domain::cause::Cause| {
        let cites: Vec<String> = cause.cites.iter().take(6).map(ToString::to_string).collect();
        let fix = if cause.remedy.proposals.is_empty() { "no fix" } else { "a fix that the rule has" };
        let (about, sure) = (named(&cause.object), cause.confidence.value() * 100.0);
        let title = allowed.of_words(Some(&cause.object), &cause.title);
        format!("- {} ({sure:.0}%): {} [{about}; cites {}; {fix}]", cause.source.code(), Excerpt::line(&title), cites.join(", "))
    };
    let lines: Vec<String> = diagnosis.causes.iter().map(line).collect();
    format!("{}{}", fences.around("Causes:", &fitting(&lines, CAUSES)), evidence(diagnosis, allowed, fences))
}

fn evidence(diagnosis: &Diagnosis, allowed: Allowed, fences: &mut Fences) -> String {
    let line = |(id, piece): (crate::domain::evidence::EvidenceId, &Evidence)| {
        let Evidence { source, object, field, .. } = piece;
        let object = object.as_ref().map(|object| format!(" {}", named(object))).unwrap_or_default();
        let field = field.as_ref().map(|field| format!(" {field}")).unwrap_or_default();
        format!("{id} {}{object}{field}: {}", source.as_str(), Excerpt::said_within(allowed.of_evidence(piece), 300))
    };
    let lines: Vec<String> = diagnosis.evidence.iter().map(line).collect();
    if lines.is_empty() { String::new() } else { format!("\n{}", fences.around("Evidence:", &fitting(&lines, EVIDENCE))) }
}

fn symptoms(diagnosis: &Diagnosis, allowed: Allowed, fences: &mut Fences) -> String {
    let one = |object: &ObjectRef, says: &str| format!("- {}: {}", named(object), Excerpt::line(&allowed.of_words(Some(object), says)));
    let unexplained = diagnosis.unexplained.iter().map(|symptom| one(&symptom.object, &symptom.summary));
    // Some are of no object: that nothing answers the reporter's words.
    let doubts = diagnosis.doubts.iter().map(|doubt| match &doubt.object {
        Some(object) => one(object, &doubt.why),
        None => format!("- {}", Excerpt::line(&allowed.of_words(None, &doubt.why))),
    });
    let lines: Vec<String> = unexplained.chain(doubts).collect();
    if lines.is_empty() { "Nothing is left unexplained.".to_owned() } else { fences.around("Symptoms:", &fitting(&lines, SYMPTOMS)) }
}

fn gaps(diagnosis: &Diagnosis, fences: &mut Fences) -> String {
    let lines: Vec<String> = diagnosis.unseen.iter().map(|gap| format!("- {}: {}", gap.why.as_str(), Excerpt::line(&gap.what))).collect();
    if lines.is_empty() {
        "Everything that rules needed was read; they do not read every kind.".to_owned()
    } else {
        fences.around("Missing:", &fitting(&lines, GAPS))
    }
}

fn looks(observations: &Observations, fences: &mut Fences) -> String {
    let mut out = String::new();
    for (id, seen) in observations.iter() {
        let one = shown(id, seen, fences);
        if out.len().saturating_add(one.len()) > LOOKS {
            break;
        }
        out.push_str(&one);
        out.push('\n');
    }
    if out.is_empty() { "Nothing yet.".to_owned() } else { out.trim_end().to_owned() }
}

/// As a conclusion has to name it.
fn named(object: &ObjectRef) -> String {
    match &object.namespace {
        Some(namespace) => format!("{}/{namespace}/{}", object.kind, object.name),
        None => format!("{}/{}", object.kind, object.name),
    }
}

/// The first lines that have room, and how many have none.
fn fitting(lines: &[String], limit: usize) -> String {
    let mut out: Vec<String> = Vec::new();
    let mut bytes = 0_usize;
    for line in lines {
        let line = cut(line, 500);
        bytes = bytes.saturating_add(line.len()).saturating_add(1);
        if bytes > limit {
            break;
        }
        out.push(line);
    }
    let left = lines.len().saturating_sub(out.len());
    if left > 0 {
        out.push(format!("(and {left} more)"));
    }
    out.join("\n")
}

fn cut(text: &str, limit: usize) -> String {
    if text.len() <= limit {
        return text.to_owned();
    }
    let mut end = limit;
    while !text.is_char_boundary(end) {
        end = end.saturating_sub(1);
    }
    format!("{}…", text.get(..end).unwrap_or_default())
}

/// No first message is longer.
#[cfg(test)]
pub(super) const LONGEST: usize = ISSUE + SCOPE + CAUSES + EVIDENCE + SYMPTOMS + GAPS + LOOKS + 2_048;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::evidence::{EvidenceSource, Gap, GapWhy};
    use crate::domain::finding::Symptom;
    use crate::domain::kind::Kind;
    use crate::domain::look::ProbeName;
    use jiff::Timestamp;

    fn crowded() -> (Diagnosis, Observations) {
        let long = "x ".repeat(3_000);
        let mut diagnosis = Diagnosis::default();
        let mut observations = Observations::default();
        for number in 0..60 {
            let object = ObjectRef::cluster(Kind::Node, &format!("n{number}"));
            diagnosis.unexplained.push(Symptom { object: object.clone(), summary: long.clone() });
            diagnosis.miss(Gap { what: format!("{number} {long}"), why: GapWhy::Forbidden, unlock: None });
            let text = Excerpt::event(&format!("{number} {long}"));
            let seen_at = Timestamp::UNIX_EPOCH;
            diagnosis.evidence.add(Evidence {
                source: EvidenceSource::Event,
                object: Some(object),
                field: None,
                text: text.clone(),
                seen_at,
            });
            let more = Some("cut".to_owned());
            observations
                .add(Observation { probe: ProbeName::Get, asked: "get".into(), object: None, field: None, text, more, seen_at })
                .ok();
        }
        (diagnosis, observations)
    }

    /// What rules quote of a program is kept from a provider as the look at it is.
    #[test]
    fn nothing_that_the_operator_keeps_back_is_in_the_message() {
        let namespace = crate::domain::namespace::Namespace::parse("shop").unwrap();
        let pod = ObjectRef::namespaced(Kind::Pod, &namespace, "web-0");
        let mut diagnosis = Diagnosis::default();
        let summary = format!("container `app` waits: PostStartHookError: {}", Excerpt::said("CANARY"));
        diagnosis.unexplained.push(Symptom { object: pod.clone(), summary: summary.clone() });
        diagnosis.doubts.push(crate::domain::focus::Doubt::about(pod.clone(), summary));
        let (source, seen_at) = (EvidenceSource::Event, Timestamp::UNIX_EPOCH);
        diagnosis.evidence.add(Evidence { source, object: Some(pod), field: None, text: Excerpt::event("Unhealthy: CANARY"), seen_at });
        let observations = Observations::default();
        for (logs, shown) in [(true, 3), (false, 0)] {
            let allowed = Allowed { logs, ..Allowed::default() };
            let opening = Opening { issue: "", scope: &Scope::All, diagnosis: &diagnosis, observations: &observations, allowed };
            let message = opening.message(&mut Fences::new([1; 32]));
            assert_eq!(message.matches("CANARY").count(), shown, "{message}");
            assert_eq!(message.matches("PostStartHookError").count(), 2, "{message}");
        }
    }

    #[test]
    fn message_has_every_part_and_is_bounded_whatever_there_is() {
        let (diagnosis, observations) = crowded();
        let issue = "ä ".repeat(3_000);
        let allowed = Allowed::default();
        let opening = Opening { issue: &issue, scope: &Scope::All, diagnosis: &diagnosis, observations: &observations, allowed };
        let message = opening.message(&mut Fences::new([1; 32]));
        assert!(message.len() <= LONGEST, "{} of {LONGEST}", message.len());
        for part in [
            "all namespaces",
            "No cause.",
            "\ne1 event Node/n0: “0 x",
            "Symptoms:\n--- data ",
            "- forbidden: 0 x",
            "o1 = get, seen at",
            "more)",
        ] {
            assert!(message.contains(part), "{part}: {message}");
        }
        let (diagnosis, observations) = (Diagnosis::default(), Observations::default());
        let nothing = Opening { issue: "", diagnosis: &diagnosis, observations: &observations, ..opening };
        let message = nothing.message(&mut Fences::new([1; 32]));
        for part in ["No cause.", "Nothing is left unexplained.", "Everything that rules needed was read;", "Nothing yet."] {
            assert!(message.contains(part), "{part}: {message}");
        }
    }
}
