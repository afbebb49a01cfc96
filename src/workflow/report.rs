//! The report: the one view of a session that every surface shows, in the words of `docs/report.md`.
//! It is made at the exits and nowhere read back, so it has no way in: a session remembers values.

pub use super::status::Status;
use super::{covered::Covered, observed::ObservationView};
use crate::domain::execution::Became;
use crate::domain::finding::Relation;
use crate::domain::focus::Aside;
use crate::domain::{cause::CauseSource, plan::OnFailure, risk::Risk};
use serde::{Serialize, Serializer};
use serde_json::Value;

/// What something is decided by is a value in a report, and becomes its word where the report leaves.
fn spelled<T: std::fmt::Display, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}

macro_rules! view {
    ($($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty,)* })*) => {
        $(
            $(#[$doc])*
            #[derive(Debug, Clone, PartialEq, Serialize, schemars::JsonSchema)]
            #[serde(rename_all = "camelCase")]
            pub struct $name { $($(#[$field_doc])* pub $field: $type,)* }
        )*
    };
}

view! {
    /// A Kubernetes object.
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
        /// The kubeconfig context.
        context: String,
        /// Host and port of the API server.
        server: String,
        /// The version of the API server, such as `v1.37.2`.
        version: String,
        /// Which cluster it is: the uid of its namespace `kube-system`, or a hash of what the connection is pinned to.
        id: String,
        /// When it was recorded, RFC 3339: everything in the report is of that time. Absent where the cluster itself was read.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        recorded_at: Option<String>,
        /// The server's certificate is not verified, or there is none.
        #[serde(skip_serializing_if = "std::ops::Not::not", default)]
        unverified: bool,
    }

    /// What was reported.
    #[derive(Default)]
    IssueView {
        /// What was reported, in the words of the caller.
        text: String,
        /// The namespace; absent for all namespaces, and for several.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        namespace: Option<String>,
        /// The namespaces, where there are several.
        #[serde(skip_serializing_if = "Vec::is_empty", default)]
        namespaces: Vec<String>,
        /// The named objects, as `kind/name`.
        objects: Vec<String>,
        /// The objects that the words name.
        #[serde(skip_serializing_if = "Vec::is_empty", default)]
        about: Vec<String>,
        /// What was asked about and is missing, or is not what the plan is about: read it first.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        note: Option<String>,
        /// `caller` or `event`.
        origin: String,
    }

    /// One link of the chain from the cause to a symptom.
    LinkView {
        /// Where the link starts.
        object: ObjectView,
        /// How the one leads to the other: `owns`, `selects`, `misses`, `mounts` or `references`.
        #[serde(serialize_with = "spelled")]
        #[schemars(with = "String")]
        relation: Relation,
        /// Where it leads.
        to: ObjectView,
    }

    /// A place of a wrong value.
    PlaceView {
        /// The object to change.
        object: ObjectView,
        /// The field in it.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        field: Option<String>,
    }

    /// What a user of the cluster would notice.
    SymptomView {
        /// The affected object.
        object: ObjectView,
        /// What is wrong with it, in one line.
        summary: String,
    }

    /// A root cause.
    CauseView {
        /// The code of the cause, in kebab case; stable.
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
        /// Where the same wrong value stands besides; absent where it stands once.
        #[serde(skip_serializing_if = "Vec::is_empty", default)]
        also: Vec<PlaceView>,
        /// The wrong value.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        found: Option<String>,
        /// The right value.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        expected: Option<String>,
        /// How certain the cause is, from 0 to 1.
        confidence: f64,
        /// `rule`, `model` or `caller`.
        source: String,
        /// Ids in the report's `evidence`.
        evidence: Vec<String>,
        /// The links from the cause to its symptoms.
        chain: Vec<LinkView>,
        /// Affected objects.
        symptoms: Vec<SymptomView>,
    }

    /// One quote from the cluster.
    EvidenceView {
        /// `e1`, `e2`, …
        id: String,
        /// `object`, `event` or `log`.
        source: String,
        /// The object that it is from.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        object: Option<ObjectView>,
        /// The field of that object.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        field: Option<String>,
        /// The text, redacted and cut to a limit.
        text: String,
        /// When it happened or was read, RFC 3339.
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
        /// Its generation, where the change pins it.
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

    /// The result of a server-side dry run of the same bytes.
    DryRunView {
        /// Whether the dry run passed.
        accepted: bool,
        /// Why it did not pass, or what it could not check.
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
        /// `create`, `patch`, `delete`, `restart`, `undoRollout` or `evict`.
        action: String,
        /// What is changed.
        object: ObjectView,
        /// The change in one line, with the old value and the new one.
        change: String,
        /// Why it helps.
        why: String,
        /// `low`, `medium` or `high`.
        #[serde(serialize_with = "spelled")]
        #[schemars(with = "String")]
        risk: Risk,
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
        /// What must be true of the object for the step to be sent and accepted.
        precondition: PreconditionView,
        /// How the step is rolled back, or why it is not.
        undo: String,
        /// Whether kubemend can roll the step back.
        reversible: bool,
        /// What a rollback sends to the same object.
        #[serde(skip_serializing_if = "Vec::is_empty", default)]
        undo_operations: Vec<OperationView>,
        /// The kubectl line that a human would type instead; absent for what no rule proposes and nobody is asked about.
        #[serde(skip_serializing_if = "String::is_empty", default)]
        command: String,
        /// The dry run of the step; absent where none was run.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        dry_run: Option<DryRunView>,
    }

    /// A success check: it has to pass after the change.
    CheckView {
        /// Which kind of check.
        what: String,
        /// The object that is checked.
        object: ObjectView,
        /// What is expected, in words.
        expectation: String,
    }

    /// The plan.
    PlanView {
        /// SHA-256 of the plan: an approval names it.
        digest: String,
        /// `low`, `medium` or `high`.
        #[serde(serialize_with = "spelled")]
        #[schemars(with = "String")]
        risk: Risk,
        /// One or two sentences.
        summary: String,
        /// What happens to the change if it does not help: `keep` or `revert`.
        #[serde(serialize_with = "spelled")]
        #[schemars(with = "String")]
        on_failure: OnFailure,
        /// When the plan expires, RFC 3339; absent unless it waits for approval.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        expires_at: Option<String>,
        /// The steps, in order.
        steps: Vec<StepView>,
        /// The success checks.
        checks: Vec<CheckView>,
        /// For how many seconds all of them must pass without a break.
        settle_seconds: i64,
        /// What the digest covers besides, for a question.
        #[serde(skip)]
        covered: Covered,
        /// The cause that it is for, by its place among the causes.
        #[serde(skip)]
        cause: Option<usize>,
        /// It is not for all that the words are about, which name this besides.
        #[serde(skip)]
        aside: Option<(Aside, String)>,
        /// Who proposed it, where no rule did.
        #[serde(skip)]
        by: Option<CauseSource>,
        /// Within how many seconds they must begin to pass, by what the workload's own probes allow.
        wait_seconds: i64,
    }

    /// Something that is wrong and that no cause explains.
    UnexplainedView {
        /// The affected object.
        object: ObjectView,
        /// What is wrong with it, in one line.
        summary: String,
        /// Ids in the report's `evidence`.
        evidence: Vec<String>,
    }

    /// Something that kubemend leaves to a human.
    AdviceView {
        /// What to do.
        text: String,
        /// What a human would type.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        command: Option<String>,
        /// Why kubemend does not do it.
        why: String,
        /// The position in `causes`, from 0, of the cause that it belongs to; absent where it is about the session.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        cause: Option<usize>,
    }

    /// The result of one step.
    StepOutcomeView {
        /// `applied`, `unchanged`, `refused`, `failed`, `unknown` or `notReached`.
        #[serde(serialize_with = "spelled")]
        #[schemars(with = "String")]
        outcome: Became,
        /// RFC 3339; absent for `notReached` and `unchanged`.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        at: Option<String>,
        /// The error, where there is one; of an applied step, how its result differs from what was approved.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        message: Option<String>,
    }

    /// What was done.
    ExecutionView {
        /// The result of each step, in the order of the plan.
        steps: Vec<StepOutcomeView>,
        /// What became of the rollback of each step, in the order of the plan; absent where nothing was to be rolled back.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        reverted: Option<Vec<StepOutcomeView>>,
    }

    /// The last result of a success check.
    CheckResultView {
        /// Which kind of check.
        what: String,
        /// The object that is checked.
        object: ObjectView,
        /// Whether it passed; absent where it could not be run.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        passed: Option<bool>,
        /// What was observed.
        observed: String,
    }

    /// Whether it helped.
    ValidationView {
        /// `resolved`, `partly`, `unresolved` or `unclear`; of an undo, `reverted` instead of the first.
        #[schemars(with = "String")]
        verdict: Status,
        /// The result of every success check.
        checks: Vec<CheckResultView>,
        /// For how many seconds all of them had passed.
        settled_for: f64,
        /// RFC 3339.
        at: String,
        /// The reason for the verdict, where the checks alone do not show it.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        why: Option<String>,
    }

    /// Data that could not be read.
    GapView {
        /// What is missing.
        what: String,
        /// `forbidden`, `timeout`, `truncated`, `unsupported`, `gone`, or `failed`, where `what` says how.
        why: String,
        /// What would make it readable, such as the RBAC rule to add.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        unlock: Option<String>,
    }

    /// What was read, and what could not be read.
    #[derive(Default)]
    CoverageView {
        /// The resources that were read.
        looked: Vec<String>,
        /// What could not be read.
        gaps: Vec<GapView>,
        /// Which part of the cluster was read, and why this one.
        place: String,
        /// What was found to be healthy, where nothing is known to be wrong.
        #[serde(skip_serializing_if = "Vec::is_empty", default)]
        healthy: Vec<String>,
        /// What could not be verified as healthy, where nothing is known to be wrong.
        #[serde(skip_serializing_if = "Vec::is_empty", default)]
        doubts: Vec<String>,
    }

    /// One thing that happened in the session: who asked, who approved or declined and by what means, and what was refused.
    TrailView {
        /// When, in RFC 3339.
        at: String,
        /// Who, as far as it is known.
        who: String,
        /// What they did.
        what: String,
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
        /// Those of them that its provider had in its cache.
        cached_tokens: u64,
        /// Tokens that it sent.
        output_tokens: u64,
        /// What its answers cost by the prices that the operator set, such as `$0.0125`; absent without prices.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        cost: Option<String>,
    }

    /// The report of one session.
    Report {
        /// Its id.
        session: String,
        /// Two to six lines: verdict, cause, change, what to do next.
        summary: String,
        /// Which cluster.
        cluster: ClusterView,
        /// Its status.
        status: Status,
        /// What was reported.
        issue: IssueView,
        /// The session whose changes this one rolls back; it has no causes then.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        undoes: Option<String>,
        /// The session that rolled back what this one changed.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        undone_by: Option<String>,
        /// The command with which a human rolls back what this session changed; absent where nothing of it can be rolled back, or all is.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        undo: Option<String>,
        /// Root causes, ranked.
        causes: Vec<CauseView>,
        /// How many causes there are besides, which are not listed.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        more_causes: Option<usize>,
        /// What is wrong and no cause explains.
        unexplained: Vec<UnexplainedView>,
        /// Quotes from the cluster that the causes cite.
        evidence: Vec<EvidenceView>,
        /// What an investigation read besides.
        #[serde(skip_serializing_if = "Vec::is_empty", default)]
        observations: Vec<ObservationView>,
        /// The plan for the first cause.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        plan: Option<PlanView>,
        /// What kubemend leaves to a human.
        advice: Vec<AdviceView>,
        /// What was done.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        execution: Option<ExecutionView>,
        /// Whether it helped.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        validation: Option<ValidationView>,
        /// What was read, and what could not be read.
        coverage: CoverageView,
        /// Who did what in this session, oldest first.
        trail: Vec<TrailView>,
        /// What it cost.
        usage: UsageView,
        /// The session is not kept: its id is of no use to anybody.
        #[serde(skip)] unrecorded: bool,
        /// Why nobody is asked about the plan, which somebody states; it is among the advice, too.
        #[serde(skip)]
        withheld: Option<AdviceView>,
    }
}
