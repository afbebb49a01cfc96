//! A look as it comes in, from whichever model: words, which become a [`Look`] or an answer that says how to ask.

use super::catalog;
use crate::domain::field::FieldPath;
use crate::domain::kind::Kind;
use crate::domain::look::{Look, ProbeName, Right, Used};
use crate::domain::name::is_dns;
use crate::domain::namespace::Namespace;
use crate::domain::nearest::{did_you_mean, nearest};
use crate::domain::object::ObjectRef;
use crate::domain::secrets::names_one;
use crate::ports::CustomKinds;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Looks that one call may ask for.
pub const LOOKS: usize = 8;
/// Groups that are named in one answer.
const GROUPS: usize = 8;
/// Characters of any one word.
const CHARACTERS: usize = 400;

/// One look as it comes in: the words of all probes, of which each takes some.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(inline)]
pub struct LookArguments {
    /// Which probe
    pub probe: ProbeWord,
    /// kind/name or Kind/namespace/name
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object: Option<String>,
    /// A plural such as pods, with its group where two have one name
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Default: the session's
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Labels, such as app=web
    #[serde(skip_serializing_if = "Option::is_none")]
    pub selector: Option<String>,
    /// A field, such as spec.template.spec.containers[name=app].image
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// Default: the one that fails
    #[serde(skip_serializing_if = "Option::is_none")]
    pub container: Option<String>,
    /// The run before the last restart
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous: Option<bool>,
    /// Only lines with this text, as they are shown
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contains: Option<String>,
    /// Ago, such as 15m
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// Of a long answer
    #[serde(skip_serializing_if = "Option::is_none")]
    pub page: Option<u32>,
    /// Such as list
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verb: Option<String>,
}

/// The probes by name.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(inline)]
#[expect(missing_docs, reason = "the variants are the probes by name")]
pub enum ProbeWord {
    #[default]
    Get,
    List,
    Describe,
    Logs,
    Events,
    Rollout,
    Endpoints,
    Scheduling,
    Graph,
    Top,
    Api,
    CanI,
}

impl From<ProbeWord> for ProbeName {
    fn from(word: ProbeWord) -> Self {
        match word {
            ProbeWord::Get => ProbeName::Get,
            ProbeWord::List => ProbeName::List,
            ProbeWord::Describe => ProbeName::Describe,
            ProbeWord::Logs => ProbeName::Logs,
            ProbeWord::Events => ProbeName::Events,
            ProbeWord::Rollout => ProbeName::Rollout,
            ProbeWord::Endpoints => ProbeName::Endpoints,
            ProbeWord::Scheduling => ProbeName::Scheduling,
            ProbeWord::Graph => ProbeName::Graph,
            ProbeWord::Top => ProbeName::Top,
            ProbeWord::Api => ProbeName::Api,
            ProbeWord::CanI => ProbeName::CanI,
        }
    }
}

/// What is needed to understand a look: where the session looks, and which kinds there are besides the known ones.
#[derive(Debug)]
pub(crate) struct Context<'a> {
    /// The one namespace of the session, where there is one.
    pub(crate) namespace: Option<&'a Namespace>,
    pub(crate) custom: Custom<'a>,
}

/// What is known of the kinds that the cluster has besides the known ones.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Custom<'a> {
    /// Nobody asked: no word needed it.
    NotAsked,
    Listed(&'a CustomKinds),
    /// They could not be listed, which says nothing about what there is.
    Unread(&'a Unread),
}

/// Why custom kinds could not be listed, on one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unread(pub(crate) String);

impl<'a> Custom<'a> {
    /// As discovery answered, where it was asked.
    pub(crate) fn of(asked: Option<&'a Result<CustomKinds, Unread>>) -> Self {
        match asked {
            None => Self::NotAsked,
            Some(Ok(kinds)) => Self::Listed(kinds),
            Some(Err(why)) => Self::Unread(why),
        }
    }

    fn kinds(self) -> &'a [Kind] {
        if let Self::Listed(listed) = self { &listed.kinds } else { &[] }
    }

    /// Why it is not known whether there is a kind of this group, or of any where the word has none.
    fn unread(self, group: Option<&str>) -> Option<String> {
        match self {
            Self::NotAsked => None,
            Self::Unread(Unread(why)) => Some(format!("the custom kinds of this cluster could not be listed ({why})")),
            Self::Listed(listed) => {
                let missing = listed.unread.iter().filter(|missing| group.is_none_or(|group| group == missing.as_str()));
                let named: Vec<String> = missing.take(GROUPS).map(|group| format!("`{group}`")).collect();
                (!named.is_empty()).then(|| format!("the kinds of {} could not be listed", named.join(", ")))
            }
        }
    }
}

