//! Money in integers: pico-dollars in sums, micro-units of the user's currency per dollar as the rate.

use std::iter::Sum;
use std::ops::{Add, AddAssign};

use serde::{Deserialize, Serialize};

/// 10⁻¹² US dollars. A price of one micro-dollar per million tokens is one pico-dollar per token,
/// so that tokens × price is exact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PicoUsd(pub i64);

/// Units of the user's currency per dollar, in millionths: 85 rupees is 85,000,000.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Rate(pub u64);

impl Default for Rate {
    fn default() -> Self {
        Self(85_000_000)
    }
}

/// 10⁻¹⁸ units of the user's currency: pico-dollars × rate in millionths, exact.
type Atto = i128;

/// A sum in the user's currency, in 10⁻¹⁸ of its unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Local(pub i128);

impl Local {
    /// A cost at a rate.
    #[must_use]
    pub fn of(cost: PicoUsd, rate: Rate) -> Self {
        Self(i128::from(cost.0) * i128::from(rate.0))
    }

    /// So many millionths of the currency's unit.
    #[must_use]
    pub fn from_micro(micro: u64) -> Self {
        Self(i128::from(micro) * 1_000_000_000_000)
    }
}

/// A sum of money spent: in dollars, and in the user's currency at the rates that held when it was spent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Spend {
    /// Pico-dollars.
    pub pico_usd: i128,
    /// 10⁻¹⁸ units of the user's currency.
    pub atto_local: Atto,
    /// Attempts among the summed whose cost is not known; the sum is then a lower bound.
    pub unknown: u64,
}

impl Spend {
    /// One cost at one rate.
    #[must_use]
    pub fn of(cost: PicoUsd, rate: Rate) -> Self {
        let pico_usd = i128::from(cost.0);
        Self { pico_usd, atto_local: pico_usd * i128::from(rate.0), unknown: 0 }
    }

    /// One attempt whose cost is not known.
    #[must_use]
    pub const fn unknown() -> Self {
        Self { pico_usd: 0, atto_local: 0, unknown: 1 }
    }
}

impl Add for Spend {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self {
            pico_usd: self.pico_usd.saturating_add(other.pico_usd),
            atto_local: self.atto_local.saturating_add(other.atto_local),
            unknown: self.unknown.saturating_add(other.unknown),
        }
    }
}

impl AddAssign for Spend {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sum for Spend {
    fn sum<I: Iterator<Item = Self>>(items: I) -> Self {
        items.fold(Self::default(), Add::add)
    }
}

/// How digits are grouped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Grouping {
    /// 1,23,45,678: thousands, then pairs.
    #[default]
    Indian,
    /// 12,345,678.
    Thousands,
}

/// The currency that sums are shown in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Currency {
    /// ISO 4217, such as `INR`.
    pub code: String,
    pub symbol: String,
    /// Digits after the point, 0 to 6; small sums get more.
    pub digits: u32,
    pub grouping: Grouping,
    pub rate: Rate,
}

impl Default for Currency {
    fn default() -> Self {
        Self {
            code: "INR".to_owned(),
            symbol: "₹".to_owned(),
            digits: 2,
            grouping: Grouping::Indian,
            rate: Rate::default(),
        }
    }
}

/// Digits after the point in an atto amount.
const ATTO_DIGITS: u32 = 18;
/// No sum is shown with more digits after the point than this.
const MAX_DIGITS: u32 = 6;

impl Currency {
    /// A sum as it is shown: `₹1,23,456.78`; a small one with as many digits as its first two that
    /// count need, up to six; below that `<₹0.000001`. Zero is `₹0.00`. A sum with unknown parts ends in `+?`.
    #[must_use]
    pub fn show(&self, spend: &Spend) -> String {
        let sum = self.show_atto(spend.atto_local);
        match spend.unknown {
            0 => sum,
            _ if spend.atto_local == 0 => "unknown".to_owned(),
            _ => format!("{sum}+?"),
        }
    }

    /// One cost at this currency's rate; `None` is shown as `unknown`.
    #[must_use]
    pub fn show_cost(&self, cost: Option<PicoUsd>) -> String {
        cost.map_or_else(|| "unknown".to_owned(), |cost| self.show(&Spend::of(cost, self.rate)))
    }

    /// A sum in this currency.
    #[must_use]
    pub fn show_local(&self, sum: Local) -> String {
        self.show_atto(sum.0)
    }

    /// A whole number, grouped as its sums are.
    #[must_use]
    pub fn count(&self, number: u64) -> String {
        group(&number.to_string(), self.grouping)
    }

