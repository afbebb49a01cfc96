//! Credentials that are recognized in a text: by what they look like, or by the name that stands before them. Best effort, as any
//! deny list: the guarantee is that Secrets are never read.

mod options;
mod value;

use regex::Regex;
use std::borrow::Cow;
use std::sync::LazyLock;
use value::{Around, Finder, Hidden, VALUE, user_info, value};

/// What looks like a credential wherever it stands, with what is shown instead.
const FORMS: &[(&str, &str)] = &[
    (r"-----BEGIN [A-Z ]*PRIVATE KEY( BLOCK)?-----[\s\S]*?(-----END [A-Z ]*PRIVATE KEY( BLOCK)?-----|$)", "⟦redacted:private-key⟧"),
    (r"[A-Za-z0-9+/=\\\s]*-----END [A-Z ]*PRIVATE KEY( BLOCK)?-----", "⟦redacted:private-key⟧"),
    (r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*", "⟦redacted:jwt⟧"),
    (r"(?i)\b((?:set-)?cookie\\*[\x22']?\s*[:=]\s*\\*[\x22']?)[^\s⟦\x22'\\][^\n\x22'⟦]*", "$1⟦redacted:cookie⟧"),
    (
        r"(?i)\b((?:proxy-)?authorization\\*[\x22']?\s*[:=]\s*\\*[\x22']?(?:(?:basic|bearer|token|digest|negotiate|apikey|aws4-hmac-sha256)\s+)?)[^\s\x22',;\\⟦]+",
        "$1⟦redacted:credential⟧",
    ),
    (r"(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{12,}", "$1 ⟦redacted:credential⟧"),
    (r"\b(AKIA|ASIA)[A-Z0-9]{16}\b", "⟦redacted:aws-key⟧"),
    (r"\bAIza[A-Za-z0-9_-]{20,}", "⟦redacted:google-key⟧"),
    (r"(?i)(\bhooks\.slack(?:-gov)?\.com/)(?:services|workflows|triggers)/[^\s\x22'⟦]+", "$1⟦redacted:hook⟧"),
    (
        r"\b(gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,}|xox[abeprs]-[A-Za-z0-9-]{10,}|xapp-[A-Za-z0-9-]{10,}|sk-[A-Za-z0-9_-]{16,}|[sr]k_(?:live|test)_[A-Za-z0-9]{10,}|glpat-[A-Za-z0-9_-]{16,}|npm_[A-Za-z0-9]{20,}|dckr_pat_[A-Za-z0-9_-]{10,}|hvs\.[A-Za-z0-9_-]{16,}|ya29\.[A-Za-z0-9_-]{16,}|hf_[A-Za-z0-9]{20,}|SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,})",
        "⟦redacted:token⟧",
    ),
    (r"(\b[A-Za-z0-9_.-]+):[^\s⟦⟧]+@((?:tcp|udp|unix)\()", "$1:⟦redacted:password⟧@$2"),
];

/// What the name of a credential ends in, in the singular or plural, before a number or not.
const NAMES: &str = r"(?:password|passwd|passphrase|secret|token|credential|(?:secret|api|access|account|private|shared|signing|encryption|master|storage|auth|license|subscription|hmac|jwt|aes|fernet)[_-]?key(?:[_-]?base)?|(?:secret|root[_-]?token)[_-]?id|erlang[_-]?cookie|requirepass|masterauth)s?(?:_?[0-9]{1,3})?";

/// The name in its quotes, and what separates it from its value. A backslash may stand before each quote: JSON within JSON.
static NAMED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let exact = r"[?&;,]sig|\bsig|[\x22']auth";
    Regex::new(&format!(r"(?i)(?P<name>\b{}|{exact})(?P<sep>\\*[\x22']?\s*(?:=>|:=|[:=])[^\S\n]*)", any_name())).ok()
});

/// A flag of a command line before the word after it, also as two items of a list.
static FLAG: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(&format!(
        r"(?i)(?P<name>(?:^|[\s\x22'\[,])--?(?:[a-z0-9-]*(?:{NAMES})|(?:[a-z0-9-]*-)?(?:pass|pwd|pw)[0-9]{{0,3}}))(?P<sep>\\*[\x22']?(?:\s*,\s*|\s+|=)(?:-\s+)?)"
    ))
    .ok()
});

/// A pair of which one half says the name and the other the value, as in the environment of a container.
static PAIR: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(&format!(
        r"(?i)(?P<name>\bname\\*[\x22']?\s*[:=]\s*\\*[\x22']?{}\\*[\x22']?\s*[,\n]\s*\\*[\x22']?value)(?P<sep>\\*[\x22']?\s*[:=][^\S\n]*)",
        any_name()
    ))
    .ok()
});

