//! Credentials behind the short options of programs: `curl -u admin:x`, `mysql -px`, `redis-cli -a x`.

use super::mark::is_replaced;
use super::place::{Place, Walk, Work};
use super::rewriting::Rewriting;
use super::value::{Hidden, VALUE, value};
use regex::Regex;
use std::sync::LazyLock;

/// What separates an option from the word after it, also as items of a list.
const NEXT: &str = r"\\*[\x22']?(?:\s*,\s*|\s+)(?:-\s+)?";
/// An option further from its program than this is not followed, in bytes.
const REACH: usize = 600;

/// A user and a password in one word.
pub(super) static USER: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(&format!(r"(?P<name>(?:^|[\s\x22'\[,])(?:-u|--user|--proxy-user))(?P<sep>{NEXT}|=|)")).ok());

/// Programs whose short option is a password, and such options.
static OPTION: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let programs = r"(?-u:\b)(?:(?P<joined>mysql|mariadb)[a-z_-]*|(?P<a>redis-cli|valkey-cli)|(?P<p>mongo[a-z]*|sshpass|rabbitmqadmin|docker\s+login)|(?P<w>ldap[a-z]+))(?-u:\b)";
    Regex::new(&format!(r"{programs}|(?P<name>[\s\x22',\[]-(?P<letter>[apw]))(?P<sep>{NEXT}|)")).ok()
});

/// `-u admin:x`. `docker run -u 1000:1000` and `--user app:app` are a user and a group.
pub(super) fn of_user(place: &Place<'_>, _: &str) -> Option<Hidden> {
    let found = value(place)?;
    let (user, password) = found.inner.split_once(':')?;
    let number = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let group = user == password || (number(user) && number(password));
    let user_name = !user.is_empty() && user.bytes().all(|b| b.is_ascii_alphanumeric() || b"._@+${}-".contains(&b));
    let is_one = user_name && !group && !password.is_empty() && !is_replaced(password);
    is_one.then_some((found.open.len() + user.len() + 1, password.len(), VALUE))
}

/// The program that was called last, and where its name ends.
#[derive(Clone, Copy)]
enum Called {
    /// Its password is joined to `-p`.
    Joined,
    /// Its password is the word after this option.
    Apart(char),
}

/// The text without passwords behind short options; none where none stands there.
pub(super) fn without(text: &str, work: &Work) -> Option<String> {
    let pattern = OPTION.as_ref()?;
    let (mut shown, mut from) = (Rewriting::of(text), 0usize);
    let mut walk = Walk::of(text, work);
    let mut breaks = Breaks::default();
    let mut called: Option<(Called, usize)> = None;
    while let Some(found) = pattern.captures_at(text, from) {
        let whole = found.get(0)?;
        if !shown.goes_on(whole.start(), work) {
            break;
        }
        from = whole.end();
        let named = |name: &str| found.name(name).is_some();
        let Some((name, letter)) = found.name("name").zip(found.name("letter")) else {
            let program = match (named("joined"), named("a"), named("p")) {
                (true, _, _) => Called::Joined,
                (_, true, _) => Called::Apart('a'),
                (_, _, true) => Called::Apart('p'),
                _ => Called::Apart('w'),
            };
            called = Some((program, whole.end()));
            continue;
        };
        let near = called.filter(|(_, end)| whole.start().saturating_sub(*end) <= REACH && breaks.last(text, whole.start(), work) <= *end);
        let Some((program, _)) = near else {
            // What is between may hold an option of its own.
            from = name.end();
            continue;
        };
        let place = match program {
            Called::Joined if letter.as_str() == "p" => walk.place((name.end(), name.end()), name.end()),
            Called::Apart(option) if letter.as_str().starts_with(option) && whole.end() > name.end() => {
                walk.place((name.end(), name.end()), whole.end())
            }
            Called::Joined | Called::Apart(_) => {
                from = name.end();
                continue;
            }
        };
        if let Some((stays, length, kind)) = of_option(&place, program) {
            let start = (text.len() - place.rest.len()) + stays;
            from = start + length;
            shown.hide(start, from, kind);
        } else {
            from = name.end();
        }
    }
    shown.end()
}

