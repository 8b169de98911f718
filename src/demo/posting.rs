//! What plain patterns find in a text such as a job posting: labelled lines, a title, a place, a salary, skills, a date.
//! Owns the patterns; refuses to guess: what is not in the text is not found.

use super::places;

/// Last words of a job's title.
const JOBS: &[&str] = &[
    "accountant",
    "administrator",
    "analyst",
    "architect",
    "assistant",
    "associate",
    "consultant",
    "coordinator",
    "designer",
    "developer",
    "engineer",
    "executive",
    "intern",
    "lawyer",
    "lead",
    "manager",
    "nurse",
    "officer",
    "programmer",
    "representative",
    "scientist",
    "specialist",
    "teacher",
    "technician",
    "tester",
    "writer",
];
/// Words that may stand before them in a title, beside names that are written with a capital.
const RANKS: &[&str] = &[
    "senior",
    "junior",
    "lead",
    "principal",
    "staff",
    "chief",
    "assistant",
    "associate",
    "software",
    "data",
    "web",
    "mobile",
    "backend",
    "back-end",
    "frontend",
    "front-end",
    "full-stack",
    "fullstack",
    "full",
    "stack",
    "cloud",
    "product",
    "project",
    "sales",
    "marketing",
    "content",
    "machine",
    "learning",
    "business",
    "quality",
    "test",
    "system",
    "systems",
    "network",
    "security",
    "human",
    "resources",
    "office",
    "graphic",
    "technical",
    "primary",
    "school",
];
/// What skills are called, as they are written.
const SKILLS: &[&str] = &[
    "Python",
    "Django",
    "Flask",
    "FastAPI",
    "Rust",
    "Go",
    "Java",
    "Spring",
    "Kotlin",
    "JavaScript",
    "TypeScript",
    "React",
    "Angular",
    "Vue",
    "Node.js",
    "C++",
    "C#",
    ".NET",
    "PHP",
    "Ruby",
    "Rails",
    "Swift",
    "SQL",
    "PostgreSQL",
    "MySQL",
    "MongoDB",
    "Redis",
    "Kafka",
    "RabbitMQ",
    "Docker",
    "Kubernetes",
    "AWS",
    "Azure",
    "GCP",
    "Terraform",
    "Linux",
    "Git",
    "CI/CD",
    "REST",
    "GraphQL",
    "Pandas",
    "NumPy",
    "PyTorch",
    "TensorFlow",
    "Spark",
    "Airflow",
    "Excel",
    "Tally",
    "SAP",
    "Salesforce",
    "Figma",
    "Photoshop",
    "HTML",
    "CSS",
    "Hindi",
    "English",
    "Marathi",
    "GST",
];
/// What a salary is counted in, and for how long.
const SALARY_UNITS: &[&str] =
    &["lpa", "lakh", "lakhs", "crore", "k", "per", "pa", "p.a.", "a", "month", "annum", "year", "monthly", "yearly"];
const CURRENCIES: &[&str] = &["₹", "rs", "inr", "$", "usd", "€", "eur", "£", "gbp"];

/// A word without the punctuation around it.
pub fn bare(word: &str) -> &str {
    word.trim_matches(|c: char| {
        matches!(c, ',' | '.' | ';' | ':' | '!' | '?' | '(' | ')' | '"' | '\'' | '*' | '`' | '“' | '”')
    })
}

/// What stands after `Label:` on a line of its own, or, where that is empty, in the list below it.
pub fn labelled(text: &str, is_label: impl Fn(&str) -> bool) -> Option<Vec<String>> {
    let mut lines = text.lines().map(unmarked);
    while let Some(line) = lines.next() {
        let Some((label, rest)) = line.split_once(':') else { continue };
        if label.split_whitespace().count() > 4 || !is_label(&label.trim_matches(['*', ' ']).to_lowercase()) {
            continue;
        }
        let rest = rest.trim_matches(['*', ' ']);
        if !rest.is_empty() {
            return Some(vec![rest.to_owned()]);
        }
        let below: Vec<String> =
            lines.by_ref().take_while(|line| !line.is_empty() && !line.ends_with(':')).map(str::to_owned).collect();
        return Some(below).filter(|below| !below.is_empty());
    }
    None
}

