//! `validate`: does it hold now?

use super::arguments::{COMMAND_CHARACTERS, COMMANDS, NAMESPACE_CHARACTERS, OBJECTS, at_most, bounded, context, parse, problem, session};
use super::error::CallError;
use super::use_cases::{Backend, connect_to};
use crate::domain::id::SessionId;
use crate::domain::issue::ISSUE_LIMIT;
use crate::domain::kind::Kind;
use crate::domain::object::{Namespace, ObjectName};
use crate::workflow::report::Report;
use crate::workflow::{Caller, Validate};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

/// As they come in.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ValidateArguments {
    /// From a report; this or issue
    session_id: Option<String>,
    /// What was wrong
    #[schemars(length(min = 1, max = ISSUE_LIMIT))]
    issue: Option<String>,
    #[schemars(length(max = NAMESPACE_CHARACTERS))]
    namespace: Option<String>,
    /// kind/name
    #[schemars(length(max = OBJECTS))]
    objects: Option<Vec<String>>,
    context: Option<String>,
    /// With issue: kubectl commands that were run, to check their objects too
    #[schemars(length(max = COMMANDS))]
    executed_commands: Option<Vec<String>>,
}

/// What is asked for.
#[derive(Debug, Clone)]
pub struct ValidateRequest {
    /// On which context; `None` is the operator's own.
    pub context: Option<String>,
    /// What is looked at.
    pub what: Validate,
}

impl ValidateRequest {
    /// The session that it is about, where it is about one.
    pub fn session(&self) -> Option<&SessionId> {
        match &self.what {
            Validate::Session(id) => Some(id),
            Validate::Issue(_) => None,
        }
    }

    /// From the arguments as JSON.
    ///
    /// # Errors
    /// Arguments that cannot be meant.
    pub fn parse(given: Map<String, Value>) -> Result<Self, CallError> {
        let arguments: ValidateArguments = parse("validate", given)?;
        let context = context(arguments.context)?;
        let commands = arguments.executed_commands.unwrap_or_default();
        at_most("executedCommands", commands.len(), COMMANDS)?;
        for command in &commands {
            bounded("executedCommands", command, COMMAND_CHARACTERS)?;
        }
        let what = match (arguments.session_id, arguments.issue) {
            (Some(id), None) => {
                if arguments.namespace.is_some() || arguments.objects.is_some() {
                    return Err(CallError::arguments(
                        "`namespace` and `objects` cannot be combined with `sessionId`: the session already has them",
                    ));
                }
                Validate::Session(session(&id)?)
            }
            (None, Some(issue)) => {
                let named = arguments.objects.unwrap_or_default();
                let mut problem = problem(Some(&issue), arguments.namespace.as_deref(), &named)?;
                for object in commands.iter().flat_map(|c| objects_of(c)) {
                    if !problem.objects.contains(&object) && problem.objects.len() < OBJECTS {
                        problem.objects.push(object);
                    }
                }
                problem.namespace = problem.namespace.or_else(|| commands.iter().find_map(|c| namespace_of(c)));
                Validate::Issue(problem)
            }
            (Some(_), Some(_)) | (None, None) => {
                return Err(CallError::arguments(
                    "pass either `sessionId` (to run a session's success checks) or `issue` (to diagnose again)",
                ));
            }
        };
        Ok(Self { context, what })
    }
}

/// Whether it holds now.
///
/// # Errors
/// There is no such session, nothing can be read, or the caller went away.
pub async fn validate(backend: &dyn Backend, request: &ValidateRequest, caller: &Caller<'_>) -> Result<Report, CallError> {
    let cases = connect_to(backend, request.session(), request.context.as_deref(), caller).await?;
    Ok(cases.validate(&request.what, caller).await?)
}

/// The objects that a kubectl line names: `deployment/web`, or `deployment web` as in `kubectl delete pod web-1`.
fn objects_of(command: &str) -> Vec<ObjectName> {
    let words: Vec<&str> = command.split_whitespace().collect();
    let mut objects = Vec::new();
    for (position, word) in words.iter().enumerate() {
        if word.contains('/') {
            objects.extend(ObjectName::parse(word));
        } else if let Some(next) = words.get(position.saturating_add(1))
            && Kind::parse(next).is_none()
        {
            objects.extend(ObjectName::parse(&format!("{word}/{next}")));
        }
    }
    objects
}

/// The namespace that a kubectl line names.
fn namespace_of(command: &str) -> Option<Namespace> {
    let mut words = command.split_whitespace();
    while let Some(word) = words.next() {
        let name = match word {
            "-n" | "--namespace" => words.next(),
            _ => word.strip_prefix("--namespace=").or_else(|| word.strip_prefix("-n=")),
        };
        if let Some(namespace) = name.and_then(|n| Namespace::parse(n).ok()) {
            return Some(namespace);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn objects(line: &str) -> Vec<String> {
        objects_of(line).into_iter().map(|o| format!("{}/{}", o.kind, o.name)).collect()
    }

    fn namespace(line: &str) -> Option<String> {
        namespace_of(line).map(|n| n.to_string())
    }

    #[test]
    fn a_kubectl_line_names_its_objects_and_its_namespace() {
        let line = "kubectl set image deployment/web app=web:1.2 -n shop";
        assert_eq!(objects(line), ["Deployment/web"]);
        assert_eq!(namespace(line).as_deref(), Some("shop"));
        assert_eq!(objects("kubectl delete pod web-1 --namespace=shop"), ["Pod/web-1"]);
        assert_eq!(namespace("kubectl delete pod web-1 --namespace=shop").as_deref(), Some("shop"));
    }

    #[test]
    fn a_path_or_an_address_is_no_object() {
        assert!(objects("kubectl apply -f manifests/web.yaml").is_empty());
        assert!(objects("curl http://web/healthz").is_empty());
        assert!(objects("kubectl get pod -o yaml").is_empty());
    }
}
