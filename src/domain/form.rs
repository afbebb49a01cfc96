//! Forms of values that somebody states. Each is closed: a value has to look like one of its kind, and to be near the one that is there.
//! No form takes free text but that of a setting, which a human sees whole.

mod created;
mod parts;

pub(crate) use parts::{amount, percent};

use super::name::is_dns;
use super::secrets::{holds_one, is_one, names_one};
use super::visible::is_hidden;
use parts::{SETTING, is_port_name, parted};
use serde_json::Value;

/// What a value has to look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ValueForm {
    /// Another tag or digest of the same repository.
    Image,
    /// An amount of CPU or memory, within a factor of `FACTOR` of the one that is there.
    Quantity,
    /// A number of replicas: not none, and at most one more than twice as many as there are.
    Replicas,
    /// The number or the name of a port.
    Port,
    /// The path of a probe's request.
    HttpPath,
    /// A small number: seconds, or how often.
    Small,
    /// The text of a key of a ConfigMap.
    Setting,
    /// The manifest of an empty claim.
    Claim,
    /// The manifest of a ServiceAccount.
    Account,
    /// The manifest of a Service inside the cluster.
    Service,
    /// The manifest of a ConfigMap.
    Settings,
    /// How many replicas an autoscaler may make, at least or at most.
    Bound,
    /// How many Pods, as a number or as a share, a PodDisruptionBudget keeps or lets go.
    Disruption,
    /// The name of a Service.
    Backend,
    /// An amount of storage above the one that is there.
    Growth,
    /// Nothing: the object says it all.
    Nothing,
    /// The number of a revision.
    Revision,
}

/// Characters of the reference of an image.
const IMAGE: usize = 255;
/// Characters of a probe's path.
const PATH: usize = 200;
/// So much more or less of CPU or memory.
const FACTOR: f64 = 8.0;
/// So much more storage: who needs more grows it again once that is used.
const GROWTH: f64 = 2.0;
/// So many CPUs no container was meant to have.
const CPUS: f64 = 100.0;
/// Less memory than this was meant in another unit.
const MEBIBYTE: f64 = 1_048_576.0;
/// The same for whole numbers.
const STEPS: u64 = 8;
/// What a number of a probe may be, whatever is there: half a minute, or so many failures. An hour of either hides what hangs.
const SMALL: u64 = 30;
/// The same of the seconds before the first one: it is over then, and hides nothing that hangs later.
const FIRST: u64 = 300;

