//! Another image in place of one that the registry does not have: in every container that asks for it, or as advice where nothing
//! tells which one was meant.

use super::super::draft::{advise, change, patch, propose};
use super::super::quote::listed;
use super::changed;
use super::known::{Earlier, Instead, Running};
use crate::domain::excerpt::Excerpt;
use crate::domain::field::FieldPath;
use crate::domain::finding::Remedy;
use crate::domain::kind::Kind;
use crate::domain::risk::Risk;
use crate::facts::pods;
use crate::facts::stuck::Stuck;

/// The longest image name that is repeated: registries take names of at most 255 characters.
pub(super) const SHOWN: usize = 300;

/// Every container of the template that asks for the image is changed: those that do not come to it yet, too.
pub(super) fn remedy(stuck: &Stuck<'_>, wrong: &str, instead: &Instead) -> Remedy {
    let asking = pods::containers(stuck.spec).filter(|(_, c)| c.image.as_deref() == Some(wrong));
    let paths: Vec<FieldPath> = asking.map(|(list, c)| stuck.spec_path.clone().then(list).element("name", &c.name).then("image")).collect();
    let (image, why, risk) = match instead {
        // Pods show their template, and not all of it: a human has to see that.
        Instead::Ran(Earlier { image, by, ready: true, .. }) if by.kind == Kind::Pod => (
            image,
            format!("`{image}` is what {} runs ready now; as far as its Pods show, the template is else the same", by.in_words()),
            Risk::Medium,
        ),
        Instead::Ran(Earlier { image, by, ready: true, .. }) => {
            (image, format!("`{image}` is what {} runs ready now, and the template is else the same", by.in_words()), Risk::Low)
        }
        // Nothing shows that it was ever ready, so this is more than going back.
        Instead::Ran(Earlier { image, by, ready: false, .. }) => {
            (image, format!("`{image}` is the only image that came before, in {}", by.in_words()), Risk::Medium)
        }
        Instead::Near(Running { image, by, .. }) => {
            let why = format!("`{image}` is of the same repository, its tag is near, and {} runs it ready now", by.in_words());
            (image, why, Risk::Medium)
        }
        Instead::Changed(earlier) => return changed::go_back(stuck, &earlier.image, earlier.revision),
        Instead::Open(known) => {
            let there = match known.as_slice() {
                [] => "an image that the registry has".to_owned(),
                images => format!("an image that the registry has; known here of the same repository or object: {}", listed(images)),
            };
            let wrong = Excerpt::capture(wrong, SHOWN);
            let why = format!("nothing in the cluster tells which image was meant by `{wrong}`, and kubemend invents no tags");
            return advise(
                format!("set {} of {stuck} to {there}", listed(&paths.iter().map(ToString::to_string).collect::<Vec<_>>())),
                None,
                &why,
            );
        }
    };
    propose(patch(&stuck.object, paths.into_iter().map(|path| change(path, wrong, image)).collect()), &why, risk, stuck.check())
}
