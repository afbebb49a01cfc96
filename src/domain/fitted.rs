//! One line that fits a width whatever stands in it: names are shortened in their middle, paths where they tell least, and of two values
//! what tells them apart stays. What is left out stands as `…`, which no escaped text holds; the whole is said elsewhere.

mod path;
mod short;

pub use path::Route;
use short::{CODED, LEFT_OUT, coded, shortened, width};

/// Below this a name says nothing: a line that would leave less to each says less.
const LEAST: usize = 7;

/// A part of a line, in printable ASCII.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// Our own words: never shortened.
    Words(String),
    /// A name, or another value of any length.
    Name(String),
    /// What an object or its place is called: no two read alike by accident, however little of them is left.
    Object(String),
    /// A path to a field.
    Path(Route),
    /// What was, and what will be.
    Change {
        /// The old value.
        old: String,
        /// The new one.
        new: String,
    },
}

impl Part {
    /// Our own words.
    pub fn words(words: impl Into<String>) -> Self {
        Part::Words(words.into())
    }

    /// A name.
    pub fn name(name: impl Into<String>) -> Self {
        Part::Name(name.into())
    }

    /// What an object or its place is called.
    pub fn object(name: impl Into<String>) -> Self {
        Part::Object(name.into())
    }

    /// All of it.
    pub fn whole(&self) -> String {
        match self {
            Part::Words(text) | Part::Name(text) | Part::Object(text) => text.clone(),
            Part::Path(route) => route.whole(),
            Part::Change { old, new } => format!("{old}{ARROW}{new}"),
        }
    }

    /// What it takes at most, and at least.
    fn widths(&self) -> (usize, usize) {
        let whole = width(&self.whole());
        let least = match self {
            Part::Words(_) => whole,
            Part::Name(_) => LEAST,
            Part::Object(_) => CODED,
            Part::Path(route) => route.least(),
            Part::Change { .. } => LEAST.saturating_mul(2).saturating_add(width(ARROW)),
        };
        (whole, least.min(whole))
    }

    fn in_room(&self, room: usize) -> String {
        if self.widths().0 <= room {
            return self.whole();
        }
        match self {
            Part::Words(text) => text.clone(),
            Part::Name(text) => shortened(text, room),
            Part::Object(text) => coded(text, room),
            Part::Path(route) => route.in_room(room),
            Part::Change { old, new } => differing(old, new, room.saturating_sub(width(ARROW))),
        }
    }
}

/// Between what was and what will be.
const ARROW: &str = " → ";

/// Whether the parts say enough in so many columns.
pub fn fit(parts: &[Part], columns: usize) -> bool {
    parts.iter().map(|part| part.widths().1).sum::<usize>() <= columns
}

/// The parts as one line of at most so many columns, where [`fit`] holds. Who needs little leaves the rest to the others.
pub fn line(parts: &[Part], columns: usize) -> String {
    let mut shown: Vec<Option<String>> = vec![None; parts.len()];
    let mut room = columns;
    // In the order of what they need, so that each finds what those before it left.
    let mut order: Vec<usize> = (0..parts.len()).collect();
    let weight = |part: &Part| if matches!(part, Part::Change { .. }) { 2 } else { 1 };
    // Which object it is, is told before anything about it is.
    let rank = |part: &Part| match part {
        Part::Words(_) => 0,
        Part::Object(_) => 1,
        Part::Name(_) | Part::Path(_) | Part::Change { .. } => 2,
    };
    order.sort_by_key(|at| parts.get(*at).map(|part| (rank(part), part.widths().0.checked_div(weight(part)).unwrap_or_default())));
    // What the others need at least is not given away.
    let mut least: usize = parts.iter().filter(|part| !matches!(part, Part::Words(_))).map(|part| part.widths().1).sum();
    let mut weights: usize = parts.iter().filter(|part| !matches!(part, Part::Words(_))).map(weight).sum();
    for at in order {
        let Some(part) = parts.get(at) else { continue };
        let text = if let Part::Words(text) = part {
            text.clone()
        } else {
            let share = room.saturating_mul(weight(part)).checked_div(weights).unwrap_or(room);
            let share = if matches!(part, Part::Object(_)) { share.max(CODED).min(room) } else { share };
            weights = weights.saturating_sub(weight(part));
            least = least.saturating_sub(part.widths().1);
            let free = room.saturating_sub(least);
            part.in_room(if share > free && free >= part.widths().1 { free } else { share })
        };
        room = room.saturating_sub(width(&text));
        if let Some(slot) = shown.get_mut(at) {
            *slot = Some(text);
        }
    }
    // A path ends at an element, and so leaves room that what was shortened before it can use.
    for (part, shown) in parts.iter().zip(&mut shown) {
        let Some(shown) = shown else { continue };
        let with_rest = part.in_room(width(shown).saturating_add(room));
        room = room.saturating_sub(width(&with_rest).saturating_sub(width(shown)));
        *shown = with_rest;
    }
    shown.into_iter().flatten().collect()
}

