//! The store in memory: plain structures behind one mutex, the clearest statement of what the ports promise.

mod callback_ports;
mod commit;
mod pages;
mod ports;
mod state;

use std::sync::{Mutex, MutexGuard, PoisonError};

use ringback_model::failure::Fault;
use tokio::sync::watch;

use crate::settings::StoreSettings;
use state::State;

/// The store in memory.
pub(crate) struct Memory {
    settings: StoreSettings,
    /// Never held over an await.
    state: Mutex<State>,
    /// Position of the newest event.
    tail: watch::Sender<u64>,
}

impl Memory {
    pub(crate) fn new(settings: StoreSettings) -> Self {
        Self { settings, state: Mutex::new(State::default()), tail: watch::Sender::new(0) }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Every change checks first and cannot fail halfway, so a poisoned state is still whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn open_state(&self) -> Result<MutexGuard<'_, State>, Fault> {
        let state = self.lock();
        if state.closed { Err(Fault::new("the store is closed")) } else { Ok(state) }
    }
}
