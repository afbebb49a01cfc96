//! How much may be read: one budget of items and bytes for all lists of one look. Each list has its share, and those that were cut are
//! read on in what the others left of theirs. Both follow from what is there alone, so that the same cluster is always cut at the same
//! place.

use super::kind::Kind;

/// Items and bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// Objects.
    pub items: usize,
    /// Bytes of JSON, as they come.
    pub bytes: usize,
}

impl Room {
    /// One list by itself: ten of kubectl's pages, more than any namespace that one person looks after.
    pub const OF_A_LIST: Self = Self { items: 5_000, bytes: 64 * 1024 * 1024 };
    /// All lists of one look together. What is kept of objects takes two to three times their bytes in memory.
    pub const OF_A_LOOK: Self = Self { items: 20_000, bytes: 128 * 1024 * 1024 };
    /// Nothing.
    pub const NONE: Self = Self { items: 0, bytes: 0 };
    /// Of that, what is kept for lists of which only those before them say that they are needed: classes, nodes, and what is rarely read.
    pub const KEPT: Self = Self { items: 4_000, bytes: 24 * 1024 * 1024 };

    /// What each of these lists may bring, so that all of them together fit.
    #[must_use]
    pub fn shared_by<'k>(self, kinds: impl Iterator<Item = &'k Kind> + Clone) -> Vec<Self> {
        let all = kinds.clone().map(weight).sum::<usize>().max(1);
        let part = |whole: usize, most: usize, kind: &Kind| (whole / all).saturating_mul(weight(kind)).min(most);
        let share =
            |kind| Self { items: part(self.items, Self::OF_A_LIST.items, kind), bytes: part(self.bytes, Self::OF_A_LIST.bytes, kind) };
        kinds.map(share).collect()
    }

    /// Whether nothing can be brought in it.
    #[must_use]
    pub fn is_none(self) -> bool {
        self.items == 0 || self.bytes == 0
    }

    /// The smaller of two, each way.
    #[must_use]
    pub fn min(self, other: Self) -> Self {
        Self { items: self.items.min(other.items), bytes: self.bytes.min(other.bytes) }
    }

    /// Both together.
    #[must_use]
    pub fn with(self, items: usize, bytes: usize) -> Self {
        Self { items: self.items.saturating_add(items), bytes: self.bytes.saturating_add(bytes) }
    }

    /// What is left when this much was brought.
    #[must_use]
    pub fn without(self, items: usize, bytes: usize) -> Self {
        Self { items: self.items.saturating_sub(items), bytes: self.bytes.saturating_sub(bytes) }
    }
}

/// There are more Pods and Events than anything else, and Pods are the largest.
fn weight(kind: &Kind) -> usize {
    match kind {
        Kind::Pod => 6,
        Kind::Event => 4,
        Kind::ReplicaSet => 2,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn shares_together_are_never_more_than_the_whole(items in 0_usize..100_000, bytes in 0_usize..1 << 30, kinds in proptest::collection::vec(0_usize..5, 0..40)) {
            let some = [Kind::Pod, Kind::Event, Kind::ReplicaSet, Kind::Service, Kind::Node];
            let kinds: Vec<Kind> = kinds.into_iter().map(|index| some[index].clone()).collect();
            let shares = Room { items, bytes }.shared_by(kinds.iter());
            prop_assert_eq!(shares.len(), kinds.len());
            prop_assert!(shares.iter().map(|s| s.items).sum::<usize>() <= items);
            prop_assert!(shares.iter().map(|s| s.bytes).sum::<usize>() <= bytes);
            prop_assert!(shares.iter().all(|s| s.items <= Room::OF_A_LIST.items && s.bytes <= Room::OF_A_LIST.bytes));
        }
    }
}
