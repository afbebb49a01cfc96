//! What kubemend changed a short while ago where somebody looks now: said in the report, since a call that was cut never told it.

use super::Remediation;
use crate::domain::ending::Ending;
use crate::domain::execution::{Execution, StepOutcome};
use crate::domain::finding::Advice;
use crate::domain::issue::Scope;
use crate::domain::snapshot::Cluster;
use crate::session::{Planned, Session};
use jiff::{SignedDuration, Timestamp};

/// Sessions that are read for it.
const SESSIONS: usize = 20;
/// A change is recent for so long: somebody who lost a call asks within minutes.
const RECENT: SignedDuration = SignedDuration::from_mins(30);

impl Remediation {
    /// What was changed in this scope a short while ago, newest first. A store that cannot be read says nothing here.
    pub(super) async fn changed_recently(&self, scope: &Scope, cluster: &Cluster) -> Vec<Advice> {
        let now = self.parts.clock.now();
        let sessions = self.ledger.newest(SESSIONS).await.unwrap_or_default();
        sessions.into_iter().flatten().filter_map(|(_, session)| told(&session, scope, cluster, now)).collect()
    }
}

fn told(session: &Session, scope: &Scope, cluster: &Cluster, now: Timestamp) -> Option<Advice> {
    let header = session.header();
    let (planned, execution, stands) = match session {
        Session::Closed(s) => (s.planned.as_ref()?, s.execution.as_ref(), s.ending.as_str()),
        Session::Validating(s) => (&s.planned, Some(&s.execution), "still being validated"),
        Session::Reverting(s) => (&s.planned, Some(&s.execution), "being rolled back"),
        Session::Executing(s) => (&s.planned, None, "still being applied"),
        Session::Investigating(_) | Session::Diagnosed(_) | Session::AwaitingApproval(_) => return None,
    };
    let here = header.cluster.id.is_same(&cluster.id);
    let what = changed(planned, execution, scope);
    if !here || what.is_empty() {
        return None;
    }
    let at = execution.map_or(Some(header.opened_at), last_applied)?;
    let ago = now.duration_since(at);
    if ago > RECENT {
        return None;
    }
    let settled = matches!(session, Session::Closed(s) if matches!(s.ending, Ending::Resolved | Ending::Reverted | Ending::Partly));
    let next = if settled { "" } else { "; validate that session to see if the change helped" };
    Some(Advice {
        text: format!("kubemend changed {} {} before this check (session {}: {stands}){next}", what.join(", "), in_words(ago), header.id),
        command: Some(format!("kubemend show {}", header.id)),
        why: "it explains what is different now".to_owned(),
    })
}

/// The objects in this scope that took a change, or were about to.
fn changed(planned: &Planned, execution: Option<&Execution>, scope: &Scope) -> Vec<String> {
    let steps = planned.plan.steps.iter().enumerate();
    let applied = |index: usize| execution.is_none_or(|e| matches!(e.steps.iter().nth(index), Some(StepOutcome::Applied { .. })));
    let places = scope.namespaces();
    let within = |step: &crate::domain::plan::Step| {
        places.is_empty() || step.action.target().namespace.as_ref().is_some_and(|place| places.contains(place))
    };
    steps.filter(|(index, step)| applied(*index) && within(step)).map(|(_, step)| step.action.target().to_string()).collect()
}

fn last_applied(execution: &Execution) -> Option<Timestamp> {
    let at = |outcome: &StepOutcome| if let StepOutcome::Applied { at, .. } = outcome { Some(*at) } else { None };
    execution.steps.iter().filter_map(at).max()
}

fn in_words(time: SignedDuration) -> String {
    let seconds = time.as_secs().max(0);
    if seconds < 120 { format!("{seconds} s") } else { format!("{} min", seconds.checked_div(60).unwrap_or(seconds)) }
}
