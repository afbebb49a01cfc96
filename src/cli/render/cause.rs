//! Causes with what shows them: the explanation, the field, the quoted evidence and the breadcrumbs to the symptom.

use super::page::{BAD, DIM, Page, STRONG, clean, object, styled, to_the_second};
use crate::workflow::report::{CauseView, EvidenceView, LinkView, ObjectView, Report};

/// More symptoms than this say nothing new.
const SYMPTOMS_SHOWN: usize = 5;

/// Every cause, the plan's first.
pub(super) fn causes(page: &mut Page, report: &Report) {
    let several = report.causes.len() > 1;
    for (index, cause) in report.causes.iter().enumerate() {
        let number = if several { format!("Cause {}", index.saturating_add(1)) } else { "Cause".to_owned() };
        page.gap();
        page.item(0, &format!("{number}:"), STRONG, &cause.title);
        let percent = (cause.confidence * 100.0).round();
        page.paragraph_in(DIM, 2, &format!("{}, confidence {percent}%, source: {}", cause.code, cause.source));
        one(page, report, cause);
    }
    more(page, report);
}

/// What a question rests on: of its cause, which it names itself, what was seen; and the other causes.
pub(super) fn grounds(page: &mut Page, report: &Report) {
    let Some((first, others)) = report.causes.split_first() else { return };
    page.heading("What the cause rests on", "");
    page.paragraph_in(DIM, 2, &format!("{}, source: {}", first.code, first.source));
    rests_on(page, report, first);
    for cause in others {
        page.gap();
        page.item(0, "Another cause:", STRONG, &cause.title);
        one(page, report, cause);
    }
    more(page, report);
}

fn more(page: &mut Page, report: &Report) {
    if let Some(more) = report.more_causes {
        page.gap();
        page.line(0, &styled(DIM, &format!("and {more} more causes, which are not listed")));
    }
}

fn one(page: &mut Page, report: &Report, cause: &CauseView) {
    page.paragraph(2, &cause.explanation);
    rests_on(page, report, cause);
}

fn rests_on(page: &mut Page, report: &Report, cause: &CauseView) {
    where_it_lies(page, cause);
    let quoted: Vec<&EvidenceView> = report.evidence.iter().filter(|e| cause.evidence.contains(&e.id)).collect();
    if !quoted.is_empty() {
        page.gap();
        page.line(2, &styled(STRONG, "Evidence"));
        for evidence in quoted {
            quote(page, evidence);
        }
    }
    if !cause.chain.is_empty() {
        page.gap();
        page.line(2, &styled(STRONG, "Cause chain"));
        for line in breadcrumbs(&cause.chain) {
            page.paragraph(4, &line);
        }
    }
    if !cause.symptoms.is_empty() {
        page.gap();
        page.line(2, &styled(STRONG, "Affected objects"));
        for symptom in cause.symptoms.iter().take(SYMPTOMS_SHOWN) {
            page.item(4, "•", BAD, &format!("{}: {}", object(&symptom.object), symptom.summary));
        }
        let more = cause.symptoms.len().saturating_sub(SYMPTOMS_SHOWN);
        if more > 0 {
            page.line(4, &styled(DIM, &format!("and {more} more")));
        }
    }
}

/// The object and the field to change, with the wrong value and the right one.
fn where_it_lies(page: &mut Page, cause: &CauseView) {
    page.line(2, &format!("{} {}", styled(DIM, "object:"), object(&cause.object)));
    if let Some(field) = &cause.field {
        page.line(2, &format!("{}  {}", styled(DIM, "field:"), clean(field)));
    }
    let shown = |value: &String| if value.is_empty() { "empty".to_owned() } else { format!("`{value}`") };
    let values = match (&cause.found, &cause.expected) {
        (Some(found), Some(expected)) => format!("is {}, proposed: {}", shown(found), shown(expected)),
        (Some(found), None) => format!("is {}", shown(found)),
        (None, Some(expected)) => format!("proposed: {}", shown(expected)),
        (None, None) => return,
    };
    page.line(2, &format!("{}  {}", styled(DIM, "value:"), clean(&values)));
}

fn quote(page: &mut Page, evidence: &EvidenceView) {
    let mut source = vec![evidence.source.clone()];
    if let Some(seen) = &evidence.object {
        source.push(object(seen));
    }
    if let Some(field) = &evidence.field {
        source.push(clean(field));
    }
    source.push(to_the_second(&evidence.seen_at));
    page.line(4, &format!("{} {}", clean(&evidence.id), styled(DIM, &source.join(" · "))));
    page.item(7, "│", DIM, if evidence.text.is_empty() { "(empty)" } else { &evidence.text });
}

/// `kind/name —relation→ kind/name …`: links that continue each other share a line.
pub(super) fn breadcrumbs(chain: &[LinkView]) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut end: Option<&ObjectView> = None;
    for link in chain {
        let continues = end == Some(&link.object);
        match lines.last_mut() {
            Some(line) if continues => line.push_str(&format!(" —{}→ {}", link.relation, short(&link.to))),
            Some(_) | None => lines.push(format!("{} —{}→ {}", short(&link.object), link.relation, short(&link.to))),
        }
        end = Some(&link.to);
    }
    lines
}

fn short(object: &ObjectView) -> String {
    format!("{}/{}", object.kind, object.name)
}
