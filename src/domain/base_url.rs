//! The root of a provider's API: where the paths of its requests hang. It holds no credential, and without TLS it is on this machine.

use super::model_name::Provider;
use super::secrets;
use std::fmt;

/// Where a provider answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseUrl {
    secure: bool,
    /// Host and port.
    authority: String,
    /// With its slash before and none behind; empty for the root.
    path: String,
    /// What follows a `?`; Azure wants the version of its API there.
    query: Option<String>,
}

/// Why a text is no such root.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAUrl {
    /// It has another form.
    #[error("a URL such as https://api.example.com/v1")]
    Form,
    /// A name or a password before the host, or a key in the query.
    #[error("a URL without a credential: a key belongs in the file of `model-key-file` or in `model-headers`")]
    Credential,
    /// Not encrypted, and not on this machine.
    #[error("a URL with https: without TLS everyone on the way reads the key and the cluster's texts; `model-allow-http: true` allows it")]
    Plain,
}

/// The longest, in bytes.
const LONGEST: usize = 2_048;

impl BaseUrl {
    /// Where this provider itself answers.
    pub fn own(provider: Provider) -> Self {
        Self { secure: true, authority: provider.host().to_owned(), path: "/v1".to_owned(), query: None }
    }

    /// A root as the operator gives it.
    ///
    /// # Errors
    /// It has another form, holds a credential, or would send everything unencrypted over a network without the operator's consent.
    pub fn parse(text: &str, plain_allowed: bool) -> Result<Self, NotAUrl> {
        if text.len() > LONGEST || !text.chars().all(|c| c.is_ascii_graphic() && !"#\\\"<>^`{|}".contains(c)) {
            return Err(NotAUrl::Form);
        }
        let (scheme, rest) = text.split_once("://").ok_or(NotAUrl::Form)?;
        let secure = match scheme.to_ascii_lowercase().as_str() {
            "https" => true,
            "http" => false,
            _ => return Err(NotAUrl::Form),
        };
        let (place, query) = rest.split_once('?').map_or((rest, None), |(place, query)| (place, Some(query)));
        let (authority, path) = place.find('/').and_then(|at| place.split_at_checked(at)).unwrap_or((place, ""));
        if authority.contains('@') {
            return Err(NotAUrl::Credential);
        }
        let host = host_of(authority).ok_or(NotAUrl::Form)?;
        if query.is_some_and(holds_a_credential) {
            return Err(NotAUrl::Credential);
        }
        if !secure && !plain_allowed && !is_this_machine(host) {
            return Err(NotAUrl::Plain);
        }
        let (path, query) = (path.trim_end_matches('/').to_owned(), query.map(str::to_owned));
        Ok(Self { secure, authority: authority.to_owned(), path, query })
    }

    /// The address of one of its paths, such as `/messages`.
    pub fn of(&self, path: &str) -> String {
        let query = self.query.as_ref().map(|query| format!("?{query}")).unwrap_or_default();
        format!("{}://{}{}{path}{query}", if self.secure { "https" } else { "http" }, self.authority, self.path)
    }

    /// Whether this provider itself answers there: its own host or one below it, over TLS. Its key is for nobody else.
    pub fn is_of(&self, provider: Provider) -> bool {
        let own = provider.host();
        let authority = self.authority.to_ascii_lowercase();
        let host = authority.strip_suffix(":443").unwrap_or(&authority);
        self.secure && (host == own || host.strip_suffix(own).is_some_and(|before| before.ends_with('.')))
    }

    /// The host, with the port where one is given.
    pub fn authority(&self) -> &str {
        &self.authority
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.of(""))
    }
}

