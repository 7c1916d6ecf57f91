//! What targets and attacks are called, in Chinese.

/// A name of targets, and its Chinese one; `#` stands for a part that varies, such as a number.
const NAMES: [(&str, &str); 34] = [
    (
        "send over REST with an after-rule, delivered end to end, by bare calls",
        "经 REST 发送并由 after 规则端到端投递，相对裸调用",
    ),
    (
        "processor time of the server per message sent and delivered, ms",
        "每条发送并投递的消息的服务器处理器时间，ms",
    ),
    ("bytes written to disk per 600-byte message, by its size", "每条 600 字节消息写盘字节数，相对消息大小"),
    (
        "added p50 of a before-callback at #/s, by 150 µs or 1.5 bare round trips, the larger",
        "每秒 # 条时 before 回调增加的 p50，相对 150 µs 与 1.5 次裸往返中的较大者",
    ),
    (
        "added p99 of a before-callback at #/s, by a bare call's p99",
        "每秒 # 条时 before 回调增加的 p99，相对裸调用的 p99",
    ),
    (
        "after-callbacks out of a full log to an immediate receiver, by bare calls",
        "从积压日志向立即应答的接收端投递 after 回调，相对裸调用",
    ),
    (
        "after-callbacks to a receiver that takes # ms, by what # calls in flight allow",
        "向耗时 # ms 的接收端投递 after 回调，相对 # 个并发调用所允许的速率",
    ),
    (
        "after-callbacks to a receiver that takes # ms, by bare calls to the same one",
        "向耗时 # ms 的接收端投递 after 回调，相对对同一接收端的裸调用",
    ),
    ("from a send to its after-callback at 500/s, p50, ms", "每秒 500 条时从发送到 after 回调，p50，ms"),
    ("from a send to its after-callback at 500/s, p99, ms", "每秒 500 条时从发送到 after 回调，p99，ms"),
    (
        "from a send to its after-callback at 500/s, the longest, ms",
        "每秒 500 条时从发送到 after 回调，最长，ms",
    ),
    ("after-callbacks missing at 500/s", "每秒 500 条时缺失的 after 回调"),
    (
        "latency of sends at 500/s with a receiver that takes 200 ms, #, by one with an immediate receiver",
        "每秒 500 条、接收端耗时 200 ms 时的发送延迟 #，相对接收端立即应答时",
    ),
    (
        "latency of sends at 500/s with a receiver that is away, #, by one with an immediate receiver",
        "每秒 500 条、接收端不在线时的发送延迟 #，相对接收端立即应答时",
    ),
    (
        "of # events offered at 2,000/s to a receiver that takes 200 ms, not delivered",
        "以每秒 2,000 个向耗时 200 ms 的接收端提供的 # 个事件中，未投递的",
    ),
    ("pushes and after-callbacks missing: #", "缺失的推送与 after 回调：#"),
    (
        "pushes to 1,000 connections, by a bare WebSocket server",
        "向 1,000 个连接的推送，相对裸 WebSocket 服务器",
    ),
    (
        "the last of 1,999 offline copies, receiver takes 20 ms, ms",
        "1,999 个离线副本中的最后一个，接收端耗时 20 ms，ms",
    ),
    ("offline copies missing", "缺失的离线副本"),
    (
        "sends beside 1,000 rules that do not match, by those beside one",
        "有 1,000 条不匹配规则时的发送，相对只有一条时",
    ),
    (
        "sends over REST (#) while calls are remembered, by those while they are not",
        "记录调用时的 REST 发送（#），相对不记录时",
    ),
    (
        "after-callbacks out of a full log while calls are remembered, by those while they are not",
        "记录调用时从积压日志投递 after 回调，相对不记录时",
    ),
    ("from a send to the callbacks of #, #, by 99 alone", "从发送到回调（#），#，相对只有 99 条规则时"),
    ("after-callbacks missing once a receiver is back", "接收端恢复后缺失的 after 回调"),
    ("memory of an idle connection in the server, KiB", "服务器中每个空闲连接的内存，KiB"),
    (
        "processor time of a login with 2,000 conversations by one with 200 (first)",
        "2,000 个会话的首次登录的处理器时间，相对 200 个会话",
    ),
    (
        "processor time of a login with 2,000 conversations by one with 200 (light)",
        "2,000 个会话的轻量登录的处理器时间，相对 200 个会话",
    ),
    (
        "processor time of a login with 2,000 conversations (first), ms",
        "2,000 个会话的首次登录的处理器时间，ms",
    ),
    (
        "processor time of a login with 2,000 conversations (light), ms",
        "2,000 个会话的轻量登录的处理器时间，ms",
    ),
    (
        "judging 1 KB of # with # words, some of them in it, by a plain scan",
        "判断 1 KB 文本（#），词表有 # 个词且有命中，相对朴素扫描",
    ),
    ("judging 1 KB of # with # words by a plain scan", "判断 1 KB 文本（#），词表有 # 个词，相对朴素扫描"),
    ("ready with # events on disk, ms", "磁盘上有 # 个事件时到就绪的时间，ms"),
    ("sends with # events on disk, by those on an empty store", "磁盘上有 # 个事件时的发送，相对空存储"),
    (
        "after-callbacks with # events on disk, by those on an empty store",
        "磁盘上有 # 个事件时的 after 回调，相对空存储",
    ),
];

