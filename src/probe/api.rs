//! `api`: the kinds that this cluster has, and what one of them is made of, from the API server's own schemas, as `kubectl explain`
//! has it. What a field is for was written by whoever made the kind: it is shown as data, and cut.

use super::bounds::{FIELDS, FOLLOWED, MEANING};
use super::masking::{Late, beside};
use super::outcome::{Length, Outcome, listed, quoted};
use crate::domain::excerpt::Excerpt;
use crate::domain::field::{FieldPath, Segment};
use crate::domain::kind::Kind;
use crate::domain::masked::Masked;
use crate::domain::nearest::{did_you_mean, nearest};
use crate::ports::{ApiDocument, ClusterRead, ReadError};
use serde_json::{Map, Value};

/// Lists within lists, as far as they are told.
const LISTS: usize = 4;

pub(super) async fn explained(
    kind: Option<&Kind>,
    field: Option<&FieldPath>,
    length: Length,
    read: &dyn ClusterRead,
) -> Result<Outcome, ReadError> {
    let Some(kind) = kind else { return kinds(length, read).await };
    let schemas = match read.document(&ApiDocument::Schemas(kind.clone())).await {
        Ok(schemas) => schemas,
        Err(ReadError::NotFound(_) | ReadError::Refused { status: 404, .. }) => {
            return Ok(Outcome::unseen(&format!("the API server tells no schemas of `{}`", kind.api_version())));
        }
        Err(error) => return Err(error),
    };
    let (kind, field) = (kind.clone(), field.cloned());
    let text = beside(move || laid_out(&schemas, &kind, field.as_ref()).map(|text| Masked::whole(&text))).await;
    Ok(match text {
        Err(Late) => Outcome::late(),
        Ok(Ok(text)) => Outcome::seen(&text, length, None, "name one with `field`"),
        Ok(Err(why)) => Outcome::unseen(&why),
    })
}

/// The kinds that can be looked at, those of the cluster's own first.
async fn kinds(length: Length, read: &dyn ClusterRead) -> Result<Outcome, ReadError> {
    let custom = read.custom_kinds().await?;
    let line = |kind: &Kind| {
        let info = kind.info()?;
        let place = if info.namespaced { "in namespaces" } else { "of the cluster" };
        Some(format!("{} ({}, {}), {place}", info.plural, kind.name(), kind.api_version()))
    };
    let known: Vec<&str> = Kind::KNOWN.iter().filter(|kind| kind.is_readable()).map(Kind::plural).collect();
    let mut lines: Vec<String> = custom.kinds.iter().filter_map(line).take(FIELDS).collect();
    let more = custom.kinds.len().saturating_sub(FIELDS);
    lines.extend((more > 0).then(|| format!("and {more} more custom kinds")));
    if !custom.unread.is_empty() {
        lines.push(format!("the kinds of these groups could not be listed: {}", listed(custom.unread.iter().map(String::as_str))));
    }
    if lines.is_empty() {
        lines.push("no custom kinds".to_owned());
    }
    lines.push(format!("and Kubernetes' own, of which these can be read: {}", known.join(", ")));
    Ok(Outcome::seen(&Masked::whole(&lines.join("\n")), length, None, "name one with `kind`"))
}

fn laid_out(schemas: &Value, kind: &Kind, field: Option<&FieldPath>) -> Result<String, String> {
    let all = schemas.pointer("/components/schemas").and_then(Value::as_object);
    let all = all.ok_or_else(|| "the API server's schemas are not of a form that kubemend knows".to_owned())?;
    let whole = of_kind(all, kind).ok_or_else(|| format!("the API server tells no schema of {}", kind.name()))?;
    let mut at = Place { all, schema: whole, said: description(whole) };
    let mut path = Vec::new();
    for segment in field.map(FieldPath::segments).unwrap_or_default() {
        // Which element of a list it is makes no difference to what it is made of.
        let Segment::Key(name) = segment else { continue };
        at = at.member(name).map_err(|there| {
            let place = if path.is_empty() { kind.name().to_owned() } else { format!("`{}`", path.join(".")) };
            let names: Vec<&str> = there.iter().map(String::as_str).collect();
            format!(
                "{place} has no field {}{}; it has: {}",
                quoted(name),
                did_you_mean(&nearest(name, names.iter().copied())),
                listed(names)
            )
        })?;
        path.push(name.clone());
    }
    Ok(at.in_words(kind, &path))
}

