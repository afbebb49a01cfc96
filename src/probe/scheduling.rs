//! `scheduling`: why a Pod has no node. What the scheduler says of it, what the Pod asks for, and node by node, in groups, what keeps it
//! away. What was not computed is said: nothing here decides that a node would do.

use super::around::{self, Around};
use super::bounds::{GROUPS, NODES};
use super::masking::{Late, beside};
use super::outcome::{Length, Outcome, quoted};
use crate::domain::excerpt::Excerpt;
use crate::domain::kind::Kind;
use crate::domain::masked::Masked;
use crate::domain::object::ObjectRef;
use crate::domain::snapshot::Resource;
use crate::facts::placing::requests;
use crate::facts::presence::Presence;
use crate::facts::{Facts, placing, pods, unread};
use crate::ports::{ClusterRead, ReadError};
use jiff::Timestamp;
use k8s_openapi::api::core::v1::{Node, NodeSelectorTerm, PersistentVolume, PersistentVolumeClaim, Pod, PodSpec, Toleration};
use k8s_openapi::api::storage::v1::StorageClass;
use std::collections::{BTreeMap, BTreeSet};

/// What is read of its namespace and of the cluster; the Pods of all namespaces are read besides, since they share the nodes.
const AROUND: [Kind; 4] = [Kind::Node, Kind::PersistentVolumeClaim, Kind::PersistentVolume, Kind::StorageClass];
/// Where a node may have Pods that nobody saw.
const WITHOUT_PODS: &str = "Not all Pods of all namespaces could be read: what is free on the nodes, how many Pods they have and which of their ports are taken was not computed.";
/// How many Pods a node takes, among what it has.
const PODS: &str = "pods";
/// What counts as more than there is: sums of fractions are not exact.
const MORE: f64 = 1.000_000_1;

pub(super) async fn explained(object: &ObjectRef, length: Length, read: &dyn ClusterRead, now: Timestamp) -> Result<Outcome, ReadError> {
    let value = read.get(object).await?;
    let around = around::read(&AROUND, object.namespace.as_ref(), read, now).await?;
    let everywhere = around::read(&[Kind::Pod], None, read, now).await?;
    let around = around.with(object, value);
    let object = object.clone();
    let text = beside(move || Masked::whole(&laid_out(&object, &around, &everywhere))).await;
    Ok(text.map_or_else(|Late| Outcome::late(), |text| Outcome::seen(&text, length, None, "`get` a node, or the Pod's `events`")))
}

fn laid_out(object: &ObjectRef, around: &Around, everywhere: &Around) -> String {
    let facts = Facts::of(&around.snapshot);
    let Some(pod) = facts.find::<Pod>(object) else { return format!("{object} is not of the form of its kind") };
    let Some(spec) = pod.spec.as_ref() else { return format!("{object} has no spec") };
    let mut parts = vec![said(pod, spec)];
    if pods::has_node(pod) || pods::has_ended(pod) {
        return parts.join("\n");
    }
    // What is missing stands before what is long: only the end of a text is ever cut.
    let all_pods = everywhere.snapshot.is_complete(&Kind::Pod);
    parts.extend((!all_pods).then(|| WITHOUT_PODS.to_owned()));
    parts.extend([around.in_words(), everywhere.in_words()].into_iter().flatten());
    parts.push(wishes(spec));
    let volumes = of_claims(pod, spec, &facts);
    parts.extend((!volumes.lines.is_empty()).then(|| volumes.lines.join("\n")));
    parts.push(of_nodes(spec, &volumes, &facts, everywhere));
    parts.push(not_computed(spec, &volumes));
    parts.join("\n\n")
}

