//! What tells the process to end: the first time the work is ended, and what is in flight is finished and recorded; the second time by
//! somebody who does not want to wait, the process ends at once.

use tokio_util::sync::CancellationToken;

/// What a process that was told twice to end exits with: 128 and the number of SIGINT, as shells have it.
const TOLD_TWICE: i32 = 130;

/// Ends the work at the first signal, and the process at the second.
pub(super) async fn end(cancel: CancellationToken) {
    let Some(mut told) = Told::listen() else { return };
    told.once().await;
    cancel.cancel();
    told.again().await;
    std::process::exit(TOLD_TWICE);
}

#[cfg(unix)]
struct Told {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
    /// The terminal was closed, or a connection to it broke; `None` where the process was started to outlive that.
    hangup: Option<tokio::signal::unix::Signal>,
}

#[cfg(unix)]
impl Told {
    fn listen() -> Option<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        let hangup = if outlives_its_terminal() { None } else { signal(SignalKind::hangup()).ok() };
        Some(Self { terminate: signal(SignalKind::terminate()).ok()?, interrupt: signal(SignalKind::interrupt()).ok()?, hangup })
    }

    async fn once(&mut self) {
        let hung_up = async {
            match &mut self.hangup {
                Some(hangup) => hangup.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
            _ = hung_up => {}
        }
    }

    /// A shell and its terminal both say that the terminal is closed: that is not somebody who cannot wait.
    async fn again(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// Whether hangups are ignored, as `nohup` and `disown -h` arrange it: to listen to them would undo that. Only Linux tells.
#[cfg(unix)]
fn outlives_its_terminal() -> bool {
    std::fs::read_to_string("/proc/self/status").is_ok_and(|status| ignores_hangups(&status))
}

/// In the mask of ignored signals a hangup, number 1, is the lowest bit.
#[cfg(unix)]
fn ignores_hangups(status: &str) -> bool {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_some_and(|mask| mask & 1 == 1)
}

#[cfg(not(unix))]
struct Told;

#[cfg(not(unix))]
impl Told {
    fn listen() -> Option<Self> {
        Some(Self)
    }

    async fn once(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    async fn again(&mut self) {
        self.once().await;
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_process_that_was_started_to_outlive_its_terminal_is_known() {
        assert!(ignores_hangups("Name:\tkubemend\nSigBlk:\t0000000000000000\nSigIgn:\t0000000000001001\nSigCgt:\t0000000000000000\n"));
        assert!(!ignores_hangups("SigBlk:\t0000000000000001\nSigIgn:\t0000000000001000\n"));
        assert!(!ignores_hangups("SigIgn:\tnone\n") && !ignores_hangups(""));
    }
}
