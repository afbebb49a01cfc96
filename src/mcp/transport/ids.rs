//! Requests by the client's `id` and by one of ours. A client may use an `id` again once it has taken a request back, while that
//! request's handler still comes to its end: what the handler says then must not be taken for the answer to the other one.

use rmcp::model::RequestId;
use std::collections::HashMap;

/// The requests that are not answered yet.
#[derive(Debug, Default)]
pub(super) struct Ids {
    ours: HashMap<RequestId, RequestId>,
    theirs: HashMap<RequestId, RequestId>,
    last: i64,
}

impl Ids {
    /// Opens a request, and names it for the service. `None` where one with this `id` is open.
    pub(super) fn open(&mut self, theirs: &RequestId) -> Option<RequestId> {
        if self.ours.contains_key(theirs) {
            return None;
        }
        self.last = self.last.saturating_add(1);
        let ours = RequestId::Number(self.last);
        self.ours.insert(theirs.clone(), ours.clone());
        self.theirs.insert(ours.clone(), theirs.clone());
        Some(ours)
    }

    /// The client takes a request back: from now on nothing is an answer to it. `None` where there is none.
    pub(super) fn take_back(&mut self, theirs: &RequestId) -> Option<RequestId> {
        let ours = self.ours.remove(theirs)?;
        self.theirs.remove(&ours);
        Some(ours)
    }

    /// The service answers a request: what the client calls it. `None` where it was taken back.
    pub(super) fn answered(&mut self, ours: &RequestId) -> Option<RequestId> {
        let theirs = self.theirs.remove(ours)?;
        self.ours.remove(&theirs);
        Some(theirs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answer_to_a_request_that_was_taken_back_is_none_to_another_of_its_id() {
        let (mut ids, same) = (Ids::default(), RequestId::Number(2));
        let first = ids.open(&same).unwrap();
        assert_eq!(ids.open(&same), None);
        assert_eq!(ids.take_back(&same), Some(first.clone()));
        let second = ids.open(&same).unwrap();
        assert_eq!(ids.answered(&first), None);
        assert_eq!(ids.answered(&second), Some(same.clone()));
        assert_eq!((ids.answered(&second), ids.take_back(&same)), (None, None));
        assert!(ids.ours.is_empty() && ids.theirs.is_empty());
    }
}
