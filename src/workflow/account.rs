//! What the objects of a look take of its room: an upper bound at any time, whatever was read, forgotten, narrowed or told since.

use crate::domain::kind::Kind;
use crate::domain::objects::Objects;
use crate::domain::room::Room;
use crate::domain::snapshot::Snapshot;
use std::collections::BTreeMap;

/// See the file's head.
#[derive(Debug, Clone, Default)]
pub(super) struct Account {
    taken: BTreeMap<Kind, Taken>,
}

/// What came of one kind.
#[derive(Debug, Clone, Copy)]
struct Taken {
    room: Room,
    /// Bytes of the largest of them.
    largest: usize,
}

impl Account {
    /// What further lists may bring.
    pub(super) fn left(&self) -> Room {
        self.taken.values().fold(Room::OF_A_LOOK, |left, taken| left.without(taken.room.items, taken.room.bytes))
    }

    /// So much came of their kind besides. What did not fit, and was let go again, has come too.
    pub(super) fn came(&mut self, objects: &Objects, bytes: usize) {
        let taken = self.taken.entry(objects.kind().clone()).or_insert(Taken { room: Room::NONE, largest: 0 });
        taken.room = taken.room.with(objects.received(), bytes);
        taken.largest = taken.largest.max(objects.largest());
    }

    /// Nothing of this kind is held any more.
    pub(super) fn forget(&mut self, kind: &Kind) {
        self.taken.remove(kind);
    }

    /// Less is held: what is left of each kind takes at most what so many of its largest would.
    pub(super) fn narrow(&mut self, to: &Snapshot) {
        for (kind, taken) in &mut self.taken {
            let items = to.held(kind);
            taken.room = taken.room.min(Room { items, bytes: items.saturating_mul(taken.largest) });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::issue::Scope;
    use jiff::Timestamp;

    fn pods(sizes: &[usize]) -> Objects {
        let mut pods = Objects::of(&Kind::Pod);
        for (number, size) in sizes.iter().enumerate() {
            pods.push(&format!(
                r#"{{"metadata": {{"name": "p{number}", "namespace": "n{number}"}}, "spec": {{"hostname": "{}"}}}}"#,
                "x".repeat(*size)
            ));
        }
        pods
    }

    #[test]
    fn what_is_left_follows_what_came_and_what_was_let_go() {
        let whole = Room::OF_A_LOOK;
        let mut account = Account::default();
        account.came(&pods(&[10, 10]), 5_000);
        account.came(&pods(&[10]), 1_000);
        assert_eq!(account.left(), whole.without(3, 6_000));
        account.forget(&Kind::Pod);
        assert_eq!(account.left(), whole);
    }

    #[test]
    fn part_that_is_kept_counts_as_if_its_largest_were_all_of_it() {
        let objects = pods(&[10, 900]);
        let (largest, mut account) = (objects.largest(), Account::default());
        account.came(&objects, 50_000);
        let mut snapshot = Snapshot::empty(crate::planner::example::cluster("test"), Scope::All, Timestamp::UNIX_EPOCH);
        snapshot.take(objects, true);
        snapshot.narrow(Scope::of(vec![crate::domain::object::Namespace::parse("n0").unwrap()], Vec::new()));
        account.narrow(&snapshot);
        assert_eq!(account.left(), Room::OF_A_LOOK.without(1, largest));
    }
}
