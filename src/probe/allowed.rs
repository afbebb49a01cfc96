//! What the operator lets a model see besides what every look shows: logs and ConfigMaps can hold anything. Whatever a look reads goes
//! through here before it is shown, by what it is and not by how it was asked for.

use crate::domain::evidence::{Evidence, EvidenceSource};
use crate::domain::investigate::Investigate;
use crate::domain::kind::Kind;
use crate::domain::look::Look;
use crate::domain::namespace::Namespace;
use crate::domain::object::ObjectRef;
use crate::ports::Table;
use serde_json::Value;

/// The operator's choice. Nothing of logs or ConfigMaps is shown of `kube-*` namespaces, whatever it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowed {
    /// Whether looks are offered at all.
    pub investigate: Investigate,
    /// What containers write.
    pub logs: bool,
    /// What is in ConfigMaps.
    pub config_maps: bool,
}

/// Stands for what a program wrote where that is not shown.
pub(super) const NOT_SHOWN: &str = "(what the program wrote is not shown here)";
/// The same of what is in a ConfigMap.
const MAPS_NOT_SHOWN: &str = "(what is in ConfigMaps is not shown here)";
/// What is said under these reasons quotes what a program answered or wrote: in Events, and in the state of a container.
const OF_PROGRAMS: &[&str] =
    &["Unhealthy", "ProbeError", "ProbeWarning", "FailedPostStartHook", "FailedPreStopHook", "PostStartHookError", "PreStopHookError"];
/// States of a container whose message a program may have written.
const STATES: &[&str] = &["terminated", "waiting"];
/// Where that is said: in Events of either group, and in the state of a container.
const SAID: &[&str] = &["message", "note"];

impl Default for Allowed {
    fn default() -> Self {
        Self { investigate: Investigate::default(), logs: true, config_maps: true }
    }
}

impl Allowed {
    /// Whether what a program there wrote is shown, wherever it stands: its log, what is kept of its end, or what it answered.
    pub(super) fn logs_in(self, namespace: Option<&Namespace>) -> bool {
        self.logs && !namespace.is_some_and(Namespace::is_system)
    }

    /// Whether what is in ConfigMaps there is shown, be it the names of their keys.
    pub(super) fn config_maps_in(self, namespace: Option<&Namespace>) -> bool {
        self.config_maps && !namespace.is_some_and(Namespace::is_system)
    }

    /// An object, or a list of them, without what is kept back of it. What is in a namespace of its own says so itself.
    pub(super) fn of_object(self, value: Value, namespace: Option<&Namespace>) -> Value {
        let own = |pointer: &str| value.pointer(pointer).and_then(Value::as_str).and_then(|name| Namespace::parse(name).ok());
        let about = own("/involvedObject/namespace").or_else(|| own("/regarding/namespace"));
        let place = own("/metadata/namespace").or_else(|| namespace.cloned());
        let mut value = value;
        if !self.logs_in(place.as_ref()) || !self.logs_in(about.as_ref()) {
            without_programs(&mut value);
        }
        if !self.config_maps_in(place.as_ref()) {
            without_maps(&mut value);
        }
        value
    }

    /// A table without what is kept back of its rows: of an Event read as a row no more is shown than of the Event.
    pub(super) fn of_table(self, kind: &Kind, namespace: Option<&Namespace>, mut table: Table) -> Table {
        if kind.name() != "Event" {
            return table;
        }
        let called = |name: &str| table.columns.iter().position(|column| column.eq_ignore_ascii_case(name));
        let reason = called("reason");
        let said: Vec<usize> = SAID.iter().filter_map(|name| called(name)).collect();
        for row in &mut table.rows {
            let place = row.namespace.as_deref().and_then(|name| Namespace::parse(name).ok()).or_else(|| namespace.cloned());
            // Without its reason nobody can tell what it quotes.
            let quotes = reason.and_then(|at| row.cells.get(at)).is_none_or(|reason| OF_PROGRAMS.contains(&reason.as_str()));
            if quotes && !self.logs_in(place.as_ref()) {
                said.iter().for_each(|at| row.cells.get_mut(*at).into_iter().for_each(|cell| *cell = NOT_SHOWN.to_owned()));
            }
        }
        table
    }

    /// What a rule says of something there, without what it quotes where that can be what a program wrote: nobody can tell by the words.
    pub(crate) fn of_words(self, about: Option<&ObjectRef>, words: &str) -> String {
        let shown = self.logs_in(about.and_then(|object| object.namespace.as_ref()));
        if shown { words.to_owned() } else { without_quotations(words) }
    }

