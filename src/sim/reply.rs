//! What the API answers, before it becomes bytes.

use serde_json::Value;

use super::{filter::Filter, problem::Problem, resources::Resource};

/// An answer.
#[derive(Debug)]
pub(super) enum Reply {
    Object(u16, Value),
    Text(u16, String),
    Problem(Problem),
    /// What to watch from now on.
    Watch(&'static Resource, Filter),
}

impl Reply {
    pub(super) fn code(&self) -> u16 {
        match self {
            Self::Object(code, _) | Self::Text(code, _) => *code,
            Self::Problem(problem) => problem.code,
            Self::Watch(..) => 200,
        }
    }
}

impl From<Problem> for Reply {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}
