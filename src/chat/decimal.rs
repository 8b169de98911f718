//! Decimal numbers as people and price lists write them, to and from integers. Owns that no float comes in
//! between; refuses signs, since neither a price nor a cap has one.

/// More than any price or cap has, and the power of ten that 128 bits still hold.
const MOST_DIGITS: i64 = 38;

/// `text` × 10^`power`, rounded to the nearest whole (halves up): `"0.15"` at 6 is 150,000. Takes digits with one
/// point and an exponent, as in `1.5e-7`. `None` where it is anything else, negative, or does not fit.
#[must_use]
pub fn scaled(text: &str, power: u32) -> Option<u128> {
    let (mantissa, exponent) = match text.trim().split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (text.trim(), 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let fraction_digits = fraction.trim_end_matches('0');
    let digits = format!("{whole}{fraction_digits}");
    let is_number = !(whole.is_empty() && fraction.is_empty());
    if !is_number || !whole.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let digits = digits.trim_start_matches('0');
    if digits.is_empty() {
        return Some(0);
    }
    if digits.len() as i64 > MOST_DIGITS {
        return None;
    }
    let value: u128 = digits.parse().ok()?;
    let shift = i64::from(power) + i64::from(exponent) - fraction_digits.len() as i64;
    match u32::try_from(shift) {
        Ok(shift) => 10u128.checked_pow(shift).and_then(|factor| value.checked_mul(factor)),
        Err(_) if shift < -MOST_DIGITS => Some(0),
        Err(_) => {
            let unit = 10u128.pow(shift.unsigned_abs() as u32);
            Some(value / unit + u128::from(value % unit >= unit / 2))
        }
    }
}

/// `value` × 10^-`power`, exactly and as short as it can be written: 150,000 at 6 is `0.15`.
#[must_use]
pub fn written(value: i128, power: u32) -> String {
    let sign = if value < 0 { "-" } else { "" };
    let digits = format!("{:0>width$}", value.unsigned_abs(), width = power as usize + 1);
    let (whole, fraction) = digits.split_at(digits.len() - power as usize);
    match fraction.trim_end_matches('0') {
        "" => format!("{sign}{whole}"),
        fraction => format!("{sign}{whole}.{fraction}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decimal_is_read_to_its_last_digit() {
        for (text, power, value) in [
            ("0.15", 6, 150_000),
            ("250", 6, 250_000_000),
            ("0.1", 6, 100_000),
            ("0.00000015", 12, 150_000),
            ("1.5e-7", 12, 150_000),
            ("1E3", 0, 1_000),
            (".5", 1, 5),
            ("5.", 1, 50),
            ("0", 12, 0),
            ("0.000", 3, 0),
            ("0.0000000000004", 12, 0),
            ("0.0000000000005", 12, 1),
            ("1e-99", 12, 0),
            ("0.000000000000000000000000000000000000000000000000", 12, 0),
        ] {
            assert_eq!(scaled(text, power), Some(value), "{text} at {power}");
        }
    }

    #[test]
    fn what_is_no_price_is_none() {
        for text in ["", ".", "-1", "+1", "1,5", "1_000", "nan", "inf", "0x10", "१", "1e", "e3", "1.2.3", "1e999"] {
            assert_eq!(scaled(text, 6), None, "{text}");
        }
        assert_eq!(scaled(&"9".repeat(39), 0), None);
        assert_eq!(scaled("1", 39), None, "it does not fit");
    }

    #[test]
    fn what_is_written_reads_back_as_itself() {
        for value in [0, 1, 150_000, 1_000_000, 123_456_789, 10_i128.pow(24)] {
            assert_eq!(scaled(&written(value, 6), 6), Some(value.unsigned_abs()), "{value}");
        }
        assert_eq!((written(150_000, 6).as_str(), written(-1_500_000, 6).as_str()), ("0.15", "-1.5"));
        assert_eq!((written(42, 0).as_str(), written(0, 18).as_str()), ("42", "0"));
    }
}
