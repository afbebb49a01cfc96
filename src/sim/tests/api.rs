//! Claims about the API: what it takes, what it refuses, and in which words.

use super::*;
use crate::sim::{Denial, Fault, FaultKind};

const CLAIMS: &str = "/api/v1/namespaces/a-team/persistentvolumeclaims";
const WEB: &str = "/apis/apps/v1/namespaces/a-team/deployments/web";

/// A lab with the Deployment `web`, rolled out.
async fn with_web() -> Lab {
    let lab = lab();
    lab.images(NGINX);
    lab.sim.apply_yaml("a-team", &web(2, "nginx:1.27")).unwrap();
    lab.until("web is available", |sim| sim.object("deployments", "a-team", "web").unwrap()["status"]["availableReplicas"] == 2).await;
    lab
}

#[tokio::test(start_paused = true)]
async fn version_is_that_of_the_real_test_cluster() {
    let lab = lab();
    let version = lab.client.apiserver_version().await.unwrap();
    assert_eq!(version.git_version, "v1.37.2");
}

#[tokio::test(start_paused = true)]
async fn missing_object_is_a_not_found_status() {
    let lab = lab();
    assert_eq!(lab.get(WEB).await, Err((404, "deployments.apps \"web\" not found".to_owned())));
    assert_eq!(lab.get("/api/v1/namespaces/a-team/widgets").await.unwrap_err().0, 404);
}

#[tokio::test(start_paused = true)]
async fn created_claim_gets_the_default_class_and_protection() {
    let lab = lab();
    lab.sim.apply_yaml("a-team", "").unwrap();
    let made = lab.post(CLAIMS, &claim("data")).await.unwrap();
    assert_eq!(made["spec"]["storageClassName"], "standard");
    assert_eq!(made["spec"]["volumeMode"], "Filesystem");
    assert_eq!(made["metadata"]["finalizers"], json!(["kubernetes.io/pvc-protection"]));
    assert_eq!(made["status"]["phase"], "Pending");
    assert_eq!(lab.post(CLAIMS, &claim("data")).await, Err((409, "persistentvolumeclaims \"data\" already exists".to_owned())));
}

#[tokio::test(start_paused = true)]
async fn dry_run_answers_as_if_and_stores_nothing() {
    let lab = with_web().await;
    let made = lab.post(&format!("{CLAIMS}?dryRun=All"), &claim("data")).await.unwrap();
    assert_eq!(made["spec"]["storageClassName"], "standard");
    assert_eq!(lab.get(&format!("{CLAIMS}/data")).await.unwrap_err().0, 404);

    let before = lab.get(WEB).await.unwrap();
    let patch = json!([{"op": "replace", "path": "/spec/replicas", "value": 5}]);
    let patched = lab.json_patch(&format!("{WEB}?dryRun=All"), &patch).await.unwrap();
    assert_eq!(patched["spec"]["replicas"], 5);
    assert_eq!(patched["metadata"]["generation"], 2);
    assert_eq!(lab.get(WEB).await.unwrap(), before);

    lab.delete(&format!("{WEB}?dryRun=All"), &Value::Null).await.unwrap();
    assert_eq!(lab.get(WEB).await.unwrap(), before);
    assert!(lab.sim.requests().iter().all(|request| !request.wrote));
}

#[tokio::test(start_paused = true)]
async fn deletion_with_a_body_is_a_dry_run_only_if_the_body_says_so() {
    let lab = with_web().await;
    let options = json!({"kind": "DeleteOptions", "apiVersion": "v1", "dryRun": ["All"]});
    lab.delete(WEB, &options).await.unwrap();
    lab.get(WEB).await.unwrap();
    assert!(lab.sim.requests().iter().all(|request| !request.wrote));
    lab.delete(&format!("{WEB}?dryRun=All"), &json!({"kind": "DeleteOptions", "apiVersion": "v1"})).await.unwrap();
    assert_eq!(lab.get(WEB).await.unwrap_err().0, 404);
}