impl LookArguments {
    /// A call of a model's: the probe is its name, and the rest are its arguments.
    ///
    /// # Errors
    /// They are not the words of a look.
    pub(crate) fn of_call(probe: ProbeName, arguments: &Value) -> Result<Self, String> {
        let mut words = arguments.clone();
        if let Some(members) = words.as_object_mut() {
            members.insert("probe".to_owned(), Value::from(probe.as_str()));
        }
        serde_json::from_value(words).map_err(|e| format!("`{}` does not take that: {e}", probe.as_str()))
    }

    /// Words that name a kind which is none of the known ones: only discovery can tell.
    pub(crate) fn names_an_unknown_kind(&self) -> bool {
        self.kind_word().is_some_and(|word| Kind::parse(word).is_none())
    }

    fn kind_word(&self) -> Option<&str> {
        let of_object = || self.object.as_deref().and_then(|object| object.split_once('/')).map(|(kind, _)| kind);
        self.kind.as_deref().or_else(of_object).filter(|word| !word.is_empty())
    }

    /// Which page of the answer.
    pub(crate) fn page(&self) -> u32 {
        self.page.unwrap_or(1)
    }

    /// As it was asked, for an answer that says what is wrong with it.
    pub(crate) fn in_words(&self) -> String {
        let words = [self.object.as_deref(), self.kind.as_deref()];
        let about: Vec<&str> = words.into_iter().flatten().collect();
        format!("{} {}", ProbeName::from(self.probe).as_str(), about.join(" ")).trim_end().chars().take(CHARACTERS).collect()
    }