/// The host of `host`, `host:8080` or `[::1]:8080`.
fn host_of(authority: &str) -> Option<&str> {
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let (address, after) = rest.split_once(']')?;
            if !address.chars().all(|c| c.is_ascii_hexdigit() || ":.".contains(c))
                || !address.contains("::") && address.matches(':').count() != 7
            {
                return None;
            }
            (address, if after.is_empty() { None } else { Some(after.strip_prefix(':')?) })
        }
        None => authority.split_once(':').map_or((authority, None), |(host, port)| (host, Some(port))),
    };
    let named = host.chars().all(|c| c.is_ascii_alphanumeric() || "-._:".contains(c));
    (!host.is_empty() && named && port.is_none_or(|port| port.parse::<u16>().is_ok_and(|port| port > 0))).then_some(host)
}

fn is_this_machine(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost") || host == "::1" || is_loopback(host)
}

/// `127.x.y.z`, written out.
fn is_loopback(host: &str) -> bool {
    let parts: Vec<Option<u8>> = host.split('.').map(|part| part.parse().ok()).collect();
    matches!(parts.as_slice(), [Some(127), Some(_), Some(_), Some(_)])
}

fn holds_a_credential(query: &str) -> bool {
    let is_one = |pair: &str| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        name.eq_ignore_ascii_case("key") || name.eq_ignore_ascii_case("sig") || secrets::names_one(name) || secrets::holds_one(value)
    };
    query.split('&').any(is_one)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<String, NotAUrl> {
        BaseUrl::parse(text, false).map(|url| url.of("/messages"))
    }

    #[test]
    fn paths_hang_on_the_root_and_stand_before_its_query() {
        assert_eq!(parsed("https://api.example.com/v1/").unwrap(), "https://api.example.com/v1/messages");
        assert_eq!(parsed("HTTPS://api.example.com").unwrap(), "https://api.example.com/messages");
        assert_eq!(
            parsed("https://x.openai.azure.com/openai/deployments/d?api-version=2026-01-01").unwrap(),
            "https://x.openai.azure.com/openai/deployments/d/messages?api-version=2026-01-01"
        );
    }

    #[test]
    fn without_tls_it_is_on_this_machine_unless_the_operator_says_otherwise() {
        for here in ["http://127.0.0.1:8123/v1", "http://localhost:11434/v1", "http://[::1]:1/v1", "http://127.9.9.9"] {
            assert!(parsed(here).is_ok(), "{here}");
        }
        for there in ["http://10.0.0.1/v1", "http://ollama.tools:11434/v1", "http://localhost.example.com", "http://127.0.0.1.example.com"]
        {
            assert_eq!(parsed(there), Err(NotAUrl::Plain), "{there}");
            assert!(BaseUrl::parse(there, true).is_ok(), "{there}");
        }
    }

    #[test]
    fn provider_is_its_own_host_over_tls_and_no_other() {
        let is_of = |text| BaseUrl::parse(text, true).unwrap().is_of(Provider::OpenAi);
        for own in ["https://api.openai.com/v1", "https://API.openai.com:443", "https://eu.api.openai.com/v1"] {
            assert!(is_of(own), "{own}");
        }
        for other in [
            "http://api.openai.com/v1",
            "https://api.openai.com:8443",
            "https://evilapi.openai.com",
            "https://api.openai.com.example",
            "https://api.anthropic.com",
            "http://127.0.0.1:11434/v1",
        ] {
            assert!(!is_of(other), "{other}");
        }
    }

    #[test]
    fn credential_in_a_url_is_refused_and_so_is_what_is_no_url() {
        for with in
            ["https://me:pw@api.example.com", "https://k@api.example.com/v1", "https://a.example/v1?key=x", "https://a.example?api_key=x"]
        {
            assert_eq!(parsed(with), Err(NotAUrl::Credential), "{with}");
        }
        for wrong in [
            "",
            "api.example.com",
            "ftp://x",
            "https://",
            "https:///v1",
            "https://a b",
            "https://a/#x",
            "https://a:99999",
            "https://[x]",
            "https://ä.example",
            "https://a:/",
        ] {
            assert_eq!(parsed(wrong), Err(NotAUrl::Form), "{wrong}");
        }
    }
}
