//! Words → where to look: the argument; else every namespace that the words name; else where the objects are that they name; else the
//! context's own namespace; else everywhere.

mod named;
mod objects;

use super::{Problem, WorkflowError, collect};
use crate::domain::focus::Because;
use crate::domain::issue::Scope;
use crate::domain::kind::Kind;
use crate::domain::object::{Namespace, ObjectRef};
use crate::domain::snapshot::Snapshot;
use crate::domain::words::Wording;
use crate::facts::focus;
use crate::ports::{Clock, ClusterRead, ListRequest, Phase, Progress, ReadError};
use named::Named;

/// A snapshot of where to look, and why it was looked there.
pub(super) struct Located {
    pub(super) snapshot: Snapshot,
    pub(super) because: Because,
}

/// Where to look, as far as that is known without looking for objects.
enum Place {
    At(Scope, Because),
    /// Wherever the objects are that the words name; else in the context's own namespace.
    Search(Option<Namespace>),
}

/// Reads where the problem is, and makes sure that what was named exists.
pub(super) async fn locate(
    problem: &Problem,
    context: &str,
    read: &dyn ClusterRead,
    clock: &dyn Clock,
    progress: &dyn Progress,
) -> Result<Located, WorkflowError> {
    let words = problem.issue.as_ref().map(|issue| Wording::of(issue.as_str())).unwrap_or_default();
    let look = async |scope: &Scope| {
        progress.tell(Phase::Collecting, &format!("reading {}", scope.in_words()));
        collect::about(words.clone(), scope, read, clock).await
    };
    let located = match place(problem, &words, context, read).await? {
        Place::At(scope, because) => Located { snapshot: look(&scope).await?.snapshot, because },
        Place::Search(own) => {
            let everything = look(&Scope::All).await?.snapshot;
            // Where this identity may not look everywhere, it looks where the context is.
            if !everything.is_complete(&Kind::Pod) && everything.pods.iter().next().is_none() {
                let scope = Scope::of(vec![own.unwrap_or_else(|| read.default_namespace())], Vec::new());
                Located { snapshot: look(&scope).await?.snapshot, because: Because::Context }
            } else {
                narrowed(everything, own)
            }
        }
    };
    objects::must_exist(&located.snapshot, read).await?;
    Ok(located)
}

async fn place(problem: &Problem, words: &Wording, context: &str, read: &dyn ClusterRead) -> Result<Place, WorkflowError> {
    if problem.all_namespaces {
        if problem.namespace.is_some() || !problem.objects.is_empty() {
            return Err(WorkflowError::Invalid("all namespaces cannot be combined with a namespace or with objects".to_owned()));
        }
        return Ok(Place::At(Scope::All, Because::Asked));
    }
    if let Some(named) = &problem.namespace {
        let namespace = exists(named.clone(), context, read).await?;
        let objects = problem.objects.iter().map(|o| o.clone().within(Some(&namespace))).collect();
        return Ok(Place::At(Scope::of(vec![namespace], objects), Because::Asked));
    }
    let own = read.own_namespace();
    let all = match names(read).await {
        Ok(all) => Some(all),
        Err(ReadError::Forbidden { .. }) => None,
        Err(error) => return Err(error.into()),
    };
    let namespaces = match named::named(words, all.as_deref()) {
        Named::These(names) => names.iter().filter_map(|n| Namespace::parse(n).ok()).collect(),
        Named::Missing(name) => return Err(no_namespace(&name, context, &all.unwrap_or_default())),
        Named::Nothing => Vec::new(),
    };
    if !problem.objects.is_empty() {
        return objects::place(&problem.objects, namespaces, read).await.map(|(scope, because)| Place::At(scope, because));
    }
    if !namespaces.is_empty() {
        return Ok(Place::At(Scope::of(namespaces, Vec::new()), Because::Words));
    }
    if let (Some(own), Some(all)) = (&own, &all)
        && !all.iter().any(|n| n == own.as_str())
    {
        return Err(no_namespace(own.as_str(), context, all));
    }
    Ok(match own {
        _ if words.name_anything() => Place::Search(own),
        Some(own) => Place::At(Scope::of(vec![own], Vec::new()), Because::Context),
        None if all.is_none() => Place::At(Scope::of(vec![read.default_namespace()], Vec::new()), Because::Context),
        None => Place::At(Scope::All, Because::Everywhere),
    })
}

/// A look over everything → the part that the words are about; else the context's own namespace, if anything is in it; else everything.
fn narrowed(mut everything: Snapshot, own: Option<Namespace>) -> Located {
    let about = focus::find(&everything).about;
    let mut namespaces: Vec<Namespace> = about.iter().filter_map(|o| o.namespace.clone()).collect();
    if let Some(own) = own {
        let is_own = |o: &ObjectRef| o.namespace.as_ref() == Some(&own);
        // Of equals, those of the context are meant.
        if about.iter().any(is_own) || (about.is_empty() && is_used(&everything, &own)) {
            let because = if about.is_empty() { Because::Context } else { Because::Objects };
            everything.narrow(Scope::of(vec![own], Vec::new()));
            return Located { snapshot: everything, because };
        }
    }
    namespaces.sort();
    namespaces.dedup();
    if namespaces.is_empty() {
        return Located { snapshot: everything, because: Because::Everywhere };
    }
    everything.narrow(Scope::of(namespaces, Vec::new()));
    Located { snapshot: everything, because: Because::Objects }
}

/// Whether anything runs, or should run, in the namespace.
fn is_used(snapshot: &Snapshot, namespace: &Namespace) -> bool {
    let own = |of: Option<&String>| of.is_some_and(|n| n == namespace.as_str());
    snapshot.pods.iter().any(|p| own(p.metadata.namespace.as_ref()))
        || snapshot.workloads().iter().any(|w| own(w.meta.namespace.as_ref()))
        || snapshot.jobs.iter().any(|j| own(j.metadata.namespace.as_ref()))
        || snapshot.cron_jobs.iter().any(|c| own(c.metadata.namespace.as_ref()))
}

async fn exists(namespace: Namespace, context: &str, read: &dyn ClusterRead) -> Result<Namespace, WorkflowError> {
    match read.get(&ObjectRef::cluster(Kind::Namespace, namespace.as_str())).await {
        // Not being allowed to look at the namespace itself says nothing about what is in it.
        Ok(_) | Err(ReadError::Forbidden { .. }) => Ok(namespace),
        Err(ReadError::NotFound(_)) => Err(no_namespace(namespace.as_str(), context, &names(read).await.unwrap_or_default())),
        Err(error) => Err(error.into()),
    }
}

async fn names(read: &dyn ClusterRead) -> Result<Vec<String>, ReadError> {
    let listed = read.list(&ListRequest::of(Kind::Namespace, None)).await?;
    Ok(listed.objects.names())
}

fn no_namespace(name: &str, context: &str, all: &[String]) -> WorkflowError {
    let nearest = crate::domain::nearest::nearest(name, all.iter().map(String::as_str)).into_iter().map(str::to_owned).collect();
    WorkflowError::NoNamespace { name: name.to_owned(), context: context.to_owned(), nearest }
}
