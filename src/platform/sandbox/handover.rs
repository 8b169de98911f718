//! Hands one open file, or none, from munshi to its helper, over the socket between them and before anything else: what
//! a program that is spoken with reads from. No other program that munshi starts at that moment can inherit it.

use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};

use rustix::io::{FdFlags, fcntl_setfd};
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage, SendFlags,
    recvmsg, sendmsg,
};

/// The byte that the file goes along with, since it cannot go alone.
const WITH: &[u8] = b"\n";

/// Sends a file, or that there is none.
pub fn send(socket: impl AsFd, file: Option<&OwnedFd>) -> io::Result<()> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    let files: Vec<_> = file.map(AsFd::as_fd).into_iter().collect();
    if !files.is_empty() {
        control.push(SendAncillaryMessage::ScmRights(&files));
    }
    sendmsg(socket, &[IoSlice::new(WITH)], &mut control, SendFlags::empty())?;
    Ok(())
}

/// Receives what [`send`] sent. A sender that is gone has sent nothing.
pub fn receive(socket: impl AsFd) -> io::Result<Option<OwnedFd>> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let mut byte = [0; WITH.len()];
    recvmsg(socket, &mut [IoSliceMut::new(&mut byte)], &mut control, RecvFlags::empty())?;
    let files = control.drain().filter_map(|message| match message {
        RecvAncillaryMessage::ScmRights(files) => Some(files),
        _ => None,
    });
    let file = files.flatten().next();
    if let Some(file) = &file {
        fcntl_setfd(file, FdFlags::CLOEXEC)?;
    }
    Ok(file)
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::os::unix::net::UnixStream;

    use super::*;

    #[test]
    fn what_is_handed_over_is_the_same_file_and_what_follows_is_not_touched() {
        let (mut ours, mut its) = UnixStream::pair().unwrap();
        let (reader, mut writer) = io::pipe().unwrap();
        send(&ours, Some(&reader.into())).unwrap();
        ours.write_all(b"job\n").unwrap();
        writer.write_all(b"input").unwrap();
        drop((ours, writer));
        let (mut rest, mut input) = (String::new(), String::new());
        std::fs::File::from(receive(&its).unwrap().unwrap()).read_to_string(&mut input).unwrap();
        its.read_to_string(&mut rest).unwrap();
        assert_eq!((input.as_str(), rest.as_str()), ("input", "job\n"));
    }

    #[test]
    fn nothing_is_handed_over_where_there_is_nothing_or_nobody() {
        let (ours, its) = UnixStream::pair().unwrap();
        send(&ours, None).unwrap();
        assert!(receive(&its).unwrap().is_none());
        drop(ours);
        assert!(receive(&its).unwrap().is_none());
    }
}
