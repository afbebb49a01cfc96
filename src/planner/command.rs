//! The kubectl line that a human would type for the same change.

use super::diff::yaml;
use crate::domain::action::Action;
use crate::domain::plan::STAMP;
use crate::domain::request::Request;
use serde_json::Value;

/// The command, without our stamp: a human's change is not ours.
pub(crate) fn kubectl(action: &Action, request: &Request) -> String {
    let target = action.target();
    let namespace = target.namespace.as_ref().map(|ns| format!(" -n {ns}")).unwrap_or_default();
    match action {
        Action::Create { manifest, .. } => {
            format!("kubectl create -f - <<'EOF'\n{}EOF", yaml(manifest).unwrap_or_default())
        }
        Action::Patch { .. } => {
            let stamp = crate::domain::field::escape(STAMP);
            let ops: Vec<Value> = serde_json::from_str::<Vec<Value>>(&request.body)
                .unwrap_or_default()
                .into_iter()
                .filter(|op| {
                    let path = op.get("path").and_then(Value::as_str).unwrap_or_default();
                    !path.ends_with(&stamp) && path != "/metadata/annotations" && path != "/metadata/resourceVersion"
                })
                .collect();
            let body = Value::Array(ops).to_string().replace('\'', r"'\''");
            format!("kubectl patch {}{namespace} --type=json -p '{body}'", target.slashed())
        }
        Action::DeleteUnboundClaim { .. } => format!("kubectl delete {}{namespace}", target.slashed()),
    }
}
