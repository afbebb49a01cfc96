//! What the arguments become, and what a report becomes.

use super::client::{Human, Says, call, connect, modes};
use super::double::Double;
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
    let schema = kubemend::mcp::tool_list()[1].output_schema.clone().unwrap();
    for name in schema["required"].as_array().unwrap() {
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
