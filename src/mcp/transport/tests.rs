//! The streams with bytes in any pieces, with futures that are dropped on the way, and with a client that does not read.

use super::super::bounds::STALLED;
use super::*;
use futures::FutureExt;
use proptest::prelude::*;
use rmcp::model::{EmptyResult, ErrorData, RequestId, ServerResult};
use serde_json::json;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, ReadHalf, WriteHalf, duplex, split};

const PING: &[u8] = br#"{"jsonrpc":"2.0","id":"last","method":"ping"}"#;

type OnDuplex = Wire<ReadHalf<DuplexStream>, WriteHalf<DuplexStream>>;

/// A wire and the client's end of it, which takes so many bytes before it has to be read.
fn wire(takes: usize) -> (OnDuplex, DuplexStream) {
    let (theirs, ours) = duplex(takes);
    let (reader, writer) = split(theirs);
    (Wire::new(reader, writer, Presence::default()), ours)
}

fn on_its_own<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap().block_on(work)
}

/// What should be taken of these bytes.
fn lines_of(bytes: &[u8], most: usize) -> Vec<Taken> {
    let mut lines: Vec<&[u8]> = bytes.split(|byte| *byte == b'\n').collect();
    let rest = lines.pop().unwrap_or_default();
    let line = |line: &[u8]| if line.len() > most { Taken::TooLong } else { Taken::Line(line.to_vec()) };
    let cut = (rest.len() > most).then_some(Taken::TooLong);
    lines.into_iter().map(line).chain(cut).collect()
}

/// Lines that are messages, and ones that nearly are.
fn line() -> impl Strategy<Value = Vec<u8>> {
    let member = prop::sample::select(vec![
        r#""jsonrpc":"2.0""#,
        r#""jsonrpc":"1.0""#,
        r#""id":"a""#,
        r#""id":1"#,
        r#""id":null"#,
        r#""id":1.5"#,
        r#""ID":1"#,
        r#""method":"ping""#,
        r#""method":"tools/call""#,
        r#""Method":"ping""#,
        r#""method":"notifications/initialized""#,
        r#""params":{"name":"analyze"}"#,
        r#""params":[]"#,
        r#""result":{}"#,
        r#""error":{"code":1,"message":"x"}"#,
        r#""more":{"a":1,"a":2}"#,
    ]);
    let object = prop::collection::vec(member, 0..6).prop_map(|members| format!("{{{}}}", members.join(",")).into_bytes());
    let noise = prop::collection::vec(any::<u8>().prop_filter("not the end of a line", |byte| *byte != b'\n'), 0..40);
    prop_oneof![3 => object, 1 => noise, 1 => Just(b"[]".to_vec()), 1 => Just(PING.to_vec())]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn lines_are_the_same_in_whatever_pieces_they_come(
        bytes in prop::collection::vec(prop::sample::select(b"ab\r\n".to_vec()), 0..120),
        pieces in prop::collection::vec(1..40_usize, 1..20),
        most in 0..20_usize,
    ) {
        let taken = on_its_own(async {
            let (mut ours, theirs) = duplex(1_000);
            let mut inlet = Inlet::new(theirs, most);
            let mut taken = Vec::new();
            let (mut rest, mut sizes) = (bytes.as_slice(), pieces.iter().cycle());
            while !rest.is_empty() {
                let (piece, then) = rest.split_at(rest.len().min(*sizes.next().unwrap()));
                ours.write_all(piece).await.unwrap();
                rest = then;
                tokio::task::yield_now().await;
                // The future is dropped wherever it has to wait.
                while let Some(more) = inlet.take().now_or_never() {
                    taken.push(more.unwrap());
                }
            }
            drop(ours);
            assert_eq!(inlet.take().await.unwrap(), Taken::End);
            taken
        });
        prop_assert_eq!(taken, lines_of(&bytes, most));
    }

    /// Whatever the client sends, it gets one whole line for each line that is refused, in their order, and a question after them is heard.
    #[test]
    fn refusals_are_whole_lines_in_order_and_the_next_message_is_heard(
        lines in prop::collection::vec(line(), 0..12),
        takes in 1..200_usize,
        reads in 1..200_usize,
    ) {
        let expected: Vec<String> = lines.iter().filter_map(|line| match understand(line) {
            Understood::Refused(refusal) => Some(refusal.answer()),
            Understood::Message(_) | Understood::Ignored(_) => None,
        }).collect();
        let (heard, said) = on_its_own(async {
            let (mut wire, ours) = wire(takes);
            let (mut reader, mut writer) = split(ours);
            let sent: Vec<u8> = lines.iter().map(Vec::as_slice).chain([PING]).flat_map(|line| [line, b"\n"].concat()).collect();
            let (mut said, mut heard, mut buffer) = (Vec::new(), false, vec![0; reads]);
            let (mut written, mut idle) = (0, 0);
            while idle < 5 {
                tokio::task::yield_now().await;
                idle += 1;
                if let Some(n) = writer.write(&sent[written..]).now_or_never() {
                    written += n.unwrap();
                    idle = if written < sent.len() { 0 } else { idle };
                }
                if let Some(message) = wire.receive().now_or_never() {
                    if let Some(JsonRpcMessage::Request(request)) = message {
                        // What runs is over at once: a second one with its `id` is another test's.
                        heard |= wire.open.answered(&request.id) == Some(RequestId::String("last".into()));
                    }
                    idle = 0;
                }
                if let Some(n) = reader.read(&mut buffer).now_or_never() {
                    said.extend_from_slice(&buffer[..n.unwrap()]);
                    idle = 0;
                }
            }
            (heard, String::from_utf8(said).unwrap())
        });
        prop_assert!(heard);
        prop_assert_eq!(said.lines().map(str::to_owned).collect::<Vec<_>>(), expected);
        prop_assert!(said.is_empty() || said.ends_with('\n'));
    }
}

