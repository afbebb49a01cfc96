//! The roles of the reader and the writer, as manifests for `kubectl apply`, from the tables of kinds and of changes.

use super::rights::{READ_VERBS, is_namespaced, proposed, read, right, written};
use crate::domain::changes::Verb;
use crate::domain::kind::Kind;
use crate::domain::object::Namespace;
use std::fmt::Write;

const HEAD: &str = "apiVersion: rbac.authorization.k8s.io/v1\n";

/// The one object that a writer reads: the uid of `kube-system` tells clusters apart.
const IDENTITY: &str = "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: kubemend-writer-identity}\nrules:\n\
    - {apiGroups: [\"\"], resources: [namespaces], resourceNames: [kube-system], verbs: [get]}\n";

/// What containers write, for looks at what no rule explains: more than any rule needs, so it is printed only for whom it was asked.
const LOGS: &str = "# What containers write, for looks at what no rule explains.\n\
    apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: kubemend-reader-logs}\nrules:\n\
    - {apiGroups: [\"\"], resources: [pods/log], verbs: [get]}\n";

/// What no rule reads and looks do: the revisions of a template of StatefulSets and DaemonSets, and what runs uses.
const LOOKS: &str = "# What looks read and no rule does: revisions of StatefulSets and DaemonSets, ServiceAccounts, and what Pods and nodes use.\n\
    apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: kubemend-reader-looks}\nrules:\n\
    - {apiGroups: [apps], resources: [controllerrevisions], verbs: [get, list]}\n\
    - {apiGroups: [\"\"], resources: [serviceaccounts], verbs: [get, list]}\n\
    - {apiGroups: [metrics.k8s.io], resources: [pods, nodes], verbs: [get, list]}\n";

/// Who gets the rights, and where.
#[derive(Debug, Default)]
pub(super) struct Subjects<'a> {
    /// The one namespace; the whole cluster is read where there is none, and the writer is bound nowhere.
    pub(super) namespace: Option<&'a Namespace>,
    /// Who reads, as `kubectl auth whoami` names it.
    pub(super) reader: Option<&'a str>,
    /// Who writes.
    pub(super) writer: Option<&'a str>,
    /// Who reads what containers write, too: in one namespace, never in all.
    pub(super) logs: Option<&'a str>,
    /// Who makes what somebody proposes and no rule does, too: in one namespace, never in all.
    pub(super) proposals: Option<&'a str>,
    /// The operator offers looks.
    pub(super) looks: bool,
}

/// The manifests as YAML.
pub(super) fn manifests(subjects: &Subjects<'_>) -> String {
    let plural = |kind: &Kind| kind.info().map_or("", |info| info.plural).to_owned();
    let reading = |kinds: Vec<Kind>| {
        kinds
            .into_iter()
            .map(|kind| Right { group: kind.group().to_owned(), resource: plural(&kind), verbs: READ_VERBS.to_vec() })
            .collect::<Vec<_>>()
    };
    let mut out = Vec::new();
    let logs = subjects.logs.zip(subjects.namespace);
    let note = match logs {
        None => "# The reader: no Secrets, no exec, no logs.\n",
        Some(_) => "# The reader: no Secrets, no exec; logs by a role of their own, below.\n",
    };
    // Who asks for one more right gets that one: the roles that are there stay as they are.
    let is_more = subjects.reader.is_none() && subjects.writer.is_none() && (logs.is_some() || subjects.proposals.is_some());
    if !is_more {
        // The same role with a namespace and without: what is applied again takes nothing from whoever has it in the whole cluster.
        let place = subjects.namespace.map(|namespace| format!("# Bound in namespace {namespace}.\n")).unwrap_or_default();
        out.push(format!("{note}{place}{}", role("kubemend-reader", &reading(read()))));
        if subjects.namespace.is_some() {
            let across: Vec<Kind> = read().into_iter().filter(|kind| !is_namespaced(kind)).collect();
            out.push(format!("# The reader, of what is in no namespace.\n{}", role("kubemend-reader-cluster", &reading(across))));
        }
        let writing = rights(written());
        out.push(format!("# The writer: bind it with a RoleBinding, one namespace at a time.\n{}", role("kubemend-writer", &writing)));
        out.push(format!("# Which cluster it is, asked by the writer before every change.\n{IDENTITY}"));
    }
    if let Some(reader) = subjects.reader {
        out.push(binding("kubemend-reader", subjects.namespace, reader));
        if subjects.namespace.is_some() {
            out.push(binding("kubemend-reader-cluster", None, reader));
        }
    }
    if let Some((reader, namespace)) = logs {
        out.push(LOGS.to_owned());
        out.push(binding("kubemend-reader-logs", Some(namespace), reader));
    }
    if subjects.looks && !is_more {
        out.push(LOOKS.to_owned());
        out.extend(subjects.reader.map(|reader| binding("kubemend-reader-looks", subjects.namespace, reader)));
    }
    if let (Some(writer), Some(namespace)) = (subjects.proposals, subjects.namespace) {
        let note = "# The writer, for what somebody proposes and no rule does.\n";
        out.push(format!("{note}{}", role("kubemend-writer-proposals", &rights(proposed()))));
        out.push(binding("kubemend-writer-proposals", Some(namespace), writer));
    }
    if let (Some(writer), Some(namespace)) = (subjects.writer, subjects.namespace) {
        out.push(binding("kubemend-writer", Some(namespace), writer));
        out.push(binding("kubemend-writer-identity", None, writer));
    }
    out.join("---\n")
}

