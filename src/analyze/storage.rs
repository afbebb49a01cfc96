//! PersistentVolumeClaims that are missing, misnamed or lost, or that ask for a StorageClass that does not exist or makes no volumes.

mod assumed;
mod claims;
pub(super) mod classes;
mod creating;
mod kept;
mod missing_claim;
pub(super) mod pvc_claim_name_typo;
pub(super) mod pvc_lost;
pub(super) mod pvc_missing;
pub(super) mod pvc_storageclass_empty;
pub(super) mod pvc_storageclass_missing;
mod replacing;
mod unused;
mod waiting;
mod wanted;
