//! Opens the screen: the terminal is taken, the state made, the loop run.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::runtime::{Runtime, ids};

use super::host::Host;
use super::keymap::Keymap;
use super::preferences::Preferences;
use super::run::{App, Exit, Opening};
use super::screens::welcome::Welcome;
use super::stage::{RealTerminal, Stage as _};
use super::state::{AppState, Overlay};
use super::theme::Theme;
use super::world::World;

/// All that the screen is opened with.
pub struct Launch {
    pub preferences: Preferences,
    /// Keys of the user's own, by action.
    pub bindings: BTreeMap<String, Vec<String>>,
    /// The name of a theme.
    pub theme: String,
    /// Where the user's own themes are.
    pub theme_folder: PathBuf,
    pub opening: Opening,
    /// What the user should know, though nothing is wrong.
    pub notices: Vec<String>,
    /// Cancelled when the system asks to end.
    pub ended: CancellationToken,
    /// Rings when the program was stopped by another and goes on.
    pub continued: Arc<Notify>,
    /// The hidden switch of the tests.
    pub panics: Option<String>,
}

/// Opens the screen and stays until it is left.
///
/// # Errors
/// Where the terminal cannot be taken or drawn on.
pub async fn open(launch: Launch, runtime: Runtime, host: Arc<dyn Host>, arrived: Arc<Notify>) -> io::Result<Exit> {
    let mut notices = launch.notices;
    let theme = theme(&launch.theme, &launch.theme_folder, &mut notices).for_depth(launch.preferences.colours);
    let keymap = Keymap::with_overrides(&launch.bindings).unwrap_or_else(|wrong| {
        notices.extend(wrong);
        Keymap::builtin()
    });
    let now = runtime.clock().now();
    let stage = RealTerminal::enter(launch.preferences.mouse)?;
    let mut state = AppState::new(launch.preferences, theme, keymap, ids::conversation(), stage.size()?, now);
    state.composer = state.blank_composer();
    state.carries = launch.opening != Opening::New;
    for notice in notices {
        state.warn(notice);
    }
    let provider = state.meta().model.provider.clone();
    if !state.host_has_key(&provider) && launch.opening == Opening::New {
        state.overlay = Some(Overlay::Welcome(Welcome::new(provider)));
    }
    state.fit_composer();
    let mut world = World::new(runtime, host, arrived, launch.ended, launch.panics)?;
    world.continued = launch.continued;
    App::new(stage, state, world).run(launch.opening).await
}

/// A built-in theme or one of the user's own; the default, and a notice, where there is none of that name.
fn theme(name: &str, folder: &std::path::Path, notices: &mut Vec<String>) -> Theme {
    if let Some(theme) = Theme::named(name) {
        return theme;
    }
    let file = folder.join(format!("{name}.toml"));
    let parsed = match std::fs::read_to_string(&file) {
        Ok(text) => Theme::parse(name, &text),
        Err(error) => Err(vec![format!(
            "There is no theme “{name}”: the built-in ones are {}, and {} could not be read ({error}).",
            Theme::builtin_names().collect::<Vec<_>>().join(", "),
            file.display()
        )]),
    };
    parsed.unwrap_or_else(|wrong| {
        notices.extend(wrong);
        Theme::default()
    })
}
