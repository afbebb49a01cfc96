//! Services that lead nowhere.

mod near;
pub(super) mod svc_selector_mismatch;
