//! One look at the cluster: what the checks and the rules say of it, and what that means for the verdict.

use crate::domain::abridged::lines;
use crate::domain::diagnosis::Diagnosis;
use crate::domain::execution::Execution;
use crate::domain::issue::Scope;
use crate::domain::kind::Kind;
use crate::domain::plan::RemediationPlan;
use crate::domain::purpose::Purpose;
use crate::domain::snapshot::Snapshot;
use crate::domain::validation::{CheckResult, Verdict};
use crate::facts::{Facts, newest, strays, unread};
use crate::validate::remains::{Concern, Remains};
use crate::validate::stand::{Checked, Observed, Stand};
use crate::workflow::conclude::{Concluded, conclude};
use crate::{analyze, planner, validate};
use jiff::SignedDuration;
use tokio_util::sync::CancellationToken;

/// What is watched.
#[derive(Clone, Copy)]
pub(in crate::workflow) struct Case<'a> {
    pub(in crate::workflow) plan: &'a RemediationPlan,
    pub(in crate::workflow) scope: &'a Scope,
    /// What was known before the change.
    pub(in crate::workflow) before: &'a Diagnosis,
    /// What the session is for.
    pub(in crate::workflow) purpose: &'a Purpose,
    /// What became of the plan's steps; none where it was never applied.
    pub(in crate::workflow) made: Option<&'a Execution>,
}

/// See the file's head.
#[derive(Debug, Clone, Default)]
pub(super) struct Look {
    checks: Vec<Checked>,
    /// What has to run and does not.
    idle: Vec<Observed>,
    pub(super) starts: newest::Starts,
    /// How long a container lived that ended since the change.
    pub(super) life: SignedDuration,
    /// For how long all of them have been running and ready, by the cluster's own times.
    pub(super) steady: SignedDuration,
    /// What belongs to the issue and is still broken.
    remains: Remains,
    /// What belongs to the issue, could not be told before, and still cannot be.
    in_doubt: Vec<String>,
    /// What the issue names, or the cause made suffer, and is not ready.
    unready: Vec<String>,
    /// What else could keep the issue's Services from being reached, and was not checked.
    unchecked: Vec<String>,
    /// What the issue is about besides and nobody reads: whatever becomes of the cause, and what may have ended with it.
    beyond: (Vec<String>, Vec<String>),
    /// A workload has ReplicaSets that were not seen.
    sets_behind: bool,
    /// What the plan set is not there any more.
    replaced: Option<String>,
    /// Kinds of what belongs to the issue that were read whole before, and not in this look: in words.
    unread: Vec<String>,
    /// The plan changed what has to run, and no other cause is named for what is wrong with it: the change may be to blame.
    suspect: bool,
    /// Another cause that holds the Pods and that was not known before.
    pub(super) holder: Option<String>,
    /// Something is seen to be wrong with what has to run.
    pub(super) ill: bool,
}

/// What the rules and the checks say of a snapshot; gives it back. `None`: cancelled.
pub(super) async fn judge(case: Case<'_>, snapshot: Snapshot, cancel: &CancellationToken) -> Option<Concluded<Look>> {
    let (plan, before, made, purpose) = (case.plan.clone(), case.before.clone(), case.made.cloned(), case.purpose.clone());
    let ask = move |facts: &Facts<'_>, seen: &mut Diagnosis| {
        let checks = validate::check_all(&plan, made.as_ref(), facts, seen, |code| analyze::unread(code, facts.snapshot()));
        planner::triage(seen, facts, analyze::severity);
        let fresh: Vec<_> = plan.judged.about.iter().flat_map(|o| newest::pods_of_newest(facts, o)).collect();
        let beside = Concern::of(&plan, facts, &before, &purpose).map(|issue| Look::beside(&issue, &before, seen, facts));
        Look {
            starts: newest::starts(&fresh),
            life: newest::longest_life(&fresh).unwrap_or_default(),
            steady: newest::steady_since(&fresh).map(|since| facts.snapshot().taken_at.duration_since(since)).unwrap_or_default(),
            sets_behind: plan.judged.about.iter().filter_map(|o| facts.workload(o)).any(|w| strays::are_sets_behind(w, facts)),
            replaced: made.as_ref().and_then(|made| validate::replaced(&plan, made, facts)),
            checks,
            ..beside.unwrap_or_default()
        }
    };
    conclude(snapshot, cancel, ask).await
}

