//! What the arguments become, and what a report becomes.

use super::client::{Human, Says, call, connect, modes};
use super::double::Double;
use kubemend::call::Operator;
use kubemend::domain::investigate::Investigate;
use serde_json::json;
use std::sync::Arc;

#[tokio::test]
async fn arguments_arrive_as_they_were_given() {
    let double = Arc::new(Double::default());
    let client = connect(&double, modes()[1].clone(), Human::unreachable()).await;
    let arguments = json!({
        "issue": "it is slow", "namespace": "shop", "objects": ["deployment/web"], "context": "test",
        "mode": "automatic", "confidenceThreshold": 0.9, "maxRiskLevel": "low", "onFailure": "revert"
    });
    client.call_tool(call("remediate", arguments)).await.unwrap();
    let heard = double.heard().join("\n");
    for part in ["it is slow", "shop", r#"kind: Deployment, name: "web""#, "Automatic", "0.9", "Low", "Revert"] {
        assert!(heard.contains(part), "{part} in {heard}");
    }
}

#[tokio::test]
async fn null_is_as_good_as_absent() {
    let double = Arc::new(Double::default());
    let client = connect(&double, modes()[0].clone(), Human::unreachable()).await;
    let result =
        client.call_tool(call("analyze", json!({"issue": "x", "namespace": null, "objects": null, "context": null}))).await.unwrap();
    assert_ne!(result.is_error, Some(true), "{result:?}");
}

#[tokio::test]
async fn executed_commands_name_what_is_looked_at() {
    let double = Arc::new(Double::default());
    let client = connect(&double, modes()[0].clone(), Human::who(Says::No)).await;
    let arguments = json!({"issue": "is it well now?", "executedCommands": ["kubectl -n shop rollout restart deployment/web"]});
    client.call_tool(call("validate", arguments)).await.unwrap();
    let heard = double.heard().join("\n");
    assert!(heard.contains(r#"Namespace("shop")"#) && heard.contains(r#"[ObjectName { kind: Deployment, name: "web" }]"#), "{heard}");
}

#[tokio::test]
async fn structured_content_holds_what_the_output_schema_requires() {
    let double = Arc::new(Double::default());
    let client = connect(&double, modes()[0].clone(), Human::unreachable()).await;
    let result = client.call_tool(call("remediate", json!({"issue": "x"}))).await.unwrap();
    let content = result.structured_content.unwrap();
    let tools = kubemend::mcp::tool_list();
    // What every result has is told in full once, where it is found first.
    let [schema, short] = [0, 1].map(|tool: usize| tools[tool].output_schema.clone().unwrap());
    for name in short["required"].as_array().unwrap() {
        assert!(content.get(name.as_str().unwrap()).is_some(), "{name}");
    }
    for (name, value) in content.as_object().unwrap() {
        let kind = match value {
            serde_json::Value::Array(_) => "array",
            serde_json::Value::Object(_) => "object",
            serde_json::Value::String(_) => "string",
            other => panic!("{name}: {other}"),
        };
        assert_eq!(schema["properties"][name]["type"], kind, "{name}");
    }
}

#[tokio::test]
async fn looks_arrive_and_each_observation_stands_in_text_and_structured_content() {
    let double = Arc::new(Double::default());
    let client = connect(&double, modes()[0].clone(), Human::unreachable()).await;
    let session = "s-00000000000000000000000000000000";
    let look = json!([{"probe": "logs", "object": "pod/web-0", "container": null, "previous": true}, {"probe": "list", "kind": "pods"}]);
    let result = client.call_tool(call("analyze", json!({"sessionId": session, "look": look}))).await.unwrap();
    let heard = double.heard().join("\n");
    for part in [r#"object: Some("pod/web-0")"#, "previous: Some(true)", "probe: List", r#"kind: Some("pods")"#] {
        assert!(heard.contains(part), "{part} in {heard}");
    }
    let content = result.structured_content.unwrap();
    assert_eq!(content["observations"][0]["id"], "o1");
    assert_eq!(content["observations"][1], json!({"asked": "get pod/x", "text": "there is no Pod `x`"}));
    let text = result.content[0].as_text().unwrap().text.clone();
    // A fence that nothing in the log ends.
    assert!(
        text.contains("o1 = logs pod/web-0 -n a-team\n````\ncontainer `app`:\nFATAL: ``` no such host\n````\n(the log is longer)"),
        "{text}"
    );
    assert!(text.contains("get pod/x: nothing was seen: there is no Pod `x`"), "{text}");
    assert!(text.ends_with("with the ids of what shows it."), "{text}");
}

#[tokio::test]
async fn look_that_cannot_be_meant_is_refused_with_its_place_before_anything_is_read() {
    let double = Arc::new(Double::default());
    let client = connect(&double, modes()[0].clone(), Human::unreachable()).await;
    let session = "s-00000000000000000000000000000000";
    for (arguments, says) in [
        (json!({"issue": "x", "look": [{"probe": "events"}]}), "`look` needs `sessionId`"),
        (json!({"sessionId": session, "look": []}), "`look` is empty"),
        (json!({"sessionId": session, "look": vec![json!({"probe": "events"}); 9]}), "`look` has 9 items, the maximum is 8"),
        (json!({"sessionId": session, "look": [{"probe": "exec"}]}), "`look[0].probe` is a string (\"exec\"); it must be \"get\" or"),
        (json!({"sessionId": session, "look": [{"object": "pod/x"}]}), "`look[0]` has no `probe`"),
        (json!({"sessionId": session, "look": [{"probe": "get", "objekt": "pod/x"}]}), "did you mean `object`?"),
        (json!({"sessionId": session, "look": "pods"}), "`look` is a string (\"pods\"); it must be a list of objects"),
    ] {
        let result = client.call_tool(call("analyze", arguments.clone())).await.unwrap();
        let text = &result.content[0].as_text().unwrap().text;
        assert!(result.is_error == Some(true) && text.contains(says), "{arguments}: {text}");
    }
    assert!(double.heard().iter().all(|line| !line.starts_with("look")), "{:?}", double.heard());
}

#[tokio::test]
async fn look_that_the_operator_does_not_offer_is_refused_with_the_option() {
    let operator = Operator { investigate: Investigate::Never, ..Operator::default() };
    let double = Arc::new(Double { operator, ..Double::default() });
    let client = connect(&double, modes()[0].clone(), Human::unreachable()).await;
    let session = "s-00000000000000000000000000000000";
    let result = client.call_tool(call("analyze", json!({"sessionId": session, "look": [{"probe": "events"}]}))).await.unwrap();
    let text = &result.content[0].as_text().unwrap().text;
    assert!(result.is_error == Some(true) && text.contains("the operator's option `investigate` is `never`"), "{text}");
    assert!(double.heard().is_empty(), "{:?}", double.heard());
}
