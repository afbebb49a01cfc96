//! How a log begins: in the middle of something, where it is cut or its file was rotated. The name that stood above may have been that of
//! a credential.

use super::values;
use crate::domain::masked::Masked;

/// A name below which every value is hidden.
const ABOVE: &str = "passwords:";
/// So many lines may belong to one that was not read. Where more stand further in than another, that is how the program writes.
const MOST: usize = 300;
/// A value of so many words is a sentence.
const SENTENCE: usize = 3;

/// What became of a log's beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Beginning {
    /// It is shown as the rest is.
    Shown,
    /// Its lines were left out.
    LeftOut,
    /// Its values were hidden.
    Hidden,
}

impl Beginning {
    /// What to say of it.
    pub(super) fn in_words(self) -> Option<&'static str> {
        match self {
            Self::Shown => None,
            Self::LeftOut => Some("its first lines belong to one that was not read, and are left out"),
            Self::Hidden => Some("values at its beginning are hidden, since they may belong to a line that was not read"),
        }
    }
}

/// The log, masked, and what became of its beginning.
pub(super) fn masked(log: &str, cut: bool) -> (Masked, Beginning) {
    let lines = || log.lines().filter(|line| !line.trim().is_empty());
    let least = lines().map(|line| Row::of(line).indentation).min().unwrap_or(0);
    let own = |row: &Row<'_>| row.indentation == least && !row.text.starts_with(['}', ']', ')', '-']);
    let before = lines().take_while(|line| !own(&Row::of(line))).count();
    let some_stand_out = lines().any(|line| own(&Row::of(line)));
    if cut && some_stand_out && (1..=MOST).contains(&before) {
        return (values::text(behind(log, before)), Beginning::LeftOut);
    }
    let Some(first) = lines().next() else { return (values::text(log), Beginning::Shown) };
    let row = Row::of(first);
    // Lines that all stand further in are how a program writes, unless each of them is a value.
    let is_of_something = if least == 0 && some_stand_out {
        row.is_of_something() || (cut && row.is_a_word_of_a_list())
    } else {
        lines().map(Row::of).all(|row| row.is_a_value() || (cut && row.is_a_word_of_a_list()))
    };
    if !is_of_something {
        return (values::text(log), Beginning::Shown);
    }
    // In a record like those of the lines below it, where these are records.
    let above = match row.record {
        Some(head) => format!("{head}{ABOVE}{}", head.chars().next_back().unwrap_or_default()),
        None => ABOVE.to_owned(),
    };
    let below = Masked::whole(&format!("{above}\n{log}"));
    let shown = below.as_str().split_once('\n').map_or("", |(_, shown)| shown);
    let became = if shown == Masked::whole(log).as_str() { Beginning::Shown } else { Beginning::Hidden };
    (values::text(shown), became)
}

/// The log behind so many lines, blank ones not counted.
fn behind(log: &str, lines: usize) -> &str {
    let mut left = lines;
    let mut begin = 0_usize;
    for line in log.split_inclusive('\n') {
        if !line.trim().is_empty() {
            if left == 0 {
                break;
            }
            left = left.saturating_sub(1);
        }
        begin = begin.saturating_add(line.len());
    }
    log.get(begin..).unwrap_or_default()
}

/// A line by how far in it begins, or the text that it has in quotes.
struct Row<'l> {
    indentation: usize,
    text: &'l str,
    /// What the line has before that text, with its quote.
    record: Option<&'l str>,
}

impl<'l> Row<'l> {
    fn of(line: &'l str) -> Self {
        let plain = without_colors(line);
        let own = spaces(plain);
        if own > 0 {
            return Self { indentation: own, text: without_colors(plain.get(own..).unwrap_or_default()), record: None };
        }
        let begins = [":\"  ", ": \"  ", "=\"  ", ":\"\t", ": \"\t", "=\"\t"];
        let begin = begins.into_iter().filter_map(|sign| Some(line.find(sign)?.saturating_add(sign.find('"')?).saturating_add(1))).min();
        let found = begin.and_then(|begin| line.split_at_checked(begin));
        found.map_or(Self { indentation: 0, text: plain, record: None }, |(head, text)| {
            let own = spaces(text);
            Self { indentation: own, text: text.get(own..).unwrap_or_default(), record: Some(head) }
        })
    }

