//! Images that cannot be had for another reason than that they do not exist: for none of them does the cluster show the right one, so
//! a human decides. Shared by the rules for platforms, for registries that refuse, and for nodes that are told not to pull.

use super::super::draft::{Draft, go_back};
use super::super::quote::{self, Said};
use super::known::{Images, image_in, said};
use crate::domain::cause::Code;
use crate::domain::confidence::Confidence;
use crate::domain::excerpt::Excerpt;
use crate::domain::finding::{Choice, Finding, Remedy, Way};
use crate::facts::stuck::Stuck;
use crate::facts::{Facts, pods};
use k8s_openapi::api::core::v1::{Container, Pod};

/// The cluster's own sentence says it.
const SURE: Confidence = Confidence::percent(90);
/// The longest image name that is repeated: registries take names of at most 255 characters.
const SHOWN: usize = 300;

/// How a container that cannot get its image looks, and what can be done.
pub(super) struct Blocked {
    pub(super) code: Code,
    /// The reasons for which it waits.
    pub(super) waits: &'static [&'static str],
    /// Whether this sentence says so of this image.
    pub(super) says: fn(&str, &str) -> bool,
    /// The field of the container that is wrong.
    pub(super) field: &'static str,
    /// What that is, in the title behind the image and before the container; and why, as a sentence.
    pub(super) title: &'static str,
    pub(super) why: &'static str,
    /// What follows from a Pod that is ready with the image, behind it; empty where nothing does.
    pub(super) runs: &'static str,
    /// What a human can do, each by editing the workload.
    pub(super) ways: &'static [&'static str],
}

/// Every container that looks like that.
pub(super) fn find(facts: &Facts<'_>, blocked: &Blocked) -> Vec<Finding> {
    let images = Images::of(facts);
    let asked = facts.stuck().flat_map(|stuck| pods::containers(stuck.spec).map(move |(list, container)| (stuck, list, container)));
    asked.filter_map(|(stuck, list, container)| finding(facts, (&images, blocked), stuck, list, container)).collect()
}

fn finding(
    facts: &Facts<'_>,
    (images, blocked): (&Images<'_, '_>, &Blocked),
    stuck: &Stuck<'_>,
    list: &'static str,
    container: &Container,
) -> Option<Finding> {
    let (image, name) = (container.image.as_deref()?, container.name.as_str());
    let asks = |pod: &&Pod| image_in(pod.spec.as_ref(), list, name) == Some(image);
    let said = |pod| said(facts, pod, (list, name, image), blocked.waits, blocked.says);
    let failing = stuck.pods.iter().copied().filter(asks).filter_map(|pod| Some((pod, said(pod)?)));
    let (held, words): (Vec<&Pod>, Vec<Said>) = failing.unzip();
    let first = held.first()?;
    let shown = Excerpt::capture(image, SHOWN);
    let at = stuck.spec_path.clone().then(list).element("name", name);
    let field = at.clone().then(blocked.field);
    let value = if blocked.field == "image" { shown.as_str().to_owned() } else { container.image_pull_policy.clone().unwrap_or_default() };
    let runs = Some(blocked.runs).filter(|follows| !follows.is_empty()).and_then(|follows| Some((images.runs(image)?, follows)));
    let others = runs
        .map(|(runs, follows)| {
            let is = if runs.ready { "is ready" } else { "has begun" };
            format!(" {} {is} with this very image, {follows}.", runs.by.in_words())
        })
        .unwrap_or_default();
    Draft::about(facts, blocked.code, &stuck.object, SURE)
        .text(
            format!("container `{name}` of {stuck} cannot get its image `{shown}`: {}", blocked.title),
            format!("Container `{name}` of {stuck} asks for the image `{shown}`. {}{others}", blocked.why),
        )
        .rests_on(quote::quoted(words))
        .seen_value(Some(&field), &value, None)
        .saw((blocked.field != "image").then(|| quote::field(facts, &stuck.object, at.then("image"), image)))
        .owned(first)
        .holds(held.iter().copied(), &format!("container `{name}` waits: {}", blocked.title))
        .fix(remedy(facts, blocked, stuck))
}

fn remedy(facts: &Facts<'_>, blocked: &Blocked, stuck: &Stuck<'_>) -> Remedy {
    let why = "nothing in the cluster tells which image is right";
    let choice = |text: String, way: Way, why: &str| Choice { text, way, why: why.to_owned() };
    let mut choices: Vec<Choice> =
        blocked.ways.iter().map(|text| choice((*text).to_owned(), Way::Edit(stuck.object.clone()), why)).collect();
    choices.extend(go_back(facts, &stuck.object));
    Remedy { choices, ..Remedy::default() }
}
