//! A path to a field in little room: which element of a list it leads through and its last member stay longest. Two paths never read
//! alike: one that is not whole ends in a short code of all of it.

use super::short::{LEFT_OUT, code, shortened, width};
use crate::domain::field::{FieldPath, Segment};
use crate::domain::visible::escaped;
use std::fmt::Write as _;

/// What every template begins with.
const TEMPLATE: [&str; 3] = ["spec", "template", "spec"];
/// Of what tells an element this much is left at least: `a…z`.
const TELLING: usize = 3;
/// What a path asks for at most, of a line that has to be shared.
const ENOUGH: usize = 24;

/// A member, and which elements of the list below it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Step {
    name: String,
    which: Vec<Which>,
}

/// What tells an element of a list, in full and in short.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Which {
    full: String,
    brief: String,
}

/// A path by its steps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route(Vec<Step>);

impl Route {
    /// Without what all templates begin with.
    pub fn of(path: &FieldPath) -> Self {
        let mut steps: Vec<Step> = Vec::new();
        for segment in path.segments() {
            let which = match segment {
                Segment::Key(key) => {
                    steps.push(Step { name: atom(key), which: Vec::new() });
                    continue;
                }
                Segment::Element { key, value } => {
                    let (key, value) = (atom(key), atom(value));
                    let full = format!("{key}={value}");
                    // A number alone is a place.
                    let plain = key == "name" && !value.bytes().all(|b| b.is_ascii_digit());
                    Which { brief: if plain { value } else { full.clone() }, full }
                }
                Segment::Position(index) => Which { full: index.to_string(), brief: index.to_string() },
            };
            match steps.last_mut() {
                Some(list) => list.which.push(which),
                None => steps.push(Step { name: String::new(), which: vec![which] }),
            }
        }
        let plain = |step: &Step, name: &str| step.name == name && step.which.is_empty();
        if steps.len() > TEMPLATE.len() && steps.iter().zip(TEMPLATE).all(|(step, name)| plain(step, name)) {
            steps.drain(..TEMPLATE.len());
        }
        Self(steps)
    }

    /// All of it.
    pub(super) fn whole(&self) -> String {
        joined(&self.0, |which| &which.full)
    }

    /// What it takes at least, to tell which elements it leads through.
    pub(super) fn least(&self) -> usize {
        width(&self.telling(0)).min(ENOUGH)
    }

    /// The most telling form that has room; where not even the shortest has, a part of it.
    pub(super) fn in_room(&self, room: usize) -> String {
        let brief = joined(&self.0, |which| &which.brief);
        let whole = [self.whole(), brief].into_iter().find(|text| width(text) <= room);
        let fits = |text: &String| width(text) <= room;
        let ends = || (1..self.0.len()).map(|from| self.ending(from)).find(fits);
        let telling = || Some(self.telling(room)).filter(fits).filter(|_| self.telling_steps().next().is_some());
        let first = || Some(self.first(room)).filter(fits).filter(|_| self.telling_steps().next().is_some());
        let last = || {
            let code = self.code();
            let end = shortened(self.last(), room.saturating_sub(width(&code)));
            shortened(&format!("{end}{code}"), room)
        };
        whole.or_else(|| self.names_of_lists().find(fits)).or_else(telling).or_else(first).or_else(ends).unwrap_or_else(last)
    }

    fn telling_steps(&self) -> impl Iterator<Item = &Step> {
        self.0.iter().filter(|step| !step.which.is_empty())
    }

    fn last(&self) -> &str {
        self.0.last().map_or("", |step| step.name.as_str())
    }

    /// Tells it from every other path that is cut to the same.
    fn code(&self) -> String {
        code(&self.whole())
    }

    /// `containers[app]….configMapKeyRef.name`: the lists with their elements, and as many of the last members as there may be.
    fn names_of_lists(&self) -> impl Iterator<Item = String> {
        let lists = self.0.iter().rposition(|step| !step.which.is_empty()).map_or(0, |at| at.saturating_add(1));
        (lists..self.0.len()).filter(move |_| lists > 0).map(move |from| {
            let mut text = String::new();
            let mut left_out = false;
            for (at, step) in self.0.iter().enumerate() {
                if step.which.is_empty() && at < from {
                    left_out = true;
                    continue;
                }
                if std::mem::take(&mut left_out) {
                    text.push(LEFT_OUT);
                    text.push('.');
                } else if !text.is_empty() {
                    text.push('.');
                }
                text.push_str(&joined(std::slice::from_ref(step), |which| &which.brief));
            }
            text + &self.code()
        })
    }

    /// `[app][U…L].name`: only what tells the elements, as far as there is room, and the last member.
    fn telling(&self, room: usize) -> String {
        let marks: Vec<&Which> = self.telling_steps().flat_map(|step| &step.which).collect();
        self.marked(&marks, room)
    }

    /// The same of the first element alone.
    fn first(&self, room: usize) -> String {
        let marks: Vec<&Which> = self.telling_steps().flat_map(|step| &step.which).take(1).collect();
        self.marked(&marks, room)
    }

