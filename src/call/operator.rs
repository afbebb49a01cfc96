//! What the operator set that a surface has to know: how the program is started, and what a caller may choose.

use crate::workflow::blocks::completed_below;
use crate::workflow::report::Report;
use std::fmt::Display;

/// What the operator set.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Operator {
    /// How the program is started in a terminal so that it does what this one does.
    pub program: Program,
    /// The contexts that a caller can choose, besides the one in use.
    pub contexts: Vec<String>,
    /// Nothing is written here.
    pub read_only: bool,
    /// How dialogs of clients are treated, by how a client's name begins.
    pub dialogs: Vec<(String, DialogManner)>,
}

/// How a call treats the dialog that its client shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DialogManner {
    /// It waits for the answer as long as the plan can be approved: the client closes the dialog when the call returns.
    Hold,
    /// It waits for the answer for a while.
    Wait,
    /// It asks, and returns at once: the answer still counts.
    Return,
}

/// How the program is started in a terminal so that it uses the same configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    /// Variables and the program's name or path.
    before: String,
    /// The flags.
    after: String,
    /// A terminal finds it by its name alone, and its sessions without a flag.
    by_name: bool,
}

impl Default for Program {
    fn default() -> Self {
        Self::new(&[], NAME, &[]).found_by_name()
    }
}

impl Program {
    /// With these variables, this program, and these flags with their values.
    pub fn new(variables: &[(String, String)], program: &str, flags: &[(String, String)]) -> Self {
        let mut before: String = variables.iter().map(|(name, value)| format!("{name}={} ", quoted(value))).collect();
        before.push_str(&quoted(program));
        let after = flags.iter().map(|(flag, value)| format!(" --{flag}={}", quoted(value))).collect();
        Self { before, after, by_name: false }
    }

    /// What a human types.
    pub fn line(&self, command: &str, session: &dyn Display) -> String {
        format!("{} {command} {session}{}", self.before, self.after)
    }

    /// The same program where a terminal finds it by its name, and its sessions without a flag.
    #[must_use]
    pub fn found_by_name(self) -> Self {
        Self { by_name: true, ..self }
    }

    /// Words every command for a human in a text so that it works in a terminal: for any session, and each once. What is quoted from
    /// elsewhere stays as it is.
    pub fn in_words(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        for part in text.split_inclusive(['“', '”']) {
            if part.ends_with('”') { out.push_str(part) } else { self.in_own_words(part, &mut out) }
        }
        out
    }

    fn in_own_words(&self, text: &str, out: &mut String) {
        let mut rest = text;
        while let Some((before, after)) = rest.split_once(NAME) {
            out.push_str(before);
            let command = begins_a_word(out).then(|| command(after)).flatten();
            match command {
                Some(command) if !self.is_worded(out, after, command) => {
                    out.push_str(&format!("{}{command}{}", self.before, self.after));
                    rest = after.strip_prefix(command).unwrap_or_default();
                }
                Some(_) | None => {
                    out.push_str(NAME);
                    rest = after;
                }
            }
        }
        out.push_str(rest);
    }

    /// Whether it was done before.
    fn is_worded(&self, before: &str, after: &str, command: &str) -> bool {
        // A page may have broken the line before its first flag.
        let first = self.after.split_whitespace().next();
        let rest = after.strip_prefix(command).unwrap_or_default().trim_start();
        let flags = first.is_some_and(|first| rest.starts_with(first));
        let variables = self.before.strip_suffix(NAME).filter(|variables| !variables.is_empty());
        flags || variables.is_some_and(|variables| before.ends_with(variables))
    }

    /// The first three lines of a question. They have no room for a path and flags: where the plan is not found without those, the last
    /// lines of the question have the command, and that is said.
    pub fn in_three_lines(&self, lines: &str) -> String {
        if self.by_name { lines.to_owned() } else { completed_below(lines) }
    }

    /// Every command for a human in a report.
    pub fn in_report(&self, report: &mut Report) {
        let word = |text: &mut String| *text = self.in_words(text);
        word(&mut report.summary);
        report.issue.note.iter_mut().for_each(word);
        for advice in &mut report.advice {
            word(&mut advice.text);
            word(&mut advice.why);
            advice.command.iter_mut().for_each(word);
        }
        report.plan.iter_mut().flat_map(|plan| &mut plan.steps).for_each(|step| word(&mut step.undo));
        report.coverage.gaps.iter_mut().filter_map(|gap| gap.unlock.as_mut()).for_each(word);
    }
}

