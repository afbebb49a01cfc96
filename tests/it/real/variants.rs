//! The same faults under other names, namespaces and owners.

use super::trial::{Trial, Who};
use super::world;
use crate::support::server::Opening;
use crate::support::variant::VARIANTS;
use futures::StreamExt;
use futures::stream::FuturesUnordered;

#[tokio::test]
async fn every_variant_is_found_and_fixed_like_its_case() {
    let world = world!();
    let mut all: FuturesUnordered<_> = VARIANTS
        .iter()
        .map(|variant| {
            let world = world.clone();
            async move {
                let folder = tempfile::tempdir().unwrap();
                if let Some(trial) = Trial::of_case(&world, variant.made_in(folder.path()), Who::Two).await {
                    trial.prove(Opening::Auto).await;
                }
            }
        })
        .collect();
    while all.next().await.is_some() {}
}
