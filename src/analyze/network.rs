//! Services that lead nowhere, or to Pods that do not serve.

mod behind;
mod foreign;
mod likely;
mod missing;
mod near;
mod run_time;
mod split;
pub(super) mod svc_label_at_run_time;
pub(super) mod svc_selector_mismatch;
pub(super) mod svc_selector_too_wide;
