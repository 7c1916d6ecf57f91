//! What became of messages that were sent by REST, by the operation id of the call: backends ask when an answer was
//! lost. In memory: after a restart nothing is known, and a repeated send with the same client message id is the way.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use ringback_model::command::SendState;
use ringback_model::limits;

/// The states of the newest calls.
#[derive(Default)]
pub(crate) struct SendStates {
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    states: HashMap<Arc<str>, SendState>,
    /// Oldest first.
    order: VecDeque<Arc<str>>,
}

impl SendStates {
    /// Notes what became of a call's message.
    pub(crate) fn set(&self, operation_id: &Arc<str>, state: SendState) {
        let known = &mut *self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.states.insert(Arc::clone(operation_id), state).is_none() {
            known.order.push_back(Arc::clone(operation_id));
        }
        while known.order.len() > limits::SEND_STATES {
            if let Some(oldest) = known.order.pop_front() {
                known.states.remove(&oldest);
            }
        }
    }

    /// What is known of a call.
    pub(crate) fn of(&self, operation_id: &str) -> SendState {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.states.get(operation_id).copied().unwrap_or(SendState::Unknown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_calls_are_known() {
        let states = SendStates::default();
        let call = |number: usize| Arc::<str>::from(format!("op-{number}"));
        for number in 0..=limits::SEND_STATES {
            states.set(&call(number), SendState::Sending);
            states.set(&call(number), SendState::Sent);
        }
        assert_eq!(states.of("op-0"), SendState::Unknown);
        assert_eq!(states.of("op-1"), SendState::Sent);
        assert_eq!(states.known.lock().unwrap().states.len(), limits::SEND_STATES);
    }
}
