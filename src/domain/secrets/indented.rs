//! Structures of YAML below a name, among other lines: all that is indented further than the name, and a list beside it. Lines that no
//! member begins belong to the value above them.

use super::brackets::{self, Opening, in_quotes};
use super::leaves::Leaves;
use super::margin::Margin;
use super::place::Work;
use regex::Regex;
use std::sync::LazyLock;

/// A member of a map, in quotes or not.
static MEMBER: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r#"^(?P<name>"[^"\\\n]{1,120}"|\\+"[^"\\\n]{1,120}\\+"|'[^'\\\n]{1,120}'|\\+'[^'\\\n]{1,120}\\+'|[A-Za-z0-9_$@./-][A-Za-z0-9_$@./ -]{0,120}?)[ \t]*(?P<sign>:(?:[ \t]|$)|=>|:=|=)"#).ok()
});

/// Each pattern is one.
#[cfg(test)]
pub(super) fn compile() -> bool {
    MEMBER.is_some()
}

/// What ends a line.
pub(super) type LineEnd<'t> = &'t str;

/// Goes through the lines that begin here, as far as they stand below the name, and says where they end. None where they are no structure.
pub(super) fn walked<'t>(
    text: &'t str,
    from: usize,
    end: LineEnd<'_>,
    margin: &Margin<'_>,
    leaves: &mut Leaves<'t>,
    work: &Work,
) -> Option<usize> {
    let mut block = Block { levels: Vec::new(), above: None, any: false };
    let last = if end == "\n" { text.len() } else { from.saturating_add(line_of(text, from).len()) };
    let mut at = from;
    while at < last && !work.is_over() {
        let rest = text.get(at..last).unwrap_or_default();
        let length = rest.find(end).unwrap_or(rest.len());
        let row = rest.get(..length).unwrap_or_default();
        work.spend(length);
        let (begin, content) = match margin.text_of(row) {
            Some((start, text)) => {
                let begin = margin.begin(row);
                let end = start.saturating_add(text.len());
                (begin, row.get(begin.at..end).unwrap_or_default().trim_end())
            }
            // Another record, of something else.
            None => break,
        };
        // What a value may take of the line.
        let stop = at.saturating_add(begin.at).saturating_add(content.len());
        let item = content == "-" || content.starts_with("- ");
        let inside = begin.further > 0 || (begin.further == 0 && item);
        let template = content.starts_with("{{") && content.ends_with("}}");
        let aside = content.is_empty() || (!inside && (content.starts_with('#') || template));
        let mut through = stop;
        if !aside {
            if !inside {
                break;
            }
            let line = Line { row: content, at: at.saturating_add(begin.at), further: begin.further, item };
            through = block.takes(text, line, stop, margin, leaves, work)?;
        }
        // A value of several lines ends in the middle of one, of which nothing is left to look at.
        at = if through > stop {
            through.saturating_add(line_of(text, through).len()).saturating_add(1)
        } else {
            at.saturating_add(length).saturating_add(end.len())
        };
    }
    block.any.then_some(at.min(text.len()))
}

/// Goes through the members of a section that begin here, and says where they end: before another heading, or what is no member.
pub(super) fn section<'t>(text: &'t str, from: usize, leaves: &mut Leaves<'t>, work: &Work) -> usize {
    let margin = Margin::OF_A_SECTION;
    let mut block = Block { levels: Vec::new(), above: None, any: false };
    let mut at = from;
    while at < text.len() && !work.is_over() {
        let line = line_of(text, at);
        work.spend(line.len());
        let stop = at.saturating_add(line.len());
        let begin = margin.begin(line);
        let row = line.get(begin.at..).unwrap_or_default().trim_end();
        let continues = block.above.is_some_and(|above| begin.further > above);
        let mut through = stop;
        if row.starts_with([';', '#']) {
            leaves.push(0, None, at.saturating_add(begin.at), row);
        } else if !row.is_empty() {
            if row.starts_with('[') || !(continues || member(row).is_some()) {
                break;
            }
            let line = Line { row, at: at.saturating_add(begin.at), further: begin.further, item: false };
            through = block.takes(text, line, stop, &margin, leaves, work).unwrap_or(stop);
        }
        at = if through > stop { through.saturating_add(line_of(text, through).len()) } else { stop }.saturating_add(1);
    }
    at.min(text.len())
}

/// What is left of the line.
fn line_of(text: &str, at: usize) -> &str {
    text.get(at..).unwrap_or_default().split('\n').next().unwrap_or_default()
}

/// One line.
struct Line<'t> {
    row: &'t str,
    at: usize,
    further: i64,
    item: bool,
}

/// What is known of the lines before.
struct Block<'t> {
    /// Maps that are open, by how much further in they stand, each with its last member.
    levels: Vec<(i64, usize, Option<&'t str>)>,
    /// What stands further in than that belongs to a value above.
    above: Option<i64>,
    any: bool,
}

