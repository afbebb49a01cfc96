//! The files of one folder form no circle: what a file stands on can be read before it, and changed without it.
//!
//! The files of a folder are its front page `foo.rs` and each `foo/bar.rs`, with all that lies below `foo/bar/`. A file is tied to
//! another when it names it, or anything in it, by a path: `crate::…`, `super::…`, `self::…`, or from its own child on.
//! `docs/decisions/0016-no-circles-between-files.md` has the rule and its limits.

use super::source::{Source, assert_none, sources};
use std::collections::{BTreeMap, BTreeSet};

/// Methods that stand in another file than their type. Who calls one names the type only, so that a tie to its file is hidden.
/// Each use case has a file of its own, and so has what approves; this list only shrinks.
const METHODS_ELSEWHERE: &[(&str, &str)] = &[
    ("src/domain/workload.rs", "Snapshot"),
    ("src/session/approval.rs", "AwaitingApproval"),
    ("src/workflow/again.rs", "Remediation"),
    ("src/workflow/answer.rs", "Remediation"),
    ("src/workflow/asked.rs", "Remediation"),
    ("src/workflow/carry_out.rs", "Remediation"),
    ("src/workflow/close.rs", "Remediation"),
    ("src/workflow/follow.rs", "Records"),
    ("src/workflow/follow.rs", "Remediation"),
    ("src/workflow/investigate.rs", "Remediation"),
    ("src/workflow/late.rs", "Records"),
    ("src/workflow/late.rs", "Remediation"),
    ("src/workflow/look.rs", "Remediation"),
    ("src/workflow/open.rs", "Remediation"),
    ("src/workflow/recent.rs", "Remediation"),
    ("src/workflow/record.rs", "Remediation"),
    ("src/workflow/records.rs", "Remediation"),
    ("src/workflow/revalidate.rs", "Remediation"),
    ("src/workflow/stated.rs", "Remediation"),
    ("src/workflow/still.rs", "Remediation"),
    ("src/workflow/stored.rs", "Remediation"),
    ("src/workflow/undo.rs", "Remediation"),
];

/// Who names whom, and by which path.
type Ties = BTreeMap<(String, String), String>;

#[test]
fn files_of_a_folder_form_no_circle() {
    let mut wrong = Vec::new();
    for (folder, ties) in folders() {
        // Of files that all lead to each other only the shortest circle is told.
        let mut circles: Vec<Vec<String>> = ties.keys().filter_map(|(from, to)| way(&ties, to, from)).collect();
        circles.sort_by_key(Vec::len);
        let mut told = BTreeSet::new();
        for circle in circles {
            let Some(last) = circle.last().filter(|file| !told.contains(*file)).cloned() else { continue };
            let files = ties.keys().flat_map(|(from, to)| [from, to]);
            told.extend(files.filter(|f| way(&ties, &last, f).is_some() && way(&ties, f, &last).is_some()).cloned());
            let by = ties.get(&(last.clone(), circle.first().cloned().unwrap_or_default())).map_or("", String::as_str);
            wrong.push(format!("{folder}: {last} → {} (`{last}` names `{by}`)", circle.join(" → ")));
        }
    }
    assert_none(wrong);
}

#[test]
fn methods_stand_in_the_file_of_their_type() {
    let mut found = Vec::new();
    for source in sources().iter().filter(|s| !s.test) {
        let declared: BTreeSet<&String> = source.derives.iter().map(|(name, _)| name).collect();
        // A type that a macro of the file declares is the file's own.
        let by_macro = |of: &String| ["enum", "struct"].iter().any(|word| source.text.contains(&format!("pub {word} {of} {{")));
        found.extend(
            source.methods_of.iter().filter(|of| !declared.contains(of) && !by_macro(of)).map(|of| (source.path.as_str(), of.as_str())),
        );
    }
    assert_eq!(found, METHODS_ELSEWHERE);
}

/// The ties of each folder; what is compiled for tests only does not count.
fn folders() -> BTreeMap<String, Ties> {
    let mut out: BTreeMap<String, Ties> = BTreeMap::new();
    for source in sources().iter().filter(|s| !s.test) {
        for path in source.paths.iter().map(|path| from_root(path, source)) {
            for depth in 1..=source.module.len() {
                let (folder, inside) = source.module.split_at(depth);
                let Some(to) = file_of(folder, &path) else { continue };
                let from = inside.first().or(folder.last()).cloned().unwrap_or_default();
                if from != to {
                    out.entry(folder.join("/")).or_default().entry((from, to)).or_insert_with(|| path.join("::"));
                }
            }
        }
    }
    out
}

/// A path that starts at a file's own child starts at that file.
fn from_root(path: &[String], source: &Source) -> Vec<String> {
    let child = [source.module.as_slice(), &path[..1]].concat();
    if is_module(&child) { [&["crate".to_owned()], source.module.as_slice(), path].concat() } else { path.to_vec() }
}

/// The file of this folder that a path leads to: a child, or the front page, whose item it is then.
fn file_of(folder: &[String], path: &[String]) -> Option<String> {
    let inside = path.strip_prefix(&["crate".to_owned()])?.strip_prefix(folder)?;
    let child = [folder, inside.get(..1)?].concat();
    if is_module(&child) { child.last().cloned() } else { folder.last().cloned() }
}

fn is_module(module: &[String]) -> bool {
    sources().iter().any(|s| s.module == module)
}

/// A shortest way from one file to another, both included.
fn way(ties: &Ties, from: &str, to: &str) -> Option<Vec<String>> {
    let mut ways = vec![vec![from.to_owned()]];
    let mut seen = BTreeSet::new();
    while let Some(found) = ways.first().cloned() {
        ways.remove(0);
        let last = found.last().cloned().unwrap_or_default();
        if last == to {
            return Some(found);
        }
        let next = ties.keys().filter(|(at, _)| *at == last).map(|(_, next)| next);
        ways.extend(next.filter(|next| seen.insert((*next).clone())).map(|next| found.iter().chain([next]).cloned().collect()));
    }
    None
}