/// Where it is, or what the scheduler says.
fn said(pod: &Pod, spec: &PodSpec) -> String {
    let own = pod.reference();
    if let Some(node) = spec.node_name.as_deref().filter(|name| !name.is_empty()) {
        return format!("{own} has a node, {}: scheduling is not what it waits for; `describe` it", quoted(node));
    }
    if pods::has_ended(pod) {
        return format!("{own} has ended");
    }
    let mut lines = vec![format!("{own} has no node")];
    let gates: Vec<String> = spec.scheduling_gates.iter().flatten().map(|gate| quoted(&gate.name)).collect();
    if !gates.is_empty() {
        lines.push(format!("it is kept from being scheduled by its schedulingGates: {}", gates.join(", ")));
    }
    if let Some(scheduler) = spec.scheduler_name.as_deref().filter(|name| *name != "default-scheduler") {
        lines.push(format!("a scheduler of its own places it, {}: one that does not run places nothing", quoted(scheduler)));
    }
    lines.push(match pods::unschedulable(pod) {
        Some(words) => format!("its status says: {}", Excerpt::said_within(words, 1024)),
        None => "no scheduler has said anything of it yet".to_owned(),
    });
    lines.join("\n")
}

/// What it asks for.
fn wishes(spec: &PodSpec) -> String {
    let amount = |name: &str| match requests::asked(spec, name) {
        Some(asked) => format!("{} of {}", requests::in_words(name, asked), quoted(name)),
        None => format!("an amount of {} that could not be read", quoted(name)),
    };
    let amounts: Vec<String> = requests::names(spec).into_iter().map(amount).collect();
    let labels: Vec<String> = spec.node_selector.iter().flatten().map(|(k, v)| quoted(&format!("{k}={v}"))).collect();
    let mut lines = vec![if amounts.is_empty() { "asks for no amounts".to_owned() } else { format!("asks for {}", amounts.join(", ")) }];
    lines.extend((!labels.is_empty()).then(|| format!("nodeSelector: {}", labels.join(", "))));
    lines.extend(
        pods::affinity_terms(spec)
            .map(|terms| format!("required node affinity: one of {}", terms.iter().map(term).collect::<Vec<_>>().join(" or "))),
    );
    let ports: Vec<String> = host_ports(spec).into_iter().map(|(protocol, port)| format!("{protocol} {port}")).collect();
    lines.extend((!ports.is_empty()).then(|| format!("ports of the node: {}", ports.join(", "))));
    lines.join("\n")
}

fn term(term: &NodeSelectorTerm) -> String {
    let expressions = term.match_expressions.iter().chain(&term.match_fields).flatten();
    let one = |e: &k8s_openapi::api::core::v1::NodeSelectorRequirement| {
        let values: Vec<&str> = e.values.iter().flatten().map(String::as_str).collect();
        quoted(format!("{} {} {}", e.key, e.operator, values.join(",")).trim_end())
    };
    let all: Vec<String> = expressions.map(one).collect();
    if all.is_empty() { "nothing, which no node has".to_owned() } else { format!("({})", all.join(" and ")) }
}

fn host_ports(spec: &PodSpec) -> BTreeSet<(String, i32)> {
    let ports = pods::containers(spec).flat_map(|(_, c)| c.ports.iter().flatten());
    ports.filter_map(|p| Some((p.protocol.clone().unwrap_or_else(|| "TCP".to_owned()), p.host_port.filter(|port| *port > 0)?))).collect()
}

/// Its claims: what is wrong with them for every node, and the volumes that only some nodes can use.
#[derive(Default)]
struct Volumes<'a> {
    lines: Vec<String>,
    placed: Vec<(&'a str, &'a [NodeSelectorTerm])>,
    /// Some are made only once the Pod has a node.
    later: bool,
}

