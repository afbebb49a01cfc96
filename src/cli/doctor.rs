//! What `doctor` found, as lines for a person or as JSON.

use super::args::Output;
use super::render::page::{BAD, CARE, GOOD, Page, clean};
use super::terminal::Terminal;
use super::{CliError, Exit};
use crate::call::Program;
use serde_json::{Value, json};

/// How a thing stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    /// As it should be.
    Ok,
    /// Something will not work, or cannot be read; the rest does.
    Warn,
    /// Nothing works until this is fixed.
    Fail,
}

/// One thing that was checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line {
    /// `kubeconfig`, `server`, …
    pub(crate) topic: &'static str,
    /// How it stands.
    pub(crate) level: Level,
    /// What was found.
    pub(crate) text: String,
    /// What to do about it.
    pub(crate) todo: Vec<String>,
}

impl Line {
    /// As it should be.
    pub(crate) fn ok(topic: &'static str, text: impl Into<String>) -> Self {
        Self { topic, level: Level::Ok, text: text.into(), todo: Vec::new() }
    }

    /// Something is left out.
    pub(crate) fn warn(topic: &'static str, text: impl Into<String>, todo: Vec<String>) -> Self {
        Self { topic, level: Level::Warn, text: text.into(), todo }
    }

    /// It does not work.
    pub(crate) fn fail(topic: &'static str, text: impl Into<String>, todo: Vec<String>) -> Self {
        Self { topic, level: Level::Fail, text: text.into(), todo }
    }
}

/// Prints the lines. A warning is not a failure: what it names is left out, and the reports list it too.
pub(crate) fn print(lines: &[Line], terminal: &Terminal, output: Output) -> Result<Exit, CliError> {
    let failed = lines.iter().any(|l| l.level == Level::Fail);
    let text = match output {
        Output::Text => page(lines, terminal),
        Output::Json => format!(
            "{:#}\n",
            json!({"ok": !failed, "checks": lines.iter().map(|line| entry(line, terminal.program())).collect::<Vec<Value>>()})
        ),
    };
    terminal.out(&text)?;
    Ok(if failed { Exit::Failed } else { Exit::Done })
}

fn entry(line: &Line, program: &Program) -> Value {
    let todo: Vec<String> = line.todo.iter().map(|todo| program.in_words(todo)).collect();
    json!({"topic": line.topic, "level": word(line.level), "text": clean(&program.in_words(&line.text)), "todo": todo})
}

fn word(level: Level) -> &'static str {
    match level {
        Level::Ok => "ok",
        Level::Warn => "warn",
        Level::Fail => "fail",
    }
}

fn page(lines: &[Line], terminal: &Terminal) -> String {
    let (mut page, program) = (Page::new(terminal.columns), terminal.program());
    for line in lines {
        let style = match line.level {
            Level::Ok => GOOD,
            Level::Warn => CARE,
            Level::Fail => BAD,
        };
        page.item(0, &format!("{:4}", word(line.level)), style, &program.in_words(&format!("{}: {}", line.topic, line.text)));
        for todo in &line.todo {
            page.item(5, "→", style, &program.in_words(todo));
        }
    }
    page.into_text()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::terminal::doubles;

    fn lines() -> Vec<Line> {
        vec![
            Line::ok("server", "10.0.0.1:6443 answers, v1.37.2"),
            Line::warn("reading", "is not allowed to list events", vec!["allow it to list events".to_owned()]),
        ]
    }

    #[test]
    fn warning_is_not_a_failure_and_says_what_to_do() {
        let (terminal, out, _) = doubles::terminal(None);
        assert_eq!(print(&lines(), &terminal, Output::Text).unwrap(), Exit::Done);
        assert_eq!(
            out.text(),
            "ok   server: 10.0.0.1:6443 answers, v1.37.2\nwarn reading: is not allowed to list events\n     → allow it to list events\n"
        );
    }

    #[test]
    fn one_failure_fails_the_command_in_json_too() {
        let (terminal, out, _) = doubles::terminal(None);
        let mut lines = lines();
        lines.push(Line::fail("store", "cannot be written", Vec::new()));
        assert_eq!(print(&lines, &terminal, Output::Json).unwrap(), Exit::Failed);
        let said: Value = serde_json::from_str(&out.text()).unwrap();
        assert_eq!((&said["ok"], &said["checks"][2]["level"]), (&json!(false), &json!("fail")));
    }
}
