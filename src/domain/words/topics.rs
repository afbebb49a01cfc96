//! What words speak of: the kinds that a topic needs read, what is never read, and what the programs are called that do a job.

use crate::domain::kind::Kind;

/// Something that words speak of.
#[derive(Debug, PartialEq, Eq)]
pub struct Topic {
    /// The words, in the singular.
    pub words: &'static [&'static str],
    /// Where there are any, one of these must be there too, in the singular: `node` alone is about nodes.
    pub with: &'static [&'static str],
    /// Kinds that could be at fault for it.
    pub kinds: &'static [Kind],
    /// What could be at fault for it and is never read, in words.
    pub unread: Option<&'static str>,
}

const fn of(words: &'static [&'static str], kinds: &'static [Kind]) -> Topic {
    Topic { words, with: &[], kinds, unread: None }
}

const fn never(words: &'static [&'static str], what: &'static str) -> Topic {
    Topic { words, with: &[], kinds: &[], unread: Some(what) }
}

/// Every topic whose kinds are not always read, or are read for their own sake.
pub(super) const TOPICS: &[Topic] = &[
    of(
        &[
            "connect",
            "connection",
            "connected",
            "connecting",
            "reach",
            "reachable",
            "unreachable",
            "timeout",
            "network",
            "networkpolicy",
            "policy",
            "traffic",
            "firewall",
            "egress",
            "netpol",
            "accessible",
            "inaccessible",
            "answer",
            "answered",
            "answering",
            "block",
            "blocked",
            "call",
            "calling",
            "communicate",
            "communication",
            "hang",
            "hanging",
            "hung",
            "inbound",
            "internet",
            "outbound",
            "reaching",
            "refuse",
            "refused",
            "reply",
            "request",
            "respond",
            "responding",
            "response",
            "send",
            "sending",
            "sent",
            "talk",
            "unresponsive",
        ],
        &[Kind::NetworkPolicy, Kind::Service],
    ),
    of(
        &[
            "ingress", "ing", "503", "502", "504", "404", "url", "host", "hostname", "path", "route", "site", "website", "webpage",
            "homepage",
        ],
        &[Kind::Ingress, Kind::IngressClass],
    ),
    of(
        &["autoscaler", "autoscaling", "autoscale", "hpa", "scale", "scaling", "scaler", "horizontalpodautoscaler"],
        &[Kind::HorizontalPodAutoscaler],
    ),
    of(
        &["budget", "pdb", "poddisruptionbudget", "drain", "drained", "draining", "evict", "evicted", "eviction", "disruption", "cordon"],
        &[Kind::PodDisruptionBudget, Kind::Node],
    ),
    // What is done to a node drains it first.
    Topic {
        words: &["node", "machine", "cluster", "pool", "nodepool"],
        with: &[
            "hang",
            "maintenance",
            "patch",
            "patched",
            "patching",
            "reboot",
            "rebooted",
            "recycle",
            "recycled",
            "remove",
            "removed",
            "replace",
            "replaced",
            "rotate",
            "rotated",
            "rotation",
            "stuck",
            "update",
            "updated",
            "upgrade",
            "upgraded",
            "upgrading",
        ],
        kinds: &[Kind::PodDisruptionBudget, Kind::Node],
        unread: None,
    },
    of(&["quota", "resourcequota", "exceeded"], &[Kind::ResourceQuota]),
    of(&["lease", "leader", "leadership", "election", "standby", "follower", "replica"], &[Kind::Lease]),
    of(&["node", "kubelet", "notready", "pressure", "machine"], &[Kind::Node]),
    of(&["endpoint", "endpointslice"], &[Kind::Service]),
    never(
        &["gateway", "httproute", "grpcroute", "virtualservice", "istio", "linkerd", "mesh", "envoy", "sidecar"],
        "gateways and service meshes",
    ),
    never(&["certificate", "cert", "tls", "ssl", "x509", "https"], "certificates and the Secrets that hold them"),
    never(&["dns", "resolve", "resolution", "lookup", "coredns", "nxdomain"], "the cluster's DNS"),
    never(
        &["rbac", "permission", "role", "rolebinding", "clusterrole", "clusterrolebinding", "unauthorized", "serviceaccount"],
        "RBAC objects",
    ),
    never(&["webhook", "admission", "gatekeeper", "kyverno"], "admission webhooks and policies"),
    never(&["secret", "password", "credential", "token"], "Secrets"),
    never(&["crd", "customresource", "customresourcedefinition"], "custom resources"),
    never(&["preempt", "preempted", "preemption", "priorityclass"], "priority classes"),
    // A report of an outage has a priority, too.
    Topic {
        words: &["priority"],
        with: &["class", "schedule", "scheduled", "scheduler", "scheduling"],
        kinds: &[],
        unread: Some("priority classes"),
    },
];

