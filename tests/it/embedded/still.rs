//! Between a question and the yes the reason for a plan may go away. Then nothing is written, the answer says why, and what was recorded
//! says that somebody approved.

use crate::support::embedded::{Embedded, waiting, yes};
use kubemend::sim::{Denial, Fault, FaultKind};
use kubemend::workflow::WorkflowError;
use kubemend::workflow::report::Status;
use std::time::Duration;

const NAMESPACE: &str = "shop";

/// Says yes once this has happened, and gives back what the refusal says.
async fn refused(case: &str, meanwhile: impl AsyncFnOnce(&Embedded)) -> String {
    let (cluster, process, question) = waiting(case, NAMESPACE).await;
    meanwhile(&cluster).await;
    tokio::time::sleep(Duration::from_secs(30)).await;
    let error = yes(&process, &question).await.unwrap_err();
    assert!(matches!(error, WorkflowError::NotNeeded(_)), "{error}");
    assert!(cluster.writes().is_empty(), "{:?}", cluster.writes());
    let kept = process.show(&question.session).await.unwrap();
    assert_eq!(kept.status, Status::AwaitingApproval);
    let record = cluster.store.record(question.session.as_str()).to_string();
    assert!(record.contains("approved, and nothing was sent: nothing was changed"), "{record}");
    error.to_string()
}

#[tokio::test(start_paused = true)]
async fn service_that_has_got_the_pods_which_it_selects_is_left_as_it_is() {
    let why = refused("service-without-endpoints", async |cluster| {
        cluster.apply(
            "apiVersion: v1\nkind: Pod\nmetadata: {name: storefront-own, labels: {app: storefront-web, tier: frontend}}\nspec:\n  containers: \
             [{name: web, image: 'nginx:1.27', ports: [{name: http, containerPort: 80}]}]\n",
        );
    })
    .await;
    assert!(why.contains("what it is for"), "{why}");
}

#[tokio::test(start_paused = true)]
async fn claim_is_not_created_for_a_pod_that_went_away() {
    let why = refused("claim-missing-pod", async |cluster| {
        cluster.remove("pods", "importer").await;
    })
    .await;
    assert!(why.contains("what it is for is not found any more"), "{why}");
}

#[tokio::test(start_paused = true)]
async fn reference_is_not_changed_once_what_it_names_exists() {
    let why = refused("config-map-name-wrong", async |cluster| {
        cluster.apply("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: app-config}\ndata: {PAYMENT_URL: 'https://payments.example'}\n");
    })
    .await;
    assert!(why.contains("what it is for is not found any more"), "{why}");
}

#[tokio::test(start_paused = true)]
async fn cause_that_now_asks_for_another_change_is_not_met_with_the_old_one() {
    let why = refused("config-map-name-wrong", async |cluster| {
        cluster.remove("configmaps", "app-configuration").await;
        cluster.apply("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: app-configs}\ndata: {PAYMENT_URL: 'https://payments.example'}\n");
    })
    .await;
    assert!(why.contains("what it is for"), "{why}");
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_read_any_more_is_said_and_nothing_is_written() {
    let why = refused("config-map-name-wrong", async |cluster| {
        cluster.sim.deny(Denial::of("list", "configmaps"));
    })
    .await;
    assert!(why.contains("configmaps could not be read"), "{why}");
}

#[tokio::test(start_paused = true)]
async fn claim_is_not_created_beside_a_volume_that_has_come_for_it() {
    let why = refused("database-pod-pending", async |cluster| {
        cluster.apply(
            "apiVersion: v1\nkind: PersistentVolume\nmetadata: {name: restored}\nspec: {storageClassName: slow, capacity: {storage: 500Gi}, \
             accessModes: [ReadWriteOnce], persistentVolumeReclaimPolicy: Retain, claimRef: {namespace: shop, name: postgres-pvc, uid: old}, \
             hostPath: {path: /x}}\nstatus: {phase: Released}\n",
        );
    })
    .await;
    assert!(why.contains("what it is for now asks for another change"), "{why}");
}

#[tokio::test(start_paused = true)]
async fn claim_is_not_created_beside_an_unused_one_that_has_come() {
    let why = refused("database-pod-pending", async |cluster| {
        cluster.apply(
            "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: restored-data}\nspec: {storageClassName: standard, accessModes: \
             [ReadWriteOnce], resources: {requests: {storage: 500Gi}}}\n",
        );
    })
    .await;
    assert!(why.contains("what it is for now asks for another change"), "{why}");
}

#[tokio::test(start_paused = true)]
async fn claim_is_not_created_beside_one_of_its_name_that_has_come_in_another_namespace() {
    let why = refused("database-pod-pending", async |cluster| {
        cluster
            .sim
            .apply_yaml(
                "archive",
                "apiVersion: v1\nkind: Namespace\nmetadata: {name: archive}\n---\napiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: \
                 {name: postgres-pvc, namespace: archive}\nspec: {storageClassName: standard, accessModes: [ReadWriteOnce], resources: \
                 {requests: {storage: 500Gi}}}\n",
            )
            .unwrap();
    })
    .await;
    assert!(why.contains("what it is for now asks for another change"), "{why}");
}

#[tokio::test(start_paused = true)]
async fn claim_is_not_created_of_a_class_that_is_gone() {
    let why = refused("database-pod-pending", async |cluster| {
        cluster.remove_at("/apis/storage.k8s.io/v1/storageclasses/standard").await;
    })
    .await;
    assert!(why.contains("what it is for now asks for another change"), "{why}");
}

#[tokio::test(start_paused = true)]
async fn claim_is_created_as_it_was_shown_though_another_class_is_the_default_now() {
    let (cluster, process, question) = waiting("database-pod-pending", NAMESPACE).await;
    cluster.apply(
        "apiVersion: storage.k8s.io/v1\nkind: StorageClass\nmetadata: {name: zfs, annotations: {storageclass.kubernetes.io/is-default-class: \
         'true'}}\nprovisioner: example.com/zfs\n",
    );
    tokio::time::sleep(Duration::from_secs(30)).await;
    yes(&process, &question).await.unwrap();
    assert_eq!(cluster.writes().len(), 1, "{:?}", cluster.writes());
}

#[tokio::test(start_paused = true)]
async fn yes_that_meets_a_cluster_which_cannot_be_read_is_recorded() {
    let (cluster, process, question) = waiting("database-pod-pending", NAMESPACE).await;
    cluster.sim.inject(Fault::on("GET", "/pods", FaultKind::Close).times(20));
    let error = yes(&process, &question).await.unwrap_err();
    assert!(matches!(error, WorkflowError::Read(_)), "{error}");
    assert!(cluster.writes().is_empty(), "{:?}", cluster.writes());
    let record = cluster.store.record(question.session.as_str()).to_string();
    assert!(record.contains("approved, and nothing was sent: cannot reach the API server"), "{record}");
    assert!(record.contains("undecided"), "it decided nothing: {record}");
}

#[tokio::test(start_paused = true)]
async fn yes_that_meets_a_cluster_which_does_not_say_which_it_is_was_not_refused() {
    let (cluster, process, question) = waiting("database-pod-pending", NAMESPACE).await;
    cluster.sim.inject(Fault::on("GET", "/namespaces/kube-system", FaultKind::Close).times(20));
    drop(process);
    let error = yes(&cluster.process(), &question).await.unwrap_err();
    assert!(matches!(error, WorkflowError::Read(_)), "{error}");
    let record = cluster.store.record(question.session.as_str()).to_string();
    assert!(!record.contains("approval refused") && record.contains("approved, and nothing was sent"), "{record}");
}
