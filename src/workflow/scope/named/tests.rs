//! Words that name namespaces, and words that only look like it.

use super::*;

fn found(words: &str, all: &[&str]) -> Named {
    named(&mut Wording::of(words), &Known::listed(all))
}

/// What is lost of these words.
fn lost(words: &str, known: &Known) -> Vec<(String, Why)> {
    let mut wording = Wording::of(words);
    named(&mut wording, known);
    let lost = |word: &Word| match &word.place {
        Site::Lost(lost) => Some((lost.name.clone(), lost.why)),
        Site::Open | Site::Known => None,
    };
    wording.iter().filter_map(lost).collect()
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
fn clear_names_are_taken_at_their_word_where_nobody_may_ask_for_them() {
    let said = |words: &str, known: &Known| named(&mut Wording::of(words), known).said;
    let unknown = Known::unlisted(&[]);
    for words in ["pods in the shop namespace crash", "web in shop is down", "shop/web is down", "web -n shop", "web.shop.svc:80 is down"] {
        assert_eq!(said(words, &unknown), ["shop"], "{words}");
    }
    for words in ["Others in the namespace run fine", "web is stuck in limbo", "web is late in time", "frontend/backend is slow"] {
        assert_eq!(said(words, &unknown), strings(&[]), "{words}");
    }
    assert_eq!(lost("web is stuck in limbo", &unknown), [("limbo".to_owned(), Why::Unchecked)]);
}

#[test]
fn what_may_be_asked_for_one_by_one_is_no_more_unknown_than_in_a_list() {
    use Presence::{Absent, Here};
    let words = "web in beta, shop/web, web in attic and the media pods";
    let asked = candidates(&Wording::of(words));
    assert_eq!(asked.stated, strings(&["shop", "beta", "attic"]));
    assert!(asked.mentioned.contains(&"media".to_owned()), "{asked:?}");
    let known = Known::unlisted(&[("shop", Here), ("beta", Here), ("attic", Absent), ("media", Here), ("web", Absent)]);
    let found = named(&mut Wording::of(words), &known);
    assert_eq!((found.said, found.bare), (strings(&["shop", "beta"]), strings(&["media"])));
    assert_eq!(lost(words, &known), [("attic".to_owned(), Why::Absent)]);
}

#[test]
fn in_behind_an_ordinary_word_is_prose_once_a_namespace_is_stated() {
    let known = Known::listed(&["load", "shop"]);
    for (words, name, why) in [
        ("loader in load shows ImagePullBackOff in k9s", "k9s", Why::Prose),
        ("web in shop is pending, and we changed the class in the chart", "chart", Why::Prose),
        ("loader shows ImagePullBackOff in k9s", "k9s", Why::Absent),
        ("web in shop is fine, and checkout in attic is down", "attic", Why::Absent),
        ("web in shop is fine and shows errors in production", "production", Why::Absent),
    ] {
        assert_eq!(lost(words, &known), [(name.to_owned(), why)], "{words}");
    }
}

#[test]
fn stated_place_that_does_not_exist_is_lost_and_never_dropped() {
    let known = Known::listed(&["shop"]);
    for words in [
        "warehouse/catalog is down",
        "catalog in warehouse is down",
        "shop fails, look in the warehouse namespace",
        "Deployment/warehouse/catalog is down",
        "shop is slow: catalog -n warehouse",
    ] {
        assert_eq!(lost(words, &known), [("warehouse".to_owned(), Why::Absent)], "{words}");
    }
    let depoyment = "depoyment/web is down";
    let mut wording = Wording::of(depoyment);
    named(&mut wording, &known);
    let nearest = wording.iter().find_map(|w| if let Site::Lost(lost) = &w.place { Some(lost.nearest.clone()) } else { None });
    assert_eq!(nearest.unwrap(), ["deployment/web"]);
}

#[test]
fn ordinary_phrases_with_slashes_and_in_state_no_place() {
    let known = Known::listed(&["shop"]);
    for words in [
        "web is slow in time and/or space",
        "client/server errors of web",
        "tcp/80 of web does not answer over http/2",
        "web goes on/off",
        "9/10 pods of web run 24/7",
        "see /var/log and GET /balances",
        "image nginx/nginx:1.2 of ghcr.io/acme/app",
        "https://shop.example.com/checkout is down",
        "web is in progress, in pending state and in CrashLoopBackOff",
        "in the meantime web is broken",
        "web runs in the default configuration",
        "web works in theory",
        "web worked in the past",
        "an increase in errors, in general and in detail",
    ] {
        let lost = lost(words, &known);
        assert!(lost.iter().all(|(_, why)| *why == Why::Prose), "{words}: {lost:?}");
        assert!(lost.len() <= 1, "{words}: {lost:?}");
    }
}

#[test]
fn another_place_than_the_one_that_was_given_is_not_dropped() {
    let known = Known::given(&Namespace::parse("shop").unwrap(), "staging-1");
    for words in ["warehouse/catalog is down", "catalog -n warehouse", "catalog in namespace warehouse"] {
        assert_eq!(lost(words, &known), [("warehouse".to_owned(), Why::Passed)], "{words}");
    }
    assert_eq!(lost("shop/catalog in shop and catalog and/or client/server", &known), []);
}

#[test]
fn what_a_context_is_called_says_nothing_about_a_namespace() {
    assert_eq!(lost("web in staging is down", &Known::listed(&["shop"])), []);
    assert_eq!(lost("web in namespace staging and shop", &Known::listed(&["shop"])), [("staging".to_owned(), Why::Absent)]);
}

#[test]
fn word_before_namespace_is_no_place_where_the_name_comes_after_it() {
    let found = found("checkout namespace shop is down", &["shop"]);
    assert_eq!((found.said, found.missing), (strings(&["shop"]), None));
    assert_eq!(lost("checkout namespace shop is down", &Known::listed(&["shop"])), []);
}
