//! PersistentVolumeClaims that are missing, misnamed, or ask for a StorageClass that does not exist.

mod assumed;
mod claims;
pub(super) mod classes;
mod missing_claim;
pub(super) mod pvc_claim_name_typo;
pub(super) mod pvc_missing;
pub(super) mod pvc_storageclass_missing;
