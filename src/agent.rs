//! What an investigator says, be it the operator's model or the agent that called: read as hostile, held against what its session has
//! seen, and left as causes that are somebody's words. Nothing here reads a cluster, and nothing here is believed.

#[cfg(any(test, fuzzing))]
pub(crate) mod foreign;
pub(crate) mod grounded;
pub(crate) mod reply;
