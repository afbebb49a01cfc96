//! What kubemend changed a short while ago where somebody looks now: said in the report, since a call that was cut never told it.

use super::Remediation;
use crate::domain::ending::Ending;
use crate::domain::execution::{Execution, StepOutcome};
use crate::domain::finding::Advice;
use crate::domain::issue::Scope;
use crate::domain::ours::OurCommand;
use crate::domain::plan::Step;
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
        // Most plans that were closed were never applied.
        Session::Closed(s) => (s.planned.as_ref()?, s.execution.as_ref()?, s.ending.as_str()),
        Session::Validating(s) => (&s.planned, &s.execution, "still being validated"),
        Session::Reverting(s) => (&s.planned, &s.execution, "being rolled back"),
        Session::Executing(s) => (&s.planned, &s.execution, "still being applied"),
        Session::Investigating(_) | Session::Diagnosed(_) | Session::AwaitingApproval(_) => return None,
    };
    let here = header.cluster.id.is_same(&cluster.id);
    let effects = effects(planned, execution, scope);
    let ago = now.duration_since(effects.iter().map(|effect| effect.at).max()?);
    if !here || ago > RECENT {
        return None;
    }
    let verb = if effects.iter().any(|effect| effect.is_known) { "changed" } else { "may have changed" };
    let what: Vec<&str> = effects.iter().map(|effect| effect.object.as_str()).collect();
    let settled = matches!(session, Session::Closed(s) if matches!(s.ending, Ending::Resolved | Ending::Reverted | Ending::Partly));
    let next = if settled { "" } else { "; validate that session to see if the change helped" };
    Some(Advice {
        text: format!("kubemend {verb} {} {} before this check (session {}: {stands}){next}", what.join(", "), in_words(ago), header.id),
        command: Some(OurCommand::Show(header.id.clone()).to_string()),
        why: "it explains what is different now".to_owned(),
    })
}

/// One object that a step changed, or may have changed.
struct Effect {
    object: String,
    at: Timestamp,
    /// Its answer came; else nobody knows whether it took effect.
    is_known: bool,
}

/// What took effect in this scope, or may have. A plan alone has no effect, nor has a step that was refused.
fn effects(planned: &Planned, execution: &Execution, scope: &Scope) -> Vec<Effect> {
    let places = scope.namespaces();
    let effect = |(step, outcome): (&Step, &StepOutcome)| {
        let target = step.action.target();
        let is_known = outcome.took_effect().unwrap_or(false);
        let within = places.is_empty() || target.namespace.as_ref().is_some_and(|place| places.contains(place));
        (within && outcome.took_effect() != Some(false)).then_some(Effect { object: target.to_string(), at: outcome.at()?, is_known })
    };
    planned.plan.steps.iter().zip(execution.steps.iter()).filter_map(effect).collect()
}

fn in_words(time: SignedDuration) -> String {
    let seconds = time.as_secs().max(0);
    if seconds < 120 { format!("{seconds} s") } else { format!("{} min", seconds.checked_div(60).unwrap_or(seconds)) }
}
