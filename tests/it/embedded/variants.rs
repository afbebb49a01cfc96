//! The same faults under other names, namespaces and owners.

use super::cases::prove;
use crate::support::variant::VARIANTS;

#[tokio::test(start_paused = true)]
async fn every_variant_is_found_and_fixed_like_its_case() {
    for variant in VARIANTS {
        let folder = tempfile::tempdir().unwrap();
        prove(&variant.made_in(folder.path())).await;
    }
}