/// What somebody calls a program by its job, and the names of programs that do it.
const JOBS: &[(&[&str], &[&str])] = &[
    (
        &["database", "db", "datenbank", "sql", "datastore"],
        &[
            "postgres",
            "postgresql",
            "mysql",
            "mariadb",
            "mongo",
            "mongodb",
            "redis",
            "cassandra",
            "cockroach",
            "cockroachdb",
            "mssql",
            "oracle",
            "couchdb",
            "clickhouse",
            "timescaledb",
            "influxdb",
            "neo4j",
            "percona",
            "db",
            "database",
            "sql",
        ],
    ),
    (&["postgresql", "postgres", "pg"], &["postgres", "postgresql", "pg"]),
    (&["mongodb", "mongo"], &["mongo", "mongodb"]),
    (&["cache"], &["redis", "memcached", "valkey", "varnish", "cache"]),
    (
        &["queue", "broker", "messaging", "mq"],
        &["rabbitmq", "kafka", "nats", "activemq", "pulsar", "redpanda", "mosquitto", "queue", "broker", "mq"],
    ),
    (
        &["site", "website", "webpage", "homepage", "page", "frontend", "webserver", "ui", "portal"],
        // A web server's image says nothing: much that is no site has one.
        &["frontend", "front", "web", "www", "website", "site", "webapp", "ui", "portal", "storefront", "homepage"],
    ),
    (&["search"], &["elasticsearch", "opensearch", "solr", "meilisearch", "search"]),
    (&["backend"], &["backend", "api"]),
    (&["monitoring", "metric"], &["prometheus", "grafana", "monitoring", "metrics"]),
    (&["logging"], &["loki", "fluentd", "fluentbit", "logging", "vector"]),
];

/// Words for what a thing does: telling only where no other word names anything.
const ROLES: &[&str] = &["api", "web", "worker", "data", "backend", "frontend", "proxy", "job", "storage", "volume", "public", "gateway"];

/// Words for a part of an application.
const PARTS: &[&str] = &["api", "web", "worker", "backend", "frontend", "proxy", "gateway"];

/// Whether the word is for a part of an application, or for a program by its job.
pub(super) fn is_part(word: &str) -> bool {
    PARTS.contains(&word) || JOBS.iter().any(|(jobs, _)| jobs.contains(&word))
}

/// What two words are together, where that is a word of a topic.
pub(super) fn phrase(word: &str, next: &str) -> Option<&'static str> {
    match (word, next) {
        ("time" | "times" | "timed" | "timing", "out" | "outs") => Some("timeout"),
        _ => None,
    }
}

/// Whether the word, in the singular, is one by which one of these is spoken of.
pub(super) fn is_of(word: &str, told: &[&str]) -> bool {
    TOPICS.iter().any(|topic| topic.unread.is_some_and(|what| told.contains(&what)) && topic.words.contains(&word))
}

/// Whether something that could be at fault is spoken of with it.
pub(super) fn is_topic(word: &str) -> bool {
    TOPICS.iter().any(|t| t.with.is_empty() && t.words.contains(&word)) || Kind::AS_A_WHOLE.iter().any(|kind| speaks_of(word, kind))
}

/// Whether the word, in the singular, is one for the kind.
pub(super) fn calls(word: &str, kind: &Kind) -> bool {
    Kind::parse(word).as_ref() == Some(kind) || kind.called().contains(&word)
}

/// Whether the word, in the singular, is about the kind, or is one for it.
pub(super) fn speaks_of(word: &str, kind: &Kind) -> bool {
    kind.talk().contains(&word) || (Kind::AS_A_WHOLE.contains(kind) && calls(word, kind))
}

pub(super) fn is_ordinary(word: &str) -> bool {
    let of_a_job = JOBS.iter().any(|(job, names)| job.contains(&word) || names.contains(&word));
    of_a_job || ROLES.contains(&word) || is_topic(word)
}

/// `web shop` and `data base` are one word for a job.
pub(super) fn joined(word: &str, next: &str) -> Option<&'static str> {
    match (word, next) {
        ("web" | "online", "shop" | "store" | "site" | "page") | ("home", "page") => Some("website"),
        ("data", "base" | "store") => Some("database"),
        ("front", "end") => Some("frontend"),
        _ => None,
    }
}

/// What things are called that the word speaks of by what they do.
pub(super) fn meant_by(word: &str) -> &'static [&'static str] {
    JOBS.iter().find(|(job, _)| job.contains(&word)).map_or(&[], |(_, names)| names)
}

/// Whether the word says what something does, and is the name of no product.
pub(super) fn is_role(word: &str) -> bool {
    let product = matches!(word, "postgres" | "postgresql" | "mongo" | "mongodb");
    let job = JOBS.iter().any(|(jobs, _)| jobs.contains(&word));
    !product && (job || ROLES.contains(&word) || is_topic(word))
}
