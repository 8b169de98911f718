//! What one line of markdown is, seen by itself. Pure and cheap: looks at the line's start, and at no more than
//! its first kilobyte where the whole line decides.

/// Where the whole line decides, a longer one is plain text: streaming it must not look at it again and again.
const LONGEST_MARK: usize = 1024;

/// A line without its end, with its indentation measured.
#[derive(Debug, Clone, Copy)]
pub(super) struct Line<'a> {
    /// In columns; a tab reaches the next multiple of four.
    pub(super) indent: usize,
    /// Bytes before the first character that shows.
    pub(super) lead: usize,
    pub(super) body: &'a str,
}

impl<'a> Line<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        let (mut indent, mut lead) = (0, 0);
        for byte in text.bytes() {
            match byte {
                b' ' => indent += 1,
                b'\t' => indent += 4 - indent % 4,
                _ => break,
            }
            lead += 1;
        }
        Self { indent, lead, body: &text[lead..] }
    }

    pub(super) fn is_blank(&self) -> bool {
        self.body.is_empty()
    }
}

/// How many bytes of indentation to take off so that at most `columns` go.
pub(super) fn dedent(text: &str, columns: usize) -> usize {
    let (mut indent, mut taken) = (0, 0);
    for byte in text.bytes() {
        let step = match byte {
            b' ' => 1,
            b'\t' => 4 - indent % 4,
            _ => break,
        };
        if indent + step > columns {
            break;
        }
        indent += step;
        taken += 1;
    }
    taken
}

pub(super) fn is_heading(body: &str) -> bool {
    let level = body.bytes().take(7).take_while(|byte| *byte == b'#').count();
    (1..=6).contains(&level) && body.as_bytes().get(level).is_none_or(|byte| matches!(byte, b' ' | b'\t'))
}

/// `***`, `- - -`, `___`.
pub(super) fn is_rule(body: &str) -> bool {
    let Some(mark @ (b'-' | b'_' | b'*')) = body.bytes().next() else { return false };
    if body.len() > LONGEST_MARK {
        return false;
    }
    let mut marks = 0;
    for byte in body.bytes() {
        match byte {
            _ if byte == mark => marks += 1,
            b' ' | b'\t' => {}
            _ => return false,
        }
    }
    marks >= 3
}

/// The line under a paragraph that makes it a heading.
pub(super) fn is_setext_underline(body: &str) -> bool {
    let Some(mark @ (b'-' | b'=')) = body.bytes().next() else { return false };
    body.len() <= LONGEST_MARK && body.trim_end_matches([' ', '\t']).bytes().all(|byte| byte == mark)
}

/// The second line of a table: `|---|:-:|`.
pub(super) fn is_table_delimiter(body: &str) -> bool {
    matches!(body.bytes().next(), Some(b'|' | b'-' | b':'))
        && body.len() <= LONGEST_MARK
        && body.bytes().all(|byte| matches!(byte, b'|' | b'-' | b':' | b' ' | b'\t'))
        && body.contains('-')
        && body.contains('|')
}

/// The opening line of a fence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FenceMark {
    pub(super) mark: u8,
    pub(super) length: usize,
}

pub(super) fn fence_opening(body: &str) -> Option<FenceMark> {
    let mark = body.bytes().next().filter(|byte| matches!(byte, b'`' | b'~'))?;
    let length = body.bytes().take(LONGEST_MARK).take_while(|byte| *byte == mark).count();
    if length < 3 || body.len() > LONGEST_MARK || (mark == b'`' && body[length..].contains('`')) {
        return None;
    }
    Some(FenceMark { mark, length })
}

pub(super) fn closes_fence(body: &str, open: FenceMark) -> bool {
    if body.len() > LONGEST_MARK || body.as_bytes().first() != Some(&open.mark) {
        return false;
    }
    let length = body.bytes().take_while(|byte| *byte == open.mark).count();
    length >= open.length && body[length..].bytes().all(|byte| matches!(byte, b' ' | b'\t'))
}

