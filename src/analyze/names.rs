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

/// The parts that are not just kinds of things, nor ordinals or versions, which are shared by chance.
fn meaning(name: &str) -> Vec<&str> {
    let counts = |p: &str| p.strip_prefix('v').unwrap_or(p).bytes().all(|b| b.is_ascii_digit());
    parts(name).into_iter().filter(|p| !KINDS.contains(p) && p.len() > 1 && !counts(p)).collect()
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

/// Whether two names share a specific part, letter by letter or but for a slip, or are the same but for separators.
/// A name of roles only is related to every name that has all of them.
pub(crate) fn related(a: &str, b: &str) -> bool {
    let (a, b) = (&a.to_ascii_lowercase(), &b.to_ascii_lowercase());
    let bare = |n: &str| n.replace(['-', '.', '_'], "");
    if bare(a) == bare(b) {
        return true;
    }
    let (of_a, of_b) = (meaning(a), meaning(b));
    let specific = |of: &[&str]| of.iter().any(|p| !ROLES.contains(p));
    let within = |few: &[&str], many: &[&str]| !few.is_empty() && !specific(few) && few.iter().all(|p| many.contains(p));
    let shared = |x: &&str| !ROLES.contains(x) && of_b.iter().any(|y| x == y || is_slip(x, y));
    within(&of_a, &of_b) || within(&of_b, &of_a) || of_a.iter().any(shared)
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
            ("app-config", "app-config-v2"),
            ("app-config", "app-config-old"),
            ("web", "web-blue"),
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
            ("app-data", "mysql-data"),
            ("data-v2", "logs-v2"),
            ("orders-2024", "invoices-2024"),
        ] {
            assert!(!related(a, b), "{a} {b}");
        }
    }
}
