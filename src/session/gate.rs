//! The gate: a small policy engine in one pure file. The strictest vote wins, all reasons of the winning kind are kept,
//! and nothing but limits, plan, what is believed of its cause, what it is not about, and rehearsal goes in.

use crate::domain::cause::{Cause, CauseSource};
use crate::domain::changes::Changeable;
use crate::domain::confidence::Confidence;
use crate::domain::evidence::Ground;
use crate::domain::field::FieldPath;
use crate::domain::focus::Aside;
use crate::domain::limits::{Limits, Mode};
use crate::domain::nonempty::NonEmpty;
use crate::domain::plan::{PlanDigest, RemediationPlan};
use crate::domain::purpose::Aim;

/// What the API server said to one step's dry run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Rehearsed {
    Accepted { note: Option<String> },
    Refused { reason: String },
}

/// What the API server said to a whole plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rehearsal {
    pub(crate) steps: Vec<Rehearsed>,
}

impl Rehearsal {
    pub(crate) fn refusals(&self) -> Vec<String> {
        self.steps
            .iter()
            .filter_map(|s| match s {
                Rehearsed::Refused { reason } => Some(reason.clone()),
                Rehearsed::Accepted { .. } => None,
            })
            .collect()
    }
}

/// A yes of the gate to one plan. Made nowhere else.
#[derive(Debug)]
pub(crate) struct Grant {
    digest: PlanDigest,
}

impl Grant {
    pub(super) fn into_digest(self) -> PlanDigest {
        self.digest
    }
}

/// Ordered by strictness.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Vote {
    Allow,
    AskHuman(String),
    Forbid(String),
}

/// What the gate decides.
#[derive(Debug)]
pub(crate) enum Decision {
    Allow(Grant),
    AskHuman(NonEmpty<String>),
    Forbid(NonEmpty<String>),
}

/// How firmly a plan's cause is believed, and on what ground.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Belief {
    confidence: Confidence,
    ground: Ground,
}

impl Belief {
    pub(crate) fn of(cause: &Cause) -> Self {
        Self { confidence: cause.confidence, ground: cause.ground }
    }
}

struct Case<'a> {
    limits: &'a Limits,
    plan: &'a RemediationPlan,
    /// None where its cause is not known.
    belief: Option<Belief>,
    /// How far it is from what the issue names, and what it is not about.
    aside: Option<(Aside, &'a str)>,
    rehearsal: &'a Rehearsal,
}

