//! `validate`: does it hold now?

use super::{Call, Name, Outcome, ask, bounded, context, parse, session};
use crate::domain::kind::Kind;
use crate::mcp::error::ToolError;
use crate::ports::Phase;
use crate::workflow::Validate;
use schemars::JsonSchema;
use serde::Deserialize;

pub(super) const DESCRIPTION: &str = "Check whether a problem is gone: a session's plan by its checks, or an issue looked at \
afresh. Watches until the checks hold for a while. Reads only.";

/// Commands that one call may name, and characters of each.
const COMMANDS_LIMIT: usize = 20;
const COMMAND_LIMIT: usize = 1_000;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Arguments {
    /// From a report; this or issue
    session_id: Option<String>,
    /// What was wrong
    #[schemars(length(min = 1, max = 2000))]
    issue: Option<String>,
    #[schemars(length(max = 63))]
    namespace: Option<String>,
    /// kind/name
    #[schemars(length(max = 20))]
    objects: Option<Vec<String>>,
    context: Option<String>,
    /// kubectl lines that were run; the objects they name are looked at too
    #[schemars(length(max = 20))]
    executed_commands: Option<Vec<String>>,
}

pub(super) async fn run(call: Call<'_>) -> Result<Outcome, ToolError> {
    let arguments: Arguments = parse(Name::Validate, call.arguments)?;
    let context = context(arguments.context.as_deref())?;
    let commands = arguments.executed_commands.unwrap_or_default();
    if commands.len() > COMMANDS_LIMIT {
        let count = commands.len();
        return Err(ToolError::arguments(format!("`executedCommands` has {count} items, at most {COMMANDS_LIMIT} are taken")));
    }
    for command in &commands {
        bounded("executedCommands", command, COMMAND_LIMIT)?;
    }
    let what = match (arguments.session_id, arguments.issue) {
        (Some(id), None) => {
            if arguments.namespace.is_some() || arguments.objects.is_some() {
                return Err(ToolError::arguments("`namespace` and `objects` do not go with `sessionId`: the session knows them"));
            }
            Validate::Session(session(&id)?)
        }
        (None, Some(issue)) => {
            let mut objects = arguments.objects.unwrap_or_default();
            for object in commands.iter().flat_map(|c| objects_of(c)) {
                if !objects.contains(&object) && objects.len() < super::OBJECTS_LIMIT {
                    objects.push(object);
                }
            }
            let namespace = arguments.namespace.or_else(|| commands.iter().find_map(|c| namespace_of(c)));
            Validate::Issue(ask(Some(issue), namespace, objects)?)
        }
        (Some(_), Some(_)) | (None, None) => {
            return Err(ToolError::arguments("give either `sessionId`, to check a session's plan, or `issue`, to look afresh"));
        }
    };
    call.progress.tell(Phase::Connecting, "");
    let cases = call.backend.remediation(context).await?;
    let report = cases.validate(&what, call.progress, &call.request.ct).await?;
    Ok(report.into())
}

/// The objects that a kubectl line names: `deployment/web`, or `deployment web` as in `kubectl delete pod web-1`.
fn objects_of(command: &str) -> Vec<String> {
    let words: Vec<&str> = command.split_whitespace().collect();
    let mut objects = Vec::new();
    for (position, word) in words.iter().enumerate() {
        match word.split_once('/') {
            Some((kind, name)) if Kind::parse(kind).is_some() && is_name(name) => objects.push((*word).to_owned()),
            Some(_) => {}
            None if Kind::parse(word).is_some() => {
                if let Some(name) = words.get(position.saturating_add(1)).filter(|n| is_name(n) && Kind::parse(n).is_none()) {
                    objects.push(format!("{word}/{name}"));
                }
            }
            None => {}
        }
    }
    objects
}

/// The namespace that a kubectl line names.
fn namespace_of(command: &str) -> Option<String> {
    let mut words = command.split_whitespace();
    while let Some(word) = words.next() {
        let name = match word {
            "-n" | "--namespace" => words.next(),
            _ => word.strip_prefix("--namespace=").or_else(|| word.strip_prefix("-n=")),
        };
        if let Some(name) = name.filter(|n| is_name(n)) {
            return Some(name.to_owned());
        }
    }
    None
}

fn is_name(word: &str) -> bool {
    !word.is_empty()
        && word.len() <= 253
        && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'.')
        && !word.starts_with(['-', '.'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kubectl_line_names_its_objects_and_its_namespace() {
        let line = "kubectl set image deployment/web app=web:1.2 -n shop";
        assert_eq!(objects_of(line), ["deployment/web"]);
        assert_eq!(namespace_of(line).as_deref(), Some("shop"));
        assert_eq!(objects_of("kubectl delete pod web-1 --namespace=shop"), ["pod/web-1"]);
        assert_eq!(namespace_of("kubectl delete pod web-1 --namespace=shop").as_deref(), Some("shop"));
    }

    #[test]
    fn a_path_or_an_address_is_no_object() {
        assert!(objects_of("kubectl apply -f manifests/web.yaml").is_empty());
        assert!(objects_of("curl http://web/healthz").is_empty());
        assert!(objects_of("kubectl get pod -o yaml").is_empty());
    }
}
