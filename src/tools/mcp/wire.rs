//! What stands between a server and the SDK: no message of any length, no request without end, no notification that
//! nobody wants gets through. Owns how the end of a connection, an answer that is too long, and a changed list are
//! told; knows no tools.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};

use rmcp::RoleClient;
use rmcp::model::{JsonRpcMessage, ServerNotification};
use rmcp::service::{RxJsonRpcMessage, TxJsonRpcMessage};
use rmcp::transport::Transport;
use tokio::io::{AsyncRead, ReadBuf};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// The longest message that is read, in bytes. JSON of small values takes up to thirty times its length in memory.
pub const MOST_MESSAGE: usize = 4 << 20;
/// The longest message that is skipped, in bytes; whoever sends a longer one is given up.
const MOST_SKIPPED: usize = 128 << 20;
/// So many requests a server may have open at once; whoever has more is given up.
const MOST_REQUESTS: usize = 64;

/// What is known of a connection besides its messages.
#[derive(Debug, Clone)]
pub struct Line {
    /// Fires when the connection has ended, and ends it when it is fired.
    pub gone: CancellationToken,
    /// Whether the server said that its tools are others by now.
    pub is_stale: Arc<AtomicBool>,
    /// Counts messages that were too long to be read.
    pub skipped: watch::Sender<u64>,
}

impl Line {
    pub fn new(gone: CancellationToken) -> Self {
        Self { gone, is_stale: Arc::default(), skipped: watch::Sender::new(0) }
    }
}

/// A transport that lets through what munshi has a use for.
#[derive(Debug)]
pub struct Guarded<T> {
    inner: T,
    line: Line,
    open: Arc<AtomicUsize>,
}

impl<T> Guarded<T> {
    pub fn new(inner: T, line: Line) -> Self {
        Self { inner, line, open: Arc::default() }
    }
}

impl<T: Transport<RoleClient>> Transport<RoleClient> for Guarded<T> {
    type Error = T::Error;

    fn send(
        &mut self,
        item: TxJsonRpcMessage<RoleClient>,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send + 'static {
        let is_answer = matches!(item, JsonRpcMessage::Response(_) | JsonRpcMessage::Error(_));
        let open = Arc::clone(&self.open);
        let sending = self.inner.send(item);
        async move {
            let sent = sending.await;
            if is_answer {
                open.fetch_sub(1, Ordering::Relaxed);
            }
            sent
        }
    }

    async fn receive(&mut self) -> Option<RxJsonRpcMessage<RoleClient>> {
        loop {
            let message = self.inner.receive().await;
            match message {
                Some(JsonRpcMessage::Notification(notification)) => {
                    // Each would be a task of its own; none but this one is of use here.
                    if matches!(notification.notification, ServerNotification::ToolListChangedNotification(_)) {
                        self.line.is_stale.store(true, Ordering::Release);
                    }
                }
                Some(JsonRpcMessage::Request(_)) if self.open.fetch_add(1, Ordering::Relaxed) >= MOST_REQUESTS => {
                    tracing::debug!("a server of tools asks more than {MOST_REQUESTS} things at once");
                    self.line.gone.cancel();
                    return None;
                }
                None => {
                    self.line.gone.cancel();
                    return None;
                }
                message => return message,
            }
        }
    }

    async fn close(&mut self) -> Result<(), Self::Error> {
        self.line.gone.cancel();
        self.inner.close().await
    }
}

/// A stream of lines that tells when one is too long, and ends when one is far too long. Passes on every byte: the
/// SDK's own reader drops what is too long for it.
#[derive(Debug)]
pub struct Lines<R> {
    inner: R,
    length: usize,
    skipped: watch::Sender<u64>,
}

impl<R> Lines<R> {
    pub fn new(inner: R, skipped: watch::Sender<u64>) -> Self {
        Self { inner, length: 0, skipped }
    }

    fn count(&mut self, bytes: &[u8]) -> io::Result<()> {
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            let before = self.length;
            self.length += part.len();
            if before <= MOST_MESSAGE && self.length > MOST_MESSAGE {
                self.skipped.send_modify(|count| *count += 1);
            }
            if self.length > MOST_SKIPPED {
                return Err(io::Error::other("a line without end"));
            }
            if part.ends_with(b"\n") {
                self.length = 0;
            }
        }
        Ok(())
    }
}

impl<R: AsyncRead + Unpin> AsyncRead for Lines<R> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.inner).poll_read(context, buffer))?;
        Poll::Ready(self.count(&buffer.filled()[before..]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_is_too_long_is_told_once_wherever_it_is_cut() {
        for step in [1000, MOST_MESSAGE, 3 * MOST_MESSAGE] {
            let mut lines = Lines::new((), watch::Sender::new(0));
            let mut text = vec![b'x'; 2 * MOST_MESSAGE];
            text.extend(b"\nshort\n");
            for part in text.chunks(step) {
                lines.count(part).unwrap();
            }
            assert_eq!(*lines.skipped.borrow(), 1, "in steps of {step}");
        }
    }

    #[test]
    fn lines_of_the_length_allowed_are_not_told_and_one_without_end_ends_the_stream() {
        let mut lines = Lines::new((), watch::Sender::new(0));
        let mut line = vec![b'x'; MOST_MESSAGE - 1];
        line.push(b'\n');
        for _ in 0..3 {
            lines.count(&line).unwrap();
        }
        assert_eq!(*lines.skipped.borrow(), 0);
        let endless = vec![b'x'; MOST_MESSAGE];
        assert!((0..=MOST_SKIPPED / MOST_MESSAGE).any(|_| lines.count(&endless).is_err()));
    }
}
