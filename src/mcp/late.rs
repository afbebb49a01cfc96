//! Answers that come after their call went on without them: the dialog stays open as long as the plan can be approved,
//! and what a person chooses in it counts, as it would have in time.

use super::dialog::{Dialog, Ends, Heard};
use crate::call::{HumanAnswer, UseCases, carry_out};
use crate::ports::Silent;
use crate::workflow::{Approver, Caller};
use futures::StreamExt;
use futures::stream::FuturesUnordered;
use std::sync::Arc;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// Dialogs that may be handed over at once; they are taken up at once.
const QUEUE: usize = 64;

/// A dialog that outlives its call.
pub(crate) struct LateDialog {
    pub(crate) dialog: Box<Dialog>,
    pub(crate) cases: Arc<dyn UseCases>,
    pub(crate) by: Approver,
}

/// Hands dialogs over.
pub(crate) type Later = mpsc::Sender<LateDialog>;

/// The way from calls to [`drive`].
pub(crate) fn channel() -> (Later, mpsc::Receiver<LateDialog>) {
    mpsc::channel(QUEUE)
}

/// Listens to all of them, until nobody hands over more and the last one has ended.
pub(crate) async fn drive(mut handed: mpsc::Receiver<LateDialog>, gone: CancellationToken) {
    let mut open = FuturesUnordered::new();
    loop {
        tokio::select! {
            late = handed.recv() => match late {
                Some(late) => open.push(late.finish(&gone)),
                None => break,
            },
            Some(()) = open.next() => {}
        }
    }
    while let Some(()) = open.next().await {}
}

impl LateDialog {
    async fn finish(self, gone: &CancellationToken) {
        let Self { dialog, cases, by } = self;
        let ends = Ends { cancelled: gone, gone, patience: None };
        let heard = match dialog.hear(cases.as_ref(), &Silent, &ends).await {
            Ok(Heard::Answer(pending, answer)) => Some((pending, answer)),
            Ok(Heard::Over(pending)) => Some((pending, HumanAnswer::Nobody)),
            Ok(Heard::Elsewhere(_) | Heard::Silence(_)) | Err(_) => None,
        };
        if let Some((pending, answer)) = heard {
            let caller = Caller::new(&Silent, gone);
            match carry_out(cases.as_ref(), &pending, answer, by, &caller).await {
                Ok(report) => tracing::info!(session = %report.session, status = report.status.as_str(), "a late answer was taken"),
                Err(error) => tracing::warn!(session = %pending.session, %error, "a late answer could not be used"),
            }
        }
    }
}
