//! Credentials behind the short options of programs: `curl -u admin:x`, `mysql -px`, `redis-cli -a x`.

use super::value::{Around, Finder, Hidden, VALUE, is_replaced, value};
use regex::Regex;
use std::sync::LazyLock;

/// What may stand between a program and its option, on one line or as items of a list. Longer commands are not followed.
const BETWEEN: &str = r"(?:[^\n|;&]{0,300}?|[^\n|;&]{0,100}(?:\n[ \t]*-[ \t][^\n]*){0,12}?\n[ \t]*-)";
/// What separates an option from the word after it, also as items of a list.
const NEXT: &str = r"\\*[\x22']?(?:\s*,\s*|\s+)(?:-\s+)?";

/// A user and a password in one word.
static USER: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(&format!(r"(?P<name>(?:^|[\s\x22'\[,])(?:-u|--user|--proxy-user))(?P<sep>{NEXT}|=|)")).ok());

/// A password that is joined to its option.
static JOINED: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(&format!(r"(?P<name>\b(?:mysql|mariadb)[a-z_-]*\b{BETWEEN}[\s\x22',\[]-p)(?P<sep>)")).ok());

/// A password that is the word after its option.
static APART: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let programs = [(r"redis-cli|valkey-cli", "-a"), (r"mongo[a-z]*|sshpass|rabbitmqadmin|docker\s+login", "-p"), (r"ldap[a-z]+", "-w")];
    let each = programs.map(|(program, option)| format!(r"\b(?:{program})\b{BETWEEN}[\s\x22',\[]{option}"));
    Regex::new(&format!("(?P<name>{})(?P<sep>{NEXT})", each.join("|"))).ok()
});

/// Every pattern, and what is hidden behind it.
pub(super) fn all() -> impl Iterator<Item = (&'static Regex, Finder)> {
    let all = [(&*USER, of_user as Finder), (&*JOINED, of_joined), (&*APART, of_option)];
    all.into_iter().filter_map(|(pattern, find)| pattern.as_ref().map(|pattern| (pattern, find)))
}

/// `-u admin:x`. `docker run -u 1000:1000` and `--user app:app` are a user and a group.
fn of_user(before: &str, name: &str, between: &str, rest: &str) -> Option<Hidden> {
    let found = value(rest, Around { before: &command(before, name), between })?;
    let (user, password) = found.inner.split_once(':')?;
    let number = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let group = user == password || (number(user) && number(password));
    let user_name = !user.is_empty() && user.bytes().all(|b| b.is_ascii_alphanumeric() || b"._@+${}-".contains(&b));
    let is_one = user_name && !group && !password.is_empty() && !is_replaced(password);
    is_one.then_some((found.open.len() + user.len() + 1, password.len(), VALUE))
}

fn of_joined(before: &str, name: &str, between: &str, rest: &str) -> Option<Hidden> {
    let command = command(before, name);
    // A quote that was opened before the option closes here, and the option has no value.
    let closed = rest.chars().next().filter(|c| matches!(c, '"' | '\'')).is_some_and(|c| command.matches(c).count() % 2 == 1);
    let found = value(rest, Around { before: &command, between }).filter(|_| !closed && !rest.starts_with([',', ']']))?;
    Some((found.open.len(), found.inner.len(), VALUE))
}

fn of_option(before: &str, name: &str, between: &str, rest: &str) -> Option<Hidden> {
    let found =
        value(rest, Around { before: &command(before, name), between }).filter(|found| found.quoted || !found.inner.starts_with('-'))?;
    Some((found.open.len(), found.inner.len(), VALUE))
}

/// So much of what stands before a command is looked at for quotes that are open.
const BEFORE: usize = 2_000;

/// The line up to the option.
fn command(before: &str, name: &str) -> String {
    let near = before.char_indices().rev().take(BEFORE).last().and_then(|(start, _)| before.get(start..)).unwrap_or_default();
    let all = format!("{near}{name}");
    all.rsplit('\n').next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::super::redacted;
    use super::*;

    #[test]
    fn every_option_compiles() {
        assert!([&*USER, &*JOINED, &*APART].iter().all(|pattern| pattern.is_some()));
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
