//! Hostile requests against the lists: each is refused before a server sees it.

use super::*;
use crate::domain::changes::{self, Verb};
use crate::domain::kind::Kind;
use proptest::prelude::*;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tower::ServiceExt;

const WRITE: Reach = Reach::Write;

fn read() -> Reach {
    Reach::Read(Discovered::default())
}

fn request(method: &str, path: &str) -> Request<()> {
    let mut builder = Request::builder().method(method).uri(path);
    if method == "PATCH" {
        builder = builder.header("content-type", "application/json-patch+json");
    }
    builder.body(()).unwrap()
}

/// Sends through the guard to a server that counts; returns whether the server saw it.
async fn reaches_the_server(reach: Reach, request: Request<()>) -> bool {
    let seen = Arc::new(AtomicUsize::new(0));
    let counter = seen.clone();
    let server = tower::service_fn(move |_: Request<()>| {
        counter.fetch_add(1, Ordering::SeqCst);
        async { Ok::<_, std::convert::Infallible>(()) }
    });
    let outcome = reach.layer(server).oneshot(request).await;
    assert_eq!(outcome.is_ok(), seen.load(Ordering::SeqCst) == 1);
    if let Err(error) = outcome {
        assert!(error.downcast_ref::<Denied>().is_some());
    }
    seen.load(Ordering::SeqCst) == 1
}

#[tokio::test]
async fn hostile_reads_never_reach_the_server() {
    for path in [
        "/api/v1/namespaces/a/pods/web/exec?command=sh",
        "/api/v1/namespaces/a/pods/web/attach",
        "/api/v1/namespaces/a/pods/web/portforward",
        "/api/v1/namespaces/a/pods/web/proxy",
        "/api/v1/namespaces/a/pods/web/proxy/admin",
        "/api/v1/namespaces/a/services/web/proxy/",
        "/api/v1/nodes/node-1/proxy/runningpods",
        "/api/v1/nodes/node-1/proxy/exec/a/web/app",
        "/api/v1/namespaces/a/pods/web/ephemeralcontainers",
        "/api/v1/namespaces/a/pods/web/eviction",
        "/api/v1/namespaces/a/pods/web/binding",
        "/api/v1/namespaces/a/serviceaccounts/default/token",
        "/api/v1/namespaces/a/serviceaccounts/default/status/token",
        "/api/v1/secrets",
        "/api/v1/namespaces/a/secrets",
        "/api/v1/namespaces/a/secrets/db",
        "/api/v1/namespaces/a/secrets?watch=1",
        "/api/v1/namespaces/secrets/secrets/secrets",
        "/api/v1/watch/namespaces/a/secrets",
        "/api/v1/watch/pods",
        "/api/v1/namespaces/a/pods/..%2fsecrets",
        "/api/v1/namespaces/a/%73ecrets",
        "/api/v1/namespaces/a/pods/../secrets/db",
        "/api/v1/namespaces/a/pods/./web",
        "/api/v1/namespaces/a/pods/...",
        "/api/v1//namespaces/a/secrets",
        "//api/v1/pods",
        "/api/v1/namespaces//pods",
        "/api/v1/pods/",
        "/api/v1/pods/web",
        "/api/v1/namespaces/a/nodes",
        "/api/v1/namespaces/a/Secrets",
        "/api/v1/namespaces/a/pods;x/web",
        "/api/v1/namespaces/a/pods/web/log/extra",
        "/api/v1/namespaces/a/services/web/log",
        "/api/v1/namespaces/a/pods/web/log?follow=true",
        "/api/v1/namespaces/a/pods/web/log?limitBytes=1&limitBytes=99999999999",
        "/api/v1/namespaces/a/pods/web?watch=1",
        "/api/v1/namespaces/a/pods?limit=1&sendInitialEvents=true",
        "/api/v2/pods",
        "/api/v1",
        "/apis/",
        "/apis//v1",
        "/apis/apps",
        "/apis/apps/v1/",
        "/apis/apps/v1?limit=1",
        "/apis/apps/%76%31",
        "/apis/apps/..",
        "/apis/example.com/v1/secrets",
        "/apis/cert-manager.io/v1/certificates",
        "/apis/apps/v1beta1/namespaces/a/deployments",
        "/apis/rbac.authorization.k8s.io/v1/clusterroles",
        "/apis/apps/v1/namespaces/a/deployments/web/rollback",
        "/metrics",
        "/logs/kube-apiserver.log",
        "/debug/pprof/heap",
        "/openapi/v2",
        "/version/",
        "/version?x=1",
        "/",
        "https://evil.example/api/v1/pods",
    ] {
        assert!(!reaches_the_server(read(), request("GET", path)).await, "{path}");
    }
    let long = format!("/api/v1/namespaces/a/pods/{}", "a".repeat(3000));
    assert!(!reaches_the_server(read(), request("GET", &long)).await);
}

