//! A custom resource, as discovery names it. What may never be read cannot be made here, whatever discovery says.

use super::info::KindInfo;
use super::table::kinds;
use crate::domain::name::is_dns;

macro_rules! built_in_versions {
    ($($kind:ident $version:literal $plural:literal $short:literal $scope:ident $read:ident [$($field:ident: $type:ty)?];)*) => {
        /// The API versions of the table.
        const BUILT_IN: &[&str] = &[$($version),*];
    };
}

kinds!(built_in_versions);

/// API groups that answer about credentials and rights: a review of somebody else's is nothing to read.
const NEVER: &[&str] = &["authentication.k8s.io", "authorization.k8s.io", "certificates.k8s.io"];
/// Words in the name of a resource whose objects are credentials, whatever their fields are called: tokens of a login, of a registration,
/// kubeconfigs.
const CREDENTIALS: &[&str] = &["secret", "token", "credential", "kubeconfig", "password"];

/// Of Kubernetes' own groups, those that have a label more.
const OWN: &[&str] = &[".authorization", ".apiserver"];

/// A resource beyond the table of kinds: its group, version, kind, plural and scope.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CustomKind {
    api_version: String,
    kind: String,
    plural: String,
    namespaced: bool,
}

/// Why a resource that discovery names is no custom kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotCustom {
    /// Its group, version, kind or plural cannot be in a path.
    #[error("not the name of a resource")]
    Name,
    /// The core group and Kubernetes' own have no custom resources.
    #[error("a built-in resource")]
    BuiltIn,
    /// What is a Secret, a token or another credential by its name, under any group, and reviews of credentials and rights.
    #[error("a resource that is never read")]
    Never,
}

impl CustomKind {
    /// A resource of a group that the table does not have.
    ///
    /// # Errors
    /// See [`NotCustom`]. Checked here once, so that whoever has a value of this type has one that may be read.
    pub fn new(group: &str, version: &str, kind: &str, plural: &str, namespaced: bool) -> Result<Self, NotCustom> {
        let word = |text: &str| is_dns(text, 63, false);
        let kind_name = kind.len() <= 63 && kind.bytes().all(|b| b.is_ascii_alphanumeric());
        let is_one = |text: &str| CREDENTIALS.iter().any(|word| text.to_ascii_lowercase().contains(word));
        if is_one(plural) || is_one(kind) || NEVER.contains(&group) {
            return Err(NotCustom::Never);
        }
        // A custom resource's group is a domain name; the built-in groups without a dot are `apps`, `batch` and their like.
        // `*.k8s.io` is Kubernetes' own; add-ons that live in the project have a label more, such as `gateway.networking.k8s.io`.
        let own = group.strip_suffix(".k8s.io").is_some_and(|name| !name.contains('.') || OWN.iter().any(|own| name.ends_with(own)));
        let of_the_table = BUILT_IN.iter().any(|version| version.split_once('/').is_some_and(|(built_in, _)| built_in == group));
        if !group.contains('.') || own || of_the_table {
            return Err(NotCustom::BuiltIn);
        }
        if !is_dns(group, 253, true) || !word(version) || !word(plural) || kind.is_empty() || !kind_name {
            return Err(NotCustom::Name);
        }
        Ok(Self { api_version: format!("{group}/{version}"), kind: kind.to_owned(), plural: plural.to_owned(), namespaced })
    }

    pub(super) fn info(&self) -> KindInfo<'_> {
        KindInfo { api_version: &self.api_version, kind: &self.kind, plural: &self.plural, short: "", namespaced: self.namespaced }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::kind::Kind;
    use crate::domain::namespace::Namespace;
    use crate::domain::object::ObjectRef;
    use std::collections::BTreeSet;
    use std::sync::Arc;

    fn certificate() -> Kind {
        Kind::Custom(Arc::new(CustomKind::new("cert-manager.io", "v1", "Certificate", "certificates", true).unwrap()))
    }

