//! Where a provider's key is, and reading it: at every prompt, since somebody else may exchange what is in a file.

use crate::domain::provider_key::ProviderKey;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use tokio::io::AsyncReadExt;

/// A file with a key is not larger, in bytes.
const FILE_BYTES: u64 = 64 * 1024;

/// Where a key is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeySource {
    /// In a file, alone.
    File(PathBuf),
    /// It was given.
    Given(ProviderKey),
    /// Nowhere: the server needs none, or a header holds it.
    None,
}

/// Why there is no key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the key file `{}` {why}", .file.display())]
pub struct KeyFault {
    /// Which file.
    pub file: PathBuf,
    /// What is wrong with it.
    pub why: &'static str,
}

impl KeySource {
    /// The key, if there is one.
    ///
    /// # Errors
    /// The file cannot be read, or what is in it cannot be a key.
    pub async fn read(&self) -> Result<Option<ProviderKey>, KeyFault> {
        match self {
            Self::File(file) => of_file(file).await.map(Some).map_err(|why| KeyFault { file: file.clone(), why }),
            Self::Given(key) => Ok(Some(key.clone())),
            Self::None => Ok(None),
        }
    }
}

async fn of_file(path: &Path) -> Result<ProviderKey, &'static str> {
    let words = |error: std::io::Error| match error.kind() {
        ErrorKind::NotFound => "does not exist",
        ErrorKind::PermissionDenied => "cannot be read: permission denied",
        _ => "cannot be read",
    };
    // A pipe would be waited for.
    if !tokio::fs::metadata(path).await.map_err(words)?.is_file() {
        return Err("is not a regular file");
    }
    let mut text = Vec::new();
    tokio::fs::File::open(path).await.map_err(words)?.take(FILE_BYTES).read_to_end(&mut text).await.map_err(words)?;
    let text = String::from_utf8(text).map_err(|_| "is not text")?;
    ProviderKey::new(&text).ok_or("does not hold one key and nothing else")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn file_that_is_no_key_is_named_and_not_quoted() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, text: &[u8]| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            KeySource::File(path)
        };
        assert_eq!(file("good", b"plain-canary\n").read().await.unwrap().unwrap().for_a_header(), "plain-canary");
        for (name, text, why) in [
            ("two", b"one-canary\ntwo-canary".as_slice(), "does not hold one key and nothing else"),
            ("empty", b"", "does not hold one key and nothing else"),
            ("bytes", b"\xff\xfe canary", "is not text"),
        ] {
            let fault = file(name, text).read().await.unwrap_err();
            assert_eq!(fault.why, why);
            assert!(fault.to_string().contains(name) && !fault.to_string().contains("canary"), "{fault}");
        }
        assert_eq!(KeySource::File(folder.path().join("gone")).read().await.unwrap_err().why, "does not exist");
        assert_eq!(KeySource::File(folder.path().to_owned()).read().await.unwrap_err().why, "is not a regular file");
    }
}
