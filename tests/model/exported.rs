//! Spans of an investigation as a collector gets them: OTLP over HTTP, decoded here by the numbers of its fields.

use super::investigating::{conclusion, investigated, look};
use super::provider::openai;
use kubemend::app::Spans;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;
use tracing_subscriber::layer::SubscriberExt;

/// A request as it came: its first line and headers, and its body.
struct Posted {
    head: Vec<String>,
    body: Vec<u8>,
}

/// A collector on loopback: it takes everything.
fn collector() -> (String, Receiver<Posted>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/v1/traces", listener.local_addr().unwrap());
    let (sent, posted) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            loop {
                let mut head = Vec::new();
                for line in reader.by_ref().lines() {
                    let line = line.unwrap_or_default();
                    if line.is_empty() {
                        break;
                    }
                    head.push(line);
                }
                let length = head.iter().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse::<usize>().ok());
                let Some(length) = length else { break };
                let mut body = vec![0; length];
                reader.read_exact(&mut body).unwrap();
                stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-type: application/x-protobuf\r\ncontent-length: 0\r\n\r\n").unwrap();
                sent.send(Posted { head, body }).unwrap();
            }
        }
    });
    (address, posted)
}

/// One field of a message of protobuf.
enum Field<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

fn varint(bytes: &mut &[u8]) -> u64 {
    let mut value = 0;
    for place in 0.. {
        let (byte, rest) = bytes.split_first().unwrap();
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << (7 * place);
        if byte & 0x80 == 0 {
            return value;
        }
    }
    unreachable!()
}

fn fields(mut bytes: &[u8]) -> Vec<(u64, Field<'_>)> {
    let mut all = Vec::new();
    while !bytes.is_empty() {
        let tag = varint(&mut bytes);
        let field = match tag & 7 {
            0 => Field::Number(varint(&mut bytes)),
            wire => {
                let length = match wire {
                    1 => 8,
                    2 => varint(&mut bytes) as usize,
                    5 => 4,
                    other => panic!("wire type {other}"),
                };
                let (inside, rest) = bytes.split_at(length);
                bytes = rest;
                Field::Bytes(inside)
            }
        };
        all.push((tag >> 3, field));
    }
    all
}

fn inside(bytes: &[u8], number: u64) -> Vec<&[u8]> {
    let of = |(tag, field)| if let (true, Field::Bytes(bytes)) = (tag == number, field) { Some(bytes) } else { None };
    fields(bytes).into_iter().filter_map(of).collect()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// `KeyValue`s under this number, with numbers and words alike as text.
fn attributes(bytes: &[u8], number: u64) -> BTreeMap<String, String> {
    let value = |any: &[u8]| {
        fields(any).into_iter().next().map_or_else(String::new, |(_, field)| match field {
            Field::Number(number) => number.to_string(),
            Field::Bytes(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        })
    };
    inside(bytes, number)
        .into_iter()
        .map(|pair| (text(inside(pair, 1)[0]), inside(pair, 2).first().map_or_else(String::new, |any| value(any))))
        .collect()
}

#[derive(Debug)]
struct Span {
    id: Vec<u8>,
    parent: Vec<u8>,
    name: String,
    attributes: BTreeMap<String, String>,
}

fn spans(request: &[u8]) -> Vec<Span> {
    let scopes = inside(request, 1).into_iter().flat_map(|resource| inside(resource, 2));
    let all = scopes.flat_map(|scope| inside(scope, 2));
    let first = |bytes: Vec<&[u8]>| bytes.first().map(|bytes| bytes.to_vec()).unwrap_or_default();
    all.map(|span| Span {
        id: first(inside(span, 2)),
        parent: first(inside(span, 4)),
        name: text(inside(span, 5)[0]),
        attributes: attributes(span, 9),
    })
    .collect()
}

#[tokio::test(start_paused = true)]
async fn collector_gets_the_spans_of_an_investigation_and_nothing_of_the_cluster() {
    let (address, posted) = collector();
    let exporting = Spans::to(&address).unwrap();
    let subscribed = tracing::subscriber::set_default(tracing_subscriber::registry().with(exporting.layer()));
    let answers = vec![openai::calls(&[("get", &look())]), openai::calls(&[("conclude", &conclusion())])];
    let (report, ..) = investigated("openai/gpt-test", answers).await;
    assert_eq!(report.usage.model_calls, 2, "{}", report.summary);
    tracing::info!(target: "kubemend::elsewhere", "a line of the log with cannot parse flags");
    drop(subscribed);
    tokio::task::spawn_blocking(|| exporting.end()).await.unwrap();

    let first = posted.recv_timeout(Duration::from_secs(5)).unwrap();
    assert!(first.head[0].starts_with("POST /v1/traces "), "{:?}", first.head);
    assert!(first.head.iter().any(|line| line.to_lowercase() == "content-type: application/x-protobuf"), "{:?}", first.head);
    let resource = inside(inside(&first.body, 1)[0], 1)[0];
    assert_eq!(attributes(resource, 1)["service.name"], "kubemend");
    let requests: Vec<Posted> = std::iter::once(first).chain(posted.try_iter()).collect();
    let all: Vec<Span> = requests.iter().flat_map(|request| spans(&request.body)).collect();
    let mut names: Vec<&str> = all.iter().map(|span| span.name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["chat gpt-test", "chat gpt-test", "execute_tool get", "invoke_agent kubemend"]);
    let agent = all.iter().find(|span| span.name == "invoke_agent kubemend").unwrap();
    assert_eq!(
        (&agent.attributes["gen_ai.operation.name"], &agent.attributes["gen_ai.conversation.id"]),
        (&"invoke_agent".to_owned(), &report.session)
    );
    assert!(all.iter().all(|span| span.id == agent.id || span.parent == agent.id), "{all:#?}");
    let chat = all.iter().find(|span| span.name.starts_with("chat")).unwrap();
    let expected = [
        ("gen_ai.operation.name", "chat"),
        ("gen_ai.provider.name", "openai"),
        ("gen_ai.request.model", "gpt-test"),
        ("gen_ai.usage.input_tokens", "3000"),
        ("gen_ai.usage.cache_read.input_tokens", "1000"),
        ("gen_ai.usage.output_tokens", "50"),
    ];
    for (name, value) in expected {
        assert_eq!(chat.attributes.get(name).map(String::as_str), Some(value), "{name}: {chat:#?}");
    }
    assert_eq!(agent.attributes["gen_ai.usage.input_tokens"], "6000");
    let tool = all.iter().find(|span| span.name.starts_with("execute_tool")).unwrap();
    assert_eq!(tool.attributes["gen_ai.tool.name"], "get");
    let sent: String = requests.iter().map(|request| String::from_utf8_lossy(&request.body).into_owned()).collect();
    for never in ["cannot parse", "canary", "api:broken", "crashing", "Deployment", "shop"] {
        assert!(!sent.contains(never), "{never}: {sent}");
    }
}

#[tokio::test]
async fn collector_that_does_not_answer_holds_nobody_up() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let exporting = Spans::to(&format!("http://{}/v1/traces", listener.local_addr().unwrap())).unwrap();
    tracing::subscriber::with_default(tracing_subscriber::registry().with(exporting.layer()), || {
        drop(tracing::info_span!(target: "kubemend::tried", "tried").entered());
    });
    let began = std::time::Instant::now();
    tokio::task::spawn_blocking(|| exporting.end()).await.unwrap();
    assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
}