fn of_option(place: &Place<'_>, program: Called) -> Option<Hidden> {
    // A quote that was opened before the option closes here, and the option has no value.
    let next = place.rest.chars().next()?;
    let closes = matches!(next, '"' | '\'') && place.open.is_open(next);
    let fits = |joined: bool, quoted: bool, inner: &str| {
        if joined { !closes && !next.is_whitespace() && !matches!(next, ',' | ']') } else { quoted || !inner.starts_with('-') }
    };
    value(place).filter(|found| fits(matches!(program, Called::Joined), found.quoted, found.inner)).map(|found| found.hidden())
}

/// Where a command ended the last time: at a sign of the shell, or at a line that is no item of a list.
#[derive(Debug, Default)]
struct Breaks {
    here: usize,
    last: usize,
}

impl Breaks {
    fn last(&mut self, text: &str, before: usize, work: &Work) -> usize {
        let passed = text.get(self.here..before).unwrap_or_default();
        work.spend(passed.len());
        for (at, c) in passed.char_indices() {
            let item = || text.get(self.here + at + 1..).unwrap_or_default().trim_start_matches([' ', '\t']).starts_with('-');
            if matches!(c, '|' | ';' | '&') || (c == '\n' && !item()) {
                self.last = self.here + at + 1;
            }
        }
        self.here = self.here.max(before);
        self.last
    }
}

#[cfg(test)]
mod tests {
    use super::super::redacted;
    use super::*;

    #[test]
    fn every_option_compiles() {
        assert!(USER.is_some() && OPTION.is_some());
    }

    #[test]
    fn credentials_behind_short_options_are_replaced() {
        for (raw, shown) in [
            ("curl -u admin:hunter2 http://x", "curl -u admin:⟦redacted:value⟧ http://x"),
            ("curl -uadmin:hunter2 http://x", "curl -uadmin:⟦redacted:value⟧ http://x"),
            ("curl --user 'admin:a b' http://x", "curl --user 'admin:⟦redacted:value⟧' http://x"),
            (r#"["curl","-u","admin:hunter2","x"]"#, r#"["curl","-u","admin:⟦redacted:value⟧","x"]"#),
            ("mysql -p\"hunter2\" db", "mysql -p\"⟦redacted:value⟧\" db"),
            ("mysql -uroot -phunter2 db", "mysql -uroot -p⟦redacted:value⟧ db"),
            ("mysqladmin ping -h db -phunter2", "mysqladmin ping -h db -p⟦redacted:value⟧"),
            (r#"["mysqladmin","ping","-phunter2"]"#, r#"["mysqladmin","ping","-p⟦redacted:value⟧"]"#),
            ("- mysqladmin\n- ping\n- -phunter2\n", "- mysqladmin\n- ping\n- -p⟦redacted:value⟧\n"),
            ("redis-cli -a hunter2 ping", "redis-cli -a ⟦redacted:value⟧ ping"),
            (r#"["redis-cli","-a","hunter2","ping"]"#, r#"["redis-cli","-a","⟦redacted:value⟧","ping"]"#),
            ("mongosh -u root -p hunter2 x", "mongosh -u root -p ⟦redacted:value⟧ x"),
            ("redis-server --requirepass hunter2", "redis-server --requirepass ⟦redacted:value⟧"),
        ] {
            assert_eq!(redacted(raw), shown, "{raw}");
            assert_eq!(redacted(shown), shown);
        }
    }

    #[test]
    fn users_groups_ports_and_other_options_stay() {
        for text in [
            "docker run -u 1000:1000 x",
            "docker run --user app:app x",
            "date -u +%H:%M",
            "mysql -u root -p",
            "mysql -h db -P 3306",
            "mkdir -p /var/lib/mysql-files",
            "redis-cli -h cache ping",
            "run -port 80",
        ] {
            assert_eq!(redacted(text), text);
        }
    }
}
