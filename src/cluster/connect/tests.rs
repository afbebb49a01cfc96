//! Kubeconfigs as people have them, and servers behind real sockets where the connection itself is the matter.

use super::*;
use crate::clock::SystemClock;
use crate::domain::kind::Kind;
use crate::domain::request::{Method, Request as Write};
use crate::ports::{ClusterRead, ListRequest, RequestMeter};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

fn kubeconfig(server: &str, user: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: lab\n\
         clusters:\n- name: c\n  cluster: {{server: '{server}'}}\n- name: d\n  cluster: {{server: 'https://other:1'}}\n\
         contexts:\n- name: lab\n  context: {{cluster: c, user: u, namespace: a-team}}\n- name: production\n  context: {{cluster: d, user: u}}\n- name: writer\n  context: {{cluster: c, user: w}}\n\
         users:\n- name: u\n  user: {user}\n- name: w\n  user: {{token: other}}\n"
    )
}

struct Place(TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }
}

async fn connect_to(settings: &ConnectSettings) -> Result<Connected, ReadError> {
    connect(settings, Arc::new(SystemClock)).await
}

async fn error(settings: &ConnectSettings) -> String {
    let error = connect_to(settings).await.map(|c| c.context).unwrap_err();
    std::iter::once(error.to_string()).chain(error.hints()).collect::<Vec<_>>().join("; ")
}

fn settings(kubeconfig: PathBuf) -> ConnectSettings {
    ConnectSettings { kubeconfig: Some(kubeconfig), ..ConnectSettings::default() }
}

fn pods() -> ListRequest {
    ListRequest::of(Kind::Pod, None)
}

#[tokio::test]
async fn current_context_is_used_and_shown_without_credentials() {
    let place = Place::new();
    let connected =
        connect_to(&settings(place.file("k", &kubeconfig("https://name:canary@host.example:6443", "{token: canary}")))).await.unwrap();
    assert_eq!((connected.context.as_str(), connected.server.as_str()), ("lab", "host.example:6443"));
    assert_eq!(connected.default_namespace.as_str(), "a-team");
    assert_eq!(connected.write_context.as_deref(), Some("lab"));
    assert!(!format!("{connected:?}").contains("canary"));
}

#[tokio::test]
async fn unknown_context_names_those_that_exist_nearest_first() {
    let place = Place::new();
    let mut settings = settings(place.file("k", &kubeconfig("https://h", "{}")));
    settings.context = Some("prodution".to_owned());
    let said = error(&settings).await;
    assert!(said.starts_with("context `prodution` does not exist in `") && said.contains("it has `production`, `writer`, `lab`"), "{said}");
}

#[tokio::test]
async fn missing_kubeconfig_says_where_was_looked_and_what_to_do() {
    let place = Place::new();
    let said = error(&ConnectSettings { home: Some(place.0.path().to_owned()), ..ConnectSettings::default() }).await;
    assert!(said.contains("KUBECONFIG (not set)") && said.contains(".kube/config` (does not exist)"), "{said}");
    assert!(said.contains("pass --kubeconfig FILE or set KUBECONFIG") && said.contains("kubemend demo"), "{said}");
    let list = vec![place.0.path().join("one"), place.0.path().join("two")];
    let said = error(&ConnectSettings { kubeconfig_list: list, home: Some(place.0.path().to_owned()), ..ConnectSettings::default() }).await;
    assert!(said.contains("one` (does not exist)") && said.contains("two` (does not exist)") && !said.contains(".kube"), "{said}");
    let said = error(&settings(place.0.path().join("named"))).await;
    assert!(said.contains("named`: it does not exist") && said.contains("name another file with --kubeconfig FILE"), "{said}");
}

#[tokio::test]
async fn list_is_merged_and_the_first_file_wins() {
    let place = Place::new();
    let first = place.file("a/first", "current-context: production\n");
    let second = place.file("b/second", &kubeconfig("https://h:1", "{}"));
    let list = vec![first, place.0.path().join("absent"), second];
    let connected = connect_to(&ConnectSettings { kubeconfig_list: list, ..ConnectSettings::default() }).await.unwrap();
    assert_eq!((connected.context.as_str(), connected.server.as_str()), ("production", "other:1"));
}

