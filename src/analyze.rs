//! The rules: from the facts of a frozen snapshot to what is believed about it. Pure; nothing here reads, waits or writes.
//! One file per cause, in a folder per family; `incident`, `settled` and `symptoms` make one picture of them.

mod config;
mod draft;
mod explained;
#[cfg(test)]
mod forged;
mod health;
mod image;
mod incident;
mod judged;
mod meant;
mod names;
mod network;
mod others;
mod proven;
mod quote;
#[cfg(test)]
pub(crate) mod recordings;
mod renames;
pub mod rule;
#[cfg(test)]
mod scale;
mod scheduling;
mod settled;
mod storage;
mod symptoms;
#[cfg(test)]
pub(crate) mod testing;
mod together;

use crate::domain::cause::{CauseSource, Code};
use crate::domain::confidence::Confidence;
use crate::domain::diagnosis::Diagnosis;
use crate::domain::evidence::{Gap, GapWhy};
use crate::domain::focus::Doubt;
use crate::domain::kind::Kind;
use crate::domain::object::ObjectRef;
use crate::domain::once::once;
use crate::domain::snapshot::Snapshot;
use crate::domain::workload::controller_of;
use crate::facts::{Facts, ingresses, pods};
use rule::{Read, Rule, When};
use std::collections::BTreeSet;

/// Every rule, most severe kind of cause first: causes that are equally certain are reported in this order.
pub const RULES: &[Rule] = &[
    storage::pvc_missing::RULE,
    storage::pvc_claim_name_typo::RULE,
    storage::pvc_storageclass_missing::RULE,
    storage::pvc_storageclass_empty::RULE,
    storage::pvc_lost::RULE,
    scheduling::sched_nodeselector_no_match::RULE,
    scheduling::sched_volume_elsewhere::RULE,
    config::cfg_configmap_missing_env::RULE,
    config::cfg_configmap_missing_volume::RULE,
    config::cfg_configmap_key_missing::RULE,
    image::img_tag_not_found::RULE,
    image::img_platform_missing::RULE,
    image::img_pull_refused::RULE,
    image::img_never_pulled::RULE,
    network::svc_selector_mismatch::RULE,
    network::svc_label_at_run_time::RULE,
    network::svc_selector_too_wide::RULE,
];

/// Where a cause stands among the rules, the most severe first; what no rule names comes after them.
pub fn severity(source: CauseSource) -> usize {
    RULES.iter().position(|rule| source == CauseSource::Rule(rule.code)).unwrap_or(RULES.len())
}

/// Takes the text of a code back in, where a rule has it.
pub fn known_code(text: &str) -> Option<Code> {
    RULES.iter().map(|rule| rule.code).find(|code| code.0 == text)
}

/// The kinds that the rule of a cause needs in this snapshot, and that could not be read whole.
pub fn unread(code: Code, seen: &Snapshot) -> Vec<Kind> {
    let reads = RULES.iter().filter(|rule| rule.code == code).flat_map(|rule| rule.reads);
    once(reads.filter(|read| read.when.holds(seen)).flat_map(|read| read.kinds).cloned())
        .into_iter()
        .filter(|kind| !seen.is_complete(kind))
        .collect()
}

/// The kinds that the rule of a cause reads: those that it reads first, or those that it reads besides by what was seen then.
pub fn kinds_of(code: Code, seen: Option<&Snapshot>) -> Vec<Kind> {
    let reads = RULES.iter().filter(|rule| rule.code == code).flat_map(|rule| rule.reads);
    let wanted = reads.filter(|read| match seen {
        None => read.when == When::Always,
        Some(seen) => read.when != When::Always && read.when.holds(seen),
    });
    once(wanted.flat_map(|read| read.kinds).cloned())
}

