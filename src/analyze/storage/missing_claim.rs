//! PersistentVolumeClaims that Pods wait for and that do not exist, and what was meant by them: a new one, or an existing one.
//! Shared by `pvc-missing` and `pvc-claim-name-typo`, which divide these cases between them.

use super::super::draft::Draft;
use super::super::meant::Meant;
use super::super::quote::{self, Said, StatusWord, is_plain};
use super::super::rule::{Read, When};
use super::super::together;
use super::unused::Unused;
use super::wanted::Wanted;
use crate::domain::cause::Code;
use crate::domain::check::Check;
use crate::domain::confidence::Confidence;
use crate::domain::field::FieldPath;
use crate::domain::finding::Relation;
use crate::domain::kind::Kind;
use crate::domain::object::{Namespace, ObjectRef};
use crate::domain::snapshot::Resource;
use crate::facts::author::By;
use crate::facts::presence::Presence;
use crate::facts::references;
use crate::facts::stuck::Stuck;
use crate::facts::{Facts, pods, selected};
use k8s_openapi::api::core::v1::{Event, PersistentVolume, PersistentVolumeClaim, Pod};
use std::collections::{BTreeMap, BTreeSet};

/// What both rules read.
pub(super) const READS: &[Read] = &[
    Read::always(&[Kind::Pod, Kind::ReplicaSet, Kind::Deployment, Kind::PersistentVolumeClaim]),
    // Who else uses claims makes fewer of them free to be meant; and where the claims were read, Events are only quoted.
    Read::allowing(&[Kind::StatefulSet, Kind::DaemonSet, Kind::Job, Kind::CronJob, Kind::Event]),
    Read::when(&[Kind::StorageClass, Kind::PersistentVolume], When::APodWaitsWithAClaim),
];

/// A claim that does not exist.
#[derive(Debug)]
pub(super) struct MissingClaim<'a> {
    pub(super) claim: ObjectRef,
    pub(super) namespace: Namespace,
    /// Those whose Pods wait for it.
    pub(super) users: Vec<Stuck<'a>>,
    /// The unused claim that was meant by the name.
    pub(super) meant: Meant<'a, PersistentVolumeClaim>,
    /// Claims of the namespace that nobody uses: as many as are listed.
    pub(super) unused: Vec<&'a PersistentVolumeClaim>,
    /// One of the same name in another namespace.
    pub(super) elsewhere: Presence<&'a PersistentVolumeClaim>,
    /// A volume that names it.
    pub(super) kept: Presence<&'a PersistentVolume>,
}

/// Every missing claim, in the order of its name.
pub(super) fn find<'a>(facts: &Facts<'a>) -> Vec<MissingClaim<'a>> {
    let whole = facts.is_whole(&Kind::PersistentVolumeClaim);
    let mut missing: BTreeMap<ObjectRef, Vec<Stuck<'a>>> = BTreeMap::new();
    for stuck in facts.stuck() {
        let Some(namespace) = stuck.namespace() else { continue };
        let wanted: BTreeSet<&str> = pods::claims(stuck.spec).filter(|c| is_plain(c)).collect();
        let absent = wanted.into_iter().map(|name| ObjectRef::namespaced(Kind::PersistentVolumeClaim, namespace, name));
        for claim in absent.filter(|claim| !facts.has(claim)) {
            // Only Pods of the present template count: one of an older template is about to go.
            let waits = |p: &&Pod| pods::is_pending(p) && p.spec.as_ref().is_some_and(|s| pods::claims(s).any(|c| c == claim.name));
            let pods: Vec<&Pod> =
                stuck.pods.iter().copied().filter(waits).filter(|p| whole || words(facts, p, &claim.name).is_some()).collect();
            if !pods.is_empty() {
                missing.entry(claim).or_default().push(Stuck { pods, ..stuck.clone() });
            }
        }
    }
    if missing.is_empty() {
        return Vec::new();
    }
    let wanted = Wanted::of(facts, &missing);
    let unused = Unused::of(facts);
    let of_claim = |(claim, users): (ObjectRef, Vec<Stuck<'a>>)| {
        let namespace = claim.namespace.clone()?;
        let seekers: Vec<&ObjectRef> = users.iter().map(|s| &s.object).collect();
        let meant = if whole { wanted.meant(&claim, &namespace, &unused, &seekers) } else { Meant::Unread };
        // Those who do not belong together hardly all made one slip, and one yes would change them all.
        let meant = if together::belong_together(facts, &seekers) { meant } else { meant.doubted() };
        let (unused, elsewhere) = (unused.some(&namespace, &seekers), selected::elsewhere(facts, &claim));
        let kept = selected::volume_for(facts, &claim);
        Some(MissingClaim { claim, namespace, users, meant, unused, elsewhere, kept })
    };
    missing.iter().map(|(claim, users)| (claim.clone(), users.clone())).filter_map(of_claim).collect()
}