/// What may be done to one resource.
struct Right {
    group: String,
    /// The plural, with its part where there is one.
    resource: String,
    verbs: Vec<&'static str>,
}

/// Each resource once, with all that is done to it.
fn rights(all: Vec<(Verb, Kind)>) -> Vec<Right> {
    let mut writing: Vec<Right> = Vec::new();
    for one in all {
        let (group, (verb, resource)) = (one.1.group().to_owned(), right(&one));
        match writing.iter_mut().find(|known| (&known.group, &known.resource) == (&group, &resource)) {
            Some(known) => known.verbs.push(verb),
            None => writing.push(Right { group, resource, verbs: vec![verb] }),
        }
    }
    writing
}

/// A ClusterRole. Resources of one group with the same verbs share a rule.
fn role(name: &str, rights: &[Right]) -> String {
    let mut rules: Vec<(&str, &[&str], Vec<&str>)> = Vec::new();
    for Right { group, resource, verbs } in rights {
        match rules.iter_mut().find(|(of, known, _)| of == group && *known == verbs.as_slice()) {
            Some((_, _, resources)) => resources.push(resource),
            None => rules.push((group, verbs, vec![resource])),
        }
    }
    let mut out = format!("{HEAD}kind: ClusterRole\nmetadata: {{name: {name}}}\nrules:\n");
    for (group, verbs, plurals) in rules {
        let group = if group.is_empty() { "\"\"" } else { group };
        let _always_fits = writeln!(out, "- {{apiGroups: [{group}], resources: [{}], verbs: [{}]}}", plurals.join(", "), verbs.join(", "));
    }
    out
}

