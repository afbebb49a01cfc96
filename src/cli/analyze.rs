//! `analyze`: causes and plan.

use super::args::Output;
use super::print::print;
use super::progress::{Pace, with_progress};
use super::terminal::Terminal;
use super::{CliError, Exit};
use crate::call::UseCases;
use crate::ports::Progress;
use crate::workflow::{Caller, Problem};
use tokio_util::sync::CancellationToken;

/// Causes and plan.
pub(crate) async fn analyze(
    cases: &dyn UseCases,
    problem: &Problem,
    output: Output,
    terminal: &Terminal,
    cancel: &CancellationToken,
) -> Result<Exit, CliError> {
    let report = with_progress(terminal, Pace::AfterASecond, async |progress: &dyn Progress| {
        cases.analyze(problem, &Caller::new(progress, cancel)).await
    })
    .await?;
    print(terminal, &report, output)?;
    Ok(Exit::of(&report))
}
