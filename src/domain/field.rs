//! Paths to fields. List elements are named by their merge key where the list has one, so a path stays true when the order changes;
//! else by their position, and then what stands there is pinned as a whole.

use serde_json::Value;
use std::fmt;

/// One step of a path.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Segment {
    /// A member of an object.
    Key(String),
    /// The element of a list whose `key` has this `value`.
    Element {
        /// The merge key, such as `name`.
        key: String,
        /// Its value.
        value: String,
    },
    /// The element at this place, counted from 0, of a list whose elements have no key that names just one of them for good.
    Position(usize),
}

impl Segment {
    /// The member's name, or the value that tells the element; nothing for a place.
    pub fn name(&self) -> &str {
        match self {
            Segment::Key(name) => name,
            Segment::Element { value, .. } => value,
            Segment::Position(_) => "",
        }
    }
}

impl Segment {
    /// The same, unless it names nothing.
    fn named(self) -> Option<Self> {
        Some(self).filter(|segment| matches!(segment, Segment::Position(_)) || !segment.name().is_empty())
    }

    /// Which element of a list it names; none where none is, or where more than one is.
    pub fn index(&self, items: &[Value]) -> Option<usize> {
        match self {
            Segment::Key(_) => None,
            Segment::Position(index) => Some(*index).filter(|index| *index < items.len()),
            Segment::Element { key, value } => {
                let wanted = |item: &Value| match item.get(key) {
                    Some(Value::Number(number)) => number.to_string() == *value,
                    found => found.and_then(Value::as_str) == Some(value),
                };
                let mut fitting = items.iter().enumerate().filter(|(_, item)| wanted(item));
                let (index, _) = fitting.next()?;
                // What two are called, such as the number of a port of two protocols, names neither.
                Some(index).filter(|_| fitting.next().is_none())
            }
        }
    }

    /// What it leads to in this value.
    pub fn of<'v>(&self, value: &'v Value) -> Option<&'v Value> {
        match self {
            Segment::Key(name) => value.as_object()?.get(name),
            Segment::Element { .. } | Segment::Position(_) => {
                let items = value.as_array()?;
                items.get(self.index(items)?)
            }
        }
    }
}

/// What stands between brackets, and what comes after them: a quoted member, an element by its key, or a place.
fn bracketed(inner: &str) -> Option<(Segment, &str)> {
    if inner.starts_with('"') {
        // As JSON writes a string: the quote that ends it is the first that nothing escapes.
        let mut words = serde_json::Deserializer::from_str(inner).into_iter::<String>();
        let name = words.next()?.ok()?;
        let after = inner.get(words.byte_offset()..)?.strip_prefix(']')?;
        return Some((Segment::Key(name).named()?, after));
    }
    let (words, after) = inner.split_once(']')?;
    let segment = match words.split_once('=') {
        Some((key, value)) if !key.is_empty() => Segment::Element { key: key.to_owned(), value: value.to_owned() },
        Some(_) => return None,
        None => Segment::Position(words.parse().ok().filter(|_| words.bytes().all(|b| b.is_ascii_digit()))?),
    };
    Some((segment.named()?, after))
}

/// The first name that is quoted in another way than JSON's: what stands before it, the name, and what comes after it.
fn otherwise_quoted(text: &str) -> Option<(String, String, String)> {
    let escaped = text.find("\\.").filter(|at| !text.get(..*at).is_some_and(|before| before.contains('[')));
    if let Some(at) = escaped {
        let begin = text.get(..at)?.rfind('.')?;
        let (before, rest) = (text.get(..begin)?, text.get(begin.saturating_add(1)..)?);
        // The name ends at a dot that nothing escapes.
        let whole = rest.replace("\\.", "\u{0}");
        let (name, after) = whole.split_at(whole.find(['.', '[']).unwrap_or(whole.len()));
        return Some((before.to_owned(), name.replace('\u{0}', "."), after.replace('\u{0}', "\\.")));
    }
    let (at, inner) = text.match_indices('[').find_map(|(at, _)| {
        let inner = text.get(at.saturating_add(1)..)?;
        let bare = inner.split_once(']').map(|(bare, _)| bare)?;
        let is_other =
            inner.starts_with('\'') || !(inner.starts_with('"') || bare.contains('=') || bare.bytes().all(|b| b.is_ascii_digit()));
        is_other.then_some((at, inner))
    })?;
    let (name, after) = match inner.strip_prefix('\'') {
        Some(quoted) => quoted.split_once("']")?,
        None => inner.split_once(']')?,
    };
    let is_name = !name.is_empty() && !name.contains(['[', ']', '"', '\'']);
    is_name.then(|| (text.get(..at).unwrap_or_default().to_owned(), name.replace("\\.", "."), after.to_owned()))
}

