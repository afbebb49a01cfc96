//! Words → where to look: the flag, else the namespace that the words name, else the context's.

use super::{Problem, WorkflowError};
use crate::domain::issue::Scope;
use crate::domain::kind::Kind;
use crate::domain::object::{Namespace, ObjectRef};
use crate::ports::{ClusterRead, ListRequest, ReadError};

/// Resolves the scope and makes sure that the namespace exists, as far as this identity may see that.
pub(super) async fn resolve(problem: &Problem, context: &str, read: &dyn ClusterRead) -> Result<Scope, WorkflowError> {
    if problem.all_namespaces {
        if problem.namespace.is_some() || !problem.objects.is_empty() {
            return Err(WorkflowError::Invalid("all namespaces cannot be combined with a namespace or with objects".to_owned()));
        }
        return Ok(Scope::All);
    }
    let namespace = match &problem.namespace {
        Some(named) => must_exist(named.clone(), context, read).await?,
        None => match &problem.issue {
            Some(words) => from_words(words.as_str(), context, read).await?,
            None => must_exist(read.default_namespace(), context, read).await?,
        },
    };
    let objects = problem.objects.iter().map(|o| o.clone().within(Some(&namespace))).collect();
    Ok(Scope::Namespace { namespace, objects })
}

async fn must_exist(namespace: Namespace, context: &str, read: &dyn ClusterRead) -> Result<Namespace, WorkflowError> {
    match read.get(&ObjectRef::cluster(Kind::Namespace, namespace.as_str())).await {
        // Not being allowed to look at the namespace itself says nothing about what is in it.
        Ok(_) | Err(ReadError::Forbidden { .. }) => Ok(namespace),
        Err(ReadError::NotFound(_)) => Err(no_namespace(namespace.as_str(), context, &names(read).await.unwrap_or_default())),
        Err(error) => Err(error.into()),
    }
}

async fn names(read: &dyn ClusterRead) -> Result<Vec<String>, ReadError> {
    let listed = read.list(&ListRequest { kind: Kind::Namespace, namespace: None, field_selector: None }).await?;
    Ok(listed.objects.names())
}

fn no_namespace(name: &str, context: &str, all: &[String]) -> WorkflowError {
    WorkflowError::NoNamespace { name: name.to_owned(), context: context.to_owned(), nearest: nearest(name, all) }
}

fn nearest(name: &str, all: &[String]) -> Vec<String> {
    crate::domain::nearest::nearest(name, all.iter().map(String::as_str)).into_iter().map(str::to_owned).collect()
}

/// How clearly a word is meant as a namespace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Clarity {
    /// It merely stands somewhere.
    Mentioned,
    /// After `in`, `of`, `from`, `on`.
    Placed,
    /// Beside the word `namespace`.
    Named,
}

/// Words that stand beside `namespace` without naming one.
const NOT_NAMES: &[&str] = &[
    "the",
    "a",
    "an",
    "this",
    "that",
    "my",
    "our",
    "your",
    "same",
    "whole",
    "entire",
    "is",
    "in",
    "of",
    "and",
    "has",
    "with",
    "kubernetes",
    "cluster",
    "default-looking",
    "every",
    "each",
    "any",
    "all",
    "new",
    "other",
    "another",
    "some",
    "was",
    "are",
    "for",
    "to",
    "on",
    "from",
    "where",
    "which",
];

/// Every word that could be a namespace, with how clearly it is meant as one.
fn candidates(words: &str) -> Vec<(Clarity, String)> {
    let lower = words.to_lowercase();
    let tokens: Vec<&str> =
        lower.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-')).map(|t| t.trim_matches('-')).filter(|t| !t.is_empty()).collect();
    let is_word = |t: Option<&&str>| t.is_some_and(|t| *t == "namespace" || *t == "ns");
    let mut out = Vec::new();
    for (i, token) in tokens.iter().enumerate() {
        if NOT_NAMES.contains(token) || Namespace::parse(token).is_err() || *token == "namespace" || *token == "namespaces" {
            continue;
        }
        let before = i.checked_sub(1).and_then(|j| tokens.get(j));
        let after = tokens.get(i.saturating_add(1));
        let clarity = if is_word(after) || is_word(before) {
            Clarity::Named
        } else if before.is_some_and(|b| ["in", "of", "from", "on", "inside", "within"].contains(b)) {
            Clarity::Placed
        } else {
            Clarity::Mentioned
        };
        out.push((clarity, (*token).to_owned()));
    }
    out
}

