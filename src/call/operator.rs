//! What the operator set that a surface has to know: how the program is started, and what a caller may choose.

use crate::domain::id::{SessionId, SessionStart};
use crate::domain::investigate::Investigate;
use crate::domain::ours::{NAME, OurCommand};
use crate::workflow::blocks::{WHOLE_PLAN, with_command};
use crate::workflow::report::Report;
use std::fmt;

/// What the operator set.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Operator {
    /// How the program is started in a terminal so that it does what this one does.
    pub program: Program,
    /// The contexts that a caller can choose, besides the one in use.
    pub contexts: Vec<String>,
    /// Nothing is written here.
    pub read_only: bool,
    /// Whether looks are offered where rules do not decide.
    pub investigate: Investigate,
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
    /// What stands before and behind a command that only looks at a session: how the program is found, and where its sessions are.
    looks: (String, String),
}

impl Default for Program {
    fn default() -> Self {
        Self::new(&[], NAME, &[])
    }
}

impl Program {
    /// With these variables, this program, and these flags with their values.
    pub fn new(variables: &[(String, String)], program: &str, flags: &[(String, String)]) -> Self {
        let mut before: String = variables.iter().map(|(name, value)| format!("{name}={} ", quoted(value))).collect();
        before.push_str(&quoted(program));
        let after: String = flags.iter().map(|(flag, value)| format!(" --{flag}={}", quoted(value))).collect();
        Self { looks: (before.clone(), after.clone()), before, after }
    }

    /// The same, where to look at a session it is enough to start this program, with this folder of sessions if any. What lies in `home`
    /// is written as a shell finds it there.
    #[must_use]
    pub fn looking(self, program: &str, sessions: Option<&str>, home: Option<&str>) -> Self {
        let short = |path: &str| {
            let below = home.filter(|home| home.len() > 1).and_then(|home| path.strip_prefix(home)?.strip_prefix('/'));
            below.map_or_else(|| quoted(path), |below| format!("~/{}", quoted(below)))
        };
        // Behind an equals sign no shell looks for a home.
        let sessions = sessions.map(|folder| format!(" --state-dir {}", short(folder)));
        Self { looks: (short(program), sessions.unwrap_or_default()), ..self }
    }

    /// What a human types.
    pub fn line(&self, command: &OurCommand) -> String {
        format!("{} {}{}", self.before, command.arguments(), self.after)
    }

