//! Other ways of writing a name and its value: elements and properties of XML, pairs in parentheses, assignments of programs, a space
//! between the two, and the lines of password files. What stands behind a space is a word of a sentence as often as a password.

use super::forms::replaced_where;
use super::names::{CALLED, HOLDS, any_name, is_word_of_sentence, speaks_of_one};
use super::value::VALUE;
use regex::Regex;
use std::borrow::Cow;
use std::sync::LazyLock;

/// Whether what the pattern calls `s` is one.
type Judge = fn(&str) -> bool;

/// What a value in quotes may not hold.
const IN_QUOTES: &str = r"[^\x22'`⟦\\\n]+";

/// What a text has in it, in lower case, that is written in a way: one of these, so that other texts are not searched for it.
type Signs = &'static [&'static str];

/// Each way with its signs and with what its value must be. What is hidden is what is called `s`.
static WAYS: LazyLock<Vec<(Signs, Regex, Judge)>> = LazyLock::new(|| {
    let name = any_name();
    let quote = r"\\*[\x22'`]";
    let (markup, lists, pass): (Signs, Signs, Signs) = (&["<"], &["(\"", "('", "[\"", "['", "(\\", "[\\", "( ", "[ "], &["passw", "passp"]);
    let all: Vec<(Signs, String, Judge)> = vec![
        // <password>x</password>, <db:password type="plain"><![CDATA[x]]></db:password>
        (markup, format!(r"(?i)<(?:[a-z0-9_-]+:)?(?:{name})(?:\s[^<>⟦]*)?>\s*<!\[CDATA\[(?P<s>[^⟦\]]+)"), any),
        (markup, format!(r"(?i)<(?:[a-z0-9_-]+:)?(?:{name})(?:\s[^<>⟦]*)?>\s*(?P<s>[^\s<⟦][^<⟦]*?)\s*</"), any),
        (markup, format!(r"(?i)<(?:[a-z0-9_-]+:)?(?:{name})(?:\s[^<>⟦]*)?>(?P<s>[^\s<⟦]+)$"), any),
        // <property name="password" value="x"/>, either way round, and with the value between the tags
        (markup, format!(r"(?i)(?-u:\b){CALLED}\s*=\s*{quote}(?:{name}){quote}[^<>⟦]*?\s{HOLDS}\s*=\s*{quote}(?P<s>{IN_QUOTES})"), setting),
        (
            markup,
            format!(r"(?i)(?-u:\b){HOLDS}\s*=\s*{quote}(?P<s>{IN_QUOTES}){quote}[^<>⟦]*?\s{CALLED}\s*=\s*{quote}(?:{name}){quote}"),
            setting,
        ),
        (markup, format!(r"(?i)(?-u:\b){CALLED}\s*=\s*{quote}(?:{name}){quote}(?:[^<>⟦]*[^/<>⟦])?>\s*(?P<s>[^\s<⟦][^<⟦]*?)\s*</"), setting),
        (markup, format!(r"(?i)<{CALLED}>\s*(?:{name})\s*</[a-z]+>\s*<{HOLDS}>\s*(?P<s>[^\s<⟦][^<⟦]*?)\s*</"), setting),
        (markup, format!(r"(?i)<{HOLDS}>\s*(?P<s>[^\s<⟦][^<⟦]*?)\s*</[a-z]+>\s*<{CALLED}>\s*(?:{name})\s*</"), setting),
        // ["password", "x"], define('DB_PASSWORD', 'x'), os.Setenv("DB_PASSWORD", "x")
        (lists, format!(r"(?i)[\[(]\s*{quote}(?:{name}){quote}\s*,\s*{quote}(?P<s>{IN_QUOTES}){quote}\s*[\])]"), setting),
        // password: str = "x", const password string = "x"
        (&["="], format!(r"(?i)(?-u:\b)(?:{name})(?:\s*:\s*|\s+)[a-z_][a-z0-9_.<>\[\]|]*\s*=\s*{quote}(?P<s>{IN_QUOTES})"), setting),
        // password ?= "x", password == "x", password <- "x"
        (
            &["<-", "?=", "+=", "||=", "==", "!="],
            format!(r"(?i)(?-u:\b)(?:{name}){quote}?\s*(?:<-|\?=|\+=|\|\|=|={{2,3}}|!={{1,2}})\s*{quote}(?P<s>{IN_QUOTES})"),
            setting,
        ),
        (
            &["<-", "?=", "+=", "||=", "==", "!="],
            format!(r"(?i)(?-u:\b)(?:{name})\s*(?:<-|\?=|\+=|\|\|=|={{2,3}}|!={{1,2}})[^\S\n]*(?P<s>[^\s\x22'`⟦\\;,)=]+)"),
            setting,
        ),
        // ENV DB_PASSWORD x
        (&["env"], format!(r"(?i)(?-u:\b)(?:env|setenv|putenv)[ \t]+(?:{name})[ \t]+(?P<s>[^\s=⟦][^\s⟦]*)"), word),
        // requirepass x, alone in its line
        (&["requirepass", "masterauth"], r"(?im)^[ \t]*(?:requirepass|masterauth)[ \t]+(?P<s>[^\s⟦]+)".to_owned(), any),
        (pass, r"(?im)^[ \t]*(?:password|passwd|passphrase)[ \t]+(?P<s>[^\s⟦=:]+)[ \t]*$".to_owned(), word),
        // with password hunter2
        (pass, r"(?i)(?-u:\b)(?:password|passwd|passphrase)[ \t]+\\*[\x22`](?P<s>[^\s\x22`⟦\\]+)\\*[\x22`]".to_owned(), setting),
        (pass, r"(?i)(?-u:\b)(?:password|passwd|passphrase)[ \t]+(?P<s>[^\s\x22'`⟦(\[{<=:/-][^\s\x22'`⟦]*)".to_owned(), unlikely),
    ];
    all.into_iter().filter_map(|(signs, pattern, judge)| Regex::new(&pattern).ok().map(|regex| (signs, regex, judge))).collect()
});

