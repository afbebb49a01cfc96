//! The one table of changes: which verb on which kind and which field, how risky that is at the least, and whether it may be made
//! without a human. What is not in it is not changed. The floor of a plan's risk, the planner's and the gate's checks, `doctor`,
//! the writer's role and the README follow from it; the wire's own list (`cluster/reach.rs`) is compared with it by a test.

use super::field::{FieldPath, Segment};
use super::form::ValueForm;
use super::kind::Kind;
use super::risk::Risk;
use std::fmt;

/// What is done to an object. Several can need the same right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verb {
    /// A new object.
    Create,
    /// Fields of an existing object.
    Patch,
    /// An object goes away.
    Delete,
    /// All Pods of a workload are replaced by others of the same template.
    Restart,
    /// A workload goes back to an earlier template.
    UndoRollout,
    /// A Pod goes away where PodDisruptionBudgets let it.
    Evict,
}

impl Verb {
    /// Every verb.
    pub const ALL: [Verb; 6] = [Verb::Create, Verb::Patch, Verb::Delete, Verb::Restart, Verb::UndoRollout, Verb::Evict];

    /// The word of a report.
    pub fn as_str(self) -> &'static str {
        match self {
            Verb::Create => "create",
            Verb::Patch => "patch",
            Verb::Delete => "delete",
            Verb::Restart => "restart",
            Verb::UndoRollout => "undoRollout",
            Verb::Evict => "evict",
        }
    }

    /// The verb that the API server audits, and that a role must allow on the object or its [`Verb::subresource`].
    pub fn right(self) -> &'static str {
        match self {
            Verb::Create | Verb::Evict => "create",
            Verb::Patch | Verb::Restart | Verb::UndoRollout => "patch",
            Verb::Delete => "delete",
        }
    }

    /// The part of the object's resource that it is sent to, where that is not the object itself.
    pub fn subresource(self) -> Option<&'static str> {
        match self {
            Verb::Evict => Some("eviction"),
            Verb::Create | Verb::Patch | Verb::Delete | Verb::Restart | Verb::UndoRollout => None,
        }
    }

    /// Whether the object is gone afterwards.
    pub fn ends(self) -> bool {
        matches!(self, Verb::Delete | Verb::Evict)
    }

    /// The first verb that needs the same right: a role has each right once.
    fn by_right(self) -> Self {
        let same = |other: &Self| (other.right(), other.subresource()) == (self.right(), self.subresource());
        Self::ALL.into_iter().find(same).unwrap_or(self)
    }
}

impl fmt::Display for Verb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A row: what may be changed.
#[derive(Debug, Clone, PartialEq)]
pub struct Changeable {
    /// What is done.
    pub verb: Verb,
    /// To objects of which kinds.
    pub kinds: &'static [Kind],
    /// Which field, as a whole path: `[]` is any element that a key names, `[*]` one that its place names, `*` any member, and `a|b` one
    /// of these. `None` is the whole object.
    pub field: Option<&'static str>,
    /// The least risk that this can have, whatever anybody claims.
    pub floor: Risk,
    /// Whether automatic mode may do it within the operator's thresholds; a human is asked otherwise.
    pub automatic: bool,
    /// Who may propose it.
    pub by: Proposer,
}

/// Who may propose a change. What a rule proposes follows from what it proves; what somebody states has to have a closed form, too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proposer {
    /// Rules alone.
    Rules,
    /// Whoever investigates, too: with values of this form.
    Anyone(ValueForm),
    /// Only who investigates: no rule needs it, and so no writer whose operator wants no investigation.
    Stated(ValueForm),
}

impl Changeable {
    /// The form that a value has to have which somebody states; none where only rules may propose it.
    pub fn form(&self) -> Option<ValueForm> {
        match self.by {
            Proposer::Rules => None,
            Proposer::Anyone(form) | Proposer::Stated(form) => Some(form),
        }
    }

    const fn by(mut self, by: Proposer) -> Self {
        self.by = by;
        self
    }
}

