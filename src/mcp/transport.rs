//! The protocol on two streams, a message a line: what of a line reaches the service, what is refused, and when nobody is there any more.
//! Ours, since what becomes of a line that is no message is a promise, and rmcp's own leaves most of them without an answer.

mod ids;
mod inlet;
pub(super) mod message;
mod outlet;
mod strict;
#[cfg(test)]
mod tests;

use super::bounds::{LINE, UNREAD};
use ids::Ids;
use inlet::{Inlet, Taken};
use outlet::Outlet;
use rmcp::RoleServer;
use rmcp::model::{ClientNotification, ClientRequest, GetMeta, JsonRpcMessage, ProtocolVersion};
use rmcp::service::{RxJsonRpcMessage, TxJsonRpcMessage};
use rmcp::transport::Transport;
use std::io;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{Mutex, watch};
use tokio_util::sync::CancellationToken;

use message::{NoMessage, Understood, understand};

/// The client, as far as its streams tell.
#[derive(Debug, Clone, Default)]
pub(super) struct Presence {
    /// It closed its side, or reads no more: no question can be answered any more.
    pub(super) gone: CancellationToken,
    /// It reads no more: nobody waits for an answer.
    pub(super) deaf: CancellationToken,
}

impl Presence {
    /// Lets go of everything that waits to be read.
    pub(super) fn reads_no_more(&self) {
        self.deaf.cancel();
        self.gone.cancel();
    }
}

/// The protocol on two streams.
pub(super) struct Wire<R, W> {
    inlet: Inlet<R>,
    outlet: Arc<Mutex<Outlet<W>>>,
    presence: Presence,
    /// An answer to a line that is no message, until the outlet has it.
    refusal: Option<String>,
    /// The outlet may hold something that no other sender waits for.
    owing: bool,
    /// Bytes that wait for the client.
    unread: watch::Sender<usize>,
    /// Requests that are not answered yet.
    open: Ids,
    /// A request came that opens the conversation. What answers or notifies before it means nothing.
    opened: bool,
}

impl<R, W> Wire<R, W>
where
    R: AsyncRead + Send + Unpin,
    W: AsyncWrite + Send + Unpin + 'static,
{
    pub(super) fn new(reader: R, writer: W, presence: Presence) -> Self {
        Self {
            inlet: Inlet::new(reader, LINE),
            outlet: Arc::new(Mutex::new(Outlet::new(writer))),
            presence,
            refusal: None,
            owing: false,
            unread: watch::Sender::new(0),
            open: Ids::default(),
            opened: false,
        }
    }

    /// The next message, or the end. Nothing is lost when the future is dropped: each step is finished, or begins again.
    async fn next(&mut self) -> io::Result<Option<RxJsonRpcMessage<RoleServer>>> {
        loop {
            if self.refusal.is_some() || self.owing {
                let mut outlet = self.outlet.lock().await;
                self.owing = true;
                if let Some(answer) = self.refusal.take() {
                    outlet.put(answer.as_bytes());
                }
                outlet.flush().await.inspect_err(|_| self.presence.reads_no_more())?;
                self.owing = false;
            }
            // Who does not read is not asked for more.
            let mut unread = self.unread.subscribe();
            // The counter is ours: it cannot be closed.
            drop(unread.wait_for(|bytes| *bytes < UNREAD).await);
            let understood = match self.inlet.take().await? {
                Taken::End => return Ok(None),
                Taken::TooLong => {
                    Understood::Refused(NoMessage::invalid(None, format!("the line is longer than {LINE} bytes, and was not read")))
                }
                Taken::Line(line) => understand(&line),
            };
            match understood {
                Understood::Message(message) => match self.admit(*message) {
                    Ok(message) => return Ok(Some(message)),
                    Err(refusal) => self.refusal = refusal.map(|refusal| refusal.answer()),
                },
                Understood::Refused(refusal) => self.refusal = Some(refusal.answer()),
                Understood::Ignored(why) => tracing::debug!(why, "a line is ignored"),
            }
        }
    }

    /// Whether a message may come now; why not, where it is answered.
    fn admit(&mut self, mut message: RxJsonRpcMessage<RoleServer>) -> Result<RxJsonRpcMessage<RoleServer>, Option<NoMessage>> {
        match &mut message {
            JsonRpcMessage::Request(request) => {
                let Some(ours) = self.open.open(&request.id) else {
                    // With the `id` it would be the answer to the other one.
                    let says = "invalid request: its `id` is that of a request that is not answered yet";
                    return Err(Some(NoMessage::invalid(None, says)));
                };
                request.id = ours;
                self.opened |= opens(&request.request);
                return Ok(message);
            }
            JsonRpcMessage::Notification(notification) => {
                if let ClientNotification::CancelledNotification(cancelled) = &mut notification.notification
                    && let Some(id) = &mut cancelled.params.request_id
                {
                    // It is not answered any more. One that is over, or never was, may have the name of another for the service.
                    *id = self.open.take_back(id).ok_or(None)?;
                }
            }
            JsonRpcMessage::Response(_) | JsonRpcMessage::Error(_) => {}
        }
        if self.opened { Ok(message) } else { Err(None) }
    }
}

