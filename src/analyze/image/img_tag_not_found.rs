//! The registry has no image of the name that a container asks for.
//! The fix is an image that is known to exist: the one that ran before in this object, else a near one that runs next to it.
//! A tag is never made up.

use super::super::advise;
use super::super::seen::{self, QUOTED_PODS, listed};
use super::known::{Images, Running, image_in, says_not_found};
use super::reference::{is_near, split};
use crate::domain::cause::Code;
use crate::domain::confidence::Confidence;
use crate::domain::evidence::Evidence;
use crate::domain::excerpt::Excerpt;
use crate::domain::field::FieldPath;
use crate::domain::finding::{Advice, Finding, Remedy, Symptom};
use crate::domain::nonempty::NonEmpty;
use crate::domain::object::ObjectRef;
use crate::domain::risk::Risk;
use crate::domain::snapshot::Resource;
use crate::facts::stuck::Stuck;
use crate::facts::{Facts, pods};
use k8s_openapi::api::core::v1::{Event, Pod};
use std::collections::BTreeSet;

/// The cause.
pub(crate) const CODE: Code = Code("img-tag-not-found");
/// The registry itself says that it has no such image, and an image is there that ran in this very object.
const RAN: Confidence = Confidence::percent(95);
/// The same, but the image to use instead only runs next to it, or came before without a trace of how it ran: whether it
/// was meant, or fits, is the doubt.
const NEAR: Confidence = Confidence::percent(85);
/// The registry's word is a fact; what was meant is open.
const OPEN: Confidence = Confidence::percent(90);
/// The longest image name that is repeated: registries take names of at most 255 characters.
const SHOWN: usize = 300;

/// Every container whose image the registry does not have.
pub(crate) fn look(facts: &Facts<'_>) -> Vec<Finding> {
    let images = Images::of(facts);
    facts
        .stuck()
        .flat_map(|aim| {
            pods::containers(aim.spec)
                .filter_map(|(list, c)| finding(facts, &images, aim, list, &c.name, c.image.as_deref()?))
                .collect::<Vec<_>>()
        })
        .collect()
}

fn finding(
    facts: &Facts<'_>,
    images: &Images<'_, '_>,
    aim: &Stuck<'_>,
    list: &'static str,
    container: &str,
    image: &str,
) -> Option<Finding> {
    // Pods that ask for the image that the template names now: an older one is about to go.
    let fails =
        |p: &&Pod| image_in(p.spec.as_ref(), list, container) == Some(image) && not_found(facts, p, list, container, image).is_some();
    let pods: Vec<&Pod> = aim.pods.iter().copied().filter(fails).collect();
    if pods.is_empty() {
        return None;
    }
    let instead = instead(images, aim, list, container, image);
    // The API takes any text as an image, so it is shown cleaned.
    let shown = Excerpt::capture(image, SHOWN);
    let shown = shown.as_str();
    let path = aim.spec_path.clone().then(list).element("name", container).then("image");
    let mut evidence: Vec<Evidence> = pods.iter().filter_map(|p| not_found(facts, p, list, container, image)).take(QUOTED_PODS).collect();
    evidence.push(seen::field(facts, &aim.object, path.clone(), image));
    let (expected, confidence) = match &instead {
        Instead::Ran { image, by, ready } => {
            evidence.push(seen::field(facts, by, FieldPath::dotted(list).element("name", container).then("image"), image));
            (Some(image.clone()), if *ready { RAN } else { NEAR })
        }
        Instead::Near { image, by, container } => {
            let path = FieldPath::dotted("spec.containers").element("name", container).then("image");
            evidence.push(seen::field(facts, by, path, &format!("{image}, Running and Ready")));
            (Some(image.clone()), NEAR)
        }
        Instead::Open(_) => (None, OPEN),
    };
    let (kind, name) = (&aim.object.kind, &aim.object.name);
    let advice = match &instead {
        Instead::Ran { image, ready: true, .. } => format!("`{image}` ran in this {kind} before and still does."),
        Instead::Ran { image, .. } => format!("`{image}` is what this {kind} asked for before."),
        Instead::Near { image, .. } => format!("`{image}` of the same repository runs in the same namespace."),
        Instead::Open(_) => "Nothing in the namespace tells which image was meant.".to_owned(),
    };
    Some(Finding {
        code: CODE,
        title: format!("the registry has no image `{shown}`, which container `{container}` of {kind} `{name}` asks for"),
        explanation: format!(
            "Container `{container}` of {kind} `{name}` asks for `{shown}`, and the registry answers that it does not have it. The kubelet tries again and again, and the container never starts. {advice}"
        ),
        object: aim.object.clone(),
        field: Some(path.clone()),
        found: Some(shown.to_owned()),
        expected,
        confidence,
        evidence: NonEmpty::from_vec(evidence)?,
        chain: pods.first().map(|p| facts.owners().links(&p.reference())).unwrap_or_default(),
        symptoms: pods
            .iter()
            .map(|p| Symptom { object: p.reference(), summary: format!("container `{container}` waits: its image `{shown}` is not found") })
            .collect(),
        remedy: remedy(aim, path, shown, &instead),
    })
}