/// A path such as `spec.template.spec.volumes[name=data].persistentVolumeClaim.claimName`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct FieldPath(Vec<Segment>);

/// The end of a list, as RFC 6902 writes it.
pub const END: &str = "/-";

/// Where a path leads in one concrete object.
#[derive(Debug, Clone, PartialEq)]
pub struct Located {
    /// The JSON pointer, with list indices.
    pub pointer: String,
    /// Pointers and values that pin the identity of every list element on the way.
    pub identities: Vec<(String, Value)>,
    /// Pointers of the elements on the way that only their place names, with the whole of what stands there: where it is something
    /// else, the place means something else.
    pub elements: Vec<(String, Value)>,
    /// What is there now.
    pub current: Option<Value>,
}

impl FieldPath {
    /// The empty path: the object itself.
    pub fn root() -> Self {
        Self::default()
    }

    /// A path of plain member names, written with dots. For names that hold dots use [`FieldPath::key`].
    pub fn dotted(text: &str) -> Self {
        Self(text.split('.').filter(|s| !s.is_empty()).map(|s| Segment::Key(s.to_owned())).collect())
    }

    /// The inverse of its text: `spec.containers[name=app].image`, `data["app.conf"]`, `envFrom[0]`. `None` where it is none.
    pub fn parse(text: &str) -> Option<Self> {
        let mut path = Self::root();
        let mut rest = text;
        while !rest.is_empty() {
            let (segment, after) = match rest.strip_prefix('[') {
                Some(inner) => bracketed(inner)?,
                None => {
                    let word = rest.strip_prefix('.').filter(|_| !path.0.is_empty());
                    let word = word.or_else(|| Some(rest).filter(|_| path.0.is_empty()))?;
                    let (name, after) = word.split_at(word.find(['.', '[']).unwrap_or(word.len()));
                    (Segment::Key(name.to_owned()).named()?, after)
                }
            };
            path.0.push(segment);
            rest = after;
        }
        Some(path).filter(|path| !path.0.is_empty())
    }

    /// As people write it, too: `data['app.conf']`, `data[app.conf]`, `data.app\.conf` and `data.app.conf` are `data["app.conf"]`.
    pub fn written(text: &str) -> Option<Self> {
        let mut rest = text.strip_prefix('.').unwrap_or(text).to_owned();
        // Each of these is what no path has in it otherwise.
        while let Some((before, name, after)) = otherwise_quoted(&rest) {
            rest = format!("{before}[{}]{after}", Value::from(name));
        }
        Self::parse(&rest).map(Self::with_whole_keys)
    }

    /// With the names below a map whose keys anybody chooses as one key: there are no members below them.
    fn with_whole_keys(self) -> Self {
        let free = |at: usize, name: &str| match name {
            "annotations" | "labels" | "matchLabels" | "nodeSelector" => true,
            // A revision of a workload keeps a template there.
            "data" | "binaryData" => at == 0 && self.0.get(1) != Some(&Segment::Key("spec".to_owned())),
            _ => false,
        };
        let Some(map) = self.0.iter().enumerate().position(|(at, step)| matches!(step, Segment::Key(name) if free(at, name))) else {
            return self;
        };
        let (whole, below) = self.0.split_at(map.saturating_add(1));
        let names: Option<Vec<&str>> =
            below.iter().map(|step| if let Segment::Key(name) = step { Some(name.as_str()) } else { None }).collect();
        match names {
            Some(names) if names.len() > 1 => Self(whole.to_vec()).key(&names.join(".")),
            Some(_) | None => self,
        }
    }

