//! A list that holds at least one element, so that "no evidence" or "no steps" cannot be written down.

/// At least one `T`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NonEmpty<T> {
    first: T,
    rest: Vec<T>,
}

impl<T> NonEmpty<T> {
    /// A list of one.
    pub fn one(first: T) -> Self {
        Self { first, rest: Vec::new() }
    }

    /// `None` when `items` is empty.
    pub fn from_vec(items: Vec<T>) -> Option<Self> {
        let mut items = items.into_iter();
        let first = items.next()?;
        Some(Self { first, rest: items.collect() })
    }

    /// Adds an element at the end.
    pub fn push(&mut self, item: T) {
        self.rest.push(item);
    }

    /// The element that is always there.
    pub fn first(&self) -> &T {
        &self.first
    }

    /// The same, to change in place.
    pub fn first_mut(&mut self) -> &mut T {
        &mut self.first
    }

    /// How many elements there are, one or more.
    #[expect(clippy::len_without_is_empty, reason = "it is never empty")]
    pub fn len(&self) -> usize {
        self.rest.len().saturating_add(1)
    }

    /// All elements in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &T> {
        std::iter::once(&self.first).chain(self.rest.iter())
    }

    /// All elements, to change in place.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        std::iter::once(&mut self.first).chain(self.rest.iter_mut())
    }

    /// The same length with other elements.
    pub fn map<U>(self, mut f: impl FnMut(T) -> U) -> NonEmpty<U> {
        NonEmpty { first: f(self.first), rest: self.rest.into_iter().map(f).collect() }
    }

    /// As a plain list.
    pub fn into_vec(self) -> Vec<T> {
        let mut all = vec![self.first];
        all.extend(self.rest);
        all
    }
}
