//! Who owns whom.

use crate::domain::finding::CausalLink;
use crate::domain::object::ObjectRef;
use std::collections::HashMap;

/// No chain of Kubernetes' own is longer than three; ten is a bound for a circle.
const LONGEST: usize = 10;

/// Every object's controller.
#[derive(Debug, Default)]
pub(crate) struct Owners(HashMap<ObjectRef, ObjectRef>);

impl Owners {
    pub(super) fn add(&mut self, object: ObjectRef, owner: ObjectRef) {
        self.0.insert(object, owner);
    }

    /// The owners of an object, nearest first, as far as they were read; the last may be one that was not read.
    pub(crate) fn chain(&self, object: &ObjectRef) -> impl Iterator<Item = &ObjectRef> {
        std::iter::successors(self.0.get(object), |o| self.0.get(*o)).take(LONGEST)
    }

    /// `owns` links from the topmost owner down to the object.
    pub(crate) fn links(&self, object: &ObjectRef) -> Vec<CausalLink> {
        let line: Vec<&ObjectRef> = std::iter::once(object).chain(self.chain(object)).collect();
        let pairs = line.iter().zip(line.iter().skip(1));
        pairs.rev().map(|(child, owner)| CausalLink { from: (*owner).clone(), relation: "owns", to: (*child).clone() }).collect()
    }
}