    /// The same place in the one way in which elements of this object are named: by their `name` where just one has it, else by the number of
    /// a port, else by their place. Who compares two paths compares places then.
    #[must_use]
    pub fn canonical(&self, object: &Value) -> Self {
        let mut path = Self::root();
        for segment in &self.0 {
            let next = Self(path.0.iter().chain([segment]).cloned().collect());
            let list = path.locate(object).and_then(|at| at.current);
            let element = next.locate(object).and_then(|at| at.pointer.rsplit('/').next()?.parse::<usize>().ok());
            path = match (segment, element, list.as_ref().and_then(Value::as_array)) {
                (Segment::Element { .. } | Segment::Position(_), Some(at), Some(items)) => Self(path.0).element_at(items, at),
                _ => next,
            };
        }
        path
    }

    /// This path and the element at a place of this list.
    fn element_at(self, items: &[Value], at: usize) -> Self {
        let text = |item: &Value, key: &str| match item.get(key) {
            Some(Value::String(text)) => Some(text.clone()),
            Some(Value::Number(number)) => Some(number.to_string()),
            _ => None,
        };
        let key = ["name", "port"].into_iter().find_map(|key| {
            let own = text(items.get(at)?, key).filter(|own| !own.is_empty())?;
            (items.iter().filter(|item| text(item, key).as_deref() == Some(own.as_str())).count() == 1).then_some((key, own))
        });
        match key {
            Some((key, own)) => self.element(key, &own),
            None => self.at(at),
        }
    }

    /// This path and the members of `text` behind it.
    #[must_use]
    pub fn then(mut self, text: &str) -> Self {
        self.0.extend(Self::dotted(text).0);
        self
    }

    /// This path and one member, whose name may hold dots and slashes.
    #[must_use]
    pub fn key(mut self, name: &str) -> Self {
        self.0.push(Segment::Key(name.to_owned()));
        self
    }

    /// This path and the list element whose `key` is `value`.
    #[must_use]
    pub fn element(mut self, key: &str, value: &str) -> Self {
        self.0.push(Segment::Element { key: key.to_owned(), value: value.to_owned() });
        self
    }

    /// This path and the list element at this place. For lists whose elements have a key use [`FieldPath::element`].
    #[must_use]
    pub fn at(mut self, position: usize) -> Self {
        self.0.push(Segment::Position(position));
        self
    }

    /// Whether it names an element of a list by its place.
    pub fn has_position(&self) -> bool {
        self.0.iter().any(|segment| matches!(segment, Segment::Position(_)))
    }

    /// This path behind another.
    #[must_use]
    pub fn below(self, start: &Self) -> Self {
        Self(start.0.iter().cloned().chain(self.0).collect())
    }

    /// A path of these steps.
    pub fn from_segments(segments: impl IntoIterator<Item = Segment>) -> Self {
        Self(segments.into_iter().collect())
    }

    /// Whether it is this field, or one below it.
    pub fn starts_with(&self, start: &Self) -> bool {
        self.0.starts_with(&start.0)
    }

    /// The steps in order.
    pub fn segments(&self) -> &[Segment] {
        &self.0
    }

    /// The same, where the last element of a list that the path names need not be there yet: its place is the end of the list.
    pub fn place(&self, object: &Value) -> Option<Located> {
        if let found @ Some(_) = self.locate(object) {
            return found;
        }
        let (last, list) = self.0.split_last()?;
        let found = Self(list.to_vec()).locate(object)?;
        let end = found.current.as_ref()?.as_array()?.len();
        let joins = match last {
            Segment::Key(_) => false,
            Segment::Element { .. } => true,
            Segment::Position(index) => *index >= end,
        };
        joins.then(|| Located { pointer: format!("{}{END}", found.pointer), current: None, ..found })
    }

