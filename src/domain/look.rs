//! One look at the cluster, as an investigation asks for it: which probe, at what. Nothing here can be a write.

use super::field::FieldPath;
use super::kind::Kind;
use super::object::{Namespace, ObjectRef};
use std::fmt;

/// What a model may call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the variants are the probes by name")]
pub enum ProbeName {
    Get,
    List,
    Describe,
    Logs,
    Events,
    Rollout,
    Endpoints,
    Scheduling,
    Graph,
    Top,
    Api,
    CanI,
}

impl ProbeName {
    /// Every probe.
    pub const ALL: [ProbeName; 12] = [
        ProbeName::Get,
        ProbeName::List,
        ProbeName::Describe,
        ProbeName::Logs,
        ProbeName::Events,
        ProbeName::Rollout,
        ProbeName::Endpoints,
        ProbeName::Scheduling,
        ProbeName::Graph,
        ProbeName::Top,
        ProbeName::Api,
        ProbeName::CanI,
    ];

    /// As it is called.
    pub fn as_str(self) -> &'static str {
        match self {
            ProbeName::Get => "get",
            ProbeName::List => "list",
            ProbeName::Describe => "describe",
            ProbeName::Logs => "logs",
            ProbeName::Events => "events",
            ProbeName::Rollout => "rollout",
            ProbeName::Endpoints => "endpoints",
            ProbeName::Scheduling => "scheduling",
            ProbeName::Graph => "graph",
            ProbeName::Top => "top",
            ProbeName::Api => "api",
            ProbeName::CanI => "can-i",
        }
    }

    /// What it brings.
    pub fn brings(self) -> Brings {
        match self {
            ProbeName::Get => Brings::Object,
            ProbeName::Describe => Brings::Description,
            ProbeName::Logs => Brings::Log,
            ProbeName::Events => Brings::Events,
            ProbeName::List
            | ProbeName::Rollout
            | ProbeName::Endpoints
            | ProbeName::Scheduling
            | ProbeName::Graph
            | ProbeName::Top
            | ProbeName::Api
            | ProbeName::CanI => Brings::Overview,
        }
    }

    /// The inverse of [`ProbeName::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|probe| probe.as_str() == text)
    }
}

/// What a probe brings, as far as it matters to whoever quotes or weighs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Brings {
    /// An object, or a field of it.
    Object,
    /// What stands around an object, with what happened to it last.
    Description,
    /// What a program wrote.
    Log,
    /// What happened.
    Events,
    /// What was put together of many objects, of documents or of answers.
    Overview,
}

/// One look, with nothing left to choose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Look {
    /// An object as it is, or a part of it.
    Get {
        /// Which object.
        object: ObjectRef,
        /// Which field of it; all of it without one.
        field: Option<FieldPath>,
    },
    /// The objects of a kind, a line each.
    List {
        /// Which kind.
        kind: Kind,
        /// Where; all namespaces without one.
        namespace: Option<Namespace>,
        /// Labels that they must have.
        selector: Option<String>,
    },
    /// An object with who owns it, what happened to it, and what it refers to.
    Describe(ObjectRef),
    /// What a container wrote.
    Logs {
        /// Whose.
        pod: ObjectRef,
        /// Which container; the one that fails, or the only one, without a name.
        container: Option<String>,
        /// Of the run before this one.
        previous: bool,
        /// Only lines that contain this.
        contains: Option<String>,
        /// From so many seconds ago; the end of the log without it.
        since: Option<u32>,
    },
    /// What happened to an object, or in a namespace.
    Events {
        /// Where; all namespaces without one.
        namespace: Option<Namespace>,
        /// To which object; to all of them without one.
        object: Option<ObjectRef>,
    },
    /// The revisions of a workload's template, and what changed from one to the next.
    Rollout(ObjectRef),
    /// What a Service, or an Ingress, leads to.
    Endpoints(ObjectRef),
    /// Why a Pod has no node.
    Scheduling(ObjectRef),
    /// What an object is tied to.
    Graph(ObjectRef),
    /// What Pods or nodes use now.
    Top(Used),
    /// The kinds that there are, or what one of them is made of.
    Api {
        /// Which kind; all of them without one.
        kind: Option<Kind>,
        /// Which field of it.
        field: Option<FieldPath>,
    },
    /// Whether the reader may do something.
    CanI {
        /// What.
        verb: Right,
        /// To objects of which kind.
        kind: Kind,
        /// Where; in all namespaces without one.
        namespace: Option<Namespace>,
    },
}

