//! How a human is asked through the client, and what of an answer is a human's: the only place in this surface that makes a yes.
//! One required choice, of which the value for a yes names the plan; nothing generic hits it, and nothing is chosen by default.

use crate::call::{FASTEST_PERSON, HumanAnswer};
use crate::domain::canonical::sorted;
use crate::domain::focus::Aside;
use crate::domain::plan::PlanDigest;
use crate::workflow::{Question, Undecided};
use rmcp::RoleServer;
use rmcp::model::{
    ConstTitle, ElicitRequestParams, ElicitResult, ElicitationAction, ElicitationSchema, EnumSchema, JsonObject, LegacyEnumSchema,
    PrimitiveSchemaDefinition, ProtocolVersion, SingleSelectEnumSchema, TitledSingleSelectEnumSchema,
};
use rmcp::service::RequestContext;
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::Duration;

/// The one field of the form, and the key of the input request.
pub(super) const DECISION: &str = "decision";
/// What the field holds when nothing is to be changed; it stands first.
const CHANGE_NOTHING: &str = "change-nothing";
/// What it holds when nothing is decided now. It stands last: a form that moves on from a field that it does not accept ends up on
/// the last choice, and the value that approves is never where a cursor starts or ends up.
const LATER: &str = "ask-later";
/// Characters of the digest that stand for the plan: enough that nothing hits it by accident.
const CODE_CHARACTERS: usize = 4;
/// Characters kept of a client's name.
const CLIENT_NAME_LIMIT: usize = 80;

/// How this client's human can be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Channel {
    /// By a request to the client, while the call waits.
    Elicitation,
    /// By a result that asks for input; the client calls again.
    InputRequired,
    /// Not at all.
    None,
}

impl Channel {
    pub(crate) fn of(request: &RequestContext<RoleServer>) -> Self {
        // Not from the handshake: a stateless request brings its own capabilities.
        let declared = request.client_capabilities().and_then(|c| c.elicitation);
        let form = declared.is_some_and(|e| e.form.is_some() || e.url.is_none());
        match request.protocol_version() {
            Some(version) if form && version.has_initialize() => Channel::Elicitation,
            Some(_) if form => Channel::InputRequired,
            Some(_) | None => Channel::None,
        }
    }
}

/// The value that approves one plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ApplyCode(String);

impl ApplyCode {
    pub(super) fn of(digest: &PlanDigest) -> Self {
        let hex = digest.as_str().rsplit(':').next().unwrap_or_default();
        Self(hex.chars().take(CODE_CHARACTERS).collect())
    }

    fn value(&self) -> String {
        format!("apply-{}", self.0)
    }
}

/// What came back, `after` so long. Only a choice that a person can have made decides anything.
pub(super) fn human_answer(result: &ElicitResult, code: &ApplyCode, after: Duration) -> HumanAnswer {
    if after < FASTEST_PERSON {
        return HumanAnswer::Undecided(Undecided::ByItself);
    }
    match result.action {
        ElicitationAction::Accept => {
            let chosen = result.content.as_ref().and_then(|content| content.get(DECISION)).and_then(Value::as_str);
            match chosen {
                Some(value) if value == code.value() => HumanAnswer::Yes,
                Some(CHANGE_NOTHING) => HumanAnswer::No,
                Some(LATER) => HumanAnswer::Undecided(Undecided::Later),
                Some(_) => HumanAnswer::Undecided(Undecided::NoChoice),
                None => HumanAnswer::Undecided(without_words(result)),
            }
        }
        ElicitationAction::Decline => HumanAnswer::No,
        ElicitationAction::Cancel => HumanAnswer::Undecided(Undecided::Dismissed),
        _ => HumanAnswer::Undecided(Undecided::ByItself),
    }
}

/// An accept whose decision is no text: some value that the form does not have, or none at all, which is a client's own doing.
fn without_words(result: &ElicitResult) -> Undecided {
    match result.content.as_ref().and_then(|content| content.get(DECISION)) {
        Some(Value::Null) | None => Undecided::ByItself,
        Some(_) => Undecided::NoChoice,
    }
}

/// The whole question, and one choice to answer it with. The text is never cut: a human decides on what it says.
pub(super) fn form(question: &Question, text: String, version: Option<&ProtocolVersion>) -> ElicitRequestParams {
    let code = ApplyCode::of(&question.digest);
    let choices = [
        (CHANGE_NOTHING.to_owned(), "Change nothing".to_owned()),
        (code.value(), apply(question, &code)),
        (LATER.to_owned(), "Change nothing now; ask me later".to_owned()),
    ];
    // Titles of choices have had their present form since 2025-11-25; before it, names stood beside the values.
    let titled = version.is_none_or(|version| *version >= ProtocolVersion::V_2025_11_25);
    let field = if titled {
        let choices = choices.into_iter().map(|(value, title)| ConstTitle::new(value, title)).collect();
        let mut field = TitledSingleSelectEnumSchema::new(choices);
        field.title = Some("Decision".into());
        EnumSchema::Single(SingleSelectEnumSchema::Titled(field))
    } else {
        let (values, titles) = choices.into_iter().unzip();
        let mut field = LegacyEnumSchema::new(values);
        field.title = Some("Decision".into());
        field.enum_names = Some(titles);
        EnumSchema::Legacy(field)
    };
    let properties = BTreeMap::from([(DECISION.to_owned(), PrimitiveSchemaDefinition::Enum(field))]);
    ElicitRequestParams::FormElicitationParams {
        meta: None,
        message: text,
        requested_schema: ElicitationSchema::new(properties).with_required(vec![DECISION.to_owned()]),
    }
}

