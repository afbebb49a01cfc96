//! What looks like a credential wherever it stands.

use super::mark::is_part_of_one;
use super::rewriting::Rewriting;
use regex::Regex;
use std::borrow::Cow;
use std::sync::LazyLock;

/// Each form with its kind. What is hidden is what is called `s`.
pub(super) const FORMS: &[(&str, &str)] = &[
    // Also in one line, with `\n` written out.
    ("private-key", r"(?P<s>-----BEGIN [A-Z0-9 ]*PRIVATE KEY( BLOCK)?-----[\s\S]*?(-----END [A-Z0-9 ]*PRIVATE KEY( BLOCK)?-----|$))"),
    ("private-key", r"(?P<s>[A-Za-z0-9+/=\\\s]*-----END [A-Z0-9 ]*PRIVATE KEY( BLOCK)?-----)"),
    // The same, encoded: `-----BEGIN`.
    ("private-key", r"(?-u:\b)(?P<s>LS0tLS1CRUdJTi[A-Za-z0-9+/_=-]*)"),
    ("private-key", r"(?P<s>AGE-SECRET-KEY-1[A-Z0-9]{20,})"),
    ("jwt", r"(?-u:\b)(?P<s>eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*)"),
    // The logins of a registry, encoded: `{"auths":`, as it is written and with white space.
    ("registry", r"(?-u:\b)(?P<s>(?:eyJhdXRocyI6|eyAiYXV0aHMi|ewogICJhdXRocyI|ewoJImF1dGhzI|ewogICAgImF1dGhzI)[A-Za-z0-9+/_=-]*)"),
    ("cookie", r"(?i)(?-u:\b)(?:set-)?cookie\\*[\x22']?\s*[:=]\s*\\*[\x22']?(?P<s>[^\s⟦\x22'\\][^\n\x22'⟦]*)"),
    (
        "credential",
        r"(?i)(?-u:\b)(?:proxy-)?authorization\\*[\x22']?\s*[:=]\s*\\*[\x22']?(?:(?:basic|bearer|token|digest|negotiate|apikey|aws4-hmac-sha256)\s+)?(?P<s>[^\s\x22',;\\⟦]+)",
    ),
    ("credential", r"(?i)(?-u:\b)x-(?:[a-z0-9-]*-)?auth(?:-[a-z0-9-]*)?\\*[\x22']?\s*[:=]\s*\\*[\x22']?(?P<s>[^\s\x22',;\\⟦]+)"),
    (
        "credential",
        r"(?-u:\b)(?:[Bb]earer|BEARER|[Bb]asic|BASIC)\s+(?P<s>(?:[A-Za-z._~+/=-]*[0-9=+/][A-Za-z0-9._~+/=-]{11,}|[A-Za-z0-9._~+/=-]{11,}[0-9=+/]|[A-Za-z]{28,}))",
    ),
    ("aws-key", r"(?-u:\b)(?P<s>(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16})(?-u:\b)"),
    ("google-key", r"(?-u:\b)(?P<s>AIza[A-Za-z0-9_-]{20,}|GOCSPX-[A-Za-z0-9_-]{20,}|ya29\.[A-Za-z0-9_-]{16,})"),
    ("azure-key", r"(?P<s>(?-u:\b)[A-Za-z0-9+/]{86}==|(?-u:\b)[A-Za-z0-9_~.]{3}8Q~[A-Za-z0-9_~.-]{31,34})"),
    ("hook", r"(?i)(?-u:\b)hooks\.slack(?:-gov)?\.com/(?P<s>(?:services|workflows|triggers)/[^\s\x22'⟦]+)"),
    ("hook", r"(?i)(?-u:\b)discord(?:app)?\.com/api/webhooks/(?P<s>[0-9]+/[^\s\x22'⟦]+)"),
    ("hook", r"(?i)(?-u:\b)webhook\.office\.com/(?P<s>[^\s\x22'⟦]+)"),
    (
        "token",
        r"(?-u:\b)(?P<s>gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,}|gl(?:pat|rt|dt|ptt|cbt|soat|agent|ft|imt)-[A-Za-z0-9_.=-]{16,}|xox[abeprs]-[A-Za-z0-9-]{10,}|xapp-[A-Za-z0-9-]{10,}|sk-[A-Za-z0-9_-]{16,}|[sr]k_(?:live|test)_[A-Za-z0-9]{10,}|whsec_[A-Za-z0-9+/=]{16,}|npm_[A-Za-z0-9]{20,}|pypi-[A-Za-z0-9_-]{16,}|dckr_[a-z]{3}_[A-Za-z0-9_-]{10,}|hv[sbr]\.[A-Za-z0-9_-]{16,}|hf_[A-Za-z0-9]{20,}|SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}|do[op]_v1_[a-f0-9]{32,}|shp(?:at|ss|ca|pa)_[A-Fa-f0-9]{20,}|glsa_[A-Za-z0-9_]{20,}|sntr[yu]s_[A-Za-z0-9+/=_]{20,}|NRAK-[A-Z0-9]{20,}|tskey-[A-Za-z0-9-]{16,}|rubygems_[a-f0-9]{32,}|lin_api_[A-Za-z0-9]{20,}|PMAK-[A-Za-z0-9-]{20,}|dapi[a-f0-9]{32}|SK[0-9a-f]{32}|[0-9]{8,10}:AA[A-Za-z0-9_-]{32,}|[A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_-]{20,})",
    ),
    // As files of users and `/etc/shadow` have them.
    ("password-hash", r"(?P<s>\$(?:2[abxy]?|5|6|y|apr1|argon2(?:i|d|id)|pbkdf2(?:-sha[0-9]+)?|scram[a-z0-9-]*)\$[./A-Za-z0-9$=,+-]{16,})"),
    ("password", r"(?-u:\b)[A-Za-z0-9_.-]+:(?P<s>[^\s⟦⟧]+)@(?:tcp|udp|unix)\("),
    ("password", r"(?i)(?-u:\b)login\s+[^\s⟦]+\s+password\s+(?P<s>[^\s⟦]+)"),
    ("password", r"(?i)(?-u:\b)(?:identified\s+by|password)\s+'(?P<s>[^'\n⟦]+)'"),
    ("password", r"(?i)(?-u:\b)pass(?:in|out)?[\s\x22',]+pass:(?P<s>[^\s\x22',⟦]+)"),
];

