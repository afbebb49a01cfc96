//! Words with hyphens that can be words of the language, and no names: `go-live`, `read-only`, `end-to-end`, `third-party`. Whether one
//! is a name is for its clause to say.

use super::everyday;

/// Nouns of the language, which programs are also called: `the health-check fails`, and `health-check is down`.
const NOUNS: &str = "
rate-limit rate-limits rate-limiter time-out time-outs health-check health-checks crash-loop
crash-loops restart-loop back-end front-end data-center data-centers proof-of-concept e-mail e-mails
e-commerce black-friday cyber-monday dead-lock dead-locks side-effect side-effects error-rate error-rates
response-time response-times work-load work-loads name-space name-spaces hot-fix hot-fixes bug-fix bug-fixes use-case use-cases
post-mortem cold-start cold-starts file-system file-systems root-cause stack-trace stack-traces sign-in log-in
image-pull node-pool node-pools auto-scaler auto-scaling single-point t-shirt ci-cd web-site ping-pong peer-to-peer host-name
user-agent stand-by set-up check-in roll-out roll-outs roll-back go-live re-deploy re-deploys re-try self-healing";

/// Qualities, which nothing is called: also right before a word for an application.
const QUALITIES: &str = "
load-balancer load-balancers load-balancing key-value full-stack open-source real-world on-call out-of-memory o-o-m out-of-sync
out-of-date up-to-date end-to-end high-availability long-term short-term half-hour thank-you a-lot no-one what-ever read-only
write-only read-write third-party first-party non-root non-zero multi-attach multi-node multi-tenant multi-stage multi-arch
self-hosted self-signed long-running short-lived so-called well-known newly-created brand-new built-in cloud-based internet-facing
customer-facing business-critical mission-critical production-critical highly-available off-by-one day-to-day one-off ad-hoc";

/// What begins a compound that is formed as the language forms them. Names are formed so too (`post-service`).
const BEFORE: &str =
    "re non pre post multi self auto anti semi sub cross micro inter un co mis over under half well so high low long short full
single double triple two three four five zero third first second one half all ever never not quasi pseudo ex super ultra";

/// What ends a compound that says how or when something is.
const AFTER: &str =
    "only off up out in on over down back live end based critical facing lived side level wide ready aware free like related
specific heavy bound driven party tier tiered zone hand less date time term scale speed quality grade prod production old ish alike away
through around again fail fails mode bit core day week hour minute second night round world case sensitive safe proof friendly
intensive hungry balancer balancers effect effects";

/// What joins the parts of a phrase.
const JOINS: &[&str] = &["to", "and", "of", "the", "by", "for", "or", "a", "n", "at", "as"];

fn has(list: &str, word: &str) -> bool {
    list.split_whitespace().any(|one| one == word)
}

/// Whether programs are hardly ever called so: it is a word of the language.
pub(super) fn is_known(word: &str) -> bool {
    has(NOUNS, word) || has(QUALITIES, word)
}

/// Whether it only ever says how something is.
pub(super) fn is_quality(word: &str) -> bool {
    has(QUALITIES, word)
}

/// Whether it is one of them, or formed like one.
pub(super) fn is_compound(word: &str) -> bool {
    let parts: Vec<&str> = word.split('-').collect();
    let ([first, .., last], true) = (parts.as_slice(), parts.len() > 1) else { return false };
    let inner = parts.get(1..parts.len().saturating_sub(1)).unwrap_or_default();
    let described = ["ed", "ly", "able", "ible"].iter().any(|ending| last.len() > ending.len().saturating_add(1) && last.ends_with(ending));
    let counted = parts.iter().all(|part| part.starts_with(|c: char| c.is_ascii_digit()) || everyday::is_grammar(part));
    let short = parts.iter().any(|part| part.chars().count() < 2);
    is_known(word)
        || has(BEFORE, first)
        || has(AFTER, last)
        || inner.iter().any(|part| JOINS.contains(part))
        || described
        || counted
        || short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compounds_of_the_language_are_told_from_names() {
        for word in
            ["go-live", "load-balancer", "read-only", "end-to-end", "out-of-sync", "jvm-based", "non-root", "third-party", "re-deploy"]
        {
            assert!(is_compound(word), "{word}");
        }
        for name in
            ["inventory-api", "user-service", "postgres-db", "node-exporter", "order-processing", "event-bus", "web-6f7d8c9b5-x2x4z"]
        {
            assert!(!is_compound(name), "{name}");
        }
    }
}