    fn marked(&self, marks: &[&Which], room: usize) -> String {
        let ends_in_a_list = self.0.last().is_some_and(|step| !step.which.is_empty());
        let last = if ends_in_a_list { String::new() } else { format!(".{}", self.last()) };
        let rest = format!("{last}{}", self.code());
        let brackets = marks.len().saturating_mul(2).saturating_add(1);
        let mut left = room.saturating_sub(width(&rest)).saturating_sub(brackets);
        let mut shown = String::from(LEFT_OUT);
        for (at, which) in marks.iter().enumerate() {
            let share = left.checked_div(marks.len().saturating_sub(at)).unwrap_or(left).max(TELLING);
            let text = shortened(&which.brief, share);
            left = left.saturating_sub(width(&text));
            let _ = write!(shown, "[{text}]");
        }
        shown + &rest
    }

    /// `….configMapKeyRef.name`.
    fn ending(&self, from: usize) -> String {
        let rest = self.0.get(from..).unwrap_or_default();
        format!("{LEFT_OUT}.{}{}", joined(rest, |which| &which.brief), self.code())
    }
}

fn joined(steps: &[Step], of: impl Fn(&Which) -> &String) -> String {
    let one = |step: &Step| step.which.iter().fold(step.name.clone(), |name, which| format!("{name}[{}]", of(which)));
    steps.iter().map(one).collect::<Vec<_>>().join(".")
}

/// A name as it is where it reads as one word; else escaped, in quotes that it cannot have in it.
fn atom(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_".contains(&b);
    if !text.is_empty() && text.bytes().all(plain) { text.to_owned() } else { format!("\"{}\"", escaped(text).replace('"', "\\u{22}")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn url() -> FieldPath {
        let containers = FieldPath::dotted("spec.template.spec.containers").element("name", "checkout");
        containers.then("env").element("name", "PAYMENT_URL").then("valueFrom.configMapKeyRef.name")
    }

    #[test]
    fn which_container_and_which_element_stay_as_long_as_there_is_room() {
        let route = Route::of(&url());
        let shown = |room: usize| route.in_room(room);
        assert_eq!(shown(80), "containers[name=checkout].env[name=PAYMENT_URL].valueFrom.configMapKeyRef.name");
        assert_eq!(shown(70), "containers[checkout].env[PAYMENT_URL].valueFrom.configMapKeyRef.name");
        let cut = [60, 50, 40, 24, 20, 12].map(|room| shown(room).split('~').next().unwrap().to_owned());
        assert_eq!(
            cut,
            [
                "containers[checkout].env[PAYMENT_URL]….name",
                "containers[checkout].env[PAYMENT_URL]….name",
                "…[checkout][PAYMENT_URL].name",
                "…[ch…t][PA…RL].name",
                "…[che…out].name",
                "….name"
            ]
        );
        let envs = FieldPath::dotted("spec.containers").element("name", "app").then("envFrom").at(1).then("configMapRef.name");
        assert!(Route::of(&envs).in_room(24).starts_with("…[app][1].name~"), "{}", Route::of(&envs).in_room(24));
    }

    fn path() -> impl Strategy<Value = FieldPath> {
        let word = || prop_oneof!["[a-c]{1,2}", "[0-9]", Just("name".to_owned()), "[ -~ä…→]{0,5}"];
        let segment = prop_oneof![
            word().prop_map(Segment::Key),
            (word(), word()).prop_map(|(key, value)| Segment::Element { key, value }),
            (0..3_usize).prop_map(Segment::Position)
        ];
        (word(), prop::collection::vec(segment, 0..9)).prop_map(|(first, rest)| {
            rest.into_iter().fold(FieldPath::root().key(&first), |path, segment| match segment {
                Segment::Key(key) => path.key(&key),
                Segment::Element { key, value } => path.element(&key, &value),
                Segment::Position(at) => path.at(at),
            })
        })
    }

    proptest! {
        #[test]
        fn two_paths_never_read_alike_and_none_is_wider_than_its_room(a in path(), b in path(), room in 12..90_usize) {
            let (shown_a, shown_b) = (Route::of(&a).in_room(room), Route::of(&b).in_room(room));
            prop_assert!(width(&shown_a) <= room, "{shown_a}");
            prop_assert_eq!(a == b, shown_a == shown_b, "{} {}", a, b);
        }

        #[test]
        fn two_paths_that_differ_in_one_element_never_read_alike(first in "[a-z]{1,20}", second in "[a-z]{1,20}", room in 7..90_usize) {
            let of = |name: &str| FieldPath::dotted("spec.containers").element("name", name).then("env").at(3).then("valueFrom.secretKeyRef.name");
            let [a, b] = [&first, &second].map(|name| Route::of(&of(name)).in_room(room));
            prop_assert_eq!(first == second, a == b, "{} {}", a, b);
        }

        #[test]
        fn the_element_is_told_wherever_a_path_has_what_it_asks_for(container in "[a-z]{1,40}", room in 24..90_usize) {
            let path = FieldPath::dotted("spec.template.spec.containers").element("name", &container).then("readinessProbe.httpGet.port");
            let shown = Route::of(&path).in_room(room);
            let (begin, end) = (container.chars().next().unwrap(), container.chars().last().unwrap());
            let (_, rest) = shown.split_once('[').unwrap();
            let (which, _) = rest.split_once(']').unwrap();
            let which = which.trim_start_matches("name=");
            prop_assert!(which.starts_with(begin) && which.ends_with(end), "{shown}");
        }
    }
}
