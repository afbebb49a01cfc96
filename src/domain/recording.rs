//! What was read of a cluster at one time, kept so that it can be looked at without the cluster: every answer, and what did not answer.

use super::cluster::Cluster;
use super::evidence::GapWhy;
use super::kind::Kind;
use super::namespace::Namespace;
use jiff::Timestamp;
use serde_json::Value;

/// See the module. Its objects are masked: it is made to be given to others.
#[derive(Debug, Clone, PartialEq)]
pub struct Recording {
    /// When reading ended, by the API server's clock.
    pub taken_at: Timestamp,
    /// Which cluster it was.
    pub cluster: Cluster,
    /// The context's namespace.
    pub namespace: Namespace,
    /// Somebody chose it.
    pub chosen: bool,
    /// Every answer.
    pub lists: Vec<RecordedList>,
}

/// An answer to one list, or to a look for one object.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordedList {
    /// Of what.
    pub kind: Kind,
    /// Where; none for all namespaces, and for kinds without.
    pub namespace: Option<Namespace>,
    /// A field selector, such as `metadata.name=web`.
    pub selector: Option<String>,
    /// What came.
    pub answer: Recorded,
}

/// What came.
#[derive(Debug, Clone, PartialEq)]
pub enum Recorded {
    /// Objects.
    Objects {
        /// Each whole, as far as this program knows its kind.
        items: Vec<Value>,
        /// There are no others.
        complete: bool,
    },
    /// Nothing, and why.
    Nothing(GapWhy),
}

/// The selector of one name.
pub fn selector_of(name: &str) -> String {
    format!("{NAME}{name}")
}

/// The name that a selector is of, if it is of one.
pub fn name_of(selector: &str) -> Option<&str> {
    selector.strip_prefix(NAME)
}

const NAME: &str = "metadata.name=";