const CLAIMS: &[Kind] = &[Kind::PersistentVolumeClaim];
const TEMPLATES: &[Kind] = &[Kind::Deployment, Kind::StatefulSet, Kind::DaemonSet];
const SERVICES: &[Kind] = &[Kind::Service];
const SCALED: &[Kind] = &[Kind::Deployment, Kind::StatefulSet];
const CONFIG_MAPS: &[Kind] = &[Kind::ConfigMap];
const PODS: &[Kind] = &[Kind::Pod];
const ACCOUNTS: &[Kind] = &[Kind::ServiceAccount];
const AUTOSCALERS: &[Kind] = &[Kind::HorizontalPodAutoscaler];
const BUDGETS: &[Kind] = &[Kind::PodDisruptionBudget];
const INGRESSES: &[Kind] = &[Kind::Ingress];
const ASK: bool = false;
const AUTOMATIC: bool = true;

const fn whole(verb: Verb, kinds: &'static [Kind], floor: Risk, automatic: bool) -> Changeable {
    Changeable { verb, kinds, field: None, floor, automatic, by: Proposer::Rules }
}

const fn field(kinds: &'static [Kind], field: &'static str, floor: Risk, automatic: bool) -> Changeable {
    Changeable { verb: Verb::Patch, kinds, field: Some(field), floor, automatic, by: Proposer::Rules }
}

/// What only an investigation changes: it moves Pods or traffic, and a human is always asked.
const fn stated(kinds: &'static [Kind], path: &'static str, form: ValueForm) -> Changeable {
    field(kinds, path, Risk::Medium, ASK).by(Proposer::Stated(form))
}

/// A reference is low, what moves Pods or traffic is medium. Automatic mode changes nothing of a Pod template but its images, and no
/// selector: `docs/security.md`.
pub const CHANGES: &[Changeable] = &[
    whole(Verb::Create, CLAIMS, Risk::Low, AUTOMATIC).by(Proposer::Anyone(ValueForm::Claim)),
    whole(Verb::Delete, CLAIMS, Risk::Medium, ASK),
    field(TEMPLATES, "spec.template.spec.volumes[].persistentVolumeClaim.claimName", Risk::Low, ASK),
    field(TEMPLATES, "spec.template.spec.containers[].env[].valueFrom.configMapKeyRef.name", Risk::Low, ASK),
    field(TEMPLATES, "spec.template.spec.initContainers[].env[].valueFrom.configMapKeyRef.name", Risk::Low, ASK),
    // A variable that is listed twice is named by its place.
    field(TEMPLATES, "spec.template.spec.containers[].env[*].valueFrom.configMapKeyRef.name", Risk::Low, ASK),
    field(TEMPLATES, "spec.template.spec.initContainers[].env[*].valueFrom.configMapKeyRef.name", Risk::Low, ASK),
    field(TEMPLATES, "spec.template.spec.containers[].envFrom[*].configMapRef.name", Risk::Low, ASK),
    field(TEMPLATES, "spec.template.spec.initContainers[].envFrom[*].configMapRef.name", Risk::Low, ASK),
    field(TEMPLATES, "spec.template.spec.volumes[].configMap.name", Risk::Low, ASK),
    field(TEMPLATES, "spec.template.spec.volumes[].projected.sources[*].configMap.name", Risk::Low, ASK),
    // Low only when the image ran before in this object: the rule that knows raises it otherwise.
    field(TEMPLATES, "spec.template.spec.containers[].image", Risk::Low, AUTOMATIC).by(Proposer::Anyone(ValueForm::Image)),
    field(TEMPLATES, "spec.template.spec.initContainers[].image", Risk::Low, AUTOMATIC),
    field(TEMPLATES, "spec.template.spec.nodeSelector.*", Risk::Medium, ASK),
    field(TEMPLATES, "spec.template.spec.tolerations[*].key", Risk::Medium, ASK),
    field(
        TEMPLATES,
        "spec.template.spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[*].matchExpressions[*].key",
        Risk::Medium,
        ASK,
    ),
    field(
        TEMPLATES,
        "spec.template.spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[*].matchExpressions[*].values[*]",
        Risk::Medium,
        ASK,
    ),
    field(SERVICES, "spec.selector.*", Risk::Medium, ASK),
    stated(SCALED, "spec.replicas", ValueForm::Replicas),
    stated(TEMPLATES, "spec.template.spec.containers[].resources.requests|limits.cpu|memory", ValueForm::Quantity),
    stated(TEMPLATES, "spec.template.spec.containers[].readinessProbe|livenessProbe|startupProbe.httpGet|tcpSocket.port", ValueForm::Port),
    stated(TEMPLATES, "spec.template.spec.containers[].readinessProbe|livenessProbe|startupProbe.httpGet.path", ValueForm::HttpPath),
    stated(
        TEMPLATES,
        "spec.template.spec.containers[].readinessProbe|livenessProbe|startupProbe.initialDelaySeconds|periodSeconds|timeoutSeconds|failureThreshold",
        ValueForm::Small,
    ),
    stated(SERVICES, "spec.ports[]|[*].targetPort", ValueForm::Port),
    stated(CONFIG_MAPS, "data.*", ValueForm::Setting),
    // Whoever has the roles that are bound to the name has them then, and kubemend reads no role.
    whole(Verb::Create, ACCOUNTS, Risk::High, ASK).by(Proposer::Stated(ValueForm::Account)),
    whole(Verb::Create, SERVICES, Risk::Medium, ASK).by(Proposer::Stated(ValueForm::Service)),
    whole(Verb::Create, CONFIG_MAPS, Risk::High, ASK).by(Proposer::Stated(ValueForm::Settings)),
    stated(AUTOSCALERS, "spec.minReplicas|maxReplicas", ValueForm::Bound),
    stated(BUDGETS, "spec.minAvailable|maxUnavailable", ValueForm::Disruption),
    stated(INGRESSES, "spec.rules[*].http.paths[*].backend.service.name", ValueForm::Backend),
    stated(INGRESSES, "spec.rules[*].http.paths[*].backend.service.port.number|name", ValueForm::Port),
    stated(INGRESSES, "spec.defaultBackend.service.name", ValueForm::Backend),
    stated(INGRESSES, "spec.defaultBackend.service.port.number|name", ValueForm::Port),
    // A volume never shrinks again.
    stated(CLAIMS, "spec.resources.requests.storage", ValueForm::Growth),
    whole(Verb::Restart, TEMPLATES, Risk::Low, ASK).by(Proposer::Stated(ValueForm::Nothing)),
    whole(Verb::UndoRollout, TEMPLATES, Risk::Medium, ASK).by(Proposer::Stated(ValueForm::Revision)),
    whole(Verb::Delete, PODS, Risk::Medium, ASK).by(Proposer::Stated(ValueForm::Nothing)),
    whole(Verb::Evict, PODS, Risk::Low, ASK).by(Proposer::Stated(ValueForm::Nothing)),
];

