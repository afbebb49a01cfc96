//! Every parser with bytes that make no sense, with ones that nearly do, and with its seeds.

use super::seeds::seeds;
use super::{PARSERS, parse};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Every parser has a target and seeds. With `KUBEMEND_TEST_SEEDS` the seeds are written there, for `fuzz/run`.
#[test]
#[expect(clippy::disallowed_methods, reason = "the test also makes the seeds for `fuzz/run`, which says where")]
fn every_parser_has_a_target_and_seeds_which_it_takes() {
    let all = seeds();
    let names: BTreeSet<&str> = PARSERS.iter().map(|(name, _)| *name).collect();
    assert_eq!(all.keys().copied().collect::<BTreeSet<_>>(), names);
    let place = std::env::var_os("KUBEMEND_TEST_SEEDS");
    for (name, seeds) in &all {
        let target = Path::new("fuzz/fuzz_targets").join(name).with_extension("rs");
        let text = std::fs::read_to_string(&target).unwrap_or_else(|_| panic!("{} is not there", target.display()));
        assert!(text.contains(&format!("parse(\"{name}\", bytes)")), "{} is for something else", target.display());
        assert!(!seeds.is_empty(), "{name} has no seeds");
        for (index, seed) in seeds.iter().enumerate() {
            parse(name, seed);
            if let Some(place) = &place {
                let folder = Path::new(place).join(name);
                std::fs::create_dir_all(&folder).unwrap();
                std::fs::write(folder.join(format!("seed-{index}")), seed).unwrap();
            }
        }
    }
    let targets = std::fs::read_dir("fuzz/fuzz_targets").unwrap().count();
    assert_eq!(targets, names.len(), "a target without a parser");
}

/// A seed with some of its bytes replaced by others, or by a piece of another seed.
fn nearly(seeds: &BTreeMap<&'static str, Vec<Vec<u8>>>) -> impl Strategy<Value = (usize, Vec<u8>)> + use<> {
    let all: Vec<(usize, Vec<u8>)> =
        PARSERS.iter().enumerate().flat_map(|(at, (name, _))| seeds[name].iter().map(move |seed| (at, seed.clone()))).collect();
    let pieces: Vec<Vec<u8>> = all.iter().map(|(_, seed)| seed.clone()).collect();
    let splice = (any::<prop::sample::Index>(), 0..40_usize, any::<prop::sample::Index>(), prop::collection::vec(any::<u8>(), 0..8));
    let odd =
        prop::sample::select(vec!["null", "-1", "\"\"", "[]", "{}", "1e999", "\u{202e}", "true", "\"\\u0000\"", "18446744073709551616"]);
    (prop::sample::select(all), prop::collection::vec((splice, odd, any::<bool>(), prop::sample::select(pieces)), 1..4)).prop_map(
        |((at, mut seed), edits)| {
            for ((from, length, start, bytes), odd, foreign, piece) in edits {
                let from = from.index(seed.len() + 1);
                let until = seed.len().min(from + length);
                let start = if piece.is_empty() { 0 } else { start.index(piece.len()) };
                let other = piece[start..piece.len().min(start + length)].to_vec();
                let put = if foreign {
                    other
                } else if bytes.len() < 2 {
                    odd.as_bytes().to_vec()
                } else {
                    bytes
                };
                seed.splice(from..until, put);
            }
            (at, seed)
        },
    )
}

/// What a JSON document has in it is replaced, its form stays: what is of another type, empty, negative or huge.
fn misused(value: &mut serde_json::Value, at: &mut usize, with: &serde_json::Value) {
    if *at == 0 {
        *value = with.clone();
    }
    *at = at.wrapping_sub(1);
    match value {
        serde_json::Value::Array(list) => list.iter_mut().for_each(|inner| misused(inner, at, with)),
        serde_json::Value::Object(map) => map.values_mut().for_each(|inner| misused(inner, at, with)),
        _ => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn bytes_that_make_no_sense_break_no_parser(bytes in prop::collection::vec(any::<u8>(), 0..200), text in "\\PC{0,200}") {
        for (_, parser) in PARSERS {
            parser(&bytes);
            parser(text.as_bytes());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn seeds_with_other_bytes_in_them_break_no_parser((at, bytes) in nearly(&seeds())) {
        PARSERS[at].1(&bytes);
    }

    #[test]
    fn documents_with_other_values_in_them_break_no_parser(
        name in prop::sample::select(vec!["arguments", "discovery", "line", "objects", "page", "record"]),
        seed in any::<prop::sample::Index>(),
        place in any::<prop::sample::Index>(),
        with in prop::sample::select(vec!["null", "-1", "\"\"", "[]", "{}", "[null]", "1e308", "true", "\"a/b\"", "\"\\u0000\"", "99999999999"]),
    ) {
        let all = &seeds()[name];
        let mut document: serde_json::Value = serde_json::from_slice(&all[seed.index(all.len())]).unwrap();
        let values = document.to_string().matches([':', ',']).count() + 1;
        misused(&mut document, &mut place.index(values), &serde_json::from_str(with).unwrap());
        parse(name, document.to_string().as_bytes());
    }
}