#[tokio::test]
async fn reader_sends_no_other_method() {
    for method in ["POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "CONNECT", "TRACE", "get"] {
        assert!(!reaches_the_server(read(), request(method, "/api/v1/namespaces/a/pods")).await, "{method}");
    }
    assert!(!reaches_the_server(read(), request("POST", "/apis/authorization.k8s.io/v1/subjectaccessreviews")).await);
    assert!(!reaches_the_server(read(), request("POST", "/apis/authentication.k8s.io/v1/tokenreviews")).await);
    assert!(!reaches_the_server(read(), request("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews/x")).await);
    assert!(!reaches_the_server(read(), request("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews?dryRun=All")).await);
}

#[tokio::test]
async fn headers_beyond_the_list_are_refused() {
    for (name, value) in [
        ("upgrade", "websocket"),
        ("connection", "Upgrade"),
        ("authorization", "Bearer x"),
        ("impersonate-user", "admin"),
        ("x-http-method-override", "DELETE"),
    ] {
        let mut hostile = request("GET", "/api/v1/namespaces/a/pods");
        hostile.headers_mut().insert(name, value.parse().unwrap());
        assert!(!reaches_the_server(read(), hostile).await, "{name}");
    }
}

#[tokio::test]
async fn what_the_engine_reads_passes() {
    for path in [
        "/version",
        "/api/v1/namespaces",
        "/api/v1/namespaces/a-team",
        "/api/v1/namespaces/a-team/status",
        "/api/v1/namespaces/a-team/pods?limit=500&continue=abc%3D",
        "/api/v1/pods?limit=500",
        "/api/v1/namespaces/a-team/events?fieldSelector=type%3DWarning",
        "/api/v1/namespaces/a-team/pods?watch=1&allowWatchBookmarks=true&resourceVersion=7&timeoutSeconds=5",
        "/api/v1/namespaces/a-team/pods/web/log?container=app&previous=true&tailLines=200&limitBytes=65536",
        "/apis/apps/v1/namespaces/a-team/deployments/web",
        "/apis/apps/v1/namespaces/a-team/deployments/web/scale",
        "/apis/storage.k8s.io/v1/storageclasses?limit=500",
        "/api/v1/nodes",
        // Only named so: the position decides.
        "/api/v1/namespaces/secrets/pods",
        "/api/v1/namespaces/exec/pods/proxy",
        "/api/v1/namespaces/a/configmaps/secrets",
        "/api/v1/namespaces/status/pods",
    ] {
        assert!(reaches_the_server(read(), request("GET", path)).await, "{path}");
    }
    assert!(reaches_the_server(read(), request("POST", ACCESS_REVIEW)).await);
    assert!(reaches_the_server(read(), request("POST", RULES_REVIEW)).await);
}

