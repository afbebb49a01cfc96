//! The operator's model over the real wire, before a provider on loopback that answers well, otherwise than it should, or not at all.
#![expect(clippy::disallowed_methods, reason = "a test starts the provider and the program beside itself")]

#[cfg(test)]
#[path = "support/provider.rs"]
mod provider;

#[cfg(test)]
mod model {
    use super::provider;

    mod asking;
    mod command;
    mod deviations;
    #[cfg(feature = "otlp")]
    mod exported;
    mod failures;
    mod investigating;
    mod litellm;
    mod requests;
}
