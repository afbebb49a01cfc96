//! Arbitrary plain values: names, objects, fields, times, and what else a session is made of.

use crate::domain::cause::{CauseKey, CauseSource};
use crate::domain::conversation::{AnswerPiece, Answered, CallBrought, Came, Conversation, Spoken, Stopped, Utterance, kept};
use crate::domain::diagnosis::Unlisted;
use crate::domain::dialogue::Tokens;
use crate::domain::excerpt::Excerpt;
use crate::domain::field::{FieldPath, Segment};
use crate::domain::id::SessionId;
use crate::domain::kind::Kind;
use crate::domain::look::ProbeName;
use crate::domain::nonempty::NonEmpty;
use crate::domain::object::{Namespace, ObjectRef};
use crate::domain::observation::{Observation, ObservationId, Observations};
use crate::domain::plan::OnFailure;
use crate::domain::purpose::Aim;
use crate::domain::risk::Risk;
use jiff::Timestamp;
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::Value;

pub(super) fn text() -> impl Strategy<Value = String> {
    "[a-z A-Z0-9äß`\"\n\\\\=:/{}-]{0,16}"
}

pub(super) fn name() -> impl Strategy<Value = String> {
    "[a-z][a-z0-9]{0,7}"
}

pub(super) fn namespace() -> impl Strategy<Value = Namespace> {
    name().prop_map(|n| Namespace::parse(&n).unwrap())
}

pub(super) fn time() -> impl Strategy<Value = Timestamp> {
    (0..4_000_000_000_i64, 0..1_000_000_000_i32).prop_map(|(s, n)| Timestamp::new(s, n).unwrap())
}

pub(super) fn known() -> impl Strategy<Value = Kind> {
    select(Kind::KNOWN.to_vec())
}

pub(super) fn in_its_place(kind: Kind, namespace: &Namespace, name: &str) -> ObjectRef {
    if kind.info().is_some_and(|i| i.namespaced) { ObjectRef::namespaced(kind, namespace, name) } else { ObjectRef::cluster(kind, name) }
}

pub(super) fn object() -> impl Strategy<Value = ObjectRef> {
    let other = (name(), name()).prop_map(|(v, k)| Kind::Other { api_version: format!("{v}/v1"), kind: k });
    (prop_oneof![5 => known(), 1 => other], namespace(), name()).prop_map(|(k, ns, n)| in_its_place(k, &ns, &n))
}

pub(super) fn field() -> impl Strategy<Value = FieldPath> {
    let segment = prop_oneof![
        text().prop_map(Segment::Key),
        (text(), text()).prop_map(|(key, value)| Segment::Element { key, value }),
        (0..9_usize).prop_map(Segment::Position),
    ];
    vec(segment, 0..4).prop_map(|segments| {
        segments.into_iter().fold(FieldPath::root(), |path, segment| match segment {
            Segment::Key(key) => path.key(&key),
            Segment::Element { key, value } => path.element(&key, &value),
            Segment::Position(index) => path.at(index),
        })
    })
}

pub(super) fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        text().prop_map(Value::from)
    ];
    leaf.prop_recursive(2, 8, 3, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..3).prop_map(Value::from),
            vec((text(), inner), 0..3).prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

pub(super) fn risk() -> impl Strategy<Value = Risk> {
    select(vec![Risk::Low, Risk::Medium, Risk::High])
}

pub(super) fn on_failure() -> impl Strategy<Value = OnFailure> {
    select(vec![OnFailure::Keep, OnFailure::Revert])
}

pub(super) fn source() -> impl Strategy<Value = CauseSource> {
    let rule = crate::analyze::known_code("pvc-missing").map(CauseSource::Rule).unwrap();
    select(vec![rule, CauseSource::Model, CauseSource::Caller])
}

pub(super) fn key() -> impl Strategy<Value = CauseKey> {
    (source(), object(), of(field())).prop_map(|(source, object, field)| CauseKey { source, object, field })
}

pub(super) fn some<T: std::fmt::Debug>(items: impl Strategy<Value = T>) -> impl Strategy<Value = NonEmpty<T>> {
    vec(items, 1..3).prop_map(|items| NonEmpty::from_vec(items).unwrap())
}

/// An object whose place in the API is known.
pub(super) fn placed() -> impl Strategy<Value = ObjectRef> {
    (known(), namespace(), name()).prop_map(|(kind, namespace, name)| in_its_place(kind, &namespace, &name))
}

/// What was looked at.
pub(super) fn observations() -> impl Strategy<Value = Observations> {
    let one = (select(ProbeName::ALL.to_vec()), text(), (of(object()), of(field())), text(), of(text()), time()).prop_map(
        |(probe, asked, (object, field), text, more, seen_at)| {
            let text = Excerpt::capture(&text, 1_000);
            Observation { probe, asked, object, field, text, more, seen_at }
        },
    );
    vec(one, 0..3).prop_map(|all| {
        let mut observations = Observations::default();
        all.into_iter().for_each(|one| {
            observations.add(one).unwrap();
        });
        observations
    })
}

/// What was said.
pub(super) fn conversation() -> impl Strategy<Value = Conversation> {
    let line = || text().prop_map(|text| kept(&text));
    let what =
        || prop_oneof![(1_u32..99).prop_map(|n| Came::Seen(ObservationId::parse(&format!("o{n}")).unwrap())), line().prop_map(Came::Told)];
    let brought = move || vec((text(), what()).prop_map(|(call, what)| CallBrought::of(&call, what)), 0..3);
    let piece = prop_oneof![
        line().prop_map(AnswerPiece::Text),
        (line(), line(), line()).prop_map(|(id, name, input)| AnswerPiece::Call { id, name, input }),
        Just(AnswerPiece::Opaque)
    ];
    let tokens =
        any::<[u32; 3]>().prop_map(|[input, cached, output]| Tokens { input: input.into(), cached: cached.into(), output: output.into() });
    let answer = (line(), vec(piece, 0..3), select(Stopped::ALL.to_vec()), of(tokens)).prop_map(|(model, pieces, stop, tokens)| Answered {
        model,
        pieces,
        stop,
        tokens,
    });
    let spoken = prop_oneof![
        (brought(), vec(line(), 0..2), text()).prop_map(|(brought, words, prompts)| Spoken::ToModel { brought, words, prompts }),
        answer.prop_map(Spoken::ByModel),
        line().prop_map(Spoken::NoAnswer),
        brought().prop_map(Spoken::Looks),
        (line(), line()).prop_map(|(by, text)| Spoken::Proposal { by, text }),
        line().prop_map(Spoken::Ended),
    ];
    let one = (time(), spoken).prop_map(|(at, spoken)| Utterance { at, spoken });
    (vec(one, 0..4), 0_u32..3).prop_map(|(kept, left_out)| Conversation::resumed(kept, left_out))
}

/// What a plan is for.
pub(super) fn aim() -> impl Strategy<Value = Aim> {
    prop_oneof![3 => key().prop_map(Aim::Cause), 1 => any::<[u8; 16]>().prop_map(|id| Aim::Undo(SessionId::from_entropy(id)))]
}

/// What was cut.
pub(super) fn unlisted() -> impl Strategy<Value = Unlisted> {
    (vec(key(), 0..2), any::<[u8; 4]>()).prop_map(|(causes, counts)| {
        let [more_causes, in_progress, seen, doubts] = counts.map(usize::from);
        Unlisted { causes, more_causes, in_progress, seen, doubts }
    })
}
