//! A provider that fails in every way there is: an honest fault each time, in time and bounded, sent again only where that helps, and
//! the key in none of it.

use super::asking::{KEY, after, ask, endpoint, model_of, patience, prompt};
use super::provider::{Act, Answer, FakeProvider, answer, anthropic, events, json_answer, openai, stream, stream_head};
use kubemend::domain::provider_key::ProviderKey;
use kubemend::model::{Endpoint, KeySource};
use kubemend::ports::{ModelFault, ModelFaultKind};
use serde_json::json;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

const WIRES: [&str; 2] = ["openai/m", "anthropic/m"];

fn good(model: &str) -> Answer {
    if model.starts_with("openai") { openai::words("ready") } else { anthropic::words("ready") }
}

/// The fault, and how often it was asked.
async fn fault(model: &str, answers: Vec<Answer>) -> (ModelFault, usize) {
    let (asked, provider) = after(model, answers).await;
    let fault = asked.unwrap_err();
    let shown = format!("{fault} {fault:?} {:?}", fault.hints());
    assert!(!shown.contains("canary"), "{shown}");
    assert!(fault.model == model && fault.to_string().len() < 600 && !fault.to_string().contains('\n'), "{shown}");
    (fault, provider.asked().len())
}

#[tokio::test]
async fn what_passes_is_sent_again_and_what_lasts_is_not() {
    use ModelFaultKind::{Auth, BadRequest, ContextTooLong, Overloaded, RateLimited, Refused};
    let error = |kind: &str| json!({"type": "error", "error": {"type": kind, "message": format!("your key {KEY} is odd")}});
    for model in WIRES {
        for (status, body, kind, times) in [
            (500, "garbage".to_owned(), Overloaded, 3),
            (502, "<html><body>Bad gateway</body></html>".to_owned(), Overloaded, 3),
            (529, error("overloaded_error").to_string(), Overloaded, 3),
            (429, error("rate_limit_error").to_string(), RateLimited(None), 3),
            (429, json!({"error": {"code": 429, "message": "slow down"}}).to_string(), RateLimited(None), 3),
            (429, json!([{"error": {"code": 429, "status": "RESOURCE_EXHAUSTED", "message": "x"}}]).to_string(), RateLimited(None), 3),
            (429, json!({"error": {"code": "insufficient_quota", "message": "pay"}}).to_string(), RateLimited(None), 1),
            (401, error("authentication_error").to_string(), Auth, 1),
            (403, String::new(), Auth, 1),
            (404, error("not_found_error").to_string(), BadRequest, 1),
            (400, error("invalid_request_error").to_string(), BadRequest, 1),
            (400, json!({"error": {"code": "context_length_exceeded", "message": "x"}}).to_string(), ContextTooLong, 1),
            (400, json!({"error": {"code": "content_filter", "message": "x"}}).to_string(), Refused, 1),
        ] {
            let (fault, asked) = fault(model, vec![answer(status, &[], body.as_bytes())]).await;
            assert_eq!((fault.kind, fault.status, asked), (kind, Some(status), times), "{model} {status} {body}");
        }
    }
}

#[tokio::test]
async fn failure_that_passed_is_forgotten_once_there_is_an_answer() {
    for model in WIRES {
        let half = vec![Act::Send(stream_head()), Act::Send(b"data: {\"type\": \"message_start\"".to_vec()), Act::Reset];
        let (reply, provider) = after(model, vec![answer(503, &[], b""), half, good(model)]).await;
        assert_eq!((reply.unwrap().text().as_str(), provider.asked().len()), ("ready", 3));
        let bodies: Vec<String> = provider.asked().iter().map(|asked| asked.body.to_string()).collect();
        assert!(bodies.iter().all(|body| *body == bodies[0]), "the same is asked");
    }
}