#[tokio::test]
async fn home_is_the_last_place() {
    let place = Place::new();
    place.file(".kube/config", &kubeconfig("http://h", "{}"));
    let connected = connect_to(&ConnectSettings { home: Some(place.0.path().to_owned()), ..ConnectSettings::default() }).await.unwrap();
    assert_eq!(connected.server, "h:80");
}

#[tokio::test]
async fn file_that_is_no_kubeconfig_is_not_quoted() {
    let place = Place::new();
    for (text, words) in [
        ("users:\n- name: u\n  user: {token: [canary}\n", "not a kubeconfig in YAML, see line 3"),
        ("canary", "not a kubeconfig in YAML"),
        ("contexts: canary\n", "not a kubeconfig in YAML"),
        ("", "has no contexts"),
        ("contexts:\n- name: lab\n  context: {cluster: c}\n", "has no current context; it has: `lab`"),
        ("current-context: lab\ncontexts:\n- name: lab\n  context: {cluster: gone}\n", "its cluster `gone` is not in the file"),
        ("current-context: lab\ncontexts:\n- name: lab\n", "it is empty"),
        (&kubeconfig("not a url", "{}"), "not a URL such as"),
        (&kubeconfig("/path", "{}"), "has no host"),
        (&kubeconfig("https://h", "{client-certificate: /nowhere/cert, client-key: /nowhere/key}"), ""),
    ] {
        let connected = connect_to(&settings(place.file("k", text))).await;
        let said = match connected {
            Err(error) => error.to_string(),
            Ok(connected) => connected.read.list(&pods()).await.unwrap_err().to_string(),
        };
        assert!(said.contains(words) && !said.contains("canary"), "{said}");
    }
    fs::write(place.0.path().join("bytes"), [0xff, 0xfe, 0x00]).unwrap();
    error(&settings(place.0.path().join("bytes"))).await;
    assert!(error(&settings(place.0.path().to_owned())).await.contains("is a directory"));
}

#[tokio::test]
async fn logins_that_are_not_allowed_or_not_supported_are_said_so_and_not_run() {
    let place = Place::new();
    let script = place.file("plugin", &format!("#!/bin/sh\ntouch {}/ran\n", place.0.path().display()));
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
    let user =
        format!("{{exec: {{apiVersion: client.authentication.k8s.io/v1, command: '{}', interactiveMode: Always}}}}", script.display());
    let said = error(&settings(place.file("k", &kubeconfig("https://h", &user)))).await;
    assert!(said.contains("logs in by running `") && said.contains("--allow-kubeconfig-exec=true"), "{said}");
    assert!(!place.0.path().join("ran").exists());
    let said =
        error(&settings(place.file("k", &kubeconfig("https://h", "{auth-provider: {name: gcp, config: {cmd-path: /bin/true}}}")))).await;
    assert!(said.contains("auth-provider `gcp`, which kubemend does not support"), "{said}");
    let proxy = kubeconfig("https://h', proxy-url: 'http://p", "{}");
    assert!(error(&settings(place.file("k", &proxy))).await.contains("proxy-url"));
}

#[tokio::test]
async fn writing_identity_is_another_context_of_the_same_server() {
    let place = Place::new();
    let mut settings = settings(place.file("k", &kubeconfig("https://h:1", "{token: t}")));
    settings.write_context = Some("writer".to_owned());
    let connected = connect_to(&settings).await.unwrap();
    assert_eq!((connected.context.as_str(), connected.write_context.as_deref()), ("lab", Some("writer")));
    settings.write_context = Some("production".to_owned());
    // An address does not tell: the cluster does, before anything is rehearsed.
    let connected = connect_to(&settings).await.unwrap();
    assert_eq!((connected.no_writer, connected.write_context.as_deref()), (None, Some("production")));
    settings.write_context = Some("gone".to_owned());
    let connected = connect_to(&settings).await.unwrap();
    assert!(
        connected.write.is_none()
            && connected.no_writer.unwrap().starts_with("the writer credentials cannot be used: context `gone` does not exist")
    );
    settings.read_only = true;
    assert_eq!(connect_to(&settings).await.unwrap().no_writer.as_deref(), Some("kubemend was started read-only"));
}

