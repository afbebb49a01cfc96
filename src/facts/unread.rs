//! Why nothing of a kind is known to be absent, in words: its list was cut, it could not be read, or nobody looked at it.

use crate::domain::kind::Kind;
use crate::domain::object::ObjectRef;
use crate::domain::snapshot::{Reading, Snapshot};
use crate::facts::Facts;

/// Behind the plural of a kind that was not read whole.
pub(crate) fn how(kind: &Kind, seen: &Snapshot) -> &'static str {
    match seen.reading(kind) {
        Reading::Whole | Reading::Part => "could not be read completely",
        Reading::Failed => "could not be read",
        Reading::Skipped => "were not part of this look",
    }
}

/// Of several: those of which the same is so stand together.
pub(crate) fn all<'k>(kinds: impl IntoIterator<Item = &'k Kind>, seen: &Snapshot) -> Vec<String> {
    let mut said: Vec<(&'static str, Vec<&str>)> = Vec::new();
    for kind in kinds {
        let (how, name) = (how(kind, seen), kind.info().map_or("some objects", |info| info.plural));
        match said.iter_mut().find(|(of, _)| *of == how) {
            Some((_, names)) => names.push(name),
            None => said.push((how, vec![name])),
        }
    }
    said.into_iter().map(|(how, names)| format!("{} {how}", names.join(", "))).collect()
}

/// Of one object that was not found.
pub(crate) fn object(object: &ObjectRef, seen: &Snapshot) -> String {
    let plural = object.kind.plural();
    match seen.reading(&object.kind) {
        Reading::Whole => format!("{object} does not exist"),
        Reading::Part => format!("{object} was not found, and {plural} could not be read completely"),
        Reading::Failed => format!("{object} could not be read"),
        Reading::Skipped => format!("{object} was not part of this look"),
    }
}

/// The same of one that the facts do not have.
pub(crate) fn missing(object: &ObjectRef, facts: &Facts<'_>) -> String {
    self::object(object, facts.snapshot())
}

/// Of a kind that the facts do not have whole.
pub(crate) fn part(kind: &Kind, facts: &Facts<'_>) -> Option<String> {
    (!facts.is_whole(kind)).then(|| all([kind], facts.snapshot()).join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::issue::Scope;
    use crate::domain::snapshot::Cluster;
    use jiff::Timestamp;

    #[test]
    fn what_was_cut_what_could_not_be_read_and_what_nobody_looked_at_are_told_apart() {
        let mut seen = Snapshot::empty(Cluster::default(), Scope::All, Timestamp::UNIX_EPOCH);
        seen.add(&Kind::Pod, vec![], false);
        seen.miss(&Kind::Service);
        seen.add(&Kind::Node, vec![], true);
        // Of one namespace it could be read, of another not.
        seen.add(&Kind::Job, vec![], true);
        seen.miss(&Kind::Job);
        let kinds = [Kind::Pod, Kind::Service, Kind::Event, Kind::Job];
        assert_eq!(
            all(&kinds, &seen),
            ["pods, jobs could not be read completely", "services could not be read", "events were not part of this look"]
        );
        let said = |kind: Kind| object(&ObjectRef::cluster(kind, "a"), &seen);
        assert_eq!(said(Kind::Node), "Node a does not exist");
        assert_eq!(said(Kind::Pod), "Pod a was not found, and pods could not be read completely");
        assert_eq!(said(Kind::Service), "Service a could not be read");
        assert_eq!(said(Kind::Event), "Event a was not part of this look");
        // What is read again and fails was not read in part.
        seen.forget(&Kind::Pod);
        assert_eq!(how(&Kind::Pod, &seen), "were not part of this look");
        seen.miss(&Kind::Pod);
        assert_eq!(how(&Kind::Pod, &seen), "could not be read");
    }
}