fn unmarked(line: &str) -> &str {
    line.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, '*' | '#' | '-' | '•' | '>')).trim_end()
}

/// The first value under a label that has one of these words in it.
fn under(text: &str, words: &[&str]) -> Option<String> {
    let found = labelled(text, |label| label.split(|c: char| !c.is_alphabetic()).any(|word| words.contains(&word)))?;
    found.into_iter().next().map(|value| value.trim_end_matches('.').to_owned())
}

/// `Senior Python Developer`.
pub fn title(text: &str) -> Option<String> {
    under(text, &["title", "position", "role", "job"]).or_else(|| text.lines().find_map(title_in))
}

fn title_in(line: &str) -> Option<String> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let end = words.iter().position(|word| JOBS.contains(&singular(&bare(word).to_lowercase())))?;
    let may_stand = |word: &&&str| {
        let open = !word.ends_with([',', '.', ':', ';', '!', '?']);
        let lower = word.to_lowercase();
        open && (RANKS.contains(&lower.as_str())
            || SKILLS.iter().any(|skill| skill.to_lowercase() == lower)
            || is_name(word, &words))
    };
    let before = words[..end].iter().rev().take(4).take_while(may_stand).count();
    let capital = |word: &&str| {
        let word = bare(word);
        let mut letters = word.chars();
        letters.next().map(|first| first.to_uppercase().collect::<String>() + letters.as_str()).unwrap_or_default()
    };
    Some(words[end - before..=end].iter().map(capital).collect::<Vec<_>>().join(" "))
}

/// A word with a capital that is not only the first of its sentence.
fn is_name(word: &str, words: &[&str]) -> bool {
    let has_capital = bare(word).starts_with(char::is_uppercase) && word.chars().count() > 1;
    let is_first = words.first() == Some(&word);
    let is_talk = matches!(
        bare(word).to_lowercase().as_str(),
        "we" | "hiring" | "wanted" | "need" | "looking" | "seeking" | "an" | "a" | "the" | "urgent" | "job"
    );
    has_capital && !is_first && !is_talk
}

fn singular(word: &str) -> &str {
    word.strip_suffix('s').filter(|stem| JOBS.contains(stem)).unwrap_or(word)
}

/// `Pune`.
pub fn location(text: &str) -> Option<String> {
    under(text, &["location", "place", "city", "based"]).or_else(|| places::first_city(text)).or_else(|| {
        let words: Vec<&str> = text.split_whitespace().collect();
        let based = words.windows(3).find(|three| three[0] == "based" && three[1] == "in")?;
        Some(bare(based[2]).to_owned())
    })
}

/// `₹18–24 LPA`, as it is written.
pub fn salary(text: &str) -> Option<String> {
    if let Some(found) = under(text, &["salary", "ctc", "compensation", "package", "pay", "stipend"]) {
        return Some(found);
    }
    let words: Vec<(usize, &str)> = words_at(text);
    let is_money = |word: &str| {
        let lower = bare(word).to_lowercase();
        let number = lower.contains(|c: char| c.is_ascii_digit());
        number
            && (CURRENCIES.iter().any(|sign| lower.starts_with(sign))
                || ["lpa", "k"].iter().any(|unit| lower.ends_with(unit)))
    };
    let unit =
        |at: usize| words.get(at).is_some_and(|(_, word)| SALARY_UNITS.contains(&bare(word).to_lowercase().as_str()));
    let strong = |at: usize| {
        words
            .get(at)
            .is_some_and(|(_, word)| matches!(bare(word).to_lowercase().as_str(), "lpa" | "lakh" | "lakhs" | "crore"))
    };
    let is_number = |word: &str| bare(word).starts_with(|c: char| c.is_ascii_digit());
    let is_sign = |word: &str| CURRENCIES.contains(&bare(word).to_lowercase().as_str());
    let starts = |at: usize| {
        let word = words[at].1;
        is_money(word)
            || is_number(word) && strong(at + 1)
            || is_sign(word) && words.get(at + 1).is_some_and(|next| is_number(next.1))
    };
    let start = (0..words.len()).find(|at| starts(*at))?;
    let mut end = start;
    while let Some((_, next)) = words.get(end + 1) {
        let closes = words[end].1.ends_with([',', ';', '!', '?', ')'])
            || words[end].1.ends_with('.') && !words[end].1.ends_with("p.a.");
        let goes_on = unit(end + 1) || is_number(next) || is_money(next) || matches!(*next, "-" | "–" | "—" | "to");
        if closes || !goes_on {
            break;
        }
        end += 1;
    }
    // A range that begins before its unit, "18 to 24 LPA", begins at its first number.
    let mut first = start;
    while first > 0
        && (matches!(words[first - 1].1, "-" | "–" | "to")
            || is_sign(words[first - 1].1)
            || is_number(words[first - 1].1) && !words[first - 1].1.ends_with([',', '.']))
    {
        first -= 1;
    }
    let stop = words[end].0 + words[end].1.len();
    Some(text[words[first].0..stop].trim_matches(|c: char| matches!(c, ',' | '.' | ';' | '(' | ')' | '*')).to_owned())
}

