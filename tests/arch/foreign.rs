//! Where bytes or text of others become something with a form, and which target fuzzes that place. A new way in is found by how such
//! code looks: by what reads JSON, YAML and UTF-8, and by functions that are called `parse` or the like and take text or bytes.
//! What is written by hand under another name is not found; it is listed below, and stays a matter of attention.

use super::source::{Source, assert_none, files_under, sources, stem};
use regex::Regex;
use std::collections::BTreeSet;

/// Names that stand only where something is read.
const READERS: &[&str] = &[
    "from_slice",
    "from_str",
    "from_reader",
    "from_value",
    "from_utf8",
    "from_utf8_lossy",
    "from_str_radix",
    "Deserialize",
    "DeserializeOwned",
    "Deserializer",
    "RawValue",
    "decode",
];
/// A function that reads, by its name and what it takes.
const READS: &str =
    r"fn (parse\w*|understand\w*|from_text|from_bytes|from_line\w*)\s*(<[^>]*>)?\(\s*(&self,\s*)?\w+: (&'?\w* ?str|&'?\w* ?\[u8\])";

/// Files, or folders with everything in them, and the targets of `fuzz/` that reach them.
const FUZZED: &[(&str, &str)] = &[
    // From a client.
    ("src/mcp/transport/message.rs", "line"),
    ("src/mcp/transport/strict.rs", "line"),
    ("src/mcp/desk.rs", "state answer"),
    ("src/call/", "arguments"),
    ("src/domain/id.rs", "arguments record"),
    ("src/domain/digest.rs", "arguments record"),
    ("src/domain/issue.rs", "issue record"),
    ("src/domain/kind.rs", "name issue"),
    ("src/domain/namespace.rs", "name issue arguments"),
    ("src/domain/object.rs", "name arguments"),
    ("src/probe/arguments.rs", "look calls"),
    ("src/agent/reply.rs", "conclusion"),
    ("src/domain/conversation.rs", "text"),
    ("src/agent/investigation.rs", "calls"),
    ("src/agent/transcript.rs", "calls"),
    ("src/domain/observation.rs", "conclusion"),
    ("src/domain/proposal.rs", "conclusion"),
    ("src/domain/field.rs", "look conclusion"),
    ("src/domain/look.rs", "record"),
    // From the operator.
    ("src/cluster/kubeconfig.rs", "kubeconfig"),
    ("src/cluster/plugin.rs", "plugin"),
    ("src/recording/", "recording"),
    ("src/config/", "config"),
    ("src/domain/base_url.rs", "config"),
    ("src/domain/model_name.rs", "config"),
    ("src/domain/prices.rs", "config"),
    // From an API server.
    ("src/cluster/fault.rs", "page write review"),
    ("src/cluster/page.rs", "page"),
    ("src/cluster/table.rs", "table"),
    ("src/probe/described.rs", "shown"),
    ("src/probe/documents.rs", "shown"),
    ("src/probe/values.rs", "shown"),
    ("src/cluster/watch.rs", "watch"),
    ("src/cluster/write.rs", "write"),
    // A container's own words, which leave as an excerpt.
    ("src/cluster/read.rs", "text"),
    ("src/domain/objects.rs", "page objects"),
    ("src/domain/resource.rs", "objects"),
    ("src/domain/workload.rs", "objects plans"),
    ("src/planner/action/", "plans"),
    ("src/planner/live.rs", "plans"),
    // From a language model's provider.
    ("src/model/exchange.rs", "reply"),
    ("src/model/failure.rs", "reply"),
    ("src/model/openai/", "reply"),
    ("src/model/anthropic/", "reply"),
    ("src/model/sse.rs", "reply"),
    ("src/model/value.rs", "reply"),
    // From the record.
    ("src/session/record.rs", "record"),
    ("src/session/record/", "record"),
    ("src/domain/cause.rs", "record"),
    ("src/domain/ending.rs", "record"),
    ("src/domain/evidence.rs", "record conclusion"),
    ("src/domain/focus.rs", "record"),
    ("src/domain/request.rs", "record"),
    ("src/domain/finding.rs", "record"),
    ("src/domain/risk.rs", "record arguments"),
    ("src/domain/words/lost.rs", "record"),
    ("src/domain/validation.rs", "record"),
];

