//! Which cluster: told by what it says of itself, else by what the connection to it is pinned to. Never holds credentials.

use sha2::{Digest, Sha256};
use std::fmt;

/// A uid is 36 characters; nobody gives more than this a meaning.
const UID_LIMIT: usize = 64;
/// So much of an id is enough to tell a person's clusters apart.
const SHORT: usize = 8;

/// Which cluster was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Cluster {
    /// The kubeconfig's context.
    pub context: String,
    /// The API server's host and port.
    pub server: String,
    /// Such as `v1.37.2`; empty where it could not be read.
    pub version: String,
    /// Which one it is, whatever it is called and however it is reached.
    pub id: ClusterId,
    /// Nobody proves that the answers are its own: the certificate is not verified, or there is none.
    pub unverified: bool,
}

/// Tells clusters apart. Host and port do not: gateways and tunnels put many clusters behind one of them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ClusterId {
    /// The uid of the namespace `kube-system`, where it may be read: made with the cluster, and gone with it.
    uid: Option<String>,
    /// Where it may not: a hash of the URL, the certificate authority and the name that the certificate must have.
    pinned: String,
}

impl ClusterId {
    /// What a connection is pinned to. Each part goes in with its length, so that no two pins read alike.
    pub fn of_connection(url: &str, authorities: &[Vec<u8>], server_name: Option<&str>) -> Self {
        let mut hash = Sha256::new();
        let name = server_name.unwrap_or_default();
        let parts = [url.trim_end_matches('/').as_bytes(), name.as_bytes()];
        for part in parts.into_iter().chain(authorities.iter().map(Vec::as_slice)) {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        let hex: String = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        Self { uid: None, pinned: format!("sha256:{hex}") }
    }

    /// The same connection, with the uid that the cluster answered with; one that is none is taken for no answer.
    #[must_use]
    pub fn with_uid(&self, uid: Option<&str>) -> Self {
        Self { uid: uid.filter(|uid| is_uid(uid)).map(str::to_owned), pinned: self.pinned.clone() }
    }

    /// Takes both parts back in.
    pub fn from_parts(uid: Option<String>, pinned: String) -> Option<Self> {
        let hex = pinned.strip_prefix("sha256:")?;
        let pin = hex.len() == 64 && hex.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        (pin && uid.as_deref().is_none_or(is_uid)).then_some(Self { uid, pinned })
    }

    /// Both parts.
    pub fn parts(&self) -> (Option<&str>, &str) {
        (self.uid.as_deref(), &self.pinned)
    }

    /// Whether both are one cluster. Where one of them could not read the uid, what the connections are pinned to decides:
    /// then another way to the same cluster counts as another cluster, and never the other way around.
    pub fn is_same(&self, other: &Self) -> bool {
        match (&self.uid, &other.uid) {
            (Some(mine), Some(theirs)) => mine == theirs,
            (Some(_) | None, None) | (None, Some(_)) => self.pinned == other.pinned,
        }
    }

    /// Enough of it for a person to compare.
    pub fn short(&self) -> String {
        let text = self.uid.as_deref().unwrap_or_else(|| self.pinned.strip_prefix("sha256:").unwrap_or_default());
        text.chars().take(SHORT).collect()
    }
}

impl fmt::Display for ClusterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.uid.as_deref().unwrap_or(&self.pinned))
    }
}

impl Cluster {
    /// As errors name it: `context \`real\` (127.0.0.1:6443, id 1a2b3c4d)`.
    pub fn in_words(&self) -> String {
        format!("context `{}` ({}, id {})", self.context, self.server, self.id.short())
    }
}

fn is_uid(text: &str) -> bool {
    !text.is_empty() && text.len() <= UID_LIMIT && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pinned(url: &str, authority: &[u8], name: Option<&str>) -> ClusterId {
        ClusterId::of_connection(url, &[authority.to_vec()], name)
    }

    #[test]
    fn path_authority_and_server_name_tell_clusters_apart_that_share_host_and_port() {
        let one = pinned("https://gateway:443/k8s/clusters/c-1", b"ca", None);
        assert!(one.is_same(&pinned("https://gateway:443/k8s/clusters/c-1/", b"ca", None)));
        for other in [
            pinned("https://gateway:443/k8s/clusters/c-2", b"ca", None),
            pinned("https://gateway:443/k8s/clusters/c-1", b"another", None),
            pinned("https://gateway:443/k8s/clusters/c-1", b"ca", Some("kube-teleport")),
            ClusterId::of_connection("https://gateway:443/k8s/clusters/c-1", &[], None),
        ] {
            assert!(!one.is_same(&other) && one.to_string() != other.to_string(), "{other:?}");
        }
    }

    #[test]
    fn the_uid_decides_where_both_have_it_and_the_connection_where_one_has_not() {
        let (near, far) = (pinned("https://a", b"ca", None), pinned("https://b", b"ca", None));
        let with = |id: &ClusterId, uid| id.with_uid(Some(uid));
        assert!(with(&near, "u-1").is_same(&with(&far, "u-1")), "two ways to one cluster");
        assert!(!with(&near, "u-1").is_same(&with(&near, "u-2")), "a cluster that was made anew at the same place");
        assert!(with(&near, "u-1").is_same(&near));
        assert!(!with(&near, "u-1").is_same(&far) && !far.is_same(&with(&near, "u-1")));
    }

    #[test]
    fn an_answer_that_is_no_uid_is_no_identity() {
        let id = pinned("https://a", b"ca", None);
        for text in ["", "a b", "\u{202e}u", "sha256:00", &"x".repeat(65)] {
            assert_eq!(id.with_uid(Some(text)), id, "{text}");
        }
        let whole = id.with_uid(Some("6d2f9ee1-c1b6-4a5c-a2d3-0d3a40c1d3b0"));
        assert_eq!((whole.short().as_str(), whole.to_string().len()), ("6d2f9ee1", 36));
        let (uid, pin) = whole.parts();
        assert_eq!(ClusterId::from_parts(uid.map(str::to_owned), pin.to_owned()), Some(whole.clone()));
        assert_eq!(ClusterId::from_parts(None, "sha256:12".to_owned()), None);
    }
}