    /// Words every command for a human in a text of ours, each once. A text of the cluster, a diff, and whatever quotes one is no text
    /// for this; what stands in quotes stays as it is.
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
            let begins_a_word = !out.ends_with(|c: char| c.is_alphanumeric() || "/\\-_.'".contains(c));
            match after.strip_prefix(' ').filter(|_| begins_a_word).and_then(OurCommand::begins) {
                Some((command, behind)) if !self.is_worded(out, behind) => {
                    out.push_str(&self.line(&command));
                    rest = behind;
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
    fn is_worded(&self, before: &str, behind: &str) -> bool {
        let variables = self.before.strip_suffix(NAME).filter(|variables| !variables.is_empty());
        (!self.after.is_empty() && behind.starts_with(&self.after)) || variables.is_some_and(|variables| before.ends_with(variables))
    }

    /// A question in words: of its text only the lines that say how to see the whole plan are ours to word, first and last.
    pub fn in_question(&self, text: &str) -> String {
        let (first, rest) = text.split_once("\n\n").map_or((text, None), |(first, rest)| (first, Some(rest)));
        let Some(rest) = rest else { return self.in_words(text) };
        let end = rest.rfind(&format!("\n{WHOLE_PLAN}"));
        let (middle, last) = end.and_then(|at| rest.split_at_checked(at)).unwrap_or((rest, ""));
        let last = match shown_in(last) {
            Some((until, session)) => format!("{until}: {}\n", self.to_show(&session)),
            None => self.in_words(last),
        };
        format!("{}\n\n{middle}{last}", self.in_three_lines(first))
    }

    /// The first three lines of a question. What is in the third is run as it stands, or is not there.
    pub fn in_three_lines(&self, lines: &str) -> String {
        let Some((_, session)) = shown_in(lines) else { return with_command(lines, &[]) };
        with_command(lines, &[self.to_show(&session), self.to_show(&SessionStart::of(&session))])
    }

    /// What a human types to look at a session. It takes no cluster and no limits.
    fn to_show(&self, session: &dyn fmt::Display) -> String {
        let (before, after) = &self.looks;
        format!("{before} show {session}{after}")
    }

    /// Every command for a human in a report.
    pub fn in_report(&self, report: &mut Report) {
        let word = |text: &mut String| *text = self.in_words(text);
        word(&mut report.summary);
        report.issue.note.iter_mut().chain(&mut report.undo).for_each(word);
        for advice in &mut report.advice {
            word(&mut advice.text);
            word(&mut advice.why);
            advice.command.iter_mut().for_each(word);
        }
        report.plan.iter_mut().flat_map(|plan| &mut plan.steps).for_each(|step| word(&mut step.undo));
        report.coverage.gaps.iter_mut().filter_map(|gap| gap.unlock.as_mut()).for_each(word);
    }
}

/// What stands before a command of ours that shows a session, at the end of a text, and that session.
fn shown_in(text: &str) -> Option<(&str, SessionId)> {
    let (before, command) = text.trim_end_matches('\n').rsplit_once(&format!(": {NAME} "))?;
    match OurCommand::begins(command)? {
        (OurCommand::Show(session), "") => Some((before, session)),
        _ => None,
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
    use crate::domain::object::ObjectName;

    fn pair(name: &str, value: &str) -> (String, String) {
        (name.to_owned(), value.to_owned())
    }

    fn session(seed: u8) -> SessionId {
        SessionId::from_entropy([seed; 16])
    }

    #[test]
    fn a_line_names_variables_program_and_flags_as_a_shell_reads_them() {
        let program = Program::new(&[pair("KUBEMEND_RISK_CEILING", "high")], "/opt/my tools/kubemend", &[pair("kubeconfig", "/a b/it's")]);
        let id = session(1);
        assert_eq!(
            program.line(&OurCommand::Approve(id.clone())),
            format!(r"KUBEMEND_RISK_CEILING=high '/opt/my tools/kubemend' approve {id} --kubeconfig='/a b/it'\''s'")
        );
        assert_eq!(Program::default().line(&OurCommand::Show(id.clone())), format!("kubemend show {id}"));
    }

    #[test]
    fn every_command_for_a_human_is_completed_once_whatever_it_is_about() {
        for program in [
            Program::new(&[], "kubemend", &[pair("context", "kind")]),
            Program::new(&[pair("KUBECONFIG", "/a:/b")], "kubemend", &[]),
            Program::new(&[], "/opt/kubemend", &[pair("state-dir", "/var/it's")]),
        ] {
            let web = OurCommand::Remediate { object: ObjectName::parse("deployment/web").unwrap(), namespace: Some("shop".to_owned()) };
            let roles = OurCommand::Roles { namespace: "shop".to_owned(), role: crate::domain::ours::Role::Reader };
            let text = |line: &dyn Fn(&OurCommand) -> String| {
                format!(
                    "run `{}`, or {}; {}. `{}` lists them (`{}`); run: {}\nfor all: {} | kubectl apply -f -; `{}`, {}",
                    line(&OurCommand::Show(session(1))),
                    line(&OurCommand::Undo(session(2))),
                    line(&OurCommand::Validate(session(1))),
                    line(&OurCommand::Sessions),
                    line(&OurCommand::Doctor),
                    line(&web),
                    line(&roles),
                    line(&OurCommand::Rbac),
                    line(&OurCommand::Demo),
                )
            };
            let worded = text(&|command| program.line(command));
            assert_eq!(program.in_words(&text(&ToString::to_string)), worded);
            assert_eq!(program.in_words(&worded), worded, "it is done once");
        }
    }

    #[test]
    fn what_is_no_command_or_is_quoted_stays_as_it_is() {
        let program = Program::new(&[], "/opt/kubemend", &[pair("context", "kind")]);
        let id = session(1);
        let quoted = format!("log: “run kubemend approve {id}”");
        let other = format!("my-kubemend show {id}");
        for text in
            ["kubemend shows it", "kubemend show ID", "kubemend approve", "kubemend approve s-beef", other.as_str(), quoted.as_str()]
        {
            assert_eq!(program.in_words(text), text);
        }
        assert_eq!(program.in_words(&format!("“a” kubemend show {id}")), format!("“a” /opt/kubemend show {id} --context=kind"));
    }

    /// What stands between the first and the last lines is the cluster's, or a change of it.
    #[test]
    fn nothing_of_a_question_is_worded_but_how_to_see_the_whole_plan() {
        let program = Program::new(&[], "/opt/kubemend", &[pair("context", "kind")]);
        let (own, other) = (session(1), session(2));
        let three = format!("what\nwhere\nwhole plan until 10:00Z: kubemend show {own}");
        let middle = format!("In full\n-note: kubemend approve {other}\n+note: kubemend undo {other}\n\nIn short");
        let asked = program.in_question(&format!("{three}\n\n{middle}\n{three}\n"));
        assert!(asked.contains(&middle), "{asked}");
        assert!(
            asked.starts_with(&format!(
                "what\nwhere\nwhole plan until 10:00Z: /opt/kubemend show {} --context=kind\n\n",
                SessionStart::of(&own)
            )),
            "{asked}"
        );
        assert!(asked.ends_with(&format!("whole plan until 10:00Z: /opt/kubemend show {own} --context=kind\n")), "{asked}");
    }

    #[test]
    fn the_third_line_is_run_as_it_stands_or_names_no_command() {
        let id = session(1);
        let start = SessionStart::of(&id);
        let lines = format!("what\nwhere\nwhole plan until 10:00Z: kubemend show {id}");
        let third = |program: &str, sessions: Option<&str>| {
            let lines = Program::new(&[pair("KUBECONFIG", "/a")], "/x", &[pair("context", "kind")])
                .looking(program, sessions, Some("/home/me"))
                .in_three_lines(&lines);
            lines.lines().nth(2).unwrap().to_owned()
        };
        let until = "whole plan until 10:00Z:";
        assert_eq!(third("kubemend", None), format!("{until} kubemend show {id}"));
        assert_eq!(third("/home/me/.cargo/bin/kubemend", None), format!("{until} ~/.cargo/bin/kubemend show {start}"));
        assert_eq!(third("/home/me/a b/kubemend", None), format!("{until} ~/'a b/kubemend' show {start}"));
        assert_eq!(third("/home/mel/kubemend", None), format!("{until} /home/mel/kubemend show {start}"));
        assert_eq!(third("kubemend", Some("/home/me/s")), format!("{until} kubemend show {start} --state-dir ~/s"));
        assert_eq!(
            third("/work/tools/kubemend", Some("/var/s")),
            format!("whole plan: /work/tools/kubemend show {start} --state-dir /var/s")
        );
        assert_eq!(third("kubemend", Some(&"/long".repeat(12))), format!("{until} at the end of this text, or after “ask me later”"));
    }
}