#[tokio::test(start_paused = true)]
async fn claim_in_a_namespace_that_does_not_exist_is_refused() {
    let lab = lab();
    assert_eq!(lab.post(CLAIMS, &claim("data")).await, Err((404, "namespaces \"a-team\" not found".to_owned())));
}

#[tokio::test(start_paused = true)]
async fn invalid_claim_is_refused_with_every_cause() {
    let lab = lab();
    lab.sim.apply_yaml("a-team", "").unwrap();
    let empty = json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "data"}, "spec": {}});
    assert_eq!(
        lab.post(CLAIMS, &empty).await,
        Err((
            422,
            "PersistentVolumeClaim \"data\" is invalid: [spec.accessModes: Required value: at least 1 access mode is required, spec.resources[storage]: Required value]".to_owned()
        ))
    );
}

#[tokio::test(start_paused = true)]
async fn unknown_field_is_refused_when_validation_is_strict() {
    let lab = with_web().await;
    let mut typo = claim("data");
    typo["spec"]["storageClass"] = json!("standard");
    let strict = format!("{CLAIMS}?fieldValidation=Strict&dryRun=All");
    assert_eq!(
        lab.post(&strict, &typo).await,
        Err((
            400,
            "PersistentVolumeClaim in version \"v1\" cannot be handled as a PersistentVolumeClaim: strict decoding error: unknown field \"spec.storageClass\"".to_owned()
        ))
    );
    lab.post(&format!("{CLAIMS}?dryRun=All"), &typo).await.unwrap();

    let patch = json!([{"op": "add", "path": "/spec/template/spec/containers/0/imagee", "value": "x"}]);
    let (code, message) = lab.json_patch(&format!("{WEB}?fieldValidation=Strict"), &patch).await.unwrap_err();
    assert_eq!(code, 422);
    assert!(message.contains("unknown field \"spec.template.spec.containers[0].imagee\""), "{message}");
}

#[tokio::test(start_paused = true)]
async fn claim_spec_is_immutable() {
    let lab = lab();
    lab.sim.apply_yaml("a-team", "").unwrap();
    lab.post(CLAIMS, &claim("data")).await.unwrap();
    let patch = json!([{"op": "replace", "path": "/spec/storageClassName", "value": "other"}]);
    let (code, message) = lab.json_patch(&format!("{CLAIMS}/data"), &patch).await.unwrap_err();
    assert_eq!(code, 422);
    assert_eq!(
        message,
        "PersistentVolumeClaim \"data\" is invalid: spec: Forbidden: spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims"
    );
}

#[tokio::test(start_paused = true)]
async fn deployment_selector_is_immutable() {
    let lab = with_web().await;
    let patch = json!([
        {"op": "replace", "path": "/spec/selector/matchLabels/app", "value": "other"},
        {"op": "replace", "path": "/spec/template/metadata/labels/app", "value": "other"},
    ]);
    let (code, message) = lab.json_patch(WEB, &patch).await.unwrap_err();
    assert_eq!(code, 422);
    assert_eq!(
        message,
        "Deployment.apps \"web\" is invalid: spec.selector: Invalid value: {\"matchLabels\":{\"app\":\"other\"}}: field is immutable"
    );
}

#[tokio::test(start_paused = true)]
async fn failed_test_refuses_the_whole_patch() {
    let lab = with_web().await;
    let before = lab.get(WEB).await.unwrap();
    let patch = json!([
        {"op": "replace", "path": "/spec/replicas", "value": 5},
        {"op": "test", "path": "/metadata/uid", "value": "another"},
    ]);
    assert_eq!(lab.json_patch(WEB, &patch).await, Err((422, "the server rejected our request due to an error in our request".to_owned())));
    assert_eq!(lab.get(WEB).await.unwrap(), before);
}

#[tokio::test(start_paused = true)]
async fn missing_member_counts_as_null_in_a_test() {
    let lab = with_web().await;
    let test = |path: &str| json!([{"op": "test", "path": path, "value": null}]);
    lab.json_patch(WEB, &test("/metadata/annotations/kubemend.dev~1plan")).await.unwrap();
    lab.json_patch(WEB, &test("/spec/paused")).await.unwrap();
    assert_eq!(lab.json_patch(WEB, &test("/spec/nowhere/deeper")).await.unwrap_err().0, 422);
    assert_eq!(lab.json_patch(WEB, &test("/spec/replicas")).await.unwrap_err().0, 422);
}

