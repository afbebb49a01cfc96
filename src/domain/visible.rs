//! What a reader can see of a text. Characters that show nothing, or that change how others are shown, are known here and nowhere
//! else: they are dropped where words are quoted, and written out where somebody decides on what stands there.

use regex::Regex;
use std::borrow::Cow;
use std::fmt::Write as _;
use std::sync::LazyLock;

/// Characters that change what a reader sees without being seen themselves: controls, marks of direction, what has no width, what is
/// drawn as nothing, selectors of variants, tags, and what a font has no picture for. A line feed and a tab are not among them.
pub fn is_hidden(c: char) -> bool {
    (c.is_control() && c != '\n' && c != '\t')
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}'
            | '\u{e000}'..='\u{f8ff}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
            | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}' | '\u{f0000}'..='\u{10ffff}')
}

/// What a terminal takes for an order, whole: colors, moves, titles, links. One between the name of a credential and its sign would keep
/// both apart. An order that was cut is none: its end would be a letter of a name.
static ORDERS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let control = r"(?:\x1b\[|\u{9b})(?:[0-9;:]*m|[?>=]?[0-9;:]+[A-Za-z]|[KJH](?:$|\n))";
    let text = r"\x1b[\]P^_X][^\x07\x1b\n]{0,2000}(?:\x07|\x1b\\)";
    let set = r"\x1b[()][0B]|\x1b[=>78]";
    Regex::new(&[control, text, set].join("|")).ok()
});

/// Colors of which a logger wrote out the escape.
static WRITTEN: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let escape = r"\\u001[bB]|\\x1[bB]|\\033|\\e|\\u\{1[bB]\}|#033|\^\[";
    Regex::new(&format!(r"(?:{escape})\[[0-9;]*[mK]")).ok()
});

/// The text without orders to a terminal and without hidden characters.
pub fn cleaned(text: &str) -> Cow<'_, str> {
    without_hidden(without(&ORDERS, text)).0
}

/// The same, also without colors whose escape is written out, and how many hidden characters it had that nothing explains: neither an order
/// to a terminal nor an end of a line. Of what somebody decides on, nothing that is written is left out: this is for texts that are only
/// read.
pub fn uncolored(text: &str) -> (Cow<'_, str>, usize) {
    let (text, hidden) = without_hidden(without(&ORDERS, text));
    let plain = match text {
        Cow::Borrowed(text) => without(&WRITTEN, text),
        Cow::Owned(text) => Cow::Owned(without(&WRITTEN, &text).into_owned()),
    };
    (plain, hidden)
}

fn without_hidden(text: Cow<'_, str>) -> (Cow<'_, str>, usize) {
    if !text.chars().any(is_hidden) {
        return (text, 0);
    }
    let hidden = text.chars().filter(|c| is_hidden(*c) && *c != '\r').count();
    (Cow::Owned(text.chars().filter(|c| !is_hidden(*c)).collect()), hidden)
}

fn without<'t>(pattern: &Option<Regex>, text: &'t str) -> Cow<'t, str> {
    pattern.as_ref().map_or(Cow::Borrowed(text), |pattern| pattern.replace_all(text, ""))
}

/// The text with what is hidden written out, as [`escaped`] does it, and everything else as it is.
pub fn revealed(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut out, c| {
        let _ = if is_hidden(c) { write!(out, "\\u{{{:x}}}", u32::from(c)) } else { out.write_char(c) };
        out
    })
}

/// The text in printable ASCII on one line, so that no two texts look alike: everything else stands there as its number, as in
/// `\u{202e}`. A text that already has such a number in it is told from the character itself.
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for (at, c) in text.char_indices() {
        let looks_escaped = c == '\\' && text.get(at..).is_some_and(|rest| rest.starts_with("\\u{"));
        if (c == ' ' || c.is_ascii_graphic()) && !looks_escaped {
            out.push(c);
        } else {
            let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
        }
    }
    out
}

