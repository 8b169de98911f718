//! What is looked at on this machine: the configuration, the terminal, the price table.

use jiff::civil::Date;
use munshi::chat::catalogue::HOW_TO_REFRESH;
use munshi::config::{Config, Problem};
use munshi::platform::terminal::is_utf8;
use munshi::tui::theme::ColourDepth;

use super::Finding;

/// The smallest window that the chat is comfortable in, columns and rows.
const COMFORTABLE: (u16, u16) = (60, 12);

pub(super) fn configuration(config: &Config, problems: &[Problem]) -> Vec<Finding> {
    const CHECK: &str = "configuration";
    let wrong = problems.iter().map(|problem| {
        let mend = "correct it there; config.example.toml explains every field, as does the file that `munshi config init` writes";
        Finding::failure(CHECK, problem.to_string(), mend)
    });
    let noted = config
        .notices
        .iter()
        .map(|notice| Finding::warning(CHECK, notice.clone(), "what the note says; the chat goes on without it"));
    let mut findings: Vec<Finding> = wrong.chain(noted).collect();
    if findings.is_empty() {
        let file = config.file.display();
        findings.push(if config.file.exists() {
            Finding::fine(CHECK, format!("{file} is read whole"))
        } else {
            Finding::fine(CHECK, format!("none is needed and there is none; `munshi config init` writes {file}"))
        });
    }
    findings
}

pub(super) fn terminal(
    is_terminal: bool,
    size: Option<(u16, u16)>,
    colours: ColourDepth,
    told: impl Fn(&str) -> Option<String>,
) -> Vec<Finding> {
    const CHECK: &str = "terminal";
    let term = told("TERM").unwrap_or_default();
    let mut findings = vec![match size {
        _ if !is_terminal => Finding::fine(CHECK, "this is printed to no terminal, so that its size is not known"),
        Some((columns, rows)) if columns < COMFORTABLE.0 || rows < COMFORTABLE.1 => Finding::warning(
            CHECK,
            format!("{columns} columns by {rows} rows is small"),
            format!("make the window at least {} by {}", COMFORTABLE.0, COMFORTABLE.1),
        ),
        Some((columns, rows)) => Finding::fine(CHECK, format!("{columns} columns by {rows} rows")),
        None => {
            Finding::warning(CHECK, "it does not say how large it is", "set COLUMNS and LINES, or use another terminal")
        }
    }];
    findings.push(match (term.as_str(), colours) {
        ("" | "dumb", _) => Finding::warning(
            CHECK,
            format!("TERM is {}, which draws no screen", if term.is_empty() { "not set" } else { "dumb" }),
            "set TERM to what your terminal is, such as xterm-256color",
        ),
        (_, ColourDepth::None) => {
            Finding::fine(CHECK, format!("TERM is {term}, without colours since NO_COLOR is set"))
        }
        (_, ColourDepth::Sixteen) => Finding::fine(CHECK, format!("TERM is {term}, with 16 colours")),
        (_, ColourDepth::Indexed) => Finding::fine(CHECK, format!("TERM is {term}, with 256 colours")),
        (_, ColourDepth::True) => Finding::fine(CHECK, format!("TERM is {term}, with all colours")),
    });
    findings.push(if is_utf8(&told) {
        Finding::fine(CHECK, "the locale is UTF-8")
    } else {
        let mend = "set LANG to a locale of UTF-8, such as en_IN.UTF-8 or C.UTF-8";
        Finding::warning(CHECK, "the locale is not UTF-8, so that only ASCII shows as it is", mend)
    });
    findings.extend(told("TMUX").filter(|value| !value.is_empty()).map(|_| inside_tmux(&term)));
    findings
}

/// What tmux keeps from its inside unless it is told otherwise.
fn inside_tmux(term: &str) -> Finding {
    const CHECK: &str = "terminal";
    if !term.starts_with("tmux") && !term.starts_with("screen") {
        let mend = "in ~/.tmux.conf: set -g default-terminal tmux-256color";
        return Finding::warning(CHECK, format!("inside tmux TERM is {term}, which tmux is not"), mend);
    }
    Finding::fine(
        CHECK,
        "inside tmux: `set -g set-clipboard on` lets copied text out, `set -sg escape-time 10` makes Esc quick, \
         `set -g extended-keys on` lets Shift+Enter through",
    )
}

pub(super) fn prices(config: &Config, today: Date) -> Finding {
    const CHECK: &str = "prices";
    let catalogue = &config.catalogue;
    let provider = &config.model.provider;
    let as_of = catalogue.priced_on(provider);
    let days = today.since(as_of).map(|span| span.get_days()).unwrap_or_default();
    match catalogue.stale(provider, today) {
        Some(_) => {
            Finding::warning(CHECK, format!("those of {provider} are of {as_of}, {days} days ago"), HOW_TO_REFRESH)
        }
        None => Finding::fine(CHECK, format!("those of {provider} are of {as_of}")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Status;
    use super::*;

    fn said(size: Option<(u16, u16)>, env: &'static [(&str, &str)]) -> Vec<(Status, String)> {
        let told = |name: &str| env.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        let colours = ColourDepth::detect(told("NO_COLOR").as_deref(), None, told("TERM").as_deref());
        terminal(size.is_some(), size, colours, told)
            .into_iter()
            .map(|finding| (finding.status, finding.says))
            .collect()
    }

    #[test]
    fn a_good_terminal_is_described_and_a_poor_one_is_warned_of() {
        let good = said(Some((120, 40)), &[("TERM", "xterm-256color"), ("LANG", "en_IN.UTF-8")]);
        assert!(good.iter().all(|(status, _)| *status == Status::Fine), "{good:?}");
        assert_eq!(good[0].1, "120 columns by 40 rows");
        assert_eq!(good[1].1, "TERM is xterm-256color, with 256 colours");
        let poor = said(Some((20, 5)), &[("TERM", "dumb"), ("LANG", "C")]);
        assert!(poor.len() == 3 && poor.iter().all(|(status, _)| *status == Status::Warning), "{poor:?}");
        assert_eq!(said(None, &[("TERM", "xterm"), ("LANG", "C.UTF-8")])[0].0, Status::Fine, "a pipe has no size");
    }

    #[test]
    fn tmux_gets_its_hints_and_a_wrong_name_inside_it_a_warning() {
        let inside = said(Some((120, 40)), &[("TERM", "tmux-256color"), ("LANG", "C.UTF-8"), ("TMUX", "/tmp/x,1,0")]);
        assert!(inside[3].0 == Status::Fine && inside[3].1.contains("set-clipboard on"), "{inside:?}");
        let wrong = said(Some((120, 40)), &[("TERM", "xterm-256color"), ("LANG", "C.UTF-8"), ("TMUX", "/tmp/x,1,0")]);
        assert_eq!(wrong[3].0, Status::Warning);
    }
}
