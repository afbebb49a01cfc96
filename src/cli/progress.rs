//! Progress while work is done: on stderr once it takes more than a second, or live as part of the result.

use super::render::page::{DIM, clean, cut, styled};
use super::terminal::Terminal;
use crate::ports::{Phase, Progress};
use std::collections::VecDeque;
use std::pin::pin;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::time::{Instant, MissedTickBehavior, interval};

/// Quicker work needs no words.
const SILENT_FOR: Duration = Duration::from_secs(1);
/// How often the spinner turns.
const TURN: Duration = Duration::from_millis(100);
/// The spinner's pictures.
const FRAMES: [char; 8] = ['⣾', '⣽', '⣻', '⢿', '⡿', '⣟', '⣯', '⣷'];
/// A longer message is cut.
const MESSAGE_LIMIT: usize = 200;
/// What the spinner and the time take of a line.
const MARGIN: usize = 12;
/// At most this many messages wait to be shown; older ones are dropped.
const WAITING_LIMIT: usize = 32;

/// Where and when it is shown.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Pace {
    /// On stderr, after a second: a spinner on a terminal, else a line for each message.
    AfterASecond,
    /// On stdout, at once, a line for each message with the time since the start.
    /// The first line of a phase comes after what this says about the phase.
    Live(fn(Phase) -> Option<String>),
}

/// What was told and not shown yet, oldest first, without repetitions.
#[derive(Debug, Default)]
struct UnshownLines(Mutex<(VecDeque<(Phase, String)>, String)>);

impl Progress for UnshownLines {
    fn tell(&self, phase: Phase, message: &str) {
        let text = if message.is_empty() { phase.as_str().to_owned() } else { format!("{}: {message}", phase.as_str()) };
        let text: String = clean(&text).replace('\n', " ").chars().take(MESSAGE_LIMIT).collect();
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if phase == Phase::Done || lines.1 == text {
            return;
        }
        if lines.0.len() >= WAITING_LIMIT {
            lines.0.pop_front();
        }
        lines.0.push_back((phase, text.clone()));
        lines.1 = text;
    }
}

impl UnshownLines {
    fn take(&self) -> VecDeque<(Phase, String)> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner).0)
    }
}

/// Does the work and shows its progress meanwhile. Nothing depends on these lines, so a closed stream is not worth ending it for.
pub(crate) async fn with_progress<T>(terminal: &Terminal, pace: Pace, work: impl AsyncFnOnce(&dyn Progress) -> T) -> T {
    let lines = UnshownLines::default();
    let mut work = pin!(work(&lines));
    let start = Instant::now();
    let mut turns = interval(TURN);
    turns.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut current = None;
    let mut begun = None;
    let mut drawn = false;
    for frame in FRAMES.iter().cycle() {
        let done = tokio::select! {
            biased;
            out = &mut work => Some(out),
            _ = turns.tick() => None,
        };
        let spent = start.elapsed();
        if let Pace::Live(heading) = pace {
            for (phase, line) in lines.take() {
                if begun != Some(phase) {
                    begun = Some(phase);
                    let _ = terminal.out(&heading(phase).unwrap_or_default());
                }
                let time = styled(DIM, &format!("{:>5.1} s", spent.as_secs_f64()));
                let _ = terminal.out(&format!("  {time}  {}\n", on_one_line(&line, terminal.columns)));
            }
        } else if spent >= SILENT_FOR && terminal.shows_progress && done.is_none() {
            current = lines.take().pop_back().or(current);
            if let Some((_, text)) = &current {
                let _ = terminal.err_as_is(&format!("\r\u{1b}[2K{frame} {}", styled(DIM, &on_one_line(text, terminal.columns))));
                drawn = true;
            }
        } else if spent >= SILENT_FOR && !terminal.shows_progress {
            for (_, line) in lines.take() {
                let _ = terminal.err_as_is(&format!("{line}\n"));
            }
        }
        if let Some(out) = done {
            if drawn {
                let _ = terminal.err_as_is("\r\u{1b}[2K");
            }
            return out;
        }
    }
    work.await
}

/// A line that wraps cannot be drawn over.
fn on_one_line(text: &str, columns: usize) -> String {
    cut(text, columns.saturating_sub(MARGIN))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::terminal::doubles;

    #[tokio::test(start_paused = true)]
    async fn quick_work_is_silent_and_slow_work_names_its_phase_once() {
        let (terminal, out, err) = doubles::terminal(None);
        with_progress(&terminal, Pace::AfterASecond, async |progress: &dyn Progress| progress.tell(Phase::Collecting, "pods")).await;
        assert_eq!(err.text(), "");
        with_progress(&terminal, Pace::AfterASecond, async |progress: &dyn Progress| {
            progress.tell(Phase::Validating, "2 of 3 checks pass");
            progress.tell(Phase::Validating, "2 of 3 checks pass");
            tokio::time::sleep(Duration::from_secs(3)).await;
        })
        .await;
        assert_eq!(err.text(), "validating: 2 of 3 checks pass\n");
        assert_eq!(out.text(), "");
    }

    #[tokio::test(start_paused = true)]
    async fn live_progress_shows_every_line_also_the_last_below_its_phase() {
        let (terminal, out, err) = doubles::terminal(None);
        let heading = |phase| (phase == Phase::Validating).then(|| "Validate\n".to_owned());
        with_progress(&terminal, Pace::Live(heading), async |progress: &dyn Progress| {
            progress.tell(Phase::Executing, "step 1 of 1");
            tokio::time::sleep(Duration::from_secs(2)).await;
            progress.tell(Phase::Validating, "");
        })
        .await;
        assert_eq!(out.text(), "    0.0 s  executing: step 1 of 1\nValidate\n    2.0 s  validating\n");
        assert_eq!(err.text(), "");
    }
}
