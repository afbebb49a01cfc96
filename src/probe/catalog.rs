//! Every probe: what it brings, and which words it takes. One row each, from which refusals and the published schemas are made.

use crate::domain::look::ProbeName;

/// What is told of a probe.
#[derive(Debug)]
pub struct ProbeEntry {
    /// Which probe.
    pub probe: ProbeName,
    /// What it brings, as short as can be: a model pays for it with every question.
    pub brings: &'static str,
    /// The rest of it, for who reads about probes.
    pub in_detail: &'static str,
    /// The arguments that it takes besides its name.
    pub takes: &'static [&'static str],
    /// Those of them without which it cannot look.
    pub needs: &'static [&'static str],
}

const GET: ProbeEntry = ProbeEntry {
    probe: ProbeName::Get,
    brings: "An object as YAML, or one field of it",
    in_detail: "without values that may be secret",
    takes: &["object", "namespace", "field", "page"],
    needs: &["object"],
};
const LIST: ProbeEntry = ProbeEntry {
    probe: ProbeName::List,
    brings: "The objects of a kind, a line each",
    in_detail: "custom kinds too, in the API server's own columns",
    takes: &["kind", "namespace", "selector", "page"],
    needs: &["kind"],
};
const DESCRIBE: ProbeEntry = ProbeEntry {
    probe: ProbeName::Describe,
    brings: "An object with owners, references, Pods and Events",
    in_detail: "whether what it refers to exists, and the Pods that it selects",
    takes: &["object", "namespace"],
    needs: &["object"],
};
const LOGS: ProbeEntry = ProbeEntry {
    probe: ProbeName::Logs,
    brings: "What a container wrote: the end, and around failures",
    in_detail: "of a Pod, of its run or the one before",
    takes: &["object", "namespace", "container", "previous", "since", "contains"],
    needs: &["object"],
};
const EVENTS: ProbeEntry = ProbeEntry {
    probe: ProbeName::Events,
    brings: "The latest Events of an object or namespace",
    in_detail: "of a namespace where no object is named",
    takes: &["object", "namespace"],
    needs: &[],
};
const ROLLOUT: ProbeEntry = ProbeEntry {
    probe: ProbeName::Rollout,
    brings: "Revisions of a workload and their changes",
    in_detail: "of a Deployment, StatefulSet or DaemonSet, with the Pods of each",
    takes: &["object", "namespace"],
    needs: &["object"],
};
const ENDPOINTS: ProbeEntry = ProbeEntry {
    probe: ProbeName::Endpoints,
    brings: "What a Service or Ingress leads to, or why nothing",
    in_detail: "the Pods that it selects and how they are, ports, addresses, NetworkPolicies",
    takes: &["object", "namespace"],
    needs: &["object"],
};
const SCHEDULING: ProbeEntry = ProbeEntry {
    probe: ProbeName::Scheduling,
    brings: "Why a Pod has no node",
    in_detail: "what the scheduler says, what it asks for, its claims, and the nodes in groups by what keeps it away",
    takes: &["object", "namespace"],
    needs: &["object"],
};
const GRAPH: ProbeEntry = ProbeEntry {
    probe: ProbeName::Graph,
    brings: "What an object is tied to",
    in_detail: "owners, what it owns, what it names and whether that exists, and what selects it, leads to it, scales it or uses it",
    takes: &["object", "namespace"],
    needs: &["object"],
};

const TOP: ProbeEntry = ProbeEntry {
    probe: ProbeName::Top,
    brings: "CPU and memory that Pods or nodes use",
    in_detail: "beside what they ask for and may use, where the cluster measures it; `kind` is pods or nodes",
    takes: &["object", "kind", "namespace"],
    needs: &[],
};
const API: ProbeEntry = ProbeEntry {
    probe: ProbeName::Api,
    brings: "All kinds, or the fields of one",
    in_detail: "types, what is required, and what each is for, from the API server's schemas",
    takes: &["kind", "field"],
    needs: &[],
};
const CAN_I: ProbeEntry = ProbeEntry {
    probe: ProbeName::CanI,
    brings: "Whether the reader is allowed it",
    in_detail: "by an access review; nothing is tried",
    takes: &["verb", "kind", "namespace"],
    needs: &["verb", "kind"],
};

/// The row of a probe.
pub fn of(probe: ProbeName) -> &'static ProbeEntry {
    match probe {
        ProbeName::Get => &GET,
        ProbeName::List => &LIST,
        ProbeName::Describe => &DESCRIBE,
        ProbeName::Logs => &LOGS,
        ProbeName::Events => &EVENTS,
        ProbeName::Rollout => &ROLLOUT,
        ProbeName::Endpoints => &ENDPOINTS,
        ProbeName::Scheduling => &SCHEDULING,
        ProbeName::Graph => &GRAPH,
        ProbeName::Top => &TOP,
        ProbeName::Api => &API,
        ProbeName::CanI => &CAN_I,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_row_is_of_its_probe_and_needs_nothing_that_it_does_not_take() {
        for probe in ProbeName::ALL {
            let row = of(probe);
            assert_eq!(row.probe, probe);
            assert!(row.needs.iter().all(|name| row.takes.contains(name)), "{probe:?}");
        }
    }
}
