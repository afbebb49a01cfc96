//! For each row of the table: nothing is called healthy that rests on a kind which nobody read.

use super::*;
use crate::analyze::testing::{cluster, deployment};
use crate::analyze::{analyze, first_kinds, further_kinds};
use crate::domain::diagnosis::Diagnosis;
use crate::domain::issue::Scope;
use crate::domain::object::{Namespace, ObjectRef};
use crate::domain::snapshot::Cluster;
use crate::domain::words::Wording;
use jiff::Timestamp;
use std::collections::BTreeSet;

fn shop(objects: Vec<ObjectRef>) -> Scope {
    Scope::Namespace { namespace: Namespace::parse("shop").unwrap(), objects }
}

/// What a look at an empty place reads for these words and objects, without what fails.
fn looked(words: &str, objects: Vec<ObjectRef>, fails: Option<&Kind>) -> Snapshot {
    let mut snapshot = Snapshot::empty(Cluster::default(), shop(objects), Timestamp::UNIX_EPOCH);
    snapshot.words = Wording::of(words);
    let read = |kinds: Vec<Kind>, snapshot: &mut Snapshot| {
        for kind in kinds {
            match fails {
                Some(failed) if *failed == kind => snapshot.miss(&kind),
                _ => snapshot.add(&kind, vec![], true),
            }
        }
    };
    read(first_kinds(), &mut snapshot);
    let further = further_kinds(&snapshot);
    read(further, &mut snapshot);
    snapshot
}

fn doubts(snapshot: &Snapshot) -> String {
    let Diagnosis { doubts, .. } = analyze(&Facts::of(snapshot)).unwrap();
    doubts.iter().map(|doubt| format!("{}\n", doubt.in_words())).collect()
}

fn plural(row: &'static JudgedKind) -> &'static str {
    row.kind.info().unwrap().plural
}

#[test]
fn every_judged_kind_has_one_row_and_every_row_something_to_say() {
    let kinds: BTreeSet<&Kind> = JUDGED.iter().map(|row| &row.kind).collect();
    assert_eq!(kinds.len(), JUDGED.len());
    for row in JUDGED {
        // What says nothing of itself must be needed by others.
        assert!(row.judge.is_some() || row.rests != Rests::Asked, "{}", row.kind);
    }
}

#[test]
fn before_everything_is_called_healthy_each_kind_that_it_rests_on_was_read_or_is_named() {
    for row in JUDGED.iter().filter(|row| matches!(row.rests, Rests::Always | Rests::Generally)) {
        assert!(!doubts(&looked("", vec![], None)).contains(plural(row)), "{}", row.kind);
        let said = doubts(&looked("", vec![], Some(&row.kind)));
        assert!(said.contains(&format!("{} could not be read", plural(row))), "{}: {said}", row.kind);
    }
}

#[test]
fn kind_that_nobody_tried_to_read_is_named_as_no_part_of_the_look() {
    for row in JUDGED.iter().filter(|row| matches!(row.rests, Rests::Always | Rests::Generally)) {
        let mut snapshot = Snapshot::empty(Cluster::default(), shop(vec![]), Timestamp::UNIX_EPOCH);
        JUDGED.iter().filter(|other| other.kind != row.kind).for_each(|other| snapshot.add(&other.kind, vec![], true));
        let said = doubts(&snapshot);
        assert!(said.contains(&format!("{} were not part of this look", plural(row))), "{}: {said}", row.kind);
    }
}

#[test]
fn kind_that_the_words_are_about_was_read_or_is_named() {
    for row in JUDGED.iter().filter(|row| row.rests != Rests::OnOthers) {
        let talk = plural(row);
        let words = format!("is the {} fine?", row.kind.name().to_lowercase());
        if !Wording::of(&words).asks(&row.kind) {
            assert_eq!(row.rests, Rests::Always, "{}: no word asks about it", row.kind);
        }
        assert!(looked(&words, vec![], None).is_complete(&row.kind), "{}", row.kind);
        let said = doubts(&looked(&words, vec![], Some(&row.kind)));
        assert!(said.contains(&format!("{talk} could not be read")), "{}: {said}", row.kind);
    }
}

#[test]
fn kind_of_an_object_that_is_given_is_read_whatever_else_is_there() {
    for row in JUDGED {
        let object = match row.kind.info().unwrap().namespaced {
            true => ObjectRef::namespaced(row.kind.clone(), &Namespace::parse("shop").unwrap(), "x"),
            false => ObjectRef::cluster(row.kind.clone(), "x"),
        };
        assert!(looked("", vec![object], None).is_complete(&row.kind), "{}", row.kind);
    }
}

#[test]
fn autoscalers_are_read_while_a_pod_still_starts_and_not_beside_one_that_failed() {
    let reads = |snapshot: Snapshot| further_kinds(&snapshot).contains(&Kind::HorizontalPodAutoscaler);
    assert!(reads(cluster().app(deployment("web").starting("2026-01-01T11:59:40Z")).snapshot()));
    assert!(!reads(cluster().app(deployment("web").waiting("CrashLoopBackOff", "back-off")).snapshot()));
    assert!(!reads(cluster().app(deployment("web").unschedulable("no")).snapshot()));
    let coming = cluster().app(deployment("web").unschedulable("no")).event("Pod", "web-rs1-0", "TriggeredScaleUp", "1->2");
    assert!(reads(coming.snapshot()));
}