/// The program's name in our own texts.
const NAME: &str = "kubemend";
/// Commands for a human that are about a session.
const OF_A_SESSION: [&str; 6] = [" approve ", " show ", " decline ", " undo ", " validate --session ", " remediate --session "];
/// Commands for a human that are about none.
const OF_NONE: [&str; 2] = [" sessions", " doctor"];

/// Whether what comes behind this text begins a word: a color before it is none of its letters.
fn begins_a_word(text: &str) -> bool {
    let colored = text.rsplit_once('\u{1b}').and_then(|(_, code)| code.strip_prefix('[')?.strip_suffix('m'));
    colored.is_some_and(|code| code.bytes().all(|b| b.is_ascii_digit() || b == b';'))
        || !text.ends_with(|c: char| c.is_alphanumeric() || "/\\-_.'".contains(c))
}

/// The command that a text begins with, with the session that it is about.
fn command(text: &str) -> Option<&str> {
    let of_a_session = OF_A_SESSION.iter().find_map(|verb| {
        let id = text.strip_prefix(verb)?.strip_prefix("s-")?;
        let rest = id.trim_start_matches(|c: char| c.is_ascii_alphanumeric());
        (rest.len() < id.len()).then(|| text.strip_suffix(rest)).flatten()
    });
    let of_none = || {
        let rest = OF_NONE.iter().find_map(|verb| text.strip_prefix(verb))?;
        let ends = !rest.starts_with(|c: char| c.is_alphanumeric() || c == '-');
        ends.then(|| text.strip_suffix(rest)).flatten()
    };
    of_a_session.or_else(of_none)
}

/// As a shell reads it back.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-:=@,+%".contains(c);
    if !word.is_empty() && word.chars().all(plain) { word.to_owned() } else { format!("'{}'", word.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::SessionId;

    fn pair(name: &str, value: &str) -> (String, String) {
        (name.to_owned(), value.to_owned())
    }

    #[test]
    fn a_line_names_variables_program_and_flags_as_a_shell_reads_them() {
        let program = Program::new(&[pair("KUBEMEND_RISK_CEILING", "high")], "/opt/my tools/kubemend", &[pair("kubeconfig", "/a b/it's")]);
        assert_eq!(
            program.line("approve", &"s-1"),
            r"KUBEMEND_RISK_CEILING=high '/opt/my tools/kubemend' approve s-1 --kubeconfig='/a b/it'\''s'"
        );
        assert_eq!(Program::default().line("show", &"s-1"), "kubemend show s-1");
    }

    #[test]
    fn every_command_for_a_human_is_completed_once_whichever_session_it_is_about() {
        for program in [
            Program::new(&[], "kubemend", &[pair("context", "kind")]),
            Program::new(&[pair("KUBECONFIG", "/a:/b")], "kubemend", &[]),
            Program::new(&[], "/opt/kubemend", &[pair("state-dir", "/var/it's")]),
        ] {
            let (own, other) = (SessionId::from_entropy([1; 16]), SessionId::from_entropy([2; 16]));
            let text = |line: &dyn Fn(&str) -> String| {
                format!(
                    "run `{}`, or {}; {}. `{}` lists them (`{}`)",
                    line(&format!("show {own}")),
                    line(&format!("undo {other}")),
                    line(&format!("validate --session {own}")),
                    line("sessions"),
                    line("doctor"),
                )
            };
            let worded = text(&|command| format!("{}{command}{}", program.before.clone() + " ", program.after));
            assert_eq!(program.in_words(&text(&|command| format!("kubemend {command}"))), worded);
            assert_eq!(program.in_words(&worded), worded, "it is done once");
        }
    }

    #[test]
    fn what_is_no_command_or_is_quoted_stays_as_it_is() {
        let program = Program::new(&[], "/opt/kubemend", &[pair("context", "kind")]);
        for text in ["kubemend shows it", "kubemend show ID", "kubemend approve", "my-kubemend show s-1", "log: “run kubemend approve s-1”"]
        {
            assert_eq!(program.in_words(text), text);
        }
        assert_eq!(program.in_words("“a” kubemend show s-1"), "“a” /opt/kubemend show s-1 --context=kind");
        assert_eq!(program.in_words("\u{1b}[1mkubemend show s-1\u{1b}[0m"), "\u{1b}[1m/opt/kubemend show s-1 --context=kind\u{1b}[0m");
        let broken = "/opt/kubemend show s-1\n  --context=kind";
        assert_eq!(program.in_words(broken), broken);
    }
}
