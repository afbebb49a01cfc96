//! Nothing but a clear yes leads to a write, in both shapes of asking.

use super::client::{Bare, Human, READS, Says, call, choice, connect, modes, status, text};
use super::double::{DIFF, DIGEST, Double};
use jiff::SignedDuration;
use kubemend::call::{DialogManner, Operator};
use kubemend::domain::ending::Ending;
use kubemend::domain::limits::{Consent, Limits};
use rmcp::ClientServiceExt;
use rmcp::model::CallToolResponse;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

const ELICITATION: fn() -> Value = || json!({"elicitation": {}});

#[tokio::test]
async fn a_yes_is_carried_out_once_in_every_lifecycle() {
    for mode in modes() {
        let double = Arc::new(Double::default());
        let human = Human::who(Says::Yes);
        let client = connect(&double, mode.clone(), human.clone()).await;
        let result = client.call_tool(call("remediate", json!({"issue": "my database is down"}))).await.unwrap();
        assert_eq!(status(&result), "resolved", "{mode:?}");
        assert_eq!(double.writes(), [r#"Client("test-client")"#], "{mode:?}");
        let asked = human.asked.lock().unwrap().clone();
        assert_eq!(asked.len(), 1, "{mode:?}");
        assert!(asked[0].contains(DIFF) && asked[0].ends_with("every line of it. "), "the question is not whole");
    }
}

#[tokio::test]
async fn a_person_declines_by_button_or_by_choice() {
    for mode in modes() {
        for says in [Says::No, Says::ChangesNothing] {
            let double = Arc::new(Double::default());
            let client = connect(&double, mode.clone(), Human::who(says)).await;
            let result = client.call_tool(call("remediate", json!({"issue": "my database is down"}))).await.unwrap();
            assert_eq!(status(&result), "declined", "{mode:?} {says:?}");
            assert!(double.writes().is_empty(), "{mode:?} {says:?}");
        }
    }
}

/// A closed dialog, an accept without the choice, and an error of the client: the plan waits as before, with how to approve it.
#[tokio::test]
async fn what_no_person_decided_leaves_the_plan_waiting() {
    for mode in modes() {
        for says in [Says::Closes, Says::Unchecked, Says::Fails] {
            // In the stateless shape rmcp's client turns its user's error into one of its own, before anything is sent.
            if says == Says::Fails && mode != modes()[0] {
                continue;
            }
            let double = Arc::new(Double::default());
            let client = connect(&double, mode.clone(), Human::who(says)).await;
            let result = client.call_tool(call("remediate", json!({"issue": "my database is down"}))).await.unwrap();
            waits(&double, &result, &format!("{mode:?} {says:?}"));
        }
    }
}

/// Whatever a client answers by itself, it decides nothing.
#[tokio::test]
async fn an_answer_faster_than_a_person_decides_nothing_whatever_it_is() {
    for mode in modes() {
        for says in [Says::Yes, Says::No, Says::ChangesNothing, Says::Closes, Says::Unchecked] {
            let double = Arc::new(Double::default());
            let client = connect(&double, mode.clone(), Human::at_once(says)).await;
            let result = client.call_tool(call("remediate", json!({"issue": "my database is down"}))).await.unwrap();
            waits(&double, &result, &format!("{mode:?} {says:?}"));
        }
    }
}

fn waits(double: &Double, result: &rmcp::model::CallToolResult, what: &str) {
    assert_eq!(status(result), "awaitingApproval", "{what}");
    assert_eq!(double.status(), "awaitingApproval", "{what}");
    assert!(double.writes().is_empty(), "{what}");
    let line = format!("kubemend approve {}", double.only_session());
    let content = result.structured_content.as_ref().unwrap();
    assert!(text(result).contains(&line) && content["summary"].as_str().unwrap().contains(&line), "{what}");
    // Who waits for an answer hears that this was none.
    assert!(text(result).contains("the plan still waits"), "{what}: {}", text(result));
    assert!(text(result).contains(DIFF.trim_end()) && content["plan"]["steps"][0]["diff"] == DIFF, "{what}");
}

#[tokio::test]
async fn the_form_is_one_required_choice_without_a_default_that_begins_and_ends_with_changing_nothing() {
    for (version, titles) in [("2025-11-25", "oneOf"), ("2025-06-18", "enum")] {
        let double = Arc::new(Double::default());
        let mut bare = Bare::to(&double);
        let hello = json!({"protocolVersion": version, "capabilities": ELICITATION(), "clientInfo": {"name": "bare", "version": "1"}});
        bare.send(json!({"jsonrpc": "2.0", "id": "hello", "method": "initialize", "params": hello})).await;
        bare.answer("hello").await;
        bare.send(json!({"jsonrpc": "2.0", "method": "notifications/initialized"})).await;
        ask(&mut bare).await;
        let schema = bare.request().await["params"]["requestedSchema"].clone();
        assert_eq!(schema["required"], json!(["decision"]), "{version}");
        let field = &schema["properties"]["decision"];
        assert!(field.get("default").is_none() && field.get(titles).is_some(), "{version}: {field}");
        let choices = [0, 1, 2].map(|place| choice(&schema, place));
        assert_eq!(choices, ["change-nothing", "apply-0011", "ask-later"], "{version}: the yes is neither first nor last");
        assert!(schema.to_string().contains("Change nothing") && schema.to_string().contains("Apply plan 0011"), "{schema}");
    }
}

/// A terminal answers while the dialog is open: the call ends with what came of it, and the dialog is closed.
#[tokio::test(start_paused = true)]
async fn an_answer_by_another_door_ends_the_call_and_closes_the_dialog() {
    let double = Arc::new(Double::default());
    let mut bare = Bare::initialized(&double, ELICITATION()).await;
    ask(&mut bare).await;
    let question = bare.request().await;
    double.answered_elsewhere("resolved");
    let (mut closed, mut answer) = (false, None);
    while answer.is_none() {
        let message = bare.next().await;
        closed |= message["method"] == "notifications/cancelled" && message["params"]["requestId"] == question["id"];
        answer = (message["id"] == "r").then_some(message);
    }
    assert!(closed, "the dialog stays open");
    assert_eq!(answer.unwrap()["result"]["structuredContent"]["status"], "resolved");
    assert!(double.writes().is_empty());
}

/// The dialog of a client stays silent: the call returns the plan, the question stays, and a person's answer in it still counts.
#[tokio::test(start_paused = true)]
async fn a_silent_client_gets_the_waiting_plan_after_45_seconds_and_a_late_answer_still_counts() {
    for (decision, ends, writes) in [
        ("apply-0011", "resolved", 1),
        ("change-nothing", "declined", 0),
        ("ask-later", "awaitingApproval", 0),
        ("apply-ffff", "awaitingApproval", 0),
        ("no, do not do this", "awaitingApproval", 0),
    ] {
        let double = Arc::new(Double::default());
        let mut bare = Bare::initialized(&double, ELICITATION()).await;
        let began = tokio::time::Instant::now();
        ask(&mut bare).await;
        let question = bare.request().await;
        let answer = bare.answer_within("r", Duration::from_secs(60)).await;
        assert_eq!(answer["result"]["structuredContent"]["status"], "awaitingApproval");
        assert_eq!(began.elapsed().as_secs(), 45);
        let said = answer["result"].to_string();
        let still_open = format!(
            "for 45 s and has not answered; the dialog stays open, and an answer in it counts; call remediate with sessionId `{}`",
            double.only_session()
        );
        assert_eq!(said.matches(&still_open).count(), 2, "in text and structured content: {said}");
        let answer = json!({"action": "accept", "content": {"decision": decision}});
        tokio::time::sleep(Duration::from_secs(3)).await;
        bare.send(json!({"jsonrpc": "2.0", "id": question["id"], "result": answer})).await;
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert_eq!((double.status(), double.writes().len()), (ends, writes), "{decision}");
    }
}

/// A client that asks by itself gets its answer in by another call: there is no call that waits.
#[tokio::test(start_paused = true)]
async fn a_client_that_asks_by_itself_takes_its_time_whatever_is_set_for_dialogs() {
    for manner in [DialogManner::Return, DialogManner::Wait, DialogManner::Hold] {
        let operator = Operator { dialogs: vec![("test-client".to_owned(), manner)], ..Operator::default() };
        let double = Arc::new(Double { operator, ..Double::default() });
        let client = connect(&double, modes()[1].clone(), Human { after: Duration::from_secs(300), ..Human::who(Says::Yes) }).await;
        let result = client.call_tool(call("remediate", json!({"issue": "my database is down"}))).await.unwrap();
        assert_eq!(result.structured_content.unwrap()["status"], "resolved", "{manner:?}");
    }
}

async fn named(double: &Arc<Double>, client: &str) -> Bare {
    let mut bare = Bare::to(double);
    let hello = json!({"protocolVersion": "2025-11-25", "capabilities": ELICITATION(), "clientInfo": {"name": client, "version": "1"}});
    bare.send(json!({"jsonrpc": "2.0", "id": "hello", "method": "initialize", "params": hello})).await;
    bare.answer("hello").await;
    bare.send(json!({"jsonrpc": "2.0", "method": "notifications/initialized"})).await;
    bare
}

/// A client that closes its dialog when the call returns: the call waits, and says every ten seconds that it does.
#[tokio::test(start_paused = true)]
async fn a_client_that_closes_its_dialog_with_the_call_is_waited_for_until_somebody_answers_or_the_plan_expires() {
    let double = Arc::new(Double { valid_for: SignedDuration::from_secs(900), ..Double::default() });
    let mut bare = named(&double, "codex-mcp-client").await;
    let params = json!({"name": "remediate", "arguments": {"issue": "my database is down"}, "_meta": {"progressToken": "t"}});
    bare.send(json!({"jsonrpc": "2.0", "id": "r", "method": "tools/call", "params": params})).await;
    let question = bare.request().await;
    let mut told = 0;
    while told < 60 {
        let message = bare.next_within(Duration::from_secs(11)).await;
        assert_ne!(message["id"], "r", "the call returned after {told} lines, and its dialog is gone");
        told += usize::from(message["params"]["message"].as_str().is_some_and(|text| text.contains("has been asked for")));
    }
    bare.send(json!({"jsonrpc": "2.0", "id": question["id"], "result": yes()})).await;
    assert_eq!(bare.answer("r").await["result"]["structuredContent"]["status"], "resolved");
    // Without an answer the wait ends with the plan.
    let double = Arc::new(Double { valid_for: SignedDuration::from_secs(100), ..Double::default() });
    let mut bare = named(&double, "codex-mcp-client").await;
    let began = tokio::time::Instant::now();
    ask(&mut bare).await;
    bare.request().await;
    bare.answer_within("r", Duration::from_secs(200)).await;
    assert!((100..=101).contains(&began.elapsed().as_secs()), "{:?}", began.elapsed());
}

/// A client that takes its dialog away because the call returned: nobody answered, by whatever word it says so, and nothing of the kind
/// is recorded. Only the plan's own code is somebody's, since no client makes it by closing.
#[tokio::test(start_paused = true)]
async fn a_dialog_that_is_closed_because_the_call_returned_is_nobodys_answer_by_whatever_word() {
    let chosen = |decision: &str| json!({"action": "accept", "content": {"decision": decision}});
    for (said, after_it, recorded) in [
        (json!({"action": "cancel"}), "awaitingApproval", "undecided"),
        (json!({"action": "decline"}), "declined", "decline"),
        (json!({"action": "accept"}), "awaitingApproval", "undecided"),
        (chosen("change-nothing"), "declined", "decline"),
        (chosen("ask-later"), "awaitingApproval", "undecided"),
        (yes(), "resolved", "approve"),
    ] {
        for (after, at_once) in [(200, true), (5_000, false)] {
            let double = Arc::new(Double::default());
            let mut bare = named(&double, "some-new-client").await;
            ask(&mut bare).await;
            let question = bare.request().await;
            bare.answer_within("r", Duration::from_secs(60)).await;
            tokio::time::sleep(Duration::from_millis(after)).await;
            bare.send(json!({"jsonrpc": "2.0", "id": question["id"], "result": said})).await;
            tokio::time::sleep(Duration::from_secs(1)).await;
            let counts = !at_once || recorded == "approve";
            assert_eq!(double.status(), if counts { after_it } else { "awaitingApproval" }, "{said} after {after} ms");
            let heard = double.heard().iter().filter(|heard| heard.starts_with(recorded)).count();
            assert_eq!(heard, usize::from(counts), "{said} after {after} ms");
            let waits = double.status() == "awaitingApproval";
            assert_eq!(double.withdrawn.lock().unwrap().len(), usize::from(waits), "its place is free");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_whose_dialogs_get_lost_gets_the_waiting_plan_at_once() {
    let double = Arc::new(Double::default());
    let mut bare = named(&double, "cursor-vscode").await;
    let began = tokio::time::Instant::now();
    ask(&mut bare).await;
    assert_eq!(bare.answer("r").await["result"]["structuredContent"]["status"], "awaitingApproval");
    assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
}

/// Somebody may be reading the dialog that is open: it stays, and the first answer in one of them closes the other.
#[tokio::test(start_paused = true)]
async fn asking_again_takes_no_dialog_from_somebody_who_reads_it() {
    for answered in [0, 1] {
        let double = Arc::new(Double::default());
        let mut bare = Bare::initialized(&double, ELICITATION()).await;
        ask(&mut bare).await;
        let mut dialogs = vec![bare.request().await];
        let again = json!({"name": "remediate", "arguments": {"sessionId": double.only_session()}});
        bare.send(json!({"jsonrpc": "2.0", "id": "again", "method": "tools/call", "params": again})).await;
        dialogs.push(bare.request().await);
        tokio::time::sleep(Duration::from_secs(5)).await;
        bare.send(json!({"jsonrpc": "2.0", "id": dialogs[answered]["id"], "result": yes()})).await;
        let (mut ends, mut closed) = (Vec::new(), Vec::new());
        while ends.len() < 2 {
            let message = bare.next().await;
            if message["method"] == "notifications/cancelled" {
                assert_eq!(ends.len(), 1, "a dialog was closed before anybody had answered");
                closed.push(message["params"]["requestId"].clone());
            } else if message["id"] == "r" || message["id"] == "again" {
                ends.push(message["result"]["structuredContent"]["status"].clone());
            }
        }
        assert_eq!(ends, ["resolved", "resolved"]);
        assert_eq!(closed, [dialogs[1 - answered]["id"].clone()]);
        assert_eq!(double.writes().len(), 1);
    }
}

/// A later question may state a later time; this one ends when it says.
#[tokio::test(start_paused = true)]
async fn a_dialog_ends_with_the_time_that_it_states() {
    let double = Arc::new(Double { valid_for: SignedDuration::from_secs(20), ..Double::default() });
    let mut bare = Bare::initialized(&double, ELICITATION()).await;
    let began = tokio::time::Instant::now();
    ask(&mut bare).await;
    let question = bare.request().await;
    let mut closed = false;
    loop {
        let message = bare.next_within(Duration::from_secs(60)).await;
        closed |= message["method"] == "notifications/cancelled" && message["params"]["requestId"] == question["id"];
        if message["id"] == "r" {
            // The wall clock of the double stands still: its session still waits.
            assert_eq!(message["result"]["structuredContent"]["status"], "awaitingApproval");
            break;
        }
    }
    assert!(closed && (20..=21).contains(&began.elapsed().as_secs()), "{:?}", began.elapsed());
    assert_eq!(double.withdrawn.lock().unwrap().len(), 1);
}

/// What a client carries is not thrown away for what it is to carry next.
#[tokio::test(start_paused = true)]
async fn the_question_that_is_too_many_is_not_asked_and_takes_none_from_its_reader() {
    let double = Arc::new(Double::default());
    let (client, first) = asked(&double).await;
    for _ in 1..64 {
        let more = client.call_tool_once(call("remediate", json!({"issue": "my database is down"}))).await.unwrap();
        assert!(matches!(more, CallToolResponse::InputRequired(_)), "{more:?}");
    }
    let more = client.call_tool_once(call("remediate", json!({"issue": "my database is down"}))).await.unwrap();
    let CallToolResponse::Complete(more) = more else { panic!("it was asked: {more:?}") };
    assert_eq!(status(&more), "awaitingApproval");
    let said = text(&more);
    assert!(said.contains("64 questions wait for an answer in this client already") && said.contains("kubemend approve"), "{said}");
    assert_eq!(double.withdrawn.lock().unwrap().len(), 1);
    tokio::time::sleep(READS).await;
    let result = answered(&client, json!({"issue": "my database is down", "namespace": "a"}), &first, yes()).await;
    assert_eq!((status(&result).as_str(), double.writes().len()), ("resolved", 1));
}

/// Where nobody reads a question, it takes no place.
#[tokio::test]
async fn a_question_that_is_shown_to_nobody_is_withdrawn() {
    let double = Arc::new(Double::default());
    let client = connect(&double, modes()[0].clone(), Human::unreachable()).await;
    client.call_tool(call("remediate", json!({"issue": "my database is down"}))).await.unwrap();
    assert_eq!(double.withdrawn.lock().unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_progress_line_goes_out_every_ten_seconds_while_somebody_is_asked() {
    let double = Arc::new(Double::default());
    let mut bare = Bare::initialized(&double, ELICITATION()).await;
    let params = json!({"name": "remediate", "arguments": {"issue": "my database is down"}, "_meta": {"progressToken": "t"}});
    bare.send(json!({"jsonrpc": "2.0", "id": "r", "method": "tools/call", "params": params})).await;
    bare.request().await;
    let mut told = Vec::new();
    loop {
        let message = bare.next_within(Duration::from_secs(60)).await;
        if message["id"] == "r" {
            break;
        }
        told.extend(message["params"]["message"].as_str().filter(|text| text.contains("has been asked for")).map(str::to_owned));
    }
    assert_eq!(told.len(), 4, "{told:?}");
    assert!(told[0].contains("10 s") && told[3].contains("40 s"), "{told:?}");
}

async fn ask(bare: &mut Bare) {
    let params = json!({"name": "remediate", "arguments": {"issue": "my database is down"}});
    bare.send(json!({"jsonrpc": "2.0", "id": "r", "method": "tools/call", "params": params})).await;
}

#[tokio::test]
async fn a_client_that_cannot_ask_gets_the_plan_and_the_line_for_a_terminal() {
    for mode in modes() {
        let double = Arc::new(Double::default());
        let client = connect(&double, mode.clone(), Human::unreachable()).await;
        let result = client.call_tool(call("remediate", json!({"issue": "my database is down"}))).await.unwrap();
        assert_eq!(status(&result), "awaitingApproval", "{mode:?}");
        let line = format!("kubemend approve {}", double.only_session());
        let text = text(&result);
        assert!(text.contains(&line) && text.contains(DIFF.trim_end()) && text.contains(DIGEST), "{text}");
        // What a model is shown of a success is the structured content.
        assert!(result.structured_content.unwrap()["summary"].as_str().unwrap().contains(&line));
        assert!(double.writes().is_empty());
    }
}

/// Clients show texts as Markdown, and some of them only the end.
#[tokio::test]
async fn the_diff_is_code_in_the_text_and_how_to_approve_is_its_last_line() {
    for limits in [Limits::default(), Limits { consent: Consent::Client, ..Limits::default() }] {
        let double = Arc::new(Double { limits, ..Double::default() });
        let client = connect(&double, modes()[0].clone(), Human::unreachable()).await;
        let said = text(&client.call_tool(call("remediate", json!({"issue": "my database is down"}))).await.unwrap());
        assert!(said.contains(&format!("\nDiff:\n```diff\n{DIFF}```\n")), "{said}");
        let last = said.lines().last().unwrap();
        assert!(last.contains(&double.only_session()), "{said}");
        assert_eq!(said.matches("kubemend approve").count() + said.matches("planDigest").count(), 1, "{said}");
    }
}

#[tokio::test]
async fn a_healthy_report_asks_nobody() {
    let double = Arc::new(Double::default());
    let human = Human::who(Says::Yes);
    let client = connect(&double, modes()[1].clone(), human.clone()).await;
    let result = client.call_tool(call("remediate", json!({"issue": "healthy"}))).await.unwrap();
    assert_eq!(status(&result), "healthy");
    assert!(human.asked.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_session_that_waits_is_asked_about_again() {
    for mode in modes() {
        let double = Arc::new(Double::default());
        let mute = connect(&double, mode.clone(), Human::unreachable()).await;
        mute.call_tool(call("remediate", json!({"issue": "my database is down"}))).await.unwrap();
        let client = connect(&double, mode.clone(), Human::who(Says::Yes)).await;
        let again = json!({"sessionId": double.only_session()});
        let result = client.call_tool(call("remediate", again.clone())).await.unwrap();
        assert_eq!(status(&result), "resolved", "{mode:?}");
        assert_eq!(double.writes().len(), 1);
    }
}

/// Whatever a session came to, it says nothing of now: neither a stored verdict nor a stored plan comes back as an answer.
#[tokio::test]
async fn a_session_that_has_ended_is_looked_at_again_whatever_it_came_to() {
    for ending in Ending::ALL {
        for beside in [json!({}), json!({"issue": "x"})] {
            let double = Arc::new(Double::default());
            let client = connect(&double, modes()[0].clone(), Human::unreachable()).await;
            client.call_tool(call("remediate", json!({"issue": "my database is down"}))).await.unwrap();
            let session = double.only_session();
            double.answered_elsewhere(ending.as_str());
            let mut arguments = beside;
            arguments["sessionId"] = json!(session);
            let result = client.call_tool(call("remediate", arguments.clone())).await.unwrap();
            assert_eq!(status(&result), "awaitingApproval", "{ending:?} {arguments}");
            assert_ne!(result.structured_content.unwrap()["session"], session.as_str(), "{ending:?}");
            assert_eq!(double.heard().iter().filter(|heard| heard.starts_with("open")).count(), 2, "{ending:?}");
        }
    }
}

#[tokio::test]
async fn a_wait_ends_with_the_plan() {
    let double = Arc::new(Double { valid_for: SignedDuration::from_millis(300), ..Double::default() });
    let client = connect(&double, modes()[0].clone(), Human::who(Says::Never)).await;
    let result = client.call_tool(call("remediate", json!({"issue": "my database is down"}))).await.unwrap();
    assert_eq!(status(&result), "expired");
    assert!(double.writes().is_empty());
}

#[tokio::test]
async fn a_yes_after_the_call_was_cancelled_changes_nothing() {
    let double = Arc::new(Double::default());
    let mut bare = Bare::initialized(&double, ELICITATION()).await;
    let params = json!({"name": "remediate", "arguments": {"issue": "my database is down"}});
    bare.send(json!({"jsonrpc": "2.0", "id": "r", "method": "tools/call", "params": params})).await;
    let question = bare.request().await;
    assert_eq!(question["method"], "elicitation/create");
    bare.send(json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": "r"}})).await;
    // The server takes its question back.
    loop {
        let message = bare.next().await;
        if message["method"] == "notifications/cancelled" {
            assert_eq!(message["params"]["requestId"], question["id"]);
            break;
        }
    }
    tokio::time::sleep(READS).await;
    bare.send(json!({"jsonrpc": "2.0", "id": question["id"], "result": yes()})).await;
    bare.silent("r").await;
    assert!(double.writes().is_empty());
    assert_eq!(double.status(), "awaitingApproval");
}

#[tokio::test]
async fn a_yes_and_a_cancellation_in_one_breath_change_nothing() {
    let double = Arc::new(Double::default());
    let mut clients = Vec::new();
    for _ in 0..20 {
        let mut bare = Bare::initialized(&double, ELICITATION()).await;
        let params = json!({"name": "remediate", "arguments": {"issue": "my database is down"}});
        bare.send(json!({"jsonrpc": "2.0", "id": "r", "method": "tools/call", "params": params})).await;
        let question = bare.request().await;
        tokio::time::sleep(READS).await;
        let cancel = json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": "r"}});
        let yes = json!({"jsonrpc": "2.0", "id": question["id"], "result": yes()});
        bare.line(&format!("{cancel}\n{yes}")).await;
        clients.push(bare);
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(double.writes().is_empty());
    assert_eq!(double.heard().len(), clients.len(), "nothing but the opening was called: {:?}", double.heard());
}

#[tokio::test]
async fn a_client_that_leaves_during_the_question_ends_the_wait_at_once() {
    let double = Arc::new(Double::default());
    let (ours, server) = super::client::server(&double);
    let mut bare = Bare::over(ours);
    let hello = json!({"protocolVersion": "2025-11-25", "capabilities": ELICITATION(), "clientInfo": {"name": "bare", "version": "1"}});
    bare.send(json!({"jsonrpc": "2.0", "id": "hello", "method": "initialize", "params": hello})).await;
    bare.send(json!({"jsonrpc": "2.0", "method": "notifications/initialized"})).await;
    let params = json!({"name": "remediate", "arguments": {"issue": "my database is down"}});
    bare.send(json!({"jsonrpc": "2.0", "id": "r", "method": "tools/call", "params": params})).await;
    bare.request().await;
    let _reader = bare.close().await;
    tokio::time::timeout(Duration::from_secs(2), server).await.expect("an end within two seconds").unwrap().unwrap();
    assert!(double.writes().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_client_that_leaves_while_its_yes_is_carried_out_does_not_cut_the_record_short() {
    let double = Arc::new(Double { finishes_in: Some(Duration::from_secs(10)), ..Double::default() });
    let (ours, server) = super::client::server(&double);
    let client = Human::who(Says::Yes).serve_with_lifecycle(ours, modes()[0].clone()).await.unwrap();
    let peer = client.peer().clone();
    let calling = tokio::spawn(async move { peer.call_tool(call("remediate", json!({"issue": "my database is down"}))).await });
    while double.writes().is_empty() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    client.cancel().await.unwrap();
    server.await.unwrap().unwrap();
    assert_eq!(double.heard().last().unwrap(), "recorded");
    assert!(calling.await.unwrap().is_err());
}

/// A question in the shape of 2026-07-28, and the state that came with it.
async fn asked(double: &Arc<Double>) -> (super::client::Client, String) {
    let client = connect(double, modes()[1].clone(), Human::who(Says::Yes)).await;
    let first = client.call_tool_once(call("remediate", json!({"issue": "my database is down", "namespace": "a"}))).await.unwrap();
    let CallToolResponse::InputRequired(first) = first else { panic!("no question: {first:?}") };
    let message = serde_json::to_value(first.input_requests.unwrap()).unwrap();
    assert!(message["decision"]["params"]["message"].as_str().unwrap().contains(DIFF));
    // What comes back sooner is not a person's.
    tokio::time::sleep(READS.min(Duration::try_from(double.valid_for).unwrap() / 3)).await;
    (client, first.request_state.unwrap())
}

async fn answered(client: &super::client::Client, arguments: Value, state: &str, answer: Value) -> rmcp::model::CallToolResult {
    let answers = serde_json::from_value(json!({"decision": answer})).unwrap();
    client.peer().call_tool(call("remediate", arguments).with_input_responses(answers).with_request_state(state)).await.unwrap()
}

fn yes() -> Value {
    json!({"action": "accept", "content": {"decision": "apply-0011"}})
}

fn refused(double: &Double, result: &rmcp::model::CallToolResult) {
    assert_eq!(result.is_error, Some(true), "{result:?}");
    assert!(text(result).contains("this approval cannot be used"), "{result:?}");
    assert!(double.heard().iter().all(|h| h.starts_with("open")), "{:?}", double.heard());
}

#[tokio::test(start_paused = true)]
async fn a_state_works_once_whatever_the_order_of_the_arguments() {
    let double = Arc::new(Double::default());
    let (client, state) = asked(&double).await;
    let result = answered(&client, json!({"namespace": "a", "issue": "my database is down"}), &state, yes()).await;
    assert_eq!(status(&result), "resolved");
    let result = answered(&client, json!({"issue": "my database is down", "namespace": "a"}), &state, yes()).await;
    assert_eq!(result.is_error, Some(true));
    assert_eq!(double.writes().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_state_on_other_arguments_is_refused_and_stays_good_for_its_own() {
    let double = Arc::new(Double::default());
    let (client, state) = asked(&double).await;
    refused(&double, &answered(&client, json!({"issue": "my database is down", "namespace": "b"}), &state, yes()).await);
    let result = answered(&client, json!({"issue": "my database is down", "namespace": "a"}), &state, yes()).await;
    assert_eq!(status(&result), "resolved");
}

#[tokio::test(start_paused = true)]
async fn an_altered_or_foreign_state_is_refused() {
    let double = Arc::new(Double::default());
    let (client, state) = asked(&double).await;
    let (_other, foreign) = asked(&Arc::new(Double::default())).await;
    let mut flipped = state.clone().into_bytes();
    let middle = flipped.len() / 2;
    flipped[middle] = if flipped[middle] == b'A' { b'B' } else { b'A' };
    let huge = "rs1.".to_owned() + &"A".repeat(1 << 20);
    for bad in [String::from_utf8(flipped).unwrap(), foreign, state.chars().skip(1).collect(), String::new(), "rs1..".to_owned(), huge] {
        refused(&double, &answered(&client, json!({"issue": "my database is down", "namespace": "a"}), &bad, yes()).await);
    }
}

#[tokio::test]
async fn a_yes_with_a_state_that_is_too_old_changes_nothing_and_is_heard_as_late() {
    let double = Arc::new(Double { valid_for: SignedDuration::from_millis(550), ..Double::default() });
    let (client, state) = asked(&double).await;
    tokio::time::sleep(READS).await;
    let result = answered(&client, json!({"issue": "my database is down", "namespace": "a"}), &state, yes()).await;
    assert_eq!((status(&result), double.writes().len()), ("expired".to_owned(), 0));
    assert!(double.heard().contains(&r#"too late Client("test-client") Yes"#.to_owned()), "{:?}", double.heard());
    let again = answered(&client, json!({"issue": "my database is down", "namespace": "a"}), &state, yes()).await;
    assert_eq!((again.is_error, double.writes().len()), (Some(true), 0), "it was used");
}

#[tokio::test(start_paused = true)]
async fn a_state_holds_no_token() {
    use base64::Engine;
    let double = Arc::new(Double::default());
    let (_client, state) = asked(&double).await;
    let body = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(state.split('.').nth(1).unwrap()).unwrap();
    let shown: Value = serde_json::from_slice(&body[8..]).unwrap();
    let keys: Vec<&String> = shown.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["session", "digest", "ticket"]);
}

#[tokio::test(start_paused = true)]
async fn a_state_that_comes_back_without_a_decision_leaves_the_plan_waiting() {
    for answer in [
        json!({"action": "accept", "content": {}}),
        json!({"action": "accept"}),
        json!({"action": "accept", "content": {"approve": true}}),
        json!({"action": "cancel"}),
        json!("yes"),
        json!({"action": "sure", "content": {"decision": "apply-0011"}}),
        Value::Null,
    ] {
        let double = Arc::new(Double::default());
        let (client, state) = asked(&double).await;
        let result = answered(&client, json!({"issue": "my database is down", "namespace": "a"}), &state, answer.clone()).await;
        waits(&double, &result, &answer.to_string());
    }
}

#[tokio::test(start_paused = true)]
async fn a_state_whose_session_was_answered_at_a_terminal_brings_what_came_of_it() {
    let double = Arc::new(Double::default());
    let (client, state) = asked(&double).await;
    double.answered_elsewhere("resolved");
    let result = answered(&client, json!({"issue": "my database is down", "namespace": "a"}), &state, yes()).await;
    assert_eq!(status(&result), "resolved", "{}", text(&result));
    assert!(double.writes().is_empty());
}