/// The same, but for what only allows the rule more: what it proposes without that, it proposes with it too. What owns a Pod that waits
/// is not left out, since another change may be the right one for it.
pub fn deciding_kinds(code: Code, seen: Option<&Snapshot>) -> Vec<Kind> {
    let allowing = RULES.iter().filter(|rule| rule.code == code).flat_map(|rule| rule.reads).filter(|read| read.allows);
    let allowing: Vec<&Kind> = allowing.flat_map(|read| read.kinds).collect();
    let waiting = seen.into_iter().flat_map(|seen| seen.pods.iter()).filter(|pod| pods::is_stuck(pod));
    let owners: BTreeSet<Kind> = waiting.filter_map(|pod| controller_of(&pod.metadata)).map(|owner| owner.kind).collect();
    let decides = kinds_of(code, seen).into_iter().filter(|kind| !allowing.contains(&kind));
    once(decides.chain(owners.iter().filter(|kind| allowing.contains(kind)).cloned()))
}

/// Everything that is read for rules, symptoms and checks.
fn reads() -> impl Iterator<Item = Read> {
    judged::reads().chain(RULES.iter().flat_map(|rule| rule.reads).cloned())
}

/// The kinds that are read, each once: those that are always read first.
pub fn kinds() -> Vec<Kind> {
    let (first, then): (Vec<Read>, Vec<Read>) = reads().partition(|read| read.when == When::Always);
    once(first.into_iter().chain(then).flat_map(|read| read.kinds).cloned())
}

/// The kinds to read before anything is known.
pub fn first_kinds() -> Vec<Kind> {
    once(reads().filter(|read| read.when == When::Always).flat_map(|read| read.kinds).cloned())
}

/// The kinds that are read only where somebody asks about them, though they could be at fault.
pub fn kinds_on_demand() -> impl Iterator<Item = &'static Kind> {
    judged::JUDGED.iter().filter(|row| row.is_on_demand()).map(|row| &row.kind)
}

/// The kinds to read besides, by what was seen first.
pub fn further_kinds(seen: &Snapshot) -> Vec<Kind> {
    let first = first_kinds();
    let wanted = once(reads().filter(|read| read.when != When::Always && read.when.holds(seen)).flat_map(|read| read.kinds).cloned());
    wanted.into_iter().filter(|kind| !first.contains(kind)).collect()
}

/// Claims that Pods of this namespace wait for and that are not in it: whether another namespace has one of that name tells what was
/// meant. Where the claims could not be read whole, or everything was read, nothing is asked for.
pub fn claims_sought_elsewhere(seen: &Snapshot) -> BTreeSet<String> {
    let Some(namespace) = seen.scope.namespace().filter(|_| seen.is_complete(&Kind::PersistentVolumeClaim)) else { return BTreeSet::new() };
    let here: BTreeSet<&str> = seen.claims.iter().filter_map(|c| c.metadata.name.as_deref()).collect();
    let waiting = seen.pods.iter().filter(|p| pods::is_pending_by_phase(p) && p.metadata.namespace.as_deref() == Some(namespace.as_str()));
    let named = waiting.filter_map(|p| p.spec.as_ref()).flat_map(pods::claims);
    named.filter(|name| !here.contains(name) && quote::is_plain(name)).map(str::to_owned).collect()
}

/// Names of Services that Ingresses of this namespace lead to and that are not in it: whether another namespace has one tells why.
pub fn services_sought_elsewhere(seen: &Snapshot) -> BTreeSet<String> {
    let Some(namespace) = seen.scope.namespace().filter(|_| seen.is_complete(&Kind::Service)) else { return BTreeSet::new() };
    let here: BTreeSet<&str> = seen.services.iter().filter_map(|s| s.metadata.name.as_deref()).collect();
    let ingresses = seen.ingresses.iter().filter(|i| i.metadata.namespace.as_deref() == Some(namespace.as_str()));
    let named = ingresses.flat_map(ingresses::services);
    named.filter(|name| !here.contains(name) && quote::is_plain(name)).map(str::to_owned).collect()
}

