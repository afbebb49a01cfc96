//! A plan that waits already is asked about again, instead of opening another session for the same change.

use super::report::AdviceView;
use super::view::report_of;
use super::{Caller, Meter, Opened, Remediation, question};
use crate::ports::{Phase, Revision};
use crate::session::trail::Effect;
use crate::session::{Header, Planned, Session};

/// What was found and planned just now, and the session that was opened for it.
pub(super) struct Fresh {
    pub(super) header: Header,
    pub(super) planned: Planned,
    pub(super) revision: Revision,
}

impl Remediation {
    /// Asks again about the session in which this very plan waits, with what was seen just now. `Err` gives everything back: no session
    /// waits with this plan for the same words under the same limits.
    pub(super) async fn ask_waiting(&self, fresh: Fresh, meter: &Meter, caller: &Caller<'_>) -> Result<Opened, Box<Fresh>> {
        let records = self.records();
        let Ok(Some(id)) = self.asked_already(&fresh.planned.plan).await else { return Err(Box::new(fresh)) };
        let Ok((revision, mut waiting)) = records.awaiting(&id).await else { return Err(Box::new(fresh)) };
        // What may answer it must not change by being asked again.
        let same_limits = waiting.header.limits == fresh.header.limits && waiting.header.wishes == fresh.header.wishes;
        let same_origin = waiting.header.origin == fresh.header.origin;
        // Nor what the change is judged by: other words may name less, or more, than those that somebody was asked with.
        let same_words = waiting.header.purpose == fresh.header.purpose && waiting.header.scope == fresh.header.scope;
        if !same_limits || !same_origin || !same_words || !waiting.header.cluster.id.is_same(&fresh.header.cluster.id) {
            return Err(Box::new(fresh));
        }
        let digest_counts = self.counts_repeated_digest(&waiting, caller).map(drop);
        // A digest does not tell which of two times it was shown with: where it counts, each time has a session of its own.
        if digest_counts.is_ok() {
            return Err(Box::new(fresh));
        }
        let now = self.parts.clock.now();
        // What a proposal rests on was seen when it was first asked about: who repeats it does not make that newer.
        let stated = fresh.planned.plan.by().is_some();
        let until = if stated { waiting.expires_at } else { self.expiry() };
        // Nobody's question is taken away for this one.
        let Ok(secret) = waiting.ask_again(self.parts.entropy.secret_bits(), until, now, &caller.door) else { return Err(Box::new(fresh)) };
        waiting.planned.rehearsal.clone_from(&fresh.planned.rehearsal);
        // A rule's words come from the cluster. Those of whoever proposes a change are a part of the question that was read: what else they
        // say or cite now is another question, with the yes to this one beside it.
        if !stated {
            waiting.header.diagnosis = fresh.header.diagnosis.clone();
            waiting.header.looked.clone_from(&fresh.header.looked);
            waiting.header.advice.clone_from(&fresh.header.advice);
        }
        // What is told was seen by this call, and what it cost with it.
        waiting.header.usage = fresh.header.usage;
        self.charge(&mut waiting.header.usage, meter);
        let what = if stated {
            "the same plan was proposed again; a human is asked again, with the words and the evidence of before"
        } else {
            "the same plan came up again; a human is asked again"
        };
        waiting.header.trail.note_without_effect(now, caller.origin.as_str(), what, Effect::Undecided);
        let (expires_at, digest) = (waiting.expires_at, waiting.digest.clone());
        let session = Session::AwaitingApproval(waiting);
        let mut report = report_of(&session);
        let Some(text) = question::text(&report) else { return Err(Box::new(fresh)) };
        // Somebody answered, or asked again, at the same moment: then this call opens its own.
        if self.ledger.save(&session, Some(revision)).await.is_err() {
            return Err(Box::new(fresh));
        }
        // All that this one found is in the other now, and nobody was told of it: in the list it would look like a plan that waits for
        // somebody to go on. Where it cannot be removed, it ends by its own time.
        self.ledger.forget(&fresh.header.id, fresh.revision).await.ok();
        // For this caller alone: it is no part of what was read.
        if stated {
            let text = "this change waits for a human already, and is asked about with the words and the evidence of before".to_owned();
            let why = "what is stated or cited now is not part of that question".to_owned();
            report.advice.insert(0, AdviceView { text, command: None, why, cause: None });
        }
        caller.progress.tell(Phase::AwaitingApproval, "waiting for a human to approve or decline");
        let question = question::about(&report, text, (id, digest), &secret, expires_at, digest_counts);
        Ok(Opened { report, question: Some(question) })
    }
}
