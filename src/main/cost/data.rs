//! The report for programs: CSV and JSON. Sums are exact decimals without grouping; one that is not known is empty.

use color_eyre::eyre::Result;
use munshi::batch::output::guard;
use munshi::chat::decimal::written;
use munshi::chat::spending::{SpendRow, total};
use serde_json::{Value, json};

use super::Spending;

/// Digits after the point of a sum in the user's currency, and of one in dollars.
const LOCAL_DIGITS: u32 = 18;
const USD_DIGITS: u32 = 12;

pub(super) fn csv(spending: &Spending) -> Result<String> {
    let cost = format!("cost_{}", spending.currency.code);
    let head = [
        "key",
        "label",
        "requests",
        "input_tokens",
        "cached_input_tokens",
        "output_tokens",
        &cost,
        "cost_usd",
        "unknown",
    ];
    let mut out = csv::Writer::from_writer(Vec::new());
    out.write_record(head)?;
    for row in &spending.rows {
        let (local, usd) = sums(row);
        let counts = [row.requests, row.input, row.cached_input, row.output].map(|count| count.to_string());
        let [requests, input, cached_input, output] = counts;
        let cells = [
            guard(&row.key).into_owned(),
            guard(&row.label).into_owned(),
            requests,
            input,
            cached_input,
            output,
            local.unwrap_or_default(),
            usd.unwrap_or_default(),
            row.spend.unknown.to_string(),
        ];
        out.write_record(&cells)?;
    }
    Ok(String::from_utf8(out.into_inner().map_err(csv::IntoInnerError::into_error)?)?)
}

/// A sum in the user's currency and in dollars. Where nothing of it is known, it is none, and not 0.
fn sums(row: &SpendRow) -> (Option<String>, Option<String>) {
    let spend = row.spend;
    if spend.unknown > 0 && spend.pico_usd == 0 {
        return (None, None);
    }
    (Some(written(spend.atto_local, LOCAL_DIGITS)), Some(written(spend.pico_usd, USD_DIGITS)))
}

pub(super) fn json(spending: &Spending) -> Result<String> {
    let budgets: serde_json::Map<String, Value> = spending
        .budgets
        .iter()
        .map(|budget| {
            let used = budget.used.map(|used| written(used.0, LOCAL_DIGITS));
            (budget.kind.as_str().to_owned(), json!({ "most": written(budget.most.0, LOCAL_DIGITS), "used": used }))
        })
        .collect();
    let report = json!({
        "by": spending.by.as_str(),
        "from": spending.period.from.to_string(),
        "to": spending.period.to.to_string(),
        "currency": spending.currency.code,
        "rows": spending.rows.iter().map(row).collect::<Vec<Value>>(),
        "total": row(&total(&spending.rows)),
        "budgets": budgets,
        "prices_of": spending.prices_of.to_string(),
        "prices_are_old": spending.stale.is_some(),
    });
    Ok(format!("{}\n", serde_json::to_string_pretty(&report)?))
}

fn row(row: &SpendRow) -> Value {
    let (cost, usd) = sums(row);
    let pico_usd = usd.is_some().then(|| row.spend.pico_usd.to_string());
    json!({
        "key": row.key,
        "label": row.label,
        "requests": row.requests,
        "input_tokens": row.input,
        "cached_input_tokens": row.cached_input,
        "output_tokens": row.output,
        "cost": cost,
        "cost_usd": usd,
        "pico_usd": pico_usd,
        "unknown": row.spend.unknown,
    })
}

#[cfg(test)]
mod tests {
    use munshi::batch::output::unguard;

    use super::super::human::tests::spending;
    use super::*;

    #[test]
    fn a_sum_is_an_exact_decimal_and_an_unknown_one_is_empty() {
        let text = csv(&spending()).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(
            lines,
            [
                "key,label,requests,input_tokens,cached_input_tokens,output_tokens,cost_INR,cost_usd,unknown",
                "2026-11-23,2026-11-23,2,1200,200,340,123456.78,1452.432705882352,0",
                "2026-11-25,2026-11-25,1,10,0,2,,,1",
            ]
        );
    }

    #[test]
    fn row_42_a_label_is_no_formula_and_reads_back_as_the_text() {
        let mut spending = spending();
        let texts = ["=1+1", "+91", "-x", "@me", "\tx", "\rx", "a, \"b\"\nc", "=a,b", "plain = text", "", "'quoted"];
        spending.rows = texts.map(|label| SpendRow { label: label.to_owned(), ..spending.rows[0].clone() }).to_vec();
        let text = csv(&spending).unwrap();
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let labels: Vec<String> = reader.records().map(|row| row.unwrap()[1].to_owned()).collect();
        assert_eq!(labels.iter().map(|label| unguard(label)).collect::<Vec<_>>(), texts);
        assert!(labels.iter().all(|label| !label.starts_with(['=', '+', '-', '@', '\t', '\r'])), "{labels:?}");
    }

    #[test]
    fn json_holds_exact_sums_budgets_and_the_total() {
        let value: Value = serde_json::from_str(&json(&spending()).unwrap()).unwrap();
        assert_eq!(value["rows"][0]["cost"], "123456.78");
        assert_eq!(value["rows"][0]["pico_usd"], "1452432705882352");
        assert_eq!(value["rows"][1]["cost"], Value::Null);
        assert_eq!((&value["total"]["requests"], &value["total"]["unknown"]), (&json!(3), &json!(1)));
        assert_eq!(value["budgets"]["day"], json!({ "most": "50", "used": "41.5" }));
        assert_eq!(value["budgets"]["conversation"], json!({ "most": "20", "used": null }));
        assert_eq!(
            (&value["by"], &value["from"], &value["currency"]),
            (&json!("day"), &json!("2026-11-22"), &json!("INR"))
        );
    }
}
