//! What a person or a model gets in words: commands that work here, and texts that need nothing beside them.

use super::client::{Human, Says, call, connect, modes, text};
use super::double::{DIGEST, Double};
use kubemend::call::{Operator, Program};
use kubemend::workflow::report::AdviceView;
use rmcp::model::ReadResourceRequestParams;
use serde_json::json;
use std::sync::Arc;

const OTHER: &str = "s-ffffffffffffffffffffffffffffffff";

fn advice(text: &str, command: &str) -> AdviceView {
    AdviceView { text: text.to_owned(), command: Some(command.to_owned()), why: String::new(), cause: None }
}

/// Every command in it begins with this program and ends with its flags.
fn works_here(said: &str, what: &str) {
    let without = said.replace("/opt/kubemend ", "");
    for command in ["approve", "show", "undo", "decline"] {
        assert!(!without.contains(&format!("kubemend {command} s-")), "{what}: {command}: {said}");
    }
    let (named, whole) = (said.matches("/opt/kubemend ").count(), said.matches(" --state-dir=/var/x").count());
    assert!(named > 0 && named == whole, "{what}: {said}");
}

#[tokio::test]
async fn commands_for_a_human_are_worded_for_this_process_at_every_exit() {
    let program = Program::new(&[], "/opt/kubemend", &[("state-dir".to_owned(), "/var/x".to_owned())]);
    let advice = vec![advice(&format!("`kubemend undo {OTHER}` takes it back"), &format!("kubemend show {OTHER}"))];
    let double = Arc::new(Double { operator: Operator { program, ..Operator::default() }, advice, ..Double::default() });
    let client = connect(&double, modes()[0].clone(), Human::unreachable()).await;
    let result = client.call_tool(call("remediate", json!({"issue": "my database is down"}))).await.unwrap();
    works_here(&text(&result), "text");
    works_here(&result.structured_content.unwrap().to_string(), "structured content");
    let session = double.only_session();
    let read = client.read_resource(ReadResourceRequestParams::new(format!("kubemend://sessions/{session}"))).await.unwrap();
    works_here(&serde_json::to_string(&read).unwrap(), "resource");
    let refused = client.call_tool(call("remediate", json!({"sessionId": session, "planDigest": DIGEST}))).await.unwrap();
    assert_eq!(refused.is_error, Some(true));
    works_here(&text(&refused), "error");
}

/// Some clients give their model the structured content alone: how a change is undone is said there, as in the text.
#[tokio::test]
async fn undo_of_a_change_stands_in_the_structured_content_as_it_is_typed_here() {
    let program = Program::new(&[], "/opt/kubemend", &[("state-dir".to_owned(), "/var/x".to_owned())]);
    let double = Arc::new(Double { operator: Operator { program, ..Operator::default() }, undoable: true, ..Double::default() });
    let client = connect(&double, modes()[0].clone(), Human::who(Says::Yes)).await;
    let result = client.call_tool(call("remediate", json!({"issue": "my database is down"}))).await.unwrap();
    let command = format!("/opt/kubemend undo {} --state-dir=/var/x", double.only_session());
    assert_eq!(result.structured_content.as_ref().unwrap()["undo"], json!(command));
    assert!(text(&result).contains(&format!("To undo the change, a human runs: {command}")), "{}", text(&result));
}

/// It is what a person sees first, and sometimes all.
#[tokio::test]
async fn the_status_is_the_first_word_of_a_text() {
    let double = Arc::new(Double::default());
    let client = connect(&double, modes()[0].clone(), Human::who(Says::Yes)).await;
    for (tool, status) in [("analyze", "diagnosed"), ("remediate", "resolved")] {
        let said = text(&client.call_tool(call(tool, json!({"issue": "my database is down"}))).await.unwrap());
        assert!(said.starts_with(&format!("{status}: session s-")), "{said}");
    }
}

#[tokio::test]
async fn the_text_of_a_diagnosis_has_the_diff_that_the_description_promises() {
    let double = Arc::new(Double::default());
    let client = connect(&double, modes()[0].clone(), Human::unreachable()).await;
    let said = text(&client.call_tool(call("analyze", json!({"issue": "my database is down"}))).await.unwrap());
    assert!(said.contains(&format!("\nDiff:\n```diff\n{}```", super::double::DIFF)), "{said}");
}

#[tokio::test]
async fn a_long_diff_is_begun_and_the_text_says_how_much_more_there_is_and_where() {
    let diff: String = (0..42).map(|line| format!("+line {line}\n")).collect();
    let double = Arc::new(Double { diff, ..Double::default() });
    let client = connect(&double, modes()[0].clone(), Human::unreachable()).await;
    let said = text(&client.call_tool(call("remediate", json!({"issue": "my database is down"}))).await.unwrap());
    let session = double.only_session();
    assert!(said.contains("+line 0\n") && said.contains("+line 29\n```\n") && !said.contains("+line 30\n"), "{said}");
    assert!(said.contains(&format!("and 12 more lines of the diff: kubemend show {session}\n")), "{said}");
}

#[tokio::test]
async fn a_command_of_several_lines_is_in_the_text_as_code() {
    let command = "kubectl apply -f - <<EOF\nkind: PersistentVolumeClaim\nEOF";
    let double = Arc::new(Double { advice: vec![advice("create the claim", command)], ..Double::default() });
    let client = connect(&double, modes()[0].clone(), Human::unreachable()).await;
    let said = text(&client.call_tool(call("analyze", json!({"issue": "my database is down"}))).await.unwrap());
    assert!(said.contains(&format!("\nCommand for: create the claim\n```sh\n{command}\n```")), "{said}");
    assert!(!said.contains("in the advice of the report"), "{said}");
}
