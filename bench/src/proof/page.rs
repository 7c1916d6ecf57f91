//! The page.

use super::figures::{self, shown};
use super::results::{Results, Run};
use super::translation::translated;
use super::trials;
use super::words::{CLAIMS, Claim, Language, TRIALS};
use crate::targets::{Side, Verdict, short};

/// The report in a language.
pub(super) fn page(results: &Results, language: Language) -> String {
    let mut page = String::new();
    head(&mut page, results, language);
    for claim in &CLAIMS {
        measured(&mut page, results, claim, language);
    }
    memory(&mut page, results, language);
    peers(&mut page, language);
    for claim in &TRIALS {
        trials::tried(&mut page, results, claim, language);
    }
    page
}

fn head(page: &mut String, results: &Results, language: Language) {
    line!(page, "# {}\n", language.pick("Proof", "证明"));
    line!(
        page,
        "<!-- {} -->\n",
        language.pick(
            "Generated from bench/results by `ringback-bench proof`: do not edit.",
            "由 `ringback-bench proof` 从 bench/results 生成：请勿手工修改。"
        )
    );
    line!(
        page,
        "{}\n",
        language.pick(
            "What was run, with which command, what came of it, and what it proves. Every figure comes from a file in \
             `bench/results`, and every command can be given again. Throughput is always a ratio within one run, to what \
             bare libraries reach on the same machine in the same minutes, because a rate alone says more about the machine. \
             How to read the figures: [benchmarks.md](benchmarks.md).",
            "运行了什么、用什么命令、结果如何、证明了什么。每个数字都来自 `bench/results` 中的文件，每条命令都可以重新执行。\
             吞吐量总是同一次运行内的比值：相对于裸库在同一台机器、同一时段所达到的速率，因为单独的速率更多反映机器本身。\
             如何阅读这些数字：[benchmarks.md](../benchmarks.md)。"
        )
    );
    let verdicts: Vec<&Verdict> = CLAIMS
        .iter()
        .flat_map(|claim| results.verdicts(claim.scenario))
        .map(|(_, verdict)| verdict)
        .collect();
    let met = verdicts.iter().filter(|verdict| verdict.is_met()).count();
    let all = verdicts.len();
    let verdict = match language {
        Language::English => {
            format!("**{met} of {all} targets are met.** What is missed says so in its row.")
        }
        Language::Chinese => format!("**{all} 个目标中达成 {met} 个。** 未达成的在其所在行中注明。"),
    };
    line!(page, "{verdict}");
    if let Some(run) = results.runs.first() {
        line!(page, "\n{}: {}.", language.pick("Machine", "机器"), run.machine.sentence());
    }
}

/// A scenario: its targets, then what stands behind them.
fn measured(page: &mut String, results: &Results, claim: &Claim, language: Language) {
    let verdicts = results.verdicts(claim.scenario);
    let Some((run, _)) = verdicts.first() else { return };
    section(page, claim.title, claim.proves, language);
    line!(
        page,
        "| {} | {} | {} | {} |\n|---|---|---|---|",
        language.pick("figure", "指标"),
        language.pick("target", "目标"),
        language.pick("median (min-max)", "中位数（最小-最大）"),
        language.pick("met", "达成")
    );
    for (_, verdict) in &verdicts {
        line!(page, "{}", row(verdict, language));
    }
    source(page, run, language);
    figures::table(page, run, claim.scenario, language);
}

fn row(verdict: &Verdict, language: Language) -> String {
    let side = match verdict.side {
        Side::AtLeast => language.pick("at least", "至少"),
        Side::AtMost => language.pick("at most", "至多"),
        Side::Always => language.pick("always at most", "始终至多"),
    };
    let aim = verdict.aim.map_or_else(String::new, |aim| match language {
        Language::English => format!(" (aim {})", short(aim)),
        Language::Chinese => format!("（期望 {}）", short(aim)),
    });
    let met = match (verdict.is_met(), verdict.is_disturbed()) {
        (true, false) => language.pick("yes", "是"),
        (true, true) => language.pick("yes, in disturbed rounds", "是（受干扰的轮次）"),
        (false, false) => language.pick("**no**", "**否**"),
        (false, true) => language.pick("**no**, in disturbed rounds", "**否**（受干扰的轮次）"),
    };
    let what = match language {
        Language::English => verdict.what.clone(),
        Language::Chinese => translated(&verdict.what).unwrap_or_else(|| verdict.what.clone()),
    };
    format!("| {what} | {side} {}{aim} | {} | {met} |", short(verdict.target), shown(&verdict.value))
}

fn source(page: &mut String, run: &Run, language: Language) {
    let (rounds, seconds) = (run.settings.rounds, run.settings.seconds);
    let (command, commit, file) = (&run.command, &run.commit, &run.file);
    match language {
        Language::English => line!(
            page,
            "\n`{command}` at `{commit}`, {} UTC: {rounds} rounds, {seconds} s a case; `{file}.json`.",
            run.date
        ),
        Language::Chinese => line!(
            page,
            "\n`{command}`，提交 `{commit}`，{} UTC：{rounds} 轮，每项 {seconds} 秒；`{file}.json`。",
            run.date
        ),
    }
}

/// The largest resident set that the server had under any load.
fn memory(page: &mut String, results: &Results, language: Language) {
    let residents = results.runs.iter().flat_map(|run| &run.cases).filter_map(|case| {
        let resident = case.figures.get("resident_mib")?;
        Some((case.case.as_str(), resident.max))
    });
    let Some((case, most)) = residents.max_by(|one, other| one.1.total_cmp(&other.1)) else { return };
    line!(page, "\n## {}\n", language.pick("Memory under load", "负载下的内存"));
    match language {
        Language::English => line!(
            page,
            "The largest resident set of the server in any case above was {most:.0} MiB (\"{case}\"): queues, bodies and \
             caches are bounded, so that load decides over latency and not over memory."
        ),
        Language::Chinese => line!(
            page,
            "以上所有情形中服务器的最大常驻内存为 {most:.0} MiB（“{case}”）：队列、消息体与缓存都有上限，\
             因此负载影响的是延迟而不是内存。"
        ),
    }
}

/// Others are named in the page about benchmarks.
fn peers(page: &mut String, language: Language) {
    line!(page, "\n## {}\n", language.pick("Others on such a machine", "同类机器上的其他方案"));
    line!(
        page,
        "{}",
        language.pick(
            "What others reach with the same receiver on a machine of the same kind: \
             [benchmarks.md](benchmarks.md#peers).",
            "其他方案在同类机器上、用同一接收端所达到的：[benchmarks.md](../benchmarks.md#peers)。"
        )
    );
}

/// A title and what the section proves.
pub(super) fn section(page: &mut String, title: (&str, &str), proves: (&str, &str), language: Language) {
    line!(page, "\n## {}\n", language.pick(title.0, title.1));
    line!(page, "{}\n", language.pick(proves.0, proves.1));
}