impl ValueForm {
    /// What a value looks like, for whoever proposes one.
    pub fn in_words(self) -> &'static str {
        match self {
            ValueForm::Image => "another tag or digest of the same repository",
            ValueForm::Quantity => "an amount such as `500m` or `256Mi`, near the one that is there",
            ValueForm::Replicas => "1 to one more than twice as many as there are",
            ValueForm::Port => "the number or the name of a port",
            ValueForm::HttpPath => "a path such as `/healthz`",
            ValueForm::Small => "a whole number near the one that is there, or near its default",
            ValueForm::Setting => "a text of at most 4096 bytes, for a key that is there and is not a credential",
            ValueForm::Claim => "a manifest with name, one access mode, storage request and storageClassName, and nothing else",
            ValueForm::Account => "a manifest with name, where others use the same imagePullSecrets, and nothing else",
            ValueForm::Service => {
                "a manifest with name, spec.selector as the workload's own selector, and spec.ports that its containers have"
            }
            ValueForm::Settings => "a manifest with name and data: each key that is referred to and missing, on one line, no credential",
            ValueForm::Bound => "1 to one more than twice the number there",
            ValueForm::Disruption => "a number or a percentage, as the one there, that keeps at least one Pod and lets at least one go",
            ValueForm::Backend => "the name of a Service of the same namespace that has ready addresses",
            ValueForm::Growth => "an amount such as `20Gi`, above the one there and at most twice as much",
            ValueForm::Nothing => "no value: what is done needs the object alone",
            ValueForm::Revision => "the number of a revision that has ready Pods now",
        }
    }

    /// How much a value of it decides about what runs: the first of several is what a human sees first, whoever chose their order.
    pub fn rank(self) -> u8 {
        match self {
            // All that the template has.
            ValueForm::Revision => 0,
            ValueForm::Image => 1,
            ValueForm::Setting | ValueForm::Settings => 2,
            ValueForm::Claim | ValueForm::Account | ValueForm::Service | ValueForm::Backend => 3,
            ValueForm::Growth => 4,
            ValueForm::Replicas | ValueForm::Bound | ValueForm::Disruption => 5,
            ValueForm::Quantity => 6,
            ValueForm::Port => 7,
            ValueForm::HttpPath => 8,
            ValueForm::Small => 9,
            ValueForm::Nothing => 10,
        }
    }

    /// Why the new value cannot stand where the old one does; nothing where it can. `name` is the last step of the field's path.
    /// Of an old value that is not shown nothing is told, whatever the new one is.
    pub fn refuses(self, name: &str, old: Option<&Value>, new: &Value) -> Option<String> {
        let (old_text, new_text) = (old.and_then(Value::as_str), new.as_str());
        match self {
            ValueForm::Image => image(old_text, new_text),
            ValueForm::Quantity => quantity(name, old_text, new_text),
            ValueForm::Replicas => replicas(old.and_then(Value::as_u64), new.as_u64()),
            ValueForm::Port => {
                let fits = new.as_u64().is_some_and(|port| (1..=65_535).contains(&port)) || new_text.is_some_and(is_port_name);
                (!fits || old.is_none())
                    .then(|| "a port is a number from 1 to 65535 or the name of one, and stands where one was".to_owned())
            }
            ValueForm::HttpPath => {
                let plain = |b: u8| b.is_ascii_alphanumeric() || b"/-._~".contains(&b);
                let fits = |text: &str| text.starts_with('/') && !text.starts_with("//") && text.len() <= PATH && text.bytes().all(plain);
                let fits = new_text.is_some_and(fits) && old.is_some();
                (!fits).then(|| {
                    "the path of a probe begins with `/`, has letters, digits and `-._~` in it, and stands where one was".to_owned()
                })
            }
            ValueForm::Small => small(name, old.map(Value::as_u64), new.as_u64()),
            ValueForm::Setting => setting(name, old_text, new_text),
            ValueForm::Claim => created::claim(new),
            ValueForm::Account => created::account(new),
            ValueForm::Service => created::service(new),
            ValueForm::Settings => created::settings(new),
            ValueForm::Bound => replicas(old.and_then(Value::as_u64), new.as_u64()),
            ValueForm::Disruption => disruption(old, new),
            ValueForm::Backend => {
                let fits = old_text.is_some() && new_text.is_some_and(|name| is_dns(name, 63, false));
                (!fits).then(|| "the name of a Service stands where one was".to_owned())
            }
            ValueForm::Growth => growth(old_text, new_text),
            ValueForm::Nothing => Some("no value is taken".to_owned()),
            ValueForm::Revision => {
                let counts = new.as_u64().is_some_and(|number| (1..=u64::from(u32::MAX)).contains(&number));
                (!counts).then(|| "a revision is a whole number from 1".to_owned())
            }
        }
    }
}

/// A number stands where one was, and a share where one was: which of both it is decides how it grows with the workload.
fn disruption(old: Option<&Value>, new: &Value) -> Option<String> {
    let is_share = |value: &Value| value.as_str().and_then(percent).is_some();
    let fits = old.is_some_and(|old| (old.is_u64() && new.is_u64()) || (is_share(old) && is_share(new)));
    (!fits).then(|| "a number of Pods stands where one was, and a percentage where one was".to_owned())
}

/// A volume never shrinks again.
fn growth(old: Option<&str>, new: Option<&str>) -> Option<String> {
    let (Some(old), Some(new)) = (old.and_then(amount), new.and_then(amount)) else {
        return Some("an amount of storage such as `20Gi` stands where one was".to_owned());
    };
    (new <= old || new > old * GROWTH)
        .then(|| format!("a volume never shrinks again, so what is proposed is more than there is and at most {GROWTH} times as much"))
}

/// The repository of an image, without tag and digest.
fn repository(image: &str) -> &str {
    let name = image.split_once('@').map_or(image, |(name, _)| name);
    // A colon before the last slash is a registry's port.
    match name.rsplit_once(':') {
        Some((repository, tag)) if !tag.contains('/') => repository,
        Some(_) | None => name,
    }
}