/// The skills of a labelled list, else all that are known by name, in the order of the text.
pub fn skills(text: &str) -> Vec<String> {
    let is_label = |label: &str| {
        ["skill", "requirement", "must have", "tech stack", "technologies"].iter().any(|word| label.contains(word))
    };
    if let Some(listed) = labelled(text, is_label) {
        return listed.iter().flat_map(|line| items(line)).collect();
    }
    let mut found: Vec<(usize, &str)> = Vec::new();
    for (at, word) in words_at(text) {
        for part in word.split(['/', '(', ')', ',', ';']).chain([word]) {
            let part = bare(part).trim_start_matches('*');
            let is_skill = |skill: &&&str| skill.eq_ignore_ascii_case(part) && (part.len() > 2 || **skill == part);
            if let Some(skill) = SKILLS.iter().find(is_skill)
                && !found.iter().any(|(_, known)| known == skill)
            {
                found.push((at, skill));
            }
        }
    }
    found.sort_by_key(|(at, _)| *at);
    found.into_iter().map(|(_, skill)| skill.to_owned()).collect()
}

/// The items of `A, B and C`.
pub fn items(line: &str) -> Vec<String> {
    let parts = line.split([',', ';', '•']).flat_map(|part| part.split(" and "));
    let clean = |part: &str| part.trim().trim_start_matches("and ").trim_end_matches('.').trim().to_owned();
    parts.map(clean).filter(|part| !part.is_empty()).collect()
}

/// `5+ years`.
pub fn experience(text: &str) -> Option<String> {
    under(text, &["experience"]).or_else(|| {
        let words: Vec<&str> = text.split_whitespace().collect();
        let two = words.windows(2).find(|two| {
            two[0].starts_with(|c: char| c.is_ascii_digit()) && bare(two[1]).to_lowercase().starts_with("year")
        })?;
        Some(format!("{} {}", two[0], bare(two[1])))
    })
}

/// The numbers of a text, without the commas that group them.
pub fn numbers(text: &str) -> Vec<f64> {
    let joined: Vec<char> = text.chars().collect();
    let is_kept = |(at, c): (usize, &char)| {
        let digit = |at: Option<usize>| at.and_then(|at| joined.get(at)).is_some_and(char::is_ascii_digit);
        if c.is_ascii_digit() || *c == '.' && digit(at.checked_sub(1)) && digit(Some(at + 1)) {
            Some(*c)
        } else if *c == ',' && digit(at.checked_sub(1)) && digit(Some(at + 1)) {
            None
        } else {
            Some(' ')
        }
    };
    let plain: String = joined.iter().enumerate().filter_map(is_kept).collect();
    plain.split_whitespace().filter_map(|number| number.parse().ok()).collect()
}

/// The words of a text, each with the byte that it begins at.
pub fn words_at(text: &str) -> Vec<(usize, &str)> {
    let start = text.as_ptr() as usize;
    text.split_whitespace().map(|word| (word.as_ptr() as usize - start, word)).collect()
}