/// Whether the service goes on from its opening with this request.
fn opens(request: &ClientRequest) -> bool {
    let of_its_own = || {
        let meta = request.get_meta();
        meta.missing_required_keys(&ProtocolVersion::V_2026_07_28).is_empty()
            && meta.protocol_version().is_some_and(|version| ProtocolVersion::KNOWN_VERSIONS.contains(&version))
    };
    match request {
        ClientRequest::InitializeRequest(_) => true,
        ClientRequest::PingRequest(_) | ClientRequest::DiscoverRequest(_) => false,
        _ => of_its_own(),
    }
}

/// Counts a message as unread until it is dropped.
struct Unread(watch::Sender<usize>, usize);

impl Unread {
    fn of(counter: &watch::Sender<usize>, bytes: usize) -> Self {
        counter.send_modify(|unread| *unread = unread.saturating_add(bytes));
        Self(counter.clone(), bytes)
    }
}

impl Drop for Unread {
    fn drop(&mut self) {
        self.0.send_modify(|unread| *unread = unread.saturating_sub(self.1));
    }
}

impl<R, W> Transport<RoleServer> for Wire<R, W>
where
    R: AsyncRead + Send + Unpin,
    W: AsyncWrite + Send + Unpin + 'static,
{
    type Error = io::Error;

    fn send(&mut self, mut message: TxJsonRpcMessage<RoleServer>) -> impl Future<Output = io::Result<()>> + Send + 'static {
        let answered = match &mut message {
            JsonRpcMessage::Response(response) => Some(&mut response.id),
            JsonRpcMessage::Error(error) => error.id.as_mut(),
            JsonRpcMessage::Request(_) | JsonRpcMessage::Notification(_) => None,
        };
        let waited_for = answered.is_none_or(|id| self.open.answered(id).map(|theirs| *id = theirs).is_some());
        // Of what was taken back nothing is written.
        let line = if waited_for { serde_json::to_vec(&message).map(Some) } else { Ok(None) };
        let unread = Unread::of(&self.unread, line.as_ref().ok().and_then(Option::as_ref).map_or(0, Vec::len));
        let (outlet, presence) = (Arc::clone(&self.outlet), self.presence.clone());
        async move {
            let _unread = unread;
            let Some(line) = line? else { return Ok(()) };
            let written = async {
                let mut outlet = outlet.lock().await;
                outlet.put(&line);
                outlet.flush().await
            };
            // That the client reads no more is no error of this message: the end of the conversation follows, which says it to all.
            tokio::select! {
                biased;
                () = presence.deaf.cancelled() => {}
                written = written => if let Err(error) = written {
                    tracing::info!(%error, "the client reads no more");
                    presence.reads_no_more();
                },
            }
            Ok(())
        }
    }

    async fn receive(&mut self) -> Option<RxJsonRpcMessage<RoleServer>> {
        let deaf = self.presence.deaf.clone();
        let next = tokio::select! {
            biased;
            () = deaf.cancelled() => Ok(None),
            next = self.next() => next,
        };
        let message = next.unwrap_or_else(|error| {
            tracing::info!(%error, "the client is gone");
            None
        });
        if message.is_none() {
            self.presence.gone.cancel();
        }
        message
    }

    /// Lets go of what was not read.
    async fn close(&mut self) -> io::Result<()> {
        self.presence.reads_no_more();
        Ok(())
    }
}
