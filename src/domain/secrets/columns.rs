//! Rows below a heading that names a credential: files of values that are separated by a sign, and tables as databases print them.

use super::names::speaks_of_one;
use super::place::Work;
use super::rewriting::Rewriting;
use super::value::VALUE;

/// What separates the fields of a row.
const SIGNS: [char; 4] = [',', ';', '\t', '|'];
/// Fields of a row: what has more is no table that somebody reads.
const FIELDS: usize = 64;

/// The text without the fields in columns that are called as a credential; none where nothing is. `names_one`: whether a name is that of
/// a credential.
pub(super) fn without(text: &str, work: &Work, names_one: fn(&str) -> bool) -> Option<String> {
    let mut shown = Rewriting::of(text);
    let mut heading: Option<(char, usize, Vec<usize>)> = None;
    let mut from = 0_usize;
    for line in text.split_inclusive('\n') {
        let begin = from;
        from = from.saturating_add(line.len());
        if !shown.goes_on(begin, work) {
            break;
        }
        let row = line.trim_end_matches(['\n', '\r']);
        work.spend(row.len());
        if let Some((sign, count, hidden)) = &heading
            && row.matches(*sign).count().saturating_add(1) == *count
        {
            for (_, (place, field)) in fields(row, *sign).enumerate().filter(|(at, _)| hidden.contains(at)) {
                let value = field.trim().trim_matches('"');
                let is_one = !value.is_empty() && !value.contains('⟦') && !value.bytes().all(|b| b == b'-' || b == b'+');
                if let (true, Some(start)) = (is_one, field.find(value)) {
                    let start = begin.saturating_add(place).saturating_add(start);
                    shown.hide(start, start.saturating_add(value.len()), VALUE);
                }
            }
            continue;
        }
        // A line between heading and rows, as databases draw it, ends no table.
        let drawn = !row.is_empty() && row.bytes().all(|b| b"-+|= ".contains(&b));
        if !drawn {
            heading = SIGNS.iter().find_map(|sign| heading_of(row, *sign, names_one));
        }
    }
    shown.end()
}

/// The columns of a heading that are called as a credential.
fn heading_of(row: &str, sign: char, names_one: fn(&str) -> bool) -> Option<(char, usize, Vec<usize>)> {
    let count = row.matches(sign).count().saturating_add(1);
    if !(2..=FIELDS).contains(&count) || row.len() > 2_000 {
        return None;
    }
    let is_name = |name: &str| {
        !name.is_empty()
            && name.len() <= 60
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_. -".contains(&b))
            && !name.contains("  ")
    };
    let all: Vec<&str> = fields(row, sign).map(|(_, field)| field.trim().trim_matches('"')).collect();
    // Between signs at either end of a row there is nothing.
    if !all.iter().all(|name| is_name(name) || name.is_empty()) {
        return None;
    }
    let hidden: Vec<usize> = all
        .iter()
        .enumerate()
        .filter(|(_, name)| is_name(name) && speaks_of_one(name) && names_one(&name.replace(' ', "_")))
        .map(|(at, _)| at)
        .collect();
    (!hidden.is_empty()).then_some((sign, count, hidden))
}

/// Each field with where it begins. Signs in quotes are none of a row that anybody writes for people.
fn fields(row: &str, sign: char) -> impl Iterator<Item = (usize, &str)> {
    let mut from = 0_usize;
    row.split(sign).map(move |field| {
        let begin = from;
        from = from.saturating_add(field.len()).saturating_add(sign.len_utf8());
        (begin, field)
    })
}
