//! Who wrote what, as the API server's own audit log says it.

use super::world::{Place, Run};
use serde_json::Value;
use std::io::{BufRead, BufReader};

/// One successful write that was not a rehearsal.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Wrote {
    pub(crate) user: String,
    pub(crate) verb: String,
    pub(crate) resource: String,
    pub(crate) name: String,
    pub(crate) uri: String,
    pub(crate) body: Value,
}

/// Everything that these users asked about this namespace; other namespaces and other users are left out.
fn entries(run: &Run, namespace: &str, users: &[&str]) -> Vec<Value> {
    let file = std::fs::File::open(&run.audit_log).unwrap();
    let mark = format!("\"{namespace}\"");
    let mut found = Vec::new();
    for line in BufReader::new(file).lines() {
        let line = line.unwrap();
        if !line.contains(&mark) {
            continue;
        }
        // The last line may be half written by a request of somebody else.
        let Ok(entry) = serde_json::from_str::<Value>(&line) else { continue };
        let user = entry["user"]["username"].as_str().unwrap_or_default();
        if entry["stage"] == "ResponseComplete" && entry["objectRef"]["namespace"] == namespace && users.contains(&user) {
            found.push(entry);
        }
    }
    found
}

/// The writes of these users in this place, in order; `None` where there is no audit log to read.
pub(crate) fn writes(place: &Place, users: &[&str]) -> Option<Vec<Wrote>> {
    let run = place.world.run.as_ref()?;
    let writes = entries(run, &place.name, users).into_iter().filter(is_write).map(|e| Wrote {
        user: e["user"]["username"].as_str().unwrap_or_default().to_owned(),
        verb: e["verb"].as_str().unwrap_or_default().to_owned(),
        resource: e["objectRef"]["resource"].as_str().unwrap_or_default().to_owned(),
        name: e["objectRef"]["name"].as_str().unwrap_or_default().to_owned(),
        uri: e["requestURI"].as_str().unwrap_or_default().to_owned(),
        body: e["requestObject"].clone(),
    });
    Some(writes.collect())
}

/// How many requests of any kind these users made here.
pub(crate) fn requests(place: &Place, users: &[&str]) -> Option<Vec<String>> {
    let run = place.world.run.as_ref()?;
    let line = |e: &Value| format!("{} {} {}", e["user"]["username"], e["verb"], e["requestURI"]);
    Some(entries(run, &place.name, users).iter().map(line).collect())
}

fn is_write(entry: &Value) -> bool {
    let verb = entry["verb"].as_str().unwrap_or_default();
    let code = entry["responseStatus"]["code"].as_u64().unwrap_or_default();
    // A deletion with a body is what its body says: the API server ignores the query then.
    let options = &entry["requestObject"];
    let rehearsed = if verb == "delete" && options.is_object() {
        options["dryRun"] == serde_json::json!(["All"])
    } else {
        entry["requestURI"].as_str().unwrap_or_default().contains("dryRun=All")
    };
    !matches!(verb, "get" | "list" | "watch") && (200..300).contains(&code) && !rehearsed
}

#[test]
fn a_rehearsal_a_read_and_a_refusal_are_no_writes() {
    let entry = |verb: &str, uri: &str, code: u16| serde_json::json!({"verb": verb, "requestURI": uri, "responseStatus": {"code": code}});
    assert!(is_write(&entry("create", "/api/v1/namespaces/a/persistentvolumeclaims", 201)));
    assert!(!is_write(&entry("create", "/api/v1/namespaces/a/persistentvolumeclaims?dryRun=All", 201)));
    assert!(!is_write(&entry("patch", "/apis/apps/v1/namespaces/a/deployments/x", 409)));
    assert!(!is_write(&entry("list", "/api/v1/namespaces/a/pods", 200)));
    let mut delete = entry("delete", "/api/v1/namespaces/a/persistentvolumeclaims/x?dryRun=All", 200);
    delete["requestObject"] = serde_json::json!({"kind": "DeleteOptions"});
    assert!(is_write(&delete));
    delete["requestObject"]["dryRun"] = serde_json::json!(["All"]);
    assert!(!is_write(&delete));
}
