//! What happens while a question is being read: somebody edits, a quota appears, a right is withdrawn, admission changes the write, and
//! two people say yes at once.

use super::trial::{Trial, Who};
use super::world;
use crate::support::notes::did_not_run;
use crate::support::server::{Human, Opening, Said, Server};
use serde_json::{Value, json};
use std::path::PathBuf;

const CLAIM: &str = "database-pod-pending";

/// Asks, lets something happen while the question is out, and says yes.
async fn yes_after(server: &Server, trial: &Trial, meanwhile: impl Future<Output = ()>) -> Said {
    let (said, ()) = tokio::join!(server.call("remediate", trial.ask()), async {
        server.asked().await;
        meanwhile.await;
        server.answer_yes();
    });
    said
}

/// Nothing was written, and the one step says why: before it was sent, or by the API server.
fn nothing_written(trial: &Trial, said: &Said, outcome: &str, words: &[&str]) {
    assert!(!said.error, "{}", said.text);
    let step = &said.report["execution"]["steps"][0];
    assert_eq!((&said.report["status"], &step["outcome"]), (&json!("failed"), &json!(outcome)), "{}", said.text);
    for word in words {
        assert!(said.text.contains(word), "`{word}` is not in: {}", said.text);
    }
    assert_eq!(trial.writes().unwrap_or_default(), Vec::new());
}

#[tokio::test]
async fn object_that_somebody_edits_while_the_question_is_read_is_not_changed() {
    let world = world!();
    let Some(trial) = Trial::of(&world, "service-without-endpoints", Who::Two).await else { return };
    let server = trial.start(Human::WhenTold, Opening::Auto).run().await;
    let path = format!("/api/v1/namespaces/{}/services/storefront", trial.place.name);
    let patch = json!({"spec": {"selector": {"app": "somebody-elses-idea"}}}).to_string().into_bytes();
    let edit = async { drop(world.ask("PATCH", &path, "application/merge-patch+json", patch).await.unwrap()) };
    let said = yes_after(&server, &trial, edit).await;
    assert!(said.error && said.text.contains("nothing was changed: the plan was checked again"), "{}", said.text);
    assert_eq!(trial.writes().unwrap_or_default(), Vec::new());
    let service = world.get(&path).await.unwrap();
    assert_eq!(service["spec"]["selector"]["app"], "somebody-elses-idea");
    server.stop().await;
    trial.place.end().await;
}

