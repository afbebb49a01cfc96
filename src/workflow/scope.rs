//! Words → where to look: the argument; else every namespace that the words say; else where the objects are that they name, at home before
//! elsewhere; else a namespace that a word is the name of; else the context's own namespace; else everywhere.

mod named;
mod objects;

use super::collect::{self, Collected};
use super::{Problem, WorkflowError};
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

/// Where to look, as far as that is known before anything is read.
enum Place {
    At(Scope, Because),
    /// In these namespaces, and in what else the words may mean by their names.
    Said(Vec<Namespace>),
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
    let mut asked = Asked {
        words: problem.issue.as_ref().map(|issue| Wording::of(issue.as_str())).unwrap_or_default(),
        all: None,
        misspelt: Vec::new(),
    };
    let place = place(problem, &mut asked, context, read).await?;
    let look = async |scope: &Scope| {
        progress.tell(Phase::Collecting, &format!("reading {}", scope.in_words()));
        collect::about(asked.words.clone(), scope, read, clock).await
    };
    let located = match place {
        Place::At(scope, because) => Located { snapshot: look(&scope).await?.snapshot, because },
        Place::Said(said) => {
            let seen = look(&Scope::of(with(&said, &asked.words.bare), Vec::new())).await?;
            let named = focus::find(&seen.snapshot);
            asked.knows(&named, context)?;
            let scope = Scope::of(with(&said, &named.places), Vec::new());
            Located { snapshot: narrowed(seen, scope, &named, read).await?, because: Because::Words }
        }
        Place::Search(own) => {
            let mut seen = look(&Scope::All).await?;
            // Where this identity may not look everywhere, it looks where the context is.
            if !seen.snapshot.is_complete(&Kind::Pod) && seen.snapshot.pods.iter().next().is_none() {
                let home = own.clone().unwrap_or_else(|| read.default_namespace());
                // What other kinds brought has no room beside it.
                drop(seen);
                seen = look(&Scope::of(with(&[home], &asked.words.bare), Vec::new())).await?;
            }
            let named = focus::find(&seen.snapshot);
            asked.knows(&named, context)?;
            let (scope, because) = meant(&seen.snapshot, &named, own);
            Located { snapshot: narrowed(seen, scope, &named, read).await?, because }
        }
    };
    let Located { snapshot, because } = located;
    Ok(Located { snapshot: objects::must_exist(snapshot, read).await?, because })
}

/// The words, and what is known of the namespaces in them.
struct Asked {
    words: Wording,
    /// Every namespace; `None` where they cannot be listed.
    all: Option<Vec<String>>,
    /// Words that stand like a place and are like the name of one.
    misspelt: Vec<String>,
}

impl Asked {
    /// A misspelt namespace is an error, unless something is called so.
    fn knows(&self, named: &focus::Named, context: &str) -> Result<(), WorkflowError> {
        let wrong = self.misspelt.iter().find(|name| !named.hits.contains(name));
        wrong.map_or(Ok(()), |name| Err(no_namespace(name, context, self.all.as_deref().unwrap_or_default())))
    }
}

fn with(namespaces: &[Namespace], others: &[String]) -> Vec<Namespace> {
    namespaces.iter().cloned().chain(others.iter().filter_map(|n| Namespace::parse(n).ok())).collect()
}

