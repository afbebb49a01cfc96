//! Every bound of the wire, in one place: bytes, calls and times.

use std::time::Duration;

/// Bytes of a line: far above what the bounds of all arguments add up to, and what other servers and clients of the protocol take.
pub(super) const LINE: usize = 16 << 20;
/// Bytes that may wait for a client to read them before its next line is read: as much as it may send in one.
pub(super) const UNREAD: usize = LINE;
/// A client that has not taken a single byte for so long reads no more: longer than a busy machine or a full disk holds anybody up.
pub(super) const STALLED: Duration = Duration::from_secs(30);
/// What was asked before a client closed its side may still be answered for so long: a script closes it and reads on.
pub(super) const AFTERWARDS: Duration = Duration::from_secs(2);
/// After calls were cancelled, their answers have so long to get out. With [`AFTERWARDS`] it is less than five seconds, after which
/// clients kill a server.
pub(super) const PARTING: Duration = Duration::from_secs(1);
/// Calls that run at once; more are refused. No client is known that makes more than a few.
pub(super) const CALLS: u32 = 32;
/// How long the end of the process waits for calls to come to a safe end: a request in flight, which an API server gives up on after a
/// minute at most, mostly takes less than a second, and what it did is recorded.
pub(super) const GRACE: Duration = Duration::from_secs(30);
