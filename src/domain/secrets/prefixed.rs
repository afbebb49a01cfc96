//! Names of variables that begin with the name of a credential: `PASSWORDS_ADMIN`, `TOKENS_CI`. What they end in says whether they are a
//! setting of it instead.

use super::names::{CALLED, Finder, HOLDS, of_name, of_pair};
use super::place::Place;
use super::value::Hidden;
use super::value::value;
use regex::Regex;
use std::sync::LazyLock;

/// In capitals as variables are, or, in small letters, behind several of them.
const NAMES: &str = r"(?-i:(?:[A-Z0-9]+_){0,8}(?:PASSWORD|PASSWD|PASSPHRASE|SECRET|TOKEN|CREDENTIAL|(?:API|ACCESS|PRIVATE|SECRET|SIGNING|ENCRYPTION)_?KEY)S?(?:_[A-Z0-9]+){1,8}|(?:[a-z0-9]+_){0,8}(?:passwords|passphrases|secrets|tokens|credentials|(?:api|access|private|secret|signing|encryption)_?keys)(?:_[a-z0-9]+){1,8})";

/// What names end in that are settings, or say what happened.
const SETTINGS: &[&str] = &[
    // How long, how many, and how.
    "age",
    "alg",
    "algo",
    "algorithm",
    "allowed",
    "attempts",
    "budget",
    "charset",
    "check",
    "checks",
    "complexity",
    "count",
    "days",
    "decoder",
    "delay",
    "disabled",
    "duration",
    "enable",
    "enabled",
    "encoder",
    "encoders",
    "encoding",
    "expiration",
    "expiry",
    "format",
    "hasher",
    "hashers",
    "hashing",
    "history",
    "hours",
    "interval",
    "iterations",
    "leeway",
    "len",
    "length",
    "level",
    "lifetime",
    "limit",
    "max",
    "method",
    "min",
    "minute",
    "minutes",
    "mode",
    "ms",
    "pattern",
    "period",
    "policy",
    "rate",
    "required",
    "retries",
    "rotate",
    "rotation",
    "rounds",
    "schedule",
    "second",
    "seconds",
    "size",
    "skew",
    "strategy",
    "strength",
    "timeout",
    "threshold",
    "ttl",
    "type",
    "types",
    "validity",
    "validation",
    "validators",
    "version",
    "window",
    // Where it is, and what gives it.
    "arn",
    "audience",
    "backend",
    "bucket",
    "cache",
    "claim",
    "claims",
    "class",
    "column",
    "dir",
    "directory",
    "domain",
    "driver",
    "endpoint",
    "engine",
    "field",
    "file",
    "files",
    "folder",
    "format",
    "from",
    "generator",
    "header",
    "issuer",
    "keys",
    "location",
    "mount",
    "name",
    "names",
    "namespace",
    "param",
    "path",
    "paths",
    "plugin",
    "port",
    "prefix",
    "provider",
    "realm",
    "ref",
    "reference",
    "region",
    "reset",
    "resource",
    "scope",
    "scopes",
    "source",
    "storage",
    "subject",
    "suffix",
    "table",
    "template",
    "uri",
    "url",
    // What happened.
    "blocked",
    "changed",
    "created",
    "denied",
    "empty",
    "error",
    "expired",
    "failed",
    "failure",
    "found",
    "incorrect",
    "invalid",
    "issued",
    "loaded",
    "locked",
    "mismatch",
    "missing",
    "refreshed",
    "rejected",
    "revoked",
    "unknown",
    "unset",
    "updated",
    "used",
    "wrong",
];

/// Who has to do with it, which may as well be the one whose credential it is.
const PARTIES: &[&str] = &["controller", "host", "manager", "operator", "read", "server", "service", "store"];

static NAMED: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(&format!(r"(?i)(?P<name>(?-u:\b){NAMES})(?P<sep>\\*[\x22']?\s*(?:=>|:=|[:=])[^\S\n]*)")).ok());
/// A pair of which one half says the name and the other the value.
static PAIR: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(&format!(
        r"(?i)(?P<name>(?-u:\b){CALLED}\\*[\x22']?\s*[:=]\s*\\*[\x22']?{NAMES}\\*[\x22']?\s*[,\n]\s*\\*[\x22']?{HOLDS})(?P<sep>\\*[\x22']?\s*[:=][^\S\n]*)"
    ))
    .ok()
});

/// Both patterns, and what is hidden behind them.
pub(super) fn all() -> impl Iterator<Item = (&'static Regex, Finder)> {
    [(&*NAMED, of_one as Finder), (&*PAIR, of_a_pair)]
        .into_iter()
        .filter_map(|(pattern, find)| pattern.as_ref().map(|pattern| (pattern, find)))
}

