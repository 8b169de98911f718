//! The names that the demo knows: cities with their time zones, currencies, companies with their symbols. Owns the tables; refuses to
//! know more than a demo needs: what is not here is passed on as it was said.

/// Cities with their time zones.
const CITIES: &[(&str, &str)] = &[
    ("Ahmedabad", "Asia/Kolkata"),
    ("Bengaluru", "Asia/Kolkata"),
    ("Bangalore", "Asia/Kolkata"),
    ("Bhopal", "Asia/Kolkata"),
    ("Chandigarh", "Asia/Kolkata"),
    ("Chennai", "Asia/Kolkata"),
    ("Coimbatore", "Asia/Kolkata"),
    ("Delhi", "Asia/Kolkata"),
    ("New Delhi", "Asia/Kolkata"),
    ("Gurugram", "Asia/Kolkata"),
    ("Gurgaon", "Asia/Kolkata"),
    ("Guwahati", "Asia/Kolkata"),
    ("Hyderabad", "Asia/Kolkata"),
    ("India", "Asia/Kolkata"),
    ("Indore", "Asia/Kolkata"),
    ("Jaipur", "Asia/Kolkata"),
    ("Kochi", "Asia/Kolkata"),
    ("Kolkata", "Asia/Kolkata"),
    ("Lucknow", "Asia/Kolkata"),
    ("Mumbai", "Asia/Kolkata"),
    ("Nagpur", "Asia/Kolkata"),
    ("Noida", "Asia/Kolkata"),
    ("Patna", "Asia/Kolkata"),
    ("Pune", "Asia/Kolkata"),
    ("Surat", "Asia/Kolkata"),
    ("Thiruvananthapuram", "Asia/Kolkata"),
    ("Amsterdam", "Europe/Amsterdam"),
    ("Bangkok", "Asia/Bangkok"),
    ("Beijing", "Asia/Shanghai"),
    ("Berlin", "Europe/Berlin"),
    ("Chicago", "America/Chicago"),
    ("Colombo", "Asia/Colombo"),
    ("Dhaka", "Asia/Dhaka"),
    ("Dubai", "Asia/Dubai"),
    ("Hong Kong", "Asia/Hong_Kong"),
    ("Johannesburg", "Africa/Johannesburg"),
    ("Kathmandu", "Asia/Kathmandu"),
    ("London", "Europe/London"),
    ("Los Angeles", "America/Los_Angeles"),
    ("Melbourne", "Australia/Melbourne"),
    ("Moscow", "Europe/Moscow"),
    ("New York", "America/New_York"),
    ("Paris", "Europe/Paris"),
    ("San Francisco", "America/Los_Angeles"),
    ("Singapore", "Asia/Singapore"),
    ("Sydney", "Australia/Sydney"),
    ("Tokyo", "Asia/Tokyo"),
    ("Toronto", "America/Toronto"),
    ("UTC", "UTC"),
    ("GMT", "UTC"),
];
/// Currencies by their codes, and by the words and signs for them.
const CURRENCIES: &[(&str, &[&str])] = &[
    ("INR", &["rupee", "rupees", "rs", "₹", "inr", "रुपये"]),
    ("USD", &["dollar", "dollars", "$", "usd", "bucks"]),
    ("EUR", &["euro", "euros", "€", "eur"]),
    ("GBP", &["pound", "pounds", "£", "gbp", "sterling"]),
    ("JPY", &["yen", "¥", "jpy"]),
    ("AED", &["dirham", "dirhams", "aed"]),
    ("SGD", &["sgd"]),
    ("AUD", &["aud"]),
    ("CAD", &["cad"]),
    ("CHF", &["franc", "francs", "chf"]),
    ("CNY", &["yuan", "cny"]),
    ("BTC", &["btc", "bitcoin"]),
];
/// Companies by their symbols.
const COMPANIES: &[(&str, &str)] = &[
    ("infosys", "INFY"),
    ("tata consultancy services", "TCS"),
    ("reliance", "RELIANCE"),
    ("reliance industries", "RELIANCE"),
    ("hdfc bank", "HDFCBANK"),
    ("icici bank", "ICICIBANK"),
    ("wipro", "WIPRO"),
    ("state bank of india", "SBIN"),
    ("sbi", "SBIN"),
    ("itc", "ITC"),
    ("airtel", "BHARTIARTL"),
    ("bharti airtel", "BHARTIARTL"),
    ("tata motors", "TATAMOTORS"),
    ("maruti", "MARUTI"),
];

/// The city that a text names first.
pub fn first_city(text: &str) -> Option<String> {
    let spaced: String = text.chars().map(|c| if c.is_alphanumeric() { c.to_ascii_lowercase() } else { ' ' }).collect();
    let words = format!(" {} ", spaced.split_whitespace().collect::<Vec<_>>().join(" "));
    let found = CITIES.iter().filter_map(|(name, _)| Some((words.find(&format!(" {} ", name.to_lowercase()))?, *name)));
    found.min_by_key(|(at, name)| (*at, usize::MAX - name.len())).map(|(_, name)| name.to_owned())
}

/// The time zone of a place; the place itself where it is not known, or a zone already.
pub fn zone(place: &str) -> String {
    let known = CITIES.iter().find(|(name, _)| name.eq_ignore_ascii_case(place));
    known.map_or(place, |(_, zone)| zone).to_owned()
}

/// The code of a currency's word, sign or code.
pub fn currency(word: &str) -> Option<&'static str> {
    let lower = word.to_lowercase();
    CURRENCIES.iter().find(|(_, words)| words.contains(&lower.as_str())).map(|(code, _)| *code)
}

/// A company's symbol, by its name or by the symbol itself: capitals.
pub fn symbol(name: &str) -> Option<String> {
    let known = COMPANIES
        .iter()
        .find(|(company, _)| company.eq_ignore_ascii_case(name))
        .map(|(_, symbol)| (*symbol).to_owned());
    let is_symbol = name.len() >= 2
        && name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || matches!(c, '&' | '-' | '.'));
    known.or_else(|| (is_symbol && name.starts_with(|c: char| c.is_ascii_uppercase())).then(|| name.to_owned()))
}
