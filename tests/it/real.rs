//! On the real Kubernetes: every case, the stories, the refusals, the rights, what no rule knows, and what the rules rest on. Each test has a namespace of its own.

mod agreement;
mod cases;
mod clients;
mod consent;
mod conversations;
mod crash;
mod looks;
mod meantime;
mod revisions;
mod rights;
mod setups;
mod slow;
mod stories;
mod trial;
mod variants;

/// The cluster, or the end of the test where there is none.
macro_rules! world {
    () => {
        match crate::support::world::World::find().await {
            Some(world) => world,
            None => return,
        }
    };
}
pub(crate) use world;
