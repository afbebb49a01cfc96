//! Words that name members of one set: environments, colors, tracks, roles, places, sizes, protocols. Two different members mean different
//! things, whatever else two names share, and a member that one of them has more says something of its own.

use super::words::words;

/// What one member is called, by everybody who writes it.
type Member = &'static [&'static str];
/// The members that exclude each other.
type Set = &'static [Member];

const ENVIRONMENTS: Set = &[
    &["production", "prod", "prd", "live"],
    &["staging", "stage", "stg"],
    &["development", "develop", "dev"],
    &["testing", "test", "tst"],
    &["preproduction", "preprod"],
    &["qa"],
    &["uat"],
    &["sandbox"],
    &["demo"],
    &["preview"],
    &["local"],
];
const COLORS: Set = &[
    &["blue"],
    &["green"],
    &["red"],
    &["yellow"],
    &["orange"],
    &["purple", "violet"],
    &["black"],
    &["white"],
    &["gray", "grey"],
    &["pink"],
    &["gold"],
    &["silver"],
    &["bronze"],
];
const TRACKS: Set = &[
    &["stable", "baseline"],
    &["canary"],
    &["beta"],
    &["alpha"],
    &["edge"],
    &["nightly"],
    &["latest"],
    &["lts"],
    &["experiment", "experimental"],
    &["legacy", "old"],
    &["new", "next"],
];
const ROLES: Set = &[
    &["primary", "master", "leader", "active", "writer", "rw", "readwrite"],
    &["replica", "replicas", "secondary", "slave", "follower", "standby", "passive", "reader", "readonly", "ro"],
    &["arbiter"],
    &["witness"],
];
const SIDES: Set =
    &[&["north"], &["south"], &["east"], &["west"], &["central"], &["northeast"], &["northwest"], &["southeast"], &["southwest"]];
const PLACES: Set = &[
    &["eu", "europe", "emea"],
    &["us", "usa", "na", "america"],
    &["uk", "gb"],
    &["asia", "apac", "ap"],
    &["sa", "latam"],
    &["au", "oceania"],
    &["africa", "af"],
    &["me"],
    &["de"],
    &["fr"],
    &["ca"],
    &["jp", "japan"],
    &["cn", "china"],
    &["in", "india"],
];
const SIZES: Set = &[&["nano"], &["micro"], &["small"], &["medium"], &["large"], &["xlarge"], &["xxlarge"], &["metal"]];
const REACH: Set = &[&["internal", "private", "intranet"], &["external", "public"], &["admin", "administration", "backoffice"]];
const PROTOCOLS: Set = &[
    &["http", "http1"],
    &["https"],
    &["http2", "h2", "h2c"],
    &["http3", "quic"],
    &["grpc"],
    &["grpcs"],
    &["ws", "websocket"],
    &["wss"],
    &["tcp"],
    &["udp"],
    &["sctp"],
    &["amqp"],
    &["amqps"],
    &["mqtt"],
    &["mqtts"],
    &["ldap"],
    &["ldaps"],
    &["smtp"],
    &["smtps"],
    &["imap"],
    &["imaps"],
    &["ftp"],
    &["ftps"],
    &["sftp"],
    &["ssh"],
];
const PURCHASE: Set = &[&["spot", "preemptible"], &["ondemand"], &["reserved"]];
const WARMTH: Set = &[&["hot"], &["warm"], &["cold"]];
const SYSTEMS: Set = &[&["linux"], &["windows"]];
const PROCESSORS: Set = &[&["amd64", "x86"], &["arm64", "arm"]];
const ANSWERS: Set = &[&["true", "yes", "on", "enabled"], &["false", "no", "off", "disabled"]];
const ORDER: Set = &[&["first", "one"], &["second", "two"], &["third", "three"]];
const HANDS: Set = &[&["left"], &["right"]];

const SETS: &[Set] = &[
    ENVIRONMENTS,
    COLORS,
    TRACKS,
    ROLES,
    SIDES,
    PLACES,
    SIZES,
    REACH,
    PROTOCOLS,
    PURCHASE,
    WARMTH,
    SYSTEMS,
    PROCESSORS,
    ANSWERS,
    ORDER,
    HANDS,
];
/// Words that turn what stands beside them into something else.
const TURNING: &[&str] = &["pre", "post", "non", "not", "no", "ex", "anti", "mock", "fake", "dummy"];
/// What a key of a set ends in: any two values of it are two members.
const KEYS: &[&str] = &[
    "env",
    "environment",
    "stage",
    "color",
    "track",
    "channel",
    "slot",
    "lane",
    "zone",
    "region",
    "location",
    "datacenter",
    "dc",
    "rack",
    "shard",
    "partition",
    "tenant",
    "customer",
    "cluster",
    "arch",
    "os",
];