/// A value between our own words: as it is where it reads as one word, escaped and in quotes otherwise.
pub fn value(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"._-/:@+".contains(&b);
    if !text.is_empty() && text.bytes().all(plain) { text.to_owned() } else { format!("\"{}\"", escaped(text).replace('"', "\\u{22}")) }
}

/// Marks that only our own texts have.
const OURS: &[char] = &['→', '—', '…', '“', '”', '·', '•', '⟦', '⟧'];

/// Our own words with what came into them from elsewhere: lines and our own marks stay, everything else that is not printable ASCII
/// stands there as its number.
pub fn in_words(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(|c: char| c == '\n' || OURS.contains(&c)) {
        let (before, from) = rest.split_at(at);
        out.push_str(&escaped(before));
        out.extend(from.chars().next());
        rest = from.get(from.chars().next().map_or(0, char::len_utf8)..).unwrap_or_default();
    }
    out.push_str(&escaped(rest));
    out
}

/// How a line goes on that is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fold {
    /// On a line of its own, without the space where it was broken.
    Plain,
    /// Behind a mark that nothing escaped has: the line reads back.
    Marked,
    /// As a shell reads it.
    Command,
}

impl Fold {
    /// What ends a line that is broken, and what begins the next one.
    fn around(self) -> (&'static str, &'static str) {
        match self {
            Fold::Plain => ("", ""),
            Fold::Marked => ("", "↳ "),
            Fold::Command => ("\\", "  "),
        }
    }
}

