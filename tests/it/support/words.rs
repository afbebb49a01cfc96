//! The words of `until` and `healed`, and whether they hold for the objects of a namespace.

use super::objects::{Kind, Target, name};
use serde::Deserialize;
use serde_json::Value;

/// One word; what it reads is decided when it is read in.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Written")]
pub(crate) enum Word {
    Event(String, Target),
    Ready(Target),
    Waiting(String, Target),
    Exists(Target),
    Endpoints(usize, Target),
    Bound(Target),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    event: Option<String>,
    ready: Option<String>,
    waiting: Option<String>,
    exists: Option<String>,
    endpoints: Option<usize>,
    bound: Option<String>,
    object: Option<String>,
}

impl TryFrom<Written> for Word {
    type Error = String;

    fn try_from(w: Written) -> Result<Self, String> {
        let object = w.object.as_deref().map(Target::parse);
        match (w.event, w.ready, w.waiting, w.exists, w.endpoints, w.bound, object) {
            (Some(reason), None, None, None, None, None, Some(about)) => Ok(Word::Event(reason, about)),
            (None, Some(who), None, None, None, None, None) => Ok(Word::Ready(Target::parse(&who))),
            (None, None, Some(reason), None, None, None, Some(pod)) => Ok(Word::Waiting(reason, pod)),
            (None, None, None, Some(who), None, None, None) => Ok(Word::Exists(Target::parse(&who))),
            (None, None, None, None, Some(count), None, Some(service)) => Ok(Word::Endpoints(count, service)),
            (None, None, None, None, None, Some(claim), None) => Ok(Word::Bound(Target::parse(&claim))),
            _ => Err("a word is one of event+object, ready, waiting+object, exists, endpoints+object, bound".to_owned()),
        }
    }
}

impl Word {
    /// The kind whose objects tell.
    pub(crate) fn kind(&self) -> &'static Kind {
        match self {
            Word::Event(..) => Kind::named("Event"),
            Word::Endpoints(..) => Kind::named("EndpointSlice"),
            Word::Ready(t) | Word::Waiting(_, t) | Word::Exists(t) | Word::Bound(t) => t.kind,
        }
    }

    /// Whether it holds; `objects` may hold more than is asked about.
    pub(crate) fn holds(&self, objects: &[Value]) -> bool {
        let mut of_kind = objects.iter().filter(|o| o["kind"] == self.kind().name);
        match self {
            Word::Event(reason, about) => of_kind.any(|event| {
                let object = &event["involvedObject"];
                event["reason"] == reason.as_str()
                    && about.matches(object["kind"].as_str().unwrap_or_default(), object["name"].as_str().unwrap_or_default())
            }),
            Word::Ready(who) => of_kind.any(|o| who.is(o) && ready(o)),
            Word::Waiting(reason, pod) => of_kind.any(|o| pod.is(o) && waits(o, reason)),
            Word::Exists(who) => of_kind.any(|o| who.is(o)),
            Word::Bound(claim) => of_kind.any(|o| claim.is(o) && o["status"]["phase"] == "Bound"),
            Word::Endpoints(count, service) => {
                let slices: Vec<&Value> =
                    of_kind.filter(|s| s["metadata"]["labels"]["kubernetes.io/service-name"] == service.name.as_str()).collect();
                let endpoints = slices.iter().filter_map(|s| s["endpoints"].as_array()).flatten();
                let ready: usize =
                    endpoints.filter(|e| e["conditions"]["ready"] == true).map(|e| e["addresses"].as_array().map_or(0, Vec::len)).sum();
                !slices.is_empty() && ready == *count
            }
        }
    }
}

fn ready(object: &Value) -> bool {
    if object["kind"] == "Pod" {
        let conditions = object["status"]["conditions"].as_array();
        return conditions.is_some_and(|all| all.iter().any(|c| c["type"] == "Ready" && c["status"] == "True"));
    }
    let status = &object["status"];
    let wanted = object["spec"]["replicas"].as_u64().unwrap_or_else(|| panic!("{} has no replicas", name(object)));
    status["observedGeneration"] == object["metadata"]["generation"]
        && ["replicas", "updatedReplicas", "readyReplicas", "availableReplicas"]
            .into_iter()
            .all(|field| status[field].as_u64().unwrap_or(0) == wanted)
}

fn waits(pod: &Value, reason: &str) -> bool {
    let statuses = ["initContainerStatuses", "containerStatuses"].into_iter().filter_map(|f| pod["status"][f].as_array()).flatten();
    statuses
        .filter_map(|s| s["state"]["waiting"]["reason"].as_str())
        .any(|said| said == reason || (said == "ErrImagePull" && reason == "ImagePullBackOff"))
}

#[test]
fn a_word_says_exactly_one_thing() {
    let word = |text: &str| serde_saphyr::from_str::<Word>(text);
    assert_eq!(word("{ready: deployment/web}").unwrap(), Word::Ready(Target::parse("deployment/web")));
    assert!(word("{ready: deployment/web, exists: pod/x}").is_err());
    assert!(word("{event: FailedScheduling}").is_err());
    assert!(word("{healthy: deployment/web}").is_err());
}

#[test]
fn a_deployment_whose_newest_generation_is_not_observed_is_not_ready() {
    let mut web = serde_json::json!({
        "kind": "Deployment", "metadata": {"name": "web", "generation": 2}, "spec": {"replicas": 1},
        "status": {"observedGeneration": 2, "replicas": 1, "updatedReplicas": 1, "readyReplicas": 1, "availableReplicas": 1},
    });
    let word = Word::Ready(Target::parse("deployment/web"));
    assert!(word.holds(std::slice::from_ref(&web)));
    web["status"]["observedGeneration"] = 1.into();
    assert!(!word.holds(std::slice::from_ref(&web)));
}
