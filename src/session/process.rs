//! Which process acts: a pid says nothing on another machine, in another container, or once it was given to another process.

use std::path::Path;

/// What tells a process from another one with its pid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ProcessMark {
    /// The machine since it started, and the container.
    pub(crate) host: String,
    /// When the process started, in the machine's own ticks.
    pub(crate) started: u64,
}

impl ProcessMark {
    /// Of a process that runs here; `None` where there is none, or where the system does not tell.
    pub(crate) fn of(pid: u32) -> Option<Self> {
        let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
        let container = std::fs::read_link("/proc/self/ns/pid").ok()?;
        let stat = std::fs::read_to_string(Path::new("/proc").join(pid.to_string()).join("stat")).ok()?;
        // The program's name stands in parentheses and may hold anything; the start is the 20th field after it.
        let started = stat.rsplit_once(')')?.1.split_ascii_whitespace().nth(19)?.parse().ok()?;
        Some(Self { host: format!("{}/{}", boot.trim(), container.display()), started })
    }

    /// Whether the process of this mark and pid still runs. `None`: of another machine or container nobody knows, and there the
    /// session's own deadline decides.
    pub(crate) fn runs(&self, pid: u32) -> Option<bool> {
        let here = Self::of(std::process::id())?;
        (here.host == self.host).then(|| Self::of(pid).as_ref() == Some(self))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_os = "linux")]
    fn a_pid_alone_says_nothing_of_another_machine_or_of_another_process() {
        let pid = std::process::id();
        let mine = ProcessMark::of(pid).unwrap();
        assert_eq!(mine.runs(pid), Some(true));
        let earlier = ProcessMark { started: mine.started + 1, ..mine.clone() };
        assert_eq!(earlier.runs(pid), Some(false), "the pid was given to another process");
        assert_eq!(mine.runs(u32::MAX - 1), Some(false), "no such process");
        let elsewhere = ProcessMark { host: "another".to_owned(), ..mine };
        assert_eq!(elsewhere.runs(u32::MAX - 1), None, "on another machine nobody knows");
    }
}