    #[test]
    fn custom_kind_has_a_path_and_is_compared_by_value() {
        let namespace = Namespace::parse("shop").unwrap();
        let object = ObjectRef::namespaced(certificate(), &namespace, "web");
        assert_eq!(object.path().as_deref(), Some("/apis/cert-manager.io/v1/namespaces/shop/certificates/web"));
        assert_eq!((object.kind.group(), object.to_string().as_str()), ("cert-manager.io", "Certificate shop/web"));
        assert_eq!(BTreeSet::from([certificate(), certificate()]).len(), 1);
        assert_ne!(certificate(), Kind::of("cert-manager.io/v1", "Certificate"), "a name alone has no path");
    }

    #[test]
    fn group_of_an_add_on_is_custom() {
        for group in ["gateway.networking.k8s.io", "snapshot.storage.k8s.io", "cluster.x-k8s.io", "cert-manager.io"] {
            assert!(CustomKind::new(group, "v1", "Thing", "things", true).is_ok(), "{group}");
        }
    }

    #[test]
    fn what_is_never_read_is_no_custom_kind() {
        for (group, version, kind, plural, why) in [
            ("", "v1", "Secret", "secrets", NotCustom::Never),
            ("example.com", "v1", "Secret", "secrets", NotCustom::Never),
            ("example.com", "v1", "Innocent", "secrets", NotCustom::Never),
            ("example.com", "v1", "Secret", "innocents", NotCustom::Never),
            ("example.com", "v1", "SECRET", "innocents", NotCustom::Never),
            ("example.com", "v1", "Innocent", "Secrets", NotCustom::Never),
            ("example.com", "v1", "SecretCopy", "copies", NotCustom::Never),
            ("example.com", "v1", "Copy", "secretcopies", NotCustom::Never),
            ("management.cattle.io", "v3", "ClusterRegistrationToken", "clusterregistrationtokens", NotCustom::Never),
            ("oauth.openshift.io", "v1", "OAuthAccessToken", "oauthaccesstokens", NotCustom::Never),
            ("example.com", "v1", "CredentialsRequest", "credentialsrequests", NotCustom::Never),
            ("example.com", "v1", "Kubeconfig", "kubeconfigs", NotCustom::Never),
            ("authorization.k8s.io", "v1", "SubjectAccessReview", "subjectaccessreviews", NotCustom::Never),
            ("authentication.k8s.io", "v1", "TokenReview", "tokenreviews", NotCustom::Never),
            ("", "v1", "Pod", "pods", NotCustom::BuiltIn),
            ("apps", "v1", "ControllerRevision", "controllerrevisions", NotCustom::BuiltIn),
            ("storage.k8s.io", "v1", "VolumeAttachment", "volumeattachments", NotCustom::BuiltIn),
            ("networking.k8s.io", "v1", "Ingress", "ingresses", NotCustom::BuiltIn),
            ("rbac.authorization.k8s.io", "v1", "Role", "roles", NotCustom::BuiltIn),
            ("flowcontrol.apiserver.k8s.io", "v1", "FlowSchema", "flowschemas", NotCustom::BuiltIn),
            ("example.com", "v1", "Exec", "pods/exec", NotCustom::Name),
            ("example.com", "v1", "Up", "..", NotCustom::Name),
            ("example.com", "v1", "Up", "a.b", NotCustom::Name),
            ("example.com", "v1/namespaces", "Up", "ups", NotCustom::Name),
            ("example.com/v1", "v1", "Up", "ups", NotCustom::Name),
            ("exa%6dple.com", "v1", "Up", "ups", NotCustom::Name),
            ("example.com", "v1", "Up;x", "ups", NotCustom::Name),
            ("example.com", "v1", "", "ups", NotCustom::Name),
            ("example.com", "v1", "Up", "", NotCustom::Name),
        ] {
            assert_eq!(CustomKind::new(group, version, kind, plural, true), Err(why), "{group}/{version} {kind} {plural}");
        }
    }
}
