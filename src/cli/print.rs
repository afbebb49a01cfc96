//! A report as it was asked for, on stdout.

use super::args::Output;
use super::terminal::Terminal;
use super::{CliError, render};
use crate::workflow::report::Report;

/// The report as it was asked for.
pub(crate) fn print(terminal: &Terminal, report: &Report, output: Output) -> Result<(), CliError> {
    match output {
        Output::Text => Ok(terminal.out(&render::whole(&worded(terminal, report), terminal.columns, terminal.program()))?),
        Output::Json => json(terminal, report),
    }
}

/// The report alone, for programs.
pub(crate) fn json(terminal: &Terminal, report: &Report) -> Result<(), CliError> {
    Ok(terminal.out(&format!("{}\n", serde_json::to_string_pretty(&worded(terminal, report))?))?)
}

/// The report with its commands as they work in this terminal: before it is laid out, since a line that is broken is none.
pub(crate) fn worded(terminal: &Terminal, report: &Report) -> Report {
    let mut report = report.clone();
    terminal.program().in_report(&mut report);
    report
}
