//! Names that credentials have, and what is hidden behind them: in pairs, behind flags, in lists of names with values, in addresses.

use super::place::Place;
use super::random::is_random;
use super::refers::Around;
use super::value::{Hidden, user_info, value};
use regex::Regex;
use std::sync::LazyLock;

/// What is hidden at a place that this name leads to.
pub(super) type Finder = fn(&Place<'_>, &str) -> Option<Hidden>;

/// What the name of a credential ends in, in the singular or plural, before a number or not.
const NAMES: &str = r"(?:password|passwd|passphrase|secret|token|credential|(?:secret|api|access|account|private|shared|signing|encryption|master|storage|auth|license|subscription|hmac|jwt|aes|fernet)[_.-]?key(?:[_-]?base)?|private[_-]?key[_-]?id|key[_-]?data|(?:secret|root[_-]?token)[_-]?id|erlang[_-]?cookie|requirepass|masterauth)s?(?:_?[0-9]{1,3})?";

/// The name of a pair, or of the header of a request.
pub(super) fn any_name() -> String {
    let ends = r"(?:[a-z0-9_.-]*[_.-])?(?:(?:pass|pwd|pw)(?:_?[0-9]{1,3})?|app_?key|pin|otp)|[a-z0-9_]+_(?:auth|salt)|(?-i:_auth)";
    format!(r"(?:[a-z0-9_.-]*(?:{NAMES})|{ends}|[A-Za-z0-9]*(?-i:[a-z]P(?:ass|wd)|PASS|PWD))")
}

/// Headers of requests that are credentials, where a list has them by their name.
const HEADERS: &str = r"(?:proxy-)?authorization|(?:set-)?cookie|x-(?:[a-z0-9-]*-)?auth(?:-[a-z0-9-]*)?";
/// What the name of a pair of a name and a value is called.
pub(super) const CALLED: &str = r"(?:name|key|field|variable|header|param(?:eter)?|option|setting|property|env|type)";
/// What its value is called.
pub(super) const HOLDS: &str = r"(?:value|val|content|data|default|defaultvalue|literal)";

/// The name in its quotes, and what separates it from its value. A backslash may stand before each quote, JSON within JSON; the sign may
/// be as an address within an address has it.
static NAMED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let exact = r"[?&;,]sig|(?-u:\b)sig|[\x22']auth|x-(?:amz|goog)-signature";
    Regex::new(&format!(r"(?i)(?P<name>(?-u:\b){}|{exact})(?P<sep>\\*[\x22']?\s*(?:=>|:=|[:=]|%3[da])[^\S\n]*)", any_name())).ok()
});

/// A flag of a command line before the word after it, also as two items of a list.
static FLAG: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(&format!(
        r"(?i)(?P<name>(?:^|[\s\x22'\[,])--?(?:[a-z0-9-]*(?:{NAMES})|(?:[a-z0-9-]*-)?(?:pass|pwd|pw)[0-9]{{0,3}}))(?P<sep>\\*[\x22']?(?:\s*,\s*|\s+|=)(?:-\s+)?)"
    ))
    .ok()
});

/// A pair of which one half says the name and the other the value, as in the environment of a container.
pub(super) static PAIR: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(&format!(
        r"(?i)(?P<name>(?-u:\b){CALLED}\\*[\x22']?\s*[:=]\s*\\*[\x22']?(?:{}|{HEADERS})\\*[\x22']?\s*[,\n]\s*\\*[\x22']?{HOLDS})(?P<sep>\\*[\x22']?\s*[:=][^\S\n]*)",
        any_name()
    ))
    .ok()
});

/// The same the other way round.
pub(super) static REVERSED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let quoted = r"\\*[\x22']?(?P<s>[^\s\x22'⟦\\][^\x22'\n⟦]*?)\\*[\x22']?";
    Regex::new(&format!(
        r"(?i)(?-u:\b){HOLDS}\\*[\x22']?\s*[:=][^\S\n]*{quoted}\s*[,\n]\s*\\*[\x22']?{CALLED}\\*[\x22']?\s*[:=]\s*\\*[\x22']?(?:{}|{HEADERS})\\*[\x22']?\s*(?:[,}}\n]|$)",
        any_name()
    ))
    .ok()
});