    /// The name of a member, and what stands behind its sign.
    fn value(&self) -> Option<&'l str> {
        let text = self.text.trim_start_matches(['"', '\'', '\\']);
        let behind = text.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || "_.@$/-".contains(c));
        let sign = behind.trim_start_matches(['"', '\'', '\\', ' ']);
        (behind.len() < text.len()).then(|| sign.strip_prefix([':', '=']))?
    }

    /// A line further in that has a name and its value, or is an item of a list: a stack or a picture is neither.
    fn is_of_something(&self) -> bool {
        self.indentation > 0 && (self.text.starts_with("- ") || self.value().is_some())
    }

    /// The same, and no sentence.
    fn is_a_value(&self) -> bool {
        let value = self.text.strip_prefix("- ").or_else(|| self.value());
        self.indentation > 0 && value.is_some_and(|value| value.split_whitespace().count() < SENTENCE)
    }

    fn is_a_word_of_a_list(&self) -> bool {
        self.text.strip_prefix("- ").is_some_and(|item| item.split_whitespace().count() == 1)
    }
}

/// Behind what only sets a color.
fn without_colors(line: &str) -> &str {
    let mut rest = line;
    while let Some(color) = rest.strip_prefix("\u{1b}[") {
        let behind = color.trim_start_matches(|c: char| c.is_ascii_digit() || c == ';');
        let Some(behind) = behind.strip_prefix('m') else { break };
        rest = behind;
    }
    rest
}

fn spaces(text: &str) -> usize {
    text.len().saturating_sub(text.trim_start_matches([' ', '\t']).len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_belong_to_one_that_was_not_read_are_left_out_of_a_log_that_is_cut() {
        for log in [
            "  admin: canaryword\n  list:\n  - canaryword\nINFO started\n",
            "    canaryword\n  }\n]\nINFO started\n  port: 80\n",
            "{\"msg\":\"  admin: canaryword\"}\n{\"msg\":\"started\"}\n",
            "- canaryword\nstarted\n",
        ] {
            let (shown, became) = masked(log, true);
            assert!(
                became == Beginning::LeftOut && !shown.as_str().contains("canary") && shown.as_str().contains("started"),
                "{log}: {}",
                shown.as_str()
            );
        }
        let whole = "INFO started\n  port: 80\n";
        assert_eq!(masked(whole, true), (Masked::whole(whole), Beginning::Shown));
    }

    #[test]
    fn values_at_the_beginning_of_a_log_that_was_rotated_are_hidden_and_what_has_none_stays() {
        let (shown, became) = masked("  admin: canaryword\n  b:\n    c: canaryword\nINFO port: 80\n", false);
        assert!(
            became == Beginning::Hidden && !shown.as_str().contains("canary") && shown.as_str().ends_with("INFO port: 80\n"),
            "{}",
            shown.as_str()
        );
        for log in
            ["  .   ____\n /\\\\ / ___'_\n\nstarted\n", "\tat shop.Main.main(Main.java:12)\nstarted\n", "INFO port: 80\n  of: shop\n"]
        {
            assert_eq!(masked(log, false).0.as_str(), log);
        }
    }

    #[test]
    fn log_whose_lines_are_all_further_in_but_the_last_one_keeps_them() {
        let of = |line: &str, last: &str| format!("{}{last}", format!("{line}\n").repeat(1_999));
        for (line, last) in [
            (" ⨯ Error: connect ECONNREFUSED 10.0.0.1:5432", "npm error code 1\n"),
            (" GET /api 500", "Killed\n"),
            ("- - [27/Nov] \"GET / HTTP/1.1\"", "Killed\n"),
            (" ERROR: connect ECONNREFUSED 10.0.0.1:5432", " ERROR: ended\n"),
        ] {
            let log = of(line, last);
            for cut in [true, false] {
                let (shown, became) = masked(&log, cut);
                assert!(
                    became == Beginning::Shown && shown.as_str() == log,
                    "{line}, cut: {cut}: {}",
                    shown.as_str().get(..200).unwrap_or_default()
                );
            }
        }
    }

    #[test]
    fn values_at_the_beginning_are_not_shown_however_their_lines_begin() {
        for log in [
            "{\"msg\": \"  admin: canaryword\"}\n{\"msg\": \"started\"}\n".to_owned(),
            "\u{1b}[32m  admin: canaryword\u{1b}[0m\nINFO started\n".to_owned(),
            format!("{}INFO started\n", "  admin: canaryword\n".repeat(1_000)),
            format!("{}INFO started\n", "- canaryword\n".repeat(1_000)),
            " admin: canaryword\n b:\n  c: canaryword\n".repeat(10),
        ] {
            let (shown, _) = masked(&log, true);
            assert!(!shown.as_str().contains("canary"), "{}: {}", log.get(..100).unwrap_or(&log), shown.as_str());
        }
        let rotated = "{\"level\":\"info\",\"msg\":\"  admin: canaryword\"}\n{\"level\":\"info\",\"msg\":\"started\"}\n";
        let (shown, _) = masked(rotated, false);
        assert!(!shown.as_str().contains("canary") && shown.as_str().contains("started"), "{}", shown.as_str());
    }
}