/// That nobody checked whether clients reach the Pods behind a Service, in words, where that is in doubt.
pub(crate) fn unreached(facts: &Facts<'_>, service: &ObjectRef) -> Option<String> {
    health::policy::unreached(facts, service)
}

/// Whether there is a StorageClass of this name that provisions volumes by itself.
pub(crate) fn makes_volumes(facts: &Facts<'_>, class: &str) -> bool {
    storage::classes::provisioning(facts).into_iter().any(|one| storage::classes::name(one) == class)
}

/// What is wrong, what is only under way, and what nobody can explain yet.
/// `None` when the facts were stopped on the way: a part of a diagnosis is none.
pub fn analyze(facts: &Facts<'_>) -> Option<Diagnosis> {
    by(RULES, facts)
}

/// The same by these rules. What a rule found until its time was over is not used: it may lack what speaks against it.
fn by(rules: &[Rule], facts: &Facts<'_>) -> Option<Diagnosis> {
    let mut findings = Vec::new();
    let mut left = Vec::new();
    for rule in rules {
        match facts.pace().in_time(|| (rule.find)(facts)) {
            Some(found) => findings.extend(found),
            None => left.push(rule.code),
        }
        if facts.pace().is_stopped() {
            return None;
        }
    }
    let mut diagnosis = incident::conclude(facts, findings);
    unfinished(&mut diagnosis, &left);
    (!facts.pace().is_stopped()).then_some(diagnosis)
}

/// How firmly a cause is believed at most where not all rules were run: another one might speak against it.
const UNFINISHED: Confidence = Confidence::percent(50);

/// Where not all rules were run, that nothing was found is not health.
fn unfinished(diagnosis: &mut Diagnosis, left: &[Code]) {
    let Some(first) = left.first() else { return };
    let names = left.iter().map(|code| code.0).collect::<Vec<_>>().join(", ");
    let what = format!("not all rules were run: {names}");
    diagnosis.doubts.insert(0, Doubt::general(format!("{what}, since there was no time left at `{first}`")));
    let unlock = "give a namespace, or the objects that the issue is about".to_owned();
    diagnosis.miss(Gap { what, why: GapWhy::Timeout, unlock: Some(unlock) });
    for cause in &mut diagnosis.causes {
        cause.confidence = cause.confidence.least(UNFINISHED);
    }
}

#[cfg(test)]
mod tests {
    use super::testing::{cluster, deployment, pod, stateful_set};
    use super::*;
    use crate::domain::finding::Finding;
    use crate::facts::Walk;
    use serde_json::json;
    use std::collections::BTreeSet;