    /// The look that is meant.
    pub(crate) fn understood(&self, context: &Context<'_>) -> Result<Look, String> {
        self.bounded()?;
        let probe = ProbeName::from(self.probe);
        self.only_what_it_takes(probe)?;
        let namespace = self.namespace.as_deref().map(Namespace::parse).transpose().map_err(|e| e.to_string())?;
        let object = |what: &str| {
            let text = self.object.as_deref().ok_or_else(|| format!("`{}` needs `object`, such as {what}", probe.as_str()))?;
            object(text, namespace.as_ref(), context)
        };
        Ok(match probe {
            ProbeName::Get => {
                let field = self.field_like("spec.containers[name=app].image");
                Look::Get { object: object("\"deployment/web\"")?, field: field? }
            }
            ProbeName::Describe => Look::Describe(object("\"pod/web-0\"")?),
            ProbeName::Logs => {
                let pod = object("\"pod/web-0\"")?;
                if pod.kind != Kind::Pod {
                    return Err(format!("only Pods have logs, and {pod} is none: `describe` it to see its Pods"));
                }
                Look::Logs {
                    pod,
                    container: self.container.clone(),
                    previous: self.previous == Some(true),
                    contains: self.contains.clone(),
                    since: self.since.as_deref().map(seconds_ago).transpose()?,
                }
            }
            ProbeName::Rollout => {
                let workload = object("\"deployment/web\"")?;
                if !matches!(workload.kind, Kind::Deployment | Kind::StatefulSet | Kind::DaemonSet) {
                    return Err(format!(
                        "only Deployments, StatefulSets and DaemonSets have revisions, and {workload} is none of them: `describe` it to see its owner"
                    ));
                }
                Look::Rollout(workload)
            }
            ProbeName::Endpoints => {
                let leads = object("\"service/web\"")?;
                if !matches!(leads.kind, Kind::Service | Kind::Ingress) {
                    return Err(format!("only a Service or an Ingress leads to something, and {leads} is neither: `list` services"));
                }
                Look::Endpoints(leads)
            }
            ProbeName::Scheduling => {
                let pod = object("\"pod/web-0\"")?;
                if pod.kind != Kind::Pod {
                    return Err(format!("only Pods are scheduled, and {pod} is none: `describe` it to see its Pods"));
                }
                Look::Scheduling(pod)
            }
            ProbeName::Graph => Look::Graph(object("\"deployment/web\"")?),
            ProbeName::Top => Look::Top(self.used(namespace.as_ref(), context)?),
            ProbeName::Api => {
                let field = self.field_like("spec.template.spec.containers");
                if self.kind.is_none() && self.field.is_some() {
                    return Err("`api` needs `kind` where it has `field`, such as \"deployments\"".to_owned());
                }
                Look::Api { kind: self.kind.as_deref().map(|word| kind(word, context)).transpose()?, field: field? }
            }
            ProbeName::CanI => {
                let verbs = || Right::ALL.map(|right| format!("`{}`", right.as_str())).join(", ");
                let verb = self.verb.as_deref().ok_or_else(|| format!("`can-i` needs `verb`, one of {}", verbs()))?;
                let verb = Right::parse(verb).ok_or_else(|| format!("`{verb}` is not a verb of roles: {}", verbs()))?;
                let kind = kind(self.kind.as_deref().ok_or("`can-i` needs `kind`, such as \"pods\"")?, context)?;
                let namespaced = kind.info().is_some_and(|info| info.namespaced);
                Look::CanI { verb, kind, namespace: namespace.or_else(|| context.namespace.cloned()).filter(|_| namespaced) }
            }
            ProbeName::Events => Look::Events {
                object: if self.object.is_some() { Some(object("\"pod/web-0\"")?) } else { None },
                namespace: if self.object.is_some() { None } else { namespace.or_else(|| context.namespace.cloned()) },
            },
            ProbeName::List => {
                let word = self.kind.as_deref().ok_or("`list` needs `kind`, such as \"pods\"")?;
                let kind = kind(word, context)?;
                let namespaced = kind.info().is_some_and(|info| info.namespaced);
                let place = namespace.or_else(|| context.namespace.cloned()).filter(|_| namespaced);
                if self.selector.as_deref().is_some_and(guesses) {
                    return Err("`selector` asks for the value of a label that is named like a credential: list without it".to_owned());
                }
                Look::List { kind, namespace: place, selector: self.selector.clone() }
            }
        })
    }

    /// The field that is asked for, where one is.
    fn field_like(&self, example: &str) -> Result<Option<FieldPath>, String> {
        let parsed = |text| FieldPath::written(text).ok_or_else(|| format!("`{text}` is not a field, such as `{example}`"));
        self.field.as_deref().map(parsed).transpose()
    }

    /// Of what it is wanted how much it uses.
    fn used(&self, namespace: Option<&Namespace>, context: &Context<'_>) -> Result<Used, String> {
        const ONLY: &str = "only Pods and nodes are measured";
        if let Some(text) = self.object.as_deref() {
            if self.kind.is_some() {
                return Err("`top` takes `object` or `kind`: leave one of them out".to_owned());
            }
            let object = object(text, namespace, context)?;
            return match object.kind {
                Kind::Pod | Kind::Node => Ok(Used::By(object)),
                _ => Err(format!("{ONLY}, and {object} is neither: `describe` it to see its Pods")),
            };
        }
        match self.kind.as_deref().map(|word| kind(word, context)).transpose()? {
            Some(Kind::Node) => Ok(Used::ByNodes),
            None | Some(Kind::Pod) => {
                let place = namespace.or(context.namespace).cloned();
                place.map(Used::ByPods).ok_or_else(|| "`top` of Pods needs `namespace`".to_owned())
            }
            Some(other) => Err(format!("{ONLY}, and no {}", other.plural())),
        }
    }

