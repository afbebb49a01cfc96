//! The parts of an image's name, and when two tags are near.

use super::super::names::{contradict, is_slip, says_more};
use strsim::damerau_levenshtein;

/// The repository in full, and what is behind it: `docker.io/library/nginx` and `1.27` (or `sha256:…`).
pub(super) fn split(image: &str) -> (String, String) {
    let (name, digest) = image.split_once('@').map_or((image, None), |(n, d)| (n, Some(d)));
    // A colon before the last slash belongs to the registry's port.
    let (repository, tag) = match name.rsplit_once(':') {
        Some((before, after)) if !after.contains('/') => (before, Some(after)),
        _ => (name, None),
    };
    let first = repository.split('/').next().unwrap_or_default();
    let has_registry = repository.contains('/') && (first.contains(['.', ':']) || first == "localhost");
    let full = match (has_registry, repository.contains('/')) {
        (true, _) => repository.replacen("index.docker.io/", "docker.io/", 1),
        (false, true) => format!("docker.io/{repository}"),
        (false, false) => format!("docker.io/library/{repository}"),
    };
    (full, digest.or(tag).unwrap_or("latest").to_owned())
}

/// Tags of one release line that differ by a slip or by a part more (`2.4`, `2.4.0`; `1.O`, `1.0`; `v2.4`, `2.4`). Two versions are
/// members of a series, and none is a slip of the other.
pub(super) fn is_near(wrong: &str, there: &str) -> bool {
    if wrong == there || wrong.contains(':') || there.contains(':') {
        return false;
    }
    let plain = |t: &str| t.strip_prefix('v').unwrap_or(t).to_owned();
    let (a, b) = (plain(wrong), plain(there));
    let major = |t: &str| t.split(['.', '-', '_']).next().filter(|p| p.bytes().all(|b| b.is_ascii_digit())).map(str::to_owned);
    if let (Some(x), Some(y)) = (major(&a), major(&b))
        && x != y
    {
        return false;
    }
    let goes_on = |long: &str, short: &str| long.strip_prefix(short).is_some_and(|rest| rest.starts_with(['.', '-', '_']));
    let one_off = a.len().min(b.len()) > 2 && damerau_levenshtein(&a, &b) == 1 && !are_versions(&a, &b);
    // Numbers of one release line follow each other; what they are made for does not.
    let words_of = |t: &str| t.split(['.', '-', '_']).filter(|w| !w.bytes().any(|b| b.is_ascii_digit())).collect::<Vec<_>>().join("-");
    let against = contradict(&words_of(&a), &words_of(&b));
    let by_part = (goes_on(&a, &b) || goes_on(&b, &a)) && !says_more(&words_of(&a), &words_of(&b));
    !against && (a == b || by_part || one_off || is_slip(&a, &b))
}

/// Whether two tags count: numbers differ in them, read as one meant to type them.
fn are_versions(a: &str, b: &str) -> bool {
    let read = |tag: &str| tag.to_ascii_lowercase().replace('o', "0").replace(['l', 'i'], "1");
    let numbers = |tag: &str| {
        let all = tag.split(|c: char| !c.is_ascii_digit()).filter(|part| !part.is_empty());
        all.map(str::to_owned).collect::<Vec<_>>()
    };
    let counts = |tag: &str| tag.bytes().any(|b| b.is_ascii_digit());
    // An `o` or `l` among digits stands for one; in a word such as `alpine` it does not, and both tags have that word.
    counts(a) && counts(b) && numbers(a) != numbers(b) && numbers(&read(a)) != numbers(&read(b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn image_names_are_split_as_registries_read_them() {
        for (image, repository, tag) in [
            ("nginx", "docker.io/library/nginx", "latest"),
            ("nginx:1.27", "docker.io/library/nginx", "1.27"),
            ("example/app:2", "docker.io/example/app", "2"),
            ("docker.io/library/nginx:1", "docker.io/library/nginx", "1"),
            ("localhost:5000/app", "localhost:5000/app", "latest"),
            ("registry.example.com:443/a/b:v1@sha256:abc", "registry.example.com:443/a/b", "sha256:abc"),
        ] {
            assert_eq!(split(image), (repository.to_owned(), tag.to_owned()), "{image}");
        }
    }

    #[test]
    fn tags_of_one_line_are_near_and_of_another_are_not() {
        for (a, b) in
            [("2.4", "2.4.0"), ("1.O", "1.0"), ("2.4.l", "2.4.1"), ("v2.4", "2.4"), ("lates", "latest"), ("16-alpin", "16-alpine")]
        {
            assert!(is_near(a, b), "{a} {b}");
        }
        for (a, b) in [
            ("16", "15"),
            ("2.4.0-eu", "2.4.0-us"),
            ("2.4.0-beta", "2.4.0"),
            ("2.4-a", "2.4-b"),
            ("2.4.0", "3.4.0"),
            ("invalid-tag", "1.19"),
            ("1.2", "latest"),
            ("16", "17.1"),
            ("2.4.2", "2.4.1"),
            ("5.2.1", "5.2.0"),
            ("1.72", "1.27"),
            ("1.2.10", "1.2.1"),
            ("2.4.0-rc1", "2.4.0-rc2"),
            ("1.27-alpine3.19", "1.27-alpine3.18"),
        ] {
            assert!(!is_near(a, b), "{a} {b}");
        }
    }
}
