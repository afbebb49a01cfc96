//! Configuration that a workload refers to and that does not exist, or does not have what is taken from it.

pub(super) mod cfg_configmap_key_missing;
pub(super) mod cfg_configmap_missing_env;
pub(super) mod cfg_configmap_missing_volume;
mod maps;
mod missing_map;