/// The text in lines of at most `columns`, each broken behind spaces in its own way; a word that is longer stays whole, since somebody
/// may copy it.
pub fn folded(text: &str, columns: usize, how: impl Fn(&str) -> Fold) -> String {
    let mut out = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let fold = how(line);
        let (end, begin) = fold.around();
        let (mut width, mut quoted) = (0_usize, false);
        for word in line.split_inclusive(' ') {
            let word_alone = word.trim_end_matches('\n');
            let length = if fold == Fold::Plain { word_alone.trim_end_matches(' ') } else { word_alone }.chars().count();
            // In quotes a shell would read the break.
            let may = fold != Fold::Command || !quoted;
            if width > 0 && may && width.saturating_add(length).saturating_add(end.len()) > columns {
                if fold == Fold::Plain && out.ends_with(' ') {
                    out.pop();
                }
                out.push_str(end);
                out.push('\n');
                out.push_str(begin);
                width = begin.chars().count();
            }
            out.push_str(word);
            width = width.saturating_add(word.chars().count());
            quoted ^= word.matches('\'').count() % 2 == 1;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_shows_nothing_is_dropped_from_quotes() {
        for hidden in
            ['\u{1b}', '\r', '\u{7f}', '\u{85}', '\u{ad}', '\u{200b}', '\u{202e}', '\u{2066}', '\u{3164}', '\u{fe0f}', '\u{e0041}']
        {
            assert_eq!(cleaned(&format!("a{hidden}b")), "ab", "{:x}", u32::from(hidden));
        }
        assert_eq!(cleaned("a\n\tb ä"), "a\n\tb ä");
    }

    #[test]
    fn orders_to_a_terminal_are_dropped_whole_and_what_only_looks_like_one_stays() {
        for order in [
            "\u{1b}[36m",
            "\u{1b}[0m",
            "\u{1b}[1;38;5;200m",
            "\u{1b}[2J",
            "\u{9b}31m",
            "\u{1b}]0;title\u{7}",
            "\u{1b}]8;;https://example.com\u{1b}\\",
            "\u{1b}(B",
        ] {
            assert_eq!(cleaned(&format!("db_password{order}=x")), "db_password=x", "{order:?}");
            assert_eq!(uncolored(order).1, 0, "{order:?}");
        }
        for order in ["\\u001b[36m", "\\x1b[0m", "\\033[1;31m", "\\e[0m", "\\u{1b}[0m", "#033[0m", "^[[32m"] {
            let text = format!("db_password{order}=x");
            assert_eq!((cleaned(&text).as_ref(), uncolored(&text).0.as_ref()), (text.as_str(), "db_password=x"), "{order:?}");
        }
        // Orders that were cut take no letter of a name with them.
        for (cut, left) in [("\u{1b}[password=x", "[password=x"), ("\u{1b}[ token: x", "[ token: x"), ("\u{1b}(PASSWORD=x", "(PASSWORD=x")]
        {
            assert_eq!(cleaned(cut), left);
        }
        for kept in ["rate(requests[5m])", "[36m", "list[0]", "\\u00e4", "a\\e", "x]0;title"] {
            assert_eq!(uncolored(kept).0, kept);
        }
        // One that never ends takes nothing with it but its first character.
        assert_eq!(cleaned("a\u{1b}]0;b\nc"), "a]0;b\nc");
        assert_eq!(uncolored("a\u{202e}b\u{200b}\r\n\u{1b}]0;b").1, 3);
    }

    #[test]
    fn value_of_several_words_or_none_is_in_quotes() {
        assert_eq!(value("example/web:1.2"), "example/web:1.2");
        assert_eq!(value(""), "\"\"");
        assert_eq!(value("a → b"), "\"a \\u{2192} b\"");
        assert_eq!(value("а"), "\"\\u{430}\"");
        assert_eq!(value("a\" → \"b"), "\"a\\u{22} \\u{2192} \\u{22}b\"");
    }

    proptest! {
        #[test]
        fn a_folded_text_is_narrow_but_for_long_words_and_reads_back(text in "([ -~]{0,200}\n?){0,4}", columns in 8_usize..80) {
            let folded = folded(&text, columns, |_| Fold::Marked);
            let long = |line: &str| line.trim_start_matches("↳ ").trim().contains(' ') && line.trim_end().chars().count() > columns;
            prop_assert!(!folded.lines().any(long), "{folded}");
            prop_assert_eq!(folded.replace("\n↳ ", ""), text);
        }
    }

    #[test]
    fn a_folded_command_is_read_by_a_shell_as_it_was() {
        let command = "KUBECONFIG=/a/b kubemend show s-1 --state-dir='/my state/dir' --context=prod";
        let folded = folded(command, 24, |_| Fold::Command);
        assert_eq!(folded, "KUBECONFIG=/a/b \\\n  kubemend show s-1 \\\n  --state-dir='/my state/dir' \\\n  --context=prod");
        assert_eq!(folded.replace("\\\n  ", ""), command);
    }

    #[test]
    fn long_lines_break_at_spaces_and_long_words_stay_whole() {
        let wrapped = |text: &str, columns: usize| folded(text, columns, |_| Fold::Plain);
        assert_eq!(wrapped("one two three", 8), "one two\nthree");
        assert_eq!(wrapped("a persistentvolumeclaim b\n\nc", 10), "a\npersistentvolumeclaim\nb\n\nc");
        assert_eq!(wrapped("", 10), "");
    }

    proptest! {
        #[test]
        fn no_two_texts_look_alike(a in any::<String>(), b in any::<String>(), number in "[a-f0-9]{1,4}") {
            prop_assert!(a == b || escaped(&a) != escaped(&b));
            prop_assert!(a == b || value(&a) != value(&b));
            prop_assert!(a == b || in_words(&a) != in_words(&b));
            prop_assert!(escaped(&a).bytes().all(|byte| (b' '..=b'~').contains(&byte)));
            let written = format!("{a}\\u{{{number}}}{b}");
            let meant = u32::from_str_radix(&number, 16).ok().and_then(char::from_u32).map(|c| format!("{a}{c}{b}"));
            prop_assert_ne!(Some(escaped(&written)), meant.map(|text| escaped(&text)));
        }

        #[test]
        fn nothing_hidden_is_left(text in any::<String>()) {
            prop_assert!(!cleaned(&text).chars().any(is_hidden));
            prop_assert!(!in_words(&text).chars().any(is_hidden));
            prop_assert_eq!(in_words(&text).matches('\n').count(), text.matches('\n').count());
        }
    }
}
