//! Label and field selectors: as queries write them, and as objects hold them.

use serde_json::Value;

use super::{json, resources::Resource};

#[derive(Debug, Clone, PartialEq, Eq)]
enum Test {
    In(Vec<String>),
    NotIn(Vec<String>),
    Exists,
    Missing,
    Greater(i64),
    Less(i64),
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Requirement {
    key: String,
    test: Test,
}

/// A conjunction of requirements on labels.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Selector(Vec<Requirement>);

impl Selector {
    /// Reads a `labelSelector` query.
    pub(super) fn parse(query: &str) -> Result<Self, String> {
        split_outside_parentheses(query)
            .into_iter()
            .map(str::trim)
            .filter(|part| !part.is_empty())
            .map(parse_requirement)
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// Reads a `LabelSelector` object: `matchLabels` and `matchExpressions`.
    pub(super) fn of_object(selector: &Value) -> Self {
        let mut all = of_pairs(&json::pairs(selector, "/matchLabels"));
        all.extend(expressions(json::list(selector, "/matchExpressions")));
        Self(all)
    }

    /// Reads a plain map of labels: a Service's selector, a Pod's node selector.
    pub(super) fn of_map(owner: &Value, pointer: &str) -> Self {
        Self(of_pairs(&json::pairs(owner, pointer)))
    }

    /// Reads the `matchExpressions` of a node selector term.
    pub(super) fn of_expressions(items: &[Value]) -> Self {
        Self(expressions(items))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the labels of this object meet all requirements.
    pub(super) fn matches(&self, object: &Value) -> bool {
        let labels = json::at(object, "/metadata/labels");
        self.0.iter().all(|requirement| {
            let label = labels.get(&requirement.key).and_then(Value::as_str);
            let number = || label.and_then(|text| text.parse::<i64>().ok());
            match &requirement.test {
                Test::In(values) => label.is_some_and(|label| values.iter().any(|v| v == label)),
                Test::NotIn(values) => label.is_none_or(|label| values.iter().all(|v| v != label)),
                Test::Exists => label.is_some(),
                Test::Missing => label.is_none(),
                Test::Greater(limit) => number().is_some_and(|n| n > *limit),
                Test::Less(limit) => number().is_some_and(|n| n < *limit),
            }
        })
    }
}

fn of_pairs(pairs: &[(&str, &str)]) -> Vec<Requirement> {
    pairs.iter().map(|(key, value)| Requirement { key: (*key).to_owned(), test: Test::In(vec![(*value).to_owned()]) }).collect()
}

fn expressions(items: &[Value]) -> Vec<Requirement> {
    items
        .iter()
        .map(|item| {
            let values: Vec<String> = json::list(item, "/values").iter().filter_map(|value| value.as_str().map(str::to_owned)).collect();
            let limit = || values.first().and_then(|v| v.parse().ok()).unwrap_or(0);
            let test = match json::text(item, "/operator") {
                "In" => Test::In(values),
                "NotIn" => Test::NotIn(values),
                "Exists" => Test::Exists,
                "DoesNotExist" => Test::Missing,
                "Gt" => Test::Greater(limit()),
                "Lt" => Test::Less(limit()),
                // What cannot be understood matches nothing.
                _ => Test::In(Vec::new()),
            };
            Requirement { key: json::text(item, "/key").to_owned(), test }
        })
        .collect()
}

fn split_outside_parentheses(query: &str) -> Vec<&str> {
    let mut depth = 0_u32;
    query
        .split(|c: char| {
            match c {
                '(' => depth += 1,
                ')' => depth = depth.saturating_sub(1),
                _ => {}
            }
            c == ',' && depth == 0
        })
        .collect()
}

fn parse_requirement(part: &str) -> Result<Requirement, String> {
    let make = |key: &str, test| {
        let key = key.trim().to_owned();
        if key.is_empty() || key.contains(char::is_whitespace) {
            Err(format!("unable to parse requirement: invalid label key \"{key}\""))
        } else {
            Ok(Requirement { key, test })
        }
    };
    let set =
        |text: &str| text.trim().trim_start_matches('(').trim_end_matches(')').split(',').map(|value| value.trim().to_owned()).collect();
    if let Some((key, values)) = part.split_once(" notin ") {
        make(key, Test::NotIn(set(values)))
    } else if let Some((key, values)) = part.split_once(" in ") {
        make(key, Test::In(set(values)))
    } else if let Some((key, value)) = part.split_once("!=") {
        make(key, Test::NotIn(vec![value.trim().to_owned()]))
    } else if let Some((key, value)) = part.split_once("==").or_else(|| part.split_once('=')) {
        make(key, Test::In(vec![value.trim().to_owned()]))
    } else if let Some(key) = part.strip_prefix('!') {
        make(key, Test::Missing)
    } else {
        make(part, Test::Exists)
    }
}

/// A conjunction of equalities on fields.
#[derive(Debug, Clone, Default)]
pub(super) struct Fields(Vec<(String, bool, String)>);

impl Fields {
    /// Reads a `fieldSelector` query; each kind knows just some fields.
    pub(super) fn parse(resource: &Resource, query: &str) -> Result<Self, String> {
        let mut fields = Vec::new();
        for part in query.split(',').filter(|part| !part.is_empty()) {
            let (field, equal, value) = if let Some((field, value)) = part.split_once("!=") {
                (field, false, value)
            } else if let Some((field, value)) = part.split_once("==").or_else(|| part.split_once('=')) {
                (field, true, value)
            } else {
                return Err(format!("invalid selector: '{part}'; can't understand '{part}'"));
            };
            if !known(resource, field) {
                return Err(unknown(resource, field));
            }
            fields.push((format!("/{}", field.replace('.', "/")), equal, value.to_owned()));
        }
        Ok(Self(fields))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn matches(&self, object: &Value) -> bool {
        self.0.iter().all(|(pointer, equal, wanted)| {
            let value = json::at(object, pointer);
            let text = match value.as_str() {
                Some(text) => text.to_owned(),
                None if value.is_null() => String::new(),
                None if pointer == "/source" => json::text(value, "/component").to_owned(),
                None => value.to_string(),
            };
            (text == *wanted) == *equal
        })
    }
}

fn known(resource: &Resource, field: &str) -> bool {
    field == "metadata.name" || (field == "metadata.namespace" && resource.namespaced) || own_fields(resource).contains(&field)
}

fn unknown(resource: &Resource, field: &str) -> String {
    if own_fields(resource).is_empty() {
        format!("\"{field}\" is not a known field selector: only \"metadata.name\", \"metadata.namespace\"")
    } else {
        format!("field label not supported: {field}")
    }
}

/// What a kind can be selected by, besides name and namespace.
fn own_fields(resource: &Resource) -> &'static [&'static str] {
    match resource.kind {
        "Pod" => &[
            "spec.nodeName",
            "spec.restartPolicy",
            "spec.schedulerName",
            "spec.serviceAccountName",
            "status.phase",
            "status.podIP",
            "status.nominatedNodeName",
        ],
        "Event" => &[
            "involvedObject.kind",
            "involvedObject.namespace",
            "involvedObject.name",
            "involvedObject.uid",
            "involvedObject.apiVersion",
            "involvedObject.resourceVersion",
            "involvedObject.fieldPath",
            "reason",
            "reportingComponent",
            "source",
            "type",
        ],
        "Node" => &["spec.unschedulable"],
        "Secret" => &["type"],
        "Namespace" => &["status.phase"],
        "ReplicaSet" => &["status.replicas"],
        "Job" => &["status.successful"],
        "Service" => &["spec.clusterIP", "spec.type"],
        _ => &[],
    }
}
