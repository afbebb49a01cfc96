//! Writing against a server that misbehaves: never twice, and never a certainty that there is not.

use super::*;
use crate::cluster::fake::{Fake, Reply, Then, json as says, status};
use serde_json::json;

const BODY: &str = r#"[{"op":"test","path":"/metadata/uid","value":"u"},  {"op":"remove","path":"/spec/x"}]"#;

fn patch() -> Request {
    Request { method: Method::Patch, path: "/apis/apps/v1/namespaces/a/deployments/web?fieldManager=kubemend".into(), body: BODY.into() }
}

async fn send(fake: &Fake, request: &Request) -> Result<WriteAnswer, WriteError> {
    fake.connected().write.unwrap().send(request, false, &RequestMeter::default()).await
}

#[tokio::test(start_paused = true)]
async fn bytes_arrive_as_they_were_shown() {
    let fake = Fake::playing([says(200, &json!({"kind": "Deployment"}))]);
    let connected = fake.connected();
    let write = connected.write.unwrap();
    let meter = RequestMeter::default();
    assert_eq!(write.send(&patch(), false, &meter).await.unwrap().status, 200);
    write.send(&patch(), true, &meter).await.unwrap();
    let claim = Request { method: Method::Post, path: "/api/v1/namespaces/a/persistentvolumeclaims".into(), body: "{}".into() };
    write.send(&claim, true, &meter).await.unwrap();
    let seen = fake.seen();
    assert_eq!(seen[0].line, "PATCH /apis/apps/v1/namespaces/a/deployments/web?fieldManager=kubemend");
    assert_eq!(seen[1].line, "PATCH /apis/apps/v1/namespaces/a/deployments/web?fieldManager=kubemend&dryRun=All");
    assert_eq!(seen[2].line, "POST /api/v1/namespaces/a/persistentvolumeclaims?dryRun=All");
    assert_eq!((seen[0].body.as_str(), seen[1].body.as_str()), (BODY, BODY));
    assert_eq!(seen[0].header("content-type"), Some("application/json-patch+json"));
    assert_eq!(seen[0].header("user-agent"), Some(concat!("kubemend/", env!("CARGO_PKG_VERSION"), " (write)")));
    assert_eq!((meter.total(), connected.read.meter.total()), (3, 0), "writes count into the meter of their call alone");
}

/// The API server ignores the query of a deletion that has a body.
#[tokio::test(start_paused = true)]
async fn deletion_is_rehearsed_by_its_body_as_well() {
    let fake = Fake::playing([says(200, &json!({"kind": "PersistentVolumeClaim"}))]);
    let write = fake.connected().write.unwrap();
    let body = r#"{"kind":"DeleteOptions","apiVersion":"v1","preconditions":{"uid":"u"}}"#;
    let delete =
        |body: &str| Request { method: Method::Delete, path: "/api/v1/namespaces/a/persistentvolumeclaims/data".into(), body: body.into() };
    write.send(&delete(body), true, &RequestMeter::default()).await.unwrap();
    write.send(&delete(body), false, &RequestMeter::default()).await.unwrap();
    for unreadable in ["[]", "null", "{"] {
        assert!(
            matches!(write.send(&delete(unreadable), true, &RequestMeter::default()).await, Err(WriteError::NotSent(_))),
            "{unreadable}"
        );
    }
    let seen = fake.seen();
    assert_eq!(seen.len(), 2);
    assert_eq!(seen[0].line, "DELETE /api/v1/namespaces/a/persistentvolumeclaims/data?dryRun=All");
    let sent: Value = serde_json::from_str(&seen[0].body).unwrap();
    assert_eq!(sent, json!({"kind": "DeleteOptions", "apiVersion": "v1", "preconditions": {"uid": "u"}, "dryRun": ["All"]}));
    assert_eq!((seen[1].line.as_str(), seen[1].body.as_str()), ("DELETE /api/v1/namespaces/a/persistentvolumeclaims/data", body));
}

