//! How a log begins: in the middle of something, where it is cut or its file was rotated. The name that stood above may have been that of
//! a credential.

use super::values;
use crate::domain::masked::Masked;

/// A name below which every value is hidden.
const ABOVE: &str = "passwords:\n";

/// The log, masked, and whether lines at its beginning were left out, since they belong to one that was not read.
pub(super) fn masked(log: &str, cut: bool) -> (Masked, bool) {
    let begin = if cut { first_of_its_own(log) } else { 0 };
    let rest = log.get(begin..).unwrap_or_default();
    let begins_within = rest.lines().find(|line| !line.trim().is_empty()).is_some_and(is_of_something);
    if !begins_within {
        return (values::text(rest), begin > 0);
    }
    let below = Masked::whole(&format!("{ABOVE}{rest}"));
    let shown = below.as_str().strip_prefix(ABOVE).unwrap_or_default();
    (values::text(shown), begin > 0)
}

/// A line further in that has a name and its value, or is an item of a list: a stack or a picture is neither.
fn is_of_something(line: &str) -> bool {
    let (_, text) = line.split_at_checked(spaces(line)).unwrap_or_default();
    let text = text.trim_start_matches(['"', '\'', '\\']);
    let name = text.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || "_.@$/-".contains(c));
    let sign = name.trim_start_matches(['"', '\'', '\\', ' ']).starts_with([':', '=']);
    indentation(line) > 0 && (text.starts_with("- ") || (name.len() < text.len() && sign))
}

/// Where the first line begins that stands as far out as any.
fn first_of_its_own(log: &str) -> usize {
    let least = log.lines().filter(|line| !line.trim().is_empty()).map(indentation).min().unwrap_or(0);
    let own = |line: &str| !line.trim().is_empty() && indentation(line) == least && !line.trim().starts_with(['}', ']', ')', '-']);
    let mut begin = 0_usize;
    for line in log.split_inclusive('\n') {
        if own(line) {
            return begin;
        }
        begin = begin.saturating_add(line.len());
    }
    // No line is: all of them may be of one thing.
    0
}

/// White space at the beginning of the line, or of the text that it has in quotes.
fn indentation(line: &str) -> usize {
    let own = spaces(line);
    if own > 0 {
        return own;
    }
    let text = ["=\"  ", ":\"  ", "=\"\t", ":\"\t"].into_iter().find_map(|begin| line.find(begin).map(|at| at.saturating_add(2)));
    text.and_then(|at| line.get(at..)).map_or(0, spaces)
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
            let (shown, left_out) = masked(log, true);
            assert!(left_out && !shown.as_str().contains("canary") && shown.as_str().contains("started"), "{log}: {}", shown.as_str());
        }
        let whole = "INFO started\n  port: 80\n";
        assert_eq!(masked(whole, true), (Masked::whole(whole), false));
    }

    #[test]
    fn values_at_the_beginning_of_a_log_that_was_rotated_are_hidden_and_what_has_none_stays() {
        let (shown, left_out) = masked("  admin: canaryword\n  b:\n    c: canaryword\nINFO port: 80\n", false);
        assert!(!left_out && !shown.as_str().contains("canary") && shown.as_str().ends_with("INFO port: 80\n"), "{}", shown.as_str());
        for log in
            ["  .   ____\n /\\\\ / ___'_\n\nstarted\n", "\tat shop.Main.main(Main.java:12)\nstarted\n", "INFO port: 80\n  of: shop\n"]
        {
            assert_eq!(masked(log, false).0.as_str(), log);
        }
    }
}