/// The registry's word that it has no such image: in the container's status, else in an event about the container.
fn not_found(facts: &Facts<'_>, pod: &Pod, list: &str, container: &str, image: &str) -> Option<Evidence> {
    let status = pod.status.as_ref()?;
    let (statuses, field) = match list {
        "initContainers" => (&status.init_container_statuses, "initContainerStatuses"),
        _ => (&status.container_statuses, "containerStatuses"),
    };
    let waiting = statuses.iter().flatten().find(|s| s.name == container)?.state.as_ref()?.waiting.as_ref()?;
    if !matches!(waiting.reason.as_deref(), Some("ErrImagePull" | "ImagePullBackOff")) {
        return None;
    }
    let place = format!("spec.{list}{{{container}}}");
    let about = |e: &Event| {
        e.reason.as_deref() == Some("Failed")
            && e.involved_object.field_path.as_deref().is_none_or(|p| p == place)
            && e.message.as_deref().is_some_and(|m| m.contains(image) && says_not_found(m))
    };
    if let Some(event) = facts.newest_event(pod, about) {
        return Some(seen::event(facts, event, &pod.reference()));
    }
    let message = waiting.message.as_deref().filter(|m| says_not_found(m))?;
    Some(seen::field(facts, &pod.reference(), seen::waiting_message(field, container), message))
}

/// What could be used instead.
enum Instead {
    /// It ran in this object: an older ReplicaSet or Pod still runs it, or it is the only one that came before.
    Ran { image: String, by: ObjectRef, ready: bool },
    /// One near image of the same repository runs elsewhere in the namespace.
    Near { image: String, by: ObjectRef, container: String },
    /// Images of the repository that run or came before, none of which is told apart.
    Open(Vec<String>),
}

fn instead(images: &Images<'_, '_>, aim: &Stuck<'_>, list: &str, container: &str, wrong: &str) -> Instead {
    let earlier = images.earlier(&aim.object, list, container, wrong);
    if let Some(ran) = earlier.iter().find(|e| e.ready) {
        return Instead::Ran { image: ran.image.clone(), by: ran.by.clone(), ready: true };
    }
    let (repository, tag) = split(wrong);
    let running = || aim.namespace().into_iter().flat_map(|ns| images.running(ns, &repository)).filter(|r| r.image != wrong);
    let near: Vec<&Running> = running().filter(|r| is_near(&tag, &split(&r.image).1)).collect();
    if let [one] = near.as_slice() {
        return Instead::Near { image: one.image.clone(), by: one.by.clone(), container: one.container.clone() };
    }
    let distinct: BTreeSet<&String> = earlier.iter().map(|e| &e.image).collect();
    if let (1, Some(one)) = (distinct.len(), earlier.first()) {
        return Instead::Ran { image: one.image.clone(), by: one.by.clone(), ready: false };
    }
    let known: BTreeSet<String> = running().map(|r| r.image.clone()).chain(earlier.iter().map(|e| e.image.clone())).collect();
    Instead::Open(known.into_iter().take(10).collect())
}