/// Whether two names mean different things though much of them is alike: what only the one has and what only the other has are two
/// members of one set, or of a series.
pub(crate) fn contradict(a: &str, b: &str) -> bool {
    let (a, b) = (a.to_ascii_lowercase(), b.to_ascii_lowercase());
    let (of_a, of_b) = rests(&a, &b);
    of_a.iter().any(|x| of_b.iter().any(|y| exclude(x, y)))
}

/// The same of values under different keys: numbers, letters and answers of other questions say nothing about each other.
pub(crate) fn contradict_across_keys(a: &str, b: &str) -> bool {
    let counts = |word: &&str| word.bytes().any(|b| b.is_ascii_digit()) || word.len() == 1 || ANSWERS.iter().any(|m| m.contains(word));
    let plain = |name: &str| words(&name.to_ascii_lowercase()).into_iter().filter(|w| !counts(w)).collect::<Vec<_>>().join("-");
    contradict(&plain(a), &plain(b))
}

/// Whether the name that has words more says something else by one of them: `pre-production` is not `production`, and
/// `web-canary` is not `web`.
pub(crate) fn says_more(a: &str, b: &str) -> bool {
    let (a, b) = (a.to_ascii_lowercase(), b.to_ascii_lowercase());
    let (of_a, of_b) = rests(&a, &b);
    of_a.iter().chain(&of_b).any(|word| TURNING.contains(word) || !memberships(word).is_empty())
}

/// Whether all that differs is one member in two spellings: `prod` and `production`.
pub(crate) fn mean_the_same(a: &str, b: &str) -> bool {
    let (a, b) = (a.to_ascii_lowercase(), b.to_ascii_lowercase());
    let (of_a, of_b) = rests(&a, &b);
    let one = |x: &str, y: &str| memberships(x).iter().any(|m| memberships(y).contains(m)) && !exclude(x, y);
    !of_a.is_empty() && of_a.len() == of_b.len() && of_a.iter().zip(&of_b).all(|(x, y)| one(x, y))
}

/// A name in the first spelling of each member: equal where two names mean the same.
pub(crate) fn spelled(name: &str) -> String {
    let name = name.to_ascii_lowercase();
    let first =
        |word: &str| memberships(word).first().and_then(|(set, one)| SETS.get(*set)?.get(*one)?.first().copied().map(str::to_owned));
    let all: Vec<String> = words(&name).into_iter().map(|word| first(word).unwrap_or_else(|| word.to_owned())).collect();
    all.join("-")
}

/// Whether what stands under the key is a member of a set.
pub(crate) fn is_key_of_a_set(key: &str) -> bool {
    let last = key.rsplit(['/', '-', '.', '_']).next().unwrap_or_default();
    KEYS.contains(&last.to_ascii_lowercase().as_str())
}

/// Whether a name says the one value and not the other: every word of it that the other has not, and none that only the other has.
pub(crate) fn is_named(name: &str, value: &str, other: &str) -> bool {
    let (name, value, other) = (name.to_ascii_lowercase(), value.to_ascii_lowercase(), other.to_ascii_lowercase());
    let said = words(&name);
    let (of_value, of_other) = rests(&value, &other);
    !of_value.is_empty() && of_value.iter().all(|w| said.contains(w)) && !of_other.iter().any(|w| said.contains(w))
}

/// What only the one name has, and what only the other has, word by word.
fn rests<'n>(a: &'n str, b: &'n str) -> (Vec<&'n str>, Vec<&'n str>) {
    let (mut of_a, mut of_b) = (words(a), words(b));
    of_a.retain(|word| match of_b.iter().position(|other| other == word) {
        Some(at) => {
            of_b.remove(at);
            false
        }
        None => true,
    });
    (of_a, of_b)
}

/// Two members of a set, two numbers or letters of a series.
fn exclude(a: &str, b: &str) -> bool {
    let letters = a.len() == 1 && b.len() == 1;
    a != b && (are_members(a, b) || letters || count(a, b))
}

/// Whether two words are different members of one set.
pub(super) fn are_members(a: &str, b: &str) -> bool {
    let (of_a, of_b) = (memberships(a), memberships(b));
    of_a.iter().any(|(set, one)| of_b.iter().any(|(other, another)| set == other && one != another))
}