/// Ways in that lead from no bytes of others, and why.
const OWN: &[(&str, &str)] = &[
    ("src/app/signals.rs", "what the kernel says of this process"),
    ("src/cluster/reach.rs", "paths of our own requests, which have a property test of their own"),
    ("src/mcp/tools.rs", "compared with three names"),
    ("src/model/provider.rs", "values of headers that the operator set"),
    ("src/model/key.rs", "the operator's own key, which has no form but that of a header's value"),
    ("src/workflow.rs", "a token is compared, and has no form"),
    ("src/workflow/covered.rs", "the request of a plan, which its digest covers"),
    ("src/workflow/view.rs", "the request of a plan, which its digest covers"),
];

/// Read by hand, under names that say nothing of it.
const BY_HAND: &[(&str, &str)] = &[
    ("src/analyze/image/reference.rs", "objects plans"),
    ("src/analyze/image/sentence.rs", "objects"),
    ("src/cluster/discovery.rs", "discovery"),
    ("src/cluster/review.rs", "review"),
    ("src/domain/excerpt.rs", "text"),
    ("src/domain/field.rs", "field"),
    ("src/domain/secrets.rs", "text"),
    ("src/domain/visible.rs", "text"),
    ("src/domain/words.rs", "issue"),
    ("src/domain/words/tokens.rs", "issue"),
    ("src/planner/admission.rs", "admission"),
    ("src/probe/digest.rs", "log"),
];

fn ways_in() -> BTreeSet<&'static str> {
    let reads = Regex::new(READS).unwrap();
    let code = |s: &Source| s.text.split("\n#[cfg(test)]\n").next().unwrap_or_default().to_owned();
    let elsewhere = ["sim", "foreign"];
    let compiled =
        sources().iter().filter(|s| !s.test && !s.top().is_some_and(|top| elsewhere.contains(&top)) && !s.path.ends_with("/foreign.rs"));
    // kube reads this file for us.
    let kubeconfig =
        |s: &Source| s.paths.iter().any(|path| path.first().is_some_and(|p| p == "kube") && path.iter().any(|p| p == "Kubeconfig"));
    compiled.filter(|s| kubeconfig(s) || s.names(READERS) || reads.is_match(&code(s))).map(|s| s.path.as_str()).collect()
}

fn is_of(path: &str, row: &str) -> bool {
    path == row || (row.ends_with('/') && path.starts_with(row))
}

#[test]
fn every_way_in_for_foreign_bytes_is_fuzzed() {
    let found = ways_in();
    assert!(found.contains("src/mcp/transport/message.rs") && found.contains("src/domain/namespace.rs"), "ways in are found");
    let rows = || FUZZED.iter().chain(OWN).map(|(row, _)| *row);
    let unlisted = found.iter().filter(|path| !rows().any(|row| is_of(path, row)));
    let unlisted =
        unlisted.map(|path| format!("{path}: reads text or bytes, and no row says which target of `fuzz/` does so with any bytes"));
    let stale = rows().filter(|row| !found.iter().any(|path| is_of(path, row))).map(|row| format!("{row}: reads nothing any more"));
    assert_none(unlisted.chain(stale).collect());
}

#[test]
fn every_row_names_targets_that_there_are_and_every_target_is_for_something() {
    let targets: BTreeSet<String> = files_under("fuzz/fuzz_targets", "rs").iter().map(|path| stem(path)).collect();
    let named = || FUZZED.iter().chain(BY_HAND).flat_map(|(row, targets)| targets.split(' ').map(move |target| (*row, target)));
    let unknown =
        named().filter(|(_, target)| !targets.contains(*target)).map(|(row, target)| format!("{row}: there is no target `{target}`"));
    let idle =
        targets.iter().filter(|target| !named().any(|(_, named)| named == *target)).map(|target| format!("`{target}` is for nothing"));
    let gone = BY_HAND.iter().filter(|(path, _)| !sources().iter().any(|s| s.path == *path)).map(|(path, _)| format!("{path} is gone"));
    assert_none(unknown.chain(idle).chain(gone).collect());
}
