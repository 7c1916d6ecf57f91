//! Counters and gauges that tests can read.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use metrics::{Counter, Gauge, Histogram, HistogramFn, Key, KeyName, Metadata, Recorder, SharedString, Unit};

/// Counts and gauges by name and label values; what histograms were given by name.
#[derive(Default)]
pub struct Counters {
    numbers: Mutex<HashMap<Labelled, Arc<AtomicU64>>>,
    recorded: Mutex<HashMap<String, Arc<Recorded>>>,
}

/// A name and the values of its labels.
type Labelled = (String, Vec<String>);

#[derive(Default)]
struct Recorded(Mutex<Vec<f64>>);

impl HistogramFn for Recorded {
    fn record(&self, value: f64) {
        self.0.lock().unwrap().push(value);
    }
}

impl Counters {
    /// Over all labels.
    pub fn of(&self, name: &str) -> u64 {
        let numbers = self.numbers.lock().unwrap();
        let named = numbers.iter().filter(|((known, _), _)| known == name);
        named.map(|(_, number)| number.load(Ordering::SeqCst)).sum()
    }

    /// Where one label has this value.
    pub fn labelled(&self, name: &str, value: &str) -> u64 {
        let numbers = self.numbers.lock().unwrap();
        let named = numbers
            .iter()
            .filter(|((known, values), _)| known == name && values.iter().any(|known| known == value));
        named.map(|(_, number)| number.load(Ordering::SeqCst)).sum()
    }

    /// A gauge without labels.
    pub fn gauge(&self, name: &str) -> f64 {
        f64::from_bits(self.of(name))
    }

    pub fn recorded(&self, name: &str) -> Vec<f64> {
        let recorded = self.recorded.lock().unwrap();
        recorded.get(name).map(|recorded| recorded.0.lock().unwrap().clone()).unwrap_or_default()
    }

    fn number(&self, key: &Key) -> Arc<AtomicU64> {
        let values = key.labels().map(|label| label.value().to_owned()).collect();
        Arc::clone(self.numbers.lock().unwrap().entry((key.name().to_owned(), values)).or_default())
    }
}

impl Recorder for Counters {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        Counter::from_arc(self.number(key))
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::from_arc(self.number(key))
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        let mut recorded = self.recorded.lock().unwrap();
        Histogram::from_arc(Arc::clone(recorded.entry(key.name().to_owned()).or_default()))
    }
}
