//! Every case from the user's words to a proven fix, over MCP, and the two where there is nothing to fix.

use super::trial::{Who, prove};
use super::world;
use crate::support::case::names;
use crate::support::server::Opening;

macro_rules! cases {
    ($($claim:ident: $name:literal,)*) => {
        $(#[tokio::test]
        async fn $claim() {
            prove(&world!(), $name, Who::Two, Opening::Auto).await;
        })*

        #[test]
        fn every_folder_is_a_test() {
            let mut listed = vec![$($name.to_owned()),*];
            listed.sort();
            assert_eq!(listed, names());
        }
    };
}

cases! {
    claim_that_nobody_made_is_made: "database-pod-pending",
    claim_that_nobody_made_is_made_for_a_pod_without_owner: "claim-missing-pod",
    claim_that_nobody_made_is_made_for_a_stateful_set: "claim-missing-statefulset",
    claim_name_is_corrected_to_the_unused_claim: "claim-name-typo",
    claim_of_a_missing_class_is_made_anew: "storage-class-missing",
    selector_is_corrected_to_the_pods_that_run: "service-without-endpoints",
    node_selector_is_corrected_to_a_label_that_exists: "node-selector-matches-no-node",
    image_is_rolled_back_to_the_one_that_ran: "image-tag-missing",
    image_is_corrected_to_one_that_runs_next_to_it: "image-tag-missing-near",
    config_map_name_is_corrected_to_the_near_one: "config-map-name-wrong",
    oddities_that_are_meant_are_left_alone: "odd-but-fine",
    healthy_deployment_is_left_alone: "healthy-deployment",
    rollout_under_way_is_left_alone: "rollout-in-progress",
}