fn of_one(place: &Place<'_>, name: &str) -> Option<Hidden> {
    if stays(name, value(place)?.inner) { None } else { of_name(place, name) }
}

fn of_a_pair(place: &Place<'_>, name: &str) -> Option<Hidden> {
    let end = name.rfind([',', '\n']).unwrap_or(name.len());
    let variable = name.get(..end)?.trim_end_matches(['"', '\'', '\\', ' ']);
    if stays(variable, value(place)?.inner) { None } else { of_pair(place, name) }
}

/// Whether it is a setting by the end of its name, or by its value.
fn stays(name: &str, value: &str) -> bool {
    let name = name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '_').to_ascii_lowercase();
    let last = name.rsplit('_').next().unwrap_or_default();
    SETTINGS.contains(&last) || (PARTIES.contains(&last) && !is_a_mixed_word(value)) || is_amount(value)
}

/// One word with digits or capitals in it, as credentials are, and no address.
fn is_a_mixed_word(text: &str) -> bool {
    let text = text.trim();
    let mixed = text.chars().any(|c| c.is_numeric() || c.is_uppercase()) && text.chars().any(char::is_alphabetic);
    mixed && !text.contains([' ', '.', ':', '/'])
}

/// A number, or one with a unit.
fn is_amount(text: &str) -> bool {
    let text = text.trim();
    text.len() <= 8
        && text.starts_with(|c: char| c.is_ascii_digit())
        && text
            .trim_end_matches("min")
            .trim_end_matches(['s', 'm', 'h', 'd', 'k', 'K', 'M', 'G', 'i'])
            .bytes()
            .all(|b| b.is_ascii_digit() || b == b'.')
}

#[cfg(test)]
mod tests {
    use super::super::{names_one, redacted};
    use super::*;

    #[test]
    fn variable_that_begins_with_the_name_of_a_credential_is_one() {
        assert_eq!(all().count(), 2, "each pattern is one");
        for name in [
            "PASSWORDS_ADMIN",
            "TOKENS_CI",
            "SECRETS_DB",
            "APP_PASSWORD_ADMIN",
            "API_KEYS_STRIPE",
            "passwords_admin",
            "TOKEN_SLACK",
            "SECRET_2_DB",
        ] {
            assert!(names_one(name), "{name}");
            for raw in [
                format!("{name}=canaryword"),
                format!("export {name}='canary word'"),
                format!("{name}: canaryword"),
                format!(r#"{{"{name}":"canaryword"}}"#),
                format!("- name: {name}\n  value: canaryword"),
                format!(r#"[{{"name":"{name}","value":"canaryword"}}]"#),
            ] {
                let shown = redacted(&raw);
                assert!(!shown.contains("canary") && shown.contains("⟦redacted:value⟧"), "{raw}: {shown}");
            }
        }
    }

    #[test]
    fn settings_of_credentials_and_amounts_stay() {
        for text in [
            "PASSWORD_MIN_LENGTH=twelve, PASSWORD_RESET_URL=https://shop.example/reset",
            "PASSWORD_POLICY: strict",
            "PASSWORD_HASHERS=argon2",
            "TOKEN_ISSUER=https://id.example",
            "TOKEN_TTL=15m",
            "TOKENS_CI=3",
            "TOKEN_REFRESH=true",
            "SECRETS_MANAGER_REGION=eu-west-1",
            "SECRETS_PROVIDER=vault",
            "SECRET_NAME=app-secret",
            "TOKEN_EXPIRED: jwt of the user is too old",
            "SECRET_NOT_FOUND: app-secret",
            "tokens_per_second: 3.4",
            "secrets_loaded=all",
            "API_KEY_HEADER=X-Api-Key",
            "MAX_TOKENS_PER_MINUTE=many",
        ] {
            assert_eq!(redacted(text), text);
        }
    }

    #[test]
    fn name_of_how_a_credential_is_used_is_a_setting_and_a_party_is_one_where_its_value_is_no_word_of_a_credential() {
        for text in [
            "TOKEN_STRATEGY=jwt",
            "PASSWORD_ENCODER=bcrypt",
            "TOKEN_VALIDITY_PERIOD=15min",
            "SECRETS_SCHEDULE=hourly",
            "TOKEN_PATTERN=abc",
            "API_KEY_SERVICE_BLOCKED: the project is over its limit",
            "TOKEN_SERVICE=http://auth.shop.svc:80",
            "SECRETS_STORE=vault",
            "TOKENS_CI=15min",
        ] {
            assert_eq!(redacted(text), text);
        }
        for text in
            ["PASSWORD_READ=hunter2canary", "TOKEN_SERVICE=hunter2canary", "SECRETS_STORE=hunter2canary", "TOKEN_MANAGER: Canary7word"]
        {
            assert!(!redacted(text).to_lowercase().contains("canary"), "{text}: {}", redacted(text));
        }
    }
}
