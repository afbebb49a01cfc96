//! Whether something is there. Nobody can take a list that was not read whole for absence: the answer has three cases.

/// An answer to "is there one?".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Presence<T> {
    /// This one, or the first of several.
    There(T),
    /// None: the list was read whole.
    Absent,
    /// None was seen, in a list that was not read, or not whole.
    Unread,
}

impl<T> Presence<T> {
    /// What is there, where that is all that matters: neither of the other two cases is told from the other.
    pub(crate) fn there(self) -> Option<T> {
        match self {
            Presence::There(one) => Some(one),
            Presence::Absent | Presence::Unread => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::issue::Scope;
    use crate::domain::kind::Kind;
    use crate::domain::object::Namespace;
    use crate::domain::object::ObjectRef;
    use crate::domain::snapshot::{Cluster, Snapshot};
    use crate::facts::{Facts, selected};
    use jiff::Timestamp;
    use k8s_openapi::api::core::v1::PersistentVolume;
    use serde_json::json;

    #[test]
    fn absence_is_only_known_of_a_whole_list() {
        let scope = Scope::Namespace { namespace: Namespace::parse("shop").unwrap(), objects: vec![] };
        let empty = || Snapshot::empty(Cluster::default(), scope.clone(), Timestamp::UNIX_EPOCH);
        let volume = ObjectRef::cluster(Kind::PersistentVolume, "v");
        let ask = |snapshot: &Snapshot| {
            let facts = Facts::of(snapshot);
            let name = |of: Presence<&PersistentVolume>| match of {
                Presence::There(volume) => volume.metadata.name.clone().unwrap(),
                Presence::Absent => "absent".to_owned(),
                Presence::Unread => "unread".to_owned(),
            };
            (name(facts.look_up(&volume)), name(selected::volume_of(&facts, "")))
        };
        let both = |word: &str| (word.to_owned(), word.to_owned());
        let read = |parts: &[bool]| {
            let mut snapshot = empty();
            for whole in parts {
                snapshot.add(&Kind::PersistentVolume, vec![], *whole);
            }
            snapshot
        };
        assert_eq!(ask(&read(&[])), both("unread"));
        assert_eq!(ask(&read(&[false])), both("unread"));
        assert_eq!(ask(&read(&[true])), both("absent"));
        assert_eq!(ask(&read(&[true, true])), both("absent"));
        // A list is read in parts where several namespaces are: a part that is missing stays missing, whatever else is whole.
        assert_eq!(ask(&read(&[false, true])), both("unread"));
        assert_eq!(ask(&read(&[true, false])), both("unread"));
        let mut snapshot = read(&[false]);
        snapshot.add(&Kind::PersistentVolume, vec![json!({"metadata": {"name": "v"}})], false);
        assert_eq!(ask(&snapshot), both("v"));
    }
}