    /// What a piece of evidence says, where it is shown: a rule's evidence is an Event or a field as a look at it would be.
    pub(crate) fn of_evidence(self, piece: &Evidence) -> &str {
        let (object, text) = (piece.object.as_ref(), piece.text.as_str());
        let place = object.and_then(|object| object.namespace.as_ref());
        if object.is_some_and(|object| object.kind == Kind::ConfigMap) && !self.config_maps_in(place) {
            return MAPS_NOT_SHOWN;
        }
        let of_program = match piece.source {
            EvidenceSource::Log => true,
            // `Reason: message`; without its reason nobody can tell what it quotes.
            EvidenceSource::Event => text.split_once(": ").is_none_or(|(reason, _)| OF_PROGRAMS.contains(&reason)),
            EvidenceSource::Object => piece.field.as_ref().is_some_and(|field| match field.segments() {
                [.., state, said] => STATES.contains(&state.name()) && SAID.contains(&said.name()),
                _ => false,
            }),
        };
        if of_program && !self.logs_in(place) { NOT_SHOWN } else { text }
    }

    /// Why this look is not taken, where it is not.
    pub(super) fn refuses(self, look: &Look) -> Option<String> {
        let object = look.object()?;
        let (what, option, allowed) = match look {
            Look::Logs { .. } => ("logs", "probe-logs", self.logs),
            Look::Get { .. } | Look::Describe(_) | Look::Graph(_) if object.kind == Kind::ConfigMap => {
                ("ConfigMaps", "probe-config-maps", self.config_maps)
            }
            Look::Get { .. }
            | Look::Describe(_)
            | Look::List { .. }
            | Look::Events { .. }
            | Look::Rollout(_)
            | Look::Endpoints(_)
            | Look::Scheduling(_)
            | Look::Graph(_)
            | Look::Top(_)
            | Look::Api { .. }
            | Look::CanI { .. } => {
                return None;
            }
        };
        if let Some(namespace) = object.namespace.as_ref().filter(|namespace| namespace.is_system()) {
            return Some(format!("{what} of `{namespace}` are not shown: it is part of the cluster itself"));
        }
        (!allowed).then(|| format!("the operator does not let {what} be shown (`{option}: false`)"))
    }
}

/// Quotation marks are ours alone in what a rule says; what was cut may have lost the second.
fn without_quotations(words: &str) -> String {
    let mut out = String::with_capacity(words.len());
    let mut rest = words;
    while let Some((before, quoted)) = rest.split_once('“') {
        out.push_str(before);
        out.push_str(NOT_SHOWN);
        rest = quoted.split_once('”').map_or("", |(_, after)| after);
    }
    out.push_str(rest);
    out
}

