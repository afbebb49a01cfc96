//! The words of names: what stands between separators, which of them tell something, and what is a generator's hash.

/// What names are names of: which words say nothing about which one is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Of {
    /// A PersistentVolumeClaim.
    Claim,
    /// A ConfigMap.
    ConfigMap,
    /// A Service, or what stands behind it.
    Service,
    /// A StorageClass.
    Class,
    /// A label of a node.
    Label,
}

const OF_CLAIMS: &[&str] =
    &["pvc", "pv", "claim", "claims", "volume", "volumes", "vol", "disk", "storage", "data", "persistent", "persistence"];
const OF_CONFIG_MAPS: &[&str] = &["config", "configuration", "configs", "configmap", "cm", "conf", "cfg", "settings", "env", "properties"];
const OF_SERVICES: &[&str] = &["svc", "service", "headless", "hl", "lb", "loadbalancer", "nodeport", "discovery"];
const OF_CLASSES: &[&str] = &["storageclass", "class", "sc", "storage", "disk", "disks", "volume", "volumes"];
/// Words of roles, which half of all names have: to share one of them is no sign.
const ROLES: &[&str] = &[
    "data", "db", "database", "logs", "log", "cache", "backup", "files", "app", "web", "api", "server", "main", "my", "internal",
    "external",
];

impl Of {
    /// Words that every such name may have or not.
    pub(super) fn empty(self) -> &'static [&'static str] {
        match self {
            Of::Claim => OF_CLAIMS,
            Of::ConfigMap => OF_CONFIG_MAPS,
            Of::Service => OF_SERVICES,
            Of::Class => OF_CLASSES,
            Of::Label => &[],
        }
    }
}

/// Whether to share the word is a sign at all.
pub(super) fn is_telling(word: &str) -> bool {
    let counts = |word: &str| word.strip_prefix('v').unwrap_or(word).bytes().all(|b| b.is_ascii_digit());
    let everyday = [OF_CLAIMS, OF_CONFIG_MAPS, OF_SERVICES, OF_CLASSES, ROLES].iter().any(|words| words.contains(&word));
    !everyday && word.len() > 1 && !counts(word)
}

/// The parts of a name between its separators.
pub(super) fn words(name: &str) -> Vec<&str> {
    name.split(SEPARATORS).filter(|word| !word.is_empty()).collect()
}

/// What stands between the words of a name.
pub(super) const SEPARATORS: [char; 4] = ['-', '.', '_', '/'];

/// A name without its separators; between two digits one stays: `1.27` is not `12.7`.
pub(super) fn bare(name: &str) -> String {
    let digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
    words(name).into_iter().fold(String::new(), |mut all, word| {
        if digit(all.chars().last()) && digit(word.chars().next()) {
            all.push('-');
        }
        all.push_str(word);
        all
    })
}

/// What generators make hashes of: no vowels, and no digits that look like one.
const OF_HASHES: &str = "bcdfghjklmnpqrstvwxz2456789";

/// A word with a number behind it has one turn less.
const TURNS: usize = 3;

/// A name without the hash that a generator put behind it: five to ten letters and digits, in turns.
pub(super) fn unhashed(name: &str) -> &str {
    let is_hash = |end: &str| {
        (5..=10).contains(&end.len())
            && end.chars().all(|c| OF_HASHES.contains(c))
            && end.as_bytes().chunk_by(|a, b| a.is_ascii_digit() == b.is_ascii_digit()).count() >= TURNS
    };
    name.rsplit_once('-').filter(|(start, end)| !start.is_empty() && is_hash(end)).map_or(name, |(start, _)| start)
}