impl Look {
    /// One in which a workload is as it should be, or still starts.
    #[cfg(test)]
    pub(super) fn standing(holds: bool, steady: SignedDuration, life: SignedDuration) -> Self {
        let idle = if holds { vec![] } else { vec![(Stand::NotYet, "web".to_owned())] };
        Self { idle, steady, life, ..Self::default() }
    }

    /// What belongs to the issue besides the plan's own checks.
    fn beside(issue: &Concern<'_>, before: &Diagnosis, seen: &mut Diagnosis, facts: &Facts<'_>) -> Self {
        issue.first(seen);
        let holder = issue.holding(seen).into_iter().find(|cause| !before.knows(&cause.key()));
        Self {
            idle: issue.idle(),
            remains: issue.remains(seen),
            in_doubt: issue.in_doubt(seen),
            unready: issue.unready(),
            beyond: issue.beyond(),
            unchecked: issue.services().into_iter().filter_map(|service| analyze::unreached(facts, service)).collect(),
            unread: unread::all(&issue.unread(), facts.snapshot()),
            suspect: issue.changes_what_runs() && issue.causes(seen).is_empty(),
            holder: holder.map(|cause| cause.title.clone()),
            ill: issue.is_ill(seen),
            ..Self::default()
        }
    }

    pub(super) fn results(&self) -> Vec<CheckResult> {
        self.checks.iter().map(Checked::result).collect()
    }

    pub(super) fn passes(&self) -> bool {
        self.checks.iter().all(|c| c.stand == Stand::Holds)
    }

    pub(super) fn holds(&self) -> bool {
        self.passes() && self.idle.is_empty()
    }

    /// Kinds that this look may have seen as they were earlier: what runs is ahead of them.
    pub(super) fn behind(&self) -> Vec<Kind> {
        let claims = self.idle.is_empty() && !self.passes();
        let sets = self.sets_behind.then_some(Kind::ReplicaSet);
        sets.into_iter().chain(claims.then_some(Kind::PersistentVolumeClaim)).collect()
    }

    /// The cause is seen to be gone, at every place.
    pub(super) fn is_gone(&self) -> bool {
        let mut gone = self.checks.iter().filter(|c| c.check.promises_a_cure()).peekable();
        gone.peek().is_some() && gone.all(|c| c.stand == Stand::Holds)
    }

    /// Nothing that ran earlier was started again or is gone.
    pub(super) fn runs_on(&self, earlier: &newest::Starts) -> bool {
        earlier.iter().all(|(container, start)| self.starts.get(container) == Some(start))
    }

    /// Nobody can tell of a check.
    pub(super) fn is_untold(&self) -> bool {
        self.checks.iter().any(|c| c.stand.passed().is_none())
    }

    /// Something that the plan is about, or somebody named, is still broken. What is only in a place that somebody named neither ends the
    /// waiting nor excuses a change that does not help.
    pub(super) fn leaves_something(&self) -> bool {
        !self.remains.own.is_empty()
    }

    fn stands(&self) -> impl Iterator<Item = Stand> {
        self.checks.iter().map(|c| c.stand).chain(self.idle.iter().map(|(stand, _)| *stand))
    }

    /// Why waiting for anything is in vain: the change is there, and nothing is meant to run that could show what it does.
    pub(super) fn shows_nothing(&self) -> Option<String> {
        let nothing_else = self.idle.iter().all(|(stand, _)| *stand == Stand::Idle);
        // A claim may wait for a Pod, which does not come either.
        let made = self.checks.iter().all(|c| matches!(c.stand, Stand::Holds | Stand::NotYet | Stand::Idle));
        let mut idle: Vec<String> = self.idle.iter().map(|(_, words)| words.clone()).collect();
        if idle.is_empty() {
            let checks = self.checks.iter().filter(|c| c.stand == Stand::Idle);
            idle.extend(checks.map(|c| format!("{}: {}", c.check.object(), c.observed)));
        }
        (nothing_else && made && !idle.is_empty()).then(|| lines(&idle))
    }