#[tokio::test]
async fn nothing_listening_is_said_so_and_a_write_did_not_leave() {
    let place = Place::new();
    let connected = connect_to(&settings(place.file("k", &kubeconfig("http://127.0.0.1:1", "{}")))).await.unwrap();
    let error = connected.read.list(&pods()).await.unwrap_err();
    assert_eq!(error.to_string(), "cannot reach the API server at `127.0.0.1:1`: connection refused: nothing listens there");
    assert_eq!(connected.read.meter.total(), 2);
    let write = Write { method: Method::Post, path: "/api/v1/namespaces/a/persistentvolumeclaims".into(), body: "{}".into() };
    let error = connected.write.unwrap().send(&write, false, &RequestMeter::default()).await.unwrap_err();
    assert!(matches!(&error, WriteError::NotSent(_)), "{error:?}");
}

/// A server that takes one token only; returns its address.
async fn server_that_takes(token: &'static str) -> (String, tokio::task::JoinHandle<()>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    #[expect(clippy::disallowed_methods, reason = "a server of the test's own")]
    let task = tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                head.push(stream.read_u8().await.unwrap());
            }
            let head = String::from_utf8(head).unwrap().to_lowercase();
            let (status, body) = if head.contains(&format!("authorization: bearer {token}\r\n")) {
                ("200 OK", r#"{"gitVersion":"v1.37.2"}"#)
            } else {
                ("401 Unauthorized", r#"{"kind":"Status","reason":"Unauthorized","message":"Unauthorized"}"#)
            };
            let text = format!(
                "HTTP/1.1 {status}\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
                body.len()
            );
            stream.write_all(text.as_bytes()).await.unwrap();
        }
    });
    (address, task)
}

#[tokio::test]
async fn token_that_is_refused_is_had_anew_once() {
    let (address, server) = server_that_takes("second").await;
    let place = Place::new();
    let folder = place.0.path().display();
    let script = place.file("plugin", &format!(
        "#!/bin/sh\ncd '{folder}'\nif [ -e ran ]; then t=second; else t=first; fi\ntouch ran\necho \"{{\\\"status\\\":{{\\\"token\\\":\\\"$t\\\"}}}}\"\n"
    ));
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
    let user = "{exec: {apiVersion: client.authentication.k8s.io/v1, command: ./plugin}}";
    let mut settings = settings(place.file("k", &kubeconfig(&address, user)));
    settings.allow_exec = true;
    let connected = connect_to(&settings).await.unwrap();
    assert!(!place.0.path().join("ran").exists(), "nothing runs before the first read");
    assert_eq!(connected.read.cluster().await.unwrap().version, "v1.37.2");
    assert_eq!(connected.read.meter.total(), 3);
    server.abort();
}

/// Somebody exchanges the token for another one, as a kubelet does, and the old one is not taken any more.
#[tokio::test]
async fn token_file_that_was_exchanged_is_read_anew_by_reader_and_writer() {
    let (address, server) = server_that_takes("second").await;
    let place = Place::new();
    let token = place.file("token", "first\n");
    let user = format!("{{tokenFile: '{}'}}", token.display());
    let connected = connect_to(&settings(place.file("k", &kubeconfig(&address, &user)))).await.unwrap();
    let write = connected.write.unwrap();
    assert!(matches!(connected.read.cluster().await, Err(ReadError::Unauthorized { .. })));
    assert!(matches!(write.identity(&RequestMeter::default()).await, Err(ReadError::Unauthorized { .. })));
    place.file("token", "second\n");
    assert_eq!(connected.read.cluster().await.unwrap().version, "v1.37.2");
    let meter = RequestMeter::default();
    write.identity(&meter).await.unwrap();
    assert_eq!(meter.total(), 1, "both have the token that one of them had anew");
    server.abort();
}

