//! What becomes of a line that is no message, by the program itself: refused where somebody can wait for an answer, and the next one works.

use super::program::Program;
use serde_json::{Value, json};

const PARSE: i64 = -32700;
const INVALID: i64 = -32600;

/// Sends a line and, after it, a question. What comes before its answer is the answer to the line.
fn answers(program: &mut Program, line: &[u8]) -> Vec<Value> {
    program.send_bytes(line);
    program.send(r#"{"jsonrpc":"2.0","id":"after","method":"ping"}"#);
    let mut before = Vec::new();
    loop {
        let message = program.next();
        if message["id"] == "after" {
            assert_eq!(message["result"], json!({}), "the next line works: {message}");
            return before;
        }
        before.push(message);
    }
}

fn quoted(line: &[u8]) -> String {
    String::from_utf8_lossy(&line[..line.len().min(120)]).into_owned()
}

#[test]
fn what_is_no_message_is_refused_with_its_id_and_the_next_line_works() {
    let mut program = Program::initialized();
    let deep = "[".repeat(100_000);
    let nested = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"ping","params":{{"a":{}1{}}}}}"#, "[".repeat(5_000), "]".repeat(5_000));
    let cases: Vec<(&[u8], i64, Value)> = vec![
        // Not JSON, or not text: nobody can tell whose it is.
        (b"rubbish", PARSE, Value::Null),
        (b"{", PARSE, Value::Null),
        (deep.as_bytes(), PARSE, Value::Null),
        (nested.as_bytes(), PARSE, Value::Null),
        (br#"{"jsonrpc":"2.0","id":1,"method":"ping"} {}"#, PARSE, Value::Null),
        (br#"{"jsonrpc":"2.0","id":1,"method":"\ud800"}"#, PARSE, Value::Null),
        (b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\xff\"}", PARSE, Value::Null),
        (b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"\0}", PARSE, Value::Null),
        // JSON that is no message.
        (b"null", INVALID, Value::Null),
        (b"7", INVALID, Value::Null),
        (b"[]", INVALID, Value::Null),
        (br#"[{"jsonrpc":"2.0","id":1,"method":"ping"},{"jsonrpc":"2.0","id":2,"method":"ping"}]"#, INVALID, Value::Null),
        (b"{}", INVALID, Value::Null),
        (b"\xEF\xBB\xBF{}", INVALID, Value::Null),
        (br#"{"jsonrpc":"2.0"}"#, INVALID, Value::Null),
        (br#"{"jsonrpc":"2.0","id":"a"}"#, INVALID, json!("a")),
        // A request, but for something.
        (br#"{"id":"a","method":"ping"}"#, INVALID, json!("a")),
        (br#"{"jsonrpc":"1.0","id":"a","method":"ping"}"#, INVALID, json!("a")),
        (br#"{"jsonrpc":2.0,"id":9,"method":"ping"}"#, INVALID, json!(9)),
        (br#"{"jsonrpc":"2.0","id":"a","method":7}"#, INVALID, json!("a")),
        (br#"{"jsonrpc":"2.0","id":"a","method":null}"#, INVALID, json!("a")),
        (br#"{"jsonrpc":"2.0","id":"a","method":"ping","params":[]}"#, INVALID, json!("a")),
        (br#"{"jsonrpc":"2.0","id":"a","method":"ping","params":"x"}"#, INVALID, json!("a")),
        (br#"{"jsonrpc":"2.0","id":"a","method":"ping","result":{}}"#, INVALID, json!("a")),
        (br#"{"jsonrpc":"2.0","id":"a","method":"ping","error":{"code":1,"message":"x"}}"#, INVALID, json!("a")),
        // An `id` that is none.
        (br#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#, INVALID, Value::Null),
        (br#"{"jsonrpc":"2.0","id":{"a":1},"method":"ping"}"#, INVALID, Value::Null),
        (br#"{"jsonrpc":"2.0","id":[1],"method":"ping"}"#, INVALID, Value::Null),
        (br#"{"jsonrpc":"2.0","id":true,"method":"ping"}"#, INVALID, Value::Null),
        (br#"{"jsonrpc":"2.0","id":1.5,"method":"ping"}"#, INVALID, Value::Null),
        (br#"{"jsonrpc":"2.0","id":1180591620717411303424,"method":"ping"}"#, INVALID, Value::Null),
    ];
    for (line, code, id) in cases {
        let said = answers(&mut program, line);
        assert_eq!(said.len(), 1, "{}: {said:?}", quoted(line));
        assert_eq!((&said[0]["error"]["code"], said[0].get("id")), (&json!(code), Some(&id)), "{}: {said:?}", quoted(line));
        assert!(said[0]["error"]["message"].as_str().unwrap().len() > 10, "{said:?}");
    }
    assert_eq!(program.end().code, Some(0));
}

/// Whoever reads the first of two keys, or does not look at case, must not see another message than the server does.
#[test]
fn keys_that_others_may_read_otherwise_are_refused_and_nothing_of_them_is_done() {
    let mut program = Program::initialized();
    let call = r#""name":"analyze","arguments":{"issue":"x"}"#;
    for (line, id, says) in [
        (r#"{"jsonrpc":"2.0","id":"a","Method":"tools/list"}"#.to_owned(), json!("a"), "`Method` is not `method`"),
        (r#"{"jsonrpc":"2.0","id":"a","method":"ping","Method":"tools/list"}"#.to_owned(), json!("a"), "`Method` is not `method`"),
        (r#"{"jsonrpc":"2.0","id":"a","method":"ping","PARAMS":{}}"#.to_owned(), json!("a"), "`PARAMS` is not `params`"),
        (r#"{"jsonrpc":"2.0","ID":"a","id":"b","method":"ping"}"#.to_owned(), json!("b"), "`ID` is not `id`"),
        (r#"{"jsonrpc":"2.0","id":"a","method":"ping","method":"tools/list"}"#.to_owned(), json!("a"), "`method` is there twice"),
        (r#"{"jsonrpc":"2.0","id":"a","method":"ping","\u006dethod":"tools/list"}"#.to_owned(), json!("a"), "`method` is there twice"),
        (r#"{"jsonrpc":"2.0","id":"a","id":"b","method":"ping"}"#.to_owned(), Value::Null, "`id` is there twice"),
        (format!(r#"{{"jsonrpc":"2.0","id":"a","method":"tools/call","params":{{"name":"remediate",{call}}}}}"#), json!("a"), "`name` is there twice"),
        (
            r#"{"jsonrpc":"2.0","id":"a","method":"tools/call","params":{"name":"analyze","arguments":{"issue":"x","issue":"y"}}}"#.to_owned(),
            json!("a"),
            "`issue` is there twice",
        ),
        (
            r#"{"jsonrpc":"2.0","id":"a","method":"tools/call","params":{"name":"analyze","arguments":{"issue":"x","a\u202e":1,"a\u202e":2}}}"#
                .to_owned(),
            json!("a"),
            r"`a\u{202e}` is there twice",
        ),
        (
            r#"{"jsonrpc":"2.0","id":"a","method":"tools/call","params":{"name":"analyze","arguments":{"$serde_json::private::RawValue":"{}"}}}"#
                .to_owned(),
            json!("a"),
            "means nothing here",
        ),
    ] {
        let said = answers(&mut program, line.as_bytes());
        assert_eq!(said.len(), 1, "{line}: {said:?}");
        assert_eq!((&said[0]["error"]["code"], &said[0]["id"]), (&json!(INVALID), &id), "{line}: {said:?}");
        assert!(said[0]["error"]["message"].as_str().unwrap().contains(says), "{line}: {said:?}");
    }
    // Inside of `params` a key of another case is another key.
    program.send(r#"{"jsonrpc":"2.0","id":"n","method":"tools/call","params":{"Name":"analyze","arguments":{"issue":"x"}}}"#);
    assert_eq!(program.answer("n")["error"]["code"], -32602);
}

#[test]
fn blank_lines_notifications_and_answers_are_never_answered() {
    let mut program = Program::initialized();
    for line in [
        "",
        "\r",
        " \t ",
        "\u{feff}",
        r#"{"jsonrpc":"2.0","id":7,"result":{"answer":"to nothing"}}"#,
        r#"{"jsonrpc":"2.0","id":7,"error":{"code":-1,"message":"of nothing"}}"#,
        r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"what this server says itself"}}"#,
        r#"{"jsonrpc":"2.0","id":{"a":1},"result":{}}"#,
        r#"{"id":7,"result":{},"error":{}}"#,
        r#"{"jsonrpc":"2.0","id":7,"id":8,"result":{}}"#,
        r#"{"jsonrpc":"2.0","method":"notifications/unknown"}"#,
        r#"{"jsonrpc":"2.0","method":"tools/list"}"#,
        r#"{"jsonrpc":"1.0","method":"notifications/initialized"}"#,
        r#"{"jsonrpc":"2.0","method":7}"#,
        r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"never"}}"#,
        r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":[]}"#,
    ] {
        let said = answers(&mut program, line.as_bytes());
        assert!(said.is_empty(), "{line}: {said:?}");
    }
    assert_eq!(program.end().code, Some(0));
}

#[test]
fn a_message_in_another_form_of_the_same_json_is_the_same_message() {
    let mut program = Program::initialized();
    for line in [
        r#"{"jsonrpc":"2.0","id":"same","method":"ping"}"#,
        "{\"jsonrpc\":\"2.0\",\"id\":\"same\",\"method\":\"ping\"}\r",
        "\u{feff} {\t\"method\" : \"p\\u0069ng\", \"id\":\"same\",\"jsonrpc\":\"2.0\" , \"more\": 1}",
        r#"{"jsonrpc":"2.0","id":"same","method":"ping","params":null}"#,
    ] {
        program.send(line);
        assert_eq!(program.next(), json!({"jsonrpc": "2.0", "id": "same", "result": {}}), "{line}");
    }
}

#[test]
fn a_line_over_the_bound_is_refused_without_being_held_and_the_next_line_works() {
    let mut program = Program::initialized();
    let chunk = vec![b'x'; 1 << 20];
    let most = 16 << 20;
    for (bytes, code) in [(most, PARSE), (most + 1, INVALID), (300 << 20, INVALID)] {
        let said = {
            let whole = bytes / chunk.len();
            (0..whole).for_each(|_| program.send_part(&chunk));
            answers(&mut program, &chunk[..bytes % chunk.len()])
        };
        assert_eq!(said.len(), 1, "{bytes}: {said:?}");
        assert_eq!((&said[0]["error"]["code"], &said[0]["id"]), (&json!(code), &Value::Null), "{bytes}: {said:?}");
    }
    #[cfg(target_os = "linux")]
    assert!(program.most_memory() < 100, "{} MiB", program.most_memory());
}

/// With one `id` for both, an answer could be taken for the other one's.
#[test]
fn a_second_request_with_the_id_of_one_that_runs_is_refused() {
    let server = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let mut program = Program::on_cluster(&format!("http://{}", server.local_addr().unwrap())).hello();
    program.ask("same", "analyze", json!({"issue": "x"}));
    let (_silent, _) = server.accept().unwrap();
    let said = answers(&mut program, br#"{"jsonrpc":"2.0","id":"same","method":"tools/list"}"#);
    assert_eq!((said.len(), &said[0]["id"], &said[0]["error"]["code"]), (1, &Value::Null, &json!(INVALID)), "{said:?}");
    // One that was taken back is not answered any more.
    program.send(r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"same"}}"#);
    program.send(r#"{"jsonrpc":"2.0","id":"same","method":"tools/list"}"#);
    assert_eq!(program.answer("same")["result"]["tools"].as_array().unwrap().len(), 3);
    assert_eq!(program.end().code, Some(0));
}

/// A client that takes back what it asked before the opening, or answers what nobody asked, has not left.
#[test]
fn what_means_nothing_before_the_opening_does_not_end_the_server() {
    let mut program = Program::start();
    for line in [
        r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#,
        r#"{"jsonrpc":"2.0","id":1,"result":{}}"#,
        r#"{"jsonrpc":"2.0","id":"early","method":"tools/list"}"#,
        r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"early"}}"#,
        "rubbish",
    ] {
        program.send(line);
    }
    assert_eq!(program.answer("early")["error"]["code"], -32602);
    assert_eq!(program.next()["error"]["code"], PARSE);
    assert_eq!(program.hello().end().code, Some(0));
}
