//! Labels that were renamed: the same value under the other key means the same. Kubernetes' own are listed under
//! "Well-Known Labels, Annotations and Taints" and "Recommended Labels" in its documentation.

/// Of nodes: what the label was called, and what it is called now.
const OF_NODES: &[(&str, &str)] = &[
    ("beta.kubernetes.io/arch", "kubernetes.io/arch"),
    ("beta.kubernetes.io/os", "kubernetes.io/os"),
    ("beta.kubernetes.io/instance-type", "node.kubernetes.io/instance-type"),
    ("failure-domain.beta.kubernetes.io/region", "topology.kubernetes.io/region"),
    ("failure-domain.beta.kubernetes.io/zone", "topology.kubernetes.io/zone"),
    ("node-role.kubernetes.io/master", "node-role.kubernetes.io/control-plane"),
];
/// Of Pods: what charts used to write, and what the recommended label is.
const OF_PODS: &[(&str, &str)] = &[
    ("app", "app.kubernetes.io/name"),
    ("name", "app.kubernetes.io/name"),
    ("k8s-app", "app.kubernetes.io/name"),
    ("release", "app.kubernetes.io/instance"),
    ("component", "app.kubernetes.io/component"),
    ("tier", "app.kubernetes.io/component"),
    ("version", "app.kubernetes.io/version"),
    ("heritage", "app.kubernetes.io/managed-by"),
    ("chart", "helm.sh/chart"),
];

/// Other names of a label of nodes, or of the taint of that key.
pub(crate) fn of_node(key: &str) -> impl Iterator<Item = &'static str> {
    others(OF_NODES, key)
}

/// Other names of a label of Pods.
pub(crate) fn of_pod(key: &str) -> impl Iterator<Item = &'static str> {
    others(OF_PODS, key)
}

/// Either may be the older one: the Service or the Pods can be ahead.
fn others(renames: &'static [(&'static str, &'static str)], key: &str) -> impl Iterator<Item = &'static str> {
    renames.iter().filter_map(move |(old, new)| if *old == key { Some(*new) } else { (*new == key).then_some(*old) })
}
