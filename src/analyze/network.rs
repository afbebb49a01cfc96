//! Services that lead nowhere.

pub(super) mod svc_selector_mismatch;
