//! A token that stands in a file, which somebody else exchanges now and then: read anew before it can have expired, and as soon as the
//! server does not take it. kube would keep a refused one for a minute, and sends the line break at its end along.

use super::plugin::Credential;
use crate::ports::ReadError;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::io::AsyncReadExt as _;
use tokio::sync::Mutex;
use tokio::time::Instant;

/// A kubelet exchanges a token minutes before its time is over.
const LASTS: Duration = Duration::from_secs(30);
/// A token is some KiB.
const BYTES: u64 = 64 * 1024;

/// The token of one identity.
pub(super) struct TokenFile {
    path: PathBuf,
    context: String,
    held: Mutex<Held>,
}

#[derive(Default)]
struct Held {
    generation: u64,
    token: Option<String>,
    /// When it was read; `None` where it has to be read anew.
    at: Option<Instant>,
    /// The server does not take it.
    refused: bool,
}

impl TokenFile {
    pub(super) fn new(path: &Path, context: &str) -> Self {
        Self { path: path.to_owned(), context: context.to_owned(), held: Mutex::default() }
    }

    /// The token as it was read last. A file that is gone leaves it valid: some are given for the start of a program only.
    pub(super) async fn credential(&self) -> Result<Credential, ReadError> {
        let mut held = self.held.lock().await;
        if held.at.is_none_or(|at| at.elapsed() >= LASTS) {
            match read(&self.path).await {
                Ok(token) if held.token.as_ref() != Some(&token) => {
                    held.generation = held.generation.saturating_add(1);
                    (held.token, held.refused) = (Some(token), false);
                }
                Ok(_) => {}
                Err(why) if held.token.is_none() || held.refused => return Err(self.unusable(&why, held.refused)),
                Err(why) => {
                    tracing::warn!(file = %self.path.display(), %why, "the token file cannot be read any more; the last token is used")
                }
            }
            held.at = Some(Instant::now());
        }
        match &held.token {
            Some(token) => Ok(Credential::of_token(held.generation, token)),
            None => Err(self.unusable("it was not read", false)),
        }
    }

    /// The server does not take the token: the file is read anew.
    pub(super) async fn forget(&self, generation: Option<u64>) {
        let mut held = self.held.lock().await;
        if generation == Some(held.generation) {
            (held.at, held.refused) = (None, true);
        }
    }

    /// Our own words: what stands in the file is a secret.
    fn unusable(&self, why: &str, refused: bool) -> ReadError {
        let (file, context) = (self.path.display(), &self.context);
        let refused = if refused { ", and the API server does not accept the token that was read from it before" } else { "" };
        ReadError::Config(format!("the token file `{file}` of context `{context}` cannot be used: {why}{refused}"))
    }
}

async fn read(path: &Path) -> Result<String, String> {
    let words = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::NotFound => "it does not exist".to_owned(),
        std::io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        std::io::ErrorKind::InvalidData => "it is not text".to_owned(),
        _ => "it cannot be read".to_owned(),
    };
    if !tokio::fs::metadata(path).await.map_err(words)?.is_file() {
        return Err("it is not a regular file".to_owned());
    }
    let mut text = String::new();
    tokio::fs::File::open(path).await.map_err(words)?.take(BYTES).read_to_string(&mut text).await.map_err(words)?;
    match text.trim() {
        "" => Err("it is empty".to_owned()),
        token => Ok(token.to_owned()),
    }
}