async fn place(problem: &Problem, asked: &mut Asked, context: &str, read: &dyn ClusterRead) -> Result<Place, WorkflowError> {
    if problem.all_namespaces {
        if problem.namespace.is_some() || !problem.objects.is_empty() {
            return Err(WorkflowError::Invalid("all namespaces cannot be combined with a namespace or with objects".to_owned()));
        }
        asked.words.part_slashes(|_| false);
        return Ok(Place::At(Scope::All, Because::Asked));
    }
    if let Some(named) = &problem.namespace {
        let namespace = exists(named.clone(), context, read).await?;
        asked.words.part_slashes(|name| name == namespace.as_str());
        let objects = problem.objects.iter().map(|o| o.clone().within(Some(&namespace))).collect();
        return Ok(Place::At(Scope::of(vec![namespace], objects), Because::Asked));
    }
    let own = read.own_namespace();
    asked.all = match names(read).await {
        // A name that is not in a list that was cut may be there all the same.
        Ok((all, whole)) => whole.then_some(all),
        Err(ReadError::Forbidden { .. }) => None,
        Err(error) => return Err(error.into()),
    };
    let Named { said, bare, missing, misspelt } = named::named(&mut asked.words, asked.all.as_deref());
    let all = asked.all.as_deref();
    if let Some(name) = missing {
        return Err(no_namespace(&name, context, all.unwrap_or_default()));
    }
    asked.misspelt = misspelt;
    let mut said: Vec<Namespace> = with(&[], &said);
    if all.is_none() {
        // Whether it is there can be known of one, where a list of all is not allowed.
        for namespace in &said {
            exists(namespace.clone(), context, read).await?;
        }
    }
    let ordinary = |name: &String| asked.words.iter().any(|w| w.text == *name && (w.is_common() || w.is_ordinary()));
    let clear: Vec<String> = bare.iter().filter(|name| !ordinary(name)).cloned().collect();
    if !problem.objects.is_empty() {
        said = if said.is_empty() { with(&[], &clear) } else { said };
        return objects::place(&problem.objects, said, read).await.map(|(scope, because)| Place::At(scope, because));
    }
    if !said.is_empty() {
        asked.words.homes = said.iter().map(ToString::to_string).collect();
        asked.words.bare = clear;
        return Ok(Place::Said(said));
    }
    if let (Some(own), Some(all)) = (&own, all)
        && !all.iter().any(|n| n == own.as_str())
    {
        return Err(no_namespace(own.as_str(), context, all));
    }
    asked.words.homes = own.iter().map(ToString::to_string).collect();
    let names = asked.words.name_anything() || !bare.is_empty();
    asked.words.bare = bare;
    Ok(match own {
        _ if names => Place::Search(own),
        Some(own) => Place::At(Scope::of(vec![own], Vec::new()), Because::Context),
        None if asked.all.is_none() => Place::At(Scope::of(vec![read.default_namespace()], Vec::new()), Because::Context),
        None => Place::At(Scope::All, Because::Everywhere),
    })
}

/// The part of what was read that is meant: where the objects are that have a name in the words, or else a part of one; and what the words
/// call a place. Where they name nothing, the context's own namespace, if anything is in it; else everything.
fn meant(seen: &Snapshot, named: &focus::Named, own: Option<Namespace>) -> (Scope, Because) {
    let of = |objects: &[ObjectRef]| -> Vec<Namespace> { objects.iter().filter_map(|o| o.namespace.clone()).collect() };
    let mut at = of(&named.exact);
    // A part of a name leads elsewhere only where nothing has the whole name.
    let about = of(&named.about);
    at.extend(about.into_iter().filter(|n| named.exact.is_empty() || Some(n) == own.as_ref()));
    if !at.is_empty() {
        return (Scope::of(with(&at, &named.places), Vec::new()), Because::Objects);
    }
    if !named.places.is_empty() {
        return (Scope::of(with(&[], &named.places), Vec::new()), Because::Words);
    }
    match own {
        Some(own) if named.about.is_empty() && is_used(seen, &own) => (Scope::of(vec![own], Vec::new()), Because::Context),
        Some(_) | None if seen.scope != Scope::All => (seen.scope.clone(), Because::Context),
        Some(_) | None => (Scope::All, Because::Everywhere),
    }
}

/// What was read, without what is not meant; and what is needed of the rest and could only be read of it alone.
async fn narrowed(mut seen: Collected, scope: Scope, named: &focus::Named, read: &dyn ClusterRead) -> Result<Snapshot, WorkflowError> {
    let words = &mut seen.snapshot.words;
    let places: Vec<String> = std::mem::take(&mut words.bare).into_iter().filter(|name| !named.hits.contains(name)).collect();
    words.take_for_places(&places);
    Ok(collect::narrowed(seen, scope, read).await?.snapshot)
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
        Err(ReadError::NotFound(_)) => Err(no_namespace(namespace.as_str(), context, &names(read).await.unwrap_or_default().0)),
        Err(error) => Err(error.into()),
    }
}

/// The names of the namespaces, and whether these are all.
async fn names(read: &dyn ClusterRead) -> Result<(Vec<String>, bool), ReadError> {
    let listed = read.list(&ListRequest::of(Kind::Namespace, None)).await?;
    Ok((listed.objects.names(), listed.complete))
}

fn no_namespace(name: &str, context: &str, all: &[String]) -> WorkflowError {
    let nearest = crate::domain::nearest::nearest(name, all.iter().map(String::as_str)).into_iter().map(str::to_owned).collect();
    WorkflowError::NoNamespace { name: name.to_owned(), context: context.to_owned(), nearest }
}
