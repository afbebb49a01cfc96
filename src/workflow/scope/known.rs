//! Which namespaces there are: all of them, where they may be listed and the list is whole; else each that the words state is asked for by
//! its name. What may not even be asked for is taken at its word, or is a doubt: never absent.

use crate::domain::kind::Kind;
use crate::domain::nearest::nearest;
use crate::domain::object::{Namespace, ObjectRef};
use crate::ports::{ClusterRead, ListRequest, ReadError};
use futures::future::join_all;
use std::collections::BTreeMap;

/// Names that are asked for one by one: those that are stated, and those that merely stand somewhere.
const STATED: usize = 16;
const MENTIONED: usize = 8;

/// Names that may be those of namespaces.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Candidates {
    pub(super) stated: Vec<String>,
    pub(super) mentioned: Vec<String>,
}

/// What is known of a namespace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Presence {
    Here,
    Absent,
    Unknown,
    /// Nobody asks: another one was given as an argument.
    Passed,
}

/// What is known of every namespace.
#[derive(Debug)]
pub(super) struct Known {
    /// These exist.
    names: Vec<String>,
    /// These were asked for.
    asked: BTreeMap<String, Presence>,
    /// All others.
    rest: Presence,
    /// What the context is called, part by part: `in prod` may speak of the cluster.
    context: Vec<String>,
}

impl Known {
    /// Nothing is known.
    fn nothing(context: &str) -> Self {
        let context = context.to_lowercase().split(['-', '_', '.', '/', '@', ':']).map(str::to_owned).collect();
        Self { names: Vec::new(), asked: BTreeMap::new(), rest: Presence::Unknown, context }
    }

    /// One was given as an argument.
    pub(super) fn given(namespace: &Namespace, context: &str) -> Self {
        Self { names: vec![namespace.to_string()], rest: Presence::Passed, ..Self::nothing(context) }
    }

    /// As far as this identity may know.
    pub(super) async fn read(candidates: Candidates, context: &str, read: &dyn ClusterRead) -> Result<Self, ReadError> {
        let mut known = Self::nothing(context);
        match read.list(&ListRequest::of(Kind::Namespace, None)).await {
            Ok(listed) => {
                known.names = listed.objects.names();
                // A name that is not in a list that was cut may be there all the same.
                known.rest = if listed.complete { Presence::Absent } else { Presence::Unknown };
            }
            Err(ReadError::Forbidden { .. }) => {}
            Err(error) => return Err(error),
        }
        if known.rest == Presence::Unknown {
            known.ask(candidates, read).await?;
        }
        Ok(known)
    }

    async fn ask(&mut self, candidates: Candidates, read: &dyn ClusterRead) -> Result<(), ReadError> {
        let Candidates { stated, mentioned } = candidates;
        let names: Vec<String> = stated.into_iter().take(STATED).chain(mentioned.into_iter().take(MENTIONED)).collect();
        let names: Vec<String> = names.into_iter().filter(|name| !self.names.contains(name)).collect();
        let answers = join_all(names.iter().map(|name| async { read.get(&ObjectRef::cluster(Kind::Namespace, name)).await })).await;
        for (name, answer) in names.into_iter().zip(answers) {
            let presence = match answer {
                Ok(_) => {
                    self.names.push(name.clone());
                    Presence::Here
                }
                Err(ReadError::NotFound(_)) => Presence::Absent,
                // Not being allowed to look at the namespace itself says nothing about what is in it.
                Err(ReadError::Forbidden { .. }) => Presence::Unknown,
                Err(error) => return Err(error),
            };
            self.asked.insert(name, presence);
        }
        Ok(())
    }

    pub(super) fn presence(&self, name: &str) -> Presence {
        if self.names.iter().any(|n| n == name) {
            return Presence::Here;
        }
        self.asked.get(name).copied().unwrap_or(self.rest)
    }

    pub(super) fn is_here(&self, name: &str) -> bool {
        self.presence(name) == Presence::Here
    }

    /// Whether these are all.
    pub(super) fn is_whole(&self) -> bool {
        self.rest == Presence::Absent
    }

    /// The names that are known to exist.
    pub(super) fn names(&self) -> &[String] {
        &self.names
    }

    pub(super) fn nearest(&self, name: &str) -> Vec<String> {
        nearest(name, self.names.iter().map(String::as_str)).into_iter().map(str::to_owned).collect()
    }

    /// Whether a name is one that exists but for a slip.
    pub(super) fn is_near(&self, name: &str) -> bool {
        self.rest != Presence::Passed && name.len() > 3 && !self.nearest(name).is_empty()
    }

    /// Whether the word is a part of the name of the context.
    pub(super) fn is_of_the_context(&self, word: &str) -> bool {
        self.context.iter().any(|part| part == word)
    }

    #[cfg(test)]
    pub(super) fn listed(names: &[&str]) -> Self {
        let names = names.iter().map(|name| (*name).to_owned()).collect();
        Self { names, rest: Presence::Absent, ..Self::nothing("staging-1") }
    }

    #[cfg(test)]
    pub(super) fn unlisted(asked: &[(&str, Presence)]) -> Self {
        let asked: BTreeMap<String, Presence> = asked.iter().map(|(name, presence)| ((*name).to_owned(), *presence)).collect();
        let names = asked.iter().filter(|(_, presence)| **presence == Presence::Here).map(|(name, _)| name.clone()).collect();
        Self { names, asked, ..Self::nothing("staging-1") }
    }
}
