//! `get_stock_price`: prices of NSE and BSE, made up, and said to be. Owns the table of `assets/tools/stocks.toml`.

use std::sync::Arc;

use futures::future::BoxFuture;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::{BuiltIn, SAMPLE, World, at_once, text};
use crate::chat::tool::ToolOutcome;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    stocks: Vec<Stock>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Stock {
    symbol: String,
    name: String,
    bse_code: String,
    nse: String,
    bse: String,
    change: String,
}

struct GetStockPrice {
    table: Table,
}

pub(super) fn make(_: &World) -> Option<Arc<dyn BuiltIn>> {
    let table = toml::from_str(include_str!("../../../assets/tools/stocks.toml")).ok()?;
    Some(Arc::new(GetStockPrice { table }))
}

impl GetStockPrice {
    fn find(&self, symbol: &str, exchange: &str) -> Result<Value, String> {
        // As exchanges and their users write it: RELIANCE.NS, TCS.BO, 500325.
        let bare = symbol.trim().to_uppercase();
        let bare = bare.strip_suffix(".NS").or_else(|| bare.strip_suffix(".BO")).unwrap_or(&bare);
        let stock = self.table.stocks.iter().find(|stock| stock.symbol == bare || stock.bse_code == bare);
        let Some(stock) = stock else {
            let known: Vec<&str> = self.table.stocks.iter().map(|stock| stock.symbol.as_str()).collect();
            return Err(format!("There is no sample price for {symbol:?}; there are prices for {}.", known.join(", ")));
        };
        let price = if exchange == "BSE" { &stock.bse } else { &stock.nse };
        Ok(json!({
            "symbol": stock.symbol, "name": stock.name, "exchange": exchange, "price": price,
            "change": stock.change, "currency": "INR", "note": SAMPLE,
        }))
    }
}

impl BuiltIn for GetStockPrice {
    fn description(&self) -> String {
        "The price of a share on the NSE or BSE in rupees. It has made-up sample data for a few large companies alone, \
         not real prices; say so when you use it."
            .to_owned()
    }

    fn parameters(&self) -> Value {
        json!({
            "type": "object",
            "properties": {
                "symbol": {
                    "type": "string", "minLength": 1, "maxLength": 20,
                    "description": "The share's symbol, such as RELIANCE or TCS, or its BSE code, such as 500325",
                },
                "exchange": {
                    "type": "string", "enum": ["NSE", "BSE"],
                    "description": "The exchange; NSE unless it is given",
                },
            },
            "required": ["symbol"],
            "additionalProperties": false,
        })
    }

    fn run(&self, arguments: Arc<Value>, _: CancellationToken) -> BoxFuture<'static, ToolOutcome> {
        let symbol = text(&arguments, "symbol").unwrap_or_default();
        at_once(self.find(symbol, text(&arguments, "exchange").unwrap_or("NSE")))
    }
}
