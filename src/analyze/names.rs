//! When two names could mean the same thing: they share a telling part, or differ by a slip of the finger.

use strsim::damerau_levenshtein;

/// Words that say what a thing is, not which one: two names that share only these are not alike.
const KINDS: &[&str] = &[
    "pvc",
    "pv",
    "claim",
    "claims",
    "volume",
    "volumes",
    "vol",
    "disk",
    "storage",
    "config",
    "configuration",
    "configs",
    "configmap",
    "cm",
    "conf",
    "cfg",
    "settings",
    "env",
    "properties",
    "svc",
    "service",
];
/// Words that say which role a thing has: telling only when a name has nothing else.
const ROLES: &[&str] = &["data", "db", "database", "logs", "log", "cache", "backup", "files", "app", "web", "api", "server", "main", "my"];

/// The parts of a name between `-`, `.` and `_`.
fn parts(name: &str) -> Vec<&str> {
    name.split(['-', '.', '_']).filter(|p| !p.is_empty()).collect()
}

/// The parts that tell which thing is meant: the specific ones; without any, the roles.
fn telling(name: &str) -> Vec<&str> {
    let all: Vec<&str> = parts(name).into_iter().filter(|p| !KINDS.contains(p)).collect();
    // A part of one character or of digits only (an ordinal, a version) is shared by chance.
    let specific: Vec<&str> =
        all.iter().copied().filter(|p| !ROLES.contains(p) && p.len() > 1 && p.bytes().any(|b| !b.is_ascii_digit())).collect();
    if specific.is_empty() { all.into_iter().filter(|p| ROLES.contains(p)).collect() } else { specific }
}

/// Two words that differ by a slip: one edit from four letters on, two from seven on. A swap of neighbours is one edit.
pub(crate) fn is_slip(a: &str, b: &str) -> bool {
    let short = a.chars().count().min(b.chars().count());
    let allowed = match short {
        0..=3 => 0,
        4..=6 => 1,
        _ => 2,
    };
    a != b && damerau_levenshtein(a, b) <= allowed
}

/// Whether two names share a telling part, letter by letter or but for a slip, or are the same but for separators.
pub(crate) fn related(a: &str, b: &str) -> bool {
    let bare = |n: &str| n.replace(['-', '.', '_'], "");
    if bare(a) == bare(b) {
        return true;
    }
    let (of_a, of_b) = (telling(a), telling(b));
    of_a.iter().any(|x| of_b.iter().any(|y| x == y || is_slip(x, y)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_related_by_a_telling_part() {
        for (a, b) in [
            ("redis-data", "redis-standard-pvc"),
            ("postgres-pvc", "postgers-pvc"),
            ("pgdata", "pg-data"),
            ("data", "data-volume"),
            ("app-config", "app-configuration"),
            ("uploads.media", "media-uploads"),
        ] {
            assert!(related(a, b), "{a} {b}");
        }
    }

    #[test]
    fn names_are_not_related_by_what_every_such_name_has() {
        for (a, b) in [
            ("postgres-pvc", "grafana-pvc"),
            ("redis-data", "mysql-data"),
            ("app-config", "kube-root-ca.crt"),
            ("web-0", "api-0"),
            ("app-config", "feature-flags"),
            ("orders-2024", "invoices-2024"),
        ] {
            assert!(!related(a, b), "{a} {b}");
        }
    }
}