    fn bounded(&self) -> Result<(), String> {
        let words = [
            ("object", &self.object),
            ("kind", &self.kind),
            ("namespace", &self.namespace),
            ("selector", &self.selector),
            ("field", &self.field),
            ("container", &self.container),
            ("contains", &self.contains),
            ("since", &self.since),
            ("verb", &self.verb),
        ];
        if self.page == Some(0) {
            return Err("`page` begins at 1".to_owned());
        }
        for (name, word) in words {
            let Some(word) = word else { continue };
            if word.trim().is_empty() {
                return Err(format!("`{name}` is empty: leave it out"));
            }
            if word.chars().count() > CHARACTERS {
                return Err(format!("`{name}` has {} characters, the maximum is {CHARACTERS}", word.chars().count()));
            }
            if word.chars().any(char::is_control) {
                return Err(format!("`{name}` has control characters in it"));
            }
        }
        Ok(())
    }

    /// An argument that would not be heard is an error, so that nobody takes an answer for one to another question.
    fn only_what_it_takes(&self, probe: ProbeName) -> Result<(), String> {
        let takes = catalog::of(probe).takes;
        let given = [
            ("object", self.object.is_some()),
            ("kind", self.kind.is_some()),
            ("namespace", self.namespace.is_some()),
            ("selector", self.selector.is_some()),
            ("field", self.field.is_some()),
            ("container", self.container.is_some()),
            ("previous", self.previous.is_some()),
            ("contains", self.contains.is_some()),
            ("since", self.since.is_some()),
            ("page", self.page.is_some()),
            ("verb", self.verb.is_some()),
        ];
        match given.into_iter().find(|(name, given)| *given && !takes.contains(name)) {
            Some((name, _)) => {
                let takes: Vec<String> = takes.iter().map(|name| format!("`{name}`")).collect();
                Err(format!("`{}` does not take `{name}`; it takes {}", probe.as_str(), takes.join(", ")))
            }
            None => Ok(()),
        }
    }
}

/// `90s`, `15m`, `2h` or `1d`, at most a week.
fn seconds_ago(text: &str) -> Result<u32, String> {
    const UNITS: [(char, u32); 4] = [('s', 1), ('m', 60), ('h', 3_600), ('d', 86_400)];
    let unit = |last: char| UNITS.iter().find(|(letter, _)| *letter == last).map(|(_, seconds)| *seconds);
    let number = text.get(..text.len().saturating_sub(1)).and_then(|digits| digits.parse::<u32>().ok());
    let seconds = number.zip(text.chars().last().and_then(unit)).and_then(|(number, unit)| number.checked_mul(unit));
    seconds
        .filter(|seconds| (1..=7 * 86_400).contains(seconds))
        .ok_or_else(|| format!("`since` does not take `{text}`: it takes how long ago, such as `90s`, `15m`, `2h` or `1d`, at most `7d`"))
}

/// An object by its words: `pod/web-0` in the namespace that is given or the session's, or `Pod/shop/web-0`.
pub(crate) fn object(text: &str, namespace: Option<&Namespace>, context: &Context<'_>) -> Result<ObjectRef, String> {
    let wrong = || format!("`{text}` is not an object: write it as kind/name or Kind/namespace/name");
    let parts: Vec<&str> = text.split('/').collect();
    let (word, place, name) = match parts.as_slice() {
        [kind, name] => (*kind, None, *name),
        [kind, place, name] => (*kind, Some(Namespace::parse(place).map_err(|e| e.to_string())?), *name),
        _ => return Err(wrong()),
    };
    if !is_dns(name, 253, true) {
        return Err(format!("`{name}` is not a valid object name"));
    }
    let kind = kind(word, context)?;
    if !kind.info().is_some_and(|info| info.namespaced) {
        return Ok(ObjectRef::cluster(kind, name));
    }
    if let (Some(said), Some(given)) = (&place, namespace)
        && said != given
    {
        return Err(format!("`{text}` is in `{said}`, and `namespace` says `{given}`: leave one of them out"));
    }
    let namespace = place.as_ref().or(namespace).or(context.namespace);
    let namespace = namespace.ok_or_else(|| format!("say the namespace of {word}/{name}: `{}/NAMESPACE/{name}`", kind.name()))?;
    Ok(ObjectRef::namespaced(kind, namespace, name))
}