#[tokio::test(start_paused = true)]
async fn generation_counts_changes_of_the_spec_alone() {
    let lab = with_web().await;
    let annotate = json!([{"op": "add", "path": "/metadata/annotations/note", "value": "x"}]);
    let object = lab.json_patch(WEB, &annotate).await.unwrap();
    assert_eq!(object["metadata"]["generation"], 1);
    let scale = json!([{"op": "replace", "path": "/spec/replicas", "value": 3}]);
    let object = lab.json_patch(WEB, &scale).await.unwrap();
    assert_eq!(object["metadata"]["generation"], 2);
}

#[tokio::test(start_paused = true)]
async fn stale_version_is_a_conflict() {
    let lab = with_web().await;
    let patch = json!({"metadata": {"resourceVersion": "1"}, "spec": {"replicas": 3}});
    assert_eq!(
        lab.send("PATCH", WEB, "application/merge-patch+json", &patch).await,
        Err((
            409,
            "Operation cannot be fulfilled on deployments.apps \"web\": the object has been modified; please apply your changes to the latest version and try again".to_owned()
        ))
    );
}

#[tokio::test(start_paused = true)]
async fn strategic_merge_keeps_what_the_patch_does_not_name() {
    let lab = with_web().await;
    let patch = json!({"spec": {"template": {"spec": {"containers": [{"name": "web", "image": "nginx:1.28"}]}}}});
    let object = lab.send("PATCH", WEB, "application/strategic-merge-patch+json", &patch).await.unwrap();
    let container = &object["spec"]["template"]["spec"]["containers"][0];
    assert_eq!(container["image"], "nginx:1.28");
    assert_eq!(container["ports"][0]["containerPort"], 80);
}

#[tokio::test(start_paused = true)]
async fn delete_honours_preconditions() {
    let lab = lab();
    lab.sim.apply_yaml("a-team", "").unwrap();
    let made = lab.post(CLAIMS, &claim("data")).await.unwrap();
    let path = format!("{CLAIMS}/data");
    let (code, message) = lab.delete(&path, &json!({"preconditions": {"uid": "another"}})).await.unwrap_err();
    assert_eq!(code, 409);
    assert!(message.contains("the UID in the precondition (another) does not match"), "{message}");
    assert_eq!(lab.delete(&path, &json!({"preconditions": {"resourceVersion": "1"}})).await.unwrap_err().0, 409);
    let options = json!({"preconditions": {"uid": made["metadata"]["uid"]}});
    lab.delete(&path, &options).await.unwrap();
    lab.until("the claim is gone", |sim| sim.object("persistentvolumeclaims", "a-team", "data").is_none()).await;
}

#[tokio::test(start_paused = true)]
async fn list_comes_in_pages_until_its_history_is_gone() {
    let lab = lab();
    lab.sim.apply_yaml("a-team", "").unwrap();
    for name in ["a", "b", "c"] {
        lab.post(CLAIMS, &claim(name)).await.unwrap();
    }
    let first = lab.get(&format!("{CLAIMS}?limit=2")).await.unwrap();
    assert_eq!(first["items"].as_array().unwrap().len(), 2);
    assert_eq!(first["metadata"]["remainingItemCount"], 1);
    assert!(first["items"][0].get("kind").is_none());
    let token = first["metadata"]["continue"].as_str().unwrap();
    let next = format!("{CLAIMS}?limit=2&continue={token}");
    let second = lab.get(&next).await.unwrap();
    assert_eq!(second["items"][0]["metadata"]["name"], "c");
    assert!(second["metadata"].get("continue").is_none());
    lab.sim.compact();
    lab.post(CLAIMS, &claim("d")).await.unwrap();
    lab.sim.compact();
    assert_eq!(lab.get(&next).await.unwrap_err().0, 410);
}

