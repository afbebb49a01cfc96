//! Members that say where a credential is, and not which: their words are shown where they have the form of a name.

use super::random::is_random;

/// Members that name something, in lower case.
const REFER: &[&str] = &[
    "apiversion",
    "audience",
    "defaultmode",
    "expirationseconds",
    "group",
    "kind",
    "mode",
    "name",
    "namespace",
    "path",
    "secretname",
    "source",
    "type",
    "version",
];
/// Ends of such members.
const REFERRING: &[&str] = &["ref", "refs", "from", "file", "path"];
/// Members that name a part of what another member beside them names.
const PARTS: &[&str] = &["key", "keys", "property", "field"];
/// The members that name what others name a part of.
const WHOLES: &[&str] = &["name", "secretname", "path"];
/// No name of an object is longer.
const LONGEST: usize = 253;
/// Nor a part of one.
const LONGEST_PART: usize = 63;
/// A part with more digits is a key rather than a name.
const DIGITS: usize = 8;

/// Whether what stands under this member is shown. `beside`: beside it, or around it, something is named that it may be a part of.
pub(crate) fn is_shown(member: &str, text: &str, beside: bool) -> bool {
    (names(member) || (beside && is_part(member))) && is_name(text.trim())
}

/// Whether the member names something itself.
pub(super) fn names(member: &str) -> bool {
    let member = member.to_ascii_lowercase();
    REFER.contains(&member.as_str()) || REFERRING.iter().any(|end| member.ends_with(end))
}

/// Whether it names a part of what another one names.
pub(super) fn is_part(member: &str) -> bool {
    PARTS.iter().any(|part| member.eq_ignore_ascii_case(part))
}

/// Whether parts of what this member names may be named beside it.
pub(crate) fn names_a_whole(member: &str) -> bool {
    WHOLES.iter().any(|whole| member.eq_ignore_ascii_case(whole)) || is_reference(member)
}

/// Whether all that stands below the member is a reference.
pub(crate) fn is_reference(member: &str) -> bool {
    let member = member.to_ascii_lowercase();
    member.ends_with("ref") || member.ends_with("refs")
}

/// The name of an object, of a key or of a kind, a path, or an address of a host.
fn is_name(text: &str) -> bool {
    let text = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")).unwrap_or(text);
    let part = |part: &str| {
        part.len() <= LONGEST_PART
            && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
            && part.bytes().filter(u8::is_ascii_digit).count() <= DIGITS
    };
    !text.is_empty() && text.len() <= LONGEST && !is_random(text) && text.split('/').all(part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_has_the_form_of_a_name_is_shown_and_keys_only_of_something_that_is_named() {
        for (member, text) in [
            ("secretName", "app-secret"),
            ("name", "DB_PASSWORD"),
            ("path", "/etc/tls/tls.crt"),
            ("passwordFile", "/run/secrets/db"),
            ("audience", "https://kubernetes.default.svc"),
            ("defaultMode", "420"),
            ("type", "kubernetes.io/tls"),
        ] {
            assert!(is_shown(member, text, false), "{member}: {text}");
        }
        for (member, text) in [
            ("name", "two words"),
            ("source", "p@ss"),
            ("path", "aB3dE5fG7hJ9kL1mN3pQ5"),
            ("version", ""),
            ("admin", "x"),
            ("key", "tls.crt"),
        ] {
            assert!(!is_shown(member, text, false), "{member}: {text}");
        }
        assert!(is_shown("key", "tls.crt", true) && is_shown("property", "password", true) && !is_shown("admin", "x", true));
    }
}
