//! Configuration that a workload refers to and that is not there.