/// The schema of the kind itself, among those of its group and version.
fn of_kind<'s>(all: &'s Map<String, Value>, kind: &Kind) -> Option<&'s Value> {
    let (group, version) = kind.api_version().split_once('/').unwrap_or(("", kind.api_version()));
    let is_it = |of: &Value| {
        let is = |key: &str, value: &str| of.get(key).and_then(Value::as_str) == Some(value);
        is("group", group) && is("version", version) && is("kind", kind.name())
    };
    // Options of a deletion name every kind, and so does nothing else that has one name only.
    let names = |schema: &Value| schema.get("x-kubernetes-group-version-kind").and_then(Value::as_array).cloned().unwrap_or_default();
    all.values().find(|schema| matches!(names(schema).as_slice(), [one] if is_it(one)))
}

/// A place in the schemas.
struct Place<'s> {
    all: &'s Map<String, Value>,
    schema: &'s Value,
    /// What it is for.
    said: String,
}

impl<'s> Place<'s> {
    /// Behind its references.
    fn resolved(&self, schema: &'s Value) -> &'s Value {
        let mut at = schema;
        for _ in 0..FOLLOWED {
            let all_of = at.get("allOf").and_then(Value::as_array).and_then(|parts| parts.first());
            let reference = at.get("$ref").or_else(|| all_of.and_then(|part| part.get("$ref"))).and_then(Value::as_str);
            match reference.and_then(|text| text.rsplit('/').next()).and_then(|name| self.all.get(name)) {
                Some(next) => at = next,
                None => break,
            }
        }
        at
    }

    /// What has the members: of a list its elements, of a map its values.
    fn inner(&self) -> &'s Value {
        let mut at = self.resolved(self.schema);
        for _ in 0..FOLLOWED {
            match at.get("items").or_else(|| at.get("additionalProperties").filter(|inner| inner.is_object())) {
                Some(inner) => at = self.resolved(inner),
                None => break,
            }
        }
        at
    }

    /// What one is for: by its own words, or by those of what it refers to.
    fn said_of(&self, schema: &'s Value) -> String {
        Some(description(schema)).filter(|own| !own.is_empty()).unwrap_or_else(|| description(self.resolved(schema)))
    }

    fn members(&self) -> Option<&'s Map<String, Value>> {
        self.inner().get("properties").and_then(Value::as_object)
    }

    /// One of its members, or the names of all.
    fn member(&self, name: &str) -> Result<Self, Vec<String>> {
        let members = self.members();
        match members.and_then(|members| members.get(name)) {
            Some(schema) => Ok(Self { all: self.all, schema, said: self.said_of(schema) }),
            None => Err(members.into_iter().flat_map(Map::keys).cloned().collect()),
        }
    }

    /// `[]Container`, `map of string`, `integer`.
    fn kind_of(&self, schema: &'s Value) -> String {
        self.kind_within(schema, LISTS)
    }

    /// The same; a list of lists ends somewhere, also where it refers to itself.
    fn kind_within(&self, schema: &'s Value, depth: usize) -> String {
        let Some(left) = depth.checked_sub(1) else { return "anything".to_owned() };
        let at = self.resolved(schema);
        let of = |key: &str| at.get(key).filter(|inner| inner.is_object()).map(|inner| self.kind_within(inner, left));
        if let Some(inner) = of("items") {
            return format!("list of {inner}");
        }
        if let Some(inner) = of("additionalProperties") {
            return format!("map of {inner}");
        }
        if at.get("x-kubernetes-int-or-string").is_some() || at.get("format").and_then(Value::as_str) == Some("int-or-string") {
            return "integer or string".to_owned();
        }
        at.get("type").and_then(Value::as_str).unwrap_or("anything").to_owned()
    }

    fn in_words(&self, kind: &Kind, path: &[String]) -> String {
        let what = if path.is_empty() { String::new() } else { format!(" {}", quoted(&path.join("."))) };
        let mut lines = vec![format!("{} ({}){what}: {}", kind.name(), kind.api_version(), self.kind_of(self.schema))];
        lines.extend(meaning(&self.said));
        lines.extend(choices(self.inner()).map(|all| format!("one of {all}")));
        let required: Vec<&str> =
            self.inner().get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
        let members = self.members();
        for (name, schema) in members.into_iter().flatten().take(FIELDS) {
            let must = if required.contains(&name.as_str()) { ", required" } else { "" };
            let one_of = choices(self.resolved(schema)).map(|all| format!(", one of {all}")).unwrap_or_default();
            let meant = meaning(&self.said_of(schema)).map(|said| format!(": {said}")).unwrap_or_default();
            lines.push(format!("  {} ({}{must}{one_of}){meant}", quoted(name), self.kind_of(schema)));
        }
        let more = members.map_or(0, Map::len).saturating_sub(FIELDS);
        lines.extend((more > 0).then(|| format!("  and {more} more fields")));
        lines.join("\n")
    }
}

