//! `validate`: does it hold now?

use super::args::Output;
use super::print::print;
use super::progress::{Pace, with_progress};
use super::terminal::Terminal;
use super::{CliError, Exit};
use crate::call::UseCases;
use crate::ports::Progress;
use crate::workflow::{Caller, Validate};
use tokio_util::sync::CancellationToken;

/// Does it hold now?
pub(crate) async fn validate(
    cases: &dyn UseCases,
    what: &Validate,
    output: Output,
    terminal: &Terminal,
    cancel: &CancellationToken,
) -> Result<Exit, CliError> {
    let report = with_progress(terminal, Pace::AfterASecond, async |progress: &dyn Progress| {
        cases.validate(what, &Caller::new(progress, cancel)).await
    })
    .await?;
    print(terminal, &report, output)?;
    Ok(Exit::of(&report))
}