/// A kind by its words. Secrets are refused here already, with the reason.
fn kind(word: &str, context: &Context<'_>) -> Result<Kind, String> {
    if word.to_ascii_lowercase().contains("secret") {
        return Err("kubemend never reads Secrets".to_owned());
    }
    if let Some(kind) = Kind::parse(word) {
        return Ok(kind);
    }
    let lower = word.to_ascii_lowercase();
    let (name, group) = lower.split_once('.').map_or((lower.as_str(), None), |(name, group)| (name, Some(group)));
    let meant: Vec<&Kind> = context.custom.kinds().iter().filter(|kind| kind.is_called(word)).collect();
    match meant.as_slice() {
        [one] => Ok((*one).clone()),
        [] => {
            if let Some(why) = context.custom.unread(group) {
                return Err(format!("it is not known whether this cluster has `{word}`: {why}. That does not mean that it is missing"));
            }
            let known = Kind::KNOWN.iter().chain(context.custom.kinds()).filter_map(|kind| kind.info()).map(|info| info.plural.to_owned());
            let known: Vec<String> = known.filter(|plural| plural != "secrets").collect();
            let near = nearest(name, known.iter().map(String::as_str));
            Err(format!(
                "`{word}` is neither a kind of an API group of this cluster nor one of Kubernetes' own that kubemend reads{}",
                did_you_mean(&near)
            ))
        }
        several => {
            let all: Vec<String> = several.iter().filter_map(|kind| Some(format!("`{}.{}`", kind.info()?.plural, kind.group()))).collect();
            Err(format!("`{word}` could be {}: write its group too", all.join(" or ")))
        }
    }
}

