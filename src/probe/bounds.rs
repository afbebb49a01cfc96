//! How much a look shows of each thing, and how much of it it reads: every bound of the looks that go beyond one object.

/// Revisions of a workload, the newest of them: Kubernetes keeps ten, and what is older is rarely the cause.
pub(super) const REVISIONS: usize = 6;
/// Fields that changed from one revision to the next.
pub(super) const CHANGES: usize = 24;
/// Characters of a value that changed.
pub(super) const VALUE: usize = 200;
/// Pods that are told one by one.
pub(super) const PODS: usize = 12;
/// Services behind an Ingress that are told as a Service is.
pub(super) const SERVICES: usize = 3;
/// Backends of an Ingress.
pub(super) const BACKENDS: usize = 20;
/// EndpointSlices of a Service, and NetworkPolicies of its Pods, each.
pub(super) const EACH: usize = 6;
/// Rules of one policy, and what one of them allows.
pub(super) const RULES: usize = 6;
/// Groups of nodes that do not take a Pod for the same reasons.
pub(super) const GROUPS: usize = 12;
/// Nodes of a group that are named.
pub(super) const NODES: usize = 6;
/// Containers or nodes whose use is told.
pub(super) const USERS: usize = 60;
/// Fields of a kind that are told, and custom kinds, each.
pub(super) const FIELDS: usize = 80;
/// Characters of what a field is for.
pub(super) const MEANING: usize = 160;
/// References that are followed from one schema to the next.
pub(super) const FOLLOWED: usize = 16;
/// Ties of one sort.
pub(super) const TIES: usize = 24;
