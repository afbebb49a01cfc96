//! Which hosts a text names: where a program that reads it may go. Each with its port, path and what it asks for, since a bucket or a
//! tenant may stand there, and with its scheme, where that is another than `https`.

/// Ends of the names of settings whose value is an address or a part of one, or several, though it may look like any word.
const NAMES: &[&str] = &[
    "ADDR",
    "ADDRESS",
    "ADDRESSES",
    "ADDRS",
    "BROKER",
    "BROKERS",
    "BUCKET",
    "BUCKETS",
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
pub(crate) fn is_called_an_address(name: &str) -> bool {
    // Other words end so, too.
    let port = name.ends_with("Port") || name.ends_with("Ports");
    let name = name.to_ascii_uppercase();
    let last = name.rsplit(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
    port || matches!(last, "PORT" | "PORTS" | "PGPORT") || NAMES.iter().any(|end| last.ends_with(end))
}

/// The addresses in a text, each once and in the order of the text: the first may be the one that counts. `of_an_address`: what is a word elsewhere is one here.
pub(crate) fn addresses(text: &str, of_an_address: bool) -> Vec<String> {
    let ends = |c: char| c.is_whitespace() || ",;|\"'`<>[]{}()".contains(c);
    let mut all: Vec<String> = Vec::new();
    for one in text.split(ends).filter_map(|word| address(word, of_an_address)) {
        if !all.contains(&one) {
            all.push(one);
        }
    }
    all
}

fn address(word: &str, of_an_address: bool) -> Option<String> {
    // Behind a name: `host=db`.
    let behind_name = |text: &str| {
        let name = text.split(['/', '?', ':', '@']).next().unwrap_or_default();
        name.rsplit_once('=').map_or(text, |(before, _)| text.get(before.len().saturating_add(1)..).unwrap_or_default()).to_owned()
    };
    let (scheme, rest) = match word.split_once("//") {
        Some((scheme, rest)) => (Some(scheme.rsplit_once('=').map_or(scheme, |(_, scheme)| scheme).to_owned()), rest.to_owned()),
        None => (None, behind_name(word)),
    };
    let end = rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len());
    let (authority, behind) = rest.split_at(end);
    let place = behind.split('#').next().unwrap_or_default().trim_end_matches('/');
    let by_user = authority.contains('@');
    let authority = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let (name, port) = match authority.rsplit_once(':') {
        Some((name, port)) if !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()) && !name.contains(':') => (name, Some(port)),
        _ => (authority, None),
    };
    let name = name.trim_end_matches('.').to_lowercase();
    let meant = scheme.is_some() || by_user || of_an_address;
    // A port alone is one of this machine, or of what stands in brackets before it.
    let is_one = if name.is_empty() { port.is_some() } else { meant || looks_like_one(&name, port.is_some()) };
    let port = port.map(|port| format!(":{port}")).unwrap_or_default();
    let scheme = scheme.map(|scheme| scheme.trim_end_matches(':').to_lowercase()).filter(|scheme| !scheme.is_empty() && scheme != "https");
    is_one.then(|| format!("{name}{port}{place}{}", scheme.map(|scheme| format!(" ({scheme})")).unwrap_or_default()))
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
    fn addresses_are_found_however_they_are_written() {
        for (text, expected) in [
            ("https://pay.shop.svc/", vec!["pay.shop.svc"]),
            ("https://pay.shop.svc:8443/v1?to=x", vec!["pay.shop.svc:8443/v1?to=x"]),
            ("https://pay.shop.svc@evil.example/", vec!["evil.example"]),
            ("https://evil.example\\@pay.shop.svc/", vec!["evil.example\\@pay.shop.svc"]),
            ("http://pay.shop.svc", vec!["pay.shop.svc (http)"]),
            ("//CDN.Example.", vec!["cdn.example"]),
            ("jdbc:postgresql://db-1:5432/app?ssl=true", vec!["db-1:5432/app?ssl=true (jdbc:postgresql)"]),
            ("user:x@tcp(db:3306)/app", vec!["tcp", "db:3306"]),
            ("host=db.shop port=5432", vec!["db.shop"]),
            ("s3://shop/backup/", vec!["shop/backup (s3)"]),
            (":8080", vec![":8080"]),
            ("kafka-0:9092,kafka-1:9092", vec!["kafka-0:9092", "kafka-1:9092"]),
            ("10.0.0.7", vec!["10.0.0.7"]),
            ("[fd00::7]:80", vec!["fd00::7", ":80"]),
        ] {
            assert_eq!(addresses(text, false), expected, "{text}");
        }
        for text in ["debug", "info", "1.2.3", "0.5", "500m", "1.5Gi", "12:30", "/var/log/app.log", "true", "a b", ""] {
            assert!(addresses(text, false).is_empty(), "{text}: {:?}", addresses(text, false));
        }
        assert_eq!(addresses("db", true), ["db"]);
        assert!(addresses("/v1", true).is_empty());
    }

    #[test]
    fn name_says_that_a_setting_is_an_address() {
        for name in ["DB_HOST", "db.host", "paymentUrl", "REDIS_ADDR", "KAFKA_BROKERS", "api-server", "DB_PORT", "S3_BUCKET"] {
            assert!(is_called_an_address(name), "{name}");
        }
        for name in ["LEVEL", "PORTAL", "TRANSPORT", "HOSTED_BY", "TIMEOUT"] {
            assert!(!is_called_an_address(name), "{name}");
        }
    }
}