fn image(old: Option<&str>, new: Option<&str>) -> Option<String> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"/-._:@".contains(&b);
    let (Some(old), Some(new)) = (old, new) else { return Some("an image is replaced by another one, as a text".to_owned()) };
    let tag = new.get(repository(new).len()..).unwrap_or_default();
    if new.is_empty() || new.len() > IMAGE || !new.bytes().all(plain) || tag.len() < 2 || repository(new).is_empty() {
        return Some("it is not the reference of an image with a tag or a digest".to_owned());
    }
    let elsewhere = repository(old) != repository(new);
    elsewhere.then(|| "what is proposed may choose another tag or digest of the same repository, and no other repository".to_owned())
}

fn quantity(name: &str, old: Option<&str>, new: Option<&str>) -> Option<String> {
    let both = old.zip(new).and_then(|(old, new)| Some((old, amount(old)?, new, amount(new)?)));
    let Some((old_text, old, new_text, new)) = both else {
        return Some("an amount such as `500m` or `256Mi` stands where one was".to_owned());
    };
    let near = new <= old * FACTOR && new * FACTOR >= old;
    // The same number in the unit that it is mostly of, where the one that is there cannot have been meant.
    let ((number, _), (same, unit)) = (parted(old_text), parted(new_text));
    let meant = match name {
        "cpu" => unit == "m" && old >= CPUS,
        "memory" => matches!(unit, "M" | "Mi") && old < MEBIBYTE,
        _ => false,
    };
    let meant = meant && number == same;
    (!near && !meant)
        .then(|| format!("it is more than {FACTOR} times more or less than what is there, and not the same number in another unit"))
}

/// More is no more than `STEPS` times what is there, or what Kubernetes takes where nothing is; less is no less than that part of it.
fn small(name: &str, old: Option<Option<u64>>, new: Option<u64>) -> Option<String> {
    let old = old.unwrap_or(match name {
        "periodSeconds" => Some(10),
        "failureThreshold" => Some(3),
        "timeoutSeconds" => Some(1),
        _ => Some(0),
    });
    let (Some(old), Some(new)) = (old, new) else { return Some("it is a whole number".to_owned()) };
    let most = if name == "initialDelaySeconds" { old.max(FIRST) } else { old.saturating_mul(STEPS).max(SMALL) };
    let least = if old <= SMALL { 0 } else { old / STEPS };
    (new < least || new > most).then(|| format!("it is a whole number near the one that is there: from {least} to {most} here"))
}

fn replicas(old: Option<u64>, new: Option<u64>) -> Option<String> {
    let (Some(old), Some(new)) = (old, new) else { return Some("a number of replicas stands where one was".to_owned()) };
    let most = old.saturating_mul(2).saturating_add(1);
    (new == 0 || new > most).then(|| format!("what is proposed may scale to 1 up to {most} replicas here"))
}

