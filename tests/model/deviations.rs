//! Answers that are otherwise than the provider's own types have them, each as some server sends it: all of them are understood.

use super::asking::{after, ask, call, endpoint, messages, model_of, next, patience, prompt, said, words};
use super::provider::{Answer, FakeProvider, anthropic, events, json_answer, openai, stream};
use kubemend::domain::dialogue::{ModelBlock, StopReason, Tokens};
use serde_json::{Value, json};

async fn openai_says(answer: Answer) -> (StopReason, Vec<ModelBlock>) {
    said(after("openai/m", vec![answer]).await.0)
}

/// A whole body of a chat completion.
fn whole(message: Value, finish: Value) -> Answer {
    json_answer(200, &json!({"choices": [{"index": 0, "message": message, "finish_reason": finish}]}))
}

fn pieces(pieces: &[Value]) -> Answer {
    stream(&format!("{}data: [DONE]\n\n", events(pieces)))
}

#[tokio::test]
async fn both_wires_bring_words_and_what_they_cost() {
    let (reply, _) = after("openai/m", vec![openai::words("ready")]).await;
    let reply = reply.unwrap();
    assert_eq!((reply.model.as_str(), reply.text().as_str(), reply.stop), ("openai/m", "ready", StopReason::End));
    assert_eq!(reply.tokens, Some(Tokens { input: 12, cached: 8, output: 3 }));
    let (reply, _) = after("anthropic/m", vec![anthropic::words("ready")]).await;
    let reply = reply.unwrap();
    assert_eq!((reply.model.as_str(), reply.text().as_str(), reply.stop), ("anthropic/m", "ready", StopReason::End));
    assert_eq!(reply.tokens, Some(Tokens { input: 52, cached: 40, output: 9 }), "what was cached or comes into the cache was sent, too");
}

