//! What an investigator says, be it the operator's model or the agent that called: read as hostile, held against what its session has
//! seen, and left as causes that are somebody's words. And the investigation of a model: what it is asked, what it may call, and when it
//! ends. Nothing here reads a cluster or waits for anything, and nothing here is believed.

pub(crate) mod fence;
#[cfg(any(test, fuzzing))]
pub(crate) mod foreign;
pub(crate) mod grounded;
pub(crate) mod investigation;
pub(crate) mod opening;
pub(crate) mod prompts;
pub(crate) mod reply;
pub(crate) mod spending;
pub(crate) mod stated_open;
pub(crate) mod suspicion;
pub(crate) mod tools;
pub(crate) mod transcript;