#[tokio::test(start_paused = true)]
async fn no_answer_makes_it_send_twice() {
    for code in [301, 400, 401, 403, 404, 409, 410, 415, 422, 429, 500, 502, 503, 504] {
        let fake = Fake::playing([Reply::Says(code, vec![("retry-after", "1".into())], vec![])]);
        let error = send(&fake, &patch()).await.unwrap_err();
        assert_eq!(fake.seen().len(), 1, "{code}");
        assert_eq!(error.may_have_happened(), code >= 500, "{code}");
    }
    for reply in
        [Reply::Breaks, Reply::Hangs, Reply::Streams(vec!["{".into()], Then::Breaks), Reply::Streams(vec!["{".into()], Then::Hangs)]
    {
        let fake = Fake::playing([reply]);
        let error = send(&fake, &patch()).await.unwrap_err();
        assert!(matches!(error, WriteError::Lost(_)) && error.may_have_happened());
        assert_eq!(fake.seen().len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn refusals_keep_what_the_server_said() {
    let rights = "deployments.apps \"web\" is forbidden: User \"writer\" cannot patch resource \"deployments\" in API group \"apps\" in the namespace \"a\"";
    let error = send(&Fake::playing([status(403, "Forbidden", rights)]), &patch()).await.unwrap_err();
    assert_eq!(error.to_string(), "not allowed to patch deployments.apps in `a`");
    let WriteError::Forbidden { unlock, .. } = error else { panic!("{error:?}") };
    assert_eq!(
        unlock,
        "kubectl -n a create role kubemend-patch-deployments-apps --verb=patch --resource=deployments.apps && kubectl -n a create rolebinding kubemend-patch-deployments-apps --role=kubemend-patch-deployments-apps --user=writer"
    );
    let fake = Fake::playing([status(409, "AlreadyExists", "persistentvolumeclaims \"data\" already exists")]);
    let error = send(&fake, &patch()).await.unwrap_err();
    assert!(matches!(&error, WriteError::Conflict { reason, .. } if reason == "AlreadyExists"));
    let fake = Fake::playing([status(422, "Invalid", "the server rejected our request due to an error in our request")]);
    assert!(matches!(send(&fake, &patch()).await, Err(WriteError::Refused { status: 422, reason, .. }) if reason == "Invalid"));
}

#[tokio::test(start_paused = true)]
async fn quota_or_policy_that_forbids_a_change_is_no_missing_right() {
    let quota = "persistentvolumeclaims \"data\" is forbidden: exceeded quota: claims, requested: persistentvolumeclaims=1, used: persistentvolumeclaims=0, limited: persistentvolumeclaims=0";
    let error = send(&Fake::playing([status(403, "Forbidden", quota)]), &patch()).await.unwrap_err();
    assert_eq!(error, WriteError::NotAdmitted(quota.to_owned()));
    assert!(!error.may_have_happened());
}

#[tokio::test(start_paused = true)]
async fn success_that_is_not_kubernetes_is_no_success() {
    let fake = Fake::playing([Reply::Says(200, vec![("content-type", "text/html".into())], b"<html>".to_vec())]);
    assert!(matches!(send(&fake, &patch()).await, Err(WriteError::Lost(_))));
}

#[tokio::test(start_paused = true)]
async fn what_no_action_expresses_is_not_sent() {
    let fake = Fake::playing([says(200, &json!({"kind": "X"}))]);
    for (method, path) in [
        (Method::Delete, "/apis/apps/v1/namespaces/a/deployments/web"),
        (Method::Patch, "/api/v1/namespaces/a/secrets/db"),
        (Method::Patch, "/apis/apps/v1/namespaces/kube-system/deployments/coredns"),
        (Method::Patch, "/apis/apps/v1/namespaces/a/deployments/web?dryRun=All"),
        (Method::Post, "/api/v1/namespaces/a/pods/web/exec?command=sh"),
        (Method::Patch, "/api/v1/namespaces/a/ser vices/x"),
    ] {
        let request = Request { method, path: path.into(), body: "{}".into() };
        assert!(matches!(send(&fake, &request).await, Err(WriteError::NotSent(_))), "{path}");
    }
    assert_eq!(fake.seen().len(), 0);
}

#[tokio::test(start_paused = true)]
async fn rights_of_the_writer_are_asked_with_the_writers_identity() {
    let reader = Fake::playing([says(200, &json!({"kind": "X"}))]);
    let writer = Fake::playing([says(201, &json!({"status": {"allowed": true}}))]);
    let answer = writer.clone();
    let connected = reader.connected().with_writer_over(tower::service_fn(move |request| answer.clone().answer(request)));
    let namespace = Namespace::parse("a").unwrap();
    assert!(connected.write.unwrap().may("create", &Kind::PersistentVolumeClaim, Some(&namespace)).await.unwrap());
    assert_eq!((reader.seen().len(), writer.seen().len()), (0, 1));
}