#[tokio::test]
async fn wait_that_the_provider_asks_for_is_kept_where_it_is_short_and_is_the_answer_where_it_is_not() {
    let began = Instant::now();
    let (reply, _) = after("openai/m", vec![answer(429, &[("retry-after", "1")], b""), openai::words("ready")]).await;
    assert!(reply.is_ok() && began.elapsed() >= Duration::from_secs(1), "{:?}", began.elapsed());
    let (fault, asked) = fault("openai/m", vec![answer(429, &[("retry-after", "3600")], b"")]).await;
    assert_eq!((fault.kind, asked), (ModelFaultKind::RateLimited(Some(Duration::from_secs(3600))), 1));
    for garbage in ["soon", "-5", "Mon, 23 Nov 2020 12:00:00 GMT"] {
        let (reply, _) = after("openai/m", vec![answer(429, &[("retry-after", garbage)], b""), openai::words("ready")]).await;
        assert!(reply.is_ok(), "{garbage}");
    }
}

#[tokio::test]
async fn success_with_an_error_in_it_is_a_failure() {
    for model in WIRES {
        for (said, kind, times) in [
            (json_answer(200, &json!({"error": {"code": 429, "message": "x"}})), ModelFaultKind::RateLimited(None), 3),
            (
                json_answer(200, &json!({"type": "error", "error": {"type": "overloaded_error", "message": "x"}})),
                ModelFaultKind::Overloaded,
                3,
            ),
            (stream(&events(&[json!({"error": {"code": 401, "message": "x"}})])), ModelFaultKind::Auth, 1),
            (json_answer(200, &json!({"error": "no such model"})), ModelFaultKind::Overloaded, 3),
        ] {
            let (fault, asked) = fault(model, vec![said]).await;
            assert_eq!((fault.kind, asked), (kind, times), "{model} {fault}");
        }
    }
    // In the middle of a stream, after words that are used no more.
    let middle = events(&[
        openai::piece(json!({"content": "half of"}), None),
        json!({"error": {"code": 502, "message": "upstream"}, "choices": []}),
    ]);
    let (reply, provider) = after("openai/m", vec![stream(&middle), openai::words("ready")]).await;
    assert_eq!((reply.unwrap().text().as_str(), provider.asked().len()), ("ready", 2));
    let inside = json!({"choices": [{"delta": {"content": ""}, "finish_reason": "error", "error": {"code": 503, "message": "x"}}]});
    assert_eq!(fault("openai/m", vec![stream(&events(&[inside]))]).await.0.kind, ModelFaultKind::Overloaded);
    let middle = events(&[anthropic::start(), json!({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}})]);
    assert_eq!(fault("anthropic/m", vec![stream(&middle)]).await.0.kind, ModelFaultKind::Overloaded);
}

#[tokio::test]
async fn refusal_is_no_answer() {
    for said in
        [openai::piece(json!({"content": "I"}), Some("content_filter")), openai::piece(json!({"refusal": "I cannot"}), Some("stop"))]
    {
        let (fault, asked) = fault("openai/m", vec![stream(&events(&[said]))]).await;
        assert_eq!((fault.kind, asked), (ModelFaultKind::Refused, 1));
    }
    assert_eq!(fault("anthropic/m", vec![anthropic::message(Vec::new(), "refusal")]).await.0.kind, ModelFaultKind::Refused);
}

#[tokio::test]
async fn answer_that_is_none_is_a_fault_of_its_own() {
    for model in WIRES {
        for nonsense in [
            "",
            "\n\n",
            "<html>hello</html>",
            "data: not json\n\n",
            "{}",
            "[]",
            "null",
            "{\"choices\": []}",
            "\u{feff}{}",
            "data: []\n\ndata: [DONE]\n\n",
        ] {
            let (fault, asked) = fault(model, vec![answer(200, &[], nonsense.as_bytes())]).await;
            assert_eq!((fault.kind, asked), (ModelFaultKind::Protocol, 1), "{model} {nonsense:?}");
        }
        let broken = [0xff, 0xfe, 0, b'{', b'\n', b'\n'];
        assert_eq!(fault(model, vec![answer(200, &[], &broken)]).await.0.kind, ModelFaultKind::Protocol);
    }
}

