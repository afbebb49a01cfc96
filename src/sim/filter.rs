//! Which objects of a kind a list or a watch is about.

use serde_json::Value;

use super::{
    json as read,
    problem::Problem,
    request::{ApiRequest, Target},
    selector::{Fields, Selector},
};

/// Namespace, name and selectors; all of them must fit.
#[derive(Debug, Clone)]
pub(super) struct Filter {
    pub(super) namespace: Option<String>,
    name: Option<String>,
    labels: Selector,
    fields: Fields,
}

impl Filter {
    pub(super) fn new(request: &ApiRequest, target: &Target) -> Result<Self, Problem> {
        let labels = Selector::parse(request.param("labelSelector")).map_err(Problem::bad_request)?;
        let fields = Fields::parse(target.resource, request.param("fieldSelector")).map_err(Problem::bad_request)?;
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Ok(Self { namespace: some(&target.namespace), name: some(&target.name), labels, fields })
    }

    /// Whether it takes every object of the place.
    pub(super) fn is_whole(&self) -> bool {
        self.labels.is_empty() && self.fields.is_empty()
    }

    pub(super) fn takes(&self, object: &Value) -> bool {
        self.namespace.as_deref().is_none_or(|namespace| namespace == read::namespace(object))
            && self.name.as_deref().is_none_or(|name| name == read::name(object))
            && self.labels.matches(object)
            && self.fields.matches(object)
    }
}
