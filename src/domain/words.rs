//! A report's words, taken apart: which of them can be names, and which kinds of things they speak of. Text in, text out: what exists
//! is for others to say.

mod answered;
mod compounds;
mod everyday;
mod grammar;
mod lost;
mod places;
mod standing;
mod tokens;
mod topics;
mod unseen;
mod word;

use super::kind::Kind;
pub use lost::{Lost, Site, Stated, Why};
pub use topics::Topic;
pub use word::{Form, Stance, Word, is_meant, singular};

/// The words of a report, in their order, and where what they name is sought.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Wording {
    words: Vec<Word>,
    /// Namespaces in which names are sought first.
    pub homes: Vec<String>,
    /// Words that are the name of a namespace, and could be meant as that or as something else.
    pub bare: Vec<String>,
}

/// Whether something that words are about and nobody reads is wrong or not whatever becomes of a cause that is found: lost data does not come
/// back, and a certificate is no part of a Pod that cannot start.
pub fn outlives_a_cause(what: &str) -> bool {
    unseen::outlives_a_cause(what) || topics::TOPICS.iter().any(|topic| topic.unread == Some(what))
}

/// Whether something that words are about and nobody reads is data that may be lost.
pub fn is_about_data(what: &str) -> bool {
    unseen::is_about_data(what)
}

impl Wording {
    /// Takes a text apart.
    pub fn of(text: &str) -> Self {
        let mut words = tokens::tokens(text);
        let used: Vec<Stance> = (0..words.len()).map(|place| standing::used(&words, place)).collect();
        for (word, used) in words.iter_mut().zip(used) {
            word.used = used;
        }
        Self { words, ..Self::default() }
    }