    /// Follows the path through `object`. `None` when a list element on the way does not exist, or when
    /// anything but the last member is missing: there is nothing to pin then.
    pub fn locate(&self, object: &Value) -> Option<Located> {
        let mut pointer = String::new();
        let (mut identities, mut elements) = (Vec::new(), Vec::new());
        let mut here = Some(object);
        for segment in &self.0 {
            let container = here?;
            match segment {
                Segment::Key(name) => {
                    pointer.push('/');
                    pointer.push_str(&escape(name));
                    here = container.as_object()?.get(name);
                }
                Segment::Element { key, .. } => {
                    let items = container.as_array()?;
                    let index = segment.index(items)?;
                    let item = items.get(index)?;
                    pointer.push_str(&format!("/{index}"));
                    identities.push((format!("{pointer}/{}", escape(key)), item.get(key)?.clone()));
                    here = Some(item);
                }
                Segment::Position(index) => {
                    let item = container.as_array()?.get(*index)?;
                    pointer.push_str(&format!("/{index}"));
                    elements.push((pointer.clone(), item.clone()));
                    here = Some(item);
                }
            }
        }
        Some(Located { pointer, identities, elements, current: here.cloned() })
    }
}

/// Whether a name reads as itself between dots.
fn is_plain(name: &str) -> bool {
    !name.is_empty() && !name.contains(|c: char| "./[]\"\\".contains(c) || c.is_control())
}

