//! Reading against a server that misbehaves. Time is paused: waits cost nothing and are measured exactly.

use super::*;
use crate::cluster::fake::{Fake, Reply, Then, json as says, status};
use crate::domain::room::Room;
use crate::ports::{CustomKinds, Row, Told};
use serde_json::json;
use tokio::time::Instant;

fn pods() -> ListRequest {
    ListRequest::of(Kind::Pod, Some(Namespace::parse("a").unwrap()))
}

fn page(names: &[&str], next: &str) -> Reply {
    let items: Vec<Value> = names.iter().map(|n| json!({"metadata": {"name": n, "managedFields": [{"manager": "x"}]}})).collect();
    says(200, &json!({"kind": "PodList", "metadata": {"resourceVersion": "7", "continue": next}, "items": items}))
}

#[tokio::test(start_paused = true)]
async fn overloaded_server_is_asked_again_and_every_request_counts() {
    let fake = Fake::playing([Reply::Says(429, vec![("retry-after", "2".into())], vec![]), page(&["web"], "")]);
    let read = fake.connected().read;
    let began = Instant::now();
    let listed = read.list(&pods()).await.unwrap();
    assert_eq!(listed.objects.values(), [json!({"metadata": {"name": "web"}, "apiVersion": "v1", "kind": "Pod"})]);
    assert_eq!((listed.resource_version.as_str(), listed.complete), ("7", true));
    assert_eq!((read.meter.total(), began.elapsed()), (2, Duration::from_secs(2)));
    assert!(fake.seen().iter().all(|s| s.header("user-agent") == Some(concat!("kubemend/", env!("CARGO_PKG_VERSION"), " (read)"))));
}

#[tokio::test(start_paused = true)]
async fn retries_end_and_a_server_cannot_make_us_wait_for_long() {
    for code in [429, 500, 502, 503, 504] {
        let fake = Fake::playing([Reply::Says(code, vec![("retry-after", "86400".into())], vec![])]);
        let read = fake.connected().read;
        let began = Instant::now();
        assert!(matches!(read.list(&pods()).await, Err(ReadError::Refused { status, .. }) if status == code));
        assert_eq!((read.meter.total(), began.elapsed()), (3, LONGEST_WAIT * 2));
    }
}

