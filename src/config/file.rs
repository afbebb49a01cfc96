//! The configuration file: one YAML mapping of the options. Only the operator's own place is read, never the working directory.

use super::environment::Environment;
use super::options::{ConfigError, Given, OPTIONS, Value, probably_meant};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A file of two dozen options is not larger.
const FILE_BYTES: u64 = 1024 * 1024;
/// The options that are paths: relative to the file, `~` is the home.
const PATHS: [&str; 4] = ["kubeconfig", "write-kubeconfig", "state-dir", "model-key-file"];

/// Reads `--config`, else `KUBEMEND_CONFIG`, else the usual place if there is one.
pub(super) fn read(flag: Option<&Path>, environment: &Environment, home: Option<&Path>) -> Result<(Option<PathBuf>, Given), ConfigError> {
    let named = flag.map(Path::to_owned).or_else(|| environment.get("KUBEMEND_CONFIG").map(PathBuf::from));
    let path = match named {
        Some(path) => path,
        None => {
            let folder = environment.folder("XDG_CONFIG_HOME").or_else(|| Some(home?.join(".config")));
            match folder.map(|folder| folder.join("kubemend").join("config.yaml")).filter(|path| path.exists()) {
                Some(path) => path,
                None => return Ok((None, Given::default())),
            }
        }
    };
    let shown = path.display().to_string();
    let fail = |reason: String| ConfigError::File { file: shown.clone(), reason };
    let meta = std::fs::metadata(&path).map_err(|error| fail(io_words(&error)))?;
    if !meta.is_file() {
        return Err(fail("it is not a regular file".to_owned()));
    }
    if meta.len() > FILE_BYTES {
        return Err(fail(format!("it is larger than {FILE_BYTES} bytes")));
    }
    let text = std::fs::read_to_string(&path).map_err(|error| fail(io_words(&error)))?;
    let given = parse(&text, &path, home)?;
    Ok((Some(path), given))
}

fn io_words(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "it does not exist".to_owned(),
        std::io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        std::io::ErrorKind::InvalidData => "it is not UTF-8 text".to_owned(),
        _ => error.to_string(),
    }
}

pub(super) fn parse(text: &str, path: &Path, home: Option<&Path>) -> Result<Given, ConfigError> {
    let shown = path.display().to_string();
    let fail = |reason: String| ConfigError::File { file: shown.clone(), reason };
    let lines = text.lines().map(str::trim);
    if lines.clone().all(|line| line.is_empty() || line.starts_with('#') || line == "---") {
        return Ok(Given::default());
    }
    let options: BTreeMap<String, serde_json::Value> =
        serde_saphyr::from_str(text).map_err(|error| match (error.without_snippet(), error.location()) {
            (serde_saphyr::Error::DuplicateMappingKey { key: Some(key), .. }, _) => {
                ConfigError::Twice { key: short(key), file: shown.clone() }
            }
            (_, Some(at)) => fail(format!("not a mapping of options in YAML, see line {}, column {}", at.line(), at.column())),
            (_, None) => fail("not a mapping of options in YAML".to_owned()),
        })?;
    let mut given = Given::default();
    for (key, value) in options {
        let Some(known) = OPTIONS.into_iter().find(|option| *option == key) else {
            let key = short(&key);
            return Err(ConfigError::Unknown { hint: probably_meant(&key, &OPTIONS), key, file: shown });
        };
        let origin = format!("`{known}` in `{shown}`");
        let text = match &value {
            serde_json::Value::Null => return Err(ConfigError::Empty { origin }),
            serde_json::Value::String(text) if text.is_empty() => return Err(ConfigError::Empty { origin }),
            serde_json::Value::String(text) => text.clone(),
            serde_json::Value::Bool(yes) => yes.to_string(),
            serde_json::Value::Number(number) => number.to_string(),
            serde_json::Value::Array(items) if known == "contexts" => {
                let names: Option<Vec<&str>> = items.iter().map(serde_json::Value::as_str).collect();
                names.ok_or_else(|| fail("`contexts` must be a list of names".to_owned()))?.join(",")
            }
            serde_json::Value::Array(_) | serde_json::Value::Object(_) => return Err(fail(format!("`{key}` must have a single value"))),
        };
        let text = if PATHS.contains(&known) { located(&text, path, home).into_os_string() } else { text.into() };
        given.0.insert(known, Value { text, origin });
    }
    Ok(given)
}

fn short(key: &str) -> String {
    key.chars().filter(|c| !c.is_control()).take(80).collect()
}

fn located(text: &str, file: &Path, home: Option<&Path>) -> PathBuf {
    match (text.strip_prefix("~/"), home) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => file.parent().map_or_else(|| PathBuf::from(text), |folder| folder.join(text)),
    }
}
