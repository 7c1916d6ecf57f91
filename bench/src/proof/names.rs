//! What the figures of trials are called, in both languages, and how they add up.

use super::words::Language;

/// What stands below a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Total {
    Sum,
    Most,
    /// Rows that cannot be compared.
    None,
}

/// A figure.
struct Name {
    key: &'static str,
    text: (&'static str, &'static str),
    total: Total,
}

const fn name(key: &'static str, english: &'static str, chinese: &'static str, total: Total) -> Name {
    Name { key, text: (english, chinese), total }
}

/// In the order of a page: how much was tried, what came of it, how long it took, what was wrong.
const NAMES: [Name; 35] = [
    name("kills", "kills", "杀死次数", Total::Sum),
    name("starts_killed", "starts killed", "启动中被杀死", Total::Sum),
    name("drained", "kills that came too late", "杀死前已自行退出", Total::Sum),
    name("cuts", "cuts", "断电次数", Total::Sum),
    name("acknowledged", "acknowledged", "已确认", Total::Sum),
    name("refused", "refused", "被拒绝", Total::Sum),
    name("stored", "stored", "已存储", Total::Sum),
    name("callbacks", "callbacks", "回调", Total::Sum),
    name("repeated", "repeated attempts", "重复投递", Total::Sum),
    name("parked_exhausted", "parked after all attempts", "重试用尽后入库待重发", Total::Sum),
    name("parked_banned", "parked under a ban", "封禁期间入库待重发", Total::Sum),
    name("bans", "bans", "封禁", Total::Sum),
    name("resends", "re-sends", "重发", Total::Sum),
    name("rule_changes", "changes of rules", "规则变更", Total::Sum),
    name("users", "users", "用户", Total::Sum),
    name("groups", "groups", "群组", Total::Sum),
    name("ready_ms_p50", "until ready p50 ms", "就绪 p50 ms", Total::None),
    name("ready_ms_p99", "until ready p99 ms", "就绪 p99 ms", Total::None),
    name("ready_ms_max", "longest until ready ms", "就绪最长 ms", Total::Most),
    name("executions", "executions", "执行次数", Total::Sum),
    name("coverage", "coverage, edges", "覆盖的边", Total::None),
    name("corpus_files", "files in the corpus", "语料文件", Total::Sum),
    name("count", "how many", "数量", Total::None),
    name("cases", "requests", "请求数", Total::Sum),
    name("requests", "requests", "请求数", Total::Sum),
    name("growth_kib", "growth of memory KiB", "内存增长 KiB", Total::Most),
    name("bound_kib", "bound KiB", "上限 KiB", Total::None),
    name("worst_growth_kib", "largest growth of memory KiB", "内存最大增长 KiB", Total::Most),
    name("passed", "passed", "通过", Total::Sum),
    name("skipped", "skipped", "跳过", Total::Sum),
    name("seconds", "seconds", "秒", Total::Sum),
    name("cpu_seconds", "processor seconds", "处理器秒", Total::Sum),
    name("failed", "failed", "失败", Total::Sum),
    name("crashes", "crashes", "崩溃", Total::Sum),
    name("violations", "violations", "违规", Total::Sum),
];

/// Figures that are zero where all is well.
const FAULTS: [&str; 3] = ["failed", "crashes", "violations"];

fn found(key: &str) -> Option<&'static Name> {
    NAMES.iter().find(|name| name.key == key)
}

/// What a figure is called; its key where nobody has named it yet.
pub(super) fn called(key: &str, language: Language) -> String {
    found(key)
        .map_or_else(|| key.replace('_', " "), |name| language.pick(name.text.0, name.text.1).to_owned())
}

/// Where a figure stands among others; unknown ones come last.
pub(super) fn rank(key: &str) -> usize {
    NAMES.iter().position(|name| name.key == key).unwrap_or(NAMES.len())
}

/// Whether a figure has a name in both languages.
#[cfg(test)]
pub(super) fn is_known(key: &str) -> bool {
    found(key).is_some()
}

/// How a column adds up.
pub(super) fn total(key: &str) -> Total {
    found(key).map_or(Total::None, |name| name.total)
}

/// Whether a reader has to see that something is wrong.
pub(super) fn is_fault(key: &str, value: f64) -> bool {
    value != 0.0 && FAULTS.contains(&key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_have_one_name_and_an_order() {
        assert_eq!(called("cases", Language::English), "requests");
        assert_eq!(called("cases", Language::Chinese), "请求数");
        assert_eq!(called("never_heard_of", Language::Chinese), "never heard of");
        assert!(rank("kills") < rank("violations") && rank("violations") < rank("never_heard_of"));
        assert_eq!([total("executions"), total("never_heard_of")], [Total::Sum, Total::None]);
        for (at, name) in NAMES.iter().enumerate() {
            assert_eq!(rank(name.key), at, "{} is there twice", name.key);
        }
        for key in FAULTS {
            assert!(rank(key) < NAMES.len() && is_fault(key, 1.0) && !is_fault(key, 0.0), "{key}");
        }
        assert!(!is_fault("skipped", 1.0));
    }
}