/// What the kubelet keeps of the end of a container is the end of its log, or a file that the program wrote; and what is said under
/// some reasons quotes what it answered.
fn without_programs(value: &mut Value) {
    match value {
        Value::Object(members) => {
            let quotes = members.get("reason").and_then(Value::as_str).is_some_and(|reason| OF_PROGRAMS.contains(&reason));
            for (key, member) in members.iter_mut() {
                if quotes && SAID.contains(&key.as_str()) {
                    *member = NOT_SHOWN.into();
                } else if let (true, Some(message)) = (key == "terminated", member.get_mut("message")) {
                    *message = NOT_SHOWN.into();
                } else {
                    without_programs(member);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(without_programs),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// What is in a ConfigMap, also in one that stands in another object.
fn without_maps(value: &mut Value) {
    match value {
        Value::Object(members) => {
            if members.get("kind").and_then(Value::as_str) == Some("ConfigMap") {
                members.retain(|key, _| !matches!(key.as_str(), "data" | "binaryData"));
            }
            members.values_mut().for_each(without_maps);
        }
        Value::Array(items) => items.iter_mut().for_each(without_maps),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::Row;
    use serde_json::json;

    /// However an Event is asked for, the same of it is kept back.
    #[test]
    fn answer_of_a_program_is_kept_back_of_an_event_as_an_object_and_as_a_row() {
        let hidden = Allowed { logs: false, ..Allowed::default() };
        let shop = Namespace::parse("shop").unwrap();
        let event =
            |reason: &str, said: &str| json!({"kind": "Event", "metadata": {"namespace": "shop"}, "reason": reason, said: "CANARY"});
        for (reason, said, kept) in [("Unhealthy", "message", true), ("ProbeError", "note", true), ("BackOff", "message", false)] {
            let list = json!({"kind": "List", "items": [event(reason, said)]});
            for object in [event(reason, said), list] {
                assert_eq!(!hidden.of_object(object.clone(), Some(&shop)).to_string().contains("CANARY"), kept, "{reason}");
                assert!(Allowed::default().of_object(object, Some(&shop)).to_string().contains("CANARY"));
            }
            let cells = vec![reason.to_owned(), "CANARY".to_owned()];
            let rows = vec![Row { namespace: Some("shop".into()), name: "e".into(), cells }];
            let table = Table { columns: vec!["Reason".into(), "Message".into()], rows, cut: false };
            assert_eq!(!format!("{:?}", hidden.of_table(&Kind::Event, None, table.clone())).contains("CANARY"), kept, "{reason}");
            assert!(format!("{:?}", Allowed::default().of_table(&Kind::Event, None, table)).contains("CANARY"));
        }
        let unnamed = Table {
            columns: vec!["Name".into(), "Message".into()],
            rows: vec![Row { namespace: None, name: "e".into(), cells: vec!["e".into(), "CANARY".into()] }],
            cut: false,
        };
        assert!(!format!("{:?}", hidden.of_table(&Kind::Event, Some(&shop), unnamed)).contains("CANARY"), "no reason, no message");
        let of_the_cluster = json!({"kind": "Event", "metadata": {"namespace": "default"}, "reason": "Unhealthy", "message": "CANARY",
            "involvedObject": {"namespace": "kube-system"}});
        assert!(!Allowed::default().of_object(of_the_cluster, None).to_string().contains("CANARY"));
    }

    #[test]
    fn what_a_program_left_in_the_state_of_a_container_and_a_map_within_a_list_are_kept_back() {
        let pod = json!({"status": {"containerStatuses": [{"state": {"waiting": {"reason": "PostStartHookError", "message": "CANARY"}},
            "lastState": {"terminated": {"reason": "Error", "message": "CANARY"}}}]}});
        let none = Allowed { logs: false, config_maps: false, ..Allowed::default() };
        assert!(!none.of_object(pod, None).to_string().contains("CANARY"));
        let list = json!({"kind": "List", "items": [{"kind": "ConfigMap", "data": {"a": "CANARY"}, "binaryData": {"b": "CANARY"}}]});
        assert!(!none.of_object(list, None).to_string().contains("CANARY"));
    }

    /// What rules quote of a program is kept back as the look at it is, and what the kubelet says of its own is not.
    #[test]
    fn words_and_evidence_of_rules_go_through_the_same_door() {
        use crate::domain::excerpt::Excerpt;
        use crate::domain::field::FieldPath;
        let of = |kind, namespace| ObjectRef::namespaced(kind, &Namespace::parse(namespace).unwrap(), "web");
        let (hidden, all) = (Allowed { logs: false, config_maps: false, ..Allowed::default() }, Allowed::default());
        let said = format!("container `app` waits: PostStartHookError: {}; Killing: “CANARY cut", Excerpt::said("CANARY ” of “ it"));
        for (allowed, namespace, kept) in [(hidden, "shop", true), (all, "kube-system", true), (all, "shop", false)] {
            let shown = allowed.of_words(Some(&of(Kind::Pod, namespace)), &said);
            assert_eq!((shown.contains("CANARY"), shown.contains("PostStartHookError: ")), (!kept, true), "{shown}");
            for (source, kind, field, text, hides) in [
                (EvidenceSource::Event, Kind::Pod, None, "Unhealthy: CANARY", true),
                (EvidenceSource::Event, Kind::Pod, None, "CANARY", true),
                (EvidenceSource::Event, Kind::Pod, None, "BackOff: CANARY", false),
                (EvidenceSource::Log, Kind::Pod, None, "CANARY", true),
                (EvidenceSource::Object, Kind::Pod, Some("status.phase"), "CANARY", false),
                (EvidenceSource::Object, Kind::Pod, Some("status.containerStatuses[name=a].lastState.terminated.message"), "CANARY", true),
                (EvidenceSource::Object, Kind::ConfigMap, None, "holds CANARY", true),
            ] {
                let field = field.map(|field| FieldPath::parse(field).unwrap());
                let seen_at = jiff::Timestamp::UNIX_EPOCH;
                let piece = Evidence { source, object: Some(of(kind, namespace)), field, text: Excerpt::event(text), seen_at };
                assert_eq!(!allowed.of_evidence(&piece).contains("CANARY"), kept && hides, "{namespace} {piece:?}");
            }
        }
    }

    #[test]
    fn logs_and_config_maps_are_shown_unless_the_operator_or_the_namespace_forbids_it() {
        let of = |kind, namespace| ObjectRef::namespaced(kind, &Namespace::parse(namespace).unwrap(), "web");
        let logs = |namespace| Look::Logs { pod: of(Kind::Pod, namespace), container: None, previous: false, contains: None, since: None };
        let get = |kind, namespace| Look::Get { object: of(kind, namespace), field: None };
        let (all, none) = (Allowed::default(), Allowed { logs: false, config_maps: false, ..Allowed::default() });
        for (look, by_default, forbidden) in [
            (logs("shop"), true, false),
            (logs("kube-system"), false, false),
            (get(Kind::ConfigMap, "shop"), true, false),
            (Look::Describe(of(Kind::ConfigMap, "kube-system")), false, false),
            (get(Kind::Pod, "kube-system"), true, true),
        ] {
            assert_eq!((all.refuses(&look).is_none(), none.refuses(&look).is_none()), (by_default, forbidden), "{look}");
        }
    }
}
