//! A text → its words: quotations, addresses, flags, labels and names written together are taken apart as people mean them.

use super::everyday;
use super::lost::Site;
use super::places;
use super::word::{Form, Stance, Word};
use crate::domain::kind::Kind;

/// A quotation of more words is a message, not a name.
const NAMED: usize = 2;
const CLOSES: &[(char, char)] =
    &[('`', '`'), ('"', '"'), ('\'', '\''), ('“', '”'), ('„', '“'), ('„', '”'), ('«', '»'), ('‘', '’'), ('”', '”')];
/// What ends a clause behind a word.
const ENDS: &[char] = &[',', ';', ':', '!', '?', '.', ')', ']', '}', '…'];
const FILES: &[&str] = &[
    "yaml", "yml", "json", "log", "logs", "txt", "conf", "cfg", "ini", "toml", "py", "js", "ts", "go", "rs", "java", "jar", "sh", "sql",
    "html", "css", "png", "jpg", "md", "xml", "env", "php", "rb", "cs", "pem", "crt", "key",
];

/// How a part of a text stands in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    Bare,
    Quoted,
    Cited,
}

pub(super) fn tokens(text: &str) -> Vec<Word> {
    let mut words = Words(Vec::new());
    for line in text.lines() {
        for (part, standing) in parts(line) {
            for chunk in part.split_whitespace() {
                words.chunk(chunk, standing);
            }
        }
        words.end();
    }
    words.0
}

/// What is quoted in a line, and what is not.
fn parts(line: &str) -> Vec<(String, Standing)> {
    let all: Vec<char> = line.chars().collect();
    let letter = |at: Option<usize>| at.and_then(|at| all.get(at)).is_some_and(|c| c.is_alphanumeric());
    let (mut found, mut bare, mut at) = (Vec::new(), String::new(), 0);
    while let Some(c) = all.get(at) {
        let closing = CLOSES.iter().filter(|(open, _)| open == c && !letter(at.checked_sub(1))).find_map(|(_, close)| {
            let from = at.saturating_add(1);
            (from..all.len()).find(|end| all.get(*end) == Some(close) && *end > from && !letter(Some(end.saturating_add(1))))
        });
        let Some(end) = closing else {
            bare.push(*c);
            at = at.saturating_add(1);
            continue;
        };
        found.push((std::mem::take(&mut bare), Standing::Bare));
        let inside: String = all.get(at.saturating_add(1)..end).unwrap_or_default().iter().collect();
        let standing = if inside.split_whitespace().count() <= NAMED { Standing::Quoted } else { Standing::Cited };
        found.push((inside, standing));
        at = end.saturating_add(1);
    }
    found.push((bare, Standing::Bare));
    found
}

struct Words(Vec<Word>);

impl Words {
    /// The clause ends here.
    fn end(&mut self) {
        if let Some(last) = self.0.last_mut() {
            last.ends = true;
        }
    }

    fn push(&mut self, text: &str, form: Form, standing: Standing) {
        let form = if standing == Standing::Cited && form == Form::Word { Form::Cited } else { form };
        self.0.push(Word {
            text: text.to_lowercase(),
            quoted: standing == Standing::Quoted,
            ends: false,
            form,
            place: Site::Open,
            used: Stance::Open,
        });
    }

    /// What stands between spaces.
    fn chunk(&mut self, raw: &str, standing: Standing) {
        let core = raw.trim_start_matches(|c: char| !c.is_alphanumeric() && !matches!(c, '/' | '-' | '.' | '~'));
        if core.len() < raw.len() && raw.starts_with(['(', '[', '{', '—', '–', '→', ',', ';', ':', '.', '!', '?']) {
            self.end();
        }
        let bare = core.trim_end_matches(|c: char| !c.is_alphanumeric() && c != '/');
        let ends = core.strip_prefix(bare).is_some_and(|rest| rest.contains(ENDS));
        if bare.chars().all(|c| !c.is_alphanumeric()) {
            if raw.contains(ENDS) || matches!(raw, "-" | "--" | "—" | "–" | "->" | "=>") {
                self.end();
            }
            return;
        }
        self.whole(bare, standing);
        // `namespace: shop` is one thing.
        let introduces = self.0.last().is_some_and(|w| everyday::is_the_word_namespace(&w.text)) && core.ends_with(':');
        if ends && !introduces {
            self.end();
        }
    }

    fn whole(&mut self, text: &str, standing: Standing) {
        if let Some(flag) =
            text.strip_prefix("--").or_else(|| text.strip_prefix('-').filter(|f| f.chars().count() == 1 || f.starts_with("n=")))
        {
            let (name, value) = flag.split_once('=').unwrap_or((flag, ""));
            if matches!(name, "n" | "namespace") {
                // `web -n shop` speaks of no `web` namespace.
                self.end();
                self.push("namespace", Form::Word, Standing::Bare);
                self.parted(value, standing);
            } else {
                self.push(name, Form::Address, standing);
            }
            return;
        }
        self.parted(text.trim_matches('-'), standing);
    }