/// The user of an address comes next.
static ADDRESS: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"(?P<name>[A-Za-z][A-Za-z0-9+.-]*://)(?P<sep>)").ok());

fn any_name() -> String {
    let ends = r"(?:[a-z0-9_.-]*[_.-])?(?:(?:pass|pwd|pw)(?:_?[0-9]{1,3})?|app_?key)|[a-z0-9_]+_(?:auth|salt)|(?-i:_auth)";
    format!(r"(?:[a-z0-9_.-]*(?:{NAMES})|{ends}|[A-Za-z0-9]*(?-i:[a-z]P(?:ass|wd)|PASS|PWD))")
}

/// What is shown instead of one credential can bring to light that another stands beside it; texts do not nest deeper than this.
const ROUNDS: usize = 6;

/// Patterns that are made once.
static COMPILED: LazyLock<Vec<(Regex, &'static str)>> =
    LazyLock::new(|| FORMS.iter().filter_map(|(pattern, with)| Regex::new(pattern).ok().map(|r| (r, *with))).collect());

/// Words that stand behind a name in sentences about a credential: `token: unexpected status`, `--token is required`.
const OF_SENTENCES: &[&str] = &[
    "a",
    "an",
    "and",
    "are",
    "as",
    "authentication",
    "authorization",
    "cannot",
    "context",
    "could",
    "denied",
    "does",
    "error",
    "expired",
    "failed",
    "failure",
    "flag",
    "for",
    "forbidden",
    "from",
    "get",
    "has",
    "have",
    "head",
    "in",
    "insufficient",
    "invalid",
    "is",
    "malformed",
    "missing",
    "must",
    "no",
    "not",
    "of",
    "or",
    "permission",
    "post",
    "requested",
    "rpc",
    "secrets",
    "server",
    "should",
    "the",
    "to",
    "unable",
    "unauthorized",
    "unexpected",
    "unknown",
    "unsupported",
    "was",
    "were",
    "with",
];

/// The text with what is recognized replaced; the same text where nothing is. What was replaced once stays as it is.
pub fn redacted(text: &str) -> Cow<'_, str> {
    let mut out = once(text);
    for _ in 1..ROUNDS {
        match once(&out) {
            Cow::Owned(again) if again != *out => out = Cow::Owned(again),
            Cow::Borrowed(_) | Cow::Owned(_) => break,
        }
    }
    out
}

fn once(text: &str) -> Cow<'_, str> {
    let mut out = Cow::Borrowed(text);
    for (pattern, with) in COMPILED.iter() {
        if pattern.is_match(&out) {
            out = Cow::Owned(pattern.replace_all(&out, *with).into_owned());
        }
    }
    let named = [(&*ADDRESS, of_address as Finder), (&*NAMED, of_name), (&*FLAG, of_flag), (&*PAIR, of_pair)];
    let all = named.into_iter().filter_map(|(pattern, find)| pattern.as_ref().map(|pattern| (pattern, find)));
    for (pattern, find) in all.chain(options::all()) {
        if let Some(replaced) = without_values(&out, pattern, find) {
            out = Cow::Owned(replaced);
        }
    }
    out
}

/// Whether anything in the text would be replaced.
pub fn holds_one(text: &str) -> bool {
    redacted(text) != text
}

/// The text without what is hidden; none where nothing is.
fn without_values(text: &str, pattern: &Regex, find: Finder) -> Option<String> {
    let (mut out, mut done, mut from) = (String::new(), 0usize, 0usize);
    while let Some(found) = pattern.captures_at(text, from) {
        let (Some(whole), Some(name), Some(sep)) = (found.get(0), found.name("name"), found.name("sep")) else { break };
        let (before, rest) = (text.get(..whole.start()).unwrap_or_default(), text.get(whole.end()..).unwrap_or_default());
        from = whole.end().max(from.saturating_add(1));
        if let Some((stays, length, shown)) = find(before, name.as_str(), sep.as_str(), rest) {
            let start = whole.end().saturating_add(stays);
            out.push_str(text.get(done..start).unwrap_or_default());
            out.push_str(shown);
            done = start.saturating_add(length);
            from = done;
        }
        if !text.is_char_boundary(from) || from > text.len() {
            break;
        }
    }
    (done > 0).then(|| out + text.get(done..).unwrap_or_default())
}

