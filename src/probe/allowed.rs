//! What the operator lets a model see besides what every look shows: logs and ConfigMaps can hold anything.

use crate::domain::investigate::Investigate;
use crate::domain::kind::Kind;
use crate::domain::look::Look;
use crate::domain::namespace::Namespace;

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

impl Default for Allowed {
    fn default() -> Self {
        Self { investigate: Investigate::default(), logs: true, config_maps: true }
    }
}

impl Allowed {
    /// Whether what a program there wrote is shown, wherever it stands: its log, or what is kept of its end.
    pub(super) fn logs_in(self, namespace: Option<&Namespace>) -> bool {
        self.logs && !namespace.is_some_and(Namespace::is_system)
    }

    /// Whether what is in ConfigMaps there is shown, be it the names of their keys.
    pub(super) fn config_maps_in(self, namespace: Option<&Namespace>) -> bool {
        self.config_maps && !namespace.is_some_and(Namespace::is_system)
    }

    /// Why this look is not taken, where it is not.
    pub(super) fn refuses(self, look: &Look) -> Option<String> {
        let object = look.object()?;
        let (what, option, allowed) = match look {
            Look::Logs { .. } => ("logs", "probe-logs", self.logs),
            Look::Get { .. } | Look::Describe(_) if object.kind == Kind::ConfigMap => ("ConfigMaps", "probe-config-maps", self.config_maps),
            Look::Get { .. } | Look::Describe(_) | Look::List { .. } | Look::Events { .. } => return None,
        };
        if let Some(namespace) = object.namespace.as_ref().filter(|namespace| namespace.is_system()) {
            return Some(format!("{what} of `{namespace}` are not shown: it is part of the cluster itself"));
        }
        (!allowed).then(|| format!("the operator does not let {what} be shown (`{option}: false`)"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::object::ObjectRef;

    #[test]
    fn logs_and_config_maps_are_shown_unless_the_operator_or_the_namespace_forbids_it() {
        let of = |kind, namespace| ObjectRef::namespaced(kind, &Namespace::parse(namespace).unwrap(), "web");
        let logs = |namespace| Look::Logs { pod: of(Kind::Pod, namespace), container: None, previous: false, contains: None };
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