    /// In their order.
    pub fn iter(&self) -> std::slice::Iter<'_, Word> {
        self.words.iter()
    }

    /// The word at this place.
    pub fn get(&self, place: usize) -> Option<&Word> {
        self.words.get(place)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.words.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// What the word at this place is as the name of a namespace.
    pub fn take_for(&mut self, place: usize, is: Site) {
        if let Some(word) = self.words.get_mut(place) {
            word.place = is;
        }
    }

    /// The words that are the names of these namespaces name nothing in them, but for those that name something else.
    pub fn take_for_places(&mut self, names: &[String]) {
        for word in self.words.iter_mut().filter(|w| names.contains(&w.text)) {
            word.place = Site::Known;
        }
    }

    /// `cart/checkout` is two words where `cart` is no namespace that is looked at: takes all apart of which the first part is called
    /// something else, and says what it is.
    pub fn part_slashes(&mut self, what: impl Fn(&Word, &str, &str) -> Option<Site>) {
        let part = |word: Word| {
            let parts = word.text.split_once('/').filter(|(left, _)| word.form != Form::Address && Kind::parse(left).is_none());
            match parts.and_then(|(left, right)| Some((what(&word, left, right)?, left.to_owned(), right.to_owned()))) {
                Some((place, left, right)) => {
                    let right = Word { text: right, place: Site::Open, ..word.clone() };
                    vec![Word { text: left, ends: false, place, ..word }, right]
                }
                None => vec![word],
            }
        };
        self.words = std::mem::take(&mut self.words).into_iter().flat_map(part).collect();
    }

    /// The same words once it is known where to look: what is before a slash is one of these namespaces, or a word.
    #[must_use]
    pub fn within(mut self, namespaces: &[super::object::Namespace]) -> Self {
        self.part_slashes(|_, left, _| (!namespaces.iter().any(|n| n.as_str() == left)).then_some(Site::Open));
        self
    }

    /// Whether the word stands after `in`, where a namespace does, and describes nothing.
    pub fn is_after_in(&self, place: usize) -> bool {
        places::is_placed(&self.words, place)
    }

    /// How clearly a word after `in` that is no namespace is meant as one; `None`: it is prose, or is taken for a thing.
    pub fn lost_after_in(&self, place: usize) -> Option<Why> {
        places::lost_after_in(&self.words, place)
    }

    /// The same of what is before a slash.
    pub fn lost_before_slash(word: &Word, left: &str, right: &str) -> Option<Why> {
        places::lost_before_slash(word, left, right)
    }

    /// Whether any of them could name something: all others say only that something is wrong.
    pub fn name_anything(&self) -> bool {
        let ordinary = |w: &Word| w.is_common() || Kind::parse(&w.text).is_some_and(|k| !self.asks(&k));
        let named = |(place, w): (usize, &Word)| {
            w.form != Form::Address && w.text.len() > 1 && (!ordinary(w) || self.is_missed(place) || self.beside_a_kind(place))
        };
        self.iter().enumerate().any(named)
    }

    /// What they speak of, of what is not always read or is never read.
    pub fn topics(&self) -> Vec<&'static Topic> {
        let phrases: Vec<&str> = self.iter().zip(self.iter().skip(1)).filter_map(|(w, next)| topics::phrase(&w.text, &next.text)).collect();
        let has = |words: &[&str]| self.iter().any(|w| words.contains(&w.text.as_str()) || words.contains(&singular(&w.text)));
        let about = |topic: &Topic| self.iter().any(|w| Self::speaks(w, topic)) || phrases.iter().any(|p| topic.words.contains(p));
        topics::TOPICS.iter().filter(|topic| about(topic) && (topic.with.is_empty() || has(topic.with))).collect()
    }

    /// Words that can be about what nobody reads, each with what that is. A word that is the name of something says nothing.
    pub fn unread(&self, is_name: &dyn Fn(&Word) -> bool) -> Vec<(String, &'static str)> {
        let open = |(place, word): &(usize, &Word)| !is_name(word) && !unseen::is_meant_otherwise(&self.words, *place);
        let others = self.iter().enumerate().filter(open).map(|(_, word)| word.clone()).collect();
        let others = Self { words: others, ..Self::default() };
        let topics = others.topics().into_iter().filter_map(|topic| Some((topic, topic.unread?)));
        let of = |(topic, what)| Some((others.iter().find(|word| Self::speaks(word, topic))?.text.clone(), what));
        topics.filter_map(of).chain(unseen::spoken_of(&self.words, is_name)).collect()
    }

    fn speaks(word: &Word, topic: &Topic) -> bool {
        let host = word.form == Form::Host && topic.words.contains(&"host");
        host || (word.form != Form::Host && (topic.words.contains(&word.text.as_str()) || topic.words.contains(&singular(&word.text))))
    }

    /// Whether they are about how something is reached.
    pub fn ask_about_reach(&self) -> bool {
        answered::ask_about_reach(&self.words)
    }

    /// What they say is reached or not, where they say that behind the verb.
    pub fn reached(&self) -> &[Word] {
        answered::reached(&self.words)
    }

    /// The words that nothing which is read answers, each once, in their order. `is_name`: what names something; `told`: what is known to
    /// be spoken of and never read.
    pub fn unanswered(&self, is_name: &dyn Fn(&Word) -> bool, told: &[&str]) -> Vec<&str> {
        answered::unanswered(&self.words, is_name, told)
    }

    /// Whether the word says when something began: `since the last deploy`.
    pub fn says_when(&self, place: usize) -> bool {
        answered::says_when(&self.words, place)
    }

    /// Whether they are about how often something stopped and was started again.
    pub fn ask_about_restarts(&self) -> bool {
        const STOPS: &[&str] = &[
            "restart",
            "restarted",
            "restarting",
            "crash",
            "crashes",
            "crashed",
            "crashing",
            "die",
            "died",
            "dies",
            "dying",
            "kill",
            "killed",
            "killing",
            "oom",
            "oomkilled",
            "exit",
            "exited",
            "exiting",
        ];
        self.iter().any(|w| STOPS.contains(&singular(&w.text)))
    }

    /// Whether they ask about this kind.
    pub fn asks(&self, kind: &Kind) -> bool {
        let spoken_of = |w: &Word| topics::speaks_of(&w.text, kind) || topics::speaks_of(singular(&w.text), kind);
        self.iter().any(spoken_of) || self.topics().iter().any(|t| t.kinds.contains(kind))
    }

    /// The names that things of the kind have that a word speaks of: `database` is a `postgres`.
    pub fn meant_by(word: &str) -> &'static [&'static str] {
        topics::meant_by(singular(word))
    }

    /// The word for a job that two words make together: `web shop` is a `website`.
    pub fn joined(word: &str, next: &str) -> Option<&'static str> {
        topics::joined(word, next)
    }

    /// Whether the word is what is said of something, and not the thing.
    pub fn is_predicate(&self, place: usize) -> bool {
        grammar::is_predicate(&self.words, place)
    }

    /// Whether the word is what its clause speaks of.
    pub fn is_subject(&self, place: usize) -> bool {
        grammar::is_subject(&self.words, place)
    }

    /// Whether the word is what something is done to, or comes from.
    pub fn is_object(&self, place: usize) -> bool {
        grammar::is_object(&self.words, place)
    }

    /// Whether the word stands after `on` or `of`, where a place is as good a reading as a thing.
    pub fn leans(&self, place: usize) -> bool {
        grammar::leans(&self.words, place)
    }

    /// Whether the word stands where something runs: `in production`.
    pub fn is_placed(&self, place: usize) -> bool {
        grammar::is_placed(&self.words, place)
    }

    /// Whether the word is all of its clause: `prod: web is down`, `web is down (prod)`.
    pub fn is_alone(&self, place: usize) -> bool {
        grammar::before(&self.words, place).is_none() && self.get(place).is_some_and(|w| w.ends) && self.len() > 1
    }

    /// Whether an ordinary word is used as a name here: `users is down`, `the images service`.
    pub fn is_used_as_a_name(&self, place: usize) -> bool {
        let single = |w: &Word| !w.is_plural() && (w.is_common() || w.is_kind());
        let fits = |w: &Word| !w.is_grammar() && (everyday::is_a_name_too(&w.text) || single(w));
        self.get(place).is_some_and(fits) && grammar::is_used_as_a_name(&self.words, place)
    }

    /// Whether a word for a kind stands next to it: `deployment users`.
    pub fn beside_a_kind(&self, place: usize) -> bool {
        let kind = |w: Option<&Word>| w.is_some_and(|w| Kind::parse(&w.text).is_some() && !w.is_plural());
        let before = place.checked_sub(1).and_then(|p| self.get(p)).filter(|w| !w.ends);
        let named = |w: &Word| !w.is_grammar() && (everyday::is_a_name_too(&w.text) || everyday::is_a_name_beside_a_kind(&w.text));
        self.get(place).is_some_and(named) && kind(before)
    }

    /// Whether an ordinary word is missed where nothing has it as its name.
    pub fn is_missed(&self, place: usize) -> bool {
        // `a customer says` speaks of a person, `the customer service` of a thing.
        let thing = |w: &Word| everyday::is_a_name_too(&w.text) && (w.is_plural() || grammar::is_before_an_app(&self.words, place));
        self.get(place).is_some_and(thing) && self.is_used_as_a_name(place)
    }

    /// Whether the word is an article or stands like one.
    pub fn is_article(&self, place: usize) -> bool {
        self.get(place).is_some_and(grammar::is_article)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn words_lose_their_punctuation_and_keep_where_a_clause_ends() {
        let words = Wording::of("Pods of `catalog-api`, in shop. 60 restarts!");
        let text: Vec<&str> = words.iter().map(|w| w.text.as_str()).collect();
        assert_eq!(text, ["pods", "of", "catalog-api", "in", "shop", "60", "restarts"]);
        let ends: Vec<&str> = words.iter().filter(|w| w.ends).map(|w| w.text.as_str()).collect();
        assert_eq!(ends, ["catalog-api", "shop", "restarts"]);
        assert_eq!(words.iter().filter(|w| w.quoted).count(), 1);
    }

    /// Names of every kind of form, the one that the language has for its own compounds among them.
    const LABEL: &str = "[a-z]([a-z0-9]{0,8}|[a-z0-9-]{0,12}[a-z0-9])|(post|cross|micro|auto|multi|self|non|re)-[a-z]{2,8}|[a-z]{2,8}-(feed|only|core|old|prod|mode|point|based)|[a-z]{2,6}-(of|to|by|for)-[a-z]{2,6}|[a-z]{3,7}(ed|ly|able)-[a-z]{2,5}|[a-z]{2,6}-[a-z]{3,5}(ed|ly|able)|[a-z0-9]{1,2}-[a-z]{1,6}|[0-9]{1,4}[a-z-]{0,4}[a-z0-9]|[a-z]{4,7}ly|[a-z0-9]";

    fn could_be(text: &str, word: &str) -> bool {
        let words = Wording::of(text);
        let place = words.iter().position(|w| w.text == word);
        place.is_some_and(|p| words.get(p).is_some_and(Word::could_be_a_name) && !words.is_predicate(p))
    }

    proptest! {
        #[test]
        fn whatever_is_said_to_be_ill_is_a_name(
            name in LABEL,
            said in proptest::sample::select(vec!["N is down", "N is crashing", "N does not start", "our N is not starting", "why is N down?", "the N keeps restarting"]),
        ) {
            let by_its_own = Wording::of(&name).get(0).is_some_and(|w| w.is_common() && !w.is_grammar() || w.is_ordinary() || w.is_environment() || w.is_kind());
            let of_grammar = name.len() > 1 && everyday::is_grammar(&name) && !name.bytes().all(|b| b.is_ascii_digit());
            prop_assume!(!by_its_own && !of_grammar && !name.ends_with('-'));
            let word = name.len() > 1 && !name.bytes().all(|b| b.is_ascii_digit());
            prop_assume!(word || (said.starts_with('N') && name != "i"));
            let text = said.replace('N', &name);
            prop_assert!(could_be(&text, &name), "{}", text);
        }
    }

    #[test]
    fn compound_is_a_name_where_it_does_not_describe() {
        for (text, word) in [
            ("product-feed is down", "product-feed"),
            ("the point-of-sale crashes", "point-of-sale"),
            ("deployment auto-deployer has problems", "auto-deployer"),
            ("pod web-prod is crashing", "web-prod"),
            ("multi-tenant-api pods restart", "multi-tenant-api"),
            ("web cannot reach post-service", "post-service"),
            ("errors in `cross-sell`", "cross-sell"),
            ("user-agent does not start", "user-agent"),
            ("game-core returns 503", "game-core"),
            ("micro-gateway errors since noon", "micro-gateway"),
            ("food-supply", "food-supply"),
            ("assembly is down", "assembly"),
            ("2048 is down", "2048"),
            ("`manager` is down", "manager"),
        ] {
            assert!(could_be(text, word), "{text}");
        }
        for (text, word) in [
            ("a multi-zone cluster", "multi-zone"),
            ("web is jvm-based", "jvm-based"),
            ("the node has a write-heavy disk", "write-heavy"),
            ("slow since the go-live", "go-live"),
            ("the health-check fails", "health-check"),
            ("our read-only service is slow", "read-only"),
            ("slow after the re-sizing", "re-sizing"),
            ("mysteriously web is down", "mysteriously"),
            ("web mysteriously is down", "mysteriously"),
        ] {
            assert!(!could_be(text, word), "{text}");
        }
    }

    #[test]
    fn a_word_looks_like_a_name_where_it_is_quoted_or_of_parts_of_its_own() {
        let looks = |text: &str| Wording::of(text).get(0).is_some_and(Word::looks_like_a_name);
        for name in ["threatlab-ingestion", "`inventory`", "postgres-db", "node-exporter"] {
            assert!(looks(name), "{name}");
        }
        for word in ["inventory", "read-only", "503", "v1-2", "/api/v1/balances", "up-to-date", "e-mail"] {
            assert!(!looks(word), "{word}");
        }
    }

    #[test]
    fn words_that_only_say_that_something_is_wrong_name_nothing() {
        for text in ["something is wrong", "my pods keep crashing since yesterday", "nothing works any more!", "is anything broken?"] {
            assert!(!Wording::of(text).name_anything(), "{text}");
        }
        for text in ["my database is down", "checkout fails", "the ingress gives 503"] {
            assert!(Wording::of(text).name_anything(), "{text}");
        }
    }

    #[test]
    fn addresses_are_no_names_and_what_people_write_together_is_taken_apart() {
        let words =
            |text: &str| -> Vec<String> { Wording::of(text).iter().filter(|w| w.form != Form::Address).map(|w| w.text.clone()).collect() };
        assert_eq!(words("GET /healthz of web:8080 at 10.0.0.5:80, v1.2.3, app.log"), ["get", "of", "web", "at"]);
        assert_eq!(words("--namespace=shop -n web namespace:shop"), ["namespace", "shop", "namespace", "web", "namespace", "shop"]);
        assert_eq!(words("CheckoutService CrashLoopBackOff FailedMountError"), ["checkout", "service", "crashloopbackoff"]);
        assert_eq!(words("http://web.shop.svc.cluster.local:80/x and https://shop.example.com/x"), ["shop/web", "and", "shop.example.com"]);
        assert_eq!(
            words("web,api app=web and/or client/server shop/web"),
            ["web", "api", "app", "web", "and", "or", "client", "server", "shop/web"]
        );
        assert!(!Wording::of("namespace: shop").get(0).is_some_and(|w| w.ends));
    }

    #[test]
    fn long_quotation_is_cited_and_a_short_one_is_a_name() {
        let words = Wording::of("the 'web' pod says 'dial tcp lookup redis'");
        let form = |text: &str| words.iter().find(|w| w.text == text).map(|w| (w.quoted, w.form));
        assert_eq!((form("web"), form("redis")), (Some((true, Form::Word)), Some((false, Form::Cited))));
    }

    #[test]
    fn what_is_said_of_a_thing_is_told_from_the_thing() {
        let of = |text: &str, word: &str| {
            let words = Wording::of(text);
            let place = words.iter().position(|w| w.text == word).unwrap();
            (words.is_predicate(place), words.is_subject(place), words.is_object(place))
        };
        for (text, word) in [("it is sluggish", "sluggish"), ("web is very sluggish", "sluggish"), ("fails to bootload", "bootload")] {
            assert!(of(text, word).0, "{text}");
        }
        for (text, word) in [("why is billing slow", "billing"), ("is billing down?", "billing"), ("does the billing work", "billing")] {
            assert!(!of(text, word).0, "{text}");
        }
        assert_eq!(of("billing is down", "billing"), (false, true, false));
        assert_eq!(of("web cannot connect to the billing", "billing"), (false, false, true));
    }

    #[test]
    fn ordinary_word_is_a_name_where_the_sentence_speaks_of_one_thing() {
        let used = |text: &str, word: &str| {
            let words = Wording::of(text);
            words.is_used_as_a_name(words.iter().position(|w| w.text == word).unwrap())
        };
        for (text, word) in [("users is down", "users"), ("the images service", "images"), ("jobs keeps restarting", "jobs")] {
            assert!(used(text, word), "{text}");
        }
        for (text, word) in [("users are unhappy", "users"), ("my users cannot log in", "users"), ("all images fail", "images")] {
            assert!(!used(text, word), "{text}");
        }
    }

    #[test]
    fn words_ask_about_the_kinds_that_they_speak_of() {
        let asks = |text: &str, kind: Kind| Wording::of(text).asks(&kind);
        assert!(asks("connections to redis time out", Kind::NetworkPolicy));
        assert!(asks("the ingress gives 503", Kind::Ingress) && asks("web does not scale up", Kind::HorizontalPodAutoscaler));
        assert!(asks("the nodes cannot be drained", Kind::PodDisruptionBudget) && asks("one replica is a standby", Kind::Lease));
        for words in [
            "frontend gets no answer from api",
            "requests hang",
            "frontend times out calling api",
            "api does not answer",
            "web cannot send mail",
            "worker has no internet",
            "api is not responding",
        ] {
            assert!(asks(words, Kind::NetworkPolicy), "{words}");
        }
        for words in ["node upgrade hangs", "nodes cannot be patched", "the cluster upgrade is stuck"] {
            assert!(asks(words, Kind::PodDisruptionBudget), "{words}");
        }
        assert!(!asks("my database is down", Kind::NetworkPolicy));
        assert!(!asks("web runs out of memory at times", Kind::NetworkPolicy));
        assert!(!asks("is the node fine?", Kind::PodDisruptionBudget));
    }
}
