//! Arbitrary sessions: every state, every kind of value in it, and nothing that hangs together but what must.

mod values;

use crate::domain::action::{Action, Change, FieldOp, Revisions, RolledOut};
use crate::domain::cause::{Cause, Place};
use crate::domain::changes::Verb;
use crate::domain::check::Check;
use crate::domain::confidence::Confidence;
use crate::domain::diagnosis::Diagnosis;
use crate::domain::door::Door;
use crate::domain::ending::Ending;
use crate::domain::evidence::{Evidence, EvidenceId, EvidenceList, EvidenceSource, Gap, GapWhy, Ground};
use crate::domain::excerpt::Excerpt;
use crate::domain::execution::{Execution, StepOutcome, Undone};
use crate::domain::finding::Relation;
use crate::domain::finding::{Advice, CausalLink, Choice, Proposal, Remedy, Symptom, Way};
use crate::domain::focus::{Because, Doubt, Focus, Missing, Seen};
use crate::domain::id::{PlanId, SessionId};
use crate::domain::issue::{Origin, Scope};
use crate::domain::kind::Kind;
use crate::domain::limits::{Consent, Limits, Mode, Wishes};
use crate::domain::nonempty::NonEmpty;
use crate::domain::plan::{Judged, Pinned, Precondition, RemediationPlan, Step, Undo};
use crate::domain::proposal::ProposedBy;
use crate::domain::purpose::{Aim, Purpose};
use crate::domain::request::{Method, Request};
use crate::domain::snapshot::{Cluster, ClusterId};
use crate::domain::usage::Usage;
use crate::domain::validation::{CheckResult, Validation, Verdict};
use crate::domain::words::{Lost, Stated, Why};
use crate::session::gate::{Rehearsal, Rehearsed};
use crate::session::process::ProcessMark;
use crate::session::trail::{Effect, Entry, Trail};
use crate::session::{Closed, Diagnosed, Executing, Header, Investigating, Planned, Reverting, Session, Validating};
use jiff::{SignedDuration, Timestamp};
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::json;
use std::collections::BTreeSet;
use values::{
    aim, conversation, field, in_its_place, key, known, name, namespace, object, observations, on_failure, placed, risk, some, source,
    text, time, unlisted, value,
};

fn destination(action: &Action) -> (Method, String) {
    let (verb, target, _) = action.change();
    match verb {
        Verb::Create => (Method::Post, target.kind.path(target.namespace.as_ref(), None).unwrap()),
        Verb::Patch | Verb::Restart | Verb::UndoRollout => (Method::Patch, target.path().unwrap()),
        Verb::Delete => (Method::Delete, target.path().unwrap()),
        Verb::Evict => (Method::Post, format!("{}/eviction", target.path().unwrap())),
    }
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![value().prop_map(Change::Set), Just(Change::Remove)]
}

fn action() -> impl Strategy<Value = Action> {
    let op = || (field(), of(value()), change()).prop_map(|(path, seen, change)| FieldOp { path, seen, change });
    let rolled_out = || (any::<u32>(), placed()).prop_map(|(revision, set)| RolledOut { revision, set });
    prop_oneof![
        (placed(), value()).prop_map(|(object, spec)| Action::Create { object, manifest: json!({ "spec": spec }) }),
        (placed(), some(op())).prop_map(|(target, ops)| Action::Patch { target, ops }),
        placed().prop_map(|claim| Action::DeleteUnboundClaim { claim }),
        (placed(), time()).prop_map(|(target, at)| Action::RestartRollout { target, at }),
        (placed(), rolled_out(), rolled_out(), some(op())).prop_map(|(target, from, to, ops)| Action::UndoRollout {
            target,
            between: Box::new(Revisions { from, to }),
            ops
        }),
        placed().prop_map(|pod| Action::DeletePod { pod }),
        placed().prop_map(|pod| Action::EvictPod { pod }),
    ]
}

