//! `validate`: does it hold now?

use super::arguments::{COMMAND_CHARACTERS, COMMANDS, NAMESPACE_CHARACTERS, OBJECTS, at_most, bounded, context, parse, problem};
use super::error::CallError;
use super::subject::{Subject, same_words, subject};
use super::use_cases::{Backend, connect_to};
use crate::domain::issue::{ISSUE_LIMIT, Issue};
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
    /// From a report: runs its plan's success checks; this or issue
    session_id: Option<String>,
    /// What was wrong, in the user's words: one look
    #[schemars(length(min = 1, max = ISSUE_LIMIT))]
    issue: Option<String>,
    /// Default: what the issue names, else what its objects are in
    #[schemars(length(max = NAMESPACE_CHARACTERS))]
    namespace: Option<String>,
    /// What was affected, each as kind/name
    #[schemars(length(max = OBJECTS))]
    objects: Option<Vec<String>>,
    /// Kubeconfig context on the operator's list; default: the one in use
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
    pub subject: Subject,
    /// Words that were given beside a session; they must be its own.
    pub words: Option<Issue>,
}

impl ValidateRequest {
    /// From the arguments as JSON.
    ///
    /// # Errors
    /// Arguments that cannot be meant.
    pub fn parse(given: Map<String, Value>) -> Result<Self, CallError> {
        let arguments: ValidateArguments = parse("validate", given)?;
        let context = context(arguments.context)?;
        let commands = arguments.executed_commands.unwrap_or_default();
        at_most("executedCommands", commands.len(), COMMANDS)?;
        for (index, command) in commands.iter().enumerate() {
            bounded(&format!("executedCommands[{index}]"), command, COMMAND_CHARACTERS)?;
        }
        let beside = [
            ("namespace", arguments.namespace.is_some()),
            ("objects", arguments.objects.is_some()),
            ("executedCommands", !commands.is_empty()),
        ];
        let (subject, words) = subject(arguments.issue.as_deref(), arguments.session_id.as_deref(), &beside, || {
            let named = arguments.objects.as_deref().unwrap_or_default();
            let mut problem = problem(arguments.issue.as_deref(), arguments.namespace.as_deref(), named)?;
            for object in commands.iter().flat_map(|c| objects_of(c)) {
                if !problem.objects.contains(&object) && problem.objects.len() < OBJECTS {
                    problem.objects.push(object);
                }
            }
            problem.namespace = problem.namespace.or_else(|| commands.iter().find_map(|c| namespace_of(c)));
            Ok(problem)
        })?;
        Ok(Self { context, subject, words })
    }
}

/// Whether it holds now.
///
/// # Errors
/// There is no such session, nothing can be read, or the caller went away.
pub async fn validate(backend: &dyn Backend, request: &ValidateRequest, caller: &Caller<'_>) -> Result<Report, CallError> {
    let cases = connect_to(backend, request.subject.session(), request.context.as_deref(), caller).await?;
    same_words(cases.as_ref(), &request.subject, request.words.as_ref()).await?;
    let what = match &request.subject {
        Subject::Problem(problem) => Validate::Issue(problem.clone()),
        Subject::Session(id) => Validate::Session(id.clone()),
    };
    Ok(cases.validate(&what, caller).await?)
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
