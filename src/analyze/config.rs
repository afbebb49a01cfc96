//! Configuration that a workload refers to and that does not exist.

pub(super) mod cfg_configmap_missing_env;
mod maps;
