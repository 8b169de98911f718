//! `convert_currency`: exact sums at the configured rate of the user's own currency, and at made-up rates for others,
//! which is said. Owns the table of `assets/tools/rates.toml`; no float comes in between.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::future::BoxFuture;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::{BuiltIn, SAMPLE, World, at_once, text};
use crate::chat::decimal;
use crate::chat::tool::ToolOutcome;

/// Digits after the point that amounts and rates are kept with.
const DIGITS: u32 = 6;
/// One, in millionths.
const ONE: u128 = 1_000_000;
/// The largest amount, in millionths: with the largest rate its product still fits.
const MOST: u128 = 1_000_000_000_000 * ONE;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    currencies: Vec<Row>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    code: String,
    #[serde(rename = "name")]
    _name: String,
    per_usd: String,
}

/// Units to the dollar in millionths, and whether the rate is the user's own or a fact.
#[derive(Clone, Copy)]
struct Rate {
    micro_per_usd: u128,
    is_real: bool,
}

struct ConvertCurrency {
    rates: BTreeMap<String, Rate>,
}

pub(super) fn make(world: &World) -> Option<Arc<dyn BuiltIn>> {
    let table: Table = toml::from_str(include_str!("../../../assets/tools/rates.toml")).ok()?;
    let mut rates = BTreeMap::new();
    for row in table.currencies {
        rates.insert(row.code, Rate { micro_per_usd: decimal::scaled(&row.per_usd, DIGITS)?, is_real: false });
    }
    let configured = Rate { micro_per_usd: u128::from(world.currency.rate.0), is_real: true };
    rates.insert(world.currency.code.to_uppercase(), configured);
    // A dollar is a dollar, whatever the configuration calls its own currency.
    rates.insert("USD".to_owned(), Rate { micro_per_usd: ONE, is_real: true });
    Some(Arc::new(ConvertCurrency { rates }))
}

impl ConvertCurrency {
    fn convert(&self, amount: &Value, from: &str, to: &str) -> Result<Value, String> {
        let micro = decimal::scaled(&amount.to_string(), DIGITS)
            .filter(|micro| *micro <= MOST)
            .ok_or_else(|| format!("{amount} is no amount that can be converted; expected 0 to 1000000000000."))?;
        let (from_rate, to_rate) = (self.rate(from)?, self.rate(to)?);
        // Half up to a millionth.
        let result = (micro * to_rate.micro_per_usd + from_rate.micro_per_usd / 2) / from_rate.micro_per_usd;
        let rate = (to_rate.micro_per_usd * ONE + from_rate.micro_per_usd / 2) / from_rate.micro_per_usd;
        let is_real = from == to || (from_rate.is_real && to_rate.is_real);
        let note = if is_real { "At the rate in the user's configuration (currency.rate)." } else { SAMPLE };
        Ok(json!({
            "amount": written(micro), "from_currency": from, "to_currency": to,
            "result": written(result), "rate": written(rate), "note": note,
        }))
    }

    fn rate(&self, code: &str) -> Result<Rate, String> {
        self.rates.get(code).copied().filter(|rate| rate.micro_per_usd > 0).ok_or_else(|| {
            let known: Vec<&str> = self.rates.keys().map(String::as_str).collect();
            format!("There is no rate for {code:?}; there are rates for {}.", known.join(", "))
        })
    }
}

fn written(micro: u128) -> String {
    decimal::written(i128::try_from(micro).unwrap_or(i128::MAX), DIGITS)
}

impl BuiltIn for ConvertCurrency {
    fn description(&self) -> String {
        "Converts an amount of money from one currency into another. Between the US dollar and the user's own currency \
         it takes the rate that the user configured; all other rates are made-up sample data: say so when you use them."
            .to_owned()
    }

    fn parameters(&self) -> Value {
        let codes: Vec<&String> = self.rates.keys().collect();
        json!({
            "type": "object",
            "properties": {
                "amount": {
                    "type": "number", "minimum": 0, "maximum": 1_000_000_000_000_u64,
                    "description": "The amount in from_currency; six digits after the point count",
                },
                "from_currency": { "type": "string", "enum": codes, "description": "The ISO code of the amount's currency" },
                "to_currency": { "type": "string", "enum": codes, "description": "The ISO code of the currency wanted" },
            },
            "required": ["amount", "from_currency", "to_currency"],
            "additionalProperties": false,
        })
    }

    fn run(&self, arguments: Arc<Value>, _: CancellationToken) -> BoxFuture<'static, ToolOutcome> {
        let code = |name| text(&arguments, name).unwrap_or_default();
        at_once(self.convert(&arguments["amount"], code("from_currency"), code("to_currency")))
    }
}