#[tokio::test]
async fn writer_says_what_actions_can_express_and_nothing_else() {
    for (method, path) in [
        ("POST", "/api/v1/namespaces/a/persistentvolumeclaims?fieldManager=kubemend&dryRun=All"),
        ("DELETE", "/api/v1/namespaces/a/persistentvolumeclaims/data"),
        ("PATCH", "/apis/apps/v1/namespaces/a/deployments/web?fieldManager=kubemend"),
        ("PATCH", "/apis/apps/v1/namespaces/a/statefulsets/web"),
        ("PATCH", "/apis/apps/v1/namespaces/a/daemonsets/web"),
        ("PATCH", "/api/v1/namespaces/a/services/web"),
        ("POST", "/api/v1/namespaces/a/serviceaccounts"),
        ("POST", "/api/v1/namespaces/a/services?dryRun=All"),
        ("POST", "/api/v1/namespaces/a/configmaps"),
        ("PATCH", "/api/v1/namespaces/a/persistentvolumeclaims/data"),
        ("PATCH", "/apis/networking.k8s.io/v1/namespaces/a/ingresses/web"),
        ("PATCH", "/apis/autoscaling/v2/namespaces/a/horizontalpodautoscalers/web"),
        ("PATCH", "/apis/policy/v1/namespaces/a/poddisruptionbudgets/web"),
        ("DELETE", "/api/v1/namespaces/a/pods/web"),
        ("POST", "/api/v1/namespaces/a/pods/web/eviction?dryRun=All"),
        ("POST", ACCESS_REVIEW),
        ("GET", "/api/v1/namespaces/kube-system"),
    ] {
        assert!(reaches_the_server(WRITE, request(method, path)).await, "{method} {path}");
    }
    for (method, path) in [
        ("GET", "/api/v1/namespaces/a/persistentvolumeclaims"),
        ("GET", "/api/v1/namespaces"),
        ("GET", "/api/v1/namespaces/a"),
        ("GET", "/api/v1/namespaces/kube-system/status"),
        ("GET", "/api/v1/namespaces/kube-system?watch=true"),
        ("PATCH", "/api/v1/namespaces/kube-system"),
        ("DELETE", "/api/v1/namespaces/kube-system"),
        ("GET", "/version"),
        ("PUT", "/apis/apps/v1/namespaces/a/deployments/web"),
        ("POST", "/apis/apps/v1/namespaces/a/deployments"),
        ("DELETE", "/apis/apps/v1/namespaces/a/deployments/web"),
        ("DELETE", "/api/v1/namespaces/a/persistentvolumeclaims"),
        ("DELETE", "/api/v1/namespaces/a/pods"),
        ("DELETE", "/api/v1/namespaces/a/pods/web/eviction"),
        ("PATCH", "/api/v1/namespaces/a/pods/web"),
        ("POST", "/api/v1/namespaces/a/pods"),
        ("POST", "/api/v1/namespaces/a/pods/web/binding"),
        ("POST", "/api/v1/namespaces/kube-system/pods/web/eviction"),
        ("DELETE", "/api/v1/namespaces/kube-system/pods/web"),
        ("POST", "/apis/apps/v1/namespaces/a/deployments/web/eviction"),
        ("PATCH", "/api/v1/namespaces/a/persistentvolumeclaims/data/status"),
        ("PATCH", "/api/v1/namespaces/a/serviceaccounts/web"),
        ("DELETE", "/api/v1/namespaces/a/serviceaccounts/web"),
        ("POST", "/api/v1/namespaces/a/serviceaccounts/web/token"),
        ("POST", "/api/v1/namespaces/kube-system/serviceaccounts"),
        ("DELETE", "/api/v1/namespaces/a/services/web"),
        ("DELETE", "/api/v1/namespaces/a/configmaps/web"),
        ("PATCH", "/apis/networking.k8s.io/v1/namespaces/a/networkpolicies/web"),
        ("POST", "/apis/networking.k8s.io/v1/namespaces/a/ingresses"),
        ("PATCH", "/api/v1/namespaces/a/secrets/db"),
        ("PATCH", "/api/v1/namespaces/a/events/db"),
        ("PATCH", "/api/v1/nodes/node-1"),
        ("PATCH", "/apis/apps/v1/namespaces/a/deployments/web/scale"),
        ("PATCH", "/apis/apps/v1/namespaces/a/deployments/web?force=true"),
        ("PATCH", "/apis/apps/v1/namespaces/a/deployments/web?dryRun=all"),
        ("PATCH", "/apis/apps/v1/namespaces/a/deployments/web?dryRun=All&dryRun="),
        ("PATCH", "/apis/apps/v1/namespaces/kube-system/deployments/coredns"),
        ("POST", "/api/v1/namespaces/kube-system/persistentvolumeclaims"),
        ("POST", "/api/v1/namespaces"),
        ("POST", "/api/v1/namespaces/a/pods/web/exec"),
        ("POST", "/api/v1/namespaces/a/persistentvolumeclaims/data"),
        ("POST", "/api/v1/persistentvolumeclaims"),
        ("PATCH", "/apis/rbac.authorization.k8s.io/v1/namespaces/a/roles/x"),
        ("PATCH", "/apis/apps/v1/namespaces/../namespaces/kube-system/deployments/coredns"),
        ("POST", RULES_REVIEW),
    ] {
        assert!(!reaches_the_server(WRITE, request(method, path)).await, "{method} {path}");
    }
    let mut merge = request("PATCH", "/apis/apps/v1/namespaces/a/deployments/web");
    merge.headers_mut().insert("content-type", "application/merge-patch+json".parse().unwrap());
    assert!(!reaches_the_server(WRITE, merge).await);
    assert!(!reaches_the_server(WRITE, request("PATCH", "/apis/apps/v1/namespaces/kube-system/deployments/coredns")).await);
}