    /// The verdict on a look at which everything held through the window, and what it lacks.
    pub(super) fn verdict(&self) -> (Verdict, Option<String>) {
        if let Some(why) = self.still_broken() {
            return (Verdict::Partly, Some(why));
        }
        if !self.unread.is_empty() {
            let kinds = self.unread.join(", and ");
            return (Verdict::Unclear, Some(format!("all success checks passed, and of what belongs to the issue {kinds}")));
        }
        if !self.unready.is_empty() {
            let why = format!("all success checks passed, and this is not ready: {}; validate again later", lines(&self.unready));
            return (Verdict::Unclear, Some(why));
        }
        if !self.in_doubt.is_empty() {
            let why = format!("all success checks passed, and this could not be verified: {}", lines(&self.in_doubt));
            return (Verdict::Unclear, Some(why));
        }
        let (of_itself, maybe) = &self.beyond;
        let not_checked =
            |what: &[String]| format!("the cause is gone; not checked: {}, which the issue is about as well", what.join(", and "));
        if !of_itself.is_empty() {
            return (Verdict::Unclear, Some(not_checked(&[of_itself.as_slice(), maybe].concat())));
        }
        let maybe = (!maybe.is_empty()).then(|| not_checked(maybe));
        let why: Vec<String> = maybe.into_iter().chain(self.unchecked.iter().cloned()).collect();
        (Verdict::Resolved, (!why.is_empty()).then(|| lines(&why)))
    }

    /// The verdict on the last look, when the time has passed. What still starts has not failed: nothing is undone for it.
    pub(super) fn late_verdict(&self, seconds: u64) -> (Verdict, String) {
        let why = format!("after {seconds} s, {}", self.open());
        if let Some(replaced) = &self.replaced {
            // What somebody else made of it says nothing of the plan, and there is nothing of it to take back.
            (Verdict::Unclear, format!("{replaced}; {why}"))
        } else if self.is_untold() {
            (Verdict::Unclear, why)
        } else if self.holds() {
            (Verdict::Unclear, format!("after {seconds} s the success checks had only begun to pass"))
        } else if self.is_gone() && self.leaves_something() && !self.suspect {
            (Verdict::Partly, self.still_broken().unwrap_or(why))
        } else if self.stands().all(|stand| stand != Stand::Fails) {
            (Verdict::Unclear, format!("after {seconds} s it was still starting, and nothing had failed: {}", self.open()))
        } else {
            (Verdict::Unresolved, why)
        }
    }

    pub(super) fn still_broken(&self) -> Option<String> {
        let remains = self.remains.lines();
        (!remains.is_empty()).then(|| format!("still broken: {}", lines(&remains)))
    }