#[tokio::test(start_paused = true)]
async fn selectors_choose_by_label_and_field() {
    let lab = with_web().await;
    let names = |list: Value| list["items"].as_array().unwrap().len();
    let pods = "/api/v1/namespaces/a-team/pods";
    assert_eq!(names(lab.get(&format!("{pods}?labelSelector=app%3Dweb")).await.unwrap()), 2);
    assert_eq!(names(lab.get(&format!("{pods}?labelSelector=app%20notin%20(web,api)")).await.unwrap()), 0);
    assert_eq!(names(lab.get(&format!("{pods}?fieldSelector=spec.nodeName%3Dnode-1")).await.unwrap()), 1);
    assert_eq!(
        lab.get(&format!("{pods}?fieldSelector=spec.color%3Dred")).await,
        Err((400, "field label not supported: spec.color".to_owned()))
    );
    let events = "/api/v1/namespaces/a-team/events?fieldSelector=involvedObject.kind%3DDeployment,involvedObject.name%3Dweb";
    assert_eq!(names(lab.get(events).await.unwrap()), 1);
}

async fn watch_lines(lab: &Lab, query: &str) -> Vec<Value> {
    use futures::{AsyncBufReadExt, TryStreamExt};
    let request = http::Request::get(format!("{CLAIMS}?watch=true&{query}")).body(Vec::new()).unwrap();
    let stream = lab.client.request_stream(request).await.unwrap();
    let lines: Vec<String> = stream.lines().try_collect().await.unwrap();
    lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[tokio::test(start_paused = true)]
async fn watch_tells_what_comes_after_the_list_and_ends_in_time() {
    let lab = lab();
    lab.sim.apply_yaml("a-team", "").unwrap();
    lab.post(CLAIMS, &claim("before")).await.unwrap();
    tokio::time::sleep(Duration::from_millis(50)).await;
    let list = lab.get(CLAIMS).await.unwrap();
    let version = list["metadata"]["resourceVersion"].as_str().unwrap().to_owned();
    let query = format!("resourceVersion={version}&timeoutSeconds=5&allowWatchBookmarks=true");
    let (lines, _) = tokio::join!(watch_lines(&lab, &query), async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        lab.post(CLAIMS, &claim("after")).await.unwrap();
    });
    assert_eq!(lines[0]["type"], "ADDED");
    assert_eq!(lines[0]["object"]["metadata"]["name"], "after");
    assert_eq!(lines[0]["object"]["kind"], "PersistentVolumeClaim");
    assert_eq!(lines.last().unwrap()["type"], "BOOKMARK");
}

#[tokio::test(start_paused = true)]
async fn watch_of_one_name_sees_it_go() {
    let lab = lab();
    lab.sim.apply_yaml("a-team", "").unwrap();
    lab.post(CLAIMS, &claim("data")).await.unwrap();
    lab.post(CLAIMS, &claim("other")).await.unwrap();
    let (lines, _) = tokio::join!(watch_lines(&lab, "fieldSelector=metadata.name%3Ddata&timeoutSeconds=5"), async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        lab.delete(&format!("{CLAIMS}/data"), &Value::Null).await.unwrap();
    });
    assert_eq!(lines[0]["type"], "ADDED");
    assert_eq!(lines.last().unwrap()["type"], "DELETED");
    assert!(lines.iter().all(|line| line["object"]["metadata"]["name"] == "data"));
}

#[tokio::test(start_paused = true)]
async fn watch_from_a_forgotten_version_is_told_gone() {
    let lab = lab();
    lab.sim.apply_yaml("a-team", "").unwrap();
    lab.sim.compact();
    let lines = watch_lines(&lab, "resourceVersion=5&timeoutSeconds=5").await;
    assert_eq!(lines.len(), 1);
    assert_eq!(lines[0]["type"], "ERROR");
    assert_eq!(lines[0]["object"]["code"], 410);
    assert_eq!(lines[0]["object"]["reason"], "Expired");
}

