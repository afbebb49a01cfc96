//! Where an identity's credential comes from, where it does not stand in the kubeconfig itself: it is had anew before it expires, and when
//! the server does not take it.

use super::plugin::{self, Credential};
use super::token_file::TokenFile;
use crate::ports::ReadError;

/// One identity's source, shared by its clients.
pub(super) enum Login {
    /// A program that the operator lets us run.
    Plugin(Box<plugin::Login>),
    /// A file.
    File(TokenFile),
}

impl Login {
    pub(super) async fn credential(&self) -> Result<Credential, ReadError> {
        match self {
            Login::Plugin(plugin) => plugin.credential().await,
            Login::File(file) => file.credential().await,
        }
    }

    /// The server does not take the credential of this generation.
    pub(super) async fn forget(&self, generation: Option<u64>) {
        match self {
            Login::Plugin(plugin) => plugin.forget(generation).await,
            Login::File(file) => file.forget(generation).await,
        }
    }
}