/// db.example:5432:shop:app:x
static PASSWORD_FILE: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?m)^[ \t]*(?P<s>[^\s:#⟦]+:(?:[0-9]{1,5}|\*):[^\s:⟦]+:[^\s:⟦]+:[^\s⟦]+)[ \t]*$").ok());

/// Of how many ways this is.
#[cfg(test)]
pub(super) fn compiled() -> (usize, bool) {
    (WAYS.len(), PASSWORD_FILE.is_some())
}

/// The text without values that are written in such a way.
pub(super) fn without(text: &str) -> Cow<'_, str> {
    let mut out = Cow::Borrowed(text);
    if let Some(shown) = PASSWORD_FILE.as_ref().and_then(|pattern| replaced_where(text, VALUE, pattern, password_file)) {
        out = Cow::Owned(shown);
    }
    if !speaks_of_one(text) && !text.contains("require") {
        return out;
    }
    let lower = text.to_ascii_lowercase();
    for (_, pattern, judge) in WAYS.iter().filter(|(signs, ..)| signs.iter().any(|sign| lower.contains(sign))) {
        if let Some(shown) = replaced_where(&out, VALUE, pattern, judge) {
            out = Cow::Owned(shown);
        }
    }
    out
}

fn any(_: &str) -> bool {
    true
}

/// No answer that a setting or a comparison has.
fn setting(value: &str) -> bool {
    const ANSWERS: &[&str] = &["true", "false", "yes", "no", "null", "nil", "none", "undefined", "enabled", "disabled", "~"];
    let value = value.trim();
    !value.is_empty() && !ANSWERS.iter().any(|answer| value.eq_ignore_ascii_case(answer)) && !value.starts_with("${")
}

/// No word that a sentence goes on with.
fn word(value: &str) -> bool {
    const OTHERS: &[&str] = &[
        "incorrect",
        "mismatch",
        "reset",
        "change",
        "prompt",
        "policy",
        "hash",
        "field",
        "check",
        "rotation",
        "file",
        "env",
        "login",
        "grant",
    ];
    let plain = value.trim_end_matches(['.', ',', ';', ':', '!', '?', ')']).to_ascii_lowercase();
    let ordinary = OTHERS.contains(&plain.as_str())
        || ["ed", "ing", "tion", "ment", "ly"].iter().any(|end| plain.ends_with(end) && plain.bytes().all(|b| b.is_ascii_lowercase()));
    let loud = value.len() > 1 && value.bytes().all(|b| b.is_ascii_uppercase());
    setting(&plain) && !ordinary && !loud && !is_word_of_sentence(&plain)
}

/// In the middle of a sentence: no word of a language, nor a way to authenticate.
fn unlikely(value: &str) -> bool {
    const METHODS: &[&str] = &[
        "md5",
        "sha1",
        "sha256",
        "sha512",
        "scram-sha-256",
        "scram-sha-512",
        "oauth2",
        "caching_sha2_password",
        "pbkdf2",
        "bcrypt",
        "argon2id",
        "base64",
    ];
    let plain = value.trim_end_matches(['.', ',', ';', ':', '!', '?', ')']);
    let letters = plain.bytes().filter(u8::is_ascii_alphabetic).count();
    let digit = plain.bytes().any(|b| b.is_ascii_digit()) && (letters > 0 || plain.len() > 3);
    let sign = plain.bytes().any(|b| b"!@#$%^&*+~".contains(&b));
    let mixed = plain.bytes().skip(1).any(|b| b.is_ascii_uppercase()) && plain.bytes().any(|b| b.is_ascii_lowercase());
    let pair = plain.split_once(['=', ':']).is_some_and(|(name, value)| !name.is_empty() && !value.is_empty());
    let enough = plain.bytes().filter(u8::is_ascii_alphanumeric).count() > 2;
    enough && (digit || sign || mixed) && !pair && !METHODS.contains(&plain.to_ascii_lowercase().as_str()) && word(plain)
}

/// Host, port, database, user and password, and no address of a machine or time of a day.
fn password_file(line: &str) -> bool {
    let parts: Vec<&str> = line.splitn(5, ':').collect();
    let long = |part: &&&str| part.len() > 4 || **part == "*";
    let names = [parts.first(), parts.get(2), parts.get(3)];
    names.iter().flatten().any(|part| long(part) && part.bytes().any(|b| b.is_ascii_alphabetic() || b == b'*'))
}
