//! The vocabulary: values without IO and without authority. Everything else in the program speaks in these words.
//! Nothing here can be deserialised: a derived `Deserialize` would be a constructor that skips every check.

pub mod action;
pub mod canonical;
pub mod cause;
pub mod changes;
pub mod check;
pub mod code;
pub mod confidence;
pub mod diagnosis;
pub mod digest;
pub mod ending;
pub mod evidence;
pub mod excerpt;
pub mod execution;
pub mod field;
pub mod finding;
pub mod id;
pub mod issue;
pub mod kind;
pub mod kubectl;
pub mod limits;
pub mod name;
pub mod namespace;
pub mod nearest;
pub mod nonempty;
pub mod object;
pub mod objects;
pub mod plan;
pub mod request;
pub mod resource;
pub mod risk;
pub mod snapshot;
pub mod usage;
pub mod validation;
pub mod visible;
pub mod workload;
