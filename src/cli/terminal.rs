//! What a command writes to and whom it can ask: results on stdout, everything else on stderr, questions to a person or to nobody.

use crate::call::{FASTEST_PERSON, HumanAnswer, Program};
use crate::workflow::Undecided;
use std::io::{self, BufRead, IsTerminal, Write};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// Columns where the terminal does not say, or where there is none.
const COLUMNS: usize = 100;
/// An answer is a word; more than this is not read.
const ANSWER_LIMIT: u64 = 256;
/// A question is asked so often where what was typed came too soon for anybody to have read it: typed ahead, or by a program.
const ASKED: usize = 3;

/// `y` and `yes` are yes. Everything else that was typed is no; a closed input gives no answer.
fn human_answer(line: &str) -> HumanAnswer {
    match line.trim().to_ascii_lowercase().as_str() {
        "y" | "yes" if line.ends_with('\n') => HumanAnswer::Yes,
        _ if line.is_empty() => HumanAnswer::Nobody,
        _ => HumanAnswer::No,
    }
}

/// Who is there to be asked.
#[derive(Debug, Clone)]
enum Person {
    /// Stdin is a terminal.
    AtStdin,
    /// Stdin is something else, but the process has a terminal, on which it shows its progress.
    AtTheTerminal,
    /// Nobody.
    Absent,
    /// A test's answers, each with the milliseconds that it took.
    #[cfg(test)]
    Saying(std::sync::Arc<Mutex<std::collections::VecDeque<(&'static str, u64)>>>),
}

/// The streams of a command.
pub(crate) struct Terminal {
    out: Mutex<Box<dyn Write + Send>>,
    err: Mutex<Box<dyn Write + Send>>,
    person: Person,
    /// How commands for a human are worded here.
    program: OnceLock<Program>,
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
            program: OnceLock::new(),
            columns,
            shows_results,
            shows_progress: io::stderr().is_terminal(),
        }
    }

    /// There is a person to be asked.
    pub(crate) fn has_somebody(&self) -> bool {
        !matches!(self.person, Person::Absent)
    }

    /// From now on commands for a human are worded for this program.
    pub(crate) fn words_for(&self, program: Program) {
        let _set_before = self.program.set(program);
    }

    /// How commands for a human are worded here.
    pub(crate) fn program(&self) -> &Program {
        self.program.get_or_init(Program::default)
    }

    /// Writes a result for people, as it is: where it is ours it was worded before it was laid out, and the rest is the cluster's. A
    /// reader that closed the pipe early, such as `head`, is not a failure.
    pub(crate) fn out(&self, text: &str) -> io::Result<()> {
        write_to(&self.out, text)
    }

    /// Writes a page to where remarks are: as it is.
    pub(crate) fn err_as_is(&self, text: &str) -> io::Result<()> {
        write_to(&self.err, text)
    }

    /// Writes a remark of ours, with its commands as they work here.
    pub(crate) fn err(&self, text: &str) -> io::Result<()> {
        write_to(&self.err, &self.program().in_words(text))
    }

    /// Asks for approval. A cancelled question has no answer, and what was typed before the question could be read is none.
    pub(crate) async fn ask_human(&self, question: &str, cancel: &CancellationToken) -> io::Result<HumanAnswer> {
        let person = self.person.clone();
        if !self.has_somebody() {
            return Ok(HumanAnswer::Nobody);
        }
        for _ in 0..ASKED {
            self.err(&format!("{question} [y/N] "))?;
            let person = person.clone();
            // A blocking read cannot be cancelled; the process ends without waiting for it.
            let reading = tokio::task::spawn_blocking(move || read_line(&person));
            let typed = tokio::select! {
                biased;
                () = cancel.cancelled() => {
                    self.err("\n")?;
                    return Ok(HumanAnswer::Nobody);
                }
                typed = reading => typed,
            };
            match typed {
                Ok(Ok(typed)) if typed.line.is_empty() || typed.after >= FASTEST_PERSON => return Ok(human_answer(&typed.line)),
                Ok(Ok(_)) => self.err("\nThat was typed before anybody could have read the plan, and decides nothing.")?,
                Ok(Err(_)) | Err(_) => return Ok(HumanAnswer::Nobody),
            }
        }
        self.err("\n")?;
        Ok(Undecided::ByItself.into())
    }
}

fn write_to(stream: &Mutex<Box<dyn Write + Send>>, text: &str) -> io::Result<()> {
    let mut stream = stream.lock().unwrap_or_else(PoisonError::into_inner);
    match stream.write_all(text.as_bytes()).and_then(|()| stream.flush()) {
        Err(e) if e.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

/// A line, and how long after the question it came.
struct Typed {
    line: String,
    after: Duration,
}

/// The line that answers a question.
fn read_line(person: &Person) -> io::Result<Typed> {
    let begins = Instant::now();
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
        Person::Saying(says) => {
            let (line, after) = says.lock().unwrap().pop_front().unwrap_or_default();
            return Ok(Typed { line: line.to_owned(), after: Duration::from_millis(after) });
        }
    }
    Ok(Typed { line, after: begins.elapsed() })
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

    /// Somebody who says these one after the other, each after so many milliseconds.
    pub(super) fn saying(lines: &[(&'static str, u64)]) -> Person {
        Person::Saying(Arc::new(Mutex::new(lines.iter().copied().collect())))
    }

    /// A terminal whose person says this, or where there is nobody; what went to stdout and to stderr.
    pub(crate) fn terminal(says: Option<&'static str>) -> (Terminal, Heard, Heard) {
        let (out, err) = (Heard::default(), Heard::default());
        let terminal = Terminal {
            out: Mutex::new(Box::new(out.clone())),
            err: Mutex::new(Box::new(err.clone())),
            person: says.map_or(Person::Absent, |line| saying(&[(line, 2_000)])),
            program: OnceLock::new(),
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

    /// Typed ahead, or by a program on a terminal of its own: nobody has read the plan.
    #[tokio::test]
    async fn what_is_typed_before_the_question_can_be_read_decides_nothing() {
        let says = |answers: &[(&'static str, u64)]| {
            let (mut terminal, _, err) = doubles::terminal(Some(""));
            terminal.person = doubles::saying(answers);
            (terminal, err)
        };
        let (terminal, _) = says(&[("y\n", 3), ("y\n", 499), ("y\n", 0), ("y\n", 5_000)]);
        let answer = terminal.ask_human("apply?", &CancellationToken::new()).await.unwrap();
        assert_eq!(answer, HumanAnswer::Undecided(Undecided::ByItself));
        let (terminal, err) = says(&[("y\n", 3), ("n\n", 5_000)]);
        assert_eq!(terminal.ask_human("apply?", &CancellationToken::new()).await.unwrap(), HumanAnswer::No);
        assert!(err.text().matches("apply? [y/N]").count() == 2 && err.text().contains("decides nothing"), "{}", err.text());
        let (terminal, _) = says(&[("y\n", 3), ("", 4)]);
        assert_eq!(terminal.ask_human("apply?", &CancellationToken::new()).await.unwrap(), HumanAnswer::Nobody);
    }

    #[tokio::test]
    async fn interrupted_question_has_no_answer() {
        let (terminal, _, _) = doubles::terminal(Some("yes\n"));
        let cancel = CancellationToken::new();
        cancel.cancel();
        assert_eq!(terminal.ask_human("apply?", &cancel).await.unwrap(), HumanAnswer::Nobody);
    }
}
