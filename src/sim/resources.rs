//! The kinds that the embedded cluster serves, and how their paths, names and life differ.

/// One kind of object.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Resource {
    pub(super) group: &'static str,
    pub(super) version: &'static str,
    pub(super) plural: &'static str,
    pub(super) kind: &'static str,
    pub(super) namespaced: bool,
    /// Whether `metadata.generation` counts changes of the spec.
    pub(super) generation: bool,
    pub(super) short: &'static str,
}

impl Resource {
    pub(super) fn api_version(&self) -> String {
        if self.group.is_empty() { self.version.to_owned() } else { format!("{}/{}", self.group, self.version) }
    }

    /// `deployments.apps`, as the API server's messages say it.
    pub(super) fn group_resource(&self) -> String {
        if self.group.is_empty() { self.plural.to_owned() } else { format!("{}.{}", self.plural, self.group) }
    }

    /// `Deployment.apps`, as its validation messages say it.
    pub(super) fn group_kind(&self) -> String {
        if self.group.is_empty() { self.kind.to_owned() } else { format!("{}.{}", self.kind, self.group) }
    }
}

const fn resource(group: &'static str, plural: &'static str, kind: &'static str, short: &'static str) -> Resource {
    Resource { group, version: "v1", plural, kind, namespaced: true, generation: false, short }
}

const fn counted(resource: Resource) -> Resource {
    Resource { generation: true, ..resource }
}

const fn global(resource: Resource) -> Resource {
    Resource { namespaced: false, ..resource }
}

pub(super) static NAMESPACE: Resource = global(resource("", "namespaces", "Namespace", "ns"));
pub(super) static NODE: Resource = global(resource("", "nodes", "Node", "no"));
pub(super) static POD: Resource = counted(resource("", "pods", "Pod", "po"));
pub(super) static SERVICE: Resource = resource("", "services", "Service", "svc");
pub(super) static CONFIG_MAP: Resource = resource("", "configmaps", "ConfigMap", "cm");
pub(super) static SECRET: Resource = resource("", "secrets", "Secret", "");
pub(super) static CLAIM: Resource = resource("", "persistentvolumeclaims", "PersistentVolumeClaim", "pvc");
pub(super) static VOLUME: Resource = global(resource("", "persistentvolumes", "PersistentVolume", "pv"));
pub(super) static EVENT: Resource = resource("", "events", "Event", "ev");
pub(super) static SERVICE_ACCOUNT: Resource = resource("", "serviceaccounts", "ServiceAccount", "sa");
pub(super) static DEPLOYMENT: Resource = counted(resource("apps", "deployments", "Deployment", "deploy"));
pub(super) static REPLICA_SET: Resource = counted(resource("apps", "replicasets", "ReplicaSet", "rs"));
pub(super) static STATEFUL_SET: Resource = counted(resource("apps", "statefulsets", "StatefulSet", "sts"));
pub(super) static STORAGE_CLASS: Resource = global(resource("storage.k8s.io", "storageclasses", "StorageClass", "sc"));
pub(super) static SLICE: Resource = resource("discovery.k8s.io", "endpointslices", "EndpointSlice", "");
pub(super) static BUDGET: Resource = counted(resource("policy", "poddisruptionbudgets", "PodDisruptionBudget", "pdb"));

pub(super) static CONTROLLER_REVISION: Resource = resource("apps", "controllerrevisions", "ControllerRevision", "");

/// Kinds that are stored and listed, with nothing acting on them.
static INERT: [Resource; 10] = [
    counted(resource("apps", "daemonsets", "DaemonSet", "ds")),
    counted(resource("batch", "jobs", "Job", "")),
    counted(resource("batch", "cronjobs", "CronJob", "cj")),
    counted(resource("networking.k8s.io", "ingresses", "Ingress", "ing")),
    global(counted(resource("networking.k8s.io", "ingressclasses", "IngressClass", ""))),
    resource("coordination.k8s.io", "leases", "Lease", ""),
    counted(resource("networking.k8s.io", "networkpolicies", "NetworkPolicy", "netpol")),
    resource("", "resourcequotas", "ResourceQuota", "quota"),
    resource("", "limitranges", "LimitRange", "limits"),
    Resource { version: "v2", ..resource("autoscaling", "horizontalpodautoscalers", "HorizontalPodAutoscaler", "hpa") },
];

/// Every kind, in the order of discovery.
pub(super) fn all() -> impl Iterator<Item = &'static Resource> {
    [
        &NAMESPACE,
        &NODE,
        &POD,
        &SERVICE,
        &CONFIG_MAP,
        &SECRET,
        &CLAIM,
        &VOLUME,
        &EVENT,
        &SERVICE_ACCOUNT,
        &DEPLOYMENT,
        &REPLICA_SET,
        &STATEFUL_SET,
        &STORAGE_CLASS,
        &SLICE,
        &BUDGET,
        &CONTROLLER_REVISION,
    ]
    .into_iter()
    .chain(&INERT)
}

pub(super) fn by_path(group: &str, version: &str, plural: &str) -> Option<&'static Resource> {
    all().find(|r| r.group == group && r.version == version && r.plural == plural)
}

pub(super) fn by_kind(api_version: &str, kind: &str) -> Option<&'static Resource> {
    all().find(|r| r.kind == kind && r.api_version() == api_version)
}
