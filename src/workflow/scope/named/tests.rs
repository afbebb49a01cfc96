//! Words that name namespaces, and words that only look like it.

use super::*;

fn found(words: &str, all: &[&str]) -> Named {
    let all: Vec<String> = all.iter().map(|s| (*s).to_owned()).collect();
    named(&Wording::of(words), Some(&all))
}

fn these(names: &[&str]) -> Named {
    Named::These(names.iter().map(|s| (*s).to_owned()).collect())
}

#[test]
fn every_namespace_that_the_words_name_is_found() {
    let all = ["a-team", "default", "database", "media", "shop", "production", "web", "run", "payments", "kube-system"];
    for (words, expected) in [
        ("Something is wrong with my database in the a-team namespace", these(&["a-team"])),
        ("pods crash in namespace default", these(&["default"])),
        ("The library in media has not started", these(&["media"])),
        ("the namespaces production and web are both slow", these(&["production", "web"])),
        ("production, shop and web namespaces are slow", these(&["production", "shop", "web"])),
        ("pods in shop cannot reach payments", these(&["shop", "payments"])),
        ("shop and payments are down", these(&["shop", "payments"])),
        ("my web pods in shop crash", these(&["shop"])),
        ("web is slow", these(&["web"])),
        ("shop/checkout does not start", these(&["shop"])),
        ("kubectl -n shop get pods shows errors", these(&["shop"])),
        ("is `payments` healthy?", these(&["payments"])),
        ("coredns in kube-system restarts", these(&["kube-system"])),
    ] {
        assert_eq!(found(words, &all), expected, "{words}");
    }
}

#[test]
fn ordinary_words_name_no_namespace() {
    let all = ["a", "shop", "default", "payments"];
    for words in [
        "the default storage is gone",
        "Others in the namespace run fine",
        "nothing works in the namespace",
        "my pods crash",
        "is there something wrong in the namespace today?",
        "all pods of the whole namespace are pending",
        "in the default storage class nothing binds",
        "the namespace nginx runs in is fine",
    ] {
        assert_eq!(found(words, &all), Named::Nothing, "{words}");
    }
}

#[test]
fn misspelt_namespace_is_missing_and_not_replaced() {
    assert_eq!(found("db down in the paymnts namespace", &["payments"]), Named::Missing("paymnts".into()));
    assert_eq!(found("pods crash in namespace staging", &["payments"]), Named::Missing("staging".into()));
}

#[test]
fn no_word_makes_an_error_of_the_rest() {
    assert_eq!(found("Others in the namespace run fine, shop does not", &["shop"]), these(&["shop"]));
    assert_eq!(found("shop fails, the legacy namespace was deleted", &["shop"]), these(&["shop"]));
}

#[test]
fn clear_names_are_taken_at_their_word_where_namespaces_cannot_be_listed() {
    assert_eq!(named(&Wording::of("pods in the shop namespace crash"), None), these(&["shop"]));
    assert_eq!(named(&Wording::of("Others in the namespace run fine"), None), Named::Nothing);
}