/// The row for one field, or for a whole object.
pub fn row(verb: Verb, kind: &Kind, path: Option<&FieldPath>) -> Option<&'static Changeable> {
    CHANGES.iter().find(|row| {
        row.verb == verb
            && row.kinds.contains(kind)
            && match (row.field, path) {
                (None, None) => true,
                (Some(pattern), Some(path)) => fits(pattern, path),
                (Some(_), None) | (None, Some(_)) => false,
            }
    })
}

/// Whether a field may be stated that is named like this, however the elements of lists on the way are named: in which of its spellings an
/// object has it, only the object tells, and the row of that one decides then.
pub fn may_be_open(kind: &Kind, path: &FieldPath) -> bool {
    let mut stated = CHANGES.iter().filter(|row| row.verb == Verb::Patch && row.kinds.contains(kind) && row.form().is_some());
    stated.any(|row| row.field.is_some_and(|pattern| fits_somehow(pattern, path)))
}

/// Whether anything of the kind may be changed so.
pub fn has(verb: Verb, kind: &Kind) -> bool {
    CHANGES.iter().any(|row| row.verb == verb && row.kinds.contains(kind))
}

/// Each right with each kind once, in the order of the table, by a verb that needs it: what a writer's role must allow for what rules propose.
pub fn written() -> Vec<(Verb, Kind)> {
    pairs(|row| !matches!(row.by, Proposer::Stated(_)))
}

/// The same for what an investigation proposes besides.
pub fn written_besides() -> Vec<(Verb, Kind)> {
    let known = written();
    pairs(|row| row.form().is_some()).into_iter().filter(|pair| !known.contains(pair)).collect()
}

fn pairs(is_meant: impl Fn(&Changeable) -> bool) -> Vec<(Verb, Kind)> {
    let mut all: Vec<(Verb, Kind)> = Vec::new();
    for row in CHANGES.iter().filter(|row| is_meant(row)) {
        for kind in row.kinds {
            let pair = (row.verb.by_right(), kind.clone());
            if !all.contains(&pair) {
                all.push(pair);
            }
        }
    }
    all
}

/// The pattern with a dot before each element of a list.
fn steps(pattern: &str) -> String {
    pattern.replace('[', ".[").replace("|.[", "|[")
}