fn check() -> impl Strategy<Value = Check> {
    let code = crate::analyze::known_code("img-tag-not-found").unwrap();
    prop_oneof![
        object().prop_map(Check::RolloutComplete),
        object().prop_map(Check::PodReady),
        object().prop_map(Check::ClaimBound),
        object().prop_map(Check::EndpointsReady),
        (object(), any::<u32>()).prop_map(|(service, ready)| Check::StillServes { service, ready }),
        object().prop_map(Check::SymptomGone),
        (object(), of(field())).prop_map(move |(object, field)| Check::FindingGone { code, object, field }),
        (object(), field(), of(value())).prop_map(|(object, field, value)| Check::FieldIs { object, field, value }),
        object().prop_map(Check::Gone),
    ]
}

fn request() -> impl Strategy<Value = Request> {
    let method = select(vec![Method::Post, Method::Patch, Method::Delete]);
    (method, text(), text()).prop_map(|(method, path, body)| Request { method, path, body })
}

fn undo() -> impl Strategy<Value = Undo> {
    prop_oneof![
        (request(), text()).prop_map(|(request, summary)| Undo::Restore { request, summary }),
        text().prop_map(|why| Undo::None { why }),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let precondition =
        (of(text()), of(text()), of(any::<i64>()), vec((field(), of(value())).prop_map(|(path, value)| Pinned { path, value }), 0..3))
            .prop_map(|(uid, resource_version, generation, fields)| Precondition { uid, resource_version, generation, fields });
    (action(), text(), (text(), any::<bool>()), text(), risk(), precondition, undo(), text()).prop_map(
        |(action, why, (body, query), diff, risk, precondition, undo, command)| {
            let (method, path) = destination(&action);
            let path = if query { format!("{path}?fieldManager=kubemend") } else { path };
            let request = Request { method, path, body };
            Step { action, why, request, diff, risk, precondition, undo, command }
        },
    )
}

/// A plan for anything.
pub(crate) fn plan() -> impl Strategy<Value = RemediationPlan> {
    let kinds = select(vec![Kind::Pod, Kind::Event, Kind::PersistentVolumeClaim]);
    let duration = || (0..100_000_i64).prop_map(SignedDuration::from_secs);
    let judged = (vec(object(), 0..3), vec(kinds, 0..3), duration(), duration());
    let judged = judged.prop_map(|(about, saw, settle, wait)| Judged { about, saw, settle, wait });
    (any::<[u8; 16]>(), aim(), text(), some(step()), some(check()), judged, on_failure(), text()).prop_map(
        |(id, aim, summary, steps, checks, judged, on_failure, cluster)| RemediationPlan {
            id: PlanId::from_entropy(id),
            aim,
            summary,
            steps,
            checks,
            judged,
            on_failure,
            cluster,
        },
    )
}

fn advice() -> impl Strategy<Value = Advice> {
    (text(), of(text()), text()).prop_map(|(text, command, why)| Advice { text, command, why })
}

fn symptom() -> impl Strategy<Value = Symptom> {
    (object(), text()).prop_map(|(object, summary)| Symptom { object, summary })
}

fn link() -> impl Strategy<Value = CausalLink> {
    (object(), select(&Relation::ALL[..]), object()).prop_map(|(from, relation, to)| CausalLink { from, relation, to })
}

fn remedy() -> impl Strategy<Value = Remedy> {
    let proposal = (action(), text(), risk()).prop_map(|(action, why, risk)| Proposal { action, why, risk });
    let back = (object(), any::<u32>()).prop_map(|(workload, revision)| Way::GoBack { workload, revision });
    let way = prop_oneof![action().prop_map(Way::Change), object().prop_map(Way::Edit), back];
    let choice = (text(), way, text()).prop_map(|(text, way, why)| Choice { text, way, why });
    (vec(proposal, 0..2), vec(choice, 0..2), vec(check(), 0..2), vec(advice(), 0..2))
        .prop_map(|(proposals, choices, checks, advice)| Remedy { proposals, choices, checks, advice })
}

fn evidence() -> impl Strategy<Value = Evidence> {
    let source = select(vec![EvidenceSource::Object, EvidenceSource::Event, EvidenceSource::Log]);
    (source, of(object()), of(field()), text(), time()).prop_map(|(source, object, field, text, seen_at)| Evidence {
        source,
        object,
        field,
        text: Excerpt::event(&text),
        seen_at,
    })
}

fn place() -> impl Strategy<Value = Place> {
    (object(), of(field())).prop_map(|(object, field)| Place { object, field })
}

/// A cause that cites some of these.
fn cause(ids: Vec<EvidenceId>) -> impl Strategy<Value = Cause> {
    let cites = vec(any::<Index>(), 1..4)
        .prop_map(move |places| NonEmpty::from_vec(places.into_iter().map(|at| ids[at.index(ids.len())]).collect()).unwrap());
    let keys = (key(), vec(place(), 0..3));
    let sure = (0..=100_u8, select(vec![Ground::Seen, Ground::Told]));
    (keys, text(), text(), of(text()), of(text()), sure, cites, vec(link(), 0..3), vec(symptom(), 0..3), remedy()).prop_map(
        |((key, also), title, explanation, found, expected, (sure, ground), cites, chain, symptoms, remedy)| Cause {
            source: key.source,
            title,
            explanation,
            object: key.object,
            field: key.field,
            also,
            found,
            expected,
            confidence: Confidence::percent(sure),
            ground,
            cites,
            chain,
            symptoms,
            remedy,
        },
    )
}

/// A diagnosis that holds what it cites.
pub(crate) fn diagnosis() -> impl Strategy<Value = Diagnosis> {
    let why = select(GapWhy::ALL.to_vec());
    let gap = (text(), why, of(text())).prop_map(|(what, why, unlock)| Gap { what, why, unlock });
    let of_evidence = |evidence: EvidenceList| {
        let ids: Vec<EvidenceId> = evidence.iter().map(|(id, _)| id).collect();
        (vec(cause(ids), 0..3), Just(evidence))
    };
    let evidence = vec(evidence(), 1..5).prop_map(|pieces| {
        let mut evidence = EvidenceList::default();
        for piece in pieces {
            evidence.add(piece);
        }
        evidence
    });
    (
        evidence.prop_flat_map(of_evidence),
        vec(symptom(), 0..2),
        vec(advice(), 0..2),
        vec(gap, 0..2),
        focus(),
        vec(seen(), 0..2),
        vec(doubt(), 0..2),
        unlisted(),
    )
        .prop_map(|((causes, evidence), unexplained, in_progress, unseen, focus, seen, doubts, unlisted)| Diagnosis {
            causes,
            evidence,
            unexplained,
            in_progress,
            unseen,
            focus,
            seen,
            doubts,
            unlisted,
        })
}

fn focus() -> impl Strategy<Value = Focus> {
    let because = select(vec![Because::Asked, Because::Words, Because::Objects, Because::Context, Because::Everywhere]);
    let missing = (text(), vec(name(), 0..2)).prop_map(|(word, nearest)| Missing { word, nearest });
    let texts = || vec(text(), 0..2);
    (because, vec(object(), 0..2), vec(lost(), 0..2), vec(missing, 0..2), texts(), texts(), any::<bool>(), any::<bool>()).prop_map(
        |(because, about, lost, missing, unsure, beyond, beside, certain)| Focus {
            because,
            about,
            lost,
            missing,
            unsure,
            beyond,
            beside,
            certain,
        },
    )
}

fn lost() -> impl Strategy<Value = Lost> {
    let why = select(vec![Why::Absent, Why::Prose, Why::Unchecked, Why::Passed]);
    let by = select(vec![Stated::Word, Stated::Slash, Stated::In]);
    (name(), vec(name(), 0..2), why, by).prop_map(|(name, nearest, why, by)| Lost { name, nearest, why, by })
}

fn seen() -> impl Strategy<Value = Seen> {
    (object(), text()).prop_map(|(object, how)| Seen { object, how })
}

fn doubt() -> impl Strategy<Value = Doubt> {
    (of(object()), text(), of(any::<i64>()), any::<bool>()).prop_map(|(object, why, again_in, past)| Doubt { object, why, again_in, past })
}

fn limits() -> impl Strategy<Value = Limits> {
    let mode = select(vec![Mode::Manual, Mode::Automatic]);
    let consent = select(vec![Consent::Ask, Consent::Client]);
    (mode, consent, 0..=100_u8, risk(), risk(), risk(), on_failure(), any::<bool>()).prop_map(
        |(mode, consent, threshold, ceiling, max_risk, client_max_risk, on_failure, automatic_allowed)| Limits {
            mode,
            consent,
            confidence_threshold: Confidence::percent(threshold),
            ceiling,
            max_risk,
            client_max_risk,
            on_failure,
            automatic_allowed,
        },
    )
}

fn wishes() -> impl Strategy<Value = Wishes> {
    let mode = select(vec![Mode::Manual, Mode::Automatic]);
    let threshold = (0..=100_u8).prop_map(Confidence::percent);
    (of(mode), of(threshold), of(risk()), of(on_failure())).prop_map(|(mode, confidence_threshold, max_risk, on_failure)| Wishes {
        mode,
        confidence_threshold,
        max_risk,
        on_failure,
    })
}

fn scope() -> impl Strategy<Value = Scope> {
    let some = (namespace(), vec((known(), name()), 0..3)).prop_map(|(namespace, objects)| {
        let objects = objects.into_iter().map(|(kind, name)| in_its_place(kind, &namespace, &name)).collect();
        Scope::Namespace { namespace, objects }
    });
    let several = vec((namespace(), known(), name()), 2..4).prop_map(|named| {
        let objects = named.iter().map(|(namespace, kind, name)| in_its_place(kind.clone(), namespace, name)).collect();
        Scope::of(named.into_iter().map(|(namespace, ..)| namespace).collect(), objects)
    });
    prop_oneof![3 => some, 1 => several, 1 => Just(Scope::All)]
}

fn usage() -> impl Strategy<Value = Usage> {
    any::<([u64; 6], Option<u64>)>().prop_map(|([elapsed_ms, api_calls, model_calls, input_tokens, cached_tokens, output_tokens], cost)| {
        Usage {
            elapsed_ms,
            api_calls,
            model_calls,
            input_tokens,
            cached_tokens,
            output_tokens,
            cost: cost.map(crate::domain::prices::Cost),
        }
    })
}

fn cluster() -> impl Strategy<Value = Cluster> {
    (text(), text(), text(), of("[0-9a-f-]{1,36}"), any::<bool>()).prop_map(|(context, server, version, uid, unverified)| {
        let id = ClusterId::of_connection(&server, &[], None).with_uid(uid.as_deref());
        Cluster { context, server, version, id, unverified }
    })
}

fn header() -> impl Strategy<Value = Header> {
    let origin = select(vec![Origin::Caller, Origin::Event]);
    let by = (any::<[u8; 16]>(), text()).prop_map(|(id, name)| ProposedBy { session: SessionId::from_entropy(id), name });
    let effect = select(Effect::ALL.to_vec());
    let trail = vec((time(), text(), text(), effect).prop_map(|(at, who, what, effect)| Entry { at, who, what, effect }), 0..4)
        .prop_map(Trail::from_entries);
    let process = (text(), any::<u64>()).prop_map(|(host, started)| ProcessMark { host, started });
    let known = (diagnosis(), vec(known(), 0..3), (observations(), conversation()), (vec(advice(), 0..2), of(advice())), usage());
    (any::<[u8; 16]>(), time(), text(), (origin, of(by)), scope(), (limits(), wishes()), cluster(), known, (trail, of(process))).prop_map(
        |(
            id,
            opened_at,
            words,
            (origin, proposed_by),
            scope,
            (limits, wishes),
            cluster,
            (diagnosis, looked, (observations, conversation), (advice, withheld), usage),
            (trail, process),
        )| {
            Header {
                id: SessionId::from_entropy(id),
                opened_at,
                purpose: Purpose::Issue(words),
                origin,
                proposed_by,
                scope,
                limits,
                wishes,
                cluster,
                diagnosis,
                looked,
                observations,
                conversation,
                advice,
                withheld,
                usage,
                trail,
                process,
            }
        },
    )
}

fn outcome() -> impl Strategy<Value = StepOutcome> {
    prop_oneof![
        time().prop_map(|at| StepOutcome::Intended { at }),
        (time(), of(text())).prop_map(|(at, uid)| StepOutcome::Applied { at, uid }),
        (time(), of(text()), text()).prop_map(|(at, uid, message)| StepOutcome::Altered { at, uid, message }),
        (time(), text()).prop_map(|(at, message)| StepOutcome::Refused { at, message }),
        (time(), text()).prop_map(|(at, message)| StepOutcome::Failed { at, message }),
        (time(), text()).prop_map(|(at, message)| StepOutcome::Unknown { at, message }),
        Just(StepOutcome::NotReached),
    ]
}

fn undone() -> impl Strategy<Value = Undone> {
    prop_oneof![Just(Undone::NotNeeded), text().prop_map(|why| Undone::Stays { why }), outcome().prop_map(Undone::Sent)]
}

fn execution(steps: usize) -> impl Strategy<Value = Execution> {
    let reverted = of(vec(undone(), steps).prop_map(|all| NonEmpty::from_vec(all).unwrap()));
    (vec(outcome(), steps), reverted, any::<bool>(), of(text())).prop_map(|(steps, reverted, cancelled, stopped)| Execution {
        steps: NonEmpty::from_vec(steps).unwrap(),
        reverted,
        cancelled,
        stopped,
    })
}

fn validation() -> impl Strategy<Value = Validation> {
    let verdict = select(Verdict::ALL);
    let result = (check(), of(any::<bool>()), text()).prop_map(|(check, passed, observed)| CheckResult { check, passed, observed });
    let settled = (0..100_000_i64, 0..1_000_000_000_i32).prop_map(|(s, n)| SignedDuration::new(s, n));
    (verdict, vec(result, 0..3), settled, time(), of(text())).prop_map(|(verdict, checks, settled_for, at, why)| Validation {
        verdict,
        checks,
        settled_for,
        at,
        why,
    })
}

fn door() -> impl Strategy<Value = Door> {
    prop_oneof![Just(Door::Terminal), Just(Door::CommandLine), text().prop_map(Door::Client), Just(Door::Library)]
}

/// A plan with its dry run, and what came of it.
fn carried_out() -> impl Strategy<Value = (Planned, Execution)> {
    plan().prop_flat_map(|plan| {
        let steps = plan.steps.len();
        let rehearsed =
            prop_oneof![of(text()).prop_map(|note| Rehearsed::Accepted { note }), text().prop_map(|reason| Rehearsed::Refused { reason })];
        let rehearsal = of(vec(rehearsed, steps).prop_map(|steps| Rehearsal { steps }));
        (rehearsal.prop_map(move |rehearsal| Planned { plan: plan.clone(), rehearsal }), execution(steps))
    })
}

/// A session in any state at rest, whose plan is for a cause that it names, or for the undo that the session is for.
pub(crate) fn session() -> impl Strategy<Value = Session> {
    let parts = (header(), carried_out(), cause_of_the_plan(), (validation(), door()));
    let choices = (0..7_usize, any::<[bool; 3]>(), time(), any::<u32>(), select(Ending::ALL), any::<[u8; 32]>());
    (parts, choices).prop_map(|((mut header, (mut planned, execution), mut cause, (validation, door)), choices)| {
        planned.plan.cluster = header.cluster.id.to_string();
        let (state, [with_plan, with_execution, with_validation], until, pid, ending, secret) = choices;
        match planned.plan.aim.clone() {
            Aim::Cause(key) => {
                (cause.source, cause.object, cause.field) = (key.source, key.object, key.field);
                let piece = header.diagnosis.evidence.iter().map(|(id, _)| id).next().unwrap();
                header.diagnosis.causes.push(Cause { cites: NonEmpty::one(piece), ..cause });
            }
            Aim::Undo(session) => header.purpose = Purpose::Undo(session),
        }
        match state {
            0 => Session::Investigating(Investigating { header, until }),
            1 => Session::Diagnosed(Diagnosed { header, planned: with_plan.then_some(planned), until }),
            2 => {
                let (mut waiting, _) = header.propose(planned, secret, until, door);
                if with_execution {
                    let longer = until.saturating_add(SignedDuration::from_secs(i64::from(pid))).unwrap();
                    waiting.ask_again(secret.map(|byte| !byte), longer, Timestamp::MIN, &Door::Terminal).unwrap();
                }
                Session::AwaitingApproval(waiting)
            }
            3 => Session::Executing(Executing { header, planned, execution, pid, until }),
            4 => Session::Validating(Validating { header, planned, execution, pid, until }),
            5 => {
                Session::Reverting(Reverting { header, planned, execution, validation: with_validation.then_some(validation), pid, until })
            }
            _ => Session::Closed(Closed {
                header,
                ending,
                execution: (with_plan && with_execution).then_some(execution),
                planned: with_plan.then_some(planned),
                validation: with_validation.then_some(validation),
            }),
        }
    })
}

fn cause_of_the_plan() -> impl Strategy<Value = Cause> {
    let mut evidence = EvidenceList::default();
    let id = evidence.add(Evidence {
        source: EvidenceSource::Object,
        object: None,
        field: None,
        text: Excerpt::default(),
        seen_at: Timestamp::UNIX_EPOCH,
    });
    cause(vec![id])
}

/// A variant that nobody generates is one whose stored form nobody tries.
#[test]
fn every_variant_of_what_is_stored_is_generated() {
    let domain = [
        ("Action", include_str!("../../domain/action.rs"), names(action())),
        ("Change", include_str!("../../domain/action.rs"), names(change())),
        ("CauseSource", include_str!("../../domain/cause.rs"), names(source())),
        ("Check", include_str!("../../domain/check.rs"), names(check())),
        ("Door", include_str!("../../domain/door.rs"), names(door())),
        ("StepOutcome", include_str!("../../domain/execution.rs"), names(outcome())),
        ("Undone", include_str!("../../domain/execution.rs"), names(undone())),
        ("Scope", include_str!("../../domain/issue.rs"), names(scope())),
        ("OnFailure", include_str!("../../domain/plan.rs"), names(on_failure())),
        ("Aim", include_str!("../../domain/purpose.rs"), names(aim())),
        ("Purpose", include_str!("../../domain/purpose.rs"), names(session().prop_map(|session| session.header().purpose.clone()))),
        ("Undo", include_str!("../../domain/plan.rs"), names(plan().prop_map(|plan| plan.steps.first().undo.clone()))),
        ("Verdict", include_str!("../../domain/validation.rs"), names(validation().prop_map(|validation| validation.verdict))),
        ("Session", include_str!("../../session.rs"), names(session())),
    ];
    for (name, text, generated) in domain {
        let file = syn::parse_file(text).unwrap();
        let found = file.items.into_iter().find_map(|item| match item {
            syn::Item::Enum(found) if found.ident == name => Some(found),
            _ => None,
        });
        let declared: BTreeSet<String> = found.unwrap().variants.iter().map(|variant| variant.ident.to_string()).collect();
        // No more samples than it takes.
        let mut seen = BTreeSet::new();
        for variant in generated {
            seen.insert(variant);
            if seen == declared {
                break;
            }
        }
        assert_eq!(seen, declared, "{name}");
    }
}

/// The names of the variants among many samples: the chance that one of ten stays away is below one in ten billion.
fn names<T: std::fmt::Debug>(samples: impl Strategy<Value = T> + 'static) -> Box<dyn Iterator<Item = String>> {
    let mut runner = TestRunner::deterministic();
    let sample = move |_| format!("{:?}", samples.new_tree(&mut runner).unwrap().current());
    Box::new((0..256).map(sample).map(|text| text.split([' ', '(', '{']).next().unwrap().to_owned()))
}
