//! The first screen where no key is known, and the place where a key is asked for: paste a key, use a server of
//! one's own, or try the demo.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use secrecy::SecretString;

use crate::text::wrap::plain_rows;
use crate::text::{Ink, Sanitised};
use crate::tui::host::FoundServer;
use crate::tui::theme::Theme;

use super::ScreenKey;
use super::line_edit::LineEdit;
use super::paint::{clear, fill, fit, put};

/// What the screen asks for.
#[derive(Debug, Clone)]
pub enum Intent {
    Close,
    SaveKey {
        provider: String,
        key: SecretString,
    },
    /// Look for servers: at this address, or at the usual ones of this machine.
    Probe(Option<String>),
    UseServer {
        base_url: String,
        model: String,
    },
    StartDemo,
}

/// Where in the screen one is.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Ways {
        selected: usize,
    },
    Key {
        line: LineEdit,
    },
    Server {
        line: LineEdit,
    },
    /// A server's models, to choose from.
    Models {
        selected: usize,
    },
}

/// The ways on, in their order.
const WAYS: [(&str, &str); 3] = [
    ("Paste a key", "from your provider's dashboard; kept in a file that only you can read"),
    ("Use a local server", "Ollama, LM Studio, llama.cpp, vLLM, or any OpenAI-compatible address"),
    ("Try the demo", "a small server inside munshi: no key, no network, nothing is billed"),
];

/// The screen.
pub struct Welcome {
    step: Step,
    provider: String,
    /// Whether it was opened for a key alone: then Esc closes it at once.
    is_key_entry: bool,
    found: Vec<FoundServer>,
    is_probing: bool,
    complaint: Option<String>,
}

impl Welcome {
    /// The first screen.
    #[must_use]
    pub const fn new(provider: String) -> Self {
        Self {
            step: Step::Ways { selected: 0 },
            provider,
            is_key_entry: false,
            found: Vec::new(),
            is_probing: false,
            complaint: None,
        }
    }

    /// The place where a key is asked for.
    #[must_use]
    pub fn key_entry(provider: String) -> Self {
        Self { step: Step::Key { line: LineEdit::default() }, is_key_entry: true, ..Self::new(provider) }
    }

    /// Takes in what a search for servers found.
    pub fn probed(&mut self, found: Result<Vec<FoundServer>, String>) {
        self.is_probing = false;
        match found {
            Ok(found) if found.is_empty() => {
                self.complaint = Some("No server answered on this machine. Start one, or type its address.".to_owned());
            }
            Ok(found) => {
                self.complaint = None;
                self.found = found;
                if matches!(self.step, Step::Server { .. }) {
                    self.step = Step::Models { selected: 0 };
                }
            }
            Err(reason) => self.complaint = Some(reason),
        }
    }

    /// Shows why something did not work.
    pub fn complain(&mut self, reason: &str) {
        self.is_probing = false;
        self.complaint = Some(reason.to_owned());
    }

    /// Each server's models, one row each.
    fn models(&self) -> Vec<(&str, &str)> {
        let rows = self
            .found
            .iter()
            .flat_map(|server| server.models.iter().map(|model| (server.base_url.as_str(), model.as_str())));
        rows.collect()
    }

    /// Takes in a key.
    pub fn handle(&mut self, key: ScreenKey) -> Vec<Intent> {
        match &mut self.step {
            Step::Ways { selected } => match key {
                ScreenKey::Up => *selected = selected.saturating_sub(1),
                ScreenKey::Down => *selected = (*selected + 1).min(WAYS.len() - 1),
                ScreenKey::Char(digit @ '1'..='3') => return self.choose(digit as usize - '1' as usize),
                ScreenKey::Enter => {
                    let way = *selected;
                    return self.choose(way);
                }
                ScreenKey::Esc => return vec![Intent::Close],
                // A key that is pasted at once need not be asked for again.
                ScreenKey::Paste(text) => {
                    self.step = Step::Key { line: LineEdit::with(text.trim()) };
                }
                _ => {}
            },
            Step::Key { line } => {
                if key == ScreenKey::Enter {
                    let key = line.text().trim();
                    if !key.is_empty() {
                        let key = SecretString::from(key);
                        return vec![Intent::SaveKey { provider: self.provider.clone(), key }];
                    }
                    return Vec::new();
                }
                return self.type_or_leave(key);
            }
            Step::Server { line } => {
                if key == ScreenKey::Enter {
                    let address = line.text().trim().to_owned();
                    self.is_probing = true;
                    self.complaint = None;
                    return vec![Intent::Probe((!address.is_empty()).then_some(address))];
                }
                return self.type_or_leave(key);
            }
            Step::Models { .. } => return self.pick_model(&key),
        }
        Vec::new()
    }

