//! Names and uids that the cluster gives, the same in every run, and hashes as Kubernetes writes them.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// The letters and digits that generated names are made of, as Kubernetes does: no vowels, nothing that looks alike.
const ALPHABET: &[u8; 27] = b"bcdfghjklmnpqrstvwxz2456789";

/// What has been given so far.
#[derive(Debug)]
pub(super) struct Names {
    counter: u64,
}

impl Names {
    /// Names of the cluster of this number: no two clusters give the same uids.
    pub(super) fn of_cluster(number: u64) -> Self {
        Self { counter: number.saturating_mul(1_000_000_000) }
    }

    /// A uid that no other object has; the same in every run.
    pub(super) fn uid(&mut self) -> String {
        let hash: String = self.draw().iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        let part = |from: usize, to: usize| hash.get(from..to).unwrap_or_default().to_owned();
        format!("{}-{}-4{}-8{}-{}", part(0, 8), part(8, 12), part(13, 16), part(17, 20), part(20, 32))
    }

    /// Five letters as the API server appends them to a generated name.
    pub(super) fn suffix(&mut self) -> String {
        self.draw().iter().take(5).map(|byte| letter(*byte)).collect()
    }

    /// A number that grows with each call.
    pub(super) fn count(&mut self) -> u64 {
        self.counter += 1;
        self.counter
    }

    fn draw(&mut self) -> [u8; 32] {
        Sha256::digest(self.count().to_be_bytes()).into()
    }
}

fn letter(number: u8) -> char {
    ALPHABET.get(usize::from(number) % ALPHABET.len()).map_or('x', |byte| char::from(*byte))
}

/// A hash of a template, written as Kubernetes writes it: the digits of a number in letters that spell nothing.
pub(super) fn template_hash(template: &Value) -> String {
    let canonical = canonical(template).to_string();
    let hash = canonical.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    hash.to_string().bytes().map(letter).collect()
}

/// A hash of a text, as 64 hexadecimal digits.
pub(super) fn digest(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The same value with its keys in order, so that equal values are equal texts.
fn canonical(value: &Value) -> Value {
    if let Some(map) = value.as_object() {
        let sorted: BTreeMap<&String, Value> = map.iter().map(|(key, value)| (key, canonical(value))).collect();
        json!(sorted)
    } else if let Some(items) = value.as_array() {
        items.iter().map(canonical).collect()
    } else {
        value.clone()
    }
}