#[tokio::test]
async fn stream_that_ends_or_stops_before_its_end_is_sent_again_and_then_a_fault() {
    for (model, begun) in [
        ("openai/m", events(&[openai::piece(json!({"content": "half"}), None)])),
        (
            "anthropic/m",
            events(&[
                anthropic::start(),
                json!({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": "half"}}),
            ]),
        ),
    ] {
        let head = || Act::Send(stream_head());
        let half = || Act::Send(begun.clone().into_bytes());
        for (said, name) in [
            (vec![head(), half()], "ends"),
            (vec![head(), half(), Act::Reset], "breaks"),
            (vec![head(), half(), Act::Hang], "stops"),
            (vec![head(), Act::Hang], "never begins"),
            (vec![Act::Hang], "has no head"),
            (vec![Act::Reset], "breaks before the head"),
            (vec![Act::Send(b"HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{\"choices\": [".to_vec())], "is shorter than it says"),
        ] {
            let began = Instant::now();
            let (fault, asked) = fault(model, vec![said]).await;
            assert_eq!((fault.kind, asked), (ModelFaultKind::Transport, 3), "{model} {name}: {fault}");
            assert!(began.elapsed() < Duration::from_secs(4), "{model} {name}: {:?}", began.elapsed());
        }
    }
}

#[tokio::test]
async fn stream_that_only_drips_ends_with_the_time_for_everything() {
    let drip = vec![Act::Send(stream_head()), Act::Drip(b": still there\n\n".to_vec(), 10_000, Duration::from_millis(50))];
    let provider = FakeProvider::saying(drip).await;
    let model =
        model_of(vec![endpoint("openai/m", &provider.root())], kubemend::model::Patience { whole: Duration::from_secs(1), ..patience() });
    let began = Instant::now();
    let fault = ask(model.as_ref(), &prompt()).await.unwrap_err();
    assert_eq!(fault.kind, ModelFaultKind::Transport);
    assert!(fault.to_string().contains("no whole answer within 1 s") && began.elapsed() < Duration::from_secs(2), "{fault}");
}

#[tokio::test]
async fn huge_answers_are_not_kept() {
    let piece = events(&[openai::piece(json!({"content": "x"}), None)]).into_bytes();
    let line = vec![b'x'; 64 * 1024];
    let comments = b": still there\n\n".repeat(4_000);
    let words = events(&[openai::piece(json!({"content": "x".repeat(60_000)}), None)]).into_bytes();
    let call =
        events(&[openai::piece(json!({"tool_calls": [{"id": "", "function": {"name": "get", "arguments": "{}"}}]}), None)]).into_bytes();
    let thought = events(&[openai::piece(json!({"reasoning_content": "x".repeat(60_000)}), None)]).into_bytes();
    for (body, name) in [
        (piece, "a million pieces"),
        (line, "one line without an end"),
        (comments, "comments without an end"),
        (words, "words"),
        (call, "calls"),
        (thought, "thoughts"),
    ] {
        let said = vec![Act::Send(stream_head()), Act::Drip(body, 1_000_000, Duration::ZERO)];
        let (fault, asked) = fault("openai/m", vec![said]).await;
        assert_eq!((fault.kind, asked), (ModelFaultKind::Protocol, 1), "{name}: {fault}");
    }
    let json = vec![Act::Send(b"HTTP/1.1 200 OK\r\n\r\n{".to_vec()), Act::Drip(vec![b' '; 64 * 1024], 1_000_000, Duration::ZERO)];
    assert_eq!(fault("anthropic/m", vec![json]).await.0.kind, ModelFaultKind::Protocol);
    let blocks: Vec<_> = (0..2_000).flat_map(|at| anthropic::block(at, json!({"type": "text", "text": "x"}), &[])).collect();
    assert_eq!(fault("anthropic/m", vec![stream(&events(&blocks))]).await.0.kind, ModelFaultKind::Protocol);
    // An error may be as long as it likes.
    let error = vec![Act::Send(b"HTTP/1.1 500 x\r\n\r\n".to_vec()), Act::Drip(vec![b'e'; 64 * 1024], 1_000_000, Duration::ZERO)];
    assert_eq!(fault("openai/m", vec![error]).await.0.kind, ModelFaultKind::Overloaded);
}

#[tokio::test]
async fn compressed_answer_is_refused_and_never_unpacked() {
    let (fault, asked) = fault("openai/m", vec![answer(200, &[("content-encoding", "gzip")], &[0x1f, 0x8b, 8, 0])]).await;
    assert_eq!((fault.kind, asked), (ModelFaultKind::Protocol, 1));
}

#[tokio::test]
async fn redirect_is_not_followed_and_the_key_goes_nowhere() {
    let other = FakeProvider::saying(openai::words("stolen")).await;
    for status in [301, 302, 307, 308] {
        let (fault, asked) = fault("openai/m", vec![answer(status, &[("location", &other.root())], b"")]).await;
        assert_eq!((fault.kind, asked), (ModelFaultKind::Protocol, 1), "{fault}");
    }
    assert!(other.asked().is_empty());
}

#[tokio::test]
async fn nobody_there_and_no_tls_are_said_as_what_they_are() {
    let gone = FakeProvider::saying(Vec::new()).await.root();
    let plain = FakeProvider::saying(openai::words("x")).await;
    for (root, words) in
        [(gone, "refused"), (plain.root().replace("http:", "https:"), "tls"), ("https://no-such-host.invalid/v1".to_owned(), "dns")]
    {
        tokio::time::sleep(Duration::from_millis(20)).await;
        let longer = kubemend::model::Patience { attempts: 1, first_byte: Duration::from_secs(5), ..patience() };
        let fault = ask(model_of(vec![endpoint("openai/m", &root)], longer).as_ref(), &prompt()).await.unwrap_err();
        assert_eq!(fault.kind, ModelFaultKind::Transport);
        let said = fault.to_string().to_lowercase();
        assert!(said.contains(words) || said.contains("corrupt message") || said.contains("no answer within"), "{fault}");
    }
    assert!(plain.asked().is_empty(), "nothing was sent without TLS");
}

#[tokio::test]
async fn who_waits_no_more_has_an_answer_at_once_and_the_connection_ends() {
    let provider = FakeProvider::saying(vec![Act::Send(stream_head()), Act::Hang]).await;
    let longer = kubemend::model::Patience { first_byte: Duration::from_secs(30), idle: Duration::from_secs(30), ..patience() };
    let model = model_of(vec![endpoint("openai/m", &provider.root())], longer);
    let (go, began) = (CancellationToken::new(), Instant::now());
    let later = async {
        tokio::time::sleep(Duration::from_millis(150)).await;
        go.cancel();
    };
    let (question, go_on) = (prompt(), go.clone());
    let (asked, ()) = tokio::join!(model.complete(&question, &go_on), later);
    assert_eq!(asked.unwrap_err().kind, ModelFaultKind::Cancelled);
    assert!(began.elapsed() < Duration::from_secs(1));
    tokio::time::timeout(Duration::from_secs(2), async {
        while provider.gone() == 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await
    .expect("the connection ends");
    assert_eq!(model.complete(&question, &go_on).await.unwrap_err().kind, ModelFaultKind::Cancelled, "nothing is asked any more");
    assert_eq!(provider.asked().len(), 1);
}

#[tokio::test]
async fn next_model_of_a_chain_answers_with_its_own_key_and_name() {
    let down = FakeProvider::saying(answer(500, &[], b"")).await;
    let up = FakeProvider::saying(anthropic::words("ready")).await;
    let second = Endpoint { key: KeySource::Given(ProviderKey::new("second-canary").unwrap()), ..endpoint("anthropic/other", &up.root()) };
    let model = model_of(vec![endpoint("openai/m", &down.root()), second], patience());
    let reply = ask(model.as_ref(), &prompt()).await.unwrap();
    assert_eq!((model.name(), reply.model.as_str(), reply.text().as_str()), ("openai/m", "anthropic/other", "ready"));
    assert_eq!(up.asked()[0].header("x-api-key"), Some("second-canary"));
    assert!(!format!("{:?}", up.asked()).contains(KEY) && !format!("{:?}", down.asked()).contains("second-canary"));
}

#[tokio::test]
async fn key_that_cannot_be_read_is_a_fault_before_anything_is_sent() {
    let provider = FakeProvider::saying(openai::words("x")).await;
    let endpoint = Endpoint { key: KeySource::File("/nowhere/key".into()), ..endpoint("openai/m", &provider.root()) };
    let fault = ask(model_of(vec![endpoint], patience()).as_ref(), &prompt()).await.unwrap_err();
    assert_eq!(fault.kind, ModelFaultKind::Auth);
    assert!(fault.to_string().contains("/nowhere/key` does not exist"), "{fault}");
    assert!(provider.asked().is_empty());
}

/// A stream that has said why it ended is an answer, whatever becomes of its connection.
#[tokio::test]
async fn finished_stream_is_an_answer_without_its_last_mark() {
    for (model, said) in [
        (
            "openai/m",
            events(&[openai::piece(json!({"content": "ready"}), None), openai::piece(json!({}), Some("stop")), openai::usage(12, 8, 3)]),
        ),
        ("anthropic/m", {
            let block = anthropic::block(0, json!({"type": "text", "text": ""}), &[json!({"type": "text_delta", "text": "ready"})]);
            let [stopped, _] = anthropic::end("end_turn");
            events(&[vec![anthropic::start()], block, vec![stopped]].concat())
        }),
    ] {
        for end in [vec![Act::Hang], vec![Act::Reset], Vec::new()] {
            let began = Instant::now();
            let answer = [vec![Act::Send(stream_head()), Act::Send(said.clone().into_bytes())], end.clone()].concat();
            let (reply, provider) = after(model, vec![answer]).await;
            let reply = reply.unwrap_or_else(|fault| panic!("{model} {end:?}: {fault}"));
            assert_eq!((reply.text().as_str(), reply.tokens.is_some(), provider.asked().len()), ("ready", true, 1), "{model} {end:?}");
            assert!(began.elapsed() < Duration::from_millis(350), "{model} {end:?}: {:?}", began.elapsed());
        }
    }
    // An empty word with every piece, as some write it, is no end.
    let half = events(&[openai::piece(json!({"content": "half"}), Some(""))]);
    let (fault, asked) = fault("openai/m", vec![vec![Act::Send(stream_head()), Act::Send(half.into_bytes()), Act::Reset]]).await;
    assert_eq!((fault.kind, asked), (ModelFaultKind::Transport, 3));
    let whole = b"HTTP/1.1 200 OK\r\n\r\n{\"choices\": [{\"message\": {\"content\": \"ready\"}, \"finish_reason\": \"stop\"}]}".to_vec();
    let (reply, _) = after("openai/m", vec![vec![Act::Send(whole), Act::Hang]]).await;
    assert_eq!(reply.unwrap().text(), "ready", "a body that is whole");
}

/// A provider counts what it took in, also where its answer broke; an error is no answer, and free.
#[tokio::test]
async fn attempts_without_an_answer_count_what_was_sent_and_what_came() {
    for model in WIRES {
        let half = || vec![Act::Send(stream_head()), Act::Send(b"data: {\"type\": \"ping\", \"choices\": []}\n\n".to_vec()), Act::Reset];
        let (reply, provider) = after(model, vec![half(), answer(503, &[], b""), good(model)]).await;
        let sent = u64::try_from(provider.asked()[0].body.to_string().len()).unwrap() / 3;
        let lost = reply.unwrap().lost;
        let one = |lost: &[kubemend::domain::dialogue::Wasted]| {
            assert_eq!((lost.len(), lost[0].model.as_str()), (1, model), "{lost:?}");
            lost[0].tokens.input
        };
        assert!(one(&lost).abs_diff(sent) <= 3, "{lost:?} of {sent}");
        let (fault, _) = fault(model, vec![half()]).await;
        assert!(one(&fault.lost).abs_diff(3 * sent) <= 9, "{fault:?} of three times {sent}");
        let (free, _) = self::fault(model, vec![answer(500, &[], b"")]).await;
        assert_eq!(free.lost, []);
    }
    let (fault, _) =
        fault("anthropic/m", vec![vec![Act::Send(stream_head()), Act::Send(events(&[anthropic::start()]).into_bytes()), Act::Reset]]).await;
    assert_eq!(fault.lost[0].tokens.input, 3 * 52, "what the provider says of it counts before any estimate");
    // Who does not wait any more has sent it all the same.
    let provider = FakeProvider::saying(vec![Act::Hang]).await;
    let model = model_of(vec![endpoint("openai/m", &provider.root())], patience());
    let (go, question) = (CancellationToken::new(), prompt());
    let later = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        go.cancel();
    };
    let (asked, ()) = tokio::join!(model.complete(&question, &go), later);
    assert!(asked.unwrap_err().lost[0].tokens.input > 50);
}

#[tokio::test]
async fn lost_attempts_of_the_first_model_come_with_the_answer_of_the_next() {
    let down = FakeProvider::saying(vec![Act::Send(stream_head()), Act::Reset]).await;
    let up = FakeProvider::saying(anthropic::words("ready")).await;
    let model = model_of(vec![endpoint("openai/m", &down.root()), endpoint("anthropic/other", &up.root())], patience());
    let reply = ask(model.as_ref(), &prompt()).await.unwrap();
    assert_eq!((reply.lost.len(), reply.lost[0].model.as_str()), (1, "openai/m"), "each has its own price");
}

#[tokio::test]
async fn wait_is_heard_from_a_provider_that_has_no_room_too() {
    for status in [503, 529] {
        let began = Instant::now();
        let (reply, _) = after("anthropic/m", vec![answer(status, &[("retry-after", "1")], b""), anthropic::words("ready")]).await;
        assert!(reply.is_ok() && began.elapsed() >= Duration::from_secs(1), "{:?}", began.elapsed());
        let (fault, asked) = fault("anthropic/m", vec![answer(status, &[("retry-after", "3600")], b"")]).await;
        assert_eq!((fault.kind, asked), (ModelFaultKind::Overloaded, 1));
    }
}

/// A small piece costs the same however much came before it.
#[tokio::test]
async fn many_small_pieces_take_time_in_proportion() {
    let longer =
        kubemend::model::Patience { answer_bytes: 16 << 20, whole: Duration::from_secs(60), ..kubemend::model::Patience::default() };
    let list = "data:{\"choices\":[{\"delta\":{\"x\":[[]]}}]}\n\n".repeat(100_000);
    let blocks: String = (0..400).map(|at| events(&anthropic::block(at, json!({"type": "text", "text": "x"}), &[])[..1])).collect();
    let deltas = "data:{\"type\":\"content_block_delta\",\"index\":1,\"delta\":{\"type\":\"x\",\"y\":[[]]}}\n\n".repeat(100_000);
    for (model, said) in [
        ("openai/m", format!("{list}{}", events(&[openai::piece(json!({}), Some("stop"))]))),
        ("anthropic/m", format!("{}{blocks}{deltas}{}", events(&[anthropic::start()]), events(&anthropic::end("end_turn")))),
    ] {
        let provider = FakeProvider::saying(stream(&said)).await;
        let began = Instant::now();
        let reply = ask(model_of(vec![endpoint(model, &provider.root())], longer).as_ref(), &prompt()).await;
        assert!(reply.is_ok(), "{model}: {reply:?}");
        assert!(began.elapsed() < Duration::from_secs(15), "{model}: {:?}", began.elapsed());
    }
}

#[tokio::test]
async fn connection_whose_stream_ended_is_used_again() {
    let text = |answer: &Answer| match &answer[1] {
        Act::Send(bytes) => String::from_utf8(bytes.clone()).unwrap(),
        other => panic!("{other:?}"),
    };
    let kept = |answer: &Answer| {
        let text = text(answer);
        let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ncontent-type: text/event-stream\r\n\r\n";
        vec![Act::Send(format!("{head}{:x}\r\n{text}\r\n0\r\n\r\n", text.len()).into_bytes()), Act::Next]
    };
    for model in WIRES {
        let provider = FakeProvider::saying(kept(&good(model))).await;
        let asked = model_of(vec![endpoint(model, &provider.root())], patience());
        for _ in 0..3 {
            assert_eq!(ask(asked.as_ref(), &prompt()).await.unwrap().text(), "ready");
        }
        assert_eq!((provider.asked().len(), provider.gone()), (3, 0), "{model}: one connection for all");
    }
}
