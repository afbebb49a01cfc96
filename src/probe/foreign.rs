//! What an investigation asks and what it is shown, as bytes that anybody may have made.

use super::allowed::Allowed;
use super::arguments::{Context, Custom, LookArguments};
use super::described::named;
use super::digest::digest;
use super::shown::Shown;
use crate::domain::field::FieldPath;
use crate::domain::kind::Kind;
use crate::domain::look::Look;
use crate::domain::masked::Masked;
use crate::domain::namespace::Namespace;
use serde_json::Value;

/// A look in words. What is understood is about something that may be read, and is read back the same from its field's text.
pub(crate) fn look(bytes: &[u8]) {
    let Ok(arguments) = serde_json::from_slice::<LookArguments>(bytes) else { return };
    let namespace = Namespace::parse("shop").ok();
    for namespace in [namespace.as_ref(), None] {
        let Ok(look) = arguments.understood(&Context { namespace, custom: Custom::NotAsked }) else { continue };
        let kind = if let Look::List { kind, .. } = &look { Some(kind) } else { look.object().map(|object| &object.kind) };
        assert!(kind.is_none_or(Kind::is_readable), "a look at what is never read: {look}");
        assert!(look.object().is_none_or(|object| object.path().is_some()), "a look at what has no path: {look}");
        if let Look::Get { field: Some(field), .. } = &look {
            assert_eq!(FieldPath::parse(&field.to_string()).as_ref(), Some(field), "a field that is another one when it is read again");
        }
    }
}

/// An object as it is shown. Of a variable under the name of a credential nothing is.
pub(crate) fn object(bytes: &[u8]) {
    let Ok(value) = serde_json::from_slice::<Value>(bytes) else { return };
    let allowed = Allowed { logs: false, ..Allowed::default() };
    for kind in [Kind::Pod, Kind::Deployment, Kind::Ingress, Kind::ConfigMap] {
        let plain = |name: &str| name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'.');
        assert!(named(&value, &kind).iter().all(|(_, name)| plain(name)), "a name that may mean something else in a path");
        let shown = Shown::of(value.clone(), &kind, None, allowed);
        assert_eq!(Shown::of(shown.value().clone(), &kind, None, allowed), shown, "what was shown once is shown as something else");
    }
}

/// A log in its shorter form: no longer than it was, but for what stands for what is left out.
pub(crate) fn log(bytes: &[u8]) {
    let text = Masked::whole(&String::from_utf8_lossy(bytes));
    let shorter = digest(&text);
    let lines = |text: &Masked| text.as_str().lines().count();
    assert!(shorter.missing <= lines(&text), "more lines are left out than there were");
    assert!(lines(&shorter.text) <= lines(&text).max(1), "a shorter form of more lines");
}