    fn parted(&mut self, text: &str, standing: Standing) {
        if text.is_empty() {
            return;
        }
        if let Some((_, address)) = text.split_once("://") {
            let host = address.split(['/', ':', '?']).next().unwrap_or(address);
            return self.host(host, standing);
        }
        if text.starts_with(['/', '.', '~']) || text.contains('@') || (text.contains('_') && text.chars().any(char::is_uppercase)) {
            return self.push(text, Form::Address, standing);
        }
        // A list, a contraction, a pair: `web,api`, `doesn't`, `app=web`, `web+api`.
        if let Some((left, right)) = text.split_once([',', ';', '=', '\'', '’', '(', ')', '&', '+', '|', '<', '>', '"', '`']) {
            self.parted(left, standing);
            return self.parted(right, standing);
        }
        if let Some((left, right)) = text.split_once(':') {
            return self.with_colon(left, right, standing);
        }
        if let Some((left, right)) = text.split_once('/') {
            return self.with_slash(text, left, right, standing);
        }
        if text.contains('.') {
            return self.host(text, standing);
        }
        self.plain(text, standing);
    }

    /// `web:8080`, `nginx:1.27`, `10:30`, `namespace:shop`, `error:timeout`.
    fn with_colon(&mut self, left: &str, right: &str, standing: Standing) {
        let number = |text: &str| text.starts_with(|c: char| c.is_ascii_digit());
        if number(left) {
            return self.push(left, Form::Address, standing);
        }
        if left.contains('/') && (number(right) || right.chars().any(|c| c.is_ascii_digit()) || right == "latest") {
            // An image.
            return self.push(left, Form::Address, standing);
        }
        self.parted(left, if right.contains('.') || right == "latest" { Standing::Cited } else { standing });
        if number(right) || right == "latest" {
            return;
        }
        if !self.0.last().is_some_and(|w| everyday::is_the_word_namespace(&w.text)) {
            self.end();
        }
        self.parted(right, standing);
    }

    /// `deployment/web` and `shop/web` are one name; `and/or`, `client/server`, `24/7` are none.
    fn with_slash(&mut self, text: &str, left: &str, right: &str, standing: Standing) {
        let kind = Kind::parse(left).filter(|kind| *kind != Kind::Namespace);
        if kind.is_some() && right.split('/').count() == 2 && right.split('/').all(|part| !part.is_empty()) {
            // `Deployment/shop/web`, as reports write it.
            self.push(left, Form::Word, standing);
            return self.push(right, Form::Word, standing);
        }
        if right.contains('/') || left.contains('.') && !left.ends_with(".apps") && !left.ends_with(".io") {
            return self.push(text, Form::Address, standing);
        }
        let (first, second) = (left.to_lowercase(), right.to_lowercase());
        let common = |part: &str| everyday::is_common(part) && Kind::parse(part).is_none();
        let says_nothing = !places::can_be(&first) && common(&first);
        let prose = common(&first) && common(&second) && !everyday::is_a_namespace_too(&first);
        let described = everyday::is_common(&second)
            && standing == Standing::Bare
            && !left.contains('-')
            && Kind::parse(left).is_none()
            && super::topics::is_ordinary(&first);
        if right.is_empty() || says_nothing || prose || described {
            self.parted(left, standing);
            return self.parted(right, standing);
        }
        self.push(text, Form::Word, standing);
    }

    /// `web.shop.svc.cluster.local` is `web` in `shop`; other hosts lead to something that has another name.
    fn host(&mut self, text: &str, standing: Standing) {
        let parts: Vec<&str> = text.split('.').filter(|part| !part.is_empty()).collect();
        match parts.as_slice() {
            [one] => self.plain(one, standing),
            [name, namespace, svc, ..] if svc.eq_ignore_ascii_case("svc") => {
                self.push(&format!("{namespace}/{name}"), Form::Word, standing);
                if let Some(last) = self.0.last_mut() {
                    last.place = Site::Known;
                }
            }
            [.., last] => {
                let numbers = parts.iter().any(|part| part.chars().all(|c| c.is_ascii_digit()));
                let short = parts.iter().all(|part| part.chars().count() < 2);
                let domain = last.chars().all(char::is_alphabetic) && last.chars().count() > 1 && !FILES.contains(last);
                let form = if domain && !numbers && !short { Form::Host } else { Form::Address };
                self.push(text, form, standing);
            }
            [] => {}
        }
    }

    /// `CheckoutService` is a `checkout-service`; `CrashLoopBackOff` is a word.
    fn plain(&mut self, text: &str, standing: Standing) {
        let text = text.replace('_', "-");
        let lower = text.to_lowercase();
        let told = ["Error", "Exception", "Failed", "Failure"].iter().any(|end| text.ends_with(end)) || text.starts_with("Failed");
        let humps = humps(&text);
        if humps.len() < 2 || everyday::is_common(&lower) || super::topics::is_topic(&lower) || Kind::parse(&lower).is_some() {
            return self.push(&lower, Form::Word, standing);
        }
        if told && text.len() > "Failed".len() {
            return self.push(&lower, Form::Address, standing);
        }
        for hump in humps {
            self.push(&hump, Form::Word, standing);
        }
    }
}

/// `CheckoutService` → `Checkout`, `Service`; words with hyphens or without humps stay whole.
fn humps(text: &str) -> Vec<String> {
    let mut found: Vec<String> = vec![String::new()];
    let mut small = false;
    for c in text.chars() {
        if c.is_uppercase() && small {
            found.push(String::new());
        }
        small = c.is_lowercase();
        if let Some(last) = found.last_mut() {
            last.push(c);
        }
    }
    if text.contains('-') || found.iter().any(|hump| hump.chars().count() < 2) { vec![text.to_owned()] } else { found }
}