fn of_claims<'a>(pod: &'a Pod, spec: &'a PodSpec, facts: &Facts<'a>) -> Volumes<'a> {
    let mut all = Volumes::default();
    for (name, claim) in named_claims(pod, spec) {
        let claim = match facts.look_up::<PersistentVolumeClaim>(&claim) {
            Presence::There(found) => found,
            Presence::Absent => {
                all.lines.push(format!("its claim {} does not exist, so no node will do", quoted(&name)));
                continue;
            }
            Presence::Unread => {
                all.lines.push(format!("of its claims: {}", unread::missing(&claim, facts)));
                continue;
            }
        };
        let claim_spec = claim.spec.as_ref();
        let bound = claim.status.as_ref().and_then(|s| s.phase.as_deref()) == Some("Bound");
        if claim.metadata.deletion_timestamp.is_some() {
            all.lines.push(format!("its claim {} is being deleted", quoted(&name)));
        }
        match (bound, claim_spec.and_then(|s| s.volume_name.as_deref())) {
            (true, Some(volume)) => match facts.look_up::<PersistentVolume>(&ObjectRef::cluster(Kind::PersistentVolume, volume)) {
                Presence::There(found) => {
                    let required = found.spec.as_ref().and_then(|s| s.node_affinity.as_ref()).and_then(|a| a.required.as_ref());
                    all.placed.extend(required.map(|r| (volume, r.node_selector_terms.as_slice())));
                }
                Presence::Absent => all.lines.push(format!("the volume {} of its claim {} does not exist", quoted(volume), quoted(&name))),
                Presence::Unread => all.lines.push(format!("where the volume of its claim {} can be used is not known", quoted(&name))),
            },
            _ => {
                let class = claim_spec.and_then(|s| s.storage_class_name.as_deref()).unwrap_or_default();
                let found = facts.look_up::<StorageClass>(&ObjectRef::cluster(Kind::StorageClass, class));
                let mode = found.there().and_then(|c| c.volume_binding_mode.as_deref());
                if mode == Some("WaitForFirstConsumer") {
                    all.later = true;
                } else {
                    all.lines
                        .push(format!("its claim {} has no volume yet, and has to before any node will do: `describe` it", quoted(&name)));
                }
            }
        }
    }
    all
}

/// The claims by their names, those of its own volumes too.
fn named_claims(pod: &Pod, spec: &PodSpec) -> Vec<(String, ObjectRef)> {
    let own = pod.reference();
    let of = |name: &str| {
        (name.to_owned(), ObjectRef { kind: Kind::PersistentVolumeClaim, namespace: own.namespace.clone(), name: name.to_owned() })
    };
    let volumes = spec.volumes.iter().flatten();
    let names = volumes.filter_map(|volume| {
        let named = volume.persistent_volume_claim.as_ref().map(|claim| claim.claim_name.clone());
        named.or_else(|| volume.ephemeral.as_ref().map(|_| format!("{}-{}", own.name, volume.name)))
    });
    names.map(|name| of(&name)).collect()
}

/// A node by its name, with how much of what is too little there.
type Told<'a> = (&'a str, Vec<String>);

/// What runs on a node and takes of it.
struct Taken {
    amounts: BTreeMap<String, Option<f64>>,
    pods: usize,
    ports: BTreeSet<(String, i32)>,
}

