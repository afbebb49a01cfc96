//! Stories that people tell: the one list of them, and what the report of one is held against, on either cluster.

use super::case::{Case, names_in, stories};
use super::verdict;
use serde_json::Value;

/// Hands every story to a macro that makes tests of them.
macro_rules! every_story {
    ($tests:ident) => {
        $tests! {
            renamed_key_is_exchanged_in_both_services: "labels-renamed-under-two-services",
            two_renamed_keys_are_exchanged_together: "two-old-keys",
            service_is_narrowed_to_the_one_of_three_that_serves: "every-other-request-fails",
            other_color_is_advice_only: "new-color-is-not-the-old-one",
            wrong_tag_is_corrected_in_both_containers: "wrong-tag-in-two-containers",
            generated_name_is_taken_in_both_containers: "settings-without-their-hash",
            name_of_a_volumes_config_map_is_corrected: "settings-of-a-volume",
            missing_key_gets_no_invented_value: "key-that-nobody-has",
            empty_class_is_replaced_by_the_default: "class-that-is-empty",
            class_of_volumes_made_by_hand_is_not_replaced: "class-of-volumes-made-by-hand",
            claim_for_something_else_is_not_mounted: "claim-of-something-else",
            zone_without_nodes_is_not_left_for_another: "zone-that-has-no-nodes",
            slip_in_an_affinity_is_corrected: "affinity-with-a-slip",
            what_is_asked_about_comes_first: "asked-about-the-second",
            renamed_key_of_a_headless_service_is_exchanged_too: "old-key-in-a-headless-service",
            claim_that_waits_for_its_first_pod_is_told_as_that: "claim-that-nobody-mounts",
            role_that_no_pod_has_is_not_taken_out_of_a_selector: "failover-without-a-leader",
            what_was_asked_about_is_told_beside_a_cause: "killed-before-it-is-up",
        }
    };
}
pub(crate) use every_story;

pub(crate) fn load(name: &str) -> Case {
    Case::read(name, &stories().join(name))
}

/// How a story ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// A plan is carried out, and helps.
    Resolved,
    /// A plan is offered for the cause, and more is told beside it.
    Asked,
    /// Nothing is offered to be done.
    Advised,
}

impl End {
    pub(crate) fn of(case: &Case) -> Self {
        match case.scenario.expect.status.as_str() {
            "diagnosed" => Self::Resolved,
            "asked" => Self::Asked,
            "advised" => Self::Advised,
            other => panic!("{} expects the status {other}", case.name),
        }
    }
}

/// What a story that changes nothing must say, and must not.
pub(crate) fn says_what_is_expected(case: &Case, report: &Value, namespace: &str) {
    let (name, expect) = (&case.name, &case.scenario.expect);
    // Where a story names no cause, it says what is told.
    if expect.cause.is_some() {
        verdict::names_the_cause(case, report, namespace);
    }
    assert!(expect.cause.is_some() || !expect.says.is_empty(), "{name} expects nothing");
    // What an observation quotes is the cluster's own word, and not what is claimed of it.
    let mut claimed = report.clone();
    claimed.as_object_mut().unwrap().remove("observations");
    let told = format!("{}\n{claimed}", report["summary"].as_str().unwrap_or_default());
    for text in expect.says.iter().map(|text| text.replace("{namespace}", namespace)) {
        assert!(told.contains(&text), "{name} does not say `{text}`: {report:#}");
    }
    for text in &expect.unsaid {
        assert!(!told.contains(text.as_str()), "{name} says `{text}`: {report:#}");
    }
    assert_eq!(report["plan"].is_null(), End::of(case) != End::Asked, "{name}: {report:#}");
}

macro_rules! listed {
    ($($claim:ident: $name:literal,)*) => {
        #[test]
        fn every_story_is_told() {
            let mut listed = vec![$($name.to_owned()),*];
            listed.sort();
            assert_eq!(listed, names_in(&stories()));
        }
    };
}
every_story!(listed);
