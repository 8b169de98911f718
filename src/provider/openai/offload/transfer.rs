//! Files on their way, a piece at a time: from the disk to the wire and back. Owns memory that stays flat whatever a file
//! weighs, and that a file which came down is whole; refuses to look inside one.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use futures::Stream;
use reqwest::Body;
use reqwest::multipart::{Form, Part};
use tempfile::NamedTempFile;
use tokio::fs::File;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::super::transport;
use super::Call;
use super::pace::Pace;
use crate::chat::{Failure, FailureKind};

/// How much of a file is in memory at a time.
const PIECE_BYTES: u64 = 64 << 10;

/// More than the answers to fifty thousand rows: a disk is not filled without end.
const MOST_BYTES: u64 = 16 << 30;

/// A file of this machine's that could not be read while it was sent.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Unread(io::Error);

/// The failure of a request whose own file failed.
pub(super) fn unread(error: &reqwest::Error) -> Option<Failure> {
    let cause = transport::find::<Unread>(error)?;
    let words = format!("The file to be sent could not be read to its end ({cause}): see that nothing changes it.");
    Some(Failure::new(FailureKind::Internal, words))
}

fn local(what: &str, path: &Path, error: &dyn std::fmt::Display) -> Failure {
    Failure::new(FailureKind::Internal, format!("The file {} cannot be {what}: {error}.", path.display()))
}

/// The file's first `left` bytes, piece by piece.
fn pieces(file: File, left: u64, pace: Arc<Pace>) -> impl Stream<Item = Result<Bytes, Unread>> + Send + 'static {
    futures::stream::try_unfold((file, left), move |(mut file, left)| {
        let pace = Arc::clone(&pace);
        async move {
            if left == 0 {
                return Ok(None);
            }
            let size = left.min(PIECE_BYTES);
            let mut piece = BytesMut::with_capacity(size as usize);
            // A file that has grown is sent as long as it was said to be.
            let read = (&mut file).take(size).read_buf(&mut piece).await.map_err(Unread)?;
            if read == 0 {
                return Err(Unread(io::Error::new(ErrorKind::UnexpectedEof, "it became shorter")));
            }
            pace.moved();
            Ok(Some((piece.freeze(), (file, left - read as u64))))
        }
    })
}

impl Call {
    /// Sends a file up; what the server said of it.
    pub async fn upload(&self, path: &Path, name: String) -> Result<Vec<u8>, Failure> {
        let unreadable = |error| local("read", path, &error);
        let file = File::open(path).await.map_err(unreadable)?;
        let length = file.metadata().await.map_err(unreadable)?.len();
        let body = Body::wrap_stream(pieces(file, length, Arc::clone(&self.pace)));
        let part = Part::stream_with_length(body, length).file_name(name).mime_str("application/jsonl");
        let part = part.map_err(|error| Failure::new(FailureKind::Internal, error.to_string()))?;
        let form = Form::new().text("purpose", "batch").part("file", part);
        self.answer(self.client.post(self.url(&["files"])).multipart(form), None).await
    }

    /// Brings a file down; how many bytes it has.
    pub async fn download(&self, file: &str, to: PathBuf) -> Result<u64, Failure> {
        let mut response = self.send(self.client.get(self.url(&["files", file, "content"])), Some(file)).await?;
        let unwritable = |error| local("written", &to, &error);
        // Beside its place under another name until it is whole; gone where that never happens.
        let kept = beside(&to).map_err(unwritable)?;
        let mut out = File::from_std(kept.reopen().map_err(unwritable)?);
        let mut total = 0;
        while let Some(bytes) = response.chunk().await.map_err(|error| self.cut(file, &error))? {
            self.pace.moved();
            total += bytes.len() as u64;
            if total > MOST_BYTES {
                let words = format!("{} sent more than the answers of a batch can be.", self.target.host());
                return Err(Failure::new(FailureKind::TooLarge, words));
            }
            out.write_all(&bytes).await.map_err(unwritable)?;
        }
        out.flush().await.map_err(unwritable)?;
        out.sync_all().await.map_err(unwritable)?;
        kept.persist(&to).map_err(|error| local("written", &to, &error.error))?;
        Ok(total)
    }

    fn cut(&self, file: &str, error: &reqwest::Error) -> Failure {
        let words = format!(
            "The connection to {} ended before the file {file} was whole ({}); nothing of it is kept, ask for it again.",
            self.target.host(),
            transport::innermost(error)
        );
        Failure::new(FailureKind::Cut, words)
    }
}

/// A new file that only this user may read, in the folder that `path` is in.
fn beside(path: &Path) -> io::Result<NamedTempFile> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    tempfile::Builder::new().prefix(".munshi-").suffix(".part").tempfile_in(folder)
}