/// Of what it is told how much it uses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Used {
    /// One Pod or one node.
    By(ObjectRef),
    /// The Pods of a namespace.
    ByPods(Namespace),
    /// All nodes.
    ByNodes,
}

/// What somebody may be allowed to do, as roles have it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the variants are Kubernetes' verbs")]
pub enum Right {
    Get,
    List,
    Watch,
    Create,
    Update,
    Patch,
    Delete,
}

impl Right {
    /// Every one.
    pub const ALL: [Right; 7] = [Right::Get, Right::List, Right::Watch, Right::Create, Right::Update, Right::Patch, Right::Delete];

    /// As roles have it.
    pub fn as_str(self) -> &'static str {
        match self {
            Right::Get => "get",
            Right::List => "list",
            Right::Watch => "watch",
            Right::Create => "create",
            Right::Update => "update",
            Right::Patch => "patch",
            Right::Delete => "delete",
        }
    }

    /// The inverse of [`Right::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|right| right.as_str() == text)
    }
}

impl Look {
    /// Which probe it is for.
    pub fn probe(&self) -> ProbeName {
        match self {
            Look::Get { .. } => ProbeName::Get,
            Look::List { .. } => ProbeName::List,
            Look::Describe(_) => ProbeName::Describe,
            Look::Logs { .. } => ProbeName::Logs,
            Look::Events { .. } => ProbeName::Events,
            Look::Rollout(_) => ProbeName::Rollout,
            Look::Endpoints(_) => ProbeName::Endpoints,
            Look::Scheduling(_) => ProbeName::Scheduling,
            Look::Graph(_) => ProbeName::Graph,
            Look::Top(_) => ProbeName::Top,
            Look::Api { .. } => ProbeName::Api,
            Look::CanI { .. } => ProbeName::CanI,
        }
    }

    /// The field that it asks for, where it asks for one.
    pub fn field(&self) -> Option<&FieldPath> {
        if let Look::Get { field, .. } = self { field.as_ref() } else { None }
    }

    /// The object that it is about, where it is about one.
    pub fn object(&self) -> Option<&ObjectRef> {
        match self {
            Look::Get { object, .. }
            | Look::Describe(object)
            | Look::Logs { pod: object, .. }
            | Look::Rollout(object)
            | Look::Endpoints(object)
            | Look::Scheduling(object)
            | Look::Graph(object)
            | Look::Top(Used::By(object)) => Some(object),
            Look::Events { object, .. } => object.as_ref(),
            Look::List { .. } | Look::Top(Used::ByPods(_) | Used::ByNodes) | Look::Api { .. } | Look::CanI { .. } => None,
        }
    }
}