/// The user of an address comes next.
static ADDRESS: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"(?P<name>[A-Za-z][A-Za-z0-9+.-]*://)(?P<sep>)").ok());

/// A name that speaks of keys and logins, of which the value has to be looked at.
static KEYISH: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?i)(?P<name>(?-u:\b)[a-z0-9_.-]*(?:key|auth|creds?|salt|seed|signature|hmac|session(?:[_-]?id)?|sid|private|license|dsn|csrf|xsrf|jwt|bearer|webhook)[a-z0-9_]{0,12})(?P<sep>\\*[\x22']?\s*(?:=>|:=|[:=])[^\S\n]*)",
    )
    .ok()
});

/// The name of a credential with what stands below it, as files of properties have it: `passwords.admin=x`, `passwords["admin"] = "x"`.
/// Behind a colon alone it is as often a host, or a field that an error is about.
static BELOW: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let below = r"(?:\.[a-z0-9_-]{1,60}|\[[^\[\]\n]{1,60}\]){1,5}";
    let sign = r"\\*[\x22']?\s*=[^\S\n]*|\\*[\x22']\s*:[^\S\n]*|:[ \t]+";
    Regex::new(&format!(r"(?i)(?P<name>(?-u:\b){}{below})(?P<sep>{sign})", any_name())).ok()
});

/// Every pattern, and what is hidden behind it.
pub(super) fn all() -> impl Iterator<Item = (&'static Regex, Finder)> {
    let all = [
        (&*ADDRESS, of_address as Finder),
        (&*NAMED, of_name),
        (&*BELOW, of_what_is_below),
        (&*FLAG, of_flag),
        (&*PAIR, of_pair),
        (&*KEYISH, of_what_speaks_of_keys),
    ];
    all.into_iter().filter_map(|(pattern, find)| pattern.as_ref().map(|pattern| (pattern, find)))
}

fn of_address(place: &Place<'_>, _: &str) -> Option<Hidden> {
    let (stays, length, named) = user_info(place)?;
    Some((stays, length, if named { "password" } else { "credential" }))
}

/// A value behind such a name.
pub(super) fn of_name(place: &Place<'_>, name: &str) -> Option<Hidden> {
    // A comparison, of which what is compared with is looked at as it is written there.
    if is_reference(name) || (place.between.ends_with('=') && place.rest.starts_with('=')) {
        return None;
    }
    if place.ends_a_text() {
        return None;
    }
    let found = value(place)?;
    // The first word tells whether a sentence goes on.
    let first = found.first_word();
    let sentence = !found.quoted && (is_sentence(place, first) || is_image(place, name, first));
    (!sentence && !is_setting(name, found.inner)).then(|| found.hidden())
}

fn of_what_is_below(place: &Place<'_>, name: &str) -> Option<Hidden> {
    let (above, member) = name.rsplit_once(['.', '['])?;
    let member = member.trim_end_matches(']').trim_matches(['"', '\'', '\\']);
    if is_reference(above) || is_reference(member) {
        return None;
    }
    let found = value(place)?;
    let around = above.split(['.', '[', ']']).fold(Around::default(), Around::below);
    // A word alone behind a name that begins its line.
    let alone = || place.open.bare && place.line.split_whitespace().nth(1).is_none();
    if (place.between.starts_with(':') && !alone()) || is_setting(above, found.inner) || around.shows(above, member, found.inner) {
        return None;
    }
    of_name(place, name)
}

fn of_flag(place: &Place<'_>, name: &str) -> Option<Hidden> {
    if is_reference(name) {
        return None;
    }
    let found = value(place)?;
    let first = found.first_word();
    let sentence = !found.quoted && (first.starts_with('-') || is_sentence(place, first));
    (!sentence && !is_setting(name, found.inner)).then(|| found.hidden())
}

