//! Figures as a reader wants them: the cases behind a scenario's targets, counts with separated thousands.

use std::fmt::Write as _;

use super::results::{Measured, Run};
use super::words::Language;
use crate::stats::Spread;
use crate::targets::short;

/// A median with its bounds.
pub(super) fn shown(spread: &Spread) -> String {
    format!("{} ({}-{})", short(spread.median), short(spread.min), short(spread.max))
}

/// A row per case of a scenario, as the run says that its targets are taken from.
pub(super) fn table(page: &mut String, run: &Run, scenario: &str, language: Language) {
    let rows: Vec<&Measured> = run.cases.iter().filter(|case| case.scenario == scenario).collect();
    if rows.iter().all(|case| rate(case).is_none()) {
        return;
    }
    let head = language.pick(
        "| case | per second | of bare | p50 ms | p99 ms | server µs each | largest resident set, MiB |",
        "| 情形 | 每秒 | 相对裸库 | p50 ms | p99 ms | 每条服务器 µs | 最大常驻内存 MiB |",
    );
    let _ = writeln!(page, "\n{head}\n|---|---|---|---|---|---|---|");
    for case in rows {
        let rate = rate(case).map(|rate| [rate.median, rate.min, rate.max].map(thousands));
        let rate = rate.map_or_else(none, |[median, min, max]| format!("{median} ({min}-{max})"));
        let share = case.of_bare.map_or_else(none, |share| format!("{:.3}", share.median));
        let median = |names: &[&str], digits: usize| {
            let found = names.iter().find_map(|name| case.figures.get(*name));
            found
                .filter(|found| found.median > 0.0)
                .map_or_else(none, |found| format!("{:.digits$}", found.median))
        };
        let p50 = median(&["delivery_p50_ms", "p50_ms"], 2);
        let p99 = median(&["delivery_p99_ms", "p99_ms"], 2);
        let (cost, resident) = (median(&["server_cpu_us"], 0), median(&["resident_mib"], 0));
        let _ = writeln!(page, "| {} | {rate} | {share} | {p50} | {p99} | {cost} | {resident} |", case.case);
    }
}

/// What stands where there is no figure.
pub(super) fn none() -> String {
    "–".to_owned()
}

/// What a case is about: pushes, deliveries, or requests.
fn rate(case: &Measured) -> Option<&Spread> {
    ["pushed_per_second", "delivered_per_second", "per_second"]
        .iter()
        .find_map(|name| case.figures.get(*name))
}

/// A number with its thousands separated; small ones with as many digits as say something.
pub(super) fn thousands(value: f64) -> String {
    if value.fract() != 0.0 && value.abs() < 100.0 {
        return short(value);
    }
    let digits = format!("{:.0}", value.abs());
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    if value < 0.0 { format!("-{text}") } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_can_be_read() {
        assert_eq!(thousands(0.0), "0");
        assert_eq!(thousands(999.0), "999");
        assert_eq!(thousands(1000.0), "1,000");
        assert_eq!(thousands(1_234_567.4), "1,234,567");
        assert_eq!(thousands(-1000.0), "-1,000");
        assert_eq!(thousands(1.25), "1.25");
    }
}
