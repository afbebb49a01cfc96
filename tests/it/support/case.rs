//! A scenario folder: what to set up, what to ask, what to expect. Unknown fields are refused.

use super::objects::documents;
use super::words::Word;
use serde::Deserialize;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Scenario {
    pub(crate) title: String,
    pub(crate) issue: String,
    pub(crate) namespace: String,
    /// What is applied to the cluster before, and stays in it: custom kinds.
    #[serde(default)]
    pub(crate) cluster: Vec<String>,
    pub(crate) setup: Vec<Phase>,
    pub(crate) expect: Expect,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Phase {
    pub(crate) apply: Vec<String>,
    pub(crate) until: Vec<Word>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Expect {
    pub(crate) status: String,
    #[serde(default)]
    pub(crate) cause: Option<Cause>,
    pub(crate) writes: Vec<Write>,
    /// Of conversations: how it ends after a human's yes.
    #[serde(default)]
    pub(crate) verdict: Option<String>,
    /// What the report says, and what it does not say, wherever in it.
    #[serde(default)]
    pub(crate) says: Vec<String>,
    #[serde(default)]
    pub(crate) unsaid: Vec<String>,
    #[serde(default)]
    pub(crate) untouched: Vec<String>,
    #[serde(default)]
    pub(crate) healed: Vec<Word>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Cause {
    pub(crate) code: String,
    pub(crate) object: String,
    #[serde(default)]
    pub(crate) field: Option<String>,
    #[serde(default)]
    pub(crate) found: Option<String>,
    #[serde(default)]
    pub(crate) expected: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Write {
    pub(crate) verb: String,
    pub(crate) object: String,
    #[serde(default)]
    pub(crate) paths: Vec<String>,
}

#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) folder: PathBuf,
    pub(crate) scenario: Scenario,
}

pub(crate) fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures/cases")
}

/// Stories: told on both clusters, and nothing of them is recorded.
pub(crate) fn stories() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures/stories")
}

/// Every case there is, by name.
pub(crate) fn names() -> Vec<String> {
    names_in(&folder())
}

pub(crate) fn names_in(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

impl Case {
    pub(crate) fn load(name: &str) -> Self {
        Self::read(name, &folder().join(name))
    }

    /// From this folder.
    pub(crate) fn read(name: &str, folder: &Path) -> Self {
        let text = fs::read_to_string(folder.join("scenario.yaml")).unwrap();
        let scenario = serde_saphyr::from_str(&text).unwrap_or_else(|e| panic!("{}/scenario.yaml: {e}", folder.display()));
        Self { name: name.to_owned(), folder: folder.to_owned(), scenario }
    }

    /// The user's words.
    pub(crate) fn issue(&self, namespace: &str) -> String {
        self.scenario.issue.replace("{namespace}", namespace)
    }

    /// The objects of one file.
    pub(crate) fn manifest(&self, file: &str) -> Vec<Value> {
        documents(&self.manifest_text(file))
    }

    pub(crate) fn manifest_text(&self, file: &str) -> String {
        fs::read_to_string(self.folder.join(file)).unwrap_or_else(|e| panic!("{}/{file}: {e}", self.name))
    }

    pub(crate) fn images_text(&self) -> String {
        fs::read_to_string(self.folder.join("images.yaml")).unwrap()
    }

    /// The made images that it needs, but for those that every registry has and that play themselves.
    pub(crate) fn made_images(&self) -> Vec<String> {
        #[derive(Deserialize)]
        struct Image {
            r#ref: String,
        }
        const REAL: [&str; 3] = ["nginx:1.27", "postgres:16", "redis:7.4"];
        let images: Vec<Image> = serde_saphyr::from_str(&self.images_text()).unwrap();
        images.into_iter().map(|i| i.r#ref).filter(|r| !REAL.contains(&r.as_str())).collect()
    }
}

#[test]
fn every_case_can_be_read_and_expects_something() {
    assert!(!names().is_empty());
    for name in names() {
        let case = Case::load(&name);
        assert!(!case.scenario.title.is_empty(), "{name}: no title");
        assert!(!case.scenario.setup.is_empty(), "{name}: nothing is set up");
        for phase in &case.scenario.setup {
            assert!(!phase.until.is_empty(), "{name}: a phase waits for nothing");
            for file in &phase.apply {
                for object in case.manifest(file) {
                    assert!(object["metadata"]["namespace"].is_null(), "{name}/{file} names a namespace");
                }
            }
        }
        let expect = &case.scenario.expect;
        match expect.status.as_str() {
            "diagnosed" => assert!(expect.cause.is_some() && !expect.healed.is_empty(), "{name} expects no cause or no healing"),
            "healthy" => assert!(expect.cause.is_none() && expect.writes.is_empty(), "{name} expects a cause or writes"),
            other => panic!("{name} expects the status {other}"),
        }
    }
}
