//! What the system says, for commands that have no screen: each tells it in its own words.

use std::io;

use futures::StreamExt as _;
use futures::stream::{self, BoxStream};
use munshi::platform::signals::{Signals, SystemSignal};

/// The signals from now on, as `mean` takes them.
///
/// # Errors
/// Where the system refuses a handler.
pub fn heard<T: 'static>(mean: fn(SystemSignal) -> T) -> io::Result<BoxStream<'static, T>> {
    let heard = stream::unfold(Signals::listen()?, move |mut heard| async move {
        let signal = mean(heard.next().await);
        Some((signal, heard))
    });
    Ok(heard.boxed())
}