/// The nodes in groups of the same reasons.
fn of_nodes(spec: &PodSpec, volumes: &Volumes<'_>, facts: &Facts<'_>, everywhere: &Around) -> String {
    let names: BTreeSet<&str> = requests::names(spec);
    let mut running: BTreeMap<&str, Vec<&Pod>> = BTreeMap::new();
    for pod in everywhere.snapshot.pods.iter().filter(|pod| !pods::has_ended(pod)) {
        if let Some(node) = pod.spec.as_ref().and_then(|s| s.node_name.as_deref()) {
            running.entry(node).or_default().push(pod);
        }
    }
    let all_pods = everywhere.snapshot.is_complete(&Kind::Pod);
    let mut groups: BTreeMap<Vec<String>, Vec<Told<'_>>> = BTreeMap::new();
    let mut count = 0_usize;
    for node in facts.all::<Node>() {
        count = count.saturating_add(1);
        let name = node.metadata.name.as_deref().unwrap_or_default();
        let own = running.get(name).map(Vec::as_slice).unwrap_or_default();
        let ports = own.iter().filter_map(|pod| pod.spec.as_ref()).flat_map(host_ports).collect();
        let taken = all_pods.then(|| Taken { amounts: requests::together(own.iter().copied(), &names), pods: own.len(), ports });
        let (reasons, detail) = against(spec, node, volumes, taken.as_ref(), &names);
        groups.entry(reasons).or_default().push((name, detail));
    }
    if count == 0 {
        return if facts.is_whole(&Kind::Node) { "the cluster has no nodes".to_owned() } else { "no node could be read".to_owned() };
    }
    let mut groups: Vec<(Vec<String>, Vec<Told<'_>>)> = groups.into_iter().collect();
    // The fewer reasons, the nearer they are to do.
    groups.sort_by_key(|(reasons, nodes)| (reasons.len(), std::cmp::Reverse(nodes.len())));
    let more: usize = groups.iter().skip(GROUPS).map(|(_, nodes)| nodes.len()).sum();
    let lines = groups.iter().take(GROUPS).map(|(reasons, nodes)| group(reasons, nodes));
    let rest = (more > 0).then(|| format!("and {more} more nodes, of more reasons"));
    std::iter::once(format!("of {count} nodes:")).chain(lines).chain(rest).collect::<Vec<_>>().join("\n")
}

fn group(reasons: &[String], nodes: &[Told<'_>]) -> String {
    let names: Vec<String> = nodes.iter().take(NODES).map(|(name, _)| quoted(name)).collect();
    let more = nodes.len().saturating_sub(NODES);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let why = if reasons.is_empty() { "nothing that was computed speaks against them".to_owned() } else { reasons.join("; ") };
    let head = format!("- {} ({}{more}): {why}", nodes.len(), names.join(", "));
    let details = nodes
        .iter()
        .take(NODES)
        .filter(|(_, detail)| !detail.is_empty())
        .map(|(name, detail)| format!("    {}: {}", quoted(name), detail.join(", ")));
    std::iter::once(head).chain(details).collect::<Vec<_>>().join("\n")
}

/// What keeps it from a node: reasons, which many nodes may share, and how much of what is too little there.
/// What runs there is known of all Pods, or not at all.
fn against(
    spec: &PodSpec,
    node: &Node,
    volumes: &Volumes<'_>,
    taken: Option<&Taken>,
    names: &BTreeSet<&str>,
) -> (Vec<String>, Vec<String>) {
    let none: &[Toleration] = &[];
    let tolerations = spec.tolerations.as_deref().unwrap_or(none);
    let mut reasons = Vec::new();
    let mut detail = Vec::new();
    if placing::is_cordoned(node) && !placing::goes_to_cordoned(tolerations) {
        reasons.push("cordoned".to_owned());
    }
    for taint in placing::repelling(node, tolerations).filter(|taint| taint.key != "node.kubernetes.io/unschedulable") {
        let value = taint.value.as_deref().filter(|value| !value.is_empty()).map(|value| format!("={value}")).unwrap_or_default();
        reasons.push(format!("taint {}, which it does not tolerate", quoted(&format!("{}{value}:{}", taint.key, taint.effect))));
    }
    for (key, wanted) in spec.node_selector.iter().flatten() {
        match node.metadata.labels.as_ref().and_then(|labels| labels.get(key)) {
            Some(has) if has == wanted => {}
            Some(has) => reasons.push(format!("has {} and not {}", quoted(&format!("{key}={has}")), quoted(&format!("{key}={wanted}")))),
            None => reasons.push(format!("has no label {}", quoted(key))),
        }
    }
    if pods::affinity_terms(spec).is_some_and(|terms| !placing::satisfies_one(node, terms)) {
        reasons.push("does not match the required node affinity".to_owned());
    }
    for (volume, _) in volumes.placed.iter().filter(|(_, terms)| !placing::satisfies_one(node, terms)) {
        reasons.push(format!("cannot use the volume {}", quoted(volume)));
    }
    let allocatable = node.status.as_ref().and_then(|s| s.allocatable.as_ref());
    let has = |name: &str| allocatable.and_then(|a| a.get(name)).map_or(Some(0.0), requests::read);
    for name in names {
        let Some(asked) = requests::asked(spec, name).filter(|asked| *asked > 0.0) else { continue };
        let whole = has(name);
        if let Some(whole) = whole.filter(|whole| taken.is_none() && asked > whole * MORE) {
            reasons.push(format!("has less {} than it asks for", quoted(name)));
            detail.push(format!("has {} {} in all", requests::in_words(name, whole), quoted(name)));
            continue;
        }
        let used = taken.and_then(|taken| taken.amounts.get(*name).copied().flatten());
        let (Some(whole), Some(used)) = (whole, used) else {
            reasons.push(format!("how much {} is free could not be computed", quoted(name)));
            continue;
        };
        if used + asked > whole * MORE {
            reasons.push(format!("too little {}", quoted(name)));
            let words = |amount: f64| requests::in_words(name, amount);
            detail.push(format!("{} of {} {} are asked for by its Pods", words(used), words(whole), quoted(name)));
        }
    }
    let Some(taken) = taken else { return (reasons, detail) };
    let most = allocatable.and_then(|a| a.get(PODS)).and_then(requests::read);
    #[expect(clippy::cast_precision_loss, reason = "no node has so many Pods")]
    if most.is_some_and(|most| taken.pods as f64 + 1.0 > most) {
        reasons.push("has as many Pods as it takes".to_owned());
    }
    for (protocol, port) in host_ports(spec).intersection(&taken.ports) {
        reasons.push(format!("port {} {port} is taken", quoted(protocol)));
    }
    (reasons, detail)
}

/// What the scheduler looks at besides.
fn not_computed(spec: &PodSpec, volumes: &Volumes<'_>) -> String {
    let affinity = spec.affinity.as_ref();
    let anti = affinity.and_then(|a| a.pod_anti_affinity.as_ref());
    let near = affinity.and_then(|a| a.pod_affinity.as_ref());
    let near = near.is_some_and(|a| a.required_during_scheduling_ignored_during_execution.is_some());
    let anti = anti.is_some_and(|a| a.required_during_scheduling_ignored_during_execution.is_some());
    let spread = spec.topology_spread_constraints.iter().flatten().any(|c| c.when_unsatisfiable == "DoNotSchedule");
    let devices = spec.resource_claims.as_ref().is_some_and(|claims| !claims.is_empty());
    let own = [
        (near || anti, "its affinity to other Pods, which it has"),
        (spread, "its topologySpreadConstraints, which it has"),
        (devices, "its resourceClaims, which it has"),
        (volumes.later, "where the volumes can be made that are made once it has a node"),
        (true, "anti-affinity of other Pods, how many volumes a node can attach, and room that preemption would make"),
    ];
    let said: Vec<&str> = own.into_iter().filter(|(is_so, _)| *is_so).map(|(_, what)| what).collect();
    format!("Not computed: {}.", said.join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn pod(spec: Value) -> Pod {
        serde_json::from_value(json!({"metadata": {"name": "big", "namespace": "shop"}, "spec": spec})).unwrap()
    }

    /// What is said of a node of this form, where this runs.
    fn told(spec: Value, node: &Value, running: &[Pod]) -> (Vec<String>, Vec<String>) {
        let (pod, node): (Pod, Node) = (pod(spec), serde_json::from_value(node.clone()).unwrap());
        let spec = pod.spec.unwrap();
        let names = requests::names(&spec);
        let ports = running.iter().filter_map(|pod| pod.spec.as_ref()).flat_map(host_ports).collect();
        let taken = Taken { amounts: requests::together(running.iter(), &names), pods: running.len(), ports };
        let terms: Vec<NodeSelectorTerm> =
            serde_json::from_value(json!([{"matchExpressions": [{"key": "zone", "operator": "In", "values": ["a"]}]}])).unwrap();
        let volumes = Volumes { lines: Vec::new(), placed: vec![("disk", &terms)], later: false };
        against(&spec, &node, &volumes, Some(&taken), &names)
    }

    fn node(spec: Value, allocatable: Value) -> Value {
        json!({"metadata": {"name": "n1", "labels": {"zone": "a", "disk": "hdd"}}, "spec": spec, "status": {"allocatable": allocatable}})
    }

    fn asking(cpu: &str) -> Value {
        json!({"containers": [{"name": "app", "image": "x", "resources": {"requests": {"cpu": cpu}}, "ports": [{"containerPort": 80, "hostPort": 80}]}]})
    }

    #[test]
    fn everything_that_keeps_a_pod_from_a_node_is_told() {
        let tainted = json!({"unschedulable": true, "taints": [{"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"},
            {"key": "team", "value": "b", "effect": "NoExecute"}, {"key": "soft", "effect": "PreferNoSchedule"}]});
        let mut wants = asking("1500m");
        wants["nodeSelector"] = json!({"disk": "ssd", "gpu": "yes"});
        let running = [pod(asking("750m"))];
        let (reasons, detail) = told(wants.clone(), &node(tainted.clone(), json!({"cpu": "2", "pods": "1"})), &running);
        assert_eq!(
            reasons,
            [
                "cordoned",
                "taint `team=b:NoExecute`, which it does not tolerate",
                "has `disk=hdd` and not `disk=ssd`",
                "has no label `gpu`",
                "too little `cpu`",
                "has as many Pods as it takes",
                "port `TCP` 80 is taken",
            ]
        );
        assert_eq!(detail, ["750m of 2000m `cpu` are asked for by its Pods"]);
        let mut tolerant = asking("1250m");
        tolerant["tolerations"] = json!([{"operator": "Exists"}]);
        assert_eq!(told(tolerant, &node(tainted, json!({"cpu": "2", "pods": "9"})), &[]), (Vec::new(), Vec::new()), "to the last of it");
    }

    /// What is said of a Pod that asks for this much, beside a node with two cores whose Pods were read whole, or not.
    fn laid_out_beside(pods: &[Value], whole: bool, cpu: &str) -> String {
        use crate::domain::issue::Scope;
        use crate::domain::snapshot::{Cluster, Snapshot};
        let empty = || Around { snapshot: Snapshot::empty(Cluster::default(), Scope::All, Timestamp::UNIX_EPOCH), missing: Vec::new() };
        let (mut around, mut everywhere) = (empty(), empty());
        around.snapshot.add(&Kind::Node, vec![node(json!({}), json!({"cpu": "2", "pods": "1"}))], true);
        around.snapshot.add(&Kind::Pod, vec![json!({"metadata": {"name": "big", "namespace": "shop"}, "spec": asking(cpu)})], true);
        everywhere.snapshot.add(&Kind::Pod, pods.to_vec(), whole);
        if !whole {
            everywhere.missing.push("pods: not all of them were read".to_owned());
        }
        let object = ObjectRef { kind: Kind::Pod, namespace: crate::domain::namespace::Namespace::parse("shop").ok(), name: "big".into() };
        laid_out(&object, &around, &everywhere)
    }

    #[test]
    fn nothing_is_said_of_what_is_free_where_not_all_pods_were_read() {
        let mut running = asking("100m");
        running["nodeName"] = json!("n1");
        let pods = [json!({"metadata": {"name": "a", "namespace": "other"}, "spec": running})];
        let whole = laid_out_beside(&pods, true, "1950m");
        assert!(
            whole.contains("too little `cpu`") && whole.contains("100m of 2000m") && whole.contains("port `TCP` 80 is taken"),
            "{whole}"
        );
        for (pods, cpu) in [(&pods[..], "1950m"), (&[], "1950m"), (&[], "100m")] {
            let text = laid_out_beside(pods, false, cpu);
            assert!(text.contains("- 1 (`n1`): how much `cpu` is free could not be computed"), "{text}");
            for untrue in ["nothing that was computed", "too little", "2000m", "as many Pods", "is taken\n", "is taken;"] {
                assert!(!text.contains(untrue), "{untrue}: {text}");
            }
            let (said, missing) = (text.find(WITHOUT_PODS).unwrap(), text.find("pods: not all of them were read").unwrap());
            assert!(said < text.find("asks for").unwrap() && missing < text.find("of 1 nodes").unwrap(), "{text}");
        }
        let never = laid_out_beside(&[], false, "2500m");
        assert!(never.contains("has less `cpu` than it asks for") && never.contains("has 2000m `cpu` in all"), "{never}");
    }

    #[test]
    fn volume_of_another_place_and_amounts_that_cannot_be_read_are_told_as_that() {
        let mut elsewhere = node(json!({}), json!({"cpu": "many"}));
        elsewhere["metadata"]["labels"] = json!({"zone": "b"});
        let (reasons, _) = told(asking("1"), &elsewhere, &[]);
        assert_eq!(reasons, ["cannot use the volume `disk`", "how much `cpu` is free could not be computed"]);
    }
}