fn fits(pattern: &str, path: &FieldPath) -> bool {
    follows(pattern, path, |wanted, element| match element {
        Segment::Element { .. } => matches!(wanted, "[]" | "[]|[*]"),
        Segment::Position(_) => matches!(wanted, "[*]" | "[]|[*]"),
        Segment::Key(_) => false,
    })
}

/// Whether it fits where any name of an element stands for any other.
fn fits_somehow(pattern: &str, path: &FieldPath) -> bool {
    follows(pattern, path, |wanted, _| wanted.starts_with('['))
}

fn follows(pattern: &str, path: &FieldPath, is_element: impl Fn(&str, &Segment) -> bool) -> bool {
    let pattern = steps(pattern);
    let mut wanted = pattern.split('.');
    let mut segments = path.segments().iter();
    loop {
        match (wanted.next(), segments.next()) {
            (None, None) => return true,
            (Some(step), Some(element @ (Segment::Element { .. } | Segment::Position(_)))) if is_element(step, element) => {}
            (Some("*"), Some(Segment::Key(_))) => {}
            (Some(names), Some(Segment::Key(key))) if names.split('|').any(|name| name == key) => {}
            (None | Some(_), _) => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn container(list: &str) -> FieldPath {
        FieldPath::dotted("spec.template.spec").key(list).element("name", "app")
    }

    fn floor(kind: &Kind, path: &FieldPath) -> Option<(Risk, bool)> {
        row(Verb::Patch, kind, Some(path)).map(|row| (row.floor, row.automatic))
    }

    #[test]
    fn fields_have_the_floors_that_the_security_document_gives_them() {
        let template = || FieldPath::dotted("spec.template.spec");
        let (low, image, medium) = (Some((Risk::Low, ASK)), Some((Risk::Low, AUTOMATIC)), Some((Risk::Medium, ASK)));
        for kind in TEMPLATES {
            for (path, expected) in [
                (template().key("volumes").element("name", "data").then("persistentVolumeClaim.claimName"), low),
                (container("containers").then("env").element("name", "URL").then("valueFrom.configMapKeyRef.name"), low),
                (container("initContainers").then("env").element("name", "URL").then("valueFrom.configMapKeyRef.name"), low),
                (container("containers").then("env").at(2).then("valueFrom.configMapKeyRef.name"), low),
                (container("containers").then("envFrom").at(0).then("configMapRef.name"), low),
                (container("initContainers").then("envFrom").at(7).then("configMapRef.name"), low),
                (template().key("volumes").element("name", "files").then("configMap.name"), low),
                (template().key("volumes").element("name", "all").then("projected.sources").at(1).then("configMap.name"), low),
                (container("containers").then("envFrom"), None),
                (container("containers").then("envFrom").at(0), None),
                (container("containers").then("envFrom").at(0).then("secretRef.name"), None),
                (container("containers").then("envFrom.configMapRef.name"), None),
                (template().key("containers").at(0).then("image"), None),
                (template().key("volumes").element("name", "certs").then("secret.secretName"), None),
                (container("containers").then("image"), image),
                (container("initContainers").then("image"), image),
                (template().key("nodeSelector").key("kubernetes.io/arch"), medium),
                (template().key("nodeSelector"), None),
                (template().then("nodeName"), None),
                (template().then("serviceAccountName"), None),
                (container("containers").then("command"), None),
                (container("containers"), None),
                (container("ephemeralContainers").then("image"), None),
                (FieldPath::dotted("spec.template.spec.containers.app.image"), None),
                (FieldPath::dotted("spec.paused"), None),
                (FieldPath::dotted("spec.selector.app"), None),
                (FieldPath::root(), None),
            ] {
                assert_eq!(floor(kind, &path), expected, "{kind} {path}");
            }
        }
        assert_eq!(floor(&Kind::Service, &FieldPath::dotted("spec.selector").key("app.kubernetes.io/name")), medium);
        assert_eq!(floor(&Kind::Service, &FieldPath::dotted("spec.selector.a.b")), None);
        assert_eq!(floor(&Kind::Service, &container("containers").then("image")), None);
    }

    #[test]
    fn field_is_open_in_each_of_its_spellings_and_nothing_else_is() {
        let open = |kind: &Kind, path: &str| may_be_open(kind, &FieldPath::parse(path).unwrap());
        for path in ["spec.template.spec.containers[0].image", "spec.template.spec.containers[imagePullPolicy=Always].image"] {
            assert!(open(&Kind::Deployment, path), "{path}");
        }
        for path in
            ["spec.rules[host=www].http.paths[path=/pay].backend.service.name", "spec.rules[0].http.paths[name=x].backend.service.name"]
        {
            assert!(open(&Kind::Ingress, path), "{path}");
        }
        for path in ["spec.template.spec.containers.app.image", "spec.template.spec.volumes[0].persistentVolumeClaim.claimName", "spec[0]"]
        {
            assert!(!open(&Kind::Deployment, path), "{path}");
        }
        assert!(!open(&Kind::ConfigMap, "data[0]") && !open(&Kind::ConfigMap, "data[name=LEVEL]") && open(&Kind::ConfigMap, "data.LEVEL"));
    }

    #[test]
    fn label_that_is_called_as_a_field_is_a_label() {
        for name in ["image", "claimName", "name"] {
            assert_eq!(floor(&Kind::Service, &FieldPath::dotted("spec.selector").key(name)), Some((Risk::Medium, ASK)), "{name}");
        }
        let of_nodes = FieldPath::dotted("spec.template.spec.nodeSelector").key("image");
        assert_eq!(floor(&Kind::Deployment, &of_nodes), Some((Risk::Medium, ASK)));
    }

    #[test]
    fn each_verb_and_kind_is_written_once() {
        let written: Vec<String> = written().iter().map(|(verb, kind)| format!("{verb} {kind}")).collect();
        assert_eq!(
            written,
            [
                "create PersistentVolumeClaim",
                "delete PersistentVolumeClaim",
                "patch Deployment",
                "patch StatefulSet",
                "patch DaemonSet",
                "patch Service"
            ]
        );
    }

    /// Words of which fields are made, those of the table among them.
    fn segment() -> impl Strategy<Value = Segment> {
        let words = [
            "spec",
            "template",
            "containers",
            "initContainers",
            "volumes",
            "image",
            "env",
            "envFrom",
            "valueFrom",
            "secretKeyRef",
            "name",
            "configMapKeyRef",
            "persistentVolumeClaim",
            "claimName",
            "nodeSelector",
            "selector",
            "data",
            "stringData",
            "*",
            "[]",
            "[*]",
            "sources",
            "",
        ];
        let key = prop::sample::select(words.to_vec()).prop_map(|word| Segment::Key(word.to_owned()));
        let element = "[a-z]{0,6}".prop_map(|value| Segment::Element { key: "name".to_owned(), value });
        prop_oneof![4 => key, 1 => element, 1 => (0..3_usize).prop_map(Segment::Position)]
    }

    proptest! {
        /// No field of a Secret, of a kind that is not readable, or outside a namespace is in the table, however the path is spelled.
        #[test]
        fn what_may_not_be_read_and_what_has_no_namespace_is_never_changed(segments in prop::collection::vec(segment(), 0..9)) {
            let path = segments.iter().fold(FieldPath::root(), |path, segment| match segment {
                Segment::Key(key) => path.key(key),
                Segment::Element { key, value } => path.element(key, value),
                Segment::Position(index) => path.at(*index),
            });
            let other = Kind::Other { api_version: "v1".to_owned(), kind: "Deployment".to_owned() };
            for kind in Kind::KNOWN.into_iter().chain([other]) {
                let changeable = kind.is_readable() && kind.info().is_some_and(|i| i.namespaced);
                for verb in Verb::ALL {
                    prop_assert!(changeable || !has(verb, &kind), "{verb} {kind}");
                    prop_assert!(has(verb, &kind) || row(verb, &kind, Some(&path)).is_none(), "{verb} {kind} {path}");
                }
            }
        }

        /// A name that is only written like a pattern is a name.
        #[test]
        fn a_field_below_what_is_in_the_table_is_not_in_it(more in "[a-z]{1,8}") {
            for row in CHANGES.iter().filter(|row| row.field.is_some()) {
                let mut path = FieldPath::root();
                for words in steps(row.field.unwrap_or_default()).split('.') {
                    path = match words.split('|').next().unwrap_or_default() {
                        "[]" => path.element("name", "x"),
                        "[*]" => path.at(3),
                        word => path.key(word),
                    };
                }
                for kind in row.kinds {
                    prop_assert!(super::row(row.verb, kind, Some(&path)).is_some(), "{path}");
                    prop_assert!(super::row(row.verb, kind, Some(&path.clone().key(&more))).is_none(), "{path}");
                }
            }
        }
    }
}