#[tokio::test(start_paused = true)]
async fn broken_connection_is_tried_again_and_then_said() {
    let fake = Fake::playing([Reply::Breaks, page(&["web"], "")]);
    assert_eq!(fake.connected().read.list(&pods()).await.unwrap().objects.len(), 1);
    let fake = Fake::playing([Reply::Breaks]);
    let error = fake.connected().read.list(&pods()).await.unwrap_err();
    assert_eq!(error.to_string(), "cannot reach the API server at `lab:6443`: the connection was reset");
    assert_eq!(fake.seen().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn other_refusals_are_not_asked_again() {
    for code in [400, 401, 403, 404, 405, 415, 422, 501] {
        let fake = Fake::playing([status(code, "X", "no")]);
        fake.connected().read.list(&pods()).await.unwrap_err();
        assert_eq!(fake.seen().len(), 1, "{code}");
    }
}

#[tokio::test(start_paused = true)]
async fn server_that_hangs_costs_the_patience_once() {
    for reply in [Reply::Hangs, Reply::Streams(vec!["{\"items\": [".into()], Then::Hangs)] {
        let fake = Fake::playing([reply]);
        let read = fake.connected().with_patience(Duration::from_secs(4)).read;
        let began = Instant::now();
        let error = read.list(&pods()).await.unwrap_err();
        assert_eq!(error.to_string(), "reading pods in `a` took longer than 4s");
        assert_eq!((fake.seen().len(), began.elapsed()), (1, Duration::from_secs(4)));
    }
}

#[tokio::test(start_paused = true)]
async fn pages_are_followed_to_the_end() {
    let fake = Fake::playing([page(&["a"], "t+/="), page(&["b"], "")]);
    let listed = fake.connected().read.list(&pods()).await.unwrap();
    assert_eq!((listed.objects.len(), listed.complete), (2, true));
    assert_eq!(fake.lines(), ["GET /api/v1/namespaces/a/pods?limit=500", "GET /api/v1/namespaces/a/pods?limit=500&continue=t%2B%2F%3D"]);
}

#[tokio::test(start_paused = true)]
async fn endless_list_is_cut_and_says_so() {
    let names = vec!["x"; PAGE_ITEMS];
    let fake = Fake::playing([page(&names, "more")]);
    let listed = fake.connected().read.list(&pods()).await.unwrap();
    assert_eq!((listed.objects.len(), listed.complete), (Room::OF_A_LIST.items, false));
    assert_eq!(fake.seen().len(), Room::OF_A_LIST.items / PAGE_ITEMS);
}

#[tokio::test(start_paused = true)]
async fn huge_answer_is_not_taken_in() {
    let piece = "x".repeat(1024 * 1024);
    let fake = Fake::playing([Reply::Streams(vec![piece; Room::OF_A_LIST.bytes / (1024 * 1024) + 2], Then::Hangs)]);
    let listed = fake.connected().read.list(&pods()).await.unwrap();
    assert_eq!((listed.objects.len(), listed.complete), (0, false));
    let fake = Fake::playing([Reply::Streams(vec!["x".repeat(OBJECT_BYTES + 1)], Then::Hangs)]);
    let object = ObjectRef::parse("pod/web", pods().namespace.as_ref()).unwrap();
    assert!(fake.connected().read.get(&object).await.unwrap_err().to_string().contains("larger than kubemend accepts"));
}

#[tokio::test(start_paused = true)]
async fn page_token_that_grew_old_starts_the_list_over_once() {
    let fake = Fake::playing([page(&["a"], "t"), status(410, "Expired", "too old"), page(&["a", "b"], "")]);
    let listed = fake.connected().read.list(&pods()).await.unwrap();
    assert_eq!(listed.objects.len(), 2);
    let fake = Fake::playing([status(410, "Expired", "too old")]);
    assert!(matches!(fake.connected().read.list(&pods()).await, Err(ReadError::Expired(_))));
    assert_eq!(fake.seen().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn page_of_a_login_portal_is_no_list_and_is_not_quoted() {
    let fake = Fake::playing([Reply::Says(200, vec![("content-type", "text/html".into())], b"<html>canary</html>".to_vec())]);
    let error = fake.connected().read.list(&pods()).await.unwrap_err().to_string();
    assert!(error.contains("not a Kubernetes response (text/html)") && !error.contains("canary"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn missing_right_is_no_missing_object() {
    let message = r#"events is forbidden: User "reader" cannot list resource "events" in API group "" in the namespace "a""#;
    let fake = Fake::playing([status(403, "Forbidden", message)]);
    let request = ListRequest { kind: Kind::Event, ..pods() };
    let error = fake.connected().read.list(&request).await.unwrap_err();
    assert_eq!(error.to_string(), "not allowed to list events in `a`");
    assert!(error.hints().join("").contains("kubectl -n a create role kubemend-read-events"));
    let gap = crate::ports::gap(&error, "events in a").unwrap();
    assert_eq!(gap.why, crate::domain::evidence::GapWhy::Forbidden);
}

#[tokio::test(start_paused = true)]
async fn missing_object_is_named() {
    let fake = Fake::playing([status(404, "NotFound", "pods \"web\" not found")]);
    let object = ObjectRef::parse("pod/web", pods().namespace.as_ref()).unwrap();
    let error = fake.connected().read.get(&object).await.unwrap_err();
    assert_eq!(error, ReadError::NotFound("Pod a/web".into()));
}

#[tokio::test(start_paused = true)]
async fn expired_credentials_name_the_context_and_the_way_out() {
    let fake = Fake::playing([status(401, "Unauthorized", "Unauthorized")]);
    let error = fake.connected().read.cluster().await.unwrap_err();
    assert_eq!(error.to_string(), "the API server at `lab:6443` does not accept the credentials of context `lab`");
    assert_eq!(error.hints().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn secrets_are_refused_before_any_request() {
    let fake = Fake::playing([page(&[], "")]);
    let read = fake.connected().read;
    let request = ListRequest { kind: Kind::Secret, ..pods() };
    let object = ObjectRef::parse("secret/db", pods().namespace.as_ref()).unwrap();
    assert_eq!(read.get(&object).await, Err(ReadError::Config("kubemend never reads Secrets".into())));
    assert!(read.list(&request).await.is_err());
    assert!(read.watch(&request, "1", Duration::from_secs(1)).next().await.is_err());
    // A name that tries to be a path.
    let namespace = Namespace::parse("a").unwrap();
    for name in ["../secrets/db", "web/exec", "a?watch=1", "%2e%2e", "a b", "web/proxy/x"] {
        let object = ObjectRef::namespaced(Kind::Pod, &namespace, name);
        read.get(&object).await.unwrap_err();
    }
    assert_eq!((fake.seen().len(), read.meter.total() <= 6), (0, true));
}

fn log_of(lines: usize) -> LogRequest {
    let pod = ObjectRef::parse("pod/web", pods().namespace.as_ref()).unwrap();
    LogRequest { pod, container: "app".to_owned(), previous: true, lines, since: None }
}

fn wrote(text: &str) -> Reply {
    Reply::Says(200, vec![("content-type", "text/plain".into())], text.as_bytes().to_vec())
}

#[tokio::test(start_paused = true)]
async fn log_is_asked_for_with_its_bounds_and_said_to_be_cut_only_where_it_is() {
    let fake = Fake::playing([wrote("one\ntwo\n"), wrote("one\ntwo\n"), wrote("one\ntwo\n")]);
    let read = fake.connected().read;
    for (lines, text, cut) in [(200, "one\ntwo\n", false), (2, "one\ntwo\n", false), (1, "two\n", true)] {
        assert_eq!(read.logs(&log_of(lines)).await, Ok(Log { text: text.to_owned(), cut, goes_on: false }), "{lines}");
    }
    let asked =
        |lines: usize| format!("GET /api/v1/namespaces/a/pods/web/log?container=app&tailLines={lines}&limitBytes=1048576&previous=true");
    assert_eq!(fake.lines(), [asked(201), asked(3), asked(2)], "one more tells whether there is one");
}

/// The API server counts bytes from the oldest of the lines that are asked for.
#[tokio::test(start_paused = true)]
async fn newest_lines_of_a_log_are_never_the_ones_that_are_cut() {
    let fake = Fake::playing([wrote(&"x".repeat(2_000_000)), wrote(&"x".repeat(2_000_000)), wrote("the last\nwords")]);
    let log = fake.connected().read.logs(&log_of(200)).await;
    assert_eq!(log, Ok(Log { text: "the last\nwords".to_owned(), cut: true, goes_on: false }));
    let lines = fake.lines();
    assert!(lines[1].contains("tailLines=25&") && lines[2].contains("tailLines=3&"), "{lines:?}");
}

#[tokio::test(start_paused = true)]
async fn window_of_a_log_begins_where_it_was_asked_to_and_says_when_it_goes_on() {
    let fake = Fake::playing([wrote("one\ntwo\nthree\n"), wrote("one\n"), wrote(&"x\n".repeat(600_000))]);
    let read = fake.connected().read;
    let window = |lines| LogRequest { previous: false, since: Some(900), ..log_of(lines) };
    for (lines, text, goes_on) in [(2, "one\ntwo\n", true), (2, "one\n", false)] {
        assert_eq!(read.logs(&window(lines)).await, Ok(Log { text: text.to_owned(), cut: true, goes_on }));
    }
    let log = read.logs(&window(1_000_000)).await.unwrap();
    assert!(log.goes_on && log.text.ends_with("x"), "{}", log.text.len());
    let asked = "GET /api/v1/namespaces/a/pods/web/log?container=app&sinceSeconds=900&limitBytes=1048576";
    assert!(fake.lines().iter().all(|line| line == asked), "{:?}", fake.lines());
}

#[tokio::test(start_paused = true)]
async fn table_has_the_columns_of_the_api_server_and_says_when_there_is_more() {
    let answer = json!({"kind": "Table", "metadata": {"continue": "more"},
        "columnDefinitions": [{"name": "Name", "priority": 0}, {"name": "Ready", "priority": 0}, {"name": "Node", "priority": 1}],
        "rows": [{"cells": ["web-0", true, "n1"], "object": {"metadata": {"name": "web-0", "namespace": "a"}}}]});
    let fake = Fake::playing([says(200, &answer), says(200, &json!({"kind": "PodList", "items": []}))]);
    let read = fake.connected().read;
    let namespace = Namespace::parse("a").unwrap();
    let table = read.table(&Kind::Pod, Some(&namespace), Some("app=web,tier!=x")).await.unwrap();
    let row = Row { namespace: Some("a".into()), name: "web-0".into(), cells: vec!["web-0".into(), "true".into()] };
    assert_eq!(table, Table { columns: vec!["NAME".into(), "READY".into()], rows: vec![row], cut: true });
    assert_eq!(fake.lines(), ["GET /api/v1/namespaces/a/pods?limit=500&labelSelector=app%3Dweb%2Ctier%21%3Dx"]);
    assert!(read.table(&Kind::Pod, None, None).await.is_err(), "what is no table is not taken for an empty one");
    assert_eq!(read.table(&Kind::Secret, None, None).await, Err(ReadError::Config("kubemend never reads Secrets".into())));
}

#[tokio::test(start_paused = true)]
async fn own_rights_are_asked_for_by_review_and_silence_is_no() {
    let fake = Fake::playing([says(201, &json!({"status": {"allowed": true}})), says(201, &json!({"status": {}}))]);
    let read = fake.connected().read;
    let namespace = Namespace::parse("a").unwrap();
    assert!(read.may("list", &Kind::Deployment, Some(&namespace)).await.unwrap());
    assert!(!read.may("list", &Kind::Node, Some(&namespace)).await.unwrap());
    let seen = fake.seen();
    assert_eq!(seen[0].line, "POST /apis/authorization.k8s.io/v1/selfsubjectaccessreviews");
    let body: Value = serde_json::from_str(&seen[0].body).unwrap();
    assert_eq!(body["spec"]["resourceAttributes"], json!({"verb": "list", "group": "apps", "resource": "deployments", "namespace": "a"}));
    assert!(!seen[1].body.contains("namespace\""));
}

#[tokio::test(start_paused = true)]
async fn version_is_asked_once_and_may_be_hidden() {
    let kube_system = json!({"metadata": {"name": "kube-system", "uid": "u-1"}});
    let fake = Fake::playing([says(200, &json!({"gitVersion": "v1.37.2"})), says(200, &kube_system)]);
    let read = fake.connected().read;
    for _ in 0..3 {
        let cluster = read.cluster().await.unwrap();
        assert_eq!((cluster.version.as_str(), cluster.server.as_str()), ("v1.37.2", "lab:6443"));
    }
    assert_eq!(fake.lines(), ["GET /version", "GET /api/v1/namespaces/kube-system"]);
    assert_eq!(read.identity().await.unwrap().to_string(), "u-1");
    assert_eq!(fake.lines().len(), 3, "which cluster answers now is asked anew every time");
    let fake = Fake::playing([status(403, "Forbidden", "forbidden: User \"x\" cannot get path \"/version\"")]);
    let hidden = fake.connected().read.cluster().await.unwrap();
    assert_eq!(hidden.version, "");
    assert!(hidden.id.to_string().starts_with("sha256:"), "what the connection is pinned to is what is left");
}

fn event(kind: &str, version: &str) -> String {
    format!("{}\n", json!({"type": kind, "object": {"kind": "Pod", "metadata": {"resourceVersion": version}}}))
}

const LIMIT: Duration = Duration::from_secs(20);

#[tokio::test(start_paused = true)]
async fn every_change_is_told_with_its_object() {
    for kind in ["ADDED", "MODIFIED", "DELETED"] {
        let fake = Fake::playing([Reply::Streams(vec![event("BOOKMARK", "8"), event(kind, "9")], Then::Hangs)]);
        let began = Instant::now();
        let told = fake.connected().read.watch(&pods(), "7", LIMIT).next().await.unwrap().unwrap();
        let (objects, gone) = match told {
            Told::Is(objects) => (objects, false),
            Told::Gone(objects) => (objects, true),
        };
        assert_eq!((objects.len(), gone), (1, kind == "DELETED"));
        assert_eq!(began.elapsed(), Duration::ZERO);
        assert_eq!(fake.lines(), ["GET /api/v1/namespaces/a/pods?watch=1&allowWatchBookmarks=true&resourceVersion=7&timeoutSeconds=21"]);
    }
}

#[tokio::test(start_paused = true)]
async fn quiet_watch_ends_with_its_limit() {
    for reply in [Reply::Hangs, Reply::Streams(vec![event("BOOKMARK", "8"), "\n".into()], Then::Hangs)] {
        let began = Instant::now();
        assert_eq!(Fake::playing([reply]).connected().read.watch(&pods(), "7", LIMIT).next().await, Ok(None));
        assert_eq!(began.elapsed(), LIMIT);
    }
}

#[tokio::test(start_paused = true)]
async fn watch_that_was_closed_goes_on_where_the_bookmark_is() {
    let whole = event("MODIFIED", "10");
    let (head, tail) = whole.split_at(20);
    let (head, tail) = (head.to_owned(), tail.to_owned());
    let fake = Fake::playing([
        Reply::Streams(vec![event("BOOKMARK", "9")], Then::Closes),
        Reply::Breaks,
        Reply::Streams(vec![head, tail], Then::Hangs),
    ]);
    let mut watch = fake.connected().read.watch(&pods(), "7", LIMIT);
    assert!(matches!(watch.next().await, Ok(Some(Told::Is(objects))) if objects.len() == 1));
    let lines = fake.lines();
    assert!(lines[0].contains("resourceVersion=7&") && lines[1].contains("resourceVersion=9&") && lines[2].contains("resourceVersion=9&"));
}

#[tokio::test(start_paused = true)]
async fn watch_that_closes_at_once_is_not_asked_in_a_tight_loop() {
    let fake = Fake::playing([Reply::Streams(vec![], Then::Closes)]);
    assert_eq!(fake.connected().read.watch(&pods(), "7", LIMIT).next().await, Ok(None));
    assert!(fake.seen().len() <= 15, "{}", fake.seen().len());
}

#[tokio::test(start_paused = true)]
async fn watch_from_too_far_back_says_to_start_over() {
    let error = json!({"type": "ERROR", "object": {"kind": "Status", "code": 410, "message": "too old resource version"}});
    for reply in [Reply::Streams(vec![format!("{error}\n")], Then::Hangs), status(410, "Expired", "too old")] {
        assert!(matches!(Fake::playing([reply]).connected().read.watch(&pods(), "7", LIMIT).next().await, Err(ReadError::Expired(_))));
    }
}

#[tokio::test(start_paused = true)]
async fn watch_that_talks_nonsense_or_keeps_breaking_is_an_error() {
    let garbage = Reply::Streams(vec!["<html>\n".into()], Then::Hangs);
    assert!(matches!(Fake::playing([garbage]).connected().read.watch(&pods(), "7", LIMIT).next().await, Err(ReadError::Refused { .. })));
    for reply in [Reply::Breaks, Reply::Streams(vec![], Then::Breaks), status(503, "ServiceUnavailable", "starting")] {
        let fake = Fake::playing([reply]);
        fake.connected().read.watch(&pods(), "7", LIMIT).next().await.unwrap_err();
        assert_eq!(fake.seen().len(), 5);
    }
    let fake = Fake::playing([status(403, "Forbidden", "User \"x\" cannot watch")]);
    let error = fake.connected().read.watch(&pods(), "7", LIMIT).next().await.unwrap_err();
    assert_eq!((error.to_string().as_str(), fake.seen().len()), ("not allowed to watch pods in `a`", 1));
}

#[tokio::test(start_paused = true)]
async fn endless_line_is_read_by_the_next_list_and_not_kept() {
    let fake = Fake::playing([Reply::Streams(vec!["x".repeat(1024 * 1024); 5], Then::Hangs)]);
    assert!(matches!(fake.connected().read.watch(&pods(), "7", LIMIT).next().await, Err(ReadError::Expired(_))));
}

/// An answer that names these resources of one group: plural and kind.
fn discovery(group: &str, resources: &[(&str, &str)]) -> Reply {
    let resources: Vec<Value> = resources
        .iter()
        .map(|(plural, kind)| json!({"resource": plural, "responseKind": {"kind": kind}, "scope": "Namespaced", "verbs": ["get", "list"]}))
        .collect();
    let versions = json!([{"version": "v1", "resources": resources}]);
    says(200, &json!({"kind": "APIGroupDiscoveryList", "items": [{"metadata": {"name": group}, "versions": versions}]}))
}

#[tokio::test(start_paused = true)]
async fn custom_resource_is_read_once_discovery_named_it() {
    let named = [("certificates", "Certificate"), ("secrets", "Secret"), ("copies", "SecretCopy"), ("pods/exec", "Exec")];
    let certificates = says(200, &json!({"metadata": {}, "items": [{"metadata": {"name": "web", "namespace": "a"}}]}));
    let fake = Fake::playing([discovery("cert-manager.io", &named), certificates]);
    let read = fake.connected().read;
    let kinds = read.discover().await.unwrap().kinds;
    assert_eq!(kinds.iter().map(|k| (k.api_version(), k.name())).collect::<Vec<_>>(), [("cert-manager.io/v1", "Certificate")]);
    let request = ListRequest { kind: kinds[0].clone(), ..pods() };
    assert_eq!(read.list(&request).await.unwrap().objects.names(), ["web"]);
    assert_eq!(fake.lines(), ["GET /apis", "GET /apis/cert-manager.io/v1/namespaces/a/certificates?limit=500"]);
    assert!(fake.seen()[0].header("accept").is_some_and(|accept| accept.contains("as=APIGroupDiscoveryList")));
}

#[tokio::test(start_paused = true)]
async fn group_whose_server_does_not_answer_is_unread_and_one_of_kubernetes_own_is_no_custom_one() {
    let stale = |name: &str| json!({"metadata": {"name": name}, "versions": [{"version": "v1", "freshness": "Stale"}]});
    let items = json!([stale("down.example.com"), stale("metrics.k8s.io")]);
    let fake = Fake::playing([says(200, &json!({"kind": "APIGroupDiscoveryList", "items": items}))]);
    assert_eq!(fake.connected().read.discover().await.unwrap().unread, ["down.example.com"]);
}

#[tokio::test(start_paused = true)]
async fn custom_resource_that_this_server_did_not_name_is_not_asked_for() {
    let certificate = crate::domain::kind::CustomKind::new("cert-manager.io", "v1", "Certificate", "certificates", true).unwrap();
    let fake = Fake::playing([page(&["web"], "")]);
    let request = ListRequest { kind: Kind::Custom(std::sync::Arc::new(certificate)), ..pods() };
    let error = fake.connected().read.list(&request).await.unwrap_err();
    assert!(error.to_string().contains("kubemend does not read"), "{error}");
    assert_eq!(fake.lines(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn server_without_one_answer_for_all_groups_is_asked_group_by_group() {
    let groups = json!({"kind": "APIGroupList", "groups": [
        {"name": "apps", "preferredVersion": {"version": "v1"}},
        {"name": "down.example.com", "preferredVersion": {"version": "v1"}},
        {"name": "example.com", "preferredVersion": {"version": "v1beta1"}},
    ]});
    let of = |resources: Value| says(200, &json!({"kind": "APIResourceList", "resources": resources}));
    let fake = Fake::playing([
        says(200, &groups),
        of(json!([{"name": "deployments", "kind": "Deployment", "namespaced": true, "verbs": ["get", "list"]}])),
        status(403, "Forbidden", "no"),
        of(json!([
            {"name": "widgets", "kind": "Widget", "namespaced": false, "verbs": ["get", "list", "watch"]},
            {"name": "widgets/status", "kind": "Widget", "namespaced": false, "verbs": ["get", "list"]},
            {"name": "reviews", "kind": "Review", "namespaced": false, "verbs": ["create"]},
            {"name": "secrets", "kind": "Widget", "namespaced": true, "verbs": ["get", "list"]},
        ])),
    ]);
    let CustomKinds { kinds, unread } = fake.connected().read.discover().await.unwrap();
    assert_eq!(unread, ["down.example.com"], "what could not be listed is named");
    assert_eq!(kinds.iter().map(|k| (k.api_version(), k.info().unwrap().plural)).collect::<Vec<_>>(), [("example.com/v1beta1", "widgets")]);
    assert_eq!(fake.lines(), ["GET /apis", "GET /apis/apps/v1", "GET /apis/down.example.com/v1", "GET /apis/example.com/v1beta1"]);
}