#[tokio::test]
async fn quota_that_appears_while_the_question_is_read_is_told_in_its_own_words() {
    let world = world!();
    let Some(trial) = Trial::of(&world, CLAIM, Who::Two).await else { return };
    let server = trial.start(Human::WhenTold, Opening::Auto).run().await;
    let path = format!("/api/v1/namespaces/{}/resourcequotas", trial.place.name);
    let quota = json!({
        "apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "no-claims"},
        "spec": {"hard": {"persistentvolumeclaims": "0"}},
    });
    let appears = async {
        drop(world.post(&path, &quota).await);
        // It counts once its controller has seen it.
        while world.get(&format!("{path}/no-claims")).await.unwrap()["status"]["hard"].is_null() {
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
    };
    let said = yes_after(&server, &trial, appears).await;
    nothing_written(&trial, &said, "failed", &["Nothing was changed", "admission forbids the change", "exceeded quota", "no-claims"]);
    server.stop().await;
    trial.place.end().await;
}

/// A kubeconfig of an account that may do what the writer's role allows, in this namespace; and the path of the binding that says so.
async fn writer_of(trial: &Trial, folder: &std::path::Path) -> (PathBuf, String) {
    let (world, name) = (&trial.place.world, &trial.place.name);
    let space = format!("/api/v1/namespaces/{name}/serviceaccounts");
    let roles = format!("/apis/rbac.authorization.k8s.io/v1/namespaces/{name}");
    let whole = "/apis/rbac.authorization.k8s.io/v1";
    let meta = |name: &str| json!({"name": name});
    let account = json!([{"kind": "ServiceAccount", "name": "changer", "namespace": name}]);
    let of = |kind: &str, role: &str| json!({"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": role});
    world.post(&space, &json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": meta("changer")})).await;
    let claims = json!([{"apiGroups": [""], "resources": ["persistentvolumeclaims"], "verbs": ["create", "delete"]}]);
    world.post(&format!("{roles}/roles"), &json!({"metadata": meta("changer"), "rules": claims})).await;
    let binding = json!({"metadata": meta("changer"), "roleRef": of("Role", "changer"), "subjects": account});
    world.post(&format!("{roles}/rolebindings"), &binding).await;
    let identity = json!([{"apiGroups": [""], "resources": ["namespaces"], "resourceNames": ["kube-system"], "verbs": ["get"]}]);
    world.post(&format!("{whole}/clusterroles"), &json!({"metadata": meta(name), "rules": identity})).await;
    let everywhere = json!({"metadata": meta(name), "roleRef": of("ClusterRole", name), "subjects": account});
    world.post(&format!("{whole}/clusterrolebindings"), &everywhere).await;

    let token = world.post(&format!("{space}/changer/token"), &json!({"spec": {"expirationSeconds": 3600}})).await;
    let mut kubeconfig: Value = serde_saphyr::from_str(&std::fs::read_to_string(world.kubeconfig("writer")).unwrap()).unwrap();
    for user in kubeconfig["users"].as_array_mut().unwrap() {
        user["user"] = json!({"token": token["status"]["token"]});
    }
    let file = folder.join("changer.kubeconfig");
    std::fs::write(&file, kubeconfig.to_string()).unwrap();
    (file, format!("{roles}/rolebindings/changer"))
}

#[tokio::test]
async fn right_that_is_withdrawn_while_the_question_is_read_is_said_as_a_missing_right() {
    let world = world!();
    let Some(trial) = Trial::of(&world, CLAIM, Who::Two).await else { return };
    if world.run.is_none() {
        return did_not_run("a right that is withdrawn", "it makes an account beside those of the tests' cluster");
    }
    let folder = tempfile::tempdir().unwrap();
    let (writer, binding) = writer_of(&trial, folder.path()).await;
    let server = trial.start(Human::WhenTold, Opening::Auto).env("KUBEMEND_WRITE_KUBECONFIG", writer).run().await;
    let withdrawn = async {
        world.ask("DELETE", &binding, "application/json", Vec::new()).await.unwrap();
        // The authorizer hears of it by its own watch.
        tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    };
    let said = yes_after(&server, &trial, withdrawn).await;
    nothing_written(
        &trial,
        &said,
        "failed",
        &["Nothing was changed", "not allowed to create persistentvolumeclaims", "create role kubemend-create-persistentvolumeclaims"],
    );
    let claims = format!("/api/v1/namespaces/{}/persistentvolumeclaims/postgres-pvc", trial.place.name);
    assert_eq!(world.get(&claims).await.unwrap_err().0, 404);
    server.stop().await;
    let whole = "/apis/rbac.authorization.k8s.io/v1";
    for kind in ["clusterrolebindings", "clusterroles"] {
        world.ask("DELETE", &format!("{whole}/{kind}/{}", trial.place.name), "application/json", Vec::new()).await.unwrap();
    }
    trial.place.end().await;
}

/// A policy of the API server's own that makes every new claim here larger.
async fn larger_claims(trial: &Trial, only_for_real: bool) -> Vec<String> {
    let (world, name) = (&trial.place.world, &trial.place.name);
    let group = "/apis/admissionregistration.k8s.io/v1";
    let mut conditions = vec![json!({"name": "here", "expression": format!("request.namespace == '{name}'")})];
    if only_for_real {
        conditions.push(json!({"name": "for-real", "expression": "!request.dryRun"}));
    }
    let larger = "Object{spec: Object.spec{resources: Object.spec.resources{requests: {'storage': '11Gi'}}}}";
    let policy = json!({
        "metadata": {"name": name},
        "spec": {
            "matchConstraints": {"resourceRules": [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["persistentvolumeclaims"]}]},
            "matchConditions": conditions,
            "failurePolicy": "Fail",
            "reinvocationPolicy": "Never",
            "mutations": [{"patchType": "ApplyConfiguration", "applyConfiguration": {"expression": larger}}],
        },
    });
    world.post(&format!("{group}/mutatingadmissionpolicies"), &policy).await;
    let binding = json!({"metadata": {"name": name}, "spec": {"policyName": name}});
    world.post(&format!("{group}/mutatingadmissionpolicybindings"), &binding).await;
    let paths = ["mutatingadmissionpolicybindings", "mutatingadmissionpolicies"].map(|kind| format!("{group}/{kind}/{name}"));
    // It is compiled and used a moment later.
    let probe = json!({
        "apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "probe"},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
    });
    let claims = format!("/api/v1/namespaces/{name}/persistentvolumeclaims");
    for _ in 0..100 {
        let dry = if only_for_real { "" } else { "?dryRun=All" };
        let made = world.post(&format!("{claims}{dry}"), &probe).await;
        if only_for_real {
            world.ask("DELETE", &format!("{claims}/probe"), "application/json", Vec::new()).await.unwrap();
            while world.get(&format!("{claims}/probe")).await.is_ok() {
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            }
        }
        if made["spec"]["resources"]["requests"]["storage"] == "11Gi" {
            return paths.to_vec();
        }
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    }
    panic!("the policy is never used");
}

async fn without(trial: &Trial, policies: &[String]) {
    for path in policies {
        trial.place.world.ask("DELETE", path, "application/json", Vec::new()).await.unwrap();
    }
}

#[tokio::test]
async fn claim_that_admission_makes_larger_is_not_even_asked_about() {
    let world = world!();
    let Some(trial) = Trial::of(&world, CLAIM, Who::Two).await else { return };
    if world.run.is_none() {
        return did_not_run("a policy of admission", "it would be in a cluster of yours");
    }
    let policies = larger_claims(&trial, false).await;
    let server = trial.start(Human::Yes, Opening::Auto).run().await;
    let said = server.call("remediate", trial.ask()).await;
    assert_eq!((&said.report["status"], server.questions()), (&json!("diagnosed"), vec![]), "{}", said.text);
    assert!(said.text.contains("spec.resources.requests.storage (planned: \"10Gi\", actual: \"11Gi\")"), "{}", said.text);
    server.stop().await;
    without(&trial, &policies).await;
    trial.untouched().await;
    trial.place.end().await;
}

#[tokio::test]
async fn claim_that_admission_makes_larger_only_for_real_is_no_success() {
    let world = world!();
    let Some(trial) = Trial::of(&world, CLAIM, Who::Two).await else { return };
    if world.run.is_none() {
        return did_not_run("a policy of admission", "it would be in a cluster of yours");
    }
    let policies = larger_claims(&trial, true).await;
    let server = trial.start(Human::Yes, Opening::Auto).run().await;
    let said = server.call("remediate", trial.ask()).await;
    assert_eq!((&said.report["status"], server.questions().len()), (&json!("failed"), 1), "{}", said.text);
    assert!(said.text.contains("spec.resources.requests.storage (planned: \"10Gi\", actual: \"11Gi\")"), "{}", said.text);
    assert_eq!(trial.writes().unwrap_or_default().len(), 1);
    server.stop().await;
    without(&trial, &policies).await;
    trial.place.end().await;
}

#[tokio::test]
async fn two_people_who_say_yes_at_once_to_one_plan_make_one_write() {
    let world = world!();
    let Some(trial) = Trial::of(&world, CLAIM, Who::Two).await else { return };
    let state = tempfile::tempdir().unwrap();
    let start = || trial.start(Human::WhenTold, Opening::Auto).env("XDG_STATE_HOME", state.path());
    let (one, two) = (start().run().await, start().run().await);
    // The second one is asked about the plan that waits already: named, since a later look can see more and so plan otherwise.
    let (first, second, ()) = tokio::join!(
        one.call("remediate", trial.ask()),
        async {
            one.asked().await;
            let waiting = session_in(&one.questions()[0]);
            two.call("remediate", json!({"sessionId": waiting})).await
        },
        async {
            two.asked().await;
            one.answer_yes();
            two.answer_yes();
        }
    );
    let told = format!("{}\n\n{}", first.text, second.text);
    let done: Vec<bool> = [&first, &second].map(|said| said.report["status"] == "resolved").to_vec();
    assert!(done.contains(&true), "{told}");
    // Whoever came later hears of the same session, or, where the first write has helped by then, that there is nothing left to change.
    for (said, done) in [&first, &second].into_iter().zip(&done) {
        let cured = said.error && said.text.contains("is not found any more");
        assert!(
            *done || cured || said.report["session"] == first.report["session"] && said.report["session"] == second.report["session"],
            "{told}"
        );
    }
    if let Some(writes) = trial.writes() {
        assert_eq!(writes.len(), 1, "{told}");
    }
    one.stop().await;
    two.stop().await;
    trial.place.end().await;
}

/// The session that a question is about.
fn session_in(question: &str) -> String {
    let from = question.find("show s-").expect("the question names its session") + "show ".len();
    question[from..].chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '-').collect()
}