/// So many requests wait for an answer, and are called by their numbers on either side.
fn asked(wire: &mut OnDuplex, requests: i64) {
    for number in 1..=requests {
        assert_eq!(wire.open.open(&RequestId::Number(number)), Some(RequestId::Number(number)));
    }
}

fn answer(bytes: usize) -> TxJsonRpcMessage<RoleServer> {
    JsonRpcMessage::error(ErrorData::internal_error("x".repeat(bytes), None), Some(RequestId::Number(1)))
}

#[tokio::test(start_paused = true)]
async fn a_client_that_takes_nothing_for_long_is_gone() {
    let (mut wire, mut ours) = wire(64);
    asked(&mut wire, 1);
    let presence = wire.presence.clone();
    let mut sending = Box::pin(wire.send(answer(1_000)));
    assert!(tokio::time::timeout(STALLED - Duration::from_secs(1), &mut sending).await.is_err());
    // A single byte that it takes gives it the same time again.
    ours.read_u8().await.unwrap();
    assert!(tokio::time::timeout(STALLED - Duration::from_secs(1), &mut sending).await.is_err());
    assert!(!presence.gone.is_cancelled());
    sending.await.unwrap();
    assert!(presence.gone.is_cancelled() && presence.deaf.is_cancelled());
    assert!(wire.receive().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_client_that_does_not_read_is_not_asked_for_more() {
    let (mut wire, mut ours) = wire(64 << 10);
    asked(&mut wire, 1);
    ours.write_all(&[PING, b"\n"].concat()).await.unwrap();
    let waiting = wire.send(answer(UNREAD));
    assert!(wire.receive().now_or_never().is_none());
    drop(waiting);
    assert!(matches!(wire.receive().await, Some(JsonRpcMessage::Request(_))));
}

#[tokio::test]
async fn a_line_that_was_begun_is_ended_before_another_begins() {
    let (mut wire, mut ours) = wire(64);
    asked(&mut wire, 2);
    let mut cut = Box::pin(wire.send(answer(1_000)));
    assert!((&mut cut).now_or_never().is_none());
    drop(cut);
    let result = JsonRpcMessage::response(ServerResult::EmptyResult(EmptyResult {}), RequestId::Number(2));
    let whole = wire.send(result);
    let mut said = String::new();
    let read = async {
        while said.matches('\n').count() < 2 {
            said.push(char::from(ours.read_u8().await.unwrap()));
        }
    };
    let (sent, ()) = futures::join!(whole, read);
    sent.unwrap();
    let lines: Vec<serde_json::Value> = said.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((&lines[0]["error"]["code"], &lines[1]), (&json!(-32603), &json!({"jsonrpc": "2.0", "id": 2, "result": {}})));
}
