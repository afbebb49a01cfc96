//! The kinds that kubemend reads or names, with their API paths. The rows are in `kind/table.rs`.

mod custom;
mod info;
mod table;

pub use custom::{CustomKind, NotCustom};
pub use info::KindInfo;
pub(crate) use table::kinds;
use table::spoken;

use super::namespace::Namespace;
use std::fmt;
use std::sync::Arc;

macro_rules! is_namespaced {
    (namespaced) => {
        true
    };
    (cluster) => {
        false
    };
}

macro_rules! is_readable {
    (readable) => {
        true
    };
    (unreadable) => {
        false
    };
}

macro_rules! define_kinds {
    ($($kind:ident $version:literal $plural:literal $short:literal $scope:ident $read:ident [$($field:ident: $type:ty)?];)*) => {
        /// A kind of Kubernetes object.
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[expect(missing_docs, reason = "the variants are Kubernetes' own names")]
        pub enum Kind {
            $($kind,)*
            /// A custom resource as discovery names it: it has a path, so it can be read.
            Custom(Arc<CustomKind>),
            /// A kind that is only pointed at, such as the owner of a workload: its resource is not known, so it has no path.
            Other {
                api_version: String,
                kind: String,
            },
        }

        impl Kind {
            /// Every kind of the table.
            pub const KNOWN: [Kind; [$($plural),*].len()] = [$(Kind::$kind),*];

            /// What the API says of it; `None` for `Other`, whose resource name is not known.
            pub fn info(&self) -> Option<KindInfo<'_>> {
                Some(match self {
                    $(Kind::$kind => KindInfo {
                        api_version: $version,
                        kind: stringify!($kind),
                        plural: $plural,
                        short: $short,
                        namespaced: is_namespaced!($scope),
                    },)*
                    Kind::Custom(custom) => custom.info(),
                    Kind::Other { .. } => return None,
                })
            }

            /// Whether its objects may be read at all. Secrets may not; a kind whose resource is not known cannot.
            pub fn is_readable(&self) -> bool {
                match self {
                    $(Kind::$kind => is_readable!($read),)*
                    // One that may not be read cannot be made.
                    Kind::Custom(_) => true,
                    Kind::Other { .. } => false,
                }
            }
        }
    };
}

kinds!(define_kinds);

macro_rules! define_spoken {
    ($($kind:ident [$($called:literal)*] [$($about:literal)*];)*) => {
        impl Kind {
            /// Kinds that are meant as a whole where words name only the kind.
            pub const AS_A_WHOLE: &[Kind] = &[$(Kind::$kind),*];

            /// What people call it, in the singular, beside its own names.
            pub fn called(&self) -> &'static [&'static str] {
                match self {
                    $(Kind::$kind => &[$($called),*],)*
                    _ => &[],
                }
            }

            /// Words, in the singular, that are about it without being a name for it.
            pub fn talk(&self) -> &'static [&'static str] {
                match self {
                    $(Kind::$kind => &[$($about),*],)*
                    _ => &[],
                }
            }
        }
    };
}

spoken!(define_spoken);

impl Kind {
    /// The kind as written in manifests.
    pub fn name(&self) -> &str {
        match self {
            Kind::Other { kind, .. } => kind,
            known => known.info().map_or("", |i| i.kind),
        }
    }

    /// The API version as written in manifests.
    pub fn api_version(&self) -> &str {
        match self {
            Kind::Other { api_version, .. } => api_version,
            known => known.info().map_or("", |i| i.api_version),
        }
    }

    /// What several are called among our words.
    pub fn plural(&self) -> &str {
        self.info().map_or("objects", |info| info.plural)
    }

    /// The same, and where they are.
    pub fn plural_in(&self, namespace: Option<&Namespace>) -> String {
        let place = namespace.map(|namespace| format!(" in {namespace}")).unwrap_or_default();
        format!("{}{place}", self.plural())
    }

    /// The API group, empty for the core group: what roles name.
    pub fn group(&self) -> &str {
        self.api_version().split_once('/').map_or("", |(group, _)| group)
    }

    /// The kind that a manifest or an owner reference names.
    pub fn of(api_version: &str, kind: &str) -> Kind {
        Kind::KNOWN
            .into_iter()
            .find(|k| k.name() == kind && k.api_version() == api_version)
            .unwrap_or_else(|| Kind::Other { api_version: api_version.to_owned(), kind: kind.to_owned() })
    }

    /// Whether the word is its name or its plural, alone or with its group, in any case.
    pub fn is_called(&self, word: &str) -> bool {
        let (name, group) = word.split_once('.').map_or((word, None), |(name, group)| (name, Some(group)));
        let is = |own: &str| own.eq_ignore_ascii_case(name);
        // A record has no plurals.
        (is(self.name()) || self.info().is_some_and(|info| is(info.plural)))
            && group.is_none_or(|group| self.group().eq_ignore_ascii_case(group))
    }

    /// What a person types before the slash: `deployment`, `deployments`, `deploy`, `deployment.apps`, in any case.
    pub fn parse(word: &str) -> Option<Kind> {
        let word = word.to_ascii_lowercase();
        let (word, group) = word.split_once('.').map_or((word.as_str(), None), |(w, g)| (w, Some(g)));
        Kind::KNOWN.into_iter().find(|k| {
            k.info().is_some_and(|i| {
                (i.kind.to_ascii_lowercase() == word || i.plural == word || (!i.short.is_empty() && i.short == word))
                    && group.is_none_or(|g| {
                        k.group() == g || g.split_once('.').is_some_and(|(v, rest)| v.starts_with('v') && rest == k.group())
                    })
            })
        })
    }

    /// The path of a list (`name` absent) or of an object. `None` when the resource is not known
    /// or a namespaced object is asked for without its namespace.
    pub fn path(&self, namespace: Option<&Namespace>, name: Option<&str>) -> Option<String> {
        let info = self.info()?;
        let root = if info.api_version.contains('/') { "/apis/" } else { "/api/" };
        let mut path = format!("{root}{}", info.api_version);
        match (info.namespaced, namespace) {
            (true, Some(ns)) => path.push_str(&format!("/namespaces/{ns}")),
            (true, None) if name.is_some() => return None,
            (true | false, _) => {}
        }
        path.push('/');
        path.push_str(info.plural);
        if let Some(name) = name {
            path.push('/');
            path.push_str(name);
        }
        Some(path)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