#[tokio::test]
async fn token_file_that_vanished_is_named_once_its_token_is_not_taken() {
    let (address, server) = server_that_takes("second").await;
    let place = Place::new();
    let file = |token: &std::path::Path| place.file("k", &kubeconfig(&address, &format!("{{tokenFile: '{}'}}", token.display())));
    let never = place.0.path().join("never");
    let said = connect_to(&settings(file(&never))).await.unwrap().read.cluster().await.unwrap_err().to_string();
    assert!(said.contains(&format!("the token file `{}` of context `", never.display())) && said.ends_with("it does not exist"), "{said}");
    for (text, taken) in [("second", true), ("canary", false)] {
        let token = place.file("token", text);
        let connected = connect_to(&settings(file(&token))).await.unwrap();
        connected.read.cluster().await.ok();
        fs::remove_file(&token).unwrap();
        match (connected.read.cluster().await, taken) {
            (Ok(cluster), true) => assert_eq!(cluster.version, "v1.37.2", "given for the start of a program only"),
            (Err(error), false) => {
                let said = error.to_string();
                assert!(said.contains("does not exist, and the API server does not accept the token"), "{said}");
                assert!(!said.contains("canary"), "{said}");
            }
            (other, _) => panic!("{text}: {other:?}"),
        }
    }
    server.abort();
}

/// Two contexts of one kubeconfig, told apart by one thing each.
#[tokio::test]
async fn clusters_behind_one_host_and_port_are_pinned_apart() {
    let place = Place::new();
    let pinned = async |cluster: &str| {
        let text = kubeconfig("https://h", "{token: t}").replace("{server: 'https://h'}", cluster);
        let connected = connect_to(&settings(place.file("k", &text))).await.unwrap();
        assert_eq!(connected.server, "gateway:443");
        connected.id
    };
    let one = pinned("{server: 'https://gateway:443/k8s/clusters/c-1'}").await;
    assert!(one.is_same(&pinned("{server: 'https://name@gateway/k8s/clusters/c-1/'}").await));
    for other in [
        "{server: 'https://gateway:443/k8s/clusters/c-2'}",
        "{server: 'https://gateway:443/k8s/clusters/c-1', tls-server-name: kube.teleport}",
    ] {
        assert!(!one.is_same(&pinned(other).await), "{other}");
    }
}

/// What the question says of a cluster begins here.
#[tokio::test]
async fn a_server_whose_certificate_nobody_verifies_is_known_as_such() {
    let place = Place::new();
    for (cluster, unverified) in [
        ("{server: 'https://h.example'}", false),
        ("{server: 'https://h.example', insecure-skip-tls-verify: true}", true),
        ("{server: 'http://h.example:8080'}", true),
        ("{server: 'http://127.0.0.1:8001'}", false),
    ] {
        let text = kubeconfig("https://h", "{}").replace("{server: 'https://h'}", cluster);
        let clock: Arc<dyn crate::ports::Clock> = Arc::new(SystemClock);
        let chosen = for_reading(&settings(place.file("k", &text)), &clock).await.unwrap();
        assert_eq!(chosen.server.unverified, unverified, "{cluster}");
    }
}

#[tokio::test]
async fn credentials_are_not_sent_in_clear_text_to_another_machine() {
    let place = Place::new();
    for user in ["{token: canary}", "{username: u, password: canary}", "{tokenFile: /nowhere/canary}"] {
        let said = error(&settings(place.file("k", &kubeconfig("http://h.example:8080", user)))).await;
        assert!(said.contains("in clear text") && said.contains("use https://") && !said.contains("canary"), "{said}");
    }
    for (server, user) in [
        ("http://h.example:8080", "{}"),
        ("http://127.0.0.1:8001", "{token: t}"),
        ("http://[::1]:8001", "{token: t}"),
        ("https://h", "{token: t}"),
    ] {
        connect_to(&settings(place.file("k", &kubeconfig(server, user)))).await.unwrap();
    }
}