/// The role for one subject, in a namespace or in the whole cluster.
fn binding(role: &str, namespace: Option<&Namespace>, who: &str) -> String {
    let (kind, place) = match namespace {
        Some(namespace) => ("RoleBinding", format!(", namespace: {namespace}")),
        None => ("ClusterRoleBinding", String::new()),
    };
    // A text of JSON is one of YAML, whatever is in it.
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    let account = who.strip_prefix("system:serviceaccount:").and_then(|account| account.split_once(':'));
    let subject = match account {
        Some((namespace, name)) => format!("{{kind: ServiceAccount, namespace: {}, name: {}}}", quoted(namespace), quoted(name)),
        None => format!("{{kind: User, apiGroup: rbac.authorization.k8s.io, name: {}}}", quoted(who)),
    };
    format!(
        "{HEAD}kind: {kind}\nmetadata: {{name: {role}{place}}}\nroleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: {role}}}\nsubjects:\n- {subject}\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};
    use std::collections::BTreeSet;

    fn parsed(subjects: &Subjects<'_>) -> Vec<Value> {
        parsed_of(&manifests(subjects))
    }

    fn parsed_of(text: &str) -> Vec<Value> {
        text.split("---\n").map(|document| serde_saphyr::from_str(document).unwrap()).collect()
    }

    /// Each verb that a role allows on each resource: `patch apps/deployments`.
    fn allowed(role: &Value) -> BTreeSet<String> {
        let texts = |value: &Value| -> Vec<String> { value.as_array().unwrap().iter().map(|t| t.as_str().unwrap().to_owned()).collect() };
        let mut all = BTreeSet::new();
        for rule in role["rules"].as_array().unwrap() {
            for group in texts(&rule["apiGroups"]) {
                for resource in texts(&rule["resources"]) {
                    all.extend(texts(&rule["verbs"]).iter().map(|verb| format!("{verb} {group}/{resource}")));
                }
            }
        }
        all
    }

    fn resource(kind: &Kind) -> String {
        format!("{}/{}", kind.group(), kind.info().unwrap().plural)
    }

    fn of_reading() -> BTreeSet<String> {
        read().iter().flat_map(|kind| READ_VERBS.map(|verb| format!("{verb} {}", resource(kind)))).collect()
    }

    #[test]
    fn roles_allow_what_the_tables_have_and_no_more() {
        let [reader, writer, identity] = &parsed(&Subjects::default())[..] else { panic!() };
        assert_eq!((&reader["kind"], &reader["metadata"]), (&json!("ClusterRole"), &json!({"name": "kubemend-reader"})));
        assert_eq!(allowed(reader), of_reading());
        assert_eq!(allowed(writer), written().iter().map(|(verb, kind)| format!("{verb} {}", resource(kind))).collect());
        assert_eq!(allowed(identity), BTreeSet::from(["get /namespaces".to_owned()]));
        assert_eq!(identity["rules"][0]["resourceNames"], json!(["kube-system"]));
        let everything = manifests(&Subjects::default());
        assert!(!everything.contains("secrets") && !everything.contains('*') && !everything.contains("pods/"), "{everything}");
        assert!(read().iter().all(Kind::is_readable));
    }

    #[test]
    fn logs_and_what_looks_read_are_roles_of_their_own_and_logs_are_denied_only_where_they_are_not_given() {
        let namespace = Namespace::parse("shop").unwrap();
        let (logs, none) = (Some("alice"), Subjects::default());
        let subjects = Subjects { namespace: Some(&namespace), reader: Some("alice"), logs, looks: true, ..none };
        let text = manifests(&subjects);
        assert!(text.contains("pods/log") && !text.contains("no logs"), "{text}");
        let alone = manifests(&Subjects { reader: None, ..subjects });
        let names: Vec<Value> = parsed_of(&alone).iter().map(|one| one["metadata"]["name"].clone()).collect();
        assert_eq!(names, ["kubemend-reader-logs", "kubemend-reader-logs"], "no other role is replaced");
        let everywhere = manifests(&Subjects { logs, ..Subjects::default() });
        assert!(!everywhere.contains("pods/log"), "{everywhere}");
        let all = parsed(&subjects);
        for (name, rights) in [
            ("kubemend-reader-logs", vec!["get /pods/log"]),
            (
                "kubemend-reader-looks",
                vec![
                    "get apps/controllerrevisions",
                    "list apps/controllerrevisions",
                    "get /serviceaccounts",
                    "list /serviceaccounts",
                    "get metrics.k8s.io/pods",
                    "list metrics.k8s.io/pods",
                    "get metrics.k8s.io/nodes",
                    "list metrics.k8s.io/nodes",
                ],
            ),
        ] {
            let role = all.iter().find(|o| o["kind"] == "ClusterRole" && o["metadata"]["name"] == name).unwrap();
            assert_eq!(allowed(role), rights.into_iter().map(str::to_owned).collect());
            let bound: Vec<&Value> = all.iter().filter(|o| o["roleRef"]["name"] == name).collect();
            assert!(matches!(bound.as_slice(), [one] if one["metadata"]["namespace"] == "shop"), "{bound:?}");
        }
        let without = manifests(&Subjects { logs: None, ..subjects });
        assert!(!without.contains("pods/log") && without.contains("no logs") && without.contains("controllerrevisions"), "{without}");
    }

    #[test]
    fn what_somebody_proposes_is_a_role_of_its_own_in_one_namespace_for_whom_it_was_asked() {
        let namespace = Namespace::parse("shop").unwrap();
        let plain = manifests(&Subjects { namespace: Some(&namespace), writer: Some("alice"), looks: true, ..Subjects::default() });
        assert!(!plain.contains("eviction") && !plain.contains("proposals"), "{plain}");
        let subjects = Subjects { namespace: Some(&namespace), proposals: Some("alice"), ..Subjects::default() };
        let all = parsed(&subjects);
        let role = all.iter().find(|o| o["kind"] == "ClusterRole" && o["metadata"]["name"] == "kubemend-writer-proposals").unwrap();
        let expected = [
            "create /services",
            "create /configmaps",
            "create /serviceaccounts",
            "patch /configmaps",
            "patch /persistentvolumeclaims",
            "patch autoscaling/horizontalpodautoscalers",
            "patch policy/poddisruptionbudgets",
            "patch networking.k8s.io/ingresses",
            "delete /pods",
            "create /pods/eviction",
        ];
        assert_eq!(allowed(role), expected.iter().map(|right| (*right).to_owned()).collect());
        let bound: Vec<&Value> = all.iter().filter(|o| o["roleRef"]["name"] == "kubemend-writer-proposals").collect();
        assert!(matches!(bound.as_slice(), [one] if one["kind"] == "RoleBinding" && one["metadata"]["namespace"] == "shop"), "{bound:?}");
    }

    #[test]
    fn in_one_namespace_only_what_has_none_is_bound_across_the_cluster() {
        let namespace = Namespace::parse("shop").unwrap();
        let subjects = Subjects {
            namespace: Some(&namespace),
            reader: Some("system:serviceaccount:tools:mend"),
            writer: Some("alice: \"x\""),
            ..Subjects::default()
        };
        let all = parsed(&subjects);
        let said: Vec<String> = all
            .iter()
            .map(|o| format!("{} {} {}", o["kind"].as_str().unwrap(), o["metadata"]["name"].as_str().unwrap(), o["metadata"]["namespace"]))
            .collect();
        assert_eq!(
            said,
            [
                "ClusterRole kubemend-reader null",
                "ClusterRole kubemend-reader-cluster null",
                "ClusterRole kubemend-writer null",
                "ClusterRole kubemend-writer-identity null",
                "RoleBinding kubemend-reader \"shop\"",
                "ClusterRoleBinding kubemend-reader-cluster null",
                "RoleBinding kubemend-writer \"shop\"",
                "ClusterRoleBinding kubemend-writer-identity null",
            ]
        );
        assert_eq!(allowed(&all[0]), of_reading(), "the same as without a namespace");
        let inside: Vec<String> = read().iter().filter(|kind| is_namespaced(kind)).map(resource).collect();
        assert!(allowed(&all[1]).iter().all(|right| !inside.iter().any(|kind| right.ends_with(&format!(" {kind}")))));
        assert!(!allowed(&all[1]).is_empty());
        assert_eq!(all[4]["subjects"], json!([{"kind": "ServiceAccount", "namespace": "tools", "name": "mend"}]));
        assert_eq!(all[6]["subjects"], json!([{"kind": "User", "apiGroup": "rbac.authorization.k8s.io", "name": "alice: \"x\""}]));
        for (binding, role) in
            [(4, "kubemend-reader"), (5, "kubemend-reader-cluster"), (6, "kubemend-writer"), (7, "kubemend-writer-identity")]
        {
            assert_eq!(all[binding]["roleRef"], json!({"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role}));
        }
    }

    #[test]
    fn readme_shows_the_roles_as_they_are_printed() {
        let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
        assert!(readme.contains(&manifests(&Subjects::default())), "put this into README.md:\n{}", manifests(&Subjects::default()));
    }
}
