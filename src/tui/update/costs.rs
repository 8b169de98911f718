//! The cost screen's part of the machine: what it asks of the store, and what it is told.

use crate::chat::Stamp;
use crate::chat::spending::{GroupBy, Period, SpendRow};
use crate::runtime::Query;
use crate::tui::effect::TuiEffect;
use crate::tui::screens::ScreenKey;
use crate::tui::screens::cost::{Costs, Intent};
use crate::tui::state::{AppState, Overlay};

impl AppState {
    /// Opens the costs; they are read while the screen stands.
    pub fn open_costs(&mut self) -> Vec<TuiEffect> {
        let costs = Costs::open(self.now.day);
        let wanted = costs.wants();
        self.overlay = Some(Overlay::Costs(costs));
        asked(self, wanted)
    }
}

/// Hands a key to the screen.
pub(super) fn pass(state: &mut AppState, key: &ScreenKey) -> Vec<TuiEffect> {
    let (height, caps) = (state.size.1, state.used_caps().len());
    let Some(Overlay::Costs(costs)) = &mut state.overlay else { return Vec::new() };
    let intents = costs.handle(key, height, caps);
    asked(state, intents)
}

fn asked(state: &mut AppState, intents: Vec<Intent>) -> Vec<TuiEffect> {
    let mut effects = Vec::new();
    for intent in intents {
        match intent {
            Intent::Close => state.overlay = None,
            Intent::Report { by, period } => effects.push(TuiEffect::Query(Query::Report { by, period })),
        }
    }
    effects
}

/// Hands rows to the screen, where it is still there.
pub(super) fn reported(state: &mut AppState, by: GroupBy, period: Period, rows: Vec<SpendRow>) {
    if let Some(Overlay::Costs(costs)) = &mut state.overlay {
        costs.reported(by, period, rows);
    }
}

/// Lets the screen say that it could not be read.
pub(super) fn failed(state: &mut AppState, reason: String) {
    if let Some(Overlay::Costs(costs)) = &mut state.overlay {
        costs.complain(reason);
    }
}

/// Something was spent: what is on the screen is read again.
pub(super) fn spent(state: &mut AppState, at: Stamp) -> Vec<TuiEffect> {
    let Some(Overlay::Costs(costs)) = &mut state.overlay else { return Vec::new() };
    costs.set_today(at.day);
    let wanted = costs.wants();
    asked(state, wanted)
}
