//! Hashing of what is looked up for every message. The hash of the standard library withstands whoever chooses keys
//! and watches how long lookups take; here keys are ids that the app's own backend hands out, and the seed is random
//! per process, so a faster one does (`docs/decisions/`, the record of libraries).

use std::collections::{HashMap, HashSet};

/// The faster hash; every `default()` of one process has the same random seed or another one.
pub use foldhash::quality::RandomState as FastHash;

/// A map that is asked for every message.
pub type FastMap<K, V> = HashMap<K, V, FastHash>;

/// A set that is asked for every message.
pub type FastSet<K> = HashSet<K, FastHash>;
