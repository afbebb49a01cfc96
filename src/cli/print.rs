//! A report as it was asked for, on stdout.

use super::args::Output;
use super::terminal::Terminal;
use super::{CliError, render};
use crate::workflow::report::Report;

/// The report as it was asked for.
pub(crate) fn print(terminal: &Terminal, report: &Report, output: Output) -> Result<(), CliError> {
    let text = match output {
        Output::Text => render::whole(report, terminal.columns),
        Output::Json => json_text(report)?,
    };
    terminal.out(&text)?;
    Ok(())
}

/// The report alone.
pub(crate) fn json_text(report: &Report) -> Result<String, CliError> {
    Ok(format!("{}\n", serde_json::to_string_pretty(report)?))
}