impl<'t> Block<'t> {
    /// Takes a line, and says up to where its value goes. None where the first line shows that this is no structure.
    fn takes(
        &mut self,
        text: &'t str,
        line: Line<'t>,
        stop: usize,
        margin: &Margin<'_>,
        leaves: &mut Leaves<'t>,
        work: &Work,
    ) -> Option<usize> {
        let Line { mut row, mut at, mut further, item } = line;
        if self.above.is_some_and(|above| further > above) {
            let map = self.levels.last().map_or(0, |(_, map, _)| *map);
            leaves.push(map, None, at, row);
            return Some(stop);
        }
        self.above = None;
        while self.levels.pop_if(|(level, ..)| *level > further || (item && *level >= further)).is_some() {}
        let mut map = None;
        while let Some(behind) = row.strip_prefix("- ").or_else(|| row.strip_prefix('-').filter(|behind| behind.is_empty())) {
            map = Some(self.level(further, leaves));
            let inner = behind.trim_start();
            let dash = row.len().saturating_sub(inner.len());
            further = further.saturating_add(i64::try_from(dash).unwrap_or(0));
            at = at.saturating_add(dash);
            row = inner;
        }
        if row.starts_with('#') {
            let map = self.level(further, leaves);
            leaves.push(map, None, at, row);
            return Some(stop);
        }
        let found = member(row);
        let member = found.map(|(member, _)| member);
        let opens = Opening::of(row).is_some_and(|opening| brackets::begins(row, opening, margin, work));
        let one_word = member.is_some_and(|member| margin.is_bare() || !member.contains(' '));
        if !self.any && leaves.len() == 0 && !item && !opens && !one_word {
            return None;
        }
        self.any = true;
        let Some((member, behind)) = found.filter(|_| !opens) else {
            let map = map.unwrap_or_else(|| self.level(further, leaves));
            self.above = Some(if item { line.further } else { further });
            return Some(valued(text, row, at, stop, (map, None), margin, leaves, work));
        };
        let map = self.level(further, leaves);
        leaves.member(map, member);
        if let Some(level) = self.levels.last_mut() {
            level.2 = Some(member);
        }
        let value = without_tags(behind);
        let begin = at.saturating_add(row.len().saturating_sub(value.len()));
        match value.chars().next() {
            None => return Some(stop),
            Some('#') => leaves.push(map, None, begin, value),
            Some('|' | '>') => self.above = Some(further),
            Some(_) => {
                self.above = Some(further);
                return Some(valued(text, value, begin, stop, (map, Some(member)), margin, leaves, work));
            }
        }
        Some(stop)
    }

    /// The map that stands so far in.
    fn level(&mut self, further: i64, leaves: &mut Leaves<'_>) -> usize {
        if let Some((level, map, _)) = self.levels.last()
            && *level >= further
        {
            return *map;
        }
        let around = self.levels.last().copied();
        let map = leaves.opened(around.map(|(_, map, _)| map), around.and_then(|(.., member)| member));
        self.levels.push((further, map, None));
        map
    }
}

/// A value in its line, or one that begins there, and where it ends.
#[expect(clippy::too_many_arguments, reason = "a place in a text, and what it belongs to")]
fn valued<'t>(
    text: &'t str,
    value: &'t str,
    at: usize,
    stop: usize,
    (map, member): (usize, Option<&'t str>),
    margin: &Margin<'_>,
    leaves: &mut Leaves<'t>,
    work: &Work,
) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    let end = if Opening::of(rest).is_some_and(|opening| brackets::begins(rest, opening, margin, work)) {
        brackets::walked(text, at, (Some(map), member), margin, leaves, work)
    } else if let Some((start, inner, length)) = in_quotes(rest, 0, margin, work).filter(|_| is_quoted(rest)) {
        leaves.push(map, member, at.saturating_add(start), inner);
        at.saturating_add(length)
    } else {
        leaves.push(map, member, at, value);
        return stop;
    };
    work.spend(end.saturating_sub(at));
    let left = if end > stop { line_of(text, end) } else { text.get(end..stop).unwrap_or_default() };
    if !left.trim().trim_matches([',', '\\', '"', '\'']).is_empty() {
        leaves.push(map, None, end, left);
    }
    end
}

/// The name of a member, and what stands behind it.
fn member(row: &str) -> Option<(&str, &str)> {
    let found = MEMBER.as_ref()?.captures(row)?;
    let behind = row.get(found.get(0)?.len()..)?;
    let equals = found.name("sign")?.as_str() == "=";
    // The end of what is encoded in base 64 is no sign.
    let ends = behind.trim().is_empty() || behind.starts_with('=');
    let name = found.name("name")?.as_str().trim_matches(['"', '\'', '\\']);
    (!equals || !ends).then_some((name, behind))
}

fn is_quoted(rest: &str) -> bool {
    rest.trim_start_matches('\\').starts_with(['"', '\''])
}

/// Behind tags and anchors.
fn without_tags(behind: &str) -> &str {
    let mut value = behind.trim_start();
    while value.starts_with(['!', '&']) {
        let (tag, rest) = value.split_once(char::is_whitespace).unwrap_or((value, ""));
        // A sign in the middle is one of a value.
        if !tag.get(1..).unwrap_or_default().bytes().all(|b| b.is_ascii_alphanumeric() || b"!_-:./,".contains(&b)) {
            break;
        }
        value = rest.trim_start();
    }
    value
}
