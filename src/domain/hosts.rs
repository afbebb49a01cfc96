//! Which hosts a text names: where a program that reads it may go. Each with its scheme, where that is another than `https`; ports and paths are left out.

use std::collections::BTreeSet;

/// Ends of the names of settings whose value is a host, or several, though it may look like any word.
const NAMES: &[&str] = &[
    "ADDR",
    "ADDRESS",
    "ADDRESSES",
    "ADDRS",
    "BROKER",
    "BROKERS",
    "DOMAIN",
    "DSN",
    "ENDPOINT",
    "ENDPOINTS",
    "HOST",
    "HOSTNAME",
    "HOSTS",
    "NODES",
    "PEERS",
    "SERVER",
    "SERVERS",
    "TARGET",
    "UPSTREAM",
    "URI",
    "URL",
    "URLS",
];

/// Whether a setting of that name says where to go.
pub(crate) fn is_called_a_host(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    let last = name.rsplit(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
    NAMES.iter().any(|end| last.ends_with(end))
}

/// The hosts in a text. `of_a_host`: what is a word elsewhere is one here.
pub(crate) fn hosts(text: &str, of_a_host: bool) -> BTreeSet<String> {
    let ends = |c: char| c.is_whitespace() || ",;|\"'`<>[]{}()".contains(c);
    text.split(ends).filter_map(|word| host(word, of_a_host)).collect()
}

fn host(word: &str, of_a_host: bool) -> Option<String> {
    let after = |text: &str, mark: char| text.rsplit_once(mark).map(|(_, rest)| rest.to_owned());
    let (scheme, rest) = match word.split_once("//") {
        Some((scheme, rest)) => (Some(after(scheme, '=').unwrap_or_else(|| scheme.to_owned())), rest.to_owned()),
        None => (None, after(word, '=').unwrap_or_else(|| word.to_owned())),
    };
    let authority = rest.split(['/', '?', '#', '\\']).next().unwrap_or_default();
    let by_user = authority.contains('@');
    let authority = after(authority, '@').unwrap_or_else(|| authority.to_owned());
    let (name, has_port) = match authority.rsplit_once(':') {
        Some((name, port)) if !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()) && !name.contains(':') => (name, true),
        _ => (authority.as_str(), false),
    };
    let name = name.trim_end_matches('.').to_lowercase();
    let meant = scheme.is_some() || by_user || of_a_host;
    let is_one = !name.is_empty() && (meant || looks_like_one(&name, has_port));
    let scheme = scheme.map(|scheme| scheme.trim_end_matches(':').to_lowercase()).filter(|scheme| !scheme.is_empty() && scheme != "https");
    is_one.then(|| scheme.map_or_else(|| name.clone(), |scheme| format!("{name} ({scheme})")))
}

/// A number of a release or an amount is none, a word before a port is.
fn looks_like_one(name: &str, has_port: bool) -> bool {
    let by_number = name.split('.').count() == 4 && name.split('.').all(|part| part.parse::<u8>().is_ok());
    if by_number || (name.matches(':').count() > 1 && name.chars().all(|c| c.is_ascii_hexdigit() || c == ':')) {
        return true;
    }
    let labels: Vec<&str> = name.split('.').collect();
    let plain = labels.iter().all(|label| !label.is_empty() && label.chars().all(|c| c.is_alphanumeric() || c == '-' || c == '_'));
    let last = labels.last().copied().unwrap_or_default();
    let named = last.chars().next().is_some_and(char::is_alphabetic);
    plain && named && (has_port || (labels.len() > 1 && last.chars().count() > 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_found_however_they_are_written() {
        for (text, expected) in [
            ("https://pay.shop.svc/", vec!["pay.shop.svc"]),
            ("https://pay.shop.svc:8443/v1?to=x", vec!["pay.shop.svc"]),
            ("https://pay.shop.svc@evil.example/", vec!["evil.example"]),
            ("https://evil.example\\@pay.shop.svc/", vec!["evil.example"]),
            ("http://pay.shop.svc", vec!["pay.shop.svc (http)"]),
            ("//CDN.Example.", vec!["cdn.example"]),
            ("jdbc:postgresql://db-1:5432/app?ssl=true", vec!["db-1 (jdbc:postgresql)"]),
            ("user:x@tcp(db:3306)/app", vec!["db", "tcp"]),
            ("host=db.shop port=5432", vec!["db.shop"]),
            ("kafka-0:9092,kafka-1:9092", vec!["kafka-0", "kafka-1"]),
            ("10.0.0.7", vec!["10.0.0.7"]),
            ("[fd00::7]:80", vec!["fd00::7"]),
        ] {
            let found: Vec<String> = hosts(text, false).into_iter().collect();
            assert_eq!(found, expected, "{text}");
        }
        for text in ["debug", "info", "1.2.3", "0.5", "500m", "1.5Gi", "12:30", "/var/log/app.log", ":8080", "true", "a b", ""] {
            assert!(hosts(text, false).is_empty(), "{text}: {:?}", hosts(text, false));
        }
        assert_eq!(hosts("db", true).into_iter().collect::<Vec<_>>(), ["db"]);
        assert!(hosts(":8080", true).is_empty());
    }

    #[test]
    fn name_says_that_a_setting_is_a_host() {
        for name in ["DB_HOST", "db.host", "paymentUrl", "REDIS_ADDR", "KAFKA_BROKERS", "api-server"] {
            assert!(is_called_a_host(name), "{name}");
        }
        for name in ["LEVEL", "DB_PORT", "HOSTED_BY", "TIMEOUT"] {
            assert!(!is_called_a_host(name), "{name}");
        }
    }
}
