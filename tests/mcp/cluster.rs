//! The embedded cluster behind a port, with the database case in it, for the program itself: and a write that is held until the test lets it go.

use http::{Request, Response};
use http_body_util::BodyExt;
use kube::client::Body;
use kubemend::sim::{Latency, MadeImage, Sim, World};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tower::ServiceExt;

const CASE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/cases/database-pod-pending");

/// Whether the API server holds what it is asked.
#[derive(Debug, Default)]
pub(crate) struct Held {
    /// Lists, before they are answered.
    pub(crate) lists: AtomicBool,
    /// Writes that take effect, before they are answered.
    pub(crate) writes: AtomicBool,
    /// How many are held now.
    pub(crate) waiting: AtomicUsize,
}

impl Held {
    async fn pass(&self, gate: &AtomicBool) {
        self.waiting.fetch_add(1, Ordering::SeqCst);
        while gate.load(Ordering::SeqCst) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        self.waiting.fetch_sub(1, Ordering::SeqCst);
    }
}

pub(crate) struct Cluster {
    sim: Arc<Sim>,
    pub(crate) held: Arc<Held>,
    pub(crate) address: String,
    _runtime: tokio::runtime::Runtime,
}

impl Cluster {
    /// With the case's database in it, whose claim does not exist.
    pub(crate) fn start() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let (sim, held, address) = runtime.block_on(async {
            let (sim, driver) = Sim::new(World::standard(jiff::Timestamp::now()).with_latency(Latency::QUICK));
            tokio::spawn(driver);
            let read = |file: &str| std::fs::read_to_string(format!("{CASE}/{file}")).unwrap();
            sim.add_images(MadeImage::parse_yaml(&read("images.yaml")).unwrap());
            sim.apply_yaml("a-team", &read("manifests/deployment.yaml")).unwrap();
            while !sim.objects().iter().any(|o| o["kind"] == "Event" && o["reason"] == "FailedScheduling") {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            let (sim, held) = (Arc::new(sim), Arc::new(Held::default()));
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = format!("http://{}", listener.local_addr().unwrap());
            let (cluster, gates) = (Arc::clone(&sim), Arc::clone(&held));
            tokio::spawn(async move {
                while let Ok((stream, _)) = listener.accept().await {
                    tokio::spawn(connection(stream, cluster.clone(), Arc::clone(&gates)));
                }
            });
            (sim, held, address)
        });
        Self { sim, held, address, _runtime: runtime }
    }

    /// The bodies that took effect.
    pub(crate) fn writes(&self) -> usize {
        self.sim.requests().into_iter().filter(|request| request.wrote).count()
    }

    /// Waits until something is held.
    pub(crate) fn until_held(&self) {
        let began = std::time::Instant::now();
        while self.held.waiting.load(Ordering::SeqCst) == 0 {
            assert!(began.elapsed() < Duration::from_secs(30), "nothing is held");
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

/// Requests of HTTP/1.1, one after the other. Answers are sent in chunks, for a watch has no length.
async fn connection(stream: TcpStream, sim: Arc<Sim>, held: Arc<Held>) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    loop {
        let Some((request, length)) = head(&mut stream).await? else { return Ok(()) };
        let mut body = vec![0; length];
        stream.read_exact(&mut body).await?;
        let (is_write, is_list) = (request.method() != "GET" && !request.uri().to_string().contains("dryRun"), request.method() == "GET");
        let asked = request.uri().path().contains("accessreviews") || request.uri().path().contains("subjectrulesreviews");
        if is_list {
            held.pass(&held.lists).await;
        }
        let request = request.map(|()| Body::from(body));
        let Ok(answer) = sim.service().oneshot(request).await else { return Ok(()) };
        if is_write && !asked {
            held.pass(&held.writes).await;
        }
        send(&mut stream, answer).await?;
    }
}

async fn head(stream: &mut BufReader<TcpStream>) -> std::io::Result<Option<(Request<()>, usize)>> {
    let mut line = String::new();
    if stream.read_line(&mut line).await? == 0 {
        return Ok(None);
    }
    let mut words = line.split(' ');
    let (method, target) = (words.next().unwrap(), words.next().unwrap());
    let mut request = Request::builder().method(method).uri(target);
    let mut length = 0;
    loop {
        let mut header = String::new();
        stream.read_line(&mut header).await?;
        let Some((name, value)) = header.trim_end().split_once(": ") else { break };
        if name.eq_ignore_ascii_case("content-length") {
            length = value.parse().unwrap();
        }
        request = request.header(name, value);
    }
    Ok(Some((request.body(()).unwrap(), length)))
}

async fn send(stream: &mut BufReader<TcpStream>, answer: Response<kubemend::sim::SimBody>) -> std::io::Result<()> {
    let (parts, mut body) = answer.into_parts();
    let mut head = format!("HTTP/1.1 {} x\r\ntransfer-encoding: chunked\r\n", parts.status.as_u16());
    for (name, value) in &parts.headers {
        head.push_str(&format!("{name}: {}\r\n", value.to_str().unwrap()));
    }
    stream.write_all(format!("{head}\r\n").as_bytes()).await?;
    while let Some(Ok(frame)) = body.frame().await {
        let Ok(data) = frame.into_data() else { continue };
        if !data.is_empty() {
            stream.write_all(format!("{:x}\r\n", data.len()).as_bytes()).await?;
            stream.write_all(&data).await?;
            stream.write_all(b"\r\n").await?;
            stream.flush().await?;
        }
    }
    stream.write_all(b"0\r\n\r\n").await?;
    stream.flush().await
}