async fn from_words(words: &str, context: &str, read: &dyn ClusterRead) -> Result<Namespace, WorkflowError> {
    let mut found = candidates(words);
    found.sort_by_key(|(clarity, _)| std::cmp::Reverse(*clarity));
    if found.is_empty() {
        return must_exist(read.default_namespace(), context, read).await;
    }
    let all = match names(read).await {
        Ok(all) => all,
        // Namespaces cannot be listed: what is clearly named is taken at its word.
        Err(ReadError::Forbidden { .. }) => {
            let named = found.iter().find(|(c, _)| *c == Clarity::Named).and_then(|(_, n)| Namespace::parse(n).ok());
            return Ok(named.unwrap_or_else(|| read.default_namespace()));
        }
        Err(error) => return Err(error.into()),
    };
    match choose(&found, &all) {
        Choice::Is(name) => Namespace::parse(&name).map_err(|e| WorkflowError::Invalid(e.to_string())),
        Choice::Missing(name) => Err(no_namespace(&name, context, &all)),
        Choice::NotSaid => {
            let default = read.default_namespace();
            if all.iter().any(|n| n == default.as_str()) { Ok(default) } else { Err(no_namespace(default.as_str(), context, &all)) }
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Choice {
    Is(String),
    Missing(String),
    NotSaid,
}

fn choose(found: &[(Clarity, String)], all: &[String]) -> Choice {
    for level in [Clarity::Named, Clarity::Placed, Clarity::Mentioned] {
        let mut existing: Vec<&String> = found.iter().filter(|(c, n)| *c == level && all.contains(n)).map(|(_, n)| n).collect();
        existing.sort();
        existing.dedup();
        // `default` is an ordinary word; only beside `namespace` or after `in` it is a name.
        existing.retain(|n| level > Clarity::Mentioned || n.as_str() != "default");
        if let [only] = existing.as_slice() {
            return Choice::Is((*only).clone());
        }
        if level == Clarity::Named && existing.is_empty() {
            // `the paymnts namespace`: the word that is most like an existing name, else the first.
            let mut named: Vec<&String> = found.iter().filter(|(c, _)| *c == level).map(|(_, n)| n).collect();
            // With `in checkout namespace foo` both neighbours count; the one with a near name is meant.
            named.sort_by_key(|n| nearest(n, all).is_empty());
            if let Some(name) = named.first() {
                return Choice::Missing((*name).clone());
            }
        }
    }
    Choice::NotSaid
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(words: &str, all: &[&str]) -> Choice {
        let mut found = candidates(words);
        found.sort_by_key(|(c, _)| std::cmp::Reverse(*c));
        choose(&found, &all.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn namespace_beside_the_word_is_taken() {
        let all = ["a-team", "default", "database"];
        assert_eq!(chosen("Something is wrong with my database in the a-team namespace", &all), Choice::Is("a-team".into()));
        assert_eq!(chosen("pods crash in namespace default", &all), Choice::Is("default".into()));
    }

    #[test]
    fn namespace_after_in_is_taken_and_ordinary_words_are_not() {
        let all = ["media", "default", "shop"];
        assert_eq!(chosen("The library in media has not started", &all), Choice::Is("media".into()));
        assert_eq!(chosen("the default storage is gone", &all), Choice::NotSaid);
    }

    #[test]
    fn misspelt_namespace_is_missing_and_not_replaced() {
        assert_eq!(chosen("db down in the paymnts namespace", &["payments"]), Choice::Missing("paymnts".into()));
        assert_eq!(nearest("paymnts", &["payments".into(), "zebra".into()]), vec!["payments".to_owned()]);
    }

    #[test]
    fn unnamed_namespace_is_the_contexts() {
        assert_eq!(chosen("nothing works in the namespace", &["a", "b"]), Choice::NotSaid);
        assert_eq!(chosen("my pods crash", &["shop"]), Choice::NotSaid);
    }
}
