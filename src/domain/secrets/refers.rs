//! Members that say where a credential is, and not which: their words are shown where they have the form of a name.

use super::random::is_random;

/// Members that name something, in lower case.
const REFER: &[&str] =
    &["apiversion", "audience", "defaultmode", "expirationseconds", "kind", "mode", "name", "namespace", "path", "secretname"];
/// Members that say more of what a reference is to, and anything elsewhere.
const OF_A_REFERENCE: &[&str] = &["group", "source", "type", "version"];
/// Ends of such members.
const REFERRING: &[&str] = &["ref", "refs", "from", "file", "path"];
/// Members that name a part of what another member beside them names.
const PARTS: &[&str] = &["key", "keys", "property", "field"];
/// The members that name what others name a part of.
const WHOLES: &[&str] = &["secretname", "path"];
/// Ends of names below which several credentials stand, each with a name of its own, so that what stands beside that is the credential.
const SEVERAL: &[&str] = &["keys", "tokens", "passwords", "passphrases"];
/// No name of an object is longer.
const LONGEST: usize = 253;
/// Nor a part of one.
const LONGEST_PART: usize = 63;
/// A part with more digits is a key rather than a name.
const DIGITS: usize = 8;

/// What stands around and beside a member below the name of a credential.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Around {
    /// All of it stands below a reference.
    reference: bool,
    /// It stands below a member that holds several credentials.
    several: bool,
    /// Beside it stands a name, which a credential of a list has as well.
    named: bool,
    /// Beside it something is named that has parts, and that is no credential.
    whole: bool,
}

impl Around {
    /// What stands below this member, which stands in this.
    pub(crate) fn below(self, member: &str) -> Self {
        let (reference, several) = (self.reference || is_reference(member), self.several || holds_several(member));
        Self { reference, several, named: false, whole: false }
    }

    /// With this member beside.
    #[must_use]
    pub(crate) fn beside(self, member: &str) -> Self {
        let whole = WHOLES.iter().any(|whole| member.eq_ignore_ascii_case(whole));
        Self { named: self.named || member.eq_ignore_ascii_case("name"), whole: self.whole || whole, ..self }
    }

    /// Whether what stands under this member, below this name of a credential, is shown.
    pub(crate) fn shows(self, above: &str, member: &str, text: &str) -> bool {
        let reference = self.reference || is_reference(above);
        let several = self.several || holds_several(above);
        let parts = reference || (!several && (self.whole || (self.named && is_of_secrets(above))));
        let more = OF_A_REFERENCE.iter().any(|one| member.eq_ignore_ascii_case(one));
        (names(member) || (parts && is_part(member)) || (reference && more)) && is_name(text.trim())
    }
}

/// Whether the member names something itself.
pub(super) fn names(member: &str) -> bool {
    let member = member.to_ascii_lowercase();
    REFER.contains(&member.as_str()) || REFERRING.iter().any(|end| member.ends_with(end))
}

/// Whether it can stand beside what refers to something.
pub(super) fn may_refer(member: &str) -> bool {
    names(member) || is_part(member) || OF_A_REFERENCE.iter().any(|one| member.eq_ignore_ascii_case(one))
}

/// Whether it names a part of what another one names.
fn is_part(member: &str) -> bool {
    PARTS.iter().any(|part| member.eq_ignore_ascii_case(part))
}

fn holds_several(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    SEVERAL.iter().any(|end| name.ends_with(end))
}

/// Secrets hold credentials by keys, which are no credentials.
fn is_of_secrets(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.ends_with("secret") || name.ends_with("secrets")
}

/// Whether all that stands below the member is a reference.
fn is_reference(member: &str) -> bool {
    let member = member.to_ascii_lowercase();
    member.ends_with("ref") || member.ends_with("refs") || member == "valuefrom"
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
        ] {
            assert!(Around::default().shows("password", member, text), "{member}: {text}");
        }
        for (member, text) in [
            ("name", "two words"),
            ("source", "hunter"),
            ("type", "hunter"),
            ("path", "aB3dE5fG7hJ9kL1mN3pQ5"),
            ("group", "hunter"),
            ("version", "hunter"),
            ("kind", ""),
            ("admin", "x"),
            ("key", "tls.crt"),
        ] {
            assert!(!Around::default().shows("password", member, text), "{member}: {text}");
        }
        let below = Around::default().below("secretKeyRef");
        assert!(["key", "property", "type", "version"].iter().all(|member| below.shows("password", member, "tls.crt")));
        assert!(!below.shows("password", "admin", "x"));
    }

    #[test]
    fn part_is_shown_only_beside_what_is_no_credential_of_several() {
        let (named, placed) = (Around::default().beside("name"), Around::default().beside("path"));
        assert!(named.shows("clientSecret", "key", "tls.crt") && named.shows("secrets", "key", "tls.crt"));
        assert!(placed.shows("password", "key", "db") && placed.shows("credentials", "property", "db"));
        for above in ["apiKeys", "tokens", "passwords", "apiKey", "token", "credentials"] {
            assert!(!named.shows(above, "key", "hunter"), "{above}");
        }
        for above in ["apiKeys", "tokens", "passwords"] {
            assert!(!placed.shows(above, "key", "hunter"), "{above}");
        }
        assert!(!Around::default().below("keys").beside("name").shows("secrets", "key", "hunter"));
    }
}
