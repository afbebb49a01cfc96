//! Credentials that are recognized in a text: by what they look like, or by the name that stands before them. Best effort, as any
//! deny list: the guarantee is that Secrets are never read.

use regex::{Captures, Regex};
use std::borrow::Cow;
use std::sync::LazyLock;

/// What looks like a credential wherever it stands, with what is shown instead.
const FORMS: &[(&str, &str)] = &[
    (r"-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(-----END [A-Z ]*PRIVATE KEY-----|$)", "⟦redacted:private-key⟧"),
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
    (r"([A-Za-z][A-Za-z0-9+.-]*://[^\s:/@\x22']*):[^\s@/⟦]+@", "$1:⟦redacted:password⟧@"),
    (r"([A-Za-z][A-Za-z0-9+.-]*://)[^\s:/@\x22'⟦]{20,}@", "$1⟦redacted:credential⟧@"),
    (r"(\b[A-Za-z0-9_.-]+):[^\s:@/⟦]+@((?:tcp|udp|unix)\()", "$1:⟦redacted:password⟧@$2"),
];

/// What the name of a credential ends in. The last two are words of their own only: `design=` is none.
const NAMES: &str = r"password|passwd|passphrase|secret|token|api[_-]?key|access[_-]?key|account[_-]?key|private[_-]?key|shared[_-]?key|signing[_-]?key|encryption[_-]?key|master[_-]?key|credentials?";

/// The name in its quotes, what separates it, and the value. A backslash may stand before each quote: JSON within JSON.
static NAMED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let short = r"(?:[a-z0-9_.-]*[_.-])?(?:pass|pwd|pw)|[A-Za-z0-9]*(?-i:[a-z]P(?:ass|wd)|PASS|PWD)";
    let exact = r"[?&;,]sig|\bsig|[\x22']auth";
    Regex::new(&format!(
        r"(?i)(?P<name>\b(?:[a-z0-9_.-]*(?:{NAMES})|{short})|{exact})(?P<sep>\\*[\x22']?\s*(?:=>|:=|[:=])\s*\\*[\x22']?)(?P<value>[^\s\x22',;&\\⟦{{}}\[\]]+)"
    ))
    .ok()
});