/// Whether a label of this selector is named like a credential. The server compares what it has, and what a look shows of it is masked: an
/// answer would tell of every guess whether it is right.
fn guesses(selector: &str) -> bool {
    // What stands in parentheses are values, which commas part, too.
    let outside = selector.split('(').map(|part| part.rsplit(')').next().unwrap_or(part));
    let requirements = outside.flat_map(|part| part.split(',')).map(str::trim);
    let keys = requirements.filter_map(|one| one.trim_start_matches('!').split(['=', '!', ' ']).next());
    keys.map(|key| key.rsplit('/').next().unwrap_or(key)).filter(|key| !key.is_empty()).any(names_one)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::kind::CustomKind;
    use serde_json::{Value, json};
    use std::sync::Arc;

    fn custom() -> Vec<Kind> {
        let kind = |group: &str| Kind::Custom(Arc::new(CustomKind::new(group, "v1", "Backup", "backups", true).unwrap()));
        let issuer = Kind::Custom(Arc::new(CustomKind::new("cert-manager.io", "v1", "Issuer", "issuers", true).unwrap()));
        vec![kind("a.example"), kind("b.example"), issuer]
    }

    fn asked(given: &Value, namespace: Option<&str>) -> Result<String, String> {
        let arguments: LookArguments = serde_json::from_value(given.clone()).map_err(|e| e.to_string())?;
        let namespace = namespace.map(|n| Namespace::parse(n).unwrap());
        let listed = CustomKinds { kinds: custom(), unread: Vec::new() };
        arguments.understood(&Context { namespace: namespace.as_ref(), custom: Custom::Listed(&listed) }).map(|look| look.to_string())
    }

    /// What was not read is not missing.
    #[test]
    fn kind_that_could_not_be_listed_is_unknown_and_not_missing() {
        let asked = |word: &str, custom: Custom<'_>| {
            let arguments = LookArguments { probe: ProbeWord::List, kind: Some(word.to_owned()), ..LookArguments::default() };
            arguments.understood(&Context { namespace: None, custom }).map(|look| look.to_string())
        };
        let why = Unread("the API server did not list them within 8 s".to_owned());
        let said = asked("certificates", Custom::Unread(&why)).unwrap_err();
        assert!(said.contains("not known whether") && said.contains("within 8 s") && !said.contains("is not a kind"), "{said}");
        assert_eq!(asked("pods", Custom::Unread(&why)), Ok("list pods -A".to_owned()), "what is known needs no list");
        let partly = CustomKinds { kinds: custom(), unread: vec!["down.example".to_owned()] };
        for (word, unknown) in [("certificates", true), ("certificates.down.example", true), ("certificates.a.example", false)] {
            let said = asked(word, Custom::Listed(&partly)).unwrap_err();
            assert_eq!(said.contains("`down.example` could not be listed"), unknown, "{said}");
        }
        assert_eq!(asked("issuers", Custom::Listed(&partly)), Ok("list issuers -A".to_owned()));
    }

    #[test]
    fn looks_are_understood_in_the_forms_that_reports_and_people_write() {
        for (given, meant) in [
            (json!({"probe": "get", "object": "deploy/web"}), "get deployment/web -n shop"),
            (json!({"probe": "describe", "object": "Pod/other/web-0"}), "describe pod/web-0 -n other"),
            (
                json!({"probe": "logs", "object": "pod/web-0", "container": "app", "previous": true}),
                "logs pod/web-0 -n shop -c app --previous",
            ),
            (json!({"probe": "list", "kind": "po", "selector": "app=web"}), "list pods -n shop -l app=web"),
            (json!({"probe": "list", "kind": "po", "selector": "app in (token,web)"}), "list pods -n shop -l app in (token,web)"),
            (json!({"probe": "list", "kind": "nodes"}), "list nodes"),
            (json!({"probe": "list", "kind": "issuers"}), "list issuers -n shop"),
            (json!({"probe": "get", "object": "issuer.cert-manager.io/main", "field": "status"}), "get issuer/main -n shop status"),
            (json!({"probe": "get", "object": "node/n1", "namespace": "shop"}), "get node/n1"),
            (json!({"probe": "events"}), "events -n shop"),
            (json!({"probe": "events", "object": "pod/web-0", "namespace": "b"}), "events pod/web-0 -n b"),
        ] {
            assert_eq!(asked(&given, Some("shop")), Ok(meant.to_owned()), "{given}");
        }
    }

    #[test]
    fn look_that_cannot_be_meant_is_answered_with_how_to_ask() {
        for (given, says) in [
            (json!({"probe": "get"}), "`get` needs `object`, such as \"deployment/web\""),
            (json!({"probe": "list"}), "`list` needs `kind`, such as \"pods\""),
            (json!({"probe": "logs", "object": "deploy/web", "namespace": "a"}), "only Pods have logs"),
            (
                json!({"probe": "rollout", "object": "pod/web", "namespace": "a"}),
                "only Deployments, StatefulSets and DaemonSets have revisions",
            ),
            (json!({"probe": "endpoints", "object": "pod/web", "namespace": "a"}), "only a Service or an Ingress leads to something"),
            (json!({"probe": "scheduling", "object": "deploy/web", "namespace": "a"}), "only Pods are scheduled"),
            (json!({"probe": "get", "object": "pod/web"}), "say the namespace of pod/web: `Pod/NAMESPACE/web`"),
            (json!({"probe": "get", "object": "secret/db", "namespace": "a"}), "kubemend never reads Secrets"),
            (json!({"probe": "list", "kind": "sealedsecrets"}), "kubemend never reads Secrets"),
            (json!({"probe": "list", "kind": "deploymnts"}), "did you mean `deployments`?"),
            (json!({"probe": "list", "kind": "backups"}), "could be `backups.a.example` or `backups.b.example`"),
            (json!({"probe": "list", "kind": "pods", "selector": "app=web,token in (a,b)"}), "named like a credential"),
            (json!({"probe": "list", "kind": "pods", "selector": "example.com/api-key!=a"}), "named like a credential"),
            (json!({"probe": "list", "kind": "pods", "selector": "app in (a,b), password"}), "named like a credential"),
            (json!({"probe": "get", "object": "pod/a/web", "namespace": "b"}), "leave one of them out"),
            (json!({"probe": "get", "object": "pod/../x", "namespace": "b"}), "not"),
            (json!({"probe": "get", "object": "pod/web\n", "namespace": "b"}), "control characters"),
            (
                json!({"probe": "describe", "object": "pod/web", "container": "app"}),
                "`describe` does not take `container`; it takes `object`, `namespace`",
            ),
            (json!({"probe": "get", "object": "pod/web", "namespace": "b", "field": "a..b"}), "is not a field"),
        ] {
            let said = asked(&given, None).unwrap_err();
            assert!(said.contains(says), "{given}: {said}");
        }
        assert!(asked(&json!({"probe": "patch", "object": "pod/web"}), None).unwrap_err().contains("unknown variant"));
    }
}