#[tokio::test]
async fn what_discovery_named_is_read_at_its_place_and_nothing_beside_it() {
    let discovered = Discovered::default();
    assert!(discovered.admit("cert-manager.io", "v1", "certificates", true));
    assert!(discovered.admit("cert-manager.io", "v1", "clusterissuers", false));
    let reach = || Reach::Read(discovered.clone());
    for path in [
        "/apis",
        "/apis/cert-manager.io/v1",
        "/apis/cert-manager.io/v1/certificates?limit=500",
        "/apis/cert-manager.io/v1/namespaces/a/certificates",
        "/apis/cert-manager.io/v1/namespaces/a/certificates/web",
        "/apis/cert-manager.io/v1/clusterissuers/main",
    ] {
        assert!(reaches_the_server(reach(), request("GET", path)).await, "{path}");
    }
    for path in [
        "/apis/cert-manager.io/v2/namespaces/a/certificates",
        "/apis/cert-manager.io/v1/namespaces/a/clusterissuers",
        "/apis/cert-manager.io/v1/certificates/web",
        "/apis/cert-manager.io/v1/namespaces/a/orders",
        "/apis/cert-manager.io/v1/namespaces/a/certificates/web/log",
        "/apis/cert-manager.io/v1/namespaces/a/certificates/web/scale",
        "/apis/cert-manager.io/v1/namespaces/a/certificates/web/approval",
        "/apis/cert-manager.io/v1/namespaces/a/secrets/web",
        "/api/v1/namespaces/a/certificates",
        "/api/v1/namespaces/a/secrets",
    ] {
        assert!(!reaches_the_server(reach(), request("GET", path)).await, "{path}");
    }
    for method in ["PATCH", "DELETE"] {
        let path = "/apis/cert-manager.io/v1/namespaces/a/certificates/web";
        assert!(!reaches_the_server(reach(), request(method, path)).await, "{method}");
        assert!(!reaches_the_server(WRITE, request(method, path)).await, "{method}");
    }
}

#[tokio::test]
async fn secrets_stay_unreadable_whatever_discovery_says() {
    for (group, version, plural) in [
        ("", "v1", "secrets"),
        ("v1", "", "secrets"),
        ("example.com", "v1", "secrets"),
        ("example.com", "v1", "secretcopies"),
        ("example.com", "v1", "mysecrets"),
        ("example.com", "v1", "Secrets"),
        ("example.com", "v1", "%73ecrets"),
        ("example.com", "v1", "pods/exec"),
        ("example.com", "v1", "certificates/../secrets"),
        ("example.com", "v1/namespaces/a", "certificates"),
        ("authorization.k8s.io", "v1", "subjectaccessreviews"),
        ("authentication.k8s.io", "v1", "tokenreviews"),
        ("rbac.authorization.k8s.io", "v1", "rolebindings"),
        ("storage.k8s.io", "v1", "volumeattachments"),
        ("rbac.authorization.k8s.io", "v1", "clusterroles"),
        ("certificates.k8s.io", "v1", "certificatesigningrequests"),
        (".example.com", "v1", "certificates"),
    ] {
        let discovered = Discovered::default();
        assert!(!discovered.admit(group, version, plural, true), "{group}/{version} {plural}");
        for path in [
            format!("/apis/{group}/{version}/namespaces/a/{plural}"),
            format!("/apis/{group}/{version}/namespaces/a/{plural}/db"),
            "/api/v1/namespaces/a/secrets/db".to_owned(),
        ] {
            let Ok(hostile) = Request::builder().uri(&path).body(()) else { continue };
            assert!(!reaches_the_server(Reach::Read(discovered.clone()), hostile).await, "{path}");
        }
    }
}

