//! Whether a run is begun at all: what it is expected to cost is held to each budget.

use super::Exit;
use super::progress::say;
use crate::chat::{Local, Settings};
use crate::runtime::{Answer, News, Query, Runtime, Scope, StoreEvent, ids};

/// Why a run is not begun.
pub struct Refused {
    pub exit: Exit,
    pub why: String,
}

/// Sees that what is expected stays within each budget. Each attempt is held to them by itself, too; but a run that must
/// stop half-way is better not begun.
///
/// # Errors
/// Why it is not begun.
pub async fn check_budgets(
    runtime: &mut Runtime,
    settings: &Settings,
    expected: Option<Local>,
    has_max_cost: bool,
) -> Result<(), Refused> {
    let Some(expected) = expected else { return Ok(()) };
    let (budgets, currency) = (&settings.budgets, &settings.currency);
    let day = runtime.clock().now().day;
    let conversation = ids::conversation();
    let scopes = [(Scope::Day(day), budgets.day), (Scope::Month(day), budgets.month)];
    let over = |name: &str, most: Local, used: Local| {
        let (most, could) = (currency.show_local(most), currency.show_local(expected));
        let used =
            if used.0 == 0 { String::new() } else { format!(" and {} of it is used", currency.show_local(used)) };
        let why = format!(
            "Nothing was sent: {name} is {most}{used}, and this run is expected to cost {could}. Raise the budget in the configuration, ask fewer rows, or choose a cheaper model."
        );
        Refused { exit: Exit::OverBudget, why }
    };
    if let Some(most) = budgets.conversation.filter(|most| !has_max_cost && expected > *most) {
        return Err(over("the conversation's budget, which holds for a run,", most, Local(0)));
    }
    let mut waiting = 0;
    for (scope, _) in scopes.iter().filter(|(_, most)| most.is_some()) {
        runtime.store().query(Query::Spend { conversation, scope: *scope });
        waiting += 1;
    }
    while waiting > 0 {
        runtime.arrived().await;
        for news in runtime.drain() {
            match news {
                News::Store(StoreEvent::Answer(Answer::Spent { scope, spend, .. })) => {
                    waiting -= 1;
                    let most = scopes.iter().find(|(known, _)| *known == scope).and_then(|(_, most)| *most);
                    let used = Local(spend.atto_local);
                    if let Some(most) = most.filter(|most| used.0.saturating_add(expected.0) > most.0) {
                        return Err(over(scope.budget_name(), most, used));
                    }
                }
                News::Store(StoreEvent::Opened { notices }) => notices.iter().for_each(|notice| say(notice)),
                News::Store(StoreEvent::Answer(Answer::Failed { reason, .. }) | StoreEvent::Unusable(reason)) => {
                    return Err(Refused { exit: Exit::Failed, why: reason });
                }
                _ => {}
            }
        }
    }
    Ok(())
}