/// Nothing that the masking would touch is changed, before or after: it would be shown whole, and the answer would tell what is there.
fn setting(name: &str, old: Option<&str>, new: Option<&str>) -> Option<String> {
    if names_one(name) || old.is_some_and(|old| holds_one(old) || is_one(name, old)) {
        return Some("its value can be a credential, so a proposal does not change it".to_owned());
    }
    let (Some(old), Some(new)) = (old, new) else { return Some("a key that is there gets another text".to_owned()) };
    if holds_one(new) || is_one(name, new) {
        return Some("the proposed value looks like a credential".to_owned());
    }
    let fits = |text: &str| text.len() <= SETTING && !text.chars().any(is_hidden);
    (!fits(old) || !fits(new)).then(|| format!("only a text of at most {SETTING} bytes that can be seen whole is changed"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_have_the_form_of_their_field_and_stay_near_what_is_there() {
        for (form, name, old, good, bad) in [
            (
                ValueForm::Image,
                "image",
                json!("registry:5000/shop/web:1.2.O"),
                vec![json!("registry:5000/shop/web:1.2.0"), json!("registry:5000/shop/web@sha256:ab12")],
                vec![
                    json!("evil.example/shop/web:1"),
                    json!("registry:5000/shop/web"),
                    json!("shop/web:1"),
                    json!("registry:5000/shop/web:1 --x"),
                    json!("registry:5000/shop/web:"),
                    json!(1),
                    json!("https://registry:5000/shop/web:1"),
                ],
            ),
            (
                ValueForm::Quantity,
                "memory",
                json!("256Mi"),
                vec![json!("512Mi"), json!("1Gi")],
                vec![json!("8Gi"), json!("1"), json!("-1"), json!("NaN"), json!("infMi"), json!("1e9"), json!(5)],
            ),
            (
                ValueForm::Quantity,
                "cpu",
                json!("400"),
                vec![json!("400m"), json!("50")],
                vec![json!("40m"), json!("400k"), json!("400Mi"), json!("4000")],
            ),
            (
                ValueForm::Quantity,
                "memory",
                json!("64"),
                vec![json!("64Mi"), json!("64M")],
                vec![json!("64Gi"), json!("65Mi"), json!("64k")],
            ),
            (
                ValueForm::Quantity,
                "memory",
                json!("64Gi"),
                vec![json!("8Gi")],
                vec![json!("64Mi"), json!("64m"), json!("64Ti"), json!("1Mi")],
            ),
            (ValueForm::Replicas, "replicas", json!(2), vec![json!(1), json!(5)], vec![json!(0), json!(6), json!("3"), json!(-1)]),
            (
                ValueForm::Port,
                "port",
                json!(80),
                vec![json!(8080), json!("http")],
                vec![json!(0), json!(70_000), json!("a b"), json!("x".repeat(16))],
            ),
            (
                ValueForm::HttpPath,
                "path",
                json!("/"),
                vec![json!("/healthz")],
                vec![json!("//evil.example/"), json!("http://evil.example"), json!("/a?b=c"), json!("/a b"), json!("")],
            ),
            (ValueForm::Quantity, "cpu", json!("2"), vec![json!("1")], vec![json!("2m")]),
            (ValueForm::Small, "initialDelaySeconds", json!(200), vec![json!(300)], vec![json!(301), json!(1600)]),
            (ValueForm::Small, "periodSeconds", json!(1), vec![json!(30), json!(0)], vec![json!(-1), json!(31), json!("10")]),
            (ValueForm::Small, "failureThreshold", json!(3), vec![json!(10), json!(30), json!(1)], vec![json!(3600)]),
            (ValueForm::Small, "periodSeconds", json!(60), vec![json!(10), json!(480)], vec![json!(6), json!(3600)]),
            (
                ValueForm::Setting,
                "LEVEL",
                json!("debgu"),
                vec![json!("debug"), json!("two\nlines")],
                vec![json!("password=hunter2secret"), json!(1), json!("a\u{200b}"), json!("x".repeat(5_000))],
            ),
        ] {
            for value in good {
                assert_eq!(form.refuses(name, Some(&old), &value), None, "{form:?} {value}");
            }
            for value in bad {
                assert!(form.refuses(name, Some(&old), &value).is_some(), "{form:?} {value}");
            }
            let absent = form.refuses(name, None, &old);
            assert_eq!(absent.is_none(), form == ValueForm::Small, "{form:?}: what is not there is not brought");
        }
    }

    #[test]
    fn number_of_a_probe_that_is_not_set_stays_near_its_default() {
        let refuses = |name: &str, new: u64| ValueForm::Small.refuses(name, None, &json!(new)).is_some();
        assert!(!refuses("periodSeconds", 80) && refuses("periodSeconds", 81));
        assert!(!refuses("initialDelaySeconds", 300) && refuses("initialDelaySeconds", 301));
        assert!(!refuses("timeoutSeconds", 10) && refuses("failureThreshold", 3600));
    }

    /// Whoever guesses what is there learns nothing from the answer.
    #[test]
    fn answer_about_a_credential_is_the_same_whatever_is_proposed() {
        let ask = |name: &str, old: &str, new: &str| ValueForm::Setting.refuses(name, Some(&json!(old)), &json!(new));
        for (name, old) in [("DB_PASSWORD", "hunter2secret"), ("app.conf", "password=hunter2secret")] {
            let answers: Vec<_> =
                ["hunter2secret", "password=hunter2secret", "x", "password=other9secret"].map(|new| ask(name, old, new)).to_vec();
            assert!(answers.iter().all(|answer| answer.is_some() && *answer == answers[0]), "{answers:?}");
            assert_eq!(
                ValueForm::Setting.refuses(name, None, &json!("x")),
                if name == "app.conf" { Some("a key that is there gets another text".to_owned()) } else { answers[0].clone() }
            );
        }
    }
}