/// A member's name as RFC 6901 wants it in a pointer.
pub fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, segment) in self.0.iter().enumerate() {
            match segment {
                // As JSON writes it: that is how it is read back.
                Segment::Key(name) if !is_plain(name) => write!(f, "[{}]", Value::String(name.clone()))?,
                Segment::Key(name) if i == 0 => f.write_str(name)?,
                Segment::Key(name) => write!(f, ".{name}")?,
                Segment::Element { key, value } => write!(f, "[{key}={value}]")?,
                Segment::Position(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn element_is_found_by_its_merge_key_and_pinned() {
        let object = json!({"spec": {"volumes": [{"name": "logs"}, {"name": "data", "persistentVolumeClaim": {"claimName": "x"}}]}});
        let path = FieldPath::dotted("spec.volumes").element("name", "data").then("persistentVolumeClaim.claimName");
        assert_eq!(
            path.locate(&object),
            Some(Located {
                pointer: "/spec/volumes/1/persistentVolumeClaim/claimName".into(),
                identities: vec![("/spec/volumes/1/name".into(), json!("data"))],
                elements: vec![],
                current: Some(json!("x")),
            })
        );
        assert_eq!(path.to_string(), "spec.volumes[name=data].persistentVolumeClaim.claimName");
    }

    #[test]
    fn element_is_found_by_a_number_where_just_one_has_it() {
        let object = json!({"ports": [{"port": 80}, {"port": 53, "protocol": "TCP"}, {"port": 53, "protocol": "UDP"}]});
        let of = |port: &str| FieldPath::dotted("ports").element("port", port).then("port").locate(&object);
        assert_eq!(
            of("80").map(|at| (at.pointer, at.identities)),
            Some(("/ports/0/port".to_owned(), vec![("/ports/0/port".to_owned(), json!(80))]))
        );
        assert_eq!((of("53"), of("8")), (None, None));
        let protocol = |name: &str| FieldPath::dotted("ports").element("protocol", name).locate(&object);
        assert!(protocol("TCP").is_some());
        let two = json!({"ports": [{"port": 80, "protocol": "TCP"}, {"port": 90, "protocol": "TCP"}]});
        assert_eq!(FieldPath::parse("ports[protocol=TCP].targetPort").unwrap().locate(&two), None, "which of both is not said");
    }

    #[test]
    fn spellings_of_one_place_are_one() {
        let object = json!({"containers": [{"name": "app", "imagePullPolicy": "Always", "image": "a"}, {"name": "side", "image": "b"}],
            "ports": [{"name": "http", "port": 80}, {"port": 90}, {"port": 53, "protocol": "TCP"}, {"port": 53, "protocol": "UDP"}]});
        for (text, canonical) in [
            ("containers[0].image", "containers[name=app].image"),
            ("containers[imagePullPolicy=Always].image", "containers[name=app].image"),
            ("containers[name=app].image", "containers[name=app].image"),
            ("ports[port=80].targetPort", "ports[name=http].targetPort"),
            ("ports[1].targetPort", "ports[port=90].targetPort"),
            ("ports[protocol=UDP].targetPort", "ports[3].targetPort"),
            ("containers[name=gone].image", "containers[name=gone].image"),
        ] {
            assert_eq!(FieldPath::parse(text).unwrap().canonical(&object).to_string(), canonical, "{text}");
        }
    }

    #[test]
    fn member_with_dots_and_slashes_is_quoted_and_escaped() {
        let object = json!({"spec": {"selector": {"app.kubernetes.io/name": "web"}}});
        let path = FieldPath::dotted("spec.selector").key("app.kubernetes.io/name");
        assert_eq!(path.to_string(), "spec.selector[\"app.kubernetes.io/name\"]");
        assert_eq!(path.locate(&object).unwrap().pointer, "/spec/selector/app.kubernetes.io~1name");
    }

    #[test]
    fn element_without_a_key_is_found_by_its_place_and_pinned_whole() {
        let from = json!([{"secretRef": {"name": "keys"}}, {"configMapRef": {"name": "x"}, "prefix": "P_"}]);
        let object = json!({"spec": {"containers": [{"name": "app", "envFrom": from}]}});
        let path = FieldPath::dotted("spec.containers").element("name", "app").then("envFrom").at(1).then("configMapRef.name");
        assert_eq!(
            path.locate(&object),
            Some(Located {
                pointer: "/spec/containers/0/envFrom/1/configMapRef/name".into(),
                identities: vec![("/spec/containers/0/name".into(), json!("app"))],
                elements: vec![("/spec/containers/0/envFrom/1".into(), json!({"configMapRef": {"name": "x"}, "prefix": "P_"}))],
                current: Some(json!("x")),
            })
        );
        assert_eq!(path.to_string(), "spec.containers[name=app].envFrom[1].configMapRef.name");
        assert_eq!(FieldPath::dotted("spec.containers").at(1).locate(&object), None);
    }

    #[test]
    fn path_is_read_back_from_its_text() {
        for path in [
            FieldPath::dotted("spec.replicas"),
            FieldPath::dotted("data").key("app.conf"),
            FieldPath::dotted("data").key("a\"b].c"),
            FieldPath::dotted("data").key("a.\u{7f}"),
            FieldPath::dotted("data").key("\u{1}").key("a\\b").key("é/ü").key("\u{202e}x"),
            FieldPath::dotted("spec.containers").element("name", "app").then("envFrom").at(1).then("configMapRef.name"),
            FieldPath::dotted("spec.selector").key("app.kubernetes.io/name"),
        ] {
            assert_eq!(FieldPath::parse(&path.to_string()), Some(path.clone()), "{path}");
        }
        for wrong in ["", ".", "a.", "a..b", ".a", "a[", "a[]", "a[x]", "a[=b]", "a[name=]", "a[\"b", "a[\"b\"", "a[0]b", "a[-1]", "a[+1]"]
        {
            assert_eq!(FieldPath::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn key_with_dots_is_understood_in_the_ways_in_which_people_write_it() {
        let conf = FieldPath::dotted("data").key("app.conf");
        for text in ["data[\"app.conf\"]", "data['app.conf']", ".data['app\\.conf']", "data[app.conf]", "data.app\\.conf", "data.app.conf"]
        {
            assert_eq!(FieldPath::written(text), Some(conf.clone()), "{text}");
        }
        let annotation = FieldPath::dotted("metadata.annotations").key("example.com/hook");
        for text in
            ["metadata.annotations.example.com/hook", "metadata.annotations['example.com/hook']", "metadata.annotations.example\\.com/hook"]
        {
            assert_eq!(FieldPath::written(text), Some(annotation.clone()), "{text}");
        }
        for same in [
            "spec.containers[name=app].image",
            "spec.containers[0].args[1]",
            "data.spec.template",
            "data.LEVEL",
            "spec.selector.matchLabels.app",
        ] {
            assert_eq!(FieldPath::written(same), FieldPath::parse(same), "{same}");
        }
        for wrong in ["data[]", "data['']", "data['a", "data[a[b]]", "data['a'b]", "..a", "a[\"b\\.c"] {
            assert_eq!(FieldPath::written(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn missing_element_leads_nowhere() {
        let path = FieldPath::dotted("spec.volumes").element("name", "data");
        assert_eq!(path.locate(&json!({"spec": {"volumes": []}})), None);
    }
}
