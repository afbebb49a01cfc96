//! Adapter: Kubernetes. What may be said to an API server, who says it, and what its answers mean.
//! Reading implements [`crate::ports::ClusterRead`]; writing is a client that only `execute` may use.

mod client;
pub mod connect;
mod discovered;
mod discovery;
mod fault;
#[cfg(any(test, fuzzing))]
pub(crate) mod foreign;
mod identity;
mod kubeconfig;
mod login;
mod page;
mod plugin;
mod reach;
mod read;
mod requests;
mod review;
mod table;
mod time;
mod token_file;
mod watch;
mod wire;
mod write;

#[cfg(test)]
mod fake;
