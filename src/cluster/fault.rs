//! What an answer, or none, means where it is not what was asked for: texts that a person can act on, and the rule that would allow it.

use super::wire::{HttpReply, SendError, ServerIdentity};
use crate::domain::excerpt::Excerpt;
use crate::domain::kind::Kind;
use crate::domain::kubectl;
use crate::domain::object::{Namespace, ObjectRef};
use crate::ports::{ApiDocument, ReadError};
use serde_json::Value;

/// What is being read, in the words of errors and of roles.
#[derive(Debug, Clone)]
pub(super) struct Read {
    verb: &'static str,
    /// `deployments.apps`, `pods/log`.
    resource: String,
    namespace: Option<Namespace>,
    /// `deployments.apps in a-team`, `Deployment a-team/web`.
    text: String,
}

impl Read {
    pub(super) fn list(kind: &Kind, namespace: Option<&Namespace>) -> Self {
        let resource = resource(kind);
        let text = namespace.map_or_else(|| resource.clone(), |ns| format!("{resource} in `{ns}`"));
        Self { verb: "list", resource, namespace: namespace.cloned(), text }
    }

    pub(super) fn watch(kind: &Kind, namespace: Option<&Namespace>) -> Self {
        Self { verb: "watch", ..Self::list(kind, namespace) }
    }

    pub(super) fn get(object: &ObjectRef) -> Self {
        Self { verb: "get", resource: resource(&object.kind), namespace: object.namespace.clone(), text: object.to_string() }
    }

    pub(super) fn logs(pod: &ObjectRef, container: &str) -> Self {
        let text = format!("the log of container `{container}` of {pod}");
        Self { verb: "get", resource: "pods/log".to_owned(), namespace: pod.namespace.clone(), text }
    }

    pub(super) fn document(document: &ApiDocument) -> Self {
        let (resource, namespace) = document.resource();
        Self { verb: "list", resource: resource.to_owned(), namespace: namespace.cloned(), text: document.in_words() }
    }

    /// Something outside the resources, such as the version.
    pub(super) fn other(verb: &'static str, resource: &str, text: &str) -> Self {
        Self { verb, resource: resource.to_owned(), namespace: None, text: text.to_owned() }
    }

    /// What is read, in words.
    pub(super) fn text(&self) -> &str {
        &self.text
    }
}

/// `deployments.apps`: as roles and kubectl name it.
pub(super) fn resource(kind: &Kind) -> String {
    match kind.info() {
        Some(info) if kind.group().is_empty() => info.plural.to_owned(),
        Some(info) => format!("{}.{}", info.plural, kind.group()),
        None => kind.name().to_ascii_lowercase(),
    }
}

/// The fields of a `Status` that we use.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Problem {
    pub(super) reason: String,
    pub(super) message: String,
}

/// Reads a `Status`, or says what else the answer is. A body that is not Kubernetes' is never quoted.
pub(super) fn problem(answer: &HttpReply) -> Problem {
    let status: Option<Value> = serde_json::from_slice(&answer.body).ok();
    let text = |key: &str| status.as_ref().and_then(|s| s.get(key)).and_then(Value::as_str).unwrap_or_default();
    let is_status = text("kind") == "Status";
    let message = if is_status && !text("message").is_empty() {
        Excerpt::event(text("message")).to_string()
    } else if is_status {
        answer.status.canonical_reason().unwrap_or("no message").to_ascii_lowercase()
    } else if answer.body.starts_with(b"Client sent an HTTP request to an HTTPS server") {
        "the server speaks https, and the kubeconfig's address says http".to_owned()
    } else {
        not_kubernetes(answer)
    };
    Problem { reason: if is_status { Excerpt::capture(text("reason"), 80).to_string() } else { String::new() }, message }
}

/// The error that an unsuccessful answer to a read is.
pub(super) fn read_error(read: &Read, answer: &HttpReply, server: &ServerIdentity) -> ReadError {
    let problem = problem(answer);
    let unauthorized = || ReadError::Unauthorized { server: server.address.clone(), context: server.context.clone() };
    match answer.status.as_u16() {
        401 => unauthorized(),
        // Without credentials a server may take us for this one: it is not a missing right.
        403 if problem.message.contains("\"system:anonymous\"") => unauthorized(),
        403 if problem.reason == "Forbidden" => ReadError::Forbidden {
            verb: read.verb.to_owned(),
            resource: read.resource.clone(),
            namespace: read.namespace.clone(),
            unlock: unlock_read(read, user(&problem.message)),
        },
        // Of a log something else may be missing than the Pod: its node, which only the message names.
        404 if problem.reason == "NotFound" && (read.resource != "pods/log" || problem.message.starts_with("pods \"")) => {
            ReadError::NotFound(if read.verb == "get" { read.text.clone() } else { format!("the resource {}", read.resource) })
        }
        410 => ReadError::Expired(read.text.clone()),
        // So an API server answers about a group or a version that it does not have; and so does any other server.
        404 if answer.body.trim_ascii() == b"404 page not found" => {
            let message = "the API server does not have this resource, or the address is wrong".to_owned();
            ReadError::Refused { what: read.text.clone(), status: 404, message }
        }
        status => ReadError::Refused { what: read.text.clone(), status, message: problem.message },
    }
}

/// The error that a read without an answer is.
pub(super) fn send_error(read: &Read, error: SendError, server: &ServerIdentity) -> ReadError {
    match error {
        SendError::Config(error) => error,
        SendError::Denied(denied) => ReadError::Config(format!("kubemend does not read {}: {}", read.text(), denied.reason)),
        SendError::NotConnected(reason) | SendError::Broken(reason) => ReadError::Unreachable { server: server.address.clone(), reason },
    }
}

