//! Tables for people: a row per case, a column per figure.

use super::summary::{FAULTS, Summary};
use crate::scenarios::figure;
use crate::stats::Spread;

/// Prints every table that has rows.
pub(super) fn print(cases: &[Summary], rounds: usize) {
    for (title, columns) in tables() {
        print_one(title, &columns, cases, rounds);
    }
}

fn print_one(title: &str, columns: &[Column], cases: &[Summary], rounds: usize) {
    let first = columns.first().map_or("", |column| column.figure);
    let rows: Vec<&Summary> = cases.iter().filter(|row| row.figures.contains_key(first)).collect();
    if rows.is_empty() {
        return;
    }
    let width = rows.iter().map(|row| row.case.chars().count()).max().unwrap_or(0);
    print!("\n{title:width$} ");
    for column in columns {
        print!("  {:>w$}", column.title, w = column.width());
    }
    println!();
    for row in rows {
        let mostly_disturbed = row.disturbed_rounds * 2 > rounds;
        print!("{:width$}{}", row.case, if mostly_disturbed { '~' } else { ' ' });
        for column in columns {
            print!("  {:>w$}", column.cell(row), w = column.width());
        }
        println!();
    }
}

/// A column of a table.
#[derive(Debug, Clone, Copy)]
struct Column {
    title: &'static str,
    figure: &'static str,
    digits: usize,
    bounds: bool,
}

impl Column {
    /// With its bounds.
    const fn wide(title: &'static str, figure: &'static str, digits: usize) -> Self {
        Self { title, figure, digits, bounds: true }
    }

    /// The median alone.
    const fn narrow(title: &'static str, figure: &'static str, digits: usize) -> Self {
        Self { bounds: false, ..Self::wide(title, figure, digits) }
    }

    fn width(&self) -> usize {
        self.title.chars().count().max(if self.bounds { 23 } else { 7 })
    }

    fn cell(&self, row: &Summary) -> String {
        let spread = if self.figure == OF_BARE { row.of_bare } else { row.figures.get(self.figure).copied() };
        let text = if self.bounds { with_bounds(spread, self.digits) } else { middle(spread, self.digits) };
        let is_fault = FAULTS.contains(&self.figure);
        if is_fault && spread.is_some_and(|spread| spread.max > 0.0) { format!("{text} !") } else { text }
    }
}

/// Stands for [`Summary::of_bare`] in a column.
const OF_BARE: &str = "of_bare";

fn tables() -> Vec<(&'static str, Vec<Column>)> {
    let of_bare = Column::narrow("of bare", OF_BARE, 3);
    let server = Column::narrow("server µs", figure::SERVER_CPU, 0);
    let resident = Column::narrow("RSS MiB", figure::RESIDENT, 0);
    let requests = vec![
        Column::wide("per second (min-max)", figure::RATE, 0),
        of_bare,
        Column::narrow("p50 ms", figure::P50, 3),
        Column::narrow("p99 ms", figure::P99, 2),
        Column::narrow("p99.9 ms", figure::P999, 2),
        server,
        Column::narrow("receiver µs", figure::RECEIVER_CPU, 0),
        Column::narrow("load µs", figure::LOAD_CPU, 0),
        Column::narrow("disk B", figure::DISK, 0),
        Column::narrow("failed", figure::FAILED, 0),
    ];
    let deliveries = vec![
        Column::wide("delivered/s (min-max)", figure::DELIVERED, 0),
        of_bare,
        Column::narrow("of bound", figure::OF_CONCURRENCY, 3),
        Column::narrow("p50 ms", figure::DELIVERY_P50, 2),
        Column::narrow("p99 ms", figure::DELIVERY_P99, 2),
        Column::narrow("longest ms", figure::DELIVERY_MAX, 0),
        Column::narrow("resumed ms", figure::RESUMED, 0),
        server,
        resident,
        Column::narrow("missing", figure::UNDELIVERED, 0),
        Column::narrow("twice", figure::REPEATED, 0),
    ];
    let pushes = vec![
        Column::wide("pushed/s (min-max)", figure::PUSHED, 0),
        of_bare,
        Column::narrow("frame B", figure::FRAME, 0),
        server,
        resident,
        Column::narrow("missing", figure::UNPUSHED, 0),
    ];
    let connections = vec![
        Column::wide("bytes each (min-max)", figure::CONNECTION_BYTES, 0),
        Column::narrow("connections", figure::CONNECTIONS, 0),
        Column::narrow("of a processor", figure::IDLE_CPU, 3),
        resident,
    ];
    let rules = vec![
        Column::wide("caught up after ms", figure::CAUGHT_UP, 0),
        Column::narrow("made in ms", figure::RULES_MADE, 0),
        Column::narrow("per second", figure::RATE, 0),
        server,
        resident,
    ];
    let logins = vec![
        Column::wide("processor ms (min-max)", figure::LOGIN_CPU, 1),
        Column::wide("all calls ms", figure::LOGIN_TIME, 1),
        Column::narrow("conversations", figure::CONVERSATIONS, 0),
    ];
    let starts = vec![
        Column::wide("ready after ms (min-max)", figure::READY, 0),
        Column::narrow("events", figure::EVENTS, 0),
        Column::narrow("folder MiB", figure::FOLDER, 0),
        resident,
    ];
    vec![
        ("Requests", requests),
        ("After-callbacks", deliveries),
        ("Pushes", pushes),
        ("Idle connections", connections),
        ("Rules that do not match", rules),
        ("Logins", logins),
        ("Starts", starts),
        ("The keyword filter", judging()),
    ]
}

/// Of messages before the keyword filter.
fn judging() -> Vec<Column> {
    vec![
        Column::wide("of a plain scan", figure::OF_SCAN, 1),
        Column::narrow("judged ns", figure::JUDGED, 0),
        Column::narrow("scanned ns", figure::SCANNED, 0),
        Column::narrow("with words", figure::WITH_WORDS, 2),
    ]
}

/// A median with its bounds.
pub(super) fn with_bounds(spread: Option<Spread>, digits: usize) -> String {
    spread.map_or_else(
        || "-".to_owned(),
        |Spread { median, min, max }| {
            let to = between(min);
            format!("{median:.digits$} ({min:.digits$}{to}{max:.digits$})")
        },
    )
}

/// What stands between two bounds: a dash, unless it could be taken for a sign.
pub(crate) fn between(min: f64) -> &'static str {
    if min < 0.0 { " to " } else { "-" }
}

/// A median alone.
pub(super) fn middle(spread: Option<Spread>, digits: usize) -> String {
    spread.map_or_else(|| "-".to_owned(), |spread| format!("{:.digits$}", spread.median))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_keep_their_signs() {
        let shown = |min, median, max| with_bounds(Some(Spread { median, min, max }), 1);
        assert_eq!(shown(1.0, 2.0, 3.0), "2.0 (1.0-3.0)");
        assert_eq!(shown(-2.0, -1.0, 3.0), "-1.0 (-2.0 to 3.0)");
        assert_eq!(with_bounds(None, 1), "-");
    }
}
