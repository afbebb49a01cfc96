//! What goes wrong is answered, in words, and the server lives on.

use super::client::{Bare, Human, Says, call, connect, modes, status, text};
use super::double::Double;
use serde_json::{Value, json};
use std::sync::Arc;

#[tokio::test]
async fn arguments_that_cannot_be_meant_are_refused_in_words() {
    let double = Arc::new(Double::default());
    let client = connect(&double, modes()[0].clone(), Human::who(Says::Yes)).await;
    let session = "s-00000000000000000000000000000000";
    for (tool, arguments, says) in [
        ("analyze", json!({}), "pass `issue`, what is wrong in the user's words, such as"),
        ("analyze", json!({"issue": ""}), "`issue` is empty"),
        ("analyze", json!({"issue": "x", "confidenceThreshold": 0.1}), "there is no argument `confidenceThreshold`"),
        ("analyze", json!({"issue": "x", "namespace": "n".repeat(64)}), "`namespace` has 64 characters"),
        ("analyze", json!({"issue": "x", "objects": vec!["pod/x"; 21]}), "`objects` has 21 items"),
        ("analyze", json!({"issue": "x", "context": "production"}), "did not list the context `production`"),
        ("analyze", json!({"issue": "nowhere"}), "did you mean `a-team`?"),
        ("remediate", json!({}), "pass `issue`"),
        ("remediate", json!({"issue": "x", "kubeconfig": "/tmp/x"}), "there is no argument `kubeconfig`"),
        ("remediate", json!({"issue": "x", "mode": "always"}), r#"it must be "manual" or "automatic""#),
        ("remediate", json!({"issue": "x", "maxRiskLevel": "none"}), r#"it must be "low" or "medium" or "high""#),
        ("remediate", json!({"issue": "x", "confidenceThreshold": 1.5}), "a number from 0 to 1"),
        ("remediate", json!({"issue": "x", "planDigest": "latest"}), "not a plan digest"),
        ("remediate", json!({"sessionId": "../../etc"}), "not a session id"),
        ("remediate", json!({"sessionId": session}), "there is no session"),
        ("remediate", json!({"sessionId": session, "mode": "automatic"}), "`mode` cannot be combined with `sessionId`"),
        ("validate", json!({}), "or `sessionId`"),
        ("validate", json!({"sessionId": session, "namespace": "x"}), "cannot be combined with `sessionId`"),
        ("validate", json!({"issue": "x", "executedCommands": vec!["kubectl"; 21]}), "`executedCommands` has 21 items"),
        ("analyze", json!({"issue": "x", "allNamespaces": true, "namespace": "x"}), "`allNamespaces` cannot be combined"),
        ("analyze", json!({"issue": "x", "objects": ["pod/x", 1]}), "`objects[1]` is a number (1)"),
        ("validate", json!({"sessionId": session, "executedCommands": ["kubectl"]}), "cannot be combined with `sessionId`"),
    ] {
        let result = client.call_tool(call(tool, arguments.clone())).await.unwrap();
        assert_eq!(result.is_error, Some(true), "{tool} {arguments}");
        assert!(text(&result).contains(says), "{tool} {arguments}: {}", text(&result));
    }
    assert!(double.writes().is_empty());
}

/// Names that look like others, or that hide what they are: fullwidth, Cyrillic, a zero width space, a mark that turns the direction, a
/// letter with an accent of its own, a null, a line of its own.
const ODD: [(&str, &str); 7] = [
    ("\u{ff53}hop", r"\u{ff53}hop"),
    ("sh\u{43e}p", r"sh\u{43e}p"),
    ("sh\u{200b}op", r"sh\u{200b}op"),
    ("\u{202e}pohs", r"\u{202e}pohs"),
    ("sho\u{301}p", r"sho\u{301}p"),
    ("shop\0", r"shop\u{0}"),
    ("shop\n`kubemend approve`", r"shop\u{a}`kubemend approve`"),
];

#[tokio::test]
async fn names_that_look_like_others_are_refused_with_what_they_are_made_of() {
    let double = Arc::new(Double::default());
    let client = connect(&double, modes()[0].clone(), Human::who(Says::Yes)).await;
    for (odd, escaped) in ODD {
        for tool in ["analyze", "remediate", "validate"] {
            for arguments in [
                json!({"issue": "x", "namespace": odd}),
                json!({"issue": "x", "objects": [format!("deployment/{odd}")]}),
                json!({"issue": "x", "objects": [format!("{odd}/web")]}),
                json!({"issue": "x", "objects": [odd]}),
                json!({"issue": "x", odd: true}),
                json!({"issue": "x", "objects": odd}),
                json!({"issue": "x", "context": odd}),
            ] {
                let result = client.call_tool(call(tool, arguments.clone())).await.unwrap();
                let said = text(&result);
                assert_eq!(result.is_error, Some(true), "{tool} {arguments}: {said}");
                assert!(said.contains(escaped), "{tool} {arguments}: {said}");
                assert!(said.chars().all(|c| c == '\n' || c == ' ' || c.is_ascii_graphic()), "{tool} {arguments}: {said}");
            }
        }
        let result = client.call_tool(call("remediate", json!({"issue": "x", "mode": odd, "maxRiskLevel": odd}))).await.unwrap();
        assert!(text(&result).contains(escaped), "{}", text(&result));
    }
    assert!(double.heard().iter().all(|heard| heard.contains("context")), "only the name of a context is the backend's to judge");
}

#[tokio::test]
async fn methods_tools_prompts_and_resources_that_look_like_others_are_refused_with_what_they_are_made_of() {
    let mut bare = Bare::initialized(&Arc::new(Double::default()), json!({})).await;
    for (odd, escaped) in ODD {
        for (method, params) in [
            (odd, json!({})),
            ("tools/call", json!({"name": odd, "arguments": {"issue": "x"}})),
            ("prompts/get", json!({"name": odd, "arguments": {"issue": "x"}})),
            ("resources/read", json!({"uri": format!("kubemend://{odd}")})),
            ("resources/read", json!({"uri": format!("kubemend://sessions/{odd}")})),
        ] {
            bare.send(json!({"jsonrpc": "2.0", "id": "x", "method": method, "params": params})).await;
            let answer = bare.answer("x").await;
            let said = answer["error"]["message"].as_str().unwrap_or_else(|| panic!("{answer}"));
            assert!(said.contains(escaped), "{method} {params}: {said}");
        }
    }
}

/// What is of another type is named with what it should be, and null is as good as absent: not as good as anything else.
#[tokio::test]
async fn arguments_of_another_type_are_refused_and_nothing_is_called() {
    let double = Arc::new(Double::default());
    let client = connect(&double, modes()[0].clone(), Human::who(Says::Yes)).await;
    let odd = [json!(7), json!(1e300), json!(true), json!("x\u{202e}"), json!([]), json!([[]]), json!({}), json!([null]), json!([7])];
    for tool in kubemend::mcp::tool_list() {
        for (name, property) in tool.input_schema["properties"].as_object().unwrap() {
            for value in &odd {
                let fits = match property["type"].as_str().unwrap() {
                    "string" => value.is_string(),
                    "number" => value.is_number(),
                    "boolean" => value.is_boolean(),
                    "array" => value == &json!([]) || value == &json!([null]),
                    "object" => value.is_object(),
                    other => panic!("{other}"),
                };
                // Beside another `issue` it is this one that is wrong, and a text of another kind is another test's.
                if fits && value != &json!([null]) {
                    continue;
                }
                let mut arguments = json!({"issue": "x"});
                arguments[name] = value.clone();
                let result = client.call_tool(call(&tool.name, arguments.clone())).await.unwrap();
                assert_eq!(result.is_error, Some(true), "{} {arguments}: {}", tool.name, text(&result));
                assert!(text(&result).starts_with(&format!("`{name}")), "{} {arguments}: {}", tool.name, text(&result));
            }
        }
    }
    assert!(double.heard().is_empty(), "{:?}", double.heard());
    for tool in ["analyze", "remediate", "validate"] {
        let nothing = client.call_tool(call(tool, json!({"issue": null}))).await.unwrap();
        assert!(text(&nothing).contains("pass `issue`") || text(&nothing).contains("`issue`"), "{}", text(&nothing));
        assert_eq!(nothing.is_error, Some(true));
    }
}

/// A caller of tools has no flags, and no use for the words of Rust.
#[tokio::test]
async fn errors_speak_to_a_caller_of_tools() {
    let client = connect(&Arc::new(Double::default()), modes()[0].clone(), Human::who(Says::Yes)).await;
    let session = format!("s-{}", "f".repeat(32));
    for (tool, arguments, says) in [
        ("analyze", json!({"issue": "nowhere"}), "`allNamespaces`: true"),
        ("remediate", json!({"sessionId": session}), "kubemend://sessions"),
        ("validate", json!({"issue": "x", "sessionId": session}), "kubemend://sessions"),
        ("analyze", json!({"issue": ["x"]}), "`issue` is a list; it must be a string"),
    ] {
        let said = text(&client.call_tool(call(tool, arguments)).await.unwrap());
        assert!(said.contains(says), "{said}");
        for foreign in [" -n", " -A", "--", "expected", "variant", "field", "sequence", "`kubemend sessions`"] {
            assert!(!said.contains(foreign), "`{foreign}` in: {said}");
        }
    }
}

/// Models send both: fine where they say the same.
#[tokio::test]
async fn words_beside_a_session_are_accepted_when_they_are_its_own() {
    let double = Arc::new(Double::default());
    let client = connect(&double, modes()[0].clone(), Human::unreachable()).await;
    client.call_tool(call("remediate", json!({"issue": "x"}))).await.unwrap();
    let session = double.only_session();
    for tool in ["analyze", "remediate", "validate"] {
        let same = client.call_tool(call(tool, json!({"issue": " X ", "sessionId": session}))).await.unwrap();
        assert_ne!(same.is_error, Some(true), "{tool}: {}", text(&same));
        let other = text(&client.call_tool(call(tool, json!({"issue": "y", "sessionId": session}))).await.unwrap());
        assert!(other.contains("was opened with") && other.contains("pass `sessionId` alone"), "{tool}: {other}");
    }
}

#[tokio::test]
async fn a_tool_that_is_not_listed_cannot_be_called() {
    let client = connect(&Arc::new(Double::default()), modes()[0].clone(), Human::who(Says::Yes)).await;
    for name in ["approve", "execute", "undo", "Analyze", ""] {
        let error = client.call_tool(call(name, json!({}))).await.unwrap_err().to_string();
        assert!(error.contains("-32602") && error.contains("there is no tool"), "{name}: {error}");
    }
}

#[tokio::test]
async fn a_panic_is_answered_and_the_next_call_works() {
    for mode in modes() {
        let client = connect(&Arc::new(Double::default()), mode, Human::who(Says::Yes)).await;
        let result = client.call_tool(call("analyze", json!({"issue": "panic"}))).await.unwrap();
        assert_eq!(result.is_error, Some(true));
        assert!(text(&result).contains("internal error") && !text(&result).contains("the double panics"), "{}", text(&result));
        let result = client.call_tool(call("analyze", json!({"issue": "x"}))).await.unwrap();
        assert_eq!(status(&result), "diagnosed");
    }
}

#[tokio::test]
async fn an_issue_of_ten_megabytes_is_refused_shortly() {
    let double = Arc::new(Double::default());
    let mut bare = Bare::initialized(&double, json!({})).await;
    for (id, arguments) in [("big", json!({"issue": "x".repeat(10 << 20)})), ("odd", json!({"x".repeat(10 << 20): 1}))] {
        let params = json!({"name": "analyze", "arguments": arguments});
        bare.send(json!({"jsonrpc": "2.0", "id": id, "method": "tools/call", "params": params})).await;
        let answer = bare.answer(id).await;
        assert_eq!(answer["result"]["isError"], true);
        assert!(answer.to_string().len() < 4_000, "{} bytes", answer.to_string().len());
    }
    // A line that is longer than any may be is dropped; the one after it is heard.
    bare.line(&"x".repeat(17 << 20)).await;
    bare.send(json!({"jsonrpc": "2.0", "id": "after", "method": "tools/call", "params": {"name": "analyze", "arguments": {"issue": "x"}}}))
        .await;
    assert_eq!(bare.answer("after").await["result"]["structuredContent"]["status"], "diagnosed");
    assert_eq!(double.heard().len(), 1);
}

#[tokio::test]
async fn lines_that_are_no_messages_do_no_harm() {
    let mut bare = Bare::initialized(&Arc::new(Double::default()), json!({})).await;
    let deep = "[".repeat(100_000);
    for line in
        ["", "{", "not json", "\u{feff}{}", "[]", "null", "{\"jsonrpc\":\"2.0\"}", &deep, r#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#]
    {
        bare.line(line).await;
    }
    bare.send(json!({"jsonrpc": "2.0", "id": 7, "result": {"answer": "to nothing"}})).await;
    bare.send(json!({"jsonrpc": "2.0", "id": "after", "method": "tools/list"})).await;
    assert_eq!(bare.answer("after").await["result"]["tools"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn a_cancelled_call_stops_and_is_not_answered() {
    let double = Arc::new(Double::default());
    let mut bare = Bare::initialized(&double, json!({})).await;
    let params = json!({"name": "analyze", "arguments": {"issue": "never"}});
    bare.send(json!({"jsonrpc": "2.0", "id": "a", "method": "tools/call", "params": params})).await;
    while double.heard().is_empty() {
        tokio::task::yield_now().await;
    }
    bare.send(json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": "a"}})).await;
    bare.silent("a").await;
    assert!(double.heard().contains(&"cancelled".to_owned()));
}

#[tokio::test]
async fn calls_beyond_the_bound_are_refused_and_the_rest_go_on() {
    let double = Arc::new(Double::default());
    let mut bare = Bare::initialized(&double, json!({})).await;
    let send = |id: Value, issue: &str| json!({"jsonrpc": "2.0", "id": id, "method": "tools/call", "params": {"name": "analyze", "arguments": {"issue": issue}}});
    for id in 0..32 {
        bare.send(send(json!(id), "never")).await;
    }
    while double.heard().len() < 32 {
        tokio::task::yield_now().await;
    }
    bare.send(send(json!("one more"), "x")).await;
    assert!(bare.answer("one more").await["result"]["content"][0]["text"].as_str().unwrap().contains("calls are running already"));
    for id in 0..32 {
        bare.send(json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": id}})).await;
    }
    while double.heard().iter().filter(|h| *h == "cancelled").count() < 32 {
        tokio::task::yield_now().await;
    }
    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    bare.send(send(json!("then"), "x")).await;
    assert_eq!(bare.answer("then").await["result"]["structuredContent"]["status"], "diagnosed");
}
