//! A growing list that tests can wait on.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::watch;

/// What has arrived so far, in order.
#[derive(Debug)]
pub struct Inbox<T> {
    items: Mutex<Vec<T>>,
    grown: watch::Sender<usize>,
}

impl<T: Clone> Inbox<T> {
    #[must_use]
    pub fn new() -> Arc<Self> {
        Arc::new(Self { items: Mutex::new(Vec::new()), grown: watch::Sender::new(0) })
    }

    pub fn push(&self, item: T) {
        let count = {
            let mut items = self.items.lock().unwrap();
            items.push(item);
            items.len()
        };
        self.grown.send_replace(count);
    }

    #[must_use]
    pub fn all(&self) -> Vec<T> {
        self.items.lock().unwrap().clone()
    }

    #[must_use]
    pub fn len(&self) -> usize {
        self.items.lock().unwrap().len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Waits until `pick` finds something in the list; `None` when `within` has passed.
    pub async fn wait<R>(&self, within: Duration, mut pick: impl FnMut(&[T]) -> Option<R>) -> Option<R> {
        let mut grown = self.grown.subscribe();
        let search = async {
            loop {
                grown.borrow_and_update();
                let found = pick(&self.items.lock().unwrap());
                if found.is_some() {
                    return found;
                }
                if grown.changed().await.is_err() {
                    return None;
                }
            }
        };
        tokio::time::timeout(within, search).await.ok().flatten()
    }
}