/// The attacks of the end-to-end tests.
const ATTACKS: [(&str, &str); 21] = [
    ("answers not read", "不读取应答"),
    ("beyond the bound", "连接数超过上限"),
    ("compressed bodies", "压缩的消息体"),
    ("deep protobuf", "嵌套过深的 protobuf"),
    ("floods of headers", "海量请求头"),
    ("forged tokens", "伪造的令牌"),
    ("gigabytes in chunks", "分块传输的数 GB 数据"),
    ("gzip bombs", "gzip 炸弹"),
    ("half-open sockets", "半开连接"),
    ("hostile answers", "恶意应答"),
    ("impossible frames", "不可能的帧"),
    ("members named twice", "重名的 JSON 成员"),
    ("odd JSON", "异常的 JSON"),
    ("pipelined requests", "流水线请求"),
    ("promised gigabytes", "声称有数 GB 的消息体"),
    ("redirects", "重定向"),
    ("silent sockets", "沉默的连接"),
    ("slow frames", "缓慢的帧"),
    ("slow requests", "缓慢的请求"),
    ("smuggled requests", "请求走私"),
    ("tokens of another app", "其他应用的令牌"),
];

/// A target's or an attack's name in Chinese; `None` where there is none yet.
pub(super) fn translated(name: &str) -> Option<String> {
    NAMES.iter().chain(&ATTACKS).find_map(|(english, chinese)| {
        let mut parts = varying(english, name)?.into_iter();
        let mut pieces = chinese.split('#');
        let mut text = pieces.next().unwrap_or_default().to_owned();
        for piece in pieces {
            text.push_str(parts.next().unwrap_or_default());
            text.push_str(piece);
        }
        Some(text)
    })
}

/// What stands for each `#` of a pattern in a name; `None` where it does not fit.
fn varying<'a>(pattern: &str, name: &'a str) -> Option<Vec<&'a str>> {
    let mut pieces = pattern.split('#');
    let mut rest = name.strip_prefix(pieces.next()?)?;
    let mut found = Vec::new();
    let mut last = None;
    for piece in pieces {
        let at = if piece.is_empty() { rest.len() } else { rest.find(piece)? };
        found.push(&rest[..at]);
        rest = &rest[at + piece.len()..];
        last = Some(piece);
    }
    (rest.is_empty() || last.is_some_and(str::is_empty)).then_some(found)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use clap::Parser as _;

    use super::*;
    use crate::plan::Plan;
    use crate::scenarios;
    use crate::settings::{Cli, Command};

    #[test]
    fn names_fit_patterns_as_a_whole() {
        assert_eq!(varying("a # b # c", "a 1 b 2 c"), Some(vec!["1", "2"]));
        assert_eq!(varying("a #", "a 1 b"), Some(vec!["1 b"]));
        assert_eq!(varying("a", "a 1"), None);
        assert_eq!(varying("a # b", "a 1 c"), None);
    }

    #[test]
    fn every_target_has_a_chinese_name() {
        let Command::All(options) = Cli::try_parse_from(["bench", "all"]).unwrap().command else {
            panic!("not the command that was given");
        };
        let targets = Plan::new("all", &options, scenarios::ALL).targets;
        assert!(!targets.is_empty());
        let missing: Vec<&str> = targets
            .iter()
            .map(|(_, target)| target.what())
            .filter(|what| translated(what).is_none())
            .collect();
        assert!(missing.is_empty(), "{missing:#?}");
    }

    /// Attacks are known by their tests alone: `begin("redirects"…`.
    #[test]
    fn every_attack_has_a_chinese_name() {
        let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("../e2e/tests/it/attacks");
        let mut found = 0;
        for entry in std::fs::read_dir(tests).unwrap() {
            let source = std::fs::read_to_string(entry.unwrap().path()).unwrap();
            for name in source.split("begin(\"").skip(1).filter_map(|rest| rest.split('"').next()) {
                assert!(translated(name).is_some(), "{name}");
                found += 1;
            }
        }
        assert_eq!(found, ATTACKS.len(), "attacks in the tests");
    }
}