    fn choose(&mut self, way: usize) -> Vec<Intent> {
        self.complaint = None;
        match way {
            0 => self.step = Step::Key { line: LineEdit::default() },
            1 => {
                self.step = Step::Server { line: LineEdit::default() };
                self.is_probing = true;
                return vec![Intent::Probe(None)];
            }
            _ => return vec![Intent::StartDemo],
        }
        Vec::new()
    }

    fn type_or_leave(&mut self, key: ScreenKey) -> Vec<Intent> {
        let (Step::Key { line } | Step::Server { line }) = &mut self.step else { return Vec::new() };
        match key {
            ScreenKey::Char(c) => line.insert(c.encode_utf8(&mut [0; 4])),
            ScreenKey::Paste(text) => line.insert(text.trim()),
            ScreenKey::Backspace => {
                line.backspace();
            }
            ScreenKey::Kill => line.clear(),
            ScreenKey::Esc if self.is_key_entry => return vec![Intent::Close],
            ScreenKey::Esc => {
                self.step = Step::Ways { selected: 0 };
                self.complaint = None;
                self.is_probing = false;
            }
            _ => {}
        }
        Vec::new()
    }

    fn pick_model(&mut self, key: &ScreenKey) -> Vec<Intent> {
        let models: Vec<(String, String)> =
            self.models().into_iter().map(|(url, model)| (url.to_owned(), model.to_owned())).collect();
        let Step::Models { selected } = &mut self.step else { return Vec::new() };
        match key {
            ScreenKey::Up => *selected = selected.saturating_sub(1),
            ScreenKey::Down => *selected = (*selected + 1).min(models.len().saturating_sub(1)),
            ScreenKey::Enter => {
                let chosen = models.get(*selected).cloned();
                return chosen.map(|(base_url, model)| Intent::UseServer { base_url, model }).into_iter().collect();
            }
            ScreenKey::Esc => self.step = Step::Server { line: LineEdit::default() },
            _ => {}
        }
        Vec::new()
    }

    /// Draws the screen; returns where the terminal's cursor belongs.
    pub fn draw(&self, area: Rect, buf: &mut Buffer, theme: &Theme) -> Option<Position> {
        let mut page = Page { area: centred(area), y: 0, buf, theme, cursor: None };
        page.y = page.area.y;
        page.line("munshi", theme.title());
        page.y += 1;
        match &self.step {
            Step::Ways { selected } => self.draw_ways(*selected, &mut page),
            Step::Key { line } => self.draw_key(line, &mut page),
            Step::Server { line } => self.draw_server(line, &mut page),
            Step::Models { selected } => self.draw_models(*selected, &mut page),
        }
        if let Some(complaint) = &self.complaint {
            page.text(complaint, theme.error());
        }
        page.y = page.area.bottom().saturating_sub(1);
        clear(page.buf, Rect { y: page.y, height: 1, ..page.area }, theme.base());
        page.line(self.hint(), theme.muted());
        page.cursor
    }