/// What choosing to apply it means: which plan, whose it is where no rule found its cause, and how far it is from what was asked.
fn apply(question: &Question, code: &ApplyCode) -> String {
    let by = question.by.map(|by| format!(", proposed by {by}")).unwrap_or_default();
    format!("Apply plan {}{by}{}", code.0, question.aside.map_or("", Aside::behind_a_choice))
}

/// What a request state is bound to: the tool and its arguments, whatever the order of their keys.
pub(crate) fn bound_to(tool: &str, arguments: &JsonObject) -> Vec<u8> {
    let arguments = sorted(&Value::Object(arguments.clone()));
    format!("tools/call {tool} {arguments}").into_bytes()
}

/// The client's name as it gave it, bounded, for the record.
pub(crate) fn client_name(request: &RequestContext<RoleServer>) -> String {
    let name = request.client_info().map(|info| info.name).unwrap_or_default();
    let name: String = name.chars().filter(|c| !c.is_control()).take(CLIENT_NAME_LIMIT).collect();
    if name.trim().is_empty() { "an MCP client without a name".to_owned() } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const PERSON: Duration = Duration::from_secs(3);

    fn code() -> ApplyCode {
        ApplyCode::of(&PlanDigest::parse(&format!("sha256:7f3a{}", "0".repeat(60))).unwrap())
    }

    fn said(action: &str, content: &Value, after: Duration) -> HumanAnswer {
        human_answer(&serde_json::from_value(json!({"action": action, "content": content})).unwrap(), &code(), after)
    }

    #[test]
    fn only_an_accepted_choice_of_this_very_plan_is_yes() {
        assert_eq!(said("accept", &json!({"decision": "apply-7f3a"}), PERSON), HumanAnswer::Yes);
        for content in [json!({"approve": true}), json!({}), json!({"decision": null}), Value::Null, json!(["apply-7f3a"])] {
            assert_eq!(said("accept", &content, PERSON), HumanAnswer::Undecided(Undecided::ByItself), "{content}");
        }
    }

    /// What somebody typed into a field of the client's own is no choice, and not the client's doing either.
    #[test]
    fn an_answer_that_is_none_of_the_choices_is_recorded_as_that() {
        for decision in [json!("no, do not do this"), json!("apply-7f3b"), json!("apply"), json!(""), json!(true), json!(["apply-7f3a"])] {
            let content = json!({"decision": decision});
            assert_eq!(said("accept", &content, PERSON), HumanAnswer::Undecided(Undecided::NoChoice), "{content}");
        }
        assert_eq!(said("accept", &json!({"decision": "ask-later"}), PERSON), HumanAnswer::Undecided(Undecided::Later));
    }

    #[test]
    fn a_person_declines_by_choice_or_by_button_and_a_closed_dialog_decides_nothing() {
        assert_eq!(said("accept", &json!({"decision": "change-nothing"}), PERSON), HumanAnswer::No);
        assert_eq!(said("decline", &json!({"decision": "apply-7f3a"}), PERSON), HumanAnswer::No);
        assert_eq!(said("cancel", &json!({"decision": "apply-7f3a"}), PERSON), HumanAnswer::Undecided(Undecided::Dismissed));
    }

    #[test]
    fn an_answer_faster_than_a_person_decides_nothing_whatever_it_is() {
        let fast = Duration::from_millis(499);
        for (action, content) in
            [("accept", json!({"decision": "apply-7f3a"})), ("accept", json!({})), ("decline", Value::Null), ("cancel", Value::Null)]
        {
            assert_eq!(said(action, &content, fast), HumanAnswer::Undecided(Undecided::ByItself), "{action}");
        }
        assert_eq!(said("decline", &Value::Null, FASTEST_PERSON), HumanAnswer::No);
    }

    #[test]
    fn the_order_of_keys_binds_nothing_and_their_values_do() {
        let of = |text: &str| bound_to("remediate", serde_json::from_str::<Value>(text).unwrap().as_object().unwrap());
        assert_eq!(of(r#"{"issue":"x","namespace":"a"}"#), of(r#"{"namespace":"a","issue":"x"}"#));
        assert_ne!(of(r#"{"issue":"x","namespace":"a"}"#), of(r#"{"issue":"x","namespace":"b"}"#));
    }
}
