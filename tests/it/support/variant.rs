//! A case under other names, in another namespace, perhaps under another owner: made from its folder by renaming, so that
//! nothing that knows the fixtures by heart passes.

use super::case::Case;
use std::fs;
use std::path::Path;

/// How a case is changed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Variant {
    pub(crate) case: &'static str,
    /// Longer names first; each is replaced everywhere but in the names of images.
    pub(crate) names: &'static [(&'static str, &'static str)],
    /// This Deployment becomes a StatefulSet.
    pub(crate) stateful: Option<&'static str>,
}

pub(crate) const VARIANTS: &[Variant] = &[
    Variant {
        case: "database-pod-pending",
        names: &[
            ("a-team", "payments-eu-1"),
            ("postgres-db", "ledger2"),
            ("postgres-pvc", "disk-of-the-books"),
            ("name: postgres\n", "name: books\n"),
            ("service/postgres", "service/books"),
            ("ort: postgres\n", "ort: books\n"),
        ],
        stateful: None,
    },
    Variant {
        case: "database-pod-pending",
        names: &[("a-team", "z"), ("postgres-db", "pg-0-main"), ("postgres-pvc", "pg")],
        stateful: Some("pg-0-main"),
    },
    Variant {
        case: "claim-name-typo",
        names: &[
            ("redis-standard-pvc", "sessions-volume"),
            ("redis-data", "sessions-volme"),
            ("name: redis\n", "name: session-keeper\n"),
            ("/redis", "/session-keeper"),
            ("app: redis", "app: session-keeper"),
            ("Redis", "The session keeper"),
            ("namespace: cache", "namespace: q7"),
        ],
        stateful: Some("session-keeper"),
    },
    Variant {
        case: "storage-class-missing",
        names: &[
            ("fast-ssd", "premium-rwo"),
            ("uploads", "tank-3"),
            ("media-library", "aquarium"),
            ("namespace: media", "namespace: zoo-berlin"),
        ],
        stateful: None,
    },
    Variant {
        case: "service-without-endpoints",
        names: &[
            ("storefront-web", "kiosk-frontend"),
            ("storefront", "kiosk"),
            ("app:", "app.kubernetes.io/name:"),
            ("spec.selector.app", "spec.selector[\"app.kubernetes.io/name\"]"),
            ("/spec/selector/app", "/spec/selector/app.kubernetes.io~1name"),
            ("namespace: shop", "namespace: n-1"),
        ],
        stateful: None,
    },
    Variant {
        case: "node-selector-matches-no-node",
        names: &[
            ("production-gpu", "ssd-nvme"),
            ("environment", "disktype"),
            ("expected: production", "expected: ssd"),
            ("recommender", "oracle"),
            ("namespace: ml", "namespace: back-office"),
        ],
        stateful: Some("oracle"),
    },
    Variant {
        case: "image-tag-missing",
        names: &[
            ("name: catalog", "name: parts-list"),
            ("/catalog", "/parts-list"),
            ("app: catalog", "app: parts-list"),
            ("name: api", "name: main"),
            ("[name=api]", "[name=main]"),
            ("namespace: shop", "namespace: factory"),
        ],
        stateful: None,
    },
    Variant {
        case: "image-tag-missing-near",
        names: &[
            ("newsletter", "invoice-run"),
            ("bounce-handler", "returns"),
            ("sender", "c1"),
            ("namespace: mail", "namespace: finance-2"),
        ],
        stateful: None,
    },
    Variant {
        case: "config-map-name-wrong",
        names: &[
            ("app-configuration", "till-settings-7h2f9m4k6t"),
            ("app-config\n", "till-settings\n"),
            ("feature-flags", "opening-hours"),
            ("name: checkout\n", "name: till\n"),
            ("/checkout", "/till"),
            ("[name=checkout]", "[name=till]"),
            ("app: checkout", "app: till"),
            ("Checkout", "The till"),
            ("namespace: shop", "namespace: store-0042"),
        ],
        stateful: Some("till"),
    },
    Variant {
        case: "healthy-deployment",
        names: &[
            ("name: web\n", "name: frontend-9\n"),
            ("/web", "/frontend-9"),
            ("app: web", "app: frontend-9"),
            ("namespace: shop", "namespace: kiosk"),
        ],
        stateful: None,
    },
];

impl Variant {
    /// Writes it into a folder of its own and reads it from there.
    pub(crate) fn made_in(&self, folder: &Path) -> Case {
        let original = Case::load(self.case);
        fs::create_dir_all(folder.join("manifests")).unwrap();
        let mut files = vec!["scenario.yaml".to_owned()];
        files.extend(original.scenario.setup.iter().flat_map(|phase| phase.apply.clone()));
        for file in files {
            let text = fs::read_to_string(original.folder.join(&file)).unwrap();
            fs::write(folder.join(&file), self.change(&text)).unwrap();
        }
        fs::copy(original.folder.join("images.yaml"), folder.join("images.yaml")).unwrap();
        Case::read(self.case, folder)
    }

    fn change(&self, text: &str) -> String {
        let mut out = String::new();
        for line in text.lines() {
            let mut line = format!("{line}\n");
            // A reference names an image that must exist, or must not.
            if !["image:", "apply:", "found: example", "expected: example", "found: registry", "expected: registry"]
                .iter()
                .any(|k| line.contains(k))
            {
                for (from, to) in self.names {
                    line = line.replace(from, to);
                }
            }
            out.push_str(&line);
        }
        let Some(name) = self.stateful else { return out };
        let out = out.replace(&format!("deployment/{name}"), &format!("statefulset/{name}"));
        let mut documents: Vec<String> = out.split("\n---\n").map(str::to_owned).collect();
        for document in &mut documents {
            if document.contains("kind: Deployment") && document.contains(&format!("\n  name: {name}\n")) {
                // In parallel, since with ordered Pods the controller never replaces one that does not start.
                *document = document
                    .replace("kind: Deployment", "kind: StatefulSet")
                    .replace("\n  strategy:\n    type: Recreate", "")
                    .replace("\nspec:\n", &format!("\nspec:\n  serviceName: {name}\n  podManagementPolicy: Parallel\n"));
            }
        }
        documents.join("\n---\n")
    }
}

#[test]
fn variants_share_no_name_with_their_case() {
    for variant in VARIANTS {
        let folder = tempfile::tempdir().unwrap();
        let made = variant.made_in(folder.path());
        let original = Case::load(variant.case);
        assert_ne!(made.scenario.namespace, original.scenario.namespace, "{}", variant.case);
        let objects = |case: &Case| -> Vec<String> { case.scenario.expect.writes.iter().map(|w| w.object.clone()).collect() };
        assert!(objects(&made).iter().all(|o| !objects(&original).contains(o)), "{}: {:?}", variant.case, objects(&made));
        if let Some(name) = variant.stateful {
            let kinds: Vec<_> = made.scenario.setup.iter().flat_map(|p| &p.apply).flat_map(|f| made.manifest(f)).collect();
            assert!(kinds.iter().any(|o| o["kind"] == "StatefulSet" && o["metadata"]["name"] == name), "{}", variant.case);
        }
    }
}