/// Two values side by side. What they begin with alike is left out first, so that what is left of them differs.
fn differing(old: &str, new: &str, room: usize) -> String {
    let half = room / 2;
    let (wide_old, wide_new) = (width(old), width(new));
    let alike = old.chars().zip(new.chars()).take_while(|(a, b)| a == b).count();
    // Without the same beginning both are read side by side, where that is enough.
    let left_out = wide_old.saturating_add(wide_new).saturating_add(2).saturating_sub(room).div_ceil(2);
    if left_out > 1 && left_out <= alike {
        let rest = |text: &str| text.chars().skip(left_out).collect::<String>();
        return format!("{LEFT_OUT}{}{ARROW}{LEFT_OUT}{}", rest(old), rest(new));
    }
    // The shorter one leaves the rest of its half to the other.
    let room_old = if wide_old <= half { wide_old } else { half.max(room.saturating_sub(wide_new)) };
    let room_new = room.saturating_sub(room_old.min(wide_old));
    let one = |text: &str, room: usize| {
        if width(text) <= room {
            return text.to_owned();
        }
        // Some of what is alike says where it is; the rest of the room is for what differs, and where that is short, for more of it.
        let end = width(text).saturating_sub(room.saturating_sub(1));
        let from = alike.saturating_sub(room / 4).min(end);
        if from <= 1 {
            return shortened(text, room);
        }
        let rest: String = text.chars().skip(from).collect();
        format!("{LEFT_OUT}{}", shortened(&rest, room.saturating_sub(1)))
    };
    format!("{}{ARROW}{}", one(old, room_old), one(new, room_new))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::field::FieldPath;
    use proptest::prelude::*;

    #[test]
    fn what_fits_stays_as_it_is() {
        let parts =
            [Part::Change { old: "a".into(), new: "b".into() }, Part::words(": "), Part::Path(Route::of(&FieldPath::dotted("spec.x")))];
        assert_eq!(line(&parts, 20), "a → b: spec.x");
    }

    #[test]
    fn names_keep_both_ends() {
        assert_eq!(line(&[Part::name("arn:aws:eks:cluster/prod")], 11), "arn:a…/prod");
    }

    fn url(container: &str) -> Part {
        let containers = FieldPath::dotted("spec.template.spec.containers").element("name", container);
        Part::Path(Route::of(&containers.then("env").element("name", "PAYMENT_URL").then("valueFrom.configMapKeyRef.name")))
    }

    #[test]
    fn of_two_values_what_tells_them_apart_stays() {
        let long = |end: &str| format!("registry.example.com/{}:1.2.{end}", "shop/".repeat(20));
        let said = line(&[Part::Change { old: long("3"), new: long("4") }], 43);
        assert_eq!(said, "…op/shop/shop/:1.2.3 → …op/shop/shop/:1.2.4");
    }

    #[test]
    fn two_values_are_cut_at_the_same_place_and_use_what_a_path_leaves() {
        let parts = [
            Part::Change { old: "payment-service-app-config".into(), new: "payment-service-app-configuration".into() },
            Part::words(": "),
            url("checkout"),
            Part::words(" of Deployment "),
            Part::name("payment-service-checkout-worker"),
        ];
        let said = line(&parts, 74);
        let (said, of) = said.split_once('~').unwrap();
        assert_eq!(said, "…p-config → …p-configuration: …[c…t][P…L].name");
        assert!(of.ends_with(" of Deployment paym…ker"), "{of}");
    }

    #[test]
    fn who_needs_little_leaves_the_rest_to_others() {
        let parts = [Part::name("ab"), Part::words(" "), Part::name("x".repeat(40)), Part::words(" "), Part::name("y".repeat(12))];
        assert_eq!(line(&parts, 40).split(' ').map(width).collect::<Vec<_>>(), [2, 24, 12]);
    }

    fn part() -> impl Strategy<Value = Part> {
        prop_oneof![
            "[ -~]{0,300}".prop_map(Part::Name),
            "[ -~]{0,300}".prop_map(Part::Object),
            "[a-z]{1,63}".prop_map(|name| url(&name)),
            prop::collection::vec("[a-z]{1,63}", 1..6).prop_map(|keys| Part::Path(Route::of(&FieldPath::dotted(&keys.join("."))))),
            ("[a-c]{0,60}", "[ -~]{0,60}", "[ -~]{0,60}")
                .prop_map(|(a, b, c)| Part::Change { old: format!("{a}{b}"), new: format!("{a}{c}") }),
        ]
    }

    proptest! {
        #[test]
        fn a_line_fits_and_two_values_that_differ_never_look_alike(parts in prop::collection::vec(part(), 1..4), columns in 60..80_usize) {
            let said = line(&parts, columns);
            prop_assert!(!fit(&parts, columns) || width(&said) <= columns, "{said}");
            for part in &parts {
                if let Part::Change { old, new } = part && old != new {
                    let said = line(std::slice::from_ref(part), columns);
                    prop_assert!(said.split_once(ARROW).is_some_and(|(old, new)| old != new), "{said}");
                }
            }
        }

        /// Names of workloads often differ in their middle alone.
        #[test]
        fn two_objects_never_read_alike(
            middles in prop::array::uniform2("[a-z-]{0,40}"), beside in prop::collection::vec(part(), 0..3), columns in 60..80_usize,
        ) {
            let [a, b] = middles.clone().map(|middle| {
                let object = Part::object(format!("payment-service-{middle}-worker"));
                line(&[beside.clone(), vec![Part::words(" of "), object]].concat(), columns)
            });
            prop_assert_eq!(middles[0] == middles[1], a == b, "{}", a);
        }
    }
}
