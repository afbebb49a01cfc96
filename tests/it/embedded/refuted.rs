//! What a rule says cannot be, and what a Pod runs with: a policy changes nothing on the strength of the one against the other.

use crate::support::case::Case;
use crate::support::embedded::{Embedded, ask, open};
use kubemend::domain::limits::{Limits, Mode};
use kubemend::sim::MadeImage;
use kubemend::workflow::report::Report;
use std::time::Duration;

const NAMESPACE: &str = "shop";

fn automatic() -> Limits {
    Limits { mode: Mode::Automatic, automatic_allowed: true, ..Limits::default() }
}

/// What a policy makes of a case once this was done.
async fn under_policy(case: &str, before: impl AsyncFnOnce(&Embedded)) -> (Embedded, Report) {
    let case = Case::load(case);
    let cluster = Embedded::of(&case, NAMESPACE).await;
    before(&cluster).await;
    let report = open(&cluster.process_with(automatic(), true), &ask(&case, NAMESPACE)).await.report;
    (cluster, report)
}

/// Nothing was changed, the cause is named with less confidence, and this is why.
fn is_left_alone((cluster, report): &(Embedded, Report), code: &str, why: &str) {
    assert!(cluster.writes().is_empty(), "{:?}", cluster.writes());
    let cause = report.causes.iter().find(|cause| cause.code == code).unwrap_or_else(|| panic!("{}", report.summary));
    assert!(cause.confidence < 0.8 && cause.explanation.contains(why), "{} {}", cause.confidence, cause.explanation);
    assert!(report.plan.is_none(), "{}", report.summary);
}

fn twin(image: &str, env: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: twin, labels: {{app: twin}}}}\nspec:\n  containers: [{{name: app, image: '{image}'{env}}}]\n"
    )
}

#[tokio::test(start_paused = true)]
async fn image_with_which_a_pod_is_ready_is_not_rolled_back_by_a_policy() {
    let alone = under_policy("image-tag-missing", async |_| {}).await;
    assert!(!alone.0.writes().is_empty(), "{}", alone.1.summary);
    let beside = under_policy("image-tag-missing", async |cluster| {
        // The kubelet waits longer and longer, and by then the registry, or another mirror of it, has the image.
        tokio::time::sleep(Duration::from_secs(240)).await;
        cluster.sim.add_images(MadeImage::parse_yaml("- {ref: 'example/catalog:5.2.1-final', play: {log: [catalog]}}").unwrap());
        cluster.apply(&twin("example/catalog:5.2.1-final", ""));
        tokio::time::sleep(Duration::from_secs(10)).await;
    })
    .await;
    is_left_alone(&beside, "img-tag-not-found", "Pod `twin` is ready with this very image");
}

#[tokio::test(start_paused = true)]
async fn name_with_which_a_pod_is_ready_is_not_replaced_by_a_policy() {
    // Of what variables are made a human is asked anyway.
    let alone = under_policy("config-map-name-wrong", async |_| {}).await;
    assert!(alone.1.plan.is_some(), "{}", alone.1.summary);
    let beside = under_policy("config-map-name-wrong", async |cluster| {
        let env = ", env: [{name: PAYMENT_URL, valueFrom: {configMapKeyRef: {name: app-config, key: PAYMENT_URL}}}]";
        cluster.apply("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: app-config}\ndata: {PAYMENT_URL: 'https://payments.other'}\n");
        cluster.sim.add_images(MadeImage::parse_yaml("- {ref: 'example/twin:1.0', play: {log: [twin]}}").unwrap());
        cluster.apply(&twin("example/twin:1.0", env));
        tokio::time::sleep(Duration::from_secs(5)).await;
        cluster.remove("configmaps", "app-config").await;
        cluster.remove("pods", &checkout(cluster)).await;
        tokio::time::sleep(Duration::from_secs(30)).await;
    })
    .await;
    is_left_alone(&beside, "cfg-configmap-missing-env", "But Pod `twin` is ready and needs the ConfigMap `app-config` too");
}

/// The Pod of the case: the one that came to the ConfigMap goes, and another one misses it again.
fn checkout(cluster: &Embedded) -> String {
    let names = cluster.objects().into_iter().filter(|o| o["kind"] == "Pod").map(|o| o["metadata"]["name"].as_str().unwrap().to_owned());
    names.into_iter().find(|name| name.starts_with("checkout")).unwrap()
}
