//! The prompts of `prompts/`, with their placeholders filled in: one struct for each file, and no logic in the text. What is filled in is
//! not read again.

use sha2::{Digest, Sha256};

/// A prompt, with what stands in its places.
trait Filled {
    const TEXT: &'static str;
    fn places(&self) -> Vec<(&'static str, &str)>;

    fn text(&self) -> String {
        filled(Self::TEXT, &self.places())
    }
}

macro_rules! prompt {
    ($(#[$doc:meta])* $name:ident, $file:literal, $($place:ident),+) => {
        $(#[$doc])*
        #[derive(Debug)]
        pub(crate) struct $name<'a> {
            $(pub(crate) $place: &'a str,)+
        }

        impl Filled for $name<'_> {
            const TEXT: &'static str = include_str!(concat!("../../", $file));

            fn places(&self) -> Vec<(&'static str, &str)> {
                vec![$((stringify!($place), self.$place)),+]
            }
        }

        impl $name<'_> {
            /// As it is sent.
            pub(crate) fn rendered(&self) -> String {
                self.text()
            }
        }
    };
}

prompt! {
    /// The same for every cluster.
    SystemPrompt, "prompts/investigate/system.md", canary
}
prompt! {
    /// What it is about.
    IssuePrompt, "prompts/investigate/issue.md", issue, scope, causes, symptoms, gaps, evidence
}
prompt! {
    /// An answer cannot be used.
    AgainPrompt, "prompts/investigate/again.md", why
}
prompt! {
    /// Nothing more is asked.
    LastPrompt, "prompts/investigate/last.md", why
}

/// Of all prompts as they are in their files.
pub(crate) fn digest() -> String {
    let mut hash = Sha256::new();
    for text in [SystemPrompt::TEXT, IssuePrompt::TEXT, AgainPrompt::TEXT, LastPrompt::TEXT] {
        hash.update((text.len() as u64).to_be_bytes());
        hash.update(text);
    }
    let hex: String = hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hex}")
}

/// Every `{place}` of the text, once.
fn filled(text: &str, places: &[(&str, &str)]) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let found = places.iter().find_map(|(name, value)| Some((value, after.strip_prefix(name)?.strip_prefix('}')?)));
        match found {
            Some((value, behind)) => {
                out.push_str(value);
                rest = behind;
            }
            None => {
                out.push('{');
                rest = after;
            }
        }
    }
    (out + rest).trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::changes::{CHANGES, Changeable};
    use crate::domain::form::ValueForm;
    use crate::domain::kind::Kind;
    use std::collections::BTreeSet;

    fn agrees<P: Filled>(prompt: &P) {
        let place = regex::Regex::new(r"\{(\w+)\}").unwrap();
        let named: BTreeSet<&str> = place.captures_iter(P::TEXT).map(|found| found.extract::<1>().1[0]).collect();
        assert_eq!(named, prompt.places().into_iter().map(|(name, _)| name).collect());
        assert!(!prompt.text().contains("{"), "{}", prompt.text());
    }

    #[test]
    fn each_prompt_has_the_places_that_are_filled_in_and_no_others() {
        agrees(&SystemPrompt { canary: "c" });
        agrees(&IssuePrompt { issue: "i", scope: "s", causes: "c", symptoms: "y", gaps: "g", evidence: "e" });
        agrees(&AgainPrompt { why: "w" });
        agrees(&LastPrompt { why: "w" });
        assert!(digest().starts_with("sha256:"));
    }

    #[test]
    fn what_is_filled_in_is_not_read_again() {
        let places = [("a", "{b}"), ("b", "{a}")];
        assert_eq!(filled("{a} {b} {c} {", &places), "{b} {a} {c} {");
        let prompt = IssuePrompt { issue: "{scope}", scope: "s", causes: "", symptoms: "", gaps: "", evidence: "" };
        assert!(prompt.rendered().contains("{scope}"));
    }

    /// What a row of the table is for, in words of the prompt: whoever keeps to the prompt would never propose what it does not name.
    fn words_of(row: &Changeable, form: ValueForm) -> Vec<&'static str> {
        let kinds = row.kinds.iter().map(Kind::name);
        let own = kinds.filter(|kind| !matches!(*kind, "Deployment" | "StatefulSet" | "DaemonSet" | "Pod"));
        let what = match form {
            ValueForm::Image => "tag of an image",
            ValueForm::Quantity => "CPU and memory",
            ValueForm::Replicas => "number of replicas",
            ValueForm::Port => "port",
            ValueForm::HttpPath => "path",
            ValueForm::Small => "times of a probe",
            ValueForm::Setting => "key of a ConfigMap",
            ValueForm::Claim | ValueForm::Account | ValueForm::Service | ValueForm::Settings => "a new",
            ValueForm::Bound => "bounds of",
            ValueForm::Disruption => "keeps",
            ValueForm::Backend => "backend",
            ValueForm::Growth => "more storage",
            ValueForm::Nothing if row.verb.ends() => "end of a Pod",
            ValueForm::Nothing => "restart",
            ValueForm::Revision => "way back to a revision",
        };
        own.chain([what]).collect()
    }

    #[test]
    fn system_prompt_names_all_that_may_be_proposed() {
        let line = SystemPrompt::TEXT.lines().find(|line| line.contains("one of these actions is enough")).unwrap();
        for (row, form) in CHANGES.iter().filter_map(|row| row.form().map(|form| (row, form))) {
            for word in words_of(row, form) {
                assert!(line.contains(word), "{word}: {row:?}");
            }
        }
    }

    /// Some 700 tokens: it is sent with every question.
    #[test]
    fn system_prompt_is_short_and_the_same_but_for_its_marker() {
        assert!(SystemPrompt::TEXT.len() < 3_400, "{}", SystemPrompt::TEXT.len());
        let [one, two] = ["kubemend-1", "kubemend-2"].map(|canary| SystemPrompt { canary }.rendered());
        assert_ne!(one, two);
        assert_eq!(one.replace("kubemend-1", ""), two.replace("kubemend-2", ""));
    }
}