/// A flag of a command line and the word after it, also as two items of a list.
static FLAG: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(&format!(
        r"(?i)(?P<name>(?:^|[\s\x22'\[,])--?(?:[a-z0-9-]*(?:{NAMES})|(?:[a-z0-9-]*-)?(?:pass|pwd|pw)))(?P<sep>\\*[\x22']?(?:\s*,\s*|\s+|=)(?:-\s+)?\\*[\x22']?)(?P<value>[^\s\x22',;\\⟦-][^\s\x22',;\\⟦]*)"
    ))
    .ok()
});

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
    for pattern in [&*NAMED, &*FLAG].into_iter().flatten() {
        if pattern.is_match(&out) {
            let before = out.clone();
            out = Cow::Owned(pattern.replace_all(&out, |found: &Captures<'_>| without_value(&before, found)).into_owned());
        }
    }
    out
}

/// Whether anything in the text would be replaced.
pub fn holds_one(text: &str) -> bool {
    redacted(text) != text
}

fn without_value(text: &str, found: &Captures<'_>) -> String {
    let part = |name: &str| found.name(name).map_or("", |m| m.as_str());
    let (name, sep, value) = (part("name"), part("sep"), part("value"));
    let before = found.get(0).and_then(|m| text.get(..m.start())).unwrap_or_default();
    if is_sentence(before, sep, value) || is_image(before, name, sep, value) {
        return format!("{name}{sep}{value}");
    }
    format!("{name}{sep}⟦redacted:value⟧")
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
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_pattern_compiles() {
        assert_eq!(COMPILED.len(), FORMS.len());
        assert!(NAMED.is_some() && FLAG.is_some());
    }

    #[test]
    fn credentials_are_replaced_in_whatever_form_they_come() {
        for (raw, canary) in [
            ("dsn postgres://app:hunter2@db:5432/x", "hunter2"),
            ("redis://:hunter2@cache:6379", "hunter2"),
            ("app:hunter2@tcp(db:3306)/x", "hunter2"),
            ("clone https://0123456789abcdef0123@git.example/x", "0123456789abcdef0123"),
            ("Authorization: Bearer abcdefghijklmnop", "abcdefghijklmnop"),
            ("Authorization: Token abc", "abc"),
            (r#"{"Authorization":"Token abc"}"#, "abc"),
            ("DB_PASSWORD=correct-horse", "correct-horse"),
            ("DB_PASS=x1", "x1"),
            ("dbPass=x1", "x1"),
            ("Server=db;User Id=sa;Pwd=x1;", "x1"),
            ("MYSQL_PWD=x1", "x1"),
            ("password=abc", "abc"),
            ("pass: z9", "z9"),
            ("passphrase: correcthorse", "correcthorse"),
            (r#"{"config":"{\"password\":\"hunter2\"}"}"#, "hunter2"),
            (r#"{\\\"token\\\": \\\"hunter2\\\"}"#, "hunter2"),
            ("run --password hunter2 --host db", "hunter2"),
            ("--db-pass=hunter2", "hunter2"),
            (r#"["--api-key", "hunter2"]"#, "hunter2"),
            ("args:\n- --password\n- hunter2", "hunter2"),
            ("AccountName=x;AccountKey=Zm9vYmFy+/==;", "Zm9vYmFy"),
            ("https://x.blob.core.windows.net/c?sv=2020&sig=abc%2Fdef", "abc%2Fdef"),
            ("key AIzaSyA1234567890abcdefghijklmnopqrstu", "AIzaSyA"),
            ("Cookie: session=abc; other=def", "abc"),
            ("Set-Cookie: id=a3fWa; Path=/", "a3fWa"),
            ("https://hooks.slack.com/services/T000/B000/XXXX", "B000"),
            (r#"{"auths":{"r.example":{"auth":"dXNlcjpwdw=="}}}"#, "dXNlcjpwdw"),
            ("-----BEGIN RSA PRIVATE KEY-----\nMIIabc\n-----END RSA PRIVATE KEY-----", "MIIabc"),
        ] {
            let shown = redacted(raw);
            assert!(!shown.contains(canary) && shown.contains("⟦redacted:"), "{raw}: {shown}");
        }
    }

    #[test]
    fn sentences_images_and_names_stay_as_they_are() {
        for text in [
            r#"0/2 nodes are available: persistentvolumeclaim "postgres-pvc" not found. not found"#,
            r#"Error: secret "db-password" not found"#,
            "couldn't find key password in Secret shop/app-secret",
            "example/refresh-token:2.0.1",
            r#"Failed to pull image "example/refresh-token:2.0.1": not found"#,
            r#"Back-off pulling image "refresh-token:2""#,
            "refresh-token:v2.0.1",
            "manifest for access-token:stable not found",
            "failed to fetch anonymous token: unexpected status from GET request to https://r.example/token: 403 Forbidden",
            "failed to authorize: failed to fetch oauth token: unexpected status",
            "flag --token is required",
            r#"MountVolume.SetUp failed for volume "secret" : references non-existent secret key: tls.crt"#,
            "bypass: all, compass=north, design=1",
            "secretName: app-secret",
            "name: db-password",
        ] {
            assert_eq!(redacted(text), text);
        }
    }

    proptest! {
        /// A stored text is redacted again when it is read, and must read the same.
        #[test]
        fn what_was_redacted_once_stays_as_it_is(text in "[a-zA-Z:=\"'\\\\ ,/@?&;{}⟦⟧-]{0,24}(password|token|--pw|cookie|authorization|sig|://)[=: ]{0,2}[a-zA-Z:=\"'\\\\ ,/@?&;-]{0,24}") {
            let once = redacted(&text).into_owned();
            prop_assert_eq!(redacted(&once).into_owned(), once.clone());
        }
    }
}