    fn show_atto(&self, atto: Atto) -> String {
        let sign = if atto < 0 { "-" } else { "" };
        let magnitude = atto.unsigned_abs();
        let Some(digits) = self.digits_for(magnitude) else {
            return format!("<{sign}{}{}", self.symbol, fixed(1, MAX_DIGITS, self.grouping));
        };
        let unit = 10u128.pow(ATTO_DIGITS - digits);
        let rounded = magnitude.saturating_add(unit / 2) / unit;
        format!("{sign}{}{}", self.symbol, fixed(rounded, digits, self.grouping))
    }

    /// How many digits after the point show two that count; `None` for a sum too small for six.
    fn digits_for(&self, magnitude: u128) -> Option<u32> {
        let usual = self.digits.min(MAX_DIGITS);
        // From a tenth of a unit up, the usual digits say enough.
        if magnitude == 0 || magnitude >= 10u128.pow(ATTO_DIGITS - 1) {
            return Some(usual);
        }
        let leading_zeros = ATTO_DIGITS - magnitude.ilog10() - 1;
        let wanted = (leading_zeros + 2).max(usual);
        if wanted <= MAX_DIGITS || magnitude * 2 >= 10u128.pow(ATTO_DIGITS - MAX_DIGITS) {
            Some(wanted.min(MAX_DIGITS.max(usual)))
        } else {
            None
        }
    }
}

/// `value` × 10^-`digits`, grouped.
fn fixed(value: u128, digits: u32, grouping: Grouping) -> String {
    let scale = 10u128.pow(digits);
    let whole = group(&(value / scale).to_string(), grouping);
    if digits == 0 {
        return whole;
    }
    format!("{whole}.{:0width$}", value % scale, width = digits as usize)
}

/// Groups the digits of a whole number.
fn group(digits: &str, grouping: Grouping) -> String {
    let later = match grouping {
        Grouping::Indian => 2,
        Grouping::Thousands => 3,
    };
    let mut out = Vec::with_capacity(digits.len() * 2);
    for (from_end, digit) in digits.bytes().rev().enumerate() {
        if from_end == 3 || (from_end > 3 && (from_end - 3).is_multiple_of(later)) {
            out.push(b',');
        }
        out.push(digit);
    }
    out.iter().rev().map(|byte| char::from(*byte)).collect()
}

/// A count of tokens, short: `850`, `2.1k`, `32k`, `1.05M`.
#[must_use]
pub fn short_count(count: u64) -> String {
    match count {
        0..=999 => count.to_string(),
        1_000..=9_949 => trimmed(count, 1_000, 'k'),
        9_950..=999_499 => format!("{}k", (count + 500) / 1_000),
        _ => trimmed(count, 1_000_000, 'M'),
    }
}

fn trimmed(count: u64, unit: u64, suffix: char) -> String {
    let tenths = (count.saturating_mul(10).saturating_add(unit / 2)) / unit;
    match tenths % 10 {
        0 => format!("{}{suffix}", tenths / 10),
        tenth => format!("{}.{tenth}{suffix}", tenths / 10),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rupees(atto: i128) -> String {
        Currency::default().show(&Spend { pico_usd: 0, atto_local: atto, unknown: 0 })
    }

    #[test]
    fn rupees_are_grouped_the_indian_way() {
        assert_eq!(rupees(123_456_780_000_000_000_000_000), "₹1,23,456.78");
        assert_eq!(rupees(12_345_678_000_000_000_000_000_000), "₹1,23,45,678.00");
        assert_eq!(rupees(999_000_000_000_000_000_000), "₹999.00");
        assert_eq!(rupees(0), "₹0.00");
    }

    #[test]
    fn a_small_sum_is_never_shown_as_nothing() {
        assert_eq!(rupees(20_000_000_000_000_000), "₹0.020");
        assert_eq!(rupees(15_900_000_000_000_000), "₹0.016");
        assert_eq!(rupees(1_230_000_000_000_000), "₹0.0012");
        assert_eq!(rupees(700_000_000_000), "₹0.000001");
        assert_eq!(rupees(1), "<₹0.000001");
    }

    #[test]
    fn an_unknown_part_is_said() {
        let known = Spend::of(PicoUsd(1_000_000_000_000), Rate::default());
        assert_eq!(Currency::default().show(&known), "₹85.00");
        assert_eq!(Currency::default().show(&(known + Spend::unknown())), "₹85.00+?");
        assert_eq!(Currency::default().show(&Spend::unknown()), "unknown");
    }

    #[test]
    fn counts_are_short() {
        let shown: Vec<String> =
            [7, 999, 1_000, 2_140, 9_949, 9_950, 32_000, 1_047_576].into_iter().map(short_count).collect();
        assert_eq!(shown, ["7", "999", "1k", "2.1k", "9.9k", "10k", "32k", "1M"]);
    }
}