    pub(super) fn open(&self) -> String {
        let failing = self.checks.iter().filter(|c| c.stand != Stand::Holds);
        let mut open: Vec<String> = failing.map(|c| format!("{}: {}", c.check.object().slashed(), c.observed)).collect();
        if open.is_empty() {
            open.extend(self.idle.iter().map(|(_, words)| words.clone()));
        }
        if open.is_empty() { "the cluster could not be read".to_owned() } else { format!("not passed yet: {}", lines(&open)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::cause::Code;
    use crate::domain::check::Check;
    use crate::domain::execution::StepOutcome;
    use crate::domain::id::SessionId;
    use crate::domain::nonempty::NonEmpty;
    use crate::domain::object::ObjectRef;
    use crate::domain::plan::Judged;
    use crate::domain::purpose::Aim;
    use crate::planner::example::{deployment, diagnosis, image, image_plan, namespace, snapshot};
    use serde_json::{Value, json};

    /// A look in which the finding stands so, and what has to run stands so.
    fn look(finding: Stand, runs: Stand) -> Look {
        let object = ObjectRef::namespaced(Kind::Deployment, &namespace(), "web");
        let gone = Check::FindingGone { code: Code("img-tag-not-found"), object: object.clone(), field: None };
        let check = |check: Check, stand: Stand| Checked { check, stand, observed: String::new() };
        let idle = if runs == Stand::Holds { vec![] } else { vec![(runs, "web".to_owned())] };
        Look { checks: vec![check(gone, finding), check(Check::RolloutComplete(object), runs)], idle, ..Look::default() }
    }

    fn own() -> Remains {
        Remains { own: vec!["db".to_owned()], ..Remains::default() }
    }

    fn there() -> Remains {
        Remains { there: vec!["db".to_owned()], ..Remains::default() }
    }

    #[test]
    fn what_is_only_in_a_place_that_was_named_excuses_no_change_and_ends_no_waiting() {
        let failing = Look { remains: there(), ..look(Stand::Holds, Stand::Fails) };
        assert_eq!(failing.late_verdict(120).0, Verdict::Unresolved);
        assert!(!failing.leaves_something() && failing.is_gone());
        let coming = Look { remains: there(), ..look(Stand::Holds, Stand::NotYet) };
        assert_eq!(coming.late_verdict(120).0, Verdict::Unclear);
    }

    #[test]
    fn only_what_is_contradicted_when_the_time_has_passed_is_unresolved() {
        let late = |look: Look| look.late_verdict(120).0;
        assert_eq!(late(look(Stand::Holds, Stand::Fails)), Verdict::Unresolved);
        assert_eq!(late(look(Stand::Fails, Stand::NotYet)), Verdict::Unresolved);
        assert_eq!(late(look(Stand::Holds, Stand::NotYet)), Verdict::Unclear, "it is still starting");
        assert_eq!(late(look(Stand::NotYet, Stand::NotYet)), Verdict::Unclear);
        assert_eq!(late(look(Stand::Fails, Stand::Unseen)), Verdict::Unclear, "it could not be read");
        assert_eq!(late(look(Stand::Holds, Stand::Holds)), Verdict::Unclear, "it has only begun to hold");
        let left = |suspect: bool| Look { remains: own(), suspect, ..look(Stand::Holds, Stand::Fails) };
        assert_eq!((late(left(false)), late(left(true))), (Verdict::Partly, Verdict::Unresolved));
    }

    #[test]
    fn what_held_is_resolved_only_with_nothing_left_unread_or_in_doubt() {
        let held = || look(Stand::Holds, Stand::Holds);
        let some = || vec!["db".to_owned()];
        assert_eq!(held().verdict().0, Verdict::Resolved);
        assert_eq!(Look { remains: there(), ..held() }.verdict().0, Verdict::Partly);
        assert_eq!(Look { remains: own(), ..held() }.verdict().0, Verdict::Partly);
        assert_eq!(Look { in_doubt: some(), ..held() }.verdict().0, Verdict::Unclear);
        assert_eq!(Look { beyond: (some(), vec![]), ..held() }.verdict().0, Verdict::Unclear);
        let (verdict, why) = Look { beyond: (vec![], some()), ..held() }.verdict();
        assert_eq!(
            (verdict, why.as_deref()),
            (Verdict::Resolved, Some("the cause is gone; not checked: db, which the issue is about as well"))
        );
        assert_eq!(Look { unread: vec!["ingresses could not be read".to_owned()], ..held() }.verdict().0, Verdict::Unclear);
    }

    #[test]
    fn nothing_is_waited_for_where_nothing_is_meant_to_run() {
        let waits = |look: Look| look.shows_nothing().is_none();
        assert!(!waits(look(Stand::Idle, Stand::Idle)));
        assert!(waits(look(Stand::Fails, Stand::Idle)), "the change is not there yet");
        assert!(waits(look(Stand::Holds, Stand::NotYet)));
        assert!(waits(look(Stand::Holds, Stand::Holds)));
    }

    fn owner(kind: &str, name: &str) -> Value {
        json!([{"apiVersion": "apps/v1", "kind": kind, "name": name, "uid": "u", "controller": true}])
    }

    /// `web` as the plan wants it, complete, with its ReplicaSet and its Pod, and this besides.
    fn world(besides: Vec<(Kind, Value)>) -> Snapshot {
        world_at("2", 1, besides)
    }

    /// The same where it has come to a revision, and so many Pods are there in all.
    fn world_at(revision: &str, total: i32, besides: Vec<(Kind, Value)>) -> Snapshot {
        let mut object = deployment();
        object["spec"]["template"]["spec"]["containers"][1]["image"] = json!("web:1");
        object["metadata"]["annotations"]["deployment.kubernetes.io/revision"] = json!(revision);
        object["status"] =
            json!({"observedGeneration": 3, "replicas": total, "updatedReplicas": 1, "readyReplicas": 1, "availableReplicas": 1});
        let set = json!({"metadata": {"name": "web-2", "namespace": "shop", "annotations": {"deployment.kubernetes.io/revision": "2"},
                                      "ownerReferences": owner("Deployment", "web")}, "spec": {"replicas": 1, "selector": {}}});
        let mut all = vec![(Kind::Deployment, object), (Kind::ReplicaSet, set), (Kind::Pod, pod("web-2-a", owner("ReplicaSet", "web-2")))];
        all.extend(besides);
        let mut seen = snapshot(all);
        [Kind::Event, Kind::StatefulSet, Kind::DaemonSet, Kind::Service].iter().for_each(|kind| seen.add(kind, vec![], true));
        seen
    }

    /// One that runs and is ready.
    fn pod(name: &str, owners: Value) -> Value {
        let status = |name: &str| json!({"name": name, "image": "", "imageID": "", "ready": true, "restartCount": 0, "state": {"running": {"startedAt": "1969-12-31T23:58:00Z"}}});
        json!({"metadata": {"name": name, "namespace": "shop", "uid": name, "labels": {"app": "web"}, "creationTimestamp": "1969-12-31T23:57:00Z", "ownerReferences": owners},
               "spec": {"nodeName": "n", "containers": [{"name": "log"}, {"name": "app"}]},
               "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}], "containerStatuses": [status("log"), status("app")]}})
    }

    fn named(kind: Kind, name: &str) -> ObjectRef {
        ObjectRef::namespaced(kind, &namespace(), name)
    }

    /// How it looks after the plan for the image of `web`, where the words named this.
    async fn after(seen: Snapshot, about: Vec<ObjectRef>, made: Option<&Execution>) -> Look {
        let web = named(Kind::Deployment, "web");
        let gone = Check::FindingGone { code: Code("img-tag-not-found"), object: web.clone(), field: Some(image()) };
        let mut checks = NonEmpty::one(gone);
        checks.push(Check::RolloutComplete(web.clone()));
        let plan = RemediationPlan { checks, judged: Judged { about: vec![web], ..Judged::default() }, ..image_plan(1) };
        let mut before = diagnosis();
        before.focus.about = about;
        before.focus.about.push(named(Kind::Deployment, "web"));
        let scope = seen.scope.clone();
        let case = Case { plan: &plan, scope: &scope, before: &before, purpose: &Purpose::Issue("web is down".to_owned()), made };
        judge(case, seen, &CancellationToken::new()).await.unwrap().answer
    }

    #[tokio::test]
    async fn pod_of_an_owner_that_was_not_seen_makes_an_older_picture_of_its_workload_no_proof() {
        let held = after(world(vec![]), vec![], None).await;
        assert!(held.holds() && held.verdict() == (Verdict::Resolved, None), "{:?}", held.results());
        let waiting = json!({"phase": "Pending", "containerStatuses": [{"name": "app", "image": "", "imageID": "", "ready": false, "restartCount": 0, "state": {"waiting": {"reason": "ImagePullBackOff"}}}]});
        let newer = |labels: Value, status: Value| {
            let mut newer = pod("web-3-b", owner("ReplicaSet", "web-3"));
            (newer["metadata"]["labels"], newer["status"]) = (labels, status);
            newer
        };
        let look = |pod: Value| after(world(vec![(Kind::Pod, pod)]), vec![], None);
        let stale = look(newer(json!({"app": "web"}), waiting.clone())).await;
        assert!(!stale.holds(), "{:?}", stale.results());
        assert!(stale.open().contains("web-3, which has not been seen"), "{}", stale.open());
        assert!(look(newer(json!({"app": "other"}), waiting.clone())).await.holds(), "it is none of this workload's");
        let mut going = newer(json!({"app": "web"}), waiting);
        going["metadata"]["deletionTimestamp"] = json!("1969-12-31T23:59:59Z");
        assert!(look(going).await.holds(), "it is on its way out");
    }

    #[tokio::test]
    async fn rollout_of_which_it_was_not_seen_what_it_waits_for_has_not_failed() {
        let rollout = |seen: Snapshot| async { after(seen, vec![], None).await.checks.pop().unwrap() };
        let seen = || world_at("2", 2, vec![]);
        assert_eq!(rollout(seen()).await.stand, Stand::Fails, "it has had its time");
        for (kind, why) in
            [(Kind::ReplicaSet, "replicasets could not be read completely"), (Kind::Pod, "pods could not be read completely")]
        {
            let mut part = seen();
            part.miss(&kind);
            let Checked { stand, observed, .. } = rollout(part).await;
            assert!(stand == Stand::Unseen && observed.contains(why), "{kind}: {observed}");
        }
        let Checked { stand, observed, .. } = rollout(world_at("3", 2, vec![])).await;
        assert!(stand == Stand::Unseen && observed.contains("its newest ReplicaSet has not been seen"), "{observed}");
        let mut failing = pod("web-2-b", owner("ReplicaSet", "web-2"));
        failing["status"] = json!({"phase": "Pending", "containerStatuses": [{"name": "app", "image": "", "imageID": "", "ready": false, "restartCount": 0, "state": {"waiting": {"reason": "ImagePullBackOff"}}}]});
        let mut cut = world_at("2", 2, vec![(Kind::Pod, failing)]);
        cut.miss(&Kind::Pod);
        assert_eq!(rollout(cut).await.stand, Stand::Fails, "what is seen to fail has failed, whatever was not seen");
    }

    #[tokio::test]
    async fn named_workload_that_is_not_seen_to_be_well_keeps_it_from_being_resolved() {
        let daemons = json!({"metadata": {"name": "db", "namespace": "shop", "generation": 1, "creationTimestamp": "1969-12-31T23:58:30Z"},
            "spec": {"selector": {}, "template": {"metadata": {"labels": {"app": "db"}}, "spec": {"containers": [{"name": "db"}]}}},
            "status": {"observedGeneration": 1, "desiredNumberScheduled": 3, "currentNumberScheduled": 2, "updatedNumberScheduled": 2, "numberReady": 2, "numberAvailable": 2, "numberMisscheduled": 0}});
        let half = json!({"metadata": {"name": "db", "namespace": "shop", "generation": 2},
            "spec": {"paused": true, "replicas": 2, "selector": {}, "template": {"metadata": {"labels": {"app": "db"}}, "spec": {"containers": [{"name": "db"}]}}},
            "status": {"observedGeneration": 2, "replicas": 2, "updatedReplicas": 1, "readyReplicas": 1, "availableReplicas": 1}});
        let silent =
            json!({"metadata": {"name": "db", "namespace": "shop"}, "spec": {"serviceName": "db", "selector": {}, "template": {}}});
        for (kind, object, why) in [
            (Kind::DaemonSet, daemons, "2 of 3 ready"),
            (Kind::Deployment, half, "its rollout is paused"),
            (Kind::StatefulSet, silent, "has not reported anything yet"),
        ] {
            let seen = || world(vec![(kind.clone(), object.clone())]);
            let look = after(seen(), vec![named(kind.clone(), "db")], None).await;
            let (verdict, words) = look.verdict();
            assert!(look.holds() && verdict == Verdict::Unclear && words.as_ref().is_some_and(|w| w.contains(why)), "{kind}: {words:?}");
            assert_eq!(after(seen(), vec![], None).await.verdict().0, Verdict::Resolved, "{kind}: nobody named it");
        }
        let gone = after(world(vec![]), vec![named(Kind::DaemonSet, "db")], None).await;
        assert_eq!(gone.verdict().0, Verdict::Unclear, "it does not exist any more");
    }

    /// The words of an undo are ours: nothing in them, and nothing that is wrong or in doubt in the place, belongs to it.
    #[tokio::test]
    async fn undo_is_judged_by_what_it_promised_and_by_nothing_beside_it() {
        let session = SessionId::from_entropy([7; 16]);
        let paused = json!({"metadata": {"name": "db", "namespace": "shop", "generation": 2},
            "spec": {"paused": true, "replicas": 2, "selector": {}, "template": {"metadata": {"labels": {"app": "db"}}, "spec": {"containers": [{"name": "db"}]}}},
            "status": {"observedGeneration": 2, "replicas": 2, "updatedReplicas": 1, "readyReplicas": 1, "availableReplicas": 1}});
        let field = Check::FieldIs { object: named(Kind::Deployment, "web"), field: image(), value: Some(json!("web:1")) };
        let aim = Aim::Undo(session.clone());
        let plan = RemediationPlan { aim, checks: NonEmpty::one(field), judged: Judged::default(), ..image_plan(1) };
        for (purpose, verdict) in
            [(Purpose::Issue(format!("undo session {session}")), Verdict::Unclear), (Purpose::Undo(session), Verdict::Resolved)]
        {
            let (seen, before) = (world(vec![(Kind::Deployment, paused.clone())]), Diagnosis::default());
            let scope = seen.scope.clone();
            let case = Case { plan: &plan, scope: &scope, before: &before, purpose: &purpose, made: None };
            let look = judge(case, seen, &CancellationToken::new()).await.unwrap().answer;
            assert_eq!(look.verdict().0, verdict, "{purpose:?}: {:?}", look.verdict().1);
        }
    }

    #[tokio::test]
    async fn service_that_was_named_has_no_more_said_of_it_than_was_checked() {
        let policy = |spec: Value| {
            vec![
                (
                    Kind::Service,
                    json!({"metadata": {"name": "web", "namespace": "shop"}, "spec": {"selector": {"app": "web"}, "ports": [{"port": 80}]}}),
                ),
                (
                    Kind::EndpointSlice,
                    json!({"metadata": {"name": "web-x", "namespace": "shop", "labels": {"kubernetes.io/service-name": "web"}}, "addressType": "IPv4",
                    "endpoints": [{"addresses": ["10.0.0.1"], "conditions": {"ready": true}, "targetRef": {"kind": "Pod", "name": "web-2-a"}}]}),
                ),
                (Kind::NetworkPolicy, json!({"metadata": {"name": "deny", "namespace": "shop"}, "spec": spec})),
            ]
        };
        let of = |spec: Value| after(world(policy(spec)), vec![named(Kind::Service, "web")], None);
        let told = of(json!({"podSelector": {"matchLabels": {"app": "web"}}})).await.verdict();
        let words = told.1.unwrap_or_default();
        assert_eq!(told.0, Verdict::Resolved, "{words}");
        assert!(words.contains("NetworkPolicy shop/deny") && words.contains("does not evaluate which connections it allows"), "{words}");
        for quiet in [
            json!({"podSelector": {"matchLabels": {"app": "other"}}}),
            json!({"podSelector": {}, "policyTypes": ["Egress"]}),
            json!({"podSelector": {}, "ingress": [{}]}),
        ] {
            assert_eq!(of(quiet.clone()).await.verdict(), (Verdict::Resolved, None), "{quiet}");
        }
        let mut unread = world(policy(json!({"podSelector": {}})));
        unread.forget(&Kind::NetworkPolicy);
        unread.miss(&Kind::NetworkPolicy);
        let words = after(unread, vec![named(Kind::Service, "web")], None).await.verdict().1.unwrap_or_default();
        assert!(words.contains("NetworkPolicies could not be read"), "{words}");
    }

    #[tokio::test]
    async fn another_object_of_the_same_name_is_not_what_the_plan_led_to() {
        let made = |uid: &str| {
            let mut made = Execution::ahead(1);
            made.set(0, StepOutcome::Applied { at: jiff::Timestamp::UNIX_EPOCH, uid: Some(uid.to_owned()) });
            made
        };
        let of = |uid: &str| {
            let made = made(uid);
            async move { after(world(vec![]), vec![], Some(&made)).await }
        };
        assert!(of("u-1").await.holds());
        let other = of("u-9").await;
        assert!(!other.holds() && other.is_untold());
        let (verdict, why) = other.late_verdict(9);
        assert!(verdict == Verdict::Unclear && why.contains("deleted and created again"), "{why}");
    }

    #[tokio::test]
    async fn what_somebody_changed_again_is_no_failure_of_the_plan() {
        let mut made = Execution::ahead(1);
        made.set(0, StepOutcome::Applied { at: jiff::Timestamp::UNIX_EPOCH, uid: Some("u-1".to_owned()) });
        let mut seen = world(vec![]);
        seen.forget(&Kind::Deployment);
        seen.add(&Kind::Deployment, vec![deployment()], true);
        let (verdict, why) = after(seen, vec![], Some(&made)).await.late_verdict(9);
        assert!(verdict == Verdict::Unclear && why.contains("changed again since"), "{why}");
    }
}
