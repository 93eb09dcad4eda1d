//! What a terminal gets: glyphs, colours that only repeat what symbols say, and text that cannot harm it.

use std::fmt::Write;

use anstyle::{AnsiColor, Style};

use crate::words::{GLUE, Mark};

/// Which glyphs may be used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Glyphs {
    /// Any that a terminal of today has.
    #[default]
    Unicode,
    /// ASCII only.
    Ascii,
}

/// For headings.
pub(crate) const BOLD: Style = Style::new().bold();
/// For what may be passed over.
pub(crate) const DIM: Style = Style::new().dimmed();
/// For nothing in particular.
pub(crate) const PLAIN: Style = Style::new();

/// The colour that repeats a mark.
pub(crate) const fn style(mark: Mark) -> Style {
    match mark {
        Mark::Kept => AnsiColor::Green.on_default(),
        Mark::Beyond => AnsiColor::Yellow.on_default(),
        Mark::Broken => AnsiColor::Red.on_default().bold(),
        Mark::Open => AnsiColor::Magenta.on_default(),
        Mark::Untouched | Mark::Idle => DIM,
    }
}

/// A finished page: numbers and units have stayed together, and blanks are blanks again.
pub(crate) fn finish(page: &str) -> String {
    page.replace(GLUE, " ")
}

/// A text in a style. Styles are written always; the door strips them where they are not wanted.
pub(crate) fn paint(text: &str, style: Style) -> String {
    if style.is_plain() || text.is_empty() {
        text.to_owned()
    } else {
        format!("{style}{text}{style:#}")
    }
}

impl Glyphs {
    /// The text as it may be shown: control characters written out, and in ASCII every other glyph replaced.
    ///
    /// Names and questions come from files; none may move the cursor or recolour the screen.
    pub fn clean(self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        for letter in text.chars() {
            match letter {
                ' '..='~' | GLUE => out.push(letter),
                _ if letter.is_control() || is_invisible(letter) => escape(letter, &mut out),
                _ if self == Self::Unicode => out.push(letter),
                _ => match ascii(letter) {
                    Some(plain) => out.push_str(plain),
                    None => escape(letter, &mut out),
                },
            }
        }
        out
    }

    /// Parts things that stand in a row.
    pub(crate) const fn dot(self) -> &'static str {
        match self {
            Self::Unicode => " · ",
            Self::Ascii => ", ",
        }
    }

    /// Leads from one place to the next.
    pub(crate) const fn arrow(self) -> &'static str {
        match self {
            Self::Unicode => "→",
            Self::Ascii => "->",
        }
    }

    /// Stands where there is nothing to say.
    pub(crate) const fn dash(self) -> &'static str {
        match self {
            Self::Unicode => "–",
            Self::Ascii => "-",
        }
    }

    /// Draws a line under something.
    pub(crate) const fn rule(self) -> &'static str {
        match self {
            Self::Unicode => "─",
            Self::Ascii => "-",
        }
    }
}

/// Whether a letter has no width, or turns the direction of writing.
const fn is_invisible(letter: char) -> bool {
    matches!(letter, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

fn escape(letter: char, out: &mut String) {
    let _ = write!(out, "{}", letter.escape_unicode());
}

/// What stands for a letter in ASCII, where something does.
const fn ascii(letter: char) -> Option<&'static str> {
    Some(match letter {
        '·' | '•' | '–' | '—' | '−' | '─' => "-",
        '’' | '‘' => "'",
        '“' | '”' | '„' => "\"",
        '…' => "...",
        '→' => "->",
        '←' => "<-",
        '×' => "x",
        '≤' => "<=",
        '≥' => ">=",
        '≠' => "!=",
        'µ' | 'μ' => "u",
        '§' => "section ",
        '\u{202f}' | '\u{2009}' => " ",
        'ä' => "ae",
        'ö' => "oe",
        'ü' => "ue",
        'ß' => "ss",
        'é' | 'è' | 'ê' => "e",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_move_the_cursor() {
        assert_eq!(
            Glyphs::Unicode.clean("a\u{1b}[2Jb\nc"),
            "a\\u{1b}[2Jb\\u{a}c"
        );
        assert_eq!(Glyphs::Unicode.clean("a\u{202e}b"), "a\\u{202e}b");
    }

    #[test]
    fn ascii_means_ascii() {
        let text = Glyphs::Ascii.clean("record 3’s ack → lost · “twice” ≤ 5 µs 漢");
        assert!(text.is_ascii(), "{text}");
        assert_eq!(text, "record 3's ack -> lost - \"twice\" <= 5 us \\u{6f22}");
    }
}
