//! Who may do what: everything is allowed but what was denied, and access reviews answer accordingly.

use serde_json::{Value, json};

use super::{
    json,
    resources::{self, Resource},
};

/// A right that is taken away.
#[derive(Debug, Clone)]
pub struct Denial {
    verb: String,
    resource: String,
    user: Option<String>,
    namespace: Option<String>,
}

impl Denial {
    /// Nobody may do this verb (`*`: any) on this resource: a plural, `pods/log`, or `*`.
    #[must_use]
    pub fn of(verb: &str, resource: &str) -> Self {
        Self { verb: verb.to_owned(), resource: resource.to_owned(), user: None, namespace: None }
    }

    /// Denied to this user alone.
    #[must_use]
    pub fn to_user(mut self, user: &str) -> Self {
        self.user = Some(user.to_owned());
        self
    }

    /// Denied in this namespace alone.
    #[must_use]
    pub fn in_namespace(mut self, namespace: &str) -> Self {
        self.namespace = Some(namespace.to_owned());
        self
    }

    fn hits(&self, right: &Right<'_>) -> bool {
        (self.verb == "*" || self.verb == right.verb)
            && (self.resource == "*" || self.resource == right.resource)
            && self.user.as_deref().is_none_or(|user| user == right.user)
            && self.namespace.as_deref().is_none_or(|namespace| namespace == right.namespace)
    }
}

/// What somebody wants to do; the resource is a plural, with its subresource where there is one.
#[derive(Debug)]
pub(super) struct Right<'a> {
    pub(super) user: &'a str,
    pub(super) verb: &'a str,
    pub(super) resource: &'a str,
    pub(super) namespace: &'a str,
}

pub(super) fn may(denials: &[Denial], right: &Right<'_>) -> bool {
    !denials.iter().any(|denial| denial.hits(right))
}

/// Answers a `SelfSubjectAccessReview`.
pub(super) fn review_access(denials: &[Denial], user: &str, mut review: Value) -> Value {
    let plural = json::text(&review, "/spec/resourceAttributes/resource");
    let subresource = json::text(&review, "/spec/resourceAttributes/subresource");
    let resource = if subresource.is_empty() { plural.to_owned() } else { format!("{plural}/{subresource}") };
    let allowed = may(
        denials,
        &Right {
            user,
            verb: json::text(&review, "/spec/resourceAttributes/verb"),
            resource: &resource,
            namespace: json::text(&review, "/spec/resourceAttributes/namespace"),
        },
    );
    json::set(&mut review, "/status", json!({"allowed": allowed}));
    review
}

/// Answers a `SelfSubjectRulesReview` with one rule for each resource that is not wholly denied.
pub(super) fn review_rules(denials: &[Denial], user: &str, mut review: Value) -> Value {
    const VERBS: [&str; 8] = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];
    let namespace = json::text(&review, "/spec/namespace").to_owned();
    let rules: Vec<Value> = if denials.is_empty() {
        vec![json!({"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]})]
    } else {
        resources::all()
            .map(|resource| (resource, resource.plural.to_owned()))
            .chain([(&resources::POD, "pods/log".to_owned())])
            .filter_map(|(resource, plural)| {
                let verbs: Vec<&str> = VERBS
                    .into_iter()
                    .filter(|verb| may(denials, &Right { user, verb, resource: &plural, namespace: &namespace }))
                    .collect();
                (!verbs.is_empty()).then(|| rule(resource, &plural, &verbs))
            })
            .collect()
    };
    json::set(&mut review, "/status", json!({"resourceRules": rules, "nonResourceRules": [], "incomplete": false}));
    review
}

fn rule(resource: &Resource, plural: &str, verbs: &[&str]) -> Value {
    json!({"verbs": verbs, "apiGroups": [resource.group], "resources": [plural]})
}
