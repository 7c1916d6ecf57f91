//! The figures that a README quotes, between two marks.

use anyhow::Context as _;

use super::figures::thousands;
use super::results::Results;
use super::words::{CLAIMS, Language};
use crate::targets::short;

const BEGIN: &str = "<!-- proof: begin; written by `ringback-bench proof` -->";
const END: &str = "<!-- proof: end -->";

/// The README with the results' figures between its marks.
///
/// # Errors
///
/// A mark is missing.
pub(super) fn with_figures(readme: &str, results: &Results, language: Language) -> anyhow::Result<String> {
    let (before, rest) = readme.split_once(BEGIN).with_context(|| format!("the mark {BEGIN} is missing"))?;
    let (_, after) = rest.split_once(END).with_context(|| format!("the mark {END} is missing"))?;
    let lines: Vec<String> =
        quotes(results, language).into_iter().map(|quote| format!("- {quote}\n")).collect();
    Ok(format!("{before}{BEGIN}\n{}{END}{after}", lines.concat()))
}

/// What is worth a line on the front page, as far as there are results for it.
fn quotes(results: &Results, language: Language) -> Vec<String> {
    let figure = |scenario: &str, begins: &str| {
        let found =
            results.verdicts(scenario).into_iter().find(|(_, verdict)| verdict.what.starts_with(begins))?;
        Some(short(found.1.decisive()))
    };
    let counted = |result: &str, name: &str| Some(thousands(results.trials.get(result)?.figure(name)?));
    let met = CLAIMS.iter().flat_map(|claim| results.verdicts(claim.scenario));
    let (met, all) =
        met.fold((0, 0), |(met, all), (_, verdict)| (met + usize::from(verdict.is_met()), all + 1));
    let say = |english: String, chinese: String| match language {
        Language::English => english,
        Language::Chinese => chinese,
    };
    let sends = figure("send", "send over REST").zip(figure("send", "processor time")).map(|(share, cost)| {
        say(
            format!(
                "A durable send with its delivered after-callback: {share} of the rate of bare HTTP calls, {cost} ms of \
                 processor time."
            ),
            format!("一次持久化发送及其投递的 after 回调：达到裸 HTTP 调用速率的 {share}，处理器时间 {cost} ms。"),
        )
    });
    let delay = figure("delay", "from a send to its after-callback at 500/s, p50")
        .zip(figure("delay", "from a send to its after-callback at 500/s, p99"))
        .map(|(p50, p99)| {
            say(
                format!(
                    "From a send to its callback at 500 messages a second: {p50} ms (p50), {p99} ms (p99)."
                ),
                format!("每秒 500 条消息时从发送到回调：{p50} ms（p50），{p99} ms（p99）。"),
            )
        });
    let kills =
        counted("crash", "kills").zip(counted("crash", "acknowledged")).zip(counted("crash", "violations"));
    let kills = kills.map(|((kills, acknowledged), violations)| {
        say(
            format!(
                "{kills} times `kill -9` under load, {acknowledged} messages acknowledged: {violations} lost or doubled, \
                 and every callback delivered with one id and one body."
            ),
            format!(
                "负载下 {kills} 次 `kill -9`，确认 {acknowledged} 条消息：丢失或重复 {violations} 条，每个回调都以同一 id 与字节送达。"
            ),
        )
    });
    let cuts =
        counted("power-cut", "cuts").zip(counted("power-cut", "violations")).map(|(cuts, violations)| {
            say(
                format!("{cuts} power cuts under the store: {violations} broken promises."),
                format!("存储层 {cuts} 次断电：违背承诺 {violations} 次。"),
            )
        });
    let targets = say(
        format!(
            "{met} of {all} targets met; all of them, with the commands, in [docs/proof.md](docs/proof.md)."
        ),
        format!("{all} 个目标达成 {met} 个；全部目标与命令见 [docs/zh/proof.md](docs/zh/proof.md)。"),
    );
    [sends, delay, kills, cuts, Some(targets)].into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_around_the_marks_stays() {
        let readme = format!("head\n{BEGIN}\nold\n{END}\ntail\n");
        let quoted = with_figures(&readme, &Results::default(), Language::English).unwrap();
        assert!(quoted.starts_with("head\n") && quoted.ends_with("\ntail\n"), "{quoted}");
        assert!(quoted.contains("0 of 0 targets") && !quoted.contains("old"), "{quoted}");
        assert!(with_figures("no marks", &Results::default(), Language::English).is_err());
    }
}
