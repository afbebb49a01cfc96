//! Progress notifications. They go through a bounded channel to a pump that runs beside the tool, so that a client
//! that reads slowly, or not at all, delays no tool; what does not fit is dropped.

use crate::ports::{Phase, Progress};
use rmcp::RoleServer;
use rmcp::model::{ProgressNotificationParam, ProgressToken};
use rmcp::service::RequestContext;
use std::time::Duration;
use tokio::sync::mpsc;

/// Lines that may wait to be sent.
const QUEUE: usize = 64;
/// How long the last lines may hold up the result.
const FLUSH: Duration = Duration::from_millis(500);
/// Longer messages are cut.
const MESSAGE_LIMIT: usize = 300;

/// What a tool tells its phases to.
pub(crate) struct Reporter(Option<mpsc::Sender<(Phase, String)>>);

impl Progress for Reporter {
    fn tell(&self, phase: Phase, message: &str) {
        if let Some(queue) = &self.0 {
            let _full_or_closed = queue.try_send((phase, message.chars().take(MESSAGE_LIMIT).collect()));
        }
    }
}

/// Numbers that only rise: the whole part is the phase, the rest counts lines within it.
#[derive(Debug, Default)]
struct RisingNumbers {
    phase: u8,
    lines: u32,
}

impl RisingNumbers {
    fn next(&mut self, phase: Phase) -> f64 {
        let phase = phase as u8;
        if phase > self.phase {
            self.phase = phase;
            self.lines = 0;
        }
        let within = 1.0 - 1.0 / (f64::from(self.lines) + 1.0);
        self.lines = self.lines.saturating_add(1);
        f64::from(self.phase) + within
    }
}

/// Sends what is told, one after the other, and a last line when nobody is left to tell more and none was told.
async fn pump(request: &RequestContext<RoleServer>, token: ProgressToken, mut queue: mpsc::Receiver<(Phase, String)>) {
    let mut numbers = RisingNumbers::default();
    let mut last = None;
    while let Some((phase, message)) = queue.recv().await {
        if last != Some(Phase::Done) {
            let text = if message.is_empty() { phase.as_str().to_owned() } else { format!("{}: {message}", phase.as_str()) };
            send(request, &token, numbers.next(phase), text).await;
        }
        last = Some(phase);
    }
    // A call that ends with a question is not done: the client calls again with the answer.
    if !matches!(last, Some(Phase::Done | Phase::AwaitingApproval)) {
        send(request, &token, numbers.next(Phase::Done), Phase::Done.as_str().to_owned()).await;
    }
}

async fn send(request: &RequestContext<RoleServer>, token: &ProgressToken, progress: f64, text: String) {
    if request.ct.is_cancelled() {
        return;
    }
    let line = ProgressNotificationParam::new(token.clone(), progress).with_total(f64::from(Phase::Done as u8)).with_message(text);
    // A client that is gone will not miss it.
    let _gone = request.peer.notify_progress(line).await;
}

/// Runs `work` with a reporter; everything it told is sent before its result is returned, as far as the client takes it.
pub(crate) async fn reported<T>(request: &RequestContext<RoleServer>, work: impl AsyncFnOnce(&Reporter) -> T) -> T {
    let Some(token) = request.meta.get_progress_token() else {
        return work(&Reporter(None)).await;
    };
    let (sender, queue) = mpsc::channel(QUEUE);
    let mut pump = std::pin::pin!(pump(request, token, queue));
    let out = {
        let reporter = Reporter(Some(sender));
        let mut work = std::pin::pin!(work(&reporter));
        tokio::select! {
            // The pump cannot end first: the reporter holds the sender.
            () = &mut pump => work.await,
            out = &mut work => out,
        }
    };
    let _late = tokio::time::timeout(FLUSH, pump).await;
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_rise_with_every_line_even_when_a_phase_comes_again() {
        let mut numbers = RisingNumbers::default();
        let mut last = -1.0;
        for phase in [Phase::Connecting, Phase::Collecting, Phase::Collecting, Phase::Analyzing, Phase::Collecting, Phase::Done] {
            let next = numbers.next(phase);
            assert!(next > last, "{next} after {last}");
            last = next;
        }
        assert!((last - f64::from(Phase::Done as u8)).abs() < f64::EPSILON);
    }
}