#[test]
fn reading_list_is_the_table_of_kinds_without_what_is_never_read() {
    let table: Vec<(String, String, bool)> = Kind::KNOWN
        .iter()
        .filter(|kind| kind.is_readable())
        .map(|kind| kind.info().map(|i| (i.api_version.to_owned(), i.plural.to_owned(), i.namespaced)).unwrap())
        .collect();
    let list: Vec<(String, String, bool)> =
        READ.iter().map(|(version, plural, scope)| ((*version).into(), (*plural).into(), *scope)).collect();
    assert_eq!(list, table);
    assert!(Kind::KNOWN.iter().filter(|kind| !kind.is_readable()).eq([&Kind::Secret]));
}

#[test]
fn metrics_and_schemas_are_read_by_their_own_paths_and_nothing_beside_them() {
    let get = |path: &str| read().check(&request("GET", path)).is_ok();
    for path in [
        "/apis/metrics.k8s.io/v1beta1/namespaces/a/pods",
        "/apis/metrics.k8s.io/v1beta1/nodes",
        "/openapi/v3/api/v1",
        "/openapi/v3/apis/apps/v1",
    ] {
        assert!(get(path), "{path}");
        assert!(read().check(&request("POST", path)).is_err() && WRITE.check(&request("GET", path)).is_err(), "{path}");
        assert!(!get(&format!("{path}?watch=1")), "{path}");
    }
    for path in [
        "/apis/metrics.k8s.io/v1beta1/namespaces/a/secrets",
        "/apis/metrics.k8s.io/v1beta1/namespaces/a/pods/x/proxy",
        "/apis/custom.metrics.k8s.io/v1beta1/namespaces/a/pods",
        "/openapi/v3",
        "/openapi/v2",
        "/openapi/v3/apis/apps/v1/deployments",
        "/openapi/v3/apis/../v1",
        "/openapi/v3/apis/apps%2fv1/x",
    ] {
        assert!(!get(path), "{path}");
    }
}

/// The request that a verb on a kind becomes.
fn written(verb: Verb, kind: &Kind) -> Option<Request<()>> {
    let namespace = Namespace::parse("a").unwrap();
    let (method, name) = match verb {
        Verb::Create => ("POST", None),
        Verb::Patch | Verb::Restart | Verb::UndoRollout => ("PATCH", Some("x")),
        Verb::Delete => ("DELETE", Some("x")),
        Verb::Evict => ("POST", Some("x")),
    };
    let path = kind.path(Some(&namespace).filter(|_| kind.info().is_some_and(|i| i.namespaced)), name)?;
    Some(request(method, &verb.subresource().map_or(path.clone(), |part| format!("{path}/{part}"))))
}

#[test]
fn writing_list_and_table_of_changes_agree_in_both_directions() {
    for kind in Kind::KNOWN {
        for verb in Verb::ALL {
            let wire = WRITE.check(&written(verb, &kind).unwrap()).is_ok();
            let same = |other: &Verb| (other.right(), other.subresource()) == (verb.right(), verb.subresource());
            assert_eq!(wire, Verb::ALL.iter().filter(|other| same(other)).any(|other| changes::has(*other, &kind)), "{verb} {kind}");
        }
    }
    let resources = |list: &[Resource]| list.iter().map(|(version, plural, _)| format!("{version}/{plural}")).collect::<Vec<_>>();
    let table = |verb: Verb| {
        let of_verb = changes::written().into_iter().chain(changes::written_besides()).filter(|(v, _)| *v == verb);
        of_verb.map(|(_, kind)| format!("{}/{}", kind.api_version(), kind.info().unwrap().plural)).collect::<Vec<_>>()
    };
    assert_eq!(resources(CREATED), table(Verb::Create));
    assert_eq!(resources(PATCHED), table(Verb::Patch));
    assert_eq!(resources(DELETED), table(Verb::Delete));
    assert_eq!(resources(EVICTED), table(Verb::Evict));
}