    fn hint(&self) -> &'static str {
        match (&self.step, self.is_key_entry) {
            (Step::Ways { .. }, _) => "1–3 or Enter · Esc looks around",
            (_, true) => "Enter goes on · Esc closes",
            _ => "Enter goes on · Esc goes back",
        }
    }

    fn draw_ways(&self, selected: usize, page: &mut Page<'_>) {
        page.text(&format!("No key for {} is known yet. The ways on:", self.provider), page.theme.base());
        page.y += 1;
        let is_roomy = page.area.height > 16;
        // Every way must be in sight, so on a short screen the explanations give way: first of the others, then all.
        let rows = |what: &str| plain_rows(what, page.area.width.saturating_sub(3).max(1), Ink::Plain).len();
        let room = usize::from(page.area.bottom().saturating_sub(page.y + 1)).saturating_sub(WAYS.len());
        let explains_all = WAYS.iter().map(|(_, what)| rows(what)).sum::<usize>() <= room;
        let explains_selected = WAYS.get(selected).is_some_and(|(_, what)| rows(what) <= room);
        for (at, (way, what)) in WAYS.iter().enumerate() {
            let style = if at == selected { page.theme.selection() } else { page.theme.base() };
            if at == selected {
                fill(page.buf, page.area, page.y, style);
            }
            page.line(&format!(" {} {way}", at + 1), style);
            if explains_all || explains_selected && at == selected {
                page.indented(3, what, page.theme.muted());
            }
            page.y += u16::from(is_roomy);
        }
    }

    fn draw_key(&self, line: &LineEdit, page: &mut Page<'_>) {
        let title = format!("The key for {}, typed or pasted; it is not shown:", self.provider);
        page.text(&title, page.theme.base());
        page.y += 1;
        let room = usize::from(page.area.width).saturating_sub(4);
        page.field(&"•".repeat(line.text().chars().count().min(room)), "");
    }

    fn draw_server(&self, line: &LineEdit, page: &mut Page<'_>) {
        let title = "The address of an OpenAI-compatible server; empty looks on this machine again:";
        page.text(title, page.theme.base());
        page.y += 1;
        page.field(line.text(), "http://127.0.0.1:11434/v1");
        if self.is_probing {
            page.line("looking…", page.theme.muted());
        }
    }

    fn draw_models(&self, selected: usize, page: &mut Page<'_>) {
        page.text("Found. Which model?", page.theme.base());
        page.y += 1;
        let seen = usize::from(page.area.bottom().saturating_sub(page.y + 2)).max(1);
        let top = (selected + 1).saturating_sub(seen);
        for (at, (url, model)) in self.models().into_iter().enumerate().skip(top).take(seen) {
            let style = if at == selected { page.theme.selection() } else { page.theme.base() };
            let row = fit(&format!(" {model} · {url}"), usize::from(page.area.width));
            put(page.buf, page.area, page.area.x, page.y, &row, style);
            page.y += 1;
        }
    }
}

/// A page that is written from the top down.
struct Page<'a> {
    area: Rect,
    y: u16,
    buf: &'a mut Buffer,
    theme: &'a Theme,
    cursor: Option<Position>,
}

impl Page<'_> {
    /// Writes one row, cut at the edge.
    fn line(&mut self, text: &str, style: Style) {
        put(self.buf, self.area, self.area.x, self.y, &Sanitised::line(text), style);
        self.y += 1;
    }

    /// Writes a text, wrapped.
    fn text(&mut self, text: &str, style: Style) {
        self.indented(0, text, style);
    }

    fn indented(&mut self, by: u16, text: &str, style: Style) {
        for row in plain_rows(text, self.area.width.saturating_sub(by).max(1), Ink::Plain) {
            let mut x = self.area.x + by;
            for span in &row.spans {
                x = put(self.buf, self.area, x, self.y, &span.text, style);
            }
            self.y += 1;
        }
    }

    /// Writes a field to type in, with a hint while it is empty, and puts the cursor behind what is typed.
    fn field(&mut self, typed: &str, hint: &str) {
        let x = put(self.buf, self.area, self.area.x, self.y, &Sanitised::trusted("> "), self.theme.muted());
        if typed.is_empty() {
            put(self.buf, self.area, x, self.y, &Sanitised::line(hint), self.theme.placeholder());
        }
        let end = put(self.buf, self.area, x, self.y, &Sanitised::line(typed), self.theme.base());
        self.cursor = Some(Position::new(end.min(self.area.right().saturating_sub(1)), self.y));
        self.y += 2;
    }
}

/// A column of readable width in the upper middle of the screen.
fn centred(area: Rect) -> Rect {
    let width = area.width.saturating_sub(4).min(72);
    let top = if area.height > 20 { area.height / 5 } else { 0 };
    Rect { x: area.x + (area.width - width) / 2, y: area.y + top, width, height: area.height - top }
}
