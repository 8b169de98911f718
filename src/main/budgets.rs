//! How much of each budget is used today, for the commands that print.

use color_eyre::eyre::Result;
use jiff::civil::Date;
use munshi::chat::budget::{CapKind, percent_used};
use munshi::chat::{Budgets, Currency, Local, Scope};
use munshi::store::Store;

/// A budget that is set.
pub struct BudgetUse {
    pub kind: CapKind,
    pub most: Local,
    /// What is recorded of it; `None` where each message or conversation has its own, or nothing could be read.
    pub used: Option<Local>,
}

impl BudgetUse {
    /// In whole percent.
    pub fn percent(&self) -> Option<u64> {
        self.used.map(|used| percent_used(used, self.most))
    }

    /// `₹4.10 of ₹50.00, 8%`
    pub fn says(&self, currency: &Currency) -> String {
        let most = currency.show_local(self.most);
        match (self.used, self.percent()) {
            (Some(used), Some(percent)) => format!("{} of {most}, {percent}%", currency.show_local(used)),
            _ => format!("{most} at most"),
        }
    }
}

/// The budgets that are set, the narrowest first.
pub fn used(budgets: &Budgets, store: Option<&mut dyn Store>, today: Date) -> Result<Vec<BudgetUse>> {
    let (mut day, mut month) = (Some(Local(0)), Some(Local(0)));
    if let Some(store) = store {
        day = Some(Local(store.spend(Scope::Day(today))?.atto_local));
        month = Some(Local(store.spend(Scope::Month(today))?.atto_local));
    }
    let used = |kind| match kind {
        CapKind::Message | CapKind::Conversation => None,
        CapKind::Day => day,
        CapKind::Month => month,
    };
    let set = CapKind::ALL.into_iter().filter_map(|kind| Some((kind, kind.of(budgets)?)));
    Ok(set.map(|(kind, most)| BudgetUse { kind, most, used: used(kind) }).collect())
}
