//! What an agent concludes in the embedded cluster: an analysis of its own, a look at the object that it is about, and changes for it.

use super::embedded::Embedded;
use kubemend::domain::id::SessionId;
use kubemend::domain::issue::Issue;
use kubemend::domain::limits::Limits;
use kubemend::domain::object::Namespace;
use kubemend::domain::risk::Risk;
use kubemend::probe::arguments::LookArguments;
use kubemend::workflow::{Caller, Opened, Problem, Question, Remediation};
use serde_json::{Value, json};

/// Where all of it is.
pub(crate) const SHOP: &str = "shop";

/// A process that asks about changes of high risk, too.
pub(crate) fn high(cluster: &Embedded) -> Remediation {
    cluster.process_with(Limits { ceiling: Risk::High, ..Limits::default() }, true)
}

/// A proposal about this object after an analysis of these words, which cites a look at it.
pub(crate) async fn concluded(process: &Remediation, object: &str, words: &str, actions: Value) -> Opened {
    let issue = Some(Issue::parse(words).unwrap());
    let problem = Problem { issue, namespace: Some(Namespace::parse(SHOP).unwrap()), ..Problem::default() };
    let report = process.analyze(&problem, &Caller::silent()).await.unwrap();
    let id = SessionId::parse(&report.session).unwrap();
    let looks: Vec<LookArguments> = serde_json::from_value(json!([{"probe": "get", "object": object, "field": "spec"}])).unwrap();
    let seen = process.look(&id, &looks, &Caller::silent()).await.unwrap().answers[0].id.clone().unwrap();
    let given = json!({"causes": [{"object": object, "title": "something is wrong there", "explanation": "it does not fit",
                                   "confidence": 0.9, "cites": [seen]}],
                       "actions": actions});
    process.conclude(&id, &given, "agent-of-the-test", &Caller::silent()).await.unwrap()
}

/// The same with these fields of the object as its change.
pub(crate) async fn set(process: &Remediation, object: &str, fields: &[(&str, Value)]) -> Opened {
    let words = format!("something is wrong with {}", object.rsplit('/').next().unwrap());
    let fields: Vec<Value> = fields.iter().map(|(field, value)| json!({"field": field, "value": value})).collect();
    concluded(process, object, &words, json!([{"action": "patch", "object": object, "set": fields}])).await
}

/// A new object with this in it besides its name.
pub(crate) fn create(kind: &str, name: &str, rest: Value) -> Value {
    let mut manifest = json!({"apiVersion": "v1", "kind": kind, "metadata": {"name": name}});
    for (member, value) in rest.as_object().unwrap() {
        manifest[member] = value.clone();
    }
    json!([{"action": "create", "manifest": manifest}])
}

/// What is told where nobody is asked.
pub(crate) fn advice(opened: &Opened) -> String {
    let advice = opened.report.advice.iter().map(|advice| advice.text.as_str()).collect::<Vec<_>>().join("\n");
    format!("{advice}\n{}", opened.report.summary)
}

/// What a human is asked.
pub(crate) fn question(opened: Opened) -> Question {
    let said = advice(&opened);
    opened.question.unwrap_or_else(|| panic!("{said}"))
}

/// That nobody is asked about any of these fields, for this reason.
pub(crate) async fn refuses(process: &Remediation, object: &str, cases: &[(&str, Value, &str)]) {
    for (field, value, part) in cases {
        let opened = set(process, object, &[(field, value.clone())]).await;
        assert!(opened.question.is_none() && advice(&opened).contains(part), "{field} {value}: {}", advice(&opened));
    }
}