#[tokio::test]
async fn server_that_does_not_stream_is_understood() {
    let (stop, blocks) = openai_says(whole(json!({"role": "assistant", "content": "ready"}), json!("stop"))).await;
    assert_eq!((stop, blocks), (StopReason::End, vec![words("ready")]));
    let message = json!({"type": "message", "role": "assistant", "stop_reason": "tool_use", "usage": {"input_tokens": 1, "output_tokens": 2},
        "content": [{"type": "text", "text": "a"}, {"type": "tool_use", "id": "t1", "name": "get", "input": {"object": "pod/web"}}]});
    let (reply, _) = after("anthropic/m", vec![json_answer(200, &message)]).await;
    assert_eq!(said(reply), (StopReason::ToolUse, vec![words("a"), call("t1", "get", r#"{"object":"pod/web"}"#)]));
}

#[tokio::test]
async fn reason_for_the_end_may_be_any_word_or_none() {
    let other = |word: &str| StopReason::other(word);
    for (word, stop) in [
        (json!("stop"), StopReason::End),
        (json!("eos"), StopReason::End),
        (json!(""), other("")),
        (json!("something_new"), other("something_new")),
        (json!(null), other("")),
        (json!("length"), StopReason::MaxTokens),
    ] {
        let answer = pieces(&[json!({"choices": [{"delta": {"content": "a"}, "finish_reason": word}]})]);
        assert_eq!(openai_says(answer).await, (stop, vec![words("a")]), "{word}");
    }
}

#[tokio::test]
async fn what_a_chunk_lacks_or_has_besides_does_not_matter() {
    for chunk in [
        json!({"choices": [{"delta": {"content": "a"}, "finish_reason": "stop"}]}),
        json!({"id": "c", "created": 1.5, "service_tier": "on_demand", "choices": [{"index": 0, "delta": {"content": "a"}, "finish_reason": "stop"}]}),
        json!({"id": 7, "created": null, "service_tier": "standard", "system_fingerprint": {}, "choices": [{"delta": {"content": "a"}, "finish_reason": "stop", "logprobs": 3}], "usage": null}),
        json!({"error": null, "choices": [{"delta": {"role": "assistant", "content": [{"type": "text", "text": "a"}]}, "finish_reason": "stop"}]}),
    ] {
        assert_eq!(openai_says(pieces(std::slice::from_ref(&chunk))).await, (StopReason::End, vec![words("a")]), "{chunk}");
    }
}

#[tokio::test]
async fn stream_may_have_comments_no_last_mark_and_empty_choices() {
    let one = openai::piece(json!({"content": "a"}), None);
    let last = openai::piece(json!({}), Some("stop"));
    let text =
        format!(": OPENROUTER PROCESSING\n\n{}: keep-alive\n\n{}{}", events(&[one]), events(&[last]), events(&[json!({"choices": []})]));
    let (reply, _) = after("openai/m", vec![stream(&text)]).await;
    let reply = reply.unwrap();
    assert_eq!((reply.text().as_str(), reply.stop, reply.tokens), ("a", StopReason::End, None));
}

#[tokio::test]
async fn calls_are_told_apart_without_index_id_or_type_and_with_the_same_index() {
    let get = |at: &str| format!(r#"{{"object":"{at}"}}"#);
    let one = |more: Value, arguments: &str| {
        let mut call = json!({"function": {"name": "get", "arguments": arguments}});
        call.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({"tool_calls": [call]})
    };
    // In pieces, as OpenAI does.
    let split = [
        openai::piece(
            json!({"tool_calls": [{"index": 0, "id": "a", "type": "function", "function": {"name": "get", "arguments": ""}}]}),
            None,
        ),
        openai::piece(json!({"tool_calls": [{"index": 0, "function": {"arguments": "{\"object\":"}}]}), None),
        openai::piece(json!({"tool_calls": [{"index": 1, "id": "b", "function": {"name": "get", "arguments": &get("y")}}]}), None),
        openai::piece(json!({"tool_calls": [{"index": 0, "function": {"arguments": "\"x\"}"}}]}), None),
        openai::piece(json!({}), Some("tool_calls")),
    ];
    let (stop, blocks) = openai_says(pieces(&split)).await;
    assert_eq!((stop, blocks), (StopReason::ToolUse, vec![call("a", "get", &get("x")), call("b", "get", &get("y"))]));
    // The same index for all; no index; neither index nor id.
    for (first, second) in [(json!({"index": 0, "id": "a"}), json!({"index": 0, "id": "b"})), (json!({"id": "a"}), json!({"id": "b"}))] {
        let answer = pieces(&[openai::piece(one(first, &get("x")), None), openai::piece(one(second, &get("y")), Some("stop"))]);
        assert_eq!(openai_says(answer).await, (StopReason::ToolUse, vec![call("a", "get", &get("x")), call("b", "get", &get("y"))]));
    }
    let answer = pieces(&[openai::piece(one(json!({}), &get("x")), None), openai::piece(one(json!({}), &get("y")), Some("tool_calls"))]);
    assert_eq!(openai_says(answer).await.1, vec![call("call_1_0", "get", &get("x")), call("call_1_1", "get", &get("y"))]);
}

#[tokio::test]
async fn arguments_may_be_an_object_or_nothing() {
    let of = |arguments: Value| {
        whole(json!({"tool_calls": [{"id": "a", "function": {"name": "get", "arguments": arguments}}]}), json!("tool_calls"))
    };
    for (arguments, input) in
        [(json!({"object": "x"}), r#"{"object":"x"}"#), (json!(""), "{}"), (json!(null), "{}"), (json!("not json"), "not json")]
    {
        assert_eq!(openai_says(of(arguments)).await.1, vec![call("a", "get", input)]);
    }
}

#[tokio::test]
async fn arguments_that_were_cut_off_are_in_no_reply() {
    let half = [
        openai::piece(
            json!({"content": "I look.", "tool_calls": [{"index": 0, "id": "a", "function": {"name": "get", "arguments": "{}"}}]}),
            None,
        ),
        openai::piece(
            json!({"tool_calls": [{"index": 1, "id": "b", "function": {"name": "get", "arguments": "{\"object\": \"po"}}]}),
            Some("length"),
        ),
    ];
    assert_eq!(openai_says(pieces(&half)).await, (StopReason::MaxTokens, vec![words("I look."), call("a", "get", "{}")]));
    let use_of = |index, id: &str, input: &str| {
        let begins = json!({"type": "tool_use", "id": id, "name": "get", "input": {}});
        anthropic::block(index, begins, &[json!({"type": "input_json_delta", "partial_json": input})])
    };
    let answer = anthropic::message(vec![use_of(0, "a", "{}"), use_of(1, "b", "{\"object\": \"po")], "max_tokens");
    assert_eq!(said(after("anthropic/m", vec![answer]).await.0), (StopReason::MaxTokens, vec![call("a", "get", "{}")]));
}

/// Gemini rejects the next turn without its signatures, and others think in fields of their own.
#[tokio::test]
async fn what_a_server_adds_to_a_message_comes_back_to_it_untouched() {
    let signature = json!({"google": {"thought_signature": "AbC+/=="}});
    let answer = pieces(&[
        openai::piece(json!({"role": "assistant", "reasoning_content": "first ", "annotations": []}), None),
        openai::piece(json!({"reasoning_content": "then", "reasoning_details": [{"type": "x", "data": "1"}]}), None),
        openai::piece(
            json!({"tool_calls": [{"index": 0, "id": "a", "type": "function", "extra_content": signature, "function": {"name": "get", "arguments": "{}"}}]}),
            Some("tool_calls"),
        ),
    ]);
    let provider = FakeProvider::playing(vec![answer, openai::words("done")]).await;
    let model = model_of(vec![endpoint("openai/m", &provider.root())], patience());
    let reply = ask(model.as_ref(), &prompt()).await.unwrap();
    assert_eq!(reply.calls().map(|call| call.name.as_str()).collect::<Vec<_>>(), ["get"]);
    ask(model.as_ref(), &next(prompt(), reply.blocks)).await.unwrap();
    let sent = messages(&provider.asked()[1].body);
    assert_eq!(
        sent[2],
        json!({"role": "assistant", "content": null, "reasoning_content": "first then", "reasoning_details": [{"type": "x", "data": "1"}],
               "tool_calls": [{"id": "a", "type": "function", "function": {"name": "get", "arguments": "{}"}, "extra_content": signature}]})
    );
    assert_eq!(sent[3], json!({"role": "tool", "tool_call_id": "a", "content": "error: nothing there"}));
}

#[tokio::test]
async fn thoughts_come_back_to_anthropic_with_their_signatures_and_to_nobody_else() {
    let thinking = anthropic::block(
        0,
        json!({"type": "thinking", "thinking": "", "signature": ""}),
        &[
            json!({"type": "thinking_delta", "thinking": "hm"}),
            json!({"type": "thinking_delta", "thinking": "m"}),
            json!({"type": "signature_delta", "signature": "EqQB=="}),
        ],
    );
    let hidden = anthropic::block(1, json!({"type": "redacted_thinking", "data": "xyz"}), &[]);
    let calling = anthropic::block(
        2,
        json!({"type": "tool_use", "id": "t:1", "name": "get", "input": {}}),
        &[json!({"type": "input_json_delta", "partial_json": "{}"})],
    );
    let answers = vec![anthropic::message(vec![thinking, hidden, calling], "tool_use"), anthropic::words("done")];
    let provider = FakeProvider::playing(answers).await;
    let model = model_of(vec![endpoint("anthropic/m", &provider.root())], patience());
    let reply = ask(model.as_ref(), &prompt()).await.unwrap();
    let second = next(prompt(), reply.blocks);
    ask(model.as_ref(), &second).await.unwrap();
    let sent = messages(&provider.asked()[1].body);
    assert_eq!(
        sent[1]["content"],
        json!([{"type": "thinking", "thinking": "hmm", "signature": "EqQB=="}, {"type": "redacted_thinking", "data": "xyz"},
               {"type": "tool_use", "id": "t_1", "name": "get", "input": {}}])
    );
    assert_eq!(sent[2]["content"][0]["tool_use_id"], "t_1");
    // Another model of the same conversation gets the words and calls alone.
    let other = FakeProvider::saying(openai::words("done")).await;
    ask(model_of(vec![endpoint("openai/m", &other.root())], patience()).as_ref(), &second).await.unwrap();
    let sent = other.asked()[0].body.to_string();
    assert!(!sent.contains("EqQB") && !sent.contains("xyz") && sent.contains("\"t:1\""), "{sent}");
}
