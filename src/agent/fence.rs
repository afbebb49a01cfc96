//! Lines around what others wrote, with a number that is new each time: no text can hold the end of its own fence. Who wrote it stands
//! outside, in our words.

use sha2::{Digest, Sha256};

/// Makes fences of one investigation.
#[derive(Debug)]
pub(crate) struct Fences {
    secret: [u8; 32],
    made: u64,
}

impl Fences {
    pub(crate) fn new(secret: [u8; 32]) -> Self {
        Self { secret, made: 0 }
    }

    /// The text as data, below a line of ours.
    pub(crate) fn around(&mut self, heading: &str, text: &str) -> String {
        self.made = self.made.saturating_add(1);
        let number = self.derived(&self.made.to_be_bytes());
        format!("{heading}\n--- data {number} ---\n{text}\n--- end {number} ---")
    }

    /// A word of this investigation that nobody can guess.
    pub(crate) fn canary(&self) -> String {
        format!("kubemend-{}", self.derived(b"canary"))
    }

    fn derived(&self, what: &[u8]) -> String {
        let hash = Sha256::new().chain_update(self.secret).chain_update(what).finalize();
        hash.iter().take(6).map(|byte| format!("{byte:02x}")).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_fence_has_a_number_of_its_own() {
        let mut fences = Fences::new([7; 32]);
        let (one, two) = (fences.around("o1 = logs", "x"), fences.around("o1 = logs", "x"));
        assert_ne!(one, two);
        assert_eq!(one.lines().count(), 4);
        assert!(one.starts_with("o1 = logs\n--- data ") && !one.contains(&fences.canary()));
        assert_ne!(fences.canary(), Fences::new([8; 32]).canary());
    }
}
