//! Words with hyphens that are words of the language, and not names: `go-live`, `read-only`, `end-to-end`, `third-party`.

use super::everyday;

/// Compounds of two nouns, which have no other mark.
const WHOLE: &str = "
load-balancer load-balancers load-balancing rate-limit rate-limits rate-limiter time-out time-outs health-check health-checks crash-loop
crash-loops restart-loop back-end front-end full-stack data-center data-centers key-value round-robin proof-of-concept e-mail e-mails
e-commerce open-source real-world black-friday cyber-monday dead-lock dead-locks side-effect side-effects error-rate error-rates
response-time response-times work-load work-loads name-space name-spaces hot-fix hot-fixes bug-fix bug-fixes use-case use-cases
post-mortem cold-start cold-starts file-system file-systems root-cause stack-trace stack-traces sign-in log-in on-call out-of-memory
o-o-m image-pull node-pool node-pools auto-scaler auto-scaling single-point t-shirt ci-cd web-site ping-pong peer-to-peer host-name
user-agent stand-by high-availability long-term short-term half-hour thank-you a-lot no-one set-up check-in what-ever";

/// What stands before a word and makes none of its own.
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

/// Whether it is one of them.
pub(super) fn is_compound(word: &str) -> bool {
    let parts: Vec<&str> = word.split('-').collect();
    let ([first, .., last], true) = (parts.as_slice(), parts.len() > 1) else { return false };
    let inner = parts.get(1..parts.len().saturating_sub(1)).unwrap_or_default();
    let described = ["ed", "ly", "able", "ible"].iter().any(|ending| last.len() > ending.len().saturating_add(1) && last.ends_with(ending));
    let counted = parts.iter().all(|part| part.starts_with(|c: char| c.is_ascii_digit()) || everyday::is_grammar(part));
    let short = parts.iter().any(|part| part.chars().count() < 2);
    has(WHOLE, word)
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