#[tokio::test(start_paused = true)]
async fn denied_verb_is_forbidden_and_reviews_say_so() {
    let lab = lab();
    lab.sim.deny(Denial::of("list", "events").to_user("kubemend"));
    assert_eq!(
        lab.get("/api/v1/namespaces/a-team/events").await,
        Err((
            403,
            "events is forbidden: User \"kubemend\" cannot list resource \"events\" in API group \"\" in the namespace \"a-team\""
                .to_owned()
        ))
    );
    let review = |verb: &str| {
        json!({
            "apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": {"namespace": "a-team", "verb": verb, "resource": "events"}},
        })
    };
    let path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
    assert_eq!(lab.post(path, &review("list")).await.unwrap()["status"]["allowed"], false);
    assert_eq!(lab.post(path, &review("get")).await.unwrap()["status"]["allowed"], true);
    let other = Lab { sim: lab.sim.clone(), client: ClientBuilder::new(lab.sim.service_as("admin"), "default").build() };
    other.get("/api/v1/namespaces/a-team/events").await.unwrap();
    let rules = lab.post("/apis/authorization.k8s.io/v1/selfsubjectrulesreviews", &json!({"spec": {"namespace": "a-team"}})).await.unwrap();
    let events = rules["status"]["resourceRules"].as_array().unwrap().iter().find(|rule| rule["resources"] == json!(["events"])).unwrap();
    assert!(!events["verbs"].as_array().unwrap().contains(&json!("list")));
}

#[tokio::test(start_paused = true)]
async fn injected_status_strikes_as_often_as_told() {
    let lab = with_web().await;
    lab.sim.inject(Fault::on("GET", "/deployments/web", FaultKind::Status(429)).times(2));
    for _ in 0..2 {
        assert_eq!(lab.get(WEB).await.unwrap_err().0, 429);
    }
    lab.get(WEB).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn lost_answer_is_an_error_though_the_write_was_done() {
    let lab = lab();
    lab.sim.apply_yaml("a-team", "").unwrap();
    lab.sim.inject(Fault::on("POST", "/persistentvolumeclaims", FaultKind::LostAnswer));
    assert_eq!(lab.post(CLAIMS, &claim("data")).await.unwrap_err().0, 0);
    lab.get(&format!("{CLAIMS}/data")).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn broken_connection_does_nothing() {
    let lab = lab();
    lab.sim.apply_yaml("a-team", "").unwrap();
    lab.sim.inject(Fault::on("POST", "/persistentvolumeclaims", FaultKind::Close));
    assert_eq!(lab.post(CLAIMS, &claim("data")).await.unwrap_err().0, 0);
    assert_eq!(lab.get(&format!("{CLAIMS}/data")).await.unwrap_err().0, 404);
}

#[tokio::test(start_paused = true)]
async fn hanging_request_is_never_answered() {
    let lab = lab();
    lab.sim.inject(Fault::on("GET", "/deployments/web", FaultKind::Hang));
    let hour = Duration::from_secs(3600);
    assert!(tokio::time::timeout(hour, lab.get(WEB)).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn audit_log_holds_the_bytes_of_each_write() {
    let lab = lab();
    lab.sim.apply_yaml("a-team", "").unwrap();
    let body = claim("data");
    lab.post(&format!("{CLAIMS}?dryRun=All"), &body).await.unwrap();
    lab.post(CLAIMS, &body).await.unwrap();
    lab.get(CLAIMS).await.unwrap();
    let requests = lab.sim.requests();
    let seen: Vec<(&str, bool, bool, u16)> =
        requests.iter().map(|request| (request.verb, request.dry_run, request.wrote, request.status)).collect();
    assert_eq!(seen, [("create", true, false, 201), ("create", false, true, 201), ("list", false, false, 200)]);
    assert_eq!(requests[1].body, body.to_string());
    assert_eq!(requests[1].user, "kubemend");
}

#[test]
fn manifest_of_an_unknown_kind_is_refused() {
    let (sim, _driver) = Sim::new(world());
    let error = sim.apply_yaml("a-team", "{apiVersion: v1, kind: Widget}").unwrap_err();
    assert_eq!(error.to_string(), "failed to read the manifests: no matches for kind `Widget` in version `v1`");
}