/// `logs pod/web-0 -n shop -c app --previous`: in kubectl's words.
impl fmt::Display for Look {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.probe().as_str())?;
        if let Look::CanI { verb, .. } = self {
            write!(f, " {}", verb.as_str())?;
        }
        if let Look::List { kind, .. } | Look::Api { kind: Some(kind), .. } | Look::CanI { kind, .. } = self {
            write!(f, " {}", kind.info().map_or(kind.name(), |info| info.plural))?;
        }
        if let Look::Top(Used::ByPods(_)) = self {
            f.write_str(" pods")?;
        }
        if let Look::Top(Used::ByNodes) = self {
            f.write_str(" nodes")?;
        }
        if let Some(object) = self.object() {
            write!(f, " {}", object.slashed())?;
        }
        // Where it lists, in one namespace or in all of them; a look at one object is where the object is.
        let (namespace, everywhere) = match self {
            Look::List { kind, namespace, .. } | Look::CanI { kind, namespace, .. } => {
                (namespace.as_ref(), kind.info().is_some_and(|info| info.namespaced))
            }
            Look::Top(Used::ByPods(namespace)) => (Some(namespace), false),
            Look::Events { namespace, object: None } => (namespace.as_ref(), true),
            one => (one.object().and_then(|object| object.namespace.as_ref()), false),
        };
        match namespace {
            Some(namespace) => write!(f, " -n {namespace}")?,
            None if everywhere => f.write_str(" -A")?,
            None => {}
        }
        match self {
            Look::List { selector: Some(selector), .. } => write!(f, " -l {selector}"),
            Look::Get { field: Some(field), .. } | Look::Api { field: Some(field), .. } => write!(f, " {field}"),
            Look::Logs { container, previous, contains, since, .. } => {
                if let Some(container) = container {
                    write!(f, " -c {container}")?;
                }
                f.write_str(if *previous { " --previous" } else { "" })?;
                since.map(|seconds| write!(f, " --since={seconds}s")).transpose()?;
                contains.as_ref().map_or(Ok(()), |text| write!(f, " | grep {text}"))
            }
            Look::List { .. }
            | Look::Get { .. }
            | Look::Describe(_)
            | Look::Events { .. }
            | Look::Rollout(_)
            | Look::Endpoints(_)
            | Look::Scheduling(_)
            | Look::Graph(_)
            | Look::Top(_)
            | Look::Api { .. }
            | Look::CanI { .. } => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn look_reads_as_somebody_would_type_it() {
        let shop = Namespace::parse("shop").unwrap();
        let pod = ObjectRef::namespaced(Kind::Pod, &shop, "web-0");
        let logs = |container: Option<&str>, previous, contains: Option<&str>| Look::Logs {
            pod: pod.clone(),
            container: container.map(str::to_owned),
            previous,
            contains: contains.map(str::to_owned),
            since: None,
        };
        for (look, text) in [
            (Look::Get { object: ObjectRef::cluster(Kind::Node, "n1"), field: None }, "get node/n1"),
            (
                Look::Get { object: pod.clone(), field: FieldPath::parse("spec.containers[name=app]") },
                "get pod/web-0 -n shop spec.containers[name=app]",
            ),
            (Look::Describe(pod.clone()), "describe pod/web-0 -n shop"),
            (Look::Scheduling(pod.clone()), "scheduling pod/web-0 -n shop"),
            (Look::Graph(ObjectRef::cluster(Kind::Node, "n1")), "graph node/n1"),
            (Look::Top(Used::By(pod.clone())), "top pod/web-0 -n shop"),
            (Look::Top(Used::ByPods(shop.clone())), "top pods -n shop"),
            (Look::Top(Used::ByNodes), "top nodes"),
            (Look::Api { kind: None, field: None }, "api"),
            (Look::Api { kind: Some(Kind::Deployment), field: FieldPath::parse("spec.strategy") }, "api deployments spec.strategy"),
            (Look::CanI { verb: Right::List, kind: Kind::Pod, namespace: Some(shop.clone()) }, "can-i list pods -n shop"),
            (Look::CanI { verb: Right::Get, kind: Kind::Node, namespace: None }, "can-i get nodes"),
            (Look::Endpoints(ObjectRef::namespaced(Kind::Service, &shop, "web")), "endpoints service/web -n shop"),
            (Look::Rollout(ObjectRef::namespaced(Kind::Deployment, &shop, "web")), "rollout deployment/web -n shop"),
            (logs(None, false, None), "logs pod/web-0 -n shop"),
            (logs(Some("app"), true, Some("panic")), "logs pod/web-0 -n shop -c app --previous | grep panic"),
            (Look::List { kind: Kind::Pod, namespace: None, selector: Some("app=web".into()) }, "list pods -A -l app=web"),
            (Look::List { kind: Kind::Node, namespace: None, selector: None }, "list nodes"),
            (Look::Events { namespace: Some(shop.clone()), object: None }, "events -n shop"),
            (Look::Events { namespace: None, object: None }, "events -A"),
            (Look::Events { namespace: None, object: Some(pod.clone()) }, "events pod/web-0 -n shop"),
        ] {
            assert_eq!(look.to_string(), text);
        }
    }

    #[test]
    fn probes_are_read_back_as_they_are_written() {
        for probe in ProbeName::ALL {
            assert_eq!(ProbeName::parse(probe.as_str()), Some(probe));
        }
        assert_eq!(ProbeName::parse("patch"), None);
    }
}