/// Whether two words hold numbers that differ, or letters before a number that make a model of it (`a100`, `h100`).
fn count(a: &str, b: &str) -> bool {
    let digits = |word: &str| word.chars().filter(char::is_ascii_digit).collect::<String>();
    let letters = |word: &str| word.chars().filter(|c| !c.is_ascii_digit()).count();
    let (of_a, of_b) = (digits(a), digits(b));
    !of_a.is_empty() && !of_b.is_empty() && (of_a != of_b || letters(a).min(letters(b)) < SHORTEST_STEM)
}

/// Shorter letters before a number are a model or a family.
const SHORTEST_STEM: usize = 4;

/// Where a word is a member: of which set, and which one.
fn memberships(word: &str) -> Vec<(usize, usize)> {
    let of = |(at, set): (usize, &Set)| set.iter().position(|member| member.contains(&word)).map(|one| (at, one));
    SETS.iter().enumerate().filter_map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn two_members_of_a_set_contradict_whatever_the_names_share() {
        for (a, b) in [
            ("production", "staging"),
            ("prod", "stg"),
            ("blue", "green"),
            ("stable", "canary"),
            ("primary", "replica"),
            ("production-eu", "staging-eu"),
            ("production-eu", "production-us"),
            ("web-blue", "web-green"),
            ("Web.Blue", "green_web"),
            ("eu-west-1a", "eu-west-1c"),
            ("zone-a", "zone-b"),
            ("v1", "v2"),
            ("web-internal", "web-external"),
            ("web-admin", "web-public"),
            ("http", "https"),
            ("web-http", "web-https"),
            ("amqp", "amqps"),
            ("grpc", "http"),
            ("true", "false"),
        ] {
            assert!(contradict(a, b) && contradict(b, a), "{a} {b}");
            assert!(!mean_the_same(a, b), "{a} {b}");
        }
    }

    #[test]
    fn spellings_slips_and_parts_do_not_contradict() {
        for (a, b) in [
            ("prod", "production"),
            ("prodcution", "production"),
            ("web-prod", "web-production"),
            ("storefront-web", "storefront"),
            ("nope", "storefront"),
            ("web-1", "web"),
            ("web", "web-canary"),
            ("pg_data", "pg-data"),
            ("server", "ingestion"),
        ] {
            assert!(!contradict(a, b) && !contradict(b, a), "{a} {b}");
        }
        assert!(mean_the_same("stage", "Staging") && mean_the_same("web-prd", "web-production") && !mean_the_same("web", "web"));
    }

    #[test]
    fn part_that_is_a_member_or_turns_the_meaning_says_more() {
        for (a, b) in [("pre-production", "production"), ("non-prod", "prod"), ("web-canary", "web"), ("eu-pool", "pool")] {
            assert!(says_more(a, b) && says_more(b, a), "{a} {b}");
        }
        for word in ["internal", "private", "admin", "public", "external", "canary", "primary", "replica", "readonly", "legacy", "https"] {
            assert!(says_more("billing", &format!("billing-{word}")) && says_more(&format!("{word}-billing"), "billing"), "{word}");
        }
        for (a, b) in [("production-gpu", "production"), ("ssd-fast", "ssd"), ("web", "web")] {
            assert!(!says_more(a, b), "{a} {b}");
        }
    }

    #[test]
    fn keys_of_sets_are_known_in_every_spelling() {
        for key in ["env", "example.com/environment", "topology.kubernetes.io/zone", "deploy-track", "Color"] {
            assert!(is_key_of_a_set(key), "{key}");
        }
        for key in ["app", "app.kubernetes.io/name", "tier", "envoy"] {
            assert!(!is_key_of_a_set(key), "{key}");
        }
    }

    /// Two different members of one set.
    fn members() -> impl Strategy<Value = (&'static str, &'static str)> {
        let pairs = |set: &Set| {
            let words: Vec<(usize, &'static str)> =
                set.iter().enumerate().flat_map(|(at, member)| member.iter().map(move |w| (at, *w))).collect();
            let all = words.iter().flat_map(|a| words.iter().map(move |b| (a, b)));
            all.filter(|(a, b)| a.0 != b.0).map(|(a, b)| (a.1, b.1)).collect::<Vec<_>>()
        };
        proptest::sample::select(SETS.iter().flat_map(pairs).collect::<Vec<_>>())
    }

    proptest! {
        #[test]
        fn every_two_members_of_every_set_contradict_behind_and_before_any_part(
            (a, b) in members(), part in "([a-z]{3,8}[-._])?", end in "([-._][a-z]{3,8})?",
        ) {
            let (one, other) = (format!("{part}{a}{end}"), format!("{part}{b}{end}"));
            prop_assert!(contradict(&one, &other), "{} {}", one, other);
            prop_assert!(!super::super::is_slip(&one, &other), "{} {}", one, other);
        }
    }
}