/// Patterns that are made once.
pub(super) static COMPILED: LazyLock<Vec<(&'static str, Regex)>> =
    LazyLock::new(|| FORMS.iter().filter_map(|(kind, pattern)| Regex::new(pattern).ok().map(|regex| (*kind, regex))).collect());

/// The text without what has such a form.
pub(super) fn without(text: &str) -> Cow<'_, str> {
    let mut out = Cow::Borrowed(text);
    for (kind, pattern) in COMPILED.iter() {
        if let Some(replaced) = replaced(&out, kind, pattern) {
            out = Cow::Owned(replaced);
        }
    }
    out
}

/// The text without what the pattern calls `s`; none where it is not found.
pub(super) fn replaced(text: &str, kind: &str, pattern: &Regex) -> Option<String> {
    replaced_where(text, kind, pattern, |_| true)
}

/// The same where that is judged to be one.
pub(super) fn replaced_where(text: &str, kind: &str, pattern: &Regex, judge: impl Fn(&str) -> bool) -> Option<String> {
    let mut shown = Rewriting::of(text);
    for found in pattern.captures_iter(text) {
        let Some(hidden) = found.name("s").filter(|hidden| !is_part_of_one(text, hidden.start()) && judge(hidden.as_str())) else {
            continue;
        };
        shown.hide(hidden.start(), hidden.end(), kind);
    }
    shown.end()
}
