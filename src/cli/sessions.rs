//! The commands over the record of sessions: sessions, show, decline. They need no cluster.

use super::args::{DeclineArgs, Output, SessionsArgs, ShowArgs};
use super::print::print;
use super::render::page::{clean, styled};
use super::terminal::Terminal;
use super::{CliError, Exit, file, render};
use crate::call::session_line;
use crate::workflow::records::Records;
use crate::workflow::records::bundle::Bundle;
use crate::workflow::report::{Report, TrailView};
use crate::workflow::{Approver, SessionLine};

/// One report.
pub(crate) async fn show(records: &Records, args: &ShowArgs, terminal: &Terminal) -> Result<Exit, CliError> {
    let found = records.beginning(&args.session).await?;
    let session = match found.as_slice() {
        [session] => session,
        [] => return Err(CliError::NotOneSession(format!("no session begins with `{}`", args.session))),
        several => return Err(CliError::NotOneSession(format!("{} sessions begin with `{}`", several.len(), args.session))),
    };
    let report = records.show(session).await?;
    if let Some(to) = &args.bundle {
        let text = Bundle::of(records, session).await?.written()?;
        if !file::write(&text, to, terminal)? {
            return Ok(Exit::of(&report));
        }
        let read = "read it before you give it to others: names, images and texts of the cluster are in it";
        terminal.err(&format!("wrote `{}`; {read}\n", to.display()))?;
    }
    print(terminal, &report, args.output.output)?;
    if args.output.output == Output::Text {
        terminal.out(&history(&report))?;
    }
    Ok(Exit::of(&report))
}

/// Who did what, when.
fn history(report: &Report) -> String {
    let line = |entry: &TrailView| {
        let at: jiff::Timestamp = entry.at.parse().unwrap_or_default();
        format!("  {}  {}: {}\n", at.strftime("%F %T UTC"), clean(&entry.who), clean(&entry.what).replace('\n', " "))
    };
    if report.trail.is_empty() {
        return String::new();
    }
    format!("\nHistory\n{}", report.trail.iter().map(line).collect::<String>())
}

/// The sessions that changed last.
pub(crate) async fn sessions(records: &Records, args: &SessionsArgs, terminal: &Terminal) -> Result<Exit, CliError> {
    let (lines, unusable) = records.list(usize::from(args.limit)).await?;
    let text = match args.output.output {
        Output::Json => format!("{:#}\n", serde_json::Value::Array(lines.iter().map(|line| session_line(line).into()).collect())),
        Output::Text if lines.is_empty() && unusable.is_empty() => "no sessions yet\n".to_owned(),
        Output::Text if lines.is_empty() => String::new(),
        Output::Text => table(&lines),
    };
    terminal.out(&text)?;
    if let Some(first) = unusable.first() {
        let count = unusable.len();
        terminal.err(&format!("left out: {count} of the newest sessions; {}\n", clean(&first.to_string())))?;
    }
    Ok(Exit::Done)
}

/// The human declines.
pub(crate) async fn decline(records: &Records, args: &DeclineArgs, terminal: &Terminal) -> Result<Exit, CliError> {
    // Nobody is asked, whether somebody sits there or not.
    let report = records.decline(&args.session, Approver::CommandLine).await?;
    print(terminal, &report, args.output.output)?;
    Ok(Exit::Done)
}

/// Aligned columns; the issue is last, because it may be long.
fn table(lines: &[SessionLine]) -> String {
    let row = |line: &SessionLine| {
        [
            line.id.to_string(),
            render::status_words(line.status, line.is_undo).0.split([',', ':', ';']).next().unwrap_or_default().to_owned(),
            line.changed_at.strftime("%F %T UTC").to_string(),
            clean(&line.context),
            clean(&line.namespace),
        ]
    };
    let head = ["ID", "STATUS", "CHANGED", "CONTEXT", "NAMESPACE"].map(str::to_owned);
    let rows: Vec<[String; 5]> = lines.iter().map(row).collect();
    let mut widths = head.clone().map(|h| h.chars().count());
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let padded = |row: &[String; 5]| row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}   ")).collect::<String>();
    let mut text = format!("{}ISSUE\n", padded(&head));
    for (line, row) in lines.iter().zip(&rows) {
        let (words, style) = render::status_words(line.status, line.is_undo);
        let words = words.split([',', ':', ';']).next().unwrap_or_default();
        // The color goes around the padded words, which have the same place in every row.
        let colored = padded(row).replacen(words, &styled(style, words), 1);
        let issue: String = clean(&line.issue).replace('\n', " ").chars().take(80).collect();
        text.push_str(&format!("{colored}{issue}\n"));
    }
    text
}