/// The object that a successful answer holds.
pub(super) fn json_object(answer: &HttpReply, read: &Read) -> Result<Value, ReadError> {
    serde_json::from_slice::<Value>(&answer.body).ok().filter(Value::is_object).ok_or_else(|| strange(read, answer))
}

/// The error that a successful answer of no known form is.
pub(super) fn strange(read: &Read, answer: &HttpReply) -> ReadError {
    let message = if answer.whole { not_kubernetes(answer) } else { "the response is larger than kubemend accepts".to_owned() };
    ReadError::Refused { what: read.text().to_owned(), status: answer.status.as_u16(), message }
}

fn not_kubernetes(answer: &HttpReply) -> String {
    format!("not a Kubernetes response ({}): a proxy in between answered, or the address is wrong", answer.media_type())
}

/// Who the API server says we are: `… is forbidden: User "alice" cannot list resource …`.
pub(super) fn user(message: &str) -> Option<&str> {
    let (_, rest) = message.split_once("User \"")?;
    let (user, _) = rest.split_once("\" cannot")?;
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.:@/+=".contains(&b);
    (!user.is_empty() && user.len() <= 256 && user.bytes().all(plain)).then_some(user)
}

/// What would allow a read, and with it the other ways to read the same.
fn unlock_read(read: &Read, user: Option<&str>) -> String {
    let verbs = match (read.verb, read.resource.as_str()) {
        ("get", "pods/log") => "get",
        ("get" | "list" | "watch", _) => "get,list,watch",
        (other, _) => other,
    };
    unlock("read-", verbs, &read.resource, read.namespace.as_ref(), user)
}

/// The commands that an administrator runs to allow it: least rights, in the one namespace where that is enough.
pub(super) fn unlock(what: &str, verbs: &str, resource: &str, namespace: Option<&Namespace>, user: Option<&str>) -> String {
    let name = format!("kubemend-{what}{}", resource.replace(['/', '.'], "-"));
    kubectl::grant(&name, verbs, resource, namespace, user)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderMap, StatusCode};

    fn answer(status: u16, body: &str) -> HttpReply {
        HttpReply { status: StatusCode::from_u16(status).unwrap(), headers: HeaderMap::new(), body: body.as_bytes().to_vec(), whole: true }
    }

    fn server() -> ServerIdentity {
        ServerIdentity::behind_a_service("lab", "lab:6443")
    }

    fn namespace() -> Namespace {
        Namespace::parse("a-team").unwrap()
    }

    #[test]
    fn forbidden_list_says_the_commands_that_allow_it() {
        let body = r#"{"kind":"Status","reason":"Forbidden","message":"events is forbidden: User \"system:serviceaccount:tools:reader\" cannot list resource \"events\" in API group \"\" in the namespace \"a-team\"","code":403}"#;
        let error = read_error(&Read::list(&Kind::Event, Some(&namespace())), &answer(403, body), &server());
        assert_eq!(error.to_string(), "not allowed to list events in `a-team`");
        assert_eq!(
            error.hints(),
            [
                "to allow it: kubectl -n a-team create role kubemend-read-events --verb=get,list,watch --resource=events && kubectl -n a-team create rolebinding kubemend-read-events --role=kubemend-read-events --serviceaccount=tools:reader"
            ]
        );
    }

    #[test]
    fn forbidden_cluster_resource_asks_for_a_cluster_role() {
        let body = r#"{"kind":"Status","reason":"Forbidden","message":"storageclasses.storage.k8s.io is forbidden: User \"ali; rm -rf\" cannot list resource","code":403}"#;
        let error = read_error(&Read::list(&Kind::StorageClass, None), &answer(403, body), &server());
        let hint = error.hints().join("");
        assert!(hint.contains("create clusterrole kubemend-read-storageclasses-storage-k8s-io"), "{hint}");
        assert!(hint.ends_with("--user=USER"), "{hint}");
    }

    #[test]
    fn anonymous_is_a_matter_of_credentials_not_of_rights() {
        let body = r#"{"kind":"Status","reason":"Forbidden","message":"pods is forbidden: User \"system:anonymous\" cannot list resource \"pods\"","code":403}"#;
        assert!(matches!(read_error(&Read::list(&Kind::Pod, None), &answer(403, body), &server()), ReadError::Unauthorized { .. }));
    }

    #[test]
    fn pages_of_proxies_are_not_quoted() {
        let mut reply = answer(403, "<html>login with session=canary</html>");
        reply.headers.insert("content-type", "text/html; charset=utf-8".parse().unwrap());
        let error = read_error(&Read::list(&Kind::Pod, None), &reply, &server()).to_string();
        assert!(error.contains("text/html") && !error.contains("canary"), "{error}");
        let not_found = read_error(&Read::list(&Kind::Pod, None), &answer(404, "404 page not found"), &server());
        assert!(matches!(&not_found, ReadError::Refused { status: 404, .. }), "it says nothing of an object");
        assert!(not_found.to_string().ends_with("the API server does not have this resource, or the address is wrong"), "{not_found}");
    }

    #[test]
    fn log_of_a_pod_whose_node_is_gone_says_so_and_not_that_the_pod_is() {
        let pod = crate::domain::object::ObjectRef::namespaced(Kind::Pod, &namespace(), "web-0");
        let of = |message: &str| {
            let body = serde_json::json!({"kind": "Status", "reason": "NotFound", "message": message}).to_string();
            read_error(&Read::logs(&pod, "app"), &answer(404, &body), &server())
        };
        let gone = of("nodes \"ip-10-0-0-7\" not found");
        assert!(matches!(&gone, ReadError::Refused { status: 404, message, .. } if message.contains("ip-10-0-0-7")), "{gone:?}");
        assert!(matches!(of("pods \"web-0\" not found"), ReadError::NotFound(_)));
    }
}
