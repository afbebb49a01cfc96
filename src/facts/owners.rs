//! Who owns whom.

use crate::domain::finding::{CausalLink, Relation};
use crate::domain::object::ObjectRef;
use std::collections::HashMap;

/// No chain of Kubernetes' own is longer than three.
const LONGEST: usize = 10;

/// Every object's controller.
#[derive(Debug, Default)]
pub(crate) struct Owners(HashMap<ObjectRef, ObjectRef>);

impl Owners {
    pub(super) fn add(&mut self, object: ObjectRef, owner: ObjectRef) {
        self.0.insert(object, owner);
    }

    /// The owners of an object, nearest first, as far as they were read; the last may be one that was not read.
    /// Each is named once: objects that own one another have no first one.
    pub(crate) fn chain<'o>(&'o self, object: &'o ObjectRef) -> impl Iterator<Item = &'o ObjectRef> {
        let mut seen = vec![object];
        let first = move |owner: &&'o ObjectRef| {
            let owner = *owner;
            let is_new = !seen.contains(&owner);
            seen.push(owner);
            is_new
        };
        std::iter::successors(self.0.get(object), |o| self.0.get(*o)).take_while(first).take(LONGEST)
    }

    /// What each owns, in the order of their kinds and names.
    pub(crate) fn owned(&self) -> HashMap<&ObjectRef, Vec<&ObjectRef>> {
        let mut all: HashMap<&ObjectRef, Vec<&ObjectRef>> = HashMap::new();
        self.0.iter().for_each(|(object, owner)| all.entry(owner).or_default().push(object));
        all.values_mut().for_each(|owned| owned.sort_unstable());
        all
    }

    /// `owns` links from the topmost owner down to the object.
    pub(crate) fn links(&self, object: &ObjectRef) -> Vec<CausalLink> {
        let line: Vec<&ObjectRef> = std::iter::once(object).chain(self.chain(object)).collect();
        let pairs = line.iter().zip(line.iter().skip(1));
        pairs.rev().map(|(child, owner)| CausalLink { from: (*owner).clone(), relation: Relation::Owns, to: (*child).clone() }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::kind::Kind;
    use crate::domain::object::Namespace;

    /// Whoever may write them can make objects own one another.
    #[test]
    fn owners_in_a_circle_end() {
        let namespace = Namespace::parse("shop").unwrap();
        let set = |name: &str| ObjectRef::namespaced(Kind::ReplicaSet, &namespace, name);
        let mut owners = Owners::default();
        for (object, owner) in [("a", "b"), ("b", "a"), ("alone", "alone")] {
            owners.add(set(object), set(owner));
        }
        for (of, links) in [("a", 1), ("b", 1), ("alone", 0)] {
            assert_eq!(owners.links(&set(of)).len(), links, "each owner once, and nothing as its own: {of}");
        }
        assert_eq!(owners.chain(&set("a")).collect::<Vec<_>>(), [&set("b")]);
    }
}
