//! Objects of one kind on their way from bytes into a snapshot: decoded one by one, straight into what is kept.

use super::kind::{Kind, kinds};
use super::object::ObjectRef;
use super::resource::{Dynamic, Resource, slim};
use serde_json::Value;

/// Objects of one kind.
#[derive(Debug, Clone, PartialEq)]
pub struct Objects {
    kind: Kind,
    pub(super) list: List,
    unreadable: usize,
    largest: usize,
}

/// What a watch tells: one object of the kind that is watched.
#[derive(Debug, Clone, PartialEq)]
pub enum Told {
    /// It is like this now, or new.
    Is(Objects),
    /// It is gone; this is what was left of it.
    Gone(Objects),
}

impl Told {
    /// The object, as a list of one.
    pub fn objects(&self) -> &Objects {
        match self {
            Told::Is(objects) | Told::Gone(objects) => objects,
        }
    }
}

macro_rules! define_lists {
    ($($kind:ident $version:literal $plural:literal $short:literal $scope:ident $read:ident [$($field:ident: $type:ty)?];)*) => {
        /// A list for each kind that a snapshot has one for, and one for all others.
        #[derive(Debug, Clone, PartialEq)]
        pub(super) enum List {
            $($($kind(Vec<$type>),)?)*
            Dynamic(Vec<Dynamic>),
        }

        impl List {
            fn of(kind: &Kind) -> Self {
                match kind {
                    $($(Kind::$kind => Self::$kind(Vec::<$type>::new()),)?)*
                    _ => Self::Dynamic(Vec::new()),
                }
            }

            fn len(&self) -> usize {
                match self {
                    $($(Self::$kind(objects) => Vec::<$type>::len(objects),)?)*
                    Self::Dynamic(objects) => objects.len(),
                }
            }

            /// Whether the text was an object of the kind.
            fn push(&mut self, kind: &Kind, json: &str) -> bool {
                match self {
                    $($(Self::$kind(objects) => match serde_json::from_str::<$type>(json) {
                        Ok(mut object) => {
                            slim(&mut object.metadata);
                            // A copy has no spare room in any of its lists, which is where half of a decoded Pod's memory is.
                            objects.push(object.clone());
                            true
                        }
                        Err(_) => false,
                    },)?)*
                    Self::Dynamic(objects) => {
                        let object = serde_json::from_str(json).ok().and_then(|value| Dynamic::of(kind, value));
                        let fits = object.is_some();
                        objects.extend(object);
                        fits
                    }
                }
            }

            fn names(&self) -> Vec<String> {
                match self {
                    $($(Self::$kind(objects) => <[$type]>::iter(objects).filter_map(|object| object.metadata.name.clone()).collect(),)?)*
                    Self::Dynamic(objects) => objects.iter().filter_map(|object| object.meta.name.clone()).collect(),
                }
            }

            fn references(&self) -> Vec<ObjectRef> {
                match self {
                    $($(Self::$kind(objects) => objects.iter().map(<$type as Resource>::reference).collect(),)?)*
                    Self::Dynamic(objects) => objects.iter().map(Dynamic::reference).collect(),
                }
            }

            fn values(&self) -> Vec<Value> {
                match self {
                    $($(Self::$kind(objects) => objects.iter().map(<$type as Resource>::to_value).collect(),)?)*
                    Self::Dynamic(objects) => objects.iter().map(|object| object.value.clone()).collect(),
                }
            }
        }
    };
}

kinds!(define_lists);

impl Objects {
    /// No object of this kind yet.
    pub fn of(kind: &Kind) -> Self {
        Self { kind: kind.clone(), list: List::of(kind), unreadable: 0, largest: 0 }
    }

    /// Takes one object in, as JSON. One that is not of the kind's form is counted, not an error.
    pub fn push(&mut self, json: &str) {
        self.largest = self.largest.max(json.len());
        if !self.list.push(&self.kind, json) {
            self.unreadable = self.unreadable.saturating_add(1);
        }
    }

    /// So many more came that are not of the kind's form.
    pub fn missed(&mut self, count: usize) {
        self.unreadable = self.unreadable.saturating_add(count);
    }

    /// Their kind.
    pub fn kind(&self) -> &Kind {
        &self.kind
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many came that are not of the kind's form.
    pub fn unreadable(&self) -> usize {
        self.unreadable
    }

    /// How many came, of the kind's form or not.
    pub fn received(&self) -> usize {
        self.len().saturating_add(self.unreadable)
    }

    /// How many bytes the largest of them came as.
    pub fn largest(&self) -> usize {
        self.largest
    }

    /// Their names.
    pub fn names(&self) -> Vec<String> {
        self.list.names()
    }

    /// How they are pointed at.
    pub fn references(&self) -> Vec<ObjectRef> {
        self.list.references()
    }

    /// The objects as JSON.
    pub fn values(&self) -> Vec<Value> {
        self.list.values()
    }
}