/// The first word of a fence's information, which names its language.
pub(super) fn fence_language(info: &str) -> &str {
    let info = info.trim().trim_start_matches(['{', '.']);
    info.split([' ', '\t', ',', '{', '}', ':']).next().unwrap_or("")
}

/// The mark that begins a list's item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ItemMark {
    /// Bytes of the bullet, or of the number with its delimiter.
    pub(super) length: usize,
    pub(super) number: Option<u32>,
    /// Nothing stands behind it.
    pub(super) empty: bool,
}

pub(super) fn item_mark(body: &str) -> Option<ItemMark> {
    let bytes = body.as_bytes();
    let (length, number) = match bytes.first()? {
        b'-' | b'*' | b'+' => (1, None),
        b'0'..=b'9' => {
            let digits = bytes.iter().take(10).take_while(|byte| byte.is_ascii_digit()).count();
            if digits > 9 || !matches!(bytes.get(digits), Some(b'.' | b')')) {
                return None;
            }
            (digits + 1, Some(body[..digits].parse().ok()?))
        }
        _ => return None,
    };
    if !bytes.get(length).is_none_or(|byte| matches!(byte, b' ' | b'\t')) {
        return None;
    }
    let rest = &bytes[length..bytes.len().min(LONGEST_MARK)];
    Some(ItemMark { length, number, empty: rest.iter().all(|byte| matches!(byte, b' ' | b'\t')) })
}

/// How a block of HTML ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum HtmlEnd {
    BlankLine,
    /// The line that holds this, in lower case.
    Mark(&'static str),
}

/// Names of elements that begin a block even within a paragraph (`CommonMark` 0.31, HTML blocks, kind 6).
const BLOCK_ELEMENTS: &str = " address article aside base basefont blockquote body caption center col colgroup dd \
    details dialog dir div dl dt fieldset figcaption figure footer form frame frameset h1 h2 h3 h4 h5 h6 head header hr \
    html iframe legend li link main menu menuitem nav noframes ol optgroup option p param search section summary table \
    tbody td tfoot th thead title tr track ul ";

/// Whether the line begins a block of HTML, and how that will end. `alone`: no paragraph stands open before it.
pub(super) fn html_opening(body: &str, alone: bool) -> Option<HtmlEnd> {
    let rest = body.strip_prefix('<')?;
    if rest.starts_with("!--") {
        return Some(HtmlEnd::Mark("-->"));
    }
    if rest.starts_with('?') {
        return Some(HtmlEnd::Mark("?>"));
    }
    if rest.starts_with("![CDATA[") {
        return Some(HtmlEnd::Mark("]]>"));
    }
    if rest.starts_with('!') && rest.as_bytes().get(1).is_some_and(u8::is_ascii_alphabetic) {
        return Some(HtmlEnd::Mark(">"));
    }
    let closing = rest.starts_with('/');
    let rest = rest.strip_prefix('/').unwrap_or(rest);
    let length = rest.bytes().take(64).take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'-').count();
    let name = rest[..length].to_ascii_lowercase();
    let after = rest.as_bytes().get(length).copied();
    if name.is_empty() || !matches!(after, None | Some(b' ' | b'\t' | b'>' | b'/')) {
        return None;
    }
    match name.as_str() {
        "script" if !closing => Some(HtmlEnd::Mark("</script>")),
        "pre" if !closing => Some(HtmlEnd::Mark("</pre>")),
        "style" if !closing => Some(HtmlEnd::Mark("</style>")),
        "textarea" if !closing => Some(HtmlEnd::Mark("</textarea>")),
        _ if BLOCK_ELEMENTS.contains(&format!(" {name} ")) => Some(HtmlEnd::BlankLine),
        _ => {
            let whole = body.len() <= LONGEST_MARK && body.trim_end().find('>') == Some(body.trim_end().len() - 1);
            (alone && whole).then_some(HtmlEnd::BlankLine)
        }
    }
}
