//! Each of several things once, in the order in which they came.

/// Without those that are there already. For the few that a reader or a request has: each is compared with all before it.
pub(crate) fn once<T: PartialEq>(all: impl IntoIterator<Item = T>) -> Vec<T> {
    let mut kept: Vec<T> = Vec::new();
    for one in all {
        if !kept.contains(&one) {
            kept.push(one);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_equal_ones_stays_in_its_place() {
        assert_eq!(once([2, 1, 2, 3, 1]), [2, 1, 3]);
    }
}
