//! Words → where to look: the argument; else every namespace that the words say; else where the objects are that they name, at home before
//! elsewhere; else a namespace that a word is the name of; else the context's own namespace; else everywhere.

mod known;
mod named;
mod objects;

use super::collect::{self, Collected};
use super::{Problem, WorkflowError};
use crate::domain::focus::Because;
use crate::domain::issue::Scope;
use crate::domain::kind::Kind;
use crate::domain::object::{Namespace, ObjectRef};
use crate::domain::snapshot::Snapshot;
use crate::domain::words::{Site, Wording};
use crate::facts::focus;
use crate::ports::{Clock, ClusterRead, Phase, Progress, ReadError};
use known::{Candidates, Known};
use named::Named;
use std::collections::BTreeSet;

/// A snapshot of where to look, and why it was looked there.
pub(super) struct Located {
    pub(super) snapshot: Snapshot,
    pub(super) because: Because,
}

/// Where to look, as far as that is known before anything is read.
enum Whereto {
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
        known: None,
        misspelt: Vec::new(),
    };
    let place = place(problem, &mut asked, context, read).await?;
    let look = async |scope: &Scope| {
        progress.tell(Phase::Collecting, &format!("reading {}", scope.in_words()));
        collect::about(asked.words.clone(), scope, read, clock).await
    };
    let located = match place {
        Whereto::At(scope, because) => Located { snapshot: look(&scope).await?.snapshot, because },
        Whereto::Said(said) => {
            let seen = look(&Scope::of(with(&said, &asked.words.bare), Vec::new())).await?;
            let named = focus::find(&seen.snapshot);
            asked.knows(&named, context)?;
            let scope = Scope::of(with(&said, &named.places), Vec::new());
            Located { snapshot: narrowed(seen, scope, &named, read).await?, because: Because::Words }
        }
        Whereto::Search(own) => {
            let mut seen = look(&Scope::All).await?;
            // Where this identity may not look everywhere, it looks where the context is.
            if !seen.snapshot.is_complete(&Kind::Pod) && seen.snapshot.pods.iter().next().is_none() {
                let home = own.clone().unwrap_or_else(|| read.default_namespace());
                // What other kinds brought has no room beside it.
                drop(seen);
                seen = look(&Scope::of(with(&[home], &asked.words.bare), Vec::new())).await?;
            }
            asked.mentions(&mut seen.snapshot);
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
    /// The namespaces, as far as it was looked for them.
    known: Option<Known>,
    /// Words that stand like a place and are like the name of one.
    misspelt: Vec<String>,
}

impl Asked {
    /// A misspelt namespace is an error, unless something is called so.
    fn knows(&self, named: &focus::Named, context: &str) -> Result<(), WorkflowError> {
        let wrong = self.misspelt.iter().find(|name| !named.hits.contains(name));
        wrong.map_or(Ok(()), |name| Err(no_namespace(name, context, self.known.as_ref().map(Known::names).unwrap_or_default())))
    }

    /// Where nobody may list the namespaces, those that hold what was read are known by it.
    fn mentions(&self, seen: &mut Snapshot) {
        if self.known.as_ref().is_none_or(Known::is_whole) {
            return;
        }
        let used = used(seen);
        let words: BTreeSet<String> = seen.words.iter().filter(|w| w.place == Site::Open).map(|w| w.text.clone()).collect();
        let mentioned = words.into_iter().filter(|word| used.contains(word.as_str()) && word != "default");
        let mentioned: Vec<String> = mentioned.filter(|word| !seen.words.bare.contains(word) && !seen.words.homes.contains(word)).collect();
        seen.words.bare.extend(mentioned);
    }
}

fn with(namespaces: &[Namespace], others: &[String]) -> Vec<Namespace> {
    namespaces.iter().cloned().chain(others.iter().filter_map(|n| Namespace::parse(n).ok())).collect()
}

async fn place(problem: &Problem, asked: &mut Asked, context: &str, read: &dyn ClusterRead) -> Result<Whereto, WorkflowError> {
    problem.bounded().map_err(|error| WorkflowError::Invalid(error.to_string()))?;
    if problem.all_namespaces && (problem.namespace.is_some() || !problem.objects.is_empty()) {
        return Err(WorkflowError::Invalid("all namespaces cannot be combined with a namespace or with objects".to_owned()));
    }
    if let Some(given) = &problem.namespace {
        let namespace = exists(given.clone(), context, read).await?;
        named::named(&mut asked.words, &Known::given(&namespace, context));
        let objects = problem.objects.iter().map(|o| o.clone().within(Some(&namespace))).collect();
        return Ok(Whereto::At(Scope::of(vec![namespace], objects), Because::Asked));
    }
    if problem.all_namespaces && asked.words.is_empty() {
        return Ok(Whereto::At(Scope::All, Because::Asked));
    }
    let own = read.own_namespace();
    let known = asked.known.insert(Known::read(named::candidates(&asked.words), context, read).await?);
    let Named { said, bare, missing, misspelt } = named::named(&mut asked.words, known);
    if let Some(name) = missing {
        return Err(no_namespace(&name, context, known.names()));
    }
    asked.misspelt = misspelt;
    let mut said: Vec<Namespace> = with(&[], &said);
    let ordinary = |name: &String| asked.words.iter().any(|w| w.text == *name && (w.is_common() || w.is_ordinary()));
    let clear: Vec<String> = bare.iter().filter(|name| !ordinary(name)).cloned().collect();
    if problem.all_namespaces {
        asked.words.homes = said.iter().map(ToString::to_string).collect();
        return Ok(Whereto::At(Scope::All, Because::Asked));
    }
    if !problem.objects.is_empty() {
        said = if said.is_empty() { with(&[], &clear) } else { said };
        return objects::place(&problem.objects, said, read).await.map(|(scope, because)| Whereto::At(scope, because));
    }
    if !said.is_empty() {
        asked.words.homes = said.iter().map(ToString::to_string).collect();
        asked.words.bare = clear;
        return Ok(Whereto::Said(said));
    }
    if let Some(own) = own.as_ref().filter(|own| known.is_whole() && !known.is_here(own.as_str())) {
        return Err(no_namespace(own.as_str(), context, known.names()));
    }
    asked.words.homes = own.iter().map(ToString::to_string).collect();
    let names = asked.words.name_anything() || !bare.is_empty();
    asked.words.bare = bare;
    Ok(match own {
        _ if names => Whereto::Search(own),
        Some(own) => Whereto::At(Scope::of(vec![own], Vec::new()), Because::Context),
        None if !known.is_whole() => Whereto::At(Scope::of(vec![read.default_namespace()], Vec::new()), Because::Context),
        None => Whereto::At(Scope::All, Because::Everywhere),
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
        Some(own) if named.about.is_empty() && used(seen).contains(own.as_str()) => (Scope::of(vec![own], Vec::new()), Because::Context),
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

/// The namespaces in which anything runs, or should run.
fn used(snapshot: &Snapshot) -> BTreeSet<String> {
    let pods = snapshot.pods.iter().filter_map(|p| p.metadata.namespace.clone());
    let workloads = snapshot.workloads().into_iter().filter_map(|w| w.meta.namespace.clone());
    let jobs = snapshot.jobs.iter().filter_map(|j| j.metadata.namespace.clone());
    pods.chain(workloads).chain(jobs).chain(snapshot.cron_jobs.iter().filter_map(|c| c.metadata.namespace.clone())).collect()
}

async fn exists(namespace: Namespace, context: &str, read: &dyn ClusterRead) -> Result<Namespace, WorkflowError> {
    match read.get(&ObjectRef::cluster(Kind::Namespace, namespace.as_str())).await {
        // Not being allowed to look at the namespace itself says nothing about what is in it.
        Ok(_) | Err(ReadError::Forbidden { .. }) => Ok(namespace),
        Err(ReadError::NotFound(_)) => {
            let names = Known::read(Candidates::default(), context, read).await.map(|known| known.names().to_vec());
            Err(no_namespace(namespace.as_str(), context, &names.unwrap_or_default()))
        }
        Err(error) => Err(error.into()),
    }
}

fn no_namespace(name: &str, context: &str, all: &[String]) -> WorkflowError {
    let nearest = crate::domain::nearest::nearest(name, all.iter().map(String::as_str)).into_iter().map(str::to_owned).collect();
    WorkflowError::NoNamespace { name: name.to_owned(), context: context.to_owned(), nearest }
}