/// Whatever is printed of it, into a log or by a panic.
#[tokio::test]
async fn nothing_that_can_be_printed_of_a_connection_shows_its_credential() {
    let (address, server) = server_that_takes("canary").await;
    let place = Place::new();
    let token = place.file("token", "canary");
    for user in
        ["{token: canary}".to_owned(), "{username: u, password: canary}".to_owned(), format!("{{tokenFile: '{}'}}", token.display())]
    {
        let settings = settings(place.file("k", &kubeconfig(&address, &user)));
        let connected = connect_to(&settings).await.unwrap();
        let answer = connected.read.cluster().await;
        let write = connected.write.as_ref().unwrap().identity(&RequestMeter::default()).await;
        let printed = format!("{settings:?} {connected:?} {answer:?} {write:?}");
        assert!(printed.contains("Connection") && !printed.contains("canary"), "{user}: {printed}");
    }
    server.abort();
}

#[tokio::test]
async fn login_plugin_that_is_slower_than_a_request_may_be_still_logs_in_once() {
    let (address, server) = server_that_takes("slow").await;
    let place = Place::new();
    let folder = place.0.path().display();
    let script = place
        .file("plugin", &format!("#!/bin/sh\ncd '{folder}'\necho run >> runs\nsleep 1\necho '{{\"status\":{{\"token\":\"slow\"}}}}'\n"));
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
    let user = "{exec: {apiVersion: client.authentication.k8s.io/v1, command: ./plugin}}";
    let mut settings = settings(place.file("k", &kubeconfig(&address, user)));
    (settings.allow_exec, settings.patience) = (true, Duration::from_millis(500));
    let connected = connect_to(&settings).await.unwrap();
    let both = tokio::join!(connected.read.cluster(), connected.read.cluster());
    assert_eq!(both.0.unwrap().version, "v1.37.2");
    assert_eq!(both.1.unwrap().version, "v1.37.2");
    assert_eq!(fs::read_to_string(place.0.path().join("runs")).unwrap().lines().count(), 1);
    server.abort();
}

#[tokio::test]
async fn token_that_stays_refused_is_an_error_after_one_renewal() {
    let (address, server) = server_that_takes("none").await;
    let place = Place::new();
    let fixed = connect_to(&settings(place.file("k", &kubeconfig(&address, "{token: old}")))).await.unwrap();
    assert!(matches!(fixed.read.cluster().await, Err(ReadError::Unauthorized { .. })));
    assert_eq!(fixed.read.meter.total(), 1);
    let user = r#"{exec: {apiVersion: client.authentication.k8s.io/v1, command: echo, args: ['{"status":{"token":"old"}}']}}"#;
    let mut settings = settings(place.file("k", &kubeconfig(&address, user)));
    settings.allow_exec = true;
    let renewed = connect_to(&settings).await.unwrap();
    assert!(matches!(renewed.read.cluster().await, Err(ReadError::Unauthorized { .. })));
    assert_eq!(renewed.read.meter.total(), 2);
    server.abort();
}

/// A write that is answered with 429 or 5xx, over a real connection with everything that is below our own clients.
#[tokio::test]
async fn nothing_below_the_writing_client_sends_twice() {
    for status in ["429 Too Many Requests", "500 Internal Server Error", "503 Service Unavailable", "504 Gateway Timeout"] {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let came = Arc::new(std::sync::atomic::AtomicUsize::new(0));
        let counted = came.clone();
        #[expect(clippy::disallowed_methods, reason = "a server of the test's own")]
        let server = tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n{}") {
                    head.push(stream.read_u8().await.unwrap());
                }
                counted.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
                let answer = format!("HTTP/1.1 {status}\r\nconnection: close\r\nretry-after: 0\r\ncontent-length: 2\r\n\r\n{{}}");
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
        });
        let place = Place::new();
        let connected = connect_to(&settings(place.file("k", &kubeconfig(&address, "{}")))).await.unwrap();
        let write = Write { method: Method::Post, path: "/api/v1/namespaces/a/persistentvolumeclaims".into(), body: "{}".into() };
        connected.write.unwrap().send(&write, false, &RequestMeter::default()).await.unwrap_err();
        assert_eq!(came.load(std::sync::atomic::Ordering::SeqCst), 1, "{status}");
        server.abort();
    }
}
