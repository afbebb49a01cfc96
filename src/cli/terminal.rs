//! What a command writes to and whom it can ask: results on stdout, everything else on stderr, questions to a person or to nobody.

use crate::call::HumanAnswer;
use std::io::{self, BufRead, IsTerminal, Write};
use std::sync::{Mutex, PoisonError};
use tokio_util::sync::CancellationToken;

/// Columns where the terminal does not say, or where there is none.
const COLUMNS: usize = 100;
/// An answer is a word; more than this is not read.
const ANSWER_LIMIT: u64 = 256;

/// `y` and `yes` are yes. Everything else that was typed is no; a closed input gives no answer.
fn human_answer(line: &str) -> HumanAnswer {
    match line.trim().to_ascii_lowercase().as_str() {
        "y" | "yes" if line.ends_with('\n') => HumanAnswer::Yes,
        _ if line.is_empty() => HumanAnswer::Nobody,
        _ => HumanAnswer::No,
    }
}

/// Who is there to be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Person {
    /// Stdin is a terminal.
    AtStdin,
    /// Stdin is something else, but the process has a terminal, on which it shows its progress.
    AtTheTerminal,
    /// Nobody.
    Absent,
    /// A test's answer.
    #[cfg(test)]
    Saying(&'static str),
}

/// The streams of a command.
pub(crate) struct Terminal {
    out: Mutex<Box<dyn Write + Send>>,
    err: Mutex<Box<dyn Write + Send>>,
    person: Person,
    /// How wide results may be.
    pub(crate) columns: usize,
    /// Results go to a terminal.
    pub(crate) shows_results: bool,
    /// Progress goes to a terminal.
    pub(crate) shows_progress: bool,
}

impl std::fmt::Debug for Terminal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Terminal").field("person", &self.person).field("columns", &self.columns).finish_non_exhaustive()
    }
}

impl Terminal {
    /// The process's own streams. Color is left out where the stream is not a terminal or `NO_COLOR` says so.
    pub(crate) fn of_process() -> Self {
        let person = match (io::stdin().is_terminal(), io::stderr().is_terminal()) {
            (true, _) => Person::AtStdin,
            (false, true) => Person::AtTheTerminal,
            (false, false) => Person::Absent,
        };
        let shows_results = io::stdout().is_terminal();
        let columns =
            if shows_results { terminal_size::terminal_size().map_or(COLUMNS, |(width, _)| usize::from(width.0)) } else { COLUMNS };
        Self {
            out: Mutex::new(Box::new(anstream::stdout())),
            err: Mutex::new(Box::new(anstream::stderr())),
            person,
            columns,
            shows_results,
            shows_progress: io::stderr().is_terminal(),
        }
    }

    /// There is a person to be asked.
    pub(crate) fn has_somebody(&self) -> bool {
        self.person != Person::Absent
    }

    /// Writes a result. A reader that closed the pipe early, such as `head`, is not a failure.
    pub(crate) fn out(&self, text: &str) -> io::Result<()> {
        write_to(&self.out, text)
    }

    /// Writes a remark.
    pub(crate) fn err(&self, text: &str) -> io::Result<()> {
        write_to(&self.err, text)
    }

    /// Asks for approval. A cancelled question has no answer.
    pub(crate) async fn ask_human(&self, question: &str, cancel: &CancellationToken) -> io::Result<HumanAnswer> {
        let person = self.person.clone();
        if person == Person::Absent {
            return Ok(HumanAnswer::Nobody);
        }
        self.err(&format!("{question} [y/N] "))?;
        // A blocking read cannot be cancelled; the process ends without waiting for it.
        let reading = tokio::task::spawn_blocking(move || read_line(&person));
        tokio::select! {
            biased;
            () = cancel.cancelled() => {
                self.err("\n")?;
                Ok(HumanAnswer::Nobody)
            }
            line = reading => match line {
                Ok(Ok(line)) => Ok(human_answer(&line)),
                Ok(Err(_)) | Err(_) => Ok(HumanAnswer::Nobody),
            },
        }
    }
}

fn write_to(stream: &Mutex<Box<dyn Write + Send>>, text: &str) -> io::Result<()> {
    let mut stream = stream.lock().unwrap_or_else(PoisonError::into_inner);
    match stream.write_all(text.as_bytes()).and_then(|()| stream.flush()) {
        Err(e) if e.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

fn read_line(person: &Person) -> io::Result<String> {
    let mut line = String::new();
    match person {
        Person::AtStdin => {
            io::Read::take(io::stdin().lock(), ANSWER_LIMIT).read_line(&mut line)?;
        }
        Person::AtTheTerminal => {
            let tty = io::Read::take(std::fs::File::open("/dev/tty")?, ANSWER_LIMIT);
            io::BufReader::new(tty).read_line(&mut line)?;
        }
        Person::Absent => {}
        #[cfg(test)]
        Person::Saying(text) => line.push_str(text),
    }
    Ok(line)
}

#[cfg(test)]
pub(crate) mod doubles {
    use super::*;
    use std::sync::Arc;

    /// What was written to a test's terminal.
    #[derive(Debug, Clone, Default)]
    pub(crate) struct Heard(Arc<Mutex<Vec<u8>>>);

    impl Heard {
        pub(crate) fn text(&self) -> String {
            anstream::adapter::strip_str(&String::from_utf8(self.0.lock().unwrap().clone()).unwrap()).to_string()
        }
    }

    impl Write for Heard {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// A terminal whose person says this, or where there is nobody; what went to stdout and to stderr.
    pub(crate) fn terminal(says: Option<&'static str>) -> (Terminal, Heard, Heard) {
        let (out, err) = (Heard::default(), Heard::default());
        let terminal = Terminal {
            out: Mutex::new(Box::new(out.clone())),
            err: Mutex::new(Box::new(err.clone())),
            person: says.map_or(Person::Absent, Person::Saying),
            columns: COLUMNS,
            shows_results: true,
            shows_progress: false,
        };
        (terminal, out, err)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_clear_yes_is_yes() {
        for (typed, answer) in [
            ("y\n", HumanAnswer::Yes),
            ("Yes\r\n", HumanAnswer::Yes),
            ("\n", HumanAnswer::No),
            ("yes please\n", HumanAnswer::No),
            ("n\n", HumanAnswer::No),
            ("ja\n", HumanAnswer::No),
            ("y", HumanAnswer::No),
            ("", HumanAnswer::Nobody),
        ] {
            assert_eq!(human_answer(typed), answer, "{typed:?}");
        }
    }

    #[tokio::test]
    async fn nobody_is_asked_where_nobody_is() {
        let (terminal, out, err) = doubles::terminal(None);
        assert_eq!(terminal.ask_human("apply?", &CancellationToken::new()).await.unwrap(), HumanAnswer::Nobody);
        assert_eq!((out.text(), err.text()), (String::new(), String::new()));
    }

    #[tokio::test]
    async fn question_goes_to_stderr() {
        let (terminal, out, err) = doubles::terminal(Some("yes\n"));
        assert_eq!(terminal.ask_human("apply?", &CancellationToken::new()).await.unwrap(), HumanAnswer::Yes);
        assert_eq!((out.text(), err.text()), (String::new(), "apply? [y/N] ".to_owned()));
    }

    #[tokio::test]
    async fn interrupted_question_has_no_answer() {
        let (terminal, _, _) = doubles::terminal(Some("yes\n"));
        let cancel = CancellationToken::new();
        cancel.cancel();
        assert_eq!(terminal.ask_human("apply?", &cancel).await.unwrap(), HumanAnswer::Nobody);
    }
}
