//! Configuration that a workload refers to and that is not there.

pub(super) mod cfg_configmap_missing_env;