fn remedy(aim: &Stuck<'_>, path: FieldPath, wrong: &str, instead: &Instead) -> Remedy {
    let (image, why, risk) = match instead {
        Instead::Ran { image, by, ready: true } => {
            (image, format!("`{image}` is what {} `{}` runs ready now, so it exists and fits", by.kind, by.name), Risk::Low)
        }
        // Nothing shows that it was ever ready, so this is more than going back.
        Instead::Ran { image, by, ready: false } => {
            (image, format!("`{image}` is the only image that came before, in {} `{}`", by.kind, by.name), Risk::Medium)
        }
        Instead::Near { image, by, .. } => (
            image,
            format!("`{image}` is of the same repository, its tag is near, and {} `{}` runs it ready now", by.kind, by.name),
            Risk::Medium,
        ),
        Instead::Open(known) => {
            let there = match known.as_slice() {
                [] => "an image that the registry has".to_owned(),
                images => format!("an image that the registry has; known here of the same repository or object: {}", listed(images)),
            };
            return Remedy {
                advice: vec![Advice {
                    text: format!("set `{path}` of {} `{}` to {there}", aim.object.kind, aim.object.name),
                    command: None,
                    why: format!("which image was meant by `{wrong}` cannot be told from the cluster, and kubemend makes up no tags"),
                }],
                ..Remedy::default()
            };
        }
    };
    let mut remedy = advise::change(&aim.object, aim.obstacle.as_ref(), NonEmpty::one(advise::set(path, image)), &why, risk);
    if !remedy.proposals.is_empty() {
        remedy.checks.extend(aim.check());
    }
    remedy
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analyze::testing::{App, changes, cluster, daemon_set, deployment, job, pod, stateful_set};
    use serde_json::json;

    const GONE: &str = r#"Back-off pulling image "example/catalog:9": ErrImagePull: rpc error: code = NotFound desc = failed to pull and unpack image "docker.io/example/catalog:9": failed to resolve reference "docker.io/example/catalog:9": docker.io/example/catalog:9: not found"#;

    fn pulling(app: App) -> App {
        app.image("example/catalog:9").waiting("ImagePullBackOff", GONE)
    }

    #[test]
    fn image_that_ran_before_in_this_deployment_is_taken_back() {
        let found = cluster()
            .app(pulling(deployment("catalog").replicas(2).before(1, "example/catalog:7", 0).before(2, "example/catalog:8", 2)))
            .only(CODE.0);
        assert_eq!(found.field_text().as_deref(), Some("spec.template.spec.containers[name=app].image"));
        assert_eq!((found.found.as_deref(), found.expected.as_deref()), (Some("example/catalog:9"), Some("example/catalog:8")));
        assert_eq!(changes(&found), ["patch deployment/catalog spec.template.spec.containers[name=app].image=example/catalog:8"]);
        assert_eq!(found.remedy.proposals[0].risk, Risk::Low);
    }

    #[test]
    fn an_earlier_image_that_nobody_runs_is_taken_only_if_it_is_the_only_one() {
        let one = cluster().app(pulling(deployment("catalog").before(1, "example/catalog:8", 0))).only(CODE.0);
        assert_eq!((one.remedy.proposals[0].risk, one.expected.as_deref()), (Risk::Medium, Some("example/catalog:8")));
        let two =
            cluster().app(pulling(deployment("catalog").before(1, "example/catalog:7", 0).before(2, "example/catalog:8", 0))).only(CODE.0);
        assert_eq!((two.remedy.proposals.len(), two.expected), (0, None));
    }

    #[test]
    fn near_image_that_runs_next_to_it_is_named() {
        let app = deployment("newsletter")
            .image("registry.example.com/mail/mailer:2.4")
            .waiting("ErrImagePull", "rpc error: code = NotFound desc = not found");
        let world = cluster().app(app).app(deployment("other").image("registry.example.com/mail/mailer:2.4.0"));
        let found = world.only(CODE.0);
        assert_eq!(
            (found.expected.as_deref(), found.remedy.proposals[0].risk),
            (Some("registry.example.com/mail/mailer:2.4.0"), Risk::Medium)
        );
        let two = world.app(deployment("third").image("registry.example.com/mail/mailer:2.4.1")).only(CODE.0);
        assert_eq!(two.remedy.proposals, []);
        assert!(two.remedy.advice[0].text.contains("mailer:2.4.1"), "{:?}", two.remedy);
    }

    #[test]
    fn no_tag_is_made_up() {
        for app in [deployment("catalog"), stateful_set("catalog"), daemon_set("catalog"), pod("catalog"), job("catalog")] {
            let found = cluster().app(pulling(app)).app(deployment("other").image("example/catalog:1")).only(CODE.0);
            assert_eq!((found.remedy.proposals.len(), found.remedy.advice.len(), found.expected.as_deref()), (0, 1, None));
        }
    }

    #[test]
    fn init_and_second_containers_are_told_apart() {
        let spec = json!({"initContainers": [{"name": "prepare", "image": "example/tool:1"}],
            "containers": [{"name": "app", "image": "example/app:1"}, {"name": "proxy", "image": "example/proxy:9"}]});
        let second =
            deployment("web").spec(spec.clone()).container_waiting("proxy", "ErrImagePull", "rpc error: code = NotFound desc = not found");
        assert_eq!(cluster().app(second).only(CODE.0).field_text().as_deref(), Some("spec.template.spec.containers[name=proxy].image"));
        let init = deployment("web").spec(spec).container_waiting("prepare", "ErrImagePull", "rpc error: code = NotFound desc = not found");
        assert_eq!(cluster().app(init).only(CODE.0).field_text().as_deref(), Some("spec.template.spec.initContainers[name=prepare].image"));
    }

    #[test]
    fn registry_that_refuses_or_is_away_says_nothing_about_the_image() {
        for message in [
            "failed with status code [manifests 1.0.0]: 401 Unauthorized",
            r#"failed to do request: Head "http://localhost:5999/v2/app/manifests/9.9": dial tcp 127.0.0.1:5999: connect: connection refused"#,
            "pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: not found",
            "dial tcp: lookup registry.nowhere: no such host",
            r#"Back-off pulling image "example/catalog:9""#,
        ] {
            let world = cluster().app(deployment("web").waiting("ImagePullBackOff", message));
            assert_eq!(world.found(CODE.0), [], "{message}");
            world.is_inconclusive_about("pod/web-rs1-0");
        }
    }

    #[test]
    fn older_wording_is_in_the_event_only() {
        let world = cluster()
            .app(deployment("web").image("example/app:9").waiting("ImagePullBackOff", r#"Back-off pulling image "example/app:9""#))
            .event(
                "Pod",
                "web-rs1-0",
                "Failed",
                r#"Failed to pull image "example/app:9": manifest for example/app:9 not found: manifest unknown"#,
            );
        assert_eq!(world.only(CODE.0).found.as_deref(), Some("example/app:9"));
    }

    #[test]
    fn template_that_was_corrected_already_is_silent() {
        let world = cluster().app(pulling(deployment("catalog"))).edit(
            "Deployment",
            "catalog",
            json!({"spec": {"template": {"spec": {"containers": [{"name": "app", "image": "example/catalog:8"}]}}}}),
        );
        assert_eq!(world.found(CODE.0), []);
    }

    #[test]
    fn running_pods_with_old_events_are_silent() {
        cluster()
            .app(deployment("web").image("example/catalog:9"))
            .event("Pod", "web-rs1-0", "Failed", &format!("Failed to pull image: {GONE}"))
            .is_silent();
    }

    #[test]
    fn deployment_of_a_chart_gets_advice_with_its_patch() {
        let found = cluster().app(pulling(deployment("catalog").before(1, "example/catalog:8", 1).helm())).only(CODE.0);
        assert_eq!(found.remedy.proposals, []);
        assert!(found.remedy.advice[0].command.as_deref().unwrap().contains("example/catalog:8"));
    }

    #[test]
    fn earlier_image_that_the_registry_does_not_have_either_is_not_taken() {
        let world =
            cluster().app(pulling(deployment("catalog").before(1, "example/catalog:7", 0).before(2, "example/catalog:8", 0))).event(
                "Pod",
                "catalog-gone",
                "Failed",
                r#"Failed to pull image "example/catalog:8": rpc error: code = NotFound desc = not found"#,
            );
        assert_eq!(world.only(CODE.0).expected.as_deref(), Some("example/catalog:7"));
    }
}
