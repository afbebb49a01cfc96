//! What the operator set that a surface has to know: how the program is started, and what a caller may choose.

use crate::domain::id::SessionId;
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
}

impl Default for Program {
    fn default() -> Self {
        Self::new(&[], "kubemend", &[])
    }
}

impl Program {
    /// With these variables, this program, and these flags with their values.
    pub fn new(variables: &[(String, String)], program: &str, flags: &[(String, String)]) -> Self {
        let mut before: String = variables.iter().map(|(name, value)| format!("{name}={} ", quoted(value))).collect();
        before.push_str(&quoted(program));
        let after = flags.iter().map(|(flag, value)| format!(" --{flag}={}", quoted(value))).collect();
        Self { before, after }
    }

    /// What a human types.
    pub fn line(&self, command: &str, session: &dyn Display) -> String {
        format!("{} {command} {session}{}", self.before, self.after)
    }

    /// A text that names commands for this session, with what a human has to type here.
    pub fn in_text(&self, text: &str, session: &SessionId) -> String {
        self.in_words(text, session.as_str())
    }

    /// The same for an id in a report.
    pub fn in_words(&self, text: &str, session: &str) -> String {
        ["approve", "show", "decline", "undo"]
            .into_iter()
            .fold(text.to_owned(), |text, command| text.replace(&format!("kubemend {command} {session}"), &self.line(command, &session)))
    }
}

/// As a shell reads it back.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-:=@,+%".contains(c);
    if !word.is_empty() && word.chars().all(plain) { word.to_owned() } else { format!("'{}'", word.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn only_commands_for_this_session_are_completed() {
        let program = Program::new(&[], "kubemend", &[pair("context", "kind")]);
        let (own, other) = (SessionId::from_entropy([1; 16]), SessionId::from_entropy([2; 16]));
        let text = format!("run `kubemend show {own}`, not kubemend show {other}");
        assert_eq!(program.in_text(&text, &own), format!("run `kubemend show {own} --context=kind`, not kubemend show {other}"));
    }
}