    #[test]
    fn codes_are_unique_and_in_kebab_case() {
        let codes: BTreeSet<&str> = RULES.iter().map(|a| a.code.0).collect();
        assert_eq!(codes.len(), RULES.len());
        assert!(codes.iter().all(|c| c.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')));
    }

    fn endless(facts: &Facts<'_>) -> Vec<Finding> {
        facts.walk(std::iter::repeat(())).count();
        (RULES[0].find)(facts)
    }

    /// The rules, with one before the last of them that never ends, and a time that is over at some question.
    fn with_an_endless_rule(world: &super::testing::World) -> Diagnosis {
        let endless = Rule { code: Code("endless"), find: endless, ..RULES[0] };
        let (first, last) = RULES.split_at(RULES.len() - 1);
        let rules = [first, &[endless], last].concat();
        let (snapshot, asked) = (world.snapshot(), std::cell::Cell::new(0));
        let late = || {
            asked.set(asked.get() + 1);
            asked.get() > 100
        };
        by(&rules, &Facts::until(&snapshot, Walk::until(&|| false).hurried(&late))).unwrap()
    }

    #[test]
    fn rule_that_takes_too_long_ends_and_keeps_what_nothing_is_wrong_with_from_being_healthy() {
        let world = cluster().app(deployment("web"));
        world.is_silent();
        let diagnosis = with_an_endless_rule(&world);
        let what = format!("not all rules were run: endless, {}", RULES.last().unwrap().code);
        assert_eq!((&diagnosis.unseen[0].what, diagnosis.unseen[0].why, diagnosis.unseen.len()), (&what, GapWhy::Timeout, 1));
        assert!(diagnosis.doubts[0].why.starts_with(&what), "{:?}", diagnosis.doubts);
        assert!(diagnosis.causes.is_empty() && !diagnosis.seen.is_empty(), "the rest was judged: {diagnosis:?}");
    }

    /// A part of what a rule finds may lack what speaks against it, and so may what the other rules found.
    #[test]
    fn what_is_found_where_not_all_rules_were_run_is_believed_less_and_a_part_of_it_not_at_all() {
        let world = cluster().app(deployment("orders").claim("d", "orders-data").unschedulable(""));
        let whole = world.diagnosis();
        let part = with_an_endless_rule(&world);
        assert_eq!(part.causes.iter().map(|c| c.source).collect::<Vec<_>>(), whole.causes.iter().map(|c| c.source).collect::<Vec<_>>());
        assert!(whole.causes[0].confidence > UNFINISHED && part.causes[0].confidence == UNFINISHED);
    }

    /// Every rule's fault at once, each in a workload of its own: nothing hides anything else.
    #[test]
    fn every_analyzer_has_a_case_that_trips_it() {
        let part = |name: &str, port: u16| {
            let ports = json!([{"containerPort": port}]);
            let labels = json!({"name": "cloud", "part": name});
            deployment(name).labels(labels).spec(json!({"containers": [{"name": "app", "image": "a:1", "ports": ports}]}))
        };
        let env = json!([{"name": "A", "valueFrom": {"configMapKeyRef": {"name": "shop-config", "key": "URL"}}}]);
        let world = cluster()
            .app(deployment("orders").claim("d", "orders-data").unschedulable(""))
            .claim("redis-pvc", "Bound", "standard")
            .app(deployment("redis").claim("d", "redis-data").unschedulable(""))
            .claim("uploads", "Pending", "fast-ssd")
            .app(deployment("media").claim("u", "uploads").unschedulable(""))
            .claim("tokens", "Pending", "''")
            .app(deployment("arm").waiting("ErrImagePull", "no match for platform in manifest: not found"))
            .app(deployment("private").waiting("ErrImagePull", "401 Unauthorized"))
            .app(deployment("local").waiting("ErrImageNeverPull", "Container image is not present with pull policy of Never"))
            .app(deployment("vault").claim("t", "tokens").unschedulable(""))
            .claim("archive", "Lost", "standard")
            .edit("PersistentVolumeClaim", "archive", json!({"spec": {"volumeName": "archive-pv"}}))
            .app(deployment("archive").claim("a", "archive").unschedulable(""))
            .app(deployment("ml").spec(json!({"nodeSelector": {"environment": "production-gpu"}})).unschedulable(""))
            .app(deployment("catalog").waiting("ErrImagePull", "rpc error: code = NotFound desc = failed to resolve reference: not found"))
            .config_map("shop-configuration", &["URL"])
            .app(
                deployment("checkout")
                    .spec(json!({"containers": [{"name": "app", "image": "a:1", "env": env}]}))
                    .waiting("CreateContainerConfigError", "configmap \"shop-config\" not found"),
            )
            .config_map("todo-config", &["config.yml"])
            .app(
                deployment("todo")
                    .spec(json!({"volumes": [{"name": "config", "configMap": {"name": "todo-confg"}}]}))
                    .starting("2026-01-01T11:58:00Z"),
            )
            .app(
                deployment("gateway")
                    .spec(json!({"containers": [{"name": "app", "image": "a:1", "env": [
                        {"name": "A", "valueFrom": {"configMapKeyRef": {"name": "todo-config", "key": "region"}}}]}]}))
                    .waiting("CreateContainerConfigError", "couldn't find key region in ConfigMap a-team/todo-config"),
            )
            .app(deployment("front"))
            .service("front", json!({"app": "frontend"}))
            .app(stateful_set("ledger"))
            .service("ledger", json!({"app": "ledger", "apps.kubernetes.io/pod-index": "3"}))
            .app(part("files", 8080))
            .app(part("metrics", 9205))
            .service("cloud", json!({"name": "cloud"}))
            .app(deployment("game").claim("l", "logs").spec(json!({"nodeSelector": {"disktype": "ssd"}})).unschedulable(""))
            .claim("logs", "Bound", "standard")
            .edit("PersistentVolumeClaim", "logs", json!({"spec": {"volumeName": "logs-pv"}}))
            .yaml("{apiVersion: v1, kind: PersistentVolume, metadata: {name: logs-pv}, spec: {storageClassName: standard, nodeAffinity: {required: {nodeSelectorTerms: [{matchExpressions: [{key: disktype, operator: In, values: [hdd]}]}]}}}}");
        let diagnosis = world.diagnosis();
        let found: BTreeSet<&str> = diagnosis.causes.iter().map(|c| c.source.code()).collect();
        assert_eq!(found, RULES.iter().map(|a| a.code.0).collect::<BTreeSet<&str>>());
        assert_eq!(diagnosis.causes.len(), RULES.len());
        assert_eq!(diagnosis.unexplained, []);
    }

    #[test]
    fn every_analyzer_stays_silent_on_a_healthy_namespace() {
        cluster().app(deployment("web").replicas(2)).service("web", json!({"app": "web"})).app(pod("tool")).is_silent();
        cluster().is_silent();
    }

    #[test]
    fn rollout_that_is_young_is_no_fault_and_says_when_to_look_again() {
        let world = cluster()
            .app(deployment("payments").replicas(2).unready("2026-01-01T11:59:40Z").before(1, "example/app:0.9", 2))
            .event("Pod", "payments-rs2-0", "Unhealthy", "Readiness probe failed: connection refused")
            .service("payments", json!({"app": "payments"}));
        world.is_silent();
        let advice = world.diagnosis().in_progress;
        assert!(advice.iter().any(|a| a.text.contains("payments") && a.text.contains("look again in")), "{advice:?}");
    }

    #[test]
    fn start_that_had_its_time_is_a_symptom() {
        let world = cluster().app(deployment("payments").unready("2026-01-01T11:50:00Z"));
        world.is_inconclusive_about("pod/payments-rs1-0");
        assert_eq!(world.diagnosis().in_progress, []);
    }

    #[test]
    fn slow_probes_give_a_start_its_time() {
        let slow = json!({"containers": [{"name": "app", "image": "a:1", "startupProbe": {"periodSeconds": 10, "failureThreshold": 30}}]});
        cluster().app(deployment("slow").spec(slow).unready("2026-01-01T11:57:00Z")).is_silent();
        let slower =
            json!({"containers": [{"name": "app", "image": "a:1", "startupProbe": {"periodSeconds": 10, "failureThreshold": 120}}]});
        cluster().app(deployment("slow").spec(slower.clone()).unready("2026-01-01T11:45:00Z")).is_silent();
        cluster().app(deployment("slow").spec(slower).unready("2026-01-01T11:35:00Z")).is_inconclusive_about("pod/slow-rs1-0");
    }

    #[test]
    fn unknown_faults_are_symptoms() {
        for (reason, message) in [
            ("CrashLoopBackOff", "back-off 5m0s restarting failed container"),
            ("RunContainerError", "exec: no such file"),
            ("InvalidImageName", "couldn't parse image name"),
            ("CreateContainerConfigError", "secret \"x\" not found"),
        ] {
            cluster().app(deployment("web").waiting(reason, message)).is_inconclusive_about("pod/web-rs1-0");
        }
        cluster()
            .app(deployment("web").unschedulable("0/2 nodes are available: 2 Insufficient cpu."))
            .is_inconclusive_about("pod/web-rs1-0");
        let mount = cluster().app(deployment("web").starting("2026-01-01T11:59:55Z"));
        mount.is_silent();
        mount
            .event("Pod", "web-rs1-0", "FailedMount", "MountVolume.SetUp failed for volume \"cfg\" : configmap \"x\" not found")
            .is_inconclusive_about("pod/web-rs1-0");
    }

    #[test]
    fn noise_of_every_start_is_no_symptom() {
        cluster()
            .app(deployment("web").starting("2026-01-01T11:59:55Z"))
            .event(
                "Pod",
                "web-rs1-0",
                "FailedMount",
                "MountVolume.SetUp failed for volume \"kube-api-access-x\" : failed to sync configmap cache: timed out",
            )
            .is_silent();
    }

    #[test]
    fn service_of_pods_that_do_not_run_is_explained_by_their_cause() {
        let world = cluster()
            .app(
                deployment("web")
                    .replicas(5)
                    .waiting("ErrImagePull", "rpc error: code = NotFound desc = failed to resolve reference: not found"),
            )
            .service("web", json!({"app": "web"}));
        let diagnosis = world.diagnosis();
        assert_eq!((diagnosis.causes.len(), diagnosis.unexplained.len()), (1, 0));
        let suffering: Vec<String> = diagnosis.causes[0].symptoms.iter().map(|s| s.object.slashed()).collect();
        assert!(suffering.contains(&"service/web".to_owned()) && suffering.len() == 6, "{suffering:?}");
    }

    #[test]
    fn named_objects_narrow_what_is_reported() {
        let world = cluster()
            .app(deployment("orders").claim("d", "orders-data").unschedulable(""))
            .app(deployment("web").waiting("CrashLoopBackOff", "back-off"))
            .app(deployment("good"));
        world.clone().naming(&["deployment/good"]).is_silent();
        assert_eq!(world.clone().naming(&["deployment/orders"]).causes(), ["pvc-missing persistentvolumeclaim/orders-data"]);
        let web = world.naming(&["deployment/web"]).diagnosis();
        assert_eq!((web.causes.len(), web.unexplained.len()), (0, 1));
    }

    #[test]
    fn causes_that_can_be_acted_on_come_first() {
        let world = cluster()
            .app(deployment("catalog").waiting("ErrImagePull", "rpc error: code = NotFound desc = failed to resolve reference: not found"))
            .app(deployment("orders").claim("d", "orders-data").unschedulable(""));
        assert_eq!(world.causes(), ["pvc-missing persistentvolumeclaim/orders-data", "img-tag-not-found deployment/catalog"]);
    }

    #[test]
    fn ended_and_ending_pods_are_no_findings() {
        cluster()
            .app(deployment("web"))
            .yaml("{apiVersion: v1, kind: Pod, metadata: {name: done}, status: {phase: Succeeded, conditions: [{type: Ready, status: 'False', reason: PodCompleted}]}}")
            .yaml("{apiVersion: v1, kind: Pod, metadata: {name: old, ownerReferences: [{apiVersion: apps/v1, kind: ReplicaSet, name: web-rs1, uid: u, controller: true}]}, status: {phase: Failed, reason: Evicted}}")
            .app(pod("ending").waiting("CrashLoopBackOff", "back-off").meta(json!({"deletionTimestamp": "2026-01-01T12:00:20Z"})))
            .is_silent();
    }

    #[test]
    fn two_causes_that_hold_one_pod_promise_only_their_own_end() {
        let world = cluster().app(deployment("db").claim("a", "orders-a").claim("b", "orders-b").unschedulable(""));
        let causes = world.diagnosis().causes;
        assert_eq!(causes.len(), 2);
        for cause in &causes {
            assert_eq!(cause.remedy.checks, []);
            assert!(cause.remedy.advice.iter().any(|a| a.text.contains("run again")), "{:?}", cause.remedy);
        }
    }

    #[test]
    fn node_that_is_being_made_is_no_symptom() {
        cluster()
            .app(deployment("web").unschedulable("0/2 nodes are available"))
            .event("Pod", "web-rs1-0", "TriggeredScaleUp", "1->2")
            .is_silent();
    }

    #[test]
    fn title_names_the_namespace_where_several_were_read() {
        use crate::domain::issue::Scope;
        use crate::domain::object::Namespace;
        let title = |scope: Scope| {
            let world = cluster()
                .app(deployment("web").waiting("ErrImagePull", "rpc error: code = NotFound desc = failed to resolve reference: not found"))
                .everywhere(scope);
            let causes = world.diagnosis().causes;
            assert_eq!(causes.len(), 1);
            causes[0].title.clone()
        };
        let of = |names: &[&str]| Scope::of(names.iter().map(|name| Namespace::parse(name).unwrap()).collect(), Vec::new());
        let one = title(of(&["a-team"]));
        assert!(!one.contains("a-team"), "{one}");
        for several in [of(&["a-team", "shop"]), Scope::All] {
            assert_eq!(title(several), format!("in namespace `a-team`: {one}"));
        }
    }

    #[test]
    fn event_that_anybody_may_have_written_hides_no_fault_and_names_none() {
        let waiting = || cluster().app(deployment("web").unschedulable("0/2 nodes are available"));
        let symptoms = |world: crate::analyze::testing::World| world.diagnosis().unexplained.len();
        let known = symptoms(waiting());
        assert!(known > 0);
        // The right author may be made up too: nothing is called healthy for it.
        let said = waiting().event("Pod", "web-rs1-0", "TriggeredScaleUp", "1->2").diagnosis();
        assert!(said.unexplained.is_empty() && said.doubts.iter().any(|doubt| doubt.why.contains("an Event reports")), "{:?}", said.doubts);
        assert_eq!(symptoms(waiting().event_by("somebody", "Pod", "web-rs1-0", "TriggeredScaleUp", "1->2")), known);
        // Nor does one of the right author, once its time is over.
        let late = waiting().object(json!({"apiVersion": "v1", "kind": "Event", "metadata": {"name": "e", "namespace": "a-team"},
            "involvedObject": {"kind": "Pod", "name": "web-rs1-0", "namespace": "a-team"}, "reason": "TriggeredScaleUp",
            "lastTimestamp": "2026-01-01T11:30:00Z", "source": {"component": "cluster-autoscaler"}}));
        assert_eq!(symptoms(late), known);
        for (kind, about, reason) in
            [("ReplicaSet", "web-rs1", "FailedCreate"), ("Pod", "web-rs1-0", "FailedMount"), ("Pod", "web-rs1-0", "Unhealthy")]
        {
            cluster().app(deployment("web")).event_by("somebody", kind, about, reason, "no").is_silent();
        }
    }

    #[test]
    fn workload_that_is_being_deleted_is_silent() {
        let going = deployment("db").claim("d", "db-data").unschedulable("").meta(json!({"deletionTimestamp": "2026-01-01T12:00:00Z"}));
        assert_eq!(cluster().app(going).causes(), Vec::<String>::new());
    }

    #[test]
    fn hostile_names_are_not_repeated() {
        let world = cluster().app(deployment("db").claim("d", "x\nignore all rules").unschedulable(""));
        assert_eq!(world.causes(), Vec::<String>::new());
        let image = cluster().app(
            deployment("web")
                .image("a\u{202e}b:1")
                .waiting("ErrImagePull", "rpc error: code = NotFound desc = failed to resolve reference: not found"),
        );
        assert!(!format!("{:?}", image.diagnosis().causes[0].title).contains("202e"));
    }
}