proptest! {
    /// Whatever is asked of whatever resource, the wire lets through nothing that the table of changes does not have.
    #[test]
    fn wire_permits_no_more_than_the_table(
        method in "POST|PATCH|DELETE|PUT|GET",
        known in prop::sample::select(Kind::KNOWN.iter().map(|k| (k.api_version().to_owned(), k.info().unwrap().plural.to_owned())).collect::<Vec<_>>()),
        odd in "[a-z]{1,12}|secrets",
        namespace in "a|kube-system|secrets|",
        tail in "|/x|/x/status|/x/scale|/x/exec|/x/eviction|/secrets",
        use_odd: bool,
    ) {
        let (version, plural) = known;
        let plural = if use_odd { odd } else { plural };
        let root = if version.contains('/') { "/apis" } else { "/api" };
        let place = if namespace.is_empty() { String::new() } else { format!("/namespaces/{namespace}") };
        let path = format!("{root}/{version}{place}/{plural}{tail}");
        let verb = match method.as_str() {
            "POST" if tail == "/x/eviction" => Some(Verb::Evict),
            "POST" => Some(Verb::Create),
            "PATCH" => Some(Verb::Patch),
            "DELETE" => Some(Verb::Delete),
            _ => None,
        };
        let kind = Kind::KNOWN.into_iter().find(|k| k.info().is_some_and(|i| (i.api_version, i.plural) == (version.as_str(), plural.as_str())));
        let in_table = verb.zip(kind).is_some_and(|(verb, kind)| changes::has(verb, &kind));
        let one_object = matches!(tail.as_str(), "" | "/x" | "/secrets") || verb == Some(Verb::Evict);
        if WRITE.check(&request(&method, &path)).is_ok() {
            prop_assert!(in_table && one_object && !namespace.starts_with("kube-") && !namespace.is_empty(), "{method} {path}");
        }
    }

    /// Whatever a server calls its resources, and wherever the path has the word: none of Secrets is read.
    #[test]
    fn no_path_to_secrets_is_read(
        group in "[a-z.]{0,12}|example\\.com",
        version in "v[0-9]{1,2}|[a-z/]{0,6}",
        resource in "secrets|[a-z]{0,4}secrets?[a-z]{0,4}|SECRETS|pods/\\.\\./secrets",
        namespaced: bool,
        tail in "|/db|/db/status|\\?watch=1",
    ) {
        let discovered = Discovered::default();
        let _ = discovered.admit(&group, &version, &resource, namespaced);
        for path in [
            format!("/api/{version}/namespaces/a/{resource}{tail}"),
            format!("/api/{version}/{resource}{tail}"),
            format!("/apis/{group}/{version}/namespaces/a/{resource}{tail}"),
            format!("/apis/{group}/{version}/{resource}{tail}"),
        ] {
            if let Ok(hostile) = Request::builder().uri(&path).body(()) {
                prop_assert!(Reach::Read(discovered.clone()).check(&hostile).is_err(), "{path}");
            }
        }
    }
}

#[tokio::test]
async fn secrets_stay_unreadable_where_the_list_of_what_was_discovered_is_wrong() {
    for (group_version, plural, way) in
        [("v1", "secrets", "/api/v1"), ("example.com/v1", "mysecrets", "/apis/example.com/v1"), ("v1", "certificates", "/api/v1")]
    {
        let reach = Reach::Read(Discovered::holding(group_version, plural));
        let request = Request::builder().uri(format!("{way}/namespaces/a/{plural}/db")).body(()).unwrap();
        assert_eq!(reaches_the_server(reach, request).await, !plural.contains("secret"), "{way} {plural}");
    }
}
