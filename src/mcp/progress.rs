//! Progress notifications. They go through a bounded channel to a pump that runs beside the tool, so that a client
//! that reads slowly, or not at all, delays no tool; what does not fit is dropped.

use crate::ports::{Phase, Progress};
use rmcp::RoleServer;
use rmcp::model::{ConstString, CustomNotification, ProgressNotificationMethod, ProgressToken, ServerNotification};
use rmcp::service::RequestContext;
use serde_json::json;
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

/// Whole numbers that only rise, of a thousand. Each phase has the share that it takes of somebody's patience: validation most.
#[derive(Debug, Default)]
struct RisingNumbers {
    last: u32,
}

/// All of it.
const TOTAL: u32 = 1000;

impl RisingNumbers {
    /// The next line of this phase: at least where the phase begins, and further than the one before.
    fn next(&mut self, phase: Phase) -> u32 {
        let most = if phase == Phase::Done { TOTAL } else { TOTAL.saturating_sub(1) };
        self.last = self.last.saturating_add(1).max(begins(phase)).min(most);
        self.last
    }
}

/// Where a phase begins.
fn begins(phase: Phase) -> u32 {
    match phase {
        Phase::Connecting => 1,
        Phase::Collecting => 20,
        Phase::Analyzing => 100,
        Phase::Planning => 130,
        Phase::Investigating => 140,
        Phase::Rehearsing => 160,
        Phase::AwaitingApproval => 190,
        Phase::Executing => 300,
        Phase::Validating => 400,
        Phase::Done => TOTAL,
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

async fn send(request: &RequestContext<RoleServer>, token: &ProgressToken, progress: u32, text: String) {
    if request.ct.is_cancelled() {
        return;
    }
    // By hand: a whole number that goes through a float arrives as `7.0`, and clients show it like that.
    let line = json!({"progressToken": token, "progress": progress, "total": TOTAL, "message": text});
    let line = CustomNotification::new(ProgressNotificationMethod::VALUE, Some(line));
    // A client that is gone will not miss it.
    let _gone = request.peer.send_notification(ServerNotification::CustomNotification(line)).await;
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
    fn numbers_are_whole_and_never_fall_and_validation_has_the_largest_share() {
        let mut numbers = RisingNumbers::default();
        let mut last = 0;
        for phase in [Phase::Connecting, Phase::Collecting, Phase::Collecting, Phase::Analyzing, Phase::Collecting] {
            let next = numbers.next(phase);
            assert!(next > last, "{next} after {last}");
            last = next;
        }
        let many: Vec<u32> = (0..=500).map(|_| numbers.next(Phase::Validating)).collect();
        assert_eq!((many.first(), many.last()), (Some(&400), Some(&900)));
        assert_eq!(numbers.next(Phase::Done), TOTAL);
    }
}
