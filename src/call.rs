//! What every surface calls: the use cases, the arguments with their bounds and schemas, errors with hints, how a human approves,
//! and the question as blocks. A surface adds its wire and nothing else, so that no surface needs another.

mod analyze;
mod approval;
mod arguments;
mod check;
mod error;
mod further;
mod operator;
mod probes;
mod proposal;
mod remediate;
pub mod schema;
mod sessions;
mod subject;
mod use_cases;
mod validate;

pub use crate::workflow::next::{Next, next};
pub use crate::workflow::summary::takes_back;
pub use crate::workflow::summary::unchecked;
pub use crate::workflow::{blocks, summary};
pub use analyze::{AnalyzeArguments, AnalyzeRequest, Analyzed, analyze, analyze_schema};
pub use approval::{FASTEST_PERSON, HowToApprove, HumanAnswer, PendingAnswer, came_too_late, carry_out, for_a_human};
pub use error::{CallError, ErrorKind};
pub use further::further;
pub use operator::{DialogManner, Operator, Program};
pub use probes::{PROBES_URI, probes};
pub use proposal::{PROPOSAL_URI, proposal_form};
pub use remediate::{RemediateArguments, RemediateRequest, Remediated, ask_again, remediate, remediate_schema};
pub use schema::{REPORT_SCHEMA_URI, report_schema};
pub use sessions::session_line;
pub use subject::Subject;
pub use use_cases::{Backend, ProvenYes, UseCases, connect, connect_to};
pub use validate::{ValidateArguments, ValidateRequest, validate};
