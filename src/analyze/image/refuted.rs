//! An image that a registry is said not to have, and that runs: one of its mirrors may lack it, or it was deleted since. Another image
//! in its place would take something back that works.

use super::super::draft::{Draft, advise, go_back};
use super::super::quote::{self, Said};
use super::known::Running;
use crate::domain::cause::Code;
use crate::domain::confidence::Confidence;
use crate::domain::excerpt::Excerpt;
use crate::domain::field::FieldPath;
use crate::domain::finding::{Choice, Finding, Remedy, Way};
use crate::facts::Facts;
use crate::facts::stuck::Stuck;
use k8s_openapi::api::core::v1::Pod;

/// One node was told so, and a Pod shows that it is not so everywhere: which of them is right now, only the registry says.
const REFUTED: Confidence = Confidence::percent(60);
/// So many nodes are named.
const NODES: usize = 3;

/// What was said of the image, of which container, and of which Pods.
pub(super) struct Told<'s, 'p> {
    pub(super) list: &'static str,
    pub(super) container: &'s str,
    pub(super) image: &'s str,
    /// The same, cleaned: the API takes any text as an image.
    pub(super) shown: &'s Excerpt,
    pub(super) held: &'s [&'p Pod],
    pub(super) words: Vec<Said>,
}

/// The same image is not there for one Pod and runs in another.
pub(super) fn finding(facts: &Facts<'_>, code: Code, stuck: &Stuck<'_>, told: Told<'_, '_>, runs: &Running) -> Option<Finding> {
    let Told { list, container, image, shown, held, words } = told;
    let first = held.first()?;
    let field = stuck.spec_path.clone().then(list).element("name", container).then("image");
    let place = match &runs.by.namespace {
        Some(other) if Some(other) != stuck.namespace() => format!(" of namespace `{other}`"),
        Some(_) | None => String::new(),
    };
    let who = format!("{}{place}", runs.by.in_words());
    let (runs_with, is_with, state) =
        if runs.ready { ("runs with", "is ready with", "Running and Ready") } else { ("has begun with", "has begun with", "was started") };
    let running = FieldPath::dotted("spec.containers").element("name", &runs.container).then("image");
    Draft::about(facts, code, &stuck.object, REFUTED)
        .text(
            format!("a registry answers a node that the image `{shown}` does not exist, for which container `{container}` of {stuck} waits, but {who} {runs_with} it"),
            format!(
                "Container `{container}` of {stuck} asks for `{shown}`, and what its node asks answers that it does not have it. But {who} {is_with} this very image, so its node had it, from the registry or because somebody loaded it there: the registry may lack it now, or a mirror that this node uses, or it was only ever loaded by hand. Its name is right as far as that shows, and another image would roll back what works."
            ),
        )
        .rests_on(quote::quoted(words))
        .saw([quote::field(facts, &stuck.object, field.clone(), image)])
        .value(Some(&field), shown.as_str(), None)
        .saw([quote::field(facts, &runs.by, running, &format!("{}, {state}", runs.image))])
        .owned(first)
        .holds(held.iter().copied(), &format!("container `{container}` waits: its image `{shown}` is not found"))
        .fix(remedy(facts, stuck, shown, held))
}

fn remedy(facts: &Facts<'_>, stuck: &Stuck<'_>, shown: &Excerpt, held: &[&Pod]) -> Remedy {
    let mut nodes: Vec<&str> = held.iter().filter_map(|pod| pod.spec.as_ref()?.node_name.as_deref()).collect();
    nodes.sort_unstable();
    nodes.dedup();
    nodes.truncate(NODES);
    let of = if nodes.is_empty() { String::new() } else { format!(" on {}", quote::listed(&nodes)) };
    let why = "a Pod runs with this image, so whether the registry has it is not certain";
    let choice = |text: String| Choice { text, way: Way::Edit(stuck.object.clone()), why: why.to_owned() };
    let text = format!(
        "find out whether the registry still has `{shown}`, and which registry or mirror is asked for it{of}: if only that one lacks it, nothing in {stuck} has to change"
    );
    let mut remedy = advise(text, None, why);
    remedy.choices.push(choice(format!("or, if it was deleted from the registry, push it again, or name another image in {stuck}")));
    remedy.choices.extend(go_back(facts, &stuck.object));
    remedy
}
