//! The engine: gate, log readers, dispatcher, retry, breaker, storage of what could not be delivered.
