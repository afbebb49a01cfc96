//! What a registry or the kubelet says about an image, without the names that people choose: an image called `unauthorized-proxy`, a
//! tag `not-found`, a registry `denied.example.com` are no part of the sentence.

use super::reference::split;

/// What stands for a name.
const NAME: &str = "image";

/// The sentence in lower case, in which the image and every address are replaced.
pub(super) fn sentence(text: &str, image: &str) -> String {
    let text = without_addresses(&text.to_ascii_lowercase());
    let mut names = names(&image.to_ascii_lowercase());
    // The longest first: what one leaves may be the middle of another.
    names.sort_by_key(|name| std::cmp::Reverse(name.len()));
    names.into_iter().fold(text, |text, name| replace_whole(&text, &name))
}

/// The image that a sentence about pulling names.
pub(super) fn image_in(text: &str) -> Option<&str> {
    let (_, rest) =
        ["pulling image ", "pull image ", "unpack image ", "resolve reference "].iter().find_map(|words| text.split_once(words))?;
    rest.strip_prefix('"').and_then(|rest| rest.split_once('"')).map(|(image, _)| image)
}

/// Every way in which an image's name is written. Bare words only in their quotes: `denied` is also a word of the sentence.
fn names(image: &str) -> Vec<String> {
    let (repository, tag) = split(image);
    let behind = if tag.contains(':') { "@" } else { ":" };
    let path = repository.split_once('/').map_or(repository.as_str(), |(_, path)| path);
    let short = path.strip_prefix("library/").unwrap_or(path);
    let mut all = vec![format!("\"{image}\""), format!("\"{short}\"")];
    for name in [image, &repository, path, short] {
        all.push(format!("{name}{behind}{tag}"));
        if name.contains(['/', ':', '@']) {
            all.push(name.to_owned());
        }
    }
    // A registry of its own, such as `denied.example.com`; the default one says nothing.
    all.extend(repository.split_once('/').map(|(host, _)| host.to_owned()).filter(|host| host.contains(['.', ':'])));
    all
}

/// The text with the name replaced where it is not a part of a longer one.
fn replace_whole(text: &str, name: &str) -> String {
    let is_inner = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric() || "-_".contains(c));
    let (mut out, mut rest) = (String::new(), text);
    while let Some((before, after)) = rest.split_once(name) {
        let quoted = name.starts_with('"');
        let inner = !quoted && (is_inner(before.chars().last().or(out.chars().last())) || is_inner(after.chars().next()));
        out.push_str(before);
        out.push_str(if inner { name } else { NAME });
        rest = after;
    }
    out + rest
}

/// Addresses tell only what was asked for: a manifest, or a layer.
fn without_addresses(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = ["http://", "https://"].iter().filter_map(|scheme| rest.find(scheme)).min() {
        let (before, from) = rest.split_at(at);
        let end = from.find(|c: char| c.is_whitespace() || "\"'`<>,)".contains(c)).unwrap_or(from.len());
        let (address, after) = from.split_at(end);
        let mut parts = address.trim_end_matches([':', '.', ';']).rsplit('/');
        let asked = parts.nth(1).filter(|part| matches!(*part, "manifests" | "blobs")).unwrap_or_default();
        let tail = address.len() - address.trim_end_matches([':', '.', ';']).len();
        out.push_str(before);
        out.push_str(&format!("address/{asked}/{}", address.get(address.len() - tail..).unwrap_or_default()));
        rest = after;
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::super::known::{says_no_platform, says_not_found, says_refused};
    use super::*;
    use proptest::prelude::*;

    const MISSING: &[&str] = &[
        r#"Back-off pulling image "{short}": ErrImagePull: rpc error: code = NotFound desc = failed to pull and unpack image "{full}": failed to resolve reference "{full}": {full}: not found"#,
        r#"Failed to pull image "{short}": manifest for {short} not found: manifest unknown: manifest unknown"#,
        r#"failed to resolve reference "{full}": unexpected status from HEAD request to https://{host}/v2/{path}/manifests/{tag}: 404 Not Found"#,
    ];
    const REFUSED: &[&str] = &[
        r#"failed to resolve reference "{full}": pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed"#,
        r#"failed to resolve reference "{full}": failed to authorize: failed to fetch anonymous token: unexpected status from GET request to https://{host}/token?scope=repository%3A{path}%3Apull&service=x: 401 Unauthorized"#,
        r#"pull access denied for {path}, repository does not exist or may require 'docker login'"#,
    ];
    const NO_PLATFORM: &[&str] = &[
        r#"failed to pull and unpack image "{full}": no match for platform in manifest: not found"#,
        r#"Failed to pull image "{short}": no matching manifest for linux/arm64 in the manifest list entries"#,
    ];
    const AWAY: &[&str] = &[
        r#"Back-off pulling image "{short}""#,
        r#"failed to do request: Head "https://{host}/v2/{path}/manifests/{tag}": dial tcp: lookup {host}: no such host"#,
        r#"failed to pull and unpack image "{full}": failed to copy: httpReadSeeker: failed open: content at https://{host}/v2/{path}/blobs/sha256:1 not found: not found"#,
    ];

    fn filled(template: &str, host: &str, path: &str, tag: &str) -> String {
        let short = if host == "docker.io" { format!("{path}:{tag}") } else { format!("{host}/{path}:{tag}") };
        let full = format!("{host}/{path}:{tag}");
        template.replace("{short}", &short).replace("{full}", &full).replace("{host}", host).replace("{path}", path).replace("{tag}", tag)
    }

    proptest! {
        /// Whatever an image is called, its sentence is read as that of any other.
        #[test]
        fn what_a_registry_says_does_not_depend_on_the_images_name(
            host in "docker\\.io|(denied|blob|forbidden|x509)\\.example\\.com|unauthorized\\.local:5000",
            path in "(example|denied|forbidden)/(app|unauthorized-proxy|not-found|manifest-unknown|snapshot|blob-store|access-denied|no-match|insufficient_scope|forbidden|too-many)",
            tag in "1\\.0|not-found|unauthorized|denied|blob|404|snapshot",
        ) {
            let image = if host == "docker.io" { format!("{path}:{tag}") } else { format!("{host}/{path}:{tag}") };
            for (templates, expected) in [(MISSING, (true, false, false)), (REFUSED, (false, true, false)), (NO_PLATFORM, (false, false, true)), (AWAY, (false, false, false))] {
                for template in templates {
                    let said = filled(template, &host, &path, &tag);
                    let read = (says_not_found(&said, &image), says_refused(&said, &image), says_no_platform(&said, &image));
                    prop_assert_eq!(read, expected, "{}", said);
                }
            }
        }
    }

    #[test]
    fn bare_names_are_left_out_where_they_are_quoted_only() {
        let said = |image: &str| {
            format!(r#"failed to resolve reference "docker.io/library/{image}:latest": docker.io/library/{image}:latest: not found"#)
        };
        for image in ["unauthorized", "denied", "blob", "forbidden"] {
            assert!(says_not_found(&said(image), image) && !says_refused(&said(image), image), "{image}");
            assert!(!says_refused(&format!("Back-off pulling image \"{image}\""), image), "{image}");
        }
        assert!(says_refused("pull access denied for denied, repository does not exist", "denied"));
    }

    #[test]
    fn image_of_a_sentence_is_the_one_that_is_pulled() {
        assert_eq!(image_in(r#"Failed to pull image "a/b:1": rpc error"#), Some("a/b:1"));
        assert_eq!(image_in("nothing is pulled"), None);
    }
}