fn description(schema: &Value) -> String {
    schema.get("description").and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// The first of it, as somebody else's words.
fn meaning(said: &str) -> Option<String> {
    (!said.trim().is_empty()).then(|| Excerpt::said_within(said, MEANING).to_string())
}

/// The values that it may have, where they are few words.
fn choices(schema: &Value) -> Option<String> {
    let all = schema.get("enum").and_then(Value::as_array)?;
    let words: Vec<&str> = all.iter().filter_map(Value::as_str).collect();
    (!words.is_empty()).then(|| listed(words))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn schemas() -> Value {
        let meta = |kind: &str| json!([{"group": "apps", "version": "v1", "kind": kind}]);
        json!({"components": {"schemas": {
            "DeleteOptions": {"x-kubernetes-group-version-kind": [{"group": "apps", "version": "v1", "kind": "Deployment"}, {"group": "", "version": "v1", "kind": "Pod"}]},
            "Deployment": {"description": "Deployment enables declarative updates.", "type": "object", "x-kubernetes-group-version-kind": meta("Deployment"),
                "properties": {"spec": {"default": {}, "allOf": [{"$ref": "#/components/schemas/Spec"}]}}},
            "Spec": {"description": "What is wanted.", "type": "object", "required": ["selector"],
                "properties": {
                    "selector": {"type": "object"},
                    "strategy": {"description": "How.", "type": "string", "enum": ["Recreate", "RollingUpdate"]},
                    "labels": {"type": "object", "additionalProperties": {"type": "string"}},
                    "containers": {"type": "array", "items": {"$ref": "#/components/schemas/Container"}}}},
            "Container": {"type": "object", "properties": {"image": {"type": "string", "description": "x".repeat(500)}, "again": {"$ref": "#/components/schemas/Container"}}},
            "Loop": {"$ref": "#/components/schemas/Loop"}}}})
    }

    fn explain(field: &str) -> Result<String, String> {
        laid_out(&schemas(), &Kind::Deployment, FieldPath::parse(field).as_ref())
    }

    #[test]
    fn fields_of_a_kind_are_told_with_type_and_meaning_through_references_lists_and_maps() {
        let whole = explain("").unwrap();
        assert!(whole.starts_with("Deployment (apps/v1): object\n“Deployment enables declarative updates.”"), "{whole}");
        assert!(whole.contains("`spec` (object): “What is wanted.”"), "{whole}");
        let spec = explain("spec").unwrap();
        for part in
            ["`selector` (object, required)", "`strategy` (string, one of `Recreate`, `RollingUpdate`): “How.”", "`labels` (map of string)"]
        {
            assert!(spec.contains(part), "{part}: {spec}");
        }
        let image = explain("spec.containers[name=app].image").unwrap();
        assert!(image.starts_with("Deployment (apps/v1) `spec.containers.image`: string") && image.len() < 300, "{image}");
        assert!(explain("spec.containers.again.again.image").is_ok());
    }

    #[test]
    fn field_that_is_not_there_is_told_with_those_that_are() {
        let wrong = explain("spec.strategi").unwrap_err();
        assert!(
            wrong.contains("`spec` has no field `strategi`, did you mean `strategy`?") || wrong.contains("did you mean `strategy`"),
            "{wrong}"
        );
        assert!(explain("spec.strategy.type").unwrap_err().contains("has no field `type`"));
        assert!(laid_out(&schemas(), &Kind::StatefulSet, None).unwrap_err().contains("no schema of StatefulSet"));
        assert!(laid_out(&json!({}), &Kind::StatefulSet, None).is_err());
    }

    #[test]
    fn schema_that_refers_to_itself_ends() {
        let schemas = json!({"components": {"schemas": {"Deployment": {"x-kubernetes-group-version-kind": [{"group": "apps", "version": "v1", "kind": "Deployment"}],
            "properties": {"loop": {"$ref": "#/components/schemas/Loop"}}}, "Loop": {"type": "array", "items": {"$ref": "#/components/schemas/Loop"}}}}});
        assert!(laid_out(&schemas, &Kind::Deployment, FieldPath::parse("loop").as_ref()).is_ok());
    }
}