type Rule = fn(&Case<'_>) -> Vote;

const RULES: &[Rule] = &[ceiling, rehearsal, manual, beside, cause, stated, confidence, ground, risk, steps, fields];

/// Decides on a plan.
pub(crate) fn decide(
    limits: &Limits,
    plan: &RemediationPlan,
    belief: Option<Belief>,
    aside: Option<(Aside, &str)>,
    rehearsal: &Rehearsal,
) -> Decision {
    let case = Case { limits, plan, belief, aside, rehearsal };
    let mut asks = Vec::new();
    let mut forbids = Vec::new();
    for rule in RULES {
        match rule(&case) {
            Vote::Allow => {}
            Vote::AskHuman(reason) => asks.push(reason),
            Vote::Forbid(reason) => forbids.push(reason),
        }
    }
    match (NonEmpty::from_vec(forbids), NonEmpty::from_vec(asks)) {
        (Some(reasons), _) => Decision::Forbid(reasons),
        (None, Some(reasons)) => Decision::AskHuman(reasons),
        (None, None) => Decision::Allow(Grant { digest: plan.digest() }),
    }
}

/// Why a plan cannot be applied here whatever its dry run says, where that is known before it.
pub(crate) fn never(limits: &Limits, plan: &RemediationPlan) -> Option<String> {
    let rehearsal = Rehearsal { steps: plan.steps.iter().map(|_| Rehearsed::Accepted { note: None }).collect() };
    match decide(limits, plan, None, None, &rehearsal) {
        Decision::Forbid(reasons) => Some(reasons.iter().map(String::as_str).collect::<Vec<_>>().join("; ")),
        Decision::Allow(_) | Decision::AskHuman(_) => None,
    }
}

fn ceiling(c: &Case<'_>) -> Vote {
    let (risk, ceiling) = (c.plan.risk(), c.limits.ceiling);
    if risk > ceiling { Vote::Forbid(format!("its risk is {risk}, and the highest risk allowed here is {ceiling}")) } else { Vote::Allow }
}

/// A rehearsal that is missing, short or refused forbids.
fn rehearsal(c: &Case<'_>) -> Vote {
    if c.rehearsal.steps.len() != c.plan.steps.len() {
        return Vote::Forbid("not every step had a dry run".to_owned());
    }
    let refusals = c.rehearsal.refusals();
    if refusals.is_empty() { Vote::Allow } else { Vote::Forbid(format!("the dry run failed: {}", refusals.join("; "))) }
}

fn manual(c: &Case<'_>) -> Vote {
    match c.limits.mode {
        Mode::Automatic if c.limits.automatic_allowed => Vote::Allow,
        Mode::Manual | Mode::Automatic => Vote::AskHuman("manual mode needs a human's approval".to_owned()),
    }
}

/// A plan for something else than was asked about, or for only a part of it, needs a human, however sure its cause is; so does one of
/// which nobody could see whether it is.
fn beside(c: &Case<'_>) -> Vote {
    let Some((aside, name)) = c.aside else { return Vote::Allow };
    Vote::AskHuman(match aside {
        Aside::Else => format!("the plan is about something else than `{name}`, which the issue names"),
        Aside::PerhapsElse => format!("the plan is perhaps about something else than `{name}`, which the issue names"),
        Aside::Part => format!("the issue names `{name}`, which was not found"),
    })
}

/// A plan for no cause that is known is believed by nobody, and an undo is for none.
fn cause(c: &Case<'_>) -> Vote {
    match (&c.plan.aim, c.belief) {
        (Aim::Cause(_), Some(_)) => Vote::Allow,
        (Aim::Cause(_), None) => Vote::AskHuman("its cause is none of those that were found".to_owned()),
        (Aim::Undo(_), _) => Vote::AskHuman("an undo needs a human's approval".to_owned()),
    }
}

/// Whoever states a cause may have read anything: however sure they are, and whatever the operator lets rules do, a human is asked.
fn stated(c: &Case<'_>) -> Vote {
    match c.plan.aim.cause().map(|cause| cause.source) {
        None | Some(CauseSource::Rule(_)) => Vote::Allow,
        Some(CauseSource::Model | CauseSource::Caller) => {
            Vote::AskHuman("no rule found its cause: somebody who investigated proposes it".to_owned())
        }
    }
}

/// Written so that a comparison that cannot be made asks.
fn confidence(c: &Case<'_>) -> Vote {
    let (Some(Belief { confidence, .. }), threshold) = (c.belief, c.limits.confidence_threshold) else { return Vote::Allow };
    if confidence >= threshold {
        Vote::Allow
    } else {
        Vote::AskHuman(format!("confidence {:.2} is below the threshold {:.2}", confidence.value(), threshold.value()))
    }
}

/// Whoever may create Events can write any of them: they begin an inquiry, and end in no change without a human.
fn ground(c: &Case<'_>) -> Vote {
    match c.belief.map(|belief| belief.ground) {
        None | Some(Ground::Seen) => Vote::Allow,
        Some(Ground::Told) => Vote::AskHuman("only Events say what its cause rests on, and no status does".to_owned()),
    }
}

fn risk(c: &Case<'_>) -> Vote {
    let risk = c.plan.risk();
    if risk <= c.limits.max_risk {
        Vote::Allow
    } else {
        Vote::AskHuman(format!("risk {risk} is above the automatic limit {}", c.limits.max_risk))
    }
}

/// At most three changes without a human: `docs/security.md`.
fn steps(c: &Case<'_>) -> Vote {
    if c.plan.steps.len() <= 3 {
        Vote::Allow
    } else {
        Vote::AskHuman(format!("{} changes at once need a human's approval", c.plan.steps.len()))
    }
}

/// What automatic mode never does: whatever the table of changes does not let it, such as all of a Pod template but its images.
fn fields(c: &Case<'_>) -> Vote {
    for step in c.plan.steps.iter() {
        let asks = |(path, row): (Option<&FieldPath>, Option<&Changeable>)| match path {
            _ if row.is_some_and(|row| row.automatic) => None,
            Some(path) => Some(format!("a change of {path} needs a human's approval")),
            None => Some(format!("it would {} {}, which needs a human's approval", step.action.verb(), step.action.target())),
        };
        if let Some(reason) = step.action.rows().into_iter().find_map(asks) {
            return Vote::AskHuman(reason);
        }
    }
    Vote::Allow
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::SessionId;
    use crate::domain::limits::Consent;
    use crate::domain::plan::OnFailure;
    use crate::domain::risk::Risk;
    use crate::planner::example::image_plan;
    use proptest::option::of;
    use proptest::prelude::*;
    use proptest::sample::select;

    fn accepted() -> Rehearsal {
        Rehearsal { steps: vec![Rehearsed::Accepted { note: None }] }
    }

    fn sure(percent: u8) -> Option<Belief> {
        Some(Belief { confidence: Confidence::percent(percent), ground: Ground::Seen })
    }

    #[test]
    fn what_events_alone_say_is_never_done_without_a_human() {
        let all = Limits { confidence_threshold: Confidence::percent(0), max_risk: Risk::High, ceiling: Risk::High, ..automatic() };
        for (ground, allowed) in [(Ground::Seen, true), (Ground::Told, false)] {
            let belief = Belief { confidence: Confidence::percent(100), ground };
            let decision = decide(&all, &image_plan(1), Some(belief), None, &accepted());
            assert_eq!(matches!(decision, Decision::Allow(_)), allowed, "{decision:?}");
        }
    }

    #[test]
    fn plan_of_no_known_cause_or_for_something_else_asks_and_says_that_alone() {
        let all = Limits { confidence_threshold: Confidence::percent(0), max_risk: Risk::High, ceiling: Risk::High, ..automatic() };
        let rows = [
            (None, None, "its cause is none of those that were found"),
            (sure(100), Some((Aside::Else, "web")), "the plan is about something else than `web`, which the issue names"),
            (sure(100), Some((Aside::PerhapsElse, "web")), "the plan is perhaps about something else than `web`, which the issue names"),
            (sure(100), Some((Aside::Part, "redis")), "the issue names `redis`, which was not found"),
        ];
        for (belief, aside, reason) in rows {
            let Decision::AskHuman(reasons) = decide(&all, &image_plan(1), belief, aside, &accepted()) else { panic!("{reason}") };
            assert_eq!(reasons.iter().collect::<Vec<_>>(), [reason]);
        }
        assert!(matches!(decide(&all, &image_plan(1), sure(100), None, &accepted()), Decision::Allow(_)));
    }

    #[test]
    fn what_somebody_states_asks_a_human_and_says_that_alone() {
        let all = Limits { confidence_threshold: Confidence::percent(0), max_risk: Risk::High, ceiling: Risk::High, ..automatic() };
        for source in [CauseSource::Model, CauseSource::Caller] {
            let plan = image_plan(1);
            let Aim::Cause(mut key) = plan.aim.clone() else { panic!() };
            key.source = source;
            let plan = RemediationPlan { aim: Aim::Cause(key), ..plan };
            let Decision::AskHuman(reasons) = decide(&all, &plan, sure(100), None, &accepted()) else { panic!("{source:?}") };
            assert_eq!(reasons.iter().collect::<Vec<_>>(), ["no rule found its cause: somebody who investigated proposes it"]);
        }
    }

    #[test]
    fn undo_is_never_made_without_a_human_and_says_that_alone() {
        let all = Limits { confidence_threshold: Confidence::percent(0), max_risk: Risk::High, ceiling: Risk::High, ..automatic() };
        let plan = RemediationPlan { aim: Aim::Undo(SessionId::from_entropy([1; 16])), ..image_plan(1) };
        for belief in [None, sure(100)] {
            let Decision::AskHuman(reasons) = decide(&all, &plan, belief, None, &accepted()) else { panic!("{belief:?}") };
            assert_eq!(reasons.iter().collect::<Vec<_>>(), ["an undo needs a human's approval"]);
        }
    }

    fn automatic() -> Limits {
        Limits { mode: Mode::Automatic, automatic_allowed: true, ..Limits::default() }
    }

    fn word(limits: &Limits, confidence: u8, rehearsal: &Rehearsal) -> &'static str {
        match decide(limits, &image_plan(1), sure(confidence), None, rehearsal) {
            Decision::Allow(_) => "allow",
            Decision::AskHuman(_) => "ask",
            Decision::Forbid(_) => "forbid",
        }
    }

    #[test]
    fn manual_mode_never_allows() {
        for confidence in [0, 50, 100] {
            assert_eq!(word(&Limits::default(), confidence, &accepted()), "ask");
        }
    }

    #[test]
    fn automatic_mode_allows_only_within_every_threshold() {
        assert_eq!(word(&automatic(), 95, &accepted()), "allow");
        assert_eq!(word(&automatic(), 79, &accepted()), "ask");
        let mut plan = image_plan(1);
        for step in plan.steps.iter_mut() {
            step.risk = Risk::Medium;
        }
        assert!(matches!(decide(&automatic(), &plan, sure(100), None, &accepted()), Decision::AskHuman(_)));
        for step in plan.steps.iter_mut() {
            step.risk = Risk::High;
        }
        assert!(matches!(decide(&automatic(), &plan, sure(100), None, &accepted()), Decision::Forbid(_)));
    }

    #[test]
    fn automatic_mode_that_the_operator_does_not_allow_asks_a_human() {
        let unallowed = Limits { automatic_allowed: false, ..automatic() };
        assert_eq!(word(&unallowed, 100, &accepted()), "ask");
    }

    #[test]
    fn more_than_three_changes_at_once_need_a_human() {
        let one = image_plan(1);
        for (steps, allowed) in [(1, true), (3, true), (4, false)] {
            let plan = RemediationPlan { steps: NonEmpty::from_vec(vec![one.steps.first().clone(); steps]).unwrap(), ..one.clone() };
            let rehearsal = Rehearsal { steps: vec![Rehearsed::Accepted { note: None }; steps] };
            let decision = decide(&automatic(), &plan, sure(100), None, &rehearsal);
            assert_eq!(matches!(decision, Decision::Allow(_)), allowed, "{steps}: {decision:?}");
            assert_eq!(matches!(decision, Decision::AskHuman(_)), !allowed, "{steps}: {decision:?}");
        }
    }

    #[test]
    fn rehearsal_that_failed_or_is_missing_forbids() {
        assert_eq!(word(&automatic(), 100, &Rehearsal { steps: vec![] }), "forbid");
        let refused = Rehearsal { steps: vec![Rehearsed::Refused { reason: "quota".into() }] };
        assert_eq!(word(&automatic(), 100, &refused), "forbid");
    }

    #[test]
    fn references_of_a_template_are_never_changed_without_a_human() {
        use crate::planner::example::{cause, deployment, set, snapshot};
        let path = crate::domain::field::FieldPath::dotted("spec.template.spec.volumes")
            .element("name", "data")
            .then("persistentVolumeClaim.claimName");
        let seen = snapshot(vec![(crate::domain::kind::Kind::Deployment, deployment())]);
        let plan = crate::planner::example::plan_at_rest(
            &cause(vec![set(path, "data".into())]),
            &seen,
            crate::domain::id::PlanId::from_entropy([1; 16]),
            crate::domain::plan::OnFailure::Keep,
        )
        .unwrap();
        assert_eq!(plan.risk(), Risk::Low);
        assert!(matches!(decide(&automatic(), &plan, sure(100), None, &accepted()), Decision::AskHuman(_)));
    }

    #[test]
    fn manual_by_wish_asks_a_human_under_every_consent_of_the_operator() {
        let policy = automatic().tightened(Some(Mode::Manual), None, None, None);
        assert_eq!(word(&policy, 100, &accepted()), "ask");
        let client = Limits { consent: Consent::Client, ..Limits::default() };
        assert!(client.counts_repeated_digest(Risk::Low).is_ok());
        assert!(client.tightened(Some(Mode::Manual), None, None, None).counts_repeated_digest(Risk::Low).is_err());
        let manual = Limits { mode: Mode::Manual, ..automatic() };
        assert_eq!(word(&manual.tightened(Some(Mode::Automatic), None, None, None), 100, &accepted()), "ask");
    }

    fn limits() -> impl Strategy<Value = Limits> {
        let risk = || select(vec![Risk::Low, Risk::Medium, Risk::High]);
        let words = (modes(), select(vec![Consent::Ask, Consent::Client]), failures(), any::<bool>());
        (words, 0..=100_u8, risk(), risk(), risk()).prop_map(|(words, threshold, ceiling, max_risk, client_max_risk)| {
            let (mode, consent, on_failure, automatic_allowed) = words;
            let confidence_threshold = Confidence::percent(threshold);
            Limits { mode, consent, confidence_threshold, ceiling, max_risk, client_max_risk, on_failure, automatic_allowed }
        })
    }

    fn modes() -> impl Strategy<Value = Mode> {
        select(vec![Mode::Manual, Mode::Automatic])
    }

    fn failures() -> impl Strategy<Value = OnFailure> {
        select(vec![OnFailure::Keep, OnFailure::Revert])
    }

    static PLAN: std::sync::LazyLock<RemediationPlan> = std::sync::LazyLock::new(|| image_plan(1));

    /// How far a plan comes under these limits: 0 nowhere, 1 to a human, 2 by itself.
    fn reach(limits: &Limits, plan: &RemediationPlan, confidence: u8) -> u8 {
        match decide(limits, plan, sure(confidence), None, &accepted()) {
            Decision::Forbid(_) => 0,
            Decision::AskHuman(_) => 1,
            Decision::Allow(_) => 2,
        }
    }

    proptest! {
        /// For all that an operator can set and all that a caller can wish, and for two sets of limits that hold at once.
        #[test]
        fn nothing_becomes_possible_by_a_wish_or_by_further_limits(
            (operator, other) in (limits(), limits()),
            (mode, threshold, on_failure) in (of(modes()), of(0..=100_u8), of(failures())),
            (max_risk, planned) in (of(select(vec![Risk::Low, Risk::Medium, Risk::High])), failures()),
            confidence in 0..=100_u8,
        ) {
            let wished = operator.tightened(mode, threshold.map(Confidence::percent), max_risk, on_failure);
            let both = operator.and(&other);
            let mut plan = RemediationPlan { on_failure: planned, ..(*PLAN).clone() };
            prop_assert_eq!(&both, &other.and(&operator));
            for tighter in [&wished, &both] {
                prop_assert!(tighter.on_failure >= operator.on_failure);
                prop_assert!(tighter.ceiling <= operator.ceiling);
                for risk in [Risk::Low, Risk::Medium, Risk::High] {
                    plan.steps.iter_mut().for_each(|step| step.risk = risk);
                    prop_assert!(reach(tighter, &plan, confidence) <= reach(&operator, &plan, confidence));
                    prop_assert!(tighter.counts_repeated_digest(risk).is_err() || operator.counts_repeated_digest(risk).is_ok());
                }
            }
        }
    }

    #[test]
    fn caller_cannot_loosen_what_the_operator_set() {
        let operator = Limits::default();
        let wished = operator.tightened(Some(Mode::Automatic), Confidence::new(0.1), Some(Risk::High), None);
        assert_eq!(wished, operator);
    }
}
