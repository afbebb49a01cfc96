//! Nobody else looks into this process's memory, in which the cluster's credentials are: no core is written of it, and no other process of
//! the user reads its memory or its environment. Where the system cannot do that, the program works all the same.

/// From now on.
#[cfg(target_os = "linux")]
pub(super) fn close_it() {
    use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};
    if let Err(error) = set_dumpable_behavior(DumpableBehavior::NotDumpable) {
        tracing::debug!(%error, "other processes of this user can read this process's memory");
    }
    // A plugin that logs in has the credential too, and takes over this limit.
    if let Err(error) = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) }) {
        tracing::debug!(%error, "a core may be written of this process");
    }
}

#[cfg(not(target_os = "linux"))]
pub(super) fn close_it() {}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use rustix::process::{DumpableBehavior, Resource, dumpable_behavior, getrlimit};

    #[test]
    fn no_other_process_reads_the_memory_and_no_core_is_written_of_it() {
        close_it();
        assert_eq!(dumpable_behavior().unwrap(), DumpableBehavior::NotDumpable);
        assert_eq!(getrlimit(Resource::Core).maximum, Some(0));
        // What it needs to know of itself it still knows.
        assert!(std::fs::read_link("/proc/self/ns/pid").is_ok());
    }
}
