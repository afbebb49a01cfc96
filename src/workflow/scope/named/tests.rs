//! Words that name namespaces, and words that only look like it.

use super::*;

fn found(words: &str, all: &[&str]) -> Named {
    let all: Vec<String> = all.iter().map(|s| (*s).to_owned()).collect();
    named(&mut Wording::of(words), Some(&all))
}

fn strings(names: &[&str]) -> Vec<String> {
    names.iter().map(|s| (*s).to_owned()).collect()
}

const ALL: &[&str] = &["a-team", "default", "database", "media", "shop", "production", "web", "run", "payments", "kube-system"];

#[test]
fn every_namespace_that_the_words_say_is_found() {
    for (words, said, bare) in [
        ("Something is wrong with my database in the a-team namespace", &["a-team"][..], &["database"][..]),
        ("pods crash in namespace default", &["default"], &[]),
        ("The library in media has not started", &["media"], &[]),
        ("the namespaces production and web are both slow", &["production", "web"], &[]),
        ("production, shop and web namespaces are slow", &["production", "shop", "web"], &[]),
        ("pods in shop cannot reach payments", &["shop"], &["payments"]),
        ("shop/checkout does not start", &["shop"], &[]),
        ("checkout.shop.svc.cluster.local does not answer", &["shop"], &[]),
        ("kubectl -n shop get pods shows errors", &["shop"], &[]),
        ("kubectl --namespace=shop get pods", &["shop"], &[]),
        ("namespace: shop", &["shop"], &[]),
        ("coredns in kube-system restarts", &["kube-system"], &[]),
    ] {
        let named = found(words, ALL);
        assert_eq!((named.said, named.bare, named.missing), (strings(said), strings(bare), None), "{words}");
    }
}

#[test]
fn bare_word_is_a_namespace_only_perhaps() {
    for (words, bare) in [
        ("shop and payments are down", &["shop", "payments"][..]),
        ("my web pods crash", &["web"]),
        ("web is slow", &["web"]),
        ("is `payments` healthy?", &["payments"]),
        ("errors in the database", &["database"]),
    ] {
        let named = found(words, ALL);
        assert_eq!((named.said, named.bare), (strings(&[]), strings(bare)), "{words}");
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
        "in default configuration nothing binds",
        "the namespace nginx runs in is fine",
        "GET /shop/payments fails",
    ] {
        assert_eq!(found(words, &all), Named::default(), "{words}");
    }
}

#[test]
fn misspelt_namespace_is_missing_and_not_replaced() {
    for words in ["db down in the paymnts namespace", "web of namespace called paymnts", "-n paymnts", "namespace=paymnts", "ns/paymnts"] {
        assert_eq!(found(words, &["payments", "shop"]).missing.as_deref(), Some("paymnts"), "{words}");
    }
    assert_eq!(found("shop fails, look in the paymnts namespace", &["payments", "shop"]).missing.as_deref(), Some("paymnts"));
    assert_eq!(found("pods crash in namespace staging", &["payments"]).missing.as_deref(), Some("staging"));
    for words in ["in paymnts nothing works", "paymnts/web is down"] {
        assert_eq!(found(words, &["payments"]).misspelt, ["paymnts"], "{words}");
    }
}

#[test]
fn no_word_makes_an_error_of_the_rest() {
    for words in ["Others in the namespace run fine, shop does not", "shop fails, the legacy namespace was deleted"] {
        let named = found(words, &["shop"]);
        assert_eq!((named.bare, named.missing), (strings(&["shop"]), None), "{words}");
    }
}

#[test]
fn clear_names_are_taken_at_their_word_where_namespaces_cannot_be_listed() {
    assert_eq!(named(&mut Wording::of("pods in the shop namespace crash"), None).said, ["shop"]);
    assert_eq!(named(&mut Wording::of("Others in the namespace run fine"), None), Named::default());
}
