//! `analyze`: causes and plan.

use super::args::Output;
use super::print::print;
use super::progress::{Pace, with_progress};
use super::terminal::Terminal;
use super::{CliError, Exit};
use crate::call::UseCases;
use crate::domain::ours::{NAME, OurCommand};
use crate::ports::Progress;
use crate::workflow::report::Report;
use crate::workflow::{Caller, Problem};
use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

/// Causes and plan: of the cluster, or of a recording of it at a time.
pub(crate) async fn analyze(
    cases: &dyn UseCases,
    recorded: Option<Timestamp>,
    problem: &Problem,
    output: Output,
    terminal: &Terminal,
    cancel: &CancellationToken,
) -> Result<Exit, CliError> {
    let mut report = with_progress(terminal, Pace::AfterASecond, async |progress: &dyn Progress| {
        cases.analyze(problem, &Caller::new(progress, cancel).into_a_file(!terminal.shows_results)).await
    })
    .await?;
    if let Some(at) = recorded {
        of_then(&mut report, at);
    }
    print(terminal, &report, output)?;
    Ok(Exit::of(&report))
}

/// Says of a report that it is about then and not now. Commands of ours would act on whatever cluster is configured here, and nobody can ask
/// for its session; what kubectl would do is left, under a heading that says where.
fn of_then(report: &mut Report, at: Timestamp) {
    report.cluster.recorded_at = Some(at.to_string());
    report.unrecorded = true;
    report.summary = format!("As recorded at {at}, which may have changed since: {}", report.summary);
    for advice in &mut report.advice {
        let ours = |command: &String| command.strip_prefix(NAME).and_then(|rest| OurCommand::begins(rest.trim_start())).is_some();
        advice.command.take_if(|command| ours(command));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workflow::blocks::tests::waiting;
    use crate::workflow::report::AdviceView;

    #[test]
    fn report_of_a_recording_says_when_and_offers_no_command_of_ours() {
        let advice =
            |command: &str| AdviceView { text: "do it".to_owned(), command: Some(command.to_owned()), why: String::new(), cause: None };
        let advice = vec![advice("kubemend remediate deployment/web -n shop"), advice("kubectl rollout undo deployment/web -n shop")];
        let mut report = Report { advice, ..waiting(1, "") };
        of_then(&mut report, "2026-11-20T03:00:00Z".parse().unwrap());
        let commands: Vec<Option<&str>> = report.advice.iter().map(|advice| advice.command.as_deref()).collect();
        assert_eq!(commands, [None, Some("kubectl rollout undo deployment/web -n shop")]);
        let page = super::super::render::whole(&report, 100, &crate::call::Program::default());
        assert!(page.lines().next().unwrap().contains("recorded at 2026-11-20T03:00:00Z"), "{page}");
        assert!(page.contains("on the recorded cluster") && !page.contains("kubemend remediate"), "{page}");
        assert!(report.summary.starts_with("As recorded at 2026-11-20T03:00:00Z"), "{}", report.summary);
    }
}