fn of_address(before: &str, _: &str, _: &str, rest: &str) -> Option<Hidden> {
    let (stays, length, named) = user_info(rest, before)?;
    Some((stays, length, if named { "⟦redacted:password⟧" } else { "⟦redacted:credential⟧" }))
}

fn of_name(before: &str, name: &str, between: &str, rest: &str) -> Option<Hidden> {
    let found = value(rest, Around { before, between })?;
    if is_setting(name, found.inner) {
        return None;
    }
    // The first word tells whether a sentence goes on.
    let first = found.inner.split_whitespace().next().unwrap_or_default();
    if !found.quoted && (is_sentence(before, between, first) || is_image(before, name, between, first)) {
        return None;
    }
    Some((found.open.len(), found.inner.len(), VALUE))
}

fn of_flag(before: &str, name: &str, between: &str, rest: &str) -> Option<Hidden> {
    let found = value(rest, Around { before, between })?;
    if is_setting(name, found.inner) {
        return None;
    }
    let first = found.inner.split_whitespace().next().unwrap_or_default();
    if !found.quoted && (first.starts_with('-') || is_sentence(before, between, first)) {
        return None;
    }
    Some((found.open.len(), found.inner.len(), VALUE))
}

fn of_pair(before: &str, name: &str, between: &str, rest: &str) -> Option<Hidden> {
    // The name of the variable stands within what the pattern found.
    let end = name.rfind([',', '\n']).unwrap_or(name.len());
    let variable = name.get(..end).unwrap_or(name).trim_end_matches(['"', '\'', '\\', ' ']);
    value(rest, Around { before, between })
        .filter(|found| !is_setting(variable, found.inner))
        .map(|found| (found.open.len(), found.inner.len(), VALUE))
}

/// Ways to authenticate, which `…_AUTH` may hold instead of a credential.
const WAYS: &[&str] = &[
    "none",
    "basic",
    "plain",
    "md5",
    "trust",
    "scram",
    "sasl",
    "ldap",
    "oauth",
    "oauth2",
    "oidc",
    "saml",
    "jwt",
    "token",
    "password",
    "kerberos",
    "cert",
    "tls",
    "mtls",
    "iam",
    "required",
    "optional",
    "anonymous",
];

/// Whether what stands behind the name of a credential is a setting of it: an answer, a number of tokens, the name of a Secret, the
/// path of a file.
fn is_setting(name: &str, value: &str) -> bool {
    let (name, value) = (name.to_ascii_lowercase(), value.trim().to_ascii_lowercase());
    let number = !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit());
    let reference = ["existingsecret", "existing_secret", "existing-secret", "pullsecret", "pullsecrets", "pull-secret", "pull-secrets"];
    matches!(value.as_str(), "true" | "false" | "yes" | "no" | "null" | "~" | "enabled" | "disabled")
        || (number && name.ends_with("tokens"))
        || (name.ends_with("_auth") && (number && value.len() < 2 || WAYS.contains(&value.as_str())))
        || (name.ends_with("application_credentials") && value.starts_with('/'))
        || reference.iter().any(|end| name.ends_with(end))
}

/// A word that goes on, or what a server said of an address that ends in a name.
fn is_sentence(before: &str, sep: &str, value: &str) -> bool {
    let word = value.trim_end_matches([':', '.', ')']).to_ascii_lowercase();
    let status = before.ends_with('/') && word.len() == 3 && word.bytes().all(|b| b.is_ascii_digit());
    // Kubernetes has a space before the colon where one message goes on with another.
    let goes_on = sep.ends_with(" : ") && word.bytes().all(|b| b.is_ascii_lowercase());
    sep.ends_with(' ') && (status || goes_on || OF_SENTENCES.contains(&word.as_str()))
}

/// `example/refresh-token:2.0.1`: what stands before a tag is a repository and no name of a credential.
fn is_image(before: &str, name: &str, sep: &str, value: &str) -> bool {
    let tag = |b: u8| b.is_ascii_alphanumeric() || b"._-@:".contains(&b);
    if sep != ":" || !value.bytes().all(tag) {
        return false;
    }
    let introduced = ["/", "image \"", "image: ", "image: \"", "image '", "image `", "image ", "manifest for "];
    let version = |v: &str| {
        let v = v.strip_prefix('v').unwrap_or(v);
        v.contains('.')
            && v.bytes().next().is_some_and(|b| b.is_ascii_digit())
            && v.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
    };
    introduced.iter().any(|words| before.ends_with(words)) || (name.contains('-') && (version(value) || value == "latest"))
}

#[cfg(test)]
mod tests;
