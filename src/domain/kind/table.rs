//! The one table of kinds. A row makes the variant, its API paths, the list in a snapshot, and how an object is decoded.
//! To read a new kind, add its row here, its row in the wire's own reading list (`cluster/reach.rs`), and use it.

/// Hands every row to the macro `$then`, so that each file makes its part from the same rows:
///
/// kind, API version, resource, short name, scope, whether its objects may be read, and the list that holds them in a snapshot, if any.
///
/// The order of the rows is the order of the kinds wherever they are sorted.
macro_rules! kinds {
    ($then:ident) => {
        $then! {
            Pod "v1" "pods" "po" namespaced readable [pods: k8s_openapi::api::core::v1::Pod];
            Deployment "apps/v1" "deployments" "deploy" namespaced readable [deployments: k8s_openapi::api::apps::v1::Deployment];
            ReplicaSet "apps/v1" "replicasets" "rs" namespaced readable [replica_sets: k8s_openapi::api::apps::v1::ReplicaSet];
            StatefulSet "apps/v1" "statefulsets" "sts" namespaced readable [stateful_sets: k8s_openapi::api::apps::v1::StatefulSet];
            DaemonSet "apps/v1" "daemonsets" "ds" namespaced readable [daemon_sets: k8s_openapi::api::apps::v1::DaemonSet];
            ControllerRevision "apps/v1" "controllerrevisions" "" namespaced readable
                [controller_revisions: k8s_openapi::api::apps::v1::ControllerRevision];
            Job "batch/v1" "jobs" "" namespaced readable [jobs: k8s_openapi::api::batch::v1::Job];
            CronJob "batch/v1" "cronjobs" "cj" namespaced readable [cron_jobs: k8s_openapi::api::batch::v1::CronJob];
            Service "v1" "services" "svc" namespaced readable [services: k8s_openapi::api::core::v1::Service];
            EndpointSlice "discovery.k8s.io/v1" "endpointslices" "" namespaced readable
                [endpoint_slices: k8s_openapi::api::discovery::v1::EndpointSlice];
            Ingress "networking.k8s.io/v1" "ingresses" "ing" namespaced readable [ingresses: k8s_openapi::api::networking::v1::Ingress];
            IngressClass "networking.k8s.io/v1" "ingressclasses" "" cluster readable
                [ingress_classes: k8s_openapi::api::networking::v1::IngressClass];
            NetworkPolicy "networking.k8s.io/v1" "networkpolicies" "netpol" namespaced readable
                [network_policies: k8s_openapi::api::networking::v1::NetworkPolicy];
            HorizontalPodAutoscaler "autoscaling/v2" "horizontalpodautoscalers" "hpa" namespaced readable
                [autoscalers: k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler];
            PodDisruptionBudget "policy/v1" "poddisruptionbudgets" "pdb" namespaced readable
                [budgets: k8s_openapi::api::policy::v1::PodDisruptionBudget];
            ResourceQuota "v1" "resourcequotas" "quota" namespaced readable [quotas: k8s_openapi::api::core::v1::ResourceQuota];
            Lease "coordination.k8s.io/v1" "leases" "" namespaced readable [leases: k8s_openapi::api::coordination::v1::Lease];
            PersistentVolumeClaim "v1" "persistentvolumeclaims" "pvc" namespaced readable
                [claims: k8s_openapi::api::core::v1::PersistentVolumeClaim];
            PersistentVolume "v1" "persistentvolumes" "pv" cluster readable [volumes: k8s_openapi::api::core::v1::PersistentVolume];
            ConfigMap "v1" "configmaps" "cm" namespaced readable [config_maps: k8s_openapi::api::core::v1::ConfigMap];
            ServiceAccount "v1" "serviceaccounts" "sa" namespaced readable
                [service_accounts: k8s_openapi::api::core::v1::ServiceAccount];
            Secret "v1" "secrets" "" namespaced unreadable [];
            StorageClass "storage.k8s.io/v1" "storageclasses" "sc" cluster readable
                [storage_classes: k8s_openapi::api::storage::v1::StorageClass];
            Node "v1" "nodes" "no" cluster readable [nodes: k8s_openapi::api::core::v1::Node];
            Namespace "v1" "namespaces" "ns" cluster readable [];
            Event "v1" "events" "ev" namespaced readable [events: k8s_openapi::api::core::v1::Event];
        }
    };
}

/// Hands to the macro `$then` how people speak of a kind, beside its own names, where words that name only the kind mean all of them:
///
/// kind, what it is called, and what else the words are about where it could be at fault.
macro_rules! spoken {
    ($then:ident) => {
        $then! {
            Ingress ["site" "website" "webpage" "homepage" "url"] [];
            HorizontalPodAutoscaler ["autoscaler" "autoscaling" "scaler"] [];
            CronJob ["cron"] ["schedule" "nightly" "backup"];
            Job [] ["batch" "backup"];
            PersistentVolumeClaim ["claim"] [];
            DaemonSet [] [];
            StatefulSet [] [];
            PodDisruptionBudget ["budget"] [];
        }
    };
}

pub(crate) use kinds;
pub(super) use spoken;