/// The value of a pair.
pub(super) fn of_pair(place: &Place<'_>, name: &str) -> Option<Hidden> {
    // The name of the variable stands within what the pattern found.
    let end = name.rfind([',', '\n']).unwrap_or(name.len());
    let variable = name.get(..end).unwrap_or(name).trim_end_matches(['"', '\'', '\\', ' ']);
    value(place).filter(|found| !is_reference(variable) && !is_setting(variable, found.inner)).map(|found| found.hidden())
}

fn of_what_speaks_of_keys(place: &Place<'_>, name: &str) -> Option<Hidden> {
    let lower = name.to_ascii_lowercase();
    if ["public", "partition", "sort", "primary", "foreign", "ref", "name", "path", "file", "hash", "digest", "version"]
        .iter()
        .any(|word| lower.contains(word))
    {
        return None;
    }
    let found = value(place)?;
    let looks_random = found.inner.split_whitespace().count() == 1 && is_random(found.inner.trim_end_matches([',', ';', '.']));
    looks_random.then(|| found.hidden())
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

/// Whether the name is that of something that names a Secret.
pub(super) fn is_reference(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["existingsecret", "existing_secret", "existing-secret", "pullsecret", "pullsecrets", "pull-secret", "pull-secrets"]
        .iter()
        .any(|end| name.ends_with(end))
}

/// Whether what stands behind the name of a credential is a setting of it: an answer, a number of tokens, the path of a file.
pub(super) fn is_setting(name: &str, value: &str) -> bool {
    let (name, value) = (name.to_ascii_lowercase(), value.trim().to_ascii_lowercase());
    let number = !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit());
    matches!(value.as_str(), "true" | "false" | "yes" | "no" | "null" | "~" | "enabled" | "disabled")
        || (number && name.ends_with("tokens"))
        || (name.ends_with("_auth") && (number && value.len() < 2 || WAYS.contains(&value.as_str())))
        || (name.ends_with("application_credentials") && value.starts_with('/'))
        // `pin` is also one of a board.
        || ((name.ends_with("pin") || name.ends_with("otp")) && !(number && (4..=10).contains(&value.len())))
}

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

/// Whether a sentence goes on with this word.
pub(super) fn is_word_of_sentence(word: &str) -> bool {
    OF_SENTENCES.contains(&word)
}

/// Parts of names that credentials have: a text without any of them holds no name of one.
static STEMS: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?i)pass|pwd|pw|secret|token|key|auth|cred|cookie|pin|otp|salt|_id").ok());

/// Whether the name of a credential may stand in the text at all.
pub(super) fn speaks_of_one(text: &str) -> bool {
    STEMS.as_ref().is_none_or(|stems| stems.is_match(text))
}

/// A word that goes on, or what a server said of an address that ends in a name.
fn is_sentence(place: &Place<'_>, value: &str) -> bool {
    let sep = place.between;
    if !sep.ends_with(' ') {
        return false;
    }
    let word = value.trim_end_matches([':', '.', ')']).to_ascii_lowercase();
    let status = place.before.ends_with('/') && word.len() == 3 && word.bytes().all(|b| b.is_ascii_digit());
    // Kubernetes has a space before the colon where one message goes on with another.
    let goes_on = sep.ends_with(" : ") && word.bytes().all(|b| b.is_ascii_lowercase());
    status || goes_on || OF_SENTENCES.contains(&word.as_str())
}

/// `example/refresh-token:2.0.1`: what stands before a tag is a repository and no name of a credential.
fn is_image(place: &Place<'_>, name: &str, value: &str) -> bool {
    let tag = |b: u8| b.is_ascii_alphanumeric() || b"._-@:".contains(&b);
    if place.between != ":" || !value.bytes().all(tag) {
        return false;
    }
    let introduced = ["/", "image \"", "image: ", "image: \"", "image '", "image `", "image ", "manifest for "];
    let version = |v: &str| {
        let v = v.strip_prefix('v').unwrap_or(v);
        v.contains('.')
            && v.bytes().next().is_some_and(|b| b.is_ascii_digit())
            && v.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
    };
    introduced.iter().any(|words| place.before.ends_with(words)) || (name.contains('-') && (version(value) || value == "latest"))
}

/// Whether each pattern is one.
#[cfg(test)]
pub(super) fn compile() -> bool {
    REVERSED.is_some() && all().count() == 6
}
