//! The report: the one view of a session that every surface shows, in the words of `docs/report.md`.
//! It is made at the exits and nowhere read back, so it has no way in: a session remembers values.

use crate::domain::ending::{Ending, endings};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

macro_rules! define_status {
    (unasked { $($(#[$unasked_doc:meta])* $unasked:ident $unasked_word:literal,)* }
     asked { $($(#[$asked_doc:meta])* $asked:ident $asked_word:literal,)* }) => {
        /// Where a session stands: how it ended, or that it waits for an answer.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
        #[expect(missing_docs, reason = "the variants are the report's own words")]
        pub enum Status {
            $(#[serde(rename = $unasked_word)] $unasked,)*
            #[serde(rename = "awaitingApproval")]
            AwaitingApproval,
            $(#[serde(rename = $asked_word)] $asked,)*
        }

        impl Status {
            /// As the report spells it.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Status::$unasked => $unasked_word,)*
                    Status::AwaitingApproval => "awaitingApproval",
                    $(Status::$asked => $asked_word,)*
                }
            }
        }

        impl From<Ending> for Status {
            fn from(ending: Ending) -> Self {
                match ending {
                    $(Ending::$unasked => Status::$unasked,)*
                    $(Ending::$asked => Status::$asked,)*
                }
            }
        }
    };
}
endings!(define_status);

macro_rules! view {
    ($($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty,)* })*) => {
        $(
            $(#[$doc])*
            #[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
            #[serde(rename_all = "camelCase")]
            pub struct $name { $($(#[$field_doc])* pub $field: $type,)* }
        )*
    };
}

view! {
    /// An object, by its name in the API.
    ObjectView {
        /// `v1`, `apps/v1`, …
        api_version: String,
        /// `Pod`, …
        kind: String,
        /// Absent for cluster-scoped objects.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        namespace: Option<String>,
        /// Its name.
        name: String,
    }

    /// Which cluster; never credentials.
    ClusterView {
        /// The kubeconfig's context.
        context: String,
        /// Host and port.
        server: String,
        /// Such as `v1.37.2`.
        version: String,
    }

    /// What was reported.
    IssueView {
        /// The words.
        text: String,
        /// Where.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        namespace: Option<String>,
        /// The named objects, as `kind/name`.
        objects: Vec<String>,
        /// `caller` or `event`.
        origin: String,
    }

    /// From the cause to the symptom.
    LinkView {
        /// Where the link starts.
        object: ObjectView,
        /// A verb.
        relation: String,
        /// Where it leads.
        to: ObjectView,
    }

    /// What somebody would notice.
    SymptomView {
        /// The suffering object.
        object: ObjectView,
        /// In a line.
        summary: String,
    }

    /// A cause.
    CauseView {
        /// Kebab case, stable.
        code: String,
        /// One line that a human can act on.
        title: String,
        /// Two to five sentences.
        explanation: String,
        /// The object to change.
        object: ObjectView,
        /// The field in it.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        field: Option<String>,
        /// The wrong value.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        found: Option<String>,
        /// The right value.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        expected: Option<String>,
        /// 0 to 1.
        confidence: f64,
        /// `rule`, `model` or `caller`.
        source: String,
        /// Ids in the report's `evidence`.
        evidence: Vec<String>,
        /// From the cause to the symptom.
        chain: Vec<LinkView>,
        /// What suffers.
        symptoms: Vec<SymptomView>,
    }

    /// One thing that was seen.
    EvidenceView {
        /// `e1`, `e2`, …
        id: String,
        /// `object`, `event` or `log`.
        source: String,
        /// Where it was seen.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        object: Option<ObjectView>,
        /// The field.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        field: Option<String>,
        /// What it says, bounded and redacted.
        text: String,
        /// RFC 3339.
        seen_at: String,
    }

    /// One changed field.
    OperationView {
        /// `add`, `replace`, `remove` or `test`.
        op: String,
        /// JSON pointer.
        path: String,
        /// The value, where the operation has one.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        value: Option<Value>,
    }

    /// What must be true for a step to be sent and accepted.
    PreconditionView {
        /// The object's uid.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        uid: Option<String>,
        /// Its generation; not pinned by the changes of this version.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        generation: Option<i64>,
        /// Its resource version.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        resource_version: Option<String>,
        /// Fields with their present values.
        #[serde(skip_serializing_if = "Vec::is_empty", default)]
        fields: Vec<FieldView>,
    }

    /// A field and its value.
    FieldView {
        /// The field's path or pointer.
        path: String,
        /// The value, as JSON text.
        value: String,
    }

    /// What the API server said to a server-side dry run of the same bytes.
    DryRunView {
        /// It would take it.
        accepted: bool,
        /// Why not, or what could not be rehearsed.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        reason: Option<String>,
    }

    /// The request that will be sent, byte for byte.
    RequestView {
        /// The HTTP method.
        method: String,
        /// Path and query.
        path: String,
        /// The body.
        body: String,
    }

    /// One change of the plan.
    StepView {
        /// `create`, `patch` or `delete`.
        action: String,
        /// What is changed.
        object: ObjectView,
        /// Why it helps.
        why: String,
        /// `low`, `medium` or `high`.
        risk: String,
        /// A unified diff of YAML.
        diff: String,
        /// The fields, for a patch.
        #[serde(skip_serializing_if = "Vec::is_empty", default)]
        operations: Vec<OperationView>,
        /// The whole manifest, for a creation.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        manifest: Option<Value>,
        /// The request, byte for byte.
        request: RequestView,
        /// What must be true of the object.
        precondition: PreconditionView,
        /// How it is taken back.
        undo: String,
        /// The kubectl line that a human would type instead.
        command: String,
        /// What the API server said to the dry run; absent where none was made.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        dry_run: Option<DryRunView>,
    }

    /// What must hold afterwards.
    CheckView {
        /// Which kind of check.
        what: String,
        /// On which object.
        object: ObjectView,
        /// In words.
        expectation: String,
    }

    /// The plan.
    PlanView {
        /// What an approval repeats.
        digest: String,
        /// `low`, `medium` or `high`.
        risk: String,
        /// One or two sentences.
        summary: String,
        /// `keep` or `revert`.
        on_failure: String,
        /// RFC 3339; absent where no approval is being waited for.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        expires_at: Option<String>,
        /// In order.
        steps: Vec<StepView>,
        /// What must hold afterwards.
        checks: Vec<CheckView>,
    }

    /// What kubemend won't do itself.
    AdviceView {
        /// What to do.
        text: String,
        /// What a human would type.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        command: Option<String>,
        /// Why it is left to a human.
        why: String,
        /// Whose advice it is: the place of its cause in `causes`, from 0; absent where it is about the session.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        cause: Option<usize>,
    }

    /// What became of one step.
    StepOutcomeView {
        /// `applied`, `refused`, `failed` or `notReached`.
        outcome: String,
        /// RFC 3339; absent for `notReached`.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        at: Option<String>,
        /// What the API server said.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        message: Option<String>,
    }

    /// What was done.
    ExecutionView {
        /// In the plan's order.
        steps: Vec<StepOutcomeView>,
        /// Outcomes of the undo, last step first, when the plan was reverted.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        reverted: Option<Vec<StepOutcomeView>>,
    }

    /// One check as last seen.
    CheckResultView {
        /// Which kind of check.
        what: String,
        /// On which object.
        object: ObjectView,
        /// Whether it holds; absent when it could not be seen.
        passed: Option<bool>,
        /// What was seen.
        observed: String,
    }

    /// Whether it helped.
    ValidationView {
        /// `resolved`, `unresolved` or `unclear`.
        verdict: String,
        /// Every check.
        checks: Vec<CheckResultView>,
        /// For how many seconds all of them had held.
        settled_for: f64,
        /// RFC 3339.
        at: String,
        /// Why, where the checks alone do not say it.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        why: Option<String>,
    }

    /// Something that could not be seen.
    GapView {
        /// What was wanted.
        what: String,
        /// `forbidden`, `timeout`, `truncated` or `unsupported`.
        why: String,
        /// What would make it visible.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        unlock: Option<String>,
    }

    /// What was looked at and what was not.
    CoverageView {
        /// Resources that were read.
        looked: Vec<String>,
        /// What could not be read.
        gaps: Vec<GapView>,
    }

    /// What it cost.
    #[derive(Default)]
    UsageView {
        /// Milliseconds from the call to this report, without waiting for a human.
        elapsed_ms: u64,
        /// Requests to the API server.
        api_calls: u64,
        /// Calls of a model.
        model_calls: u64,
        /// Tokens sent to it.
        input_tokens: u64,
        /// Tokens that it sent.
        output_tokens: u64,
    }

    /// One session, whole.
    Report {
        /// Its id.
        session: String,
        /// Two to six lines: verdict, cause, change, what to do next.
        summary: String,
        /// Which cluster.
        cluster: ClusterView,
        /// Where it stands.
        status: Status,
        /// What was reported.
        issue: IssueView,
        /// Ranked.
        causes: Vec<CauseView>,
        /// What was seen.
        evidence: Vec<EvidenceView>,
        /// The plan for the first cause.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        plan: Option<PlanView>,
        /// What kubemend won't do itself.
        advice: Vec<AdviceView>,
        /// What was done.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        execution: Option<ExecutionView>,
        /// Whether it helped.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        validation: Option<ValidationView>,
        /// What was looked at.
        coverage: CoverageView,
        /// What it cost.
        usage: UsageView,
    }
}
