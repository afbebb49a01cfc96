//! Why the embedded cluster could not be set up.

/// Why the embedded cluster could not be set up as asked.
#[derive(Debug, Clone, thiserror::Error)]
pub enum SimError {
    /// The list of made images cannot be read.
    #[error("failed to read the list of images: {0}")]
    Images(String),
    /// The manifests cannot be read.
    #[error("failed to read the manifests: {0}")]
    Manifest(String),
    /// The cluster does not take an object.
    #[error("failed to apply {kind} `{name}`: {message}")]
    Refused {
        /// Its kind.
        kind: String,
        /// Its name.
        name: String,
        /// What the API said.
        message: String,
    },
}
