//! A text as a block of code between fences, which no text can end before its time. Clients show texts as Markdown, and what stands
//! between fences is told from what is said about it.

/// The text in a fence that is longer than any run of its sign in it.
pub(crate) fn fenced(language: &str, code: &str) -> String {
    let longest = code.split(|c| c != '`').map(str::len).max().unwrap_or_default();
    let fence = "`".repeat(longest.saturating_add(1).max(3));
    format!("{fence}{language}\n{}\n{fence}", code.trim_end_matches('\n'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_in_a_diff_ends_its_fence() {
        assert_eq!(fenced("diff", "-a\n+b"), "```diff\n-a\n+b\n```");
        let text = fenced("diff", "+a: ```\n+```` x\n+`");
        assert!(text.starts_with("`````diff\n") && text.ends_with("\n`````"), "{text}");
    }
}
