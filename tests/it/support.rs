//! What the tests are written with: scenario folders, clusters, the program as a server, and who wrote what.

pub(crate) mod audit;
pub(crate) mod case;
pub(crate) mod conversation;
pub(crate) mod embedded;
pub(crate) mod mask;
pub(crate) mod notes;
pub(crate) mod objects;
pub(crate) mod proposed;
#[expect(dead_code, reason = "the tests of the wire use the rest of it")]
#[path = "../support/provider.rs"]
pub(crate) mod provider;
pub(crate) mod reader;
pub(crate) mod server;
pub(crate) mod story;
pub(crate) mod told;
pub(crate) mod variant;
pub(crate) mod verdict;
pub(crate) mod webhook;
pub(crate) mod words;
pub(crate) mod world;