/// Where the cluster itself says that the claim is missing: the Pod's condition, else an event of the scheduler's, or of the kubelet's
/// where no scheduler has a say.
fn words(facts: &Facts<'_>, pod: &Pod, claim: &str) -> Option<Said> {
    let says = |text: &str| quote::says_absent(text, "persistentvolumeclaim", claim);
    let by = if pods::has_node(pod) { By::Kubelet } else { By::Scheduler };
    let status = |p| match quote::unscheduled(p) {
        Some((path, text)) if says(text) => StatusWord::Says(path, text),
        Some(_) => StatusWord::Denies,
        None => StatusWord::Silent,
    };
    quote::words(facts, pod, by, |e: &Event| e.message.as_deref().is_some_and(says), status)
}

impl<'a> MissingClaim<'a> {
    /// The fields that name the claim.
    pub(super) fn fields(&self, user: &Stuck<'_>) -> Vec<FieldPath> {
        let all = references::references(user.spec, &user.spec_path);
        let named = all.into_iter().filter(|r| r.kind == Kind::PersistentVolumeClaim && r.name == self.claim.name);
        named.map(|r| r.path).collect()
    }

    /// What is the same whatever was meant: what was seen, how it leads to the Pods, and that they wait.
    pub(super) fn draft<'f>(&self, facts: &'f Facts<'a>, code: Code, object: &ObjectRef, sure: Confidence) -> Draft<'f, 'a> {
        let pods = || self.users.iter().flat_map(|user| user.pods.iter().copied());
        let there = facts.all_in::<PersistentVolumeClaim>(&self.namespace).filter_map(|c| c.metadata.name.as_deref());
        let named =
            |user: &Stuck<'_>| self.fields(user).first().map(|path| quote::field(facts, &user.object, path.clone(), &self.claim.name));
        let said = quote::quoted(pods().filter_map(|p| words(facts, p, &self.claim.name)).collect());
        // Where the claims were read, they are the proof.
        let draft = Draft::about(facts, code, object, sure);
        let draft = if facts.is_whole(&Kind::PersistentVolumeClaim) {
            draft.saw(said.into_iter().map(|one| one.evidence))
        } else {
            draft.rests_on(said)
        };
        let mut draft = draft.saw(self.users.iter().filter_map(named)).saw(quote::absent(facts, &self.claim, there));
        for (user, pod) in self.users.iter().filter_map(|user| Some((user, user.pods.first()?))) {
            if pod.reference() != user.object {
                draft = draft.link(&user.object, Relation::References, &self.claim);
            }
            draft = draft.owned(pod).link(&pod.reference(), Relation::Mounts, &self.claim);
        }
        draft.holds(pods(), &format!("Pending: waits for the PersistentVolumeClaim `{}`", self.claim.name))
    }

    /// The volume that names it.
    pub(super) fn volume(&self) -> Option<&'a PersistentVolume> {
        self.kept.there()
    }

    /// What must hold of those who wait.
    pub(super) fn checks(&self) -> impl Iterator<Item = Check> {
        self.users.iter().filter_map(Stuck::check)
    }

    /// Nothing about a Pod's volumes can be changed: one that nobody owns has to be created again.
    pub(super) fn point(&self) -> String {
        let again = self.users.iter().any(|user| user.object.kind == Kind::Pod);
        if again { format!("create {} again, pointed", self.who()) } else { format!("point {}", self.who()) }
    }

    /// ``Deployment `web` ``, or several of them.
    pub(super) fn who(&self) -> String {
        quote::joined(&self.users.iter().map(ToString::to_string).collect::<Vec<_>>(), "and")
    }
}
