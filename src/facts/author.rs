//! Who wrote an Event, as far as it says. Whoever may create Events can write any of them with any author: an author that is the right
//! one is no proof, and one that is not rules the Event out.

use k8s_openapi::api::core::v1::{Event, PersistentVolumeClaim, Pod};

/// A part of Kubernetes that says in Events why something does not work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum By {
    /// What runs the Pods of a node: images, volumes, containers.
    Kubelet,
    /// What chooses a node for a Pod.
    Scheduler,
    /// What pairs claims with volumes.
    VolumeController,
    /// What brings volumes to nodes.
    AttachController,
    /// What makes nodes for Pods that have none.
    NodeMaker,
    /// What makes Pods for workloads and Jobs.
    PodMaker,
    /// What makes Jobs in time.
    CronController,
}

/// Where a claim says who gives it its volume.
const PROVISIONER: &[&str] = &["volume.kubernetes.io/storage-provisioner", "volume.beta.kubernetes.io/storage-provisioner"];

impl By {
    const ALL: &[By] =
        &[By::Kubelet, By::Scheduler, By::VolumeController, By::AttachController, By::NodeMaker, By::PodMaker, By::CronController];

    fn is_called(self, name: &str) -> bool {
        match self {
            By::Kubelet => name == "kubelet",
            By::Scheduler => name == "default-scheduler",
            By::VolumeController => name == "persistentvolume-controller",
            By::AttachController => name == "attachdetach-controller",
            By::NodeMaker => matches!(name, "cluster-autoscaler" | "karpenter" | "eks-auto-mode/compute"),
            By::PodMaker => matches!(
                name,
                "replicaset-controller" | "replication-controller" | "statefulset-controller" | "daemonset-controller" | "job-controller"
            ),
            By::CronController => name == "cronjob-controller",
        }
    }

    /// Whether it wrote the Event, by what the Event says: both recorders' fields, where both are filled in.
    pub(crate) fn wrote(self, event: &Event) -> bool {
        let mut names = authors(event).peekable();
        names.peek().is_some() && names.all(|name| self.is_called(name))
    }

    /// The same about a Pod, which may ask for a scheduler of another name.
    pub(crate) fn wrote_of(self, event: &Event, pod: &Pod) -> bool {
        let own = pod.spec.as_ref().and_then(|s| s.scheduler_name.as_deref()).filter(|_| self == By::Scheduler);
        let mut names = authors(event).peekable();
        names.peek().is_some() && names.all(|name| own.map_or_else(|| self.is_called(name), |own| own == name))
    }
}

/// Whether the part of Kubernetes that gives this claim its volume wrote the Event: the controller, or the provisioner that the claim is
/// handed to, which says its own name and then which of its processes it is.
pub(crate) fn wrote_of_claim(event: &Event, claim: &PersistentVolumeClaim) -> bool {
    let provisioner =
        claim.metadata.annotations.iter().flatten().find_map(|(key, value)| PROVISIONER.contains(&key.as_str()).then_some(value));
    let external = |name: &str| {
        let rest = provisioner.filter(|own| !own.is_empty()).and_then(|own| name.strip_prefix(own.as_str()));
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('_'))
    };
    let mut names = authors(event).peekable();
    names.peek().is_some() && names.all(|name| By::VolumeController.is_called(name) || external(name))
}

/// Whether it says that a part of Kubernetes wrote it that is known here.
pub(crate) fn is_known(event: &Event) -> bool {
    By::ALL.iter().any(|by| by.wrote(event))
}

fn authors(event: &Event) -> impl Iterator<Item = &str> {
    let source = event.source.as_ref().and_then(|s| s.component.as_deref());
    [source, event.reporting_component.as_deref()].into_iter().flatten().filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn by(source: &str, reporting: &str) -> Event {
        serde_json::from_value(
            json!({"metadata": {}, "involvedObject": {}, "source": {"component": source}, "reportingComponent": reporting}),
        )
        .unwrap()
    }

    #[test]
    fn author_is_the_one_that_both_recorders_name() {
        for (source, reporting, is) in [
            ("kubelet", "", true),
            ("", "kubelet", true),
            ("kubelet", "kubelet", true),
            ("", "", false),
            ("somebody", "kubelet", false),
            ("kubelet", "curl", false),
            ("default-scheduler", "", false),
        ] {
            assert_eq!(By::Kubelet.wrote(&by(source, reporting)), is, "{source} {reporting}");
        }
    }

    #[test]
    fn provisioner_of_a_claim_is_the_one_that_the_claim_names() {
        let claim: PersistentVolumeClaim =
            serde_json::from_value(json!({"metadata": {"annotations": {"volume.kubernetes.io/storage-provisioner": "ebs.csi.aws.com"}}}))
                .unwrap();
        let wrote = |name: &str| wrote_of_claim(&by(name, ""), &claim);
        assert!(wrote("ebs.csi.aws.com_node-1_5f0") && wrote("ebs.csi.aws.com") && wrote("persistentvolume-controller"));
        assert!(!wrote("ebs.csi.aws.company") && !wrote("somebody") && !wrote(""));
        assert!(!wrote_of_claim(&by("_x", ""), &PersistentVolumeClaim::default()));
    }

    #[test]
    fn scheduler_is_the_one_that_the_pod_asks_for() {
        let pod: Pod = serde_json::from_value(json!({"metadata": {}, "spec": {"schedulerName": "batch", "containers": []}})).unwrap();
        assert!(By::Scheduler.wrote_of(&by("", "batch"), &pod) && !By::Scheduler.wrote_of(&by("", "default-scheduler"), &pod));
        assert!(By::Scheduler.wrote_of(&by("", "default-scheduler"), &Pod::default()));
        assert!(By::Kubelet.wrote_of(&by("kubelet", ""), &pod));
    }
}
